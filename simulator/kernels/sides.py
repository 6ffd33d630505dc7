"""Both points of a block of pairs, with everything that the gradients of the outputs are made from.

Letters: as in `Structure`; Q outputs (a scope in a year), K themes, R rows of slopes of `Shared`, n pairs of a block. Rows of
2 n hold a number at A for each pair and then at B; float is float32 or float64, as the numbers of `Structure` are. The factor
`technology`, which all outputs have, stands with the phase-in path, not with the terms.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .compiling import subroutine
from .places import first_rows
from .rows import add_row, add_rows, add_scaled, combine_products, combine_rows
from .sharing import Shared
from .structure import Structure
from .terms import all_paths, driver_deviation


class Sides(NamedTuple):
    """Both points of the pairs of a block, with what is made from them.

    Attributes
    ----------
    row : (rows, 2 n) float
        The next six in one array.
    value : (inputs + 1, 2 n) float
        The last row is ones, for an input that is not there.
    ready : (C, 2 n) float
        Sum of the terms of a category without phase-in and technology, times the category's own technology.
    unowned : (C, 2 n) float
        The same with phase-in, but without the category's own technology.
    category : (C, 2 n) float
        The same with both.
    themed : (P, 2 n) float
        Phase-in and the category's own technology times the theme of the term.
    theme_slope : (P, 2 n) float
        Derivative of category with respect to the theme's factor of a term.
    deviation : (D, 2 n) float
        Drivers of growth less their references.
    path, factor : (years, 2 n) float
        Path, and path times technology.
    slope : (years, R, 2 n) float
        Rows of `Shared`.
    part : (years, R, 2 n) float
        What the category's output gains by a unit of its phase-in.
    line : (S D, 2 n) float
        What a scope gains by a unit of growth of a driver, without factor.
    level : (2, Q, 2 n) float
        Outputs without factor; with the point's own workforce table, and with that of the other point.
    gap : (Q, n) float
        Output at B less that at A.
    common : (1 + B + K, 2 n) float
        Derivatives of one output with respect to national, barriers and themes.
    step : (1 + B + K, 2 n) float
        How far an input moves from A to B, times what its slope has as factors: the differences AB - A and BA - B of an
        output are slope · step at A, and - slope · step at B.
    scratch : (4, 2 n) float
    """

    row: np.ndarray
    value: np.ndarray
    ready: np.ndarray
    unowned: np.ndarray
    category: np.ndarray
    themed: np.ndarray
    theme_slope: np.ndarray
    deviation: np.ndarray
    path: np.ndarray
    factor: np.ndarray
    slope: np.ndarray
    part: np.ndarray
    line: np.ndarray
    level: np.ndarray
    gap: np.ndarray
    common: np.ndarray
    step: np.ndarray
    scratch: np.ndarray


def empty_sides(s: Structure, inputs: int, scopes: int, n: int) -> Sides:
    """Room for the pairs of one block."""
    categories, drivers, years = s.phase_in.shape[0], s.driver.shape[0], s.years.shape[0]
    outputs, slopes = scopes * years, categories * scopes
    common = 1 + s.barrier.shape[0] + s.term_theme_place.max() + 1
    ready, unowned, category, themed, theme_slope, end = first_rows(s, inputs)
    number = s.task_part.dtype
    row = np.ones((end, 2 * n), number)
    return Sides(
        row,
        row[:ready],
        row[ready:unowned],
        row[unowned:category],
        row[category:themed],
        row[themed:theme_slope],
        row[theme_slope:],
        np.empty((drivers, 2 * n), number),
        np.empty((years, 2 * n), number),
        np.empty((years, 2 * n), number),
        np.empty((years, slopes, 2 * n), number),
        np.empty((years, slopes, 2 * n), number),
        np.empty((scopes * drivers, 2 * n), number),
        np.empty((2, outputs, 2 * n), number),
        np.empty((outputs, n), number),
        np.empty((common, 2 * n), number),
        np.empty((common, 2 * n), number),
        np.empty((4, 2 * n), number),
    )


@subroutine
def multiply(left: np.ndarray, right: np.ndarray, product: np.ndarray) -> None:
    """product = left · right, rows of one length of float."""
    for future in range(product.shape[0]):
        product[future] = left[future] * right[future]


@subroutine
def fill_points(s: Structure, x: Sides) -> None:
    """What the points are made of, from the values of the inputs.

    Parameters
    ----------
    s : Structure
    x : Sides
        ready to theme_slope are filled, deviation, path and factor.
    """
    value, freed, use, adopted, reach = x.value, x.scratch[0], x.scratch[1], x.scratch[2], x.scratch[3]
    for c in range(s.phase_in.shape[0]):
        phase_in, national, own = value[s.phase_in[c]], value[s.national], value[s.technology_own[c]]
        for future in range(use.shape[0]):
            adopted[future] = phase_in[future] + national[future]
        add_rows(adopted, s.barrier_weight[c], value, s.barrier)
        multiply(adopted, own, reach)
        for p in range(s.term_start[c], s.term_start[c + 1]):
            theme, tasks = value[s.term_theme[p]], slice(s.task_start[p], s.task_start[p + 1])
            combine_products(freed, s.task_part[tasks], value, s.task_share[tasks], value, s.task_coefficient[tasks])
            if p == s.term_start[c]:
                multiply(freed, theme, use)
            else:
                add_scaled(use, 1.0, freed, theme)
            multiply(freed, reach, x.theme_slope[p])
            multiply(theme, reach, x.themed[p])
        multiply(use, own, x.ready[c])
        multiply(use, adopted, x.unowned[c])
        multiply(use, reach, x.category[c])
    driver_deviation(value, s.driver, s, x.deviation)
    all_paths(value[s.speed], s, freed, x.path)
    for year in range(s.years.shape[0]):
        multiply(x.path[year], value[s.technology], x.factor[year])


@subroutine
def slope_row(
    weight: np.ndarray, grown: float, deviation: np.ndarray, side: int, factor: np.ndarray, slope: np.ndarray
) -> None:
    """What an output gains by a unit of a category in one year; in one pass for four drivers, the usual number.

    Parameters
    ----------
    weight : (2 + D,) float
        Of the category in 2023, of its growth to 2040, and of each driver's deviation.
    grown : float
        Part of the growth that has come by the year.
    deviation : (2 D, n) float
        Of each driver at A and at B.
    side : int
    factor : (n,) float
        Times all.
    slope : (n,) float
        Filled.
    """
    constant = weight[0] + grown * weight[1]
    if deviation.shape[0] == 8:
        w0, w1, w2, w3 = grown * weight[2], grown * weight[3], grown * weight[4], grown * weight[5]
        d0, d1, d2, d3 = deviation[side], deviation[2 + side], deviation[4 + side], deviation[6 + side]
        for future in range(slope.shape[0]):
            moved = w0 * d0[future] + w1 * d1[future] + w2 * d2[future] + w3 * d3[future]
            slope[future] = factor[future] * (constant + moved)
        return
    slope[:] = constant
    for d in range(deviation.shape[0] // 2):
        add_row(slope, grown * weight[2 + d], deviation[2 * d + side])
    multiply(slope, factor, slope)


@subroutine
def fill_slopes(s: Structure, shared: Shared, x: Sides) -> None:
    """Slopes of all rows, and what they gain by phase-in.

    Parameters
    ----------
    s : Structure
    shared : Shared
    x : Sides
        slope and part are filled.
    """
    n, years, drivers = x.gap.shape[1], s.years.shape[0], s.driver.shape[0]
    deviation, factor = x.deviation.reshape((2 * drivers, n)), x.factor.reshape((2 * years, n))
    for year in range(years):
        slope, part = x.slope[year].reshape((2 * x.slope.shape[1], n)), x.part[year]
        for side in range(2):
            for row in range(shared.first_row[-1]):
                weight, out = shared.row_weight[side, row], slope[2 * row + side]
                slope_row(weight, s.year_path[year], deviation, side, factor[2 * year + side], out)
        for c in range(s.phase_in.shape[0]):
            for row in range(shared.first_row[c], shared.first_row[c + 1]):
                multiply(x.slope[year, row], x.ready[c], part[row])


@subroutine
def fill_levels(whose: int, s: Structure, shared: Shared, x: Sides) -> None:
    """Outputs without factor, from the categories.

    Parameters
    ----------
    whose : int
        0: with the points' own workforce tables, 1: with those of the other points.
    s : Structure
    shared : Shared
    x : Sides
        level is filled, and line.
    """
    n, years, drivers = x.gap.shape[1], s.years.shape[0], s.driver.shape[0]
    category, line = x.category.reshape((2 * s.phase_in.shape[0], n)), x.line.reshape((2 * x.line.shape[0], n))
    level = x.level[whose].reshape((2 * x.gap.shape[0], n))
    for scope in range(shared.counted.shape[0]):
        count = shared.counted[scope]
        for side in range(2):
            table, rows = side if whose == 0 else 1 - side, shared.category_row[side, scope, :count]
            weight, year_weight = shared.weight[table, scope], shared.year_weight[table, scope]
            for d in range(drivers):
                out = line[2 * (scope * drivers + d) + side]
                combine_rows(out, weight[2 + d, :count], category, rows)
            for year in range(years):
                out = level[2 * (scope * years + year) + side]
                combine_rows(out, year_weight[year, :count], category, rows)
        for year in range(years):
            for d in range(drivers):
                out = x.level[whose, scope * years + year]
                add_scaled(out, s.year_path[year], x.deviation[d], x.line[scope * drivers + d])


@subroutine
def fill_outputs(s: Structure, shared: Shared, x: Sides) -> None:
    """Outputs, their slopes, and how far the outputs are apart.

    Parameters
    ----------
    s : Structure
    shared : Shared
    x : Sides
        slope, part, line, level and gap are filled.
    """
    n, years = x.gap.shape[1], s.years.shape[0]
    fill_slopes(s, shared, x)
    if s.ensemble.category_level.shape[0] > 1:
        fill_levels(1, s, shared, x)
    fill_levels(0, s, shared, x)
    for q in range(x.gap.shape[0]):
        level, factor, gap = x.level[0, q], x.factor[q % years], x.gap[q]
        for future in range(n):
            gap[future] = factor[n + future] * level[n + future] - factor[future] * level[future]


@subroutine
def fill_common(scope: int, year: int, shared: Shared, x: Sides) -> None:
    """Derivatives of one output with respect to the phase-in of all, barriers and themes.

    Parameters
    ----------
    scope, year : int
    shared : Shared
    x : Sides
        common is filled.
    """
    count, first = shared.counted[scope], shared.first_product[scope]
    rows, slopes = shared.row[scope, :count], shared.product_row[scope]
    scale, terms, product_scale = shared.common_scale[scope], shared.product_term[scope], shared.product_scale[scope]
    common, part, slope, theme_slope = x.common, x.part[year], x.slope[year], x.theme_slope
    for m in range(scale.shape[0]):
        combine_rows(common[m], scale[m, :count], part, rows)
    for theme in range(first.shape[0] - 1):
        these, m = slice(first[theme], first[theme + 1]), scale.shape[0] + theme
        combine_products(common[m], product_scale[these], slope, slopes[these], theme_slope, terms[these])
