"""Intervals from independent replicates.

A row bootstrap is not valid for points of a net. Replicates are independent, and the mean of their estimates is close to
normal (Owen 2025, arXiv:2501.00150): Student's t over replicates.
"""

from __future__ import annotations

import numpy as np


def student_t(replicates: np.ndarray, value: np.ndarray, coverage: float = 0.95) -> np.ndarray:
    """Interval around an estimate from its values in each replicate.

    Parameters
    ----------
    replicates : (replicates, ...) float64
    value : (...) float64
        The estimate from all replicates together.
    coverage : float

    Returns
    -------
    (..., 2) float64
        Lower and upper bound; NaN with fewer than two replicates.

    Examples
    --------
    >>> student_t(np.array([1.0, 2.0, 3.0]), np.array(2.0)).round(3)
    array([-0.484,  4.484])
    """
    from scipy.special import stdtrit

    count = len(replicates)
    if count < 2:
        return np.full((*np.shape(value), 2), np.nan)
    error = np.std(replicates, axis=0, ddof=1) / np.sqrt(count)
    half_width = stdtrit(count - 1, 0.5 + coverage / 2) * error
    return np.stack([value - half_width, value + half_width], axis=-1)
