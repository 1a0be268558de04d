"""Cases that officers by name alone may see."""

import pytest

from postroom.casework import cases
from postroom.casework.restricting import lift, named_officers, restrict
from postroom.casework.threads import merge
from postroom.models.case import LinkKind
from postroom.models.database import open_session
from postroom.models.failures import ImpossibleMove
from tests.casework.casebook import Casebook

BOB = "bob@ardenshire.example"


def named(book: Casebook, case_id: int) -> list[int | None]:
    with open_session(book.engine, read_only=True) as session:
        return [each.id for each in named_officers(session, case_id)]


def test_a_restricted_case_is_sealed_names_its_officers_and_says_why(book: Casebook) -> None:
    case_id = book.confirmed()
    book.make(restrict, case_id, [f" {BOB.upper()} ", ""], reason="about an officer")

    case, event = book.case(case_id), book.last_event(case_id)
    assert (case.restricted, case.sealed) == (True, True)
    assert named(book, case_id) == [book.bob]
    assert event.after.items() >= {"restricted": True, "named": [book.bob]}.items()
    assert book.broken() == []


def test_it_stays_sealed_when_the_restriction_is_lifted_until_it_is_unsealed(book: Casebook) -> None:
    case_id = book.confirmed()
    book.make(restrict, case_id, [BOB], reason="about an officer")
    with pytest.raises(ImpossibleMove, match="Lift the restriction first"):
        book.make(cases.unseal, case_id, reason="no longer")
    book.make(lift, case_id, reason="looked into")

    assert (book.case(case_id).restricted, book.case(case_id).sealed, named(book, case_id)) == (False, True, [])
    book.make(cases.unseal, case_id, reason="no longer")
    assert book.case(case_id).sealed is False


def test_what_awaits_confirmation_can_be_restricted_and_stays_so(book: Casebook) -> None:
    case_id = book.open_one().id or 0
    book.make(restrict, case_id, [BOB], reason="about an officer")
    assert book.case(case_id).restricted is True


@pytest.mark.parametrize(
    ("emails", "reason", "refusal"),
    [
        (["nobody@ardenshire.example"], "why", "Nobody who works on cases has the address nobody@"),
        ([" "], "why", "Name at least one officer"),
        ([BOB], " ", "Say why"),
    ],
)
def test_a_restriction_needs_officers_and_a_reason(
    emails: list[str], reason: str, refusal: str, book: Casebook
) -> None:
    with pytest.raises(ImpossibleMove, match=refusal):
        book.make(restrict, book.confirmed(), emails, reason=reason)


def test_a_restricted_case_is_tied_to_no_other_and_calls_in_nobody_else(book: Casebook) -> None:
    case_id, other = book.confirmed(), book.confirmed()
    for each in (case_id, other):
        book.make(cases.seal, each, reason="both alike")
    book.make(restrict, case_id, [BOB], reason="about an officer")

    with pytest.raises(ImpossibleMove, match="restricted"):
        book.make(cases.link, case_id, other, LinkKind.RELATED)
    for one, into in ((case_id, other), (other, case_id)):
        with pytest.raises(ImpossibleMove, match="restricted"):
            book.make(merge, one, into)
    with pytest.raises(ImpossibleMove, match="not among those named"):
        book.make(cases.add_note, case_id, "@carol", mentions=[book.carol])
    book.make(cases.add_note, case_id, "@bob", mentions=[book.bob])
