"""Two workers that do the same at the same moment, as threads or as processes."""

import multiprocessing
import sys
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


def both_processes(step: Callable[[], int]) -> list[int]:
    """The small numbers that two processes return that run `step` at once. It opens its own engine."""
    fork = multiprocessing.get_context("fork")
    start = fork.Barrier(2)

    def run() -> None:
        start.wait(10)
        sys.exit(step())

    processes = [fork.Process(target=run) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(30)
    codes = [process.exitcode for process in processes]
    return [code for code in codes if code is not None]
