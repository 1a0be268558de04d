"""Checking who somebody is. Every refusal looks the same, whether the address is unknown, the password wrong or the
address locked after too many tries; a place from which too many wrong tries come is refused too."""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Engine, delete, or_, update
from sqlmodel import Session, col, func, select

from postroom.desk import second_factor
from postroom.desk.desk_record import note
from postroom.desk.passwords import password_fits
from postroom.desk.sessions import CODE, ENROLMENT, SignedIn, begin_session, end_session
from postroom.models.database import open_session
from postroom.models.officer import Officer
from postroom.models.settings import Settings
from postroom.models.sign_in import FailedTry

TRIES = 5
LOCKED_FOR = timedelta(minutes=15)
SOURCES_FORGOTTEN_AFTER = timedelta(days=1)

REFUSED = (
    "That email address and password do not go together, or the address is locked. "
    f"After {TRIES} wrong tries it is locked for {LOCKED_FOR.seconds // 60} minutes."
)
WRONG_CODE = (
    "That code is not right, or was used already. "
    f"After {TRIES} wrong tries your address is locked for {LOCKED_FOR.seconds // 60} minutes."
)


@dataclass(frozen=True)
class Came:
    """From where somebody comes: the network address, and what the browser seems to be."""

    source: str = ""
    browser: str = ""


@dataclass(frozen=True)
class Begun:
    """A session that began: its token, and what it still waits for."""

    token: str
    waits_for: str


def sign_in(
    engine: Engine, email: str, password: str, *, settings: Settings, now: datetime, came: Came = Came()
) -> Begun | None:
    """Start a session, or None where the address and password are refused. Where a second factor is wanted, the session
    opens nothing before that has come.

    The try is counted before the password is looked at, so that many tries at once can't get round the lock; and it is
    written down for an address that nobody has too, which takes as long.
    """
    if not settings.desk.sign_in.passwords or too_many(engine, came.source, settings=settings, now=now):
        return None
    officer, tried = _counted(engine, col(Officer.email) == email.strip().lower(), came, settings, now)
    right = password_fits(officer.password_hash if officer else "", password)
    if officer is None or not right:
        _failed(engine, officer, now)
        return None
    with open_session(engine) as session:
        _not_wrong(session, tried)
        begun = begin(session, officer, settings=settings, now=now, browser=came.browser)
        session.commit()
    return begun


def begin(
    session: Session,
    officer: Officer,
    *,
    settings: Settings,
    now: datetime,
    browser: str,
    by_provider: bool = False,
) -> Begun:
    """Start the session of somebody who has shown who they are, but for a second factor that may be wanted."""
    assert officer.id is not None
    asked = not (by_provider and settings.desk.sign_in.provider and settings.desk.sign_in.provider.second_factor)
    waits = "" if not asked else CODE if officer.totp_since else _enrolment(officer, settings)
    if not waits:
        _all_right(session, officer, "their council account" if by_provider else "a password", now)
    token = begin_session(
        session,
        officer.id,
        settings=settings.desk,
        now=now,
        waits_for=waits,
        browser=browser,
        by_provider=by_provider,
    )
    return Begun(token, waits)


def enter_code(
    engine: Engine, visitor: SignedIn, code: str, *, settings: Settings, now: datetime, came: Came
) -> str | None:
    """Take the second factor of somebody who gave a password, and return the token of the session that begins; None
    where the code is wrong or they are locked."""
    if not right_code(engine, visitor, code, settings=settings, now=now, came=came):
        return None
    with open_session(engine) as session:
        officer = session.get_one(Officer, visitor.officer_id)
        token = complete(session, officer, visitor.token, settings=settings, now=now, came=came)
        session.commit()
    return token


def right_code(engine: Engine, visitor: SignedIn, code: str, *, settings: Settings, now: datetime, came: Came) -> bool:
    """Whether a code of the second factor is right. Wrong tries count as those of passwords do."""

    def fits(officer: Officer) -> bool:
        with open_session(engine) as session:
            right = second_factor.take(session, officer, code, settings=settings, now=now)
            session.commit()
        return right

    return _proves(engine, visitor, fits, settings, now, came)


def right_password(
    engine: Engine, visitor: SignedIn, password: str, *, settings: Settings, now: datetime, came: Came
) -> bool:
    """Whether somebody who is signed in knows their password. Wrong tries count as those at the door do."""
    return _proves(engine, visitor, lambda officer: password_fits(officer.password_hash, password), settings, now, came)


def _proves(
    engine: Engine,
    visitor: SignedIn,
    fits: Callable[[Officer], bool],
    settings: Settings,
    now: datetime,
    came: Came,
) -> bool:
    if too_many(engine, came.source, settings=settings, now=now):
        return False
    officer, tried = _counted(engine, col(Officer.id) == visitor.officer_id, came, settings, now)
    if officer is None:
        return False
    if not fits(officer):
        _failed(engine, officer, now)
        return False
    with open_session(engine) as session:
        _not_wrong(session, tried)
        _open_lock(session, officer)
        session.commit()
    return True


def complete(session: Session, officer: Officer, half: str, *, settings: Settings, now: datetime, came: Came) -> str:
    """Put a whole session in the place of the one with the token `half`, which waited, and return its token."""
    assert officer.id is not None
    end_session(session, half)
    _all_right(session, officer, "a second factor", now)
    return begin_session(session, officer.id, settings=settings.desk, now=now, browser=came.browser)


def too_many(engine: Engine, source: str, *, settings: Settings, now: datetime) -> bool:
    """Whether so many wrong tries came from a network address of late that no more are taken."""
    recent = select(func.count(col(FailedTry.id))).where(
        FailedTry.source_digest == _source(source, settings), FailedTry.at > now - LOCKED_FOR
    )
    with open_session(engine, read_only=True) as session:
        return session.exec(recent).one() >= settings.desk.sign_in.tries_per_source


def count_try(session: Session, came: Came, settings: Settings, now: datetime) -> int:
    """Count one try against the place that it came from, and forget old ones. Returns its number."""
    session.connection().execute(delete(FailedTry).where(col(FailedTry.at) < now - SOURCES_FORGOTTEN_AFTER))
    tried = FailedTry(source_digest=_source(came.source, settings), at=now)
    session.add(tried)
    session.flush()
    assert tried.id is not None
    return tried.id


def _not_wrong(session: Session, tried: int) -> None:
    """A try that was counted before it was looked at was right."""
    session.connection().execute(delete(FailedTry).where(col(FailedTry.id) == tried))


def _enrolment(officer: Officer, settings: Settings) -> str:
    return ENROLMENT if second_factor.needs_one(officer, settings) else ""


def _open_lock(session: Session, officer: Officer) -> None:
    session.connection().execute(
        update(Officer).where(col(Officer.id) == officer.id).values(failed_sign_ins=0, locked_until=None)
    )


def _all_right(session: Session, officer: Officer, by_what: str, now: datetime) -> None:
    _open_lock(session, officer)
    note(session, "sign-in", f"{officer.name} signed in with {by_what}", by=officer.id, about=officer.id, now=now)


def _failed(engine: Engine, officer: Officer | None, now: datetime) -> None:
    if officer is None or officer.failed_sign_ins < TRIES:
        return
    with open_session(engine) as session:
        words = f"{officer.name} is locked for a while after {TRIES} wrong tries"
        note(session, "locked", words, by=None, about=officer.id, now=now)
        session.commit()


def _source(address: str, settings: Settings) -> str:
    return hmac.new(settings.signing_key.read().encode(), address.encode(), hashlib.sha256).hexdigest()


def _counted(
    engine: Engine, who: ColumnElement[bool], came: Came, settings: Settings, now: datetime
) -> tuple[Officer | None, int]:
    """The officer who may try now, None where there is none or they are locked; and the number of the try, which is
    counted in either case."""
    with open_session(engine) as session:
        tried = count_try(session, came, settings, now)
        officer = session.exec(
            select(Officer)
            .where(
                who,
                col(Officer.active),
                or_(col(Officer.locked_until).is_(None), col(Officer.locked_until) <= now),
            )
            .with_for_update()
        ).first()
        if officer is not None:
            if officer.locked_until is not None:
                officer.failed_sign_ins, officer.locked_until = 0, None
            officer.failed_sign_ins += 1
            if officer.failed_sign_ins >= TRIES:
                officer.locked_until = now + LOCKED_FOR
            session.add(officer)
        session.commit()
        return officer, tried
