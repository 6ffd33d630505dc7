"""A configuration made ready to run: its inputs, its formula, its simulation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .config import load_config
from .evidence import read_evidence
from .feasibility import check_bounds
from .inputs import PARTITIONS, build_inputs
from .prepared import Prepared
from .run import Progress, extend_model, run_model

if TYPE_CHECKING:
    import xarray as xr


class Model(Prepared):
    """The potential model with a distribution on every input, for the user: `inputs`, `values`, `evaluate`, `run`."""

    def problem(self, groups: bool | str = False) -> dict[str, Any]:
        """A SALib problem on the unit cube of quantile levels.

        Parameters
        ----------
        groups : bool or str
            True: groups by job category; or the name of a partition.

        Returns
        -------
        dict
            num_vars, names and bounds, and groups where asked for.

        Raises
        ------
        ValueError
            If there is no such partition.
        """
        problem: dict[str, Any] = {
            "num_vars": len(self.inputs),
            "names": self.names,
            "bounds": [[0.0, 1.0] for _ in self.inputs],
        }
        if groups:
            name = "category" if groups is True else groups
            if name not in PARTITIONS:
                raise ValueError(f"there is no partition '{name}'; the partitions are {', '.join(PARTITIONS)}")
            problem["groups"] = [getattr(one, name) for one in self.inputs]
        return problem

    def run(
        self,
        futures: int | None = None,
        seed: int | None = None,
        workers: int | None = None,
        progress: Progress | None = None,
    ) -> xr.DataTree:
        """Draw futures, and find what drives their spread.

        Parameters
        ----------
        futures : int, optional
            Rounded up to replicates * 2**m. By default as configured.
        seed : int, optional
        workers : int, optional
            Threads; the result does not depend on it.
        progress : callable, optional
            Told the stage, and how many of how many points are done.

        Returns
        -------
        xarray.DataTree
            As in results.nc: summary, sensitivity, single_inputs, the convergence of both, ladder, published, use_cases,
            inputs, workforce, sample, and the sums to continue it; provenance in the attributes.

        Raises
        ------
        ValueError
            If futures is below 1, or seed below 0.
        NonFiniteError
            If an output is not finite.
        """
        return run_model(self, futures, seed, workers, progress)

    def extend(
        self,
        earlier: xr.DataTree,
        points: int | None = None,
        replicates: int | None = None,
        workers: int | None = None,
        progress: Progress | None = None,
    ) -> xr.DataTree:
        """Continue a run with more futures; none of the earlier ones is drawn again. Pairs grow as futures do.

        Parameters
        ----------
        earlier : xarray.DataTree
            What `run` or this function gave, with the same configuration and tables.
        points : int, optional
            Futures of each replicate, a power of two. By default as many as there were.
        replicates : int, optional
            By default as many as there were.
        workers, progress
            See `run`.

        Returns
        -------
        xarray.DataTree

        Raises
        ------
        InputError
            If nothing more is asked for, or the earlier run cannot be continued.
        NonFiniteError
            If an output is not finite.
        """
        return extend_model(self, earlier, points, replicates, workers, progress)


def load(path: Path | str, changes: Sequence[str] = ()) -> Model:
    """Read a configuration and all its tables, and check that no share or phase-in can leave 0 to 1.

    Parameters
    ----------
    path : Path or str
    changes : sequence of str
        ``key=value``, as --set on the command line.

    Returns
    -------
    Model

    Raises
    ------
    InputError
        If anything in the configuration or the tables cannot be used.
    """
    config = load_config(path, changes)
    evidence = read_evidence(config.data, ensemble=config.settings.reconstruction.ensemble)
    inputs = build_inputs(config, evidence)
    check_bounds(config, evidence, inputs)
    model = Model(config, evidence, inputs)
    _ = model.copula  # which refuses a dependence that cannot hold
    return model
