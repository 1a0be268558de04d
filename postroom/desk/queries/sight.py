"""Which cases somebody may see, as conditions that every query of cases uses.

Customer relations sees what awaits confirmation for every team, and all that is not sealed. Officers and managers see
the cases of their teams; until a case is confirmed its team is the one that was suggested. Investigators see those of
their teams that are confirmed. An administrator and an auditor see what is not sealed. A member of a team sees its
cases, sealed or not, whatever their role; an auditor does not. A restricted case is seen by the officers named there
and by nobody else.
"""

from typing import Any

from sqlalchemy import ColumnElement, Engine, and_, case, func, or_
from sqlmodel import Session, col, select

from postroom.desk.sessions import SignedIn
from postroom.models.case import Case, CaseStatus
from postroom.models.database import open_session
from postroom.models.message import Message, Suggestion, opening_first
from postroom.models.officer import NamedOfficer, Role
from postroom.models.settings import Settings

_awaiting = col(Case.status) == CaseStatus.AWAITING

first_message_id: Any = (
    select(Message.id)
    .where(Message.case_id == Case.id)
    .order_by(*opening_first())
    .limit(1)
    .correlate(Case)
    .scalar_subquery()
)
"""The message that opened the case of the query around it."""

suggestion_id: Any = (
    select(Suggestion.id)
    .where(Suggestion.message_id == first_message_id)
    .order_by(col(Suggestion.created_at).desc(), col(Suggestion.id).desc())
    .limit(1)
    .correlate(Case)
    .scalar_subquery()
)
"""The newest suggestion for that message."""

_suggested_team: Any = select(Suggestion.team).where(Suggestion.id == suggestion_id).correlate(Case).scalar_subquery()

team_now: Any = case((_awaiting, func.coalesce(_suggested_team, "")), else_=col(Case.team))
"""The team whose case it is, or seems to be until it is confirmed."""


def is_sealed(settings: Settings, team: Any = team_now) -> ColumnElement[bool]:
    """Whether a case is sealed or restricted, or seems to be sealed until it is confirmed. `team` is for a query that
    has the case's `team_now` at hand for less."""
    sealed_teams = [each for each in settings.teams if settings.is_sealed(each)]
    return or_(col(Case.sealed), and_(_awaiting, team.in_(sealed_teams)))


def may_see(visitor: SignedIn, settings: Settings, team: Any = team_now) -> ColumnElement[bool]:
    """The cases that `visitor` may see. `team` as in `is_sealed`."""
    named = (
        select(NamedOfficer.case_id)
        .where(NamedOfficer.case_id == Case.id, NamedOfficer.officer_id == visitor.officer_id)
        .correlate(Case)
        .exists()
    )
    return or_(and_(~col(Case.restricted), _by_role(visitor, settings, team)), and_(col(Case.restricted), named))


def _by_role(visitor: SignedIn, settings: Settings, team: Any) -> ColumnElement[bool]:
    own: ColumnElement[bool] = team.in_(sorted(visitor.teams))
    unsealed = and_(~is_sealed(settings, team), team != "")
    if visitor.role == Role.CUSTOMER_RELATIONS:
        return or_(~col(Case.sealed), _awaiting, own)  # the cheapest first
    if visitor.role == Role.ADMINISTRATOR:
        return or_(own, unsealed)
    if visitor.role == Role.AUDITOR:
        return unsealed
    if visitor.role == Role.INVESTIGATOR:
        return and_(own, ~_awaiting)
    return own


def find_visible(engine: Engine, reference: str, visitor: SignedIn, settings: Settings) -> tuple[int, bool] | None:
    """The case's id and whether it is sealed; None where it does not exist or `visitor` may not see it."""
    query = select(Case.id, is_sealed(settings)).where(Case.reference == reference, may_see(visitor, settings))
    with open_session(engine, read_only=True) as session:
        found = session.exec(query).first()
    return None if found is None or found[0] is None else (found[0], bool(found[1]))


def visible_id(session: Session, reference: str, visitor: SignedIn, settings: Settings) -> int | None:
    """The id of a case that `visitor` may see; None where it does not exist, or not for them."""
    return session.exec(select(Case.id).where(Case.reference == reference, may_see(visitor, settings))).first()
