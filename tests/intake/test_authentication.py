"""Whether a sender is who they say, by the gateway's word and by signatures."""

import base64
import subprocess
from collections.abc import Callable
from pathlib import Path

import dkim
import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.intake.authentication import Authentication, Sender, aligned, from_gateway
from postroom.intake.signatures import verify_signatures
from tests.intake.mails import PAT, mail

GATEWAY = "mx.ardenshire.example"


def found(*headers: str, sender: str = PAT) -> Sender | None:
    result = from_gateway(headers, GATEWAY, sender)
    return result.sender if result else None


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ("dmarc=pass (p=reject) header.from=home.example", Sender.PASS),
        ("dmarc=fail (p=none) header.from=home.example; spf=pass smtp.mailfrom=pat@home.example", Sender.FAIL),
        ("dkim=pass header.d=home.example", Sender.PASS),
        ('dkim=pass (2048-bit; key) header.i="@home.example"', Sender.PASS),
        ("spf=pass smtp.mailfrom=pat.smith@home.example", Sender.PASS),
        ("spf=pass smtp.mailfrom=bounces@newsletter.example", Sender.NONE),
        ("dkim=pass header.d=evil.example", Sender.NONE),
        ("dkim=pass header.d=example", Sender.NONE),
        ("dmarc=none header.from=home.example; dkim=pass header.d=home.example", Sender.PASS),
        ("dmarc=pass header.from=evil.example", Sender.FAIL),
        ("spf=fail smtp.mailfrom=pat@home.example", Sender.FAIL),
        ("spf=softfail smtp.mailfrom=pat@home.example", Sender.NONE),
        ("dkim=fail header.d=home.example; spf=pass smtp.mailfrom=home.example", Sender.PASS),
        ("iprev=pass policy.iprev=192.0.2.1", Sender.NONE),
        ('x="dmarc=pass header.from=home.example"', Sender.NONE),
        ("none (dmarc=pass header.from=home.example)", Sender.NONE),
        ("none", Sender.NONE),
    ],
)
def test_the_gateways_findings_are_judged_by_the_senders_own_domain(results: str, expected: Sender) -> None:
    assert found(f"{GATEWAY} 1; {results}") == expected


@pytest.mark.parametrize(
    "headers",
    [
        (),
        ("mx.evil.example; dmarc=pass header.from=home.example",),
        ("mx.evil.example; none", f"{GATEWAY}; dmarc=pass header.from=home.example"),
        (f"{GATEWAY}.evil.example; dmarc=pass header.from=home.example",),
        (f"({GATEWAY}) x; dmarc=pass header.from=home.example",),
        (f'"{GATEWAY}"x; dmarc=pass header.from=home.example',),
        ("dmarc=pass header.from=home.example",),
    ],
)
def test_a_header_that_is_not_the_gateways_topmost_own_is_not_trusted(headers: tuple[str, ...]) -> None:
    assert found(*headers) is None


def test_a_header_below_the_gateways_own_says_nothing() -> None:
    forged = f"{GATEWAY}; dmarc=pass header.from=home.example"
    assert found(f"{GATEWAY}; dmarc=fail header.from=home.example", forged) == Sender.FAIL


def test_what_was_found_is_told_in_words() -> None:
    header = f"{GATEWAY}; dmarc=pass header.from=home.example; spf=none smtp.mailfrom=pat@home.example"
    assert from_gateway([header], GATEWAY, PAT) == Authentication(
        Sender.PASS, ("DMARC pass for home.example", "SPF none for home.example")
    )


@given(st.text(max_size=300))
def test_any_text_is_read_and_proves_nothing_by_itself(text: str) -> None:
    result = from_gateway([f"{GATEWAY}; {text}"], GATEWAY, PAT)
    assert result is None or result.sender != Sender.PASS or "home.example" in text.lower()


def test_a_domain_speaks_for_itself_and_those_below_it() -> None:
    assert aligned("home.example", "home.example")
    assert aligned("home.example", "mail.home.example")
    assert not aligned("mail.home.example", "home.example")
    assert not aligned("ome.example", "home.example")
    assert not aligned("", "")


Dns = Callable[[bytes, int], bytes | None]
Sign = Callable[..., bytes]


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


@pytest.fixture(scope="module")
def dns(key: Path) -> Dns:
    """A resolver that knows the keys of home.example and evil.example."""
    record = b"v=DKIM1; k=rsa; p=" + base64.b64encode((key / "public.der").read_bytes())
    names = (b"home.example", b"evil.example")
    known = {b"one._domainkey." + name + b".": record for name in names}
    return lambda name, _seconds: known.get(name)


def test_a_good_signature_of_the_senders_domain_proves_the_sender(sign: Sign, dns: Dns) -> None:
    proven = Authentication(Sender.PASS, ("DKIM pass for home.example",))
    assert verify_signatures(sign(mail()), PAT, dns) == proven


def test_a_changed_mail_fails(sign: Sign, dns: Dns) -> None:
    assert verify_signatures(sign(mail()).replace(b"emptied", b"stolen"), PAT, dns).sender == Sender.FAIL


def test_a_good_signature_of_another_domain_proves_nothing(sign: Sign, dns: Dns) -> None:
    assert verify_signatures(sign(mail(), b"evil.example"), PAT, dns).sender == Sender.NONE


def test_a_signature_that_leaves_the_end_open_proves_nothing(sign: Sign, dns: Dns) -> None:
    assert verify_signatures(sign(mail(), length=True) + b"And more.\r\n", PAT, dns).sender == Sender.NONE


def test_a_second_from_fails(sign: Sign, dns: Dns) -> None:
    assert verify_signatures(b"From: x@home.example\r\n" + sign(mail()), PAT, dns).sender == Sender.FAIL


def test_a_mail_without_a_signature_is_not_proven(dns: Dns) -> None:
    assert verify_signatures(mail(), PAT, dns).sender == Sender.NONE


def test_a_dns_that_does_not_answer_proves_nothing(sign: Sign) -> None:
    def silent(name: bytes, timeout: int) -> bytes | None:
        raise dkim.DnsTimeoutError(name, timeout)

    assert verify_signatures(sign(mail()), PAT, silent).sender == Sender.NONE


@given(st.binary(max_size=300))
def test_hostile_signatures_raise_nothing(value: bytes) -> None:
    content = b"DKIM-Signature: d=home.example; " + value + b"\r\n" + mail()
    assert verify_signatures(content, PAT, lambda _name, _seconds: value).sender != Sender.PASS
