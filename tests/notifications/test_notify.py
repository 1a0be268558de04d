"""GOV.UK Notify by its official client, against a local stand-in of its API."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from postroom.models.case import Person
from postroom.models.database import open_session
from postroom.models.failures import Permanent, PostroomError, Temporary, Throttled, Unanswered, Unreachable
from postroom.models.outgoing_mail import MailState
from postroom.models.outgoing_settings import Notify
from postroom.models.settings import Settings
from postroom.notifications import acknowledgements, delivery
from postroom.notifications.envelopes import Mail, compose
from postroom.notifications.notify import NotifyEmail, NotifyPost
from postroom.notifications.smtp_transport import SmtpTransport
from postroom.notifications.transports import ByKind, transport_for
from tests.notifications.conftest import COMPLAINT, Desk, on_sqlite
from tests.servers.notify import API_KEY, NotifyServer, error, notify_server
from tests.servers.ports import free_port

TEMPLATE = "f33517ff-2a88-4f6e-b855-c550268ce08a"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[NotifyServer]:
    monkeypatch.setenv("POSTROOM_TEST_NOTIFY", API_KEY)
    with notify_server() as running:
        yield running


@pytest.fixture
def by_notify(server: NotifyServer) -> Callable[..., Notify]:
    """A function that gives the settings of `outgoing.notify` which reach the server."""

    def settings(**values: Any) -> Notify:
        key = {"env": "POSTROOM_TEST_NOTIFY"}
        given = {"url": server.url, "api_key": key, "email_template": TEMPLATE, "post": True, "timeout_seconds": 5}
        return Notify.model_validate(given | values)

    return settings


@pytest.fixture
def mail(settings: Settings, now: datetime) -> Mail:
    return compose(
        council=settings.council,
        key="k" * 32,
        token="0123456789abcdef",
        recipient="pat@home.example",
        subject="Your complaint AR-2026-000001",
        text="Hello,\n\n£5 is yours.\n",
        html="<p>Hello</p>",
        now=now,
        automatic="auto-replied",
    )


PAPER = Mail("<1@ardenshire.example>", "", "Pat Moss\n1 Mill Lane", "Hello", b"%PDF-1.7 and so on", by_post=True)


def test_an_email_goes_by_the_councils_template_under_our_message_id(
    server: NotifyServer, by_notify: Callable[..., Notify], mail: Mail
) -> None:
    NotifyEmail(by_notify(email_reply_to="8e222534-7f05-4972-86e3-17c5d9f894e2")).send(mail)
    [given] = server.emails
    assert given["email_address"] == "pat@home.example"
    assert given["template_id"] == TEMPLATE
    assert given["personalisation"]["subject"] == "Your complaint AR-2026-000001"
    assert given["personalisation"]["body"].replace("\r\n", "\n") == "Hello,\n\n£5 is yours.\n"
    assert given["reference"] == "0123456789abcdef@ardenshire.example"
    assert given["email_reply_to_id"] == "8e222534-7f05-4972-86e3-17c5d9f894e2"


def test_a_letter_goes_as_it_is(server: NotifyServer, by_notify: Callable[..., Notify]) -> None:
    NotifyPost(by_notify(postage="first")).send(PAPER)
    assert server.papers == [PAPER.content]
    assert (server.letters[0]["reference"], server.letters[0]["postage"]) == ("1@ardenshire.example", "first")


def test_what_went_through_though_nobody_knew_is_not_sent_again(
    server: NotifyServer, by_notify: Callable[..., Notify], mail: Mail
) -> None:
    for again in (False, True):
        NotifyEmail(by_notify()).send(replace(mail, again=again))
        NotifyPost(by_notify()).send(replace(PAPER, again=again))
    assert (len(server.emails), len(server.letters)) == (1, 1)


def test_what_did_not_go_through_is_sent_again(
    server: NotifyServer, by_notify: Callable[..., Notify], mail: Mail
) -> None:
    NotifyEmail(by_notify()).send(replace(mail, again=True))
    assert len(server.emails) == 1


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (error(400, "ValidationError", "email_address Not a valid email address"), Permanent),
        (error(400, "BadRequestError", "Can't send to this recipient using a team-only API key"), Permanent),
        (error(400, "BadRequestError", "Template not found"), Unreachable),
        (error(400, "ValidationError", "template_id is not a valid UUID"), Unreachable),
        (error(403, "AuthError", "Invalid token: service is archived"), Unreachable),
        (error(429, "TooManyRequestsError", "Exceeded send limits (50) for today"), Throttled),
        (error(500, "Exception", "Internal server error"), Temporary),
        (error(503, "Exception", "Unavailable"), Unreachable),
        ((502, b"<html>Bad gateway</html>"), Unreachable),
        ((201, b"<html>Welcome to the guest network</html>"), Unanswered),
    ],
)
def test_a_refusal_means_what_its_code_says(
    server: NotifyServer,
    by_notify: Callable[..., Notify],
    mail: Mail,
    answer: tuple[int, bytes],
    failure: type[PostroomError],
) -> None:
    server.answer = answer
    with pytest.raises(failure, match=f"GOV.UK Notify answered:? {answer[0]}") as refused:
        NotifyEmail(by_notify()).send(mail)
    assert type(refused.value) is failure


def test_a_wrong_key_is_an_outage(by_notify: Callable[..., Notify], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTROOM_TEST_NOTIFY", API_KEY[:-1] + "1")
    with pytest.raises(Unreachable, match="403"):
        NotifyPost(by_notify()).send(PAPER)
    monkeypatch.setenv("POSTROOM_TEST_NOTIFY", "short")
    with pytest.raises(Unreachable, match=r"outgoing\.notify\.api_key"):
        NotifyPost(by_notify()).send(PAPER)


def test_nobody_there_is_an_outage_and_nobody_answering_is_not_known(
    server: NotifyServer, by_notify: Callable[..., Notify]
) -> None:
    with pytest.raises(Unreachable) as away:
        NotifyPost(by_notify(url=f"http://127.0.0.1:{free_port()}")).send(PAPER)
    assert not isinstance(away.value, Unanswered)
    server.hangs_up = True
    with pytest.raises(Unanswered):
        NotifyPost(by_notify()).send(PAPER)


def test_the_configuration_says_what_goes_by_notify(
    by_notify: Callable[..., Notify], changed: Callable[..., Settings]
) -> None:
    post_alone = transport_for(changed("outgoing", notify=by_notify(email_template="")))
    assert isinstance(post_alone, ByKind)
    assert isinstance(post_alone.email, SmtpTransport)
    assert isinstance(post_alone.post, NotifyPost)
    email = transport_for(changed("outgoing", notify=by_notify()))
    assert isinstance(email, ByKind)
    assert isinstance(email.email, NotifyEmail)


@on_sqlite
def test_who_wants_paper_gets_it_by_notify_once_though_the_first_try_had_no_answer(
    engine: Engine,
    now: datetime,
    desk: Desk,
    server: NotifyServer,
    by_notify: Callable[..., Notify],
    changed: Callable[..., Settings],
) -> None:
    settings = changed("outgoing", notify=by_notify())
    case_id = desk.confirmed(now, COMPLAINT)
    with open_session(engine) as session:
        person = session.get_one(Person, desk.case(case_id).person_id)
        person.on_paper, person.postal_address = True, "Pat Moss\n1 Mill Lane\nRugby\nCV21 1AA"
        session.add(person)
        session.commit()
    assert acknowledgements.process_one(engine, settings, now)
    server.hangs_up = True
    delivery.process_one(engine, settings, transport_for(settings), now)
    server.hangs_up = False
    delivery.process_one(engine, settings, transport_for(settings), now + timedelta(hours=1))
    [mail] = desk.outbox()
    assert mail.state == MailState.SENT
    assert server.papers == [mail.content]
    assert desk.case(case_id).acknowledged_at == now + timedelta(hours=1)
