"""Which of the other libraries are here. One that is not is a row that says so, never an error."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from types import MappingProxyType

NEEDS_PYTHON: Mapping[str, tuple[int, int]] = MappingProxyType({"jaxgsa": (3, 12)})
"""Where that is more than this project asks for."""


def missing(library: str | None) -> str | None:
    """Why a library cannot be used.

    Parameters
    ----------
    library : str or None
        As it is imported, and as pip knows it. None: none is needed.

    Returns
    -------
    str or None
        None where it can be used.
    """
    if library is None or importlib.util.find_spec(library) is not None:
        return None
    least = NEEDS_PYTHON.get(library, (0, 0))
    return f"not installed (needs Python {least[0]}.{least[1]})" if sys.version_info < least else "not installed"


def version_of(library: str) -> str:
    """Its version, or that it is not installed."""
    try:
        return version(library)
    except PackageNotFoundError:
        return "not installed"
