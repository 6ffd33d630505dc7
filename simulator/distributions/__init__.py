"""Distributions known by quantile function, cdf, mean, variance and bounds; all have finite bounds."""

from .core import Distribution, bounds, cdf, is_smooth, mean, quantile, scale, shift, standardised, steps, variance
from .parse import KINDS, from_mapping

__all__ = [
    "KINDS",
    "Distribution",
    "bounds",
    "cdf",
    "from_mapping",
    "is_smooth",
    "mean",
    "quantile",
    "scale",
    "shift",
    "standardised",
    "steps",
    "variance",
]
