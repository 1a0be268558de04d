"""Forms of letters that an officer writes: the answer of a stage, what is told of a decision, a word at the end.

Where none is written of a decision, our own letter tells of it; the officer's takes its place.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from postroom.casework import cases
from postroom.casework.moves import Move
from postroom.desk.forms.answering import response_fields
from postroom.desk.forms.fields import Field, Given, Kind
from postroom.desk.forms.findings import found
from postroom.desk.forms.form import CaseForm, Ground, Group, Sheet
from postroom.models.case import Case, CaseStatus
from postroom.models.settings import Settings
from postroom.notifications.decisions import TOLD, untold
from postroom.notifications.officer_letters import BY_LETTER
from postroom.notifications.owed import Purpose

LETTER = Sheet(
    (
        Field("subject", "Subject", required="Write a subject"),
        Field(
            "text",
            "Letter",
            Kind.LETTER,
            hint="A line that begins with # is a heading, lines that begin with - are a list. Replace lines in square "
            "brackets.",
            required="Write the letter",
        ),
    )
)
"""What is asked of a letter itself."""


def open_letters(session: Session, case: Case, settings: Settings, now: datetime) -> Sequence[Purpose]:
    """The letters that can be written about a case without a move: of decisions that nobody was told of yet, and one at
    the end."""
    told = [purpose for purpose in TOLD if untold(session, purpose, settings, now, case.id)]
    ended = case.status == CaseStatus.CLOSED and case.merged_into_id is None and Purpose.WITHDRAWAL not in told
    return (*told, Purpose.CLOSING) if ended else told


def _response_sheet(ground: Ground) -> Sheet:
    return Sheet(tuple(response_fields(ground)))


def _respond(ground: Ground, sheet: Sheet, given: Given) -> str:
    cases.respond(ground.session, ground.case_id, how=BY_LETTER, findings=found(sheet, given), **ground.by)
    return ""


def _nothing_asked(_: Ground) -> Sheet:
    return Sheet(())


def _nothing_done(_: Ground, __: Sheet, ___: Given) -> str:
    return ""


def _letter(path: str, title: str, purpose: Purpose) -> CaseForm:
    """A letter that goes with no move of its own."""
    return CaseForm(
        f"letters/new/{path}",
        title,
        "Send it",
        "letter-written",
        _nothing_asked,
        _nothing_done,
        None,
        Group.LETTERS,
        letter=purpose,
    )


FORMS = (
    CaseForm(
        "letters/new/response",
        "Write the response",
        "Send it and record the response",
        "response-written",
        _response_sheet,
        _respond,
        Move.RESPOND,
        Group.ANSWER,
        blames={"Choose either a cause": "causes", "Choose either a remedy": "remedies"},
        letter=Purpose.RESPONSE,
    ),
    _letter("extension", "Write about the new date", Purpose.EXTENSION),
    _letter("consent", "Write about the consent", Purpose.CONSENT),
    _letter("refusal", "Write about the refused stage", Purpose.REFUSAL),
    _letter("withdrawal", "Write about the withdrawal", Purpose.WITHDRAWAL),
    _letter("closing", "Write a last letter", Purpose.CLOSING),
)
