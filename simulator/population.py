"""How births, length of life, migration and healthy ageing move the work of the areas: from draws of the population.

Letters for shapes: A areas (12), D drivers (4), B age bands (8), N draws of the population (2,000), Y years.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from .demography import BASE_YEAR, DRIVERS, HORIZON, LAST_YEAR, Array, Growth, central_growth, complete
from .errors import InputError
from .sources import growth_table, workforce_table
from .tables import KINDS, Column, position, read_table

BANDS = ("0-5", "6-16", "17-29", "30-64", "65-69", "70-79", "80-89", "90+")
HEALTHY_AGEING_BOUNDS = (0.5, 1.0)
"""Share of the gain in life expectancy lived in good health: from half of it to all of it."""

_TEXT = Column(str)
_NOTE = Column(str, empty=True)
_NUMBER = Column(float)
_KIND = Column(str, choices=KINDS)
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
    central = _central(data, areas, fte)
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


def _published(data: Path) -> tuple[tuple[str, ...], Array]:
    """Areas in the order of figure 7.2, and their FTE in 2023 (thousand)."""
    table = workforce_table(data)
    found = [
        (str(row["label"]), float(row["value"]))
        for row in table.rows
        if (row["figure"], row["dimension"], row["quantity"]) == ("7.2", "area", "fte_2023")
    ]
    if not found:
        raise InputError(str(table.path), "holds no fte_2023 of an area of figure 7.2", "Add one row for each area.")
    areas, fte = zip(*found, strict=True)
    return areas, np.array(fte, dtype=np.float64)


def _central(data: Path, areas: Sequence[str], fte: Array) -> Array:
    """Growth that agrees with both printed columns of figure 7.7, fraction."""
    quantities = ("fte_change", "percent_change")
    table = growth_table(data)
    cells = np.full((len(areas), 2), np.nan)
    for i, row in enumerate(table.rows):
        a = position(areas, str(row["area"]), table.place(i))
        cells[a, position(quantities, str(row["quantity"]), table.place(i))] = row["value"]
    complete(table, cells, areas, quantities)
    central = np.empty(len(areas))
    for a, (change, fraction) in enumerate(cells):
        try:
            central[a] = central_growth(float(fte[a]), float(change), round(100 * float(fraction), 6))
        except ValueError as error:
            raise InputError(
                f"{table.path}, area '{areas[a]}'", str(error), "Check both columns and the FTE."
            ) from None
    return central


def _profiles(path: Path, areas: Sequence[str]) -> tuple[Array, Array]:
    """Relative cost per person (A, B), and relative change of demand per unit of healthy ageing (A,)."""
    table = read_table(path, _PROFILES, key=("area", "quantity", "age", "healthy_ageing", "source"))
    profile = np.full((len(areas), len(BANDS)), np.nan)
    demand: dict[int, dict[float, float]] = {}
    for i, row in enumerate(table.rows):
        a = position(areas, str(row["area"]), table.place(i))
        if row["quantity"] == "relative_cost":
            profile[a, position(BANDS, str(row["age"]), table.place(i))] = row["value"]
        elif row["quantity"] == "demand_growth":
            demand.setdefault(a, {})[float(row["healthy_ageing"])] = 1.0 + float(row["value"])
    complete(table, profile, areas, BANDS)
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
    complete(table, cells, [f"{year:g}" for year in years], BANDS)
    for year in (BASE_YEAR, HORIZON, LAST_YEAR):
        if year not in years:
            raise InputError(str(path), f"the year {year} is missing", "Add its rows.")
    return years, cells
