"""The mail with the code by which a resident follows their case."""

from datetime import datetime

from sqlmodel import Session

from postroom.models.settings import Settings
from postroom.notifications.letters import CodeFacts, render
from postroom.notifications.outbox import Draft, Kind, post

FOLLOW_CODE = "follow-code"


def send_code(
    session: Session, code_id: int, recipient: str, reference: str, code: str, *, settings: Settings, now: datetime
) -> None:
    """Put the mail with `code` into the outbox. Leaves the commit to its caller. It belongs to no case's page, since
    whoever reads it could follow the case. Raises `ConfigurationError` where the council's letter can't be written."""
    letter = render(settings, FOLLOW_CODE, CodeFacts(reference, code, settings.residents.code_minutes))
    draft = Draft(
        once=f"follow-code:{code_id}",
        kind=Kind.NOTICE,
        recipient=recipient,
        subject=letter.subject,
        text=letter.text,
        letter=FOLLOW_CODE,
        version=letter.version,
    )
    post(session, draft, settings=settings, now=now)
