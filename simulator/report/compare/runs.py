"""The runs that are compared: read, checked, and cut down to what they have in common."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import InputError
from ...potential import QUANTITIES
from ...reading import read_run, results_file
from ..content.reading import Label, origin
from ..document import Number

if TYPE_CHECKING:
    import xarray as xr

ATTRIBUTES = ("settings", "data_hashes", "versions", "seed", "futures", "replicates", "method", "command")
MOST = 6  # runs; more lines cannot be told apart in a figure
COVERAGE = 0.9  # of the interval that is shown, where the runs have its ends
NEEDED = "Compare results of python -m simulator run, with the built-in model."


@dataclass(frozen=True)
class Runs:
    """Runs, and what is shown of all of them.

    Attributes
    ----------
    names : tuple of str
        The first is the reference, from which differences are taken.
    trees : tuple of xarray.DataTree
    quantities, areas : tuple of str
    years : tuple of int
    levels : tuple of float
        Quantiles: lower end of the interval, median, upper end.
    left_out : mapping of str to tuple of str
        What only some of the runs have, by kind: ``quantity``, ``year``, ``area``, ``group`` of inputs; ``sensitivity``: runs
        that have no indices.
    """

    names: tuple[str, ...]
    trees: tuple[xr.DataTree, ...] = field(hash=False)
    quantities: tuple[str, ...]
    areas: tuple[str, ...]
    years: tuple[int, ...]
    levels: tuple[float, float, float]
    left_out: dict[str, tuple[str, ...]] = field(hash=False)

    def number(self, run: int, place: str, form: str = "plain", digits: int = 1, **labels: Label) -> Number:
        """A value of ``node/variable`` in one of the runs; its origin begins with the run's name."""
        value = float(self.values(run, place, **labels))
        return Number(value, f"{self.names[run]}:{origin(place, **labels)}", form, digits)

    def values(self, run: int, place: str, **labels: Label) -> np.ndarray:
        """Values of ``node/variable`` at some labels."""
        node, _, variable = place.partition("/")
        return np.asarray(self.trees[run][node][variable].sel(labels).values)

    def has(self, place: str) -> bool:
        """Whether every run has ``node/variable``."""
        node, _, variable = place.partition("/")
        return all(node in tree.children and variable in tree[node].data_vars for tree in self.trees)


def read_runs(paths: Sequence[Path]) -> tuple[tuple[str, xr.DataTree], ...]:
    """Results of runs, each with a name of its own: that of its folder, with the folder above where two are alike.

    Parameters
    ----------
    paths : sequence of Path
        Folders of runs, or their results files.

    Returns
    -------
    tuple of (str, xarray.DataTree)

    Raises
    ------
    InputError
        If a file is missing or holds no results, or a run is named twice.
    """
    files = [results_file(path) for path in paths]
    folders = [file.resolve().parent for file in files]
    for file, count in Counter(file.resolve() for file in files).items():
        if count > 1:
            raise InputError(str(file), "is named twice", "Name each run once.")
    alike = Counter(folder.name for folder in folders)
    names = [folder.name if alike[folder.name] == 1 else f"{folder.parent.name}/{folder.name}" for folder in folders]
    return tuple((name, read_run(file)) for name, file in zip(names, files, strict=True))


def common_part(trees: Sequence[tuple[str, xr.DataTree]]) -> Runs:
    """What all the runs have.

    Parameters
    ----------
    trees : sequence of (str, xarray.DataTree)

    Returns
    -------
    Runs

    Raises
    ------
    InputError
        With fewer than two runs, more than `MOST`, two of one name, one that is no run of the built-in model, or runs
        without a quantity, a year, or an interval in common.
    """
    names = tuple(name for name, _ in trees)
    if not 2 <= len(names) <= MOST:
        raise InputError("compare", f"{len(names)} run(s) are named", f"Name two to {MOST}, the reference first.")
    for name, count in Counter(names).items():
        if count > 1:
            raise InputError(name, "is the name of two runs", "Give each run a name of its own.")
    for name, tree in trees:
        lacking = [part for part in ATTRIBUTES if part not in tree.attrs]
        if lacking or "summary" not in tree.children:
            problem = f"holds no results of a run: it lacks {', '.join(lacking) or 'the summary'}"
            raise InputError(name, problem, NEEDED)
    summaries = [tree["summary"].dataset for _, tree in trees]
    left_out: dict[str, tuple[str, ...]] = {}
    quantities = _shared([[one for one in QUANTITIES if one in table] for table in summaries], "quantity", left_out)
    years = _shared([_labels(table, "year") for table in summaries], "year", left_out)
    areas = _shared([_labels(table, "area") for table in summaries], "area", left_out)
    for shared, what in ((quantities, "no output"), (years, "no year")):
        if not shared:
            raise InputError(", ".join(names), f"have {what} in common", NEEDED)
    without = tuple(name for name, tree in trees if "sensitivity" not in tree.children)
    if without:
        left_out["sensitivity"] = without
    else:
        _shared([_labels(tree["sensitivity"].dataset, "group") for _, tree in trees], "group", left_out)
    levels = _levels(names, [_labels(table, "quantile") for table in summaries])
    return Runs(names, tuple(tree for _, tree in trees), quantities, areas, years, levels, left_out)


def _labels(table: xr.Dataset, dimension: str) -> list[Any]:
    return list(table[dimension].values.tolist()) if dimension in table.coords else []


def _shared(labels: Sequence[Sequence[Any]], kind: str, left_out: dict[str, tuple[str, ...]]) -> tuple[Any, ...]:
    """Labels that all have, in the order of the first; the others are noted."""
    others = dict.fromkeys(label for one in labels for label in one if not all(label in each for each in labels))
    if others:
        left_out[kind] = tuple(str(label) for label in others)
    return tuple(label for label in labels[0] if label not in others)


def _levels(names: Sequence[str], quantiles: Sequence[Sequence[float]]) -> tuple[float, float, float]:
    """The median, and of the intervals around it that all have, the one nearest to `COVERAGE`."""
    levels = [level for level in quantiles[0] if all(level in each for each in quantiles)]
    pairs = [
        (low, high) for low in levels if low < 0.5 for high in levels if math.isclose(low + high, 1.0, abs_tol=1e-9)
    ]
    if 0.5 not in levels or not pairs:
        raise InputError(
            f"{', '.join(names)}, key 'run.quantiles'",
            "the runs have no median, or no interval around it, in common",
            "Run them with the same quantiles, such as [0.05, 0.5, 0.95].",
        )
    low, high = min(pairs, key=lambda pair: abs(pair[1] - pair[0] - COVERAGE))
    return low, 0.5, high


def why_not_common(runs: Runs, other: int) -> str:
    """Why a run and the reference do not share their draws; empty if they do.

    Futures can be compared one by one if both runs gave the same levels to the same inputs: the same design, and the same
    inputs in the same order. Values of inputs that nobody changed then agree to the last digit, which is checked.

    Returns
    -------
    str
        ``seed``, ``futures``, ``replicates``, ``method``, ``sample``, ``inputs`` or ``values``.
    """
    trees = (runs.trees[0], runs.trees[other])
    for name in ("seed", "futures", "replicates", "method"):
        if trees[0].attrs[name] != trees[1].attrs[name]:
            return name
    if not all("sample" in tree.children and "inputs" in tree.children for tree in trees):
        return "sample"
    samples = [tree["sample"].dataset for tree in trees]
    if samples[0].sizes["future"] != samples[1].sizes["future"] or samples[0].sizes["future"] == 0:
        return "sample"
    inputs = [tree["inputs"].dataset for tree in trees]
    if not all(_labels(table, "input") == _labels(inputs[0], "input") for table in (*inputs, *samples)):
        return "inputs"
    alike = (inputs[0]["family"].values == inputs[1]["family"].values) & (
        inputs[0]["parameters"].values == inputs[1]["parameters"].values
    )
    values = [table["value"].values[:, alike] for table in samples]
    return "" if np.array_equal(values[0], values[1]) else "values"


def attribute(runs: Runs, run: int, name: str) -> Any:
    """An attribute of a run that is JSON."""
    return json.loads(runs.trees[run].attrs[name])
