"""Sums over the points of replicates → labelled indices with intervals.

Letters: G inputs or groups, O outputs, M matrices (A, B and their hybrids), R replicates, n points of a block.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from .. import __version__
from ..errors import InputError
from ..intervals import student_t
from .estimators import Sums, mean_variance, second_order
from .hybrids import Plan

if TYPE_CHECKING:
    import xarray as xr

ROUNDING = (
    1e-13  # an output whose standard deviation is below this part of its mean does not vary: the rest is rounding
)


@dataclass(frozen=True)
class Accumulated:
    """Sums over the points of each replicate, of outputs less their centre.

    Attributes
    ----------
    centre : (O,) float64
    pairs : (R, 5, O) float64
        Of a, b, a², b², a·b.
    hybrids : (R, 4 or 9, G, O) float64
        Of the change ab - a, its square, a and b times it; with BA, the same of the change ba - b, and of both changes'
        product.
    crossed : (R, G, G, O) float64
        Of (ba_i - b)(ab_j - a); without second order (R, 0, 0, O).
    """

    centre: np.ndarray
    pairs: np.ndarray
    hybrids: np.ndarray
    crossed: np.ndarray


def block_sums(outputs: np.ndarray, centre: np.ndarray, plan: Plan) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sums over the points of a block, see `Accumulated`.

    Differences are summed, rather than products of outputs, so that those of an inert group are exactly 0.

    Parameters
    ----------
    outputs : (M, n, O) float64
    centre : (O,) float64
    plan : Plan

    Returns
    -------
    pairs : (5, O) float64
    hybrids : (4 or 9, G, O) float64
    crossed : (G, G, O) float64, or (0, 0, O)
    """
    with np.errstate(over="ignore", invalid="ignore"):  # whoever adds them up looks at the sums
        return _block_sums(outputs - centre, plan)


def _block_sums(centred: np.ndarray, plan: Plan) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    a, b, groups = centred[0], centred[1], len(plan.problem.groups)
    change = centred[2 : 2 + groups] - a
    product, square = partial(np.einsum, "gno,no->go"), partial(np.einsum, "gno,gno->go")
    of_pairs = [a.sum(axis=0), b.sum(axis=0), *(np.einsum("no,no->o", x, y) for x, y in ((a, a), (b, b), (a, b)))]
    of_hybrids = [change.sum(axis=1), square(change, change), product(change, a), product(change, b)]
    crossed = np.empty((0, 0, centred.shape[2]))
    if plan.reverse:
        back = centred[2 + groups :] - b
        of_hybrids += [back.sum(axis=1), square(back, back), product(back, a), product(back, b), square(change, back)]
        if plan.second_order:
            crossed = np.einsum("gno,hno->gho", back, change)
    return np.stack(of_pairs), np.stack(of_hybrids), crossed


def index_table(plan: Plan, sums: Accumulated, outputs: Sequence[str] | None = None) -> xr.Dataset:
    """Labelled indices with intervals; see `simulator.sensitivity.sobol`.

    Parameters
    ----------
    plan : Plan
    sums : Accumulated
    outputs : sequence of str, optional
        Names that came with the outputs.

    Returns
    -------
    xarray.Dataset

    Raises
    ------
    InputError
        If there are not as many names as outputs.
    """
    import xarray as xr

    names = output_names(plan, len(sums.centre), outputs)
    dimension = "group" if plan.problem.grouped else "input"
    values, intervals = _with_intervals(plan, sums)
    still = np.sqrt(values["variance"]) <= ROUNDING * np.abs(values["mean"])
    data = {}
    for name, value in values.items():
        said, units, *dims = _SAID[name]
        if dims:
            value[..., still], intervals[name][..., still, :] = np.nan, np.nan
        dims = ["output", *(dim.format(dimension) for dim in dims)]
        attributes = {"units": units, "long_name": said}
        data[name] = (dims, np.moveaxis(value, -1, 0), attributes)
        attributes = {"units": units, "long_name": f"{said}: 95 % interval from the replicates"}
        data[f"{name}_ci"] = ([*dims, "ci_bound"], np.moveaxis(intervals[name], -2, 0), attributes)
    labels = list(plan.problem.groups)
    coordinates = {"output": names, dimension: labels, "ci_bound": ["lower", "upper"]}
    if plan.second_order:
        coordinates["other"] = labels
    without = [name for name, one in zip(names, still, strict=True) if one]
    return xr.Dataset(data, coordinates, _attributes(plan, without))


_SAID: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "mean": ("Mean", "unit of the output"),
        "variance": ("Variance", "unit of the output, squared"),
        "first_order": ("First-order Sobol' index", "1", "{}"),
        "total_order": ("Total-order Sobol' index", "1", "{}"),
        "second_order": ("Second-order Sobol' index", "1", "{}", "other"),
    }
)
"""Long name, units and dimensions of each variable."""


def output_names(plan: Plan, count: int, names: Sequence[str] | None = None) -> list[str]:
    """Names of the outputs: those that came with them, or of the problem, or y; y0, y1 and so on.

    Parameters
    ----------
    plan : Plan
    count : int
    names : sequence of str, optional

    Returns
    -------
    list of str, length `count`

    Raises
    ------
    InputError
        If the problem names another number of outputs.
    """
    known = names if names is not None else plan.problem.outputs
    if known is None:
        return ["y"] if count == 1 else [f"y{place}" for place in range(count)]
    if len(known) != count:
        raise InputError("problem, key 'outputs'", f"{len(known)} names, beside {count} outputs", "Name each output.")
    return list(known)


def _with_intervals(plan: Plan, sums: Accumulated) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Estimates from all replicates together, and their intervals by the jackknife over replicates.

    Estimates are ratios of sums, so that those of single replicates are biased where a replicate has few points. Without
    one replicate at a time, they are not, and R times the whole less (R - 1) times these spread as the replicates do.
    """
    parts = (sums.pairs, sums.hybrids, sums.crossed)
    wholes = [part.sum(axis=0) for part in parts]
    values = _estimates(plan, sums, wholes, plan.replicates)
    if (count := plan.replicates) == 1:
        return values, {name: student_t(value[None], value) for name, value in values.items()}
    rests = [whole - part for whole, part in zip(wholes, parts, strict=True)]
    others = _estimates(plan, sums, rests, count - 1)
    return values, {
        name: student_t(count * value - (count - 1) * others[name], value) for name, value in values.items()
    }


def _estimates(plan: Plan, sums: Accumulated, parts: Sequence[np.ndarray], replicates: int) -> dict[str, np.ndarray]:
    """All estimates from sums over some replicates, (..., O)."""
    pairs, hybrids, crossed = parts
    s = _sums(float(replicates * plan.points), pairs, hybrids)
    first, total = plan.estimator.indices(s)
    variance = mean_variance(s)[..., 0, :]
    mean = ((s.a + s.b) / (2 * s.n))[..., 0, :]
    found = {"mean": sums.centre + mean, "variance": np.maximum(variance, 0.0)}
    found |= {"first_order": first, "total_order": total}
    return found | ({"second_order": second_order(crossed, s)} if plan.second_order else {})


def _sums(n: float, pairs: np.ndarray, hybrids: np.ndarray) -> Sums:
    """Sums of products from those of differences; without BA those with it are NaN."""
    a, b, aa, bb, a_b = (pairs[..., i, None, :] for i in range(5))
    count = hybrids.shape[-3]
    change, change_2, a_change, b_change = (hybrids[..., i, :, :] for i in range(4))
    missing = [np.full_like(change, np.nan)] * 5
    back, back_2, a_back, b_back, change_back = [hybrids[..., i, :, :] for i in range(4, count)] or missing
    return Sums(
        n=n,
        a=a,
        b=b,
        ab=a + change,
        ba=b + back,
        aa=aa,
        bb=bb,
        abab=aa + 2 * a_change + change_2,
        baba=bb + 2 * b_back + back_2,
        a_b=a_b,
        a_ab=aa + a_change,
        b_ab=a_b + b_change,
        a_ba=a_b + a_back,
        b_ba=bb + b_back,
        ab_ba=a_b + a_back + b_change + change_back,
    )


def _attributes(plan: Plan, without_variance: Sequence[str]) -> dict[str, str | int]:
    import scipy
    import xarray as xr

    missing = []
    if without_variance:
        missing.append(f"no indices of {', '.join(without_variance)}: no variance")
    if plan.replicates == 1:
        missing.append("no intervals: one replicate")
    packages = {module.__name__: module.__version__ for module in (np, scipy, xr)}
    return {
        "points": plan.points,
        "replicates": plan.replicates,
        "seed": plan.seed,
        "evaluations": plan.evaluations,
        "estimator": plan.estimator.name,
        "estimator_reference": plan.estimator.reference,
        "missing": "; ".join(missing),
        "versions": json.dumps({"simulator": __version__, **packages}),
    }
