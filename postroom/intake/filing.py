"""The filing worker: each raw message ends as exactly one of on a case, machine mail, a duplicate, or held."""

import logging
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from postroom.casework.cases import add_message, officer, open_case
from postroom.intake.candidates import candidates_for, facts_of, recipients_of
from postroom.intake.machine_mail import Machine, Verdict, judge
from postroom.intake.own_addresses import own_addresses
from postroom.intake.parse import ParsedMessage, parse
from postroom.intake.threading_rules import Facts, decide, decide_for_machine
from postroom.models.case import Case
from postroom.models.database import open_session
from postroom.models.failures import ImpossibleMove, NotFound
from postroom.models.message import Attachment, Message
from postroom.models.queues import claim, pause_after
from postroom.models.raw_message import Filing, FilingState, RawMessage
from postroom.models.settings import Settings

log = logging.getLogger(__name__)

BY_OFFICER = "an officer's decision"
_RACES = 3
"""Tries to store a message while another worker stores the same one; the second look finds it."""


@dataclass(frozen=True)
class Understood:
    """A raw message with what was understood of it, before any case is looked at."""

    raw: RawMessage
    parsed: ParsedMessage
    verdict: Verdict
    facts: Facts
    recipients: list[str]


def process_one(engine: Engine, settings: Settings, now: datetime) -> bool:
    """File one waiting message; False where none is due.

    Whatever goes wrong with one message, it is tried again later and at last held, and the others go on.
    """
    raw_message_id = claim(engine, Filing, FilingState.WAITING, now, settings.workers.lease)
    if raw_message_id is None:
        return False
    try:
        _file(engine, raw_message_id, settings, now)
    except Exception as error:
        log.exception("message %d could not be filed", raw_message_id)
        _try_again_or_hold(engine, raw_message_id, error, settings, now)
    return True


def file_as_new(engine: Engine, raw_message_id: int, *, settings: Settings, officer_id: int, now: datetime) -> Case:
    """An officer opens a new case for a held message. Raises `ImpossibleMove` where it is not held any more."""
    understood = understand(_load(engine, raw_message_id), settings)
    with open_session(engine) as session:
        filing = _held(session, raw_message_id)
        message = _message_of(session, raw_message_id) or _store_held(session, understood)
        case = open_case(session, message, settings=settings, now=now, actor=officer(officer_id))
        _end(session, filing, FilingState.ON_CASE, now)
        session.commit()
        return case


def attach_to_case(
    engine: Engine, raw_message_id: int, case_reference: str, *, settings: Settings, officer_id: int, now: datetime
) -> None:
    """An officer puts a held message on a case. Raises `NotFound` for an unknown reference, `ImpossibleMove` where the
    message is not held any more."""
    understood = understand(_load(engine, raw_message_id), settings)
    with open_session(engine) as session:
        case_id = session.exec(select(Case.id).where(Case.reference == case_reference.strip().upper())).first()
        if case_id is None:
            raise NotFound(f"There is no case {case_reference.strip()}.")
        filing = _held(session, raw_message_id)
        message = _message_of(session, raw_message_id) or _store_held(session, understood)
        add_message(session, case_id, message, rule=BY_OFFICER, now=now, actor=officer(officer_id))
        _end(session, filing, FilingState.ON_CASE, now)
        session.commit()


def mark_as_machine(engine: Engine, raw_message_id: int, *, officer_id: int, now: datetime) -> None:
    """An officer says that a held message is machine mail: it is kept and not answered. Raises `ImpossibleMove` where
    it is not held any more."""
    with open_session(engine) as session:
        filing = _held(session, raw_message_id)
        message = _message_of(session, raw_message_id)
        if message is not None:
            message.machine = Machine.BULK if message.machine == Machine.NONE else message.machine
            message.may_answer = False
            message.why_not = message.why_not or "an officer marked it as machine mail"
            session.add(message)
        _end(session, filing, FilingState.MACHINE, now, reason=f"marked as machine mail by {officer(officer_id)}")
        session.commit()


def understand(raw: RawMessage, settings: Settings) -> Understood:
    """Parse `raw` and judge what sent it."""
    parsed = parse(raw.content)
    verdict = judge(
        parsed,
        own_addresses=own_addresses(settings.council),
        null_sender=raw.source == "smtp" and not raw.envelope_sender,
    )
    return Understood(raw, parsed, verdict, facts_of(raw, parsed, settings), recipients_of(raw, parsed))


def _load(engine: Engine, raw_message_id: int) -> RawMessage:
    with open_session(engine, read_only=True) as session:
        raw = session.get(RawMessage, raw_message_id)
    if raw is None:
        raise NotFound(f"There is no message {raw_message_id}.")
    return raw


def _file(engine: Engine, raw_message_id: int, settings: Settings, now: datetime) -> None:
    with open_session(engine, read_only=True) as session:
        filing = session.get_one(Filing, raw_message_id)
    raw = _load(engine, raw_message_id)
    if filing.attempts > settings.intake.attempts:
        _hold(engine, raw_message_id, "Every attempt to file it broke off.", now)
    elif raw.size > settings.intake.maximum_bytes:
        _hold(engine, raw_message_id, f"It is too large: {raw.size:,} bytes.", now)
    else:
        _file_understood(engine, understand(raw, settings), settings, now)


def _file_understood(engine: Engine, understood: Understood, settings: Settings, now: datetime) -> None:
    for race in range(1, _RACES + 1):
        try:
            with open_session(engine) as session:
                filing = session.get_one(Filing, understood.raw.id, with_for_update=True)
                if filing.state == FilingState.WAITING:
                    _file_in(session, filing, understood, settings, now)
                    session.commit()
            return
        except IntegrityError:
            if race == _RACES:
                raise


def _file_in(session: Session, filing: Filing, understood: Understood, settings: Settings, now: datetime) -> None:
    original = _same_message(session, understood.parsed)
    if original is not None:
        _end(session, filing, FilingState.DUPLICATE, now, reason=f"The same message as number {original}.")
        filing.duplicate_of_id = original
        return
    message = _store(session, understood)
    candidates = candidates_for(session, understood.facts)
    if understood.verdict.machine != Machine.NONE:
        match = decide_for_machine(understood.facts, candidates)
        if match.case_id is not None:
            add_message(session, match.case_id, message, rule=str(match.rule), now=now)
        _end(session, filing, FilingState.MACHINE, now, reason=understood.verdict.why_not)
        return
    match = decide(understood.facts, candidates)
    if _is_empty(understood.parsed):
        _end(session, filing, FilingState.HELD, now, reason="It has no subject, no words and no attachment.")
    elif match.is_proposal:
        _end(session, filing, FilingState.HELD, now, reason=match.reason)
        filing.proposed_case_id = match.case_id
    else:
        if match.case_id is None:
            open_case(session, message, settings=settings, now=now)
        else:
            add_message(session, match.case_id, message, rule=str(match.rule), now=now)
        _end(session, filing, FilingState.ON_CASE, now)


def _is_empty(parsed: ParsedMessage) -> bool:
    return not (parsed.subject or parsed.text.strip() or parsed.attachments)


def _same_message(session: Session, parsed: ParsedMessage) -> int | None:
    """The raw message that said the same before: the same Message-ID with the same content."""
    query = select(Message.raw_message_id).where(
        Message.message_id == parsed.message_id, Message.content_digest == parsed.content_digest
    )
    return session.exec(query).first()


def _store(session: Session, understood: Understood) -> Message:
    raw, parsed, verdict = understood.raw, understood.parsed, understood.verdict
    assert raw.id is not None
    message = Message(
        raw_message_id=raw.id,
        channel=raw.channel,
        received_at=raw.received_at,
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
    )
    session.add(message)
    session.flush()
    assert message.id is not None
    for position, found in enumerate(parsed.attachments):
        session.add(
            Attachment(
                message_id=message.id,
                position=position,
                name=found.name,
                content_type=found.content_type,
                size=found.size,
                digest=found.digest,
            )
        )
    session.flush()
    return message


def _end(session: Session, filing: Filing, state: FilingState, now: datetime, reason: str = "") -> None:
    filing.state, filing.reason, filing.ended_at = state, reason, now
    session.add(filing)


def _held(session: Session, raw_message_id: int) -> Filing:
    """The filing of a held message, locked."""
    filing = session.get(Filing, raw_message_id, with_for_update=True)
    if filing is None or filing.state != FilingState.HELD:
        raise ImpossibleMove("This message is not in the holding pen any more.")
    return filing


def _message_of(session: Session, raw_message_id: int) -> Message | None:
    return session.exec(select(Message).where(Message.raw_message_id == raw_message_id)).first()


def _store_held(session: Session, understood: Understood) -> Message:
    """Store a message that was held before it was understood."""
    original = _same_message(session, understood.parsed)
    if original is not None:
        raise ImpossibleMove(f"This message says the same as number {original}, which came in before.")
    return _store(session, understood)


def _hold(engine: Engine, raw_message_id: int, reason: str, now: datetime) -> None:
    with open_session(engine) as session:
        filing = session.get_one(Filing, raw_message_id, with_for_update=True)
        if filing.state == FilingState.WAITING:
            _end(session, filing, FilingState.HELD, now, reason=reason)
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
            _end(session, filing, FilingState.HELD, now, reason=reason)
        else:
            filing.not_before = now + pause_after(filing.attempts)
            session.add(filing)
        session.commit()
