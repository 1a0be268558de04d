"""What a hostile, slow or broken sender may say, byte for byte."""

import select
import smtplib
import ssl
import threading
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from postroom.intake import smtp_conversation
from postroom.models.failures import ConfigurationError
from tests.intake.conftest import Start, stored, without_table
from tests.intake.mails import FEEDBACK, PAT, mail
from tests.intake.smtp_client import BareClient, bare_client
from tests.servers.certificate import make_certificate
from tests.waiting import wait_for

FALSE_ENDS = [
    b"\n.\n",
    b"\n.\r\n",
    b"\r\n.\n",
    b"\r.\r",
    b"\r.\r\n",
    b"\r\n.\r",
    b"\r\n.\r\r\n",
    b"\r\r\n.\r\r\n",
    b"\n\n.\r\n",
    b"\n.\n\r\n",
    b"\r\n\x00.\r\n",
    b"\r\n.\x00\r\n",
    b"\r\x00\n.\r\n",
    b"\r\n.\r\x00\n",
    b"\r\n. \r\n",
    b"\r\n..\r\n",
    b"\x85.\x85",
]


@pytest.mark.parametrize("false_end", FALSE_ENDS, ids=repr)
def test_nothing_but_the_true_end_ends_a_message(start: Start, sqlite: Engine, false_end: bytes) -> None:
    smuggled = b"MAIL FROM:<evil@evil.example>\r\nRCPT TO:<" + FEEDBACK.encode() + b">\r\nDATA\r\nSubject: two\r\n"
    content = b"Subject: one\r\n\r\nx" + false_end + smuggled
    with bare_client(start().port) as client:
        client.begin_data(FEEDBACK)
        assert client.say(content + b".")[:3] == "250"
        assert client.say(b"NOOP")[:3] == "250"
    (raw,) = stored(sqlite)
    assert raw.content == content.replace(b"\r\n.", b"\r\n")
    assert raw.envelope_sender == PAT.replace(".smith", "")


@pytest.mark.parametrize("size", [1, 3, 7, smtp_conversation.READ_AHEAD - 2, smtp_conversation.READ_AHEAD * 2 + 1])
def test_the_end_is_found_wherever_the_network_cuts(start: Start, sqlite: Engine, size: int) -> None:
    lines = [b"." * n + b"x" * (size % 50) + b"\r\n" for n in range(9)] + [
        b"end with a dot.\r\n",
        b"y" * size + b"\r\n",
    ]
    sent = b"".join(b"." + line if line.startswith(b".") else line for line in lines) + b".\r\n"
    with bare_client(start().port) as client:
        client.begin_data(FEEDBACK)
        for begin in range(0, len(sent), size):
            client.connection.sendall(sent[begin : begin + size])
        assert client.reply()[:3] == "250"
    assert stored(sqlite)[0].content == b"".join(lines)


@pytest.mark.parametrize("content", [b"", b"\r\n", b"\r\n\r\n", b"x\r\n"])
def test_a_message_of_almost_nothing_is_taken(start: Start, sqlite: Engine, content: bytes) -> None:
    with bare_client(start().port) as client:
        client.begin_data(FEEDBACK)
        assert client.say(content + b".")[:3] == "250"
    assert stored(sqlite)[0].content == content


def test_what_follows_a_message_in_the_same_packet_is_read_as_commands(start: Start, sqlite: Engine) -> None:
    with bare_client(start().port) as client:
        client.begin_data(FEEDBACK)
        assert client.say(b"one\r\n.\r\nMAIL FROM:<a@home.example>")[:3] == "250"
        assert client.reply()[:3] == "250"
        assert client.say(b"RCPT TO:<" + FEEDBACK.encode() + b">")[:3] == "250"
        assert client.say(b"DATA")[:3] == "354"
        assert client.say(b"two\r\n.")[:3] == "250"
    assert [(raw.content, raw.envelope_sender) for raw in stored(sqlite)] == [
        (b"one\r\n", "pat@home.example"),
        (b"two\r\n", "a@home.example"),
    ]


@pytest.mark.parametrize("line_end", [b"", b"\r\n"], ids=["one line", "many lines"])
def test_no_more_is_held_than_the_limit_while_data_comes(start: Start, sqlite: Engine, line_end: bytes) -> None:
    limit = 100_000
    receiver = start(maximum_bytes=limit)
    with bare_client(receiver.port) as client:
        client.begin_data(FEEDBACK)
        for _ in range(300):
            client.connection.sendall((b"z" * 9_998 + line_end).ljust(10_000, b"z"))
        assert client.say(b"\r\n.")[:3] == "552"
        client.begin_data(FEEDBACK)
        assert client.say(b"small\r\n.")[:3] == "250"
    assert [raw.content for raw in stored(sqlite)] == [b"small\r\n"]


def test_a_message_of_exactly_the_limit_is_taken(start: Start, sqlite: Engine) -> None:
    receiver = start(maximum_bytes=1000)
    for length, code in ((1000, "250"), (1001, "552")):
        with bare_client(receiver.port) as client:
            client.begin_data(FEEDBACK)
            assert client.say(b"a" * (length - 2) + b"\r\n.")[:3] == code
    assert [raw.size for raw in stored(sqlite)] == [1000]


def test_all_connections_together_hold_a_few_messages_and_no_more(start: Start, sqlite: Engine) -> None:
    receiver = start(maximum_bytes=100_000)
    held: list[BareClient] = []
    with (
        bare_client(receiver.port) as a,
        bare_client(receiver.port) as b,
        bare_client(receiver.port) as c,
        bare_client(receiver.port) as d,
    ):
        for client in (a, b, c, d):
            client.begin_data(FEEDBACK)
            client.connection.sendall(b"a" * 95_000)
            held.append(client)
        with bare_client(receiver.port) as late:
            wait_for(lambda: _refused_for_now(late), "the fifth to be told to come back")
            held[0].say(b"\r\n.")
            late.begin_data(FEEDBACK)
            assert late.say(b"b" * 95_000 + b"\r\n.")[:3] == "250"
    assert len(stored(sqlite)) >= 2


def _refused_for_now(client: BareClient) -> bool:
    client.begin_data(FEEDBACK)
    return client.say(b"b" * 25_000 + b"\r\n.")[:3] == "452"


def test_a_command_without_an_end_is_refused(start: Start) -> None:
    with bare_client(start().port) as client:
        assert client.say(b"EHLO " + b"x" * 500_000)[:3] == "500"
        assert client.say(b"EHLO x")[:3] == "250"


def test_somebody_who_guesses_addresses_is_hung_up_on(start: Start) -> None:
    with bare_client(start().port) as client:
        client.say(b"EHLO x")
        client.say(b"MAIL FROM:<a@evil.example>")
        replies = [client.say(b"RCPT TO:<guess%d@ardenshire.example>" % n) for n in range(smtp_conversation.ERRORS + 1)]
        assert {reply[:3] for reply in replies} == {"550"}
        assert client.reply()[:3] == "421"
        assert client.is_closed()


def test_somebody_who_sends_commands_and_no_message_is_hung_up_on(start: Start) -> None:
    with bare_client(start().port) as client:
        replies = [client.say(b"NOOP") for _ in range(smtp_conversation.REPLIES_PER_MESSAGE)]
        assert replies[0][:3] == "250"
        assert "421" in {replies[-1][:3], client.reply()[:3]}


def test_somebody_who_sends_message_after_message_is_welcome(start: Start, sqlite: Engine) -> None:
    with smtplib.SMTP("127.0.0.1", start().port, timeout=10) as client:
        for _ in range(smtp_conversation.REPLIES_PER_MESSAGE // 3):
            client.sendmail(PAT, [FEEDBACK], mail())
    assert len(stored(sqlite)) == smtp_conversation.REPLIES_PER_MESSAGE // 3


def test_a_message_that_never_ends_is_cut_off_however_busy_its_sender(start: Start, sqlite: Engine) -> None:
    receiver = start(transaction_seconds=1.0, idle_seconds=10)
    pause = threading.Event()
    with bare_client(receiver.port) as client:
        client.begin_data(FEEDBACK)
        client.connection.settimeout(0.05)
        for _ in range(200):
            client.connection.sendall(b"x")
            try:
                line = client.connection.recv(1000)
            except TimeoutError:
                pause.wait(0.05)
                continue
            assert line.startswith(b"421")
            break
        else:
            pytest.fail("it may go on for ever")
    assert stored(sqlite) == []


def test_one_address_takes_no_more_than_its_share_of_connections(start: Start) -> None:
    receiver = start(connections_per_address=3)
    wait_for(lambda: not _room(receiver).opened, "the connection of the start to be closed")
    first_three = (bare_client(receiver.port) for _ in range(3))
    with next(first_three), next(first_three), next(first_three), bare_client(receiver.port) as fourth:
        assert fourth.greeting[:3] == "421"
        assert fourth.is_closed()
    wait_for(lambda: not _room(receiver).from_address, "the address to be forgotten")


def _room(receiver: object) -> smtp_conversation.Room:
    room = receiver._controller._room  # type: ignore[attr-defined]
    assert isinstance(room, smtp_conversation.Room)
    return room


@pytest.mark.parametrize(
    ("peer", "counted_as"),
    [
        (("192.0.2.7", 25), "192.0.2.7"),
        (("::ffff:192.0.2.7", 25, 0, 0), "192.0.2.7"),
        (("2001:db8:1:2:3:4:5:6", 25, 0, 0), "2001:db8:1:2::"),
        (("fe80::1%eth0", 25, 0, 2), "fe80::"),
        (None, "unknown"),
    ],
)
def test_an_ipv6_network_counts_as_one_address(peer: object, counted_as: str) -> None:
    assert smtp_conversation._address_of(peer) == counted_as


def test_a_proxy_header_is_not_believed(start: Start) -> None:
    with bare_client(start().port) as client:
        assert client.say(b"PROXY TCP4 192.0.2.7 192.0.2.1 1234 25")[:3] == "500"


def test_nobody_may_sign_in(start: Start) -> None:
    with bare_client(start().port) as client:
        client.say(b"EHLO x")
        assert client.say(b"AUTH PLAIN AGEAYQ==")[:1] == "5"


@pytest.mark.parametrize("address", ["postmaster", "Postmaster@ardenshire.example"])
def test_the_postmaster_is_reached(start: Start, sqlite: Engine, address: str) -> None:
    with smtplib.SMTP("127.0.0.1", start().port, timeout=10) as client:
        client.sendmail(PAT, [address], mail())
    assert stored(sqlite)[0].envelope_recipients == [address]


@pytest.mark.parametrize(
    "address",
    [
        "a@b@ardenshire.example",
        "feedback%evil.example@ardenshire.example",
        "x!feedback@evil.example",
        "duty@ardenshire.example",
    ],
)
def test_nothing_is_relayed(start: Start, sqlite: Engine, address: str) -> None:
    with bare_client(start().port) as client:
        client.say(b"EHLO x")
        client.say(b"MAIL FROM:<a@evil.example>")
        assert client.say(f"RCPT TO:<{address}>".encode())[:3] in {"550", "553", "501"}
        assert client.say(b"DATA")[:3] == "503"
    assert stored(sqlite) == []


class TestTls:
    @pytest.fixture
    def files(self, tmp_path: Path) -> tuple[Path, Path]:
        return make_certificate(tmp_path)

    def test_a_sender_may_change_to_tls(self, start: Start, sqlite: Engine, files: tuple[Path, Path]) -> None:
        certificate, key = files
        trusting = ssl.create_default_context(cafile=str(certificate))
        with smtplib.SMTP("localhost", start(certificate=certificate, key=key).port, timeout=10) as client:
            client.starttls(context=trusting)
            client.ehlo()
            assert not client.has_extn("auth")
            assert not client.has_extn("starttls")
            client.sendmail(PAT, [FEEDBACK], mail("words\n" * 50_000))
        assert len(stored(sqlite)[0].content) > 300_000

    def test_what_was_said_before_tls_is_forgotten(
        self, start: Start, sqlite: Engine, files: tuple[Path, Path]
    ) -> None:
        certificate, key = files
        receiver = start(certificate=certificate, key=key)
        with bare_client(receiver.port) as client:
            client.say(b"EHLO x")
            client.connection.sendall(b"STARTTLS\r\nMAIL FROM:<evil@evil.example>\r\n")
            assert client.reply()[:3] == "220"
            trusting = ssl.create_default_context(cafile=str(certificate))
            with trusting.wrap_socket(client.connection, server_hostname="localhost") as secure:
                secure.sendall(b"EHLO x\r\nRCPT TO:<" + FEEDBACK.encode() + b">\r\n")
                said = b""
                while b"\r\n503 " not in said:
                    more = secure.recv(1000)
                    assert more, said
                    said += more
                assert b"250 OK" not in said
            assert stored(sqlite) == []

    def test_mail_is_refused_before_tls_where_it_is_required(self, start: Start, files: tuple[Path, Path]) -> None:
        certificate, key = files
        with bare_client(start(certificate=certificate, key=key, require_tls=True).port) as client:
            client.say(b"EHLO x")
            assert client.say(b"MAIL FROM:<a@home.example>")[:3] == "530"

    def test_a_broken_handshake_leaves_the_receiver_well(
        self, start: Start, sqlite: Engine, files: tuple[Path, Path]
    ) -> None:
        certificate, key = files
        receiver = start(certificate=certificate, key=key)
        with bare_client(receiver.port) as client:
            client.say(b"EHLO x")
            client.say(b"STARTTLS")
            client.connection.sendall(b"this is no handshake\r\n" * 10)
            client.is_closed()
        wait_for(lambda: not _room(receiver).opened, "the broken connection to be forgotten")
        with smtplib.SMTP("127.0.0.1", receiver.port, timeout=10) as client:
            client.sendmail(PAT, [FEEDBACK], mail())
        assert len(stored(sqlite)) == 1

    def test_a_certificate_that_is_none_names_the_setting(self, start: Start, tmp_path: Path) -> None:
        nonsense = tmp_path / "certificate.pem"
        nonsense.write_text("no certificate")
        with pytest.raises(ConfigurationError, match=r"intake\.smtp\.certificate"):
            start(certificate=nonsense)


class TestStopping:
    def test_a_message_whose_content_has_come_is_stored_and_answered(self, start: Start, sqlite: Engine) -> None:
        receiver = start()
        committing, go_on = threading.Event(), threading.Event()

        @event.listens_for(sqlite, "commit")
        def wait(_: object) -> None:
            committing.set()
            assert go_on.wait(10)

        with (
            bare_client(receiver.port) as sending,
            bare_client(receiver.port) as idle,
            bare_client(receiver.port) as half,
        ):
            sending.begin_data(FEEDBACK)
            half.begin_data(FEEDBACK)
            half.connection.sendall(b"half a mess")
            sending.connection.sendall(b"whole\r\n.\r\n")
            assert committing.wait(10)
            stopping = threading.Thread(target=receiver.stop)
            stopping.start()
            assert idle.reply()[:3] == "421"
            assert half.reply()[:3] == "421"
            go_on.set()
            assert sending.reply()[:3] == "250"
            assert sending.reply()[:3] == "421"
            stopping.join(10)
            assert not stopping.is_alive()
        event.remove(sqlite, "commit", wait)
        assert [raw.content for raw in stored(sqlite)] == [b"whole\r\n"]

    def test_nobody_is_taken_any_more(self, start: Start) -> None:
        receiver = start()
        receiver.stop()
        with pytest.raises(OSError), bare_client(receiver.port) as client:  # noqa: PT011
            client.say(b"NOOP")


def test_a_fault_of_ours_is_temporary_and_the_conversation_goes_on(start: Start, sqlite: Engine) -> None:
    with bare_client(start().port) as client:
        with without_table(sqlite, "filing"):
            client.begin_data(FEEDBACK)
            reply = client.say(b"x\r\n.")
        assert reply[:3] == "451"
        assert "filing" not in reply
        client.begin_data(FEEDBACK)
        assert client.say(b"x\r\n.")[:3] == "250"


def test_250_is_said_after_the_commit_and_not_before(start: Start, sqlite: Engine) -> None:
    heard: list[object] = []
    with bare_client(start().port) as client:

        @event.listens_for(sqlite, "commit")
        def listen(_: object) -> None:
            heard.append(select.select([client.connection], [], [], 0)[0])

        client.begin_data(FEEDBACK)
        assert client.say(b"x\r\n.")[:3] == "250"
    assert heard == [[]]
