"""Sessions on the server: the cookie holds a random token, the table only the token's digest.

A session ends after `desk.idle_minutes` without a request and `desk.absolute_hours` after its start, or when its
officer signs out or is no longer active.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine, delete, or_
from sqlmodel import Session, col, select

from postroom.models.database import open_session
from postroom.models.officer import DeskSession, Officer, Role, TeamMember
from postroom.models.settings import Desk as DeskSettings

SEEN_AGAIN_AFTER = timedelta(minutes=1)
"""A session's last use is written at most this often, so that reading a page seldom writes."""


@dataclass(frozen=True)
class SignedIn:
    """Who is signed in, and with which session."""

    officer_id: int
    name: str
    role: Role
    teams: frozenset[str]
    csrf_token: str
    token: str


def new_token() -> str:
    return secrets.token_urlsafe(32)


def begin_session(session: Session, officer_id: int, *, settings: DeskSettings, now: datetime) -> str:
    """Start a session and return the token for the cookie. Sessions that ended long ago are swept out."""
    token = new_token()
    idle, absolute = _oldest(settings, now)
    ended = or_(col(DeskSession.seen_at) < idle, col(DeskSession.created_at) < absolute)
    session.connection().execute(delete(DeskSession).where(ended))
    session.add(
        DeskSession(
            token_digest=_digest(token), officer_id=officer_id, csrf_token=new_token(), created_at=now, seen_at=now
        )
    )
    session.flush()
    return token


def signed_in(engine: Engine, token: str, *, settings: DeskSettings, now: datetime) -> SignedIn | None:
    """Who holds `token`, or None where its session does not exist or is over."""
    if not token:
        return None
    with open_session(engine, read_only=True) as session:
        found = session.exec(
            select(DeskSession, Officer)
            .join(Officer, col(Officer.id) == DeskSession.officer_id)
            .where(DeskSession.token_digest == _digest(token), col(Officer.active))
        ).first()
        if found is None:
            return None
        row, officer = found
        idle, absolute = _oldest(settings, now)
        if row.seen_at < idle or row.created_at < absolute:
            return None
        assert officer.id is not None
        teams = session.exec(select(TeamMember.team).where(TeamMember.officer_id == officer.id)).all()
    if now - row.seen_at >= SEEN_AGAIN_AFTER:
        _seen(engine, row.token_digest, now)
    return SignedIn(officer.id, officer.name, Role(officer.role), frozenset(teams), row.csrf_token, token)


def end_session(session: Session, token: str) -> None:
    """End the session that `token` holds; does nothing where there is none."""
    session.connection().execute(delete(DeskSession).where(col(DeskSession.token_digest) == _digest(token)))


def _seen(engine: Engine, token_digest: str, now: datetime) -> None:
    with open_session(engine) as session:
        row = session.get(DeskSession, token_digest)
        if row is not None:
            row.seen_at = now
            session.add(row)
            session.commit()


def _oldest(settings: DeskSettings, now: datetime) -> tuple[datetime, datetime]:
    """The earliest last use and the earliest start of a session that still holds."""
    return now - timedelta(minutes=settings.idle_minutes), now - timedelta(hours=settings.absolute_hours)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
