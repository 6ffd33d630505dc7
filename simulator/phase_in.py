"""How fast a technology comes into use: the logistic path from first use to full potential."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

HORIZON = 2040
"""The year that the phase-in of the GenAI 2040 report (2024) is stated for."""

_LN_9 = float(np.log(9.0))
_LN_81 = float(np.log(81.0))


def _negative_log_share(speed: ArrayLike, years: ArrayLike, start: float) -> NDArray[np.float64]:
    slow = np.asarray(speed, dtype=np.float64)[..., np.newaxis]
    if not (np.isfinite(slow).all() and (slow > 0).all()):
        raise ValueError("speed must be finite and above 0 years")
    elapsed = np.atleast_1d(np.asarray(years, dtype=np.float64)) - start
    result: NDArray[np.float64] = np.logaddexp(0.0, _LN_9 - _LN_81 / slow * elapsed)
    return result


def logistic_share(speed: ArrayLike, years: ArrayLike, start: float) -> NDArray[np.float64]:
    """Share of the full potential in use, s(y) = 1 / (1 + 9·exp(−(ln 81 / speed)·(y − start))).

    Parameters
    ----------
    speed : array_like, shape (...)
        Years from 10 to 90 % of the potential.
    years : array_like, shape (Y,)
        Calendar years.
    start : float
        The year in which 10 % is in use.

    Returns
    -------
    ndarray, shape (..., Y)
        s(start) = 0.1 and s(start + speed) = 0.9, whatever the speed.

    Raises
    ------
    ValueError
        If a speed is not finite, or not above 0.

    Examples
    --------
    >>> logistic_share(20.0, [2024, 2034, 2044], 2024.0).round(6).tolist()
    [0.1, 0.5, 0.9]
    """
    return np.exp(-_negative_log_share(speed, years, start))


def logistic_path(speed: ArrayLike, years: ArrayLike, start: float) -> NDArray[np.float64]:
    """Phase-in of a year relative to that of 2040, s(y) / s(2040).

    Parameters
    ----------
    speed : array_like, shape (...)
        Years from 10 to 90 % of the potential.
    years : array_like, shape (Y,)
        Calendar years.
    start : float
        The year in which 10 % is in use.

    Returns
    -------
    ndarray, shape (..., Y)
        1 in 2040, and above 1 after it: with a start in 2024 the share of 2045 is 1.06 of that of 2040 at a speed of 15
        years and 1.32 at 30.

    Raises
    ------
    ValueError
        If a speed is not finite, or not above 0.

    Notes
    -----
    The logistic curve is the one fitted to the technologies of `data/diffusion.csv` (Our World in Data, from Comin &
    Hobijn 2004). Computed from logarithms, so that exp of a large number never occurs.

    Examples
    --------
    >>> logistic_path([15.0, 30.0], [2030, 2040], 2024.0).round(3).tolist()
    [[0.424, 1.0], [0.393, 1.0]]
    """
    return np.exp(_negative_log_share(speed, [HORIZON], start) - _negative_log_share(speed, years, start))
