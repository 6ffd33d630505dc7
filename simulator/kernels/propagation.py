"""A chunk of futures through the model into moments and histograms of all outputs."""

from __future__ import annotations

from typing import Any

import numpy as np

from .amounts import all_rows
from .compiling import kernel, subroutine
from .points import block_base, random_digits
from .quantiles import tabulated_at_points
from .rows import add_row, add_rows, add_scaled, affine, copy_row
from .structure import Structure, with_table
from .sums import add_outputs
from .terms import all_paths, category_terms, driver_deviation

TABULATED, FIXED = -1, -2


@subroutine
def empty_draw(futures: int, integer: Any, number: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scratch of `draw_block`, of types with as many bits each: int64 and float64, or int32 and float32."""
    return np.empty(futures, integer), np.empty(futures, number), np.empty(futures, np.uint32)


@subroutine
def draw_block(
    points: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    tables: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    first: int,
    offset: int,
    scratch: tuple[np.ndarray, np.ndarray, np.ndarray],
    place: np.ndarray,
    values: np.ndarray,
) -> None:
    """Values of all inputs in one block; both points of one in succession, while its quantile table is at hand.

    Parameters
    ----------
    points : tuple
        generators (rows, 32) uint32, shift (rows,) uint32, pattern (rows, futures) uint32, key (rows,) uint64. Without
        keys (0 rows) the points are those of the net, else random.
    tables : tuple
        shape (inputs,) int64; lines (shapes, segments, 2) float32; affine (inputs, 2) float64, the location, which is the
        value of a fixed input, and the scale; exact_row (inputs,) int64, else TABULATED or FIXED; exact_values (points of a
        pair, exact rows, futures of the chunk) float64.
    first : int
        Number of the block's first future in its replicate.
    offset : int
        Number of the block's first future in the chunk.
    scratch : tuple
        See `empty_draw`: segment and within for `tabulated_at_points`, and digits.
    place : (inputs,) or (2 inputs,) int64
        Row of `values` of each input, and of each at the second point of a pair.
    values : (rows, futures) float32 or float64
        These rows are filled.
    """
    generators, shift, pattern, key = points
    shape, lines, affine_of, exact_row, exact_values = tables
    segment, within, digits = scratch
    inputs, futures = shape.shape[0], values.shape[1]
    sides, bits = place.shape[0] // inputs, 0
    while (1 << bits) < futures:
        bits += 1
    for turn in range(place.shape[0]):
        i, side = turn // sides, turn % sides
        line = side * inputs + i
        out, location, scale = values[place[line]], affine_of[i, 0], affine_of[i, 1]
        if exact_row[i] == FIXED:
            out[:] = location
        elif exact_row[i] >= 0:
            copy_row(exact_values[side, exact_row[i], offset : offset + futures], out)
        elif key.shape[0] > 0:
            random_digits(key[line], first, digits)
            tabulated_at_points(np.uint32(0), digits, lines[shape[i]], location, scale, segment, within, out)
        else:
            base = block_base(generators[line], shift[line], first >> bits, bits)
            tabulated_at_points(base, pattern[line], lines[shape[i]], location, scale, segment, within, out)


@subroutine
def all_terms(values: np.ndarray, row: np.ndarray, s: Structure, factor: np.ndarray, term: np.ndarray) -> None:
    """Terms of all categories.

    Parameters
    ----------
    values : (rows, futures) float64
    row : (inputs,) int64
    s : Structure
    factor : (futures,) float64
        Scratch.
    term : (P, futures) float64
        Filled.
    """
    for category in range(s.phase_in.shape[0]):
        category_terms(values, row, category, s, factor, term)


@subroutine
def category_sums(term: np.ndarray, s: Structure, out: np.ndarray) -> None:
    """Sum of the terms of each category.

    Parameters
    ----------
    term : (P, futures) float64
    s : Structure
    out : (C, futures) float64
        Filled.
    """
    for category in range(out.shape[0]):
        copy_row(term[s.term_start[category]], out[category])
        for p in range(s.term_start[category] + 1, s.term_start[category + 1]):
            add_row(out[category], 1.0, term[p])


@subroutine
def invert_bases(base: np.ndarray, base_growth: np.ndarray, grown: float, out: np.ndarray) -> None:
    """One over what shares are shares of, in one year.

    Parameters
    ----------
    base : (bases,) float64
        In 2023.
    base_growth : (growing bases, futures) float64
    grown : float
        Part of the growth that has come by the year.
    out : (bases, futures) float64
        The rows of growing bases are filled.
    """
    for row in range(base_growth.shape[0]):
        for future in range(out.shape[1]):
            out[row, future] = 1.0 / (base[row] + grown * base_growth[row, future])


@kernel
def propagate(
    points: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    tables: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    first: int,
    blocks: int,
    block_size: int,
    structure: Structure,
    table: np.ndarray,
    base_row: np.ndarray,
    centre: np.ndarray,
    bins_per_unit: np.ndarray,
    moments: np.ndarray,
    counts: np.ndarray,
) -> None:
    """One chunk into the accumulators of all outputs.

    Parameters
    ----------
    points, tables : tuple
        See `draw_block`.
    first : int
        Number of the chunk's first future in its replicate.
    blocks, block_size : int
    structure : Structure
    table : (blocks,) int64
        Workforce table of each block.
    base_row : (rows,) int64
        Base that the share of each row is of.
    centre, bins_per_unit : (years, rows, 2) float64
        Of the bins, for amounts and shares.
    moments : (years, rows, 2, 2) float64
        See `simulator.kernels.sums`; added to.
    counts : (years, rows, 2, bins + 2) int32
        Added to.
    """
    s, inputs, rows = structure, tables[0].shape[0], base_row.shape[0]
    growing = s.base_growth.shape[0]
    areas, categories, years = s.area_growth.shape[0], s.phase_in.shape[0], s.years.shape[0]
    row = np.arange(inputs)
    values, term = np.empty((inputs, block_size)), np.empty((s.term_theme.shape[0], block_size))
    category, deviation = np.empty((categories, block_size)), np.empty((s.driver.shape[0], block_size))
    draw_scratch, part = empty_draw(block_size, np.int64, np.float64), np.empty(block_size)
    scratch = (np.empty((areas, block_size)), np.empty((categories + 1, block_size)), part)
    level, tilt = np.empty((rows, block_size)), np.empty((rows, block_size))
    base_growth, inverse = np.empty((growing, block_size)), np.empty((s.base_level.shape[0], block_size))
    relative_path, place = np.empty((years, block_size)), np.empty((2, block_size), np.uint16)
    for block in range(blocks):
        s, offset = with_table(structure, table[block]), block * block_size
        draw_block(points, tables, first + offset, offset, draw_scratch, row, values)
        all_terms(values, row, s, part, term)
        category_sums(term, s, category)
        driver_deviation(values, row[s.driver], s, deviation)
        all_rows(term, category, deviation, s, scratch, level, tilt)
        affine(s.base_growth, deviation, base_growth)
        all_paths(values[s.speed], s, part, relative_path)
        for base in range(growing, inverse.shape[0]):
            inverse[base] = 1.0 / s.base_level[base]
        for year in range(years):
            grown = s.year_path[year]
            invert_bases(s.base_level, base_growth, grown, inverse)
            for r in range(rows):
                base = base_row[r]
                these = (relative_path[year], level[r], tilt[r], inverse[base])
                shared = (grown, grown if base < growing else 0.0)
                bins = (centre[year, r], bins_per_unit[year, r])
                add_outputs(these, shared, bins, place, moments[year, r], counts[year, r])


@kernel
def propagate_total(
    points: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    tables: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    first: int,
    blocks: int,
    block_size: int,
    structure: Structure,
    table: np.ndarray,
    base_row: np.ndarray,
    centre: np.ndarray,
    bins_per_unit: np.ndarray,
    moments: np.ndarray,
    counts: np.ndarray,
) -> None:
    """One chunk into the accumulators of the totals of FTE and wages alone.

    Parameters
    ----------
    points, tables, first, blocks, block_size, structure, table
        See `propagate`.
    base_row, centre, bins_per_unit, moments, counts
        See `propagate`; with two rows, FTE and wages.
    """
    s, inputs = structure, tables[0].shape[0]
    drivers, years = s.driver.shape[0], s.years.shape[0]
    row = np.arange(inputs)
    values, term = np.empty((inputs, block_size)), np.empty((s.term_theme.shape[0], block_size))
    draw_scratch = empty_draw(block_size, np.int64, np.float64)
    deviation, part = np.empty((drivers, block_size)), np.empty(block_size)
    line, tilt = np.empty((2 + drivers, block_size)), np.empty((2, block_size))
    level = np.empty((2, block_size))
    base_growth, inverse = np.empty((2, block_size)), np.empty((2, block_size))
    relative_path, place = np.empty((years, block_size)), np.empty((2, block_size), np.uint16)
    which = np.arange(s.term_theme.shape[0])
    for block in range(blocks):
        s, offset = with_table(structure, table[block]), block * block_size
        coefficients = total_coefficients(s)
        draw_block(points, tables, first + offset, offset, draw_scratch, row, values)
        all_terms(values, row, s, part, term)
        driver_deviation(values, row[s.driver], s, deviation)
        affine(s.base_growth[base_row], deviation, base_growth)
        all_paths(values[s.speed], s, part, relative_path)
        for money in range(2):
            line[:] = 0.0
            for r in range(2 + drivers):
                add_rows(line[r], coefficients[money, r], term, which)
            copy_row(line[0], level[money])
            copy_row(line[1], tilt[money])
            for d in range(drivers):
                add_scaled(tilt[money], 1.0, line[2 + d], deviation[d])
        for year in range(years):
            grown = s.year_path[year]
            invert_bases(s.base_level[base_row], base_growth, grown, inverse)
            for money in range(2):
                these = (relative_path[year], level[money], tilt[money], inverse[money])
                bins = (centre[year, money], bins_per_unit[year, money])
                add_outputs(these, (grown, grown), bins, place, moments[year, money], counts[year, money])


@subroutine
def total_coefficients(s: Structure) -> np.ndarray:
    """Weights of the terms in the lines of total FTE and wages.

    Parameters
    ----------
    s : Structure

    Returns
    -------
    (2, 2 + D, P) float64
        For the level of 2023, the central growth, and the growth by each driver.
    """
    lines, categories = s.area_growth.shape[1], s.phase_in.shape[0]
    result = np.empty((2, 1 + lines, s.term_theme.shape[0]))
    for money in range(2):
        for c in range(categories):
            for p in range(s.term_start[c], s.term_start[c + 1]):
                result[money, 0, p] = s.category_level[money, c]
                for line in range(lines):
                    if c == categories - 1:
                        result[money, 1 + line, p] = s.category_growth[c + money, line]
                    else:
                        price = 1.0 if money == 0 else s.category_wage[c]
                        result[money, 1 + line, p] = price * s.category_growth[c, line]
    return result
