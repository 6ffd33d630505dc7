"""A document as a page: the template filled, with its styles, scripts, figures and their data inside."""

from __future__ import annotations

import base64
import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from ..document import Document, Figure, Span, Table, blocks_of
from ..words import read_words

CHOICES = ("quantity", "year", "partition")
FILTER_FROM = 25  # rows from which a table has a field to filter them


@dataclass(frozen=True)
class Control:
    """What a reader may choose for all figures at once.

    Attributes
    ----------
    name : str
        One of `CHOICES`: the Vega-Lite parameter that it sets.
    options : tuple of (value, label)
    default : str
    """

    name: str
    options: tuple[tuple[str, str], ...]
    default: str


def write_page(document: Document, path: Path) -> None:
    """Write a document as one self-contained HTML file; another of that name is replaced once the new one is complete.

    Parameters
    ----------
    document : Document
    path : Path
        Its folder exists.

    Raises
    ------
    ValueError
        If the data of a figure hold a number that is not finite; JSON has none, and a figure must not leave one out.
    """
    text = page_text(document)
    part = path.with_name(path.name + ".part")
    try:
        part.write_text(text, encoding="utf-8", newline="\n")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def page_text(document: Document) -> str:
    """The page of a document; see `write_page`."""
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    words = read_words(document.language)
    figures: list[Figure] = blocks_of(document, Figure)
    tables: list[Table] = blocks_of(document, Table)
    shown = controls(figures)
    style, program, bundle = _asset("page.css"), _asset("page.js"), vega_bundle()
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined)
    environment.filters["kind"] = lambda block: type(block).__name__
    environment.filters["sort_value"] = sort_value
    environment.filters["still"] = still
    environment.filters["chosen"] = lambda figure: " · ".join(chosen(figure, shown))
    page = environment.from_string(_asset("page.html")).render(
        document=document,
        controls=shown,
        words=words.group("page"),
        figure_numbers={figure.key: number for number, figure in enumerate(figures, 1)},
        table_numbers={table.key: number for number, table in enumerate(tables, 1)},
        filter_from=FILTER_FROM,
        policy=content_policy([bundle, program], style),
        style=Markup(style),
        program=Markup(program),
        bundle=Markup(bundle),
        data=Markup(_json({
            "language": document.language,
            "words": words.group("page"),
            "figures": {
                figure.key: {"specification": figure.specification, "choices": figure.choices} for figure in figures
            },
        })),
    )  # fmt: skip
    return page.rstrip() + "\n"


def controls(figures: Sequence[Figure]) -> tuple[Control, ...]:
    """What can be chosen in at least one figure: all its options, in the order in which the figures bring them."""
    result = []
    for name in CHOICES:
        having = [figure for figure in figures if name in figure.choices]
        options = {value: label for figure in having for value, label in figure.choices[name]}
        if options:
            result.append(Control(name, tuple(options.items()), default_choice(having[0], name)))
    return tuple(result)


def default_choice(figure: Figure, name: str) -> str:
    """The value that the figure's parameter starts with."""
    return next(str(one["value"]) for one in figure.specification["params"] if one["name"] == name)


def chosen(figure: Figure, shown: Sequence[Control]) -> list[str]:
    """What the figure shows while nothing has been chosen, in the words of its choices."""
    return [
        dict(figure.choices[control.name])[default_choice(figure, control.name)]
        for control in shown
        if control.name in figure.choices
    ]


def still(figure: Figure) -> str:
    """The figure as an image for paper, and for a browser without scripts: the address of an SVG that holds its data."""
    from ..figures.images import svg

    return "data:image/svg+xml;base64," + base64.b64encode(svg(figure).encode()).decode()


def sort_value(cell: Span) -> str:
    """What a numeric column is sorted by: the value itself, not as it is written; empty where there is none."""
    if cell.number is None or not math.isfinite(cell.number.value):
        return ""
    return repr(float(cell.number.value))


def content_policy(scripts: Sequence[str], style: str) -> str:
    """What the browser may load and run: these scripts and this style, known by their hashes, and images within the page.

    Neither a request nor `eval` is allowed; Vega's expressions are walked by its interpreter instead.
    """
    allowed = " ".join(_hash(script) for script in scripts)
    return (
        f"default-src 'none'; script-src {allowed}; style-src {_hash(style)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


@lru_cache(maxsize=1)
def vega_bundle() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script that needs nothing else, from vl-convert."""
    from vl_convert import javascript_bundle

    from ..figures.images import VEGA_LITE

    # Inside a page, the end of a script is found before its strings are read.
    return (
        javascript_bundle("window.vegaEmbed = vegaEmbed;", VEGA_LITE)
        .replace("\r\n", "\n")
        .replace("</script", r"<\/script")
    )


def _asset(name: str) -> str:
    return (files(__package__) / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _json(content: Mapping[str, Any]) -> str:
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=dict)
    return text.replace("&", r"\u0026").replace("<", r"\u003c").replace(">", r"\u003e")
