from dataclasses import replace
from datetime import datetime, timedelta

from rich.console import Console
from sqlalchemy import Engine

from postroom.models.database import open_session
from postroom.models.trained_model import ModelState, TrainedModel
from postroom.triage.accuracy import Accuracy, accuracy_by_model
from postroom.triage.corpus import Example, Labels, Text
from postroom.triage.models_text import as_tables
from tests.triage.office import Office

TIP = Labels("enquiry", "none", "waste", "none", at_risk=False)
HOLE = Labels("service_request", "fix_problem", "highways", "none", at_risk=False)


def _decided(office: Office, now: datetime, suggested: Labels, *decided: Labels, blind: bool = False) -> None:
    message = office.message(Example("", Text(body="words"), TIP, "", ""), now)
    suggestion = office.suggestion(message, suggested, now, "first")
    for hours, labels in enumerate(decided):
        shown = {"suggestion_id": suggestion, "blind": blind} if hours == 0 else {}
        office.decide(message, labels, now + timedelta(hours=hours), **shown)


def _accuracies(engine: Engine) -> dict[str, Accuracy]:
    with open_session(engine, read_only=True) as session:
        return accuracy_by_model(session)


def test_what_officers_took_is_counted_apart_from_what_they_judged_first(
    sqlite: Engine, office: Office, now: datetime
) -> None:
    _decided(office, now, TIP, TIP)
    _decided(office, now, TIP, replace(TIP, team="libraries"))
    _decided(office, now, TIP, HOLE, blind=True)
    found = _accuracies(sqlite)["first"]
    assert (found.shown.messages, found.blind.messages) == (2, 1)
    assert found.shown.right == {"type": 2, "category": 2, "team": 1, "exclusion": 2}
    assert found.blind.share("type") == 0


def test_a_correction_counts_against_the_suggestion(sqlite: Engine, office: Office, now: datetime) -> None:
    _decided(office, now, TIP, TIP, HOLE)
    assert _accuracies(sqlite)["first"].shown.share("type") == 0


def test_models_are_listed_with_their_figures(sqlite: Engine, office: Office, now: datetime) -> None:
    _decided(office, now, TIP, TIP)
    compared = {"figures": {"type macro-F1": {"champion": 0.8, "challenger": 0.9, "worse_in": 0.1}}}
    model = TrainedModel(
        version="abc",
        state=ModelState.CHAMPION,
        reason="not worse",
        since=now,
        trained_at=now,
        data="",
        confirmations=20,
        comparison=compared,
    )
    console = Console(record=True, width=160)
    console.print(as_tables([model], _accuracies(sqlite), "xyz"))
    printed = console.export_text()
    for expected in ("abc", "champion", "2026-03-04", "type macro-F1 0.800 0.900", "not worse", "100.0%"):
        assert expected in printed
    assert "xyz" not in printed


def test_before_anything_is_learned_the_shipped_model_is_listed(sqlite: Engine) -> None:
    console = Console(record=True, width=160)
    console.print(as_tables([], _accuracies(sqlite), "xyz"))
    assert "xyz (shipped)" in console.export_text()
