"""The moves that casework knows, and which of them a case allows now: a table of reasons over how a case stands.

Each move asks here before it changes anything, and the desk shows what `allowed` gives: so both always agree. What
depends on the words of a form (a blank reason, an unknown outcome) is refused by the move itself.
"""

from collections.abc import Mapping
from enum import StrEnum

from postroom.casework import reasons as why
from postroom.casework.standing import Standing as Standing
from postroom.models.case import CaseStatus
from postroom.models.failures import ImpossibleMove


class Move(StrEnum):
    CONFIRM = "confirm"
    SET_ASIDE = "set_aside"
    SPLIT = "split"
    CORRECT = "correct"
    REASSIGN = "reassign"
    ASSIGN = "assign"
    ACKNOWLEDGE = "acknowledge"
    WANT_CONSENT = "want_consent"
    END_CONSENT = "end_consent"
    EXTEND = "extend"
    ADD_ELEMENT = "add_element"
    ANSWER_ELEMENT = "answer_element"
    SPLIT_ELEMENT = "split_element"
    AGREE_STATEMENT = "agree_statement"
    ADJUDICATE = "adjudicate"
    PANEL_MEETS = "panel_meets"
    PANEL_REPORTS = "panel_reports"
    RESPOND = "respond"
    REQUEST_STAGE = "request_stage"
    REFUSE_STAGE = "refuse_stage"
    REFER = "refer_to_ombudsman"
    OMBUDSMAN_DECIDES = "ombudsman_decides"
    ADD_ACTION = "add_action"
    FINISH_ACTION = "finish_action"
    ADD_PAYMENT = "add_payment"
    NAME_PERSON = "name_person"
    NOTE_INCIDENT = "note_incident"
    ADD_NOTE = "add_note"
    WITHDRAW = "withdraw"
    CLOSE = "close"
    REOPEN = "reopen"
    MERGE = "merge"
    LINK = "link"
    SEAL = "seal"
    UNSEAL = "unseal"
    RESTRICT = "restrict"
    LIFT_RESTRICTION = "lift_restriction"
    CORRECT_DATE = "correct_date"


def allowed(standing: Standing) -> list[Move]:
    """The moves that are possible now, in the order in which a desk would show them."""
    return [move for move in Move if not refusal(move, standing)]


def check(move: Move, standing: Standing) -> None:
    """Raise `ImpossibleMove` with the reason where `move` is not possible."""
    reason = refusal(move, standing)
    if reason:
        raise ImpossibleMove(reason)


def refusal(move: Move, standing: Standing) -> str:
    """Why `move` is not possible, in words for an officer; empty where it is."""
    return next((words for reason in _REASONS[move] if (words := reason(standing))), "")


_OPEN = why.only(CaseStatus.OPEN, "an open case can be worked on")
_REASONS: Mapping[Move, tuple[why.Reason, ...]] = {
    Move.CONFIRM: (why.confirmable,),
    Move.SET_ASIDE: (why.unconfirmed,),
    Move.SPLIT: (why.unconfirmed, why.not_restricted),
    Move.CORRECT: (why.correctable,),
    Move.REASSIGN: (_OPEN,),
    Move.ASSIGN: (_OPEN,),
    Move.ACKNOWLEDGE: (
        why.only(CaseStatus.OPEN, "an open case is acknowledged"),
        why.acknowledges,
        why.not_acknowledged,
    ),
    Move.WANT_CONSENT: (_OPEN, why.not_answered, why.no_consent_wanted),
    Move.END_CONSENT: (_OPEN, why.consent_wanted),
    Move.EXTEND: (_OPEN, why.extensible),
    Move.ADD_ELEMENT: (_OPEN, why.not_answered),
    Move.ANSWER_ELEMENT: (_OPEN, why.has_elements, why.not_answered),
    Move.SPLIT_ELEMENT: (_OPEN, why.not_restricted, why.not_answered, why.several_elements),
    Move.AGREE_STATEMENT: (_OPEN, why.statement, why.not_answered),
    Move.ADJUDICATE: (
        _OPEN,
        *why.step("adjudicate", "It was adjudicated", ""),
        why.no_adjudication_by_answer,
        why.may_answer,
    ),
    Move.PANEL_MEETS: (_OPEN, *why.step("panel_meets", "The panel met", "")),
    Move.PANEL_REPORTS: (_OPEN, *why.step("panel_reports", "The panel reported", "The panel has not met yet.")),
    Move.RESPOND: (
        why.only(CaseStatus.OPEN, "an open case is responded to"),
        why.answer_due,
        why.not_answered,
        why.has_consent,
        why.steps_before_answer,
        why.elements_answered,
        why.may_answer,
    ),
    Move.REQUEST_STAGE: (why.confirmed, why.not_merged, why.next_stage, why.answered, why.may_decide_request),
    Move.REFUSE_STAGE: (why.confirmed, why.not_merged, why.next_stage, why.answered, why.may_decide_request),
    Move.REFER: (why.confirmed, why.not_merged, why.not_at_ombudsman),
    Move.OMBUDSMAN_DECIDES: (why.confirmed, why.at_ombudsman),
    Move.ADD_ACTION: (why.confirmed,),
    Move.FINISH_ACTION: (why.confirmed, why.open_actions),
    Move.ADD_PAYMENT: (why.confirmed,),
    Move.NAME_PERSON: (why.not_merged,),
    Move.NOTE_INCIDENT: (_OPEN,),
    Move.ADD_NOTE: (why.not_merged,),
    Move.WITHDRAW: (why.only(CaseStatus.OPEN, "an open case can be withdrawn"),),
    Move.CLOSE: (why.only(CaseStatus.OPEN, "an open case can be closed"),),
    Move.REOPEN: (why.only(CaseStatus.CLOSED, "a closed case can be reopened"), why.not_merged),
    Move.MERGE: (why.mergeable, why.not_restricted),
    Move.LINK: (),
    Move.SEAL: (why.confirmed, why.not_sealed),
    Move.UNSEAL: (why.confirmed, why.sealed_by_hand),
    Move.RESTRICT: (why.not_merged,),
    Move.LIFT_RESTRICTION: (why.restricted,),
    Move.CORRECT_DATE: (why.not_merged, why.may_correct_dates),
}
