"""Intervals from replicates against scipy's Student t, and their coverage."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from simulator.intervals import student_t


@pytest.mark.parametrize("coverage", [0.5, 0.9, 0.95, 0.999])
@pytest.mark.parametrize("count", [2, 3, 16, 1024])
def test_intervals_are_those_of_scipy(count: int, coverage: float) -> None:
    """Two computations of the same quantile of t: 1e-9 of the half width, which has far more digits than needed."""
    replicates = np.random.default_rng(count).normal(3, 2, size=(count, 4, 5))
    value = replicates.mean(axis=0)
    ours = student_t(replicates, value, coverage)
    theirs = stats.t.interval(coverage, count - 1, loc=value, scale=stats.sem(replicates, axis=0))
    half_width = (theirs[1] - theirs[0]) / 2
    assert ours.shape == (4, 5, 2)
    assert (np.abs(ours - np.stack(theirs, axis=-1)) <= 1e-9 * half_width[..., None]).all()


def test_the_interval_lies_around_the_estimate_from_all_together() -> None:
    """Which for a ratio or a quantile is not the mean of the replicates."""
    replicates = np.array([1.0, 2.0, 3.0])
    lower, upper = student_t(replicates, np.array(2.5))
    assert (lower + upper) / 2 == pytest.approx(2.5)
    assert upper - lower == pytest.approx(2 * stats.t.ppf(0.975, 2) / np.sqrt(3))


@pytest.mark.parametrize("coverage", [0.8, 0.95])
@pytest.mark.parametrize("count", [2, 8, 16])
def test_coverage_is_as_stated(count: int, coverage: float) -> None:
    """1 000 repetitions with normal replicates. The number that covers the truth is binomial; beyond 4 standard
    deviations it comes with one seed in 10 000. (Normal quantiles in place of Student's would cover 70 % with two
    replicates and 91 % with eight.)
    """
    repetitions = 1000
    replicates = np.random.default_rng(17).normal(size=(count, repetitions))
    interval = student_t(replicates, replicates.mean(axis=0), coverage)
    covered = ((interval[:, 0] <= 0) & (interval[:, 1] >= 0)).sum()
    spread = np.sqrt(repetitions * coverage * (1 - coverage))
    assert abs(covered - repetitions * coverage) < 4 * spread


def test_one_replicate_has_no_interval() -> None:
    interval = student_t(np.ones((1, 3)), np.ones(3))
    assert interval.shape == (3, 2)
    assert np.isnan(interval).all()


def test_equal_replicates_have_an_interval_of_no_width() -> None:
    np.testing.assert_array_equal(student_t(np.full((4, 2), 0.5), np.full(2, 0.5)), np.full((2, 2), 0.5))


def test_a_missing_replicate_shows() -> None:
    replicates = np.array([[1.0, 2.0], [1.5, np.nan], [0.5, 1.0]])
    np.testing.assert_array_equal(np.isnan(student_t(replicates, np.ones(2))), [[False, False], [True, True]])
