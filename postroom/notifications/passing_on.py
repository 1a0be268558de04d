"""Praise passed on to the managers of the team that it is about."""

import logging
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Engine, bindparam
from sqlmodel import Session, col, func, select

from postroom.casework.reading import first_message
from postroom.models.case import Case
from postroom.models.database import open_session
from postroom.models.failures import ConfigurationError
from postroom.models.officer import Officer, Role, TeamMember, is_member
from postroom.models.outgoing_mail import OutgoingMail
from postroom.models.settings import Settings
from postroom.notifications import letters
from postroom.notifications.envelopes import usable_address
from postroom.notifications.outbox import Draft, Kind, post
from postroom.notifications.owed import PASSED_ON
from postroom.notifications.undo_window import free_since
from postroom.notifications.walking import locked, one_by_one

log = logging.getLogger(__name__)

WITHIN = timedelta(days=7)
"""Praise that was confirmed longer ago is not passed on any more, as where a team had no manager."""
LONGEST = 4000
"""Characters of what somebody wrote; the rest is on the desk."""


def write_one(engine: Engine, settings: Settings, now: datetime) -> bool:
    """Write the notices about one case. False where none are due."""
    return any(_write(engine, settings, id_, now) for id_ in one_by_one(engine, _untold(settings, now)))


def _untold(settings: Settings, now: datetime) -> Any:
    """The first confirmed case after `after` with praise that nobody was told of, of a team that has a manager."""
    told = select(OutgoingMail.id).where(OutgoingMail.case_id == Case.id, OutgoingMail.kind == Kind.NOTICE)
    manager = (
        select(TeamMember.id)
        .join(Officer, col(Officer.id) == TeamMember.officer_id)
        .where(TeamMember.team == Case.team, Officer.role == Role.MANAGER, col(Officer.active), _today(settings, now))
    )
    return (
        select(Case.id)
        .where(
            col(Case.type).in_(settings.outgoing.passed_on_types),
            col(Case.confirmed_at) > now - WITHIN,
            col(Case.confirmed_at) <= free_since(now, settings),
            func.coalesce(Case.merged_into_id, 0) == 0,  # its index holds nearly all cases
            ~told.exists(),
            manager.exists(),
            col(Case.id) > bindparam("after"),
        )
        .order_by(col(Case.id))
        .limit(1)
    )


def _write(engine: Engine, settings: Settings, case_id: int, now: datetime) -> bool:
    with open_session(engine) as session:
        found = locked(session, case_id)
        managers = _managers(session, found, settings, now)
        written = [_post(session, found, manager, settings, now) for manager in managers]
        session.commit()
    return any(written)


def _managers(session: Session, found: Case, settings: Settings, now: datetime) -> list[Officer]:
    query = (
        select(Officer)
        .join(TeamMember, col(TeamMember.officer_id) == Officer.id)
        .where(TeamMember.team == found.team, Officer.role == Role.MANAGER, col(Officer.active), _today(settings, now))
        .order_by(col(Officer.id))
    )
    return [officer for officer in session.exec(query) if usable_address(officer.email)]


def _today(settings: Settings, now: datetime) -> ColumnElement[bool]:
    return is_member(now.astimezone(settings.council.zone).date())


def _post(session: Session, found: Case, manager: Officer, settings: Settings, now: datetime) -> bool:
    message = first_message(session, found)
    facts = letters.NoticeFacts(
        name=manager.name,
        reference=found.reference,
        team=settings.teams[found.team].name if found.team in settings.teams else found.team,
        words="" if found.sealed else (message.new_text or message.text)[:LONGEST].strip(),
        link=f"{settings.desk.public_url}/cases/{found.reference}",
    )
    try:
        letter = letters.render(settings, PASSED_ON, facts)
    except ConfigurationError as error:
        log.error("%s: nobody is told of the praise; %s", found.reference, error)
        return False
    draft = Draft(
        once=f"passed-on:{found.id}:{manager.id}",
        kind=Kind.NOTICE,
        recipient=manager.email,
        subject=letter.subject,
        text=letter.text,
        letter=PASSED_ON,
        version=letter.version,
        case_id=found.id,
        reference=found.reference,
    )
    return post(session, draft, settings=settings, now=now) is not None
