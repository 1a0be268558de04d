"""Each procedure that ships, lived through from the message to the Ombudsman's decision, on both databases."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from postroom.casework import cases
from postroom.casework.labels import Labels
from postroom.casework.moves import Move
from postroom.casework.working_days import calendar_of
from postroom.models.case import CaseStatus, Deadline, DeadlineState, Event
from postroom.models.failures import ImpossibleMove
from postroom.models.outcome import CaseClosing, Finding, LearningAction, OmbudsmanReferral, Payment
from postroom.models.procedure_settings import SETS, Stage
from postroom.models.stage import CaseStage, Extension, StageRequest
from tests.casework.casebook import ADULTS, CHILDREN, CLOSING, COMPLAINT, ENQUIRY, REQUEST, Casebook, at, day

LABELS = {
    "statutory-children": CHILDREN,
    "adult-social-care": ADULTS,
    "corporate": COMPLAINT,
    "member-enquiry": Labels("member_enquiry", "highways"),
    "request": REQUEST,
    "compliment": Labels("compliment", "libraries", "customer_care"),
    "comment": Labels("comment", "waste"),
}
FOUND = {
    "complaint": cases.Findings("partially_upheld", ("attitude",), ("apology", "payment"), ("records_read",)),
    "member_enquiry": cases.Findings("answered"),
    "service_request": cases.Findings("answered"),
}


@dataclass
class Journey:
    """One case on its way, a working day for each thing that is done."""

    book: Casebook
    case_id: int
    now: datetime
    by: list[int]
    done: list[str] = field(default_factory=list)

    def do(self, move: Callable[..., Any], *arguments: Any, **rest: Any) -> Any:
        made = self.book.make(move, self.case_id, *arguments, when=self.now, **rest)
        calendar = calendar_of(self.book.settings)
        self.now += calendar.add(self.now.date(), 1) - self.now.date()
        return made

    def live_through(self, stage: Stage) -> None:
        """Do every step of a stage that it has, put off what can be put off, and answer point by point."""
        for step in SETS:
            if step not in stage.steps:
                continue
            if step == "acknowledge":
                self.do(cases.acknowledge, actor="delivery", how="letter")
            elif step == stage.answer:
                self.answer(stage)
            else:
                move = {"panel_meets": cases.panel_met, "panel_reports": cases.panel_reported}[str(step)]
                self.do(move, at=self.now)

    def answer(self, stage: Stage) -> None:
        type_ = self.book.case(self.case_id).type
        answer = stage.respond
        if answer is not None and answer.extension is not None:
            self.do(cases.extend, stage.answer, days=3, reason="somebody is away")
        if type_ == "complaint":
            point = self.do(cases.add_element, f"the point of {stage.id}")
            self.answer_points(point.number)
        self.do(
            cases.respond,
            how="by letter",
            findings=FOUND[type_],
            lesson=f"learnt at {stage.id}",
            by=self.by.pop(0),
        )

    def answer_points(self, number: int) -> None:
        """Every point so far, also those that were answered at an earlier stage."""
        for element_id in range(1, number + 1):
            self.do(cases.answer_element, element_id, outcome="upheld", answer="It was so.")


@pytest.mark.parametrize("procedure", LABELS)
def test_every_procedure_that_ships_leads_from_the_message_to_the_ombudsman(book: Casebook, procedure: str) -> None:
    journey = Journey(book, book.open_one().id or 0, book.now, [book.bob, book.alice, book.bob])
    journey.do(cases.confirm, LABELS[procedure])
    assert book.case(journey.case_id).procedure == procedure
    stages = book.settings.procedures[procedure].stages
    for number, stage in enumerate(stages, start=1):
        if number > 1:
            journey.do(cases.request_stage, requested_at=journey.now)
        assert (book.case(journey.case_id).stage, book.case(journey.case_id).stage_number) == (stage.id, number)
        journey.live_through(stage)
    if book.case(journey.case_id).status == CaseStatus.OPEN:
        answers = cases.ClosingAnswers(equalities=CLOSING.equalities)  # the rest was found at the stages
        journey.do(cases.close, answers, reason="answered", actor=f"officer:{book.alice}")
    to_the_ombudsman_and_back(journey)
    holds_together(journey, stages)


def to_the_ombudsman_and_back(journey: Journey) -> None:
    book = journey.book
    journey.do(cases.refer_to_ombudsman, referred_on=journey.now.date(), reference="26 001 234")
    journey.do(
        cases.ombudsman_decided,
        decided_on=journey.now.date(),
        decision="upheld_maladministration_and_injustice",
        payment_pence=30000,
    )
    due = journey.now.date() + timedelta(days=60)
    action = journey.do(cases.add_action, "Train the team.", owner_id=book.bob, due_on=due, recommended=True)
    journey.do(cases.finish_action, action.id, how="trained")
    journey.do(cases.add_payment, "investigation", 12000, what_for="an independent person")


def holds_together(journey: Journey, stages: list[Stage]) -> None:
    book, case_id = journey.book, journey.case_id
    assert book.broken() == []
    case = book.case(case_id)
    assert case.status == CaseStatus.CLOSED
    assert {each.state for each in book.rows(Deadline, case_id)} == {DeadlineState.MET}
    assert {(each.stage, each.step) for each in book.rows(Deadline, case_id)} == {
        (stage.id, step) for stage in stages for step in stage.steps
    }
    events = book.rows(Event, case_id)
    assert [event.number for event in events] == list(range(1, case.version + 1))
    assert all(event.summary for event in events)
    assert sum(each.pence for each in book.rows(Payment, case_id)) == 42000
    assert book.row(OmbudsmanReferral, case_id).decision == "upheld_maladministration_and_injustice"
    assert book.row(LearningAction, case_id).done_at is not None
    answered = [stage for stage in stages if stage.answer]
    assert [each.lesson for each in book.rows(CaseStage, case_id) if each.lesson] == [
        f"learnt at {stage.id}" for stage in answered
    ]
    if answered:
        closing = book.row(CaseClosing, case_id)
        assert (closing.outcome, closing.lesson) == (FOUND[case.type].outcome, f"learnt at {answered[-1].id}")
        assert {each.stage for each in book.rows(Finding, case_id)} == (
            {stage.id for stage in stages} if case.type == "complaint" else set()
        )
    assert len(book.rows(Extension, case_id)) == sum(
        stage.respond is not None and stage.respond.extension is not None for stage in stages
    )
    assert len(book.rows(StageRequest, case_id)) == len(stages) - 1
    assert cases.Move.REQUEST_STAGE not in book.allowed(case_id)


def test_a_complaint_about_a_childs_social_worker_day_by_day(book: Casebook) -> None:
    case_id = book.open_one(at("Wednesday 4 March 2026")).id or 0

    def on(words: str, move: Callable[..., Any], *arguments: Any, **rest: Any) -> Any:
        return book.make(move, case_id, *arguments, when=at(words), **rest)

    on("Thursday 5 March 2026", cases.confirm, CHILDREN)
    on("Thursday 5 March 2026", cases.want_consent, whose="the child's mother")
    on("Friday 6 March 2026", cases.acknowledge, actor="delivery", how="letter")
    assert book.due(case_id) == {}  # the answer waits for her
    with pytest.raises(ImpossibleMove, match="Consent is still wanted"):
        on("Friday 6 March 2026", cases.respond, how="letter")
    on("Tuesday 10 March 2026", cases.receive_consent, evidence="a form", at=at("Tuesday 10 March 2026"))
    assert book.due(case_id) == {"respond": day("Tuesday 24 March 2026")}
    on("Monday 23 March 2026", cases.extend, "respond", days=5, reason="an advocate is to be there")
    assert book.due(case_id) == {"respond": day("Tuesday 31 March 2026")}
    on("Monday 30 March 2026", cases.respond, how="letter", findings=FOUND["complaint"], by=book.carol)

    late = at("Thursday 30 April 2026")  # the window ended on the 29th
    with pytest.raises(ImpossibleMove, match="The time to ask for it is over"):
        on("Friday 1 May 2026", cases.request_stage, requested_at=late)
    on("Friday 1 May 2026", cases.refuse_stage, requested_at=late, reason="out of time")
    on("Tuesday 5 May 2026", cases.request_stage, requested_at=late, reason="they were in hospital")
    assert book.due(case_id)["adjudicate"] == day("Monday 8 June 2026")
    assert [(each.accepted, each.late) for each in book.rows(StageRequest, case_id)] == [(False, True), (True, True)]
    on("Friday 8 May 2026", cases.agree_statement, at=at("Friday 8 May 2026"))
    on("Friday 5 June 2026", cases.extend, "adjudicate", days=20, reason="the investigator was ill")
    with pytest.raises(ImpossibleMove, match="Stage 2 is answered by manager or customer relations"):
        on("Friday 3 July 2026", cases.respond, how="letter", by=book.carol)
    on("Friday 3 July 2026", cases.respond, how="letter", findings=cases.Findings("upheld"), by=book.bob)

    on("Monday 13 July 2026", cases.request_stage, requested_at=at("Monday 13 July 2026"))
    on("Monday 20 July 2026", cases.acknowledge, actor="delivery", how="letter")
    assert book.due(case_id)["panel_meets"] == day("Monday 24 August 2026")
    on("Thursday 20 August 2026", cases.panel_met, at=at("Thursday 20 August 2026"))
    on("Thursday 27 August 2026", cases.panel_reported, at=at("Thursday 27 August 2026"))
    assert book.due(case_id) == {"respond": day("Friday 18 September 2026")}  # over the August bank holiday
    on("Friday 18 September 2026", cases.respond, how="letter", findings=cases.Findings("upheld"))
    on("Friday 18 September 2026", cases.close, CLOSING, reason="answered", actor=f"officer:{book.alice}")
    on("Monday 2 November 2026", cases.refer_to_ombudsman, referred_on=day("Friday 30 October 2026"))
    assert [event.summary.split(";")[0] for event in book.rows(Event, case_id)] == [
        "Opened from a message received by email",
        "Confirmed as complaint, communication for Rugby Children's Team",
        "Consent is wanted",
        "Acknowledged",
        "Consent received",
        "Put off by 5 working days: respond by Tue 31 Mar 2026",
        "Responded, partially upheld",
        "The next stage was asked for and refused",
        "Stage 2 was asked for and begun, though late",
        "Statement of complaint agreed",
        "Put off by 20 working days: adjudicate by Mon 6 Jul 2026",
        "Responded, upheld",
        "Stage 3 was asked for and begun",
        "Acknowledged",
        "The panel met",
        "The panel reported",
        "Responded, upheld",
        "Closed, upheld",
        "The Ombudsman has the case",
    ]
    assert book.broken() == []


def test_what_leads_away_from_the_way_withdrawn_merged_split_followed_and_reopened(book: Casebook) -> None:
    first, again, later = book.confirmed(), book.open_one().id or 0, book.confirmed()
    book.make(cases.merge, again, first)
    assert (book.case(again).status, book.case(again).merged_into_id) == (CaseStatus.CLOSED, first)
    for text in ("the lamp", "the man"):
        point = book.make(cases.add_element, first, text)
    split = book.make(cases.split_element, first, point.id)
    book.make(cases.link, later, first, "follows")
    book.make(cases.withdraw, first, reason="they rang")
    book.make(cases.reopen, first, reason="they rang again")
    assert Move.ANSWER_ELEMENT in book.allowed(first)
    with pytest.raises(ImpossibleMove, match="part of another case now"):
        book.make(cases.reopen, again, reason="more")
    assert len({book.case(each).reference for each in (first, again, later, split.id)}) == 4  # each still counts
    assert book.broken() == []


def test_an_enquiry_becomes_a_complaint_when_the_answer_does_not_satisfy(book: Casebook) -> None:
    case_id = book.confirmed(ENQUIRY)
    book.make(cases.want_consent, case_id, whose="the neighbour")
    book.make(cases.confirm, case_id, COMPLAINT, reason="it was a complaint all along")
    case = book.case(case_id)
    assert (case.initial_type, case.type, case.stage) == ("enquiry", "complaint", "stage-1")
    states = {(each.stage, each.step): each.state for each in book.rows(Deadline, case_id)}
    assert states == {  # what belonged to the stage went with it, also that consent is wanted
        ("stage-1", "acknowledge"): DeadlineState.OPEN,
        ("stage-1", "respond"): DeadlineState.PAUSED,
    }
