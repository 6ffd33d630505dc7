"""Parameters of a distribution read from its table of a config, each checked for type and range."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..errors import InputError

LARGEST = 1e150
"""Numbers above this have squares that overflow."""

SUM_ERROR = 1e-9
"""How far a sum of probabilities may be from 1 (they are then divided by it)."""


@dataclass(frozen=True)
class Source:
    """A table of a config, the place where it stands, and the folder that paths in it start from."""

    place: str
    table: Mapping[str, object]
    folder: Path

    def error(self, parameter: str, problem: str, remedy: str) -> InputError:
        return InputError(f"{self.place}, parameter '{parameter}'", problem, remedy)


def low_mode_high(source: Source) -> tuple[float, float, float]:
    """The bounds and the mode between them."""
    low, high = ordered(source, "low", "high")
    mode = number(source, "mode")
    if not low <= mode <= high:
        raise source.error("mode", f"{mode:g} lies outside {low:g} to {high:g}", "Give low <= mode <= high.")
    return low, mode, high


def ordered(source: Source, first: str, second: str, default: Mapping[str, float] | None = None) -> tuple[float, float]:
    """Two numbers of which the first must be the lesser."""
    known = {} if default is None else default
    low, high = (known[n] if n not in source.table and n in known else number(source, n) for n in (first, second))
    if low == high:
        remedy = f'Give {first} below {second}; a constant is {{kind = "fixed", value = {low:g}}}.'
        raise source.error(first, f"it equals {second} ({low:g})", remedy)
    if low > high:
        raise source.error(first, f"{low:g} is above {second}, {high:g}", f"Give {first} below {second}.")
    return low, high


def number(source: Source, name: str) -> float:
    """A finite number."""
    return checked(source, name, source.table[name])


def checked(source: Source, name: str, value: object) -> float:
    """A value that must be a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise source.error(name, f"{value!r} is not a number", "Write a number such as 0.35, without quotes.")
    if isinstance(value, float) and not math.isfinite(value):
        raise source.error(name, f"{value} is not finite", "Write a finite number.")
    if abs(value) > LARGEST:
        raise source.error(name, "it is above 1e150 in size", "Check the number and its unit.")
    return float(value)


def positive(source: Source, name: str) -> float:
    """A number above 0."""
    value = number(source, name)
    if value <= 0:
        raise source.error(name, f"{value:g} is not positive", "Give a number above 0.")
    return value


def between(source: Source, name: str, low: float, high: float) -> float:
    """A number above `low` and below `high`."""
    value = number(source, name)
    if not low < value < high:
        raise source.error(name, f"{value:g} is out of range", f"Give a number above {low:g} and below {high:g}.")
    return value


def numbers(source: Source, name: str) -> tuple[float, ...]:
    """A list of finite numbers, not empty."""
    values = source.table[name]
    if not isinstance(values, list | tuple) or not values:
        raise source.error(name, f"{values!r} is not a list of numbers", "Write a list such as [0.1, 0.2].")
    return tuple(checked(source, name, value) for value in values)


def shares(source: Source, name: str, count: int, of: str) -> tuple[float, ...]:
    """As many probabilities as there are `of`, none negative, with sum 1."""
    shares = numbers(source, name)
    if len(shares) != count:
        raise source.error(name, f"there are {len(shares)}, beside {count} {of}", f"Give one for each of {of}.")
    if min(shares) < 0:
        raise source.error(name, f"{min(shares):g} is negative", "Give numbers from 0 to 1.")
    total = math.fsum(shares)
    if abs(total - 1.0) > SUM_ERROR:
        raise source.error(name, f"they sum to {total:.12g}", "Give numbers that sum to 1.")
    return shares


def text(source: Source, name: str) -> str:
    """A text, not empty."""
    value = source.table[name]
    if not isinstance(value, str) or not value:
        raise source.error(name, f"{value!r} is not a text", "Write a text in quotes.")
    return value
