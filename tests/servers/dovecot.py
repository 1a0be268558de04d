"""Dovecot: the IMAP server that most councils' mail stands on. Runs from a generated configuration, as root or not."""

import grp
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.servers.imap_server import FOLDER, ImapServer
from tests.servers.ports import free_port, wait_until_listening

USER, PASSWORD = "feedback", "a-mailbox-password"
HOW_TO_INSTALL = "needs Dovecot 2.3: apt-get install dovecot-imapd"

CONFIGURATION = """\
protocols = imap
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
ssl = no
disable_plaintext_auth = no
default_login_user = {login_user}
default_internal_user = {internal_user}
default_internal_group = {internal_group}
first_valid_uid = 0
mail_location = maildir:{folder}/mail:INDEX={folder}/index:CONTROL={folder}/control
mail_fsync = never
auth_failure_delay = 0
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/home
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
"""


def is_installed() -> bool:
    return _binary() is not None


def _binary() -> str | None:
    return shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


@dataclass(frozen=True)
class Dovecot(ImapServer):
    """A server that can be stopped, killed and started again on its port, with its mail."""

    folder: Path
    _running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self) -> None:
        binary = _binary()
        assert binary, HOW_TO_INSTALL
        self._running.append(subprocess.Popen([binary, "-F", "-c", str(self.folder / "dovecot.conf")]))
        wait_until_listening(self.port)

    def stop(self) -> None:
        """As a system does at its end: connections are closed with a word."""
        if self._running:
            process = self._running.pop()
            process.terminate()
            process.wait(10)

    def kill(self) -> None:
        """As a crash does: all its processes are gone at once."""
        if not self._running:
            return
        process = self._running.pop()
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        for pid in [process.pid, *map(int, children)]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait(10)
        (self.folder / "run" / "master.pid").unlink(missing_ok=True)

    def mail_files(self) -> list[Path]:
        """The files of the mails in the folder, oldest first."""
        files = [file for part in ("new", "cur") for file in (self.folder / "mail" / f".{FOLDER}" / part).iterdir()]
        return sorted(files, key=lambda file: file.name)


@contextmanager
def dovecot_server(
    more: str = "", *, files: Mapping[str, str] | None = None, folder_made: bool = True
) -> Iterator[Dovecot]:
    """A running server; `more` is added to its configuration and `files` to its folder, with {folder} filled in.

    That has a short path: Unix sockets allow no long one.
    """
    with tempfile.TemporaryDirectory(prefix="dovecot-") as name:
        folder, port = Path(name), free_port()
        (folder / "dovecot.conf").write_text(_configuration(folder, port) + more.replace("{folder}", name))
        for file, content in (files or {}).items():
            (folder / file).write_text(content)
        for made in ("mail", "index", "control", "home", "run", "state"):
            (folder / made).mkdir()
        _hand_over(folder)
        server = Dovecot("dovecot", "127.0.0.1", port, USER, PASSWORD, folder)
        try:
            server.start()
            if folder_made:
                server.start_folder()
            yield server
        finally:
            server.kill()  # an orderly end takes a second


def _mail_user() -> pwd.struct_passwd:
    """Whom the mail belongs to: Dovecot opens none as root."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())


def _configuration(folder: Path, port: int) -> str:
    as_root = os.geteuid() == 0
    me = pwd.getpwuid(os.geteuid()).pw_name
    return CONFIGURATION.format(
        folder=folder,
        port=port,
        password=PASSWORD,
        login_user="dovenull" if as_root else me,
        internal_user="dovecot" if as_root else me,
        internal_group="dovecot" if as_root else grp.getgrgid(os.getegid()).gr_name,
        uid=_mail_user().pw_uid,
        gid=_mail_user().pw_gid,
    )


def _hand_over(folder: Path) -> None:
    folder.chmod(0o755)
    if os.geteuid() == 0:
        for made in ("mail", "index", "control", "home"):
            os.chown(folder / made, _mail_user().pw_uid, _mail_user().pw_gid)
