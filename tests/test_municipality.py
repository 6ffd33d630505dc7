"""Tables of one's own, without those of the national report: the example, what may be left out, and other labels."""

from __future__ import annotations

import csv
import io
import re
import shutil
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from rich.console import Console

import simulator
from simulator.errors import InputError
from simulator.model import Model
from simulator.published import published_table, write_csv
from simulator.results import save
from simulator.sources import FOCUS_AREAS
from simulator.terminal.published import published_summary
from simulator.terminal.summary import terminal_summary
from simulator.terminal.use_cases import use_cases_table
from simulator.use_cases import use_cases
from simulator.use_cases.rebuilding import VARIABLES

ROOT = Path(__file__).parents[1]
CONFIG = ROOT / "configs" / "municipality.toml"
DATA = ROOT / "data" / "municipality"
REST, EXCLUDED = "Øvrige", "Ekskluderede"
SCORE_90 = 1.6448536269514722  # 95 % quantile of the standard normal
FUTURES = 2**14
Row = dict[str, str]


def rows(name: str, data: Path = DATA) -> list[Row]:
    with (data / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def change(data: Path, name: str, made: Callable[[Row], Row | None]) -> None:
    """Make each row of a table anew; a row of which nothing is made is left out."""
    new = [one for row in rows(name, data) if (one := made(row)) is not None]
    with (data / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows(name)[0]))
        writer.writeheader()
        writer.writerows(new)


def number(cell: str) -> float:
    return float(cell) if cell else np.nan


def loaded(data: Path, *changes: str) -> Model:
    return simulator.load(CONFIG, [f'data="{data}"', *changes])


def rendered(tree: xr.DataTree) -> str:
    file = io.StringIO()
    Console(file=file, width=80, highlight=False, markup=False, emoji=False).print(terminal_summary(tree, "here"))
    return file.getvalue()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DATA, tmp_path / "data"))


@pytest.fixture(scope="module")
def model() -> Model:
    return simulator.load(CONFIG)


@pytest.fixture(scope="module")
def tree(model: Model) -> xr.DataTree:
    return model.run(futures=FUTURES)


# --- the example: figures by hand from the tables ----------------------------------------------------------------


def by_category() -> dict[str, tuple[float, float]]:
    """Full potential, and phase-in, of each studied category."""
    potential = {row["category"]: float(row["potential"]) for row in rows("potentials") if row["area"] == "*"}
    return {
        row["category"]: (
            potential[row["category"]],
            (float(row["phase_in_low"]) + float(row["phase_in_high"])) / 2,
        )
        for row in rows("categories")
        if row["phase_in_low"]
    }


def mean_phase_in() -> float:
    """Of the rest: the mean of the others, weighted with their FTE."""
    studied = by_category()
    staff = [(float(row["fte"]), row["category"]) for row in rows("workforce") if row["category"] in studied]
    return sum(fte * studied[name][1] for fte, name in staff) / sum(fte for fte, _ in staff)


def expected() -> dict[str, dict[str, float]]:
    """Mean freed FTE and wages in 2040, in all (no label), by area and by category; levels are one.

    Inputs are independent, every factor has mean 1 and every driver its reference as mean, so that the mean is the product
    of the means: FTE, one plus the central growth, the full potential, the phase-in.
    """
    growth = {row["area"]: 1 + float(row["loading"]) for row in rows("growth") if row["driver"] == "central"}
    rest = {row["area"]: float(row["potential"]) for row in rows("potentials") if row["category"] == REST}
    wages = {(row["area"], row["category"]): float(row["wage"]) for row in rows("wages")}
    studied, found = by_category(), defaultdict(lambda: defaultdict(float))
    for row in rows("workforce"):
        area, category = row["area"], row["category"]
        if category == EXCLUDED:
            continue
        potential, phase_in = studied.get(category) or (rest[area], mean_phase_in())
        freed = float(row["fte"]) * growth[area] * potential * phase_in
        wage = wages.get((area, category)) or wages["*", category]
        for quantity, amount in (("freed_fte", freed), ("freed_wage", freed * wage)):
            for label in ("", area, category):
                found[quantity][label] += amount
    return found


def test_means_are_those_by_hand(tree: xr.DataTree) -> None:
    summary, exact = tree["summary"].to_dataset().sel(year=2040), tree["sensitivity"]["mean_exact"]
    near = partial(pytest.approx, rel=3e-4, abs=1e-12)
    for quantity, means in expected().items():
        assert float(exact.sel(output=f"{quantity} 2040")) == pytest.approx(means[""], rel=1e-12)
        assert float(summary[f"{quantity}_mean"]) == pytest.approx(means[""], rel=1e-4)
        assert float(summary[f"{quantity}_by_level_mean"].sel(level="Kommune")) == pytest.approx(means[""], rel=1e-4)
        for dimension in ("area", "category"):
            values = summary[f"{quantity}_by_{dimension}_mean"]
            for label in values[dimension].values:
                assert float(values.sel({dimension: label})) == near(means.get(label, 0.0))


def test_shares_are_of_all_who_work_there(tree: xr.DataTree) -> None:
    """Of an area growth cancels, and the share is what is freed by the FTE of 2023, the excluded among them."""
    share = tree["summary"]["freed_fte_share_by_area_mean"].sel(year=2040)
    growth = {row["area"]: 1 + float(row["loading"]) for row in rows("growth") if row["driver"] == "central"}
    for area in share["area"].values:
        staff = sum(float(row["fte"]) for row in rows("workforce") if row["area"] == area)
        assert float(share.sel(area=area)) == pytest.approx(
            expected()["freed_fte"][area] / (staff * growth[area]), rel=3e-4
        )


def test_themes_are_those_by_hand(tree: xr.DataTree) -> None:
    """What the tasks explain goes to their themes, what is left of the potential to that of the residual."""
    names = {row["theme"]: row["theme_da"] for row in rows("themes")}
    saved = {(row["category"], row["task"]): float(row["central"]) for row in rows("coefficients")}
    staff = defaultdict(float)
    for row in rows("workforce"):
        staff[row["category"]] += float(row["fte"])
    by_theme: dict[tuple[str, str], float] = defaultdict(float)
    for row in rows("time_shares"):
        group = number(row["group_fte"]) / staff[row["category"]], number(row["group_part"])
        part = 1.0 if np.isnan(group).all() else float(np.nansum(group))
        use = part * float(row["central"]) * saved[row["category"], row["task"]]
        by_theme[row["category"], names[row["theme"]]] += use
    for row in rows("categories"):
        if row["residual_theme"]:
            category, theme = row["category"], names[row["residual_theme"]]
            explained = sum(use for (name, _), use in by_theme.items() if name == category)
            by_theme[category, theme] += by_category()[category][0] - explained
    freed, means = expected()["freed_fte"], defaultdict(float)
    for (category, theme), use in by_theme.items():
        means[theme] += freed[category] * use / by_category()[category][0]
    values = tree["summary"]["freed_fte_by_theme_mean"].sel(year=2040)
    assert len({round(value, 9) for value in means.values()}) == len(names)
    for theme, value in means.items():
        assert float(values.sel(theme=theme)) == pytest.approx(value, rel=3e-4)


def draws(random: np.random.Generator, low: np.ndarray | float, high: np.ndarray | float, n: int) -> np.ndarray:
    """Normal with these ends of the 90 % interval, (..., n)."""
    low, high = np.asarray(low)[..., None], np.asarray(high)[..., None]
    return (low + high) / 2 + (high - low) / 2 / SCORE_90 * random.standard_normal((*low.shape[:-1], n))


def simulated(n: int) -> np.ndarray:
    """Freed FTE of 2040 in n futures, from the tables alone and with NumPy's generator."""
    random, settings = np.random.default_rng(1), simulator.load(CONFIG).config.settings
    studied, themes = by_category(), {row["theme"]: draws(random, 0.95, 1.05, n) for row in rows("themes")}
    technology, extrapolation = draws(random, 0.9, 1.1, n), draws(random, 0.8, 1.2, n)
    half = np.array([(float(r["phase_in_high"]) - float(r["phase_in_low"])) / 2 for r in rows("categories")[:-2]])
    variance, scores = (half / SCORE_90) ** 2, defaultdict(dict)
    for row in rows("barriers"):
        scores[row["category"]][row["barrier"]] = (float(row["score"]) - 1) / 4
    weight = np.array([list(scores[name].values()) for name in studied])
    weight = np.vstack([weight, weight.mean(axis=0)])
    common, national = settings.phase_in.common, settings.phase_in.national
    of_barriers = common * (1 - national) * variance.mean() / (weight[:-1] ** 2).sum(axis=1).mean()
    shared = common * national * variance.mean()
    own = np.append(variance - shared - of_barriers * (weight[:-1] ** 2).sum(axis=1), 0.0)
    centre = np.array([*(phase_in for _, phase_in in studied.values()), mean_phase_in()])
    adopt = centre[:, None] + np.sqrt(own)[:, None] * random.standard_normal((len(own), n))
    adopt += np.sqrt(shared) * random.standard_normal(n)
    adopt += weight @ (np.sqrt(of_barriers) * random.standard_normal((weight.shape[1], n)))
    drivers = {name: random.standard_normal(n) for name in ("fertility", "longevity", "migration")}
    drivers["healthy_ageing"] = random.uniform(-0.25, 0.25, n)  # from its reference
    grown = defaultdict(lambda: np.ones(n))
    for row in rows("growth"):
        grown[row["area"]] = grown[row["area"]] + float(row["loading"]) * drivers.get(row["driver"], 1.0)
    used = used_time(random, themes, n)
    rest = {row["area"]: float(row["potential"]) * extrapolation for row in rows("potentials") if row["area"] != "*"}
    place = {name: at for at, name in enumerate((*studied, REST))}
    total = np.zeros(n)
    for row in rows("workforce"):
        if row["category"] != EXCLUDED:
            use = used[row["category"]] if row["category"] in used else rest[row["area"]]
            total += float(row["fte"]) * grown[row["area"]] * use * technology * adopt[place[row["category"]]]
    return total


def used_time(random: np.random.Generator, themes: dict[str, np.ndarray], n: int) -> dict[str, np.ndarray]:
    """Tasks and residual of each category, before technology and phase-in."""
    staff, used, explained = defaultdict(float), defaultdict(lambda: np.zeros(n)), defaultdict(float)
    for row in rows("workforce"):
        staff[row["category"]] += float(row["fte"])
    for share, saved in zip(rows("time_shares"), rows("coefficients"), strict=True):
        assert (share["category"], share["task"]) == (saved["category"], saved["task"])
        part, values = 1.0, []
        if share["group_fte"] or share["group_part"]:
            part = float(share["group_part"] or float(share["group_fte"]) / staff[share["category"]])
        for row, relative in ((share, 0.15), (saved, 0.11)):
            middle = float(row["central"])
            low, high = (number(row[end]) for end in ("low", "high"))
            ends = (low, high) if row["low"] else (middle * (1 - relative), middle * (1 + relative))
            values.append(draws(random, *ends, n))
        used[share["category"]] = used[share["category"]] + part * values[0] * values[1] * themes[share["theme"]]
        explained[share["category"]] += part * float(share["central"]) * float(saved["central"])
    for row in rows("categories")[:-2]:
        rest = by_category()[row["category"]][0] - explained[row["category"]]
        residual = draws(random, 0.8 * rest, 1.2 * rest, n)
        used[row["category"]] = used[row["category"]] + residual * themes[row["residual_theme"]]
    return used


def test_the_interval_is_that_of_a_simulation_of_its_own(tree: xr.DataTree) -> None:
    total, summary = simulated(200_000), tree["summary"].to_dataset().sel(year=2040)
    assert float(summary["freed_fte_sd"]) == pytest.approx(total.std(), rel=0.02)
    for level in (0.05, 0.5, 0.95):
        assert float(summary["freed_fte"].sel(quantile=level)) == pytest.approx(np.quantile(total, level), rel=0.01)


def test_indices_are_indices(tree: xr.DataTree) -> None:
    indices = tree["sensitivity"].to_dataset().sel(output="freed_fte 2040")
    first, total = indices["first_order_exact"], indices["total_order_exact"]
    assert (first >= 0).all()
    assert (total >= first - 1e-12).all()
    for partition in ("category", "assumption", "factor", "evidence"):
        chosen = indices["partition"].values == partition
        assert 0.9 < float(first.values[chosen].sum()) <= 1 + 1e-12
        assert 1 - 1e-12 <= float(total.values[chosen].sum()) < 1.1
    np.testing.assert_allclose(indices["first_order"], first, atol=0.01)
    np.testing.assert_allclose(indices["total_order"], total, atol=0.01)
    assert set(indices["label"].values[indices["partition"].values == "category"]) == {"Fælles", REST, *by_category()}


def test_every_row_says_what_it_rests_on() -> None:
    for path in DATA.glob("*.csv"):
        for row in rows(path.stem):
            kind = row.get("kind") or row["phase_in_kind"]
            assert kind in ("published", "derived", "assumed")
            assert row.get("source") or row["phase_in_source"]
            assert kind != "published" or "GenAI 2040 report" in (row.get("source") or row["phase_in_source"])


# --- without the tables of the report ----------------------------------------------------------------------------


def test_nothing_is_printed(tree: xr.DataTree, model: Model, tmp_path: Path) -> None:
    """Tables of size 0 with the variables that they always have, also when read again."""
    base = published_table(simulator.load(ROOT / "configs" / "base.toml", ["reconstruction.ensemble=false"]), 0, 16)
    with xr.open_datatree(save(tree, tmp_path), engine="netcdf4") as stored:
        for one in (tree, stored):
            published, cases = one["published"].to_dataset(), one["use_cases"].to_dataset()
            assert published.sizes["number"] == cases.sizes["case"] == 0
            assert {name: value.dims for name, value in published.data_vars.items()} == {
                name: value.dims for name, value in base.data_vars.items()
            }
            assert {name: value.dims for name, value in cases.data_vars.items()} == {
                name: ("case", *dims) for name, (dims, _, _) in VARIABLES.items()
            }
            assert (published.attrs["bounds"], published.attrs["hits"]) == (0, 0)
            assert published["figure"].dtype.kind != "f"
            assert cases["finding"].dtype.kind != "f"
    assert "published" not in tree["ladder"]["kind"].values
    for name, values in tree["summary"].data_vars.items():
        if str(name).startswith(("probability_", "published_")):
            assert values.isnull().all(), name
    written = write_csv(tree["published"].to_dataset(), tmp_path)
    assert written.read_text(encoding="utf-8").count("\n") == 1
    assert "no printed numbers" in str(published_summary(tree["published"].to_dataset(), "here"))
    assert use_cases_table(use_cases(model.config.data)).renderables == []


def test_the_terminal_says_nothing_of_what_is_not_printed(tree: xr.DataTree) -> None:
    text = rendered(tree)
    for word in ("nan", "published range", "P(in range)", "░", "report"):
        assert word not in text
    assert not re.findall(r"published (?!\d+%)", text)  # but as a kind of evidence
    summary = tree["summary"].to_dataset().sel(year=2040)
    low, middle, high = (1000 * float(summary["freed_fte"].sel(quantile=level)) for level in (0.05, 0.5, 0.95))
    assert f"Freed FTE in 2040: {middle:.0f}, 90 % interval {low:.0f} to {high:.0f}" in text
    middle = 1000 * float(summary["freed_wage"].sel(quantile=0.5))
    assert f"Freed wages in 2040: {middle:.0f} mio. DKK, 90 % interval" in text
    assert f"all sources together give {low:.0f}-{high:.0f}" in " ".join(text.split())
    for area in summary["area"].values:
        assert f"{1000 * float(summary['freed_fte_by_area'].sel(area=area, quantile=0.5)):.0f}" in text.split(area)[-1]


@pytest.mark.parametrize(
    "name",
    ["areas", "levels", "themes", "categories", "workforce", "wages", "potentials", "growth", "growth_path",
     "time_shares", "coefficients", "barriers"],
)  # fmt: skip
def test_all_tables_of_the_example_are_needed(name: str, data: Path) -> None:
    assert {path.stem for path in DATA.glob("*.csv")} >= {name}
    (data / f"{name}.csv").rename(data / f"{name}s.csv")
    with pytest.raises(InputError) as caught:
        loaded(data)
    assert (caught.value.place, caught.value.problem) == (str(data / f"{name}.csv"), "there is no such file")


def test_the_example_has_no_other_tables() -> None:
    needed = test_all_tables_of_the_example_are_needed.pytestmark[0].args[1]
    assert {path.stem for path in DATA.glob("*.csv")} == set(needed)


@pytest.mark.parametrize("name", ["published_potentials.csv", "Published_workforce.csv", "use_case.csv"])
def test_a_misspelt_table_is_not_left_out_in_silence(name: str, data: Path) -> None:
    (data / name).write_text("anything", encoding="utf-8")
    with pytest.raises(InputError, match=r"Rename it '(published_\w+|use_cases)\.csv'") as caught:
        loaded(data).run(futures=16)
    assert caught.value.place == str(data / name)


def test_a_table_that_is_there_has_to_be_good(data: Path) -> None:
    (data / "published_potential.csv").write_text("figure,scope\n3.3,all\n", encoding="utf-8")
    with pytest.raises(InputError, match="column 'dimension' is missing"):
        loaded(data).run(futures=16)


def printed_range(data: Path, label: str, low: float, high: float) -> None:
    """The range of a plan of one's own, in the columns of the report."""
    header = list(rows("published_potential", ROOT / "data")[0])
    row = dict.fromkeys(header, "") | {
        "figure": "3.3", "scope": "all", "dimension": "total" if label == "Total" else "area", "label": label,
        "label_en": label, "quantity": "freed_fte", "unit": "thousand FTE", "printed": f"{low}-{high}",
        "low": f"{low}", "high": f"{high}", "rounding": "0.005", "kind": "assumed", "source": "A plan",
    }  # fmt: skip
    path = data / "published_potential.csv"
    new = not path.is_file()
    with path.open("a", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, header)
        if new:
            writer.writeheader()
        writer.writerow(row)


def test_a_range_of_ones_own_is_set_beside_the_result(data: Path) -> None:
    printed_range(data, "Total", 0.3, 0.35)
    printed_range(data, "Skole", 0.09, 0.11)
    own = loaded(data).run(futures=1024)
    low, inside, above = own["summary"]["probability_freed_fte"].values
    assert low + inside + above == pytest.approx(1)
    total = simulated(100_000)
    assert inside == pytest.approx(((total > 0.3) & (total < 0.35)).mean(), abs=0.02)
    assert own["ladder"]["kind"].values[0] == "published"
    np.testing.assert_array_equal(own["ladder"]["freed_fte"].values[0, 0], [0.3, np.nan, 0.35])
    assert list(own["published"]["label"].values) == ["Total", "Skole"]
    assert own["published"].attrs["bounds"] == 4
    assert own["use_cases"].sizes["case"] == 0
    text = rendered(own)
    assert "published 300-350" in text
    assert "90-110" in text
    assert "nan" not in text


# --- other shapes ------------------------------------------------------------------------------------------------


def in_english(data: Path) -> None:
    """Each label replaced by the English one beside it, in all tables, and no Danish column left."""
    names: dict[str, str] = {}
    for table, column in (("areas", "area"), ("categories", "category"), ("levels", "level"), ("themes", "theme_da"),
                          ("time_shares", "task"), ("barriers", "barrier")):  # fmt: skip
        english = "theme_en" if column == "theme_da" else f"{column}_en"
        names |= {row[column]: row[english] for row in rows(table, data)}
    for path in data.glob("*.csv"):
        change(data, path.stem, lambda row: {key: names.get(cell, cell) for key, cell in row.items()})


def without_focus(data: Path) -> None:
    change(data, "areas", lambda row: row | {"focus_area": "none", "administration_others": "no"})
    change(data, "categories", lambda row: row | {"administration": "no"})


def test_english_labels_change_no_number(data: Path, model: Model, tree: xr.DataTree) -> None:
    in_english(data)
    english = loaded(data)
    values = english.values(np.full((3, len(english.inputs)), [[0.2], [0.5], [0.9]]))
    for name, output in english.evaluate(values).data_vars.items():
        np.testing.assert_array_equal(output.values, model.evaluate(values)[name].values)
    run = english.run(futures=FUTURES)
    for node in ("summary", "sensitivity", "single_inputs", "ladder", "workforce"):
        for name, output in tree[node].data_vars.items():
            if output.dtype.kind == "f":
                np.testing.assert_array_equal(run[node][name].values, output.values, err_msg=f"{node} {name}")
    assert list(run["summary"]["category"].values[-2:]) == ["Other categories", "Excluded positions"]
    assert not set(run["summary"]["area"].values) & {row["area"] for row in rows("areas")}
    text = rendered(run)
    assert "Extrapolation" not in text
    assert "Other categories" in text


def test_no_focus_areas_are_no_rows(data: Path, tree: xr.DataTree) -> None:
    """Then the total alone is analysed, with the numbers that it has anyway."""
    without_focus(data)
    model = loaded(data)
    run = model.run(futures=FUTURES)
    assert model.evidence.focus_areas == ()
    assert tree["summary"].sizes["focus_area"] == len(FOCUS_AREAS)
    assert run["summary"].sizes["focus_area"] == 0
    assert list(run["sensitivity"]["output"].values) == [
        name for name in tree["sensitivity"]["output"].values if name.count(" ") == 1
    ]
    for name in ("freed_fte", "freed_fte_by_area", "freed_wage_share", "freed_fte_share_by_category"):
        np.testing.assert_array_equal(run["summary"][name].values, tree["summary"][name].values)
    for name in ("first_order", "total_order_exact"):
        both = (one["sensitivity"][name].sel(output="freed_wage 2040").values for one in (run, tree))
        np.testing.assert_allclose(next(both), next(both), atol=1e-12)
    assert "nan" not in rendered(run)


@pytest.mark.parametrize("kept", [("health",), ("administration",)])
def test_some_focus_areas(kept: tuple[str, ...], data: Path, tree: xr.DataTree) -> None:
    across = "administration" in kept
    change(data, "areas", lambda row: row | ({} if across else {"administration_others": "no"})
           | ({} if row["focus_area"] in kept else {"focus_area": "none"}))  # fmt: skip
    change(data, "categories", lambda row: row | ({} if across else {"administration": "no"}))
    summary = loaded(data).run(futures=FUTURES)["summary"].to_dataset()
    assert tuple(summary["focus_area"].values) == kept
    for name in ("freed_fte_by_focus_area", "freed_wage_share_by_focus_area_sd"):
        np.testing.assert_allclose(summary[name], tree["summary"][name].sel(focus_area=list(kept)), rtol=1e-9)


def test_drivers_of_ones_own(data: Path, tmp_path: Path) -> None:
    """One driver under a name of its own, or none: growth is then what is stated."""
    change(data, "growth", lambda row: row if row["driver"] == "central" else
           row | {"driver": "pupils"} if row["driver"] == "fertility" else None)  # fmt: skip
    text = (ROOT / "configs" / "base.toml").read_text(encoding="utf-8")
    start = text.index("[inputs.demography]")
    config = tmp_path / "own.toml"
    text = text[:start].replace('"../data"', f'"{data}"').replace("ensemble = true", "ensemble = false")
    pupils = '[inputs.demography]\npupils = { kind = "normal", mean = 0.0, sd = 2.0, source = "Our register" }\n'
    for driver, stated in (("pupils", pupils), ("", "")):
        if not driver:
            change(data, "growth", lambda row: row if row["driver"] == "central" else None)
        config.write_text(text + stated, encoding="utf-8")
        model = simulator.load(config)
        assert model.evidence.growth.drivers == ((driver,) if driver else ())
        run = model.run(futures=1024)
        assert float(run["sensitivity"]["mean_exact"].sel(output="freed_fte 2040")) == pytest.approx(
            expected()["freed_fte"][""], rel=1e-12
        )
        groups = run["sensitivity"]["group"].values
        assert ("factor: demography.pupils" in groups) == bool(driver)
        if driver:
            one = next(one for one in model.inputs if one.name == "demography.pupils")
            assert (one.evidence, one.source, one.unit) == ("assumed", "Our register", "as in growth.csv")
            index = run["sensitivity"].to_dataset().sel(group="factor: demography.pupils", output="freed_fte 2040")
            assert float(index["first_order"]) == pytest.approx(float(index["first_order_exact"]), abs=0.05)
            assert float(index["first_order_exact"]) > 0.05


def test_nobody_else_and_nobody_excluded(data: Path) -> None:
    """A municipality may have studied all its categories, and state no wage and no potential of the others."""
    for name in ("workforce", "wages", "potentials"):
        change(data, name, lambda row: row if row["category"] not in (REST, EXCLUDED) else None)
    run = loaded(data).run(futures=1024)
    summary, studied = run["summary"].to_dataset().sel(year=2040), by_category()
    mean = sum(expected()["freed_fte"][name] for name in studied)
    assert float(summary["freed_fte_mean"]) == pytest.approx(mean, rel=1e-3)
    for name in ("freed_fte_by_category", "freed_wage_share_by_category"):
        np.testing.assert_allclose(summary[name].sel(category=[REST, EXCLUDED]), 0, atol=1e-30)
    assert "nan" not in rendered(run)


def test_a_label_may_hold_a_point(data: Path) -> None:
    old, new = "Almene kontormedarbejdere", "Adm. medarb."
    for path in data.glob("*.csv"):
        change(data, path.stem, lambda row: {key: cell.replace(old, new) for key, cell in row.items()})
    moved = 'inputs.phase_in."Adm. medarb."={ kind = "fixed", value = 0.6 }'
    plain, fixed = (model.evaluate(model.central()) for model in (loaded(data), loaded(data, moved)))
    by_hand = fixed["freed_fte_by_category"] / plain["freed_fte_by_category"]
    assert by_hand.sel(category="Adm. medarb.", year=2040).item() == pytest.approx(0.6 / 0.75)
    with pytest.raises(InputError, match=r"there is no input 'phase_in\.Adm"):
        loaded(data, 'inputs.phase_in."Adm. medarbejdere"={ kind = "fixed", value = 0.6 }')


@pytest.mark.parametrize(
    ("table", "made", "problem"),
    [
        ("categories", lambda row: row if row["category"] != EXCLUDED else None, "two rows without a phase-in"),
        ("barriers", lambda row: row | {"score": "1"}, "every score is 1"),
        ("categories", lambda row: row | {"category": row["category"].replace(REST, "Fælles")}, "have in common"),
        ("wages", lambda row: row if row["category"] != REST else None, f"has no row for '{REST}' in 'Ældre"),
        ("potentials", lambda row: row if row["category"] != "Pædagoger" else None, "has no row for 'Pædagoger'"),
        ("workforce", lambda row: row if row["category"] != "Pædagoger" else None, "'Pædagoger' has no FTE"),
        ("growth", lambda row: row | {"driver": row["driver"].replace("longevity", "longevty")}
         if row["area"] == "Skole" else row, "the driver 'longevty' is stated for 1 of 4 areas"),
    ],
)  # fmt: skip
def test_mistakes_are_told(table: str, made: Callable[[Row], Row | None], problem: str, data: Path) -> None:
    change(data, table, made)
    if problem == "have in common":
        for name in ("workforce", "wages", "potentials"):
            change(data, name, lambda row: row | {"category": row["category"].replace(REST, "Fælles")})
    with pytest.raises(InputError) as caught:
        loaded(data)
    assert problem in caught.value.problem
    assert caught.value.place.startswith(str(data / f"{table}.csv"))
