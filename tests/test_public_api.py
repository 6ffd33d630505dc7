"""Names that others rely on: those of the package, and the variables of each node of results."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import xarray as xr

import simulator

ROOT = Path(__file__).parent.parent

ENDINGS = ("", "_bin_width", "_ci", "_mean", "_mean_ci", "_sd")
PLACES = ("", "_by_area", "_by_category", "_by_focus_area", "_by_level", "_by_theme")
QUANTITIES = ("freed_fte", "freed_fte_share", "freed_wage", "freed_wage_share")
PUBLISHED = ("", "_by_area", "_by_focus_area", "_by_level")

VARIABLES = {
    "summary": {
        *(f"{quantity}{place}{ending}" for quantity in QUANTITIES for place in PLACES for ending in ENDINGS),
        *(f"{word}_{quantity}{place}" for word in ("probability", "published") for quantity in ("freed_fte", "freed_wage")
          for place in PUBLISHED),
    },
    "sensitivity": {
        "first_order", "first_order_ci", "first_order_exact", "total_order", "total_order_ci", "total_order_exact",
        "allocation", "allocation_ci", "allocation_exact", "allocation_lower_tail", "allocation_upper_tail",
        "mean", "mean_exact", "variance", "variance_exact",
    },
    "single_inputs": {
        "first_order", "first_order_ci", "first_order_exact", "total_order", "total_order_ci", "total_order_exact",
        "conditional_low", "conditional_high",
    },
    **{
        node: {
            "first_order", "first_order_ci", "largest_rank_change", "overlaps", "screened", "total_order", "total_order_ci",
            "widest_interval",
        }
        for node in ("convergence", "input_convergence")
    },
    "distribution": {"above", "below", "cumulative", "density", "value", "width"},
    "switching": {"expected", "probability_beyond", "published", "slope", "value"},
    "demand": {"freed", "need", "probability", "share"},
    "cells": {"freed_fte", "freed_wage"},
    "ladder": {
        "freed_fte", "freed_fte_ci", "freed_fte_mean", "freed_fte_probability", "freed_fte_sd",
        "freed_fte_sd_ci", "freed_fte_sd_exact", "freed_fte_width", "freed_wage", "freed_wage_ci",
        "freed_wage_mean", "freed_wage_probability", "freed_wage_sd", "freed_wage_sd_ci",
        "freed_wage_sd_exact", "freed_wage_width",
    },
    "published": {
        "accepted", "dimension", "figure", "group", "hit", "kind", "label", "label_en", "miss_by", "note",
        "ours", "printed", "probability", "probability_ci", "published_high", "published_low", "quantity",
        "reason", "rounding", "scope", "source", "unit",
    },
    "use_cases": {
        "affected_fte", "base_needed_high", "base_needed_low", "central", "claim", "claimed_share_high",
        "claimed_share_low", "finding", "fits_width", "freed_fte", "freed_fte_ci", "hit", "phase_in_high",
        "phase_in_low", "probability", "probability_ci", "published_high", "published_low", "range_from",
        "range_high", "range_low", "range_reading", "rounding", "solved_for", "solved_high", "solved_inside",
        "solved_low", "solved_unit", "solved_value",
    },
    "inputs": {
        "mean", "sd", "p05", "p50", "p95", "low", "high", "label", "unit", "category", "assumption", "factor", "evidence",
        "source", "note", "family", "parameters",
    },
    "workforce": {"fte", "wage", "potential_other"},
    "sample": {
        "value", "freed_fte", "freed_wage", "freed_fte_by_area", "freed_wage_by_area", "freed_fte_share", "freed_wage_share",
    },
}  # fmt: skip
COORDINATES = {
    "summary": {
        "year",
        "quantile",
        "ci_bound",
        "area",
        "category",
        "level",
        "theme",
        "focus_area",
        "position",
        "bound",
    },
    "sensitivity": {"output", "quantity", "scope", "year", "group", "partition", "label", "category", "ci_bound"},
    "single_inputs": {"output", "input", "ci_bound"},
    "ladder": {"ci_bound", "kind", "quantile", "rung", "source", "variant"},
    "published": {"ci_bound", "end", "number", "side"},
    "use_cases": {"case", "case_en", "ci_bound", "moved", "phase_in", "quantile"},
    "inputs": {"input"},
    "workforce": {"area", "area_en", "category", "category_en", "level", "level_en"},
    "sample": {"year", "area", "input", "replicate"},
    "convergence": {
        "points",
        "output",
        "group",
        "ci_bound",
        "quantity",
        "scope",
        "year",
        "partition",
        "label",
        "replicates",
    },
    "input_convergence": {"points", "output", "input", "ci_bound", "replicates"},
    "distribution": {"output", "quantity", "year", "unit"},
    "switching": {"output", "input", "bound"},
    "demand": {"area", "year", "quantile"},
    "cells": {"quantile", "year", "area", "category"},
}
VIEWS = {"rank", "separation", "information"}  # whose variables depend on what there is to say
SUMS = "sums"  # whose variables are for `extend` alone
ATTRIBUTES = {
    "title", "futures", "futures_asked", "replicates", "seed", "method", "base_points", "stopped", "widest_interval",
    "command", "config", "config_changes", "config_hash", "config_path", "data_hashes", "settings", "versions", "started",
    "duration_seconds",
}  # fmt: skip


@pytest.fixture(scope="module")
def model() -> simulator.Model:
    return simulator.load(ROOT / "configs" / "base.toml", ["run.sample=16", "run.base_points=64"])


@pytest.fixture(scope="module")
def tree(model: simulator.Model) -> xr.DataTree:
    return model.run(futures=64)


def test_names_of_the_package() -> None:
    assert simulator.__all__ == ["InputError", "Model", "__version__", "load"]
    assert all(hasattr(simulator, name) for name in simulator.__all__)
    assert simulator.__version__ == "0.1.0"
    assert simulator.load.__module__ == simulator.Model.__module__ == "simulator.model"
    assert issubclass(simulator.InputError, Exception)
    with pytest.raises(AttributeError, match="module 'simulator' has no attribute 'simulate'"):
        _ = simulator.simulate


def test_a_mistake_is_an_input_error() -> None:
    with pytest.raises(simulator.InputError, match="there is no such file") as caught:
        simulator.load("nowhere.toml")
    assert (caught.value.place, bool(caught.value.problem), bool(caught.value.remedy)) == ("nowhere.toml", True, True)


def test_importing_the_package_does_nothing_else() -> None:
    script = "import sys, simulator; print({'numpy', 'numba', 'xarray', 'scipy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, check=True, text=True)
    assert done.stdout == "set()\n"


def test_a_model_offers(model: simulator.Model) -> None:
    for name in ("config", "inputs", "names", "years", "problem", "values", "central", "evaluate", "run"):
        assert hasattr(model, name)
    one = model.inputs[0]
    assert list(vars(one)) == [
        "name", "label", "unit", "distribution", "category", "assumption", "factor", "evidence", "source", "note",
    ]  # fmt: skip


def test_nodes_of_results(tree: xr.DataTree) -> None:
    assert set(tree.children) == {*VARIABLES, *VIEWS, SUMS}
    assert set(tree.attrs) == ATTRIBUTES


@pytest.mark.parametrize("node", VARIABLES)
def test_variables_of_each_node(tree: xr.DataTree, node: str) -> None:
    assert set(tree[node].data_vars) == VARIABLES[node]
    assert set(tree[node].coords) == COORDINATES[node]


def test_evaluated_outputs(model: simulator.Model) -> None:
    data = model.evaluate(model.central())
    assert set(data.data_vars) == {f"{quantity}{place}" for quantity in QUANTITIES for place in PLACES}
    assert set(data.coords) == {"year", "area", "category", "level", "theme", "focus_area"}
