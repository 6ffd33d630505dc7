"""A configuration run from end to end: the contract of the results, reproducibility, and the truth of the estimates."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from SALib.analyze import sobol as analysis
from SALib.sample import sobol as sampling

import simulator
from simulator.distributions import quantile
from simulator.inputs import PARTITIONS
from simulator.model import Model

ROOT = Path(__file__).parent.parent
BASE = ROOT / "configs" / "base.toml"
FUTURES = 2**14
QUICK = ("run.sample=16", "run.base_points=256", "run.outputs=total", "reconstruction.ensemble=false")
ALL = "run.outputs=all"
T_15 = 2.131  # half of a 95 % interval from 16 replicates, in standard errors


@pytest.fixture(scope="module")
def model() -> Model:
    return simulator.load(BASE, ["run.sample=64", "reconstruction.ensemble=false"])


@pytest.fixture(scope="module")
def tree(model: Model) -> xr.DataTree:
    return model.run(futures=FUTURES, seed=5)


@pytest.fixture(scope="module")
def indices(tree: xr.DataTree) -> xr.Dataset:
    return tree["sensitivity"].to_dataset()


def run(changes: Sequence[str] = (), futures: int = 2**10, config: Path = BASE, **options: int) -> xr.DataTree:
    """A small run of the totals alone; later changes go over earlier ones."""
    return simulator.load(config, [*QUICK, *changes]).run(futures=futures, **options)


def overlay(folder: Path, text: str) -> Path:
    """A configuration over base.toml."""
    path = folder / "overlay.toml"
    head = f'extends = {json.dumps(str(BASE))}\nauthor = "Å. Ø."\nreference = "none"\nreason = "a test"\n'
    path.write_text(head + text, encoding="utf-8")
    return path


def fixed_inputs(model: Model, *varying: str) -> str:
    """Every input at its median, but those named."""
    lines = ["[inputs]"]
    for one in model.inputs:
        if one.name not in (*varying, "reconstruction"):
            key = ".".join(json.dumps(part, ensure_ascii=False) for part in one.name.split("."))
            lines.append(f'{key} = {{ kind = "fixed", value = {float(quantile(one.distribution, [0.5])[0])!r} }}')
    return "\n".join(lines)


# The contract


def test_outputs_have_the_dimensions_of_their_names(tree: xr.DataTree) -> None:
    extra = {"_ci": ("quantile", "ci_bound"), "_mean": (), "_mean_ci": ("ci_bound",), "_sd": (), "_bin_width": ()}
    summary = tree["summary"]
    for kind in ("freed_fte", "freed_wage", "freed_fte_share", "freed_wage_share"):
        for dimension in ("", "area", "category", "level", "theme", "focus_area"):
            name, by = (f"{kind}_by_{dimension}", (dimension,)) if dimension else (kind, ())
            assert summary[name].dims == ("year", *by, "quantile")
            for ending, dims in extra.items():
                assert summary[name + ending].dims == ("year", *by, *dims)


def test_indices_have_the_dimensions_of_the_contract(indices: xr.Dataset) -> None:
    for name in ("first_order", "total_order"):
        assert indices[name].dims == indices[f"{name}_exact"].dims == ("output", "group")
        assert indices[f"{name}_ci"].dims == ("output", "group", "ci_bound")
    assert indices["allocation"].dims == ("output", "category")
    assert indices["partition"].dims == indices["label"].dims == ("group",)
    assert indices["quantity"].dims == indices["scope"].dims == indices["year"].dims == ("output",)
    assert indices["ci_bound"].values.tolist() == ["lower", "upper"]


def test_every_variable_says_what_it_is(tree: xr.DataTree) -> None:
    for node in tree.children.values():
        for name, values in node.data_vars.items():
            assert values.attrs["long_name"], f"{node.name}/{name}"
            assert "units" in values.attrs or values.dtype.kind == "O", f"{node.name}/{name}"
    units = {name: values.attrs["units"] for name, values in tree["summary"].data_vars.items()}
    for name, unit in units.items():
        if "probability" in str(name):
            assert unit == "1"
        elif "share" in str(name):
            assert unit.startswith("fraction of")
        else:
            assert unit == ("thousand FTE" if "fte" in str(name) else "bn DKK a year, 2023 prices")


def test_coordinates_are_the_labels_of_the_tables(model: Model, tree: xr.DataTree) -> None:
    evidence, summary = model.evidence, tree["summary"]
    assert summary["year"].values.tolist() == [2025, 2030, 2035, 2040]
    assert summary["quantile"].values.tolist() == [0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99]
    assert tuple(summary["area"].values) == tuple(tree["workforce"]["area"].values) == evidence.areas
    assert tuple(summary["category"].values) == tuple(tree["workforce"]["category"].values) == evidence.categories
    assert tuple(summary["level"].values) == evidence.levels
    assert tuple(summary["theme"].values) == (*evidence.themes, "Uden tema")
    assert summary["focus_area"].values.tolist() == ["health", "education", "administration"]
    assert tuple(tree["sensitivity"]["category"].values) == evidence.categories[:-1]
    assert tree["inputs"]["input"].values.tolist() == tree["sample"]["input"].values.tolist() == model.names


def test_groups_hold_every_input_once_in_each_partition(model: Model, indices: xr.Dataset) -> None:
    assert list(dict.fromkeys(indices["partition"].values)) == list(PARTITIONS)
    for name in PARTITIONS:
        chosen = indices["partition"].values == name
        assert (model.groups.members[chosen].sum(axis=0) == 1).all()
        assert set(indices["label"].values[chosen]) == {getattr(one, name) for one in model.inputs}
    assert "category: Læger og speciallæger" in indices["group"].values
    assert "factor: demography.migration" in indices["group"].values


def test_outputs_of_the_indices_are_the_total_and_the_focus_areas(indices: xr.Dataset) -> None:
    expected = [f"{quantity}{scope} {year}" for quantity in ("freed_fte", "freed_wage")
                for scope in ("", " health", " education", " administration") for year in (2025, 2030, 2035, 2040)]  # fmt: skip
    assert indices["output"].values.tolist() == expected


def test_the_defaults_are_those_of_the_contract(model: Model) -> None:
    settings = model.config.settings.run
    assert (settings.futures, settings.replicates, settings.base_points) == (2**22, 16, 2**20)


# Futures, seeds, workers


def same(one: xr.DataTree, other: xr.DataTree) -> bool:
    return all(one[node].to_dataset().identical(other[node].to_dataset()) for node in one.children)


def test_the_same_bits_for_any_number_of_workers_and_every_time() -> None:
    first = run([ALL], workers=1, seed=3)
    assert same(first, run([ALL], workers=2, seed=3))
    assert same(first, run([ALL], workers=1, seed=3))
    assert not same(first, run([ALL], workers=1, seed=4))


def test_more_chunks_than_one_in_a_replicate_come_in_order() -> None:
    # 2^17 futures in one replicate are two chunks.
    changes = ["run.replicates=1"]
    assert same(run(changes, futures=2**17, workers=1), run(changes, futures=2**17, workers=2))


def test_0_is_a_seed() -> None:
    zero = run(seed=0)
    assert zero.attrs["seed"] == 0
    assert same(zero, run(["run.seed=0"]))
    default = run()
    assert default.attrs["seed"] == 2040  # of base.toml
    assert not same(zero, default)


@pytest.mark.parametrize(("asked", "drawn"), [(1, 16), (16, 16), (17, 32), (5000, 8192), (8192, 8192)])
def test_futures_are_rounded_up_to_full_replicates_and_said(asked: int, drawn: int) -> None:
    tree = run(futures=asked)
    assert (tree.attrs["futures"], tree.attrs["futures_asked"], tree.attrs["replicates"]) == (drawn, asked, 16)


def test_three_replicates_are_rounded_up_each() -> None:
    tree = run(["run.replicates=3"], futures=100)
    assert (tree.attrs["futures"], tree.attrs["replicates"]) == (3 * 64, 3)


@pytest.mark.parametrize("options", [{"futures": 0}, {"futures": -5}, {"futures": 64, "seed": -1}])
def test_impossible_numbers_are_refused(model: Model, options: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="futures must be at least 1 and seed at least 0"):
        model.run(**options)


def test_pairs_are_as_many_as_configured_but_never_more_than_futures() -> None:
    few = run(["run.base_points=300"], futures=1024)
    assert few["sensitivity"].attrs["base_points"] == few.attrs["base_points"] == 512
    assert run(["run.base_points=1_000_000"], futures=64).attrs["base_points"] == 64


@pytest.mark.parametrize(("asked", "kept"), [(0, 0), (10, 10), (64, 64), (10_000, 256)])
def test_the_sample_is_as_large_as_configured_but_holds_no_future_twice(asked: int, kept: int) -> None:
    tree = run([f"run.sample={asked}"], futures=256)
    values = tree["sample"]["value"].values
    assert values.shape == (kept, 130)
    assert len(np.unique(values, axis=0)) == kept


def test_the_sample_holds_the_first_futures_of_each_replicate() -> None:
    few, every = (run([f"run.sample={kept}"])["sample"]["value"].values.reshape(16, -1, 130) for kept in (64, 1024))
    np.testing.assert_array_equal(few, every[:, :4])


def test_progress_is_told_to_the_end() -> None:
    told: list[tuple[str, int, int]] = []
    simulator.load(BASE, QUICK).run(futures=1024, progress=lambda *step: told.append(step))
    for stage, total in (("futures", 1024), ("pairs, both analyses", 512)):
        done = [step[1] for step in told if step[0] == stage]
        assert done == sorted(done)
        assert done[-1] == total
        assert {step[2] for step in told if step[0] == stage} == {total}
    assert {step[0] for step in told} == {"futures", "pairs, both analyses"}


# Nets against Monte Carlo, estimates against the closed form


@pytest.fixture(scope="module")
def random_tree() -> xr.DataTree:
    changes = ["run.sample=64", 'run.method="monte-carlo"', "reconstruction.ensemble=false"]
    return simulator.load(BASE, changes).run(futures=FUTURES, seed=5)


def test_nets_and_monte_carlo_agree_within_their_intervals(tree: xr.DataTree, random_tree: xr.DataTree) -> None:
    assert random_tree.attrs["method"] == "monte-carlo"
    for name in ("freed_fte", "freed_wage", "freed_fte_by_area", "freed_wage_by_theme", "freed_fte_share_by_level"):
        for ending in ("_mean_ci", "_ci"):
            bounds = [one["summary"][name + ending].transpose("ci_bound", ...).values for one in (tree, random_tree)]
            middle, half = zip(*((ends.mean(axis=0), np.diff(ends, axis=0)[0] / 2) for ends in bounds), strict=True)
            # Twice the half width of a 95 % interval of the difference is 4.3 standard errors of t with 15 degrees.
            apart = np.abs(middle[0] - middle[1]) > 2 * np.hypot(*half)
            assert apart.mean() <= 0.01, name + ending
    assert not same(tree, random_tree)


def test_intervals_of_monte_carlo_are_as_wide_as_theory_says(random_tree: xr.DataTree) -> None:
    summary = random_tree["summary"]
    half = (summary["freed_fte_by_area_mean_ci"] * xr.DataArray([-0.5, 0.5], dims="ci_bound")).sum("ci_bound")
    theory = T_15 * summary["freed_fte_by_area_sd"] / np.sqrt(FUTURES)
    # The spread of 16 replicates is known to 18 %; four times that to either side.
    assert float(np.abs(half / theory - 1).max()) < 0.72


def test_nets_are_nearer_to_the_truth_than_monte_carlo(
    model: Model, tree: xr.DataTree, random_tree: xr.DataTree
) -> None:
    exact = model.exact_moments[0][:, 0]
    ours, theirs = (np.abs(one["summary"]["freed_fte_mean"].values - exact) for one in (tree, random_tree))
    assert ours.max() < theirs.max() / 4


def errors(indices: xr.Dataset, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Distance of estimates from the closed form: in standard errors, and as it is.

    Groups that an output does not depend on, such as teachers for the health care, are exact and have no error.
    """
    error = np.abs((indices[name] - indices[f"{name}_exact"]).values)
    interval = indices[f"{name}_ci"].values
    standard = (interval[..., 1] - interval[..., 0]) / 2 / T_15
    inert = error < 1e-12
    assert (standard[inert] < 1e-9).all()
    return error[~inert] / standard[~inert], error


@pytest.mark.parametrize("name", ["first_order", "total_order", "allocation"])
@pytest.mark.parametrize("method", ["sobol", "monte-carlo"])
def test_estimates_lie_within_four_standard_errors_of_the_closed_form(
    indices: xr.Dataset, random_tree: xr.DataTree, name: str, method: str
) -> None:
    in_errors, distance = errors(indices if method == "sobol" else random_tree["sensitivity"].to_dataset(), name)
    # t with 15 degrees of freedom lies beyond 4 in 1 of 900 cases. FTE and wages in four years hang together, so that a case
    # comes eight times: of about 84 apart one is beyond 4 in 1 of 11 seeds, and more than two (0.024 of all) in 1 of 8 000.
    assert (in_errors > 4).mean() < 0.025
    assert (in_errors <= T_15).mean() > 0.8  # 95 % is nominal
    # One standard error of an index from 2^14 random pairs is below 0.012.
    assert distance.max() < (0.015 if method == "sobol" else 0.05)


def test_moments_of_the_pairs_are_those_of_the_closed_form(indices: xr.Dataset) -> None:
    deviation = np.sqrt(indices["variance_exact"])
    # Monte Carlo's standard errors with both points of 2^14 pairs: sqrt(1 / 2^15) deviations, and sqrt(2 / 2^15) of the
    # variance. A net has half the first at most, and does not do worse in the second than twice that.
    assert float((np.abs(indices["mean"] - indices["mean_exact"]) / deviation).max()) < 0.5 * 2**-7.5
    assert float(np.abs(indices["variance"] / indices["variance_exact"] - 1).max()) < 2 * 2**-7


def test_first_order_is_not_above_total_order(indices: xr.Dataset) -> None:
    assert (indices["first_order"] <= indices["total_order"] + 1e-12).all()
    assert (indices["first_order_exact"] <= indices["total_order_exact"] + 1e-12).all()
    assert (indices["first_order_exact"] >= -1e-12).all()


@pytest.mark.parametrize("partition", PARTITIONS)
def test_first_orders_of_a_partition_sum_to_at_most_1(indices: xr.Dataset, partition: str) -> None:
    part = indices.isel(group=np.flatnonzero(indices["partition"].values == partition))
    exact, total = part["first_order_exact"].sum("group"), part["total_order_exact"].sum("group")
    assert float(exact.max()) <= 1 + 1e-9
    assert float(total.min()) >= 1 - 1e-9
    assert float(exact.min()) > 0.9  # little interaction: the model is nearly additive
    # The error of a sum over at most 22 groups, each as in the test above.
    assert float(np.abs(part["first_order"].sum("group") - exact).max()) < 0.02


def test_allocations_sum_to_1(indices: xr.Dataset) -> None:
    for name in ("allocation", "allocation_exact", "allocation_lower_tail", "allocation_upper_tail"):
        np.testing.assert_allclose(indices[name].sum("category"), 1, rtol=1e-9)


def test_tails_are_allocated_much_as_the_variance(indices: xr.Dataset) -> None:
    """Nothing is strongly skewed here, so what carries the range carries its ends."""
    at = indices.sel(output="freed_fte 2040")
    for tail in ("lower", "upper"):
        assert float(np.abs(at[f"allocation_{tail}_tail"] - at["allocation"]).max()) < 0.05


def test_what_drives_the_total(indices: xr.Dataset) -> None:
    """The statements of README.md: half from coefficients, a quarter from demography, an eighth from phase-in."""
    first = indices["first_order_exact"].sel(output="freed_fte 2040")
    parts = {name: float(first.sel(group=f"assumption: {name}")) for name in ("coefficient", "demography", "phase-in")}
    assert parts == pytest.approx({"coefficient": 0.49, "demography": 0.26, "phase-in": 0.125}, abs=0.02)
    evidence = {name: float(first.sel(group=f"evidence: {name}")) for name in ("published", "assumed")}
    assert evidence == pytest.approx({"published": 0.015, "assumed": 0.67}, abs=0.02)


# SALib


def test_the_problem_is_what_salib_takes(model: Model) -> None:
    problem = model.problem()
    assert problem["num_vars"] == len(problem["names"]) == len(set(problem["names"])) == 130
    assert problem["bounds"] == [[0.0, 1.0]] * 130
    assert "groups" not in problem
    problem["bounds"][0][0] = 0.5  # nobody else's
    assert problem["bounds"][1] == [0.0, 1.0]
    assert model.problem()["bounds"][0] == [0.0, 1.0]
    for name in PARTITIONS:
        assert model.problem(groups=name)["groups"] == [getattr(one, name) for one in model.inputs]
    assert model.problem(groups=True) == model.problem(groups="category")
    with pytest.raises(ValueError, match="there is no partition 'kind'; the partitions are category, assumption"):
        model.problem(groups="kind")


def test_salib_finds_the_exact_indices_of_the_categories(model: Model, indices: xr.Dataset) -> None:
    problem = model.problem(groups=True)
    names = list(dict.fromkeys(problem["groups"]))
    levels = sampling.sample(problem, 512, calc_second_order=False, seed=1)
    assert levels.shape == (512 * (len(names) + 2), 130)
    outputs = model.evaluate(model.values(levels))
    found = analysis.analyze(problem, outputs["freed_fte"].sel(year=2040).values, calc_second_order=False, seed=1)
    exact = indices.sel(output="freed_fte 2040", group=[f"category: {name}" for name in names])
    # SALib's own 95 % half-widths by bootstrap; twice that is four standard errors.
    for name, truth in (("S1", exact["first_order_exact"]), ("ST", exact["total_order_exact"])):
        assert (np.abs(found[name] - truth.values) <= 2 * found[f"{name}_conf"] + 1e-6).all(), name
    assert found["ST_conf"].max() < 0.12  # or it would say nothing
    assert [names[i] for i in np.argsort(-found["ST"])[:3]] == ["Fælles", "Øvrige", "Almene kontormedarbejdere"]


def test_salib_samples_all_inputs(model: Model) -> None:
    levels = sampling.sample(model.problem(), 2, calc_second_order=False, seed=1)
    assert model.evaluate(model.values(levels)).sizes["future"] == len(levels) == 2 * (130 + 2)


# Unusual configurations


def test_one_replicate_has_no_intervals_and_no_crash() -> None:
    tree = run(["run.replicates=1", ALL])
    for node in ("summary", "sensitivity"):
        for name, values in tree[node].data_vars.items():
            if str(name).endswith("_ci"):
                assert np.isnan(values).all(), name
            else:
                assert not np.isnan(values).any(), name


def test_only_the_total(tree: xr.DataTree) -> None:
    total = simulator.load(BASE, ["run.outputs=total", "run.sample=64", "reconstruction.ensemble=false"]).run(
        futures=FUTURES, seed=5
    )
    assert not [name for name in total["summary"].data_vars if "_by_" in str(name)]
    assert total["sensitivity"]["output"].values.tolist() == [
        f"{quantity} {year}" for quantity in ("freed_fte", "freed_wage") for year in (2025, 2030, 2035, 2040)
    ]
    # The same futures by another kernel: sums in another order.
    for name in total["summary"].data_vars:
        np.testing.assert_allclose(total["summary"][name], tree["summary"][name], rtol=1e-9, err_msg=str(name))
    whole = tree["sensitivity"].sel(output=total["sensitivity"]["output"])
    for name in ("first_order", "total_order", "allocation", "allocation_upper_tail", "mean"):
        np.testing.assert_allclose(total["sensitivity"][name], whole[name], rtol=1e-6, atol=1e-9, err_msg=name)


def test_2040_alone(tree: xr.DataTree) -> None:
    alone = simulator.load(BASE, ["years=[2040]", "run.sample=64", "reconstruction.ensemble=false"]).run(
        futures=FUTURES, seed=5
    )
    assert alone["summary"]["year"].values.tolist() == [2040]
    expected = tree["summary"].to_dataset().sel(year=[2040])
    for name in expected.data_vars:
        np.testing.assert_allclose(alone["summary"][name], expected[name], rtol=1e-9, err_msg=str(name))
    # In 2040 the phase-in is the stated one, whatever the speed.
    speed = alone["sensitivity"].sel(group="factor: speed")
    for name in ("total_order", "total_order_exact"):
        assert float(np.abs(speed[name]).max()) < 1e-12


def test_the_first_year_has_no_growth() -> None:
    tree = run(["years=[2023, 2040]"])
    sensitivity = tree["sensitivity"].sel(output="freed_fte 2023")
    assert abs(float(sensitivity["total_order"].sel(group="assumption: demography"))) < 1e-12
    assert float(sensitivity["total_order"].sel(group="assumption: speed")) > 0.5


DISCRETE = 'inputs.technology={kind="discrete",values=[0.9,1.0,1.05],probabilities=[0.25,0.5,0.25]}'
EMPIRICAL = 'inputs.extrapolation={kind="empirical",values=[0.8,0.9,1.0,1.3]}'
MIXTURE = (
    'inputs.demography.longevity={kind="mixture",weights=[0.75,0.25],'
    'components=[{kind="normal",mean=-0.5,sd=0.5},{kind="uniform",low=1.0,high=2.0}]}'
)


def test_inputs_with_steps_and_mixtures() -> None:
    model = simulator.load(
        BASE, [DISCRETE, EMPIRICAL, MIXTURE, "run.sample=4096", "run.base_points=4096", "reconstruction.ensemble=false"]
    )
    tree = model.run(futures=4096, seed=1)
    drawn = tree["sample"]["value"]
    # In each replicate of 256 points every stretch of 1/256 levels holds one: parts are exact.
    for name, expected in (("technology", {0.9: 0.25, 1.0: 0.5, 1.05: 0.25}),
                           ("extrapolation", {0.8: 0.25, 0.9: 0.25, 1.0: 0.25, 1.3: 0.25})):  # fmt: skip
        values, counts = np.unique(drawn.sel(input=name).values, return_counts=True)
        assert dict(zip(values.tolist(), (counts / 4096).tolist(), strict=True)) == expected
    mixed = drawn.sel(input="demography.longevity").values
    assert (mixed >= 1.0).mean() == pytest.approx(0.25 + 0.75 * 0.0008, abs=1e-3)  # 3 deviations of the normal, cut
    indices = tree["sensitivity"].sel(output="freed_fte 2040")
    exact, variance = float(indices["mean_exact"]), float(indices["variance_exact"])
    assert float(tree["summary"]["freed_fte_mean"].sel(year=2040)) == pytest.approx(exact, abs=0.005 * variance**0.5)
    assert float(tree["summary"]["freed_fte_sd"].sel(year=2040)) == pytest.approx(variance**0.5, rel=0.01)
    for name in ("first_order", "total_order"):
        assert float(np.abs(indices[name] - indices[f"{name}_exact"]).max()) < 0.01


def test_a_column_of_a_table_as_an_input(tmp_path: Path) -> None:
    text = (
        '[inputs.demography]\nlongevity = { kind = "empirical", file = "derived/growth_path.csv", column = "path" }\n'
    )
    tree = run(config=overlay(tmp_path, text), futures=256)
    row = tree["inputs"].sel(input="demography.longevity")
    assert (row["family"].item(), float(row["low"]), float(row["p50"])) == (
        "empirical",
        0.0,
        pytest.approx(0.6, abs=0.2),
    )
    assert set(json.loads(tree.attrs["config"])) == {"base.toml", "overlay.toml"}
    assert "Å. Ø." in json.loads(tree.attrs["config"])["overlay.toml"]


def test_every_input_fixed(model: Model, tmp_path: Path) -> None:
    still = simulator.load(overlay(tmp_path, fixed_inputs(model)), [*QUICK, ALL])
    tree = still.run(futures=256)
    central = still.evaluate(still.central()).isel(future=0)
    summary = tree["summary"]
    for name in central.data_vars:
        # One value: bins are 1e-9 of it to either side, and so far a quantile may be from it.
        levels = summary[name].transpose("quantile", ...)
        np.testing.assert_allclose(levels, np.broadcast_to(central[name], levels.shape), rtol=2e-9, err_msg=str(name))
        np.testing.assert_allclose(summary[f"{name}_mean"], central[name], rtol=1e-12, err_msg=str(name))
        assert float(summary[f"{name}_sd"].max()) < 1e-10
    indices = tree["sensitivity"]
    assert (indices["variance_exact"] == 0).all()
    for name in ("first_order", "first_order_exact", "total_order", "total_order_exact", "allocation",
                 "allocation_exact", "allocation_lower_tail", "allocation_upper_tail"):  # fmt: skip
        assert np.isnan(indices[name]).all(), name
    assert summary["probability_freed_fte"].values.tolist() == [0, 1, 0]


def test_one_input_not_fixed(model: Model, tmp_path: Path) -> None:
    tree = run(config=overlay(tmp_path, fixed_inputs(model, "speed")), futures=256)
    total = tree["sensitivity"]["total_order"].sel(output=["freed_fte 2030", "freed_fte 2040"])
    speed = total.sel(group="factor: speed").values
    assert speed[0] == pytest.approx(1.0, abs=1e-12)
    assert np.isnan(speed[1])
    assert abs(float(total.sel(output="freed_fte 2030", group="factor: technology"))) < 1e-12


def test_small_spreads_have_all_their_quantiles(model: Model, tmp_path: Path) -> None:
    """Bins of shares lie where the shares are, however narrow they are."""
    text = fixed_inputs(model, "technology").replace(
        "[inputs]", '[inputs]\ntechnology = { kind = "uniform", low = 0.999, high = 1.001 }'
    )
    tree = run([ALL], config=overlay(tmp_path, text), futures=256)
    for name, values in tree["summary"].data_vars.items():
        assert not np.isnan(values).any(), name
    share = tree["summary"]["freed_fte_share"].sel(year=2040, quantile=[0.05, 0.95])
    assert float(share[1] / share[0]) == pytest.approx(1.0009 / 0.9991, abs=1e-4)


def test_quantiles_of_the_headline_are_never_left_out() -> None:
    tree = run(["run.quantiles=[0.2]"], futures=64)
    assert tree["summary"]["quantile"].values.tolist() == [0.05, 0.2, 0.5, 0.95]


def test_phase_in_moved_by_five_points_moves_the_mean(tree: xr.DataTree) -> None:
    slow = run(["phase_in.shift=-0.05"], futures=2**12)
    for moved, published in ((slow, 84), (tree, 90)):
        at = moved["sensitivity"].sel(output="freed_fte 2040")
        exact, deviation = float(at["mean_exact"]), float(np.sqrt(at["variance_exact"]))
        assert round(exact) == published
        # A quarter of the standard error of Monte Carlo with 2^12 futures.
        assert float(moved["summary"]["freed_fte_mean"].sel(year=2040)) == pytest.approx(exact, abs=deviation / 256)
