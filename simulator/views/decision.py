"""What it would be worth to know an input or a group: a narrower output, and a better decision.

Letters: n futures, k inputs, G groups.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..phase_in import HORIZON
from ..potential import QUANTITIES, UNITS
from ..prepared import Prepared
from ..sensitivity.information import expected_value_of_partial_perfect_information, expected_variance_reduction
from .conditional import DEPENDENT, expected_given, is_exact, total_scopes
from .kept import KeptFutures

if TYPE_CHECKING:
    import xarray as xr


def information(prepared: Prepared, groups: xr.Dataset, single_inputs: xr.Dataset, kept: KeptFutures) -> xr.Dataset:
    """What knowing an input or a group takes off the spread of outputs, and what it is worth for a decision.

    Parameters
    ----------
    prepared : Prepared
    groups, single_inputs : xarray.Dataset
        Indices of groups with the variance of the outputs, and of single inputs, as in the results.
    kept : KeptFutures

    Returns
    -------
    xarray.Dataset
        For the outputs of the single inputs: variance_reduction, sd_left, sd_reduction and interval_reduction (output,
        input), and the same of groups, as group_... (output, group); see
        `simulator.sensitivity.information.expected_variance_reduction`. From the closed form, or the estimates where there
        is none. If the configuration states a threshold, `decision_value` for all groups.
    """
    import xarray as xr

    outputs = single_inputs["output"].values
    chosen = groups.sel(output=outputs)
    variance = _closed_or_estimated(chosen, "variance")
    parts = []
    for table, dimension in ((single_inputs, "input"), (chosen, "group")):
        names, first = table[dimension].values.tolist(), _closed_or_estimated(table, "first_order")
        reduced = expected_variance_reduction(first, variance, names, outputs.tolist(), dimension=dimension)
        renamed = {name: f"group_{name}" for name in reduced.data_vars} if dimension == "group" else {}
        parts.append(reduced.rename(renamed))
    result = xr.merge(parts).assign_coords({name: chosen[name].variable for name in ("partition", "label")})
    if prepared.config.settings.decision.threshold is None:
        return result
    value = decision_value(prepared, kept, prepared.groups.members, prepared.groups.names)
    return result.merge(value).assign_attrs(value.attrs)


def _closed_or_estimated(table: xr.Dataset, name: str) -> np.ndarray:
    closed, estimated = table[f"{name}_exact"].values, table[name].values
    return np.where(np.isfinite(closed), closed, estimated)


def decision_value(prepared: Prepared, kept: KeptFutures, members: np.ndarray, names: Sequence[str]) -> xr.Dataset:
    """What knowing a group is worth before deciding whether to act on a total of 2040 that may stay below a threshold.

    The payoff of acting is the output less the threshold; see
    `simulator.sensitivity.information.expected_value_of_partial_perfect_information`. E[Y | group] is exact in every future,
    see `simulator.views.conditional.expected_given`, so that nothing is regressed.

    Parameters
    ----------
    prepared : Prepared
        With a threshold in its configuration.
    kept : KeptFutures
    members : (G, k) bool
    names : sequence of str, length G

    Returns
    -------
    xarray.Dataset
        evppi and evppi_change (group), evpi, evpi_change, goes and payoff, with `_ci` of values; threshold. NaN for a group
        that leaves out some of the inputs that depend on each other. Without variables if too few futures were kept.
    """
    import xarray as xr

    decision = prepared.config.settings.decision
    threshold = np.nan if decision.threshold is None else decision.threshold
    attributes = {"quantity": decision.quantity, "year": HORIZON, "rows": len(kept.values), "decision_note": kept.note}
    if not kept.enough:
        return xr.Dataset(attrs=attributes)
    place, exact = QUANTITIES.index(decision.quantity), is_exact(prepared, members)
    scope, unit = [total_scopes(prepared)[place]], UNITS[decision.quantity]
    values = np.asfortranarray(kept.values)  # columns are read, one by one
    means = [expected_given(prepared, values, group, scope)[:, 0, 0] for group in members[exact]]
    found = expected_value_of_partial_perfect_information(
        kept.outputs[:, place],
        threshold,
        [name for name, one in zip(names, exact, strict=True) if one],
        conditional_means=np.reshape(means, (-1, len(values))),
        replicate=kept.replicate,
        unit=unit,
    )
    found["threshold"] = xr.DataArray(threshold, attrs={"units": unit, "long_name": "Threshold of the decision"})
    if not exact.all():
        attributes["decision_note"] = "; ".join(filter(None, (kept.note, DEPENDENT)))
    return found.isel(output=0, drop=True).reindex(group=list(names)).assign_attrs(attributes)
