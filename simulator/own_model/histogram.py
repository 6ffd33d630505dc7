"""Quantiles of outputs whose range nobody knows beforehand, from counts in bins that are set by the first points.

Bins are even in arsinh((y - middle) / scale): of one width around the middle, and growing with the distance farther out, up
to millions of scales. Each bin remembers its least and greatest value, so that single values, such as those of a discrete
output, are met exactly.

Letters: O outputs, R replicates, B bins, n points.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

BINS = 1024
PER_SCALE = 32  # bins of the width of the scale, at the middle


@dataclass(frozen=True)
class Histogram:
    """Counts of outputs.

    Attributes
    ----------
    middle, scale : (O,) float64
    counts : (R, O, B) int64
    least, greatest : (O, B) float64
        In each bin, over all replicates; infinite where it is empty.
    """

    middle: np.ndarray
    scale: np.ndarray
    counts: np.ndarray
    least: np.ndarray
    greatest: np.ndarray


def empty_histogram(first: np.ndarray, replicates: int) -> Histogram:
    """Bins from the first outputs: around their median, with half the distance of their quartiles as scale.

    Parameters
    ----------
    first : (n, O) float64
    replicates : int

    Returns
    -------
    Histogram
    """
    low, middle, high = np.quantile(first, [0.25, 0.5, 0.75], axis=0, method="inverted_cdf")
    scale = high / 2 - low / 2  # so that it does not overflow
    for wider in (np.abs(first / 2 - middle / 2).max(axis=0), np.abs(middle), np.ones(len(middle))):
        scale = np.where(scale > 0, scale, wider)  # outputs that are mostly, or all, of one value
    shape = (len(middle), BINS)
    counts = np.zeros((replicates, *shape), dtype=np.int64)
    return Histogram(middle, scale, counts, np.full(shape, np.inf), np.full(shape, -np.inf))


def block_histogram(
    outputs: np.ndarray, middle: np.ndarray, scale: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Counts, least and greatest of one block.

    Parameters
    ----------
    outputs : (n, O) float64
        Finite.
    middle, scale : (O,) float64

    Returns
    -------
    (O, B) int64, float64, float64
    """
    with np.errstate(over="ignore"):
        place = np.arcsinh((outputs - middle) / scale) * PER_SCALE + BINS // 2
    bins = np.clip(place, 0, BINS - 1).astype(np.int64) + BINS * np.arange(len(middle))
    shape, flat, values = (len(middle), BINS), bins.ravel(), outputs.ravel()
    counts = np.bincount(flat, minlength=shape[0] * BINS).reshape(shape)
    least, greatest = np.full(shape, np.inf), np.full(shape, -np.inf)
    np.minimum.at(least.reshape(-1), flat, values)
    np.maximum.at(greatest.reshape(-1), flat, values)
    return counts, least, greatest


def quantiles(counts: np.ndarray, least: np.ndarray, greatest: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Quantiles, with the values of a bin evenly spread from its least to its greatest.

    Parameters
    ----------
    counts : (..., B) int64
        At least one in all.
    least, greatest : (..., B) float64
    levels : (q,) float64

    Returns
    -------
    (..., q) float64
        Of a bin with one value, or with equal values, exactly that.

    Examples
    --------
    >>> counts, ends = np.array([1, 3, 0, 1]), np.array([5.0, 6.0, np.inf, 9.0])
    >>> quantiles(counts, ends, ends + [0, 1, 0, 0], np.array([0.1, 0.5, 1.0]))
    array([5. , 6.5, 9. ])
    """
    cumulative = np.cumsum(counts, axis=-1)
    least, greatest = np.broadcast_to(least, counts.shape), np.broadcast_to(greatest, counts.shape)
    result = np.empty((*counts.shape[:-1], len(levels)))
    for place, level in enumerate(levels):
        target = level * cumulative[..., -1:]
        at = (cumulative < np.maximum(target, 0.5)).sum(axis=-1)[..., None]  # first bin that reaches the target
        inside, up_to, low, high = (np.take_along_axis(part, at, -1) for part in (counts, cumulative, least, greatest))
        # The middles of the inside values lie at 1/2, 3/2, ... of the counts.
        part = np.clip((target - (up_to - inside) - 0.5) / np.maximum(inside - 1, 1), 0.0, 1.0)
        result[..., place] = (low + part * (high - low))[..., 0]
    return result
