"""The writer's new words; when in doubt nothing is cut."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.intake.reply_text import new_words

OUTLOOK = "From: Council <f@x.example>\nSent: 3 March 2026 16:02\nTo: Pat\nSubject: Bins\n\nYour bins."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Just words.\n\nAnd more.", "Just words.\n\nAnd more."),
        ("Still full.\n\nOn 3 Mar 2026, at 16:02, Council <f@x.example> wrote:\n\n> Is it?\n> Really?", "Still full."),
        ("Still full.\n\nOn Tue, 3 Mar 2026 at 16:02, Council\n<f@x.example> wrote:\n> Is it?", "Still full."),
        (f"Still full.\n\n{OUTLOOK}", "Still full."),
        (f"Still full.\n\n-----Original Message-----\n{OUTLOOK}", "Still full."),
        (
            "Hi,\n\nOn 3 Mar 2026, Council wrote:\n> Which?\nThe green one.\n> Where?\nHere.",
            "Hi,\n\nThe green one.\nHere.",
        ),
        ("Words.\n-- \nPat\n14 Mill Lane", "Words."),
        ("Words.\n\nSent from my iPhone", "Words."),
    ],
)
def test_quotations_and_signatures_are_cut(text: str, expected: str) -> None:
    assert new_words(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "On Monday nobody came.\nOn Tuesday she wrote: we come tomorrow.\nNobody came.",
        "From: 1 March\nTo: 5 March\nI was away.",
        "- the light\n- the drain\n\nThank you, and now to the rest of it.",
        "Kind regards is all I got.\nNothing was done.",
        "> I quote nobody, I just like the arrow",
        OUTLOOK,
        "On 3 Mar 2026, Council wrote:\nwithout any mark",
        "Words.\n--\n" + "And a long text behind two hyphens, which is no signature.\n" * 20,
    ],
)
def test_when_in_doubt_nothing_is_cut(text: str) -> None:
    assert new_words(text) == text.strip()


@pytest.mark.parametrize("subject", ["Fwd: Bins", "FW: Bins", "fw : bins"])
def test_a_forward_is_kept_whole(subject: str) -> None:
    text = f"See below.\n\n{OUTLOOK}"
    assert new_words(text, subject) == text


def test_a_forward_is_known_by_its_mark_too() -> None:
    text = f"See below.\n\nBegin forwarded message:\n\n{OUTLOOK}"
    assert new_words(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "On " * 20_000,
        ("On " * 39 + "\n") * 5000,
        ("On " * 70 + "wrote:\n") * 2000,
        "On\n\n\n" * 20_000 + " wrote:",
        "From: \n" * 20_000,
        ("> " * 60 + "On x wrote:\n") * 5000,
    ],
    ids=lambda text: repr(text[:20]),
)
def test_no_text_takes_long(text: str) -> None:
    began = time.process_time()
    new_words(text)
    assert time.process_time() - began < 2


@given(st.lists(st.sampled_from(["On x wrote:", "> a", "From: a", "Sent: b", "To: c", "--", "words", "", "On"])))
def test_new_words_are_words_of_the_text(lines: list[str]) -> None:
    text = "\n".join(lines)
    words = new_words(text)
    assert set(words.split("\n")) <= {line.strip() for line in lines} | {""}
    assert bool(words) == bool(text.strip())
