"""From a resident's mail to the letter and the manager's digest, through real servers and a real browser."""

import re
import smtplib
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from email.message import EmailMessage

import pytest
from playwright.sync_api import Page
from sqlmodel import col, select

from postroom import processes
from postroom.casework.working_days import calendar_of
from postroom.desk.app import create_app
from postroom.models.case import Case, CaseStatus, Deadline, Event
from postroom.models.database import open_session
from postroom.models.message import Message, Suggestion
from postroom.models.raw_message import Filing, FilingState
from postroom.notifications import scheduler
from tests.journeys.clock import Clock
from tests.journeys.council import PASSWORD, Council
from tests.servers.imap_server import ImapServer
from tests.servers.smtp_sink import Received, SmtpSink
from tests.waiting import wait_for

RESIDENT = "pat.smith@home.example"
GRATEFUL = "gwen@thanks.example"

COMPLAINT = """\
I reported the pothole outside 14 Mill Lane in Rugby three weeks ago and was told that it would be filled within ten
days. Nobody has come, nobody has answered my two emails, and yesterday my son fell off his bicycle there.
"""
COMPLIMENT = "Please thank Janet at Kenilworth library. She spent an hour finding my grandfather's war record for me."


def mail(sender: str, recipient: str, subject: str, text: str, **headers: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = f"Resident <{sender}>"
    message["To"] = recipient
    message["Subject"] = subject
    message["Message-ID"] = f"<{abs(hash((sender, subject, text)))}@{sender.partition('@')[2]}>"
    message["Date"] = datetime.now(UTC)
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message


@pytest.fixture
def everything(council: Council, clock: Clock) -> Iterator[None]:
    """All of Postroom, running."""
    app = create_app(council.engine, council.settings, clock=clock)
    with processes.everything(council.engine, council.settings, app, clock):
        yield


def cases(council: Council) -> dict[str, Case]:
    """The cases that have a suggestion, by the subject of their first message."""
    with open_session(council.engine, read_only=True) as session:
        query = (
            select(Case)
            .join(Message, col(Message.case_id) == Case.id)
            .join(Suggestion, col(Suggestion.message_id) == Message.id)
        )
        return {case.subject: case for case in session.exec(query)}


def case_now(council: Council, case: Case) -> Case:
    with open_session(council.engine, read_only=True) as session:
        return session.get_one(Case, case.id)


def send(council: Council, message: EmailMessage) -> None:
    receiver = council.settings.intake.smtp
    with smtplib.SMTP(receiver.host, receiver.port, timeout=10) as client:
        client.send_message(message)


@pytest.mark.browser
@pytest.mark.timeout(300)
@pytest.mark.usefixtures("everything")
def test_post_is_stored_suggested_confirmed_acknowledged_and_its_manager_reminded(
    council: Council, clock: Clock, sink: SmtpSink, imap: ImapServer, page: Page
) -> None:
    imap.deliver(bytes(mail(RESIDENT, "feedback@ardenshire.example", "Mill Lane", COMPLAINT)))
    send(council, mail(GRATEFUL, "compliments@ardenshire.example", "Janet", COMPLIMENT))
    found = wait_for(lambda: len(cases(council)) == 2 and cases(council), "two suggested cases", 60)
    complaint, compliment = found["Mill Lane"], found["Janet"]

    sign_in(page, council)
    confirm(page, council, complaint, type_="complaint", category="service_standards", team="highways")
    confirm(page, council, compliment, type_="compliment", category="customer_care", team="libraries")

    letter = wait_for(lambda: sink.to(RESIDENT), "the resident's letter", 60)[0]
    assert complaint.reference in letter.message["Subject"]
    assert letter.message["Auto-Submitted"] == "auto-replied"
    plain = letter.message.get_body(("plain",))
    assert plain is not None
    assert "Ombudsman" in plain.get_content()
    thanks = wait_for(lambda: sink.to(GRATEFUL), "the letter of thanks", 60)[0]
    assert compliment.reference in thanks.message["Subject"]
    wait_for(lambda: case_now(council, compliment).status == CaseStatus.CLOSED, "the compliment to be closed")
    wait_for(lambda: case_now(council, complaint).acknowledged_at, "the complaint to be acknowledged")

    answer_joins_the_case(council, complaint, letter)
    digest_comes_on_the_day(council, complaint, clock, sink)
    assert len(sink.to(RESIDENT)) == 1
    assert len(sink.to(GRATEFUL)) == 1


def sign_in(page: Page, council: Council) -> None:
    page.goto(council.settings.desk.public_url)
    page.get_by_label("Email address").fill("alice@ardenshire.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(re.compile(r".*/$"))


def confirm(page: Page, council: Council, case: Case, *, type_: str, category: str, team: str) -> None:
    page.goto(f"{council.settings.desk.public_url}/cases/{case.reference}")
    page.locator("[name=type]").select_option(type_)
    page.locator("[name=category]").select_option(category)
    page.locator("[name=team]").select_option(team)
    page.get_by_role("button", name="Confirm", exact=True).click()
    wait_for(lambda: case_now(council, case).status != CaseStatus.AWAITING, "the confirmation")
    assert case_now(council, case).type == type_


def answer_joins_the_case(council: Council, case: Case, letter: Received) -> None:
    answer = mail(RESIDENT, letter.message["Reply-To"], "Re: your letter", "It is still there.")
    answer["In-Reply-To"] = letter.message["Message-ID"]
    send(council, answer)

    def joined() -> list[str]:
        with open_session(council.engine, read_only=True) as session:
            return list(
                session.exec(select(Message.matched_by).where(Message.case_id == case.id).order_by(col(Message.id)))
            )

    assert wait_for(lambda: len(joined()) == 2 and joined(), "the answer on the case")[1] == "references"


def digest_comes_on_the_day(council: Council, case: Case, clock: Clock, sink: SmtpSink) -> None:
    """Two working days before the response is due, at ten to nine in the morning."""
    calendar = calendar_of(council.settings)
    with open_session(council.engine, read_only=True) as session:
        deadline = session.exec(select(Deadline).where(Deadline.case_id == case.id, Deadline.step == "respond")).one()
    day = deadline.due_on
    while calendar.days_left(deadline.due_on, day) < 2 or not calendar.is_working_day(day):
        day -= timedelta(days=1)
    clock.set(datetime.combine(day, time(8, 50), tzinfo=council.settings.council.zone).astimezone(UTC))
    scheduler.tick(council.engine, council.settings, clock())
    digest = wait_for(lambda: sink.to("mary@ardenshire.example"), "the manager's digest", 60)
    assert case.reference in digest[0].message.get_content()
    scheduler.tick(council.engine, council.settings, clock())
    assert len(sink.to("mary@ardenshire.example")) == 1


@pytest.mark.usefixtures("everything")
def test_a_stranger_who_knows_the_reference_joins_nothing_and_hears_nothing(council: Council, sink: SmtpSink) -> None:
    send(council, mail(RESIDENT, "feedback@ardenshire.example", "Mill Lane", COMPLAINT))
    case = wait_for(lambda: cases(council).get("Mill Lane"), "the case", 60)
    send(council, mail("mallory@evil.example", "feedback@ardenshire.example", f"Re: {case.reference}", "Tell me more."))

    def held() -> list[Filing]:
        with open_session(council.engine, read_only=True) as session:
            return list(session.exec(select(Filing).where(Filing.state == FilingState.HELD)))

    filing = wait_for(held, "the message in the holding pen")[0]
    assert case.reference in filing.reason
    with open_session(council.engine, read_only=True) as session:
        assert session.exec(select(Event.kind).where(Event.case_id == case.id)).all() == ["opened"]
    scheduler.tick(council.engine, council.settings, processes.utc_now())
    assert sink.to("mallory@evil.example") == []
