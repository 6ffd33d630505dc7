"""Indices of groups and of single inputs at powers of two, until all are drawn or the indices are exact enough."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from .config import FIRST_PAIRS
from .design import Design, design_for
from .outputs import scope_rows
from .packing import single_precision
from .prepared import Prepared
from .sections import RunSection
from .sensitivity.convergence import INDICES, convergence, widest_interval
from .sensitivity.exact import exact_allocation, exact_indices, output_means
from .sensitivity.indices import ExactIndices, index_table
from .sensitivity.single import single_table
from .simulation import PickFrozen, pick_freeze_stages
from .single_inputs import SingleInputs, single_inputs_stages

if TYPE_CHECKING:
    import xarray as xr

FIRST_STAGE = 8  # points of a replicate at the end of the first stage, as a power of two
SMALLEST_SPREAD = 1e-4  # deviation of an output by its mean: with less, roundings (6e-8) add 1e-6 to its variance
MOST_PAIRS = 2**26  # of a run with a precision and no other limit
NODES = {"sensitivity": "convergence", "single_inputs": "input_convergence"}
Tables = dict[str, "xr.Dataset"]


@dataclass(frozen=True)
class Stage:
    """What is known at the end of a stage.

    Attributes
    ----------
    frozen : PickFrozen
    single : SingleInputs
    tables : dict of str to xarray.Dataset
        Indices of the groups (`sensitivity`), and of every input (`single_inputs`).
    """

    frozen: PickFrozen
    single: SingleInputs
    tables: Tables


@dataclass(frozen=True)
class Analysis:
    """What the stages came to.

    Attributes
    ----------
    last : Stage
    convergence : dict of str to xarray.Dataset
        See `simulator.sensitivity.convergence.convergence`, under the names in `NODES`.
    stopped : str
        What ended the run: ``points``, ``precision``, ``max_futures`` or ``max_seconds``.
    """

    last: Stage
    convergence: Tables
    stopped: str


def analyse(
    model: Prepared,
    design: Design,
    tails: np.ndarray,
    workers: int | None,
    told: Callable[[int], None] | None,
    earlier: tuple[PickFrozen, SingleInputs, Tables] | None = None,
) -> Analysis:
    """Indices of the total and the focus areas: of groups in all years, of every input in the last.

    Parameters
    ----------
    model : Prepared
    design : Design
        Points are pairs; all that may be drawn.
    tails : (S, Y, 2) float64
        Thresholds of the lower and upper tail.
    workers : int or None
    told : callable or None
        Told the number of pairs, those of groups and of single inputs each on its own.
    earlier : tuple, optional
        Sums and convergence of the run that is continued.

    Returns
    -------
    Analysis

    Raises
    ------
    NonFiniteError
        If an output is not finite.
    """
    run, history, stopped = model.config.settings.run, list[Stage](), "points"
    precise = run.precision is not None and earlier is None  # a continued run is given its size
    clock, last = time.monotonic(), 0.0
    with closing(_stages(model, design, tails, workers, told, earlier)) as stages:
        for stage in stages:
            history.append(stage)
            seconds = time.monotonic() - clock
            found = _enough(run, stage, seconds, seconds - last) if precise else None
            last = seconds
            if found is not None:
                stopped = found
                break
    if stopped == "points" and precise:
        stopped = "max_futures"
    before = {} if earlier is None else earlier[2]
    converging = {
        name: convergence([_entry(stage, node) for stage in history], before.get(name)) for node, name in NODES.items()
    }
    return Analysis(history[-1], converging, stopped)


def pair_design(model: Prepared, futures: int, seed: int) -> Design:
    """All pairs that may be drawn.

    Parameters
    ----------
    model : Prepared
    futures : int
        That are propagated: without a precision, there are at most as many pairs.
    seed : int

    Returns
    -------
    Design
    """
    run = model.config.settings.run
    usual = design_for(len(model.inputs), min(run.base_points, futures), run.replicates, seed, run.method)
    if run.precision is None:
        return usual
    unlimited = run.max_futures is None and run.max_seconds is None
    most = MOST_PAIRS if unlimited or run.max_futures is None else run.max_futures // 2
    log2_points = (most // run.replicates).bit_length() - 1
    return replace(usual, log2_points=max(log2_points, FIRST_PAIRS), first_log2=usual.log2_points)


def _enough(run: RunSection, stage: Stage, seconds: float, of_last: float) -> str | None:
    """Why there is no other doubling; None if there may be one, which takes twice as long as the last."""
    if not widest_interval(stage.tables) >= (run.precision or 0.0):  # or there is none, where no output varies
        return "precision"
    if run.max_seconds is not None and seconds + 2 * of_last > run.max_seconds:
        return "max_seconds"
    return None


def _entry(stage: Stage, node: str) -> tuple[int, int, xr.Dataset]:
    design = stage.frozen.design
    return 1 << design.log2_points, design.replicates, stage.tables[node]


def group_stages(
    model: Prepared,
    design: Design,
    tails: np.ndarray,
    workers: int | None,
    told: Callable[[int], None] | None = None,
    earlier: PickFrozen | None = None,
) -> Generator[PickFrozen, None, None]:
    """The sums of the groups at the end of each stage; see `analyse`."""
    arrays = (model.scope_coefficients, model.groups.members, _centre(model), tails)
    powers = range(FIRST_STAGE, design.log2_points)
    return pick_freeze_stages(design, model.sampler, model.structure, *arrays, workers, told, powers, earlier)


def input_stages(
    model: Prepared,
    design: Design,
    workers: int | None,
    told: Callable[[int], None] | None = None,
    earlier: SingleInputs | None = None,
) -> Generator[SingleInputs, None, None]:
    """The sums of the single inputs, in the last year, at the end of each stage; see `analyse`."""
    powers = range(FIRST_STAGE, design.log2_points)
    structure = single_precision(model.structure) if _varies_enough(model) else model.structure
    last_year = structure._replace(years=structure.years[-1:], year_path=structure.year_path[-1:])
    arrays = (model.scope_coefficients, _centre(model)[:, -1:].copy())
    return single_inputs_stages(design, model.sampler, last_year, *arrays, workers, told, powers, earlier)


def _varies_enough(model: Prepared) -> bool:
    """Whether every output of the last year varies by so much that roundings to single precision do not count."""
    scopes, bins = scope_rows(model.rows), model.bins
    return bool((bins.deviation > SMALLEST_SPREAD * np.abs(bins.centre))[-1, scopes, 0].all())


def _centre(model: Prepared) -> np.ndarray:
    """What the sums of the total and the focus areas are centred on, (S, Y) float64."""
    return np.ascontiguousarray(model.bins.centre[:, scope_rows(model.rows), 0].T)


def _stages(
    model: Prepared,
    design: Design,
    tails: np.ndarray,
    workers: int | None,
    told: Callable[[int], None] | None,
    earlier: tuple[PickFrozen, SingleInputs, Tables] | None,
) -> Generator[Stage, None, None]:
    alone, members = np.eye(len(model.inputs), dtype=bool), model.groups.members
    rows, categories = [model.rows[scope] for scope in scope_rows(model.rows)], model.evidence.categories[:-1]
    exact_groups, exact_inputs = _exact_groups(model, _centre(model)), _exact_inputs(model, alone)
    frozen_before, single_before = (None, None) if earlier is None else earlier[:2]
    of_groups = group_stages(model, design, tails, workers, told, frozen_before)
    of_inputs = input_stages(model, design, workers, told, single_before)
    with closing(of_groups), closing(of_inputs):
        for frozen, single in zip(of_groups, of_inputs, strict=True):
            groups = index_table(frozen, exact_groups, model.groups, rows, model.years, categories)
            inputs = single_table(single, exact_inputs, model.names, rows, model.years[-1:])
            tables = {
                "sensitivity": _known(groups, "group", model.has_index(members)),
                "single_inputs": _known(inputs, "input", model.has_index(alone)),
            }
            yield Stage(frozen, single, {name: table.assign_attrs(base_points=frozen.design.points)
                                         for name, table in tables.items()})  # fmt: skip


def _known(table: xr.Dataset, dimension: str, has_index: np.ndarray) -> xr.Dataset:
    """NaN for the indices that do not exist because inputs depend on each other."""
    if has_index.all():
        return table
    exists = table[dimension].copy(data=has_index).drop_vars(list(table[dimension].coords))
    names = [f"{name}{ending}" for name in INDICES for ending in ("", "_ci", "_exact")]
    return table.assign({name: table[name].where(exists).assign_attrs(table[name].attrs) for name in names})


def _exact_groups(model: Prepared, mean: np.ndarray) -> ExactIndices:
    """Closed form of the groups; NaN where inputs depend on each other."""
    structure, lines, groups = model.structure, model.scope_lines, model.groups.members
    if not model.closed_form:
        shape = mean.shape
        shapes = (shape, shape, (len(groups), *shape), (len(groups), *shape), (*shape, len(structure.phase_in)))
        return ExactIndices(*(np.full(each, np.nan) for each in shapes))
    variances, first, total = exact_indices(structure, model.moments, lines, groups)
    allocation = exact_allocation(structure, model.moments, lines).transpose(1, 0, 2)
    means = output_means(structure, model.moments, lines).T
    return ExactIndices(means, variances.T, first.transpose(0, 2, 1), total.transpose(0, 2, 1), allocation)


def _exact_inputs(model: Prepared, alone: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Closed form of every input in the last year: variance, first and total order."""
    variance, first, total = exact_indices(model.structure, model.moments, model.scope_lines, alone)
    known = 1.0 if model.closed_form else np.nan
    return known * variance[-1:].T, known * first[:, -1:].transpose(0, 2, 1), known * total[:, -1:].transpose(0, 2, 1)
