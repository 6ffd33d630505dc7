"""The totals over the years."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..document import Figure
from ..words import Words
from .reading import PUBLISHED_YEAR, form_of, number, plain, published, quantile_at, quantities, say, varies
from .style import (
    BANDS,
    DARK_ORANGE,
    INK,
    ONE,
    ORANGE,
    Row,
    chosen,
    legend,
    make_figure,
    printed_range,
    quoted,
    unit_title,
)

if TYPE_CHECKING:
    import altair as alt
    import xarray as xr

_LOWER = (0.01, 0.05, 0.1, 0.25)  # ends of the intervals, the widest first
_NAMED = {"low": 0.05, "middle": 0.5, "high": 0.95}


def fan(tree: xr.DataTree, words: Words) -> Figure | None:
    """Intervals of the totals around their medians, by year; None with one year."""
    summary = tree["summary"].to_dataset()
    years = [int(year) for year in summary["year"].values]
    levels = {round(float(level), 6) for level in summary["quantile"].values}
    lower = [low for low in _LOWER if {low, round(1 - low, 6)} <= levels]
    shown = [quantity for quantity in quantities(summary) if any(varies(summary, quantity, year) for year in years)]
    if len(years) < 2 or not shown:
        return None
    bands: list[Row] = []
    lines: list[Row] = []
    ranges: list[Row] = []
    for quantity in shown:
        for year in years:
            at = {"quantity": quantity, "time": year}
            for low in lower:
                ends = {name: plain(quantile_at(summary, quantity, year, level))
                        for name, level in (("low", low), ("high", 1 - low))}  # fmt: skip
                bands.append(at | {"band": _band(low, words), **ends})
            lines.append(
                at | {name: plain(quantile_at(summary, quantity, year, level)) for name, level in _NAMED.items()}
            )
        limits = published(summary, quantity)
        if limits:
            ranges.append(
                {"quantity": quantity, "time": PUBLISHED_YEAR, "low": plain(limits[0]), "high": plain(limits[1])}
            )
    data = {"bands": bands, "lines": lines, "ranges": ranges}
    chart = _chart([_band(low, words) for low in lower], years, words)
    return make_figure("fan", chart, data, words, _alternative(summary, shown[0], years, words), {"quantity": shown})


def _band(low: float, words: Words) -> str:
    """Name of the interval from a quantile to its counterpart."""
    return say(words, "figures.fan.band", part=number(1 - 2 * low, "percent", 0))


def _alternative(summary: xr.Dataset, quantity: str, years: list[int], words: Words) -> str:
    form = form_of(quantity)
    first = number(quantile_at(summary, quantity, years[0], 0.5), form)
    last = {name: number(quantile_at(summary, quantity, years[-1], level), form) for name, level in _NAMED.items()}
    what = {"what": words.label("quantity", quantity), "from": str(years[0]), "to": str(years[-1])}
    return say(words, "figures.fan.alternative", first=first, **what, **last)


def _chart(bands: list[str], years: list[int], words: Words) -> alt.LayerChart:
    import altair as alt

    keep = chosen("quantity")
    time = alt.X("time:Q", title=None, axis=alt.Axis(format="d", values=years, grid=False), scale=alt.Scale(nice=False))
    value = alt.Y("low:Q", title=None, scale=alt.Scale(zero=True))
    colours = alt.Scale(domain=bands, range=list(BANDS[-len(bands) :]))
    areas = [
        alt.Chart(alt.NamedData("bands"))
        .transform_filter(keep)
        .transform_filter(alt.datum.band == band)
        .mark_area()
        .encode(x=time, y=value, y2="high:Q", color=alt.Color("band:N", scale=colours, legend=legend(len(bands))))
        for band in bands
    ]
    lines = alt.Chart(alt.NamedData("lines")).transform_filter(keep)
    hover = [alt.Tooltip("time:Q", title=words.text("figures.year"), format="d")]
    hover += [alt.Tooltip(f"{name}:Q", title=words.text(f"figures.fan.{name}"), format=ONE) for name in _NAMED]
    end = lines.transform_filter(f"datum.time == {years[-1]}")
    said = [
        end.transform_calculate(
            said=f"{quoted(words.text(f'figures.fan.{name}'))} + ' ' + format(datum.{name}, '{ONE}')"
        )
        .mark_text(align="left", dx=16, baseline=baseline)
        .encode(x=time, y=f"{name}:Q", text="said:N")
        for name, baseline in (("low", "top"), ("middle", "middle"), ("high", "bottom"))
    ]
    printed = alt.Chart(alt.NamedData("ranges")).transform_filter(keep)
    beside = {"x": time, "y": value}
    return alt.layer(
        *areas,
        lines.mark_line(color=INK, strokeWidth=2).encode(x=time, y="middle:Q"),
        lines.mark_point(color=INK, filled=True, size=40, opacity=1).encode(x=time, y="middle:Q", tooltip=hover),
        printed.mark_rule(color=ORANGE, strokeWidth=6, xOffset=8).encode(**beside, y2="high:Q"),
        printed.mark_rule(color=ORANGE, strokeDash=[2, 3], xOffset=8).encode(x=time, y=value, y2=alt.datum(0)),
        printed.transform_calculate(said=printed_range(words))
        .mark_text(align="right", dx=3, dy=-10, color=DARK_ORANGE)
        .encode(x=time, y=alt.value("height"), text="said:N"),
        *said,
    ).properties(height=300, title=unit_title(words, orient="top"))
