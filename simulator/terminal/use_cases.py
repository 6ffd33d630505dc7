"""The five use cases on the terminal: what is printed, what comes out, and what would have to hold."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    import xarray as xr

COLUMNS = ("use case", "printed", "phase-in", "report's way", "median", "5-95 %", "holds", "would need")


def use_cases_table(cases: xr.Dataset) -> RenderableType:
    """Two lines a case, without and with phase-in; below them the findings, the claimed shares, and a warning.

    Parameters
    ----------
    cases : xarray.Dataset
        As made by `simulator.use_cases.use_cases`.

    Returns
    -------
    rich renderable
        Fits 100 columns; empty where there are no cases.
    """
    if not cases.sizes["case"]:
        return Group()
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim")
    for name in COLUMNS:
        table.add_column(name, justify="left" if name in ("use case", "phase-in") else "right", no_wrap=True)
    for name in cases["case"].values:
        for cells in _rows(cases.sel(case=name)):
            table.add_row(*cells)
    said = (
        "Report's way: coefficients at the ends of their range, all else in its middle; ✓ meets both printed ends within "
        "their rounding. Median, 5-95 %, and how often the printed range holds: with a distribution on every quantity. "
        "Would need: value of the quantity named below that gives the middle of the printed range."
    )
    return Group(
        Text("\nThe five use cases, thousand FTE", style="bold"),
        table,
        Text(said, style="dim"),
        Text("\nWhat would have to hold", style="bold"),
        *_findings(cases),
        Text("\nPrinted shares of the affected employees", style="bold"),
        *_claims(cases),
        Text(f"\n{cases.attrs['warning']}", style="bold"),
    )


def _rows(case: xr.Dataset) -> Iterable[tuple[str, ...]]:
    # One place more than is printed.
    places = max(1 - math.floor(math.log10(2 * float(case["rounding"]))), 0)
    names = (str(case["case"].item()), f"  {case['case_en'].item()}")
    printed = (f"{float(case['published_low']):g}-{float(case['published_high']):g}", "")
    band = f"{100 * float(case['phase_in_low']):.3g}-{100 * float(case['phase_in_high']):.3g} %"
    for line, phase_in in enumerate(("without", band)):
        one = case.isel(phase_in=line)
        low, median, high = (f"{float(value):.{places}f}" for value in one["freed_fte"].values)
        way = f"{float(one['range_low']):.{places}f}-{float(one['range_high']):.{places}f}"
        needed = _value(float(one["solved_value"]), str(one["solved_unit"].item()))
        yield (
            names[line], printed[line], phase_in, f"{'✓ ' if one['hit'].item() == 'hit' else ''}{way}", median, f"{low}-{high}",
            f"{float(one['probability']):.0%}", needed,
        )  # fmt: skip


def _value(value: float, unit: str) -> str:
    return f"{100 * value:.3g} %" if unit == "fraction" else f"{value:.3g} {unit}"


def _findings(cases: xr.Dataset) -> Iterable[Text]:
    for name in cases["case"].values:
        finding, reading = (cases[key].sel(case=name).item() for key in ("finding", "range_reading"))
        yield Text.assemble((f"{name}: ", "cyan"), f"{finding}. Printed range: {reading}.")


def _claims(cases: xr.Dataset) -> Iterable[Text]:
    for name in cases["case"].values:
        case = cases.sel(case=name)
        if math.isnan(float(case["claimed_share_low"])):
            continue
        low, high, least, most = (
            f"{factor * float(case[key]):.3g}"
            for factor, key in ((100, "claimed_share_low"), (100, "claimed_share_high"),
                                (1, "base_needed_low"), (1, "base_needed_high"))
        )  # fmt: skip
        share = low if low == high else f"{low}-{high}"
        yield Text.assemble(
            (f"{name}: ", "cyan"),
            f"{share} % {case['claim'].item()}: it needs {least} to {most} thousand, and the case counts "
            f"{float(case['affected_fte']):.3g}.",
        )
