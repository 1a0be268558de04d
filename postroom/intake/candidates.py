"""The cases that a message may belong to, looked up for the threading rules."""

from collections import defaultdict
from collections.abc import Sequence

from sqlmodel import Session, col, func, or_, select

from postroom.casework.answer_address import read_answer_address, read_bounce_address
from postroom.intake.matters import is_new_matter
from postroom.intake.parse import ParsedMessage
from postroom.intake.threading_rules import Candidate, Facts, references_in
from postroom.models.case import Address, Case
from postroom.models.message import Message, opening_first
from postroom.models.outgoing_mail import OutgoingMail
from postroom.models.raw_message import RawMessage
from postroom.models.settings import Settings

_RECIPIENTS = 100
_MESSAGES = 50
_CHARACTERS = 20_000
"""How many messages of a case, and how much of each, a new one is compared with."""


def recipients_of(raw: RawMessage, parsed: ParsedMessage) -> list[str]:
    """Whom a message was sent to, as far as envelope and headers tell, each address once."""
    delivered = (*parsed.headers.get("delivered-to", ()), *parsed.headers.get("x-original-to", ()))
    written = (mailbox.email for mailbox in (*parsed.to, *parsed.cc) if mailbox.email)
    every = (address.strip("<> ").lower() for address in (*raw.envelope_recipients, *delivered, *written))
    return list(dict.fromkeys(address[:320] for address in every if "@" in address))[:_RECIPIENTS]


def is_to_bounce_address(raw: RawMessage, parsed: ParsedMessage, settings: Settings) -> bool:
    """Whether a mail came to the bounce address of a letter of ours."""
    key = settings.signing_key.read()
    return any(read_bounce_address(address, key) for address in recipients_of(raw, parsed))


def facts_of(
    raw: RawMessage, parsed: ParsedMessage, settings: Settings, *, returned: Sequence[str] = (), vouched: bool = True
) -> Facts:
    """What the threading rules need to know of a message. `returned` are the tokens of letters of ours that it brings
    back; `vouched`: its sender's address is real, as far as the council has that looked at."""
    key = settings.signing_key.read()
    recipients = recipients_of(raw, parsed)
    answered = [read_answer_address(address, key) for address in recipients]
    bounced = [read_bounce_address(address, key) for address in recipients]
    reported = parsed.report.message_ids if parsed.report else ()
    named = (
        # the Message-ID that envelopes makes of a token
        *(f"{token}@{settings.council.domain}" for token in (*bounced, *returned) if token),
        *reversed(parsed.in_reply_to),
        *reversed(parsed.references),
        *reported,
    )
    return Facts(
        sender=parsed.sender.email,
        message_ids=tuple(dict.fromkeys(named)),
        answer_references=tuple(dict.fromkeys(reference for reference in answered if reference)),
        subject_references=references_in(parsed.subject, settings.council.reference_prefix),
        sender_is_vouched_for=vouched,
    )


def candidates_for(session: Session, facts: Facts) -> list[Candidate]:
    """The cases that any of `facts` names."""
    named = _ids_on_cases(session, facts.message_ids) if facts.message_ids else {}
    references = (*facts.answer_references, *facts.subject_references)
    if not named and not references:
        return []
    query = select(Case).where(or_(col(Case.id).in_(named), col(Case.reference).in_(references)))
    return [_candidate(session, case, named) for case in session.exec(query)]


def _ids_on_cases(session: Session, message_ids: tuple[str, ...]) -> dict[int, set[str]]:
    """Which of `message_ids` are on which case, received or sent. The outbox keeps Message-IDs in angle brackets."""
    named: dict[int, set[str]] = defaultdict(set)
    received = select(Message.case_id, Message.message_id).where(
        col(Message.message_id).in_(message_ids), col(Message.case_id).is_not(None)
    )
    sent = select(OutgoingMail.case_id, OutgoingMail.message_id).where(
        col(OutgoingMail.message_id).in_([f"<{id_}>" for id_ in message_ids]), col(OutgoingMail.case_id).is_not(None)
    )
    for query in (received, sent):
        for case_id, message_id in session.exec(query):
            if case_id is not None:
                named[case_id].add(message_id.strip("<>"))
    return named


def _candidate(session: Session, case: Case, named: dict[int, set[str]]) -> Candidate:
    assert case.id is not None
    addresses = select(Address.email).where(Address.person_id == case.person_id)
    return Candidate(
        case_id=case.id,
        reference=case.reference,
        addresses=frozenset(session.exec(addresses)) if case.person_id is not None else frozenset(),
        message_ids=frozenset(named.get(case.id, ())),
    )


def returned_letter(session: Session, facts: Facts) -> OutgoingMail | None:
    """The mail of ours that a bounce brings back. Its Message-ID and token are known to nobody but its recipient."""
    named = [f"<{id_}>" for id_ in facts.message_ids]
    query = select(OutgoingMail).where(col(OutgoingMail.message_id).in_(named)).with_for_update()
    found = {mail.message_id: mail for mail in session.exec(query)} if named else {}
    return next((found[id_] for id_ in named if id_ in found), None)


def about_something_new(session: Session, case_id: int, parsed: ParsedMessage) -> tuple[str, bool]:
    """The reference of a case, and whether a message is about something else than it."""
    reference = session.exec(select(Case.reference).where(Case.id == case_id)).one()
    messages = select(Message.subject, func.substr(Message.text, 1, _CHARACTERS)).where(Message.case_id == case_id)
    said = session.exec(messages.order_by(*opening_first()).limit(_MESSAGES)).all()
    sent = session.exec(select(OutgoingMail.subject).where(OutgoingMail.case_id == case_id)).all()
    subjects = [*(subject for subject, _ in said), *sent]
    return reference, is_new_matter(
        parsed.subject, parsed.new_text, subjects=subjects, texts=[text for _, text in said]
    )
