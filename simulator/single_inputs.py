"""Chunks of pairs through the gradients into the sums from which the indices of all single inputs follow."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from .design import Design
from .executor import in_order
from .kernels.structure import Structure
from .sampling import (
    NonFiniteError,
    Sampler,
    Task,
    chunk_tasks,
    drawn_by,
    kernel_inputs,
    stage_end,
    table_count,
    where,
)

BLOCK_BITS = 9

Progress = Callable[[int], None]


@dataclass(frozen=True)
class SingleInputs:
    """Sums over the pairs of each replicate; S scopes, Y years.

    Attributes
    ----------
    design : Design
        Points are pairs here.
    centre : (S, Y) float64
        Subtracted from the outputs.
    pairs : (replicates, S, Y, 5) float64
        Of a, b, a², b², a·b, centred.
    differences : (replicates, inputs, S, Y, 4) float64
        Of (ab - a)², (ba - b)², (ab - a)(ba - b), and (b - a)((ba - b) - (ab - a)).
    """

    design: Design
    centre: np.ndarray
    pairs: np.ndarray
    differences: np.ndarray


def single_inputs(
    design: Design,
    sampler: Sampler,
    structure: Structure,
    coefficients: np.ndarray,
    centre: np.ndarray,
    workers: int | None = None,
    progress: Progress | None = None,
) -> SingleInputs:
    """Sums over the pairs and the two hybrids of every input.

    Parameters
    ----------
    design : Design
    sampler : Sampler
    structure : Structure
        The futures of a block are in the precision of its numbers, see `simulator.packing.single_precision`; the sums over
        blocks are in double precision.
    coefficients : (E, S, 2 + D, C) float64
        For each workforce table; see `simulator.kernels.pick_freeze`.
    centre : (S, Y) float64
    workers : int, optional
        Threads; as many as there are cores by default. The result does not depend on it.
    progress : callable, optional
        Told the number of pairs whenever a chunk is done.

    Returns
    -------
    SingleInputs

    Raises
    ------
    NonFiniteError
        If an output is not finite.
    """
    (whole,) = single_inputs_stages(design, sampler, structure, coefficients, centre, workers, progress)
    return whole


def single_inputs_stages(
    design: Design,
    sampler: Sampler,
    structure: Structure,
    coefficients: np.ndarray,
    centre: np.ndarray,
    workers: int | None = None,
    progress: Progress | None = None,
    stages: Sequence[int] = (),
    earlier: SingleInputs | None = None,
) -> Generator[SingleInputs, None, None]:
    """The sums of `single_inputs` at the end of each stage.

    Parameters
    ----------
    design, sampler, structure, coefficients, centre, workers, progress
        See `single_inputs`.
    stages, earlier
        See `simulator.simulation.pick_freeze_stages`.

    Yields
    ------
    SingleInputs

    Raises
    ------
    NonFiniteError
        If an output is not finite.
    """
    inputs = len(sampler.distributions)
    pairs = np.zeros((design.replicates, centre.size, 5))
    differences = np.zeros((design.replicates, inputs, centre.size, 4))
    if earlier is not None:
        pairs[: len(earlier.pairs)] = earlier.pairs.reshape(-1, centre.size, 5)
        differences[: len(earlier.pairs)] = earlier.differences.reshape(-1, inputs, centre.size, 4)
    run = partial(_chunk, sampler=sampler, structure=structure, coefficients=coefficients, centre=centre)
    drawn = drawn_by(None if earlier is None else earlier.design)
    tasks = chunk_tasks(design, BLOCK_BITS, table_count(structure), pairs=True, stages=stages, drawn=drawn)
    for (chunk, *_), (chunk_pairs, chunk_differences) in in_order(run, tasks, workers):
        if not (np.isfinite(chunk_pairs).all() and np.isfinite(chunk_differences).all()):
            raise NonFiniteError(where(chunk, design))
        pairs[chunk.replicate] += chunk_pairs
        differences[chunk.replicate] += chunk_differences
        if progress is not None:
            progress(chunk.points)
        ended = stage_end(chunk, design, stages, drawn)
        if ended is not None:
            shape = (design.replicates, -1, *centre.shape, 4)
            by_pair = pairs.reshape(design.replicates, *centre.shape, 5).copy()
            yield SingleInputs(ended, centre, by_pair, differences.reshape(shape).copy())


def _chunk(
    task: Task, sampler: Sampler, structure: Structure, coefficients: np.ndarray, centre: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    from .kernels import gradients
    from .kernels.places import common_inputs, draw_rows, own_inputs
    from .kernels.propagation import empty_draw
    from .kernels.sharing import empty_shared
    from .kernels.sides import empty_sides

    points, tables, blocks, size = kernel_inputs(task, sampler, structure, 2)
    inputs, scopes = len(sampler.distributions), len(centre)
    pairs, differences, live = np.zeros((centre.size, 5)), np.zeros((inputs, centre.size, 4)), ~sampler.tables.fixed
    arrays = (task[2], coefficients, live, own_inputs(structure, live), common_inputs(structure, live), centre)
    sides, shared = empty_sides(structure, inputs, scopes, size), empty_shared(structure, scopes)
    number = sides.value.dtype
    room = (sides, shared, empty_draw(size, np.dtype(f"i{number.itemsize}"), number), draw_rows(inputs))
    gradients.single_inputs(points, tables, task[0].first, blocks, structure, *arrays, *room, pairs, differences)
    return pairs, differences
