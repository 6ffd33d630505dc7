"""A configuration made ready to run: its inputs, its formula, its simulation."""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from . import __version__
from .config import Config, load_config
from .design import Design, design_for
from .distributions import mean, quantile, variance
from .evidence import Evidence, read_evidence
from .feasibility import check_bounds
from .inputs import PARTITIONS, Input, build_inputs
from .kernels.structure import Structure
from .outputs import OutputRow, base_places, line_coefficients, output_rows, row_weights, scope_rows
from .packing import pack
from .potential import evaluate
from .results import input_table, probabilities, provenance, summary, workforce_table
from .sensitivity.exact import (
    Moments,
    exact_allocation,
    exact_indices,
    output_means,
    output_products,
    speed_moments,
)
from .sensitivity.indices import ExactIndices, Groups, all_groups, index_table
from .simulation import Bins, Propagated, Sampler, make_bins, make_sampler, pick_freeze, propagate
from .sources import OTHER

if TYPE_CHECKING:
    import xarray as xr

Progress = Callable[[str, int, int], None]
TAILS = (0.05, 0.95)
HEADLINE = (0.05, 0.5, 0.95)  # levels that no configuration leaves out


@dataclass(frozen=True)
class Model:
    """The potential model with a distribution on every input.

    Attributes
    ----------
    config : Config
    evidence : Evidence
    inputs : tuple of Input
    """

    config: Config
    evidence: Evidence
    inputs: tuple[Input, ...]

    @property
    def names(self) -> list[str]:
        """Names of the inputs, in order."""
        return [one.name for one in self.inputs]

    @property
    def years(self) -> tuple[int, ...]:
        """Years of the results."""
        return self.config.settings.years

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

    def values(self, levels: np.ndarray) -> np.ndarray:
        """Values of the inputs at given quantile levels.

        Parameters
        ----------
        levels : (n, inputs) float64
            From 0 to 1, both included.

        Returns
        -------
        (n, inputs) float64

        Raises
        ------
        ValueError
            If the shape does not fit, or a level is NaN or outside 0 to 1.
        """
        levels = np.atleast_2d(np.asarray(levels, dtype=np.float64))
        if levels.ndim != 2 or levels.shape[1] != len(self.inputs):
            raise ValueError(
                f"levels have shape {levels.shape}; {len(self.inputs)} inputs make it (n, {len(self.inputs)})"
            )
        return np.column_stack([quantile(one.distribution, levels[:, i]) for i, one in enumerate(self.inputs)])

    def central(self) -> np.ndarray:
        """Values of the inputs in the middle of their distributions, (1, inputs) float64."""
        return self.values(np.full((1, len(self.inputs)), 0.5))

    def evaluate(self, values: np.ndarray) -> xr.Dataset:
        """Outputs at given values of the inputs, by the plain formula; see `simulator.potential.evaluate`.

        Parameters
        ----------
        values : (n, inputs) float64

        Returns
        -------
        xarray.Dataset
            On a dimension `future` of length n.
        """
        return evaluate(self.evidence, self.names, self.years, self.config.settings.phase_in.start, values)

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
            As in results.nc: summary, sensitivity, inputs, workforce, sample; provenance in the attributes.

        Raises
        ------
        ValueError
            If futures is below 1, or seed below 0.
        NonFiniteError
            If an output is not finite.
        """
        return _run(self, futures, seed, workers, progress)

    @cached_property
    def structure(self) -> Structure:
        """The tables as plain arrays."""
        return pack(self.evidence, self.names, self.years, self.config.settings.phase_in.start)

    @cached_property
    def rows(self) -> tuple[OutputRow, ...]:
        """Rows of the outputs: all, or the totals alone."""
        rows = output_rows(self.evidence)
        return (
            tuple(row for row in rows if row.dimension == "") if self.config.settings.run.outputs == "total" else rows
        )

    @cached_property
    def weights(self) -> np.ndarray:
        """Weights of the terms in each row and area, (rows, A, P) float64."""
        return row_weights(self.structure, self.rows, self.evidence)

    @cached_property
    def sampler(self) -> Sampler:
        """Tabulated quantile functions."""
        return make_sampler(one.distribution for one in self.inputs)

    @cached_property
    def groups(self) -> Groups:
        """Groups of all partitions."""
        return all_groups(self.inputs)

    @cached_property
    def moments(self) -> Moments:
        """Means and variances of the inputs."""
        speed = next(one.distribution for one in self.inputs if one.name == "speed")
        return Moments(
            np.array([mean(one.distribution) for one in self.inputs]),
            np.array([variance(one.distribution) for one in self.inputs]),
            *speed_moments(speed, self.years, self.config.settings.phase_in.start),
        )

    @cached_property
    def exact_moments(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and variance of all rows in closed form, each (years, rows) float64."""
        everything = np.ones(len(self.inputs), dtype=bool)
        means = output_means(self.structure, self.moments, self.weights)
        squares = output_products(self.structure, self.moments, self.weights, everything)
        return means, np.maximum(squares - means**2, 0.0)

    @cached_property
    def bins(self) -> Bins:
        """Bins of the histograms, from the closed form."""
        means, variances = self.exact_moments
        base = _mean_bases(self.structure, self.moments.mean)[:, base_places(self.evidence, self.rows)]
        # A share varies with its base as well; half as much again as the amount alone leaves room for that.
        deviations = np.sqrt(variances)
        return make_bins(
            np.stack([means, means / base], axis=-1), np.stack([deviations, 1.5 * deviations / base], axis=-1)
        )


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
    evidence = read_evidence(config.data)
    inputs = build_inputs(config, evidence)
    check_bounds(config, evidence, inputs)
    return Model(config, evidence, inputs)


def _run(
    model: Model, futures: int | None, seed: int | None, workers: int | None, progress: Progress | None
) -> xr.DataTree:
    import xarray as xr

    started = time.time()
    run = model.config.settings.run
    futures, seed = run.futures if futures is None else futures, run.seed if seed is None else seed
    if futures < 1 or seed < 0:
        raise ValueError(f"futures must be at least 1 and seed at least 0, not {futures} and {seed}")
    design = design_for(len(model.inputs), futures, run.replicates, seed, run.method)
    told = _counter(progress, "futures", design.points)
    base = base_places(model.evidence, model.rows)
    propagated = propagate(design, model.sampler, model.structure, model.bins, base, workers, told)
    nodes = {
        "summary": xr.merge(
            [
                summary(propagated, model.evidence, model.rows, model.years, sorted({*run.quantiles, *HEADLINE})),
                probabilities(propagated, model.evidence, model.rows, model.years, model.config.data),
            ]
        ),
        "sensitivity": _sensitivity(model, propagated, seed, workers, progress),
        "inputs": input_table(model.inputs),
        "workforce": workforce_table(model.evidence),
        "sample": _sample(model, design),
    }
    tree = xr.DataTree.from_dict(nodes)
    tree.attrs = provenance(
        {
            "title": model.config.settings.title,
            "futures": design.points,
            "futures_asked": futures,
            "replicates": design.replicates,
            "seed": seed,
            "method": run.method,
            "base_points": int(nodes["sensitivity"].attrs["base_points"]),
            "command": f"simulator.load({str(model.config.path)!r}, {model.config.changes!r}).run({futures}, {seed})",
            **_origin(model.config),
            "versions": _versions(),
            "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(started)),
            "duration_seconds": round(time.time() - started, 3),
        }
    )
    return tree


def _mean_bases(s: Structure, mean: np.ndarray) -> np.ndarray:
    """What shares are shares of, at the means of the inputs: (years, bases) float64, as `Structure.base_level`."""
    drivers = np.append(1.0, mean[s.driver] - s.driver_reference)
    growing = s.base_growth @ drivers / s.base_level[: len(s.base_growth)]
    areas, categories = s.area_growth @ drivers, s.category_growth[:-2] @ drivers / s.category_level[0, :-1]
    relative = np.concatenate([growing, areas, areas, categories])
    return np.asarray(s.base_level * (1 + s.year_path[:, None] * relative))


def _sensitivity(
    model: Model, propagated: Propagated, seed: int, workers: int | None, progress: Progress | None
) -> xr.Dataset:
    """Indices of the total and the focus areas; their tails begin where the propagated futures have them."""
    from .results import histogram_quantiles

    run, structure = model.config.settings.run, model.structure
    points = min(run.base_points, propagated.design.points)
    design = design_for(len(model.inputs), points, run.replicates, seed, run.method)
    scopes = scope_rows(model.rows)
    weights = model.weights[scopes]
    variances, first, total = exact_indices(structure, model.moments, weights, model.groups.members)
    means = output_means(structure, model.moments, weights).T
    allocation = exact_allocation(structure, model.moments, weights).transpose(1, 0, 2)
    exact = ExactIndices(means, variances.T, first.transpose(0, 2, 1), total.transpose(0, 2, 1), allocation)
    counts = propagated.counts[:, :, scopes, 0].sum(axis=0)
    bins = (propagated.bins.centre[:, scopes, 0], propagated.bins.width[:, scopes, 0])
    tails = np.ascontiguousarray(histogram_quantiles(counts, *bins, np.array(TAILS)).transpose(1, 0, 2))
    coefficients = line_coefficients(structure, weights)
    told = _counter(progress, "pairs", design.points)
    frozen = pick_freeze(
        design, model.sampler, structure, coefficients, model.groups.members, means.copy(), tails, workers, told
    )
    categories = (*model.evidence.categories[:-2], OTHER)
    rows = [model.rows[scope] for scope in scopes]
    table = index_table(frozen, exact, model.groups, rows, model.years, categories)
    return table.assign_attrs(base_points=design.points, tails=list(TAILS))


def _sample(model: Model, design: Design) -> xr.Dataset:
    """The first futures of each replicate: inputs, and totals and areas in all years."""
    import xarray as xr

    from .design import direction_numbers, point_levels, replicate_points

    number = min(model.config.settings.run.sample, design.points)
    each = -(-number // design.replicates)
    directions = direction_numbers(2 * len(model.inputs))
    levels = np.concatenate(
        [
            point_levels(replicate_points(design, r, directions, pairs=False, block_bits=0), 0, each)
            for r in range(design.replicates)
        ]
    )[:number]
    values = model.values(levels)
    kept = ["freed_fte", "freed_wage", "freed_fte_by_area", "freed_wage_by_area", "freed_fte_share", "freed_wage_share"]
    outputs: xr.Dataset = model.evaluate(values)[kept]
    said = {"units": "see `unit` in /inputs", "long_name": "Values of the inputs"}
    outputs["value"] = xr.DataArray(values, dims=("future", "input"), coords={"input": model.names}, attrs=said)
    return outputs.assign_attrs(description=f"The first {each} futures of each replicate")


def _counter(progress: Progress | None, stage: str, total: int) -> Callable[[int], None] | None:
    if progress is None:
        return None
    done = 0

    def told(points: int) -> None:
        nonlocal done
        done += points
        progress(stage, done, total)

    return told


def _origin(config: Config) -> dict[str, Any]:
    """Texts and hashes from which the run can be made again."""
    texts = {path.name: text for path, text in config.texts}
    tables = sorted((*config.data.glob("*.csv"), *config.data.glob("derived/*.csv")))
    return {
        "config": texts,
        "config_changes": list(config.changes),
        "config_hash": hashlib.sha256("\0".join((*texts.values(), *config.changes)).encode()).hexdigest(),
        "data_hashes": {
            path.relative_to(config.data).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in tables
        },
        "settings": config.settings.model_dump(mode="json"),
    }


def _versions() -> dict[str, str]:
    from importlib.metadata import version

    packages = ("numpy", "scipy", "numba", "xarray")
    return {"simulator": __version__, "python": sys.version.split()[0], **{name: version(name) for name in packages}}
