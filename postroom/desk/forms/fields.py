"""The fields of a form as values: what is asked, what was answered, and what is wrong with it. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

YES = "yes"
"""What a ticked box sends."""

MOST_UNFOLDED = 15

_MONEY = re.compile(r"-?\d{1,8}(\.\d{1,2})?", re.ASCII)
_NUMBER = re.compile(r"\d{1,4}", re.ASCII)


class Kind(StrEnum):
    LINE = "line"
    WORDS = "words"
    LETTER = "letter"
    """Many words."""
    DAY = "day"
    """Three boxes: day, month, year."""
    NUMBER = "number"
    MONEY = "money"
    LIST = "list"
    """One of many, from a list that opens."""
    ONE = "one"
    """One of a few, all in sight."""
    SEVERAL = "several"
    TICK = "tick"


@dataclass(frozen=True)
class Option:
    """One answer to choose. `group` is the heading that it stands under."""

    value: str
    text: str
    hint: str = ""
    group: str = ""


@dataclass(frozen=True)
class Field:
    """One question. `value` is what it holds at first; of a day its ISO date, of several their values with spaces
    between. `required` is what is said where it is left blank; empty: it may be. `follows` names another list: only the
    options fit that stand under the heading of what is chosen there."""

    name: str
    label: str
    kind: Kind = Kind.LINE
    hint: str = ""
    options: tuple[Option, ...] = ()
    value: str = ""
    required: str = ""
    follows: str = ""

    @property
    def anchor(self) -> str:
        """The id of the box that an error leads to."""
        return f"{self.name}-day" if self.kind == Kind.DAY else self.name

    @property
    def folds(self) -> bool:
        """Whether its many options are folded away until somebody wants them."""
        return self.kind == Kind.SEVERAL and not self.required and len(self.options) > MOST_UNFOLDED

    def ticked_in(self, boxes: Mapping[str, str]) -> bool:
        """Whether any of its options is ticked."""
        return any(boxes.get(f"{self.name}-{option.value}") == YES for option in self.options)

    @property
    def groups(self) -> dict[str, list[Option]]:
        """The options under their headings, in order."""
        groups: dict[str, list[Option]] = {}
        for option in self.options:
            groups.setdefault(option.group, []).append(option)
        return groups


def filled(fields: Iterable[Field]) -> dict[str, str]:
    """What the boxes of a fresh form hold, by their names."""
    boxes: dict[str, str] = {}
    for field in fields:
        if field.kind == Kind.DAY:
            year, month, day = field.value.split("-") if field.value else ("", "0", "0")
            boxes |= _boxes_of_day(field.name, year, month, day)
        elif field.kind == Kind.SEVERAL:
            boxes |= {f"{field.name}-{value}": YES for value in field.value.split()}
        else:
            boxes[field.name] = field.value
    return boxes


def _boxes_of_day(name: str, year: str, month: str, day: str) -> dict[str, str]:
    parts = {"day": day.lstrip("0"), "month": month.lstrip("0"), "year": year}
    return {f"{name}-{part}": value for part, value in parts.items()}


@dataclass(frozen=True)
class Given:
    """What somebody sent. Ask only for what `wrong_in` found nothing wrong with."""

    boxes: Mapping[str, str]

    def text(self, name: str) -> str:
        """The words in a box, or the chosen option; empty for none."""
        return self.boxes.get(name, "").strip()

    def ticked(self, name: str) -> bool:
        return self.boxes.get(name) == YES

    def several(self, field: Field) -> tuple[str, ...]:
        """The ticked options of a field, in its order."""
        return tuple(option.value for option in field.options if self.ticked(f"{field.name}-{option.value}"))

    def number(self, name: str) -> int:
        return int(self.text(name))

    def pence(self, name: str) -> int:
        """An amount in pence; 0 where none is given."""
        return int(Decimal(_plain(self.text(name)) or "0") * 100)

    def day(self, name: str) -> date:
        year, month, day = (int(self.text(f"{name}-{part}")) for part in ("year", "month", "day"))
        return date(year, month, day)


def wrong_in(fields: Sequence[Field], boxes: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with the answers, by the name of the field."""
    given = Given(boxes)
    found = {field.name: _wrong(field, given) for field in fields}
    return {name: words for name, words in found.items() if words}


def _wrong(field: Field, given: Given) -> str:
    if _blank(field, given):
        return field.required
    if field.kind in (Kind.LIST, Kind.ONE) and given.text(field.name) not in {each.value for each in field.options}:
        return "Choose one of the answers"
    if field.kind == Kind.NUMBER and not _NUMBER.fullmatch(given.text(field.name)):
        return "Enter a whole number, such as 5"
    if field.kind == Kind.MONEY and not _MONEY.fullmatch(_plain(given.text(field.name))):
        return "Enter an amount in pounds, such as 250 or 12.50"
    if field.kind == Kind.DAY and not _is_day(field.name, given):
        return "Enter a real date, such as 27 3 2026"
    return ""


def _blank(field: Field, given: Given) -> bool:
    if field.kind == Kind.DAY:
        return not any(given.text(f"{field.name}-{part}") for part in ("day", "month", "year"))
    if field.kind == Kind.SEVERAL:
        return not given.several(field)
    return not given.text(field.name)


def _is_day(name: str, given: Given) -> bool:
    try:
        return given.day(name).year > 1900
    except ValueError:
        return False


def _plain(amount: str) -> str:
    return re.sub(r"[£,\s]", "", amount)
