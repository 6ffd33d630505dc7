"""The workforce tables that all agree with what the report prints, as `simulator.reconstruction` sampled them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from . import workforce
from .errors import InputError
from .sources import OTHER
from .tables import position

if TYPE_CHECKING:
    import xarray as xr

FILE = "reconstruction.nc"
LABELS = ("area", "category", "level")
UNIT = 1.0  # thousand FTE: what the report counts areas and categories in
AGAIN = (
    "Run 'python -m simulator derive reconstruction', or leave the ensemble out with [reconstruction] ensemble = false."
)


def read_ensemble(folder: Path, areas: Sequence[str], categories: Sequence[str], levels: Sequence[str]) -> np.ndarray:
    """Read the sampled tables.

    Parameters
    ----------
    folder : Path
        Holds reconstruction.nc, and the reconciled tables that it was made from.
    areas, categories, levels : sequence of str
        The labels, in the order of the axes.

    Returns
    -------
    ndarray of float64, (tables, areas, categories, levels)
        Thousand FTE in 2023, the table that frees least first.

    Raises
    ------
    InputError
        If a file is missing or faulty, names an unknown label or a cell twice, holds a number that is negative or not
        finite, or was made from other tables than those in `folder`.
    """
    path = folder / FILE
    with _opened(path) as stored:
        fte = _numbers(path, stored)
        where = [
            np.array([position(labels, str(name), f"{path}, variable '{key}'") for name in stored[key].values])
            for labels, key in zip((areas, categories, levels), LABELS, strict=True)
        ]
    shape = (len(areas), len(categories), len(levels))
    cells = np.ravel_multi_index(where, shape)
    if len(np.unique(cells)) < len(cells):
        raise InputError(str(path), "names a cell of area, category and level twice", AGAIN)
    tables = np.zeros((len(fte), np.prod(shape)))
    tables[:, cells] = fte
    tables = tables.reshape(-1, *shape)
    _check_fresh(path, tables, workforce.read(folder, areas, categories, levels).fte, (areas, categories))
    return tables


def _opened(path: Path) -> xr.Dataset:
    import xarray as xr

    if not path.is_file():
        raise InputError(str(path), "there is no such file", AGAIN)
    try:
        return xr.open_dataset(path, engine="netcdf4")
    except (OSError, ValueError, KeyError) as error:
        raise InputError(str(path), f"is not a netCDF file ({error})", AGAIN) from None


def _numbers(path: Path, stored: xr.Dataset) -> np.ndarray:
    """The cells of all tables, (tables, cells) float64."""
    for name, dims in {"fte": ("table", "cell"), **dict.fromkeys(LABELS, ("cell",))}.items():
        if name not in stored or stored[name].dims != dims:
            raise InputError(str(path), f"has no variable '{name}' over ({', '.join(dims)})", AGAIN)
    if stored.fte.dtype.kind != "f" or not stored.fte.size:
        raise InputError(str(path), "holds no numbers in variable 'fte'", AGAIN)
    fte: np.ndarray = stored.fte.values.astype(np.float64)
    wrong = np.argwhere(~np.isfinite(fte) | (fte < 0))
    if len(wrong):
        table, cell = wrong[0]
        place = f"{path}, variable 'fte', table {table}, cell {cell}"
        raise InputError(place, f"{fte[table, cell]:g} is not a number of employees", AGAIN)
    return fte


def _check_fresh(path: Path, tables: np.ndarray, fte: np.ndarray, axes: Sequence[Sequence[str]]) -> None:
    """What is printed to a unit lies within half a unit of its print in every table, so no two differ by more.

    Øvrige is not printed: it is what the others leave.
    """
    for axis, labels in enumerate(axes, start=1):
        others = tuple({1, 2, 3} - {axis})
        apart = np.abs(tables.sum(axis=others) - fte[None].sum(axis=others)).max(axis=0)
        for label, most in zip(labels, apart, strict=True):
            if most > UNIT and (axis, label) != (2, OTHER):
                problem = f"its tables and {workforce.FILES[0]} differ by {most:.1f} thousand FTE in '{label}'"
                raise InputError(str(path), problem, f"It was made from other tables. {AGAIN}")
