"""Who may follow a case: whoever reads the mail of the address on record, which a code sent there proves.

Nobody learns here whether a case exists: an unknown reference is answered like a known one, with no mail sent. A
reference can be guessed, so a case has few codes in an hour and a code few tries.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine, delete
from sqlmodel import Session, col, func, select

from postroom.desk.queries.sight import first_message_id
from postroom.models.case import Case
from postroom.models.database import open_session
from postroom.models.following import FollowCode, FollowVisit
from postroom.models.message import Message
from postroom.models.settings import Settings
from postroom.notifications.follow_codes import send_code

CODES_AN_HOUR = 3
TRIES = 5
DIGITS = 6


@dataclass(frozen=True)
class Following:
    """Who follows which case, by the address that the code went to."""

    case_id: int
    address: str
    token: str


def ask_for_code(engine: Engine, reference: str, *, settings: Settings, now: datetime) -> None:
    """Send a code to the address on record of the case with `reference`. Does nothing where there is no such case, no
    address, or where it had its codes of this hour."""
    with open_session(engine) as session:
        found = _case_and_address(session, reference)
        if found is None or _codes_since(session, found[0], now - timedelta(hours=1)) >= CODES_AN_HOUR:
            return
        case_id, address = found
        digits = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
        code = FollowCode(
            case_id=case_id, address=address, code_digest=_code_digest(case_id, digits, settings), made_at=now
        )
        session.add(code)
        session.flush()
        assert code.id is not None
        send_code(session, code.id, address, reference, digits, settings=settings, now=now)
        session.commit()


def begin(engine: Engine, reference: str, digits: str, *, settings: Settings, now: datetime) -> str | None:
    """Begin a visit and return its token; None where `digits` are not the newest code of the case. The try is counted
    before the code is looked at."""
    with open_session(engine) as session:
        query = (
            select(FollowCode)
            .join(Case, col(Case.id) == FollowCode.case_id)
            .where(Case.reference == reference)
            .order_by(col(FollowCode.id).desc())
            .limit(1)
            .with_for_update(of=FollowCode)
        )
        code = session.exec(query).first()
        old = now - timedelta(minutes=settings.residents.code_minutes)
        if code is None or code.used or code.tries >= TRIES or code.made_at < old:
            return None
        code.tries += 1
        right = hmac.compare_digest(code.code_digest, _code_digest(code.case_id, digits, settings))
        token = _visit(session, code, settings, now) if right else None
        session.add(code)
        session.commit()
        return token


def following(engine: Engine, token: str, *, settings: Settings, now: datetime) -> Following | None:
    """Whose visit `token` is; None where there is none, or it is over."""
    if not token:
        return None
    with open_session(engine, read_only=True) as session:
        visit = session.get(FollowVisit, _digest(token))
    if visit is None or visit.began_at < _oldest(settings, now):
        return None
    return Following(visit.case_id, visit.address, token)


def leave(engine: Engine, token: str) -> None:
    """End a visit; does nothing where there is none."""
    with open_session(engine) as session:
        session.connection().execute(delete(FollowVisit).where(col(FollowVisit.token_digest) == _digest(token)))
        session.commit()


def _case_and_address(session: Session, reference: str) -> tuple[int, str] | None:
    query = (
        select(Case.id, Message.sender_email)
        .join(Message, col(Message.id) == first_message_id)
        .where(Case.reference == reference)
    )
    found = session.exec(query).first()
    if found is None or found[0] is None or not found[1]:
        return None
    return found[0], found[1].lower()


def _codes_since(session: Session, case_id: int, since: datetime) -> int:
    session.exec(select(Case.id).where(Case.id == case_id).with_for_update()).one()
    made = select(func.count(col(FollowCode.id))).where(FollowCode.case_id == case_id, FollowCode.made_at > since)
    return session.exec(made).one()


def _visit(session: Session, code: FollowCode, settings: Settings, now: datetime) -> str:
    code.used = True
    session.connection().execute(delete(FollowVisit).where(col(FollowVisit.began_at) < _oldest(settings, now)))
    token = secrets.token_urlsafe(32)
    session.add(
        FollowVisit(
            token_digest=_digest(token),
            case_id=code.case_id,
            address=code.address,
            began_at=now,
        )
    )
    return token


def _oldest(settings: Settings, now: datetime) -> datetime:
    return now - timedelta(minutes=settings.residents.visit_minutes)


def _code_digest(case_id: int, digits: str, settings: Settings) -> str:
    return hmac.new(settings.signing_key.read().encode(), f"follow:{case_id}:{digits}".encode(), "sha256").hexdigest()


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
