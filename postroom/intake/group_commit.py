"""Many messages, one commit: those that come in while a commit runs go together into the next."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from postroom.intake.receive import Delivery

Store = Callable[[Sequence[Delivery]], object]
_Waiting = tuple[Delivery, asyncio.Future[None]]

BATCH_BYTES = 67_108_864
"""Bytes that go into one commit, unless a single message is larger."""


class GroupCommit:
    """Stores deliveries from an event loop without blocking it. A disk makes few commits a second but large ones, so
    waiting messages share them."""

    def __init__(self, store: Store) -> None:
        """`store` makes deliveries durable, or raises; it is called in a thread, never twice at once."""
        self._store = store
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="group-commit")
        self._waiting: list[_Waiting] = []
        self._worker: asyncio.Task[None] | None = None

    async def add(self, delivery: Delivery) -> None:
        """Return once `delivery` is durable; raise what `store` raised where it could not be."""
        stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((delivery, stored))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        await stored

    def close(self) -> None:
        """Wait for the commit that runs; whoever still waits for another is not told that it was stored."""
        self._thread.shutdown(wait=True)

    async def _work(self) -> None:
        while self._waiting:
            batch = self._next_batch()
            error = await self._commit(batch)
            if error is None or len(batch) == 1:
                _tell(batch, error)
            else:
                for single in batch:  # one that can't be stored must not take the others with it
                    _tell([single], await self._commit([single]))

    def _next_batch(self) -> list[_Waiting]:
        size, number = 0, 0
        for delivery, _ in self._waiting:
            size += len(delivery.content)
            if number and size > BATCH_BYTES:
                break
            number += 1
        batch, self._waiting = self._waiting[:number], self._waiting[number:]
        return batch

    async def _commit(self, batch: list[_Waiting]) -> Exception | None:
        deliveries = [delivery for delivery, _ in batch]
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._store, deliveries)
        except Exception as error:
            return error
        return None


def _tell(batch: list[_Waiting], error: Exception | None) -> None:
    for _, stored in batch:
        if stored.done():  # its sender hung up
            continue
        if error is None:
            stored.set_result(None)
        else:
            stored.set_exception(error)
