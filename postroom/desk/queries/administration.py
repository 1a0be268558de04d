"""What the administrators' pages show, as frozen rows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, func, or_, select
from sqlalchemy.engine import make_url
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from postroom.desk.queries.pages import Paged, page_of
from postroom.models.case import Case, CaseStatus
from postroom.models.database import open_session
from postroom.models.mailbox import MailboxCursor
from postroom.models.officer import Officer, SealedView, TeamMember
from postroom.models.settings import Settings, Team
from postroom.models.sign_in import DeskEvent, ForeignAccount


@dataclass(frozen=True)
class Membership:
    """Days in a team; `standing` is "now", "later" or "over"."""

    id: int
    team: str
    from_on: date | None
    until_on: date | None
    standing: str


@dataclass(frozen=True)
class OfficerRow:
    """An officer in the list; `state` is "active", "locked", "locked for a while" or "invited"."""

    id: int
    name: str
    email: str
    role: str
    state: str
    second_factor: bool
    teams: tuple[str, ...]


@dataclass(frozen=True)
class MailboxState:
    """A mailbox of the configuration as it stands; `late`: not read for so long that it is an alarm."""

    name: str
    host: str
    user: str
    folder: str
    read_at: datetime | None
    on_server: int
    missing: int
    error: str
    late: bool


@dataclass(frozen=True)
class TeamRow:
    """A team of the configuration; `standing` is "now", "later" or "over". `members` are those of today by name, `open`
    its open cases; `stranded`: it has ended, and they are to be given to another."""

    id: str
    name: str
    service: str
    from_on: date | None
    until_on: date | None
    standing: str
    predecessors: tuple[str, ...]
    members: tuple[str, ...]
    open: int

    @property
    def stranded(self) -> bool:
        return self.standing == "over" and self.open > 0


@dataclass(frozen=True)
class Line:
    """One line of the record of the desk."""

    at: datetime
    by: str
    kind: str
    summary: str


@dataclass(frozen=True)
class Look:
    """One look at a sealed case."""

    at: datetime
    by: str
    reference: str
    restricted: bool


def officers(engine: Engine, wanted: str, today: date, now: datetime) -> list[OfficerRow]:
    """Those whose name or address holds `wanted`, the active first."""
    query = select(Officer).order_by(col(Officer.active).desc(), Officer.name)
    if wanted:
        like = f"%{wanted.replace('%', '').replace('_', '')}%"
        query = query.where(or_(col(Officer.name).ilike(like), col(Officer.email).ilike(like)))
    with open_session(engine, read_only=True) as session:
        found = session.execute(query).scalars().all()
        teams: dict[int, list[str]] = {}
        for member in session.execute(select(TeamMember).order_by(TeamMember.team)).scalars():
            if _standing(member, today) == "now":
                teams.setdefault(member.officer_id, []).append(member.team)
        tied = set(session.execute(select(col(ForeignAccount.officer_id))).scalars())
    return [
        OfficerRow(
            each.id or 0,
            each.name,
            each.email,
            each.role,
            state_of(each, each.id in tied, now),
            each.totp_since is not None,
            tuple(teams.get(each.id or 0, ())),
        )
        for each in found
    ]


def state_of(officer: Officer, tied: bool, now: datetime) -> str:
    """How an officer stands: see `OfficerRow`."""
    if not officer.active:
        return "locked"
    if officer.locked_until is not None and officer.locked_until > now:
        return "locked for a while"
    return "active" if officer.password_hash or tied else "invited"


def is_tied(session: Session, officer_id: int) -> bool:
    """Whether an account at the council's own provider is tied to them."""
    return (
        session.execute(select(ForeignAccount).where(col(ForeignAccount.officer_id) == officer_id)).first() is not None
    )


def memberships(session: Session, officer_id: int, today: date) -> list[Membership]:
    """All of an officer's memberships, those that are over last."""
    query = select(TeamMember).where(col(TeamMember.officer_id) == officer_id).order_by(TeamMember.team)
    rows = [
        Membership(each.id or 0, each.team, each.from_on, each.until_on, _standing(each, today))
        for each in session.execute(query).scalars()
    ]
    return sorted(rows, key=lambda row: ("now", "later", "over").index(row.standing))


def teams(engine: Engine, settings: Settings, today: date) -> list[TeamRow]:
    """The teams of the configuration with their people, by service and name; those that are over last."""
    members: dict[str, list[str]] = {}
    query = (
        select(TeamMember, col(Officer.name))
        .join(Officer, col(Officer.id) == TeamMember.officer_id)
        .where(col(Officer.active).is_(True))
    )
    cases = select(col(Case.team), func.count()).where(col(Case.status) == CaseStatus.OPEN).group_by(col(Case.team))
    with open_session(engine, read_only=True) as session:
        for member, name in session.execute(query.order_by(col(Officer.name))):
            if _standing(member, today) == "now":
                members.setdefault(member.team, []).append(name)
        number = {row[0]: row[1] for row in session.execute(cases)}
    rows = [
        TeamRow(
            id_,
            team.name,
            team.service,
            team.from_on,
            team.until_on,
            _standing(team, today),
            tuple(team.predecessors),
            tuple(members.get(id_, ())),
            number.get(id_, 0),
        )
        for id_, team in settings.teams.items()
    ]
    return sorted(rows, key=lambda row: (row.standing == "over", row.service, row.name))


def mailboxes(engine: Engine, settings: Settings, now: datetime) -> list[MailboxState]:
    """The mailboxes of the configuration, each as it was last read."""
    with open_session(engine, read_only=True) as session:
        cursors = {(row.mailbox, row.folder): row for row in session.execute(select(MailboxCursor)).scalars()}
    alarm = now - timedelta(minutes=settings.intake.alarm_after_minutes)
    rows = []
    for box in settings.intake.mailboxes:
        cursor = cursors.get((box.name, box.folder)) or MailboxCursor(mailbox=box.name, folder=box.folder)
        late = cursor.read_at is None or cursor.read_at < alarm
        rows.append(
            MailboxState(
                box.name,
                box.host,
                box.user,
                box.folder,
                cursor.read_at,
                cursor.on_server,
                cursor.missing,
                cursor.error,
                late,
            )
        )
    return rows


def record_of_desk(engine: Engine, number: int, about: int | None = None) -> Paged[Line]:
    """What was done at the desk, the newest first; with `about` only what is about that officer."""
    query: Any = (
        select(col(DeskEvent.at), col(Officer.name), col(DeskEvent.kind), col(DeskEvent.summary))
        .outerjoin_from(DeskEvent, Officer, col(Officer.id) == DeskEvent.officer_id)
        .order_by(col(DeskEvent.id).desc())
    )
    if about is not None:
        query = query.where(col(DeskEvent.about_id) == about)
    with open_session(engine, read_only=True) as session:
        found = page_of(session, query, number)
    return Paged([Line(at, by or "", kind, summary) for at, by, kind, summary in found.rows], number, found.total)


def looks_at_sealed(engine: Engine, number: int) -> Paged[Look]:
    """Who looked at which sealed or restricted case, the newest first."""
    viewer = aliased(Officer)
    query: Any = (
        select(col(SealedView.at), col(viewer.name), col(Case.reference), col(Case.restricted))
        .join_from(SealedView, viewer, col(viewer.id) == SealedView.officer_id)
        .join(Case, col(Case.id) == SealedView.case_id)
        .order_by(col(SealedView.id).desc())
    )
    with open_session(engine, read_only=True) as session:
        found = page_of(session, query, number)
    return Paged([Look(*row) for row in found.rows], number, found.total)


def configuration(settings: Settings) -> dict[str, list[tuple[str, str]]]:
    """The configuration as it was read, path by path under its first name. A secret shows as where it is kept."""
    found: dict[str, list[tuple[str, str]]] = {}
    for path, value in _paths(settings.model_dump(mode="json"), ""):
        if path == "database.url":
            value = make_url(str(value)).render_as_string(hide_password=True)
        found.setdefault(path.partition(".")[0], []).append((path, value))
    return found


def _paths(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        if set(value) == {"env", "file"}:
            yield path, f"secret, from the variable {value['env']}" if value["env"] else f"secret, from {value['file']}"
            return
        for name, each in value.items():
            yield from _paths(each, f"{path}.{name}" if path else str(name))
        if not value and path:
            yield path, "none"
    elif isinstance(value, list) and any(isinstance(each, Mapping) for each in value):
        for number, each in enumerate(value):
            yield from _paths(each, f"{path}.{number}")
    elif isinstance(value, list):
        yield path, ", ".join(str(each) for each in value) or "none"
    else:
        yield path, _plainly(value)


def _plainly(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None or value == "" else str(value)


def _standing(dated: TeamMember | Team, today: date) -> str:
    if dated.from_on is not None and dated.from_on > today:
        return "later"
    return "over" if dated.until_on is not None and dated.until_on < today else "now"
