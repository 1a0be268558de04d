"""Dates put right afterwards: by few, with a reason, in an order that can be, and everything that counts from them."""

from datetime import timedelta
from typing import Any

import pytest

from postroom.casework import cases
from postroom.casework.dates import dates_of
from postroom.models.case import Deadline, DeadlineState
from postroom.models.database import open_session
from postroom.models.failures import ImpossibleMove
from postroom.models.outcome import CaseClosing
from postroom.models.stage import CaseStage, StageRequest
from tests.casework.casebook import CHILDREN, CLOSING, Casebook, at, day


def correct(book: Casebook, case_id: int, which: str, words: str, **rest: Any) -> None:
    later: dict[str, Any] = {"when": at("Monday 1 June 2026"), "by": book.bob, "reason": "a typing error"}
    book.make(cases.correct_date, case_id, which, at(words), **(later | rest))


def second_stage(book: Casebook) -> int:
    """A children's complaint, answered on Tuesday 17 March and taken further on Monday 23 March."""
    case_id = book.confirmed(CHILDREN)
    book.make(cases.respond, case_id, how="letter", when=at("Tuesday 17 March 2026"))
    asked = at("Monday 23 March 2026")
    book.make(cases.request_stage, case_id, requested_at=asked, when=asked)
    return case_id


def test_it_moves_the_deadlines_and_shows(book: Casebook) -> None:
    case_id = book.confirmed(CHILDREN)
    correct(book, case_id, "received", "Monday 2 March 2026")
    assert book.case(case_id).received_at == at("Monday 2 March 2026")
    assert book.due(case_id)["respond"] == day("Monday 16 March 2026")
    event = book.last_event(case_id)
    assert "Received corrected from Wed 4 Mar 2026 to Mon 2 Mar 2026" in event.summary
    assert "; respond moved from Wed 18 Mar 2026 to Mon 16 Mar 2026" in event.summary
    assert event.before["deadlines"]["respond"] == "2026-03-18"
    assert book.broken() == []


@pytest.mark.parametrize(
    ("by", "reason", "words"),
    [("carol", "a typing error", "Dates are corrected by manager or customer relations"), ("bob", " ", "Say why")],
)
def test_it_needs_a_right_and_a_reason(book: Casebook, by: str, reason: str, words: str) -> None:
    case_id = book.confirmed()
    with pytest.raises(ImpossibleMove, match=words):
        correct(book, case_id, "received", "Monday 2 March 2026", by=getattr(book, by), reason=reason)


def test_an_officer_is_taken_at_their_own_role(book: Casebook) -> None:
    case_id = book.confirmed()
    correct(book, case_id, "received", "Monday 2 March 2026", by=book.alice)
    with pytest.raises(ImpossibleMove, match="corrected by manager"):
        correct(book, case_id, "received", "Tuesday 3 March 2026", by=book.carol)


@pytest.mark.parametrize(
    ("which", "moment", "stage", "words"),
    [
        ("received", "Wednesday 18 March 2026", 0, "after it was acknowledged on Tue 17 Mar 2026"),
        ("responded", "Tuesday 3 March 2026", 1, "before it was received on Wed 4 Mar 2026"),
        ("responded", "Tuesday 24 March 2026", 1, "after the stage was requested on Mon 23 Mar 2026"),
        ("requested", "Monday 16 March 2026", 2, "before it was acknowledged on Tue 17 Mar 2026"),
        ("requested", "Tuesday 2 June 2026", 2, "in the future"),
        ("responded", "Tuesday 24 March 2026", 2, "was not responded yet"),
        ("closed", "Tuesday 24 March 2026", 0, "was not closed yet"),
    ],
)
def test_an_order_that_can_not_be_is_refused(book: Casebook, which: str, moment: str, stage: int, words: str) -> None:
    case_id = second_stage(book)
    with pytest.raises(ImpossibleMove, match=words):
        correct(book, case_id, which, moment, stage_number=stage)


def test_an_earlier_stages_answer_is_corrected_with_its_window_and_what_was_met(book: Casebook) -> None:
    case_id = second_stage(book)
    correct(book, case_id, "responded", "Friday 20 March 2026", stage_number=1)
    first, second = book.rows(CaseStage, case_id)
    assert (first.responded_at, second.responded_at) == (at("Friday 20 March 2026"), None)
    assert first.window_ends_on == day("Tuesday 21 April 2026")
    assert book.case(case_id).responded_at is None
    (met,) = [each for each in book.rows(Deadline, case_id) if (each.stage, each.step) == ("stage-1", "respond")]
    assert (met.state, met.met_at) == (DeadlineState.MET, at("Friday 20 March 2026"))


def test_receipt_is_corrected_for_the_first_stage_while_the_second_runs(book: Casebook) -> None:
    case_id = second_stage(book)
    due = book.due(case_id)
    correct(book, case_id, "received", "Monday 2 March 2026")
    (met,) = [each for each in book.rows(Deadline, case_id) if (each.stage, each.step) == ("stage-1", "respond")]
    assert met.due_on == day("Monday 16 March 2026")
    assert "respond of stage-1 moved from Wed 18 Mar 2026 to Mon 16 Mar 2026" in book.last_event(case_id).summary
    assert book.due(case_id) == due


def test_the_day_of_a_request_moves_its_stage_and_the_request(book: Casebook) -> None:
    case_id = second_stage(book)
    correct(book, case_id, "requested", "Thursday 19 March 2026")
    assert book.due(case_id)["adjudicate"] == day("Monday 27 April 2026")
    assert book.row(StageRequest, case_id).requested_at == at("Thursday 19 March 2026")
    correct(book, case_id, "requested", "Friday 17 April 2026")
    assert book.row(StageRequest, case_id).late is True


def test_an_adjudication_that_is_the_answer_is_corrected_with_it(book: Casebook) -> None:
    case_id = second_stage(book)
    book.make(cases.respond, case_id, how="letter", by=book.bob, when=at("Friday 17 April 2026"))
    correct(book, case_id, "responded", "Thursday 16 April 2026")
    second = book.rows(CaseStage, case_id)[1]
    assert second.adjudicated_at == second.responded_at == at("Thursday 16 April 2026")
    assert second.window_ends_on == day("Friday 15 May 2026")


def test_a_closed_case_keeps_what_was_cancelled_and_corrects_what_was_met(book: Casebook) -> None:
    case_id = book.answered()
    book.make(cases.close, case_id, CLOSING, reason="answered", actor="officer:1", when=at("Monday 9 March 2026"))
    correct(book, case_id, "closed", "Friday 6 March 2026")
    assert book.row(CaseClosing, case_id).closed_at == at("Friday 6 March 2026")
    correct(book, case_id, "responded", "Thursday 5 March 2026")
    met = [each.met_at for each in book.rows(Deadline, case_id) if each.step == "respond"]
    assert met == [at("Thursday 5 March 2026")]
    with pytest.raises(ImpossibleMove, match="after it was closed on Fri 6 Mar 2026"):
        correct(book, case_id, "responded", "Monday 9 March 2026")


def test_every_date_of_a_case_is_known(book: Casebook) -> None:
    case_id = second_stage(book)
    book.make(cases.agree_statement, case_id, at=book.now + timedelta(days=20), when=book.now + timedelta(days=20))
    with open_session(book.engine, read_only=True) as session:
        known = [(each.which, each.stage_number) for each in dates_of(session, cases.find_case(session, case_id))]
    assert known == [("received", 0), ("acknowledged", 1), ("responded", 1), ("requested", 2), ("statement_agreed", 2)]
