"""Whether the address that a message comes from is its sender's own, by whom the council has look at that."""

from postroom.intake.authentication import UNKNOWN, Authentication, Sender, from_gateway
from postroom.intake.parse import ParsedMessage
from postroom.intake.receive import EMAIL
from postroom.intake.signatures import LookUp, look_up_text, verify_signatures
from postroom.models.raw_message import RawMessage
from postroom.models.settings import Settings


def check_sender(
    raw: RawMessage, parsed: ParsedMessage, settings: Settings, look_up: LookUp = look_up_text
) -> Authentication:
    """What the gateway says, else what the signatures say, as configured. May wait for DNS."""
    wanted = settings.intake.authentication
    if raw.channel != EMAIL or not wanted.configured:
        return UNKNOWN
    if wanted.authserv_id:
        headers = parsed.headers.get("authentication-results", ())
        found = from_gateway(headers, wanted.authserv_id, parsed.sender.email)
        if found is not None:
            return found
    if wanted.verify:
        return verify_signatures(raw.content, parsed.sender.email, look_up)
    return Authentication(Sender.NONE, ("the gateway did not say what it found",))
