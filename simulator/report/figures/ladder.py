"""The ladder: what each source of uncertainty does to the totals, beside the published range."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ..document import Figure
from ..words import Words
from .reading import capital, form_of, number, plain, quantities, say
from .style import (
    BLUE,
    COLUMN,
    DARK_ORANGE,
    INK,
    ONE,
    ORANGE,
    SKY,
    Row,
    chosen,
    legend,
    make_figure,
    names_axis,
    printed_range,
    unit_title,
)

if TYPE_CHECKING:
    import altair as alt
    import xarray as xr

PUBLISHED = "published"


def ladder(tree: xr.DataTree, words: Words) -> Figure | None:
    """Intervals of the totals with each source of uncertainty alone, and with all added up."""
    if "ladder" not in tree.children:
        return None
    table = tree["ladder"].to_dataset()
    rows = [
        row
        for quantity in quantities(table)
        for rung in range(table.sizes["rung"])
        for row in _rungs(table.isel(rung=rung), quantity, words)
    ]
    ranges = [row for row in rows if row["variant"] == PUBLISHED]
    simulated = [row for row in rows if row["variant"] != PUBLISHED]
    shown = list(dict.fromkeys(row["quantity"] for row in simulated))
    if not shown:
        return None
    data = {"rungs": simulated, "ranges": ranges}
    chart = _chart(words, both=any(row["variant"] == "independent" for row in simulated))
    return make_figure("ladder", chart, data, words, _alternative(table, shown[0], words), {"quantity": shown})


def _rungs(rung: xr.Dataset, quantity: str, words: Words) -> list[Row]:
    """A row for each variant that applies; the published range has a variant of its own."""
    kind, source = str(rung["kind"].item()), str(rung["source"].item())
    rows: list[Row] = []
    for variant in rung["variant"].values:
        one = rung.sel(variant=variant)
        low, middle, high = (plain(one[quantity].sel(quantile=level)) for level in (0.05, 0.5, 0.95))
        if low is None or high is None:
            continue  # the variant does not apply to this rung
        name = capital(words.text(f"figures.ladder.{kind}", source=words.label("assumption", source)))
        rows.append(
            {
                "quantity": quantity,
                "rung": name,
                "variant": PUBLISHED if kind == PUBLISHED else str(variant),
                "variant_said": words.label("figures.variant", str(variant)),
                "low": low,
                "middle": middle,
                "high": high,
                "probability": plain(one[f"{quantity}_probability"]),
            }
        )
    return rows


def _alternative(table: xr.Dataset, quantity: str, words: Words) -> str:
    form, sentences = form_of(quantity), []
    kinds = [str(kind) for kind in table["kind"].values]
    for kind in (PUBLISHED, "at once", "common", "independent"):
        variant = kind in ("common", "independent")  # of the last rung, where all is added up
        if not variant and kind not in kinds:
            continue
        where = -1 if variant else kinds.index(kind)
        one = table.isel(rung=where).sel(variant=kind if kind == "independent" else "common")
        low, high = (float(one[quantity].sel(quantile=level)) for level in (0.05, 0.95))
        if math.isfinite(low + high):
            digits = 0 if kind == PUBLISHED else 1
            key = f"figures.ladder.alternative_{kind.replace(' ', '_')}"
            sentences.append(say(words, key, low=number(low, form, digits), high=number(high, form, digits)))
    return " ".join([words.text("figures.ladder.alternative", what=words.label("quantity", quantity)), *sentences])


def _chart(words: Words, *, both: bool) -> alt.LayerChart:
    import altair as alt

    keep = chosen("quantity")
    variants = [words.label("figures.variant", name) for name in ("common", "independent")[: 2 if both else 1]]
    rung = alt.Y("rung:N", sort=None, axis=names_axis(), scale=alt.Scale(paddingInner=0.25))
    own = {"yOffset": alt.YOffset("variant_said:N", sort=variants, scale=alt.Scale(domain=variants))} if both else {}
    colour = alt.Color("variant_said:N", scale=alt.Scale(domain=variants, range=[BLUE, SKY]), legend=legend(2, 20))
    low = alt.X("low:Q", title=None, scale=alt.Scale(zero=False, nice=False, padding=12))
    base = alt.Chart(alt.NamedData("rungs")).transform_filter(keep).encode(y=rung, **own)
    printed = alt.Chart(alt.NamedData("ranges")).transform_filter(keep)
    hover = [
        alt.Tooltip(f"{name}:Q", title=words.text(f"figures.fan.{name}"), format=ONE)
        for name in ("low", "middle", "high")
    ]
    hover.append(alt.Tooltip("probability:Q", title=words.text("figures.ladder.probability"), format=".1%"))
    right, top = alt.value("width"), alt.value(-9)
    column = {"align": "right", "dx": COLUMN}
    return alt.layer(
        printed.mark_rect(color=ORANGE, opacity=0.25).encode(x=low, x2="high:Q"),
        printed.transform_calculate(said=printed_range(words), middle="(datum.low + datum.high) / 2")
        .mark_text(color=DARK_ORANGE)
        .encode(x="middle:Q", y=top, text="said:N"),
        printed.mark_text(text=words.text("figures.ladder.column"), **column).encode(x=right, y=top),
        base.mark_rule(strokeWidth=6).encode(x=low, x2="high:Q", color=colour, tooltip=hover),
        base.mark_tick(color=INK, thickness=2, height=8).encode(x="middle:Q", tooltip=hover),
        base.mark_text(**column).encode(x=right, text=alt.Text("probability:Q", format=".0%")),
    ).properties(height=alt.Step(12 if both else 20), title=unit_title(words))
