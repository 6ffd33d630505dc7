"""A chunk of pairs of points through pick-freeze hybrids into sums of products, and the allocation to categories.

Every output is linear in the sums of terms of the categories. A hybrid point changes the terms of a few categories only,
so its outputs follow from those of the pair by differences.

Rows of `line`: for each output FTE or wages of a scope: level in 2023, tilt by the central growth, tilt by each driver.
"""

from __future__ import annotations

import numpy as np

from .amounts import add_row, add_rows
from .compiling import kernel
from .propagation import all_terms, category_sums, draw_block
from .structure import Structure
from .terms import all_paths, category_terms


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
def scope_outputs(
    values: np.ndarray, row: np.ndarray, line: np.ndarray, s: Structure, relative_path: np.ndarray, out: np.ndarray
) -> None:
    """Outputs of all scopes and years from their lines.

    Parameters
    ----------
    values : (rows, futures) float64
    row : (inputs,) int64
    line : (scopes * (2 + D), futures) float64
    s : Structure
    relative_path : (years, futures) float64
        Phase-in path at the speeds of this point.
    out : (scopes * years, futures) float64
        Filled; years run fastest.
    """
    drivers, years = s.driver.shape[0], s.years.shape[0]
    tilt = np.empty(out.shape[1])
    for scope in range(line.shape[0] // (2 + drivers)):
        at = scope * (2 + drivers)
        tilt[:] = line[at + 1]
        for d in range(drivers):
            driver, reference = values[row[s.driver[d]]], s.driver_reference[d]
            for future in range(out.shape[1]):
                tilt[future] += line[at + 2 + d, future] * (driver[future] - reference)
        for year in range(years):
            grown = s.year_path[year]
            for future in range(out.shape[1]):
                out[scope * years + year, future] = relative_path[year, future] * (
                    line[at, future] + grown * tilt[future]
                )


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
def add_hybrid_sums(a: np.ndarray, b: np.ndarray, ab: np.ndarray, ba: np.ndarray, sums: np.ndarray) -> None:
    """Sums of products of one output over the pairs and their two hybrids.

    Parameters
    ----------
    a, b, ab, ba : (futures,) float64
        Centred outputs at A, at B, at A with the group from B, and at B with the group from A.
    sums : (9,) float64
        ab, ba, ab², ba², a·ab, b·ab, a·ba, b·ba, ab·ba; added to.
    """
    s0, s1, s2, s3, s4, s5, s6, s7, s8 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for future in range(a.shape[0]):
        x, y, p, q = a[future], b[future], ab[future], ba[future]
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
def add_allocation(
    values: np.ndarray,
    row: np.ndarray,
    category: np.ndarray,
    coefficients: np.ndarray,
    s: Structure,
    relative_path: np.ndarray,
    output: np.ndarray,
    centre: np.ndarray,
    tails: np.ndarray,
    sums: np.ndarray,
    tail_counts: np.ndarray,
) -> None:
    """What each category contributes to each output: in the mean, along with the output, and in its two tails.

    Parameters
    ----------
    values : (rows, futures) float64
    row : (inputs,) int64
    category : (C, futures) float64
    coefficients : (scopes * (2 + D), C) float64
    s : Structure
    relative_path : (years, futures) float64
    output : (outputs, futures) float64
        Centred.
    centre : (outputs,) float64
    tails : (outputs, 2) float64
        The 5 and 95 % quantiles of the outputs.
    sums : (outputs, C, 4) float64
        Contribution; contribution times centred output; contribution in the lower and in the upper tail. Added to.
    tail_counts : (outputs, 2, 2) float64
        Number of futures and sum of the output in each tail. Added to.
    """
    drivers, years, futures = s.driver.shape[0], s.years.shape[0], output.shape[1]
    level, tilt = np.empty(futures), np.empty(futures)
    below, above = np.empty((years, futures)), np.empty((years, futures))
    for scope in range(coefficients.shape[0] // (2 + drivers)):
        for year in range(years):
            o = scope * years + year
            count_low, count_high, sum_low, sum_high = 0.0, 0.0, 0.0, 0.0
            low, high = tails[o, 0] - centre[o], tails[o, 1] - centre[o]
            for future in range(futures):
                y = output[o, future]
                below[year, future] = 1.0 if y <= low else 0.0
                above[year, future] = 1.0 if y >= high else 0.0
                count_low += below[year, future]
                count_high += above[year, future]
                sum_low += below[year, future] * (y + centre[o])
                sum_high += above[year, future] * (y + centre[o])
            tail_counts[o, 0, 0] += count_low
            tail_counts[o, 0, 1] += sum_low
            tail_counts[o, 1, 0] += count_high
            tail_counts[o, 1, 1] += sum_high
        at = scope * (2 + drivers)
        for c in range(category.shape[0]):
            if coefficients[at, c] == 0.0:
                continue
            tilt[:] = coefficients[at + 1, c]
            for d in range(drivers):
                loading, reference = coefficients[at + 2 + d, c], s.driver_reference[d]
                driver = values[row[s.driver[d]]]
                for future in range(futures):
                    tilt[future] += loading * (driver[future] - reference)
            for future in range(futures):
                level[future] = category[c, future] * coefficients[at, c]
                tilt[future] *= category[c, future]
            for year in range(years):
                o, grown = scope * years + year, s.year_path[year]
                s0, s1, s2, s3 = 0.0, 0.0, 0.0, 0.0
                for future in range(futures):
                    contribution = relative_path[year, future] * (level[future] + grown * tilt[future])
                    s0 += contribution
                    s1 += contribution * output[o, future]
                    s2 += contribution * below[year, future]
                    s3 += contribution * above[year, future]
                sums[o, c, 0] += s0
                sums[o, c, 1] += s1
                sums[o, c, 2] += s2
                sums[o, c, 3] += s3


@kernel
def add_hybrid(
    values: np.ndarray,
    mixed: np.ndarray,
    changed: np.ndarray,
    category: np.ndarray,
    line: np.ndarray,
    relative_path: np.ndarray,
    coefficients: np.ndarray,
    s: Structure,
    scratch: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    out: np.ndarray,
) -> None:
    """Outputs at a hybrid point, by differences from those of the point it departs from.

    Parameters
    ----------
    values : (rows, futures) float64
    mixed : (inputs,) int64
        Rows of the hybrid.
    changed : (C,) bool
        Categories with an input in the group.
    category, line : (C, futures), (rows, futures) float64
        Of the point.
    relative_path : (years, futures) float64
        Of the hybrid.
    coefficients : (rows, C) float64
    s : Structure
    scratch : tuple
        factor (futures,), difference (futures,), term (P, futures), hybrid_line (rows, futures).
    out : (outputs, futures) float64
        Filled.
    """
    factor, difference, term, hybrid_line = scratch
    hybrid_line[:] = line
    for c in range(changed.shape[0]):
        if not changed[c]:
            continue
        category_terms(values, mixed, c, s, factor, term)
        for future in range(factor.shape[0]):
            difference[future] = -category[c, future]
        for p in range(s.term_start[c], s.term_start[c + 1]):
            difference += term[p]
        for row in range(coefficients.shape[0]):
            if coefficients[row, c] != 0.0:
                add_row(hybrid_line[row], coefficients[row, c], difference)
    scope_outputs(values, mixed, hybrid_line, s, relative_path, out)


@kernel
def pick_freeze(
    points: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    tables: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    first: int,
    blocks: int,
    block_size: int,
    s: Structure,
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
    coefficients : (scopes * (2 + D), C) float64
    groups : (G, inputs) bool
    changed : (G, C) bool
        Categories with an input in the group.
    centre : (outputs,) float64
        Subtracted from the outputs before they are squared.
    tails : (outputs, 2) float64
    pair_sums : (outputs, 5) float64
    hybrid_sums : (G, outputs, 9) float64
    allocation_sums : (outputs, C, 4) float64
    tail_counts : (outputs, 2, 2) float64
        All added to.
    """
    inputs, outputs, years = tables[0].shape[0], centre.shape[0], s.years.shape[0]
    categories, terms, rows = s.phase_in.shape[0], s.term_theme.shape[0], coefficients.shape[0]
    draw_scratch = (np.empty(block_size, np.int64), np.empty(block_size), np.empty(block_size, np.uint32))
    values, term = np.empty((2 * inputs, block_size)), np.empty((terms, block_size))
    factor = np.empty(block_size)
    scratch = (factor, np.empty(block_size), term, np.empty((rows, block_size)))
    category, line = np.empty((2, categories, block_size)), np.empty((2, rows, block_size))
    relative_path, output = np.empty((2, years, block_size)), np.empty((4, outputs, block_size))
    row, mixed = np.empty((2, inputs), np.int64), np.empty((2, inputs), np.int64)
    for i in range(inputs):
        row[0, i], row[1, i] = i, inputs + i
    for block in range(blocks):
        offset = block * block_size
        draw_block(points, tables, first + offset, offset, draw_scratch, values)
        for side in range(2):
            all_terms(values, row[side], s, factor, term)
            category_sums(term, s, category[side])
            scope_lines(category[side], coefficients, line[side])
            all_paths(values[row[side, s.speed]], s, factor, relative_path[side])
            scope_outputs(values, row[side], line[side], s, relative_path[side], output[side])
            for o in range(outputs):
                output[side, o] -= centre[o]
            add_allocation(
                values,
                row[side],
                category[side],
                coefficients,
                s,
                relative_path[side],
                output[side],
                centre,
                tails,
                allocation_sums,
                tail_counts,
            )
        for o in range(outputs):
            add_pair_sums(output[0, o], output[1, o], pair_sums[o])
        for g in range(groups.shape[0]):
            for i in range(inputs):
                mixed[0, i] = row[1, i] if groups[g, i] else row[0, i]
                mixed[1, i] = row[0, i] if groups[g, i] else row[1, i]
            moved = groups[g, s.speed]
            for side in range(2):
                add_hybrid(
                    values,
                    mixed[side],
                    changed[g],
                    category[side],
                    line[side],
                    relative_path[1 - side if moved else side],
                    coefficients,
                    s,
                    scratch,
                    output[2 + side],
                )
                for o in range(outputs):
                    output[2 + side, o] -= centre[o]
            for o in range(outputs):
                add_hybrid_sums(output[0, o], output[1, o], output[2, o], output[3, o], hybrid_sums[g, o])
