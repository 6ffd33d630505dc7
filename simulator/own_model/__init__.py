"""Models of the user's own: a function and a configuration, with the same tables, intervals and provenance.

`load` reads a configuration that states ``[model] function``; what it gives can `run` and `extend`.
"""

from __future__ import annotations

from .model import OwnModel, load

__all__ = ["OwnModel", "load"]
