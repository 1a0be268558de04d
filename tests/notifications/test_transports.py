import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from postroom.models.connection_settings import Secret
from postroom.models.failures import Permanent, Temporary, Unanswered, Unreachable
from postroom.models.outgoing_settings import SmtpTransport as SmtpSettings
from postroom.models.settings import Settings, load_settings
from postroom.notifications.envelopes import Mail
from postroom.notifications.smtp_transport import SmtpTransport
from postroom.notifications.transports import ByKind, FolderTransport, Transport, transport_for
from tests.conftest import CONFIG
from tests.servers.smtp_sink import SmtpSink

CONTENT = b"From: feedback@ardenshire.example\r\nTo: pat@home.example\r\nSubject: Hello\r\n\r\nHello\r\n.\r\n..\r\n"


MAIL = Mail("<1@ardenshire.example>", "bounce@ardenshire.example", "pat@home.example", "Hello", CONTENT)


def send(transport: Transport) -> None:
    transport.send(MAIL)


def by(**values: Any) -> SmtpTransport:
    """A transport with these settings of `outgoing.smtp`."""
    smtp = SmtpSettings.model_validate({"timeout_seconds": 5, **values})
    settings = load_settings(CONFIG)
    outgoing = settings.outgoing.model_copy(update={"smtp": smtp})
    return SmtpTransport(settings.model_copy(update={"outgoing": outgoing}), lambda: datetime.now(UTC))


def smtp(sink: SmtpSink) -> SmtpTransport:
    return by(host=sink.host, port=sink.port)


@pytest.fixture(params=["smtp", "folder"])
def transport_and_arrived(
    request: pytest.FixtureRequest, tmp_path: Path, mail_server: SmtpSink
) -> tuple[Transport, Callable[[], list[bytes]]]:
    """Each transport, and what arrived by it."""
    if request.param == "smtp":
        return smtp(mail_server), lambda: [mail.content for mail in mail_server.received]
    return FolderTransport(tmp_path / "sent"), lambda: [file.read_bytes() for file in (tmp_path / "sent").iterdir()]


def test_a_mail_arrives_byte_for_byte(transport_and_arrived: tuple[Transport, Callable[[], list[bytes]]]) -> None:
    transport, arrived = transport_and_arrived
    send(transport)
    assert arrived() == [CONTENT]


def test_the_envelope_carries_the_bounce_address(mail_server: SmtpSink) -> None:
    send(smtp(mail_server))
    assert mail_server.received[0].sender == "bounce@ardenshire.example"
    assert mail_server.to("pat@home.example") == mail_server.received


@pytest.mark.parametrize("place", ["answer_to_recipient", "answer_to_content"])
def test_a_refusal_for_good_is_permanent_and_says_what_the_server_said(mail_server: SmtpSink, place: str) -> None:
    setattr(mail_server, place, "550 5.1.1 No such person here")
    with pytest.raises(Permanent, match=r"550 5.1.1 No such person here"):
        send(smtp(mail_server))


@pytest.mark.parametrize("place", ["answer_to_recipient", "answer_to_content"])
def test_a_refusal_for_now_is_temporary_and_no_outage(mail_server: SmtpSink, place: str) -> None:
    setattr(mail_server, place, "451 4.7.1 Greylisted")
    with pytest.raises(Temporary, match=r"451 4.7.1 Greylisted") as caught:
        send(smtp(mail_server))
    assert not isinstance(caught.value, Unreachable)


def test_a_server_that_is_not_there_is_unreachable() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as gone:
        port = gone.getsockname()[1]
    with pytest.raises(Unreachable, match=f"127.0.0.1:{port}"):
        send(by(port=port))


@pytest.fixture
def rude_server() -> Iterator[Callable[..., SmtpTransport]]:
    """A function that starts a server which says its lines one after another, whatever it hears, and then hangs up; it
    returns a transport to it."""
    listeners: list[socket.socket] = []

    def start(*lines: bytes) -> SmtpTransport:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                for line in lines:
                    connection.sendall(line)
                    connection.recv(65536)

        threading.Thread(target=serve, daemon=True).start()
        return by(port=listener.getsockname()[1], timeout_seconds=1.0)

    yield start
    for listener in listeners:
        listener.close()


@pytest.mark.parametrize(
    "lines",
    [
        [b""],
        [b"220 hello\r\n"],
        [b"220 hello\r\n", b"250 hello\r\n", b"250 go on\r\n"],
        [b"554 No service here\r\n"],
        [b"\x00\xff\r\n"],
    ],
)
def test_a_server_that_hangs_or_hangs_up_or_serves_nobody_is_unreachable(
    rude_server: Callable[..., SmtpTransport], lines: list[bytes]
) -> None:
    with pytest.raises(Unreachable):
        send(rude_server(*lines))


def test_a_server_that_hangs_up_once_it_has_taken_the_mail_has_taken_it(
    rude_server: Callable[..., SmtpTransport],
) -> None:
    send(rude_server(b"220 hello\r\n", *[b"250 go on\r\n"] * 3, b"354 say it\r\n", b"250 taken\r\n"))


def test_a_wrong_password_is_our_fault_and_no_mails(mail_server: SmtpSink) -> None:
    transport = by(
        host=mail_server.host, port=mail_server.port, user="postroom", password=Secret(env="POSTROOM_SECRET")
    )
    with pytest.raises(Unreachable):
        send(transport)


def test_a_server_without_tls_gets_no_mail_where_tls_is_asked_for(mail_server: SmtpSink) -> None:
    with pytest.raises(Unreachable, match="STARTTLS"):
        send(by(host=mail_server.host, port=mail_server.port, starttls=True))
    assert mail_server.received == []


def test_a_folder_that_can_not_be_written_is_unreachable(tmp_path: Path) -> None:
    (tmp_path / "sent").write_text("a file")
    with pytest.raises(Unreachable, match="sent"):
        send(FolderTransport(tmp_path / "sent"))


def test_a_mail_sent_twice_into_a_folder_is_one_file(tmp_path: Path) -> None:
    for _ in range(2):
        send(FolderTransport(tmp_path))
    assert len(list(tmp_path.iterdir())) == 1


def test_the_configuration_chooses_the_transport(
    settings: Settings, changed: Callable[..., Settings], tmp_path: Path
) -> None:
    chosen = transport_for(settings)
    assert isinstance(chosen, ByKind)
    assert isinstance(chosen.email, SmtpTransport)
    assert isinstance(chosen.post, FolderTransport)
    assert isinstance(transport_for(changed("outgoing", folder=tmp_path)), FolderTransport)


def test_a_server_that_says_nothing_once_it_has_the_mail_may_have_taken_it(
    rude_server: Callable[..., SmtpTransport],
) -> None:
    with pytest.raises(Unanswered):
        send(rude_server(b"220 hello\r\n", *[b"250 go on\r\n"] * 3, b"354 say it\r\n"))


def test_a_letter_on_paper_lies_in_the_folder_of_whoever_prints(
    changed: Callable[..., Settings], mail_server: SmtpSink, tmp_path: Path
) -> None:
    server = SmtpSettings(host=mail_server.host, port=mail_server.port)
    transport = transport_for(changed("outgoing", smtp=server, post_folder=tmp_path / "post"))
    transport.send(Mail("<2@ardenshire.example>", "", "Pat\n1 Mill Lane", "Hello", b"%PDF-1.7", by_post=True))
    transport.send(MAIL)
    [paper] = (tmp_path / "post").iterdir()
    assert (paper.suffix, paper.read_bytes()) == (".pdf", b"%PDF-1.7")
    assert [mail.recipient for mail in mail_server.received] == ["pat@home.example"]
