"""SALib by name: the same numbers as SALib called directly, known answers, our distributions, what is refused."""

from __future__ import annotations

import warnings
from importlib import import_module
from typing import Any

import numpy as np
import pytest
import xarray as xr
from problems import ishigami, linear_gaussian

from simulator.errors import InputError
from simulator.sensitivity.bridge import METHODS, salib_method
from simulator.sensitivity.problem import Problem, make_problem
from simulator.simulation import NonFiniteError

POINTS = {"morris": 8, "delta": 128, "rbd_fast": 128, "fast": 80, "dgsm": 16, "pawn": 128, "discrepancy": 128}
ISHIGAMI = ishigami()


def cube(*names: str) -> Problem:
    return make_problem(dict.fromkeys(names, (0.0, 1.0)), None)


def angles() -> Problem:
    return make_problem(dict.fromkeys("abc", (-np.pi, np.pi)), None)


def directly(name: str, seed: int, groups: list[str] | None = None) -> tuple[np.ndarray, dict[str, Any]]:
    """SALib's own results on Ishigami, scaled by SALib itself."""
    method = METHODS[name]
    problem: dict[str, Any] = {"num_vars": 3, "names": list("abc"), "bounds": [[0, 1]] * 3}
    problem |= {"groups": groups} if groups else {}
    levels = import_module(f"SALib.sample.{method.sampler}").sample(problem, POINTS[name], seed=seed)
    outputs = ISHIGAMI.function(np.pi * (2 * levels - 1))
    given = (problem, levels, outputs) if method.takes_levels else (problem, outputs)
    options = {"num_resamples": 5} if method.resamples else {}
    with warnings.catch_warnings(record=True):  # SALib resets filters, so that ignoring is not enough
        warnings.simplefilter("always")
        return outputs, import_module(f"SALib.analyze.{method.analyser}").analyze(*given, seed=seed, **options)


@pytest.mark.parametrize("name", METHODS)
def test_the_same_as_salib_itself(name: str) -> None:
    """Where levels are turned into values by ours and by SALib's formula alike, numbers agree to the last bits."""
    outputs, expected = directly(name, 5)
    table = salib_method(name, ISHIGAMI.function, angles(), POINTS[name], seed=5, resamples=5)
    assert table.attrs["evaluations"] == len(outputs)
    assert len(table) > 0
    for key, variable in table.items():
        assert variable.values[0] == pytest.approx(np.asarray(expected[key], dtype=float), rel=1e-9, abs=1e-12)
        assert variable.attrs["long_name"] == METHODS[name].variables[key]
        assert variable.dims == ("output", "input")
    left_out = {key for key in expected if key not in table} - {"names", "notes"}
    assert not {key for key in left_out if np.isfinite(np.asarray(expected[key], dtype=float)).any()}


def test_groups_of_morris() -> None:
    _, expected = directly("morris", 5, ["u", "v", "u"])
    problem = make_problem(dict.fromkeys("abc", (-np.pi, np.pi)), {"u": ["a", "c"], "v": ["b"]})
    table = salib_method("morris", ISHIGAMI.function, problem, POINTS["morris"], seed=5, resamples=5)
    assert table.mu_star.dims == ("output", "group")
    assert table.group.values.tolist() == ["u", "v"]
    assert table.attrs["evaluations"] == 3 * POINTS["morris"]
    assert table.mu_star.values[0] == pytest.approx(np.asarray(expected["mu_star"], dtype=float))
    assert np.isnan(table.sigma.values[0]).tolist() == [True, False]


@pytest.mark.parametrize("name", [name for name, method in METHODS.items() if not method.groups])
def test_methods_without_groups_refuse_them(name: str) -> None:
    problem = make_problem(dict.fromkeys("ab", (0, 1)), {"u": ["a", "b"]})
    with pytest.raises(InputError, match=r"no groups.*morris"):
        salib_method(name, lambda x: x[:, 0], problem, POINTS[name])


# Known answers


def test_elementary_effects_of_a_line() -> None:
    """Per unit of level, an effect is slope times width; it is the same everywhere."""
    problem = make_problem({"a": (0, 2), "b": (1, 4), "c": (0, 1)}, None)
    table = salib_method("morris", lambda x: 3 * x[:, 0] - x[:, 1], problem, 6)
    assert table.mu.values[0] == pytest.approx([6, -3, 0])
    assert table.mu_star.values[0] == pytest.approx([6, 3, 0])
    assert table.sigma.values[0] == pytest.approx([0, 0, 0], abs=1e-12)


def test_derivatives_of_a_line() -> None:
    """vi is the squared slope per unit of level, and the bound vi / (pi² V) is 12 / pi² of the index."""
    problem = make_problem({"a": (0, 2), "b": (1, 4), "c": (0, 1)}, None)
    table = salib_method("dgsm", lambda x: 3 * x[:, 0] - x[:, 1], problem, 2**10)
    assert table.vi.values[0] == pytest.approx([36, 9, 0], rel=1e-6)
    assert table.dgsm.values[0] == pytest.approx([12 / np.pi**2 * 0.8, 12 / np.pi**2 * 0.2, 0], rel=0.01)
    assert table.vi.attrs["units"] == "(unit of the output)²"


@pytest.mark.parametrize(("name", "points", "tolerance"), [("fast", 1025, 0.03), ("rbd_fast", 2**12, 0.05)])
def test_first_order_indices_of_ishigami(name: str, points: int, tolerance: float) -> None:
    """FAST gives x3 0.025 with any number of points: harmonics of the other inputs fall on its own."""
    table = salib_method(name, ISHIGAMI.function, angles(), points, resamples=2)
    assert table.S1.values[0] == pytest.approx(ISHIGAMI.first_order, abs=tolerance)


@pytest.mark.parametrize("name", ["fast", "rbd_fast"])
def test_our_distributions_are_used(name: str) -> None:
    """Normal inputs, of which SALib knows nothing: shares of the variance."""
    line = linear_gaussian((1.0, 2.0), (1.0, 1.0))
    problem = make_problem(
        {"a": {"kind": "normal", "mean": 5, "sd": 1}, "b": {"kind": "normal", "mean": 0, "sd": 1}}, None
    )
    table = salib_method(name, line.function, problem, 2**11, resamples=2)
    assert table.S1.values[0] == pytest.approx(line.first_order, abs=0.06)


@pytest.mark.parametrize(
    ("name", "index"), [("pawn", "median"), ("discrepancy", "s_discrepancy"), ("delta", "delta_raw")]
)
def test_the_input_that_matters_comes_first(name: str, index: str) -> None:
    table = salib_method(name, lambda x: 5 * x[:, 0] + x[:, 1], cube(*"abc"), 256, resamples=2)
    values = table[index].values[0]
    assert values[0] > max(values[1:])
    assert values[1] > values[2] or name == "discrepancy"  # which cannot tell a weak input from none


# Outputs


def test_outputs_are_analysed_as_if_alone() -> None:
    def both(x: np.ndarray) -> np.ndarray:
        return np.column_stack([ISHIGAMI.function(x), np.full(len(x), 0.1), x[:, 1]])

    for name in ("rbd_fast", "dgsm"):  # one draws from a generator of its own, the other from numpy's global one
        table = salib_method(name, both, angles(), POINTS[name], seed=0)
        for place, one in ((0, ISHIGAMI.function), (2, lambda x: x[:, 1])):
            alone = salib_method(name, one, angles(), POINTS[name], seed=0)
            xr.testing.assert_equal(table.isel(output=[place]).drop_vars("output"), alone.drop_vars("output"))
        for variable in table.values():
            assert np.isnan(variable.values[1]).all()  # it does not vary
    assert table.output.values.tolist() == ["y0", "y1", "y2"]


def test_nothing_varies() -> None:
    table = salib_method("morris", lambda x: np.zeros(len(x)), cube("a", "b"), 4)
    assert set(table) == {"mu", "mu_star", "sigma", "mu_star_conf"}
    assert np.isnan(table.mu_star.values).all()


@pytest.mark.parametrize("name", METHODS)
def test_non_finite_outputs_are_refused(name: str) -> None:
    def broken(x: np.ndarray) -> np.ndarray:
        return np.where(x[:, 0] > 0.5, np.nan, x[:, 0])

    with pytest.raises(NonFiniteError, match=r"\d+ of \d+ outputs are not finite, the first \(nan\) in row \d+"):
        salib_method(name, broken, cube("a", "b"), POINTS[name])


def test_shapes_of_outputs() -> None:
    with pytest.raises(ValueError, match=r"\(12, outputs\)"):
        salib_method("morris", lambda x: x[:-1, 0], cube("a", "b"), 4)
    with pytest.raises(ValueError, match=r"shape \(\)"):
        salib_method("morris", lambda _: 1.0, cube("a", "b"), 4)


# Seeds, and what SALib changes around it


@pytest.mark.parametrize("name", ["dgsm", "rbd_fast", "fast", "morris", "delta"])
def test_every_seed_counts_and_nothing_else_changes(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def look(*_: object) -> str:
        return ""

    monkeypatch.setattr(warnings, "formatwarning", look)
    np.random.seed(99)  # noqa: NPY002
    before = np.random.get_state()  # noqa: NPY002
    tables = [salib_method(name, ISHIGAMI.function, angles(), POINTS[name], seed, resamples=5) for seed in (0, 0, 1)]
    after = np.random.get_state()  # noqa: NPY002
    assert before[0] == after[0]
    assert (before[1] == after[1]).all()
    assert before[2:] == after[2:]
    assert warnings.formatwarning is look
    xr.testing.assert_identical(tables[0], tables[1])
    assert not tables[0].equals(tables[2])


def test_warnings_of_salib_are_kept() -> None:
    table = salib_method("fast", ISHIGAMI.function, angles(), POINTS["fast"])
    assert "unreliable" in table.attrs["warnings"]
    assert salib_method("morris", ISHIGAMI.function, angles(), 4).attrs["warnings"] == ""


def test_attributes() -> None:
    table = salib_method("morris", ISHIGAMI.function, angles(), 4)
    assert table.attrs["method"] == METHODS["morris"].title
    assert all(isinstance(value, str | int | float) for value in table.attrs.values())
    for method in METHODS.values():
        assert method.cost.startswith("N")
        assert method.title


# What cannot be used


def test_an_unknown_method() -> None:
    with pytest.raises(InputError, match=r"no 'moris'.*'morris'"):
        salib_method("moris", ISHIGAMI.function, angles(), 4)


def test_too_few_points_for_salib() -> None:
    with pytest.raises(InputError, match="method 'fast': SALib says: Sample size N > 4M"):
        salib_method("fast", ISHIGAMI.function, angles(), 10)


def test_a_failing_function_is_not_taken_for_a_failure_of_salib() -> None:
    def failing(_: np.ndarray) -> np.ndarray:
        raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        salib_method("morris", failing, angles(), 4)


def test_an_input_without_bounds() -> None:
    from scipy import stats

    problem = make_problem({"a": stats.norm(), "b": (0, 1)}, None)
    with pytest.raises(InputError, match="inputs, 'a': it has no finite bounds"):
        salib_method("morris", lambda x: x.sum(axis=1), problem, 4)
    table = salib_method("rbd_fast", lambda x: x.sum(axis=1), problem, 256, resamples=2)
    assert np.isfinite(table.S1.values).all()


@pytest.mark.parametrize("wrong", [{"points": 0}, {"seed": -1}, {"seed": 2**32}, {"resamples": 0}])
def test_numbers_that_cannot_be_used(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="at least"):
        salib_method("morris", ISHIGAMI.function, angles(), **{"points": 4, **wrong})
