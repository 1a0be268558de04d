"""Two workers that do the same at the same moment."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def both(step: Callable[[], T]) -> list[T]:
    """What two threads return that run `step` at once."""
    start = threading.Barrier(2)

    def run() -> T:
        start.wait(10)
        return step()

    with ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(run) for _ in range(2)]
        return [future.result(30) for future in futures]
