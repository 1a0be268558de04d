"""Messages that wait while a commit runs go together into the next."""

import asyncio
import threading
from collections.abc import Sequence

import pytest

from postroom.intake import group_commit
from postroom.intake.group_commit import GroupCommit
from postroom.intake.receive import Delivery
from postroom.models.failures import NotStored


def delivery(name: str) -> Delivery:
    return Delivery("smtp", name, "email", b"")


def test_what_comes_during_a_commit_shares_the_next() -> None:
    batches: list[list[str]] = []
    first_began, go_on = threading.Event(), threading.Event()

    def store(deliveries: Sequence[Delivery]) -> None:
        batches.append([each.position for each in deliveries])
        first_began.set()
        assert go_on.wait(10)

    async def scenario() -> None:
        commits = GroupCommit(store)
        first = asyncio.create_task(commits.add(delivery("a")))
        await asyncio.to_thread(first_began.wait, 10)
        rest = [asyncio.create_task(commits.add(delivery(name))) for name in "bcd"]
        await asyncio.sleep(0)
        assert not any(task.done() for task in (first, *rest))
        go_on.set()
        await asyncio.gather(first, *rest)
        commits.close()

    asyncio.run(scenario())
    assert batches == [["a"], ["b", "c", "d"]]


def test_one_that_cannot_be_stored_takes_no_other_with_it() -> None:
    stored: list[str] = []

    def store(deliveries: Sequence[Delivery]) -> None:
        if any(each.position == "bad" for each in deliveries):
            raise NotStored("no")
        stored.extend(each.position for each in deliveries)

    async def scenario() -> list[BaseException | None]:
        commits = GroupCommit(store)
        tasks = [commits.add(delivery(name)) for name in ("a", "bad", "b")]
        results = await asyncio.gather(*tasks, return_exceptions=True)
        commits.close()
        return results

    results = asyncio.run(scenario())
    assert sorted(stored) == ["a", "b"]
    assert [isinstance(result, NotStored) for result in results] == [False, True, False]


def test_a_sender_that_hangs_up_stops_nobody_else() -> None:
    async def scenario() -> None:
        commits = GroupCommit(lambda _: None)
        gone = asyncio.create_task(commits.add(delivery("gone")))
        await asyncio.sleep(0)
        gone.cancel()
        await commits.add(delivery("here"))
        with pytest.raises(asyncio.CancelledError):
            await gone
        commits.close()

    asyncio.run(scenario())


def test_no_commit_holds_more_bytes_than_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commit, "BATCH_BYTES", 10)
    batches: list[list[int]] = []

    async def scenario() -> None:
        commits = GroupCommit(lambda deliveries: batches.append([len(each.content) for each in deliveries]))
        sizes = (4, 4, 4, 30, 1)
        await asyncio.gather(*(commits.add(Delivery("smtp", str(n), "email", b"x" * n)) for n in sizes))
        commits.close()

    asyncio.run(scenario())
    assert batches == [[4, 4], [4], [30], [1]]
