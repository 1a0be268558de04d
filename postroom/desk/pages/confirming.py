"""An officer confirms what a message is, or sets it aside, or takes that back. A refused move shows the case again."""

import re

from fastapi import Request, Response
from sqlmodel import Session, select

from postroom.casework import cases, threads
from postroom.casework.history import ChangedMeanwhile
from postroom.desk.filters import Filters
from postroom.desk.letter_preview import acknowledgement_if
from postroom.desk.pages.case import case_response
from postroom.desk.pages.labels import Answers, answered
from postroom.desk.pages.moves import try_move
from postroom.desk.presence import opened_at
from postroom.desk.queries import waiting
from postroom.desk.queries.changes import changed_since
from postroom.desk.queries.sight import find_visible, visible_id
from postroom.desk.rendering import go_to
from postroom.desk.rights import Form, Visitor
from postroom.desk.sessions import SignedIn
from postroom.desk.surroundings import Desk, Surroundings
from postroom.models.case import Case
from postroom.models.database import open_session
from postroom.models.failures import ImpossibleMove


def confirm(request: Request, desk: Desk, visitor: Visitor, form: Form, reference: str) -> Response:
    """An officer says what the case is; then the next in the queue, or the same case again."""
    answers = answered(form, desk.settings)
    if form.get("then") == "preview":
        return _preview(request, desk, visitor, reference, answers)
    following = _following(desk, visitor, form, reference)
    seen = _seen(form)

    def move(session: Session, case_id: int) -> Case:
        _check_unchanged(session, case_id, desk, visitor, form.get("version", ""))
        shown = opened_at(session, case_id, visitor.officer_id)
        return cases.confirm(
            session,
            case_id,
            answers.labels,
            officer_id=visitor.officer_id,
            settings=desk.settings,
            now=desk.now(),
            seen=cases.Seen(seen.suggestion_id, seen.blind, shown) if seen else None,
        )

    problem = try_move(desk, reference, "labels", move, answers=answers)
    if problem:
        return case_response(request, desk, visitor, reference, problem)
    if find_visible(desk.engine, reference, visitor, desk.settings) is None:
        done, stays = "confirmed-sealed", False
    elif seen is not None and seen.blind and seen.suggestion_id is not None:
        done, stays = "confirmed-blind", True
    else:
        done, stays = "confirmed", form.get("then") == "stay"
    return go_to(f"/cases/{reference}", done, reference) if stays else _on(form, following, done, reference)


def set_aside(request: Request, desk: Desk, visitor: Visitor, form: Form, reference: str) -> Response:
    """The message is no feedback."""
    following = _following(desk, visitor, form, reference)

    def move(session: Session, case_id: int) -> Case:
        _check_unchanged(session, case_id, desk, visitor, form.get("version"))
        return cases.set_aside(
            session,
            case_id,
            form.get("why", ""),
            officer_id=visitor.officer_id,
            settings=desk.settings,
            now=desk.now(),
        )

    problem = try_move(desk, reference, "aside", move)
    if problem:
        return case_response(request, desk, visitor, reference, problem)
    return _on(form, following, "set-aside", reference)


def join(request: Request, desk: Desk, visitor: Visitor, form: Form, reference: str) -> Response:
    """The message belongs to a case that the officer may see; that becomes of both one."""
    following = _following(desk, visitor, form, reference)
    wanted = "".join(form.get("reference", "").split()).upper()

    def move(session: Session, case_id: int) -> Case:
        _check_unchanged(session, case_id, desk, visitor, form.get("version"))
        into = visible_id(session, wanted, visitor, desk.settings)
        if into is None:
            raise ImpossibleMove(f"There is no case {wanted or 'without a reference'} that you may see.")
        return threads.merge(session, case_id, into, officer_id=visitor.officer_id, now=desk.now())

    problem = try_move(desk, reference, "joining", move, words=wanted)
    if problem:
        return case_response(request, desk, visitor, reference, problem)
    return _on(form, following, "merged", reference)


def split(request: Request, desk: Desk, visitor: Visitor, form: Form, reference: str) -> Response:
    """A second matter in the message becomes a case of its own."""
    made: list[str] = []

    def move(session: Session, case_id: int) -> Case:
        _check_unchanged(session, case_id, desk, visitor, form.get("version"))
        opened = cases.split_message(
            session,
            case_id,
            form.get("words", ""),
            officer_id=visitor.officer_id,
            settings=desk.settings,
            now=desk.now(),
        )
        made.append(opened.reference)
        return opened

    problem = try_move(desk, reference, "split", move, words=form.get("words", ""))
    if problem:
        return case_response(request, desk, visitor, reference, problem)
    return go_to(f"/cases/{reference}", "two-cases", made[0], **_filters(form).in_address)


def take_back(desk: Desk, visitor: Visitor, form: Form) -> Response:
    """Undo what the officer did last about a case: they may not see it any more, so that the path names none. Casework
    lets nobody take back what another did, and who may not see the case is not told so of it."""
    reference = form.get("reference", "")
    with open_session(desk.engine) as session:
        case_id = session.exec(select(Case.id).where(Case.reference == reference)).first()
        nothing = ImpossibleMove("There is nothing that you can undo.")
        if case_id is None:
            raise nothing
        try:
            cases.take_back(session, case_id, officer_id=visitor.officer_id, now=desk.now())
        except ImpossibleMove as refused:
            seen = visible_id(session, reference, visitor, desk.settings)
            raise (refused if seen else nothing) from None
        session.commit()
    return go_to(f"/cases/{reference}", "taken-back", reference, **_filters(form).in_address)


def _preview(request: Request, desk: Surroundings, visitor: Visitor, reference: str, answers: Answers) -> Response:
    """The same page with the letter that would go out. Nothing is changed."""
    found = find_visible(desk.engine, reference, visitor, desk.settings)
    assert found is not None
    seen = acknowledgement_if(
        desk.engine,
        found[0],
        answers.labels,
        officer_id=visitor.officer_id,
        settings=desk.settings,
        now=desk.now(),
    )
    return case_response(request, desk, visitor, reference, answers=answers, preview=seen)


def _check_unchanged(session: Session, case_id: int, desk: Surroundings, visitor: SignedIn, seen: str | None) -> None:
    """Raise `ChangedMeanwhile` where the case is another than the page showed, by whom and how."""
    case = cases.find_case(session, case_id)
    since = None if seen is None else changed_since(session, case, seen, visitor.officer_id)
    if since is not None:
        raise ChangedMeanwhile(f"{since.words(case.reference, desk.now(), desk.calendar)} Look at it again.")


def _filters(form: Form) -> Filters:
    """Those of the queue that the officer works through."""
    return Filters.of({name.removeprefix("queue-"): value for name, value in form.items() if name.startswith("queue-")})


def _following(desk: Surroundings, visitor: Visitor, form: Form, reference: str) -> str:
    queue = waiting.queue(desk.engine, visitor, desk.settings, desk.calendar)
    return queue.after(reference, _filters(form))


def _on(form: Form, following: str, done: str, reference: str) -> Response:
    return go_to(f"/cases/{following}" if following else "/", done, reference, **_filters(form).in_address)


def _seen(form: Form) -> cases.Seen | None:
    """Which suggestion the page showed, or kept back; it may be another than the newest by now."""
    if "suggestion" not in form:
        return None
    number = int(form["suggestion"]) if re.fullmatch(r"\d{1,9}", form["suggestion"], re.ASCII) else None
    return cases.Seen(number, form.get("blind") == "yes")
