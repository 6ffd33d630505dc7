"""Libraries in processes of their own: the memory that they take, and how long the first indices take to come."""

from __future__ import annotations

import json
import time
from functools import partial
from typing import Any

from .case import Case, Ratio, Work, seconds
from .climb import LEAST, MOST, no_room, power
from .peers.all import METHODS
from .peers.method import Method
from .process import run_python
from .subjects import subject

LIMIT = 5.0  # seconds of a process
FACTOR = 16
MEGABYTE = 1e6
ASKED = ("ours", "salib", "openturns", "jaxgsa", "qmcpy")
SUBJECTS = ("ishigami", "g50")
Peaks = dict[str, Any]


def prepare_peak(most: int, limit: float, method: Method, of: str) -> Work[Peaks]:
    """Peak memory at more and more points, each in a new process."""
    asked = subject(of)

    def run() -> Peaks:
        steps: list[dict[str, float]] = []
        points = LEAST
        while points <= most:
            if stopped := _stop(steps, points, limit, 8.0 * method.held(asked.inputs, asked.outputs)):
                return {"limit": limit, "stopped": stopped, "steps": steps}
            started = time.perf_counter()
            printed = _alone(method.name, of, points, 1)
            elapsed = time.perf_counter() - started
            peak = printed["peak_bytes"] / MEGABYTE
            steps.append({"points": points, "best": peak, "median": peak, "seconds": elapsed})
            points *= FACTOR
        return {"limit": limit, "stopped": "", "steps": steps}

    def check(found: Peaks) -> None:
        assert all(10 < step["median"] < 1e6 for step in found["steps"])

    def note(found: Peaks) -> str:
        reached = f"N = {power(found['steps'][-1]['points'])}"
        return f"{reached}; {found['stopped']}" if found["stopped"] else reached

    return Work(most, run, check, value=lambda found: float(found["steps"][-1]["median"]), details=dict, note=note)


def _stop(steps: list[dict[str, float]], points: int, limit: float, held: float) -> str:
    if not steps or not limit:
        return ""
    if len(steps) > 1 and (steps[-1]["seconds"] - steps[0]["seconds"]) * FACTOR > limit:  # less what starting takes
        return f"the next over {limit:g} s"
    return "no memory for the next" if no_room(held * points) else ""


def prepare_start(points: int, method: Method) -> Work[Peaks]:
    """A new process, two analyses: the second is taken off, so that what is left is start, imports, compiling and one."""

    def run() -> Peaks:
        return _alone(method.name, "model" if method.only else "ishigami", points, 2)

    def check(found: Peaks) -> None:
        assert len(found["seconds"]) == 2

    def note(found: Peaks) -> str:
        first, again = found["seconds"]
        return f"first analysis {first:.2g} s, second {again:.2g} s"

    return Work(1, run, check, details=dict, note=note)


def _alone(method: str, of: str, points: int, times: int) -> Peaks:
    result: Peaks = json.loads(run_python(["benchmarks.alone", method, of, str(points), str(times)]).splitlines()[-1])
    return result


def _cases() -> tuple[Case, ...]:
    peaks = tuple(
        Case(f"memory.{of}.{name}", f"peak resident memory of a process, {name} on {of}, at the largest N within the limit",
             partial(prepare_peak, method=METHODS[name], of=of), MOST, LEAST, "points", "value", "MB", repeats=1,
             warm_up=False, needs=METHODS[name].library, limit=LIMIT)
        for of in SUBJECTS
        for name in ASKED
    )  # fmt: skip
    starts = tuple(
        seconds(f"start.{name}", f"a new process with two analyses of {LEAST} points: start, imports, compiling, {name}",
                partial(prepare_start, method=METHODS[name]), (LEAST, LEAST), "runs", repeats=3, warm_up=False,
                needs=METHODS[name].library)
        for name in (*ASKED, "ours-structured")
    )  # fmt: skip
    return (*peaks, *starts)


CASES = _cases()
RATIOS = tuple(
    Ratio(f"memory.{of}.by-{name}", f"peak memory at the largest N that both reached, {name} by ours",
          f"memory.{of}.{name}", f"memory.{of}.ours", steps=True)
    for of in SUBJECTS for name in ASKED[1:]
)  # fmt: skip
