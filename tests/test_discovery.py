"""What separates futures, boxes, switching values: against scipy, planted boxes, lines with known roots, the real model."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from conftest import Prepared
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtr, ndtri
from scipy.stats import ks_2samp, kstwobign
from test_given_data import evaluated_total, labels

from simulator.distributions import quantile
from simulator.errors import InputError
from simulator.sensitivity.discovery import prim_boxes, separating_inputs, switching_values
from simulator.simulation import NonFiniteError

# What separates


def test_distances_are_those_of_scipy() -> None:
    random = np.random.default_rng(1)
    x = random.random((300, 3))
    y = np.column_stack([x[:, 0] + 0.3 * x[:, 1], x[:, 2]])
    table = separating_inputs(x, y, np.array([0.4, 0.1]), np.array([0.8, 0.2]), labels(3), ["p", "q"])
    for output, low, high in (("p", 0.4, 0.8), ("q", 0.1, 0.2)):
        column = y[:, ["p", "q"].index(output)]
        classes = {"below": column < low, "in": (column >= low) & (column <= high), "above": column > high}
        versus = {"below": classes["below"], "above": classes["above"], "outside": ~classes["in"]}
        for place in range(3):
            for name, others in versus.items():
                expected = ks_2samp(x[classes["in"], place], x[others, place], method="asymp")
                at = {"output": output, "input": f"x{place}", "versus": name}
                assert table.ks_distance.sel(at) == pytest.approx(expected.statistic, abs=1e-12)
                sizes = classes["in"].sum(), others.sum()
                limit = kstwobign.sf(expected.statistic * np.sqrt(np.prod(sizes) / np.sum(sizes)))
                assert table.p_value.sel(at) == pytest.approx(limit, rel=1e-9)
            for name, members in classes.items():
                middle = table["median"].sel(output=output, input=f"x{place}", position=name)
                assert middle == np.median(x[members, place])
        assert table.share.sel(output=output).values.tolist() == [members.mean() for members in classes.values()]


def test_an_input_that_decides_alone_and_one_that_does_nothing() -> None:
    random = np.random.default_rng(2)
    x = random.random((2000, 2))
    table = separating_inputs(x, x[:, 0], 0.25, 0.75, labels(2))
    assert table.ks_distance.sel(input="x0", versus=["below", "above"]).values.tolist() == [[1, 1]]
    assert table.ks_distance.sel(input="x0", versus="outside").item() == pytest.approx(0.5, abs=0.05)
    assert (table.ks_distance.sel(input="x1") < 0.1).all()
    assert (table.p_value.sel(input="x1") > 0.001).all()
    assert table["median"].sel(input="x0").values[0] == pytest.approx([0.125, 0.5, 0.875], abs=0.03)


def test_an_empty_class_has_nothing() -> None:
    x = np.random.default_rng(3).random((50, 1))
    table = separating_inputs(x, x[:, 0], 0.5, 2.0, labels(1))
    assert np.isnan(table.ks_distance.sel(versus="above")).all()
    assert np.isnan(table["median"].sel(position="above")).all()
    assert table.share.values[0, 2] == 0
    assert (table.ks_distance.sel(versus="below") == table.ks_distance.sel(versus="outside")).all()
    nowhere = separating_inputs(x, x[:, 0], 5.0, 6.0, labels(1))
    assert np.isnan(nowhere.ks_distance).all()
    assert nowhere.share.values.tolist() == [[1, 0, 0]]


def test_both_ends_belong_to_the_range() -> None:
    x = np.arange(5.0)[:, None]
    assert separating_inputs(x, x, 1.0, 3.0, ["a"]).share.values[0] == pytest.approx([0.2, 0.6, 0.2])


@pytest.mark.parametrize(("low", "high"), [(2.0, 1.0), (np.nan, 1.0), (0.0, np.nan)])
def test_a_range_that_is_none(low: float, high: float) -> None:
    x = np.arange(5.0)[:, None]
    with pytest.raises(InputError, match="range"):
        separating_inputs(x, x, low, high, ["a"])


# Boxes


def planted(rows: int = 1500) -> tuple[np.ndarray, np.ndarray]:
    """Futures of interest in one box: x0 above 0.6, x3 below 0.5."""
    x = np.random.default_rng(4).random((rows, 6))
    return x, (x[:, 0] > 0.6) & (x[:, 3] < 0.5)


def in_box(values: np.ndarray, limit: np.ndarray) -> np.ndarray:
    low, high = np.nan_to_num(limit[:, 0], nan=-np.inf), np.nan_to_num(limit[:, 1], nan=np.inf)
    return ((values >= low) & (values <= high)).all(axis=1)


def test_a_planted_box_is_found() -> None:
    x, inside = planted()
    table = prim_boxes(x, inside, labels(6), density=0.95)
    limit = table.limit.sel(box=1).values
    assert limit[0, 0] == pytest.approx(0.6, abs=0.03)
    assert limit[3, 1] == pytest.approx(0.5, abs=0.03)
    assert np.isnan(np.delete(limit, [0, 7])).all()
    assert table.p_value.sel(box=1).values[[0, 3], [0, 1]].max() < 1e-10
    assert (np.isnan(table.p_value.values) == np.isnan(table.limit.values)).all()
    found = in_box(x, limit)
    assert table.coverage.values[0] == pytest.approx((found & inside).sum() / inside.sum())
    assert table.density.values[0] == pytest.approx((found & inside).sum() / found.sum())
    assert table["mass"].values[0] == pytest.approx(found.mean())
    assert table.density.values[0] >= 0.95
    assert table.coverage.values[0] > 0.9


def test_the_trajectory_trades_coverage_for_density() -> None:
    x, inside = planted()
    table = prim_boxes(x, inside, labels(6))
    coverage, density = (table[f"trajectory_{name}"].values[0] for name in ("coverage", "density"))
    assert (coverage[0], density[0]) == (1, inside.mean())
    assert (np.diff(coverage) <= 0).all()
    assert density[-1] > 0.9
    assert coverage[density >= 0.8].max() == table.coverage.values[0]
    assert table.trajectory_limited.values[0, 0] == 0


def test_boxes_follow_each_other() -> None:
    """Two slabs: each is a box, and the second is looked for without the futures of the first."""
    x = np.random.default_rng(5).random((1500, 3))
    first, second = x[:, 0] > 0.8, x[:, 1] < 0.1
    inside = first | second
    table = prim_boxes(x, inside, labels(3), boxes=2)
    boxes = [in_box(x, limit) for limit in table.limit.values]
    one, other = (first, second) if np.isfinite(table.limit.values[0, 0, 0]) else (second, first)
    assert (boxes[0] & one).sum() > 0.8 * one.sum()
    assert (boxes[1] & other).sum() > 0.8 * other.sum()
    new = boxes[1] & ~boxes[0]
    assert table.density.values[1] == pytest.approx(inside[new].mean())
    assert table.coverage.values == pytest.approx([(box & inside).sum() / inside.sum() for box in (boxes[0], new)])
    assert (table.density.values >= 0.8).all()


def test_no_more_boxes_than_there_is_something_in() -> None:
    x = np.random.default_rng(6).random((400, 2))
    table = prim_boxes(x, x[:, 0] > 0.5, labels(2), boxes=5, density=0.2)
    assert table.coverage.values.tolist() == [1]  # the futures are dense enough without any limit
    assert np.isnan(table.limit.values).all()


def test_the_densest_where_none_is_dense_enough() -> None:
    random = np.random.default_rng(7)
    x = random.random((800, 2))
    inside = random.random(800) < 0.2 + 0.3 * (x[:, 0] > 0.5)
    table = prim_boxes(x, inside, labels(2), density=1.0)
    assert table.density.values[0] == np.nanmax(table.trajectory_density.values)


def test_only_inputs_that_separate_are_searched() -> None:
    x, inside = planted()
    table = prim_boxes(x, inside, labels(6), most=2)
    assert table.searched.values.tolist() == [1, 0, 0, 1, 0, 0]
    assert np.isfinite(table.limit.sel(box=1).values[[0, 3], [0, 1]]).all()


def test_a_fixed_input_limits_nothing() -> None:
    x, inside = planted(400)
    x[:, 1] = 0.3
    assert np.isnan(prim_boxes(x, inside, labels(6)).limit.sel(input="x1")).all()


def test_futures_of_interest_that_are_none() -> None:
    x, inside = planted(50)
    for all_of_them in (True, False):
        with pytest.raises(InputError, match="all of the 50" if all_of_them else "none of the 50"):
            prim_boxes(x, np.full(50, all_of_them), labels(6))
    with pytest.raises(ValueError, match="one truth value a row"):
        prim_boxes(x, inside * 1.0, labels(6))
    x[3, 2] = np.nan
    with pytest.raises(NonFiniteError, match="column 'x2'"):
        prim_boxes(x, inside, labels(6))


def test_the_extra_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ema_workbench.analysis.prim", None)
    x, inside = planted(50)
    with pytest.raises(InputError, match=r"genai-simulator\[discovery\]"):
        prim_boxes(x, inside, labels(6))


# Switching values


def normal(levels: np.ndarray) -> np.ndarray:
    """Normal inputs with means 1, 2 and 3, and standard deviations 1, 0.5 and 0."""
    return np.asarray(np.array([1.0, 2.0, 3.0]) + np.array([1.0, 0.5, 0.0]) * ndtri(levels))


def test_a_line_has_its_roots() -> None:
    """y = 2 a - 4 b + c: 2 - 8 + 3 = -3 at the medians."""
    slopes = np.array([2.0, -4.0, 1.0])
    table = switching_values(lambda x: x @ slopes, normal, list("abc"), np.array([-4.0, -3.0, 1.0, 90.0]), list("pqrs"))
    a, b = np.array([0.5, 1.0, 3.0]), np.array([2.25, 2.0, 1.0])
    assert table.value.sel(input="a").values[0, :3] == pytest.approx(a, abs=1e-8)
    assert table.value.sel(input="b").values[0, :3] == pytest.approx(b, abs=1e-8)
    level = np.stack([ndtr(a - 1), ndtr((b - 2) / 0.5)])
    assert table.level.values[0, :2, :3] == pytest.approx(level, abs=1e-8)
    assert table.probability.values[0, :2, :3] == pytest.approx(np.minimum(level, 1 - level), abs=1e-8)
    assert np.isnan(table.value.sel(target="s")).all()
    assert np.isnan(table.value.sel(input="c", target=["p", "r"])).all()
    assert table.central.values.tolist() == [1, 2, 3]
    assert table.central_output.values == pytest.approx([-3])


@given(st.floats(-1.9, 1.9), st.floats(0.3, 3.0), st.floats(-2, 2))
def test_the_output_is_at_the_target_there(target: float, slope: float, curve: float) -> None:
    def function(x: np.ndarray) -> np.ndarray:
        return np.asarray(slope * x[:, 0] + curve * x[:, 0] ** 2 + x[:, 1] ** 3 + x[:, 0] * x[:, 1])

    def values(levels: np.ndarray) -> np.ndarray:
        return 4 * levels - 2

    table = switching_values(function, values, ["a", "b"], np.array([target]), ["t"])
    for place in range(2):
        found = table.value.values[0, place, 0]
        if np.isfinite(found):
            at = np.zeros((1, 2))
            at[0, place] = found
            assert function(at)[0] == pytest.approx(target, abs=1e-7)
    assert np.isfinite(table.value.values[0, 1, 0])  # a cube reaches all targets


def test_the_nearest_of_two_crossings() -> None:
    """(x - 0.4)²: 0.25 is reached at 0.9 alone, 0.09 at 0.1 and 0.7, of which 0.7 is nearer to 0.5."""
    table = switching_values(
        lambda x: (x[:, 0] - 0.4) ** 2, lambda levels: levels, ["a"], np.array([0.25, 0.09]), ["far", "near"]
    )
    assert table.value.values[0, 0] == pytest.approx([0.9, 0.7], abs=1e-8)


def test_steps_are_taken_at_the_first_value_beyond() -> None:
    """Values 0, 1, 2, 3 of equal probability: 1 or 2 at the median, 0 from a quarter down, 3 from three quarters up."""
    table = switching_values(
        lambda x: x[:, 0], lambda levels: np.floor(4 * levels).clip(0, 3), ["a"], np.array([2.5, 0.5]), ["up", "down"]
    )
    assert table.value.values[0, 0].tolist() == [3, 0]
    assert table.probability.values[0, 0] == pytest.approx([0.25, 0.25], abs=1e-8)


def test_each_output_has_its_targets() -> None:
    def function(x: np.ndarray) -> np.ndarray:
        return np.column_stack([x.sum(axis=1), x[:, 0] - x[:, 1]])

    targets = np.array([[0.8, 1.3], [0.1, -0.2]])
    table = switching_values(function, lambda levels: levels, ["a", "b"], targets, ["low", "high"], ["p", "q"])
    assert table.value.sel(output="p").values == pytest.approx(np.array([[0.3, 0.8], [0.3, 0.8]]), abs=1e-8)
    assert table.value.sel(output="q").values == pytest.approx(np.array([[0.6, 0.3], [0.4, 0.7]]), abs=1e-8)
    assert table.target_value.values.tolist() == targets.tolist()


def test_the_model_is_at_its_targets(base: Prepared) -> None:
    """The plain formula, with each input alone at its switching value, gives the published ends."""

    def values(levels: np.ndarray) -> np.ndarray:
        columns = [quantile(one.distribution, levels[:, place]) for place, one in enumerate(base.inputs)]
        return np.column_stack(columns)

    table = switching_values(
        lambda x: evaluated_total(base, x),
        values,
        base.names,
        np.array([84.0, 96.0]),
        ["low", "high"],
        unit="thousand FTE",
    )
    found = table.value.values[0]
    assert np.isfinite(found[base.at("technology")]).all()
    for place, target in np.argwhere(np.isfinite(found)):
        moved = table.central.values[None].copy()
        moved[0, place] = found[place, target]
        assert evaluated_total(base, moved)[0] == pytest.approx((84.0, 96.0)[target], abs=1e-5)
    assert (table.probability.values[np.isfinite(table.probability.values)] < 0.5).all()
    assert table.central_output.attrs["units"] == "thousand FTE"


def test_what_is_not_finite_is_refused() -> None:
    with pytest.raises(NonFiniteError, match="of 66 outputs at switching values"), np.errstate(divide="ignore"):
        switching_values(lambda x: 1 / (x[:, 0] - 0.5), lambda levels: levels, ["a", "b"], np.array([1.0]), ["t"])
    with pytest.raises(NonFiniteError, match=r"1 of 2 targets .* column 'q'"):
        switching_values(lambda x: x[:, 0], lambda levels: levels, ["a"], np.array([1.0, np.nan]), ["p", "q"])
