"""DMARC (RFC 7489): what a domain publishes about mail in its name, and whether who vouches for a mail is its sender.
Pure."""

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

_WORDS = {"none": "asks for nothing", "quarantine": "asks to set it aside", "reject": "asks to refuse it"}


@dataclass(frozen=True)
class Policy:
    """What a domain asks for. As it stands here: what holds for a domain that publishes nothing."""

    strict_dkim: bool = False
    strict_spf: bool = False
    wish: str = ""
    """What it asks to do with mail that fails, in words."""

    def aligned(self, method: str, domain: str, of_sender: str) -> bool:
        """Whether `domain`, which `method` ("dkim" or "spf") passed, speaks for the sender's domain (3.1)."""
        strict = self.strict_dkim if method == "dkim" else self.strict_spf
        return bool(domain) and domain == of_sender if strict else aligned(domain, of_sender)


RELAXED = Policy()
STRICT = Policy(strict_dkim=True, strict_spf=True)


def aligned(domain: str, of_sender: str) -> bool:
    """Whether both are of one organisation: the relaxed alignment of 3.1."""
    if not domain or not of_sender:
        return False
    if domain == of_sender:
        return True
    if domain.split(".")[-2:] != of_sender.split(".")[-2:]:  # spares reading the list of public suffixes
        return False
    organisation = organisational_domain(domain)
    return bool(organisation) and organisation == organisational_domain(of_sender)


def organisational_domain(domain: str) -> str:
    """The part of `domain` that its organisation registered (3.2); empty where it is a public suffix itself."""
    found = _public_suffixes().privatesuffix(domain.strip(".").lower())
    return str(found or "")


def read_policy(records: list[str], *, below: bool = False) -> Policy | None:
    """The policy among a name's text records; None unless there is exactly one (6.6.3). `below`: the sender's domain
    is below the name that publishes it."""
    found = [tags for tags in map(_tags, records) if tags and tags[0] == ("v", "DMARC1")]
    if len(found) != 1:
        return None
    tags = dict(reversed(found[0]))
    wish = (tags.get("sp") if below else None) or tags.get("p") or "none"
    return Policy(tags.get("adkim", "") == "s", tags.get("aspf", "") == "s", _WORDS.get(wish.lower(), _WORDS["none"]))


def _tags(record: str) -> list[tuple[str, str]]:
    pairs = (tag.partition("=") for tag in record[:4_000].split(";") if tag.strip())
    return [(name.strip().lower(), value.strip()) for name, _, value in pairs]


@cache
def _public_suffixes() -> "PublicSuffixList":
    """Read when it is first needed: that takes a tenth of a second, and most mail is signed by the sender's own
    domain."""
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList()
