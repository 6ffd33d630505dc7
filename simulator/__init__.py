"""How sure is the estimate of what generative AI can free in the Danish public sector, and what drives it?

Examples
--------
>>> import simulator
>>> model = simulator.load("configs/base.toml")  # doctest: +SKIP
>>> results = model.run(futures=2**20)  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .errors import InputError as InputError
    from .model import Model as Model
    from .model import load as load

__version__ = "0.1.0"
__all__ = ["InputError", "Model", "__version__", "load"]


def __getattr__(name: str) -> Any:
    """Import on first use, so that the version and help are instant."""
    if name in ("Model", "load"):
        from . import model

        return getattr(model, name)
    if name == "InputError":
        from .errors import InputError

        return InputError
    raise AttributeError(f"module 'simulator' has no attribute '{name}'")
