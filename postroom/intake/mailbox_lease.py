"""A poller's lease on its mailbox, short and renewed while it works: one that was killed lets go soon."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from time import monotonic

from sqlalchemy.exc import SQLAlchemyError

from postroom.models.mailbox import CursorHold

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=6)
"""How long a poller that was killed while it worked still has its mailbox. Should one that lives lose it, since its
database was away for so long, two may read for a moment: the journal takes each message once."""
_RENEWALS = 3
"""So often in one lease: one renewal may fail, a database is busy at times."""


@contextmanager
def renewed(hold: CursorHold, clock: Callable[[], datetime], seconds: float) -> Iterator[None]:
    """Renew the lease while the block runs, but for no more than `seconds`: whoever hangs must let go too."""
    done = threading.Event()
    keeper = threading.Thread(target=_renew, args=(hold, clock, seconds, done), name="mailbox-lease", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        done.set()
        keeper.join()


def _renew(hold: CursorHold, clock: Callable[[], datetime], seconds: float, done: threading.Event) -> None:
    until = monotonic() + seconds
    while not done.wait(LEASE.total_seconds() / _RENEWALS) and monotonic() < until:
        try:
            hold.take(clock(), LEASE)
        except SQLAlchemyError as error:
            logger.warning("a mailbox's lease could not be renewed: %s", type(error).__name__)
