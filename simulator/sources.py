"""The tables as they were transcribed: which columns each file has, and what its cells may hold."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from .errors import InputError
from .tables import KINDS, Column, Table, read_table

OTHER, EXCLUDED = "Øvrige", "Ekskluderede"
FOCUS_AREAS = ("health", "education", "administration")

TEXT, NOTE, KIND = Column(str), Column(str, empty=True), Column(str, choices=KINDS)
FRACTION, BLANK_FRACTION = Column(float, low=0, high=1), Column(float, empty=True, low=0, high=1)
_YES_NO = Column(str, choices=("yes", "no"))
_THEME = Column(float, empty=True, low=1)

POTENTIAL, WORKFORCE, GROWTH = "published_potential.csv", "published_workforce.csv", "published_growth.csv"


def is_there(data: Path, name: str) -> bool:
    """Whether a folder has a table that it may do without.

    Raises
    ------
    InputError
        If it has one of nearly the same name instead, which would be left out in silence.
    """
    if (data / name).is_file():
        return True
    others = {path.name.lower(): path for path in data.iterdir()}
    for near in difflib.get_close_matches(name, others, n=1, cutoff=0.9):
        raise InputError(str(others[near]), "is not read", f"Rename it '{name}', or move it out of the folder.")
    return False


def read_source(data: Path, name: str, columns: dict[str, Column], key: Sequence[str]) -> Table:
    """A table with the three columns that all transcribed tables have: kind, source and note."""
    return read_table(data / name, {**columns, "kind": KIND, "source": TEXT, "note": NOTE}, key)


def areas_table(data: Path) -> Table:
    """areas.csv: the sector areas with their focus area."""
    columns = {"area": TEXT, "area_en": TEXT, "focus_area": Column(str, choices=("health", "education", "none"))}
    return read_source(data, "areas.csv", columns | {"administration_others": _YES_NO}, ("area",))


def levels_table(data: Path) -> Table:
    """levels.csv: the levels of government."""
    return read_source(data, "levels.csv", {"level": TEXT, "level_en": TEXT}, ("level",))


def themes_table(data: Path) -> Table:
    """themes.csv: the themes by number."""
    columns = {"theme": Column(int, low=1), "theme_da": TEXT, "theme_en": TEXT}
    table = read_source(data, "themes.csv", columns, ("theme",))
    names = table.texts("theme_da")
    for number, name in enumerate(names):
        if name in names[:number]:
            raise InputError(table.place(number), f"repeats the theme '{name}'", "Give each theme a name of its own.")
    return table


def categories_table(data: Path) -> Table:
    """categories.csv: job categories with phase-in range and the theme of their residual.

    The last two have neither, whatever they are called: the rest, to which the others are extrapolated, and what is
    excluded.
    """
    columns = {
        **dict.fromkeys(("category", "category_en", "phase_in_source"), TEXT),
        **dict.fromkeys(("phase_in_low", "phase_in_high"), BLANK_FRACTION),
        **dict.fromkeys(("phase_in_note", "residual_theme_note"), NOTE),
        "focus_area": Column(str, choices=(*FOCUS_AREAS, "none")),
        "administration": _YES_NO,
        "phase_in_kind": KIND,
        "residual_theme": _THEME,
    }
    table = read_table(data / "categories.csv", columns, ("category",))
    ends = [np.isnan(table.numbers(f"phase_in_{end}")) for end in ("low", "high")]
    if len(table.rows) < 3 or not np.all(ends, axis=0)[-2:].all():
        problem = f"does not end with '{OTHER}' and '{EXCLUDED}', two rows without a phase-in"
        remedy = "Put the rest and the excluded last, under these or other names, and another category before them."
        raise InputError(str(table.path), problem, remedy)
    return table


def workforce_table(data: Path) -> Table:
    """published_workforce.csv: printed FTE and wage bills of 2023."""
    names = ("figure", "dimension", "label", "label_en", "quantity", "unit", "printed")
    number = Column(float)
    columns = {**dict.fromkeys(names, TEXT), "value": Column(float, empty=True), "low": number, "high": number}
    return read_source(data, WORKFORCE, columns, ("figure", "dimension", "label", "quantity"))


def potential_table(data: Path) -> Table:
    """published_potential.csv: printed potentials of 2040."""
    names = ("figure", "scope", "dimension", "label", "label_en", "quantity", "unit", "printed")
    columns = {**dict.fromkeys(names, TEXT), **dict.fromkeys(("low", "high", "rounding"), Column(float))}
    return read_source(data, POTENTIAL, columns, ("figure", "scope", "dimension", "label", "quantity"))


def growth_table(data: Path) -> Table:
    """published_growth.csv: printed changes of the areas' FTE to 2040."""
    names = ("area", "area_en", "quantity", "unit", "printed")
    columns = {**dict.fromkeys(names, TEXT), **dict.fromkeys(("value", "low", "high"), Column(float))}
    return read_source(data, GROWTH, columns, ("area", "quantity"))


def full_potential(data: Path, table: Table) -> dict[str, float]:
    """Middle of the printed percentage of each category, by the middle of its phase-in: where the calibration starts.

    For the categories of health the percentage is printed for health and elder care; it holds wherever they work,
    because time shares and coefficients belong to the category.

    Parameters
    ----------
    data : Path
    table : Table
        categories.csv.

    Returns
    -------
    dict of str to float
        Fraction of the working time.

    Raises
    ------
    InputError
        If a category has no percentage, or no phase-in.
    """
    middles = (table.numbers("phase_in_low") + table.numbers("phase_in_high")) / 2
    middle = dict(zip(table.texts("category")[:-2], map(float, middles), strict=False))
    for number, (name, phase_in) in enumerate(middle.items()):
        if not phase_in > 0:  # an empty cell is not a number
            raise InputError(table.place(number), f"'{name}' has no phase-in", "Give a range that ends above 0.")
    potential = {
        str(row["label"]): (float(row["low"]) + float(row["high"])) / 2 / middle[str(row["label"])]
        for row in potential_table(data).rows
        if row["dimension"] == "category" and row["quantity"] == "freed_wage_share" and row["label"] in middle
    }
    for number, name in enumerate(middle):
        if name not in potential:
            problem = f"'{name}' has no percentage in published_potential.csv"
            raise InputError(table.place(number), problem, "Add its row.")
    return potential
