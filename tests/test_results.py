"""Histograms to quantiles, the tables of results against the same futures by the plain formula, and the file."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import simulator
from simulator.distributions import Distribution, from_mapping, quantile, scale, shift
from simulator.errors import InputError
from simulator.model import Model
from simulator.outputs import OutputRow
from simulator.potential import QUANTITIES
from simulator.results import (
    FILE,
    histogram_cdf,
    histogram_quantiles,
    input_table,
    labels_of,
    prepare_folder,
    provenance,
    save,
)
from simulator.simulation import BINS, RANGE_IN_DEVIATIONS

ROOT = Path(__file__).parent.parent
BASE = ROOT / "configs" / "base.toml"
FUTURES = 2**12
DIMENSIONS = ("area", "level", "theme", "focus_area", "category")


@pytest.fixture(scope="module")
def model() -> Model:
    return simulator.load(BASE, [f"run.sample={FUTURES}", "reconstruction.ensemble=false"])  # every future is kept


@pytest.fixture(scope="module")
def tree(model: Model) -> xr.DataTree:
    return model.run(futures=FUTURES, seed=11)


@pytest.fixture(scope="module")
def summary(tree: xr.DataTree) -> xr.Dataset:
    return tree["summary"].to_dataset()


@pytest.fixture(scope="module")
def evaluated(model: Model, tree: xr.DataTree) -> xr.Dataset:
    """All outputs of the futures of the run, by the plain formula."""
    return model.evaluate(tree["sample"]["value"].values)


def variables() -> list[str]:
    """Names of the outputs in /summary, without their endings."""
    by = ["", *(f"_by_{dimension}" for dimension in DIMENSIONS)]
    return [f"{quantity}{share}{place}" for quantity in QUANTITIES for share in ("", "_share") for place in by]


# Histograms


def counted(data: np.ndarray, centre: float, width: float) -> np.ndarray:
    """Counts as the kernels keep them: first and last outside the bins."""
    edges = centre + width * (np.arange(BINS + 1) - BINS / 2)
    inside, _ = np.histogram(data[(data >= edges[0]) & (data < edges[-1])], edges)
    return np.concatenate([[(data < edges[0]).sum()], inside, [(data >= edges[-1]).sum()]])


def random_data(seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    kinds = (random.normal(90, 8, 5000), random.lognormal(4, 0.3, 5000), random.choice([80.0, 95.0, 101.0], 5000))
    return kinds[seed % 3]


@pytest.mark.parametrize("seed", range(6))
def test_quantiles_of_a_histogram_are_numpys_within_a_bin(seed: int) -> None:
    data = random_data(seed)
    centre, width = float(data.mean()), 16 * float(data.std()) / BINS
    levels = np.array([0.0, 0.001, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999, 1.0])
    ours = histogram_quantiles(counted(data, centre, width), np.float64(centre), np.float64(width), levels)
    # The order statistic at the level lies in the same bin.
    theirs = np.quantile(data, levels, method="inverted_cdf")
    assert np.abs(ours - theirs).max() <= width * (1 + 1e-9)
    assert (np.diff(ours) >= 0).all()


@pytest.mark.parametrize("seed", range(6))
def test_the_cdf_of_a_histogram_is_the_fraction_below_within_a_bin(seed: int) -> None:
    data = random_data(seed)
    centre, width = float(data.mean()), 16 * float(data.std()) / BINS
    counts = counted(data, centre, width)
    for value in np.linspace(data.min() - 1, data.max() + 1, 50):
        ours = float(histogram_cdf(counts, np.float64(centre), np.float64(width), np.float64(value)))
        # Off by no more than the data in the bin of the value.
        near = (np.abs(data - value) <= width).mean()
        assert abs(ours - (data < value).mean()) <= near + 1e-12


@given(
    occupied=st.dictionaries(st.integers(0, BINS + 1), st.integers(1, 10**9), min_size=1, max_size=30),
    centre=st.floats(-1e3, 1e3),
    width=st.floats(1e-3, 1e3),
    levels=st.lists(st.floats(0, 1), min_size=1, max_size=10),
)
@settings(max_examples=200, deadline=None, derandomize=True)
def test_the_cdf_at_a_quantile_is_its_level(
    occupied: dict[int, int], centre: float, width: float, levels: list[float]
) -> None:
    counts = np.zeros(BINS + 2, dtype=np.int64)
    counts[list(occupied)] = list(occupied.values())
    values = histogram_quantiles(counts, np.float64(centre), np.float64(width), np.array(sorted(levels)))
    below, beyond = counts[0] / counts.sum(), 1 - counts[-1] / counts.sum()
    for level, value in zip(sorted(levels), values, strict=True):
        if np.isnan(value):
            assert level <= below + 1e-12 or level >= beyond - 1e-12
            continue
        # A value's place among the bins is rounded by about (|centre| / width + 256) · 2^-52 bins < 3e-10.
        found = histogram_cdf(counts, np.float64(centre), np.float64(width), np.float64(value))
        assert float(found) == pytest.approx(level, abs=1e-9)
    inside = values[~np.isnan(values)]
    assert (np.diff(inside) >= 0).all()


def test_quantiles_of_a_single_bin_run_across_it() -> None:
    counts = np.zeros(BINS + 2, dtype=np.int64)
    counts[1 + 100] = 7
    levels = np.array([0.0, 0.25, 1.0])
    low = 50.0 - 0.5 * BINS / 2 + 100 * 0.5
    np.testing.assert_allclose(
        histogram_quantiles(counts, np.float64(50), np.float64(0.5), levels), [low, low + 0.125, low + 0.5], rtol=1e-14
    )


def test_quantiles_outside_the_bins_are_missing() -> None:
    counts = np.zeros((3, BINS + 2), dtype=np.int64)
    counts[0, 0] = 10  # all below
    counts[1, -1] = 10  # all above
    counts[2, [0, 10, -1]] = 2, 6, 2
    values = histogram_quantiles(counts, np.zeros(3), np.ones(3), np.array([0.0, 0.1, 0.5, 0.9, 1.0]))
    assert np.isnan(values[:2]).all()
    assert np.isnan(values[2]).tolist() == [True, True, False, True, True]
    assert values[2, 2] == -BINS / 2 + 9 + 0.5


def test_the_cdf_far_outside_the_bins_is_0_and_1() -> None:
    counts = np.zeros((4, BINS + 2), dtype=np.int64)
    counts[:, [0, 10, -1]] = 2, 6, 2
    values = np.array([-1e6, 1e6, -BINS / 2, BINS / 2])
    cdf = histogram_cdf(counts, np.zeros(4), np.ones(4), values)
    np.testing.assert_allclose(cdf, [0.0, 1.0, 0.2, 0.8], rtol=1e-14)


# The summary against the same futures by the plain formula


def test_every_future_is_kept(tree: xr.DataTree) -> None:
    assert tree.attrs["futures"] == tree["sample"].sizes["future"] == FUTURES


# Values in the kernels come from tables of straight lines instead of the quantile functions. An output moves by less than
# a thousandth of its deviation for that (1e-6 on average), and a quantile of the outputs by no more than the outputs do.
TABLES = 1e-3


@pytest.mark.parametrize("name", variables())
def test_quantiles_are_those_of_the_futures_within_a_bin(summary: xr.Dataset, evaluated: xr.Dataset, name: str) -> None:
    levels = summary["quantile"].values
    theirs = np.quantile(evaluated[name].values, levels, axis=0, method="inverted_cdf")
    ours = summary[name].transpose("quantile", ...).values
    allowed = summary[f"{name}_bin_width"].values + TABLES * summary[f"{name}_sd"].values
    assert not np.isnan(ours).any()
    assert (np.abs(ours - theirs) <= allowed + 1e-15).all()


@pytest.mark.parametrize("name", variables())
def test_means_and_deviations_are_those_of_the_futures(summary: xr.Dataset, evaluated: xr.Dataset, name: str) -> None:
    data = evaluated[name].values
    deviation = data.std(axis=0)
    assert (np.abs(summary[f"{name}_mean"].values - data.mean(axis=0)) <= 1e-5 * deviation).all()
    assert (np.abs(summary[f"{name}_sd"].values - deviation) <= 1e-5 * deviation).all()


def test_bins_reach_as_far_as_they_should(model: Model, summary: xr.Dataset) -> None:
    """16 standard deviations in 512 bins for amounts; shares have half as much again, and what they need is there."""
    width, deviation = summary["freed_fte_bin_width"].values, np.sqrt(model.exact_moments[1][:, 0])
    np.testing.assert_allclose(width, 2 * RANGE_IN_DEVIATIONS * deviation / BINS, rtol=1e-12)
    for name in variables():
        part = summary[f"{name}_bin_width"] / summary[f"{name}_sd"].where(summary[f"{name}_sd"] > 0)
        # From a bin of 1/32 standard deviations for amounts to 1/8 for shares, whose bins come from a bound.
        assert float(part.max()) < (1 / 8 if "share" in name else 1 / 30), name


def test_the_sample_holds_the_evaluated_outputs(tree: xr.DataTree, evaluated: xr.Dataset) -> None:
    sample = tree["sample"].to_dataset()
    assert {"freed_fte", "freed_wage", "freed_fte_by_area", "freed_wage_share"} <= set(sample.data_vars)
    for name in set(sample.data_vars) - {"value"}:  # sums of the same terms in another order
        kept = sample[name].drop_vars(["input", "replicate"], errors="ignore")
        xr.testing.assert_allclose(kept, evaluated[name], rtol=1e-13)
        assert kept.attrs == evaluated[name].attrs


def exact_means(model: Model, name: str) -> np.ndarray:
    """Closed form of an amount, (years, ...), by the rows that the run has."""
    quantity, _, dimension = name.partition("_by_")
    labels = [
        label for label in labels_of(model.evidence, dimension) if OutputRow(quantity, dimension, label) in model.rows
    ]
    places = [model.rows.index(OutputRow(quantity, dimension, label)) for label in labels]
    return model.exact_moments[0][:, places]


def test_intervals_of_means_hold_the_closed_form_in_most_outputs(model: Model, summary: xr.Dataset) -> None:
    inside: list[np.ndarray] = []
    for dimension in ("", "_by_area", "_by_level", "_by_theme", "_by_focus_area"):
        for quantity in QUANTITIES:
            name = quantity + dimension
            interval = summary[f"{name}_mean_ci"].values.reshape(4, -1, 2)
            exact = exact_means(model, name)
            inside.append((interval[..., 0] <= exact) & (exact <= interval[..., 1]))
    coverage = np.concatenate([part.ravel() for part in inside]).mean()
    # 95 % is nominal. The 224 outputs hang together, so a run may have more than 5 % of them outside.
    assert coverage >= 0.8
    # And not because they are wide: Monte Carlo with as many futures would have 1.96/64 deviations to either side.
    width = np.diff(summary["freed_fte_mean_ci"].values)[:, 0] / 2
    assert (width < 0.2 * 1.96 / 64 * np.sqrt(model.exact_moments[1][:, 0])).all()


def test_the_mean_is_the_closed_form(model: Model, summary: xr.Dataset) -> None:
    """A net of 2^12 points is at least four times as near as Monte Carlo, whose standard error is 1/64 deviations."""
    exact, variance = model.exact_moments
    difference = np.abs(summary["freed_fte_mean"].values - exact[:, 0]) / np.sqrt(variance[:, 0])
    assert difference.max() < 1 / 256


@pytest.mark.parametrize(
    "name", [f"{q}{by}" for q in QUANTITIES for by in ("", "_by_area", "_by_level", "_by_focus_area")]
)
def test_probabilities_are_those_of_the_futures(summary: xr.Dataset, evaluated: xr.Dataset, name: str) -> None:
    probability, published = summary[f"probability_{name}"], summary[f"published_{name}"]
    np.testing.assert_allclose(probability.sum("position"), 1, rtol=1e-12)
    assert ((probability >= 0) & (probability <= 1)).all()
    data = evaluated[name].sel(year=2040)
    low, high = published.sel(bound="low", drop=True), published.sel(bound="high", drop=True)
    theirs = xr.concat([(data < low).mean("future"), ((data >= low) & (data <= high)).mean("future"),
                        (data > high).mean("future")], dim="position")  # fmt: skip
    # A bin at an end holds up to 1/32 deviations at a density of 0.4, so 51 of 4 096 futures. They lie evenly in it up to
    # about sqrt(51) / 2 of them, 0.0009 of all; three times that for each of the two ends of `in`.
    difference = np.abs(probability - theirs.assign_coords(position=probability.position.values))
    assert float(difference.max()) < 2 * 3 * 0.0009
    assert list(probability.position.values) == ["below", "in", "above"]


def test_published_ranges_are_the_printed_ones(summary: xr.Dataset) -> None:
    assert summary["published_freed_fte"].values.tolist() == [84, 96]
    assert summary["published_freed_wage"].values.tolist() == [48, 55]
    assert summary["published_freed_fte_by_focus_area"].sel(focus_area="administration").values.tolist() == [38, 43]
    assert summary["published_freed_fte_by_focus_area"].sel(focus_area="health").values.tolist() == [21, 24]
    assert summary["published_freed_wage_by_focus_area"].sel(focus_area="education").values.tolist() == [16, 18]
    assert summary["published_freed_fte_by_area"].sel(area="Ældre").values.tolist() == [6, 7]
    assert summary["published_freed_fte_by_level"].sel(level="Sociale kasser og fonde").values.tolist() == [0, 1]


def test_wages_of_a_category_are_its_fte_times_its_wage(tree: xr.DataTree, summary: xr.Dataset) -> None:
    named = slice(0, 20)
    wage = tree["workforce"]["wage"].isel(category=named)
    assert (wage == wage.isel(area=0)).all()
    for ending in ("", "_ci", "_mean", "_mean_ci", "_sd", "_bin_width"):
        fte = summary[f"freed_fte_by_category{ending}"].isel(category=named)
        wages = summary[f"freed_wage_by_category{ending}"].isel(category=named)
        np.testing.assert_allclose(wages, fte * wage.isel(area=0), rtol=1e-14)
        # Growth and wage stand above and below the line of a share.
        share = summary[f"freed_fte_share_by_category{ending}"].isel(category=named)
        np.testing.assert_array_equal(summary[f"freed_wage_share_by_category{ending}"].isel(category=named), share)


def test_nothing_of_the_excluded(summary: xr.Dataset) -> None:
    for name in variables():
        if name.endswith("category"):
            for ending in ("", "_ci", "_mean", "_mean_ci", "_sd"):
                assert (summary[name + ending].sel(category="Ekskluderede").values == 0).all()


def test_means_of_the_parts_sum_to_the_mean_of_the_total(summary: xr.Dataset) -> None:
    for quantity in QUANTITIES:
        for dimension in ("area", "level", "theme", "category"):
            parts = summary[f"{quantity}_by_{dimension}_mean"].sum(dimension)
            np.testing.assert_allclose(parts, summary[f"{quantity}_mean"], rtol=1e-12)


# Inputs and workforce


def rebuilt(row: xr.Dataset) -> Distribution:
    parameters: dict[str, Any] = json.loads(row["parameters"].item())
    times, plus = parameters.pop("times", 1.0), parameters.pop("plus", 0.0)
    made = from_mapping({"kind": row["family"].item(), **parameters}, "the test", ROOT)
    return shift(scale(made, times), plus)


def test_inputs_can_be_made_again_from_their_rows(model: Model) -> None:
    table = input_table(model.inputs)
    levels = np.array([0.0, 0.05, 0.3, 0.5, 0.95, 1.0])
    for one in model.inputs:
        row = table.sel(input=one.name)
        ours = quantile(one.distribution, levels)
        np.testing.assert_array_equal(quantile(rebuilt(row), levels), ours)
        stated = [float(row[name]) for name in ("low", "p05", "p50", "p95", "high")]
        np.testing.assert_array_equal(stated, ours[[0, 1, 3, 4, 5]])
        assert (row["unit"].item(), row["category"].item(), row["factor"].item()) == (
            one.unit,
            one.category,
            one.factor,
        )


def test_inputs_of_steps_and_mixtures_can_be_made_again() -> None:
    changes = [
        'inputs.technology={kind="mixture",weights=[0.7,0.3],components=[{kind="uniform",low=0.9,high=1},'
        '{kind="discrete",values=[1.0,1.1],probabilities=[0.5,0.5]}]}',
        'inputs.extrapolation={kind="empirical",values=[0.9,1.0,1.2]}',
    ]
    model = simulator.load(BASE, changes)
    table = input_table(model.inputs)
    for name in ("technology", "extrapolation"):
        one = model.inputs[model.names.index(name)]
        levels = np.linspace(0, 1, 41)
        np.testing.assert_array_equal(
            quantile(rebuilt(table.sel(input=name)), levels), quantile(one.distribution, levels)
        )


def test_the_workforce_is_that_of_the_tables(model: Model, tree: xr.DataTree) -> None:
    table = tree["workforce"].to_dataset()
    np.testing.assert_array_equal(table["fte"].values, model.evidence.workforce.fte)
    assert float(table["fte"].sum()) == pytest.approx(764, abs=0.5)  # figure 7.1
    bill = (table["fte"].sum("level") * table["wage"]).sum()
    assert float(bill) == pytest.approx(401, abs=0.5)
    assert table["area_en"].sel(area="Ældre").item() == "Elder care"
    assert table["level_en"].sel(level="Staten").item() == "Central government"
    assert table["category_en"].sel(category="Læger og speciallæger").item() == "Doctors and specialists"


# The file


def test_the_file_holds_the_same_tree(tree: xr.DataTree, tmp_path: Path) -> None:
    written = save(tree, tmp_path / "new" / "folder")
    assert written == tmp_path / "new" / "folder" / FILE
    assert [path.name for path in written.parent.iterdir()] == [FILE]
    with xr.open_datatree(written) as read:
        xr.testing.assert_identical(read.load(), tree)
        assert "Lægesekretærer" in read["summary"]["category"].values
        assert "årsværk" in read["summary"]["freed_fte"].attrs["long_name"]
        assert "category: Læger og speciallæger" in read["sensitivity"]["group"].values
        assert read["inputs"]["label"].sel(input="extrapolation").item() == "Ekstrapolation til øvrige"
    assert written.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("failure", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failing_write_leaves_what_was_there(
    tree: xr.DataTree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: BaseException
) -> None:
    old = b"earlier results"
    (tmp_path / FILE).write_bytes(old)

    def fail(_: xr.DataTree, path: Path, **__: object) -> None:
        Path(path).write_bytes(b"half")
        raise failure

    monkeypatch.setattr(xr.DataTree, "to_netcdf", fail)
    with pytest.raises(type(failure)):
        save(tree, tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {FILE: old}


def test_saving_replaces_what_was_there(summary: xr.Dataset, tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"earlier results")
    few = xr.DataTree.from_dict({"summary": summary[["freed_fte"]]})
    save(few, tmp_path)
    with xr.open_datatree(tmp_path / FILE) as read:
        xr.testing.assert_identical(read.load(), few)
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_preparing_a_folder_leaves_nothing(tmp_path: Path) -> None:
    prepare_folder(tmp_path / "a" / "b", overwrite=False)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "c").mkdir()
    prepare_folder(tmp_path / "c" / "d", overwrite=False)
    prepare_folder(tmp_path / "c", overwrite=False)
    assert [path.name for path in tmp_path.rglob("*")] == ["c"]


def test_earlier_results_are_not_written_over_unless_asked(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"earlier results")
    with pytest.raises(InputError, match=r"exists already.*--overwrite"):
        prepare_folder(tmp_path, overwrite=False)
    prepare_folder(tmp_path, overwrite=True)
    assert (tmp_path / FILE).read_bytes() == b"earlier results"


@pytest.mark.parametrize("name", ["a file", "a file/below it", "x" * 300])
def test_a_folder_that_cannot_be_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "a file").write_text("text")
    with pytest.raises(InputError, match="cannot be written to"):
        prepare_folder(tmp_path / name, overwrite=False)
    assert [path.name for path in tmp_path.rglob("*")] == ["a file"]


# Provenance


def test_provenance_says_from_what_the_run_can_be_made_again(model: Model, tree: xr.DataTree) -> None:
    attributes = tree.attrs
    assert {key: attributes[key] for key in ("title", "futures", "futures_asked", "replicates", "seed", "method")} == {
        "title": model.config.settings.title, "futures": FUTURES, "futures_asked": FUTURES, "replicates": 16, "seed": 11,
        "method": "sobol",
    }  # fmt: skip
    text = BASE.read_text(encoding="utf-8")
    assert json.loads(attributes["config"]) == {"base.toml": text}
    changes = [f"run.sample={FUTURES}", "reconstruction.ensemble=false"]
    assert json.loads(attributes["config_changes"]) == changes
    assert attributes["config_hash"] == hashlib.sha256("\0".join([text, *changes]).encode()).hexdigest()
    tables = {path.relative_to(ROOT / "data").as_posix(): path for path in (ROOT / "data").rglob("*.*")
              if path.suffix in (".csv", ".nc") and "municipality" not in path.parts}  # fmt: skip
    assert json.loads(attributes["data_hashes"]) == {
        name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in tables.items()
    }
    assert json.loads(attributes["settings"])["run"]["sample"] == FUTURES
    versions = json.loads(attributes["versions"])
    assert versions["simulator"] == simulator.__version__
    assert versions["numpy"] == np.__version__
    assert set(versions) == {"simulator", "python", "numpy", "scipy", "numba", "xarray"}
    assert attributes["duration_seconds"] > 0
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", attributes["started"])
    assert attributes["command"].startswith("simulator.load(")


def test_provenance_is_what_netcdf_can_hold() -> None:
    parts = {"text": "å", "number": 3, "real": 0.5, "yes": True, "none": None, "list": ["æ"], "path": Path("x")}
    assert provenance(parts) == {
        "text": "å", "number": 3, "real": 0.5, "yes": "true", "none": "null", "list": '["æ"]', "path": '"x"',
    }  # fmt: skip
