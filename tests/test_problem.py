"""Inputs, groups and problems of SALib as the user gives them, and every mistake in them."""

from __future__ import annotations

import copy
import json
from typing import Any

import numpy as np
import pytest
from scipy import stats

from simulator.distributions import Distribution, quantile, scale, shift
from simulator.errors import InputError
from simulator.sensitivity.problem import as_distribution, make_problem, stated

LEVELS = np.concatenate([[2.0**-33, 1 - 2.0**-33], (np.arange(500) + 0.5) / 500])
SALIB: dict[str, Any] = {
    "num_vars": 9,
    "names": list("abcdefghi"),
    "bounds": [[0, 2], [1, 10], [1, 3, 0.25], [5, 2], [0, 2, 1, 0.5], [0, 0.5], [2, 3], [1.5, 2, 1], [-3, -2]],
    "dists": ["unif", "logunif", "triang", "norm", "truncnorm", "lognorm", "weibull", "weibull", "unif"],
    "groups": list("uuvvwwxxx"),
    "outputs": ["cost"],
}
INPUTS = {"x1": (0, 1), "x2": (0, 1), "x3": (0, 1)}


def made(value: Any) -> Distribution:
    return as_distribution(value, "inputs, 'x'")


@pytest.mark.parametrize("place", range(9), ids=SALIB["dists"])
def test_distributions_of_salib(place: int) -> None:
    """Against its own scaling. Quantiles far out in a tail, by two formulas: 1e-9 of their size, or of the spread."""
    from SALib.util import scale_samples

    problem = make_problem(SALIB, None)
    theirs = scale_samples(np.tile(LEVELS[:, None], 9), copy.deepcopy(SALIB))[:, place]
    ours = quantile(problem.distributions[place], LEVELS)
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9)


def test_uniform_inputs_of_salib_need_no_kind() -> None:
    problem = make_problem({"names": ["a", "b"], "bounds": [[0, 1], [2, 4]]}, None)
    assert (problem.names, problem.groups, problem.grouped, problem.outputs) == (("a", "b"), ("a", "b"), False, None)
    assert problem.distributions[1] == made((2, 4))


def test_a_problem_of_salib_is_read_and_left_as_it_was() -> None:
    given = copy.deepcopy(SALIB)
    problem = make_problem(given, None)
    assert given == SALIB
    assert problem.groups == ("u", "v", "w", "x")
    assert problem.members.sum(axis=1).tolist() == [2, 2, 2, 3]
    assert problem.outputs == ("cost",)
    assert make_problem(SALIB, {"all": list("abcdefghi")}).groups == ("all",)


def test_the_old_triangle_of_salib_starts_at_zero() -> None:
    problem = make_problem({"names": ["a"], "bounds": [[3, 0.5]], "dists": ["triang"]}, None)
    assert problem.distributions[0] == made({"kind": "triangular", "low": 0, "mode": 1.5, "high": 3})


@pytest.mark.parametrize(
    "frozen",
    [
        stats.gamma(2.0, scale=3.0),
        stats.norm(1, 2),
        stats.uniform(loc=-1, scale=3),
        stats.beta(2, 3, 4, 5),
        stats.poisson(3.5),
        stats.binom(10, 0.25, loc=1),
    ],
    ids=lambda frozen: frozen.dist.name,
)
def test_frozen_distributions_of_scipy(frozen: Any) -> None:
    distribution = made(frozen)
    np.testing.assert_array_equal(quantile(distribution, LEVELS), frozen.ppf(LEVELS))
    again = made(json.loads(json.dumps(stated(distribution))))
    np.testing.assert_array_equal(quantile(again, LEVELS), frozen.ppf(LEVELS))
    assert distribution.form.mean() == pytest.approx(frozen.mean(), rel=1e-9)
    assert distribution.form.variance() == pytest.approx(frozen.var(), rel=1e-7)  # steps end at the levels 2**-34
    assert distribution.form.tails(np.array([2.0]))[0] == pytest.approx(frozen.cdf(2.0), abs=1e-9)


@pytest.mark.parametrize(
    "value",
    [
        (1, 2.5),
        {"kind": "pert", "low": 0, "mode": 1, "high": 4},
        {"kind": "mixture", "components": [{"kind": "fixed", "value": 1}, {"kind": "uniform", "low": 0, "high": 1}],
         "weights": [0.5, 0.5]},
        shift(scale(made((0, 1)), -2.0), 5.0),
    ],
    ids=["pair", "table", "mixture", "moved"],
)  # fmt: skip
def test_a_distribution_can_be_stated_and_read_again(value: Any) -> None:
    distribution = made(value)
    assert made(json.loads(json.dumps(stated(distribution)))) == distribution


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ((1, 0), "1 is above high"),
        ((0, 1, 2), "is not a distribution"),
        ("uniform", "is not a distribution"),
        (stats.norm, "is not a distribution"),
        ({"kind": "gauss"}, "no kind 'gauss'"),
        ({"kind": "normal", "mean": 0}, "'sd': it is missing"),
        ({"kind": "scipy", "family": "nonsense", "arguments": []}, "scipy.stats cannot make it"),
        (stats.cauchy(), "not one distribution with a finite variance"),
        (stats.norm([0, 1]), "not one distribution with a finite variance"),
        (stats.norm(0, -1), "not one distribution with a finite variance"),
        (stats.poisson(1e7), "more than 10000 values"),
    ],
)
def test_what_is_no_distribution_is_refused(value: Any, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        make_problem({"wage": value}, None)
    assert caught.value.place.startswith("inputs, 'wage'")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"num_vars": 8}, "key 'num_vars': 8, beside 9 names"),
        ({"bounds": [[0, 1]]}, "key 'bounds': 1, beside 9 names"),
        ({"dists": ["unif"]}, "key 'dists': 1, beside 9 names"),
        ({"names": list("abcdefgha")}, "a name stands twice"),
        ({"dists": ["gauss", *SALIB["dists"][1:]]}, "no kind 'gauss'"),
        ({"bounds": [[0, 1, 2], *SALIB["bounds"][1:]]}, "where 'unif' has 2 numbers"),
        ({"bounds": [["a", 1], *SALIB["bounds"][1:]]}, "could not convert"),
        ({"bounds": [[0, float("nan")], *SALIB["bounds"][1:]]}, "not finite"),
        ({"bounds": [[3, 2], *SALIB["bounds"][1:]]}, "3 is above high"),
        ({"groups": ["u"]}, "1 names, beside 9 inputs"),
        ({"groups": "uuvvwwxxx"}, "not a list of names"),
        ({"outputs": [1]}, "not a list of names"),
    ],
)
def test_a_wrong_problem_of_salib_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        make_problem(SALIB | change, None)


@pytest.mark.parametrize("inputs", [{}, None, [("x", (0, 1))], {"": (0, 1)}, {1: (0, 1)}])
def test_inputs_are_named(inputs: Any) -> None:
    with pytest.raises(InputError, match="inputs"):
        make_problem(inputs, None)


def test_groups_by_name_and_by_input_are_the_same() -> None:
    by_name, by_input = make_problem(INPUTS, {"u": ["x1", "x3"]}), make_problem(INPUTS, ["u", "x2", "u"])
    assert by_name.groups == by_input.groups == ("u", "x2")
    np.testing.assert_array_equal(by_name.members, [[True, False, True], [False, True, False]])
    np.testing.assert_array_equal(by_name.members, by_input.members)


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        ({"u": ["x1", "x4"]}, "there is no input 'x4'. Known are"),
        ({"u": ["x1"], "v": ["x1"]}, "'x1' stands in 'u' too"),
        ({"u": "x1"}, "not a list of inputs"),
        ({"u": []}, "not a list of inputs"),
        ({"x2": ["x1"]}, "an input of this name stands in no group"),
        (["u", "v"], "2 names, beside 3 inputs"),
        (["u", "v", 3], "not a list of names"),
    ],
)
def test_wrong_groups_are_refused(groups: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        make_problem(INPUTS, groups)
