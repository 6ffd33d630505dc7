"""How points become values of the inputs: tabulated quantile functions, and chunks of points as the kernels take them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from .dependence import Copula, correlate, restricted
from .design import (
    NOTHING,
    Chunk,
    Design,
    Drawn,
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
_Five = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]
Task = tuple[Chunk, Replicate, np.ndarray]
REPLICATES_KEPT = 32  # generators and patterns of so many stay in memory while stages come back to them


@dataclass(frozen=True)
class Sampler:
    """What all chunks share: how a point becomes values of the inputs.

    Attributes
    ----------
    distributions : tuple of Distribution
    tables : QuantileTables
    exact : tuple of int
        Inputs whose quantile function is not looked up but computed, in rising order: with steps, or dependent on others.
    copula : Copula
        Dependence between the inputs `exact`, numbered as these.
    """

    distributions: tuple[Distribution, ...]
    tables: QuantileTables
    exact: tuple[int, ...]
    copula: Copula


class NonFiniteError(ArithmeticError):
    """An output was not finite; says how many futures, and which."""


def make_sampler(distributions: Iterable[Distribution], copula: Copula | None = None) -> Sampler:
    """Tabulate the quantile functions.

    Parameters
    ----------
    distributions : iterable of Distribution
    copula : Copula, optional
        Dependence between inputs that are not fixed; none by default.

    Returns
    -------
    Sampler
    """
    known = tuple(distributions)
    return sampler_with(known, tabulate(known), copula)


def sampler_with(distributions: tuple[Distribution, ...], tables: QuantileTables, copula: Copula | None) -> Sampler:
    """A sampler from tables that are there already; see `make_sampler`."""
    copula = Copula(tuple(str(i) for i in range(len(distributions))), ()) if copula is None else copula
    exact = sorted({*np.flatnonzero(tables.exact).tolist(), *copula.dependent})
    return Sampler(distributions, tables, tuple(exact), restricted(copula, exact))


def table_count(structure: Structure) -> int:
    """Number of workforce tables that may be true."""
    return len(structure.ensemble.category_level)


def chunk_tasks(
    design: Design, usual_bits: int, tables: int, *, pairs: bool, stages: Sequence[int] = (), drawn: Drawn = NOTHING
) -> Iterator[Task]:
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
    stages, drawn
        See `simulator.design.chunks`; stages that are shorter than a block are left out.

    Yields
    ------
    (Chunk, Replicate, (2, blocks) int64)
        The last: workforce table of the first and the second points of each block.
    """
    directions = direction_numbers(2 * design.inputs)
    bits = block_bits(design.log2_for_blocks, usual_bits, tables, pairs=pairs)

    @lru_cache(maxsize=REPLICATES_KEPT)
    def made(replicate: int) -> tuple[Replicate, np.ndarray]:
        points = replicate_points(design, replicate, directions, pairs=pairs, block_bits=bits)
        return points, block_tables(design, replicate, 1 << (design.log2_points - bits), tables)

    for chunk in chunks(design, [stage for stage in stages if stage >= bits], drawn):
        points, of_blocks = made(chunk.replicate)
        blocks = slice(chunk.first >> bits, (chunk.first + chunk.points) >> bits)
        yield chunk, points, np.ascontiguousarray(of_blocks[:, blocks])


def drawn_by(earlier: Design | None) -> Drawn:
    """What an earlier design has drawn; nothing, where there is none."""
    return NOTHING if earlier is None else Drawn(earlier.replicates, 1 << earlier.log2_points)


def stage_end(chunk: Chunk, design: Design, stages: Sequence[int], drawn: Drawn) -> Design | None:
    """The design that is done with a chunk of `chunk_tasks`; None if the chunk ends no stage."""
    end = chunk.first + chunk.points
    last = chunk.replicate + 1 == design.replicates and end >= drawn.points
    if not last or end not in {1 << stage for stage in (*stages, design.log2_points)}:
        return None
    return replace(design, log2_points=end.bit_length() - 1, first_log2=design.log2_for_blocks)


def kernel_inputs(task: Task, sampler: Sampler, structure: Structure, sides: int) -> tuple[_Four, _Five, int, int]:
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
    exact_row[list(sampler.exact)] = np.arange(len(sampler.exact))
    exact_row[structure.reconstruction] = FIXED  # the kernels take the workforce table of the block
    computed = [(place, i) for place, i in enumerate(sampler.exact) if i != structure.reconstruction]
    values = np.zeros((sides, len(sampler.exact), chunk.points))
    for side in range(sides):
        levels = np.full((chunk.points, len(sampler.exact)), 0.5)
        for place, i in computed:
            row = side * inputs + i
            levels[:, place] = point_levels(points, chunk.first, chunk.points, slice(row, row + 1))[:, 0]
        levels = correlate(levels, sampler.copula) if sampler.copula.blocks else levels
        for place, i in computed:
            values[side, place] = quantile(sampler.distributions[i], levels[:, place])
    size = points.pattern.shape[1]
    arrays = (points.generators, points.shift, points.pattern, points.key)
    affine = np.where(sampler.tables.fixed[:, None], sampler.tables.ends[:, :1], sampler.tables.affine)
    tables = (sampler.tables.shape, sampler.tables.lines, affine, exact_row, values)
    return arrays, tables, chunk.points // size, size


def where(chunk: Chunk, design: Design) -> str:
    """Where an output was not finite, for a message."""
    last = chunk.first + chunk.points - 1
    return (
        f"an output is not finite in replicate {chunk.replicate}, futures {chunk.first} to {last} "
        f"(seed {design.seed}, method {design.method}): evaluate these to find the input"
    )
