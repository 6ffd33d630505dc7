"""What the spread of the totals comes from: indices by group, and the categories that carry it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..document import Figure
from ..words import Words
from .reading import TOTAL, group_names, latest, names, number, plain, say
from .style import (
    BLUE,
    COLUMN,
    GREEN,
    INK,
    LARGEST,
    SKY,
    VERMILLION,
    Row,
    chosen,
    legend,
    make_figure,
    names_axis,
)

if TYPE_CHECKING:
    import altair as alt
    import xarray as xr

PARTITIONS = ("factor", "assumption", "category", "evidence")
_INDICES = ("total_order", "first_order")
_PARTS = ("allocation", "allocation_lower_tail", "allocation_upper_tail")
_NAMED = 3  # in a text for those who do not see the figure


def drivers(tree: xr.DataTree, words: Words) -> Figure | None:
    """Total- and first-order Sobol' indices of the groups of each partition, with their intervals."""
    outputs = _outputs(tree)
    rows = [
        {"quantity": quantity, "year": str(year), "partition": partition, **row}
        for quantity, year, one in outputs
        for partition in PARTITIONS
        for row in _index_rows(tree, one, partition, words)
    ]
    if not rows:
        return None
    choices = {
        "quantity": _distinct(rows, "quantity"),
        "year": latest(row["year"] for row in rows),
        "partition": _distinct(rows, "partition"),
    }
    shown = [row for row in rows if all(row[name] == values[0] for name, values in choices.items())]
    largest = [(row["name"], row["value"]) for row in shown if row["index"] == "total_order"]
    said = _alternative("drivers", largest, choices["year"][0], choices["quantity"][0], words)
    return make_figure("drivers", driver_chart(words, choices), {"indices": rows}, words, said, choices)


def carriers(tree: xr.DataTree, words: Words) -> Figure | None:
    """Parts of the categories in the variance of the totals, and in both tails."""
    rows: list[Row] = []
    for quantity, year, one in _outputs(tree):
        values = {part: one[part].values for part in _PARTS}
        named = names(tree, words, "category", one["category"].values)
        for place in ranked(values["allocation"], len(values["allocation"])):
            name = named[str(one["category"].values[place])]
            for part in _PARTS:
                row: Row = {"quantity": quantity, "year": str(year), "name": name, "part": part}
                row |= {"part_said": words.text(f"figures.carriers.{part}"), "value": plain(values[part][place])}
                if part == "allocation":
                    row |= dict(zip(("low", "high"), map(plain, one["allocation_ci"].values[place]), strict=True))
                rows.append(row)
    if not rows:
        return None
    choices = {"quantity": _distinct(rows, "quantity"), "year": latest(row["year"] for row in rows)}
    shown = [row for row in rows if all(row[name] == values[0] for name, values in choices.items())]
    largest = [(row["name"], row["value"]) for row in shown if row["part"] == "allocation"]
    said = _alternative("carriers", largest, choices["year"][0], choices["quantity"][0], words)
    return make_figure("carriers", _carrier_chart(words), {"parts": rows}, words, said, choices)


def _outputs(tree: xr.DataTree) -> list[tuple[str, int, xr.Dataset]]:
    """Quantity, year and table of the totals that vary."""
    if "sensitivity" not in tree.children or "scope" not in tree["sensitivity"].coords:
        return []
    table = tree["sensitivity"].to_dataset()
    totals = [table.isel(output=place) for place in np.flatnonzero(table["scope"].values == TOTAL)]
    return [
        (str(one["quantity"].item()), int(one["year"].item()), one)
        for one in totals
        if np.isfinite(one["total_order"].values).any()
    ]


def _index_rows(tree: xr.DataTree, one: xr.Dataset, partition: str, words: Words) -> list[Row]:
    """The groups of a partition with the largest total-order indices, both indices of each."""
    places = np.flatnonzero(one["partition"].values == partition)
    labels = [str(label) for label in one["label"].values[places]]
    named = group_names(tree, words, partition, labels)
    return index_rows(one, {int(place): named[label] for place, label in zip(places, labels, strict=True)}, words)


def index_rows(one: xr.Dataset, named: Mapping[int, str], words: Words) -> list[Row]:
    """Both indices of those with the largest total-order indices.

    Parameters
    ----------
    one : xarray.Dataset
        Indices of one output.
    named : mapping of int to str
        What is at each place, of those that are ranked.
    words : Words
    """
    places = np.array(list(named), dtype=np.int64)
    rows: list[Row] = []
    for place in places[ranked(one["total_order"].values[places], LARGEST)].tolist():
        for index in _INDICES:
            ends = dict(zip(("low", "high"), map(plain, one[f"{index}_ci"].values[place]), strict=True))
            said = words.text(f"figures.index.{index}")
            value = plain(one[index].values[place])
            rows.append({"name": named[place], "index": index, "index_said": said, "value": value, **ends})
    return rows


def ranked(values: np.ndarray, most: int) -> np.ndarray:
    """Places of the largest values, those without any part left out."""
    order = np.argsort(-np.nan_to_num(values), kind="stable")[:most]
    return np.asarray(order[np.nan_to_num(values)[order] > 0])


def _distinct(rows: Sequence[Row], name: str) -> list[str]:
    return list(dict.fromkeys(row[name] for row in rows))


def _alternative(key: str, largest: Sequence[tuple[str, float]], year: str, quantity: str, words: Words) -> str:
    parts = (
        say(words, "figures.ranked", name=name, value=number(value, "percent", 1)) for name, value in largest[:_NAMED]
    )
    what = words.label("quantity", quantity)
    return say(words, f"figures.{key}.alternative", what=what, year=year, largest=", ".join(parts))


def driver_chart(words: Words, choices: Iterable[str]) -> alt.LayerChart:
    """Both indices of each group with their intervals, of what the reader chooses."""
    import altair as alt

    names = [words.text(f"figures.index.{index}") for index in _INDICES]
    base = alt.Chart(alt.NamedData("indices")).transform_filter(chosen(*choices))
    value = alt.X("value:Q", title=words.text("figures.drivers.axis"), axis=alt.Axis(format=".0%"))
    base = base.encode(y=alt.Y("name:N", sort=None, axis=names_axis()), yOffset=alt.YOffset("index_said:N", sort=names))
    colour = alt.Color("index_said:N", scale=alt.Scale(domain=names, range=[BLUE, SKY]), legend=legend(2))
    hover = [
        alt.Tooltip("name:N", title=words.text("figures.drivers.group")),
        alt.Tooltip("index_said:N", title=words.text("figures.drivers.index")),
        *interval_hover(words),
    ]
    return alt.layer(
        base.mark_bar().encode(x=value, color=colour, tooltip=hover),
        base.mark_rule(color=INK, strokeWidth=1.5).encode(x=alt.X("low:Q"), x2="high:Q"),
        base.mark_text(align="right", dx=COLUMN, fontSize=10).encode(
            x=alt.value("width"), text=alt.Text("value:Q", format=".1%")
        ),
    ).properties(height=alt.Step(13))


def _carrier_chart(words: Words) -> alt.LayerChart:
    import altair as alt

    names = [words.text(f"figures.carriers.{part}") for part in _PARTS]
    base = alt.Chart(alt.NamedData("parts")).transform_filter(chosen("quantity", "year"))
    base = base.encode(y=alt.Y("name:N", sort=None, axis=names_axis()))
    value = alt.X("value:Q", title=words.text("figures.carriers.axis"), axis=alt.Axis(format=".0%"))
    colour = alt.Color("part_said:N", scale=alt.Scale(domain=names, range=[BLUE, VERMILLION, GREEN]), legend=legend(3))
    shape = alt.Shape(
        "part_said:N",
        scale=alt.Scale(domain=names, range=["circle", "triangle-down", "triangle-up"]),
        legend=legend(3),
    )
    hover = [
        alt.Tooltip("name:N", title=words.text("figures.drivers.group")),
        alt.Tooltip("part_said:N", title=words.text("figures.carriers.part")),
        *interval_hover(words),
    ]
    least = base.transform_aggregate(low="min(value)", high="max(value)", groupby=["name"])
    return alt.layer(
        least.mark_rule(color="#cccccc", strokeWidth=1.5).encode(x=alt.X("low:Q"), x2="high:Q"),
        base.mark_point(size=55, strokeWidth=1.5, filled=False, opacity=1).encode(
            x=value, color=colour, shape=shape, tooltip=hover
        ),
    ).properties(height=alt.Step(18))


def interval_hover(words: Words, form: str = ".2%") -> list[alt.Tooltip]:
    """A value with its 95 % interval for hovering."""
    import altair as alt

    return [
        alt.Tooltip("value:Q", title=words.text("figures.value"), format=form),
        alt.Tooltip("low:Q", title=words.text("figures.ci_lower"), format=form),
        alt.Tooltip("high:Q", title=words.text("figures.ci_upper"), format=form),
    ]
