"""What a mail server's refusal means for a mail: nothing helps, later may help, or it is not about the mail. Pure.

By the answer's code (RFC 5321, 4.2) and the enhanced one in its text (RFC 3463), where there is one.
"""

import re
from enum import Enum

_ENHANCED = re.compile(r"\s*([245])\.(\d{1,3})\.(\d{1,3})(?!\S)")
_ABOUT_US = frozenset({421, 432, 454, 530, 534, 535, 538})
"""The server shuts down (RFC 5321, 3.8), or it is our signing in or our TLS (RFC 4954, 6; RFC 3207, 4)."""
_MAILBOX_FULL = ("2", "2")
"""X.2.2 (RFC 3463, 3.3). Some servers call it permanent; its owner may empty it all the same."""
_TOO_MUCH_NOW = 552
"""Without an enhanced code it may stand for 452: what it has no room for now (RFC 5321, 4.5.3.1.10)."""


class Verdict(Enum):
    REFUSED = "refused for good"
    LATER = "refused for now"
    OUTAGE = "not about the mail"


def judge(code: int, text: str) -> Verdict:
    """The meaning of a refusal. Where both codes disagree about the class the gentler holds: tries are counted."""
    if code in _ABOUT_US:
        return Verdict.OUTAGE
    if not 500 <= code < 600:
        return Verdict.LATER
    enhanced = _ENHANCED.match(text)
    if enhanced is None:
        return Verdict.LATER if code == _TOO_MUCH_NOW else Verdict.REFUSED
    full = (enhanced[2], enhanced[3]) == _MAILBOX_FULL
    return Verdict.LATER if full or enhanced[1] == "4" else Verdict.REFUSED
