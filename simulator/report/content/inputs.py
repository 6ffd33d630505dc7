"""The assumptions: those that matter most, and the full list of inputs with distribution, evidence and source."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..document import Block, Bullets, Number, Paragraph, Section, Span
from ..numbers import format_value
from ..words import Words
from .drivers import group_table
from .names import headline_year, of_input, output, titled
from .reading import (
    Cell,
    Source,
    column,
    count,
    has,
    paragraph,
    printed_decimals,
    say,
    section,
    settings,
    table,
)
from .summary import varies

MAIN = 15  # assumptions in the main text
SIGNIFICANT = 4  # figures of a parameter
QUANTILES = ("p05", "p50", "p95")
NOTHING = (("times", 1.0), ("plus", 0.0))  # parameters that change nothing
OWN_MODEL = "own model"


def assumptions_section(source: Source) -> Section:
    """How many inputs there are, how they depend on each other, and which assumptions the variance mostly comes from."""
    blocks: list[Block] = [number_of_inputs(source), *dependence(source)]
    if varies(source, "freed_fte"):
        blocks += [paragraph(say(source, "assumptions.kinds")), group_table(source, "evidence", "variance-by-evidence")]
        blocks += [main_assumptions(source)] if has(source, "single_inputs/first_order") else []
    else:
        blocks.append(Paragraph(say(source, "driver.none")))
    pointer = say(source, "assumptions.all", heading=source.words.text("section.inputs"))
    return section(source, "assumptions", *blocks, Paragraph(pointer))


def inputs_section(source: Source) -> Section:
    """Every input, and what the inputs rest on."""
    return section(source, "inputs", Paragraph(say(source, "inputs.columns")), *input_tables(source))


def main_assumptions(source: Source) -> Block:
    """The assumptions with the largest shares of the variance of total FTE, with what they rest on."""
    inputs, words = source.tree["inputs"].dataset, source.words
    order, shares = by_share(source)
    order = order[:MAIN]
    texts = {
        name: [str(inputs[name].values[at]) for at in order] for name in ("input", "assumption", "evidence", "source")
    }
    columns: list[tuple[str, list[Cell]]] = [("input", [titled(of_input(source, name)) for name in texts["input"]])]
    columns += [("evidence", [words.label("evidence", text) for text in texts["evidence"]])]
    columns += [("source", [*texts["source"]]), ("share", [shares[at] for at in order])]
    note = words.text("note.assumptions")
    return table(source, "assumptions", columns, note=note, year=str(headline_year(source)))


def by_share(source: Source) -> tuple[list[int], list[Cell]]:
    """Places of the inputs, first those without an index, then by their share of the variance of total FTE; the shares.

    A fixed input has no share. One that depends on others has no index, and could be the largest of all.
    """
    inputs = source.tree["inputs"].dataset
    order = list(range(inputs.sizes["input"]))
    if not (has(source, "single_inputs/first_order") and varies(source, "freed_fte")):
        return order, ["" for _ in order]
    held = column(source, "single_inputs/first_order", "input", "percent", 2, output=output(source, "freed_fte"))
    moved = inputs["family"].values != "fixed"
    size = np.where(moved, np.nan_to_num([one.value for one in held], nan=np.inf), -np.inf)
    shares: list[Cell] = [one if there else "" for one, there in zip(held, moved.tolist(), strict=True)]
    return np.argsort(-size, kind="stable").tolist(), shares


def number_of_inputs(source: Source) -> Paragraph:
    """How many inputs there are, and how many of them are fixed."""
    inputs, fixed = count(source, "inputs/mean"), count(source, "inputs/family", value="fixed")
    return Paragraph(say(source, f"inputs.number{'' if fixed.value else '_all'}", inputs=inputs, fixed=fixed))


def dependence(source: Source) -> list[Block]:
    """What the configuration says of dependence, or that there is none beyond common causes."""
    stated = settings(source).get("dependence") or ()
    if not stated:
        key = "inputs.independent" if source.tree.attrs.get("kind") != "own model" else "inputs.independent_own"
        return [Paragraph(say(source, key))]
    items = tuple((Span(said_plainly(entry), code=True),) for entry in stated)
    return [Paragraph(say(source, "inputs.dependent")), Bullets(items)]


def said_plainly(entry: Mapping[str, Any]) -> str:
    """An entry of the configuration on one line."""
    return ", ".join(f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in entry.items())


def input_tables(source: Source) -> list[Block]:
    """Every input with its distribution and evidence; and, by the numbers that it names, the sources and notes."""
    inputs, words = source.tree["inputs"].dataset, source.words
    own = source.tree.attrs.get("kind") == OWN_MODEL
    order, shares = (list(range(inputs.sizes["input"])), [""]) if own else by_share(source)

    def texts(name: str) -> list[str]:
        return [str(inputs[name].values[at]) for at in order]

    names = texts("input")
    sources = list(zip(texts("source"), texts("note"), strict=True))
    numbered = {pair: str(place) for place, pair in enumerate(dict.fromkeys(sources), 1)}
    columns: list[tuple[str, list[Cell]]] = [
        ("input", [*names] if own else [titled(of_input(source, name)) for name in names]),
        ("distribution", [distribution(source, at) for at in order]),
    ]
    for level in QUANTILES:
        cells = column(source, f"inputs/{level}", "input")
        columns.append((level, [shown_as(cells[at]) for at in order]))
    columns.append(("unit", [words.label("input_unit", text) for text in texts("unit")]))
    columns.append(("evidence", [words.label("evidence", text) for text in texts("evidence")]))
    columns.append(("source_number", [numbered[pair] for pair in sources]))
    columns += [] if own else [("share", [shares[at] for at in order])]
    noted = [name for name in ("inputs", "share") if name == "inputs" or not own]
    note = " ".join(words.text(f"note.{name}") for name in noted)
    return [table(source, "inputs", columns, long=True, note=note), source_table(source, numbered)]


def source_table(source: Source, numbered: Mapping[tuple[str, str], str]) -> Block:
    """Sources with their notes, by their numbers."""
    columns: list[tuple[str, Sequence[Cell]]] = [("number", [*numbered.values()])]
    columns += [(name, [pair[at] for pair in numbered]) for at, name in enumerate(("source", "note"))]
    return table(source, "sources", columns, long=True)


def shown_as(held: Number) -> Number:
    """A number with as many decimals as its own size wants."""
    return replace(held, digits=figures(held.value))


def figures(value: float) -> int:
    """Decimals that show four figures, without zeros at the end."""
    if not math.isfinite(value) or value == 0:
        return 0
    digits = max(SIGNIFICANT - 1 - math.floor(math.log10(abs(value))), 0)
    return min(printed_decimals([round(value, digits)]), digits)


def distribution(source: Source, place: int) -> str:
    """Family of an input's distribution, with the parameters that its quantiles do not show."""
    one, words = source.tree["inputs"].dataset.isel(input=place), source.words
    stated = json.loads(str(one["parameters"].item()))
    shown = {level: float(one[level].item()) for level in QUANTILES} | {"value": float(one["p50"].item())}
    left = {
        name: value
        for name, value in stated.items()
        if (name, value) not in NOTHING
        and not (name in shown and math.isclose(float(value), shown[name], rel_tol=1e-9))
    }
    said = in_words(words, left)
    return f"{words.label('family', str(one['family'].item()))}{': ' if said else ''}{said}"


def in_words(words: Words, parameters: Mapping[str, Any]) -> str:
    """Parameters of a distribution as text: ``middelværdi 0; standardafvigelse 1``."""
    said = []
    for name, value in parameters.items():
        label = words.label("parameter", name)
        if isinstance(value, list):
            said.append(words.text("parameter.many", name=label, count=format_value(len(value), 0, words.style)))
        elif isinstance(value, int | float) and not isinstance(value, bool):
            said.append(f"{label} {format_value(float(value), figures(float(value)), words.style)}")
        else:
            said.append(f"{label} {words.label('family', str(value))}")
    return "; ".join(said)
