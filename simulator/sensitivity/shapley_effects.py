"""Shapley effects: shares of the variance for groups of inputs, also where they depend on each other.

The effect of a group is the mean, over all orders in which groups become known, of what knowing it adds to the variance
that is explained, V_u = Var E[Y | X_u] for the groups u (Owen 2014, doi:10.1137/130936233; Song, Nelson & Staum 2016,
doi:10.1137/15M1048070). Effects sum to the variance; where groups are independent, each lies between first-order and total
index.

Half the mean squared difference of two outputs that share u, and nothing else, is V - V_u. The hybrids of a point (see
`sharing`) make many such pairs, and the estimators average over all of them.

Letters: G groups, c of them tied, m free; O outputs, R replicates, H hybrids of a point, n points of a block.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import __version__
from ..dependence import Copula, read_dependence, without
from ..design import BITS, Design
from ..distributions import bounds
from ..errors import InputError
from ..executor import in_order
from ..intervals import student_t
from ..simulation import NonFiniteError
from .problem import make_problem
from .sharing import Function, Plan, Points, Task, draw_points, evaluate, output_names, require_same_number, tasks

if TYPE_CHECKING:
    import xarray as xr

MOST_GROUPS = 12  # whose subsets are all taken
MOST_SUBSETS = 16  # groups whose subsets can be taken
PILOT = 8  # points whose outputs tell their number, and what they are centred on
ROUNDING = 1e-13  # of the mean: an output with a smaller standard deviation does not vary


def shapley(
    function: Function,
    inputs: Mapping[str, Any],
    groups: Mapping[str, Sequence[str]] | Sequence[str] | None = None,
    dependence: Copula | Iterable[Mapping[str, Any]] | None = None,
    points: int = 2**10,
    replicates: int = 16,
    seed: int = 0,
    permutations: bool | None = None,
    workers: int | None = None,
) -> xr.Dataset:
    """Shapley effects of a function of independent or dependent inputs, with intervals.

    Parameters
    ----------
    function : callable
        From values (n, inputs), float64 with contiguous columns, to outputs (n,) or (n, outputs), row by row. Called with
        various n, from several threads at once; `workers` = 1 calls it from one alone.
    inputs : mapping
        Names to distributions, or a problem of SALib; see `simulator.sensitivity.problem.make_problem`.
    groups : mapping or sequence, optional
        Names of groups to lists of inputs (an input that stands in none is a group by itself), or the group of each input.
        By default each input is a group.
    dependence : Copula, or iterable of mapping, optional
        Or entries as under [[dependence]] of a configuration; see `simulator.dependence.read_dependence`. Groups may hold a
        part of what depends on each other.
    points : int
        Of each replicate: a power of two.
    replicates : int
        Independent scrambles of the net. Their spread gives the intervals, and with one there are none.
    seed : int
    permutations : bool, optional
        Whether to go by random orders of the groups, a new one for each point; by default above 12 groups. Else the
        explained variance of all subsets is estimated. From about eight groups on, orders have the smaller error for as
        many evaluations.
    workers : int, optional
        Threads; as many as there are cores by default. The result does not depend on it.

    Returns
    -------
    xarray.Dataset
        shapley (output, group): parts of the variance that sum to 1; mean and variance (output). From all subsets also
        first_order and total_order (output, group), which under dependence are Var E[Y | X_g] / V and E Var[Y | all but
        X_g] / V, and no longer parts of a whole; and closed (output, subset), the part of the variance that each subset
        explains, with `member` (subset, group). Each with `_ci` (..., ci_bound), 95 % by the jackknife over replicates.
        With N = points * replicates, N 2^G evaluations; by orders, 2 N G.
        An output without variance has no effects; `missing` among the attributes says so.

    Raises
    ------
    InputError
        For inputs, groups or a dependence that cannot be used.
    ValueError
        For other arguments that cannot be used, and outputs of a wrong shape.
    NonFiniteOutputError
        If an output is not finite.

    Examples
    --------
    >>> effects = shapley(lambda x: x[:, 0] + x[:, 1] * x[:, 2], {"a": (0, 1), "b": (-1, 1), "c": (-1, 1)}, points=2**8)
    >>> effects.shapley.sel(output="y").round(2).values
    array([0.43, 0.29, 0.29])
    """
    plan = make_plan(inputs, groups, dependence, points, replicates, seed, permutations)
    if workers is not None and workers < 1:
        raise ValueError(f"workers is {workers}: give at least 1, or none for as many as there are cores")
    return _table(plan, *_accumulate(plan, function, workers))


def shapley_from_closed(closed: np.ndarray) -> np.ndarray:
    """Shapley effects from the variance that each subset of the groups explains.

    Parameters
    ----------
    closed : (..., 2**G) float64
        V_u, or any other worth of a subset; group g is in subset number u where bit g of u is set.

    Returns
    -------
    (..., G) float64
        Sums to closed[..., -1] - closed[..., 0], the whole less nothing.

    Raises
    ------
    ValueError
        If the last axis is not as long as a power of two, 2 or more.

    Examples
    --------
    >>> shapley_from_closed(np.array([0.0, 3.0, 1.0, 6.0]))
    array([4., 2.])
    """
    closed = np.asarray(closed, dtype=np.float64)
    size = closed.shape[-1] if closed.ndim else 0
    groups = size.bit_length() - 1
    if groups < 1 or size != 1 << groups:
        raise ValueError(f"{size} subsets: G groups have 2**G of them, with the empty one and the whole")
    known = np.bitwise_count(np.arange(size // 2))  # groups of a subset of the others
    weight = np.array([1 / (groups * math.comb(groups - 1, count)) for count in range(groups)])[known]
    effects = []
    for group in range(groups):
        pairs = closed.reshape(*closed.shape[:-1], size >> (group + 1), 2, 1 << group)
        gain = (pairs[..., 1, :] - pairs[..., 0, :]).reshape(*closed.shape[:-1], size // 2)
        effects.append((gain * weight).sum(axis=-1))
    return np.stack(effects, axis=-1)


def make_plan(
    inputs: Mapping[str, Any],
    groups: Mapping[str, Sequence[str]] | Sequence[str] | None,
    dependence: Copula | Iterable[Mapping[str, Any]] | None,
    points: int,
    replicates: int,
    seed: int,
    permutations: bool | None,
) -> Plan:
    """Check what the user gave; see `shapley`.

    Returns
    -------
    Plan

    Raises
    ------
    InputError
        For inputs, groups or a dependence that cannot be used.
    ValueError
        For numbers that cannot be used.
    """
    for name, value, least in (("points", points, 1), ("replicates", replicates, 1), ("seed", seed, 0)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
            raise ValueError(f"{name} is {value!r}: give a whole number of at least {least}")
    log2_points = int(points).bit_length() - 1
    if points != 1 << log2_points or log2_points > BITS:
        near = f"{1 << log2_points} or {2 << log2_points}" if log2_points < BITS else f"at most {1 << BITS}"
        raise ValueError(f"points is {points}: a net has a power of two of them, so give {near}")
    problem = make_problem(inputs, groups)
    count = len(problem.groups)
    if permutations is False and count > MOST_SUBSETS:
        raise ValueError(f"{count} groups have too many subsets: leave permutations out, or form {MOST_SUBSETS} groups")
    if not isinstance(dependence, Copula):
        dependence = read_dependence(dependence or (), problem.names, "dependence")
    if dependence.names != problem.names:
        said = "the copula is of other inputs, or has them in another order"
        raise InputError("dependence", said, "Give one of these inputs.")
    fixed = [i for i, one in enumerate(problem.distributions) if bounds(one)[0] == bounds(one)[1]]
    design = Design(len(problem.names), int(replicates), log2_points, int(seed))
    by_orders = count > MOST_GROUPS if permutations is None else bool(permutations)
    return Plan(problem, without(dependence, fixed), design, by_orders)


def _accumulate(plan: Plan, function: Function, workers: int | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Centre (O,) of the outputs; sums of each replicate, (R, ...) as `_subset_sums` or `_order_sums`; sums (R, 2, O) of
    centred outputs and their squares, over all hybrids."""
    pilot = next(tasks(plan, min(PILOT, 1 << plan.design.log2_points)))
    outputs = evaluate(plan, function, pilot, draw_points(plan, pilot), range(1))[0]
    centre = outputs[0] + (outputs - outputs[0]).mean(axis=0)  # exactly the output where it does not vary
    output_names(plan, len(centre))  # refused before the work
    subsets = (2, 1 << int(plan.tied.sum()), 1 << int((~plan.tied).sum()))
    shapes = (((plan.groups,) if plan.by_orders else subsets), (2,))
    sums, moments = (np.zeros((plan.design.replicates, *shape, len(centre))) for shape in shapes)
    run = partial(_block_sums, plan=plan, function=function, centre=centre)
    for (chunk, _), parts in in_order(run, tasks(plan, plan.block_points(len(centre))), workers):
        sums[chunk.replicate] += parts[0]
        moments[chunk.replicate] += parts[1]
    if not (np.isfinite(sums).all() and np.isfinite(moments).all()):
        raise NonFiniteError("the squares of an output overflow: its values differ by too many powers of ten")
    return centre, sums, moments


def _block_sums(task: Task, plan: Plan, function: Function, centre: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    points = draw_points(plan, task)
    outputs = evaluate(plan, function, task, points, range(plan.hybrids))
    require_same_number(centre, outputs)
    with np.errstate(over="ignore", invalid="ignore"):  # seen in the sums
        outputs = outputs - centre
        moments = np.stack([outputs.sum(axis=(0, 1)), (outputs**2).sum(axis=(0, 1))])
        sums = _order_sums(plan, outputs, points) if plan.by_orders else _subset_sums(plan, outputs)
    return sums, moments


def _order_sums(plan: Plan, outputs: np.ndarray, points: Points) -> np.ndarray:
    """Sums over the points of what each group adds along the order of a point, and along its reverse, (G, O).

    V_u is the mean product of the centred outputs at A and at a hybrid that shares u, and V - V_u half their mean squared
    difference. What a group adds is its change of the output, from without to with it, times the output at A by the one, and
    times this less the middle of its change by the other; their mean is nearer than either. Where groups are free, the
    hybrids are a cycle on which any may take the place of A: the mean over all of them and both directions has, in place of
    the output at A, half the mean output of the hybrids that share the group less that of those that do not.
    """
    groups, after = plan.groups, np.roll(outputs, -1, axis=0)
    if plan.tied.any():
        weight = outputs[:1] - (outputs + after) / 4
    else:
        total = np.cumsum(outputs, axis=0)
        unshared = total[groups:] - total[:groups]  # of the hybrids that do not share the group of each place
        weight = np.tile((total[-1] - 2 * unshared) / (2 * groups), (2, 1, 1))
    gain = (after - outputs) * weight
    added = (gain[groups:] - gain[:groups]) / 2
    return np.asarray(np.take_along_axis(added, points.rank[:, :, None], axis=0).sum(axis=1))


def _subset_sums(plan: Plan, outputs: np.ndarray) -> np.ndarray:
    """Sums over the points from which the mean products of all pairs follow, (2, 2**c, 2**m, O).

    With what the tied groups share set, any two of the 2**m outputs are a pair that shares the free groups on which they
    agree, and the mean product of the pairs that disagree on x is a convolution over the subsets of the free groups: the
    product of Walsh transforms. One of a pair has all tied groups from A.

    Returns
    -------
    ndarray
        Squares of the transforms, and their products with the transform where all tied groups are shared.
    """
    free = int((~plan.tied).sum())
    spectrum = outputs.reshape(-1, 1 << free, *outputs.shape[1:])
    _walsh(spectrum)
    return np.stack([(spectrum * other).sum(axis=2) for other in (spectrum, spectrum[-1])])


def _closed(plan: Plan, sums: np.ndarray) -> np.ndarray:
    """Part of the variance that each subset explains, (2**G, O); NaN where there is no variance."""
    squares, products = sums.copy()
    _walsh(squares)
    _walsh(products)
    differing = (squares[:, :1] + squares[-1, :1]) / 2 - products  # by subset of the free groups that differ
    left = differing[:, ::-1].reshape(1 << plan.groups, -1)  # by subset that is shared
    number, bit = np.arange(1 << plan.groups), plan.bit
    left = left[sum(((number >> group) & 1) << bit[group] for group in range(plan.groups))]
    return 1 - _ratio(left, left[0])


def _walsh(values: np.ndarray) -> None:
    """Walsh-Hadamard transform along the second axis, in place; its length is a power of two."""
    step = 1
    while step < values.shape[1]:
        halves = values.reshape(len(values), -1, 2, step, *values.shape[2:])
        first, second = halves[:, :, 0], halves[:, :, 1]
        difference = first - second
        first += second
        second[...] = difference
        step *= 2


def _estimates(plan: Plan, sums: np.ndarray, moments: np.ndarray, replicates: int) -> dict[str, np.ndarray]:
    """All estimates from sums over some replicates, (..., O), the mean less the centre."""
    mean, square = moments / (replicates * plan.hybrids << plan.design.log2_points)
    found = {"mean": mean, "variance": np.maximum(square - mean**2, 0.0)}
    if plan.by_orders:
        return {"shapley": _ratio(sums, sums.sum(axis=0))} | found
    closed = _closed(plan, sums)
    alone = 1 << np.arange(plan.groups)
    effects = np.moveaxis(shapley_from_closed(np.moveaxis(closed, 0, -1)), -1, 0)
    indices = {"first_order": closed[alone], "total_order": 1 - closed[len(closed) - 1 - alone]}
    return {"shapley": effects} | indices | {"closed": closed} | found


def _ratio(numerator: np.ndarray, divisor: np.ndarray) -> np.ndarray:
    numerator, divisor = np.broadcast_arrays(numerator, divisor)
    return np.asarray(np.divide(numerator, divisor, out=np.full(divisor.shape, np.nan), where=divisor > 0))


_SAID: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "shapley": ("Shapley effect, part of the variance", "1", "group"),
        "first_order": ("Part of the variance that a group explains", "1", "group"),
        "total_order": ("Part of the variance that is left when all other groups are known", "1", "group"),
        "closed": ("Part of the variance that a subset of the groups explains", "1", "subset"),
        "mean": ("Mean", "unit of the output"),
        "variance": ("Variance", "unit of the output, squared"),
    }
)
"""Long name, units and dimension of each variable."""


def _table(plan: Plan, centre: np.ndarray, sums: np.ndarray, moments: np.ndarray) -> xr.Dataset:
    """Labelled estimates, with intervals by the jackknife: ratios of the sums of single replicates are biased."""
    import xarray as xr

    count, whole, whole_moments = plan.design.replicates, sums.sum(axis=0), moments.sum(axis=0)
    values = _estimates(plan, whole, whole_moments, count)
    pseudo = {name: [value] for name, value in values.items()}
    if count > 1:
        others = [
            _estimates(plan, whole - own, whole_moments - own_moments, count - 1)
            for own, own_moments in zip(sums, moments, strict=True)
        ]
        pseudo = {n: [count * value - (count - 1) * one[n] for one in others] for n, value in values.items()}
    still = values["variance"] <= (ROUNDING * (centre + values["mean"])) ** 2
    still |= np.isnan(values["shapley"]).any(axis=0)
    data: dict[str, Any] = {}
    for name, value in values.items():
        said, units, *dims = _SAID[name]
        interval = student_t(np.array(pseudo[name]), value)
        shown = value + centre if name == "mean" else value
        interval = interval + centre[:, None] if name == "mean" else interval
        if dims:
            shown[..., still], interval[..., still, :] = np.nan, np.nan
        attributes = {"units": units, "long_name": said}
        data[name] = (["output", *dims], np.moveaxis(shown, -1, 0), attributes)
        attributes = {"units": units, "long_name": f"{said}: 95 % interval from the replicates"}
        data[f"{name}_ci"] = (["output", *dims, "ci_bound"], np.moveaxis(interval, -2, 0), attributes)
    names = output_names(plan, len(centre))
    missing = [f"no effects of {name}: no variance found" for name, one in zip(names, still, strict=True) if one]
    if count == 1:
        missing.append("no intervals: one replicate")
    return xr.Dataset(data, _coordinates(plan, names), _attributes(plan, missing))


def _coordinates(plan: Plan, outputs: Sequence[str]) -> dict[str, Any]:
    groups = list(plan.problem.groups)
    coordinates: dict[str, Any] = {"output": list(outputs), "group": groups, "ci_bound": ["lower", "upper"]}
    if not plan.by_orders:
        member = np.arange(1 << plan.groups)[:, None] >> np.arange(plan.groups) & 1
        labels = [" + ".join(name for name, one in zip(groups, row, strict=True) if one) for row in member]
        coordinates |= {"subset": labels, "member": (("subset", "group"), member.astype(np.int8))}
    return coordinates


def _attributes(plan: Plan, missing: Sequence[str]) -> dict[str, str | int]:
    import scipy
    import xarray as xr

    points = 1 << plan.design.log2_points
    packages = {module.__name__: module.__version__ for module in (np, scipy, xr)}
    return {
        "points": points,
        "replicates": plan.design.replicates,
        "seed": plan.design.seed,
        "evaluations": plan.design.points * plan.hybrids + min(PILOT, points),
        "estimator": "random orders" if plan.by_orders else "all subsets",
        "estimator_reference": "Song, Nelson & Staum 2016, doi:10.1137/15M1048070",
        "missing": "; ".join(missing),
        "versions": json.dumps({"simulator": __version__, **packages}),
    }
