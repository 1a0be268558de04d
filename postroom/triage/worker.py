"""Gives a suggestion to each message that awaits an officer. A few messages a step; any number of workers may run."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Engine
from sqlmodel import col, exists, select

from postroom.models.case import Case, CaseStatus
from postroom.models.database import open_session
from postroom.models.inserting import insert_into
from postroom.models.message import Message, Suggestion
from postroom.models.settings import Settings
from postroom.triage.champion import Champion
from postroom.triage.confirmed import text_of_message
from postroom.triage.corpus import Text
from postroom.triage.language import may_be_english
from postroom.triage.neighbours import Neighbour, Neighbours, pooled, shown
from postroom.triage.suggesting import Suggested, Suggester

log = logging.getLogger(__name__)

BATCH = 20
"""Messages that share a commit; the first of them waits for the last."""
NO_MODEL = ""
"""The version of a suggestion that none could make. The officer sees "no suggestion", and the message is left alone."""
NOT_ENGLISH = {"text": "seems not to be written in English", "supports": "language"}
"""What stands as evidence where a message gets no suggestion for its language."""


def suggest_by(champion: Champion, engine: Engine, settings: Settings, now: datetime) -> bool:
    """As `process_one`, with the model that is champion now."""
    holder = champion.current()
    return process_one(
        engine, settings, holder.suggester, now, neighbours=holder.neighbours, champion_since=holder.since
    )


def process_one(
    engine: Engine,
    settings: Settings,
    suggester: Suggester,
    now: datetime,
    *,
    neighbours: Neighbours | None = None,
    champion_since: datetime | None = None,
) -> bool:
    """Suggest for the oldest messages of people, on cases that nobody confirmed, that have no suggestion yet: up to
    `BATCH` of them, written with one commit. Then for those that another model suggested for before `champion_since`.

    Returns whether there was one. No session is open while the model runs; two workers on one message write the same.
    """
    messages = _next(engine, champion_since)
    if messages:
        near = _near(engine, messages, neighbours)
        _write(engine, list(_suggestions(messages, near, suggester, settings, now)))
    return bool(messages)


def _next(engine: Engine, champion_since: datetime | None) -> list[Message]:
    suggested = exists().where(col(Suggestion.message_id) == col(Message.id))
    waiting = (
        select(Message)
        .join(Case, col(Message.case_id) == col(Case.id))
        .where(col(Message.machine) == "none", col(Case.status) == CaseStatus.AWAITING)
        .order_by(col(Message.received_at), col(Message.id))
        .limit(BATCH)
    )
    with open_session(engine, read_only=True) as session:
        found = session.exec(waiting.where(~suggested)).all()
        if not found and champion_since is not None:
            found = session.exec(waiting.where(~suggested.where(col(Suggestion.created_at) >= champion_since))).all()
        return list(found)


def _near(engine: Engine, messages: list[Message], neighbours: Neighbours | None) -> dict[int, list[Neighbour]]:
    if neighbours is None:
        return {}
    texts = {message.id: text_of_message(message) for message in messages if message.id is not None}
    with open_session(engine, read_only=True) as session:
        neighbours.remember(session)
        return neighbours.of(session, texts)


def _suggestions(
    messages: Sequence[Message],
    near: Mapping[int, list[Neighbour]],
    suggester: Suggester,
    settings: Settings,
    now: datetime,
) -> Iterator[Suggestion]:
    texts = {message.id or 0: text_of_message(message) for message in messages}
    english = {id_: text for id_, text in texts.items() if may_be_english(text.body)}
    suggested = _suggested(english, near, suggester, settings)
    for id_ in texts:
        if id_ in suggested:
            columns = _columns(suggested[id_])
            neighbours = shown(near.get(id_, []))
            yield Suggestion(message_id=id_, model=suggester.version, created_at=now, neighbours=neighbours, **columns)
        else:
            evidence = [] if id_ in english else [NOT_ENGLISH]
            yield Suggestion(message_id=id_, model=NO_MODEL, created_at=now, evidence=evidence)


def _suggested(
    texts: Mapping[int, Text], near: Mapping[int, list[Neighbour]], suggester: Suggester, settings: Settings
) -> dict[int, Suggested]:
    """What the model says of all texts at once; where that fails, of each alone, and nothing of one that fails."""
    try:
        suggested = zip(texts, suggester.suggest_many(list(texts.values())), strict=True)
        return {id_: pooled(each, near.get(id_, []), settings) for id_, each in suggested}
    except Exception:
        if len(texts) > 1:
            alone = (_suggested({id_: text}, near, suggester, settings) for id_, text in texts.items())
            return {id_: each for found in alone for id_, each in found.items()}
        log.exception("Message %s: the model failed; the officer sees no suggestion", *texts)
        return {}


def _columns(suggested: Suggested) -> dict[str, Any]:
    plain = suggested.as_json()
    targets = ("type", "category", "team", "exclusion")
    return {
        **{target: plain[target]["label"] for target in (*targets, "at_risk")},
        **{f"{target}_probability": plain[target]["probability"] for target in (*targets, "at_risk")},
        "alternatives": {target: plain[target]["alternatives"] for target in targets},
        "answers": {target: getattr(suggested, target).answer for target in targets},
        "evidence": plain["evidence"],
    }


def _write(engine: Engine, suggestions: list[Suggestion]) -> None:
    rows = [suggestion.model_dump(exclude={"id"}) for suggestion in suggestions]
    statement = insert_into(Suggestion, engine.dialect.name)
    again = statement.on_conflict_do_update(
        index_elements=[col(Suggestion.message_id), col(Suggestion.model)],
        set_={name: statement.excluded[name] for name in rows[0] if name not in ("message_id", "model")},
    )
    with engine.begin() as connection:
        connection.execute(again, rows)
