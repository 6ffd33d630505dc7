"""Distributions against scipy.stats, exact arithmetic, numerical integration and the laws they must obey.

Tolerances. EPS is the spacing of doubles at 1. A quantile is a sum of two rounded terms no larger than the largest
bound, and the special functions behind it are good to some tens of EPS: it is compared to PROMISE = 1e-12 of that
bound; means and variances to MOMENT = 1e-10 of their size with referees that cancel, far closer with exact ones.
"""

from __future__ import annotations

import itertools
import math
from decimal import Decimal, localcontext
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, special, stats

from simulator import distributions
from simulator.distributions import (
    Distribution,
    bounds,
    cdf,
    from_mapping,
    is_smooth,
    mean,
    quantile,
    scale,
    shift,
    steps,
    variance,
)
from simulator.errors import InputError

EPS = 2.0**-52
PROMISE = 1e-12
MOMENT = 1e-10
PLACE = "configs/base.toml, key 'input.speed'"
LEVELS = np.concatenate(
    [[0.0], np.geomspace(1e-12, 0.4, 40), np.linspace(0.41, 0.59, 19), 1 - np.geomspace(0.4, 1e-12, 40), [1]]
)


def made(kind: str, folder: Path = Path(), **parameters: object) -> Distribution:
    return from_mapping({"kind": kind, **parameters}, PLACE, folder)


def size(distribution: Distribution) -> float:
    return max(abs(bound) for bound in bounds(distribution))


CONTINUOUS = {
    "uniform": made("uniform", low=-1, high=2.5),
    "triangular": made("triangular", low=1, mode=1.5, high=4),
    "triangular, mode low": made("triangular", low=1, mode=1, high=4),
    "triangular, mode high": made("triangular", low=-4, mode=-1, high=-1),
    "pert": made("pert", low=0.1, mode=0.2, high=0.4),
    "pert, mode low": made("pert", low=0, mode=0, high=3, weight=10),
    "beta": made("beta", alpha=0.5, beta=2.5, low=-2, high=1),
    "normal": made("normal", mean=3, sd=2),
    "normal, bounds": made("normal", mean=0, sd=1, low=1, high=1.25),
    "lognormal": made("lognormal", median=2, sigma=0.6),
    "lognormal, bounds": made("lognormal", median=2, sigma=0.6, low=0, high=5),
    "interval": made("interval", p05=-1, p95=4),
    "interval, lognormal": made("interval", p05=0.2, p95=3, family="lognormal", tail=0.01),
    "interval, uniform": made("interval", p05=0.2, p95=3, family="uniform"),
    "percentiles": made("percentiles", low=0, p10=1, p50=2, p90=5, high=9),
    "mirrored pert": shift(scale(made("pert", low=0.1, mode=0.2, high=0.4), -3), 1),
}
STEPPED = {
    "fixed": made("fixed", value=-2.5),
    "discrete": made("discrete", values=[3, -1, 2], probabilities=[0.5, 0.2, 0.3]),
    "empirical": made("empirical", values=[5, 1, 1, 2, 8]),
    "mirrored discrete": scale(made("discrete", values=[3, -1, 2], probabilities=[0.5, 0.2, 0.3]), -2),
}
PARTS: list[dict[str, object]] = [
    {"kind": "pert", "low": 0, "mode": 1, "high": 5},
    {"kind": "discrete", "values": [1, 7], "probabilities": [0.5, 0.5]},
    {"kind": "normal", "mean": 10, "sd": 1},
]
MIXED = {
    "mixture": made("mixture", components=PARTS, weights=[0.5, 0.2, 0.3]),
    "mixture of mixtures": made(
        "mixture",
        components=[
            {"kind": "mixture", "components": PARTS, "weights": [0.5, 0.2, 0.3]},
            {"kind": "fixed", "value": 2},
        ],
        weights=[0.75, 0.25],
    ),
    "mirrored mixture": scale(made("mixture", components=PARTS, weights=[0.5, 0.2, 0.3]), -0.5),
}
ALL = CONTINUOUS | STEPPED | MIXED


# scipy.stats


def referees() -> dict[str, tuple[Distribution, Any]]:
    tail = special.ndtri(0.0005)
    return {
        "uniform": (CONTINUOUS["uniform"], stats.uniform(-1, 3.5)),
        "triangular": (CONTINUOUS["triangular"], stats.triang(1 / 6, 1, 3)),
        "triangular, mode low": (CONTINUOUS["triangular, mode low"], stats.triang(0, 1, 3)),
        "pert": (CONTINUOUS["pert"], stats.beta(1 + 4 / 3, 1 + 8 / 3, 0.1, 0.4 - 0.1)),
        "pert, weight 10": (CONTINUOUS["pert, mode low"], stats.beta(1, 11, 0, 3)),
        "beta": (CONTINUOUS["beta"], stats.beta(0.5, 2.5, -2, 3)),
        "normal": (CONTINUOUS["normal"], stats.truncnorm(tail, -tail, 3, 2)),
        "normal, tail 0.1": (made("normal", mean=3, sd=2, tail=0.1), stats.truncnorm(*special.ndtri([0.1, 0.9]), 3, 2)),
        "normal, upper": (made("normal", mean=0, sd=1, low=2, high=4), stats.truncnorm(2, 4)),
        "normal, lower": (made("normal", mean=0, sd=1, low=-6, high=-3), stats.truncnorm(-6, -3)),
        "normal, lopsided": (made("normal", mean=5, sd=2, low=4, high=30), stats.truncnorm(-0.5, 12.5, 5, 2)),
    }


@pytest.mark.parametrize("name", referees())
def test_quantile_cdf_and_moments_against_scipy(name: str) -> None:
    distribution, referee = referees()[name]
    # scipy works with the logarithm of the lower tail, which has no digits left for the upper: there its cdf must do
    found, lower = quantile(distribution, LEVELS), LEVELS <= 0.999
    np.testing.assert_allclose(found[lower], referee.ppf(LEVELS[lower]), rtol=0, atol=PROMISE * size(distribution))
    np.testing.assert_allclose(referee.cdf(found[~lower]), LEVELS[~lower], rtol=0, atol=PROMISE)
    x = np.linspace(*bounds(distribution), 101)
    np.testing.assert_allclose(cdf(distribution, x), referee.cdf(x), rtol=0, atol=PROMISE)
    assert mean(distribution) == pytest.approx(float(referee.mean()), rel=MOMENT)
    assert variance(distribution) == pytest.approx(float(referee.var()), rel=MOMENT)


@pytest.mark.parametrize(
    "parameters", [{}, {"tail": 0.05}, {"low": 0.5, "high": 2.5}, {"low": 0, "high": 3}, {"low": 3, "high": 20}]
)
def test_lognormal_against_scipy(parameters: dict[str, float]) -> None:
    distribution = made("lognormal", median=2, sigma=0.6, **parameters)
    referee = stats.lognorm(0.6, scale=2)
    low, high = bounds(distribution)
    if "low" not in parameters:
        tail = parameters.get("tail", 0.0005)
        assert (low, high) == pytest.approx(tuple(referee.ppf([tail, 1 - tail])), rel=PROMISE)
    # A probability is compared: both cdfs are good to some EPS, and the quantile's own error moves one by as little,
    # because density times value is below 1.
    inside = referee.cdf(quantile(distribution, LEVELS))
    whole = referee.cdf(high) - referee.cdf(low)
    np.testing.assert_allclose((inside - referee.cdf(low)) / whole, LEVELS, rtol=0, atol=PROMISE)
    np.testing.assert_allclose(cdf(distribution, quantile(distribution, LEVELS)), LEVELS, rtol=0, atol=PROMISE)
    moments = [integrate.quad(lambda x, k=k: x**k * referee.pdf(x), low, high, epsrel=1e-12)[0] / whole for k in (1, 2)]
    assert mean(distribution) == pytest.approx(moments[0], rel=MOMENT)
    assert variance(distribution) == pytest.approx(moments[1] - moments[0] ** 2, rel=MOMENT)


# exact arithmetic


def bell(low: Decimal, high: Decimal) -> Decimal:
    """Integral of exp(-z**2/2) by its power series."""

    def series(z: Decimal) -> Decimal:
        total, term, n = Decimal(0), z, 0
        while n < 1500:  # the last term is below 1e-500 for |z| <= 22
            total += term / (2 * n + 1)
            n += 1
            term *= -z * z / (2 * n)
        return total

    return series(high) - series(low)


SCORES = [
    (-3.25, 3.25),
    (-1.0, 6.0),
    (0.5, 0.5 + 2**-20),
    (-(2**-30), 2**-30),
    (7.5, 12.0),
    (-9.0, -7.0),
    (-12.0, 0.25),
]


@pytest.mark.parametrize(("low", "high"), SCORES)
def test_normal_moments_against_the_closed_form_in_320_digits(low: float, high: float) -> None:
    distribution = made("normal", mean=0, sd=1, low=low, high=high)
    with localcontext() as context:
        context.prec = 320  # the closed form loses at most 60: the series cancels by exp(z**2), |z| <= 12
        a, b = Decimal(low), Decimal(high)
        whole, at_a, at_b = bell(a, b), (-a * a / 2).exp(), (-b * b / 2).exp()
        centre = (at_a - at_b) / whole
        spread = 1 + (a * at_a - b * at_b) / whole - centre * centre
    # 1,280 positive terms with a few EPS each; errors of the nodes weigh in by z**2 (exponent) up to 144
    assert variance(distribution) == pytest.approx(float(spread), rel=200 * EPS)
    assert mean(distribution) == pytest.approx(float(centre), rel=200 * EPS, abs=EPS * (high - low))


@pytest.mark.parametrize("sigma", [1e-7, 0.01, 0.6, 2.0, 8.0])
@pytest.mark.parametrize("tail", [1e-9, 0.0005, 0.2])
def test_lognormal_moments_against_the_closed_form_in_320_digits(sigma: float, tail: float) -> None:
    distribution = made("lognormal", median=1, sigma=sigma, tail=tail)
    with localcontext() as context:
        context.prec = 320  # |z| <= 6 + 2 sigma = 22, where the series cancels by exp(484) = 1e210
        b, s = Decimal(float(-special.ndtri(tail))), Decimal(sigma)
        whole = bell(-b, b)
        first = (s * s / 2).exp() * bell(-b - s, b - s) / whole
        second = (2 * s * s).exp() * bell(-b - 2 * s, b - 2 * s) / whole
        spread = second - first * first
    # as above; exp(2 sigma z) adds 2 sigma |z| <= 100 roundings to a term
    assert mean(distribution) == pytest.approx(float(first), rel=300 * EPS)
    assert variance(distribution) == pytest.approx(float(spread), rel=300 * EPS)


# numerical integration over the levels


KNOTS = np.array([0, 1, 5, 7, *bounds(made(**PARTS[2]))])  # type: ignore[arg-type]
BENDS = {
    "triangular": [1.5],
    "mixture": KNOTS,
    "mixture of mixtures": [*KNOTS, 2],
    "mirrored mixture": -0.5 * KNOTS,
}


def breaks(name: str) -> list[float]:
    """Levels where a quantile function jumps or bends."""
    xs = np.asarray(BENDS.get(name, []), dtype=float)
    table = steps(ALL[name])
    edges = cdf(ALL[name], np.concatenate([xs, np.nextafter(xs, -np.inf)])) if table is None else table[1]
    levels = np.unique([0.0, *edges, 0.5, 1.0])
    # two levels that differ by rounding are one
    return [0.0, *(float(level) for level in levels[1:][np.diff(levels) > 64 * EPS])]


@pytest.mark.parametrize("name", ALL)
def test_mean_and_variance_against_integration_of_the_quantile(name: str) -> None:
    distribution = ALL[name]

    def integral(value: Any) -> tuple[float, float]:
        total, error = 0.0, 0.0
        for start, stop in itertools.pairwise(breaks(name)):
            # level = start + (stop - start) t**3 (10 - 15 t + 6 t**2) takes the infinite slopes out of the ends
            def integrand(t: float, start: float = start, stop: float = stop) -> float:
                level = start + (stop - start) * t**3 * (10 + t * (6 * t - 15))
                slope = (stop - start) * 30 * t**2 * (1 - t) ** 2
                return float(value(quantile(distribution, min(level, 1.0)))) * slope

            # 1e-12 of the size of the quantity on a piece: no more is to be had where the integrand is rounded
            part = integrate.quad(integrand, 0, 1, epsabs=1e-12 * (stop - start) * limit, epsrel=1e-11, limit=200)
            total, error = total + part[0], error + part[1]
        return total, error

    limit = max(size(distribution), 1e-3)
    first, error = integral(lambda x: x)
    assert abs(mean(distribution) - first) <= error + 1e-12 * limit
    centre, limit = mean(distribution), max((bounds(distribution)[1] - bounds(distribution)[0]) ** 2, 1e-3)
    second, error = integral(lambda x: (x - centre) ** 2)
    assert error <= 1e-9 * max(second, 1e-3)
    assert abs(variance(distribution) - second) <= error + 1e-11 * limit


# properties

plain = st.floats(-1e3, 1e3, allow_subnormal=False)
width = st.floats(-2, 3).map(lambda power: 10.0**power)
share = st.floats(0.0, 1.0)
inner = st.floats(0.05, 0.95)


def smooth_tables() -> st.SearchStrategy[dict[str, object]]:
    """Tables of the continuous kinds: a start, a width, shares of it."""
    return st.one_of(
        st.builds(lambda a, w: {"kind": "uniform", "low": a, "high": a + w}, plain, width),
        st.builds(
            lambda a, w, r: {"kind": "triangular", "low": a, "mode": min(a + r * w, a + w), "high": a + w},
            plain,
            width,
            share,
        ),
        st.builds(
            lambda a, w, r, k: {"kind": "pert", "low": a, "mode": min(a + r * w, a + w), "high": a + w, "weight": k},
            plain,
            width,
            share,
            st.floats(0.5, 50),
        ),
        st.builds(
            lambda m, s, t: {"kind": "normal", "mean": m, "sd": s, "tail": t}, plain, width, st.floats(1e-9, 0.4)
        ),
        st.builds(
            lambda m, s, z, d: {"kind": "normal", "mean": m, "sd": s, "low": m + z * s, "high": m + z * s + d * s},
            plain,
            width,
            st.floats(-10, 6),
            st.floats(3, 20),
        ),
        st.builds(
            lambda m, s, t: {"kind": "lognormal", "median": m, "sigma": s, "tail": t},
            width,
            st.floats(0.01, 3),
            st.floats(1e-6, 0.4),
        ),
        st.builds(
            lambda a, b, low, w: {"kind": "beta", "alpha": a, "beta": b, "low": low, "high": low + w},
            st.floats(0.2, 30),
            st.floats(0.2, 30),
            plain,
            width,
        ),
        intervals(),
        percentile_tables(),
    )


def intervals() -> st.SearchStrategy[dict[str, object]]:
    tail = st.floats(1e-9, 0.3)
    return st.one_of(
        st.builds(lambda a, w, t: {"kind": "interval", "p05": a, "p95": a + w, "tail": t}, plain, width, tail),
        st.builds(
            lambda a, r, t: {"kind": "interval", "p05": a, "p95": a * r, "family": "lognormal", "tail": t},
            width,
            st.floats(1.01, 50),
            tail,
        ),
        st.builds(lambda a, w: {"kind": "interval", "p05": a, "p95": a + w, "family": "uniform"}, plain, width),
    )


def percentile_tables() -> st.SearchStrategy[dict[str, object]]:
    """Shares of the half ranges below 0.8, the limit of the kind, by a little more than rounding of low and p10."""
    part = st.floats(0.01, 0.7999)
    return st.builds(
        lambda m, left, right, r, s: {
            "kind": "percentiles",
            "low": m - left,
            "p10": m - r * left,
            "p50": m,
            "p90": m + s * right,
            "high": m + right,
        },
        plain,
        width,
        width,
        part,
        part,
    )


def step_tables() -> st.SearchStrategy[dict[str, object]]:
    values = st.lists(plain, min_size=1, max_size=6, unique=True)
    return st.one_of(
        st.builds(lambda x: {"kind": "fixed", "value": x}, plain),
        st.builds(lambda x: {"kind": "empirical", "values": [*x, x[0]]}, values),
        st.builds(lambda x: {"kind": "discrete", "values": x, "probabilities": [1 / len(x)] * len(x)}, values),
    )


def mixture_tables() -> st.SearchStrategy[dict[str, object]]:
    part = st.one_of(smooth_tables(), step_tables())
    return st.builds(
        lambda a, b, c, w: {"kind": "mixture", "components": [a, b, c], "weights": [w, 0.75 - w, 0.25]},
        smooth_tables(),
        part,
        part,
        st.floats(0.0, 0.75),
    )


tables = st.one_of(smooth_tables(), smooth_tables(), step_tables(), mixture_tables())
level_lists = st.lists(st.floats(0, 1), min_size=1, max_size=20).map(lambda u: np.array([0.0, *sorted(u), 1.0]))
few = settings(derandomize=True, deadline=None, max_examples=150, database=None)


@few
@given(tables, level_lists)
def test_quantiles_rise_within_the_bounds(table: dict[str, object], levels: np.ndarray) -> None:
    distribution = from_mapping(table, PLACE, Path())
    low, high = bounds(distribution)
    values = quantile(distribution, levels)
    assert values[0] == low
    assert values[-1] == high
    assert values.min() >= low
    assert values.max() <= high
    assert np.diff(values).min() >= -PROMISE * size(distribution)


@pytest.mark.parametrize("name", ALL)
def test_quantiles_rise_on_a_fine_grid(name: str) -> None:
    values = quantile(ALL[name], np.concatenate([np.geomspace(1e-300, 1e-3, 2000), np.linspace(0, 1, 5001)[6:]]))
    assert np.diff(values).min() >= -16 * EPS * size(ALL[name])


@few
@given(tables)
def test_mean_lies_within_the_bounds_and_variance_below_its_limit(table: dict[str, object]) -> None:
    distribution = from_mapping(table, PLACE, Path())
    low, high = bounds(distribution)
    slack = 16 * EPS * size(distribution)  # of the sums that make the mean
    centre = mean(distribution)
    assert low - slack <= centre <= high + slack
    limit = (high - centre + slack) * (centre - low + slack)  # Bhatia and Davis
    assert 0 <= variance(distribution) <= limit * (1 + MOMENT)


@few
@given(smooth_tables(), level_lists)
def test_cdf_inverts_the_quantile(table: dict[str, object], levels: np.ndarray) -> None:
    distribution = from_mapping(table, PLACE, Path())
    values = quantile(distribution, levels)
    # Where the density is steep a value one rounding away has another probability: the level must lie between those of
    # the neighbours 8 roundings of the largest bound away.
    step = 8 * EPS * size(distribution)
    assert np.all(cdf(distribution, values - step) <= levels + PROMISE)
    assert np.all(cdf(distribution, values + step) >= levels - PROMISE)


@few
@given(mixture_tables(), level_lists)
def test_quantile_of_a_mixture_is_the_least_value_above_the_level(table: dict[str, object], levels: np.ndarray) -> None:
    distribution = from_mapping(table, PLACE, Path())
    values = quantile(distribution, levels)
    step = 8 * EPS * size(distribution)
    inside = values > bounds(distribution)[0]
    assert np.all(cdf(distribution, values[inside] - step) <= levels[inside] + PROMISE)
    assert np.all(cdf(distribution, values + step) >= levels - PROMISE)


@few
@given(tables, st.floats(-100, 100), st.floats(-100, 100).filter(lambda factor: abs(factor) > 1e-3))
def test_shift_and_scale(table: dict[str, object], by: float, factor: float) -> None:
    distribution = from_mapping(table, PLACE, Path())
    moved = shift(scale(distribution, factor), by)
    limit = abs(factor) * size(distribution) + abs(by)
    assert mean(moved) == pytest.approx(factor * mean(distribution) + by, rel=0, abs=64 * EPS * limit)
    # steps and mixtures move their parts, which rounds values by EPS of the limit
    assert variance(moved) == pytest.approx(factor**2 * variance(distribution), rel=MOMENT, abs=64 * EPS * limit**2)
    ends = sorted(factor * bound + by for bound in bounds(distribution))
    assert bounds(moved) == pytest.approx(ends, rel=0, abs=4 * EPS * limit)
    if is_smooth(distribution):
        levels = np.arange(1, 1024) / 1024  # 1 - level is exact
        expected = factor * quantile(distribution, levels if factor > 0 else 1 - levels) + by
        np.testing.assert_allclose(quantile(moved, levels), expected, rtol=0, atol=PROMISE * limit)
    assert shift(shift(distribution, 0.5), -0.5) == distribution


@few
@given(intervals())
def test_interval_holds_its_percentiles(table: dict[str, Any]) -> None:
    distribution = from_mapping(table, PLACE, Path())
    tail = (
        32 * EPS * size(distribution)
    )  # a sum of terms up to the largest bound, with special functions good to some EPS
    np.testing.assert_allclose(quantile(distribution, [0.05, 0.95]), [table["p05"], table["p95"]], rtol=0, atol=tail)


@few
@given(percentile_tables())
def test_percentiles_are_held(table: dict[str, Any]) -> None:
    distribution = from_mapping(table, PLACE, Path())
    stated = [table[name] for name in ("low", "p10", "p50", "p90", "high")]
    found = quantile(distribution, [0, 0.1, 0.5, 0.9, 1])
    np.testing.assert_allclose(found, stated, rtol=0, atol=32 * EPS * size(distribution))
    assert found[0] == stated[0]
    assert found[4] == stated[4]
    assert cdf(distribution, table["p50"]) == 0.5


# single facts


def test_tails_keep_their_digits_at_both_ends() -> None:
    distribution = made("normal", mean=0, sd=1, tail=1e-30)
    mirrored = scale(distribution, -1)
    tiny = np.array([1e-25, 1e-18, 1e-10])
    np.testing.assert_allclose(quantile(mirrored, 1 - 2.0**-40), -quantile(distribution, 2.0**-40), rtol=4 * EPS)
    np.testing.assert_allclose(quantile(distribution, tiny), special.ndtri(tiny + 1e-30), rtol=16 * EPS)


def test_quantile_keeps_the_shape_and_takes_levels_of_any_shape() -> None:
    for distribution in ALL.values():
        for shape in ((), (0,), (3,), (2, 3)):
            values = quantile(distribution, np.full(shape, 0.25))
            assert isinstance(values, np.ndarray)
            assert (values.shape, values.dtype) == (shape, np.float64)
            assert cdf(distribution, values).shape == shape


@pytest.mark.parametrize("level", [math.nan, -1e-9, 1 + 1e-9, math.inf])
def test_levels_outside_are_refused(level: float) -> None:
    with pytest.raises(ValueError, match="levels must lie from 0 to 1"):
        quantile(ALL["normal"], [0.5, level])


def test_cdf_refuses_nan_and_takes_infinities() -> None:
    with pytest.raises(ValueError, match="NaN"):
        cdf(ALL["normal"], [math.nan])
    for distribution in ALL.values():
        np.testing.assert_array_equal(cdf(distribution, [-math.inf, math.inf]), [0, 1])


def test_step_table_and_its_convention() -> None:
    table = steps(STEPPED["discrete"])
    assert table is not None
    np.testing.assert_array_equal(table[0], [-1, 2, 3])
    np.testing.assert_array_equal(table[1], [0.2, 0.5, 1])
    levels = [0, np.nextafter(0.2, 0), 0.2, 0.49, 0.5, 1]
    np.testing.assert_array_equal(quantile(STEPPED["discrete"], levels), [-1, -1, 2, 2, 3, 3])
    np.testing.assert_array_equal(cdf(STEPPED["discrete"], [-1.5, -1, 2, 2.5, 3]), [0, 0.2, 0.5, 0.5, 1])
    assert mean(STEPPED["discrete"]) == pytest.approx(1.9, rel=4 * EPS)
    assert variance(STEPPED["empirical"]) == pytest.approx(np.var([5, 1, 1, 2, 8]), rel=4 * EPS)


def test_values_without_probability_are_left_out() -> None:
    distribution = made("discrete", values=[0, 1, 2], probabilities=[0, 1, 0])
    assert bounds(distribution) == (1, 1)
    assert variance(distribution) == 0


def test_step_table_of_the_mirrored_follows_the_same_convention() -> None:
    table = steps(STEPPED["mirrored discrete"])
    assert table is not None
    np.testing.assert_array_equal(table[0], [-6, -4, 2])
    np.testing.assert_allclose(table[1], [0.5, 0.8, 1], rtol=2 * EPS)


def test_which_kinds_are_smooth() -> None:
    assert all(is_smooth(distribution) and steps(distribution) is None for distribution in CONTINUOUS.values())
    assert not any(is_smooth(distribution) for distribution in (STEPPED | MIXED).values())
    assert all(steps(distribution) is not None for distribution in STEPPED.values())
    assert all(steps(distribution) is None for distribution in MIXED.values())


def test_mixture_answers_steps_and_gaps_exactly() -> None:
    pair = [{"kind": "uniform", "low": 0, "high": 1}, {"kind": "uniform", "low": 2, "high": 3}]
    gap = made("mixture", components=pair, weights=[0.5, 0.5])
    np.testing.assert_allclose(quantile(gap, [0, 0.25, 0.5, 0.75, 1]), [0, 0.5, 2, 2.5, 3], rtol=4 * EPS)
    inside = [{"kind": "uniform", "low": 0, "high": 1}, {"kind": "fixed", "value": 0.5}]
    jump = made("mixture", components=inside, weights=[0.5, 0.5])
    np.testing.assert_array_equal(quantile(jump, [0.25, 0.3, 0.5, 0.7499]), [0.5] * 4)
    np.testing.assert_allclose(quantile(jump, [0.2, 0.8]), [0.4, 0.6], rtol=4 * EPS)
    np.testing.assert_array_equal(cdf(jump, [0.5, np.nextafter(0.5, 0)]).round(12), [0.75, 0.25])
    at_end = made("mixture", components=[inside[0], {"kind": "fixed", "value": 0}], weights=[0.5, 0.5])
    np.testing.assert_array_equal(quantile(at_end, [0, 0.4, 0.75]), [0, 0, 0.5])


def test_mixture_of_steps_is_steps() -> None:
    parts = [{"kind": "fixed", "value": 2}, {"kind": "empirical", "values": [1, 2, 2, 4]}]
    table = steps(made("mixture", components=parts, weights=[0.5, 0.5]))
    assert table is not None
    np.testing.assert_array_equal(table[0], [1, 2, 4])
    np.testing.assert_array_equal(table[1], [0.125, 0.875, 1])


def test_mixture_of_one_is_that_one() -> None:
    one = made("mixture", components=[PARTS[0]], weights=[1])
    alone = made(**PARTS[0])  # type: ignore[arg-type]
    np.testing.assert_allclose(quantile(one, LEVELS), quantile(alone, LEVELS), rtol=0, atol=PROMISE * 5)
    assert mean(one) == mean(alone)
    assert variance(one) == variance(alone)


def test_median_of_a_lognormal_is_the_stated_one() -> None:
    assert quantile(CONTINUOUS["lognormal"], 0.5) == pytest.approx(2, rel=4 * EPS)


def test_scale_by_zero_is_fixed() -> None:
    table = steps(shift(scale(ALL["pert"], 0), 3))
    assert table is not None
    assert table[0].tolist() == [3]


@pytest.mark.parametrize("change", [shift, scale])
def test_shift_and_scale_refuse_what_is_not_finite(change: Any) -> None:
    with pytest.raises(ValueError, match="nan"):
        change(ALL["pert"], math.nan)


def test_distributions_are_values() -> None:
    table = MappingProxyType({"kind": "mixture", "components": PARTS, "weights": [0.5, 0.2, 0.3]})
    first, second = from_mapping(table, PLACE, Path()), from_mapping(dict(table), "elsewhere", Path("x"))
    assert first == second
    assert hash(first) == hash(second)
    assert shift(first, 1) != first
    assert dict(made("pert", high=3, low=1, mode=2).parameters) == {"low": 1.0, "mode": 2.0, "high": 3.0}
    assert made("normal", mean=0, sd=1, tail=0.01) != made("normal", mean=0, sd=1)


def test_public_names() -> None:
    assert all(hasattr(distributions, name) for name in distributions.__all__)


@pytest.mark.parametrize(("a", "b"), [(0.5, 3.0), (1.02, 0.06), (1.27, 0.58), (4.3, 21.5), (3.98, 0.027)])
def test_beta_far_out_in_the_tail(a: float, b: float) -> None:
    levels = np.geomspace(1e-14, 1e-200, 40)[1:]  # scipy's inverse fails at some of these
    values = quantile(made("beta", alpha=a, beta=b), levels)
    # near 0 the cdf is x**a / (a B(a, b)) to a relative x; its logarithm, up to 460 / a, is rounded to EPS of that
    expected = np.exp((np.log(levels) + math.log(a) + special.betaln(a, b)) / a)
    near = (expected < 1e-13) & (expected > 1e-300)
    assert near.any()
    np.testing.assert_allclose(values[near], expected[near], rtol=PROMISE)


# files


def test_empirical_column_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "plain.csv").write_text("name,hours\na,3\nb,1.5\n\nc,3\n", encoding="utf-8")
    (tmp_path / "danish.csv").write_text("navn;timer\nå;3\n;1,5\nø;3\n", encoding="utf-8-sig")
    first = made("empirical", tmp_path, file="plain.csv", column="hours")
    second = made("empirical", tmp_path, file="danish.csv", column="timer")
    for distribution in (first, second):
        table = steps(distribution)
        assert table is not None
        assert table[0].tolist() == [1.5, 3]
        np.testing.assert_allclose(table[1], [1 / 3, 1], rtol=2 * EPS)


@pytest.mark.parametrize(
    ("content", "column", "problem", "remedy"),
    [
        (None, "hours", "there is no such file", "Check the spelling"),
        ("name,hours\na,3\n", "hour", "there is no column 'hour'", "Did you mean 'hours'?"),
        ("name,hours\na,3\nb,many\n", "hours", "row 3, column 'hours': 'many' is not a number", "Write a number"),
        ("name,hours\na,3\nb,\n", "hours", "row 3, column 'hours': the cell is empty", "Fill it in"),
        ("name,hours\na,nan\n", "hours", "'nan' is not a finite number", "Write a finite number"),
        ("name,hours\n", "hours", "has no rows", "Give at least one row"),
    ],
)
def test_bad_files(tmp_path: Path, content: str | None, column: str, problem: str, remedy: str) -> None:
    if content is not None:
        (tmp_path / "x.csv").write_text(content, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        made("empirical", tmp_path, file="x.csv", column=column)
    message = str(caught.value)
    for part in (PLACE, "'file'", "x.csv", problem, remedy):
        assert part in message


# bad input

UNIT = {"kind": "uniform", "low": 0, "high": 1}
NORMAL = {"kind": "normal", "mean": 0, "sd": 1}
PERT = {"kind": "pert", "low": 0, "mode": 1, "high": 2}
DISCRETE = {"kind": "discrete", "values": [1, 2], "probabilities": [0.5, 0.5]}
SPLIT = {"kind": "percentiles", "low": 0, "p10": 1, "p50": 2, "p90": 5, "high": 9}
MIXTURE: dict[str, object] = {"kind": "mixture", "components": [UNIT, UNIT], "weights": [0.5, 0.5]}
INTERVAL = {"kind": "interval", "p05": 1, "p95": 2}
LOGNORMAL = {"kind": "lognormal", "median": 1, "sigma": 1}
BAD: list[tuple[dict[str, object], str, str, str]] = [
    ({"low": 0}, "kind", "it is missing", "Known are: 'fixed', 'uniform'"),
    ({"kind": "prt"}, "kind", "there is no kind 'prt'", "Did you mean 'pert'?"),
    ({"kind": 3}, "kind", "there is no kind 3", "Known are"),
    ({**UNIT, "hihg": 2}, "hihg", "no such parameter", "Did you mean 'high'?"),
    ({"kind": "uniform", "low": 0}, "high", "it is missing", "Kind 'uniform' needs: low, high."),
    ({**UNIT, "low": True}, "low", "True is not a number", "Write a number"),
    ({**UNIT, "low": "0"}, "low", "'0' is not a number", "without quotes"),
    ({**UNIT, "low": math.nan}, "low", "nan is not finite", "Write a finite number"),
    ({**UNIT, "high": math.inf}, "high", "inf is not finite", "Write a finite number"),
    ({**UNIT, "high": 10**400}, "high", "above 1e150", "Check the number and its unit"),
    ({**UNIT, "low": 2}, "low", "2 is above high, 1", "Give low below high"),
    ({**UNIT, "low": 1}, "low", "it equals high (1)", 'a constant is {kind = "fixed", value = 1}'),
    ({**PERT, "low": 2}, "low", "it equals high", "fixed"),
    ({**PERT, "mode": 3}, "mode", "3 lies outside 0 to 2", "Give low <= mode <= high"),
    ({**PERT, "kind": "triangular", "mode": -1}, "mode", "-1 lies outside 0 to 2", "Give low <= mode <= high"),
    ({**PERT, "weight": 0}, "weight", "0 is out of range", "Give a number above 0"),
    ({**NORMAL, "sd": 0}, "sd", "0 is not positive", "Give a number above 0"),
    ({**NORMAL, "sd": -1}, "sd", "-1 is not positive", "Give a number above 0"),
    ({**NORMAL, "tail": 0.5}, "tail", "0.5 is out of range", "above 0 and below 0.5"),
    ({**NORMAL, "tail": 0}, "tail", "0 is out of range", "above 0 and below 0.5"),
    ({**NORMAL, "low": 0}, "high", "it is missing beside 'low'", "Give both low and high"),
    (
        {**NORMAL, "low": 0, "high": 1, "tail": 0.1},
        "tail",
        "it stands beside 'low'",
        "Give either tail, or low and high",
    ),
    ({**NORMAL, "low": 9, "high": 10}, "low", "it cuts all but the last 1e-15", "hold part of the distribution"),
    ({**NORMAL, "low": -10, "high": -9}, "high", "it cuts all but the last 1e-15", "hold part of the distribution"),
    ({**LOGNORMAL, "median": 0}, "median", "0 is not positive", "Give a number above 0"),
    ({**LOGNORMAL, "sigma": 0}, "sigma", "0 is not positive", "Give a number above 0"),
    ({**LOGNORMAL, "sigma": 1e3}, "sigma", "more than 150 powers of 10", "Give a narrower spread"),
    ({**LOGNORMAL, "low": -1, "high": 1}, "low", "it is negative", "give low = 0 or more"),
    ({"kind": "beta", "alpha": 0, "beta": 1}, "alpha", "0 is out of range", "Give a number above 0.01"),
    ({"kind": "beta", "alpha": 1, "beta": 1, "low": 2}, "low", "2 is above high, 1", "Give low below high"),
    ({**DISCRETE, "probabilities": [0.5, 0.4]}, "probabilities", "they sum to 0.9", "sum to 1"),
    ({**DISCRETE, "probabilities": [1.5, -0.5]}, "probabilities", "-0.5 is negative", "from 0 to 1"),
    (
        {**DISCRETE, "probabilities": [1]},
        "probabilities",
        "there are 1, beside 2 values",
        "Give one for each of values",
    ),
    ({**DISCRETE, "values": [1, 1]}, "values", "1 stands twice", "the sum of its probabilities"),
    ({**DISCRETE, "values": []}, "values", "[] is not a list of numbers", "Write a list such as"),
    ({**DISCRETE, "values": [1, False]}, "values", "False is not a number", "Write a number"),
    ({"kind": "empirical"}, "values", "it is missing", "Give either values, or file and column"),
    ({"kind": "empirical", "file": "x.csv"}, "column", "it is missing", "Give either values, or file and column"),
    ({"kind": "empirical", "column": "x"}, "file", "it is missing", "Give either values, or file and column"),
    ({"kind": "empirical", "values": [1], "file": "x"}, "values", "stands beside a file", "Give either values"),
    ({"kind": "empirical", "file": 1, "column": "x"}, "file", "1 is not a text", "Write a text in quotes"),
    ({**MIXTURE, "weights": [0.5, 0.6]}, "weights", "they sum to 1.1", "sum to 1"),
    ({**MIXTURE, "weights": [1]}, "weights", "there are 1, beside 2 components", "Give one for each of components"),
    ({**MIXTURE, "components": []}, "components", "it is not a list of tables", "Write ["),
    ({**INTERVAL, "p05": 3}, "p05", "3 is above p95, 2", "Give p05 below p95"),
    ({**INTERVAL, "family": "gamma"}, "family", "there is no family 'gamma'", "Known are: 'normal'"),
    ({**INTERVAL, "family": "uniform", "tail": 0.1}, "tail", "a uniform has no tail to cut", "Leave it out"),
    ({**INTERVAL, "p05": 0, "family": "lognormal"}, "p05", "0 is not positive", "give p05 above 0"),
    ({**INTERVAL, "p05": 1e-140, "p95": 1e140, "family": "lognormal"}, "p95", "150 powers of 10", "narrower"),
    ({**SPLIT, "p10": 2.5}, "p10", "2.5 is above p50, 2", "Give p10 below p50"),
    ({**SPLIT, "low": 0.75}, "low", "no half-normal between it and p50 has p10", "Give low below 0.75"),
    ({**SPLIT, "high": 5.5}, "high", "no half-normal between it and p50 has p90", "Give high above 5.75"),
]


@pytest.mark.parametrize(("table", "parameter", "problem", "remedy"), BAD, ids=lambda part: str(part)[:40])
def test_bad_parameters(table: dict[str, object], parameter: str, problem: str, remedy: str) -> None:
    with pytest.raises(InputError) as caught:
        from_mapping(table, PLACE, Path())
    assert caught.value.place == f"{PLACE}, parameter '{parameter}'"
    assert problem in caught.value.problem
    assert remedy in caught.value.remedy


def test_bad_component_is_named_by_its_number() -> None:
    with pytest.raises(InputError, match=r"key 'input.speed', component 2, parameter 'low': it equals high"):
        from_mapping({**MIXTURE, "components": [UNIT, {**UNIT, "low": 1}]}, PLACE, Path())
    with pytest.raises(InputError, match=r"component 1: it is not a table. Write a table such as"):
        from_mapping({**MIXTURE, "components": [3, UNIT]}, PLACE, Path())


@pytest.mark.parametrize("table", [{**NORMAL, "mean": 1, "sd": 1e-17}, {**UNIT, "low": 1, "high": 1 + EPS}])
def test_a_spread_lost_in_rounding_is_refused(table: dict[str, object]) -> None:
    with pytest.raises(InputError, match=r"it spreads by no more than rounding .*\. Give a wider spread") as caught:
        from_mapping(table, PLACE, Path())
    assert caught.value.place == PLACE


def test_bounds_too_large_to_square_are_refused() -> None:
    with pytest.raises(InputError, match=r"its bounds are above 1e150 in size\. Check the spread"):
        from_mapping({**NORMAL, "sd": 1e150}, PLACE, Path())
