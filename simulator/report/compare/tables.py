"""The tables of a comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..document import Column, Number, Span, Table
from ..figures.reading import TOTAL, capital, form_of, group_names, names
from ..numbers import number_span
from ..words import Words
from .changes import Row
from .figures import ENDS, PARTITIONS
from .runs import Runs

Cell = str | Number
Differences = Mapping[str, Number]
ONE, TWO = 1, 2  # decimals: of totals; of areas and differences


def make_table(
    words: Words, key: str, columns: Sequence[tuple[str, Sequence[Cell]]], *, long: bool = False, note: str = "",
    code: bool = False, **parts: str,
) -> Table:  # fmt: skip
    """A table from its columns: heading and cells; numbers stand without their unit, which caption or heading name."""
    style = words.style
    headings = tuple(Column(heading, any(isinstance(cell, Number) for cell in cells)) for heading, cells in columns)
    made = [
        [number_span(cell, style, unit=False) if isinstance(cell, Number) else Span(cell, code=code)
         for cell in cells]
        for _, cells in columns
    ]  # fmt: skip
    caption = words.text(f"compare.caption.{key}", **parts)
    return Table(f"compare-{key}", caption, headings, tuple(zip(*made, strict=True)), note, long)


def totals(runs: Runs, words: Words, quantity: str) -> Table:
    """Quantiles, mean and standard deviation of a total, by year and run."""
    at = [(year, run) for year in runs.years for run in range(len(runs.names))]
    place, form = f"summary/{quantity}", form_of(quantity)

    def cells(ending: str, level: float | None = None, bound: str = "") -> list[Cell]:
        labels = ({} if level is None else {"quantile": level}) | ({"ci_bound": bound} if bound else {})
        return [runs.number(run, place + ending, form, ONE, year=year, **labels) for year, run in at]

    low, middle, high = runs.levels
    columns: list[tuple[str, Sequence[Cell]]] = [
        (words.text("compare.column.year"), [str(year) for year, _ in at]),
        (words.text("compare.column.run"), [runs.names[run] for _, run in at]),
        (words.text("compare.column.middle"), cells("", middle)),
        (words.text("compare.column.lower"), cells("_ci", middle, "lower")),
        (words.text("compare.column.upper"), cells("_ci", middle, "upper")),
        (_level(words, low), cells("", low)),
        (_level(words, high), cells("", high)),
        (words.text("compare.column.mean"), cells("_mean")),
        (words.text("compare.column.sd"), cells("_sd")),
    ]
    note = words.text("compare.note.totals")
    return _of_quantity(words, "totals", quantity, columns, note=note)


def chances(runs: Runs, words: Words) -> Table:
    """How often the totals lie below, in and above their published range."""
    printed = [quantity for quantity in runs.quantities if runs.has(f"summary/probability_{quantity}")]
    at = [(quantity, run) for quantity in printed for run in range(len(runs.names))]
    columns: list[tuple[str, Sequence[Cell]]] = [
        (words.text("compare.column.quantity"), [capital(words.label("quantity", quantity)) for quantity, _ in at]),
        (words.text("compare.column.run"), [runs.names[run] for _, run in at]),
    ]
    for position in ("below", "in", "above"):
        cells = [
            runs.number(run, f"summary/probability_{quantity}", "percent", ONE, position=position)
            for quantity, run in at
        ]
        columns.append((words.text(f"compare.column.{position}"), cells))
    return make_table(words, "chances", columns)


def differences(
    runs: Runs, words: Words, key: str, found: Sequence[tuple[str, int, int, Differences]], note: str = ""
) -> Table:
    """Differences of totals from the reference.

    Parameters
    ----------
    runs : Runs
    words : Words
    key : str
        ``paired`` or ``apart``.
    found : sequence of (quantity, year, run, numbers)
    note : str
    """
    at = {"quantity": [capital(words.label("quantity", quantity)) for quantity, *_ in found]}
    at |= {"year": [str(year) for _, year, *_ in found], "run": [runs.names[run] for *_, run, _ in found]}
    columns: list[tuple[str, Sequence[Cell]]] = [
        (words.text(f"compare.column.{name}"), cells) for name, cells in at.items()
    ]
    levels = dict(zip(ENDS, runs.levels, strict=True))
    for name in found[0][-1]:
        heading = _level(words, levels[name]) if name in ("low", "high") else words.text(f"compare.column.{name}")
        columns.append((heading, [numbers[name] for *_, numbers in found]))
    return make_table(words, key, columns, note=note, reference=runs.names[0])


def areas(runs: Runs, words: Words, quantity: str) -> Table:
    """Median and interval of each area in each run, in the last year."""
    year, levels = max(runs.years), dict(zip(ENDS, runs.levels, strict=True))
    place, form = f"summary/{quantity}_by_area", form_of(quantity)
    columns = [_area_names(runs, words)]
    for run, name in enumerate(runs.names):
        for end in ("middle", "low", "high"):
            said = words.text("compare.column.middle") if end == "middle" else _level(words, levels[end])
            cells = [
                runs.number(run, place, form, TWO, year=year, quantile=levels[end], area=area) for area in runs.areas
            ]
            columns.append((f"{name}: {said}", cells))
    return _of_quantity(words, "areas", quantity, columns, year=str(year))


def area_differences(runs: Runs, words: Words, quantity: str, found: Mapping[int, Sequence[Differences]]) -> Table:
    """Mean difference of each area from the reference, with its 95 % interval; by run, an entry for each area."""
    columns = [_area_names(runs, words)]
    for run, numbers in found.items():
        for end in ("mean", "lower", "upper"):
            columns.append((_of_run(words, runs.names[run], end), [one[end] for one in numbers]))
    year, reference = str(max(runs.years)), runs.names[0]
    return _of_quantity(words, "area-differences", quantity, columns, year=year, reference=reference)


def drivers(runs: Runs, words: Words, quantity: str) -> Table | None:
    """Total-order indices of the groups that all runs have; None where a run has none."""
    output = f"{quantity} {max(runs.years)}"
    if not runs.has("sensitivity/total_order"):
        return None
    tables = [tree["sensitivity"].dataset for tree in runs.trees]
    if not all(output in table["output"].values and str(table["scope"].sel(output=output).item()) == TOTAL
               for table in tables):  # fmt: skip
        return None
    first = (tables[0][name].values.tolist() for name in ("group", "partition", "label"))
    kept = [
        (group, partition, label) for group, partition, label in zip(*first, strict=True)
        if partition in PARTITIONS and all(group in table["group"].values for table in tables)
        and any(np.nan_to_num(float(table["total_order"].sel(output=output, group=group))) > 0 for table in tables)
    ]  # fmt: skip
    said = {
        part: group_names(runs.trees[0], words, part, [label for _, one, label in kept if one == part])
        for part in PARTITIONS
    }
    columns: list[tuple[str, Sequence[Cell]]] = [
        (words.text("compare.column.partition"), [words.label("figures.partition", part) for _, part, _ in kept]),
        (words.text("compare.column.group"), [said[part][label] for _, part, label in kept]),
    ]
    for run, name in enumerate(runs.names):
        for end in ("value", "lower", "upper"):
            place = "sensitivity/total_order" + ("" if end == "value" else "_ci")
            bound = {} if end == "value" else {"ci_bound": end}
            cells = [
                runs.number(run, place, "percent", ONE, output=output, group=group, **bound) for group, _, _ in kept
            ]
            columns.append((_of_run(words, name, end), cells))
    return _of_quantity(words, "drivers", quantity, columns, long=True, year=str(max(runs.years)))


def changed(runs: Runs, words: Words, key: str, rows: Sequence[Row]) -> Table:
    """What differs between runs: a row for each key, with its value in each."""
    absent = words.text("compare.text.absent")
    columns: list[tuple[str, Sequence[Cell]]] = [(words.text(f"compare.column.{key}"), [name for name, _ in rows])]
    for run, name in enumerate(runs.names):
        columns.append((name, [absent if texts[run] is None else str(texts[run]) for _, texts in rows]))
    return make_table(words, key, columns, long=len(rows) > 30)


def made_by(runs: Runs, words: Words, settings: Sequence[Mapping[str, object]]) -> Table:
    """Title and reason of each run, and how its futures were drawn."""
    said = [(name, [str(one.get(name, "")) for one in settings]) for name in ("title", "reason")]
    drawn: list[tuple[str, Sequence[Cell]]] = [
        (name, [Number(float(tree.attrs[name]), f"{run}:@{name}", "plain", 0)
                for run, tree in zip(runs.names, runs.trees, strict=True)])
        for name in ("futures", "replicates")
    ]  # fmt: skip
    texts = [(name, [str(tree.attrs.get(name, "")) for tree in runs.trees]) for name in ("seed", "method", "started")]
    rows = [*said, *drawn, *texts]
    style = words.style
    made = tuple(
        (Span(words.text(f"compare.made.{name}")),
         *(number_span(cell, style) if isinstance(cell, Number) else Span(cell) for cell in cells))
        for name, cells in rows
    )  # fmt: skip
    headings = (Column(""), *(Column(name) for name in runs.names))
    return Table("compare-runs", words.text("compare.caption.runs"), headings, made)


def _of_quantity(
    words: Words, key: str, quantity: str, columns: Sequence[tuple[str, Sequence[Cell]]], *, long: bool = False,
    note: str = "", **parts: Any,
) -> Table:  # fmt: skip
    """A table of one quantity: its name and unit in the caption, its key in the table's."""
    what, unit = words.label("quantity", quantity), words.text(f"unit.{form_of(quantity)}")
    made = make_table(words, key, columns, long=long, note=note, what=what, unit=unit, **parts)
    return replace(made, key=f"{made.key}-{quantity.replace('_', '-')}")


def _of_run(words: Words, name: str, end: str) -> str:
    """Heading of a run's value, or of an end of its 95 % interval, which the caption names."""
    short = {"lower": "from", "upper": "to"}
    return f"{name}, {words.text(f'compare.column.{short[end]}').lower()}" if end in short else name


def _area_names(runs: Runs, words: Words) -> tuple[str, Sequence[Cell]]:
    said = names(runs.trees[0], words, "area", runs.areas)
    return words.text("compare.column.area"), [said[area] for area in runs.areas]


def _level(words: Words, level: float) -> str:
    """Heading of a quantile."""
    spans = words.spans(
        "compare.text.level", level=Number(level, "", "percent", 0 if (level * 100).is_integer() else 1)
    )
    return "".join(span.text for span in spans)
