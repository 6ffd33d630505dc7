"""Dependence between inputs: a Gaussian copula from stated rank correlations."""

from .copula import (
    Block,
    Copula,
    conditional,
    correlate,
    groups_split,
    require_whole,
    restricted,
    without,
)
from .parse import gaussian_correlation, nearest_correlation, read_dependence

__all__ = [
    "Block",
    "Copula",
    "conditional",
    "correlate",
    "gaussian_correlation",
    "groups_split",
    "nearest_correlation",
    "read_dependence",
    "require_whole",
    "restricted",
    "without",
]
