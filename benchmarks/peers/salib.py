"""SALib: scrambled Sobol' sample, its one pair of estimators, bootstrap over rows; one output at a time."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from ..subjects import Subject
from .method import LEVEL, RESAMPLES, Indices, Method, around, whole_design


def indices(subject: Subject, points: int, seed: int, resamples: int) -> Indices:
    """`SALib.sample.sobol.sample`, the function, `SALib.analyze.sobol.analyze` of each output."""
    from SALib.analyze import sobol as analysis
    from SALib.sample import sobol as sampling

    design = sampling.sample(_problem(subject), points, calc_second_order=False, seed=seed)
    outputs = subject.function(design).reshape(len(design), subject.outputs)
    found = [
        analysis.analyze(_problem(subject), np.ascontiguousarray(output), calc_second_order=False,
                         num_resamples=resamples, conf_level=LEVEL, seed=seed)
        for output in outputs.T
    ]  # fmt: skip
    first, total, of_first, of_total = (
        np.array([one[name] for one in found]) for name in ("S1", "ST", "S1_conf", "ST_conf")
    )
    return Indices(first, total, around(first, of_first), around(total, of_total))


def _problem(subject: Subject) -> dict[str, Any]:
    """A new one each time: SALib changes what it is given."""
    names = [f"x{place}" for place in range(subject.inputs)]
    return {"num_vars": subject.inputs, "names": names, "bounds": [[subject.low, subject.high]] * subject.inputs}


def _held(inputs: int, outputs: int, resamples: int) -> float:
    return max(whole_design(inputs, outputs), 8.0 * resamples)  # rows A, B, AB resampled, and their products


METHODS = (
    Method("salib", "100 resamples, its default", partial(indices, resamples=RESAMPLES), True, "SALib",
           partial(_held, resamples=RESAMPLES)),
    Method("salib-points", "2 resamples, the fewest it can do", partial(indices, resamples=2), False, "SALib",
           partial(_held, resamples=2)),
)  # fmt: skip
