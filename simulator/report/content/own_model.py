"""The shorter appendix of a run of a model of the user's own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ..document import Block, Number, Paragraph, Section, Spans
from .alternatives import reproduction_section
from .drivers import INDICES, convergence_blocks
from .inputs import dependence, input_tables, number_of_inputs
from .model import author_section, design_section
from .reading import (
    Cell,
    Source,
    column,
    count,
    decimals,
    figure,
    has,
    known,
    listed,
    number,
    say,
    section,
    table,
)
from .summary import coverage_caveat

LEVELS = (0.05, 0.5, 0.95)
SUMMARY_OUTPUTS = 5  # on the first page
NODES = (("sensitivity", "convergence", "input"), ("group_sensitivity", "group_convergence", "group"))


def outputs(source: Source) -> list[str]:
    """Names of the outputs."""
    return listed(source, "summary", "output")


def own_summary(source: Source) -> Section:
    """Headline of each of the first outputs, its main driver, and what the intervals cover."""
    blocks: list[Block] = [Paragraph(coverage_caveat(source), "caveat")]
    names = outputs(source)
    for name in names[:SUMMARY_OUTPUTS]:
        blocks += [Paragraph(own_headline(source, name), "lead"), Paragraph(own_driver(source, name))]
    blocks += figure(source, "headline")
    if len(names) > SUMMARY_OUTPUTS:
        blocks.append(Paragraph(say(source, "own.more", outputs=count(source, "summary/mean"))))
    return section(source, "summary", *blocks)


def own_headline(source: Source, name: str) -> Spans:
    """Median with the outermost of the usual quantiles that the run has; mean and standard deviation without them."""
    there = listed(source, "summary", "quantile")
    unit = unit_of(source, name)
    if not all(level in there for level in LEVELS):
        held = [number(source, f"summary/{one}", output=name) for one in ("mean", "sd")]
        digits = decimals([one.value for one in held])
        mean, sd = (replace(one, digits=digits) for one in held)
        return say(source, "own.mean", output=name, mean=mean, sd=sd, unit=unit)
    held = [number(source, "summary/value", output=name, quantile=level) for level in LEVELS]
    digits = decimals([one.value for one in held])
    low, middle, high = (replace(one, digits=digits) for one in held)
    key = "own.fixed" if low.value == high.value else "own.interval"
    parts = {} if low.value == high.value else {"low": low, "high": high}
    return say(source, key, output=name, median=middle, unit=unit, **parts)


def unit_of(source: Source, name: str) -> str:
    """Unit of an output with a space before it; nothing where there is none."""
    unit = str(source.tree["summary"].dataset["unit"].sel(output=name).item())
    return f"\u00a0{unit}" if unit not in ("", "1") else ""


def own_driver(source: Source, name: str) -> Spans:
    """The input or group with the largest total index."""
    for node, _, dimension in NODES:
        if not has(source, f"{node}/total_order"):
            continue
        cells = column(source, f"{node}/total_order", dimension, "percent", 1, output=name)
        size = np.array([one.value for one in cells])
        if not np.isfinite(size).any() or not np.nanmax(size) > 0:
            return say(source, "own.no_driver")
        order = [int(at) for at in np.argsort(-np.nan_to_num(size, nan=-1.0), kind="stable")]
        labels = listed(source, node, dimension)
        lower, upper = (
            column(source, f"{node}/total_order_ci", dimension, "percent", 1, output=name, ci_bound=end)
            for end in ("lower", "upper")
        )
        first, second = order[0], order[1] if len(order) > 1 else None
        said: dict[str, Any] = {"input": labels[first], "total": cells[first]}
        if not known(lower[first], upper[first]):
            return say(source, "own.driver_alone", **said)
        said |= {"low": lower[first], "high": upper[first]}
        if second is not None and upper[second].value >= lower[first].value:
            return say(source, "own.driver_tie", second=labels[second], **said)
        return say(source, "own.driver", **said)
    return ()


def own_sections(source: Source) -> list[Section]:
    """The parts that a model of the user's own has."""
    return [
        author_section(source, "question"),
        author_section(source, "unquantified"),
        own_inputs(source),
        design_section(source),
        own_results(source),
        own_sensitivity(source),
        author_section(source, "optimism"),
        author_section(source, "outside"),
        author_section(source, "auditing"),
        author_section(source, "assurance"),
        reproduction_section(source),
    ]


def own_inputs(source: Source) -> Section:
    """Inputs and their dependence."""
    said = (number_of_inputs(source), *dependence(source), *input_tables(source))
    return section(source, "inputs", *said)


def own_results(source: Source) -> Section:
    """Quantiles, mean and standard deviation of each output with their intervals."""
    blocks = [own_output_table(source, name, place) for place, name in enumerate(outputs(source), 1)]
    return section(source, "results", *blocks)


def own_output_table(source: Source, name: str, place: int) -> Block:
    """One output: what is estimated, its value, and the 95 % interval of that."""
    what: list[Cell] = []
    cells: dict[str, list[Number]] = {"value": [], "lower": [], "upper": []}
    rows: list[tuple[str, str, dict[str, Any]]] = [("mean", "mean", {}), ("sd", "sd", {})]
    levels = listed(source, "summary", "quantile")
    rows += [(f"{100 * level:g}", "value", {"quantile": level}) for level in levels]
    for label, variable, at in rows:
        style = source.words.style
        shown = label.replace(".", style.decimal)
        key = f"statistic.{label}"
        what.append(
            source.words.text(key) if source.words.has(key) else source.words.text("statistic.quantile", level=shown)
        )
        cells["value"].append(number(source, f"summary/{variable}", output=name, **at))
        for end in ("lower", "upper"):
            cells[end].append(number(source, f"summary/{variable}_ci", output=name, **at, ci_bound=end))
    digits = min(decimals([one.value for held in cells.values() for one in held]) + 2, 12)
    columns: list[tuple[str, list[Cell]]] = [("statistic", what)]
    columns += [(key, [replace(one, digits=digits) for one in held]) for key, held in cells.items()]
    return table(source, f"output-{place}", columns, caption="output", output=f"{name}{unit_suffix(source, name)}")


def unit_suffix(source: Source, name: str) -> str:
    """Unit of an output after a comma."""
    unit = unit_of(source, name).strip("\u00a0")
    return f", {unit}" if unit else ""


def own_sensitivity(source: Source) -> Section:
    """Indices of inputs and groups for each output, and how they converged."""
    blocks: list[Block] = [Paragraph(say(source, "sensitivity.indices")), *figure(source, "drivers")]
    for node, converging, dimension in NODES:
        if not has(source, f"{node}/total_order"):
            continue
        for place, name in enumerate(outputs(source), 1):
            blocks.append(own_index_table(source, node, dimension, name, place))
            if place == 1 and converging == "convergence" and has(source, "convergence/widest_interval"):
                blocks += convergence_blocks(source, dimension, name)
    return section(source, "sensitivity", *blocks)


def own_index_table(source: Source, node: str, dimension: str, name: str, place: int) -> Block:
    """First-order and total indices with intervals, largest total first."""
    size = np.array([one.value for one in column(source, f"{node}/total_order", dimension, output=name)])
    order = [int(at) for at in np.argsort(-np.nan_to_num(size, nan=-1.0), kind="stable")]
    labels = listed(source, node, dimension)
    columns: list[tuple[str, list[Cell]]] = [(dimension, [labels[at] for at in order])]
    for index in INDICES:
        if not has(source, f"{node}/{index}"):
            continue
        for end in ("", "lower", "upper"):
            reference, at = (f"{node}/{index}_ci", {"ci_bound": end}) if end else (f"{node}/{index}", {})
            cells = column(source, reference, dimension, "percent", 2, output=name, **at)
            columns.append((f"{index}_{end}" if end else index, [cells[one] for one in order]))
    return table(source, f"{dimension}-indices-{place}", columns, caption=f"{dimension}-indices", output=name)
