"""Freed FTE and wages of a block as lines in the growth path: amount(year) = path(year) * (level + grown(year) * tilt).

Rows of the amounts: for FTE and then for wages: the total, areas, levels, themes, focus areas, category `Øvrige`; then FTE
of the other categories (their wages are in proportion).
"""

from __future__ import annotations

import numpy as np

from .compiling import subroutine
from .rows import add_row, add_rows, add_scaled, affine
from .structure import Structure


@subroutine
def area_rows(
    category: np.ndarray, growth: np.ndarray, s: Structure, part: np.ndarray, level: np.ndarray, tilt: np.ndarray
) -> None:
    """Rows of the total, the areas and the levels.

    Parameters
    ----------
    category : (C, futures) float64
        What is freed of each category, as a fraction.
    growth : (A, futures) float64
    s : Structure
    part : (futures,) float64
        Scratch.
    level, tilt : (2, rows of one money, futures) float64
        First 1 + A + L rows are filled.
    """
    areas, levels = growth.shape[0], s.levels
    for money in range(2):
        level[money, : 1 + areas + levels] = 0.0
        tilt[money, : 1 + areas + levels] = 0.0
        for run in range(s.cell_run.shape[0] - 1):
            cells = slice(s.cell_run[run], s.cell_run[run + 1])
            area, row = 1 + s.cell_area[cells.start], 1 + areas + s.cell_level[cells.start]
            part[:] = 0.0
            add_rows(part, s.cell_amount[money, cells], category, s.cell_category[cells])
            add_row(level[money, area], 1.0, part)
            add_row(level[money, row], 1.0, part)
            add_scaled(tilt[money, row], 1.0, part, growth[area - 1])
        for area in range(areas):
            add_row(level[money, 0], 1.0, level[money, 1 + area])
            add_scaled(tilt[money, 1 + area], 1.0, level[money, 1 + area], growth[area])
            add_row(tilt[money, 0], 1.0, tilt[money, 1 + area])


@subroutine
def category_rows(
    category: np.ndarray, category_growth: np.ndarray, s: Structure, level: np.ndarray, tilt: np.ndarray
) -> None:
    """FTE of each category but `Øvrige`.

    Parameters
    ----------
    category, category_growth : (C, futures) float64
        The second: what growth adds to the category's FTE by 2040.
    s : Structure
    level, tilt : (C - 1, futures) float64
        Filled.
    """
    for c in range(level.shape[0]):
        amount = s.category_level[0, c]
        for future in range(level.shape[1]):
            level[c, future] = amount * category[c, future]
            tilt[c, future] = category_growth[c, future] * category[c, future]


@subroutine
def theme_rows(
    term: np.ndarray,
    category_growth: np.ndarray,
    other_growth: np.ndarray,
    s: Structure,
    level: np.ndarray,
    tilt: np.ndarray,
) -> None:
    """Rows of the themes.

    Parameters
    ----------
    term : (P, futures) float64
    category_growth : (C, futures) float64
        Of FTE.
    other_growth : (futures,) float64
        Of the wages of `Øvrige`.
    s : Structure
    level, tilt : (2, K, futures) float64
        Filled.
    """
    level[:] = 0.0
    tilt[:] = 0.0
    categories = category_growth.shape[0]
    for c in range(categories):
        fte, wages = s.category_level[0, c], s.category_level[1, c]
        for p in range(s.term_start[c], s.term_start[c + 1]):
            k = s.term_theme_place[p]
            add_row(level[0, k], fte, term[p])
            add_row(level[1, k], wages, term[p])
            add_scaled(tilt[0, k], 1.0, category_growth[c], term[p])
            if c < categories - 1:
                add_scaled(tilt[1, k], s.category_wage[c], category_growth[c], term[p])
            else:
                add_scaled(tilt[1, k], 1.0, other_growth, term[p])


@subroutine
def focus_rows(
    category: np.ndarray, growth: np.ndarray, s: Structure, places: tuple[int, int], level: np.ndarray, tilt: np.ndarray
) -> None:
    """Rows of the focus areas, from the rows of areas and categories.

    Parameters
    ----------
    category : (C, futures) float64
    growth : (A, futures) float64
    s : Structure
    places : (int, int)
        First row of the focus areas within one money, and number of rows of one money.
    level, tilt : (all rows, futures) float64
        Rows of areas and categories are read.
    """
    first, rows = places
    areas, other = growth.shape[0], category.shape[0] - 1
    for money in range(2):
        for scope in range(s.scope_area.shape[0]):
            row = money * rows + first + scope
            level[row] = 0.0
            tilt[row] = 0.0
            for area in range(areas):
                if s.scope_area[scope, area]:
                    add_row(level[row], 1.0, level[money * rows + 1 + area])
                    add_row(tilt[row], 1.0, tilt[money * rows + 1 + area])
                if s.scope_other_area[scope, area]:
                    amount = s.category_amount[money, area, other]
                    add_row(level[row], amount, category[other])
                    add_scaled(tilt[row], amount, category[other], growth[area])
            for c in range(other):
                if s.scope_category[scope, c]:
                    price = 1.0 if money == 0 else s.category_wage[c]
                    add_row(level[row], price, level[2 * rows + c])
                    add_row(tilt[row], price, tilt[2 * rows + c])


@subroutine
def all_rows(
    term: np.ndarray,
    category: np.ndarray,
    deviation: np.ndarray,
    s: Structure,
    scratch: tuple[np.ndarray, np.ndarray, np.ndarray],
    level: np.ndarray,
    tilt: np.ndarray,
) -> None:
    """All rows of the amounts.

    Parameters
    ----------
    term : (P, futures) float64
    category : (C, futures) float64
    deviation : (D, futures) float64
        Drivers of growth less their references.
    s : Structure
    scratch : tuple
        growth (A, futures), category_growth (C + 1, futures), part (futures,) float64.
    level, tilt : (rows, futures) float64
        Filled.
    """
    growth, category_growth, part = scratch
    areas, categories, futures = growth.shape[0], category.shape[0], part.shape[0]
    rows = (level.shape[0] - categories + 1) // 2
    themes = 1 + areas + s.levels
    focus = rows - 1 - s.scope_area.shape[0]
    affine(s.area_growth, deviation, growth)
    affine(s.category_growth, deviation, category_growth)
    both_levels = level[: 2 * rows].reshape((2, rows, futures))
    both_tilts = tilt[: 2 * rows].reshape((2, rows, futures))
    area_rows(category, growth, s, part, both_levels, both_tilts)
    category_rows(category, category_growth, s, level[2 * rows :], tilt[2 * rows :])
    other_growth = category_growth[categories]
    theme_rows(
        term, category_growth[:categories], other_growth, s, both_levels[:, themes:focus], both_tilts[:, themes:focus]
    )
    focus_rows(category, growth, s, (focus, rows), level, tilt)
    for money in range(2):
        grown = category_growth[categories - 1 + money]
        row, amount = (money + 1) * rows - 1, s.category_level[money, categories - 1]
        for future in range(futures):
            level[row, future] = amount * category[categories - 1, future]
            tilt[row, future] = grown[future] * category[categories - 1, future]
