"""Several messages confirmed at once, after a look at each: compliments, and what came as a campaign."""

import re

from fastapi import Request, Response

from postroom.casework import cases
from postroom.casework.labels import Labels
from postroom.desk.pages.labels import answered, choices
from postroom.desk.queries import waiting
from postroom.desk.queries.several import MOST, Group, groups
from postroom.desk.queries.sight import visible_id
from postroom.desk.rendering import go_to, page
from postroom.desk.rights import Form, Visitor, works_on_cases
from postroom.desk.surroundings import Desk, Surroundings
from postroom.models.database import open_session
from postroom.models.failures import ImpossibleMove, PostroomError

_BOX = re.compile(r"case-([A-Z]{1,6}-\d{4}-\d{6,12})-(\d{1,9})", re.ASCII)


def show_several(request: Request, desk: Desk, visitor: Visitor) -> Response:
    """What may be confirmed together."""
    return _page(request, desk, visitor)


def confirm_several(request: Request, desk: Desk, visitor: Visitor, form: Form) -> Response:
    """Confirm the chosen ones: compliments each as it was suggested, a campaign by the one answer in the form."""
    if not works_on_cases(visitor):
        raise ImpossibleMove("Your role only looks.")
    chosen = {match[1]: int(match[2]) for name in form if (match := _BOX.fullmatch(name))}
    if not 0 < len(chosen) <= MOST:
        return _page(request, desk, visitor, f"Choose some of the messages, {MOST} at most.")
    keeps_own = form.get("own") == "yes"
    own = _suggested(desk, visitor) if keeps_own else {}
    labels = answered(form, desk.settings).labels
    confirmed = 0
    problem = ""
    for reference, version in chosen.items():
        try:
            _confirm(desk, visitor, reference, version, own[reference] if keeps_own else labels)
            confirmed += 1
        except KeyError:
            problem = problem or f"{reference} is no longer among them."
        except PostroomError as refused:
            problem = problem or str(refused)
    if problem:
        return _page(request, desk, visitor, f"{problem} Confirmed: {confirmed} of {len(chosen)}.")
    return go_to("/several" if _groups(desk, visitor) else "/", "several-confirmed", str(confirmed))


def _confirm(desk: Surroundings, visitor: Visitor, reference: str, version: int, labels: Labels) -> None:
    with open_session(desk.engine) as session:
        case_id = visible_id(session, reference, visitor, desk.settings)
        if case_id is None or cases.find_case(session, case_id).version != version:
            raise ImpossibleMove(f"{reference} was changed by somebody else. Look at it again.")
        cases.confirm(session, case_id, labels, officer_id=visitor.officer_id, settings=desk.settings, now=desk.now())
        session.commit()


def _groups(desk: Surroundings, visitor: Visitor) -> list[Group]:
    queue = waiting.queue(desk.engine, visitor, desk.settings, desk.calendar)
    return groups(desk.engine, queue, desk.settings, desk.today())


def _suggested(desk: Surroundings, visitor: Visitor) -> dict[str, Labels]:
    return {
        member.reference: member.answers
        for group in _groups(desk, visitor)
        if group.own_labels
        for member in group.members
    }


def _page(request: Request, desk: Surroundings, visitor: Visitor, problem: str = "") -> Response:
    return page(
        request,
        "several.html",
        422 if problem else 200,
        heading="Confirm several at once",
        groups=_groups(desk, visitor),
        choices=choices(desk.settings, desk.today()),
        works=works_on_cases(visitor),
        problem=problem,
    )
