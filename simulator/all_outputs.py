"""Chunks of pairs through whole hybrids into the sums from which the indices of all outputs follow, second order as well."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from .design import Design
from .executor import in_order
from .kernels.structure import Structure
from .sampling import NonFiniteError, Sampler, Task, chunk_tasks, kernel_inputs, table_count, where
from .simulation import row_count

BLOCK_BITS = 5  # in smaller blocks the calls weigh, in larger ones few workforce tables are met


@dataclass(frozen=True)
class AllOutputs:
    """Sums over the pairs of each replicate; Y years, G groups, M pairs of groups.

    Attributes
    ----------
    design : Design
        Points are pairs here.
    centre : (rows, Y) float64
        Subtracted from the outputs.
    pairs : (replicates, rows, Y, 5) float64
        Of a, b, a², b², a·b, centred.
    differences : (replicates, G, rows, Y, 4) float64
        Of (ab - a)², (ba - b)², (ab - a)(ba - b), and (b - a)((ba - b) - (ab - a)).
    crossed : (replicates, M, rows, Y) float64
        Of (ba_g - b)(ab_h - a) + (ba_h - b)(ab_g - a).
    """

    design: Design
    centre: np.ndarray
    pairs: np.ndarray
    differences: np.ndarray
    crossed: np.ndarray


def all_outputs(
    design: Design,
    sampler: Sampler,
    structure: Structure,
    groups: np.ndarray,
    pairs: np.ndarray,
    centre: np.ndarray,
    workers: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> AllOutputs:
    """Sums over the pairs and both hybrids of every group, of all outputs in all years.

    Parameters
    ----------
    design : Design
    sampler : Sampler
    structure : Structure
    groups : (G, inputs) bool
    pairs : (M, 2) int64
        Places of groups that have no member in common, of which second order is wanted.
    centre : (rows, Y) float64
        Expected outputs; all rows of `simulator.kernels.amounts`.
    workers : int, optional
        Threads; as many as there are cores by default. The result does not depend on it.
    progress : callable, optional
        Told the number of pairs whenever a chunk is done.

    Returns
    -------
    AllOutputs

    Raises
    ------
    NonFiniteError
        If an output is not finite.
    ValueError
        If `centre` does not hold all rows, or the groups of a pair have a member in common.
    """
    if len(centre) != row_count(structure):
        raise ValueError(f"{len(centre)} rows of outputs; all are {row_count(structure)}")
    pairs = np.asarray(pairs, dtype=np.int64).reshape(-1, 2)
    if (groups[pairs[:, 0]] & groups[pairs[:, 1]]).any():
        raise ValueError("second order is of two groups without a common member")
    hybrids, place = _distinct(groups & ~sampler.tables.fixed, pairs)
    crossing, shape = place[pairs], centre.shape
    shapes = ((centre.size, 5), (len(hybrids), centre.size, 4), (len(crossing), centre.size))
    sums = tuple(np.zeros((design.replicates, *shape)) for shape in shapes)
    arrays = (hybrids, crossing, centre.ravel())
    run = partial(_chunk, sampler=sampler, structure=structure, arrays=arrays, shapes=shapes)
    tasks = chunk_tasks(design, BLOCK_BITS, table_count(structure), pairs=True)
    for (chunk, *_), chunk_sums in in_order(run, tasks, workers):
        if not all(np.isfinite(part).all() for part in chunk_sums):
            raise NonFiniteError(where(chunk, design))
        for total, part in zip(sums, chunk_sums, strict=True):
            total[chunk.replicate] += part
        if progress is not None:
            progress(chunk.points)
    of_points, differences, crossed = sums
    return AllOutputs(
        design,
        centre,
        of_points.reshape(-1, *shape, 5),
        differences[:, place].reshape(design.replicates, len(groups), *shape, 4),
        crossed.reshape(design.replicates, len(pairs), *shape),
    )


def _distinct(live: np.ndarray, pairs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Groups that differ in what is not fixed: the one without members, those of pairs, the others.

    Parameters
    ----------
    live : (G, inputs) bool
    pairs : (M, 2) int64

    Returns
    -------
    distinct : (n, inputs) bool
    place : (G,) int64
        Of each group among them.
    """
    places: dict[bytes, int] = {np.zeros_like(live[0]).tobytes(): 0}
    for group in (*live[np.unique(pairs)], *live):
        places.setdefault(group.tobytes(), len(places))
    distinct = np.array([np.frombuffer(group, dtype=bool) for group in places])
    return distinct, np.array([places[group.tobytes()] for group in live])


def _chunk(
    task: Task,
    sampler: Sampler,
    structure: Structure,
    arrays: tuple[np.ndarray, np.ndarray, np.ndarray],
    shapes: tuple[tuple[int, ...], ...],
) -> tuple[np.ndarray, ...]:
    from .kernels import all_outputs as kernels

    points, tables, blocks, size = kernel_inputs(task, sampler, structure, 2)
    sums = tuple(np.zeros(shape) for shape in shapes)
    kernels.all_outputs(points, tables, task[0].first, blocks, size, structure, task[2], *arrays, *sums)
    return sums
