"""What each category contributes to an output: in the mean, along with the output, and in its two tails."""

from __future__ import annotations

import numpy as np

from .compiling import subroutine
from .rows import add_rows
from .structure import Point, Structure


@subroutine
def mark_tails(
    output: np.ndarray, centre: float, tails: np.ndarray, below: np.ndarray, above: np.ndarray, counts: np.ndarray
) -> None:
    """Which futures lie in the tails of one output.

    Parameters
    ----------
    output : (futures,) float64
        Centred.
    centre : float
    tails : (2,) float64
        Upper end of the lower tail and lower end of the upper one.
    below, above : (futures,) float64
        Filled with 0 and 1.
    counts : (2, 2) float64
        Number of futures and sum of the output in each tail; added to.
    """
    low, high = tails[0] - centre, tails[1] - centre
    count_low, count_high, sum_low, sum_high = 0.0, 0.0, 0.0, 0.0
    for future in range(output.shape[0]):
        y = output[future]
        in_low, in_high = 1.0 if y <= low else 0.0, 1.0 if y >= high else 0.0
        below[future] = in_low
        above[future] = in_high
        count_low += in_low
        count_high += in_high
        sum_low += in_low * (y + centre)
        sum_high += in_high * (y + centre)
    counts[0, 0] += count_low
    counts[0, 1] += sum_low
    counts[1, 0] += count_high
    counts[1, 1] += sum_high


@subroutine
def add_contribution(
    relative_path: np.ndarray,
    level: np.ndarray,
    tilt: np.ndarray,
    grown: float,
    output: np.ndarray,
    marks: tuple[np.ndarray, np.ndarray],
    sums: np.ndarray,
) -> None:
    """Sums of what one category contributes to one output: itself, times the output, in the two tails; sums (4,)."""
    below, above = marks
    s0, s1, s2, s3 = 0.0, 0.0, 0.0, 0.0
    for future in range(level.shape[0]):
        contribution = relative_path[future] * (level[future] + grown * tilt[future])
        s0 += contribution
        s1 += contribution * output[future]
        s2 += contribution * below[future]
        s3 += contribution * above[future]
    sums[0] += s0
    sums[1] += s1
    sums[2] += s2
    sums[3] += s3


@subroutine
def add_allocation(
    point: Point,
    coefficients: np.ndarray,
    s: Structure,
    output: np.ndarray,
    centre: np.ndarray,
    tails: np.ndarray,
    sums: tuple[np.ndarray, np.ndarray],
) -> None:
    """What each category contributes to the outputs of one scope.

    Parameters
    ----------
    point : Point
    coefficients : (2 + D, C) float64
    s : Structure
    output : (years, futures) float64
        Centred.
    centre : (years,) float64
    tails : (years, 2) float64
        The 5 and 95 % quantiles of the outputs.
    sums : tuple
        (years, C, 4) float64: contribution; contribution times centred output; contribution in the lower and in the upper
        tail. (years, 2, 2) float64: see `mark_tails`. Both added to.
    """
    contributions, tail_counts = sums
    years, futures = output.shape
    level, tilt = np.empty(futures), np.empty(futures)
    below, above = np.empty((years, futures)), np.empty((years, futures))
    which = np.arange(point.deviation.shape[0])
    for y in range(years):
        mark_tails(output[y], centre[y], tails[y], below[y], above[y], tail_counts[y])
    for c in range(point.category.shape[0]):
        if coefficients[0, c] == 0.0:
            continue
        tilt[:] = coefficients[1, c]
        add_rows(tilt, coefficients[2:, c], point.deviation, which)
        for future in range(futures):
            level[future] = point.category[c, future] * coefficients[0, c]
            tilt[future] *= point.category[c, future]
        for y in range(years):
            marks = (below[y], above[y])
            add_contribution(point.path[y], level, tilt, s.year_path[y], output[y], marks, contributions[y, c])
