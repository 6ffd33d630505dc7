"""The distribution of the totals, with the published range laid over it."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ..document import Figure
from ..words import Words
from .reading import (
    PUBLISHED_YEAR,
    form_of,
    latest,
    number,
    plain,
    published,
    quantile_at,
    say,
    varies,
)
from .style import (
    BLUE,
    INK,
    ONE,
    ORANGE,
    PRINTED,
    SKY,
    Row,
    chosen,
    make_figure,
    names_axis,
    quoted,
    unit_title,
)

if TYPE_CHECKING:
    import altair as alt
    import xarray as xr

_INTERVAL = MappingProxyType({"low": 0.05, "middle": 0.5, "high": 0.95})
_BAND = MappingProxyType({"color": ORANGE, "fillOpacity": 0.25, "stroke": ORANGE, "strokeDash": [4, 3]})
_PLOT, _LOW = 500, 116  # pixels; beside it stand the names of the intervals
_DRAWN = "datum.cumulative > 0.0005 && datum.cumulative < 0.9995"  # the rest is too flat to be seen


@dataclass(frozen=True)
class _Distribution:
    """What both figures show, and what is told to someone who does not see them."""

    bins: list[Row]
    ranges: list[Row]
    choices: dict[str, list[str]]
    said: str

    @property
    def data(self) -> dict[str, list[Row]]:
        return {"bins": self.bins, "ranges": self.ranges}

    @property
    def printed(self) -> bool:
        """Whether there is a published range."""
        return any(row["printed"] for row in self.ranges)


def headline(tree: xr.DataTree, words: Words) -> Figure | None:
    """Density of a total, low enough for a first page, with its 90 % interval and the published range."""
    held = _distribution(tree, words)
    if held is None:
        return None
    named = "headline" if held.printed else "headline_alone"
    return make_figure("headline", _headline_chart(words), held.data, words, held.said, held.choices, named=named)


def cumulative(tree: xr.DataTree, words: Words) -> Figure | None:
    """Cumulative distribution of a total over its whole width, with the published range."""
    held = _distribution(tree, words)
    if held is None:
        return None
    named = "cumulative" if held.printed else "cumulative_alone"
    return make_figure("cumulative", _cumulative_chart(words), held.data, words, held.said, held.choices, named=named)


def _distribution(tree: xr.DataTree, words: Words) -> _Distribution | None:
    if "distribution" not in tree.children:
        return None
    table, summary = tree["distribution"].to_dataset(), tree["summary"].to_dataset()
    bins: list[Row] = []
    ranges: list[Row] = []
    for place in range(table.sizes["output"]):
        one = table.isel(output=place)
        quantity, year = str(one["quantity"].item()), int(one["year"].item())
        if varies(summary, quantity, year):
            both = {"quantity": quantity, "year": str(year)}
            bins += [both | row for row in _bins(one)]
            ranges += [both | row for row in _ranges(summary, quantity, year, words)]
    if not bins:
        return None
    choices = {
        "quantity": list(dict.fromkeys(row["quantity"] for row in bins)),
        "year": latest(row["year"] for row in bins),
    }
    said = _headline_words(summary, words, choices["quantity"][0], int(choices["year"][0]))
    return _Distribution(bins, ranges, choices, said)


def _bins(one: xr.Dataset) -> list[Row]:
    columns = (one[name].values for name in ("value", "width", "density", "cumulative"))
    return [
        {
            "low": plain(value - width / 2),
            "high": plain(value + width / 2),
            "density": plain(density),
            "cumulative": plain(cumulative),
        }
        for value, width, density, cumulative in zip(*columns, strict=True)
    ]


def _ranges(summary: xr.Dataset, quantity: str, year: int, words: Words) -> list[Row]:
    """The simulated interval and, in its year, the published range with the parts of the futures below, in and above."""
    ours = {name: plain(quantile_at(summary, quantity, year, level)) for name, level in _INTERVAL.items()}
    rows: list[Row] = [{"row": words.text("figures.range_simulated"), "printed": False, **ours}]
    limits = published(summary, quantity)
    if limits and year == PUBLISHED_YEAR:
        ends = {"low": plain(limits[0]), "high": plain(limits[1])}
        parts = dict(
            zip(("below", "inside", "above"), map(plain, summary[f"probability_{quantity}"].values), strict=True)
        )
        rows.append({"row": words.text("figures.range_published"), "printed": True, **ends, **parts})
    return rows


def _headline_words(summary: xr.Dataset, words: Words, quantity: str, year: int) -> str:
    form, what = form_of(quantity), words.label("quantity", quantity)
    ours = {name: number(quantile_at(summary, quantity, year, level), form) for name, level in _INTERVAL.items()}
    said = say(words, "figures.headline.alternative", what=what, year=str(year), **ours)
    limits = published(summary, quantity)
    if not limits or year != PUBLISHED_YEAR:
        return said
    below, inside, above = (number(part, "percent", 0) for part in summary[f"probability_{quantity}"].values)
    ends = {"from": number(limits[0], form, 0), "to": number(limits[1], form, 0)}
    compared = say(words, "figures.headline.compared", below=below, inside=inside, above=above, **ends)
    return f"{said} {compared}"


def _headline_chart(words: Words) -> alt.VConcatChart:
    import altair as alt

    keep = chosen("quantity", "year")
    bins = alt.Chart(alt.NamedData("bins")).transform_filter(keep).transform_filter(_DRAWN)
    printed = _printed(keep)
    scale = alt.Scale(zero=False, nice=False)
    bare = alt.X("low:Q", title=None, scale=scale, axis=alt.Axis(labels=False, ticks=False, domain=False))
    low = alt.X("low:Q", title=None, scale=scale)
    quiet = alt.Axis(labels=False, ticks=False, domain=False, grid=False)
    height = alt.Y("density:Q", title=words.text("figures.headline.density"), axis=quiet)
    density = alt.layer(
        bins.mark_rect(color=SKY, stroke=SKY, strokeWidth=0.5).encode(
            x=low, x2="high:Q", y=height, y2=alt.datum(0), tooltip=_hover(words)
        ),
        printed.mark_rect(**_BAND).encode(x=low, x2="high:Q"),
        *_shares(printed, low, words),
    )
    return alt.vconcat(
        _intervals(keep, bare).properties(width=_PLOT, height=50),
        density.properties(width=_PLOT, height=_LOW),
        spacing=12,
        title=unit_title(words),
    ).resolve_scale(x="shared")


def _cumulative_chart(words: Words) -> alt.LayerChart:
    import altair as alt

    keep = chosen("quantity", "year")
    bins = alt.Chart(alt.NamedData("bins")).transform_filter(keep)
    low = alt.X("low:Q", title=None, scale=alt.Scale(zero=False, nice=False))
    risen = alt.Axis(title=None, format=".0%", values=[0, 0.25, 0.5, 0.75, 1])
    return alt.layer(
        _printed(keep).mark_rect(**_BAND).encode(x=low, x2="high:Q"),
        bins.mark_line(color=BLUE, strokeWidth=2).encode(
            x=alt.X("high:Q", title=None), y=alt.Y("cumulative:Q", axis=risen), tooltip=_hover(words)
        ),
    ).properties(height=200, title=unit_title(words))


def _printed(keep: str) -> alt.Chart:
    """The published ranges."""
    import altair as alt

    return alt.Chart(alt.NamedData("ranges")).transform_filter(keep).transform_filter("datum.printed")


def _hover(words: Words) -> list[alt.Tooltip]:
    """The upper end of a bin, and the probability of no more."""
    import altair as alt

    return [
        alt.Tooltip("high:Q", title=words.text("figures.at_most"), format=ONE),
        alt.Tooltip("cumulative:Q", title=words.text("figures.probability"), format=".1%"),
    ]


def _intervals(keep: str, low: alt.X) -> alt.LayerChart:
    """The simulated interval above the published range, with their ends in numbers."""
    import altair as alt

    row = alt.Y("row:N", sort=None, axis=names_axis(130))
    colour = alt.condition("datum.printed", alt.value(ORANGE), alt.value(BLUE))
    digits = f"datum.printed ? '{PRINTED}' : '{ONE}'"
    said = {
        f"{name}_said": f"isValid(datum.{name}) ? format(datum.{name}, {digits}) : ''"
        for name in ("low", "middle", "high")
    }
    base = alt.Chart(alt.NamedData("ranges")).transform_filter(keep).transform_calculate(**said).encode(y=row)
    return alt.layer(
        base.mark_rule(strokeWidth=7).encode(x=low, x2="high:Q", color=colour),
        base.mark_tick(color="white", thickness=2, height=7)
        .transform_filter("isValid(datum.middle)")
        .encode(x="middle:Q"),
        base.mark_text(align="right", dx=-6).encode(x=low, text="low_said:N"),
        base.mark_text(align="left", dx=6).encode(x="high:Q", text="high_said:N"),
        base.mark_text(dy=-10).transform_filter("isValid(datum.middle)").encode(x="middle:Q", text="middle_said:N"),
    )


def _shares(printed: alt.Chart, x: alt.X, words: Words) -> list[alt.Chart]:
    """The parts of the futures below, in and above the published range, over the density."""
    import altair as alt

    marks: tuple[tuple[str, str, int, dict[str, Any]], ...] = (
        ("below", "datum.low", 8, {"align": "right", "dx": -6}),
        ("inside", "(datum.low + datum.high) / 2", -8, {"align": "center", "fontWeight": "bold"}),
        ("above", "datum.high", 8, {"align": "left", "dx": 6}),
    )
    return [
        printed.transform_calculate(
            low=at, said=f"format(datum.{part}, '.0%') + ' ' + {quoted(words.text(f'figures.headline.{part}'))}"
        )
        .transform_filter(f"isValid(datum.{part})")
        .mark_text(color=INK, **look)
        .encode(x=x, y=alt.value(top), text="said:N")
        for part, at, top, look in marks
    ]
