"""Sums over the futures of a block: what an accumulator adds up."""

from __future__ import annotations

import numpy as np

from .compiling import subroutine


@subroutine
def add_outputs(
    rows: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    grown: tuple[float, float],
    bins: tuple[np.ndarray, np.ndarray],
    place: np.ndarray,
    moments: np.ndarray,
    counts: np.ndarray,
) -> None:
    """Add one amount of one year, and the share that it is of its base, to their moments and histograms.

    Parameters
    ----------
    rows : tuple of (futures,) float64
        Phase-in path; level and tilt of the amount, see `simulator.kernels.amounts`; one over the base of the share.
    grown : (float, float)
        Part of the growth that has come by the year, for the amount and for the share (0 where growth cancels).
    bins : ((2,), (2,)) float64
        Middle of the bins and bins per unit, for the amount and the share.
    place : (2, futures) uint16
        Scratch.
    moments : (2, 2) float64
        Sums of the deviation from the centre, in bins, and of its square; added to.
    counts : (2, bins + 2) int32
        First and last bin hold what lies outside; added to.
    """
    relative_path, level, tilt, inverse = rows
    futures, number = level.shape[0], counts.shape[1] - 2
    middle, top = 1.0 + number / 2, number + 1.0
    centre_0, centre_1, unit_0, unit_1 = bins[0][0], bins[0][1], bins[1][0], bins[1][1]
    grown_0, grown_1 = grown
    first_0, second_0, first_1, second_1 = 0.0, 0.0, 0.0, 0.0
    place_0, place_1 = place[0], place[1]
    for future in range(futures):
        path = relative_path[future]
        amount = (path * (level[future] + grown_0 * tilt[future]) - centre_0) * unit_0
        share = (path * (level[future] + grown_1 * tilt[future]) * inverse[future] - centre_1) * unit_1
        first_0 += amount
        second_0 += amount * amount
        first_1 += share
        second_1 += share * share
        place_0[future] = np.uint16(min(max(amount + middle, 0.0), top))
        place_1[future] = np.uint16(min(max(share + middle, 0.0), top))
    moments[0, 0] += first_0
    moments[0, 1] += second_0
    moments[1, 0] += first_1
    moments[1, 1] += second_1
    counts_0, counts_1 = counts[0], counts[1]
    for future in range(futures):
        counts_0[place_0[future]] += 1
        counts_1[place_1[future]] += 1
