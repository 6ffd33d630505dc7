"""A comparison as a document, for the same writers as the appendix of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..content.reading import paragraph
from ..document import Block, Bullets, Code, Document, Figure, Number, Section, Spans, Table
from ..figures.reading import form_of
from ..words import Words, read_words
from . import figures, tables
from .changes import data_changed, settings_changed, versions_changed
from .differences import apart, paired
from .runs import Runs, attribute, common_part, why_not_common

if TYPE_CHECKING:
    import xarray as xr


def compare_document(trees: Sequence[tuple[str, xr.DataTree]], language: str) -> Document:
    """Runs side by side, and each one's difference from the first.

    Parameters
    ----------
    trees : sequence of (str, xarray.DataTree)
        Two to six runs with their names, as from `read_runs`; the first is the reference.
    language : str
        ``da`` or ``en``.

    Returns
    -------
    Document

    Raises
    ------
    InputError
        Fewer than two runs, two of one name, a tree that holds no results of the built-in model, nothing in common, or an
        unknown language.

    Notes
    -----
    Runs with the same design and the same inputs in the same order share their draws: their futures are compared one by
    one, from the samples kept in the results. Other runs are independent, and only means and medians are compared.
    """
    words, runs = read_words(language), common_part(trees)
    reasons = {other: why_not_common(runs, other) for other in range(1, len(runs.names))}
    sections = (
        _section(words, "totals", _totals(runs, words)),
        _section(words, "differences", _differences(runs, words, reasons)),
        _section(words, "drivers", _drivers(runs, words)),
        _section(words, "areas", _areas(runs, words, reasons)),
        _section(words, "changes", _changes(runs, words)),
        _section(words, "again", [Code("\n".join(str(tree.attrs["command"]) for tree in runs.trees))]),
    )
    return Document(
        language,
        words.text("compare.title"),
        " · ".join(runs.names),
        _summary(runs, words, reasons),
        tuple(section for section in sections if section.blocks),
        words.group("label"),
    )


def _section(words: Words, key: str, blocks: Sequence[Block | None]) -> Section:
    shown = tuple(block for block in blocks if block is not None)
    return Section(f"compare-{key}", words.text(f"compare.section.{key}"), shown)


def _summary(runs: Runs, words: Words, reasons: Mapping[int, str]) -> Section:
    quantity, year = runs.quantities[0], max(runs.years)
    what: dict[str, Any] = {"what": words.label("quantity", quantity), "year": str(year)}
    blocks: list[Block] = [paragraph(words.spans("compare.text.lead", **what), role="lead")]
    medians = [figures.median_said(runs, words, run, quantity, year) for run in range(len(runs.names))]
    blocks.append(Bullets(tuple(medians)))
    blocks.append(Bullets(tuple(_said(runs, words, other, reason) for other, reason in reasons.items())))
    for other, reason in reasons.items():
        if reason:
            why = words.text(f"compare.reason.{reason}")
            said = words.spans("compare.text.not_common", name=runs.names[other], reference=runs.names[0], reason=why)
            blocks.append(paragraph(said, role="caveat"))
    for kind, labels in runs.left_out.items():
        said = words.spans(f"compare.left_out.{kind}", labels=", ".join(labels))
        blocks.append(paragraph(said, role="caveat"))
    return Section("summary", words.text("label.summary"), tuple(blocks))


def _said(runs: Runs, words: Words, other: int, reason: str) -> Spans:
    """The difference of a run from the reference in a sentence."""
    quantity = runs.quantities[0]
    parts: dict[str, Any] = {"name": runs.names[other], "reference": runs.names[0]}
    parts |= _difference(runs, other, reason, quantity, max(runs.years))
    return words.spans(f"compare.text.{'apart' if reason else 'paired'}", **parts)


def _difference(runs: Runs, other: int, reason: str, quantity: str, year: int, **labels: str) -> Mapping[str, Number]:
    variable = f"{quantity}_by_area" if "area" in labels else quantity
    compare = apart if reason else paired
    return compare(runs, other, variable, form_of(quantity), tables.TWO, year=year, **labels)


def _totals(runs: Runs, words: Words) -> list[Block | None]:
    blocks: list[Block | None] = [figures.headline(runs, words)]
    if any(runs.has(f"summary/probability_{quantity}") for quantity in runs.quantities):
        blocks.append(tables.chances(runs, words))
    return [*blocks, figures.fan(runs, words), *(tables.totals(runs, words, quantity) for quantity in runs.quantities)]


def _differences(runs: Runs, words: Words, reasons: Mapping[int, str]) -> list[Block | None]:
    common = [other for other, reason in reasons.items() if not reason]
    blocks: list[Block | None] = [figures.distribution(runs, words, common)]
    for key, picked in (("paired", common), ("apart", [other for other in reasons if other not in common])):
        found = [
            (quantity, year, other, _difference(runs, other, reasons[other], quantity, year))
            for quantity in runs.quantities
            for year in runs.years
            for other in picked
        ]
        if found:
            blocks.append(tables.differences(runs, words, key, found, words.text(f"compare.note.{key}")))
    return blocks


def _drivers(runs: Runs, words: Words) -> list[Figure | Table | None]:
    return [figures.drivers(runs, words), *(tables.drivers(runs, words, quantity) for quantity in runs.quantities)]


def _areas(runs: Runs, words: Words, reasons: Mapping[int, str]) -> list[Block | None]:
    blocks: list[Block | None] = []
    for quantity in runs.quantities:
        if not runs.areas or not runs.has(f"summary/{quantity}_by_area"):
            continue
        found = {
            other: [_difference(runs, other, reason, quantity, max(runs.years), area=area) for area in runs.areas]
            for other, reason in reasons.items()
        }
        blocks += [tables.areas(runs, words, quantity), tables.area_differences(runs, words, quantity, found)]
    return blocks


def _changes(runs: Runs, words: Words) -> list[Block | None]:
    settings = [attribute(runs, run, "settings") for run in range(len(runs.names))]
    blocks: list[Block | None] = [tables.made_by(runs, words, settings)]
    for key, rows in (
        ("settings", settings_changed(runs)), ("data", data_changed(runs)), ("versions", versions_changed(runs))
    ):  # fmt: skip
        same = paragraph(words.spans(f"compare.text.same_{key}"))
        blocks.append(tables.changed(runs, words, key, rows) if rows else same)
    return blocks
