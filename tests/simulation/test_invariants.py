"""Each check finds what breaks it: weeks that hold together is spoilt in one place."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, text

from postroom.models.database import open_session
from postroom.models.settings import Settings
from postroom.simulation.invariants import CHECKS, Books

DEADLINES, REMINDERS, HISTORIES, WRITTEN, TWICE = CHECKS

SPOILT = {
    "a step that is due is forgotten": (
        DEADLINES,
        "DELETE FROM deadline WHERE id = (SELECT max(d.id) FROM deadline d JOIN feedback_case c ON c.id = d.case_id "
        "WHERE d.state = 'open' AND c.status = 'open')",
    ),
    "a closed case keeps an open step": (
        DEADLINES,
        "UPDATE deadline SET state = 'open' WHERE id = (SELECT min(d.id) FROM deadline d JOIN feedback_case c "
        "ON c.id = d.case_id WHERE d.state = 'cancelled' AND c.status = 'closed')",
    ),
    "a step that was done does not count as met": (
        DEADLINES,
        "UPDATE deadline SET state = 'cancelled' WHERE id = (SELECT min(id) FROM deadline WHERE state = 'met')",
    ),
    "a due date is another than its working gives": (
        DEADLINES,
        "UPDATE deadline SET due_on = '2030-01-01' WHERE id = (SELECT max(d.id) FROM deadline d JOIN feedback_case c "
        "ON c.id = d.case_id WHERE d.state = 'open' AND c.status = 'open')",
    ),
    "a digest was written at night": (
        REMINDERS,
        "UPDATE outgoing_mail SET created_at = '2025-09-10 01:00:00.000000' WHERE id = (SELECT min(id) FROM "
        "outgoing_mail WHERE kind = 'digest')",
    ),
    "a reminder went to somebody else": (
        REMINDERS,
        "UPDATE reminder SET officer_id = (SELECT min(id) FROM officer) WHERE id = (SELECT min(id) FROM reminder)",
    ),
    "an event was changed": (HISTORIES, "UPDATE event SET summary = 'Nothing' WHERE id = (SELECT max(id) FROM event)"),
    "an event is missing": (HISTORIES, "DELETE FROM event WHERE id = (SELECT max(id) FROM event)"),
    "an acknowledgement does not count": (
        WRITTEN,
        "UPDATE case_stage SET acknowledged_at = NULL WHERE id = (SELECT max(s.id) FROM case_stage s JOIN "
        "feedback_case c ON c.id = s.case_id AND c.stage = s.stage JOIN outgoing_mail m ON m.case_id = c.id "
        "AND m.stage = c.stage AND m.purpose = 'acknowledgement' WHERE c.status = 'open' AND m.state = 'sent')",
    ),
    "a letter about a decision is gone": (
        WRITTEN,
        "DELETE FROM outgoing_mail WHERE purpose = 'withdrawal' OR purpose = 'extension' OR purpose = 'refusal'",
    ),
    "a stage is acknowledged twice": (
        TWICE,
        "UPDATE outgoing_mail SET case_id = (SELECT max(case_id) FROM outgoing_mail WHERE purpose = 'acknowledgement' "
        "AND stage = 'stage-1') WHERE id = (SELECT min(id) FROM outgoing_mail WHERE purpose = 'acknowledgement' "
        "AND stage = 'stage-1')",
    ),
}


@pytest.mark.parametrize("how", SPOILT)
def test_what_does_not_hold_is_found(copied: Engine, settings: Settings, how: str) -> None:
    name, statement = SPOILT[how]
    with copied.begin() as connection:
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        assert connection.execute(text(statement)).rowcount > 0
    with open_session(copied, read_only=True) as session:
        assert list(CHECKS[name](Books(session, settings, datetime(2025, 10, 10, 23, tzinfo=UTC))))
