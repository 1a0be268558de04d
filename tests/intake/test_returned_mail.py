"""What bounces say, in the forms of several mail systems."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.intake.returned_mail import Failure, read_returned
from tests.intake.mails import bounce, mail, multipart

DSN = "report; report-type=delivery-status; boundary=edge"


def status(*recipients: str) -> bytes:
    block = "Reporting-MTA: dns; mail.home.example\n\n" + "\n\n".join(recipients)
    return multipart(DSN, "\nIt did not work.", f"Content-Type: message/delivery-status\n\n{block}\n")


@pytest.mark.parametrize(
    ("fields", "failure", "reason"),
    [
        ("Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 No such user", Failure.HARD, "550 No such user"),
        ("Action: failed\nStatus: 5.1.1 (bad address)", Failure.HARD, "5.1.1 (bad address)"),
        ("Action: failed\nStatus: 4.4.7", Failure.SOFT, "4.4.7"),
        ("Action: failed\nDiagnostic-Code: smtp; 452 Mailbox full", Failure.SOFT, "452 Mailbox full"),
        ("Action: failed", Failure.HARD, "failed"),
        ("Action: delayed\nStatus: 4.0.0", Failure.SOFT, "4.0.0"),
        ("Action: Delayed (24 hours)\nStatus: 5.0.0", Failure.SOFT, "5.0.0"),
        ("Action: relayed\nStatus: 2.0.0", Failure.NONE, "2.0.0"),
        ("Action: error\nStatus: 5.0.0", Failure.HARD, "5.0.0"),
        ("Status: 4.4.1", Failure.SOFT, "4.4.1"),
        ("Action: failure\nDiagnostic-Code: smtp; 452 Mailbox full", Failure.SOFT, "452 Mailbox full"),
        ("Action: delivered\nStatus: 2.0.0", Failure.NONE, "2.0.0"),
        ("Action: expanded\nStatus: 2.0.0", Failure.NONE, "2.0.0"),
        (
            "Action: failed\nStatus: 5.2.2\nDiagnostic-Code: smtp;\n 552 Quota\n exceeded",
            Failure.HARD,
            "552 Quota exceeded",
        ),
    ],
)
def test_a_notification_says_how_it_ended_for_its_recipient(fields: str, failure: Failure, reason: str) -> None:
    returned = read_returned(status(f"Final-Recipient: rfc822; pat@home.example\n{fields}"))
    assert (returned.failure, returned.reason) == (failure, reason)


def test_the_worst_of_several_recipients_counts() -> None:
    first, second = "Action: delivered\nStatus: 2.0.0", "Action: failed\nStatus: 5.1.1"
    assert read_returned(status(first, second)).failure == Failure.HARD


@pytest.mark.parametrize(
    ("subject", "text", "failure"),
    [
        (
            "failure notice",
            "Hi. This is the qmail-send program.\n<pat@home.example>:\n550 5.1.1 no mailbox",
            Failure.HARD,
        ),
        ("Mail delivery failed", "SMTP error from remote mail server: 452 4.2.2 Over quota", Failure.SOFT),
        ("Mail delivery failed: returning message to sender", "All relevant MX records point to non-existent hosts", 2),
        ("Warning: message 1abc-2 delayed 24 hours", "It has not been delivered yet.", Failure.SOFT),
        (
            "Delivery failure",
            "Unable to deliver message to the following address(es).\n\n<pat@home.example>:\nIt is over quota.",
            Failure.SOFT,
        ),
        (
            "Delivery failure",
            "Unable to deliver message to the following address(es).\n\n<pat@home.example>:\nNo such account.",
            Failure.HARD,
        ),
        (
            "A note from the server",
            "Your message to:\n\tpat@home.example\nhas not yet been delivered because the server did not respond.",
            Failure.SOFT,
        ),
        (
            "Mail Delivery Warning",
            'Delivery of email to this address\n"pat@home.example"\nhas been postponed due to a full mailbox.',
            Failure.SOFT,
        ),
        ("Address not found", "Your message wasn't delivered to pat@home.example, which is not there.", Failure.HARD),
        ("A note", "The following message to <pat@home.example> was undeliverable.", Failure.HARD),
        ("A note", "Your message to pat@home.example couldn't be delivered.", Failure.HARD),
        ("failure notice", "Help is at 480-624-2500.\nMailbox pat@home.example: user unknown", Failure.HARD),
        ("I am away", "Back on Monday.", Failure.NONE),
    ],
)
def test_a_bounce_in_words_is_read_by_its_codes(subject: str, text: str, failure: Failure) -> None:
    assert read_returned(mail(text, Subject=subject)).failure == failure


def test_our_own_header_in_the_returned_mail_names_the_letter() -> None:
    content = bounce("rewritten@provider.example").replace(b"Subject: We", b"X-Postroom-Mail: 0123ABCD\r\nSubject: We")
    assert read_returned(content).tokens == ("0123abcd",)


@given(st.binary(max_size=2_000))
def test_any_bytes_are_read(content: bytes) -> None:
    read_returned(content)
    read_returned(b"Content-Type: message/delivery-status\r\n\r\n" + content)
