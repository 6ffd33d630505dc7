"""The first page: what someone with two minutes should know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..document import AuthorPart, Block, Number, Paragraph, Section, Span, Spans
from .names import FORMS, QUANTITIES, group, headline_year, of_input, output
from .reading import (
    Source,
    attribute,
    chance,
    count,
    decimals,
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
)

LEVELS = (0.05, 0.5, 0.95)
WIDER, NARROWER = 1.05, 0.95  # of the published width: between them an interval is about as wide
NAMED = 4  # inputs in a sentence
MENTIONED = 0.005  # a share of the variance below this is not worth a sentence


STILL = 1e-6  # of the median: a spread below this is none


def summary_section(source: Source) -> Section:
    """On one page: caveats, headline with its interval and the published range, figure, drivers, and the ladder."""
    blocks: list[Block] = [*caveats(source)]
    for quantity in QUANTITIES:
        blocks.append(Paragraph(headline(source, quantity), "lead"))
        blocks.append(paragraph(against_published(source, quantity), width(source, quantity)))
    blocks += figure(source, "headline")
    blocks.append(paragraph(*drivers(source), ladder_sentence(source, every=False)))
    return section(source, "summary", *blocks)


def caveats(source: Source) -> list[Block]:
    """What must be known before the numbers: what rests on assumption, what is not in the interval, what contradicts."""
    said = [evidence_caveat(source), coverage_caveat(source), contradictions(source)]
    blocks: list[Block] = [Paragraph(spans, "caveat") for spans in said if spans]
    written = source.author.parts.get("caveats", ())
    return [*blocks, AuthorPart("caveats", source.words.text("prompt.caveats"), written)] if written else blocks


def evidence_caveat(source: Source) -> Spans:
    """How much of the variance rests on assumption, where anything varies and that much is worth a sentence."""
    if not varies(source, "freed_fte"):
        return ()
    assumed = share(source, "evidence", "assumed")
    if assumed is None or not assumed.value >= MENTIONED:
        return ()
    most = "most" if assumed.value > 0.5 else "some"
    return say(source, f"caveat.evidence_{most}", share=rounded(assumed), year=str(headline_year(source)))


def rounded(share: Number) -> Number:
    """A share without decimals, unless it would round to nothing or everything."""
    return replace(share, digits=0) if MENTIONED <= share.value <= 1 - MENTIONED else share


def coverage_caveat(source: Source) -> Spans:
    """What the interval covers: the inputs that vary, and nothing else."""
    ends = source.tree["inputs"].dataset
    key = "coverage" if (ends["high"].values > ends["low"].values).any() else "coverage_none"
    register = "listed" if source.author.parts.get("unquantified") else "unlisted"
    return (
        *say(source, f"caveat.{key}"),
        Span(" "),
        *say(source, f"caveat.{register}", heading=source.words.text("section.unquantified")),
    )


def contradictions(source: Source) -> Spans:
    """How many printed numbers the model cannot meet, and whether they contradict each other."""
    if not has(source, "published/hit"):
        return ()
    bounds, hits = (attribute(source, f"published@{name}") for name in ("bounds", "hits"))
    if not bounds.value or hits.value == bounds.value:
        return ()
    missed = count(source, "published/hit", value=0.0)
    said = say(source, "caveat.missed", missed=missed, bounds=bounds)
    reasons = source.tree["published"].dataset["reason"].values
    if any("Contradiction" in str(reason) for reason in reasons):
        return (*said, Span(" "), *say(source, "caveat.contradiction"))
    return said


def headline(source: Source, quantity: str, *, key: str = "headline") -> Spans:
    """Median and 90 % interval of a total."""
    low, middle, high = headline_numbers(source, quantity)
    fixed = low.value == high.value
    year, what = str(headline_year(source)), source.words.text(f"what.{quantity}")
    if fixed:
        return say(source, f"{key}.fixed", what=what, year=year, median=middle)
    return say(source, f"{key}.interval", what=what, year=year, median=middle, low=low, high=high)


def headline_numbers(source: Source, quantity: str) -> tuple[Number, Number, Number]:
    """5, 50 and 95 % quantile of a total in the headline's year."""
    year, reference = headline_year(source), f"summary/{quantity}"
    held = [number(source, reference, FORMS[quantity], 1, year=year, quantile=level) for level in LEVELS]
    digits = decimals([one.value for one in held])
    low, middle, high = (spoken(replace(one, digits=digits)) for one in held)
    return low, middle, high


def published_range(source: Source, quantity: str) -> tuple[Number, Number] | None:
    """The published ends of a total, if there are any."""
    if not has(source, f"summary/published_{quantity}"):
        return None
    ends = [number(source, f"summary/published_{quantity}", FORMS[quantity], bound=bound) for bound in ("low", "high")]
    if not known(*ends):
        return None
    digits = printed_decimals([one.value for one in ends])
    low, high = (spoken(replace(one, digits=digits)) for one in ends)
    return low, high


def against_published(source: Source, quantity: str) -> Spans:
    """Where the median lies beside the published range, and how often that range holds."""
    ends = published_range(source, quantity)
    if ends is None:
        return say(source, "published.none")
    _, middle, _ = headline_numbers(source, quantity)
    if not known(middle):
        return say(source, "published.unknown", low=ends[0], high=ends[1])
    place = "below" if middle.value < ends[0].value else "above" if middle.value > ends[1].value else "inside"
    below, inside, above = (
        number(source, f"summary/probability_{quantity}", "percent", 0, position=position)
        for position in ("below", "in", "above")
    )
    return (
        *say(source, f"published.{place}", low=ends[0], high=ends[1]),
        Span(" "),
        *say(
            source,
            "published.chance",
            inside=chance(source, inside),
            below=chance(source, below, "part"),
            above=chance(source, above, "part"),
        ),
    )


def width(source: Source, quantity: str) -> Spans:
    """How wide the interval is beside the published one, from the last rung of the ladder."""
    last = last_rung(source)
    if last is None or published_range(source, quantity) is None:
        return ()
    ratio = number(source, f"ladder/{quantity}_width", "plain", 1, rung=last, variant="common")
    if not known(ratio):
        return ()
    kind = "wider" if ratio.value > WIDER else "narrower" if ratio.value < NARROWER else "same"
    digits = 1 if ratio.value >= 1 else 2
    return say(source, f"width.{kind}", ratio=Number(ratio.value, ratio.origin, "plain", digits))


def last_rung(source: Source) -> str | None:
    """The rung with all sources together, if there is one."""
    if not has(source, "ladder/freed_fte"):
        return None
    ladder = source.tree["ladder"].dataset
    added = [name for name, kind in zip(ladder["rung"].values, ladder["kind"].values, strict=True) if kind == "added"]
    return str(added[-1]) if added else None


def ladder_sentence(source: Source, quantity: str = "freed_fte", *, every: bool = True) -> Spans:
    """From the phase-in moved for all at once to all sources together, with common and with separate causes.

    Parameters
    ----------
    source : Source
    quantity : str
    every : bool
        Also all sources together, which a headline beside it says already, from more futures.
    """
    last = last_rung(source)
    if last is None:
        return ()
    ladder = source.tree["ladder"].dataset
    rungs = dict(zip(ladder["kind"].values.tolist(), ladder["rung"].values.tolist(), strict=True))
    wanted = [("at_once", rungs.get("at once"), "common"), ("all", last, "common"), ("separate", last, "independent")]
    wanted = [one for one in wanted if every or one[0] != "all"]
    said: list[Spans] = []
    for key, rung, variant in wanted:
        if rung is None:
            continue
        ends = rung_ends(source, quantity, rung, variant)
        if ends is not None:
            said.append(say(source, f"ladder.{key}", low=ends[0], high=ends[1]))
    return paragraph(*said).spans


def rung_ends(source: Source, quantity: str, rung: str, variant: str) -> tuple[Number, Number] | None:
    """The 90 % interval of a rung; None where the variant does not apply to it."""
    low, high = (
        spoken(number(source, f"ladder/{quantity}", FORMS[quantity], 1, rung=rung, variant=variant, quantile=level))
        for level in (LEVELS[0], LEVELS[-1])
    )
    return (low, high) if known(low, high) else None


def varies(source: Source, quantity: str) -> bool:
    """Whether a total of the headline's year has any spread."""
    low, middle, high = headline_numbers(source, quantity)
    spread = high.value - low.value  # of a fixed output: the width of a bin
    return has(source, "sensitivity/first_order") and spread > STILL * abs(middle.value)


def share(source: Source, partition: str, label: str, quantity: str = "freed_fte") -> Number | None:
    """First-order index of a group for a total of the headline's year; None where there is no such group."""
    name = f"{partition}: {label}"
    if not has(source, "sensitivity/first_order") or name not in listed(source, "sensitivity", "group"):
        return None
    return number(source, "sensitivity/first_order", "percent", 1, output=output(source, quantity), group=name)


def drivers(source: Source, quantity: str = "freed_fte") -> list[Spans]:
    """The inputs that the variance mostly comes from, and the kinds of assumption."""
    if not varies(source, quantity):
        return [say(source, "driver.none")]
    said: list[Spans] = []
    if has(source, "single_inputs/first_order"):
        said += [leading(source, "single_inputs", "input", quantity)]
    if has(source, "sensitivity/first_order"):
        said += [leading(source, "sensitivity", "group", quantity, partition="assumption")]
    return [one for one in said if one]


def leading(source: Source, node: str, dimension: str, quantity: str, partition: str = "") -> Spans:
    """The first two of a table by their first-order index; as one where their intervals overlap."""
    dataset = source.tree[node].dataset.sel(output=output(source, quantity))
    indices, ends = dataset["first_order"].values, dataset["first_order_ci"].values
    allowed = dataset["partition"].values == partition if partition else np.full(len(indices), True)
    order = [at for at in np.argsort(-np.nan_to_num(indices, nan=-1.0), kind="stable") if allowed[at]]
    lost = [str(dataset[dimension].values[at]) for at in order if not np.isfinite(indices[at])]
    before = undetermined(source, partition, lost)
    order = [at for at in order if np.isfinite(indices[at]) and indices[at] > 0][:2]
    if not order:
        return before
    parts: dict[str, Spans | str] = {}
    for word, at in zip(("first", "second"), order, strict=False):
        name = str(dataset[dimension].values[at])
        label = group(source, partition, name.partition(": ")[2]) if partition else of_input(source, name)
        at_name = {"output": output(source, quantity), dimension: name}
        part = rounded(number(source, f"{node}/first_order", "percent", 1, **at_name))
        parts[word] = say(source, "driver.part", name=(Span(label, strong=word == "first"),), part=part)
    tie = len(order) == 2 and bool(ends[order[0], 0] <= ends[order[1], 1])
    kind = "alone" if len(order) == 1 else "tie" if tie else "lead"
    return paragraph(before, say(source, f"driver.{kind}_{partition or 'input'}", **parts)).spans


def driver_name(source: Source, partition: str, name: str) -> str:
    """Name of an input, or of a group of a partition."""
    return group(source, partition, name.partition(": ")[2]) if partition else of_input(source, name)


def undetermined(source: Source, partition: str, names: Sequence[str]) -> Spans:
    """That some have no index, so that what follows holds for the others only."""
    if not names:
        return ()
    shown = "; ".join(driver_name(source, partition, name) for name in names[:NAMED])
    shown += f" {source.words.text('driver.more')}" if len(names) > NAMED else ""
    return say(source, "driver.undetermined", names=shown)
