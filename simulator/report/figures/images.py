"""Figures as pictures, made in this process: nothing is fetched, and no browser is started."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from ..characters import clean
from ..document import Figure

VEGA_LITE = "6.4"  # as in the package that makes the specifications
KEPT = 64  # drawings, for the writers of all formats
_COLOUR = re.compile(r'((?:fill|stroke|stop-color)=")(#[0-9a-fA-F]{6}|rgb\([^)]*\))"')


def svg(figure: Figure, *, grey: bool = False) -> str:
    """A figure as SVG.

    Parameters
    ----------
    figure : Figure
    grey : bool
        In shades of grey, as a printer without colour would give it.

    Returns
    -------
    str
        With U+FFFD for characters that XML cannot hold; on one of these the converter would end the process.
    """
    text = _drawn(json.dumps(_cleaned(figure.specification), allow_nan=False))
    return _COLOUR.sub(_grey, text) if grey else text


def png(figure: Figure, scale: float = 2.0, *, grey: bool = False) -> bytes:
    """A figure as PNG; `scale` is in pixels of the picture for one of the figure."""
    import vl_convert

    picture: bytes = vl_convert.svg_to_png(svg(figure, grey=grey), scale=scale)
    return picture


@lru_cache(maxsize=KEPT)
def _drawn(specification: str) -> str:
    """A specification as SVG: page, PDF and Word take the same drawing."""
    import vl_convert

    text: str = vl_convert.vegalite_to_svg(specification, vl_version=VEGA_LITE, allowed_base_urls=[])
    return text


def _cleaned(part: Any) -> Any:
    """A specification without characters that XML cannot hold."""
    if isinstance(part, str):
        return clean(part)
    if isinstance(part, Mapping):
        return {clean(key): _cleaned(value) for key, value in part.items()}
    return [_cleaned(value) for value in part] if isinstance(part, list | tuple) else part


def _grey(found: re.Match[str]) -> str:
    """The same lightness without the colour (Rec. 709 luma)."""
    colour = found.group(2)
    parts = [int(colour[at : at + 2], 16) for at in (1, 3, 5)] if colour[0] == "#" else re.findall(r"[\d.]+", colour)
    red, green, blue = (float(part) for part in parts[:3])
    level = round(0.2126 * red + 0.7152 * green + 0.0722 * blue)
    return f'{found.group(1)}#{level:02x}{level:02x}{level:02x}"'
