"""What an officer does about the messages on a case: read them, move one to where it belongs, merge cases."""

from fastapi import Request, Response
from sqlmodel import Session

from postroom.casework import threads
from postroom.desk.pages.case import case_response
from postroom.desk.pages.moves import try_move
from postroom.desk.queries.sight import find_visible
from postroom.desk.rendering import go_to
from postroom.desk.rights import Form, Visitor
from postroom.desk.surroundings import Desk, Surroundings
from postroom.models.case import Case
from postroom.models.failures import ImpossibleMove


def mark_read(request: Request, desk: Desk, visitor: Visitor, reference: str) -> Response:
    """The new messages on the case are read."""

    def move(session: Session, case_id: int) -> Case:
        return threads.mark_read(session, case_id, officer_id=visitor.officer_id, now=desk.now())

    problem = try_move(desk, reference, "reading", move)
    if problem:
        return case_response(request, desk, visitor, reference, problem)
    return go_to(f"/cases/{reference}", "read", reference)


def move_message(
    request: Request, desk: Desk, visitor: Visitor, form: Form, reference: str, message_id: int
) -> Response:
    """A further message goes to another case that the officer may see, or opens a new one."""
    wanted = "".join(form.get("reference", "").split()).upper()
    to_new = form.get("to") == "new"
    moved_to: list[str] = []

    def move(session: Session, case_id: int) -> Case:
        if to_new:
            case = threads.move_to_new_case(
                session, message_id, case_id, officer_id=visitor.officer_id, settings=desk.settings, now=desk.now()
            )
        else:
            target = _visible(desk, visitor, wanted)
            case = threads.move_message(
                session, message_id, case_id, target, officer_id=visitor.officer_id, now=desk.now()
            )
        moved_to.append(case.reference)
        return case

    problem = try_move(desk, reference, f"move-{message_id}", move, words=form.get("reference", ""))
    if problem:
        return case_response(request, desk, visitor, reference, problem)
    return go_to(f"/cases/{reference}", "moved-to-new" if to_new else "moved", moved_to[0])


def merge(request: Request, desk: Desk, visitor: Visitor, form: Form, reference: str) -> Response:
    """The case becomes part of another that the officer may see."""
    wanted = "".join(form.get("reference", "").split()).upper()

    def move(session: Session, case_id: int) -> Case:
        into = _visible(desk, visitor, wanted)
        return threads.merge(session, case_id, into, officer_id=visitor.officer_id, now=desk.now())

    problem = try_move(desk, reference, "merging", move, words=form.get("reference", ""))
    if problem:
        return case_response(request, desk, visitor, reference, problem)
    return go_to(f"/cases/{reference}", "merged", reference)


def _visible(desk: Surroundings, visitor: Visitor, reference: str) -> int:
    found = find_visible(desk.engine, reference, visitor, desk.settings)
    if found is None:
        raise ImpossibleMove(f"There is no case {reference or 'without a reference'} that you may see.")
    return found[0]
