"""The results themselves: totals over years, areas and levels, how exact they are, and need against potential."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..document import Block, Bullets, Number, Paragraph, Section
from .drivers import convergence_blocks
from .names import FORMS, QUANTITIES, danish, headline_year
from .reading import (
    Cell,
    Source,
    attribute,
    chance,
    column,
    decimals,
    figure,
    has,
    known,
    listed,
    number,
    paragraph,
    printed_decimals,
    probability_cell,
    say,
    section,
    settings,
    table,
)
from .summary import LEVELS, headline

BROKEN_DOWN = ("area", "focus_area", "level", "category")
LEVEL_NAMES = {0.05: "p05", 0.5: "p50", 0.95: "p95"}


def results_section(source: Source) -> Section:
    """Totals over the years, then by area, focus area, level and category, each with its 90 % interval."""
    blocks: list[Block] = []
    blocks.append(paragraph(*(headline(source, quantity) for quantity in QUANTITIES)))
    blocks += figure(source, "cumulative")
    if len(settings(source)["years"]) > 1:
        blocks += [Paragraph(say(source, "results.years")), *figure(source, "fan")]
    blocks.append(years_table(source))
    parts = [
        section(source, f"by_{dimension}", *broken_down(source, dimension))
        for dimension in BROKEN_DOWN
        if has(source, f"summary/freed_fte_by_{dimension}")
    ]
    return section(source, "results", *blocks, parts=parts)


def years_table(source: Source) -> Block:
    """Totals and their share of employment and wages in each year."""
    years = listed(source, "summary", "year")
    rows = [(quantity, form) for quantity, form in FORMS.items()]
    rows += [(f"{quantity}_share", "percent") for quantity in QUANTITIES]
    what: list[Cell] = []
    at: list[Cell] = []
    cells: dict[float, list[Cell]] = {level: [] for level in LEVELS}
    for quantity, form in rows:
        for year in years:
            what.append(source.words.text(f"quantity_unit.{quantity}"))
            at.append(str(year))
            for level in LEVELS:
                cells[level].append(number(source, f"summary/{quantity}", form, 1, year=year, quantile=level))
    columns = [("quantity", what), ("year", at), *((LEVEL_NAMES[level], cells[level]) for level in LEVELS)]
    return table(source, "years", columns)


def broken_down(source: Source, dimension: str) -> list[Block]:
    """Freed FTE and wages along a dimension, with the published ranges and how often they hold."""
    blocks: list[Block] = []
    if dimension == "focus_area":
        blocks.append(Paragraph(say(source, "results.overlap")))
    if dimension == "category":
        blocks += figure(source, "heatmap")
    blocks += [dimension_table(source, quantity, dimension) for quantity in QUANTITIES]
    return blocks


def dimension_table(source: Source, quantity: str, dimension: str) -> Block:
    """Quantiles of a quantity in the headline's year along a dimension, largest median first."""
    year, reference, form = headline_year(source), f"summary/{quantity}_by_{dimension}", FORMS[quantity]
    by_level = [column(source, reference, dimension, form, 1, year=year, quantile=level) for level in LEVELS]
    digits = decimals([one.value for cells in by_level for one in cells])
    labels = listed(source, "summary", dimension)
    largest = np.argsort([-one.value for one in by_level[1]], kind="stable").tolist()
    order: list[int] = [
        at for at in largest if any(cells[at].value != 0 for cells in by_level)
    ]  # where anything is freed
    columns: list[tuple[str, list[Cell]]] = [(dimension, [danish(source, dimension, labels[at]) for at in order])]
    for level, cells in zip(LEVELS, by_level, strict=True):
        columns.append((LEVEL_NAMES[level], [replace(cells[at], digits=digits) for at in order]))
    columns += published_columns(source, quantity, dimension, order)
    key = f"{quantity}-by-{dimension}".replace("_", "-")
    what = source.words.text(f"quantity_unit.{quantity}")
    return table(source, key, columns, caption=f"quantities-by-{dimension}", what=what, year=str(year))


def published_columns(source: Source, quantity: str, dimension: str, order: list[int]) -> list[tuple[str, list[Cell]]]:
    """Published ends and the probability of the published range, where there are any."""
    reference = f"{quantity}_by_{dimension}"
    if not has(source, f"summary/published_{reference}", f"summary/probability_{reference}"):
        return []
    ends = {
        bound: column(source, f"summary/published_{reference}", dimension, FORMS[quantity], 0, bound=bound)
        for bound in ("low", "high")
    }
    digits = printed_decimals([one.value for cells in ends.values() for one in cells])
    held = column(source, f"summary/probability_{reference}", dimension, "percent", 0, position="in")
    columns: list[tuple[str, list[Cell]]] = [
        (f"published_{bound}", [replace(cells[at], digits=digits) if known(cells[at]) else "" for at in order])
        for bound, cells in ends.items()
    ]
    return [*columns, ("holds", [probability_cell(source, held[at]) for at in order])]


def precision_section(source: Source) -> Section:
    """Error of the simulation itself: of each percentile, and of the indices as the futures grew."""
    blocks: list[Block] = []
    replicated = int(source.tree.attrs["replicates"]) > 1
    key = "replicates" if replicated else "one_replicate"
    blocks.append(Paragraph(say(source, f"precision.{key}", replicates=attribute(source, "@replicates"))))
    blocks += [percentiles_table(source, quantity) for quantity in QUANTITIES]
    blocks += convergence_blocks(source)
    return section(source, "precision", *blocks)


def percentiles_table(source: Source, quantity: str) -> Block:
    """Every percentile of a total in the headline's year with its 95 % interval from the replicates."""
    year, reference, form = headline_year(source), f"summary/{quantity}", FORMS[quantity]
    held = column(source, reference, "quantile", form, 1, year=year)
    ends = [
        column(source, f"{reference}_ci", "quantile", form, 1, year=year, ci_bound=end) for end in ("lower", "upper")
    ]
    digits = decimals([one.value for one in held]) + 2
    levels: list[Cell] = [Number(float(level), f"summary/quantile[quantile={level}]", "percent", 0)
                          for level in listed(source, "summary", "quantile")]  # fmt: skip
    columns: list[tuple[str, list[Cell]]] = [("percentile", levels)]
    for name, cells in zip(("value", "lower", "upper"), (held, *ends), strict=True):
        columns.append((name, [replace(one, digits=digits) for one in cells]))
    what = source.words.text(f"quantity_unit.{quantity}")
    key = f"precision-{quantity}".replace("_", "-")
    return table(source, key, columns, caption="precision", what=what, year=str(year))


def demand_section(source: Source) -> Section | None:
    """Need by demography against what is freed, in health and elder care."""
    if not has(source, "demand/need", "demand/freed", "demand/probability"):
        return None
    year, areas = headline_year(source), listed(source, "demand", "area")
    holds = column(source, "demand/probability", "area", "percent", 0, year=year)
    said = tuple(
        say(source, "demand.chance", area=danish(source, "area", area), year=str(year), chance=chance(source, one))
        for area, one in zip(areas, holds, strict=True)
    )
    columns: list[tuple[str, list[Cell]]] = [("area", [danish(source, "area", area) for area in areas])]
    for variable in ("need", "freed"):
        for level, name in LEVEL_NAMES.items():
            cells = column(source, f"demand/{variable}", "area", "thousand_fte", 1, year=year, quantile=level)
            columns.append((f"{variable}_{name}", list(cells)))
    columns.append(("covered", [probability_cell(source, one) for one in holds]))
    return section(
        source,
        "demand",
        Paragraph(say(source, "demand.compared")),
        Bullets(said),
        *figure(source, "demand"),
        table(source, "demand", columns, year=str(year)),
    )
