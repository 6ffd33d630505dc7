"""Interactions between the common factors, and the leading factor of every area and category."""

from __future__ import annotations

import numpy as np

from ..document import Block, Section
from .names import QUANTITIES, danish, group, headline_year, output, titled
from .reading import Cell, Source, attribute, column, has, known, listed, number, paragraph, say, section, table, total
from .summary import undetermined, varies

PARTITION = "factor"
PAIRS = 10  # in the table
DIMENSIONS = ("area", "category")
ENDS = (("", ""), ("lower", "_ci"), ("upper", "_ci"), ("exact", "_exact"))


def interactions_section(source: Source) -> Section | None:
    """Second-order indices of total FTE and leading factors elsewhere; None where the run has no indices of all outputs."""
    if not has(source, "indices/first_order", "indices/total_order", "indices/second_order"):
        return None
    blocks: list[Block] = []
    if varies(source, "freed_fte"):
        blocks += interactions(source)
    lost = undetermined(source, PARTITION, without_index(source))
    blocks.append(paragraph(say(source, "interactions.leading"), lost))
    blocks += [leading_table(source, dimension) for dimension in DIMENSIONS]
    return section(source, "interactions", *blocks)


def without_index(source: Source) -> list[str]:
    """Factors that have no index for any output, since their inputs depend on those of others."""
    dataset = source.tree["indices"].dataset
    lost = np.isnan(dataset["total_order"].values).all(axis=0) & (dataset["group_partition"].values == PARTITION)
    return [str(name) for name in dataset["group"].values[lost]]


def interactions(source: Source) -> list[Block]:
    """What first and second order add up to, and the pairs of factors that interact most."""
    at = {"output": output(source, "freed_fte")}
    first = total(source, "indices/first_order", "percent", 1, **at, group_partition=PARTITION)
    second = total(source, "indices/second_order", "percent", 1, **at, pair_partition=PARTITION)
    added = say(source, "interactions.sums", first=first, second=second) if known(first, second) else ()
    drawn = say(source, "interactions.points", points=attribute(source, "indices@index_points"))
    return [paragraph(say(source, "interactions.pairs"), added, drawn), pair_table(source)]


def pair_table(source: Source) -> Block:
    """The largest pairs: by the closed form, where there is one, since the largest of noisy estimates would be noise."""
    at = {"output": output(source, "freed_fte")}
    held = {
        name: column(source, f"indices/second_order{ending}", "pair", "percent", 2, **at, **_bound(name))
        for name, ending in ENDS
    }
    sizes = [np.array([one.value for one in held[name]]) for name in ("exact", "")]
    size = np.where(np.isfinite(sizes[0]), *sizes)
    partitions = np.array(listed(source, "indices", "pair_partition"))
    order = [at for at in np.argsort(-np.nan_to_num(size, nan=-np.inf), kind="stable").tolist()
             if partitions[at] == PARTITION and np.isfinite(size[at])][:PAIRS]  # fmt: skip
    columns: list[tuple[str, list[Cell]]] = []
    for place in ("first", "second"):
        labels = listed(source, "indices", place)
        columns.append((f"pair_{place}", [titled(group(source, PARTITION, labels[one])) for one in order]))
    for name, cells in held.items():
        columns.append((f"second_order_{name}" if name else "second_order", [cells[one] for one in order]))
    return table(source, "interactions", columns, year=str(headline_year(source)))


def leading_table(source: Source, dimension: str) -> Block:
    """For every area or category, the factor with the largest total index for its FTE, and the one after it."""
    dataset, year = source.tree["indices"].dataset, headline_year(source)
    chosen = (dataset["dimension"].values == dimension) & (dataset["year"].values == year)
    chosen &= dataset["quantity"].values == QUANTITIES[0]
    factors = np.flatnonzero(dataset["group_partition"].values == PARTITION)
    names, labels = listed(source, "indices", "group"), listed(source, "indices", "group_label")
    headings = (
        dimension,
        "leading",
        "total_order",
        "total_order_lower",
        "total_order_upper",
        "leading_next",
        "next_total",
    )
    rows: list[tuple[Cell, ...]] = []
    for place in np.flatnonzero(chosen).tolist():
        size = np.nan_to_num(dataset["total_order"].values[place, factors], nan=-1.0)
        best, after = factors[np.argsort(-size, kind="stable")[:2]].tolist()
        if size.max() <= 0:
            continue
        at = {"output": listed(source, "indices", "output")[place]}
        ends = [
            number(source, "indices/total_order_ci", "percent", 1, **at, group=names[best], ci_bound=end)
            for end in ("lower", "upper")
        ]
        totals = [number(source, "indices/total_order", "percent", 1, **at, group=names[one]) for one in (best, after)]
        leaders = [titled(group(source, PARTITION, labels[one])) for one in (best, after)]
        label = danish(source, dimension, listed(source, "indices", "label")[place])
        rows.append((label, leaders[0], totals[0], *ends, leaders[1], totals[1]))
    columns = list(zip(headings, map(list, zip(*rows, strict=True)), strict=True))
    return table(source, f"leading-by-{dimension}", columns, year=str(year))


def _bound(name: str) -> dict[str, str]:
    return {"ci_bound": name} if name in ("lower", "upper") else {}
