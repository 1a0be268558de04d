"""Any sequence of moves: what is allowed goes through, what is not is refused, and a case always holds together."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as runs
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlmodel import select

from postroom.casework import cases
from postroom.casework.history import broken_histories
from postroom.casework.joining import split_message
from postroom.casework.labels import Labels
from postroom.casework.moves import Move
from postroom.casework.people import Details, add_person, find_person, name_person
from postroom.casework.procedures import stage_named
from postroom.casework.reading import consent_wanted, done_in, elements_of, longer_by, open_deadlines, stages_of
from postroom.casework.restricting import lift, restrict
from postroom.casework.taking_back import set_aside
from postroom.casework.threads import merge
from postroom.models.case import Case, CaseStatus, Deadline, DeadlineState, LinkKind
from postroom.models.database import open_session
from postroom.models.failures import ImpossibleMove
from postroom.models.outcome import LearningAction, PaymentKind
from tests.casework.casebook import ADULTS, CHILDREN, CLOSING, COMPLAINT, ENQUIRY, REQUEST, Casebook

COMPLIMENT = Labels("compliment", "libraries", "customer_care")
LABELS = (COMPLAINT, CHILDREN, ADULTS, REQUEST, ENQUIRY, COMPLIMENT)
DEPENDS_ON_MORE = (Move.ASSIGN, Move.CORRECT, Move.LINK, Move.MERGE, Move.REASSIGN)
"""Moves that what is chosen with them may make impossible, besides how the case stands."""
OUTCOMES = {"complaint": "upheld", "service_request": "answered", "enquiry": "answered"}


class Life(RuleBasedStateMachine):
    """One case lived through at random, on a database of its own."""

    book: ClassVar[Casebook]

    @initialize(hour=st.integers(0, 200))
    def begin(self, hour: int) -> None:
        self.now = self.book.now + timedelta(hours=hour)
        self.case_id = self.book.open_one(self.now).id or 0
        self.other_id = self.book.confirmed(COMPLAINT)

    def teardown(self) -> None:
        if hasattr(self, "case_id"):
            with open_session(self.book.engine, read_only=True) as session:
                assert list(broken_histories(session, self.case_id)) == []

    @rule(hours=st.integers(1, 400))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(move=st.sampled_from(Move), data=st.data())
    def an_officer_tries(self, move: Move, data: st.DataObject) -> None:
        by = data.draw(st.sampled_from([self.book.alice, self.book.bob, self.book.carol]))
        allowed = move in self.book.allowed(self.case_id, by)
        assert allowed == (move not in self.book.why_not(self.case_id, by))
        refused = ""
        try:
            self._make(move, by, data)
        except ImpossibleMove as refusal:
            refused = str(refusal)
        if move not in DEPENDS_ON_MORE:
            assert allowed == (refused == ""), (move, refused)
        assert allowed or refused, move

    @precondition(lambda self: self.book.case(self.case_id).person_id is not None)
    @rule()
    def the_person_is_known(self) -> None:
        with open_session(self.book.engine, read_only=True) as session:
            assert find_person(session, self.book.case(self.case_id).person_id or 0)

    def _make(self, move: Move, by: int, data: st.DataObject) -> None:
        id_, make = self.case_id, self.book.make
        case = self.book.case(id_)
        outcome = OUTCOMES.get(case.type, "not_applicable")

        def do(function: Callable[..., Any], *arguments: Any, **rest: Any) -> None:
            make(function, id_, *arguments, by=by, when=self.now, **rest)

        match move:
            case Move.CONFIRM | Move.CORRECT:
                assert (move == Move.CONFIRM) == (case.status == CaseStatus.AWAITING) or _refuse()
                do(cases.confirm, data.draw(st.sampled_from(LABELS)))
            case Move.SET_ASIDE:
                do(set_aside, "test")
            case Move.SPLIT:
                do(split_message, "the lamp")
            case Move.REASSIGN:
                do(cases.reassign, data.draw(st.sampled_from(["waste", "childrens-north"])), reason="theirs")
            case Move.ASSIGN:
                do(cases.assign, None if case.officer_id else self.book.alice)
            case Move.ACKNOWLEDGE:
                do(cases.acknowledge, actor=f"officer:{by}", how="by telephone")
            case Move.WANT_CONSENT:
                do(cases.want_consent, whose="the mother")
            case Move.END_CONSENT:
                do(cases.receive_consent, evidence="a form", at=self.now)
            case Move.EXTEND:
                step, room = self._room()
                do(cases.extend, step, days=data.draw(st.integers(1, max(room, 1))), reason="complex")
            case Move.ADD_ELEMENT:
                do(cases.add_element, "the lamp")
            case Move.ANSWER_ELEMENT:
                do(cases.answer_element, self._element(data), outcome=outcome)
            case Move.SPLIT_ELEMENT:
                do(cases.split_element, self._element(data))
            case Move.AGREE_STATEMENT:
                do(cases.agree_statement, at=self.now)
            case Move.ADJUDICATE:
                do(cases.adjudicate, at=self.now)
            case Move.PANEL_MEETS:
                do(cases.panel_met, at=self.now)
            case Move.PANEL_REPORTS:
                do(cases.panel_reported, at=self.now)
            case Move.RESPOND:
                do(cases.respond, how="by letter", findings=cases.Findings(outcome))
            case Move.REQUEST_STAGE:
                do(cases.request_stage, requested_at=self.now, reason="we were slow")
            case Move.REFUSE_STAGE:
                do(cases.refuse_stage, requested_at=self.now, reason="nothing new")
            case Move.REFER:
                do(cases.refer_to_ombudsman, referred_on=self.now.date())
            case Move.OMBUDSMAN_DECIDES:
                do(cases.ombudsman_decided, decided_on=self.now.date(), decision="not_upheld", payment_pence=100)
            case Move.ADD_ACTION:
                do(cases.add_action, "train", owner_id=by, due_on=self.now.date())
            case Move.FINISH_ACTION:
                do(cases.finish_action, self._action(), how="trained")
            case Move.ADD_PAYMENT:
                do(cases.add_payment, PaymentKind.COMPENSATION, 5000)
            case Move.NOTE_INCIDENT:
                do(cases.note_incident, case.received_at.date() - timedelta(days=3))
            case Move.NAME_PERSON:
                do(name_person, make(add_person, Details(name="Sam"), by=by).id)
            case Move.ADD_NOTE:
                do(cases.add_note, "they rang", mentions=[])
            case Move.WITHDRAW:
                do(cases.withdraw, reason="by telephone")
            case Move.CLOSE:
                answers = CLOSING if case.type == "complaint" else cases.ClosingAnswers(cases.Findings(outcome))
                do(cases.close, answers, reason="done", actor=f"officer:{by}")
            case Move.REOPEN:
                do(cases.reopen, reason="more to do")
            case Move.MERGE:
                do(merge, self.other_id)
            case Move.LINK:
                do(cases.link, self.other_id, LinkKind.RELATED)
            case Move.SEAL:
                do(cases.seal, reason="a colleague's relative")
            case Move.UNSEAL:
                do(cases.unseal, reason="a mistake")
            case Move.RESTRICT:
                do(restrict, ["bob@ardenshire.example"], reason="about an officer")
            case Move.LIFT_RESTRICTION:
                do(lift, reason="looked into")
            case Move.CORRECT_DATE:
                role = {self.book.alice: "customer_relations", self.book.bob: "manager"}.get(by, "officer")
                do(cases.correct_date, "received", case.received_at - timedelta(hours=1), reason="a letter", role=role)

    def _room(self) -> tuple[str, int]:
        with open_session(self.book.engine, read_only=True) as session:
            case = cases.find_case(session, self.case_id)
            if case.status != CaseStatus.OPEN:
                return "respond", 1
            stage = stage_named(self.book.settings, case.procedure, case.stage)
            rooms = [
                (deadline.step, longer_by(deadline, stage, case, self.book.settings))
                for deadline in open_deadlines(session, case)
                if deadline.state == DeadlineState.OPEN
            ]
        return max(rooms, key=lambda each: each[1], default=("respond", 1))

    def _element(self, data: st.DataObject) -> int:
        with open_session(self.book.engine, read_only=True) as session:
            elements = elements_of(session, cases.find_case(session, self.case_id))
        return data.draw(st.sampled_from([element.id or 0 for element in elements])) if elements else 0

    def _action(self) -> int:
        with open_session(self.book.engine, read_only=True) as session:
            query = select(LearningAction.id).where(LearningAction.case_id == self.case_id)
            return session.exec(query.where(LearningAction.done_at == None)).first() or 0  # noqa: E711

    @invariant()
    def it_holds_together(self) -> None:
        if not hasattr(self, "case_id"):
            return
        with open_session(self.book.engine, read_only=True) as session:
            case = cases.find_case(session, self.case_id)
            assert list(_oddities(session, case)) == []


def _refuse() -> bool:
    raise ImpossibleMove("another name for the same function")


def _oddities(session: Any, case: Case) -> Iterator[str]:
    """What must never be so of a case."""
    stages = stages_of(session, case)
    not_yet = open_deadlines(session, case)
    if case.status == CaseStatus.AWAITING:
        if stages or not_yet:
            yield "it has dates before it is confirmed"
        return
    if not stages:
        if case.type or case.status == CaseStatus.OPEN:
            yield "it was confirmed and is in no stage"
        return
    now = stages[-1]
    if [stage.number for stage in stages] != list(range(1, len(stages) + 1)):
        yield "a stage is missing"
    if (case.stage, case.stage_number) != (now.stage, now.number):
        yield "it is in another stage than its last"
    if (case.acknowledged_at, case.responded_at) != (now.acknowledged_at, now.responded_at):
        yield "its moments are not those of its stage"
    if case.status == CaseStatus.CLOSED and (not_yet or case.closed_at is None):
        yield "it is closed and something is due, or nobody knows since when"
    if case.status == CaseStatus.OPEN and case.closed_at is not None:
        yield "it is open and closed"
    if any(deadline.stage != now.stage for deadline in not_yet):
        yield "a step of another stage is due"
    waits = consent_wanted(session, case) is not None
    done = done_in(now)
    for deadline in session.exec(select(Deadline).where(Deadline.case_id == case.id)):
        if (deadline.met_at is not None) != (deadline.state == DeadlineState.MET) and deadline.stage == now.stage:
            yield f"{deadline.step} is {deadline.state} and met at {deadline.met_at}"
        if deadline.state in (DeadlineState.OPEN, DeadlineState.PAUSED) and deadline.step in done:
            yield f"{deadline.step} is done and due"
        if deadline.state == DeadlineState.PAUSED and not waits:
            yield f"{deadline.step} waits for nobody's consent"
        if deadline.due_on < deadline.original_due_on:
            yield f"{deadline.step} was extended to an earlier day"
        if not deadline.working:
            yield f"{deadline.step} has no working"
    for moment in (case.acknowledged_at, case.responded_at, case.closed_at):
        if moment is not None and moment < case.received_at:
            yield "something happened before it was received"


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_any_sequence_of_moves_leaves_a_case_that_holds_together(book: Casebook) -> None:
    Life.book = book
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Life,
        settings=runs(max_examples=15, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)),
    )
