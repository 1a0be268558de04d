"""Messages with their formatting: cleaned, framed, and harmless."""

from datetime import datetime
from email.message import EmailMessage

import pytest
from sqlalchemy import Engine, update
from sqlmodel import col

from postroom.desk.pages.formatted import POLICY, cleaned
from postroom.models.database import open_session
from postroom.models.message import Message
from postroom.models.raw_message import RawMessage
from tests.desk.conftest import Visitor
from tests.desk.mailroom import HIGHWAYS_REQUEST, Mailroom

HOSTILE = {
    "a script": "<p>words</p><script>alert(1)</script>",
    "a picture from elsewhere": '<p>words</p><img src="https://evil.example/seen.gif">',
    "a style that fetches": '<p style="background:url(https://evil.example)">words</p><style>@import "https://evil.example";</style>',
    "a link": '<p><a href="https://evil.example">words</a></p>',
    "a form": '<form action="https://evil.example"><input name="password"></form><p>words</p>',
    "a frame": '<iframe src="https://evil.example"></iframe><p>words</p>',
    "a handler": '<p onclick="alert(1)">words</p>',
    "an svg": '<svg onload="alert(1)"><a href="javascript:alert(1)">x</a></svg><p>words</p>',
    "a refresh": '<meta http-equiv="refresh" content="0;url=https://evil.example"><p>words</p>',
    "a base": '<base href="https://evil.example"><p>words</p>',
    "half a tag": '<p>words</p><img src="https://evil.example',
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_nothing_that_acts_or_leads_elsewhere_stays(kind: str) -> None:
    shown = cleaned(HOSTILE[kind])
    assert "words" in shown
    for harm in ("evil", "alert", "script", "style", "onload", "onclick", "href", "src", "<meta", "<form", "<input"):
        assert harm not in shown


def test_what_forms_the_text_stays() -> None:
    table = '<table><tbody><tr><td colspan="2"><b>a</b></td></tr></tbody></table><ul><li>b</li></ul>'
    assert cleaned(table) == table


def test_the_frame_is_let_do_nothing() -> None:
    assert POLICY.startswith("sandbox; default-src 'none'")
    assert "allow" not in POLICY


def test_the_frame_shows_a_message_to_those_who_may_see_its_case(
    mailroom: Mailroom, alice: Visitor, bob: Visitor, sqlite: Engine, now: datetime
) -> None:
    reference, plain = mailroom.case(now, HIGHWAYS_REQUEST), mailroom.case(now, HIGHWAYS_REQUEST)
    mail = EmailMessage()
    mail.set_content("<p>A <b>deep</b> hole<script>alert(1)</script></p>", subtype="html")
    with open_session(sqlite) as session:
        session.connection().execute(update(RawMessage).where(col(RawMessage.id) == 1).values(content=mail.as_bytes()))
        session.connection().execute(update(Message).where(col(Message.id) == 1).values(has_html=True))
        session.commit()
    address = f"/cases/{reference}/messages/1/formatted"

    shown = alice.client.get(address)
    assert "<p>A <b>deep</b> hole</p>" in shown.text
    assert shown.headers["content-security-policy"] == POLICY
    assert alice.page(f"/cases/{reference}").tree.xpath("//iframe/@src") == [address]
    assert alice.page(f"/cases/{reference}").tree.xpath("//iframe/@sandbox") == [""]
    bob.page(address, 404)
    alice.page(f"/cases/{plain}/messages/2/formatted", 404)
    alice.page(f"/cases/{plain}/messages/1/formatted", 404)
