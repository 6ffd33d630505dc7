"""Every uncertain quantity as a named input."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import CONFIGS, Prepared, prepare

from simulator.config import Config, load_config
from simulator.distributions import bounds, mean, quantile, variance
from simulator.errors import InputError
from simulator.evidence import Evidence
from simulator.feasibility import check_bounds
from simulator.inputs import PARTITIONS, Input, build_inputs, fixed, normal, partition, stated_at
from simulator.sources import OTHER
from simulator.tables import KINDS, Stated

BASE = CONFIGS / "base.toml"
OTHERS_TABLES = "municipality"  # whose inputs are those of its own tables
SHIPPED = sorted(
    path.stem
    for path in CONFIGS.glob("*.toml")
    if path.stem != OTHERS_TABLES and "[model]" not in path.read_text(encoding="utf-8")
)
SCORE_90 = 1.6448536269514722


def inputs_of(*changes: str, evidence: Evidence, path: Path = BASE) -> dict[str, Input]:
    return {one.name: one for one in build_inputs(load_config(path, changes), evidence)}


@pytest.fixture(scope="module")
def by_name(inputs: tuple[Input, ...]) -> dict[str, Input]:
    return {one.name: one for one in inputs}


# --- the list ----------------------------------------------------------------------------------------------------


def test_every_quantity_of_the_model_is_an_input(evidence: Evidence, inputs: tuple[Input, ...]) -> None:
    categories = [*evidence.categories[:-2], OTHER]
    tasks = [f"{task.category}.{task.name}" for task in evidence.tasks]
    expected = {
        *("technology", "national", "extrapolation", "speed", "reconstruction"),
        *(f"theme.{name}" for name in evidence.themes),
        *(f"barrier.{name}" for name in evidence.barriers),
        *(f"demography.{name}" for name in evidence.growth.drivers),
        *(f"{kind}.{name}" for kind in ("phase_in", "technology_own") for name in categories),
        *(f"residual.{name}" for name in categories[:-1]),
        *(f"{kind}.{name}" for kind in ("time_share", "coefficient") for name in tasks),
    }
    assert Counter(one.name for one in inputs) == Counter(expected)  # each once
    assert len(expected) == 5 + 7 + 4 + 4 + 2 * 21 + 20 + 2 * len(tasks)


def test_what_an_input_says_about_itself(inputs: tuple[Input, ...], evidence: Evidence) -> None:
    for one in inputs:
        assert one.label
        assert one.unit
        assert one.source
        assert one.evidence in KINDS
        assert one.category in ("Fælles", *evidence.categories[:-1])
        low, high = bounds(one.distribution)
        assert math.isfinite(low)
        assert low <= mean(one.distribution) <= high


@pytest.mark.parametrize("name", PARTITIONS)
def test_each_input_is_in_one_group_of_a_partition(name: str, inputs: tuple[Input, ...]) -> None:
    groups = partition(inputs, name)
    assert sorted(itertools.chain(*groups.values())) == list(range(len(inputs)))
    assert "" not in groups
    assert list(groups) == list(dict.fromkeys(getattr(one, name) for one in inputs))
    assert all(getattr(inputs[place], name) == group for group, places in groups.items() for place in places)


def test_the_four_partitions(evidence: Evidence, inputs: tuple[Input, ...]) -> None:
    assert PARTITIONS == ("category", "assumption", "factor", "evidence")
    assert set(partition(inputs, "category")) == {"Fælles", *evidence.categories[:-1]}
    assert set(partition(inputs, "evidence")) == set(KINDS)
    factors = partition(inputs, "factor")
    assert all(len(places) == 1 for factor, places in factors.items() if factor != "own")
    assert (
        len(factors) == 1 + 5 + 7 + 4 + 4
    )  # own; technology, national, extrapolation, speed, reconstruction; themes, barriers, drivers
    for place in factors["own"]:
        assert inputs[place].category != "Fælles"


def test_common_factors_come_first_and_single_tasks_late(inputs: tuple[Input, ...]) -> None:
    kinds = list(dict.fromkeys(one.name.split(".")[0] for one in inputs))
    assert kinds.index("technology") == 0
    common = {"technology", "demography", "national", "extrapolation", "speed", "theme", "barrier"}
    assert set(kinds[: len(common)]) == common
    assert kinds[-3:] == ["time_share", "technology_own", "reconstruction"]
    assert len(kinds) == len({one.name.split(".")[0] for one in inputs})  # each kind is one run


@pytest.mark.parametrize("name", SHIPPED)
def test_the_order_does_not_depend_on_overlays(name: str, inputs: tuple[Input, ...], evidence: Evidence) -> None:
    model = prepare(CONFIGS / f"{name}.toml")
    assert model.names == [one.name for one in inputs]
    for kind in PARTITIONS[:-1]:  # evidence is another where an overlay states a distribution of its own
        assert partition(model.inputs, kind) == partition(inputs, kind)
    changes = ["technology.common=false", 'inputs.theme."*"={kind="fixed", value=1.0}', "time_share.relative=0.0"]
    assert list(inputs_of(*changes, evidence=evidence, path=CONFIGS / f"{name}.toml")) == model.names


# --- spreads -----------------------------------------------------------------------------------------------------


def phase_in(model: Prepared, category: str) -> tuple[float, float]:
    """Mean and variance of a category's phase-in in 2040: own part, national part and barriers."""
    found = {one.name: one.distribution for one in model.inputs}
    weights = model.evidence.barrier_weight[model.categories.index(category)]
    parts = [(1.0, f"phase_in.{category}"), (1.0, "national")]
    parts += [(float(w), f"barrier.{name}") for w, name in zip(weights, model.evidence.barriers, strict=True)]
    return sum(w * mean(found[name]) for w, name in parts), sum(w**2 * variance(found[name]) for w, name in parts)


def test_the_phase_in_of_each_category_has_the_printed_range(base: Prepared) -> None:
    for category, stated in zip(base.categories[:-1], base.evidence.phase_in, strict=False):
        assert stated.high - stated.low == pytest.approx(0.10)  # the report prints ±5 points everywhere
        centre, spread = phase_in(base, category)
        assert centre == pytest.approx((stated.low + stated.high) / 2, rel=1e-12)
        assert spread == pytest.approx((0.05 / SCORE_90) ** 2, rel=1e-12)


def test_the_sum_of_the_parts_of_phase_in_is_nearly_normal(base: Prepared, by_name: dict[str, Input]) -> None:
    generator = np.random.default_rng(2040)
    weights = base.evidence.barrier_weight[base.categories.index("Jurister")]
    total = sum(
        weight * quantile(by_name[name].distribution, generator.random(400_000))
        for weight, name in (
            (1.0, "phase_in.Jurister"),
            (1.0, "national"),
            *((float(w), f"barrier.{b}") for w, b in zip(weights, base.evidence.barriers, strict=True)),
        )
    )
    assert np.quantile(total, [0.05, 0.95]) == pytest.approx([0.70, 0.80], abs=5e-4)  # five standard errors


def test_half_of_the_variance_of_phase_in_is_common_and_two_thirds_of_that_national(base: Prepared) -> None:
    found = {one.name: one.distribution for one in base.inputs}
    typical = (0.05 / SCORE_90) ** 2
    assert variance(found["national"]) == pytest.approx(typical / 3, rel=1e-12)
    squares = base.evidence.barrier_weight[:-1] ** 2
    barriers = squares @ [variance(found[f"barrier.{name}"]) for name in base.evidence.barriers]
    assert barriers.mean() == pytest.approx(typical / 6, rel=1e-12)
    own = [variance(found[f"phase_in.{name}"]) for name in base.categories]
    assert np.mean(own[:-1]) == pytest.approx(typical / 2, rel=1e-12)
    assert own[-1] == 0  # `Øvrige`: the own parts of 36 categories average out
    assert phase_in(base, OTHER)[0] == pytest.approx(base.evidence.phase_in[-1].central, rel=1e-12)


@pytest.mark.parametrize("common", [0.0, 0.25, 0.48])
def test_the_split_leaves_the_variance_of_a_category(common: float) -> None:
    model = prepare(BASE, [f"phase_in.common={common}", "phase_in.national=0.5", "phase_in.shift=0.05"])
    for category, stated in zip(model.categories[:-1], model.evidence.phase_in, strict=False):
        centre, spread = phase_in(model, category)
        assert centre == pytest.approx(stated.central + 0.05, rel=1e-12)
        assert spread == pytest.approx((0.05 / SCORE_90) ** 2, rel=1e-12)


def test_all_of_phase_in_may_be_national(evidence: Evidence) -> None:
    found = inputs_of("phase_in.common=1", "phase_in.national=1", evidence=evidence)
    assert all(
        one.distribution.kind == "fixed" for name, one in found.items() if name.startswith(("phase_in", "barrier"))
    )
    assert variance(found["national"].distribution) == pytest.approx((0.05 / SCORE_90) ** 2, rel=1e-12)
    assert quantile(found["national"].distribution, 0.95) == pytest.approx(0.05, abs=1e-3)  # its tails are cut


def test_an_own_phase_in_that_is_stated_need_not_fit_the_split(evidence: Evidence) -> None:
    changes = [f'inputs.phase_in."{name}"={{kind="fixed", value=0.6}}' for name in evidence.categories[:-2]]
    found = inputs_of("phase_in.common=1", *changes, evidence=evidence)
    assert variance(found["phase_in.Pædagoger"].distribution) == 0


def test_printed_ranges_are_90_percent_intervals_and_points_are_widened(
    evidence: Evidence, by_name: dict[str, Input]
) -> None:
    def expected(stated: Stated, relative: float) -> tuple[float, float]:
        if math.isnan(stated.low):
            return stated.central * (1 - relative), stated.central * (1 + relative)
        return stated.low, stated.high

    cases = [(f"residual.{c}", expected(r, 0.2)) for c, r in zip(evidence.categories, evidence.residual, strict=False)]
    for task in evidence.tasks:
        cases.append((f"time_share.{task.category}.{task.name}", expected(task.share, 0.15)))
        cases.append((f"coefficient.{task.category}.{task.name}", expected(task.coefficient, 0.11)))
    for name, ends in cases:
        assert quantile(by_name[name].distribution, [0.05, 0.95]) == pytest.approx(ends, rel=1e-12)
        assert mean(by_name[name].distribution) == pytest.approx(sum(ends) / 2, rel=1e-12)
    nurses = "Sygeplejersker.Dokumentation"  # printed as 11-12 % and 45-55 %
    assert quantile(by_name[f"time_share.{nurses}"].distribution, [0.05, 0.95]) == pytest.approx([0.11, 0.12])
    assert quantile(by_name[f"coefficient.{nurses}"].distribution, [0.05, 0.95]) == pytest.approx([0.45, 0.55])


def test_a_share_whose_tail_would_pass_1_is_cut_more_narrowly(by_name: dict[str, Input]) -> None:
    for name in ("Jurister", "Socialrådgivere og -formidlere"):
        share = by_name[f"time_share.{name}.Direkte sagsbehandling"].distribution
        assert ("tail", 0.005) in share.parameters
        assert quantile(share, [0.05, 0.95]) == pytest.approx([0.68, 0.92], rel=1e-12)
        assert bounds(share)[1] < 1
    cut = [name for name, one in by_name.items() if ("tail", 0.005) in one.distribution.parameters]
    assert len([name for name in cut if name.startswith(("time_share", "coefficient", "residual"))]) == 2


def test_factors_of_base(by_name: dict[str, Input], evidence: Evidence) -> None:
    ends = {"technology": (0.90, 1.10), "extrapolation": (0.80, 1.20), "speed": (15.0, 30.0)}
    ends |= {f"theme.{name}": (0.95, 1.05) for name in evidence.themes}
    for name, (low, high) in ends.items():
        assert quantile(by_name[name].distribution, [0.05, 0.95]) == pytest.approx([low, high], rel=1e-12)
    assert all(variance(one.distribution) == 0 for name, one in by_name.items() if name.startswith("technology_own"))


def test_normal_has_exactly_its_mean_and_deviation() -> None:
    one = normal(0.7, 0.03)
    assert (mean(one), math.sqrt(variance(one))) == pytest.approx((0.7, 0.03), rel=1e-14)
    assert normal(0.7, 0.0) == fixed(0.7)
    assert bounds(fixed(0.7)) == (0.7, 0.7)


# --- what is stated under [inputs] -------------------------------------------------------------------------------


def fixed_at(value: float) -> str:
    return f'{{kind="fixed", value={value}}}'


NURSE = "coefficient.Sygeplejersker.Dokumentation"


@pytest.mark.parametrize(
    ("changes", "value"),
    [
        ([f"inputs.{NURSE}={fixed_at(0.1)}"], 0.1),
        ([f'inputs.coefficient."*".Dokumentation={fixed_at(0.2)}'], 0.2),
        ([f'inputs.coefficient.Sygeplejersker."*"={fixed_at(0.3)}'], 0.3),
        ([f'inputs.coefficient."*"."*"={fixed_at(0.4)}'], 0.4),
        ([f'inputs."*"."*".Dokumentation={fixed_at(0.4)}'], 0.4),
        # the fewest stars, whatever comes last; of as many, the category before the task
        ([f"inputs.{NURSE}={fixed_at(0.1)}", f'inputs.coefficient."*".Dokumentation={fixed_at(0.2)}'], 0.1),
        ([f'inputs.coefficient."*"."*"={fixed_at(0.4)}', f'inputs.coefficient."*".Dokumentation={fixed_at(0.2)}'], 0.2),
        (
            [
                f'inputs.coefficient."*".Dokumentation={fixed_at(0.2)}',
                f'inputs.coefficient.Sygeplejersker."*"={fixed_at(0.3)}',
            ],
            0.3,
        ),
        (
            [
                f'inputs.coefficient.Sygeplejersker."*"={fixed_at(0.3)}',
                f'inputs.coefficient."*".Dokumentation={fixed_at(0.2)}',
            ],
            0.3,
        ),
    ],
)
def test_the_most_specific_name_decides(changes: list[str], value: float, evidence: Evidence) -> None:
    assert inputs_of(*changes, evidence=evidence)[NURSE].distribution == fixed(value)


def test_a_star_means_one_part_of_a_name(evidence: Evidence, by_name: dict[str, Input]) -> None:
    found = inputs_of(f'inputs.coefficient."*".Dokumentation={fixed_at(0.2)}', evidence=evidence)
    changed = {name for name, one in found.items() if one != by_name[name]}
    assert changed == {name for name in by_name if name.startswith("coefficient.") and name.endswith(".Dokumentation")}
    for name in ('coefficient."*"', 'coefficient."*".Jurister."*"', '"*"."*"."*"."*"', 'coefficient.Jurister."D*"'):
        with pytest.raises(InputError, match="there is no input"):
            inputs_of(f"inputs.{name}={fixed_at(0.2)}", evidence=evidence)


def test_one_parameter_of_one_input(evidence: Evidence, by_name: dict[str, Input]) -> None:
    found = inputs_of("inputs.technology.p95=1.20", evidence=evidence)
    assert [name for name, one in found.items() if one != by_name[name]] == ["technology"]
    assert quantile(found["technology"].distribution, [0.05, 0.95]) == pytest.approx([0.90, 1.20], rel=1e-12)
    everywhere = inputs_of('inputs.theme."*".p95=1.10', evidence=evidence)
    assert [name for name, one in everywhere.items() if one != by_name[name]] == [f"theme.{t}" for t in evidence.themes]


def test_fixed_inputs_keep_their_place_and_have_no_variance(evidence: Evidence, by_name: dict[str, Input]) -> None:
    found = inputs_of(
        f"inputs.speed={fixed_at(20)}", "coefficient.relative=0", "residual.relative=0", evidence=evidence
    )
    assert list(found) == list(by_name)
    assert found["speed"].distribution == fixed(20.0)
    for task in evidence.tasks:
        one = found[f"coefficient.{task.category}.{task.name}"].distribution
        assert (variance(one) == 0) == math.isnan(task.coefficient.low)  # a printed range stays
    for category, stated in zip(evidence.categories, evidence.residual, strict=False):
        assert found[f"residual.{category}"].distribution == fixed(stated.central)


def test_a_distribution_from_a_table_of_the_data_folder(evidence: Evidence) -> None:
    file = '{kind="empirical", file="population_2040_draws.csv", column="90+"}'
    one = inputs_of(f"inputs.speed={file}", evidence=evidence)["speed"].distribution
    assert one.kind == "empirical"
    assert bounds(one)[0] > 0


def test_where_a_distribution_is_stated(config: Config) -> None:
    assert stated_at(config, ("technology",)) == f"{config.path}, key 'inputs.technology'"
    assert stated_at(config, ("theme", "Driftsoptimering")) == f"{config.path}, key 'inputs.theme.*'"
    assert stated_at(config, ("national",)) is None
    changed = load_config(BASE, ["inputs.technology.p95=1.2"])
    assert stated_at(changed, ("technology",)) == "--set inputs.technology.p95=1.2"


def test_an_own_technology_may_be_stated(evidence: Evidence) -> None:
    change = 'inputs.technology_own.Jurister={kind="interval", p05=0.8, p95=1.2}'
    for common in ("true", "false"):
        found = inputs_of(change, f"technology.common={common}", evidence=evidence)
        assert quantile(found["technology_own.Jurister"].distribution, 0.95) == pytest.approx(1.2, rel=1e-12)


# --- bounds ------------------------------------------------------------------------------------------------------


def test_bounds_are_reached_where_the_message_says(evidence: Evidence) -> None:
    config = load_config(BASE, ['inputs.residual."Sekretærer"={kind="fixed", value=0.9}'])
    inputs = build_inputs(config, evidence)
    top = {one.name: bounds(one.distribution)[1] for one in inputs}
    assert evidence.residual_theme[evidence.categories.index("Sekretærer")] == "Medarbejderrettet AI-assistent"
    task = "Sekretærer.Generelle administrative opgaver"
    product = top[f"time_share.{task}"] * top[f"coefficient.{task}"]
    reached = top["technology"] * top["theme.Medarbejderrettet AI-assistent"] * (product + 0.9)
    with pytest.raises(InputError) as caught:
        check_bounds(config, evidence, inputs)
    assert f"the working time that 'Sekretærer' saves reaches {reached:.6g}, above 1" in caught.value.problem
    assert caught.value.place == """--set inputs.residual."Sekretærer"={kind="fixed", value=0.9}"""


def test_bounds_of_phase_in_add_up(base: Prepared, evidence: Evidence) -> None:
    found = {one.name: bounds(one.distribution)[1] for one in base.inputs}
    highest = 0.0
    for category, weights in zip(base.categories, evidence.barrier_weight, strict=True):
        common = found["national"] + sum(
            w * found[f"barrier.{name}"] for w, name in zip(weights, evidence.barriers, strict=True)
        )
        highest = max(highest, found[f"phase_in.{category}"] + common)
    room = 1 - float(highest)  # a shift may use it up, and no more
    for shift, allowed in ((room - 1e-6, True), (room + 1e-6, False)):
        config = load_config(BASE, [f"phase_in.shift={shift!r}"])
        inputs = build_inputs(config, evidence)
        if allowed:
            check_bounds(config, evidence, inputs)
        else:
            with pytest.raises(InputError, match="the phase-in of 'It-medarbejdere' in 2040 reaches 1"):
                check_bounds(config, evidence, inputs)


def test_the_range_of_a_table_is_named_with_the_table(evidence: Evidence, config: Config) -> None:
    inputs = tuple(
        replace(one, distribution=fixed(1.2)) if one.name == "coefficient.Jurister.Direkte sagsbehandling" else one
        for one in build_inputs(config, evidence)
    )
    with pytest.raises(InputError) as caught:
        check_bounds(config, evidence, inputs)
    assert caught.value.place == f"{config.data / 'coefficients.csv'}, 'Jurister', 'Direkte sagsbehandling'"
    assert caught.value.remedy.startswith("Let it end at or below 1: change the range")


def test_a_stated_distribution_brings_its_own_provenance() -> None:
    """Else the report's published evidence would stand beside somebody else's number."""
    inputs = {one.name: one for one in prepare(CONFIGS / "field_evidence.toml").inputs}
    office = inputs["coefficient.Sekretærer.Generelle administrative opgaver"]
    assert (office.evidence, office.source) == ("derived", "Noy & Zhang 2023; Dell'Acqua et al. 2023")
    assert inputs["coefficient.Sygeplejersker.Dokumentation"].evidence == "published"
    change = 'inputs.residual.Jurister={kind="fixed",value=0.1}'
    changed = {one.name: one for one in prepare(CONFIGS / "base.toml", [change]).inputs}["residual.Jurister"]
    assert changed.evidence == "assumed"
    assert changed.source.startswith("--set")
