"""Residents follow a case of theirs: its reference, a code sent to the address on record, and where it stands."""

import secrets
from email.message import EmailMessage
from email.policy import SMTP
from urllib.parse import urlencode

from fastapi import BackgroundTasks, HTTPException, Request, Response

from postroom.casework.answer_address import answer_address
from postroom.desk.cookies import FOLLOW, FORM, drop_cookie, read_cookie, set_cookie
from postroom.desk.following import Following, ask_for_code, begin, following, leave
from postroom.desk.pages.visits import came_from
from postroom.desk.queries.followed import followed
from postroom.desk.rendering import go_to, page
from postroom.desk.rights import Form
from postroom.desk.sessions import new_token
from postroom.desk.sign_in import Came, count_try, too_many
from postroom.desk.surroundings import Desk, Surroundings
from postroom.intake.receive import PORTAL, Delivery, receive
from postroom.models.database import open_session

_TOO_MANY = "Too many tries came from where you are. Try again in a quarter of an hour"
LONGEST = 20_000
"""Characters of a further message; a form holds no more than a mail that people would read."""


def show_start(request: Request, desk: Desk, reference: str = "") -> Response:
    """Ask for the reference; who follows a case already goes on to it."""
    _open(desk)
    if _who(request, desk) is not None:
        return go_to("/follow/case")
    token = read_cookie(request, FORM) or new_token()
    response = _start(request, token, _tidy(reference))
    set_cookie(request, response, FORM, token)
    return response


def send_code(request: Request, desk: Desk, form: Form, afterwards: BackgroundTasks) -> Response:
    """Send the code, and ask for it. The page is the same whether there is such a case or not, and takes as long: the
    mail is written afterwards."""
    _open(desk)
    reference = _tidy(form.get("reference", ""))
    if not reference:
        return _start(request, read_cookie(request, FORM), "", "Enter the reference of your case", 422)
    if not _counted(request, desk):
        return _start(request, read_cookie(request, FORM), reference, _TOO_MANY, 429)
    afterwards.add_task(ask_for_code, desk.engine, reference, settings=desk.settings, now=desk.now())
    return _code(request, desk, reference)


def check_code(request: Request, desk: Desk, form: Form) -> Response:
    """Begin the visit, or say that the code is not right."""
    _open(desk)
    reference, digits = _tidy(form.get("reference", "")), "".join(form.get("code", "").split())
    if not _counted(request, desk):
        return _code(request, desk, reference, _TOO_MANY, 429)
    token = begin(desk.engine, reference, digits, settings=desk.settings, now=desk.now())
    if token is None:
        problem = "That code is not right, or it no longer holds. Ask for another one."
        return _code(request, desk, reference, problem, 422)
    response = go_to("/follow/case")
    set_cookie(request, response, FOLLOW, token)
    return response


def show_case(request: Request, desk: Desk, sent: bool = False) -> Response:
    """Where the case stands, and a form for a further message."""
    _open(desk)
    who = _who(request, desk)
    return go_to("/follow") if who is None else _case(request, desk, who, sent=sent)


def send_message(request: Request, desk: Desk, form: Form) -> Response:
    """Store a further message before anything else is said; filing puts it on the case."""
    _open(desk)
    who = _who(request, desk)
    if who is None:
        return go_to("/follow")
    text = form.get("text", "").strip()
    problem = (
        "Write your message" if not text else f"Write at most {LONGEST:,} characters" if len(text) > LONGEST else ""
    )
    if problem:
        return _case(request, desk, who, text=text, problem=problem)
    receive(desk.engine, [_delivery(desk, who, text)], desk.now())
    return go_to(f"/follow/case?{urlencode({'sent': 'true'})}")


def end(request: Request, desk: Desk) -> Response:
    """End the visit."""
    leave(desk.engine, read_cookie(request, FOLLOW))
    response = go_to("/follow")
    drop_cookie(request, response, FOLLOW)
    return response


def _counted(request: Request, desk: Surroundings) -> bool:
    """Count one try against the place from which it comes; False where that had too many of late. A thief would try a
    few codes of very many cases. Apart from the tries of officers, who may share an address with residents."""
    came = Came(f"follow:{came_from(request).source}")
    if too_many(desk.engine, came.source, settings=desk.settings, now=desk.now()):
        return False
    with open_session(desk.engine) as session:
        count_try(session, came, desk.settings, desk.now())
        session.commit()
    return True


def _open(desk: Surroundings) -> None:
    if not desk.settings.residents.follow:
        raise HTTPException(404)


def _who(request: Request, desk: Surroundings) -> Following | None:
    return following(desk.engine, read_cookie(request, FOLLOW), settings=desk.settings, now=desk.now())


def _tidy(reference: str) -> str:
    """As references are written, whatever a mail program took along from the sentence around the link."""
    return "".join(reference.split()).strip(".,;:!?()<>\"'").upper()[:40]


def _delivery(desk: Surroundings, who: Following, text: str) -> Delivery:
    council, key = desk.settings.council, desk.settings.signing_key.read()
    reference = followed(desk.engine, who.case_id, desk.settings).reference
    to = answer_address(council.addresses.feedback, reference, key)
    position = secrets.token_hex(16)
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Subject"] = who.address, to, f"A further message about {reference}"
    mail["Message-ID"] = f"<{position}@{council.domain}>"
    mail.set_content(text)
    return Delivery(
        source="portal",
        position=position,
        channel=PORTAL,
        content=mail.as_bytes(),
        envelope_sender=who.address,
        envelope_recipients=(to,),
    )


def _start(request: Request, token: str, reference: str, problem: str = "", status: int = 200) -> Response:
    return page(
        request,
        "follow.html",
        status,
        heading="Follow your case",
        token=token,
        reference=reference,
        problem=problem,
    )


def _code(request: Request, desk: Surroundings, reference: str, problem: str = "", status: int = 200) -> Response:
    return page(
        request,
        "follow-code.html",
        status,
        heading="Enter the code that we sent you",
        token=read_cookie(request, FORM),
        reference=reference,
        minutes=desk.settings.residents.code_minutes,
        problem=problem,
    )


def _case(
    request: Request, desk: Surroundings, who: Following, text: str = "", problem: str = "", sent: bool = False
) -> Response:
    found = followed(desk.engine, who.case_id, desk.settings)
    token = read_cookie(request, FORM) or new_token()
    response = page(
        request,
        "followed.html",
        422 if problem else 200,
        heading=f"Your case {found.reference}",
        case=found,
        token=token,
        text=text,
        problem=problem,
        sent=sent,
    )
    set_cookie(request, response, FORM, token)
    return response
