"""Mail beside the cases: mail from machines, the outbox."""

from fastapi import Request, Response

from postroom.desk.pages.numbers import Number
from postroom.desk.queries import mail as queries
from postroom.desk.rendering import go_to, page, pagination
from postroom.desk.rights import Visitor
from postroom.desk.surroundings import Desk
from postroom.models.database import open_session


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
    from postroom.notifications import delivery  # its transports are slow to load

    delivery.try_again(desk.engine, mail_id, desk.now())
    return go_to("/outbox", "trying")
