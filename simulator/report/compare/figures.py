"""The figures of a comparison: each shows all the runs, told apart by colour, dash and place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..document import Figure, Number, Spans
from ..figures.reading import PUBLISHED_YEAR, TOTAL, form_of, group_names, latest, plain, published, say
from ..figures.style import (
    INK,
    LARGEST,
    LINES,
    ONE,
    ORANGE,
    Row,
    chosen,
    legend,
    make_figure,
    names_axis,
    unit_title,
)
from ..numbers import format_number
from ..words import Words
from .differences import histogram, of_futures
from .runs import Runs

if TYPE_CHECKING:
    import altair as alt

PARTITIONS = ("category", "assumption", "factor", "evidence")
ENDS = ("low", "middle", "high")
_NAMED = 3  # in a text for those who do not see the figure


def headline(runs: Runs, words: Words) -> Figure:
    """Median and interval of every run, with the published range behind them."""
    rows: list[Row] = []
    ranges: list[Row] = []
    for quantity in runs.quantities:
        for year in runs.years:
            rows += [
                {"quantity": quantity, "year": str(year), "run": name} | _ends(runs, run, quantity, year)
                for run, name in enumerate(runs.names)
            ]
        limits = {published(tree["summary"].to_dataset(), quantity) for tree in runs.trees}
        common = limits.pop() if len(limits) == 1 else None
        if common and PUBLISHED_YEAR in runs.years:
            ends = {"low": plain(common[0]), "high": plain(common[1])}
            ranges.append({"quantity": quantity, "year": str(PUBLISHED_YEAR)} | ends)
    choices = {"quantity": list(runs.quantities), "year": latest(list(runs.years))}
    chart = _headline_chart(list(runs.names), words)
    said = _alternative(runs, words, "headline")
    return _figure("headline", chart, {"runs": rows, "ranges": ranges}, words, said, choices)


def fan(runs: Runs, words: Words) -> Figure | None:
    """Medians and intervals by year; None with one year."""
    if len(runs.years) < 2:
        return None
    rows = [
        {"quantity": quantity, "time": year, "run": name} | _ends(runs, run, quantity, year)
        for quantity in runs.quantities
        for run, name in enumerate(runs.names)
        for year in runs.years
    ]
    said = _alternative(runs, words, "fan")
    chart = _fan_chart(list(runs.names), words)
    return _figure("fan", chart, {"lines": rows}, words, said, {"quantity": list(runs.quantities)})


def drivers(runs: Runs, words: Words) -> Figure | None:
    """Total-order indices of the groups that all runs have; None where a run has none."""
    if not runs.has("sensitivity/total_order"):
        return None
    rows = [
        {"quantity": quantity, "year": str(year), "partition": partition} | row
        for quantity in runs.quantities
        for year in runs.years
        for partition in PARTITIONS
        for row in _driver_rows(runs, words, f"{quantity} {year}", partition)
    ]
    if not rows:
        return None
    choices = {
        "quantity": list(dict.fromkeys(row["quantity"] for row in rows)),
        "year": latest([int(row["year"]) for row in rows]),
        "partition": list(dict.fromkeys(row["partition"] for row in rows)),
    }
    shown = [row for row in rows if all(row[name] == values[0] for name, values in choices.items())]
    largest = list(dict.fromkeys(row["name"] for row in shown))[:_NAMED]
    named = "; ".join(
        f"{name}: "
        + ", ".join(f"{row['run']} {_percent(float(row['value']), words)}" for row in shown if row["name"] == name)
        for name in largest
    )
    what = {"what": words.label("quantity", choices["quantity"][0]), "year": choices["year"][0]}
    said = say(words, "compare.figure.drivers.alternative", groups=named, **what)
    chart = _driver_chart(list(runs.names), words)
    return _figure("drivers", chart, {"indices": rows}, words, said, choices)


def distribution(runs: Runs, words: Words, others: Sequence[int]) -> Figure | None:
    """The difference from the reference over the futures, of the runs that share its draws."""
    if not others:
        return None
    rows: list[Row] = []
    for quantity in runs.quantities:
        for year in runs.years:
            edges, parts = histogram([of_futures(runs, other, quantity, year=year) for other in others])
            rows += [
                {"quantity": quantity, "year": str(year), "run": runs.names[other]}
                | {"low": plain(low), "high": plain(high), "part": plain(part)}
                for other, parts_of_run in zip(others, parts, strict=True)
                for low, high, part in zip(edges[:-1], edges[1:], parts_of_run, strict=True)
                if part > 0
            ]
    choices = {"quantity": list(runs.quantities), "year": latest(list(runs.years))}
    names = [runs.names[other] for other in others]
    said = say(words, "compare.figure.distribution.alternative", runs=", ".join(names), reference=runs.names[0])
    chart = _distribution_chart(names, words)
    return _figure("distribution", chart, {"bins": rows}, words, said, choices)


def _figure(
    key: str,
    chart: Any,
    data: Mapping[str, Sequence[Row]],
    words: Words,
    said: str,
    choices: Mapping[str, Sequence[str]],
) -> Figure:
    """As all figures, but with the strings below ``compare.figure``."""
    own = {f"figures.compare-{name}": text for name, text in words.group("compare.figure").items()}
    return make_figure(f"compare-{key}", chart, data, replace(words, strings={**words.strings, **own}), said, choices)


def _ends(runs: Runs, run: int, quantity: str, year: int) -> Row:
    values = (runs.values(run, f"summary/{quantity}", year=year, quantile=level) for level in runs.levels)
    return dict(zip(ENDS, map(plain, values), strict=True))


def _alternative(runs: Runs, words: Words, key: str) -> str:
    """Median and interval of each run in the last year."""
    quantity, year = runs.quantities[0], max(runs.years)
    parts = [
        "".join(span.text for span in median_said(runs, words, run, quantity, year)) for run in range(len(runs.names))
    ]
    what = words.label("quantity", quantity)
    return say(words, f"compare.figure.{key}.alternative", what=what, year=str(year), runs="; ".join(parts))


def median_said(runs: Runs, words: Words, run: int, quantity: str, year: int) -> Spans:
    """Median and interval of a run, in words."""
    low, _, high = runs.levels
    ends: dict[str, Any] = {
        end: runs.number(run, f"summary/{quantity}", form_of(quantity), year=year, quantile=level)
        for end, level in zip(ENDS, runs.levels, strict=True)
    }
    part = _percent(high - low, words, 0)
    return words.spans("compare.text.median", name=runs.names[run], part=part, **ends)


def _percent(value: float, words: Words, digits: int = 1) -> str:
    return format_number(Number(value, "", "percent", digits), words.style)


def _driver_rows(runs: Runs, words: Words, output: str, partition: str) -> list[Row]:
    """Groups with the largest index in any run, each with its index in all of them."""
    tables = [tree["sensitivity"].dataset for tree in runs.trees]
    if not all(output in table["output"].values and str(table["scope"].sel(output=output).item()) == TOTAL
               for table in tables):  # fmt: skip
        return []
    picked = [
        table.sel(output=output).isel(group=np.flatnonzero(table["partition"].values == partition)) for table in tables
    ]
    shared = [label for label in picked[0]["label"].values if all(label in table["label"].values for table in picked)]
    places = [[list(table["label"].values).index(label) for label in shared] for table in picked]
    values = np.array([table["total_order"].values[place] for table, place in zip(picked, places, strict=True)])
    intervals = np.array([table["total_order_ci"].values[place] for table, place in zip(picked, places, strict=True)])
    largest = np.nan_to_num(values).max(axis=0, initial=0.0)
    said = group_names(runs.trees[0], words, partition, shared)
    return [
        {
            "name": said[str(shared[group])],
            "run": name,
            "value": plain(values[run, group]),
            "low": plain(intervals[run, group, 0]),
            "high": plain(intervals[run, group, 1]),
        }
        for group in np.argsort(-largest, kind="stable")[:LARGEST]
        if largest[group] > 0
        for run, name in enumerate(runs.names)
    ]  # fmt: skip


def _colour(names: list[str], first: int = 0, *, shown: bool = True) -> alt.Color:
    """Colours of the runs; the reference has the first in every figure."""
    import altair as alt

    scale = alt.Scale(domain=names, range=list(LINES[first : first + len(names)]))
    return alt.Color("run:N", scale=scale, legend=legend(min(len(names), 3)) if shown else None)


def _headline_chart(names: list[str], words: Words) -> Any:
    import altair as alt

    keep = chosen("quantity", "year")
    base = alt.Chart(alt.NamedData("runs")).transform_filter(keep)
    base = base.encode(y=alt.Y("run:N", sort=names, axis=names_axis()))
    printed = alt.Chart(alt.NamedData("ranges")).transform_filter(keep)
    low = alt.X("low:Q", title=None, scale=alt.Scale(zero=False))
    colour = _colour(names, shown=False)
    hover = [alt.Tooltip("run:N", title=words.text("compare.column.run"))]
    hover += [alt.Tooltip(f"{end}:Q", title=words.text(f"compare.column.{end}"), format=ONE) for end in ENDS]
    return alt.layer(
        printed.mark_rect(color=ORANGE, opacity=0.25).encode(x=low, x2="high:Q"),
        base.mark_rule(strokeWidth=7).encode(x=low, x2="high:Q", color=colour, tooltip=hover),
        base.mark_tick(color="white", thickness=2, height=7).encode(x="middle:Q"),
        base.mark_text(align="right", dx=-6).encode(x=low, text=alt.Text("low:Q", format=ONE)),
        base.mark_text(align="left", dx=6).encode(x="high:Q", text=alt.Text("high:Q", format=ONE)),
        base.mark_text(dy=-12).encode(x="middle:Q", text=alt.Text("middle:Q", format=ONE)),
    ).properties(height=alt.Step(44), title=unit_title(words))


def _fan_chart(names: list[str], words: Words) -> Any:
    """Beside each other in each year: bands of several runs would hide one another."""
    import altair as alt

    base = alt.Chart(alt.NamedData("lines")).transform_filter(chosen("quantity"))
    base = base.encode(
        x=alt.X("time:O", title=None, axis=alt.Axis(labelAngle=0)), xOffset=alt.XOffset("run:N", sort=names)
    )
    low = alt.Y("low:Q", title=None, scale=alt.Scale(zero=True))
    hover = [
        alt.Tooltip("run:N", title=words.text("compare.column.run")),
        alt.Tooltip("time:O", title=words.text("compare.column.year")),
        *(alt.Tooltip(f"{end}:Q", title=words.text(f"compare.column.{end}"), format=ONE) for end in ENDS),
    ]
    return alt.layer(
        base.mark_bar(width=7).encode(y=low, y2="high:Q", color=_colour(names), tooltip=hover),
        base.mark_tick(color="white", thickness=2, width=7).encode(y="middle:Q"),
        base.mark_text(dy=-7, fontSize=9).encode(y="high:Q", text=alt.Text("high:Q", format=".0f")),
        base.mark_text(dy=8, fontSize=9).encode(y=low, text=alt.Text("low:Q", format=".0f")),
    ).properties(height=280, title=unit_title(words))


def _driver_chart(names: list[str], words: Words) -> Any:
    import altair as alt

    base = alt.Chart(alt.NamedData("indices")).transform_filter(chosen("quantity", "year", "partition"))
    base = base.encode(y=alt.Y("name:N", sort=None, axis=names_axis()), yOffset=alt.YOffset("run:N", sort=names))
    value = alt.X("value:Q", title=words.text("compare.figure.drivers.axis"), axis=alt.Axis(format=".0%"))
    hover = [
        alt.Tooltip("name:N", title=words.text("compare.column.group")),
        alt.Tooltip("run:N", title=words.text("compare.column.run")),
        alt.Tooltip("value:Q", title=words.text("compare.figure.drivers.axis"), format=".2%"),
        alt.Tooltip("low:Q", title=words.text("compare.column.lower"), format=".2%"),
        alt.Tooltip("high:Q", title=words.text("compare.column.upper"), format=".2%"),
    ]
    return alt.layer(
        base.mark_bar().encode(x=value, color=_colour(names), tooltip=hover),
        base.mark_rule(color=INK, strokeWidth=1.5).encode(x=alt.X("low:Q"), x2="high:Q"),
        base.mark_text(align="left", dx=5, fontSize=10).encode(x=value, text=alt.Text("value:Q", format=".1%")),
    ).properties(height=alt.Step(13))


def _distribution_chart(names: list[str], words: Words) -> Any:
    import altair as alt

    base = alt.Chart(alt.NamedData("bins")).transform_filter(chosen("quantity", "year"))
    low = alt.X("low:Q", title=None, axis=alt.Axis(grid=False), scale=alt.Scale(nice=False))
    axis = alt.Axis(format=".0%")
    part = alt.Y("part:Q", title=words.text("compare.figure.distribution.axis"), axis=axis)
    hover = [
        alt.Tooltip("run:N", title=words.text("compare.column.run")),
        *(alt.Tooltip(f"{end}:Q", title=words.text(f"compare.column.{bound}"), format=",.2f")
          for end, bound in (("low", "from"), ("high", "to"))),
        alt.Tooltip("part:Q", title=words.text("compare.figure.distribution.axis"), format=".1%"),
    ]  # fmt: skip
    colour = _colour(names, first=1)
    zero = alt.Chart(alt.NamedData("bins")).transform_aggregate(count="count()")
    return alt.layer(
        base.mark_rect(opacity=0.55).encode(x=low, x2="high:Q", y=part, y2=alt.datum(0), color=colour, tooltip=hover),
        zero.mark_rule(color=INK, strokeDash=[4, 3]).encode(x=alt.datum(0)),
    ).properties(height=200, title=unit_title(words))
