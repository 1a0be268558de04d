"""pymap: an IMAP server from PyPI that keeps its mail in memory."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.imap_server import ImapServer
from tests.servers.ports import free_port, wait_until_listening

USER, PASSWORD = "feedback", "a mailbox's password"


@contextmanager
def pymap_server() -> Iterator[ImapServer]:
    """A running server, its folder made."""
    port = free_port()
    command = [str(Path(sys.executable).parent / "pymap"), "--host", "127.0.0.1", "--port", str(port), "--no-tls"]
    account = ["dict", "--demo-user", USER, "--demo-password", PASSWORD]
    process = subprocess.Popen([*command, *account], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until_listening(port)
        server = ImapServer("pymap", "127.0.0.1", port, USER, PASSWORD)
        server.start_folder()
        yield server
    finally:
        process.terminate()
        process.wait(10)
