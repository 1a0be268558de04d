"""A message with its formatting, for a sandboxed frame: cleaned, without anything from elsewhere, and without links.

Two walls, each enough by itself: what could act or be fetched is taken out, and the policy lets nothing act or load.
"""

import html

import nh3
from fastapi import HTTPException, Response
from fastapi.responses import HTMLResponse
from sqlmodel import col, select

from postroom.desk.surroundings import Desk
from postroom.models.case import Case
from postroom.models.database import open_session
from postroom.models.message import Message
from postroom.models.raw_message import RawMessage

POLICY = "sandbox; default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
LONGEST = 500_000
_TAGS = set(
    "b blockquote br caption center code dd div dl dt em h1 h2 h3 h4 h5 h6 hr i li ol p pre s small span strong sub "
    "sup table tbody td tfoot th thead tr u ul".split()
)
_ATTRIBUTES = {"td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}, "ol": {"start"}}


def formatted(desk: Desk, reference: str, message_id: int) -> Response:
    """The HTML of a message on a case, fit to be framed."""
    query = (
        select(RawMessage.content, Message.subject)
        .join(Message, col(Message.raw_message_id) == RawMessage.id)
        .join(Case, col(Case.id) == Message.case_id)
        .where(Case.reference == reference, Message.id == message_id)
    )
    with open_session(desk.engine, read_only=True) as session:
        found = session.exec(query).first()
    if found is None:
        raise HTTPException(404)
    content, subject = found
    from postroom.intake.parse import parse  # slow to load

    written = parse(content).html
    if written is None:
        raise HTTPException(404)
    return HTMLResponse(
        f'<!DOCTYPE html><html lang="en-GB"><head><meta charset="utf-8"><title>{html.escape(subject)}</title></head>'
        f"<body>{cleaned(written)}</body></html>",
        headers={"Content-Security-Policy": POLICY},
    )


def cleaned(written: str) -> str:
    """HTML of a stranger without what could act, be fetched or lead elsewhere; its words stay."""
    return nh3.clean(written[:LONGEST], tags=_TAGS, attributes=_ATTRIBUTES, strip_comments=True)
