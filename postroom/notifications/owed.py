"""What is owed to whom, from the facts of a case alone. Pure: whoever asks, and however often, the answer is the same.

Every confirmed case owes one acknowledgement of each stage to whoever opened it (Complaint Handling Code 2024, section
5), or a letter that names where to go instead where the council can't take it up. Whoever is put off, refused the next
stage or asked for consent is told (5.6, 6.6). Machines are owed nothing (RFC 3834, 2).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from postroom.models.settings import NO_EXCLUSION, Settings
from postroom.notifications.envelopes import usable_address

SIGNPOST = "signpost"
"""The letter of a case with an exclusion. It counts as its acknowledgement."""
ALERT = "at-risk-alert"
DIGEST = "reminder-digest"
COPY = "advocate-copy"
PASSED_ON = "passed-on"
"""The letter that tells a manager what somebody praised."""
RECEIPT_WITHIN = timedelta(days=1)
"""After that a receipt is no longer an instant one, as where the setting was turned on today."""


class Purpose(StrEnum):
    """What a letter to a resident is for; also how its template is called, but for the acknowledgement's."""

    RECEIPT = "receipt"
    """The instant acknowledgement: it says only that the message is here."""
    ACKNOWLEDGEMENT = "acknowledgement"
    """The full one of a stage, once an officer has confirmed what it is."""
    EXTENSION = "extension"
    CONSENT = "consent"
    REFUSAL = "refusal"
    """The next stage is refused."""
    RESPONSE = "response"
    WITHDRAWAL = "withdrawal"
    CLOSING = "closing"


@dataclass(frozen=True)
class Reach:
    """Whom a letter goes to, and how they want it. `may_answer` is false where a machine wrote."""

    sender_email: str
    may_answer: bool
    why_not: str = ""
    on_paper: bool = False
    postal_address: str = ""


@dataclass(frozen=True)
class Way:
    """Where a letter goes: an email address, or with `by_post` a postal one."""

    recipient: str
    by_post: bool = False


@dataclass(frozen=True)
class CaseFacts:
    """What decides whether a case owes a letter. The sender is that of the message that opened it."""

    case_id: int
    open: bool
    acknowledged: bool
    procedure: str
    stage: str
    exclusion: str
    reach: Reach


@dataclass(frozen=True)
class RiskFacts:
    """What decides whether the duty officer is told. `message_id`: of a message of which a model says so and that no
    officer has judged yet; `decision_id`: of the decision by which an officer said so of the case."""

    case_id: int
    message_id: int | None = None
    decision_id: int | None = None


@dataclass(frozen=True)
class LetterOwed:
    case_id: int
    stage: str
    letter: str
    way: Way

    @property
    def once(self) -> str:
        """The unique key that makes it one letter, whoever writes it."""
        return f"letter:{self.case_id}:{self.stage}:{self.letter}"


@dataclass(frozen=True)
class AlertOwed:
    case_id: int
    recipient: str
    once: str
    """One alert for each message, and one for each time that an officer says so, whatever a model said before."""


@dataclass(frozen=True)
class NothingOwed:
    """`reason` is fit for an officer to read."""

    reason: str


def way_to(reach: Reach) -> Way | NothingOwed:
    """How an automatic letter reaches somebody: by post where they want paper and their address is known."""
    if not reach.may_answer:
        return NothingOwed(f"No automatic letter may answer it: {reach.why_not or 'it was not written by a person'}.")
    return way_of(reach)


def way_of(reach: Reach) -> Way | NothingOwed:
    """How a letter that an officer answers for reaches somebody, whatever wrote."""
    if reach.postal_address.strip() and (reach.on_paper or not reach.sender_email):
        return Way(reach.postal_address.strip(), by_post=True)
    if not reach.sender_email:
        return NothingOwed("There is no email address to answer to.")
    if not usable_address(reach.sender_email):
        return NothingOwed("Mail can't be sent to the address that it came from.")
    return Way(reach.sender_email.lower())


def acknowledgement_of(settings: Settings, procedure: str, stage: str) -> str:
    """The name of the letter that acknowledges a stage; empty where there is nothing to acknowledge."""
    configured = settings.procedures[procedure]
    found = configured.stage(stage)
    if found is not None and found.acknowledge is None:
        return ""
    return (found.acknowledgement if found else "") or configured.acknowledgement


def letter_owed(facts: CaseFacts, settings: Settings) -> LetterOwed | NothingOwed:
    """The acknowledgement that a case owes to whoever opened it."""
    if not facts.open:
        return NothingOwed("Only a confirmed case that is open owes a letter.")
    if facts.acknowledged:
        return NothingOwed("It was acknowledged already.")
    if facts.procedure not in settings.procedures:
        return NothingOwed(f"The configuration has no procedure {facts.procedure}.")
    acknowledgement = acknowledgement_of(settings, facts.procedure, facts.stage)
    if not acknowledgement:
        return NothingOwed("There is nothing to acknowledge at this stage.")
    way = way_to(facts.reach)
    if isinstance(way, NothingOwed):
        return way
    letter = acknowledgement if facts.exclusion == NO_EXCLUSION else SIGNPOST
    return LetterOwed(facts.case_id, facts.stage, letter, way)


def receipt_owed(
    reach: Reach, *, received_at: datetime, acknowledged: bool, settings: Settings, now: datetime
) -> Way | NothingOwed:
    """The instant receipt that is owed to whoever opened a case."""
    if not settings.outgoing.instant_acknowledgement:
        return NothingOwed("The configuration has outgoing.instant_acknowledgement turned off.")
    if acknowledged or now - received_at > RECEIPT_WITHIN:
        return NothingOwed("It would not be an instant one any more.")
    way = way_to(reach)
    return NothingOwed("A receipt on paper helps nobody.") if isinstance(way, Way) and way.by_post else way


def alert_owed(facts: RiskFacts, settings: Settings) -> AlertOwed | NothingOwed:
    """The alert that is owed to the duty officer: a suggestion is enough, nobody waits for its confirmation."""
    if facts.message_id is None and facts.decision_id is None:
        return NothingOwed("Nobody and no model says that somebody is at risk.")
    if settings.council.addresses.duty is None:
        return NothingOwed("The configuration has no council.addresses.duty.")
    about = f"message:{facts.message_id}" if facts.message_id is not None else f"{facts.case_id}:{facts.decision_id}"
    return AlertOwed(facts.case_id, settings.council.addresses.duty, f"alert:{about}")
