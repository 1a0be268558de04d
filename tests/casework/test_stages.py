"""From the answer of one stage to the last: requests, extensions, panels, the Ombudsman, consent, dates."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import select

from postroom.casework import cases
from postroom.casework.findings import Findings
from postroom.casework.moves import Move
from postroom.models.case import Case, CaseStatus, Deadline, DeadlineState, EventWords
from postroom.models.database import open_session
from postroom.models.failures import ImpossibleMove
from postroom.models.outcome import CaseClosing, Element, ElementOutcome, Finding, OmbudsmanReferral, Payment
from postroom.models.settings import Settings
from postroom.models.stage import CaseStage, Extension, StageRequest
from tests.casework.casebook import ADULTS, CHILDREN, CLOSING, COMPLAINT, REQUEST, Casebook


def at(words: str) -> datetime:
    """A moment such as "Wednesday 4 March 2026", at noon."""
    return datetime.strptime(words, "%A %d %B %Y").replace(hour=12, tzinfo=UTC)


def day(words: str) -> date:
    return at(words).date()


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


class TestClosing:
    def test_a_blank_answer_is_refused_and_named(self, book: Casebook) -> None:
        case_id = book.answered()
        some = cases.ClosingAnswers(Findings("upheld", causes=("attitude",)), lesson="declined")
        with pytest.raises(ImpossibleMove, match="closed: its remedy, each question about the person"):
            book.make(cases.close, case_id, some, reason="answered", actor="officer:1")

    def test_what_was_answered_is_kept(self, book: Casebook) -> None:
        case_id = book.answered()
        book.make(cases.close, case_id, CLOSING, reason="answered", actor="officer:1")
        closing = book.row(CaseClosing, case_id)
        assert (closing.outcome, closing.lesson) == ("upheld", "Answer the telephone.")
        found = [(each.kind, each.code, each.place) for each in book.rows(Finding, case_id)]
        assert found == [("cause", "delay_in_service", 0), ("cause", "attitude", 1), ("remedy", "apology", 0)]

    def test_what_was_found_at_a_stage_need_not_be_said_again(self, book: Casebook) -> None:
        case_id = book.confirmed()
        findings = Findings("upheld", ("attitude",), ("apology",), ("records_read",))
        book.make(cases.respond, case_id, how="letter", findings=findings)
        rest = cases.ClosingAnswers(lesson="not_applicable", equalities=CLOSING.equalities)
        book.make(cases.close, case_id, rest, reason="answered", actor="officer:1")
        assert book.row(CaseClosing, case_id).outcome == "upheld"

    @pytest.mark.parametrize(
        ("findings", "words"),
        [
            (Findings("answered"), "Choose an outcome of the type complaint"),
            (Findings("upheld", causes=("bad luck",)), "Choose a cause from the list"),
            (Findings("upheld", remedies=("apology", "declined")), "either a remedy or that there is none"),
        ],
    )
    def test_what_is_not_on_the_lists_is_refused(self, book: Casebook, findings: Findings, words: str) -> None:
        case_id = book.confirmed()
        with pytest.raises(ImpossibleMove, match=words):
            book.make(cases.respond, case_id, how="letter", findings=findings)

    def test_a_withdrawn_case_has_that_as_its_outcome(self, book: Casebook) -> None:
        case_id, silent = book.confirmed(), book.confirmed()
        book.make(cases.withdraw, case_id, reason="they rang")
        book.make(cases.withdraw, silent, reason="no answer in a month", deemed=True)
        outcomes = [book.row(CaseClosing, each).outcome for each in (case_id, silent)]
        assert outcomes == ["withdrawn", "deemed_withdrawn"]


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


class TestCorrectingADate:
    def test_it_moves_the_deadlines_and_shows(self, book: Casebook) -> None:
        case_id = book.confirmed(CHILDREN)
        earlier = at("Monday 2 March 2026")
        book.make(cases.correct_date, case_id, "received", earlier, reason="a letter", role="manager", by=book.bob)
        assert book.case(case_id).received_at == earlier
        assert book.due(case_id)["respond"] == day("Monday 16 March 2026")
        event = book.last_event(case_id)
        assert "Received corrected from 04 March 2026 to 02 March 2026" in event.summary
        assert event.before["deadlines"]["respond"] == "2026-03-18"

    def test_it_needs_the_right_a_reason_and_an_order_that_can_be(self, book: Casebook) -> None:
        case_id = book.answered()
        for role, moment, reason, words in (
            ("officer", book.now, "typing error", "Dates are corrected by manager or customer relations"),
            ("manager", book.now, " ", "Say why the date is corrected"),
            ("manager", book.now + timedelta(days=1), "typing error", "in the future"),
            ("manager", book.now - timedelta(days=1), "typing error", "before it began"),
        ):
            with pytest.raises(ImpossibleMove, match=words):
                book.make(cases.correct_date, case_id, "responded", moment, reason=reason, role=role)


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
        corporate = settings.procedures["corporate"].model_dump()
        corporate["stages"][0]["steps"]["respond"] = step
        content = settings.model_dump()
        content["procedures"]["corporate"] = corporate
        book.settings = Settings(**content)
        assert book.due(book.confirmed(labels))["respond"] == day(due)


def test_a_response_acknowledges_what_was_not_acknowledged(book: Casebook) -> None:
    case_id = book.answered()
    assert {each.step: each.state for each in book.rows(Deadline, case_id)} == {
        "acknowledge": DeadlineState.MET,
        "respond": DeadlineState.MET,
    }
    assert book.case(case_id).acknowledged_at == book.now


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
