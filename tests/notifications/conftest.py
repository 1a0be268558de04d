import shutil
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlmodel import col, select

from postroom.casework.cases import acknowledge, confirm
from postroom.casework.labels import Labels
from postroom.casework.opening import open_case
from postroom.models.case import Case
from postroom.models.database import open_session
from postroom.models.message import Message
from postroom.models.officer import Officer, Role, TeamMember
from postroom.models.outgoing_mail import OutgoingMail
from postroom.models.raw_message import RawMessage
from postroom.models.settings import Settings
from tests.servers.smtp_sink import SmtpSink, smtp_sink


class Desk:
    """What intake and the officers do to a case, so that something is owed."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self.engine = engine
        self.settings = settings
        self.numbers = count(1)

    def officer(self, name: str, role: Role = Role.MANAGER, teams: tuple[str, ...] = (), active: bool = True) -> int:
        with open_session(self.engine) as session:
            officer = Officer(
                email=f"{name.lower()}@ardenshire.example",
                name=name,
                role=role,
                password_hash="",
                active=active,
                created_at=datetime.now().astimezone(),
            )
            session.add(officer)
            session.flush()
            assert officer.id is not None
            session.add_all(TeamMember(officer_id=officer.id, team=team) for team in teams)
            session.commit()
            return officer.id

    def message(self, received_at: datetime, case_id: int | None = None, **values: Any) -> Message:
        number = str(next(self.numbers))
        with open_session(self.engine) as session:
            raw = RawMessage(
                source="smtp",
                position=number,
                channel="email",
                received_at=received_at,
                digest=number,
                size=1,
                content=b".",
            )
            session.add(raw)
            session.flush()
            assert raw.id is not None
            fields: dict[str, Any] = {
                "case_id": case_id,
                "channel": "email",
                "received_at": received_at,
                "sender_name": "Pat",
                "sender_email": "pat@home.example",
                "subject": "The bus never came",
                "message_id": f"{number}@home.example",
                **values,
            }
            message = Message(raw_message_id=raw.id, content_digest=number, **fields)
            session.add(message)
            session.commit()
            return message

    def awaiting(self, received_at: datetime, **values: Any) -> int:
        """A case that nobody has confirmed; returns its id."""
        message = self.message(received_at, **values)
        with open_session(self.engine) as session:
            session.add(message)
            case = open_case(session, message, settings=self.settings, now=received_at)
            session.commit()
            assert case.id is not None
            return case.id

    def confirmed(self, received_at: datetime, labels: Labels, **values: Any) -> int:
        """A case that an officer confirmed an hour after it came in; returns its id."""
        case_id = self.awaiting(received_at, **values)
        self.confirm(case_id, labels, received_at + timedelta(hours=1))
        return case_id

    def confirm(self, case_id: int, labels: Labels, now: datetime) -> None:
        with open_session(self.engine) as session:
            officer = session.exec(select(Officer).order_by(col(Officer.id))).first()
            officer_id = officer.id if officer else None
        officer_id = officer_id or self.officer("Olive", Role.OFFICER)
        with open_session(self.engine) as session:
            confirm(session, case_id, labels, officer_id=officer_id, settings=self.settings, now=now)
            session.commit()

    def acknowledge(self, case_id: int, now: datetime) -> None:
        """By telephone, so that no letter is owed for it."""
        with open_session(self.engine) as session:
            how = {"actor": "officer:1", "how": "by telephone"}
            acknowledge(session, case_id, settings=self.settings, now=now, **how)
            session.commit()

    def make(self, move: Callable[..., Case], case_id: int, now: datetime, **values: Any) -> Case:
        """Make a move of casework as the first officer there is."""
        with open_session(self.engine) as session:
            officer_id = session.exec(select(Officer.id).order_by(col(Officer.id))).first()
            case = move(session, case_id, officer_id=officer_id, settings=self.settings, now=now, **values)
            session.commit()
            session.refresh(case)
            return case

    def case(self, case_id: int) -> Case:
        with open_session(self.engine) as session:
            return session.get_one(Case, case_id)

    def outbox(self) -> list[OutgoingMail]:
        with open_session(self.engine) as session:
            return list(session.exec(select(OutgoingMail).order_by(col(OutgoingMail.id))))


COMPLAINT = Labels(type="complaint", team="school-transport", category="service_standards")
COMPLIMENT = Labels(type="compliment", team="libraries", category="customer_care")
CHILDRENS_COMPLAINT = Labels(type="complaint", team="childrens-rugby", category="communication")


on_sqlite = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
"""For a test that is not about the database."""


@pytest.fixture
def desk(engine: Engine, settings: Settings) -> Desk:
    return Desk(engine, settings)


@pytest.fixture
def changed(settings: Settings) -> Callable[..., Settings]:
    """A function that gives the council's settings with parts of one table changed."""

    def change(table: str, **values: Any) -> Settings:
        return settings.model_copy(update={table: getattr(settings, table).model_copy(update=values)})

    return change


@pytest.fixture
def own_letters(tmp_path: Path, settings: Settings, changed: Callable[..., Settings]) -> Settings:
    """Settings with a letters folder of the test's own, filled with the letters that are shipped."""
    folder = shutil.copytree(settings.path(settings.outgoing.letters), tmp_path / "letters")
    return changed("outgoing", letters=folder)


@pytest.fixture
def mail_server() -> Iterator[SmtpSink]:
    with smtp_sink() as sink:
        yield sink


@pytest.fixture
def connected(mail_server: SmtpSink, changed: Callable[..., Settings], settings: Settings) -> Settings:
    """Settings whose mail server is `mail_server`."""
    smtp = settings.outgoing.smtp.model_copy(update={"host": mail_server.host, "port": mail_server.port})
    return changed("outgoing", smtp=smtp)
