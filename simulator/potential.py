"""The six-step model as a plain formula on labelled arrays: the reference that the kernels are held to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .config import SEPARATOR
from .evidence import Evidence
from .phase_in import HORIZON, logistic_path
from .sources import FOCUS_AREAS

if TYPE_CHECKING:
    import xarray as xr

NO_THEME = "Uden tema"
QUANTITIES = ("freed_fte", "freed_wage")
UNITS = {
    "freed_fte": "thousand FTE",
    "freed_wage": "bn DKK a year, 2023 prices",
    "freed_fte_share": "fraction of employment in the year",
    "freed_wage_share": "fraction of wages in the year",
}
LONG_NAMES = {
    "freed_fte": "Full-time equivalents that can be freed (årsværk)",
    "freed_wage": "Wages of the full-time equivalents that can be freed",
    "freed_fte_share": "Freed full-time equivalents, share of employment",
    "freed_wage_share": "Freed wages, share of all wages",
}
RECONCILED = -1.0  # in place of a number of a table: the one that was reconciled
BLOCK = 2048  # futures evaluated at a time, so that memory does not grow with their number


def evaluate(
    evidence: Evidence, names: Sequence[str], years: Sequence[int], start: float, values: np.ndarray
) -> xr.Dataset:
    """Freed FTE and wages at given values of the inputs.

    Parameters
    ----------
    evidence : Evidence
    names : sequence of str, length d
        Names of the inputs.
    years : sequence of int
    start : float
        Year in which the phase-in reaches 10 % of its potential.
    values : (n, d) float64
        Values of the inputs, one future a row.

    Returns
    -------
    xarray.Dataset
        On the dimension `future`: freed_fte (thousand), freed_wage (bn DKK, 2023 prices), freed_fte_share and
        freed_wage_share (of employment and wages in the year), each in all and by area, category, level, theme and focus
        area, by year.

    Raises
    ------
    ValueError
        If `values` does not have d columns.
    FloatingPointError
        If a value or an output is not finite; names how many futures, and the first.
    """
    import xarray as xr

    values = np.atleast_2d(np.asarray(values, dtype=np.float64))
    if values.ndim != 2 or values.shape[1] != len(names):
        raise ValueError(f"values have shape {values.shape}; {len(names)} inputs make it (futures, {len(names)})")
    _refuse(~np.isfinite(values).all(axis=1), "a value")
    starts = range(0, max(len(values), 1), BLOCK)
    parts = [_block(evidence, names, years, start, values[at : at + BLOCK]) for at in starts]
    return _checked(xr.concat(parts, dim="future") if len(parts) > 1 else parts[0])


def _checked(result: xr.Dataset) -> xr.Dataset:
    """With units, and refused where an output is not finite."""
    for name, output in result.data_vars.items():
        axes = tuple(axis for axis, dim in enumerate(output.dims) if dim != "future")
        _refuse(~np.isfinite(output.values).all(axis=axes), str(name))
        quantity = str(name).partition("_by_")[0]
        output.attrs = {"units": UNITS[quantity], "long_name": LONG_NAMES[quantity]}
    return result


def _refuse(bad: np.ndarray, what: str) -> None:
    if bad.any():
        raise FloatingPointError(
            f"{what} is not finite in {int(bad.sum())} futures, the first of them {int(bad.argmax())}"
        )


def _block(
    evidence: Evidence, names: Sequence[str], years: Sequence[int], start: float, values: np.ndarray
) -> xr.Dataset:
    import xarray as xr

    x = xr.DataArray(values, dims=("future", "input"), coords={"input": list(names)})
    labels = list(evidence.categories[:-1])
    category = xr.DataArray(labels, dims="category", coords={"category": labels})
    freed_part = _use(evidence, x, category) * _adoption(evidence, x, category)  # future, category, theme
    growth, path = _growth(evidence, x, years), _path(x, years, start)
    fte, wage, freeable = _workforce(evidence, workforce_tables(evidence, names, values))
    outputs: dict[str, xr.DataArray] = {}
    for quantity, price in zip(QUANTITIES, (xr.ones_like(wage), wage), strict=True):
        base = fte * price
        amounts = _split(evidence, freed_part, freeable * price.sel(category=category.data), growth)
        bases = _split(evidence, None, base, growth)
        for scope, in_full in amounts.items():
            amount = in_full * path
            if scope == "_by_category":  # nothing is freed of the excluded
                amount = amount.reindex(category=list(evidence.categories), fill_value=0.0)
            whole = bases["" if scope == "_by_theme" else scope]
            outputs[f"{quantity}{scope}"] = amount
            outputs[f"{quantity}_share{scope}"] = amount / whole.where(whole != 0, 1.0)
    return xr.Dataset({name: value.transpose("future", "year", ...) for name, value in outputs.items()})


def _use(evidence: Evidence, x: xr.DataArray, category: xr.DataArray) -> xr.DataArray:
    """Potential before phase-in: Σ share · coefficient · technology · theme, by category and theme."""
    import xarray as xr

    themes = [*evidence.themes, NO_THEME]
    rows: list[xr.DataArray] = []
    places: list[tuple[str, str]] = []
    for task in evidence.tasks:
        share, coefficient = (
            x.sel(input=SEPARATOR.join((kind, task.category, task.name)), drop=True)
            for kind in ("time_share", "coefficient")
        )
        rows.append(task.part * share * coefficient)
        places.append((task.category, task.theme))
    for name, residual_theme in zip(evidence.categories, evidence.residual_theme, strict=False):
        rows.append(x.sel(input=f"residual.{name}", drop=True))
        places.append((name, residual_theme))
    rows.append(x.sel(input="extrapolation", drop=True))
    places.append((evidence.other, NO_THEME))
    belongs = np.array([[[(c, k) == place for k in themes] for c in category.data] for place in places], dtype=float)
    membership = xr.DataArray(
        belongs, dims=("task", "category", "theme"), coords={"category": category, "theme": themes}
    )
    factors = [x.sel(input=f"theme.{name}", drop=True) for name in evidence.themes]
    theme = xr.concat([*factors, xr.ones_like(factors[0])], dim="theme").assign_coords(theme=themes)
    own = x.sel(input=[f"technology_own.{c}" for c in category.data]).rename(input="category")
    technology = x.sel(input="technology", drop=True) * own.assign_coords(category=category.data)
    use: xr.DataArray = xr.dot(xr.concat(rows, dim="task"), membership, dim="task") * theme * technology
    return use


def _adoption(evidence: Evidence, x: xr.DataArray, category: xr.DataArray) -> xr.DataArray:
    import xarray as xr

    own = x.sel(input=[f"phase_in.{c}" for c in category.data]).rename(input="category")
    barrier = x.sel(input=[f"barrier.{b}" for b in evidence.barriers]).rename(input="barrier")
    weight = xr.DataArray(evidence.barrier_weight, dims=("category", "barrier"))
    common = x.sel(input="national", drop=True) + xr.dot(barrier.drop_vars("barrier"), weight, dim="barrier")
    adoption: xr.DataArray = own.assign_coords(category=category.data) + common
    return adoption


def _growth(evidence: Evidence, x: xr.DataArray, years: Sequence[int]) -> xr.DataArray:
    import xarray as xr

    growth = evidence.growth
    drivers = x.sel(input=[f"demography.{name}" for name in growth.drivers]).rename(input="driver").drop_vars("driver")
    loading = xr.DataArray(growth.loading, dims=("area", "driver"), coords={"area": list(evidence.areas)})
    deviation = drivers - xr.DataArray(growth.reference, dims="driver")
    path = xr.DataArray(np.interp(years, growth.path_years, growth.path), dims="year", coords={"year": list(years)})
    central = xr.DataArray(growth.central, dims="area", coords={"area": list(evidence.areas)})
    growth_factor: xr.DataArray = 1 + path * (central + xr.dot(deviation, loading, dim="driver"))
    return growth_factor


def _path(x: xr.DataArray, years: Sequence[int], start: float) -> xr.DataArray:
    import xarray as xr

    speed = x.sel(input="speed", drop=True).values
    return xr.DataArray(logistic_path(speed, years, start), dims=("future", "year"), coords={"year": list(years)})


def freed_parts(evidence: Evidence, names: Sequence[str], values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What is freed of each category in 2040, and how much each area has grown by then.

    Parameters
    ----------
    evidence : Evidence
    names : sequence of str, length d
    values : (n, d) float64

    Returns
    -------
    part : (n, C + 1) float64
        Fraction of the FTE that is freed, `Øvrige` last: that before the full potential of its areas.
    growth : (n, A) float64
        FTE of 2040 by those of 2023.
    """
    import xarray as xr

    x = xr.DataArray(values, dims=("future", "input"), coords={"input": list(names)})
    labels = list(evidence.categories[:-1])
    category = xr.DataArray(labels, dims="category", coords={"category": labels})
    part = _use(evidence, x, category).sum("theme") * _adoption(evidence, x, category)
    growth = _growth(evidence, x, (HORIZON,)).isel(year=0)
    return part.transpose("future", "category").values, growth.transpose("future", "area").values


def totals_and_areas(
    evidence: Evidence, names: Sequence[str], years: Sequence[int], start: float, values: np.ndarray
) -> xr.Dataset:
    """The totals and areas of `evaluate`, without all else: for thousands of futures.

    Parameters
    ----------
    evidence, names, years, start, values
        See `evaluate`.

    Returns
    -------
    xarray.Dataset
        freed_fte, freed_wage, freed_fte_share and freed_wage_share, in all and by area, on `future` and `year`.
    """
    import xarray as xr

    x = xr.DataArray(values, dims=("future", "input"), coords={"input": list(names)})
    part, _ = freed_parts(evidence, names, values)
    growth = _growth(evidence, x, years).transpose("future", "year", "area").values
    path = _path(x, years, start).transpose("future", "year").values[:, :, None]
    cells = workforce_tables(evidence, names, values).sum(axis=-1)
    potential = np.ones(evidence.workforce.wage.shape)
    potential[:, evidence.categories.index(evidence.other)] = evidence.workforce.potential_other
    outputs: dict[str, tuple[tuple[str, ...], np.ndarray]] = {}
    for quantity, price in zip(QUANTITIES, (np.ones(potential.shape), evidence.workforce.wage), strict=True):
        freeable = (cells * potential * price)[..., : part.shape[1]]  # nothing is freed of the category that comes last
        freed = np.matmul(freeable, part[:, :, None])[:, None, :, 0] * growth * path
        base = (cells * price).sum(axis=-1)[:, None] * growth
        for suffix, amount, whole in (("", freed.sum(axis=-1), base.sum(axis=-1)), ("_by_area", freed, base)):
            dims = ("future", "year", *(("area",) if suffix else ()))
            outputs[f"{quantity}{suffix}"] = (dims, amount)
            outputs[f"{quantity}_share{suffix}"] = (dims, amount / np.where(whole != 0, whole, 1.0))
    return _checked(xr.Dataset(outputs, {"year": list(years), "area": list(evidence.areas)}))


def workforce_tables(evidence: Evidence, names: Sequence[str], values: np.ndarray) -> np.ndarray:
    """Workforce table of each future.

    Parameters
    ----------
    evidence : Evidence
    names : sequence of str, length d
    values : (n, d) float64

    Returns
    -------
    (n or 1, A, C + 2, L) float64
        Thousand FTE in 2023; a single table where there is no other. `RECONCILED` stands for the table that was reconciled.

    Raises
    ------
    ValueError
        If a value of `reconstruction` is not the number of a table.
    """
    if len(evidence.ensemble) == 1:
        return evidence.ensemble
    numbers = values[:, list(names).index("reconstruction")]
    known = (numbers >= RECONCILED) & (numbers < len(evidence.ensemble)) & (numbers == np.floor(numbers))
    if not known.all():
        raise ValueError(f"{numbers[~known][0]:g} is not the number of a table, 0 to {len(evidence.ensemble) - 1}")
    tables = evidence.ensemble[numbers.astype(np.int64)]
    tables[numbers == RECONCILED] = evidence.workforce.fte
    return np.asarray(tables)


def _workforce(evidence: Evidence, tables: np.ndarray) -> tuple[xr.DataArray, xr.DataArray, xr.DataArray]:
    """FTE, wages, and FTE times the full potential where the area states one (`Øvrige`)."""
    import xarray as xr

    coords = {
        "area": list(evidence.areas),
        "category": list(evidence.categories),
        "level": list(evidence.levels),
    }
    fte = xr.DataArray(tables, dims=("future", *coords), coords=coords)
    if len(tables) == 1:
        fte = fte.isel(future=0)
    wage = xr.DataArray(
        evidence.workforce.wage, dims=("area", "category"), coords={k: coords[k] for k in ("area", "category")}
    )
    potential = xr.ones_like(wage)
    potential.loc[{"category": evidence.other}] = evidence.workforce.potential_other
    return fte, wage, (fte * potential).drop_sel(category=evidence.excluded)


def _split(
    evidence: Evidence, part: xr.DataArray | None, cells: xr.DataArray, growth: xr.DataArray
) -> dict[str, xr.DataArray]:
    """Sums over the cells of the workforce (of its `part`, where given), in all and along each dimension."""
    import xarray as xr

    grown = xr.dot(cells, growth, dim="area")  # future, year, category, level
    by_area = cells if part is None else xr.dot(part, cells, dim=("category", "theme"))
    by_category = grown.sum("level") if part is None else grown.sum("level") * part.sum("theme")
    by_area = by_area.sum([dim for dim in by_area.dims if dim in ("category", "level")]) * growth
    by_level = grown.sum("category") if part is None else xr.dot(grown, part, dim=("category", "theme"))
    result = {"": by_area.sum("area"), "_by_area": by_area, "_by_category": by_category, "_by_level": by_level}
    if part is not None:
        result["_by_theme"] = xr.dot(grown.sum("level"), part, dim="category")
    other = cells.sel(category=evidence.other, drop=True).sum("level") * growth
    if part is not None:
        other = other * part.sum("theme").sel(category=evidence.other, drop=True)
    result["_by_focus_area"] = _focus_areas(evidence, by_area, by_category, other)
    return result


def _focus_areas(
    evidence: Evidence, by_area: xr.DataArray, by_category: xr.DataArray, other_by_area: xr.DataArray
) -> xr.DataArray:
    """The focus areas, which overlap."""
    import xarray as xr

    names = list(evidence.focus_areas)
    if not names:
        return by_area.isel(area=slice(0)).rename(area="focus_area").assign_coords(focus_area=np.array([], dtype=str))
    sums = [
        by_area.sel(
            area=[a for a, focus in zip(evidence.areas, evidence.area_focus, strict=True) if focus == name]
        ).sum("area")
        for name in names
        if name != FOCUS_AREAS[-1]
    ]
    counted = [c for c, yes in zip(evidence.categories, evidence.administration_category, strict=True) if yes]
    named = [a for a, yes in zip(evidence.areas, evidence.administration_area, strict=True) if yes]
    if FOCUS_AREAS[-1] in names:
        sums.append(by_category.sel(category=counted).sum("category") + other_by_area.sel(area=named).sum("area"))
    return xr.concat(sums, dim="focus_area").assign_coords(focus_area=names)
