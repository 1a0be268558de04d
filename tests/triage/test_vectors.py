import numpy as np
import pytest

from postroom.models.settings import Settings
from postroom.triage.features import Reader, Reading
from postroom.triage.suggesting import Text
from postroom.triage.vectors import Vectoriser

BODIES = ["the tip is shut", "the tip in Rugby is open", "when is the tip open", "when is the library open, Femi?"]


@pytest.fixture(scope="module")
def readings(council: Settings) -> list[Reading]:
    reader = Reader(council, "the tip is shut in open when library".split())
    return [reader.read(Text(body=body)) for body in BODIES]


@pytest.fixture(scope="module")
def vectoriser(readings: list[Reading]) -> Vectoriser:
    return Vectoriser.fit(readings)


def test_words_of_one_message_alone_and_names_are_not_kept(vectoriser: Vectoriser) -> None:
    assert "open" in vectoriser.terms["words"]
    assert "the tip" in vectoriser.terms["words"]
    assert "shut" not in vectoriser.terms["words"]
    assert not [term for term in vectoriser.terms["characters"] if "fem" in term]


def test_words_and_characters_are_vectors_of_length_one(vectoriser: Vectoriser, readings: list[Reading]) -> None:
    rows = vectoriser.transform(readings)
    words = len(vectoriser.terms["words"])
    for part in (rows[:, :words], rows[:, words : vectoriser.first_signal]):
        assert np.allclose(np.sqrt(part.multiply(part).sum(axis=1)), 1, atol=1e-6)


def test_a_row_is_the_vector_of_its_reading(vectoriser: Vectoriser, readings: list[Reading]) -> None:
    vector = vectoriser.vector(readings[1])
    row = vectoriser.transform(readings)[1].toarray()[0]
    assert np.allclose(row[vector.columns], vector.values)
    assert np.count_nonzero(row) == len(vector.columns)


def test_all_areas_are_one_signal_to_a_model(vectoriser: Vectoriser) -> None:
    assert vectoriser.signal_column("area:rugby") == vectoriser.signal_column("area:elsewhere")


def test_what_terms_add_goes_to_the_words_and_nothing_is_lost(vectoriser: Vectoriser, readings: list[Reading]) -> None:
    reading = readings[2]
    vector = vectoriser.vector(reading)
    slopes = np.arange(1.0, len(vector.columns) + 1)
    of_terms = (slopes * vector.values)[vector.columns < vectoriser.first_signal].sum()
    assert np.isclose(vector.share_of_words(slopes, len(reading.forms)).sum(), of_terms)


def test_nothing_is_the_vector_of_nothing(vectoriser: Vectoriser) -> None:
    vector = vectoriser.vector(Reading("", (), (), (), ()))
    assert len(vector.columns) == 0
    assert list(vector.share_of_words(vector.values, 0)) == []
