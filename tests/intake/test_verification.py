"""SPF, DKIM and DMARC found out by ourselves, against a real DNS server."""

import base64
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import dkim
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postroom.intake.authentication import Authentication, Finding, Sender
from postroom.intake.dns_questions import Dns
from postroom.intake.verification import NO_SIGNATURE, SPF_UNKNOWN, verify
from postroom.models.failures import Unreachable
from postroom.models.raw_message import RawMessage
from tests.intake.mails import FEEDBACK, PAT, mail
from tests.intake.polling import within
from tests.servers.name_server import NameServer, name_server

Sign = Callable[..., bytes]
OWN, STRANGE = "11.0.0.7", "11.0.0.66"
"""The server that sends for home.example, and one that does not."""


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key pair: secret.pem and public.der in a folder."""
    folder = tmp_path_factory.mktemp("dkim")
    made = ["openssl", "genrsa", "-traditional", "-out", str(folder / "secret.pem"), "2048"]
    secret, public = str(folder / "secret.pem"), str(folder / "public.der")
    shown = ["openssl", "rsa", "-in", secret, "-pubout", "-outform", "DER", "-out", public]
    for command in (made, shown):
        subprocess.run(command, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def sign(key: Path) -> Sign:
    """A function that puts a signature before a mail."""

    def signed(content: bytes, domain: bytes = b"home.example", **options: object) -> bytes:
        secret = (key / "secret.pem").read_bytes()
        header: bytes = dkim.sign(
            content, b"one", domain, secret, include_headers=[b"from", b"to", b"subject"], **options
        )
        return header + content

    return signed


@pytest.fixture
def server(key: Path) -> Iterator[NameServer]:
    """home.example sends from one address and signs; evil.example signs too."""
    record = "v=DKIM1; k=rsa; p=" + base64.b64encode((key / "public.der").read_bytes()).decode()
    with name_server() as running:
        for domain in ("home.example", "mail.home.example", "evil.example"):
            running.text(f"one._domainkey.{domain}", record)
        running.text("home.example", "unrelated", f"v=spf1 ip4:{OWN} -all")
        running.text("evil.example", f"v=spf1 ip4:{STRANGE} -all")
        yield running


def by_smtp(content: bytes, address: str | None = None, sender: str = PAT, name: str = "mx.home.example") -> RawMessage:
    return RawMessage(
        source="smtp",
        position="1",
        channel="email",
        received_at=datetime(2026, 3, 4, tzinfo=UTC),
        envelope_sender=sender,
        envelope_recipients=[FEEDBACK],
        client_address=address,
        client_name=name,
        digest="",
        size=0,
        content=content,
    )


def verified(server: NameServer, raw: RawMessage, seconds: float = 5.0) -> Authentication:
    return verify(raw, PAT, Dns(server.address, seconds))


def sender(server: NameServer, content: bytes) -> Sender:
    """What is known of the sender of a mail that came by IMAP."""
    return verified(server, by_smtp(content)).sender


class TestSignatures:
    def test_a_good_one_of_the_senders_domain_proves_the_sender(self, server: NameServer, sign: Sign) -> None:
        assert verified(server, by_smtp(sign(mail()))) == Authentication(
            Sender.PASS, ("DMARC none for home.example", "DKIM pass for home.example", SPF_UNKNOWN)
        )

    def test_so_does_one_of_a_domain_of_the_same_organisation(self, server: NameServer, sign: Sign) -> None:
        assert sender(server, sign(mail(), b"mail.home.example")) == Sender.PASS

    def test_unless_the_domain_wants_to_be_the_same(self, server: NameServer, sign: Sign) -> None:
        server.text("_dmarc.home.example", "v=DMARC1; p=reject; adkim=s")
        assert sender(server, sign(mail(), b"mail.home.example")) == Sender.NONE
        assert sender(server, sign(mail())) == Sender.PASS

    def test_a_changed_mail_fails(self, server: NameServer, sign: Sign) -> None:
        assert sender(server, sign(mail()).replace(b"emptied", b"stolen")) == Sender.FAIL

    def test_one_of_another_domain_proves_nothing(self, server: NameServer, sign: Sign) -> None:
        assert sender(server, sign(mail(), b"evil.example")) == Sender.NONE

    def test_one_that_leaves_the_end_open_proves_nothing(self, server: NameServer, sign: Sign) -> None:
        assert sender(server, sign(mail(), length=True) + b"And more.\r\n") == Sender.NONE

    def test_a_second_from_fails(self, server: NameServer, sign: Sign) -> None:
        assert sender(server, b"From: x@home.example\r\n" + sign(mail())) == Sender.FAIL

    def test_a_mail_without_one_is_not_proven(self, server: NameServer) -> None:
        assert sender(server, mail()) == Sender.NONE


class TestEnvelopes:
    def test_the_servers_of_the_senders_domain_prove_the_sender(self, server: NameServer) -> None:
        assert verified(server, by_smtp(mail(), OWN)) == Authentication(
            Sender.PASS, ("DMARC none for home.example", NO_SIGNATURE, "SPF pass for home.example")
        )

    def test_any_other_server_fails(self, server: NameServer) -> None:
        found = verified(server, by_smtp(mail(), STRANGE))
        assert (found.sender, found.details[-1]) == (Sender.FAIL, "SPF fail for home.example")

    def test_another_domains_envelope_proves_nothing(self, server: NameServer) -> None:
        assert verified(server, by_smtp(mail(), STRANGE, "x@evil.example")).sender == Sender.NONE

    def test_without_an_envelope_sender_the_name_of_the_server_counts(self, server: NameServer) -> None:
        server.text("mx.home.example", "v=spf1 a -all")
        server.zone["mx.home.example", "A"] = [OWN]
        assert verified(server, by_smtp(mail(), OWN, "")).sender == Sender.PASS
        assert verified(server, by_smtp(mail(), STRANGE, "")).sender == Sender.FAIL

    def test_records_that_name_others_are_followed(self, server: NameServer) -> None:
        server.text("home.example", "v=spf1 include:_spf.host.example mx ~all")
        server.text("_spf.host.example", "v=spf1 ip6:2a00::/16 -all")
        server.zone["home.example", "MX"] = ["10 mx.home.example."]
        server.zone["mx.home.example", "A"] = [OWN]
        assert verified(server, by_smtp(mail(), "2a00:1::7")).sender == Sender.PASS
        assert verified(server, by_smtp(mail(), OWN)).sender == Sender.PASS
        assert verified(server, by_smtp(mail(), STRANGE)).sender == Sender.NONE

    def test_a_record_that_asks_for_ever_ends_and_is_no_pass(self, server: NameServer) -> None:
        server.text("home.example", "v=spf1 " + " ".join(f"include:{n}.loop.example" for n in range(20)) + " +all")
        for number in range(20):
            server.text(f"{number}.loop.example", "v=spf1 include:home.example -all")
        assert verified(server, by_smtp(mail(), STRANGE)).sender == Sender.NONE
        assert len(server.asked) < 40

    @pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "fe80::1%eth0", "::1", "", "unknown"])
    def test_a_machine_of_our_own_network_is_not_asked_about(self, server: NameServer, address: str) -> None:
        found = verified(server, by_smtp(mail(), address))
        assert (found.sender, found.details[-1]) == (Sender.NONE, SPF_UNKNOWN)

    def test_what_the_gateway_found_of_it_is_taken(self, server: NameServer) -> None:
        found = verify(
            by_smtp(mail(), STRANGE), PAT, Dns(server.address), by_gateway=[Finding("spf", "pass", "home.example")]
        )
        assert found.sender == Sender.PASS


class TestPolicies:
    @pytest.fixture(autouse=True)
    def reject(self, server: NameServer) -> None:
        server.text("_dmarc.home.example", "v=DMARC1; p=reject; rua=mailto:d@home.example")

    def test_either_of_both_is_enough(self, server: NameServer, sign: Sign) -> None:
        for raw in (by_smtp(mail(), OWN), by_smtp(sign(mail()), STRANGE, "x@evil.example")):
            found = verified(server, raw)
            assert (found.sender, found.details[0]) == (Sender.PASS, "DMARC pass for home.example")

    def test_a_mail_that_neither_speaks_for_fails_whoever_else_does(self, server: NameServer, sign: Sign) -> None:
        found = verified(server, by_smtp(sign(mail(), b"evil.example"), STRANGE, "x@evil.example"))
        assert found.sender == Sender.FAIL
        assert found.details[0] == "DMARC fail for home.example, which asks to refuse it"

    def test_where_spf_is_not_known_the_missing_signature_is_no_failure(self, server: NameServer) -> None:
        assert sender(server, mail()) == Sender.NONE

    def test_the_organisations_policy_holds_for_the_domains_below_it(self, server: NameServer) -> None:
        raw = by_smtp(mail(From="Pat <pat@mail.home.example>"), STRANGE, "x@evil.example")
        found = verify(raw, "pat@mail.home.example", Dns(server.address))
        assert (found.sender, found.details[0][:34]) == (Sender.FAIL, "DMARC fail for mail.home.example, ")


class TestDnsThatDoesNotAnswer:
    @pytest.mark.parametrize(
        ("name", "signed_by", "address"),
        [
            ("one._domainkey.home.example", b"home.example", STRANGE),
            ("_dmarc.home.example", b"mail.home.example", STRANGE),
            ("home.example", b"evil.example", OWN),
        ],
    )
    @pytest.mark.parametrize("how", ["silent", "failing"])
    def test_nothing_is_proven_nor_disproven_within_the_time(
        self, server: NameServer, sign: Sign, name: str, signed_by: bytes, address: str, how: str
    ) -> None:
        server.text("_dmarc.home.example", "v=DMARC1; p=reject")
        getattr(server, how).add(name)
        with within(3):
            found = verified(server, by_smtp(sign(mail(), signed_by), address), seconds=0.5)
        assert found.sender == Sender.TEMPERROR
        assert any("temperror" in detail for detail in found.details)

    def test_a_signature_of_the_very_domain_needs_no_policy(self, server: NameServer, sign: Sign) -> None:
        server.failing.add("_dmarc.home.example")
        assert sender(server, sign(mail())) == Sender.PASS

    def test_once_the_time_is_over_nothing_is_asked(self, server: NameServer) -> None:
        with pytest.raises(Unreachable):
            Dns(server.address, seconds=0).texts("home.example")
        assert server.asked == []


@settings(max_examples=50, deadline=None)
@given(value=st.binary(max_size=300), name=st.text(max_size=50), address=st.text(max_size=30))
def test_hostile_mails_and_names_raise_nothing(value: bytes, name: str, address: str) -> None:
    content = b"DKIM-Signature: d=home.example; " + value + b"\r\n" + mail()
    for client in (address, STRANGE):
        raw = by_smtp(content, client, f"x@{name}", name)
        found = verify(raw, f"pat@{name}", Dns(("127.0.0.1", 9), seconds=0))
        assert found.sender != Sender.PASS


@settings(max_examples=50, deadline=None)
@given(record=st.text(st.characters(min_codepoint=32, max_codepoint=126, exclude_characters='"\\'), max_size=150))
def test_hostile_records_raise_nothing(record: str) -> None:
    with name_server() as server:
        server.text("home.example", f"v=spf1 {record}")
        server.text("_dmarc.home.example", f"v=DMARC1; {record}")
        verified(server, by_smtp(mail(), STRANGE), seconds=0.5)
