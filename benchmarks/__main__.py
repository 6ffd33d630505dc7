"""`python -m benchmarks`: all cases, one after another; see README.md."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from .machine import describe
from .phases import ratios, timed, untimed
from .registry import CASES, RATIOS, chosen
from .table import print_cases, print_rows, rows_of, save

RESULTS = Path(__file__).resolve().parent / "results"
FAILED, WRONG_USE, INTERRUPTED = 1, 2, 130


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
    started = time.perf_counter()
    machine = describe()
    if options.untimed:
        failed = [one for one in untimed(cases, print) if one.error is not None]
        print(f"{len(cases) - len(failed)} of {len(cases)} cases passed in {time.perf_counter() - started:.0f} s")
        return FAILED if failed else 0
    measurements = timed(cases, lambda text: print(text, file=sys.stderr, flush=True))
    rows = rows_of(measurements, ratios(measurements, RATIOS))
    machine["duration_seconds"] = round(time.perf_counter() - started, 1)
    print_rows(rows, machine)
    written = save(options.out, "results" if len(cases) == len(CASES) else "partial", measurements, rows, machine)
    print(f"written to {' and '.join(path.name for path in written)}")
    return FAILED if any(one.error is not None or one.met is False for one in measurements) else 0


def _parser() -> argparse.ArgumentParser:
    said = "How fast, how small and how exact is the simulator?"
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=said)
    parser.add_argument("--list", action="store_true", help="show the cases, run nothing")
    parser.add_argument("--only", action="append", default=[], metavar="NAME",
                        help="a case, or the beginning of several, such as 'propagation'; may be repeated")  # fmt: skip
    parser.add_argument("--untimed", action="store_true",
                        help="each case once at a small size: are its results finite and of the right shape?")  # fmt: skip
    parser.add_argument("--out", type=Path, default=RESULTS, metavar="DIR",
                        help="folder of the table (default: benchmarks/results)")  # fmt: skip
    return parser


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except KeyboardInterrupt:
        print("interrupted: nothing was written", file=sys.stderr)
        raise SystemExit(INTERRUPTED) from None
