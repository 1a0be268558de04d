"""Outgoing mail as configuration: how it leaves, how much of it, and what its letters must say."""

from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from postroom.models.connection_settings import OAuth, Port, Secret, is_loopback
from postroom.models.setting_types import Table


class SmtpTransport(Table):
    """The council's mail server, that our mail is handed to."""

    host: str = "127.0.0.1"
    port: Port = 25
    starttls: bool = Field(default=False, description="change to TLS before anything is said, the certificate verified")
    tls: bool = Field(default=False, description="TLS from the first byte instead (port 465), the certificate verified")
    ca_file: Path | None = Field(default=None, description="whom to trust instead of the machine's authorities")
    allow_clear_text: bool = Field(default=False, description="let the password pass where others can read it")
    user: str = ""
    password: Secret | None = None
    oauth: OAuth | None = None
    timeout_seconds: float = Field(default=30, gt=0)

    @property
    def secret(self) -> Secret | None:
        """The password, or what tokens are had for; None where nobody signs in."""
        return self.oauth.client_secret if self.oauth else self.password

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        if self.password is not None and self.oauth is not None:
            raise ValueError("expected at most one of password and oauth")
        if self.starttls and self.tls:
            raise ValueError("expected at most one of starttls and tls")
        if (self.secret is None) == bool(self.user):
            raise ValueError("expected user together with password or oauth")
        if self.secret and not (self.tls or self.starttls or self.allow_clear_text or is_loopback(self.host)):
            raise ValueError("expected starttls or tls: without them others can read the password (allow_clear_text)")
        return self


class Notify(Table):
    """GOV.UK Notify, for email, for letters on paper, or for both."""

    url: str = "https://api.notifications.service.gov.uk"
    api_key: Secret
    email_template: str = Field(
        default="", description="the id of a template there: subject ((subject)), text ((body)); empty: email by SMTP"
    )
    email_reply_to: str = Field(default="", description="the id of the reply-to address there")
    post: bool = Field(default=False, description="send letters on paper by it too")
    postage: Literal["first", "second", "economy"] = "second"
    timeout_seconds: float = Field(default=30, gt=0)

    @model_validator(mode="after")
    def _works(self) -> Self:
        url = urlsplit(self.url)
        if not (url.hostname and (url.scheme == "https" or is_loopback(url.hostname))):
            raise ValueError("expected url to begin with https://")
        if not (self.email_template or self.post):
            raise ValueError("expected email_template or post: else nothing goes by Notify")
        return self


class Outgoing(Table):
    smtp: SmtpTransport = SmtpTransport()
    notify: Notify | None = Field(default=None, description="nothing goes by GOV.UK Notify where it is not set")
    letters: Path = Field(default=Path("letters"), description="folder of letter templates, from the configuration")
    letters_per_address_and_day: int = Field(default=4, gt=0)
    mails_per_domain_and_minute: int = Field(default=60, gt=0, description="more to one domain wait, others don't")
    attempts: int = Field(default=8, gt=0, description="tries before a mail is left to an officer")
    instant_acknowledgement: bool = Field(default=False, description="a short receipt at once, before anybody reads it")
    acknowledgement_minutes: int = Field(
        default=1,
        ge=0,
        description="an acknowledgement waits so long, so that the confirmation can be undone till then",
    )
    own_letter_minutes: int = Field(
        default=15, ge=0, description="how long an officer has to write to the person about a decision before ours goes"
    )
    ombudsman_types: list[str] = Field(
        default=["complaint"], description="letters about these feedback types must name the Ombudsman"
    )
    passed_on_types: list[str] = Field(
        default=["compliment"], description="what was said is passed on to the team's managers once it is confirmed"
    )
    folder: Path | None = Field(
        default=None, description="mail is written here as files and not sent: to try things out"
    )
    post_folder: Path = Field(
        default=Path("data/post"), description="letters on paper are put here as PDF, to be printed"
    )

    def named_types(self) -> dict[str, list[str]]:
        """The feedback types that are named here, by setting."""
        return {"ombudsman_types": self.ombudsman_types, "passed_on_types": self.passed_on_types}
