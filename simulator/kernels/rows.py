"""Sums of rows of futures."""

from __future__ import annotations

import numpy as np

from .compiling import kernel


@kernel
def add_row(total: np.ndarray, weight: float, row: np.ndarray) -> None:
    """total += weight * row, each (futures,) float64."""
    for future in range(total.shape[0]):
        total[future] += weight * row[future]


@kernel
def add_rows(total: np.ndarray, weight: np.ndarray, rows: np.ndarray, which: np.ndarray) -> None:
    """total += Σ weight[i] * rows[which[i]]; four rows at a time, because the traffic of `total` would dominate.

    Parameters
    ----------
    total : (futures,) float64
        Added to.
    weight : (n,) float64
    rows : (rows, futures) float64
    which : (n,) int64
    """
    n = which.shape[0]
    fours = n - n % 4
    for i in range(0, fours, 4):
        w0, w1, w2, w3 = weight[i], weight[i + 1], weight[i + 2], weight[i + 3]
        r0, r1, r2, r3 = rows[which[i]], rows[which[i + 1]], rows[which[i + 2]], rows[which[i + 3]]
        for future in range(total.shape[0]):
            total[future] += w0 * r0[future] + w1 * r1[future] + w2 * r2[future] + w3 * r3[future]
    for i in range(fours, n):
        add_row(total, weight[i], rows[which[i]])


@kernel
def add_scaled(total: np.ndarray, weight: float, left: np.ndarray, right: np.ndarray) -> None:
    """total += weight * left * right, each (futures,) float64."""
    for future in range(total.shape[0]):
        total[future] += weight * left[future] * right[future]


@kernel
def affine(coefficients: np.ndarray, deviation: np.ndarray, out: np.ndarray) -> None:
    """Lines in the drivers of growth.

    Parameters
    ----------
    coefficients : (rows, 1 + D) float64
        Constant, and slope in each driver.
    deviation : (D, futures) float64
        Drivers less their references.
    out : (rows, futures) float64
        Filled.
    """
    which = np.arange(deviation.shape[0])
    for row in range(coefficients.shape[0]):
        out[row, :] = coefficients[row, 0]
        add_rows(out[row], coefficients[row, 1:], deviation, which)


@kernel
def add_affine_product(
    total: np.ndarray, coefficients: np.ndarray, deviation: np.ndarray, row: np.ndarray, part: np.ndarray
) -> None:
    """total += row * (c_0 + Σ_d c_(1+d) deviation_d); in one pass for four drivers, the usual number.

    Parameters
    ----------
    total : (futures,) float64
        Added to.
    coefficients : (1 + D,) float64
    deviation : (D, futures) float64
    row : (futures,) float64
    part : (futures,) float64
        Scratch.
    """
    if deviation.shape[0] == 4:
        c0, c1, c2, c3, c4 = coefficients[0], coefficients[1], coefficients[2], coefficients[3], coefficients[4]
        d1, d2, d3, d4 = deviation[0], deviation[1], deviation[2], deviation[3]
        for future in range(total.shape[0]):
            slope = c0 + c1 * d1[future] + c2 * d2[future] + c3 * d3[future] + c4 * d4[future]
            total[future] += row[future] * slope
        return
    part[:] = coefficients[0]
    add_rows(part, coefficients[1:], deviation, np.arange(deviation.shape[0]))
    add_scaled(total, 1.0, part, row)
