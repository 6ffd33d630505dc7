"""Sobol' indices of all groups, and what a black-box library needs for indices of one output."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from SALib.analyze import sobol as sobol_analyze
from SALib.sample import sobol as sobol_sample

from .baseline import baseline_of, total_fte, values_at
from .case import Bar, Case, Ratio, Work, rate, seconds
from .prepared import REPLICATES, SEED, base_model, design_of, indices_of

if TYPE_CHECKING:
    import xarray as xr

PAIRS = 2**20
SMALL = REPLICATES * 2**9


def prepare_groups(pairs: int, workers: int) -> Work[xr.Dataset]:
    """Pick-freeze and the table of indices; the closed form is made before.

    Work is counted as a black box would: f at A, at B, and at both hybrids of every group.
    """
    model = base_model()
    design = design_of(pairs)
    groups = len(model.groups.names)

    def check(table: xr.Dataset) -> None:
        outputs = table.sizes["output"]
        assert outputs == 8 * len(model.years)
        for name in ("first_order", "total_order"):
            assert table[name].shape == (outputs, groups)
            assert table[f"{name}_ci"].shape == (outputs, groups, 2)
            assert np.isfinite(table[name]).all()
            assert np.isfinite(table[f"{name}_ci"]).all()

    return Work(design.points * (2 + 2 * groups), indices_of(design, workers), check)


def prepare_salib(points: int, groups: bool) -> Work[dict[str, Any]]:
    """SALib's Sobol' sample, the numpy model of total FTE in 2040, SALib's analysis (100 bootstraps, its default)."""
    model = base_model(tables="one")
    baseline = baseline_of(model)
    count = len(set(model.problem("category")["groups"])) if groups else len(model.inputs)

    def run() -> dict[str, Any]:
        problem = model.problem("category" if groups else False)  # SALib changes the problem that it is given
        levels = sobol_sample.sample(problem, points, calc_second_order=False, seed=SEED)
        output = total_fte(baseline, values_at(baseline, levels))
        result: dict[str, Any] = sobol_analyze.analyze(problem, output, calc_second_order=False, seed=SEED)
        return result

    def check(result: dict[str, Any]) -> None:
        for name in ("S1", "ST", "S1_conf", "ST_conf"):
            assert result[name].shape == (count,)
            assert np.isfinite(result[name]).all()

    return Work(points * (2 + count), run, check)


CASES: tuple[Case, ...] = (
    *(
        seconds(
            f"indices.groups.workers-{workers}",
            "first-order and total indices of the groups of all partitions, allocation, intervals; totals and focus areas of "
            f"FTE and wages in all years; {workers} worker{'s' * (workers > 1)}",
            partial(prepare_groups, workers=workers),
            (PAIRS, SMALL),
            "evaluations",
            bar=Bar("at most", 5.0) if workers == 2 else None,
            repeats=3,
        )
        for workers in (1, 2)
    ),
    rate("indices.salib.inputs", "SALib: sample, numpy model, analysis of total FTE in 2040 by single inputs: N (inputs + 2)",
         partial(prepare_salib, groups=False), (2**10, 2**4), "evaluations", repeats=3),
    rate("indices.salib.groups", "SALib: the same by the groups of one partition: N (groups + 2)",
         partial(prepare_salib, groups=True), (2**12, 2**4), "evaluations", repeats=3),
)  # fmt: skip

RATIOS = (
    Ratio("indices.scaling", "evaluations a second, 2 workers by 1", "indices.groups.workers-2", "indices.groups.workers-1"),
    Ratio("indices.by-salib-inputs", "evaluations a second (ours: of all outputs) by SALib's (of one), 1 worker",
          "indices.groups.workers-1", "indices.salib.inputs"),
    Ratio("indices.by-salib-groups", "evaluations a second (ours: of all outputs) by SALib's (of one), 1 worker",
          "indices.groups.workers-1", "indices.salib.groups"),
)  # fmt: skip
