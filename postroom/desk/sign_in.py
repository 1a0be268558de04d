"""Checking who somebody is. Every refusal looks the same, whether the address is unknown, the password wrong or the
address locked after too many tries."""

from datetime import datetime, timedelta

from sqlalchemy import Engine, or_, update
from sqlmodel import col, select

from postroom.desk.officers import password_fits
from postroom.desk.sessions import begin_session
from postroom.models.database import open_session
from postroom.models.officer import Officer
from postroom.models.settings import Desk as DeskSettings

TRIES = 5
LOCKED_FOR = timedelta(minutes=15)

REFUSED = (
    "That email address and password do not go together, or the address is locked. "
    f"After {TRIES} wrong tries it is locked for {LOCKED_FOR.seconds // 60} minutes."
)

# Of random bytes that were thrown away: an unknown address takes as long as a known one.
_NOBODYS_HASH = "$argon2id$v=19$m=65536,t=3,p=4$OLQnj9kZRHGWi897zK+AWQ$f8sncHVChk62fN7TBtw6TtVPUPPC9em7w2miZ9b2vGg"


def sign_in(engine: Engine, email: str, password: str, *, settings: DeskSettings, now: datetime) -> str | None:
    """Start a session and return its token, or None where the address and password are refused.

    The try is counted before the password is looked at, so that many tries at once can't get round the lock.
    """
    officer = _counted(engine, email.strip().lower(), now)
    right = password_fits(officer.password_hash if officer else _NOBODYS_HASH, password)
    if officer is None or not right:
        return None
    assert officer.id is not None
    with open_session(engine) as session:
        session.connection().execute(
            update(Officer).where(col(Officer.id) == officer.id).values(failed_sign_ins=0, locked_until=None)
        )
        token = begin_session(session, officer.id, settings=settings, now=now)
        session.commit()
    return token


def _counted(engine: Engine, email: str, now: datetime) -> Officer | None:
    """The officer who may try now, the try counted; None where there is none or they are locked."""
    with open_session(engine) as session:
        officer = session.exec(
            select(Officer)
            .where(
                Officer.email == email,
                col(Officer.active),
                or_(col(Officer.locked_until).is_(None), col(Officer.locked_until) <= now),
            )
            .with_for_update()
        ).first()
        if officer is None:
            return None
        if officer.locked_until is not None:
            officer.failed_sign_ins, officer.locked_until = 0, None
        officer.failed_sign_ins += 1
        if officer.failed_sign_ins >= TRIES:
            officer.locked_until = now + LOCKED_FOR
        session.add(officer)
        session.commit()
        return officer
