"""What a form of a case is, and what it stands on while it is shown or sent."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import TypedDict

from sqlmodel import Session

from postroom.casework.moves import Move
from postroom.casework.working_days import Calendar
from postroom.desk.forms.fields import Field, Given, Kind, Option
from postroom.desk.queries.sight import visible_id
from postroom.desk.sessions import SignedIn
from postroom.desk.wording import words
from postroom.models.case import Case
from postroom.models.closing_settings import DECLINED, NOT_APPLICABLE
from postroom.models.failures import ImpossibleMove
from postroom.models.settings import Settings
from postroom.notifications.owed import Purpose


class By(TypedDict):
    """Who makes a move, by which configuration, and when."""

    officer_id: int
    settings: Settings
    now: datetime


@dataclass(frozen=True)
class Ground:
    """A case as a form finds it, and who is at the desk. `item` is the number in the form's path, of a point or an
    action; 0 where there is none."""

    session: Session
    case: Case
    settings: Settings
    calendar: Calendar
    now: datetime
    visitor: SignedIn
    item: int = 0

    @property
    def case_id(self) -> int:
        assert self.case.id is not None
        return self.case.id

    @property
    def by(self) -> By:
        return {"officer_id": self.visitor.officer_id, "settings": self.settings, "now": self.now}

    @property
    def today(self) -> date:
        return self.calendar.local_day(self.now)

    def moment(self, day: date, not_before: datetime | None = None) -> datetime:
        """A day as a moment, where nobody says at which hour: now if it is today; else noon, or `not_before` if that
        is later on the same day."""
        if day == self.today:
            return self.now
        noon = datetime.combine(day, time(12), tzinfo=self.calendar.zone).astimezone(UTC)
        same_day = not_before is not None and self.calendar.local_day(not_before) == day
        return max(noon, not_before) if same_day and not_before else noon

    def other_case(self, reference: str) -> int:
        """The id of another case that the visitor may see. Raises `ImpossibleMove`."""
        wanted = "".join(reference.split()).upper()
        found = visible_id(self.session, wanted, self.visitor, self.settings)
        if found is None:
            raise ImpossibleMove(f"There is no case {wanted or 'without a reference'} that you may see.")
        return found


@dataclass(frozen=True)
class Sheet:
    """What a form asks now. `notes` stand above the fields."""

    fields: tuple[Field, ...]
    notes: tuple[str, ...] = ()

    def several(self, given: Given, name: str) -> tuple[str, ...]:
        """The ticked options of the field called `name`; none where the sheet does not ask it."""
        return next((given.several(field) for field in self.fields if field.name == name), ())


class Group(StrEnum):
    """The headings under which a case's page lists what can be done."""

    ANSWER = "Answer it"
    STAGES = "Stages and the Ombudsman"
    LETTERS = "Letters"
    END = "End it"
    LABELS = "What it is, and whose"
    LEARNING = "Learning and costs"
    CASES = "Other cases"
    BESIDE = ""
    """Not listed: its link stands beside what it is about."""

    @property
    def first(self) -> bool:
        """Whether it stands in sight; the others are unfolded by who wants them."""
        return self in (Group.ANSWER, Group.STAGES, Group.LETTERS, Group.END)


@dataclass(frozen=True)
class CaseForm:
    """One form. It has a page of its own at `/cases/{reference}/<path>` and is sent to the same address.

    `act` calls one function of casework and returns the reference that the sentence about it names, empty for the
    case's own. `done` is a key of `wording.DONE`; `back` the page of the case that follows. `blames`: how a refusal by
    casework begins, and the field that it is about; the first field where nothing fits. `tries` says that the sheet
    tries moves out, and takes them back. `letter`: what the letter is for that the officer writes on a second page and
    that goes out with the move.
    """

    path: str
    title: str
    button: str
    done: str
    sheet: Callable[[Ground], Sheet]
    act: Callable[[Ground, Sheet, Given], str]
    move: Move | None
    group: Group = Group.BESIDE
    back: str = ""
    warning: bool = False
    tries: bool = False
    letter: Purpose | None = None
    blames: Mapping[str, str] = field(default_factory=dict)

    def blamed(self, refusal: str, sheet: Sheet) -> str:
        """The field that a refusal is about."""
        named = (name for start, name in self.blames.items() if refusal.startswith(start))
        return next(named, sheet.fields[0].name if sheet.fields else "")


def options(values: list[str], *, none: bool = False, group: str = "") -> tuple[Option, ...]:
    """Labels of the configuration as options; with `none` also the answers that say that there is none."""
    listed = [Option(value, words(value), group=group) for value in values]
    return (*listed, *NO_ANSWERS) if none else tuple(listed)


NO_ANSWERS = (Option(NOT_APPLICABLE, "Not applicable"), Option(DECLINED, "Declined to say"))


def words_of(name: str, label: str, required: str, hint: str = "") -> Field:
    """A question that is answered in words, and must be."""
    return Field(name, label, Kind.WORDS, hint=hint, required=required)
