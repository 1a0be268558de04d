"""A clock that can be set, for journeys that go through days."""

from datetime import datetime, timedelta

from postroom.processes import utc_now


class Clock:
    """The real time plus what it was moved by."""

    def __init__(self) -> None:
        self._moved = timedelta()

    def __call__(self) -> datetime:
        return utc_now() + self._moved

    def set(self, moment: datetime) -> None:
        """Make it `moment` now; it goes on from there."""
        self._moved = moment - utc_now()
