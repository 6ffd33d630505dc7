"""The kept futures of a run: what separates those in the published range from the others, and indices from their ranks.

Letters: n futures, k inputs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..phase_in import HORIZON
from ..potential import QUANTITIES
from ..prepared import Prepared
from ..sensitivity.discovery import separating_inputs
from ..sensitivity.given_data import FEWEST, rank_first_order
from .conditional import total_ranges

if TYPE_CHECKING:
    import xarray as xr

OUTPUTS = tuple(f"{quantity} {HORIZON}" for quantity in QUANTITIES)


@dataclass(frozen=True)
class KeptFutures:
    """Futures in memory: whole replicates, each with as many.

    Attributes
    ----------
    values : (n, k) float64
        Of the inputs.
    outputs : (n, 2) float64
        Freed FTE and wages of 2040, in all.
    replicate : (n,) int64
    note : str
        What was left out, and why.
    """

    values: np.ndarray
    outputs: np.ndarray
    replicate: np.ndarray
    note: str = ""

    @property
    def enough(self) -> bool:
        """Whether there are as many of each replicate as an interval takes."""
        return len(self.replicate) > 0


def keep(sample: xr.Dataset, replicates: int) -> KeptFutures:
    """The kept futures of a run.

    Parameters
    ----------
    sample : xarray.Dataset
        Of the results: value (future, input), freed_fte and freed_wage (future, year), the same number of futures of each
        replicate one after the other, of the last fewer if they do not go up.
    replicates : int
        Of the run.

    Returns
    -------
    KeptFutures
        None where fewer than four of each replicate were kept: they tell nothing of the spread.
    """
    count = sample.sizes["future"]
    each = max(-(-count // replicates), 1)
    rows, note = count // each * each, ""
    if each < FEWEST:
        rows, note = 0, f"too few futures were kept: {count}, and each of {replicates} replicates takes {FEWEST}"
    elif rows < count:
        note = f"{count - rows} kept futures are left out: they are no whole replicate"
    year = sample["year"].values.tolist().index(HORIZON)
    outputs = np.stack([sample[quantity].values[:rows, year] for quantity in QUANTITIES], axis=1)
    return KeptFutures(sample["value"].values[:rows], outputs, np.arange(rows) // each, note)


def rank(prepared: Prepared, kept: KeptFutures, seed: int = 0) -> xr.Dataset:
    """First-order indices of the totals of 2040 from the ranks of the kept futures alone.

    They share nothing with the estimates by pick-freeze and with the closed form, and hold where inputs depend on each
    other; see `simulator.sensitivity.given_data.rank_first_order`.

    Parameters
    ----------
    prepared : Prepared
    kept : KeptFutures
    seed : int
        Of the order of futures whose input has the same value.

    Returns
    -------
    xarray.Dataset
        first_order (output, input) and first_order_ci (output, input, ci_bound). Without variables if there are too few
        futures. What was left out stands in the attribute `note`.
    """
    if not kept.enough:
        return _nothing(kept.note)
    table = rank_first_order(kept.values, kept.outputs, prepared.names, OUTPUTS, kept.replicate, seed)
    return table.assign_attrs(note=kept.note)


def separation(prepared: Prepared, kept: KeptFutures) -> xr.Dataset:
    """Which inputs separate the kept futures in the published range of the total of 2040 from those below and above it.

    Parameters
    ----------
    prepared : Prepared
    kept : KeptFutures

    Returns
    -------
    xarray.Dataset
        See `simulator.sensitivity.discovery.separating_inputs`: ks_distance, p_value, median, share; published (output,
        bound). Outputs without a published range are not there; without any, or with too few futures, there are no variables.
    """
    import xarray as xr

    ranges = total_ranges(prepared)
    known = np.isfinite(ranges).all(axis=1)
    if not kept.enough or not known.any():
        return _nothing(kept.note if not kept.enough else "no total has a published range")
    names = [name for name, one in zip(OUTPUTS, known, strict=True) if one]
    low, high = ranges[known].T
    table = separating_inputs(kept.values, kept.outputs[:, known], low, high, prepared.names, names)
    said = {"units": "unit of the output", "long_name": "Published range"}
    table["published"] = xr.DataArray(
        ranges[known], dims=("output", "bound"), coords={"bound": ["low", "high"]}, attrs=said
    )
    return table.assign_attrs(rows=len(kept.values), note=kept.note)


def _nothing(note: str) -> xr.Dataset:
    import xarray as xr

    return xr.Dataset(attrs={"note": note})
