"""The moves that casework knows, and which of them a case allows now: a table of reasons over how a case stands.

Each move asks here before it changes anything, and the desk shows what `allowed` gives: so both always agree. What
depends on the words of a form (a blank reason, an unknown outcome) is refused by the move itself.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from postroom.models.case import CaseStatus
from postroom.models.failures import ImpossibleMove


class Move(StrEnum):
    CONFIRM = "confirm"
    CORRECT = "correct"
    REASSIGN = "reassign"
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
    NOTE_INCIDENT = "note_incident"
    WITHDRAW = "withdraw"
    CLOSE = "close"
    REOPEN = "reopen"
    MERGE = "merge"
    LINK = "link"
    SEAL = "seal"
    UNSEAL = "unseal"
    CORRECT_DATE = "correct_date"


@dataclass(frozen=True)
class Standing:
    """How a case stands, as far as moves depend on it. `steps` are those of its stage's configuration, `done` those
    done; `role` is that of the officer who asks, empty for a worker; `somebody_else`: that officer answered an earlier
    stage, and this one must be answered by somebody else."""

    reference: str
    status: str
    merged: bool = False
    stage: str = ""
    steps: frozenset[str] = frozenset()
    done: frozenset[str] = frozenset()
    answer: str | None = None
    next_stage: str = ""
    consent_wanted: bool = False
    extensible: frozenset[str] = frozenset()
    elements: tuple[int, ...] = ()
    unanswered_elements: tuple[int, ...] = ()
    at_ombudsman: bool = False
    open_actions: bool = False
    sealed: bool = False
    sealed_by_team: bool = False
    role: str = ""
    answering_roles: tuple[str, ...] = ()
    somebody_else: bool = False
    date_roles: tuple[str, ...] = ()

    @property
    def answered(self) -> bool:
        return self.answer is not None and self.answer in self.done


Reason = Callable[[Standing], str]


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


def _only(status: CaseStatus, what: str) -> Reason:
    def reason(s: Standing) -> str:
        return "" if s.status == status else f"{s.reference} is {s.status}; only {what}."

    return reason


def _not_merged(s: Standing) -> str:
    return f"{s.reference} is part of another case now. Look at that one." if s.merged else ""


def _confirmed(s: Standing) -> str:
    return f"Confirm first what {s.reference} is." if s.status == CaseStatus.AWAITING else ""


def _correctable(s: Standing) -> str:
    if s.status == CaseStatus.CLOSED:
        return f"{s.reference} is closed. Reopen it before you change what it is."
    return _confirmed(s)


def _confirmable(s: Standing) -> str:
    return "" if s.status == CaseStatus.AWAITING else f"{s.reference} is confirmed already. Correct it instead."


def _not_acknowledged(s: Standing) -> str:
    return f"{s.reference} was acknowledged already." if "acknowledge" in s.done else ""


def _acknowledges(s: Standing) -> str:
    return "" if "acknowledge" in s.steps else f"{s.stage} has nothing to acknowledge."


def _no_consent_wanted(s: Standing) -> str:
    return "Consent is wanted already." if s.consent_wanted else ""


def _consent_wanted(s: Standing) -> str:
    return "" if s.consent_wanted else "Nobody's consent is wanted."


def _not_answered(s: Standing) -> str:
    return f"{s.reference} was responded to already." if s.answered else ""


def _answered(s: Standing) -> str:
    return "" if s.answered else f"{s.stage} of {s.reference} is not answered yet."


def _answer_due(s: Standing) -> str:
    return "" if s.answer else f"No answer is due at {s.stage}."


def _has_consent(s: Standing) -> str:
    return "Consent is still wanted; record that it was received, or refused." if s.consent_wanted else ""


def _elements_answered(s: Standing) -> str:
    numbers = ", ".join(map(str, s.unanswered_elements))
    return f"Give each point its outcome first; missing: {numbers}." if numbers else ""


def _steps_before_answer(s: Standing) -> str:
    before = {
        "agree_statement": "The statement of complaint is not agreed yet.",
        "adjudicate": "It is not adjudicated yet.",
        "panel_meets": "The panel has not met yet.",
        "panel_reports": "The panel has not reported yet.",
    }
    return next((words for step, words in before.items() if step in s.steps - s.done and step != s.answer), "")


def _may_answer(s: Standing) -> str:
    if s.answering_roles and s.role not in s.answering_roles:
        roles = " or ".join(role.replace("_", " ") for role in s.answering_roles)
        return f"{s.stage} is answered by {roles}."
    return f"{s.stage} is answered by somebody else than who answered before." if s.somebody_else else ""


def _next_stage(s: Standing) -> str:
    return "" if s.next_stage else "There is no further stage; the next is the Ombudsman."


def _extensible(s: Standing) -> str:
    return "" if s.extensible else "No step that is still open can be put off further."


def _has_elements(s: Standing) -> str:
    return "" if s.elements else "The case has no separate points."


def _several_elements(s: Standing) -> str:
    return "" if len(s.elements) > 1 else "A case keeps at least one of its points."


def _statement(s: Standing) -> str:
    if "agree_statement" in s.done:
        return "The statement of complaint was agreed already."
    return "" if s.steps & {"agree_statement", "adjudicate"} else f"No statement is agreed at {s.stage}."


def _step(name: str, after: str, before: str) -> tuple[Reason, ...]:
    def here(s: Standing) -> str:
        return "" if name in s.steps else f"There is no such step at {s.stage}."

    def not_done(s: Standing) -> str:
        return f"{after} already." if name in s.done else ""

    def in_order(s: Standing) -> str:
        order = ("panel_meets", "panel_reports")
        earlier = order[: order.index(name)] if name in order else ()
        return before if any(step in s.steps - s.done for step in earlier) else ""

    return here, not_done, in_order


def _no_adjudication_by_answer(s: Standing) -> str:
    return "The adjudication is the answer; respond instead." if s.answer == "adjudicate" else ""


def _not_at_ombudsman(s: Standing) -> str:
    return "The case is with the Ombudsman already." if s.at_ombudsman else ""


def _at_ombudsman(s: Standing) -> str:
    return "" if s.at_ombudsman else "The case is not with the Ombudsman."


def _open_actions(s: Standing) -> str:
    return "" if s.open_actions else "No action is open."


def _not_sealed(s: Standing) -> str:
    return "The case is sealed already." if s.sealed else ""


def _sealed_by_hand(s: Standing) -> str:
    if not s.sealed:
        return "The case is not sealed."
    return "Every case of its team is sealed." if s.sealed_by_team else ""


def _may_correct_dates(s: Standing) -> str:
    if s.role in s.date_roles:
        return ""
    return f"Dates are corrected by {' or '.join(role.replace('_', ' ') for role in s.date_roles)}."


def _mergeable(s: Standing) -> str:
    return f"{s.reference} was merged already." if s.merged else ""


_OPEN = _only(CaseStatus.OPEN, "an open case can be worked on")
_REASONS: Mapping[Move, tuple[Reason, ...]] = {
    Move.CONFIRM: (_confirmable,),
    Move.CORRECT: (_correctable,),
    Move.REASSIGN: (_OPEN,),
    Move.ACKNOWLEDGE: (_only(CaseStatus.OPEN, "an open case is acknowledged"), _acknowledges, _not_acknowledged),
    Move.WANT_CONSENT: (_OPEN, _not_answered, _no_consent_wanted),
    Move.END_CONSENT: (_OPEN, _consent_wanted),
    Move.EXTEND: (_OPEN, _extensible),
    Move.ADD_ELEMENT: (_OPEN, _not_answered),
    Move.ANSWER_ELEMENT: (_OPEN, _has_elements, _not_answered),
    Move.SPLIT_ELEMENT: (_OPEN, _not_answered, _several_elements),
    Move.AGREE_STATEMENT: (_OPEN, _statement, _not_answered),
    Move.ADJUDICATE: (
        _OPEN,
        *_step("adjudicate", "It was adjudicated", ""),
        _no_adjudication_by_answer,
        _may_answer,
    ),
    Move.PANEL_MEETS: (_OPEN, *_step("panel_meets", "The panel met", "")),
    Move.PANEL_REPORTS: (_OPEN, *_step("panel_reports", "The panel reported", "The panel has not met yet.")),
    Move.RESPOND: (
        _only(CaseStatus.OPEN, "an open case is responded to"),
        _answer_due,
        _not_answered,
        _has_consent,
        _steps_before_answer,
        _elements_answered,
        _may_answer,
    ),
    Move.REQUEST_STAGE: (_confirmed, _not_merged, _next_stage, _answered),
    Move.REFUSE_STAGE: (_confirmed, _not_merged, _next_stage, _answered),
    Move.REFER: (_confirmed, _not_merged, _not_at_ombudsman),
    Move.OMBUDSMAN_DECIDES: (_confirmed, _at_ombudsman),
    Move.ADD_ACTION: (_confirmed,),
    Move.FINISH_ACTION: (_confirmed, _open_actions),
    Move.ADD_PAYMENT: (_confirmed,),
    Move.NOTE_INCIDENT: (_OPEN,),
    Move.WITHDRAW: (_only(CaseStatus.OPEN, "an open case can be withdrawn"),),
    Move.CLOSE: (_only(CaseStatus.OPEN, "an open case can be closed"),),
    Move.REOPEN: (_only(CaseStatus.CLOSED, "a closed case can be reopened"), _not_merged),
    Move.MERGE: (_mergeable,),
    Move.LINK: (),
    Move.SEAL: (_confirmed, _not_sealed),
    Move.UNSEAL: (_confirmed, _sealed_by_hand),
    Move.CORRECT_DATE: (_not_merged, _may_correct_dates),
}
