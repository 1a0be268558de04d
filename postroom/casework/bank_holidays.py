"""Bank holidays by nation, as the package `holidays` has them.

The package loads the calendars of every country to tell those of one, which would be a tenth of the desk's start. So
what it says is written down once, with its version: `python -m postroom.casework.bank_holidays`, which `make setup`
does. Where nothing is written down, or the package is of another version by now, the package itself is asked.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from importlib.metadata import version
from pathlib import Path

_SUBDIVISIONS = {"england-and-wales": "ENG", "scotland": "SCT", "northern-ireland": "NIR"}
NATIONS = tuple(_SUBDIVISIONS)
FIRST_YEAR, LAST_YEAR = 2000, 2100
WRITTEN_DOWN = Path(__file__).with_suffix(".json")


@cache
def bank_holidays(nation: str) -> Mapping[date, str]:
    """Bank holidays of a nation with their names, for `FIRST_YEAR` to `LAST_YEAR`."""
    written = read(nation, WRITTEN_DOWN)
    return ask(nation) if written is None else written


def ask(nation: str) -> Mapping[date, str]:
    """What the package says."""
    import holidays

    days = holidays.country_holidays("GB", subdiv=_SUBDIVISIONS[nation], years=range(FIRST_YEAR, LAST_YEAR + 1))
    return dict(days.items())


def read(nation: str, file: Path) -> Mapping[date, str] | None:
    """What was written down in `file`; None where that is not what the package says today."""
    try:
        written = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return None
    if written["holidays"] != version("holidays"):
        return None
    return {date.fromisoformat(day): name for day, name in written["nations"][nation].items()}


def write(file: Path, nations: Iterable[str] = NATIONS) -> None:
    """Write down what the package says."""
    days = {nation: {day.isoformat(): name for day, name in ask(nation).items()} for nation in nations}
    file.write_text(json.dumps({"holidays": version("holidays"), "nations": days}), encoding="utf-8")


if __name__ == "__main__":
    write(WRITTEN_DOWN)
