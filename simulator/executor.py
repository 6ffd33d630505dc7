"""Independent tasks carried out by threads, their results in the order of the tasks."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")
Task = TypeVar("Task")


def in_order(
    function: Callable[[Task], Result], tasks: Iterable[Task], workers: int | None = None
) -> Iterator[tuple[Task, Result]]:
    """Results of independent tasks in the order of the tasks, whichever is done first.

    Parameters
    ----------
    function : callable
    tasks : iterable
        Taken as they are needed: a few more than there are workers are under way at once.
    workers : int, optional

    Yields
    ------
    (task, result)
    """
    workers = workers or _cores()
    if workers == 1:
        for task in tasks:
            yield task, function(task)
        return
    under_way: list[tuple[Task, Future[Result]]] = []
    executor = ThreadPoolExecutor(workers)
    try:
        for task in tasks:
            under_way.append((task, executor.submit(function, task)))
            if len(under_way) > 2 * workers:
                first, future = under_way.pop(0)
                yield first, future.result()
        for first, future in under_way:
            yield first, future.result()
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


def _cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
