"""One picture of the libraries side by side, drawn from the results: <name>.svg. Without matplotlib there is none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from . import coverage, errors, processes, speed
from .installed import missing
from .peers.method import LEVEL

Results = Mapping[str, Mapping[str, Any]]

COLOURS: Mapping[str, str] = {
    "ours": "#c03d2e", "salib": "#3c6e9f", "openturns": "#5b9a55", "jaxgsa": "#8b6fb0", "qmcpy": "#b8862b",
}  # fmt: skip
STYLES: Mapping[str, str] = {"points": ":", "net": "--", "bootstrap": "--", "random": "-.", "structured": "--"}
"""Line of the settings, by the last part of a method's name."""


def save(folder: Path, name: str, results: Results) -> list[Path]:
    """Draw the chart, if there is something to draw and something to draw it with.

    Parameters
    ----------
    folder : Path
    name : str
        Of the file, without its ending.
    results : mapping
        Rows with their details, by name.

    Returns
    -------
    list of Path
        Of the file; empty without matplotlib, or where no library was measured.
    """
    if missing("matplotlib") is not None or not any(row.get("details", {}).get("steps") for row in results.values()):
        return []
    import matplotlib as mpl
    from matplotlib.figure import Figure

    figure = Figure(figsize=(13, 10.5), layout="constrained")
    axes = figure.subplots(3, 2).ravel()
    of_speed = {of: [f"speed.{of}.{name}" for name in speed.ASKED[of]] for of in ("ishigami", "model")}
    _lines(axes[0], results, of_speed["ishigami"], ("points", "median"), "Ishigami", "N", "evaluations a second")
    _lines(axes[1], results, of_speed["model"], ("points", "median"), "our model, its inputs one by one", "N",
           "evaluations a second")  # fmt: skip
    _by_inputs(axes[2], results)
    _lines(axes[3], results, [f"error.ishigami.{name}.equal-cost" for name in errors.ASKED], ("seconds", "median"),
           "error against time, Ishigami", "seconds", "error of all indices")  # fmt: skip
    _lines(axes[4], results, [f"memory.{processes.SUBJECTS[-1]}.{name}" for name in processes.ASKED], ("points", "median"),
           f"peak memory, {processes.SUBJECTS[-1]}", "N", "MB")  # fmt: skip
    _coverage(axes[5], results)
    path = folder / f"{name}.svg"
    with mpl.rc_context({"svg.hashsalt": "benchmarks"}):  # the same picture from the same numbers
        figure.savefig(path, metadata={"Date": None})
    return [path]


def _lines(
    axis: Any, results: Results, names: Iterable[str], keys: tuple[str, str], title: str, x: str, y: str
) -> None:
    """One line a case, from its steps."""
    for name in names:
        steps = results.get(name, {}).get("details", {}).get("steps", ())
        if steps:
            method = name.split(".")[2]
            axis.plot(*([step[key] for step in steps] for key in keys), label=method, **_style(method))
    axis.set(xscale="log", yscale="log", title=title, xlabel=x, ylabel=y)
    _finish(axis)


def _by_inputs(axis: Any, results: Results) -> None:
    """Evaluations a second against the number of inputs."""
    subjects = {int(of[1:]): of for of in speed.ASKED if of[0] == "g"}
    for method in speed.WITH_INTERVALS:
        rows = {count: results.get(f"speed.{of}.{method}", {}).get("median") for count, of in subjects.items()}
        known = {count: value for count, value in rows.items() if value is not None}
        if known:
            axis.plot(list(known), list(known.values()), label=method, **_style(method))
    axis.set(xscale="log", yscale="log", title="Sobol' g, at the largest N within the limit", xlabel="inputs",
             ylabel="evaluations a second")  # fmt: skip
    axis.set_xticks(sorted(subjects), [str(count) for count in sorted(subjects)])
    axis.minorticks_off()
    _finish(axis)


def _coverage(axis: Any, results: Results) -> None:
    """Mean coverage, with that of the least index below it."""
    names = [f"{of}.{name}" for of in coverage.SUBJECTS for name in coverage.ASKED]
    known = [name for name in names if results.get(f"coverage.{name}", {}).get("details")]
    for place, name in enumerate(known):
        found = results[f"coverage.{name}"]["details"]
        colour = _style(name.split(".")[1])["color"]
        axis.plot([place, place], [100 * found["least"], 100 * found["mean"]], color=colour, linewidth=1)
        axis.plot(place, 100 * found["mean"], "o", color=colour)
        axis.plot(place, 100 * found["least"], "_", color=colour)
    axis.axhline(100 * LEVEL, color="black", linewidth=0.8)
    axis.set(title="coverage of 95 % intervals: mean, and the least index", ylabel="%")
    axis.set_xticks(range(len(known)), [name.replace(".", "\n", 1) for name in known], rotation=90, fontsize=7)
    axis.spines[["top", "right"]].set_visible(False)


def _style(method: str) -> dict[str, Any]:
    library, _, setting = method.partition("-")
    return {"color": COLOURS[library], "linestyle": STYLES.get(setting, "-"), "marker": ".", "linewidth": 1.4}


def _finish(axis: Any) -> None:
    axis.grid(alpha=0.25)
    axis.spines[["top", "right"]].set_visible(False)
    if axis.lines:
        axis.legend(fontsize=7, frameon=False, handlelength=3.5, loc="upper left", bbox_to_anchor=(1, 1))
