"""How far the distributions of inputs in two classes of futures are apart, for many inputs and classes at once."""

from __future__ import annotations

import numpy as np


def kolmogorov_smirnov(values: np.ndarray, first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distances between the distributions of inputs in two classes of futures: each input is sorted once for all pairs.

    Parameters
    ----------
    values : (n, k) float64
    first, second : (n, ...) bool
        Pairs of classes.

    Returns
    -------
    distance, p_value : (..., k) float64
        As by `scipy.stats.ks_2samp`, which sorts for every pair; the p value from the limit of many futures (Kolmogorov
        1933). NaN where a class is empty.

    Examples
    --------
    >>> x = np.array([[1.0], [2.0], [3.0], [4.0]])
    >>> kolmogorov_smirnov(x, x[:, 0] < 3, x[:, 0] > 1)[0].round(3)
    array([0.667])
    """
    from scipy.special import kolmogorov

    shape = np.broadcast_shapes(first.shape, second.shape)
    both = [np.broadcast_to(one, shape).reshape(len(values), -1) for one in (first, second)]
    sizes = np.stack([one.sum(axis=0) for one in both])
    weight = both[0] * sizes[1] - both[1] * sizes[0]  # whole numbers, so that sums are exact
    distance = np.empty((weight.shape[1], values.shape[1]))
    for place, column in enumerate(values.T):
        order = np.argsort(column)
        ordered = column[order]
        last = np.flatnonzero(np.diff(ordered, append=np.inf))  # of equal values
        distance[:, place] = np.abs(np.cumsum(weight[order], axis=0)[last]).max(axis=0)
    pairs, known = np.maximum(sizes.prod(axis=0), 1)[:, None], sizes.min(axis=0)[:, None] > 0
    distance /= pairs
    p_value = kolmogorov(np.sqrt(pairs / np.maximum(sizes.sum(axis=0), 1)[:, None]) * distance)
    shape = (*shape[1:], values.shape[1])
    return (np.where(known, distance, np.nan).reshape(shape), np.where(known, p_value, np.nan).reshape(shape))
