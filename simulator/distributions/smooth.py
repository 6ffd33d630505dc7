"""Distributions with a smooth quantile function, each on finite bounds.

A level comes as a pair ``(u, v)`` with ``v = 1 - u``, and a cdf as a pair of tails, so that nothing is lost near 1 or
when a distribution is mirrored. Mean and variance have no cancelling terms: they hold to rounding however narrow the
bounds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Tails = tuple[Array, Array]

PANELS, NODES = 64, 20
"""Gauss–Legendre panels and nodes per panel for the moments of truncated normals and lognormals."""

LOG_DROP = 80.0
"""Those integrals stop where the density is exp(-80) of its peak."""


class Form(Protocol):
    """What every distribution can do."""

    @property
    def low(self) -> float:
        """Lower bound."""

    @property
    def high(self) -> float:
        """Upper bound."""

    def quantile(self, u: Array, v: Array) -> Array:
        """Values at the levels u, where v = 1 - u; the ends themselves are set by `quantile_within`."""

    def tails(self, x: Array) -> Tails:
        """P(X <= x) and P(X > x)."""

    def mean(self) -> float:
        """Expectation."""

    def variance(self) -> float:
        """Variance."""


def quantile_within(form: Form, u: Array, v: Array) -> Array:
    """Quantiles held inside the bounds, and equal to them at u = 0 and v = 0.

    Parameters
    ----------
    form : Form
    u, v : ndarray, any shape
        Levels and 1 - levels.

    Returns
    -------
    ndarray, same shape
    """
    inside = np.clip(form.quantile(u, v), form.low, form.high)
    return np.where(u == 0.0, form.low, np.where(v == 0.0, form.high, inside))


@dataclass(frozen=True)
class Uniform:
    """The same density everywhere between two bounds."""

    low: float
    high: float

    def quantile(self, u: Array, v: Array) -> Array:
        return self.low * v + self.high * u

    def tails(self, x: Array) -> Tails:
        x = np.clip(x, self.low, self.high)
        return (x - self.low) / (self.high - self.low), (self.high - x) / (self.high - self.low)

    def mean(self) -> float:
        return 0.5 * self.low + 0.5 * self.high

    def variance(self) -> float:
        width = self.high - self.low
        return width * width / 12.0


@dataclass(frozen=True)
class Triangular:
    """A density that rises in a line to the mode and falls in a line from it."""

    low: float
    mode: float
    high: float

    def quantile(self, u: Array, v: Array) -> Array:
        width, left, right = self.high - self.low, self.mode - self.low, self.high - self.mode
        return np.where(u * width < left, self.low + np.sqrt(u * width * left), self.high - np.sqrt(v * width * right))

    def tails(self, x: Array) -> Tails:
        x = np.clip(x, self.low, self.high)
        width, left, right = self.high - self.low, self.mode - self.low, self.high - self.mode
        below = (x - self.low) / width * ((x - self.low) / left) if left > 0 else np.zeros_like(x)
        above = (self.high - x) / width * ((self.high - x) / right) if right > 0 else np.zeros_like(x)
        rising = x < self.mode
        return np.where(rising, below, 1.0 - above), np.where(rising, 1.0 - below, above)

    def mean(self) -> float:
        return self.low / 3.0 + self.mode / 3.0 + self.high / 3.0

    def variance(self) -> float:
        left, right = self.mode - self.low, self.high - self.mode
        return (left * left + left * right + right * right) / 18.0


@dataclass(frozen=True)
class Beta:
    """A beta distribution with shapes `a` and `b`, stretched to bounds; PERT is one of these."""

    a: float
    b: float
    low: float
    high: float

    def quantile(self, u: Array, v: Array) -> Array:
        nearer_low = u <= v
        a, b = np.where(nearer_low, self.a, self.b), np.where(nearer_low, self.b, self.a)
        step = (self.high - self.low) * _beta_share(a, b, np.minimum(u, v))
        return np.asarray(np.where(nearer_low, self.low + step, self.high - step))

    def tails(self, x: Array) -> Tails:
        from scipy.special import betainc

        x = np.clip(x, self.low, self.high)
        width = self.high - self.low
        return betainc(self.a, self.b, (x - self.low) / width), betainc(self.b, self.a, (self.high - x) / width)

    def mean(self) -> float:
        return (self.low * self.b + self.high * self.a) / (self.a + self.b)

    def variance(self) -> float:
        total = self.a + self.b
        width = self.high - self.low
        return width * width * (self.a / total) * (self.b / total) / (total + 1.0)


@dataclass(frozen=True)
class Normal:
    """A normal cut at two bounds, kept as values and as standard scores."""

    centre: float
    sd: float
    low: float
    high: float
    z_low: float
    z_high: float

    def quantile(self, u: Array, v: Array) -> Array:
        return self.centre + self.sd * _score(u, v, self.z_low, self.z_high)

    def tails(self, x: Array) -> Tails:
        x = np.clip(x, self.low, self.high)
        return _score_tails((x - self.centre) / self.sd, self.z_low, self.z_high)

    def mean(self) -> float:
        z, weight = _score_nodes(self.z_low, self.z_high, 0.0)
        return self.centre + self.sd * float(weight @ z)

    def variance(self) -> float:
        z, weight = _score_nodes(self.z_low, self.z_high, 0.0)
        return self.sd * self.sd * float(weight @ (z - weight @ z) ** 2)


@dataclass(frozen=True)
class Lognormal:
    """``median * exp(sigma * Z)`` with Z a standard normal cut at two scores; `median` is the uncut one."""

    median: float
    sigma: float
    low: float
    high: float
    z_low: float
    z_high: float

    def quantile(self, u: Array, v: Array) -> Array:
        return self.median * np.exp(self.sigma * _score(u, v, self.z_low, self.z_high))

    def tails(self, x: Array) -> Tails:
        x = np.clip(x, self.low, self.high)
        with np.errstate(divide="ignore"):  # a value of 0 has the score minus infinity
            z = np.log(x / self.median) / self.sigma
        return _score_tails(z, self.z_low, self.z_high)

    def mean(self) -> float:
        z, weight = _score_nodes(self.z_low, self.z_high, self.sigma)
        return self.median * float(weight @ np.exp(self.sigma * z))

    def variance(self) -> float:
        z, weight = _score_nodes(self.z_low, self.z_high, self.sigma)
        away = self.median * np.expm1(self.sigma * z)
        return float(weight @ (away - weight @ away) ** 2)


@dataclass(frozen=True)
class SplitNormal:
    """Two cut half-normals that meet in the median, each with probability 1/2.

    Unlike the two-piece normal of the literature (Wallis 2014, https://doi.org/10.1214/13-STS417), whose density is
    continuous and whose halves have unequal probability, the halves here are equal and the density may jump at the
    median.
    """

    left: Normal
    right: Normal

    @property
    def low(self) -> float:
        return self.left.low

    @property
    def high(self) -> float:
        return self.right.high

    def quantile(self, u: Array, v: Array) -> Array:
        below = self.left.quantile(np.minimum(2.0 * u, 1.0), np.maximum(1.0 - 2.0 * u, 0.0))
        above = self.right.quantile(np.maximum(1.0 - 2.0 * v, 0.0), np.minimum(2.0 * v, 1.0))
        return np.where(u <= v, below, above)

    def tails(self, x: Array) -> Tails:
        below, above = self.left.tails(x), self.right.tails(x)
        return 0.5 * (below[0] + above[0]), 0.5 * (below[1] + above[1])

    def mean(self) -> float:
        return 0.5 * self.left.mean() + 0.5 * self.right.mean()

    def variance(self) -> float:
        between = 0.5 * (self.right.mean() - self.left.mean())
        return 0.5 * (self.left.variance() + self.right.variance()) + between * between


def _beta_share(a: Array, b: Array, level: Array) -> Array:
    """Quantile of the standard beta at levels up to 1/2.

    scipy's inverse (checked at 1.17) is NaN, or stays at 1.4e-17, at some levels below 1e-16; those below 1e-14 are
    found by bisection of the logarithm.
    """
    from scipy.special import betainc, betaincinv

    share = np.asarray(betaincinv(a, b, np.maximum(level, 1e-14)))
    deep = level < 1e-14
    if deep.any():
        a, b, level = a[deep], b[deep], level[deep]
        low, high = np.full(level.shape, math.log(np.finfo(np.float64).tiny)), np.zeros(level.shape)
        for _ in range(64):  # 708 / 2**64 is below the rounding of any logarithm that matters
            middle = 0.5 * (low + high)
            above = betainc(a, b, np.exp(middle)) > level
            low, high = np.where(above, low, middle), np.where(above, middle, high)
        share[deep] = np.exp(low)
    return share


def _score(u: Array, v: Array, low: float, high: float) -> Array:
    """Quantile of the standard normal cut to [low, high]: from the nearer tail, or the middle where that is finer."""
    from scipy.special import erf, erfinv, ndtr, ndtri

    root = math.sqrt(2.0)
    below = v * ndtr(low) + u * ndtr(high)
    above = v * ndtr(-low) + u * ndtr(-high)
    middle = v * erf(low / root) + u * erf(high / root)
    tail = np.where(below <= above, ndtri(below), -ndtri(above))
    return np.asarray(np.where(np.abs(middle) < 0.5, root * erfinv(middle), tail))


def _score_tails(z: Array, low: float, high: float) -> Tails:
    """Both tails at z of the standard normal cut to [low, high], with z inside."""
    z = np.clip(z, low, high)
    whole = _mass(low, high)
    return _mass(low, z) / whole, _mass(z, high) / whole


def _mass(start: Array | float, stop: Array | float) -> Array:
    """Standard normal probability of [start, stop]: differences of small tails, or sums about 0, never of near-ones."""
    from scipy.special import erf, ndtr

    root = math.sqrt(2.0)
    start, stop = np.broadcast_arrays(np.asarray(start, dtype=np.float64), np.asarray(stop, dtype=np.float64))
    across = 0.5 * (erf(stop / root) - erf(start / root))
    outer = np.where(start > 0, ndtr(-start) - ndtr(-stop), ndtr(stop) - ndtr(start))
    return np.asarray(np.where((start > 0) | (stop < 0), outer, across))


@lru_cache
def legendre(count: int) -> tuple[Array, Array]:
    """Nodes and weights of Gauss and Legendre on [-1, 1], (count,) each; kept, because finding them is slow."""
    return np.polynomial.legendre.leggauss(count)


def _score_nodes(low: float, high: float, tilt: float) -> Tails:
    """Nodes and weights that integrate over the standard normal cut to [low, high].

    The textbook moments (differences of densities over differences of probabilities) lose all digits when the bounds
    are close or far out; sums of positive terms lose none. The nodes cover ``exp(k * tilt * z)`` times the density,
    k = 0, 1, 2, so that the first two moments of a lognormal come from the same nodes.

    Returns
    -------
    nodes, weights : ndarray, shape (PANELS * NODES,)
        Weights sum to 1.
    """
    nearest = min(max(0.0, low), high)
    tilted = min(max(0.0, low - 2.0 * tilt), high - 2.0 * tilt)
    start = max(low, -math.sqrt(nearest * nearest + 2.0 * LOG_DROP))
    stop = min(high, 2.0 * tilt + math.sqrt(tilted * tilted + 2.0 * LOG_DROP))
    x, weight = legendre(NODES)
    half = 0.5 * (stop - start) / PANELS
    centres = start + half * (2.0 * np.arange(PANELS) + 1.0)
    z = (centres[:, None] + half * x).ravel()
    weights = np.tile(weight, PANELS) * np.exp(-0.5 * (z - nearest) * (z + nearest))
    return z, weights / weights.sum()
