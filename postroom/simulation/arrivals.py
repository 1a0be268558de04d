"""What comes to a council over the years: when, by which channel, from whom and about what. Pure: the same seed gives
the same arrivals. The words are those of the seed corpus, as far as its labels are the council's."""

from bisect import bisect
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from functools import cache
from itertools import accumulate
from random import Random
from typing import TypeVar

from postroom.casework.labels import Labels, check
from postroom.casework.working_days import Calendar, calendar_of
from postroom.models.failures import ImpossibleMove
from postroom.models.settings import NO_CATEGORY, Settings
from postroom.simulation.rates import BY_HOUR, BY_HOUR_AT_WORK, BY_MONTH, BY_WEEKDAY, Rates
from postroom.triage import corpus

T = TypeVar("T")

FIRST_NAMES = "Amina Bernard Carys Deepak Elsie Farouk Grace Hamish Ines Jakub Karen Leroy Maureen Nadia Oliver Priya Quentin Rosa Stephen Tamsin Usha Victor Wendy Xenia Yusuf Zofia".split()  # noqa: E501
LAST_NAMES = "Ashby Baptiste Clarke Dhillon Eden Fallows Garnett Hussain Ingram Jennings Kowalska Lambert Mistry Norris Okafor Prescott Quarmby Rahman Sandhu Tilley Underwood Vaughan Whitmore Yates".split()  # noqa: E501
MAIL_DOMAINS = "post.example mailbox.example home.example letterbox.example broadband.example inbox.example".split()


@dataclass(frozen=True)
class Resident:
    """Somebody who writes. `number` tells apart those of the same name."""

    number: int
    name: str
    email: str


@dataclass(frozen=True)
class Arrival:
    """One message that opens a case. `labels` are what it is; `same_as` is the number of an earlier arrival that it
    only repeats."""

    number: int
    received_at: datetime
    channel: str
    resident: Resident
    answerable: bool
    subject: str
    body: str
    labels: Labels
    same_as: int | None = None

    @property
    def email(self) -> str:
        """The sender's address; empty where they left none."""
        return self.resident.email if self.answerable else ""


@dataclass(frozen=True)
class Words:
    """A message's text and what it is."""

    subject: str
    body: str
    labels: Labels


def arrivals(settings: Settings, rates: Rates, *, start: date, end: date, cases: int, seed: int) -> Iterator[Arrival]:
    """So many messages from `start` until before `end`, as they come."""
    rng = Random(f"arrivals:{seed}")  # noqa: S311
    words = _words(settings)
    residents: list[Resident] = []
    earlier: deque[Arrival] = deque(maxlen=40)
    types = {type_: share for type_, share in rates.types.items() if type_ in words} or dict.fromkeys(words, 1.0)
    coming = _moments(calendar_of(settings), rates, start, end, cases, rng)
    for number, (moment, channel) in enumerate(coming, start=1):
        said = rng.choice(words[one_of(types, rng)])
        answerable = rng.random() < rates.reached_by_mail.get(channel, 0.0)
        resident = _resident(residents, rates, rng)
        same = rng.choice(earlier) if earlier and rng.random() < rates.same_again else None
        arrival = (
            Arrival(number, moment, channel, resident, answerable, said.subject, said.body, said.labels)
            if same is None
            else Arrival(
                number,
                moment,
                channel,
                same.resident,
                same.answerable,
                same.subject,
                same.body,
                same.labels,
                same.number,
            )
        )
        earlier.append(arrival)
        yield arrival


def one_of(shares: Mapping[T, float], rng: Random) -> T:
    """A key, each as often as its share of all."""
    bounds = list(accumulate(shares.values()))
    return list(shares)[min(bisect(bounds, rng.random() * bounds[-1]), len(bounds) - 1)]


def of_type(settings: Settings, type_: str, team: str, rng: Random) -> Labels:
    """Labels of a type that the council has."""
    return Labels(type_, team, rng.choice(settings.categories.get(type_, [NO_CATEGORY])))


def _moments(
    calendar: Calendar, rates: Rates, start: date, end: date, cases: int, rng: Random
) -> Sequence[tuple[datetime, str]]:
    """When so many messages come and by which channel, as they come. What somebody must take in, as a call, comes in
    the hours in which somebody works; the rest at any time."""
    days = [start + timedelta(days=n) for n in range((end - start).days)]
    busy = [_busy(calendar, day) * (1 + rates.growth) ** ((day - start).days / 365) for day in days]
    staffed = [weight if calendar.is_working_day(day) else 0 for day, weight in zip(days, busy, strict=True)]
    at_any_time, at_work = list(accumulate(busy)), list(accumulate(staffed))
    moments = []
    for _ in range(cases):
        channel = one_of(rates.channels, rng)
        taken_in = channel in rates.taken_in_by_officers and at_work[-1] > 0
        day = rng.choices(days, cum_weights=at_work if taken_in else at_any_time)[0]
        hour = one_of(BY_HOUR_AT_WORK if taken_in else BY_HOUR, rng)
        local = datetime.combine(day, clock_time(hour, rng.randrange(60), rng.randrange(60)), tzinfo=calendar.zone)
        moments.append((local.astimezone(UTC), channel))
    return sorted(moments)


def _busy(calendar: Calendar, day: date) -> float:
    weekday = day.weekday() if day not in calendar.days_off else 6
    return BY_MONTH[day.month - 1] * BY_WEEKDAY[weekday]


def _resident(known: list[Resident], rates: Rates, rng: Random) -> Resident:
    """Somebody new, or somebody who wrote before: a few write often."""
    if known and rng.random() < rates.repeat_contact:
        return known[int(len(known) * rng.random() ** 2)]
    number = len(known) + 1
    first, last = rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES)
    email = f"{first}.{last}.{number}@{rng.choice(MAIL_DOMAINS)}".lower()
    known.append(Resident(number, f"{first} {last}", email))
    return known[-1]


def _words(settings: Settings) -> dict[str, list[Words]]:
    """What may be said, by type: the corpus, and a plain line of each team for a type that it knows nothing of."""
    found: dict[str, list[Words]] = defaultdict(list)
    for said in _of_corpus(settings):
        found[said.labels.type].append(said)
    for type_ in settings.feedback_types:
        if type_ not in found:
            found[type_] = list(_plain(settings, type_))
    return dict(found)


def _of_corpus(settings: Settings) -> Iterable[Words]:
    known: dict[corpus.Labels, Labels | None] = {}
    for example in _seed():
        if example.labels not in known:
            known[example.labels] = _of_council(settings, example.labels)
        labels = known[example.labels]
        if labels is not None:
            yield Words(example.text.subject or example.text.body[:60], example.text.body, labels)


def _of_council(settings: Settings, said: corpus.Labels) -> Labels | None:
    """The labels, where the council has them."""
    labels = Labels(**asdict(said))
    try:
        check(labels, settings)
    except ImpossibleMove:
        return None
    return labels


@cache
def _seed() -> Sequence[corpus.Example]:
    return tuple(corpus.seed())


def _plain(settings: Settings, type_: str) -> Iterable[Words]:
    for id_, team in settings.teams.items():
        for category in settings.categories.get(type_, [NO_CATEGORY]):
            yield Words(team.name, f"I write about {team.about}.", Labels(type_, id_, category))
