"""Other views of a run on the terminal: what one input does, and what knowing more would be worth, from results alone."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import xarray as xr

SHOWN = 3  # inputs or groups in a line


def spread_columns(one: xr.Dataset, dimension: str) -> xr.Dataset:
    """Variables along further labelled dimensions as one variable for each label, so that a table has a column for each.

    Parameters
    ----------
    one : xarray.Dataset
        Of one output. Attribute `shown`: names of the variables to show, with commas; all by default.
    dimension : str
        ``input`` or ``group``.

    Returns
    -------
    xarray.Dataset
        Variables (dimension) and their intervals, named by variable and labels. Columns without a number are left out,
        unless all are without.

    Examples
    --------
    >>> import xarray as xr
    >>> table = xr.Dataset({"limit": (("input", "bound"), [[1.0, np.nan]])}, {"input": ["a"], "bound": ["low", "high"]})
    >>> list(spread_columns(table, "input"))
    ['limit low']
    """
    stated = [name for name in str(one.attrs.get("shown", "")).split(", ") if name in one]
    columns = {}
    for name, variable in (one[stated] if stated else one).data_vars.items():
        further = [str(dim) for dim in variable.dims if dim not in (dimension, "ci_bound")]
        for labels in product(*(variable[dim].values.tolist() for dim in further)):
            if dimension in variable.dims:
                columns[" ".join(map(str, (name, *labels)))] = variable.sel(
                    dict(zip(further, labels, strict=True)), drop=True
                )
    numbers = {name: column for name, column in columns.items() if column.notnull().any()}
    return one.drop_vars(list(one.data_vars)).assign(numbers or columns)


def beside(one: xr.Dataset, dimension: str) -> list[str]:
    """Numbers of an output that belong to no single input, each variable in a line.

    Parameters
    ----------
    one : xarray.Dataset
        Of one output. Attribute `beside`: names of these variables, with commas.
    dimension : str

    Returns
    -------
    list of str

    Examples
    --------
    >>> import xarray as xr
    >>> beside(xr.Dataset({"share": ("position", [0.25, 0.75])}, {"position": ["in", "out"]}, {"beside": "share"}), "input")
    ['share: in 0.25, out 0.75']
    """
    lines = []
    for name in str(one.attrs.get("beside", "")).split(", "):
        if name not in one or dimension in one[name].dims or one[name].isnull().all():
            continue
        numbers = [(" ".join(map(str, labels)), value) for labels, value in _labelled(one[name])]
        lines.append(f"{name}: {', '.join(f'{label} {value:.3g}'.strip() for label, value in numbers)}")
    return lines


def _labelled(variable: xr.DataArray) -> list[tuple[tuple[Any, ...], float]]:
    labels = product(*(variable[dim].values.tolist() for dim in variable.dims))
    return list(zip(labels, variable.values.ravel().tolist(), strict=True))


def view_lines(tree: xr.DataTree) -> list[str]:
    """What the views of a run say, each in a line; none for a view that the run does not have.

    Parameters
    ----------
    tree : xarray.DataTree
        Results of the built-in model.

    Returns
    -------
    list of str
    """
    nodes = {name: tree[name].dataset for name in ("switching", "separation", "information") if name in tree.children}
    lines = []
    if "switching" in nodes:
        lines += _switching(nodes["switching"].isel(output=0))
    if "ks_distance" in nodes.get("separation", ()):
        lines += _separation(nodes["separation"].isel(output=0))
    if "evppi" in nodes.get("information", ()) and np.isfinite(nodes["information"]["evpi"]):
        lines.append(_decision(nodes["information"]))
    return lines


def _switching(one: xr.Dataset) -> list[str]:
    """Inputs with which the expected total leaves the published range at once, the most probable first."""
    if not np.isfinite(one["published"].values).all():
        return []
    reached = one["probability_beyond"].where(one["value"].notnull()).stack(place=("input", "bound"))
    order = np.argsort(-np.nan_to_num(reached.values), kind="stable")[:SHOWN]
    found = [reached.isel(place=place) for place in order if reached.values[place] > 0]
    low, high = one["published"].values
    said = f"Expected {one['output'].item()} leaves {low:g}-{high:g}"
    if not found:
        return [f"{said} by no input alone."]
    parts = []
    for each in found:
        name, bound = each["input"].item(), each["bound"].item()
        value, above = float(one["value"].sel(input=name, bound=bound)), float(one["slope"].sel(input=name)) > 0
        sign = ">" if (bound == "high") == above else "<"
        parts.append(f"{name} {sign} {value:.3g} (probability {float(each):.0%})")
    return [f"{said} by one input alone: {'; '.join(parts)}."]


def _separation(one: xr.Dataset) -> list[str]:
    distance = one["ks_distance"].max("versus")  # inputs that lead out on both sides cancel in `outside`
    order = np.argsort(-np.nan_to_num(distance.values, nan=-1.0), kind="stable")[:SHOWN]
    parts = [f"{one['input'].values[place]} {distance.values[place]:.2f}" for place in order
             if np.isfinite(distance.values[place])]  # fmt: skip
    if not parts:  # all futures on one side, or too few
        return []
    said = "Futures in the published range differ from those below or above most in"
    return [f"{said}: {', '.join(parts)} (Kolmogorov-Smirnov distance)."]


def _decision(one: xr.Dataset) -> str:
    unit, threshold = str(one["evpi"].attrs["units"]), float(one["threshold"])
    worth = one["evppi"].isel(group=one["partition"].values == "factor")
    order = np.argsort(-np.nan_to_num(worth.values, nan=-1.0), kind="stable")[:SHOWN]
    parts = [f"{worth['label'].values[place]} {worth.values[place]:.2f}" for place in order
             if np.isfinite(worth.values[place])]  # fmt: skip
    said = f"Before acting if {one.attrs['quantity']} exceeds {threshold:g}, knowing everything is worth "
    said += f"{float(one['evpi']):.2f} {unit}"
    return f"{said}; of the factors: {', '.join(parts)}." if parts else f"{said}."
