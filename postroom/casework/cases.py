"""What may happen to a case: all moves under one name, for callers who make several.

Every function works in the session it is given and leaves the commit to its caller. `actor` is "officer:<id>" or the
name of a worker. Each change writes its event in the same transaction. A move that the case's state does not allow
raises `ImpossibleMove`, fit for an officer to read; `allowed_moves` says before which would.
"""

from postroom.casework.answering import acknowledge, add_element, answer_element, extend, respond
from postroom.casework.closing import ClosingAnswers, close, questions, reopen, withdraw
from postroom.casework.confirming import confirm, note_incident, reassign
from postroom.casework.consent import receive_consent, refuse_consent, want_consent
from postroom.casework.dates import correct_date
from postroom.casework.findings import Findings
from postroom.casework.history import record
from postroom.casework.joining import link, split_element
from postroom.casework.learning import add_action, add_payment, finish_action
from postroom.casework.moves import Move
from postroom.casework.ombudsman import ombudsman_decided, refer_to_ombudsman
from postroom.casework.opening import add_message, open_case, open_cases
from postroom.casework.reading import (
    allowed_moves,
    find_case,
    first_message,
    officer,
    open_deadlines,
    surviving_case,
)
from postroom.casework.sealing import seal, unseal
from postroom.casework.stages import (
    adjudicate,
    agree_statement,
    panel_met,
    panel_reported,
    refuse_stage,
    request_stage,
)

__all__ = [
    "ClosingAnswers",
    "Findings",
    "Move",
    "acknowledge",
    "add_action",
    "add_element",
    "add_message",
    "add_payment",
    "adjudicate",
    "agree_statement",
    "allowed_moves",
    "answer_element",
    "close",
    "confirm",
    "correct_date",
    "extend",
    "find_case",
    "finish_action",
    "first_message",
    "link",
    "note_incident",
    "officer",
    "ombudsman_decided",
    "open_case",
    "open_cases",
    "open_deadlines",
    "panel_met",
    "panel_reported",
    "questions",
    "reassign",
    "receive_consent",
    "record",
    "refer_to_ombudsman",
    "refuse_consent",
    "refuse_stage",
    "reopen",
    "request_stage",
    "respond",
    "seal",
    "split_element",
    "surviving_case",
    "unseal",
    "want_consent",
    "withdraw",
]
