"""Labelled tables of a run of the user's own model, with where it came from."""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import __version__
from ..config import Merged
from ..intervals import student_t
from ..results import CI_BOUNDS, input_table
from ..tables import read_text
from .accumulate import Drawing, State
from .function import source_hash
from .histogram import quantiles
from .model import OwnModel

if TYPE_CHECKING:
    import xarray as xr

KIND = "own model"  # which tells these results from those of the built-in model


def summary(model: OwnModel, state: State, indices: xr.Dataset) -> xr.Dataset:
    """Quantiles, mean and standard deviation of each output, with 95 % intervals from the replicates.

    Parameters
    ----------
    model : OwnModel
    state : State
    indices : xarray.Dataset
        Any table of indices: its mean and variance are of the outputs.

    Returns
    -------
    xarray.Dataset
        value (output, quantile), mean and sd (output), each with `_ci`; `unit` of each output.
    """
    import xarray as xr

    levels, histogram = np.array(model.config.settings.run.quantiles), state.histogram
    whole = quantiles(histogram.counts.sum(axis=0), histogram.least, histogram.greatest, levels)
    each = quantiles(histogram.counts, histogram.least, histogram.greatest, levels)
    variance, around = indices["variance"].values, indices["variance_ci"].values
    sd = np.sqrt(variance)
    # To first order an error of the variance is 2 sd times that of sd.
    around = np.divide(around - variance[:, None], 2 * sd[:, None], out=np.zeros_like(around), where=sd[:, None] > 0)
    from_replicates = "95 % interval from the replicates"
    data: dict[str, Any] = {
        "value": (("output", "quantile"), whole, "Quantiles"),
        "value_ci": (("output", "quantile", "ci_bound"), student_t(each, whole), f"Quantiles: {from_replicates}"),
        "mean": ("output", indices["mean"].values, "Mean"),
        "mean_ci": (("output", "ci_bound"), indices["mean_ci"].values, f"Mean: {from_replicates}"),
        "sd": ("output", sd, "Standard deviation"),
        "sd_ci": (("output", "ci_bound"), sd[:, None] + around, f"Standard deviation: {from_replicates}"),
    }
    if len(each) == 1:
        data["sd_ci"] = (("output", "ci_bound"), np.full(around.shape, np.nan), data["sd_ci"][2])
    units = model.config.settings.model.units or [""] * len(whole)
    return xr.Dataset(
        {
            name: (dims, values, {"units": "see `unit`", "long_name": said})
            for name, (dims, values, said) in data.items()
        },
        {
            "output": indices["output"].values,
            "quantile": levels,
            "ci_bound": list(CI_BOUNDS),
            "unit": ("output", np.array(units, dtype=object)),
        },
    )


def own_input_table(model: OwnModel) -> xr.Dataset:
    """One row per input: distribution, quantiles, group, provenance; see `simulator.results.input_table`."""
    table = input_table(model.inputs).drop_vars(["assumption", "factor"]).rename(category="group")
    table["group"].attrs["long_name"] = "Group that the input belongs to"
    return table


def identity(model: OwnModel) -> dict[str, str]:
    """Hashes that a run has to share with the one that it continues.

    Parameters
    ----------
    model : OwnModel

    Returns
    -------
    dict of str to str
    """
    return {
        "config_hash": origin_of_config(model.config, model.files)["config_hash"],
        "function_hash": source_hash(model.config),
        "inputs_hash": _sha256(repr(model.study.problem.distributions)),  # with what a column of a file held
    }


def origin(model: OwnModel, drawing: Drawing, state: State, started: float, seconds: float) -> dict[str, Any]:
    """What a run was made with.

    Parameters
    ----------
    model : OwnModel
    drawing : Drawing
    state : State
    started, seconds : float

    Returns
    -------
    dict
        For `simulator.results.provenance`.
    """
    settings = model.config.settings
    return {
        "title": settings.title,
        "kind": KIND,
        "function": settings.model.function,
        "futures": drawing.evaluations(state.points),
        "points": state.points,
        "replicates": drawing.plan.replicates,
        "seed": drawing.plan.seed,
        "method": drawing.method,
        "command": f"simulator.own_model.load({str(model.config.path)!r}, {model.config.changes!r}).run()",
        **origin_of_config(model.config, model.files),
        **identity(model),
        "settings": settings.model_dump(mode="json"),
        "versions": versions(),
        "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(started)),
        "duration_seconds": round(seconds, 3),
    }


def versions() -> dict[str, str]:
    """Of this simulator, Python, and the packages that results depend on."""
    from importlib.metadata import version

    packages = ("numpy", "scipy", "numba", "xarray", "SALib")
    return {"simulator": __version__, "python": sys.version.split()[0], **{name: version(name) for name in packages}}


def origin_of_config(config: Merged, files: Iterable[Path] = ()) -> dict[str, Any]:
    """Texts and hash of a configuration.

    Parameters
    ----------
    config : Merged
    files : iterable of Path
        Tables that its inputs were read from.

    Returns
    -------
    dict
        config_path, config (texts by file name), config_changes, config_hash.
    """
    texts: dict[str, str] = {}
    for path, text in (*config.texts, *((file, read_text(file)) for file in files)):
        texts[path.name if path.name not in texts else f"{path.parent.name}/{path.name}"] = text
    return {
        "config_path": str(config.path),
        "config": texts,
        "config_changes": list(config.changes),
        "config_hash": _sha256("\0".join((*texts.values(), *config.changes))),
    }


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
