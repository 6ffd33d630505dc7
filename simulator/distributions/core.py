"""What can be asked of a distribution, whatever its kind."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from .compound import Mixture, Steps, transform
from .smooth import Array, Form, Normal, quantile_within

Parameter = float | str | tuple[float, ...] | tuple["Distribution", ...]


@dataclass(frozen=True)
class Distribution:
    """``factor * X + offset``, where X is as the config states it. Hashable, and equal when stated alike.

    Attributes
    ----------
    kind : str
        The kind by its name in the config.
    parameters : tuple of (str, float or str or tuple)
        The parameters as stated, by name; defaults are not among them.
    form : Form
        What X is computed as (a PERT, for one, as a beta).
    factor, offset : float
        Set by `scale` and `shift`.
    """

    kind: str
    parameters: tuple[tuple[str, Parameter], ...]
    form: Form
    factor: float = 1.0
    offset: float = 0.0


def quantile(distribution: Distribution, levels: ArrayLike) -> Array:
    """Values below which a distribution lies with given probabilities.

    Parameters
    ----------
    distribution : Distribution
    levels : array_like, any shape
        Probabilities from 0 to 1, both included.

    Returns
    -------
    ndarray, same shape, float64
        Non-decreasing in the level, up to rounding in the last places; the bounds exactly at 0 and 1. Steps and
        mixtures give the least value whose cdf is above the level.

    Raises
    ------
    ValueError
        If a level is NaN or outside [0, 1].
    FloatingPointError
        If a quantile is not finite.

    Examples
    --------
    >>> from pathlib import Path
    >>> from simulator.distributions import from_mapping
    >>> speed = from_mapping({"kind": "uniform", "low": 2, "high": 4}, "base.toml, key 'speed'", Path())
    >>> quantile(speed, [0, 0.5, 1])
    array([2., 3., 4.])
    """
    u = np.asarray(levels, dtype=np.float64)
    if not np.all((u >= 0.0) & (u <= 1.0)):
        raise ValueError("levels must lie from 0 to 1, and none may be NaN")
    values = np.asarray(quantile_within(form_of(distribution), u, 1.0 - u), dtype=np.float64)
    if not np.all(np.isfinite(values)):
        count = int(np.count_nonzero(~np.isfinite(values)))
        raise FloatingPointError(f"{count} quantiles of {distribution} are not finite")
    return values


def cdf(distribution: Distribution, x: ArrayLike) -> Array:
    """P(X <= x).

    Parameters
    ----------
    distribution : Distribution
    x : array_like, any shape
        Infinities are allowed.

    Returns
    -------
    ndarray, same shape, float64

    Raises
    ------
    ValueError
        If an x is NaN.

    Examples
    --------
    >>> from pathlib import Path
    >>> from simulator.distributions import from_mapping
    >>> coin = {"kind": "discrete", "values": [0, 1], "probabilities": [0.25, 0.75]}
    >>> cdf(from_mapping(coin, "base.toml, key 'coin'", Path()), [-1, 0, 0.5, 1])
    array([0.  , 0.25, 0.25, 1.  ])
    """
    points = np.asarray(x, dtype=np.float64)
    if np.isnan(points).any():
        raise ValueError("x must not be NaN")
    return np.asarray(form_of(distribution).tails(points)[0], dtype=np.float64)


def mean(distribution: Distribution) -> float:
    """Expectation, exact to rounding.

    Examples
    --------
    >>> from pathlib import Path
    >>> from simulator.distributions import from_mapping
    >>> mean(from_mapping({"kind": "pert", "low": 0, "mode": 1, "high": 8}, "base.toml, key 'x'", Path()))
    2.0
    """
    return form_of(distribution).mean()


def variance(distribution: Distribution) -> float:
    """Variance, exact to rounding; of an empirical distribution with divisor n.

    Examples
    --------
    >>> from pathlib import Path
    >>> from simulator.distributions import from_mapping
    >>> variance(from_mapping({"kind": "uniform", "low": 0, "high": 6}, "base.toml, key 'x'", Path()))
    3.0
    """
    return form_of(distribution).variance()


def bounds(distribution: Distribution) -> tuple[float, float]:
    """Lowest and highest value: the quantiles at 0 and 1, exactly.

    Examples
    --------
    >>> from pathlib import Path
    >>> from simulator.distributions import from_mapping
    >>> bounds(shift(from_mapping({"kind": "uniform", "low": 0, "high": 6}, "base.toml, key 'x'", Path()), 1))
    (1.0, 7.0)
    """
    form = form_of(distribution)
    return form.low, form.high


def is_smooth(distribution: Distribution) -> bool:
    """Whether the quantile function is continuous and may be tabulated (of `percentiles`, with a knot at 1/2).

    Fixed, discrete, empirical and mixture distributions are not smooth: they are looked up exactly.
    """
    return not isinstance(form_of(distribution), Steps | Mixture)


def steps(distribution: Distribution) -> tuple[Array, Array] | None:
    """The exact step table of a fixed, discrete or empirical distribution, or of a mixture of such; else None.

    Returns
    -------
    values : ndarray, shape (K,)
        Ascending and distinct.
    cumulative : ndarray, shape (K,)
        Ascending, the last 1 exactly. The quantile at u is the first value whose cumulative probability is above u; at
        u = 1, the last value.

    Examples
    --------
    >>> from pathlib import Path
    >>> from simulator.distributions import from_mapping
    >>> coin = {"kind": "discrete", "values": [1, 0], "probabilities": [0.75, 0.25]}
    >>> steps(from_mapping(coin, "base.toml, key 'coin'", Path()))
    (array([0., 1.]), array([0.25, 1.  ]))
    """
    form = form_of(distribution)
    return (np.array(form.values), form.cumulative()) if isinstance(form, Steps) else None


def shift(distribution: Distribution, by: float) -> Distribution:
    """The distribution of X + by.

    Raises
    ------
    ValueError
        If `by` is not finite.
    """
    if not math.isfinite(by):
        raise ValueError(f"cannot shift by {by}")
    return replace(distribution, offset=distribution.offset + by)


def scale(distribution: Distribution, by: float) -> Distribution:
    """The distribution of X * by; a negative factor mirrors it, 0 makes it the fixed value 0.

    Raises
    ------
    ValueError
        If `by` is not finite.
    """
    if not math.isfinite(by):
        raise ValueError(f"cannot scale by {by}")
    return replace(distribution, factor=distribution.factor * by, offset=distribution.offset * by)


def standardised(distribution: Distribution) -> tuple[Distribution, float, float]:
    """A distribution of the same shape, which many others have too, with its location and scale.

    Parameters
    ----------
    distribution : Distribution

    Returns
    -------
    shape : Distribution
        Without location and scale, as far as its form has them; mirrored where the factor is negative. Equal for
        distributions that are found to have the same shape.
    location, scale : float
        The distribution is that of location + scale · shape; the scale is not negative.

    Examples
    --------
    >>> from pathlib import Path
    >>> from simulator.distributions import from_mapping
    >>> cost = from_mapping({"kind": "normal", "mean": 20, "sd": 3}, "base.toml, key 'cost'", Path())
    >>> shape, *rest = standardised(scale(cost, 2))
    >>> rest, bounds(shape)
    ([40.0, 6.0], (-3.2905267314918945, 3.2905267314918945))
    """
    form, centre, spread = distribution.form, 0.0, 1.0
    if isinstance(form, Normal):
        centre, spread = form.centre, form.sd
        form = Normal(0.0, 1.0, form.z_low, form.z_high, form.z_low, form.z_high)
    shape = Distribution("standardised", (), form, math.copysign(1.0, distribution.factor))
    factor = distribution.factor
    return shape, distribution.offset + factor * centre, abs(factor) * spread


def form_of(distribution: Distribution) -> Form:
    """What a distribution is computed as, with its factor and offset in it."""
    return transform(distribution.form, distribution.factor, distribution.offset)
