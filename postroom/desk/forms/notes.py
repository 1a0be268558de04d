"""The form of a note. Officers are called in by @ and their name, or by the first part of their email address."""

import re
from collections.abc import Mapping
from difflib import get_close_matches

from sqlmodel import col, select

from postroom.casework import cases
from postroom.casework.moves import Move
from postroom.desk.forms.fields import Given
from postroom.desk.forms.form import CaseForm, Ground, Sheet, words_of
from postroom.desk.queries.sight import visible_id
from postroom.desk.sessions import SignedIn
from postroom.models.failures import ImpossibleMove
from postroom.models.officer import Officer, Role, TeamMember, is_member

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
    """The officers whom a note calls in. Raises `ImpossibleMove` where a name is nobody's, or that of somebody who may
    not see the case: the note would never reach them."""
    active = ground.session.exec(select(Officer).where(col(Officer.active).is_(True)).order_by(col(Officer.id))).all()
    names: dict[str, Officer] = {}
    for officer in active:
        for called in (officer.name.casefold(), officer.email.partition("@")[0].casefold()):
            names.setdefault(called, officer)
    named = [_called(text[place.end() :], names) for place in _CALLED.finditer(text)]
    for officer in named:
        if not ground.case.sealed and not _sees(ground, officer):  # of a sealed case casework says why
            raise ImpossibleMove(
                f"{officer.name} may not see {ground.case.reference}, so the note would not reach them. "
                "Name somebody of its team, or of customer relations."
            )
    return [officer.id or 0 for officer in named]


def _sees(ground: Ground, officer: Officer) -> bool:
    teams = select(TeamMember.team).where(TeamMember.officer_id == officer.id, is_member(ground.today))
    them = SignedIn(officer.id or 0, officer.name, Role(officer.role), frozenset(ground.session.exec(teams)), "", "")
    return visible_id(ground.session, ground.case.reference, them, ground.settings) is not None


def _called(text: str, names: Mapping[str, Officer]) -> Officer:
    folded = text.casefold()
    fitting = [name for name in names if re.match(rf"{re.escape(name)}(?!\w)", folded)]
    if not fitting:
        word = re.split(r"[\s,;:!?]", text)[0]
        near = get_close_matches(word.casefold().replace(".", " "), names, n=1)
        meant = f" Did you mean @{names[near[0]].name}?" if near else ""
        raise ImpossibleMove(f"There is nobody called @{word} here.{meant}")
    return names[max(fitting, key=len)]


FORMS = (CaseForm("notes/new", "Write a note", "Add the note", "note-added", _sheet, _write, Move.ADD_NOTE),)
