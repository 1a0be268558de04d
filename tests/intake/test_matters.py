"""Whether a message in an old thread is about something new."""

import pytest

from postroom.intake.matters import is_new_matter, words_of

SUBJECTS = ["The bins", "We have your message AR-2026-000001"]
TEXTS = ["Nobody has emptied our bins in Mill Lane for three weeks and the rubbish lies all over the pavement."]
LIBRARY = (
    "My daughter wanted to borrow novels from Kenilworth library on Saturday. The librarian refused her card, although "
    "she had renewed membership online. Could you refund the fine and explain which documents children must bring?"
)
STILL = (
    "The lorry drove past our house again on Tuesday morning without stopping. The pavement is filthy, foxes tear the "
    "sacks open every night, and my neighbours complain about the smell from the rubbish in front of our door."
)


@pytest.mark.parametrize(
    ("subject", "text", "expected"),
    [
        ("Library card", LIBRARY, True),
        ("Re: The bins", LIBRARY, False),
        ("Re: AR-2026-000001 your message", LIBRARY, False),
        ("", LIBRARY, False),
        ("Re:", LIBRARY, False),
        ("Missed again", STILL, False),
        ("Library card", "Please ring me about it.", False),
        ("Another collection missed", STILL, False),
    ],
)
def test_a_new_matter_has_a_new_subject_and_other_words(subject: str, text: str, expected: bool) -> None:
    assert is_new_matter(subject, text, subjects=SUBJECTS, texts=TEXTS) is expected


def test_words_of_no_matter_do_not_count() -> None:
    assert words_of("Dear Sir, thank you for your letter AR-2026-000001 about the bins") == words_of("bin")
