"""Attachments and original messages are saved, never opened; what may do harm is asked about first."""

from datetime import datetime
from urllib.parse import unquote

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, update

from postroom.desk.app import create_app
from postroom.desk.pages.downloads import saved
from postroom.models.database import open_session
from postroom.models.message import Attachment, Scan
from postroom.models.settings import Clamd, Settings
from tests.desk.conftest import Clock, Enter, Visitor
from tests.desk.mailroom import HIGHWAYS_REQUEST, Mailroom

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
HOSTILE_NAMES = st.text(st.characters() | st.sampled_from("./\\ \"';%\u202e\u200b\x00\r\n\ud800"), max_size=300)


def mark(mailroom: Mailroom, **values: str) -> None:
    with open_session(mailroom.engine) as session:
        session.connection().execute(update(Attachment).values(**values))
        session.commit()


def test_an_attachment_is_saved_and_never_opened(mailroom: Mailroom, alice: Visitor, now: datetime) -> None:
    reference = mailroom.case(now, attachment=("Grüße <1>.png", PNG))
    (link,) = alice.page(f"/cases/{reference}").links(f"/cases/{reference}/messages/1/0")
    answer = alice.client.get(link)

    assert answer.content == PNG
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["content-disposition"] == (
        "attachment; filename=\"Gr__e <1>.png\"; filename*=UTF-8''Gr%C3%BC%C3%9Fe%20%3C1%3E.png"
    )
    assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    alice.page(link[:-1] + "7", 404)


def test_an_attachment_is_not_had_by_way_of_another_case(mailroom: Mailroom, charlie: Visitor, now: datetime) -> None:
    own = mailroom.case(now, HIGHWAYS_REQUEST)
    mailroom.case(now, attachment=("secret.txt", b"x"))

    charlie.page(f"/cases/{own}/messages/2/0", 404)


def test_what_may_do_harm_is_saved_on_a_second_word_alone(mailroom: Mailroom, alice: Visitor, now: datetime) -> None:
    reference = mailroom.case(now, attachment=("bill.pdf.html", b"<script>alert(1)</script>"))

    page = alice.page(f"/cases/{reference}/messages/1/0")
    assert page.h1 == "This attachment may do harm"
    assert "It is a web page, which can run scripts" in page.text
    assert page.headers["content-type"].startswith("text/html")
    (link,) = [link for link in page.links() if link.startswith("?")]
    answer = alice.client.get(f"/cases/{reference}/messages/1/0{link}")

    assert answer.content == b"<script>alert(1)</script>"
    assert answer.headers["content-type"] == "application/octet-stream"


def test_a_virus_is_handed_to_administrators_alone_and_only_on_a_second_word(
    mailroom: Mailroom, alice: Visitor, dora: Visitor, now: datetime
) -> None:
    reference = mailroom.case(now, HIGHWAYS_REQUEST, attachment=("photo.png", PNG))
    mark(mailroom, scan=Scan.INFECTED, scan_detail="Eicar")

    assert "Virus: Eicar" in alice.page(f"/cases/{reference}").text
    for path in ("0", "0?anyway=yes", "original"):
        page = alice.page(f"/cases/{reference}/messages/1/{path}", 403)
        assert (page.h1, PNG.decode("latin-1") in page.source) == ("This attachment holds a virus", False)
    assert "Eicar" in dora.page(f"/cases/{reference}/messages/1/0").text
    assert dora.client.get(f"/cases/{reference}/messages/1/0?anyway=yes").content == PNG
    assert dora.client.get(f"/cases/{reference}/messages/1/original").status_code == 200


@pytest.mark.parametrize(
    ("marks", "shown"),
    [
        ({"danger": "It is a program."}, "Dangerous It is a program."),
        ({"scan": Scan.NOT_SCANNED, "scan_detail": "too large"}, "Not scanned: too large."),
        ({"scan": Scan.CLEAN, "sniffed_type": "image/png"}, "photo.png image/png, 16 bytes"),
    ],
)
def test_a_case_says_what_is_known_of_an_attachment(
    mailroom: Mailroom, alice: Visitor, now: datetime, marks: dict[str, str], shown: str
) -> None:
    reference = mailroom.case(now, attachment=("photo.png", PNG))
    mark(mailroom, **marks)
    page = alice.page(f"/cases/{reference}")
    assert shown in page.text
    assert "Not scanned yet" not in page.text


def test_an_attachment_that_the_scanner_has_not_seen_says_so_and_is_to_be_had(
    mailroom: Mailroom, sqlite: Engine, settings: Settings, enter: Enter, clock: Clock, now: datetime
) -> None:
    reference = mailroom.case(now, attachment=("photo.png", PNG))
    scanning = settings.model_copy(
        update={"intake": settings.intake.model_copy(update={"clamd": Clamd(host="127.0.0.1")})}
    )
    alice = Visitor(TestClient(create_app(sqlite, scanning, clock=clock), cookies=enter("alice").client.cookies))
    assert "Not scanned yet." in alice.page(f"/cases/{reference}").text
    assert alice.client.get(f"/cases/{reference}/messages/1/0").content == PNG


@given(HOSTILE_NAMES)
def test_no_name_breaks_out_of_its_header(name: str) -> None:
    header = saved(b"", name).headers["content-disposition"]
    disposition, plain, extended = header.split("; filename", 2)
    assert disposition == "attachment"
    assert header.isascii()
    assert header.isprintable()
    assert plain.startswith('="')
    assert plain.endswith('"')
    assert '"' not in plain[2:-1]
    assert extended.startswith("*=UTF-8''")
    assert not set(unquote(extended[9:])) & set("/\\\r\n\x00\u202e")
