"""What is freed of each category in each area."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..document import Figure
from ..words import Words
from .reading import (
    form_of,
    latest,
    names,
    number,
    plain,
    quantities,
    say,
)
from .style import (
    INK,
    LETTER,
    ONE,
    Row,
    chosen,
    make_figure,
    names_axis,
    unit_title,
)

if TYPE_CHECKING:
    import altair as alt
    import xarray as xr

_SMALL = 0.05  # below it, one decimal shows nothing
_ENDS = {"low": 0.05, "middle": 0.5, "high": 0.95}


def heatmap(tree: xr.DataTree, words: Words) -> Figure | None:
    """Medians of what is freed of each category in each area."""
    if "cells" not in tree.children or not tree["cells"].sizes["area"]:
        return None
    table, shown = tree["cells"].to_dataset(), list[Row]()
    areas, categories = (list(names(tree, words, dim, table[dim].values).values()) for dim in ("area", "category"))
    for quantity in quantities(table):
        for year in table["year"].values:
            ends = {name: table[quantity].sel(year=year, quantile=level).values for name, level in _ENDS.items()}
            both = {"quantity": quantity, "year": str(int(year))}
            shown += [
                both
                | {"area": areas[area], "category": categories[category]}
                | {name: plain(values[area, category]) for name, values in ends.items()}
                for area, category in np.argwhere(ends["middle"] > 0)
            ]
    if not shown:
        return None
    choices = {
        "quantity": list(dict.fromkeys(row["quantity"] for row in shown)),
        "year": latest(row["year"] for row in shown),
    }
    first = [row for row in shown if row["quantity"] == choices["quantity"][0] and row["year"] == choices["year"][0]]
    largest = sorted(first, key=lambda row: -row["middle"])[:3]
    parts = (
        say(words, "figures.heatmap.named", category=row["category"], area=row["area"],
            value=number(row["middle"], form_of(row["quantity"])))
        for row in largest
    )  # fmt: skip
    what = words.label("quantity", choices["quantity"][0])
    said = say(words, "figures.heatmap.alternative", what=what, year=choices["year"][0], largest="; ".join(parts))
    orders = (_by_size(first, "area"), _by_size(first, "category"))
    return make_figure("heatmap", _heatmap_chart(*orders, words), {"cells": shown}, words, said, choices)


def _by_size(rows: list[Row], name: str) -> list[str]:
    """Names in the order of the sums of their medians."""
    sums: dict[str, float] = {}
    for row in rows:
        sums[row[name]] = sums.get(row[name], 0.0) + row["middle"]
    return sorted(sums, key=lambda one: -sums[one])


def _heatmap_chart(areas: list[str], categories: list[str], words: Words) -> alt.LayerChart:
    import altair as alt

    beyond = 5 + LETTER * len(areas[-1][:30]) // 2  # where the last slanted name ends
    across = alt.Axis(title=None, orient="top", labelAngle=-60, labelLimit=190, ticks=False, domain=False)
    base = (
        alt.Chart(alt.NamedData("cells"))
        .transform_filter(chosen("quantity", "year"))
        .transform_joinaggregate(largest="max(middle)")
        .encode(
            x=alt.X("area:N", sort=areas, axis=across),
            y=alt.Y("category:N", sort=categories, axis=names_axis()),
        )
    )
    hover = [alt.Tooltip(f"{name}:N", title=words.text(f"figures.heatmap.{name}")) for name in ("category", "area")]
    hover += [alt.Tooltip(f"{name}:Q", title=words.text(f"figures.fan.{name}"), format=",.2f") for name in _ENDS]
    shade = alt.Color("middle:Q", scale=alt.Scale(range=["#f2f7fb", "#08306b"]), legend=None)
    ink = alt.condition("datum.middle > 0.45 * datum.largest", alt.value("white"), alt.value(INK))
    return alt.layer(
        base.mark_rect(stroke="white").encode(color=shade, tooltip=hover),
        base.transform_filter(f"datum.middle >= {_SMALL}")
        .mark_text(fontSize=10)
        .encode(text=alt.Text("middle:Q", format=ONE), color=ink),
    ).properties(
        height=alt.Step(19), title=unit_title(words), padding={"left": 5, "top": 5, "bottom": 5, "right": beyond}
    )
