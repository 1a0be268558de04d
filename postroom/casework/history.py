"""The history of a case: one event for each change, written in the change's own transaction.

Events are append-only. Each carries the hash of the case's event before it, so that a later edit or removal shows;
`Case.version` counts them, so that a removed last event shows too. What officers wrote stands beside the chain, which
holds only its digest with a salt: personal data can be erased there, and the chain stays whole.
"""

import hashlib
import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import bindparam
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import Session, col, func, select, update

from postroom.models.case import Case, Event, EventWords
from postroom.models.failures import Temporary
from postroom.models.tables import metadata

BEGINNING = "0" * 64

_CASES = metadata.tables["feedback_case"]
_INSERT_EVENTS = metadata.tables["event"].insert()
_LAST_HASH = select(Event.hash).where(Event.case_id == bindparam("case")).order_by(col(Event.number).desc()).limit(1)
_COUNT_CHANGE = (
    update(_CASES)
    .where(_CASES.c.id == bindparam("case"), _CASES.c.version == bindparam("seen"))
    .values(version=_CASES.c.version + 1)
    .returning(func.coalesce(_LAST_HASH.scalar_subquery(), BEGINNING))
)


class ChangedMeanwhile(Temporary):
    """Somebody else changed the case between our reading and our writing it."""


@dataclass(frozen=True)
class First:
    """What the first event of a new case tells."""

    case_id: int
    summary: str
    after: dict[str, Any]


def _hash(event: Mapping[str, Any]) -> str:
    content = {
        "case": event["case_id"],
        "number": event["number"],
        "at": event["at"].astimezone(UTC).isoformat(timespec="microseconds"),
        "actor": event["actor"],
        "kind": event["kind"],
        "summary": event["summary"],
        "before": event["before"],
        "after": event["after"],
        "previous": event["previous_hash"],
    }
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def record(
    session: Session,
    case: Case,
    *,
    kind: str,
    summary: str,
    actor: str,
    now: datetime,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    words: str = "",
) -> Event:
    """Append one event to the history of `case` and count it in the case's version. `summary`, `before` and `after`
    can never be erased, so they hold nothing that somebody wrote; that goes into `words`.

    Raises `ChangedMeanwhile` where another transaction changed the case since `case` was read; roll back and try again.
    """
    assert case.id is not None
    session.flush()  # also the event before this one
    last_hash = session.connection().execute(_COUNT_CHANGE, {"case": case.id, "seen": case.version}).scalar()
    if last_hash is None:
        raise ChangedMeanwhile(f"{case.reference} was changed by somebody else. Look at it again.")
    set_committed_value(case, "version", case.version + 1)
    after = dict(after or {})
    if words:
        after["words"] = _keep_words(session, case.id, case.version, words)
    values: dict[str, Any] = {
        "case_id": case.id,
        "number": case.version,
        "at": now,
        "actor": actor,
        "kind": kind,
        "summary": summary,
        "before": before or {},
        "after": after,
        "previous_hash": last_hash,
    }
    event = Event(**values, hash=_hash(values))
    session.add(event)
    return event


def record_first(session: Session, firsts: Sequence[First], *, kind: str, actor: str, now: datetime) -> None:
    """Write the first events of cases that were inserted with version 1 in this transaction: nobody else can have
    changed them yet, and all are written with one statement."""
    rows = [
        {
            "case_id": first.case_id,
            "number": 1,
            "at": now,
            "actor": actor,
            "kind": kind,
            "summary": first.summary,
            "before": {},
            "after": first.after,
            "previous_hash": BEGINNING,
        }
        for first in firsts
    ]
    session.connection().execute(_INSERT_EVENTS, [row | {"hash": _hash(row)} for row in rows])


def _keep_words(session: Session, case_id: int, number: int, words: str) -> str:
    salt = secrets.token_hex(16)
    session.add(EventWords(case_id=case_id, number=number, words=words, salt=salt))
    return _digest(words, salt)


def _digest(words: str, salt: str) -> str:
    return hashlib.sha256(f"{salt}:{words}".encode()).hexdigest()


def words_of(session: Session, case: Case) -> dict[int, str]:
    """What officers wrote with the changes of a case, by the event's number; without what was erased."""
    query = select(EventWords.number, EventWords.words).where(
        EventWords.case_id == case.id, col(EventWords.erased_at).is_(None)
    )
    return dict(session.exec(query).all())


def broken_histories(session: Session, only: int | None = None) -> Iterator[str]:
    """One line for each case, or for `only` one, whose history does not hold together, and where it breaks."""
    query = select(Case).order_by(col(Case.id))
    for case in session.exec(query if only is None else query.where(Case.id == only)):
        events = session.exec(select(Event).where(Event.case_id == case.id).order_by(col(Event.number))).all()
        words = session.exec(select(EventWords).where(EventWords.case_id == case.id))
        problem = _break(case, list(events), {each.number: each for each in words})
        if problem:
            yield f"{case.reference}: {problem}"


def _break(case: Case, events: list[Event], words: Mapping[int, EventWords]) -> str:
    previous = BEGINNING
    for number, event in enumerate(events, start=1):
        if event.number != number:
            return f"event {number} is missing"
        if event.previous_hash != previous or event.hash != _hash(event.model_dump()):
            return f"event {number} ({event.kind}) was changed after it was written"
        if "words" in event.after and not _hold(event.after["words"], words.get(number)):
            return f"the words of event {number} ({event.kind}) were changed after they were written"
        previous = event.hash
    if case.version != len(events):
        return f"{case.version} changes were counted but {len(events)} are recorded"
    return ""


def _hold(digest: str, words: EventWords | None) -> bool:
    """Whether the words are those that the event was written with, or were erased."""
    if words is None:
        return False
    return words.erased_at is not None or _digest(words.words, words.salt) == digest
