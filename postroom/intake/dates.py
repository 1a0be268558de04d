"""The date of a mail (RFC 5322 3.3, 4.3), and the other ways in which programs write one."""

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_tz

_LONGEST = 200
_EARLIEST, _LATEST = 1980, 2200
"""Years that a clock could have shown; one that was never set shows 1970."""
_MONTHS = {name: place for place, name in enumerate("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), start=1)}
_USUAL = re.compile(
    rf"(?:[A-Z][a-z]{{2}}, +)?(\d{{1,2}}) ({'|'.join(_MONTHS)}) (\d{{4}}) (\d\d):(\d\d):(\d\d) "
    r"([+-])(\d\d)(\d\d)(?: \(|$)"
)
_COMMENT = re.compile(r"\([^()]*\)")
_OFFSET_BY_NAME = re.compile(r"\b(?:GMT|UTC?)\s*([+-])(\d{1,2})(?::?(\d{2}))?\b")
_ISO = re.compile(
    r"(\d{4})[-/](\d{2})[-/](\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2})?)(?:[.,]\d+)?\s*(Z|[+-]\d{2}:?\d{2})?)?.*"
)
_COLON_IN_OFFSET = re.compile(r"([+-]\d\d):(\d\d)$")
_LEAP_SECOND = re.compile(r"(:\d\d):6\d\b")
_HOURS = {
    "BST": 1, "WET": 0, "WEST": 1, "CET": 1, "CEST": 2, "MET": 1, "MEZ": 1, "MESZ": 2, "EET": 2, "EEST": 3, "MSK": 3,
    "JST": 9, "KST": 9, "HKT": 8, "SGT": 8, "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13,
}  # fmt: skip
"""Zones by names that the standard library does not know and that mean one thing to a council in Britain."""
_NAMED_ZONE = re.compile(rf"\s({'|'.join(_HOURS)})\s*$", re.IGNORECASE)


def read_date(value: str) -> datetime | None:
    """The date in UTC; None where it can't be read or no clock could have shown it. Never raises.

    A date without a zone counts as UTC. What may be a day or a month, as 03/04/2026, is not guessed.
    """
    text = value[:_LONGEST].strip()
    if not text:
        return None
    try:
        moment = (_from_usual(text) or _from_odd(_COMMENT.sub(" ", text).strip())).astimezone(UTC)
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError):
        return None
    return moment if _EARLIEST <= moment.year <= _LATEST else None


def _from_usual(text: str) -> datetime | None:
    """Nearly all dates are written in one way; to read it takes a tenth of what the other ways take."""
    found = _USUAL.match(text)
    if found is None:
        return None
    day, month, year, hour, minute, second, sign, hours, minutes = found.groups()
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    zone = timezone(-offset if sign == "-" else offset)
    return datetime(int(year), _MONTHS[month], int(day), int(hour), int(minute), min(int(second), 59), tzinfo=zone)


def _from_odd(text: str) -> datetime:
    return _from_iso(text) or _from_mail(text)


def _from_mail(text: str) -> datetime:
    """Raises many kinds of errors on what is no date: the standard library does."""
    text = _LEAP_SECOND.sub(r"\1:59", _OFFSET_BY_NAME.sub(_as_offset, text))
    text = _COLON_IN_OFFSET.sub(r"\1\2", text)
    named = _NAMED_ZONE.search(text)
    if named:
        text = f"{text[: named.start()]} {_HOURS[named[1].upper()] * 100:+05d}"
    fields = parsedate_tz(text)
    if fields is None:
        raise ValueError(text)
    return datetime(*fields[:6], tzinfo=timezone(timedelta(seconds=fields[9] or 0)))


def _as_offset(match: re.Match[str]) -> str:
    return f"{match[1]}{int(match[2]):02d}{match[3] or '00'}"


def _from_iso(text: str) -> datetime | None:
    found = _ISO.fullmatch(text)
    if found is None:
        return None
    year, month, day, time, zone = found.groups()
    return datetime.fromisoformat(f"{year}-{month}-{day}T{time or '00:00'}{zone or '+00:00'}")
