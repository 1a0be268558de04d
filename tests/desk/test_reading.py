"""How a message's text is shown."""

from email.message import EmailMessage
from email.policy import SMTP

from hypothesis import given
from hypothesis import strategies as st

from postroom.desk.reading import Segment, Shown, marked, shown, words_of_ours


def test_a_phrase_of_the_evidence_stands_alone_whatever_its_case() -> None:
    assert marked("And Nobody has called. Why?", [{"text": "nobody has called", "supports": "complaint"}]) == [
        Segment("And "),
        Segment("Nobody has called", "complaint"),
        Segment(". Why?"),
    ]


def test_a_phrase_is_not_found_within_a_longer_word() -> None:
    assert marked("The intruder was rude.", [{"text": "rude", "supports": "complaint"}]) == [
        Segment("The intruder was "),
        Segment("rude", "complaint"),
        Segment("."),
    ]


def test_evidence_that_says_what_it_means_is_found_by_what_it_quotes() -> None:
    evidence = [{"text": "the council was told before: 'I rang the office'", "supports": "complaint"}]

    assert marked("In May I rang\nthe office.", evidence) == [
        Segment("In May "),
        Segment("I rang\nthe office", "complaint"),
        Segment("."),
    ]


def test_of_two_phrases_that_overlap_the_longer_is_marked() -> None:
    evidence = [{"text": "called", "supports": "enquiry"}, {"text": "called back", "supports": "complaint"}]

    assert marked("called back", evidence) == [Segment("called back", "complaint")]


@given(st.text(), st.lists(st.fixed_dictionaries({"text": st.text(max_size=4), "supports": st.text(max_size=3)})))
def test_marking_loses_no_letter(text: str, evidence: list[dict[str, str]]) -> None:
    assert "".join(segment.text for segment in marked(text, evidence)) == text


def test_quotes_and_signature_come_second() -> None:
    assert shown("Yes please.\n\n-- \nJo\n\n> Shall we come?", "Yes please.") == Shown(
        "Yes please.", "-- \nJo\n\n> Shall we come?"
    )


def test_an_answer_below_the_quote_still_comes_first() -> None:
    assert shown("> Shall we come?\nYes please.", "Yes please.") == Shown("Yes please.", "> Shall we come?")


def test_a_message_without_new_words_is_shown_whole() -> None:
    assert shown("> Shall we come?", "") == Shown("> Shall we come?", "")


def test_where_the_new_words_are_not_in_the_text_the_rest_is_all_of_it() -> None:
    assert shown("One  two", "One two") == Shown("One two", "One  two")


def test_the_words_of_our_own_mail_are_its_plain_text() -> None:
    mail = EmailMessage()
    mail.set_content("Hello Zoë,\n\nit costs £5.\n", cte="quoted-printable")
    mail.add_alternative("<p>Hello Zoë</p>", subtype="html")
    assert words_of_ours(mail.as_bytes(policy=SMTP)) == "Hello Zoë,\n\nit costs £5."


def test_of_a_mail_that_was_erased_no_words_are_left() -> None:
    assert words_of_ours(b"") == ""
