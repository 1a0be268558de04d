"""The second factor: codes of an app on a telephone (TOTP, RFC 6238), and recovery codes for when it is lost.

The secret is encrypted with a key that comes from the signing key, so that the database alone gives no codes; a code is
taken once, and a recovery code too.
"""

import base64
import hashlib
import secrets
from datetime import datetime
from typing import TYPE_CHECKING

import pyotp
from sqlalchemy import delete, update
from sqlmodel import Session, col, func, select

from postroom.models.officer import Officer
from postroom.models.settings import Settings
from postroom.models.sign_in import RecoveryCode

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

STEP_SECONDS = 30
RECOVERY_CODES = 10
_RECOVERY_BYTES = 10


def needs_one(officer: Officer, settings: Settings) -> bool:
    """Whether their role must have a second factor."""
    return officer.role in settings.desk.sign_in.second_factor_for


def new_secret(officer: Officer, settings: Settings) -> str:
    """A secret to set up, kept with the officer until a code shows that their telephone has it. One that waits
    to be set up is given again, so that a page loaded twice shows the same."""
    if officer.totp_since is None and officer.totp_secret:
        secret = _secret_of(officer, settings)
        if secret is not None:
            return secret
    secret = pyotp.random_base32()
    officer.totp_secret = _cipher(settings).encrypt(secret.encode()).decode()
    officer.totp_since, officer.totp_step = None, 0
    return secret


def address_of(secret: str, officer: Officer, settings: Settings) -> str:
    """What the picture says to an app: otpauth://totp/…"""
    return pyotp.TOTP(secret).provisioning_uri(name=officer.email, issuer_name=f"{settings.council.name} feedback")


def picture(address: str) -> str:
    """`address` as an SVG element to stand in a page; it has neither script nor style."""
    import segno

    return str(segno.make(address, error="m").svg_inline(scale=5, border=4, dark="#000", light="#fff", omitsize=True))


def set_up(session: Session, officer: Officer, code: str, *, settings: Settings, now: datetime) -> list[str] | None:
    """Begin to ask for codes, where `code` shows that they can be made, and return new recovery codes; else None."""
    step = _step(officer, code, settings, now)
    if step is None:
        return None
    officer.totp_since, officer.totp_step = now, step
    session.add(officer)
    return _new_recovery_codes(session, officer)


def remove(session: Session, officer: Officer) -> None:
    """Ask for no codes any more, and forget the secret and the recovery codes."""
    officer.totp_secret, officer.totp_since, officer.totp_step = "", None, 0
    session.add(officer)
    session.connection().execute(delete(RecoveryCode).where(col(RecoveryCode.officer_id) == officer.id))


def take(session: Session, officer: Officer, code: str, *, settings: Settings, now: datetime) -> bool:
    """Whether `code` is right: one of the app, or a recovery code. Either is taken once."""
    step = _step(officer, code, settings, now)
    if step is None:
        return _take_recovery_code(session, officer, code, now)
    taken = session.connection().execute(
        update(Officer).where(col(Officer.id) == officer.id, col(Officer.totp_step) < step).values(totp_step=step)
    )
    return taken.rowcount == 1


def codes_left(session: Session, officer_id: int) -> int:
    """How many recovery codes are not used yet."""
    unused = select(func.count(col(RecoveryCode.id))).where(RecoveryCode.officer_id == officer_id)
    return session.exec(unused.where(col(RecoveryCode.used_at).is_(None))).one()


def _step(officer: Officer, code: str, settings: Settings, now: datetime) -> int | None:
    """The step that `code` is of: this one, the one before or the next, as clocks differ; None where it is wrong."""
    given = "".join(code.split())
    if not (given.isascii() and given.isdigit() and officer.totp_secret):
        return None
    secret = _secret_of(officer, settings)
    if secret is None:
        return None
    totp, current = pyotp.TOTP(secret), int(now.timestamp()) // STEP_SECONDS
    right = [s for s in (current - 1, current, current + 1) if secrets.compare_digest(totp.generate_otp(s), given)]
    return next((step for step in right if step > officer.totp_step), None)


def _new_recovery_codes(session: Session, officer: Officer) -> list[str]:
    session.connection().execute(delete(RecoveryCode).where(col(RecoveryCode.officer_id) == officer.id))
    codes = [base64.b32encode(secrets.token_bytes(_RECOVERY_BYTES)).decode().lower() for _ in range(RECOVERY_CODES)]
    session.add_all([RecoveryCode(officer_id=officer.id or 0, digest=_digest(code)) for code in codes])
    return ["-".join(code[at : at + 4] for at in range(0, len(code), 4)) for code in codes]


def _take_recovery_code(session: Session, officer: Officer, code: str, now: datetime) -> bool:
    unused = update(RecoveryCode).where(
        col(RecoveryCode.officer_id) == officer.id,
        col(RecoveryCode.digest) == _digest("".join(code.replace("-", "").split()).lower()),
        col(RecoveryCode.used_at).is_(None),
    )
    return session.connection().execute(unused.values(used_at=now)).rowcount == 1


def _digest(code: str) -> str:
    """A fast digest is enough for 80 random bits."""
    return hashlib.sha256(code.encode()).hexdigest()


def _secret_of(officer: Officer, settings: Settings) -> str | None:
    """None where it was encrypted with another signing key."""
    from cryptography.fernet import InvalidToken

    try:
        return _cipher(settings).decrypt(officer.totp_secret.encode()).decode()
    except InvalidToken:
        return None


def _cipher(settings: Settings) -> "Fernet":
    """Its libraries are slow to load, and most requests need no second factor."""
    from cryptography.fernet import Fernet
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    derived = HKDF(SHA256(), length=32, salt=None, info=b"postroom second factor")
    return Fernet(base64.urlsafe_b64encode(derived.derive(settings.signing_key.read().encode())))
