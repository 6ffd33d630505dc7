"""The figures of the appendix: their numbers are those of the results, and they stand whatever the labels hold."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

import simulator
from simulator.demand import cells, demand
from simulator.design import design_for
from simulator.distribution import distribution
from simulator.distributions import quantile
from simulator.model import Model
from simulator.outputs import base_places
from simulator.own_model import load as load_own
from simulator.report.document import Figure
from simulator.report.figures import make_figures
from simulator.report.figures.images import png, svg
from simulator.report.figures.reading import plain
from simulator.report.numbers import format_value
from simulator.report.words import LANGUAGES, read_words
from simulator.simulation import propagate

BASE = Path(__file__).parent.parent / "configs" / "base.toml"
QUICK = ["reconstruction.ensemble=false", "run.base_points=1024", "run.sample=512"]
FUTURES = 2**12
KEYS = [
    "headline", "cumulative", "ladder", "drivers", "carriers", "heatmap", "fan", "published", "tornado", "convergence",
    "demand",
]  # fmt: skip
HOSTILE = '<script>alert("x")</script> \' $ # \\ {{}} ' + "æ" * 300
# Places and names, that are no results.
LAID_OUT = {"beside", "rank", "time", "points"}


def results_of(model: Model, futures: int) -> xr.DataTree:
    """A run with all nodes that figures read; those of conditional means and of convergence with numbers made up."""
    tree = model.run(futures=futures, seed=3)
    nodes = {name: tree[name].to_dataset() for name in tree.children}
    design = design_for(len(model.inputs), futures, 4, 3, "sobol")
    counted = propagate(design, model.sampler, model.structure, model.bins, base_places(model.evidence, model.rows), 1)
    nodes["distribution"] = distribution(counted, model.rows, model.years)
    nodes["demand"] = demand(model.evidence, nodes["sample"], model.years)
    nodes["cells"] = cells(model.evidence, nodes["sample"], model.years)
    nodes["single_inputs"] = with_conditional_means(nodes["single_inputs"])
    nodes["convergence"] = convergence_of(nodes["sensitivity"])
    result = xr.DataTree.from_dict(nodes)
    result.attrs = tree.attrs
    return result


def with_conditional_means(table: xr.Dataset) -> xr.Dataset:
    """The input number i moves the output by i / 100 to either side of 90."""
    moved = np.tile(np.arange(table.sizes["input"]) / 100, (table.sizes["output"], 1))
    dims = ("output", "input")
    return table.assign(conditional_low=(dims, 90 - moved), conditional_high=(dims, 90 + moved))


def convergence_of(table: xr.Dataset) -> xr.Dataset:
    """Indices that come nearer to those of the table, with intervals that halve."""
    points = np.array([256, 512, 1024])
    off = (1 / points)[:, None, None]
    total = table["total_order"].values + off
    dims = ("points", "output", "group")
    return xr.Dataset(
        {
            "total_order": (dims, total),
            "total_order_ci": ((*dims, "ci_bound"), np.stack([total - off, total + off], axis=-1)),
            "widest_interval": (("points", "output"), np.tile(2 / points[:, None], (1, table.sizes["output"]))),
        },
        coords={"points": points, **{name: table[name] for name in ("output", "group", "ci_bound")}},
    )


@pytest.fixture(scope="module")
def model() -> Model:
    return simulator.load(BASE, QUICK)


@pytest.fixture(scope="module")
def tree(model: Model) -> xr.DataTree:
    return results_of(model, FUTURES)


@pytest.fixture(scope="module", params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def figures(tree: xr.DataTree, language: str) -> dict[str, Figure]:
    return make_figures(tree, read_words(language))


@pytest.fixture(scope="module")
def pictures(figures: dict[str, Figure]) -> dict[str, str]:
    return {key: svg(figure) for key, figure in figures.items()}


@pytest.fixture(scope="module")
def danish(tree: xr.DataTree) -> dict[str, Figure]:
    return make_figures(tree, read_words("da"))


def changed(tree: xr.DataTree, **nodes: xr.Dataset | None) -> xr.DataTree:
    """The results with some nodes replaced, or left out where there is None."""
    kept = {name: tree[name].to_dataset() for name in tree.children} | nodes
    result = xr.DataTree.from_dict({name: node for name, node in kept.items() if node is not None})
    result.attrs = tree.attrs
    return result


def rows_of(figure: Figure, data: str, /, **chosen: object) -> list[dict[str, Any]]:
    rows = figure.specification["datasets"][data]
    return [row for row in rows if all(row.get(key) == value for key, value in chosen.items())]


def texts(picture: str) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", picture)


def size_of(picture: str) -> tuple[float, float]:
    found = re.search(r'width="([\d.]+)" height="([\d.]+)"', picture)
    assert found
    return float(found[1]), float(found[2])


def with_choice(figure: Figure, **values: str) -> Figure:
    """As the page shows it after a choice."""
    parameters = [{**one, "value": values.get(one["name"], one["value"])} for one in figure.specification["params"]]
    specification = {**figure.specification, "params": parameters}
    return Figure(figure.key, figure.caption, figure.alternative, specification, figure.choices)


# What there is


def test_all_figures_are_there(figures: dict[str, Figure]) -> None:
    assert list(figures) == KEYS
    for key, figure in figures.items():
        assert figure.key == key
        assert figure.caption and figure.alternative.endswith(".") and ".." not in figure.alternative
        assert figure.caption[0].isupper() and figure.alternative[0].isalnum()


def test_a_specification_is_valid_and_holds_its_data(figures: dict[str, Figure]) -> None:
    import altair as alt

    for figure in figures.values():
        text = json.dumps(figure.specification, allow_nan=False)
        assert '"url"' not in text and "<img" not in text
        kind = alt.VConcatChart if "vconcat" in figure.specification else alt.LayerChart
        kind.from_dict(json.loads(text))  # which validates it
        used = set(re.findall(r'"name": "(\w+)"', json.dumps(only_data(figure.specification))))
        assert used == set(figure.specification["datasets"])


def only_data(part: Any) -> list[Any]:
    """All `data` of a specification and its parts."""
    if isinstance(part, dict):
        own = [part["data"]] if "data" in part else []
        return own + [one for key, value in part.items() if key != "datasets" for one in only_data(value)]
    return [one for value in part for one in only_data(value)] if isinstance(part, list) else []


def test_the_same_results_make_the_same_figures(tree: xr.DataTree, danish: dict[str, Figure]) -> None:
    again = make_figures(tree, read_words("da"))
    assert {key: one.specification for key, one in again.items()} == {
        key: one.specification for key, one in danish.items()
    }


def test_choices_are_parameters_with_rows(figures: dict[str, Figure]) -> None:
    offered = {key: set(figure.choices) for key, figure in figures.items()}
    assert (
        offered["headline"]
        == offered["cumulative"]
        == offered["heatmap"]
        == offered["carriers"]
        == {"quantity", "year"}
    )
    assert offered["drivers"] == {"quantity", "year", "partition"}
    assert offered["demand"] == {"year"}
    for key in ("ladder", "fan", "published", "tornado", "convergence"):
        assert offered[key] == {"quantity"}
    for figure in figures.values():
        defaults = {one["name"]: one["value"] for one in figure.specification["params"]}
        expected = {"quantity": "freed_fte", "year": "2040", "partition": "factor"}
        assert defaults == {name: expected[name] for name in defaults}
        for name, values in figure.choices.items():
            assert values[0][0] == defaults[name]
            data = [row for rows in figure.specification["datasets"].values() for row in rows]
            assert {row[name] for row in data if name in row} == {value for value, _ in values}
            assert all(label and isinstance(value, str) for value, label in values)


# Numbers


def numbers_in(table: xr.Dataset) -> set[float]:
    values = [part.values.ravel() for part in table.variables.values() if part.dtype.kind in "fi"]
    return {number for part in values for number in map(plain, part) if number is not None}


SOURCES = {
    "headline": ("summary", "distribution"),
    "cumulative": ("summary", "distribution"),
    "ladder": ("ladder",),
    "drivers": ("sensitivity",),
    "carriers": ("sensitivity",),
    "heatmap": ("cells",),
    "fan": ("summary",),
    "published": ("summary",),
    "tornado": ("single_inputs", "summary"),
    "convergence": ("convergence",),
    "demand": ("demand",),
}


def test_every_number_stands_in_the_results(tree: xr.DataTree, figures: dict[str, Figure]) -> None:
    for key, figure in figures.items():
        known = set().union(*(numbers_in(tree[node].to_dataset()) for node in SOURCES[key]))
        if key in ("headline", "cumulative"):  # of a bin, the results hold the middle and the width
            table = tree["distribution"]
            known |= {
                plain(end) for sign in (-1, 1) for end in (table["value"] + sign * table["width"] / 2).values.ravel()
            }
        shown = {
            value
            for rows in figure.specification["datasets"].values()
            for row in rows
            for name, value in row.items()
            if isinstance(value, float | int) and not isinstance(value, bool) and name not in LAID_OUT
        }
        assert shown and shown <= known, (key, sorted(shown - known)[:5])


def close(value: object) -> Any:
    return pytest.approx(float(value), rel=1e-5)  # type: ignore[arg-type]


@pytest.mark.parametrize(("quantity", "year"), [("freed_fte", 2040), ("freed_wage", 2030)])
def test_the_headline_is_the_distribution(
    tree: xr.DataTree, danish: dict[str, Figure], quantity: str, year: int
) -> None:
    summary, table = tree["summary"], tree["distribution"].to_dataset().sel(output=f"{quantity} {year}")
    at = {"quantity": quantity, "year": str(year)}
    bins = rows_of(danish["headline"], "bins", **at)
    assert [row["density"] for row in bins] == [close(value) for value in table["density"].values]
    assert [row["high"] - row["low"] for row in bins] == pytest.approx(table["width"].values, abs=1.1e-3)
    (ours,) = rows_of(danish["headline"], "ranges", **at, printed=False)
    for name, level in (("low", 0.05), ("middle", 0.5), ("high", 0.95)):
        assert ours[name] == close(summary[quantity].sel(year=year, quantile=level))
    printed = rows_of(danish["headline"], "ranges", **at, printed=True)
    assert len(printed) == (year == 2040)  # the report prints no other year
    for row in printed:
        assert [row["low"], row["high"]] == list(summary[f"published_{quantity}"].values)
        parts = summary[f"probability_{quantity}"].values
        assert [row[name] for name in ("below", "inside", "above")] == [close(part) for part in parts]


def test_rungs_stand_in_their_order(tree: xr.DataTree, danish: dict[str, Figure]) -> None:
    table = tree["ladder"].to_dataset()
    rows = rows_of(danish["ladder"], "rungs", quantity="freed_wage", variant="common")
    there = table["freed_wage"].sel(variant="common", quantile=0.05).notnull().values & (
        table["kind"].values != "published"
    )
    assert [row["low"] for row in rows] == [close(v) for v in table["freed_wage"].values[there, 0, 0]]
    assert [row["probability"] for row in rows] == [close(v) for v in table["freed_wage_probability"].values[there, 0]]
    assert len({row["rung"] for row in rows}) == len(rows)
    assert len(rows_of(danish["ladder"], "ranges")) == 2


@pytest.mark.parametrize("partition", ["category", "assumption", "factor", "evidence"])
def test_drivers_fall_from_the_largest(tree: xr.DataTree, danish: dict[str, Figure], partition: str) -> None:
    one = tree["sensitivity"].to_dataset().sel(output="freed_fte 2040")
    one = one.isel(group=one["partition"].values == partition)
    at = {"quantity": "freed_fte", "year": "2040", "partition": partition}
    total = rows_of(danish["drivers"], "indices", **at, index="total_order")
    order = np.argsort(-one["total_order"].values)[: len(total)]
    assert 2 <= len(total) <= 12
    assert [row["value"] for row in total] == [close(value) for value in one["total_order"].values[order]]
    assert [row["low"] for row in total] == [close(value) for value in one["total_order_ci"].values[order, 0]]
    first = rows_of(danish["drivers"], "indices", **at, index="first_order")
    assert [row["value"] for row in first] == [close(value) for value in one["first_order"].values[order]]
    if partition == "category":
        assert total[0]["name"] == "Fælles for alle kategorier"
        named = [str(label) for label in one["label"].values[order]]
        assert [row["name"] for row in total[1:]] == named[1:]


def test_carriers_have_middle_and_tails(tree: xr.DataTree, danish: dict[str, Figure]) -> None:
    one = tree["sensitivity"].to_dataset().sel(output="freed_fte 2040")
    for part in ("allocation", "allocation_lower_tail", "allocation_upper_tail"):
        rows = rows_of(danish["carriers"], "parts", quantity="freed_fte", year="2040", part=part)
        expected = dict(zip(one["category"].values, one[part].values, strict=True))
        assert len(rows) == len(expected)
        assert all(row["value"] == close(expected[row["name"]]) for row in rows)


def test_cells_are_the_medians(tree: xr.DataTree, danish: dict[str, Figure]) -> None:
    table = tree["cells"].to_dataset()["freed_fte"].sel(year=2035)
    rows = rows_of(danish["heatmap"], "cells", quantity="freed_fte", year="2035")
    assert len(rows) == int((table.sel(quantile=0.5) > 0).sum())
    for row in rows:
        at = table.sel(area=row["area"], category=row["category"])
        assert [row["low"], row["middle"], row["high"]] == [close(value) for value in at.values]


def test_the_fan_has_all_years(tree: xr.DataTree, danish: dict[str, Figure]) -> None:
    summary = tree["summary"]
    for year in summary["year"].values:
        (line,) = rows_of(danish["fan"], "lines", quantity="freed_wage", time=int(year))
        assert line["middle"] == close(summary["freed_wage"].sel(year=year, quantile=0.5))
        bands = rows_of(danish["fan"], "bands", quantity="freed_wage", time=int(year))
        for row, level in zip(bands, (0.01, 0.05, 0.1, 0.25), strict=True):
            assert row["low"] == close(summary["freed_wage"].sel(year=year, quantile=level))
            assert row["high"] == close(summary["freed_wage"].sel(year=year, quantile=round(1 - level, 2)))


def test_published_holds_every_row_of_the_figure(tree: xr.DataTree, danish: dict[str, Figure]) -> None:
    table, summary = tree["published"].to_dataset(), tree["summary"].to_dataset().sel(year=2040)
    for quantity in ("freed_fte", "freed_wage"):
        of_figure = (table["figure"] == "3.3") & (table["quantity"] == quantity)
        for place in np.flatnonzero(of_figure.values):
            label = str(table["label"].values[place])
            name, data = ("I alt", "total") if label == "Total" else (label, "areas")
            (printed,) = rows_of(danish["published"], data, quantity=quantity, name=name, which="published")
            assert printed["low"] == table["published_low"].values[place]
            assert printed["high"] == table["published_high"].values[place]
            (ours,) = rows_of(danish["published"], data, quantity=quantity, name=name, which="simulated")
            values = summary[quantity] if data == "total" else summary[f"{quantity}_by_area"].sel(area=label)
            assert ours["high"] == close(values.sel(quantile=0.95))
        assert int(of_figure.sum()) == 13


def test_the_tornado_has_the_inputs_that_move_most(tree: xr.DataTree, danish: dict[str, Figure]) -> None:
    rows = rows_of(danish["tornado"], "ends", quantity="freed_fte")
    number = tree["single_inputs"].sizes["input"]
    assert [row["value"] for row in rows[:4]] == [
        close(90 + sign * (number - 1 - place) / 100) for place in (0, 1) for sign in (-1, 1)
    ]
    assert len(rows) == 24 and len({row["name"] for row in rows}) == 12
    assert {row["mean"] for row in rows} == {plain(tree["summary"]["freed_fte_mean"].sel(year=2040))}


def test_convergence_follows_the_largest_factors(tree: xr.DataTree, danish: dict[str, Figure]) -> None:
    one = tree["convergence"].to_dataset().sel(output="freed_fte 2040")
    factors = [place for place, group in enumerate(one["group"].values) if str(group).startswith("factor: ")]
    largest = np.sort(one["total_order"].values[-1, factors])[::-1][:6]
    rows = rows_of(danish["convergence"], "indices", quantity="freed_fte", points=1024)
    assert [row["value"] for row in rows] == [close(value) for value in largest]
    gaps = -np.diff([row["beside"] for row in rows])
    assert (gaps >= 0.069 * largest[0]).all()  # no name lies on another
    widths = rows_of(danish["convergence"], "widths", quantity="freed_fte")
    assert [row["width"] for row in widths] == [close(2 / points) for points in (256, 512, 1024)]


def test_demand_has_need_and_what_is_freed(tree: xr.DataTree, danish: dict[str, Figure]) -> None:
    table = tree["demand"].to_dataset().sel(year=2030)
    for area, name in (("Ældre", "Ældre"), ("health", read_words("da").text("focus_area.health"))):
        for which in ("need", "freed"):
            (row,) = rows_of(danish["demand"], "rows", year="2030", name=name, which=which)
            expected = table[which].sel(area=area).values
            assert [row["low"], row["middle"], row["high"]] == [close(value) for value in expected]
            assert row["probability"] == close(table["probability"].sel(area=area))
            assert row["share"] == close(table["share"].sel(area=area, quantile=0.5))


# Words


def test_alternatives_hold_the_main_numbers(tree: xr.DataTree, figures: dict[str, Figure], language: str) -> None:
    style, summary = read_words(language).style, tree["summary"]
    total = summary["freed_fte"].sel(year=2040)
    for key in ("headline", "fan"):
        for level in (0.05, 0.5, 0.95):
            assert format_value(float(total.sel(quantile=level)), 1, style) in figures[key].alternative
    inside = format_value(float(summary["probability_freed_fte"].sel(position="in")) * 100, 0, style)
    assert f"{inside}" in figures["headline"].alternative and inside in figures["published"].alternative
    last = tree["ladder"].to_dataset().isel(rung=-1).sel(variant="common")
    assert format_value(float(last["freed_fte"].sel(quantile=0.95)), 1, style) in figures["ladder"].alternative
    one = tree["sensitivity"].to_dataset().sel(output="freed_fte 2040")
    largest = float(one["total_order"].values[one["partition"].values == "factor"].max())
    assert format_value(100 * largest, 1, style) in figures["drivers"].alternative
    assert format_value(100 * float(one["allocation"].max()), 1, style) in figures["carriers"].alternative
    need = tree["demand"]["need"].sel(area="Ældre", year=2040, quantile=0.5)
    assert format_value(float(need), 1, style) in figures["demand"].alternative


def test_pictures_write_numbers_as_the_language_does(
    tree: xr.DataTree, pictures: dict[str, str], language: str
) -> None:
    style = read_words(language).style
    wrong = rf"\d{re.escape(style.thousands)}\d(?!\d\d)"  # a mark of thousands before fewer digits than three
    for key, picture in pictures.items():
        said = " ".join(texts(picture))
        assert not re.search(wrong, said), (key, re.findall(rf".{{0,8}}{wrong}.{{0,8}}", said))
    total = format_value(float(tree["summary"]["freed_fte"].sel(year=2040, quantile=0.5)), 1, style)
    headline = texts(pictures["headline"])
    assert total in headline and "84" in headline
    inside = format_value(100 * float(tree["summary"]["probability_freed_fte"].sel(position="in")), 0, style)
    percent = "\u00a0pct." if language == "da" else "%"
    assert any(text.startswith(f"{inside}{percent} ") for text in headline)
    assert format_value(1024, 0, style) in texts(pictures["convergence"])


def test_a_choice_changes_what_is_shown(tree: xr.DataTree, danish: dict[str, Figure]) -> None:
    style = read_words("da").style
    wages = texts(svg(with_choice(danish["headline"], quantity="freed_wage", year="2030")))
    assert format_value(float(tree["summary"]["freed_wage"].sel(year=2030, quantile=0.5)), 1, style) in wages
    assert any("Mia. kr." in text for text in wages) and "84" not in wages
    drivers = texts(svg(with_choice(danish["drivers"], partition="assumption")))
    assert any(text.startswith("Indfasning") for text in drivers) and "Jurister" not in drivers
    for figure in danish.values():
        for name, values in figure.choices.items():
            assert len(texts(svg(with_choice(figure, **{name: values[-1][0]})))) > 8


# Pictures


def test_pictures_fit_the_page(pictures: dict[str, str]) -> None:
    for key, picture in pictures.items():
        width, height = size_of(picture)
        assert 560 <= width <= 660 and 120 <= height <= 640, key


def test_grey_has_no_colour(danish: dict[str, Figure]) -> None:
    picture = svg(danish["headline"], grey=True)
    colours = re.findall(r"#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})", picture)
    assert colours and all(len(set(parts)) == 1 for parts in colours)
    assert len(set(colours)) > 3 and "rgb(" not in picture
    assert re.search("#0072b2", svg(danish["headline"]))


def test_a_png_has_the_size_of_the_figure(danish: dict[str, Figure]) -> None:
    picture = png(danish["demand"], scale=1.0)
    assert picture.startswith(b"\x89PNG")
    width, height = (int.from_bytes(picture[at : at + 4]) for at in (16, 20))
    assert (width, height) == tuple(map(math.ceil, size_of(svg(danish["demand"]))))


# What is missing


@pytest.mark.parametrize(
    ("node", "keys"),
    [("distribution", ("headline", "cumulative")), ("ladder", ("ladder",)), ("cells", ("heatmap",)),
     ("convergence", ("convergence",)), ("demand", ("demand",)), ("single_inputs", ("tornado",))],
)  # fmt: skip
def test_a_figure_without_its_numbers_is_left_out(tree: xr.DataTree, node: str, keys: tuple[str, ...]) -> None:
    made = make_figures(changed(tree, **{node: None}), read_words("en"))
    assert list(made) == [one for one in KEYS if one not in keys]


def test_tables_of_size_nothing_make_no_figure(tree: xr.DataTree) -> None:
    empty = {name: tree[name].to_dataset().isel(area=slice(0)) for name in ("demand", "cells")}
    bare = tree["single_inputs"].to_dataset().drop_vars(["conditional_low", "conditional_high"])
    short = tree["convergence"].to_dataset().isel(points=[0])
    made = make_figures(changed(tree, **empty, single_inputs=bare, convergence=short), read_words("da"))
    assert list(made) == [one for one in KEYS if one not in ("demand", "heatmap", "tornado", "convergence")]


def without_published(tree: xr.DataTree) -> xr.DataTree:
    summary = tree["summary"].to_dataset()
    summary = summary.drop_vars(
        [name for name in summary.data_vars if str(name).startswith(("published", "probability"))]
    )
    ladder = tree["ladder"].to_dataset()
    return changed(tree, summary=summary, ladder=ladder.isel(rung=ladder["kind"].values != "published"))


def test_without_published_ranges_the_others_stand(tree: xr.DataTree) -> None:
    made = make_figures(without_published(tree), read_words("da"))
    assert list(made) == [one for one in KEYS if one != "published"]
    assert not rows_of(made["headline"], "ranges", printed=True)
    for figure in made.values():
        assert len(texts(svg(figure))) > 8
    assert not any("Rapporten" in text for text in texts(svg(made["headline"])))
    assert "Rapporten" not in made["ladder"].alternative


def test_ranges_that_are_not_printed_are_left_out(tree: xr.DataTree) -> None:
    summary = tree["summary"].to_dataset().copy(deep=True)
    summary["published_freed_fte"][:] = np.nan
    summary["published_freed_fte_by_area"][2] = np.nan
    made = make_figures(changed(tree, summary=summary), read_words("da"))
    assert not rows_of(made["headline"], "ranges", quantity="freed_fte", printed=True)
    assert len(rows_of(made["published"], "areas", quantity="freed_fte")) == 22
    assert not rows_of(made["published"], "total", quantity="freed_fte")


def test_totals_alone_are_compared(tree: xr.DataTree) -> None:
    summary = tree["summary"].to_dataset()
    summary = summary.drop_vars([name for name in summary.data_vars if "_by_" in str(name)])
    made = make_figures(changed(tree, summary=summary), read_words("en"))["published"]
    assert len(rows_of(made, "total")) == 4 and set(made.specification["datasets"]) == {"total"}
    assert "Total" in texts(svg(made))


def test_one_year_has_no_fan_and_no_choice(tree: xr.DataTree) -> None:
    nodes = {name: tree[name].to_dataset().sel(year=[2040]) for name in ("summary", "cells", "demand")}
    for name in ("distribution", "sensitivity"):
        table = tree[name].to_dataset()
        nodes[name] = table.isel(output=table["year"].values == 2040)
    made = make_figures(changed(tree, **nodes), read_words("en"))
    assert list(made) == [one for one in KEYS if one != "fan"]
    assert all("year" not in figure.choices for figure in made.values())
    assert all(len(texts(svg(figure))) > 8 for figure in made.values())


def test_results_of_another_model_make_no_figures() -> None:
    table = xr.Dataset({"value": (("output", "quantile"), np.ones((1, 3)))}, coords={"quantile": [0.05, 0.5, 0.95]})
    indices = xr.Dataset({"total_order": (("output", "input"), np.ones((1, 2)))})
    other = xr.DataTree.from_dict({"summary": table, "sensitivity": indices, "convergence": indices})
    assert make_figures(other, read_words("en")) == {}


def test_what_does_not_vary_makes_no_figure_of_its_spread(model: Model, tmp_path: Path) -> None:
    still = simulator.load(overlay(tmp_path, model), QUICK)
    made = make_figures(results_of(still, 64), read_words("da"))
    assert not {"headline", "cumulative", "fan", "drivers", "carriers"} & set(made)
    assert all(len(texts(svg(figure))) > 4 for figure in made.values())


def overlay(folder: Path, model: Model) -> Path:
    """A configuration with every input fixed at its median."""
    lines = [f"extends = {json.dumps(str(BASE))}", 'author = "a"', 'reference = "b"', 'reason = "c"', "[inputs]"]
    for one in model.inputs[:-1]:  # all but the workforce table
        key = ".".join(json.dumps(part, ensure_ascii=False) for part in one.name.split("."))
        lines.append(f'{key} = {{ kind = "fixed", value = {float(quantile(one.distribution, [0.5])[0])!r} }}')
    path = folder / "still.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


# Labels of a user


def with_labels(tree: xr.DataTree, names: dict[str, str]) -> xr.DataTree:
    """The results of tables in which some things have other names."""

    def renamed(values: xr.DataArray) -> xr.DataArray:
        texts = [str(value) for value in values.values.ravel()]
        for old, new in names.items():
            texts = [
                new if text == old else text.replace(f".{old}", f".{new}").replace(f" {old}", f" {new}")
                for text in texts
            ]
        return values.copy(data=np.array(texts, dtype=object).reshape(values.shape))

    nodes = {}
    for name in tree.children:
        table = tree[name].to_dataset()
        strings = {key: renamed(table[key]) for key in table.variables if table[key].dtype.kind in "UOT"}
        nodes[name] = table.assign(
            {key: value for key, value in strings.items() if key not in table.coords}
        ).assign_coords({key: (table[key].dims, value.values) for key, value in strings.items() if key in table.coords})
    return changed(tree, **nodes)


def test_hostile_labels_do_no_harm(tree: xr.DataTree) -> None:
    hostile = with_labels(
        tree, {"Almene kontormedarbejdere": HOSTILE, "Sundhed": f"2{HOSTILE}", "General office workers": HOSTILE}
    )
    made = make_figures(hostile, read_words("da"))
    assert list(made) == KEYS
    held = [json.dumps(one.specification, ensure_ascii=False) for one in made.values()]
    assert sum(json.dumps(HOSTILE, ensure_ascii=False)[1:-1] in text for text in held) >= 3
    for figure in made.values():
        json.dumps(figure.specification, allow_nan=False)
        picture = svg(figure)
        assert "<script" not in picture
        assert size_of(picture)[0] < 700


def test_two_things_of_one_name_stay_two(tree: xr.DataTree) -> None:
    workforce = tree["workforce"].to_dataset()
    english = workforce["category_en"].values.astype(object)
    english[:2] = "Staff"
    twins = changed(tree, workforce=workforce.assign_coords(category_en=("category", english)))
    made = make_figures(twins, read_words("en"))
    names = [
        row["name"] for row in rows_of(made["carriers"], "parts", quantity="freed_fte", year="2040", part="allocation")
    ]
    assert len(set(names)) == len(names) == 21
    assert {"Staff (SOSU-medarbejdere)", "Staff (Sygeplejersker)"} <= set(names)


def test_tasks_of_a_long_named_category_stay_apart(tree: xr.DataTree) -> None:
    made = make_figures(with_labels(tree, {"Jurister": "J" * 120}), read_words("da"))
    for figure in (made["tornado"],):
        names = [row["name"] for row in rows_of(figure, "ends", quantity="freed_fte", end="conditional_low")]
        assert len(set(names)) == len(names) == 12


def leaves(part: Any) -> Iterator[Any]:
    if isinstance(part, dict):
        for value in part.values():
            yield from leaves(value)
    elif isinstance(part, list):
        for value in part:
            yield from leaves(value)
    else:
        yield part


def test_what_is_not_finite_is_no_number(tree: xr.DataTree, language: str) -> None:
    table = tree["demand"].to_dataset().copy(deep=True)
    table["share"][:] = np.inf
    made = make_figures(changed(tree, demand=table), read_words(language))["demand"]
    assert all(math.isfinite(leaf) for leaf in leaves(made.specification) if isinstance(leaf, float))
    assert {row["share"] for row in rows_of(made, "rows")} == {None}
    assert read_words(language).style.missing in made.alternative
    assert len(texts(svg(made))) > 8


def test_a_probability_that_is_not_known(tree: xr.DataTree, language: str) -> None:
    """Of the published range in the summary, the ladder and the demand: said, and neither a number nor an error."""
    nodes = {name: tree[name].to_dataset().copy(deep=True) for name in ("summary", "ladder", "demand")}
    for node in nodes.values():
        for name in node.data_vars:
            if "probability" in str(name):
                node[name][...] = np.nan
    made = make_figures(changed(tree, **nodes), read_words(language))
    assert list(made) == KEYS
    missing = read_words(language).style.missing
    for key in ("headline", "published", "demand"):
        assert missing in made[key].alternative
    for key in ("headline", "published", "demand", "ladder"):
        assert not any("NaN" in text or "null" in text for text in texts(svg(made[key])))


# Hovering


def told(part: Any) -> Iterator[dict[str, Any]]:
    """What hovering over each mark shows."""
    for inner in [*part.get("layer", ()), *part.get("vconcat", ())]:
        yield from told(inner)
    yield from part.get("encoding", {}).get("tooltip", ())


def test_hovering_formats_no_missing_number(figures: dict[str, Figure], language: str) -> None:
    """Every number is told by an expression that says what is missing; Vega's own format of null is NaN."""
    missing = read_words(language).style.missing
    for key, figure in figures.items():
        shown = list(told(figure.specification))
        assert shown and all(one["type"] == "nominal" and one["title"] for one in shown), key
        text = json.dumps(figure.specification, ensure_ascii=False)
        for one in shown:
            if one["field"].endswith("_told"):
                held = one["field"].removesuffix("_told")
                assert re.search(rf'isValid\(datum\[\\"{held}\\"\]\) \? format\(.*{missing}', text), (key, held)


# Pictures


def test_a_picture_is_drawn_once(danish: dict[str, Figure], monkeypatch: pytest.MonkeyPatch) -> None:
    figure = danish["headline"]
    first = svg(figure)
    monkeypatch.setattr("vl_convert.vegalite_to_svg", lambda *_, **__: pytest.fail("drawn again"))
    assert svg(replace(figure, caption="Another")) == first
    assert svg(figure, grey=True) != first


@pytest.mark.parametrize("character", ["\x00", "\x01", "\x1b", "\ufffe", "\uffff", "\ud800"])
def test_a_character_that_no_picture_holds_is_replaced(danish: dict[str, Figure], character: str) -> None:
    """The converter would end the whole process."""
    specification = json.loads(json.dumps(danish["demand"].specification))
    for row in specification["datasets"]["rows"]:
        row["name"] = f"Sund{character}hed"
    figure = replace(danish["demand"], specification=specification)
    assert "Sund\ufffdhed" in texts(svg(figure))
    assert png(figure, 1.0).startswith(b"\x89PNG")


# A model of the user's own


@pytest.fixture(scope="module", params=["ishigami", "chatbot"])
def own(request: pytest.FixtureRequest) -> xr.DataTree:
    return load_own(BASE.with_name(f"{request.param}.toml"), ["run.points=64"]).run()


def test_a_model_of_ones_own_has_its_figures(own: xr.DataTree, language: str) -> None:
    made = make_figures(own, read_words(language))
    outputs = [str(name) for name in own["summary"]["output"].values]
    assert list(made) == ["headline", "drivers", "convergence"]
    parts = [part for part in ("input", "group") if part == "input" or "group_sensitivity" in own.children]
    for figure in made.values():
        assert figure.specification["params"][0] == {"name": "quantity", "value": outputs[0]}
        assert [value for value, _ in figure.choices.get("quantity", ())] == (outputs if len(outputs) > 1 else [])
        assert len(texts(svg(figure))) > 8
        assert png(figure, 1.0).startswith(b"\x89PNG")
    assert [value for value, _ in made["drivers"].choices.get("partition", ())] == (parts if len(parts) > 1 else [])
    largest = own["sensitivity"].to_dataset().isel(output=0)
    name = str(largest["input"].values[int(largest["total_order"].values.argmax())])
    assert f"{name} (" in made["drivers"].alternative  # as the user wrote it


def test_numbers_of_a_model_of_ones_own_stand_in_its_results(own: xr.DataTree) -> None:
    made = make_figures(own, read_words("en"))
    nodes = {
        "headline": ("summary",),
        "drivers": ("sensitivity", "group_sensitivity"),
        "convergence": ("convergence",),
    }
    for key, figure in made.items():
        known = set().union(*(numbers_in(own[node].to_dataset()) for node in nodes[key] if node in own.children))
        shown = {
            value
            for rows in figure.specification["datasets"].values()
            for row in rows
            for name, value in row.items()
            if isinstance(value, float) and name not in LAID_OUT
        }
        assert shown and shown <= known, key


def test_an_output_that_does_not_vary_has_no_figure(own: xr.DataTree) -> None:
    summary = own["summary"].to_dataset().copy(deep=True)
    summary["value"][...] = 2.0
    still = {
        name: own[name].to_dataset() * np.nan
        for name in ("sensitivity", "group_sensitivity", "convergence")
        if name in own.children
    }
    results = changed(own, summary=summary, **still)
    results.attrs = own.attrs
    assert make_figures(results, read_words("en")) == {}
