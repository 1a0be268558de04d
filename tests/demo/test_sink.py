"""The sink: what Postroom sends is kept, and read on the desk."""

import smtplib
from pathlib import Path

from demo.sent_page import sent_page
from demo.sink import running_sink, sent_mails
from tests.servers.ports import free_port

MAIL = (
    "From: Council <feedback@ardenshire.example>\r\nTo: a@b.example\r\nSubject: {subject}\r\n"
    "Auto-Submitted: auto-replied\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nWe have your £5.\r\n"
)


def send(folder: Path, *subjects: str) -> None:
    port = free_port()
    with running_sink("127.0.0.1", port, folder), smtplib.SMTP("127.0.0.1", port, timeout=20) as server:
        for subject in subjects:
            server.sendmail("bounces@ardenshire.example", ["a@b.example"], MAIL.format(subject=subject).encode())


def test_mails_are_kept_with_envelope_headers_and_text(tmp_path: Path) -> None:
    send(tmp_path / "sent", "First", "Second")
    mails = sent_mails(tmp_path / "sent")
    assert [mail.subject for mail in mails] == ["Second", "First"]
    assert mails[0].recipient == "a@b.example"
    assert ("Auto-Submitted", "auto-replied") in mails[0].headers
    assert ("X-MailFrom", "bounces@ardenshire.example") in mails[0].headers
    assert mails[0].text.strip() == "We have your £5."


def test_the_page_shows_one_mail_where_it_is_asked_for_and_nothing_from_outside_the_folder(tmp_path: Path) -> None:
    (tmp_path / "private").write_text("Subject: private\n\n")
    send(tmp_path / "sent", "First")
    page = sent_page(tmp_path / "sent")
    mail = page.context({})["mails"][0]
    assert page.context({"mail": mail.name})["mail"] == mail
    assert page.context({"mail": "../../private"})["mail"] is None


def test_before_anything_was_sent_the_page_is_empty(tmp_path: Path) -> None:
    assert sent_page(tmp_path / "sent").context({}) == {"mails": [], "mail": None}
