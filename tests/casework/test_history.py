from collections.abc import Callable
from datetime import datetime

import pytest
from sqlalchemy import Engine, text

from postroom.casework import cases
from postroom.casework.history import ChangedMeanwhile, broken_histories
from postroom.casework.labels import Labels
from postroom.models.case import Case
from postroom.models.database import open_session
from postroom.models.settings import Settings


@pytest.fixture
def case(engine: Engine, new_case: Callable[..., Case], settings: Settings, officer_id: int, now: datetime) -> Case:
    """A case with three events."""
    case = new_case()
    assert case.id is not None
    with open_session(engine) as session:
        cases.confirm(
            session,
            case.id,
            Labels("service_request", "libraries", "fix_problem"),
            officer_id=officer_id,
            settings=settings,
            now=now,
        )
        cases.close(session, case.id, reason="answered", actor="officer:1", settings=settings, now=now)
        session.commit()
    return case


def problems(engine: Engine) -> list[str]:
    with open_session(engine, read_only=True) as session:
        return list(broken_histories(session))


def test_an_untouched_history_holds_together(engine: Engine, case: Case) -> None:
    assert case.reference
    assert problems(engine) == []


@pytest.mark.parametrize(
    ("tampering", "problem"),
    [
        ("UPDATE event SET summary = 'nothing' WHERE number = 2", "event 2 (confirmed) was changed"),
        ("UPDATE event SET actor = 'officer:9' WHERE number = 3", "event 3 (closed) was changed"),
        ("DELETE FROM event WHERE number = 2", "event 2 is missing"),
        ("DELETE FROM event WHERE number = 3", "3 changes were counted but 2 are recorded"),
    ],
)
def test_a_changed_or_removed_event_is_found(engine: Engine, case: Case, tampering: str, problem: str) -> None:
    with engine.begin() as connection:
        connection.execute(text(tampering))
    assert problems(engine) != []
    assert problems(engine)[0].startswith(f"{case.reference}: {problem}")


def test_a_change_made_on_an_old_reading_is_refused(engine: Engine, case: Case, now: datetime) -> None:
    with open_session(engine) as session:
        mine = session.get(Case, case.id)
        assert mine is not None
        session.connection().execute(text("UPDATE feedback_case SET version = version + 1"))
        with pytest.raises(ChangedMeanwhile):
            cases.record(session, mine, kind="noted", summary="", actor="officer:1", now=now)
