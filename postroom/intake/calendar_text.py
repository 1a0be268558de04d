"""The words of an invitation (RFC 5545), for a mail that has no others."""

import re

_FOLD = re.compile(r"\r?\n[ \t]")
_LINE = re.compile(
    r"^(SUMMARY|DTSTART|DTEND|LOCATION|DESCRIPTION)(?:;[^:\r\n]{0,200})?:([^\r\n]{0,5000})", re.MULTILINE
)
_ESCAPE = re.compile(r"\\([\\;,nN])")
_LABELS = {"DTSTART": "From: ", "DTEND": "Until: ", "LOCATION": "Place: "}
_TIME = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)\d\d(Z?))?")


def calendar_to_text(source: str) -> str:
    """What, when and where, a line each, then the description, of the events in `source`."""
    event = _FOLD.sub("", source)
    event = event[max(0, event.find("BEGIN:VEVENT")) :]
    lines = []
    for name, value in _LINE.findall(event):
        value = _ESCAPE.sub(lambda found: "\n" if found[1] in "nN" else found[1], value).strip()
        if value:
            lines.append(
                _LABELS.get(name, "") + (_TIME.sub(_readable, value) if name in ("DTSTART", "DTEND") else value)
            )
    return "\n".join(lines)


def _readable(time: re.Match[str]) -> str:
    year, month, day, hour, minute, zone = time.groups()
    return f"{year}-{month}-{day}" + (f" {hour}:{minute}" if hour else "") + (" UTC" if zone else "")
