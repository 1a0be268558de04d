"""How far it is: in words, on a terminal and elsewhere."""

import io
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from postroom.simulation.progress import HowFar, Lines, in_words, shown

START = datetime(2024, 2, 29, 14, 0, tzinfo=UTC)


class Clock:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_cases_day_pace_and_what_is_left_are_said() -> None:
    clock = Clock()
    far = HowFar(20_000, lambda _: None, clock)
    assert far.words == "before the first day: 0 of 20,000 cases"
    clock.seconds = 150
    far(1_500, START)
    assert far.words == "2024-02-29: 1,500 of 20,000 cases, 10.0 a second, about 31 min left"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (59, "less than a minute"),
        (60, "about 1 min"),
        (3_590, "about 1 h 0 min"),
        (2 * 3_600 + 5 * 60, "about 2 h 5 min"),
    ],
)
def test_a_time_to_wait_is_said_as_people_say_it(seconds: float, words: str) -> None:
    assert in_words(seconds) == words


def test_where_nobody_looks_on_there_is_a_line_now_and_then() -> None:
    console, clock = Console(file=io.StringIO(), width=120), Clock()
    far = HowFar(100, Lines(console), clock)
    for second in range(61):
        clock.seconds = second
        far(second, START + timedelta(days=second))
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert [line.split(" of ")[0] for line in lines] == ["2024-03-20: 20", "2024-04-09: 40", "2024-04-29: 60"]


def test_on_a_terminal_there_is_a_bar() -> None:
    console = Console(file=io.StringIO(), width=120, force_terminal=True)
    with shown(100, console) as far:
        far(50, START)
    said = console.file.getvalue()  # type: ignore[attr-defined]
    assert "2024-02-29: 50 of 100 cases" in said
    assert "\u2501" in said
