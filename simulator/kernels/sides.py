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
from .rows import add_products, add_rows, add_scaled, combine_products, combine_rows
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
    slope : (R years, 2 n) float
        Rows of `Shared`, each in all years.
    part : (R years, 2 n) float
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


@subroutine
def empty_sides(s: Structure, inputs: int, scopes: int, n: int) -> Sides:
    """Room for the pairs of one block."""
    categories, drivers, years = s.phase_in.shape[0], s.driver.shape[0], s.years.shape[0]
    outputs, slopes = scopes * years, categories * scopes * years
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
        np.empty((slopes, 2 * n), number),
        np.empty((slopes, 2 * n), number),
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
    number = value.dtype.type
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
                add_scaled(use, number(1.0), freed, theme)
            multiply(freed, reach, x.theme_slope[p])
            multiply(theme, reach, x.themed[p])
        multiply(use, own, x.ready[c])
        multiply(use, adopted, x.unowned[c])
        multiply(use, reach, x.category[c])
    driver_deviation(value, np.arange(value.shape[0]), s, x.deviation)
    all_paths(value[s.speed], s, freed, x.path)
    for year in range(s.years.shape[0]):
        multiply(x.path[year], value[s.technology], x.factor[year])


@subroutine
def slope_row(
    weight: np.ndarray, grown: float, rows: np.ndarray, which: np.ndarray, factor: np.ndarray, slope: np.ndarray
) -> None:
    """What an output gains by a unit of a category in one year; in one pass for four drivers, the usual number.

    Parameters
    ----------
    weight : (2 + D,) float
        Of the category in 2023, of its growth to 2040, and of each driver's deviation.
    grown : float
        Part of the growth that has come by the year.
    rows : (rows, n) float
    which : (D,) int64
        Rows that hold the deviations of the drivers.
    factor : (n,) float
        Times all.
    slope : (n,) float
        Filled.
    """
    constant = weight[0] + grown * weight[1]
    if which.shape[0] == 4:
        w0, w1, w2, w3 = grown * weight[2], grown * weight[3], grown * weight[4], grown * weight[5]
        d0, d1, d2, d3 = rows[which[0]], rows[which[1]], rows[which[2]], rows[which[3]]
        for future in range(slope.shape[0]):
            moved = w0 * d0[future] + w1 * d1[future] + w2 * d2[future] + w3 * d3[future]
            slope[future] = factor[future] * (constant + moved)
        return
    slope[:] = constant
    add_rows(slope, grown * weight[2:], rows, which)
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
    deviation, of_drivers = x.deviation.reshape((2 * drivers, n)), 2 * np.arange(drivers)
    factor, slope = x.factor.reshape((2 * years, n)), x.slope.reshape((2 * x.slope.shape[0], n))
    for side in range(2):
        weight, which = shared.row_weight[side], of_drivers + side
        for year in range(years):
            for row in range(shared.first_row[-1]):
                out = slope[2 * (row * years + year) + side]
                slope_row(weight[row], s.year_path[year], deviation, which, factor[2 * year + side], out)
    for c in range(s.phase_in.shape[0]):
        for row in range(shared.first_row[c] * years, shared.first_row[c + 1] * years):
            multiply(x.slope[row], x.ready[c], x.part[row])


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
    level, every = x.level[whose].reshape((2 * x.gap.shape[0], n)), np.arange(drivers)
    for scope in range(shared.counted.shape[0]):
        count = shared.counted[scope]
        for side in range(2):
            weight = shared.weight[side if whose == 0 else 1 - side, scope]
            rows = 2 * shared.category[scope, :count] + side
            for d in range(drivers):
                out = line[2 * (scope * drivers + d) + side]
                combine_rows(out, weight[2 + d, :count], category, rows)
            for year in range(years):
                out = level[2 * (scope * years + year) + side]
                combine_rows(out, weight[0, :count] + s.year_path[year] * weight[1, :count], category, rows)
        for year in range(years):
            grown, lines = np.full(drivers, s.year_path[year]), scope * drivers + every
            add_products(x.level[whose, scope * years + year], grown, x.deviation, every, x.line, lines)


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
def fill_common(scope: int, year: int, s: Structure, shared: Shared, x: Sides) -> None:
    """Derivatives of one output with respect to the phase-in of all, barriers and themes.

    Parameters
    ----------
    scope, year : int
    s : Structure
    shared : Shared
    x : Sides
        common is filled.
    """
    years, count, first = s.years.shape[0], shared.counted[scope], shared.first_product[scope]
    rows, slopes = shared.row[scope, :count] * years + year, shared.product_row[scope] * years + year
    scale, terms, product_scale = shared.common_scale[scope], shared.product_term[scope], shared.product_scale[scope]
    common, part, slope, theme_slope = x.common, x.part, x.slope, x.theme_slope
    for m in range(scale.shape[0]):
        combine_rows(common[m], scale[m, :count], part, rows)
    for theme in range(first.shape[0] - 1):
        these, m = slice(first[theme], first[theme + 1]), scale.shape[0] + theme
        combine_products(common[m], product_scale[these], slope, slopes[these], theme_slope, terms[these])
