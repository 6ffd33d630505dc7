"""Two intervals for each name: published against simulated, and what demography asks for against what is freed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ..document import Figure
from ..words import Words
from .reading import PUBLISHED_YEAR, latest, names, number, plain, quantities, say
from .style import (
    BLUE,
    COLUMN,
    INK,
    ONE,
    ORANGE,
    PRINTED,
    WIDE_COLUMN,
    Row,
    below,
    chosen,
    legend,
    make_figure,
    names_axis,
    unit_title,
)

if TYPE_CHECKING:
    import altair as alt
    import xarray as xr

_ENDS = {"low": 0.05, "middle": 0.5, "high": 0.95}
_PLOT = 372  # pixels; beside it stand the names and a column of probabilities
_COLUMNS = {"published": ("inside",), "demand": ("share", "probability")}  # beside the intervals


def compared(tree: xr.DataTree, words: Words) -> Figure | None:
    """Published and simulated ranges of the total and of every area."""
    import altair as alt

    summary = tree["summary"].to_dataset()
    if not any(f"published_{quantity}" in summary for quantity in quantities(summary)):
        return None
    year = summary.sel(year=PUBLISHED_YEAR)
    totals: list[Row] = []
    rows: list[Row] = []
    for quantity in quantities(summary):
        if f"published_{quantity}" in summary:
            totals += _beside(year, quantity, words.text("figures.all"), quantity, words)
        by_area = f"{quantity}_by_area"
        if f"published_{by_area}" in summary:
            areas = names(tree, words, "area", summary["area"].values)
            middle = year[by_area].sel(quantile=0.5, method="nearest")
            for area in middle["area"].values[np.argsort(-middle.values)]:
                rows += _beside(year.sel(area=area), quantity, areas[str(area)], by_area, words)
    if not totals and not rows:
        return None
    shown = list(dict.fromkeys(row["quantity"] for row in [*totals, *rows]))
    first = [row for row in [*totals, *rows] if row["quantity"] == shown[0] and row["which"] == "simulated"]
    parts = (
        say(words, "figures.published.named", name=row["name"], inside=number(row["inside"], "percent", 0))
        for row in first
    )
    what = {"what": words.label("quantity", shown[0]), "year": str(PUBLISHED_YEAR), "rows": "; ".join(parts)}
    said = say(words, "figures.published.alternative", **what)
    data = {name: part for name, part in (("total", totals), ("areas", rows)) if part}
    panels = [_pairs(name, chosen("quantity"), ("published", "simulated"), "published", words) for name in data]
    chart = alt.vconcat(*(one.properties(width=_PLOT) for one in panels), spacing=14, title=unit_title(words))
    return make_figure("published", chart, data, words, said, {"quantity": shown})


def _beside(year: xr.Dataset, quantity: str, name: str, output: str, words: Words) -> list[Row]:
    """Two rows, published and simulated; none where nothing is published."""
    low, high = (float(end) for end in year[f"published_{output}"].values)
    if not math.isfinite(low + high):
        return []
    inside = plain(year[f"probability_{output}"].sel(position="in"))
    ours = {end: plain(year[output].sel(quantile=level, method="nearest")) for end, level in _ENDS.items()}
    both = {"quantity": quantity, "name": name, "inside": inside}
    ends = {"published": {"low": plain(low), "high": plain(high)}, "simulated": ours}
    return [
        both | {"which": which, "which_said": words.text(f"figures.published.{which}"), **parts}
        for which, parts in ends.items()
    ]


def demand(tree: xr.DataTree, words: Words) -> Figure | None:
    """Growth of need by demography, and what is freed, in health and elder care."""
    if "demand" not in tree.children or not tree["demand"].sizes["area"]:
        return None
    table = tree["demand"].to_dataset()
    areas = names(tree, words, "area", table["area"].values)
    areas |= {area: words.text(f"focus_area.{area}") for area in areas if words.has(f"focus_area.{area}")}
    rows: list[Row] = []
    for year in table["year"].values:
        for area in table["area"].values:
            one = table.sel(area=area, year=year)
            both: Row = {"year": str(int(year)), "name": areas[str(area)]}
            both |= {"probability": plain(one["probability"]), "share": plain(one["share"].sel(quantile=0.5))}
            for which in ("need", "freed"):
                ends = {end: plain(one[which].sel(quantile=level)) for end, level in _ENDS.items()}
                rows.append(both | {"which": which, "which_said": words.text(f"figures.demand.{which}"), **ends})
    choices = {"year": latest(row["year"] for row in rows)}
    first = [row for row in rows if row["year"] == choices["year"][0]]
    parts = (_covered(*pair, words) for pair in zip(first[0::2], first[1::2], strict=True))
    said = say(words, "figures.demand.alternative", year=choices["year"][0], areas=" ".join(parts))
    chart = _pairs("rows", chosen("year"), ("need", "freed"), "demand", words)
    chart = chart.properties(title=below(words.text("figures.unit.freed_fte")))
    return make_figure("demand", chart, {"rows": rows}, words, said, choices)


def _covered(need: Row, freed: Row, words: Words) -> str:
    """What is needed and freed in an area in words."""
    fte = {name: number(row["middle"], "thousand_fte") for name, row in (("need", need), ("freed", freed))}
    share = number(math.nan if freed["share"] is None else freed["share"], "percent", 0)
    chance = number(freed["probability"], "percent", 0)
    return say(words, "figures.demand.named", name=need["name"], share=share, probability=chance, **fte)


def _pairs(name: str, keep: str, which: tuple[str, str], key: str, words: Words) -> alt.LayerChart:
    """Two intervals with their numbers for each name, and a column of numbers at the right."""
    import altair as alt

    said = [words.text(f"figures.{key}.{one}") for one in which]
    colours = alt.Scale(domain=said, range=[ORANGE, BLUE])
    base = alt.Chart(alt.NamedData(name)).transform_filter(keep)
    base = base.encode(
        y=alt.Y("name:N", sort=None, axis=names_axis(200), scale=alt.Scale(paddingInner=0.2)),
        yOffset=alt.YOffset("which_said:N", sort=said, scale=alt.Scale(domain=said)),
    )
    low = alt.X("low:Q", title=None, scale=alt.Scale(zero=False, nice=False, padding=30))
    digits = f"datum.which == 'published' ? '{PRINTED}' : '{ONE}'"
    ends = {f"{end}_said": f"format(datum.{end}, {digits})" for end in ("low", "high")}
    hover = [alt.Tooltip("name:N", title=words.text("figures.name")), alt.Tooltip("which_said:N", title=" ")]
    hover += [alt.Tooltip(f"{end}:Q", title=words.text(f"figures.fan.{end}"), format=ONE) for end in _ENDS]
    hover += [alt.Tooltip(f"{one}:Q", title=words.text(f"figures.{key}.{one}"), format=".1%") for one in _COLUMNS[key]]
    last = base.transform_filter(alt.datum.which == which[1])
    columns = []
    for place, column in enumerate(_COLUMNS[key]):
        look = {"align": "right", "dx": COLUMN + place * WIDE_COLUMN}
        heading = alt.Chart(alt.NamedData(name)).transform_aggregate(rows="count()")
        heading = heading.mark_text(text=words.text(f"figures.{key}.{column}_column"), **look)
        shown = last.mark_text(**look).encode(x=alt.value("width"), text=alt.Text(f"{column}:Q", format=".0%"))
        columns += [shown, heading.encode(x=alt.value("width"), y=alt.value(-9))]
    colour = alt.Color("which_said:N", scale=colours, legend=legend(2, 18))
    numbered = base.transform_calculate(**ends)
    return alt.layer(
        base.mark_rule(strokeWidth=6).encode(x=low, x2="high:Q", color=colour, tooltip=hover),
        base.mark_tick(color=INK, thickness=2, height=8).encode(x="middle:Q"),
        numbered.mark_text(align="right", dx=-5, fontSize=10).encode(x=low, text="low_said:N"),
        numbered.mark_text(align="left", dx=5, fontSize=10).encode(x="high:Q", text="high_said:N"),
        *columns,
    ).properties(height=alt.Step(13))
