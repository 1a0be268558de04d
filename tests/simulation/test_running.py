"""Some simulated weeks: what happened in them, and that all of it holds together."""

import os
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlmodel import SQLModel, col, func, select

from postroom.models.case import Case, CaseStatus, Event
from postroom.models.database import open_session
from postroom.models.failures import ImpossibleMove
from postroom.models.message import OPENED, Message
from postroom.models.officer import Officer, Role
from postroom.models.outgoing_mail import MailState, OutgoingMail, Reminder
from postroom.models.settings import Settings
from postroom.models.stage import CaseStage
from postroom.notifications.decisions import TOLD
from postroom.notifications.owed import Purpose
from postroom.simulation.books import Books
from postroom.simulation.invariants import check
from postroom.simulation.running import Plan, simulate
from tests.conftest import empty_database
from tests.simulation.conftest import SECRET
from tests.simulation.weeks import EVENTFUL, WEEKS, everything

DAYS = Plan(date(2025, 9, 1), date(2025, 9, 6), cases=6, seed=7)


def count(engine: Engine, table: type[SQLModel], *where: object) -> int:
    with open_session(engine, read_only=True) as session:
        return session.exec(select(func.count()).select_from(table).where(*where)).one()  # type: ignore[arg-type]


def broken(engine: Engine, settings: Settings, now: datetime) -> list[str]:
    with open_session(engine, read_only=True) as session:
        return [line for lines in check(Books(session, settings, now)).values() for line in lines]


def test_the_weeks_hold_together(simulated: Engine, settings: Settings) -> None:
    assert broken(simulated, settings, datetime(2025, 10, 3, 23, tzinfo=UTC)) == []


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


def test_each_response_to_somebody_with_an_address_was_written_at_the_desk(simulated: Engine) -> None:
    with open_session(simulated, read_only=True) as session:
        answered = session.exec(
            select(CaseStage.case_id, CaseStage.stage, Message.sender_email)
            .join(Message, col(Message.case_id) == CaseStage.case_id)
            .where(col(CaseStage.responded_at).is_not(None), Message.matched_by == OPENED)
        ).all()
        written = select(OutgoingMail).where(OutgoingMail.purpose == Purpose.RESPONSE)
        letters = {(mail.case_id, mail.stage): mail for mail in session.exec(written)}
        officers = set(session.exec(select(Officer.id)))
    assert {(case_id, stage) for case_id, stage, address in answered if address} == set(letters)
    for mail in letters.values():
        assert (mail.state, mail.officer_id in officers) == (MailState.SENT, True)
        assert b"Auto-Submitted" not in mail.content
        assert b"[Write here" not in mail.content


def test_of_decisions_that_officers_don_t_write_about_our_own_letters_tell(simulated: Engine) -> None:
    ours = col(OutgoingMail.officer_id).is_(None)
    assert count(simulated, OutgoingMail, ours, col(OutgoingMail.purpose).in_(TOLD)) > 0


def test_the_same_seed_gives_the_same_data_in_another_process(
    simulated: Engine, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    environment = os.environ | {"PYTHONHASHSEED": "4242", "POSTROOM_SECRET": SECRET}
    again = [sys.executable, "-m", "tests.simulation.weeks", empty_database("sqlite", request, tmp_path)]
    made = subprocess.run(again, env=environment, check=True, capture_output=True, text=True)
    assert made.stdout == everything(simulated)


def test_more_mails_than_go_in_a_minute_are_sent_in_the_next(sqlite: Engine, settings: Settings) -> None:
    slow = settings.model_copy(
        update={"outgoing": settings.outgoing.model_copy(update={"mails_per_domain_and_minute": 1})}
    )
    simulate(sqlite, slow, Plan(date(2025, 9, 1), date(2025, 9, 3), cases=5, seed=7))
    assert count(sqlite, OutgoingMail, OutgoingMail.state == MailState.WAITING) == 0
    assert count(sqlite, OutgoingMail) > 2


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_some_days_on_postgresql_holds_together_and_its_progress_is_told(engine: Engine, settings: Settings) -> None:
    told: list[tuple[int, datetime]] = []
    ended = simulate(
        engine, settings, DAYS, rates=EVENTFUL, progress=lambda cases, moment: told.append((cases, moment))
    )
    assert broken(engine, settings, ended) == []
    assert told[-1] == (DAYS.cases, ended)
    assert told == sorted(told)


def test_a_database_that_is_not_empty_is_refused(sqlite: Engine, settings: Settings) -> None:
    with open_session(sqlite) as session:
        session.add(
            Officer(email="a@b.example", name="A", role=Role.OFFICER, password_hash="", created_at=datetime.now(UTC))
        )
        session.commit()
    with pytest.raises(ImpossibleMove, match="officers already"):
        simulate(sqlite, settings, DAYS)
    assert count(sqlite, Case) == 0
