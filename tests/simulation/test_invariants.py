"""Each check finds what breaks it: weeks that hold together are spoilt in one place."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from postroom.models.database import open_engine, open_session
from postroom.models.settings import Settings
from postroom.simulation.books import Books
from postroom.simulation.invariants import CHECKS

DEADLINES, REMINDERS, HISTORIES, WRITTEN, TOLD, SENT, TWICE = CHECKS

VIEWS = """
CREATE TEMP VIEW open_step AS SELECT d.id FROM deadline d JOIN feedback_case c ON c.id = d.case_id
    WHERE d.state = 'open' AND c.status = 'open';
CREATE TEMP VIEW acknowledgement AS SELECT id, case_id, state FROM outgoing_mail WHERE purpose = 'acknowledgement';
CREATE TEMP VIEW reachable AS SELECT id FROM feedback_case WHERE channel = 'email' AND status <> 'awaiting';
CREATE TEMP VIEW decided AS SELECT case_id, decided_at FROM stage_request;
CREATE TEMP TRIGGER refused INSTEAD OF INSERT ON decided BEGIN
    INSERT INTO stage_request (case_id, stage, requested_at, decided_at, officer_id, accepted, late, reason)
    VALUES (NEW.case_id, 'stage-2', NEW.decided_at, NEW.decided_at, 1, 0, 0, '');
END;
"""
"""What is spoilt below, by names for it."""

SPOILT = {
    "a step that is due is forgotten": (DEADLINES, "DELETE FROM deadline WHERE id = (SELECT max(id) FROM open_step)"),
    "a closed case keeps an open step": (
        DEADLINES,
        "UPDATE deadline SET state = 'open' WHERE id = (SELECT min(d.id) FROM deadline d JOIN feedback_case c "
        "ON c.id = d.case_id WHERE c.status = 'closed')",
    ),
    "an open case keeps an open step of another stage": (
        DEADLINES,
        "UPDATE deadline SET stage = 'stage-0' WHERE id = (SELECT max(id) FROM open_step)",
    ),
    "a step that was done does not count as met": (
        DEADLINES,
        "UPDATE deadline SET state = 'cancelled' WHERE id = (SELECT min(id) FROM deadline WHERE state = 'met')",
    ),
    "when a step was done is not known any more": (
        DEADLINES,
        "UPDATE deadline SET met_at = NULL WHERE id = (SELECT max(id) FROM deadline WHERE state = 'met')",
    ),
    "a step that was done has no deadline": (
        DEADLINES,
        "DELETE FROM deadline WHERE id = (SELECT max(id) FROM deadline WHERE state = 'met')",
    ),
    "a step counts as met that was not done": (
        DEADLINES,
        "UPDATE case_stage SET responded_at = NULL WHERE id = (SELECT max(id) FROM case_stage "
        "WHERE responded_at IS NOT NULL)",
    ),
    "a due date is another than its working gives": (
        DEADLINES,
        "UPDATE deadline SET due_on = '2030-01-01' WHERE id = (SELECT max(id) FROM open_step)",
    ),
    "a reminder was given twice": (
        REMINDERS,
        "CREATE TABLE free AS SELECT * FROM reminder; DROP TABLE reminder; ALTER TABLE free RENAME TO reminder; "
        "INSERT INTO reminder SELECT * FROM reminder WHERE id = 1",
    ),
    "somebody got two digests on one day": (
        REMINDERS,
        "UPDATE outgoing_mail SET (recipient, created_at) = (SELECT recipient, created_at FROM outgoing_mail WHERE "
        "id = (SELECT min(id) FROM outgoing_mail WHERE kind = 'digest')) WHERE id = (SELECT max(id) FROM outgoing_mail "
        "WHERE kind = 'digest')",
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
    "the digest of a reminder is gone": (
        REMINDERS,
        "DELETE FROM outgoing_mail WHERE id = (SELECT min(id) FROM outgoing_mail WHERE kind = 'digest')",
    ),
    "an event was changed": (HISTORIES, "UPDATE event SET summary = 'Nothing' WHERE id = (SELECT max(id) FROM event)"),
    "an event says that something else came of it": (
        HISTORIES,
        "UPDATE event SET after = '{}' WHERE id = (SELECT min(id) FROM event WHERE kind = 'responded')",
    ),
    "an event was moved in time": (
        HISTORIES,
        "UPDATE event SET at = '2025-09-01 09:00:00.000000' WHERE id = (SELECT max(id) FROM event)",
    ),
    "the last event is missing": (HISTORIES, "DELETE FROM event WHERE id = (SELECT max(id) FROM event)"),
    "an earlier event is missing": (HISTORIES, "DELETE FROM event WHERE id = (SELECT min(id) FROM event)"),
    "an officer's words were changed": (
        HISTORIES,
        "UPDATE event_words SET words = 'Never' WHERE rowid = (SELECT max(rowid) FROM event_words)",
    ),
    "an acknowledgement that is owed is not there": (
        WRITTEN,
        "UPDATE feedback_case SET acknowledged_at = NULL WHERE status = 'open' AND id IN (SELECT case_id FROM "
        "acknowledgement); DELETE FROM outgoing_mail WHERE purpose = 'acknowledgement'",
    ),
    "nobody was told of a decision of yesterday": (
        WRITTEN,
        "INSERT INTO decided SELECT id, '2025-10-02 09:00:00.000000' FROM reachable",
    ),
    "the duty officer was not told": (WRITTEN, "UPDATE feedback_case SET at_risk = 1"),
    "the letter that acknowledged a case is gone": (
        TOLD,
        "DELETE FROM outgoing_mail WHERE id = (SELECT min(id) FROM acknowledgement WHERE state = 'sent')",
    ),
    "the letter that answered a case is gone": (
        TOLD,
        "DELETE FROM outgoing_mail WHERE id = (SELECT min(id) FROM outgoing_mail WHERE purpose = 'response')",
    ),
    "the letter that answered a case is about another": (
        TOLD,
        "UPDATE outgoing_mail SET case_id = (SELECT max(id) FROM feedback_case) WHERE id = "
        "(SELECT min(id) FROM outgoing_mail WHERE purpose = 'response')",
    ),
    "what an officer wrote is gone": (
        TOLD,
        "DELETE FROM outgoing_mail WHERE id = (SELECT max(id) FROM outgoing_mail WHERE officer_id IS NOT NULL)",
    ),
    "nobody was told of a decision of long ago": (
        TOLD,
        "INSERT INTO decided SELECT id, '2025-09-08 09:00:00.000000' FROM reachable",
    ),
    "a letter was never sent": (
        SENT,
        "UPDATE outgoing_mail SET state = 'waiting', sent_at = NULL WHERE id = (SELECT min(id) FROM acknowledgement)",
    ),
    "a letter was given up": (
        SENT,
        "UPDATE outgoing_mail SET state = 'dead' WHERE id = (SELECT min(id) FROM acknowledgement)",
    ),
    "an acknowledgement does not count": (
        SENT,
        "UPDATE case_stage SET acknowledged_at = NULL WHERE id = (SELECT max(s.id) FROM case_stage s JOIN "
        "feedback_case c ON c.id = s.case_id AND c.stage = s.stage JOIN outgoing_mail m ON m.case_id = c.id "
        "AND m.stage = c.stage AND m.purpose = 'acknowledgement' WHERE c.status = 'open' AND m.state = 'sent')",
    ),
    "a stage is acknowledged twice": (
        TWICE,
        "UPDATE outgoing_mail SET case_id = (SELECT max(case_id) FROM outgoing_mail WHERE purpose = 'acknowledgement' "
        "AND stage = 'stage-1') WHERE id = (SELECT min(id) FROM outgoing_mail WHERE purpose = 'acknowledgement' "
        "AND stage = 'stage-1')",
    ),
    "a letter is there twice": (
        TWICE,
        "DROP VIEW acknowledgement; CREATE TABLE free AS SELECT * FROM outgoing_mail; DROP TABLE outgoing_mail; "
        "ALTER TABLE free RENAME TO outgoing_mail; INSERT INTO outgoing_mail SELECT * FROM outgoing_mail WHERE id = 1",
    ),
}


@pytest.mark.parametrize("how", SPOILT)
def test_what_does_not_hold_is_found(copied: Path, settings: Settings, how: str) -> None:
    name, statements = SPOILT[how]
    with closing(sqlite3.connect(copied)) as connection:
        connection.executescript(VIEWS)
        before = connection.total_changes
        connection.executescript(statements)
        assert connection.total_changes > before
    engine = open_engine(f"sqlite:///{copied}")
    with open_session(engine, read_only=True) as session:
        assert list(CHECKS[name](Books(session, settings, datetime(2025, 10, 3, 23, tzinfo=UTC))))
    engine.dispose()
