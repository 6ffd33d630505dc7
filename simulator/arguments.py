"""What can be asked on the command line."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

from . import __version__
from .errors import InputError

Command = Callable[[argparse.Namespace], int | None]


class Parser(argparse.ArgumentParser):
    """Mistakes on the command line end in one line, as all others."""

    def error(self, message: str) -> NoReturn:
        raise InputError("the command line", message, f"See {self.prog} --help.")


def make_parser(does: Mapping[str, Command]) -> argparse.ArgumentParser:
    """The parser of the command line.

    Parameters
    ----------
    does : mapping of str to callable
        What each command does with its options.

    Returns
    -------
    argparse.ArgumentParser
        Whose result has the callable as `command`.
    """
    parser = Parser(
        prog="python -m simulator",
        description="How sure is the estimate of what generative AI can free in the Danish public sector, "
        "and what drives it?",
    )
    parser.add_argument("--version", action="version", version=f"simulator {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="draw futures, write results.nc, print a summary")
    _add_config(run)
    run.add_argument("--out", type=Path, metavar="DIR", help="folder of the results (default: runs/<config name>)")
    run.add_argument("--futures", metavar="N", help="number of futures, as in the config's run.futures")
    run.add_argument("--seed", metavar="S", help="seed, as in the config's run.seed")
    run.add_argument("--overwrite", action="store_true", help="replace earlier results in the folder")
    run.add_argument("--quiet", action="store_true", help="no progress, no summary")
    run.set_defaults(command=does["run"])
    check = commands.add_parser("check", help="read and validate everything, list the inputs, draw nothing")
    _add_config(check)
    check.set_defaults(command=does["check"])
    _add_own_model(commands, does)
    _add_report(commands, does)
    published = commands.add_parser("published", help="set every printed number of the report beside ours")
    _add_config(published)
    published.add_argument(
        "--out", type=Path, metavar="DIR", help="folder of published.csv (default: runs/<config name>)"
    )
    published.add_argument(
        "--strict",
        action="store_true",
        help="end with code 1 where fewer bounds are hit than the config's published.hits",
    )
    published.set_defaults(command=does["published"])
    derive = commands.add_parser("derive", help="make the derived tables again from the printed ones")
    derive.add_argument("table", choices=("workforce", "demography", "reconstruction"))
    derive.add_argument(
        "--data", type=Path, default=Path("data"), metavar="DIR", help="folder of the tables (default: data)"
    )
    derive.set_defaults(command=does["derive"])
    return parser


def _add_report(commands: Any, does: Mapping[str, Command]) -> None:
    report = commands.add_parser("report", help="write the robustness appendix of a run: page, PDF, Word, tables")
    report.add_argument("run", type=Path, metavar="RUN", help="folder of its results, such as runs/base")
    report.add_argument("--author", type=Path, metavar="FILE",
                        help="the author's own parts (default: beside the config, as base.author.da.md)")  # fmt: skip
    report.add_argument("--strict", action="store_true", help="refuse parts that the author has left empty")
    report.add_argument("--out", type=Path, metavar="DIR", help="folder of the appendix (default: RUN/report)")
    report.set_defaults(command=does["report"])
    compare = commands.add_parser("compare", help="set two runs or more side by side")
    compare.add_argument("runs", type=Path, nargs="+", metavar="RUN", help="folders of their results")
    compare.add_argument("--out", type=Path, default=Path("runs/comparison"), metavar="DIR",
                         help="folder of the comparison (default: runs/comparison)")  # fmt: skip
    compare.set_defaults(command=does["compare"])
    for command in (report, compare):
        command.add_argument(
            "--language", nargs="+", default=["da"], metavar="LANGUAGE", help="da, en, or both (default: da)"
        )
        command.add_argument("--format", nargs="+", default=["page", "pdf", "word", "tables"], metavar="FORMAT",
                             help="page, pdf, word, tables (default: all)")  # fmt: skip
        command.add_argument("--quiet", action="store_true", help="do not say what was written")


def _add_own_model(commands: Any, does: Mapping[str, Command]) -> None:
    extend = commands.add_parser("extend", help="continue a finished run with more points or replicates")
    extend.add_argument("run", type=Path, metavar="RUN", help="folder of its results, such as runs/base")
    extend.add_argument("--points", type=int, metavar="M", help="points of each replicate, a power of two")
    extend.add_argument("--replicates", type=int, metavar="R", help="number of replicates")
    extend.add_argument("--config", type=Path, metavar="CONFIG", help="where its config is now (default: where it was)")
    extend.add_argument("--quiet", action="store_true", help="no progress, no summary")
    extend.set_defaults(command=does["extend"])
    sensitivity = commands.add_parser("sensitivity", help="other methods of sensitivity analysis, each by its name")
    _add_config(sensitivity)
    sensitivity.add_argument("--method", required=True, metavar="NAME", help="sobol, rank, shapley, morris, delta, ...")
    sensitivity.add_argument("--points", type=int, metavar="N", help="how many points the method draws")
    sensitivity.add_argument("--seed", type=int, metavar="S", help="seed (default: the config's run.seed)")
    sensitivity.add_argument(
        "--groups", metavar="PARTITION", help="of the built-in model: such as assumption, category"
    )
    sensitivity.add_argument(
        "--out", type=Path, metavar="DIR", help="folder of the results (default: runs/<config name>)"
    )
    sensitivity.add_argument("--overwrite", action="store_true", help="replace earlier results of the method")
    sensitivity.set_defaults(command=does["sensitivity"])


def _add_config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("config", type=Path, metavar="CONFIG", help="a TOML file, such as configs/base.toml")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        dest="changes",
        help="change one key of the config; may be repeated",
    )
