"""The model, and the simulator's two passes over the futures, made ready so that they alone are timed."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from simulator import Model, load
from simulator.design import Design, design_for
from simulator.outputs import base_places, scope_rows
from simulator.sensitivity.exact import exact_allocation, exact_indices, output_means
from simulator.sensitivity.indices import ExactIndices, index_table
from simulator.simulation import PickFrozen, Propagated, pick_freeze, propagate
from simulator.sources import OTHER

if TYPE_CHECKING:
    import xarray as xr

ROOT = Path(__file__).resolve().parent.parent
CONFIG = "configs/base.toml"  # relative to ROOT, in which subprocesses are run
SEED, REPLICATES = 2040, 16  # as in the configuration, but frozen here
OTHER_SEEDS = (1, 20_240_819)


@cache
def base_model(outputs: str = "all", tables: str = "all") -> Model:
    """The model of configs/base.toml; `outputs` as in run.outputs, `tables`: all workforce tables that may be true, or one."""
    one = ["reconstruction.ensemble=false"] if tables == "one" else []
    return load(ROOT / CONFIG, [f"run.outputs={outputs}", *one])


def design_of(points: int, replicates: int = REPLICATES, seed: int = SEED, method: str = "sobol") -> Design:
    """A design over the inputs of the model."""
    return design_for(len(base_model().inputs), points, replicates, seed, method)


def propagation_of(design: Design, outputs: str, workers: int | None, tables: str = "all") -> Callable[[], Propagated]:
    """What propagates a design; sampler, structure and bins are made before."""
    model = base_model(outputs, tables)
    parts = (model.sampler, model.structure, model.bins, base_places(model.evidence, model.rows))
    return lambda: propagate(design, *parts, workers)


def pick_freeze_of(
    design: Design, workers: int | None, tables: str = "all"
) -> tuple[Callable[[], PickFrozen], ExactIndices]:
    """What runs the pairs of a design and their hybrids, for the groups of all partitions; and the closed form.

    Parameters
    ----------
    design : Design
    workers : int or None
    tables : str
        See `base_model`.

    Returns
    -------
    run : callable
        Gives the sums.
    exact : ExactIndices
    """
    model = base_model(tables=tables)
    structure, moments, members, weights = model.structure, model.moments, model.groups.members, model.scope_lines
    variances, first, total = exact_indices(structure, moments, weights, members)
    means = output_means(structure, moments, weights).T
    allocation = exact_allocation(structure, moments, weights).transpose(1, 0, 2)
    exact = ExactIndices(means, variances.T, first.transpose(0, 2, 1), total.transpose(0, 2, 1), allocation)
    # The run takes the tails from the propagated futures; those of a normal distribution hold about as many.
    tails = np.ascontiguousarray(means[..., None] + 1.645 * np.sqrt(variances.T)[..., None] * np.array([-1.0, 1.0]))
    parts = (model.sampler, structure, model.scope_coefficients, members, means.copy(), tails)
    return (lambda: pick_freeze(design, *parts, workers)), exact


def indices_of(design: Design, workers: int | None) -> Callable[[], xr.Dataset]:
    """What makes the table of all indices, with intervals, from the pairs of a design."""
    model = base_model()
    run, exact = pick_freeze_of(design, workers)
    rows = [model.rows[place] for place in scope_rows(model.rows)]
    categories = (*model.evidence.categories[:-2], OTHER)
    return lambda: index_table(run(), exact, model.groups, rows, model.years, categories)


def reference(values: np.ndarray) -> np.ndarray:
    """All outputs by the plain formula with one workforce table, in the order of the kernels.

    Parameters
    ----------
    values : (n, inputs) float64

    Returns
    -------
    (n, years, rows, 2) float64
        Amounts and their shares.
    """
    model = base_model(tables="one")
    data = model.evaluate(values)
    result = np.empty((len(values), len(model.years), len(model.rows), 2))
    for place, row in enumerate(model.rows):
        for kind, word in enumerate(("", "_share")):
            name = row.quantity + word + (f"_by_{row.dimension}" if row.dimension else "")
            chosen = data[name].sel({row.dimension: row.label}) if row.dimension else data[name]
            result[:, :, place, kind] = chosen.transpose("future", "year").values
    return result
