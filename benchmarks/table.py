"""Measurements → a table on the terminal, CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from .case import Bar, Case, Ratio
from .phases import Measurement

COLUMNS = (
    "name", "measures", "size", "repeats", "best", "median", "unit", "bar_direction", "bar", "aim", "met",
    "seconds_best", "seconds_median", "work", "amount", "work_per_second", "note", "error",
)  # fmt: skip
MACHINE_COLUMNS = ("date", "cpu", "cores", "python", "numpy", "numba", "simulator")


def rows_of(measurements: Iterable[Measurement], ratios: Mapping[Ratio, tuple[float, float]]) -> list[dict[str, Any]]:
    """One row a case and a ratio, by the names in `COLUMNS`; what does not apply is None."""
    rows = [_row(one) for one in measurements]
    for ratio, (best, median) in ratios.items():
        row = dict.fromkeys(COLUMNS) | {"name": ratio.name, "measures": ratio.measures, "unit": "ratio"}
        met = None if ratio.bar is None or math.isnan(median) else ratio.bar.met(median)
        rows.append(row | {"best": _number(best), "median": _number(median), **_barred(ratio.bar), "met": met})
    return rows


def print_cases(cases: Iterable[Case]) -> None:
    """What there is to measure."""
    for case in cases:
        bar = f"; {_bar(case.bar, case.unit)}" if case.bar else ""
        print(f"{case.name}\n    {case.measures}\n    {case.size:,} {case.work}, in {case.unit}{bar}")


def print_rows(rows: Iterable[Mapping[str, Any]], console: Console) -> None:
    """The table of results that stand for themselves."""
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for name in ("case", "best", "median", "unit", "n", ""):
        numeric = name in ("best", "median", "n")
        table.add_column(name, no_wrap=name != "", justify="right" if numeric else "left")
    for row in rows:
        table.add_row(
            str(row["name"]), shown(row["best"]), shown(row["median"]), str(row["unit"]), str(row["repeats"] or ""),
            _verdict(row),
        )  # fmt: skip
    if table.row_count:
        console.print(table)


def _verdict(row: Mapping[str, Any]) -> str:
    """What is said of a row besides its numbers."""
    if row["error"]:
        return f"[red]FAILED[/] {row['error']}"
    if row["bar_direction"] is None:
        return str(row["note"] or "")
    bar = Bar(row["bar_direction"], row["bar"], row["aim"])
    verdict = f"{'met' if row['met'] else '[red]MISSED[/]'}: {_bar(bar, '')}"
    if row["met"] and bar.aim is not None and Bar(bar.direction, bar.aim).met(row["median"]):
        verdict += ", reached"
    return verdict


def details_of(measurements: Iterable[Measurement]) -> dict[str, dict[str, Any]]:
    """What the JSON file holds of each case besides its row, by name."""
    return {
        one.case.name: {"seconds": one.seconds, "values": one.values, "details": one.details} for one in measurements
    }


def save(folder: Path, name: str, rows: Sequence[Mapping[str, Any]], details: Mapping[str, Mapping[str, Any]],
         machine: Mapping[str, Any]) -> tuple[Path, Path]:  # fmt: skip
    """Write <name>.csv and <name>.json.

    Parameters
    ----------
    folder : Path
        Made where it is not there.
    name : str
    rows : sequence of mapping
        See `rows_of`.
    details : mapping
        See `details_of`.
    machine : mapping

    Returns
    -------
    (Path, Path)
    """
    content = {"machine": machine, "results": [{**row, **details.get(str(row["name"]), {})} for row in rows]}
    text = io.StringIO()
    writer = csv.DictWriter(text, (*COLUMNS, *MACHINE_COLUMNS), lineterminator="\n")
    writer.writeheader()
    writer.writerows({**row, **{key: machine[key] for key in MACHINE_COLUMNS}} for row in rows)
    folder.mkdir(parents=True, exist_ok=True)
    paths = folder / f"{name}.csv", folder / f"{name}.json"
    _write(paths[0], text.getvalue())
    _write(paths[1], json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False) + "\n")
    return paths


def _row(one: Measurement) -> dict[str, Any]:
    case, bar = one.case, one.case.bar
    return {
        "name": case.name,
        "measures": case.measures,
        "size": case.size,
        "repeats": len(one.values),
        "best": _number(one.best),
        "median": _number(one.median),
        "unit": case.unit,
        **_barred(bar),
        "met": one.met,
        "seconds_best": min(one.seconds, default=None),
        "seconds_median": statistics.median(one.seconds) if one.seconds else None,
        "work": case.work,
        "amount": one.amount,
        "work_per_second": one.amount / min(one.seconds) if one.seconds else None,
        "note": one.missing or one.note,
        "error": type(one.error).__name__ if one.error is not None else None,  # its text may name a place
    }


def _barred(bar: Bar | None) -> dict[str, Any]:
    return {"bar_direction": bar and bar.direction, "bar": bar and bar.value, "aim": bar and bar.aim}


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def shown(value: float | None) -> str:
    """A number in three digits and no more than seven signs: 1.17M, 33.8k, 12.2, 2.1e-07; empty for None."""
    if value is None:
        return ""
    for power, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= 0.9995 * power:
            return f"{value / power:.3g}{letter}"
    return f"{value:.1e}" if value and abs(value) < 1e-3 else f"{value:.3g}"


def _bar(bar: Bar | None, unit: str) -> str:
    if bar is None:
        return ""
    aim = "" if bar.aim is None else f" (aim {shown(bar.aim)})"
    return f"{bar.direction} {shown(bar.value)} {unit}".strip() + aim


def _write(path: Path, text: str) -> None:
    """To a temporary file first, then in place at once."""
    temporary = path.with_name(f".{path.name}")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
