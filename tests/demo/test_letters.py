"""The letters that residents write: realistic mails, dated when they are posted."""

import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest

from demo.letters import WRITTEN, Letter, Route, letters
from postroom.intake.machine_mail import Machine, judge
from postroom.intake.parse import parse

LETTERS: Sequence[Letter] = letters()
NOW = datetime(2027, 8, 14, 16, 30, 5, tzinfo=UTC)

every_letter = pytest.mark.parametrize("letter", LETTERS, ids=lambda letter: letter.name)


def named(part: str) -> Letter:
    return next(letter for letter in LETTERS if part in letter.name)


@every_letter
def test_each_letter_says_who_writes_when_and_which_it_is(letter: Letter) -> None:
    assert letter.mail["From"].addresses[0].domain.endswith(".example")
    assert letter.mail["Date"].datetime.tzinfo is not None
    assert re.fullmatch(r"<[^<>\s@]+@[^<>\s@]+\.example>", str(letter.mail["Message-ID"]))


@every_letter
def test_each_letter_is_read_without_a_defect_but_the_one_that_lies_about_its_characters(letter: Letter) -> None:
    defects = parse(letter.posted_at(NOW)).defects
    assert bool(defects) == ("parking-permit-price" in letter.name)


@every_letter
def test_no_letter_names_an_address_that_somebody_could_have(letter: Letter) -> None:
    mail = parse(letter.written)
    addresses = re.findall(r"[\w.+-]+@[\w.-]+\w", letter.written.decode("latin-1") + mail.text)
    assert [address for address in addresses if not address.endswith(".example")] == []


@every_letter
def test_a_letter_is_dated_shortly_before_it_is_posted(letter: Letter) -> None:
    posted = parse(letter.posted_at(NOW))
    assert posted.date is not None
    assert NOW - timedelta(hours=1) < posted.date <= NOW


def test_the_mailbox_gets_at_least_48_letters_and_the_compliments_address_6() -> None:
    routes = Counter(letter.route for letter in LETTERS)
    assert routes[Route.IMAP] + routes[Route.BOTH] >= 48
    assert routes[Route.SMTP] >= 6


def test_each_letter_has_its_own_number_name_and_message_id() -> None:
    assert [letter.name[:3] for letter in LETTERS] == [f"{number:02}-" for number in range(1, len(LETTERS) + 1)]
    assert len({letter.mail["Message-ID"] for letter in LETTERS}) == len(LETTERS)


def test_every_date_in_a_letter_moves_by_the_same_time() -> None:
    letter = named("undelivered-letter")
    by = NOW - WRITTEN
    date = re.compile(rb"(?:Date: |; )(\w{3}, .*)")
    dates = [
        [parsedate_to_datetime(found.strip().decode()) for found in date.findall(content)]
        for content in (letter.written, letter.posted_at(NOW))
    ]
    assert len(dates[0]) == 4
    assert dates[1] == [moment + by for moment in dates[0]]


def test_lines_end_as_on_the_wire() -> None:
    content = named("parking-permit-price").posted_at(NOW)
    assert content.count(b"\r\n") == content.count(b"\n") == content.count(b"\r")


def test_an_answer_names_a_letter_that_was_posted_before() -> None:
    known: set[str] = set()
    answers = 0
    for letter in LETTERS:
        if letter.mail["In-Reply-To"]:
            answers += 1
            assert str(letter.mail["In-Reply-To"]) in known
        known.add(str(letter.mail["Message-ID"]))
    assert answers == 2


def test_there_is_mail_from_machines_of_every_common_kind() -> None:
    kinds = {judge(parse(letter.written), own_addresses=()).machine for letter in LETTERS}
    assert kinds == {Machine.NONE, Machine.AUTO_REPLY, Machine.BOUNCE, Machine.RECEIPT, Machine.LIST}


def test_there_are_letters_with_attachments_with_html_and_in_other_character_sets() -> None:
    kinds = {found.content_type for letter in LETTERS for found in parse(letter.written).attachments}
    assert {"application/pdf", "image/jpeg"} <= kinds
    assert sum(parse(letter.written).has_html for letter in LETTERS) > 20
    assert "£85 back please – I am" in parse(named("parking-permit-price").posted_at(NOW)).text
