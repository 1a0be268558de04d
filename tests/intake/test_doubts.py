"""Mail that is put to a person before it becomes a case."""

from collections.abc import Callable
from functools import partial

import pytest

from postroom.intake import parse_in_time as under_a_deadline
from postroom.intake.doubts import why_likely_machine, why_unreadable
from postroom.intake.filing import process_one
from postroom.intake.holding_pen import release
from postroom.intake.machine_mail import Machine, judge
from postroom.intake.parse import parse
from postroom.intake.receive import Delivery, receive
from postroom.models.database import open_session
from postroom.models.officer import Officer, Role
from postroom.models.raw_message import Filing, FilingState, HeldBecause
from tests.intake.conftest import Post
from tests.intake.mails import PAT, mail, multipart

AWAY = "I am out of the office until Monday 9 March.\nFor urgent matters please contact Sam."
THANKS = "Thank you for contacting Homes Direct.\nA member of our team will reply within 5 working days."
NOREPLY = "Shop <no-reply@shop.example>"
LIKELY = [
    mail(AWAY, Subject="Re: Your complaint"),
    mail(THANKS, Subject="Your enquiry"),
    mail("Great deals.\nUnsubscribe: https://shop.example/u", From=NOREPLY, Subject="Spring sale"),
    mail("Your parcel is on its way.\nPlease do not reply to this email.", From="Post <notifications@post.example>"),
    mail("Mae hwn yn neges. Neges awtomatig yw hon.", Subject="Ateb: ateb awtomatig"),
    mail("This is an automated message.", Return_Path="<>", Subject="Disk full"),
    mail("Win now.", X_Spam_Flag="YES"),
    mail("Win now.", X_Spam_Status="Yes, score=9.1"),
    mail("Win now.", X_MS_Exchange_Organization_SCL="6"),
]
PEOPLE = [
    mail(),
    mail("My carer is on leave until Monday and nobody came. I am out of the house all day."),
    mail("Your out of office hours are wrong.", Subject="Your out of office message"),
    mail("Thank you for your email. The hole is still there."),
    mail("How do I unsubscribe from the garden waste service?"),
    mail("A pothole in Mill Lane.", From="Report It <no-reply@report-it.example>"),
    mail("I agree.\n\nOn Wed, 4 Mar 2026, Ardenshire wrote:\n> This is an automated message: do not reply to it."),
    mail("Still waiting.", X_Spam_Flag="NO", X_Spam_Status="No, score=0.1", X_MS_Exchange_Organization_SCL="1"),
    mail("A word.", X_MS_Exchange_Organization_SCL="-1"),
]


def likely(content: bytes) -> str:
    parsed = parse(content)
    verdict = judge(parsed, own_addresses=())
    assert verdict.machine == Machine.NONE
    return why_likely_machine(parsed, verdict)


@pytest.mark.parametrize("content", LIKELY)
def test_two_hints_make_a_machine_likely(content: bytes) -> None:
    assert likely(content)


@pytest.mark.parametrize("content", PEOPLE)
def test_one_hint_is_what_a_person_may_write(content: bytes) -> None:
    assert likely(content) == ""


def test_the_hints_are_told_in_words() -> None:
    assert (
        likely(LIKELY[0])
        == "A machine may have sent it: it says that somebody is away, and it says when they are back."
    )


@pytest.mark.parametrize(
    "content",
    [
        b"Nobody has emptied our bins.\r\n",
        mail("\x91\x02\xfe\x07\x81" * 50, Subject=None),
        mail("@#$%^&*()_+=-~|" * 20),
    ],
)
def test_what_nothing_can_be_made_of_is_unreadable(content: bytes) -> None:
    assert why_unreadable(parse(content))


@pytest.mark.parametrize(
    "content",
    [
        mail(),
        b"",
        mail("Hm?!"),
        mail("Mae\u2019r bin yn llawn.", Content_Type="text/plain; charset=hex"),
        mail("\u5783\u573e\u672a\u6536" * 20, Content_Type="text/plain; charset=utf-8"),
        multipart("mixed", "Content-Type: image/png; name=a.png\nContent-Transfer-Encoding: base64\n\niVBORw0KGgo=\n"),
    ],
)
def test_what_a_person_can_read_is_not(content: bytes) -> None:
    assert why_unreadable(parse(content)) == ""


class TestInTheHoldingPen:
    def test_likely_machines_are_held_as_such_with_the_case_that_they_name(self, post: Post) -> None:
        on_case = post.message(post.file(mail())).case_id
        filing = post.file(
            mail(AWAY, Subject="Re: The bins", Message_ID="<a@home.example>", In_Reply_To="<bins-1@home.example>")
        )
        assert (filing.state, filing.held_because) == (FilingState.HELD, HeldBecause.LIKELY_MACHINE)
        assert filing.proposed_case_id == on_case
        assert post.message(filing).case_id is None

    def test_one_that_an_officer_releases_is_a_persons(self, post: Post) -> None:
        held = post.file(mail(AWAY, Subject="Re: Your complaint"))
        with open_session(post.engine) as session:
            officer = Officer(email="a@c.ex", name="Alice", role=Role.OFFICER, password_hash="", created_at=post.now)
            session.add(officer)
            session.commit()
            assert officer.id is not None
            alice = officer.id
        release(post.engine, held.raw_message_id, officer_id=alice, now=post.now)
        assert process_one(post.engine, post.settings, post.now)
        assert post.filing(held.raw_message_id).state == FilingState.ON_CASE

    def test_what_takes_too_long_to_read_is_held_with_what_its_headers_say(
        self, post: Post, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        slow = partial(under_a_deadline.parse_in_time, seconds=0)
        monkeypatch.setattr("postroom.intake.understanding.parse_in_time", slow)
        filing = post.file(mail("word " * 1_000_000))
        assert filing.held_because == HeldBecause.UNREADABLE
        assert (post.message(filing).subject, post.message(filing).sender_email) == ("The bins", PAT)

    def test_a_chat_is_never_called_a_machine(self, post: Post, bring: Callable[[bytes], Filing]) -> None:
        assert bring(mail(AWAY)).state == FilingState.ON_CASE

    @pytest.fixture
    def bring(self, post: Post) -> Callable[[bytes], Filing]:
        """Files a message as one that came by chat."""

        def go(content: bytes) -> Filing:
            (number,) = receive(post.engine, [Delivery("chat", "1", "chat", content)], post.now)
            while process_one(post.engine, post.settings, post.now):
                pass
            return post.filing(number)

        return go
