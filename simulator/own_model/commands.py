"""The commands run, check, extend and sensitivity: what they compute and write; the command line prints it."""

from __future__ import annotations

import hashlib
import shlex
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..config import COMMAND_LINE
from ..errors import InputError
from ..prepared import Prepared
from ..results import input_table, prepare_folder, provenance, save
from .built_in import built_in_study
from .config import FIRST_POINTS
from .indices import make_drawing
from .methods import Options, analyse_with, method_named
from .model import OwnModel, Progress, load
from .results import identity, origin_of_config, own_input_table, versions
from .study import Study

if TYPE_CHECKING:
    import xarray as xr


def run_config(
    path: Path, changes: Sequence[str], futures: int | None, folder: Path, *, overwrite: bool, progress: Progress | None
) -> tuple[xr.DataTree, Path]:
    """Run a configuration and write its results.

    Parameters
    ----------
    path : Path
    changes : sequence of str
    futures : int, optional
        Evaluations in all, in place of the configuration's points: rounded up to the next power of two of these.
    folder : Path
    overwrite : bool
        Whether earlier results there may be replaced.
    progress : callable, optional

    Returns
    -------
    xarray.DataTree, Path
        The results, and their file.

    Raises
    ------
    InputError, NonFiniteError
    """
    model = load(path, changes)
    if futures is not None:
        changes = [*changes, f"run.points={points_for(model, futures)}"]
        model = load(path, changes)
    prepare_folder(folder, overwrite=overwrite)
    tree = model.run(progress)
    made_with = [part for change in changes for part in (COMMAND_LINE, change)]
    tree.attrs["command"] = shlex.join(["python", "-m", "simulator", "run", str(path), *made_with])
    return tree, save(tree, folder)


def points_for(model: OwnModel, futures: int) -> int:
    """The fewest points of each replicate that take at least so many evaluations.

    Raises
    ------
    InputError
        If there are none.
    """
    run = model.config.settings.run
    drawing, _ = make_drawing(model.study, run.replicates, run.seed, indices=run.indices, second_order=run.second_order)
    each = -(-futures // drawing.evaluations(1))
    points = max(FIRST_POINTS, 1 << (each - 1).bit_length())
    if futures < 1 or points > 2**32:
        raise InputError(f"--futures {futures}", "so many cannot be drawn", "Give a number such as 100_000.")
    return points


def central_outputs(model: OwnModel) -> dict[str, float]:
    """Outputs with every input in its middle, by name.

    Raises
    ------
    InputError
        If the function raises or gives a wrong shape.
    NonFiniteError
        If an output is not finite.
    """
    from ..simulation import NonFiniteError

    outputs = model.evaluate(model.values(np.full((1, len(model.inputs)), 0.5)))[0]
    names = model.study.problem.outputs or [f"y{place}" if len(outputs) > 1 else "y" for place in range(len(outputs))]
    result = dict(zip(names, outputs.tolist(), strict=True))
    for name, value in result.items():
        if not np.isfinite(value):
            raise NonFiniteError(f"{model.study.function.place}: with every input in its middle, '{name}' is {value}")
    return result


def analyse_config(
    model: OwnModel | Prepared,
    method: str,
    points: int | None,
    seed: int | None,
    groups: str | None,
    folder: Path,
    *,
    overwrite: bool,
) -> tuple[xr.DataTree, Path]:
    """Carry out a method of sensitivity analysis, and write what it finds.

    Parameters
    ----------
    model : OwnModel or Prepared
        A model of the user's own, or the built-in one.
    method : str
        See `simulator.own_model.methods.METHODS`.
    points, seed : int, optional
        By default the method's points, and the seed of the configuration.
    groups : str, optional
        A partition of the inputs of the built-in model.
    folder : Path
    overwrite : bool
        Whether earlier results of the method there may be replaced.

    Returns
    -------
    xarray.DataTree, Path
        Tables and provenance, and their file.

    Raises
    ------
    InputError, NonFiniteError
    """
    import xarray as xr

    found, run = method_named(method), model.config.settings.run
    study, indices = _study(model, groups)
    if seed is not None and not 0 <= seed < 2**63:
        raise InputError(f"--seed {seed}", "is no seed", "Give a whole number from 0, below 2^63.")
    workers = model.config.settings.run.workers if isinstance(model, OwnModel) else None
    seed, points = run.seed if seed is None else seed, found.points if points is None else points
    options = Options(points, run.replicates, seed, indices, workers)
    file = folder / f"sensitivity_{method.replace('-', '_')}.nc"
    if file.exists() and not overwrite:
        raise InputError(str(file), "exists already", "Name another folder with --out, or give --overwrite.")
    prepare_folder(folder, overwrite=True)
    started, clock = time.time(), time.monotonic()
    tables = analyse_with(method, study, options)
    inputs = own_input_table(model) if isinstance(model, OwnModel) else input_table(model.inputs)
    tree = xr.DataTree.from_dict({**tables, "inputs": inputs})
    tree.attrs = provenance(
        {
            "title": model.config.settings.title,
            "method": found.title,
            "points": points,
            "seed": seed,
            "evaluations": int(next(iter(tables.values())).attrs["evaluations"]),
            **_origin(model),
            "versions": versions(),
            "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(started)),
            "duration_seconds": round(time.monotonic() - clock, 3),
        }
    )
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".sensitivity-", dir=folder) as within:  # in place at once, or not at all
        save(tree, Path(within)).replace(file)
    return tree, file


def _study(model: OwnModel | Prepared, groups: str | None) -> tuple[Study, str]:
    """With which indices are estimated."""
    if not isinstance(model, OwnModel):
        return built_in_study(model, groups), "all" if groups is None else "groups"
    if groups is not None:
        problem, remedy = (
            "a model of your own has no partitions",
            "State its groups in [groups], and leave --groups out.",
        )
        raise InputError(f"--groups {groups}", problem, remedy)
    return model.study, model.config.settings.run.indices


def _origin(model: OwnModel | Prepared) -> dict[str, Any]:
    if isinstance(model, OwnModel):
        return {**origin_of_config(model.config, model.files), **identity(model)}
    data = model.config.data
    tables = sorted((*data.glob("*.csv"), *data.glob("derived/*")))
    hashes = {path.relative_to(data).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in tables}
    return {**origin_of_config(model.config), "data_hashes": hashes}
