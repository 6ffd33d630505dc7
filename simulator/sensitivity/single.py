"""Sums over differences → labelled indices of every single input with intervals, beside the closed form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..intervals import student_t
from ..outputs import OutputRow
from ..results import CI_BOUNDS
from ..single_inputs import SingleInputs

if TYPE_CHECKING:
    import xarray as xr


def azzini_of_differences(pairs: np.ndarray, differences: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First-order and total indices from the differences between hybrids and their points.

    The estimators of Azzini, Mara & Rosati (2020, arXiv:2006.08232), S = 2 Σ (BA - B)(A - AB) / D and
    T = Σ [(B - BA)² + (A - AB)²] / D with D = Σ [(A - B)² + (BA - AB)²], where BA - AB = (B - A) + (BA - B) - (AB - A).

    Parameters
    ----------
    pairs : (..., 5) float64
        Sums of a, b, a², b², a·b.
    differences : (inputs, ..., 4) float64
        See `simulator.single_inputs.SingleInputs`.

    Returns
    -------
    first_order, total_order : (inputs, ...) float64
        NaN where the output does not vary.

    Examples
    --------
    >>> a, b = np.array([1.0, 2.0]), np.array([3.0, 5.0])  # f(x) = x, all of it from B
    >>> pairs = np.array([a.sum(), b.sum(), a @ a, b @ b, a @ b])
    >>> gap = b - a
    >>> differences = np.array([[gap @ gap, gap @ gap, -gap @ gap, -2 * gap @ gap]])
    >>> azzini_of_differences(pairs, differences)
    (array([1.]), array([1.]))
    """
    _, _, aa, bb, ab = np.moveaxis(pairs, -1, 0)
    first, second, product, gap = np.moveaxis(differences, -1, 0)
    divisor = 2 * (aa + bb - 2 * ab) + 2 * gap + first + second - 2 * product
    varies = divisor > 0
    safe = np.where(varies, divisor, 1.0)
    return np.where(varies, -2 * product / safe, np.nan), np.where(varies, (first + second) / safe, np.nan)


def single_table(
    sums: SingleInputs,
    exact: tuple[np.ndarray, np.ndarray, np.ndarray],
    names: Sequence[str],
    scopes: Sequence[OutputRow],
    years: Sequence[int],
) -> xr.Dataset:
    """First-order and total indices of every input.

    Parameters
    ----------
    sums : SingleInputs
    exact : (S, Y), (inputs, S, Y), (inputs, S, Y) float64
        Variance, first-order and total indices in closed form; NaN where there is none.
    names : sequence of str
        Of the inputs.
    scopes : sequence of OutputRow
    years : sequence of int

    Returns
    -------
    xarray.Dataset
        first_order and total_order (output, input) with `_ci` (output, input, ci_bound) and `_exact`. NaN for an output
        without variance.
    """
    import xarray as xr

    variance, *closed = exact
    still = variance <= 0  # where there is no closed form, it is NaN
    whole = azzini_of_differences(sums.pairs.sum(axis=0), sums.differences.sum(axis=0))
    each = [azzini_of_differences(*parts) for parts in zip(sums.pairs, sums.differences, strict=True)]
    arrays: dict[str, Any] = {}
    for place, (name, said) in enumerate((("first_order", "First-order"), ("total_order", "Total-order"))):
        estimates = {
            "": (whole[place], "(Azzini, Mara & Rosati 2020)"),
            "_ci": (
                student_t(np.array([one[place] for one in each]), whole[place]),
                "95 % interval from the replicates",
            ),
            "_exact": (closed[place], "in closed form"),
        }
        for ending, (values, how) in estimates.items():
            shown = np.where(still[..., None] if ending == "_ci" else still, np.nan, values)
            flat = np.moveaxis(shown.reshape(len(names), variance.size, *shown.shape[3:]), 0, 1)
            dims = ("output", "input", *(("ci_bound",) if ending == "_ci" else ()))
            arrays[name + ending] = (dims, flat, {"units": "1", "long_name": f"{said} Sobol' index, {how}"})
    outputs = [f"{_name(row)} {year}" for row in scopes for year in years]
    return xr.Dataset(arrays, coords={"output": outputs, "input": list(names), "ci_bound": list(CI_BOUNDS)})


def _name(row: OutputRow) -> str:
    return row.quantity + (f" {row.label}" if row.label else "")
