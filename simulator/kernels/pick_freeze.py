"""A chunk of pairs of points and their pick-freeze hybrids into sums of products.

Every output is linear in the sums of terms of the categories. A hybrid point changes the terms of a few categories only,
so its outputs follow from those of the pair by differences.

Rows of `line`, for FTE or wages of one scope: level in 2023, growth at the references of the drivers, growth by each driver.
"""

from __future__ import annotations

import numpy as np

from .allocation import add_allocation
from .compiling import kernel, subroutine
from .pair_sums import add_hybrid_sums, add_pair_sums
from .propagation import draw_block, empty_draw
from .rows import add_affine_products, add_rows, add_scaled, copy_row
from .structure import Point, Structure
from .terms import adoption, adoption_moved, all_paths, category_use, driver_deviation, use_moved


@subroutine
def nonzero(values: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Places where the values are not 0, among some; (n,) int64. Compiled in less time than numpy's."""
    found, count = np.empty(among.shape[0], np.int64), 0
    for place in among:
        if values[place] != 0:
            found[count] = place
            count += 1
    return found[:count]


@subroutine
def picked(values: np.ndarray, which: np.ndarray) -> np.ndarray:
    """values[which], (n,) float64."""
    result = np.empty(which.shape[0])
    for place in range(which.shape[0]):
        result[place] = values[which[place]]
    return result


@subroutine
def mixed_rows(group: np.ndarray, own: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Row of each input at a hybrid point: those of the group from the other point; all (inputs,), rows int64."""
    row = np.empty(group.shape[0], np.int64)
    for i in range(group.shape[0]):
        row[i] = other[i] if group[i] else own[i]
    return row


@subroutine
def scope_lines(category: np.ndarray, coefficients: np.ndarray, line: np.ndarray) -> None:
    """Lines of all scopes from the sums of the categories.

    Parameters
    ----------
    category : (C, futures) float64
    coefficients : (rows, C) float64
    line : (rows, futures) float64
        Filled.
    """
    line[:] = 0.0
    which = np.arange(category.shape[0])
    for row in range(coefficients.shape[0]):
        add_rows(line[row], coefficients[row], category, which)


@subroutine
def scope_tilt(line: np.ndarray, deviation: np.ndarray, tilt: np.ndarray) -> None:
    """What growth adds to one scope by 2040.

    Parameters
    ----------
    line : (2 + D, futures) float64
    deviation : (D, futures) float64
    tilt : (futures,) float64
        Filled.
    """
    copy_row(line[1], tilt)
    for d in range(deviation.shape[0]):
        add_scaled(tilt, 1.0, line[2 + d], deviation[d])


@subroutine
def write_output(
    relative_path: np.ndarray, level: np.ndarray, tilt: np.ndarray, grown: float, centre: float, out: np.ndarray
) -> None:
    """One output in one year, centred: path * (level + grown * tilt) - centre."""
    for future in range(out.shape[0]):
        out[future] = relative_path[future] * (level[future] + grown * tilt[future]) - centre


@subroutine
def fill_category(
    values: np.ndarray,
    row: np.ndarray,
    c: int,
    s: Structure,
    adopted: np.ndarray,
    use: np.ndarray,
    category: np.ndarray,
) -> None:
    """What is freed of one category, and what it is the product of.

    Parameters
    ----------
    values : (rows, futures) float64
    row : (inputs,) int64
    c : int
    s : Structure
    adopted, use, category : (futures,) float64
        Filled: phase-in times the factors of technology, potential without them, and their product.
    """
    adoption(values, row, c, s, adopted)
    category_use(values, row, c, s, use)
    for future in range(category.shape[0]):
        category[future] = adopted[future] * use[future]


@subroutine
def category_differences(
    values: np.ndarray,
    mixed: np.ndarray,
    own: Point,
    factors: np.ndarray,
    changed: np.ndarray,
    s: Structure,
    scratch: np.ndarray,
    difference: np.ndarray,
) -> None:
    """What a hybrid point changes in the sums of the categories.

    Parameters
    ----------
    values : (rows, futures) float64
    mixed : (inputs,) int64
        Rows of the hybrid.
    own : Point
        That the hybrid departs from.
    factors : (2, C, futures) float64
        Its phase-in and its potential, see `fill_category`: of the two only what is changed is made anew.
    changed : (n,) int64
        Categories with an input in the group.
    s : Structure
    scratch : (2, futures) float64
    difference : (C, futures) float64
        Rows of changed categories are filled.
    """
    moved = mixed != own.row
    for c in changed:
        adopted, use, before, out = factors[0, c], factors[1, c], own.category[c], difference[c]
        if adoption_moved(moved, c, s):
            adopted = scratch[0]
            adoption(values, mixed, c, s, adopted)
        if use_moved(moved, c, s):
            use = scratch[1]
            category_use(values, mixed, c, s, use)
        for future in range(out.shape[0]):
            out[future] = adopted[future] * use[future] - before[future]


@subroutine
def hybrid_line(
    line: np.ndarray,
    tilt_of_point: np.ndarray,
    driver_moved: bool,
    deviation: np.ndarray,
    coefficients: np.ndarray,
    difference: np.ndarray,
    changed: np.ndarray,
    part: np.ndarray,
    level: np.ndarray,
    tilt: np.ndarray,
) -> None:
    """Level and tilt of one scope at a hybrid point.

    Parameters
    ----------
    line : (2 + D, futures) float64
        Of the point that the hybrid departs from.
    tilt_of_point : (futures,) float64
    driver_moved : bool
        Whether the group has a driver of growth.
    deviation : (D, futures) float64
        Of the hybrid.
    coefficients : (2 + D, C) float64
    difference : (C, futures) float64
    changed : (n,) int64
        Categories that are changed and count in the scope.
    part : (futures,) float64
        Scratch.
    level, tilt : (futures,) float64
        Filled.
    """
    copy_row(line[0], level)
    copy_row(tilt_of_point, tilt)
    if driver_moved:
        scope_tilt(line, deviation, tilt)
    add_rows(level, picked(coefficients[0], changed), difference, changed)
    add_affine_products(tilt, coefficients[1:], deviation, difference, changed, part)


@subroutine
def fill_point(
    values: np.ndarray,
    point: Point,
    s: Structure,
    coefficients: tuple[np.ndarray, np.ndarray],
    centre: np.ndarray,
    factors: np.ndarray,
    scratch: np.ndarray,
) -> None:
    """Everything at one point of the pairs that its outputs, and those of its hybrids, are made from.

    Parameters
    ----------
    values : (rows, futures) float64
    point : Point
        Filled; its rows of inputs are read.
    s : Structure
    coefficients : ((scopes, 2 + D, C), (scopes, 2 + D, C)) float64
        With the point's own workforce table, and with that of the other point.
    centre : (scopes, years) float64
    factors : (2, C, futures) float64
        Filled; see `fill_category`.
    scratch : (futures,) float64
    """
    for c in range(s.phase_in.shape[0]):
        fill_category(values, point.row, c, s, factors[0, c], factors[1, c], point.category[c])
    driver_deviation(values, point.row[s.driver], s, point.deviation)
    all_paths(values[point.row[s.speed]], s, scratch, point.path)
    for scope in range(centre.shape[0]):
        for whose in range(2 if s.ensemble.category_level.shape[0] > 1 else 1):
            scope_lines(point.category, coefficients[whose][scope], point.line[whose, scope])
            scope_tilt(point.line[whose, scope], point.deviation, point.tilt[whose, scope])
        line, tilt = point.line[0, scope], point.tilt[0, scope]
        for year in range(centre.shape[1]):
            out = point.output[scope, year]
            write_output(point.path[year], line[0], tilt, s.year_path[year], centre[scope, year], out)


@subroutine
def add_group(
    values: np.ndarray,
    points: tuple[Point, Point],
    group: np.ndarray,
    changed: np.ndarray,
    s: Structure,
    coefficients: tuple[np.ndarray, np.ndarray],
    centre: np.ndarray,
    factors: np.ndarray,
    scratch: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    sums: np.ndarray,
) -> None:
    """Sums over both hybrids of one group.

    Parameters
    ----------
    values : (rows, futures) float64
    points : (Point, Point)
    group : (inputs,) bool
    changed : (C,) bool
        Categories with an input in the group.
    s : Structure
    coefficients : ((scopes, 2 + D, C), (scopes, 2 + D, C)) float64
        With the workforce tables of both points.
    centre : (scopes, years) float64
    factors : (2, 2, C, futures) float64
        Of both points.
    scratch : tuple
        both (2, futures), part (futures,), difference (2, C, futures), deviation (2, D, futures), level and tilt
        (2, futures).
    sums : (scopes, years, 4) float64
        See `add_hybrid_sums`; added to.
    """
    both, part, difference, deviation, level, tilt = scratch
    a, b = points
    these = nonzero(changed, np.arange(changed.shape[0]))
    for side in range(2):
        own, other = (a, b) if side == 0 else (b, a)
        mixed = mixed_rows(group, own.row, other.row)
        category_differences(values, mixed, own, factors[side], these, s, both, difference[side])
        driver_deviation(values, mixed[s.driver], s, deviation[side])
    driver_moved = False
    for driver in s.driver:
        driver_moved |= group[driver]
    all_moved = driver_moved or group[s.speed] or group[s.reconstruction]
    path_ab, path_ba = (b.path, a.path) if group[s.speed] else (a.path, b.path)
    whose = 1 if group[s.reconstruction] else 0  # table of AB: that of its A, or of its B
    for scope in range(centre.shape[0]):
        moved = all_moved
        for c in these:
            moved |= coefficients[0][scope, 0, c] != 0.0 or coefficients[1][scope, 0, c] != 0.0
        if not moved:  # nothing changes
            continue
        for side in range(2):
            own = a if side == 0 else b
            weights = coefficients[0][scope] if side == whose else coefficients[1][scope]
            line, own_tilt = own.line[whose, scope], own.tilt[whose, scope]
            counted = nonzero(weights[0], these)
            drivers, change = deviation[side], difference[side]
            hybrid_line(line, own_tilt, driver_moved, drivers, weights, change, counted, part, level[side], tilt[side])
        for year in range(centre.shape[1]):
            outputs = (a.output[scope, year], b.output[scope, year])
            paths = (path_ab[year], path_ba[year])
            add_hybrid_sums(outputs, paths, level, tilt, s.year_path[year], centre[scope, year], sums[scope, year])


@subroutine
def empty_point(first_row: int, s: Structure, inputs: int, scopes: int, futures: int) -> Point:
    """Room for one point of the pairs, whose inputs stand in the rows from `first_row`."""
    drivers, years = s.driver.shape[0], s.years.shape[0]
    return Point(
        np.arange(first_row, first_row + inputs),
        np.empty((s.phase_in.shape[0], futures)),
        np.empty((drivers, futures)),
        np.empty((years, futures)),
        np.empty((2, scopes, 2 + drivers, futures)),
        np.empty((2, scopes, futures)),
        np.empty((scopes, years, futures)),
    )


@kernel
def pick_freeze(
    points: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    tables: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    first: int,
    blocks: int,
    block_size: int,
    s: Structure,
    table: np.ndarray,
    coefficients: np.ndarray,
    groups: np.ndarray,
    changed: np.ndarray,
    centre: np.ndarray,
    tails: np.ndarray,
    pair_sums: np.ndarray,
    hybrid_sums: np.ndarray,
    allocation_sums: np.ndarray,
    tail_counts: np.ndarray,
) -> None:
    """One chunk of pairs into all sums.

    Parameters
    ----------
    points, tables : tuple
        See `draw_block`; rows of the first points, then of the second.
    first, blocks, block_size : int
    s : Structure
    table : (2, blocks) int64
        Workforce table of the first and the second points of each block.
    coefficients : (E, scopes, 2 + D, C) float64
        For each workforce table.
    groups : (G, inputs) bool
    changed : (G, C) bool
        Categories with an input in the group.
    centre : (scopes, years) float64
        Subtracted from the outputs before they are squared.
    tails : (scopes, years, 2) float64
    pair_sums : (scopes, years, 5) float64
    hybrid_sums : (G, scopes, years, 4) float64
    allocation_sums : (scopes, years, C, 4) float64
    tail_counts : (scopes, years, 2, 2) float64
        All added to.
    """
    inputs, scopes, categories, n = tables[0].shape[0], centre.shape[0], s.phase_in.shape[0], block_size
    values, factors = np.empty((2 * inputs, n)), np.empty((2, 2, categories, n))
    draw_scratch = empty_draw(n, np.int64, np.float64)
    difference, deviation = np.empty((2, categories, n)), np.empty((2, s.driver.shape[0], n))
    scratch = (np.empty((2, n)), np.empty(n), difference, deviation, np.empty((2, n)), np.empty((2, n)))
    pair = (empty_point(0, s, inputs, scopes, n), empty_point(inputs, s, inputs, scopes, n))
    for block in range(blocks):
        draw_block(points, tables, first + block * n, block * n, draw_scratch, np.arange(2 * inputs), values)
        both = (coefficients[table[0, block]], coefficients[table[1, block]])
        for side in range(2):
            point, of_tables = (pair[0], both) if side == 0 else (pair[1], (both[1], both[0]))
            fill_point(values, point, s, of_tables, centre, factors[side], scratch[1])
            for scope in range(scopes):
                sums = (allocation_sums[scope], tail_counts[scope])
                add_allocation(point, of_tables[0][scope], s, point.output[scope], centre[scope], tails[scope], sums)
        for scope in range(scopes):
            for year in range(centre.shape[1]):
                add_pair_sums(pair[0].output[scope, year], pair[1].output[scope, year], pair_sums[scope, year])
        for g in range(groups.shape[0]):
            add_group(values, pair, groups[g], changed[g], s, both, centre, factors, scratch, hybrid_sums[g])
