"""How far a simulation is, for whoever waits for it: a bar on a terminal, elsewhere a line now and then."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

SECONDS_BETWEEN_LINES = 20

Clock = Callable[[], float]
"""Seconds from some moment on, as `time.monotonic`."""


class HowFar:
    """What can be said of a run of `total` cases. Called with how many came up to which moment, it gives itself to
    `show`."""

    def __init__(self, total: int, show: Callable[["HowFar"], None], clock: Clock = time.monotonic) -> None:
        self.total = total
        self.cases = 0
        self.moment: datetime | None = None
        self._show = show
        self._clock = clock
        self._begin = clock()

    def __call__(self, cases: int, moment: datetime) -> None:
        self.cases, self.moment = cases, moment
        self._show(self)

    @property
    def seconds(self) -> float:
        """How long it takes so far."""
        return self._clock() - self._begin

    @property
    def so_far(self) -> str:
        """As "2024-02-29: 1,500 of 20,000 cases"."""
        day = f"{self.moment:%Y-%m-%d}" if self.moment else "before the first day"
        return f"{day}: {self.cases:,} of {self.total:,} cases"

    @property
    def words(self) -> str:
        """The same with ", 9.8 a second, about 31 min left"."""
        rate = self.cases / self.seconds if self.seconds else 0
        left = f", {rate:.1f} a second, {in_words((self.total - self.cases) / rate)} left" if rate else ""
        return self.so_far + left


class Lines:
    """Prints a line at most every `SECONDS_BETWEEN_LINES`."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._due = float(SECONDS_BETWEEN_LINES)

    def __call__(self, far: HowFar) -> None:
        if far.seconds >= self._due:
            self._due = far.seconds + SECONDS_BETWEEN_LINES
            self._console.print(far.words, markup=False, highlight=False)


@contextmanager
def shown(total: int, console: Console) -> Iterator[HowFar]:
    """Tell on `console` how far a run is, while it lasts."""
    if not console.is_terminal:
        yield HowFar(total, Lines(console))
        return
    with Progress(BarColumn(), TextColumn("{task.description}"), console=console) as bar:
        task = bar.add_task("", total=total)
        yield HowFar(total, lambda far: bar.update(task, completed=far.cases, description=far.words))


def in_words(seconds: float) -> str:
    """A time to wait, no more exactly than anybody needs it."""
    if seconds < 60:
        return "less than a minute"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"about {hours} h {minutes} min" if hours else f"about {minutes} min"
