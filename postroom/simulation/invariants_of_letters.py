"""What must hold of letters: what is owed was written once and sent, and what counts as told was told."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import chain

from sqlalchemy import and_, or_
from sqlmodel import Session, col, func, select

from postroom.casework.reading import first_message
from postroom.models.case import Case, CaseStatus, Deadline, Event, EventWords
from postroom.models.outcome import CaseClosing
from postroom.models.outgoing_mail import MailState, OutgoingMail
from postroom.models.person import Consent
from postroom.models.stage import CaseStage, Extension, StageRequest
from postroom.notifications.case_letters import last_message, reach_of
from postroom.notifications.decisions import TOLD, Decision, once_for, ours_to_tell
from postroom.notifications.officer_letters import BY_LETTER
from postroom.notifications.outbox import Kind
from postroom.notifications.owed import CaseFacts, LetterOwed, Purpose, Way, letter_owed, way_to
from postroom.notifications.undo_window import free_since
from postroom.simulation.books import Books

LONG = timedelta(days=14)
"""A decision that stood for so long was seen by the workers also over the longest holidays."""
DELIVERED_WITHIN = timedelta(days=1)


def letters_not_written(books: Books) -> Iterator[str]:
    """Letters and alerts that are owed now and were not written, and stages that count as acknowledged though nobody
    did it."""
    session, settings = books.session, books.settings
    mails = _acknowledgements(session)
    waiting = select(Case).where(
        Case.status == CaseStatus.OPEN,
        col(Case.acknowledged_at).is_(None),
        col(Case.confirmed_at) <= free_since(books.now, settings),
    )
    for case in session.exec(waiting):
        owed = letter_owed(_facts(session, case), settings)
        if isinstance(owed, LetterOwed) and not mails[owed.case_id, owed.stage]:
            yield f"{case.reference}: {owed.letter} is owed, but was not written"
    for purpose in TOLD:
        for row in ours_to_tell(session, purpose, settings, books.now):
            case = session.get_one(Case, row.case_id)
            if _reachable(session, case):
                yield f"{case.reference}: a letter ({purpose}) is owed, but was not written"
    if settings.council.addresses.duty is not None:
        alerted = select(OutgoingMail.id).where(OutgoingMail.case_id == Case.id, OutgoingMail.kind == Kind.ALERT)
        for reference in session.exec(select(Case.reference).where(col(Case.at_risk), ~alerted.exists())):
            yield f"{reference}: somebody is at risk, but the duty officer was not told"


def changes_without_letter(books: Books) -> Iterator[str]:
    """What counts as told by a letter that is not in the outbox: a stage acknowledged or answered, a decision, and any
    letter of which the history says that an officer wrote it."""
    yield from _acknowledged_by_nothing(books)
    yield from _answered_by_nothing(books)
    yield from _decided_in_silence(books)
    yield from _written_and_gone(books)


def letters_not_sent(books: Books) -> Iterator[str]:
    """Mails that wait though nothing keeps them, mails that were given up, and letters sent whose case does not count
    as acknowledged."""
    late = and_(
        col(OutgoingMail.state) == MailState.WAITING, col(OutgoingMail.created_at) < books.now - DELIVERED_WITHIN
    )
    stuck = select(OutgoingMail.recipient, OutgoingMail.subject, OutgoingMail.state).where(
        or_(col(OutgoingMail.state) == MailState.DEAD, late)
    )
    for recipient, subject, state in books.session.exec(stuck):
        yield f"{recipient}: “{subject}” is {state}"
    sent = (
        select(Case.reference, OutgoingMail.letter)
        .join(OutgoingMail, col(Case.id) == OutgoingMail.case_id)
        .join(CaseStage, (col(CaseStage.case_id) == Case.id) & (col(CaseStage.stage) == OutgoingMail.stage))
        .where(
            OutgoingMail.purpose == Purpose.ACKNOWLEDGEMENT,
            OutgoingMail.state == MailState.SENT,
            OutgoingMail.stage == Case.stage,
            Case.status == CaseStatus.OPEN,
            col(CaseStage.acknowledged_at).is_(None),
        )
    )
    for reference, letter in books.session.exec(sent):
        yield f"{reference}: {letter} was sent, but the case is not acknowledged"


def letters_written_twice(books: Books) -> Iterator[str]:
    """Stages acknowledged by two letters, and two mails that are the same."""
    for (case_id, stage), number in _acknowledgements(books.session).items():
        if number > 1:
            yield f"{books.session.get_one(Case, case_id).reference}: {number} letters acknowledge {stage}"
    for column in (col(OutgoingMail.once), col(OutgoingMail.message_id)):
        twice = select(column, func.count()).group_by(column).having(func.count() > 1)
        yield from (f"{key}: {number} mails" for key, number in books.session.exec(twice))


def _acknowledged_by_nothing(books: Books) -> Iterator[str]:
    """The delivery acknowledges a case at the moment at which its letter was sent."""
    mails = select(OutgoingMail.case_id, OutgoingMail.sent_at).where(
        OutgoingMail.purpose == Purpose.ACKNOWLEDGEMENT, OutgoingMail.state == MailState.SENT
    )
    sent = set(books.session.exec(mails).all())
    events = (
        select(Event.case_id, Event.at, Case.reference)
        .join(Case, col(Case.id) == Event.case_id)
        .where(Event.kind == "acknowledged", Event.actor == "delivery")
    )
    for case_id, at, reference in books.session.exec(events):
        if (case_id, at) not in sent:
            yield f"{reference}: it was acknowledged by a letter at {at}, but none was sent"


def _answered_by_nothing(books: Books) -> Iterator[str]:
    mails = select(OutgoingMail.case_id, OutgoingMail.stage).where(
        OutgoingMail.purpose == Purpose.RESPONSE, OutgoingMail.state != MailState.WITHDRAWN
    )
    letters = Counter(books.session.exec(mails).all())
    answered = (
        select(Event.case_id, Event.after, Case.reference)
        .join(EventWords, (col(EventWords.case_id) == Event.case_id) & (col(EventWords.number) == Event.number))
        .join(Case, col(Case.id) == Event.case_id)
        .where(Event.kind == "responded", EventWords.words == BY_LETTER)
    )
    responses = Counter(
        (case_id, after["stage"], reference) for case_id, after, reference in books.session.exec(answered)
    )
    for (case_id, stage, reference), number in responses.items():
        if letters[case_id, stage] < number:
            yield f"{reference}: {stage} was answered by letter, but the letter is not there"


def _decided_in_silence(books: Books) -> Iterator[str]:
    """Decisions that stood long enough for our own letter, and about which neither it nor an officer's was written."""
    session = books.session
    written = set(session.exec(select(OutgoingMail.once).where(col(OutgoingMail.purpose).in_(TOLD))))
    decisions: Iterator[Decision] = chain(
        _long_extended(books), _long_refused(books), _long_wanted(books), _long_withdrawn(books)
    )
    for row in decisions:
        case = session.get_one(Case, row.case_id)
        if once_for(row) not in written and _reachable(session, case):
            yield f"{case.reference}: a decision ({type(row).__name__}) was told by no letter"


def _long_extended(books: Books) -> Iterator[Extension]:
    """No other extension came, and the step was not done nor the case closed."""
    rows = books.session.exec(
        select(Extension, Deadline, Case)
        .join(Deadline, col(Deadline.id) == Extension.deadline_id)
        .join(Case, col(Case.id) == Extension.case_id)
        .where(Extension.told == "")
        .order_by(col(Extension.id).desc())
    )
    later: dict[int, datetime] = {}
    for row, deadline, case in rows:
        if _stood_long(books, row.made_at, deadline.met_at, case.closed_at, later.get(row.deadline_id)):
            yield row
        later[row.deadline_id] = row.made_at


def _long_refused(books: Books) -> Iterator[StageRequest]:
    for row in books.session.exec(select(StageRequest).where(col(StageRequest.accepted).is_(False))):
        if _stood_long(books, row.decided_at):
            yield row


def _long_wanted(books: Books) -> Iterator[Consent]:
    for row, case in books.session.exec(select(Consent, Case).join(Case, col(Case.id) == Consent.case_id)):
        if _stood_long(books, row.wanted_at, row.ended_at, case.closed_at):
            yield row


def _long_withdrawn(books: Books) -> Iterator[CaseClosing]:
    closing = books.settings.closing
    rows = (
        select(CaseClosing)
        .join(Case, col(Case.id) == CaseClosing.case_id)
        .where(
            col(CaseClosing.outcome).in_([closing.withdrawn, closing.deemed_withdrawn]),
            Case.status == CaseStatus.CLOSED,
            col(Case.merged_into_id).is_(None),
        )
    )
    for row in books.session.exec(rows):
        if _stood_long(books, row.closed_at):
            yield row


def _stood_long(books: Books, begin: datetime, *ends: datetime | None) -> bool:
    return min(end for end in (*ends, books.now) if end is not None) - begin > LONG


def _written_and_gone(books: Books) -> Iterator[str]:
    mails = dict(books.session.exec(select(OutgoingMail.id, OutgoingMail.message_id)).all())
    events = (
        select(Event.after, Case.reference)
        .join(Case, col(Case.id) == Event.case_id)
        .where(Event.kind == "letter written")
    )
    for after, reference in books.session.exec(events):
        if mails.get(after["mail"]) != after["message_id"]:
            yield f"{reference}: its letter {after['message_id']} is not in the outbox"


def _acknowledgements(session: Session) -> dict[tuple[int, str], int]:
    """How many letters acknowledge a stage of a case, without those that were taken back."""
    query = (
        select(OutgoingMail.case_id, OutgoingMail.stage, func.count())
        .where(OutgoingMail.purpose == Purpose.ACKNOWLEDGEMENT, OutgoingMail.state != MailState.WITHDRAWN)
        .group_by(col(OutgoingMail.case_id), col(OutgoingMail.stage))
    )
    found: dict[tuple[int, str], int] = defaultdict(int)
    for case_id, stage, number in session.exec(query):
        found[case_id or 0, stage] = number
    return found


def _reachable(session: Session, case: Case) -> bool:
    return isinstance(way_to(reach_of(session, case, last_message(session, case))), Way)


def _facts(session: Session, case: Case) -> CaseFacts:
    assert case.id is not None
    return CaseFacts(
        case_id=case.id,
        open=True,
        acknowledged=False,
        procedure=case.procedure,
        stage=case.stage,
        exclusion=case.exclusion,
        reach=reach_of(session, case, first_message(session, case)),
    )
