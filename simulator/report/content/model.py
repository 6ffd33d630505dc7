"""What was computed: the model in words, its assumptions and inputs, and the design of the run."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ..document import AuthorPart, Block, Bullets, Number, Paragraph, Section, Span
from ..numbers import format_value
from ..words import Words
from .drivers import group_table
from .names import headline_year, of_input, output, titled
from .reading import (
    Cell,
    Source,
    attribute,
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

STEPS = 7  # of the way a number flows
SIGNIFICANT = 4  # figures of a parameter


def author_section(source: Source, key: str) -> Section:
    """A section of the author's own words."""
    written = source.author.parts.get(key, ())
    return section(source, key, AuthorPart(key, source.words.text(f"prompt.{key}"), written))


def model_section(source: Source) -> Section:
    """The model in words, how a number flows through it, and its version."""
    steps = tuple(say(source, f"model.step_{step}") for step in range(1, STEPS + 1))
    versions = json.loads(source.tree.attrs["versions"])
    version = say(source, "model.version", version=str(versions["simulator"]))
    return section(
        source,
        "model",
        Paragraph(say(source, "model.statement")),
        Bullets(steps),
        Paragraph(say(source, "model.report_range")),
        Paragraph(version),
    )


def assumptions_section(source: Source) -> Section:
    """Where the variance comes from by kind of evidence and of assumption, and every assumption with its source."""
    blocks: list[Block] = [paragraph(say(source, "assumptions.kinds"))]
    if varies(source, "freed_fte"):
        blocks.append(group_table(source, "evidence", "variance-by-evidence"))
    else:
        blocks.append(Paragraph(say(source, "driver.none")))
    return section(source, "assumptions", *blocks, assumption_log(source))


def assumption_log(source: Source) -> Block:
    """Every input with its kind, evidence, source, note, and share of the variance of total FTE."""
    inputs = source.tree["inputs"].dataset
    names = [str(name) for name in inputs["input"].values]
    order: list[int] = list(range(len(names)))
    shares: tuple[Cell, ...] = tuple("" for _ in names)
    if has(source, "single_inputs/first_order") and varies(source, "freed_fte"):
        shares = column(source, "single_inputs/first_order", "input", "percent", 2, output=output(source, "freed_fte"))
        by_size = -np.nan_to_num(np.array([one.value for one in shares]), nan=-1.0)
        order = [int(at) for at in np.argsort(by_size, kind="stable")]
    texts = {name: [str(text) for text in inputs[name].values] for name in ("assumption", "evidence", "source", "note")}
    columns: list[tuple[str, list[Cell]]] = [("input", [titled(of_input(source, names[at])) for at in order])]
    for name in ("assumption", "evidence"):
        columns.append((name, [source.words.label(name, texts[name][at]) for at in order]))
    columns += [("source", [texts["source"][at] for at in order]), ("note", [texts["note"][at] for at in order])]
    columns.append(("share", [shares[at] for at in order]))
    note = source.words.text("note.assumption_log")
    return table(source, "assumptions", columns, long=True, note=note, year=str(headline_year(source)))


def inputs_section(source: Source) -> Section:
    """Dependence between the inputs, and every input with its distribution."""
    return section(source, "inputs", number_of_inputs(source), *dependence(source), input_table(source))


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


def input_table(source: Source) -> Block:
    """Every input: family, parameters, 5, 50 and 95 % quantile, unit and evidence."""
    inputs, words = source.tree["inputs"].dataset, source.words
    names = [str(name) for name in inputs["input"].values]
    own = source.tree.attrs.get("kind") == "own model"
    texts = {name: [str(text) for text in inputs[name].values] for name in ("family", "parameters", "unit", "evidence")}
    columns: list[tuple[str, list[Cell]]] = [
        ("input", [name if own else titled(of_input(source, name)) for name in names])
    ]
    columns.append(("family", [words.label("family", text) for text in texts["family"]]))
    columns.append(("parameters", [in_words(words, text) for text in texts["parameters"]]))
    for level in ("p05", "p50", "p95"):
        cells = column(source, f"inputs/{level}", "input")
        columns.append((level, [shown_as(one) for one in cells]))
    columns.append(("unit", [words.label("input_unit", text) for text in texts["unit"]]))
    columns.append(("evidence", [words.label("evidence", text) for text in texts["evidence"]]))
    return table(source, "inputs", columns, long=True, note=words.text("note.inputs"))


def shown_as(held: Number) -> Number:
    """A number with as many decimals as its own size wants."""
    return replace(held, digits=figures(held.value))


def figures(value: float) -> int:
    """Decimals that show four figures, without zeros at the end."""
    if not math.isfinite(value) or value == 0:
        return 0
    digits = max(SIGNIFICANT - 1 - math.floor(math.log10(abs(value))), 0)
    return min(printed_decimals([round(value, digits)]), digits)


def in_words(words: Words, parameters: str) -> str:
    """Parameters of a distribution as text: ``5 pct.: 0,9; 95 pct.: 1,1``."""
    said = []
    for name, value in json.loads(parameters).items():
        label = words.label("parameter", name)
        if isinstance(value, list):
            said.append(words.text("parameter.many", name=label, count=format_value(len(value), 0, words.style)))
        elif isinstance(value, int | float) and not isinstance(value, bool):
            said.append(f"{label} {format_value(float(value), figures(float(value)), words.style)}")
        else:
            said.append(f"{label} {words.label('family', str(value))}")
    return "; ".join(said)


def design_section(source: Source) -> Section:
    """How the futures were drawn, and what the run was."""
    return section(source, "design", Paragraph(say(source, "design.method")), design_table(source))


def design_table(source: Source) -> Block:
    """Futures, replicates, seed, time and versions."""
    attrs, words = source.tree.attrs, source.words
    rows: list[tuple[str, Cell]] = [("futures", attribute(source, "@futures"))]
    for name in ("points", "replicates", "base_points"):
        rows += [(name, attribute(source, f"@{name}"))] if name in attrs else []
    # A seed is a name, not an amount: no mark between its thousands.
    rows += [("seed", str(attrs["seed"])), ("method", words.label("method", str(attrs["method"])))]
    rows += [("started", str(attrs["started"])), ("duration", attribute(source, "@duration_seconds", "seconds", 1))]
    rows += [(name, str(attrs[name])) for name in ("config_hash", "function_hash", "inputs_hash") if name in attrs]
    stated = settings(source)
    rows += [(name, str(stated[name])) for name in ("author", "reference", "reason") if stated.get(name)]
    versions = json.loads(attrs["versions"])
    rows.append(("versions", ", ".join(f"{name} {version}" for name, version in versions.items())))
    what: list[Cell] = [words.text(f"design.row_{name}") for name, _ in rows]
    return table(source, "design", [("what", what), ("value", [cell for _, cell in rows])])
