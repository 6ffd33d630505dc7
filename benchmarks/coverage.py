"""How often 95 % intervals hold the exact index, library beside library, at the same number of points."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

import numpy as np

from .case import Case, Work
from .peers.all import METHODS
from .peers.method import LEVEL, REPLICATES, Method
from .subjects import subject

POINTS = REPLICATES * 2**8
REPETITIONS, SMALL = 1000, 4
LIMIT = 4.0  # seconds for the repetitions of another library; ours are all run
NEAR_ZERO = 1e-3  # inputs whose exact index is below count apart
ASKED = ("ours", "salib", "openturns", "openturns-random", "jaxgsa", "qmcpy")
SUBJECTS = ("ishigami", "g6")
Held = dict[str, Any]


def prepare_coverage(repetitions: int, limit: float, method: Method, of: str) -> Work[Held]:
    """Intervals of many seeds against the exact indices."""
    asked = subject(of)
    assert asked.first_order is not None
    assert asked.total_order is not None
    exact = np.stack([asked.first_order[0], asked.total_order[0]])

    def run() -> Held:
        method.indices(asked, POINTS, repetitions + 1)  # compiles, where a library does
        estimates: list[np.ndarray] = []
        intervals: list[np.ndarray] = []
        started = time.perf_counter()
        while len(estimates) < (repetitions if limit else SMALL):
            if method.library is not None and time.perf_counter() - started > limit > 0:
                break
            found = method.indices(asked, POINTS, len(estimates) + 1)
            assert found.first_interval is not None
            assert found.total_interval is not None
            estimates.append(np.stack([found.first_order[0], found.total_order[0]]))
            intervals.append(np.stack([found.first_interval[0], found.total_interval[0]]))
        return summary(np.array(estimates), np.array(intervals), exact)

    def check(found: Held) -> None:
        assert 0 <= found["mean"] <= 1
        assert np.isfinite(found["width"])

    def note(found: Held) -> str:
        return f"{found['repetitions']} seeds, least {100 * found['least']:.0f} %, width {found['width']:.2g}"

    return Work(repetitions, run, check, value=lambda found: 100 * float(found["mean"]), details=dict, note=note)


def summary(estimates: np.ndarray, intervals: np.ndarray, exact: np.ndarray) -> Held:
    """What is said of the intervals.

    Parameters
    ----------
    estimates : (repetitions, 2, k) float64
        First-order and total indices.
    intervals : (repetitions, 2, k, 2) float64
    exact : (2, k) float64

    Returns
    -------
    dict
        repetitions; coverage of each index: first_order, total_order (k); mean and least of those not near zero;
        near_zero: mean of the others, or None; width: median half-width by root mean square error, those not near zero
        (1.96 were both exact and normal); expected: the nominal level.
    """
    held = ((intervals[..., 0] <= exact) & (exact <= intervals[..., 1])).mean(axis=0)
    zero = exact < NEAR_ZERO
    error = np.sqrt(np.mean((estimates - exact) ** 2, axis=0))
    half = np.median(intervals[..., 1] - intervals[..., 0], axis=0) / 2
    return {
        "repetitions": len(estimates),
        "first_order": held[0].tolist(),
        "total_order": held[1].tolist(),
        "mean": float(held[~zero].mean()),
        "least": float(held[~zero].min()),
        "near_zero": float(held[zero].mean()) if zero.any() else None,
        "width": float(np.median(half[~zero] / error[~zero])),
        "expected": LEVEL,
    }


def _case(of: str, method: Method) -> Case:
    said = (
        f"how often 95 % intervals hold the exact index, {POINTS} points, those near zero apart, {method.name} on {of}"
    )
    return Case(f"coverage.{of}.{method.name}", said, partial(prepare_coverage, method=method, of=of), REPETITIONS, SMALL,
                "repetitions", "value", "%", repeats=1, warm_up=False, needs=method.library, limit=LIMIT)  # fmt: skip


CASES = tuple(_case(of, METHODS[name]) for of in SUBJECTS for name in ASKED)
