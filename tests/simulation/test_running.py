"""Some simulated weeks: what happened in them, and that all of it holds together."""

import hashlib
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlmodel import SQLModel, col, func, select

from postroom.models.case import Case, CaseStatus, Event
from postroom.models.database import open_engine, open_session
from postroom.models.failures import ImpossibleMove
from postroom.models.message import Message
from postroom.models.officer import Officer, Role
from postroom.models.outgoing_mail import OutgoingMail, Reminder
from postroom.models.settings import Settings
from postroom.models.tables import metadata
from postroom.simulation.invariants import Books, check
from postroom.simulation.running import Plan, simulate
from tests.conftest import empty_database
from tests.simulation.conftest import EVENTFUL, WEEKS

FORTNIGHT = Plan(date(2025, 9, 1), date(2025, 9, 15), cases=12, seed=7)
RANDOM = {"hash", "previous_hash", "salt", "content", "message_id", "envelope_sender", "text_digest", "after"}
"""Columns with random tokens, with salts, or with digests of them."""


def everything(engine: Engine) -> str:
    """A digest of all rows of all tables, without what is random."""
    digest = hashlib.sha256()
    with engine.connect() as connection:
        for table in metadata.sorted_tables:
            columns = [column for column in table.columns if column.name not in RANDOM]
            for row in connection.execute(select(*columns).order_by(*table.primary_key.columns)):
                digest.update(repr(tuple(row)).encode())
    return digest.hexdigest()


def count(engine: Engine, table: type[SQLModel], *where: object) -> int:
    with open_session(engine, read_only=True) as session:
        return session.exec(select(func.count()).select_from(table).where(*where)).one()  # type: ignore[arg-type]


def broken(engine: Engine, settings: Settings, now: datetime) -> list[str]:
    with open_session(engine, read_only=True) as session:
        return [line for lines in check(Books(session, settings, now)).values() for line in lines]


def test_the_weeks_hold_together(simulated: Engine, settings: Settings) -> None:
    assert broken(simulated, settings, datetime(2025, 10, 10, 23, tzinfo=UTC)) == []


def test_each_message_opened_a_case_and_many_were_closed(simulated: Engine) -> None:
    assert count(simulated, Case) == WEEKS.cases
    assert count(simulated, Message) >= WEEKS.cases
    assert count(simulated, Case, Case.status == CaseStatus.CLOSED) > 0.3 * WEEKS.cases
    assert count(simulated, Case, Case.status == CaseStatus.OPEN) > 0


def test_officers_did_what_officers_do(simulated: Engine) -> None:
    with open_session(simulated, read_only=True) as session:
        kinds = set(session.exec(select(Event.kind).distinct()))
    assert {"opened", "confirmed", "acknowledged", "extended", "responded", "closed"} <= kinds


def test_letters_and_digests_were_sent(simulated: Engine) -> None:
    with open_session(simulated, read_only=True) as session:
        sent = dict(session.exec(select(OutgoingMail.kind, func.count()).group_by(col(OutgoingMail.kind))).all())
        states = set(session.exec(select(OutgoingMail.state).distinct()))
    assert {"letter", "digest"} <= set(sent)
    assert "sent" in states
    assert count(simulated, Reminder) >= sent["digest"]


def test_nothing_is_later_than_the_end(simulated: Engine, settings: Settings) -> None:
    with open_session(simulated, read_only=True) as session:
        latest = session.exec(select(func.max(Event.at))).one()
    assert latest is not None
    assert latest.astimezone(settings.council.zone).date() < WEEKS.end


def test_the_same_seed_gives_the_same_data(request: pytest.FixtureRequest, tmp_path: Path, settings: Settings) -> None:
    made = []
    for name in ("first", "again"):
        (tmp_path / name).mkdir()
        engine = open_engine(empty_database("sqlite", request, tmp_path / name))
        simulate(engine, settings, FORTNIGHT, rates=EVENTFUL)
        made.append(everything(engine))
        engine.dispose()
    assert made[0] == made[1]


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_a_fortnight_on_postgresql_holds_together_and_its_progress_is_told(engine: Engine, settings: Settings) -> None:
    told: list[tuple[int, int]] = []
    ended = simulate(
        engine, settings, FORTNIGHT, rates=EVENTFUL, progress=lambda done, total: told.append((done, total))
    )
    assert broken(engine, settings, ended) == []
    assert told[-1] == (FORTNIGHT.cases, FORTNIGHT.cases)
    assert [done for done, _ in told] == sorted({done for done, _ in told})


def test_a_database_that_is_not_empty_is_refused(sqlite: Engine, settings: Settings) -> None:
    with open_session(sqlite) as session:
        session.add(
            Officer(email="a@b.example", name="A", role=Role.OFFICER, password_hash="", created_at=datetime.now(UTC))
        )
        session.commit()
    with pytest.raises(ImpossibleMove, match="officers already"):
        simulate(sqlite, settings, FORTNIGHT)
    assert count(sqlite, Case) == 0
