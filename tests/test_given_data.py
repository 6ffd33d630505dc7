"""Rank estimator: its formula, exact indices, coverage of its intervals, dependence, ties."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import Prepared
from hypothesis import given
from hypothesis import strategies as st
from problems import PROBLEMS, Problem, ishigami, linear_gaussian
from scipy.stats import qmc

from simulator.distributions import quantile
from simulator.intervals import student_t
from simulator.sensitivity import given_data
from simulator.sensitivity.exact import exact_indices
from simulator.sensitivity.given_data import mean_interval, parts_of, rank_first_order
from simulator.simulation import NonFiniteError

NAMES = [problem.name for problem in PROBLEMS]


def labels(count: int) -> list[str]:
    return [f"x{place}" for place in range(count)]


def first_of(values: np.ndarray, outputs: np.ndarray, **others: object) -> np.ndarray:
    return rank_first_order(values, outputs, labels(values.shape[1]), **others).first_order.values  # type: ignore[arg-type]


# Formula


def published(x: np.ndarray, y: np.ndarray) -> float:
    """Gamboa et al. (2022), section 2: N(i) is the row whose input comes next, and the first after the last."""
    rank = {int(row): place for place, row in enumerate(np.argsort(x))}
    row_at = {place: row for row, place in rank.items()}
    total = sum(y[row] * y[row_at[(rank[row] + 1) % len(x)]] for row in range(len(x)))
    return float((total / len(x) - y.mean() ** 2) / ((y**2).mean() - y.mean() ** 2))


def test_it_is_the_published_estimator_but_for_the_pair_of_both_ends() -> None:
    random = np.random.default_rng(1)
    x, y = random.normal(size=12), random.normal(size=12) + 3
    first, last = y[np.argmin(x)] - y.mean(), y[np.argmax(x)] - y.mean()
    ends = ((first**2 + last**2) / 2 - first * last) / (12 * y.var())
    assert first_of(x[:, None], y)[0, 0] == pytest.approx(published(x, y) + ends, abs=1e-12)


def test_it_is_one_less_the_squares_of_the_steps() -> None:
    x, y = np.array([3.0, 1.0, 2.0, 5.0, 4.0]), np.array([0.0, 1.0, 5.0, 2.0, 2.0])
    steps = (5 - 1) ** 2 + (0 - 5) ** 2 + (2 - 0) ** 2 + 0
    assert first_of(x[:, None], y)[0, 0] == pytest.approx(1 - steps / (2 * 5 * y.var()), abs=1e-14)


@given(st.integers(0, 2**31), st.floats(0.01, 100), st.floats(-100, 100))
def test_only_ranks_of_inputs_and_shape_of_outputs_matter(seed: int, scale: float, offset: float) -> None:
    random = np.random.default_rng(seed)
    x, y = random.normal(size=(30, 3)), random.normal(size=30)
    base = first_of(x, y)
    assert (first_of(np.exp(x), y) == base).all()
    assert first_of(x, scale * y + offset) == pytest.approx(base, abs=1e-9)
    order = random.permutation(30)
    assert first_of(x[order], y[order]) == pytest.approx(base, abs=1e-9)


def test_outputs_side_by_side_are_as_one_by_one() -> None:
    random = np.random.default_rng(2)
    x, y = random.random((200, 4)), random.normal(size=(200, 3))
    together = rank_first_order(x, y, labels(4), ["a", "b", "c"])
    for place, name in enumerate("abc"):
        alone = rank_first_order(x, y[:, place], labels(4))
        for variable in ("first_order", "first_order_ci"):
            assert together[variable].sel(output=name).values == pytest.approx(alone[variable].values[0], abs=1e-12)


# Against exact indices


@pytest.mark.parametrize("problem", PROBLEMS, ids=NAMES)
def test_it_comes_to_the_exact_indices(problem: Problem) -> None:
    """Within 6 standard errors, and these are below 1.6 / sqrt(n)."""
    levels = np.random.default_rng(3).random((2**14, problem.dimension))
    table = rank_first_order(levels, problem.at_levels(levels), labels(problem.dimension))
    lower, upper = np.moveaxis(table.first_order_ci.values[0], -1, 0)
    error = (upper - lower) / 2 / 1.96
    assert (error < 1.6 / 2**7).all()
    assert (np.abs(table.first_order.values[0] - problem.first_order) <= 6 * error).all()


@pytest.mark.parametrize("problem", [PROBLEMS[0], PROBLEMS[-1]], ids=[NAMES[0], NAMES[-1]])
def test_intervals_cover(problem: Problem) -> None:
    """Of 300 intervals of 95 %, at least 88 % and at most 99 % hold the truth: the standard error of the share is 1.3 %, and
    with 1 000 rows the intervals fall short by up to 3 points. Bounds off by a third would be outside on either side.
    """
    held = []
    for seed in range(300):
        levels = np.random.default_rng(seed).random((1000, problem.dimension))
        interval = rank_first_order(levels, problem.at_levels(levels), labels(problem.dimension)).first_order_ci.values[
            0
        ]
        held.append((interval[:, 0] <= problem.first_order) & (problem.first_order <= interval[:, 1]))
    share = np.mean(held, axis=0)
    assert (share >= 0.88).all()
    assert (share <= 0.99).all()


def test_the_variance_of_the_estimator() -> None:
    """Mean estimated variance by that over 1 500 samples (known to 4 %), where what neighbours share matters: without the
    lags the ratio would be 1.4 and 3.2, with the first lag alone 2.1 and 1.5.
    """
    estimates, variances = [], []
    for seed in range(1500):
        random = np.random.default_rng(seed)
        x, noise = random.random(400), 0.5 * random.normal(size=400)
        y = np.column_stack([3 * (x > 0.9) + noise, 16 * (x - 0.5) ** 2 + noise])
        order = np.argsort(x)
        variances.append(given_data.rank_variance((y - y.mean(axis=0))[order]))
        estimates.append(1 - (np.diff(y[order], axis=0) ** 2).sum(axis=0) / (2 * 400 * y.var(axis=0)))
    assert np.mean(variances, axis=0) / np.var(estimates, axis=0) == pytest.approx([1, 1], abs=0.15)


def test_without_the_pair_of_both_ends_there_is_no_bias() -> None:
    """Mean over 400 samples of 256 rows, of a normal input of index 0.66: within 4 standard errors, less than the 0.04 by which
    the published form is off.
    """
    problem, estimates = linear_gaussian((1.0, -2.0, 0.5), (1.0, 0.5, 4.0)), []
    for seed in range(400):
        levels = np.random.default_rng(seed).random((256, 3))
        estimates.append(first_of(levels, problem.at_levels(levels))[0, 2])
    error = np.std(estimates) / 20
    assert error < 0.005
    assert abs(np.mean(estimates) - problem.first_order[2]) < 4 * error


@pytest.mark.parametrize("correlation", [-0.5, 0.6])
def test_dependent_inputs(correlation: float) -> None:
    """Y = X1 + X2 of correlated normal inputs: S = (1 + r) / 2; X3 has no effect, but correlates with X1."""
    random = np.random.default_rng(4)
    x1, noise, third = random.normal(size=(3, 2**14))
    rest = np.sqrt(1 - correlation**2)
    x2, x3 = correlation * x1 + rest * noise, correlation * x1 + rest * third
    table = rank_first_order(np.column_stack([x1, x2, x3]), x1 + x2, labels(3))
    own = (1 + correlation) / 2
    expected = np.array([own, own, own * correlation**2])
    error = np.ptp(table.first_order_ci.values[0], axis=-1) / 2 / 1.96
    assert (error < 0.012).all()
    assert (np.abs(table.first_order.values[0] - expected) <= 5 * error).all()


def test_the_model_against_its_closed_form(base: Prepared) -> None:
    """All inputs of the real model, the total in 2040: within 5 standard errors of the closed form."""
    levels = np.random.default_rng(5).random((4096, len(base.inputs)))
    values = np.column_stack([quantile(one.distribution, levels[:, place]) for place, one in enumerate(base.inputs)])
    model = evaluated_total(base, values)
    _, exact, _ = exact_indices(base.structure, base.moments, base.weights, np.eye(len(base.inputs), dtype=bool))
    table = rank_first_order(values, model, base.names)
    error = np.ptp(table.first_order_ci.values[0], axis=-1) / 2 / 1.96
    live = np.ptp(values, axis=0) > 0
    assert (table.first_order.values[0][~live] == 0).all()
    assert (np.abs(table.first_order.values[0] - exact[:, base.years.index(2040), 0]) <= 5 * error)[live].all()


def evaluated_total(base: Prepared, values: np.ndarray) -> np.ndarray:
    from simulator.potential import evaluate

    assert (base.rows[0].quantity, base.rows[0].dimension) == ("freed_fte", "")
    data = evaluate(base.evidence, base.names, base.years, base.start, values)
    return np.asarray(data["freed_fte"].sel(year=2040).values)


# Ties, fixed inputs, outputs that do not vary


def test_equal_values_stand_in_random_order() -> None:
    """Rows sorted by the output: kept in that order, ties would look like an effect of almost 1."""
    output = np.sort(np.random.default_rng(6).normal(size=4000))
    coin = np.random.default_rng(7).integers(0, 2, size=(4000, 1)) * 1.0
    assert abs(first_of(coin, output)[0, 0]) < 5 / np.sqrt(4000)
    assert first_of(coin, output, seed=0) == first_of(coin, output, seed=0)
    assert first_of(coin, output, seed=0) != first_of(coin, output, seed=1)


def test_a_discrete_input_has_its_index() -> None:
    """Y = 2 X + Z with X of two values: 4 / 4 of 2 in all."""
    random = np.random.default_rng(8)
    coin, noise = random.integers(0, 2, size=2**14) * 1.0, random.normal(size=2**14)
    table = rank_first_order(np.column_stack([coin, noise]), 2 * coin + noise, labels(2))
    error = np.ptp(table.first_order_ci.values[0], axis=-1) / 2 / 1.96
    assert (error < 0.01).all()
    assert (np.abs(table.first_order.values[0] - 0.5) <= 5 * error).all()


def test_a_fixed_input_has_exactly_zero() -> None:
    random = np.random.default_rng(9)
    x = np.column_stack([random.random(64), np.full(64, 0.1)])
    table = rank_first_order(x, x[:, 0], labels(2), replicate=np.arange(64) % 4)
    assert table.first_order.values[0, 1] == 0
    assert table.first_order_ci.values[0, 1].tolist() == [0, 0]
    assert table.first_order.values[0, 0] > 0.9


def test_an_output_that_does_not_vary_has_no_index() -> None:
    x = np.random.default_rng(10).random((64, 2))
    for same in (np.zeros(64), np.full(64, 0.1), 1 + 1e-15 * x[:, 0]):
        table = rank_first_order(x, np.column_stack([x[:, 0], same]), labels(2))
        assert np.isnan(table.first_order.values[1]).all()
        assert np.isnan(table.first_order_ci.values[1]).all()
        assert np.isfinite(table.first_order.values[0]).all()


# Replicates


def net_sample(problem: Problem, replicates: int, bits: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Levels, outputs and labels of independent scrambles of a Sobol' net."""
    nets = [qmc.Sobol(problem.dimension, rng=np.random.default_rng(seed)) for seed in range(replicates)]
    levels = np.concatenate([net.random_base2(bits) for net in nets])
    return levels, problem.at_levels(levels), np.repeat(np.arange(replicates), 2**bits)


def test_replicates_give_the_interval() -> None:
    problem = ishigami()
    levels, outputs, label = net_sample(problem, 16, 8)
    shuffled = np.random.default_rng(11).permutation(len(label))
    table = rank_first_order(levels[shuffled], outputs[shuffled], labels(3), replicate=label[shuffled])
    each = np.stack([first_of(levels[label == one], outputs[label == one]) for one in range(16)])
    assert table.first_order_ci.values == pytest.approx(student_t(each, table.first_order.values), abs=1e-12)
    error = each.std(axis=0, ddof=1)[0] / 4
    assert (np.abs(table.first_order.values[0] - problem.first_order) <= 6 * error).all()


def test_interval_of_a_mean() -> None:
    terms = np.random.default_rng(12).normal(size=(40, 3))
    expected = 1.959964 * terms.std(axis=0, ddof=1) / np.sqrt(40)
    interval = mean_interval(terms, parts_of(None, 40))
    assert interval[:, 1] - terms.mean(axis=0) == pytest.approx(expected, rel=1e-6)
    labelled = mean_interval(terms, parts_of(np.repeat(["b", "a"], 20), 40))
    halves = np.stack([terms[20:].mean(axis=0), terms[:20].mean(axis=0)])
    assert labelled == pytest.approx(student_t(halves, terms.mean(axis=0)), abs=1e-12)


# What cannot be used


def test_non_finite_numbers_are_refused_with_their_number() -> None:
    x, y = np.random.default_rng(13).random((8, 2)), np.arange(8.0)
    x[3, 1], x[5, 0] = np.nan, np.inf
    with pytest.raises(NonFiniteError, match=r"2 of 16 values of inputs .* \(nan\) in row 3, column 'b'"):
        rank_first_order(x, y, ["a", "b"])
    y[6] = -np.inf
    with pytest.raises(NonFiniteError, match=r"1 of 8 outputs .* \(-inf\) in row 6"):
        rank_first_order(np.ones((8, 1)), y, ["a"])


@pytest.mark.parametrize(
    ("values", "outputs", "others", "said"),
    [
        (np.zeros((8, 2)), np.zeros(7), {}, r"\(8, 2\)"),
        (np.zeros((8, 3)), np.zeros(8), {}, r"\(8, 3\)"),
        (np.zeros(8), np.zeros(8), {}, r"\(8,\)"),
        (np.zeros((3, 2)), np.zeros(3), {}, "3 rows"),
        (np.zeros((8, 2)), np.zeros(8), {"replicate": np.arange(7)}, r"shape \(7,\)"),
        (np.zeros((8, 2)), np.zeros(8), {"replicate": np.arange(8) // 3}, "a replicate of 2 rows"),
        (np.arange(16.0).reshape(8, 2), np.arange(8.0), {"output_names": ["a", "b"]}, "2 names for 1 outputs"),
    ],
)
def test_shapes_that_do_not_fit(values: np.ndarray, outputs: np.ndarray, others: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        rank_first_order(values, outputs, labels(2), **others)  # type: ignore[arg-type]


def test_labels_and_attributes() -> None:
    x = np.random.default_rng(14).random((32, 2))
    table = rank_first_order(x, x, ["a", "b"], ["p", "q"])
    assert dict(table.sizes) == {"output": 2, "input": 2, "ci_bound": 2}
    assert table.ci_bound.values.tolist() == ["lower", "upper"]
    for variable in table.values():
        assert variable.attrs["units"] == "1"
        assert "rank" in variable.attrs["long_name"]
    assert all(isinstance(value, str | int | float) for value in table.attrs.values())
