"""Figures of a model of the user's own: quantiles of the outputs, their drivers, and how the indices settled."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

import numpy as np

from ..document import Figure
from ..words import Words
from .drivers import driver_chart, index_rows
from .inputs import convergence_chart, convergence_words, settling
from .reading import number, phrase, plain
from .style import BLUE, INK, Row, chosen, make_figure

if TYPE_CHECKING:
    import altair as alt
    import xarray as xr

PARTITIONS = {"input": "sensitivity", "group": "group_sensitivity"}
_SAID = (0.05, 0.5, 0.95)  # quantiles with their numbers beside them
_NAMED = 3
_FIGURES = 4  # that a number of any size is shown with


def make_own_figures(tree: xr.DataTree, words: Words) -> dict[str, Figure]:
    """All figures that the results of a model of the user's own have numbers for, by key; the choice is the output.

    Parameters
    ----------
    tree : xarray.DataTree
        As made by `simulator.own_model.OwnModel.run`.
    words : Words

    Returns
    -------
    dict of str to Figure
    """
    made = (make(tree, words) for make in (_headline, _drivers, _convergence))
    return {figure.key: figure for figure in made if figure is not None}


def _headline(tree: xr.DataTree, words: Words) -> Figure | None:
    """Quantiles of each output that varies, as its cumulative distribution."""
    summary = tree["summary"].to_dataset()
    levels = [float(level) for level in summary["quantile"].values]
    rows: list[Row] = []
    for output in map(str, summary["output"].values):
        values = summary["value"].sel(output=output).values
        if len(levels) > 1 and np.isfinite(values).all() and values.max() > values.min():
            rows += [
                {"quantity": output, "level": level, "value": plain(value), "told": round(level, 9) in _SAID}
                for level, value in zip(levels, values, strict=True)
            ]
    if not rows:
        return None
    outputs = list(dict.fromkeys(row["quantity"] for row in rows))
    parts = [
        phrase(words, "figures.own_headline.named", level=number(row["level"], "percent", 0), value=number(
            row["value"], "plain", _decimals(row["value"])))
        for row in rows
        if row["quantity"] == outputs[0] and row["told"]
    ]  # fmt: skip
    said = phrase(words, "figures.own_headline.alternative", what=outputs[0], values="; ".join(parts))
    chart = _headline_chart(summary, words)
    choices = {"quantity": outputs}
    return make_figure("headline", chart, {"quantiles": rows}, words, said, choices, named="own_headline")


def _decimals(value: float) -> int:
    return max(_FIGURES - 1 - math.floor(math.log10(abs(value))), 0) if value else 0


def _drivers(tree: xr.DataTree, words: Words) -> Figure | None:
    """Indices of the inputs, and of the groups where there are any."""
    rows: list[Row] = []
    for partition, node in PARTITIONS.items():
        if node not in tree.children or "total_order" not in tree[node].data_vars:
            continue
        table = tree[node].to_dataset()
        named = {place: str(label) for place, label in enumerate(table[partition].values)}
        for output in map(str, table["output"].values):
            found = index_rows(table.sel(output=output), named, words)
            rows += [{"quantity": output, "partition": partition, **row} for row in found]
    if not rows:
        return None
    choices = {name: list(dict.fromkeys(row[name] for row in rows)) for name in ("quantity", "partition")}
    shown = [row for row in rows if all(row[name] == values[0] for name, values in choices.items())]
    parts = [
        phrase(words, "figures.ranked", name=row["name"], value=number(row["value"], "percent", 1))
        for row in shown
        if row["index"] == "total_order"
    ]
    said = phrase(
        words, "figures.own_drivers.alternative", what=choices["quantity"][0], largest=", ".join(parts[:_NAMED])
    )
    return make_figure(
        "drivers", driver_chart(words, choices), {"indices": rows}, words, said, choices, named="own_drivers"
    )


def _convergence(tree: xr.DataTree, words: Words) -> Figure | None:
    """Total-order indices of the inputs, and the widest interval, as the points grew."""
    if "convergence" not in tree.children or tree["convergence"].sizes.get("points", 0) < 2:
        return None
    table = tree["convergence"].to_dataset()
    named = {place: str(label) for place, label in enumerate(table["input"].values)}
    rows: list[Row] = []
    widths: list[Row] = []
    for output in map(str, table["output"].values):
        one = table.sel(output=output)
        rows += [{"quantity": output, **row} for row in settling(one, named)]
        pairs = zip(one["points"].values, one["widest_interval"].values, strict=True)
        widths += [{"quantity": output, "points": int(points), "width": plain(width)} for points, width in pairs]
    if not rows:
        return None
    choices = {"quantity": list(dict.fromkeys(row["quantity"] for row in rows))}
    said = convergence_words([row for row in rows if row["quantity"] == choices["quantity"][0]], words)
    chart = convergence_chart([int(points) for points in table["points"].values], words)
    return make_figure("convergence", chart, {"indices": rows, "widths": widths}, words, said, choices)


def _headline_chart(summary: xr.Dataset, words: Words) -> alt.LayerChart:
    import altair as alt

    units = dict(zip(map(str, summary["output"].values), map(str, summary["unit"].values), strict=True))
    titles = {name: f"{name}, {unit}" if unit not in ("", "1") else name for name, unit in units.items()}
    title = alt.ExprRef(f"({json.dumps(titles, ensure_ascii=False)})[quantity]")
    base = alt.Chart(alt.NamedData("quantiles")).transform_filter(chosen("quantity"))
    value = alt.X("value:Q", title=None, scale=alt.Scale(zero=False, padding=30))
    level = alt.Y("level:Q", title=None, scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format=".0%"))
    hover = [
        alt.Tooltip("level:Q", title=words.text("figures.probability"), format=".0~%"),
        alt.Tooltip("value:Q", title=words.text("figures.at_most"), format=",.4~r"),
    ]
    return alt.layer(
        base.mark_line(color=BLUE, strokeWidth=2).encode(x=value, y=level),
        base.mark_point(color=BLUE, filled=True, size=40, opacity=1).encode(x=value, y=level, tooltip=hover),
        base.transform_filter("datum.told")
        .mark_text(align="right", dx=-8, dy=-6, color=INK)
        .encode(x=value, y=level, text=alt.Text("value:Q", format=",.4~r")),
    ).properties(
        height=150, title=alt.TitleParams(text=title, orient="bottom", fontSize=11, fontWeight="normal", offset=6)
    )
