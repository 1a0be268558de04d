"""GOV.UK Notify as a transport: email by a template of two placeholders, letters on paper as ready PDF.

Notify makes the mail itself. So it has another Message-ID, no signed answer address and no thread: answers come to the
address that is set there, and the case's reference stands in the text.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from io import BytesIO
from typing import Any

import requests
from notifications_python_client.errors import APIError, InvalidResponse
from notifications_python_client.notifications import NotificationsAPIClient
from urllib3.exceptions import MaxRetryError

from postroom.models.failures import Permanent, PostroomError, Temporary, Throttled, Unanswered, Unreachable
from postroom.models.outgoing_settings import Notify
from postroom.notifications.envelopes import Mail, one_line

SHORTEST_KEY = 73
"""Its last characters are the ids of the service and of the key."""
_OURS = ("emplate", "personalisation", "reply_to", "postage")
"""What a refusal names that is about our configuration there and not about the mail."""


class NotifyEmail:
    def __init__(self, settings: Notify) -> None:
        self._settings = settings

    def send(self, mail: Mail) -> None:
        message = message_from_bytes(mail.content, policy=default)
        assert isinstance(message, EmailMessage)
        body = message.get_body(("plain",))
        with _asking(self._settings) as client:
            if mail.again and _has(client, mail):
                return
            client.send_email_notification(
                email_address=mail.recipient,
                template_id=self._settings.email_template,
                personalisation={"subject": mail.subject, "body": body.get_content() if body else ""},
                reference=_name(mail),
                email_reply_to_id=self._settings.email_reply_to or None,
                sanitise_content_for=["subject"],
            )


class NotifyPost:
    def __init__(self, settings: Notify) -> None:
        self._settings = settings

    def send(self, mail: Mail) -> None:
        with _asking(self._settings) as client:
            if mail.again and _has(client, mail):
                return
            client.send_precompiled_letter_notification(
                reference=_name(mail), pdf_file=BytesIO(mail.content), postage=self._settings.postage
            )


def _name(mail: Mail) -> str:
    """Under which Notify keeps it: our Message-ID, which says nothing about anybody."""
    return mail.message_id.strip("<>")


def _has(client: Any, mail: Mail) -> bool:
    """Whether an earlier try, whose end nobody knows, went through."""
    return bool(client.get_all_notifications(reference=_name(mail))["notifications"])


@contextmanager
def _asking(settings: Notify) -> Iterator[Any]:
    """A client (one for each mail: they can't be shared by threads), its errors as ours."""
    try:
        key = settings.api_key.read()
    except PostroomError as error:
        raise Unreachable(str(error)) from error
    if len(key) < SHORTEST_KEY:
        raise Unreachable(f"outgoing.notify.api_key: expected at least {SHORTEST_KEY} characters, as Notify gives it")
    try:
        make: Any = NotificationsAPIClient  # the client has no types
        yield make(key, base_url=settings.url, timeout=settings.timeout_seconds)
    except InvalidResponse as error:
        raise Unanswered(f"GOV.UK Notify answered {error.status_code} with something that is no JSON") from error
    except APIError as error:
        raise _failure(error) from error


def _failure(error: APIError) -> PostroomError:
    if error.response is None:
        cut_off = Unreachable if _never_sent(error.__cause__) else Unanswered
        return cut_off(f"GOV.UK Notify can't be used: {one_line(str(error.__cause__))}")
    words = one_line(str(error.message))
    families: dict[int, type[PostroomError]] = {400: Permanent, 429: Throttled, 500: Temporary}
    family = families.get(error.status_code, Unreachable)
    if error.status_code == 400 and any(word in words for word in _OURS):
        family = Unreachable
    return family(f"GOV.UK Notify answered: {error.status_code} {words}")


def _never_sent(cause: BaseException | None) -> bool:
    """Whether the request failed before it had gone out: there was no connection."""
    if isinstance(cause, requests.ConnectTimeout):
        return True
    return isinstance(cause, requests.ConnectionError) and any(isinstance(arg, MaxRetryError) for arg in cause.args)
