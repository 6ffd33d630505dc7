"""`python -m benchmarks`: all cases, one after another; see README.md."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console

from . import chart, side_by_side
from .case import Case
from .machine import describe
from .phases import Measurement, ratios, timed, untimed
from .registry import CASES, RATIOS, chosen
from .table import details_of, print_cases, print_rows, rows_of, save

RESULTS = Path(__file__).resolve().parent / "results"
FAILED, WRONG_USE, INTERRUPTED = 1, 2, 130
WIDTH = 100


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmarks.

    Parameters
    ----------
    arguments : sequence of str, optional
        By default those of the process.

    Returns
    -------
    int
        0; 1 where a case failed or missed its bar; 2 for a name that is not known.
    """
    options = _parser().parse_args(arguments)
    try:
        cases = chosen(options.only)
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return WRONG_USE
    if options.list:
        print_cases(cases)
        return 0
    if options.limit is not None:
        cases = [case if case.limit is None else replace(case, limit=options.limit) for case in cases]
    started = time.perf_counter()
    machine = describe()
    if options.untimed:
        return _untimed(cases, started)
    measurements = timed(cases, lambda text: print(text, file=sys.stderr, flush=True), quick=options.quick)
    machine["duration_seconds"] = round(time.perf_counter() - started, 1)
    if options.quick:
        print("Quick: the smallest sizes, whatever the tables say of sizes and seeds.")
    wanted = [replace(ratio, bar=None) for ratio in RATIOS] if options.quick else RATIOS
    rows = rows_of(measurements, ratios(measurements, wanted))
    _report(rows, measurements, machine, options.out, _file_name(cases, options.quick))
    return FAILED if any(row["error"] is not None or row["met"] is False for row in rows) else 0


def _untimed(cases: Sequence[Case], started: float) -> int:
    """Each case once, told as it goes."""
    done = untimed(cases, print)
    failed, absent = sum(one.error is not None for one in done), sum(one.missing is not None for one in done)
    said = f"{len(done) - failed - absent} of {len(done)} cases passed" + (
        f", {absent} not installed" if absent else ""
    )
    print(f"{said}, in {time.perf_counter() - started:.0f} s")
    return FAILED if failed else 0


def _file_name(cases: Sequence[Case], quick: bool) -> str:
    """Only what was measured whole and at its full size goes under the name of the results."""
    return "quick" if quick else "results" if len(cases) == len(CASES) else "partial"


def _report(rows: Sequence[Mapping[str, Any]], measurements: Sequence[Measurement], machine: Mapping[str, Any],
            folder: Path, name: str) -> None:  # fmt: skip
    """Tables on the terminal, and the files."""
    details = details_of(measurements)
    results = {str(row["name"]): {**row, **details.get(str(row["name"]), {})} for row in rows}
    console = Console(highlight=False, width=WIDTH)
    print_rows([row for row in rows if not side_by_side.is_side_by_side(str(row["name"]))], console)
    side_by_side.print_tables(results, console)
    console.print("\n" + ", ".join(f"{key} {value}" for key, value in machine.items()))
    written = [*save(folder, name, rows, details, machine), *chart.save(folder, name, results)]
    console.print(f"written to {' and '.join(path.name for path in written)}")


def _parser() -> argparse.ArgumentParser:
    said = "How fast, how small and how exact is the simulator?"
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=said)
    parser.add_argument("--list", action="store_true", help="show the cases, run nothing")
    parser.add_argument("--only", action="append", default=[], metavar="NAME",
                        help="a case, or the beginning of several, such as 'propagation'; may be repeated")  # fmt: skip
    parser.add_argument("--untimed", action="store_true",
                        help="each case once at a small size: are its results finite and of the right shape?")  # fmt: skip
    parser.add_argument("--quick", action="store_true",
                        help="each case once at a small size, with tables and files: to be seen, not believed")  # fmt: skip
    parser.add_argument("--limit", type=_positive, metavar="SECONDS",
                        help="how long one step may take where a case goes on until something takes longer")  # fmt: skip
    parser.add_argument("--out", type=Path, default=RESULTS, metavar="DIR",
                        help="folder of the table (default: benchmarks/results)")  # fmt: skip
    return parser


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise ValueError
    return value


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except KeyboardInterrupt:
        print("interrupted: nothing was written", file=sys.stderr)
        raise SystemExit(INTERRUPTED) from None
