"""A chunk of pairs of points and the hybrids of all single inputs into sums, from the gradients at the two points.

Every output is multilinear in the inputs but `speed` and `reconstruction`, so that the point A with input i from B has the
output f(A) + ∂f/∂x_i(A) (B_i - A_i), exactly: two gradients stand for 2 k evaluations of a black box with k inputs.

Letters: see `simulator.kernels.sides`.
"""

from __future__ import annotations

import numpy as np

from .compiling import kernel
from .pick_freeze import add_pair_sums
from .propagation import draw_block
from .sides import Sides, adopted_share, empty_sides, fill_side, output_slope
from .structure import Structure


@kernel
def add_sums(slope: np.ndarray, step: np.ndarray, gap: np.ndarray, sums: np.ndarray) -> None:
    """Sums over the differences AB - A and BA - B of one output and input.

    Parameters
    ----------
    slope, step : (2, n) float64
        The differences are slope · step at A, and at B.
    gap : (n,) float64
        Output at B less that at A.
    sums : (4,) float64
        Squares of both differences, their product, and gap · (second - first); added to.
    """
    s0, s1, s2, s3 = 0.0, 0.0, 0.0, 0.0
    for future in range(gap.shape[0]):
        a, b = slope[0, future] * step[0, future], slope[1, future] * step[1, future]
        s0 += a * a
        s1 += b * b
        s2 += a * b
        s3 += gap[future] * (b - a)
    sums[0] += s0
    sums[1] += s1
    sums[2] += s2
    sums[3] += s3


@kernel
def add_input(step: np.ndarray, counted: np.ndarray, x: Sides, sums: np.ndarray) -> None:
    """Sums of an input that changes one category alone.

    Parameters
    ----------
    step : (2, n) float64
    counted : (k,) int64
        Outputs that the category counts in.
    x : Sides
    sums : (Q, 4) float64
        Added to.
    """
    for q in counted:
        add_sums(x.slope[q], step, x.gap[q], sums[q])


@kernel
def set_step(values: np.ndarray, inputs: int, i: int, size: float, step: np.ndarray) -> None:
    """How far an input moves from A to B, and from B to A, times `size`; step (2, n) is filled."""
    at_a, at_b = values[i], values[inputs + i]
    for future in range(at_a.shape[0]):
        step[0, future] = size * (at_b[future] - at_a[future])
        step[1, future] = -step[0, future]


@kernel
def scale_row(row: np.ndarray, factor: np.ndarray) -> None:
    """row *= factor, each (n,) float64."""
    for future in range(row.shape[0]):
        row[future] *= factor[future]


@kernel
def add_own_inputs(
    values: np.ndarray,
    inputs: int,
    c: int,
    s: Structure,
    live: np.ndarray,
    counted: np.ndarray,
    x: Sides,
    sums: np.ndarray,
) -> None:
    """Sums of the inputs of one category.

    Parameters
    ----------
    values : (2 * inputs, n) float64
    inputs, c : int
    s : Structure
    live : (inputs,) bool
    counted : (k,) int64
        Outputs that the category counts in.
    x : Sides
        slope is filled for the category.
    sums : (inputs, Q, 4) float64
        Added to.
    """
    own, phase_in, adopted = s.technology_own[c], s.phase_in[c], np.empty((2, values.shape[1]))
    for side in range(2):
        adopted_share(values, np.arange(inputs) + side * inputs, c, s, adopted[side])
    if live[own]:
        set_step(values, inputs, own, 1.0, x.step)
        for side in range(2):
            scale_row(x.step[side], adopted[side])
            scale_row(x.step[side], x.use[side, c])
        add_input(x.step, counted, x, sums[own])
    for side in range(2):
        scale_row(adopted[side], values[side * inputs + own])
    if live[phase_in]:
        set_step(values, inputs, phase_in, 1.0, x.step)
        for side in range(2):
            scale_row(x.step[side], values[side * inputs + own])
            scale_row(x.step[side], x.use[side, c])
        add_input(x.step, counted, x, sums[phase_in])
    for p in range(s.term_start[c], s.term_start[c + 1]):
        x.common[0] = adopted
        if s.term_theme[p] >= 0:
            for side in range(2):
                scale_row(x.common[0, side], values[side * inputs + s.term_theme[p]])
        for task in range(s.task_start[p], s.task_start[p + 1]):
            share, coefficient = s.task_share[task], s.task_coefficient[task]
            for i, other in ((share, coefficient), (coefficient, share)):
                if i >= 0 and live[i]:
                    add_factor(values, inputs, i, other, s.task_part[task], counted, x, sums[i])


@kernel
def add_factor(
    values: np.ndarray, inputs: int, i: int, other: int, part: float, counted: np.ndarray, x: Sides, sums: np.ndarray
) -> None:
    """Sums of the share or the coefficient of a task.

    Parameters
    ----------
    values : (2 * inputs, n) float64
    inputs, i : int
    other : int
        The other of the two; -1 where there is none.
    part : float
    counted : (k,) int64
    x : Sides
        The first row of common holds what the task is multiplied by.
    sums : (Q, 4) float64
        Added to.
    """
    set_step(values, inputs, i, part, x.step)
    for side in range(2):
        scale_row(x.step[side], x.common[0, side])
        if other >= 0:
            scale_row(x.step[side], values[side * inputs + other])
    add_input(x.step, counted, x, sums)


@kernel
def fill_common(
    values: np.ndarray, inputs: int, s: Structure, weights: np.ndarray, q: int, year: int, side: int, x: Sides
) -> None:
    """Derivatives of one output at one point with respect to the phase-in of all, barriers and themes.

    Parameters
    ----------
    values : (2 * inputs, n) float64
    inputs : int
    s : Structure
    weights : (2 + D, C) float64
        Of the output's scope, with the point's workforce table.
    q, year, side : int
    x : Sides
        common is filled; the first row of slope is scratch.
    """
    n, barriers, slope = values.shape[1], s.barrier.shape[0], x.slope[q, side]
    x.common[:, side] = 0.0
    for c in range(s.phase_in.shape[0]):
        if weights[0, c] == 0.0:
            continue
        output_slope(weights, c, x.deviation[side], x.factor[side, year], s.year_path[year], slope)
        technology_own = values[side * inputs + s.technology_own[c]]
        for p in range(s.term_start[c], s.term_start[c + 1]):
            if s.term_theme[p] >= 0:
                m = 1 + barriers + s.term_theme_place[p]
                for future in range(n):
                    x.common[m, side, future] += slope[future] * x.theme_slope[side, p, future]
        for future in range(n):
            slope[future] *= x.use[side, c, future] * technology_own[future]
            x.common[0, side, future] += slope[future]
        for b in range(barriers):
            weight = s.barrier_weight[c, b]
            for future in range(n):
                x.common[1 + b, side, future] += weight * slope[future]


@kernel
def add_common_inputs(
    values: np.ndarray, inputs: int, s: Structure, live: np.ndarray, q: int, x: Sides, sums: np.ndarray
) -> None:
    """Sums of national, barriers and themes for one output.

    Parameters
    ----------
    values : (2 * inputs, n) float64
    inputs : int
    s : Structure
    live : (inputs,) bool
    q : int
    x : Sides
        common is filled for the output.
    sums : (inputs, Q, 4) float64
        Added to.
    """
    barriers, places = s.barrier.shape[0], np.full(x.common.shape[0], -1)
    places[0] = s.national
    places[1 : 1 + barriers] = s.barrier
    for p in range(s.term_theme.shape[0]):
        places[1 + barriers + s.term_theme_place[p]] = s.term_theme[p]
    for m in range(places.shape[0]):
        i = places[m]
        if i >= 0 and live[i]:
            set_step(values, inputs, i, 1.0, x.step)
            add_sums(x.common[m], x.step, x.gap[q], sums[i, q])


@kernel
def add_path_inputs(
    values: np.ndarray, inputs: int, s: Structure, live: np.ndarray, q: int, x: Sides, sums: np.ndarray
) -> None:
    """Sums of technology and speed for one output.

    Parameters
    ----------
    values : (2 * inputs, n) float64
    inputs : int
    s : Structure
    live : (inputs,) bool
    q : int
    x : Sides
        The slope of the output is scratch.
    sums : (inputs, Q, 4) float64
        Added to.
    """
    years = s.years.shape[0]
    scope, year = q // years, q % years
    grown, slope = s.year_path[year], x.slope[q]
    if live[s.technology]:
        set_step(values, inputs, s.technology, 1.0, x.step)
        for side in range(2):
            level, tilt = x.line[side, 0, scope, 0], x.tilt[side, 0, scope]
            for future in range(values.shape[1]):
                slope[side, future] = x.path[side, year, future] * (level[future] + grown * tilt[future])
        add_sums(slope, x.step, x.gap[q], sums[s.technology, q])
    if live[s.speed]:
        for side in range(2):
            level, tilt = x.line[side, 0, scope, 0], x.tilt[side, 0, scope]
            own, other, technology = x.path[side, year], x.path[1 - side, year], values[side * inputs + s.technology]
            for future in range(values.shape[1]):
                slope[side, future] = technology[future] * (level[future] + grown * tilt[future])
                x.step[side, future] = other[future] - own[future]
        add_sums(slope, x.step, x.gap[q], sums[s.speed, q])


@kernel
def add_growth_inputs(s: Structure, live: np.ndarray, q: int, x: Sides, sums: np.ndarray) -> None:
    """Sums of the drivers of growth and of the workforce table for one output.

    Parameters
    ----------
    s : Structure
    live : (inputs,) bool
    q : int
    x : Sides
        The slope of the output is scratch.
    sums : (inputs, Q, 4) float64
        Added to.
    """
    years = s.years.shape[0]
    scope, year = q // years, q % years
    grown, slope, futures = s.year_path[year], x.slope[q], x.step.shape[1]
    slope[:] = x.factor[:, year]
    for d in range(s.driver.shape[0]):
        if live[s.driver[d]]:
            for side in range(2):
                own, other, line = x.deviation[side, d], x.deviation[1 - side, d], x.line[side, 0, scope, 2 + d]
                for future in range(futures):
                    x.step[side, future] = grown * line[future] * (other[future] - own[future])
            add_sums(slope, x.step, x.gap[q], sums[s.driver[d], q])
    if live[s.reconstruction]:
        for side in range(2):
            for future in range(futures):
                level = x.line[side, 1, scope, 0, future] - x.line[side, 0, scope, 0, future]
                tilt = x.tilt[side, 1, scope, future] - x.tilt[side, 0, scope, future]
                x.step[side, future] = level + grown * tilt
        add_sums(slope, x.step, x.gap[q], sums[s.reconstruction, q])


@kernel
def single_inputs(
    points: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    tables: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    first: int,
    blocks: int,
    block_size: int,
    s: Structure,
    table: np.ndarray,
    coefficients: np.ndarray,
    live: np.ndarray,
    centre: np.ndarray,
    pair_sums: np.ndarray,
    sums: np.ndarray,
) -> None:
    """One chunk of pairs into the sums of all single inputs.

    Parameters
    ----------
    points, tables, first, blocks, block_size, s, table, coefficients
        See `simulator.kernels.pick_freeze.pick_freeze`.
    live : (inputs,) bool
        Inputs that are not fixed.
    centre : (scopes, years) float64
    pair_sums : (Q, 5) float64
        See `simulator.kernels.pick_freeze.add_pair_sums`; added to.
    sums : (inputs, Q, 4) float64
        See `add_sums`; added to.
    """
    inputs, scopes, years, n = tables[0].shape[0], centre.shape[0], centre.shape[1], block_size
    draw_scratch = (np.empty(n, np.int64), np.empty(n), np.empty(n, np.uint32))
    values, x, counts = np.empty((2 * inputs, n)), empty_sides(s, scopes, n), np.empty(scopes * years, np.bool_)
    for block in range(blocks):
        draw_block(points, tables, first + block * n, block * n, draw_scratch, values)
        both = (coefficients[table[0, block]], coefficients[table[1, block]])
        fill_side(values, np.arange(inputs), 0, s, both, centre, x)
        fill_side(values, np.arange(inputs) + inputs, 1, s, (both[1], both[0]), centre, x)
        for q in range(scopes * years):
            add_pair_sums(x.output[0, q], x.output[1, q], pair_sums[q])
            for future in range(n):
                x.gap[q, future] = x.output[1, q, future] - x.output[0, q, future]
        for c in range(s.phase_in.shape[0]):
            for q in range(scopes * years):
                scope, year = q // years, q % years
                counts[q] = both[0][scope, 0, c] != 0.0 or both[1][scope, 0, c] != 0.0
                if counts[q]:
                    for side in range(2):
                        weights = both[0][scope] if side == 0 else both[1][scope]
                        factor, out = x.factor[side, year], x.slope[q, side]
                        output_slope(weights, c, x.deviation[side], factor, s.year_path[year], out)
            add_own_inputs(values, inputs, c, s, live, np.flatnonzero(counts), x, sums)
        for q in range(scopes * years):
            for side in range(2):
                weights = both[0][q // years] if side == 0 else both[1][q // years]
                fill_common(values, inputs, s, weights, q, q % years, side, x)
            add_common_inputs(values, inputs, s, live, q, x, sums)
            add_path_inputs(values, inputs, s, live, q, x, sums)
            add_growth_inputs(s, live, q, x, sums)
