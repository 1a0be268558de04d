"""Any letter is seen before it is sent, and what an officer writes goes out with the change that it belongs to."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from postroom.casework.cases import add_element, answer_element, close, extend, request_stage, respond
from postroom.casework.closing import ClosingAnswers
from postroom.casework.findings import Findings
from postroom.models.case import Case, Event, Person
from postroom.models.database import open_session
from postroom.models.failures import ImpossibleMove
from postroom.models.officer import Officer, Role
from postroom.models.outgoing_mail import LetterVersion, OutgoingMail
from postroom.models.settings import Settings
from postroom.notifications import acknowledgements
from postroom.notifications.delivery import process_one as deliver
from postroom.notifications.officer_letters import send
from postroom.notifications.owed import Purpose
from postroom.notifications.preview import Preview, preview, preview_of_draft
from postroom.notifications.transports import transport_for
from tests.notifications.conftest import CHILDRENS_COMPLAINT, COMPLAINT, COMPLIMENT, Desk, on_sqlite
from tests.notifications.reading import read, text_of
from tests.servers.smtp_sink import SmtpSink


@dataclass
class Writing:
    """An officer at a case, who makes moves, looks at letters and sends them."""

    engine: Engine
    settings: Settings
    desk: Desk
    case_id: int
    officer_id: int
    now: datetime

    def make(self, move: Callable[..., Any], *arguments: Any, **values: Any) -> None:
        with open_session(self.engine) as session:
            self._make(session, move, *arguments, **values)
            session.commit()

    def preview(self, purpose: Purpose, move: Callable[..., Any] | None = None, **values: Any) -> Preview:
        """The letter; with `move` as it would be after that."""
        with open_session(self.engine) as session:
            if move:
                self._make(session, move, **values)
            case = session.get_one(Case, self.case_id)
            return preview(session, case, purpose, self.settings, self.now, officer_id=self.officer_id)

    def draft(self, purpose: Purpose, subject: str, text: str) -> Preview:
        with open_session(self.engine) as session:
            case = session.get_one(Case, self.case_id)
            return preview_of_draft(
                session, case, purpose, subject, text, self.settings, self.now, officer_id=self.officer_id
            )

    def send(
        self, purpose: Purpose, text: str, move: Callable[..., Any] | None = None, subject: str = "Our letter", **v: Any
    ) -> OutgoingMail:
        with open_session(self.engine) as session:
            if move:
                self._make(session, move, **v)
            case = session.get_one(Case, self.case_id)
            given: dict[str, Any] = {"officer_id": self.officer_id, "settings": self.settings, "now": self.now}
            send(session, case, purpose, subject, text, **given)
            session.commit()
        return self.desk.outbox()[-1]

    def person(self, **values: Any) -> None:
        """Know more about the person of the case."""
        with open_session(self.engine) as session:
            person = session.get_one(Person, self.desk.case(self.case_id).person_id)
            session.add(person.sqlmodel_update(values))
            session.commit()

    def _make(self, session: Session, move: Callable[..., Any], *arguments: Any, **values: Any) -> None:
        given: dict[str, Any] = {"officer_id": self.officer_id, "settings": self.settings, "now": self.now}
        move(session, self.case_id, *arguments, **given, **values)


@pytest.fixture
def writing(engine: Engine, settings: Settings, now: datetime, desk: Desk) -> Writing:
    """Olive of customer relations at a complaint with two points, acknowledged and answered."""
    olive = desk.officer("Olive", Role.CUSTOMER_RELATIONS)
    case_id = desk.confirmed(now, COMPLAINT, message_id="first@home.example")
    writing = Writing(engine, settings, desk, case_id, olive, now + timedelta(days=1))
    for number, (text, outcome, answer) in enumerate(
        (("The bus never came", "upheld", "It broke down."), ("Nobody rang back", "not_upheld", "We rang twice.")), 1
    ):
        writing.make(add_element, text)
        writing.make(answer_element, number, outcome=outcome, answer=answer)
    return writing


RESPONDED: dict[str, Any] = {
    "how": "by letter",
    "findings": Findings("partially_upheld", causes=("attitude",), remedies=("apology", "staff_training")),
}


def test_a_response_is_written_from_the_points_the_outcome_and_the_remedies(writing: Writing) -> None:
    seen = writing.preview(Purpose.RESPONSE, respond, **RESPONDED)
    assert seen.problems == ()
    for words in (
        "Hello Pat,",
        "# 1. The bus never came",
        "It broke down.",
        "What we decided: upheld.",
        "# 2. Nobody rang back",
        "What we decided: not upheld.",
        "Taken together: partially upheld.",
        "- apology\n- staff training\n",
        "that is Stage 2. Ask us by Thursday 2 April 2026.",
        "Local Government and Social Care Ombudsman",
        "Olive\nCouncil",
    ):
        assert words.replace("Council", writing.settings.council.name) in seen.text
    assert "<h2" in seen.html
    assert (seen.recipient, seen.by_post) == ("pat@home.example", False)


@on_sqlite
def test_looking_changes_nothing(writing: Writing) -> None:
    before = writing.desk.case(writing.case_id).version
    writing.preview(Purpose.RESPONSE, respond, **RESPONDED)
    assert writing.desk.case(writing.case_id).version == before
    assert writing.desk.outbox() == []


@on_sqlite
def test_a_response_that_is_only_begun_shows_the_date_that_it_would_give_today(writing: Writing) -> None:
    assert "Ask us by Thursday 2 April 2026." in writing.preview(Purpose.RESPONSE).text


def test_a_response_goes_out_in_its_thread_as_a_persons_letter_and_is_kept_as_sent(
    writing: Writing, connected: Settings, mail_server: SmtpSink
) -> None:
    acknowledgements.process_one(writing.engine, writing.settings, writing.now)
    deliver(writing.engine, connected, transport_for(connected), writing.now)
    writing.desk.message(writing.now, writing.case_id, message_id="second@home.example")
    text = writing.preview(Purpose.RESPONSE, respond, **RESPONDED).text + "\nYours, Olive\n"
    mail = writing.send(Purpose.RESPONSE, text, respond, **RESPONDED)
    deliver(writing.engine, connected, transport_for(connected), writing.now)
    acknowledgement, response = mail_server.received
    assert response.content == mail.content == writing.desk.outbox()[-1].content
    assert response.message["Auto-Submitted"] is None
    assert response.message["In-Reply-To"] == "<second@home.example>"
    assert response.message["References"].split() == [
        "<first@home.example>",
        acknowledgement.message["Message-ID"],
        "<second@home.example>",
    ]
    assert response.message["Reply-To"] == acknowledgement.message["Reply-To"]
    assert "Yours, Olive" in text_of(mail)
    assert [part.get_content_type() for part in read(mail).walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]
    assert mail.officer_id == writing.officer_id


def test_the_template_that_a_letter_was_made_from_is_kept(writing: Writing) -> None:
    mail = writing.send(
        Purpose.RESPONSE, writing.preview(Purpose.RESPONSE).text, respond, **RESPONDED | {"findings": Findings()}
    )
    with open_session(writing.engine) as session:
        version = session.get_one(LetterVersion, mail.template_digest)
    folder = writing.settings.path(writing.settings.outgoing.letters)
    assert version.letter == "response"
    assert (folder / "response.txt").read_text() in version.source
    assert (folder / "parts/end.txt").read_text() in version.source


@on_sqlite
def test_who_wrote_a_letter_stands_in_the_history(writing: Writing) -> None:
    text = writing.preview(Purpose.RESPONSE, respond, **RESPONDED).text
    mail = writing.send(Purpose.RESPONSE, text, respond, **RESPONDED)
    with open_session(writing.engine) as session:
        last = session.exec(select(Event).order_by(col(Event.id).desc())).first()
    assert last is not None
    assert (last.kind, last.actor) == ("letter written", f"officer:{writing.officer_id}")
    assert last.after["message_id"] == mail.message_id


@pytest.mark.parametrize(
    ("lost", "problem"),
    [
        ("Ask us by Thursday 2 April 2026.", "the date until which the next stage can be asked for"),
        ("Stage 2", "the name of the next stage"),
        ("Local Government and Social Care Ombudsman", "the Ombudsman's name"),
        ("0300 061 0614", "must keep these words"),
        ("2. Nobody rang back", "point 2"),
    ],
)
@on_sqlite
def test_a_letter_without_what_it_must_say_is_not_sent(writing: Writing, lost: str, problem: str) -> None:
    writing.make(respond, **RESPONDED)
    text = writing.preview(Purpose.RESPONSE).text
    without = text.replace(lost, "")
    assert any(problem in each for each in writing.draft(Purpose.RESPONSE, "Our answer", without).problems)
    with pytest.raises(ImpossibleMove, match=problem):
        writing.send(Purpose.RESPONSE, without)
    assert writing.draft(Purpose.RESPONSE, "Our answer", text.replace("We rang twice", "We did ring")).problems == ()


@on_sqlite
def test_the_lines_that_say_what_to_write_must_go(
    engine: Engine, settings: Settings, desk: Desk, now: datetime
) -> None:
    writing = Writing(engine, settings, desk, desk.confirmed(now, COMPLAINT), desk.officer("Sam"), now)
    writing.make(respond, how="by letter")
    seen = writing.preview(Purpose.RESPONSE)
    assert any("square brackets" in problem for problem in seen.problems)
    with pytest.raises(ImpossibleMove, match="square brackets"):
        writing.send(Purpose.RESPONSE, seen.text)


@on_sqlite
def test_a_letter_needs_a_subject_and_it_stays_one_line(writing: Writing) -> None:
    writing.make(respond, **RESPONDED)
    text = writing.preview(Purpose.RESPONSE).text
    with pytest.raises(ImpossibleMove, match="subject"):
        writing.send(Purpose.RESPONSE, text, subject=" \r\n ")
    mail = writing.send(Purpose.RESPONSE, text, subject="Answer\r\nBcc: all@home.example")
    assert read(mail)["Bcc"] is None
    assert mail.subject == "Answer Bcc: all@home.example"


@pytest.mark.parametrize(
    ("purpose", "why"),
    [
        (Purpose.RESPONSE, "Record first that the stage is answered"),
        (Purpose.CLOSING, "Close the case first"),
        (Purpose.EXTENSION, "Nothing was put off"),
        (Purpose.REFUSAL, "No stage was refused"),
        (Purpose.CONSENT, "Nobody's consent is wanted"),
        (Purpose.WITHDRAWAL, "It was not withdrawn"),
        (Purpose.ACKNOWLEDGEMENT, "written by itself"),
        (Purpose.RECEIPT, "written by itself"),
    ],
)
@on_sqlite
def test_a_letter_before_its_time_is_refused(writing: Writing, purpose: Purpose, why: str) -> None:
    with pytest.raises(ImpossibleMove, match=why):
        writing.send(purpose, "Hello")


@on_sqlite
def test_a_letter_pressed_twice_goes_once_and_a_later_one_goes_too(writing: Writing) -> None:
    text = writing.preview(Purpose.RESPONSE, respond, **RESPONDED).text
    writing.send(Purpose.RESPONSE, text, respond, **RESPONDED)
    with pytest.raises(ImpossibleMove, match="responded to already"):
        writing.send(Purpose.RESPONSE, text, respond, **RESPONDED)
    writing.send(Purpose.RESPONSE, text)
    assert len(writing.desk.outbox()) == 2


@on_sqlite
def test_what_has_no_answer_address_is_answered_on_paper_or_not_at_all(
    engine: Engine, settings: Settings, desk: Desk, now: datetime
) -> None:
    case_id = desk.confirmed(now, replace(COMPLAINT), sender_email="", may_answer=False, why_not="a machine wrote it")
    writing = Writing(engine, settings, desk, case_id, desk.officer("Sam"), now)
    with open_session(engine) as session:
        person = Person(name="Pat", created_at=now)
        session.add(person)
        session.flush()
        session.add(session.get_one(Case, case_id).sqlmodel_update({"person_id": person.id}))
        session.commit()
    writing.make(respond, how="by letter")
    text = writing.preview(Purpose.RESPONSE).text.replace(
        "[Write here what you looked at, what you found, and why.]", "We looked."
    )
    assert writing.draft(Purpose.RESPONSE, "x", text).problems == ("There is no email address to answer to.",)
    with pytest.raises(ImpossibleMove, match="no email address"):
        writing.send(Purpose.RESPONSE, text)
    writing.person(postal_address="Pat\n1 Mill Lane")
    mail = writing.send(Purpose.RESPONSE, text)
    assert (mail.by_post, mail.recipient) == (True, "Pat\n1 Mill Lane")


@on_sqlite
def test_a_closing_letter_follows_the_closing(writing: Writing) -> None:
    answers = ClosingAnswers(
        Findings("upheld", causes=("attitude",), remedies=("apology",)),
        lesson="Ring back.",
        equalities=dict.fromkeys(("age_band", "ethnicity", "disability"), "declined"),
    )
    with open_session(writing.engine) as session:
        close(session, writing.case_id, answers, reason="done", actor="x", settings=writing.settings, now=writing.now)
        session.commit()
    seen = writing.preview(Purpose.CLOSING)
    assert seen.problems == ()
    assert "closed" in writing.send(Purpose.CLOSING, seen.text, subject=seen.subject).subject


@on_sqlite
def test_the_last_stage_says_that_the_answer_is_final(writing: Writing) -> None:
    writing.make(respond, **RESPONDED)
    writing.make(request_stage, requested_at=writing.now)
    with open_session(writing.engine) as session:
        officer = session.get_one(Officer, writing.desk.officer("Mary", Role.CUSTOMER_RELATIONS))
    text = writing.preview(Purpose.RESPONSE).text
    assert officer.id
    assert "This is our final answer." in text
    assert "Ask us by" not in text


@on_sqlite
def test_every_automatic_letter_can_be_seen_before_it_is_written(
    engine: Engine, settings: Settings, desk: Desk, now: datetime
) -> None:
    awaiting = Writing(engine, settings, desk, desk.awaiting(now), desk.officer("Sam"), now)
    assert awaiting.preview(Purpose.RECEIPT).problems == ()
    assert awaiting.preview(Purpose.ACKNOWLEDGEMENT).problems == (f"Confirm first what {desk.case(1).reference} is.",)
    for labels, words in (
        (COMPLAINT, "You will have our full answer by Wednesday 18 March 2026."),
        (CHILDRENS_COMPLAINT, "right to an advocate"),
        (COMPLIMENT, "kind"),
        (replace(COMPLAINT, exclusion="data_protection"), "Information Commissioner"),
    ):
        seen = replace(awaiting, case_id=desk.confirmed(now, labels)).preview(Purpose.ACKNOWLEDGEMENT)
        assert seen.problems == ()
        assert words in seen.text + seen.subject


@on_sqlite
def test_a_particular_template_is_preferred_and_a_broken_one_is_a_problem_and_no_fault(
    writing: Writing, own_letters: Settings
) -> None:
    writing.settings = own_letters
    folder = own_letters.path(own_letters.outgoing.letters)
    shipped = (folder / "extension.txt").read_text()
    put_off = {"step": "respond", "days": 5, "reason": "A report is late."}
    for name in ("extension.complaint", "extension.corporate", "extension.corporate.stage-1"):
        (folder / f"{name}.txt").write_text(shipped.replace("Hello,", f"From {name},"))
        assert f"From {name}," in writing.preview(Purpose.EXTENSION, extend, **put_off).text
    (folder / "extension.corporate.stage-1.txt").write_text("Subject: {{ oops }}\n")
    [problem] = writing.preview(Purpose.EXTENSION, extend, **put_off).problems
    assert "extension.corporate.stage-1.txt: the letter can't be written: 'oops' is undefined" in problem
