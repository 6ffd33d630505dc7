"""What the report prints about the workforce and its potential, as bounds on sums over area × category × level.

Letters: a areas (12), c categories (22), l levels (4), n cells of a × c × l that are not structurally zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .demography import central_growth
from .sources import (
    EXCLUDED,
    OTHER,
    areas_table,
    categories_table,
    full_potential,
    growth_table,
    levels_table,
    potential_table,
    workforce_table,
)
from .tables import position
from .workforce import structural_zeros

REST = "Øvrige ansatte"
ENDS = ("low", "middle", "high")
HEADLINE, DOUBT = 100.0, 0.05  # price of missing a headline total, and a doubtful number, by that of any other
BAND = 0.05  # half of every printed phase-in range (sections 4.1-4.3)

# Excluded positions that only one area can have: figure 7.4 prints them, figure 7.2 the area.
PLACED = {
    "Militært arbejde, øvrige rangordener": "Forsvar",
    "Underofficers arbejde": "Forsvar",
    "Arbejde inden for religion": "Medier, kultur og religion",
    "Arbejde m. religion på mellemniveau": "Medier, kultur og religion",
}

# Printed numbers that cannot hold beside others of the report. At full price they would bend the whole table.
TOO_WIDE = "4-6 is wider than a phase-in of 65-75 % allows, whatever the workforce."
DOUBTFUL = {
    ("SOSU-medarbejdere", "freed_fte", "low"): TOO_WIDE,
    ("SOSU-medarbejdere", "freed_fte", "high"): TOO_WIDE,
    ("Ældre", "freed_wage", "middle"): (
        "5-6 % of the area's wages of 2040, about 59.8 bn, is 3.0-3.6 bn. Both ends keep to 2-3 within their rounding, "
        "the middle does not."
    ),
}


@dataclass(frozen=True)
class Frame:
    """Labels, and what is known before the reconciliation.

    Attributes
    ----------
    areas, categories, levels : tuple of str
    focus : tuple of str
        Focus area of each area: health, education or none.
    administration, administration_others : ndarray of bool, (22,) and (12,)
        Categories that figure 4.3.2 counts everywhere; areas whose Øvrige it counts.
    cells : ndarray of int, (n, 3)
        Area, category and level of each cell that is not structurally zero.
    growth : ndarray, (12,)
        Growth factor from 2023 to 2040.
    use : ndarray, (22,)
        Full potential before phase-in; 0 for Øvrige (unknown, one for each area) and Ekskluderede.
    adopt : ndarray, (3, 22)
        Phase-in at the low end, the middle and the high end; 0 for Ekskluderede.
    """

    areas: tuple[str, ...]
    categories: tuple[str, ...]
    levels: tuple[str, ...]
    focus: tuple[str, ...]
    administration: np.ndarray
    administration_others: np.ndarray
    cells: np.ndarray
    growth: np.ndarray
    use: np.ndarray
    adopt: np.ndarray


@dataclass(frozen=True)
class Term:
    """A sum over cells of FTE, times what is switched on.

    Attributes
    ----------
    cells : ndarray of bool, (n,)
    wage, grown : bool
        Times the wage; times the growth to 2040.
    freed : int
        Times use and phase-in at this end of `ENDS`; -1 for all FTE.
    """

    cells: np.ndarray
    wage: bool = False
    grown: bool = False
    freed: int = -1


@dataclass(frozen=True)
class Bound:
    """low ≤ top / bottom ≤ high; without a bottom, low ≤ top ≤ high.

    `rounding` is half a unit of the last printed place, in the unit of the bound; `hard` bounds may not be missed;
    `weight` is the price of missing another; `reason` says why it may be missed.
    """

    figure: str
    label: str
    quantity: str
    end: str
    low: float
    high: float
    rounding: float
    top: Term
    bottom: Term | None = None
    hard: bool = False
    weight: float = 1.0
    reason: str = ""


def read_frame(data: Path) -> Frame:
    """Labels, growth, full potentials, phase-in and structural zeros from the tables in `data`.

    Raises
    ------
    InputError
        If a table is faulty, or names what another does not have.
    """
    areas, levels = areas_table(data), levels_table(data)
    categories = categories_table(data)
    names = (tuple(areas.texts("area")), tuple(categories.texts("category")), tuple(levels.texts("level")))
    growth = _growth(data, names[0])
    middle = (categories.numbers("phase_in_low") + categories.numbers("phase_in_high")) / 2
    potential = full_potential(data, categories)
    use = np.array([potential.get(name, 0.0) for name in names[1]])
    fte = _printed_fte(data, names[1])
    focus = np.isfinite(middle)
    adopt = np.zeros((3, len(names[1])))
    adopt[:, focus] = middle[focus]
    adopt[:, names[1].index(OTHER)] = np.average(middle[focus], weights=fte[focus])
    adopt[:, adopt[1] > 0] += np.array([[-BAND], [0.0], [BAND]])
    return Frame(
        *names,
        focus=tuple(areas.texts("focus_area")),
        administration=np.array(categories.texts("administration")) == "yes",
        administration_others=np.array(areas.texts("administration_others")) == "yes",
        cells=np.argwhere(~structural_zeros(data, *names)),
        growth=growth,
        use=use,
        adopt=adopt,
    )


def workforce_bounds(frame: Frame, data: Path) -> tuple[list[Bound], list[Bound]]:
    """What published_workforce.csv says of 2023.

    Returns
    -------
    hard : list of Bound
        The marginals of figures 7.1-7.4, and the least number of excluded positions that only one area can have.
    claims : list of Bound
        The claims of the text that contradict the figures; to be reported, not to be met.

    Raises
    ------
    InputError
        If the table is faulty or names an unknown label.
    """
    table = workforce_table(data)
    everyone = np.ones(len(frame.cells), dtype=bool)
    hard: list[Bound] = []
    claims: list[Bound] = []
    least: dict[str, float] = {}
    for number, row in enumerate(table.rows):
        dimension, label, low, high = str(row["dimension"]), str(row["label"]), float(row["low"]), float(row["high"])
        wage, share = str(row["quantity"]).startswith("wage"), str(row["quantity"]).endswith("share")
        if dimension == "excluded":
            if label in PLACED and row["quantity"] == "fte_2023":
                least[PLACED[label]] = least.get(PLACED[label], 0.0) + low
            continue
        bound = Bound(
            figure=str(row["figure"]),
            label=label,
            quantity=str(row["quantity"]),
            end="middle",
            low=low,
            high=high,
            rounding=(high - low) / 2,
            top=Term(_workforce_cells(frame, dimension, label, table.place(number)), wage),
            bottom=Term(everyone, wage) if share else None,
            hard=row["figure"] != "text",
            reason=str(row["note"]),
        )
        (hard if bound.hard else claims).append(bound)
    excluded = frame.cells[:, 1] == frame.categories.index(EXCLUDED)
    for area, low in least.items():
        cells = excluded & (frame.cells[:, 0] == frame.areas.index(area))
        hard.append(Bound("7.4", area, "fte_2023", "middle", low, np.inf, 0.5, Term(cells), hard=True))
    return hard, claims


def potential_bounds(frame: Frame, data: Path) -> list[Bound]:
    """The potentials of published_potential.csv, at both ends and in the middle, each once however often printed.

    Use cases, staff needs and shares of uncounted employees are not outputs of the model and have no bounds.

    Raises
    ------
    InputError
        If the table is faulty or names an unknown label.
    """
    table = potential_table(data)
    named: dict[str, list[str]] = {}
    for row in table.rows:
        if row["dimension"] == "category" and row["label"] != REST:
            named.setdefault(str(row["scope"]), []).append(str(row["label"]))
    bounds: list[Bound] = []
    seen = set()
    for number, row in enumerate(table.rows):
        scope, dimension, label, quantity = (str(row[k]) for k in ("scope", "dimension", "label", "quantity"))
        where = "" if dimension == "area" else "Total" if dimension == "total" else label
        identity = (scope if dimension != "area" else "", dimension, label if dimension == "area" else where, quantity)
        if quantity in ("need_fte", "freed_fte_share_of_affected") or scope == "use_case" or identity in seen:
            continue
        seen.add(identity)
        cells, whole = _potential_cells(frame, row, named, table.place(number))
        bounds += _ends(row, cells, whole)
    return bounds


def _ends(row: dict[str, str | float | int], cells: np.ndarray, whole: np.ndarray) -> list[Bound]:
    """The bounds of one printed range: at both ends, and in the middle.

    An end lies within its rounding. A range of one unit is what the report prints where both ends round to the same
    number too, so there each end may lie anywhere between the outer roundings on its side.
    """
    quantity, low, high, r = str(row["quantity"]), float(row["low"]), float(row["high"]), float(row["rounding"])
    headline = row["scope"] == "all" and row["dimension"] == "total" and quantity in ("freed_fte", "freed_wage")
    wage, freed = "wage" in quantity, quantity.startswith("freed")

    def bound(end: str, least: float, most: float) -> Bound:
        doubt = DOUBTFUL.get((str(row["label"]), quantity, end), "")
        return Bound(
            figure=str(row["figure"]),
            label=str(row["label"]),
            quantity=quantity,
            end=end,
            low=least,
            high=most,
            rounding=r,
            top=Term(cells, wage, True, ENDS.index(end) if freed else -1),
            bottom=Term(whole, wage, True) if "share" in quantity else None,
            weight=HEADLINE if headline else DOUBT if doubt else 1.0,
            reason=doubt or str(row["note"]),
        )

    if str(row["printed"]).startswith("<"):
        return [bound("high", 0.0, high)]
    if low == high:
        return [bound("middle", low - r, high + r)]
    narrow = high - low < 3 * r
    ends = [
        bound("low", low - r, high if narrow else low + r),
        bound("high", low if narrow else high - r, high + r),
    ]
    centre = (low + high) / 2
    return [*ends, bound("middle", centre - r, centre + r) if headline else bound("middle", low, high)]


def _potential_cells(
    frame: Frame, row: dict[str, str | float | int], named: dict[str, list[str]], place: str
) -> tuple[np.ndarray, np.ndarray]:
    """Cells that a printed potential counts, and those that its percentage is of."""
    area, category, level = frame.cells.T
    scope, dimension, label = str(row["scope"]), str(row["dimension"]), str(row["label"])
    everyone = np.ones(len(frame.cells), dtype=bool)
    if dimension == "claim":
        health = np.array([name == "health" for name in frame.focus])[area]
        regions = level == position(frame.levels, "Regioner", place)
        return health & regions, regions
    if dimension == "level":
        cells = level == position(frame.levels, label, place)
        return cells, cells if str(row["quantity"]).startswith("freed") else everyone
    if dimension == "area":
        cells = area == position(frame.areas, label, place)
        return cells, cells
    if scope == "administration":
        other = category == frame.categories.index(OTHER)
        cells = frame.administration[category] | (other & frame.administration_others[area])
    elif scope == "all":
        cells = everyone
    else:
        cells = np.array([name == {"other_areas": "none"}.get(scope, scope) for name in frame.focus])[area]
    if dimension == "category" and label == REST:
        cells = cells & ~np.isin(category, [position(frame.categories, name, place) for name in named[scope]])
    elif dimension == "category":
        cells = cells & (category == position(frame.categories, label, place))
    return cells, cells


def _workforce_cells(frame: Frame, dimension: str, label: str, place: str) -> np.ndarray:
    axes = {"area": (0, frame.areas), "category": (1, frame.categories), "level": (2, frame.levels)}
    if dimension in axes or label == EXCLUDED:
        axis, labels = axes["category" if label == EXCLUDED else dimension]
        return np.asarray(frame.cells[:, axis] == position(labels, label, place))
    if label == "Total":
        return np.ones(len(frame.cells), dtype=bool)
    return np.asarray(frame.use[frame.cells[:, 1]] > 0)  # the total of figure 7.3


def _growth(data: Path, areas: Sequence[str]) -> np.ndarray:
    table = growth_table(data)
    change = {(str(r["area"]), str(r["quantity"])): float(r["value"]) for r in table.rows}
    fte = _printed_fte(data, areas)
    return np.array(
        [
            1.0 + central_growth(fte[i], change[area, "fte_change"], 100.0 * change[area, "percent_change"])
            for i, area in enumerate(areas)
        ]
    )


def _printed_fte(data: Path, labels: Sequence[str]) -> np.ndarray:
    """FTE of figures 7.2 (areas) or 7.3 (categories), thousand; NaN where neither prints one."""
    fte = {
        (str(row["dimension"]), str(row["label"])): float(row["value"])
        for row in workforce_table(data).rows
        if row["quantity"] == "fte_2023" and row["figure"] in ("7.2", "7.3")
    }
    dimension = "area" if ("area", labels[0]) in fte else "category"
    return np.array([fte.get((dimension, label), np.nan) for label in labels])
