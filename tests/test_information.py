"""Value of information against closed forms: the unit normal loss, conditional means of the real model, quadrature."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import Prepared
from hypothesis import given
from hypothesis import strategies as st
from problems import ishigami
from scipy.stats import norm
from test_given_data import evaluated_total, labels

from simulator.distributions import quantile
from simulator.intervals import student_t
from simulator.sensitivity import information
from simulator.sensitivity.exact import exact_indices
from simulator.sensitivity.information import (
    cross_fitted_means,
    expected_value_of_partial_perfect_information,
    expected_variance_reduction,
)
from simulator.simulation import NonFiniteError

SLOPES = np.array([1.0, 0.5, 0.25, 0.0])
SPREADS = np.append(SLOPES, np.sqrt((SLOPES**2).sum()))  # of E[Y | X] for each input, and of Y


def loss(threshold: float, deviation: np.ndarray) -> np.ndarray:
    """Unit normal loss times the deviation: the value of learning what has it, around a mean of 0 (Raiffa & Schlaifer 1961)."""
    spread = np.maximum(deviation, 1e-12)
    z = abs(threshold) / spread
    return np.asarray(spread * (np.exp(-(np.minimum(z, 30) ** 2) / 2) / np.sqrt(2 * np.pi) - z * norm.sf(z)))


def errors_of(interval: np.ndarray) -> np.ndarray:
    """Standard errors from normal 95 % intervals."""
    return np.asarray(np.ptp(interval, axis=-1) / 2 / 1.96)


# Less variance


def test_a_normal_posterior() -> None:
    """Y = Σ a X of standard normal inputs: with X_i known, the standard deviation is that of the others."""
    variance = (SLOPES**2).sum()
    table = expected_variance_reduction(SLOPES**2 / variance, variance, labels(4), ["y"], "thousand FTE")
    left = np.sqrt(variance - SLOPES**2)
    width = norm.ppf(0.95) - norm.ppf(0.05)
    assert table.variance_reduction.values[0] == pytest.approx(SLOPES**2)
    assert table.sd_left.values[0] == pytest.approx(left)
    assert table.sd_reduction.values[0] == pytest.approx(np.sqrt(variance) - left)
    assert table.interval_reduction.values[0] == pytest.approx(width * (np.sqrt(variance) - left))
    assert table.variance_reduction.attrs["units"] == "(thousand FTE)²"
    assert table.sd_left.attrs["units"] == "thousand FTE"
    assert "normal" in table.interval_reduction.attrs["long_name"]


def test_estimates_are_not_clipped_and_groups_have_their_name() -> None:
    first = np.array([[-0.1, 1.2, np.nan], [0.0, 1.0, 0.5]])
    table = expected_variance_reduction(first, np.array([4.0, 0.0]), ["a", "b", "c"], dimension="group")
    assert table.variance_reduction.dims == ("output", "group")
    assert table.variance_reduction.values[0, :2] == pytest.approx([-0.4, 4.8])
    assert table.sd_left.values[0, :2] == pytest.approx([np.sqrt(4.4), 0])
    assert np.isnan(table.sd_left.values[0, 2])
    assert table.sd_reduction.values[1].tolist() == [0, 0, 0]


def test_variances_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match="negative"):
        expected_variance_reduction(np.array([0.5]), np.array([-1.0]), ["a"])
    with pytest.raises(ValueError, match=r"\(2, 1\)"):
        expected_variance_reduction(np.zeros((2, 1)), np.array([1.0]), ["a"])


# Better decisions


@pytest.mark.parametrize("threshold", [-0.8, 0.0, 0.3, 1.2])
def test_the_unit_normal_loss(threshold: float) -> None:
    """By regression, and from the exact conditional means: within 5 standard errors, and these below 0.02 and 0.01."""
    x = np.random.default_rng(1).normal(size=(2**13, 4))
    truth, output = loss(threshold, SPREADS), x @ SLOPES
    for given_by, limit in (({"values": x}, 0.02), ({"conditional_means": (x * SLOPES).T}, 0.01)):
        table = expected_value_of_partial_perfect_information(output, threshold, labels(4), **given_by)  # type: ignore[arg-type]
        estimate = np.append(table.evppi.values[0], table.evpi.values)
        error = errors_of(np.concatenate([table.evppi_ci.values[0], table.evpi_ci.values]))
        assert (error < limit).all()
        assert (np.abs(estimate - truth) <= 5 * error + 1e-3).all()
        change = np.append(table.evppi_change.values[0], table.evpi_change.values)
        expected = np.where(SPREADS > 0, norm.sf(abs(threshold) / np.maximum(SPREADS, 1e-12)), 0.0)
        if threshold:  # at the mean itself, an inert input changes the decision at random
            assert change == pytest.approx(expected, abs=2 * limit)
        assert table.goes.values == (output.mean() > threshold)
        assert table.payoff.values == pytest.approx(max(output.mean() - threshold, 0))


def test_intervals_cover() -> None:
    """Of 200 intervals of 95 %, 88 to 99 % hold the truth, for the two inputs that matter and for all together."""
    held = []
    for seed in range(200):
        x = np.random.default_rng(seed).normal(size=(1000, 4))
        table = expected_value_of_partial_perfect_information(x @ SLOPES, 0.3, labels(4), values=x)
        interval = np.concatenate([table.evppi_ci.values[0, :2], table.evpi_ci.values])
        truth = loss(0.3, SPREADS)[[0, 1, 4]]
        held.append((interval[:, 0] <= truth) & (truth <= interval[:, 1]))
    share = np.mean(held, axis=0)
    assert (share >= 0.88).all()
    assert (share <= 0.99).all()


@pytest.mark.parametrize("threshold", [2.0, 3.7, 5.0])
def test_effects_that_are_not_monotone(threshold: float) -> None:
    """Ishigami: conditional means are sin x1 (1 + b π⁴/5) + a/2 and a sin² x2; those given x3 are constant."""
    problem = ishigami()
    levels = np.random.default_rng(2).random((2**13, 3))
    table = expected_value_of_partial_perfect_information(
        problem.at_levels(levels), threshold, labels(3), values=levels
    )
    angle = np.pi * (2 * (np.arange(2**16) + 0.5) / 2**16 - 1)
    means = [np.sin(angle) * (1 + 0.1 * np.pi**4 / 5) + 3.5, 7 * np.sin(angle) ** 2]
    truth = [np.maximum(mean - threshold, 0).mean() - max(3.5 - threshold, 0) for mean in means]
    error = errors_of(table.evppi_ci.values[0])
    assert (error[:2] < 0.03).all()
    assert (np.abs(table.evppi.values[0, :2] - truth) <= 5 * error[:2]).all()
    assert abs(table.evppi.values[0, 2]) < 0.03


def test_noise_is_not_information() -> None:
    """Forty inert inputs, few rows, a threshold at the mean: a regression that saw its own rows would find value in each."""
    random = np.random.default_rng(3)
    x, y = random.normal(size=(300, 40)), random.normal(size=300)
    table = expected_value_of_partial_perfect_information(y, y.mean() + 0.01, labels(40), values=x)
    assert table.evppi.values.mean() <= 0.0
    assert table.evpi.values == pytest.approx(loss(0.01, np.ones(1)), abs=0.1)


def test_an_input_that_cannot_change_the_decision_is_worth_nothing() -> None:
    x = np.random.default_rng(4).normal(size=(500, 4))
    table = expected_value_of_partial_perfect_information(x @ SLOPES, -50.0, labels(4), values=x)
    assert (table.evppi.values == 0).all()
    assert (table.evppi_ci.values == 0).all()
    assert (table.evpi.values == 0).all()


@given(st.integers(0, 2**31), st.floats(-2, 2))
def test_nothing_is_worth_more_than_everything(seed: int, threshold: float) -> None:
    """From conditional means that are means of the outputs over parts of the rows: 0 <= EVPPI <= EVPI on every sample."""
    random = np.random.default_rng(seed)
    y, part = random.normal(size=60), random.integers(0, 6, size=60)
    means = np.stack([np.array([y[part == one].mean() for one in part]), y])
    table = expected_value_of_partial_perfect_information(y, threshold, ["part", "all"], conditional_means=means)
    assert table.evppi.dims == ("output", "group")
    assert -1e-12 <= table.evppi.values[0, 0] <= table.evppi.values[0, 1] + 1e-12
    assert table.evppi.values[0, 1] == table.evpi.values[0]


def test_many_outputs_and_replicates() -> None:
    x = np.random.default_rng(5).normal(size=(800, 4))
    y, limits, part = np.column_stack([x @ SLOPES, x[:, 1]]), np.array([0.3, -0.2]), np.arange(800) % 8
    table = expected_value_of_partial_perfect_information(
        y, limits, labels(4), values=x, replicate=part, output_names=["p", "q"]
    )
    alone = expected_value_of_partial_perfect_information(y[:, 1], limits[1], labels(4), values=x, replicate=part)
    for name in ("evppi", "evppi_ci", "evpi", "evpi_ci", "evppi_change"):
        assert table[name].sel(output="q").values == pytest.approx(alone[name].values[0], abs=1e-12)
    gains = np.maximum(y[:, 0] - 0.3, 0) - max(0, y[:, 0].mean() - 0.3 > 0) * (y[:, 0] - 0.3)
    each = np.array([gains[part == one].mean() for one in range(8)])
    assert table.evpi_ci.sel(output="p").values == pytest.approx(student_t(each, gains.mean()), abs=1e-12)


# Regression


def test_a_row_does_not_see_its_own_output() -> None:
    random = np.random.default_rng(6)
    x = np.column_stack([random.normal(size=400), random.integers(0, 4, size=400)])
    y = x[:, :1] + random.normal(size=(400, 1))
    moved = y.copy()
    moved[17] += 7.0
    before, after = cross_fitted_means(x, y), cross_fitted_means(x, moved)
    assert after[:, 17] == pytest.approx(before[:, 17], abs=1e-9)
    assert np.abs(after - before).max() > 0.01


def test_shapes_of_many_kinds_are_found() -> None:
    """Root mean square errors, against a noise of 1: d functions fitted to 3 200 rows leave sqrt(d / 3 200), 0.08 for 19."""
    random = np.random.default_rng(7)
    x = random.random((4000, 5))
    x[:, 4] = random.permutation(np.arange(4000)) % 7  # few values without an order
    table = np.array([0.0, 3.0, -1.0, 2.0, -2.0, 1.0, -3.0])
    truth = [np.sin(12 * x[:, 0]), 2 * (x[:, 1] > 0.4), np.zeros(4000), 3 * x[:, 3], table[x[:, 4].astype(int)]]
    noise = random.normal(size=4000)
    for place, mean in enumerate(truth):
        fitted = cross_fitted_means(x, (mean + noise)[:, None])[place, :, 0]
        limit = 0.25 if place == 1 else 0.1  # a spline cannot follow a jump within its piece
        assert np.sqrt(((fitted - mean) ** 2).mean()) < limit


def test_a_fixed_input_has_the_mean_of_the_others() -> None:
    y = np.array([[1.0], [2.0], [4.0], [8.0], [3.0]])
    means = cross_fitted_means(np.column_stack([np.arange(5.0), np.zeros(5)]), y)
    assert np.isfinite(means).all()
    assert means[1] == pytest.approx((y.sum() - y) / 4)  # each row is a fold by itself


def test_values_without_an_effect_have_one_mean() -> None:
    random = np.random.default_rng(10)
    means = cross_fitted_means(random.integers(0, 40, size=(2000, 1)) * 1.0, random.normal(size=(2000, 1)))
    assert len(np.unique(means)) == information.FOLDS


@pytest.mark.parametrize("rows", [4, 5, 9, 10, 19, 20, 159, 160])
def test_small_samples(rows: int) -> None:
    """A straight line comes back from any number of rows that leaves two for its fit, on the scale of normal scores."""
    score = norm.ppf((np.arange(rows) + 0.5) / rows)
    means = cross_fitted_means(score[:, None], 3 + 2 * score[:, None])
    assert means[0] == pytest.approx(3 + 2 * score[:, None], abs=1e-8)


# The real model


def test_the_model_against_its_closed_form(base: Prepared) -> None:
    """Freed FTE are multilinear: E[Y | X_u] is the model with all others at their means. Its variance is the closed first-order
    one, and both ways to the EVPPI of an input agree within 5 standard errors of the regression.
    """
    levels = np.random.default_rng(8).random((4096, len(base.inputs)))
    values = np.column_stack([quantile(one.distribution, levels[:, place]) for place, one in enumerate(base.inputs)])
    output, threshold = evaluated_total(base, values), 92.0
    names = ["technology", "national", "demography.migration"]
    groups = np.array([base.group(name) for name in names])
    means = np.stack([evaluated_total(base, np.where(group, values, base.moments.mean)) for group in groups])
    variance, first, _ = exact_indices(base.structure, base.moments, base.weights, groups)
    at = base.years.index(2040)
    assert means.var(axis=1) == pytest.approx(first[:, at, 0] * variance[at, 0], rel=0.15)  # five standard errors
    closed = expected_value_of_partial_perfect_information(output, threshold, names, conditional_means=means)
    found = expected_value_of_partial_perfect_information(
        output, threshold, names, values=values[:, base.at(*names)], unit="thousand FTE"
    )
    error = errors_of(found.evppi_ci.values[0])
    assert (np.abs(found.evppi.values - closed.evppi.values)[0] <= 5 * error + 1e-3).all()
    assert closed.evppi.values[0, 0] > 0.1
    assert found.evppi.attrs["units"] == "thousand FTE"


# What cannot be used


def test_wrong_arguments() -> None:
    x, y = np.random.default_rng(9).random((8, 2)), np.arange(8.0)
    evppi = expected_value_of_partial_perfect_information
    with pytest.raises(ValueError, match="either"):
        evppi(y, 0.0, labels(2))
    with pytest.raises(ValueError, match="either"):
        evppi(y, 0.0, labels(2), values=x, conditional_means=x.T)
    with pytest.raises(ValueError, match=r"\(2, 7\)"):
        evppi(y, 0.0, labels(2), conditional_means=x.T[:, :7])
    with pytest.raises(NonFiniteError, match="1 of 1 thresholds"):
        evppi(y, np.nan, labels(2), values=x)
    x[2, 1] = np.nan
    with pytest.raises(NonFiniteError, match="1 of 16 conditional means"):
        evppi(y, 0.0, labels(2), conditional_means=x.T)
    y[0] = np.nan
    with pytest.raises(NonFiniteError, match="1 of 8 outputs"):
        evppi(y, 0.0, labels(2), conditional_means=np.zeros((2, 8)))
