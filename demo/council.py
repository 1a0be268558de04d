"""The council that the demonstration plays: its configuration with the demonstration's values, and its colleagues."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine
from sqlmodel import select

from demo.folder import Folder
from postroom.desk.officers import add_officer
from postroom.models.connection_settings import Secret
from postroom.models.database import open_session
from postroom.models.officer import Officer, Role
from postroom.models.outgoing_settings import Outgoing, SmtpTransport
from postroom.models.settings import Database, Mailbox, Settings
from postroom.processes import listen

HOST = "127.0.0.1"
MAILBOX_USER = "feedback"
POLL_SECONDS = 1.0
PASSWORD_CHARACTERS = 16
KEY_CHARACTERS = 64


@dataclass(frozen=True)
class Ports:
    """Where the demonstration listens, the product and the world around it. None: the port of the configuration."""

    desk: int | None
    smtp: int | None
    imap: int
    sink: int


@dataclass(frozen=True)
class Colleague:
    """Somebody who works for the council, in every team of their services."""

    account: str
    name: str
    role: Role
    services: tuple[str, ...]
    about: str

    def email(self, settings: Settings) -> str:
        return f"{self.account}@{settings.council.domain}"

    def teams(self, settings: Settings) -> Sequence[str]:
        return [id_ for id_, team in settings.teams.items() if team.service in self.services]


COLLEAGUES = (
    Colleague("officer", "Priya Nair", Role.CUSTOMER_RELATIONS, (), "officer, confirms what comes in for every team"),
    Colleague("manager", "Owen Hartley", Role.MANAGER, ("communities",), "manager of highways, libraries and the like"),
    Colleague("children", "Grace Boateng", Role.OFFICER, ("children-and-families",), "officer for children's cases"),
    Colleague("administrator", "Tom Ellery", Role.ADMINISTRATOR, (), "administrator"),
)


def settings_for(settings: Settings, folder: Folder, ports: Ports) -> Settings:
    """`settings` with all that reaches beyond the demonstration turned inwards: data, mailboxes, outgoing mail."""
    mailbox = Mailbox(
        name="feedback",
        host=HOST,
        port=ports.imap,
        tls=False,
        user=MAILBOX_USER,
        password=Secret(file=folder.secret("mailbox-password", PASSWORD_CHARACTERS)),
        poll_seconds=POLL_SECONDS,
    )
    smtp = settings.intake.smtp
    return settings.model_copy(
        update={
            "database": Database(url=f"sqlite:///{folder.database}"),
            "desk": settings.desk.model_copy(update={"url": "", "port": _first(ports.desk, settings.desk.port)}),
            "intake": settings.intake.model_copy(
                update={
                    "mailboxes": [mailbox],
                    "smtp": smtp.model_copy(update={"port": _first(ports.smtp, smtp.port)}),
                }
            ),
            "outgoing": _outgoing(settings.outgoing, ports.sink),
            "signing_key": Secret(file=folder.secret("signing-key", KEY_CHARACTERS)),
        }
    )


def check_ports(settings: Settings) -> None:
    """Raise `ConfigurationError` where somebody listens on one of the ports already; each setting gets its name."""
    desk, smtp = settings.desk, settings.intake.smtp
    for host, port, setting in (
        (desk.host, desk.port, "desk.port (or --desk-port)"),
        (smtp.host, smtp.port, "intake.smtp.port (or --smtp-port)"),
        (HOST, settings.intake.mailboxes[0].port, "--imap-port"),
        (HOST, settings.outgoing.smtp.port, "--sink-port"),
    ):
        listen(host, port, setting).close()


def add_colleagues(engine: Engine, settings: Settings, password: str, now: datetime) -> None:
    """Let the colleagues sign in with `password`; those who can already stay as they are."""
    with open_session(engine) as session:
        known = set(session.exec(select(Officer.email)))
        for colleague in COLLEAGUES:
            email = colleague.email(settings)
            if email not in known:
                add_officer(
                    session,
                    settings,
                    email=email,
                    name=colleague.name,
                    role=colleague.role,
                    password=password,
                    teams=colleague.teams(settings),
                    now=now,
                )
        session.commit()


def _outgoing(outgoing: Outgoing, port: int) -> Outgoing:
    return outgoing.model_copy(update={"smtp": SmtpTransport(host=HOST, port=port), "folder": None})


def _first(given: int | None, configured: int) -> int:
    return configured if given is None else given
