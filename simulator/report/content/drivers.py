"""What the spread comes from: indices of groups and single inputs, who carries the range, and what learning would bring."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..document import Block, Number, Paragraph, Section, Spans
from .names import FORMS, danish, group, headline_year, of_input, output, titled
from .reading import (
    Cell,
    Source,
    blank,
    column,
    count,
    figure,
    has,
    known,
    listed,
    number,
    paragraph,
    printed_decimals,
    say,
    section,
    spoken,
    table,
    total,
    values,
)
from .summary import drivers, varies

PARTITIONS = ("assumption", "factor", "category")
SINGLE = 15  # inputs in the table
CHECKED = 10  # in the tables of checks
GROUPS = 12  # of a partition
LEARNED = ("assumption", "factor")  # partitions for which it is said what learning a group brings
SETTLED = 0.0
VERSUS = ("below", "above", "outside")
INDICES = ("first_order", "total_order")
ENDS = (("", ""), ("lower", "_ci"), ("upper", "_ci"))


def sensitivity_section(source: Source) -> Section:
    """Global sensitivity of total FTE: groups, their sum, single inputs, and who carries the range."""
    if not varies(source, "freed_fte"):
        return section(source, "sensitivity", Paragraph(say(source, "driver.none")))
    blocks: list[Block] = [Paragraph(say(source, "sensitivity.indices")), *figure(source, "drivers")]
    blocks += [group_table(source, partition, f"drivers-by-{partition}") for partition in PARTITIONS]
    blocks.append(paragraph(additive(source), exact_words(source)))
    parts = [single_section(source), carriers_section(source), rank_section(source), separation_section(source)]
    return section(source, "sensitivity", *blocks, parts=[part for part in parts if part is not None])


def index_columns(
    source: Source, node: str, dimension: str, order: list[int], *, exact: bool = True
) -> list[tuple[str, list[Cell]]]:
    """First-order and total indices with intervals, and the closed form beside them, in percent of the variance."""
    labels, columns = {"output": output(source, "freed_fte")}, list[tuple[str, list[Cell]]]()
    for name in INDICES:
        for end, ending in ENDS:
            at = {**labels, "ci_bound": end} if end else labels
            cells = column(source, f"{node}/{name}{ending}", dimension, "percent", 2, **at)
            columns.append((f"{name}_{end}" if end else name, [cells[at] for at in order]))
        if exact and has(source, f"{node}/{name}_exact"):
            cells = column(source, f"{node}/{name}_exact", dimension, "percent", 2, **labels)
            columns.append((f"{name}_exact", [cells[at] for at in order]))
    return columns


def ordered(source: Source, node: str, partition: str = "", shown: int | None = None) -> list[int]:
    """Places of groups or inputs that matter at all, by their total index, largest first."""
    dataset = source.tree[node].dataset.sel(output=output(source, "freed_fte"))
    size = dataset["total_order"].values
    allowed = dataset["partition"].values == partition if partition else np.full(len(size), True)
    order = [int(at) for at in np.argsort(-np.nan_to_num(size, nan=-1.0), kind="stable") if allowed[at]]
    return [at for at in order if size[at] != 0][:shown]


def group_table(source: Source, partition: str, key: str) -> Block:
    """Indices of the groups of a partition, largest total first; those without any effect are left out."""
    every = ordered(source, "sensitivity", partition)
    order = every[:GROUPS]
    labels = listed(source, "sensitivity", "label")
    names: list[Cell] = [titled(group(source, partition, labels[at])) for at in order]
    columns = [(partition, names), *index_columns(source, "sensitivity", "group", order)]
    note = source.words.text("note.largest", shown=str(GROUPS)) if len(every) > GROUPS else ""
    return table(source, key, columns, note=note, caption=f"by-{partition}", year=str(headline_year(source)))


def additive(source: Source) -> Spans:
    """What the first-order indices add up to: the rest is interaction."""
    added = total(
        source, "sensitivity/first_order", "percent", 2, output=output(source, "freed_fte"), partition="assumption"
    )
    return say(source, "sensitivity.sum", sum=added) if known(added) else say(source, "sensitivity.no_sum")


def exact_words(source: Source) -> Spans:
    """Whether a closed form stands beside the estimates."""
    held = source.tree["sensitivity"].dataset.get("first_order_exact")
    there = held is not None and bool(np.isfinite(held.values).any())
    return say(source, "sensitivity.exact" if there else "sensitivity.no_exact")


def single_section(source: Source) -> Section | None:
    """The largest single inputs, and expected values with each at its ends."""
    if not has(source, "single_inputs/first_order"):
        return None
    order = ordered(source, "single_inputs", shown=SINGLE)
    names = listed(source, "single_inputs", "input")
    columns: list[tuple[str, list[Cell]]] = [("input", [titled(of_input(source, names[at])) for at in order])]
    columns += index_columns(source, "single_inputs", "input", order)
    blocks: list[Block] = [table(source, "single-inputs", columns, year=str(headline_year(source)))]
    if has(source, "single_inputs/conditional_low", "single_inputs/conditional_high"):
        blocks += [Paragraph(say(source, "sensitivity.tornado")), *figure(source, "tornado")]
        blocks += [] if "tornado" in source.figures else [conditional_table(source, order)]
    return section(source, "single_inputs", *blocks)


def conditional_table(source: Source, order: list[int]) -> Block:
    """Expected FTE with an input at its 5 and 95 % quantile, all else uncertain."""
    names = listed(source, "single_inputs", "input")
    columns: list[tuple[str, list[Cell]]] = [("input", [titled(of_input(source, names[at])) for at in order])]
    for name in ("conditional_low", "conditional_high"):
        cells = column(source, f"single_inputs/{name}", "input", "thousand_fte", 1, output=output(source, "freed_fte"))
        columns.append((name, [cells[at] for at in order]))
    return table(source, "conditional-means", columns, year=str(headline_year(source)))


def carriers_section(source: Source) -> Section | None:
    """Which categories the variance and both tails fall to."""
    if not has(source, "sensitivity/allocation"):
        return None
    labels = listed(source, "sensitivity", "category")
    at = {"output": output(source, "freed_fte")}
    held = {
        name: column(source, f"sensitivity/{name}", "category", "percent", 1, **at)
        for name in ("allocation", "allocation_lower_tail", "allocation_upper_tail")
    }
    ends = [
        column(source, "sensitivity/allocation_ci", "category", "percent", 1, **at, ci_bound=end)
        for end in ("lower", "upper")
    ]
    order = [int(one) for one in np.argsort([-one.value for one in held["allocation"]], kind="stable")]
    cells = [("allocation", held["allocation"]), ("lower", ends[0]), ("upper", ends[1])]
    cells += [(name, held[name]) for name in ("allocation_lower_tail", "allocation_upper_tail")]
    columns: list[tuple[str, list[Cell]]] = [("category", [danish(source, "category", labels[one]) for one in order])]
    columns += [(name, [numbers[one] for one in order]) for name, numbers in cells]
    return section(
        source,
        "carriers",
        Paragraph(say(source, "sensitivity.carriers")),
        *figure(source, "carriers"),
        table(source, "carriers", columns, year=str(headline_year(source))),
    )


def rank_section(source: Source) -> Section | None:
    """First-order indices by a second estimator, from the kept futures alone."""
    if not has(source, "rank/first_order", "rank/first_order_ci", "single_inputs/first_order"):
        return None
    at = {"output": output(source, "freed_fte")}
    if at["output"] not in listed(source, "rank", "output"):
        return None
    names = [listed(source, "single_inputs", "input")[place] for place in ordered(source, "single_inputs")]
    there = set(listed(source, "rank", "input"))
    names = [name for name in names if name in there][:CHECKED]
    columns: list[tuple[str, list[Cell]]] = [("input", [titled(of_input(source, name)) for name in names])]
    for heading, reference, more in (
        ("first_order", "single_inputs/first_order", {}),
        ("rank", "rank/first_order", {}),
        ("lower", "rank/first_order_ci", {"ci_bound": "lower"}),
        ("upper", "rank/first_order_ci", {"ci_bound": "upper"}),
    ):
        columns.append((heading, [number(source, reference, "percent", 1, **at, **more, input=one) for one in names]))
    shown = table(source, "rank", columns, year=str(headline_year(source)))
    return section(source, "rank", Paragraph(say(source, "sensitivity.rank")), shown)


def separation_section(source: Source) -> Section | None:
    """Inputs that tell the futures inside the published range from those outside."""
    if not has(source, "separation/ks_distance"):
        return None
    dataset = source.tree["separation"].dataset
    name = output(source, "freed_fte")
    if name not in listed(source, "separation", "output"):
        return None
    held = [
        column(source, "separation/ks_distance", "input", "plain", 3, output=name, versus=versus) for versus in VERSUS
    ]
    most = np.nanmax(np.nan_to_num([[one.value for one in cells] for cells in held], nan=-1.0), axis=0)
    order: list[int] = [at for at in np.argsort(-most, kind="stable").tolist() if most[at] >= 0][:CHECKED]
    if not order:
        return None
    names = dataset["input"].values.tolist()
    columns: list[tuple[str, list[Cell]]] = [("input", [titled(of_input(source, names[one])) for one in order])]
    for versus, cells in zip(VERSUS, held, strict=True):
        columns.append((f"distance_{versus}", [blank(cells[one]) for one in order]))
    shown = table(source, "separation", columns, year=str(headline_year(source)))
    return section(source, "separation", Paragraph(say(source, "sensitivity.separation")), shown)


def learning_section(source: Source) -> Section:
    """The dominant uncertainty, and what learning it would take off the spread and add to a decision."""
    learned = say(source, "learning.share") if varies(source, "freed_fte") else ()
    blocks: list[Block] = [paragraph(*drivers(source), learned)]
    if learned and has(source, "information/group_sd_left", "information/group_variance_reduction"):
        blocks += [*decision(source), Paragraph(say(source, "learning.meaning"))]
        blocks += [learning_table(source, partition) for partition in LEARNED]
    return section(source, "learning", *blocks)


def learning_table(source: Source, partition: str) -> Block:
    """Standard deviation left, and the value for the decision, for the groups that take anything off the variance."""
    name = output(source, "freed_fte")
    reduced = values(source, "information/group_variance_reduction", output=name).values
    labels, partitions = (listed(source, "information", one) for one in ("label", "partition"))
    order = np.argsort(-np.nan_to_num(reduced, nan=-1.0), kind="stable").tolist()
    order = [at for at in order if partitions[at] == partition and reduced[at] != 0][:GROUPS]
    columns: list[tuple[str, list[Cell]]] = [
        (partition, [titled(group(source, partition, labels[at])) for at in order])
    ]
    held = [("sd_left", column(source, "information/group_sd_left", "group", "thousand_fte", 2, output=name))]
    if has(source, "information/evppi", "information/evppi_ci"):
        form = FORMS[str(source.tree["information"].attrs["quantity"])]
        value = f"evppi_{source.tree['information'].attrs['quantity']}"
        held.append((value, column(source, "information/evppi", "group", form, 3)))
        for end in ("lower", "upper"):
            held.append((f"evppi_{end}", column(source, "information/evppi_ci", "group", form, 3, ci_bound=end)))
    columns += [(heading, [numbers[at] for at in order]) for heading, numbers in held]
    return table(source, f"learning-{partition}", columns, year=str(headline_year(source)))


def decision(source: Source) -> list[Block]:
    """The decision that information is valued for, what one does without it, and what knowing everything is worth."""
    if not has(source, "information/threshold", "information/evpi", "information/goes"):
        return []
    form = FORMS[str(source.tree["information"].attrs["quantity"])]
    threshold = number(source, "information/threshold", form, 0)
    threshold = spoken(replace(threshold, digits=printed_decimals([threshold.value])))
    evpi = spoken(number(source, "information/evpi", form, 2))
    ends = [spoken(number(source, "information/evpi_ci", form, 2, ci_bound=end)) for end in ("lower", "upper")]
    goes = number(source, "information/goes").value > 0
    said = [say(source, "learning.decision", threshold=threshold)]
    said.append(say(source, f"learning.{'goes' if goes else 'stays'}"))
    if known(evpi, *ends):
        said.append(say(source, "learning.evpi", evpi=evpi, low=ends[0], high=ends[1]))
    return [paragraph(*said)]


def convergence_blocks(source: Source, dimension: str = "group", name: str | None = None) -> list[Block]:
    """Widest interval, overlapping neighbours and changes of rank as the points grew, and a verdict in words."""
    if not has(source, "convergence/widest_interval"):
        return []
    name = name or output(source, "freed_fte")
    dataset = source.tree["convergence"].dataset
    if name not in dataset["output"].values:
        return []
    widest = column(source, "convergence/widest_interval", "points", "points", 2, output=name)
    if not known(widest[-1]):
        return []
    points: list[Cell] = [
        Number(float(at), f"convergence/points[points={at}]", digits=0) for at in dataset["points"].values.tolist()
    ]
    columns: list[tuple[str, list[Cell]]] = [("points", points), ("widest", list(widest))]
    for variable in ("overlaps", "largest_rank_change"):
        cells = column(source, f"convergence/{variable}", "points", digits=0, output=name)
        columns.append((variable, [blank(one) for one in cells]))
    last = {"points": dataset["points"].values.tolist()[-1], "output": name}
    overlaps, change = (
        number(source, f"convergence/{one}", digits=0, **last) for one in ("overlaps", "largest_rank_change")
    )
    settled = overlaps.value == SETTLED and change.value == SETTLED
    screened = count(source, "convergence/screened", **last, value=1.0)
    said = (
        say(source, "convergence.widest", widest=widest[-1]),
        say(source, f"convergence.{'settled' if settled else 'unsettled'}", overlaps=overlaps),
        say(source, f"convergence.screened_{dimension}", screened=screened),
    )
    return [paragraph(*said), *figure(source, "convergence"), table(source, "convergence", columns)]
