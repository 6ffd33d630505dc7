"""What it would be worth to know an input: less variance, and a better decision.

Letters: n rows, k inputs, q outputs, G groups.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from .given_data import Arrays, checked_sample, label_outputs, labelled, mean_interval, parts_of, refuse_non_finite

if TYPE_CHECKING:
    import xarray as xr

FOLDS = 5
ROWS_PER_VALUE = 20  # an input with fewer rows for each of its values is taken for continuous
PIECES = (1, 2, 4, 8, 16)  # of cubic splines, each on knots of the one before
ROWS_PER_PIECE = 10
_SCORE_90 = 1.6448536269514722  # the 95 % quantile of the standard normal
_DEPENDENT = 1e-6  # a function is left out if those before it leave no more than this part of it


def expected_variance_reduction(
    first_order: np.ndarray,
    variance: np.ndarray,
    names: Sequence[str],
    output_names: Sequence[str] | None = None,
    unit: str = "unit of the output",
    dimension: str = "input",
) -> xr.Dataset:
    """What learning an input, or a group, takes off the spread of an output.

    The variance that is left is V (1 - S) in expectation, without any assumption (Saltelli & Tarantola 2002,
    doi:10.1198/016214502388618447). Standard deviation and 90 % interval are those of a normal output whose spread does not
    depend on what is learned; where it does, what is left is on average a little smaller (Jensen's inequality).

    Parameters
    ----------
    first_order : (q, k) or (k,) float64
        First-order indices, closed ones for groups. NaN stays NaN.
    variance : (q,) float64, or a number
    names : sequence of str, length k
        Of the inputs or groups.
    output_names : sequence of str, length q, optional
    unit : str
        Of the outputs.
    dimension : str
        ``input`` or ``group``.

    Returns
    -------
    xarray.Dataset
        On (output, `dimension`): variance_reduction (S V, in squared units), sd_left, sd_reduction and interval_reduction
        (width of the 90 % interval), under the normal approximation. Negative estimates of S are kept; one above 1 leaves
        a standard deviation of 0.

    Raises
    ------
    ValueError
        If shapes do not fit, or a variance is negative.

    Examples
    --------
    >>> table = expected_variance_reduction(np.array([0.75, 0.25]), np.array([4.0]), ["a", "b"])
    >>> table.variance_reduction.values, table.sd_left.values.round(3)
    (array([[3., 1.]]), array([[1.   , 1.732]]))
    """
    first_order, variance = np.atleast_2d(first_order), np.atleast_1d(variance)
    if first_order.shape != (len(variance), len(names)):
        raise ValueError(f"indices {first_order.shape} do not fit {len(variance)} variances and {len(names)} names")
    if (variance < 0).any():
        raise ValueError(f"a variance is negative: {variance.min()}")
    reduction = first_order * variance[:, None]
    sd, left = np.sqrt(variance)[:, None], np.sqrt(np.maximum(variance[:, None] - reduction, 0.0))
    dims, normal = ("output", dimension), "if the output is normal"
    return labelled(
        {
            "variance_reduction": (reduction, dims, f"({unit})²", "Expected reduction of the variance"),
            "sd_left": (left, dims, unit, f"Standard deviation that is left, {normal}"),
            "sd_reduction": (sd - left, dims, unit, f"Reduction of the standard deviation, {normal}"),
            "interval_reduction": (
                2 * _SCORE_90 * (sd - left), dims, unit, f"Reduction of the width of the 90 % interval, {normal}"
            ),
        },
        {"output": label_outputs(len(variance), output_names), dimension: list(names)},
    )  # fmt: skip


def expected_value_of_partial_perfect_information(
    outputs: np.ndarray,
    threshold: float | np.ndarray,
    names: Sequence[str],
    *,
    values: np.ndarray | None = None,
    conditional_means: np.ndarray | None = None,
    output_names: Sequence[str] | None = None,
    replicate: np.ndarray | None = None,
    unit: str = "unit of the output",
) -> xr.Dataset:
    """Value of learning inputs before deciding whether to go: EVPI, and EVPPI of each input or group.

    The payoff of going is the output less the threshold, that of not going 0. Without information one goes if the expected
    output exceeds the threshold; knowing X, if E[Y | X] does. EVPPI is the expected gain of the second decision over the
    first, EVPI that of knowing the output itself (Raiffa & Schlaifer 1961; from one sample: Strong, Oakley & Brennan 2014).

    From `values`, E[Y | X] of a row is regressed without that row, see `cross_fitted_means`, and what is gained is counted in
    the outputs themselves. So noise of the regression is not taken for information: the expectation of the estimate is
    that of the decision rule found, which is at most as good as the best one. From `conditional_means`, as a closed form
    gives them, there is no regression.

    Parameters
    ----------
    outputs : (n,) or (n, q) float64
    threshold : float or (q,) float64
    names : sequence of str
        Of the inputs (length k) or groups (length G).
    values : (n, k) float64, optional
        Of the inputs.
    conditional_means : (G, n) or (G, n, q) float64, optional
        E[Y | inputs of the group] at each row. One of `values` and `conditional_means` is needed.
    output_names : sequence of str, length q, optional
    replicate : (n,) of labels, optional
        As in `simulator.sensitivity.given_data.rank_first_order`.
    unit : str
        Of the outputs.

    Returns
    -------
    xarray.Dataset
        evppi (output, input or group) and evpi (output), with `_ci` (..., ci_bound): 95 %, Student's t over replicates, or
        normal for independent rows; of width 0 where no row of the sample would change the decision. evppi_change and
        evpi_change: how probable it is that what is learned changes the decision. goes (output): 1 if one goes without
        information, else 0; payoff (output): what is expected of that.

    Raises
    ------
    ValueError
        If shapes do not fit, or not exactly one of `values` and `conditional_means` is given.
    NonFiniteError
        If a number is not finite.

    References
    ----------
    Strong, Oakley & Brennan (2014), Medical Decision Making 34, 311-326, doi:10.1177/0272989X13505910.

    Examples
    --------
    A threshold at the mean of a normal output: EVPI is the standard deviation over the square root of 2 pi, 0.40.

    >>> x = np.random.default_rng(3).normal(size=(4000, 2)) * [0.8, 0.6]
    >>> table = expected_value_of_partial_perfect_information(x.sum(axis=1), 0.0, ["a", "b"], values=x)
    >>> table.evpi.values.round(2), table.evppi.values.round(2)
    (array([0.4]), array([[0.33, 0.24]]))
    """
    if values is not None and conditional_means is None:
        values, outputs = checked_sample(values, outputs, names)
        means, paid, dimension = cross_fitted_means(values, outputs), outputs, "input"
    elif conditional_means is not None and values is None:
        means, outputs = _checked_means(conditional_means, outputs, names)
        paid, dimension = means, "group"
    else:
        raise ValueError("give either values of the inputs or conditional means of the groups")
    threshold = np.broadcast_to(np.asarray(threshold, dtype=np.float64), outputs.shape[1:])
    refuse_non_finite(threshold[None], "thresholds")
    parts, margin = parts_of(replicate, len(outputs)), outputs.mean(axis=0) - threshold
    one = ("output",)
    arrays: Arrays = {
        "goes": ((margin > 0) * 1.0, one, "1", "1 if the decision without information is to go, else 0"),
        "payoff": (np.maximum(margin, 0.0), one, unit, "Expected payoff of the decision without information"),
    }
    for name, known, payoff, dims in (
        ("evppi", means, paid, (*one, dimension)),
        ("evpi", outputs, outputs, one),
    ):
        change = (known > threshold) * 1.0 - (margin > 0)  # 1: goes after all, -1: stays after all
        gains = np.moveaxis(change * (payoff - threshold), -2, 0)
        what = f"the {dimension}" if name == "evppi" else "everything"
        title = f"Expected gain from knowing {what} before deciding ({name.upper()})"
        interval = np.moveaxis(mean_interval(gains, parts), -2, 0)
        arrays[name] = (gains.mean(axis=0).T, dims, unit, title)
        arrays[f"{name}_ci"] = (interval, (*dims, "ci_bound"), unit, f"{title}: 95 % interval")
        probability = np.abs(change).mean(axis=-2).T
        arrays[f"{name}_change"] = (probability, dims, "1", f"Probability that knowing {what} changes the decision")
    return labelled(arrays, {"output": label_outputs(len(margin), output_names), dimension: list(names)})


def _checked_means(means: np.ndarray, outputs: np.ndarray, names: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    means, outputs = np.asarray(means, dtype=np.float64), np.asarray(outputs, dtype=np.float64)
    if means.shape != (len(names), *outputs.shape) or outputs.ndim not in (1, 2):
        raise ValueError(f"conditional means {means.shape} do not fit {len(names)} names and outputs {outputs.shape}")
    outputs = outputs.reshape(len(outputs), -1)
    means = means.reshape(len(names), *outputs.shape)
    refuse_non_finite(means.reshape(-1, outputs.shape[1]), "conditional means")
    refuse_non_finite(outputs, "outputs")
    return means, outputs


def cross_fitted_means(values: np.ndarray, outputs: np.ndarray) -> np.ndarray:
    """E[Y | X] at each row for each single input X, from the other rows.

    Rows are dealt into folds in the order of the input; the mean in a fold comes from a regression on all others. The
    regressor is the normal score of the input's rank, so that all inputs share one set of functions: a constant, a line,
    and cubic splines with 1, 2, ..., 16 pieces of equal probability. How many are used is decided for each input, output
    and fold by generalised cross-validation (Craven & Wahba 1978, doi:10.1007/BF01404567). An input with few values has the
    mean of each value in their place.

    Parameters
    ----------
    values : (n, k) float64
    outputs : (n, q) float64

    Returns
    -------
    (k, n, q) float64

    Examples
    --------
    >>> x = np.random.default_rng(4).random((2000, 2))
    >>> means = cross_fitted_means(x, np.sin(6 * x[:, :1]) + x[:, 1:] - 0.5)
    >>> bool(np.abs(means[0] - np.sin(6 * x[:, :1])).mean() < 0.02)
    True
    """
    centre = outputs.mean(axis=0)
    centred, folds = outputs - centre, _spline_folds(len(outputs))
    result = np.empty((values.shape[1], *outputs.shape))
    for place, column in enumerate(values.T):
        order = np.argsort(column, kind="stable")
        known, at = np.unique(column, return_inverse=True)
        few = len(known) <= max(1, len(column) // ROWS_PER_VALUE)
        ordered = centred[order]
        fitted = _value_means(at[order], ordered) if few else _spline_means(folds, ordered)
        result[place][order] = fitted + centre
    return result


@dataclass(frozen=True)
class _Fold:
    """Rows in the order of an input, and functions of their ranks; m rows fitted, K functions.

    Attributes
    ----------
    fitted, out : (m,), (n - m,) int
        Rows fitted, and rows left out.
    functions : (m, K) float64
        Orthonormal over the rows fitted.
    predicted : (n - m, K) float64
        The same functions at the rows left out.
    sizes : (steps,) int
        How many functions there are after each step.
    """

    fitted: np.ndarray
    out: np.ndarray
    functions: np.ndarray
    predicted: np.ndarray
    sizes: np.ndarray


@lru_cache(maxsize=4)
def _spline_folds(rows: int) -> tuple[_Fold, ...]:
    """The same for all inputs of a sample; not to be written to."""
    functions, sizes = _nested_functions(rows)
    folds = []
    for fold in range(FOLDS):
        out = np.arange(rows) % FOLDS == fold
        orthonormal, triangle = np.linalg.qr(functions[~out])
        predicted = functions[out] @ np.linalg.inv(triangle)
        folds.append(_Fold(np.flatnonzero(~out), np.flatnonzero(out), orthonormal, predicted, sizes))
    return tuple(folds)


def _nested_functions(rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Orthonormal functions of the normal score of a rank, (n, K): each step adds to those before."""
    from scipy.interpolate import BSpline
    from scipy.special import ndtri

    score = ndtri((np.arange(rows) + 0.5) / rows)
    functions = np.full((rows, 1), 1 / np.sqrt(rows))
    steps, sizes = [score[:, None]], [1]
    for pieces in (pieces for pieces in PIECES if pieces * ROWS_PER_PIECE <= rows):
        inner = ndtri(np.arange(1, pieces) / pieces)
        knots = np.concatenate([np.repeat(score[0], 4), inner, np.repeat(score[-1], 4)])
        steps.append(BSpline.design_matrix(score, knots, 3).toarray())
    for step in steps:
        added = step / np.linalg.norm(step, axis=0)
        for _ in range(2):  # once is not enough for orthogonality in floating point
            added = added - functions @ (functions.T @ added)
        left, size, _ = np.linalg.svd(added, full_matrices=False)
        functions = np.hstack([functions, left[:, size > _DEPENDENT]])
        sizes.append(functions.shape[1])
    return functions, np.array(sizes)


def _spline_means(folds: Sequence[_Fold], ordered: np.ndarray) -> np.ndarray:
    result = np.empty_like(ordered)
    for fold in folds:
        given = ordered[fold.fitted]
        coefficients = fold.functions.T @ given
        left = (given**2).sum(axis=0) - np.cumsum(coefficients**2, axis=0)[fold.sizes - 1]
        validated = left / (1 - fold.sizes[:, None] / len(given)) ** 2
        used = np.arange(len(coefficients))[:, None] < fold.sizes[np.argmin(validated, axis=0)]
        result[fold.out] = fold.predicted @ np.where(used, coefficients, 0.0)
    return result


def _value_means(at: np.ndarray, ordered: np.ndarray) -> np.ndarray:
    """Means over the rows of equal value in the other folds, or over all of these where that validates better."""
    result, count, fold = np.empty_like(ordered), int(at.max()) + 1, np.arange(len(at)) % FOLDS
    for out in (fold == place for place in range(FOLDS)):
        rows = np.bincount(at[~out], minlength=count)[:, None]
        sums = np.stack([np.bincount(at[~out], column, count) for column in ordered[~out].T], axis=1)
        whole = ordered[~out].mean(axis=0)
        means = np.divide(sums, rows, out=np.tile(whole, (count, 1)), where=rows > 0)
        left, fitted = (ordered[~out] ** 2).sum(axis=0), rows.sum()
        one = (left - fitted * whole**2) / (1 - 1 / fitted) ** 2
        each = (left - (rows * means**2).sum(axis=0)) / (1 - count / fitted) ** 2
        result[out] = np.where(each < one, means[at[out]], whole)
    return result
