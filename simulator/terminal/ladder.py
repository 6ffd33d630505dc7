"""The ladder on the terminal: all intervals on one scale, and what they say in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from .units import Unit, printed, shown, unit_of

if TYPE_CHECKING:
    import xarray as xr

QUANTITY = "freed_fte"
BAR_WIDTH = 26
HEADINGS = {"alone": "Each source alone", "added": "Sources added up"}
COLUMNS = {"common": "as configured", "independent": "independent"}


def ladder_table(ladder: xr.Dataset) -> RenderableType:
    """What each source of uncertainty does to freed FTE in 2040, beside the published range.

    Parameters
    ----------
    ladder : xarray.Dataset
        As made by `simulator.ladder.ladder`.

    Returns
    -------
    rich renderable
        Of 80 columns at most: a line for each rung with its 90 % interval and the probability of the published range, with
        common causes as configured and with every category on its own, and a bar; below, `ladder_sentence`.
    """
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="dim")
    unit = _unit(ladder)
    table.add_column(unit.name, no_wrap=True)
    table.add_column(COLUMNS["common"], justify="right", no_wrap=True)
    table.add_column("", no_wrap=True, min_width=BAR_WIDTH)
    table.add_column(COLUMNS["independent"], justify="right", no_wrap=True)
    before = ""
    for place, kind in enumerate(ladder["kind"].values):
        if kind != before and kind in HEADINGS:
            table.add_row(Text(HEADINGS[kind], style="dim"))
        rung, before = ladder.isel(rung=place), kind
        cells = (_cell(rung.sel(variant=variant), unit) for variant in COLUMNS)
        table.add_row(Text(_label(rung)), next(cells), _bar(place, ladder), next(cells))
    held, mark = (" and probability of the published range", ", ░ published") if _published(ladder) else ("", "")
    legend = f"90 % interval{held}; bars as configured: ━ interval, ┃ median{mark}"
    return Group(table, Text(legend, style="dim"), Text(f"\n{ladder_sentence(ladder)}"))


def ladder_sentence(ladder: xr.Dataset) -> str:
    """The ladder in words.

    Parameters
    ----------
    ladder : xarray.Dataset
        As made by `simulator.ladder.ladder`.

    Returns
    -------
    str
        One sentence that holds whatever the numbers are.
    """
    kinds, unit, parts = list(ladder["kind"].values), _unit(ladder), list[str]()
    for place in _published(ladder):
        interval = _interval(ladder.isel(rung=place, variant=0), unit)
        parts = [f"the report prints {interval} {unit.name}" if interval else "the report prints no range"]
    if "at once" in kinds:
        at_once = _interval(ladder.isel(rung=kinds.index("at once"), variant=0), unit)
        parts += [f"the phase-in alone, moved for all categories at once, gives {at_once}"] if at_once else []
    if "added" not in kinds:
        return _sentence([*parts, "no source is uncertain"])
    for said, variant in (("all sources together give", 0), ("with every category on its own they give", 1)):
        last = ladder.isel(rung=-1, variant=variant)
        parts += [f"{said} {_interval(last, unit)}{_beside_published(last)}"] if _interval(last, unit) else []
    return _sentence(parts)


def _sentence(parts: list[str]) -> str:
    text = "; ".join(parts)
    return f"{text[:1].upper()}{text[1:]}."


def _unit(ladder: xr.Dataset) -> Unit:
    values = ladder[QUANTITY].values
    return unit_of(QUANTITY, float(values[np.isfinite(values)].max(initial=0.0)))


def _published(ladder: xr.Dataset) -> list[int]:
    """The rung of the published range, if there is one."""
    return np.flatnonzero(ladder["kind"].values == "published").tolist()


def _interval(rung: xr.Dataset, unit: Unit) -> str:
    """The 90 % interval in one variant; empty where there is none."""
    low, high = (float(rung[QUANTITY].sel(quantile=level)) for level in (0.05, 0.95))
    if not np.isfinite(low + high):
        return ""
    return printed(low, high, unit) if rung["kind"] == "published" else f"{shown(low, unit)}-{shown(high, unit)}"


def _beside_published(rung: xr.Dataset) -> str:
    width, probability = (float(rung[f"{QUANTITY}_{name}"]) for name in ("width", "probability"))
    if not np.isfinite(width + probability):
        return ""
    return f", {width:.1f} times the printed width, and the printed range holds in {probability:.0%} of futures"


def _label(rung: xr.Dataset) -> str:
    """The name of a rung below its heading."""
    return str(rung["source" if rung["kind"] == "alone" else "rung"].item())


def _cell(rung: xr.Dataset, unit: Unit) -> Text:
    """The 90 % interval, and the probability of the published range in a column of its own."""
    probability = float(rung[f"{QUANTITY}_probability"])
    said = f"{probability:.0%}" if np.isfinite(probability) else ""
    interval = _interval(rung, unit)
    return Text(f"{interval} {said:>4}" if interval else "")


def _bar(place: int, ladder: xr.Dataset) -> Text:
    """The interval of a rung as configured, over the published range, on the scale of all rungs."""
    values = ladder[QUANTITY]
    known = values.values[np.isfinite(values.values)]
    low, span = (known.min(), max(np.ptp(known), 1e-12)) if known.size else (0.0, 1.0)
    cells = [" "] * BAR_WIDTH
    for rung, mark in (*((published, "░") for published in _published(ladder)), (place, "━")):
        ends = values.isel(rung=rung, variant=0).values
        if np.isfinite(ends[[0, -1]]).all():
            first, middle, last = np.rint(np.nan_to_num((ends - low) / span) * (BAR_WIDTH - 1)).astype(int)
            cells[first : last + 1] = [mark] * (last + 1 - first)
            if np.isfinite(ends[1]):
                cells[middle] = "┃"
    return Text("".join(cells), style="cyan")
