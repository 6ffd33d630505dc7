"""More and more points, until one analysis would take longer than a limit or more memory than there is."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

LEAST, MOST = 2**8, 2**20
FACTOR = 8
REPEATS = 5
SHARE = 0.5  # of the memory that is free may be held


@dataclass(frozen=True)
class Step:
    """One size.

    Attributes
    ----------
    points : int
        N, of A and of B.
    evaluations : int
        N times those of a pair of points.
    seconds : tuple of float
        One a repeat, without the first run, in which a library may compile; see `timings`.
    """

    points: int
    evaluations: int
    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        """Evaluations a second in the median of the repeats."""
        return self.evaluations / statistics.median(self.seconds)

    def told(self) -> dict[str, Any]:
        """For the JSON file."""
        rates = {"best": self.evaluations / min(self.seconds), "median": self.median}
        return {"points": self.points, "evaluations": self.evaluations, "seconds": self.seconds, **rates}


@dataclass(frozen=True)
class Climbed:
    """All sizes that were reached.

    Attributes
    ----------
    steps : tuple of Step
    stopped : str
        Why there is no further one; empty at the top.
    """

    steps: tuple[Step, ...]
    stopped: str

    @property
    def note(self) -> str:
        """How far it came, and why not further."""
        reached = f"N = {power(self.steps[-1].points)}"
        return f"{reached}; {self.stopped}" if self.stopped else reached


def climb(
    run: Callable[[int], None], width: int, held: float, ends: tuple[int, int], limit: float, *, compiles: bool = False
) -> Climbed:
    """Time one size after another.

    Parameters
    ----------
    run : callable
        Told N.
    width : int
        Evaluations a point.
    held : float
        Numbers (of 8 bytes) that are held for each point.
    ends : (int, int)
        Least and greatest N.
    limit : float
        Seconds that one run may take; the first size is run whatever it takes. 0: each size once.
    compiles : bool
        Whether the first run at each size takes longer than those that follow.

    Returns
    -------
    Climbed
    """
    steps: list[Step] = []
    for points in sizes(*ends):
        stopped = _stop(steps, points, held, limit)
        if stopped:
            return Climbed(tuple(steps), stopped)
        steps.append(Step(points, points * width, timings(partial(run, points), limit, compiles)))
    return Climbed(tuple(steps), "")


def sizes(least: int, most: int) -> Iterator[int]:
    """From the least to the most, each `FACTOR` times the one before."""
    points = least
    while points <= most:
        yield points
        points *= FACTOR


def timings(run: Callable[[], None], limit: float, compiles: bool) -> tuple[float, ...]:
    """Seconds of up to `REPEATS` runs after a first one, as many as a quarter of the limit holds, and one at least.

    A first run that takes longer than the limit is all there is, unless it compiled.
    """
    first = _seconds(run)
    if not limit or (first > limit and not compiles):
        return (first,)
    found = [_seconds(run)]
    while len(found) < REPEATS and sum(found) + found[0] < limit / 4:
        found.append(_seconds(run))
    return tuple(found)


def power(points: int) -> str:
    """A size as a power of two."""
    exponent = points.bit_length() - 1
    return f"2^{exponent}" if points == 1 << exponent else f"{points:,}"


def _stop(steps: list[Step], points: int, held: float, limit: float) -> str:
    """Why the next size is not run; empty where it is."""
    if not steps or not limit:
        return ""
    expected = statistics.median(steps[-1].seconds) * points / steps[-1].points
    if expected > limit:
        return f"the next over {limit:g} s"
    return "no memory for the next" if no_room(8.0 * held * points) else ""


def no_room(size: float) -> bool:
    """Whether so many bytes are more than a share of the memory that is free."""
    import psutil  # type: ignore[import-untyped, unused-ignore]

    return bool(size > SHARE * psutil.virtual_memory().available)


def _seconds(run: Callable[[], None]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started
