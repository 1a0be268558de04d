"""Cases in bulk, for the desk's benchmarks: rows as years of a council's life leave them, without that life.

A case comes every 25 minutes, so that 100,000 are five years of a county council. Each has one message of about 600
letters with its suggestion, one event, and what was made of it: nothing yet, or a decision and deadlines. A tenth of
those that are confirmed are open.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, text

from postroom.models.tables import metadata

NOW = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
WORDS = "council road pothole library school bus bin letter phone nobody answered again please help light".split()
TYPES = ("complaint", "service_request", "enquiry", "compliment")
TEAMS = ("highways", "libraries", "school-transport", "adult-social-care", "waste", "childrens-nuneaton")
OFFICER = 1
"""Who confirmed all of them; must be there."""
CAMPAIGNS = 40
IN_CAMPAIGNS = 250
"""Of so many messages one is of a campaign."""


def fill(engine: Engine, cases: int, awaiting: int) -> None:
    """So many cases, the newest of them awaiting confirmation."""
    tables = metadata.tables
    with engine.begin() as connection:
        connection.execute(tables["campaign"].insert(), [_campaign(n) for n in range(1, CAMPAIGNS + 1)])
    for start in range(1, cases + 1, 5_000):
        numbers = range(start, min(start + 5_000, cases + 1))
        with engine.begin() as connection:
            for name, row in (
                ("raw_message", _raw),
                ("person", _person),
                ("feedback_case", lambda n: _case(n, awaiting)),
                ("message", _message),
                ("suggestion", _suggestion),
                ("event", _event),
                ("near_copy", _near_copy),
            ):
                connection.execute(tables[name].insert(), [row(n) for n in numbers])
            confirmed = [n for n in numbers if n > awaiting]
            if confirmed:
                connection.execute(tables["decision"].insert(), [_decision(n) for n in confirmed])
                due = [
                    _deadline(n, step, days) for n in confirmed for step, days in (("acknowledge", 3), ("respond", 10))
                ]
                connection.execute(tables["deadline"].insert(), due)
    if engine.dialect.name == "postgresql":  # which does it by itself in time; SQLite keeps no statistics
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))


def _received(number: int) -> datetime:
    return NOW - timedelta(minutes=25 * number)


def _raw(n: int) -> dict[str, Any]:
    return {"id": n, "source": "smtp", "position": str(n), "channel": "email", "received_at": _received(n),
            "digest": str(n), "size": 1, "content": b"x"}  # fmt: skip


def _person(n: int) -> dict[str, Any]:
    return {"id": n, "name": f"Resident {n}", "created_at": _received(n)}


def _case(n: int, awaiting: int) -> dict[str, Any]:
    team, type_ = TEAMS[n % len(TEAMS)], TYPES[n % len(TYPES)]
    row = {"id": n, "reference": f"AR-2026-{n:06d}", "subject": f"Matter {n}", "channel": "email", "person_id": n,
           "received_at": _received(n), "version": 1}  # fmt: skip
    if n <= awaiting:
        return {**row, "status": "awaiting", "type": "", "initial_type": "", "team": "", "procedure": "", "stage": "",
                "stage_number": 0, "sealed": False, "confirmed_at": None, "closed_at": None}  # fmt: skip
    closed = None if n % 10 == 0 else _received(n) + timedelta(days=5)
    return {**row, "status": "closed" if closed else "open", "type": type_, "initial_type": type_, "team": team,
            "procedure": "corporate", "stage": "stage-1", "stage_number": 1, "sealed": team.startswith("childrens"),
            "confirmed_at": _received(n), "closed_at": closed}  # fmt: skip


def _message(n: int) -> dict[str, Any]:
    words = " ".join(WORDS[(n * 7 + place * place) % len(WORDS)] for place in range(100))
    words = f"council {words}" + (" zebra crossing" if n % 1_000 == 1 else "")
    return {"id": n, "raw_message_id": n, "case_id": n, "channel": "email", "received_at": _received(n),
            "sender_name": f"Resident {n}", "sender_email": f"r{n}@example.org", "subject": f"Matter {n}",
            "text": words, "new_text": words, "message_id": str(n), "content_digest": str(n),
            "matched_by": "new case"}  # fmt: skip


def _suggestion(n: int) -> dict[str, Any]:
    return {"id": n, "message_id": n, "model": "measured", "created_at": _received(n), "type": TYPES[n % len(TYPES)],
            "type_probability": 0.5 + n % 50 / 100, "team": TEAMS[n % len(TEAMS)], "team_probability": 0.9,
            "exclusion": "none", "at_risk": n % 97 == 0, "alternatives": {}, "evidence": [],
            "neighbours": []}  # fmt: skip


def _event(n: int) -> dict[str, Any]:
    return {"case_id": n, "number": 1, "at": _received(n), "actor": "filing", "kind": "opened", "summary": "Opened",
            "before": {}, "after": {}, "previous_hash": "", "hash": str(n)}  # fmt: skip


def _decision(n: int) -> dict[str, Any]:
    return {"id": n, "case_id": n, "message_id": n, "suggestion_id": n, "officer_id": OFFICER,
            "decided_at": _received(n) + timedelta(hours=5), "type": TYPES[n % len(TYPES)], "category": "",
            "team": TEAMS[n % 7 % len(TEAMS)], "exclusion": "none", "at_risk": False, "blind": n % 20 == 0,
            "shown_at": _received(n) + timedelta(hours=5, seconds=-n % 90)}  # fmt: skip


def _deadline(n: int, step: str, days: int) -> dict[str, Any]:
    """An open case has been acknowledged, and is to be answered; one in ten was late with what was done."""
    still_open = n % 10 == 0 and step == "respond"
    due = (NOW.date() + timedelta(days=n % 30 - 3)) if still_open else _received(n).date() + timedelta(days=days)
    met_at = None if still_open else _received(n) + timedelta(days=days + 1 if n % 11 == 0 else days - 1)
    return {"case_id": n, "stage": "stage-1", "step": step, "state": "open" if still_open else "met",
            "started_at": _received(n), "started_by": "received", "limit_days": days, "due_on": due,
            "original_due_on": due, "working": "", "met_at": met_at}  # fmt: skip


def _campaign(n: int) -> dict[str, Any]:
    return {"id": n, "begun_at": _received(n), "last_at": _received(n), "found_at": _received(n)}


def _near_copy(n: int) -> dict[str, Any]:
    campaign = n // IN_CAMPAIGNS % CAMPAIGNS + 1 if n % IN_CAMPAIGNS == 0 else None
    return {"message_id": n, "looked_at": _received(n), "campaign_id": campaign, "nearness": 0.9 if campaign else 0.0}
