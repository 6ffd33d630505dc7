"""Sums of rows of futures; float is float32 or float64, the same throughout a call."""

from __future__ import annotations

import numpy as np

from .compiling import subroutine


@subroutine
def copy_row(row: np.ndarray, out: np.ndarray) -> None:
    """out = row, each (futures,) float; compiled in less time than an assignment, which can fail on shapes."""
    for future in range(out.shape[0]):
        out[future] = row[future]


@subroutine
def add_row(total: np.ndarray, weight: float, row: np.ndarray) -> None:
    """total += weight * row, each (futures,) float."""
    w = total.dtype.type(weight)
    for future in range(total.shape[0]):
        total[future] += w * row[future]


@subroutine
def add_rows(total: np.ndarray, weight: np.ndarray, rows: np.ndarray, which: np.ndarray) -> None:
    """total += Σ weight[i] * rows[which[i]]; four rows at a time, because the traffic of `total` would dominate.

    Parameters
    ----------
    total : (futures,) float
        Added to.
    weight : (n,) float
    rows : (rows, futures) float
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


@subroutine
def combine_rows(total: np.ndarray, weight: np.ndarray, rows: np.ndarray, which: np.ndarray) -> None:
    """total = Σ weight[i] * rows[which[i]]; see `add_rows`, for which the first four need no zeros to be added to."""
    if which.shape[0] < 4:
        total[:] = 0.0
        add_rows(total, weight, rows, which)
        return
    w0, w1, w2, w3 = weight[0], weight[1], weight[2], weight[3]
    r0, r1, r2, r3 = rows[which[0]], rows[which[1]], rows[which[2]], rows[which[3]]
    for future in range(total.shape[0]):
        total[future] = w0 * r0[future] + w1 * r1[future] + w2 * r2[future] + w3 * r3[future]
    add_rows(total, weight[4:], rows, which[4:])


@subroutine
def add_scaled(total: np.ndarray, weight: float, left: np.ndarray, right: np.ndarray) -> None:
    """total += weight * left * right, each (futures,) float."""
    w = total.dtype.type(weight)
    for future in range(total.shape[0]):
        total[future] += w * left[future] * right[future]


@subroutine
def add_products(
    total: np.ndarray,
    weight: np.ndarray,
    left: np.ndarray,
    which_left: np.ndarray,
    right: np.ndarray,
    which_right: np.ndarray,
) -> None:
    """total += Σ weight[i] * left[which_left[i]] * right[which_right[i]]; two products at a time.

    Parameters
    ----------
    total : (futures,) float
        Added to.
    weight : (n,) float
    left, right : (rows, futures) float
    which_left, which_right : (n,) int64
    """
    n = weight.shape[0]
    twos = n - n % 2
    for i in range(0, twos, 2):
        w0, w1 = weight[i], weight[i + 1]
        a0, b0 = left[which_left[i]], right[which_right[i]]
        a1, b1 = left[which_left[i + 1]], right[which_right[i + 1]]
        for future in range(total.shape[0]):
            total[future] += w0 * a0[future] * b0[future] + w1 * a1[future] * b1[future]
    for i in range(twos, n):
        add_scaled(total, weight[i], left[which_left[i]], right[which_right[i]])


@subroutine
def combine_products(
    total: np.ndarray,
    weight: np.ndarray,
    left: np.ndarray,
    which_left: np.ndarray,
    right: np.ndarray,
    which_right: np.ndarray,
) -> None:
    """total = Σ weight[i] * left[which_left[i]] * right[which_right[i]]; see `add_products`."""
    if weight.shape[0] == 0:
        total[:] = 0.0
        return
    w, a, b = weight[0], left[which_left[0]], right[which_right[0]]
    for future in range(total.shape[0]):
        total[future] = w * a[future] * b[future]
    add_products(total, weight[1:], left, which_left[1:], right, which_right[1:])


@subroutine
def affine(coefficients: np.ndarray, deviation: np.ndarray, out: np.ndarray) -> None:
    """Lines in the drivers of growth.

    Parameters
    ----------
    coefficients : (rows, 1 + D) float
        Constant, and slope in each driver.
    deviation : (D, futures) float
        Drivers less their references.
    out : (rows, futures) float
        Filled.
    """
    which = np.arange(deviation.shape[0])
    for row in range(coefficients.shape[0]):
        out[row, :] = coefficients[row, 0]
        add_rows(out[row], coefficients[row, 1:], deviation, which)


@subroutine
def add_affine_product(
    total: np.ndarray, coefficients: np.ndarray, deviation: np.ndarray, row: np.ndarray, part: np.ndarray
) -> None:
    """`add_affine_products` of one row; coefficients (1 + D,), row (futures,) float."""
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


@subroutine
def add_affine_products(
    total: np.ndarray,
    coefficients: np.ndarray,
    deviation: np.ndarray,
    rows: np.ndarray,
    which: np.ndarray,
    part: np.ndarray,
) -> None:
    """total += Σ rows[c] * (c_0 + Σ_d c_(1+d) deviation_d) over the rows `which`.

    For four drivers, the usual number, in one pass for three rows: twice as fast as a pass for each.

    Parameters
    ----------
    total : (futures,) float
        Added to.
    coefficients : (1 + D, C) float
        Of each row.
    deviation : (D, futures) float
    rows : (C, futures) float
    which : (n,) int64
    part : (futures,) float
        Scratch.
    """
    n = which.shape[0]
    done = 0
    if deviation.shape[0] == 4:
        d1, d2, d3, d4 = deviation[0], deviation[1], deviation[2], deviation[3]
        done = n - n % 3
        for i in range(0, done, 3):
            r, s, t = rows[which[i]], rows[which[i + 1]], rows[which[i + 2]]
            a, b, c = coefficients[:, which[i]], coefficients[:, which[i + 1]], coefficients[:, which[i + 2]]
            a0, a1, a2, a3, a4 = a[0], a[1], a[2], a[3], a[4]
            b0, b1, b2, b3, b4 = b[0], b[1], b[2], b[3], b[4]
            c0, c1, c2, c3, c4 = c[0], c[1], c[2], c[3], c[4]
            for future in range(total.shape[0]):
                x1, x2, x3, x4 = d1[future], d2[future], d3[future], d4[future]
                first = r[future] * (a0 + a1 * x1 + a2 * x2 + a3 * x3 + a4 * x4)
                second = s[future] * (b0 + b1 * x1 + b2 * x2 + b3 * x3 + b4 * x4)
                total[future] += first + second + t[future] * (c0 + c1 * x1 + c2 * x2 + c3 * x3 + c4 * x4)
    for i in range(done, n):
        add_affine_product(total, coefficients[:, which[i]], deviation, rows[which[i]], part)
