"""What may happen to a case: all moves under one name, for callers who make several.

Every function works in the session it is given and leaves the commit to its caller. `actor` is "officer:<id>" or the
name of a worker. Each change writes its event in the same transaction. A move that the case's state does not allow
raises `ImpossibleMove`, fit for an officer to read; `allowed_moves` says before which would.
"""

from postroom.casework.answering import acknowledge, add_element, answer_element, extend, respond, reword_element
from postroom.casework.assigning import assign
from postroom.casework.closing import ClosingAnswers, close, questions, reopen, withdraw
from postroom.casework.confirming import Seen, confirm, note_incident, reassign
from postroom.casework.consent import receive_consent, refuse_consent, want_consent
from postroom.casework.dates import KnownDate, correct_date, dates_of
from postroom.casework.deadlines import steps_now, steps_under
from postroom.casework.findings import Findings
from postroom.casework.history import record
from postroom.casework.joining import link, split_element, split_message
from postroom.casework.labels import Labels
from postroom.casework.learning import add_action, add_payment, finish_action
from postroom.casework.moves import Move
from postroom.casework.notes import Note, add_note, mentions_of, notes_of, see_mentions
from postroom.casework.ombudsman import ombudsman_decided, refer_to_ombudsman
from postroom.casework.opening import add_message, open_case, open_cases
from postroom.casework.people import name_person
from postroom.casework.procedure_choice import change_procedure
from postroom.casework.reading import (
    allowed_moves,
    check_move,
    consent_wanted,
    elements_of,
    find_case,
    first_message,
    longer_by,
    officer,
    open_deadlines,
    referral_open,
    stage_now,
    stages_of,
    surviving_case,
    why_not,
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
from postroom.casework.taking_back import set_aside, take_back
from postroom.casework.threads import mark_read, merge, move_message, move_to_new_case

__all__ = [
    "ClosingAnswers",
    "Findings",
    "KnownDate",
    "Labels",
    "Move",
    "Note",
    "Seen",
    "acknowledge",
    "add_action",
    "add_element",
    "add_message",
    "add_note",
    "add_payment",
    "adjudicate",
    "agree_statement",
    "allowed_moves",
    "answer_element",
    "assign",
    "change_procedure",
    "check_move",
    "close",
    "confirm",
    "consent_wanted",
    "correct_date",
    "dates_of",
    "elements_of",
    "extend",
    "find_case",
    "finish_action",
    "first_message",
    "link",
    "longer_by",
    "mark_read",
    "mentions_of",
    "merge",
    "move_message",
    "move_to_new_case",
    "name_person",
    "note_incident",
    "notes_of",
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
    "referral_open",
    "refuse_consent",
    "refuse_stage",
    "reopen",
    "request_stage",
    "respond",
    "reword_element",
    "seal",
    "see_mentions",
    "set_aside",
    "split_element",
    "split_message",
    "stage_now",
    "stages_of",
    "steps_now",
    "steps_under",
    "surviving_case",
    "take_back",
    "unseal",
    "want_consent",
    "why_not",
    "withdraw",
]
