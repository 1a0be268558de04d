"""Campaigns and second matters on the desk: found by all who may see the cases, and by nobody else."""

from datetime import datetime

from sqlmodel import Session, select

from postroom.casework.labels import Labels
from postroom.desk.queries.campaigns import campaign_of, members
from postroom.desk.sessions import SignedIn
from postroom.models.campaign import Campaign, NearCopy, Settled, TwoMatters
from postroom.models.database import open_session
from postroom.models.message import Message
from postroom.models.officer import Role
from tests.desk.conftest import Visitor, officer_id
from tests.desk.mailroom import CHILDREN_COMPLAINT, HIGHWAYS_REQUEST, Mailroom

HIGHWAYS = Labels("complaint", "highways", "service_standards")
CHILDREN = Labels("complaint", "childrens-nuneaton", "communication")
LAMP, BADGE = "The street light outside my house is out.", "Also, how do I renew my blue badge?"


def message_of(session: Session, mailroom: Mailroom, reference: str) -> int:
    id_ = session.exec(select(Message.id).where(Message.case_id == mailroom.case_id(reference))).one()
    assert id_ is not None
    return id_


def campaign(mailroom: Mailroom, now: datetime, *references: str, found: bool = True) -> int:
    """A campaign of these cases' messages; returns its id."""
    with open_session(mailroom.engine) as session:
        made = Campaign(begun_at=now, last_at=now, found_at=now if found else None)
        session.add(made)
        session.flush()
        assert made.id is not None
        for reference in references:
            message = message_of(session, mailroom, reference)
            session.add(NearCopy(message_id=message, looked_at=now, campaign_id=made.id, nearness=0.9))
        session.commit()
        return made.id


def petition(mailroom: Mailroom, now: datetime, name: str, text: str = "Save our library from closing.") -> str:
    return mailroom.case(
        now, HIGHWAYS_REQUEST, name=name, email=f"{name}@example.org", subject="Save our library", text=text
    )


def two_matters(mailroom: Mailroom, now: datetime) -> str:
    """A case whose message seems to hold two matters; returns its reference."""
    reference = mailroom.case(now, HIGHWAYS_REQUEST, subject="Light and badge", text=f"{LAMP} {BADGE}")
    parts = [
        {"start": 0, "end": len(LAMP), "type": "service_request", "team": "highways"},
        {"start": len(LAMP) + 1, "end": len(LAMP) + 1 + len(BADGE), "type": "enquiry", "team": "blue-badge"},
    ]
    with open_session(mailroom.engine) as session:
        message = message_of(session, mailroom, reference)
        session.add(TwoMatters(message_id=message, made_at=now, model="m", because="added", parts=parts))
        session.commit()
    return reference


def test_a_campaign_is_shown_with_its_members_its_count_and_its_first_text(
    mailroom: Mailroom, alice: Visitor, now: datetime
) -> None:
    references = [petition(mailroom, now, name) for name in ("ann", "ben", "cat")]
    id_ = campaign(mailroom, now, *references)
    case = alice.page(f"/cases/{references[0]}")
    assert "a campaign of 3 messages from 3 senders" in case.text
    assert f"/campaigns/{id_}" in case.links()
    listed = alice.page("/campaigns")
    assert "3 cases await confirmation" in listed.text
    page = alice.page(f"/campaigns/{id_}")
    assert "Save our library from closing." in page.text
    assert page.links("/cases/") == [f"/cases/{each}" for each in references]


def test_a_campaign_of_too_few_people_is_not_shown(mailroom: Mailroom, alice: Visitor, now: datetime) -> None:
    references = [petition(mailroom, now, name) for name in ("ann", "ben")]
    id_ = campaign(mailroom, now, *references, found=False)
    assert "No campaign was found" in alice.page("/campaigns").text
    alice.page(f"/campaigns/{id_}", 404)
    assert "campaign of" not in alice.page(f"/cases/{references[0]}").text


def test_nobody_sees_or_counts_the_sealed_cases_of_a_campaign_that_are_not_theirs(
    mailroom: Mailroom, alice: Visitor, bob: Visitor, charlie: Visitor, dora: Visitor, now: datetime
) -> None:
    seen = [petition(mailroom, now, name) for name in ("ann", "ben")]
    sealed = mailroom.case(now, CHILDREN_COMPLAINT, name="Secret", email="s@example.org", text="Save our own words.")
    confirmed = mailroom.confirmed(now, CHILDREN, officer_id("alice"), email="t@example.org", text="Save the words.")
    id_ = campaign(mailroom, now, confirmed, sealed, *seen)
    for visitor in (charlie, dora):
        page = visitor.page(f"/campaigns/{id_}")
        assert "2 messages from 2 senders" in page.text
        assert sealed not in page.text
        assert confirmed not in page.text
    assert confirmed not in alice.page(f"/campaigns/{id_}").text
    both = bob.page(f"/campaigns/{id_}")
    assert sealed in both.text
    assert "Save" not in both.text.replace("Save our library", ""), "no words of a sealed case"


def test_of_a_campaign_of_which_somebody_sees_one_message_they_see_nothing(
    mailroom: Mailroom, charlie: Visitor, now: datetime
) -> None:
    own = petition(mailroom, now, "ann")
    other = mailroom.confirmed(now, CHILDREN, officer_id("alice"))
    id_ = campaign(mailroom, now, own, other)
    assert "campaign of" not in charlie.page(f"/cases/{own}").text
    assert "No campaign was found" in charlie.page("/campaigns").text
    charlie.page(f"/campaigns/{id_}", 404)


def test_a_message_sent_again_names_the_case_unless_it_is_sealed(
    mailroom: Mailroom, alice: Visitor, now: datetime
) -> None:
    first, again = (petition(mailroom, now, "ann") for _ in range(2))
    sealed = mailroom.confirmed(now, CHILDREN, officer_id("alice"))
    with open_session(mailroom.engine) as session:
        copy = NearCopy(message_id=message_of(session, mailroom, again), looked_at=now)
        copy.repeats_id = message_of(session, mailroom, first)
        session.add(copy)
        session.commit()
        page = alice.page(f"/cases/{again}")
        assert "Possible duplicate of Save our library" in page.text
        assert f"/cases/{first}" in page.links()
        copy.repeats_id = message_of(session, mailroom, sealed)
        session.add(copy)
        session.commit()
    assert "Possible duplicate" not in alice.page(f"/cases/{again}").text


def test_an_officer_opens_a_second_case_from_the_message(mailroom: Mailroom, alice: Visitor, now: datetime) -> None:
    reference = two_matters(mailroom, now)
    page = alice.page(f"/cases/{reference}")
    assert "This seems to hold two matters" in page.text
    assert "Enquiry, Blue Badge" in page.text
    done = alice.post(f"/cases/{reference}/matters", part="second")
    assert "That part is the new case" in done.text
    assert "This seems to hold two matters" not in done.text
    second = alice.page("/cases/AR-2026-000002")
    assert BADGE in second.text
    assert reference in second.text


def test_an_officer_keeps_it_as_one(mailroom: Mailroom, alice: Visitor, now: datetime) -> None:
    reference = two_matters(mailroom, now)
    assert "It is kept as one matter." in alice.post(f"/cases/{reference}/matters", part="one").text
    assert "settled already" in alice.post(f"/cases/{reference}/matters", 422, part="second").text
    with open_session(mailroom.engine) as session:
        assert session.exec(select(TwoMatters.settled)).one() == Settled.ONE_MATTER


def test_nobody_splits_what_they_may_not_work_on(
    mailroom: Mailroom, bob: Visitor, dora: Visitor, now: datetime
) -> None:
    reference = two_matters(mailroom, now)
    bob.post(f"/cases/{reference}/matters", 404, part="second")
    dora.post(f"/cases/{reference}/matters", 403, part="second")
    assert "Open a case for this part" not in dora.page(f"/cases/{reference}").text


def test_members_are_given_to_whoever_confirms_several(mailroom: Mailroom, now: datetime) -> None:
    references = [petition(mailroom, now, name) for name in ("ann", "ben")]
    done = mailroom.confirmed(now, HIGHWAYS, officer_id("alice"), email="cat@example.org")
    id_ = campaign(mailroom, now, *references, done)
    visitor = SignedIn(officer_id("alice"), "Alice", Role.CUSTOMER_RELATIONS, frozenset(), "csrf", "token")
    with open_session(mailroom.engine) as session:
        message = message_of(session, mailroom, references[0])
        assert campaign_of(session, message) == id_
        found = members(session, id_, visitor, mailroom.settings, awaiting=True)
        assert [each.reference for each in found] == references
        assert len(members(session, id_, visitor, mailroom.settings)) == 3
