"""Futures a second through `simulator.simulation.propagate`, and through what one would write without it."""

from __future__ import annotations

from functools import partial

import numpy as np

from simulator.outputs import OutputRow
from simulator.simulation import BINS, Propagated

from .baseline import baseline_of, draw, simulate, total_fte
from .case import Bar, Case, Ratio, Work, rate
from .prepared import REPLICATES, SEED, base_model, design_of, propagation_of

FUTURES = 2**22
SMALL = REPLICATES * 2**9
BARS = {"all": Bar("at least", 1.5e6, aim=4.5e6), "total": Bar("at least", 6e6, aim=18e6)}
SAID = {"all": "all outputs, shares and histograms", "total": "totals of FTE and wages, shares and histograms"}
QUANTILES = (0.05, 0.5, 0.95)


def prepare_propagation(futures: int, outputs: str, method: str, workers: int) -> Work[Propagated]:
    """Propagation alone: sampler, structure and bins are made before."""
    design = design_of(futures, method=method)
    run = propagation_of(design, outputs, workers)
    model = base_model(outputs)

    def check(result: Propagated) -> None:
        shape = (REPLICATES, len(model.years), len(model.rows), 2)
        assert result.moments.shape == (*shape, 2)
        assert result.counts.shape == (*shape, BINS + 2)
        assert np.isfinite(result.moments).all()
        assert (result.counts.sum(axis=-1) == design.points // REPLICATES).all()

    return Work(design.points, run, check)


def prepare_evaluate(futures: int) -> Work[np.ndarray]:
    """The plain formula on labelled arrays, all outputs; values of the inputs are drawn before."""
    model = base_model(tables="one")
    values = model.values(np.random.default_rng(SEED).random((futures, len(model.inputs))))

    def check(result: np.ndarray) -> None:
        assert result.shape == (futures, len(model.years))
        assert np.isfinite(result).all()

    return Work(futures, lambda: model.evaluate(values)["freed_fte"].values, check)


def prepare_numpy(futures: int) -> Work[tuple[np.ndarray, np.ndarray]]:
    """Draws, formula, mean, standard deviation and quantiles of total FTE in 2040."""
    model = base_model(tables="one")
    baseline = baseline_of(model)
    means, variances = model.exact_moments
    total = model.rows.index(OutputRow("freed_fte", "", ""))
    year = model.years.index(2040)
    mean, deviation = means[year, total], np.sqrt(variances[year, total])

    def check(result: tuple[np.ndarray, np.ndarray]) -> None:
        moments, quantiles = result
        assert quantiles.shape == (len(QUANTILES),)
        assert np.isfinite(moments).all()
        assert np.isfinite(quantiles).all()
        assert abs(moments[0] - mean) < 6 * deviation / np.sqrt(futures)
        assert abs(moments[1] / deviation - 1) < 10 / np.sqrt(futures)
        values = draw(baseline, np.random.default_rng(SEED), 8)
        expected = model.evaluate(values.T)["freed_fte"].sel(year=2040).values
        np.testing.assert_allclose(total_fte(baseline, values), expected, rtol=1e-12)

    return Work(futures, lambda: simulate(baseline, futures, SEED, QUANTILES), check)


def _name(outputs: str, method: str, workers: int) -> str:
    return f"propagation.{outputs}.{method}.workers-{workers}"


def _cases() -> tuple[Case, ...]:
    kernels = tuple(
        rate(
            _name(outputs, method, workers),
            f"{SAID[outputs]}; method = {method}, {workers} worker{'s' * (workers > 1)}",
            partial(prepare_propagation, outputs=outputs, method=method, workers=workers),
            (FUTURES, SMALL),
            "futures",
            bar=BARS[outputs] if workers == 2 else None,
        )
        for outputs in ("all", "total")
        for method in ("sobol", "monte-carlo")
        for workers in (1, 2)
    )
    plain = (
        rate("propagation.evaluate", "all outputs and shares by the plain formula on xarray, one workforce table, values given",
             prepare_evaluate, (2**14, 64), "futures"),
        rate("propagation.numpy", "total FTE of 2040 alone, one workforce table: numpy draws, formula, mean, sd and quantiles",
             prepare_numpy, (2**19, 2**12), "futures"),
    )  # fmt: skip
    return (*kernels, *plain)


def _ratios() -> tuple[Ratio, ...]:
    scaling = tuple(
        Ratio(
            f"propagation.{outputs}.{method}.scaling",
            "2 workers by 1",
            _name(outputs, method, 2),
            _name(outputs, method, 1),
        )
        for outputs in ("all", "total")
        for method in ("sobol", "monte-carlo")
    )
    against = (
        Ratio("propagation.all.by-evaluate", "kernels by the plain xarray formula, 1 worker",
              _name("all", "sobol", 1), "propagation.evaluate"),
        Ratio("propagation.total.by-numpy", "kernels (totals of FTE and wages in 4 years) by numpy (FTE in 1), 1 worker",
              _name("total", "sobol", 1), "propagation.numpy"),
        Ratio("propagation.all.by-numpy", "kernels (all outputs and shares in 4 years) by numpy (total FTE in 1), 1 worker",
              _name("all", "sobol", 1), "propagation.numpy"),
    )  # fmt: skip
    return (*scaling, *against)


CASES = _cases()
RATIOS = _ratios()
