"""The workforce of 2023 by area, category and level, with wages and the potential of the categories not in focus."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .errors import InputError
from .tables import KINDS, Column, Table, position, read_table

FILES = ("workforce.csv", "wages.csv", "potential_other.csv")
EVERYWHERE = "*"


@dataclass(frozen=True)
class Workforce:
    """The reconciled tables (a areas, c categories, l levels).

    Attributes
    ----------
    fte : ndarray, (a, c, l)
        Thousand FTE in 2023.
    wage : ndarray, (a, c)
        Mio. DKK per FTE a year, 2023 prices; only Øvrige differs between areas.
    potential_other : ndarray, (a,)
        Full potential of Øvrige before phase-in, a fraction.
    """

    fte: np.ndarray
    wage: np.ndarray
    potential_other: np.ndarray


def read(folder: Path, areas: Sequence[str], categories: Sequence[str], levels: Sequence[str]) -> Workforce:
    """Read the tables that the reconciliation wrote.

    Parameters
    ----------
    folder : Path
        Holds workforce.csv (cells that are left out are zero), wages.csv and potential_other.csv.
    areas, categories, levels : sequence of str
        The labels, in the order of the axes.

    Raises
    ------
    InputError
        If a file is missing or faulty, names an unknown label, or leaves out a wage or a potential.
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
    wages = _table(folder / FILES[1], ("area", "category"), "wage")
    wage = np.full((len(areas), len(categories)), np.nan)
    for number, row in enumerate(wages.rows):
        place = wages.place(number)
        c = position(categories, str(row["category"]), place)
        a = slice(None) if row["area"] == EVERYWHERE else position(areas, str(row["area"]), place)
        wage[a, c] = float(row["wage"])
    potentials = _table(folder / FILES[2], ("area",), "potential")
    potential_other = np.full(len(areas), np.nan)
    for number, row in enumerate(potentials.rows):
        potential_other[position(areas, str(row["area"]), potentials.place(number))] = float(row["potential"])
    _complete(wages.path, wage, categories)
    _complete(potentials.path, potential_other, areas)
    return Workforce(fte, wage, potential_other)


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


def _table(path: Path, labels: Sequence[str], value: str) -> Table:
    columns = {label: Column(str) for label in labels}
    columns |= {value: Column(float, low=0.0), "unit": Column(str)}
    return read_table(path, {**columns, "kind": Column(str, choices=KINDS), "source": Column(str)}, key=labels)


def _complete(path: Path, values: np.ndarray, labels: Sequence[str]) -> None:
    missing = np.argwhere(~np.isfinite(values))
    if len(missing):
        raise InputError(str(path), f"has no row for '{labels[missing[0][-1]]}'", "Derive the workforce again.")


def _chosen(cell: str, labels: Sequence[str], place: str) -> np.ndarray:
    """Labels that a cell of structural_zeros.csv means: ``*`` all, ``A|B`` these, ``!A|B`` all but these."""
    if cell == "*":
        return np.ones(len(labels), dtype=bool)
    chosen = np.zeros(len(labels), dtype=bool)
    for name in cell.removeprefix("!").split("|"):
        chosen[position(labels, name, place)] = True
    return ~chosen if cell.startswith("!") else chosen
