"""Somebody who guesses a reference, forges what mail programs thread by, or has a token of another case, gets nothing
and changes nothing: tried by real SMTP on a running council."""

from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlmodel import Session, col, select

from postroom import processes
from postroom.casework import cases
from postroom.casework.answer_address import answer_address
from postroom.casework.labels import Labels
from postroom.intake import filing
from postroom.models.case import Case, Deadline, Event
from postroom.models.database import open_session
from postroom.models.message import Message
from postroom.models.officer import Officer
from postroom.models.outgoing_mail import OutgoingMail
from postroom.models.raw_message import Filing, FilingState
from postroom.notifications import delivery, scheduler
from postroom.notifications.transports import transport_for
from postroom.processes import Daemon, utc_now
from tests.journeys.council import Council, found_council
from tests.journeys.test_the_way_of_a_message import mail, send
from tests.servers.smtp_sink import SmtpSink
from tests.waiting import wait_for

FEEDBACK = "feedback@ardenshire.example"
PAT, MALLORY = "pat@home.example", "mallory@evil.example"
Attack = Callable[[Case, Case, OutgoingMail, str], EmailMessage]


@pytest.fixture
def council(tmp_path: Path, sqlite_with_tables: Path, sink: SmtpSink) -> Iterator[Council]:
    """A running council; the test itself is the officer."""
    (tmp_path / "postroom.db").write_bytes(sqlite_with_tables.read_bytes())
    url = f"sqlite:///{tmp_path / 'postroom.db'}"
    founded = found_council(tmp_path, database_url=url, outgoing_port=sink.port, mailbox=None)
    engine, settings = founded.engine, founded.settings
    transport = transport_for(settings)
    daemons = [
        Daemon("filing", lambda: filing.process_one(engine, settings, utc_now()), 0.05),
        Daemon("delivery", lambda: delivery.process_one(engine, settings, transport, utc_now()), 0.05),
    ]
    with processes.running_receiver(engine, settings, utc_now), processes.running_daemons(daemons):
        yield founded
    engine.dispose()


def acknowledged(council: Council, sender: str, subject: str) -> tuple[Case, OutgoingMail]:
    """A case of `sender`'s with the letter that acknowledged it."""
    send(council, mail(sender, FEEDBACK, subject, f"The {subject} in Mill Lane has been broken for weeks."))
    with open_session(council.engine) as session:
        officer_id = session.exec(select(Officer.id).where(Officer.name == "Alice Officer")).one() or 0

    def opened() -> Case | None:
        with open_session(council.engine, read_only=True) as session:
            return session.exec(select(Case).where(Case.subject == subject)).first()

    found = wait_for(opened, "the case")
    assert found is not None
    labels = Labels("complaint", "highways", "service_standards")
    with open_session(council.engine) as session:
        cases.confirm(session, found.id or 0, labels, officer_id=officer_id, settings=council.settings, now=utc_now())
        session.commit()
    scheduler.sweep(council.engine, council.settings, utc_now())

    def sent() -> OutgoingMail | None:
        with open_session(council.engine, read_only=True) as session:
            query = select(OutgoingMail).where(OutgoingMail.case_id == found.id, col(OutgoingMail.sent_at).is_not(None))
            return session.exec(query).first()

    letter = wait_for(sent, "the letter")
    assert letter is not None
    with open_session(council.engine, read_only=True) as session:
        return session.get_one(Case, found.id), letter


def guessed_reference(pats: Case, _own: Case, _letter: OutgoingMail, _key: str) -> EmailMessage:
    return mail(MALLORY, FEEDBACK, f"Re: {pats.reference}", "What is the state of my complaint?")


def forged_references(_pats: Case, _own: Case, letter: OutgoingMail, _key: str) -> EmailMessage:
    ids = {"In_Reply_To": letter.message_id, "References": letter.message_id}
    return mail(MALLORY, FEEDBACK, "Re: your letter", "What is the state of my complaint?", **ids)


def token_of_another_case(pats: Case, own: Case, letter: OutgoingMail, key: str) -> EmailMessage:
    address = answer_address(FEEDBACK, own.reference, key)
    return mail(MALLORY, address, f"Re: {pats.reference}", "And this one?", In_Reply_To=letter.message_id)


def stolen_token(pats: Case, _own: Case, _letter: OutgoingMail, key: str) -> EmailMessage:
    return mail(MALLORY, answer_address(FEEDBACK, pats.reference, key), "Hello", "What is the state of it?")


def token_signed_by_oneself(pats: Case, _own: Case, _letter: OutgoingMail, _key: str) -> EmailMessage:
    address = answer_address(FEEDBACK, pats.reference, "a key of Mallory's own")
    return mail(MALLORY, address, f"About {pats.reference}", "What is the state of it?")


def forged_bounce(pats: Case, _own: Case, _letter: OutgoingMail, _key: str) -> EmailMessage:
    message = mail("mailer-daemon@evil.example", FEEDBACK, "Undeliverable", f"550 5.1.1 {pats.reference}")
    message["X-Failed-Recipients"] = PAT
    message["In-Reply-To"] = "<0000000000000000@ardenshire.example>"
    return message


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    "attack",
    [
        guessed_reference,
        forged_references,
        token_of_another_case,
        stolen_token,
        token_signed_by_oneself,
        forged_bounce,
    ],
)
def test_an_attack_on_a_thread_gets_and_changes_nothing(council: Council, sink: SmtpSink, attack: Attack) -> None:
    pats, letter = acknowledged(council, PAT, "pavement")
    own, _ = acknowledged(council, MALLORY, "street light")
    before = everything_about(council, pats)
    letters = len(sink.received)

    send(council, attack(pats, own, letter, council.settings.signing_key.read()))
    end = wait_for(lambda: last_end(council), "the attack to be filed")
    scheduler.sweep(council.engine, council.settings, utc_now())

    assert end in (FilingState.HELD, FilingState.MACHINE)
    assert everything_about(council, pats) == before
    assert len(sink.received) == letters
    with open_session(council.engine, read_only=True) as session:
        assert session.exec(select(OutgoingMail.state).where(OutgoingMail.state == "waiting")).all() == []


def last_end(council: Council) -> str | None:
    """How the third message was filed."""
    with open_session(council.engine, read_only=True) as session:
        filing_of_third = session.exec(select(Filing).where(Filing.raw_message_id == 3)).first()
    ended = filing_of_third is not None and filing_of_third.state != FilingState.WAITING
    return filing_of_third.state if ended and filing_of_third is not None else None


def everything_about(council: Council, case: Case) -> list[str]:
    with open_session(council.engine, read_only=True) as session:
        found = session.get_one(Case, case.id)
        return [found.model_dump_json(), *(_rows(session, table, case) for table in (Message, Event, Deadline))] + [
            mail.model_dump_json(exclude={"content"})
            for mail in session.exec(select(OutgoingMail).where(OutgoingMail.case_id == case.id))
        ]


def _rows(session: Session, table: type[Message] | type[Event] | type[Deadline], case: Case) -> str:
    rows = session.exec(select(table).where(table.case_id == case.id).order_by(col(table.id))).all()
    return "\n".join(row.model_dump_json() for row in rows)
