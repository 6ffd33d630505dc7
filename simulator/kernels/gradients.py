"""A chunk of pairs of points and the hybrids of all single inputs into sums, from the gradients at the two points.

Every output is multilinear in the inputs but `speed` and `reconstruction`, so that the point A with input i from B has the
output f(A) + ∂f/∂x_i(A) (B_i - A_i), exactly: two gradients stand for 2 k evaluations of a black box with k inputs.

Letters: see `simulator.kernels.sides`.
"""

from __future__ import annotations

import numpy as np

from .compiling import kernel
from .pair_sums import add_pair_sums
from .propagation import draw_block
from .rows import add_rows, add_scaled
from .sides import Sides, adopted_share, empty_sides, fill_outputs, fill_side, share_rows
from .structure import Structure


@kernel
def difference_sums(
    slope: np.ndarray, step: np.ndarray, gap: np.ndarray, change: np.ndarray
) -> tuple[float, float, float, float]:
    """Sums over the differences AB - A and BA - B of one output and input.

    Parameters
    ----------
    slope, step : (2 n,) float64
        The differences are slope · step at A, and at B.
    gap : (n,) float64
        Output at B less that at A.
    change : (n,) float64
        Filled: the second difference less the first.

    Returns
    -------
    (float, float, float, float)
        Squares of both differences, their product, and gap · change.
    """
    n = change.shape[0]
    slope_a, slope_b, step_a, step_b = slope[:n], slope[n:], step[:n], step[n:]
    s0, s1, s2, s3 = 0.0, 0.0, 0.0, 0.0
    for future in range(n):
        change[future] = slope_b[future] * step_b[future] - slope_a[future] * step_a[future]
    # Sums stand in a loop that writes nothing: else their order would hang on how near the arrays lie in memory.
    for future in range(n):
        a, b = slope_a[future] * step_a[future], slope_b[future] * step_b[future]
        s0 += a * a
        s1 += b * b
        s2 += a * b
        s3 += gap[future] * (b - a)
    return s0, s1, s2, s3


@kernel
def product_sum(left: np.ndarray, right: np.ndarray) -> float:
    """Sum of left · right, each (n,) float64."""
    total = 0.0
    for future in range(left.shape[0]):
        total += left[future] * right[future]
    return total


@kernel
def add_sums(found: tuple[float, float, float, float], scale: float, gap_by_change: float, sums: np.ndarray) -> None:
    """Add the sums of an output whose slope is `scale` times that of another.

    Parameters
    ----------
    found : (float, float, float, float)
        Of the other output; see `difference_sums`.
    scale, gap_by_change : float
        The second: gap of this output by the change of the other.
    sums : (4,) float64
        Added to.
    """
    for place in range(3):
        sums[place] += scale * scale * found[place]
    sums[3] += scale * gap_by_change


@kernel
def add_input(c: int, years: int, x: Sides, sums: np.ndarray) -> None:
    """Sums of an input that changes one category alone.

    Parameters
    ----------
    c, years : int
    x : Sides
        step is filled.
    sums : (Q, 4) float64
        Added to.
    """
    for row in range(x.first_row[c], x.first_row[c + 1]):
        first, year = x.scope[row], (row - x.first_row[c]) % years
        own = first * years + year
        found = difference_sums(x.slope[row], x.step, x.gap[own], x.change)
        add_sums(found, 1.0, found[3], sums[own])
        for scope in range(first + 1, x.row.shape[0]):
            if x.row[scope, c] == row - year:
                q = scope * years + year
                add_sums(found, x.scale[scope, c], product_sum(x.gap[q], x.change), sums[q])


@kernel
def set_step(values: np.ndarray, inputs: int, i: int, factor: np.ndarray, step: np.ndarray) -> None:
    """How far an input moves from A to B, and from B to A, times a factor; factor and step (2 n,), step is filled."""
    n = values.shape[1]
    a, b, factor_a, factor_b, step_a, step_b = values[i], values[inputs + i], factor[:n], factor[n:], step[:n], step[n:]
    for future in range(n):
        moved = b[future] - a[future]
        step_a[future] = moved * factor_a[future]
        step_b[future] = -moved * factor_b[future]


@kernel
def set_product(
    values: np.ndarray, inputs: int, i: int, weight: float, factor: np.ndarray, product: np.ndarray
) -> None:
    """weight · factor · input i, or weight · factor where i is -1; factor and product (2 n,), product is filled."""
    n = values.shape[1]
    if i < 0:
        for future in range(2 * n):
            product[future] = weight * factor[future]
        return
    a, b, factor_a, factor_b = values[i], values[inputs + i], factor[:n], factor[n:]
    out_a, out_b = product[:n], product[n:]
    for future in range(n):
        out_a[future] = weight * factor_a[future] * a[future]
        out_b[future] = weight * factor_b[future] * b[future]


@kernel
def add_own_inputs(
    values: np.ndarray, inputs: int, c: int, s: Structure, live: np.ndarray, x: Sides, sums: np.ndarray
) -> None:
    """Sums of the inputs of one category.

    Parameters
    ----------
    values : (2 * inputs, n) float64
    inputs, c : int
    s : Structure
    live : (inputs,) bool
    x : Sides
        The first rows of common are scratch.
    sums : (inputs, Q, 4) float64
        Added to.
    """
    own, phase_in, years, n = s.technology_own[c], s.phase_in[c], s.years.shape[0], values.shape[1]
    themed, factor = x.common[0], x.common[1]
    if live[phase_in]:
        set_step(values, inputs, phase_in, x.ready[c], x.step)
        add_input(c, years, x, sums[phase_in])
    if live[own]:
        for side in range(2):
            half = slice(side * n, side * n + n)
            adopted_share(values, np.arange(inputs) + side * inputs, c, s, factor[half])
        scale_row(factor, x.use[c])
        set_step(values, inputs, own, factor, x.step)
        add_input(c, years, x, sums[own])
    for p in range(s.term_start[c], s.term_start[c + 1]):
        set_product(values, inputs, s.term_theme[p], 1.0, x.reach[c], themed)
        for task in range(s.task_start[p], s.task_start[p + 1]):
            share, coefficient = s.task_share[task], s.task_coefficient[task]
            for i, other in ((share, coefficient), (coefficient, share)):
                if i >= 0 and live[i]:
                    set_product(values, inputs, other, s.task_part[task], themed, factor)
                    set_step(values, inputs, i, factor, x.step)
                    add_input(c, years, x, sums[i])


@kernel
def scale_row(row: np.ndarray, factor: np.ndarray) -> None:
    """row *= factor, arrays of one length of float64."""
    for future in range(row.shape[0]):
        row[future] *= factor[future]


@kernel
def fill_common(s: Structure, q: int, x: Sides) -> None:
    """Derivatives of one output with respect to the phase-in of all, barriers and themes.

    Parameters
    ----------
    s : Structure
    q : int
    x : Sides
        common is filled; part holds, for each row, what the category's output gains by a unit of its phase-in.
    """
    scope, year, barriers = q // s.years.shape[0], q % s.years.shape[0], s.barrier.shape[0]
    counted = np.flatnonzero(x.row[scope] >= 0)
    rows, scale = x.row[scope][counted] + year, x.scale[scope][counted]
    x.common[:] = 0.0
    add_rows(x.common[0], scale, x.part, rows)
    for b in range(barriers):
        add_rows(x.common[1 + b], scale * s.barrier_weight[:, b][counted], x.part, rows)
    for place in range(counted.shape[0]):
        c, slope = counted[place], x.slope[rows[place]]
        for p in range(s.term_start[c], s.term_start[c + 1]):
            if s.term_theme[p] >= 0:
                add_scaled(x.common[1 + barriers + s.term_theme_place[p]], scale[place], slope, x.theme_slope[p])


@kernel
def add_alone(at_a: np.ndarray, at_b: np.ndarray, slope: np.ndarray, gap: np.ndarray, sums: np.ndarray) -> None:
    """Sums of one output and an input, from the output's derivative.

    Parameters
    ----------
    at_a, at_b : (n,) float64
        Values of the input, or of what the output is linear in.
    slope : (2 n,) float64
        The derivative with respect to it, at both points.
    gap : (n,) float64
    sums : (4,) float64
        See `difference_sums`; added to.
    """
    n = gap.shape[0]
    slope_a, slope_b = slope[:n], slope[n:]
    s0, s1, s2, s3 = 0.0, 0.0, 0.0, 0.0
    for future in range(n):
        moved = at_b[future] - at_a[future]
        a, b = moved * slope_a[future], -moved * slope_b[future]
        s0 += a * a
        s1 += b * b
        s2 += a * b
        s3 += gap[future] * (b - a)
    sums[0] += s0
    sums[1] += s1
    sums[2] += s2
    sums[3] += s3


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
            add_alone(values[i], values[inputs + i], x.common[m], x.gap[q], sums[i, q])


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
        common is scratch.
    sums : (inputs, Q, 4) float64
        Added to.
    """
    n, year, technology, speed = values.shape[1], q % s.years.shape[0], s.technology, s.speed
    by_technology, by_path = x.common[0], x.common[1]
    for side in range(2):
        half = slice(side * n, side * n + n)
        level, path, factor = x.level[0, q, half], x.path[side, year], values[side * inputs + technology]
        technology_out, path_out = by_technology[half], by_path[half]
        for future in range(n):
            technology_out[future] = path[future] * level[future]
            path_out[future] = factor[future] * level[future]
    if live[technology]:
        add_alone(values[technology], values[inputs + technology], by_technology, x.gap[q], sums[technology, q])
    if live[speed]:
        add_alone(x.path[0, year], x.path[1, year], by_path, x.gap[q], sums[speed, q])


@kernel
def add_growth_inputs(
    weights: tuple[np.ndarray, np.ndarray], s: Structure, live: np.ndarray, q: int, x: Sides, sums: np.ndarray
) -> None:
    """Sums of the drivers of growth and of the workforce table for one output.

    Parameters
    ----------
    weights : ((scopes, 2 + D, C), (scopes, 2 + D, C)) float64
        With the workforce tables of A and of B.
    s : Structure
    live : (inputs,) bool
    q : int
    x : Sides
    sums : (inputs, Q, 4) float64
        Added to.
    """
    n, scope, year, slope = x.change.shape[0], q // s.years.shape[0], q % s.years.shape[0], x.common[0]
    counted = np.flatnonzero(x.row[scope] >= 0)
    for d in range(s.driver.shape[0]):
        if live[s.driver[d]]:
            for side in range(2):
                table, out = weights[0] if side == 0 else weights[1], slope[side * n :][:n]
                out[:] = 0.0
                add_rows(out, s.year_path[year] * table[scope, 2 + d][counted], x.category[side], counted)
                scale_row(out, x.factor[side, year])
            add_alone(x.deviation[0, d], x.deviation[1, d], slope, x.gap[q], sums[s.driver[d], q])
    if live[s.reconstruction]:
        for side in range(2):
            x.step[side * n :][:n] = x.factor[side, year]
        for future in range(2 * n):
            slope[future] = x.level[1, q, future] - x.level[0, q, future]
        found = difference_sums(slope, x.step, x.gap[q], x.change)
        add_sums(found, 1.0, found[3], sums[s.reconstruction, q])


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
        See `simulator.kernels.pair_sums.add_pair_sums`; added to.
    sums : (inputs, Q, 4) float64
        See `difference_sums`; added to.
    """
    inputs, scopes, years, n = tables[0].shape[0], centre.shape[0], centre.shape[1], block_size
    draw_scratch = (np.empty(n, np.int64), np.empty(n), np.empty(n, np.uint32))
    values, x = np.empty((2 * inputs, n)), empty_sides(s, scopes, n)
    for block in range(blocks):
        draw_block(points, tables, first + block * n, block * n, draw_scratch, values)
        both = (coefficients[table[0, block]], coefficients[table[1, block]])
        if block == 0 or (table[:, block] != table[:, block - 1]).any():
            share_rows(both, years, x)
        for side in range(2):
            fill_side(values, np.arange(inputs) + side * inputs, side, s, x)
        fill_outputs(both, s, centre, x)
        for c in range(s.phase_in.shape[0]):
            add_own_inputs(values, inputs, c, s, live, x, sums)
            for row in range(x.first_row[c], x.first_row[c + 1]):
                part, slope, ready = x.part[row], x.slope[row], x.ready[c]
                for future in range(2 * n):
                    part[future] = slope[future] * ready[future]
        for q in range(scopes * years):
            add_pair_sums(x.output[0, q], x.output[1, q], pair_sums[q])
            fill_common(s, q, x)
            add_common_inputs(values, inputs, s, live, q, x, sums)
            add_path_inputs(values, inputs, s, live, q, x, sums)
            add_growth_inputs(both, s, live, q, x, sums)
