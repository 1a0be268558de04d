"""What was done about people and the desk itself, each in one line: append-only, for administrators and auditors."""

from datetime import datetime

from sqlmodel import Session

from postroom.models.sign_in import DeskEvent


def note(session: Session, kind: str, summary: str, *, by: int | None, about: int | None, now: datetime) -> None:
    """Write one line, in the transaction of what it tells. `by` is who did it, None where nobody is signed in."""
    session.add(DeskEvent(at=now, officer_id=by, about_id=about, kind=kind, summary=summary))
