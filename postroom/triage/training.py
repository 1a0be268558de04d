"""Examples to a model: a head for each target, calibrated on scores that it gave to unseen examples.

Unseen means of another file of the seed corpus, so by another hand and often of another service; of officers'
decisions, by another writer on another theme. The same examples give the same model, to the bit, on one machine.
"""

import argparse
import json
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, hstack

from postroom.models.failures import ConfigurationError
from postroom.models.settings import Settings, load_settings
from postroom.triage import model_store
from postroom.triage.corpus import Example, Text, digest, problems_of, seed, text_digest
from postroom.triage.embedding import Embedding, Encoder, encoder_for
from postroom.triage.features import Reader, Reading, lower_case_words
from postroom.triage.heads import Examples, Taught, fit, fit_risk
from postroom.triage.model import Head, TriageModel, Trust, area_groups, category_head
from postroom.triage.services import Services, services
from postroom.triage.sides import foreign_groups
from postroom.triage.signals import SERVICE
from postroom.triage.vectors import Vectoriser

log = logging.getLogger(__name__)

SEED_LASTS = 400
"""Confirmations after which a shipped example counts half of what it did. Measured: docs/decisions/0018."""
CONFIRMED_WEIGHT = 2.0
"""What a confirmed example counts, beside 1 for a shipped one on the first day."""
WORD_WEIGHT = 0.1
"""What a word of a team's work counts, as a message to it. Chosen by leaving out files: docs/decisions/0013."""
WRITERS_OF_A_WORD = 3
TEXTS = "texts.json"
JUDGED_BY_OWN = 100
"""Confirmations from which on these alone say which probabilities may be trusted."""


def train(
    seed_examples: Sequence[Example],
    settings: Settings,
    confirmed: Sequence[Example] = (),
    encoder: Encoder | None = None,
) -> TriageModel:
    """A model of what is shipped and of what officers confirmed, which weighs more the more of it there is. With an
    `encoder` it learns from sentence embeddings too, and needs the same one to suggest.

    Labels that the council does not have are learned too, and never suggested. Raises `ConfigurationError` where there
    is nothing to learn from.
    """
    examples = [*seed_examples, *confirmed]
    if not examples:
        raise ConfigurationError(["a model needs examples; got none"])
    ordinary = _ordinary(seed_examples, confirmed)
    words = services(settings)
    reader = Reader(settings, ordinary, words)
    readings = reader.read_many([example.text for example in examples])
    seeds = len(seed_examples)
    vectoriser = Vectoriser.fit([*readings[:seeds], *_by_writer(confirmed, readings[seeds:])], words)
    rows = vectoriser.transform(readings)
    embedding = None
    if encoder is not None:
        embedding, embedded = Embedding.fit(encoder, readings)
        rows = hstack([rows, csr_matrix(embedded, dtype=np.float64)], format="csr")
    weights, groups = example_weights(seeds, len(confirmed)), foreign_groups(examples)
    judged = np.arange(len(examples)) >= (seeds if len(confirmed) >= JUDGED_BY_OWN else 0)
    labelled = Examples(rows, vectoriser.width, groups, weights, judged)
    taught = _taught(words, reader, vectoriser, rows.shape[1], WORD_WEIGHT * example_weights(1, len(confirmed))[0])
    figures: dict[str, Any] = {"examples": len(examples), "confirmations": len(confirmed)}
    heads: dict[str, Head] = {}
    trust: dict[str, Trust] = {}
    for name, chosen, labels in _targets(examples, settings):
        those = replace(labelled.only(chosen), taught=taught if name == "team" else None)
        fitted = fit(those.without(vectoriser.hidden_from(name)), labels)
        heads[name] = _widened(fitted.head, vectoriser.hidden_from(name), rows.shape[1])
        trust[name], figures[name] = fitted.trust, fitted.figures
    at_risk = np.array([example.labels.at_risk for example in examples])
    hidden = vectoriser.hidden_from("at_risk")
    head, at_risk_from, figures["at_risk"] = fit_risk(labelled.without(hidden), at_risk)
    heads["at_risk"] = _widened(head, hidden, rows.shape[1])
    return TriageModel(ordinary, words, vectoriser, heads, trust, at_risk_from, digest(examples), figures, embedding)


def _taught(words: Services, reader: Reader, vectoriser: Vectoriser, columns: int, weight: float) -> Taught:
    """Each word of a team's work as a message to it. That it is such a word is not among what it says of itself."""
    labels = [team for team, phrases in words.items() for _ in phrases]
    readings = [reader.read(Text(body=phrase)) for phrases in words.values() for phrase in phrases]
    bare = [replace(r, signals=tuple(s for s in r.signals if not s.name.startswith(SERVICE))) for r in readings]
    rows = vectoriser.transform(bare)
    rows.resize(len(bare), columns)
    return Taught(rows, np.array(labels), weight)


def _widened(head: Head, hidden: Any, columns: int) -> Head:
    """The head with weights of nothing for the columns that it did not see."""
    weights = np.zeros((columns, len(head.labels)), np.float32)
    weights[np.setdiff1d(np.arange(columns), hidden)] = head.weights
    return replace(head, weights=weights)


def example_weights(seeds: int, confirmed: int) -> Any:
    """What each example counts: a shipped one less the more officers have confirmed."""
    fallen = SEED_LASTS / (SEED_LASTS + confirmed)
    return np.concatenate([np.full(seeds, fallen), np.full(confirmed, CONFIRMED_WEIGHT)])


def _ordinary(seed_examples: Sequence[Example], confirmed: Sequence[Example]) -> tuple[str, ...]:
    """Words that are no names. Of residents' messages only words that several people write: one may write a name so."""
    writers: dict[str, set[str]] = {}
    for writer, texts in _texts_by_writer(confirmed):
        for word in lower_case_words(texts):
            writers.setdefault(word, set()).add(writer)
    several = {word for word, those in writers.items() if len(those) >= WRITERS_OF_A_WORD}
    return tuple(sorted(lower_case_words(example.text for example in seed_examples) | several))


def _texts_by_writer(examples: Sequence[Example]) -> Iterator[tuple[str, list[Text]]]:
    ordered = sorted(examples, key=lambda example: example.writer)
    for writer, those in groupby(ordered, key=lambda example: example.writer):
        yield writer, [example.text for example in those]


def _by_writer(confirmed: Sequence[Example], readings: Sequence[Reading]) -> Iterator[Reading]:
    """All that one resident wrote as one reading, so that no term is kept which only one of them writes, however
    often."""
    written: dict[str, list[Reading]] = {}
    for example, reading in zip(confirmed, readings, strict=True):
        written.setdefault(example.writer, []).append(reading)
    for those in written.values():
        yield Reading("", tuple(form for reading in those for form in reading.forms), (), (), ())


def _targets(examples: Sequence[Example], settings: Settings) -> Iterator[tuple[str, Any, Any]]:
    """Each head's name, the positions of the examples that it learns from, and their labels."""
    everything = np.arange(len(examples))
    groups = area_groups(settings)
    types = np.array([example.labels.type for example in examples])
    yield "type", everything, types
    yield "team", everything, np.array([groups.get(e.labels.team, e.labels.team) for e in examples])
    yield "exclusion", everything, np.array([example.labels.exclusion for example in examples])
    categories = np.array([example.labels.category for example in examples])
    for type_ in settings.categories:
        chosen = np.flatnonzero(types == type_)
        if len(chosen):
            yield category_head(type_), chosen, categories[chosen]


def build(settings: Settings, folder: Path) -> TriageModel:
    """Train on the seed corpus and store the model in `folder`."""
    examples = seed()
    if unknown := problems_of(examples, settings):
        log.warning("%s labels are not this council's: they are learned, and never suggested", len(unknown))
    model = train(examples, settings, encoder=encoder_for(settings))
    store(model, examples, folder)
    return model


def store(model: TriageModel, examples: Iterable[Example], folder: Path) -> None:
    """Store `model`, and beside it by which texts it learned: their digests alone."""
    model_store.save(model, folder)
    (folder / TEXTS).write_text(json.dumps(sorted({text_digest(example.text) for example in examples})))


def learned_texts(folder: Path) -> frozenset[str] | None:
    """The digests of the texts that the model in `folder` learned from; None where nothing says so."""
    try:
        return frozenset(json.loads((folder / TEXTS).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the triage model that Postroom suggests with.")
    parser.add_argument("folder", nargs="?", type=Path, help="where to store it; else where the configuration says")
    parser.add_argument("--config", type=Path, default=Path("config.yaml"))
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    settings = load_settings(arguments.config)
    folder = arguments.folder or model_store.folder_of(settings)
    model = build(settings, folder)
    log.info("Model %s of %s examples is in %s", model.version, model.figures["examples"], folder)


if __name__ == "__main__":
    main()
