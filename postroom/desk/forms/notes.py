"""The form of a note. Officers are called in by @ and their name, or by the first part of their email address."""

import re

from sqlmodel import col, select

from postroom.casework import cases
from postroom.casework.moves import Move
from postroom.desk.forms.fields import Given
from postroom.desk.forms.form import CaseForm, Ground, Sheet, words_of
from postroom.models.failures import ImpossibleMove
from postroom.models.officer import Officer

HINT = "Others who work on the case see it, the person does not. Call somebody in by @ and their name."

_CALLED = re.compile(r"(?<![\w.])@(?=\w)")
"""Where somebody is called in; the @ of an email address calls nobody."""


def _sheet(_: Ground) -> Sheet:
    return Sheet((words_of("note", "Note", "Write the note", HINT),))


def _write(ground: Ground, _: Sheet, given: Given) -> str:
    text = given.text("note")
    cases.add_note(ground.session, ground.case_id, text, mentions=_mentions(ground, text), **ground.by)
    return ""


def _mentions(ground: Ground, text: str) -> list[int]:
    """The officers whom a note calls in. Raises `ImpossibleMove` where a name is nobody's."""
    query = select(Officer.id, Officer.name, Officer.email).where(col(Officer.active).is_(True))
    names: dict[str, int] = {}
    for id_, name, email in ground.session.exec(query.order_by(col(Officer.id))):
        for called in (name.casefold(), email.partition("@")[0].casefold()):
            names.setdefault(called, id_ or 0)
    return [_called(text[place.end() :], names) for place in _CALLED.finditer(text)]


def _called(text: str, names: dict[str, int]) -> int:
    folded = text.casefold()
    fitting = [name for name in names if re.match(rf"{re.escape(name)}(?!\w)", folded)]
    if not fitting:
        word = re.split(r"[\s,;:!?]", text)[0]
        raise ImpossibleMove(f"There is nobody called @{word} here.")
    return names[max(fitting, key=len)]


FORMS = (CaseForm("notes/new", "Write a note", "Add the note", "note-added", _sheet, _write, Move.ADD_NOTE),)
