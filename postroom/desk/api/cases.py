"""Cases, their messages, suggestions and histories; and the decision of what a case is."""

from datetime import UTC, date, datetime, time
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query
from sqlmodel import Session, col, select

from postroom.casework import cases
from postroom.casework.history import ChangedMeanwhile
from postroom.casework.labels import Labels
from postroom.desk.api.asking import LABEL, Reference, may, visible_case, within_reach
from postroom.desk.api.tokens import Caller
from postroom.desk.api.values import (
    AttachmentOfMessage,
    CaseInList,
    Cases,
    Change,
    DeadlineOfCase,
    Decision,
    FullCase,
    MessageOnCase,
    SuggestionForCase,
)
from postroom.desk.blind import decides_first
from postroom.desk.queries.sight import is_sealed, may_see
from postroom.desk.rights import works_on_cases
from postroom.desk.surroundings import Desk
from postroom.models.case import Case, CaseStatus, Deadline, Event
from postroom.models.database import open_session
from postroom.models.interface import Scope
from postroom.models.message import Attachment, Message, Suggestion, opening_first

router = APIRouter(prefix="/cases", tags=["cases"])

MOST = 200

ReadsCases = Annotated[Caller, Depends(may(Scope.CASES))]
ReadsMessages = Annotated[Caller, Depends(may(Scope.MESSAGES))]
Decides = Annotated[Caller, Depends(may(Scope.DECISIONS))]


@router.get("")
def list_cases(
    desk: Desk,
    by: ReadsCases,
    status: CaseStatus | None = None,
    type: Annotated[str | None, Query(pattern=LABEL)] = None,
    team: Annotated[str | None, Query(pattern=LABEL)] = None,
    received_from: date | None = None,
    after: Annotated[int, Query(ge=0, le=2_000_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 50,
) -> Cases:
    """The cases that the token's officer may see, in the order in which they were opened."""
    query = select(Case, is_sealed(desk.settings)).where(may_see(by.officer, desk.settings), col(Case.id) > after)
    for column, wanted in ((Case.status, status), (Case.type, type), (Case.team, team)):
        query = query.where(column == wanted) if wanted is not None else query
    if received_from is not None:
        begins = datetime.combine(within_reach(received_from), time(), desk.calendar.zone).astimezone(UTC)
        query = query.where(Case.received_at >= begins)
    with open_session(desk.engine, read_only=True) as session:
        rows = session.exec(query.order_by(col(Case.id)).limit(limit + 1)).all()
    listed = [_in_list(case, bool(sealed)) for case, sealed in rows[:limit]]
    return Cases(cases=listed, next=rows[limit - 1][0].id if len(rows) > limit else None)


@router.get("/{reference}")
def one_case(desk: Desk, by: ReadsCases, reference: Reference) -> FullCase:
    """A case with its deadlines."""
    case_id = visible_case(reference, by, desk)
    with open_session(desk.engine, read_only=True) as session:
        return _full(session, case_id)


@router.get("/{reference}/history")
def history(desk: Desk, by: ReadsCases, reference: Reference) -> list[Change]:
    """Every change of a case, the first one first."""
    case_id = visible_case(reference, by, desk)
    with open_session(desk.engine, read_only=True) as session:
        events = session.exec(select(Event).where(Event.case_id == case_id).order_by(col(Event.number)))
        return [Change.model_validate(event) for event in events]


@router.get("/{reference}/messages", tags=["messages"])
def messages(desk: Desk, by: ReadsMessages, reference: Reference) -> list[MessageOnCase]:
    """What was written about a case, the message that opened it first."""
    case_id = visible_case(reference, by, desk)
    with open_session(desk.engine, read_only=True) as session:
        rows = session.exec(select(Message).where(Message.case_id == case_id).order_by(*opening_first())).all()
        return [_message(session, row) for row in rows]


@router.get("/{reference}/suggestion", tags=["suggestions"])
def suggestion(desk: Desk, by: ReadsCases, reference: Reference) -> SuggestionForCase:
    """The newest suggestion. One that an officer is to judge the message without is not told before they have."""
    case_id = visible_case(reference, by, desk)
    with open_session(desk.engine, read_only=True) as session:
        case = cases.find_case(session, case_id)
        first = cases.first_message(session, case)
        query = select(Suggestion).where(Suggestion.message_id == first.id, Suggestion.type != "")
        found = session.exec(query.order_by(col(Suggestion.id).desc()).limit(1)).first()
    kept_back = case.status == CaseStatus.AWAITING and decides_first(first.id or 0, desk.settings.triage.blind_share)
    if found is None or kept_back:
        raise HTTPException(404, "Nothing is suggested for this case, or not until an officer has judged it.")
    return SuggestionForCase.model_validate(found)


@router.post("/{reference}/decision", tags=["decisions"])
def decide(desk: Desk, by: Decides, reference: Reference, decision: Decision) -> FullCase:
    """Confirm what a case is, or correct it, as the token's officer."""
    case_id = visible_case(reference, by, desk)
    if not works_on_cases(by.officer):
        raise HTTPException(403, "The token's officer only looks at cases.")
    labels = Labels(decision.type, decision.team, decision.category, decision.exclusion, decision.at_risk)
    with open_session(desk.engine) as session:
        if cases.find_case(session, case_id).version != decision.version:
            raise ChangedMeanwhile(f"{reference} was changed by somebody else. Read it again.")
        cases.confirm(
            session, case_id, labels, officer_id=by.officer.officer_id, settings=desk.settings, now=desk.now()
        )
        session.commit()
        return _full(session, case_id)


def _in_list(case: Case, sealed: bool) -> CaseInList:
    value = CaseInList.model_validate(case)
    return value.model_copy(update={"subject": "", "sealed": True}) if sealed else value


def _full(session: Session, case_id: int) -> FullCase:
    case = cases.find_case(session, case_id)
    rows = session.exec(select(Deadline).where(Deadline.case_id == case_id).order_by(col(Deadline.due_on)))
    deadlines: list[Any] = [DeadlineOfCase.model_validate(row) for row in rows]
    return FullCase(**CaseInList.model_validate(case).model_dump(), deadlines=deadlines)


def _message(session: Session, message: Message) -> MessageOnCase:
    rows = session.exec(
        select(Attachment).where(Attachment.message_id == message.id).order_by(col(Attachment.position))
    )
    attachments = [AttachmentOfMessage.model_validate(row) for row in rows]
    names = ("channel", "received_at", "sender_name", "sender_email", "subject", "text", "machine")
    return MessageOnCase(**{name: getattr(message, name) for name in names}, attachments=attachments)
