"""A letter's text as the HTML part of a mail, and as a PDF for paper."""

import json
from dataclasses import asdict
from datetime import datetime
from importlib.resources import files

from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from postroom.notifications.layout import blocks

NORMAL, LARGE = 16, 24
"""The size of letters in the HTML part, in CSS pixels: 12 and 18 points."""

_TEMPLATES = Environment(
    loader=PackageLoader("postroom.notifications", ""), autoescape=True, trim_blocks=True, lstrip_blocks=True
)


def html_part(subject: str, text: str, *, large_print: bool = False) -> str:
    """The letter as HTML: every word escaped, nothing to be fetched from anywhere."""
    return _TEMPLATES.get_template("letter.html").render(
        subject=subject, blocks=blocks(text), size=LARGE if large_print else NORMAL, **{"break": Markup("<br>")}
    )


def pdf(subject: str, text: str, *, council: str, address: str, day: str, now: datetime, large_print: bool) -> bytes:
    """The letter on A4 in 12 points, or 18 in large print. `address` is of several lines, `day` the date in full."""
    import typst  # loaded with the first letter on paper: it is large

    letter = {
        "subject": subject,
        "council": council,
        "address": [line.strip() for line in address.splitlines() if line.strip()],
        "date": day,
        "large": large_print,
        "blocks": [asdict(block) for block in blocks(text)],
    }
    source = files("postroom.notifications").joinpath("letter.typ").read_bytes()
    words = json.dumps(letter, ensure_ascii=False).encode(errors="replace").decode()
    return typst.compile(source, sys_inputs={"letter": words}, timestamp=now.replace(microsecond=0))
