"""Mail beside the cases: the holding pen, mail from machines, the outbox."""

from fastapi import Request, Response

from postroom.desk.pages.numbers import Number
from postroom.desk.queries import mail as queries
from postroom.desk.queries.sight import find_visible
from postroom.desk.rendering import go_to, page, pagination
from postroom.desk.rights import Form, Visitor
from postroom.desk.surroundings import Desk, Surroundings
from postroom.intake import filing
from postroom.models.database import open_session
from postroom.models.failures import ImpossibleMove
from postroom.notifications import delivery


def show_holding_pen(request: Request, desk: Desk, visitor: Visitor, number: Number = 1) -> Response:
    """Messages that could not be filed, each with its reason."""
    return _holding_pen(request, desk, visitor, number)


def file_as_new(request: Request, desk: Desk, visitor: Visitor, raw_message_id: int) -> Response:
    """Open a case for a held message."""
    try:
        _refuse_withheld(desk, visitor, raw_message_id)
        case = filing.file_as_new(
            desk.engine, raw_message_id, settings=desk.settings, officer_id=visitor.officer_id, now=desk.now()
        )
    except ImpossibleMove as refused:
        return _holding_pen(request, desk, visitor, 1, problem=str(refused), at=raw_message_id)
    return go_to("/holding-pen", "filed-as-new", case.reference)


def attach(request: Request, desk: Desk, visitor: Visitor, form: Form, raw_message_id: int) -> Response:
    """Put a held message on a case that the officer may see, or that was proposed for it."""
    reference = "".join(form.get("reference", "").split()).upper()
    try:
        held = _refuse_withheld(desk, visitor, raw_message_id)
        proposed = bool(held.proposed) and reference == held.proposed
        if not proposed and find_visible(desk.engine, reference, visitor, desk.settings) is None:
            raise ImpossibleMove(f"There is no case {reference or 'without a reference'} that you may see.")
        filing.attach_to_case(
            desk.engine,
            raw_message_id,
            reference,
            settings=desk.settings,
            officer_id=visitor.officer_id,
            now=desk.now(),
        )
    except ImpossibleMove as refused:
        return _holding_pen(
            request, desk, visitor, 1, problem=str(refused), at=raw_message_id, typed=form.get("reference", "")
        )
    return go_to("/holding-pen", "attached", reference)


def mark_as_machine(request: Request, desk: Desk, visitor: Visitor, raw_message_id: int) -> Response:
    """A held message is from a machine: it is kept and answered by nobody."""
    try:
        _refuse_withheld(desk, visitor, raw_message_id)
        filing.mark_as_machine(desk.engine, raw_message_id, officer_id=visitor.officer_id, now=desk.now())
    except ImpossibleMove as refused:
        return _holding_pen(request, desk, visitor, 1, problem=str(refused), at=raw_message_id)
    return go_to("/holding-pen", "machine")


def show_machine_mail(request: Request, desk: Desk, visitor: Visitor, number: Number = 1) -> Response:
    """Mail from machines, which nobody answers."""
    found = queries.from_machines(desk.engine, visitor, desk.settings, number)
    return page(
        request,
        "machine-mail.html",
        heading="Machine mail",
        mails=found,
        pagination=pagination(found, "/machine-mail"),
    )


def show_outbox(request: Request, desk: Desk, visitor: Visitor, number: Number = 1) -> Response:
    """What is to be sent and what was."""
    found = queries.outbox(desk.engine, visitor, desk.settings, number)
    return page(request, "outbox.html", heading="Outbox", mails=found, pagination=pagination(found, "/outbox"))


def show_mail(request: Request, desk: Desk, mail_id: int) -> Response:
    """A mail that is about no single case."""
    with open_session(desk.engine, read_only=True) as session:
        mail = queries.mail_of_no_case(session, mail_id)
    return page(request, "mail.html", heading=mail.subject or "A mail without a subject", mail=mail, reference="")


def try_again(desk: Desk, mail_id: int) -> Response:
    """A mail that was given up is tried again."""
    delivery.try_again(desk.engine, mail_id, desk.now())
    return go_to("/outbox", "trying")


def _refuse_withheld(desk: Surroundings, visitor: Visitor, raw_message_id: int) -> queries.Held:
    """The held message; one that the visitor may not read can't be moved by them either."""
    held = queries.held_message(desk.engine, raw_message_id, visitor, desk.settings)
    if held is None:
        raise ImpossibleMove("That message is not in the holding pen any more.")
    if held.withheld:
        raise ImpossibleMove("That message may belong to a sealed case; customer relations must file it.")
    return held


def _holding_pen(
    request: Request,
    desk: Surroundings,
    visitor: Visitor,
    number: int,
    problem: str = "",
    at: int = 0,
    typed: str = "",
) -> Response:
    found = queries.held(desk.engine, visitor, desk.settings, number)
    return page(
        request,
        "holding-pen.html",
        422 if problem else 200,
        heading="Holding pen",
        held=found,
        pagination=pagination(found, "/holding-pen"),
        problem=problem,
        at=at,
        typed=typed,
    )
