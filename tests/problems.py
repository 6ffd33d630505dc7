"""Test functions that carry their exact answers: mean, variance, first-order and total indices, with citation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import pi

import numpy as np
from scipy.special import ndtri


@dataclass(frozen=True)
class Problem:
    """A function of d independent inputs.

    Attributes
    ----------
    name : str
    function : callable
        (n, d) values of the inputs to (n,) outputs.
    quantile : callable
        (n, d) levels to (n, d) values.
    mean, variance : float
    first_order, total_order : tuple of float, length d
    citation : str
    """

    name: str
    function: Callable[[np.ndarray], np.ndarray]
    quantile: Callable[[np.ndarray], np.ndarray]
    mean: float
    variance: float
    first_order: tuple[float, ...]
    total_order: tuple[float, ...]
    citation: str

    @property
    def dimension(self) -> int:
        """Number of inputs."""
        return len(self.first_order)

    def at_levels(self, levels: np.ndarray) -> np.ndarray:
        """Outputs at (n, d) levels."""
        return self.function(self.quantile(levels))


def ishigami(a: float = 7.0, b: float = 0.1) -> Problem:
    """sin x1 + a sin² x2 + b x3⁴ sin x1 on (-π, π)³; x3 acts through its interaction with x1 alone."""
    main, second, interaction = 0.5 * (1 + b * pi**4 / 5) ** 2, a**2 / 8, 8 * b**2 * pi**8 / 225
    variance = main + second + interaction
    return Problem(
        f"ishigami a={a:g} b={b:g}",
        lambda x: np.sin(x[:, 0]) * (1 + b * x[:, 2] ** 4) + a * np.sin(x[:, 1]) ** 2,
        lambda levels: pi * (2 * levels - 1),
        a / 2,
        variance,
        (main / variance, second / variance, 0.0),
        ((main + interaction) / variance, second / variance, interaction / variance),
        "Ishigami & Homma (1990), doi:10.1109/ISUMA.1990.151285; indices: Homma & Saltelli (1996), "
        "doi:10.1016/0951-8320(96)00002-6",
    )


def sobol_g(a: tuple[float, ...]) -> Problem:
    """Π (|4 x_i - 2| + a_i) / (1 + a_i) on the unit cube; an input matters the less the larger its a."""
    shape = np.array(a)
    own = 1 / (3 * (1 + shape) ** 2)
    whole = np.prod(1 + own)
    variance = float(whole - 1)
    total = own * whole / (1 + own)
    return Problem(
        f"sobol g a={','.join(f'{one:g}' for one in a)}",
        lambda x: np.prod((np.abs(4 * x - 2) + shape) / (1 + shape), axis=1),
        lambda levels: levels,
        1.0,
        variance,
        tuple((own / variance).tolist()),
        tuple((total / variance).tolist()),
        "Saltelli & Sobol' (1995), doi:10.1016/0951-8320(95)00099-2",
    )


def linear_gaussian(slopes: tuple[float, ...], deviations: tuple[float, ...], constant: float = 0.0) -> Problem:
    """constant + Σ slope_i x_i with independent normal inputs around 0: no interactions."""
    slope, deviation = np.array(slopes), np.array(deviations)
    parts = (slope * deviation) ** 2
    variance = float(parts.sum())
    shares = tuple((parts / variance).tolist())
    return Problem(
        f"linear {','.join(f'{one:g}' for one in slopes)}",
        lambda x: constant + x @ slope,
        lambda levels: deviation * ndtri(levels),
        constant,
        variance,
        shares,
        shares,
        "Saltelli et al. (2008), Global Sensitivity Analysis: The Primer, section 1.2, doi:10.1002/9780470725184",
    )


PROBLEMS = (
    ishigami(),
    ishigami(5.0, 0.05),
    sobol_g((0.0, 0.5, 3.0, 9.0, 99.0, 99.0)),
    sobol_g((0.0, 0.0, 0.0)),
    sobol_g((6.52, 6.52, 6.52, 6.52)),
    linear_gaussian((1.0, -2.0, 0.5, 0.0), (1.0, 0.5, 4.0, 1.0), 100.0),
)
