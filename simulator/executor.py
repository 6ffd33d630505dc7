"""Independent tasks carried out by threads, their results in the order of the tasks; calls in processes of their own."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from threading import Event
from typing import TypeVar

Result = TypeVar("Result")
Task = TypeVar("Task")
BLINK = 0.02  # seconds


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


def paced(
    function: Callable[[Task], Result], tasks: Iterable[Task], workers: int | None = None
) -> Iterator[tuple[Task, Result]]:
    """`in_order` for tasks of which nobody knows how long they take, and how much of it they hold Python.

    Where they are many short calls, threads wait for each other longer than they work. So one thread begins, all are tried
    when it has not come to an end in a blink, and stay if they are faster.

    Parameters
    ----------
    function, tasks
        See `in_order`.
    workers : int, optional
        Threads from the first task on, with no trial.

    Yields
    ------
    (task, result)
    """
    waiting, number = iter(tasks), 0
    if workers is not None:
        yield from in_order(function, waiting, workers)
        return
    started = time.perf_counter()
    for task in waiting:
        yield task, function(task)
        number += 1
        alone = (time.perf_counter() - started) / number
        if alone * number > BLINK:
            break
    else:
        return
    trial = list(islice(waiting, max(number, 2 * _cores())))
    started = time.perf_counter()
    yield from in_order(function, trial)
    together = (time.perf_counter() - started) / max(len(trial), 1)
    yield from in_order(function, waiting, None if together < alone else 1)


_CARRY_OUT = """
import os, pickle, sys
for call in pickle.load(sys.stdin.buffer):
    call()
    os.write(sys.stdout.fileno(), b".")
"""


@contextmanager
def aside(
    processes: Sequence[Mapping[str, Callable[[], object]]],
    environment: Mapping[str, str],
    workers: int | None = None,
) -> Iterator[Callable[[str], None]]:
    """Carry out calls in processes of their own, for what they leave on disk.

    What fails there fails silently: whoever misses what it would have left makes it, and says what is wrong. The
    processes do not outlive the context.

    Parameters
    ----------
    processes : sequence of mappings of str to callable
        The calls of each process by name, in the order in which they are made. They print nothing.
    environment : mapping of str to str
        Variables that the processes have besides those of this one.
    workers : int, optional
        Processes at once; as many as there are cores by default.

    Yields
    ------
    callable
        Waits for the call of a name, if there is one.
    """
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **environment}
    done = {name: Event() for calls in processes for name in calls}
    started: list[subprocess.Popen[bytes]] = []

    def carry_out(calls: Mapping[str, Callable[[], object]]) -> None:
        try:
            sent, command = pickle.dumps(list(calls.values())), [sys.executable, "-c", _CARRY_OUT]
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
            with subprocess.Popen(command, env=variables, **pipes) as process:  # type: ignore[call-overload]
                started.append(process)
                process.stdin.write(sent)
                process.stdin.close()
                for name in calls:
                    process.stdout.read(1)
                    done[name].set()
        finally:
            for name in calls:
                done[name].set()

    def wait_for(name: str) -> None:
        if name in done:
            done[name].wait()

    executor = ThreadPoolExecutor(workers or _cores())
    for calls in processes:
        executor.submit(carry_out, calls)
    try:
        yield wait_for
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
        for process in started:
            process.kill()
        executor.shutdown()


def _cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
