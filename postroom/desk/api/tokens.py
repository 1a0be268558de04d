"""The keys of other programs. A token acts by the rights of an officer, within its scopes."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from postroom.desk.desk_record import note
from postroom.desk.sessions import SignedIn, digest
from postroom.models.database import open_session
from postroom.models.failures import ImpossibleMove, NotFound
from postroom.models.interface import ApiToken, Scope
from postroom.models.officer import Officer, Role, TeamMember, is_member
from postroom.models.settings import Settings

PREFIX = "postroom_"
"""By which scanners of source code know a token that was put there by mistake."""
USED_AGAIN_AFTER = timedelta(days=1)


@dataclass(frozen=True)
class Caller:
    """Whose rights a request has, and what its token is for."""

    officer: SignedIn
    scopes: frozenset[Scope]


def add_token(
    session: Session, name: str, email: str, scopes: Sequence[Scope], *, now: datetime, made_by: str = ""
) -> str:
    """Make a token and return it: nobody can read it again. `made_by`: the account on the machine. Raises `NotFound` or
    `ImpossibleMove`."""
    officer = session.exec(select(Officer).where(Officer.email == email.strip().lower())).first()
    if officer is None or officer.id is None:
        raise NotFound(f"There is no officer {email}.")
    if session.exec(select(ApiToken).where(ApiToken.name == name)).first() is not None:
        raise ImpossibleMove(f"There is a token called {name}, or there was. Choose another name.")
    if not scopes or not name.strip():
        raise ImpossibleMove("A token needs a name and at least one scope.")
    token = PREFIX + secrets.token_urlsafe(32)
    session.add(
        ApiToken(
            name=name,
            officer_id=officer.id,
            token_digest=digest(token),
            scopes=sorted(set(scopes)),
            created_at=now,
            made_by=made_by,
        )
    )
    note(session, "token", f"The token {name} was made, by {officer.name}'s rights", by=None, about=officer.id, now=now)
    session.flush()
    return token


def revoke_token(session: Session, name: str, *, now: datetime, by: int | None = None) -> None:
    """Let a token hold no longer. `by`: the administrator who does it, if not a technician. Raises `NotFound`."""
    token = session.exec(select(ApiToken).where(ApiToken.name == name, col(ApiToken.revoked_at).is_(None))).first()
    if token is None:
        raise NotFound(f"There is no token {name}.")
    token.revoked_at = now
    session.add(token)
    note(session, "token", f"The token {name} was revoked", by=by, about=token.officer_id, now=now)


def tokens(session: Session) -> list[tuple[ApiToken, str]]:
    """All tokens with their officers' addresses, by name."""
    query = select(ApiToken, Officer.email).join(Officer, col(Officer.id) == ApiToken.officer_id)
    return list(session.exec(query.order_by(col(ApiToken.name))))


def caller(engine: Engine, token: str, *, settings: Settings, now: datetime) -> Caller | None:
    """Who calls with `token`; None where it holds no longer, or its officer has left."""
    with open_session(engine, read_only=True) as session:
        found = session.exec(
            select(ApiToken, Officer)
            .join(Officer, col(Officer.id) == ApiToken.officer_id)
            .where(ApiToken.token_digest == digest(token), col(ApiToken.revoked_at).is_(None), col(Officer.active))
        ).first()
        if found is None:
            return None
        row, officer = found
        assert officer.id is not None
        today = now.astimezone(settings.council.zone).date()
        teams = session.exec(select(TeamMember.team).where(TeamMember.officer_id == officer.id, is_member(today))).all()
    if row.used_at is None or now - row.used_at >= USED_AGAIN_AFTER:
        _used(engine, row, now)
    signed = SignedIn(officer.id, officer.name, Role(officer.role), frozenset(teams), csrf_token="", token="")
    return Caller(signed, frozenset(map(Scope, row.scopes)))


def _used(engine: Engine, row: ApiToken, now: datetime) -> None:
    with open_session(engine) as session:
        row.used_at = now
        session.add(session.merge(row))
        session.commit()
