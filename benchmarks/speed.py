"""Evaluations a second from the design to the indices, library beside library, on functions of 3 to 200 inputs.

N (k + 2) evaluations for N points and k inputs, N (2 k + 2) where the estimators take both hybrids of an input. N grows until
an analysis would take longer than a limit.
"""

from __future__ import annotations

import importlib
from functools import partial

import numpy as np

from .case import Bar, Case, Ratio, Work
from .climb import LEAST, MOST, Climbed, climb
from .peers.all import METHODS
from .peers.method import Indices, Method
from .subjects import SUBJECTS, Subject, subject

LIMIT = 3.0
WITH_INTERVALS = ("ours", "salib", "openturns", "jaxgsa", "qmcpy")
POINTS_ALONE = ("ours-points", "salib-points", "openturns-points", "jaxgsa-points")
ASKED = {
    "ishigami": (*WITH_INTERVALS, *POINTS_ALONE, "openturns-bootstrap", "qmcpy-net"),
    "ishigami-300": WITH_INTERVALS,
    "g3": WITH_INTERVALS,
    "g10": (*WITH_INTERVALS, *POINTS_ALONE),
    "g50": WITH_INTERVALS,
    "g200": (*WITH_INTERVALS, *POINTS_ALONE),
    "model": (*WITH_INTERVALS, *POINTS_ALONE, "ours-structured"),
    "model-8": (*(name for name in WITH_INTERVALS if name != "qmcpy"), "ours-structured"),
    # QMCPy calls a function once for each hybrid, and adjusts its levels index by index: minutes before its first number.
    "model-all": tuple(name for name in WITH_INTERVALS if name != "qmcpy"),
}
SLOW = {"model-all": 2**5}
"""Smallest number of points, where the function itself takes long."""

STRUCTURED_BARS = {"salib": Bar("at least", 20_000), "jaxgsa": Bar("at least", 3_000)}
"""Of the same eight outputs, each at the largest N that it reached: others cannot hold 2^20."""


def check_indices(method: Method, of: Subject, found: Indices) -> None:
    """Indices are finite and of the right shape, with intervals where the method gives them.

    Raises
    ------
    AssertionError
    """
    estimates = (found.first_order, found.total_order)
    bounds = (found.first_interval, found.total_interval)
    outputs = len(found.first_order)
    assert outputs >= of.outputs
    for estimate in estimates:
        assert estimate.shape == (outputs, of.inputs), estimate.shape
        assert np.isfinite(estimate).all()
    for bound in bounds if method.intervals else ():
        assert bound is not None
        assert bound.shape == (outputs, of.inputs, 2), bound.shape
        assert np.isfinite(bound).all()


def prepare_speed(most: int, limit: float, method: Method, of: str) -> Work[Climbed]:
    """The climb of one method on one subject."""
    asked = subject(of)
    if method.library is not None:
        importlib.import_module(method.library)  # what that takes is another subject's: start
    width, held, ends = (
        method.evaluations(asked.inputs),
        method.held(asked.inputs, asked.outputs),
        (SLOW.get(of, LEAST), most),
    )

    def run() -> Climbed:
        return climb(lambda points: _run(method, asked, points), width, held, ends, limit, compiles=method.compiles)

    def check(found: Climbed) -> None:
        assert found.steps

    return Work(
        width,
        run,
        check,
        value=lambda found: found.steps[-1].median,
        details=lambda found: {"limit": limit, "stopped": found.stopped, "steps": [one.told() for one in found.steps]},
        note=lambda found: found.note,
    )


def _run(method: Method, asked: Subject, points: int) -> None:
    check_indices(method, asked, method.indices(asked, points, 1))


def _case(of: str, method: Method) -> Case:
    said = f"from the design to the indices, {method.name} ({method.says}) on {of}, at the largest N within the limit"
    return Case(f"speed.{of}.{method.name}", said, partial(prepare_speed, method=method, of=of), MOST, SLOW.get(of, LEAST),
                "points", "value", "evaluations/s", repeats=1, warm_up=False, needs=method.library, limit=LIMIT)  # fmt: skip


def _ratios() -> tuple[Ratio, ...]:
    found = []
    for of, names in ASKED.items():
        for name in names:
            if name.startswith("ours"):
                continue
            above = "ours" if METHODS[name].intervals else "ours-points"
            said = f"evaluations a second, {above} by {name}, at the largest N that both reached"
            found.append(Ratio(f"speed.{of}.by-{name}", said, f"speed.{of}.{above}", f"speed.{of}.{name}", steps=True))
            if "ours-structured" in names and METHODS[name].intervals:
                same = of == "model-8"
                told = "of the same 8 outputs" if same else "of 8 outputs each"
                where = "each at the largest N that it reached" if same else "at the largest N of both"
                said = f"evaluations a second, ours-structured ({told}) by {name}, {where}"
                found.append(Ratio(f"speed.{of}.structured-by-{name}", said, f"speed.{of}.ours-structured",
                                   f"speed.{of}.{name}", not same, STRUCTURED_BARS.get(name) if same else None))  # fmt: skip
    return tuple(found)


assert set(ASKED) <= set(SUBJECTS)
CASES = tuple(_case(of, METHODS[name]) for of, names in ASKED.items() for name in names)
RATIOS = _ratios()
