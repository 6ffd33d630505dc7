"""Sobol' indices of any function of independent inputs: blocks of points → outputs → sums → labelled indices.

Letters: k inputs, G groups, O outputs, M matrices (A, B and their hybrids), R replicates, n points of a block.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from ..executor import paced
from ..simulation import NonFiniteError
from .accumulated import Accumulated, block_sums, index_table, output_names
from .hybrids import Net, Plan, block_values, hybrid_values, make_plan, nets

if TYPE_CHECKING:
    import xarray as xr

PILOT_BITS = 3  # of the first block, whose outputs tell their number, and what they are centred on
BLOCK_BITS = 12
CALL = 1 << 16  # numbers that a call of the function takes in, or gives back: they stay in the cache
HELD = 1 << 18  # outputs of a block

Function = Callable[[np.ndarray], Any]
Source = Callable[["Block"], np.ndarray]


class NonFiniteOutputError(NonFiniteError):
    """An output of the user's function was not finite; says how many, and the place of the first.

    Attributes
    ----------
    place : str
        Replicate, point, matrix and output of the first.
    values : dict of str to float
        Values of the inputs there.
    """

    def __init__(self, problem: str, place: str, values: Mapping[str, float]) -> None:
        shown = ", ".join(f"{name} = {value:.17g}" for name, value in list(values.items())[:20])
        super().__init__(f"{problem}; the first at {place}: {shown}{', ...' if len(values) > 20 else ''}")
        self.place = place
        self.values = dict(values)


@dataclass(frozen=True)
class Block:
    """A run of points of one replicate, with all their hybrids: the unit of parallel work.

    Attributes
    ----------
    replicate, first, points : int
    net : Net or None
        None where the outputs are known already.
    """

    replicate: int
    first: int
    points: int
    net: Net | None


def sobol(
    function: Function,
    inputs: Mapping[str, Any],
    points: int = 2**12,
    replicates: int = 16,
    seed: int = 0,
    groups: Mapping[str, Sequence[str]] | Sequence[str] | None = None,
    second_order: bool = False,
    estimator: str | None = None,
    workers: int | None = None,
) -> xr.Dataset:
    """First-order, total-order and, if wanted, second-order Sobol' indices of a function, with intervals.

    Parameters
    ----------
    function : callable
        From values (n, inputs), float64 with contiguous columns, to outputs (n,) or (n, outputs), row by row. Called with
        various n, from several threads at once; `workers` = 1 calls it from one alone.
    inputs : mapping
        Names to distributions: (low, high) for a uniform one, a table as in the configs, such as {"kind": "normal",
        "mean": 0, "sd": 1}, or a frozen distribution of scipy.stats. Or a problem of SALib. Inputs are independent.
    points : int
        Of each replicate: a power of two.
    replicates : int
        Independent scrambles of the net. Their spread gives the intervals, and with one there are none; but one net of all
        points is more exact.
    seed : int
    groups : mapping or sequence, optional
        Names of groups to lists of inputs (an input that stands in none is a group by itself), or the group of each input.
        Indices are then those of the groups.
    second_order : bool
        Also of all pairs.
    estimator : str, optional
        A key of `simulator.sensitivity.estimators.ESTIMATORS`. By default ``controlled``, or ``symmetric`` with second order.
    workers : int, optional
        Threads; as many as there are cores by default. The result does not depend on it.

    Returns
    -------
    xarray.Dataset
        first_order and total_order (output, input), or (output, group) where there are groups; second_order (output, input,
        other), symmetric, NaN on the diagonal; mean and variance (output); each with `_ci` (..., ci_bound), 95 % by the
        jackknife over replicates. With N = points * replicates and G inputs or groups, N (G + 2) evaluations, or N (2 G + 2)
        with second order or an estimator that needs them. An output without variance has no indices; `missing` among the
        attributes says so.

    Raises
    ------
    InputError
        For inputs or groups that cannot be used.
    ValueError
        For other arguments that cannot be used, and outputs of a wrong shape.
    NonFiniteOutputError
        If an output is not finite.

    Examples
    --------
    >>> indices = sobol(lambda x: x[:, 0] + 2 * x[:, 1], {"a": (0, 1), "b": (0, 1)}, points=2**10)
    >>> indices.total_order.sel(input="b").round(3).values
    array([0.8])
    >>> indices.attrs["evaluations"]
    65536
    """
    plan = make_plan(inputs, points, replicates, seed, groups, second_order, estimator)
    if workers is not None and workers < 1:
        raise ValueError(f"workers is {workers}: give at least 1, or none for as many as there are cores")
    blocks = nets(plan, _block_bits(plan, 1))
    return index_table(plan, accumulate(plan, partial(evaluate, plan, function), blocks, workers))


def accumulate(plan: Plan, source: Source, replicate_nets: Iterator[Net | None], workers: int | None) -> Accumulated:
    """Sums over all blocks, in a fixed order.

    Parameters
    ----------
    plan : Plan
    source : callable
        From a block to its outputs, (M, n, O).
    replicate_nets : iterator
        For the blocks of each replicate.
    workers : int or None

    Returns
    -------
    Accumulated

    Raises
    ------
    NonFiniteError
        If a sum is not finite, though all outputs are.
    """
    net = next(replicate_nets)
    pilot = Block(0, 0, 1 << min(PILOT_BITS, plan.log2_points), net)
    outputs = source(pilot)
    first, count = outputs[0, 0], outputs.shape[2]
    with np.errstate(over="ignore", invalid="ignore"):  # found below
        centre = first + (outputs[:2] - first).mean(axis=(0, 1))  # exactly the output where it does not vary
    groups = len(plan.problem.groups)
    crossed = groups if plan.second_order else 0
    shapes = ((5, count), (9 if plan.reverse else 4, groups, count), (crossed, crossed, count))
    totals = tuple(np.zeros((plan.replicates, *shape)) for shape in shapes)
    run = partial(_evaluated_sums, source=source, centre=centre, plan=plan)
    tasks = _blocks(plan, pilot.points, 1 << _block_bits(plan, count), chain([net], replicate_nets))
    results = chain([(pilot, block_sums(outputs, centre, plan))], paced(run, tasks, workers))
    for block, sums in results:
        for total, part in zip(totals, sums, strict=True):
            total[block.replicate] += part
    if not all(np.isfinite(total).all() for total in totals):
        raise NonFiniteError("the squares of an output overflow: give it in a larger unit")
    return Accumulated(centre, *totals)


def _block_bits(plan: Plan, outputs: int) -> int:
    """Size of the blocks, as a power of two: what one call takes in, and all outputs of a block, stay in the cache."""
    size = min(CALL // max(len(plan.problem.names), outputs), HELD // (len(plan.matrices) * outputs))
    return min(plan.log2_points, BLOCK_BITS, max(size.bit_length() - 1, PILOT_BITS))


def _blocks(plan: Plan, done: int, size: int, replicate_nets: Iterator[Net | None]) -> Iterator[Block]:
    """All blocks, without the first points of the first replicate, which are done."""
    for replicate, net in enumerate(replicate_nets):
        for first in range(0, plan.points, size):
            begin = max(first, done) if replicate == 0 else first
            if begin < first + size:
                yield Block(replicate, begin, first + size - begin, net)


def evaluate(plan: Plan, function: Function, block: Block) -> np.ndarray:
    """Outputs of a function at all points and hybrids of a block.

    Parameters
    ----------
    plan : Plan
    function : callable
        From (n, k) values to (n,) or (n, O) outputs.
    block : Block

    Returns
    -------
    (M, n, O) float64

    Raises
    ------
    ValueError
        If the function gives another shape.
    NonFiniteOutputError
        If an output is not finite.
    """
    assert block.net is not None
    values = block_values(plan.problem, plan.sides, block.net, block.first, block.points)
    inputs, count, result = len(plan.problem.names), len(plan.matrices), np.empty(0)
    together = max(CALL // (inputs * block.points), 1)
    for start in range(0, count, together):
        chosen = range(start, min(start + together, count))
        drawn = hybrid_values(plan, values, chosen)
        outputs = _checked(function(drawn.reshape(inputs, -1).T), len(chosen) * block.points, inputs)
        outputs = outputs.reshape(len(chosen), block.points, -1)
        if not np.isfinite(outputs).all():
            # The function may have written to its values, so they are made again.
            _refuse(plan, block, chosen, hybrid_values(plan, values, chosen), outputs)
        result = result if start else np.empty((count, block.points, outputs.shape[2]))
        _same_number(result, outputs)
        result[start : start + len(chosen)] = outputs  # a copy: the function may use its array again
    return result


def _checked(result: Any, rows: int, inputs: int) -> np.ndarray:
    outputs = np.asarray(result.filled(np.nan) if isinstance(result, np.ma.MaskedArray) else result)
    given = f"for values of shape ({rows}, {inputs}) the function gave "
    if outputs.dtype.kind not in "biuf":
        raise ValueError(f"{given}{type(result).__name__} of {outputs.dtype}: real numbers are needed")
    if outputs.ndim not in (1, 2) or outputs.shape[0] != rows or not outputs.size:
        raise ValueError(f"{given}shape {outputs.shape}: ({rows},) is needed, or ({rows}, outputs)")
    return outputs.astype(np.float64, copy=False)


def _refuse(plan: Plan, block: Block, chosen: range, drawn: np.ndarray, outputs: np.ndarray) -> None:
    wrong = np.argwhere(~np.isfinite(outputs))
    matrix, point, output = wrong[0].tolist()
    place = (
        f"replicate {block.replicate}, point {block.first + point}, matrix {plan.matrices[chosen[matrix]]}, "
        f"output {output_names(plan, outputs.shape[2])[output]!r}"
    )
    problem = f"{len(wrong)} of the {outputs.size} outputs of a call are not finite ({outputs[matrix, point, output]})"
    raise NonFiniteOutputError(problem, place, dict(zip(plan.problem.names, drawn[:, matrix, point], strict=True)))


def _same_number(known: np.ndarray, outputs: np.ndarray) -> None:
    if outputs.shape[-1] != known.shape[-1]:
        raise ValueError(f"the function gave {known.shape[-1]} outputs at first, then {outputs.shape[-1]}")


def _evaluated_sums(
    block: Block, source: Source, centre: np.ndarray, plan: Plan
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    outputs = source(block)
    _same_number(centre, outputs)
    return block_sums(outputs, centre, plan)
