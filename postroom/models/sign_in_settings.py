"""How people sign in to the desk: passwords, the second factor, the council's own OpenID Connect provider."""

from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from postroom.models.connection_settings import Secret, is_loopback
from postroom.models.setting_types import Table

DeskRole = Literal["officer", "investigator", "manager", "customer_relations", "administrator", "auditor"]
"""Every role of the desk (`roles.Role`)."""


class Provider(Table):
    """The council's own OpenID Connect provider, by the code flow with PKCE."""

    name: str = Field(default="your council account", description="what its button says: Sign in with …")
    issuer: str = Field(description="its address, from which /.well-known/openid-configuration is read")
    client_id: str
    client_secret: Secret | None = Field(default=None, description="none where the provider has us as a public client")
    scopes: list[str] = Field(default=["openid", "email", "profile"])
    vouches_for_addresses: bool = Field(
        default=False, description="an address counts as theirs without the claim email_verified"
    )
    adds_officers: bool = Field(default=False, description="who is not known yet becomes an officer without a team")
    second_factor: bool = Field(default=True, description="it asks for one itself, so that the desk does not")
    timeout_seconds: float = Field(default=10, gt=0, description="for one answer of the provider")

    @model_validator(mode="after")
    def _nobody_listens(self) -> Self:
        url = urlsplit(self.issuer)
        if not (url.hostname and (url.scheme == "https" or (url.scheme == "http" and is_loopback(url.hostname)))):
            raise ValueError("expected issuer to begin with https://")
        if "openid" not in self.scopes:
            raise ValueError("expected openid among the scopes")
        return self


class SignIn(Table):
    passwords: bool = Field(default=True, description="officers may sign in with an address and a password")
    shortest_password: int = Field(default=12, ge=8, le=128)
    second_factor_for: list[DeskRole] = Field(default=[], description="roles that must have one beside a password")
    reset_minutes: int = Field(default=30, gt=0, description="how long the link of a forgotten password holds")
    invitation_hours: int = Field(default=72, gt=0, description="how long the link for a first password holds")
    tries_per_source: int = Field(
        default=100,
        gt=0,
        description="wrong tries from one network address within 15 minutes before it is refused; and residents' codes",
    )
    provider: Provider | None = None

    @model_validator(mode="after")
    def _some_way_in(self) -> Self:
        if not self.passwords and self.provider is None:
            raise ValueError("expected a provider where passwords are off")
        return self
