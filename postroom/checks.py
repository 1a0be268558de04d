"""What `postroom check-config` looks at beyond the configuration file: secrets, letters, the model, the calendar."""

from collections.abc import Iterator

from postroom.models.failures import ConfigurationError
from postroom.models.settings import Secret, Settings

SHORTEST_KEY = 16


def problems(settings: Settings) -> list[str]:
    """One line for each thing that would go wrong later: the path in the configuration and what was expected."""
    from postroom.notifications import letters

    return [*_secrets(settings), *letters.check(settings)]


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
    if settings.outgoing.smtp.password:
        yield "outgoing.smtp.password", settings.outgoing.smtp.password
