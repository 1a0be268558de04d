"""A move of an officer, made and committed, or refused with the reason."""

from collections.abc import Callable

from sqlmodel import Session, select

from postroom.casework.history import ChangedMeanwhile
from postroom.desk.pages.labels import Answers, Problem
from postroom.desk.surroundings import Surroundings
from postroom.desk.wording import words as in_words
from postroom.models.case import Case
from postroom.models.database import open_session
from postroom.models.failures import ImpossibleMove, NotFound

Move = Callable[[Session, int], Case]

_FIELDS = {
    "Choose a feedback type": "type",
    "Choose a category": "category",
    "Choose a team": "team",
    "Choose an exclusion": "exclusion",
}
"""How casework's refusal of a label begins: the field of the form that it is about."""


def try_move(
    desk: Surroundings, reference: str, form: str, move: Move, *, answers: Answers | None = None, words: str = ""
) -> Problem | None:
    """Make a move and commit it, or say why it was refused."""
    try:
        with open_session(desk.engine) as session:
            case_id = session.exec(select(Case.id).where(Case.reference == reference)).one()
            if case_id is None:
                raise NotFound(reference)
            move(session, case_id)
            session.commit()
    except ImpossibleMove as refused:
        return Problem(form, *_what_is_wrong(form, str(refused), answers), answers, words)
    except ChangedMeanwhile as changed:
        return Problem(form, form, str(changed), answers, words, status=409)
    return None


def _what_is_wrong(form: str, refusal: str, answers: Answers | None) -> tuple[str, str]:
    """The field that casework refused, and why in an officer's words rather than the configuration's."""
    for start, field in _FIELDS.items():
        if answers is not None and refusal.startswith(start):
            return field, f"{start} of {in_words(answers.type).lower()}" if field == "category" else start
    return form, refusal
