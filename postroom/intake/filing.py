"""The filing worker: each raw message ends as exactly one of on a case, machine mail, a duplicate, or held."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import cast

from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import QueryableAttribute, defer
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import Session, col, select

from postroom.casework.bounces import note_bounce
from postroom.casework.opening import add_message, open_cases
from postroom.intake.authentication import Sender
from postroom.intake.candidates import about_something_new, candidates_for, returned_letter
from postroom.intake.doubts import why_likely_machine, why_unreadable
from postroom.intake.machine_mail import Machine
from postroom.intake.parse import ParsedMessage
from postroom.intake.receive import EMAIL
from postroom.intake.returned_mail import Failure, Returned
from postroom.intake.storing import said, store, stored_before
from postroom.intake.threading_rules import Doubt, Facts, Match, decide, decide_about_matter, decide_for_machine
from postroom.intake.understanding import Understood, understand
from postroom.models.database import open_session
from postroom.models.failures import NotFound
from postroom.models.large_content import read_content
from postroom.models.message import Message
from postroom.models.outgoing_mail import Bounce
from postroom.models.queues import claim_some, pause_after
from postroom.models.raw_message import Filing, FilingState, HeldBecause, RawMessage
from postroom.models.settings import Settings

log = logging.getLogger(__name__)

BATCH = 25
"""Messages filed with one commit: were each as slow to read as may be, they would still be filed within the lease. On
SQLite nobody else can write during the commit's transaction, which takes tens of milliseconds."""
SMALL = 262_144
"""Bytes of a message that is read together with others."""
BATCH_BYTES = 4_194_304
"""Bytes of messages that are understood before they are filed; more would take memory, and gain nothing."""
_DOUBTS = {Doubt.SENDER: HeldBecause.DOUBTFUL_SENDER, Doubt.MATTER: HeldBecause.NEW_MATTER}
_BOUNCES = {Failure.NONE: Bounce.NONE, Failure.SOFT: Bounce.SOFT, Failure.HARD: Bounce.HARD}
_RACES = 3
"""Tries to store a message while another worker stores the same one; the second look finds it."""


def process_one(engine: Engine, settings: Settings, now: datetime) -> bool:
    """File the messages that wait, up to `BATCH` of them; False where none is due.

    They share a transaction, for a commit takes longer than a message. Whatever goes wrong with one of them, the others
    are filed, each by itself then, and it is tried again later and at last held.
    """
    claimed = claim_some(engine, Filing, FilingState.WAITING, now, settings.workers.lease, most=BATCH)
    understood: list[Understood] = []
    size = 0
    for raw in _readable(engine, claimed, settings, now):
        with _trying(engine, raw.id, settings, now):
            understood.append(understand(raw, settings))
        size += raw.size
        if size >= BATCH_BYTES:
            _file_understood(engine, understood, settings, now)
            understood, size = [], 0
    _file_understood(engine, understood, settings, now)
    return bool(claimed)


def _file_understood(engine: Engine, understood: list[Understood], settings: Settings, now: datetime) -> None:
    """File all together; where that can't be, each by itself."""
    if understood and not _filed_together(engine, understood, settings, now):
        for each in understood:
            with _trying(engine, each.raw_message_id, settings, now):
                _file_alone(engine, each, settings, now)


def load(engine: Engine, raw_message_id: int) -> RawMessage:
    """The raw message. Raises `NotFound`."""
    with open_session(engine, read_only=True) as session:
        raw = session.get(
            RawMessage, raw_message_id, options=[defer(cast(QueryableAttribute[bytes], RawMessage.content))]
        )
        if raw is None:
            raise NotFound(f"There is no message {raw_message_id}.")
        set_committed_value(raw, "content", read_content(session.connection(), raw_message_id))
    return raw


@contextmanager
def _trying(engine: Engine, raw_message_id: int | None, settings: Settings, now: datetime) -> Iterator[None]:
    """Whatever goes wrong within, the message is tried again or held, and the caller goes on."""
    assert raw_message_id is not None
    try:
        yield
    except Exception as error:
        log.exception("message %d could not be filed", raw_message_id)
        _try_again_or_hold(engine, raw_message_id, error, settings, now)


def _readable(engine: Engine, claimed: list[int], settings: Settings, now: datetime) -> Iterator[RawMessage]:
    """The claimed messages, few in memory at a time; those that are not to be read are held instead."""
    small: list[int] = []
    for raw_message_id, attempts, size in _attempts_and_sizes(engine, claimed):
        if attempts > settings.intake.attempts:
            _hold_unread(engine, raw_message_id, HeldBecause.FAILED, "Every attempt to file it broke off.", now)
        elif size > settings.intake.maximum_bytes:
            _hold_unread(engine, raw_message_id, HeldBecause.TOO_LARGE, f"It is too large: {size:,} bytes.", now)
        elif size > SMALL:
            yield load(engine, raw_message_id)
        else:
            small.append(raw_message_id)
    with open_session(engine, read_only=True) as session:
        query = select(RawMessage).where(col(RawMessage.id).in_(small)).order_by(col(RawMessage.id))
        together = list(session.exec(query)) if small else []
    yield from together


def _attempts_and_sizes(engine: Engine, claimed: list[int]) -> list[tuple[int, int, int]]:
    with open_session(engine, read_only=True) as session:
        query = (
            select(Filing.raw_message_id, Filing.attempts, RawMessage.size)
            .join(RawMessage, col(RawMessage.id) == col(Filing.raw_message_id))
            .where(col(Filing.raw_message_id).in_(claimed))
        )
        return list(session.exec(query)) if claimed else []


def _filed_together(engine: Engine, understood: list[Understood], settings: Settings, now: datetime) -> bool:
    """File all with one commit; False where that could not be: then nothing was filed."""
    try:
        with open_session(engine) as session:
            _file(session, understood, settings, now)
            session.commit()
    except Exception as error:  # one of them is at fault; each by itself will show which
        log.info("%d messages could not be filed together: %s", len(understood), type(error).__name__)
        return False
    return True


def _file_alone(engine: Engine, understood: Understood, settings: Settings, now: datetime) -> None:
    for race in range(1, _RACES + 1):
        try:
            with open_session(engine) as session:
                _file(session, [understood], settings, now)
                session.commit()
            return
        except IntegrityError:
            if race == _RACES:
                raise


def _file(session: Session, understood: list[Understood], settings: Settings, now: datetime) -> None:
    """File those of `understood` that nobody has filed meanwhile, the oldest first."""
    by_id = {each.raw_message_id: each for each in understood}
    waiting = select(Filing).where(col(Filing.raw_message_id).in_(by_id), Filing.state == FilingState.WAITING)
    in_order = waiting.order_by(col(Filing.raw_message_id)).with_for_update()
    asked = [filing for filing in session.exec(in_order) if not _put_off(filing, by_id, settings, now)]
    fresh = list(_without_copies(session, asked, by_id, now))
    messages = store(session, [by_id[filing.raw_message_id] for filing in fresh])
    opening: list[Message] = []
    for filing, message in zip(fresh, messages, strict=True):
        each = by_id[filing.raw_message_id]
        if opening and each.facts.names_something:  # which may be one of these
            open_cases(session, opening, settings=settings, now=now)
            opening = []
        if _place(session, filing, each, message, now):
            opening.append(message)
    if opening:
        open_cases(session, opening, settings=settings, now=now)


def _put_off(filing: Filing, understood: dict[int, Understood], settings: Settings, now: datetime) -> bool:
    """Whether to ask DNS again, later, before an officer is asked: it did not say whether the sender of what names a
    case is who they say. What names none is not kept waiting."""
    each = understood[filing.raw_message_id]
    unanswered = each.authentication.sender == Sender.TEMPERROR and each.facts.names_something
    if not unanswered or filing.attempts >= settings.intake.attempts:
        return False
    filing.not_before = now + pause_after(filing.attempts)
    return True


def _without_copies(
    session: Session, filings: Sequence[Filing], understood: dict[int, Understood], now: datetime
) -> Iterator[Filing]:
    """The filings whose messages say something for the first time; the others end as duplicates."""
    before = stored_before(session, list(understood.values()))
    for filing in filings:
        original = before.setdefault(said(understood[filing.raw_message_id].parsed), filing.raw_message_id)
        if original == filing.raw_message_id:
            yield filing
        else:
            end(session, filing, FilingState.DUPLICATE, now, reason=f"The same message as number {original}.")
            filing.duplicate_of_id = original


def _place(session: Session, filing: Filing, understood: Understood, message: Message, now: datetime) -> bool:
    """End the filing of a stored message: on a case, as machine mail, or in the holding pen. True where it opens a
    case, which the caller does for many together."""
    candidates = candidates_for(session, understood.facts)
    if understood.verdict.machine != Machine.NONE:
        match = decide_for_machine(understood.facts, candidates)
        if match.case_id is not None:
            add_message(session, match.case_id, message, rule=str(match.rule), now=now)
        if understood.returned:
            _note_bounce(session, understood.facts, understood.returned, message, now)
        end(session, filing, FilingState.MACHINE, now, reason=understood.verdict.why_not)
        return False
    match = decide(understood.facts, candidates)
    if match.case_id is not None:
        reference, new = about_something_new(session, match.case_id, understood.parsed)
        match = decide_about_matter(match, understood.facts, reference, new)
    if held := _why_held(understood, match, filing):
        hold(session, filing, *held, now)
        filing.proposed_case_id = match.case_id
    else:
        if match.case_id is not None:
            add_message(session, match.case_id, message, rule=str(match.rule), now=now)
        end(session, filing, FilingState.ON_CASE, now)
        return match.case_id is None
    return False


def _why_held(understood: Understood, match: Match, filing: Filing) -> tuple[HeldBecause, str] | None:
    """Why an officer should see a message first, the strongest reason; None where it finds its place by itself."""
    parsed = understood.parsed
    if reason := why_unreadable(parsed):
        return HeldBecause.UNREADABLE, reason
    if _is_empty(parsed):
        return HeldBecause.EMPTY, "It has no subject, no words and no attachment."
    seen = filing.decided_by is not None  # an officer released it, and did not call it a machine's
    if understood.channel == EMAIL and not seen and (reason := why_likely_machine(parsed, understood.verdict)):
        return HeldBecause.LIKELY_MACHINE, reason
    return (_DOUBTS[match.doubt or Doubt.SENDER], match.reason) if match.is_proposal else None


def _note_bounce(session: Session, facts: Facts, returned: Returned, message: Message, now: datetime) -> None:
    """Mark the letter that came back, where it is one of ours."""
    mail = returned_letter(session, facts)
    if mail is not None:
        note_bounce(session, mail, _BOUNCES[returned.failure], returned.reason, message=message, now=now)


def _is_empty(parsed: ParsedMessage) -> bool:
    return not (parsed.subject or parsed.text.strip() or parsed.attachments)


def end(session: Session, filing: Filing, state: FilingState, now: datetime, reason: str = "") -> None:
    """The message's filing ends as `state`."""
    filing.state, filing.reason, filing.ended_at = state, reason, now
    session.add(filing)


def hold(session: Session, filing: Filing, because: HeldBecause, reason: str, now: datetime) -> None:
    """The message goes to the holding pen: `because` sorts it there, `reason` tells an officer in words."""
    filing.held_because = because
    end(session, filing, FilingState.HELD, now, reason=reason)


def _hold_unread(engine: Engine, raw_message_id: int, because: HeldBecause, reason: str, now: datetime) -> None:
    with open_session(engine) as session:
        filing = session.get_one(Filing, raw_message_id, with_for_update=True)
        if filing.state == FilingState.WAITING:
            hold(session, filing, because, reason, now)
            session.commit()


def _try_again_or_hold(
    engine: Engine, raw_message_id: int, error: Exception, settings: Settings, now: datetime
) -> None:
    with open_session(engine) as session:
        filing = session.get_one(Filing, raw_message_id, with_for_update=True)
        if filing.state != FilingState.WAITING:
            return
        if filing.attempts >= settings.intake.attempts:
            reason = f"It could not be filed in {filing.attempts} attempts ({type(error).__name__})."
            hold(session, filing, HeldBecause.FAILED, reason, now)
        else:
            filing.not_before = now + pause_after(filing.attempts)
            session.add(filing)
        session.commit()
