"""Shapley effects against their definition and closed forms, with independent and dependent inputs."""

from __future__ import annotations

import itertools
import json
import math
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from conftest import Prepared
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from problems import Problem, ishigami, sobol_g

from simulator.dependence import gaussian_correlation, read_dependence
from simulator.errors import InputError
from simulator.inputs import partition
from simulator.potential import evaluate
from simulator.sensitivity.black_box import NonFiniteOutputError
from simulator.sensitivity.exact import output_products
from simulator.sensitivity.shapley_effects import make_plan, shapley, shapley_from_closed
from simulator.sensitivity.sharing import draw_points, tasks
from simulator.simulation import NonFiniteError

NORMAL = {"kind": "normal", "mean": 0.0, "sd": 1.0, "tail": 1e-30}
MODES = pytest.mark.parametrize("orders", [False, True], ids=["subsets", "orders"])
SURE = 3.0  # half widths of a 95 % interval from 16 replicates, which an error passes once in 10 000


@dataclass(frozen=True)
class Truth:
    """A function with the variance that each subset of its inputs explains, (2**k,), in the order of bit masks."""

    name: str
    function: Callable[[np.ndarray], np.ndarray]
    inputs: dict[str, Any]
    dependence: tuple[dict[str, Any], ...]
    closed: np.ndarray

    @property
    def effects(self) -> np.ndarray:
        return by_definition(self.closed / self.closed[-1])


def by_definition(closed: np.ndarray) -> np.ndarray:
    """The mean over all orders, one after the other."""
    groups = len(closed).bit_length() - 1
    effects = np.zeros(groups)
    for order in itertools.permutations(range(groups)):
        known = 0
        for group in order:
            effects[group] += closed[known | 1 << group] - closed[known]
            known |= 1 << group
    return effects / math.factorial(groups)


def subsets(count: int) -> list[list[int]]:
    return [[i for i in range(count) if mask >> i & 1] for mask in range(1 << count)]


def explained(slopes: np.ndarray, correlation: np.ndarray) -> np.ndarray:
    """Var E[b'X | X_u] of standard normal X: b' Σ_.u Σ_uu⁻¹ Σ_u. b (Owen & Prieur 2017, doi:10.1137/16M1097717)."""
    values = []
    for u in subsets(len(slopes)):
        cross = correlation[:, u].T @ slopes
        values.append(cross @ np.linalg.solve(correlation[np.ix_(u, u)], cross))
    return np.array(values)


def gaussian(
    count: int, *blocks: tuple[Sequence[int], float]
) -> tuple[dict[str, Any], tuple[dict[str, Any], ...], np.ndarray]:
    """Standard normal inputs with one rank correlation in each block."""
    names, correlation = [f"x{i}" for i in range(count)], np.eye(count)
    for inputs, rank in blocks:
        for i, j in itertools.permutations(inputs, 2):
            correlation[i, j] = gaussian_correlation(np.array(rank))
    entries = tuple({"inputs": [names[i] for i in inputs], "rank_correlation": rank} for inputs, rank in blocks)
    return dict.fromkeys(names, NORMAL), entries, correlation


def linear(slopes: Sequence[float], *blocks: tuple[Sequence[int], float]) -> Truth:
    slope = np.array(slopes)
    inputs, entries, correlation = gaussian(len(slope), *blocks)
    return Truth(f"linear {len(slope)}", lambda x: 50 + x @ slope, inputs, entries, explained(slope, correlation))


def exponential(slopes: Sequence[float], *blocks: tuple[Sequence[int], float]) -> Truth:
    """exp(b'X): E[Y | X_u] is lognormal, so that V_u = exp(v) (exp(v_u) - 1) with v_u of the linear model."""
    slope = np.array(slopes)
    inputs, entries, correlation = gaussian(len(slope), *blocks)
    of_linear = explained(slope, correlation)
    closed = np.exp(of_linear[-1]) * np.expm1(of_linear)
    return Truth(f"exponential {len(slope)}", lambda x: np.exp(x @ slope), inputs, entries, closed)


def independent(problem: Problem, parts: dict[tuple[int, ...], float]) -> Truth:
    """V_u sums the parts of the analysis of variance of the subsets of u."""
    inputs = dict.fromkeys([f"x{i}" for i in range(problem.dimension)], (0, 1))
    closed = [sum(v for part, v in parts.items() if set(part) <= set(u)) for u in subsets(problem.dimension)]
    return Truth(problem.name, problem.at_levels, inputs, (), np.array(closed))


def ishigami_truth() -> Truth:
    problem = ishigami()
    first, total = np.array(problem.first_order), np.array(problem.total_order)
    return independent(problem, {(0,): first[0], (1,): first[1], (0, 2): total[2]})


def sobol_g_truth(a: tuple[float, ...]) -> Truth:
    own = 1 / (3 * (1 + np.array(a)) ** 2)
    return independent(sobol_g(a), {tuple(u): float(np.prod(own[u])) for u in subsets(len(a)) if u})


TRUTHS = (
    ishigami_truth(),
    sobol_g_truth((0.0, 0.5, 3.0, 9.0, 99.0)),
    linear((1.0, 2.0), ((0, 1), 0.7)),
    linear((1.0, 1.0, 1.5), ((1, 2), -0.4)),
    linear((1.0, 1.0, 1.5, 0.5, 1.0, -1.0), ((0, 3), 0.8), ((1, 4, 5), 0.3)),
    exponential((0.5, 0.4, -0.3), ((0, 2), 0.6)),
    exponential((0.3, 0.4, 0.3, -0.2), ((0, 1, 2), 0.5)),
)
TRUE = pytest.mark.parametrize("truth", TRUTHS, ids=[f"{i} {truth.name}" for i, truth in enumerate(TRUTHS)])


def effects_of(truth: Truth, **options: Any) -> xr.Dataset:
    return shapley(truth.function, truth.inputs, dependence=truth.dependence, **{"points": 2**8, **options})


def require_near(data: xr.Dataset, name: str, wanted: np.ndarray, width: float) -> None:
    """Within intervals that are not wide."""
    value, bounds = data[name].values[0], data[f"{name}_ci"].values[0]
    half = (bounds[:, 1] - bounds[:, 0]) / 2
    assert (half < width).all(), half
    assert (np.abs(value - wanted) <= SURE * half + 1e-12).all(), (value, wanted, half)


# From closed to effects


@given(st.integers(1, 5).flatmap(lambda g: arrays(float, 1 << g, elements=st.floats(-1e3, 1e3))))
def test_effects_are_the_mean_over_all_orders(closed: np.ndarray) -> None:
    effects = shapley_from_closed(closed)
    np.testing.assert_allclose(effects, by_definition(closed), atol=1e-9)
    assert effects.sum() == pytest.approx(closed[-1] - closed[0], abs=1e-9)


@given(arrays(float, (3, 2, 16), elements=st.floats(-1e3, 1e3)))
def test_effects_of_many_outputs_are_those_of_each(closed: np.ndarray) -> None:
    effects = shapley_from_closed(closed)
    assert effects.shape == (3, 2, 4)
    np.testing.assert_array_equal(effects[2, 1], shapley_from_closed(closed[2, 1]))


@given(arrays(float, 8, elements=st.floats(-1e3, 1e3)))
def test_who_adds_nothing_gets_nothing(closed: np.ndarray) -> None:
    dummy = np.stack([closed, closed], axis=-1).ravel()  # bit 0 changes nothing
    effects = shapley_from_closed(dummy)
    assert effects[0] == 0.0
    np.testing.assert_allclose(effects[1:], shapley_from_closed(closed), atol=1e-9)


@pytest.mark.parametrize("closed", [np.zeros(3), np.zeros(1), np.zeros(0), np.array(1.0)])
def test_what_is_not_of_all_subsets_is_refused(closed: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"2\*\*G"):
        shapley_from_closed(closed)


def test_not_finite_stays_not_finite() -> None:
    assert np.isnan(shapley_from_closed(np.array([0.0, math.nan, 1.0, 2.0]))).all()


# Closed forms


def test_the_closed_form_of_two_correlated_inputs() -> None:
    """Owen & Prieur (2017), section 4; Iooss & Prieur (2019, doi:10.1615/Int.J.UncertaintyQuantification.2019028372)."""
    truth = linear((1.0, 2.0), ((0, 1), 0.7))
    rho = float(gaussian_correlation(np.array(0.7)))
    first, second = (own * (1 - rho**2 / 2) + other * rho**2 / 2 + 2 * rho for own, other in ((1, 4), (4, 1)))
    np.testing.assert_allclose(truth.effects, np.array([first, second]) / (first + second))


@TRUE
@MODES
def test_effects_have_the_closed_form(truth: Truth, orders: bool) -> None:
    require_near(effects_of(truth, permutations=orders, points=2**9), "shapley", truth.effects, 0.04)


@TRUE
def test_the_variance_that_subsets_explain_has_the_closed_form(truth: Truth) -> None:
    data = effects_of(truth, points=2**9)
    require_near(data, "closed", truth.closed / truth.closed[-1], 0.05)
    alone = 1 << np.arange(len(truth.inputs))
    require_near(data, "first_order", truth.closed[alone] / truth.closed[-1], 0.05)
    require_near(data, "total_order", 1 - truth.closed[::-1][alone] / truth.closed[-1], 0.05)
    assert data["closed"].values[0, [0, -1]].tolist() == [0.0, 1.0]
    np.testing.assert_allclose(shapley_from_closed(data["closed"].values), data["shapley"].values, atol=1e-14)


@MODES
def test_mean_and_variance_are_in_the_unit_of_the_output(orders: bool) -> None:
    truth = linear((1.0, 1.0, 1.5), ((1, 2), -0.4))
    data = effects_of(truth, permutations=orders)
    for name, wanted in (("mean", 50.0), ("variance", truth.closed[-1])):
        low, high = data[f"{name}_ci"].values[0]
        assert low <= data[name].item() <= high
        assert abs(data[name].item() - wanted) <= SURE * (high - low) / 2 < 0.1


@TRUE
@MODES
def test_effects_sum_to_the_variance(truth: Truth, orders: bool) -> None:
    data = effects_of(truth, permutations=orders, points=2**4, replicates=3, seed=5)
    np.testing.assert_allclose(data["shapley"].sum("group"), 1.0, rtol=1e-12)


@pytest.mark.parametrize("truth", TRUTHS[:2], ids=["ishigami", "sobol g"])
def test_effects_of_independent_inputs_lie_between_first_and_total_order(truth: Truth) -> None:
    data = effects_of(truth, points=2**11)
    slack = (data["shapley_ci"].diff("ci_bound").squeeze("ci_bound", drop=True)) / 2
    assert (data["first_order"] <= data["shapley"] + slack).all()
    assert (data["shapley"] <= data["total_order"] + slack).all()
    interacting = truth.effects - truth.closed[1 << np.arange(len(truth.inputs))] / truth.closed[-1] > 0.01
    assert interacting.any()
    strictly = ((data["first_order"] < data["shapley"]) & (data["shapley"] < data["total_order"])).values[0]
    assert strictly[interacting].all()


def test_without_interactions_all_three_are_one() -> None:
    data = effects_of(linear((1.0, -2.0, 0.5)), points=2**5)
    np.testing.assert_allclose(data["first_order"], data["shapley"], rtol=1e-12)
    np.testing.assert_allclose(data["total_order"], data["shapley"], rtol=1e-12)


def test_above_twelve_groups_it_goes_by_orders() -> None:
    slopes = np.linspace(-1, 1.5, 13)
    truth = linear(slopes, ((0, 12), 0.8), ((5, 6, 7), 0.4))
    data = effects_of(truth)
    assert data.attrs["estimator"] == "random orders"
    assert "closed" not in data
    wanted = shapley_from_closed(truth.closed / truth.closed[-1])
    require_near(data, "shapley", wanted, 0.02)


# Groups


def test_groups_may_cut_what_depends_on_each_other() -> None:
    truth = linear((1.0, 1.0, 1.5, 0.5, 1.0, -1.0), ((0, 3), 0.8), ((1, 4, 5), 0.3))
    groups = {"u": ["x0", "x1"], "v": ["x3", "x2"], "w": ["x4", "x5"]}
    masks = [sum(1 << int(name[1]) for name in members) for members in groups.values()]
    closed = np.array([truth.closed[sum(masks[g] for g in u)] for u in subsets(3)]) / truth.closed[-1]
    for orders in (False, True):
        data = effects_of(truth, groups=groups, permutations=orders, points=2**9)
        assert data["group"].values.tolist() == ["u", "v", "w"]
        require_near(data, "shapley", by_definition(closed), 0.01)


def test_dependence_inside_a_group_needs_no_conditional_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """The effects are then those of independent groups: half the interactions to each of two."""
    inputs, entries, correlation = gaussian(3, ((0, 1), 0.6))
    monkeypatch.setattr("simulator.sensitivity.sharing.conditional", None)
    data = shapley(lambda x: (x[:, 0] + x[:, 1]) * (1 + x[:, 2]), inputs, {"u": ["x0", "x1"]}, entries, points=2**9)
    # V_u = Var(x0 + x1) = V_uw: the mean of x0 + x1 is 0, and x2 acts through its product with it alone.
    assert correlation[0, 1] > 0.5
    require_near(data, "shapley", np.array([0.75, 0.25]), 0.02)


def test_subsets_are_named() -> None:
    data = effects_of(linear((1.0, 2.0), ((0, 1), 0.7)), points=2)
    assert data["subset"].values.tolist() == ["", "x0", "x1", "x0 + x1"]
    assert data["member"].values.tolist() == [[0, 0], [1, 0], [0, 1], [1, 1]]


# Inputs that do nothing, and outputs that do not vary


@MODES
@pytest.mark.parametrize("entries", [(), ({"inputs": ["x0", "x2"], "rank_correlation": 0.6},)], ids=["free", "tied"])
def test_an_inert_input_has_exactly_no_effect(orders: bool, entries: tuple[dict[str, Any], ...]) -> None:
    inputs, *_ = gaussian(4)
    data = shapley(lambda x: np.exp(x[:, 0]) + x[:, 2] * x[:, 0], inputs, None, entries, 2**6, permutations=orders)
    assert (data["shapley"].values[0, [1, 3]] == 0.0).all()
    assert (data["shapley_ci"].values[0, [1, 3]] == 0.0).all()
    assert (data["shapley"].values[0, [0, 2]] > 0.05).all()


@MODES
def test_an_inert_input_that_tells_of_another_has_an_effect(orders: bool) -> None:
    inputs, entries, correlation = gaussian(2, ((0, 1), 0.6))
    data = shapley(lambda x: x[:, 0], inputs, None, entries, 2**8, permutations=orders)
    half = correlation[0, 1] ** 2 / 2
    require_near(data, "shapley", np.array([1 - half, half]), 0.02)


@MODES
def test_a_fixed_input_tells_of_none(orders: bool) -> None:
    inputs, *_ = gaussian(3)
    inputs["x1"] = {"kind": "fixed", "value": 2.0}
    entry = {"inputs": ["x0", "x1", "x2"], "rank_correlation": 0.5}
    data = shapley(lambda x: x[:, 0] * x[:, 1] + x[:, 2], inputs, None, [entry], 2**8, permutations=orders)
    assert data["shapley"].values[0, 1] == 0.0
    truth = linear((2.0, 1.0), ((0, 1), 0.5))
    require_near(data.sel(group=["x0", "x2"]), "shapley", truth.effects, 0.02)


@MODES
def test_an_output_without_variance_has_no_effects(orders: bool) -> None:
    inputs, entries, _ = gaussian(2, ((0, 1), 0.6))
    data = shapley(
        lambda x: np.column_stack([x[:, 0], np.full(len(x), 0.1)]), inputs, None, entries, 4, permutations=orders
    )
    assert np.isfinite(data["shapley"].sel(output="y0")).all()
    assert np.isnan(data["shapley"].sel(output="y1")).all()
    assert np.isnan(data["shapley_ci"].sel(output="y1")).all()
    assert data["mean"].sel(output="y1").item() == 0.1
    assert data["variance"].sel(output="y1").item() == 0.0
    assert "no effects of y1: no variance" in data.attrs["missing"]


# What is drawn, and told


@MODES
@pytest.mark.parametrize("truth", [TRUTHS[1], TRUTHS[4]], ids=["free", "tied"])
def test_the_result_does_not_depend_on_the_number_of_threads(truth: Truth, orders: bool) -> None:
    one, three = (effects_of(truth, permutations=orders, points=2**11, replicates=2, workers=n) for n in (1, 3))
    xr.testing.assert_identical(one, three)
    other = effects_of(truth, permutations=orders, points=2**11, replicates=2, seed=1)
    assert (other["shapley"] != one["shapley"]).all()


@MODES
def test_outputs_are_analysed_each_by_itself(orders: bool) -> None:
    truth = linear((1.0, 1.0, 1.5), ((1, 2), -0.4))
    functions = (truth.function, lambda x: x[:, 0] * x[:, 1])
    both = shapley(
        lambda x: np.column_stack([one(x) for one in functions]), truth.inputs, None, truth.dependence, 2**5,
        permutations=orders,
    )  # fmt: skip
    assert both["output"].values.tolist() == ["y0", "y1"]
    for name, function in zip(("y0", "y1"), functions, strict=True):
        alone = shapley(function, truth.inputs, None, truth.dependence, 2**5, permutations=orders)
        np.testing.assert_allclose(both["shapley"].sel(output=name), alone["shapley"][0], rtol=1e-9, atol=1e-12)


@MODES
def test_a_function_may_use_its_arrays_again(orders: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its output for the next call, and its values for anything."""
    truth = TRUTHS[4]
    monkeypatch.setattr("simulator.sensitivity.sharing.CALL", 2**10)  # several calls a block
    own = np.empty(2**10)

    def careless(x: np.ndarray) -> np.ndarray:
        own[: len(x)] = truth.function(x)
        x[:] = math.nan
        return own[: len(x)]

    options = {"permutations": orders, "points": 2**7, "replicates": 2, "workers": 1}
    xr.testing.assert_identical(effects_of(replace(truth, function=careless), **options), effects_of(truth, **options))


def test_intervals_cover() -> None:
    truth = linear((1.0, 1.0, 1.5), ((1, 2), -0.4))
    hits = []
    for seed in range(40):
        bounds = effects_of(truth, points=2**4, seed=seed, workers=1)["shapley_ci"].values[0]
        hits += ((bounds[:, 0] <= truth.effects) & (truth.effects <= bounds[:, 1])).tolist()
    # 120 trials, of which three at a time hang together: 0.95 less four standard deviations of 40 trials.
    assert np.mean(hits) > 0.95 - 4 * math.sqrt(0.95 * 0.05 / 40)


def test_one_replicate_has_no_intervals() -> None:
    data = effects_of(TRUTHS[0], replicates=1)
    assert np.isfinite(data["shapley"]).all()
    assert np.isnan(data["shapley_ci"]).all()
    assert "one replicate" in data.attrs["missing"]


@pytest.mark.parametrize(("orders", "hybrids"), [(False, 8), (True, 6)])
def test_evaluations_are_counted(orders: bool, hybrids: int) -> None:
    rows: list[int] = []
    truth = TRUTHS[0]

    def counted(x: np.ndarray) -> np.ndarray:
        rows.append(len(x))
        return truth.function(x)

    data = shapley(counted, truth.inputs, points=2**4, replicates=3, permutations=orders, workers=1)
    assert data.attrs["evaluations"] == sum(rows) == 3 * 2**4 * hybrids + 8
    assert json.loads(data.attrs["versions"]).keys() == {"simulator", "numpy", "scipy", "xarray"}


def test_the_result_can_be_stored(tmp_path: Path) -> None:
    data = effects_of(TRUTHS[2], points=2)
    data.to_netcdf(tmp_path / "effects.nc", engine="h5netcdf")
    xr.testing.assert_identical(xr.load_dataset(tmp_path / "effects.nc", engine="h5netcdf"), data)


def test_a_problem_of_salib_is_read() -> None:
    problem = {"num_vars": 2, "names": ["a", "b"], "bounds": [[0, 1], [0, 2]], "outputs": ["sum"], "groups": ["u", "v"]}
    data = shapley(lambda x: x.sum(axis=1), problem, points=2**6)
    assert data["group"].values.tolist() == ["u", "v"]
    require_near(data.sel(output=["sum"]), "shapley", np.array([0.2, 0.8]), 0.02)


@MODES
@pytest.mark.parametrize(("outputs", "points"), [(1, 2**11), (64, 2**9)])
def test_memory_does_not_grow_with_the_points(orders: bool, outputs: int, points: int) -> None:
    truth = TRUTHS[4]
    several = replace(truth, function=lambda x: np.outer(truth.function(x), np.arange(1, outputs + 1)))
    effects_of(several, points=2, permutations=orders)  # what is imported on first use

    def peak(points: int) -> int:
        tracemalloc.start()
        effects_of(several, points=points, replicates=1, permutations=orders, workers=1)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    assert peak(4 * points) < 1.05 * peak(points)


def test_each_point_has_an_order_of_its_own() -> None:
    """A few blocks of 64 points in three replicates: one in 5! orders comes back, and none in all."""
    plans = [make_plan(dict.fromkeys("abcde", (0, 1)), None, None, 2**7, 3, seed, True) for seed in (0, 1)]
    ranks = np.array([draw_points(plan, task).rank for plan in plans for task in tasks(plan, 64)])
    assert ranks.shape == (12, 5, 64)
    assert (np.sort(ranks, axis=1) == np.arange(5)[:, None]).all()
    assert len(np.unique(ranks.reshape(12, -1), axis=0)) == 12
    # Each group stands as often at each place: 768 draws of one in five, to five standard deviations.
    counts = (ranks[..., None] == np.arange(5)).sum(axis=(0, 2))
    assert np.abs(counts - 768 / 5).max() < 5 * math.sqrt(768 * 0.2 * 0.8)


# What is refused


@MODES
def test_one_that_is_not_finite_is_found(orders: bool) -> None:
    """Among a quarter of a million outputs or more: that at A of the last point of the second replicate."""
    truth = linear((1.0, 1.0, 1.5), ((1, 2), -0.4))
    plan = make_plan(truth.inputs, None, truth.dependence, 2**12, 8, 0, orders)
    last = draw_points(plan, list(tasks(plan, 2**12 // 4))[7]).values[0, :, -1]

    def broken(x: np.ndarray) -> np.ndarray:
        return np.where((x == last).all(axis=1), math.nan, truth.function(x))

    with pytest.raises(NonFiniteOutputError) as caught:
        effects_of(replace(truth, function=broken), points=2**12, replicates=8, permutations=orders)
    place = f"replicate 1, point {2**12 - 1}, with 'x0', 'x1', 'x2' from A and the rest from B, output 'y'"
    assert caught.value.place == place
    assert caught.value.values == dict(zip(truth.inputs, last, strict=True))
    assert str(caught.value).startswith("1 of the ")
    assert "outputs of a call are not finite (nan); the first at replicate 1" in str(caught.value)


def test_what_a_hybrid_that_is_not_finite_shares_is_named() -> None:
    truth = linear((1.0, 1.0, 1.5), ((1, 2), -0.4))
    plan = make_plan(truth.inputs, None, truth.dependence, 2**5, 2, 0, True)
    a, b = draw_points(plan, next(tasks(plan, 2**5))).values

    def broken(x: np.ndarray) -> np.ndarray:
        return np.where((x[:, 0] == b[0, 9]) & (x[:, 2] == a[2, 9]), math.inf, truth.function(x))

    with pytest.raises(NonFiniteOutputError, match=r"\(inf\)") as caught:
        effects_of(replace(truth, function=broken), points=2**5, replicates=2, permutations=False)
    assert "point 9, with 'x2' from A" in caught.value.place


def test_squares_that_overflow_are_not_hidden() -> None:
    with pytest.raises(NonFiniteError, match="overflow"):
        shapley(lambda x: 1e200 * x[:, 0], {"a": (0, 1), "b": (0, 1)}, points=4)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"points": 100}, "points is 100: a net has a power of two of them, so give 64 or 128"),
        ({"points": 0}, "points is 0"),
        ({"points": 2.0}, "points is 2.0"),
        ({"replicates": 0}, "replicates is 0"),
        ({"seed": -1}, "seed is -1"),
        ({"workers": 0}, "workers is 0"),
        ({"inputs": dict.fromkeys(map(str, range(17)), (0, 1)), "permutations": False}, "17 groups have too many subsets"),
    ],
)  # fmt: skip
def test_numbers_that_cannot_be_used_are_refused(given: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        shapley(**({"function": lambda x: x[:, 0], "inputs": {"a": (0, 1), "b": (0, 1)}} | given))


@pytest.mark.parametrize(
    ("function", "problem"),
    [
        (lambda x: x[:-1, 0], r"shape \(7,\): \(8,\) is needed, or \(8, outputs\)"),
        (lambda x: x.sum(), r"shape \(\): \(8,\) is needed"),
        (lambda x: x[:, :0], r"shape \(8, 0\): \(8,\) is needed"),
        (lambda x: ["a"] * len(x), "real numbers are needed"),
        (lambda x: x if len(x) == 8 else x[:, :1], "gave 2 outputs at first, then 1"),
    ],
)
def test_outputs_of_a_wrong_shape_are_refused(function: Callable[[np.ndarray], Any], problem: str) -> None:
    """The pilot has 8 points, and then come 4 hybrids of each."""
    with pytest.raises(ValueError, match=problem):
        shapley(function, {"a": (0, 1), "b": (0, 1)}, points=8, workers=1)


def test_names_of_other_outputs_are_refused() -> None:
    problem = {"names": ["a", "b"], "bounds": [[0, 1], [0, 2]], "outputs": ["sum", "difference"]}
    with pytest.raises(InputError, match="key 'outputs': 2 names, beside 1 outputs"):
        shapley(lambda x: x[:, 0], problem, points=2)


def test_a_dependence_that_cannot_be_used_is_refused() -> None:
    inputs = {"a": (0, 1), "b": (0, 1)}
    with pytest.raises(InputError, match="dependence, entry 1, key 'inputs': there is no input 'c'"):
        shapley(lambda x: x[:, 0], inputs, dependence=[{"inputs": ["a", "c"], "rank_correlation": 0.5}])
    copula = read_dependence([{"inputs": ["b", "a"], "rank_correlation": 0.5}], ["b", "a"], "here")
    with pytest.raises(InputError, match="of other inputs, or has them in another order"):
        shapley(lambda x: x[:, 0], inputs, dependence=copula)


def test_a_copula_is_taken_as_it_is() -> None:
    truth = linear((1.0, 2.0), ((0, 1), 0.7))
    copula = read_dependence(truth.dependence, list(truth.inputs), "here")
    xr.testing.assert_identical(
        shapley(truth.function, truth.inputs, dependence=copula, points=8), effects_of(truth, points=8)
    )


def test_the_model_has_its_closed_form(base: Prepared) -> None:
    """Freed FTE in 2040 by kind of assumption: eight groups of a hundred inputs."""
    groups = partition(base.inputs, "assumption")
    year, row = base.years.index(2040), 0
    assert base.rows[row].dimension == ""

    def explained_by(known: list[int]) -> float:
        shared = np.zeros(len(base.inputs), dtype=bool)
        shared[[i for g in known for i in list(groups.values())[g]]] = True
        return float(output_products(base.structure, base.moments, base.weights, shared)[year, row])

    closed = np.array([explained_by(u) for u in subsets(len(groups))])
    closed -= closed[0]
    data = shapley(
        lambda x: evaluate(base.evidence, base.names, [2040], base.start, x)["freed_fte"].values[:, 0],
        {one.name: one.distribution for one in base.inputs},
        {name: [base.names[i] for i in members] for name, members in groups.items()},
        points=2**6,
        replicates=8,
        permutations=True,
    )
    require_near(data, "shapley", shapley_from_closed(closed / closed[-1]), 0.03)
