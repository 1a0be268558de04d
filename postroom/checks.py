"""What `postroom check-config` looks at beyond the configuration file: secrets, letters, the model, the calendar."""

from collections.abc import Iterator

from postroom.models.connection_settings import Secret
from postroom.models.failures import ConfigurationError
from postroom.models.settings import Settings

SHORTEST_KEY = 16


def problems(settings: Settings) -> list[str]:
    """One line for each thing that would go wrong later: the path in the configuration and what was expected."""
    from postroom.notifications import letter_checks

    return [*_secrets(settings), *letter_checks.check(settings)]


def _secrets(settings: Settings) -> Iterator[str]:
    for path, secret in _named_secrets(settings):
        try:
            value = secret.read()
        except ConfigurationError as error:
            yield f"{path}: {error}"
            continue
        if path == "signing_key" and len(value) < SHORTEST_KEY:
            yield f"{path}: expected at least {SHORTEST_KEY} characters, as 'openssl rand -hex 32' makes"


def _named_secrets(settings: Settings) -> Iterator[tuple[str, Secret]]:
    yield "signing_key", settings.signing_key
    for mailbox in settings.intake.mailboxes:
        setting = "oauth.client_secret" if mailbox.oauth else "password"
        yield f"intake.mailboxes.{mailbox.name}.{setting}", mailbox.secret
    smtp, notify = settings.outgoing.smtp, settings.outgoing.notify
    if smtp.secret:
        yield f"outgoing.smtp.{'oauth.client_secret' if smtp.oauth else 'password'}", smtp.secret
    if notify:
        yield "outgoing.notify.api_key", notify.api_key
    provider = settings.desk.sign_in.provider
    if provider and provider.client_secret:
        yield "desk.sign_in.provider.client_secret", provider.client_secret
