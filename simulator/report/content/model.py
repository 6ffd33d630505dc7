"""What was computed: the model in words, and the design of the run."""

from __future__ import annotations

import json

from ..document import AuthorPart, Block, Bullets, Paragraph, Section
from .reading import Cell, Source, attribute, say, section, settings, table

STEPS = 7  # of the way a number flows


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
