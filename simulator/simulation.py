"""Chunks of futures through the kernels into accumulators that merge in a fixed order."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from .design import BLOCK_BITS, Design
from .executor import in_order
from .kernels.structure import Structure
from .sampling import (
    NonFiniteError,
    Sampler,
    Task,
    chunk_tasks,
    drawn_by,
    kernel_inputs,
    make_sampler,
    stage_end,
    table_count,
    where,
)

__all__ = [
    "BINS", "Bins", "NonFiniteError", "PickFrozen", "Propagated", "Sampler", "changed_categories", "make_bins",
    "make_sampler", "pick_freeze", "pick_freeze_stages", "pilot_bins", "propagate", "row_count",
]  # fmt: skip

BINS = 512
RANGE_IN_DEVIATIONS = 8.0  # bins reach so many standard deviations to either side of the mean
PAIR_BLOCK_BITS = 9

Progress = Callable[[int], None]


@dataclass(frozen=True)
class Bins:
    """Bins of the histograms, the same number for every output, set before the first draw.

    Attributes
    ----------
    centre : (years, rows, 2) float64
        Middle of the bins, for amounts and their shares.
    width : (years, rows, 2) float64
        Width of a bin.
    """

    centre: np.ndarray
    width: np.ndarray

    @property
    def deviation(self) -> np.ndarray:
        """Standard deviation that the bins were made for, (years, rows, 2) float64; above 0 where there is none."""
        return self.width * BINS / (2 * RANGE_IN_DEVIATIONS)


@dataclass(frozen=True)
class Propagated:
    """Sums over the futures of each replicate.

    Attributes
    ----------
    design : Design
    bins : Bins
    moments : (replicates, years, rows, 2, 2) float64
        Sums of (value - centre) and of its square.
    counts : (replicates, years, rows, 2, BINS + 2) int64
        Futures in each bin; first and last: outside the bins.
    """

    design: Design
    bins: Bins
    moments: np.ndarray
    counts: np.ndarray


@dataclass(frozen=True)
class PickFrozen:
    """Sums over the pairs of each replicate; S scopes, Y years, G groups, C categories.

    Attributes
    ----------
    design : Design
    centre : (S, Y) float64
    pairs : (replicates, S, Y, 5) float64
        Of a, b, a², b², a·b, centred.
    differences : (replicates, G, S, Y, 4) float64
        Of (ab - a)², (ba - b)², (ab - a)(ba - b), and (b - a)((ba - b) - (ab - a)).
    allocation : (replicates, S, Y, C, 4) float64
        Of a category's contribution, its product with the centred output, and itself in the lower and upper tail.
    tails : (replicates, S, Y, 2, 2) float64
        Futures in each tail, and the sum of the output over them.
    """

    design: Design
    centre: np.ndarray
    pairs: np.ndarray
    differences: np.ndarray
    allocation: np.ndarray
    tails: np.ndarray


def make_bins(mean: np.ndarray, deviation: np.ndarray) -> Bins:
    """Bins around the expected outputs.

    Parameters
    ----------
    mean, deviation : (years, rows, 2) float64

    Returns
    -------
    Bins
    """
    reach = np.maximum(RANGE_IN_DEVIATIONS * deviation, 1e-9 * np.abs(mean) + 1e-30)
    return Bins(mean, 2 * reach / BINS)


def propagate(
    design: Design,
    sampler: Sampler,
    structure: Structure,
    bins: Bins,
    base_row: np.ndarray,
    workers: int | None = None,
    progress: Progress | None = None,
    earlier: Propagated | None = None,
) -> Propagated:
    """Moments and histograms of the outputs.

    Parameters
    ----------
    design : Design
    sampler : Sampler
    structure : Structure
    bins : Bins
    base_row : (rows,) int64
        Base that the share of each row is of. Two rows: total freed FTE and wages alone.
    workers : int, optional
        Threads; as many as there are cores by default. The result does not depend on it.
    progress : callable, optional
        Told the number of futures whenever a chunk is done.
    earlier : Propagated, optional
        What has been drawn before, of the same seed, blocks and bins, which is not drawn again.

    Returns
    -------
    Propagated

    Raises
    ------
    NonFiniteError
        If an output is not finite.
    ValueError
        If `base_row` holds neither all rows nor the two totals: the kernels would take other rows for these.
    """
    if len(base_row) not in (2, row_count(structure)):
        raise ValueError(f"{len(base_row)} rows of outputs; all are {row_count(structure)}, the totals alone 2")
    shape = bins.centre.shape
    moments = np.zeros((design.replicates, *shape, 2))
    counts = np.zeros((design.replicates, *shape, BINS + 2), dtype=np.int64)
    widths = np.stack([bins.width, bins.width**2], axis=-1)
    if earlier is not None:
        counts[: earlier.design.replicates] = earlier.counts
        moments[: earlier.design.replicates] = earlier.moments / widths
    run = partial(_propagate_chunk, sampler=sampler, structure=structure, bins=bins, base_row=base_row)
    tasks = chunk_tasks(
        design,
        BLOCK_BITS,
        table_count(structure),
        pairs=False,
        drawn=drawn_by(None if earlier is None else earlier.design),
    )
    for (chunk, *_), (chunk_moments, chunk_counts) in in_order(run, tasks, workers):
        if not np.isfinite(chunk_moments).all():
            raise NonFiniteError(where(chunk, design))
        moments[chunk.replicate] += chunk_moments
        counts[chunk.replicate] += chunk_counts
        if progress is not None:
            progress(chunk.points)
    moments *= widths
    return Propagated(design, bins, moments, counts)


def pilot_bins(
    design: Design, sampler: Sampler, structure: Structure, bins: Bins, base_row: np.ndarray, workers: int | None = None
) -> Bins:
    """Bins from the moments of a few futures, where there is no closed form of them.

    Parameters
    ----------
    design : Design
        Of the few.
    sampler, structure, base_row, workers
        See `propagate`.
    bins : Bins
        A first guess, on whose middle the sums are centred.

    Returns
    -------
    Bins

    Raises
    ------
    NonFiniteError
        If an output is not finite.
    """
    pilot = propagate(design, sampler, structure, bins, base_row, workers)
    offset, square = np.moveaxis(pilot.moments.sum(axis=0) / design.points, -1, 0)
    return make_bins(bins.centre + offset, np.sqrt(np.maximum(square - offset**2, 0.0)))


def pick_freeze(
    design: Design,
    sampler: Sampler,
    structure: Structure,
    coefficients: np.ndarray,
    groups: np.ndarray,
    centre: np.ndarray,
    tails: np.ndarray,
    workers: int | None = None,
    progress: Progress | None = None,
) -> PickFrozen:
    """Sums from which all indices of groups, and the allocation to categories, follow.

    Parameters
    ----------
    design : Design
        Points are pairs here.
    sampler : Sampler
    structure : Structure
    coefficients : (E, S, 2 + D, C) float64
        For each workforce table; see `simulator.kernels.pick_freeze`.
    groups : (G, inputs) bool
    centre : (S, Y) float64
    tails : (S, Y, 2) float64
        Thresholds of the lower and upper tail.
    workers, progress
        See `propagate`.

    Returns
    -------
    PickFrozen

    Raises
    ------
    NonFiniteError
        If an output is not finite.
    """
    (whole,) = pick_freeze_stages(design, sampler, structure, coefficients, groups, centre, tails, workers, progress)
    return whole


def pick_freeze_stages(
    design: Design,
    sampler: Sampler,
    structure: Structure,
    coefficients: np.ndarray,
    groups: np.ndarray,
    centre: np.ndarray,
    tails: np.ndarray,
    workers: int | None = None,
    progress: Progress | None = None,
    stages: Sequence[int] = (),
    earlier: PickFrozen | None = None,
) -> Generator[PickFrozen, None, None]:
    """The sums of `pick_freeze` at the end of each stage.

    Parameters
    ----------
    design, sampler, structure, coefficients, groups, centre, tails, workers, progress
        See `pick_freeze`.
    stages : sequence of int
        See `simulator.design.chunks`; the design itself ends the last.
    earlier : PickFrozen, optional
        What has been drawn before, with the same arguments but for the size of the design.

    Yields
    ------
    PickFrozen

    Raises
    ------
    NonFiniteError
        If an output is not finite.
    """
    # Groups that differ in fixed inputs only have the same sums.
    groups, first_place, place = np.unique(
        groups & ~sampler.tables.fixed, axis=0, return_index=True, return_inverse=True
    )
    place = place.ravel()
    changed = changed_categories(structure, groups)
    categories = len(structure.phase_in)
    shapes = (
        (*centre.shape, 5),
        (len(groups), *centre.shape, 4),
        (*centre.shape, categories, 4),
        (*centre.shape, 2, 2),
    )
    sums = [np.zeros((design.replicates, *shape)) for shape in shapes]
    if earlier is not None:
        before = (earlier.pairs, earlier.differences[:, first_place], earlier.allocation, earlier.tails)
        _take_over(sums, before)
    run = partial(
        _pick_freeze_chunk,
        sampler=sampler,
        structure=structure,
        arrays=(coefficients, groups, changed, centre, tails),
        shapes=shapes,
    )
    drawn = drawn_by(None if earlier is None else earlier.design)
    tasks = chunk_tasks(design, PAIR_BLOCK_BITS, table_count(structure), pairs=True, stages=stages, drawn=drawn)
    for (chunk, *_), chunk_sums in in_order(run, tasks, workers):
        if not all(np.isfinite(part).all() for part in chunk_sums):
            raise NonFiniteError(where(chunk, design))
        for total, part in zip(sums, chunk_sums, strict=True):
            total[chunk.replicate] += part
        if progress is not None:
            progress(chunk.points)
        ended = stage_end(chunk, design, stages, drawn)
        if ended is not None:
            pairs, differences, allocation, tail_sums = (total.copy() for total in sums)
            yield PickFrozen(ended, centre, pairs, differences[:, place], allocation, tail_sums)


def _take_over(sums: Sequence[np.ndarray], before: Sequence[np.ndarray]) -> None:
    """The sums of earlier replicates, into those that may have more."""
    for total, part in zip(sums, before, strict=True):
        total[: len(part)] = part


def row_count(structure: Structure) -> int:
    """Number of rows of the amounts, see `simulator.kernels.amounts`."""
    themes = int(structure.term_theme_place.max()) + 1
    one_money = 1 + len(structure.area_growth) + structure.levels + themes + len(structure.scope_area) + 1
    return 2 * one_money + len(structure.phase_in) - 1


def changed_categories(structure: Structure, groups: np.ndarray) -> np.ndarray:
    """Which categories' terms an input of a group can change.

    Parameters
    ----------
    structure : Structure
    groups : (G, inputs) bool

    Returns
    -------
    (G, C) bool
    """
    s = structure
    uses = np.zeros((len(s.phase_in), groups.shape[1]), dtype=bool)
    uses[:, [s.technology, s.national]] = True
    for category in range(len(uses)):
        uses[category, [s.technology_own[category], s.phase_in[category]]] = True
        uses[category, s.barrier[s.barrier_weight[category] != 0]] = True
        terms = slice(s.term_start[category], s.term_start[category + 1])
        tasks = slice(s.task_start[terms.start], s.task_start[terms.stop])
        for inputs in (s.term_theme[terms], s.task_share[tasks], s.task_coefficient[tasks]):
            uses[category, inputs[inputs >= 0]] = True
    return np.asarray((groups[:, None, :] & uses).any(axis=2))


def _propagate_chunk(
    task: Task, sampler: Sampler, structure: Structure, bins: Bins, base_row: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    from .kernels import propagation

    points, tables, blocks, size = kernel_inputs(task, sampler, structure, 1)
    arrays = (structure, task[2][0], base_row, bins.centre, 1 / bins.width)
    moments = np.zeros((*bins.centre.shape, 2))
    counts = np.zeros((*bins.centre.shape, BINS + 2), dtype=np.int32)
    run = propagation.propagate_total if len(base_row) == 2 else propagation.propagate
    run(points, tables, task[0].first, blocks, size, *arrays, moments, counts)
    return moments, counts


def _pick_freeze_chunk(
    task: Task,
    sampler: Sampler,
    structure: Structure,
    arrays: tuple[np.ndarray, ...],
    shapes: tuple[tuple[int, ...], ...],
) -> tuple[np.ndarray, ...]:
    from .kernels import pick_freeze as kernels

    points, tables, blocks, size = kernel_inputs(task, sampler, structure, 2)
    sums = tuple(np.zeros(shape) for shape in shapes)
    kernels.pick_freeze(points, tables, task[0].first, blocks, size, structure, task[2], *arrays, *sums)
    return sums
