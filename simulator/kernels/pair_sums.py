"""Sums over the pairs of a block and their hybrids."""

from __future__ import annotations

import numpy as np

from .compiling import subroutine


@subroutine
def add_pair_sums(a: np.ndarray, b: np.ndarray, sums: np.ndarray) -> None:
    """Sums of one output over both points of the pairs.

    Parameters
    ----------
    a, b : (futures,) float32 or float64
        Centred outputs.
    sums : (5,) float64
        a, b, a², b², a·b; added to.
    """
    nothing = a.dtype.type(0)
    sa, sb, saa, sbb, sab = nothing, nothing, nothing, nothing, nothing
    for future in range(a.shape[0]):
        x, y = a[future], b[future]
        sa += x
        sb += y
        saa += x * x
        sbb += y * y
        sab += x * y
    sums[0] += sa
    sums[1] += sb
    sums[2] += saa
    sums[3] += sbb
    sums[4] += sab


@subroutine
def add_hybrid_sums(
    outputs: tuple[np.ndarray, np.ndarray],
    paths: tuple[np.ndarray, np.ndarray],
    level: np.ndarray,
    tilt: np.ndarray,
    grown: float,
    centre: float,
    sums: np.ndarray,
) -> None:
    """Sums over what the two hybrids of the pairs change in one output; the hybrids are made here and not stored.

    Parameters
    ----------
    outputs : ((futures,), (futures,)) float64
        Centred, at A and at B.
    paths : ((futures,), (futures,)) float64
        Phase-in path at A with the group from B, and at B with the group from A.
    level, tilt : (2, futures) float64
        Of AB and of BA.
    grown, centre : float
    sums : (4,) float64
        (ab - a)², (ba - b)², (ab - a)(ba - b), (b - a)((ba - b) - (ab - a)); added to.
    """
    s0, s1, s2, s3 = 0.0, 0.0, 0.0, 0.0
    (a, b), (path_ab, path_ba) = outputs, paths
    level_ab, level_ba, tilt_ab, tilt_ba = level[0], level[1], tilt[0], tilt[1]
    for future in range(a.shape[0]):
        x, y = a[future], b[future]
        first = path_ab[future] * (level_ab[future] + grown * tilt_ab[future]) - centre - x
        second = path_ba[future] * (level_ba[future] + grown * tilt_ba[future]) - centre - y
        s0 += first * first
        s1 += second * second
        s2 += first * second
        s3 += (y - x) * (second - first)
    sums[0] += s0
    sums[1] += s1
    sums[2] += s2
    sums[3] += s3
