"""The command line: the only place that prints."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

from .arguments import Command, make_parser
from .errors import InputError

NOT_FINITE, FEWER_HITS, USER_ERROR, INTERRUPTED = 1, 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Parameters
    ----------
    arguments : sequence of str, optional
        By default those of the process.

    Returns
    -------
    int
        0; 1 where an output is not finite, or fewer printed bounds are hit than asked for; 2 after a mistake of the
        user's, told in one line; 130 when interrupted.
    """
    _use_utf8()
    try:
        options = make_parser(_COMMANDS).parse_args(arguments)
        command: Command = options.command
        code = command(options) or 0
        sys.stdout.flush()
    except InputError as error:
        print("error:", " ".join(str(error).splitlines()), file=sys.stderr)
        return USER_ERROR
    except ArithmeticError as error:  # an output that is not finite
        print(f"error: {error}", file=sys.stderr)
        return NOT_FINITE
    except KeyboardInterrupt:
        print("interrupted: nothing was written", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # the reader of a pipe has gone, as with `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


def _use_utf8() -> None:
    """Danish letters come out right whatever the locale."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")


def _run(options: argparse.Namespace) -> None:
    from .config import COMMAND_LINE, load_config  # first, so that a mistake in the config shows before heavy imports

    if _states_a_model(options):
        _run_own(options)
        return
    changes = list(options.changes)
    changes += [f"run.{key}={value}" for key in ("futures", "seed") if (value := getattr(options, key)) is not None]
    load_config(options.config, changes)
    from .model import load
    from .results import prepare_folder, save

    model = load(options.config, changes)
    folder = options.out or Path("runs") / model.config.name
    prepare_folder(folder, overwrite=options.overwrite)
    with _progress(quiet=options.quiet) as progress:
        tree = model.run(progress=progress)
    made_with = [part for change in changes for part in (COMMAND_LINE, change)]
    tree.attrs["command"] = shlex.join(["python", "-m", "simulator", "run", str(options.config), *made_with])
    _show(tree, save(tree, folder), quiet=options.quiet)


def _show(tree: Any, written: Path, *, quiet: bool) -> None:
    if not quiet:
        from .terminal.summary import terminal_summary

        _console().print(terminal_summary(tree, str(written)), crop=False)


def _states_a_model(options: argparse.Namespace) -> bool:
    """Whether the config is of a model of the user's own."""
    from .config import read_merged

    return "model" in read_merged(options.config, options.changes).content


def _run_own(options: argparse.Namespace) -> None:
    from .own_model.commands import run_config

    changes = [*options.changes, *([f"run.seed={options.seed}"] if options.seed is not None else [])]
    folder = options.out or Path("runs") / options.config.stem
    futures = _whole("--futures", options.futures)
    with _progress(quiet=options.quiet) as progress:
        tree, written = run_config(
            options.config, changes, futures, folder, overwrite=options.overwrite, progress=progress
        )
    _show_own(tree, written, quiet=options.quiet)


def _extend(options: argparse.Namespace) -> None:
    from .extension import extend_run
    from .own_model.results import KIND

    with _progress(quiet=options.quiet) as progress:
        tree, written = extend_run(options.run, options.config, options.points, options.replicates, progress)
    show = _show_own if tree.attrs.get("kind") == KIND else _show
    show(tree, written, quiet=options.quiet)


def _show_own(tree: Any, written: Path, *, quiet: bool) -> None:
    if not quiet:
        from .terminal.own_model import own_summary

        _console().print(own_summary(tree, str(written)), crop=False)


def _report(options: argparse.Namespace) -> None:
    from .report.write import write_report

    asked = (options.run, options.out, options.language, options.format, options.author)
    _say_written(write_report(*asked, strict=options.strict), quiet=options.quiet)


def _compare(options: argparse.Namespace) -> None:
    from .report.write import write_comparison

    _say_written(write_comparison(options.runs, options.out, options.language, options.format), quiet=options.quiet)


def _say_written(written: Sequence[Any], *, quiet: bool) -> None:
    if quiet:
        return
    for one in written:
        for path in one.files:
            print(f"Written: {path}")
        if one.empty:
            print(f"Left for the author ({one.language}): {', '.join(one.empty)}")


def _sensitivity(options: argparse.Namespace) -> None:
    from .own_model import load as load_own
    from .own_model.commands import analyse_config
    from .terminal.own_model import method_summary

    if _states_a_model(options):
        model: Any = load_own(options.config, options.changes)
    else:
        from .model import load

        model = load(options.config, options.changes)
    folder = options.out or Path("runs") / model.config.name
    asked = (options.method, options.points, options.seed, options.groups)
    tree, written = analyse_config(model, *asked, folder, overwrite=options.overwrite)
    _console().print(method_summary(tree, str(written)), crop=False)


def _check_own(options: argparse.Namespace) -> None:
    from .own_model import load
    from .own_model.commands import central_outputs
    from .own_model.results import own_input_table
    from .terminal.summary import inputs_table

    model = load(options.config, options.changes)
    central = ", ".join(f"{name} {value:.6g}" for name, value in central_outputs(model).items())
    _console().print(inputs_table(own_input_table(model)))
    _console().print(f"{options.config}: valid, {len(model.inputs)} inputs. With every input in its middle: {central}.")


def _console() -> Any:
    from rich.console import Console

    return Console(highlight=False, markup=False, emoji=False)


def _whole(option: str, given: str | None) -> int | None:
    try:
        return None if given is None else int(given)
    except ValueError:
        remedy = "It should be a whole number, without quotes."
        raise InputError(f"{option} {given}", f"'{given}' cannot be used", remedy) from None


def _check(options: argparse.Namespace) -> None:
    if _states_a_model(options):
        _check_own(options)
        return
    from rich.console import Console

    from .model import load
    from .results import input_table
    from .terminal.summary import inputs_table
    from .terminal.units import amount

    model = load(options.config, options.changes)
    central = model.evaluate(model.central()).isel(future=0).sel(year=2040)
    console = Console(highlight=False, markup=False, emoji=False)
    console.print(inputs_table(input_table(model.inputs)))
    console.print(
        f"{options.config}: valid, {len(model.inputs)} inputs. With every input in its middle, "
        f"{amount('freed_fte', float(central.freed_fte))} and {amount('freed_wage', float(central.freed_wage))} in 2040."
    )


def _published(options: argparse.Namespace) -> int:
    from .config import load_config

    config = load_config(options.config, options.changes)
    wanted = config.settings.published.hits if options.strict else 0
    if wanted is None:
        problem, remedy = "is missing, and --strict needs it", "State how many printed bounds have to be hit, as in"
        raise InputError(config.place("published.hits"), problem, f"{remedy} [published] hits = 400.")
    from rich.console import Console

    from .model import load
    from .published import published_table, write_csv
    from .results import prepare_folder
    from .terminal.published import published_summary
    from .terminal.use_cases import use_cases_table
    from .use_cases import use_cases

    model = load(options.config, options.changes)
    folder = options.out or Path("runs") / model.config.name
    prepare_folder(folder, overwrite=True)
    table = published_table(model, model.config.settings.run.seed)
    cases = use_cases(model.config.data, model.config.settings.run.seed)
    written = write_csv(table, folder)
    width = None if sys.stdout.isatty() else 100
    console = Console(highlight=False, markup=False, emoji=False, width=width)
    console.print(published_summary(table, str(written)), crop=False)
    console.print(use_cases_table(cases), crop=False)
    if table.attrs["hits"] >= wanted:
        return 0
    print(f"error: {table.attrs['hits']} printed bounds are hit, the config asks for {wanted}", file=sys.stderr)
    return FEWER_HITS


def _derive(options: argparse.Namespace) -> None:
    from . import demography, population, reconciliation, reconstruction

    if not options.data.is_dir():
        raise InputError(str(options.data), "there is no such folder", "Name the folder of the tables with --data.")
    folder = options.data / "derived"
    if options.table == "demography":
        demography.write(population.derive(options.data), folder)
    elif options.table == "reconstruction":
        ensemble = reconstruction.derive(options.data)
        reconstruction.write(ensemble, folder)
        for one in ensemble.summaries:
            if not one.dimension:
                spread = f"mean {one.mean:.2f}, 90 % of the tables {one.p05:.2f} to {one.p95:.2f}"
                sampled = f"effective sample size {one.ess_bulk:.0f}, split R-hat {one.rhat:.3f}"
                print(f"{one.measure} {one.quantity}: {spread}, {sampled}")
    else:
        found = reconciliation.reconcile(options.data)
        reconciliation.write(found, folder)
        for miss in found.misses:
            print(f"not met: {miss}")
    print(f"written to {folder}")


@contextmanager
def _progress(*, quiet: bool) -> Iterator[Callable[[str, int, int], None] | None]:
    """A progress bar on a terminal, else silence."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f} of {task.total:,.0f}"),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, int] = {}

        def told(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = int(bar.add_task(stage, total=total, rate=""))
            task = bar.tasks[tasks[stage]]
            elapsed = task.elapsed or 0.0
            rate = f"{done / elapsed / 1e6:.2f} M/s" if elapsed > 0 else ""
            bar.update(task.id, completed=done, rate=rate)

        yield told


_COMMANDS: Mapping[str, Command] = MappingProxyType(
    {
        "check": _check,
        "compare": _compare,
        "derive": _derive,
        "extend": _extend,
        "published": _published,
        "report": _report,
        "run": _run,
        "sensitivity": _sensitivity,
    }
)
