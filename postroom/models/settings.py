"""The council's configuration: one typed table, read once, unknown names refused, passed on as an argument.

`load_settings` reads a YAML file; any value can be set over it from the environment, as
`POSTROOM_DATABASE__URL` for `database.url`. Secrets belong there or in a file that a `…_file` setting names.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import AfterValidator, Field, PrivateAttr, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from postroom.models.closing_settings import Closing
from postroom.models.connection_settings import OAuth, Port, Secret, is_loopback
from postroom.models.failures import ConfigurationError
from postroom.models.outgoing_settings import Outgoing
from postroom.models.procedure_settings import OtherLimit, Procedure
from postroom.models.reminder_settings import Reminders
from postroom.models.setting_types import Email, RoleName, Table
from postroom.models.sign_in_settings import SignIn
from postroom.models.webhook_settings import Webhook

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The one in C, where PyYAML has it, takes a tenth of the time."""
NO_CATEGORY = "none"
NO_EXCLUSION = "none"


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError("expected the name of a time zone such as Europe/London") from None
    return value


class Addresses(Table):
    feedback: Email
    compliments: Email
    duty: Email | None = Field(default=None, description="told at once of a message about somebody at risk")


class Ombudsman(Table):
    name: str = "Local Government and Social Care Ombudsman"
    website: str = "www.lgo.org.uk"
    phone: str = "0300 061 0614"


class Council(Table):
    name: str
    domain: str
    reference_prefix: str = Field(pattern=r"^[A-Z]{1,6}$", description="the AR of AR-2026-000123")
    population: int = Field(gt=0, description="for complaints per 100,000 residents")
    calendar: Literal["england-and-wales", "scotland", "northern-ireland"] = "england-and-wales"
    closure_days: list[date] = Field(default=[], description="days on which the council is shut, besides bank holidays")
    time_zone: Annotated[str, AfterValidator(_zone)] = "Europe/London"
    addresses: Addresses
    places: dict[str, list[str]] = Field(default={}, description="area: the names of its places")
    sealed_services: list[str] = Field(default=[], description="services whose cases only their own teams may see")
    ombudsman: Ombudsman = Ombudsman()

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


class Team(Table):
    name: str
    service: str
    about: str
    area: str = ""
    words: list[str] = Field(default=[], description="words by which people name what it does, as potholes")
    from_on: date | None = Field(default=None, description="its first day, where it was not always there")
    until_on: date | None = Field(default=None, description="its last day, where it is no more or ends")
    predecessors: list[str] = Field(default=[], description="teams whose work it took over")

    def stands_on(self, day: date) -> bool:
        """Whether the team is there on `day`, so that it is given work."""
        return (self.from_on is None or self.from_on <= day) and (self.until_on is None or day <= self.until_on)


class WorkingDays(Table):
    roll_to_working_day: bool = Field(default=False, description="receipt on a day off counts as the next working day")
    cut_off_hour: int | None = Field(default=None, ge=1, le=23, description="receipt after this hour is the next day's")


class Casework(Table):
    """Who may do what is rare, and when a complaint is late."""

    dates_corrected_by: list[RoleName] = Field(
        default=["manager", "customer_relations"], description="who may correct a date of a case"
    )
    made_within_months: int = Field(default=12, gt=0, description="later complaints are an officer's decision")
    person_roles: list[str] = Field(default=[], description="what somebody may be to the council: parent, carer, …")


class Database(Table):
    url: str = "sqlite:///data/postroom.db"


class Workers(Table):
    lease_seconds: float = Field(default=300, gt=0, description="a worker that died holds its row for so long")

    @property
    def lease(self) -> timedelta:
        return timedelta(seconds=self.lease_seconds)


class Mailbox(Table):
    """One IMAP mailbox to be read."""

    name: str = Field(pattern=r"^[a-z0-9-]{1,40}$")
    host: str
    port: Port = 993
    tls: bool = Field(default=True, description="TLS from the first byte, the certificate verified")
    starttls: bool = Field(default=False, description="TLS by STARTTLS instead, the certificate verified")
    ca_file: Path | None = Field(default=None, description="whom to trust instead of the machine's authorities")
    allow_clear_text: bool = Field(default=False, description="let the password pass where others can read it")
    user: str
    password: Secret | None = None
    oauth: OAuth | None = None
    folder: str = "INBOX"
    idle: bool = Field(default=True, description="let the server say when mail arrives (RFC 2177), where it can")
    poll_seconds: float = Field(default=30, gt=0)
    timeout_seconds: float = Field(default=30, gt=0, description="for one answer of the server")
    deadline_seconds: float = Field(default=120, gt=0, description="for one poll altogether")
    after_storing: Literal["leave", "flag", "move"] = "leave"
    move_to: str = Field(default="", description="the folder that stored mail is moved to")

    @property
    def secret(self) -> Secret:
        """The password, or what tokens are had for."""
        secret = self.oauth.client_secret if self.oauth else self.password
        assert secret is not None
        return secret

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        if (self.password is None) == (self.oauth is None):
            raise ValueError("expected exactly one of password and oauth")
        if not (self.tls or self.starttls or self.allow_clear_text or is_loopback(self.host)):
            raise ValueError("expected tls or starttls: without them others can read the password (allow_clear_text)")
        return self

    @model_validator(mode="after")
    def _somewhere_to_move(self) -> Self:
        if (self.after_storing == "move") != bool(self.move_to):
            raise ValueError("expected move_to beside after_storing: move, and only there")
        if self.move_to == self.folder:
            raise ValueError("expected move_to to be another folder than the one that is read")
        return self


class SmtpReceiver(Table):
    """Our own SMTP address. Takes mail for the council's addresses and for answers to our letters, and no other."""

    host: str = "127.0.0.1"
    port: Port = 8025
    maximum_connections: int = Field(default=64, gt=0)
    connections_per_address: int = Field(default=20, gt=0)
    idle_seconds: float = Field(default=60, gt=0)
    transaction_seconds: float = Field(default=900, gt=0, description="how long one message may take to come in")
    certificate: Path | None = Field(default=None, description="PEM; STARTTLS is offered where it is set")
    key: Path | None = Field(default=None, description="PEM; empty where the certificate's file holds it too")
    require_tls: bool = Field(default=False, description="mail is taken after STARTTLS alone")

    @model_validator(mode="after")
    def _tls_has_a_certificate(self) -> Self:
        if self.certificate is None and (self.key is not None or self.require_tls):
            raise ValueError("expected a certificate where a key is named or TLS required")
        return self


class Authentication(Table):
    """Who says whether senders are who they say. Where nobody does, no sender is checked."""

    authserv_id: str = Field(
        default="",
        pattern=r"^[^\s;]*$",
        description="the name under which our own gateway writes Authentication-Results (RFC 8601 2.5)",
    )
    verify: bool = Field(
        default=False, description="check SPF, DKIM and DMARC ourselves where the gateway says nothing"
    )
    nameserver: str = Field(
        default="", description="address, or address:port, of the DNS server to ask; empty: the machine's own"
    )

    @property
    def configured(self) -> bool:
        return bool(self.authserv_id) or self.verify

    @property
    def nameserver_address(self) -> tuple[str, int] | None:
        """Address and port; None where the machine's own DNS server is to be asked."""
        named = urlsplit(f"//{self.nameserver}")
        return (named.hostname, named.port or 53) if named.hostname else None

    @model_validator(mode="after")
    def _nameserver_by_number(self) -> Self:
        if self.nameserver:
            try:
                host, _ = self.nameserver_address or ("", 0)
                ip_address(host)
            except ValueError:
                raise ValueError("expected nameserver as an IP address, with or without :port") from None
        return self


class Clamd(Table):
    """The virus scanner that attachments are shown to: clamd, by TCP or by a Unix socket."""

    host: str = ""
    port: Port = 3310
    socket: Path | None = Field(default=None, description="clamd's Unix socket, instead of host and port")
    timeout_seconds: float = Field(default=60, gt=0, description="for one attachment")
    maximum_bytes: int = Field(default=26_214_400, gt=0, description="a larger attachment is not scanned, and says so")

    @model_validator(mode="after")
    def _one_address(self) -> Self:
        if bool(self.host) == (self.socket is not None):
            raise ValueError("expected either host or socket")
        return self


class Intake(Table):
    maximum_bytes: int = Field(default=52_428_800, gt=0, description="a larger mail is refused by SMTP, held by IMAP")
    mailboxes: list[Mailbox] = Field(default=[])
    alarm_after_minutes: float = Field(default=15, gt=0, description="a mailbox not read for so long is an alarm")
    smtp: SmtpReceiver = SmtpReceiver()
    attempts: int = Field(default=5, gt=0, description="tries to file a message before it goes to the holding pen")
    clamd: Clamd | None = Field(default=None, description="the scanner of attachments; nothing is scanned without it")
    authentication: Authentication = Authentication()


class Desk(Table):
    host: str = "127.0.0.1"
    port: Port = 8000
    url: str = Field(default="", description="the address that people type; needed where a proxy stands in front")
    idle_minutes: int = Field(default=60, gt=0)
    absolute_hours: int = Field(default=12, gt=0)
    sign_in: SignIn = SignIn()

    @property
    def public_url(self) -> str:
        return (self.url or f"http://{self.host}:{self.port}").rstrip("/")


class Triage(Table):
    model: Path | None = Field(default=None, description="folder of a trained model; empty: the one shipped with us")
    models: Path = Field(default=Path("data/models"), description="folder of the models that learned from officers")
    blind_share: float = Field(
        default=0.05, ge=0.0, le=1.0, description="of messages, how many an officer judges before seeing the suggestion"
    )
    embeddings: Literal["auto", "off"] = Field(
        default="auto", description="whether sentence embeddings are used where 'postroom embeddings add' brought them"
    )
    campaign_senders: int = Field(
        default=3, ge=2, description="people who send nearly the same: a campaign from then on"
    )
    campaign_days: int = Field(default=30, ge=1, description="days within which they do")


class Residents(Table):
    """The page on which residents follow their case."""

    follow: bool = Field(default=True, description="whether there is one")
    url: str = Field(default="", description="where residents reach it, where that is not the desk's address")
    code_minutes: int = Field(default=15, gt=0, description="how long a code holds that was sent")
    visit_minutes: int = Field(default=30, gt=0, description="how long a visit lasts that began with a code")


class Reports(Table):
    target_within: float = Field(
        default=0.9, gt=0, le=1, description="of the dates that fall due, how many are to be kept"
    )


class Settings(BaseSettings):
    """All of the configuration. `folder` is where the file stood; relative paths start there."""

    model_config = SettingsConfigDict(
        env_prefix="POSTROOM_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
    )

    council: Council
    feedback_types: list[str]
    categories: dict[str, list[str]]
    exclusions: list[str]
    teams: dict[str, Team]
    procedures: dict[str, Procedure]
    working_days: WorkingDays = WorkingDays()
    closing: Closing = Closing()
    casework: Casework = Casework()
    database: Database = Database()
    workers: Workers = Workers()
    intake: Intake = Intake()
    outgoing: Outgoing = Outgoing()
    reminders: Reminders = Reminders()
    desk: Desk = Desk()
    triage: Triage = Triage()
    reports: Reports = Reports()
    residents: Residents = Residents()
    webhooks: list[Webhook] = Field(default=[])
    signing_key: Secret = Secret(env="POSTROOM_SECRET")
    _folder: Path = PrivateAttr(default=Path())

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over the file."""
        return env_settings, init_settings

    def path(self, relative: Path) -> Path:
        """`relative` seen from the folder of the configuration file."""
        return relative if relative.is_absolute() else self._folder / relative

    @property
    def database_url(self) -> str:
        """The database's URL, an SQLite path seen from the folder of the configuration file."""
        prefix = "sqlite:///"
        if self.database.url.startswith(prefix):
            return prefix + str(self.path(Path(self.database.url.removeprefix(prefix))))
        return self.database.url

    @property
    def follow_url(self) -> str:
        """Where residents follow their case; empty where there is no such page."""
        return f"{(self.residents.url or self.desk.public_url).rstrip('/')}/follow" if self.residents.follow else ""

    def is_sealed(self, team: str) -> bool:
        """Whether cases of `team` may be seen by that team alone."""
        return team in self.teams and self.teams[team].service in self.council.sealed_services

    def teams_on(self, day: date) -> dict[str, Team]:
        """The teams that are there on `day`, by their ids."""
        return {id_: team for id_, team in self.teams.items() if team.stands_on(day)}

    def team_on(self, team: str, day: date) -> str:
        """`team`, or where it is not there on `day` the one that took over its work; empty where that is none or
        several."""
        teams = self.teams_on(day)
        if team in teams:
            return team
        after = [id_ for id_, other in teams.items() if team in other.predecessors]
        return after[0] if len(after) == 1 else ""

    def stage_name(self, procedure: str, stage: str) -> str:
        """What people call a stage, by its id; the id where the configuration has it no longer."""
        found = self.procedures[procedure].stage(stage) if procedure in self.procedures else None
        return found.name if found else stage

    @model_validator(mode="after")
    def _names_exist(self) -> Self:
        problems = list(_unknown_names(self))
        if problems:
            raise ValueError("\n".join(problems))
        return self


def _dates_of_team(id_: str, team: Team, settings: Settings) -> Iterator[str]:
    """What can't be of a team's first and last day and of those before it, each with its path."""
    if team.from_on and team.until_on and team.until_on < team.from_on:
        yield f"teams.{id_}.until_on: expected a day from {team.from_on} on; got {team.until_on}"
    for name in team.predecessors:
        if name == id_ or name not in settings.teams:
            yield f"teams.{id_}.predecessors: expected other teams of the configuration; got {name}"
        elif settings.teams[name].until_on is None:
            yield f"teams.{name}.until_on: expected its last day, for {id_} takes over its work"


def _unknown_names(settings: Settings) -> list[str]:
    """Names that point nowhere, each with its path."""
    problems: list[str] = []

    def expect(path: str, name: str, known: Any) -> None:
        if name not in known:
            problems.append(f"{path}: expected one of {', '.join(known)}; got {name}")

    services = {team.service for team in settings.teams.values()}
    for type_ in settings.categories:
        expect(f"categories.{type_}", type_, settings.feedback_types)
    if NO_EXCLUSION not in settings.exclusions:
        problems.append(f"exclusions: expected {NO_EXCLUSION} to be among them")
    for id_, team in settings.teams.items():
        if team.area:
            expect(f"teams.{id_}.area", team.area, settings.council.places)
        problems += _dates_of_team(id_, team, settings)
    for service in settings.council.sealed_services:
        expect("council.sealed_services", service, sorted(services))
    for id_, procedure in settings.procedures.items():
        for type_ in procedure.types:
            expect(f"procedures.{id_}.types", type_, settings.feedback_types)
        for service in procedure.services:
            expect(f"procedures.{id_}.services", service, sorted(services))
        for name in procedure.teams:
            expect(f"procedures.{id_}.teams", name, settings.teams)
        problems += [f"procedures.{id_}.{path}: {expected}" for path, expected in procedure.problems()]
        for path, other in _other_limits(procedure):
            for kind, names, known in (
                ("services", other.services, sorted(services)),
                ("teams", other.teams, list(settings.teams)),
                ("categories", other.categories, sorted({c for some in settings.categories.values() for c in some})),
            ):
                for name in names:
                    expect(f"procedures.{id_}.{path}.{kind}", name, known)
    reminding = settings.reminders.unknown_names(list(settings.teams), sorted(services))
    problems += [f"reminders.{path}: {expected}" for path, expected in reminding]
    for path, types in settings.outgoing.named_types().items():
        for type_ in types:
            expect(f"outgoing.{path}", type_, settings.feedback_types)
    problems += [f"closing.{path}: {expected}" for path, expected in settings.closing.problems(settings.feedback_types)]
    covered = {t for p in settings.procedures.values() if not (p.services or p.teams) for t in p.types}
    for type_ in settings.feedback_types:
        if type_ not in covered:
            problems.append(f"procedures: expected one for every service that takes the type {type_}")
    names = [mailbox.name for mailbox in settings.intake.mailboxes]
    for name in sorted({n for n in names if names.count(n) > 1}):
        problems.append(f"intake.mailboxes: expected each name once; {name} stands twice")
    return problems


def _other_limits(procedure: Procedure) -> Iterator[tuple[str, OtherLimit]]:
    for number, stage in enumerate(procedure.stages):
        for name, step in stage.steps.items():
            for place, other in enumerate(step.other_limits):
                yield f"stages.{number}.steps.{name}.other_limits.{place}", other


def load_settings(path: Path) -> Settings:
    """Read `path`. Raises `ConfigurationError` naming the file, the place in it and what was expected."""
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), _LOADER)  # noqa: S506 - a safe loader
    except FileNotFoundError:
        raise ConfigurationError([f"{path}: no such file. Name another with --config."]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError([f"{path}: can't be read: {error}"]) from None
    except yaml.YAMLError as error:
        raise ConfigurationError([f"{path}: not YAML: {error}"]) from None
    if not isinstance(content, dict):
        raise ConfigurationError([f"{path}: expected a table of settings at the top"])
    try:
        settings = Settings(**content)
    except ValidationError as error:
        raise ConfigurationError([line for detail in error.errors() for line in _problem(path, detail)]) from None
    settings._folder = path.resolve().parent
    return settings


def _problem(path: Path, detail: Any) -> list[str]:
    place = ".".join(str(part) for part in detail["loc"])
    message = detail["msg"].removeprefix("Value error, ")
    if not place:
        return [f"{path}: {line}" for line in message.splitlines()]
    if detail["type"] == "extra_forbidden":
        message = "no such setting; see docs/reference/configuration.md"
    given = detail.get("input")
    got = f"; got {given!r}" if isinstance(given, str | int | float | bool) and "password" not in place else ""
    return [f"{path}: {place}: {message}{got}"]
