"""Both points of a block of pairs, with everything that the gradients of the outputs are made from.

Letters: as in `Structure`; Q outputs (a scope in a year), n futures of a block, M national and barriers and themes. Axes of
length 2 are A and B. The factor `technology`, which all outputs have, stands with the phase-in path, not with the terms.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .compiling import kernel
from .pick_freeze import scope_lines, scope_tilt
from .rows import add_rows
from .structure import Structure
from .terms import all_paths, driver_deviation


class Sides(NamedTuple):
    """Both points of the pairs of a block, with what is made from them.

    Attributes
    ----------
    category : (2, C, n) float64
        Sum of the terms, without technology.
    use : (2, C, n) float64
        The same without phase-in and the category's own technology.
    theme_slope : (2, P, n) float64
        Its derivative with respect to the theme's factor of a term.
    deviation : (2, D, n) float64
        Drivers of growth less their references.
    path : (2, years, n) float64
    line : (2, 2, scopes, 2 + D, n) float64
        See `simulator.kernels.pick_freeze`; second axis: with the point's own workforce table, with that of the other.
    tilt : (2, 2, scopes, n) float64
        What growth adds by 2040; likewise.
    output : (2, Q, n) float64
        Centred.
    gap : (Q, n) float64
        Output at B less that at A.
    factor : (2, years, n) float64
        Path times technology.
    slope : (Q, 2, n) float64
        Scratch: what the outputs gain by a unit of one category.
    step : (2, n) float64
        Scratch: what an input adds to the category; the differences AB - A and BA - B are slope · step.
    common : (M, 2, n) float64
        Scratch: derivatives of one output with respect to the phase-in, barriers and themes.
    """

    category: np.ndarray
    use: np.ndarray
    theme_slope: np.ndarray
    deviation: np.ndarray
    path: np.ndarray
    line: np.ndarray
    tilt: np.ndarray
    output: np.ndarray
    gap: np.ndarray
    factor: np.ndarray
    slope: np.ndarray
    step: np.ndarray
    common: np.ndarray


@kernel
def empty_sides(s: Structure, scopes: int, n: int) -> Sides:
    """Room for the pairs of one block."""
    categories, terms, drivers, years = s.phase_in.shape[0], s.term_theme.shape[0], s.driver.shape[0], s.years.shape[0]
    common = 1 + s.barrier.shape[0] + s.term_theme_place.max() + 1
    return Sides(
        np.empty((2, categories, n)),
        np.empty((2, categories, n)),
        np.empty((2, terms, n)),
        np.empty((2, drivers, n)),
        np.empty((2, years, n)),
        np.empty((2, 2, scopes, 2 + drivers, n)),
        np.empty((2, 2, scopes, n)),
        np.empty((2, scopes * years, n)),
        np.empty((scopes * years, n)),
        np.empty((2, years, n)),
        np.empty((scopes * years, 2, n)),
        np.empty((2, n)),
        np.empty((common, 2, n)),
    )


@kernel
def adopted_share(values: np.ndarray, row: np.ndarray, c: int, s: Structure, out: np.ndarray) -> None:
    """Phase-in of one category in 2040, (futures,) float64."""
    own, national = values[row[s.phase_in[c]]], values[row[s.national]]
    for future in range(out.shape[0]):
        out[future] = own[future] + national[future]
    add_rows(out, s.barrier_weight[c], values, row[s.barrier])


@kernel
def fill_category(values: np.ndarray, row: np.ndarray, side: int, c: int, s: Structure, x: Sides) -> None:
    """The sum of the terms of one category, its use, and its derivatives with respect to the themes.

    Parameters
    ----------
    values : (2 * inputs, n) float64
    row : (inputs,) int64
    side, c : int
    s : Structure
    x : Sides
        Rows of the category are filled in category, use and theme_slope.
    """
    n = values.shape[1]
    category, use, technology_own = x.category[side, c], x.use[side, c], values[row[s.technology_own[c]]]
    adopted_share(values, row, c, s, category)
    use[:] = 0.0
    for p in range(s.term_start[c], s.term_start[c + 1]):
        slope = x.theme_slope[side, p]
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
        for future in range(n):
            slope[future] *= category[future] * technology_own[future]
    for future in range(n):
        category[future] *= use[future] * technology_own[future]


@kernel
def fill_side(
    values: np.ndarray,
    row: np.ndarray,
    side: int,
    s: Structure,
    coefficients: tuple[np.ndarray, np.ndarray],
    centre: np.ndarray,
    x: Sides,
) -> None:
    """Everything at one point of the pairs.

    Parameters
    ----------
    values : (2 * inputs, n) float64
    row : (inputs,) int64
    side : int
    s : Structure
    coefficients : ((scopes, 2 + D, C), (scopes, 2 + D, C)) float64
        With the point's own workforce table, and with that of the other point.
    centre : (scopes, years) float64
    x : Sides
        Filled, but for gap and scratch.
    """
    scopes, years = centre.shape
    for c in range(s.phase_in.shape[0]):
        fill_category(values, row, side, c, s, x)
    driver_deviation(values, row, s, x.deviation[side])
    all_paths(values[row[s.speed]], s, x.step[0], x.path[side])
    technology = values[row[s.technology]]
    for year in range(years):
        for future in range(technology.shape[0]):
            x.factor[side, year, future] = x.path[side, year, future] * technology[future]
    for scope in range(scopes):
        for whose in range(2 if s.ensemble.category_level.shape[0] > 1 else 1):
            scope_lines(x.category[side], coefficients[whose][scope], x.line[side, whose, scope])
            scope_tilt(x.line[side, whose, scope], x.deviation[side], x.tilt[side, whose, scope])
        level, tilt = x.line[side, 0, scope, 0], x.tilt[side, 0, scope]
        for year in range(years):
            grown, middle = s.year_path[year], centre[scope, year]
            factor, out = x.factor[side, year], x.output[side, scope * years + year]
            for future in range(out.shape[0]):
                out[future] = factor[future] * (level[future] + grown * tilt[future]) - middle


@kernel
def output_slope(
    weights: np.ndarray, c: int, deviation: np.ndarray, factor: np.ndarray, grown: float, out: np.ndarray
) -> None:
    """What one output gains by a unit of one category; in one pass for four drivers, the usual number.

    Parameters
    ----------
    weights : (2 + D, C) float64
    c : int
    deviation : (D, n) float64
    factor : (n,) float64
        Phase-in path times technology.
    grown : float
    out : (n,) float64
        Filled.
    """
    constant = weights[0, c] + grown * weights[1, c]
    if deviation.shape[0] == 4:
        w0, w1, w2, w3 = grown * weights[2, c], grown * weights[3, c], grown * weights[4, c], grown * weights[5, c]
        for future in range(out.shape[0]):
            moved = w0 * deviation[0, future] + w1 * deviation[1, future]
            moved += w2 * deviation[2, future] + w3 * deviation[3, future]
            out[future] = factor[future] * (constant + moved)
        return
    out[:] = constant
    for d in range(deviation.shape[0]):
        weight = grown * weights[2 + d, c]
        for future in range(out.shape[0]):
            out[future] += weight * deviation[d, future]
    for future in range(out.shape[0]):
        out[future] *= factor[future]
