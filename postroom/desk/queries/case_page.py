"""All that a case's page shows."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import case as sql_case
from sqlalchemy import or_
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from postroom.desk.blind import decides_first
from postroom.desk.queries.findings import Findings, findings_of
from postroom.desk.queries.person import PersonOnPage, person_on_page
from postroom.desk.queries.sight import first_message_id, is_sealed, may_see, suggestion_id, team_now
from postroom.desk.queries.timeline import Timeline, timeline
from postroom.desk.sessions import SignedIn
from postroom.models.case import Case, CaseLink, CaseStatus, Deadline, DeadlineState, Decision
from postroom.models.failures import NotFound
from postroom.models.message import Message, Suggestion
from postroom.models.officer import Officer
from postroom.models.settings import Settings

MOST_EARLIER = 3


@dataclass(frozen=True)
class SimilarCase:
    """A confirmed case with a message like the one that opened this case. `similarity` is from 0 to 1."""

    reference: str
    subject: str
    type: str
    team: str
    similarity: float


@dataclass(frozen=True)
class EarlierCase:
    """Another case of the same sender, whatever came of it."""

    reference: str
    subject: str
    type: str
    status: str
    received_at: datetime


@dataclass(frozen=True)
class LinkedCase:
    """A case that this one is tied to. `here` says that the tie was made from this one; `subject` is empty where that
    case is sealed."""

    reference: str
    subject: str
    status: str
    kind: str
    here: bool


@dataclass(frozen=True)
class CaseOnPage:
    """A case with everything around it. `team` is the suggested one until the case is confirmed."""

    case: Case
    sealed: bool
    team: str
    officer: str
    """Who works on it, empty where that is nobody by name."""
    timeline: Timeline
    suggestion: Suggestion | None
    deadlines: tuple[Deadline, ...]
    findings: Findings
    person: PersonOnPage | None
    links: tuple[LinkedCase, ...]
    merged_into: str
    merged_with: tuple[str, ...]
    similar: tuple[SimilarCase, ...]
    earlier: tuple[EarlierCase, ...]
    """Of the same sender."""
    blind: bool
    """Whether the officer is to judge before the suggestion is shown."""
    decided_blind: bool

    @property
    def next_deadline(self) -> Deadline | None:
        """The open deadline that ends first."""
        still_open = [deadline for deadline in self.deadlines if deadline.state == DeadlineState.OPEN]
        return min(still_open, key=lambda deadline: deadline.due_on, default=None)


def case_on_page(session: Session, reference: str, visitor: SignedIn, settings: Settings, now: datetime) -> CaseOnPage:
    """The case called `reference`, with the similar and linked cases that `visitor` may see. Whether they may see the
    case itself was settled before. Raises `NotFound`."""
    found = session.execute(
        select_columns(Case, is_sealed(settings), team_now, first_message_id, suggestion_id).where(
            col(Case.reference) == reference
        )
    ).first()
    if found is None:
        raise NotFound(f"There is no case {reference}.")
    case, sealed, team, first_id, newest_suggestion = found
    suggestion = session.get(Suggestion, newest_suggestion) if newest_suggestion is not None else None
    awaiting = case.status == CaseStatus.AWAITING
    blind = select(Decision.id).where(Decision.case_id == case.id, col(Decision.blind))
    return CaseOnPage(
        case=case,
        sealed=bool(sealed),
        team=team,
        officer=session.exec(select(Officer.name).where(Officer.id == case.officer_id)).first() or "",
        timeline=timeline(session, case, first_id),
        suggestion=suggestion,
        deadlines=_deadlines(session, case),
        findings=findings_of(session, case),
        person=person_on_page(session, case, visitor, settings, now),
        links=_links(session, case, visitor, settings),
        merged_into=session.exec(select(Case.reference).where(Case.id == case.merged_into_id)).first() or "",
        merged_with=tuple(
            session.exec(select(Case.reference).where(Case.merged_into_id == case.id).order_by(col(Case.id)))
        ),
        similar=_similar(session, suggestion, visitor, settings) if suggestion and awaiting else (),
        earlier=_earlier(session, case, visitor, settings) if awaiting else (),
        blind=awaiting and decides_first(first_id, settings.triage.blind_share),
        decided_blind=session.exec(blind).first() is not None,
    )


def _similar(
    session: Session, suggestion: Suggestion, visitor: SignedIn, settings: Settings
) -> tuple[SimilarCase, ...]:
    """The most similar confirmed cases, those alone that `visitor` may see, and no sealed one: its words would be told
    without the look being recorded."""
    near = {int(each["message"]): float(each["similarity"]) for each in suggestion.neighbours}
    if not near:
        return ()
    columns = (col(Message.id), col(Case.reference), col(Case.subject), col(Case.type), col(Case.team))
    query = select_columns(*columns).join(Case, col(Case.id) == col(Message.case_id)).where(col(Message.id).in_(near))
    found = session.execute(query.where(may_see(visitor, settings), ~is_sealed(settings), col(Case.type) != "")).all()
    cases = [SimilarCase(reference, subject, type_, team, near[id_]) for id_, reference, subject, type_, team in found]
    return tuple(sorted(cases, key=lambda each: (-each.similarity, each.reference)))


def _earlier(session: Session, case: Case, visitor: SignedIn, settings: Settings) -> tuple[EarlierCase, ...]:
    """The sender's last cases before this one, those alone that `visitor` may see, and no sealed one."""
    if case.person_id is None:
        return ()
    columns: list[Any] = [getattr(Case, name) for name in EarlierCase.__dataclass_fields__]
    query = select_columns(*columns).where(
        col(Case.person_id) == case.person_id,
        col(Case.received_at) <= case.received_at,
        col(Case.id) != case.id,
        may_see(visitor, settings),
        ~is_sealed(settings),
    )
    newest = (col(Case.received_at).desc(), col(Case.id).desc())
    return tuple(EarlierCase(*row) for row in session.execute(query.order_by(*newest).limit(MOST_EARLIER)))


def _links(session: Session, case: Case, visitor: SignedIn, settings: Settings) -> tuple[LinkedCase, ...]:
    """The linked cases that `visitor` may see."""
    here = col(CaseLink.case_id) == case.id
    other = sql_case((here, col(CaseLink.other_id)), else_=col(CaseLink.case_id))
    columns = (col(Case.reference), col(Case.subject), col(Case.status), col(CaseLink.kind), here, is_sealed(settings))
    query = (
        select_columns(*columns)
        .select_from(CaseLink)
        .join(Case, col(Case.id) == other)
        .where(or_(here, col(CaseLink.other_id) == case.id), may_see(visitor, settings))
    )
    return tuple(
        LinkedCase(reference, "" if sealed else subject, status, kind, bool(from_here))
        for reference, subject, status, kind, from_here, sealed in session.execute(query.order_by(col(CaseLink.id)))
    )


def _deadlines(session: Session, case: Case) -> tuple[Deadline, ...]:
    query = select(Deadline).where(Deadline.case_id == case.id)
    return tuple(session.exec(query.order_by(col(Deadline.due_on), col(Deadline.id))))
