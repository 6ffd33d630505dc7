"""All methods by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from . import jaxgsa, openturns, ours, qmcpy, salib
from .method import Method

METHODS: Mapping[str, Method] = MappingProxyType(
    {one.name: one for part in (ours, salib, openturns, jaxgsa, qmcpy) for one in part.METHODS}
)
