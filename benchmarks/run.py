"""What a user waits for: the command line in a fresh process."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from simulator import __version__
from simulator.kernels.compiling import cache_folder

from .case import Bar, Case, Work, seconds
from .prepared import CONFIG
from .process import check_results, run_python

FUTURES = 2**22
SMALL = 2**10


def arguments_for(futures: int, folder: Path) -> list[str]:
    """Arguments of a quiet run; at less than the default size the sample and the pairs shrink as well."""
    arguments = ["run", CONFIG, "--futures", str(futures), "--out", str(folder), "--quiet"]
    if futures < FUTURES:
        arguments += ["--set", "run.sample=64"]  # the pairs are never more than the futures
    return arguments


def prepare_run(futures: int, empty_cache: bool) -> Work[TemporaryDirectory[str]]:
    """A run of the base configuration, from the start of Python to the file of results.

    With an empty cache, a small run gets a copy of the kernels that are compiled already: there it is tried out, not timed.
    """

    def run() -> TemporaryDirectory[str]:
        folder = TemporaryDirectory(prefix="benchmark-")
        environment = {"NUMBA_CACHE_DIR": f"{folder.name}/cache"} if empty_cache else {}
        if empty_cache and futures < FUTURES:
            warm = cache_folder()
            shutil.copytree(warm, Path(folder.name, "cache", warm.parent.name, warm.name))
        try:
            run_python(["simulator", *arguments_for(futures, Path(folder.name, "results"))], environment)
        except BaseException:
            folder.cleanup()
            raise
        return folder

    def check(folder: TemporaryDirectory[str]) -> None:
        with folder as name:
            check_results(Path(name, "results"), futures)
            assert empty_cache == any(Path(name).rglob("*.nbc")), "the kernels were not cached where they should be"

    return Work(1, run, check)


def prepare_version(size: int) -> Work[list[str]]:
    """`--version`, so many times."""

    def run() -> list[str]:
        return [run_python(["simulator", "--version"]) for _ in range(size)]

    def check(printed: list[str]) -> None:
        assert len(printed) == size
        assert all(text.strip() == f"simulator {__version__}" for text in printed)

    return Work(size, run, check)


CASES: tuple[Case, ...] = (
    seconds("run.version", "python -m simulator --version", prepare_version, (1, 1), "runs",
            bar=Bar("at most", 0.3), repeats=9),
    seconds("run.default", "python -m simulator run configs/base.toml, kernels compiled before",
            partial(prepare_run, empty_cache=False), (FUTURES, SMALL), "runs", bar=Bar("at most", 15.0), repeats=3),
    seconds("run.empty-cache", "the same with an empty kernel cache: the first run after installing",
            partial(prepare_run, empty_cache=True), (FUTURES, SMALL), "runs", bar=Bar("at most", 90.0), repeats=1,
            warm_up=False),
)  # fmt: skip
