"""Opening cases, many at once (a statement costs more than a row, so that messages filed together share them), and
putting further messages on one."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import Session, bindparam, col, select, update

from postroom.casework.history import First, record, record_first
from postroom.casework.reading import find_case, surviving_case
from postroom.casework.references import next_references
from postroom.models.case import Address, Case, CaseStatus
from postroom.models.message import OPENED, Message
from postroom.models.settings import Settings
from postroom.models.tables import metadata

MACHINE_NONE = "none"

_CASES, _MESSAGES = metadata.tables["feedback_case"], metadata.tables["message"]
_PEOPLE, _ADDRESSES = metadata.tables["person"], metadata.tables["address"]
# Made once: to make a statement takes longer than to write a row.
_INSERT_CASES = _CASES.insert().returning(_CASES.c.id, _CASES.c.reference)
_INSERT_PEOPLE = _PEOPLE.insert().returning(_PEOPLE.c.id, sort_by_parameter_order=True)
_INSERT_ADDRESSES = _ADDRESSES.insert()
_PUT_ON_CASE = (
    update(_MESSAGES).where(_MESSAGES.c.id == bindparam("message")).values(case_id=bindparam("case"), matched_by=OPENED)
)


def open_case(session: Session, message: Message, *, settings: Settings, now: datetime, actor: str = "filing") -> Case:
    """Open a case for `message` (added and flushed); it awaits an officer's confirmation."""
    open_cases(session, [message], settings=settings, now=now, actor=actor)
    assert message.case_id is not None
    return find_case(session, message.case_id)


def open_cases(
    session: Session, messages: Sequence[Message], *, settings: Settings, now: datetime, actor: str = "filing"
) -> None:
    """Open a case for each of `messages` (added and flushed), in their order; who writes twice is one person."""
    references = _references(session, messages, settings)  # first: it locks out who else opens cases
    people = _people(session, messages, now)
    rows = [
        {
            "reference": reference,
            "subject": message.subject,
            "channel": message.channel,
            "person_id": people.get(message.sender_email.lower()),
            "received_at": message.received_at,
            "version": 1,
        }
        for message, reference in zip(messages, references, strict=True)
    ]
    ids = {reference: id_ for id_, reference in session.connection().execute(_INSERT_CASES, rows)}
    for message, reference in zip(messages, references, strict=True):
        set_committed_value(message, "case_id", ids[reference])
        set_committed_value(message, "matched_by", OPENED)
    session.connection().execute(_PUT_ON_CASE, [{"message": each.id, "case": each.case_id} for each in messages])
    record_first(session, [_opened(message) for message in messages], kind="opened", actor=actor, now=now)


def add_message(
    session: Session, case_id: int, message: Message, *, rule: str, now: datetime, actor: str = "filing"
) -> None:
    """Put `message` (added and flushed) on a case, or on the one that it was merged into. `rule` says why it belongs
    there. It moves no clock and reopens nothing; a person's message to a confirmed case, open or closed, is to be read
    by an officer."""
    case = surviving_case(session, case_id)
    automatic = message.machine != MACHINE_NONE
    message.case_id = case.id
    message.matched_by = rule
    message.to_read = not automatic and case.status != CaseStatus.AWAITING
    session.add(message)
    record(
        session,
        case,
        kind="message added",
        summary=f"{'An automatic message' if automatic else 'A further message'} arrived ({rule})",
        actor=actor,
        now=now,
        after={"message": message.id, "machine": message.machine},
    )


def _opened(message: Message) -> First:
    assert message.case_id is not None
    return First(
        message.case_id,
        f"Opened from a message received by {message.channel}",
        {"message": message.id, "received_at": message.received_at.isoformat()},
    )


def _people(session: Session, messages: Sequence[Message], now: datetime) -> dict[str, int]:
    """The people who write from the messages' addresses, made where unknown. A message without one is nobody's."""
    names = {each.sender_email.lower(): each.sender_name for each in reversed(messages) if each.sender_email}
    query = select(Address.email, Address.person_id).where(col(Address.email).in_(names))
    known = dict(session.exec(query).all()) if names else {}
    unknown = [email for email in names if email not in known]
    if unknown:
        people = [{"name": names[email], "created_at": now} for email in unknown]
        ids = session.connection().execute(_INSERT_PEOPLE, people).scalars().all()
        made = dict(zip(unknown, ids, strict=True))
        addresses = [{"email": email, "person_id": person_id} for email, person_id in made.items()]
        session.connection().execute(_INSERT_ADDRESSES, addresses)
        known |= made
    return known


def _references(session: Session, messages: Sequence[Message], settings: Settings) -> list[str]:
    """The next references, each of the year in which its message was received."""
    years = [message.received_at.astimezone(settings.council.zone).year for message in messages]
    counted: dict[int, int] = defaultdict(int)
    for year in years:
        counted[year] += 1
    prefix = settings.council.reference_prefix
    free = {year: iter(next_references(session, prefix, year, count)) for year, count in counted.items()}
    return [next(free[year]) for year in years]
