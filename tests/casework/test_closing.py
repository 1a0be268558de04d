"""What closing a case asks for."""

import pytest

from postroom.casework import cases
from postroom.casework.findings import Findings
from postroom.models.failures import ImpossibleMove
from postroom.models.outcome import CaseClosing, Finding
from postroom.models.stage import CaseStage
from tests.casework.casebook import CLOSING, Casebook


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

    def test_what_was_learnt_at_a_stage_is_the_lesson_unless_another_is_given(self, book: Casebook) -> None:
        case_id = book.confirmed()
        findings = Findings("upheld", ("attitude",), ("apology",))
        book.make(cases.respond, case_id, how="letter", findings=findings, lesson=" Ring back. ")
        assert book.row(CaseStage, case_id).lesson == "Ring back."
        rest = cases.ClosingAnswers(equalities=CLOSING.equalities)
        book.make(cases.close, case_id, rest, reason="answered", actor="officer:1")
        assert book.row(CaseClosing, case_id).lesson == "Ring back."

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
