"""How much a corpus repeats itself: run as python -m postroom.triage.repetition [FILE …], else on the seed corpus.

Messages made from templates share long runs of words and have near neighbours; messages written one by one do not.
"""

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from postroom.triage.corpus import Example, read, seed

RUNS = (3, 5, 8)
"""Lengths of the runs of words that are looked for in other messages."""
NEAR = 0.8
"""From this cosine on, two messages are near copies."""


@dataclass(frozen=True)
class Repetition:
    """`shared_runs`: by length, the part of all runs of words that stand in another message too. `nearest`: cosine of
    the nearest other message (words weighted by rarity): median, 95th and 99th of 100. `near_copies`: of all messages.
    """

    messages: int
    shared_runs: dict[int, float]
    nearest: tuple[float, float, float]
    near_copies: float


def repetition(examples: Sequence[Example]) -> Repetition:
    """How far the bodies of at least two `examples` repeat one another."""
    bodies = [example.text.body.lower() for example in examples]
    rows = TfidfVectorizer(sublinear_tf=True).fit_transform(bodies)
    alike = (rows @ rows.T).toarray()
    np.fill_diagonal(alike, 0)
    nearest = alike.max(axis=1)
    median, high, highest = map(float, np.percentile(nearest, (50, 95, 99)))
    shared = {length: _shared(bodies, length) for length in RUNS}
    return Repetition(len(bodies), shared, (median, high, highest), float((nearest >= NEAR).mean()))


def _shared(bodies: Sequence[str], length: int) -> float:
    runs = [_runs(body.split(), length) for body in bodies]
    messages = Counter(run for found in runs for run in found)
    whole = sum(map(len, runs))
    return sum(messages[run] > 1 for found in runs for run in found) / whole if whole else 0.0


def _runs(words: list[str], length: int) -> set[str]:
    return {" ".join(words[start : start + length]) for start in range(len(words) - length + 1)}


def told(found: Repetition) -> str:
    """The figures in words."""
    median, high, highest = found.nearest
    return "\n".join(
        [
            f"{found.messages} messages",
            *(f"runs of {n} words that stand in another message: {part:.1%}" for n, part in found.shared_runs.items()),
            f"cosine of the nearest other message: median {median:.2f}, 95th {high:.2f}, 99th of 100 {highest:.2f}",
            f"near copies (cosine of {NEAR} or more): {found.near_copies:.1%}",
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Say how much a corpus repeats itself.")
    parser.add_argument("files", nargs="*", type=Path, help="labelled messages; else the seed corpus")
    files = parser.parse_args().files
    print(told(repetition([example for file in files for example in read(file)] if files else seed())))  # noqa: T201


if __name__ == "__main__":
    main()
