"""Growth of the areas to 2040, and how births, length of life, migration and healthy ageing move it.

Letters for shapes: A areas (12), D drivers (4), B age bands (8), N draws of the population (2,000), Y years.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .errors import InputError, nearest
from .tables import KINDS, Column, Table, read_table

Array = NDArray[np.float64]

BANDS = ("0-5", "6-16", "17-29", "30-64", "65-69", "70-79", "80-89", "90+")
DRIVERS = ("fertility", "longevity", "migration", "healthy_ageing")
HEALTHY_AGEING_BOUNDS = (0.5, 1.0)
"""Share of the gain in life expectancy lived in good health: from half of it to all of it."""

BASE_YEAR, HORIZON, LAST_YEAR = 2023, 2040, 2045
COMMAND = "python -m simulator derive demography"

_TEXT = Column(str)
_NOTE = Column(str, empty=True)
_NUMBER = Column(float)
_KIND = Column(str, choices=KINDS)
_PRINTED = {
    "quantity": _TEXT,
    "unit": _TEXT,
    "printed": _TEXT,
    "value": Column(float, empty=True),
    "low": Column(float, empty=True),
    "high": Column(float, empty=True),
    "kind": _KIND,
    "source": _TEXT,
    "note": _NOTE,
}
_WORKFORCE = {"figure": _TEXT, "dimension": _TEXT, "label": _TEXT, "label_en": _TEXT, **_PRINTED}
_CHANGES = {"area": _TEXT, "area_en": _TEXT, **_PRINTED}
_DRAWS = {"draw": Column(int, low=0), **{band: Column(float, low=0) for band in BANDS}}
_POPULATION = {
    "year": Column(int, low=BASE_YEAR, high=LAST_YEAR),
    "band": _TEXT,
    "quantity": Column(str, choices=("median", "low_80", "high_80")),
    "unit": _TEXT,
    "value": Column(float, low=0),
    "kind": _KIND,
    "source": _TEXT,
    "note": _NOTE,
}
_PROFILES = {
    "area": _TEXT,
    "quantity": Column(str, choices=("relative_cost", "anchor", "demand_growth")),
    "age": _TEXT,
    "healthy_ageing": Column(float, empty=True, low=0, high=1),
    "unit": _TEXT,
    "value": _NUMBER,
    "kind": _KIND,
    "source": _TEXT,
    "note": _NOTE,
}
_GROWTH = {
    "area": _TEXT,
    "driver": Column(str, choices=("central", *DRIVERS)),
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
    "central": "Middle of what both roundings of figure 7.7 allow (GenAI 2040 report, 2024), with FTE of figure 7.2",
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
        The first three have mean 0 and variance 1 and are uncorrelated; the fourth is a share from 0.5 to 1.
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


def standard_drivers(persons: Array) -> Array:
    """Fertility, longevity and migration behind draws of the population: orthogonal, mean 0, variance 1.

    Everybody aged 17 or more in 2040 was born before 2024, so fertility has no part in the two older groups, and
    migration has hardly any in the oldest (their number correlates by 0.1 with that of the ages 17-64). Taken from the
    oldest to the youngest, each group holds one new driver:

    - longevity: persons aged 80 and over;
    - migration: persons aged 17-64, less their regression on longevity;
    - fertility: persons aged 0-16, less their regression on both (parents migrate: the correlation with 17-64 is 0.5).

    The ages 65-79 are left out of the identification: they hold both longevity and old migration.

    Parameters
    ----------
    persons : ndarray, shape (N, B)
        Draws of the population of one year, thousand persons.

    Returns
    -------
    ndarray, shape (N, 3)
        In the order of `DRIVERS`. Uncorrelated in the draws, which for draws this close to the normal distribution is
        taken as independence.
    """
    groups = np.column_stack([persons[:, 6:].sum(axis=1), persons[:, 2:4].sum(axis=1), persons[:, :2].sum(axis=1)])
    orthogonal, triangle = np.linalg.qr(groups - groups.mean(axis=0))
    longevity, migration, fertility = (orthogonal * np.sign(np.diag(triangle)) * np.sqrt(len(persons))).T
    return np.column_stack([fertility, longevity, migration])


def relative_deviation(persons: Array, profile: Array) -> Array:
    """How far the demand of the areas lies from its median over the draws.

    Parameters
    ----------
    persons : ndarray, shape (N, B)
        Thousand persons.
    profile : ndarray, shape (A, B)
        Demand per person, on a scale of its own for each area.

    Returns
    -------
    ndarray, shape (N, A)
        Demand over its median, less 1.
    """
    demand = persons @ profile.T
    deviation: Array = demand / np.median(demand, axis=0) - 1.0
    return deviation


def driver_loadings(deviation: Array, drivers: Array) -> Array:
    """Least squares of relative demand on standardised orthogonal drivers, with a constant.

    Parameters
    ----------
    deviation : ndarray, shape (N, A)
    drivers : ndarray, shape (N, 3)
        From `standard_drivers`, for which least squares is a covariance.

    Returns
    -------
    ndarray, shape (A, 3)
        Relative change of demand per standard deviation; its squares sum to the variance that the drivers explain.
    """
    loadings: Array = deviation.T @ drivers / len(drivers)
    return loadings


def explained_variance(data: Path) -> Array:
    """Part of the variance of each area's demand in 2040 that the three drivers explain (R²).

    Parameters
    ----------
    data : Path
        The folder `data/`.

    Returns
    -------
    ndarray, shape (A,)
        From 0 to 1.

    Raises
    ------
    InputError
        If a file is missing or unusable.
    """
    areas, _ = _published(data)
    profile, _ = _profiles(data / "age_profiles.csv", areas)
    persons = _draws(data / "population_2040_draws.csv")
    deviation = relative_deviation(persons, profile)
    loadings = driver_loadings(deviation, standard_drivers(persons))
    share: Array = (loadings**2).sum(axis=1) / deviation.var(axis=0)
    return share


def demand_path(years: Array, persons: Array, profile: Array, fte: Array) -> Array:
    """Part of the growth of demand from 2023 to 2040 that is reached in each year, common to all areas.

    Parameters
    ----------
    years : ndarray, shape (P,)
        Years with a population, ascending, with 2023 and 2040 among them.
    persons : ndarray, shape (P, B)
        Median population, thousand persons.
    profile : ndarray, shape (A, B)
        Demand per person.
    fte : ndarray, shape (A,)
        Weights: FTE of 2023, thousand.

    Returns
    -------
    ndarray, shape (Y,)
        For the years 2023 to 2045, linear between the years with a population.

    Raises
    ------
    ValueError
        If the path falls from one year to the next.
    """
    demand = persons @ profile.T
    total = (demand / demand[np.searchsorted(years, BASE_YEAR)]) @ (fte / fte.sum())
    reached = (total - 1.0) / (total[np.searchsorted(years, HORIZON)] - 1.0)
    if not (np.diff(reached) > 0).all():
        raise ValueError("the demand weighted with FTE does not grow in every step")
    path: Array = np.interp(np.arange(BASE_YEAR, LAST_YEAR + 1), years, reached)
    return path


def derive(data: Path) -> Growth:
    """Growth from the published changes, the draws of the population and the age profiles.

    The deviations from the median of the draws belong to the level that the report's growth leads to, so they are
    multiplied by 1 + central. Healthy ageing is linear between half and all of the gain in life expectancy, around the
    middle.

    Parameters
    ----------
    data : Path
        The folder `data/`, with `published_workforce.csv`, `published_growth.csv`, `population_2040_draws.csv`,
        `population_by_age.csv` and `age_profiles.csv`.

    Returns
    -------
    Growth

    Raises
    ------
    InputError
        If a file is missing or unusable, or its parts do not fit.

    Notes
    -----
    Sources: the GenAI 2040 report (2024), figures 7.2 and 7.7; UN World Population Prospects 2024; KL (2023); Danske
    Regioner (2021).
    """
    areas, fte = _published(data)
    central = _central(data / "published_growth.csv", areas, fte)
    profile, healthy = _profiles(data / "age_profiles.csv", areas)
    persons = _draws(data / "population_2040_draws.csv")
    loadings = driver_loadings(relative_deviation(persons, profile), standard_drivers(persons))
    years, medians = _medians(data / "population_by_age.csv")
    return Growth(
        areas=areas,
        drivers=DRIVERS,
        central=central,
        loading=(1.0 + central)[:, np.newaxis] * np.column_stack([loadings, healthy]),
        reference=np.array([0.0, 0.0, 0.0, sum(HEALTHY_AGEING_BOUNDS) / 2]),
        path_years=np.arange(BASE_YEAR, LAST_YEAR + 1, dtype=np.int64),
        path=demand_path(years, medians, profile, fte),
    )


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
        rows.append(_row(area, "central", growth.central[a], "", "fraction, 2023 to 2040"))
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
        If a file is missing or unusable, an area or a driver of it is missing or unknown, references differ between
        areas, or the path is not rising over successive years from 0 in 2023 through 1 in 2040.
    """
    table = read_table(folder / "growth.csv", _GROWTH, key=("area", "driver"))
    cells = np.full((len(areas), 1 + len(DRIVERS)), np.nan)
    reference = np.full(len(DRIVERS), np.nan)
    for i, row in enumerate(table.rows):
        a = _position(table, i, str(row["area"]), areas)
        d = ("central", *DRIVERS).index(str(row["driver"]))
        cells[a, d] = row["loading"]
        if d > 0:
            stated = float(row["reference"])
            if not (np.isnan(reference[d - 1]) or stated == reference[d - 1]):
                problem = f"the reference of '{row['driver']}' differs between areas"
                raise InputError(table.place(i), problem, "Give every area the same.")
            reference[d - 1] = stated
    _complete(table, cells, areas, ("central", *DRIVERS))
    if np.isnan(reference).any():
        problem = f"the reference of '{DRIVERS[int(np.argmax(np.isnan(reference)))]}' is empty"
        raise InputError(str(table.path), problem, "State the value at which growth is the central one.")
    years, path = _read_path(folder / "growth_path.csv")
    return Growth(tuple(areas), DRIVERS, cells[:, 0], cells[:, 1:], reference, years, path)


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


def _position(table: Table, row: int, name: str, known: Sequence[str]) -> int:
    if name not in known:
        raise InputError(table.place(row), f"'{name}' is not known here", nearest(name, known))
    return list(known).index(name)


def _complete(table: Table, cells: Array, rows: Sequence[str], columns: Sequence[str]) -> None:
    """Raise if a cell of an array filled from `table` is still NaN."""
    holes = np.argwhere(np.isnan(cells))
    if len(holes):
        row, column = holes[0]
        raise InputError(
            str(table.path),
            f"nothing is stated for ({rows[row]}, {columns[column]})",
            "Add a row for each combination.",
        )


def _published(data: Path) -> tuple[tuple[str, ...], Array]:
    """Areas in the order of figure 7.2, and their FTE in 2023 (thousand)."""
    table = read_table(data / "published_workforce.csv", _WORKFORCE)
    found = [
        (str(row["label"]), float(row["value"]))
        for row in table.rows
        if (row["figure"], row["dimension"], row["quantity"]) == ("7.2", "area", "fte_2023")
    ]
    if not found:
        raise InputError(str(table.path), "holds no fte_2023 of an area of figure 7.2", "Add one row for each area.")
    areas, fte = zip(*found, strict=True)
    return areas, np.array(fte, dtype=np.float64)


def _central(path: Path, areas: Sequence[str], fte: Array) -> Array:
    """Growth that agrees with both printed columns of figure 7.7, fraction."""
    quantities = ("fte_change", "percent_change")
    table = read_table(path, _CHANGES, key=("area", "quantity"))
    cells = np.full((len(areas), 2), np.nan)
    for i, row in enumerate(table.rows):
        a = _position(table, i, str(row["area"]), areas)
        cells[a, _position(table, i, str(row["quantity"]), quantities)] = row["value"]
    _complete(table, cells, areas, quantities)
    central = np.empty(len(areas))
    for a, (change, fraction) in enumerate(cells):
        try:
            central[a] = central_growth(float(fte[a]), float(change), round(100 * float(fraction), 6))
        except ValueError as error:
            raise InputError(f"{path}, area '{areas[a]}'", str(error), "Check both columns and the FTE.") from None
    return central


def _profiles(path: Path, areas: Sequence[str]) -> tuple[Array, Array]:
    """Relative cost per person (A, B), and relative change of demand per unit of healthy ageing (A,)."""
    table = read_table(path, _PROFILES, key=("area", "quantity", "age", "healthy_ageing", "source"))
    profile = np.full((len(areas), len(BANDS)), np.nan)
    demand: dict[int, dict[float, float]] = {}
    for i, row in enumerate(table.rows):
        a = _position(table, i, str(row["area"]), areas)
        if row["quantity"] == "relative_cost":
            profile[a, _position(table, i, str(row["age"]), BANDS)] = row["value"]
        elif row["quantity"] == "demand_growth":
            demand.setdefault(a, {})[float(row["healthy_ageing"])] = 1.0 + float(row["value"])
    _complete(table, profile, areas, BANDS)
    slope = np.zeros(len(areas))
    low, high = HEALTHY_AGEING_BOUNDS
    for a, at in demand.items():
        if low not in at or high not in at:
            problem = f"demand of '{areas[a]}' is not stated at a healthy ageing of {low:g} and {high:g}"
            raise InputError(str(path), problem, "Add the rows.")
        slope[a] = (at[high] - at[low]) / (high - low) / ((at[low] + at[high]) / 2)
    return profile, slope


def _draws(path: Path) -> Array:
    table = read_table(path, _DRAWS, key=("draw",))
    return np.column_stack([table.numbers(band) for band in BANDS])


def _medians(path: Path) -> tuple[Array, Array]:
    """Years with a population (P,), and its median (P, B) in thousand persons."""
    table = read_table(path, _POPULATION, key=("year", "band", "quantity"))
    years = np.unique(table.numbers("year"))
    cells = np.full((len(years), len(BANDS)), np.nan)
    for row in table.rows:
        if row["quantity"] == "median" and row["band"] in BANDS:
            cells[np.searchsorted(years, int(row["year"])), BANDS.index(str(row["band"]))] = row["value"]
    _complete(table, cells, [f"{year:g}" for year in years], BANDS)
    for year in (BASE_YEAR, HORIZON, LAST_YEAR):
        if year not in years:
            raise InputError(str(path), f"the year {year} is missing", "Add its rows.")
    return years, cells
