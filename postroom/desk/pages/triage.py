"""The page on which an officer says what a new message is: the message beside what it seems to be."""

from fastapi import Request, Response

from postroom.casework.moves import Move
from postroom.casework.reading import allowed_moves
from postroom.casework.taking_back import NOT_FEEDBACK
from postroom.desk import presence
from postroom.desk.filters import Filters
from postroom.desk.forms.every import FORMS
from postroom.desk.letter_preview import Preview
from postroom.desk.pages.labels import Answers, Problem, choices, suggested
from postroom.desk.queries import waiting
from postroom.desk.queries.campaigns import second_look
from postroom.desk.queries.case_page import CaseOnPage
from postroom.desk.queries.pace import pace
from postroom.desk.queries.related import related
from postroom.desk.rendering import page
from postroom.desk.rights import Visitor, works_on_cases
from postroom.desk.surroundings import Surroundings
from postroom.models.database import open_session


def triage_response(
    request: Request,
    desk: Surroundings,
    visitor: Visitor,
    found: CaseOnPage,
    *,
    problem: Problem | None = None,
    answers: Answers | None = None,
    preview: Preview | None = None,
) -> Response:
    """The page of a case that awaits confirmation; it is noted that `visitor` has it open."""
    case, works, now = found.case, works_on_cases(visitor), desk.now()
    case_id = case.id
    assert case_id is not None
    filters = Filters.of(request.query_params)
    queue = waiting.queue(desk.engine, visitor, desk.settings, desk.calendar)
    with open_session(desk.engine, read_only=True) as session:
        others = presence.others(session, [case_id], visitor.officer_id, now).get(case_id, ())
        opening = found.timeline.messages[0].message
        near = related(session, case, opening, visitor, desk.settings)
        moves = allowed_moves(session, case, officer_id=visitor.officer_id, settings=desk.settings) if works else []
        look = second_look(session, case, opening, visitor, desk.settings, blind=found.blind)
    if works and request.method == "GET":
        presence.note_opened(desk.engine, case_id, visitor.officer_id, now)
    return page(
        request,
        "triage.html",
        problem.status if problem else 200,
        heading=case.reference,
        found=found,
        case=case,
        entry=next((entry for entry in queue.entries if entry.case_id == case_id), None),
        following=queue.after(case.reference, filters),
        place=queue.place(case.reference, filters),
        filters=filters,
        near=near,
        look=look,
        open_with=others,
        works=works,
        problem=problem,
        answers=answers or (problem.answers if problem else None) or suggested(found, desk.settings, desk.today()),
        choices=choices(desk.settings, desk.today()),
        not_feedback=NOT_FEEDBACK,
        forms=[form for form in FORMS if form.move in moves and form.move != Move.MERGE],
        preview=preview,
        pace=pace(desk.engine, visitor.officer_id, now),
    )
