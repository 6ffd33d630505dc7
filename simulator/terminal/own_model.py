"""The terminal summary of a model of the user's own, and of any method of sensitivity analysis, from results alone."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from .views import beside, spread_columns

if TYPE_CHECKING:
    import xarray as xr

SHOWN_OUTPUTS, SHOWN_ROWS, SHOWN_PAIRS = 3, 12, 5
BAR_WIDTH = 10
LEVELS = (0.05, 0.5, 0.95)
LEADING = ("total_order", "shapley", "mu_star", "dgsm", "delta", "delta_balanced", "ST", "S1", "first_order", "median")
HALF_WIDTHS = {"vi": "dgsm_conf", "dgsm": ""}  # SALib gives that of vi under the name of dgsm; of others as name_conf
TABLES = (("sensitivity", "convergence", "input"), ("group_sensitivity", "group_convergence", "group"))


def own_summary(tree: xr.DataTree, written: str) -> RenderableType:
    """Outputs, indices, how they converged, why the run stopped, and what was written where.

    Parameters
    ----------
    tree : xarray.DataTree
        As made by `simulator.own_model.OwnModel.run`.
    written : str
        The file of the results.

    Returns
    -------
    rich renderable
    """
    a = tree.attrs
    drawn = (
        f"{a['futures']:,} futures: {a['points']:,} points in {a['replicates']} replicates, each with its hybrids; "
        f"{a['method']}, seed {a['seed']}, {a['duration_seconds']:.1f} s"
    )
    summary = tree["summary"].dataset
    parts: list[RenderableType] = [
        Text(f"\n{a['title']}", style="bold"),
        Text(drawn, style="dim"),
        Text(_stopped(tree)),
        Text(""),
        _outputs(summary),
    ]
    for node, converging, dimension in TABLES:
        if node in tree.children:
            for output in _varying(tree[node].dataset)[:SHOWN_OUTPUTS]:
                parts += _indices(tree[node].dataset.sel(output=output), str(output), dimension)
                parts += [Text(line, style="dim") for line in _verdicts(tree[converging].dataset, output, dimension)]
    node = next(name for name, _, _ in TABLES if name in tree.children)
    parts += [Text(line) for line in _left_out(tree[node].dataset)]
    return Group(*parts, Text(f"\nWritten: {written}", no_wrap=True, overflow="ignore"))


def method_summary(tree: xr.DataTree, written: str) -> RenderableType:
    """Whatever a method found, a table for each output.

    Parameters
    ----------
    tree : xarray.DataTree
        Tables on (output, input) or (output, group).
    written : str

    Returns
    -------
    rich renderable
    """
    a = tree.attrs
    drawn = f"{a['method']}: {a['evaluations']:,} futures, seed {a['seed']}, {a['duration_seconds']:.1f} s"
    parts: list[RenderableType] = [Text(f"\n{a['title']}", style="bold"), Text(drawn, style="dim")]
    for node, _, dimension in TABLES:
        if node in tree.children:
            table = tree[node].dataset
            for output in table["output"].values[:SHOWN_OUTPUTS]:
                one = table.sel(output=output)
                parts += _whatever(spread_columns(one, dimension), str(output), dimension)
                parts += [Text(line) for line in beside(one, dimension)]
            parts += [Text(line) for line in _left_out(table)]
            if table.attrs.get("warnings"):
                parts.append(Text(f"SALib warns: {table.attrs['warnings']}", style="dim"))
    return Group(*parts, Text(f"\nWritten: {written}", no_wrap=True, overflow="ignore"))


def _stopped(tree: xr.DataTree) -> str:
    a = tree.attrs
    run = json.loads(a["settings"])["run"]
    widest = f"the widest 95 % interval of an index is {a['widest_interval']:.2g}"
    if not np.isfinite(a["widest_interval"]):
        widest = "there are no intervals of indices"
    if a["stopped"] == "precision":
        return f"Stopped by the precision {run['precision']:g}: {widest}."
    if a["stopped"] == "points":
        return f"All points asked for were drawn: {widest}."
    limit = run[a["stopped"]]
    reached = f" of {limit:,}" if limit is not None else ""
    wanted = f", and a precision of {run['precision']:g} was asked for" if run["precision"] is not None else ""
    return f"Stopped by the limit {a['stopped']}{reached}, which twice the points would pass: {widest}{wanted}."


def _outputs(summary: xr.Dataset) -> Table:
    """A column for each of the first outputs."""
    levels = [level for level in LEVELS if level in summary["quantile"].values] or list(summary["quantile"].values[:3])
    shown = [summary.isel(output=place) for place in range(min(summary.sizes["output"], SHOWN_OUTPUTS))]
    table = Table(box=None, padding=(0, 1), header_style="bold cyan")
    table.add_column("")
    for one in shown:
        unit = str(one["unit"].item())
        heading = f"{one['output'].item()}{f', {unit}' if unit not in ('', '1') else ''}"
        table.add_column(heading, justify="right", overflow="fold")
    for name in ("mean", "sd"):
        table.add_row(name, *(_about(one[name], one[f"{name}_ci"]) for one in shown))
    for level in levels:
        at = [one.sel(quantile=level) for one in shown]
        table.add_row(f"{100 * level:g} %", *(_about(one["value"], one["value_ci"]) for one in at))
    return table


def _about(value: Any, interval: Any) -> str:
    """A number with half the width of its interval: as many digits as are sure, and one more.

    Examples
    --------
    >>> _about(3.14159, np.array([3.13, 3.15])), _about(1234567.0, np.array([np.nan, np.nan]))
    ('3.142 ± 0.01', '1.235e+06')
    """
    number, half = float(value), float(np.diff(np.asarray(interval))[0] / 2)
    return f"{number:.4g} ± {half:.1g}" if np.isfinite(half) and half > 0 else f"{number:.4g}"


def _varying(table: xr.Dataset) -> list[Any]:
    """Outputs that have indices."""
    known = table["total_order"].notnull().any([dim for dim in table["total_order"].dims if dim != "output"])
    return list(table["output"].values[known.values])


def _left_out(table: xr.Dataset) -> Iterable[str]:
    if table.attrs.get("missing"):
        yield f"Missing: {table.attrs['missing']}."
    if table.sizes["output"] > SHOWN_OUTPUTS:
        yield f"All {table.sizes['output']} outputs are in the file."


def _indices(one: xr.Dataset, output: str, dimension: str) -> Iterable[RenderableType]:
    """Rows by total-order index, and pairs that interact."""
    yield Text(f"\nWhat drives the spread of {output}: Sobol' indices of the {dimension}s", style="bold")
    table = Table(box=None, padding=(0, 1), header_style="dim")
    table.add_column(dimension, overflow="fold", min_width=20, max_width=34)
    for name in ("first", "", "total", ""):
        table.add_column(name, justify="right" if name else "left", no_wrap=True)
    table.add_column("", no_wrap=True, min_width=BAR_WIDTH)
    total = one["total_order"].values
    order = np.argsort(-total, kind="stable")
    for place in order[:SHOWN_ROWS]:
        cells: list[str] = []
        for name in ("first_order", "total_order"):
            cells += [_fixed(one[name].values[place]), _interval(one[f"{name}_ci"].values[place])]
        bar = Text("█" * max(round(BAR_WIDTH * total[place] / max(total.max(), 1e-12)), 0), style="cyan")
        table.add_row(str(one[dimension].values[place]), *cells, bar)
    yield table
    if len(order) > SHOWN_ROWS:
        yield Text(f" {len(order) - SHOWN_ROWS} more in the file")
    if "second_order" in one:
        yield from _pairs(one, dimension)


def _pairs(one: xr.Dataset, dimension: str) -> Iterable[Text]:
    labels, values, interval = one[dimension].values, one["second_order"].values, one["second_order_ci"].values
    pairs = [(values[i, j], i, j) for i, j in zip(*np.triu_indices(len(labels), 1), strict=True)]
    above = [pair for pair in sorted(pairs, reverse=True) if not interval[pair[1:]][0] <= 0]
    said = (
        f"{labels[i]} × {labels[j]} {_fixed(value)} {_interval(interval[i, j])}".rstrip()
        for value, i, j in above[:SHOWN_PAIRS]
    )
    yield Text("Second order: " + ("; ".join(said) if above else "no pair has an interval above 0"))


def _verdicts(table: xr.Dataset, output: Any, dimension: str) -> Iterable[str]:
    """Convergence of values, ranking and screening, apart."""
    one = table.sel(output=output)
    last = one.isel(points=-1)
    if not np.isfinite(last["widest_interval"]):
        return
    before = f", {float(one['widest_interval'][-2]):.2g} at half the points" if one.sizes["points"] > 1 else ""
    yield f"Values: the widest interval is {float(last['widest_interval']):.2g}{before}."
    overlaps, change = int(last["overlaps"]), last["largest_rank_change"].item()
    since = f"; largest change of rank since then: {change:.0f}" if np.isfinite(change) else ""
    settled = "settled" if overlaps == 0 and change == 0 else "not settled"
    yield f"Ranking: {settled}. Neighbours whose intervals overlap: {overlaps}{since}."
    screened = [str(name) for name in last[dimension].values[last["screened"].values > 0]]
    more = f" and {len(screened) - SHOWN_ROWS} more" if len(screened) > SHOWN_ROWS else ""
    names = f": {', '.join(screened[:SHOWN_ROWS])}{more}" if screened else ""
    yield (
        f"Screening: {len(screened)} of {last.sizes[dimension]} {dimension}s have a total-order interval below "
        f"{table.attrs['threshold']:g}{names}."
    )


def _whatever(one: xr.Dataset, output: str, dimension: str) -> Iterable[RenderableType]:
    """Every number of each input or group, in the order of the one that says most."""
    names = [str(name) for name in one.data_vars if one[name].dims == (dimension,) and not str(name).endswith("_conf")]
    yield Text(f"\n{output}", style="bold")
    table = Table(box=None, padding=(0, 1), header_style="dim")
    table.add_column(dimension, overflow="fold", min_width=20, max_width=34)
    for name in names:
        table.add_column(name, justify="right", no_wrap=True)
    leading = next((name for name in LEADING if name in names), names[0])
    order = np.argsort(-np.nan_to_num(one[leading].values, nan=-np.inf), kind="stable")
    for place in order[:SHOWN_ROWS]:
        table.add_row(str(one[dimension].values[place]), *(_with_interval(one, name, place) for name in names))
    yield table
    if len(order) > SHOWN_ROWS:
        yield Text(f" {len(order) - SHOWN_ROWS} more in the file")


def _with_interval(one: xr.Dataset, name: str, place: int) -> str:
    value = one[name].values[place]
    if f"{name}_ci" in one:
        return f"{_fixed(value)} {_interval(one[f'{name}_ci'].values[place])}".rstrip()
    half_width = HALF_WIDTHS.get(name, f"{name}_conf")
    if half_width in one:
        return f"{value:.3g} ± {one[half_width].values[place]:.1g}"
    return f"{value:.3g}"


def _fixed(value: float) -> str:
    """Three decimals, without a sign before 0.

    Examples
    --------
    >>> _fixed(-0.0001), _fixed(0.5)
    ('0.000', '0.500')
    """
    return f"{round(float(value), 3) + 0.0:.3f}"


def _interval(ends: np.ndarray) -> str:
    return f"[{_fixed(ends[0])}, {_fixed(ends[1])}]" if np.isfinite(ends).all() else ""
