"""Other ways to see it: the ladder, structural alternatives, switching values, and how robust the headline is."""

from __future__ import annotations

import json

import numpy as np

from ..document import Block, Bullets, Code, Paragraph, Section, Spans
from .inputs import shown_as
from .names import QUANTITIES, of_input, output, titled
from .reading import (
    Cell,
    Source,
    attribute,
    blank,
    column,
    figure,
    has,
    known,
    listed,
    paragraph,
    probability_cell,
    say,
    section,
    settings,
    table,
    values,
)
from .summary import ladder_sentence, last_rung, published_range, rounded, rung_ends, share, varies

TABLE = "reconstruction"  # an input without an order, along which nothing can be switched
VARIANTS = ("common", "independent")
SWITCHING = 15  # inputs in the table of switching values


def alternatives_section(source: Source) -> Section:
    """The ladder, and what the workforce table, the phase-in and the demography do."""
    blocks: list[Block] = []
    sentence = ladder_sentence(source)
    if sentence:
        printed = "published" if "published" in listed(source, "ladder", "kind") else "unpublished"
        meaning = (say(source, f"ladder.meaning_{printed}"), say(source, "ladder.meaning"))
        blocks += [paragraph(*meaning), Paragraph(sentence), *figure(source, "ladder")]
        blocks.append(ladder_table(source))
    return section(source, "alternatives", *blocks, Bullets(tuple(structure(source))))


def ladder_table(source: Source) -> Block:
    """Every rung with its 90 % interval, width, and probability of the published range, in both variants."""
    ladder = source.tree["ladder"].dataset
    rungs = ladder["rung"].values.tolist()
    kinds, sources = (ladder[name].values.tolist() for name in ("kind", "source"))
    shown = [at for at in range(len(rungs)) if np.isfinite(ladder["freed_fte"].values[at]).any()]
    what: list[Cell] = [rung_name(source, kinds[at], sources[at]) for at in shown]
    columns: list[tuple[str, list[Cell]]] = [("rung", what)]
    for variant in VARIANTS:
        for level, name in ((0.05, "p05"), (0.95, "p95")):
            cells = column(source, "ladder/freed_fte", "rung", "thousand_fte", 1, variant=variant, quantile=level)
            columns.append((f"{variant}_{name}", [blank(cells[at]) for at in shown]))
        widths = column(source, "ladder/freed_fte_width", "rung", "plain", 2, variant=variant)
        columns.append((f"{variant}_width", [blank(widths[at]) for at in shown]))
        held = column(source, "ladder/freed_fte_probability", "rung", "percent", 0, variant=variant)
        columns.append((f"{variant}_probability", [probability_cell(source, held[at]) for at in shown]))
    futures = say(source, "ladder.futures", futures=attribute(source, "ladder@futures"))
    note = "".join(span.text for span in futures)
    if ladder.attrs.get("left_out"):
        note += f" {source.words.text('ladder.left_out')}"
    return table(source, "ladder", columns, note=note)


def rung_name(source: Source, kind: str, one: str) -> str:
    """What a rung is, in words."""
    label = source.words.label("assumption", one)
    return source.words.text(f"rung.{kind.replace(' ', '_')}", source=label)


def structure(source: Source) -> list[Spans]:
    """What the settings say of the structure, with its share of the variance."""
    held = settings(source)
    said: list[Spans] = []
    for key, on in (("ensemble", held["reconstruction"]["ensemble"]), ("technology", held["technology"]["common"])):
        said.append(say(source, f"structure.{key}_{'on' if on else 'off'}"))
    if held["reconstruction"]["ensemble"]:
        said[0] = paragraph(said[0], alone(source, "ensemble_share", "reconstruction")).spans
    shift = attribute(source, "@settings.phase_in.shift", "points", 1)
    common = attribute(source, "@settings.phase_in.common", "percent", 0)
    moved = say(source, "structure.shift", shift=shift) if shift.value else say(source, "structure.no_shift")
    said.append(paragraph(moved, say(source, "structure.common", common=common)).spans)
    said.append(alone(source, "demography", "demography"))
    return [one for one in said if one]


def alone(source: Source, key: str, label: str) -> Spans:
    """What a kind of assumption does to the variance by itself; nothing where that is not known."""
    part = share(source, "assumption", label) if varies(source, "freed_fte") else None
    if part is None or not known(part):
        return ()
    return say(source, f"structure.{key}", share=rounded(part))


def switching_section(source: Source) -> Section | None:
    """The value at which the expected output leaves the published range, input by input, and how probable that is."""
    if (
        not has(source, "switching/value", "switching/probability_beyond")
        or published_range(source, "freed_fte") is None
    ):
        return None
    blocks: list[Block] = [Paragraph(say(source, "switching.meaning"))]
    for quantity in QUANTITIES:
        blocks += switching_table(source, quantity)
    beyond = values(source, "switching/probability_beyond").transpose("input", ...).values
    names = np.array(listed(source, "switching", "input"))
    lost = np.isnan(beyond).all(axis=(1, 2)) & (names != TABLE)
    if lost.any():
        blocks.append(Paragraph(say(source, "switching.unknown")))
    elif len(blocks) == 1:
        blocks.append(Paragraph(say(source, "switching.never")))
    return section(source, "switching", *blocks)


def switching_table(source: Source, quantity: str) -> list[Block]:
    """Inputs that can lead out of the range alone, most probable first; nothing where none can."""
    name = output(source, quantity)
    if name not in listed(source, "switching", "output"):
        return []
    held = {
        (variable, bound): column(source, f"switching/{variable}", "input", form, 1, output=name, bound=bound)
        for bound in ("low", "high")
        for variable, form in (("value", "plain"), ("probability_beyond", "percent"))
    }
    names = listed(source, "switching", "input")
    ends = [held["value", bound] for bound in ("low", "high")]
    below, above = ([one.value for one in held["probability_beyond", bound]] for bound in ("low", "high"))
    order: list[int] = np.argsort(-np.nan_to_num(np.fmax(below, above), nan=-1.0), kind="stable").tolist()
    order = [at for at in order if any(known(cells[at]) for cells in ends)][:SWITCHING]
    if not order:
        return []
    units = dict(zip(listed(source, "inputs", "input"), listed(source, "inputs", "unit"), strict=True))
    columns: list[tuple[str, list[Cell]]] = [("input", [titled(of_input(source, names[at])) for at in order])]
    columns.append(("unit", [source.words.label("input_unit", units[names[at]]) for at in order]))
    for bound in ("low", "high"):
        columns.append((f"switch_{bound}", [blank(shown_as(held["value", bound][at])) for at in order]))
        beyond = held["probability_beyond", bound]
        columns.append((f"beyond_{bound}", [probability_cell(source, beyond[at]) for at in order]))
    what = source.words.text(f"quantity.{quantity}")
    return [table(source, f"switching-{quantity}".replace("_", "-"), columns, caption="switching", what=what)]


def robustness_section(source: Source) -> Section:
    """What was done about distribution shape, dependence, estimator and seed, and where the other results stand."""
    replicated = int(source.tree.attrs["replicates"]) > 1
    precision, ranks = (source.words.text(f"section.{key}") for key in ("precision", "rank"))
    items = [say(source, f"robustness.seed_{'replicates' if replicated else 'one'}", heading=precision)]
    estimator = "rank" if has(source, "rank/first_order") else "exact"
    items.append(say(source, f"robustness.estimator_{estimator}", heading=ranks))
    independent = _independent(source)
    items.append(independent or say(source, "robustness.dependence_none"))
    items.append(say(source, "robustness.shape"))
    return section(source, "robustness", Bullets(tuple(items)))


def _independent(source: Source) -> Spans:
    """The interval with every category on its own, from the ladder."""
    last = last_rung(source)
    ends = None if last is None else rung_ends(source, "freed_fte", last, "independent")
    return () if ends is None else say(source, "robustness.dependence", low=ends[0], high=ends[1])


def reproduction_section(source: Source) -> Section:
    """Command, configuration, changes, hashes of the data, and versions: what it takes to run it again."""
    attrs = source.tree.attrs
    blocks: list[Block] = [Paragraph(say(source, "reproduction.command")), Code(str(attrs["command"]))]
    changes = json.loads(attrs["config_changes"])
    if changes:
        blocks += [Paragraph(say(source, "reproduction.changes")), Code("\n".join(map(str, changes)))]
    for name, text in json.loads(attrs["config"]).items():
        blocks += [Paragraph(say(source, "reproduction.config", name=str(name))), Code(str(text))]
    hashes = json.loads(attrs.get("data_hashes", "{}"))
    if hashes:
        cells: list[tuple[str, list[Cell]]] = [("file", list(hashes)), ("hash", list(hashes.values()))]
        blocks.append(table(source, "data-hashes", cells, long=True))
    return section(source, "reproduction", *blocks)
