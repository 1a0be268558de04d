"""A second look finds campaigns and what was sent before, on both databases."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, col, func, select

from postroom.casework.erasing import erase_person
from postroom.models.campaign import Campaign, CopyBand, NearCopy
from postroom.models.case import Address, Case, CaseStatus, Person
from postroom.models.database import open_session
from postroom.models.message import Message
from postroom.models.raw_message import RawMessage
from postroom.models.settings import Settings
from postroom.triage.corpus import Example, Labels, Text
from postroom.triage.second_look import SecondLook
from postroom.triage.suggesting import Suggester
from tests.triage.near_copies import campaign_messages
from tests.triage.office import Office

LABELS = Labels("comment", "none", "libraries", "none", False)
PETITION = campaign_messages()[0].text


@pytest.fixture
def crowd(engine: Engine) -> Office:
    return Office(engine)


@pytest.fixture
def look(engine: Engine, settings: Settings, suggester: Suggester) -> SecondLook:
    return SecondLook(engine, settings, lambda: suggester)


def from_(sender: str, text: str = PETITION) -> Example:
    return Example(sender, Text(from_email=sender, body=text), LABELS, sender, sender)


def look_at_all(look: SecondLook, now: datetime) -> None:
    while look.process_one(now):
        pass


def found(engine: Engine) -> list[int]:
    """How many messages each campaign has that was found."""
    with open_session(engine) as session:
        query = select(func.count()).select_from(NearCopy).join(Campaign, col(Campaign.id) == NearCopy.campaign_id)
        return list(session.exec(query.where(col(Campaign.found_at).is_not(None)).group_by(col(Campaign.id))))


def repeats(engine: Engine) -> dict[int, int | None]:
    with open_session(engine) as session:
        return dict(session.exec(select(NearCopy.message_id, NearCopy.repeats_id)).all())


def test_the_third_person_makes_it_a_campaign(crowd: Office, look: SecondLook, now: datetime) -> None:
    for day, sender in enumerate(("a@example.org", "b@example.org", "A@example.org")):
        crowd.message(from_(sender), now + timedelta(days=day))
    look_at_all(look, now)
    assert found(crowd.engine) == []
    crowd.message(from_("c@example.org"), now + timedelta(days=4))
    look_at_all(look, now)
    assert found(crowd.engine) == [4]


def test_people_who_write_months_apart_make_none(crowd: Office, look: SecondLook, now: datetime) -> None:
    for number, sender in enumerate(("a@example.org", "b@example.org", "c@example.org")):
        crowd.message(from_(sender), now + timedelta(days=20 * number))
    look_at_all(look, now)
    assert found(crowd.engine) == []


def test_every_campaign_of_the_collection_is_found_whole_and_nothing_joins_one(
    crowd: Office, look: SecondLook, now: datetime, examples: list[Example]
) -> None:
    with open_session(crowd.engine) as session:
        for example in [*(from_(each.sender, each.text) for each in campaign_messages()), *examples[:20]]:
            crowd.message(example, now, session)
        session.commit()
    look_at_all(look, now)
    assert found(crowd.engine) == [6] * 12
    with open_session(crowd.engine) as session:
        assert session.exec(select(func.count()).select_from(NearCopy)).one() == 12 * 7 + 20


def test_many_who_say_thank_you_are_no_campaign(crowd: Office, look: SecondLook, now: datetime) -> None:
    for sender in "abcde":
        crowd.message(from_(f"{sender}@example.org", "Thank you very much for your help with this."), now)
    look_at_all(look, now)
    assert found(crowd.engine) == []


def test_what_somebody_sends_again_is_known_by_its_first_case(crowd: Office, look: SecondLook, now: datetime) -> None:
    report = "There is a pothole on Mill Lane outside number 12."
    first = crowd.message(from_("a@example.org", report), now)
    other = crowd.message(from_("b@example.org", report), now)
    again = crowd.message(from_("a@example.org", report), now + timedelta(days=1))
    look_at_all(look, now)
    assert repeats(crowd.engine) == {first: None, other: None, again: first}


def test_a_message_that_follows_on_the_same_case_repeats_nothing(
    crowd: Office, look: SecondLook, now: datetime
) -> None:
    first = crowd.message(from_("a@example.org"), now)
    again = crowd.message(from_("a@example.org"), now)
    with open_session(crowd.engine) as session:
        message = session.get_one(Message, again)
        message.case_id = session.get_one(Message, first).case_id
        session.add(message)
        session.commit()
    look_at_all(look, now)
    assert repeats(crowd.engine)[again] is None


def test_of_a_large_campaign_only_a_few_are_kept_in_the_index(crowd: Office, look: SecondLook, now: datetime) -> None:
    with open_session(crowd.engine) as session:
        for number in range(30):
            crowd.message(from_(f"{number}@example.org", f"{PETITION}\n\nMy number is {number}."), now, session)
        session.commit()
    look_at_all(look, now)
    assert found(crowd.engine) == [30]
    with open_session(crowd.engine) as session:
        assert session.exec(select(func.count(func.distinct(CopyBand.message_id)))).one() == 6


def test_erased_words_are_no_longer_found(crowd: Office, look: SecondLook, now: datetime) -> None:
    message_id = crowd.message(from_("a@example.org"), now)
    look_at_all(look, now)
    with open_session(crowd.engine) as session:
        person = close_for_a_person(session, message_id, now)
        erase_person(session, person, officer_id=crowd.officer_id, now=now)
        session.commit()
        assert session.exec(select(CopyBand)).all() == []
    for sender in ("b@example.org", "c@example.org"):
        crowd.message(from_(sender), now)
    look_at_all(look, now)
    assert found(crowd.engine) == [], "two people wrote whose words are still here"


def close_for_a_person(session: Session, message_id: int, now: datetime) -> int:
    """Close the message's case as that of a person; returns the person's id."""
    person = Person(created_at=now)
    session.add(person)
    session.flush()
    assert person.id is not None
    session.add(Address(email="a@example.org", person_id=person.id))
    case = session.get_one(Case, session.get_one(Message, message_id).case_id)
    case.person_id, case.status = person.id, CaseStatus.CLOSED
    session.add(case)
    session.flush()
    return person.id


def test_machine_mail_and_what_officers_made_are_not_looked_at(crowd: Office, look: SecondLook, now: datetime) -> None:
    machine, by_officer = (crowd.message(from_("a@example.org"), now) for _ in range(2))
    with open_session(crowd.engine) as session:
        message = session.get_one(Message, machine)
        message.machine = "auto_reply"
        raw = session.get_one(RawMessage, session.get_one(Message, by_officer).raw_message_id)
        raw.source = "desk"
        session.add_all([message, raw])
        session.commit()
    assert not look.process_one(now)
