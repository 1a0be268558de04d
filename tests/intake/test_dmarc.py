"""What a domain publishes about mail in its name, and who is of one organisation with it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.intake.dmarc import Policy, aligned, organisational_domain, read_policy


@pytest.mark.parametrize(
    ("domain", "of_sender", "expected"),
    [
        ("home.example", "home.example", True),
        ("home.example", "mail.home.example", True),
        ("mail.home.example", "home.example", True),
        ("a.ardenshire.gov.uk", "b.ardenshire.gov.uk", True),
        ("other.gov.uk", "ardenshire.gov.uk", False),
        ("gov.uk", "ardenshire.gov.uk", False),
        ("co.uk", "co.uk", True),
        ("ome.example", "home.example", False),
        ("evil.example", "home.example", False),
        ("", "", False),
    ],
)
def test_whoever_is_of_one_organisation_is_aligned(domain: str, of_sender: str, expected: bool) -> None:
    assert aligned(domain, of_sender) is expected


def test_a_strict_policy_wants_the_same_domain() -> None:
    policy = read_policy(["v=DMARC1; p=reject; adkim=s"])
    assert policy is not None
    assert not policy.aligned("dkim", "mail.home.example", "home.example")
    assert policy.aligned("dkim", "home.example", "home.example")
    assert policy.aligned("spf", "mail.home.example", "home.example")


@pytest.mark.parametrize(
    "records",
    [
        [],
        ["v=spf1 -all"],
        ["p=reject; v=DMARC1"],
        ["v=DMARC1; p=none", "v=DMARC1; p=reject"],
        ["v=dmarc1; p=none"],
        [""],
    ],
)
def test_anything_but_one_record_is_none(records: list[str]) -> None:
    assert read_policy(records) is None


def test_what_it_wishes_for_mail_that_fails_is_told_in_words() -> None:
    records = ["google-site-verification=x", " v=DMARC1 ;p=reject; sp=quarantine; rua=mailto:d@home.example"]
    assert read_policy(records) == Policy(wish="asks to refuse it")
    assert read_policy(records, below=True) == Policy(wish="asks to set it aside")


@given(st.text(max_size=200))
def test_any_text_is_read(text: str) -> None:
    read_policy([text, f"v=DMARC1;{text}"])
    read_policy([f"v=DMARC1;{text}"])
    organisational_domain(text)
    aligned(text, f"x.{text}")
