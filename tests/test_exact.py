"""The closed form against enumeration, quadrature and simulation of the real model, and the identities that it must obey.

Tolerances. A variance is the difference of two expectations about as large as the squared mean, each a sum of some thousand
products: 1e-12 of the squared mean is allowed for rounding wherever two exact computations meet.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from conftest import Prepared, with_rows
from scipy import integrate

from simulator.design import design_for
from simulator.distributions import Distribution, from_mapping, quantile
from simulator.inputs import PARTITIONS
from simulator.outputs import line_coefficients, scope_rows
from simulator.phase_in import logistic_path
from simulator.sensitivity.exact import (
    Moments,
    exact_allocation,
    exact_indices,
    output_means,
    speed_moments,
)
from simulator.sensitivity.single import azzini_of_differences
from simulator.simulation import pick_freeze

ROUNDING = 1e-12


def all_indices(model: Prepared, moments: Moments, groups: np.ndarray) -> tuple[np.ndarray, ...]:
    """Variance (Y, rows), and variances explained by groups alone and in all (G, Y, rows)."""
    variance, first, total = exact_indices(model.structure, moments, model.weights, groups)
    return variance, first * variance, total * variance


# (a) Enumeration: with a two-point distribution on a few inputs, and all others fixed, every expectation is a finite sum


def chosen_inputs(model: Prepared, choice: str) -> list[int]:
    names, task = model.names, model.evidence.tasks[0]
    if choice == "common":
        return model.at(
            "technology", "national", "speed", "extrapolation", "demography.longevity", "demography.healthy_ageing",
            f"theme.{task.theme}", f"barrier.{model.evidence.barriers[1]}", f"phase_in.{task.category}",
            f"residual.{task.category}",
        )  # fmt: skip
    if choice == "one category":
        own = [i for i, one in enumerate(model.inputs) if one.category == task.category]
        return [*own[:8], *model.at(f"theme.{task.theme}", "speed")]
    random = np.random.default_rng(int(choice))
    return sorted(random.choice(len(names), 10, replace=False).tolist())


def two_points(model: Prepared, places: list[int]) -> tuple[np.ndarray, Moments]:
    """Values of all inputs at the 2**k corners, (2**k, inputs), and their moments.

    Mean and deviation are those of the configuration; a fixed input moves by a twentieth of its mean.
    """
    mean, deviation = model.moments.mean, np.sqrt(model.moments.variance)
    deviation = np.where(deviation > 0, deviation, 0.05 * np.abs(mean))
    signs = np.stack(np.meshgrid(*[[-1.0, 1.0]] * len(places), indexing="ij"), axis=-1).reshape(-1, len(places))
    values = np.tile(mean, (len(signs), 1))
    values[:, places] += signs * deviation[places]
    varies = np.isin(np.arange(len(mean)), places)
    path = logistic_path(values[:, model.structure.speed], model.years, model.start)
    moments = Moments(mean, np.where(varies, deviation**2, 0.0), path.mean(axis=0), (path**2).mean(axis=0))
    return values, moments


def explained(outputs: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Variance of the mean given some of the corners' inputs; outputs (2**k, ...), kept (k,) bool."""
    corners = outputs.reshape((2,) * len(kept) + outputs.shape[1:])
    given = corners.mean(axis=tuple(np.flatnonzero(~kept)), keepdims=True)
    return np.asarray(given.var(axis=tuple(range(len(kept)))))


@pytest.mark.parametrize("choice", ["common", "one category", "1", "2"])
def test_indices_are_those_of_enumeration(prepared: Prepared, choice: str) -> None:
    """All outputs in all years, for each of ten inputs alone and for five groups of them."""
    places = chosen_inputs(prepared, choice)
    values, moments = two_points(prepared, places)
    outputs = prepared.reference(values)[..., 0]
    random = np.random.default_rng(4)
    kept = np.vstack([np.eye(len(places), dtype=bool), random.random((5, len(places))) < 0.5])
    groups = np.zeros((len(kept), len(prepared.inputs)), dtype=bool)
    groups[:, places] = kept
    mean, allowed = outputs.mean(axis=0), ROUNDING * (outputs**2).mean(axis=0)
    np.testing.assert_allclose(output_means(prepared.structure, moments, prepared.weights), mean, rtol=1e-12)
    variance, first, total = all_indices(prepared, moments, groups)
    assert (np.abs(variance - outputs.var(axis=0)) <= allowed).all()
    assert (variance[:, 0] > 1e6 * allowed[:, 0]).all()  # the total of FTE does vary
    for g, members in enumerate(kept):
        assert (np.abs(first[g] - explained(outputs, members)) <= allowed).all()
        assert (np.abs(total[g] - (outputs.var(axis=0) - explained(outputs, ~members))) <= allowed).all()


@pytest.mark.parametrize("choice", ["common", "one category", "3"])
def test_allocation_is_that_of_enumeration(prepared: Prepared, choice: str) -> None:
    """Covariance of what each category contributes with every output, as a fraction of its variance."""
    values, moments = two_points(prepared, chosen_inputs(prepared, choice)[:5])
    outputs = prepared.reference(values)[..., 0]
    parts = prepared.contributions(values)
    np.testing.assert_allclose(parts.sum(axis=-1), outputs, rtol=1e-12)
    away = outputs - outputs.mean(axis=0)
    covariance = (away[..., None] * (parts - parts.mean(axis=0))).mean(axis=0)
    variance, allowed = outputs.var(axis=0), ROUNDING * (outputs**2).mean(axis=0)
    varies = variance > 1e3 * allowed
    assert varies[:, 0].all()
    found = exact_allocation(prepared.structure, moments, prepared.weights) * variance[..., None]
    excess = np.abs(found - covariance) - 10 * allowed[..., None]
    assert excess[varies].max() <= 0


# (a) Quadrature: in each of the inputs, with all others at their means, outputs are the conditional expectations


def level_nodes(nodes: int = 8, octaves: int = 30) -> tuple[np.ndarray, np.ndarray]:
    """Gauss-Legendre nodes and weights on panels of levels that halve towards both ends."""
    node, weight = np.polynomial.legendre.leggauss(nodes)
    edges = np.append(0.0, 0.5 ** np.arange(octaves, 0, -1))
    half = np.diff(edges) / 2
    lower, weights = (edges[:-1, None] + half[:, None] * (node + 1)).ravel(), (half[:, None] * weight).ravel()
    return np.concatenate([lower, 1 - lower]), np.tile(weights, 2)


SINGLE = ("technology", "national", "speed", "extrapolation", "demography.migration", "demography.healthy_ageing")


@pytest.mark.parametrize("name", [*SINGLE, "residual", "coefficient", "phase_in", "technology_own"])
def test_first_order_is_that_of_quadrature(prepared: Prepared, name: str) -> None:
    """With the distributions as they are. Eight nodes in a panel leave less than 1e-9 of the variance."""
    place = prepared.names.index(next(one for one in prepared.names if one == name or one.startswith(f"{name}.")))
    distribution = prepared.inputs[place].distribution
    levels, weights = level_nodes()
    values = np.tile(prepared.moments.mean, (len(levels), 1))
    values[:, place] = quantile(distribution, levels)
    outputs = prepared.reference(values)[..., 0]
    if name != "speed":  # of the path, which is not linear in the speed, the mean is not the path at the mean speed
        at_mean = logistic_path(prepared.moments.mean[prepared.structure.speed], prepared.years, prepared.start)
        outputs = outputs * (prepared.moments.path_mean / at_mean)[:, None]
    mean = np.tensordot(weights, outputs, axes=1)
    expected = np.tensordot(weights, (outputs - mean) ** 2, axes=1)
    np.testing.assert_allclose(output_means(prepared.structure, prepared.moments, prepared.weights), mean, rtol=1e-9)
    _, first, _ = all_indices(prepared, prepared.moments, prepared.group(prepared.names[place])[None])
    np.testing.assert_allclose(first[0], expected, rtol=1e-8, atol=ROUNDING * (mean**2).max())


def made(kind: str, **parameters: object) -> Distribution:
    return from_mapping({"kind": kind, **parameters}, "a test", Path())


YEARS = (2025, 2030, 2035, 2040)
SPEEDS = {
    "lognormal": made("interval", p05=15, p95=30, family="lognormal"),
    "uniform": made("uniform", low=5, high=40),
    "pert": made("pert", low=10, mode=12, high=40),
    "triangular": made("triangular", low=5, mode=30, high=40),
    "percentiles": made("percentiles", low=5, p10=10, p50=20, p90=30, high=60),
    "mixture": made("mixture", components=[{"kind": "uniform", "low": 10, "high": 20}, {"kind": "fixed", "value": 25}],
                    weights=[0.75, 0.25]),
}  # fmt: skip


@pytest.mark.parametrize("start", [2020.0, 2024.0])
@pytest.mark.parametrize("name", SPEEDS)
def test_moments_of_the_path_are_those_of_adaptive_quadrature(name: str, start: float) -> None:
    """scipy's quad, told where the quantile function has a knot or a jump, comes to 1e-11 here. The mixture's jump at the
    level 3/4 is an edge of the fine panels that a mixture is given; the triangle's kink is inside a panel of 1/4.
    """
    mean, square = speed_moments(SPEEDS[name], YEARS, start)

    def path(level: float, year: int, power: int) -> float:
        return float(logistic_path(quantile(SPEEDS[name], level), [year], start)[0] ** power)

    for place, year in enumerate(YEARS):
        for found, power in ((mean, 1), (square, 2)):
            parts = [
                integrate.quad(path, low, high, args=(year, power), epsabs=1e-11, epsrel=1e-11, limit=200)[0]
                for low, high in pairwise((0.0, 0.25, 0.5, 5 / 7, 0.75, 1.0))
            ]
            assert found[place] == pytest.approx(sum(parts), rel=1e-7 if name == "triangular" else 1e-9)


def test_moments_of_the_path_over_steps_are_sums() -> None:
    steps = made("discrete", values=[30.0, 15.0], probabilities=[0.25, 0.75])
    path = logistic_path([15.0, 30.0], YEARS, 2024.0)
    mean, square = speed_moments(steps, YEARS, 2024.0)
    np.testing.assert_allclose(mean, [0.75, 0.25] @ path, rtol=1e-14)
    np.testing.assert_allclose(square, [0.75, 0.25] @ path**2, rtol=1e-14)


# (b) Identities


def test_partitions_bracket_the_whole(prepared: Prepared) -> None:
    """First orders of a partition's groups sum to at most 1, totals to at least 1; interactions are what is between."""
    for name in PARTITIONS:
        groups = prepared.partition_groups(name)
        np.testing.assert_array_equal(groups.sum(axis=0), 1)
        _, first, total = exact_indices(prepared.structure, prepared.moments, prepared.weights, groups)
        assert (first >= -1e-9).all()
        assert (total >= first - 1e-9).all()
        assert first.sum(axis=0).max() <= 1 + 1e-9
        assert total.sum(axis=0).min() >= 1 - 1e-9
        assert total.sum(axis=0).max() > 1 + 1e-6  # products of inputs of different groups do interact


def test_everything_and_nothing(prepared: Prepared) -> None:
    groups = np.array([np.ones(len(prepared.inputs), dtype=bool), np.zeros(len(prepared.inputs), dtype=bool)])
    _, first, total = exact_indices(prepared.structure, prepared.moments, prepared.weights, groups)
    for index in (first, total):
        np.testing.assert_allclose(index[0], 1.0, atol=1e-9)
        np.testing.assert_allclose(index[1], 0.0, atol=1e-9)


def test_larger_groups_explain_more(prepared: Prepared) -> None:
    """Along a random chain from nothing to everything, both indices rise; disjoint groups explain more together."""
    order = np.random.default_rng(6).permutation(len(prepared.inputs))
    rank = np.argsort(order)
    chain = np.array([rank < size for size in range(0, len(order) + 1, 8)])
    _, first, total = exact_indices(prepared.structure, prepared.moments, prepared.weights, chain)
    assert np.diff(first, axis=0).min() >= -1e-9
    assert np.diff(total, axis=0).min() >= -1e-9
    later = np.array([(rank >= 64) & (rank < 96), rank < 96])
    _, apart, _ = exact_indices(prepared.structure, prepared.moments, prepared.weights, later)
    assert (apart[1] >= apart[0] + first[8] - 1e-9).all()


def test_allocation_sums_to_one(prepared: Prepared) -> None:
    allocation = exact_allocation(prepared.structure, prepared.moments, prepared.weights)
    np.testing.assert_allclose(allocation.sum(axis=2), 1.0, rtol=1e-12)
    for place, row in enumerate(prepared.rows):
        if row.dimension == "category":  # all of a category's variance is its own
            own = prepared.categories.index(row.label)
            np.testing.assert_allclose(allocation[:, place, own], 1.0, rtol=1e-12)


def test_an_output_that_cannot_vary_has_no_indices(base: Prepared) -> None:
    """Rounding must not be taken for variance: with one category's inputs alone uncertain, the outputs of all others have
    indices 0, and with no uncertain input all have.
    """
    category = base.evidence.tasks[0].category
    own = np.array([one.category == category for one in base.inputs])
    groups = np.array([own, ~own, np.ones_like(own)])
    path = base.moments.path_mean
    for varies in (own, np.zeros_like(own)):
        moments = Moments(base.moments.mean, np.where(varies, base.moments.variance, 0.0), path, path**2)
        variance, first, total = exact_indices(base.structure, moments, base.weights, groups)
        others = [i for i, row in enumerate(base.rows) if row.dimension == "category" and row.label != category]
        still = others if varies.any() else list(range(len(base.rows)))
        allocation = exact_allocation(base.structure, moments, base.weights)
        for zero in (variance[:, still], first[:, :, still], total[:, :, still], allocation[:, still]):
            np.testing.assert_array_equal(zero, 0.0)


def test_a_fixed_input_has_no_index(base: Prepared) -> None:
    fixed = base.sampler.tables.fixed
    assert fixed.any()
    _, first, total = exact_indices(base.structure, base.moments, base.weights, fixed[None])
    assert np.abs(first).max() < 1e-9
    assert np.abs(total).max() < 1e-9


# (c) Simulation


def test_simulation_comes_to_the_closed_form(prepared: Prepared) -> None:
    """16 scrambles of 2^10 pairs; mean, variance, indices of all groups of all partitions, and allocation, of the total
    and the focus areas in all years. 7 standard errors of 16 replicates are exceeded with probability 4e-6, and here are
    about 4 000 numbers, most of them far from independent. The quantile tables add less than 1e-6 of the variance.
    """
    model = with_rows(prepared, scope_rows(prepared.rows))
    groups = model.partition_groups()
    variance, first, total = exact_indices(model.structure, model.moments, model.weights, groups)
    mean = output_means(model.structure, model.moments, model.weights).T.copy()
    tails = np.stack([mean, mean], axis=-1)
    design = design_for(len(model.inputs), 2**14, 16, 1, "sobol")
    coefficients = line_coefficients(model.structure, model.weights)[None]
    frozen = pick_freeze(design, model.sampler, model.structure, coefficients, groups, mean, tails)
    n = 2 * 2**10
    each = [azzini_of_differences(*sums) for sums in zip(frozen.pairs, frozen.differences, strict=True)]
    a, b, aa, bb, _ = np.moveaxis(frozen.pairs / n, -1, 0)
    contribution = frozen.allocation[..., :2] / n  # replicates, S, Y, C
    offset = a + b
    covariance = contribution[..., 1] - contribution[..., 0] * offset[..., None]
    allocation = exact_allocation(model.structure, model.moments, model.weights).transpose(1, 0, 2)
    comparisons = (
        (offset / mean, np.zeros_like(mean), 2e-4),
        ((aa + bb - offset**2) / variance.T, np.ones_like(mean), 2e-2),
        (np.array([one[0] for one in each]), first.transpose(0, 2, 1), 5e-3),
        (np.array([one[1] for one in each]), total.transpose(0, 2, 1), 5e-3),
        (covariance / variance.T[..., None], allocation * np.ones_like(mean)[..., None], 5e-3),
    )
    for estimates, truth, precision in comparisons:
        error = estimates.std(axis=0, ddof=1) / 4
        away = np.abs(estimates.mean(axis=0) - truth)
        assert error.max() < precision
        assert (away <= 7 * error + 1e-6).all()


def test_moments_must_be_of_the_speed_given(base: Prepared) -> None:
    """A wider speed widens the early years and leaves 2040, the year of the stated phase-in, as it is."""
    wide = speed_moments(made("uniform", low=5, high=60), base.years, base.start)
    moments = replace(base.moments, path_mean=wide[0], path_square=wide[1])
    everything = np.ones((1, len(base.inputs)), dtype=bool)
    before, _, _ = all_indices(base, base.moments, everything)
    after, _, _ = all_indices(base, moments, everything)
    np.testing.assert_allclose(after[-1], before[-1], rtol=1e-9)
    ratio = (
        output_means(base.structure, moments, base.weights)[0]
        / output_means(base.structure, base.moments, base.weights)[0]
    )
    assert (after[0] / ratio**2 > 1.5 * before[0]).all()
