"""What is owed to whom, from the facts of a case alone. Pure: whoever asks, and however often, the answer is the same.

Every confirmed case owes one acknowledgement to whoever opened it (Complaint Handling Code 2024, section 5), or a
letter that names where to go instead where the council can't take it up. Machines are owed nothing (RFC 3834, 2).
"""

from dataclasses import dataclass

from postroom.models.settings import NO_EXCLUSION, Settings
from postroom.notifications.envelopes import usable_address

SIGNPOST = "signpost"
"""The letter of a case with an exclusion. It counts as its acknowledgement."""
ALERT = "at-risk-alert"
DIGEST = "reminder-digest"


@dataclass(frozen=True)
class CaseFacts:
    """What decides whether a case owes a letter. The sender is that of the message that opened it."""

    case_id: int
    open: bool
    acknowledged: bool
    procedure: str
    stage: str
    exclusion: str
    sender_email: str
    may_answer: bool
    why_not: str = ""


@dataclass(frozen=True)
class RiskFacts:
    """What decides whether the duty officer is told. `suggested`: a model says so of a message that no officer has
    judged yet; `confirmed`: an officer says so of the case."""

    case_id: int
    suggested: bool
    confirmed: bool


@dataclass(frozen=True)
class LetterOwed:
    case_id: int
    stage: str
    letter: str
    recipient: str

    @property
    def once(self) -> str:
        """The unique key that makes it one letter, whoever writes it."""
        return f"letter:{self.case_id}:{self.stage}:{self.letter}"


@dataclass(frozen=True)
class AlertOwed:
    case_id: int
    recipient: str

    @property
    def once(self) -> str:
        return f"alert:{self.case_id}"


@dataclass(frozen=True)
class NothingOwed:
    """`reason` is fit for an officer to read."""

    reason: str


def letter_owed(facts: CaseFacts, settings: Settings) -> LetterOwed | NothingOwed:
    """The letter that a case owes to whoever opened it."""
    if not facts.open:
        return NothingOwed("Only a confirmed case that is open owes a letter.")
    if facts.acknowledged:
        return NothingOwed("It was acknowledged already.")
    if not facts.may_answer:
        return NothingOwed(f"No automatic letter may answer it: {facts.why_not or 'it was not written by a person'}.")
    if not facts.sender_email:
        return NothingOwed("There is no email address to answer to.")
    if not usable_address(facts.sender_email):
        return NothingOwed("Mail can't be sent to the address that it came from.")
    if facts.procedure not in settings.procedures:
        return NothingOwed(f"The configuration has no procedure {facts.procedure}.")
    acknowledgement = settings.procedures[facts.procedure].acknowledgement
    letter = acknowledgement if facts.exclusion == NO_EXCLUSION else SIGNPOST
    return LetterOwed(facts.case_id, facts.stage, letter, facts.sender_email.lower())


def alert_owed(facts: RiskFacts, settings: Settings) -> AlertOwed | NothingOwed:
    """The alert that a case owes to the duty officer: a suggestion is enough, nobody waits for its confirmation."""
    if not (facts.suggested or facts.confirmed):
        return NothingOwed("Nobody and no model says that somebody is at risk.")
    if settings.council.addresses.duty is None:
        return NothingOwed("The configuration has no council.addresses.duty.")
    return AlertOwed(facts.case_id, settings.council.addresses.duty)
