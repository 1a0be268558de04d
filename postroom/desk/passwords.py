"""Passwords, and the links by which officers choose them. A link works once and for a short time; the table holds its
digest, and the mail with it loses its words as soon as the link is over."""

from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlmodel import Session, col, select

from postroom.desk.desk_record import note
from postroom.desk.sessions import digest, end_sessions, new_token
from postroom.models.failures import ImpossibleMove
from postroom.models.officer import Officer
from postroom.models.outgoing_mail import MailState, OutgoingMail
from postroom.models.settings import Settings
from postroom.models.sign_in import PasswordLink
from postroom.notifications.envelopes import usable_address
from postroom.notifications.outbox import Draft, Kind, post

LONGEST_PASSWORD = 256
NOT_AGAIN_WITHIN = timedelta(minutes=2)
"""Somebody who asks again and again gets one mail in this time."""
NO_LONGER_KEPT = b"Content-Type: text/plain; charset=utf-8\r\n\r\nThe words of this mail are no longer kept.\r\n"

# Of random bytes that were thrown away.
_NOBODYS_HASH = "$argon2id$v=19$m=65536,t=3,p=4$OLQnj9kZRHGWi897zK+AWQ$f8sncHVChk62fN7TBtw6TtVPUPPC9em7w2miZ9b2vGg"
_hasher = PasswordHasher()  # argon2id with the parameters of RFC 9106's second choice (64 MiB)


def hashed(password: str) -> str:
    return _hasher.hash(password)


def password_fits(password_hash: str, password: str) -> bool:
    """Whether `password` is the one that was hashed; none fits where there is no hash. Takes about 50 ms whatever the
    answer, so that nobody learns who works here, or who has a password."""
    try:
        return _hasher.verify(password_hash or _NOBODYS_HASH, password[:LONGEST_PASSWORD])
    except (VerificationError, InvalidHashError):
        return False


def wrong_with(password: str, settings: Settings, email: str = "") -> str:
    """Why a password can't be taken; empty where it can. Length alone counts (NIST SP 800-63B 3.1.1.2)."""
    shortest = settings.desk.sign_in.shortest_password
    if not shortest <= len(password) <= LONGEST_PASSWORD:
        return f"Choose a password of {shortest} to {LONGEST_PASSWORD} characters; got {len(password)}."
    if email and password.strip().lower() == email:
        return "Choose another password than your email address."
    return ""


def set_password(
    session: Session,
    officer: Officer,
    password: str,
    *,
    settings: Settings,
    by: int | None,
    now: datetime,
    but: str = "",
) -> None:
    """Take a new password, open the lock, make links for others void and end every session but that of the token `but`.
    Raises `ImpossibleMove` where it is too short or too long."""
    problem = wrong_with(password, settings, officer.email)
    if problem:
        raise ImpossibleMove(problem)
    assert officer.id is not None
    officer.password_hash, officer.failed_sign_ins, officer.locked_until = hashed(password), 0, None
    session.add(officer)
    end_sessions(session, officer.id, but=but)
    _void(session, select(PasswordLink).where(PasswordLink.officer_id == officer.id))
    note(session, "password", f"{officer.name} has a new password", by=by, about=officer.id, now=now)


def send_link(
    session: Session, officer: Officer, *, invitation: bool, settings: Settings, by: int | None, now: datetime
) -> bool:
    """Mail an officer a link to choose a password. False where they can't be reached, or were sent one just now."""
    assert officer.id is not None
    newest = select(PasswordLink.made_at).where(PasswordLink.officer_id == officer.id, PasswordLink.ends_at > now)
    last = session.exec(newest.order_by(col(PasswordLink.made_at).desc())).first()
    if not usable_address(officer.email) or (by is None and last is not None and last > now - NOT_AGAIN_WITHIN):
        return False
    _void(session, select(PasswordLink).where(PasswordLink.ends_at <= now))
    token, sign_in = new_token(), settings.desk.sign_in
    holds = timedelta(hours=sign_in.invitation_hours) if invitation else timedelta(minutes=sign_in.reset_minutes)
    mail = post(session, _draft(officer, token, invitation, holds, settings), settings=settings, now=now)
    link = PasswordLink(digest=digest(token), officer_id=officer.id, made_at=now, ends_at=now + holds)
    link.outgoing_mail_id = mail.id if mail else None
    session.add(link)
    words = "was invited" if invitation else "was sent a link for a new password"
    note(session, "password link", f"{officer.name} {words}", by=by, about=officer.id, now=now)
    return True


def officer_of_link(session: Session, token: str, now: datetime) -> Officer | None:
    """Who may choose a password with this token; None where it is unknown, used or over."""
    query = select(Officer).join(PasswordLink, col(PasswordLink.officer_id) == Officer.id)
    return session.exec(
        query.where(PasswordLink.digest == digest(token), PasswordLink.ends_at > now, col(Officer.active))
    ).first()


def _void(session: Session, links: object) -> None:
    """Delete links, and the words of the mails that hold them."""
    for link in session.exec(links).all():  # type: ignore[call-overload]
        mail = session.get(OutgoingMail, link.outgoing_mail_id) if link.outgoing_mail_id else None
        if mail is not None:
            mail.content = NO_LONGER_KEPT
            mail.state = MailState.WITHDRAWN if mail.state == MailState.WAITING else mail.state
            session.add(mail)
        session.delete(link)


def _draft(officer: Officer, token: str, invitation: bool, holds: timedelta, settings: Settings) -> Draft:
    minutes = round(holds.total_seconds() / 60)
    how_long = f"{minutes // 60} hours" if minutes >= 120 else f"{minutes} minutes"
    reason = (
        f"You can now work at the feedback desk of {settings.council.name}. To begin, choose a password here:"
        if invitation
        else f"Somebody, most likely you, asked for a new password at the feedback desk of {settings.council.name}. "
        "Choose it here:"
    )
    otherwise = (
        "If you did not expect this, tell your administrator."
        if invitation
        else "If it was not you, do nothing: your password stays as it is. If it comes again, tell your administrator."
    )
    return Draft(
        once=f"account:{digest(token)[:32]}",
        kind=Kind.ACCOUNT,
        recipient=officer.email,
        subject="Choose your password for the feedback desk" if invitation else "A new password for the feedback desk",
        text=f"Dear {officer.name},\n\n{reason}\n\n{settings.desk.public_url}/new-password?token={token}\n\n"
        f"The link works once, and for {how_long}.\n\n{otherwise}\n\n{settings.council.name}\n",
        letter="",
    )
