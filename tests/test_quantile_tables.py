"""Tabulated quantile functions against exact ones.

Tolerances. A least-squares line through a parabola lies f'' h² / 12 from it at the ends of a segment of width h, and its
mean squared distance is f''² h⁴ / 720. The second difference of the quantile function over the segment, δ = f'' h² / 4,
gives both: δ / 3 and δ² / 45. Twice that allows for the change of f'' within a segment of a 32nd of an octave, except
where f'' jumps (a mode, a knot), which is within it too. Single precision rounds value and rise by 2^-24 of their size
each; twice that of the larger bound is allowed: 2^-22.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from simulator.distributions import Distribution, bounds, from_mapping, mean, quantile, scale, shift, variance
from simulator.kernels.quantiles import OCTAVES, SEGMENT_BITS, SEGMENTS, tabulated_at_levels, tabulated_at_points
from simulator.quantile_tables import segment_edges, tabulate

UNIT = 2.0**-32
ROUNDING = 2.0**-22


def made(kind: str, **parameters: object) -> Distribution:
    return from_mapping({"kind": kind, **parameters}, "a test", Path())


# The greatest distance from the exact quantile, as a fraction of |value| + standard deviation. It is reached near the
# quartiles, where segments are widest: f'' h² / 12 with h = 1/128 is 3.4e-5 standard deviations for a normal, and grows
# with the skewness. Where a distribution lies many standard deviations from 0, it is far below 1e-5.
SMOOTH = {
    "uniform": (made("uniform", low=-1, high=2.5), 1e-7),
    "triangular": (made("triangular", low=1, mode=1.5, high=4), 1e-5),
    "triangular, mode low": (made("triangular", low=1, mode=1, high=4), 1e-5),
    "pert": (made("pert", low=0.1, mode=0.2, high=0.4), 1e-5),
    "pert, mode low": (made("pert", low=0, mode=0, high=3, weight=10), 4e-5),
    "normal": (made("normal", mean=0.7, sd=0.03), 1e-5),
    "normal about 0": (made("normal", mean=0, sd=1), 3e-5),
    "normal, far tails": (made("normal", mean=0, sd=1, tail=1e-9), 3e-5),
    "lognormal": (made("lognormal", median=2, sigma=0.6), 3e-5),
    "lognormal, wide": (made("lognormal", median=1, sigma=2, tail=1e-6), 1e-4),
    "beta": (made("beta", alpha=0.5, beta=2.5, low=-2, high=1), 4e-5),
    "beta, two poles": (made("beta", alpha=0.5, beta=0.5), 4e-5),
    "interval": (made("interval", p05=0.9, p95=1.1), 1e-5),
    "interval, lognormal": (made("interval", p05=15, p95=30, family="lognormal"), 1e-5),
    "percentiles": (made("percentiles", low=0, p10=1, p50=2, p90=5, high=9), 3e-5),
    "mirrored pert": (shift(scale(made("pert", low=0.1, mode=0.2, high=0.4), -3), 1), 4e-5),
}
STEPPED = {
    "discrete": made("discrete", values=[3, -1, 2], probabilities=[0.5, 0.2, 0.3]),
    "empirical": made("empirical", values=[5, 1, 1, 2, 8]),
    "mixture": made(
        "mixture",
        components=[{"kind": "uniform", "low": 0, "high": 1}, {"kind": "fixed", "value": 2}],
        weights=[0.25, 0.75],
    ),
}
TABLES = tabulate([one for one, _ in SMOOTH.values()])
ENDS = np.array([0.0, 0.25 * UNIT, 0.5 * UNIT, UNIT, 0.25, 0.5 - UNIT, 0.5, 0.5 + UNIT, 1 - UNIT, 1 - 0.5 * UNIT, 1.0])


def random_levels() -> np.ndarray:
    """Uniform ones, and ones that crowd towards both ends."""
    random = np.random.default_rng(3)
    tails = 2.0 ** -random.uniform(1, 33, 20_000)
    return np.concatenate([random.random(20_000), tails, 1 - tails, ENDS])


def looked_up(name: str, levels: np.ndarray) -> np.ndarray:
    row, out = list(SMOOTH).index(name), np.empty_like(levels)
    tabulated_at_levels(levels, TABLES.lines[TABLES.shape[row]], *TABLES.affine[row], tuple(TABLES.ends[row]), out)
    return out


def lines(name: str) -> np.ndarray:
    row = list(SMOOTH).index(name)
    location, size = TABLES.affine[row]
    return TABLES.lines[TABLES.shape[row]] * size + np.array([location, 0.0])


def second_differences(distribution: Distribution) -> np.ndarray:
    """δ of each segment, lower half first; (2 * SEGMENTS,) float64."""
    edges = segment_edges()
    t = np.stack([edges[:-1], (edges[1:] + edges[:-1]) / 2, edges[1:]])
    both = [quantile(distribution, t * UNIT), quantile(distribution, 1 - t * UNIT)]
    return np.concatenate([np.abs(start - 2 * middle + end) for start, middle, end in both])


def segment_of(levels: np.ndarray) -> np.ndarray:
    """Segments by search, not by bits; the last half unit at each end counts to the outermost."""
    upper = levels >= 0.5
    t = np.where(upper, 1 - levels, levels) / UNIT
    place = np.clip(np.searchsorted(segment_edges(), t, side="right") - 1, 0, SEGMENTS - 1)
    return place + SEGMENTS * upper


def test_edges_are_graded_in_octaves() -> None:
    edges = segment_edges()
    assert len(edges) == SEGMENTS + 1
    assert (edges[0], edges[-1]) == (0.5, 2.0**31)
    np.testing.assert_array_equal(edges[1 << SEGMENT_BITS :], 2 * edges[: -(1 << SEGMENT_BITS)])
    assert (np.diff(edges) > 0).all()
    assert OCTAVES << SEGMENT_BITS == SEGMENTS


def reached(levels: np.ndarray) -> np.ndarray:
    """Levels that points can have: half a unit from both ends."""
    return levels[(levels >= 0.5 * UNIT) & (levels <= 1 - 0.5 * UNIT)]


@pytest.mark.parametrize("name", SMOOTH)
def test_values_lie_as_near_as_the_lines_can(name: str) -> None:
    distribution, _ = SMOOTH[name]
    levels = reached(random_levels())
    allowed = 2 / 3 * second_differences(distribution)[segment_of(levels)]
    allowed += ROUNDING * np.abs(bounds(distribution)).max()
    excess = np.abs(looked_up(name, levels) - quantile(distribution, levels)) - allowed
    assert excess.max() <= 0, f"at level {levels[excess.argmax()]}"


@pytest.mark.parametrize("name", SMOOTH)
def test_values_lie_within_the_stated_distance(name: str) -> None:
    distribution, tolerance = SMOOTH[name]
    levels = reached(random_levels())
    exact = quantile(distribution, levels)
    distance = np.abs(looked_up(name, levels) - exact) / (np.abs(exact) + np.sqrt(variance(distribution)))
    assert distance.max() < tolerance


@pytest.mark.parametrize("name", SMOOTH)
def test_ends_are_the_bounds(name: str) -> None:
    """Between the bounds and the outermost lines, where no point comes, values go straight from one to the other."""
    low, high = bounds(SMOOTH[name][0])
    found = looked_up(name, np.array([0.0, 0.25, 0.5]) * UNIT), looked_up(name, 1 - np.array([0.0, 0.25, 0.5]) * UNIT)
    assert (found[0][0], found[1][0]) == (low, high)
    for end, middle, inner in found:
        assert middle == pytest.approx((end + inner) / 2, rel=1e-12, abs=1e-12 * (high - low))


@pytest.mark.parametrize("name", SMOOTH)
def test_lines_have_the_mean_and_the_variance(name: str) -> None:
    """Exact moments of the lines. Each keeps the mean of its segment, so that only rounding is left: of 2 048 roundings
    by 2^-24 of the bound, weighted by width, less than one tenth remains. The variance falls short by the mean squared
    distance Σ w δ² / 45 (for the wide lognormal 1e-5 of it, for all others below 1e-7).
    """
    distribution, _ = SMOOTH[name]
    centre, spread = mean(distribution), variance(distribution)
    widths = np.tile(np.diff(segment_edges()) * UNIT, 2)
    value, rise = lines(name)[:, 0] - centre, lines(name)[:, 1]
    ends = 0.5 * UNIT * value[[0, SEGMENTS]]  # the half unit at each end has the outermost value
    offset = widths @ (value + rise / 2) + ends.sum()
    found = widths @ (value**2 + value * rise + rise**2 / 3) + ends @ value[[0, SEGMENTS]] - offset**2
    size, deviation = np.abs(bounds(distribution)).max(), np.sqrt(spread)
    assert abs(offset) < 0.1 * 2.0**-24 * size + UNIT * size
    shortfall = widths @ second_differences(distribution) ** 2 / 45
    assert shortfall < (2e-5 if name == "lognormal, wide" else 1e-7) * spread
    assert found == pytest.approx(spread - shortfall, abs=0.2 * shortfall + 0.2 * 2.0**-24 * size * deviation)


@pytest.mark.parametrize("name", SMOOTH)
def test_values_rise_with_the_level(name: str) -> None:
    """Within a segment up to rounding; from one to the next the lines may step back by their distance from the curve."""
    distribution, _ = SMOOTH[name]
    slack = ROUNDING * np.abs(bounds(distribution)).max()
    outwards, table = second_differences(distribution), lines(name)
    rise = table[:, 1] * np.repeat([1, -1], SEGMENTS)
    assert (rise >= -slack).all()
    levels = np.sort(random_levels())
    fall = -np.diff(looked_up(name, levels))
    near = outwards[segment_of(levels)]
    assert (fall <= 2 / 3 * (near[1:] + near[:-1]) + slack).all()


@pytest.mark.parametrize(("number", "integer"), [(np.float32, np.int32), (np.float64, np.int64)])
@pytest.mark.parametrize("name", SMOOTH)
def test_points_are_looked_up_as_levels_are(name: str, number: type, integer: type) -> None:
    """At t as the precision rounds it, which double does not. What is left in double is a last place, where one loop fuses a
    product into a sum and the other does not; in single, product, sum, scale, product and sum round by 2^-24 of the largest
    line each, and location and sum by that of the location.
    """
    row, rest = list(SMOOTH).index(name), np.uint64(2**32 - 1)
    powers = np.concatenate([2 ** np.arange(32, dtype=np.uint64), 2**32 - 2 ** np.arange(32, dtype=np.uint64)])
    drawn = np.random.default_rng(4).integers(0, 2**32, 10_000, dtype=np.uint64)
    digits = np.concatenate([drawn, powers, powers - np.uint64(1), [np.uint64(0), rest]])
    out, base, pattern = np.empty(len(digits), number), np.uint32(0x5A5A_A5A5), digits.astype(np.uint32)
    scratch = np.empty(len(digits), integer), np.empty(len(digits), number)
    table, (location, size) = TABLES.lines[TABLES.shape[row]], TABLES.affine[row]
    tabulated_at_points(base, pattern ^ base, table, location, size, *scratch, out)
    upper = digits >= 2**31
    t = np.where(upper, rest - digits, digits).astype(number) + number(0.5)
    t = np.minimum(t, np.nextafter(number(2**31), number(0))).astype(np.float64)
    levels = np.where(upper, 1 - t * UNIT, t * UNIT)
    np.testing.assert_array_equal(scratch[0], segment_of(levels))
    single = 2.0**-24 * (5 * size * np.abs(table).max() + 2 * abs(location))
    allowed = {"atol": single, "rtol": 0} if number is np.float32 else {
        "atol": 1e-16 * np.abs(TABLES.ends[row]).max(), "rtol": 1e-15,
    }  # fmt: skip
    np.testing.assert_allclose(out, looked_up(name, levels), **allowed)


def test_what_cannot_be_tabulated_is_marked() -> None:
    mixed = [SMOOTH["normal"][0], *STEPPED.values(), made("fixed", value=3.5), SMOOTH["normal"][0]]
    tables = tabulate(mixed)
    np.testing.assert_array_equal(tables.fixed, [False, False, False, False, True, False])
    np.testing.assert_array_equal(tables.exact, [False, True, True, True, False, False])
    np.testing.assert_array_equal(tables.ends, [bounds(one) for one in mixed])
    assert tables.shape[0] == tables.shape[-1]
    np.testing.assert_array_equal(tables.lines, TABLES.lines[[TABLES.shape[list(SMOOTH).index("normal")]]])


def test_inputs_of_one_shape_share_a_table() -> None:
    normal, narrow = made("normal", mean=0.7, sd=0.03), made("interval", p05=0.9, p95=1.1)
    lognormal = made("lognormal", median=2, sigma=0.6)
    several = [normal, narrow, scale(shift(normal, 3), 2), lognormal, scale(lognormal, 3), scale(lognormal, -3)]
    several += [made("normal", mean=-4, sd=0.2), made("normal", mean=0, sd=1, tail=1e-9)]
    tables = tabulate(several)
    assert tables.shape.tolist() == [0, 0, 0, 1, 1, 2, 0, 3]
    assert len(tables.lines) == 4
    np.testing.assert_allclose(tables.affine[2], [2 * 3.7, 2 * 0.03], rtol=1e-15)
    assert (tables.affine[:, 1] > 0).all()
