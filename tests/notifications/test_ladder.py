"""What stands on the ladder besides the steps of confirmed cases, and who is told of it.

March 2026: the 2nd is a Monday. Good Friday is 3 April, Easter Monday 6 April.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event
from sqlmodel import select

from postroom.casework.answering import acknowledge, respond
from postroom.casework.learning import add_action, finish_action
from postroom.casework.people import restrict_contact
from postroom.models.case import Case, CaseStatus
from postroom.models.database import open_session
from postroom.models.message import Message, Suggestion
from postroom.models.officer import Officer, Role
from postroom.models.settings import Settings
from postroom.models.stage import CaseStage
from postroom.notifications.ladder import on_ladder
from postroom.notifications.recipients import Recipient, Recipients
from postroom.notifications.rungs import OnLadder, Whom
from tests.notifications.conftest import CHILDRENS_COMPLAINT, COMPLAINT, Desk, on_sqlite

pytestmark = on_sqlite

MONDAY = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)
FRIDAY = datetime(2026, 3, 6, 11, 0, tzinfo=UTC)


def morning(day: int, month: int = 3) -> datetime:
    return datetime(2026, month, day, 9, 0, tzinfo=UTC)


@pytest.fixture
def standing(engine: Engine, settings: Settings) -> Callable[..., list[OnLadder]]:
    """A function that gives what stands on the ladder on a morning of March, of those called by `what`."""

    def found(now: datetime, what: str, settings: Settings = settings) -> list[OnLadder]:
        with open_session(engine, read_only=True) as session:
            return [entry for entry in on_ladder(session, settings, now) if what in f":{entry.about}"]

    return found


@pytest.fixture
def told(engine: Engine, settings: Settings, now: datetime) -> Callable[..., list[str]]:
    """A function that gives the names of those who are told of something."""

    def names(entry: OnLadder, settings: Settings = settings) -> list[str]:
        with open_session(engine, read_only=True) as session:
            return [recipient.name for recipient in Recipients(session, settings, now).of(entry)]

    return names


def with_ladder(settings: Settings, **values: Any) -> Settings:
    ladder = settings.reminders.ladder.model_copy(update=values)
    return settings.model_copy(update={"reminders": settings.reminders.model_copy(update={"ladder": ladder})})


def escalating(settings: Settings, service: str, *addresses: str) -> Settings:
    reminders = settings.reminders.model_copy(update={"escalate_to": {service: list(addresses)}})
    return settings.model_copy(update={"reminders": reminders})


def suggest(engine: Engine, case_id: int, **labels: str) -> None:
    with open_session(engine) as session:
        message = session.exec(select(Message).where(Message.case_id == case_id)).one()
        assert message.id is not None
        session.add(Suggestion(message_id=message.id, model="test", created_at=MONDAY, **labels))
        session.commit()


# awaiting confirmation


@pytest.mark.parametrize(("received", "first"), [(MONDAY, 3), (FRIDAY, 9), (FRIDAY + timedelta(days=2), 9)])
def test_a_case_that_awaits_confirmation_for_a_working_day_is_on_the_ladder(
    desk: Desk, standing: Any, received: datetime, first: int
) -> None:
    desk.awaiting(received)
    found = {day: standing(morning(day), "untriaged") for day in range(2, 12)}
    assert min(day for day, entries in found.items() if entries) == first
    [entry] = found[first]
    assert (entry.rungs, entry.to_do, entry.standing) == (
        ("untriaged",),
        "confirm what it is",
        "waiting for 1 working day",
    )


def test_the_acknowledgement_of_an_unconfirmed_case_is_on_the_ladder_by_the_procedure_that_is_suggested(
    engine: Engine, desk: Desk, standing: Any
) -> None:
    corporate, adults = desk.awaiting(MONDAY), desk.awaiting(MONDAY)
    suggest(engine, corporate, type="complaint", team="highways")
    suggest(engine, adults, type="complaint", team="adult-social-care")  # acknowledged within 3 working days
    due = {entry.reference: entry.due_on for entry in standing(morning(6), ":acknowledge:")}
    assert due == {desk.case(corporate).reference: date(2026, 3, 9), desk.case(adults).reference: date(2026, 3, 5)}


def test_without_a_suggestion_the_shortest_limit_counts(desk: Desk, standing: Any) -> None:
    desk.awaiting(MONDAY)
    rungs = {day: [entry.rungs[-1] for entry in standing(morning(day), ":acknowledge:")] for day in (3, 4, 5, 9)}
    assert rungs == {3: [], 4: ["due:1"], 5: ["due:1"], 9: ["overdue:2"]}


def test_confirming_a_case_does_not_remind_again_of_its_acknowledgement(
    engine: Engine, desk: Desk, standing: Any
) -> None:
    case_id = desk.awaiting(MONDAY)
    suggest(engine, case_id, type="complaint", team="school-transport")
    [before] = standing(morning(6), ":acknowledge:")
    desk.confirm(case_id, COMPLAINT, morning(6))
    [after] = [entry for entry in standing(morning(6), ":acknowledge:") if entry.whom == Whom.TEAM]
    assert after.about == before.about


def test_what_awaits_confirmation_is_told_customer_relations_without_its_subject(
    desk: Desk, standing: Any, told: Any
) -> None:
    desk.officer("Mona", teams=("school-transport",))
    desk.officer("Cora", Role.CUSTOMER_RELATIONS, teams=("customer-relations",))
    desk.officer("Carl", Role.CUSTOMER_RELATIONS)
    desk.awaiting(MONDAY)
    for entry in standing(morning(6), "case:"):
        assert told(entry) == ["Cora"]
        assert entry.confidential


@pytest.mark.parametrize(
    ("officers", "names"),
    [
        ([("Cora", Role.CUSTOMER_RELATIONS, ()), ("Mona", Role.MANAGER, ("libraries",))], ["Cora"]),
        ([("Carl", Role.MANAGER, ("customer-relations",)), ("Cora", Role.CUSTOMER_RELATIONS, ())], ["Carl"]),
        ([("Ada", Role.ADMINISTRATOR, ()), ("Mona", Role.MANAGER, ("libraries",))], ["Ada"]),
        ([("Mona", Role.MANAGER, ("libraries",))], []),
    ],
)
def test_somebody_is_told_while_there_is_anybody_to_tell(
    desk: Desk, standing: Any, told: Any, officers: list[tuple[str, Role, tuple[str, ...]]], names: list[str]
) -> None:
    for name, role, teams in officers:
        desk.officer(name, role, teams)
    desk.awaiting(MONDAY)
    assert told(standing(morning(3), "untriaged")[0]) == names


# further up


def test_a_step_long_overdue_is_told_those_above(desk: Desk, settings: Settings, standing: Any, told: Any) -> None:
    desk.officer("Mona", teams=("school-transport",))
    desk.officer("Dora", Role.OFFICER, teams=("school-transport",))
    desk.confirmed(MONDAY, COMPLAINT)  # to be acknowledged by Monday 9 March
    council = escalating(settings, "education", "dora@ardenshire.example")
    on = {day: [e for e in standing(morning(day), ":acknowledge:") if e.whom == Whom.ABOVE] for day in (13, 16, 20)}
    assert [[entry.rungs for entry in entries] for entries in on.values()] == [
        [],
        [("escalated:5",)],
        [("escalated:5",)],
    ]
    assert told(on[16][0], council) == ["Dora"]


def test_where_nobody_is_above_customer_relations_are_told(
    desk: Desk, settings: Settings, standing: Any, told: Any, caplog: pytest.LogCaptureFixture
) -> None:
    desk.officer("Mona", teams=("school-transport",))
    desk.officer("Cora", Role.CUSTOMER_RELATIONS, teams=("customer-relations",))
    desk.confirmed(MONDAY, COMPLAINT)
    [entry] = [entry for entry in standing(morning(16), ":acknowledge:") if entry.whom == Whom.ABOVE]
    assert told(entry) == ["Cora"]
    assert told(entry, escalating(settings, "education", "gone@ardenshire.example")) == ["Cora"]
    assert "no active officer gone@ardenshire.example" in caplog.text


# windows


@pytest.fixture
def answered(engine: Engine, settings: Settings, desk: Desk) -> int:
    """A complaint that was answered on Tuesday 3 March; the next stage can be asked for until Tuesday 31 March."""
    mona = desk.officer("Mona", teams=("school-transport",))
    case_id = desk.confirmed(MONDAY, COMPLAINT)
    with open_session(engine) as session:
        now = morning(3)
        acknowledge(session, case_id, settings=settings, now=now, actor="delivery", how="letter")
        respond(session, case_id, officer_id=mona, how="letter", settings=settings, now=now)
        session.commit()
        assert session.exec(select(CaseStage.window_ends_on)).all() == [date(2026, 3, 31)]
    return case_id


@pytest.mark.parametrize(
    ("now", "rung"),
    [
        (morning(23), None),
        (morning(24), "due:5"),
        (morning(31), "due:5"),
        (morning(1, 4), "over"),
        (morning(20, 4), "over"),
    ],
)
@pytest.mark.usefixtures("answered")
def test_a_window_that_closes_is_on_the_ladder(standing: Any, now: datetime, rung: str | None) -> None:
    assert [entry.rungs[-1] for entry in standing(now, ":window:")] == ([rung] if rung else [])


def test_a_window_of_a_closed_case_is_left_alone(engine: Engine, answered: int, standing: Any) -> None:
    with open_session(engine) as session:
        session.get_one(Case, answered).status = CaseStatus.CLOSED
        session.commit()
    assert standing(morning(24), "") == []


# inaction


def test_an_open_case_on_which_nothing_happens_is_on_the_ladder_once_for_each_silence(
    engine: Engine, settings: Settings, desk: Desk, standing: Any
) -> None:
    case_id = desk.confirmed(MONDAY, COMPLAINT)
    assert standing(morning(6), ":inaction:") == []
    [silent] = standing(morning(9), ":inaction:")
    assert (silent.whom, silent.standing) == (Whom.TEAM, "nothing for 5 working days")
    with open_session(engine) as session:
        acknowledge(session, case_id, settings=settings, now=morning(9), actor="delivery", how="letter")
        session.commit()
    assert standing(morning(13), ":inaction:") == []
    [again] = standing(morning(16), ":inaction:")
    assert again.about != silent.about


@pytest.mark.usefixtures("answered")
def test_silence_is_no_inaction_while_the_person_may_ask_for_the_next_stage(standing: Any) -> None:
    assert standing(morning(20), ":inaction:") == []


def test_what_the_council_does_not_want_to_be_reminded_of_is_not_on_the_ladder(
    desk: Desk, settings: Settings, standing: Any
) -> None:
    quiet = with_ladder(settings, inaction_after=None, untriaged_after=None, acknowledge=[], respond=[])
    desk.confirmed(MONDAY, COMPLAINT)
    desk.awaiting(MONDAY)
    assert standing(morning(9), ":inaction:", quiet) == standing(morning(9), "untriaged", quiet) == []
    assert standing(morning(4), "", quiet) == []


# actions


@pytest.fixture
def action(engine: Engine, settings: Settings, desk: Desk) -> Callable[..., int]:
    """A function that lets Olga do something by Friday 29 May, agreed on Monday 2 March; returns the case's id."""

    def agree(labels: Any = COMPLAINT) -> int:
        owner = desk.officer("Olga", Role.OFFICER, teams=(labels.team,))
        case_id = desk.confirmed(MONDAY - timedelta(days=3), labels)
        values: dict[str, Any] = {"owner_id": owner, "due_on": date(2026, 5, 29), "officer_id": owner}
        with open_session(engine) as session:
            add_action(session, case_id, "Train the drivers", settings=settings, now=MONDAY, **values)
            session.commit()
        return case_id

    return agree


def test_an_action_is_reminded_of_monthly_and_before_its_date(
    action: Callable[..., int], standing: Any, told: Any
) -> None:
    action()
    mornings = (morning(31), morning(2, 4), morning(30, 4), morning(5, 5), morning(21, 5), morning(2, 6))
    first = {(now.month, now.day): [e.rungs[-1] for e in standing(now, ":action:")] for now in mornings}
    assert first == {
        (3, 31): [],
        (4, 2): ["month:1"],
        (4, 30): ["month:1"],
        (5, 5): ["month:2"],
        (5, 21): ["due:5", "month:2"],
        (6, 2): ["due:0", "month:3"],
    }
    assert told(standing(morning(2, 4), ":action:")[0]) == ["Olga"]


def test_an_action_that_is_done_is_left_alone(
    engine: Engine, settings: Settings, action: Callable[..., int], standing: Any
) -> None:
    case_id = action()
    with open_session(engine) as session:
        finish_action(session, case_id, 1, how="Trained", officer_id=1, settings=settings, now=morning(3))
        session.commit()
    assert standing(morning(2, 6), ":action:") == []


def test_the_action_of_somebody_who_left_falls_to_their_manager(
    engine: Engine, desk: Desk, action: Callable[..., int], standing: Any, told: Any
) -> None:
    action()
    desk.officer("Mona", teams=("school-transport",))
    with open_session(engine) as session:
        session.exec(select(Officer).where(Officer.name == "Olga")).one().active = False
        session.commit()
    assert told(standing(morning(2, 4), ":action:")[0]) == ["Mona"]


# restrictions


def test_a_restriction_of_contact_comes_back_for_review(
    engine: Engine, settings: Settings, desk: Desk, standing: Any
) -> None:
    officer_id = desk.officer("Cora", Role.CUSTOMER_RELATIONS)
    person_id = desk.case(desk.confirmed(MONDAY, COMPLAINT)).person_id
    assert person_id is not None
    with open_session(engine) as session:
        restrict_contact(
            session,
            person_id,
            "By letter alone",
            reason="threats",
            review_on=date(2026, 4, 30),
            officer_id=officer_id,
            settings=settings,
            now=morning(3),
        )
        session.commit()
    mornings = (morning(22, 4), morning(23, 4), morning(30, 4), morning(15, 5), morning(1, 6))
    rungs = [[entry.rungs[-1] for entry in standing(now, "restriction:")] for now in mornings]
    assert rungs == [[], ["due:5"], ["due:0"], ["due:0"], ["month:1"]]


# who may read what


@pytest.mark.parametrize(
    ("role", "teams", "labels", "may_read"),
    [
        (Role.MANAGER, {"school-transport"}, COMPLAINT, True),
        (Role.MANAGER, {"libraries"}, COMPLAINT, False),
        (Role.CUSTOMER_RELATIONS, set(), COMPLAINT, True),
        (Role.ADMINISTRATOR, set(), COMPLAINT, True),
        (Role.MANAGER, {"childrens-rugby"}, CHILDRENS_COMPLAINT, False),
    ],
)
def test_a_mail_shows_what_its_reader_sees_on_the_desk_and_nothing_sealed(
    desk: Desk, standing: Any, role: Role, teams: set[str], labels: Any, may_read: bool
) -> None:
    desk.confirmed(MONDAY, labels)
    recipient = Recipient(1, "somebody@ardenshire.example", "Somebody", role, frozenset(teams))
    assert [recipient.may_read(entry) for entry in standing(morning(9), ":acknowledge:")] == [may_read]


def test_no_question_begins_with_all_open_cases_or_with_everybody(engine: Engine, settings: Settings) -> None:
    asked: list[tuple[str, Any]] = []
    event.listen(engine, "before_cursor_execute", lambda _c, _cursor, sql, values, *_: asked.append((sql, values)))
    with open_session(engine, read_only=True) as session:
        on_ladder(session, settings, morning(11))
    with engine.connect() as connection:
        plans = [
            connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values).all()
            for sql, values in list(asked)
            if sql.startswith("SELECT") and "JOIN" in sql
        ]
    begins = [plan[0][3] for plan in plans]
    assert len(begins) >= 5
    assert [how for how in begins if "feedback_case" in how or "joined_into" in how] == []
