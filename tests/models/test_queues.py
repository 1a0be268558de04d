from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine

from postroom.models.database import open_session
from postroom.models.queues import claim, claim_some, pause_after
from postroom.models.raw_message import Filing, FilingState, RawMessage


@pytest.fixture
def waiting(engine: Engine, now: datetime) -> list[int]:
    """The keys of ten filings that wait."""
    with open_session(engine) as session:
        raws = [
            RawMessage(
                source="smtp", position=str(n), channel="email", received_at=now, digest="", size=1, content=b"."
            )
            for n in range(10)
        ]
        session.add_all(raws)
        session.flush()
        keys = [raw.id for raw in raws if raw.id is not None]
        session.add_all(Filing(raw_message_id=key, not_before=now) for key in keys)
        session.commit()
        return keys


LEASE = timedelta(minutes=5)


def take(engine: Engine, now: datetime) -> int | None:
    return claim(engine, Filing, FilingState.WAITING, now, LEASE)


def test_each_row_is_claimed_once_and_in_order(engine: Engine, waiting: list[int], now: datetime) -> None:
    claimed = [take(engine, now) for _ in range(11)]
    assert claimed == [*waiting, None]


def test_a_row_whose_worker_died_comes_back_when_its_lease_ends(
    engine: Engine, waiting: list[int], now: datetime
) -> None:
    for _ in waiting:
        take(engine, now)
    assert take(engine, now + LEASE - timedelta(seconds=1)) is None
    assert take(engine, now + LEASE) == waiting[0]


def test_a_row_of_the_future_is_left_alone(engine: Engine, waiting: list[int], now: datetime) -> None:
    assert waiting
    assert take(engine, now - timedelta(seconds=1)) is None


def test_many_workers_never_claim_the_same_row(engine: Engine, waiting: list[int], now: datetime) -> None:
    with ThreadPoolExecutor(8) as pool:
        claimed = list(pool.map(lambda _: take(engine, now), range(16)))
    assert sorted(key for key in claimed if key is not None) == waiting
    assert claimed.count(None) == 6


def test_pauses_grow_and_then_stay() -> None:
    pauses = [pause_after(attempt) for attempt in range(1, 9)]
    assert pauses == sorted(pauses)
    assert pauses[-1] == pauses[-2]


def test_several_rows_share_a_claim_the_oldest_first(engine: Engine, waiting: list[int], now: datetime) -> None:
    assert claim_some(engine, Filing, FilingState.WAITING, now, LEASE, most=4) == waiting[:4]
    assert claim_some(engine, Filing, FilingState.WAITING, now, LEASE, most=20) == waiting[4:]
    assert claim_some(engine, Filing, FilingState.WAITING, now, LEASE, most=20) == []


def test_what_was_tried_before_is_claimed_alone(engine: Engine, waiting: list[int], now: datetime) -> None:
    """One of them may have killed the worker: the others must not be counted down with it."""
    claim_some(engine, Filing, FilingState.WAITING, now, LEASE, most=3)
    later = now + LEASE
    claims = [claim_some(engine, Filing, FilingState.WAITING, later, LEASE, most=20) for _ in range(4)]
    assert claims == [waiting[3:], [waiting[0]], [waiting[1]], [waiting[2]]]


def test_workers_that_claim_several_never_claim_the_same(engine: Engine, waiting: list[int], now: datetime) -> None:
    def take_some(_: int) -> list[int]:
        return claim_some(engine, Filing, FilingState.WAITING, now, LEASE, most=3)

    with ThreadPoolExecutor(8) as pool:
        claimed = [key for keys in pool.map(take_some, range(16)) for key in keys]
    assert sorted(claimed) == waiting
