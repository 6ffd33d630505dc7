"""Points of a pick-freeze design, a block at a time: A, B (and C) of one net, and their hybrids.

AB[g] is A with the group g from B, BA[g] is B with the group from A, AC[g] is A with the group from a third point C.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..design import BITS, direction_numbers, scramble
from ..distributions import Distribution, quantile
from ..errors import nearest
from .estimators import ESTIMATORS, Estimator
from .problem import Problem, make_problem

LOT = 16  # replicates that are scrambled together


@dataclass(frozen=True)
class Plan:
    """What is drawn, and where the function is evaluated.

    Attributes
    ----------
    problem : Problem
    log2_points : int
        Points of a replicate, as a power of two.
    replicates, seed : int
    estimator : Estimator
    second_order : bool
    """

    problem: Problem
    log2_points: int
    replicates: int
    seed: int
    estimator: Estimator
    second_order: bool

    @property
    def points(self) -> int:
        """Points A of a replicate."""
        return 1 << self.log2_points

    @property
    def sides(self) -> int:
        """Independent points: A and B, or A, B and C."""
        return 3 if self.estimator.third else 2

    @property
    def reverse(self) -> bool:
        """Whether there are hybrids BA."""
        return self.estimator.reverse or self.second_order

    @property
    def matrices(self) -> tuple[str, ...]:
        """Labels of the points and hybrids, in the order of evaluation."""
        forward = [f"{'AC' if self.estimator.third else 'AB'}[{group}]" for group in self.problem.groups]
        reverse = [f"BA[{group}]" for group in self.problem.groups] if self.reverse else []
        return "A", "B", *forward, *reverse

    @property
    def evaluations(self) -> int:
        """Of the function, in all."""
        return self.replicates * self.points * len(self.matrices)


@dataclass(frozen=True)
class Net:
    """Scrambled generators of one replicate; dimension `sides` * i + s is input i of point A, B or C.

    Attributes
    ----------
    generators : (dimensions, 32) uint32
    shift : (dimensions,) uint32
    pattern : (dimensions, block) uint32
        The points 0, 1, ... without the shift.
    """

    generators: np.ndarray
    shift: np.ndarray
    pattern: np.ndarray


def make_plan(
    inputs: Mapping[str, Any],
    points: int,
    replicates: int,
    seed: int,
    groups: Mapping[str, Sequence[str]] | Sequence[str] | None,
    second_order: bool,
    estimator: str | None,
) -> Plan:
    """Check what the user gave.

    Parameters
    ----------
    inputs, points, replicates, seed, groups, second_order, estimator
        See `simulator.sensitivity.sobol`.

    Returns
    -------
    Plan

    Raises
    ------
    InputError
        For inputs or groups that cannot be used.
    ValueError
        For numbers and names that cannot be used.
    """
    for name, value, least in (("points", points, 1), ("replicates", replicates, 1), ("seed", seed, 0)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or not least <= value < 2**63:
            raise ValueError(f"{name} is {value!r}: give a whole number of at least {least}, below 2**63")
    log2_points = int(points).bit_length() - 1
    if points != 1 << log2_points or log2_points > BITS:
        near = f"{1 << log2_points} or {2 << log2_points}" if log2_points < BITS else f"at most {1 << BITS}"
        raise ValueError(f"points is {points}: a net has a power of two of them, so give {near}")
    name = estimator if estimator is not None else "symmetric" if second_order else "controlled"
    if name not in ESTIMATORS:
        raise ValueError(f"there is no estimator {name!r}. {nearest(str(name), ESTIMATORS)}")
    if second_order and ESTIMATORS[name].third:
        raise ValueError(f"second order needs AB and BA, which estimator {name!r} has not: give 'symmetric', or none")
    problem = make_problem(inputs, groups)
    return Plan(problem, log2_points, int(replicates), int(seed), ESTIMATORS[name], bool(second_order))


def nets(plan: Plan, block_bits: int) -> Iterator[Net]:
    """The net of each replicate: random linear matrix scrambles and digital shifts, as in `simulator.design`.

    All points of an input have adjacent dimensions, so that inputs early in the list, often the ones that matter, have the
    most even dimensions at each. Measured at 2**10 to 2**14 points: from six inputs on, errors are smaller than with all
    of A before all of B; with three, they are much the same.

    Parameters
    ----------
    plan : Plan
    block_bits : int
        Size of the pattern, as a power of two.

    Yields
    ------
    Net
    """
    directions = _directions(plan.sides * len(plan.problem.names))
    for start in range(0, plan.replicates, LOT):
        lot = range(start, min(start + LOT, plan.replicates))
        words = np.stack([_words(plan.seed, replicate, len(directions)) for replicate in lot])
        generators = scramble(np.tile(directions, (len(lot), 1)), words[..., :BITS].reshape(-1, BITS))
        pattern = np.zeros((len(generators), 1), dtype=np.uint32)
        for bit in range(block_bits):
            pattern = np.concatenate([pattern, pattern ^ generators[:, bit, None]], axis=1)
        parts = (generators.reshape(words.shape[0], -1, BITS), words[..., BITS], np.split(pattern, len(lot)))
        yield from map(Net, *parts)


def _words(seed: int, replicate: int, dimensions: int) -> np.ndarray:
    random = np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(replicate,))))
    return np.asarray(random.integers(0, 2**BITS, size=(dimensions, BITS + 1), dtype=np.uint32))


@functools.lru_cache(maxsize=8)
def _directions(dimensions: int) -> np.ndarray:
    """`direction_numbers`, which takes longer than a small analysis; not to be written to."""
    directions = direction_numbers(dimensions)
    directions.flags.writeable = False
    return directions


def block_values(problem: Problem, sides: int, net: Net, first: int, points: int) -> np.ndarray:
    """Values of the inputs at a run of points.

    Parameters
    ----------
    problem : Problem
    sides : int
    net : Net
    first, points : int
        Within a run as long as the pattern, of which it begins at a multiple.

    Returns
    -------
    (inputs, sides, points) float64
        Quantiles at the levels (x + 1/2) / 2**32 for the 32-bit digits x of the net.
    """
    begin = first % net.pattern.shape[1]
    base = net.shift.copy()
    for bit in range((first - begin).bit_length()):
        if (first - begin) >> bit & 1:
            base ^= net.generators[:, bit]
    digits = base[:, None] ^ net.pattern[:, begin : begin + points]
    levels = ((digits + 0.5) * 2.0**-BITS).reshape(len(problem.names), sides, points)
    alike: dict[Distribution, list[int]] = {}
    for place, distribution in enumerate(problem.distributions):
        alike.setdefault(distribution, []).append(place)
    values = np.empty(levels.shape)
    for distribution, places in alike.items():
        values[places] = quantile(distribution, levels[places])
    return values


def hybrid_values(plan: Plan, values: np.ndarray, chosen: range) -> np.ndarray:
    """Values of the inputs at points and hybrids.

    Parameters
    ----------
    plan : Plan
    values : (inputs, sides, points) float64
    chosen : range
        Which of `plan.matrices`.

    Returns
    -------
    (inputs, chosen, points) float64
    """
    result = np.empty((len(values), len(chosen), values.shape[2]))
    groups = len(plan.problem.groups)
    for place, matrix in enumerate(chosen):
        forward, group = matrix < 2 + groups, (matrix - 2) % groups
        result[:, place] = values[:, 0 if matrix == 0 or (matrix > 1 and forward) else 1]
        if matrix > 1:
            members = np.flatnonzero(plan.problem.members[group])
            result[members, place] = values[members, plan.sides - 1 if forward else 0]
    return result
