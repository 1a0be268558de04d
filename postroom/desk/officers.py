"""The people who may sign in to the desk, and their passwords."""

from collections.abc import Sequence
from datetime import datetime

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlmodel import Session, col, select

from postroom.models.failures import ImpossibleMove
from postroom.models.officer import Officer, Role, TeamMember
from postroom.models.settings import Settings

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 256

_hasher = PasswordHasher()  # argon2id with the parameters of RFC 9106's second choice (64 MiB)


def add_officer(
    session: Session,
    settings: Settings,
    *,
    email: str,
    name: str,
    role: Role,
    password: str,
    now: datetime,
    teams: Sequence[str] = (),
) -> Officer:
    """Add an officer who can sign in at once. The caller commits. Raises `ImpossibleMove` with what is wrong."""
    email = email.strip().lower()
    problem = _problem(session, settings, email, name.strip(), password, teams)
    if problem:
        raise ImpossibleMove(problem)
    officer = Officer(email=email, name=name.strip(), role=role, password_hash=_hasher.hash(password), created_at=now)
    session.add(officer)
    session.flush()
    assert officer.id is not None
    session.add_all([TeamMember(officer_id=officer.id, team=team) for team in sorted(set(teams))])
    session.flush()
    return officer


def has_administrator(session: Session) -> bool:
    """Whether anybody active is an administrator."""
    query = select(Officer.id).where(Officer.role == Role.ADMINISTRATOR, col(Officer.active))
    return session.exec(query.limit(1)).first() is not None


def password_fits(password_hash: str, password: str) -> bool:
    """Whether `password` is the one that was hashed. Takes about 50 ms whatever the answer."""
    try:
        return _hasher.verify(password_hash, password[:LONGEST_PASSWORD])
    except (VerificationError, InvalidHashError):
        return False


def _problem(session: Session, settings: Settings, email: str, name: str, password: str, teams: Sequence[str]) -> str:
    local, _, domain = email.rpartition("@")
    if not local or not domain or any(letter.isspace() for letter in email):
        return f"Give an email address such as name@{settings.council.domain}; got {email or 'nothing'}."
    if not name:
        return "Give the officer's name."
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        return f"Choose a password of {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters; got {len(password)}."
    unknown = [team for team in teams if team not in settings.teams]
    if unknown:
        return f"Choose teams of the configuration; there is none called {', '.join(unknown)}."
    if session.exec(select(Officer.id).where(Officer.email == email)).first() is not None:
        return f"There is an officer with the address {email} already."
    return ""
