"""The filing worker: each raw message ends as exactly one of on a case, machine mail, a duplicate, or held."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import QueryableAttribute, defer
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import Session, col, select

from postroom.casework.bounces import note_bounce
from postroom.casework.opening import add_message, open_case
from postroom.intake.authentication import UNKNOWN, Authentication, Sender
from postroom.intake.candidates import (
    about_something_new,
    candidates_for,
    facts_of,
    is_to_bounce_address,
    recipients_of,
    returned_letter,
)
from postroom.intake.machine_mail import Machine, Verdict, judge
from postroom.intake.own_addresses import own_addresses
from postroom.intake.parse import ParsedMessage
from postroom.intake.parse_in_time import parse_in_time
from postroom.intake.returned_mail import Failure, Returned, read_returned
from postroom.intake.sender_check import check_sender
from postroom.intake.signatures import LookUp, look_up_text
from postroom.intake.threading_rules import Doubt, Facts, decide, decide_about_matter, decide_for_machine
from postroom.models.database import open_session
from postroom.models.failures import NotFound
from postroom.models.large_content import read_content
from postroom.models.message import Attachment, AttachmentCheck, Message
from postroom.models.outgoing_mail import Bounce
from postroom.models.queues import claim_some, pause_after
from postroom.models.raw_message import Filing, FilingState, HeldBecause, RawMessage
from postroom.models.settings import Settings

log = logging.getLogger(__name__)

BATCH = 20
"""Messages filed with one commit. On SQLite nobody else can write meanwhile, so the receiver waits for as long."""
SMALL = 262_144
"""Bytes of a message that is read together with others."""
_DOUBTS = {Doubt.SENDER: HeldBecause.DOUBTFUL_SENDER, Doubt.MATTER: HeldBecause.NEW_MATTER}
_BOUNCES = {Failure.NONE: Bounce.NONE, Failure.SOFT: Bounce.SOFT, Failure.HARD: Bounce.HARD}
_RACES = 3
"""Tries to store a message while another worker stores the same one; the second look finds it."""

_Said = tuple[str, str]
"""What makes a message the same as another: its Message-ID and the digest of its content."""


@dataclass(frozen=True)
class Understood:
    """What was understood of a raw message, before any case is looked at. Its bytes are not kept."""

    raw_message_id: int
    channel: str
    received_at: datetime
    parsed: ParsedMessage
    verdict: Verdict
    facts: Facts
    recipients: list[str]
    authentication: Authentication
    returned: Returned | None
    """What a bounce says; None for any other mail."""


def process_one(engine: Engine, settings: Settings, now: datetime, look_up: LookUp = look_up_text) -> bool:
    """File the messages that wait, up to `BATCH` of them; False where none is due. `look_up` asks DNS.

    They share a transaction, for a commit takes longer than a message. Whatever goes wrong with one of them, the others
    are filed, each by itself then, and it is tried again later and at last held.
    """
    claimed = claim_some(engine, Filing, FilingState.WAITING, now, settings.workers.lease, most=BATCH)
    understood: list[Understood] = []
    for raw in _readable(engine, claimed, settings, now):
        with _trying(engine, raw.id, settings, now):
            understood.append(understand(raw, settings, look_up))
    if understood and not _filed_together(engine, understood, settings, now):
        for each in understood:
            with _trying(engine, each.raw_message_id, settings, now):
                _file_alone(engine, each, settings, now)
    return bool(claimed)


def understand(raw: RawMessage, settings: Settings, look_up: LookUp = look_up_text) -> Understood:
    """Parse `raw` and judge what sent it, and whether its sender is who they say."""
    assert raw.id is not None
    parsed = parse_in_time(raw.content)
    verdict = judge(
        parsed,
        own_addresses=own_addresses(settings.council),
        null_sender=raw.source == "smtp" and not raw.envelope_sender,
        to_bounce_address=is_to_bounce_address(raw, parsed, settings),
    )
    authentication = UNKNOWN if verdict.machine != Machine.NONE else check_sender(raw, parsed, settings, look_up)
    if authentication.sender == Sender.FAIL:
        verdict = replace(verdict, may_answer=False, why_not=verdict.why_not or "somebody else may have written it")
    returned = read_returned(raw.content) if verdict.machine == Machine.BOUNCE else None
    return Understood(
        raw_message_id=raw.id,
        channel=raw.channel,
        received_at=raw.received_at,
        parsed=parsed,
        verdict=verdict,
        facts=facts_of(
            raw,
            parsed,
            settings,
            returned=returned.tokens if returned else (),
            vouched=authentication.speaks_for_sender,
        ),
        recipients=recipients_of(raw, parsed),
        authentication=authentication,
        returned=returned,
    )


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
    fresh = list(_without_copies(session, session.exec(in_order).all(), by_id, now))
    messages = store(session, [by_id[filing.raw_message_id] for filing in fresh])
    for filing, message in zip(fresh, messages, strict=True):
        _place(session, filing, by_id[filing.raw_message_id], message, settings, now)


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


def _place(
    session: Session, filing: Filing, understood: Understood, message: Message, settings: Settings, now: datetime
) -> None:
    """End the filing of a stored message: on a case, as machine mail, or in the holding pen."""
    candidates = candidates_for(session, understood.facts)
    if understood.verdict.machine != Machine.NONE:
        match = decide_for_machine(understood.facts, candidates)
        if match.case_id is not None:
            add_message(session, match.case_id, message, rule=str(match.rule), now=now)
        if understood.returned:
            _note_bounce(session, understood.facts, understood.returned, message, now)
        end(session, filing, FilingState.MACHINE, now, reason=understood.verdict.why_not)
        return
    match = decide(understood.facts, candidates)
    if match.case_id is not None:
        reference, new = about_something_new(session, match.case_id, understood.parsed)
        match = decide_about_matter(match, understood.facts, reference, new)
    if _is_empty(understood.parsed):
        hold(session, filing, HeldBecause.EMPTY, "It has no subject, no words and no attachment.", now)
    elif match.is_proposal:
        hold(session, filing, _DOUBTS[match.doubt or Doubt.SENDER], match.reason, now)
        filing.proposed_case_id = match.case_id
    else:
        if match.case_id is None:
            open_case(session, message, settings=settings, now=now)
        else:
            add_message(session, match.case_id, message, rule=str(match.rule), now=now)
        end(session, filing, FilingState.ON_CASE, now)


def _note_bounce(session: Session, facts: Facts, returned: Returned, message: Message, now: datetime) -> None:
    """Mark the letter that came back, where it is one of ours."""
    mail = returned_letter(session, facts)
    if mail is not None:
        note_bounce(session, mail, _BOUNCES[returned.failure], returned.reason, message=message, now=now)


def _is_empty(parsed: ParsedMessage) -> bool:
    return not (parsed.subject or parsed.text.strip() or parsed.attachments)


def said(parsed: ParsedMessage) -> _Said:
    """What makes a message the same as another."""
    return parsed.message_id, parsed.content_digest


def stored_before(session: Session, understood: list[Understood]) -> dict[_Said, int]:
    """The raw messages that said the same before: the same Message-ID with the same content."""
    query = select(Message.message_id, Message.content_digest, Message.raw_message_id).where(
        col(Message.message_id).in_({each.parsed.message_id for each in understood})
    )
    return {(message_id, digest): raw_message_id for message_id, digest, raw_message_id in session.exec(query)}


def store(session: Session, understood: Sequence[Understood]) -> list[Message]:
    """Keep what was understood of messages, flushed together; their attachments wait to be looked at and scanned."""
    messages = [_message(each) for each in understood]
    session.add_all(messages)
    session.flush()
    for each, message in zip(understood, messages, strict=True):
        assert message.id is not None
        session.add_all(_attachments(message.id, each.parsed))
        if each.parsed.attachments:
            session.add(AttachmentCheck(message_id=message.id, not_before=each.received_at))
    return messages


def _message(understood: Understood) -> Message:
    parsed, verdict = understood.parsed, understood.verdict
    return Message(
        raw_message_id=understood.raw_message_id,
        channel=understood.channel,
        received_at=understood.received_at,
        sent_at=parsed.date,
        sender_name=parsed.sender.name,
        sender_email=parsed.sender.email,
        recipients=understood.recipients,
        subject=parsed.subject,
        text=parsed.text,
        new_text=parsed.new_text,
        has_html=parsed.has_html,
        message_id=parsed.message_id,
        content_digest=parsed.content_digest,
        machine=verdict.machine,
        may_answer=verdict.may_answer,
        why_not=verdict.why_not,
        defects=list(parsed.defects),
        authentication=understood.authentication.sender,
        authentication_details=list(understood.authentication.details),
    )


def _attachments(message_id: int, parsed: ParsedMessage) -> Iterator[Attachment]:
    for position, found in enumerate(parsed.attachments):
        yield Attachment(
            message_id=message_id,
            position=position,
            name=found.name,
            content_type=found.content_type,
            size=found.size,
            digest=found.digest,
        )


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
