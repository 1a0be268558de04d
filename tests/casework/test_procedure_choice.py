"""Which procedure a case follows, and what changing it moves."""

from typing import Any

import pytest

from postroom.casework import cases
from postroom.casework.deadlines import steps_under
from postroom.casework.history import words_of
from postroom.models.case import Deadline, DeadlineState, Decision
from postroom.models.database import open_session
from postroom.models.failures import ImpossibleMove
from postroom.models.outcome import Payment, PaymentKind
from postroom.models.person import Consent
from postroom.models.settings import Settings
from postroom.models.stage import CaseStage
from tests.casework.casebook import ADULTS, CHILDREN, COMPLAINT, REQUEST, Casebook, day, with_stage


class TestTheProcedure:
    def test_an_officer_may_choose_another_that_takes_the_type(self, book: Casebook) -> None:
        case_id = book.confirmed(ADULTS, procedure="corporate")
        assert book.case(case_id).procedure == "corporate"
        with pytest.raises(ImpossibleMove, match="Choose a procedure that takes the type complaint"):
            book.confirmed(ADULTS, procedure="request")

    def test_changing_it_moves_the_deadlines_and_the_event_shows_why(self, book: Casebook) -> None:
        case_id = book.confirmed(ADULTS)
        book.make(cases.confirm, case_id, ADULTS, procedure="corporate")
        event = book.last_event(case_id)
        assert event.before["deadlines"] == {"acknowledge": "2026-03-09", "respond": "2026-04-01"}
        assert event.after["deadlines"] == {"acknowledge": "2026-03-11", "respond": "2026-03-25"}
        assert "respond moved from Wed 1 Apr 2026 to Wed 25 Mar 2026" in event.summary
        assert event.after["procedure"] == "corporate"
        assert ", now by Corporate complaints; " in event.summary

    def test_an_officer_may_say_why_it_is_changed(self, book: Casebook) -> None:
        case_id = book.confirmed(ADULTS)
        book.make(cases.confirm, case_id, ADULTS, procedure="corporate", reason="Not about care.")
        with open_session(book.engine, read_only=True) as session:
            words = words_of(session, cases.find_case(session, case_id))
        assert words == {3: "Not about care."}

    def test_of_an_extension_no_more_stays_than_the_new_procedure_allows(self, book: Casebook) -> None:
        case_id = book.confirmed(ADULTS)
        book.make(cases.extend, case_id, "respond", days=45, reason="complex")
        book.make(cases.confirm, case_id, ADULTS, procedure="corporate")
        (respond,) = [each for each in book.rows(Deadline, case_id) if each.step == "respond"]
        assert (respond.limit_days, respond.extended_days) == (10, 10)
        assert respond.due_on == day("Friday 10 April 2026")

    def test_it_is_changed_with_a_reason_and_without_deciding_anew(self, book: Casebook) -> None:
        case_id = book.confirmed(ADULTS)
        with open_session(book.engine, read_only=True) as session:
            then = steps_under(session, cases.find_case(session, case_id), book.settings, "corporate")
        with pytest.raises(ImpossibleMove, match="Say why it follows another procedure"):
            book.make(cases.change_procedure, case_id, "corporate", reason=" ")
        book.make(cases.change_procedure, case_id, "corporate", reason="not about care")
        assert book.due(case_id) == {each.step: each.due_on for each in then}
        assert book.due(case_id)["respond"] == day("Wednesday 25 March 2026")
        event = book.last_event(case_id)
        assert event.summary.startswith("Now by Corporate complaints; acknowledge moved from Mon 9 Mar 2026 to Wed 11")
        assert len(book.rows(Decision, case_id)) == 1
        with pytest.raises(ImpossibleMove, match='follows "Corporate complaints" already'):
            book.make(cases.change_procedure, case_id, "corporate", reason="again")
        with pytest.raises(ImpossibleMove, match="Choose a procedure that takes the type complaint"):
            book.make(cases.change_procedure, case_id, "request", reason="a mistake")

    def test_all_that_belongs_to_a_stage_goes_with_it(self, book: Casebook) -> None:
        case_id = book.confirmed(REQUEST)
        book.make(cases.extend, case_id, "respond", days=4, reason="complex")
        book.make(cases.want_consent, case_id, whose="the mother")
        book.make(cases.acknowledge, case_id, actor="delivery", how="letter")
        book.make(cases.add_payment, case_id, PaymentKind.INVESTIGATION, 100)
        book.make(cases.confirm, case_id, COMPLAINT)
        for table in (Deadline, Consent, Payment, CaseStage):
            assert {each.stage for each in book.rows(table, case_id)} == {"stage-1"}
        respond = next(each for each in book.rows(Deadline, case_id) if each.step == "respond")
        assert (respond.state, respond.extended_days) == (DeadlineState.PAUSED, 4)

    def test_a_case_in_its_second_stage_stays_there(self, book: Casebook) -> None:
        case_id = book.answered()
        book.make(cases.request_stage, case_id, requested_at=book.now)
        book.make(cases.confirm, case_id, CHILDREN)
        assert (book.case(case_id).procedure, book.case(case_id).stage) == ("statutory-children", "stage-2")
        with pytest.raises(ImpossibleMove, match='is in stage 2, which "Service requests and enquiries" does not have'):
            book.make(cases.confirm, case_id, REQUEST)

    def test_another_team_of_the_same_procedure_takes_it_over(self, book: Casebook) -> None:
        case_id = book.confirmed()
        book.make(cases.reassign, case_id, "waste", reason="a bin")
        assert book.case(case_id).team == "waste"
        with pytest.raises(ImpossibleMove, match="Correct what the case is instead"):
            book.make(cases.reassign, case_id, "childrens-rugby", reason="a child")

    @pytest.mark.parametrize(
        ("step", "labels", "due"),
        [
            ({"limit": 10, "starts": "received"}, COMPLAINT, "Wednesday 18 March 2026"),
            ({"limit": 15, "starts": "received"}, COMPLAINT, "Wednesday 25 March 2026"),
            (
                {"limit": 10, "starts": "received", "other_limits": [{"teams": ["highways"], "limit": 25}]},
                COMPLAINT,
                "Friday 10 April 2026",
            ),
            (
                {"limit": 10, "starts": "received", "other_limits": [{"services": ["adults"], "limit": 25}]},
                COMPLAINT,
                "Wednesday 18 March 2026",
            ),
        ],
    )
    def test_other_councils_limits_can_be_said(
        self, book: Casebook, settings: Settings, step: dict[str, Any], labels: Any, due: str
    ) -> None:
        acknowledge = {"limit": 5, "starts": "received"}
        book.settings = with_stage(settings, steps={"acknowledge": acknowledge, "respond": step})
        assert book.due(book.confirmed(labels))["respond"] == day(due)
