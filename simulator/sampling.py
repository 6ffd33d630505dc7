"""How points become values of the inputs: tabulated quantile functions, and chunks of points as the kernels take them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from .design import (
    Chunk,
    Design,
    Replicate,
    block_bits,
    block_tables,
    chunks,
    direction_numbers,
    point_levels,
    replicate_points,
)
from .distributions import Distribution, quantile
from .kernels.structure import Structure
from .quantile_tables import QuantileTables, tabulate

_Four = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
Task = tuple[Chunk, Replicate, np.ndarray]


@dataclass(frozen=True)
class Sampler:
    """What all chunks share: how a point becomes values of the inputs.

    Attributes
    ----------
    distributions : tuple of Distribution
    tables : QuantileTables
    exact : tuple of int
        Inputs whose quantile function is not looked up but computed, in rising order.
    """

    distributions: tuple[Distribution, ...]
    tables: QuantileTables
    exact: tuple[int, ...]


class NonFiniteError(ArithmeticError):
    """An output was not finite; says how many futures, and which."""


def make_sampler(distributions: Iterable[Distribution]) -> Sampler:
    """Tabulate the quantile functions.

    Parameters
    ----------
    distributions : iterable of Distribution

    Returns
    -------
    Sampler
    """
    known = tuple(distributions)
    tables = tabulate(known)
    return Sampler(known, tables, tuple(int(i) for i in np.flatnonzero(tables.exact)))


def table_count(structure: Structure) -> int:
    """Number of workforce tables that may be true."""
    return len(structure.ensemble.category_level)


def chunk_tasks(design: Design, usual_bits: int, tables: int, *, pairs: bool) -> Iterator[Task]:
    """Chunks of a design with what makes their futures.

    Parameters
    ----------
    design : Design
    usual_bits : int
        Size of the blocks, as a power of two, where there is one workforce table.
    tables : int
        Workforce tables.
    pairs : bool
        Pairs of points, or first points alone.

    Yields
    ------
    (Chunk, Replicate, (2, blocks) int64)
        The last: workforce table of the first and the second points of each block.
    """
    directions = direction_numbers(2 * design.inputs)
    bits = block_bits(design.log2_points, usual_bits, tables, pairs=pairs)
    current: tuple[int, Replicate, np.ndarray] | None = None
    for chunk in chunks(design):
        if current is None or current[0] != chunk.replicate:
            points = replicate_points(design, chunk.replicate, directions, pairs=pairs, block_bits=bits)
            of_blocks = block_tables(design, chunk.replicate, 1 << (design.log2_points - bits), tables)
            current = (chunk.replicate, points, of_blocks)
        blocks = slice(chunk.first >> bits, (chunk.first + chunk.points) >> bits)
        yield chunk, current[1], np.ascontiguousarray(current[2][:, blocks])


def kernel_inputs(task: Task, sampler: Sampler, structure: Structure, sides: int) -> tuple[_Four, _Four, int, int]:
    """A chunk as the kernels take it.

    Parameters
    ----------
    task : tuple
        See `chunk_tasks`.
    sampler : Sampler
    structure : Structure
    sides : int
        1 for futures, 2 for pairs.

    Returns
    -------
    points, tables : tuple
        See `simulator.kernels.propagation.draw_block`.
    blocks, block_size : int
    """
    from .kernels.propagation import FIXED, TABULATED

    chunk, points, _ = task
    inputs = len(sampler.distributions)
    exact_row = np.where(sampler.tables.fixed, FIXED, TABULATED)
    exact_row[structure.reconstruction] = FIXED  # the kernels take the workforce table of the block
    exact = [i for i in sampler.exact if i != structure.reconstruction]
    exact_row[exact] = np.arange(len(exact))
    values = np.empty((sides, len(exact), chunk.points))
    for side in range(sides):
        for place, i in enumerate(exact):
            row = side * inputs + i
            levels = point_levels(points, chunk.first, chunk.points, slice(row, row + 1))[:, 0]
            values[side, place] = quantile(sampler.distributions[i], levels)
    size = points.pattern.shape[1]
    arrays = (points.generators, points.shift, points.pattern, points.key)
    tables = (sampler.tables.lines, sampler.tables.ends[:, 0].copy(), exact_row, values)
    return arrays, tables, chunk.points // size, size


def where(chunk: Chunk, design: Design) -> str:
    """Where an output was not finite, for a message."""
    last = chunk.first + chunk.points - 1
    return (
        f"an output is not finite in replicate {chunk.replicate}, futures {chunk.first} to {last} "
        f"(seed {design.seed}, method {design.method}): evaluate these to find the input"
    )
