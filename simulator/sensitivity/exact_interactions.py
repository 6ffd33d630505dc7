"""Closed form of interactions: Sobol' indices of any order, of groups of inputs, where inputs are independent."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from ..kernels.structure import Structure
from .exact import Moments, Weights, exact_indices


def exact_interactions(
    s: Structure, moments: Moments, weights: Weights, groups: np.ndarray, together: np.ndarray
) -> np.ndarray:
    """What groups explain together, beyond what fewer of them explain.

    The index of groups 1 to k is the sum over their subsets u of (-1)^(k - |u|) times the closed index of the union of u:
    for two, S_12 = closed(1, 2) - S_1 - S_2 (Sobol' 1993; Saltelli 2002, doi:10.1016/S0010-4655(02)00280-1).

    Parameters
    ----------
    s : Structure
    moments : Moments
    weights : (rows, A, P) float64, or Lines
    groups : (G, inputs) bool
    together : (M, k) int64
        Places of k groups without a common member; k is the order.

    Returns
    -------
    (M, years, rows) float64
        0 where the variance is 0.

    Raises
    ------
    ValueError
        If two of the groups have a member in common.
    """
    if (groups[together].sum(axis=1) > 1).any():
        raise ValueError("an interaction is of groups without a common member")
    order = together.shape[1]
    subsets = [list(subset) for size in range(1, order + 1) for subset in combinations(range(order), size)]
    unions = np.array([groups[together[:, subset]].any(axis=1) for subset in subsets])
    distinct, place = np.unique(unions.reshape(-1, groups.shape[1]), axis=0, return_inverse=True)
    _, closed, _ = exact_indices(s, moments, weights, distinct)
    signs = [(-1.0) ** (order - len(subset)) for subset in subsets]
    parts = (sign * closed[of] for sign, of in zip(signs, place.reshape(len(subsets), -1), strict=True))
    return np.asarray(sum(parts))
