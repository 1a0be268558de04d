"""How long a letter waits after a confirmation, so that its officer can take that back. Pure.

In the last minutes of a day nothing waits: the day may be the last on which the case can be acknowledged in time.
"""

from datetime import datetime, time, timedelta

from postroom.models.settings import Settings


def held_until(confirmed_at: datetime, settings: Settings) -> datetime:
    """From when on a letter about what was confirmed then may go out."""
    waits = _waits(settings)
    return max(confirmed_at, min(confirmed_at + waits, _midnight_after(confirmed_at, settings) - waits))


def free_since(now: datetime, settings: Settings) -> datetime:
    """The latest moment of a confirmation whose letter waits no longer at `now`."""
    waits = _waits(settings)
    return now if now + waits >= _midnight_after(now, settings) else now - waits


def _waits(settings: Settings) -> timedelta:
    return timedelta(minutes=settings.outgoing.acknowledgement_minutes)


def _midnight_after(moment: datetime, settings: Settings) -> datetime:
    zone = settings.council.zone
    return datetime.combine(moment.astimezone(zone).date() + timedelta(days=1), time(), tzinfo=zone)
