"""What every view is given: the database, the council's configuration, the clock, the templates."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, Request
from jinja2 import Environment
from sqlalchemy import Engine

from postroom.casework.working_days import Calendar
from postroom.models.settings import Settings


@dataclass(frozen=True)
class ExtraPage:
    """A page that somebody adds to the desk's navigation. Only those who are signed in see it.

    `template` is a file in the folder `templates`, extends "page.html" and gets what `context` returns for the query
    parameters; `title` is its h1 and its name in the navigation.
    """

    path: str
    title: str
    templates: Path
    template: str
    context: Callable[[Mapping[str, str]], dict[str, Any]]


@dataclass(frozen=True)
class Surroundings:
    """One desk's collaborators."""

    engine: Engine
    settings: Settings
    clock: Callable[[], datetime]
    calendar: Calendar
    templates: Environment
    extra_pages: Sequence[ExtraPage]

    def now(self) -> datetime:
        return self.clock()

    def today(self) -> date:
        """Today in the council's zone."""
        return self.calendar.local_day(self.clock())


async def surroundings(request: Request) -> Surroundings:
    """Those of the desk that answers this request."""
    found: Surroundings = request.app.state.surroundings
    return found


Desk = Annotated[Surroundings, Depends(surroundings)]
