"""Any bytes make a message that can be stored and shown."""

import base64
import dataclasses
import hashlib
import json
import random
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postroom.intake.as_json import describe
from postroom.intake.limits import Limits
from postroom.intake.parse import ParsedMessage, attachment_content, parse
from tests.intake.mails import bounce, mail, multipart

CORPUS = [file.read_bytes() for file in sorted((Path(__file__).parent.parent / "mail").rglob("*.eml"))]


def assert_sound(parsed: ParsedMessage) -> None:
    """Nothing is longer than the limits, every text can be stored and shown, and names stay on their line."""
    shown = json.dumps(describe("x", parsed, ()), ensure_ascii=False)
    shown.encode()
    for text in (parsed.text, parsed.new_text, parsed.html or "", *map(str, parsed.headers.values())):
        text.encode()
        assert "\x00" not in text
    lines = [parsed.subject, parsed.sender.name, parsed.sender.email, parsed.message_id, *parsed.references]
    lines += [found.name for found in parsed.attachments]
    assert not any("\n" in line or "\r" in line or "\x00" in line for line in lines)
    assert parsed.message_id
    limits = Limits()
    assert len(parsed.subject) <= limits.subject_characters
    assert max(len(parsed.to), len(parsed.cc), len(parsed.reply_to)) <= limits.addresses
    assert all(len(found.name) <= 210 for found in parsed.attachments)
    assert parsed.date is None or parsed.date.tzinfo is UTC
    repr(dataclasses.astuple(parsed)).encode()


@given(st.binary(max_size=2000))
def test_any_bytes_are_read(content: bytes) -> None:
    assert_sound(parse(content))


@settings(max_examples=300)
@given(st.sampled_from(CORPUS), st.randoms(use_true_random=False), st.integers(1, 12))
def test_a_damaged_mail_is_read(content: bytes, chance: random.Random, damages: int) -> None:
    damaged = _damaged(content, chance, damages)
    parsed = parse(damaged)
    assert_sound(parsed)
    assert parse(damaged) == parsed
    for position, found in enumerate(parsed.attachments):
        data = attachment_content(damaged, position)
        assert (len(data), hashlib.sha256(data).hexdigest()) == (found.size, found.digest)


def _damaged(content: bytes, chance: random.Random, damages: int) -> bytes:
    """Some bytes changed, some cut out, some repeated, some replaced by what parsers fall over."""
    odd = [
        b"\x00",
        b"\r",
        b"\n\n",
        b"=?utf-8?b?",
        b"?=",
        b'"',
        b"<",
        b"(",
        b";",
        b"--edge",
        b"\xff\xfe",
        b"*0*=",
        b"--",
    ]
    for _ in range(damages):
        at = chance.randrange(len(content) + 1)
        size = chance.choice([0, 1, 5, 50])
        replacement = chance.choice([*odd, bytes([chance.randrange(256)]), b"", content[at : at + 30]])
        content = content[:at] + replacement + content[at + size :]
    return content


headers = st.sampled_from(
    "From To Cc Subject Date Message-ID References In-Reply-To Content-Type Content-Disposition "
    "Content-Transfer-Encoding Reply-To Auto-Submitted Return-Path".split()
)


@given(st.lists(st.tuples(headers, st.binary(max_size=80)), max_size=8), st.binary(max_size=200))
def test_any_values_of_headers_are_read(values: list[tuple[str, bytes]], body: bytes) -> None:
    assert_sound(parse(b"".join(name.encode() + b": " + value + b"\r\n" for name, value in values) + b"\r\n" + body))


HEAD = b"From: a@b.example\r\n"
MULTIPART = HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
HEAVY = {
    "a hundred thousand parts": MULTIPART + b"--b\r\n\r\nx\r\n" * 100_000,
    "five thousand levels": HEAD
    + b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i) for i in range(5000)),
    "messages in messages": HEAD + b"Content-Type: message/rfc822\r\n\r\n" * 5000,
    "a subject of 200 KB": HEAD + b"Subject: " + b"=?utf-8?q?=C3=A9?= " * 10_000 + b"\r\n\r\n",
    "many recipients": HEAD + b"To: " + b"a@b.example, " * 20_000 + b"\r\n\r\n",
    "a Message-ID without end": HEAD + b"References: " + b"a" * 200_000 + b"\r\n\r\n",
    "references": HEAD + b"References:" + b" <a@b>\r\n" * 20_000 + b"\r\n",
    "parameters": HEAD + b'Content-Type: text/plain; x="' + b";" * 200_000 + b"\r\n\r\n",
    "open comments": HEAD + b"To: " + b"(" * 60_000 + b"\r\n\r\n",
    "empty lines": HEAD + b"\r\n" + b"\n" * 5_000_000,
    "headers": b"a: b\n" * 1_000_000,
    "lines that look like boundaries": MULTIPART + b"\n--bx" * 500_000,
    "open tags": HEAD + b"Content-Type: text/html\r\n\r\n" + b"<html <!-- <a <script" * 100_000,
    "quotations in quotations": HEAD + b"Content-Type: text/html\r\n\r\n" + b"<blockquote>" * 5000 + b"x<br>" * 20_000,
    "On On On": HEAD + b"\r\n" + b"On " * 20_000,
    "lines of On": HEAD + b"\r\n" + (b"On " * 39 + b"\n") * 5000,
}


@pytest.mark.parametrize("content", HEAVY.values(), ids=HEAVY.keys())
def test_a_heavy_mail_takes_little_time(content: bytes) -> None:
    began = time.process_time()
    assert_sound(parse(content))
    assert time.process_time() - began < 4


def test_what_is_left_unread_is_said() -> None:
    small = Limits(header_bytes=2000, addresses=2, parts=3, depth=1, text_bytes=20, subject_characters=10)
    assert "the text was too long to be kept whole" in parse(mail("words " * 20), small).defects
    assert "more than 3 parts" in parse(multipart("mixed", "\na", "\nb", "\nc", "\nd"), small).defects
    inner = "Content-Type: multipart/mixed; boundary=in\n\n--in\n\nx\n--in--"
    deep = parse(multipart("mixed", inner), small)
    assert "more than 1 levels of parts" in deep.defects
    assert [found.content_type for found in deep.attachments] == ["multipart/mixed"]
    long = parse(mail(X_Long="y" * 3000, Subject="s" * 30), small)
    assert long.subject == "s" * 10
    assert any("not read" in defect for defect in long.defects)
    assert long.text == "Nobody has emptied our bi"[:20]
    assert len(parse(mail(To="a@x.example, b@x.example, c@x.example"), small).to) == 2


def test_the_date_is_utc() -> None:
    assert parse(mail(Date="Wed, 4 Mar 2026 10:30:00 +0100")).date == datetime(2026, 3, 4, 9, 30, tzinfo=UTC)


def test_references_keep_their_order_and_lose_their_brackets() -> None:
    parsed = parse(mail(References="<a@x>\r\n <b@x> <a@x>", In_Reply_To="Your mail of Monday <b@x>"))
    assert (parsed.references, parsed.in_reply_to) == (("a@x", "b@x"), ("b@x",))


def test_the_digest_is_of_what_the_sender_wrote() -> None:
    digest = parse(mail()).content_digest
    travelled = b"Received: by mx\r\nX-Spam: no\r\nReturn-Path: <x@y.example>\r\n" + mail() + b"\r\n\r\n"
    assert parse(travelled).content_digest == digest
    assert parse(mail().replace(b"\r\n", b"\n")).content_digest == digest
    assert parse(mail("Other words.")).content_digest != digest
    assert parse(mail(Subject="Other")).content_digest != digest
    assert parse(mail(From="other@home.example")).content_digest != digest


def test_a_nul_that_an_imap_server_replaced_changes_no_digest() -> None:
    assert parse(mail("a\x00b")).content_digest == parse(mail("a?b").replace(b"a?b", b"a\x80b")).content_digest


def test_a_mail_without_message_id_gets_the_same_one_each_time() -> None:
    first, second = parse(mail(Message_ID=None)), parse(b"Received: x\r\n" + mail(Message_ID=None))
    assert first.message_id == second.message_id
    assert first.message_id.startswith(first.content_digest)


def test_an_attachment_is_had_by_its_position() -> None:
    photo = base64.encodebytes(b"\x89PNG" * 50).decode()
    content = multipart(
        "mixed",
        "\nWords",
        f"Content-Type: image/png; name=a.png\nContent-Transfer-Encoding: base64\n\n{photo}",
        "Content-Type: text/plain; name=b.txt\n\nnotes",
    )
    parsed = parse(content)
    assert [(found.name, found.size) for found in parsed.attachments] == [("a.png", 200), ("b.txt", 5)]
    assert attachment_content(content, 0) == b"\x89PNG" * 50
    assert parsed.attachments[0].digest == hashlib.sha256(b"\x89PNG" * 50).hexdigest()
    assert attachment_content(content, 1) == b"notes"
    for position in (2, -1):
        with pytest.raises(IndexError):
            attachment_content(content, position)


def test_a_picture_in_the_words_is_told_from_one_beside_them() -> None:
    picture = "Content-Type: image/png; name={}\n{}\nPNG"
    content = multipart(
        "related",
        'Content-Type: text/html\n\n<p>See <img src="cid:a@x"></p>',
        picture.format("shown.png", "Content-ID: <a@x>\n"),
        picture.format("inline.png", "Content-Disposition: inline\n"),
        picture.format("beside.png", "Content-ID: <b@x>\n"),
    )
    found = {attachment.name: attachment.inline for attachment in parse(content).attachments}
    assert found == {"shown.png": True, "inline.png": True, "beside.png": False}


def test_a_forwarded_mail_is_an_attachment_named_for_its_subject() -> None:
    parsed = parse(multipart("mixed", "\nSee below", "Content-Type: message/rfc822\n\nSubject: The tip\n\nIt is shut."))
    assert [(found.name, found.content_type) for found in parsed.attachments] == [("The tip.eml", "message/rfc822")]
    assert parsed.text == "See below"


def test_a_report_tells_what_it_is_about() -> None:
    report = parse(bounce("0123@ardenshire.example", action="delayed")).report
    assert report is not None
    assert (report.kind, report.actions, report.message_ids) == (
        "delivery-status",
        ("delayed",),
        ("0123@ardenshire.example",),
    )
