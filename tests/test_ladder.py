"""The ladder against the closed form, the plain formula, the run itself and the configurations that it stands for.

Tolerances come from the replicates: three half-widths of a 95 % interval are more than six standard errors.
"""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pytest
import xarray as xr
from rich.console import Console

import simulator
from simulator.design import design_for
from simulator.distributions import mean, quantile
from simulator.distributions import variance as variance_of
from simulator.inputs import build_inputs, fixed
from simulator.ladder import LEVELS, SOURCES, ladder
from simulator.model import Model
from simulator.outputs import base_places
from simulator.results import probabilities, save, summary
from simulator.simulation import propagate
from simulator.terminal.ladder import ladder_sentence, ladder_table

CONFIGS = Path(__file__).parent.parent / "configs"
QUANTITIES = ("freed_fte", "freed_wage")
SEED = 11
ONE_TABLE = "reconstruction.ensemble=false"  # the ensemble has tests of its own, below


@pytest.fixture(scope="module")
def model() -> Model:
    return simulator.load(CONFIGS / "base.toml", [ONE_TABLE])


@pytest.fixture(scope="module")
def rungs(model: Model) -> xr.Dataset:
    return ladder(model, SEED)


def half_width(interval: xr.DataArray) -> xr.DataArray:
    return (interval.sel(ci_bound="upper") - interval.sel(ci_bound="lower")) / 2


def at_means(model: Model) -> np.ndarray:
    return np.array([[mean(one.distribution) for one in model.inputs]])


def total(model: Model, quantity: str, values: np.ndarray) -> np.ndarray:
    """Totals of 2040 by the plain formula, (futures,)."""
    return np.asarray(model.evaluate(values)[quantity].sel(year=2040).values)


def variant(dataset: xr.Dataset, kind: str, name: str) -> xr.Dataset:
    return dataset.isel(rung=np.flatnonzero(dataset["kind"] == kind)).sel(variant=name)


# What the rungs are


def test_rungs_follow_each_other(rungs: xr.Dataset) -> None:
    live = [source for source in SOURCES if source != "reconstruction"]  # one workforce table
    kinds = ["published", "at once", *["alone"] * len(live), *["added"] * len(live)]
    assert list(rungs["kind"].values) == kinds
    assert list(rungs["source"].values) == ["", "phase-in", *live, *live]
    assert len(set(rungs["rung"].values)) == len(kinds)


def test_where_there_is_nothing_there_is_nan(rungs: xr.Dataset) -> None:
    first = rungs.isel(rung=0)
    for quantity, ends in (("freed_fte", [84, 96]), ("freed_wage", [48, 55])):
        np.testing.assert_array_equal(first[quantity].sel(variant="common").values, [ends[0], np.nan, ends[1]])
        assert float(first[f"{quantity}_width"].sel(variant="common")) == 1
        assert np.isnan(first[f"{quantity}_probability"]).all()
    for rung in (0, 1):
        assert all(values.isnull().all() for values in rungs.isel(rung=rung, variant=1).data_vars.values())
    assert all(values.notnull().all() for values in rungs.isel(rung=slice(2, None)).data_vars.values())
    assert rungs.isel(rung=1, variant=0).to_array().notnull().all()


def test_independent_changes_phase_in_and_technology_alone(rungs: xr.Dataset) -> None:
    alone = rungs.isel(rung=np.flatnonzero(rungs["kind"] == "alone"))["freed_fte"]
    for source in alone["source"].values:
        common, independent = (
            alone.isel(rung=list(alone["source"].values).index(source)).transpose("variant", ...).values
        )
        assert (common == independent).all() == (source not in ("phase-in", "coefficient"))


# The closed form


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_spreads_are_those_of_the_closed_form(rungs: xr.Dataset, quantity: str) -> None:
    away = np.abs(rungs[f"{quantity}_sd"] - rungs[f"{quantity}_sd_exact"])
    known = rungs[f"{quantity}_sd"].notnull()
    allowed = 3 * half_width(rungs[f"{quantity}_sd_ci"])
    assert (away < allowed).values[known.values].all()
    relative = (allowed / rungs[f"{quantity}_sd"]).values[known.values]
    assert relative.max() < 0.02  # so that the line above can fail


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_means_are_that_of_the_whole_model(model: Model, rungs: xr.Dataset, quantity: str) -> None:
    away = np.abs(rungs[f"{quantity}_mean"] - total(model, quantity, at_means(model))[0])
    random = rungs[f"{quantity}_sd_exact"] / np.sqrt(rungs.attrs["futures"])  # standard error of as many random draws
    known = away.notnull().values
    assert known.sum() == 2 * rungs.sizes["rung"] - 3
    assert (away < 2 * random).values[known].all()


@pytest.mark.parametrize("name", ["common", "independent"])
def test_alone_is_first_order_and_added_up_is_everything(model: Model, rungs: xr.Dataset, name: str) -> None:
    """Indices of the groups of inputs of each kind, from the sensitivity of a run."""
    other = with_run(model if name == "common" else without_common_causes(model), base_points=16, sample=0)
    sensitivity = other.run(futures=16, seed=1)["sensitivity"].dataset
    for quantity in QUANTITIES:
        output = sensitivity.sel(output=f"{quantity} 2040")
        deviations = variant(rungs, "alone", name)[f"{quantity}_sd_exact"]
        for source, deviation in zip(deviations["source"].values, deviations.values, strict=True):
            first = output["first_order_exact"].sel(group=f"assumption: {source}") * output["variance_exact"]
            assert deviation**2 == pytest.approx(float(first), rel=1e-9)
        added = variant(rungs, "added", name)[f"{quantity}_sd_exact"].values
        assert (np.diff(added) > 0).all()
        assert added[0] == deviations[0]
        assert added[-1] ** 2 == pytest.approx(float(output["variance_exact"]), rel=1e-9)


def with_run(model: Model, **changes: int | str) -> Model:
    """The model with other keys under [run]."""
    settings = model.config.settings
    run = settings.run.model_copy(update=changes)
    return replace(model, config=replace(model.config, settings=settings.model_copy(update={"run": run})))


def without_common_causes(model: Model) -> Model:
    """configs/independent.toml, without what it gives to `Øvrige`."""
    other = simulator.load(CONFIGS / "independent.toml", [ONE_TABLE])
    (own,) = (one for one in model.inputs if one.name == "phase_in.Øvrige")
    return replace(other, inputs=tuple(own if one.name == own.name else one for one in other.inputs))


# The run, the report, the configurations


@pytest.mark.parametrize("name", ["common", "independent"])
def test_everything_is_the_run(model: Model, rungs: xr.Dataset, name: str) -> None:
    other = with_run(model if name == "common" else without_common_causes(model), outputs="total")
    design = design_for(len(other.inputs), 2**17, 16, SEED + 1, "sobol")
    base = base_places(other.evidence, other.rows)
    done = propagate(design, other.sampler, other.structure, other.bins, base)
    run = summary(done, other.evidence, other.rows, other.years, LEVELS).sel(year=2040)
    inside = probabilities(done, other.evidence, other.rows, other.years, other.config.data).sel(position="in")
    for quantity in QUANTITIES:
        last = rungs.isel(rung=-1).sel(variant=name)
        allowed = 1.5 * (half_width(run[f"{quantity}_ci"]) + half_width(last[f"{quantity}_ci"]))
        assert (np.abs(run[quantity] - last[quantity]) < allowed).all()
        assert float(allowed.max()) < 0.04 * float(last[f"{quantity}_sd"])
        assert float(last[f"{quantity}_probability"]) == pytest.approx(
            float(inside[f"probability_{quantity}"]), abs=5e-3
        )
        low, _, high = last[quantity].values
        first, _, final = rungs[quantity].isel(rung=0).sel(variant="common").values
        assert float(last[f"{quantity}_width"]) == pytest.approx((high - low) / (final - first), rel=1e-12)


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_at_once_is_the_report(model: Model, rungs: xr.Dataset, quantity: str) -> None:
    """The phase-in of all categories 5 points down and up, which is what the report prints, rounded."""
    values = np.tile(at_means(model), (3, 1))
    values[:, model.names.index("national")] += [-0.05, 0.0, 0.05]
    moved = total(model, quantity, values)
    at_once = rungs.isel(rung=1).sel(variant="common")
    bins = 16 * float(at_once[f"{quantity}_sd"]) / 512  # linear inside, so that a tenth of them is more than enough
    allowed = half_width(at_once[f"{quantity}_ci"]).values + 0.1 * bins
    assert (np.abs(at_once[quantity].values - moved) < allowed).all()
    published = rungs[quantity].isel(rung=0).sel(variant="common").values
    np.testing.assert_array_equal(np.rint(moved[[0, 2]]), published[[0, 2]])


def test_at_once_keeps_the_size_of_what_is_configured() -> None:
    """Where all of the phase-in is common already; the 90 % interval is that of a normal with the same variance."""
    changes = [
        'inputs.national={kind="normal", mean=0.01, sd=0.02}',
        'inputs.barrier."*"={kind="fixed", value=0.0}',
        'inputs.phase_in."*"={kind="fixed", value=0.5}',
    ]
    model = simulator.load(CONFIGS / "base.toml", [ONE_TABLE, *changes])
    rungs = ladder(model, SEED).sel(variant="common")
    assert list(rungs["kind"].values[1:3]) == ["at once", "alone"]
    (national,) = (one.distribution for one in model.inputs if one.name == "national")
    expected = NormalDist().inv_cdf(0.95) * np.sqrt(variance_of(national)) / (quantile(national, 0.95) - 0.01)
    width = rungs["freed_fte_width"].values
    assert width[1] / width[2] == pytest.approx(float(expected), rel=1e-3)
    np.testing.assert_allclose(rungs["freed_fte"].values[1:3, 1], rungs["freed_fte_mean"].values[1:3], rtol=1e-3)


def test_independent_is_the_configuration(model: Model, rungs: xr.Dataset) -> None:
    other = ladder(without_common_causes(model), SEED)
    for kind in ("alone", "added"):
        found, expected = variant(rungs, kind, "independent"), variant(other, kind, "common")
        xr.testing.assert_identical(found.drop_vars("variant"), expected.drop_vars("variant"))


def test_held_is_fixed_at_the_mean(model: Model, rungs: xr.Dataset) -> None:
    """Literally: distributions replaced, tables made again."""
    inputs = tuple(
        one if one.assumption == "demography" else replace(one, distribution=fixed(mean(one.distribution)))
        for one in model.inputs
    )
    other = replace(model, inputs=inputs)
    base = base_places(other.evidence, [other.rows[row] for row in totals(other)])
    bins = replace(other.bins, centre=other.bins.centre[:, totals(other)], width=other.bins.width[:, totals(other)])
    design = design_for(len(inputs), rungs.attrs["futures"], rungs.attrs["replicates"], SEED, "sobol")
    done = propagate(design, other.sampler, other.structure, bins, base)
    expected = summary(done, other.evidence, [other.rows[row] for row in totals(other)], other.years, LEVELS)
    found = rungs.isel(rung=list(rungs["rung"].values).index("demography alone"), variant=0)
    for quantity in QUANTITIES:
        np.testing.assert_allclose(found[quantity], expected[quantity].sel(year=2040), rtol=1e-9)
        np.testing.assert_allclose(found[f"{quantity}_sd"], expected[f"{quantity}_sd"].sel(year=2040), rtol=1e-9)


def totals(model: Model) -> list[int]:
    return [place for place, row in enumerate(model.rows) if row.dimension == ""]


# Configurations of all kinds


def test_the_same_each_time_on_any_number_of_threads(model: Model, rungs: xr.Dataset) -> None:
    xr.testing.assert_identical(ladder(model, SEED, workers=1), rungs)
    assert not ladder(model, SEED + 1).equals(rungs)


def test_a_source_that_is_fixed_is_left_out(rungs: xr.Dataset) -> None:
    changes = ['inputs.extrapolation={kind="fixed", value=1.0}', 'inputs.residual."*"={kind="fixed", value=0.01}']
    fewer = ladder(simulator.load(CONFIGS / "base.toml", [ONE_TABLE, *changes]), SEED)
    assert set(rungs["source"].values) - set(fewer["source"].values) == {"extrapolation", "residual"}
    assert list(fewer["rung"].values[-2:]) == ["+ time share", "+ demography"]


def test_nothing_that_varies(model: Model, tmp_path: Path) -> None:
    overlay = json.dumps(str(CONFIGS / "base.toml"))
    lines = [f"extends = {overlay}", 'author = "a"', 'reference = "b"', 'reason = "c"', "[inputs]"]
    for one in model.inputs:
        if one.name != "reconstruction":
            key = ".".join(json.dumps(part, ensure_ascii=False) for part in one.name.split("."))
            lines.append(f'{key} = {{ kind = "fixed", value = {mean(one.distribution)!r} }}')
    (tmp_path / "still.toml").write_text("\n".join(lines), encoding="utf-8")
    rungs = ladder(simulator.load(tmp_path / "still.toml", [ONE_TABLE]), SEED)
    assert list(rungs["rung"].values) == ["published"]
    np.testing.assert_array_equal(rungs["freed_fte"].sel(variant="common"), [[84, np.nan, 96]])
    assert ladder_sentence(rungs) == "The report prints 84-96 thousand FTE; no source is uncertain."
    assert "nan" not in rendered(rungs)


def test_workforce_tables_are_the_last_source(model: Model) -> None:
    """The spread of that rung is the spread of the plain formula over the tables."""
    random = np.random.default_rng(3)
    tables = model.evidence.workforce.fte * random.uniform(0.8, 1.2, (24, *model.evidence.workforce.fte.shape))
    evidence = replace(model.evidence, ensemble=tables)
    uncertain = replace(model, evidence=evidence, inputs=build_inputs(model.config, evidence))
    rungs = ladder(uncertain, SEED)
    assert list(rungs["rung"].values[-1:]) == ["+ reconstruction"]
    alone = rungs.isel(rung=list(rungs["rung"].values).index("reconstruction alone"))
    values = np.tile(at_means(uncertain), (24, 1))
    values[:, uncertain.names.index("reconstruction")] = np.arange(24)
    for quantity in QUANTITIES:
        by_table = total(uncertain, quantity, values)
        np.testing.assert_allclose(alone[f"{quantity}_sd_exact"], by_table.std(), rtol=1e-6)
        np.testing.assert_allclose(
            alone[f"{quantity}_sd"], by_table.std(), rtol=0.05
        )  # as far as 16 replicates are even
        others = rungs.isel(rung=slice(1, -1))[f"{quantity}_mean"].values
        np.testing.assert_allclose(others[~np.isnan(others)], by_table.mean(), rtol=1e-3)


def test_what_is_impossible_is_left_out_and_said() -> None:
    """A technology that is uniform over a wide range, as an own factor of each category, is normal and reaches below 0."""
    change = 'inputs.technology={kind="uniform", low=0.1, high=1.3}'
    model = simulator.load(CONFIGS / "base.toml", [ONE_TABLE, change])
    rungs = ladder(model, SEED)
    assert "technology_own" in rungs.attrs["left_out"]
    assert rungs.isel(variant=1).to_array().isnull().all()
    assert rungs.isel(rung=slice(1, None), variant=0).to_array().notnull().all()
    text = rendered(rungs)
    assert "on its own" not in text
    assert "nan" not in text


# The table


def rendered(rungs: xr.Dataset, width: int = 80) -> str:
    file = io.StringIO()
    Console(file=file, width=width, highlight=False, markup=False, emoji=False).print(ladder_table(rungs), crop=False)
    return file.getvalue()


def test_the_table_has_the_numbers(rungs: xr.Dataset) -> None:
    lines = rendered(rungs).splitlines()
    assert max(map(len, lines)) <= 80
    assert not any("…" in line for line in lines)
    for place in range(2, rungs.sizes["rung"]):
        rung = rungs.isel(rung=place)
        name = str(rung["source" if rung["kind"] == "alone" else "rung"].item())
        (line,) = (line for line in lines if re.match(rf"{re.escape(name)} +\d", line))
        shown = re.findall(r"(\d+\.\d)-(\d+\.\d) +(\d+)%", line)
        for column, numbers in zip(("common", "independent"), shown, strict=True):
            low, _, high = rung["freed_fte"].sel(variant=column).values
            inside = float(rung["freed_fte_probability"].sel(variant=column))
            assert numbers == (f"{low:.1f}", f"{high:.1f}", f"{100 * inside:.0f}")


def test_bars_stand_on_one_scale(rungs: xr.Dataset) -> None:
    bars = {line[:16].strip(): line for line in rendered(rungs).splitlines() if "━" in line}
    lengths = {name: sum(line.count(mark) for mark in "━┃") for name, line in bars.items()}
    widths = variant(rungs, "added", "common")["freed_fte_width"]
    added = [lengths[str(name)] for name in widths["rung"].values]
    assert added == sorted(added)
    assert added[-1] == 26
    scale = 25 / float(np.ptp(rungs["freed_fte"].isel(rung=-1, variant=0).values))
    for name, width in zip(widths["rung"].values, widths.values, strict=True):
        assert abs(lengths[str(name)] - 1 - width * 12 * scale) <= 1
    assert abs(lengths["published"] - 1 - 12 * scale) <= 1


def test_the_sentence_says_the_numbers(rungs: xr.Dataset) -> None:
    made = rungs.copy(deep=True)
    made["freed_fte"][1, 0] = [70.04, 75.0, 80.06]
    made["freed_fte"][-1] = [[60.0, 75.0, 90.0], [86.0, 90.0, 92.0]]
    made["freed_fte_width"][-1] = [2.5, 0.5]
    made["freed_fte_probability"][-1] = [0.254, 1.0]
    assert ladder_sentence(made) == (
        "The report prints 84-96 thousand FTE; the phase-in alone, moved for all categories at once, gives 70.0-80.1; all "
        "sources together give 60.0-90.0, 2.5 times the printed width, and the printed range holds in 25% of futures; with "
        "every category on its own they give 86.0-92.0, 0.5 times the printed width, and the printed range holds in 100% "
        "of futures."
    )
    unknown = made.copy(deep=True)
    for name in ("freed_fte", "freed_fte_width"):
        unknown[name][0] = np.nan
    unknown["freed_fte_width"][:] = np.nan
    assert ladder_sentence(unknown).startswith("The report prints no range; the phase-in alone")
    assert "nan" not in rendered(unknown)


def test_it_can_be_kept(rungs: xr.Dataset, tmp_path: Path) -> None:
    """Numbers with units, texts, and attributes that netCDF holds."""
    file = save(xr.DataTree.from_dict({"ladder": rungs}), tmp_path)
    with xr.open_datatree(file, engine="netcdf4") as tree:
        xr.testing.assert_identical(tree["ladder"].to_dataset().load(), rungs)
    assert all(values.dtype == np.float64 and values.attrs["units"] for values in rungs.data_vars.values())
    assert all(values.attrs["long_name"] for values in rungs.data_vars.values())
