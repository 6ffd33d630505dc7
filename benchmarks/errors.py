"""How far the indices are from the exact ones, library beside library: at equal cost, and at equal time.

The error of one seed is the root of the mean square over the first-order and total indices of all inputs; that of a method is
the geometric mean over the seeds, because errors of nets spread over decades.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from math import exp, log, log2
from types import MappingProxyType
from typing import Any

import numpy as np

from .case import Case, Work
from .climb import LEAST, power
from .peers.all import METHODS
from .peers.method import Indices, Method
from .subjects import Subject, subject

FACTOR = 4
MOST = 2**20
FEWEST = 5  # seeds
ENOUGH = 0.005
LIMIT = 1.5  # seconds for the seeds of one size; at equal cost all of them are run


@dataclass(frozen=True)
class Terms:
    """On what terms methods are compared on a subject.

    Attributes
    ----------
    points : int
        N at equal cost.
    seconds : float
        Of an analysis at equal time, on all cores.
    seeds : int
        At equal cost.
    factor : int
        From one number of points to the next.
    """

    points: int
    seconds: float
    seeds: int
    factor: int = FACTOR


TERMS: Mapping[str, Terms] = MappingProxyType(
    {
        "ishigami": Terms(2**12, 0.1, 100),
        "g6": Terms(2**12, 0.1, 100),
        "model": Terms(2**8, 1.0, 10),
        "model-8": Terms(2**9, 3.0, 5, factor=2),
    }
)
ASKED = (
    "ours",
    "ours-points",
    "salib-points",
    "openturns-points",
    "openturns-random",
    "jaxgsa-points",
    "qmcpy",
    "qmcpy-net",
)
STRUCTURED = "ours-structured"
OF_EIGHT = ("ours", "ours-points", "salib-points", "openturns-points", "jaxgsa-points", STRUCTURED)
"""Asked about the eight outputs of our model."""
Errors = dict[str, Any]
Compared = Callable[[tuple[Errors, ...], Terms], tuple[float | None, str]]
OVER = "over the time: "


@cache
def measured(of: str, method: str, most: int, limit: float) -> tuple[Errors, ...]:
    """Errors at more points up to those of equal cost, and at the most that fit in the equal time.

    Parameters
    ----------
    of, method : str
    most : int
    limit : float
        0: the smallest size with the fewest seeds.

    Returns
    -------
    tuple of dict
        points, seeds, seconds (median of an analysis), median (the error) and best (of the seeds); points rise.
    """
    asked, chosen, terms = subject(of), METHODS[method], TERMS[of]
    steps, points = [], LEAST
    while points <= min(terms.points, most):
        least = terms.seeds if points == terms.points else FEWEST
        steps.append(_step(asked, chosen, points, (least, terms.seeds), limit))
        points *= terms.factor
    while (larger := _larger(steps[-1], terms, most)) > steps[-1]["points"]:
        step = _step(asked, chosen, larger, (FEWEST, terms.seeds), limit)
        while step["seconds"] > terms.seconds and larger // 2 > steps[-1]["points"]:
            larger //= 2
            step = _step(asked, chosen, larger, (FEWEST, terms.seeds), limit)
        if step["seconds"] > terms.seconds:
            break
        steps.append(step)
    return tuple(steps)


def _larger(step: Errors, terms: Terms, most: int) -> int:
    """The most points that should fit in the equal time, by the time that a step took."""
    doublings = int(log2(terms.seconds / step["seconds"]))
    return min(int(step["points"]) << max(doublings, 0), most)


def error_of(of: Subject, found: Indices) -> float:
    """Root mean square error over the indices of all inputs and of the subject's outputs."""
    assert of.first_order is not None
    assert of.total_order is not None
    chosen = slice(0, of.outputs)
    parts = (found.first_order[chosen] - of.first_order, found.total_order[chosen] - of.total_order)
    return float(np.sqrt(np.mean(np.square(parts))))


def _step(asked: Subject, method: Method, points: int, seeds: tuple[int, int], limit: float) -> Errors:
    """Errors at one size: the least number of seeds, and more up to the greatest as long as there is time."""
    method.indices(asked, points, 10_000)  # compiles, where a library does
    least, greatest = seeds if limit else (FEWEST, FEWEST)
    errors: list[float] = []
    seconds: list[float] = []
    while len(errors) < least or (len(errors) < greatest and sum(seconds) < limit):
        started = time.perf_counter()
        found = method.indices(asked, points, len(errors) + 1)
        seconds.append(time.perf_counter() - started)
        errors.append(error_of(asked, found))
    mean = exp(statistics.fmean(log(max(error, 1e-300)) for error in errors))
    times = statistics.median(seconds)
    return {"points": points, "seeds": len(errors), "seconds": times, "median": mean, "best": min(errors)}


def at_cost(steps: tuple[Errors, ...], terms: Terms) -> tuple[float, str]:
    """Error at the points of equal cost, or at the most there are, and what belongs to it."""
    step = next((one for one in steps if one["points"] == terms.points), steps[-1])
    return step["median"], f"N = {power(step['points'])}, {step['seeds']} seeds"


def at_time(steps: tuple[Errors, ...], terms: Terms) -> tuple[float, str]:
    """Error at the most points whose analysis takes no more than the equal time; else at the fewest, and that it is over."""
    inside = [one for one in steps if one["seconds"] <= terms.seconds]
    step = inside[-1] if inside else steps[0]
    over = "" if inside else f"{OVER}{step['seconds']:.2g} s, "
    return step["median"], f"{over}N = {power(step['points'])}, {step['seeds']} seeds"


def to_error(steps: tuple[Errors, ...], terms: Terms) -> tuple[float | None, str]:  # noqa: ARG001 (as the others)
    """The least time measured of an analysis whose error is no more than `ENOUGH`, and what belongs to it."""
    reached = [one for one in steps if one["median"] <= ENOUGH]
    if not reached:
        return None, "not within the limit"
    step = min(reached, key=lambda one: float(one["seconds"]))
    return step["seconds"], f"N = {power(step['points'])}, error {step['median']:.1e}, {step['seeds']} seeds"


def prepare_error(most: int, limit: float, of: str, method: str, compared: Compared) -> Work[tuple[Errors, ...]]:
    """The error of one method on one subject; equal cost and equal time share their measurements."""

    def check(steps: tuple[Errors, ...]) -> None:
        assert steps
        assert all(0 <= step["median"] < 10 for step in steps), steps

    return Work(
        most,
        lambda: measured(of, method, most, limit),
        check,
        value=lambda steps: compared(steps, TERMS[of])[0],
        details=lambda steps: {"steps": list(steps)},
        note=lambda steps: compared(steps, TERMS[of])[1],
    )


def asked_of(of: str) -> tuple[str, ...]:
    """Methods that are asked about a subject."""
    return {"model": (*ASKED, STRUCTURED), "model-8": OF_EIGHT}.get(of, ASKED)


def _cases() -> tuple[Case, ...]:
    cases = []
    for of, terms in TERMS.items():
        at_equal = "error of all indices, geometric mean over seeds, at equal"
        kinds = [
            ("equal-cost", f"{at_equal} cost, N = {power(terms.points)}", "rms error", at_cost),
            ("equal-time", f"{at_equal} time, {terms.seconds:g} s on all cores", "rms error", at_time),
        ]
        if of == "model-8":
            kinds.append(("to-5e-3", f"seconds of an analysis that errs by no more than {ENOUGH:g}", "s", to_error))
        for name in asked_of(of):
            for kind, said, unit, compared in kinds:
                cases.append(
                    Case(f"error.{of}.{name}.{kind}", f"{said}: {name} on {of}",
                         partial(prepare_error, of=of, method=name, compared=compared), MOST, LEAST, "points", "value",
                         unit, repeats=1, warm_up=False, needs=METHODS[name].library, limit=LIMIT)
                )  # fmt: skip
    return tuple(cases)


CASES = _cases()
