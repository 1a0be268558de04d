"""From the answer of one stage to the last: requests, extensions, panels, the Ombudsman, consent, dates."""

import pytest
from sqlmodel import select

from postroom.casework import cases
from postroom.casework.findings import Findings
from postroom.casework.moves import Move
from postroom.models.case import Case, CaseStatus, EventWords
from postroom.models.database import open_session
from postroom.models.failures import ImpossibleMove
from postroom.models.outcome import OmbudsmanReferral, Payment
from postroom.models.stage import CaseStage, StageRequest
from tests.casework.casebook import CHILDREN, CLOSING, Casebook, at, day, with_stage


class TestTheNextStage:
    def test_its_clocks_count_from_the_request(self, book: Casebook) -> None:
        case_id = book.answered(by=book.carol)
        assert book.row(CaseStage, case_id).window_ends_on == day("Wednesday 1 April 2026")
        asked = at("Monday 16 March 2026")
        book.make(cases.request_stage, case_id, requested_at=asked, when=at("Tuesday 17 March 2026"))
        case = book.case(case_id)
        assert (case.stage, case.stage_number, case.responded_at) == ("stage-2", 2, None)
        assert book.due(case_id) == {
            "acknowledge": day("Monday 23 March 2026"),
            "respond": day("Wednesday 22 April 2026"),  # 20 days from the last day to acknowledge, over Easter
        }
        acknowledged = at("Wednesday 18 March 2026")
        book.make(cases.acknowledge, case_id, actor="delivery", how="letter", when=acknowledged)
        assert book.due(case_id) == {"respond": day("Friday 17 April 2026")}

    def test_it_opens_a_closed_case_again(self, book: Casebook) -> None:
        case_id = book.answered()
        book.make(cases.close, case_id, CLOSING, reason="answered", actor="officer:1")
        book.make(cases.request_stage, case_id, requested_at=book.now)
        assert book.case(case_id).status == CaseStatus.OPEN

    def test_a_late_request_is_an_officers_decision_with_a_reason(self, book: Casebook) -> None:
        case_id = book.answered()
        late = at("Thursday 2 April 2026")
        with pytest.raises(ImpossibleMove, match="time to ask for it is over"):
            book.make(cases.request_stage, case_id, requested_at=late, when=late)
        book.make(cases.request_stage, case_id, requested_at=late, when=late, reason="they were in hospital")
        request = book.row(StageRequest, case_id)
        assert (request.late, request.accepted, request.reason) == (True, True, "they were in hospital")

    def test_a_refusal_needs_a_reason_and_leaves_the_case_where_it_was(self, book: Casebook) -> None:
        case_id = book.answered()
        with pytest.raises(ImpossibleMove, match="Say why the next stage is refused"):
            book.make(cases.refuse_stage, case_id, requested_at=book.now, reason=" ")
        book.make(cases.refuse_stage, case_id, requested_at=book.now, reason="nothing new")
        assert book.case(case_id).stage == "stage-1"
        assert book.row(StageRequest, case_id).accepted is False

    def test_it_is_answered_by_the_roles_named_and_by_nobody_who_answered_before(self, book: Casebook) -> None:
        case_id = book.answered(by=book.bob)
        book.make(cases.request_stage, case_id, requested_at=book.now)
        with pytest.raises(ImpossibleMove, match="Stage 2 is answered by manager or customer relations"):
            book.make(cases.respond, case_id, how="letter", by=book.carol)
        with pytest.raises(ImpossibleMove, match="somebody else than who answered before"):
            book.make(cases.respond, case_id, how="letter", by=book.bob)
        assert Move.RESPOND not in book.allowed(case_id, by=book.bob)
        book.make(cases.respond, case_id, how="letter", findings=Findings("not_upheld"), by=book.alice)
        assert [stage.outcome for stage in book.rows(CaseStage, case_id)] == ["", "not_upheld"]
        assert Move.REQUEST_STAGE not in book.allowed(case_id)

    def test_a_request_is_decided_by_the_roles_named(self, book: Casebook) -> None:
        book.settings = with_stage(book.settings, window={"limit": 20, "decided_by": ["manager"]})
        case_id = book.answered()
        for move in (cases.request_stage, cases.refuse_stage):
            with pytest.raises(ImpossibleMove, match="for the next stage is decided by manager"):
                book.make(move, case_id, requested_at=book.now, reason="nothing new", by=book.carol)
        assert Move.REQUEST_STAGE not in book.allowed(case_id, by=book.carol)
        book.make(cases.request_stage, case_id, requested_at=book.now, by=book.bob)

    def test_a_stage_that_is_not_answered_has_no_next(self, book: Casebook) -> None:
        case_id = book.confirmed()
        with pytest.raises(ImpossibleMove, match="is not answered yet"):
            book.make(cases.request_stage, case_id, requested_at=book.now)


def test_a_childrens_complaint_goes_through_investigation_and_panel(book: Casebook) -> None:
    case_id = book.answered(CHILDREN)
    book.make(cases.request_stage, case_id, requested_at=at("Monday 9 March 2026"), when=at("Monday 9 March 2026"))
    assert book.due(case_id)["adjudicate"] == day("Wednesday 15 April 2026")
    book.make(cases.agree_statement, case_id, at=at("Friday 13 March 2026"), when=at("Friday 13 March 2026"))
    book.make(cases.respond, case_id, how="letter", by=book.bob, when=at("Tuesday 14 April 2026"))
    second = book.rows(CaseStage, case_id)[1]
    assert second.adjudicated_at == second.responded_at == at("Tuesday 14 April 2026")
    assert second.statement_agreed_at == at("Friday 13 March 2026")
    assert second.window_ends_on == day("Wednesday 13 May 2026")
    asked = at("Friday 1 May 2026")
    book.make(cases.request_stage, case_id, requested_at=asked, when=asked)
    with pytest.raises(ImpossibleMove, match="The panel has not met yet"):
        book.make(cases.panel_reported, case_id, at=asked, when=asked)
    met = at("Monday 1 June 2026")
    book.make(cases.panel_met, case_id, at=met, when=met)
    assert book.due(case_id)["panel_reports"] == day("Monday 8 June 2026")
    with pytest.raises(ImpossibleMove, match="The panel has not reported yet"):
        book.make(cases.respond, case_id, how="letter", when=met)
    book.make(cases.panel_reported, case_id, at=at("Friday 5 June 2026"), when=at("Friday 5 June 2026"))
    assert book.due(case_id)["respond"] == day("Friday 26 June 2026")
    book.make(cases.respond, case_id, how="letter", when=at("Friday 19 June 2026"))
    assert book.broken() == []


def test_the_ombudsman_decides_beside_the_case(book: Casebook) -> None:
    case_id = book.answered()
    later = at("Friday 1 May 2026")
    book.make(
        cases.refer_to_ombudsman, case_id, referred_on=day("Monday 20 April 2026"), reference="26 001", when=later
    )
    assert book.case(case_id).status == CaseStatus.OPEN
    with pytest.raises(ImpossibleMove, match="Choose a decision"):
        book.make(cases.ombudsman_decided, case_id, decided_on=later.date(), decision="sad", when=later)
    book.make(
        cases.ombudsman_decided,
        case_id,
        decided_on=later.date(),
        decision="upheld_maladministration_and_injustice",
        payment_pence=25000,
        when=later,
    )
    assert book.row(OmbudsmanReferral, case_id).decided_on == later.date()
    payment = book.row(Payment, case_id)
    assert (payment.kind, payment.pence) == ("ombudsman", 25000)
    assert book.last_event(case_id).summary == "Entered: £250.00, ombudsman"


def test_a_case_is_sealed_by_hand_and_stays_so_with_another_team(book: Casebook) -> None:
    case_id = book.confirmed()
    book.make(cases.seal, case_id, reason="about a colleague")
    book.make(cases.reassign, case_id, "waste", reason="theirs")
    assert book.case(case_id).sealed is True
    book.make(cases.unseal, case_id, reason="no longer")
    assert book.case(case_id).sealed is False
    with pytest.raises(ImpossibleMove, match="Every case of its team is sealed"):
        book.make(cases.unseal, book.confirmed(CHILDREN), reason="no longer")


def test_an_old_matter_is_taken_up_by_an_officers_decision(book: Casebook) -> None:
    case_id = book.confirmed()
    book.make(cases.note_incident, case_id, day("Wednesday 5 March 2025"))
    with pytest.raises(ImpossibleMove, match="more than 12 months before"):
        book.make(cases.note_incident, case_id, day("Tuesday 4 March 2025"))
    book.make(cases.note_incident, case_id, day("Tuesday 4 March 2025"), late_reason="they were ill")
    assert book.last_event(case_id).after["late"] is True


def test_words_changed_in_the_history_are_found(book: Casebook) -> None:
    case_id = book.answered()
    with open_session(book.engine) as session:
        words = session.exec(select(EventWords).where(EventWords.case_id == case_id)).one()
        words.words = "by telephone"
        session.add(words)
        session.commit()
        reference = session.get_one(Case, case_id).reference
    assert book.broken() == [f"{reference}: the words of event 3 (responded) were changed after they were written"]
