"""Signing in at a real mail server, over real TLS."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from postroom.models.failures import Unreachable
from postroom.models.outgoing_settings import SmtpTransport as SmtpSettings
from postroom.models.settings import load_settings
from postroom.notifications.envelopes import Mail
from postroom.notifications.smtp_transport import SmtpTransport
from tests.conftest import CONFIG
from tests.servers.certificate import make_certificate
from tests.servers.smtp_with_sign_in import PASSWORD, USER, SmtpWithSignIn, smtp_with_sign_in
from tests.servers.token_issuer import CLIENT_ID, CLIENT_SECRET, TokenIssuer, token_issuer

MAIL = Mail("<1@a.example>", "bounce@a.example", "pat@home.example", "Hello", b"Subject: Hello\r\n\r\nHello\r\n")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(params=["starttls", "tls"])
def server(request: pytest.FixtureRequest, certificate: tuple[Path, Path]) -> Iterator[SmtpWithSignIn]:
    with smtp_with_sign_in(*certificate, starttls=request.param == "starttls") as running:
        yield running


@pytest.fixture
def issuer() -> Iterator[TokenIssuer]:
    with token_issuer(USER) as running:
        yield running


@pytest.fixture
def way_in(
    request: pytest.FixtureRequest,
    server: SmtpWithSignIn,
    certificate: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> dict[str, Any]:
    """The settings of `outgoing.smtp` that reach the server, still without password or token."""
    monkeypatch.setenv("POSTROOM_TEST_SMTP", PASSWORD)
    monkeypatch.setenv("POSTROOM_TEST_CLIENT", CLIENT_SECRET)
    tls = request.node.callspec.params["server"]
    return {"host": "localhost", "port": server.port, tls: True, "ca_file": str(certificate[0]), "timeout_seconds": 5}


def by(way_in: dict[str, Any], **values: Any) -> SmtpTransport:
    settings = load_settings(CONFIG)
    outgoing = settings.outgoing.model_copy(update={"smtp": SmtpSettings.model_validate(way_in | values)})
    return SmtpTransport(settings.model_copy(update={"outgoing": outgoing}), lambda: datetime.now(UTC))


def by_password(way_in: dict[str, Any], **values: Any) -> SmtpTransport:
    return by(way_in, user=USER, password={"env": "POSTROOM_TEST_SMTP"}, **values)


def by_token(way_in: dict[str, Any], issuer: TokenIssuer) -> SmtpTransport:
    secret = {"env": "POSTROOM_TEST_CLIENT"}
    oauth = {"token_url": issuer.url, "client_id": CLIENT_ID, "client_secret": secret}
    return by(way_in, user=USER, oauth=oauth)


def test_a_mail_is_handed_over_by_tls_and_password(server: SmtpWithSignIn, way_in: dict[str, Any]) -> None:
    by_password(way_in).send(MAIL)
    assert [mail.content for mail in server.received] == [MAIL.content]
    assert server.signed_in == ["PLAIN"]


def test_a_mail_is_handed_over_by_a_token_that_is_kept(
    server: SmtpWithSignIn, way_in: dict[str, Any], issuer: TokenIssuer
) -> None:
    server.good_tokens = {"token-1"}
    transport = by_token(way_in, issuer)
    transport.send(MAIL)
    transport.send(MAIL)
    assert server.signed_in == ["XOAUTH2"] * 2
    assert len(server.received) == 2
    assert len(issuer.asked) == 1


def test_a_token_that_is_refused_is_not_used_again(
    server: SmtpWithSignIn, way_in: dict[str, Any], issuer: TokenIssuer
) -> None:
    server.good_tokens = {"token-2"}
    transport = by_token(way_in, issuer)
    with pytest.raises(Unreachable, match="535") as refused:
        transport.send(MAIL)
    assert "token-1" not in str(refused.value)
    transport.send(MAIL)
    assert len(server.received) == 1


def test_a_wrong_password_is_no_mails_fault_and_is_not_told(
    server: SmtpWithSignIn, way_in: dict[str, Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("POSTROOM_TEST_SMTP", "expired-password")
    with pytest.raises(Unreachable, match="535") as refused:
        by_password(way_in).send(MAIL)
    assert "expired-password" not in str(refused.value) + caplog.text
    assert server.received == []


@pytest.mark.parametrize("server", ["starttls"], indirect=True)
def test_a_password_that_smtplib_can_not_say_is_an_outage_and_named(
    way_in: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSTROOM_TEST_SMTP", "ten £ notes")
    with pytest.raises(Unreachable, match="beyond ASCII") as refused:
        by_password(way_in).send(MAIL)
    assert "notes" not in str(refused.value)


def test_a_server_whose_certificate_nobody_vouches_for_gets_neither_password_nor_mail(
    server: SmtpWithSignIn, way_in: dict[str, Any]
) -> None:
    with pytest.raises(Unreachable, match="certificate"):
        by_password(way_in, ca_file=None).send(MAIL)
    assert (server.signed_in, server.received) == ([], [])


def test_who_does_not_sign_in_is_not_served(server: SmtpWithSignIn, way_in: dict[str, Any]) -> None:
    with pytest.raises(Unreachable, match="530"):
        by(way_in).send(MAIL)
    assert server.received == []
