"""What is set aside as no feedback, split in two, and taken back."""

from datetime import datetime

import pytest
from sqlalchemy import Engine
from sqlmodel import select

from postroom.casework import cases
from postroom.casework.history import broken_histories
from postroom.casework.labels import Labels
from postroom.casework.reading import first_message
from postroom.models.case import Case, CaseLink, CaseStatus, Deadline, Decision
from postroom.models.database import open_session
from postroom.models.failures import ImpossibleMove
from postroom.models.outgoing_mail import MailState
from postroom.models.settings import Settings
from tests.desk.conftest import add_people, officer_id
from tests.desk.mailroom import CHILDREN_COMPLAINT, HIGHWAYS_REQUEST, Mailroom

HIGHWAYS = Labels("service_request", "highways", "fix_problem")
ALICE = officer_id("alice")


@pytest.fixture
def mailroom(sqlite: Engine, settings: Settings, now: datetime) -> Mailroom:
    add_people(sqlite, settings, now)
    return Mailroom(sqlite, settings)


def test_a_confirmation_is_taken_back_whole(mailroom: Mailroom, settings: Settings, now: datetime) -> None:
    reference = mailroom.confirmed(now, HIGHWAYS, ALICE)
    with open_session(mailroom.engine) as session:
        case = cases.take_back(session, mailroom.case_id(reference), officer_id=ALICE, now=now)
        session.commit()

        assert (case.status, case.type, case.team, case.procedure, case.stage_number) == ("awaiting", "", "", "", 0)
        assert session.exec(select(Deadline)).all() == []
        assert session.exec(select(Decision)).all() == []
        assert list(broken_histories(session)) == []
        again = cases.confirm(session, case.id or 0, HIGHWAYS, officer_id=ALICE, settings=settings, now=now)
        assert again.status == CaseStatus.OPEN


def test_only_who_confirmed_it_takes_it_back(mailroom: Mailroom, now: datetime) -> None:
    reference = mailroom.confirmed(now, HIGHWAYS, ALICE)
    with open_session(mailroom.engine) as session, pytest.raises(ImpossibleMove, match="can't be undone"):
        cases.take_back(session, mailroom.case_id(reference), officer_id=officer_id("charlie"), now=now)


def test_nothing_is_taken_back_once_a_letter_is_out(mailroom: Mailroom, now: datetime) -> None:
    reference = mailroom.confirmed(now, HIGHWAYS, ALICE)
    mailroom.letter(now, reference, state=MailState.SENT)
    with open_session(mailroom.engine) as session, pytest.raises(ImpossibleMove, match="on its way"):
        cases.take_back(session, mailroom.case_id(reference), officer_id=ALICE, now=now)


def test_what_is_no_feedback_is_set_aside_and_can_come_back(
    mailroom: Mailroom, settings: Settings, now: datetime
) -> None:
    case_id = mailroom.case_id(mailroom.case(now, CHILDREN_COMPLAINT))
    with open_session(mailroom.engine) as session:
        case = cases.set_aside(session, case_id, "spam", officer_id=ALICE, settings=settings, now=now)
        assert (case.status, case.type, case.sealed) == ("closed", "", True)
        assert first_message(session, case).machine == "spam"
        assert not first_message(session, case).may_answer

        case = cases.take_back(session, case_id, officer_id=ALICE, now=now)
        assert (case.status, case.sealed, case.team) == ("awaiting", False, "")
        assert first_message(session, case).machine == "none"
        assert first_message(session, case).may_answer


def test_a_confirmed_case_is_not_set_aside(mailroom: Mailroom, settings: Settings, now: datetime) -> None:
    case_id = mailroom.case_id(mailroom.confirmed(now, HIGHWAYS, ALICE))
    with open_session(mailroom.engine) as session, pytest.raises(ImpossibleMove, match="confirmed already"):
        cases.set_aside(session, case_id, "spam", officer_id=ALICE, settings=settings, now=now)


def test_a_second_matter_becomes_a_case_of_its_own(mailroom: Mailroom, settings: Settings, now: datetime) -> None:
    case_id = mailroom.case_id(mailroom.case(now, HIGHWAYS_REQUEST, text="A pothole. And the library is shut."))
    with open_session(mailroom.engine) as session:
        words = "And the library is shut."
        opened = cases.split_message(session, case_id, words, officer_id=ALICE, settings=settings, now=now)
        session.commit()

        first = session.get(Case, case_id)
        assert first is not None
        assert (opened.status, opened.person_id, opened.received_at) == ("awaiting", first.person_id, first.received_at)
        assert first_message(session, opened).new_text == words
        link = session.exec(select(CaseLink)).one()
        assert (link.case_id, link.other_id, link.kind) == (opened.id, case_id, "split_from")
        with pytest.raises(ImpossibleMove, match="Give the words"):
            cases.split_message(session, case_id, " ", officer_id=ALICE, settings=settings, now=now)
