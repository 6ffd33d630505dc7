"""The rows of the kernels' outputs: what each is called, and the weights that make it from the terms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from .evidence import Evidence
from .kernels.structure import Structure
from .potential import NO_THEME, QUANTITIES

BATCH = 64  # workforce tables whose weights are held at once


@dataclass(frozen=True)
class OutputRow:
    """One row of the amounts.

    Attributes
    ----------
    quantity : str
        freed_fte or freed_wage.
    dimension : str
        Empty for the total.
    label : str
    """

    quantity: str
    dimension: str
    label: str


def output_rows(evidence: Evidence) -> tuple[OutputRow, ...]:
    """Rows in the order of `simulator.kernels.amounts`.

    Parameters
    ----------
    evidence : Evidence

    Returns
    -------
    tuple of OutputRow
        For FTE and then wages: total, areas, levels, themes, focus areas, `Øvrige`; then FTE of the other categories.
    """
    labels = (
        ("", ("",)),
        ("area", evidence.areas),
        ("level", evidence.levels),
        ("theme", (*evidence.themes, NO_THEME)),
        ("focus_area", evidence.focus_areas),
        ("category", (evidence.other,)),
    )
    both = [OutputRow(quantity, dim, label) for quantity in QUANTITIES for dim, names in labels for label in names]
    return (*both, *(OutputRow(QUANTITIES[0], "category", name) for name in evidence.categories[:-2]))


def row_weights(s: Structure, rows: Sequence[OutputRow], evidence: Evidence) -> np.ndarray:
    """Weights of the terms in each row and area.

    Parameters
    ----------
    s : Structure
    rows : sequence of OutputRow
    evidence : Evidence

    Returns
    -------
    (rows, A, P) float64
        A row in a year is path · Σ weight[row, a, p] · growth[a] · term[p].
    """
    return _weights(s, s.category_amount, s.cell_amount, rows, evidence)


def table_weights(s: Structure, rows: Sequence[OutputRow], evidence: Evidence) -> Iterator[np.ndarray]:
    """The weights with each workforce table that may be true, some tables at a time.

    Parameters
    ----------
    s : Structure
    rows : sequence of OutputRow
    evidence : Evidence

    Yields
    ------
    (tables, rows, A, P) float64
        As `row_weights`.
    """
    for at in range(0, len(s.ensemble.cell_amount), BATCH):
        some = slice(at, at + BATCH)
        yield _weights(s, s.ensemble.category_amount[some], s.ensemble.cell_amount[some], rows, evidence)


def _weights(
    s: Structure, category_amount: np.ndarray, cell_amount: np.ndarray, rows: Sequence[OutputRow], evidence: Evidence
) -> np.ndarray:
    """`row_weights` from amounts (..., 2, A, C) and (..., 2, Z)."""
    category = np.repeat(np.arange(len(s.phase_in)), np.diff(s.term_start))  # of each term
    by_term = category_amount[..., category]  # money, area, term
    tables = cell_amount.shape[:-2]
    cells = np.zeros((*tables, 2, len(evidence.areas), len(evidence.levels), len(s.phase_in)))
    cells[..., s.cell_area, s.cell_level, s.cell_category] = cell_amount
    names = evidence.categories[:-1]
    weights = np.zeros((*tables, len(rows), *by_term.shape[-2:]))
    for position, row in enumerate(rows):
        amounts = by_term[..., QUANTITIES.index(row.quantity), :, :]
        if row.dimension == "":
            chosen = amounts
        elif row.dimension == "area":
            chosen = amounts * (np.array(evidence.areas) == row.label)[:, None]
        elif row.dimension == "level":
            level = evidence.levels.index(row.label)
            chosen = cells[..., QUANTITIES.index(row.quantity), :, level, :][..., category]
        elif row.dimension == "theme":
            chosen = amounts * (s.term_theme_place == (*evidence.themes, NO_THEME).index(row.label))
        elif row.dimension == "category":
            chosen = amounts * (category == names.index(row.label))
        else:
            scope = evidence.focus_areas.index(row.label)
            counted = s.scope_area[scope][:, None] | s.scope_category[scope][category]
            counted = counted | (s.scope_other_area[scope][:, None] & (category == len(names) - 1))
            chosen = amounts * counted
        weights[..., position, :, :] = chosen
    return weights


def base_places(evidence: Evidence, rows: Sequence[OutputRow]) -> np.ndarray:
    """Place of the base that the share of each row is of, in `Structure.base_level`.

    Parameters
    ----------
    evidence : Evidence
    rows : sequence of OutputRow

    Returns
    -------
    (rows,) int64
    """
    areas, levels, scopes = len(evidence.areas), len(evidence.levels), len(evidence.focus_areas)
    one = 1 + levels + scopes + 1
    places = []
    for row in rows:
        money = QUANTITIES.index(row.quantity)
        if row.dimension == "area":
            place = 2 * one + money * areas + evidence.areas.index(row.label)
        elif row.dimension == "category" and row.label != evidence.other:
            place = 2 * one + 2 * areas + evidence.categories.index(row.label)
        elif row.dimension == "level":
            place = money * one + 1 + evidence.levels.index(row.label)
        elif row.dimension == "focus_area":
            place = money * one + 1 + levels + evidence.focus_areas.index(row.label)
        else:
            place = money * one + (one - 1 if row.dimension == "category" else 0)
        places.append(place)
    return np.array(places)


def scope_rows(rows: Sequence[OutputRow]) -> list[int]:
    """Rows whose sensitivity is analysed: the total and the focus areas, of FTE and wages."""
    return [position for position, row in enumerate(rows) if row.dimension in ("", "focus_area")]


def line_coefficients(s: Structure, weights: np.ndarray) -> np.ndarray:
    """Weights of the categories in the lines of scopes, for `simulator.kernels.pick_freeze`.

    Parameters
    ----------
    s : Structure
    weights : (..., scopes, A, P) float64
        See `row_weights`; of rows that treat the terms of a category alike.

    Returns
    -------
    (..., scopes, 2 + D, C) float64
        For each scope: level in 2023, growth at the references of the drivers, growth by each driver.
    """
    by_category = weights[..., s.term_start[:-1]]
    growth = np.column_stack([np.ones(len(s.area_growth)), s.area_growth])
    return np.ascontiguousarray(np.einsum("...oac,al->...olc", by_category, growth))
