"""Sessions on the server: the cookie holds a random token, the table only the token's digest.

A session ends after `desk.idle_minutes` without a request and `desk.absolute_hours` after its start, or when its
officer signs out, ends it from elsewhere, changes the password or is no longer active. While the second factor is still
to come (`waits_for`), it opens nothing else, and ends soon.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine, delete, or_
from sqlmodel import Session, col, select

from postroom.models.database import open_session
from postroom.models.officer import DeskSession, Officer, Role, TeamMember, is_member
from postroom.models.settings import Desk as DeskSettings
from postroom.models.settings import Settings

SEEN_AGAIN_AFTER = timedelta(minutes=1)
"""A session's last use is written at most this often, so that reading a page seldom writes."""
HALF_SIGNED_IN_FOR = timedelta(minutes=15)
"""How long somebody has for the second factor."""

CODE, ENROLMENT = "code", "enrolment"
"""What a session may wait for: a code of the second factor, or that it is set up."""


@dataclass(frozen=True)
class SignedIn:
    """Who is signed in, and with which session. `waits_for` is empty, or what is still to come."""

    officer_id: int
    name: str
    role: Role
    teams: frozenset[str]
    csrf_token: str
    token: str
    waits_for: str = ""


@dataclass(frozen=True)
class OwnSession:
    """One of somebody's sessions, for a list of them."""

    handle: str
    browser: str
    created_at: datetime
    seen_at: datetime
    current: bool


def new_token() -> str:
    return secrets.token_urlsafe(32)


def begin_session(
    session: Session,
    officer_id: int,
    *,
    settings: DeskSettings,
    now: datetime,
    waits_for: str = "",
    browser: str = "",
    by_provider: bool = False,
) -> str:
    """Start a session and return the token for the cookie. Sessions that ended long ago are swept out."""
    token = new_token()
    idle, absolute = _oldest(settings, now)
    ended = or_(col(DeskSession.seen_at) < idle, col(DeskSession.created_at) < absolute)
    session.connection().execute(delete(DeskSession).where(ended))
    session.add(
        DeskSession(
            token_digest=digest(token),
            officer_id=officer_id,
            csrf_token=new_token(),
            created_at=now,
            seen_at=now,
            waits_for=waits_for,
            browser=browser,
            by_provider=by_provider,
        )
    )
    session.flush()
    return token


def signed_in(engine: Engine, token: str, *, settings: Settings, now: datetime) -> SignedIn | None:
    """Who holds `token`, or None where its session does not exist or is over."""
    if not token:
        return None
    with open_session(engine, read_only=True) as session:
        found = session.exec(
            select(DeskSession, Officer)
            .join(Officer, col(Officer.id) == DeskSession.officer_id)
            .where(DeskSession.token_digest == digest(token), col(Officer.active))
        ).first()
        if found is None:
            return None
        row, officer = found
        if not _holds(row, settings.desk, now):
            return None
        assert officer.id is not None
        today = now.astimezone(settings.council.zone).date()
        of_officer = select(TeamMember.team).where(TeamMember.officer_id == officer.id)
        teams = session.exec(of_officer.where(is_member(today))).all()
    if now - row.seen_at >= SEEN_AGAIN_AFTER:
        _seen(engine, row.token_digest, now)
    role = Role(officer.role)
    return SignedIn(officer.id, officer.name, role, frozenset(teams), row.csrf_token, token, row.waits_for)


def end_session(session: Session, token: str) -> None:
    """End the session that `token` holds; does nothing where there is none."""
    session.connection().execute(delete(DeskSession).where(col(DeskSession.token_digest) == digest(token)))


def end_sessions(session: Session, officer_id: int, *, but: str = "") -> None:
    """End all of an officer's sessions, but for the one that the token `but` holds."""
    theirs = delete(DeskSession).where(col(DeskSession.officer_id) == officer_id)
    session.connection().execute(theirs.where(col(DeskSession.token_digest) != digest(but)))


def end_one(session: Session, officer_id: int, handle: str) -> None:
    """End the session of an officer that `sessions_of` called `handle`; does nothing where there is none."""
    theirs = delete(DeskSession).where(col(DeskSession.officer_id) == officer_id)
    session.connection().execute(theirs.where(col(DeskSession.token_digest) == handle))


def sessions_of(
    session: Session, officer_id: int, *, settings: DeskSettings, now: datetime, token: str = ""
) -> list[OwnSession]:
    """An officer's sessions that hold now, the last used first; `token` is that of the session that asks."""
    rows = session.exec(
        select(DeskSession).where(DeskSession.officer_id == officer_id).order_by(col(DeskSession.seen_at).desc())
    )
    return [
        OwnSession(row.token_digest, row.browser, row.created_at, row.seen_at, row.token_digest == digest(token))
        for row in rows
        if _holds(row, settings, now)
    ]


def _seen(engine: Engine, token_digest: str, now: datetime) -> None:
    with open_session(engine) as session:
        row = session.get(DeskSession, token_digest)
        if row is not None:
            row.seen_at = now
            session.add(row)
            session.commit()


def _holds(row: DeskSession, settings: DeskSettings, now: datetime) -> bool:
    idle, absolute = _oldest(settings, now)
    half = row.waits_for and row.created_at < now - HALF_SIGNED_IN_FOR
    return row.seen_at >= idle and row.created_at >= absolute and not half


def _oldest(settings: DeskSettings, now: datetime) -> tuple[datetime, datetime]:
    """The earliest last use and the earliest start of a session that still holds."""
    return now - timedelta(minutes=settings.idle_minutes), now - timedelta(hours=settings.absolute_hours)


def digest(token: str) -> str:
    """What a table keeps of a random token: whoever reads the table can't use it."""
    return hashlib.sha256(token.encode()).hexdigest()
