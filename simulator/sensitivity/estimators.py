"""Estimators of Sobol' indices as functions of sums over pairs of points and their hybrids.

Notation of Saltelli et al. (2010, doi:10.1016/j.cpc.2009.09.018): A and B are independent points; AB is A with the group
from B, BA is B with the group from A; f_A, f_B, f_AB, f_BA the outputs there, centred on any common constant.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

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
    >>> float(sums_of(y, y, y[None], y[None]).aa)  # of outputs less their mean
    2.0
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
    return _ratio(_squared_change(s), 2 * s.n * mean_variance(s))


def jansen_first(s: Sums) -> np.ndarray:
    """First-order index by Jansen (1999): 1 - Σ (f_B - f_AB)² / 2nV.

    Parameters
    ----------
    s : Sums

    Returns
    -------
    ndarray
        NaN where the variance is 0.
    """
    return 1 - _ratio(s.bb + s.abab - 2 * s.b_ab, 2 * s.n * mean_variance(s))


def saltelli_first(s: Sums) -> np.ndarray:
    """First-order index by Saltelli et al. (2010, table 2, (b)): Σ f_B (f_AB - f_A) / nV, centred.

    Also known by Sobol' et al. (2007) and by Mauntz and Kucherenko. Good for small indices.

    Parameters
    ----------
    s : Sums

    Returns
    -------
    ndarray
        NaN where the variance is 0.
    """
    return _ratio(s.b_ab - s.a_b, s.n * mean_variance(s))


def sobol_total(s: Sums) -> np.ndarray:
    """Total index by Sobol' et al. (2007, doi:10.1016/j.ress.2006.07.001): Σ f_A (f_A - f_AB) / nV, centred.

    Parameters
    ----------
    s : Sums

    Returns
    -------
    ndarray
        NaN where the variance is 0.
    """
    return _ratio(s.aa - s.a_ab, s.n * mean_variance(s))


def janon_first(s: Sums) -> np.ndarray:
    """First-order index by Monod et al. (2006) and Janon et al. (2014, doi:10.1051/ps/2013040, equation 6).

    The correlation of f_B and f_AB, with mean and variance from both: asymptotically efficient from A, B and AB for
    random points.

    Parameters
    ----------
    s : Sums

    Returns
    -------
    ndarray
        NaN where the variance is 0.
    """
    mean = (s.b + s.ab) / (2 * s.n)
    return _ratio(s.b_ab / s.n - mean**2, _common_variance(s, s.b, s.bb))


def janon_total(s: Sums) -> np.ndarray:
    """Total index by Monod et al. (2006) and Janon et al. (2014): 1 less the correlation of f_A and f_AB.

    Mean and variance are those of both, so that it is Jansen's sum over this variance: Σ (f_A - f_AB)² / 2nV.

    Parameters
    ----------
    s : Sums

    Returns
    -------
    ndarray
        NaN where the variance is 0.
    """
    return _ratio(_squared_change(s), 2 * s.n * _common_variance(s, s.a, s.aa))


def martinez(s: Sums) -> tuple[np.ndarray, np.ndarray]:
    """First-order and total index by Martinez (2011, Analyse de sensibilité globale par décomposition de la variance).

    Sample correlations: of f_B and f_AB, and 1 less that of f_A and f_AB.

    Parameters
    ----------
    s : Sums

    Returns
    -------
    first_order, total_order : ndarray
        NaN where the variance is 0.
    """
    a, b, ab = (np.maximum(s.n * square - sum_**2, 0.0) for sum_, square in ((s.a, s.aa), (s.b, s.bb), (s.ab, s.abab)))
    with_b, with_a = np.sqrt(b * ab), np.sqrt(a * ab)
    return (
        _ratio(s.n * s.b_ab - s.b * s.ab, with_b),
        _ratio(with_a - (s.n * s.a_ab - s.a * s.ab), with_a),
    )


def controlled_first(s: Sums) -> np.ndarray:
    """First-order index: Janon's covariance of f_B and f_AB, with that of f_A and f_B as a control variate.

    A and B are independent, so that cov(f_A, f_B) is an error alone, which cov(f_B, f_AB) shares: S = [cov(f_B, f_AB) -
    c cov(f_A, f_B)] / V, with V as in `janon_first`. For random points the best c is near the correlation of f_A and f_AB,
    1 - T: where the group hardly matters, this is Saltelli's estimator (c = 1), where nothing else does, Janon's (c = 0).
    So c = 1 - T, from `janon_total`, held from 0 to 1. Measured on nets, it is the better of the two or better than both.

    Parameters
    ----------
    s : Sums

    Returns
    -------
    ndarray
        NaN where the variance is 0.
    """
    weight = np.clip(1 - janon_total(s), 0.0, 1.0)
    covariance = (s.b_ab - s.b * s.ab / s.n) - weight * (s.a_b - s.b * s.a / s.n)
    return _ratio(covariance, s.n * _common_variance(s, s.b, s.bb))


def symmetric_total(s: Sums) -> np.ndarray:
    """Total index by `janon_total` from both pairs A, AB and B, BA: Σ [(f_A - f_AB)² + (f_B - f_BA)²] / 4nV.

    V is the variance of all four outputs around their common mean. On nets it errs less than D of `azzini`, in which A and
    B, and AB and BA, meet by chance.

    Parameters
    ----------
    s : Sums

    Returns
    -------
    ndarray
        NaN where the variance is 0.
    """
    mean = (s.a + s.b + s.ab + s.ba) / (4 * s.n)
    variance = (s.aa + s.bb + s.abab + s.baba) / (4 * s.n) - mean**2
    return _ratio(_squared_change(s) + (s.bb + s.baba - 2 * s.b_ba), 4 * s.n * variance)


def owen_first(s: Sums) -> np.ndarray:
    """First-order index by Owen (2013, doi:10.1145/2457459.2457460): Σ (f_A - f_AC)(f_BA - f_B) / nV.

    For indices near 0, from a third independent point C: the sums with AB are here those with AC, which is A with the
    group from C.

    Parameters
    ----------
    s : Sums

    Returns
    -------
    ndarray
        NaN where the variance is 0.
    """
    return _ratio(s.a_ba - s.a_b - s.ab_ba + s.b_ab, s.n * mean_variance(s))


def second_order(crossed: np.ndarray, s: Sums) -> np.ndarray:
    """Second-order index of pairs of groups: Σ [(f_BAi - f_B)(f_ABj - f_A) + (f_BAj - f_B)(f_ABi - f_A)] / 2nV.

    BA_i and AB_j have groups i and j in common, BA_i and A group i, B and AB_j group j, and B and A nothing: the mean of
    the product is the closed index of both less those of each (Saltelli 2002, doi:10.1016/S0010-4655(02)00280-1), with all
    differences taken point by point. Exactly 0 if one of the groups is inert.

    Parameters
    ----------
    crossed : (..., G, G, outputs) float64
        Sums of (f_BAi - f_B)(f_ABj - f_A), i first.
    s : Sums
        Of the same pairs; arrays (..., G, outputs).

    Returns
    -------
    (..., G, G, outputs) float64
        Symmetric, NaN on the diagonal and where the variance is 0.
    """
    both = crossed + np.swapaxes(crossed, -3, -2)
    result = _ratio(both, 2 * s.n * mean_variance(s)[..., :1, None, :])
    places = np.arange(crossed.shape[-2])
    result[..., places, places, :] = np.nan
    return result


@dataclass(frozen=True)
class Estimator:
    """First-order and total index together.

    Attributes
    ----------
    name : str
    indices : callable
        From sums to both indices.
    reverse : bool
        Whether it needs BA.
    third : bool
        Whether the sums with AB are those with AC, of a third point C.
    reference : str
    """

    name: str
    indices: Callable[[Sums], tuple[np.ndarray, np.ndarray]]
    reverse: bool
    third: bool
    reference: str


def _both(
    first: Callable[[Sums], np.ndarray], total: Callable[[Sums], np.ndarray]
) -> Callable[[Sums], tuple[np.ndarray, np.ndarray]]:
    return lambda s: (first(s), total(s))


_ALL = (
    Estimator("controlled", _both(controlled_first, janon_total), False, False, "Janon with a control variate; Janon"),
    Estimator("saltelli", _both(saltelli_first, jansen_total), False, False, "Saltelli et al. 2010; Jansen 1999"),
    Estimator("jansen", _both(jansen_first, jansen_total), False, False, "Jansen 1999"),
    Estimator("janon", _both(janon_first, janon_total), False, False, "Janon et al. 2014"),
    Estimator("martinez", martinez, False, False, "Martinez 2011"),
    Estimator("mauntz", _both(saltelli_first, sobol_total), False, False, "Sobol' et al. 2007"),
    Estimator(
        "symmetric",
        _both(lambda s: azzini(s)[0], symmetric_total),
        True,
        False,
        "Azzini, Mara & Rosati 2020; Janon et al. 2014 for both pairs",
    ),
    Estimator("azzini", azzini, True, False, "Azzini, Mara & Rosati 2020"),
    Estimator("owen", _both(owen_first, jansen_total), True, True, "Owen 2013; Jansen 1999"),
)
ESTIMATORS: Mapping[str, Estimator] = MappingProxyType({one.name: one for one in _ALL})
"""By name; those without `reverse` cost N (G + 2) evaluations for G groups, the others N (2 G + 2)."""


def _squared_change(s: Sums) -> np.ndarray:
    """Σ (f_A - f_AB)²."""
    return np.asarray(s.aa + s.abab - 2 * s.a_ab)


def _common_variance(s: Sums, other: np.ndarray, square: np.ndarray) -> np.ndarray:
    """Variance of f_AB and another output together, around their common mean."""
    mean = (other + s.ab) / (2 * s.n)
    return np.asarray((square + s.abab) / (2 * s.n) - mean**2)


def _ratio(numerator: np.ndarray, divisor: np.ndarray) -> np.ndarray:
    numerator, divisor = np.broadcast_arrays(numerator, divisor)
    return np.asarray(np.divide(numerator, divisor, out=np.full(divisor.shape, np.nan), where=divisor > 0))
