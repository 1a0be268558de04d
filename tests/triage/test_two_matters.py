"""Whether a message holds two matters: by its words, and by what a model says of each part."""

import json
from datetime import datetime
from pathlib import Path
from time import process_time
from typing import Any

import pytest
from sqlmodel import select

from postroom.models.campaign import TwoMatters
from postroom.models.database import open_session
from postroom.models.settings import Settings
from postroom.triage.corpus import Example, Labels, Text
from postroom.triage.second_look import SecondLook
from postroom.triage.suggesting import Suggester
from postroom.triage.two_matters import Because, Opinion, Place, Topic, is_second_matter, places
from tests.triage.office import Office

COLLECTION = Path(__file__).with_name("two_matters.jsonl")
LAMP, BADGE = "The street light by number 14 is out.", "could you tell me how I renew my blue badge?"
LABELS = Labels("service_request", "fix_problem", "highways", "none", False)
NEAR = 12
"""Characters by which the place may differ."""


def topics(text: str) -> list[Topic]:
    words = {"light": "roads", "badge": "badges", "library": "libraries", "carer": "adult_care"}
    return [Topic(name, text.index(word)) for word, name in words.items() if word in text]


def found(text: str) -> list[tuple[str, Because, bool]]:
    return [(text[place.at :], place.because, place.apart) for place in places(text, topics(text))]


@pytest.mark.parametrize(
    ("turn", "because"),
    [
        ("Also, ", Because.ADDED),
        ("And another thing, ", Because.SAID),
        ("While I am writing, ", Because.SAID),
        ("On a separate matter: ", Because.SAID),
        ("Secondly, ", Because.SAID),
        ("P.S. ", Because.SAID),
        ("By the way, ", Because.SAID),
    ],
)
def test_a_writer_says_that_another_matter_begins(turn: str, because: Because) -> None:
    assert found(f"{LAMP} {turn}{BADGE}") == [(f"{turn}{BADGE}", because, True)]


def test_a_list_of_two_holds_two() -> None:
    assert found(f"1. {LAMP}\n2. Please {BADGE}") == [(f"2. Please {BADGE}", Because.LISTED, True)]


def test_a_list_of_three_is_a_list_of_jobs() -> None:
    assert found(f"1. {LAMP}\n2. Also {BADGE}\n3. Also the library is shut today.") == []


def test_a_heading_goes_with_what_it_heads() -> None:
    text = f"{LAMP}\n\nBLUE BADGE. Separately, {BADGE}"
    assert found(text)[0][0] == f"BLUE BADGE. Separately, {BADGE}"


def test_also_about_the_same_topic_is_not_apart() -> None:
    text = f"{LAMP} Also the next light down the road has been flickering."
    assert [apart for _, _, apart in found(text)] == [False]


def test_a_remark_is_no_matter() -> None:
    assert found(f"{LAMP} Also, thank you.") == []


def test_no_sign_no_place() -> None:
    assert found(f"{LAMP} My carer comes at nine.") == []


def test_a_model_must_see_the_work_of_two_and_be_sure() -> None:
    place = Place(10, Because.ADDED, True)
    lamp, badge = Opinion("highways", 0.97), Opinion("blue-badge", 0.95)
    assert is_second_matter(place, lamp, badge)
    assert not is_second_matter(place, lamp, Opinion("highways", 0.95))
    assert not is_second_matter(place, lamp, Opinion("blue-badge", 0.6))
    assert is_second_matter(Place(10, Because.SAID, True), lamp, Opinion("blue-badge", 0.65))
    assert not is_second_matter(Place(10, Because.SAID, False), lamp, Opinion("blue-badge", 0.65))


@pytest.mark.parametrize(
    "text", ["Secondly, a. " * 600, "also " * 1_500, "p.s. " * 1_500, "1. x\n" * 1_500, "oh and, " * 999]
)
def test_hostile_text_is_read_in_no_time(text: str) -> None:
    begun = process_time()
    places(text, [])
    assert process_time() - begun < 1


def message(text: str, id_: str = "x") -> Example:
    return Example(id_, Text(from_email="jo@example.org", body=text), LABELS, id_, id_)


@pytest.fixture
def look(office: Office, settings: Settings, suggester: Suggester) -> SecondLook:
    return SecondLook(office.engine, settings, lambda: suggester)


def proposed(office: Office) -> dict[int, TwoMatters]:
    with open_session(office.engine) as session:
        return {matters.message_id: matters for matters in session.exec(select(TwoMatters))}


def test_of_the_collection_nothing_is_proposed_wrongly_and_half_is_found_by_the_model_that_ships(
    office: Office, council: Settings, shipped: Suggester, now: datetime
) -> None:
    look = SecondLook(office.engine, council, lambda: shipped)
    rows: list[dict[str, Any]] = [json.loads(line) for line in COLLECTION.read_text(encoding="utf-8").splitlines()]
    with open_session(office.engine) as session:
        ids = [office.message(message(row["text"], str(number)), now, session) for number, row in enumerate(rows)]
        session.commit()
    while look.process_one(now):
        pass
    made = proposed(office)
    expected = dict(zip(ids, (row["second_from"] for row in rows), strict=True))
    right = [id_ for id_ in made if (at := expected[id_]) is not None and abs(made[id_].parts[1]["start"] - at) < NEAR]
    assert len(right) >= 0.95 * len(made)
    assert len(right) >= 0.5 * sum(at is not None for at in expected.values())


def test_a_proposal_keeps_places_and_labels_but_no_words(office: Office, look: SecondLook, now: datetime) -> None:
    first, second = "There is a deep pothole on the road outside my house.", "Also my library card was refused today."
    id_ = office.message(message(f"  {first} {second}"), now)
    look.process_one(now)
    parts = proposed(office)[id_].parts
    assert [(part["start"], part["end"]) for part in parts] == [(0, len(first) + 3), (len(first) + 3, len(first) + 42)]
    assert [part["team"] for part in parts] == ["highways", "libraries"]
    assert {key for part in parts for key in part} == {"start", "end", "type", "team"}


def test_nothing_is_proposed_about_a_message_in_another_language(
    office: Office, look: SecondLook, now: datetime
) -> None:
    office.message(
        message(
            "Dziura w drodze przed moim domem jest bardzo głęboka. P.S. Biblioteka library jest zamknięta od wtorku."
        ),
        now,
    )
    assert look.process_one(now)
    assert proposed(office) == {}
