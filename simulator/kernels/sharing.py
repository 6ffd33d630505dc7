"""Which outputs share their slopes: wages have those of FTE times a price, and some scopes count a category alike.

What an output gains by a unit of a category is its slope. Outputs whose slopes are in proportion share a row of them.
Letters: as in `Structure`; K themes, R rows of slopes (of one year). float: see `simulator.kernels.sides`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .compiling import subroutine
from .structure import Structure

ROUNDING = 1e-13  # weights that differ by so little, relative to the largest, are the same


class Shared(NamedTuple):
    """What follows from the weights of the categories, with the workforce tables of both points of a pair.

    Attributes
    ----------
    first_row : (C + 1,) int64
        First row of each category, and the number of rows.
    scope : (R,) int64
        The first scope that has the slopes of the row.
    row_weight : (2, R, 2 + D) float
        Its weights of the category, with the table of A and of B.
    counted : (S,) int64
        How many categories the scope counts.
    category, row : (S, C) int64
        These, and their rows of slopes.
    category_row : (2, S, C) int64
        Rows of n of `Sides.category` with these, at A and at B.
    scale : (S, C) float
        How many times the slopes of the row the scope has.
    common_scale : (S, 1 + B, C) float
        These times what national and the barriers weigh in the phase-in of the category.
    weight : (2, S, 2 + D, C) float
        Weights of these, with the table of A and of B.
    year_weight : (2, S, Y, C) float
        What the scope gains by a unit of these in each year without the drivers of growth, likewise.
    first_couple : (C + 1,) int64
        First couple of each category, and their number: scopes that share a row, two at a time.
    couple_row : (couples,) int64
    couple_scope : (couples, 2) int64
        The second is the first again where a scope is left alone.
    couple_scale : (couples, 2) float
    first_product : (S, K + 1) int64
        First product of each theme, and their end: products of slopes and what the theme frees, by scope.
    product_row, product_term : (S, P) int64
    product_scale : (S, P) float
    """

    first_row: np.ndarray
    scope: np.ndarray
    row_weight: np.ndarray
    counted: np.ndarray
    category: np.ndarray
    category_row: np.ndarray
    row: np.ndarray
    scale: np.ndarray
    common_scale: np.ndarray
    weight: np.ndarray
    year_weight: np.ndarray
    first_couple: np.ndarray
    couple_row: np.ndarray
    couple_scope: np.ndarray
    couple_scale: np.ndarray
    first_product: np.ndarray
    product_row: np.ndarray
    product_term: np.ndarray
    product_scale: np.ndarray


def empty_shared(s: Structure, scopes: int) -> Shared:
    """Room for what `share_slopes` fills."""
    years = s.years.shape[0]
    categories, terms, lines = s.phase_in.shape[0], s.term_theme.shape[0], 2 + s.driver.shape[0]
    rows, themes, number = categories * scopes, s.term_theme_place.max() + 1, s.task_part.dtype
    return Shared(
        np.zeros(categories + 1, np.int64),
        np.empty(rows, np.int64),
        np.empty((2, rows, lines), number),
        np.zeros(scopes, np.int64),
        np.empty((scopes, categories), np.int64),
        np.empty((2, scopes, categories), np.int64),
        np.empty((scopes, categories), np.int64),
        np.empty((scopes, categories), number),
        np.empty((scopes, 1 + s.barrier.shape[0], categories), number),
        np.empty((2, scopes, lines, categories), number),
        np.empty((2, scopes, years, categories), number),
        np.zeros(categories + 1, np.int64),
        np.empty(rows, np.int64),
        np.empty((rows, 2), np.int64),
        np.empty((rows, 2), number),
        np.zeros((scopes, themes + 1), np.int64),
        np.empty((scopes, terms), np.int64),
        np.empty((scopes, terms), np.int64),
        np.empty((scopes, terms), number),
    )


@subroutine
def ratio_of(weights: tuple[np.ndarray, np.ndarray], scope: int, other: int, c: int) -> float:
    """How many times the slopes of another scope a scope has in one category; 0 where they are not in proportion.

    Parameters
    ----------
    weights : ((S, 2 + D, C), (S, 2 + D, C)) float64
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


@subroutine
def is_counted(weights: np.ndarray, scope: int, c: int) -> bool:
    """Whether a category counts in a scope; weights (S, 2 + D, C)."""
    found = False
    for line in range(weights.shape[1]):
        found |= weights[scope, line, c] != 0.0
    return found


@subroutine
def add_scope(weights: tuple[np.ndarray, np.ndarray], scope: int, c: int, s: Structure, x: Shared) -> None:
    """Note a scope that counts a category; the rows of the category so far end at `first_row[c + 1]`."""
    row, ratio, lines = x.first_row[c], 0.0, weights[0].shape[1]
    while row < x.first_row[c + 1] and ratio == 0.0:
        ratio = ratio_of(weights, scope, x.scope[row], c)
        row += 1
    if ratio == 0.0:
        ratio = 1.0
        row = x.first_row[c + 1] = x.first_row[c + 1] + 1
        x.scope[row - 1] = scope
        for line in range(lines):
            x.row_weight[0, row - 1, line] = weights[0][scope, line, c]
            x.row_weight[1, row - 1, line] = weights[1][scope, line, c]
    place = x.counted[scope]
    x.counted[scope] += 1
    x.category[scope, place], x.row[scope, place], x.scale[scope, place] = c, row - 1, ratio
    x.category_row[0, scope, place], x.category_row[1, scope, place] = 2 * c, 2 * c + 1
    x.common_scale[scope, 0, place] = ratio
    for b in range(s.barrier.shape[0]):
        x.common_scale[scope, 1 + b, place] = ratio * s.barrier_weight[c, b]
    for line in range(lines):
        x.weight[0, scope, line, place] = weights[0][scope, line, c]
        x.weight[1, scope, line, place] = weights[1][scope, line, c]
    for side in range(2):
        for year in range(s.years.shape[0]):
            grown = s.year_path[year] * weights[side][scope, 1, c]
            x.year_weight[side, scope, year, place] = weights[side][scope, 0, c] + grown


@subroutine
def couple_scopes(c: int, x: Shared) -> None:
    """The scopes that share rows of a category, two at a time."""
    couple = x.first_couple[c]
    for row in range(x.first_row[c], x.first_row[c + 1]):
        members = 0
        for scope in range(x.counted.shape[0]):
            place = x.counted[scope] - 1  # the category was noted last
            if place >= 0 and x.category[scope, place] == c and x.row[scope, place] == row:
                for member in range(members % 2, 2):
                    x.couple_scope[couple, member], x.couple_scale[couple, member] = scope, x.scale[scope, place]
                x.couple_row[couple] = row
                couple += members % 2
                members += 1
        couple += members % 2
    x.first_couple[c + 1] = couple


@subroutine
def list_products(s: Structure, x: Shared) -> None:
    """What the derivatives with respect to the themes are sums of."""
    for scope in range(x.counted.shape[0]):
        product = 0
        for theme in range(x.first_product.shape[1] - 1):
            x.first_product[scope, theme] = product
            for place in range(x.counted[scope]):
                c = x.category[scope, place]
                for p in range(s.term_start[c], s.term_start[c + 1]):
                    if s.term_theme[p] >= 0 and s.term_theme_place[p] == theme:
                        x.product_row[scope, product], x.product_term[scope, product] = x.row[scope, place], p
                        x.product_scale[scope, product] = x.scale[scope, place]
                        product += 1
        x.first_product[scope, -1] = product


@subroutine
def share_slopes(weights: tuple[np.ndarray, np.ndarray], s: Structure, x: Shared) -> None:
    """Which outputs share a row of slopes.

    Parameters
    ----------
    weights : tuple
        See `ratio_of`.
    s : Structure
    x : Shared
        Filled.
    """
    x.counted[:] = 0
    for c in range(s.phase_in.shape[0]):
        x.first_row[c + 1] = x.first_row[c]
        for scope in range(x.counted.shape[0]):
            if is_counted(weights[0], scope, c) or is_counted(weights[1], scope, c):
                add_scope(weights, scope, c, s, x)
        couple_scopes(c, x)
    list_products(s, x)
