"""A model of the user's own, made ready to run: its function, its inputs, its groups."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..inputs import Input
from .config import OwnConfig, load_own_config
from .function import load_function
from .inputs import read_inputs, read_problem
from .study import Study

if TYPE_CHECKING:
    import xarray as xr

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class OwnModel:
    """A function with a distribution on every input.

    Attributes
    ----------
    config : OwnConfig
    inputs : tuple of Input
    study : Study
    files : tuple of Path
        Tables that the inputs were read from.
    """

    config: OwnConfig
    inputs: tuple[Input, ...]
    study: Study
    files: tuple[Path, ...]

    @property
    def names(self) -> list[str]:
        """Names of the inputs, in the order of the columns of values."""
        return list(self.study.problem.names)

    def values(self, levels: np.ndarray) -> np.ndarray:
        """Values of the inputs at independent quantile levels; see `Study.values`."""
        return self.study.values(levels)

    def evaluate(self, values: np.ndarray) -> np.ndarray:
        """Outputs at values of the inputs.

        Parameters
        ----------
        values : (n, inputs) float64

        Returns
        -------
        (n, outputs) float64
        """
        return self.study.function(np.atleast_2d(np.asarray(values, dtype=np.float64)))

    def run(self, progress: Progress | None = None) -> xr.DataTree:
        """Draw points and estimate indices, as the configuration says.

        Parameters
        ----------
        progress : callable, optional
            Told the stage, and how many of how many evaluations of it are done.

        Returns
        -------
        xarray.DataTree
            As in results.nc: summary, sensitivity and convergence, the same of groups where there are some, inputs, sample,
            sums; provenance in the attributes.

        Raises
        ------
        InputError
            If inputs that depend on each other are in different groups, or the function raises or gives a wrong shape.
        NonFiniteError
            If an output is not finite.
        """
        from .run import run_own

        return run_own(self, progress)

    def extend(
        self,
        earlier: xr.DataTree,
        points: int | None = None,
        replicates: int | None = None,
        progress: Progress | None = None,
    ) -> xr.DataTree:
        """Continue a finished run; no point is evaluated again.

        Parameters
        ----------
        earlier : xarray.DataTree
            Results of `run` or `extend`.
        points : int, optional
            Of each replicate, a power of two; as in the earlier run by default.
        replicates : int, optional
        progress : callable, optional

        Returns
        -------
        xarray.DataTree
            To the last bit the tables of one run to so many points.

        Raises
        ------
        InputError
            If there would be fewer points or replicates than there are, or the model is not that of the run.
        NonFiniteError
            If an output is not finite.
        """
        from .run import extend_own

        return extend_own(self, earlier, points, replicates, progress)


def load(path: Path | str, changes: Sequence[str] = ()) -> OwnModel:
    """Read a configuration that states a model of its own, and import its function.

    Parameters
    ----------
    path : Path or str
    changes : sequence of str
        ``key=value``, as --set on the command line.

    Returns
    -------
    OwnModel

    Raises
    ------
    InputError
        If anything in the configuration cannot be used, or the function cannot be found.
    """
    config = load_own_config(path, changes)
    inputs, files = read_inputs(config)
    problem, copula = read_problem(config, inputs)
    place = config.place("groups" if problem.grouped else "dependence")
    decision, function = config.settings.decision, load_function(config, problem.names)
    threshold = None if decision.threshold is None else (decision.output, decision.threshold)
    return OwnModel(config, inputs, Study(function, problem, copula, place, threshold=threshold), files)
