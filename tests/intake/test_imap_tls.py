"""TLS to the mailbox: the certificate is verified, and without it no password leaves this machine."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from postroom.models.failures import ConfigurationError, Unreachable
from postroom.models.settings import Mailbox
from tests.intake.polling import Pollers, numbered
from tests.servers.certificate import make_certificate
from tests.servers.dovecot import Dovecot, dovecot_server
from tests.servers.imap_server import PASSWORD_VARIABLE
from tests.servers.ports import free_port
from tests.servers.tcp_proxy import tcp_proxy

pytestmark = pytest.mark.dovecot


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificate")
    return make_certificate(folder)[0]


@pytest.fixture(scope="module")
def imaps_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def running_with_tls(certificate: Path, imaps_port: int) -> Iterator[Dovecot]:
    """Dovecot with STARTTLS on its port and TLS on another; without it takes no password."""
    more = f"""\
ssl = required
ssl_cert = <{certificate}
ssl_key = <{certificate.parent / "key.pem"}
service imap-login {{
  inet_listener imaps {{
    port = {imaps_port}
    ssl = yes
  }}
}}
"""
    assert shutil.which("openssl")
    with dovecot_server(more, folder_made=False) as server:
        yield server


@pytest.fixture
def over_tls(running_with_tls: Dovecot, imaps_port: int, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setenv(PASSWORD_VARIABLE, running_with_tls.password)
    return {"host": "localhost", "port": imaps_port, "tls": True, "folder": "INBOX"}


@pytest.fixture
def over_starttls(running_with_tls: Dovecot, over_tls: dict[str, Any]) -> dict[str, Any]:
    return over_tls | {"port": running_with_tls.port, "starttls": True, "tls": False}


@pytest.mark.parametrize("way", ["over_tls", "over_starttls"])
def test_a_mailbox_is_read_over_tls(
    pollers: Pollers, running_with_tls: Dovecot, certificate: Path, way: str, request: pytest.FixtureRequest
) -> None:
    settings = request.getfixturevalue(way)
    assert pollers(running_with_tls.mailbox(**settings, ca_file=certificate)).process_one() is False
    assert pollers.cursor.error == ""


@pytest.mark.parametrize("way", ["over_tls", "over_starttls"])
def test_a_certificate_that_is_not_trusted_is_refused(
    pollers: Pollers, running_with_tls: Dovecot, way: str, request: pytest.FixtureRequest
) -> None:
    with pytest.raises(Unreachable, match="certificate verify failed"):
        pollers(running_with_tls.mailbox(**request.getfixturevalue(way))).process_one()


@pytest.mark.parametrize("way", ["over_tls", "over_starttls"])
def test_a_certificate_of_another_name_is_refused(
    pollers: Pollers, running_with_tls: Dovecot, certificate: Path, way: str, request: pytest.FixtureRequest
) -> None:
    settings = request.getfixturevalue(way)
    with tcp_proxy(settings["port"], "127.0.0.2") as other:
        elsewhere = settings | {"host": "127.0.0.2", "port": other.port, "ca_file": certificate}
        with pytest.raises(Unreachable, match="IP address mismatch"):
            pollers(running_with_tls.mailbox(**elsewhere)).process_one()


def test_a_server_without_starttls_gets_no_password(pollers: Pollers, dovecot_only: Dovecot, certificate: Path) -> None:
    with pytest.raises(Unreachable, match="STARTTLS"):
        pollers(dovecot_only.mailbox(starttls=True, ca_file=certificate)).process_one()


def test_a_file_without_certificates_is_named(pollers: Pollers, dovecot_only: Dovecot, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nowhere\.pem: expected a PEM file"):
        pollers(dovecot_only.mailbox(tls=True, ca_file=tmp_path / "nowhere.pem")).process_one()


HOST = {"name": "one", "host": "imap.council.example", "user": "u", "password": {"env": "P"}}
OAUTH = {"token_url": "https://login.example/t", "client_id": "c", "client_secret": {"env": "S"}}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"tls": False}, "expected tls or starttls"),
        ({"tls": False, "host": "localhost.council.example"}, "expected tls or starttls"),
        ({"oauth": OAUTH}, "exactly one of password and oauth"),
        ({"password": None}, "exactly one of password and oauth"),
        ({"after_storing": "move"}, "move_to"),
        ({"move_to": "Done"}, "move_to"),
        ({"after_storing": "move", "move_to": "INBOX"}, "another folder"),
        ({"after_storing": "delete"}, "'leave', 'flag' or 'move'"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Mailbox.model_validate(HOST | changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"tls": False, "starttls": True},
        {"tls": False, "host": "127.0.0.1"},
        {"tls": False, "host": "::1"},
        {"tls": False, "host": "localhost"},
        {"tls": False, "allow_clear_text": True},
        {"password": None, "oauth": OAUTH},
    ],
)
def test_settings_that_protect_the_password_are_taken(changes: dict[str, Any]) -> None:
    Mailbox.model_validate(HOST | changes)


def test_mail_is_stored_over_tls(
    pollers: Pollers, running_with_tls: Dovecot, over_tls: dict[str, Any], certificate: Path
) -> None:
    poller = pollers(running_with_tls.mailbox(**over_tls, ca_file=certificate))
    poller.process_one()
    assert poller._client is not None
    poller._client.append("INBOX", numbered(1))
    assert poller.process_one() is True
    assert pollers.contents() == [numbered(1)]
