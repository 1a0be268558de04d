"""What somebody looks after themselves: password, second factor, sessions; and a password that was forgotten."""

from fastapi import BackgroundTasks, Request, Response
from sqlmodel import select

from postroom.desk import second_factor
from postroom.desk.cookies import FORM, SESSION, drop_cookie, read_cookie, set_cookie
from postroom.desk.desk_record import note
from postroom.desk.officers import find_officer
from postroom.desk.pages.sign_in import own_path, with_form_cookie
from postroom.desk.pages.visits import came_from
from postroom.desk.passwords import officer_of_link, send_link, set_password, wrong_with
from postroom.desk.rendering import go_to, page
from postroom.desk.rights import Form, Visitor
from postroom.desk.sessions import CODE, end_one, end_sessions, sessions_of
from postroom.desk.sign_in import WRONG_CODE, Came, complete, count_try, right_code, right_password, too_many
from postroom.desk.surroundings import Desk, Surroundings
from postroom.models.database import open_session
from postroom.models.failures import ImpossibleMove
from postroom.models.officer import Officer

_OVER = "This link was used already, or is too old. Ask for a new one."
_WRONG_PASSWORD = "That is not your password, or there were too many wrong tries."  # noqa: S105 - a sentence
_NOT_ALIKE = "The two passwords are not alike."


def show_account(request: Request, desk: Desk, visitor: Visitor) -> Response:
    """Who they are here, how they sign in, and where they are signed in."""
    return _account(request, desk, visitor.officer_id, visitor.token)


def show_password(request: Request) -> Response:
    """The form to change one's password."""
    return _password_form(request)


def change_password(request: Request, desk: Desk, visitor: Visitor, form: Form) -> Response:
    """Take a new password from somebody who knows the old one; their other sessions end."""
    now, settings, new = desk.now(), desk.settings, form.get("new_password", "")
    problem = wrong_with(new, settings)
    if problem:
        return _password_form(request, ("new_password", problem))
    if new != form.get("again", ""):
        return _password_form(request, ("again", _NOT_ALIKE))
    old = form.get("password", "")
    if not right_password(desk.engine, visitor, old, settings=settings, now=now, came=came_from(request)):
        return _password_form(request, ("password", _WRONG_PASSWORD))
    try:
        with open_session(desk.engine) as session:
            officer = find_officer(session, visitor.officer_id)
            set_password(session, officer, new, settings=settings, by=officer.id, now=now, but=visitor.token)
            session.commit()
    except ImpossibleMove as refused:
        return _password_form(request, ("new_password", str(refused)))
    return go_to("/account", "password-changed")


def end_session_elsewhere(desk: Desk, visitor: Visitor, form: Form) -> Response:
    """End one of one's own sessions, or all but this one."""
    with open_session(desk.engine) as session:
        if form.get("handle") == "others":
            end_sessions(session, visitor.officer_id, but=visitor.token)
        else:
            end_one(session, visitor.officer_id, form.get("handle", ""))
        session.commit()
    return go_to("/account", "session-ended")


def show_second_factor(request: Request, desk: Desk, visitor: Visitor, next: str = "/account") -> Response:
    """The picture and the secret that an app needs, where none is set up yet."""
    if visitor.waits_for == CODE:
        return go_to("/sign-in/code")
    return _enrolment(request, desk, visitor.officer_id, visitor.csrf_token, next)


def set_up_second_factor(request: Request, desk: Desk, visitor: Visitor, form: Form) -> Response:
    """Begin to ask for codes, where the first one is right, and show the recovery codes, once."""
    if visitor.waits_for == CODE:
        return go_to("/sign-in/code")
    after, now, new_session = own_path(form.get("next", "/account")), desk.now(), ""
    with open_session(desk.engine) as session:
        officer = find_officer(session, visitor.officer_id)
        if officer.totp_since is not None:
            return go_to("/account")
        codes = second_factor.set_up(session, officer, form.get("code", ""), settings=desk.settings, now=now)
        if codes is not None:
            words = f"{officer.name} set up a second factor"
            note(session, "second factor", words, by=officer.id, about=officer.id, now=now)
            if visitor.waits_for:
                came = came_from(request)
                new_session = complete(session, officer, visitor.token, settings=desk.settings, now=now, came=came)
        session.commit()
    if codes is None:
        problem = "That code is not right. Enter the one that the app shows now."
        return _enrolment(request, desk, visitor.officer_id, visitor.csrf_token, after, problem)
    response = page(request, "recovery-codes.html", heading="Keep your recovery codes", codes=codes, after=after)
    if new_session:
        set_cookie(request, response, SESSION, new_session)
    return response


def remove_second_factor(request: Request, desk: Desk, visitor: Visitor, form: Form) -> Response:
    """Take away one's own second factor, to set up another. Where it is needed, they sign in anew."""
    now, settings = desk.now(), desk.settings
    if not right_code(desk.engine, visitor, form.get("code", ""), settings=settings, now=now, came=came_from(request)):
        return _account(request, desk, visitor.officer_id, visitor.token, WRONG_CODE)
    with open_session(desk.engine) as session:
        officer = find_officer(session, visitor.officer_id)
        needed = second_factor.needs_one(officer, settings)
        second_factor.remove(session, officer)
        end_sessions(session, visitor.officer_id, but="" if needed else visitor.token)
        words = f"{officer.name} took away their second factor"
        note(session, "second factor", words, by=officer.id, about=officer.id, now=now)
        session.commit()
    return go_to("/sign-in" if needed else "/second-factor", "second-factor-removed")


def show_forgotten(request: Request) -> Response:
    """Ask for the address that a link is sent to."""
    return with_form_cookie(
        request, lambda token: page(request, "forgotten.html", heading="Forgotten password", token=token)
    )


def send_forgotten(request: Request, desk: Desk, form: Form, afterwards: BackgroundTasks) -> Response:
    """Say the same whether there is such an officer or not, and take as long: the mail is written afterwards."""
    if desk.settings.desk.sign_in.passwords:
        afterwards.add_task(_send_link, desk, form.get("email", ""), came_from(request))
    return page(request, "forgotten-sent.html", heading="Look at your mail")


def show_new_password(request: Request, desk: Desk, token: str = "") -> Response:
    """The form of a link. Opening it changes nothing, as some mail gateways open every link."""
    with open_session(desk.engine, read_only=True) as session:
        officer = officer_of_link(session, token, desk.now())
    if officer is None:
        return page(request, "forgotten-over.html", 410, heading="This link is over", problem=_OVER)
    return with_form_cookie(request, lambda form_token: _new_password_form(request, form_token, token))


def set_new_password(request: Request, desk: Desk, form: Form) -> Response:
    """Take the password of a link, which is over with this."""
    now, settings, token, new = desk.now(), desk.settings, form.get("token", ""), form.get("new_password", "")
    problem = ("new_password", wrong_with(new, settings))
    if not problem[1] and new != form.get("again", ""):
        problem = ("again", _NOT_ALIKE)
    if problem[1]:
        return _new_password_form(request, read_cookie(request, FORM), token, problem)
    try:
        with open_session(desk.engine) as session:
            officer = officer_of_link(session, token, now)
            if officer is None:
                return page(request, "forgotten-over.html", 410, heading="This link is over", problem=_OVER)
            set_password(session, officer, new, settings=settings, by=officer.id, now=now)
            session.commit()
    except ImpossibleMove as refused:
        return _new_password_form(request, read_cookie(request, FORM), token, ("new_password", str(refused)))
    response = go_to("/sign-in", "password-chosen")
    drop_cookie(request, response, SESSION)
    return response


def _send_link(desk: Surroundings, email: str, came: Came) -> None:
    now = desk.now()
    if too_many(desk.engine, came.source, settings=desk.settings, now=now):
        return
    with open_session(desk.engine) as session:
        count_try(session, came, desk.settings, now)
        officer = session.exec(select(Officer).where(Officer.email == email.strip().lower())).first()
        if officer is not None and officer.active:
            send_link(session, officer, invitation=False, settings=desk.settings, by=None, now=now)
        session.commit()


def _account(request: Request, desk: Surroundings, officer_id: int, token: str, problem: str = "") -> Response:
    settings = desk.settings
    with open_session(desk.engine, read_only=True) as session:
        officer = find_officer(session, officer_id)
        sessions = sessions_of(session, officer_id, settings=settings.desk, now=desk.now(), token=token)
        left = second_factor.codes_left(session, officer_id)
    return page(
        request,
        "account.html",
        422 if problem else 200,
        heading="Your account",
        officer=officer,
        sessions=sessions,
        codes_left=left,
        needed=second_factor.needs_one(officer, settings),
        problem=problem,
    )


def _enrolment(
    request: Request, desk: Surroundings, officer_id: int, token: str, after: str, problem: str = ""
) -> Response:
    with open_session(desk.engine) as session:
        officer = find_officer(session, officer_id)
        if officer.totp_since is not None:
            return go_to("/account")
        secret = second_factor.new_secret(officer, desk.settings)
        session.add(officer)
        session.commit()
    return page(
        request,
        "second-factor.html",
        422 if problem else 200,
        heading="Set up a second factor",
        token=token,
        after=own_path(after),
        picture=second_factor.picture(second_factor.address_of(secret, officer, desk.settings)),
        secret=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        needed=second_factor.needs_one(officer, desk.settings),
        problem=problem,
    )


def _password_form(request: Request, problem: tuple[str, str] = ("", "")) -> Response:
    status = 422 if problem[1] else 200
    return page(request, "password.html", status, heading="Change your password", problem=problem)


def _new_password_form(request: Request, form_token: str, token: str, problem: tuple[str, str] = ("", "")) -> Response:
    status = 422 if problem[1] else 200
    return page(
        request,
        "new-password.html",
        status,
        heading="Choose a password",
        form_token=form_token,
        token=token,
        problem=problem,
    )
