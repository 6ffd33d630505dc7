"""How indices converge as a run goes on: their values, their ranking, and the screening, each with its own verdict.

Letters: T powers of two, O outputs, G inputs or groups of a table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import xarray as xr

SCREENED = 0.01  # an input whose total-order interval ends below has no part to speak of in the variance
INDICES = ("first_order", "total_order")


def widest_interval(tables: Mapping[str, xr.Dataset]) -> float:
    """Full width of the widest 95 % interval of a first- or total-order index; NaN where there is none."""
    widths = [_widths(table, name).ravel() for table in tables.values() for name in INDICES]
    known = np.concatenate(widths)
    known = known[np.isfinite(known)]
    return float(known.max()) if len(known) else float("nan")


def _widths(table: xr.Dataset, name: str) -> np.ndarray:
    ends = table[f"{name}_ci"].values
    return np.asarray(ends[..., 1] - ends[..., 0])


def convergence(history: Sequence[tuple[int, int, xr.Dataset]], before: xr.Dataset | None = None) -> xr.Dataset:
    """Indices at powers of two as the run went, and three verdicts apart (Sarrazin et al. 2016,
    doi:10.1016/j.envsoft.2016.02.005): on their values, their ranking, and the screening.

    Parameters
    ----------
    history : sequence of (points, replicates, indices)
        Points of each replicate, rising.
    before : xarray.Dataset, optional
        What this function gave for fewer points.

    Returns
    -------
    xarray.Dataset
        first_order and total_order (points, output, input or group) with `_ci`. By points and output: widest_interval, full
        width of the widest 95 % interval of either index; overlaps, how many neighbours in the order of the total-order
        indices have intervals that overlap, and largest_rank_change since the row before, both among inputs that are not
        screened out; screened (points, output, input or group), 1 where the total-order interval ends below the threshold.
    """
    import xarray as xr

    kept = [f"{name}{ending}" for name in INDICES for ending in ("", "_ci")]
    parts = [
        one[kept].drop_attrs(deep=False).expand_dims(points=[points]).assign_coords(replicates=("points", [replicates]))
        for points, replicates, one in history
    ]
    if before is not None:
        parts.insert(0, before[kept].sel(points=before["points"] < history[0][0]))
    table = xr.concat(
        parts, dim="points", join="exact", coords="different", compat="equals", combine_attrs="drop_conflicts"
    )
    return _with_verdicts(table)


def _with_verdicts(table: xr.Dataset) -> xr.Dataset:
    dimension = "group" if "group" in table.dims else "input"
    total, upper = table["total_order"].values, table["total_order_ci"].values[..., 1]
    screened = upper < SCREENED  # not where there is no interval
    widths = np.stack([_widths(table, name) for name in INDICES])
    widest = np.where(np.isnan(widths).all(axis=(0, 3)), np.nan, np.max(np.nan_to_num(widths, nan=-1.0), axis=(0, 3)))
    order = np.argsort(-total, axis=-1, kind="stable")
    rank = np.argsort(order, axis=-1, kind="stable") + 1
    matters = ~screened
    lower = np.take_along_axis(table["total_order_ci"].values[..., 0], order, -1)
    follows = np.take_along_axis(upper, order, -1)[..., 1:]
    counted = np.take_along_axis(matters, order, -1)
    overlaps = ((follows >= lower[..., :-1]) & counted[..., 1:] & counted[..., :-1]).sum(axis=-1).astype(float)
    overlaps[np.isnan(upper).all(axis=-1)] = np.nan
    change = np.full(overlaps.shape, np.nan)
    moved = np.abs(np.diff(rank, axis=0)) * (matters[1:] | matters[:-1])
    change[1:] = moved.max(axis=-1)
    change[np.isnan(total).all(axis=-1)] = np.nan
    by_output, each = ("points", "output"), ("points", "output", dimension)
    said = f"of {dimension}s that are not screened out"
    verdicts = {
        "widest_interval": (by_output, widest, "Widest 95 % interval, full width, of a first- or total-order index"),
        "overlaps": (by_output, overlaps, f"Neighbours by total-order index whose intervals overlap, {said}"),
        "largest_rank_change": (by_output, change, f"Largest change of rank since the row before, {said}"),
        "screened": (each, screened.astype(float), f"1 where the total-order interval ends below {SCREENED:g}"),
    }
    data = {name: (dims, array, {"units": "1", "long_name": said}) for name, (dims, array, said) in verdicts.items()}
    table = table.assign(data)
    table["points"].attrs = {"units": "1", "long_name": "Points of each replicate"}
    table["replicates"].attrs = {"units": "1", "long_name": "Replicates that the row rests on"}
    return table.assign_attrs(threshold=SCREENED)
