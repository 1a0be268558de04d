import re
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.casework.answer_address import read_answer_address, read_bounce_address
from postroom.models.settings import Council, load_settings
from postroom.notifications.envelopes import Mail, compose, one_line, usable_address

COUNCIL = load_settings(Path(__file__).parents[2] / "config.yaml").council
HEADERS = {
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Reply-To",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "X-Postroom-Loop",
    "X-Postroom-Mail",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
}


def composed(council: Council = COUNCIL, **values: Any) -> Mail:
    plain: dict[str, Any] = {
        "key": "key",
        "token": "0123456789abcdef",
        "recipient": "pat@home.example",
        "subject": "Your complaint",
        "text": "Hello,\n",
        "now": datetime(2026, 7, 1, 10, 0, tzinfo=UTC),
        "automatic": "auto-replied",
        "reference": "AR-2026-000123",
    }
    return compose(council=council, **{**plain, **values})


def read(mail: Mail) -> EmailMessage:
    return message_from_bytes(mail.content, policy=default)


def test_every_mail_says_that_it_is_automatic_and_carries_our_loop_header() -> None:
    message = read(composed())
    assert message["Auto-Submitted"] == "auto-replied"
    assert message["X-Auto-Response-Suppress"] == "All"
    assert message["X-Postroom-Loop"] == "ardenshire.example"
    assert message["X-Postroom-Mail"] == "0123456789abcdef"


def test_it_comes_from_the_council_at_the_time_in_its_zone() -> None:
    message = read(composed())
    assert message["From"] == "Ardenshire County Council <feedback@ardenshire.example>"
    assert message["Date"] == "Wed, 01 Jul 2026 11:00:00 +0100"


def test_answers_and_bounces_go_to_addresses_that_we_signed() -> None:
    mail = composed()
    assert read_answer_address(str(read(mail)["Reply-To"]), "key") == "AR-2026-000123"
    assert read_bounce_address(mail.envelope_sender, "key") == "0123456789abcdef"


def test_the_message_id_is_in_our_domain_and_follows_from_the_token() -> None:
    mail = composed()
    assert mail.message_id == "<0123456789abcdef@ardenshire.example>" == read(mail)["Message-ID"]


def test_a_mail_about_no_case_asks_for_answers_nowhere_else() -> None:
    assert read(composed(reference=""))["Reply-To"] is None


@pytest.mark.parametrize("answers", ["1@home.example", f"{'x' * 150}@prod.outlook.example", "[b378]@microsoft.example"])
def test_it_answers_the_message_by_its_id_however_long(answers: str) -> None:
    mail = composed(answers=answers)
    assert f"\r\nIn-Reply-To: <{answers}>\r\nReferences: <{answers}>\r\n".encode() in mail.content


@pytest.mark.parametrize(
    "answers", ["", "a b@home.example", "a>\r\nBcc: <b@home.example", "é@home.example", "x" * 1000]
)
def test_an_id_that_no_header_can_hold_is_left_out(answers: str) -> None:
    message = read(composed(answers=answers))
    assert message["In-Reply-To"] is None
    assert message["References"] is None


def test_a_subject_that_spells_an_encoded_new_line_adds_no_header() -> None:
    mail = composed(subject="=?utf-8?q?Hello=0D=0ABcc:_everybody@home.example?=")
    assert set(read(mail).keys()) == HEADERS
    assert b"\nBcc:" not in mail.content


@given(st.text(), st.text(), st.text(min_size=1), st.text())
def test_nothing_that_people_write_changes_the_headers(subject: str, text: str, name: str, answers: str) -> None:
    council = COUNCIL.model_copy(update={"name": name})
    mail = composed(council, subject=subject, text=text, answers=answers)
    message = read(mail)
    assert set(message.keys()) - {"In-Reply-To", "References"} == HEADERS
    assert len(message.keys()) == len(set(message.keys()))
    assert message["To"] == "pat@home.example"
    assert mail.content.isascii()
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", mail.content)
    assert max(map(len, mail.content.split(b"\r\n"))) <= 998


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), max_size=500))
def test_the_text_arrives_as_it_was_written(text: str) -> None:
    arrived = read(composed(text=text)).get_content().replace("\r\n", "\n")
    assert arrived.rstrip("\n") == text.rstrip("\n")


@given(st.text())
def test_a_line_from_outside_is_one_short_printable_line(text: str) -> None:
    line = one_line(text)
    assert len(line) <= 200
    assert len(line.splitlines()) <= 1
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]", line)


@pytest.mark.parametrize("address", ["pat@home.example", "p.at+bus@sub.home.example", "pat.@docomo.example"])
def test_plain_addresses_are_usable(address: str) -> None:
    assert usable_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "pat",
        "@home.example",
        "pat@",
        "a b@home.example",
        '"a b"@home.example',
        "pat@home..example",
        "é@home.example",
    ],
)
def test_addresses_that_mail_servers_stumble_over_are_not(address: str) -> None:
    assert not usable_address(address)
