"""What the figures take from the results: rows with numbers that JSON holds, and names in the language."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ...potential import QUANTITIES
from ..document import Number
from ..words import Words

if TYPE_CHECKING:
    import xarray as xr

PUBLISHED_YEAR = 2040
TOTAL = "total"
_LONG = 36  # letters
_STILL = 1e-6  # relative to the median; what varies less is rounding


def plain(value: object) -> float | None:
    """A number with six significant digits, None where it is not finite: a chart shows no more, and the page stays small."""
    number = float(value)  # type: ignore[arg-type]
    return float(f"{number:.6g}") if math.isfinite(number) else None


def quantities(table: xr.Dataset) -> list[str]:
    """Quantities that a table has as variables."""
    return [quantity for quantity in QUANTITIES if quantity in table]


def form_of(quantity: str) -> str:
    """How a number of a quantity is shown; see `simulator.report.numbers.FORMS`."""
    return {"freed_fte": "thousand_fte", "freed_wage": "bn_dkk"}[quantity]


def latest(years: Iterable[int | str]) -> list[str]:
    """Years as choices, the last one first: the default."""
    ordered = sorted({int(year) for year in years})
    return [str(year) for year in [ordered[-1], *ordered[:-1]]]


def varies(summary: xr.Dataset, quantity: str, year: int) -> bool:
    """Whether a total has a spread that can be shown."""
    low, middle, high = (quantile_at(summary, quantity, year, level) for level in (0.05, 0.5, 0.95))
    return bool(high - low > _STILL * abs(middle))


def quantile_at(summary: xr.Dataset, quantity: str, year: int, level: float) -> float:
    """A quantile of a total."""
    return float(summary[quantity].sel(year=year).sel(quantile=level, method="nearest"))


def published(summary: xr.Dataset, quantity: str) -> tuple[float, float] | None:
    """The published range of a total; None where there is none."""
    name = f"published_{quantity}"
    if name not in summary:
        return None
    low, high = (float(end) for end in summary[name].values)
    return (low, high) if math.isfinite(low + high) else None


def say(words: Words, key: str, **parts: str | Number) -> str:
    """A sentence with its numbers as plain text."""
    return capital(phrase(words, key, **parts))


def phrase(words: Words, key: str, **parts: str | Number) -> str:
    """A part of a sentence, which a name begins as it is; the point of an abbreviation ends a sentence too."""
    spans = words.spans(key, strong=False, **parts)
    return "".join(span.text for span in spans).replace("..", ".")


def number(value: object, form: str, digits: int = 1) -> Number:
    """A number for a sentence of a figure, where None is one that is not known; the figure's data hold where it comes from."""
    return Number(math.nan if value is None else float(value), "", form, digits)  # type: ignore[arg-type]


def names(tree: xr.DataTree, words: Words, dimension: str, labels: Iterable[str]) -> dict[str, str]:
    """Names of areas, categories or focus areas in the language; as in the tables, where the language has none."""
    english = f"{dimension}_en"
    known: dict[str, str] = {}
    if words.language != "da" and "workforce" in tree.children and english in tree["workforce"].coords:
        table = tree["workforce"].to_dataset()
        known = {
            str(label): str(name) for label, name in zip(table[dimension].values, table[english].values, strict=True)
        }
    return _distinct({label: words.label(dimension, known.get(label, label)) for label in map(str, labels)})


def group_names(tree: xr.DataTree, words: Words, partition: str, labels: Iterable[str]) -> dict[str, str]:
    """Names of groups of inputs in the language."""
    if partition == "category":
        return names(tree, words, partition, labels)
    if partition == "factor":
        return input_names(tree, words, labels)
    return {label: capital(words.label(partition, label)) for label in map(str, labels)}


def input_names(tree: xr.DataTree, words: Words, labels: Iterable[str]) -> dict[str, str]:
    """Names of inputs and common factors, such as ``time_share.Jurister.Dokumentation``, in the language."""
    parts = {label: label.split(".", maxsplit=2) for label in map(str, labels)}
    categories = names(tree, words, "category", {rest[0] for _, *rest in parts.values() if rest})
    found: dict[str, str] = {}
    for label, (kind, *rest) in parts.items():
        if words.has(f"factor.{label}") or not rest or not words.has(f"input_kind.{kind}"):
            found[label] = capital(words.label("factor", label))
        else:
            first = words.label(f"figures.{kind}", categories[rest[0]])
            found[label] = capital(words.text(f"input_kind.{kind}", rest=_cut(", ".join([first, *rest[1:]]))))
    return _distinct(found)


def _cut(text: str) -> str:
    """A long name without its middle: what kind of input it is stands before or behind it."""
    return text if len(text) <= _LONG else f"{text[: _LONG // 2]}…{text[-_LONG // 2 :]}"


def _distinct(found: dict[str, str]) -> dict[str, str]:
    """With the label behind a name that another one has too: rows of a chart go by their names."""
    times = Counter(found.values())
    return {label: name if times[name] == 1 else f"{name} ({label})" for label, name in found.items()}


def capital(text: str) -> str:
    """With a capital in front."""
    return text[:1].upper() + text[1:]
