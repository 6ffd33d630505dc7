"""Results of a run, read back from its file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .errors import InputError
from .results import FILE

if TYPE_CHECKING:
    import xarray as xr

MARKS = ("config_changes", "replicates", "seed", "versions")  # attributes that every run has


def results_file(run: Path) -> Path:
    """The file of results in a folder; or the file itself."""
    return run / FILE if run.is_dir() else run


def read_run(run: Path) -> xr.DataTree:
    """The results of a run.

    Parameters
    ----------
    run : Path
        Its folder, or its file.

    Returns
    -------
    xarray.DataTree

    Raises
    ------
    InputError
        If there is no such file, or it holds no results of a run.
    """
    import xarray as xr

    file = results_file(run)
    if not file.is_file():
        raise InputError(str(file), "there is no such file", "Name the folder of a run, such as runs/base.")
    try:
        with xr.open_datatree(file, engine="netcdf4") as opened:
            tree = xr.DataTree.from_dict({node.path: node.to_dataset().load() for node in opened.subtree})
    except (OSError, RuntimeError, ValueError) as error:
        said = " ".join(str(error).split())
        raise InputError(str(file), f"is not a results file ({said})", "Name the folder of a run.") from None
    missing = [name for name in MARKS if name not in tree.attrs]
    if missing:
        problem = f"holds no run: it lacks {', '.join(missing)}"
        raise InputError(str(file), problem, "Name the folder of a run, such as runs/base.")
    return tree
