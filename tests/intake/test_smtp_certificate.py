"""The certificate of our SMTP address is renewed while it runs."""

import logging
import shutil
import smtplib
import ssl
from pathlib import Path

import pytest

from postroom.intake.smtp_receiver import Receiver
from tests.intake.conftest import Start
from tests.servers.certificate import make_certificate


def shown(receiver: Receiver) -> str:
    """The certificate that the receiver shows, in PEM."""
    anybody = ssl.create_default_context()
    anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE
    with smtplib.SMTP("127.0.0.1", receiver.port, timeout=10) as client:
        client.starttls(context=anybody)
        assert isinstance(client.sock, ssl.SSLSocket)
        return ssl.DER_cert_to_PEM_cert(client.sock.getpeercert(binary_form=True) or b"")


def made(folder: Path) -> tuple[Path, Path, str]:
    folder.mkdir()
    certificate, key = make_certificate(folder)
    return certificate, key, certificate.read_text()


def test_a_renewed_certificate_is_shown_to_the_next_sender(
    start: Start, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    certificate, key, old = made(tmp_path / "old")
    new_certificate, new_key, new = made(tmp_path / "new")
    receiver = start(certificate=certificate, key=key)
    assert shown(receiver) == old

    shutil.copy(new_certificate, certificate)  # its key has not come yet
    assert [shown(receiver), shown(receiver)] == [old, old]
    assert [record.levelno for record in caplog.records if "certificate" in record.message] == [logging.ERROR]

    shutil.copy(new_key, key)
    assert shown(receiver) == new


def test_links_that_are_set_to_new_files_are_noticed(start: Start, tmp_path: Path) -> None:
    """As certbot renews."""
    links = (tmp_path / "certificate.pem", tmp_path / "key.pem")
    for name in ("old", "new"):
        *files, text = made(tmp_path / name)
        for link, file in zip(links, files, strict=True):
            link.unlink(missing_ok=True)
            link.symlink_to(file)
        if name == "old":
            receiver = start(certificate=links[0], key=links[1])
        assert shown(receiver) == text


def test_files_that_are_away_leave_the_certificate_as_it_was(start: Start, tmp_path: Path) -> None:
    certificate, key, text = made(tmp_path / "one")
    receiver = start(certificate=certificate, key=key)
    certificate.unlink()
    assert shown(receiver) == text
