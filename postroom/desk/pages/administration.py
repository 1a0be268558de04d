"""The administrators' pages about the desk itself: rights, teams, mailboxes, letters, the model, the calendar, the
configuration, and the record of what was done, which auditors read too."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from fastapi import HTTPException, Request, Response

from postroom import triage
from postroom.casework.bank_holidays import bank_holidays
from postroom.desk.desk_record import note
from postroom.desk.pages.numbers import Number
from postroom.desk.queries import administration as queries
from postroom.desk.rendering import go_to, page, pagination
from postroom.desk.rights import ROLES, Right, Visitor
from postroom.desk.surroundings import Desk
from postroom.desk.wording import words
from postroom.models.database import open_session
from postroom.models.failures import ConfigurationError, ImpossibleMove
from postroom.models.officer import Role
from postroom.models.settings import Settings
from postroom.models.trained_model import ModelState, TrainedModel
from postroom.notifications.layout import Block, blocks
from postroom.notifications.letter_checks import sample_for
from postroom.notifications.letters import render
from postroom.triage import succession
from postroom.triage.accuracy import TARGETS, accuracy_by_model

_YEARS_SHOWN = 2


def show_administration(request: Request) -> Response:
    """Where what is."""
    return page(request, "admin.html", heading="Administration")


def show_rights(request: Request) -> Response:
    """Which role may do what, from the table that every request is checked by."""
    shown = [right for right in Right if right not in (Right.ANYBODY, Right.PAST_PASSWORD)]
    return page(request, "admin-rights.html", heading="Rights", rights=shown, roles=list(Role), holders=ROLES)


def show_teams(request: Request, desk: Desk) -> Response:
    """The teams of the configuration, with their days, their people and what is open."""
    found = queries.teams(desk.engine, desk.settings, desk.today())
    return page(request, "admin-teams.html", heading="Teams", teams=found)


def show_mailboxes(request: Request, desk: Desk) -> Response:
    """Each mailbox and how far it was read."""
    found = queries.mailboxes(desk.engine, desk.settings, desk.now())
    return page(request, "admin-mailboxes.html", heading="Mailboxes", mailboxes=found)


def show_letters(request: Request, desk: Desk) -> Response:
    """The council's letter templates."""
    return page(request, "admin-letters.html", heading="Letters", letters=_letters(desk.settings))


def show_letter_template(request: Request, desk: Desk, name: str) -> Response:
    """One template, and how it reads with sample facts."""
    if name not in _letters(desk.settings):
        raise HTTPException(404)
    letter, problem, read = None, "", list[Block]()
    try:
        letter = render(desk.settings, name, sample_for(desk.settings, name))
        read = blocks(letter.text)
    except ConfigurationError as error:
        problem = str(error)
    source = (desk.settings.path(desk.settings.outgoing.letters) / f"{name}.txt").read_text(encoding="utf-8")
    return page(
        request,
        "admin-letter.html",
        heading=f"Letter {name}",
        letter=letter,
        read=read,
        source=source,
        problem=problem,
    )


def show_models(request: Request, desk: Desk) -> Response:
    """Which model suggests, its figures, and those before it."""
    with open_session(desk.engine, read_only=True) as session:
        models = succession.models(session)
        accuracies = accuracy_by_model(session)
    return page(
        request,
        "admin-models.html",
        heading="The model that suggests",
        champion=next((each for each in models if each.state == ModelState.CHAMPION), None),
        models=models,
        measured=_measured(_figures(desk.settings, models)),
        accuracies=accuracies,
        targets=TARGETS,
        kept={each.version for each in models if _is_kept(desk.settings, each)},
    )


def _figures(settings: Settings, models: Sequence[TrainedModel]) -> Mapping[str, Any]:
    """What was measured when the model that suggests was trained; empty where its files are not there."""
    champion = next((each for each in models if each.state == ModelState.CHAMPION and not each.shipped), None)
    if champion is not None:
        return champion.figures
    own = settings.triage.model
    manifest = (settings.path(own) if own else Path(triage.__file__).parent / "model") / "manifest.json"
    found: Mapping[str, Any] = json.loads(manifest.read_text(encoding="utf-8"))["figures"] if manifest.is_file() else {}
    return found


def _measured(figures: Mapping[str, Any]) -> list[tuple[str, float]]:
    """The shares among them, each with what it is of."""
    shares = []
    for name, each in figures.items():
        target, _, type_ = name.partition(":")
        of_target = f"{words(target)} of a {words(type_).lower()}" if type_ else words(target)
        if isinstance(each, Mapping) and "accuracy" in each:
            shares.append((f"{of_target}, named right", float(each["accuracy"])))
        elif isinstance(each, Mapping) and "recall" in each:
            shares.append((f"{of_target}, found", float(each["recall"])))
            shares.append((f"{of_target}, rightly marked", float(each["precision"])))
    return shares


def roll_back(desk: Desk, visitor: Visitor, version: str) -> Response:
    """Let an earlier model suggest again; running workers pick it up by themselves."""
    now = desk.now()
    with open_session(desk.engine) as session:
        wanted = session.get(TrainedModel, version)
        if wanted is None:
            raise HTTPException(404)
        if wanted.state == ModelState.CHAMPION or not _is_kept(desk.settings, wanted):
            raise ImpossibleMove("That model suggests already, or its files are no longer kept.")
        succession.roll_back(session, version, f"rolled back to by {visitor.name}", now)
        note(session, "model", f"Model {version} suggests again", by=visitor.officer_id, about=None, now=now)
        session.commit()
    return go_to("/admin/models", "model-rolled-back")


def show_calendar(request: Request, desk: Desk) -> Response:
    """The days off that deadlines are counted by."""
    council, this_year = desk.settings.council, desk.today().year
    years = {year: list(_days_off(desk.settings, year)) for year in range(this_year, this_year + _YEARS_SHOWN)}
    return page(request, "admin-calendar.html", heading="Calendar", years=years, nation=council.calendar)


def show_configuration(request: Request, desk: Desk) -> Response:
    """The configuration as it was read at the start, without secrets."""
    return page(
        request, "admin-configuration.html", heading="Configuration", parts=queries.configuration(desk.settings)
    )


def show_record(request: Request, desk: Desk, number: Number = 1) -> Response:
    """What was done about people and the desk."""
    found = queries.record_of_desk(desk.engine, number)
    return page(request, "admin-record.html", heading="Record", lines=found, pagination=pagination(found, "/record"))


def show_looks(request: Request, desk: Desk, number: Number = 1) -> Response:
    """Who looked at sealed and restricted cases."""
    found = queries.looks_at_sealed(desk.engine, number)
    return page(
        request,
        "admin-looks.html",
        heading="Looks at sealed cases",
        looks=found,
        pagination=pagination(found, "/record/sealed"),
    )


def _letters(settings: Settings) -> list[str]:
    return sorted(file.stem for file in settings.path(settings.outgoing.letters).glob("*.txt"))


def _is_kept(settings: Settings, model: TrainedModel) -> bool:
    """Whether the files of a model are there, so that it can suggest again."""
    return model.shipped or (settings.path(settings.triage.models) / model.version / "manifest.json").is_file()


def _days_off(settings: Settings, year: int) -> Iterator[tuple[date, str, bool]]:
    """A year's days off with their names, and whether they are the council's own."""
    off = {day: (name, False) for day, name in bank_holidays(settings.council.calendar).items() if day.year == year}
    off |= {day: ("Council closed", True) for day in settings.council.closure_days if day.year == year}
    for day in sorted(off):
        yield day, *off[day]
