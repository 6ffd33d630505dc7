"""Other views of the same futures: conditional means, switching values, separation, ranks, and what knowing is worth."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from conftest import CONFIGS, with_tables
from scipy.stats import ks_2samp, kstwobign, norm

from simulator import load, own_model
from simulator.cli import main
from simulator.distributions import Distribution, cdf, from_mapping, mean, quantile
from simulator.errors import InputError
from simulator.own_model.built_in import freed_in_all
from simulator.phase_in import logistic_path
from simulator.potential import evaluate
from simulator.prepared import Prepared
from simulator.sections import DecisionSection
from simulator.sensitivity.exact import exact_indices, output_means
from simulator.sensitivity.kolmogorov_smirnov import kolmogorov_smirnov
from simulator.terminal.views import view_lines
from simulator.views import (
    KeptFutures,
    conditional_means,
    decision_value,
    expected_given,
    information,
    keep,
    rank,
    separation,
    switching_values,
)

ONE_TABLE = "reconstruction.ensemble=false"
THRESHOLD = "decision.threshold=84.0"
REPLICATES = 16


def prepared_model(*changes: str) -> Prepared:
    model = load(CONFIGS / "base.toml", [ONE_TABLE, *changes])
    return Prepared(model.config, model.evidence, model.inputs)


@pytest.fixture(scope="module")
def model() -> Prepared:
    return prepared_model(THRESHOLD)


@pytest.fixture(scope="module")
def tables(model: Prepared) -> Prepared:
    """With five workforce tables that are far apart, one of which a future takes."""
    number = model.inputs[-1]
    assert number.name == "reconstruction"
    last = replace(number, distribution=made("discrete", values=[0, 1, 2, 3, 4], probabilities=[0.2] * 5))
    return Prepared(model.config, with_tables(model.evidence, 5), (*model.inputs[:-1], last))


def drawn(model: Prepared, rows: int, seed: int = 1) -> np.ndarray:
    """Values of independent futures."""
    return model.values(np.random.default_rng(seed).random((rows, len(model.inputs))))


def kept_of(model: Prepared, each: int, seed: int = 1) -> KeptFutures:
    values = drawn(model, REPLICATES * each, seed)
    return KeptFutures(values, freed_in_all(model, values), np.arange(len(values)) // each)


@pytest.fixture(scope="module")
def kept(model: Prepared) -> KeptFutures:
    return kept_of(model, 250)


def sample_of(model: Prepared, rows: int) -> xr.Dataset:
    """As in the results of a run."""
    values = drawn(model, rows)
    outputs = freed_in_all(model, values)[:, None]
    data = {name: (("future", "year"), outputs[..., place]) for place, name in enumerate(("freed_fte", "freed_wage"))}
    return xr.Dataset({**data, "value": (("future", "input"), values)}, {"year": [2040], "input": model.names})


def group(model: Prepared, *names: str) -> np.ndarray:
    return np.isin(model.names, names)


# What is expected, with some inputs known


@pytest.mark.parametrize("which", ["model", "tables"])
def test_with_everything_known_it_is_the_model(which: str, request: pytest.FixtureRequest) -> None:
    model = request.getfixturevalue(which)
    values, years = drawn(model, 40), model.years
    found = expected_given(model, values, np.ones(len(model.inputs), dtype=bool), years=years)
    outputs = evaluate(model.evidence, model.names, years, model.config.settings.phase_in.start, values)
    for place, quantity in enumerate(("freed_fte", "freed_wage")):
        at = 4 * place
        np.testing.assert_allclose(found[:, at], outputs[quantity], rtol=1e-12)
        focus = outputs[f"{quantity}_by_focus_area"].transpose("future", "focus_area", "year")
        np.testing.assert_allclose(found[:, at + 1 : at + 4], focus, rtol=1e-12)


@pytest.mark.parametrize("which", ["model", "tables"])
def test_with_nothing_known_it_is_the_mean_in_closed_form(which: str, request: pytest.FixtureRequest) -> None:
    model = request.getfixturevalue(which)
    nothing = np.zeros(len(model.inputs), dtype=bool)
    found = expected_given(model, np.zeros((1, len(nothing))), nothing, years=model.years)[0].T
    np.testing.assert_allclose(found, output_means(model.structure, model.moments, model.scope_lines), rtol=1e-12)


@pytest.mark.parametrize(
    "names",
    [
        ("technology",),
        ("demography.longevity", "demography.healthy_ageing", "national"),
        ("speed", "reconstruction"),
        ("coefficient.Sygeplejersker.Dokumentation", "technology", "reconstruction"),
    ],
)
def test_it_is_the_mean_over_all_others(tables: Prepared, names: tuple[str, ...]) -> None:
    """Against futures that share the known values: 4 000 of them, within five standard errors."""
    known, year = group(tables, *names), 2030
    values = drawn(tables, 4000, 3)
    values[:, known] = values[0, known]
    outputs = evaluate(tables.evidence, tables.names, (year, 2040), 2024.0, values).sel(year=year)
    expected = expected_given(tables, values[:1], known, years=(year,))[0, :, 0]
    for place, quantity in ((0, "freed_fte"), (4, "freed_wage")):
        error = float(outputs[quantity].std()) / np.sqrt(len(values))
        assert abs(float(outputs[quantity].mean()) - expected[place]) < 5 * error


def test_variance_of_what_is_expected_is_the_closed_first_order_index(tables: Prepared) -> None:
    members = np.array([group(tables, "technology", "extrapolation"), group(tables, "reconstruction")])
    variance, first, _ = exact_indices(tables.structure, tables.moments, tables.scope_lines, members)
    values = drawn(tables, 20_000, 4)
    for at, known in enumerate(members):
        found = expected_given(tables, values, known)[..., 0].var(axis=0)
        np.testing.assert_allclose(found / variance[-1], first[at, -1], rtol=0.05)


# Conditional means and switching values


@pytest.mark.parametrize("which", ["model", "tables"])
def test_conditional_means_are_those_at_the_quantiles(which: str, request: pytest.FixtureRequest) -> None:
    model = request.getfixturevalue(which)
    table = conditional_means(model, model.years)
    assert table.sizes == {"output": 32, "input": len(model.inputs)}
    assert table["output"].values[3] == "freed_fte 2040"
    for name in ("technology", "speed", "reconstruction", "demography.migration"):
        at = model.names.index(name)
        for end, level in (("low", 0.05), ("high", 0.95)):
            values = np.zeros((1, len(model.inputs)))
            values[0, at] = quantile(model.inputs[at].distribution, level)
            expected = expected_given(model, values, group(model, name), years=model.years).ravel()
            np.testing.assert_allclose(table[f"conditional_{end}"].sel(input=name), expected, rtol=1e-12)
    assert (table.conditional_low.sel(input="technology") < table.conditional_high.sel(input="technology")).all()
    for variable in table.data_vars.values():
        assert variable.attrs["units"]
        assert variable.attrs["long_name"]


def test_conditional_means_of_speed_follow_its_path(model: Prepared) -> None:
    table = conditional_means(model, (2030, 2040)).sel(input="speed", output=["freed_fte 2030", "freed_fte 2040"])
    at = model.names.index("speed")
    ends = quantile(model.inputs[at].distribution, (0.05, 0.95))
    fast, slow = logistic_path(ends, (2030, 2040), 2024.0)
    ratio = table.conditional_low.values / table.conditional_high.values
    np.testing.assert_allclose(ratio, fast / slow, rtol=1e-12)
    assert ratio[1] == pytest.approx(1, abs=1e-12)


def test_switching_values_put_back_give_the_ends_of_the_range(model: Prepared) -> None:
    table = switching_values(model)
    assert table["published"].sel(output="freed_fte 2040").values.tolist() == [84, 96]
    reached = 0
    for output, scope in (("freed_fte 2040", 0), ("freed_wage 2040", 4)):
        for at, name in enumerate(model.names):
            for bound in ("low", "high"):
                value = float(table["value"].sel(output=output, input=name, bound=bound))
                if not np.isfinite(value):
                    continue
                values = np.zeros((1, len(model.inputs)))
                values[0, at] = value
                back = expected_given(model, values, group(model, name), [scope])[0, 0, 0]
                assert back == pytest.approx(float(table["published"].sel(output=output, bound=bound)), rel=1e-12)
                reached += 1
    assert reached > 8


def test_how_probable_it_is_that_one_input_leads_out_of_the_range(model: Prepared) -> None:
    table = switching_values(model).sel(output="freed_fte 2040")
    for name in ("technology", "demography.migration", "demography.healthy_ageing", "extrapolation", "speed"):
        at = model.names.index(name)
        values = np.zeros((20_000, len(model.inputs)))
        values[:, at] = quantile(model.inputs[at].distribution, (np.arange(20_000) + 0.5) / 20_000)
        expected = expected_given(model, values, group(model, name), [0])[:, 0, 0]
        share = [(expected < 84).mean(), (expected > 96).mean()]
        np.testing.assert_allclose(table["probability_beyond"].sel(input=name), share, atol=1e-4)
    one = table.sel(input="technology")
    at = model.names.index("technology")
    low = one["value"].sel(bound="low").item()
    assert one["probability_beyond"].sel(bound="low").item() == float(cdf(model.inputs[at].distribution, low))
    assert table["slope"].sel(input="demography.healthy_ageing").item() < 0
    assert table["slope"].sel(input="speed").item() == 0
    assert np.isnan(table["slope"].sel(input="reconstruction"))


def test_an_expected_total_outside_the_range_is_beyond_it_without_any_input() -> None:
    """With the phase-in 20 points down, the total is far below 84 whatever `speed` and a small theme are."""
    table = switching_values(prepared_model("phase_in.shift=-0.2")).sel(output="freed_fte 2040")
    assert table["expected"] < 70
    for name in ("speed", "theme.Driftsoptimering"):
        assert table["probability_beyond"].sel(input=name).values.tolist() == [1, 0]
        assert table["value"].sel(input=name).isnull().all()


# The kept futures


def test_only_whole_replicates_are_kept(model: Prepared) -> None:
    kept = keep(sample_of(model, 50), 4)  # 13, 13, 13 and 11
    assert np.bincount(kept.replicate).tolist() == [13, 13, 13]
    assert kept.note == "11 kept futures are left out: they are no whole replicate"
    whole = keep(sample_of(model, 52), 4)
    assert (len(whole.values), whole.note) == (52, "")
    np.testing.assert_array_equal(whole.outputs, freed_in_all(model, whole.values))


@pytest.mark.parametrize("rows", [0, 1, 6])
def test_too_few_futures_give_no_numbers_and_say_so(model: Prepared, rows: int) -> None:
    kept = keep(sample_of(model, 8).isel(future=slice(rows)), 2)
    for table in (rank(model, kept), separation(model, kept)):
        assert not table.data_vars
        assert table.attrs["note"].startswith("too few futures were kept")
    value = decision_value(model, kept, model.groups.members, model.groups.names)
    assert not value.data_vars
    assert value.attrs["decision_note"].startswith("too few futures were kept")


def test_ranks_agree_with_the_closed_form(model: Prepared, kept: KeptFutures) -> None:
    """At least 90 % of the 95 % intervals hold the exact index."""
    table = rank(model, kept)
    alone = np.eye(len(model.inputs), dtype=bool)
    _, first, _ = exact_indices(model.structure, model.moments, model.scope_lines, alone)
    exact = first[:, -1, [0, 4]].T
    low, high = np.moveaxis(table["first_order_ci"].values, -1, 0)
    uncertain = exact > 1e-9  # the rest is rounding, of fixed inputs
    assert ((low <= exact) & (exact <= high))[uncertain].mean() > 0.9
    np.testing.assert_allclose(table["first_order"], exact, atol=0.08)
    assert (table["first_order"].sel(input="reconstruction") == 0).all()  # there is one table


def test_separation_is_that_of_the_classes(model: Prepared, kept: KeptFutures) -> None:
    table = separation(model, kept)
    output = kept.outputs[:, 0]
    inside = (output >= 84) & (output <= 96)
    shares = [(output < 84).mean(), inside.mean(), (output > 96).mean()]
    assert table["share"].sel(output="freed_fte 2040").values.tolist() == shares
    technology = kept.values[:, model.names.index("technology")]
    expected = ks_2samp(technology[inside], technology[output < 84], method="asymp").statistic
    found = table["ks_distance"].sel(output="freed_fte 2040", input="technology", versus="below").item()
    assert found == pytest.approx(expected, abs=1e-12)
    assert table["ks_distance"].sel(output="freed_fte 2040", versus="below").idxmax().item() == "technology"


def test_without_a_published_range_there_is_nothing_to_leave(
    model: Prepared, kept: KeptFutures, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulator.views.conditional.published_ranges", lambda _: {})
    assert separation(model, kept).attrs["note"] == "no total has a published range"
    table = switching_values(model)
    assert table["value"].isnull().all()
    assert table["probability_beyond"].isnull().all()
    assert table["slope"].sel(input="technology").notnull().all()
    assert view_lines(xr.DataTree.from_dict({"switching": table, "separation": separation(model, kept)})) == []


@pytest.mark.parametrize("decimals", [15, 1])
def test_distances_are_those_of_scipy(decimals: int) -> None:
    random = np.random.default_rng(2)
    x = random.random((300, 3)).round(decimals)  # with ties, too
    classes = random.random((300, 2, 2)) < [[0.3, 0.5], [0.7, 0.1]]
    distance, p_value = kolmogorov_smirnov(x, classes, ~classes)
    assert distance.shape == p_value.shape == (2, 2, 3)
    for at in np.ndindex(2, 2, 3):
        members = classes[:, at[0], at[1]]
        expected = ks_2samp(x[members, at[2]], x[~members, at[2]], method="asymp")
        assert distance[at] == pytest.approx(expected.statistic, abs=1e-14)
        limit = kstwobign.sf(expected.statistic * np.sqrt(members.sum() * (~members).sum() / 300))
        assert p_value[at] == pytest.approx(limit, rel=1e-9)
    assert np.isnan(kolmogorov_smirnov(x, np.zeros(300, dtype=bool), classes[:, 0, 0])).all()


# What knowing is worth


@pytest.fixture(scope="module")
def known(model: Prepared, kept: KeptFutures) -> xr.Dataset:
    return information(model, *indices_of(model), kept)


def indices_of(model: Prepared) -> tuple[xr.Dataset, xr.Dataset]:
    """Tables of groups and single inputs with exact indices, and estimates that are far off."""
    rows = conditional_means(model)["output"].values
    made = []
    for dimension, members, names in (
        ("group", model.groups.members, model.groups.names),
        ("input", np.eye(len(model.inputs), dtype=bool), model.names),
    ):
        variance, first, _ = exact_indices(model.structure, model.moments, model.scope_lines, members)
        data = {
            "first_order_exact": (("output", dimension), first[:, -1].T),
            "first_order": (("output", dimension), 0 * first[:, -1].T),
            "variance_exact": ("output", variance[-1]),
            "variance": ("output", 0 * variance[-1]),
        }
        made.append(xr.Dataset(data, {"output": rows, dimension: list(names)}))
    labels = {"partition": ("group", list(model.groups.partition)), "label": ("group", list(model.groups.label))}
    return made[0].assign_coords(labels), made[1]


def test_variance_reduction_is_that_of_the_closed_form(model: Prepared, known: xr.Dataset) -> None:
    """Knowing the coefficients takes off the variance of what is then expected."""
    at = {"output": "freed_fte 2040", "group": "assumption: coefficient"}
    members = model.groups.members[model.groups.names.index(at["group"])]
    expected = expected_given(model, drawn(model, 20_000, 5), members, [0])[:, 0, 0].var()
    assert known["group_variance_reduction"].sel(at).item() == pytest.approx(expected, rel=0.05)
    left = np.sqrt(
        indices_of(model)[0]["variance_exact"].sel(output=at["output"]) - known["group_variance_reduction"].sel(at)
    )
    assert known["group_sd_left"].sel(at).item() == pytest.approx(left.item())
    assert known["variance_reduction"].sel(input="reconstruction", output=at["output"]) == 0


def test_without_a_closed_form_the_estimates_are_taken(model: Prepared, kept: KeptFutures) -> None:
    groups, single = indices_of(model)
    groups, single = (table.assign(first_order_exact=table["first_order_exact"] * np.nan) for table in (groups, single))
    table = information(model, groups, single.assign(first_order=single["first_order"] + 0.25), kept)
    variance = groups["variance_exact"].values
    np.testing.assert_allclose(table["variance_reduction"], 0.25 * np.repeat(variance[:, None], 130, axis=1))
    assert (table["group_variance_reduction"] == 0).all()


def test_knowing_a_group_is_worth_something_and_no_more_than_knowing_all(known: xr.Dataset) -> None:
    assert (known["evppi"] >= 0).all()
    assert (known["evppi"] <= known["evpi"]).all()
    assert known["evppi"].sel(group="factor: technology") > 0.2
    assert known["evppi"].sel(group="factor: speed") == 0  # in 2040 all has been phased in
    assert known["evppi"].sel(group="factor: reconstruction") == 0  # there is one table
    assert known["threshold"].attrs["units"] == known["evppi"].attrs["units"] == "thousand FTE"
    assert known["partition"].sel(group="factor: technology") == "factor"
    assert (known.attrs["quantity"], known.attrs["year"]) == ("freed_fte", 2040)


def test_the_value_of_technology_is_the_integral_over_its_values(model: Prepared) -> None:
    """E[max(E[Y | technology] - t, 0)] - max(E[Y] - t, 0), by its quantile function, within five standard errors."""
    kept, at = kept_of(model, 1000, 6), model.names.index("technology")
    found = decision_value(model, kept, group(model, "technology")[None], ["technology"])
    values = np.zeros((20_000, len(model.inputs)))
    values[:, at] = quantile(model.inputs[at].distribution, (np.arange(20_000) + 0.5) / 20_000)
    line = expected_given(model, values, group(model, "technology"), [0])[:, 0, 0] - 84
    expected = np.maximum(line, 0).mean() - max(line.mean(), 0)
    width = np.diff(found["evppi_ci"].sel(group="technology"))[0]
    assert abs(found["evppi"].item() - expected) < width
    assert width < expected / 2


def test_a_normal_output_has_the_value_of_the_formula() -> None:
    """Only `fertility` is uncertain: Y is normal but for its cut tails, so that EVPPI = EVPI = sd · L(|m - t| / sd)."""
    model = prepared_model("decision.threshold=89.0")
    fixed = (
        one
        if one.name == "demography.fertility"
        else replace(one, distribution=made("fixed", value=mean(one.distribution)))
        for one in model.inputs
    )
    model = Prepared(model.config, model.evidence, tuple(fixed))
    kept = kept_of(model, 2000, 7)
    members = np.array([group(model, "demography.fertility", "national"), group(model, "national")])
    found = decision_value(model, kept, members, ["both", "national"])
    m, sd = kept.outputs[:, 0].mean(), kept.outputs[:, 0].std()
    distance = abs(m - 89) / sd
    expected = sd * (norm.pdf(distance) - distance * norm.sf(distance))
    assert found["evpi"].item() == pytest.approx(expected, rel=0.03)
    assert found["evppi"].sel(group="both").item() == pytest.approx(found["evpi"].item(), rel=1e-9)
    assert found["evppi"].sel(group="national") == 0


def test_without_a_threshold_there_is_no_decision(kept: KeptFutures) -> None:
    model = prepared_model()
    settings = model.config.settings.model_copy(update={"decision": DecisionSection()})
    model = replace(model, config=replace(model.config, settings=settings))
    table = information(model, *indices_of(model), kept)
    assert "variance_reduction" in table
    assert "evppi" not in table


# Inputs that depend on each other


def test_where_inputs_depend_on_each_other_only_groups_with_all_of_them_have_an_exact_mean() -> None:
    names = ("technology", "extrapolation")
    model = prepared_model(THRESHOLD, 'dependence=[{inputs=["technology","extrapolation"],rank_correlation=0.6}]')
    table = conditional_means(model)
    assert table["conditional_low"].isnull().all()
    assert table.attrs["note"].startswith("NaN where inputs depend on each other")
    assert switching_values(model)["value"].isnull().all()
    kept = kept_of(model, 250)
    members = np.array([group(model, "technology"), group(model, *names), group(model, *names, "national")])
    found = decision_value(model, kept, members, ["half", "both", "more"])
    assert found["evppi"].isnull().values.tolist() == [True, False, False]
    assert "NaN where inputs depend" in found.attrs["decision_note"]
    values = drawn(model, 4000, 8)
    values[:, ~members[1]] = drawn(model, 4000, 9)[:, ~members[1]]
    values[:, members[1]] = values[0, members[1]]
    outputs = freed_in_all(model, values)[:, 0]
    expected = expected_given(model, values[:1], members[1], [0])[0, 0, 0]
    assert abs(outputs.mean() - expected) < 5 * outputs.std() / np.sqrt(len(outputs))
    assert rank(model, kept)["first_order"].sel(input="extrapolation", output="freed_fte 2040") > 0.1


# By command, and on the terminal

OWN = """
title = "Two inputs"
[model]
function = "{module}:model"
outputs = ["saved"]
{decision}
[inputs]
a = {{ kind = "uniform", low = 0, high = 1 }}
b = {{ kind = "uniform", low = 0, high = 1 }}
"""


def own_config(folder: Path, module: str, decision: str) -> Path:
    (folder / f"{module}.py").write_text(
        "def model(values):\n    return values[:, 0] + 0.5 * values[:, 1]\n", encoding="utf-8"
    )
    (folder / "own.toml").write_text(OWN.format(module=module, decision=decision), encoding="utf-8")
    return folder / "own.toml"


def analysed(path: Path, method: str, folder: Path, *options: str) -> xr.Dataset:
    command = ["sensitivity", str(path), "--method", method, "--out", str(folder), "--overwrite", *options]
    assert main(command) == 0
    with xr.open_datatree(folder / f"sensitivity_{method}.nc") as tree:
        return tree["sensitivity"].dataset.load()


def test_methods_of_an_own_model_take_its_threshold(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """saved = a + b/2 is below 0.5 with probability 1/4; with the other at its median: if a is below 1/4, and by no b."""
    path = own_config(tmp_path, "saving", "[decision]\nthreshold = 0.5")
    table = analysed(path, "separation", tmp_path, "--points", "256")
    assert table["share"].sel(output="saved").values.tolist() == pytest.approx([0.25, 0.75, 0], abs=0.01)
    table = analysed(path, "switching", tmp_path, "--points", "16").sel(output="saved", target="low")
    assert table["value"].sel(input="a").item() == pytest.approx(0.25, abs=1e-6)
    assert table["value"].sel(input="b").isnull()  # at 0 it is the threshold, and no less
    table = analysed(path, "information", tmp_path, "--points", "256").sel(output="saved")
    assert table["evpi"].item() == pytest.approx(0.5**3 / 3, rel=0.05)  # E[(t - Y)+], where 2 y is the density of Y
    # E[Y | a] is below 0.5 for a < 1/4: E[(1/4 - a)+] = 1/32. E[Y | b] never is; a regression loses a little there.
    assert table["evppi"].values.tolist() == pytest.approx([1 / 32, 0], abs=0.002)
    table = analysed(path, "prim", tmp_path, "--points", "256").sel(output="saved")
    assert table["density"].sel(position="below") > 0.75
    assert table["density"].sel(position="above").isnull()
    assert table["limit"].sel(input="a", bound="high", position="below") < 0.5
    assert "density: below 0." in capsys.readouterr().out


def test_a_threshold_of_no_output_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = own_config(tmp_path, "saving_nothing", '[decision]\noutput = "saved hours"\nthreshold = 0.5')
    assert main(["sensitivity", str(path), "--method", "separation", "--out", str(tmp_path), "--points", "16"]) == 2
    assert "there is no output 'saved hours'" in capsys.readouterr().err
    assert own_model.load(path).study.threshold == ("saved hours", 0.5)


@pytest.mark.parametrize(
    ("change", "said"), [("decision.quantity=freed_hours", "freed_hours"), ("decision.threshold=high", "high")]
)
def test_a_decision_that_cannot_be_used_is_refused(change: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        prepared_model(change)


@pytest.mark.parametrize("method", ["separation", "switching", "information"])
def test_methods_of_the_built_in_model_take_its_published_range(method: str, tmp_path: Path) -> None:
    changes = ("--points", "16", "--set", ONE_TABLE, "--set", THRESHOLD)
    table = analysed(CONFIGS / "base.toml", method, tmp_path, *changes)
    assert {"freed_fte 2040", "freed_wage 2040"} == set(table["output"].values)
    if method == "switching":
        xr.testing.assert_allclose(table["value"], switching_values(prepared_model())["value"])
    if method == "information":
        assert table["evppi"].sel(output="freed_fte 2040", input="technology") > 0
        assert table["evppi"].sel(output="freed_wage 2040").isnull().all()


def test_the_terminal_says_what_one_input_does_and_what_knowing_is_worth(
    model: Prepared, kept: KeptFutures, known: xr.Dataset
) -> None:
    nodes = {"switching": switching_values(model), "separation": separation(model, kept), "information": known}
    first, second, third = view_lines(xr.DataTree.from_dict(nodes))
    assert first.startswith(
        "Expected freed_fte 2040 leaves 84-96 by one input alone: technology > 1.07 (probability 14%)"
    )
    assert f"technology {float(nodes['separation']['ks_distance'][0].sel(input='technology').max()):.2f}" in second
    assert f"knowing everything is worth {float(known['evpi']):.2f} thousand FTE; of the factors: technology" in third
    assert view_lines(xr.DataTree()) == []


def made(kind: str, **parameters: object) -> Distribution:
    return from_mapping({"kind": kind, **parameters}, "the test", Path())
