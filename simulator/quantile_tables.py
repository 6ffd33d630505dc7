"""Quantile functions of all inputs as the tables that the kernels look them up in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .distributions import Distribution, bounds, is_smooth, quantile, standardised
from .distributions.smooth import legendre
from .kernels.quantiles import OCTAVES, SEGMENT_BITS, SEGMENTS

_UNIT = 2.0**-32


@dataclass(frozen=True)
class QuantileTables:
    """Lines of the segments of each shape, and how an input follows from its shape.

    Most inputs are normal with the same part of the tails cut off. They share one table, which then stays in the cache.

    Attributes
    ----------
    lines : (shapes, 2 * SEGMENTS, 2) float32
        Value at the inner end of each segment and rise across it, see `simulator.kernels.quantiles`. Single precision
        halves the traffic; its rounding (6e-8) is far below the distance of a line from its curve.
    shape : (inputs,) int64
        Row of `lines`; 0 where there is none.
    affine : (inputs, 2) float64
        Location and scale: what a value of the shape is multiplied by, and what is added then.
    fixed : (inputs,) bool
        Inputs with a single value.
    exact : (inputs,) bool
        Inputs whose quantile function has steps: they are computed at each level and not looked up.
    ends : (inputs, 2) float64
        Bounds.
    """

    lines: np.ndarray
    shape: np.ndarray
    affine: np.ndarray
    fixed: np.ndarray
    exact: np.ndarray
    ends: np.ndarray


def segment_edges() -> np.ndarray:
    """Edges of the segments of one side.

    Returns
    -------
    (SEGMENTS + 1,) float64
        In t, rising from 1/2 to 2**31.
    """
    octave = 2.0 ** np.arange(-1, OCTAVES - 1)
    within = 1 + np.arange(1 << SEGMENT_BITS) / (1 << SEGMENT_BITS)
    return np.append((octave[:, None] * within).ravel(), 2.0 ** (OCTAVES - 1))


def tabulate(distributions: Sequence[Distribution]) -> QuantileTables:
    """Least-squares line of the quantile function in each segment.

    The lines keep the mean of each segment exactly (up to the quadrature of four nodes), and so the mean of the input;
    the variance falls short by the mean squared distance from the lines, which is of fourth order in their width.

    Parameters
    ----------
    distributions : sequence of Distribution

    Returns
    -------
    QuantileTables
    """
    ends = np.array([bounds(distribution) for distribution in distributions])
    fixed = ends[:, 0] == ends[:, 1]
    exact = np.array([not is_smooth(distribution) for distribution in distributions]) & ~fixed
    shape, affine = np.zeros(len(distributions), np.int64), np.zeros((len(distributions), 2))
    known: dict[Distribution, int] = {}
    for row in np.flatnonzero(~fixed & ~exact).tolist():
        standard, location, scale = standardised(distributions[row])
        affine[row] = location, scale
        shape[row] = known.setdefault(standard, len(known))
    lines = np.zeros((max(len(known), 1), 2 * SEGMENTS, 2), dtype=np.float32)
    for standard, row in known.items():
        lines[row, :SEGMENTS], lines[row, SEGMENTS:] = _lines(standard, upper=False), _lines(standard, upper=True)
    return QuantileTables(lines, shape, affine, fixed, exact, ends)


def _lines(distribution: Distribution, *, upper: bool) -> np.ndarray:
    edges = segment_edges()
    middle, half_width = (edges[1:] + edges[:-1]) / 2, (edges[1:] - edges[:-1]) / 2
    nodes, weights = legendre(4)
    t = middle[:, None] + half_width[:, None] * nodes
    values = quantile(distribution, 1 - t * _UNIT if upper else t * _UNIT)
    mean = 0.5 * (values * weights).sum(axis=1)
    half_rise = 1.5 * (values * (weights * nodes)).sum(axis=1)
    return np.column_stack([mean - half_rise, 2 * half_rise])
