"""Runs side by side: numbers read again, differences against their definitions, and what cannot be compared."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

import simulator
from simulator.errors import InputError
from simulator.report.compare import compare_document, read_runs
from simulator.report.compare.changes import settings_changed
from simulator.report.compare.differences import apart, histogram, mean_interval, of_futures, paired, recovered
from simulator.report.compare.runs import common_part, why_not_common
from simulator.report.document import Document, Figure, Table, blocks_of, spans_of, walk
from simulator.results import FILE, save

CONFIGS = Path(__file__).parents[1] / "configs"
SMALL = (
    "run.futures=2048",
    "run.base_points=512",
    "run.replicates=4",
    "run.sample=200",
    "reconstruction.ensemble=false",
)
SOME = (*SMALL, "years=[2030, 2040]")


def run_of(name: str, *changes: str) -> xr.DataTree:
    return simulator.load(CONFIGS / f"{name}.toml", changes).run()


@pytest.fixture(scope="module")
def trees() -> dict[str, xr.DataTree]:
    """Of one design, with the same draws: the base, other coefficients, everything on its own; and one of another seed."""
    return {
        "base": run_of("base", *SOME),
        "field": run_of("field_evidence", *SOME),
        "alone": run_of("independent", *SOME),
        "seed": run_of("base", *SOME, "run.seed=7"),
        "years": run_of("base", *SMALL, "years=[2035, 2040]", 'run.outputs="total"'),
    }


def picked(trees: dict[str, xr.DataTree], *names: str) -> list[tuple[str, xr.DataTree]]:
    return [(name, trees[name]) for name in names]


@pytest.fixture(scope="module")
def document(trees: dict[str, xr.DataTree]) -> Document:
    return compare_document(picked(trees, "base", "field", "seed"), "da")


PLACE = re.compile(r"(\w+):(\w+)/(\w+)\[(.*)\]$")


def one_place(trees: dict[str, xr.DataTree], text: str) -> np.ndarray:
    """What stands at ``run:node/variable[dimension=label,...]``."""
    name, node, variable, labels = PLACE.fullmatch(text).groups()  # type: ignore[union-attr]
    array = trees[name][node][variable]
    parts = re.findall(r'(\w+)=("(?:[^"\\]|\\.)*"|[^,]+)', labels)
    for dimension, label in parts:
        kind = array[dimension].dtype.kind
        value: Any = json.loads(label) if label.startswith('"') else label
        array = array.sel({dimension: float(value) if kind == "f" else int(value) if kind == "i" else value})
    return np.asarray(array.values)


def read_again(trees: dict[str, xr.DataTree], origin: str) -> float:
    """The number that an origin names, computed here from the results."""
    if found := re.fullmatch(r"(\w+):@(\w+)", origin):
        return float(trees[found.group(1)].attrs[found.group(2)])
    if found := re.fullmatch(r"(mean|quantile|greater|)\((.*)\)(?:\[([\w.]+)\])?", origin):
        kind, expression, end = found.groups()
        return of_difference(trees, expression, end, kind) if kind else mover(trees, expression, end)
    return float(np.subtract(*(one_place(trees, place) for place in origin.split(" - "))) if " - " in origin
                 else one_place(trees, origin))  # fmt: skip


def of_difference(trees: dict[str, xr.DataTree], expression: str, end: str | None, kind: str) -> float:
    """A statistic of the difference over the futures of the samples."""
    difference = np.subtract(*(one_place(trees, place) for place in expression.split(" - ")))
    if kind == "mean" and end:
        means = difference.reshape(4, 50).mean(axis=1)
        half = 3.182446305 * means.std(ddof=1) / 2  # Student's t, three degrees of freedom; four replicates
        return float(difference.mean() + (half if end == "upper" else -half))
    if kind == "quantile":
        return float(np.quantile(difference, float(str(end))))
    return float(np.mean(difference if kind == "mean" else difference > 0))


def mover(trees: dict[str, xr.DataTree], expression: str, end: str) -> float:
    """Zou & Donner's interval from those of the two runs, by its formula."""
    values, intervals = [], []
    for place in expression.split(" - "):
        values.append(float(one_place(trees, place)))
        intervals.append(one_place(trees, place.replace("[", "_ci[", 1)))
    (ours, reference), (ours_ci, reference_ci) = values, intervals
    if end == "lower":
        return ours - reference - float(np.sqrt((ours - ours_ci[0]) ** 2 + (reference_ci[1] - reference) ** 2))
    return ours - reference + float(np.sqrt((ours_ci[1] - ours) ** 2 + (reference - reference_ci[0]) ** 2))


def test_every_number_is_where_it_says(trees: dict[str, xr.DataTree], document: Document) -> None:
    numbers = [span.number for span in spans_of(document) if span.number is not None]
    kinds = {re.match(r"\(|mean|quantile|greater|\w+:@?", one.origin).group() for one in numbers}  # type: ignore[union-attr]
    assert {"(", "mean", "quantile", "greater", "base:", "field:", "seed:", "base:@"} <= kinds
    for one in numbers:
        assert read_again(trees, one.origin) == pytest.approx(one.value, rel=1e-6, abs=1e-12, nan_ok=True), one.origin


def test_common_draws_are_seen(trees: dict[str, xr.DataTree]) -> None:
    runs = common_part(picked(trees, "base", "field", "alone", "seed"))
    assert [why_not_common(runs, other) for other in (1, 2, 3)] == ["", "", "seed"]


@pytest.mark.parametrize("attribute", ["futures", "replicates", "method"])
def test_other_designs_are_no_common_draws(trees: dict[str, xr.DataTree], attribute: str) -> None:
    other = trees["field"].copy()
    other.attrs[attribute] = {"method": "monte-carlo"}.get(attribute, 8)
    assert why_not_common(common_part([("a", trees["base"]), ("b", other)]), 1) == attribute


def test_values_that_should_agree_are_compared(trees: dict[str, xr.DataTree]) -> None:
    """A seed written over deceives the attributes, not the values of inputs that nobody changed."""
    other = trees["seed"].copy()
    other.attrs["seed"] = trees["base"].attrs["seed"]
    assert why_not_common(common_part([("a", trees["base"]), ("b", other)]), 1) == "values"
    other = trees["field"].copy()
    other["inputs"] = xr.DataTree(trees["field"]["inputs"].to_dataset().isel(input=slice(None, None, -1)))
    assert why_not_common(common_part([("a", trees["base"]), ("b", other)]), 1) == "inputs"
    del other["sample"]
    assert why_not_common(common_part([("a", trees["base"]), ("b", other)]), 1) == "sample"


def test_the_difference_is_future_by_future(trees: dict[str, xr.DataTree]) -> None:
    """A run with 1 thousand FTE more in every future: the difference is 1, without any spread."""
    more = trees["base"].copy(deep=True)
    sample = more["sample"].to_dataset()
    sample["freed_fte"] = sample["freed_fte"] + 1.0
    more["sample"] = xr.DataTree(sample)
    runs = common_part([("base", trees["base"]), ("more", more)])
    found = paired(runs, 1, "freed_fte", "thousand_fte", 2, year=2040)
    values = {name: one.value for name, one in found.items()}
    assert values == pytest.approx(dict.fromkeys(values, 1.0))
    differences = of_futures(runs, 1, "freed_fte", year=2040)
    edges, (parts,) = histogram([differences])
    assert len(differences) == 200 and parts.max() == 1.0
    place = int(parts.argmax())
    assert edges[place] < 1.0 < edges[place + 1]


def test_pairing_makes_the_interval_narrow(trees: dict[str, xr.DataTree]) -> None:
    """What both runs share cancels; independent runs carry the error of both."""
    runs = common_part(picked(trees, "base", "field"))
    close = paired(runs, 1, "freed_fte", "thousand_fte", 2, year=2040)
    truth = float(trees["field"]["summary"].freed_fte_mean[-1] - trees["base"]["summary"].freed_fte_mean[-1])
    assert abs(close["mean"].value - truth) < 0.1  # the sample's 200 futures against all 2,048
    spread = of_futures(runs, 1, "freed_fte", year=2040).std()
    alone = trees["base"]["sample"].freed_fte.sel(year=2040).values.std()
    assert spread < alone / 4
    lower, upper = mean_interval(runs, 1, of_futures(runs, 1, "freed_fte", year=2040))
    assert upper - lower < 4 * spread


def test_independent_intervals_cover_the_difference() -> None:
    """Of 2,000 pairs of experiments with known means, the 95 % interval holds the true difference in about 95 %."""
    from simulator.intervals import student_t

    random = np.random.default_rng(5)
    first, second = random.normal(3.0, 1.0, (2000, 16)), random.normal(5.0, 2.0, (2000, 16))
    hits = 0
    for a, b in zip(first, second, strict=True):
        parts = [(float(one.mean()), student_t(one, np.asarray(one.mean()))) for one in (a, b)]
        lower, upper = recovered(*parts)
        hits += lower <= 2.0 <= upper
    assert 0.935 < hits / 2000 < 0.975
    assert all(np.isnan(recovered((1.0, np.full(2, np.nan)), (2.0, np.array([1.0, 3.0])))))


def test_apart_names_medians_and_means(trees: dict[str, xr.DataTree]) -> None:
    runs = common_part(picked(trees, "base", "seed"))
    found = apart(runs, 1, "freed_fte", "thousand_fte", 2, year=2040)
    assert found["median_lower"].value <= found["median"].value <= found["median_upper"].value
    assert found["lower"].value < 0.3 and found["upper"].value > -0.3  # the same distributions, other draws


def cells(document: Document, key: str) -> list[list[str]]:
    (table,) = (one for one in blocks_of(document, Table) if one.key == key)
    return [[span.text for span in row] for row in table.rows]


def test_changes_name_key_and_value(trees: dict[str, xr.DataTree]) -> None:
    document = compare_document(picked(trees, "base", "alone", "seed"), "en")
    rows = {row[0]: row[1:] for row in cells(document, "compare-settings")}
    assert rows["phase_in.common"] == ["0.5", "0.0", "0.5"]
    assert rows["run.seed"] == ["2040", "2040", "7"]
    assert rows["technology.common"] == ["true", "false", "true"]
    added = rows['inputs.phase_in."Øvrige"']
    assert added[0] == "not stated" and added[1].startswith('{ kind = "normal", mean = 0.669')
    assert "title" not in rows and "run.replicates" not in rows
    told = ["".join(span.text for span in block.spans) for _, section in walk(document) for block in section.blocks
            if hasattr(block, "spans")]  # fmt: skip
    assert "The data files are the same." in told and "The versions are the same." in told


def test_data_and_versions_that_differ_are_named(trees: dict[str, xr.DataTree]) -> None:
    other = trees["field"].copy()
    hashes = json.loads(other.attrs["data_hashes"])
    hashes["themes.csv"], hashes["own.csv"] = "f" * 64, "0" * 64
    other.attrs["data_hashes"] = json.dumps(hashes)
    other.attrs["versions"] = json.dumps(json.loads(other.attrs["versions"]) | {"numpy": "1.0"})
    document = compare_document([("base", trees["base"]), ("other", other)], "en")
    rows = cells(document, "compare-data")
    assert [row[0] for row in rows] == ["themes.csv", "own.csv"] and rows[1][1:] == ["not stated", "0" * 12]
    assert cells(document, "compare-versions") == [["numpy", np.__version__, "1.0"]]
    assert not settings_changed(common_part([("a", trees["base"]), ("b", trees["base"].copy())]))


def test_only_what_is_common_is_shown_and_the_rest_is_named(trees: dict[str, xr.DataTree]) -> None:
    document = compare_document(picked(trees, "base", "years"), "en")
    assert {row[0] for row in cells(document, "compare-totals-freed-fte")} == {"2040"}
    caveats = ["".join(span.text for span in block.spans) for block in document.summary.blocks
               if getattr(block, "role", "") == "caveat"]  # fmt: skip
    assert "Years that not all runs have are left out: 2030, 2035." in caveats
    assert any(said.startswith("Areas that not all runs have are left out: Sundhed, Ældre") for said in caveats)
    assert not any("area" in table.key for table in blocks_of(document, Table))
    assert not any(figure.key == "compare-fan" for figure in blocks_of(document, Figure))


@pytest.mark.parametrize("language", ["da", "en"])
def test_figures_can_be_drawn_and_hold_every_run(trees: dict[str, xr.DataTree], language: str) -> None:
    from simulator.report.figures.images import svg

    document = compare_document(picked(trees, "base", "field", "alone"), language)
    figures = {figure.key: figure for figure in blocks_of(document, Figure)}
    assert set(figures) == {f"compare-{name}" for name in ("headline", "fan", "drivers", "distribution")}
    for figure in figures.values():
        json.dumps(figure.specification, allow_nan=False)
        shown = {row["run"] for rows in figure.specification["datasets"].values() for row in rows if "run" in row}
        assert shown == {"base", "field", "alone"} - ({"base"} if "distribution" in figure.key else set())
        assert figure.caption and figure.alternative and "field" in svg(figure)
    assert set(figures["compare-drivers"].choices) == {"quantity", "year", "partition"}
    parts: dict[tuple[str, ...], float] = {}
    for row in figures["compare-distribution"].specification["datasets"]["bins"]:
        key = (row["quantity"], row["year"], row["run"])
        parts[key] = parts.get(key, 0.0) + row["part"]
    assert all(whole == pytest.approx(1.0, abs=1e-4) for whole in parts.values()) and len(parts) == 8


def test_groups_that_differ_are_named(trees: dict[str, xr.DataTree]) -> None:
    fewer, without = trees["field"].copy(), trees["seed"].copy()
    table = fewer["sensitivity"].to_dataset()
    fewer["sensitivity"] = xr.DataTree(table.isel(group=table["group"].values != "factor: own"))
    runs = common_part([("base", trees["base"]), ("fewer", fewer)])
    assert runs.left_out == {"group": ("factor: own",)}
    (key,) = (one.key for one in blocks_of(compare_document([("base", trees["base"]), ("b", fewer)], "da"), Table)
              if one.key == "compare-drivers-freed-fte")  # fmt: skip
    assert key
    del without["sensitivity"]
    document = compare_document([("base", trees["base"]), ("without", without)], "da")
    assert not any("drivers" in block.key for kind in (Table, Figure) for block in blocks_of(document, kind))
    assert common_part([("base", trees["base"]), ("b", without)]).left_out == {"sensitivity": ("b",)}


def test_names_are_text_and_keys_are_unique(trees: dict[str, xr.DataTree]) -> None:
    name = '<script>"$x$\\ #' + "æ" * 300
    document = compare_document([("base", trees["base"]), (name, trees["field"])], "da")
    keys = [block.key for kind in (Table, Figure) for block in blocks_of(document, kind)]
    assert len(set(keys)) == len(keys) and name in document.subtitle
    assert all(len(row) == len(table.columns) for table in blocks_of(document, Table) for row in table.rows)


def written(tree: xr.DataTree, folder: Path) -> Path:
    save(tree, folder)
    return folder


def test_runs_are_read_with_names_of_their_own(trees: dict[str, xr.DataTree], tmp_path: Path) -> None:
    paths = [written(trees["base"], tmp_path / "a" / "run"), written(trees["field"], tmp_path / "b" / "run"),
             written(trees["seed"], tmp_path / "c") / FILE]  # fmt: skip
    read = read_runs(paths)
    assert [name for name, _ in read] == ["a/run", "b/run", "c"]
    assert compare_document(read[:2], "da").subtitle == "a/run · b/run"
    xr.testing.assert_identical(read[0][1]["summary"].to_dataset(), trees["base"]["summary"].to_dataset())


def mistakes(trees: dict[str, xr.DataTree], folder: Path) -> list[tuple[Sequence[Any], str]]:
    good = written(trees["base"], folder / "good")
    (folder / "bad").mkdir()
    (folder / "bad" / FILE).write_text("no netCDF")
    save(xr.DataTree(xr.Dataset({"x": 1.0})), folder / "other")
    return [
        ([good], r"compare: 1 run\(s\) are named. Name two to 6"),
        ([good] * 2, "good.*is named twice"),
        ([good, folder / "none"], "none: there is no such file"),
        ([good, folder / "bad"], "bad.*is not a results file"),
        ([good, folder / "other"], r"other.*holds no run: it lacks config_changes"),
    ]


@pytest.mark.parametrize("place", range(5))
def test_mistakes_are_named(trees: dict[str, xr.DataTree], tmp_path: Path, place: int) -> None:
    paths, message = mistakes(trees, tmp_path)[place]
    with pytest.raises(InputError, match=message):
        compare_document(read_runs(paths), "da")


def test_what_has_nothing_in_common_is_refused(trees: dict[str, xr.DataTree]) -> None:
    base, other = trees["base"], trees["base"].copy()
    summary = base["summary"].to_dataset()
    for change, message in (
        (
            summary.drop_vars([name for name in summary if str(name) in ("freed_fte", "freed_wage")]),
            "a, b: have no output",
        ),
        (summary.assign_coords(year=summary.year + 1), "a, b: have no year in common"),
        (
            summary.assign_coords(quantile=summary["quantile"] * 0.9),
            r"a, b, key 'run.quantiles': the runs have no median",
        ),
    ):
        other["summary"] = xr.DataTree(change)
        with pytest.raises(InputError, match=message):
            compare_document([("a", base), ("b", other)], "da")
    with pytest.raises(InputError, match="base: is the name of two runs"):
        compare_document([("base", base), ("base", other)], "da")
    with pytest.raises(InputError, match="language"):
        compare_document([("a", base), ("b", trees["field"])], "fr")
