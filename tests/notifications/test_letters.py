from dataclasses import replace
from pathlib import Path

import pytest

from postroom.models.failures import ConfigurationError
from postroom.models.settings import Settings
from postroom.notifications.letter_checks import check
from postroom.notifications.letter_rules import write as write_for
from postroom.notifications.letters import AlertFacts, DigestFacts, DigestLine, Letter, LetterFacts, render
from postroom.notifications.owed import Purpose

FACTS = LetterFacts(
    reference="AR-2026-000123",
    subject="The bus never came",
    received_on="Wednesday 4 March 2026",
    type="complaint",
    procedure="Corporate complaints",
    stage="Stage 1",
    team="Home to School Transport",
    answer_by="Wednesday 18 March 2026",
    exclusion="none",
)


def write(settings: Settings, name: str, facts: LetterFacts) -> Letter:
    return write_for(settings, Purpose.ACKNOWLEDGEMENT, name, facts)


def letter_file(settings: Settings, name: str) -> Path:
    return settings.path(settings.outgoing.letters) / f"{name}.txt"


def test_the_letters_that_are_shipped_are_in_order(settings: Settings) -> None:
    assert check(settings) == []


def test_the_letter_about_a_complaint_says_all_that_the_code_asks_for(settings: Settings) -> None:
    letter = write(settings, "acknowledge-complaint", FACTS)
    assert letter.subject == "Your complaint AR-2026-000123: what happens next"
    for words in (
        "AR-2026-000123",
        "The bus never came",
        "Corporate complaints",
        "Stage 1",
        "Home to School Transport",
        "Wednesday 18 March 2026",
        "Reply to this email",
        "Local Government and Social Care Ombudsman",
        "0300 061 0614",
    ):
        assert words in letter.text


def test_the_letter_about_childrens_social_care_offers_an_advocate(settings: Settings) -> None:
    assert "right to an advocate" in write(settings, "acknowledge-complaint-children", FACTS).text


@pytest.mark.parametrize(
    ("letter", "answer_by"),
    [
        ("acknowledge-request", FACTS.answer_by),
        ("acknowledge-member-enquiry", FACTS.answer_by),
        ("acknowledge-compliment", ""),
        ("acknowledge-comment", ""),
    ],
)
def test_letters_about_no_complaint_leave_out_the_ombudsman(settings: Settings, letter: str, answer_by: str) -> None:
    text = write(settings, letter, replace(FACTS, type="compliment", answer_by=answer_by)).text
    assert "Ombudsman" not in text
    assert "Home to School Transport" in text


def test_a_letter_reads_well_where_the_message_had_no_subject(settings: Settings) -> None:
    assert "You wrote to us about" not in write(settings, "acknowledge-complaint", replace(FACTS, subject="")).text


def test_each_exclusion_has_its_own_paragraph(settings: Settings) -> None:
    exclusions = [exclusion for exclusion in settings.exclusions if exclusion != "none"]
    texts = {write(settings, "signpost", replace(FACTS, exclusion=exclusion)).text for exclusion in exclusions}
    assert len(texts) == len(exclusions) == 7


def test_the_digest_lists_each_step_with_its_link(settings: Settings) -> None:
    line = DigestLine(
        "AR-2026-000123",
        "Bus",
        "complaint",
        "Libraries",
        "respond",
        "Fri 6 Mar 2026",
        "2 working days left",
        "http://x/1",
    )
    letter = render(settings, "reminder-digest", DigestFacts("Sam", (line, replace(line, reference="AR-2026-000124"))))
    assert letter.subject == "2 things need your attention"
    for words in ("AR-2026-000123: Bus", "AR-2026-000124", "Fri 6 Mar 2026 (2 working days left)", "http://x/1"):
        assert words in letter.text


def test_the_alert_gives_the_reference_and_the_link(settings: Settings) -> None:
    text = render(settings, "at-risk-alert", AlertFacts("AR-2026-000123", "http://x/1")).text
    assert "AR-2026-000123" in text
    assert "http://x/1" in text


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "no such file"),
        ("Hello\n", "first line to be Subject:"),
        ("Subject: {{ reference }\n", "can't be written"),
        ("Subject: {{ referense }}\n", "'referense' is undefined"),
        ("Subject: {{ ().__class__.__base__ }}\n", "can't be written"),
        ("Subject: {{ 1 / 0 }}\n", "can't be written"),
        ("Subject: {{ reference }}\nHello", "expected the letter to give the Ombudsman's name"),
        ("Subject: {{ reference }}\n{{ council.ombudsman.name }}", "expected the letter to give the case's reference"),
        (
            "Subject: x\n{{ council.ombudsman.name }} {{ reference }}",
            "expected the letter to give the date of the answer",
        ),
    ],
)
def test_a_letter_that_can_not_be_sent_is_named_with_what_is_wrong(
    own_letters: Settings, content: str | None, problem: str
) -> None:
    file = letter_file(own_letters, "acknowledge-complaint")
    file.unlink() if content is None else file.write_text(content)
    problems = check(own_letters)
    assert any(line.startswith(str(file)) and problem in line for line in problems)
    with pytest.raises(ConfigurationError, match=r"acknowledge-complaint\.txt"):
        write(own_letters, "acknowledge-complaint", FACTS)


@pytest.mark.parametrize("name", ["signpost", "reminder-digest", "at-risk-alert", "acknowledge-comment"])
def test_every_letter_is_looked_for(own_letters: Settings, name: str) -> None:
    letter_file(own_letters, name).unlink()
    assert check(own_letters) == [f"{letter_file(own_letters, name)}: expected a letter; there is no such file"]


def test_an_exclusion_without_a_paragraph_is_found(own_letters: Settings) -> None:
    more = own_letters.model_copy(update={"exclusions": [*own_letters.exclusions, "weather"]})
    file = letter_file(own_letters, "signpost")
    assert check(more) == [f"{file}: expected a paragraph for the exclusion weather, or a letter signpost.weather.txt"]


def test_a_council_may_wrap_its_lines_where_it_likes(own_letters: Settings) -> None:
    file = letter_file(own_letters, "acknowledge-complaint")
    name = "Local Government\nand Social Care\nOmbudsman"
    file.write_text(file.read_text().replace("{{ council.ombudsman.name }}", name))
    assert check(own_letters) == []


@pytest.mark.parametrize("name", ["response.corporate", "response.corporate.stage-2", "closing.enquiry"])
def test_a_particular_letter_is_checked_like_any_other(own_letters: Settings, name: str) -> None:
    shipped = letter_file(own_letters, name.partition(".")[0]).read_text()
    letter_file(own_letters, name).write_text(shipped)
    assert check(own_letters) == []
    letter_file(own_letters, name).write_text("Subject: x\n{{ oops }}")
    assert check(own_letters) == [f"{letter_file(own_letters, name)}: the letter can't be written: 'oops' is undefined"]


def test_a_particular_letter_that_nothing_asks_for_is_found(own_letters: Settings) -> None:
    file = letter_file(own_letters, "response.corporate.stage1")
    file.write_text("Subject: x\n")
    assert check(own_letters) == [
        f"{file}: expected a type, exclusion, procedure or procedure.stage; there is none called corporate.stage1"
    ]


@pytest.mark.parametrize(
    ("letter", "block", "why"),
    [
        ("response", "next_stage", "a response says how to ask for the next stage"),
        ("response", "ombudsman", "the letter says how to go to the Ombudsman"),
        ("extension", "ombudsman", "the letter says how to go to the Ombudsman"),
        ("refusal", "ombudsman", "the letter says how to go to the Ombudsman"),
    ],
)
def test_a_letter_without_a_block_that_the_code_asks_for_is_found(
    own_letters: Settings, letter: str, block: str, why: str
) -> None:
    file = letter_file(own_letters, letter)
    file.write_text(file.read_text().replace(f"block {block} ", "block other "))
    assert check(own_letters) == [f"{file}: expected a block {block}, since {why}"]


def test_a_block_that_a_letter_leaves_out_need_not_be_kept(own_letters: Settings) -> None:
    file = letter_file(own_letters, "closing")
    file.write_text(file.read_text() + "{% if by_post %}{% block paper %}Keep this page.{% endblock %}{% endif %}")
    assert render(own_letters, "closing", FACTS).kept == {}
    assert render(own_letters, "closing", replace(FACTS, by_post=True)).kept == {"paper": "Keep this page."}


def test_another_version_of_a_letter_or_of_a_part_of_it_has_another_digest(own_letters: Settings) -> None:
    def digest() -> str:
        version = render(own_letters, "acknowledge-comment", FACTS).version
        assert version is not None
        return version.digest

    digests = [digest()]
    for name in ("acknowledge-comment", "parts/end"):
        file = letter_file(own_letters, name)
        file.write_text(file.read_text() + "\nMore.\n")
        digests.append(digest())
    assert len(set(digests)) == 3
    assert digest() == digests[-1]
