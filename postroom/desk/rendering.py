"""Templates to pages. Everything is escaped; nothing in a template may be marked safe that a message could hold."""

import re
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PackageLoader, PrefixLoader

from postroom.casework.working_days import in_words
from postroom.desk import keys, reading, wording
from postroom.desk.filters import DUE
from postroom.desk.kept_templates import kept_templates
from postroom.desk.queries.pages import Paged
from postroom.desk.queries.undoing import undo_until
from postroom.desk.rights import CSRF_FIELD, SORTERS, Right, has
from postroom.desk.sessions import SignedIn
from postroom.desk.surroundings import Surroundings
from postroom.models.database import open_session

_ABOUT = re.compile(r"[A-Z]{1,6}-\d{4}-\d{6,12}|[1-9]\d{0,2}", re.ASCII)
"""What a sentence about what was done may name: a case's reference, or how many."""


@cache
def open_templates(folders: tuple[Path, ...] = ()) -> Environment:
    """The desk's own templates, those of GOV.UK Frontend, and those in `folders`. They are compiled once a process."""
    environment = Environment(
        loader=ChoiceLoader(
            [
                PackageLoader("postroom.desk"),
                PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")}),
                *(FileSystemLoader(folder) for folder in folders),
            ]
        ),
        autoescape=True,
        bytecode_cache=kept_templates(),
    )
    environment.filters.update(
        words=wording.words,
        came_by=wording.came_by,
        percent=wording.percent,
        pounds=wording.pounds,
        size=wording.size,
        in_words=in_words,
        marked=reading.marked,
    )
    environment.globals.update(
        sender_checked=wording.sender_checked,
        letters_for=wording.letters_for,
        letter_of=wording.letter_of,
        tied=wording.tied,
        count=wording.count,
        seconds=wording.seconds,
        queue_keys=keys.QUEUE_KEYS,
        triage_keys=keys.TRIAGE_KEYS,
        held_because=wording.HELD_BECAUSE,
        due_words=DUE,
        csrf_field=CSRF_FIELD,
        sorters=SORTERS,
    )
    return environment


def page(request: Request, template: str, status: int = 200, **context: Any) -> HTMLResponse:
    """Render a page of the desk. Who is signed in, the navigation and words for dates are there in every template."""
    desk: Surroundings = request.app.state.surroundings
    visitor: SignedIn | None = getattr(request.state, "visitor", None)
    undo = _undo(request)
    content = desk.templates.get_template(template).render(
        **_words_of_today(desk),
        settings=desk.settings,
        council=desk.settings.council,
        visitor=visitor,
        navigation=_navigation(desk, visitor, request.url.path) if visitor else [],
        done=_done(request),
        undo=undo,
        undo_by=_undo_by(desk, visitor, undo) if undo and visitor else None,
        **context,
    )
    return HTMLResponse(content, status)


def go_to(path: str, done: str = "", about: str = "", **others: str) -> RedirectResponse:
    """Send the browser on to `path`, which says what was just done (a key of `wording.DONE`) and to what. `others` stay
    in its address."""
    query = {name: value for name, value in {**others, "done": done, "about": about}.items() if value}
    return RedirectResponse(f"{path}?{urlencode(query)}" if query else path, 303)


def pagination(paged: Paged[Any], path: str, **query: str) -> dict[str, Any]:
    """What the pagination component takes; empty where everything is on one page. `query` stays in the links."""
    links: dict[str, Any] = {}
    if paged.number > 1:
        links["previous"] = _link(path, paged, paged.number - 1, query)
    if paged.number < paged.pages:
        links["next"] = _link(path, paged, paged.number + 1, query)
    return links


def _link(path: str, paged: Paged[Any], number: int, query: dict[str, str]) -> dict[str, str]:
    return {"href": f"{path}?{urlencode({**query, 'page': number})}", "labelText": f"{number:,} of {paged.pages:,}"}


def _navigation(desk: Surroundings, visitor: SignedIn, path: str) -> list[dict[str, Any]]:
    places = [
        ("/", "Queue"),
        ("/my-work", "My work"),
        ("/open-cases", "Open cases"),
        ("/closed-cases", "Closed cases"),
        ("/campaigns", "Campaigns"),
        ("/performance", "Performance"),
    ]
    if has(visitor, Right.SEE_MAIL):
        places += [("/holding-pen", "Holding pen"), ("/machine-mail", "Machine mail"), ("/outbox", "Outbox")]
    if has(visitor, Right.ADMINISTER):
        places.append(("/admin", "Administration"))
    elif has(visitor, Right.AUDIT):
        places.append(("/record", "Record"))
    places += [(extra.path, extra.title) for extra in desk.extra_pages]
    return [
        {"href": href, "text": text, "current": href == path or (href == "/admin" and path.startswith("/admin/"))}
        for href, text in places
    ]


def _words_of_today(desk: Surroundings) -> dict[str, Any]:
    """Words for moments and dates as seen from now, to be called in templates."""
    now, today, calendar = desk.now(), desk.today(), desk.calendar
    teams = desk.settings.teams
    return {
        "when": lambda moment: wording.when(moment, now, calendar),
        "day_of": lambda moment: wording.when(moment, now, calendar).partition(" at ")[0],
        "time_of": lambda moment: f"{moment.astimezone(calendar.zone):%H:%M}",
        "how_long": lambda moment: wording.how_long(moment, now, calendar),
        "due": lambda day: wording.due(day, today, calendar),
        "urgency": lambda day: wording.urgency(day, today, calendar),
        "sureness": wording.sureness,
        "team_name": lambda team: teams[team].name if team in teams else team,
        "label_name": lambda label: teams[label].name if label in teams else wording.words(label),
    }


def _undo(request: Request) -> str:
    """The case about which the page before did something that can be taken back; empty where it did not."""
    about = _ABOUT.fullmatch(request.query_params.get("about", ""))
    return about[0] if about and request.query_params.get("done", "") in wording.CAN_BE_UNDONE else ""


def _undo_by(desk: Surroundings, visitor: SignedIn, reference: str) -> datetime | None:
    """Until when that can surely be taken back, where a letter waits for it."""
    with open_session(desk.engine, read_only=True) as session:
        return undo_until(session, reference, visitor.officer_id, desk.settings, desk.now())


def _done(request: Request) -> str:
    """What the page before did, from a closed set of sentences."""
    sentence = wording.DONE.get(request.query_params.get("done", ""), "")
    about = _ABOUT.fullmatch(request.query_params.get("about", ""))
    return sentence.format(about=about[0]) if about else "" if "{about}" in sentence else sentence
