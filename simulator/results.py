"""Accumulators → labelled tables with units and provenance; netCDF."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .distributions import Distribution, bounds, mean, quantile, variance
from .errors import InputError
from .evidence import Evidence
from .inputs import PARTITIONS, Input
from .intervals import student_t
from .outputs import OutputRow
from .potential import LONG_NAMES, NO_THEME, QUANTITIES, UNITS
from .simulation import BINS, Propagated
from .sources import POTENTIAL, is_there, potential_table

if TYPE_CHECKING:
    import xarray as xr

FILE = "results.nc"
CI_BOUNDS = ("lower", "upper")
POSITIONS = ("below", "in", "above")


def labels_of(evidence: Evidence, dimension: str) -> tuple[str, ...]:
    """Danish labels along one dimension of the outputs."""
    return {
        "": ("",),
        "area": evidence.areas,
        "level": evidence.levels,
        "theme": (*evidence.themes, NO_THEME),
        "focus_area": evidence.focus_areas,
        "category": evidence.categories,
    }[dimension]


def summary(propagated: Propagated, evidence: Evidence, rows: Sequence[OutputRow], years: Sequence[int],
            levels: Sequence[float]) -> xr.Dataset:  # fmt: skip
    """Means, standard deviations and quantiles of all outputs, with 95 % intervals from the replicates.

    Parameters
    ----------
    propagated : Propagated
    evidence : Evidence
    rows : sequence of OutputRow
        Rows of the accumulators.
    years : sequence of int
    levels : sequence of float
        Of the quantiles.

    Returns
    -------
    xarray.Dataset
        For each quantity, in all and by each dimension: values by quantile, `_ci` (interval of the quantiles), `_mean`,
        `_mean_ci`, `_sd`, `_bin_width` (resolution of the histogram that the quantiles are interpolated in).
    """
    import xarray as xr

    statistics = _statistics(propagated, np.array(levels))
    dimensions = list(dict.fromkeys(row.dimension for row in rows))
    data: dict[str, xr.DataArray] = {}
    for kind, suffix in enumerate(("", "_share")):
        for quantity in QUANTITIES:
            for dimension in dimensions:
                name = quantity + suffix + (f"_by_{dimension}" if dimension else "")
                index, factor = _rows_of(evidence, rows, quantity, dimension, share=bool(kind))
                for ending, values in statistics.items():
                    picked = _scaled(values[:, :, kind], index, factor)
                    picked = picked if dimension else picked[:, 0]
                    dims = ["year", *([dimension] if dimension else []), *_EXTRA[ending]]
                    attributes = {
                        "units": UNITS[quantity + suffix],
                        "long_name": LONG_NAMES[quantity + suffix] + _SAID[ending],
                    }
                    data[name + ending] = xr.DataArray(picked, dims=dims, attrs=attributes)
    coordinates: dict[str, Any] = {"year": list(years), "quantile": list(levels), "ci_bound": list(CI_BOUNDS)}
    coordinates |= {dim: np.array(labels_of(evidence, dim), dtype=str) for dim in dimensions if dim}
    return xr.Dataset(data, coords=coordinates)


_EXTRA: dict[str, list[str]] = {
    "": ["quantile"], "_ci": ["quantile", "ci_bound"], "_mean": [], "_mean_ci": ["ci_bound"], "_sd": [], "_bin_width": [],
}  # fmt: skip
_SAID = {
    "": "",
    "_ci": ": 95 % interval of the quantile, from the replicates",
    "_mean": ": mean",
    "_mean_ci": ": 95 % interval of the mean, from the replicates",
    "_sd": ": standard deviation",
    "_bin_width": ": width of the bins in which quantiles are interpolated linearly",
}


def _statistics(propagated: Propagated, levels: np.ndarray) -> dict[str, np.ndarray]:
    """By the ending of a variable's name: (years, rows, 2, ...) float64."""
    n = float(1 << propagated.design.log2_points)
    centre, width = propagated.bins.centre, propagated.bins.width
    each = propagated.moments[..., 0] / n
    offset = each.mean(axis=0)
    spread = np.maximum(propagated.moments[..., 1].mean(axis=0) / n - offset**2, 0.0)
    whole = histogram_quantiles(propagated.counts.sum(axis=0), centre, width, levels)
    by_replicate = np.stack([histogram_quantiles(counts, centre, width, levels) for counts in propagated.counts])
    return {
        "": whole,
        "_ci": student_t(by_replicate, whole),
        "_mean": centre + offset,
        "_mean_ci": student_t(centre + each, centre + offset),
        "_sd": np.sqrt(spread),
        "_bin_width": width,
    }


def histogram_quantiles(counts: np.ndarray, centre: np.ndarray, width: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Quantiles by linear interpolation within the bins of histograms.

    Parameters
    ----------
    counts : (..., BINS + 2) int64
        First and last: outside the bins.
    centre, width : (...) float64
        Middle of the bins and their width.
    levels : (q,) float64

    Returns
    -------
    (..., q) float64
        NaN where a quantile lies outside the bins, which reach 8 standard deviations to either side.
    """
    cumulative = np.cumsum(counts, axis=-1)
    low = centre - width * BINS / 2
    result = np.empty((*counts.shape[:-1], len(levels)))
    for place, level in enumerate(levels):
        target = level * cumulative[..., -1]
        at = (cumulative < np.maximum(target, 0.5)[..., None]).sum(axis=-1)  # first bin that reaches the target
        before = np.take_along_axis(cumulative, np.maximum(at - 1, 0)[..., None], -1)[..., 0] * (at > 0)
        inside = np.take_along_axis(counts, np.minimum(at, BINS + 1)[..., None], -1)[..., 0]
        value = low + width * (at - 1 + (target - before) / np.maximum(inside, 1))
        result[..., place] = np.where((at >= 1) & (at <= BINS), value, np.nan)
    return result


def histogram_cdf(counts: np.ndarray, centre: np.ndarray, width: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Fraction of futures below given values, by linear interpolation within the bins.

    Parameters
    ----------
    counts : (..., BINS + 2) int64
    centre, width, values : (...) float64

    Returns
    -------
    (...) float64
    """
    cumulative = np.cumsum(counts, axis=-1)
    edge = (values - centre) / width + BINS / 2  # in bins from the first edge
    at = np.clip(np.floor(edge), -1, BINS).astype(int) + 1
    inside = np.take_along_axis(counts, at[..., None], -1)[..., 0]
    below = np.take_along_axis(cumulative, at[..., None], -1)[..., 0] - inside
    part = np.clip(edge - (at - 1), 0.0, 1.0)
    return np.asarray((below + np.where(at == 0, 0.0, part) * inside) / cumulative[..., -1])


def _rows_of(
    evidence: Evidence, rows: Sequence[OutputRow], quantity: str, dimension: str, *, share: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Row of each label, and the factor that its values are multiplied by (0: nothing is freed)."""
    place = {row: position for position, row in enumerate(rows)}
    wage = evidence.workforce.wage
    index, factor = [], []
    for label in labels_of(evidence, dimension):
        row = OutputRow(quantity, dimension, label)
        if row in place:
            index.append(place[row])
            factor.append(1.0)
        elif label == evidence.excluded:
            index.append(0)
            factor.append(0.0)
        else:  # wages of a category are its FTE times its one wage
            index.append(place[OutputRow(QUANTITIES[0], dimension, label)])
            factor.append(1.0 if share else float(wage[:, evidence.categories.index(label)].max()))
    return np.array(index), np.array(factor)


def _scaled(values: np.ndarray, index: np.ndarray, factor: np.ndarray) -> np.ndarray:
    picked = values[:, index]
    return np.asarray(picked * factor.reshape((-1,) + (1,) * (picked.ndim - 2)))


def probabilities(propagated: Propagated, evidence: Evidence, rows: Sequence[OutputRow], years: Sequence[int],
                  data: Path) -> xr.Dataset:  # fmt: skip
    """How probable it is that an output of 2040 lies below, in and above its published range.

    Parameters
    ----------
    propagated : Propagated
    evidence : Evidence
    rows : sequence of OutputRow
    years : sequence of int
    data : Path
        Folder of the tables.

    Returns
    -------
    xarray.Dataset
        probability_<output> by `position`, and published_<output> by `bound`; outputs that have a range in figures 3.3,
        3.4, 4.1 and 4.3.2, in all and by area, level and focus area.
    """
    import xarray as xr

    ranges = published_ranges(data)
    at = list(years).index(2040)
    result: dict[str, xr.DataArray] = {}
    for quantity in QUANTITIES:
        for dimension in ("", "area", "level", "focus_area"):
            labels = labels_of(evidence, dimension)
            picked = [rows.index(OutputRow(quantity, dimension, label)) for label in labels
                      if OutputRow(quantity, dimension, label) in rows]  # fmt: skip
            if len(picked) < len(labels):
                continue
            ends = [ranges.get((quantity, dimension, label), (np.nan, np.nan)) for label in labels]
            limits = np.array(ends).reshape(len(labels), 2)
            parts = (propagated.bins.centre[at, picked, 0], propagated.bins.width[at, picked, 0])
            counts = propagated.counts[:, at, picked, 0].sum(axis=0)
            below, up_to = (histogram_cdf(counts, *parts, np.nan_to_num(limits[:, end])) for end in (0, 1))
            values = np.stack([below, up_to - below, 1 - up_to], axis=-1)
            values[np.isnan(limits).any(axis=1)] = np.nan
            name = quantity + (f"_by_{dimension}" if dimension else "")
            dims = [dimension] if dimension else []
            values, limits = (values, limits) if dims else (values[0], limits[0])
            result[f"probability_{name}"] = xr.DataArray(
                values, dims=[*dims, "position"],
                attrs={"units": "1", "long_name": f"Probability of {name} in 2040 below, in and above its published range"},
            )  # fmt: skip
            result[f"published_{name}"] = xr.DataArray(
                limits, dims=[*dims, "bound"],
                attrs={"units": UNITS[quantity], "long_name": f"Published range of {name} in 2040"},
            )  # fmt: skip
    return xr.Dataset(result, coords={"position": list(POSITIONS), "bound": ["low", "high"]})


def published_ranges(data: Path) -> dict[tuple[str, str, str], tuple[float, float]]:
    """Printed low and high by quantity, dimension and label, if `data` has any; focus areas from figures 4.1 and 4.3.2."""
    ranges: dict[tuple[str, str, str], tuple[float, float]] = {}
    for row in potential_table(data).rows if is_there(data, POTENTIAL) else ():
        limits = (float(row["low"]), float(row["high"]))
        quantity, figure, dimension = str(row["quantity"]), str(row["figure"]), str(row["dimension"])
        if figure in ("3.3", "3.4"):
            label = "" if dimension == "total" else str(row["label"])
            ranges[quantity, "" if dimension == "total" else dimension, label] = limits
        elif dimension == "total" and (figure, row["scope"]) in (
            ("4.1", "health"), ("4.1", "education"), ("4.3.2", "administration")
        ):  # fmt: skip
            ranges[quantity, "focus_area", str(row["scope"])] = limits
    return ranges


def input_table(inputs: Sequence[Input]) -> xr.Dataset:
    """One row per input: distribution, quantiles, place in the partitions, provenance."""
    import xarray as xr

    numbers = np.array(
        [
            [mean(one.distribution), np.sqrt(variance(one.distribution)), *quantile(one.distribution, [0.05, 0.5, 0.95]),
             *bounds(one.distribution)]
            for one in inputs
        ]
    )  # fmt: skip
    names = ("mean", "sd", "p05", "p50", "p95", "low", "high")
    columns: dict[str, Any] = {
        name: ("input", numbers[:, place], {"units": "see `unit`", "long_name": _INPUT_COLUMNS[name]})
        for place, name in enumerate(names)
    }
    texts = {name: [getattr(one, name) for one in inputs] for name in ("label", "unit", *PARTITIONS, "source", "note")}
    texts["family"] = [one.distribution.kind for one in inputs]
    texts["parameters"] = [json.dumps(_parameters(one.distribution), ensure_ascii=False) for one in inputs]
    for name, text in texts.items():
        columns[name] = ("input", np.array(text, dtype=object), {"long_name": _INPUT_COLUMNS[name]})
    return xr.Dataset(columns, coords={"input": [one.name for one in inputs]})


_INPUT_COLUMNS = {
    "mean": "Mean", "sd": "Standard deviation", "low": "Lowest value", "high": "Highest value",
    "p05": "5 % quantile", "p50": "Median", "p95": "95 % quantile",
    "label": "Label, Danish where it names a category or a task", "unit": "Unit of the values",
    "category": "Job category that the input belongs to", "assumption": "Kind of assumption",
    "factor": "Common factor that the input is, or own", "evidence": "Kind of evidence", "source": "Source", "note": "Note",
    "family": "Family of the distribution",
    "parameters": "Parameters of the distribution as JSON; its values are then multiplied by `times` and moved by `plus`",
}  # fmt: skip


def _parameters(distribution: Distribution) -> dict[str, Any]:
    """Parameters that JSON can hold."""
    parameters: dict[str, Any] = dict(distribution.parameters)
    if "components" in parameters:
        parameters["components"] = [{"kind": part.kind, **_parameters(part)} for part in parameters["components"]]
    if (distribution.factor, distribution.offset) != (1.0, 0.0):
        parameters |= {"times": distribution.factor, "plus": distribution.offset}
    return parameters


def workforce_table(evidence: Evidence) -> xr.Dataset:
    """FTE and wages of 2023, and the full potential of `Øvrige`."""
    import xarray as xr

    variables = (
        ("fte", ("area", "category", "level"), "thousand FTE", "FTE in 2023"),
        ("wage", ("area", "category"), "mio. DKK per FTE a year, 2023 prices", "Wages of one FTE"),
        ("potential_other", ("area",), "1", f"Full potential of {evidence.other}"),
    )
    data = {
        name: (dims, getattr(evidence.workforce, name), {"units": units, "long_name": said})
        for name, dims, units, said in variables
    }
    coordinates: dict[str, Any] = {}
    for dim, labels in (("area", "areas"), ("category", "categories"), ("level", "levels")):
        coordinates[dim] = list(getattr(evidence, labels))
        coordinates[f"{dim}_en"] = (dim, list(getattr(evidence, f"{labels}_en")))
    return xr.Dataset(data, coords=coordinates)


def prepare_folder(folder: Path, *, overwrite: bool) -> None:
    """Make sure that results can be written, before anything is computed.

    Parameters
    ----------
    folder : Path
    overwrite : bool
        Whether earlier results there may be replaced.

    Raises
    ------
    InputError
        If the folder holds results already, is a file, or cannot be written to.
    """
    try:
        if (folder / FILE).exists() and not overwrite:
            raise InputError(
                str(folder / FILE), "exists already", "Name another folder with --out, or give --overwrite."
            )
        made = [path for path in (folder, *folder.parents) if not path.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
        for path in made:  # a run that comes to nothing leaves nothing
            path.rmdir()
    except OSError as error:
        raise InputError(
            str(folder), f"cannot be written to ({error.strerror})", "Name a folder that you may write to with --out."
        ) from None


def save(tree: xr.DataTree, folder: Path) -> Path:
    """Write results to `folder`/results.nc: to a temporary file first, then in place at once.

    Parameters
    ----------
    tree : xarray.DataTree
    folder : Path
        Made if it is not there.

    Returns
    -------
    Path
        The file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(suffix=".nc", prefix=".results-", dir=folder)
    os.close(handle)
    temporary = Path(name)
    try:
        tree.to_netcdf(temporary, engine="netcdf4")  # compressed, it would take twice as long, and save a sixth
        temporary.chmod(0o644)  # mkstemp makes it private
        temporary.replace(folder / FILE)
    finally:
        temporary.unlink(missing_ok=True)
    return folder / FILE


def provenance(parts: Mapping[str, Any]) -> dict[str, str | int | float]:
    """Attributes that netCDF can hold: texts and numbers as they are, all else as JSON."""
    return {
        key: value if isinstance(value, str | int | float) and not isinstance(value, bool)
        else json.dumps(value, ensure_ascii=False, default=str)
        for key, value in parts.items()
    }  # fmt: skip
