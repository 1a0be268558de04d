from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Engine

from postroom.models.database import open_session
from postroom.models.settings import Settings
from postroom.triage.confirmed import Confirmed, confirmed_messages, count_confirmed, decided_after
from postroom.triage.corpus import Example, Labels, Text
from postroom.triage.training import train
from tests.triage.office import Office

REQUEST = Labels("service_request", "fix_problem", "highways", "none", at_risk=False)
COMPLAINT = Labels("complaint", "service_standards", "highways", "none", at_risk=False)


def _example(body: str, sender: str = "jo@example.org", labels: Labels = REQUEST) -> Example:
    return Example("", Text(from_name="Jo Park", from_email=sender, subject="Pothole", body=body), labels, "", "")


def _confirmed(engine: Engine) -> list[Confirmed]:
    with open_session(engine, read_only=True) as session:
        return confirmed_messages(session)


def test_a_confirmed_message_is_an_example_of_its_own_words(sqlite: Engine, office: Office, now: datetime) -> None:
    office.confirm([_example("The hole is deep")], now)
    [found] = _confirmed(sqlite)
    assert (found.example.text.body, found.example.labels, found.decided_at) == ("The hole is deep", REQUEST, now)
    assert found.example.writer == "jo@example.org"


def test_the_last_decision_about_a_message_counts(sqlite: Engine, office: Office, now: datetime) -> None:
    first, _ = office.confirm([_example("one"), _example("two")], now)
    office.decide(first, COMPLAINT, now + timedelta(hours=1))
    assert [(found.example.text.body, found.example.labels) for found in _confirmed(sqlite)] == [
        ("two", REQUEST),
        ("one", COMPLAINT),
    ]
    with open_session(sqlite) as session:
        assert count_confirmed(session) == 2
        assert decided_after(session, now)
        assert not decided_after(session, now + timedelta(hours=1))


def test_a_message_that_nobody_decided_about_teaches_nothing(sqlite: Engine, office: Office, now: datetime) -> None:
    office.message(_example("one"), now)
    assert _confirmed(sqlite) == []


def test_who_is_erased_teaches_no_more(
    sqlite: Engine, office: Office, council: Settings, examples: list[Example], now: datetime
) -> None:
    words = [_example(f"The zorbgate at the corner {n}", sender) for n in range(2) for sender in ("a@x.org", "b@x.org")]
    office.confirm(words, now)

    def terms() -> list[str]:
        return list(train(examples[:60], council, [c.example for c in _confirmed(sqlite)]).vectoriser.terms["words"])

    assert "zorbgate" in terms()
    office.erase("a@x.org")
    assert [found.example.writer for found in _confirmed(sqlite)] == ["b@x.org"] * 2
    assert "zorbgate" not in terms()


def test_a_word_that_one_resident_writes_is_not_kept_however_often(examples: list[Example], council: Settings) -> None:
    name = [replace(_example(f"my name is kowalczyk {n}"), id=str(n), writer="k@x.org", theme=str(n)) for n in range(5)]
    model = train(examples[:60], council, name)
    assert "kowalczyk" not in model.vectoriser.terms["words"]
    assert "kowalczyk" not in model.ordinary
