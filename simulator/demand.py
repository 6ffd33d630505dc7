"""The kept futures by area: what demography asks for in health and elder care, and what is freed in each category.

Letters for shapes: n futures, A areas, C categories with printed evidence, Y years.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .evidence import Evidence
from .potential import BLOCK, QUANTITIES, UNITS, freed_parts, workforce_tables
from .sources import FOCUS_AREAS

if TYPE_CHECKING:
    import xarray as xr

LEVELS = (0.05, 0.5, 0.95)
FOCUS = FOCUS_AREAS[0]  # health: the areas whose need grows with the number of the old
SAID = (
    "Need: employment of the area in the year less that of 2023, if staff per user stays as in 2023, so by demography alone. "
    "Freed: full-time equivalents of all who work in the area, not of the health professions alone. Hours that are freed "
    "are not yet hours that are used where need grows."
)


def demand(evidence: Evidence, sample: xr.Dataset, years: Sequence[int]) -> xr.Dataset:
    """Growth of need beside what is freed, in the areas of the focus area health and in all of them together.

    The report sets 21-24 thousand freed FTE in health and elder care beside a growing need of 11 and 35 thousand FTE
    (section 4.1, figures 4.1 and 7.7); here both are uncertain, and in each future they share its demography and its
    workforce table.

    Parameters
    ----------
    evidence : Evidence
    sample : xarray.Dataset
        The kept futures: `value` (n, inputs) and `freed_fte_by_area` (n, Y, A).
    years : sequence of int, length Y

    Returns
    -------
    xarray.Dataset
        On (area, year): `need` and `freed` (thousand FTE) and `share` (freed by need) by `quantile`, and `probability` that
        no less is freed than needed. A share is infinite where need does not grow. The last area is `health`, the sum of
        the others. Of size 0 along `area` where the tables have no area in that focus area, or no future was kept.
    """
    import xarray as xr

    chosen = [place for place, focus in enumerate(evidence.area_focus) if focus == FOCUS]
    names = [evidence.areas[place] for place in chosen]
    if not chosen or sample.sizes["future"] == 0:
        names, growth, freed = [], np.zeros((1, 0, len(years))), np.zeros((1, 0, len(years)))
    else:
        growth = _growth_of_need(evidence, sample, years)[:, chosen]
        freed = sample["freed_fte_by_area"].sel(area=names, year=list(years)).transpose("future", "area", "year").values
    if len(names) > 1:
        names = [*names, FOCUS]
        growth, freed = (np.concatenate([one, one.sum(axis=1, keepdims=True)], axis=1) for one in (growth, freed))
    share = np.divide(freed, growth, out=np.full_like(freed, np.inf), where=growth > 0)
    fte = {"units": UNITS["freed_fte"]}
    columns: dict[str, Any] = {
        "need": (_quantiles(growth), fte | {"long_name": "Growth of need since 2023, by demography alone"}),
        "freed": (_quantiles(freed), fte | {"long_name": "Full-time equivalents that can be freed in the area"}),
        "share": (_quantiles(share), {"units": "1", "long_name": "Freed FTE by growth of need, of each future"}),
    }
    data: dict[str, Any] = {name: (("quantile", "area", "year"), *rest) for name, rest in columns.items()}
    covered = {"units": "1", "long_name": "Probability that no less is freed than need grows"}
    data["probability"] = (("area", "year"), (freed >= growth).mean(axis=0), covered)
    table = xr.Dataset(
        data, coords={"area": np.array(names, dtype=object), "year": list(years), "quantile": list(LEVELS)}
    )
    return table.transpose("area", "year", "quantile").assign_attrs(description=SAID, futures=sample.sizes["future"])


def cells(evidence: Evidence, sample: xr.Dataset, years: Sequence[int]) -> xr.Dataset:
    """What is freed of each category in each area, in the kept futures.

    Growth belongs to the area and the pace of phase-in to all, so that in one future the categories' parts of what an
    area frees are the same in all years.

    Parameters
    ----------
    evidence : Evidence
    sample : xarray.Dataset
        The kept futures: `value` (n, inputs), `freed_fte_by_area` and `freed_wage_by_area` (n, Y, A).
    years : sequence of int, length Y

    Returns
    -------
    xarray.Dataset
        freed_fte and freed_wage on (quantile, year, area, category); categories as in the tables, without those that are
        excluded. Of size 0 along `area` where no future was kept.
    """
    import xarray as xr

    categories = list(evidence.categories[:-1])
    areas = list(evidence.areas) if sample.sizes["future"] else []
    data: dict[str, Any] = {}
    parts = _parts(evidence, sample) if areas else np.zeros((len(QUANTITIES), 0))
    for part, quantity in zip(parts, QUANTITIES, strict=True):
        values = np.zeros((len(LEVELS), len(years), len(areas), len(categories)))
        if areas:
            by_area = (
                sample[f"{quantity}_by_area"].sel(area=areas, year=list(years)).transpose("future", "year", "area")
            )
            for at in range(len(years)):
                values[:, at] = _quantiles(by_area.values[:, at, :, None] * part)
        said = {"units": UNITS[quantity], "long_name": f"{quantity} of each category in each area, quantiles"}
        data[quantity] = (("quantile", "year", "area", "category"), values, said)
    names: dict[str, Any] = {"area": np.array(areas, dtype=object), "category": categories}
    table = xr.Dataset(data, coords={"quantile": list(LEVELS), "year": list(years), **names})
    return table.assign_attrs(futures=sample.sizes["future"])


def _growth_of_need(evidence: Evidence, sample: xr.Dataset, years: Sequence[int]) -> np.ndarray:
    """FTE of the year less those of 2023, (n, A, Y) float64, thousand."""
    growth = evidence.growth
    values = sample["value"].transpose("future", "input").values
    names = [str(name) for name in sample["input"].values]
    drivers = values[:, [names.index(f"demography.{driver}") for driver in growth.drivers]]
    grown = growth.at(drivers)[..., np.searchsorted(growth.path_years, list(years))]
    fte = workforce_tables(evidence, names, values).sum(axis=(2, 3))
    return np.asarray(fte[..., None] * (grown - 1))


def _parts(evidence: Evidence, sample: xr.Dataset) -> np.ndarray:
    """Part of what an area frees, FTE and wages, that each category and `Øvrige` free, (2, n, A, C + 1) float64; 0 where
    nothing is freed."""
    values = sample["value"].transpose("future", "input").values
    names = [str(name) for name in sample["input"].values]
    weight = np.ones((2, len(evidence.areas), len(evidence.categories) - 1))
    weight[..., -1] = evidence.workforce.potential_other
    weight[1] *= evidence.workforce.wage[:, :-1]
    result = np.empty((2, len(values), *weight.shape[1:]))
    for at in range(0, len(values), BLOCK):
        some = values[at : at + BLOCK]
        fte = workforce_tables(evidence, names, some).sum(axis=3)[..., :-1]
        freed = fte * freed_parts(evidence, names, some)[0][:, None] * weight[:, None]
        whole = freed.sum(axis=3, keepdims=True)
        result[:, at : at + BLOCK] = np.divide(freed, whole, out=np.zeros_like(freed), where=whole > 0)
    return result


def _quantiles(values: np.ndarray) -> np.ndarray:
    """Quantiles over futures, as order statistics: between two of them, infinity would have no middle."""
    return np.asarray(np.quantile(values, LEVELS, axis=0, method="inverted_cdf"))
