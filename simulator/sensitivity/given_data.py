"""What a sample that is there tells: first-order indices from its ranks, also where inputs depend on each other.

Letters: n rows, k inputs, q outputs, R replicates.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..intervals import student_t
from ..simulation import NonFiniteError

if TYPE_CHECKING:
    import xarray as xr

Arrays = dict[str, tuple[np.ndarray, tuple[str, ...], str, str]]
"""By the name of a variable: values, dimensions, unit, long name."""

COVERAGE = 0.95
CI_BOUNDS = ("lower", "upper")
FEWEST = 4  # rows, of a sample or of a replicate
_SCORE_95 = 1.959963984540054  # the 97.5 % quantile of the standard normal
_ROUNDING = 1e-13  # an output that moves by less than this part of itself does not vary


def rank_first_order(
    values: np.ndarray,
    outputs: np.ndarray,
    names: Sequence[str],
    output_names: Sequence[str] | None = None,
    replicate: np.ndarray | None = None,
    seed: int = 0,
) -> xr.Dataset:
    """First-order indices of all inputs from one sample, by ranks (Gamboa, Gremaud, Klein & Lagnoux 2022).

    With rows in the order of an input, S = Σ y_i y_(i+1) / Σ y_i² for centred y: two neighbours have almost the same input
    and, given it, nothing else in common. An estimate of Var(E[Y | X]) / Var(Y) for any design and also where inputs depend
    on each other; O(n log n) for an input. Its error falls as 1 / sqrt(n), also on a net: where pick-freeze indices can be
    had, this is the check that shares nothing with them.

    The reference joins the last row to the first, whose inputs are farthest apart: a bias of 0.04 for a normal input of
    index 0.66 and n = 256. Here the mean of their squares stands in place of that product, which makes the estimator
    1 - Σ (y_(i+1) - y_i)² / 2 Σ y_i², without that bias and with the same limit.

    Compatible with: random samples; replicates of nets, each labelled.

    Parameters
    ----------
    values : (n, k) float64
    outputs : (n,) or (n, q) float64
    names : sequence of str, length k
    output_names : sequence of str, length q, optional
    replicate : (n,) of labels, optional
        Which rows were drawn together; rows of different replicates are independent, as different scrambles of a net are.
        None: all rows are independent of each other.
    seed : int
        Rows of equal value, as of a discrete input, stand in random order, which this draws.

    Returns
    -------
    xarray.Dataset
        first_order (output, input) and first_order_ci (output, input, ci_bound): 95 %, Student's t over the replicates,
        or by the asymptotic variance, see `rank_variance`. An input with one value has exactly 0, an output that does not
        vary has NaN. Negative estimates are left as they are: noise around a small index.

    Raises
    ------
    ValueError
        If shapes do not fit, or there are too few rows.
    NonFiniteError
        If a value or an output is not finite.

    References
    ----------
    Gamboa et al. (2022), Bernoulli 28, 2345-2374, doi:10.3150/21-BEJ1421, arXiv:2003.01772.

    Examples
    --------
    >>> x = np.random.default_rng(1).random((4000, 3))
    >>> table = rank_first_order(x, x[:, 0] + 2 * x[:, 1], ["a", "b", "c"])
    >>> table.first_order.values.round(2)
    array([[0.2 , 0.8 , 0.01]])
    """
    values, outputs = checked_sample(values, outputs, names)
    parts = parts_of(replicate, len(outputs))
    tie = np.random.default_rng(seed).permutation(len(outputs))
    first = _each_input(values, outputs, tie, _rank_index)
    if len(parts) > 1:
        each = [_each_input(values[part], outputs[part], tie[part], _rank_index) for part in parts]
        interval = student_t(np.stack(each), first, COVERAGE)
    else:
        interval = normal_interval(first, _each_input(values, outputs, tie, rank_variance))
    fixed, still = np.ptp(values, axis=0) == 0, does_not_vary(outputs)
    first[:, fixed], interval[:, fixed] = 0.0, 0.0
    first[still], interval[still] = np.nan, np.nan
    title = "First-order Sobol' index by the rank estimator (Gamboa et al. 2022)"
    table = labelled(
        {
            "first_order": (first, ("output", "input"), "1", title),
            "first_order_ci": (interval, ("output", "input", "ci_bound"), "1", f"{title}: 95 % interval"),
        },
        {"output": label_outputs(outputs.shape[1], output_names), "input": list(names)},
    )
    how = f"Student's t over {len(parts)} replicates" if len(parts) > 1 else "asymptotic, for independent rows"
    return table.assign_attrs(rows=len(outputs), interval=how, seed=seed)


def _each_input(
    values: np.ndarray, outputs: np.ndarray, tie: np.ndarray, statistic: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """A statistic of the centred outputs in the order of each input and, where values are equal, of `tie`; (q, k)."""
    centred = outputs - outputs.mean(axis=0)
    columns = [statistic(centred[_order(column, tie)]) for column in values.T]
    return np.stack(columns, axis=1)


def _order(column: np.ndarray, tie: np.ndarray) -> np.ndarray:
    """Rows in the order of an input; by `tie` where values are equal, which takes longer and is done only then."""
    order = np.argsort(column)
    ordered = column[order]
    return np.lexsort((tie, column)) if (ordered[1:] == ordered[:-1]).any() else order


def _rank_index(ordered: np.ndarray) -> np.ndarray:
    """Index from centred outputs in the order of an input, (n, q) to (q,)."""
    square = (ordered**2).sum(axis=0)
    return _ratio(_neighbours(ordered).sum(axis=0), square)


def _neighbours(ordered: np.ndarray) -> np.ndarray:
    """Products of each row and the next; for the last, the mean square of both ends."""
    products = np.roll(ordered, -1, axis=0)
    products *= ordered
    products[-1] = (ordered[0] ** 2 + ordered[-1] ** 2) / 2
    return np.asarray(products)


def rank_variance(ordered: np.ndarray) -> np.ndarray:
    """Variance of the rank estimator, from the one sample of independent rows.

    The error of S is the mean of t_i = y_i y_(i+1) - S y_i² over the variance of y. Given the input, terms that are next
    to each other depend on each other through y_(i+1), and terms two apart do not, while their expectations are almost
    the same. So the variance of the mean is [mean t_i² + 2 (mean t_i t_(i+1) - mean t_i t_(i+2))] / n: the second mean takes
    out what neighbours share because their input is almost the same. The centre does not matter to first order.

    Parameters
    ----------
    ordered : (n, q) float64
        Outputs in the order of the input, centred.

    Returns
    -------
    (q,) float64
        Consistent where the conditional mean is continuous but for jumps. NaN for an output that does not vary.

    Examples
    --------
    Without any effect, the estimator is a serial correlation: its variance is 1 / n.

    >>> y = np.random.default_rng(2).normal(size=(10_000, 1))
    >>> bool(abs(10_000 * rank_variance(y - y.mean()) - 1) < 0.1)
    True
    """
    square = (ordered**2).mean(axis=0)
    terms = _neighbours(ordered) - _rank_index(ordered) * ordered**2
    lags = [(terms * np.roll(terms, -lag, axis=0)).mean(axis=0) for lag in range(3)]
    spread = np.maximum(lags[0] + 2 * (lags[1] - lags[2]), 0.0)
    return _ratio(spread, len(ordered) * square**2)


def _ratio(numerator: np.ndarray, divisor: np.ndarray) -> np.ndarray:
    return np.asarray(np.divide(numerator, divisor, out=np.full(divisor.shape, np.nan), where=divisor > 0))


def checked_sample(values: np.ndarray, outputs: np.ndarray, names: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """A sample as float64 with outputs in columns.

    Parameters
    ----------
    values : (n, k) array
    outputs : (n,) or (n, q) array
    names : sequence of str, length k

    Returns
    -------
    (n, k), (n, q) float64

    Raises
    ------
    ValueError
        If shapes do not fit, or there are too few rows.
    NonFiniteError
        If anything is not finite: how many numbers, and the first.
    """
    values, outputs = np.asarray(values, dtype=np.float64), np.asarray(outputs, dtype=np.float64)
    outputs = outputs[:, None] if outputs.ndim == 1 else outputs
    if values.ndim != 2 or outputs.ndim != 2 or len(values) != len(outputs) or values.shape[1] != len(names):
        raise ValueError(
            f"values {values.shape} and outputs {outputs.shape} do not fit: (n, {len(names)}) and (n,) or (n, outputs)"
        )
    if len(values) < FEWEST:
        raise ValueError(f"a sample of {len(values)} rows; at least {FEWEST} are needed")
    refuse_non_finite(values, "values of inputs", names)
    refuse_non_finite(outputs, "outputs")
    return values, outputs


def refuse_non_finite(numbers: np.ndarray, what: str, columns: Sequence[str] | None = None) -> None:
    """Stop at numbers that are not finite.

    Parameters
    ----------
    numbers : (n, m) float64
    what : str
        Plural, for the message.
    columns : sequence of str, length m, optional

    Raises
    ------
    NonFiniteError
    """
    wrong = np.argwhere(~np.isfinite(numbers))
    if len(wrong):
        row, column = (int(place) for place in wrong[0])
        label = f"{columns[column]!r}" if columns is not None else f"{column}"
        raise NonFiniteError(
            f"{len(wrong)} of {numbers.size} {what} are not finite, the first ({numbers[row, column]}) in row {row}, "
            f"column {label}"
        )


def parts_of(replicate: np.ndarray | None, rows: int) -> list[np.ndarray]:
    """Rows of each replicate.

    Parameters
    ----------
    replicate : (n,) of labels, or None
        None: all rows in one.
    rows : int

    Returns
    -------
    list of (m,) int

    Raises
    ------
    ValueError
        If there is not one label a row, or a replicate is too small.
    """
    if replicate is None:
        return [np.arange(rows)]
    labels, place = np.unique(np.asarray(replicate), return_inverse=True)
    if place.shape != (rows,):
        raise ValueError(f"labels of replicates have shape {place.shape}; {rows} rows make it ({rows},)")
    parts = [np.flatnonzero(place == label) for label in range(len(labels))]
    small = min(map(len, parts))
    if small < FEWEST:
        raise ValueError(f"a replicate of {small} rows; at least {FEWEST} are needed")
    return parts


def does_not_vary(outputs: np.ndarray) -> np.ndarray:
    """Outputs that move by no more than rounding, (n, q) to (q,) bool."""
    return np.asarray(np.ptp(outputs, axis=0) <= _ROUNDING * np.abs(outputs).max(axis=0))


def normal_interval(value: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """95 % interval of a normal estimate, (...) and (...) to (..., 2)."""
    half_width = _SCORE_95 * np.sqrt(variance)
    return np.stack([value - half_width, value + half_width], axis=-1)


def mean_interval(terms: np.ndarray, parts: Sequence[np.ndarray]) -> np.ndarray:
    """95 % interval of the mean of terms.

    Parameters
    ----------
    terms : (n, ...) float64
    parts : sequence of (m,) int
        Rows of each replicate, see `parts_of`: Student's t over them. With one, all rows are independent: normal.

    Returns
    -------
    (..., 2) float64

    Examples
    --------
    >>> terms = np.array([1.0, 1.0, 3.0, 3.0])
    >>> mean_interval(terms, parts_of(None, 4)).round(2)
    array([0.87, 3.13])
    """
    mean = terms.mean(axis=0)
    if len(parts) > 1:
        return student_t(np.stack([terms[part].mean(axis=0) for part in parts]), mean, COVERAGE)
    return normal_interval(mean, terms.var(axis=0, ddof=1) / len(terms))


def label_outputs(count: int, names: Sequence[str] | None) -> list[str]:
    """Names of outputs: as given, or y; y0, y1 and so on.

    Raises
    ------
    ValueError
        If there are not as many names as outputs.
    """
    if names is None:
        return ["y"] if count == 1 else [f"y{place}" for place in range(count)]
    if len(names) != count:
        raise ValueError(f"{len(names)} names for {count} outputs")
    return list(names)


def labelled(arrays: Arrays, coordinates: dict[str, Any]) -> xr.Dataset:
    """A dataset from arrays with dimensions, unit and long name; `ci_bound` is labelled by itself."""
    import xarray as xr

    data = {
        name: xr.DataArray(array, dims=dims, attrs={"units": units, "long_name": said})
        for name, (array, dims, units, said) in arrays.items()
    }
    bounds = {"ci_bound": list(CI_BOUNDS)} if any("ci_bound" in each.dims for each in data.values()) else {}
    return xr.Dataset(data, coords={**coordinates, **bounds})
