"""QMCPy: digital nets with a stopping rule; here it stops at a given number of points, and its bounds are the intervals.

Its indices are the middles of bounds that are cut off at 0 and 1.
"""

from __future__ import annotations

import warnings
from functools import partial

import numpy as np

from ..subjects import Subject
from .method import LEVEL, REPLICATES, Indices, Method


def indices(subject: Subject, points: int, seed: int, replicates: int) -> Indices:
    """`SensitivityIndices` of a `CustomFun`: Student t over replicates, or guaranteed bounds of one net."""
    import qmcpy as qp

    net = qp.DigitalNetB2(subject.inputs, seed=seed, **({"replications": replicates} if replicates > 1 else {}))

    def function(x: np.ndarray) -> np.ndarray:
        outputs = subject.function(x.reshape(-1, subject.inputs))
        return outputs.T.reshape(*((subject.outputs,) if subject.outputs > 1 else ()), *x.shape[:-1])

    several = {"dimension_indv": (subject.outputs,)} if subject.outputs > 1 else {}
    integrand = qp.SensitivityIndices(qp.CustomFun(qp.Uniform(net, subject.low, subject.high), function, **several))
    exactly = {"abs_tol": 0.0, "rel_tol": 0.0, "n_limit": points}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says that it had to stop, which is what is wanted
        if replicates > 1:
            rule = qp.CubQMCRepStudentT(integrand, n_init=points // replicates, alpha=1 - LEVEL, **exactly)
        else:
            rule = qp.CubQMCNetG(integrand, n_init=points, **exactly)
        solution, data = rule.integrate()
    assert data.n_total == points
    shape = (2, subject.inputs, subject.outputs)
    estimates = np.asarray(solution).reshape(shape).swapaxes(1, 2)
    bounds = [np.asarray(one).reshape(shape).swapaxes(1, 2) for one in (data.comb_bound_low, data.comb_bound_high)]
    return Indices(*estimates, *np.stack(bounds, axis=-1))


def _held(inputs: int, outputs: int) -> float:
    return 24.0 * inputs * outputs  # numerators, means and squares of both indices, in about four copies, as was seen


METHODS = (
    Method("qmcpy", "16 scrambles, Student t", partial(indices, replicates=REPLICATES), True, "qmcpy", _held),
    Method("qmcpy-net", "one scramble, guaranteed bounds", partial(indices, replicates=1), True, "qmcpy", _held),
)
