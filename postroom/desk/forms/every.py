"""Every form of a case, in the order in which a case's page lists them."""

from collections.abc import Sequence
from dataclasses import dataclass

from postroom.casework.moves import Move, Standing, refusal
from postroom.desk.forms import (
    answering,
    closing,
    dates,
    drafting,
    joining,
    labels,
    learning,
    letters,
    notes,
    ombudsman,
    people,
    restricting,
    stages,
)
from postroom.desk.forms.form import CaseForm, Group
from postroom.notifications.owed import Purpose

FORMS: tuple[CaseForm, ...] = (
    *letters.FORMS,
    *answering.FORMS,
    *stages.FORMS,
    *ombudsman.FORMS,
    *labels.FORMS,
    *dates.FORMS,
    *restricting.FORMS,
    *learning.FORMS,
    *notes.FORMS,
    *joining.FORMS,
    *closing.FORMS,
    *people.FORMS,
    *drafting.FORMS,
)


def listed(moves: Sequence[Move], letters: Sequence[Purpose]) -> dict[Group, list[CaseForm]]:
    """The forms of the moves that a case allows now, and of the letters that can be written, under their headings."""
    found: dict[Group, list[CaseForm]] = {}
    for form in FORMS:
        offered = form.move in moves if form.move else form.letter in letters
        if offered and form.group is not Group.BESIDE:
            found.setdefault(form.group, []).append(form)
    return {group: found[group] for group in Group if group in found}


@dataclass(frozen=True)
class Next:
    """What is to be done next: the form for it, or why the step can't be done yet."""

    form: CaseForm | None = None
    not_yet: str = ""


def next_of(standing: Standing, steps: list[str]) -> Next:
    """What a case waits for, else its first open step, else its end where no step is open. `steps` are the open ones,
    the most urgent first."""
    if not refusal(Move.END_CONSENT, standing):
        return Next(_form_of(Move.END_CONSENT))
    if not steps:
        return Next() if refusal(Move.CLOSE, standing) else Next(_form_of(Move.CLOSE))
    move = Move.RESPOND if steps[0] == standing.answer else Move(steps[0])
    not_yet = refusal(move, standing)
    return Next(not_yet=not_yet) if not_yet else Next(_form_of(move))


def _form_of(move: Move) -> CaseForm:
    return next(form for form in FORMS if form.move == move)
