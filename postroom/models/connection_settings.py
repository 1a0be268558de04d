"""How a server elsewhere is reached and signed in to: settings that several tables share."""

import os
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from postroom.models.failures import ConfigurationError
from postroom.models.setting_types import Table

Port = Annotated[int, Field(ge=0, le=65535)]


class Secret(Table):
    """A secret: the name of an environment variable, or of a file whose first line is the secret."""

    env: str = ""
    file: Path | None = None

    def read(self) -> str:
        """The secret itself. Raises `ConfigurationError` where it is not to be had."""
        if self.file is not None:
            try:
                return self.file.read_text().splitlines()[0].strip()
            except (OSError, IndexError, UnicodeDecodeError):
                raise ConfigurationError([f"{self.file}: expected a readable file with the secret on line 1"]) from None
        value = os.environ.get(self.env, "") if self.env else ""
        if not value:
            raise ConfigurationError([f"expected a secret in the environment variable {self.env or '(none named)'}"])
        return value

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if bool(self.env) == (self.file is not None):
            raise ValueError("expected either env (a variable's name) or file (a path)")
        return self


def is_loopback(host: str) -> bool:
    """Whether `host` names this machine itself, so that nobody between can listen."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class OAuth(Table):
    """How to get tokens for a mailbox that takes no password: client credentials (RFC 6749 section 4.4)."""

    token_url: str
    client_id: str
    client_secret: Secret
    scope: str = "https://outlook.office365.com/.default"

    @model_validator(mode="after")
    def _secret_in_transit(self) -> Self:
        url = urlsplit(self.token_url)
        if not (url.hostname and (url.scheme == "https" or (url.scheme == "http" and is_loopback(url.hostname)))):
            raise ValueError("expected token_url to begin with https://")
        return self
