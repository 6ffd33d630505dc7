"""Sensitivity indices: of the model and of any function; estimators on sums, closed form, intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .black_box import NonFiniteOutputError as NonFiniteOutputError
    from .black_box import sobol as sobol
    from .offline import analyse as analyse
    from .offline import design as design

__all__ = ["NonFiniteOutputError", "analyse", "design", "sobol"]


def __getattr__(name: str) -> Any:
    """Import on first use, so that the modules of this package can be imported alone."""
    if name in ("NonFiniteOutputError", "sobol"):
        from . import black_box

        return getattr(black_box, name)
    if name in ("analyse", "design"):
        from . import offline

        return getattr(offline, name)
    raise AttributeError(f"module 'simulator.sensitivity' has no attribute '{name}'")
