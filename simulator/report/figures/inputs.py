"""Single inputs and the course of the run: conditional means, and how the indices settled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from ..document import Figure
from ..words import Words
from .drivers import interval_hover
from .reading import form_of, input_names, number, phrase, plain, quantities, say
from .style import (
    BLUE,
    DASHES,
    INK,
    LARGEST,
    LINES,
    ONE,
    SKY,
    Row,
    chosen,
    legend,
    make_figure,
    names_axis,
    panel,
    unit_title,
)

if TYPE_CHECKING:
    import altair as alt
    import xarray as xr

_NAMED = 3
_FACTORS = "factor: "
_NAME_GAP = 0.07  # of the largest index: the height of a name
_PLOT = 400
_ENDS = ("conditional_low", "conditional_high")


def tornado(tree: xr.DataTree, words: Words) -> Figure | None:
    """Expected totals with one input at its 5 % and at its 95 % point, all others uncertain; the inputs that move most."""
    if "single_inputs" not in tree.children or not set(_ENDS) <= set(tree["single_inputs"].data_vars):
        return None
    table, summary = tree["single_inputs"].to_dataset(), tree["summary"].to_dataset()
    named = input_names(tree, words, table["input"].values)
    rows: list[Row] = []
    for quantity, year, output in _totals(table, summary):
        ends = np.stack([table[end].sel(output=output).values for end in _ENDS])
        moved = np.nan_to_num(np.abs(ends[1] - ends[0]))
        both = {"quantity": quantity, "year": year, "mean": plain(summary[f"{quantity}_mean"].sel(year=int(year)))}
        for place in np.argsort(-moved, kind="stable")[:LARGEST]:
            if moved[place] > 0:
                one = both | {"name": named[str(table["input"].values[place])]}
                rows += [
                    one | {"end": end, "end_said": words.text(f"figures.tornado.{end}"), "value": plain(value)}
                    for end, value in zip(_ENDS, ends[:, place], strict=True)
                ]
    if not rows:
        return None
    choices = {"quantity": list(dict.fromkeys(row["quantity"] for row in rows))}
    said = _tornado_words([row for row in rows if row["quantity"] == choices["quantity"][0]], words)
    return make_figure("tornado", _tornado_chart(words), {"ends": rows}, words, said, choices)


def _totals(table: xr.Dataset, summary: xr.Dataset) -> list[tuple[str, str, str]]:
    """Quantity, year and name of the totals of the last year that a table of indices has."""
    year = str(int(summary["year"].values.max()))
    named = [(quantity, year, f"{quantity} {year}") for quantity in quantities(summary)]
    return [one for one in named if one[2] in table["output"].values]


def _tornado_words(rows: list[Row], words: Words) -> str:
    quantity = rows[0]["quantity"]
    form = form_of(quantity)
    pairs = zip(rows[0::2], rows[1::2], strict=True)
    parts = (
        say(
            words,
            "figures.tornado.named",
            name=low["name"],
            low=number(low["value"], form),
            high=number(high["value"], form),
        )
        for low, high in list(pairs)[:_NAMED]
    )
    what = {"what": words.label("quantity", quantity), "year": rows[0]["year"], "largest": "; ".join(parts)}
    return say(words, "figures.tornado.alternative", mean=number(rows[0]["mean"], form), **what)


def _tornado_chart(words: Words) -> alt.LayerChart:
    import altair as alt

    ends = [words.text(f"figures.tornado.{end}") for end in _ENDS]
    base = alt.Chart(alt.NamedData("ends")).transform_filter(chosen("quantity"))
    base = base.encode(y=alt.Y("name:N", sort=None, axis=names_axis(280)))
    value = alt.X("value:Q", title=None, scale=alt.Scale(zero=False, padding=34))
    colour = alt.Color("end_said:N", scale=alt.Scale(domain=ends, range=[BLUE, SKY]), legend=legend(2))
    hover = [alt.Tooltip("name:N", title=words.text("figures.tornado.input"))]
    hover += [alt.Tooltip("end_said:N", title=words.text("figures.tornado.at"))]
    hover += [alt.Tooltip("value:Q", title=words.text("figures.value"), format=ONE)]
    numbers = [
        base.transform_filter(f"datum.value {sign} datum.mean")
        .mark_text(align=align, dx=dx, fontSize=10)
        .encode(x=value, text=alt.Text("value:Q", format=ONE))
        for sign, align, dx in (("<", "right", -4), (">=", "left", 4))
    ]
    return alt.layer(
        base.mark_bar(height={"band": 0.75}).encode(x=value, x2="mean:Q", color=colour, tooltip=hover),
        base.mark_rule(color=INK).encode(x="mean:Q", y=alt.value(0), y2=alt.value("height")),
        *numbers,
    ).properties(height=alt.Step(22), title=unit_title(words))


def convergence(tree: xr.DataTree, words: Words) -> Figure | None:
    """Total-order indices and the widest interval as the points grew."""
    if "convergence" not in tree.children:
        return None
    table = tree["convergence"].to_dataset()
    if not {"points", "output", "group"} <= set(table.dims) or table.sizes["points"] < 2:
        return None
    rows: list[Row] = []
    widths: list[Row] = []
    for quantity, _, output in _totals(table, tree["summary"].to_dataset()):
        one = table.sel(output=output)
        rows += [{"quantity": quantity, **row} for row in _settling(tree, one, words)]
        pairs = zip(one["points"].values, one["widest_interval"].values, strict=True)
        widths += [{"quantity": quantity, "points": int(points), "width": plain(width)} for points, width in pairs]
    if not rows:
        return None
    choices = {"quantity": list(dict.fromkeys(row["quantity"] for row in rows))}
    said = convergence_words([row for row in rows if row["quantity"] == choices["quantity"][0]], words)
    data = {"indices": rows, "widths": widths}
    return make_figure(
        "convergence",
        convergence_chart([int(points) for points in table["points"].values], words),
        data,
        words,
        said,
        choices,
    )


def _settling(tree: xr.DataTree, one: xr.Dataset, words: Words) -> list[Row]:
    """The factors with the largest total-order indices in the end, at all numbers of points."""
    factors = {
        place: str(group).removeprefix(_FACTORS)
        for place, group in enumerate(one["group"].values)
        if str(group).startswith(_FACTORS)
    }
    named = input_names(tree, words, factors.values())
    return settling(one, {place: named[label] for place, label in factors.items()})


def settling(one: xr.Dataset, named: Mapping[int, str]) -> list[Row]:
    """Those with the largest total-order indices in the end, at all numbers of points; of the places that have names."""
    total, ends = one["total_order"].values, one["total_order_ci"].values
    places = [place for place in named if np.isfinite(total[-1, place])]
    followed = sorted(places, key=lambda place: -total[-1, place])[: len(LINES)]
    beside = _apart(total[-1, followed])
    return [
        {"rank": rank, "name": named[place]}
        | {"points": int(points), "value": plain(total[at, place]), "beside": beside[rank]}
        | dict(zip(("low", "high"), map(plain, ends[at, place]), strict=True))
        for rank, place in enumerate(followed)
        for at, points in enumerate(one["points"].values)
    ]


def _apart(values: np.ndarray) -> list[float]:
    """Where names stand beside falling values, so that none lies on another."""
    gap = _NAME_GAP * float(values.max(initial=0.0))
    places: list[float] = []
    for value in values[::-1]:  # from below
        places.append(max(float(value), places[-1] + gap if places else -np.inf))
    return places[::-1]


def convergence_words(rows: list[Row], words: Words) -> str:
    """The largest indices in the end, in words."""
    points = sorted({row["points"] for row in rows})
    parts = [
        phrase(words, "figures.ranked", name=row["name"], value=number(row["value"], "percent", 1))
        for row in rows
        if row["points"] == points[-1]
    ][:_NAMED]
    ends = {"from": number(points[0], "plain", 0), "to": number(points[-1], "plain", 0)}
    return say(words, "figures.convergence.alternative", largest=", ".join(parts), **ends)


def convergence_chart(drawn: list[int], words: Words) -> alt.VConcatChart:
    """Indices above, and the widest interval below, at the numbers of points `drawn`."""
    import altair as alt

    keep, said = chosen("quantity"), words.text("figures.convergence.points")
    base = alt.Chart(alt.NamedData("indices")).transform_filter(keep)
    scale = alt.Scale(type="log", base=2, nice=False)
    axis = alt.Axis(format=",.0f", values=drawn, labelOverlap=True, grid=False, title=None)
    value = alt.Y("value:Q", title=None, axis=alt.Axis(format=".0%"))
    colour = alt.Color("rank:O", scale=alt.Scale(range=list(LINES)), legend=None)
    dash = alt.StrokeDash("rank:O", scale=alt.Scale(range=list(DASHES)), legend=None)
    end = base.transform_joinaggregate(last="max(points)").transform_filter("datum.points == datum.last")
    at = alt.Tooltip("points:Q", title=said, format=",.0f")
    hover = [alt.Tooltip("name:N", title=words.text("figures.drivers.group")), at, *interval_hover(words)]
    points = alt.X("points:Q", scale=scale, axis=axis)
    upper = alt.layer(
        base.mark_area(opacity=0.15).encode(x=points, y=alt.Y("low:Q"), y2="high:Q", color=colour),
        base.mark_line(strokeWidth=2).encode(x=points, y=value, color=colour, strokeDash=dash),
        base.mark_point(size=18, filled=True, opacity=1).encode(x=points, y=value, color=colour, tooltip=hover),
        end.mark_text(align="left", dx=8, limit=190).encode(x=points, y="beside:Q", text="name:N"),
    ).properties(width=_PLOT, height=240, title=panel(words.text("figures.index.total_order")))
    widest = words.text("figures.convergence.widest")
    hover = [at, alt.Tooltip("width:Q", title=widest, format=".3%")]
    log = alt.Y(
        "width:Q", title=None, scale=alt.Scale(type="log"), axis=alt.Axis(format=".2~%", tickCount=3, grid=False)
    )
    lower = alt.Chart(alt.NamedData("widths")).transform_filter(keep).transform_filter("datum.width > 0")
    lower = lower.mark_line(color=BLUE, point={"color": BLUE}).encode(
        x=alt.X("points:Q", scale=scale, axis=axis, title=said), y=log, tooltip=hover
    )
    return alt.vconcat(upper, lower.properties(width=_PLOT, height=90, title=panel(widest))).resolve_scale(x="shared")
