"""What is understood of a raw message before any case is looked at: parsed, and judged whether a machine sent it."""

from dataclasses import dataclass, replace
from datetime import datetime

from postroom.intake.authentication import UNKNOWN, Authentication, Sender
from postroom.intake.candidates import facts_of, is_to_bounce_address, recipients_of
from postroom.intake.machine_mail import Machine, Verdict, judge
from postroom.intake.own_addresses import own_addresses
from postroom.intake.parse import ParsedMessage
from postroom.intake.parse_in_time import parse_in_time
from postroom.intake.returned_mail import Returned, read_returned
from postroom.intake.sender_check import check_sender
from postroom.intake.threading_rules import Facts
from postroom.models.raw_message import RawMessage
from postroom.models.settings import Settings


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


def understand(raw: RawMessage, settings: Settings) -> Understood:
    """Parse `raw` and judge what sent it, and whether its sender is who they say."""
    assert raw.id is not None
    parsed = parse_in_time(raw.content)
    verdict = judge(
        parsed,
        own_addresses=own_addresses(settings.council),
        null_sender=raw.source == "smtp" and not raw.envelope_sender,
        to_bounce_address=is_to_bounce_address(raw, parsed, settings),
    )
    authentication = UNKNOWN if verdict.machine != Machine.NONE else check_sender(raw, parsed, settings)
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
