from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import select

from postroom.casework import cases
from postroom.casework.labels import Labels
from postroom.casework.opening import open_case
from postroom.models.case import Case, CaseStatus, Deadline, DeadlineState, Decision, Event
from postroom.models.database import open_session
from postroom.models.failures import ImpossibleMove
from postroom.models.message import Message, Suggestion
from postroom.models.settings import Settings

COMPLAINT = Labels("complaint", "school-transport", "commissioned_service")
REQUEST = Labels("service_request", "highways", "fix_problem")
COMPLIMENT = Labels("compliment", "libraries", "customer_care")
CHILDREN = Labels("complaint", "childrens-rugby", "communication")


@pytest.fixture
def confirm(engine: Engine, settings: Settings, officer_id: int, now: datetime) -> Callable[[Case, Labels], Case]:
    def confirm_as(case: Case, labels: Labels) -> Case:
        with open_session(engine) as session:
            assert case.id is not None
            case = cases.confirm(session, case.id, labels, officer_id=officer_id, settings=settings, now=now)
            session.commit()
            return case

    return confirm_as


@pytest.fixture
def deadlines(engine: Engine) -> Callable[[Case], dict[str, tuple[str, date]]]:
    """A function that gives a case's deadlines: step -> (state, date)."""

    def of(case: Case) -> dict[str, tuple[str, date]]:
        with open_session(engine, read_only=True) as session:
            found = session.exec(select(Deadline).where(Deadline.case_id == case.id))
            return {deadline.step: (deadline.state, deadline.due_on) for deadline in found}

    return of


def acknowledge(engine: Engine, case: Case, settings: Settings, at: datetime) -> Case:
    with open_session(engine) as session:
        assert case.id is not None
        case = cases.acknowledge(session, case.id, settings=settings, now=at, actor="delivery", how="letter")
        session.commit()
        return case


def test_a_new_case_awaits_confirmation_and_has_a_reference_of_the_year(new_case: Callable[..., Case]) -> None:
    first, second = new_case(), new_case()
    assert (first.status, first.reference) == (CaseStatus.AWAITING, "AR-2026-000001")
    assert second.reference == "AR-2026-000002"


def test_the_same_address_is_the_same_person(new_case: Callable[..., Case]) -> None:
    assert new_case().person_id == new_case().person_id


def test_confirming_a_complaint_starts_its_procedure(
    new_case: Callable[..., Case], confirm: Callable[..., Case], deadlines: Callable[[Case], object]
) -> None:
    case = confirm(new_case(), COMPLAINT)
    assert (case.status, case.type, case.procedure, case.stage) == ("open", "complaint", "corporate", "stage-1")
    assert deadlines(case) == {
        "acknowledge": (DeadlineState.OPEN, date(2026, 3, 11)),
        "respond": (DeadlineState.OPEN, date(2026, 3, 25)),
    }


def test_an_early_acknowledgement_pulls_the_response_date_forward(
    engine: Engine,
    new_case: Callable[..., Case],
    confirm: Callable[..., Case],
    deadlines: Callable[[Case], object],
    settings: Settings,
    now: datetime,
) -> None:
    case = confirm(new_case(), COMPLAINT)
    acknowledge(engine, case, settings, now + timedelta(days=1))
    assert deadlines(case) == {
        "acknowledge": (DeadlineState.MET, date(2026, 3, 11)),
        "respond": (DeadlineState.OPEN, date(2026, 3, 19)),
    }


def test_a_childrens_complaint_takes_the_statutory_procedure_and_is_sealed(
    new_case: Callable[..., Case], confirm: Callable[..., Case], deadlines: Callable[[Case], object]
) -> None:
    case = confirm(new_case(), CHILDREN)
    assert (case.procedure, case.sealed) == ("statutory-children", True)
    assert deadlines(case) == {
        "acknowledge": (DeadlineState.OPEN, date(2026, 3, 11)),
        "respond": (DeadlineState.OPEN, date(2026, 3, 18)),
    }


def test_a_compliment_closes_once_it_is_acknowledged(
    engine: Engine, new_case: Callable[..., Case], confirm: Callable[..., Case], settings: Settings, now: datetime
) -> None:
    case = acknowledge(engine, confirm(new_case(), COMPLIMENT), settings, now)
    assert case.status == CaseStatus.CLOSED


def test_correcting_a_case_keeps_its_first_type_and_moves_its_deadlines(
    new_case: Callable[..., Case], confirm: Callable[..., Case], deadlines: Callable[[Case], object]
) -> None:
    case = confirm(confirm(new_case(), REQUEST), CHILDREN)
    assert (case.initial_type, case.type) == ("service_request", "complaint")
    assert deadlines(case) == {
        "acknowledge": (DeadlineState.OPEN, date(2026, 3, 11)),
        "respond": (DeadlineState.OPEN, date(2026, 3, 18)),
    }


def test_a_decision_keeps_the_suggestion_that_the_officer_saw(
    engine: Engine,
    new_message: Callable[..., Message],
    settings: Settings,
    confirm: Callable[..., Case],
    now: datetime,
) -> None:
    message = new_message()
    with open_session(engine) as session:
        session.add(message)
        case = open_case(session, message, settings=settings, now=now)
        assert message.id is not None
        suggestion = Suggestion(message_id=message.id, model="m1", created_at=now, type="complaint")
        session.add(suggestion)
        session.commit()
    confirm(case, REQUEST)
    with open_session(engine, read_only=True) as session:
        decision = session.exec(select(Decision)).one()
    assert (decision.suggestion_id, decision.type, decision.team) == (suggestion.id, "service_request", "highways")


@pytest.mark.parametrize(
    ("labels", "complaint"),
    [
        (Labels("grumble", "highways"), "feedback type"),
        (Labels("enquiry", "potholes"), "team"),
        (Labels("enquiry", "highways", exclusion="boring"), "exclusion"),
        (Labels("complaint", "highways", "customer_care"), "category"),
        (Labels("complaint", "highways"), "category"),
        (Labels("enquiry", "highways", "communication"), "category"),
    ],
)
def test_a_label_outside_the_closed_sets_is_refused(
    new_case: Callable[..., Case], confirm: Callable[..., Case], labels: Labels, complaint: str
) -> None:
    with pytest.raises(ImpossibleMove, match=complaint):
        confirm(new_case(), labels)


def test_impossible_moves_are_refused_with_the_reason(
    engine: Engine,
    new_case: Callable[..., Case],
    confirm: Callable[..., Case],
    settings: Settings,
    officer_id: int,
    now: datetime,
) -> None:
    waiting = new_case()
    assert waiting.id is not None
    with open_session(engine) as session, pytest.raises(ImpossibleMove, match="only an open case can be closed"):
        cases.close(session, waiting.id, reason="done", actor="officer:1", settings=settings, now=now)
    case = confirm(waiting, REQUEST)
    assert case.id is not None
    with open_session(engine) as session, pytest.raises(ImpossibleMove, match="Say why"):
        cases.close(session, case.id, reason=" ", actor="officer:1", settings=settings, now=now)
    acknowledge(engine, case, settings, now)
    with pytest.raises(ImpossibleMove, match="acknowledged already"):
        acknowledge(engine, case, settings, now)
    with open_session(engine) as session, pytest.raises(ImpossibleMove, match="only a closed case"):
        cases.reopen(session, case.id, reason="more", officer_id=officer_id, settings=settings, now=now)


def test_closing_cancels_what_is_not_done_and_reopening_brings_it_back(
    engine: Engine,
    new_case: Callable[..., Case],
    confirm: Callable[..., Case],
    deadlines: Callable[[Case], object],
    settings: Settings,
    officer_id: int,
    now: datetime,
) -> None:
    case = confirm(new_case(), REQUEST)
    assert case.id is not None
    with open_session(engine) as session:
        cases.close(session, case.id, reason="withdrawn", actor="officer:1", settings=settings, now=now)
        session.commit()
    assert deadlines(case) == {
        "acknowledge": (DeadlineState.CANCELLED, date(2026, 3, 11)),
        "respond": (DeadlineState.CANCELLED, date(2026, 3, 18)),
    }
    with open_session(engine) as session:
        cases.reopen(session, case.id, reason="a mistake", officer_id=officer_id, settings=settings, now=now)
        session.commit()
    assert deadlines(case) == {
        "acknowledge": (DeadlineState.OPEN, date(2026, 3, 11)),
        "respond": (DeadlineState.OPEN, date(2026, 3, 18)),
    }


def test_responding_meets_the_response_step(
    engine: Engine,
    new_case: Callable[..., Case],
    confirm: Callable[..., Case],
    deadlines: Callable[[Case], dict[str, tuple[str, date]]],
    settings: Settings,
    officer_id: int,
    now: datetime,
) -> None:
    case = confirm(new_case(), REQUEST)
    assert case.id is not None
    with open_session(engine) as session:
        cases.respond(session, case.id, officer_id=officer_id, how="by telephone", settings=settings, now=now)
        session.commit()
    assert deadlines(case)["respond"][0] == DeadlineState.MET


def test_mail_from_a_machine_moves_nothing(
    engine: Engine,
    new_case: Callable[..., Case],
    new_message: Callable[..., Message],
    settings: Settings,
    confirm: Callable[..., Case],
    now: datetime,
) -> None:
    case = acknowledge(engine, confirm(new_case(), COMPLIMENT), settings, now)
    message = new_message(machine="auto_reply")
    with open_session(engine) as session:
        assert case.id is not None
        session.add(message)
        cases.add_message(session, case.id, message, rule="References", now=now)
        session.commit()
    with open_session(engine, read_only=True) as session:
        again = session.get(Case, case.id)
        assert again is not None
        assert (again.status, again.closed_at) == (CaseStatus.CLOSED, case.closed_at)
        assert session.exec(select(Event.kind).where(Event.case_id == case.id)).all()[-1] == "message added"


def test_the_year_of_a_reference_is_the_year_in_london(new_case: Callable[..., Case]) -> None:
    assert new_case(datetime(2026, 12, 31, 23, 59, tzinfo=UTC)).reference.startswith("AR-2026-")
    assert new_case(datetime(2027, 1, 1, 0, 1, tzinfo=UTC)).reference == "AR-2027-000001"
