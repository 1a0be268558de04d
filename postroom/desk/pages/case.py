"""A case's page, its person and its letters."""

from typing import Any

from fastapi import Request, Response
from sqlmodel import select

from postroom.casework.moves import Move, allowed
from postroom.casework.notes import mentions_of, see_mentions
from postroom.casework.reading import open_deadlines, standing_of
from postroom.casework.working_days import in_words
from postroom.desk import presence
from postroom.desk.drafts import drafts_of
from postroom.desk.forms.every import FORMS, Next, listed, next_of
from postroom.desk.forms.form import CaseForm
from postroom.desk.forms.letters import open_letters
from postroom.desk.forms.notes import HINT
from postroom.desk.letter_preview import acknowledges_itself
from postroom.desk.pages.downloads import saved
from postroom.desk.pages.labels import Problem
from postroom.desk.pages.triage import triage_response
from postroom.desk.queries.campaigns import second_look
from postroom.desk.queries.case_page import case_on_page
from postroom.desk.queries.mail import letter_of_case
from postroom.desk.queries.person import cases_of_person, person_on_page
from postroom.desk.queries.undoing import undo_until
from postroom.desk.rendering import page
from postroom.desk.rights import Visitor, works_on_cases
from postroom.desk.sessions import SignedIn
from postroom.desk.surroundings import Desk, Surroundings
from postroom.models.case import Case, CaseStatus
from postroom.models.database import open_session
from postroom.models.failures import NotFound


def show_case(request: Request, desk: Desk, visitor: Visitor, reference: str) -> Response:
    """The case with everything around it. Notes that name the visitor are seen by this."""
    _see_mentions(desk, visitor, reference)
    return case_response(request, desk, visitor, reference)


def show_person(request: Request, desk: Desk, visitor: Visitor, reference: str) -> Response:
    """What is known of the person of a case."""
    with open_session(desk.engine, read_only=True) as session:
        case = session.exec(select(Case).where(Case.reference == reference)).one()
        person = person_on_page(session, case, visitor, desk.settings, desk.now())
        others = cases_of_person(session, case, visitor, desk.settings)
    if person is None:
        raise NotFound("Nobody is known for this case.")
    works = works_on_cases(visitor) and not person.erased
    heading = person.details.name or (person.emails[0] if person.emails else "The person")
    return page(
        request, "person.html", heading=heading, case=case, person=person, others=others, forms=_about_people(works)
    )


def show_letter(request: Request, desk: Desk, reference: str, mail_id: int) -> Response:
    """A letter about the case, as its reader sees it; on paper, as a PDF to be saved."""
    with open_session(desk.engine, read_only=True) as session:
        mail = letter_of_case(session, mail_id, reference)
    if mail.paper:
        return saved(mail.paper, f"{reference}-{mail_id}.pdf", "application/pdf")
    return page(
        request, "mail.html", heading=mail.subject or "A mail without a subject", mail=mail, reference=reference
    )


def case_response(
    request: Request,
    desk: Surroundings,
    visitor: Visitor,
    reference: str,
    problem: Problem | None = None,
    **triage: Any,
) -> Response:
    """The case's page; with `problem` it says what was refused and keeps what was typed. What awaits confirmation has a
    page of its own, to which `triage` goes."""
    works = works_on_cases(visitor)
    with open_session(desk.engine, read_only=True) as session:
        found = case_on_page(session, reference, visitor, desk.settings, desk.now())
        if found.case.status == CaseStatus.AWAITING:
            return triage_response(request, desk, visitor, found, problem=problem, **triage)
        standing = standing_of(session, found.case, desk.settings, visitor.role, visitor.officer_id)
        opening = found.timeline.messages[0].message
        look = second_look(session, found.case, opening, visitor, desk.settings, blind=found.blind)
        case_id = found.case.id
        assert case_id is not None
        open_with = presence.others(session, [case_id], visitor.officer_id, desk.now()).get(case_id, ())
        drafts = drafts_of(session, found.case)
        until = undo_until(session, reference, visitor.officer_id, desk.settings, desk.now())
        steps = [deadline.step for deadline in open_deadlines(session, found.case)]
        by_itself = steps[:1] == [Move.ACKNOWLEDGE] and acknowledges_itself(session, found.case, desk.settings)
        letters = open_letters(session, found.case, desk.settings, desk.now()) if works else []
    moves: list[Move] = allowed(standing) if works else []
    forms = listed(moves, letters)
    if works and request.method == "GET":
        presence.note_opened(desk.engine, case_id, visitor.officer_id, desk.now())
    return page(
        request,
        "case.html",
        problem.status if problem else 200,
        heading=found.case.reference,
        found=found,
        look=look,
        case=found.case,
        works=works,
        moves=moves,
        forms=forms,
        drafts=drafts,
        goes_on={form.path for group in forms.values() for form in group if form.letter},
        undo_until=until,
        printed_at=desk.now(),
        printed_on=in_words(desk.today()),
        open_with=open_with,
        next=next_of(standing, steps[1:] if by_itself else steps) if works else Next(),
        by_itself=by_itself,
        note_hint=HINT,
        problem=problem,
    )


def _see_mentions(desk: Surroundings, visitor: SignedIn, reference: str) -> None:
    with open_session(desk.engine, read_only=True) as session:
        case_id = session.exec(select(Case.id).where(Case.reference == reference)).one()
        named = [mention.case_id for mention in mentions_of(session, visitor.officer_id)]
    if case_id is not None and case_id in named:
        with open_session(desk.engine) as session:
            see_mentions(session, case_id, officer_id=visitor.officer_id, now=desk.now())
            session.commit()


def _about_people(works: bool) -> dict[str, CaseForm]:
    """The forms about a person, by the last part of their paths."""
    return {form.path.removeprefix("person/"): form for form in FORMS if form.back == "person" and works}
