"""Which case a message belongs to. Pure: facts of the message and candidate cases in, a match out.

References in a header can be forged and a number in a subject guessed, so neither is authority: a message joins a case
by itself only if its sender's address is on that case already. Otherwise an officer decides, and nothing is disclosed.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Rule(StrEnum):
    """Why a message belongs to a case, strongest first."""

    REFERENCES = "references"
    """In-Reply-To or References (RFC 5322 3.6.4) name a mail that we sent, or one that is on the case."""
    ANSWER_ADDRESS = "answer address"
    """It was sent to an address that carries our signed token for the case."""
    SUBJECT = "reference in the subject"


@dataclass(frozen=True)
class Facts:
    """What threading needs to know of one message. Message-IDs have no angle brackets."""

    sender: str
    message_ids: tuple[str, ...]
    """Those in In-Reply-To, then References from the nearest to the farthest, then those of a report."""
    answer_references: tuple[str, ...]
    """The cases whose signed answer address it was sent to."""
    subject_references: tuple[str, ...]
    sender_is_vouched_for: bool = True
    """False where the council has senders checked and nothing speaks for this one's address."""

    @property
    def names_something(self) -> bool:
        """Whether it may belong to a case: a message that names nothing opens one."""
        return bool(self.message_ids or self.answer_references or self.subject_references)


class Doubt(StrEnum):
    """Why an officer has to say whether a message belongs to a case."""

    SENDER = "sender"
    MATTER = "matter"


@dataclass(frozen=True)
class Candidate:
    """A case that the message may belong to."""

    case_id: int
    reference: str
    addresses: frozenset[str]
    """The addresses of its person, in lower case."""
    message_ids: frozenset[str]
    """Of the message's Message-IDs, those that are on the case or in a letter sent about it."""


@dataclass(frozen=True)
class Match:
    """The case that a message joins (`case_id` with `rule`, no `reason`), the case that it is held for an officer to
    decide about (with a `reason`), or none: it opens a new one."""

    case_id: int | None = None
    rule: Rule | None = None
    reason: str = ""
    doubt: Doubt | None = None

    @property
    def is_proposal(self) -> bool:
        return bool(self.reason)


NEW_CASE = Match()


def references_in(subject: str, prefix: str) -> tuple[str, ...]:
    """The case references, such as AR-2026-000123, that stand in a subject."""
    found = re.findall(
        rf"(?<![A-Za-z0-9]){re.escape(prefix)}-\d{{4}}-\d{{6,9}}(?!\d)", subject, re.IGNORECASE | re.ASCII
    )
    return tuple(dict.fromkeys(reference.upper() for reference in found))


def decide(facts: Facts, candidates: Sequence[Candidate]) -> Match:
    """The first rule that names a case decides: its own people join it, where their address is theirs as far as we
    know; others are put to an officer."""
    named = _named_case(facts, candidates)
    if named is None:
        return NEW_CASE
    candidate, rule = named
    seems = f"It seems to belong to {candidate.reference} ({rule}), but"
    if not facts.sender or facts.sender not in candidate.addresses:
        return Match(candidate.case_id, rule, f"{seems} comes from an address that is not on it.", Doubt.SENDER)
    if not facts.sender_is_vouched_for:
        return Match(
            candidate.case_id, rule, f"{seems} nothing proves that its sender's address is real.", Doubt.SENDER
        )
    return Match(candidate.case_id, rule)


def decide_about_matter(match: Match, facts: Facts, reference: str, about_something_new: bool) -> Match:
    """`match`, or an officer's question: a message in an old thread that is about something new. Whoever writes the
    case's reference into the subject means that case."""
    if match.case_id is None or match.is_proposal or not about_something_new or reference in facts.subject_references:
        return match
    reason = f"It belongs to the thread of {reference} ({match.rule}), but its subject and its words are about another."
    return Match(match.case_id, match.rule, reason, Doubt.MATTER)


def decide_for_machine(facts: Facts, candidates: Sequence[Candidate]) -> Match:
    """The case that mail from a machine is kept on, if any. It moves nothing there, so its sender does not matter; a
    number in a subject is not enough."""
    named = _named_case(facts, candidates)
    if named is None or named[1] == Rule.SUBJECT:
        return NEW_CASE
    return Match(named[0].case_id, named[1])


def _named_case(facts: Facts, candidates: Sequence[Candidate]) -> tuple[Candidate, Rule] | None:
    for message_id in facts.message_ids:
        for candidate in candidates:
            if message_id in candidate.message_ids:
                return candidate, Rule.REFERENCES
    by_reference = {candidate.reference: candidate for candidate in candidates}
    for references, rule in ((facts.answer_references, Rule.ANSWER_ADDRESS), (facts.subject_references, Rule.SUBJECT)):
        for reference in references:
            if reference in by_reference:
                return by_reference[reference], rule
    return None
