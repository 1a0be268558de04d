"""Near-copies are told by their words."""

from itertools import combinations
from pathlib import Path
from time import process_time

import pytest

from postroom.triage.corpus import Example
from postroom.triage.near_copies import bands, is_repeated, letter_runs, nearness, wording_of
from tests.triage.near_copies import Written, campaign_messages

LETTERS = Path(__file__).parents[2] / "letters"
PETITION = (
    "I object to the closure of Harbury Library. It is the only place in the village where anybody can sit and read "
    "without paying, and my children learned to read there."
)


@pytest.fixture(scope="module")
def written() -> list[Written]:
    return campaign_messages()


def near(one: str, other: str) -> bool:
    first, second = wording_of(one, "a@example.org"), wording_of(other, "b@example.org")
    return first is not None and second is not None and nearness(first, second).is_copy


def repeated(one: str, other: str) -> bool:
    first, second = wording_of(one, "a@example.org"), wording_of(other, "a@example.org")
    return first is not None and second is not None and is_repeated(first, second)


def test_nine_in_ten_pairs_of_copies_are_found_by_the_index_and_nothing_else(
    written: list[Written], examples: list[Example]
) -> None:
    other = [Written(example.text.body, example.text.from_email, "") for example in examples]
    messages = [(each, wording) for each in (*written, *other) if (wording := wording_of(each.text, each.sender))]
    by_key: dict[int, list[int]] = {}
    for number, (_, wording) in enumerate(messages):
        for key in bands(wording):
            by_key.setdefault(key, []).append(number)
    candidates = {pair for together in by_key.values() for pair in combinations(sorted(set(together)), 2)}
    found = {(a, b) for a, b in candidates if nearness(messages[a][1], messages[b][1]).is_copy}
    true = {
        (a, b)
        for a, b in combinations(range(len(messages)), 2)
        if messages[a][0].campaign and messages[a][0].campaign == messages[b][0].campaign
    }
    assert len(true) == 12 * 15
    assert found <= true
    assert len(found) / len(true) >= 0.9


def test_a_greeting_another_name_and_a_sentence_of_ones_own_leave_a_copy_a_copy() -> None:
    own = "My mother, Mrs Edith Pask, is 81 and walks there each day."
    copy = f"Dear Cllr Bedi,\n\n{PETITION} {own}\n\nRegards\nJan Pask"
    assert near(PETITION, copy)
    assert near(PETITION.replace("Harbury", "Kineton").upper(), PETITION.upper())


def test_another_view_of_the_same_matter_is_no_copy() -> None:
    assert not near(PETITION, "Please keep Harbury Library open: my mother goes there each day, and so do her friends.")


@pytest.mark.parametrize("text", ["Thank you", "Thank you for all your help, it is appreciated.", "", "Yes please"])
def test_a_few_common_words_are_near_nothing(text: str) -> None:
    assert not near(text, text)


def test_the_names_of_a_forms_fields_are_nobodys_words() -> None:
    form = "Name: {}\nPhone number: {}\nWhere is the problem: {}\nWhat is the problem: {}\nHow long has it been so: {}"
    assert not near(
        form.format("Jo", "01926 55512", "Mill Lane", "The lamp by the church is out and it is dark", "a week"),
        form.format("Al", "01926 55599", "Fisher Road", "Somebody has dumped three old sofas in the lay-by", "today"),
    )


def test_our_own_letter_sent_back_is_not_the_writers_words() -> None:
    templates = [path.read_text(encoding="utf-8") for path in LETTERS.rglob("*.txt")]
    ours = letter_runs(templates)
    quoted = (
        "Thank you for writing to us. We received your request on Monday 2 March 2026 and have given it the reference "
        "AR-2026-000012. If you have asked for this before and nothing happened, tell us so. We will then look at it "
        "as a complaint."
    )
    assert wording_of(f"ok thanks\n\n{quoted}", "a@example.org", ours) is None
    assert wording_of(PETITION, "a@example.org", ours) is not None


def test_quoted_lines_do_not_count() -> None:
    assert wording_of("\n".join(f"> {line}" for line in PETITION.split(". ")), "a@example.org") is None
    assert not near(f"I agree.\n\n-----Original Message-----\n{PETITION}", PETITION)


def test_what_one_person_sends_twice_is_repeated_however_short() -> None:
    report = "There is a pothole on Mill Lane outside number 12."
    assert repeated(report, f"{report} Thanks")
    assert repeated(PETITION, f"{PETITION}\n\nI sent this last week.")
    assert not near(report, report), "of two people it says nothing"


def test_the_same_words_about_another_place_are_not_repeated() -> None:
    report = "There is a pothole on {} outside number {}."
    assert not repeated(report.format("Mill Lane", 12), report.format("Mill Lane", 40))
    assert not repeated(report.format("Mill Lane", 12), report.format("Fisher Road", 12))


@pytest.mark.parametrize(
    "text", ["a_" * 500_000, "." * 1_000_000, "from: " * 200_000, "\n" * 1_000_000, "é " * 500_000]
)
def test_hostile_text_is_read_in_no_time(text: str) -> None:
    begun = process_time()
    wording_of(text, "a@example.org")
    assert process_time() - begun < 1


def test_the_keys_in_the_database_never_change() -> None:
    wording = wording_of(PETITION, "a@example.org")
    assert wording is not None
    assert bands(wording)[0] == -1805455168367474905
