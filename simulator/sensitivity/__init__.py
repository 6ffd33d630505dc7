"""Sensitivity indices: of the model and of any function; estimators on sums, closed form, intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .black_box import NonFiniteOutputError as NonFiniteOutputError
    from .black_box import sobol as sobol
    from .offline import analyse as analyse
    from .offline import design as design
    from .shapley_effects import shapley as shapley
    from .shapley_effects import shapley_from_closed as shapley_from_closed

__all__ = ["NonFiniteOutputError", "analyse", "design", "shapley", "shapley_from_closed", "sobol"]


def __getattr__(name: str) -> Any:
    """Import on first use, so that the modules of this package can be imported alone."""
    if name in ("NonFiniteOutputError", "sobol"):
        from . import black_box

        return getattr(black_box, name)
    if name in ("analyse", "design"):
        from . import offline

        return getattr(offline, name)
    if name in ("shapley", "shapley_from_closed"):
        from . import shapley_effects

        return getattr(shapley_effects, name)
    raise AttributeError(f"module 'simulator.sensitivity' has no attribute '{name}'")
