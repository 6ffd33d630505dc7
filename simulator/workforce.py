"""The workforce of 2023 by area, category and level, with its wages and potentials."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .errors import InputError
from .tables import KINDS, Column, Table, position, read_table

FILES = ("workforce.csv", "wages.csv", "potentials.csv")
EVERYWHERE = "*"


@dataclass(frozen=True)
class Workforce:
    """The reconciled tables (a areas, c categories, of which the last are the rest and the excluded, l levels).

    Attributes
    ----------
    fte : ndarray, (a, c, l)
        Thousand FTE in 2023.
    wage : ndarray, (a, c)
        Mio. DKK per FTE a year, 2023 prices; only that of the rest differs between areas.
    potential : ndarray, (c - 2,)
        Full potential of the categories in focus before phase-in, a fraction.
    potential_other : ndarray, (a,)
        That of the rest.
    potential_kind : tuple of str, length c - 2
        What the potentials of the categories in focus rest on: published, derived or assumed. Empty before they are stored.
    """

    fte: np.ndarray
    wage: np.ndarray
    potential: np.ndarray
    potential_other: np.ndarray
    potential_kind: tuple[str, ...] = ()


def read(folder: Path, areas: Sequence[str], categories: Sequence[str], levels: Sequence[str]) -> Workforce:
    """Read the tables that the reconciliation wrote.

    Parameters
    ----------
    folder : Path
        Holds workforce.csv (cells that are left out are zero), wages.csv and potentials.csv.
    areas, categories, levels : sequence of str
        The labels, in the order of the axes; the last two categories are the rest and the excluded.

    Raises
    ------
    InputError
        If a file is missing or faulty, names an unknown label, or leaves out a wage or a potential of somebody; if a
        category other than the rest differs between areas.
    """
    cells = _table(folder / FILES[0], ("area", "category", "level"), "fte")
    fte = np.zeros((len(areas), len(categories), len(levels)))
    for number, row in enumerate(cells.rows):
        place = cells.place(number)
        where = tuple(
            position(labels, str(row[column]), place)
            for labels, column in ((areas, "area"), (categories, "category"), (levels, "level"))
        )
        fte[where] = float(row["fte"])
    staffed, rest = fte.sum(axis=2) > 0, categories[-2]
    wages = _table(folder / FILES[1], ("area", "category"), "wage")
    wage = _by_category(wages, "wage", areas, categories, rest, staffed)
    potentials = _table(folder / FILES[2], ("area", "category"), "potential", high=1.0)
    # The excluded have none.
    potential = _by_category(potentials, "potential", areas, categories[:-1], rest, staffed[:, :-1])
    known = dict(zip(potentials.texts("category"), potentials.texts("kind"), strict=True))
    kinds = tuple(known.get(name, "") for name in categories[:-2])
    return Workforce(fte, wage, potential[0, :-1], potential[:, -1], kinds)


def structural_zeros(data: Path, areas: Sequence[str], categories: Sequence[str], levels: Sequence[str]) -> np.ndarray:
    """Where nobody can work, from structural_zeros.csv: ndarray of bool, (area, category, level).

    Raises
    ------
    InputError
        If the table is faulty or names an unknown label.
    """
    columns = {
        **dict.fromkeys(("area", "category", "level", "reason", "source"), Column(str)),
        "kind": Column(str, choices=KINDS),
    }
    table = read_table(data / "structural_zeros.csv", columns)
    zero = np.zeros((len(areas), len(categories), len(levels)), dtype=bool)
    for number, row in enumerate(table.rows):
        a, c, level = (
            _chosen(str(row[column]), labels, f"{table.place(number)}, column '{column}'")
            for column, labels in (("area", areas), ("category", categories), ("level", levels))
        )
        zero[np.ix_(a, c, level)] = True
    return zero


def _table(path: Path, labels: Sequence[str], value: str, high: float = math.inf) -> Table:
    columns = {label: Column(str) for label in labels}
    columns |= {value: Column(float, low=0.0, high=high), "unit": Column(str)}
    return read_table(path, {**columns, "kind": Column(str, choices=KINDS), "source": Column(str)}, key=labels)


def _by_category(
    table: Table, column: str, areas: Sequence[str], categories: Sequence[str], rest: str, staffed: np.ndarray
) -> np.ndarray:
    """One value for each category, and for the rest one for each area: ndarray, (areas, categories); 0 where none is
    stated and nobody works."""
    values = np.full((len(areas), len(categories)), np.nan)
    for number, row in enumerate(table.rows):
        area, category, place = str(row["area"]), str(row["category"]), table.place(number)
        c = position(categories, category, place)
        if (area == EVERYWHERE) == (category == rest):
            remedy = f"Give '{rest}' a row for each area, and all others one for '{EVERYWHERE}'."
            raise InputError(place, f"'{category}' has a row for the area '{area}'", remedy)
        a = slice(None) if area == EVERYWHERE else position(areas, area, place)
        values[a, c] = float(row[column])
    missing = np.argwhere(np.isnan(values) & staffed)
    if len(missing):
        a, c = missing[0]
        where = f" in '{areas[a]}'" if categories[c] == rest else ""
        problem = f"has no row for '{categories[c]}'{where}"
        raise InputError(str(table.path), problem, "Derive the workforce again, or add the row.")
    return np.where(np.isnan(values), 0.0, values)


def _chosen(cell: str, labels: Sequence[str], place: str) -> np.ndarray:
    """Labels that a cell of structural_zeros.csv means: ``*`` all, ``A|B`` these, ``!A|B`` all but these."""
    if cell == "*":
        return np.ones(len(labels), dtype=bool)
    chosen = np.zeros(len(labels), dtype=bool)
    for name in cell.removeprefix("!").split("|"):
        chosen[position(labels, name, place)] = True
    return ~chosen if cell.startswith("!") else chosen
