"""The words of a language: all its strings stand in one file, `languages/<language>.toml`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType

from ..errors import InputError, nearest
from .document import Number, Span, Spans
from .numbers import NumberStyle, number_span

LANGUAGES = ("da", "en")
_PLACE = re.compile(r"\{(\w+)(!?)\}")  # {name}: a text, or a number with its unit; {name!}: a number without its unit


@dataclass(frozen=True)
class Words:
    """The strings and the number style of a language.

    Attributes
    ----------
    language : str
    strings : mapping of str to str
        By dotted key, as ``headline.median``.
    style : NumberStyle
    """

    language: str
    strings: Mapping[str, str] = field(hash=False)
    style: NumberStyle

    def text(self, key: str, **parts: str) -> str:
        """A string with texts in its places."""
        return _PLACE.sub(lambda found: parts[found.group(1)], self.strings[key])

    def spans(self, key: str, *, strong: bool = False, **parts: str | Number) -> Spans:
        """A sentence with texts and numbers in its places; each number has a span of its own."""
        template, at, result = self.strings[key], 0, []
        for found in _PLACE.finditer(template):
            if found.start() > at:
                result.append(Span(template[at : found.start()], strong=strong))
            part = parts[found.group(1)]
            if isinstance(part, Number):
                result.append(number_span(part, self.style, unit=not found.group(2), strong=strong))
            elif part:
                result.append(Span(part, strong=strong))
            at = found.end()
        if at < len(template):
            result.append(Span(template[at:], strong=strong))
        return tuple(result)

    def has(self, key: str) -> bool:
        """Whether the language has the string."""
        return key in self.strings

    def label(self, kind: str, name: str) -> str:
        """The name of a thing of the results in the language: the string ``<kind>.<name>``, or the name itself."""
        return self.strings.get(f"{kind}.{name}", name)

    def group(self, prefix: str) -> Mapping[str, str]:
        """All strings below a prefix, by the rest of their keys."""
        start = f"{prefix}."
        return {key.removeprefix(start): text for key, text in self.strings.items() if key.startswith(start)}


@lru_cache(maxsize=len(LANGUAGES))
def read_words(language: str) -> Words:
    """The words of a language.

    Parameters
    ----------
    language : str
        One of `LANGUAGES`.

    Returns
    -------
    Words

    Raises
    ------
    InputError
        If there is no such language.
    """
    if language not in LANGUAGES:
        raise InputError(f"--language {language}", "there is no such language", nearest(language, LANGUAGES))
    content = tomllib.loads((files(__package__) / "languages" / f"{language}.toml").read_text(encoding="utf-8"))
    strings = MappingProxyType(_flat(content, ""))
    units = MappingProxyType(
        {key.removeprefix("unit."): text for key, text in strings.items() if key.startswith("unit.")}
    )
    glued = tuple(part for part in strings["number.glued"].split() if part)
    numbers = (strings["number.decimal"], strings["number.thousands"], strings["number.missing"])
    return Words(language, strings, NumberStyle(*numbers, glued, units))


def _flat(content: Mapping[str, object], prefix: str) -> dict[str, str]:
    result: dict[str, str] = {}
    for key, value in content.items():
        if isinstance(value, Mapping):
            result |= _flat(value, f"{prefix}{key}.")
        else:
            result[f"{prefix}{key}"] = str(value)
    return result
