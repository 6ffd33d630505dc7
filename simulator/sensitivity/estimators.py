"""Estimators of Sobol' indices as functions of sums over pairs of points and their hybrids.

Notation of Saltelli et al. (2010, doi:10.1016/j.cpc.2009.09.018): A and B are independent points; AB is A with the group
from B, BA is B with the group from A; f_A, f_B, f_AB, f_BA the outputs there, centred on any common constant.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Sums:
    """Sums over n pairs; every array broadcasts to the same shape.

    Attributes
    ----------
    n : float
    a, b, ab, ba : ndarray
        Of f_A, f_B, f_AB, f_BA.
    aa, bb, abab, baba : ndarray
        Of their squares.
    a_b, a_ab, b_ab, a_ba, b_ba, ab_ba : ndarray
        Of products.
    """

    n: float
    a: np.ndarray
    b: np.ndarray
    ab: np.ndarray
    ba: np.ndarray
    aa: np.ndarray
    bb: np.ndarray
    abab: np.ndarray
    baba: np.ndarray
    a_b: np.ndarray
    a_ab: np.ndarray
    b_ab: np.ndarray
    a_ba: np.ndarray
    b_ba: np.ndarray
    ab_ba: np.ndarray


def sums_of(f_a: np.ndarray, f_b: np.ndarray, f_ab: np.ndarray, f_ba: np.ndarray) -> Sums:
    """Sums of outputs at given points.

    Parameters
    ----------
    f_a, f_b : (n,) float64
    f_ab, f_ba : (groups, n) float64

    Returns
    -------
    Sums
        Arrays of shape (groups,) or ().

    Examples
    --------
    >>> y = np.array([0.0, 1.0, 2.0])
    >>> float(sums_of(y, y, y[None], y[None]).aa)
    5.0
    """
    centre = (f_a.mean() + f_b.mean()) / 2
    # In one layout, so that equal rows have equal sums to the last bit: an inert group has exactly no index.
    a, b, ab, ba = (np.ascontiguousarray(part - centre) for part in (f_a, f_b, f_ab, f_ba))
    products = (a * a, b * b, ab * ab, ba * ba, a * b, a * ab, b * ab, a * ba, b * ba, ab * ba)
    return Sums(float(len(a)), *(np.asarray(part.sum(axis=-1)) for part in (a, b, ab, ba, *products)))


def mean_variance(s: Sums) -> np.ndarray:
    """Variance of the output over both points of all pairs (divisor 2n)."""
    return np.asarray((s.aa + s.bb) / (2 * s.n) - ((s.a + s.b) / (2 * s.n)) ** 2)


def azzini(s: Sums) -> tuple[np.ndarray, np.ndarray]:
    """First-order and total index by Azzini, Mara & Rosati (2020, arXiv:2006.08232, equations 12 and 13).

    S = 2 Σ (f_BA - f_B)(f_A - f_AB) / D and T = Σ [(f_B - f_BA)² + (f_A - f_AB)²] / D with D = Σ [(f_A - f_B)² +
    (f_BA - f_AB)²]. Uses all four points; |S| <= T on every sample, and both are exactly 0 for an inert group. The choice
    where BA costs nothing or is wanted for second order.

    Parameters
    ----------
    s : Sums

    Returns
    -------
    first_order, total_order : ndarray
        NaN where D is 0: an output without variance has no indices.
    """
    # f_AB carries the group of B: exchanging the roles gives 2 Σ (f_AB - f_A)(f_B - f_BA) for the same first order.
    first = 2 * (s.b_ab - s.ab_ba - s.a_b + s.a_ba)
    total = (s.bb + s.baba - 2 * s.b_ba) + (s.aa + s.abab - 2 * s.a_ab)
    divisor = (s.aa + s.bb - 2 * s.a_b) + (s.baba + s.abab - 2 * s.ab_ba)
    return _ratio(first, divisor), _ratio(total, divisor)


def jansen_total(s: Sums) -> np.ndarray:
    """Total index by Jansen (1999, doi:10.1016/S0010-4655(98)00154-4): Σ (f_A - f_AB)² / 2nV.

    Among the most accurate from A, B and AB alone (Puy et al. 2022, arXiv:2009.01147).

    Parameters
    ----------
    s : Sums

    Returns
    -------
    ndarray
        NaN where the variance is 0.
    """
    return _ratio(s.aa + s.abab - 2 * s.a_ab, 2 * s.n * mean_variance(s))


def saltelli_first(s: Sums) -> np.ndarray:
    """First-order index by Saltelli et al. (2010, table 2, (b)): Σ f_B (f_AB - f_A) / nV, centred.

    The choice from A, B and AB alone for small indices.

    Parameters
    ----------
    s : Sums

    Returns
    -------
    ndarray
        NaN where the variance is 0.
    """
    return _ratio(s.b_ab - s.a_b, s.n * mean_variance(s))


def janon_first(s: Sums) -> np.ndarray:
    """First-order index by Monod et al. (2006) and Janon et al. (2014, doi:10.1051/ps/2013040, equation 6).

    The correlation of f_B and f_AB, with mean and variance from both: asymptotically efficient from A, B and AB.

    Parameters
    ----------
    s : Sums

    Returns
    -------
    ndarray
        NaN where the variance is 0.
    """
    mean = (s.b + s.ab) / (2 * s.n)
    return _ratio(s.b_ab / s.n - mean**2, (s.bb + s.abab) / (2 * s.n) - mean**2)


def _ratio(numerator: np.ndarray, divisor: np.ndarray) -> np.ndarray:
    numerator, divisor = np.broadcast_arrays(numerator, divisor)
    return np.asarray(np.divide(numerator, divisor, out=np.full(divisor.shape, np.nan), where=divisor > 0))
