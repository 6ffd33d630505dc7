"""How exact a run of 2^20 points is: against the closed form, and kernels against the plain formula."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial

import numpy as np

from simulator.design import direction_numbers, point_levels, replicate_points
from simulator.inputs import fixed
from simulator.outputs import base_places, scope_rows
from simulator.simulation import Propagated, make_sampler, propagate

from .case import Bar, Case, Work
from .prepared import (
    OTHER_SEEDS,
    REPLICATES,
    SEED,
    base_model,
    design_of,
    indices_of,
    pick_freeze_of,
    propagation_of,
    reference,
)

POINTS, SMALL = 2**20, 2**10
SEEDS = (SEED, *OTHER_SEEDS)
Errors = dict[str, float]


@cache
def total_errors(points: int, replicates: int, seed: int) -> tuple[float, float]:
    """Largest relative error of mean and of variance: totals of FTE and wages in all years."""
    design = design_of(points, replicates, seed)
    return _moment_errors(propagation_of(design, "all", None)())


def _moment_errors(propagated: Propagated) -> tuple[float, float]:
    model = base_model()
    rows = [place for place, row in enumerate(model.rows) if row.dimension == ""]
    sums = propagated.moments[:, :, rows, 0].sum(axis=0) / propagated.design.points  # years, totals, (first, second)
    offset = sums[..., 0]
    means, variances = (part[:, rows] for part in model.exact_moments)
    mean_error = np.abs(propagated.bins.centre[:, rows, 0] + offset - means) / means
    variance_error = np.abs(sums[..., 1] - offset**2 - variances) / variances
    return float(mean_error.max()), float(variance_error.max())


@cache
def index_errors(points: int, replicates: int, seed: int) -> tuple[float, float]:
    """Largest absolute error of the first-order and total indices of all groups: of all outputs, of total FTE in 2040."""
    table = indices_of(design_of(points, replicates, seed), None)()
    errors = [np.abs(table[name].values - table[f"{name}_exact"].values) for name in ("first_order", "total_order")]
    chosen = (table["quantity"] == "freed_fte") & (table["scope"] == "total") & (table["year"] == 2040)
    return max(float(error.max()) for error in errors), max(float(error[chosen.values].max()) for error in errors)


def prepare_moments(points: int, replicates: int, which: int) -> Work[Errors]:
    """Relative errors by seed; `which`: 0 of the mean, 1 of the variance."""
    return _worst(
        points, lambda: {_seed(seed): total_errors(points, replicates, seed)[which] for seed in SEEDS}, len(SEEDS)
    )


def prepare_indices(points: int, replicates: int) -> Work[Errors]:
    """Absolute errors by seed."""

    def run() -> Errors:
        return {_seed(seed): index_errors(points, replicates, seed)[0] for seed in SEEDS}

    def details(errors: Errors) -> Errors:
        alone = {f"{_seed(seed)}, total FTE in 2040": index_errors(points, replicates, seed)[1] for seed in SEEDS}
        return errors | alone

    return replace(_worst(points, run, len(SEEDS)), details=details)


def prepare_values(futures: int) -> Work[Errors]:
    """Propagation of single futures whose inputs are fixed at given values, against the plain formula there."""
    model = base_model(tables="one")
    values = model.values(np.random.default_rng(SEED).random((futures, len(model.inputs))))

    def run() -> Errors:
        outputs = np.concatenate([_outputs_at(row) for row in values])
        return _relative(outputs, reference(values))

    return _worst(futures, run, 2)


def prepare_levels(futures: int) -> Work[Errors]:
    """Propagation of replicates of one point each, against quantile functions and plain formula at the point's levels."""
    model = base_model(tables="one")
    design = design_of(futures, futures)

    def run() -> Errors:
        outputs = _single(propagation_of(design, "all", None, "one")())
        return _relative(outputs, reference(model.values(_levels(futures, pairs=False))))

    return _worst(futures, run, 2)


def prepare_hybrids(pairs: int) -> Work[Errors]:
    """Pick-freeze of replicates of one pair each: both hybrids of all groups against the plain formula at their levels."""
    model = base_model(tables="one")
    members, inputs = model.groups.members, len(model.inputs)
    scopes = scope_rows(model.rows)

    def run() -> Errors:
        frozen = pick_freeze_of(design_of(pairs, pairs), None, "one")[0]()
        found = np.sqrt(frozen.differences[..., :2])  # pairs, groups, scopes, years, (|ab - a|, |ba - b|)
        levels = _levels(pairs, pairs=True)
        a, b = model.values(levels[:, :inputs])[:, None], model.values(levels[:, inputs:])[:, None]
        errors = {}
        for place, (kept, taken) in enumerate(((a, b), (b, a))):
            hybrids = np.where(members, taken, kept).reshape(-1, inputs)
            expected = reference(hybrids)[:, :, scopes, 0].reshape(pairs, len(members), len(model.years), len(scopes))
            point = reference(kept[:, 0])[:, :, scopes, 0][:, None]
            error = (found[..., place] - np.abs(expected - point).transpose(0, 1, 3, 2)) / expected.transpose(
                0, 1, 3, 2
            )
            error = np.abs(error)
            errors["BA" if place else "AB"] = float(error.max())
        return errors

    return _worst(2 * pairs * len(members), run, 2)


def _outputs_at(values: np.ndarray) -> np.ndarray:
    """Kernels at one future, (1, years, rows, 2)."""
    model = base_model(tables="one")
    sampler = make_sampler(fixed(float(value)) for value in values)
    return _single(propagate(design_of(1, 1), sampler, model.structure, model.bins, _bases(), 1))


def _bases() -> np.ndarray:
    model = base_model(tables="one")
    return base_places(model.evidence, model.rows)


def _single(propagated: Propagated) -> np.ndarray:
    """Outputs of replicates that hold one future each, (replicates, years, rows, 2)."""
    return np.asarray(propagated.moments[..., 0] + propagated.bins.centre)


def _levels(points: int, *, pairs: bool) -> np.ndarray:
    """Levels of the one point of each replicate, (points, inputs or 2 * inputs)."""
    design = design_of(points, points)
    directions = direction_numbers(2 * design.inputs)
    return np.concatenate(
        [point_levels(replicate_points(design, r, directions, pairs=pairs, block_bits=0), 0, 1) for r in range(points)]
    )


def _relative(outputs: np.ndarray, expected: np.ndarray) -> Errors:
    """Largest relative error of amounts and of shares."""
    assert outputs.shape == expected.shape
    error = np.abs(outputs / expected - 1)
    return {"amounts": float(error[..., 0].max()), "shares": float(error[..., 1].max())}


def _worst(amount: float, run: Callable[[], Errors], count: int) -> Work[Errors]:
    def check(errors: Errors) -> None:
        assert len(errors) == count
        assert all(np.isfinite(error) for error in errors.values()), errors

    return Work(amount, run, check, value=lambda errors: max(errors.values()), details=dict)


def _seed(seed: int) -> str:
    return f"seed {seed}"


def _cases() -> tuple[Case, ...]:
    cases = []
    for r in (REPLICATES, 1):
        said = f"2^20 points, R = {r}, worst of {len(SEEDS)} seeds"
        for which, (name, bar) in enumerate((("mean", 1e-6), ("variance", 1e-4))):
            cases.append(
                Case(f"accuracy.{name}.replicates-{r}", f"relative error of the totals' {name}, all years; {said}",
                     partial(prepare_moments, replicates=r, which=which), POINTS, SMALL, "points", "value", "relative",
                     bar=Bar("at most", bar), repeats=1, warm_up=False)
            )  # fmt: skip
        cases.append(
            Case(f"accuracy.indices.replicates-{r}", f"absolute error of all groups' indices, all outputs; {said}",
                 partial(prepare_indices, replicates=r), POINTS, SMALL, "points", "value", "absolute",
                 bar=Bar("at most", 2e-4), repeats=1, warm_up=False)
        )  # fmt: skip
    kernels = (
        ("values", "kernels by the plain formula at given values of the inputs, all outputs", prepare_values, 64, 4),
        (
            "levels",
            "kernels and quantile tables by exact quantiles and plain formula, all outputs",
            prepare_levels,
            1024,
            16,
        ),
        ("hybrids", "pick-freeze hybrids by exact quantiles and plain formula, all groups", prepare_hybrids, 64, 2),
    )
    for name, said, prepare, size, small in kernels:
        cases.append(Case(f"accuracy.kernels.{name}", f"largest relative error of {said}", prepare, size, small, "futures",
                          "value", "relative", repeats=1, warm_up=False))  # fmt: skip
    return tuple(cases)


CASES = _cases()
