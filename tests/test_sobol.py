"""Sobol' indices of any function: against exact ones, SALib, and all that can go wrong in a user's function."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import pytest
import xarray as xr
from problems import PROBLEMS, Problem, ishigami, sobol_g

from simulator import sensitivity
from simulator.errors import InputError
from simulator.sensitivity import NonFiniteOutputError, black_box, sobol
from simulator.sensitivity.estimators import ESTIMATORS
from simulator.sensitivity.hybrids import block_values, make_plan, nets
from simulator.simulation import NonFiniteError

ISHIGAMI, UNIT = ishigami(), (0.0, 1.0)
IDS = [problem.name for problem in PROBLEMS]
STUDENT = 2.1314  # 97.5 % quantile of t with 15 degrees of freedom: half a 95 % interval in standard errors


def inputs_of(problem: Problem) -> dict[str, tuple[float, float]]:
    return {f"x{i + 1}": UNIT for i in range(problem.dimension)}


def indices(problem: Problem, **arguments: Any) -> xr.Dataset:
    return sobol(problem.at_levels, inputs_of(problem), **arguments)


def away(result: xr.Dataset, name: str, truth: Any) -> np.ndarray:
    """Distance from the truth in standard errors."""
    error = (result[f"{name}_ci"][..., 1] - result[f"{name}_ci"][..., 0]).values / (2 * STUDENT)
    return np.abs(result[name].values - np.array(truth)) / np.maximum(error, 1e-12)


# Against exact indices. Tolerance: 7 standard errors; t with 15 degrees of freedom is farther out with probability 4e-6.


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("problem", PROBLEMS, ids=IDS)
def test_indices_come_to_the_exact_ones(problem: Problem, estimator: str) -> None:
    result = indices(problem, points=2**8, estimator=estimator)
    assert (away(result, "first_order", problem.first_order) < 7).all()
    assert (away(result, "total_order", problem.total_order) < 7).all()
    assert (away(result, "mean", problem.mean) < 7).all()
    assert (away(result, "variance", problem.variance) < 7).all()
    assert float(np.abs(result.first_order.values - problem.first_order).max()) < 0.05
    assert result.first_order.dims == ("output", "input")
    assert result.total_order_ci.dims == ("output", "input", "ci_bound")
    assert result.attrs["estimator"] == estimator


@pytest.mark.parametrize("problem", PROBLEMS, ids=IDS)
def test_second_order_comes_to_the_exact_one(problem: Problem) -> None:
    """Of pairs: the variance of the interaction alone, which for two inputs of a product is that of their own effects'."""
    result = indices(problem, points=2**8, second_order=True)
    own = np.array(problem.first_order) * problem.variance
    truth = np.zeros((problem.dimension,) * 2)
    if problem.name.startswith("ishigami"):
        truth[0, 2] = truth[2, 0] = problem.total_order[2]
    elif problem.name.startswith("sobol"):
        truth = np.outer(own, own) / problem.variance
    pairs = ~np.eye(problem.dimension, dtype=bool)
    assert (away(result, "second_order", truth)[0, pairs] < 7).all()
    found = result.second_order.values[0]
    np.testing.assert_array_equal(found, found.T)
    assert np.isnan(np.diag(found)).all()
    assert result.second_order.dims == ("output", "input", "other")
    assert result.attrs["estimator"] == "symmetric"


@pytest.mark.parametrize("second_order", [False, True])
def test_intervals_hold_the_exact_indices(second_order: bool) -> None:
    """120 runs of 16 scrambles of 64 points. If 95 % hold, fewer than 105 do with probability 2e-3 for one index; seeds are
    fixed.
    """
    held = []
    for seed in range(120):
        result = indices(ISHIGAMI, points=64, seed=seed, workers=1, second_order=second_order)
        for name in ("first_order", "total_order"):
            bounds, truth = result[f"{name}_ci"].values[0], np.array(getattr(ISHIGAMI, name))
            held.append((bounds[:, 0] <= truth) & (truth <= bounds[:, 1]))
    counts = np.reshape(held, (120, -1)).sum(axis=0)
    assert (counts >= 105).all(), counts
    assert counts.mean() < 119


@pytest.mark.parametrize(
    "problem", [ISHIGAMI, sobol_g((0.0, 1.0, 4.5, 9.0, 99.0, 99.0, 99.0, 99.0))], ids=["ishigami", "g"]
)
def test_one_net_is_at_least_as_exact_as_salib(problem: Problem) -> None:
    """Root mean square error over all indices, geometric mean over 30 seeds."""
    from SALib.analyze import sobol as analyze
    from SALib.sample import sobol as sampling

    spec = {"num_vars": problem.dimension, "names": list(inputs_of(problem)), "bounds": [[0, 1]] * problem.dimension}
    truth, errors = np.array([problem.first_order, problem.total_order]), []
    for seed in range(30):
        levels = sampling.sample(spec, 512, calc_second_order=False, seed=seed)
        theirs = analyze.analyze(spec, problem.at_levels(levels), calc_second_order=False, num_resamples=2, seed=1)
        ours = indices(problem, points=512, replicates=1, seed=seed, workers=1)
        found = [ours.first_order.values[0], ours.total_order.values[0]]
        errors.append([np.mean((found - truth) ** 2), np.mean(([theirs["S1"], theirs["ST"]] - truth) ** 2)])
    ours_mean, theirs_mean = np.exp(np.log(errors).mean(axis=0) / 2)
    assert ours_mean < 1.05 * theirs_mean


def test_groups_have_the_index_of_all_their_effects() -> None:
    """x1 and x3 together have all of the variance that is not of x2."""
    groups = ["main", "x2", "main"]
    result = indices(ISHIGAMI, points=2**8, groups={"main": ["x1", "x3"]}, second_order=True)
    assert result.first_order.dims == ("output", "group")
    truth = [1 - ISHIGAMI.first_order[1], ISHIGAMI.first_order[1]]
    assert (away(result, "first_order", truth) < 7).all()
    assert (away(result, "total_order", truth) < 7).all()
    assert result.group.values.tolist() == result.other.values.tolist() == ["main", "x2"]
    xr.testing.assert_identical(indices(ISHIGAMI, points=2**8, groups=groups, second_order=True), result)


# The design


def test_the_function_is_called_as_often_as_said() -> None:
    for arguments, matrices in (
        ({}, 5),
        ({"second_order": True}, 8),
        ({"estimator": "owen"}, 8),
        ({"groups": ["a"] * 3}, 3),
    ):
        rows: list[int] = []

        def counted(x: np.ndarray, rows: list[int] = rows) -> np.ndarray:
            rows.append(len(x))
            return ISHIGAMI.at_levels(x)

        result = sobol(counted, inputs_of(ISHIGAMI), points=2**7, replicates=3, workers=1, **arguments)
        assert sum(rows) == result.attrs["evaluations"] == 3 * 2**7 * matrices


def test_points_are_nets_and_hybrids_take_their_group() -> None:
    """Every input has one point in each of 2^6 equal intervals, at A, B and C."""
    plan = make_plan(inputs_of(ISHIGAMI), 64, 2, 5, ["u", "v", "u"], False, "owen")
    for net in nets(plan, 6):
        values = block_values(plan.problem, 3, net, 0, 64)
        assert (np.sort(np.floor(values * 64), axis=2) == np.arange(64)).all()
    assert plan.matrices == ("A", "B", "AC[u]", "AC[v]", "BA[u]", "BA[v]")


def test_runs_of_points_are_those_of_the_whole() -> None:
    plan = make_plan(inputs_of(ISHIGAMI), 64, 1, 5, None, False, None)
    whole = block_values(plan.problem, 2, next(nets(plan, 6)), 0, 64)
    net = next(nets(plan, 4))
    for first, points in ((0, 16), (16, 16), (48, 16), (5, 11), (40, 8)):
        part = block_values(plan.problem, 2, net, first, points)
        np.testing.assert_array_equal(part, whole[:, :, first : first + points])


@pytest.mark.parametrize("arguments", [{}, {"second_order": True}, {"estimator": "owen"}], ids=str)
def test_bits_do_not_depend_on_workers(arguments: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(black_box, "BLOCK_BITS", 4)  # so that there are many blocks
    one = indices(ISHIGAMI, points=2**8, replicates=3, workers=1, **arguments)
    for workers in (2, 5, None):
        xr.testing.assert_identical(indices(ISHIGAMI, points=2**8, replicates=3, workers=workers, **arguments), one)


def test_blocks_change_no_more_than_rounding(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = indices(ISHIGAMI, points=2**8, replicates=3)
    monkeypatch.setattr(black_box, "CALL", 64)
    xr.testing.assert_allclose(indices(ISHIGAMI, points=2**8, replicates=3), whole, rtol=1e-10)


def test_replicates_and_seeds_are_different_points() -> None:
    def first_values(**arguments: Any) -> np.ndarray:
        seen: list[np.ndarray] = []
        sobol(lambda x: seen.append(x.copy()) or x.sum(axis=1), {"a": UNIT}, points=8, workers=1, **arguments)
        return np.concatenate(seen)

    one = first_values(replicates=1)
    np.testing.assert_array_equal(first_values(replicates=2)[: len(one)], one)
    assert len(np.unique(first_values(replicates=40))) == 40 * 16  # more than are scrambled together
    assert not np.isin(first_values(replicates=1, seed=1), one).any()


def test_one_replicate_has_no_intervals() -> None:
    result = indices(ISHIGAMI, points=2**8, replicates=1)
    assert np.isfinite(result.total_order).all()
    assert all(np.isnan(result[f"{name}_ci"]).all() for name in ("mean", "variance", "first_order", "total_order"))
    assert result.attrs["missing"] == "no intervals: one replicate"


def test_an_inert_input_has_exactly_no_index() -> None:
    def inert(x: np.ndarray) -> np.ndarray:
        return np.sin(x[:, 0]) + x[:, 1] * x[:, 0]

    for estimator in ("controlled", "saltelli", "mauntz", "azzini", "symmetric", "owen"):
        result = sobol(inert, dict.fromkeys("abc", UNIT), points=2**7, replicates=4, estimator=estimator)
        for name in ("first_order", "first_order_ci", "total_order", "total_order_ci"):
            assert (result[name].sel(input="c") == 0).all(), (estimator, name)
            assert (result[name].sel(input="a") != 0).all()
    result = sobol(inert, dict.fromkeys("abc", UNIT), points=2**7, replicates=4, second_order=True)
    assert (result.second_order.sel(other="c", input=["a", "b"]) == 0).all()
    assert (result.second_order_ci.sel(input="c", other=["a", "b"]) == 0).all()


def test_a_fixed_input_has_exactly_no_index() -> None:
    inputs = {"a": UNIT, "b": {"kind": "fixed", "value": 3.0}}
    assert float(sobol(lambda x: x[:, 0] * x[:, 1], inputs, points=64).total_order.sel(input="b")[0]) == 0.0


def test_an_origin_far_away_changes_no_more_than_rounding() -> None:
    """At 10^6 standard deviations an output keeps ten digits of its variation."""
    moved = sobol(lambda x: ISHIGAMI.at_levels(x) + 4e6, inputs_of(ISHIGAMI), points=2**8)
    plain = indices(ISHIGAMI, points=2**8)
    np.testing.assert_allclose(moved.first_order, plain.first_order, rtol=0, atol=1e-8)
    np.testing.assert_allclose(moved.variance, plain.variance, rtol=1e-8)
    np.testing.assert_allclose(moved["mean"], plain["mean"] + 4e6, rtol=1e-14)


def test_memory_does_not_depend_on_the_number_of_points() -> None:
    def peak(points: int) -> int:
        tracemalloc.start()
        sobol(lambda x: x[:, :1] * np.arange(20), dict.fromkeys("abc", UNIT), points=points, replicates=1, workers=1)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(2**4)  # what is loaded at first
    assert peak(2**16) < 1.1 * peak(2**13)


# Outputs


def test_several_outputs_are_those_of_each() -> None:
    functions = (ISHIGAMI.at_levels, lambda x: x[:, 0] + 2 * x[:, 1], lambda x: (x[:, 2] > 0.5).astype(int))
    inputs = inputs_of(ISHIGAMI)
    together = sobol(lambda x: np.stack([one(x) for one in functions], axis=1), inputs, points=2**7, second_order=True)
    assert together.output.values.tolist() == ["y0", "y1", "y2"]
    for place, one in enumerate(functions):
        alone = sobol(one, inputs, points=2**7, second_order=True)
        assert alone.output.values.tolist() == ["y"]
        for name in alone.data_vars:
            np.testing.assert_allclose(together[name][place], alone[name][0], rtol=1e-9, atol=1e-12)


def test_outputs_of_salib_are_named() -> None:
    problem = {
        "num_vars": 2,
        "names": ["a", "b"],
        "bounds": [[0, 1]] * 2,
        "outputs": ["cost", "time"],
        "groups": ["u", "v"],
    }
    given = copy.deepcopy(problem)
    result = sobol(lambda x: x, problem, points=2**5)
    assert result.output.values.tolist() == ["cost", "time"]
    assert result.group.values.tolist() == ["u", "v"]
    assert problem == given
    with pytest.raises(InputError, match="2 names, beside 3 outputs"):
        sobol(lambda x: x @ np.ones((2, 3)), problem, points=2**5)


def test_an_output_without_variance_has_no_indices() -> None:
    def function(x: np.ndarray) -> np.ndarray:
        return np.stack([x[:, 0], np.full(len(x), 0.1), 0.1 + 1e-16 * np.round(x[:, 1]), np.zeros(len(x))], axis=1)

    result = sobol(function, {"a": UNIT, "b": UNIT}, points=2**5, second_order=True)
    assert result.attrs["missing"] == "no indices of y1, y2, y3: no variance"
    for name in ("first_order", "first_order_ci", "total_order", "second_order", "second_order_ci"):
        assert np.isnan(result[name][1:]).all()
    assert result.total_order[0].values.tolist() == [pytest.approx(1, abs=0.01), 0]
    assert result["mean"].values.tolist() == [pytest.approx(0.5, abs=0.01), 0.1, pytest.approx(0.1), 0]
    assert result.variance.values[1] == result.variance.values[3] == 0


def test_a_rare_event_has_indices_with_intervals() -> None:
    """A replicate in which it does not happen has no indices of its own: of 512 pairs some 0.65 meet it."""
    result = sobol(lambda x: x[:, 0] * x[:, 1] > 0.95, {"a": UNIT, "b": UNIT}, points=2**9, replicates=16)
    assert np.isfinite(result.total_order_ci).all()


@pytest.mark.parametrize("matrix", ["A", "B", "AB[a]", "AB[b]"])
def test_one_output_among_a_million_that_is_not_finite_is_found(matrix: str) -> None:
    plan = make_plan({"a": UNIT, "b": UNIT}, 2**14, 16, 0, None, False, None)
    *_, net = (net for net, _ in zip(nets(plan, 14), range(12), strict=False))
    pair = block_values(plan.problem, 2, net, 5000, 1)[..., 0]  # (inputs, sides)
    side = [matrix in ("B", "AB[a]"), matrix in ("B", "AB[b]")]
    values = dict(zip("ab", pair[[0, 1], np.int64(side)].tolist(), strict=True))

    def function(x: np.ndarray) -> np.ndarray:
        y = x.sum(axis=1)
        y[(x == list(values.values())).all(axis=1)] = np.nan
        x[:] = 7.0  # a function may use its values as scratch
        return y

    with pytest.raises(NonFiniteOutputError, match=r"1 of the .* outputs of a call are not finite") as caught:
        sobol(function, {"a": UNIT, "b": UNIT}, points=2**14)
    assert plan.evaluations == 2**20
    assert caught.value.place == f"replicate 11, point 5000, matrix {matrix}, output 'y'"
    assert caught.value.values == values
    assert isinstance(caught.value, NonFiniteError)
    assert f"a = {values['a']:.17g}" in str(caught.value)


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_all_that_are_not_finite_are_counted(value: float) -> None:
    with pytest.raises(NonFiniteOutputError, match=rf"16 of the 32 .* \({value}\); the first at .* point 0, .* 'y1'"):
        sobol(lambda x: x * [1, value], {"a": UNIT, "b": UNIT}, points=2**2, replicates=1)


def test_masked_outputs_are_missing_ones() -> None:
    with pytest.raises(NonFiniteOutputError):
        sobol(lambda x: np.ma.masked_greater(x[:, 0], 0.9), {"a": UNIT}, points=2**6)


def test_outputs_whose_squares_overflow_are_refused() -> None:
    for size in (1e200, 1.7e308):
        with pytest.raises(NonFiniteError, match="overflow"):
            sobol(lambda x, size=size: size * (2 * x[:, 0] - 1), {"a": UNIT}, points=2**5)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda x: x.T, r"shape \(2, 16\): \(16,\) is needed, or \(16, outputs\)"),
        (lambda x: x.sum(), r"shape \(\)"),
        (lambda x: x[1:, 0], r"shape \(15,\)"),
        (lambda x: x[:, :, None], r"shape \(16, 2, 1\)"),
        (lambda x: x[:, :0], r"shape \(16, 0\)"),
        (lambda _: None, "NoneType of object: real numbers are needed"),
        (lambda x: ["a"] * len(x), "list of <U1: real numbers"),
        (lambda x: x[:, 0] + 1j, "ndarray of complex128: real numbers"),
    ],
)
def test_outputs_of_a_wrong_shape_are_refused(
    function: Callable[[np.ndarray], Any], said: str, monkeypatch: Any
) -> None:
    monkeypatch.setattr(black_box, "CALL", 32)
    with pytest.raises(ValueError, match=said):
        sobol(function, {"a": UNIT, "b": UNIT}, points=8, replicates=1)


def test_the_number_of_outputs_does_not_change() -> None:
    shapes = iter([1, 2, 2])
    with pytest.raises(ValueError, match="gave 1 outputs at first, then 2"):
        sobol(lambda x: np.ones((len(x), next(shapes))), {"a": UNIT}, points=8, replicates=2, workers=1)


# What a user's function may be


def test_functions_of_all_sorts_give_the_same() -> None:
    @numba.njit
    def compiled(x: np.ndarray) -> np.ndarray:
        y = np.empty(len(x))
        for row in range(len(x)):
            y[row] = x[row, 0] * x[row, 1]
        return y

    signed = numba.njit("float64[:](float64[:, :])")(compiled.py_func)
    kept = np.empty(2**16)

    def into_one_array(x: np.ndarray) -> np.ndarray:
        return np.multiply(x[:, 0], x[:, 1], out=kept[: len(x)])

    def in_place(x: np.ndarray) -> np.ndarray:
        x[:, 0] *= x[:, 1]
        return x[:, 0]

    functions: list[Callable[[np.ndarray], Any]] = [
        compiled, signed, into_one_array, in_place, lambda x: (x[:, 0] * x[:, 1]).tolist(),
        lambda x: xr.DataArray(x[:, 0] * x[:, 1], dims="row"), lambda x: x[:, :1] * x[:, 1:],
    ]  # fmt: skip
    results = [sobol(one, {"a": UNIT, "b": UNIT}, points=2**7, second_order=True, workers=1) for one in functions]
    for result in results[1:]:
        xr.testing.assert_identical(result, results[0])


def test_an_error_of_the_function_is_passed_on() -> None:
    def broken(_: np.ndarray) -> np.ndarray:
        raise KeyError("wage")

    for workers in (1, 2):
        with pytest.raises(KeyError, match="wage"):
            sobol(broken, {"a": UNIT}, points=8, workers=workers)


def test_one_worker_is_the_calling_thread() -> None:
    threads = set()
    sobol(lambda x: threads.add(threading.get_ident()) or x[:, 0], {"a": UNIT}, points=2**6, workers=1)
    assert threads == {threading.get_ident()}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"points": 1000}, "points is 1000: a net has a power of two of them, so give 512 or 1024"),
        ({"points": 0}, "points is 0"),
        ({"points": 2**33}, "at most 4294967296"),
        ({"points": 64.0}, "points is 64.0: give a whole number"),
        ({"replicates": 0}, "replicates is 0: give a whole number of at least 1"),
        ({"replicates": True}, "replicates is True"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": None}, "seed is None"),
        ({"seed": 2**63}, "below 2[*][*]63"),
        ({"workers": 0}, "workers is 0"),
        ({"estimator": "sobol"}, "there is no estimator 'sobol'"),
        ({"estimator": "jansn"}, "Did you mean 'jansen'"),
        ({"estimator": "owen", "second_order": True}, "'owen' has not: give 'symmetric'"),
        (
            {"inputs": dict.fromkeys(map(str, range(11_000)), UNIT)},
            "direction numbers for 21201 dimensions, not for 22000",
        ),
    ],
)
def test_wrong_arguments_are_refused(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        sobol(lambda x: x[:, 0], **({"inputs": {"a": UNIT}} | arguments))


def test_a_result_says_how_it_was_made(tmp_path: Any) -> None:
    result = indices(ISHIGAMI, points=2**5, replicates=2, seed=0)
    assert {name: result.attrs[name] for name in ("points", "replicates", "seed", "evaluations", "estimator", "missing")} == {
        "points": 32, "replicates": 2, "seed": 0, "evaluations": 320, "estimator": "controlled", "missing": "",
    }  # fmt: skip
    assert json.loads(result.attrs["versions"])["numpy"] == np.__version__
    result.to_netcdf(tmp_path / "indices.nc")
    xr.testing.assert_identical(xr.load_dataset(tmp_path / "indices.nc"), result)


def test_one_point_is_enough_to_be_told_how_little_that_is() -> None:
    result = indices(ISHIGAMI, points=1, replicates=1)
    assert result.attrs["evaluations"] == 5
    assert indices(ISHIGAMI, points=1, replicates=8).first_order_ci.shape == (1, 3, 2)


# The package


def test_public_names() -> None:
    names = ["NonFiniteOutputError", "analyse", "design", "shapley", "shapley_from_closed", "sobol"]
    assert sensitivity.__all__ == names
    assert all(callable(getattr(sensitivity, name)) for name in sensitivity.__all__)
    with pytest.raises(AttributeError, match=r"'simulator\.sensitivity' has no attribute 'sobl'"):
        _ = sensitivity.sobl


def test_importing_the_package_is_light() -> None:
    script = "import sys, simulator.sensitivity; print({'numpy', 'numba', 'xarray', 'scipy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True)
    assert done.stdout == "set()\n"
