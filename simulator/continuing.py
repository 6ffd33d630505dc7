"""The sums of a run as a node of its results, and back, to the last bit: so that a run can be continued."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .design import Design
from .errors import InputError
from .prepared import Prepared
from .simulation import Bins, PickFrozen, Propagated
from .single_inputs import SingleInputs

if TYPE_CHECKING:
    import xarray as xr

NODE = "sums"
_UNITS = "those of the outputs, and of their products"
_Variables = dict[str, tuple[tuple[str, ...], str]]  # dimensions and what is said of each
_BINS: _Variables = {
    "bin_centre": (("year", "row", "kind"), "Middle of the bins, of amounts and of shares"),
    "bin_width": (("year", "row", "kind"), "Width of a bin"),
}
_PROPAGATED: _Variables = {
    "moments": (
        ("replicate", "year", "row", "kind", "power"),
        "Sums of (output - middle of the bins) and of its square",
    ),
    "counts": (("replicate", "year", "row", "kind", "bin"), "Futures in each bin; first and last: outside the bins"),
}
_FROZEN: _Variables = {
    "centre": (("scope", "year"), "What outputs are centred on"),
    "pairs": (("replicate", "scope", "year", "pair_sum"), "Sums over pairs of a, b, a², b², a·b"),
    "differences": (
        ("replicate", "group", "scope", "year", "difference_sum"),
        "Sums of (ab - a)², (ba - b)², (ab - a)(ba - b), (b - a)((ba - b) - (ab - a))",
    ),
    "allocation": (("replicate", "scope", "year", "category", "allocation_sum"), "Sums of the categories' parts"),
    "tails": (("replicate", "scope", "year", "tail", "tail_sum"), "Futures in each tail, and the output over them"),
}
_SINGLE: _Variables = {
    "centre": (("scope", "last_year"), "What outputs are centred on"),
    "pairs": (("replicate", "scope", "last_year", "pair_sum"), "Sums over pairs of a, b, a², b², a·b"),
    "differences": (
        ("replicate", "input", "scope", "last_year", "difference_sum"),
        "Sums of (ab - a)², (ba - b)², (ab - a)(ba - b), (b - a)((ba - b) - (ab - a))",
    ),
}
_PARTS: tuple[tuple[str, _Variables], ...] = (("", _PROPAGATED), ("groups_", _FROZEN), ("inputs_", _SINGLE))


@dataclass(frozen=True)
class Sums:
    """All that a run needs to be continued.

    Attributes
    ----------
    propagated : Propagated
    frozen : PickFrozen
    single : SingleInputs
    tails : (scopes, years, 2) float64
        Thresholds of the tails, which do not move.
    """

    propagated: Propagated
    frozen: PickFrozen
    single: SingleInputs
    tails: np.ndarray


def sums_node(sums: Sums) -> xr.Dataset:
    """The sums as they are saved.

    Parameters
    ----------
    sums : Sums

    Returns
    -------
    xarray.Dataset
        Without coordinates: places are those of the model.
    """
    import xarray as xr

    data: dict[str, Any] = {
        "tail_threshold": (("scope", "year", "tail"), sums.tails, {"units": _UNITS, "long_name": "Ends of the tails"})
    }
    for name, (dims, said) in _BINS.items():
        data[name] = (
            dims,
            getattr(sums.propagated.bins, name.removeprefix("bin_")),
            {"units": _UNITS, "long_name": said},
        )
    for held, (prefix, variables) in zip((sums.propagated, sums.frozen, sums.single), _PARTS, strict=True):
        for name, (dims, said) in variables.items():
            values = getattr(held, name)
            values = _narrow(values) if values.dtype.kind == "i" else values
            data[prefix + name] = (dims, values, {"units": _UNITS, "long_name": said})
    designs = {"futures": sums.propagated.design, "pairs": sums.frozen.design}
    told = {f"{name}_{key}": getattr(design, key) for name, design in designs.items()
            for key in ("log2_points", "log2_for_blocks")}  # fmt: skip
    return xr.Dataset(data, attrs={**told, "description": "To continue the run"})


def _narrow(counts: np.ndarray) -> np.ndarray:
    """Counts in as few bytes as hold them."""
    for kind in (np.uint16, np.uint32):
        if counts.max(initial=0) <= np.iinfo(kind).max:
            return counts.astype(kind)
    return counts


def sums_from(tree: xr.DataTree, model: Prepared) -> Sums:
    """What `sums_node` holds.

    Parameters
    ----------
    tree : xarray.DataTree
        Results of a run of the same model.
    model : Prepared

    Returns
    -------
    Sums

    Raises
    ------
    InputError
        If the results hold no sums.
    """
    if NODE not in tree.children:
        raise InputError("the earlier run", "lacks the sums to continue it", "Run it anew with run.continuable = true.")
    node = tree[NODE].to_dataset()
    run, a = (int(tree.attrs["replicates"]), int(tree.attrs["seed"]), str(tree.attrs["method"])), node.attrs

    def design(name: str) -> Design:
        replicates, seed, method = run
        sizes = int(a[f"{name}_log2_points"]), int(a[f"{name}_log2_for_blocks"])
        return Design(len(model.inputs), replicates, sizes[0], seed, method, sizes[1])

    held: list[dict[str, np.ndarray]] = []
    for prefix, variables in _PARTS:
        held.append({name: node[prefix + name].values for name in variables})
    held[0]["counts"] = held[0]["counts"].astype(np.int64)
    bins = Bins(*(node[name].values for name in _BINS))
    return Sums(
        Propagated(design("futures"), bins, **held[0]),
        PickFrozen(design("pairs"), **held[1]),
        SingleInputs(design("pairs"), **held[2]),
        node["tail_threshold"].values,
    )
