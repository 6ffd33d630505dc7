"""Pairs of points and their pick-freeze hybrids into sums of products of all outputs, every hybrid evaluated as a whole.

Slower for a group than the differences of `pick_freeze`, but for any group and every output, and second order of pairs of
groups comes from the same evaluations.
"""

from __future__ import annotations

import numpy as np

from .amounts import all_rows
from .compiling import kernel, subroutine
from .propagation import all_terms, category_sums, draw_block, empty_draw
from .structure import Structure, with_table
from .terms import all_paths, driver_deviation


@subroutine
def write_outputs(
    level: np.ndarray, tilt: np.ndarray, path: np.ndarray, year_path: np.ndarray, centre: np.ndarray, out: np.ndarray
) -> None:
    """All outputs in all years, centred: path * (level + grown * tilt) - centre.

    Parameters
    ----------
    level, tilt : (rows, n) float64
    path : (years, n) float64
    year_path : (years,) float64
    centre : (rows * years,) float64
    out : (rows * years, n) float64
        Filled.
    """
    years, n = path.shape
    for row in range(level.shape[0]):
        for year in range(years):
            grown, place = year_path[year], row * years + year
            middle = centre[place]
            for pair in range(n):
                out[place, pair] = path[year, pair] * (level[row, pair] + grown * tilt[row, pair]) - middle


@subroutine
def evaluate_rows(
    values: np.ndarray, mixed: np.ndarray, s: Structure, scratch: tuple[np.ndarray, ...], rows: tuple[np.ndarray, ...]
) -> None:
    """All rows of the amounts where each input is taken from its own row of the values.

    Parameters
    ----------
    values : (2 * inputs, n) float64
    mixed : (inputs,) int64
    s : Structure
        With its workforce table.
    scratch : tuple
        term (P, n), category (C, n), deviation (D, n), growth (A, n), category_growth (C + 1, n) float64.
    rows : tuple
        level, tilt (rows, n) float64, filled; part (n,) float64, scratch.
    """
    term, category, deviation, growth, category_growth = scratch
    level, tilt, part = rows[0], rows[1], rows[2][0]
    all_terms(values, mixed, s, part, term)
    category_sums(term, s, category)
    driver_deviation(values, mixed[s.driver], s, deviation)
    all_rows(term, category, deviation, s, (growth, category_growth, part), level, tilt)


@subroutine
def add_pairs(point: np.ndarray, sums: np.ndarray) -> None:
    """Sums over the two points of the pairs.

    Parameters
    ----------
    point : (2, outputs, n) float64
        Centred, at A and at B.
    sums : (outputs, 5) float64
        a, b, a², b², a·b; added to.
    """
    for output in range(sums.shape[0]):
        a, b = point[0, output], point[1, output]
        s0, s1, s2, s3, s4 = 0.0, 0.0, 0.0, 0.0, 0.0
        for pair in range(a.shape[0]):
            x, y = a[pair], b[pair]
            s0 += x
            s1 += y
            s2 += x * x
            s3 += y * y
            s4 += x * y
        sums[output, 0] += s0
        sums[output, 1] += s1
        sums[output, 2] += s2
        sums[output, 3] += s3
        sums[output, 4] += s4


@subroutine
def add_differences(point: np.ndarray, hybrid: np.ndarray, sums: np.ndarray) -> None:
    """Sums over the pairs and both hybrids of one group, which become differences from their points.

    Parameters
    ----------
    point : (2, outputs, n) float64
        a, b.
    hybrid : (2, outputs, n) float64
        ab, ba; become ab - a, ba - b.
    sums : (outputs, 4) float64
        (ab - a)², (ba - b)², (ab - a)(ba - b), and (b - a)((ba - b) - (ab - a)); added to.
    """
    for output in range(sums.shape[0]):
        a, b, change, back = point[0, output], point[1, output], hybrid[0, output], hybrid[1, output]
        s0, s1, s2, s3 = 0.0, 0.0, 0.0, 0.0
        for pair in range(a.shape[0]):
            x, y = change[pair] - a[pair], back[pair] - b[pair]
            change[pair], back[pair] = x, y
            s0 += x * x
            s1 += y * y
            s2 += x * y
            s3 += (b[pair] - a[pair]) * (y - x)
        sums[output, 0] += s0
        sums[output, 1] += s1
        sums[output, 2] += s2
        sums[output, 3] += s3


@subroutine
def add_crossed(held: np.ndarray, crossing: np.ndarray, sums: np.ndarray) -> None:
    """Sums of products of the differences of two groups.

    Parameters
    ----------
    held : (groups, 2, outputs, n) float64
        ab - a and ba - b.
    crossing : (pairs of groups, 2) int64
        Places among the held groups.
    sums : (pairs of groups, outputs) float64
        (ba_g - b)(ab_h - a) + (ba_h - b)(ab_g - a); added to.
    """
    for output in range(sums.shape[1]):  # outermost: what all groups have of one output stays in the cache
        for place in range(crossing.shape[0]):
            g, h = held[crossing[place, 0]], held[crossing[place, 1]]
            g_change, g_back, h_change, h_back = g[0, output], g[1, output], h[0, output], h[1, output]
            total = 0.0
            for pair in range(g_change.shape[0]):
                total += g_back[pair] * h_change[pair] + h_back[pair] * g_change[pair]
            sums[place, output] += total


@kernel
def all_outputs(
    points: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    tables: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    first: int,
    blocks: int,
    block_size: int,
    structure: Structure,
    table: np.ndarray,
    groups: np.ndarray,
    crossing: np.ndarray,
    centre: np.ndarray,
    pair_sums: np.ndarray,
    difference_sums: np.ndarray,
    crossed_sums: np.ndarray,
) -> None:
    """One chunk of pairs into all sums.

    Parameters
    ----------
    points, tables : tuple
        See `draw_block`; rows of the first points, then of the second.
    first, blocks, block_size : int
    structure : Structure
    table : (2, blocks) int64
        Workforce table of the first and the second points of each block.
    groups : (G, inputs) bool
        The first has no members: its hybrids are the points themselves. Evaluated by the same instructions as the others,
        so that a group without influence on an output has exactly the outputs of the points.
    crossing : (M, 2) int64
        Pairs of groups, which come before groups that are in no pair.
    centre : (outputs,) float64
        Outputs are rows and, within these, years.
    pair_sums : (outputs, 5) float64
    difference_sums : (G, outputs, 4) float64
    crossed_sums : (M, outputs) float64
        All added to.
    """
    s, inputs, outputs, n = structure, groups.shape[1], centre.shape[0], block_size
    years, categories = s.years.shape[0], s.phase_in.shape[0]
    values, path, part = np.empty((2 * inputs, n)), np.empty((2, years, n)), np.empty((1, n))
    draw_scratch = empty_draw(n, np.int64, np.float64)
    scratch = (
        np.empty((s.term_theme.shape[0], n)), np.empty((categories, n)), np.empty((s.driver.shape[0], n)),
        np.empty((s.area_growth.shape[0], n)), np.empty((categories + 1, n)),
    )  # fmt: skip
    rows = (np.empty((outputs // years, n)), np.empty((outputs // years, n)), part)
    crossed_groups = 1 + crossing.max() if crossing.shape[0] > 0 else 1
    point, hybrid, held = (
        np.empty((2, outputs, n)),
        np.empty((2, outputs, n)),
        np.zeros((crossed_groups, 2, outputs, n)),
    )
    row = np.arange(2 * inputs).reshape((2, inputs))
    for block in range(blocks):
        draw_block(points, tables, first + block * n, block * n, draw_scratch, np.arange(2 * inputs), values)
        for side in range(2):
            all_paths(values[row[side, s.speed]], s, part[0], path[side])
        for g in range(groups.shape[0]):
            out = point if g == 0 else (held[g] if g < crossed_groups else hybrid)
            for side in range(2):
                mixed = np.where(groups[g], row[1 - side], row[side])
                of_table, of_path = mixed[s.reconstruction] // inputs, mixed[s.speed] // inputs
                evaluate_rows(values, mixed, with_table(s, table[of_table, block]), scratch, rows)
                write_outputs(rows[0], rows[1], path[of_path], s.year_path, centre, out[side])
            if g == 0:
                add_pairs(point, pair_sums)
            else:
                add_differences(point, out, difference_sums[g])
        add_crossed(held, crossing, crossed_sums)
