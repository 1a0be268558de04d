"""Mails written in a line, for tests."""

FEEDBACK = "feedback@ardenshire.example"
PAT = "pat.smith@home.example"
_HEADERS = {
    "From": f"Pat Smith <{PAT}>",
    "To": FEEDBACK,
    "Subject": "The bins",
    "Date": "Wed, 4 Mar 2026 09:30:00 +0000",
    "Message-ID": "<bins-1@home.example>",
}


def mail(text: str = "Nobody has emptied our bins.", /, **headers: str | None) -> bytes:
    """A plain mail from Pat. Headers are named with underscores; None leaves one out."""
    named = _HEADERS | {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"{name}: {value}" for name, value in named.items() if value is not None]
    return "\r\n".join([*lines, "", *text.split("\n"), ""]).encode()


def multipart(subtype: str, *parts: str | bytes, **headers: str | None) -> bytes:
    """A mail of `parts`, each with its own headers."""
    kind = subtype if "boundary=" in subtype else f'{subtype}; boundary="edge"'
    top, _, _ = mail(**({"Content_Type": f"multipart/{kind}", "MIME_Version": "1.0"} | headers)).partition(b"\r\n\r\n")
    encoded = [part.encode() if isinstance(part, str) else part for part in parts]
    body = b"".join(b"--edge\r\n" + part.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") + b"\r\n" for part in encoded)
    return top + b"\r\n\r\n" + body + b"--edge--\r\n"


BOUNCE_OF = """\
Content-Type: text/plain

This is the mail system. I could not deliver your message.
{separator}Content-Type: message/delivery-status

Reporting-MTA: dns; mail.home.example

Final-Recipient: rfc822; pat.smith@home.example
Action: {action}
Status: 5.1.1
{separator}Content-Type: message/rfc822

From: Ardenshire <feedback@ardenshire.example>
Message-ID: <{message_id}>
Subject: We have your message

Thank you.
"""


def bounce(message_id: str, action: str = "failed", **headers: str | None) -> bytes:
    """A delivery notification (RFC 3464) about the mail `message_id`."""
    parts = BOUNCE_OF.format(separator="\0", action=action, message_id=message_id).split("\0")
    about: dict[str, str | None] = {
        "From": "MAILER-DAEMON@mail.home.example",
        "Subject": "Undelivered Mail Returned to Sender",
        "Message_ID": f"<bounce-of-{message_id}>",
        "Auto_Submitted": "auto-replied",
    }
    return multipart("report; report-type=delivery-status; boundary=edge", *parts, **(about | headers))
