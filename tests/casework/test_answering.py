"""Answering: more time, consent, points with their outcomes, the response."""

from datetime import timedelta

import pytest
from sqlmodel import select

from postroom.casework import cases
from postroom.casework.findings import Findings
from postroom.casework.moves import Move
from postroom.models.case import Deadline, DeadlineState
from postroom.models.database import open_session
from postroom.models.failures import ImpossibleMove
from postroom.models.outcome import (
    Element,
    ElementOutcome,
)
from postroom.models.stage import Extension
from tests.casework.casebook import ADULTS, CHILDREN, COMPLAINT, Casebook, at, day, with_stage


class TestExtending:
    def test_it_moves_the_date_and_keeps_the_original(self, book: Casebook) -> None:
        case_id = book.confirmed(CHILDREN)
        book.make(cases.extend, case_id, "respond", days=6, reason="an advocate is needed")
        (respond,) = [each for each in book.rows(Deadline, case_id) if each.step == "respond"]
        assert (respond.due_on, respond.original_due_on) == (
            day("Thursday 26 March 2026"),
            day("Wednesday 18 March 2026"),
        )
        assert "6 working days of these by extension" in respond.working
        extension = book.row(Extension, case_id)
        assert (extension.days, extension.reason, extension.told) == (6, "an advocate is needed", "")

    def test_it_ends_at_the_cap(self, book: Casebook) -> None:
        case_id = book.confirmed(CHILDREN)
        with pytest.raises(ImpossibleMove, match="Put it off by 1 to 10 working days; got 11"):
            book.make(cases.extend, case_id, "respond", days=11, reason="complex")
        book.make(cases.extend, case_id, "respond", days=10, reason="complex")
        with pytest.raises(ImpossibleMove, match="can be put off further"):
            book.make(cases.extend, case_id, "respond", days=1, reason="complex")
        assert Move.EXTEND not in book.allowed(case_id)

    def test_it_is_agreed_to_by_the_roles_named(self, book: Casebook) -> None:
        extension = {"by": 10, "cap": 20, "agreed_by": ["manager"]}
        steps = {"respond": {"limit": 10, "starts": "received", "extension": extension}}
        book.settings = with_stage(book.settings, steps=steps)
        case_id = book.confirmed()
        assert Move.EXTEND not in book.allowed(case_id, by=book.carol)
        with pytest.raises(ImpossibleMove, match="agreed to by manager"):
            book.make(cases.extend, case_id, "respond", days=1, reason="complex", by=book.carol)
        book.make(cases.extend, case_id, "respond", days=1, reason="complex", by=book.bob)

    def test_of_several_steps_each_has_its_own_roles(self, book: Casebook) -> None:
        free, theirs = {"by": 1, "cap": 6}, {"by": 10, "cap": 20, "agreed_by": ["manager"]}
        acknowledge = {"limit": 5, "starts": "received", "extension": free}
        respond = {"limit": 10, "starts": "received", "extension": theirs}
        book.settings = with_stage(book.settings, steps={"acknowledge": acknowledge, "respond": respond})
        case_id = book.confirmed()
        with pytest.raises(ImpossibleMove, match="More time for it is agreed to by manager"):
            book.make(cases.extend, case_id, "respond", days=1, reason="complex", by=book.carol)
        book.make(cases.extend, case_id, "acknowledge", days=1, reason="complex", by=book.carol)

    def test_it_needs_a_reason(self, book: Casebook) -> None:
        case_id = book.confirmed()
        with pytest.raises(ImpossibleMove, match="Say why more time is needed"):
            book.make(cases.extend, case_id, "respond", days=1, reason="")


class TestConsent:
    def test_days_of_waiting_are_not_counted_where_it_pauses(self, book: Casebook) -> None:
        case_id = book.confirmed(ADULTS)
        assert book.due(case_id)["respond"] == day("Wednesday 1 April 2026")
        wanted = at("Monday 9 March 2026")
        book.make(cases.want_consent, case_id, whose="his mother", when=wanted)
        assert "respond" not in book.due(case_id)
        with pytest.raises(ImpossibleMove, match="Consent is still wanted"):
            book.make(cases.respond, case_id, how="letter", when=wanted)
        came = at("Thursday 12 March 2026")
        book.make(cases.receive_consent, case_id, evidence="a signed form", at=came, when=came)
        assert book.due(case_id)["respond"] == day("Wednesday 8 April 2026")  # three days more, over Easter

    def test_the_answer_counts_from_it_where_it_starts_the_clock(self, book: Casebook) -> None:
        case_id = book.confirmed(CHILDREN)
        book.make(cases.want_consent, case_id, whose="the child")
        came = at("Monday 16 March 2026")
        book.make(cases.receive_consent, case_id, evidence="by telephone", at=came, when=came)
        assert book.due(case_id) == {
            "acknowledge": day("Wednesday 11 March 2026"),
            "respond": day("Monday 30 March 2026"),
        }


class TestPoints:
    def test_each_needs_its_outcome_before_the_stage_is_answered(self, book: Casebook) -> None:
        case_id = book.confirmed()
        lamp = book.make(cases.add_element, case_id, "the lamp is out")
        rude = book.make(cases.add_element, case_id, "the man was rude")
        book.make(cases.answer_element, case_id, lamp.id, outcome="upheld", answer="It was.")
        with pytest.raises(ImpossibleMove, match=r"missing: 2\."):
            book.make(cases.respond, case_id, how="letter")
        book.make(cases.answer_element, case_id, rude.id, outcome="not_upheld")
        book.make(cases.respond, case_id, how="letter", findings=Findings("partially_upheld"))
        book.make(cases.request_stage, case_id, requested_at=book.now)
        book.make(cases.answer_element, case_id, rude.id, outcome="upheld")
        with open_session(book.engine) as session:
            outcomes = session.exec(select(ElementOutcome).where(ElementOutcome.element_id == rude.id)).all()
        assert [(each.stage, each.outcome) for each in outcomes] == [("stage-1", "not_upheld"), ("stage-2", "upheld")]

    def test_one_becomes_a_case_of_its_own_received_on_the_same_day(self, book: Casebook) -> None:
        case_id = book.confirmed()
        book.make(cases.add_element, case_id, "the lamp is out")
        rude = book.make(cases.add_element, case_id, "the man was rude")
        split = book.make(cases.split_element, case_id, rude.id, when=book.now + timedelta(days=3))
        first = book.case(case_id)
        assert (split.received_at, split.person_id, split.status) == (first.received_at, first.person_id, "awaiting")
        assert [element.moved_to_id for element in book.rows(Element, case_id)] == [None, split.id]
        book.make(cases.confirm, split.id, COMPLAINT)
        assert book.broken() == []
        with pytest.raises(ImpossibleMove, match="keeps at least one of its points"):
            book.make(cases.split_element, case_id, rude.id)


def test_a_response_acknowledges_what_was_not_acknowledged(book: Casebook) -> None:
    case_id = book.answered()
    assert {each.step: each.state for each in book.rows(Deadline, case_id)} == {
        "acknowledge": DeadlineState.MET,
        "respond": DeadlineState.MET,
    }
    assert book.case(case_id).acknowledged_at == book.now
