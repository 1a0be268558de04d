"""Which messages an officer judges before the suggestion is shown, so that its accuracy is measured without anchoring.

That somebody may be at risk is shown all the same: nobody is left waiting for a measurement.
"""

import hashlib


def decides_first(message_id: int, share: float) -> bool:
    """Whether the message is one of the `share` of all. The same each time, and for everybody."""
    drawn = hashlib.sha256(f"blind share {message_id}".encode()).digest()
    return int.from_bytes(drawn[:8], "big") / 2**64 < share
