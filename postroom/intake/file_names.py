"""Names of attachments that any file system, page and header can take."""

import re

from postroom.intake.encoded_words import unfold_words

_LONGEST = 200
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,10}(?:\.[A-Za-z0-9]{1,5})?$")
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(?:\.|$)", re.IGNORECASE)


def safe_name(name: str) -> str:
    """`name` with its encoded words decoded, and without folders, hidden characters, blanks and dots at its ends; not
    longer than 200 characters, the suffix kept; empty where nothing is left. A name that Windows reserves for a device
    begins with an underscore."""
    plain = re.split(r"[/\\]", unfold_words(name))[-1].strip().rstrip(". ")
    if len(plain) > _LONGEST:
        suffix = _SUFFIX.search(plain)
        kept = suffix[0] if suffix else ""
        plain = plain[: _LONGEST - len(kept)] + kept
    return f"_{plain}" if _RESERVED.match(plain) else plain
