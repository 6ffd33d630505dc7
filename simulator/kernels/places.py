"""Where in `simulator.kernels.sides.Sides` the inputs stand, and the rows that their derivatives are made of."""

from __future__ import annotations

import numpy as np

from .structure import Structure


def first_rows(s: Structure, inputs: int) -> tuple[int, int, int, int, int, int]:
    """First rows in `Sides.row` of ready, unowned, category, themed and theme_slope, after the values and ones; the end."""
    categories, terms = s.phase_in.shape[0], s.term_theme.shape[0]
    ready = inputs + 1
    themed = ready + 3 * categories
    return ready, ready + categories, ready + 2 * categories, themed, themed + terms, themed + 2 * terms


def draw_rows(inputs: int) -> np.ndarray:
    """Row of n of `Sides.value` that `draw_block` fills for each input, at A and then at B; (2 inputs,) int64."""
    return np.arange(2 * inputs).reshape(inputs, 2).T.ravel()


def own_inputs(s: Structure, live: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Inputs that change one category alone.

    Parameters
    ----------
    s : Structure
    live : (inputs,) bool

    Returns
    -------
    places : (own, 4) int64
        Input, category, and the two rows of `Sides.row` that the category's derivative with respect to it is the product
        of, but for the category's slope and the weight.
    weight : (own,) float64
    """
    categories, inputs, count = s.phase_in.shape[0], live.shape[0], 0
    ones, (ready, unowned, _, themed, _, _) = inputs, first_rows(s, inputs)
    found = np.empty((2 * categories + 2 * s.task_share.shape[0], 4), np.int64)
    weight = np.ones(found.shape[0])
    for c in range(categories):
        for i, row in ((s.phase_in[c], ready + c), (s.technology_own[c], unowned + c)):
            if live[i]:
                found[count] = i, c, row, ones
                count += 1
        for p in range(s.term_start[c], s.term_start[c + 1]):
            for task in range(s.task_start[p], s.task_start[p + 1]):
                share, coefficient = s.task_share[task], s.task_coefficient[task]
                for i, other in ((share, coefficient), (coefficient, share)):
                    if i >= 0 and live[i]:
                        found[count] = i, c, ones if other < 0 else other, themed + p
                        weight[count] = s.task_part[task]
                        count += 1
    return found[:count], weight[:count]


def common_inputs(s: Structure, live: np.ndarray) -> np.ndarray:
    """National, the barriers and the themes; -1 for what is fixed and for what has no theme."""
    barriers = s.barrier.shape[0]
    inputs = np.full(1 + barriers + s.term_theme_place.max() + 1, -1)
    inputs[0] = s.national
    inputs[1 : 1 + barriers] = s.barrier
    for p in range(s.term_theme.shape[0]):
        inputs[1 + barriers + s.term_theme_place[p]] = s.term_theme[p]
    return np.where((inputs >= 0) & live[inputs], inputs, -1)
