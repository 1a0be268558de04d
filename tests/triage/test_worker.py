import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, cast

import pytest
from sqlalchemy import Engine
from sqlmodel import col, select

from postroom.models.case import Case, CaseStatus
from postroom.models.database import open_session
from postroom.models.message import Message, Suggestion
from postroom.models.raw_message import RawMessage
from postroom.models.settings import Settings
from postroom.triage.suggesting import Suggested, Suggester, Text
from postroom.triage.worker import NOT_ENGLISH, process_one

POTHOLE = "I reported the pothole on Elm Row three weeks ago and nobody has come."


class _Watched:
    """The suggester, with something that happens while it is at work."""

    def __init__(self, suggester: Suggester, meanwhile: Any) -> None:
        self.suggester = suggester
        self.meanwhile = meanwhile
        self.seen: list[Text] = []

    @property
    def version(self) -> str:
        return self.suggester.version

    def suggest_many(self, messages: Sequence[Text]) -> list[Suggested]:
        self.seen.extend(messages)
        self.meanwhile()
        return self.suggester.suggest_many(messages)


class _Wet(_Watched):
    """A suggester that fails on any batch with a message about wet weights."""

    def suggest_many(self, messages: Sequence[Text]) -> list[Suggested]:
        if any("wet" in message.body for message in messages):
            raise RuntimeError("the weights are wet")
        return super().suggest_many(messages)


def _message(engine: Engine, received_at: datetime, status: str = CaseStatus.AWAITING, **columns: Any) -> int:
    with open_session(engine) as session:
        number = len(session.exec(select(RawMessage)).all()) + 1
        raw = RawMessage(
            source="smtp",
            position=str(number),
            channel="email",
            received_at=received_at,
            digest="",
            size=0,
            content=b"",
        )
        case = Case(reference=f"AR-2026-{number:06}", status=status, channel="email", received_at=received_at)
        session.add_all([raw, case])
        session.flush()
        message = Message(
            **{
                "raw_message_id": raw.id,
                "case_id": case.id,
                "channel": "email",
                "received_at": received_at,
                "text": POTHOLE,
                "new_text": POTHOLE,
                "message_id": str(number),
                "content_digest": "",
                **columns,
            }
        )
        session.add(message)
        session.commit()
        assert message.id is not None
        return message.id


def _suggestions(engine: Engine) -> list[Suggestion]:
    with open_session(engine, read_only=True) as session:
        return list(session.exec(select(Suggestion).order_by(col(Suggestion.id))).all())


def test_a_message_gets_one_suggestion(engine: Engine, settings: Settings, suggester: Suggester, now: datetime) -> None:
    id_ = _message(engine, now, sender_name="Ann", subject="Pothole")
    assert process_one(engine, settings, suggester, now)
    assert not process_one(engine, settings, suggester, now)
    [row] = _suggestions(engine)
    found = suggester.suggest(Text("email", "Ann", "", "", "Pothole", POTHOLE))
    assert (row.message_id, row.model, row.created_at) == (id_, suggester.version, now)
    assert (row.type, row.type_probability) == (found.type.label, found.type.probability)
    assert (row.category, row.team, row.exclusion) == (found.category.label, found.team.label, found.exclusion.label)
    assert (row.at_risk, row.at_risk_probability) == (found.at_risk.label, found.at_risk.probability)
    assert row.alternatives["team"] == found.as_json()["team"]["alternatives"]
    assert row.evidence == found.as_json()["evidence"]
    assert [row.answer(target) for target in ("type", "team")] == [found.type.answer, found.team.answer]


def test_the_oldest_message_comes_first(
    engine: Engine, settings: Settings, suggester: Suggester, now: datetime
) -> None:
    younger = _message(engine, now)
    older = _message(engine, now - timedelta(hours=1))
    while process_one(engine, settings, suggester, now):
        pass
    assert [row.message_id for row in _suggestions(engine)] == [older, younger]


@pytest.mark.parametrize(
    "columns",
    [{"machine": "auto_reply"}, {"case_id": None}, {"status": CaseStatus.OPEN}, {"status": CaseStatus.CLOSED}],
)
def test_what_no_officer_waits_for_gets_none(
    engine: Engine, settings: Settings, suggester: Suggester, now: datetime, columns: dict[str, Any]
) -> None:
    _message(engine, now, **columns)
    assert not process_one(engine, settings, suggester, now)


def test_quoted_text_is_read_where_there_are_no_new_words(
    sqlite: Engine, settings: Settings, suggester: Suggester, now: datetime
) -> None:
    watched = _Watched(suggester, lambda: None)
    _message(sqlite, now, text="> quoted", new_text=" \n", recipients=["a@post.example", "b@post.example"])
    process_one(sqlite, settings, cast(Suggester, watched), now)
    assert [(text.body, text.to) for text in watched.seen] == [("> quoted", "a@post.example, b@post.example")]


def test_the_database_can_be_written_while_the_model_runs(
    engine: Engine, settings: Settings, suggester: Suggester, now: datetime
) -> None:
    _message(engine, now)
    watched = _Watched(suggester, lambda: _message(engine, now))
    assert process_one(engine, settings, cast(Suggester, watched), now)
    assert len(_suggestions(engine)) == 1


def test_of_two_workers_on_one_message_one_writes(
    engine: Engine, settings: Settings, suggester: Suggester, now: datetime
) -> None:
    _message(engine, now)
    watched = _Watched(suggester, lambda: process_one(engine, settings, suggester, now))
    assert process_one(engine, settings, cast(Suggester, watched), now)
    assert len(_suggestions(engine)) == 1


def test_a_failing_model_leaves_no_suggestion_and_the_queue_goes_on(
    engine: Engine, settings: Settings, suggester: Suggester, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = _message(engine, now - timedelta(hours=1), new_text="wet"), _message(engine, now)
    with caplog.at_level(logging.ERROR):
        assert process_one(engine, settings, cast(Suggester, _Wet(suggester, lambda: None)), now)
    assert "the weights are wet" in caplog.text
    assert not process_one(engine, settings, suggester, now)
    rows = [(row.message_id, row.model, row.type, row.evidence) for row in _suggestions(engine)]
    assert rows[0] == (first, "", "", [])
    assert rows[1][:2] == (second, suggester.version)


def test_another_language_gets_no_suggestion_rather_than_a_wrong_one(
    engine: Engine, settings: Settings, suggester: Suggester, now: datetime
) -> None:
    _message(
        engine, now, text="", new_text="Dzień dobry, proszę o naprawę lampy przed moim domem, nie świeci od tygodnia"
    )
    assert process_one(engine, settings, suggester, now)
    assert not process_one(engine, settings, suggester, now)
    [row] = _suggestions(engine)
    assert (row.model, row.type, row.evidence) == ("", "", [NOT_ENGLISH])
