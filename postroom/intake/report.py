"""What machines report about a mail that was sent (RFC 3462, RFC 3464, RFC 8098, RFC 5965)."""

import re
from dataclasses import dataclass

from postroom.intake.charsets import clean, clean_line, decode
from postroom.intake.mime import Part

_REPORTS = {
    "message/delivery-status": "delivery-status",
    "message/global-delivery-status": "delivery-status",
    "message/disposition-notification": "disposition-notification",
    "message/global-disposition-notification": "disposition-notification",
    "message/feedback-report": "feedback-report",
}
_LINE_ENDS = re.compile(r"\r*\n|\r")
_ACTION = re.compile(r"^Action:[ \t]*([a-z]+)", re.IGNORECASE | re.MULTILINE)
_ORIGINAL_ID = re.compile(r"^[> ]{0,8}(?:Original-)?Message-ID:\s{1,5}<([^<>\s]{1,500})>", re.IGNORECASE | re.MULTILINE)
_READ_BYTES = 65_536
_KEPT = 20


@dataclass(frozen=True)
class Report:
    """What a machine reports about a mail that was sent: its kind, actions, and the mail's Message-IDs."""

    kind: str
    actions: tuple[str, ...] = ()
    message_ids: tuple[str, ...] = ()


def read_report(root: Part, text: str) -> Report | None:
    """The report in a mail; None where it has none. Old mail servers put the mail they return into the text."""
    leaves = list(root.leaves())
    kinds = [_REPORTS[leaf.content_type] for leaf in leaves if leaf.content_type in _REPORTS]
    declared = root.parameter("report-type").lower() if root.content_type == "multipart/report" else ""
    inner = [leaf for leaf in leaves if leaf.content_type.startswith("message/") or "rfc822" in leaf.content_type]
    details = [_LINE_ENDS.sub("\n", decode(leaf.decoded()[0][:_READ_BYTES])[0]) for leaf in inner]
    ids = [id_ for detail in (*details, text[:_READ_BYTES]) for id_ in _original_ids(detail)]
    kind = declared or (kinds[0] if kinds else "")
    if not kind and not ids:
        return None
    actions = tuple(action.lower() for detail in details for action in _ACTION.findall(detail))
    return Report(clean_line(kind), actions[:_KEPT], tuple(dict.fromkeys(map(clean, ids)))[:_KEPT])


def _original_ids(detail: str) -> list[str]:
    return _ORIGINAL_ID.findall(detail) if "essage-i" in detail.lower() else []
