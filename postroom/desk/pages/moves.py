"""What an officer does to a case. Each view calls one function of casework; a refused move shows the case again."""

from collections.abc import Callable

from fastapi import Request, Response
from sqlmodel import Session, select

from postroom.casework import cases
from postroom.casework.history import ChangedMeanwhile
from postroom.casework.labels import Labels
from postroom.desk.pages.case import Answers, Problem, case_response
from postroom.desk.queries.queue import next_waiting
from postroom.desk.queries.sight import find_visible
from postroom.desk.rendering import go_to
from postroom.desk.rights import Form, Visitor
from postroom.desk.surroundings import Desk, Surroundings
from postroom.desk.wording import words as in_words
from postroom.models.case import Case
from postroom.models.database import open_session
from postroom.models.failures import ImpossibleMove, NotFound
from postroom.models.settings import NO_CATEGORY, Settings

Move = Callable[[Session, int], Case]

_AFTER_LABELS = {"stay": ("confirmed", True), "correct": ("corrected", True)}
"""By the button that was pressed: what was done, and whether the officer stays on the case."""

_FIELDS = {
    "Choose a feedback type": "type",
    "Choose a category": "category",
    "Choose a team": "team",
    "Choose an exclusion": "exclusion",
}
"""How casework's refusal of a label begins: the field of the form that it is about."""


def confirm(request: Request, desk: Desk, visitor: Visitor, form: Form, reference: str) -> Response:
    """An officer says what the case is, or corrects it; then the next in the queue, or the same case again."""
    answers = _answers(form, desk.settings)
    following = next_waiting(desk.engine, visitor, desk.settings, reference)

    def move(session: Session, case_id: int) -> Case:
        before = cases.find_case(session, case_id)
        if form.get("version") != str(before.version):
            raise ChangedMeanwhile(f"{reference} was changed by somebody else. Look at it again.")
        labels = Labels(answers.type, answers.team, answers.category, answers.exclusion, answers.at_risk)
        return cases.confirm(
            session, case_id, labels, officer_id=visitor.officer_id, settings=desk.settings, now=desk.now()
        )

    problem = try_move(desk, reference, "labels", move, answers=answers)
    if problem:
        return case_response(request, desk, visitor, reference, problem)
    if find_visible(desk.engine, reference, visitor, desk.settings) is None:
        done, stays = "confirmed-sealed", False
    else:
        done, stays = _AFTER_LABELS.get(form.get("then", ""), ("confirmed", False))
    if stays:
        return go_to(f"/cases/{reference}", done, reference)
    return go_to(f"/cases/{following}" if following else "/", done, reference)


def acknowledge(request: Request, desk: Desk, visitor: Visitor, form: Form, reference: str) -> Response:
    """The acknowledgement was given otherwise than by our letter, as by telephone."""
    how = form.get("how", "").strip()

    def move(session: Session, case_id: int) -> Case:
        if not how:
            raise ImpossibleMove("Say how the case was acknowledged, as by telephone.")
        return cases.acknowledge(
            session,
            case_id,
            settings=desk.settings,
            now=desk.now(),
            actor=cases.officer(visitor.officer_id),
            how=how,
        )

    return _moved(request, desk, visitor, reference, "acknowledgement", move, "acknowledged", how)


def respond(request: Request, desk: Desk, visitor: Visitor, form: Form, reference: str) -> Response:
    """The response was given."""
    how = form.get("how", "")

    def move(session: Session, case_id: int) -> Case:
        return cases.respond(
            session, case_id, officer_id=visitor.officer_id, how=how, settings=desk.settings, now=desk.now()
        )

    return _moved(request, desk, visitor, reference, "response", move, "responded", how)


def close(request: Request, desk: Desk, visitor: Visitor, form: Form, reference: str) -> Response:
    """Nothing more is to be done, and what reports need is answered."""
    reason = form.get("reason", "")
    closing_answers = _closing_answers(form, desk.settings)

    def move(session: Session, case_id: int) -> Case:
        actor = cases.officer(visitor.officer_id)
        return cases.close(
            session, case_id, closing_answers, reason=reason, actor=actor, settings=desk.settings, now=desk.now()
        )

    return _moved(request, desk, visitor, reference, "closure", move, "closed", reason)


def reopen(request: Request, desk: Desk, visitor: Visitor, form: Form, reference: str) -> Response:
    """Something more is to be done after all."""
    reason = form.get("reason", "")

    def move(session: Session, case_id: int) -> Case:
        return cases.reopen(
            session,
            case_id,
            reason=reason,
            officer_id=visitor.officer_id,
            settings=desk.settings,
            now=desk.now(),
        )

    return _moved(request, desk, visitor, reference, "reopening", move, "reopened", reason)


def _moved(
    request: Request,
    desk: Surroundings,
    visitor: Visitor,
    reference: str,
    form: str,
    move: Move,
    done: str,
    words: str,
) -> Response:
    problem = try_move(desk, reference, form, move, words=words)
    if problem:
        return case_response(request, desk, visitor, reference, problem)
    return go_to(f"/cases/{reference}", done, reference)


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
        return Problem(form, form, str(changed), None, words, status=409)
    return None


def _what_is_wrong(form: str, refusal: str, answers: Answers | None) -> tuple[str, str]:
    """The field that casework refused, and why in an officer's words rather than the configuration's."""
    for start, field in _FIELDS.items():
        if answers is not None and refusal.startswith(start):
            return field, f"{start} of {in_words(answers.type).lower()}" if field == "category" else start
    return form, refusal


def _closing_answers(form: Form, settings: Settings) -> cases.ClosingAnswers:
    """What the form of closing says; an empty field says nothing."""
    findings = cases.Findings(
        outcome=form.get("outcome", ""),
        causes=tuple(filter(None, [form.get("cause", "")])),
        remedies=tuple(filter(None, [form.get("remedy", "")])),
    )
    equalities = {question: form.get(f"equality-{question}", "") for question in settings.closing.equalities}
    return cases.ClosingAnswers(findings, lesson=form.get("lesson", ""), equalities=equalities)


def _answers(form: Form, settings: Settings) -> Answers:
    """What was chosen. A type without categories has none, whatever stood in the field beside it."""
    type_ = form.get("type", "")
    category = form.get("category", "") if type_ in settings.categories else NO_CATEGORY
    return Answers(type_, category, form.get("team", ""), form.get("exclusion", ""), form.get("at_risk") == "yes")
