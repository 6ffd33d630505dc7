"""The sums of a run as a node of its results, and back, to the last bit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InputError
from ..sensitivity.accumulated import Accumulated
from .accumulate import Drawing, State, resampled
from .histogram import Histogram

if TYPE_CHECKING:
    import xarray as xr

_SUMS = {
    "centre": (("output",), "What outputs are centred on in the sums"),
    "pairs": (("replicate", "pair_sum", "output"), "Sums over pairs: a, b, a², b², a·b, less the centre"),
    "hybrids": (
        ("replicate", "hybrid_sum", "row", "output"),
        "Sums over hybrids: ab - a, its square, a and b times it; with BA the same of ba - b, and both together",
    ),
    "crossed": (("replicate", "row", "other", "output"), "Sums of (ba_i - b)(ab_j - a)"),
}
_HISTOGRAM = {
    "middle": (("output",), "Middle of the bins"),
    "scale": (("output",), "Scale of the bins"),
    "counts": (("replicate", "output", "bin"), "Outputs in each bin, at points A and B"),
    "least": (("output", "bin"), "Least output in each bin"),
    "greatest": (("output", "bin"), "Greatest output in each bin"),
}


def sums_node(state: State, rows: Sequence[str]) -> xr.Dataset:
    """All that a run needs to be continued, but for its sample.

    Parameters
    ----------
    state : State
    rows : sequence of str
        Inputs and groups, in the order of the sums.

    Returns
    -------
    xarray.Dataset
    """
    import xarray as xr

    data: dict[str, Any] = {}
    for held, variables in ((state.sums, _SUMS), (state.histogram, _HISTOGRAM)):
        for name, (dims, said) in variables.items():
            values = getattr(held, name)
            if values.size:
                data[name] = (dims, values, {"long_name": said})
    return xr.Dataset(data, {"row": list(rows)}, {"points": state.points, "description": "To continue the run"})


def sample_node(drawing: Drawing, state: State, outputs: Sequence[str]) -> xr.Dataset:
    """The first points A of each replicate: inputs and outputs.

    Parameters
    ----------
    drawing : Drawing
    state : State
    outputs : sequence of str

    Returns
    -------
    xarray.Dataset
        value (future, input) and output_value (future, output); `replicate` and `point` of each future.
    """
    import xarray as xr

    replicates, each = len(state.values), min(drawing.sample, state.points)
    futures = replicates * each
    number = np.divmod(np.arange(futures), max(each, 1))
    said = {"units": "see `unit` in /inputs", "long_name": "Values of the inputs"}
    told = {"units": "see `unit` in /summary", "long_name": "Outputs"}
    return xr.Dataset(
        {
            "value": (("future", "input"), state.values[:, :each].reshape(futures, state.values.shape[2]), said),
            "output_value": (("future", "output"), state.outputs[:, :each].reshape(futures, len(outputs)), told),
        },
        {
            "input": list(drawing.plan.problem.names),
            "output": list(outputs),
            "replicate": ("future", number[0]),
            "point": ("future", number[1]),
        },
        {"description": f"The first {each} points A of each replicate"},
    )


def state_from(tree: xr.DataTree, drawing: Drawing) -> State:
    """What `sums_node` and `sample_node` hold.

    Parameters
    ----------
    tree : xarray.DataTree
        Results of a run of the same model.
    drawing : Drawing
        With as many replicates as the run has, or more.

    Returns
    -------
    State
        With room for the sample of `drawing`.

    Raises
    ------
    InputError
        If nodes or variables are missing.
    """
    try:
        sums, sample = tree["sums"].to_dataset(), tree["sample"].to_dataset()
        points, rows = int(sums.attrs["points"]), [str(row) for row in sums["row"].values]
        replicates, count = sums.sizes["replicate"], sums.sizes["output"]
        crossed = sums["crossed"].values if "crossed" in sums else np.zeros((replicates, 0, 0, count))
        histogram = Histogram(*(sums[name].values for name in _HISTOGRAM))
        kept = Accumulated(sums["centre"].values, sums["pairs"].values, sums["hybrids"].values, crossed)
        each = sample.sizes["future"] // replicates
        values, outputs = (
            sample[name].values.reshape(replicates, each, sample[name].shape[1]) for name in ("value", "output_value")
        )
    except (KeyError, ValueError) as error:
        said = " ".join(str(error).split())
        raise InputError("the earlier run", f"lacks the sums to continue it ({said})", "Run it anew.") from None
    if rows != list(drawing.plan.problem.groups):
        raise InputError("the earlier run", "its sums are of other inputs and groups", "Run it anew.")
    return resampled(State(points, kept, histogram, values, outputs), drawing.sample)
