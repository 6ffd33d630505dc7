"""The built-in model as any other function: its inputs, and what is freed in 2040 in all."""

from __future__ import annotations

from functools import partial

import numpy as np

from ..errors import InputError, nearest
from ..inputs import PARTITIONS
from ..phase_in import HORIZON
from ..potential import QUANTITIES, UNITS, totals_and_areas
from ..prepared import Prepared
from ..sensitivity.problem import Problem, partition
from ..views import total_ranges
from .function import Function
from .study import Study

OUTPUTS = tuple(f"{quantity} {HORIZON}" for quantity in QUANTITIES)
OUTPUT_UNITS = tuple(UNITS[quantity] for quantity in QUANTITIES)
BLOCK = 2048  # futures evaluated at a time


def built_in_study(model: Prepared, groups: str | None = None) -> Study:
    """Freed FTE and wages of 2040 as a function of the inputs.

    Parameters
    ----------
    model : Prepared
    groups : str, optional
        Name of a partition; by default each input is a group.

    Returns
    -------
    Study

    Raises
    ------
    InputError
        If there is no such partition.

    Notes
    -----
    The closed form and the structured run of the built-in model give its Sobol' indices faster; this is for methods that
    take any function.
    """
    if groups is not None and groups not in PARTITIONS:
        raise InputError(f"--groups {groups}", "there is no such partition", nearest(groups, PARTITIONS))
    names = tuple(model.names)
    labels = names if groups is None else [getattr(one, groups) for one in model.inputs]
    distributions = tuple(one.distribution for one in model.inputs)
    function = Function(partial(_in_blocks, model), names, OUTPUTS, "the built-in model")
    problem = Problem(names, distributions, *partition(labels), groups is not None, OUTPUTS)
    ranges = tuple(
        (name, low, high)
        for name, (low, high) in zip(OUTPUTS, total_ranges(model).tolist(), strict=True)
        if low <= high
    )
    decision = model.config.settings.decision
    threshold = None if decision.threshold is None else (f"{decision.quantity} {HORIZON}", decision.threshold)
    return Study(function, problem, model.copula, str(model.config.path), ranges, threshold, model)


def _in_blocks(model: Prepared, values: np.ndarray) -> np.ndarray:
    return np.concatenate([freed_in_all(model, values[at : at + BLOCK]) for at in range(0, len(values), BLOCK)])


def freed_in_all(model: Prepared, values: np.ndarray) -> np.ndarray:
    """Freed FTE and wages of 2040 over all areas and categories, as `simulator.potential.evaluate` has them.

    Parameters
    ----------
    model : Prepared
    values : (n, inputs) float64
        Of all inputs.

    Returns
    -------
    (n, 2) float64
        Thousand FTE, and bn DKK in prices of 2023.
    """
    start = model.config.settings.phase_in.start
    found = totals_and_areas(model.evidence, model.names, (HORIZON,), start, values)
    return np.stack([found[quantity].values[:, 0] for quantity in QUANTITIES], axis=1)
