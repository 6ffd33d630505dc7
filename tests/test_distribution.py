"""The binned distribution of the totals, and the kept futures by area, against the plain formula."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from conftest import with_tables

import simulator
from simulator.demand import cells, demand
from simulator.design import design_for, direction_numbers, point_levels, replicate_points
from simulator.distribution import SHOWN, distribution
from simulator.model import Model
from simulator.outputs import base_places
from simulator.potential import QUANTITIES, evaluate
from simulator.simulation import BINS, Bins, Propagated, propagate
from simulator.sources import growth_table

BASE = Path(__file__).parent.parent / "configs" / "base.toml"
FUTURES = 2**11
YEARS = (2030, 2040)


@pytest.fixture(scope="module")
def model() -> Model:
    return simulator.load(BASE, ["reconstruction.ensemble=false", "years=[2030, 2040]"])


@pytest.fixture(scope="module")
def values(model: Model) -> np.ndarray:
    """Inputs of the futures that `propagated` holds."""
    design = design_for(len(model.inputs), FUTURES, 1, 5, "sobol")
    points = replicate_points(design, 0, direction_numbers(2 * len(model.inputs)), pairs=False, block_bits=0)
    return model.values(point_levels(points, 0, FUTURES))


@pytest.fixture(scope="module")
def propagated(model: Model) -> Propagated:
    design = design_for(len(model.inputs), FUTURES, 1, 5, "sobol")
    return propagate(design, model.sampler, model.structure, model.bins, base_places(model.evidence, model.rows), 1)


@pytest.fixture(scope="module")
def outputs(model: Model, values: np.ndarray) -> xr.Dataset:
    return model.evaluate(values)


def sample_of(model: Model, outputs: xr.Dataset, values: np.ndarray) -> xr.Dataset:
    """Outputs with their inputs, as a run keeps them."""
    return outputs.assign(value=xr.DataArray(values, dims=("future", "input"), coords={"input": model.names}))


@pytest.fixture(scope="module")
def sample(model: Model, outputs: xr.Dataset, values: np.ndarray) -> xr.Dataset:
    return sample_of(model, outputs, values)


# Distribution


def test_a_distribution_sums_to_one(model: Model, propagated: Propagated) -> None:
    table = distribution(propagated, model.rows, YEARS)
    whole = (table["density"] * table["width"]).sum("bin") + table["below"] + table["above"]
    assert np.abs(whole - 1).max() < 1e-12
    assert (table["density"] >= 0).all()
    assert np.abs(table["cumulative"].isel(bin=-1) + table["above"] - 1).max() < 1e-12
    assert table.sizes == {"output": 4, "bin": SHOWN}


@pytest.mark.parametrize("quantity", QUANTITIES)
@pytest.mark.parametrize("year", YEARS)
def test_a_distribution_is_that_of_the_futures(
    model: Model, propagated: Propagated, outputs: xr.Dataset, quantity: str, year: int
) -> None:
    one = distribution(propagated, model.rows, YEARS).sel(output=f"{quantity} {year}")
    data = outputs[quantity].sel(year=year).values
    edges = one["value"].values[:, None] + one["width"].values[:, None] * [-0.5, 0.5]
    assert (one["quantity"].item(), one["year"].item()) == (quantity, year)
    assert edges[0, 0] <= data.min() and data.max() <= edges[-1, 1]
    expected, _ = np.histogram(data, np.append(edges[:, 0], edges[-1, 1]))
    # A future within rounding of an edge may be counted on its other side.
    assert np.abs(one["density"] * one["width"] * FUTURES - expected).max() <= 1 + 1e-6
    below = (data[None, :] <= edges[:, 1:]).mean(axis=1)
    assert np.abs(one["cumulative"] - below).max() <= 1 / FUTURES + 1e-12


def test_bins_are_merged_no_more_than_needed(model: Model, propagated: Propagated) -> None:
    table = distribution(propagated, model.rows, YEARS)
    held = (table["density"] > 0).sum("bin")
    assert (held > SHOWN / 4).all()


def counts_in(model: Model, filled: dict[int, int]) -> Propagated:
    """One replicate with so many futures in these bins, 0 and BINS + 1 outside."""
    shape = (len(YEARS), len(model.rows), 2)
    counts = np.zeros((1, *shape, BINS + 2), dtype=np.int64)
    for place, number in filled.items():
        counts[..., place] = number
    bins = Bins(np.full(shape, 50.0), np.full(shape, 0.25))
    return Propagated(design_for(2, 16, 1, 0, "sobol"), bins, np.zeros((1, *shape, 2)), counts)


def test_futures_outside_the_bins_are_told(model: Model) -> None:
    table = distribution(counts_in(model, {0: 1, 200: 14, BINS + 1: 5}), model.rows, YEARS)
    assert table["below"].values == pytest.approx(np.full(4, 0.05))
    assert table["above"].values == pytest.approx(np.full(4, 0.25))
    assert table["cumulative"].values[:, -1] == pytest.approx(np.full(4, 0.75))


@pytest.mark.parametrize("filled", [{1: 3, 2: 1}, {BINS - 3: 2, BINS: 2}, {1: 1, BINS: 1}, {BINS // 2: 4}])
def test_bins_at_the_ends_are_kept(model: Model, filled: dict[int, int]) -> None:
    one = distribution(counts_in(model, filled), model.rows, YEARS).isel(output=0)
    part = (one["density"] * one["width"]).values
    assert part.sum() == pytest.approx(1)
    lower, upper = one["value"] - one["width"] / 2, one["value"] + one["width"] / 2
    for place, number in filled.items():
        middle = 50 + 0.25 * (place - 0.5 - BINS / 2)
        assert part[(lower <= middle).values & (middle < upper).values] == pytest.approx(number / sum(filled.values()))


# Need and what is freed


def test_need_is_what_employment_grows_by(model: Model, sample: xr.Dataset, outputs: xr.Dataset) -> None:
    """In each future, what is freed by its share of employment is the employment of the year."""
    for future in (0, 7):
        one = demand(model.evidence, sample.isel(future=[future]), YEARS)
        employed = outputs["freed_fte_by_area"] / outputs["freed_fte_share_by_area"]
        for area in ("Sundhed", "Ældre"):
            before = model.evidence.workforce.fte[model.evidence.areas.index(area)].sum()
            need = employed.isel(future=future).sel(area=area, year=list(YEARS)) - before
            for level in one["quantile"].values:  # of one future, all quantiles are the same
                assert one["need"].sel(area=area, quantile=level).values == pytest.approx(need.values)
            freed = outputs["freed_fte_by_area"].isel(future=future).sel(area=area, year=list(YEARS)).values
            assert one["freed"].sel(area=area, quantile=0.5).values == pytest.approx(freed)
            assert one["share"].sel(area=area, quantile=0.5).values == pytest.approx(freed / need.values)
            assert one["probability"].sel(area=area).values == pytest.approx((freed >= need.values).astype(float))


def test_both_areas_are_taken_together_in_each_future(model: Model, sample: xr.Dataset) -> None:
    table = demand(model.evidence, sample, YEARS)
    assert table["area"].values.tolist() == ["Sundhed", "Ældre", "health"]
    total = sample["freed_fte_by_focus_area"].sel(focus_area="health", year=2040).values
    assert table["freed"].sel(area="health", year=2040).values == pytest.approx(
        np.quantile(total, [0.05, 0.5, 0.95], method="inverted_cdf")
    )
    together = table.sel(area="health", year=2040)
    assert (
        together["need"].sel(quantile=0.95)
        < table["need"].sel(area=["Sundhed", "Ældre"], year=2040, quantile=0.95).sum()
    )
    assert (np.diff(table["need"].values) > 0).all()
    assert 0 < together["probability"] < 1


def test_central_need_is_the_printed_one(model: Model, sample: xr.Dataset) -> None:
    growth = model.evidence.growth
    values = sample["value"].values[:1].copy()
    for driver, reference in zip(growth.drivers, growth.reference, strict=True):
        values[:, model.names.index(f"demography.{driver}")] = reference
    table = demand(model.evidence, sample_of(model, model.evaluate(values), values), YEARS)
    rows = growth_table(model.config.data).rows
    for area in ("Sundhed", "Ældre"):
        (row,) = (row for row in rows if row["area"] == area and row["quantity"] == "fte_change")
        assert (
            float(str(row["low"])) <= table["need"].sel(area=area, year=2040, quantile=0.5) <= float(str(row["high"]))
        )


def test_need_that_does_not_grow_is_covered(model: Model, sample: xr.Dataset) -> None:
    values = sample["value"].values[:3].copy()
    values[0, model.names.index("demography.longevity")] = -50.0
    table = demand(model.evidence, sample_of(model, sample.isel(future=slice(3)).drop_vars("value"), values), YEARS)
    elder = table.sel(area="Ældre", year=2040)
    assert elder["need"].sel(quantile=0.05) < 0
    assert np.isinf(elder["share"].sel(quantile=0.95))
    assert np.isfinite(elder["share"].sel(quantile=0.05))
    assert not np.isnan(table["share"]).any()
    assert elder["probability"] == pytest.approx(1 / 3)


def test_without_the_areas_or_futures_there_is_no_demand(model: Model, sample: xr.Dataset) -> None:
    other = replace(model.evidence, area_focus=("none",) * len(model.evidence.areas))
    assert demand(other, sample, YEARS).sizes["area"] == 0
    nothing = sample.isel(future=slice(0))
    assert demand(model.evidence, nothing, YEARS).sizes["area"] == 0
    assert cells(model.evidence, nothing, YEARS).sizes["area"] == 0


# Cells


def with_ensemble(model: Model, values: np.ndarray) -> tuple[Model, np.ndarray]:
    """Three workforce tables, of which the futures take one after the other."""
    chosen = values[:6].copy()
    chosen[:, model.names.index("reconstruction")] = np.arange(6) % 3
    return replace(model, evidence=with_tables(model.evidence, 3)), chosen


@pytest.mark.parametrize("tables", [1, 3])
def test_cells_sum_to_areas_and_categories(model: Model, values: np.ndarray, tables: int) -> None:
    one, chosen = (model, values[:6]) if tables == 1 else with_ensemble(model, values)
    start = model.config.settings.phase_in.start
    for future in range(3):
        some = chosen[future : future + 1]
        outputs = evaluate(one.evidence, model.names, YEARS, start, some)
        table = cells(one.evidence, sample_of(model, outputs, some), YEARS).sel(quantile=0.5, drop=True)
        for quantity in QUANTITIES:
            xr.testing.assert_allclose(
                table[quantity].sum("category"), outputs[f"{quantity}_by_area"].isel(future=0, drop=True)
            )
            by_category = outputs[f"{quantity}_by_category"].isel(future=0, drop=True)
            xr.testing.assert_allclose(table[quantity].sum("area"), by_category.sel(category=table["category"].values))


def test_cells_are_quantiles_of_the_futures(model: Model, sample: xr.Dataset) -> None:
    table = cells(model.evidence, sample, YEARS)
    teachers = table["freed_fte"].sel(category="Folkeskolelærere", year=2040)
    expected = sample["freed_fte_by_category"].sel(category="Folkeskolelærere", year=2040).values
    assert (teachers.sel(quantile=0.5) > 0).sum() == 1  # they work in one area alone
    assert teachers.sum("area").values == pytest.approx(np.quantile(expected, [0.05, 0.5, 0.95], method="inverted_cdf"))
