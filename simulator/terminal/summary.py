"""The summary on the terminal, from results alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ..sensitivity.indices import DEPENDENT
from .ladder import ladder_table
from .units import printed, shown, unit_of
from .views import view_lines

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
    if _varies(sensitivity.sel(output=f"freed_fte {YEAR}")):
        said = f"\nWhat drives the spread of freed FTE in {YEAR}: total-order Sobol' indices"
        parts += [Text(said, style="bold"), _drivers(sensitivity), *_kinds(sensitivity)]
    else:
        parts.append(
            Text(f"\nFreed FTE in {YEAR} do not vary: every input that they depend on is fixed.", style="bold")
        )
    if "ladder" in tree.children:
        parts += [Text(""), ladder_table(tree["ladder"].dataset)]
    parts += [Text(line) for line in view_lines(tree)]
    if "freed_fte_by_area" in summary:
        parts += _areas(summary)
    parts += [Text(""), *_checks(summary, sensitivity), Text(f"Written: {written}", no_wrap=True, overflow="ignore")]
    return Group(*parts)


def _headline(summary: xr.Dataset) -> Iterable[RenderableType]:
    for quantity, what in (("freed_fte", "Freed FTE"), ("freed_wage", "Freed wages")):
        unit = unit_of(quantity, _at(summary[quantity], 0.5))
        low, middle, high = (shown(_at(summary[quantity], q), unit) for q in (0.05, 0.5, 0.95))
        below, inside, above = summary[f"probability_{quantity}"].values
        published, known = summary[f"published_{quantity}"].values, np.isfinite(inside)
        of = f" {unit.name}".removesuffix(" FTE")  # which is said already
        yield Text.assemble(
            (f"{what} in {YEAR}: {middle}{of}, 90 % interval {low} to {high}", "bold cyan"),
            f"   published {printed(published[0], published[1], unit)}" if known else "",
        )
        if known:
            yield Text(
                f"   The published range holds in {inside:.0%} of futures; {below:.0%} lie below it and {above:.0%} above."
            )


def _varies(output: xr.Dataset) -> bool:
    """Whether an output varies, from the closed form or, where there is none, from its futures."""
    exact = float(output["variance_exact"])
    return bool(exact > 0 if np.isfinite(exact) else output["variance"] > 0)


def _drivers(sensitivity: xr.Dataset) -> Table:
    """Common factors, and the job categories apart from them: together they hold every input once."""
    output = sensitivity.sel(output=f"freed_fte {YEAR}")
    partition, label = output["partition"].values, output["label"].values
    factor = (partition == "factor") & ~np.isin(label, ["own", "extrapolation"])
    category = (partition == "category") & (label != "Fælles")
    total = output["total_order"].values
    together = partition == DEPENDENT
    chosen = np.flatnonzero((factor | category | together) & np.isfinite(total))
    order = chosen[np.argsort(-total[chosen])][:DRIVERS]
    table = Table(box=None, padding=(0, 1), show_header=False)
    table.add_column(no_wrap=True, max_width=34)
    for justify, width in (("right", 5), ("left", 14), ("left", BAR_WIDTH)):
        table.add_column(justify=justify, no_wrap=True, min_width=width)  # type: ignore[arg-type]
    longest = max(total[order].max(initial=0.0), 1e-12)
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
    first, exact = output["first_order"], output["total_order_exact"]
    for partition, said in (("assumption", "By kind of assumption"), ("evidence", "By kind of evidence")):
        matters = (output["partition"] == partition) & (exact.fillna(output["total_order"]) > 0)
        chosen = first.where(matters, drop=True)
        chosen = chosen.sortby(chosen, ascending=False)
        parts = (f"{name} {_percent(value)}" for name, value in zip(chosen["label"].values, chosen.values, strict=True))
        if chosen.size:
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


def _areas(summary: xr.Dataset) -> Iterable[RenderableType]:
    """Freed FTE by area, the largest first, with the published ranges where there are any."""
    table = Table(box=None, padding=(0, 1), header_style="dim")
    table.add_column("area", no_wrap=True)
    published = bool(summary["published_freed_fte_by_area"].notnull().any())
    for name in ("5 %", "50 %", "95 %", *(("published", "P(in range)") if published else ())):
        table.add_column(name, justify="right", no_wrap=True)
    unit = unit_of("freed_fte", _at(summary["freed_fte"], 0.5))
    areas = summary["freed_fte_by_area"].sel(year=YEAR)
    middle = areas.sel(quantile=0.5, method="nearest")
    for name in middle["area"].values[np.argsort(-middle.values)]:
        low, high = summary["published_freed_fte_by_area"].sel(area=name).values
        inside = float(summary["probability_freed_fte_by_area"].sel(area=name, position="in"))
        cells = [shown(_at(summary["freed_fte_by_area"].sel(area=name), q), unit) for q in (0.05, 0.5, 0.95)]
        if published:
            cells += [printed(low, high, unit), f"{inside:.0%}"] if np.isfinite(inside) else ["", ""]
        table.add_row(str(name), *cells)
    yield Text(f"\nBy area in {YEAR}: freed, {unit.name}", style="bold")
    yield table


def _checks(summary: xr.Dataset, sensitivity: xr.Dataset) -> Iterable[RenderableType]:
    """Estimates beside the closed form, or why there is none."""
    at = sensitivity.sel(output=f"freed_fte {YEAR}")
    if np.isnan(at["mean_exact"]):
        groups = at["group"].values[np.isnan(at["total_order"].values)]
        said = "Some inputs depend on each other: there is no closed form"
        if len(groups):
            said += f", and {len(groups)} groups that hold only a part of these have no Sobol' indices; the method "
            said += (
                "shapley has shares of all: python -m simulator sensitivity CONFIG --method shapley --groups PARTITION"
            )
        yield Text(f"{said}.", style="dim")
        return
    exact_mean, exact_sd = float(at["mean_exact"]), float(np.sqrt(at["variance_exact"]))
    mean = float(summary["freed_fte_mean"].sel(year=YEAR)) / exact_mean - 1
    factor = unit_of("freed_fte", exact_mean).factor
    said = f"Closed form: mean {factor * exact_mean:.3f} (simulated {mean:+.1e} relative)"
    if exact_sd > 0:
        sd = float(summary["freed_fte_sd"].sel(year=YEAR)) / exact_sd - 1
        distances = [sensitivity[name] - sensitivity[f"{name}_exact"] for name in ("first_order", "total_order")]
        farthest = max(float(np.nanmax(np.abs(distance))) for distance in distances)
        said += f", sd {factor * exact_sd:.3f} ({sd:+.1e}); indices agree to {farthest:.1e}"
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
