"""Why a case does not allow a move: each reason is a function that gives words for an officer, or nothing. `moves` says
which reasons speak against which move.
"""

from collections.abc import Callable, Iterable

from postroom.casework.standing import Standing
from postroom.models.case import CaseStatus

Reason = Callable[[Standing], str]


def only(status: CaseStatus, what: str) -> Reason:
    def reason(s: Standing) -> str:
        return "" if s.status == status else f"{s.reference} is {s.status}; only {what}."

    return reason


def not_merged(s: Standing) -> str:
    return f"{s.reference} is part of another case now. Look at that one." if s.merged else ""


def confirmed(s: Standing) -> str:
    return f"Confirm first what {s.reference} is." if s.status == CaseStatus.AWAITING else ""


def correctable(s: Standing) -> str:
    if s.status == CaseStatus.CLOSED:
        return f"{s.reference} is closed. Reopen it before you change what it is."
    return confirmed(s)


def confirmable(s: Standing) -> str:
    return "" if s.status == CaseStatus.AWAITING else f"{s.reference} is confirmed already. Correct it instead."


def unconfirmed(s: Standing) -> str:
    return "" if s.status == CaseStatus.AWAITING else f"{s.reference} is confirmed already."


def not_acknowledged(s: Standing) -> str:
    return f"{s.reference} was acknowledged already." if "acknowledge" in s.done else ""


def acknowledges(s: Standing) -> str:
    return "" if "acknowledge" in s.steps else f"{s.stage} has nothing to acknowledge."


def no_consent_wanted(s: Standing) -> str:
    return "Consent is wanted already." if s.consent_wanted else ""


def consent_wanted(s: Standing) -> str:
    return "" if s.consent_wanted else "Nobody's consent is wanted."


def not_answered(s: Standing) -> str:
    return f"{s.reference} was responded to already." if s.answered else ""


def answered(s: Standing) -> str:
    return "" if s.answered else f"{s.stage} of {s.reference} is not answered yet."


def answer_due(s: Standing) -> str:
    return "" if s.answer else f"No answer is due at {s.stage}."


def has_consent(s: Standing) -> str:
    return "Consent is still wanted; record that it was received, or refused." if s.consent_wanted else ""


def elements_answered(s: Standing) -> str:
    numbers = ", ".join(map(str, s.unanswered_elements))
    return f"Give each point its outcome first; missing: {numbers}." if numbers else ""


def steps_before_answer(s: Standing) -> str:
    before = {
        "agree_statement": "The statement of complaint is not agreed yet.",
        "adjudicate": "It is not adjudicated yet.",
        "panel_meets": "The panel has not met yet.",
        "panel_reports": "The panel has not reported yet.",
    }
    return next((words for step, words in before.items() if step in s.steps - s.done and step != s.answer), "")


def may_answer(s: Standing) -> str:
    if s.answering_roles and s.role not in s.answering_roles:
        return f"{s.stage} is answered by {either(s.answering_roles)}."
    return f"{s.stage} is answered by somebody else than who answered before." if s.somebody_else else ""


def next_stage(s: Standing) -> str:
    return "" if s.next_stage else "There is no further stage; the next is the Ombudsman."


def extensible(s: Standing) -> str:
    if not s.extensible:
        return "No step that is still open can be put off further."
    if any(not roles or s.role in roles for roles in s.extensible.values()):
        return ""
    return f"More time is agreed to by {either(role for roles in s.extensible.values() for role in roles)}."


def may_decide_request(s: Standing) -> str:
    if not s.requesting_roles or s.role in s.requesting_roles:
        return ""
    return f"A request for the next stage is decided by {either(s.requesting_roles)}."


def either(roles: Iterable[str]) -> str:
    return " or ".join(role.replace("_", " ") for role in dict.fromkeys(roles))


def has_elements(s: Standing) -> str:
    return "" if s.elements else "The case has no separate points."


def several_elements(s: Standing) -> str:
    return "" if len(s.elements) > 1 else "A case keeps at least one of its points."


def statement(s: Standing) -> str:
    if "agree_statement" in s.done:
        return "The statement of complaint was agreed already."
    return "" if s.steps & {"agree_statement", "adjudicate"} else f"No statement is agreed at {s.stage}."


def step(name: str, after: str, before: str) -> tuple[Reason, ...]:
    def here(s: Standing) -> str:
        return "" if name in s.steps else f"There is no such step at {s.stage}."

    def not_done(s: Standing) -> str:
        return f"{after} already." if name in s.done else ""

    def in_order(s: Standing) -> str:
        order = ("panel_meets", "panel_reports")
        earlier = order[: order.index(name)] if name in order else ()
        return before if any(step in s.steps - s.done for step in earlier) else ""

    return here, not_done, in_order


def no_adjudication_by_answer(s: Standing) -> str:
    return "The adjudication is the answer; respond instead." if s.answer == "adjudicate" else ""


def not_at_ombudsman(s: Standing) -> str:
    return "The case is with the Ombudsman already." if s.at_ombudsman else ""


def at_ombudsman(s: Standing) -> str:
    return "" if s.at_ombudsman else "The case is not with the Ombudsman."


def open_actions(s: Standing) -> str:
    return "" if s.open_actions else "No action is open."


def not_sealed(s: Standing) -> str:
    return "The case is sealed already." if s.sealed else ""


def sealed_by_hand(s: Standing) -> str:
    if not s.sealed:
        return "The case is not sealed."
    if s.restricted:
        return "The case is restricted. Lift the restriction first."
    return "Every case of its team is sealed." if s.sealed_by_team else ""


def restricted(s: Standing) -> str:
    return "" if s.restricted else "The case is not restricted."


def not_restricted(s: Standing) -> str:
    return f"{s.reference} is restricted. Lift the restriction first." if s.restricted else ""


def may_correct_dates(s: Standing) -> str:
    if s.role in s.date_roles:
        return ""
    return f"Dates are corrected by {either(s.date_roles)}."


def mergeable(s: Standing) -> str:
    return f"{s.reference} was merged already." if s.merged else ""
