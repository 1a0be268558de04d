"""Every raw message ends as exactly one thing, and one that is odd stops no other."""

import threading
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, event, text
from sqlmodel import select

from postroom.casework.answer_address import answer_address, bounce_address
from postroom.intake.filing import process_one
from postroom.models.case import Case, Event
from postroom.models.database import open_session
from postroom.models.message import Attachment, Message
from postroom.models.outgoing_mail import MailState, OutgoingMail
from postroom.models.queues import pause_after
from postroom.models.raw_message import FilingState
from postroom.models.settings import Settings
from tests.intake.conftest import Post
from tests.intake.mails import FEEDBACK, PAT, bounce, mail, multipart

ANSWER = {"Subject": "Re: The bins", "Message_ID": "<bins-2@home.example>"}
STRANGER = "Mallory <mallory@evil.example>"


@pytest.fixture
def case(post: Post, engine: Engine) -> Case:
    """Pat's case about the bins."""
    post.file(mail())
    with open_session(engine) as session:
        return session.exec(select(Case)).one()


@pytest.fixture
def letter(case: Case, engine: Engine, now: datetime) -> OutgoingMail:
    """A letter of ours about Pat's case."""
    sent = OutgoingMail(
        once="letter:1",
        kind="letter",
        case_id=case.id,
        message_id="<0123abcd@ardenshire.example>",
        envelope_sender="bounces@ardenshire.example",
        recipient=PAT,
        subject="We have your message",
        content=b"",
        created_at=now,
        not_before=now,
        state=MailState.SENT,
    )
    with open_session(engine) as session:
        session.add(sent)
        session.commit()
    return sent


def history(engine: Engine) -> list[str]:
    with open_session(engine) as session:
        return list(session.exec(select(Event.kind).order_by(Event.case_id, Event.number)))  # type: ignore[arg-type]


def test_nothing_waiting_is_no_work(engine: Engine, settings: Settings, now: datetime) -> None:
    assert process_one(engine, settings, now) is False


def test_a_first_message_opens_a_case(post: Post, engine: Engine) -> None:
    filing = post.file(mail())
    message = post.message(filing)
    assert filing.state == FilingState.ON_CASE
    assert filing.ended_at == post.now
    assert (message.sender_email, message.subject, message.may_answer) == (PAT, "The bins", True)
    assert message.recipients == [FEEDBACK]
    with open_session(engine) as session:
        assert session.get_one(Case, message.case_id).reference == "AR-2026-000001"


def test_attachments_are_listed_with_their_digest(post: Post, engine: Engine) -> None:
    photo = "Content-Type: image/jpeg; name=hole.jpg\n\nnot really a photo"
    message = post.message(post.file(multipart("mixed", "\nSee the photo.", photo)))
    with open_session(engine) as session:
        found = session.exec(select(Attachment).where(Attachment.message_id == message.id)).one()
    assert (found.position, found.name, found.content_type, found.size) == (0, "hole.jpg", "image/jpeg", 18)


@pytest.mark.usefixtures("case")
def test_the_same_mail_through_two_mailboxes_is_a_duplicate(post: Post) -> None:
    again = b"Received: by mx.ardenshire.example\r\nDelivered-To: compliments@ardenshire.example\r\n" + mail()
    filing = post.file(again.replace(b"\r\n", b"\n"), source="imap:compliments")
    assert (filing.state, filing.duplicate_of_id) == (FilingState.DUPLICATE, 1)
    assert "number 1" in filing.reason


@pytest.mark.usefixtures("case")
def test_another_text_under_the_same_message_id_is_another_message(post: Post) -> None:
    assert post.file(mail("Quite another matter.")).state == FilingState.ON_CASE


def test_an_answer_to_our_letter_joins_the_case(post: Post, case: Case, letter: OutgoingMail, engine: Engine) -> None:
    filing = post.file(mail("It is still there.", **ANSWER, In_Reply_To=letter.message_id))
    message = post.message(filing)
    assert (filing.state, message.case_id, message.matched_by) == (FilingState.ON_CASE, case.id, "references")
    assert history(engine) == ["opened", "message added"]


def test_an_answer_to_a_message_on_the_case_joins_it(post: Post, case: Case) -> None:
    filing = post.file(mail("One more thing.", **ANSWER, References="<bins-1@home.example>"))
    assert post.message(filing).case_id == case.id


def test_an_answer_to_the_signed_address_joins_the_case(post: Post, case: Case, settings: Settings) -> None:
    address = answer_address(FEEDBACK, case.reference, settings.signing_key.read())
    message = post.message(post.file(mail("More.", **ANSWER, To=address)))
    assert (message.case_id, message.matched_by) == (case.id, "answer address")


def test_an_answer_to_an_address_signed_by_somebody_else_opens_a_new_case(post: Post, case: Case) -> None:
    forged = answer_address(FEEDBACK, case.reference, "another key")
    assert post.message(post.file(mail("More.", **ANSWER, To=forged))).case_id != case.id


@pytest.mark.parametrize(
    "clue",
    [
        {"In_Reply_To": "<bins-1@home.example>"},
        {"Subject": "Re: AR-2026-000001"},
        {"To": "signed"},
    ],
    ids=["references", "subject", "answer address"],
)
def test_a_stranger_never_joins_a_case_but_is_held_for_an_officer(
    post: Post, case: Case, engine: Engine, settings: Settings, clue: dict[str, str]
) -> None:
    if clue.get("To"):
        clue = {"To": answer_address(FEEDBACK, case.reference, settings.signing_key.read())}
    filing = post.file(mail("Tell me more.", **(ANSWER | {"From": STRANGER} | clue)))
    assert (filing.state, filing.proposed_case_id) == (FilingState.HELD, case.id)
    assert case.reference in filing.reason
    assert post.message(filing).case_id is None
    assert history(engine) == ["opened"]


def test_a_bounce_is_kept_on_the_case_of_the_letter_it_returns(post: Post, case: Case, letter: OutgoingMail) -> None:
    filing = post.file(bounce(letter.message_id.strip("<>")))
    message = post.message(filing)
    assert (filing.state, message.machine, message.case_id) == (FilingState.MACHINE, "bounce", case.id)
    assert message.may_answer is False


@pytest.mark.usefixtures("letter")
def test_a_bounce_to_our_signed_bounce_address_is_kept_on_the_case(post: Post, case: Case, settings: Settings) -> None:
    address = bounce_address(FEEDBACK, "0123abcd", settings.signing_key.read())
    filing = post.file(bounce("rewritten@elsewhere.example"), source="smtp", envelope_recipients=(address,))
    assert post.message(filing).case_id == case.id


def test_machine_mail_that_names_no_case_opens_none(post: Post, engine: Engine) -> None:
    filing = post.file(mail(Auto_Submitted="auto-replied", Subject="Automatic reply: hello"))
    assert filing.state == FilingState.MACHINE
    assert post.message(filing).case_id is None
    assert history(engine) == []


def test_a_reference_in_the_subject_of_machine_mail_is_not_enough(post: Post, case: Case) -> None:
    filing = post.file(
        mail(Auto_Submitted="auto-replied", Subject=f"Re: {case.reference}", Message_ID="<oof@x.example>")
    )
    assert post.message(filing).case_id is None


def test_mail_by_smtp_without_an_envelope_sender_opens_a_case_but_gets_no_letter(post: Post) -> None:
    filing = post.file(mail(), source="smtp")
    assert filing.state == FilingState.ON_CASE
    assert post.message(filing).may_answer is False


def test_a_mail_with_nothing_in_it_is_held(post: Post) -> None:
    filing = post.file(mail("", Subject=None))
    assert filing.state == FilingState.HELD
    assert "no words" in filing.reason


def test_a_mail_that_is_too_large_is_held_unread(post: Post, settings: Settings) -> None:
    intake = settings.intake.model_copy(update={"maximum_bytes": 100})
    post.settings = settings.model_copy(update={"intake": intake})
    assert "too large" in post.file(mail()).reason


def test_a_failure_is_tried_again_later_and_at_last_held_while_others_go_on(
    post: Post, engine: Engine, settings: Settings, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = post.bring(mail())
    monkeypatch.delenv("POSTROOM_SECRET")
    assert process_one(engine, settings, now) is True
    filing = post.filing(number)
    assert (filing.state, filing.not_before) == (FilingState.WAITING, now + pause_after(1))
    for attempt in range(2, settings.intake.attempts + 1):
        assert process_one(engine, settings, now + attempt * timedelta(hours=2)) is True
    held = post.filing(number)
    assert held.state == FilingState.HELD
    assert "5 attempts" in held.reason
    monkeypatch.setenv("POSTROOM_SECRET", "it is back")
    assert post.file(mail("Another.", Message_ID="<other@home.example>")).state == FilingState.ON_CASE


def test_a_message_that_kills_its_worker_each_time_is_held(post: Post, engine: Engine, settings: Settings) -> None:
    number = post.bring(mail())
    with engine.begin() as connection:
        connection.execute(text("UPDATE filing SET attempts = 5"))
    assert process_one(engine, settings, post.now) is True
    assert post.filing(number).state == FilingState.HELD


def test_two_workers_with_two_copies_make_one_message(post: Post, engine: Engine, settings: Settings) -> None:
    for _ in range(6):
        post.bring(mail())
    workers = [threading.Thread(target=lambda: _file_all(engine, settings, post.now)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    with open_session(engine) as session:
        assert len(session.exec(select(Message)).all()) == 1
        assert len(session.exec(select(Case)).all()) == 1
    ends = sorted(post.filing(number).state for number in range(1, 7))
    assert ends == [FilingState.DUPLICATE] * 5 + [FilingState.ON_CASE]


def _file_all(engine: Engine, settings: Settings, now: datetime) -> None:
    while process_one(engine, settings, now):
        pass


class TestABatch:
    def test_one_commit_files_several(self, post: Post, engine: Engine, settings: Settings) -> None:
        numbers = [post.bring(mail(Message_ID=f"<{n}@home.example>")) for n in range(5)]
        commits: list[object] = []
        event.listen(engine, "commit", commits.append)
        assert process_one(engine, settings, post.now)
        assert [post.filing(number).state for number in numbers] == [FilingState.ON_CASE] * 5
        assert len(commits) <= 4  # the claim, the filing, and what only reads

    def test_one_that_cannot_be_filed_harms_no_other(
        self, post: Post, engine: Engine, settings: Settings, now: datetime
    ) -> None:
        numbers = [post.bring(mail(Message_ID=f"<{n}@home.example>", Subject=f"Number {n}")) for n in range(4)]

        @event.listens_for(engine, "before_cursor_execute")
        def refuse(_connection: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
            if statement.startswith("INSERT INTO feedback_case") and "Number 2" in str(parameters):
                raise RuntimeError("this one is cursed")

        try:
            assert process_one(engine, settings, now)
        finally:
            event.remove(engine, "before_cursor_execute", refuse)
        states = [post.filing(number).state for number in numbers]
        assert states == [FilingState.ON_CASE, FilingState.ON_CASE, FilingState.WAITING, FilingState.ON_CASE]
        assert post.filing(numbers[2]).not_before == now + pause_after(1)
        with open_session(engine) as session:
            assert len(session.exec(select(Message)).all()) == 3

    def test_copies_in_one_batch_are_duplicates(self, post: Post, engine: Engine, settings: Settings) -> None:
        first, copy, other = post.bring(mail()), post.bring(mail()), post.bring(mail("Another."))
        assert process_one(engine, settings, post.now)
        assert post.filing(copy).duplicate_of_id == first
        assert post.filing(other).state == FilingState.ON_CASE

    def test_a_message_and_the_answer_to_it_in_one_batch_share_a_case(
        self, post: Post, engine: Engine, settings: Settings
    ) -> None:
        first = post.bring(mail())
        answer = post.bring(mail("One more thing.", **ANSWER, References="<bins-1@home.example>"))
        assert process_one(engine, settings, post.now)
        assert post.message(post.filing(answer)).matched_by == "references"
        assert post.message(post.filing(answer)).case_id == post.message(post.filing(first)).case_id

    def test_two_messages_of_a_new_sender_make_one_person(self, post: Post, engine: Engine, settings: Settings) -> None:
        for number in range(2):
            post.bring(mail(f"Number {number}", Message_ID=f"<{number}@home.example>"))
        assert process_one(engine, settings, post.now)
        with open_session(engine) as session:
            assert len(set(session.exec(select(Case.person_id)))) == 1
