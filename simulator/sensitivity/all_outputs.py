"""Sums over pairs and whole hybrids → labelled indices of every output with intervals, beside the closed form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from ..all_outputs import AllOutputs
from ..intervals import student_t
from ..kernels.structure import Structure
from ..outputs import OutputRow
from ..potential import QUANTITIES
from ..results import CI_BOUNDS
from .exact import Lines, Moments, exact_indices, output_means
from .exact_interactions import exact_interactions
from .indices import STILL, Groups
from .single import azzini_of_differences

if TYPE_CHECKING:
    import xarray as xr

INPUT = "input"  # in place of a partition: a single input
_SAID = {
    "first_order": ("First-order Sobol' index", "Azzini, Mara & Rosati 2020", "group"),
    "total_order": ("Total-order Sobol' index", "Azzini, Mara & Rosati 2020", "group"),
    "second_order": ("Second-order Sobol' index", "Saltelli 2002, both pairs of hybrids", "pair"),
}


@dataclass(frozen=True)
class Orders:
    """Indices of all outputs; Y years, G groups, M pairs of groups.

    Attributes
    ----------
    first_order, total_order : (G, rows, Y) float64
    second_order : (M, rows, Y) float64
        NaN where the output does not vary.
    """

    first_order: np.ndarray
    total_order: np.ndarray
    second_order: np.ndarray


def with_inputs(groups: Groups, names: Sequence[str]) -> Groups:
    """Groups of the partitions, and then each input alone, as partition `input`.

    Parameters
    ----------
    groups : Groups
    names : sequence of str
        Of the inputs.

    Returns
    -------
    Groups
    """
    members = np.concatenate([groups.members, np.eye(len(names), dtype=bool)])
    return Groups((*groups.partition, *(INPUT for _ in names)), (*groups.label, *names), members)


def pairs_of_partitions(groups: Groups) -> np.ndarray:
    """Pairs of groups of one partition; pairs of single inputs are too many.

    Parameters
    ----------
    groups : Groups

    Returns
    -------
    (M, 2) int64
        Places, the first one lower.

    Examples
    --------
    >>> pairs_of_partitions(Groups(("a", "a", "b", "input"), ("x", "y", "z", "i"), np.eye(4, dtype=bool)))
    array([[0, 1]])
    """
    parts = groups.partition
    same = [(i, j) for i, j in combinations(range(len(parts)), 2) if parts[i] == parts[j] != INPUT]
    return np.array(same, dtype=np.int64).reshape(-1, 2)


def closed_form(s: Structure, moments: Moments, lines: Lines, groups: np.ndarray, pairs: np.ndarray) -> Orders:
    """Indices of all outputs in closed form, where inputs are independent.

    Parameters
    ----------
    s : Structure
    moments : Moments
    lines : Lines
        Of all rows.
    groups : (G, inputs) bool
    pairs : (M, 2) int64

    Returns
    -------
    Orders
    """
    variance, first, total = exact_indices(s, moments, lines, groups)
    second = exact_interactions(s, moments, lines, groups, pairs)
    still = variance <= (STILL * output_means(s, moments, lines)) ** 2
    return Orders(*(np.where(still, np.nan, each).transpose(0, 2, 1) for each in (first, total, second)))


def estimated(sums: AllOutputs) -> tuple[Orders, Orders]:
    """Indices of all outputs, and their 95 % intervals.

    First and total order by Azzini, Mara & Rosati (2020, arXiv:2006.08232), so that |first| <= total on every sample;
    second order as `simulator.sensitivity.estimators.second_order`. Intervals by the jackknife over replicates: estimates
    are ratios of sums, and those of single replicates would be biased where a replicate has few pairs.

    Parameters
    ----------
    sums : AllOutputs

    Returns
    -------
    indices, intervals : Orders
        The arrays of the second have a last axis (lower, upper); NaN with one replicate.
    """
    parts = (sums.pairs, sums.differences, sums.crossed)
    count = sums.design.replicates
    n = sums.design.points / count
    wholes = [part.sum(axis=0) for part in parts]
    whole = _orders(count * n, sums.centre, *wholes)
    if count == 1:
        return Orders(*whole), Orders(*(student_t(value[None], value) for value in whole))
    others = [
        _orders((count - 1) * n, sums.centre, *(every - part[r] for every, part in zip(wholes, parts, strict=True)))
        for r in range(count)
    ]
    intervals = (
        student_t(np.array([count * value - (count - 1) * other for other in without]), value)
        for value, without in zip(whole, zip(*others, strict=True), strict=True)
    )
    return Orders(*whole), Orders(*intervals)


def _orders(
    n: float, centre: np.ndarray, pairs: np.ndarray, differences: np.ndarray, crossed: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The indices of `Orders` from sums over n pairs."""
    offset = (pairs[..., 0] + pairs[..., 1]) / (2 * n)
    variance = (pairs[..., 2] + pairs[..., 3]) / (2 * n) - offset**2
    varies = variance > (STILL * (centre + offset)) ** 2
    first, total = azzini_of_differences(pairs, differences)
    second = crossed / (2 * n * np.where(varies, variance, 1.0))
    return np.where(varies, first, np.nan), np.where(varies, total, np.nan), np.where(varies, second, np.nan)


def all_outputs_table(
    sums: AllOutputs,
    exact: Orders | None,
    groups: Groups,
    pairs: np.ndarray,
    rows: Sequence[OutputRow],
    years: Sequence[int],
    known: np.ndarray | None = None,
) -> xr.Dataset:
    """First-order and total indices of all groups and inputs, and second-order indices of pairs of groups.

    Parameters
    ----------
    sums : AllOutputs
    exact : Orders, optional
        Closed form; without it, `_exact` is NaN.
    groups : Groups
        See `with_inputs`.
    pairs : (M, 2) int64
        See `pairs_of_partitions`.
    rows : sequence of OutputRow
    years : sequence of int
    known : (G,) bool, optional
        Groups that have indices; by default all. Those that split inputs which depend on each other have none.

    Returns
    -------
    xarray.Dataset
        first_order and total_order (output, group) and second_order (output, pair), with `_ci` (..., ci_bound) and
        `_exact`, as float32. Wages of a category have the indices of its FTE, to which they are in proportion. NaN for
        an output without variance, and where there is no index or no closed form.
    """
    import xarray as xr

    indices, intervals = estimated(sums)
    place, labelled = _with_category_wages(rows)
    known = np.ones(len(groups.label), dtype=bool) if known is None else known
    shown = {"group": known, "pair": known[pairs].all(axis=1)}
    arrays: dict[str, Any] = {}
    for name, (said, estimator, dim) in _SAID.items():
        value = getattr(indices, name)
        closed = np.full_like(value, np.nan) if exact is None else getattr(exact, name)
        parts = {
            "": (value, f"{said} ({estimator})"),
            "_ci": (getattr(intervals, name), f"{said}: 95 % interval from the replicates"),
            "_exact": (closed, f"{said} in closed form"),
        }
        for ending, (values, long_name) in parts.items():
            dims = ("output", dim, "ci_bound")[: values.ndim - 1]
            attributes = {"units": "1", "long_name": long_name}
            arrays[name + ending] = (dims, _by_output(values[:, place], shown[dim]), attributes)
    design = {"index_points": sums.design.points, "replicates": sums.design.replicates}
    return xr.Dataset(arrays, _coordinates(groups, pairs, labelled, years), design)


def _by_output(values: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """(G, rows, Y, ...) to (outputs, G, ...) float32, NaN where not shown."""
    flat = np.moveaxis(values.reshape(len(values), -1, *values.shape[3:]), 1, 0).astype(np.float32)
    flat[:, ~shown] = np.nan
    return flat


def _with_category_wages(rows: Sequence[OutputRow]) -> tuple[list[int], list[OutputRow]]:
    """Rows with those of the wages of categories, which are in proportion to the FTE: places among the rows, and labels."""
    place, labelled = list(range(len(rows))), list(rows)
    for at, row in enumerate(rows):
        wages = OutputRow(QUANTITIES[1], row.dimension, row.label)
        if row.dimension == "category" and wages not in labelled:
            place.append(at)
            labelled.append(wages)
    return place, labelled


def _coordinates(groups: Groups, pairs: np.ndarray, rows: Sequence[OutputRow], years: Sequence[int]) -> dict[str, Any]:
    outputs = [(row, year) for row in rows for year in years]
    couples = [(groups.partition[g], groups.label[g], groups.label[h]) for g, h in pairs]
    return {
        "output": [
            " ".join(filter(None, (row.quantity, row.dimension, row.label, str(year)))) for row, year in outputs
        ],
        "quantity": ("output", [row.quantity for row, _ in outputs]),
        "dimension": ("output", [row.dimension or "total" for row, _ in outputs]),
        "label": ("output", [row.label or "total" for row, _ in outputs]),
        "year": ("output", [year for _, year in outputs]),
        "group": groups.names,
        "group_partition": ("group", list(groups.partition)),
        "group_label": ("group", list(groups.label)),
        "pair": [f"{partition}: {first} × {second}" for partition, first, second in couples],
        "pair_partition": ("pair", [partition for partition, _, _ in couples]),
        "first": ("pair", [first for _, first, _ in couples]),
        "second": ("pair", [second for _, _, second in couples]),
        "ci_bound": list(CI_BOUNDS),
    }
