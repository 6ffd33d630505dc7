"""The command extend: a finished run, of the built-in model or of the user's own, continued with its own configuration."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import InputError
from .model import load as load_built_in
from .own_model import load as load_own
from .own_model.model import Progress
from .own_model.results import KIND
from .reading import read_run, results_file
from .results import prepare_folder, save

if TYPE_CHECKING:
    import xarray as xr


def extend_run(
    run: Path, config: Path | None, points: int | None, replicates: int | None, progress: Progress | None
) -> tuple[xr.DataTree, Path]:
    """Continue a finished run, and write its results in place of the earlier ones.

    Parameters
    ----------
    run : Path
        Folder of the results, or their file.
    config : Path, optional
        Where the configuration is now; where it was, by default.
    points : int, optional
        Of each replicate; of the built-in model, futures of each.
    replicates : int, optional
    progress : callable, optional

    Returns
    -------
    xarray.DataTree, Path
        The results, and their file.

    Raises
    ------
    InputError, NonFiniteError
    """
    file, earlier = results_file(run), read_run(run)
    if points is None and replicates is None:
        raise InputError("the command line", "nothing is asked for", "Give --points, --replicates or both.")
    if config is None and "config_path" not in earlier.attrs:
        raise InputError(str(file), "does not say where its configuration was", "Name it with --config.")
    path = config or Path(earlier.attrs["config_path"])
    if not path.is_file():
        problem = f"there is no configuration '{path}', with which the run was made"
        raise InputError(str(file), problem, "Start from the folder where it was made, or name it with --config.")
    changes = json.loads(earlier.attrs["config_changes"])
    prepare_folder(file.parent, overwrite=True)
    if earlier.attrs.get("kind") == KIND:
        tree = load_own(path, changes).extend(earlier, points, replicates, progress)
    else:
        tree = load_built_in(path, changes).extend(earlier, points, replicates, None, progress)
    asked = {"--points": points, "--replicates": replicates}
    given = [part for name, value in asked.items() if value is not None for part in (name, str(value))]
    tree.attrs["command"] = shlex.join(["python", "-m", "simulator", "extend", str(run), *given])
    return tree, save(tree, file.parent)
