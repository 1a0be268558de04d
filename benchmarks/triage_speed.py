"""Suggesting: milliseconds a message, messages a second, start-up and memory, against plain TF-IDF and regression.

The baseline is scikit-learn's own pipeline for the five targets: words and pairs, pieces of words, logistic regression,
with no reading of names, no signals, no places and no evidence. Both learn from the seed corpus less what is set aside
and get the same messages on one core. Run as: python -m benchmarks.triage_speed
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import SGDClassifier
from sklearn.pipeline import FeatureUnion

from benchmarks.measuring import ROOT, peak_megabytes
from postroom.models.settings import Settings, load_settings
from postroom.triage.corpus import Example, Text, seed
from postroom.triage.embedding import Encoder, encoder_for
from postroom.triage.model_store import save
from postroom.triage.sides import set_aside
from postroom.triage.suggesting import Suggester
from postroom.triage.training import train

TARGETS = ("type", "category", "team", "exclusion", "at_risk")
AIMS = "aims: under 5 ms a message, 500 a second in batches, ready in 3 s, under 600 MB"
_READY = """
import sys, time
from pathlib import Path
from benchmarks.measuring import peak_megabytes
from postroom.models.settings import load_settings
begin, worked = time.perf_counter(), time.process_time()
from postroom.triage.suggesting import Suggester, Text
Suggester.load(Path(sys.argv[1]), load_settings(Path(sys.argv[2]))).suggest(Text(body="Is it ready?"))
print(time.perf_counter() - begin, time.process_time() - worked, peak_megabytes())
"""


class Plain:
    """A plain pipeline for each of the five targets over one vector."""

    def __init__(self, examples: Sequence[Example]) -> None:
        words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
        pieces = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=3, sublinear_tf=True)
        self._vectors = FeatureUnion([("words", words), ("pieces", pieces)])
        rows = self._vectors.fit_transform([self._text(example.text) for example in examples])
        self._heads = [
            # Logistic regression by gradient steps: suggesting costs the same as after a slow exact fit.
            SGDClassifier(loss="log_loss", random_state=0, max_iter=5, tol=None).fit(
                rows, [str(getattr(example.labels, target)) for example in examples]
            )
            for target in TARGETS
        ]

    def suggest_all(self, messages: Sequence[Text]) -> list[Any]:
        rows = self._vectors.transform([self._text(message) for message in messages])
        return [head.predict_proba(rows) for head in self._heads]

    @staticmethod
    def _text(message: Text) -> str:
        return f"{message.subject}\n\n{message.body}"


def one_by_one(suggest: Callable[[Text], object], messages: Sequence[Text]) -> tuple[list[float], list[float]]:
    """Milliseconds of each, by the clock and by the processor's time."""
    by_clock, by_processor = [], []
    for message in messages:
        begin, worked = time.perf_counter(), time.process_time()
        suggest(message)
        by_clock.append(1000 * (time.perf_counter() - begin))
        by_processor.append(1000 * (time.process_time() - worked))
    return by_clock, by_processor


def rates(suggest_all: Callable[[Sequence[Text]], object], messages: Sequence[Text]) -> tuple[float, float]:
    """Messages a second, all given at once, by the clock and by the processor's time, which others do not share."""
    begin, worked = time.perf_counter(), time.process_time()
    suggest_all(messages)
    return len(messages) / (time.perf_counter() - begin), len(messages) / (time.process_time() - worked)


def ready(folder: Path) -> tuple[float, float, float]:
    """Seconds from nothing to a first suggestion in a new process, by the clock and by the processor's time, and the
    most memory that it had."""
    command = [sys.executable, "-c", _READY, str(folder), str(ROOT / "config.yaml")]
    printed = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout.split()
    by_clock, by_processor, megabytes = map(float, printed)
    return by_clock, by_processor, megabytes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=500)
    parser.add_argument("--embeddings", action="store_true", help="with what 'postroom embeddings add' brought")
    options = parser.parse_args()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    settings = load_settings(ROOT / "config.yaml")
    encoder = encoder_for(settings) if options.embeddings else None
    learned, aside = set_aside(seed())
    messages = [example.text for example in aside][: options.messages]
    with TemporaryDirectory(prefix="postroom-benchmark-") as folder:
        seconds = trained(learned, settings, Path(folder), encoder)
        suggester = Suggester.load(Path(folder), settings)
        by_clock, by_processor, megabytes = ready(Path(folder))
    plain = Plain(learned)
    words = statistics.mean(len(message.body.split()) for message in messages)
    print(f"{len(messages)} messages that no model has seen, of {words:.0f} words on average, one core; {AIMS}")
    report(suggester, plain, messages)
    print(
        f"ready in {by_clock:.2f} s ({by_processor:.2f} s of processor time) with {megabytes:.0f} MB at most; "
        f"trained in {seconds:.0f} s"
    )
    print(f"this run with both models in memory: {peak_megabytes():.0f} MB")


def trained(examples: Sequence[Example], settings: Settings, folder: Path, encoder: Encoder | None) -> float:
    """Seconds to train a model and store it in `folder`."""
    begin = time.perf_counter()
    save(train(examples, settings, encoder=encoder), folder)
    return time.perf_counter() - begin


def report(suggester: Suggester, plain: Plain, messages: Sequence[Text]) -> None:
    singles = {
        "postroom": one_by_one(suggester.suggest, messages),
        "plain": one_by_one(lambda message: plain.suggest_all([message]), messages),
    }
    batches = {"postroom": rates(suggester.suggest_many, messages), "plain": rates(plain.suggest_all, messages)}
    print("            median ms  p95 ms  of processor time: median  p95   a second in a batch  by processor time")
    for name, (clock, processor) in singles.items():
        one, two = (f"{statistics.median(t):.2f}  {statistics.quantiles(t, n=20)[-1]:6.2f}" for t in (clock, processor))
        by_clock, by_processor = batches[name]
        print(f"{name:10}  {one:>17}  {two:>31}  {by_clock:20.0f}  {by_processor:17.0f}")
    ratios = [
        statistics.median(ours) / statistics.median(theirs) for ours, theirs in zip(*singles.values(), strict=True)
    ]
    by_clock, by_processor = (one / other for one, other in zip(*batches.values(), strict=True))
    print(
        f"ratio: one by one {ratios[0]:.2f} by the clock, {ratios[1]:.2f} by processor time; "
        f"in a batch {by_clock:.2f} and {by_processor:.2f}"
    )


if __name__ == "__main__":
    main()
