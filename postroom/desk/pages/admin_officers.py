"""The administrators' pages about people: who there is, what they may do, their teams, and their ways in."""

from collections.abc import Callable, Mapping
from datetime import timedelta

from fastapi import Request, Response
from sqlmodel import Session

from postroom.desk import officers, second_factor
from postroom.desk.forms.fields import Field, Given, Kind, Option, filled, wrong_in
from postroom.desk.pages.numbers import Number
from postroom.desk.passwords import send_link
from postroom.desk.queries import administration as queries
from postroom.desk.rendering import go_to, page, pagination
from postroom.desk.rights import Form, Visitor
from postroom.desk.sessions import end_one, end_sessions, sessions_of
from postroom.desk.surroundings import Desk, Surroundings
from postroom.desk.wording import words
from postroom.models.database import open_session
from postroom.models.failures import ImpossibleMove
from postroom.models.officer import Officer, Role
from postroom.models.settings import Settings

_PEOPLE = "/admin/officers"


def show_officers(request: Request, desk: Desk, name: str = "") -> Response:
    """Who may sign in, and who no longer."""
    found = queries.officers(desk.engine, name.strip(), desk.today(), desk.now())
    return page(request, "admin-officers.html", heading="Officers", officers=found, wanted=name.strip())


def show_officer(request: Request, desk: Desk, officer_id: int, number: Number = 1) -> Response:
    """One officer: role, teams with dates, ways in, sessions, and what was done about them."""
    return _officer(request, desk, officer_id, number)


def show_new(request: Request, desk: Desk) -> Response:
    """The form for a new officer."""
    fields = _new_fields(desk.settings)
    return _form(request, "Add an officer", "Add them", fields, filled(fields), _PEOPLE)


def add(request: Request, desk: Desk, visitor: Visitor, boxes: Form) -> Response:
    """Add an officer and send them a link for their first password, where passwords are used."""
    fields, given, now, added = _new_fields(desk.settings), Given(boxes), desk.now(), 0

    def do(session: Session) -> None:
        nonlocal added
        officer = officers.add_officer(
            session,
            desk.settings,
            email=given.text("email"),
            name=given.text("name"),
            role=Role(given.text("role")),
            teams=[given.text("team")] if given.text("team") else [],
            now=now,
            by=visitor.officer_id,
        )
        if desk.settings.desk.sign_in.passwords:
            send_link(session, officer, invitation=True, settings=desk.settings, by=visitor.officer_id, now=now)
        added = officer.id or 0

    wrong = wrong_in(fields, boxes) or _tried(desk, do, "email")
    if wrong:
        return _form(request, "Add an officer", "Add them", fields, boxes, _PEOPLE, wrong)
    return go_to(f"{_PEOPLE}/{added}", "officer-added")


def show_details(request: Request, desk: Desk, officer_id: int) -> Response:
    """The form for who they are and their role."""
    with open_session(desk.engine, read_only=True) as session:
        officer = officers.find_officer(session, officer_id)
    fields = _detail_fields(officer)
    return _form(request, f"Change {officer.name}", "Change them", fields, filled(fields), f"{_PEOPLE}/{officer_id}")


def change_details(request: Request, desk: Desk, visitor: Visitor, boxes: Form, officer_id: int) -> Response:
    """Change name, address and role."""
    given = Given(boxes)
    with open_session(desk.engine, read_only=True) as session:
        before = officers.find_officer(session, officer_id)
    fields = _detail_fields(before)

    def do(session: Session) -> None:
        officers.change_officer(
            session,
            officers.find_officer(session, officer_id),
            desk.settings,
            email=given.text("email"),
            name=given.text("name"),
            role=Role(given.text("role")),
            by=visitor.officer_id,
            now=desk.now(),
        )

    wrong = wrong_in(fields, boxes) or _tried(desk, do, "role")
    if wrong:
        return _form(request, f"Change {before.name}", "Change them", fields, boxes, f"{_PEOPLE}/{officer_id}", wrong)
    return go_to(f"{_PEOPLE}/{officer_id}", "officer-changed")


def show_team(request: Request, desk: Desk, officer_id: int) -> Response:
    """The form for a further team."""
    with open_session(desk.engine, read_only=True) as session:
        officer = officers.find_officer(session, officer_id)
    fields = _team_fields(desk.settings)
    title = f"Add a team for {officer.name}"
    return _form(request, title, "Add the team", fields, filled(fields), f"{_PEOPLE}/{officer_id}")


def add_team(request: Request, desk: Desk, visitor: Visitor, boxes: Form, officer_id: int) -> Response:
    """Make them a member of a team, for some days or for good."""
    fields, given = _team_fields(desk.settings), Given(boxes)
    with open_session(desk.engine, read_only=True) as session:
        officer = officers.find_officer(session, officer_id)

    def do(session: Session) -> None:
        days = {name: given.day(name) if given.text(f"{name}-day") else None for name in ("from_on", "until_on")}
        officers.join_team(
            session,
            officers.find_officer(session, officer_id),
            desk.settings,
            team=given.text("team"),
            from_on=days["from_on"],
            until_on=days["until_on"],
            by=visitor.officer_id,
            now=desk.now(),
        )

    wrong = wrong_in(fields, boxes) or _tried(desk, do, "team")
    if wrong:
        title = f"Add a team for {officer.name}"
        return _form(request, title, "Add the team", fields, boxes, f"{_PEOPLE}/{officer_id}", wrong)
    return go_to(f"{_PEOPLE}/{officer_id}", "team-changed")


def end_team(desk: Desk, visitor: Visitor, officer_id: int, member_id: int) -> Response:
    """Let a membership end: yesterday was its last day."""

    def do(session: Session, officer: Officer) -> None:
        officers.leave_team(
            session,
            officer,
            desk.settings,
            member_id=member_id,
            last_day=desk.today() - timedelta(days=1),
            by=visitor.officer_id,
            now=desk.now(),
        )

    return _done(desk, officer_id, do, "team-changed")


def lock(desk: Desk, visitor: Visitor, officer_id: int) -> Response:
    """Let them sign in no longer."""
    return _done(
        desk,
        officer_id,
        lambda session, officer: officers.lock_officer(session, officer, by=visitor.officer_id, now=desk.now()),
        "officer-locked",
    )


def unlock(desk: Desk, visitor: Visitor, officer_id: int) -> Response:
    """Let them sign in again."""
    return _done(
        desk,
        officer_id,
        lambda session, officer: officers.unlock_officer(session, officer, by=visitor.officer_id, now=desk.now()),
        "officer-unlocked",
    )


def send_password_link(desk: Desk, visitor: Visitor, officer_id: int) -> Response:
    """Send them a link to choose a password."""

    def do(session: Session, officer: Officer) -> None:
        first = not officer.password_hash
        by, now = visitor.officer_id, desk.now()
        if not officer.active or not desk.settings.desk.sign_in.passwords:
            raise ImpossibleMove(f"{officer.name} can't sign in with a password.")
        send_link(session, officer, invitation=first, settings=desk.settings, by=by, now=now)

    return _done(desk, officer_id, do, "link-sent")


def forget_second_factor(desk: Desk, visitor: Visitor, officer_id: int) -> Response:
    """Take the second factor away from somebody who lost it."""
    return _done(
        desk,
        officer_id,
        lambda session, officer: officers.forget_second_factor(session, officer, by=visitor.officer_id, now=desk.now()),
        "second-factor-forgotten",
    )


def end_their_sessions(desk: Desk, boxes: Form, officer_id: int) -> Response:
    """End one of their sessions, or all."""
    handle = boxes.get("handle", "")

    def do(session: Session, officer: Officer) -> None:
        assert officer.id is not None
        if handle == "all":
            end_sessions(session, officer.id)
        else:
            end_one(session, officer.id, handle)

    return _done(desk, officer_id, do, "session-ended")


def _done(desk: Surroundings, officer_id: int, do: Callable[[Session, Officer], None], done: str) -> Response:
    with open_session(desk.engine) as session:
        do(session, officers.find_officer(session, officer_id))
        session.commit()
    return go_to(f"{_PEOPLE}/{officer_id}", done)


def _tried(desk: Surroundings, do: Callable[[Session], None], blamed: str) -> dict[str, str]:
    """Do it and commit; what was refused, by the name of the field that it is shown at."""
    try:
        with open_session(desk.engine) as session:
            do(session)
            session.commit()
    except ImpossibleMove as refused:
        return {blamed: str(refused)}
    return {}


def _officer(request: Request, desk: Surroundings, officer_id: int, number: int) -> Response:
    now, settings = desk.now(), desk.settings
    with open_session(desk.engine, read_only=True) as session:
        officer = officers.find_officer(session, officer_id)
        teams = queries.memberships(session, officer_id, desk.today())
        tied = queries.is_tied(session, officer_id)
        sessions = sessions_of(session, officer_id, settings=settings.desk, now=now)
        codes = second_factor.codes_left(session, officer_id)
    lines = queries.record_of_desk(desk.engine, number, officer_id)
    return page(
        request,
        "admin-officer.html",
        heading=officer.name,
        officer=officer,
        teams=teams,
        tied=tied,
        state=queries.state_of(officer, tied, now),
        sessions=sessions,
        codes_left=codes,
        needed=second_factor.needs_one(officer, settings),
        lines=lines,
        pagination=pagination(lines, f"{_PEOPLE}/{officer_id}"),
    )


def _form(
    request: Request,
    title: str,
    button: str,
    fields: tuple[Field, ...],
    boxes: Mapping[str, str],
    back: str,
    wrong: Mapping[str, str] | None = None,
) -> Response:
    anchors = {each.name: each.anchor for each in fields}
    errors = [{"text": text, "href": f"#{anchors[name]}"} for name, text in (wrong or {}).items()]
    return page(
        request,
        "admin-form.html",
        422 if wrong else 200,
        heading=title,
        button=button,
        fields=fields,
        boxes=boxes,
        back=back,
        wrong=wrong or {},
        errors=errors,
        address=request.url.path,
    )


def _detail_fields(officer: Officer | None = None) -> tuple[Field, ...]:
    roles = tuple(Option(role, words(role), _ABOUT_ROLES[role]) for role in Role)
    return (
        Field("name", "Name", value=officer.name if officer else "", required="Enter their name"),
        Field("email", "Email address", value=officer.email if officer else "", required="Enter their address"),
        Field(
            "role",
            "Role",
            Kind.ONE,
            options=roles,
            value=officer.role if officer else "",
            required="Choose a role",
        ),
    )


def _new_fields(settings: Settings) -> tuple[Field, ...]:
    team = Field("team", "Team", Kind.LIST, "Add further teams, and dates, afterwards.", (_NO_TEAM, *_teams(settings)))
    return (*_detail_fields(), team)


def _team_fields(settings: Settings) -> tuple[Field, ...]:
    return (
        Field("team", "Team", Kind.LIST, options=_teams(settings), required="Choose a team"),
        Field("from_on", "First day", Kind.DAY, "Leave it blank to begin at once."),
        Field("until_on", "Last day", Kind.DAY, "Leave it blank where it has no end."),
    )


def _teams(settings: Settings) -> tuple[Option, ...]:
    return tuple(
        Option(id_, team.name, group=words(team.service))
        for id_, team in sorted(settings.teams.items(), key=lambda each: (each[1].service, each[1].name))
    )


_NO_TEAM = Option("", "No team yet")
_ABOUT_ROLES = {
    Role.OFFICER: "Confirms and works on the cases of their teams.",
    Role.INVESTIGATOR: "Answers confirmed cases of their teams.",
    Role.MANAGER: "As an officer, and is reminded of what falls due.",
    Role.CUSTOMER_RELATIONS: "Sorts what comes in for every team; works on all that is not sealed.",
    Role.ADMINISTRATOR: "Looks after officers and the desk; changes no case.",
    Role.AUDITOR: "Looks at everything that is not sealed; changes nothing.",
}
