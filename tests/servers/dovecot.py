"""Dovecot: the IMAP server that most councils' mail stands on. Runs from a generated configuration, as root or not."""

import grp
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.imap_server import ImapServer
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
}}
service stats {{
  chroot =
}}
"""


def is_installed() -> bool:
    return _binary() is not None


def _binary() -> str | None:
    return shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


@contextmanager
def dovecot_server() -> Iterator[ImapServer]:
    """A running server, its folder made. Its folder has a short path: Unix sockets allow no long one."""
    binary = _binary()
    assert binary, HOW_TO_INSTALL
    with tempfile.TemporaryDirectory(prefix="dovecot-") as name:
        folder, port = Path(name), free_port()
        configuration = folder / "dovecot.conf"
        configuration.write_text(_configuration(folder, port))
        for made in ("mail", "index", "control", "home", "run", "state"):
            (folder / made).mkdir()
        _hand_over(folder)
        process = subprocess.Popen([binary, "-F", "-c", str(configuration)])
        try:
            wait_until_listening(port)
            server = ImapServer("dovecot", "127.0.0.1", port, USER, PASSWORD)
            server.start_folder()
            yield server
        finally:
            process.terminate()
            process.wait(10)


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
