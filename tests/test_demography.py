"""Growth of the areas against figure 7.7 and the draws of the population; the logistic path against its anchor."""

from __future__ import annotations

import csv
import itertools
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from simulator import demography, population
from simulator.demography import DRIVERS, Growth
from simulator.errors import InputError
from simulator.phase_in import logistic_path, logistic_share
from simulator.population import BANDS
from simulator.tables import KINDS

DATA = Path(__file__).parents[1] / "data"
FERTILITY, LONGEVITY, MIGRATION, HEALTHY = range(4)
COLLECTIVE = ("Forvaltning og administration", "Forsvar", "Politi og retsvæsen", "Beskæftigelse", "Øvrige")


def rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def growth() -> Growth:
    return population.derive(DATA)


@pytest.fixture(scope="module")
def persons() -> np.ndarray:
    return np.array([[float(row[band]) for band in BANDS] for row in rows("population_2040_draws.csv")])


@pytest.fixture(scope="module")
def demand(growth: Growth, persons: np.ndarray) -> np.ndarray:
    """Growth of demand in the draws, (1 + central)·(demand / median − 1), from the files alone."""
    cost = {
        (r["area"], r["age"]): float(r["value"]) for r in rows("age_profiles.csv") if r["quantity"] == "relative_cost"
    }
    total = persons @ np.array([[cost[area, band] for band in BANDS] for area in growth.areas]).T
    return (1 + growth.central) * (total / np.median(total, axis=0) - 1)


def area(growth: Growth, name: str) -> int:
    return growth.areas.index(name)


# --- stored and derived ------------------------------------------------------------------------------------------


def test_stored_files_equal_a_fresh_derivation(growth: Growth) -> None:
    stored = demography.read(DATA / "derived", growth.areas)
    rounding = 0.5e-6 + 1e-9  # six decimals, and the last bits of a sum
    np.testing.assert_allclose(stored.central, growth.central, rtol=0, atol=rounding)
    np.testing.assert_allclose(stored.loading, growth.loading, rtol=0, atol=rounding)
    np.testing.assert_allclose(stored.path, growth.path, rtol=0, atol=rounding)
    np.testing.assert_array_equal(stored.reference, growth.reference)
    np.testing.assert_array_equal(stored.path_years, growth.path_years)
    assert (stored.areas, stored.drivers) == (growth.areas, growth.drivers)


def test_writing_what_was_read_gives_the_same_bytes(growth: Growth, tmp_path: Path) -> None:
    demography.write(demography.read(DATA / "derived", growth.areas), tmp_path)
    for name in ("growth.csv", "growth_path.csv"):
        assert (tmp_path / name).read_bytes() == (DATA / "derived" / name).read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["growth.csv", "growth_path.csv"]


def test_read_puts_areas_in_the_order_asked_for(growth: Growth) -> None:
    turned = demography.read(DATA / "derived", growth.areas[::-1])
    np.testing.assert_allclose(turned.central[::-1], growth.central, atol=1e-6)
    np.testing.assert_allclose(turned.loading[::-1], growth.loading, atol=1e-6)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("Sundhed,central", "Sundheds,central", "Sundheds"),
        ("Sundhed,longevity", "Sundhed,longevities", "longevities"),
        ("Ældre,healthy_ageing,-0.296800,0.75", "Ældre,healthy_ageing,-0.296800,0.5", "differs between areas"),
        ("Øvrige,migration", "Øvrige,fertility", "repeats"),
    ],
)
def test_a_bad_growth_file_is_named(growth: Growth, tmp_path: Path, old: str, new: str, message: str) -> None:
    demography.write(growth, tmp_path)
    text = (tmp_path / "growth.csv").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "growth.csv").write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(InputError, match=message) as error:
        demography.read(tmp_path, growth.areas)
    assert "growth.csv" in error.value.place


def test_a_missing_row_and_an_extra_area_are_named(growth: Growth, tmp_path: Path) -> None:
    demography.write(growth, tmp_path)
    with pytest.raises(InputError, match=r"\(Rumfart, central\)"):
        demography.read(tmp_path, [*growth.areas, "Rumfart"])


@pytest.mark.parametrize("change", [(5, 0.0), (0, 0.1), (17, 0.99)])
def test_a_path_that_does_not_rise_from_0_through_1_is_refused(
    growth: Growth, tmp_path: Path, change: tuple[int, float]
) -> None:
    path = growth.path.copy()
    path[change[0]] = change[1]
    demography.write(replace(growth, path=path), tmp_path)
    with pytest.raises(InputError, match="does not rise from 0 in 2023 through 1 in 2040"):
        demography.read(tmp_path, growth.areas)


# --- central growth ----------------------------------------------------------------------------------------------


def test_growth_at_the_references_rounds_to_both_columns_of_figure_7_7(growth: Growth) -> None:
    year_2040 = int(np.flatnonzero(growth.path_years == 2040)[0])
    at_reference = growth.at(growth.reference)
    np.testing.assert_allclose(at_reference[:, year_2040], 1 + growth.central, rtol=0, atol=1e-15)
    np.testing.assert_array_equal(at_reference[:, 0], 1.0)
    workforce = rows("published_workforce.csv")
    fte = {r["label"]: float(r["value"]) for r in workforce if (r["figure"], r["quantity"]) == ("7.2", "fte_2023")}
    printed = rows("published_growth.csv")
    assert len(printed) == 24
    for row in printed:
        change = at_reference[area(growth, row["area"]), year_2040] - 1
        thousand = row["quantity"] == "fte_change"
        # Beskæftigelse, 14 thousand: 3 % ± 0.5 is 0.35-0.49 thousand, which rounds to the printed 0
        assert round(change * fte[row["area"]] if thousand else 100 * change) == int(row["printed"].rstrip("%")), row


def test_areas_stand_in_the_order_of_figure_7_2(growth: Growth) -> None:
    assert len(growth.areas) == 12
    assert growth.areas[:3] == ("Sundhed", "Ældre", "Forvaltning og administration")
    assert growth.areas[-1] == "Øvrige"


def test_central_growth_that_no_rounding_allows_is_refused() -> None:
    assert demography.central_growth(76, -6, -7) == pytest.approx(-(5.5 / 76 + 0.075) / 2)
    with pytest.raises(ValueError, match="no growth of 14 thousand"):
        demography.central_growth(14, 2, 3)


# --- drivers and loadings ----------------------------------------------------------------------------------------


def test_drivers_are_orthonormal(persons: np.ndarray) -> None:
    drivers = population.standard_drivers(persons)
    np.testing.assert_allclose(drivers.mean(axis=0), 0, atol=1e-10)
    np.testing.assert_allclose(drivers.T @ drivers / len(drivers), np.eye(3), atol=1e-10)


def test_planted_drivers_are_found_with_their_signs() -> None:
    """A population built from three known independent drivers gives them back, whatever reaches the younger bands."""
    rng = np.random.default_rng(1)
    planted = rng.standard_normal((500, 3))
    planted -= planted.mean(axis=0)
    planted = np.linalg.qr(planted)[0] * math.sqrt(500)
    fertility, longevity, migration = planted.T
    groups = {0: 300 + 40 * fertility + 20 * migration, 1: 700 + 50 * fertility + 30 * migration + longevity}
    groups |= {2: 900 + 60 * migration, 3: 2600 + 40 * migration + 8 * longevity, 4: 360 + 5 * longevity}
    groups |= {5: 670 + 16 * longevity, 6: 400 + 26 * longevity, 7: 110 + 22 * longevity}
    built = np.column_stack([groups[band] for band in range(8)])
    np.testing.assert_allclose(population.standard_drivers(built), planted, atol=1e-9)


def test_drivers_are_close_enough_to_the_normal_distribution(persons: np.ndarray) -> None:
    """Skewness and kurtosis within four standard errors, √(6/N) and √(24/N): the inputs are standard normal."""
    drivers = population.standard_drivers(persons)
    n = len(drivers)
    assert (np.abs((drivers**3).mean(axis=0)) < 4 * math.sqrt(6 / n)).all()
    assert (np.abs((drivers**4).mean(axis=0) - 3) < 4 * math.sqrt(24 / n)).all()


def test_signs_of_the_loadings(growth: Growth) -> None:
    loading = growth.loading
    assert loading[area(growth, "Ældre"), LONGEVITY] > 0.1
    assert loading[area(growth, "Daginstitutioner og fritidsordninger"), FERTILITY] > 0.05
    assert loading[area(growth, "Undervisning"), FERTILITY] > 0.05
    assert loading[area(growth, "Uddannelse og forskning"), MIGRATION] > 0.05
    assert (loading[[area(growth, name) for name in COLLECTIVE], :3] > 0.01).all()
    assert loading[area(growth, "Ældre"), HEALTHY] < loading[area(growth, "Sundhed"), HEALTHY] < 0
    assert np.count_nonzero(loading[:, HEALTHY]) == 2


def test_healthy_ageing_takes_the_stated_points_from_elder_care(growth: Growth) -> None:
    """+45 % with half and +30 % with all of the gain in good health: 15 points of 1.375, at the report's level."""
    elder = area(growth, "Ældre")
    span = growth.at(np.array([0, 0, 0, 0.5]))[elder, 17] - growth.at(np.array([0, 0, 0, 1.0]))[elder, 17]
    assert span == pytest.approx(0.15 / 1.375 * (1 + growth.central[elder]), rel=1e-12)


def test_loadings_reproduce_the_variance_of_demand(growth: Growth, persons: np.ndarray, demand: np.ndarray) -> None:
    """Σ loading² is c'S⁻¹c of the three groups of ages, and loses less than four errors of a variance, 4·√(2/N)."""
    groups = np.column_stack([persons[:, :2].sum(axis=1), persons[:, 2:4].sum(axis=1), persons[:, 6:].sum(axis=1)])
    joint = np.cov(np.column_stack([groups, demand]).T, bias=True)
    between = joint[:3, 3:]
    exact = np.einsum("ga,ga->a", between, np.linalg.solve(joint[:3, :3], between))
    reproduced = (growth.loading[:, :3] ** 2).sum(axis=1)
    np.testing.assert_allclose(reproduced, exact, rtol=1e-9)
    share = reproduced / demand.var(axis=0)
    np.testing.assert_allclose(population.explained_variance(DATA), share, rtol=1e-9)
    assert (share <= 1 + 1e-12).all()
    assert (share > 1 - 4 * math.sqrt(2 / len(persons))).all()


def test_independent_normal_drivers_give_the_80_percent_interval_of_the_draws(
    growth: Growth, demand: np.ndarray
) -> None:
    """Within four errors of two percentiles, each √(0.1·0.9/N)/φ(1.2816) = 0.038 standard deviations."""
    spread = np.sqrt((growth.loading[:, :3] ** 2).sum(axis=1))
    low, high = np.quantile(demand, [0.1, 0.9], axis=0)
    error = 4 * math.sqrt(2) * math.sqrt(0.09 / len(demand)) / 0.17550
    deviation = demand.std(axis=0)
    lost = 2 * 1.2816 * (deviation - spread)  # stated with R², not an error
    assert (np.abs(high - low - 2 * 1.2816 * spread - lost) < error * deviation).all()


def test_growth_stays_positive_at_the_ends_of_the_drivers(growth: Growth) -> None:
    ends = itertools.product((-3.3, 3.3), (-3.3, 3.3), (-3.3, 3.3), (0.5, 1.0))
    lowest = min(growth.at(np.array(corner)).min() for corner in ends)
    assert lowest > 0.3
    assert growth.drivers == DRIVERS


# --- path --------------------------------------------------------------------------------------------------------


def test_path_rises_from_0_in_2023_through_1_in_2040(growth: Growth) -> None:
    assert growth.path_years.tolist() == list(range(2023, 2046))
    assert growth.path[0] == 0
    assert growth.path[17] == 1
    assert (np.diff(growth.path) > 0).all()


def test_path_is_linear_between_the_years_with_a_population(growth: Growth) -> None:
    path = dict(zip(growth.path_years.tolist(), growth.path, strict=True))
    assert path[2030] == pytest.approx(0.527, abs=0.0005)
    assert path[2032] == pytest.approx(path[2030] + 0.4 * (path[2035] - path[2030]), rel=1e-12)
    assert path[2024] == pytest.approx(path[2025] / 2, rel=1e-12)


def test_a_falling_demand_is_refused() -> None:
    years = np.array([2023.0, 2030.0, 2040.0, 2045.0])
    persons = np.array([[1.0], [1.2], [1.1], [1.3]])
    with pytest.raises(ValueError, match="does not grow in every step"):
        population.demand_path(years, persons, np.ones((1, 1)), np.ones(1))


# --- data --------------------------------------------------------------------------------------------------------


def test_profile_of_elder_care_follows_the_published_anchors() -> None:
    """KL (2023): 22, 45 and 89 thousand at 75, 80 and 85; the profile doubles every five years through the first."""
    profiles = rows("age_profiles.csv")
    anchors = {
        float(r["age"]): float(r["value"]) for r in profiles if (r["area"], r["quantity"]) == ("Ældre", "anchor")
    }
    for age, value in anchors.items():
        assert 22_000 * 2 ** ((age - 75) / 5) == pytest.approx(value, rel=0.025)
    cost = {r["age"]: float(r["value"]) for r in profiles if (r["area"], r["quantity"]) == ("Ældre", "relative_cost")}
    for band, age in {"65-69": 67.5, "70-79": 74.5, "80-89": 84.0, "90+": 92.5}.items():
        assert cost[band] == pytest.approx(22 * 2 ** ((age - 75) / 5), abs=0.05)
    assert cost["70-79"] < anchors[80.0] / 1000 < cost["80-89"] < anchors[85.0] / 1000 < cost["90+"]


@pytest.mark.parametrize("name", ["Sundhed", "Ældre"])
def test_profiles_give_the_growth_stated_without_healthy_ageing(name: str) -> None:
    """Two derivations of the same quantity, by band here and by single years of age there: within 1.5 points."""
    profiles = [row for row in rows("age_profiles.csv") if row["area"] == name]
    cost = {row["age"]: float(row["value"]) for row in profiles if row["quantity"] == "relative_cost"}
    stated = {row["healthy_ageing"]: float(row["value"]) for row in profiles if row["quantity"] == "demand_growth"}
    median = {
        (r["year"], r["band"]): float(r["value"]) for r in rows("population_by_age.csv") if r["quantity"] == "median"
    }
    total = {year: sum(cost[band] * median[year, band] for band in BANDS) for year in ("2023", "2040")}
    assert total["2040"] / total["2023"] - 1 == pytest.approx(stated["0"], abs=0.015)
    assert stated["0"] > stated["0.5"] > stated["1"]


def test_population_holds_together(persons: np.ndarray) -> None:
    table = {(r["year"], r["band"], r["quantity"]): float(r["value"]) for r in rows("population_by_age.csv")}
    years = sorted({year for year, _, _ in table})
    assert years == ["2023", "2025", "2030", "2035", "2040", "2045"]
    for year in years:
        assert sum(table[year, band, "median"] for band in BANDS) == pytest.approx(
            table[year, "total", "median"], abs=0.01
        )
    # the report's section 4.1 prints about 285 thousand more persons aged 70 and over
    assert table["2040", "70+", "median"] - table["2023", "70+", "median"] == pytest.approx(285, abs=5)
    assert persons.shape == (2000, 8)
    for i, band in enumerate(BANDS):
        low, middle, high = (table["2040", band, quantity] for quantity in ("low_80", "median", "high_80"))
        assert low < middle < high
        assert np.mean((persons[:, i] > low) & (persons[:, i] < high)) == pytest.approx(
            0.8, abs=4 * math.sqrt(0.16 / 2000)
        )


@pytest.mark.parametrize(
    "name",
    ["population_by_age.csv", "age_profiles.csv", "diffusion.csv", "productivity_evidence.csv", "derived/growth.csv"],
)
def test_every_row_says_where_it_comes_from(name: str) -> None:
    for row in rows(name):
        assert row["kind"] in KINDS
        assert row["source"]


def test_only_time_on_a_task_is_a_coefficient() -> None:
    evidence = rows("productivity_evidence.csv")
    assert len(evidence) == len({row["key"] for row in evidence}) == 26
    assert {row["estimand"] for row in evidence if row["use"] == "coefficient"} == {"task time"}
    by_key = {row["key"]: row for row in evidence}
    assert by_key["eef_teachers"]["use"] == by_key["ucla_nabla"]["use"] == "contains adoption"
    assert by_key["humlum"]["use"] == "limit on the whole"


# --- logistic path -----------------------------------------------------------------------------------------------


def test_share_is_10_percent_at_the_start_and_90_percent_after_the_speed() -> None:
    speed = np.array([5.0, 18.0, 30.0, 60.0])
    np.testing.assert_allclose(logistic_share(speed, [2024.0], 2024.0)[:, 0], 0.1, rtol=1e-14)
    for value in speed:
        assert logistic_share(value, [2024.0 + value], 2024.0)[0] == pytest.approx(0.9, rel=1e-14)


def test_share_is_the_formula_of_the_model() -> None:
    years = np.arange(2023, 2046)
    for speed in (12.0, 21.2, 33.0):
        formula = 1 / (1 + 9 * np.exp(-(math.log(81) / speed) * (years - 2024)))
        np.testing.assert_allclose(logistic_share(speed, years, 2024.0), formula, rtol=1e-13)
        np.testing.assert_allclose(logistic_path(speed, years, 2024.0), formula / formula[17], rtol=1e-13)


def test_speeds_that_meet_the_anchor_of_the_report() -> None:
    """80-85 % of the potential in 15-20 years (section 7.1 step 5): from 85 % in 15 years to 80 % in 20 years."""

    def meets(speed: float) -> bool:
        at_15, at_20 = logistic_share(speed, [15.0, 20.0], 0.0)
        return bool(at_15 <= 0.85 and at_20 >= 0.80)

    fastest, slowest = 15 * math.log(81) / math.log(51), 20 * math.log(81) / math.log(36)
    assert (round(fastest, 1), round(slowest, 1)) == (16.8, 24.5)
    for speed, met in [(0.999, False), (1.001, True)]:
        assert meets(fastest * speed) is met
        assert meets(slowest / speed) is met
    median = math.sqrt(15 * 30)  # of the lognormal with the 90 % interval 15-30
    assert fastest < median < slowest
    assert not meets(15.0)
    assert not meets(30.0)


def test_technologies_behind_the_speed() -> None:
    """Years from 10 to 90 % follow from the fitted rate; six of the eleven lie in 15-30, the report's among them."""
    table = rows("diffusion.csv")
    assert len(table) == 11
    for row in table:
        assert float(row["years_10_90"]) == pytest.approx(math.log(81) / float(row["rate_per_year"]), rel=0.02)
        assert (row["start_seen"] == "yes") == (float(row["first_value_percent"]) <= 10)
    inside = {row["technology"] for row in table if 15 <= float(row["years_10_90"]) <= 30}
    assert inside == {"Cellular phone", "Colour TV", "Computer", "Internet", "Microcomputer", "Radio"}
    logs = np.log([float(row["years_10_90"]) for row in table])
    assert math.exp(logs.mean()) == pytest.approx(math.sqrt(450), rel=0.05)


def test_path_is_vectorised_over_speed_and_is_1_in_2040() -> None:
    speed = np.array([[10.0, 20.0], [30.0, 60.0]])
    path = logistic_path(speed, [2030, 2040, 2045], 2024.0)
    assert path.shape == (2, 2, 3)
    np.testing.assert_array_equal(path[..., 1], 1.0)
    assert (np.diff(path, axis=-1) > 0).all()
    np.testing.assert_array_equal(path[1, 0], logistic_path(30.0, [2030, 2040, 2045], 2024.0))
    assert [round(float(value), 2) for value in logistic_path([15.0, 30.0], [2045], 2024.0)[:, 0]] == [1.06, 1.32]


def test_extreme_speeds_stay_finite() -> None:
    path = logistic_path([1e-3, 1e-1, 1e6], [2023, 2030, 2045], 2024.0)
    assert np.isfinite(path).all()
    np.testing.assert_allclose(path[2], 1.0, atol=1e-4)


@pytest.mark.parametrize("speed", [0.0, -20.0, math.nan, math.inf])
def test_a_speed_that_is_no_number_of_years_is_refused(speed: float) -> None:
    with pytest.raises(ValueError, match="speed must be finite and above 0"):
        logistic_path([20.0, speed], [2030], 2024.0)
