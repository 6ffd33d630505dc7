"""A chunk of pairs of points and their pick-freeze hybrids into sums of products.

Every output is linear in the sums of terms of the categories. A hybrid point changes the terms of a few categories only,
so its outputs follow from those of the pair by differences.

Rows of `line`, for FTE or wages of one scope: level in 2023, growth at the references of the drivers, growth by each driver.
"""

from __future__ import annotations

import numpy as np

from .allocation import add_allocation
from .compiling import kernel
from .propagation import all_terms, category_sums, draw_block
from .rows import add_affine_product, add_row, add_rows, add_scaled
from .structure import Point, Structure
from .terms import all_paths, category_terms, driver_deviation


@kernel
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


@kernel
def scope_tilt(line: np.ndarray, deviation: np.ndarray, tilt: np.ndarray) -> None:
    """What growth adds to one scope by 2040.

    Parameters
    ----------
    line : (2 + D, futures) float64
    deviation : (D, futures) float64
    tilt : (futures,) float64
        Filled.
    """
    tilt[:] = line[1]
    for d in range(deviation.shape[0]):
        add_scaled(tilt, 1.0, line[2 + d], deviation[d])


@kernel
def write_output(
    relative_path: np.ndarray, level: np.ndarray, tilt: np.ndarray, grown: float, centre: float, out: np.ndarray
) -> None:
    """One output in one year, centred: path * (level + grown * tilt) - centre."""
    for future in range(out.shape[0]):
        out[future] = relative_path[future] * (level[future] + grown * tilt[future]) - centre


@kernel
def add_pair_sums(a: np.ndarray, b: np.ndarray, sums: np.ndarray) -> None:
    """Sums of one output over both points of the pairs.

    Parameters
    ----------
    a, b : (futures,) float64
        Centred outputs.
    sums : (5,) float64
        a, b, a², b², a·b; added to.
    """
    sa, sb, saa, sbb, sab = 0.0, 0.0, 0.0, 0.0, 0.0
    for future in range(a.shape[0]):
        x, y = a[future], b[future]
        sa += x
        sb += y
        saa += x * x
        sbb += y * y
        sab += x * y
    sums[0] += sa
    sums[1] += sb
    sums[2] += saa
    sums[3] += sbb
    sums[4] += sab


@kernel
def add_hybrid_sums(
    outputs: tuple[np.ndarray, np.ndarray],
    paths: tuple[np.ndarray, np.ndarray],
    level: np.ndarray,
    tilt: np.ndarray,
    grown: float,
    centre: float,
    sums: np.ndarray,
) -> None:
    """Sums of products of one output over the pairs and their two hybrids, which are made here and not stored.

    Parameters
    ----------
    outputs : ((futures,), (futures,)) float64
        Centred, at A and at B.
    paths : ((futures,), (futures,)) float64
        Phase-in path at A with the group from B, and at B with the group from A.
    level, tilt : (2, futures) float64
        Of AB and of BA.
    grown, centre : float
    sums : (9,) float64
        ab, ba, ab², ba², a·ab, b·ab, a·ba, b·ba, ab·ba; added to.
    """
    s0, s1, s2, s3, s4, s5, s6, s7, s8 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    (a, b), (path_ab, path_ba) = outputs, paths
    level_ab, level_ba, tilt_ab, tilt_ba = level[0], level[1], tilt[0], tilt[1]
    for future in range(a.shape[0]):
        x, y = a[future], b[future]
        p = path_ab[future] * (level_ab[future] + grown * tilt_ab[future]) - centre
        q = path_ba[future] * (level_ba[future] + grown * tilt_ba[future]) - centre
        s0 += p
        s1 += q
        s2 += p * p
        s3 += q * q
        s4 += x * p
        s5 += y * p
        s6 += x * q
        s7 += y * q
        s8 += p * q
    sums[0] += s0
    sums[1] += s1
    sums[2] += s2
    sums[3] += s3
    sums[4] += s4
    sums[5] += s5
    sums[6] += s6
    sums[7] += s7
    sums[8] += s8


@kernel
def category_differences(
    values: np.ndarray,
    mixed: np.ndarray,
    changed: np.ndarray,
    category: np.ndarray,
    s: Structure,
    factor: np.ndarray,
    term: np.ndarray,
    difference: np.ndarray,
) -> None:
    """What a hybrid point changes in the sums of the categories.

    Parameters
    ----------
    values : (rows, futures) float64
    mixed : (inputs,) int64
        Rows of the hybrid.
    changed : (n,) int64
        Categories with an input in the group.
    category : (C, futures) float64
        Of the point that the hybrid departs from.
    s : Structure
    factor, term : (futures,), (P, futures) float64
        Scratch.
    difference : (C, futures) float64
        Rows of changed categories are filled.
    """
    for i in range(changed.shape[0]):
        c = changed[i]
        category_terms(values, mixed, c, s, factor, term)
        first, changed_term, own = s.term_start[c], term[s.term_start[c]], category[c]
        for future in range(factor.shape[0]):
            difference[c, future] = changed_term[future] - own[future]
        for p in range(first + 1, s.term_start[c + 1]):
            add_row(difference[c], 1.0, term[p])


@kernel
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
    level[:] = line[0]
    if driver_moved:
        scope_tilt(line, deviation, tilt)
    else:
        tilt[:] = tilt_of_point
    add_rows(level, coefficients[0][changed], difference, changed)
    for c in changed:
        add_affine_product(tilt, coefficients[1:, c], deviation, difference[c], part)


@kernel
def fill_point(
    values: np.ndarray,
    point: Point,
    s: Structure,
    coefficients: tuple[np.ndarray, np.ndarray],
    centre: np.ndarray,
    factor: np.ndarray,
    term: np.ndarray,
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
    factor, term : (futures,), (P, futures) float64
        Scratch.
    """
    all_terms(values, point.row, s, factor, term)
    category_sums(term, s, point.category)
    driver_deviation(values, point.row, s, point.deviation)
    all_paths(values[point.row[s.speed]], s, factor, point.path)
    for scope in range(centre.shape[0]):
        for whose in range(2 if s.ensemble.category_level.shape[0] > 1 else 1):
            scope_lines(point.category, coefficients[whose][scope], point.line[whose, scope])
            scope_tilt(point.line[whose, scope], point.deviation, point.tilt[whose, scope])
        line, tilt = point.line[0, scope], point.tilt[0, scope]
        for year in range(centre.shape[1]):
            out = point.output[scope, year]
            write_output(point.path[year], line[0], tilt, s.year_path[year], centre[scope, year], out)


@kernel
def add_group(
    values: np.ndarray,
    points: tuple[Point, Point],
    group: np.ndarray,
    changed: np.ndarray,
    s: Structure,
    coefficients: tuple[np.ndarray, np.ndarray],
    centre: np.ndarray,
    scratch: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray],
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
    scratch : tuple
        factor (futures,), term (P, futures), part (futures,), difference (2, C, futures), deviation (2, D, futures), level
        and tilt (2, futures).
    sums : (scopes, years, 9) float64
        See `add_hybrid_sums`; added to.
    """
    factor, term, part, difference, deviation, level, tilt = scratch
    a, b = points
    these = np.flatnonzero(changed)
    for side in range(2):
        own, other = (a, b) if side == 0 else (b, a)
        mixed = np.where(group, other.row, own.row)
        category_differences(values, mixed, these, own.category, s, factor, term, difference[side])
        driver_deviation(values, mixed, s, deviation[side])
    driver_moved = bool(np.any(group[s.driver]))
    path_ab, path_ba = (b.path, a.path) if group[s.speed] else (a.path, b.path)
    whose = 1 if group[s.reconstruction] else 0  # table of AB: that of its A, or of its B
    for scope in range(centre.shape[0]):
        for side in range(2):
            own = a if side == 0 else b
            weights = coefficients[0][scope] if side == whose else coefficients[1][scope]
            line, own_tilt = own.line[whose, scope], own.tilt[whose, scope]
            counted = these[weights[0][these] != 0.0]
            moved, change = deviation[side], difference[side]
            hybrid_line(line, own_tilt, driver_moved, moved, weights, change, counted, part, level[side], tilt[side])
        for year in range(centre.shape[1]):
            outputs = (a.output[scope, year], b.output[scope, year])
            paths = (path_ab[year], path_ba[year])
            add_hybrid_sums(outputs, paths, level, tilt, s.year_path[year], centre[scope, year], sums[scope, year])


@kernel
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
    tables: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
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
    hybrid_sums : (G, scopes, years, 9) float64
    allocation_sums : (scopes, years, C, 4) float64
    tail_counts : (scopes, years, 2, 2) float64
        All added to.
    """
    inputs, scopes, categories, n = tables[0].shape[0], centre.shape[0], s.phase_in.shape[0], block_size
    draw_scratch = (np.empty(n, np.int64), np.empty(n), np.empty(n, np.uint32))
    values, factor, term = np.empty((2 * inputs, n)), np.empty(n), np.empty((s.term_theme.shape[0], n))
    difference, deviation = np.empty((2, categories, n)), np.empty((2, s.driver.shape[0], n))
    scratch = (factor, term, np.empty(n), difference, deviation, np.empty((2, n)), np.empty((2, n)))
    pair = (empty_point(0, s, inputs, scopes, n), empty_point(inputs, s, inputs, scopes, n))
    for block in range(blocks):
        draw_block(points, tables, first + block * n, block * n, draw_scratch, values)
        both = (coefficients[table[0, block]], coefficients[table[1, block]])
        for side in range(2):
            point, of_tables = (pair[0], both) if side == 0 else (pair[1], (both[1], both[0]))
            fill_point(values, point, s, of_tables, centre, factor, term)
            for scope in range(scopes):
                sums = (allocation_sums[scope], tail_counts[scope])
                add_allocation(point, of_tables[0][scope], s, point.output[scope], centre[scope], tails[scope], sums)
        for scope in range(scopes):
            for year in range(centre.shape[1]):
                add_pair_sums(pair[0].output[scope, year], pair[1].output[scope, year], pair_sums[scope, year])
        for g in range(groups.shape[0]):
            add_group(values, pair, groups[g], changed[g], s, both, centre, scratch, hybrid_sums[g])
