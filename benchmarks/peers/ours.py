"""The simulator: any function as a black box, and its own model by the gradients of its kernels."""

from __future__ import annotations

from functools import cache, partial

import numpy as np

from ..subjects import Subject, live_inputs
from .method import REPLICATES, Indices, Method

STRUCTURED = ("model", "model-8")
"""Subjects that are our model in 2040."""


def black_box(subject: Subject, points: int, seed: int, replicates: int, workers: int | None = None) -> Indices:
    """`simulator.sensitivity.sobol`, its default estimator; with more than one replicate there are intervals."""
    from simulator.sensitivity import sobol

    inputs = {f"x{place}": (subject.low, subject.high) for place in range(subject.inputs)}
    table = sobol(subject.function, inputs, points // replicates, replicates, seed, workers=workers)
    names = ("first_order", "total_order", *(("first_order_ci", "total_order_ci") if replicates > 1 else ()))
    return Indices(*(table[name].values for name in names))


def structured(subject: Subject, points: int, seed: int, workers: int | None = None) -> Indices:
    """All single inputs of our model, its eight outputs (totals and focus areas of FTE and wages) in 2040.

    They are the subject's, or the first of them is. The kernels get the hybrids of an input from gradients, in place of
    evaluations.
    """
    from simulator.sensitivity.single import single_table
    from simulator.single_inputs import single_inputs

    from ..prepared import base_model, design_of

    assert subject.name in STRUCTURED
    model = base_model(tables="one")
    structure, rows, centre, exact, live = _of_2040()
    design = design_of(points, REPLICATES, seed)
    sums = single_inputs(design, model.sampler, structure, model.scope_coefficients, centre, workers)
    table = single_table(sums, exact, model.names, rows, (2040,)).isel(input=live)
    return Indices(*(table[name].values for name in ("first_order", "total_order", "first_order_ci", "total_order_ci")))


@cache
def _of_2040() -> tuple:  # type: ignore[type-arg]
    """What does not depend on the points: structure, scopes, centre and closed form of 2040, and the inputs that vary."""
    from simulator.outputs import scope_rows
    from simulator.packing import single_precision
    from simulator.sensitivity.exact import exact_indices, output_means

    from ..prepared import base_model

    model = base_model(tables="one")
    at = [model.years.index(2040)]
    structure = single_precision(
        model.structure._replace(years=model.structure.years[at], year_path=model.structure.year_path[at])
    )
    rows = [model.rows[place] for place in scope_rows(model.rows)]
    alone = np.eye(len(model.inputs), dtype=bool)
    variance, first, total = exact_indices(model.structure, model.moments, model.scope_lines, alone)
    exact = (variance[at].T, first[:, at].transpose(0, 2, 1), total[:, at].transpose(0, 2, 1))
    centre = output_means(model.structure, model.moments, model.scope_lines)[at].T.copy()
    return structure, rows, centre, exact, live_inputs(model)


def _held(inputs: int, outputs: int) -> float:  # noqa: ARG001 (a method's signature)
    return 0.0  # blocks of a fixed size


METHODS = (
    Method("ours", "16 scrambles, jackknife and Student t, all cores", partial(black_box, replicates=REPLICATES), True,
           None, _held),
    Method("ours-points", "one scramble, no intervals, all cores", partial(black_box, replicates=1), False, None, _held),
    Method("ours-structured", "kernels of our model, 16 scrambles, Student t, 8 outputs at once", structured, True, None,
           _held, only=STRUCTURED, compiles=True, hybrids=2),
)  # fmt: skip
