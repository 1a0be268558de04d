"""Letters that came back. A bounce marks its letter and shows on the case; it moves no clock and changes no state."""

from datetime import datetime

from sqlmodel import Session

from postroom.casework.history import record
from postroom.casework.reading import find_case
from postroom.models.message import Message
from postroom.models.outgoing_mail import Bounce, OutgoingMail


def note_bounce(
    session: Session, mail: OutgoingMail, kind: Bounce, reason: str, *, message: Message, now: datetime
) -> bool:
    """Mark `mail` as come back, as `message` says; False where that is known already. A hard bounce outweighs a soft
    one, and an officer has to read it."""
    if kind == Bounce.NONE or mail.bounce_kind in (kind, Bounce.HARD):
        return False
    mail.bounced_at, mail.bounce_kind, mail.bounce_reason = now, kind, reason
    session.add(mail)
    if message.case_id is not None and kind == Bounce.HARD:
        message.to_read = True
        session.add(message)
    if mail.case_id is not None:
        late = "is late or could not be delivered for now" if kind == Bounce.SOFT else "could not be delivered"
        record(
            session,
            find_case(session, mail.case_id),
            kind="letter bounced",
            summary=f"A letter {late}",
            actor="filing",
            now=now,
            after={"mail": mail.id, "bounce": kind, "message": message.id},
            words=f"to {mail.recipient}" + (f": {reason}" if reason else ""),
        )
    return True
