"""A chunk of pairs of points and the hybrids of all single inputs into sums, from the gradients at the two points.

Every output is multilinear in the inputs but `speed` and `reconstruction`, so that the point A with input i from B has the
output f(A) + ∂f/∂x_i(A) (B_i - A_i), exactly: two gradients stand for 2 k evaluations of a black box with k inputs.

Within a block the sums are of the precision of the rows, at most 512 numbers by vectors of partial sums; sums over blocks are
in double precision. Letters and float: see `simulator.kernels.sides`.
"""

from __future__ import annotations

import numpy as np

from .compiling import bare_kernel, subroutine
from .pair_sums import add_pair_sums
from .propagation import draw_block
from .sharing import Shared, share_slopes
from .sides import Sides, fill_common, fill_outputs, fill_points, multiply
from .structure import Structure


@subroutine
def set_step(
    rows: np.ndarray, i: int, left: np.ndarray, j: int, right: np.ndarray, k: int, out: np.ndarray, m: int
) -> None:
    """How far row i moves from A to B, times left[j] · right[k], into out[m]; all (…, 2 n) float."""
    n = out.shape[1] // 2
    for future in range(n):
        out[m, future] = (rows[i, n + future] - rows[i, future]) * left[j, future] * right[k, future]
    for future in range(n):
        out[m, n + future] = (rows[i, n + future] - rows[i, future]) * left[j, n + future] * right[k, n + future]


@subroutine
def difference_sums(
    slope: np.ndarray, row: int, step: np.ndarray, m: int, gap: np.ndarray, one: int, other: int
) -> tuple[float, float, float, float, float]:
    """Sums over the differences AB - A and BA - B of an input, for two outputs that have the same slope.

    They stand in a loop that writes nothing: else their order would hang on how near the arrays lie in memory.

    Parameters
    ----------
    slope, row, step, m
        The differences are slope[row] · step[m] at A, and the same negative at B; (…, 2 n) float.
    gap, one, other
        Each output at B less that at A, gap[one] and gap[other]; (Q, n) float.

    Returns
    -------
    (float, float, float, float, float)
        Squares of both differences, their product, and for each output gap · (the second difference less the first).
    """
    n, nothing = gap.shape[1], gap.dtype.type(0)
    s0, s1, s2, s3, s4 = nothing, nothing, nothing, nothing, nothing
    for future in range(n):
        a, b = slope[row, future] * step[m, future], slope[row, n + future] * step[m, n + future]
        s0 += a * a
        s1 += b * b
        s2 += a * b
        s3 += gap[one, future] * (a + b)
        s4 += gap[other, future] * (a + b)
    return s0, s1, -s2, -s3, -s4


@subroutine
def add_sums(
    squares: float, other_squares: float, product: float, gap_by_change: float, scale: float, sums: np.ndarray
) -> None:
    """Add the sums of `difference_sums` for an output whose slope is `scale` times as large; sums (4,) float64."""
    sums[0] += scale * scale * squares
    sums[1] += scale * scale * other_squares
    sums[2] += scale * scale * product
    sums[3] += scale * gap_by_change


@subroutine
def add_input(
    slope: np.ndarray, row: int, step: np.ndarray, m: int, scale: float, gap: np.ndarray, q: int, sums: np.ndarray
) -> None:
    """Sums of an input and one output; scale · slope[row] is the output's derivative.

    Parameters
    ----------
    slope, row, step, m, gap, q
        See `difference_sums`.
    scale : float
    sums : (4,) float64
        Added to.
    """
    s0, s1, s2, s3, _ = difference_sums(slope, row, step, m, gap, q, q)
    add_sums(s0, s1, s2, s3, scale, sums)


@subroutine
def add_own_inputs(own: tuple[np.ndarray, np.ndarray], years: int, shared: Shared, x: Sides, sums: np.ndarray) -> None:
    """Sums of the inputs that change one category alone.

    Parameters
    ----------
    own : tuple
        See `simulator.kernels.places.own_inputs`.
    years : int
    shared : Shared
    x : Sides
        The first row of step is scratch.
    sums : (inputs, Q, 4) float64
        Added to.
    """
    (places, weights), row, step, gap = own, x.row, x.step, x.gap
    first, couples, scopes, scales = shared.first_couple, shared.couple_row, shared.couple_scope, shared.couple_scale
    for place in range(places.shape[0]):
        i, c, weight = places[place, 0], places[place, 1], weights[place]
        set_step(row, i, row, places[place, 2], row, places[place, 3], step, 0)
        for couple in range(first[c], first[c + 1]):
            for year in range(years):
                one, other = scopes[couple, 0] * years + year, scopes[couple, 1] * years + year
                s0, s1, s2, s3, s4 = difference_sums(x.slope[year], couples[couple], step, 0, gap, one, other)
                add_sums(s0, s1, s2, s3, weight * scales[couple, 0], sums[i, one])
                if other != one:
                    add_sums(s0, s1, s2, s4, weight * scales[couple, 1], sums[i, other])


@subroutine
def add_common_inputs(inputs: np.ndarray, s: Structure, shared: Shared, x: Sides, sums: np.ndarray) -> None:
    """Sums of national, barriers and themes.

    Parameters
    ----------
    inputs : (1 + B + K,) int64
        See `simulator.kernels.places.common_inputs`.
    s, shared, x, sums
        See `add_own_inputs`; common and step are scratch.
    """
    years, value, step, gap = s.years.shape[0], x.value, x.step, x.gap
    for m in range(inputs.shape[0]):
        set_step(value, inputs[m], value, -1, value, -1, step, m)
    for q in range(gap.shape[0]):
        fill_common(q // years, q % years, shared, x)
        for m in range(inputs.shape[0]):
            if inputs[m] >= 0:
                add_input(x.common, m, step, m, 1.0, gap, q, sums[inputs[m], q])


@subroutine
def add_path_inputs(s: Structure, live: np.ndarray, x: Sides, sums: np.ndarray) -> None:
    """Sums of technology, speed and the drivers of growth.

    Parameters
    ----------
    s, live, x, sums
        See `add_own_inputs`; the first row of step is scratch.
    """
    years, drivers, value, step, gap, level = s.years.shape[0], s.driver.shape[0], x.value, x.step, x.gap, x.level[0]
    for year in range(years):
        if live[s.technology]:
            set_step(value, s.technology, x.path, year, value, -1, step, 0)
            for q in range(year, gap.shape[0], years):
                add_input(level, q, step, 0, 1.0, gap, q, sums[s.technology, q])
        if live[s.speed]:
            set_step(x.path, year, value, s.technology, value, -1, step, 0)
            for q in range(year, gap.shape[0], years):
                add_input(level, q, step, 0, 1.0, gap, q, sums[s.speed, q])
        for d in range(drivers):
            if live[s.driver[d]]:
                set_step(x.deviation, d, x.factor, year, value, -1, step, 0)
                for q in range(year, gap.shape[0], years):
                    line = q // years * drivers + d
                    add_input(x.line, line, step, 0, s.year_path[year], gap, q, sums[s.driver[d], q])


@subroutine
def add_reconstruction(years: int, x: Sides, sums: np.ndarray) -> None:
    """Sums of the workforce table; sums (Q, 4) float64 is added to, scratch filled."""
    n = x.gap.shape[1]
    for q in range(x.gap.shape[0]):
        own, other, moved = x.level[0, q], x.level[1, q], x.scratch[0]
        for future in range(n):
            moved[future] = other[future] - own[future]
        for future in range(n, 2 * n):
            moved[future] = own[future] - other[future]
        add_input(x.scratch, 0, x.factor, q % years, 1.0, x.gap, q, sums[q])


@bare_kernel
def single_inputs(
    points: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    tables: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    first: int,
    blocks: int,
    s: Structure,
    table: np.ndarray,
    coefficients: np.ndarray,
    live: np.ndarray,
    own: tuple[np.ndarray, np.ndarray],
    common: np.ndarray,
    centre: np.ndarray,
    x: Sides,
    shared: Shared,
    draw_scratch: tuple[np.ndarray, np.ndarray, np.ndarray],
    place: np.ndarray,
    pair_sums: np.ndarray,
    sums: np.ndarray,
) -> None:
    """One chunk of pairs into the sums of all single inputs.

    Parameters
    ----------
    points, tables, first, blocks, s, table, coefficients
        See `simulator.kernels.pick_freeze.pick_freeze`.
    live : (inputs,) bool
        Inputs that are not fixed.
    own : tuple
    common : (1 + B + K,) int64
        See `simulator.kernels.places`.
    centre : (scopes, years) float64
    x, shared
        Room, see `simulator.kernels.sides.empty_sides` and `simulator.kernels.sharing.empty_shared`.
    draw_scratch, place
        See `simulator.kernels.propagation.draw_block` and `simulator.kernels.places.draw_rows`.
    pair_sums : (Q, 5) float64
        See `simulator.kernels.pair_sums.add_pair_sums`; added to.
    sums : (inputs, Q, 4) float64
        See `difference_sums`; added to.
    """
    scopes, years, n = centre.shape[0], centre.shape[1], x.gap.shape[1]
    values = x.value.reshape((2 * x.value.shape[0], n))
    for block in range(blocks):
        both = (coefficients[table[0, block]], coefficients[table[1, block]])
        if block == 0 or table[0, block] != table[0, block - 1] or table[1, block] != table[1, block - 1]:
            share_slopes(both, s, shared)
        draw_block(points, tables, first + block * n, block * n, draw_scratch, place, values)
        fill_points(s, x)
        fill_outputs(s, shared, x)
        for q in range(scopes * years):
            output, middle = x.scratch[0], x.scratch.dtype.type(centre[q // years, q % years])
            multiply(x.level[0, q], x.factor[q % years], output)
            for future in range(2 * n):
                output[future] -= middle
            add_pair_sums(output[:n], output[n:], pair_sums[q])
        add_own_inputs(own, years, shared, x, sums)
        add_common_inputs(common, s, shared, x, sums)
        add_path_inputs(s, live, x, sums)
        if live[s.reconstruction]:
            add_reconstruction(years, x, sums[s.reconstruction])
