"""What the report prints: every number with the sums over area × category × level that it is made of.

One list serves both the reconciliation, which asks for tables that meet it, and the comparison with the model, so that
the two cannot differ in what a number means.

Letters: a areas (12), c categories (22), l levels (4), n cells of a × c × l.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .demography import central_growth
from .errors import InputError, nearest
from .sources import (
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

REST, FOCUS_TOTAL, REGIONS_HEALTH = "Øvrige ansatte", "Total 20 stillingskategorier i fokus", "Sundhed i regionerne"
ENDS = ("low", "middle", "high")
BAND = 0.05  # half of every printed phase-in range (sections 4.1-4.3)

# Printed numbers that cannot hold beside others of the report.
TOO_WIDE = "4-6 is wider than a phase-in of 65-75 % allows, whatever the workforce."
DOUBTFUL = {
    ("SOSU-medarbejdere", "freed_fte", "low"): TOO_WIDE,
    ("SOSU-medarbejdere", "freed_fte", "high"): TOO_WIDE,
}

# What each printed quantity is of its cells: FTE or wages, of 2023 or grown to 2040, all or freed, a share, a change.
QUANTITIES = {
    "fte_2023": "",
    "wage_bill_2023": "wage",
    "fte_share": "share",
    "wage_share": "wage share",
    "fte_share_2040": "grown share",
    "freed_fte": "grown freed",
    "freed_wage": "wage grown freed",
    "freed_fte_share": "grown freed share",
    "freed_wage_share": "wage grown freed share",
    "need_fte": "grown change",
    "fte_change": "grown change",
    "percent_change": "grown change share",
}
SCOPES = ("all", "health", "education", "administration", "other_areas")
_TEXTS = ("figure", "scope", "dimension", "label", "label_en", "quantity", "unit", "printed", "kind", "source", "note")
_Row = Mapping[str, str | float | int]


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
class Printed:
    """One number of the report: (top - less) / bottom; without `less` or `bottom`, without that part of it.

    Attributes
    ----------
    figure, scope, dimension, label, label_en, quantity, unit : str
    printed : str
        As it stands in the report.
    low, high : float
        The printed ends, equal where one number is printed; 0 and the limit where only a limit is ("<1").
    rounding : float
        Half a unit of the last meaningful place.
    limit : bool
        Whether only an upper limit is known.
    top, less, bottom : Term or None
        What is freed is taken in the middle; no `top` where the model has no such output.
    kind, source, note, place : str
        Provenance, and file and row.
    """

    figure: str
    scope: str
    dimension: str
    label: str
    label_en: str
    quantity: str
    unit: str
    printed: str
    low: float
    high: float
    rounding: float
    limit: bool
    top: Term | None
    less: Term | None
    bottom: Term | None
    kind: str
    source: str
    note: str
    place: str


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
    middle = (categories.numbers("phase_in_low") + categories.numbers("phase_in_high")) / 2
    potential = full_potential(data, categories)
    focus = np.isfinite(middle)
    adopt = np.zeros((3, len(names[1])))
    adopt[:, focus] = middle[focus]
    adopt[:, -2] = np.average(middle[focus], weights=_printed_fte(data, names[1])[focus])
    adopt[:, adopt[1] > 0] += np.array([[-BAND], [0.0], [BAND]])
    return Frame(
        *names,
        focus=tuple(areas.texts("focus_area")),
        administration=np.array(categories.texts("administration")) == "yes",
        administration_others=np.array(areas.texts("administration_others")) == "yes",
        cells=np.argwhere(~structural_zeros(data, *names)),
        growth=_growth(data, names[0]),
        use=np.array([potential.get(name, 0.0) for name in names[1]]),
        adopt=adopt,
    )


def accepted(number: Printed) -> dict[str, tuple[float, float]]:
    """Where a value may lie for the report to print the number, by the end of the phase-in.

    An end lies within its rounding: 83.5-84.5 and 95.5-96.5 for 84-96. A range of one unit is what the report prints
    where both ends round to the same number too, so there each end may lie anywhere between the outer roundings on its
    side: 2.5-4.0 and 3.0-4.5 for 3-4.

    Returns
    -------
    dict of str to (float, float)
        ``low`` and ``high`` of a range, ``middle`` of a single number; of a limit ``high`` where phase-in matters.
    """
    low, high, r = number.low, number.high, number.rounding
    if number.limit:
        return {"high" if number.top is not None and number.top.freed >= 0 else "middle": (low, high)}
    if low == high:
        return {"middle": (low - r, high + r)}
    narrow = high - low < 3 * r
    return {"low": (low - r, high if narrow else low + r), "high": (low if narrow else high - r, high + r)}


def reason(number: Printed, end: str) -> str:
    """Why a number cannot be met, where the report's own numbers show it; else an empty text."""
    known = DOUBTFUL.get((number.label, number.quantity, end), "")
    return known or (number.note if "ontradiction" in number.note else "")


def potential_numbers(frame: Frame, data: Path) -> Iterator[Printed]:
    """The numbers of published_potential.csv: figures 3.3-4.3.2 and the claims of the text about 2040.

    Use cases, and shares of employees whom the report does not count, are left out: they are no sums over cells.

    Raises
    ------
    InputError
        If the table is faulty, or names an unknown label, scope, dimension or quantity.
    """
    table = potential_table(data)
    named: dict[str, list[str]] = {}
    for row in table.rows:
        if row["dimension"] == "category" and row["label"] != REST:
            named.setdefault(str(row["scope"]), []).append(str(row["label"]))
    for number, row in enumerate(table.rows):
        if row["scope"] == "use_case":
            continue
        place, limit = table.place(number), str(row["printed"]).startswith("<")
        low, high, rounding = (float(row[column]) for column in ("low", "high", "rounding"))
        if low > high or rounding <= 0:
            raise InputError(place, "low is above high, or rounding is not above 0", "Mend the three numbers.")
        cells, whole = _potential_cells(frame, row, named, place)
        yield _number(row, place, (low, high, rounding, limit), cells, whole)


def workforce_numbers(frame: Frame, data: Path) -> Iterator[Printed]:
    """The numbers of published_workforce.csv: figures 7.1-7.4 and the claims of the text about 2023.

    Raises
    ------
    InputError
        If the table is faulty, or names an unknown label, dimension or quantity.
    """
    table = workforce_table(data)
    everyone = np.ones(len(frame.cells), dtype=bool)
    for number, row in enumerate(table.rows):
        place = table.place(number)
        cells = _workforce_cells(frame, str(row["dimension"]), str(row["label"]), place)
        yield _number({**row, "scope": "all"}, place, _rounded(row, place), cells, everyone)


def growth_numbers(frame: Frame, data: Path) -> Iterator[Printed]:
    """The numbers of published_growth.csv: figure 7.7.

    Raises
    ------
    InputError
        If the table is faulty, or names an unknown area or quantity.
    """
    table = growth_table(data)
    for number, row in enumerate(table.rows):
        place = table.place(number)
        cells = frame.cells[:, 0] == position(frame.areas, str(row["area"]), place)
        named = {"figure": "7.7", "scope": "all", "dimension": "area", "label": row["area"], "label_en": row["area_en"]}
        yield _number({**row, **named}, place, _rounded(row, place), cells, cells)


def _rounded(row: _Row, place: str) -> tuple[float, float, float, bool]:
    """Low, high, rounding and whether it is a limit, from a value with the interval of its rounding."""
    value, low, high = (float(row[column]) for column in ("value", "low", "high"))
    if low >= high:
        raise InputError(place, f"low {low:g} is not below high {high:g}", "Give the interval of the rounding.")
    if math.isnan(value):
        return low, high, (high - low) / 2, True
    if not math.isclose(value, (low + high) / 2, abs_tol=1e-9):
        problem = f"{value:g} is not in the middle of {low:g} to {high:g}"
        raise InputError(place, problem, "Give the interval of its rounding.")
    return value, value, (high - low) / 2, False


def _number(
    row: _Row, place: str, ends: tuple[float, float, float, bool], cells: np.ndarray | None, whole: np.ndarray
) -> Printed:
    """A printed number, with what its quantity means for the cells that it counts and those that it is a share of."""
    quantity = str(row["quantity"])
    if quantity not in QUANTITIES:
        raise InputError(place, f"unknown quantity '{quantity}'", nearest(quantity, QUANTITIES))
    words = QUANTITIES[quantity].split()
    wage, grown, freed, change, share = (w in words for w in ("wage", "grown", "freed", "change", "share"))
    top = less = bottom = None
    if cells is not None:
        top = Term(cells, wage, grown, ENDS.index("middle") if freed else -1)
        less = Term(cells, wage) if change else None
        bottom = Term(whole, wage, grown and not change) if share else None
    low, high, rounding, limit = ends
    return Printed(
        **{column: str(row[column]) for column in _TEXTS},
        low=low,
        high=high,
        rounding=rounding,
        limit=limit,
        top=top,
        less=less,
        bottom=bottom,
        place=place,
    )


def _potential_cells(
    frame: Frame, row: _Row, named: Mapping[str, Sequence[str]], place: str
) -> tuple[np.ndarray, np.ndarray]:
    """Cells that a printed potential counts, and those that its percentage is of."""
    area, category, level = frame.cells.T
    scope, dimension, label = str(row["scope"]), str(row["dimension"]), str(row["label"])
    everyone = np.ones(len(frame.cells), dtype=bool)
    health = np.array([name == "health" for name in frame.focus])[area]
    position(SCOPES, scope, place)
    position(("total", "level", "area", "category", "claim"), dimension, place)
    if dimension == "claim":
        position((REGIONS_HEALTH,), label, place)
        regions = level == position(frame.levels, "Regioner", place)
        return health & regions, regions
    if dimension == "level":
        cells = level == position(frame.levels, label, place)
        return cells, cells if str(row["quantity"]).startswith("freed") else everyone
    if dimension == "area":
        cells = area == position(frame.areas, label, place)
        return cells, cells
    if scope == "administration":
        other = category == len(frame.categories) - 2
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


def _workforce_cells(frame: Frame, dimension: str, label: str, place: str) -> np.ndarray | None:
    """Cells that a printed number of 2023 counts; None for a single excluded position, which no cell is."""
    axes = {"area": (0, frame.areas), "category": (1, frame.categories), "level": (2, frame.levels)}
    if dimension in axes:
        axis, labels = axes[dimension]
        return np.asarray(frame.cells[:, axis] == position(labels, label, place))
    if dimension == "excluded":
        return None
    position(("total", "excluded", *axes), dimension, place)
    categories = {"Total": range(len(frame.categories)), frame.categories[-1]: (len(frame.categories) - 1,)}
    categories[FOCUS_TOTAL] = range(len(frame.categories) - 2)
    position(tuple(categories), label, place)
    return np.isin(frame.cells[:, 1], categories[label])


def _growth(data: Path, areas: Sequence[str]) -> np.ndarray:
    table = growth_table(data)
    change = {(str(r["area"]), str(r["quantity"])): float(r["value"]) for r in table.rows}
    fte = _printed_fte(data, areas)
    growth = np.ones(len(areas))
    for i, area in enumerate(areas):
        try:
            growth[i] += central_growth(fte[i], change[area, "fte_change"], 100.0 * change[area, "percent_change"])
        except KeyError:
            raise InputError(
                str(table.path), f"lacks a row of '{area}'", "Give fte_change and percent_change."
            ) from None
        except ValueError as error:
            raise InputError(f"{table.path}, area '{area}'", str(error), "Check both rows and the FTE.") from None
    return growth


def _printed_fte(data: Path, labels: Sequence[str]) -> np.ndarray:
    """FTE of figures 7.2 (areas) or 7.3 (categories), thousand; NaN where neither prints one."""
    fte = {
        (str(row["dimension"]), str(row["label"])): float(row["value"])
        for row in workforce_table(data).rows
        if row["quantity"] == "fte_2023" and row["figure"] in ("7.2", "7.3")
    }
    dimension = "area" if ("area", labels[0]) in fte else "category"
    return np.array([fte.get((dimension, label), np.nan) for label in labels])
