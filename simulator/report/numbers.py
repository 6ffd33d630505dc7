"""Numbers as a language writes them: 48.000 and 11,3 pct. in Danish, 48,000 and 11.3% in English."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from .document import Number, Span

NO_BREAK = "\u00a0"
MINUS = "\u2212"
# Factor on the value, and what stands behind the number: a key of the language's units, or nothing.
FORMS: Mapping[str, tuple[float, str]] = MappingProxyType(
    {
        "plain": (1.0, ""),
        "percent": (100.0, "percent"),
        "points": (100.0, "points"),
        "thousand_fte": (1.0, "thousand_fte"),
        "fte": (1000.0, "fte"),
        "bn_dkk": (1.0, "bn_dkk"),
        "years": (1.0, "years"),
        "seconds": (1.0, "seconds"),
    }
)


@dataclass(frozen=True)
class NumberStyle:
    """How a language writes numbers.

    Attributes
    ----------
    decimal, thousands : str
    missing : str
        For a number that could not be determined.
    glued : tuple of str
        Units that follow the number without a space, such as % in English.
    units : mapping of str to str
        By the unit's key in `FORMS`.
    """

    decimal: str
    thousands: str
    missing: str
    glued: tuple[str, ...]
    units: Mapping[str, str] = field(hash=False)


def format_value(value: float, digits: int, style: NumberStyle) -> str:
    """A number with its decimals, and a mark between thousands.

    Parameters
    ----------
    value : float
    digits : int
        Below 0, rounded before the decimal sign: to hundreds with -2.
    style : NumberStyle

    Returns
    -------
    str
        What stands for a missing number, where the value is not finite; zero has no minus, however it was rounded.
    """
    if not math.isfinite(value):
        return style.missing
    text = f"{round(abs(value), digits) if digits < 0 else abs(value):,.{max(digits, 0)}f}"
    sign = MINUS if value < 0 and any(digit in text for digit in "123456789") else ""
    marks: dict[str, str | int | None] = {",": style.thousands, ".": style.decimal}
    return sign + text.translate(str.maketrans(marks))


def format_number(number: Number, style: NumberStyle, *, unit: bool = True) -> str:
    """A number of the results as a text shows it, with its unit or without."""
    factor, named = FORMS[number.form]
    text = format_value(number.value * factor, number.digits, style)
    if not unit or not named or not math.isfinite(number.value):
        return text
    written = style.units[named]
    return f"{text}{'' if written in style.glued else NO_BREAK}{written}"


def number_span(number: Number, style: NumberStyle, *, unit: bool = True, strong: bool = False) -> Span:
    """The same as a span."""
    return Span(format_number(number, style, unit=unit), strong=strong, number=number)
