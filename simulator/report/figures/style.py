"""One look for all figures: colours, type, number formats, and what turns a chart into a specification."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..document import Figure
from ..numbers import MINUS, NO_BREAK
from ..words import Words

if TYPE_CHECKING:
    import altair as alt

Row = dict[str, Any]

# Colours of Okabe and Ito, safe for the colour-blind, and of different lightness, so that grey print keeps them apart.
BLUE, SKY, ORANGE, VERMILLION, GREEN, GREY, INK = (
    "#0072b2", "#8ccbee", "#e69f00", "#d55e00", "#009e73", "#767676", "#222222",
)  # fmt: skip
DARK_ORANGE = "#8a5a00"  # for text on white
LINES = (INK, BLUE, VERMILLION, GREEN, "#a8487f", GREY)
DASHES = ([1, 0], [6, 2], [2, 2], [8, 2, 2, 2], [4, 4], [1, 3])
BANDS = ("#d6e6f2", "#a9cbe3", "#6aa6cf", "#2f7fb8")  # from the widest interval to the narrowest
FONT = "Arial, Liberation Sans, Helvetica, sans-serif"
WIDTH = 640  # pixels: 16 cm of a page
LABELS = 260  # pixels, for names beside a chart
COLUMN, WIDE_COLUMN = 52, 82  # pixels, for a column of numbers beside a chart, and for each after it
LETTER = 6  # pixels, on average
ONE, PRINTED = ",.1f", ",~r"  # ours, and published numbers as they are printed
LARGEST = 12  # rows of a ranking that are shown


def make_figure(
    key: str,
    chart: alt.LayerChart | alt.VConcatChart,
    data: Mapping[str, Sequence[Row]],
    words: Words,
    alternative: str,
    choices: Mapping[str, Sequence[str]],
    *,
    named: str = "",
) -> Figure:
    """A chart with its data and choices as a figure.

    Parameters
    ----------
    key : str
        The strings ``figures.<key>.caption`` and, where there is one, ``figures.<key>.note`` belong to it.
    chart : altair chart
        On named data.
    data : mapping of str to rows
        By the names that the chart uses.
    words : Words
    alternative : str
    choices : mapping of str to values
        What the filters of the chart use; the first value is the default.
    named : str
        In place of the key in the names of its strings.

    Returns
    -------
    Figure
    """
    specification = chart.to_dict(validate=False)  # tests hold it to the schema, which takes a second
    _tell_missing(specification, words)
    specification["config"] = _config(words)
    specification["datasets"] = {name: list(rows) for name, rows in data.items()}
    if "vconcat" not in specification:
        specification |= {"width": WIDTH, "autosize": {"type": "fit-x", "contains": "padding"}}
    specification["params"] = [{"name": name, "value": values[0]} for name, values in choices.items()]
    specification["description"] = alternative
    offered = {
        name: tuple((value, choice_label(words, name, value)) for value in values)
        for name, values in choices.items()
        if len(values) > 1
    }
    note = f"figures.{named or key}.note"
    caption = words.text(f"figures.{named or key}.caption")
    return Figure(key, caption, alternative, specification, offered, words.text(note) if words.has(note) else "")


def _tell_missing(part: dict[str, Any], words: Words) -> None:
    """Let hovering over what has no value say so, and a text of it be empty: Vega would write NaN or null."""
    for inner in (*part.get("layer", ()), *part.get("vconcat", ())):
        _tell_missing(inner, words)
    encoding = part.get("encoding", {})
    for place, one in enumerate(encoding.get("tooltip", ())):
        if one["type"] == "quantitative":
            encoding["tooltip"][place] = {**_told(part, one, words.style.missing), "title": one["title"]}
    text = encoding.get("text", {})
    if text.get("type") == "quantitative":
        encoding["text"] = _told(part, text, "")


def _told(part: dict[str, Any], one: Mapping[str, Any], missing: str) -> dict[str, str]:
    """A channel that shows a field in its format, or what stands for a missing one."""
    held, said = f"datum[{quoted(one['field'])}]", f"{one['field']}_{'told' if missing else 'shown'}"
    shown = f"isValid({held}) ? format({held}, '{one['format']}') : {quoted(missing)}"
    part.setdefault("transform", []).append({"calculate": shown, "as": said})
    return {"field": said, "type": "nominal"}


def choice_label(words: Words, name: str, value: str) -> str:
    """What a value of a choice is called."""
    return words.label("quantity" if name == "quantity" else f"figures.{name}", value)


def chosen(*names: str) -> str:
    """A filter for the rows that the choices of these names name."""
    return " && ".join(f"datum.{name} == {name}" for name in names)


def unit_title(words: Words, *, orient: str = "bottom") -> alt.TitleParams:
    """The unit of the chosen quantity, in the place of an axis title: those cannot follow a choice."""
    import altair as alt

    units = json.dumps(dict(words.group("figures.unit")), ensure_ascii=False)
    return _title(alt.ExprRef(f"({units})[quantity]"), orient)


def quoted(text: str) -> str:
    """A text inside an expression of Vega."""
    return json.dumps(text, ensure_ascii=False)


def printed_range(words: Words) -> str:
    """An expression for a published range in words, from `low` and `high` of a row."""
    ends = " + '–' + ".join(f"format(datum.{end}, '{PRINTED}')" for end in ("low", "high"))
    return f"{quoted(words.text('figures.range_published'))} + ' ' + {ends}"


def below(text: str) -> alt.TitleParams:
    """A text in the place of the horizontal axis' title."""
    return _title(text, "bottom")


def _title(text: Any, orient: str) -> alt.TitleParams:
    import altair as alt

    anchor = "middle" if orient == "bottom" else "start"
    return alt.TitleParams(text=text, orient=orient, anchor=anchor, fontSize=11, fontWeight="normal", offset=6)


def panel(text: str) -> alt.TitleParams:
    """What a part of a chart shows, above it."""
    import altair as alt

    return alt.TitleParams(text=text, anchor="start", fontSize=11, fontWeight="normal", offset=4)


def names_axis(limit: int = LABELS) -> alt.Axis:
    """The axis of a ranking: names, cut off where they are too long."""
    import altair as alt

    return alt.Axis(title=None, labelLimit=limit, ticks=False, domain=False, labelPadding=6, grid=False)


def legend(columns: int, offset: int = 4) -> alt.Legend:
    """A legend in one line above the chart, `offset` pixels from it."""
    import altair as alt

    return alt.Legend(
        title=None, orient="top", direction="horizontal", columns=columns, labelLimit=WIDTH // columns, offset=offset
    )


def _config(words: Words) -> dict[str, Any]:
    """Type and number formats; nothing that has to be fetched."""
    style = words.style
    percent = style.units["percent"]
    number = {
        "decimal": style.decimal,
        "thousands": style.thousands,
        "grouping": [3],
        "currency": ["", ""],
        "percent": percent if percent in style.glued else f"{NO_BREAK}{percent}",
        "minus": MINUS,
    }
    soft = {"gridColor": "#e6e6e6", "domainColor": GREY, "tickColor": GREY, "labelColor": INK, "titleColor": INK}
    return {
        "locale": {"number": number},
        "font": FONT,
        "background": "white",
        "view": {"stroke": None},
        "axis": {"labelFontSize": 11, "titleFontSize": 11, "titleFontWeight": "normal", "labelFlush": False, **soft},
        "legend": {"labelFontSize": 11, "labelColor": INK, "symbolStrokeWidth": 2},
        "title": {"color": INK},
        "text": {"fontSize": 11, "color": INK},
    }
