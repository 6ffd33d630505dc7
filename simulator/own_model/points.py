"""Levels of points that can be doubled: points n .. 2n - 1 are new ones, and those before stay what they are.

Of every method the first n points, n a power of two, are a design of that method: a net, a Latin hypercube, or independent
points.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from ..dependence import Copula, correlate
from ..design import BITS, Design, Replicate, direction_numbers, point_levels, replicate_points, scramble
from ..distributions import Distribution, quantile
from ..sensitivity.hybrids import Net, Plan, nets
from ..sensitivity.problem import Problem
from .config import FIRST_POINTS

Source = Callable[[int, int], np.ndarray]
"""From the first point and the number of points of a block to levels (inputs, 2, points), of A and of B."""

_ROUNDS = 6  # fewer leave patterns between dimensions


def replicate_sources(plan: Plan, method: str, block_bits: int) -> Iterator[Source]:
    """Where the points of each replicate come from.

    Parameters
    ----------
    plan : Plan
    method : str
        ``sobol``: the nets of `simulator.sensitivity.sobol`. ``latin-hypercube`` or ``monte-carlo``.
    block_bits : int
        Size of the largest block, as a power of two; a block begins at a multiple of its own size.

    Yields
    ------
    Source
        For replicate 0, 1, ...: it depends on the seed and its number alone.
    """
    if method == "sobol":
        yield from (partial(_net_levels, net) for net in nets(plan, block_bits))
        return
    inputs = len(plan.problem.names)
    directions = direction_numbers(2 * inputs)
    design = Design(inputs, plan.replicates, plan.log2_points, plan.seed, "monte-carlo")
    for number in range(plan.replicates):
        if method == "latin-hypercube":
            yield partial(_hypercube_levels, *_hypercube(plan, number, directions), (plan.seed, number))
        else:
            points = replicate_points(design, number, directions, pairs=True, block_bits=0)
            yield partial(_random_levels, points)


def draw_values(problem: Problem, copula: Copula, levels: np.ndarray) -> np.ndarray:
    """Values of the inputs at levels, joined by the copula.

    Parameters
    ----------
    problem : Problem
    copula : Copula
    levels : (inputs, sides, n) float64
        Independent.

    Returns
    -------
    (inputs, sides, n) float64
    """
    if copula.blocks:
        levels = np.stack([correlate(side.T, copula).T for side in np.swapaxes(levels, 0, 1)], axis=1)
    alike: dict[Distribution, list[int]] = {}
    for place, distribution in enumerate(problem.distributions):
        alike.setdefault(distribution, []).append(place)
    values = np.empty(levels.shape)
    for distribution, places in alike.items():
        values[places] = quantile(distribution, levels[places])
    return values


def _net_levels(net: Net, first: int, points: int) -> np.ndarray:
    begin = first % net.pattern.shape[1]
    base = net.shift.copy()
    for bit in range((first - begin).bit_length()):
        if (first - begin) >> bit & 1:
            base ^= net.generators[:, bit]
    return _of_digits(base[:, None] ^ net.pattern[:, begin : begin + points])


def _of_digits(digits: np.ndarray) -> np.ndarray:
    """From 32-bit digits (2 inputs, n), of which dimension 2 i + s is input i of side s."""
    return ((digits + 0.5) * 2.0**-BITS).reshape(len(digits) // 2, 2, -1)


def _random_levels(points: Replicate, first: int, number: int) -> np.ndarray:
    return np.swapaxes(point_levels(points, first, number).T.reshape(2, -1, number), 0, 1)


def _hypercube(plan: Plan, number: int, directions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Scrambled generators of the van der Corput sequence, anew for each dimension, and digital shifts."""
    sequence = np.random.SeedSequence(plan.seed, spawn_key=(number, 0))
    words = np.random.Generator(np.random.PCG64(sequence)).integers(
        0, 2**BITS, size=(len(directions), BITS + 1), dtype=np.uint32
    )
    return scramble(np.tile(directions[0], (len(directions), 1)), words[:, :BITS]), words[:, BITS]


def _hypercube_levels(
    generators: np.ndarray, shift: np.ndarray, key: tuple[int, int], first: int, points: int
) -> np.ndarray:
    """A Latin hypercube that can be doubled: van der Corput points in an order of its own in each dimension.

    The first n = 2**m points of the sequence have one in each interval of length 1/n. So have they in any order that keeps n
    to 2n - 1 among themselves, for every n; a random one in each dimension makes the dimensions independent.
    """
    stage = FIRST_POINTS if first < FIRST_POINTS else 1 << (first.bit_length() - 1)  # its points are put in order
    start = 0 if first < FIRST_POINTS else stage
    number = np.arange(first - start, first - start + points, dtype=np.uint64)
    order = start + _permuted(number, stage, (*key, start), len(generators))
    digits = np.repeat(shift[:, None], points, axis=1)
    for bit in range(int(order.max()).bit_length()):
        digits ^= np.where((order >> np.uint64(bit)) & np.uint64(1), generators[:, bit, None], np.uint32(0))
    return _of_digits(digits)


def _permuted(number: np.ndarray, size: int, key: tuple[int, int, int], dimensions: int) -> np.ndarray:
    """Places of numbers in a random order of 0 .. size - 1 (a power of two) for each dimension, (dimensions, n) uint64.

    Each step maps these numbers onto themselves one to one: an odd multiple, a sum and an exclusive or with higher bits,
    all modulo `size`. No order is held in memory.
    """
    seed, replicate, start = key
    sequence = np.random.SeedSequence(seed, spawn_key=(replicate, 1, start))
    words = np.random.Generator(np.random.PCG64(sequence)).integers(
        0, size, size=(_ROUNDS, 2, dimensions, 1), dtype=np.uint64
    )
    mask, half = np.uint64(size - 1), np.uint64((size.bit_length() - 1) // 2)
    result = np.broadcast_to(number, (dimensions, len(number)))
    for times, plus in words:
        result = (result * (times | np.uint64(1)) + plus) & mask
        result = result ^ (result >> half)
    return result
