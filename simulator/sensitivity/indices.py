"""Sums over pairs → labelled indices of all groups with intervals, beside the closed form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..dependence import Block
from ..inputs import PARTITIONS, Input, partition
from ..intervals import student_t
from ..outputs import OutputRow
from ..simulation import PickFrozen
from .single import azzini_of_differences

if TYPE_CHECKING:
    import xarray as xr

DEPENDENT = "dependent"  # partition of the groups of inputs that depend on each other
NAMED = 2  # inputs that the label of such a group names
STILL = 3e-7  # an output whose standard deviation is below this part of its mean does not vary: the rest is rounding


@dataclass(frozen=True)
class Groups:
    """Groups of inputs from all partitions.

    Attributes
    ----------
    partition, label : tuple of str
        Of each group.
    members : (G, inputs) bool
    """

    partition: tuple[str, ...]
    label: tuple[str, ...]
    members: np.ndarray

    @property
    def names(self) -> list[str]:
        """Unique names: partition and label."""
        return [f"{part}: {label}" for part, label in zip(self.partition, self.label, strict=True)]


@dataclass(frozen=True)
class ExactIndices:
    """Closed form, NaN where there is none; scopes and years as in `PickFrozen`.

    Attributes
    ----------
    mean, variance : (S, Y) float64
    first_order, total_order : (G, S, Y) float64
    allocation : (S, Y, C) float64
    """

    mean: np.ndarray
    variance: np.ndarray
    first_order: np.ndarray
    total_order: np.ndarray
    allocation: np.ndarray


def all_groups(inputs: Sequence[Input], blocks: Sequence[Block] = ()) -> Groups:
    """The groups of the four partitions, and those of inputs that depend on each other.

    Parameters
    ----------
    inputs : sequence of Input
    blocks : sequence of Block
        Of the copula; each is a group of the partition `DEPENDENT`.

    Returns
    -------
    Groups
    """
    found = [(name, label, places) for name in PARTITIONS for label, places in partition(inputs, name).items()]
    for block in blocks:
        names = [inputs[place].name for place in block.inputs]
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        found.append((DEPENDENT, ", ".join(names[:NAMED]) + more, list(block.inputs)))
    members = np.zeros((len(found), len(inputs)), dtype=bool)
    for row, (*_, places) in enumerate(found):
        members[row, places] = True
    return Groups(tuple(name for name, *_ in found), tuple(label for _, label, _ in found), members)


def index_table(
    frozen: PickFrozen,
    exact: ExactIndices,
    groups: Groups,
    scopes: Sequence[OutputRow],
    years: Sequence[int],
    categories: Sequence[str],
) -> xr.Dataset:
    """Indices, allocation and tail allocation of each output.

    Parameters
    ----------
    frozen : PickFrozen
    exact : ExactIndices
    groups : Groups
    scopes : sequence of OutputRow
    years : sequence of int
    categories : sequence of str, length C

    Returns
    -------
    xarray.Dataset
        first_order and total_order (output, group) with `_ci` (output, group, ci_bound) and `_exact`; allocation,
        allocation_lower_tail and allocation_upper_tail (output, category), the first with `_ci` and `_exact`; mean and
        variance (output) with `_exact`. An output without variance has NaN.
    """
    import xarray as xr

    exact = _without_rounding(exact)
    arrays = {**_index_arrays(frozen, exact), **_allocation_arrays(frozen, exact)}
    a, b, aa, bb, _ = np.moveaxis(frozen.pairs.sum(axis=0) / (2 * frozen.design.points), -1, 0)
    moments = {
        "mean": ("Mean", a + b + frozen.centre),
        "variance": ("Variance", aa + bb - (a + b) ** 2),
        "mean_exact": ("Mean in closed form", exact.mean),
        "variance_exact": ("Variance in closed form", exact.variance),
    }
    for name, (said, values) in moments.items():
        units = "unit of the output" + (", squared" if name.startswith("variance") else "")
        arrays[name] = xr.DataArray(values.ravel(), dims="output", attrs={"units": units, "long_name": said})
    return xr.Dataset(arrays, coords=_coordinates(groups, scopes, years, categories))


def _without_rounding(exact: ExactIndices) -> ExactIndices:
    """With variance 0 and no indices where the closed form's variance is no more than rounding; NaN stays NaN."""
    still = exact.variance <= (STILL * exact.mean) ** 2
    return ExactIndices(
        exact.mean,
        np.where(still, 0.0, exact.variance),
        np.where(still, np.nan, exact.first_order),
        np.where(still, np.nan, exact.total_order),
        np.where(still[..., None], np.nan, exact.allocation),
    )


def _index_arrays(frozen: PickFrozen, exact: ExactIndices) -> dict[str, xr.DataArray]:
    arrays = {}
    estimates = azzini_of_differences(frozen.pairs.sum(axis=0), frozen.differences.sum(axis=0))
    each = zip(frozen.pairs, frozen.differences, strict=True)
    spread = [azzini_of_differences(pairs, differences) for pairs, differences in each]
    for place, (name, said) in enumerate((("first_order", "First-order"), ("total_order", "Total-order"))):
        value, title = estimates[place], f"{said} Sobol' index"
        interval = student_t(np.array([one[place] for one in spread]), value)
        arrays[name] = _array(_flat(value), f"{title} (Azzini, Mara & Rosati 2020)", "group")
        arrays[f"{name}_ci"] = _array(_flat(interval), f"{title}: 95 % interval from the replicates", "group")
        arrays[f"{name}_exact"] = _array(_flat(getattr(exact, name)), f"{title} in closed form", "group")
    return arrays


def _allocation_arrays(frozen: PickFrozen, exact: ExactIndices) -> dict[str, xr.DataArray]:
    allocation, lower, upper = allocations(frozen, None)
    by_replicate = np.array([allocations(frozen, r)[0] for r in range(frozen.design.replicates)])
    parts = {
        "allocation": ("Covariance of a category's part with the output, per variance of the output", allocation),
        "allocation_ci": ("Allocation: 95 % interval from the replicates", student_t(by_replicate, allocation)),
        "allocation_exact": ("Allocation in closed form", exact.allocation),
        "allocation_lower_tail": (
            "Part of a category in the fall of the mean output at or below its 5 % quantile",
            lower,
        ),
        "allocation_upper_tail": (
            "Part of a category in the rise of the mean output at or above its 95 % quantile",
            upper,
        ),
    }
    return {
        name: _array(values.reshape(-1, *values.shape[2:]), said, "category") for name, (said, values) in parts.items()
    }


def _coordinates(
    groups: Groups, scopes: Sequence[OutputRow], years: Sequence[int], categories: Sequence[str]
) -> dict[str, Any]:
    outputs = [(row, year) for row in scopes for year in years]
    return {
        "output": [" ".join(filter(None, (row.quantity, row.label, str(year)))) for row, year in outputs],
        "quantity": ("output", [row.quantity for row, _ in outputs]),
        "scope": ("output", [row.label or "total" for row, _ in outputs]),
        "year": ("output", [year for _, year in outputs]),
        "group": groups.names,
        "partition": ("group", list(groups.partition)),
        "label": ("group", list(groups.label)),
        "category": list(categories),
        "ci_bound": ["lower", "upper"],
    }


def allocations(frozen: PickFrozen, replicate: int | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Allocation of the variance, and of both tails, to the categories.

    Parameters
    ----------
    frozen : PickFrozen
    replicate : int or None
        None: all together.

    Returns
    -------
    allocation, lower_tail, upper_tail : (S, Y, C) float64
        Each sums to one over the categories; NaN where the output does not vary, or no future lies in the tail.
    """
    chosen = slice(None) if replicate is None else slice(replicate, replicate + 1)
    pairs, sums, tails = (part[chosen].sum(axis=0) for part in (frozen.pairs, frozen.allocation, frozen.tails))
    n = 2.0 * (frozen.design.points if replicate is None else 1 << frozen.design.log2_points)
    offset = (pairs[..., 0] + pairs[..., 1]) / n
    deviation = (pairs[..., 2] + pairs[..., 3]) / n - offset**2
    deviation = np.where(deviation > (STILL * (offset + frozen.centre)) ** 2, deviation, 0.0)
    part_mean = sums[..., 0] / n
    covariance = sums[..., 1] / n - part_mean * offset[..., None]
    results = [_divide(covariance, deviation[..., None])]
    for tail in (0, 1):
        count, total = tails[..., tail, 0], tails[..., tail, 1]
        moved = np.where(deviation > 0, _divide(total, count) - (offset + frozen.centre), 0.0)
        results.append(_divide(_divide(sums[..., 2 + tail], count[..., None]) - part_mean, moved[..., None]))
    return results[0], results[1], results[2]


def _divide(numerator: np.ndarray, divisor: np.ndarray) -> np.ndarray:
    numerator, divisor = np.broadcast_arrays(numerator, divisor)
    return np.asarray(np.divide(numerator, divisor, out=np.full(divisor.shape, np.nan), where=divisor != 0))


def _flat(values: np.ndarray) -> np.ndarray:
    """(G, S, Y, ...) to (outputs, G, ...)."""
    moved = np.moveaxis(values, 0, 2)
    return moved.reshape(-1, *moved.shape[2:])


def _array(values: np.ndarray, said: str, dimension: str) -> xr.DataArray:
    import xarray as xr

    dims = ("output", dimension, "ci_bound")[: values.ndim]
    return xr.DataArray(values, dims=dims, attrs={"units": "1", "long_name": said})
