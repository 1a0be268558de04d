"""Each header by itself."""

import pytest

from postroom.intake.addresses import Mailbox, read_addresses
from postroom.intake.dates import read_date
from postroom.intake.encoded_words import unfold_words
from postroom.intake.headers import read_id
from postroom.intake.limits import Limits


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("pat@home.example", [("", "pat@home.example")]),
        ("Pat Smith <Pat@Home.example>", [("Pat Smith", "pat@home.example")]),
        ('"Smith, Pat" <pat@home.example>', [("Smith, Pat", "pat@home.example")]),
        ("pat@home.example (Pat Smith)", [("Pat Smith", "pat@home.example")]),
        ("=?utf-8?q?P=C3=A1t=2C_me?= <pat@home.example>", [("Pát, me", "pat@home.example")]),
        (r'"Pat \"Bins\" Smith" <pat@home.example>', [('Pat "Bins" Smith', "pat@home.example")]),
        ("'pat@home.example'", [("", "pat@home.example")]),
        ("<mailto:pat@home.example>", [("", "pat@home.example")]),
        ("José <josé@casa.example>", [("José", "josé@casa.example")]),
        ("Friends: a@x.example, b@x.example;", [("", "a@x.example"), ("", "b@x.example")]),
        ('"Pat <pat@home.example>, Lee <lee@home.example>', [("Pat", "pat@home.example"), ("Lee", "lee@home.example")]),
        ("Pat Smith", [("Pat Smith", "")]),
        ("Pat <not an address>", [("Pat", "")]),
        ("undisclosed-recipients:;", []),
        (",,;", []),
    ],
)
def test_addresses(value: str, expected: list[tuple[str, str]]) -> None:
    assert read_addresses(value, Limits()) == tuple(Mailbox(*each) for each in expected)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("plain", "plain"),
        ("=?utf-8?q?caf=C3=A9?= au =?iso-8859-1?q?lait=80?=", "café au lait€"),
        ("=?utf-8?b?w6k?=", "é"),
        ("=?utf-8?q?a?=   =?utf-8?q?b?=", "ab"),
        ("=?utf-8*en?q?a?=", "a"),
        ("=?nonsense?q?caf=E9?=", "café"),
        ("=?utf-8?x?not a word?=", "=?utf-8?x?not a word?="),
        ("=?utf-8?q?one=0D=0ABcc:_evil?=", "one Bcc: evil"),
    ],
)
def test_encoded_words(value: str, expected: str) -> None:
    assert unfold_words(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("<a@b>", "a@b"),
        (" a@b ", "a@b"),
        ("<a b@c>", "ab@c"),
        ("<>", ""),
        ("", ""),
        ("<" + "x" * 900 + "@y>", "x" * 500),
    ],
)
def test_message_ids(value: str, expected: str) -> None:
    assert read_id(value) == expected


@pytest.mark.parametrize(
    "value", ["", "yesterday", "Wed, 4 Mar 99999 10:00:00 +0000", "31 Feb 2026 10:00", "1 Jan 1970 00:00:00 +0000"]
)
def test_a_date_that_no_clock_could_show_is_none(value: str) -> None:
    assert read_date(value) is None
