"""The printed numbers beside the model's: recomputed from `evaluate` and the CSV files alone, and as a user sees them."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from conftest import with_tables
from rich.console import Console

import simulator
from simulator import published
from simulator.cli import main
from simulator.errors import InputError
from simulator.inputs import build_inputs
from simulator.printed_bounds import potential_bounds
from simulator.printed_numbers import accepted, growth_numbers, potential_numbers, read_frame, workforce_numbers
from simulator.published import CONFLICT, DEPARTS, published_table, write_csv
from simulator.terminal.published import published_summary

ROOT = Path(__file__).parent.parent
DATA, BASE = ROOT / "data", ROOT / "configs" / "base.toml"
FEW = 2**9
SHIFTS = (-0.05, 0.0, 0.05)
Row = dict[str, str]


def rows(name: str, data: Path = DATA) -> list[Row]:
    with (data / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


POTENTIAL = [row for row in rows("published_potential.csv") if row["scope"] != "use_case"]
WORKFORCE = [{"scope": "all", **row} for row in rows("published_workforce.csv")]
GROWTH = [
    {**row, "figure": "7.7", "scope": "all", "dimension": "area", "label": row["area"], "label_en": row["area_en"]}
    for row in rows("published_growth.csv")
]
PRINTED = POTENTIAL + WORKFORCE + GROWTH
FOCUS = {row["area"]: row["focus_area"] for row in rows("areas.csv")}
CATEGORIES = {row["category"]: row for row in rows("categories.csv")}


def key(row: Row) -> str:
    return "; ".join(row[column] for column in ("figure", "scope", "dimension", "label", "quantity"))


@pytest.fixture(scope="module")
def model() -> simulator.Model:
    return simulator.load(BASE)


@pytest.fixture(scope="module")
def table(model: simulator.Model) -> xr.Dataset:
    return published_table(model, seed=3)


# What the numbers are


def test_every_printed_row_stands_there_once(table: xr.Dataset) -> None:
    assert sorted(table["number"].values) == sorted(key(row) for row in PRINTED)
    assert len(set(table["number"].values)) == len(PRINTED) > 350
    for row in PRINTED:
        found = table.sel(number=key(row))
        for column in ("figure", "label", "label_en", "quantity", "unit", "printed", "kind", "source", "note"):
            assert found[column].item() == row[column]
        if row.get("value", row["low"]):  # else no number is printed
            low, high = row.get("value", row["low"]), row.get("value", row["high"])
            assert (float(found.published_low), float(found.published_high)) == (float(low), float(high))


class Cells:
    """Cells of the model at central inputs with the phase-in moved, recovered from the outputs of `evaluate`.

    A category frees the same fraction wherever it works (of Øvrige: the same fraction of each area's potential).
    """

    def __init__(self, model: simulator.Model, shift: float) -> None:
        values = model.central()
        values[:, model.names.index("national")] += shift
        self.outputs = model.evaluate(values).isel(future=0).sel(year=2040)
        evidence = model.evidence
        self.areas, self.categories, self.levels = evidence.areas, evidence.categories, evidence.levels
        fte, wage = evidence.workforce.fte, evidence.workforce.wage[:, :, None]
        base = self.outputs.freed_fte_by_area.values / self.outputs.freed_fte_share_by_area.values
        grown = fte * (base / fte.sum(axis=(1, 2)))[:, None, None]
        useful = grown.copy()
        useful[:, -2] *= evidence.workforce.potential_other[:, None]
        freed = useful * (self.outputs.freed_fte_by_category.values / useful.sum(axis=(0, 2)))[:, None]
        self.amounts = {"fte": (fte, grown, freed), "wage": (fte * wage, grown * wage, freed * wage)}

    def mask(self, row: Row) -> tuple[np.ndarray, np.ndarray]:
        """Cells that a row counts, and those that a share is of."""
        area, category, level = (
            np.array(labels).reshape(shape)
            for labels, shape in ((self.areas, (-1, 1, 1)), (self.categories, (-1, 1)), (self.levels, (-1,)))
        )
        everyone = np.ones((len(self.areas), len(self.categories), len(self.levels)), dtype=bool)
        focus = np.vectorize(FOCUS.get)(area)
        scope, dimension, label = row["scope"], row["dimension"], row["label"]
        if scope == "administration":
            counted = np.vectorize(lambda name: CATEGORIES[name]["administration"] == "yes")(category)
            others = {one["area"] for one in rows("areas.csv") if one["administration_others"] == "yes"}
            inside = everyone & (counted | ((category == "Øvrige") & np.isin(area, list(others))))
        else:
            inside = everyone & ((scope == "all") | (focus == {"other_areas": "none"}.get(scope, scope)))
        named = [one["label"] for one in POTENTIAL if one["scope"] == scope and one["dimension"] == "category"]
        chosen = {
            "area": inside & (area == label),
            "level": inside & (level == label),
            "claim": (focus == "health") & (level == "Regioner") & everyone,
            "category": inside & (~np.isin(category, named) if label == "Øvrige ansatte" else category == label),
            "total": inside & {"Ekskluderede": category == label}.get(
                label, np.isin(category, self.categories[:20]) if "20" in label else everyone),
        }[dimension]  # fmt: skip
        whole = {"claim": everyone & (level == "Regioner")}.get(dimension, everyone)
        return chosen, chosen if row["quantity"] == "freed_wage_share" or row["figure"] == "7.7" else whole

    def value(self, row: Row) -> float:
        quantity = row["quantity"]
        then, grown, freed = self.amounts["wage" if "wage" in quantity else "fte"]
        chosen, whole = self.mask(row)
        if quantity in ("need_fte", "fte_change", "percent_change"):
            change = grown[chosen].sum() - then[chosen].sum()
            return float(change / then[chosen].sum() if quantity == "percent_change" else change)
        top = freed if quantity.startswith("freed") else grown if quantity.endswith("2040") else then
        bottom = grown if quantity.startswith("freed") or quantity.endswith("2040") else then
        return float(top[chosen].sum() / (bottom[whole].sum() if "share" in quantity else 1.0))


@cache
def cells_of(shift: float) -> Cells:
    return Cells(simulator.load(BASE), shift)


@pytest.mark.parametrize("shift", SHIFTS)
def test_the_cells_of_these_tests_are_those_of_evaluate(shift: float) -> None:
    cells = cells_of(shift)
    for money, quantity in (("fte", "freed_fte"), ("wage", "freed_wage")):
        freed = cells.amounts[money][2]
        for name, axes in (("", (0, 1, 2)), ("_by_area", (1, 2)), ("_by_level", (0, 1)), ("_by_category", (0, 2))):
            np.testing.assert_allclose(freed.sum(axis=axes), cells.outputs[f"{quantity}{name}"].values, rtol=1e-12)


@pytest.mark.parametrize("end", range(3))
def test_ours_are_the_sums_over_the_cells_of_evaluate(table: xr.Dataset, end: int) -> None:
    cells = cells_of(SHIFTS[end])
    for row in PRINTED:
        ours = float(table.ours.sel(number=key(row)).isel(end=end))
        if row["dimension"] == "excluded":
            assert np.isnan(ours)
        else:
            assert ours == pytest.approx(cells.value(row), rel=1e-9, abs=1e-12), key(row)


def test_totals_and_focus_areas_are_outputs_of_evaluate(table: xr.Dataset) -> None:
    outputs = cells_of(0.05).outputs
    high = table.ours.sel(end="high")
    for quantity in ("freed_fte", "freed_wage", "freed_wage_share"):
        name = f"{quantity}_by_focus_area"
        for scope, figure, label in (("health", "4.1.3", "Total"), ("education", "4.2.1", "Total"),
                                     ("administration", "4.3.2", "Total")):  # fmt: skip
            ours = float(high.sel(number=f"{figure}; {scope}; total; {label}; {quantity}"))
            assert ours == pytest.approx(float(outputs[name].sel(focus_area=scope)))
        assert float(high.sel(number=f"3.4; all; total; Total; {quantity}")) == pytest.approx(float(outputs[quantity]))


# Hit or miss


def outside(row: Row, value: float, end: int) -> float:
    """By how much a value misses what is printed at an end; NaN where nothing is printed there."""
    phased = row["quantity"].startswith("freed")
    if row["printed"].startswith("<") or not row.get("value", "x"):
        limit = float(row["high"])
        return max(value - limit, 0.0) if end == (2 if phased else 1) else np.nan
    if "value" in row:
        low, high, half = float(row["value"]), float(row["value"]), (float(row["high"]) - float(row["low"])) / 2
    else:
        low, high, half = float(row["low"]), float(row["high"]), float(row["rounding"])
    if (end == 1) != (low == high):
        return np.nan
    one_unit = low < high < low + 3 * half
    centre = {0: low, 1: low, 2: high}[end]
    down = centre - half if not (one_unit and end == 2) else low
    up = centre + half if not (one_unit and end == 0) else high
    return min(value - down, 0.0) + max(value - up, 0.0)


def test_hits_and_misses(table: xr.Dataset) -> None:
    hits = bounds = 0
    for row in PRINTED:
        found = table.sel(number=key(row))
        if row["dimension"] == "excluded":
            assert np.isnan(found.hit).all()
            continue
        for end in range(3):
            expected = outside(row, cells_of(SHIFTS[end]).value(row), end)
            assert float(found.miss_by[end]) == pytest.approx(expected, rel=1e-6, abs=1e-9, nan_ok=True), key(row)
            assert np.isnan(expected) or float(found.hit[end]) == (expected == 0)
            bounds += not np.isnan(expected)
            hits += expected == 0
        assert bool(found.reason.item()) == bool((found.hit == 0).any())
    assert (table.attrs["hits"], table.attrs["bounds"]) == (hits, bounds)
    groups = ("potentials", "workforce", "growth", "claims")
    assert sum(table.attrs[f"hits_{group}"] for group in groups) == hits
    assert sum(table.attrs[f"bounds_{group}"] for group in groups) == bounds


def test_the_headline_and_the_figures_of_2023_are_hit(table: xr.Dataset) -> None:
    for quantity in ("freed_fte", "freed_wage", "freed_wage_share"):
        assert (table.hit.sel(number=f"3.3; all; total; Total; {quantity}", end=["low", "high"]) == 1).all()
    assert table.attrs["hits_workforce"] == table.attrs["bounds_workforce"]
    assert table.attrs["hits_growth"] == table.attrs["bounds_growth"] == 24


def test_what_the_report_contradicts_is_missed_and_says_so(table: xr.Dataset) -> None:
    for number, reason in (
        ("text; all; category; Øvrige; fte_2023", "764 - 521 - 68"),
        ("text; all; total; Ekskluderede; fte_share", "68 of 764"),
        ("text; health; total; Total sundhed og ældre; need_fte", "11 and 35 thousand, make 46"),
    ):
        row = table.sel(number=number, end="middle")
        assert (float(row.hit), float(row.miss_by) > 0) == (0, True)
        assert reason in row.reason.item()


def test_what_is_printed_twice_alike_is_one_bound_and_two_numbers() -> None:
    frame = read_frame(DATA)
    numbers = [one for one in potential_numbers(frame, DATA) if one.quantity == "freed_fte"]
    totals = {
        one.figure: (one.low, one.high) for one in numbers if (one.scope, one.dimension) == ("education", "total")
    }
    assert totals == {"4.1": (27, 32), "4.2.1": (30, 30)}
    bounds = [(one.label, one.low, one.high) for one in potential_bounds(frame, DATA) if one.quantity == "freed_fte"]
    assert ("Total", 29.5, 30.5) in bounds
    assert bounds.count(("Sundhed", 14.5, 15.5)) == 1
    assert sum((one.label, one.low) == ("Sundhed", 15) for one in numbers) == 2


def test_a_limit_and_a_range_of_one_unit() -> None:
    frame = read_frame(DATA)
    tables = (*potential_numbers(frame, DATA), *workforce_numbers(frame, DATA), *growth_numbers(frame, DATA))
    limits = {(one.figure, one.label, one.quantity): accepted(one) for one in tables}
    assert limits["3.3", "Total", "freed_fte"] == {"low": (83.5, 84.5), "high": (95.5, 96.5)}
    assert limits["3.3", "Social", "freed_fte"] == {"low": (2.5, 4.0), "high": (3.0, 4.5)}
    assert limits["3.4", "Sociale kasser og fonde", "freed_wage"] == {"high": (0.0, 1.0)}
    assert limits["7.1", "Sociale kasser og fonde", "fte_share"] == {"middle": (0.0, 0.025)}
    assert limits["7.7", "Beskæftigelse", "fte_change"] == {"middle": (-0.5, 0.5)}


def test_a_configuration_that_departs_is_told_from_a_contradiction(table: xr.Dataset) -> None:
    slow = published_table(simulator.load(BASE, ["phase_in.shift=-0.05"]), futures=FEW)
    assert slow.attrs["hits"] < table.attrs["hits"] - 50
    total = "3.3; all; total; Total; freed_fte"
    assert float(slow.ours.sel(number=total, end="high")) == pytest.approx(
        float(table.ours.sel(number=total, end="middle"))
    )
    assert slow.reason.sel(number=total).item() == DEPARTS
    assert DEPARTS not in "".join(table.reason.values)


# Probabilities


def test_probabilities_are_those_of_a_sample_of_evaluate(model: simulator.Model, table: xr.Dataset) -> None:
    sample = 4096
    levels = np.random.default_rng(20).random((sample, len(model.inputs)))
    outputs = model.evaluate(model.values(levels)).sel(year=2040)
    for row in POTENTIAL:
        by = {"total": "", "area": "_by_area", "level": "_by_level"}.get(row["dimension"])
        if by is None or not row["quantity"].startswith("freed") or row["scope"] == "other_areas":
            continue
        drawn = outputs[row["quantity"] + by]
        if row["dimension"] == "total" and row["scope"] != "all":
            drawn = outputs[f"{row['quantity']}_by_focus_area"].sel(focus_area=row["scope"])
        elif by:
            drawn = drawn.sel({row["dimension"]: row["label"]})
        half = float(row["rounding"]) if row["low"] == row["high"] else 0.0
        inside = (drawn >= float(row["low"]) - half) & (drawn <= float(row["high"]) + half)
        found = table.sel(number=key(row))
        lower, upper = found.probability_ci.values
        assert 0 <= lower <= float(found.probability) <= upper <= 1
        # Two independent estimates; of 80 comparisons none should be 5 standard errors away.
        error = np.sqrt(max(float(inside.mean()) * (1 - float(inside.mean())), 1 / sample) / sample)
        assert float(found.probability) == pytest.approx(float(inside.mean()), abs=5 * error), key(row)


def test_numbers_of_2023_are_certain_and_positions_have_none(table: xr.Dataset) -> None:
    fixed = table.isel(number=[number.startswith(("7.1", "7.2", "7.3")) for number in table["number"].values])
    assert (fixed.probability == 1).all()
    assert float(table.probability.sel(number="text; all; category; Øvrige; fte_2023")) == 0
    positions = table.isel(number=table.dimension.values == "excluded")
    assert positions.sizes["number"] == 44
    assert all(np.isnan(positions[name]).all() for name in ("ours", "hit", "probability", "probability_ci"))


def test_the_seed_moves_the_probabilities_alone(model: simulator.Model) -> None:
    first, again, other = (published_table(model, seed=seed, futures=FEW) for seed in (1, 1, 2))
    xr.testing.assert_identical(first, again)
    xr.testing.assert_equal(first.ours, other.ours)
    assert not np.allclose(first.probability, other.probability, equal_nan=True)
    assert (first.attrs["seed"], first.attrs["futures"]) == (1, FEW)


def test_every_future_has_its_own_workforce_table(model: simulator.Model) -> None:
    evidence = with_tables(model.evidence, 4)
    several = simulator.Model(model.config, evidence, build_inputs(model.config, evidence))
    numbers = published_table(several, futures=FEW)
    fte = evidence.workforce.fte  # the report's rule has everything in its middle, and the reconciled table
    for a, area in enumerate(evidence.areas):
        number = f"7.2; all; area; {area}; fte_2023"
        assert float(numbers.ours.sel(number=number, end="middle")) == pytest.approx(fte[a].sum())
        low, high = (float(row[end]) for row in WORKFORCE if key(row) == number for end in ("low", "high"))
        inside = [low <= one[a].sum() <= high for one in evidence.ensemble]
        assert float(numbers.probability.sel(number=number)) == pytest.approx(np.mean(inside), abs=0.02)


def test_what_is_not_finite_is_refused(model: simulator.Model, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: object) -> tuple[np.ndarray, np.ndarray]:
        part, growth = published_parts(*arguments)
        part = part.copy()
        part[1, 4] = np.inf
        return part, growth

    published_parts = published.freed_parts
    monkeypatch.setattr(published, "freed_parts", broken)
    with pytest.raises(FloatingPointError, match="not finite in 1 futures, first in 1"):
        published_table(model, futures=FEW)


# Transcriptions


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DATA, tmp_path / "data"))


def edited(folder: Path, file: str, where: str, **cells: str) -> None:
    """Change cells of the one row whose first columns are `where`."""
    table = rows(file, folder)
    chosen = [row for row in table if "; ".join(row.values()).startswith(f"{where}; ")]
    assert len(chosen) == 1
    chosen[0].update(cells)
    with (folder / file).open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(table[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(table)


def load(folder: Path) -> simulator.Model:
    return simulator.load(BASE, [f"data={json.dumps(str(folder))}"])


PEDAGOGUES = "4.2.1; education; category; Pædagoger; Pedagogues (child and social care); freed_fte"


@pytest.mark.parametrize(
    ("file", "where", "cells", "number", "end"),
    [
        ("potential", "3.3; all; area; Sundhed; Health; freed_fte", {"low": "13"}, "3.3; all; area; Sundhed; freed_fte", "low"),
        ("potential", PEDAGOGUES, {"low": "4", "high": "4"}, "4.2.1; education; category; Pædagoger; freed_fte", "middle"),
        ("workforce", "7.3; category; Jurister; Lawyers; wage_bill_2023", {"value": "6", "low": "5.5", "high": "6.5"},
         "7.3; all; category; Jurister; wage_bill_2023", "middle"),
        ("growth", "Politi og retsvæsen; Police and justice; fte_change", {"value": "3", "low": "2.5", "high": "3.5"},
         "7.7; all; area; Politi og retsvæsen; fte_change", "middle"),
    ],
)  # fmt: skip
def test_a_wrong_transcription_is_a_miss(
    table: xr.Dataset, folder: Path, file: str, where: str, cells: dict[str, str], number: str, end: str
) -> None:
    edited(folder, f"published_{file}.csv", where, **cells)
    if file == "growth":  # else no growth agrees with both of its columns
        percent = {"value": "0.13", "low": "0.125", "high": "0.135"}
        edited(folder, "published_growth.csv", "Politi og retsvæsen; Police and justice; percent_change", **percent)
    found = published_table(load(folder), futures=FEW).sel(number=number, end=end)
    ours = float(table.ours.sel(number=number, end=end))
    lower, upper = found.accepted.values
    assert (float(table.hit.sel(number=number, end=end)), float(found.hit), float(found.ours)) == (
        1,
        0,
        pytest.approx(ours),
    )
    assert float(found.miss_by) == pytest.approx(ours - upper if ours > upper else ours - lower)
    assert 1 <= abs(float(found.miss_by)) <= 3  # two units, from within half a unit (at a narrow range: one)
    assert found.reason.item() == CONFLICT


@pytest.mark.parametrize(
    ("file", "where", "cells", "message"),
    [
        ("potential", "3.3; all; area; Sundhed; Health; freed_fte", {"quantity": "freed_ftes"}, "Did you mean 'freed_fte'"),
        ("potential", "3.3; all; area; Sundhed; Health; freed_fte", {"scope": "al"}, "unknown name 'al'"),
        ("potential", "3.3; all; area; Sundhed; Health; freed_fte", {"dimension": "areas"}, "Did you mean 'area'"),
        ("potential", "3.3; all; area; Sundhed; Health; freed_fte", {"label": "Sunhed"}, "Did you mean 'Sundhed'"),
        ("potential", "3.3; all; area; Sundhed; Health; freed_fte", {"low": "17", "high": "15"}, "low is above high"),
        ("potential", "3.3; all; area; Sundhed; Health; freed_fte", {"rounding": "0"}, "rounding is not above 0"),
        ("workforce", "7.1; level; Kommuner; Municipalities; fte_share", {"dimension": "levels"}, "Did you mean 'level'"),
        ("workforce", "7.1; total; Total; Total; fte_2023", {"label": "Totals"}, "Did you mean 'Total'"),
        ("workforce", "7.1; total; Total; Total; fte_2023", {"low": "762.5"}, "764 is not in the middle of 762.5 to 764.5"),
        ("workforce", "7.1; total; Total; Total; fte_2023", {"high": "763"}, "low 763.5 is not below high 763"),
        ("growth", "Social; Social services; fte_change", {"quantity": "fte_changes"}, "lacks a row of 'Social'"),
        ("growth", "Social; Social services; fte_change", {"value": "2"}, "no growth of 64.0 thousand FTE"),
    ],
)  # fmt: skip
def test_faults_of_the_tables_are_named(
    folder: Path, file: str, where: str, cells: dict[str, str], message: str
) -> None:
    model = load(folder)
    edited(folder, f"published_{file}.csv", where, **cells)
    with pytest.raises(InputError, match=message) as caught:
        published_table(model, futures=FEW)
    assert f"published_{file}.csv" in caught.value.place


# As a user sees it


def cells(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_csv_file_holds_every_column(table: xr.Dataset, tmp_path: Path) -> None:
    path = write_csv(table, tmp_path / "new")
    written = cells(path)
    assert [key(row) for row in written] == list(table["number"].values)
    for name, variable in table.data_vars.items():
        for at in np.ndindex(variable.shape[1:]):
            labels = [str(table[dim].values[i]) for dim, i in zip(variable.dims[1:], at, strict=True)]
            column = [row["_".join([str(name), *labels])] for row in written]
            values = variable.values[(slice(None), *at)]
            if variable.dtype == object:
                assert column == list(values)
            else:
                read = np.array([float(text) if text else np.nan for text in column])
                np.testing.assert_allclose(read, values, rtol=1e-9)
    assert "Kiropraktorer, fod- og ergoterapeuter" in {row["label"] for row in written}
    assert write_csv(table.isel(number=slice(0, 2)), tmp_path / "new") == path
    assert len(cells(path)) == 2
    assert [file.name for file in path.parent.iterdir()] == ["published.csv"]


def test_the_table_goes_into_results(table: xr.Dataset, tmp_path: Path) -> None:
    table.to_netcdf(tmp_path / "results.nc", group="published", engine="netcdf4")
    with xr.open_datatree(tmp_path / "results.nc") as tree:
        again = tree["published"].to_dataset().load()
    for name, variable in table.data_vars.items():
        assert variable.attrs["long_name"]
        assert ("units" in variable.attrs) == (variable.dtype != object)
        np.testing.assert_array_equal(again[name].values, variable.values)
        assert again[name].attrs == variable.attrs
    assert again.attrs["hits"] == table.attrs["hits"]


def shown(table: xr.Dataset, width: int = 100) -> list[str]:
    file = io.StringIO()
    Console(file=file, width=width, highlight=False).print(
        published_summary(table, "runs/base/published.csv"), crop=False
    )
    return [line.rstrip() for line in file.getvalue().splitlines()]


def test_the_summary_has_a_line_for_each_number_and_fits(table: xr.Dataset) -> None:
    lines = shown(table)
    assert max(map(len, lines)) <= 100
    total = table.sel(number="3.3; all; total; Total; freed_fte")
    low, high = (float(total.ours.sel(end=end)) for end in ("low", "high"))
    said = "hit" if (total.hit.sel(end=["low", "high"]) == 1).all() else "miss"
    line = next(line for line in lines if line.startswith("Total") and " 84-96 " in line)
    assert line.split() == ["Total", "freed,", "thousand", "FTE", "84-96", f"{low:.1f}-{high:.1f}", said,
                            f"{float(total.probability):.0%}"]  # fmt: skip
    headings = [line for line in lines if line.startswith(("Figure", "Claims of"))]
    assert [line.split(":")[0] for line in headings] == [
        "Figure 3.3", "Figure 3.4", "Figure 4.1", "Figure 4.1.3", "Figure 4.2.1", "Figure 4.3.2",
        "Figure 7.1", "Figure 7.2", "Figure 7.3", "Figure 7.4", "Figure 7.7", "Claims of the text",
    ]  # fmt: skip
    first, last = lines.index(headings[0]), lines.index("Missed")
    numbers = [line for line in lines[first:last] if line and line not in headings and not line.endswith("P")]
    assert len(numbers) == table.sizes["number"]
    text = " ".join(lines[last:])
    missed = int((table.hit == 0).any("end").sum())
    assert len(re.findall(r"is [\d.]+(?: points)? too (?:low|high)", re.sub(r"\s+", " ", text))) >= missed
    assert f"Hit: {table.attrs['hits']} of {table.attrs['bounds']} printed bounds" in text
    assert lines[-1] == "Written: runs/base/published.csv"


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return work


def test_the_command_prints_and_writes(elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = elsewhere / "runs" / "base" / "published.csv"
    path.parent.mkdir(parents=True)
    path.write_text("of before", encoding="utf-8")
    assert main(["published", str(BASE)]) == 0
    said, errors = capsys.readouterr()
    assert (errors, len(cells(path))) == ("", len(PRINTED))
    assert max(map(len, said.splitlines())) <= 100
    assert "Total børn, undervisning og uddannelse" in said
    assert "printed bounds" in said


def test_strict(elsewhere: Path, capsys: pytest.CaptureFixture[str], table: xr.Dataset) -> None:
    hits = table.attrs["hits"]
    command = ["published", str(BASE), "--out", "here", "--strict", "--set"]
    assert main([*command, f"published.hits={hits}"]) == 0
    assert main([*command, f"published.hits={hits + 1}"]) == 1
    errors = capsys.readouterr().err
    assert errors == f"error: {hits} printed bounds are hit, the config asks for {hits + 1}\n"
    assert (elsewhere / "here" / "published.csv").exists()


def test_strict_needs_to_know_how_many(elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = elsewhere / "mine.toml"
    text = BASE.read_text(encoding="utf-8").replace("../data", str(DATA))
    config.write_text(re.sub(r"\[published\]\nhits = .*\n", "", text), encoding="utf-8")
    assert main(["published", str(config), "--strict"]) == 2
    said, errors = capsys.readouterr()
    assert said == ""
    assert errors.startswith(f"error: {config}, key 'published.hits': is missing")
    assert "[published] hits = " in errors
    assert not (elsewhere / "runs").exists()


def test_a_folder_that_cannot_be_written_to_is_named(elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (elsewhere / "file").write_text("in the way", encoding="utf-8")
    assert main(["published", str(BASE), "--out", "file"]) == 2
    assert capsys.readouterr().err.startswith("error: file: cannot be written to")
