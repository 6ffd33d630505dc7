"""The simulator in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from .prepared import ROOT


def run_python(arguments: Sequence[str], environment: Mapping[str, str] | None = None) -> str:
    """Run `python -m ...` in the repository.

    Parameters
    ----------
    arguments : sequence of str
        After ``-m``.
    environment : mapping of str to str, optional
        Added to that of this process.

    Returns
    -------
    str
        What it printed.

    Raises
    ------
    RuntimeError
        If it does not end with 0; with the last line of its complaint.
    """
    # Only our own arguments go in, and no shell is involved.
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **(environment or {})},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode != 0:
        complaint = (done.stderr.strip().splitlines() or ["no complaint"])[-1]
        raise RuntimeError(f"python -m {arguments[0]} ended with {done.returncode}: {complaint}")
    return done.stdout


def check_results(folder: Path, futures: int) -> None:
    """Assert that a run's results.nc is whole.

    Parameters
    ----------
    folder : Path
    futures : int
        The least number of futures.
    """
    with xr.open_datatree(folder / "results.nc", engine="netcdf4") as tree:
        assert int(tree.attrs["futures"]) >= futures
        summary, sensitivity = tree["summary"], tree["sensitivity"]
        assert summary["freed_fte"].shape == (summary.sizes["year"], summary.sizes["quantile"])
        assert np.isfinite(summary["freed_fte"]).all()
        assert np.isfinite(summary["freed_wage_mean"]).all()
        assert sensitivity["total_order"].shape == (sensitivity.sizes["output"], sensitivity.sizes["group"])
        assert np.isfinite(sensitivity["total_order"]).all()
