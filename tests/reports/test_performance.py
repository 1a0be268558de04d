from dataclasses import replace
from datetime import date, timedelta

from sqlalchemy import true
from sqlmodel import select

from postroom.casework import cases
from postroom.casework.working_days import calendar_of
from postroom.models.case import Case, Decision
from postroom.models.database import open_session
from postroom.models.message import Message, Suggestion
from postroom.reports.performance import Flow, Kept, Punctuality, flow, punctuality, triage
from postroom.reports.periods import Period
from tests.casework.casebook import COMPLAINT, REQUEST, Casebook

MARCH = Period(date(2026, 3, 1), date(2026, 3, 31))
"""Cases of the casebook come in on Wednesday 4 March 2026: a complaint is acknowledged by the 11th, and when that is
done at once answered by the 18th."""


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
        april = flow(session, Period(date(2026, 4, 1), date(2026, 4, 30)), calendar, true())
        assert flow(session, MARCH, calendar, true()) == Flow(received=1, closed=0)
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
    assert (found.type_right, found.category_right, found.team_right) == (1, 2, 2)
    assert (found.blind, found.blind_type_right) == (1, 0)
