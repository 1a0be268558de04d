"""Signs of how a matter was handled before, what the writer wants and what it is about: rules, as an officer reads.

A service request and a complaint differ in handling, not in mood: was the council told, and did it then fail? No rule
looks for anger. Three kinds of rule: phrases of `signals.yaml`, words and phrases of `topics.yaml`, and the patterns
here, put together from classes of words ("reported it to your office … weeks ago").
"""

import hashlib
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True)
class Signal:
    """One sign found in a text: `text` is what stands at characters `start` to `end`."""

    name: str
    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Wording:
    """The words of one signal. `means` is what an officer reads; a word that ends in a star may end in anything."""

    means: str
    phrases: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    only_for: str = ""
    """The one target that is learned from it; otherwise all are."""


@dataclass(frozen=True)
class Near:
    """One of the phrases `left`, then at most `between` words of the same sentence, then one of the phrases `right`."""

    left: list[str]
    between: int
    right: list[str]


def _one_of(words: str) -> list[str]:
    return words.split()


def _maybe(words: str) -> list[str]:
    return [*words.split(), ""]


def _then(*parts: list[str]) -> list[str]:
    """Every phrase with one word of each part, in order."""
    return [" ".join(word for word in words if word) for words in product(*parts)]


MONTHS = (
    "january february march april may june july august september october november december jan feb mar apr jun jul aug "
    "sep sept oct nov dec"
)
_SPANS = "day days week weeks wk wks month months year years yr yrs fortnight hour hours"
_PAST_SEASONS = "week month year spring summer autumn winter monday tuesday wednesday thursday friday saturday sunday"
_WEEKS = _one_of("days weeks wks months years")
_COUNTS = "two three four five six seven eight nine ten eleven twelve twenty several many"
_ORDINALS = "second third fourth fifth sixth seventh eighth ninth tenth 2nd 3rd 4th 5th 6th 7th 8th"
_TOLD = (
    "reported report told rang rung phoned called telephoned emailed e-mailed mailed wrote written contacted chased "
    "asked complained notified messaged texted txted flagged raised logged requested applied spoke spoken sent "
    "submitted pointed warned explained begged booked"
)
_NOBODY = "nobody noone none neither no-one"
_DONE = (
    "come came been called rung rang replied reply answered answer phoned turned done happened happens fixed repaired "
    "visited contacted rings comes calls answers replies heard sorted told knows changed arrived bothered returned "
    "back appeared shown"
)
_MENDED = "fixed repaired mended sorted filled cleared replaced resolved completed corrected patched emptied"
_ASKERS = "i we she he they"
_DAYS = " ".join(f"{day}{ending}" for day in range(1, 32) for ending in ("st", "nd", "rd", "th"))
_NUMBER = _one_of(_COUNTS + " " + " ".join(str(number) for number in range(2, 61)))
_DAY = _one_of(_DAYS + " " + " ".join(str(day) for day in range(1, 32)))
_SLASHED = [f"{day}/{month}" for day in range(1, 32) for month in range(1, 13)]
_EARLIER = [
    *_one_of("ago back earlier since twice"),
    *_then(["last"], _one_of(f"{_PAST_SEASONS} {MONTHS}")),
    *_then(_one_of("in on by during since until of from"), _maybe("early late the mid"), _one_of(MONTHS)),
    *_then(_one_of("on the of from"), _DAY),
    *_SLASHED,
    *_then(_NUMBER, ["times"]),
    *_then(_one_of("several many numerous countless multiple repeated repeatedly"), _one_of("times occasions")),
]
_HAVE_TOLD = [
    *_then(_one_of("i we"), _one_of("have 've had ve"), _maybe("already now since"), _one_of(_TOLD)),
    *_then(_one_of(_ASKERS), _one_of(_TOLD)),
]

PATTERNS: dict[str, tuple[list[str] | Near, ...]] = {
    "earlier_contact": (
        Near(_one_of(_TOLD), 8, _EARLIER),
        Near(_EARLIER, 4, _HAVE_TOLD),
        _then(_one_of("i we"), _one_of("have 've had ve"), _maybe("already now since"), _one_of(_TOLD)),
        _then(["left"], _NUMBER, _one_of("messages voicemails")),
        _then(_NUMBER, _one_of("emails calls letters messages voicemails reports texts phonecalls")),
    ),
    "repeated": (
        _then(_one_of(_ORDINALS), _one_of("time week month year winter summer letter email report request date visit")),
        _then(_NUMBER, _one_of(f"{_SPANS} times winters summers saturdays sundays"), _one_of("running later on now")),
        _then(_NUMBER, ["times"]),
        Near(_then(_one_of(_COUNTS + " every"), ["out of"]), 2, _one_of(_COUNTS)),
        _then(["since"], _maybe("last early"), _one_of(f"{MONTHS} {_PAST_SEASONS} easter christmas")),
        _then(_one_of("for over nearly"), _NUMBER, _one_of("weeks months years wks")),
    ),
    "badly_done": (
        Near(["despite"], 4, _one_of("work works repair repairs visit visits report reports email emails calls")),
        Near(_one_of("supposed supposedly meant apparently allegedly"), 3, _one_of(_MENDED)),
        Near(["still"], 2, _one_of(f"working broken {_MENDED}")),
        Near(_one_of("n't nt not never"), 1, _one_of(_MENDED)),
        Near(_one_of(_MENDED), 6, _one_of("again twice already times")),
        Near(
            _one_of("previous previously earlier last"),
            2,
            _one_of(f"fix repair repairs attempt patch {_MENDED}"),
        ),
    ),
    "no_answer": (
        Near(_one_of(_NOBODY), 4, _one_of(_DONE)),
        Near(["not one soul", "no one", "not a soul"], 3, _one_of(_DONE)),
        _then(["not"], _one_of("one a"), _one_of("soul single call reply person")),
        Near(["never"], 2, _one_of(_DONE)),
        Near(_one_of("n't nt not"), 3, _one_of("replied answered responded called phoned rung contacted arrived")),
        Near(_one_of("closed marked"), 4, _one_of("resolved complete completed fixed done repaired")),
        _then(_one_of("nobody none"), _one_of("has have 's")),
    ),
    "promise": (
        Near(_one_of("told said says say wrote stated confirmed"), 5, _one_of("would 'd wd will wo")),
        Near(["agreed"], 4, _one_of("would by to in")),
        _then(_one_of("within in"), _NUMBER, _maybe("working"), _one_of(_SPANS)),
        _then(_one_of("was were"), _one_of("told promised informed advised")),
    ),
    "within_time": (
        _then(_one_of("allow takes take"), _maybe("up about"), _maybe("to"), _NUMBER, _maybe("working"), _WEEKS),
        Near(_one_of("realise know appreciate understand"), 4, ["only"]),
    ),
    "first_report": (
        _then(
            _one_of("n't nt not never ai"),
            _maybe("yet"),
            _one_of("told reported spoken rung contacted said phoned spoke report tell asked complained mentioned"),
        ),
        Near(_one_of("not n't nt no"), 4, _one_of("before yet")),
        _then(_one_of("to with told tell"), _one_of("anyone anybody nobody"), _maybe("else"), _one_of("yet before")),
    ),
    "reconsider": (
        Near(_one_of("look looked looking think go"), 7, ["again"]),
        Near(_one_of("possible willing able room"), 7, _one_of("again review reconsider")),
    ),
    "question": (
        _then(["how"], _one_of("do does can long much many early often old soon far would is are")),
        _then(_one_of("when where what which who"), _one_of("do does is are will can 's would should s")),
        _then(_one_of("is are"), _one_of("there it the")),
        _then(_one_of("do does am"), _one_of("i we you u they")),
        _then(_one_of("wonder wondering wondered ask asking know"), _one_of("if whether")),
    ),
    "request": (
        _then(_one_of("could can would will"), _one_of("you u someone somebody i we it the")),
        Near(_one_of("grateful obliged"), 2, ["if"]),
    ),
    "opinion": (_then(["why"], _one_of("not n't do does")),),
    "risk": (
        Near(_one_of("screaming shouting crying"), 4, _one_of("help wall night mum mummy")),
        Near(_one_of("locked shut"), 4, _one_of("in room bedroom outbuilding outside cupboard")),
    ),
    "dates": (
        _one_of(MONTHS.replace(" may ", " ").replace(" march ", " ")),
        _then(_one_of("in since on"), _one_of("may march")),
        _one_of(_DAYS),
        _SLASHED,
        _then(_one_of(_SPANS), _one_of("ago later")),
    ),
}

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's is ten times as fast; a PyYAML that was built without it has none."""

TOPIC = "topic:"
AREA = "area:"
SERVICE = "service:"


@cache
def wordings() -> dict[str, Wording]:
    """The wording of each signal and topic, by name."""
    found = {name: Wording(**_tuples(entry)) for name, entry in _entries("signals.yaml").items()}
    found.update({TOPIC + name: Wording(**_tuples(entry)) for name, entry in _entries("topics.yaml").items()})
    return found


def meaning(name: str) -> str:
    """What the signal `name` says, in words for an officer."""
    if name.startswith(SERVICE):
        return "what the team does"
    return "place" if name.startswith(AREA) else wordings()[name].means


def rules_digest() -> str:
    """SHA-256 over all rules. A model belongs to the rules that it was trained with."""
    return hashlib.sha256(repr((sorted(PATTERNS.items()), sorted(wordings().items()))).encode()).hexdigest()


def _entries(file: str) -> dict[str, Any]:
    text = (Path(__file__).parent / file).read_text(encoding="utf-8")
    entries: dict[str, Any] = LOADER(text).get_single_data()
    return entries


def _tuples(entry: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}
