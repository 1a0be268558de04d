"""Real conversations with our SMTP address."""

import smtplib
import socket
import threading
from collections.abc import Iterator
from datetime import datetime

import pytest
from sqlalchemy import Engine, event

from postroom.intake import smtp_receiver
from postroom.models.failures import ConfigurationError
from tests.intake.conftest import Start, stored, without_table
from tests.intake.mails import FEEDBACK, PAT, mail
from tests.waiting import wait_for


@pytest.fixture
def client(start: Start) -> Iterator[smtplib.SMTP]:
    with smtplib.SMTP("127.0.0.1", start().port, timeout=10) as client:
        yield client


def test_a_message_is_stored_as_it_came_with_its_envelope(client: smtplib.SMTP, sqlite: Engine, now: datetime) -> None:
    content = mail("A line.\n.A dot at its start.\nlatin caf\u00e9")
    assert client.sendmail(PAT, [FEEDBACK], content) == {}
    (raw,) = stored(sqlite)
    assert raw.content == content
    assert (raw.source, raw.channel, raw.received_at) == ("smtp", "email", now)
    assert (raw.envelope_sender, raw.envelope_recipients) == (PAT, [FEEDBACK])


def test_the_same_mail_twice_is_two_deliveries(client: smtplib.SMTP, sqlite: Engine) -> None:
    for _ in range(2):
        client.sendmail(PAT, [FEEDBACK], mail())
    assert len(stored(sqlite)) == 2


def test_the_null_sender_is_taken(client: smtplib.SMTP, sqlite: Engine) -> None:
    client.sendmail("", [FEEDBACK], mail())
    assert stored(sqlite)[0].envelope_sender == ""


@pytest.mark.parametrize(
    "address",
    ["Feedback@ARDENSHIRE.example", "compliments@ardenshire.example", "feedback+ar-2026-000001.abc@ardenshire.example"],
)
def test_our_addresses_are_taken_with_and_without_a_tag(client: smtplib.SMTP, sqlite: Engine, address: str) -> None:
    client.sendmail(PAT, [address], mail())
    assert stored(sqlite)[0].envelope_recipients == [address]


@pytest.mark.parametrize(
    "address",
    [
        "somebody@ardenshire.example",
        "feedback@elsewhere.example",
        "feedback",
        '"feedback@ardenshire.example"@evil.example',
    ],
)
def test_other_addresses_are_refused(client: smtplib.SMTP, sqlite: Engine, address: str) -> None:
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        client.sendmail(PAT, [address], mail())
    assert refused.value.recipients[address][0] == 550
    assert stored(sqlite) == []


def test_a_long_line_is_not_lost(client: smtplib.SMTP, sqlite: Engine) -> None:
    content = mail("x" * 500_000)
    client.sendmail(PAT, [FEEDBACK], content)
    assert stored(sqlite)[0].content == content


def test_bare_line_feeds_end_no_message(client: smtplib.SMTP, sqlite: Engine) -> None:
    client.ehlo()
    client.mail(PAT)
    client.rcpt(FEEDBACK)
    client.putcmd("DATA")
    client.getreply()
    client.send(b"Subject: one\r\n\r\nx\n.\nMAIL FROM:<evil@evil.example>\r\n.\r\n")
    assert client.getreply()[0] == 250
    (raw,) = stored(sqlite)
    assert b"MAIL FROM" in raw.content


def test_what_is_too_large_is_refused_for_good(start: Start, sqlite: Engine) -> None:
    with smtplib.SMTP("127.0.0.1", start(maximum_bytes=2000).port, timeout=10) as client:
        client.ehlo()
        assert client.esmtp_features["size"] == "2000"
        with pytest.raises(smtplib.SMTPSenderRefused) as declared:
            client.sendmail(PAT, [FEEDBACK], mail("y" * 3000))
        assert declared.value.smtp_code == 552
        client.mail(PAT)
        client.rcpt(FEEDBACK)
        assert client.data(mail("words of a line\n" * 300))[0] == 552
    assert stored(sqlite) == []


def test_an_international_address_is_taken(client: smtplib.SMTP, sqlite: Engine) -> None:
    client.ehlo()
    assert client.has_extn("smtputf8")
    client.sendmail("josé@casa.example", [FEEDBACK], mail(), mail_options=["SMTPUTF8"])
    assert stored(sqlite)[0].envelope_sender == "josé@casa.example"


def test_a_sender_in_no_character_set_is_taken(client: smtplib.SMTP, sqlite: Engine) -> None:
    client.ehlo()
    client.send(b"MAIL FROM:<jos\xe9@casa.example>\r\n")
    assert client.getreply()[0] in (250, 451, 553)
    client.rset()
    client.sendmail(PAT, [FEEDBACK], mail())
    assert len(stored(sqlite)) == 1


def test_the_banner_tells_no_version(start: Start) -> None:
    with socket.create_connection(("127.0.0.1", start().port), 10) as connection:
        assert connection.recv(1000) == b"220 ardenshire.example ESMTP\r\n"


def test_our_own_faults_are_temporary_and_tell_nothing(client: smtplib.SMTP, sqlite: Engine) -> None:
    with without_table(sqlite, "raw_message"), pytest.raises(smtplib.SMTPDataError) as failed:
        client.sendmail(PAT, [FEEDBACK], mail())
    assert failed.value.smtp_code == 451
    assert b"raw_message" not in failed.value.smtp_error
    client.sendmail(PAT, [FEEDBACK], mail())


def test_a_fault_in_a_command_is_temporary_and_tells_nothing(
    client: smtplib.SMTP, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object) -> str:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(smtp_receiver._Handler, "_is_ours", breaks)
    client.ehlo()
    client.mail(PAT)
    code, answer = client.rcpt(FEEDBACK)
    assert code == 451
    assert b"secret" not in answer


def test_too_many_connections_are_told_to_come_back(start: Start) -> None:
    receiver = start(maximum_connections=2)
    address = ("127.0.0.1", receiver.port)

    def greeting() -> bytes:
        with socket.create_connection(address, 10) as third:
            return third.recv(1000)

    wait_for(lambda: greeting().startswith(b"220"), "the connection of the start to be closed")
    with socket.create_connection(address, 10) as one, socket.create_connection(address, 10) as two:
        assert wait_for(lambda: _both_greeted(one, two), "two greetings")
        assert greeting().startswith(b"421")
    wait_for(lambda: greeting().startswith(b"220"), "a place to be free again")


def _both_greeted(*connections: socket.socket) -> bool:
    return all(connection.recv(1000, socket.MSG_PEEK).startswith(b"220") for connection in connections)


def test_a_silent_connection_is_closed(start: Start) -> None:
    with socket.create_connection(("127.0.0.1", start(idle_seconds=0.2).port), 10) as connection:
        connection.recv(1000)
        assert connection.recv(1000).startswith(b"421 ")
        assert connection.recv(1000) == b""


def test_a_slow_message_is_not_cut_off(start: Start, sqlite: Engine) -> None:
    """Only silence ends a connection, not the time that a message takes."""
    receiver = start(idle_seconds=0.5)
    with smtplib.SMTP("127.0.0.1", receiver.port, timeout=10) as client:
        client.ehlo()
        client.mail(PAT)
        client.rcpt(FEEDBACK)
        client.putcmd("DATA")
        client.getreply()
        pause = threading.Event()
        for _ in range(8):
            client.send(b"x\r\n")
            pause.wait(0.1)
        client.send(b".\r\n")
        assert client.getreply()[0] == 250
    assert len(stored(sqlite)) == 1


def test_many_messages_at_once_share_commits(start: Start, sqlite: Engine) -> None:
    receiver = start()
    commits: list[object] = []
    event.listen(sqlite, "commit", commits.append)
    senders = [threading.Thread(target=_send_ten, args=(receiver.port,)) for _ in range(8)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert len(stored(sqlite)) == 80
    assert len(commits) < 80


def _send_ten(port: int) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=20) as client:
        for _ in range(10):
            client.sendmail(PAT, [FEEDBACK], mail())


def test_a_port_in_use_names_the_setting(start: Start) -> None:
    with pytest.raises(ConfigurationError, match=r"intake\.smtp\.port"):
        start(port=start().port)
