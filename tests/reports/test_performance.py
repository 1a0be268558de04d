from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import settings as runs
from hypothesis import strategies as st
from sqlalchemy import delete, true
from sqlmodel import select

from postroom.casework import cases
from postroom.casework.working_days import Calendar, calendar_of
from postroom.models.case import Case, Deadline, DeadlineState, Decision
from postroom.models.database import open_session
from postroom.models.message import Message, Suggestion
from postroom.reports.performance import Flow, Kept, Punctuality, flow, punctuality, triage
from postroom.reports.periods import Period
from tests.casework.casebook import COMPLAINT, REQUEST, Casebook

MARCH = Period(date(2026, 3, 1), date(2026, 3, 31))
"""Cases of the casebook come in on Wednesday 4 March 2026: a complaint is acknowledged by the 11th, and when that is
done at once answered by the 18th."""


SPRING = [Period(date(2026, 3, 1), date(2026, 3, 31)), Period(date(2026, 4, 1), date(2026, 4, 20))]
DAYS = st.sampled_from([date(2026, 2, 28) + timedelta(n) for n in (0, 1, 27, 28, 29, 30, 31, 32, 51, 52)])
"""About the ends of both periods, and the night of 29 March, when the clocks go forward."""
MOMENTS = st.builds(
    lambda day, minutes: datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=minutes),
    DAYS,
    st.sampled_from([-61, -60, -59, -1, 0, 1, 1379, 1380, 1381]),
)
DATES = st.tuples(
    DAYS, DAYS, st.none() | MOMENTS, st.sampled_from(DeadlineState), st.sampled_from(["acknowledge", "respond"])
)
Row = tuple[date, date, datetime | None, DeadlineState, str]
"""Due on, due on at first, done at, state and step."""


def of_march(book: Casebook, today: date) -> dict[str, Punctuality]:
    with open_session(book.engine, read_only=True) as session:
        found = punctuality(session, MARCH, today, calendar_of(book.settings), true())
    return {each.type: each for each in found}


def test_a_date_counts_once_it_has_passed_or_was_kept(book: Casebook) -> None:
    case_id = book.confirmed()
    assert of_march(book, date(2026, 3, 11)) == {}
    late = of_march(book, date(2026, 3, 12))["complaint"]
    assert late.acknowledged == Kept(due=1, within=0, within_first=0)
    book.make(cases.acknowledge, case_id, actor="officer:1", how="by telephone")
    kept = of_march(book, date(2026, 3, 12))["complaint"]
    assert kept.acknowledged == Kept(due=1, within=1, within_first=1)
    assert kept.answered == Kept()


def test_an_answer_by_the_date_it_was_put_off_to_is_kept_but_not_by_the_first(book: Casebook) -> None:
    case_id = book.confirmed()
    book.make(cases.acknowledge, case_id, actor="officer:1", how="by telephone")
    book.make(cases.extend, case_id, "respond", days=5, reason="complex")
    book.make(cases.respond, case_id, how="by letter", when=book.now + timedelta(days=19))
    answered = of_march(book, date(2026, 3, 31))["complaint"].answered
    assert answered == Kept(due=1, within=1, within_first=0)
    assert (answered.share, answered.share_first) == (1.0, 0.0)


def test_an_answer_late_on_its_last_evening_is_in_time(book: Casebook) -> None:
    case_id = book.confirmed()
    book.make(cases.acknowledge, case_id, actor="officer:1", how="by telephone")
    book.make(cases.respond, case_id, how="by letter", when=book.now.replace(day=18, hour=23, minute=59))
    assert of_march(book, date(2026, 3, 31))["complaint"].answered.share == 1.0


def test_the_database_counts_what_is_kept_as_by_hand_whatever_the_clocks_do(book: Casebook) -> None:
    calendar, case_id = calendar_of(book.settings), book.confirmed()

    @runs(max_examples=30, deadline=None)
    @given(rows=st.lists(DATES, min_size=1, max_size=40), today=DAYS)
    def alike(rows: list[Row], today: date) -> None:
        with open_session(book.engine) as session:
            session.connection().execute(delete(Deadline))
            session.add_all([_deadline(case_id, number, row) for number, row in enumerate(rows)])
            session.flush()
            counted = [punctuality(session, period, today, calendar, true()) for period in SPRING]
            session.rollback()
        for period, found in zip(SPRING, counted, strict=True):
            acknowledged, answered = _by_hand(rows, period, today, calendar)
            due = acknowledged.due + answered.due
            assert found == ([Punctuality("complaint", acknowledged, answered)] if due else [])

    alike()


def _by_hand(rows: list[Row], period: Period, today: date, calendar: Calendar) -> tuple[Kept, Kept]:
    """Day by day: what was done on its last day, in the council's zone, was kept."""
    kept = {True: Kept(), False: Kept()}
    for due_on, first, met_at, state, step in rows:
        over = state == DeadlineState.MET or (state == DeadlineState.OPEN and due_on < today)
        if over and period.first <= due_on <= period.last:
            done_on = calendar.local_day(met_at) if met_at else date.max
            kept[step == "acknowledge"] += Kept(1, done_on <= due_on, done_on <= first)
    return kept[True], kept[False]


def _deadline(case_id: int, number: int, row: Row) -> Deadline:
    due_on, first, met_at, state, step = row
    began = datetime(2026, 2, 1, tzinfo=UTC)
    return Deadline(
        case_id=case_id,
        stage=f"stage-{number}",
        step=step,
        state=state,
        started_at=began,
        started_by="received",
        limit_days=1,
        due_on=due_on,
        original_due_on=first,
        working="",
        met_at=met_at,
    )


def test_types_stand_apart_and_what_may_not_be_seen_is_not_counted(book: Casebook) -> None:
    book.confirmed()
    book.confirmed(REQUEST)
    assert set(of_march(book, date(2026, 3, 31))) == {"complaint", "service_request"}
    with open_session(book.engine, read_only=True) as session:
        calendar = calendar_of(book.settings)
        unseen = punctuality(session, MARCH, date(2026, 3, 31), calendar, Case.type == "service_request")
    assert [each.type for each in unseen] == ["service_request"]


def test_what_came_and_what_was_closed_is_counted_by_the_councils_days(book: Casebook) -> None:
    case_id = book.confirmed()
    book.make(cases.withdraw, case_id, reason="by telephone", when=book.now.replace(month=4, day=2))
    with open_session(book.engine, read_only=True) as session:
        calendar = calendar_of(book.settings)
        march = flow(session, MARCH, calendar, true())
        april = flow(session, Period(date(2026, 4, 1), date(2026, 4, 30)), calendar, true())
    assert march == Flow(received=1, closed=0)
    assert april == Flow(received=0, closed=1)


def test_suggestions_are_judged_by_the_first_decision(book: Casebook) -> None:
    right, wrong, without = (book.open_one() for _ in range(3))
    for case, type_ in ((right, "complaint"), (wrong, "comment")):
        with open_session(book.engine) as session:
            message = session.exec(select(Message).where(Message.case_id == case.id)).one()
            assert message.id is not None
            session.add(
                Suggestion(
                    message_id=message.id,
                    model="m",
                    created_at=book.now,
                    type=type_,
                    category="service_standards",
                    team="highways",
                    exclusion="none",
                    answers={"type": "offered"} if type_ == "comment" else {},
                )
            )
            session.commit()
    for case in (right, wrong, without):
        book.make(cases.confirm, case.id, COMPLAINT)
    book.make(cases.confirm, right.id, replace(COMPLAINT, team="waste"))
    with open_session(book.engine) as session:
        decision = session.exec(select(Decision).where(Decision.case_id == wrong.id)).one()
        decision.blind = True
        session.add(decision)
        session.commit()
        found = triage(session, MARCH, calendar_of(book.settings), true())
    assert (found.decided, found.suggested, found.accepted) == (3, 2, 1)
    assert (found.corrected, found.unsure) == (1, 1)
    assert (found.type_right, found.category_right, found.team_right) == (1, 2, 2)
    assert (found.blind, found.blind_type_right) == (1, 0)
