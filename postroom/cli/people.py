"""Officers, other programs and the people that cases are about."""

from getpass import getuser
from typing import Annotated

import typer

from postroom.cli.opening import DEFAULT_CONFIG, Config, in_words, now, opened, session_of, settings_of
from postroom.models.roles import Role, Scope

app = typer.Typer()
tokens_app = typer.Typer(help="Keys with which other programs use the JSON API.", no_args_is_help=True)
app.add_typer(tokens_app, name="tokens")


@app.command()
@in_words
def init(
    email: Annotated[str, typer.Option(help="The first administrator's address.", prompt=True)],
    name: Annotated[str, typer.Option(help="The first administrator's name.", prompt=True)],
    password: Annotated[
        str,
        typer.Option(
            help="At least 12 characters.", envvar="POSTROOM_PASSWORD", prompt=True, hide_input=True, show_envvar=True
        ),
    ],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Create the database, or bring it to the newest version, and the first administrator."""
    from postroom.desk.officers import add_officer, has_administrator
    from postroom.models.database import open_engine
    from postroom.models.upgrading import upgrade

    settings = settings_of(config)
    engine = open_engine(settings.database_url)
    upgrade(engine)
    typer.echo("The database is ready.")
    with session_of(engine) as session:
        if has_administrator(session):
            typer.echo("There is an administrator already; none was added.")
            return
        add_officer(session, settings, email=email, name=name, role=Role.ADMINISTRATOR, password=password, now=now())
        session.commit()
    typer.echo(f"{email} can sign in to the desk as its administrator.")


@app.command("add-officer")
@in_words
def add_officer_command(
    email: Annotated[str, typer.Option(prompt=True)],
    name: Annotated[str, typer.Option(prompt=True)],
    role: Annotated[Role, typer.Option(help="What they may do.", prompt=True)],
    password: Annotated[
        str, typer.Option(help="At least 12 characters.", envvar="POSTROOM_PASSWORD", prompt=True, hide_input=True)
    ],
    team: Annotated[list[str] | None, typer.Option(help="A team's id; may be given more than once.")] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Add somebody who works on the desk."""
    from postroom.desk.officers import add_officer

    settings, engine = opened(config)
    with session_of(engine) as session:
        add_officer(
            session, settings, email=email, name=name, role=role, password=password, teams=team or [], now=now()
        )
        session.commit()
    typer.echo(f"{email} can sign in to the desk.")


@app.command("set-password")
@in_words
def set_password_command(
    email: Annotated[str, typer.Argument(help="The officer's address.")],
    password: Annotated[
        str, typer.Option(help="The new one.", envvar="POSTROOM_PASSWORD", prompt=True, hide_input=True)
    ],
    second_factor: Annotated[
        bool, typer.Option("--without-second-factor", help="Also take away a second factor that was lost.")
    ] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Give an officer a new password and let them in again, where no administrator can."""
    from postroom.desk.officers import let_in_again

    settings, engine = opened(config)
    with session_of(engine) as session:
        let_in_again(session, settings, email=email, password=password, forget_factor=second_factor, now=now())
        session.commit()
    typer.echo(f"{email} can sign in with the new password, and is signed out everywhere.")


@app.command("restrict")
@in_words
def restrict_case(
    reference: Annotated[str, typer.Argument(help="The case, as AR-2026-000123.")],
    email: Annotated[list[str], typer.Argument(help="The officers who alone may see it.")],
    reason: Annotated[str, typer.Option(help="Why; the case's history keeps it.", prompt=True)],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Restrict a case to officers by name, also where all those named before have left."""
    from postroom.casework.reading import case_called
    from postroom.casework.restricting import restrict

    settings, engine = opened(config)
    with session_of(engine) as session:
        found = case_called(session, reference)
        assert found.id is not None
        restrict(session, found.id, email, reason=reason, officer_id=None, settings=settings, now=now())
        session.commit()
    typer.echo(f"{reference} is restricted to {', '.join(email)}.")


@app.command("erase-person")
@in_words
def erase_person_command(
    email: Annotated[str, typer.Argument(help="An email address of the person.")],
    by: Annotated[str, typer.Option(help="The email address of the officer who decided it.")],
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Erase what a person wrote and what was written about them. Cases stay as figures. Can't be undone."""
    from postroom.casework import erasing
    from postroom.casework.people import person_of_email
    from postroom.casework.reading import officer_of_email

    _, engine = opened(config)
    with session_of(engine) as session:
        person = person_of_email(session, email)
        assert person.id is not None
        cases = erasing.theirs(session, person.id).with_messages
        typer.echo(f"{person.name or email}: {', '.join(case.reference for case in cases) or 'no cases'}.")
        if not yes:
            typer.confirm("Erase all that they wrote and that was written about them, for ever?", abort=True)
        erasing.erase_person(session, person.id, officer_id=officer_of_email(session, by), now=now())
        session.commit()
    typer.echo("Erased. Copies in backups go when the backups do.")


@tokens_app.command("add")
@in_words
def add_token_command(
    name: Annotated[str, typer.Argument(help="Which program uses it.")],
    officer: Annotated[str, typer.Option(help="The address of the officer by whose rights it sees and acts.")],
    scope: Annotated[list[Scope], typer.Option(help="What it is for; may be given more than once.")],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Make a token for another program and print it, once."""
    from postroom.desk.api.tokens import add_token

    _, engine = opened(config)
    with session_of(engine) as session:
        token = add_token(session, name, officer, scope, now=now(), made_by=_account())
        session.commit()
    typer.echo(token)


def _account() -> str:
    """Who works on this machine; empty where it has no name for them, as in many containers."""
    try:
        return getuser()
    except (OSError, KeyError):  # the second before Python 3.13
        return ""


@tokens_app.command("list")
@in_words
def list_tokens(config: Config = DEFAULT_CONFIG) -> None:
    """Print which tokens there are, for what, and when they were used last."""
    from rich.console import Console
    from rich.table import Table

    from postroom.desk.api.tokens import tokens

    _, engine = opened(config)
    table = Table("name", "officer", "for", "last used", "state")
    with session_of(engine, read_only=True) as session:
        for token, email in tokens(session):
            used = f"{token.used_at:%Y-%m-%d}" if token.used_at else "never"
            table.add_row(token.name, email, ", ".join(token.scopes), used, "revoked" if token.revoked_at else "holds")
    Console().print(table)


@tokens_app.command("revoke")
@in_words
def revoke_token_command(name: Annotated[str, typer.Argument()], config: Config = DEFAULT_CONFIG) -> None:
    """Let a token hold no longer."""
    from postroom.desk.api.tokens import revoke_token

    _, engine = opened(config)
    with session_of(engine) as session:
        revoke_token(session, name, now=now())
        session.commit()
    typer.echo(f"{name} holds no longer.")
