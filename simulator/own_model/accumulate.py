"""Blocks of points through the user's function into sums that can be continued, without evaluating anything twice.

Points of each replicate come in stages that end at powers of two: 16, 32, 64, ... A stage is cut into blocks of one size,
whose sums are added in order. So a run to n points, continued to 2n, is a run to 2n points, to the last bit.

Letters: k inputs, O outputs, M matrices (A, B and their hybrids), R replicates, n points of a block.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain

import numpy as np

from ..dependence import Copula
from ..errors import InputError
from ..executor import in_order
from ..sensitivity.accumulated import Accumulated, block_sums
from ..sensitivity.black_box import NonFiniteOutputError
from ..sensitivity.hybrids import Plan, hybrid_values
from ..simulation import NonFiniteError
from .config import FIRST_POINTS
from .function import Function, FunctionError
from .histogram import Histogram, block_histogram, empty_histogram
from .points import Source, draw_values, replicate_sources

CALL = 1 << 16  # numbers that a call of the function takes in, or gives back: they stay in the cache
HELD = 1 << 18  # outputs of a block
BLOCK_BITS = 12

Told = Callable[[int], None]


@dataclass(frozen=True)
class Drawing:
    """What is drawn, and where the function is evaluated.

    Attributes
    ----------
    function : Function
    plan : Plan
        The rows of its members are those that indices are estimated of; they may overlap.
    copula : Copula
        Whose blocks no row cuts.
    method : str
        See `simulator.own_model.points.replicate_sources`.
    sample : int
        Points A of each replicate that are kept.
    workers : int or None
        Threads.
    """

    function: Function
    plan: Plan
    copula: Copula
    method: str
    sample: int
    workers: int | None

    def evaluations(self, points: int) -> int:
        """Of the function, in all, for so many points of each replicate."""
        return self.plan.replicates * points * len(self.plan.matrices)


@dataclass(frozen=True)
class State:
    """What is known after the first points of each replicate.

    Attributes
    ----------
    points : int
    sums : Accumulated
    histogram : Histogram
        Of points A and B.
    values : (R, sample, k) float64
        Of the inputs at the first points A; rows beyond `points` are not yet known.
    outputs : (R, sample, O) float64
    """

    points: int
    sums: Accumulated
    histogram: Histogram
    values: np.ndarray
    outputs: np.ndarray


@dataclass(frozen=True)
class Block:
    """A run of points of one replicate: the unit of parallel work."""

    replicate: int
    first: int
    points: int
    source: Source


@dataclass(frozen=True)
class _Result:
    """What is kept of a block; see `State`."""

    sums: tuple[np.ndarray, np.ndarray, np.ndarray]
    histogram: tuple[np.ndarray, np.ndarray, np.ndarray]
    values: np.ndarray
    outputs: np.ndarray


def first_state(drawing: Drawing, told: Told | None = None) -> State:
    """The first stage, whose first block tells the number of outputs, and what they are centred on.

    Parameters
    ----------
    drawing : Drawing
    told : callable, optional
        Told the evaluations whenever a block is done.

    Returns
    -------
    State

    Raises
    ------
    InputError, NonFiniteError
        See `advance`.
    """
    plan = drawing.plan
    pilot = next(_blocks(drawing, range(1), 0, FIRST_POINTS, 1))
    values, outputs = _evaluate(pilot, drawing)
    first, count = outputs[0, 0], outputs.shape[2]
    with np.errstate(over="ignore", invalid="ignore"):  # found in the sums
        centre = first + (outputs[:2] - first).mean(axis=(0, 1))  # exactly the output where it does not vary
    groups = len(plan.problem.groups)
    crossed = groups if plan.second_order else 0
    shapes = ((5, count), (9 if plan.reverse else 4, groups, count), (crossed, crossed, count))
    sums = Accumulated(centre, *(np.zeros((plan.replicates, *shape)) for shape in shapes))
    histogram = empty_histogram(outputs[:2].reshape(-1, count), plan.replicates)
    kept = [np.full((plan.replicates, drawing.sample, size), np.nan) for size in (len(plan.problem.names), count)]
    empty = State(0, sums, histogram, *kept)
    known = _kept(pilot, values, outputs, drawing, empty)
    return _added(drawing, empty, range(plan.replicates), FIRST_POINTS, told, (pilot, known))


def advance(drawing: Drawing, state: State, points: int, told: Told | None = None) -> State:
    """More points of each replicate.

    Parameters
    ----------
    drawing : Drawing
    state : State
        Of the same drawing.
    points : int
        A power of two, not below those that are there.
    told : callable, optional

    Returns
    -------
    State

    Raises
    ------
    InputError
        If the function raises, or gives a wrong shape; names the future.
    NonFiniteError
        If an output, or the square of one, is not finite.
    """
    while state.points < points:
        state = _added(drawing, state, range(drawing.plan.replicates), 2 * state.points, told)
    return state


def more_replicates(drawing: Drawing, state: State, told: Told | None = None) -> State:
    """As many replicates as the plan has, with as many points as there are in those that are known.

    Parameters
    ----------
    drawing : Drawing
        With more replicates than `state`.
    state : State
    told : callable, optional

    Returns
    -------
    State

    Raises
    ------
    InputError, NonFiniteError
        See `advance`.
    """
    have, points = len(state.sums.pairs), state.points
    added = drawing.plan.replicates - have

    def longer(array: np.ndarray) -> np.ndarray:
        return np.concatenate([array, np.zeros((added, *array.shape[1:]), dtype=array.dtype)])

    sums, histogram = state.sums, state.histogram
    grown = State(
        0,
        Accumulated(sums.centre, *(longer(part) for part in (sums.pairs, sums.hybrids, sums.crossed))),
        replace(histogram, counts=longer(histogram.counts)),
        *(longer(part) for part in (state.values, state.outputs)),
    )
    for stop in _stops(points):
        grown = _added(drawing, grown, range(have, have + added), stop, told)
    return grown


def resampled(state: State, sample: int) -> State:
    """With room for so many kept points of each replicate."""

    def resized(array: np.ndarray) -> np.ndarray:
        result = np.full((array.shape[0], sample, array.shape[2]), np.nan)
        rows = min(sample, array.shape[1])
        result[:, :rows] = array[:, :rows]
        return result

    return replace(state, values=resized(state.values), outputs=resized(state.outputs))


def _stops(points: int) -> Iterator[int]:
    stop = FIRST_POINTS
    while stop <= points:
        yield stop
        stop *= 2


def _added(
    drawing: Drawing, state: State, replicates: range, stop: int, told: Told | None, known: tuple[Block, _Result] | None = None
) -> State:  # fmt: skip
    """One stage of some replicates added up in order, after what is known of it already."""
    state = _copied(state, stop)
    count = len(state.sums.centre)
    begin = 0 if stop == FIRST_POINTS else stop // 2
    blocks = _blocks(drawing, replicates, begin, stop, count)
    if known is not None:
        next(blocks)
    run = partial(_block_result, drawing=drawing, state=state)
    results = chain([known] if known is not None else [], in_order(run, blocks, drawing.workers))
    for block, result in results:
        _add(block, result, state)
        if told is not None:
            told(block.points * len(drawing.plan.matrices))
    if not all(np.isfinite(part).all() for part in (state.sums.pairs, state.sums.hybrids, state.sums.crossed)):
        raise NonFiniteError("the squares of an output overflow: give it in a larger unit")
    return state


def _copied(state: State, points: int) -> State:
    """A state of its own arrays, to be added to."""
    sums, histogram = state.sums, state.histogram
    counted = (histogram.counts, histogram.least, histogram.greatest)
    return State(
        points,
        Accumulated(sums.centre, *(part.copy() for part in (sums.pairs, sums.hybrids, sums.crossed))),
        Histogram(histogram.middle, histogram.scale, *(part.copy() for part in counted)),
        state.values.copy(),
        state.outputs.copy(),
    )


def _add(block: Block, result: _Result, state: State) -> None:
    sums, histogram = state.sums, state.histogram
    for total, part in zip((sums.pairs, sums.hybrids, sums.crossed), result.sums, strict=True):
        total[block.replicate] += part
    counts, least, greatest = result.histogram
    histogram.counts[block.replicate] += counts
    np.minimum(histogram.least, least, out=histogram.least)
    np.maximum(histogram.greatest, greatest, out=histogram.greatest)
    rows = slice(block.first, block.first + len(result.values))
    state.values[block.replicate, rows], state.outputs[block.replicate, rows] = result.values, result.outputs


def block_bits(plan: Plan, outputs: int) -> int:
    """Size of the blocks, as a power of two: what one call takes in, and all outputs of a block, stay in the cache.

    It depends neither on the points nor on the replicates, which a run can be continued to.
    """
    size = min(CALL // max(len(plan.problem.names), outputs), HELD // (len(plan.matrices) * outputs))
    return min(BLOCK_BITS, max(size.bit_length() - 1, FIRST_POINTS.bit_length() - 1))


def _blocks(drawing: Drawing, replicates: range, begin: int, stop: int, outputs: int) -> Iterator[Block]:
    size = min(stop - begin, 1 << block_bits(drawing.plan, outputs))
    sources = replicate_sources(drawing.plan, drawing.method, block_bits(drawing.plan, 1))
    for replicate, source in enumerate(sources):
        if replicate in replicates:
            for first in range(begin, stop, size):
                yield Block(replicate, first, size, source)


def _block_result(block: Block, drawing: Drawing, state: State) -> _Result:
    values, outputs = _evaluate(block, drawing)
    _same_number(drawing.function, len(state.sums.centre), outputs.shape[2])
    return _kept(block, values, outputs, drawing, state)


def _kept(block: Block, values: np.ndarray, outputs: np.ndarray, drawing: Drawing, state: State) -> _Result:
    histogram = state.histogram
    rows = min(max(drawing.sample - block.first, 0), block.points)
    return _Result(
        block_sums(outputs, state.sums.centre, drawing.plan),
        block_histogram(outputs[:2].reshape(-1, outputs.shape[2]), histogram.middle, histogram.scale),
        values[:, 0, :rows].T.copy(),
        outputs[0, :rows].copy(),
    )


def _evaluate(block: Block, drawing: Drawing) -> tuple[np.ndarray, np.ndarray]:
    """Values (k, 2, n) at points A and B, and outputs (M, n, O) there and at all hybrids."""
    plan, function = drawing.plan, drawing.function
    values = draw_values(plan.problem, drawing.copula, block.source(block.first, block.points))
    inputs, count, parts = len(values), len(plan.matrices), []
    together = max(CALL // (inputs * block.points), 1)
    for start in range(0, count, together):
        chosen = range(start, min(start + together, count))
        try:
            outputs = function(hybrid_values(plan, values, chosen).reshape(inputs, -1).T)
        except FunctionError as error:
            where = "" if error.row is None else f" ({_where(block, plan, chosen, error.row)})"
            raise InputError(error.place, f"{error.problem}{where}", error.remedy) from error.__cause__
        if not np.isfinite(outputs).all():
            # The function may have written to its values, so they are made again.
            _refuse(block, drawing, chosen, hybrid_values(plan, values, chosen).reshape(inputs, -1).T, outputs)
        parts.append(outputs.reshape(len(chosen), block.points, -1))
        _same_number(function, parts[0].shape[2], parts[-1].shape[2])
    return values, np.concatenate(parts)


def _same_number(function: Function, known: int, given: int) -> None:
    if given != known:
        problem = f"it gave {known} outputs at first, then {given}"
        raise InputError(function.place, problem, "Give the same number for any values.")


def _refuse(block: Block, drawing: Drawing, chosen: range, values: np.ndarray, outputs: np.ndarray) -> None:
    plan, function = drawing.plan, drawing.function
    wrong = ~np.isfinite(outputs)
    row, output = np.argwhere(wrong)[0].tolist()
    names = function.outputs or [f"y{place}" if outputs.shape[1] > 1 else "y" for place in range(outputs.shape[1])]
    problem = f"{function.place}: in {wrong.any(axis=1).sum()} of the {len(outputs)} futures of a call an output is not finite"
    place = f"{_where(block, plan, chosen, row)}, output '{names[output]}' = {outputs[row, output]}"
    raise NonFiniteOutputError(problem, place, dict(zip(plan.problem.names, values[row], strict=True)))


def _where(block: Block, plan: Plan, chosen: range, row: int) -> str:
    matrix, point = divmod(row, block.points)
    return f"replicate {block.replicate}, point {block.first + point}, matrix {plan.matrices[chosen[matrix]]}"
