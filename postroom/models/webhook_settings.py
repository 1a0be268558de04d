"""Addresses of other programs that are told of what happens to cases."""

from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from postroom.models.connection_settings import Secret, is_loopback
from postroom.models.setting_types import Table


class Webhook(Table):
    name: str = Field(pattern=r"^[a-z0-9-]{1,40}$", description="by which Postroom knows how far it was told")
    url: str
    secret: Secret
    kinds: list[str] = Field(default=[], description="kinds of events, such as confirmed or closed; empty: all")
    timeout_seconds: float = Field(default=10, gt=0)
    attempts: int = Field(default=12, gt=0, description="tries before a call is given up")

    @model_validator(mode="after")
    def _secret_in_transit(self) -> Self:
        url = urlsplit(self.url)
        if not (url.hostname and (url.scheme == "https" or (url.scheme == "http" and is_loopback(url.hostname)))):
            raise ValueError("expected url to begin with https://")
        return self
