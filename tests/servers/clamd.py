"""clamd, the virus scanner that Debian packages. It knows one virus, which is written here, so it needs no download."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.servers.ports import free_port, wait_until_listening

HOW_TO_INSTALL = "needs clamd: apt-get install clamav-daemon"
VIRUS = b"this-is-the-only-virus-that-the-tests-know"
VIRUS_NAME = "Postroom.Test.UNOFFICIAL"
"""clamd adds the second word to what no publisher signed."""
STREAM_BYTES = 1_000_000
"""More than this in one stream is too much for this clamd."""

CONFIGURATION = f"""\
Foreground yes
DatabaseDirectory {{folder}}/signatures
LocalSocket {{folder}}/clamd.socket
TCPSocket {{port}}
TCPAddr 127.0.0.1
StreamMaxLength {STREAM_BYTES}
TemporaryDirectory {{folder}}
LogFile {{folder}}/clamd.log
"""


def is_installed() -> bool:
    return _binary() is not None


def _binary() -> str | None:
    return shutil.which("clamd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


@dataclass(frozen=True)
class ClamdServer:
    """A scanner that can be stopped and started again at its port and socket."""

    port: int
    folder: Path
    _running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def socket(self) -> Path:
        return self.folder / "clamd.socket"

    def start(self) -> None:
        binary = _binary()
        assert binary, HOW_TO_INSTALL
        command = [binary, "--config-file", str(self.folder / "clamd.conf")]
        self._running.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        wait_until_listening(self.port)

    def stop(self) -> None:
        if self._running:
            process = self._running.pop()
            process.terminate()
            process.wait(10)


@contextmanager
def clamd_server() -> Iterator[ClamdServer]:
    """A running scanner. Its folder has a short path: Unix sockets allow no long one."""
    with tempfile.TemporaryDirectory(prefix="clamd-") as name:
        folder, port = Path(name), free_port()
        (folder / "signatures").mkdir()
        (folder / "signatures" / "postroom.ndb").write_text(f"Postroom.Test:0:*:{VIRUS.hex()}\n")
        (folder / "clamd.conf").write_text(CONFIGURATION.format(folder=name, port=port))
        server = ClamdServer(port, folder)
        try:
            server.start()
            yield server
        finally:
            server.stop()
