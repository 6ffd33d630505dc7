"""Hybrids of two points that share the inputs of some groups, where inputs may depend on each other across groups.

Two points A and B of one net are joined by the copula. A hybrid has the inputs of the groups that it shares from A and all
others as B draws them: independently where no dependence crosses the groups, else from their exact distribution given
those that are shared.

Letters: k inputs, G groups, O outputs, H hybrids of a point, J of them at a time, n points of a block.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..dependence import Copula, conditional, correlate, groups_split, restricted
from ..design import Chunk, Design, Replicate, direction_numbers, point_levels, replicate_points
from ..distributions import quantile
from ..errors import InputError
from .black_box import NonFiniteOutputError
from .problem import Problem

BLOCK = 1 << 10  # points
CALL = 1 << 18  # numbers that a call of the function takes in: they stay in the cache
HELD = 1 << 19  # outputs of a block

Function = Callable[[np.ndarray], Any]
Task = tuple[Chunk, Replicate]


@dataclass(frozen=True)
class Plan:
    """What is drawn, and what hybrids share.

    Attributes
    ----------
    problem : Problem
    copula : Copula
        Of the inputs that are not fixed.
    design : Design
    by_orders : bool
        Hybrids along a random order of the groups, a new one for each point; else of all subsets of the groups.
    """

    problem: Problem
    copula: Copula
    design: Design
    by_orders: bool

    @property
    def groups(self) -> int:
        """Number of groups, G."""
        return len(self.problem.groups)

    @cached_property
    def group_of(self) -> np.ndarray:
        """Group of each input, (k,) int64."""
        return np.asarray(np.argmax(self.problem.members, axis=0))

    @cached_property
    def split(self) -> tuple[tuple[np.ndarray, Copula], ...]:
        """Inputs of each block of the copula that lies in several groups, and the copula of these inputs alone."""
        crossing = np.flatnonzero(groups_split(self.copula, self.problem.members).any(axis=0))
        blocks = [self.copula.blocks[number].inputs for number in crossing]
        return tuple((np.array(inputs), restricted(self.copula, inputs)) for inputs in blocks)

    @cached_property
    def tied(self) -> np.ndarray:
        """Which groups depend on others, (G,) bool."""
        return np.asarray(groups_split(self.copula, self.problem.members).any(axis=1))

    @cached_property
    def bit(self) -> np.ndarray:
        """Place of each group in the number of a subset of the groups, free groups before tied ones, (G,) int64."""
        return np.argsort(np.argsort(self.tied, kind="stable"))

    @property
    def hybrids(self) -> int:
        """Hybrids of a point, H; point A is one of them."""
        return 2 * self.groups if self.by_orders else 1 << self.groups

    def block_points(self, outputs: int) -> int:
        """Points of a block, n: a power of two, the smaller the more outputs a point has."""
        most = max(HELD // (self.hybrids * outputs), 1)
        return min(1 << self.design.log2_points, BLOCK, 1 << (most.bit_length() - 1))


@dataclass(frozen=True)
class Points:
    """Points of a block.

    Attributes
    ----------
    levels : (n, k) float64
        Of A.
    fresh : (n, k) float64
        Independent levels that B is drawn from.
    values : (2, k, n) float64
        Of the inputs at A and B.
    rank : (G, n) int64
        Place of each group in the order of each point.
    """

    levels: np.ndarray
    fresh: np.ndarray
    values: np.ndarray
    rank: np.ndarray


def tasks(plan: Plan, size: int) -> Iterator[Task]:
    """Blocks of all replicates, with what is needed to make their points."""
    directions = direction_numbers(2 * plan.design.inputs)
    for replicate in range(plan.design.replicates):
        made = replicate_points(plan.design, replicate, directions, pairs=True, block_bits=0)
        for first in range(0, 1 << plan.design.log2_points, size):
            yield Chunk(replicate, first, size), made


def draw_points(plan: Plan, task: Task) -> Points:
    """The points of a block."""
    (chunk, made), inputs = task, plan.design.inputs
    both = point_levels(made, chunk.first, chunk.points)
    fresh = both[:, inputs:]
    levels = [correlate(side, plan.copula) for side in (both[:, :inputs], fresh)]
    values = np.empty((2, inputs, chunk.points))
    for i, distribution in enumerate(plan.problem.distributions):
        for side in (0, 1):
            values[side, i] = quantile(distribution, levels[side][:, i])
    key = (chunk.replicate, 2, chunk.first)
    random = np.random.Generator(np.random.PCG64(np.random.SeedSequence(plan.design.seed, spawn_key=key)))
    orders = np.tile(np.arange(plan.groups)[:, None], chunk.points if plan.by_orders else 1)
    return Points(levels[0], fresh, values, random.permuted(orders, axis=0))


def shared_groups(plan: Plan, rank: np.ndarray, chosen: range) -> np.ndarray:
    """Which groups the hybrids share with A.

    Parameters
    ----------
    plan : Plan
    rank : (G, n) int64
    chosen : range
        Numbers of hybrids. Of subsets: groups by their `Plan.bit`. Along an order: number j <= G is without the first j groups,
        number G + j has these alone.

    Returns
    -------
    (J, G, n) bool
        Of subsets (J, G, 1): the same at all points.
    """
    number = np.array(chosen)[:, None, None]
    if not plan.by_orders:
        return np.asarray((number >> plan.bit[:, None]) & 1 == 1)
    return np.where(number <= plan.groups, rank >= number, rank < number - plan.groups)


def hybrid_values(plan: Plan, points: Points, shared: np.ndarray) -> np.ndarray:
    """Values of the inputs at hybrids.

    Parameters
    ----------
    plan : Plan
    points : Points
    shared : (J, G, n) or (J, G, 1) bool

    Returns
    -------
    (k, J, n) float64
    """
    a, b = points.values
    drawn = np.empty((plan.design.inputs, len(shared), a.shape[1]))
    for i, group in enumerate(plan.group_of):
        drawn[i] = np.where(shared[:, group], a[i], b[i])
    for inputs, copula in plan.split:
        of_inputs = np.moveaxis(shared[:, plan.group_of[inputs]], 1, 0)
        place = np.arange(len(shared))
        if shared.shape[2] == 1:
            of_inputs, place = np.unique(of_inputs, axis=1, return_inverse=True)
        levels = _conditional_levels(points, inputs, copula, of_inputs)
        for i, one, mask in zip(inputs, levels, of_inputs, strict=True):
            values = np.where(mask, a[i], 0.0)
            drawn_anew = np.broadcast_to(~mask, one.shape)
            values[drawn_anew] = quantile(plan.problem.distributions[i], one[drawn_anew])
            drawn[i] = values[place]
    return drawn


def _conditional_levels(points: Points, inputs: np.ndarray, copula: Copula, shared: np.ndarray) -> np.ndarray:
    """Levels (b, J, n) of the b inputs of a block, given those that are shared, (b, J, n) or (b, J, 1) bool."""
    size, hybrids, n = shared.shape
    levels = np.empty((size, hybrids, len(points.levels)))
    masks, place = np.unique(shared.reshape(size, -1), axis=1, return_inverse=True)
    for number, mask in enumerate(masks.T):
        which, at = np.nonzero(place.reshape(hybrids, n) == number)
        rows = np.ix_(np.arange(len(points.levels)) if n == 1 else at, inputs)
        given = conditional(points.levels[rows], np.flatnonzero(mask), points.fresh[rows], copula).T
        levels[:, which, slice(None) if n == 1 else at] = given[:, None] if n == 1 else given
    return levels


def evaluate(plan: Plan, function: Function, task: Task, points: Points, hybrids: range) -> np.ndarray:
    """Outputs at hybrids of all points of a block.

    Parameters
    ----------
    plan : Plan
    function : callable
        From (n, k) values to (n,) or (n, O) outputs.
    task : Task
    points : Points
    hybrids : range
        At least one.

    Returns
    -------
    (H, n, O) float64

    Raises
    ------
    ValueError
        If the function gives another shape.
    NonFiniteOutputError
        If an output is not finite.
    """
    inputs, n = points.values.shape[1:]
    together = max(CALL // (inputs * n), 1)
    result = np.empty((0, n, 0))
    for start in range(0, len(hybrids), together):
        chosen = hybrids[start : start + together]
        shared = shared_groups(plan, points.rank, chosen)
        outputs = _called(function, hybrid_values(plan, points, shared))
        if not np.isfinite(outputs).all():
            # The function may have written to its values, so they are made again.
            _refuse(plan, task[0], shared, hybrid_values(plan, points, shared), outputs)
        result = result if start else np.empty((len(hybrids), n, outputs.shape[2]))
        require_same_number(result, outputs)
        result[start : start + len(chosen)] = outputs  # a copy: the function may use its array again
    return result


def require_same_number(known: np.ndarray, outputs: np.ndarray) -> None:
    """Refuse another number of outputs, along the last axis, than is known.

    Raises
    ------
    ValueError
    """
    if outputs.shape[-1] != known.shape[-1]:
        raise ValueError(f"the function gave {known.shape[-1]} outputs at first, then {outputs.shape[-1]}")


def output_names(plan: Plan, count: int) -> list[str]:
    """Names of the outputs: those of the problem, or y; y0, y1 and so on.

    Raises
    ------
    InputError
        If the problem names another number of outputs.
    """
    names = plan.problem.outputs
    if names is None:
        return ["y"] if count == 1 else [f"y{place}" for place in range(count)]
    if len(names) != count:
        raise InputError("problem, key 'outputs'", f"{len(names)} names, beside {count} outputs", "Name each output.")
    return list(names)


def _called(function: Function, drawn: np.ndarray) -> np.ndarray:
    """Outputs (J, n, O) at values (k, J, n)."""
    inputs, hybrids, n = drawn.shape
    result = function(drawn.reshape(inputs, -1).T)
    outputs = np.asarray(result.filled(np.nan) if isinstance(result, np.ma.MaskedArray) else result)
    given = f"for values of shape ({hybrids * n}, {inputs}) the function gave "
    if outputs.dtype.kind not in "biuf":
        raise ValueError(f"{given}{type(result).__name__} of {outputs.dtype}: real numbers are needed")
    if outputs.ndim not in (1, 2) or len(outputs) != hybrids * n or not outputs.size:
        raise ValueError(f"{given}shape {outputs.shape}: ({hybrids * n},) is needed, or ({hybrids * n}, outputs)")
    return outputs.astype(np.float64, copy=False).reshape(hybrids, n, -1)


def _refuse(plan: Plan, chunk: Chunk, shared: np.ndarray, drawn: np.ndarray, outputs: np.ndarray) -> None:
    wrong = np.argwhere(~np.isfinite(outputs))
    hybrid, point, output = wrong[0].tolist()
    of_point = shared[hybrid, :, point if shared.shape[2] > 1 else 0]
    labels = ", ".join(repr(name) for name, one in zip(plan.problem.groups, of_point, strict=True) if one)
    place = (
        f"replicate {chunk.replicate}, point {chunk.first + point}, with {labels or 'no group'} from A and the rest from B, "
        f"output {output_names(plan, outputs.shape[2])[output]!r}"
    )
    problem = f"{len(wrong)} of the {outputs.size} outputs of a call are not finite ({outputs[hybrid, point, output]})"
    raise NonFiniteOutputError(problem, place, dict(zip(plan.problem.names, drawn[:, hybrid, point], strict=True)))
