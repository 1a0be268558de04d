"""How many mails go to one domain in a minute, and which mails may be claimed now."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, text
from sqlmodel import Session, col, select

from postroom.models.outgoing_mail import OutgoingMail
from postroom.models.settings import Settings

MINUTE = timedelta(minutes=1)


def within_pace(settings: Settings, now: datetime) -> ColumnElement[bool]:
    """Holds for mails whose domain has room in the minute before `now`, and for those that go by post."""
    full = (
        select(OutgoingMail.domain)
        .where(col(OutgoingMail.tried_at) > now - MINUTE, OutgoingMail.domain != "")
        .group_by(col(OutgoingMail.domain))
        .having(func.count() >= settings.outgoing.mails_per_domain_and_minute)
    )
    return col(OutgoingMail.domain).not_in(full)


def free_from(session: Session, mail: OutgoingMail, settings: Settings, now: datetime) -> datetime:
    """The moment from which `mail` may be sent, `now` or later. Locks its domain until the caller commits, so that two
    workers don't both take the last place."""
    if not mail.domain:
        return now
    if session.get_bind().dialect.name == "postgresql":
        session.connection().execute(text("SELECT pg_advisory_xact_lock(hashtext(:d))"), {"d": f"pace {mail.domain}"})
    most = settings.outgoing.mails_per_domain_and_minute
    recent = (
        select(OutgoingMail.tried_at)
        .where(
            OutgoingMail.domain == mail.domain, col(OutgoingMail.tried_at) > now - MINUTE, OutgoingMail.id != mail.id
        )
        .order_by(col(OutgoingMail.tried_at).desc())
    )
    tried = session.exec(recent.offset(most - 1).limit(1)).first()
    return now if tried is None else tried + MINUTE
