"""How long a mailbox is left alone after a failure (pure)."""

from datetime import timedelta

from postroom.models.failures import Permanent, PostroomError, Throttled

FIRST_AND_LONGEST = {
    Permanent: (60.0, 1800.0),
    Throttled: (30.0, 900.0),
    PostroomError: (5.0, 300.0),
}
"""Seconds, for the first kind that fits. A login that is refused often locks the account, so that begins slowly."""
LONGEST_NAMED = 3600.0
"""A server that names its own pause is obeyed up to this."""
SPREAD = 0.25


def pause_after(error: PostroomError, failures: int, chance: float) -> timedelta:
    """The pause after failure number `failures` (from 1) in a row: twice the one before, up to a limit.

    `chance`, from 0 to 1, spreads it by a quarter each way, so that many pollers don't come back at one moment.
    """
    first, longest = next(pause for kind, pause in FIRST_AND_LONGEST.items() if isinstance(error, kind))
    seconds = min(longest, first * 2.0 ** min(failures - 1, 30))
    if isinstance(error, Throttled) and error.seconds is not None:
        seconds = max(seconds, min(error.seconds, LONGEST_NAMED))
    return timedelta(seconds=seconds * (1 - SPREAD + 2 * SPREAD * chance))
