"""Growth of the areas to 2040, and how births, length of life, migration and healthy ageing move it.

Letters for shapes: A areas (12), D drivers (4), Y years.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .errors import InputError, nearest
from .tables import KINDS, Column, Table, position, read_table

Array = NDArray[np.float64]

DRIVERS = ("fertility", "longevity", "migration", "healthy_ageing")
CENTRAL = "central"

BASE_YEAR, HORIZON, LAST_YEAR = 2023, 2040, 2045
COMMAND = "python -m simulator derive demography"

_TEXT = Column(str)
_NOTE = Column(str, empty=True)
_NUMBER = Column(float)
_KIND = Column(str, choices=KINDS)
_GROWTH = {
    "area": _TEXT,
    "driver": _TEXT,
    "loading": _NUMBER,
    "reference": Column(float, empty=True),
    "unit": _TEXT,
    "kind": _KIND,
    "source": _TEXT,
    "note": _NOTE,
}
_PATH = {
    "year": Column(int, low=BASE_YEAR, high=LAST_YEAR),
    "path": Column(float, low=0),
    "unit": _TEXT,
    "kind": _KIND,
    "source": _TEXT,
}
_NOTES = {
    CENTRAL: "Middle of what both roundings of figure 7.7 allow (GenAI 2040 report, 2024), with FTE of figure 7.2",
    "fertility": "Persons aged 0-16 in 2040 less what persons aged 17-64 and 80 and over explain",
    "longevity": "Persons aged 80 and over in 2040",
    "migration": "Persons aged 17-64 in 2040 less what persons aged 80 and over explain",
    "healthy_ageing": "Share of the gain in life expectancy lived in good health: demand at half and at all of it",
}


@dataclass(frozen=True)
class Growth:
    """Growth of the areas, growth[a, y] = 1 + path[y]·(central[a] + Σ_d loading[a, d]·(driver[d] − reference[d])).

    Attributes
    ----------
    areas : tuple of str, length A
        In the order of figure 7.2.
    drivers : tuple of str, length D
        Of `DRIVERS`, the first three have mean 0 and variance 1 and are uncorrelated; the fourth is a share from 0.5 to 1.
    central : ndarray, shape (A,)
        Growth from 2023 to 2040 with every driver at its reference, fraction.
    loading : ndarray, shape (A, D)
        Growth to 2040 per unit of a driver: one standard deviation, or the whole gain in life expectancy.
    reference : ndarray, shape (D,)
    path_years : ndarray of int, shape (Y,)
    path : ndarray, shape (Y,)
        Part of the growth to 2040 that is reached: 0 in 2023, 1 in 2040.
    """

    areas: tuple[str, ...]
    drivers: tuple[str, ...]
    central: Array
    loading: Array
    reference: Array
    path_years: NDArray[np.int64]
    path: Array

    def at(self, drivers: Array) -> Array:
        """Growth factors.

        Parameters
        ----------
        drivers : ndarray, shape (..., D)

        Returns
        -------
        ndarray, shape (..., A, Y)
            Work in a year as a multiple of the work in 2023.
        """
        change = self.central + (drivers - self.reference) @ self.loading.T
        grown: Array = 1.0 + change[..., np.newaxis] * self.path
        return grown


def central_growth(fte: float, change: float, percent: float) -> float:
    """Growth of an area from 2023 to 2040 that agrees with both of its roundings in figure 7.7.

    Parameters
    ----------
    fte : float
        FTE in 2023, thousand (figure 7.2).
    change, percent : float
        The printed change in thousand FTE and in percent (figure 7.7), each rounded to a whole number.

    Returns
    -------
    float
        Middle of the interval that both roundings allow, as a fraction.

    Raises
    ------
    ValueError
        If no growth agrees with both.

    Examples
    --------
    >>> round(central_growth(76, -6, -7), 4)
    -0.0737
    """
    low = max((change - 0.5) / fte, (percent - 0.5) / 100)
    high = min((change + 0.5) / fte, (percent + 0.5) / 100)
    if low > high:
        raise ValueError(f"no growth of {fte} thousand FTE rounds to {change} thousand and {percent} percent")
    return (low + high) / 2


def write(growth: Growth, folder: Path) -> None:
    """Store growth as `growth.csv` and `growth_path.csv`, with six decimals.

    Parameters
    ----------
    growth : Growth
    folder : Path
        Where the two files go; made if it does not exist.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rows: list[list[str]] = []
    for a, area in enumerate(growth.areas):
        rows.append(_row(area, CENTRAL, growth.central[a], "", "fraction, 2023 to 2040"))
        for d, driver in enumerate(growth.drivers):
            unit = "fraction per unit share" if driver == "healthy_ageing" else "fraction per standard deviation"
            rows.append(_row(area, driver, growth.loading[a, d], f"{growth.reference[d]:g}", unit))
    _save(folder / "growth.csv", list(_GROWTH), rows)
    steps = zip(growth.path_years, growth.path, strict=True)
    unit = "part of the growth from 2023 to 2040"
    _save(folder / "growth_path.csv", list(_PATH), [[str(y), f"{p:.6f}", unit, "derived", COMMAND] for y, p in steps])


def read(folder: Path, areas: Sequence[str]) -> Growth:
    """Read what `write` stored.

    Parameters
    ----------
    folder : Path
        With `growth.csv` and `growth_path.csv`.
    areas : sequence of str
        The areas wanted, in their order; the file must hold these and no others.

    Returns
    -------
    Growth

    Raises
    ------
    InputError
        If a file is missing or unusable, an area is unknown or lacks the central growth or a driver that another has,
        references differ between areas, or the path is not rising over successive years from 0 in 2023 through 1 in 2040.
    """
    table = read_table(folder / "growth.csv", _GROWTH, key=("area", "driver"))
    drivers = tuple(dict.fromkeys(name for name in table.texts("driver") if name != CENTRAL))
    cells = np.full((len(areas), 1 + len(drivers)), np.nan)
    reference = np.full(len(drivers), np.nan)
    for i, row in enumerate(table.rows):
        a = position(areas, str(row["area"]), table.place(i))
        d = (CENTRAL, *drivers).index(str(row["driver"]))
        cells[a, d] = row["loading"]
        if d > 0:
            stated = float(row["reference"])
            if not (np.isnan(reference[d - 1]) or stated == reference[d - 1]):
                problem = f"the reference of '{row['driver']}' differs between areas"
                raise InputError(table.place(i), problem, "Give every area the same.")
            reference[d - 1] = stated
    _common(table, len(areas), drivers)
    complete(table, cells, areas, (CENTRAL, *drivers))
    if np.isnan(reference).any():
        problem = f"the reference of '{drivers[int(np.argmax(np.isnan(reference)))]}' is empty"
        raise InputError(str(table.path), problem, "State the value at which growth is the central one.")
    years, path = _read_path(folder / "growth_path.csv")
    return Growth(tuple(areas), drivers, cells[:, 0], cells[:, 1:], reference, years, path)


def _common(table: Table, areas: int, drivers: Sequence[str]) -> None:
    """Raise if a driver is stated for a few areas alone, as one that is misspelt."""
    stated = table.texts("driver")
    for name in drivers:
        if 2 * stated.count(name) < areas:
            others = (CENTRAL, *(other for other in drivers if other != name))
            problem = f"the driver '{name}' is stated for {stated.count(name)} of {areas} areas"
            raise InputError(table.place(stated.index(name)), problem, f"{nearest(name, others)} Give each area a row.")


def _read_path(path: Path) -> tuple[NDArray[np.int64], Array]:
    table = read_table(path, _PATH, key=("year",))
    years, reached = table.numbers("year").astype(np.int64), table.numbers("path")
    whole = np.array_equal(years, np.arange(BASE_YEAR, years[-1] + 1)) and years[-1] >= HORIZON
    if not whole:
        raise InputError(
            str(path), f"the years are not {BASE_YEAR} to {HORIZON} or later, one by one", "Give each year a row."
        )
    if reached[0] != 0 or reached[HORIZON - BASE_YEAR] != 1 or (np.diff(reached) <= 0).any():
        raise InputError(
            str(path), f"the path does not rise from 0 in {BASE_YEAR} through 1 in {HORIZON}", f"Run '{COMMAND}' again."
        )
    return years, reached


def _row(area: str, driver: str, value: float, reference: str, unit: str) -> list[str]:
    return [area, driver, f"{value:.6f}", reference, unit, "derived", COMMAND, _NOTES[driver]]


def _save(path: Path, header: list[str], rows: list[list[str]]) -> None:
    part = path.with_name(path.name + ".part")
    with part.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
    part.replace(path)


def complete(table: Table, cells: Array, rows: Sequence[str], columns: Sequence[str]) -> None:
    """Raise if a cell of an array filled from `table` is still NaN."""
    holes = np.argwhere(np.isnan(cells))
    if len(holes):
        row, column = holes[0]
        raise InputError(
            str(table.path),
            f"nothing is stated for ({rows[row]}, {columns[column]})",
            "Add a row for each combination.",
        )
