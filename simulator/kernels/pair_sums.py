"""Sums of products over the pairs of a block and their hybrids."""

from __future__ import annotations

import numpy as np

from .compiling import kernel


@kernel
def add_pair_sums(a: np.ndarray, b: np.ndarray, sums: np.ndarray) -> None:
    """Sums of one output over both points of the pairs.

    Parameters
    ----------
    a, b : (futures,) float64
        Centred outputs.
    sums : (5,) float64
        a, b, a², b², a·b; added to.
    """
    sa, sb, saa, sbb, sab = 0.0, 0.0, 0.0, 0.0, 0.0
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


@kernel
def add_hybrid_sums(
    outputs: tuple[np.ndarray, np.ndarray],
    paths: tuple[np.ndarray, np.ndarray],
    level: np.ndarray,
    tilt: np.ndarray,
    grown: float,
    centre: float,
    sums: np.ndarray,
) -> None:
    """Sums of products of one output over the pairs and their two hybrids, which are made here and not stored.

    Parameters
    ----------
    outputs : ((futures,), (futures,)) float64
        Centred, at A and at B.
    paths : ((futures,), (futures,)) float64
        Phase-in path at A with the group from B, and at B with the group from A.
    level, tilt : (2, futures) float64
        Of AB and of BA.
    grown, centre : float
    sums : (9,) float64
        ab, ba, ab², ba², a·ab, b·ab, a·ba, b·ba, ab·ba; added to.
    """
    s0, s1, s2, s3, s4, s5, s6, s7, s8 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    (a, b), (path_ab, path_ba) = outputs, paths
    level_ab, level_ba, tilt_ab, tilt_ba = level[0], level[1], tilt[0], tilt[1]
    for future in range(a.shape[0]):
        x, y = a[future], b[future]
        p = path_ab[future] * (level_ab[future] + grown * tilt_ab[future]) - centre
        q = path_ba[future] * (level_ba[future] + grown * tilt_ba[future]) - centre
        s0 += p
        s1 += q
        s2 += p * p
        s3 += q * q
        s4 += x * p
        s5 += y * p
        s6 += x * q
        s7 += y * q
        s8 += p * q
    sums[0] += s0
    sums[1] += s1
    sums[2] += s2
    sums[3] += s3
    sums[4] += s4
    sums[5] += s5
    sums[6] += s6
    sums[7] += s7
    sums[8] += s8


@kernel
def add_still_sums(pair: np.ndarray, sums: np.ndarray) -> None:
    """`add_hybrid_sums` where the hybrids are the points themselves.

    Parameters
    ----------
    pair : (5,) float64
        See `add_pair_sums`.
    sums : (9,) float64
        Added to.
    """
    a, b, aa, bb, ab = pair
    sums[0] += a
    sums[1] += b
    sums[2] += aa
    sums[3] += bb
    sums[4] += aa
    sums[5] += ab
    sums[6] += ab
    sums[7] += bb
    sums[8] += ab
