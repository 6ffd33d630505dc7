"""Point sets: scrambled Sobol' nets in independent replicates, or random streams; chunks of them."""

from __future__ import annotations

import importlib.util
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

BITS = 32
BLOCK_BITS = 9  # 512 futures: more spill the cache, with fewer the calls per row weigh
SMALLEST_BLOCK_BITS = (
    5,
    8,
)  # of futures and of pairs that have a workforce table each: in smaller ones the calls weigh
CHUNK_BITS = 16
LEADING = 20  # inputs with the first dimensions; see `dimensions`


@dataclass(frozen=True)
class Design:
    """Which points are drawn.

    Attributes
    ----------
    inputs : int
    replicates : int
    log2_points : int
        Points of a replicate, as a power of two.
    seed : int
    method : str
        ``sobol`` or ``monte-carlo``.
    first_log2 : int, optional
        `log2_points` of the design that this one continues: it keeps the blocks of that one.
    """

    inputs: int
    replicates: int
    log2_points: int
    seed: int
    method: str = "sobol"
    first_log2: int | None = None

    @property
    def points(self) -> int:
        """Points of all replicates."""
        return self.replicates << self.log2_points

    @property
    def log2_for_blocks(self) -> int:
        """Points of a replicate for which the size of the blocks is chosen, as a power of two."""
        return self.log2_points if self.first_log2 is None else self.first_log2


@dataclass(frozen=True)
class Drawn:
    """What of a design has been drawn before.

    Attributes
    ----------
    replicates : int
    points : int
        Of each of these replicates.
    """

    replicates: int = 0
    points: int = 0


@dataclass(frozen=True)
class Chunk:
    """A run of points of one replicate: the unit of parallel work.

    Attributes
    ----------
    replicate, first, points : int
    """

    replicate: int
    first: int
    points: int


@dataclass(frozen=True)
class Replicate:
    """What the kernels need to make the points of one replicate (rows: dimensions that are used).

    Attributes
    ----------
    generators : (rows, 32) uint32
    shift : (rows,) uint32
    pattern : (rows, block) uint32
    key : (rows,) uint64
        Of the random streams; empty for a net.
    """

    generators: np.ndarray
    shift: np.ndarray
    pattern: np.ndarray
    key: np.ndarray


def design_for(inputs: int, points: int, replicates: int, seed: int, method: str) -> Design:
    """The smallest design of at least so many points.

    Parameters
    ----------
    inputs, points, replicates, seed : int
    method : str

    Returns
    -------
    Design
        With replicates * 2**m points.
    """
    per_replicate = max(-(-points // replicates), 1)
    return Design(inputs, replicates, (per_replicate - 1).bit_length(), seed, method)


NOTHING = Drawn()


def chunks(design: Design, stages: Sequence[int] = (), drawn: Drawn = NOTHING) -> Iterator[Chunk]:
    """The chunks of a design, stage by stage, and in each replicate by replicate.

    Parameters
    ----------
    design : Design
    stages : sequence of int
        Points of a replicate at the end of each stage, as rising powers of two (exponents) below that of the design, which
        ends the last stage.
    drawn : Drawn
        What is left out. Its points end a stage, or there are none.

    Yields
    ------
    Chunk
    """
    ends = sorted({0, drawn.points, *(1 << stage for stage in stages), 1 << design.log2_points})
    for begin, end in itertools.pairwise(ends):
        for replicate in range(drawn.replicates if end <= drawn.points else 0, design.replicates):
            for first in range(begin, end, 1 << CHUNK_BITS):
                yield Chunk(replicate, first, min(1 << CHUNK_BITS, end - first))


@lru_cache(maxsize=8)
def direction_numbers(dimensions: int) -> np.ndarray:
    """Generators of Sobol' points with the direction numbers of Joe & Kuo (2008, doi:10.1137/070709359).

    The initial numbers are those that scipy holds.

    Parameters
    ----------
    dimensions : int

    Returns
    -------
    (dimensions, 32) uint32
        Column k is what bit k of the point's number contributes.

    Raises
    ------
    ValueError
        If there are no numbers for so many dimensions.
    """
    specification = importlib.util.find_spec("scipy")
    if specification is None or not specification.submodule_search_locations:
        raise ImportError("scipy is not installed")
    folder = Path(specification.submodule_search_locations[0])
    with np.load(folder / "stats" / "_sobol_direction_numbers.npz") as numbers:
        polynomials, initial = numbers["poly"], numbers["vinit"]
    if dimensions > len(polynomials):
        raise ValueError(f"there are direction numbers for {len(polynomials)} dimensions, not for {dimensions}")
    odd = np.ones((dimensions, BITS), dtype=np.uint64)  # m_k: direction number k is m_k / 2^(k+1); dimension 0: all 1
    for dimension in range(1, dimensions):
        polynomial = int(polynomials[dimension])
        degree = polynomial.bit_length() - 1
        m = [int(number) for number in initial[dimension, :degree]]
        for k in range(degree, BITS):
            value = m[k - degree] ^ (m[k - degree] << degree)
            for j in range(1, degree):
                if (polynomial >> (degree - j)) & 1:
                    value ^= m[k - j] << j
            m.append(value)
        odd[dimension] = m
    directions = (odd << np.arange(BITS - 1, -1, -1, dtype=np.uint64)).astype(np.uint32)
    directions.flags.writeable = False  # it is kept for the next call
    return directions


def replicate_points(
    design: Design, replicate: int, directions: np.ndarray, *, pairs: bool, block_bits: int
) -> Replicate:
    """Scrambled generators of one replicate: a random linear matrix scramble and a digital shift (Matoušek 1998,
    doi:10.1006/jcom.1998.0489), or keys of random streams.

    Parameters
    ----------
    design : Design
    replicate : int
    directions : (2 * inputs, 32) uint32
    pairs : bool
        Rows of the first points, then those of the second; else of the first only.
    block_bits : int

    Returns
    -------
    Replicate
    """
    rows = dimensions(design.inputs)[: 2 * design.inputs if pairs else design.inputs]
    # A spawn key, because numpy pads entropy with zeros: [5, 7] and [5 + 7 * 2**32, 0] are one and the same.
    sequence = np.random.SeedSequence(design.seed, spawn_key=(replicate,))
    random = np.random.Generator(np.random.PCG64(sequence))
    words = random.integers(0, 2**BITS, size=(2 * design.inputs, BITS + 3), dtype=np.uint64)[rows]
    key = (words[:, -2] << np.uint64(BITS)) | words[:, -1] if design.method == "monte-carlo" else words[:0, 0]
    generators = scramble(directions[rows], words[:, :BITS].astype(np.uint32))
    shift = words[:, BITS].astype(np.uint32)
    pattern = np.zeros((len(generators), 1), dtype=np.uint32)
    for bit in range(block_bits):
        pattern = np.concatenate([pattern, pattern ^ generators[:, bit, None]], axis=1)
    return Replicate(generators, shift, np.ascontiguousarray(pattern), key)


def dimensions(inputs: int) -> np.ndarray:
    """Dimensions of the net that the inputs have in both points of a pair.

    The first dimensions of a net are the most even. The leading inputs, which matter most, have the first ones in both
    points; the others' first points come before their second points, because first points also serve propagation alone.

    Parameters
    ----------
    inputs : int

    Returns
    -------
    (2 * inputs,) int64
        Of all inputs in the first point, then of all in the second.
    """
    leading = min(inputs, LEADING)
    first = np.concatenate([np.arange(leading), np.arange(2 * leading, inputs + leading)])
    second = np.concatenate([np.arange(leading, 2 * leading), np.arange(inputs + leading, 2 * inputs)])
    return np.concatenate([first, second])


def block_tables(design: Design, replicate: int, blocks: int, tables: int) -> np.ndarray:
    """Which of several workforce tables the futures of each block share.

    A table for each block, rather than each future, lets the kernels read it once; a block of a net is a net by itself,
    so that every table meets evenly spread futures. At the first points, tables follow each other in the order of the van
    der Corput sequence from a random start, so that few blocks already have tables from everywhere on their scale, and each
    table comes equally often. At the second points stands a random permutation of them, so that the two are independent
    over the replicates.

    Parameters
    ----------
    design : Design
    replicate : int
    blocks : int
        Number of blocks of the replicate.
    tables : int

    Returns
    -------
    (2, blocks) int64
        Of the first and the second points.
    """
    if tables == 1:
        return np.zeros((2, blocks), dtype=np.int64)
    bits = max(tables - 1, 1).bit_length()
    number = np.arange(tables)
    reversed_bits = sum(((number >> bit) & 1) << (bits - 1 - bit) for bit in range(bits))
    order = np.argsort(np.argsort(reversed_bits))
    random = np.random.Generator(np.random.PCG64(np.random.SeedSequence(design.seed, spawn_key=(replicate, 1))))
    first = order[(np.arange(blocks) + random.integers(tables)) % tables]
    second = np.concatenate([random.permutation(tables) for _ in range(0, blocks, tables)])[:blocks]
    return np.stack([first, second])


def block_bits(log2_points: int, usual: int, tables: int, *, pairs: bool) -> int:
    """Size of the blocks, as a power of two: the usual one, or so small that a replicate has a block for each table.

    Parameters
    ----------
    log2_points : int
        Of a replicate.
    usual : int
    tables : int
        Workforce tables.
    pairs : bool

    Returns
    -------
    int
        At most `log2_points`; smaller than `SMALLEST_BLOCK_BITS` only if that or `usual` is.
    """
    wanted = log2_points - (tables - 1).bit_length()
    return min(log2_points, usual, max(wanted, SMALLEST_BLOCK_BITS[pairs]) if tables > 1 else usual)


def scramble(directions: np.ndarray, words: np.ndarray) -> np.ndarray:
    """Generators multiplied by random lower triangular matrices over GF(2).

    Parameters
    ----------
    directions : (rows, 32) uint32
    words : (rows, 32) uint32
        Random; bit pattern of row r of each matrix, of which the part below the diagonal is used.

    Returns
    -------
    (rows, 32) uint32
    """
    result = np.zeros_like(directions)
    for digit in range(BITS):
        diagonal = np.uint32(1 << (BITS - 1 - digit))
        below = np.uint32((0xFFFFFFFF << (BITS - digit)) & 0xFFFFFFFF)
        mask = (words[:, digit] & below) | diagonal
        parity = np.bitwise_count(directions & mask[:, None]).astype(np.uint32) & np.uint32(1)
        result |= parity << np.uint32(BITS - 1 - digit)
    return result


def point_levels(replicate: Replicate, first: int, points: int, rows: slice = slice(None)) -> np.ndarray:
    """Levels of a run of points, for what is not looked up in tables.

    Parameters
    ----------
    replicate : Replicate
    first, points : int
    rows : slice

    Returns
    -------
    (points, rows) float64
        (x + 1/2) / 2**32 for the 32-bit digits x.
    """
    from .kernels.points import random_digits

    generators = replicate.generators[rows]
    digits = np.empty((len(generators), points), dtype=np.uint32)
    if len(replicate.key):
        for line, key in enumerate(replicate.key[rows]):
            random_digits(key, first, digits[line])
    else:
        number = np.arange(first, first + points, dtype=np.uint64)
        digits[:] = replicate.shift[rows, None]
        for bit in range(BITS):
            digits ^= np.where((number >> np.uint64(bit)) & np.uint64(1), generators[:, bit, None], np.uint32(0))
    return (digits.T + 0.5) * 2.0**-BITS
