"""Which case a message belongs to."""

from dataclasses import replace

import pytest

from postroom.intake.threading_rules import (
    NEW_CASE,
    Candidate,
    Doubt,
    Facts,
    Match,
    Rule,
    decide,
    decide_about_matter,
    decide_for_machine,
    references_in,
)

PAT, STRANGER = "pat@home.example", "mallory@evil.example"
BINS = Candidate(1, "AR-2026-000001", frozenset({PAT}), frozenset({"letter@us"}))
ROAD = Candidate(2, "AR-2026-000002", frozenset({PAT}), frozenset())


def facts(
    sender: str = PAT, ids: tuple[str, ...] = (), answer: tuple[str, ...] = (), subject: tuple[str, ...] = ()
) -> Facts:
    return Facts(sender, ids, answer, subject)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (facts(), NEW_CASE),
        (facts(ids=("unknown@them",)), NEW_CASE),
        (facts(ids=("unknown@them", "letter@us")), Match(1, Rule.REFERENCES)),
        (facts(answer=("AR-2026-000002",)), Match(2, Rule.ANSWER_ADDRESS)),
        (facts(subject=("AR-2026-000001",)), Match(1, Rule.SUBJECT)),
        (facts(subject=("AR-2026-000099",)), NEW_CASE),
        (facts(ids=("letter@us",), answer=("AR-2026-000002",)), Match(1, Rule.REFERENCES)),
        (facts(answer=("AR-2026-000002",), subject=("AR-2026-000001",)), Match(2, Rule.ANSWER_ADDRESS)),
    ],
)
def test_people_on_a_case_join_it_by_the_strongest_rule(message: Facts, expected: Match) -> None:
    assert decide(message, [BINS, ROAD]) == expected


@pytest.mark.parametrize("sender", [STRANGER, ""])
@pytest.mark.parametrize(
    "clue", [{"ids": ("letter@us",)}, {"answer": ("AR-2026-000001",)}, {"subject": ("AR-2026-000001",)}]
)
def test_others_are_put_to_an_officer(sender: str, clue: dict[str, tuple[str, ...]]) -> None:
    match = decide(facts(sender, **clue), [BINS, ROAD])
    assert match.is_proposal
    assert match.case_id == 1
    assert "AR-2026-000001" in match.reason


@pytest.mark.parametrize(
    "clue", [{"ids": ("letter@us",)}, {"answer": ("AR-2026-000001",)}, {"subject": ("AR-2026-000001",)}]
)
def test_a_known_address_that_nothing_vouches_for_is_put_to_an_officer(clue: dict[str, tuple[str, ...]]) -> None:
    match = decide(replace(facts(PAT, **clue), sender_is_vouched_for=False), [BINS, ROAD])
    assert (match.case_id, match.doubt, match.is_proposal) == (1, Doubt.SENDER, True)
    assert "real" in match.reason


def test_a_new_matter_is_put_to_an_officer_unless_its_subject_names_the_case() -> None:
    joined = Match(1, Rule.REFERENCES)
    asked = decide_about_matter(joined, facts(), "AR-2026-000001", about_something_new=True)
    assert (asked.case_id, asked.doubt, asked.is_proposal) == (1, Doubt.MATTER, True)
    named = facts(subject=("AR-2026-000001",))
    assert decide_about_matter(joined, named, "AR-2026-000001", about_something_new=True) == joined
    assert decide_about_matter(joined, facts(), "AR-2026-000001", about_something_new=False) == joined
    assert decide_about_matter(NEW_CASE, facts(), "", about_something_new=True) == NEW_CASE


def test_a_case_without_a_person_is_joined_by_nobody() -> None:
    anonymous = Candidate(3, "AR-2026-000003", frozenset(), frozenset())
    assert decide(facts("", subject=("AR-2026-000003",)), [anonymous]).is_proposal


def test_mail_from_a_machine_is_kept_on_its_case_whoever_sent_it() -> None:
    assert decide_for_machine(facts(STRANGER, ids=("letter@us",)), [BINS]) == Match(1, Rule.REFERENCES)
    assert decide_for_machine(facts(STRANGER, answer=("AR-2026-000001",)), [BINS]) == Match(1, Rule.ANSWER_ADDRESS)
    assert decide_for_machine(facts(subject=("AR-2026-000001",)), [BINS]) == NEW_CASE


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("Re: AR-2026-000123 your letter", ("AR-2026-000123",)),
        ("re: [ar-2026-000123]", ("AR-2026-000123",)),
        ("AR-2026-000001 and AR-2026-000002, AR-2026-000001", ("AR-2026-000001", "AR-2026-000002")),
        ("CAR-2026-000123, AR-2026-123, XAR-2026-000123", ()),
        ("", ()),
    ],
)
def test_references_are_found_in_subjects(subject: str, expected: tuple[str, ...]) -> None:
    assert references_in(subject, "AR") == expected
