"""Estimators against exact indices, their formulas term by term, and SALib."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from problems import PROBLEMS, Problem, ishigami, linear_gaussian, sobol_g

from simulator.design import design_for, direction_numbers, point_levels, replicate_points
from simulator.sensitivity.estimators import (
    ESTIMATORS as BY_NAME,
)
from simulator.sensitivity.estimators import (
    Sums,
    azzini,
    controlled_first,
    janon_first,
    janon_total,
    jansen_first,
    jansen_total,
    martinez,
    mean_variance,
    owen_first,
    saltelli_first,
    second_order,
    sobol_total,
    sums_of,
    symmetric_total,
)

Outputs = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
REPLICATES, POINTS = 16, 2**11
ESTIMATORS: dict[str, tuple[Callable[[Sums], np.ndarray], str]] = {
    "azzini first": (lambda s: azzini(s)[0], "first_order"),
    "azzini total": (lambda s: azzini(s)[1], "total_order"),
    "jansen total": (jansen_total, "total_order"),
    "saltelli first": (saltelli_first, "first_order"),
    "janon first": (janon_first, "first_order"),
    "jansen first": (jansen_first, "first_order"),
    "martinez first": (lambda s: martinez(s)[0], "first_order"),
    "martinez total": (lambda s: martinez(s)[1], "total_order"),
    "janon total": (janon_total, "total_order"),
    "sobol total": (sobol_total, "total_order"),
    "symmetric total": (symmetric_total, "total_order"),
    "controlled first": (controlled_first, "first_order"),
}
OF_ONE_SIDE = ("controlled first", "janon total", "martinez total")  # by the variance of A and AB: one pair has none
CORRELATIONS = ("janon first", "jansen first", "martinez first")  # which are not 0 by themselves for an inert group
NAMES = [problem.name for problem in PROBLEMS]


def outputs_at(problem: Problem, levels: np.ndarray, groups: np.ndarray) -> Outputs:
    """Outputs at A, B and their hybrids; levels (n, 2 d), groups (G, d) bool."""
    a, b = levels[:, : problem.dimension], levels[:, problem.dimension :]
    f_ab = [problem.at_levels(np.where(group, b, a)) for group in groups]
    f_ba = [problem.at_levels(np.where(group, a, b)) for group in groups]
    return problem.at_levels(a), problem.at_levels(b), np.array(f_ab), np.array(f_ba)


@cache
def sample(problem: Problem) -> tuple[Outputs, ...]:
    """Outputs of each replicate; the groups are the single inputs."""
    d = problem.dimension
    design, directions = design_for(d, REPLICATES * POINTS, REPLICATES, 3, "sobol"), direction_numbers(2 * d)
    points = [replicate_points(design, r, directions, pairs=True, block_bits=0) for r in range(REPLICATES)]
    return tuple(outputs_at(problem, point_levels(one, 0, POINTS), np.eye(d, dtype=bool)) for one in points)


def together(replicates: tuple[Outputs, ...]) -> Outputs:
    f_a, f_b, f_ab, f_ba = (np.concatenate(parts, axis=-1) for parts in zip(*replicates, strict=True))
    return f_a, f_b, f_ab, f_ba


def random_outputs(seed: int, n: int = 64, groups: int = 5) -> Outputs:
    random = np.random.default_rng(seed)
    f_a, f_b = random.normal(size=(2, n))
    f_ab, f_ba = random.normal(size=(2, groups, n))
    return f_a, f_b, f_ab, f_ba


# The problems are what they say: tensor quadrature of the function itself

QUADRATURE = [(ishigami(), 24), (ishigami(5.0, 0.05), 24), (sobol_g((0.0, 0.5, 3.0, 9.0)), 2), (sobol_g((0.0,) * 3), 2)]


@pytest.mark.parametrize(("problem", "nodes"), QUADRATURE, ids=lambda value: getattr(value, "name", str(value)))
def test_problems_carry_the_truth(problem: Problem, nodes: int) -> None:
    """Gauss-Legendre in each half of each level: exact for the piecewise linear g, to 1e-12 for the smooth Ishigami."""
    node, weight = np.polynomial.legendre.leggauss(nodes)
    levels = np.concatenate([(1 + node) / 4, (3 + node) / 4])
    weights = np.tile(weight / 4, 2)
    d = problem.dimension
    grid = np.stack(np.meshgrid(*[levels] * d, indexing="ij"), axis=-1).reshape(-1, d)
    values = problem.at_levels(grid).reshape((len(levels),) * d)
    mean = integrated(values, weights, range(d))
    assert mean == pytest.approx(problem.mean, rel=1e-12)
    variance = integrated(values**2, weights, range(d)) - mean**2
    assert variance == pytest.approx(problem.variance, rel=1e-11)
    for i in range(d):
        rest = [axis for axis in range(d) if axis != i]
        closed = weights @ (integrated(values, weights, rest) - mean) ** 2
        assert closed / variance == pytest.approx(problem.first_order[i], abs=1e-11)
        others = integrated(values, weights, [i])
        closed = integrated(others**2, weights, range(d - 1)) - mean**2
        assert 1 - closed / variance == pytest.approx(problem.total_order[i], abs=1e-11)


def integrated(values: np.ndarray, weights: np.ndarray, axes: range | list[int]) -> np.ndarray:
    """Mean over some axes of a tensor grid."""
    for axis in sorted(axes, reverse=True):
        values = np.tensordot(values, weights, axes=(axis, 0))
    return values


# Against the exact indices


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("problem", PROBLEMS, ids=NAMES)
def test_estimates_come_to_the_exact_indices(problem: Problem, estimator: str) -> None:
    """Within 6 standard errors from 16 scrambles: Student's t with 15 degrees of freedom is farther out with probability
    2.4e-5. The standard error itself, at 16 times 2^11 pairs, is below 0.003 (measured: 0.0018 at most); plain Monte
    Carlo has about 1 / sqrt(32 768) = 0.0055.
    """
    estimate, truth = ESTIMATORS[estimator]
    replicates = sample(problem)
    each = np.array([estimate(sums_of(*one)) for one in replicates])
    error = each.std(axis=0, ddof=1) / np.sqrt(REPLICATES)
    assert error.max() < 0.003
    away = np.abs(estimate(sums_of(*together(replicates))) - getattr(problem, truth))
    assert (away <= 6 * error + 1e-12).all()


@pytest.mark.parametrize("problem", PROBLEMS, ids=NAMES)
def test_variance_comes_to_the_exact_variance(problem: Problem) -> None:
    """Tolerance as above."""
    replicates = sample(problem)
    each = np.array([mean_variance(sums_of(*one)) for one in replicates])
    error = each.std(ddof=1) / np.sqrt(REPLICATES)
    assert error < 0.003 * problem.variance
    assert abs(mean_variance(sums_of(*together(replicates))) - problem.variance) <= 6 * error


def test_a_group_has_the_index_of_all_its_effects() -> None:
    """First order and total of {x1, x3} of Ishigami are both 1 less the index of x2. Tolerance: 6 times the standard
    error of the single indices at this size, 0.0013.
    """
    problem = ishigami()
    design = design_for(3, 2**15, 1, 8, "sobol")
    points = replicate_points(design, 0, direction_numbers(6), pairs=True, block_bits=0)
    s = sums_of(*outputs_at(problem, point_levels(points, 0, 2**15), np.array([[True, False, True]])))
    expected = 1 - problem.first_order[1]
    assert [float(fn(s)[0]) for fn, _ in ESTIMATORS.values()] == pytest.approx([expected] * len(ESTIMATORS), abs=0.008)


# Formulas, term by term


def test_estimators_are_their_formulas() -> None:
    """The papers' sums over single pairs, in exact arithmetic of fsum; n = 64 products lose no more than 1e-12."""
    f_a, f_b, f_ab, f_ba = random_outputs(1)
    f_a += 3.0
    s = sums_of(f_a, f_b, f_ab, f_ba)
    n, both = len(f_a), np.concatenate([f_a, f_b])
    centre, variance = both.mean(), both.var()
    assert mean_variance(s) == pytest.approx(variance, rel=1e-12)
    for g in range(len(f_ab)):
        a, b, ab, ba = f_a, f_b, f_ab[g], f_ba[g]
        divisor = math.fsum((a - b) ** 2 + (ba - ab) ** 2)
        first, total = azzini(s)
        assert first[g] == pytest.approx(2 * math.fsum((ba - b) * (a - ab)) / divisor, abs=1e-12)
        assert total[g] == pytest.approx(math.fsum((b - ba) ** 2 + (a - ab) ** 2) / divisor, abs=1e-12)
        assert jansen_total(s)[g] == pytest.approx(math.fsum((a - ab) ** 2) / (2 * n * variance), abs=1e-12)
        expected = math.fsum((b - centre) * (ab - a)) / (n * variance)
        assert saltelli_first(s)[g] == pytest.approx(expected, abs=1e-12)
        mean = math.fsum(np.concatenate([b, ab])) / (2 * n)
        covariance = math.fsum((b - mean) * (ab - mean)) / n
        spread = math.fsum((np.concatenate([b, ab]) - mean) ** 2) / (2 * n)
        assert janon_first(s)[g] == pytest.approx(covariance / spread, abs=1e-12)


def test_more_estimators_are_their_formulas() -> None:
    """By numpy's own correlations, means and variances; tolerance as above."""
    f_a, f_b, f_ab, f_ba = random_outputs(11)
    f_b += 0.5 * f_a  # so that a control variate has something to correct
    s = sums_of(f_a + 3.0, f_b + 3.0, f_ab + 3.0, f_ba + 3.0)
    centre, variance = np.concatenate([f_a, f_b]).mean(), np.concatenate([f_a, f_b]).var()
    for g, (ab, ba) in enumerate(zip(f_ab, f_ba, strict=True)):
        with_a, with_b = np.concatenate([f_a, ab]).var(), np.concatenate([f_b, ab]).var()
        correct = pytest.approx
        assert jansen_first(s)[g] == correct(1 - np.mean((f_b - ab) ** 2) / (2 * variance), abs=1e-12)
        assert sobol_total(s)[g] == correct(np.mean((f_a - centre) * (f_a - ab)) / variance, abs=1e-12)
        assert janon_total(s)[g] == correct(np.mean((f_a - ab) ** 2) / (2 * with_a), abs=1e-12)
        assert martinez(s)[0][g] == correct(np.corrcoef(f_b, ab)[0, 1], abs=1e-12)
        assert martinez(s)[1][g] == correct(1 - np.corrcoef(f_a, ab)[0, 1], abs=1e-12)
        four = np.concatenate([f_a, f_b, ab, ba]).var()
        assert symmetric_total(s)[g] == correct(np.mean((f_a - ab) ** 2 + (f_b - ba) ** 2) / (4 * four), abs=1e-12)
        weight = min(max(1 - np.mean((f_a - ab) ** 2) / (2 * with_a), 0), 1)
        covariance = np.cov(f_b, ab, ddof=0)[0, 1] - weight * np.cov(f_b, f_a, ddof=0)[0, 1]
        assert controlled_first(s)[g] == correct(covariance / with_b, abs=1e-12)
        assert owen_first(s)[g] == correct(np.mean((f_a - ab) * (ba - f_b)) / variance, abs=1e-12)


def test_second_order_is_its_formula() -> None:
    f_a, f_b, f_ab, f_ba = random_outputs(12, groups=3)
    change, back = f_ab - f_a, f_ba - f_b
    s = sums_of(f_a, f_b, f_ab, f_ba)
    columns = replace(s, **{name: np.reshape(getattr(s, name), (-1, 1)) for name in ("a", "b", "aa", "bb")})
    result = second_order((back @ change.T)[..., None], columns)[..., 0]
    for i in range(3):
        assert np.isnan(result[i, i])
        for j in {0, 1, 2} - {i}:
            expected = np.mean(back[i] * change[j] + back[j] * change[i]) / (2 * mean_variance(s))
            assert result[i, j] == pytest.approx(expected, abs=1e-12)


def test_owen_needs_a_third_point() -> None:
    """For a linear function f = Σ c_i x_i the sum of Owen is exactly that of c_i² (a_i - z_i)(a_i - b_i)."""
    random = np.random.default_rng(13)
    a, b, z = random.normal(size=(3, 100, 2))
    f_a, f_b, f_ac, f_ba = a.sum(axis=1), b.sum(axis=1), z[:, 0] + a[:, 1], a[:, 0] + b[:, 1]
    s = sums_of(f_a, f_b, f_ac[None], f_ba[None])
    expected = np.mean((a[:, 0] - z[:, 0]) * (a[:, 0] - b[:, 0])) / mean_variance(s)
    assert owen_first(s)[0] == pytest.approx(float(expected), abs=1e-12)


def test_estimators_have_names() -> None:
    outputs = random_outputs(14)
    s = sums_of(*outputs)
    for name, one in BY_NAME.items():
        first, total = one.indices(s)
        assert (one.name, first.shape, total.shape, bool(one.reference)) == (name, (5,), (5,), True)
        without = replace(s, **dict.fromkeys(("ba", "baba", "a_ba", "b_ba", "ab_ba"), np.full(5, np.nan)))
        needs = np.isnan(one.indices(without)[0]).any() or np.isnan(one.indices(without)[1]).any()
        assert needs == one.reverse
        assert not one.third or one.reverse


def test_sums_are_centred_on_the_mean_of_the_pairs() -> None:
    outputs = random_outputs(2)
    s = sums_of(*outputs)
    assert s.n == 64
    assert float(s.a + s.b) == pytest.approx(0.0, abs=1e-13)
    centre = np.concatenate(outputs[:2]).mean()
    np.testing.assert_allclose(s.b_ab, ((outputs[1] - centre) * (outputs[2] - centre)).sum(axis=1), rtol=1e-12)


# On every sample

# Whole numbers up to 64 at 8 pairs: their centre is a multiple of 1/16 and all sums of products are exact in float64, so
# that what holds in theory must hold to the last bit.
whole_numbers = st.integers(-64, 64).map(float)
exact_outputs = st.tuples(
    arrays(np.float64, 8, elements=whole_numbers),
    arrays(np.float64, 8, elements=whole_numbers),
    arrays(np.float64, (3, 8), elements=whole_numbers),
    arrays(np.float64, (3, 8), elements=whole_numbers),
)


@given(exact_outputs)
def test_no_first_order_exceeds_its_total(outputs: Outputs) -> None:
    first, total = azzini(sums_of(*outputs))
    known = ~np.isnan(total)
    assert (np.abs(first[known]) <= total[known]).all()
    np.testing.assert_array_equal(np.isnan(first), np.isnan(total))


@given(exact_outputs)
def test_an_index_is_missing_only_where_nothing_varies(outputs: Outputs) -> None:
    f_a, f_b, f_ab, f_ba = outputs
    still = (f_a == f_b).all() & (f_ab == f_ba).all(axis=1)
    np.testing.assert_array_equal(np.isnan(azzini(sums_of(*outputs))[1]), still)


@given(exact_outputs, st.integers(-1000, 1000), st.sampled_from([-0.5, 2.0, 1024.0]))
def test_indices_do_not_depend_on_origin_and_unit(outputs: Outputs, constant: int, factor: float) -> None:
    """To the last bit: whole numbers and powers of two are exact."""
    f_a, f_b, f_ab, f_ba = outputs
    moved = sums_of(*(factor * (part + constant) for part in (f_a, f_b, f_ab, f_ba)))
    for estimate, _ in ESTIMATORS.values():
        np.testing.assert_array_equal(estimate(moved), estimate(sums_of(*outputs)))


@given(exact_outputs)
def test_roles_can_be_exchanged(outputs: Outputs) -> None:
    """A and B, and with them AB and BA, are alike in theory."""
    f_a, f_b, f_ab, f_ba = outputs
    np.testing.assert_array_equal(azzini(sums_of(f_a, f_b, f_ab, f_ba)), azzini(sums_of(f_b, f_a, f_ba, f_ab)))


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("n", [1, 7, 64, 1000, 4099])
def test_an_inert_group_has_exactly_no_index(n: int, order: str) -> None:
    """Whatever the number of pairs and the layout of the arrays."""
    f_a, f_b, f_ab, f_ba = random_outputs(n, n, 6)
    f_ab[[1, 4]], f_ba[[1, 4]] = f_a, f_b
    s = sums_of(f_a, f_b, np.array(f_ab, order=order), np.array(f_ba, order=order))
    for name, (estimate, _) in ESTIMATORS.items():
        if name not in CORRELATIONS and (n > 1 or name not in OF_ONE_SIDE):
            np.testing.assert_array_equal(estimate(s)[[1, 4]], 0.0, err_msg=name)
    assert (azzini(s)[1][[0, 2, 3, 5]] > 0).all()


def test_a_group_of_everything_has_index_one() -> None:
    f_a, f_b, _, _ = random_outputs(5, 1000)
    s = sums_of(f_a, f_b, f_b[None], f_a[None])
    for estimate in (lambda s: azzini(s)[0], lambda s: azzini(s)[1], janon_first, lambda s: martinez(s)[0]):
        assert estimate(s) == pytest.approx([1.0], abs=1e-13)


def test_an_output_without_variance_has_no_index() -> None:
    still = np.full(8, 2.5)
    s = sums_of(still, still, still[None], still[None])
    assert all(np.isnan(estimate(s)).all() for estimate, _ in ESTIMATORS.values())


def test_rounding_below_zero_is_no_variance() -> None:
    still = np.zeros(8)
    s = replace(
        sums_of(still, still, still[None], still[None]), a_b=np.array(1e-20), a=np.array(1e-20), ab=np.array([1e-20])
    )
    assert all(np.isnan(estimate(s)).all() for estimate, _ in ESTIMATORS.values())


def test_an_output_that_is_not_finite_is_not_hidden() -> None:
    f_a, f_b, f_ab, f_ba = random_outputs(6)
    f_ab[2, 5] = np.nan
    s = sums_of(f_a, f_b, f_ab, f_ba)
    for name, (estimate, _) in ESTIMATORS.items():
        np.testing.assert_array_equal(np.isnan(estimate(s)), np.arange(5) == 2, err_msg=name)
    s = sums_of(np.where(np.arange(64) == 3, np.nan, f_a), f_b, f_ab, f_ba)
    for name, (estimate, _) in ESTIMATORS.items():
        assert np.isnan(estimate(s)).all(), name


# Against SALib, on its own sample: its S1 is Saltelli's estimator, its ST Jansen's, both of outputs that it centres on the
# mean of all its evaluations and divides by their standard deviation


@pytest.mark.parametrize("problem", PROBLEMS, ids=NAMES)
def test_agreement_with_salib(problem: Problem) -> None:
    from SALib.analyze import sobol as analyze
    from SALib.sample import sobol as sampling

    d = problem.dimension
    names = [f"x{i + 1}" for i in range(d)]
    spec = {"num_vars": d, "names": names, "bounds": [[0.0, 1.0]] * d}
    levels = sampling.sample(spec, 256, calc_second_order=True, scramble=True, seed=5)
    evaluations = problem.at_levels(levels)
    theirs = analyze.analyze(spec, evaluations, calc_second_order=True, num_resamples=2, seed=1)
    rows = evaluations.reshape(-1, 2 * d + 2)
    s = sums_of(rows[:, 0], rows[:, -1], rows[:, 1 : d + 1].T, rows[:, d + 1 : -1].T)
    np.testing.assert_allclose(jansen_total(s), theirs["ST"], rtol=0, atol=1e-12)
    # Saltelli's estimator changes with the centre c by (c' - c) mean(f_AB - f_A) / V: known to rounding.
    moved = (rows[:, [0, -1]].mean() - evaluations.mean()) * (s.ab - s.a) / (s.n * mean_variance(s))
    np.testing.assert_allclose(saltelli_first(s) + moved, theirs["S1"], rtol=0, atol=1e-12)


def test_sums_broadcast() -> None:
    """Sums of the pairs, without groups, and of the hybrids, with them, as the simulation keeps them."""
    outputs = random_outputs(7)
    s = sums_of(*outputs)
    one = sums_of(outputs[0], outputs[1], outputs[2][3:4], outputs[3][3:4])
    for estimate, _ in ESTIMATORS.values():
        assert estimate(s).shape == (5,)
        assert estimate(s)[3] == estimate(one)[0]
    stretched = replace(s, a=np.tile(s.a, 5), aa=np.tile(s.aa, 5), b=np.tile(s.b, 5))
    np.testing.assert_array_equal(azzini(stretched), azzini(s))


def test_the_linear_problem_has_no_interactions() -> None:
    problem = linear_gaussian((1.0, 3.0), (2.0, 1.0), 5.0)
    assert (problem.mean, problem.variance) == (5.0, 13.0)
    assert problem.first_order == problem.total_order == pytest.approx((4 / 13, 9 / 13))
