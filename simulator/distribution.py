"""How the totals are distributed, in bins that a figure can show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .outputs import OutputRow
from .potential import QUANTITIES, UNITS
from .simulation import BINS, Propagated

if TYPE_CHECKING:
    import xarray as xr

SHOWN = 128  # bins that are kept: BINS by a whole number, so that neighbours merge


def distribution(propagated: Propagated, rows: Sequence[OutputRow], years: Sequence[int]) -> xr.Dataset:
    """Histograms of total freed FTE and wages, their bins merged as far as the range of the futures asks for.

    Parameters
    ----------
    propagated : Propagated
    rows : sequence of OutputRow
        Rows of the accumulators.
    years : sequence of int

    Returns
    -------
    xarray.Dataset
        On `output` (with coordinates quantity and year) and `bin`: `value` (middle of the bin), `width`, `density` (per
        unit of the value), `cumulative` (part of the futures up to the bin's upper edge); on `output`: `below` and
        `above`, the parts of the futures outside all bins, which reach 8 standard deviations to either side. Density times
        width, below and above sum to one.
    """
    import xarray as xr

    places = [rows.index(OutputRow(quantity, "", "")) for quantity in QUANTITIES]
    outputs = [
        (quantity, place, at) for quantity, place in zip(QUANTITIES, places, strict=True) for at in range(len(years))
    ]
    counts = np.stack([propagated.counts[:, at, place, 0].sum(axis=0) for _, place, at in outputs])
    centre, width = (
        np.array([values[at, place, 0] for _, place, at in outputs])
        for values in (propagated.bins.centre, propagated.bins.width)
    )
    start, merged, kept = _merged(counts)
    wide = (width * merged)[:, None]
    low = centre - width * BINS / 2 + width * start
    part = kept / counts.sum(axis=1, keepdims=True)
    below, above = (counts[:, end] / counts.sum(axis=1) for end in (0, -1))
    unit = {"units": "see `unit`"}
    data: dict[str, Any] = {
        "value": (
            ("output", "bin"),
            low[:, None] + wide * (np.arange(SHOWN) + 0.5),
            unit | {"long_name": "Middle of the bin"},
        ),
        "width": (("output", "bin"), np.tile(wide, SHOWN), unit | {"long_name": "Width of the bin"}),
        "density": (("output", "bin"), part / wide, {"units": "1 / `unit`", "long_name": "Probability density"}),
        "cumulative": (
            ("output", "bin"),
            below[:, None] + np.cumsum(part, axis=1),
            {"units": "1", "long_name": "Part of the futures up to the upper edge of the bin"},
        ),
        "below": ("output", below, {"units": "1", "long_name": "Part of the futures below all bins"}),
        "above": ("output", above, {"units": "1", "long_name": "Part of the futures above all bins"}),
    }
    coordinates = {
        "output": [f"{quantity} {years[at]}" for quantity, _, at in outputs],
        "quantity": ("output", [quantity for quantity, _, _ in outputs]),
        "year": ("output", [years[at] for _, _, at in outputs]),
        "unit": ("output", [UNITS[quantity] for quantity, _, _ in outputs]),
    }
    return xr.Dataset(data, coords=coordinates)


def _merged(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """First bin of each histogram (O, BINS + 2) that is kept, how many make one, and the counts of those (O, SHOWN)."""
    inside = counts[:, 1:-1]
    held = inside > 0
    first, last = held.argmax(axis=1), BINS - 1 - held[:, ::-1].argmax(axis=1)
    merged = np.maximum(-(-(last + 1 - first) // SHOWN), 1)
    start = np.minimum(first, BINS - SHOWN * merged)  # inside the histogram, at its upper end too
    kept = np.stack(
        [
            one[begin : begin + SHOWN * each].reshape(SHOWN, each).sum(axis=1)
            for one, begin, each in zip(inside, start, merged, strict=True)
        ]
    )
    return start, merged, kept
