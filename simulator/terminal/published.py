"""The printed numbers beside ours on the terminal, from the table alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    import xarray as xr

_Row = dict[str, Any]

TITLES = {
    "3.3": "potential by area, 2040",
    "3.4": "potential by level of government, 2040",
    "4.1": "potential by focus area, 2040",
    "4.1.3": "potential in health and elder care, 2040",
    "4.2.1": "potential in children, schools and education, 2040",
    "4.3.2": "potential in administration, 2040",
    "7.1": "workforce by level of government, 2023",
    "7.2": "workforce by area, 2023",
    "7.3": "workforce by job category, 2023",
    "7.4": "positions without potential, 2023",
    "7.7": "change by area, 2023 to 2040",
}
QUANTITIES = {
    "freed_fte": "freed, thousand FTE",
    "freed_wage": "freed, bn DKK",
    "freed_fte_share": "freed, of FTE",
    "freed_wage_share": "freed, of wages",
    "fte_2023": "thousand FTE",
    "wage_bill_2023": "bn DKK",
    "fte_share": "of FTE",
    "wage_share": "of wages",
    "fte_share_2040": "of FTE in 2040",
    "need_fte": "change, thousand FTE",
    "fte_change": "change, thousand FTE",
    "percent_change": "change",
}
GROUPS = {"potentials": "potentials", "workforce": "the workforce", "growth": "growth", "claims": "claims of the text"}
READING = (
    "Ours: the phase-in of all categories 5 points down and 5 points up, every other input in the middle. It hits where "
    "the report would print it so. P: probability of what is printed, every input uncertain."
)
_COLUMNS = (  # the same in all figures
    ("", "left", 39), ("", "left", 20), ("printed", "right", 8), ("ours", "right", 11), ("", "left", 4), ("P", "right", 4),
)  # fmt: skip


def published_summary(table: xr.Dataset, written: str) -> RenderableType:
    """All printed numbers by figure, the misses with amount and reason, and the counts.

    Parameters
    ----------
    table : xarray.Dataset
        As made by `simulator.published.published_table`.
    written : str
        The file of the table.

    Returns
    -------
    rich renderable
        100 columns wide.
    """
    if not table.sizes["number"]:
        return Text("The folder of the tables holds no printed numbers.")
    columns = {str(name): variable.values for name, variable in table.data_vars.items()}
    rows = [{name: values[place] for name, values in columns.items()} for place in range(table.sizes["number"])]
    missed = [row for row in rows if (row["hit"] == 0).any()]
    parts: list[RenderableType] = [Text(READING, style="dim"), *_figures(rows)]
    if missed:
        parts += [Text("\nMissed", style="bold"), _misses(missed)]
    without = sum(bool(np.isnan(row["hit"]).all()) for row in rows)
    parts += [Text(""), counts(table.attrs), Text(f"{without} printed numbers are no outputs of the model.")]
    return Group(*parts, Text(f"Written: {written}", no_wrap=True, overflow="ignore"))


def counts(attributes: Mapping[str, Any]) -> Text:
    """How many of the printed bounds are hit, in all and by kind of number."""
    parts = (
        f"{attributes[f'hits_{group}']} of {attributes[f'bounds_{group}']} of {said}" for group, said in GROUPS.items()
    )
    return Text.assemble(
        (f"Hit: {attributes['hits']} of {attributes['bounds']} printed bounds", "bold cyan"),
        f" (ends of ranges, single numbers): {', '.join(parts)}.",
    )


def _figures(rows: Sequence[_Row]) -> Iterator[RenderableType]:
    for figure, members in groupby(rows, key=lambda row: str(row["figure"])):
        title = f"Figure {figure}" + (f": {TITLES[figure]}" if figure in TITLES else "")
        yield Text(f"\n{'Claims of the text' if figure == 'text' else title}", style="bold")
        table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="dim")
        for name, side, width in _COLUMNS:
            table.add_column(name, justify=side, no_wrap=True, min_width=width)  # type: ignore[arg-type]
        label = ""
        for row in members:
            hit = row["hit"][~np.isnan(row["hit"])]
            said = Text("") if not len(hit) else Text("hit", "green") if hit.all() else Text("miss", "bold red")
            shown = "" if row["label"] == label else row["label"]
            quantity = QUANTITIES.get(row["quantity"], row["quantity"])
            table.add_row(shown, quantity, row["printed"], _ours(row), said, _chance(row["probability"]))
            label = row["label"]
        yield table


def _misses(rows: Sequence[_Row]) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    for row in rows:
        quantity, percent = QUANTITIES.get(row["quantity"], row["quantity"]), row["unit"] == "fraction"
        ends = []
        for end, value, by in zip(("low end ", "", "high end "), row["ours"], row["miss_by"], strict=True):
            if abs(by) > 0:
                amount = f"{abs(by) * 100:.2g} points" if percent else f"{abs(by):.2g}"
                ends.append(f"{end}{_shown(value, row)} is {amount} too {'high' if by > 0 else 'low'}")
        said = f"{row['label']}, {quantity} ({row['printed']}): {'; '.join(ends)}."
        table.add_row(str(row["figure"]), Text.assemble(said, (f" {row['reason']}", "dim")))
    return table


def _ours(row: _Row) -> str:
    """Ours at both ends where the phase-in matters and no single number is printed, else in the middle."""
    low, middle, high = row["ours"]
    if np.isnan(middle):
        return ""
    if row["published_low"] == row["published_high"] or low == high:
        return _shown(middle, row)
    return f"{_shown(low, row).removesuffix('%')}-{_shown(high, row)}"


def _shown(value: float, row: _Row) -> str:
    return f"{value:.1%}" if row["unit"] == "fraction" else f"{value:.1f}"


def _chance(probability: float) -> str:
    """In whole percent, where neither 0 nor 100 is a rounding.

    Examples
    --------
    >>> _chance(0.001), _chance(0.0), _chance(0.999), _chance(0.5)
    ('<1%', '0%', '>99%', '50%')
    """
    if np.isnan(probability):
        return ""
    if probability in (0.0, 1.0) or 0.005 <= probability < 0.995:
        return f"{probability:.0%}"
    return "<1%" if probability < 0.5 else ">99%"
