"""How many mails go to one domain in a minute, and which mails may be claimed now."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, bindparam, func, text
from sqlmodel import Session, col, select

from postroom.models.outgoing_mail import OutgoingMail
from postroom.models.settings import Settings

MINUTE = timedelta(minutes=1)


_FULL = (
    select(OutgoingMail.domain)
    .where(col(OutgoingMail.tried_at) > bindparam("minute_ago"), OutgoingMail.domain != "")
    .group_by(col(OutgoingMail.domain))
    .having(func.count() >= bindparam("at_most"))
)
WITHIN_PACE: ColumnElement[bool] = col(OutgoingMail.domain).not_in(_FULL)
"""Holds for mails whose domain has room in this minute, and for those that go by post; with the values of `pace`."""

_TRIED = (
    select(OutgoingMail.tried_at)
    .where(
        OutgoingMail.domain == bindparam("domain"),
        col(OutgoingMail.tried_at) > bindparam("minute_ago"),
        OutgoingMail.id != bindparam("mail_id"),
    )
    .order_by(col(OutgoingMail.tried_at).desc())
    .offset(bindparam("before"))
    .limit(1)
)


def pace(settings: Settings, now: datetime) -> dict[str, object]:
    """The minute before `now`, and how many mails a domain gets in one."""
    return {"minute_ago": now - MINUTE, "at_most": settings.outgoing.mails_per_domain_and_minute}


def free_from(session: Session, mail: OutgoingMail, settings: Settings, now: datetime) -> datetime:
    """The moment from which `mail` may be sent, `now` or later. Locks its domain until the caller commits, so that two
    workers don't both take the last place."""
    if not mail.domain:
        return now
    if session.get_bind().dialect.name == "postgresql":
        session.connection().execute(text("SELECT pg_advisory_xact_lock(hashtext(:d))"), {"d": f"pace {mail.domain}"})
    before = settings.outgoing.mails_per_domain_and_minute - 1
    wanted = {"domain": mail.domain, "minute_ago": now - MINUTE, "mail_id": mail.id, "before": before}
    tried = session.exec(_TRIED, params=wanted).first()
    return now if tried is None else tried + MINUTE
