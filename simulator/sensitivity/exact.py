"""Closed form: mean, variance and Sobol' indices of any group, where inputs are independent.

Freed FTE and wages are multilinear in the inputs, so that E[Y Y'], where Y' shares the inputs of a group with Y and has
independent copies of the others, follows from means and variances alone: for a group u, the variance of E[Y | X_u] is
E[Y Y'] - E[Y]² (Sobol' 1993; Saltelli et al. 2010, doi:10.1016/j.cpc.2009.09.018, equation (b) in expectation).

The workforce table is one input with as many values as there are tables: outputs are linear in it, and expectations of
products are averages over the tables where it is shared, products of averages where it is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ..distributions import Distribution, is_smooth, quantile, steps
from ..kernels.structure import Structure

ROUNDING = 1e-13  # of a difference between expectations, relative to them


@dataclass(frozen=True)
class Moments:
    """First two moments of all inputs and of the phase-in path.

    Attributes
    ----------
    mean, variance : (inputs,) float64
    path_mean, path_square : (years,) float64
        E[s(y)/s(2040)] and its square's.
    """

    mean: np.ndarray
    variance: np.ndarray
    path_mean: np.ndarray
    path_square: np.ndarray


@dataclass(frozen=True)
class Lines:
    """Outputs as lines in the drivers of growth: the weights of the terms, averaged over the workforce tables.

    Attributes
    ----------
    level : (years, rows, P) float64
        Weights at the means of the drivers.
    driver : (rows, D, P) float64
        What one unit of a driver adds to them by 2040.
    level_products : (years, rows, P, P) float64, or None
        Averages of the products of two weights; None where there is one table.
    driver_products : (rows, D, P, P) float64, or None
    """

    level: np.ndarray
    driver: np.ndarray
    level_products: np.ndarray | None = None
    driver_products: np.ndarray | None = None


Weights = np.ndarray | Lines


def make_lines(s: Structure, moments: Moments, weights: np.ndarray | Iterable[np.ndarray]) -> Lines:
    """Lines of outputs.

    Parameters
    ----------
    s : Structure
    moments : Moments
    weights : (rows, A, P) float64, or iterable of (tables, rows, A, P) float64
        With one workforce table, or with all that may be true; see `simulator.outputs`.

    Returns
    -------
    Lines
    """
    grown = mean_growth(s, moments)
    if isinstance(weights, np.ndarray):
        level = np.einsum("rap,ya->yrp", weights, grown)
        return Lines(level, np.einsum("rap,ad->rdp", weights, s.area_growth[:, 1:]))
    count, sums = 0, [np.zeros(1)] * 4
    for batch in weights:
        level = np.einsum("trap,ya->yrtp", batch, grown)
        driver = np.einsum("trap,ad->rdtp", batch, s.area_growth[:, 1:])
        parts = [each.sum(axis=2) for each in (level, driver)]
        parts += [np.swapaxes(each, 2, 3) @ each for each in (level, driver)]
        count, sums = count + len(batch), [total + part for total, part in zip(sums, parts, strict=True)]
    return Lines(*(total / count for total in sums))


def speed_moments(speed: Distribution, years: Sequence[int], start: float) -> tuple[np.ndarray, np.ndarray]:
    """Mean and mean square of the phase-in path over the distribution of its speed.

    Parameters
    ----------
    speed : Distribution
        Years from 10 to 90 %.
    years : sequence of int
    start : float

    Returns
    -------
    (years,), (years,) float64
        By Gauss-Legendre quadrature over the levels, on panels that halve towards both ends; over the steps, where the
        distribution has steps.
    """
    from ..phase_in import logistic_path

    stepped = steps(speed)
    if stepped is not None:
        values, weights = stepped[0], np.diff(stepped[1], prepend=0.0)
    else:
        nodes, node_weights = np.polynomial.legendre.leggauss(16)
        edges = 0.5 ** np.arange(1, 60)
        edges = np.append(edges, 0.0) if is_smooth(speed) else np.linspace(0.5, 0.0, 20001)
        middle, half = (edges[:-1] + edges[1:]) / 2, (edges[:-1] - edges[1:]) / 2
        lower = (middle[:, None] + half[:, None] * nodes).ravel()
        weights = np.tile((half[:, None] * node_weights).ravel(), 2)
        values = quantile(speed, np.concatenate([lower, 1 - lower]))
    path = logistic_path(values, years, start)
    return weights @ path, weights @ path**2


def pair_products(s: Structure, moments: Moments, shared: np.ndarray) -> np.ndarray:
    """E[T_p T'_q] over all pairs of terms, where both share the inputs of a group.

    Parameters
    ----------
    s : Structure
    moments : Moments
    shared : (inputs,) bool

    Returns
    -------
    (P, P) float64
    """
    mean, variance = moments.mean, np.where(shared, moments.variance, 0.0)
    terms, categories = len(s.term_theme), len(s.phase_in)
    task_term = np.repeat(np.arange(terms), np.diff(s.task_start))
    category = np.repeat(np.arange(categories), np.diff(s.term_start))
    share_mean, share_variance = mean[s.task_share], variance[s.task_share]
    has = s.task_coefficient >= 0
    factor_mean = np.where(has, mean[s.task_coefficient], 1.0)
    factor_variance = np.where(has, variance[s.task_coefficient], 0.0)
    use = np.bincount(task_term, s.task_part * share_mean * factor_mean, terms)
    extra = s.task_part**2 * (share_variance * (factor_mean**2 + factor_variance) + share_mean**2 * factor_variance)
    product = np.outer(use, use) + np.diag(np.bincount(task_term, extra, terms))
    theme = np.where(s.term_theme >= 0, mean[s.term_theme], 1.0)
    same_theme = (s.term_theme[:, None] == s.term_theme) & (s.term_theme >= 0)
    product *= np.outer(theme, theme) + same_theme * np.where(s.term_theme >= 0, variance[s.term_theme], 0.0)
    same_category = np.eye(categories)
    own = np.outer(mean[s.technology_own], mean[s.technology_own]) + same_category * variance[s.technology_own]
    adopted = mean[s.phase_in] + mean[s.national] + s.barrier_weight @ mean[s.barrier]
    adoption = np.outer(adopted, adopted) + variance[s.national] + same_category * variance[s.phase_in]
    adoption += (s.barrier_weight * variance[s.barrier]) @ s.barrier_weight.T
    technology = mean[s.technology] ** 2 + variance[s.technology]
    return np.asarray(product * (own * adoption)[np.ix_(category, category)] * technology)


def mean_growth(s: Structure, moments: Moments) -> np.ndarray:
    """Expected growth factors, (years, A) float64."""
    central = s.area_growth[:, 0] + s.area_growth[:, 1:] @ (moments.mean[s.driver] - s.driver_reference)
    return np.asarray(1 + s.year_path[:, None] * central)


def output_means(s: Structure, moments: Moments, weights: Weights) -> np.ndarray:
    """Expected outputs.

    Parameters
    ----------
    s : Structure
    moments : Moments
    weights : (rows, A, P) float64, or Lines
        See `simulator.outputs.row_weights`.

    Returns
    -------
    (years, rows) float64
    """
    lines = _lines(s, moments, weights)
    return np.asarray(lines.level @ _term_means(s, moments) * moments.path_mean[:, None])


def output_products(s: Structure, moments: Moments, weights: Weights, shared: np.ndarray) -> np.ndarray:
    """E[Y Y'] of each output, where Y' shares the inputs of a group with Y.

    Parameters
    ----------
    s : Structure
    moments : Moments
    weights : (rows, A, P) float64, or Lines
    shared : (inputs,) bool

    Returns
    -------
    (years, rows) float64
    """
    return np.asarray(contributions(s, moments, weights, shared).sum(axis=2))


def contributions(s: Structure, moments: Moments, weights: Weights, shared: np.ndarray) -> np.ndarray:
    """E[Y_p Y'] of each term's part Y_p of each output.

    Parameters
    ----------
    s, moments, weights, shared
        See `output_products`.

    Returns
    -------
    (years, rows, P) float64
    """
    product = pair_products(s, moments, shared)
    lines = _lines(s, moments, weights)
    driver_variance = np.where(shared, moments.variance, 0.0)[s.driver]
    if shared[s.reconstruction] and lines.level_products is not None and lines.driver_products is not None:
        result = np.einsum("yrpq,pq->yrp", lines.level_products, product)
        of_drivers = np.einsum("rdpq,pq->rdp", lines.driver_products, product)
    else:
        result = lines.level * (lines.level @ product)
        of_drivers = lines.driver * (lines.driver @ product)
    result += (s.year_path**2)[:, None, None] * np.einsum("d,rdp->rp", driver_variance, of_drivers)
    path = moments.path_square if shared[s.speed] else moments.path_mean**2
    return np.asarray(result * path[:, None, None])


def _lines(s: Structure, moments: Moments, weights: Weights) -> Lines:
    return weights if isinstance(weights, Lines) else make_lines(s, moments, weights)


def _term_means(s: Structure, moments: Moments) -> np.ndarray:
    """Expected terms, (P,) float64."""
    mean = moments.mean
    terms = len(s.term_theme)
    task_term = np.repeat(np.arange(terms), np.diff(s.task_start))
    category = np.repeat(np.arange(len(s.phase_in)), np.diff(s.term_start))
    factor = np.where(s.task_coefficient >= 0, mean[s.task_coefficient], 1.0)
    use = np.bincount(task_term, s.task_part * mean[s.task_share] * factor, terms)
    theme = np.where(s.term_theme >= 0, mean[s.term_theme], 1.0)
    adopted = mean[s.phase_in] + mean[s.national] + s.barrier_weight @ mean[s.barrier]
    return np.asarray(use * theme * (mean[s.technology_own] * adopted)[category] * mean[s.technology])


def exact_indices(
    s: Structure, moments: Moments, weights: Weights, groups: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Variances, first-order and total indices of groups.

    Parameters
    ----------
    s : Structure
    moments : Moments
    weights : (rows, A, P) float64, or Lines
    groups : (G, inputs) bool

    Returns
    -------
    variance : (years, rows) float64
    first_order, total_order : (G, years, rows) float64
        0 where the variance is 0.
    """
    weights = _lines(s, moments, weights)
    square = output_means(s, moments, weights) ** 2
    everything = np.ones(groups.shape[1], dtype=bool)
    variance = _beyond_rounding(output_products(s, moments, weights, everything) - square, square)
    varies = variance > 0
    divisor = np.where(varies, variance, 1.0)
    closed = np.array([output_products(s, moments, weights, group) - square for group in groups])
    rest = np.array([output_products(s, moments, weights, ~group) - square for group in groups])
    return variance, np.where(varies, closed / divisor, 0.0), np.where(varies, 1 - rest / divisor, 0.0)


def _beyond_rounding(variance: np.ndarray, square: np.ndarray) -> np.ndarray:
    """A variance that came as a difference from the squared mean, or 0 where it is no more than the rounding of that."""
    return np.where(variance > ROUNDING * square, variance, 0.0)


def exact_allocation(s: Structure, moments: Moments, weights: Weights) -> np.ndarray:
    """Covariance of each category's part of an output with the output, as a fraction of the output's variance.

    Parameters
    ----------
    s : Structure
    moments : Moments
    weights : (rows, A, P) float64, or Lines

    Returns
    -------
    (years, rows, C) float64
        Sums to one over the categories, where the variance is not 0.
    """
    everything = np.ones(len(moments.mean), dtype=bool)
    weights = _lines(s, moments, weights)
    part_mean = weights.level * _term_means(s, moments) * moments.path_mean[:, None, None]
    total = part_mean.sum(axis=2, keepdims=True)
    covariance = contributions(s, moments, weights, everything) - part_mean * total
    by_category = np.add.reduceat(covariance, s.term_start[:-1], axis=2)
    variance = _beyond_rounding(by_category.sum(axis=2, keepdims=True), total**2)
    return np.asarray(np.divide(by_category, variance, out=np.zeros_like(by_category), where=variance > 0))
