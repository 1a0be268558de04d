"""The demonstration as a whole: the product on its embedded default, and the world around it in the same process."""

import threading
from collections.abc import Callable
from pathlib import Path

from demo.council import HOST, MAILBOX_USER, PASSWORD_CHARACTERS, Ports, add_colleagues, check_ports, settings_for
from demo.folder import open_folder
from demo.greeting import greeting
from demo.imap_server import running_imap_server
from demo.letters import Letter
from demo.postman import Postman, walking
from demo.sent_page import sent_page
from demo.sink import running_sink
from postroom.desk.app import create_app
from postroom.models.database import open_engine
from postroom.models.settings import load_settings
from postroom.models.upgrading import upgrade
from postroom.processes import everything, listen, utc_now


def run(
    config: Path, data: Path, ports: Ports, every: float, say: Callable[[str], None], stop: threading.Event
) -> None:
    """The demonstration, until `stop` is set. `every`: seconds between two messages; `say` gets lines for the terminal.

    Raises `ConfigurationError` where a port is taken or `data` holds something else.
    """
    folder = open_folder(data)
    settings = settings_for(load_settings(config), folder, ports)
    check_ports(settings)
    password = folder.secret("desk-password", PASSWORD_CHARACTERS).read_text().strip()
    engine = open_engine(settings.database_url)
    upgrade(engine)
    add_colleagues(engine, settings, password, utc_now())
    app = create_app(engine, settings, clock=utc_now, extra_pages=(sent_page(folder.sent),))
    mailbox = settings.intake.mailboxes[0]
    postman = Postman(settings, folder.posted, every, utc_now, lambda letter: say(_arrival(letter)))
    with (
        running_imap_server(
            listen(HOST, mailbox.port, "--imap-port"), folder.mailbox, MAILBOX_USER, mailbox.secret.read()
        ),
        running_sink(HOST, settings.outgoing.smtp.port, folder.sent),
        everything(engine, settings, app),
    ):
        if not stop.is_set():
            say(greeting(settings, data, password, len(postman.waiting())))
        with walking(postman, stop):
            stop.wait()
        say("Stopping.")
    engine.dispose()


def _arrival(letter: Letter) -> str:
    """One line for the terminal: who writes, how it comes in and what about."""
    mail = letter.mail
    sender = mail["From"].addresses[0]
    route = {"imap": "IMAP", "smtp": "SMTP", "both": "IMAP and SMTP"}[letter.route]
    return f"  by {route}: {sender.display_name or sender.addr_spec}: {mail['Subject'] or '(no subject)'}"
