"""The summary on the terminal, from results alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from .ladder import ladder_table

if TYPE_CHECKING:
    import xarray as xr

YEAR = 2040
DRIVERS = 10
BAR_WIDTH = 16
FACTOR_LABELS = {
    "technology": "Technology, all coefficients",
    "national": "Phase-in, common to all",
    "Øvrige": "Extrapolation to Øvrige",
    "speed": "Speed of phase-in",
    "demography.fertility": "Demography: fertility",
    "demography.longevity": "Demography: longevity",
    "demography.migration": "Demography: migration",
    "demography.healthy_ageing": "Demography: healthy ageing",
}


def terminal_summary(tree: xr.DataTree, written: str) -> RenderableType:
    """Headline against the published range, drivers, areas, and what was written where.

    Parameters
    ----------
    tree : xarray.DataTree
        As made by `simulator.Model.run`.
    written : str
        The file of the results.

    Returns
    -------
    rich renderable
    """
    summary, sensitivity = tree["summary"].dataset, tree["sensitivity"].dataset
    asked = (
        f" ({tree.attrs['futures_asked']:,} asked for)" if tree.attrs["futures_asked"] != tree.attrs["futures"] else ""
    )
    parts: list[RenderableType] = [
        Text(f"\n{tree.attrs['title']}", style="bold"),
        Text(
            f"{tree.attrs['futures']:,} futures{asked} in {tree.attrs['replicates']} replicates, "
            f"seed {tree.attrs['seed']}, {tree.attrs['duration_seconds']:.1f} s",
            style="dim",
        ),
        Text(""),
        *_headline(summary),
    ]
    if float(sensitivity["variance_exact"].sel(output=f"freed_fte {YEAR}")) > 0:
        said = f"\nWhat drives the spread of freed FTE in {YEAR}: total-order Sobol' indices"
        parts += [Text(said, style="bold"), _drivers(sensitivity), *_kinds(sensitivity)]
    else:
        parts.append(
            Text(f"\nFreed FTE in {YEAR} do not vary: every input that they depend on is fixed.", style="bold")
        )
    if "ladder" in tree.children:
        parts += [Text(""), ladder_table(tree["ladder"].dataset)]
    if "freed_fte_by_area" in summary:
        parts += [Text(f"\nBy area in {YEAR}: freed FTE, thousand", style="bold"), _areas(summary)]
    parts += [Text(""), *_checks(summary, sensitivity), Text(f"Written: {written}", no_wrap=True, overflow="ignore")]
    return Group(*parts)


def _headline(summary: xr.Dataset) -> Iterable[RenderableType]:
    for quantity, what, unit in (("freed_fte", "Freed FTE", "thousand"), ("freed_wage", "Freed wages", "bn DKK")):
        low, middle, high = (_at(summary[quantity], q) for q in (0.05, 0.5, 0.95))
        below, inside, above = summary[f"probability_{quantity}"].values
        published = summary[f"published_{quantity}"].values
        yield Text.assemble(
            (f"{what} in {YEAR}: {middle:.1f} {unit}, 90 % interval {low:.1f} to {high:.1f}", "bold cyan"),
            f"   published {published[0]:.0f}-{published[1]:.0f}",
        )
        yield Text(
            f"   The published range holds in {inside:.0%} of futures; {below:.0%} lie below it and {above:.0%} above."
        )


def _drivers(sensitivity: xr.Dataset) -> Table:
    """Common factors, and the job categories apart from them: together they hold every input once."""
    output = sensitivity.sel(output=f"freed_fte {YEAR}")
    partition, label = output["partition"].values, output["label"].values
    factor = (partition == "factor") & ~np.isin(label, ["own", "extrapolation"])
    category = (partition == "category") & (label != "Fælles")
    chosen = np.flatnonzero(factor | category)
    total = output["total_order"].values
    order = chosen[np.argsort(-total[chosen])][:DRIVERS]
    table = Table(box=None, padding=(0, 1), show_header=False)
    table.add_column(no_wrap=True, max_width=34)
    for justify, width in (("right", 5), ("left", 14), ("left", BAR_WIDTH)):
        table.add_column(justify=justify, no_wrap=True, min_width=width)  # type: ignore[arg-type]
    longest = max(total[order].max(), 1e-12)
    for place in order:
        lower, upper = output["total_order_ci"].values[place]
        table.add_row(
            driver_label(label[place]),
            f"{total[place]:.3f}",
            f"[{lower:.3f}, {upper:.3f}]" if np.isfinite(lower) else "",
            Text("█" * max(round(BAR_WIDTH * total[place] / longest), 0), style="cyan"),
        )
    return table


def driver_label(name: str) -> str:
    """A group's name in words; Danish names stay as they are.

    Examples
    --------
    >>> driver_label("theme.Driftsoptimering"), driver_label("Jurister")
    ('Theme: Driftsoptimering', 'Jurister')
    """
    kind, _, rest = name.partition(".")
    words = {"theme": "Theme: ", "barrier": "Barrier: "}
    return FACTOR_LABELS.get(name, words[kind] + rest if kind in words else name)


def _kinds(sensitivity: xr.Dataset) -> Iterable[RenderableType]:
    output = sensitivity.sel(output=f"freed_fte {YEAR}")
    first = output["first_order"]
    for partition, said in (("assumption", "By kind of assumption"), ("evidence", "By kind of evidence")):
        matters = (output["partition"] == partition) & (output["total_order_exact"] > 0)
        chosen = first.where(matters, drop=True)
        chosen = chosen.sortby(chosen, ascending=False)
        parts = (f"{name} {_percent(value)}" for name, value in zip(chosen["label"].values, chosen.values, strict=True))
        yield Text(f"{said} (first order): " + ", ".join(parts))
    allocation = output["allocation"].sortby(output["allocation"], ascending=False)[:5]
    parts = (
        f"{name} {_percent(value)}"
        for name, value in zip(allocation["category"].values, allocation.values, strict=True)
    )
    yield Text("Categories that carry the range (allocation of the variance): " + ", ".join(parts))


def _percent(value: float) -> str:
    """Without a sign before 0."""
    return f"{round(float(value), 2) + 0.0:.0%}"


def _areas(summary: xr.Dataset) -> Table:
    table = Table(box=None, padding=(0, 1), header_style="dim")
    for name, side in (("area", "left"), ("5 %", "right"), ("50 %", "right"), ("95 %", "right"), ("published", "right"),
                       ("P(in range)", "right")):  # fmt: skip
        table.add_column(name, justify=side, no_wrap=True)  # type: ignore[arg-type]
    areas = summary["freed_fte_by_area"].sel(year=YEAR)
    middle = areas.sel(quantile=0.5, method="nearest")
    for name in middle["area"].values[np.argsort(-middle.values)]:
        low, high = summary["published_freed_fte_by_area"].sel(area=name).values
        inside = float(summary["probability_freed_fte_by_area"].sel(area=name, position="in"))
        cells = (f"{_at(summary['freed_fte_by_area'].sel(area=name), q):.1f}" for q in (0.05, 0.5, 0.95))
        table.add_row(str(name), *cells, f"{low:.0f}-{high:.0f}", f"{inside:.0%}")
    return table


def _checks(summary: xr.Dataset, sensitivity: xr.Dataset) -> Iterable[RenderableType]:
    """Estimates beside the closed form."""
    at = sensitivity.sel(output=f"freed_fte {YEAR}")
    exact_mean, exact_sd = float(at["mean_exact"]), float(np.sqrt(at["variance_exact"]))
    mean = float(summary["freed_fte_mean"].sel(year=YEAR)) / exact_mean - 1
    said = f"Closed form: mean {exact_mean:.3f} (simulated {mean:+.1e} relative)"
    if exact_sd > 0:
        sd = float(summary["freed_fte_sd"].sel(year=YEAR)) / exact_sd - 1
        distances = [sensitivity[name] - sensitivity[f"{name}_exact"] for name in ("first_order", "total_order")]
        farthest = max(float(np.nanmax(np.abs(distance))) for distance in distances)
        said += f", sd {exact_sd:.3f} ({sd:+.1e}); indices agree to {farthest:.1e}"
    yield Text(said, style="dim")


def _at(values: xr.DataArray, level: float) -> float:
    """The quantile in the final year nearest to a level."""
    at: Any = values.sel(year=YEAR).sel(quantile=level, method="nearest")
    return float(at)


def inputs_table(tree_inputs: xr.Dataset) -> Table:
    """One line per input, for the command `check`."""
    table = Table(box=None, padding=(0, 1), header_style="dim")
    for name, side in (("input", "left"), ("family", "left"), ("5 %", "right"), ("50 %", "right"), ("95 %", "right"),
                       ("unit", "left"), ("evidence", "left")):  # fmt: skip
        table.add_column(name, justify=side, no_wrap=side == "right", overflow="fold")  # type: ignore[arg-type]
    for name in tree_inputs["input"].values:
        row = tree_inputs.sel(input=name)
        numbers = (f"{float(row[level]):.4g}" for level in ("p05", "p50", "p95"))
        table.add_row(
            str(name), str(row["family"].item()), *numbers, str(row["unit"].item()), str(row["evidence"].item())
        )
    return table
