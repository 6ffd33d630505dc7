"""Numbers of the results with where they stand, and the sentences and tables that are made of them.

The origin of a number is a place that can be read again:

- ``node/variable[dimension=label,...]``: one value; a label is of the dimension, or of a variable along it;
- ``@name``, ``node@name``: an attribute; ``@settings.run.seed``: within one that is JSON;
- ``sum(...)``: the sum over all that the labels leave open;
- ``count(...)``: how many these are; with ``value=...`` among the labels, how many have that value.

Labels that are more than letters, digits, dots and hyphens stand in double quotes, as in JSON.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..author import Author
from ..document import Block, Column, Figure, Number, Paragraph, Section, Span, Spans, Table
from ..numbers import NumberStyle, number_span
from ..words import Words

if TYPE_CHECKING:
    import xarray as xr

Label = str | int | float
Cell = str | Number | Span
_BARE = re.compile(r"[\w.\-]+")
_FEWEST, _MOST = 0.001, 0.999  # a probability nearer to 0 or 1 is said so, and not as a number


@dataclass(frozen=True)
class Source:
    """What all sections are made of.

    Attributes
    ----------
    tree : xarray.DataTree
        Results of a run.
    words : Words
    author : Author
    figures : mapping of str to Figure
        Those that the results allow, by their keys.
    """

    tree: xr.DataTree = field(hash=False)
    words: Words
    author: Author
    figures: Mapping[str, Figure] = field(hash=False)


def has(source: Source, *references: str) -> bool:
    """Whether the results hold all these variables (``node/variable``), each with at least one value."""
    for reference in references:
        node, _, variable = reference.partition("/")
        if node not in source.tree.children or variable not in source.tree[node].data_vars:
            return False
        if source.tree[node].dataset[variable].size == 0:
            return False
    return True


def values(source: Source, reference: str, **labels: Label) -> xr.DataArray:
    """A variable, ``node/variable``, at some labels.

    Parameters
    ----------
    source : Source
    reference : str
    **labels
        Of dimensions, or of one-dimensional variables of the node, where all that fit are taken.
    """
    node, _, variable = reference.partition("/")
    dataset = source.tree[node].dataset
    array = dataset[variable]
    for name, label in labels.items():
        if name == "value":
            continue
        if name in array.dims:
            array = array.sel({name: label})
        else:
            along = dataset[name]
            array = array.isel({along.dims[0]: np.flatnonzero(along.values == label)})
    return array


def listed(source: Source, node: str, name: str) -> list[Any]:
    """Labels, or texts, along a dimension of a node."""
    held: list[Any] = source.tree[node].dataset[name].values.tolist()
    return held


def number(source: Source, reference: str, form: str = "plain", digits: int = 1, **labels: Label) -> Number:
    """One value."""
    return Number(float(values(source, reference, **labels)), origin(reference, **labels), form, digits)


def column(
    source: Source, reference: str, along: str, form: str = "plain", digits: int = 1, **labels: Label
) -> tuple[Number, ...]:
    """The values along a dimension, in its order."""
    array = values(source, reference, **labels)
    if along not in array.coords:
        raise KeyError(f"{reference} has no labels along {along}")
    names = array[along].values.tolist()
    return tuple(
        Number(float(value), origin(reference, **labels, **{along: name}), form, digits)
        for name, value in zip(names, array.values.tolist(), strict=True)
    )


def total(source: Source, reference: str, form: str = "plain", digits: int = 1, **labels: Label) -> Number:
    """The sum of what is additive."""
    array = values(source, reference, **labels)
    return Number(float(array.values.sum()), f"sum({origin(reference, **labels)})", form, digits)


def count(source: Source, reference: str, **labels: Label) -> Number:
    """How many values there are; with ``value``, how many equal it."""
    array = values(source, reference, **labels).values
    held = (array == labels["value"]).sum() if "value" in labels else array.size
    return Number(float(held), f"count({origin(reference, **labels)})", digits=0)


def attribute(source: Source, place: str, form: str = "plain", digits: int = 0) -> Number:
    """A number among the attributes: ``@seed``, ``published@hits``, ``@settings.phase_in.common``."""
    node, _, path = place.partition("@")
    name, *keys = path.split(".")
    held: Any = (source.tree[node] if node else source.tree).attrs[name]
    for key in keys:
        held = (json.loads(held) if isinstance(held, str) else held)[key]
    return Number(float(held), place, form, digits)


def settings(source: Source) -> dict[str, Any]:
    """The settings of the run."""
    held: dict[str, Any] = json.loads(source.tree.attrs["settings"])
    return held


def origin(reference: str, **labels: Label) -> str:
    """Where a value stands.

    Examples
    --------
    >>> origin("summary/freed_fte_by_area", year=2040, quantile=0.5, area="Medier, kultur og religion")
    'summary/freed_fte_by_area[year=2040,quantile=0.5,area="Medier, kultur og religion"]'
    """
    parts = []
    for name, label in labels.items():
        text = str(label)
        parts.append(f"{name}={text if _BARE.fullmatch(text) else json.dumps(text, ensure_ascii=False)}")
    return f"{reference}[{','.join(parts)}]" if parts else reference


def known(*numbers: Number) -> bool:
    """Whether all these could be determined."""
    return all(math.isfinite(one.value) for one in numbers)


def decimals(numbers: Sequence[float]) -> int:
    """Decimals that show amounts to about three figures: 96.4, 8.53, 0.412; of large ones, none.

    Examples
    --------
    >>> decimals([96.4, 78.9]), decimals([0.4123]), decimals([12345.0]), decimals([float("nan")])
    (1, 3, 0, 1)
    """
    finite = [abs(value) for value in numbers if math.isfinite(value) and value != 0]
    return min(max(2 - math.floor(math.log10(max(finite))), 0 if max(finite) >= 1000 else 1), 12) if finite else 1


def printed_decimals(numbers: Sequence[float]) -> int:
    """Decimals that printed numbers were printed with.

    Examples
    --------
    >>> printed_decimals([84.0, 96.0]), printed_decimals([0.9, 1.1])
    (0, 1)
    """
    finite = [value for value in numbers if math.isfinite(value)]
    return next((digits for digits in range(6) if all(round(value, digits) == value for value in finite)), 6)


def say(source: Source, key: str, **parts: str | Number | Spans) -> Spans:
    """A sentence with texts, numbers, and sentences in its places."""
    marks = {name: f"\0{name}\0" for name, part in parts.items() if isinstance(part, tuple)}
    plain: dict[str, Any] = {name: marks.get(name, part) for name, part in parts.items()}
    places = {mark: parts[name] for name, mark in marks.items()}
    result: list[Span] = []
    for span in source.words.spans(key, **plain):
        result += places.get(span.text, [span])  # type: ignore[arg-type]
    return tuple(_one_stop(result))


def _one_stop(spans: Iterable[Span]) -> Iterator[Span]:
    """A unit that ends in a full stop ends the sentence with it."""
    before = ""
    for span in spans:
        doubled = before.endswith(".") and span.text.startswith(".") and span.number is None
        held = replace(span, text=span.text[1:]) if doubled else span
        if held.text:
            yield held
        before = span.text


def paragraph(*sentences: Spans, role: str = "body") -> Paragraph:
    """Sentences with spaces between them; those without words are left out."""
    spans: list[Span] = []
    for sentence in filter(None, sentences):
        spans += [Span(" "), *sentence] if spans else sentence
    return Paragraph(tuple(spans), role)


def chance(source: Source, probability: Number, kind: str = "chance") -> Spans:
    """How often something holds: in none, in 54 %, in all of the futures; 0 and 100 % are never a rounding.

    Parameters
    ----------
    source : Source
    probability : Number
    kind : str
        ``chance`` with the word for futures, ``part`` without it.
    """
    value = probability.value
    if not math.isfinite(value):
        return say(source, f"{kind}.unknown")
    if value in (0.0, 1.0):
        return say(source, f"{kind}.{'all' if value else 'none'}")
    if not _FEWEST <= value <= _MOST:
        return say(source, f"{kind}.{'few' if value < _FEWEST else 'most'}")
    digits = 0 if 0.01 <= value < 0.99 else 1
    return say(source, f"{kind}.some", p=Number(value, probability.origin, "percent", digits))


def probability_cell(source: Source, probability: Number) -> Cell:
    """The same in a table of percentages; nothing where there is none."""
    value = probability.value
    if not known(probability):
        return ""
    if value in (0.0, 1.0) or _FEWEST <= value <= _MOST:
        return replace(probability, form="percent", digits=0 if value in (0.0, 1.0) or 0.01 <= value < 0.99 else 1)
    bound = source.words.text(f"bound.{'few' if value < _FEWEST else 'most'}")
    return Span(bound, number=replace(probability, form="percent", digits=1))


def spoken(held: Number) -> Number:
    """A number as a sentence says it: 89,800 FTE, where tables have 89.8 thousand."""
    return replace(held, form="fte", digits=held.digits - 3) if held.form == "thousand_fte" else held


def blank(held: Number) -> Cell:
    """A number, or nothing where there is none to be had."""
    return held if known(held) else ""


def table(
    source: Source,
    key: str,
    columns: Sequence[tuple[str, Sequence[Cell]]],
    *,
    note: str = "",
    long: bool = False,
    caption: str = "",
    **parts: str,
) -> Table:
    """A table from its columns; one in which nothing is known is left out.

    Parameters
    ----------
    source : Source
    key : str
        With hyphens.
    columns : sequence of (heading, cells)
        The heading is the string ``column.<heading>``.
    note : str
        Text below the table.
    long : bool
    caption : str
        The caption is the string ``caption.<caption>``, by default that of the key.
    **parts : str
        What the caption has places for.
    """
    shown = [(name, cells) for name, cells in columns if not _empty(cells)]
    headings = tuple(Column(source.words.text(f"column.{name}"), _numeric(cells)) for name, cells in shown)
    style = source.words.style
    made = [[_span(cell, style) for cell in cells] for _, cells in shown]
    said = source.words.text(f"caption.{caption or key}", **parts)
    return Table(key, said, headings, tuple(zip(*made, strict=True)), note, long)


def _span(cell: Cell, style: NumberStyle) -> Span:
    if isinstance(cell, str):
        return Span(cell)
    return number_span(cell, style, unit=False) if isinstance(cell, Number) else cell


def _numeric(cells: Sequence[Cell]) -> bool:
    """Whether the cells that say anything are numbers, so that they stand in a column of such."""
    told = [cell for cell in cells if cell]
    return bool(told) and all(isinstance(cell, Number) or (isinstance(cell, Span) and cell.number) for cell in told)


def _empty(cells: Sequence[Cell]) -> bool:
    return len(cells) > 0 and all(not known(cell) if isinstance(cell, Number) else not cell for cell in cells)


def figure(source: Source, key: str) -> tuple[Figure, ...]:
    """The figure, if the results allow it."""
    return (source.figures[key],) if key in source.figures else ()


def section(source: Source, key: str, *blocks: Block, parts: Sequence[Section] = ()) -> Section:
    """A section under the heading ``section.<key>``."""
    return Section(key, source.words.text(f"section.{key}"), tuple(blocks), tuple(parts))
