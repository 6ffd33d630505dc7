"""The libraries side by side: tables that fit in 100 columns, made from the rows of the results."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from . import coverage, errors, processes, speed
from .climb import power
from .peers.all import METHODS
from .table import shown

Results = Mapping[str, Mapping[str, Any]]
"""Rows of the results with their details, by name; ratios too."""

SUBJECTS = ("speed", "error", "coverage", "start")
NONE = "–"


def is_side_by_side(name: str) -> bool:
    """Whether a case or ratio stands in one of these tables, and not in the plain one."""
    first, *rest = name.split(".")
    return first in SUBJECTS or (first == "memory" and rest[0] in processes.SUBJECTS)


def print_tables(results: Results, console: Console) -> None:
    """All tables that have something in them.

    Parameters
    ----------
    results : mapping
    console : Console
    """
    _print_speed(results, console, list(speed.WITH_INTERVALS), "with each library's own intervals", "ours")
    _print_speed(results, console, list(speed.POINTS_ALONE), "without intervals", "ours-points")
    _print_settings(results, console)
    _print_errors(results, console)
    _print_coverage(results, console)
    _print_memory(results, console)
    _print_start(results, console)
    _print_legend(results, console)


def _print_speed(results: Results, console: Console, names: list[str], said: str, ours: str) -> None:
    def cell(of: str, name: str) -> str:
        return _reached(results.get(f"speed.{of}.{name}"))

    def ratio(of: str, name: str) -> str:
        return NONE if name == ours else _times(results.get(f"speed.{of}.by-{name}"))

    asked = [of for of in speed.ASKED if f"speed.{of}.{ours}" in results]
    title = f"Evaluations a second {said}, at the largest N{_within(results, 'speed')}"
    _print_grid(console, title, asked, names, cell)
    _print_grid(console, f"{ours} by each, at the largest N that both reached", asked, names[1:], ratio)


def _print_settings(results: Results, console: Console) -> None:
    """What is asked of one subject alone: other settings, and the structure of our model."""
    usual = (*speed.WITH_INTERVALS, *speed.POINTS_ALONE)
    others = [(of, name) for of, names in speed.ASKED.items() for name in names if name not in usual]
    lines = [
        (f"{name} on {of}", _reached(results[f"speed.{of}.{name}"]), _structured(results, of, name))
        for of, name in others
        if f"speed.{of}.{name}" in results
    ]
    _print_lines(console, "Other settings, evaluations a second", ("", "at N", "times as fast as"), lines)


def _structured(results: Results, of: str, name: str) -> str:
    if name != "ours-structured":
        return ""
    names = [one for one in speed.WITH_INTERVALS if f"speed.{of}.structured-by-{one}" in results]
    return ", ".join(f"{one} {_times(row)}{_missed(row)}" for one, row in
                     ((one, results[f"speed.{of}.structured-by-{one}"]) for one in names))  # fmt: skip


def _missed(row: Mapping[str, Any]) -> str:
    return f" (not {shown(row['bar'])})" if row["met"] is False else ""


def _print_errors(results: Results, console: Console) -> None:
    several = [of for of in errors.TERMS if of != "model-8"]
    title = "Error of all indices, geometric mean over seeds, at equal cost and in equal time (all cores)"
    for said, subjects, methods in (
        (title, several, (*errors.ASKED, errors.STRUCTURED)),
        (
            f"The same of our model's 8 outputs, and seconds to an error of {errors.ENOUGH:g}",
            ["model-8"],
            errors.OF_EIGHT,
        ),
    ):
        terms = [(of, errors.TERMS[of]) for of in subjects]
        heads = [head for of, its in terms for head in (f"{of}, {power(its.points)}", f"in {its.seconds:g} s")]
        kinds = [f"{of}.{{}}.equal-{kind}" for of in subjects for kind in ("cost", "time")]
        if subjects != several:
            heads, kinds = [*heads, "seconds"], [*kinds, "model-8.{}.to-5e-3"]
        rows = {name: [results.get(f"error.{kind.format(name)}") for kind in kinds] for name in methods}
        lines = [(name, *(_error(row) for row in found)) for name, found in rows.items()]
        _print_lines(console, said, ("", *heads), [line for line in lines if set(line[1:]) != {NONE}])


def _error(row: Mapping[str, Any] | None) -> str:
    if row is None or row["median"] is None or str(row["note"]).startswith(errors.OVER):
        return NONE
    return f"{row['median']:.1e}"


def _print_coverage(results: Results, console: Console) -> None:
    lines = []
    for of in coverage.SUBJECTS:
        for name in coverage.ASKED:
            row = results.get(f"coverage.{of}.{name}")
            if row is None:
                continue
            if row["median"] is None:
                lines.append((of, name, *[NONE] * 5))
                continue
            found = row["details"]
            zero = found["near_zero"]
            lines.append(
                (of, name, f"{100 * found['mean']:.1f} %", f"{100 * found['least']:.1f} %",
                 NONE if zero is None else f"{100 * zero:.1f} %", f"{found['width']:.2f}", str(found["repetitions"]))
            )  # fmt: skip
    heads = ("", "", "mean", "least index", "near zero", "half-width by error", "seeds")
    _print_lines(console, f"Coverage of 95 % intervals, N = {power(coverage.POINTS)}", heads, lines)


def _print_memory(results: Results, console: Console) -> None:
    def cell(of: str, name: str) -> str:
        return _reached(results.get(f"memory.{of}.{name}"), lambda megabytes: f"{megabytes:,.0f} MB")

    asked = [of for of in processes.SUBJECTS if f"memory.{of}.ours" in results]
    title = f"Peak memory of a process, at the largest N{_within(results, 'memory')}"
    _print_grid(console, title, asked, processes.ASKED, cell)
    _print_grid(console, "Each by ours, at the largest N that both reached", asked, processes.ASKED[1:],
                lambda of, name: _times(results.get(f"memory.{of}.by-{name}")))  # fmt: skip


def _print_start(results: Results, console: Console) -> None:
    lines = []
    for name, row in results.items():
        if name.startswith("start."):
            seconds = NONE if row["median"] is None else f"{row['median']:.2f} s"
            lines.append((name.removeprefix("start."), seconds, str(row["note"])))
    _print_lines(console, "A new process: start, imports, compiling, and two small analyses", ("", "median", ""), lines)


def _print_legend(results: Results, console: Console) -> None:
    used = [
        one for one in METHODS.values() if any(one.name in name.split(".") for name in results if is_side_by_side(name))
    ]
    lines = [(one.name, one.says, _why_not(results, one.name)) for one in used]
    _print_lines(console, "Settings", ("", "", ""), lines)


def _why_not(results: Results, name: str) -> str:
    """What is said where a library is not there."""
    notes = {str(row["note"]) for key, row in results.items() if name in key.split(".") and row["median"] is None}
    return next((note for note in sorted(notes) if note.startswith("not installed")), "")


def _within(results: Results, first: str) -> str:
    """The limit that was measured with, if there was one."""
    rows = (row for name, row in results.items() if name.startswith(f"{first}.") and is_side_by_side(name))
    limit = next((row["details"]["limit"] for row in rows if row.get("details")), 0)
    return f" within {limit:g} s" if limit else ""


def _reached(row: Mapping[str, Any] | None, told: Callable[[float], str] = shown) -> str:
    """The value and the N that it belongs to."""
    if row is None or row["median"] is None:
        return "failed" if row is not None and row["error"] else NONE
    return f"{told(row['median'])} {power(row['details']['steps'][-1]['points'])}"


def _times(row: Mapping[str, Any] | None) -> str:
    return NONE if row is None or row["median"] is None else f"{shown(row['median'])}×"


def _print_grid(
    console: Console, title: str, rows: Sequence[str], columns: Sequence[str], cell: Callable[[str, str], str]
) -> None:
    _print_lines(console, title, ("", *columns), [(row, *(cell(row, column) for column in columns)) for row in rows])


def _print_lines(console: Console, title: str, heads: Sequence[str], lines: Iterable[Sequence[str]]) -> None:
    """A table; nothing where there are no lines."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=any(heads))
    for head in heads:
        table.add_column(head)
    for line in lines:
        table.add_row(*line)
    if table.row_count:
        console.print(f"\n[bold]{title}[/]")
        console.print(table)
