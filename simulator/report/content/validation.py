"""Validation: the published tables reproduced, the use cases, and futures that failed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..document import Block, Bullets, Paragraph, Section, Spans
from .reading import (
    Cell,
    Source,
    attribute,
    figure,
    has,
    listed,
    number,
    printed_decimals,
    probability_cell,
    say,
    section,
    table,
    values,
)

GROUPS = ("potentials", "workforce", "growth", "claims")
ENDS = ("low", "middle", "high")
UNIT_FORMS = {"fraction": "percent"}
MISSES = ("figure", "label", "printed_quantity", "end", "printed", "ours", "by", "reason")
PHASE_INS = ("without", "with")
_TEXTS = ("figure", "label", "label_en", "quantity", "printed", "reason", "unit")


def validation_section(source: Source) -> Section:
    """How many published numbers the model meets, which it misses, the use cases, and failed futures."""
    parts = [published_section(source), use_cases_section(source)]
    return section(
        source, "validation", Paragraph(say(source, "validation.finite", futures=attribute(source, "@futures"))),
        Paragraph(say(source, "validation.bounds")), parts=[part for part in parts if part is not None],
    )  # fmt: skip


def published_section(source: Source) -> Section | None:
    """Hits and misses of the printed bounds."""
    if not has(source, "published/hit"):
        return None
    bounds, hits = (attribute(source, f"published@{name}") for name in ("bounds", "hits"))
    if not bounds.value:
        return None
    said: list[Cell] = []
    columns: dict[str, list[Cell]] = {"hits": [], "bounds": []}
    for group in GROUPS:
        if f"bounds_{group}" in source.tree["published"].attrs:
            said.append(source.words.text(f"printed.{group}"))
            for name, cells in columns.items():
                cells.append(attribute(source, f"published@{name}_{group}"))
    said.append(source.words.text("printed.all"))
    for name, held in (("hits", hits), ("bounds", bounds)):
        columns[name].append(held)
    blocks: list[Block] = [Paragraph(say(source, "validation.published", hits=hits, bounds=bounds))]
    blocks += figure(source, "published")
    blocks.append(table(source, "printed-numbers", [("printed_kind", said), *columns.items()]))
    if hits.value < bounds.value:
        blocks.append(misses_table(source))
    return section(source, "published", *blocks)


def misses_table(source: Source) -> Block:
    """Every printed bound that is not met: printed, ours, by how much, and the likely reason."""
    dataset = source.tree["published"].dataset
    hit = dataset["hit"].values
    places = [(int(row), int(end)) for row, end in np.argwhere(hit == 0)]
    names = [str(name) for name in dataset["number"].values]
    columns: dict[str, list[Cell]] = {name: [] for name in MISSES}
    for row, end in places:
        one = {name: str(dataset[name].values[row]) for name in _TEXTS}
        at, form = {"number": names[row], "end": ENDS[end]}, UNIT_FORMS.get(one["unit"], "plain")
        beside = source.words.language == "en" and one["label_en"] != one["label"]
        columns["figure"].append(source.words.label("printed_place", one["figure"]))
        columns["label"].append(f"{one['label']} ({one['label_en']})" if beside else one["label"])
        columns["printed_quantity"].append(source.words.label("printed_quantity", one["quantity"]))
        columns["end"].append(source.words.text(f"end.{ENDS[end]}"))
        columns["printed"].append(one["printed"])
        columns["ours"].append(number(source, "published/ours", form, 1, **at))
        columns["by"].append(number(source, "published/miss_by", form, 2, **at))
        columns["reason"].append(one["reason"])
    return table(source, "misses", list(columns.items()), note=source.words.text("note.misses"))


def use_cases_section(source: Source) -> Section | None:
    """The report's five use cases: what is printed, what comes out, and what would have to hold."""
    if not has(source, "use_cases/central"):
        return None
    blocks: list[Block] = [Paragraph(say(source, "use_cases.warning"), "note"), use_case_table(source)]
    names = listed(source, "use_cases", "case")
    blocks.append(Bullets(tuple(reading(source, name) for name in names)))
    return section(source, "use_cases", *blocks)


def use_case_table(source: Source) -> Block:
    """Printed range, median and 90 % interval, and probability, without and with phase-in."""
    dataset = source.tree["use_cases"].dataset
    columns: dict[str, list[Cell]] = {
        name: [] for name in ("use_case", "published_low", "published_high", "phase_in", "p05", "p50", "p95", "holds")
    }
    for name in [str(name) for name in dataset["case"].values]:
        ends = [number(source, f"use_cases/published_{end}", "thousand_fte", 0, case=name) for end in ("low", "high")]
        digits = printed_decimals([one.value for one in ends])
        for phase_in in dataset["phase_in"].values.tolist():
            columns["use_case"].append(case_name(source, name))
            for heading, one in zip(("published_low", "published_high"), ends, strict=True):
                columns[heading].append(replace(one, digits=digits))
            columns["phase_in"].append(source.words.text(f"phase_in.{phase_in}"))
            for heading, level in (("p05", 0.05), ("p50", 0.5), ("p95", 0.95)):
                at = {"case": name, "phase_in": phase_in, "quantile": level}
                columns[heading].append(number(source, "use_cases/freed_fte", "thousand_fte", digits + 1, **at))
            held = number(source, "use_cases/probability", "percent", 0, case=name, phase_in=phase_in)
            columns["holds"].append(probability_cell(source, held))
    return table(source, "use-cases", list(columns.items()))


def case_name(source: Source, name: str) -> str:
    """Danish name; in English with its translation."""
    english = str(values(source, "use_cases/published_low", case=name)["case_en"].item())
    return f"{name} ({english})" if source.words.language == "en" and english != name else name


def reading(source: Source, name: str) -> Spans:
    """What would have to hold for the printed range, with and without phase-in."""
    inside = [
        str(values(source, "use_cases/solved_inside", case=name, phase_in=one).item()) == "yes" for one in PHASE_INS
    ]
    kind = {(True, True): "either", (True, False): "without", (False, True): "with", (False, False): "neither"}
    solved = str(values(source, "use_cases/solved_unit", case=name).item())
    form = "percent" if solved == "fraction" else "plain"
    numbers = {key: number(source, f"use_cases/solved_{key}", form, 1, case=name) for key in ("low", "high")} | {
        one: number(source, "use_cases/solved_value", form, 1, case=name, phase_in=one) for one in ("without", "with")
    }
    key = kind[inside[0], inside[1]]
    unit = "" if solved == "fraction" else f"\u00a0{source.words.label('solved_unit', solved)}"
    return say(source, f"use_cases.{key}", case=case_name(source, name), unit=unit,
               what=source.words.label("solved_for", str(values(source, "use_cases/solved_for", case=name).item())),
               **numbers)  # fmt: skip
