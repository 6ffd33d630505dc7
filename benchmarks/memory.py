"""Peak memory of a run in a fresh process, which is not to grow with the number of futures."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from .case import Bar, Case, Ratio, Work
from .prepared import CONFIG
from .process import check_results, run_python

MEGABYTE = 1e6
MANY, DEFAULT, SMALL = 10**8, 2**22, 2**10


def prepare_memory(futures: int) -> Work[float]:
    """A run with all outputs; below the default number of futures with a small sample."""

    def run() -> float:
        with TemporaryDirectory(prefix="benchmark-") as folder:
            arguments = ["run", CONFIG, "--futures", str(futures), "--out", folder, "--quiet"]
            arguments += ["--set", "run.outputs=all"]
            if futures < DEFAULT:
                arguments += ["--set", "run.sample=64"]
            printed = run_python(["benchmarks.peak", *arguments])
            check_results(Path(folder), futures)
        return float(json.loads(printed.splitlines()[-1])["peak_bytes"]) / MEGABYTE

    def check(peak: float) -> None:
        assert 10 < peak < 1e6

    return Work(futures, run, check, value=lambda peak: peak)


def _case(name: str, futures: int, said: str) -> Case:
    return Case(f"memory.{name}", f"peak resident memory of the default run, {said}", prepare_memory, futures, SMALL, "futures",
                "value", "MB", bar=Bar("at most", 1000.0), repeats=1)  # fmt: skip


CASES = (_case("default", DEFAULT, "2^22 futures"), _case("many", MANY, "10^8 futures (drawn: rounded up)"))
RATIOS = (Ratio("memory.growth", "peak at 10^8 futures by that at 2^22", "memory.many", "memory.default"),)
