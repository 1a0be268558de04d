import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.casework.answer_address import answer_address, bounce_address, read_answer_address, read_bounce_address

FEEDBACK = "feedback@ardenshire.example"


def test_an_answer_address_gives_back_its_reference() -> None:
    address = answer_address(FEEDBACK, "AR-2026-000123", "key")
    assert address.startswith("feedback+ar-2026-000123.")
    assert read_answer_address(address, "key") == "AR-2026-000123"
    assert read_answer_address(address.upper(), "key") == "AR-2026-000123"


def test_the_local_part_fits_into_what_mail_servers_take() -> None:
    local = answer_address(FEEDBACK, "ABCDEF-2026-000123", "key").partition("@")[0]
    assert len(local) <= 64  # RFC 5321 4.5.3.1.1


def test_a_token_of_another_key_another_case_or_another_purpose_proves_nothing() -> None:
    address = answer_address(FEEDBACK, "AR-2026-000123", "key")
    assert read_answer_address(address, "another key") is None
    assert read_answer_address(address.replace("000123", "000124"), "key") is None
    assert read_bounce_address(address, "key") is None
    assert read_answer_address(bounce_address(FEEDBACK, "AR-2026-000123", "key"), "key") is None


def test_a_bounce_address_gives_back_its_mail() -> None:
    assert read_bounce_address(bounce_address(FEEDBACK, "k3j2", "key"), "key") == "k3j2"


@pytest.mark.parametrize(
    "address", ["", "feedback@ardenshire.example", "feedback+news@ardenshire.example", "+.@", "a+b.c@d"]
)
def test_other_addresses_are_not_ours(address: str) -> None:
    assert read_answer_address(address, "key") is None


@given(st.text(string.printable), st.text())
def test_nothing_made_up_is_taken_for_ours(local: str, key: str) -> None:
    assert read_answer_address(f"feedback+ar-2026-000123.{local}@ardenshire.example", key) is None
