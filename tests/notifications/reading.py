"""What stands in a mail."""

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from postroom.models.outgoing_mail import OutgoingMail


def read(mail: OutgoingMail | bytes) -> EmailMessage:
    return message_from_bytes(mail if isinstance(mail, bytes) else mail.content, policy=default)


def text_of(mail: OutgoingMail | bytes) -> str:
    """Its plain part."""
    plain = read(mail).get_body(("plain",))
    assert plain is not None
    text: str = plain.get_content()
    return text
