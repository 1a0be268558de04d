"""The people who may sign in to the desk: adding them, their role, their teams with dates, and locking them out."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlmodel import Session, col, func, select

from postroom.desk import second_factor
from postroom.desk.desk_record import note
from postroom.desk.passwords import hashed, set_password, wrong_with
from postroom.desk.sessions import end_sessions
from postroom.desk.wording import words
from postroom.models.failures import ImpossibleMove, NotFound
from postroom.models.officer import Officer, Role, TeamMember
from postroom.models.settings import Settings
from postroom.notifications.envelopes import usable_address


def add_officer(
    session: Session,
    settings: Settings,
    *,
    email: str,
    name: str,
    role: Role,
    now: datetime,
    password: str | None = None,
    teams: Sequence[str] = (),
    by: int | None = None,
) -> Officer:
    """Add an officer, who can sign in at once where there is a `password`. The caller commits. Raises `ImpossibleMove`
    with what is wrong."""
    email, name = email.strip().lower(), name.strip()
    problem = _wrong_with(session, settings, email, name) or _unknown(teams, settings)
    problem = problem or (wrong_with(password, settings, email) if password is not None else "")
    if problem:
        raise ImpossibleMove(problem)
    officer = Officer(email=email, name=name, role=role, created_at=now)
    officer.password_hash = hashed(password) if password is not None else ""
    session.add(officer)
    session.flush()
    assert officer.id is not None
    session.add_all([TeamMember(officer_id=officer.id, team=team) for team in sorted(set(teams))])
    note(session, "officer", f"{name} was added as {_a(role)}", by=by, about=officer.id, now=now)
    session.flush()
    return officer


def find_officer(session: Session, officer_id: int) -> Officer:
    """Raises `NotFound`."""
    officer = session.get(Officer, officer_id)
    if officer is None:
        raise NotFound("There is no such officer.")
    return officer


def has_administrator(session: Session) -> bool:
    """Whether anybody active is an administrator."""
    return _administrators(session) > 0


def change_officer(
    session: Session,
    officer: Officer,
    settings: Settings,
    *,
    email: str,
    name: str,
    role: Role,
    by: int,
    now: datetime,
) -> None:
    """Change who they are. A new role ends their sessions, so that nothing that they had open goes on under the old."""
    email, name = email.strip().lower(), name.strip()
    problem = _wrong_with(session, settings, email, name, officer.id)
    if problem:
        raise ImpossibleMove(problem)
    changed = []
    if email != officer.email:
        changed.append(f"address {officer.email} became {email}")
    if name != officer.name:
        changed.append(f"name {officer.name} became {name}")
    if role != officer.role:
        _keep_an_administrator(session, officer, by, "give up that role")
        changed.append(f"role {_a(Role(officer.role))} became {_a(role)}")
        end_sessions(session, officer.id or 0)
    officer.email, officer.name, officer.role = email, name, role
    session.add(officer)
    if changed:
        note(session, "officer", f"{name}: {', '.join(changed)}", by=by, about=officer.id, now=now)


def join_team(
    session: Session,
    officer: Officer,
    settings: Settings,
    *,
    team: str,
    from_on: date | None,
    until_on: date | None,
    by: int,
    now: datetime,
) -> None:
    """Make an officer a member of a team, from and until the days given, both included."""
    problem = _unknown([team], settings)
    if problem:
        raise ImpossibleMove(problem)
    if from_on is not None and until_on is not None and until_on < from_on:
        raise ImpossibleMove("The last day must not be before the first.")
    assert officer.id is not None
    theirs = session.exec(select(TeamMember).where(TeamMember.officer_id == officer.id, TeamMember.team == team))
    if any(_overlap(each, from_on, until_on) for each in theirs):
        raise ImpossibleMove(f"{officer.name} is in {settings.teams[team].name} on some of these days already.")
    session.add(TeamMember(officer_id=officer.id, team=team, from_on=from_on, until_on=until_on))
    summary = f"{officer.name} joins {settings.teams[team].name}{_days(from_on, until_on)}"
    note(session, "team", summary, by=by, about=officer.id, now=now)


def leave_team(
    session: Session, officer: Officer, settings: Settings, *, member_id: int, last_day: date, by: int, now: datetime
) -> None:
    """Let a membership end with `last_day`; one that has not begun by then is taken away."""
    member = session.get(TeamMember, member_id)
    if member is None or member.officer_id != officer.id:
        raise NotFound("There is no such membership.")
    name = settings.teams[member.team].name if member.team in settings.teams else member.team
    if member.from_on is not None and member.from_on > last_day:
        session.delete(member)
    else:
        member.until_on = last_day
        session.add(member)
    note(session, "team", f"{officer.name} leaves {name} after {last_day:%-d %B %Y}", by=by, about=officer.id, now=now)


def lock_officer(session: Session, officer: Officer, *, by: int, now: datetime) -> None:
    """Let somebody sign in no longer, and end their sessions."""
    _keep_an_administrator(session, officer, by, "lock yourself out")
    officer.active = False
    session.add(officer)
    end_sessions(session, officer.id or 0)
    note(session, "locked", f"{officer.name} was locked out", by=by, about=officer.id, now=now)


def unlock_officer(session: Session, officer: Officer, *, by: int, now: datetime) -> None:
    """Let somebody sign in again, also one who gave wrong passwords."""
    officer.active, officer.failed_sign_ins, officer.locked_until = True, 0, None
    session.add(officer)
    note(session, "locked", f"{officer.name} may sign in again", by=by, about=officer.id, now=now)


def forget_second_factor(session: Session, officer: Officer, *, by: int | None, now: datetime) -> None:
    """Take away the second factor of somebody who lost it, and end their sessions."""
    second_factor.remove(session, officer)
    end_sessions(session, officer.id or 0)
    note(session, "second factor", f"{officer.name}'s second factor was taken away", by=by, about=officer.id, now=now)


def let_in_again(
    session: Session, settings: Settings, *, email: str, password: str, forget_factor: bool, now: datetime
) -> None:
    """Give somebody a new password from outside the desk, and let them sign in. Raises `NotFound`, `ImpossibleMove`."""
    officer = session.exec(select(Officer).where(Officer.email == email.strip().lower())).first()
    if officer is None:
        raise NotFound(f"There is no officer with the address {email}.")
    officer.active = True
    set_password(session, officer, password, settings=settings, by=None, now=now)
    if forget_factor:
        forget_second_factor(session, officer, by=None, now=now)


def _keep_an_administrator(session: Session, officer: Officer, by: int, what: str) -> None:
    if officer.role != Role.ADMINISTRATOR:
        return
    if officer.id == by:
        raise ImpossibleMove(f"You can't {what}. Ask another administrator.")
    if officer.active and _administrators(session) < 2:
        raise ImpossibleMove(f"{officer.name} is the only administrator. Name another first.")


def _administrators(session: Session) -> int:
    query = select(func.count(col(Officer.id))).where(Officer.role == Role.ADMINISTRATOR, col(Officer.active))
    return session.exec(query).one()


def _wrong_with(session: Session, settings: Settings, email: str, name: str, own_id: int | None = None) -> str:
    local, _, domain = email.rpartition("@")
    if not local or not domain or not usable_address(email):
        return f"Give an email address such as name@{settings.council.domain}; got {email or 'nothing'}."
    if not name:
        return "Give the officer's name."
    other = session.exec(select(Officer.id).where(Officer.email == email)).first()
    return f"There is an officer with the address {email} already." if other not in (None, own_id) else ""


def _unknown(teams: Sequence[str], settings: Settings) -> str:
    unknown = [team for team in teams if team not in settings.teams]
    return f"Choose teams of the configuration; there is none called {', '.join(unknown)}." if unknown else ""


def _overlap(member: TeamMember, from_on: date | None, until_on: date | None) -> bool:
    begins, ends = member.from_on or date.min, member.until_on or date.max
    return begins <= (until_on or date.max) and (from_on or date.min) <= ends


def _days(from_on: date | None, until_on: date | None) -> str:
    begins = f" from {from_on:%-d %B %Y}" if from_on else ""
    return begins + (f" until {until_on:%-d %B %Y}" if until_on else "")


def _a(role: Role) -> str:
    return words(role).lower()
