"""jaxgsa: scrambled Sobol' sample, estimators compiled by JAX on all cores, bootstrap over rows, all outputs at once.

Its default pair of estimators erred least of its five for this design on Ishigami, and it is quickest in its default float32.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from ..subjects import Subject
from .method import LEVEL, RESAMPLES, Indices, Method, whole_design


def indices(subject: Subject, points: int, seed: int, resamples: int) -> Indices:
    """`jaxgsa.sobol.sample`, the function, `jaxgsa.sobol.analyze`."""
    import jaxgsa

    problem = jaxgsa.Problem.from_dict({f"x{place}": (subject.low, subject.high) for place in range(subject.inputs)})
    design = jaxgsa.sobol.sample(problem, base_n=points, calc_second_order=False, seed=seed, verbose=False)
    outputs = subject.function(np.asarray(design.samples))
    found = jaxgsa.sobol.analyze(
        design, outputs, n_bootstrap=resamples, conf_level=LEVEL, key=seed if resamples else None, verbose=False
    )
    shape = (subject.outputs, subject.inputs)
    estimates = [np.asarray(part, dtype=np.float64).reshape(shape) for part in (found.S1, found.ST)]
    if not resamples:
        return Indices(*estimates)
    bounds = [np.asarray(part, dtype=np.float64).reshape(2, *shape) for part in (found.S1_conf, found.ST_conf)]
    return Indices(*estimates, *(np.moveaxis(part, 0, -1) for part in bounds))


METHODS = tuple(
    Method(name, says, partial(indices, resamples=resamples), resamples > 0, "jaxgsa", whole_design, compiles=True)
    for name, says, resamples in (
        ("jaxgsa", "100 resamples, quantile intervals, float32, all cores", RESAMPLES),
        ("jaxgsa-points", "no resamples, float32, all cores", 0),
    )
)
