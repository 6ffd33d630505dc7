"""Both points of a block of pairs, with everything that the gradients of the outputs are made from.

Letters: as in `Structure`; Q outputs (a scope in a year), n pairs of a block, M national and barriers and themes. Rows of 2 n
hold a number at A for each pair and then at B. The factor `technology`, which all outputs have, stands with the phase-in
path, not with the terms.

What an output gains by a unit of a category is its slope. Many outputs have the same slope but for a factor: wages by FTE, and
scopes that count the category everywhere. Such outputs share a row of slopes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .compiling import kernel
from .rows import add_rows
from .structure import Structure
from .terms import all_paths, driver_deviation

ROUNDING = 1e-13  # weights that differ by so little, relative to the largest, are the same


class Sides(NamedTuple):
    """Both points of the pairs of a block, with what is made from them.

    Attributes
    ----------
    category : (2, C, n) float64
        Sum of the terms, without technology.
    use : (C, 2 n) float64
        The same without phase-in and the category's own technology.
    ready : (C, 2 n) float64
        The same without phase-in.
    reach : (C, 2 n) float64
        Phase-in times the category's own technology.
    theme_slope : (P, 2 n) float64
        Derivative of category with respect to the theme's factor of a term.
    deviation : (2, D, n) float64
        Drivers of growth less their references.
    path : (2, years, n) float64
    factor : (2, years, n) float64
        Path times technology.
    first_row : (C + 1,) int64
        First row of slopes of each category, and the number of rows.
    scope : (rows,) int64
        The first scope that has the slopes of the row.
    row : (S, C) int64
        Row of slopes in the first year, -1 where the category does not count; further years follow.
    scale : (S, C) float64
        How many times the slopes of the row a scope has.
    slope : (rows, 2 n) float64
    part : (rows, 2 n) float64
        Scratch: something by category, to be summed for each output.
    level : (2, Q, 2 n) float64
        Outputs without their factors; with the point's own workforce table, and with that of the other point.
    output : (2, Q, n) float64
        Centred.
    gap : (Q, n) float64
        Output at B less that at A.
    step : (2 n,) float64
        Scratch: what an input adds; the differences AB - A and BA - B are slope · step.
    change : (n,) float64
        Scratch: (BA - B) - (AB - A).
    common : (M, 2 n) float64
        Scratch: derivatives of one output with respect to the phase-in, barriers and themes.
    """

    category: np.ndarray
    use: np.ndarray
    ready: np.ndarray
    reach: np.ndarray
    theme_slope: np.ndarray
    deviation: np.ndarray
    path: np.ndarray
    factor: np.ndarray
    first_row: np.ndarray
    scope: np.ndarray
    row: np.ndarray
    scale: np.ndarray
    slope: np.ndarray
    part: np.ndarray
    level: np.ndarray
    output: np.ndarray
    gap: np.ndarray
    step: np.ndarray
    change: np.ndarray
    common: np.ndarray


@kernel
def empty_sides(s: Structure, scopes: int, n: int) -> Sides:
    """Room for the pairs of one block."""
    categories, terms, drivers, years = s.phase_in.shape[0], s.term_theme.shape[0], s.driver.shape[0], s.years.shape[0]
    outputs, rows = scopes * years, categories * scopes * years
    common = 1 + s.barrier.shape[0] + s.term_theme_place.max() + 1
    return Sides(
        np.empty((2, categories, n)),
        np.empty((categories, 2 * n)),
        np.empty((categories, 2 * n)),
        np.empty((categories, 2 * n)),
        np.empty((terms, 2 * n)),
        np.empty((2, drivers, n)),
        np.empty((2, years, n)),
        np.empty((2, years, n)),
        np.zeros(categories + 1, np.int64),
        np.empty(rows, np.int64),
        np.empty((scopes, categories), np.int64),
        np.empty((scopes, categories)),
        np.empty((rows, 2 * n)),
        np.empty((rows, 2 * n)),
        np.empty((2, outputs, 2 * n)),
        np.empty((2, outputs, n)),
        np.empty((outputs, n)),
        np.empty(2 * n),
        np.empty(n),
        np.empty((common, 2 * n)),
    )


@kernel
def ratio_of(weights: tuple[np.ndarray, np.ndarray], scope: int, other: int, c: int) -> float:
    """How many times the slopes of another scope a scope has in one category; 0 where they are not in proportion.

    Parameters
    ----------
    weights : ((scopes, 2 + D, C), (scopes, 2 + D, C)) float64
        With the workforce tables of A and of B.
    scope, other, c : int

    Returns
    -------
    float
    """
    whose = 0 if weights[0][other, 0, c] != 0.0 else 1
    ratio = weights[whose][scope, 0, c] / weights[whose][other, 0, c]
    for table in weights:
        largest = 0.0
        for line in range(table.shape[1]):
            largest = max(largest, abs(table[scope, line, c]))
        for line in range(table.shape[1]):
            away = abs(table[scope, line, c] - ratio * table[other, line, c])
            if not away <= ROUNDING * largest:  # nor where a weight is not finite
                return 0.0
    return float(ratio)


@kernel
def counts(weights: np.ndarray, scope: int, c: int) -> bool:
    """Whether a category counts in a scope; weights (scopes, 2 + D, C)."""
    found = False
    for line in range(weights.shape[1]):
        found |= weights[scope, line, c] != 0.0
    return found


@kernel
def share_rows(weights: tuple[np.ndarray, np.ndarray], years: int, x: Sides) -> None:
    """Which outputs share a row of slopes.

    Parameters
    ----------
    weights : tuple
        See `ratio_of`.
    years : int
    x : Sides
        first_row, scope, row and scale are filled.
    """
    rows = 0
    for c in range(x.row.shape[1]):
        x.first_row[c] = rows
        for scope in range(x.row.shape[0]):
            x.row[scope, c], x.scale[scope, c] = -1, 0.0
            if not (counts(weights[0], scope, c) or counts(weights[1], scope, c)):
                continue
            for row in range(x.first_row[c], rows, years):
                ratio = ratio_of(weights, scope, x.scope[row], c)
                if ratio != 0.0:
                    x.row[scope, c], x.scale[scope, c] = row, ratio
                    break
            if x.row[scope, c] < 0:
                x.row[scope, c], x.scale[scope, c] = rows, 1.0
                x.scope[rows : rows + years] = scope
                rows += years
    x.first_row[-1] = rows


@kernel
def adopted_share(values: np.ndarray, row: np.ndarray, c: int, s: Structure, out: np.ndarray) -> None:
    """Phase-in of one category in 2040, (futures,) float64."""
    own, national = values[row[s.phase_in[c]]], values[row[s.national]]
    for future in range(out.shape[0]):
        out[future] = own[future] + national[future]
    add_rows(out, s.barrier_weight[c], values, row[s.barrier])


@kernel
def fill_category(values: np.ndarray, row: np.ndarray, side: int, c: int, s: Structure, x: Sides) -> None:
    """The sum of the terms of one category, what it is made of, and its derivatives with respect to the themes.

    Parameters
    ----------
    values : (2 * inputs, n) float64
    row : (inputs,) int64
    side, c : int
    s : Structure
    x : Sides
        Rows of the category are filled in category, use, ready, reach and theme_slope.
    """
    n = values.shape[1]
    half = slice(side * n, side * n + n)
    category, use, ready, reach = x.category[side, c], x.use[c, half], x.ready[c, half], x.reach[c, half]
    technology_own = values[row[s.technology_own[c]]]
    adopted_share(values, row, c, s, reach)
    for future in range(n):
        reach[future] *= technology_own[future]
        use[future] = 0.0
    for p in range(s.term_start[c], s.term_start[c + 1]):
        slope = x.theme_slope[p, half]
        slope[:] = 0.0
        for task in range(s.task_start[p], s.task_start[p + 1]):
            part, share = s.task_part[task], values[row[s.task_share[task]]]
            if s.task_coefficient[task] < 0:
                for future in range(n):
                    slope[future] += part * share[future]
            else:
                coefficient = values[row[s.task_coefficient[task]]]
                for future in range(n):
                    slope[future] += part * share[future] * coefficient[future]
        if s.term_theme[p] < 0:
            for future in range(n):
                use[future] += slope[future]
        else:
            theme = values[row[s.term_theme[p]]]
            for future in range(n):
                use[future] += slope[future] * theme[future]
                slope[future] *= reach[future]
    for future in range(n):
        ready[future] = use[future] * technology_own[future]
        category[future] = use[future] * reach[future]


@kernel
def fill_side(values: np.ndarray, row: np.ndarray, side: int, s: Structure, x: Sides) -> None:
    """What one point of the pairs is made of.

    Parameters
    ----------
    values : (2 * inputs, n) float64
    row : (inputs,) int64
    side : int
    s : Structure
    x : Sides
        category, use, ready, reach, theme_slope, deviation, path and factor are filled.
    """
    for c in range(s.phase_in.shape[0]):
        fill_category(values, row, side, c, s, x)
    driver_deviation(values, row, s, x.deviation[side])
    all_paths(values[row[s.speed]], s, x.change, x.path[side])
    technology = values[row[s.technology]]
    for year in range(s.years.shape[0]):
        for future in range(technology.shape[0]):
            x.factor[side, year, future] = x.path[side, year, future] * technology[future]


@kernel
def unit_gain(
    weights: np.ndarray, grown: float, deviation: np.ndarray, category: np.ndarray, gain: np.ndarray, part: np.ndarray
) -> None:
    """What one output without its factors gains by a unit of one category, and by all of it; in one pass for four drivers.

    Parameters
    ----------
    weights : (2 + D,) float64
    grown : float
    deviation : (D, n) float64
    category : (n,) float64
    gain, part : (n,) float64
        Filled.
    """
    constant = weights[0] + grown * weights[1]
    if deviation.shape[0] == 4:
        w0, w1, w2, w3 = grown * weights[2], grown * weights[3], grown * weights[4], grown * weights[5]
        d0, d1, d2, d3 = deviation[0], deviation[1], deviation[2], deviation[3]
        for future in range(gain.shape[0]):
            moved = w0 * d0[future] + w1 * d1[future] + w2 * d2[future] + w3 * d3[future]
            gain[future] = constant + moved
            part[future] = category[future] * (constant + moved)
        return
    gain[:] = constant
    add_rows(gain, grown * weights[2:], deviation, np.arange(deviation.shape[0]))
    for future in range(gain.shape[0]):
        part[future] = category[future] * gain[future]


@kernel
def fill_levels(whose: int, weights: tuple[np.ndarray, np.ndarray], s: Structure, x: Sides) -> None:
    """Outputs without their factors, from the parts of the categories.

    Parameters
    ----------
    whose : int
        With the points' own workforce tables, or with those of the other points.
    weights : ((scopes, 2 + D, C), (scopes, 2 + D, C)) float64
        To use at A, and at B.
    s : Structure
    x : Sides
        level is filled, and slope without factors.
    """
    n, years, categories = x.gap.shape[1], s.years.shape[0], x.row.shape[1]
    for c in range(categories):
        for row in range(x.first_row[c], x.first_row[c + 1]):
            grown = s.year_path[(row - x.first_row[c]) % years]
            for side in range(2):
                half, w = slice(side * n, side * n + n), weights[0] if side == 0 else weights[1]
                gain, part = x.slope[row, half], x.part[row, half]
                unit_gain(w[x.scope[row], :, c].copy(), grown, x.deviation[side], x.category[side, c], gain, part)
    for scope in range(x.row.shape[0]):
        counted = np.flatnonzero(x.row[scope] >= 0)
        for year in range(years):
            level = x.level[whose, scope * years + year]
            level[:] = 0.0
            add_rows(level, x.scale[scope][counted], x.part, x.row[scope][counted] + year)


@kernel
def fill_outputs(weights: tuple[np.ndarray, np.ndarray], s: Structure, centre: np.ndarray, x: Sides) -> None:
    """Outputs at both points, and the slopes.

    Parameters
    ----------
    weights : ((scopes, 2 + D, C), (scopes, 2 + D, C)) float64
        With the workforce tables of A and of B.
    s : Structure
    centre : (scopes, years) float64
    x : Sides
        level, output, gap and slope are filled.
    """
    n, years = x.gap.shape[1], s.years.shape[0]
    if s.ensemble.category_level.shape[0] > 1:
        fill_levels(1, (weights[1], weights[0]), s, x)
    fill_levels(0, weights, s, x)
    for c in range(x.row.shape[1]):
        for row in range(x.first_row[c], x.first_row[c + 1]):
            for side in range(2):
                slope, factor = x.slope[row, side * n : side * n + n], x.factor[side, (row - x.first_row[c]) % years]
                for future in range(n):
                    slope[future] *= factor[future]
    for q in range(x.gap.shape[0]):
        middle, a, b, gap = centre[q // years, q % years], x.output[0, q], x.output[1, q], x.gap[q]
        level, factor_a, factor_b = x.level[0, q], x.factor[0, q % years], x.factor[1, q % years]
        for future in range(n):
            a[future] = factor_a[future] * level[future] - middle
            b[future] = factor_b[future] * level[n + future] - middle
            gap[future] = b[future] - a[future]
