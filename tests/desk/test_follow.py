"""Residents follow a case of theirs. What they see, and above all what they don't."""

import re
from datetime import datetime

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import col, select

from postroom.casework.labels import Labels
from postroom.desk.app import create_app
from postroom.desk.following import CODES_AN_HOUR, TRIES
from postroom.intake import filing
from postroom.models.case import Case
from postroom.models.database import open_session
from postroom.models.message import Message
from postroom.models.outgoing_mail import OutgoingMail
from postroom.models.settings import Settings
from tests.desk.conftest import Clock, Page, Visitor, officer_id
from tests.desk.mailroom import Mailroom

HIGHWAYS = Labels("complaint", "highways", "service_standards")


def codes(engine: Engine) -> list[tuple[str, str]]:
    """The recipients and codes of the mails with codes, the oldest first."""
    with open_session(engine, read_only=True) as session:
        query = select(OutgoingMail).where(OutgoingMail.letter == "follow-code").order_by(col(OutgoingMail.id))
        mails = session.exec(query).all()
    return [(mail.recipient, re.findall(rb"code is (\d{6})", mail.content)[0].decode()) for mail in mails]


class Resident:
    """Somebody at home with their own browser, who reads the mail that Postroom sends."""

    def __init__(self, app: FastAPI, engine: Engine) -> None:
        self.client, self.engine = TestClient(app, raise_server_exceptions=False), engine

    def page(self, path: str, status: int = 200) -> Page:
        page = Page(self.client.get(path))
        assert page.status == status, page.text
        return page

    def post(self, path: str, status: int = 200, /, **fields: str) -> Page:
        page = Page(self.client.post(path, data={"csrf_token": self.client.cookies.get("postroom-form", ""), **fields}))
        assert page.status == status, page.text
        return page

    def codes(self) -> list[tuple[str, str]]:
        return codes(self.engine)

    def follow(self, reference: str) -> Page:
        self.page("/follow")
        self.post("/follow", reference=reference)
        return self.post("/follow/code", reference=reference, code=self.codes()[-1][1])


@pytest.fixture
def resident(app: FastAPI, sqlite: Engine) -> Resident:
    return Resident(app, sqlite)


def test_a_resident_sees_where_their_case_stands_and_nothing_that_was_written(
    resident: Resident, mailroom: Mailroom, now: datetime
) -> None:
    reference = mailroom.confirmed(now, HIGHWAYS, officer_id("alice"), subject="The lamp by the Bear Inn")
    page = resident.follow(reference.lower())
    assert page.h1 == f"Your case {reference}"
    assert "We are looking into it." in page.text
    assert "Bear Inn" not in page.source
    assert resident.codes()[0][0] == "jo@example.org"


def test_a_reference_that_nobody_has_is_answered_like_one_that_somebody_has(
    resident: Resident, mailroom: Mailroom, now: datetime
) -> None:
    reference = mailroom.case(now)
    resident.page("/follow")
    known, unknown = (resident.post("/follow", reference=each).text for each in (reference, "AR-2026-999999"))
    assert known.replace(reference, "AR-2026-999999") == unknown
    assert len(resident.codes()) == 1


def test_the_full_stop_behind_the_link_in_a_letter_does_no_harm(
    resident: Resident, mailroom: Mailroom, now: datetime
) -> None:
    reference = mailroom.case(now)

    assert resident.page(f"/follow?reference={reference}.").value("reference") == reference
    assert resident.follow(f"({reference}).").h1 == f"Your case {reference}"


def test_a_code_is_tried_a_few_times_and_used_once(resident: Resident, mailroom: Mailroom, now: datetime) -> None:
    reference = mailroom.case(now)
    resident.page("/follow")
    resident.post("/follow", reference=reference)
    [(_, code)] = resident.codes()
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    for _ in range(TRIES):
        resident.post("/follow/code", 422, reference=reference, code=wrong)
    assert "not right" in resident.post("/follow/code", 422, reference=reference, code=code).text
    resident.follow(reference)
    resident.post("/follow/end")
    resident.post("/follow/code", 422, reference=reference, code=resident.codes()[-1][1])


def test_a_code_opens_its_own_case_alone(resident: Resident, mailroom: Mailroom, now: datetime) -> None:
    mine, other = mailroom.case(now), mailroom.case(now)
    resident.page("/follow")
    for reference in (other, mine):
        resident.post("/follow", reference=reference)
    resident.post("/follow/code", 422, reference=other, code=resident.codes()[-1][1])


def test_a_case_has_few_codes_in_an_hour(resident: Resident, mailroom: Mailroom, now: datetime, clock: Clock) -> None:
    reference = mailroom.case(now)
    resident.page("/follow")
    for _ in range(CODES_AN_HOUR + 2):
        resident.post("/follow", reference=reference)
    assert len(resident.codes()) == CODES_AN_HOUR
    clock.forward(hours=2)
    resident.post("/follow", reference=reference)
    assert len(resident.codes()) == CODES_AN_HOUR + 1


def test_one_place_asks_for_and_tries_no_more_codes_than_people_do(
    sqlite: Engine, settings: Settings, clock: Clock, mailroom: Mailroom, now: datetime
) -> None:
    sign_in = settings.desk.sign_in.model_copy(update={"tries_per_source": 4})
    strict = settings.model_copy(update={"desk": settings.desk.model_copy(update={"sign_in": sign_in})})
    thief = Resident(create_app(sqlite, strict, clock=clock), sqlite)
    thief.page("/follow")
    references = [mailroom.case(now) for _ in range(5)]
    for reference in references[:2]:
        thief.post("/follow", reference=reference)
        thief.post("/follow/code", 422, reference=reference, code="no code")
    assert "Too many" in thief.post("/follow", 429, reference=references[2]).text
    assert "Too many" in thief.post("/follow/code", 429, reference=references[1], code=thief.codes()[1][1]).text
    assert len(thief.codes()) == 2
    clock.forward(minutes=16)
    thief.follow(references[2])


def test_codes_and_visits_end(resident: Resident, mailroom: Mailroom, now: datetime, clock: Clock) -> None:
    reference = mailroom.case(now)
    resident.page("/follow")
    resident.post("/follow", reference=reference)
    clock.forward(minutes=16)
    resident.post("/follow/code", 422, reference=reference, code=resident.codes()[-1][1])
    resident.follow(reference)
    clock.forward(minutes=31)
    assert resident.page("/follow/case").h1 == "Follow your case"


def test_a_further_message_is_stored_and_filed_on_the_case(
    resident: Resident, mailroom: Mailroom, settings: Settings, now: datetime
) -> None:
    reference = mailroom.confirmed(now, HIGHWAYS, officer_id("alice"))
    resident.follow(reference)
    assert resident.post("/follow/case", 422, text=" ").text.count("Write your message") == 2
    page = resident.post("/follow/case", text="It is still dark.\n\nPlease come. £5 lost.")
    assert "We have your message" in page.text
    while filing.process_one(mailroom.engine, settings, now):
        pass
    with open_session(mailroom.engine, read_only=True) as session:
        message = session.exec(select(Message).where(Message.channel == "portal")).one()
        case = session.get_one(Case, message.case_id)
    assert case.reference == reference
    assert message.new_text.split() == "It is still dark. Please come. £5 lost.".split()
    assert (message.sender_email, message.to_read) == ("jo@example.org", True)


def test_a_visit_gives_no_sight_of_the_desk(resident: Resident, mailroom: Mailroom, now: datetime) -> None:
    reference = mailroom.case(now)
    resident.follow(reference)
    assert resident.page(f"/cases/{reference}").h1 == "Sign in"


def test_a_signed_in_officer_sees_the_page_as_residents_do(alice: Visitor) -> None:
    page = alice.page("/follow")
    assert not page.links("/account")
    assert not page.links("/open-cases")


def test_nothing_is_sent_without_the_forms_token(resident: Resident, mailroom: Mailroom, now: datetime) -> None:
    resident.follow(mailroom.case(now))
    resident.post("/follow/case", 403, text="Hello", csrf_token="")


def test_a_council_may_have_no_such_page(sqlite: Engine, settings: Settings, clock: Clock) -> None:
    residents = settings.residents.model_copy(update={"follow": False})
    without = settings.model_copy(update={"residents": residents})
    resident = Resident(create_app(sqlite, without, clock=clock), sqlite)
    resident.page("/follow", 404)
    assert without.follow_url == ""
