"""A run: futures drawn, indices estimated, everything labelled, with where it came from."""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from . import __version__
from .config import Config
from .design import Design, design_for, direction_numbers, point_levels, replicate_points
from .executor import in_order
from .ladder import ladder
from .outputs import base_places, scope_rows
from .prepared import Prepared
from .published import published_table
from .results import histogram_quantiles, input_table, probabilities, provenance, summary, workforce_table
from .sensitivity.exact import exact_allocation, exact_indices, output_means
from .sensitivity.indices import ExactIndices, index_table
from .sensitivity.single import single_table
from .simulation import Propagated, pick_freeze, propagate
from .single_inputs import single_inputs
from .sources import OTHER
from .use_cases import use_cases

if TYPE_CHECKING:
    import xarray as xr

Progress = Callable[[str, int, int], None]
TAILS = (0.05, 0.95)
SAMPLE_BLOCK = 1024
HEADLINE = (0.05, 0.5, 0.95)  # levels that no configuration leaves out


def run_model(
    model: Prepared, futures: int | None, seed: int | None, workers: int | None, progress: Progress | None
) -> xr.DataTree:
    """Carry out `Model.run`; see there."""
    import xarray as xr

    started = time.time()
    run = model.config.settings.run
    futures, seed = run.futures if futures is None else futures, run.seed if seed is None else seed
    if futures < 1 or seed < 0:
        raise ValueError(f"futures must be at least 1 and seed at least 0, not {futures} and {seed}")
    design = design_for(len(model.inputs), futures, run.replicates, seed, run.method)
    told = _counter(progress, "futures", design.points)
    base = base_places(model.evidence, model.rows)
    # First, because they read tables that nothing else does, and a mistake in these should not show after minutes.
    printed = {"published": published_table(model, seed), "use_cases": use_cases(model.config.data, seed)}
    propagated = propagate(design, model.sampler, model.structure, model.bins, base, workers, told)
    nodes = {
        "summary": xr.merge(
            [
                summary(propagated, model.evidence, model.rows, model.years, sorted({*run.quantiles, *HEADLINE})),
                probabilities(propagated, model.evidence, model.rows, model.years, model.config.data),
            ]
        ),
        "sensitivity": _sensitivity(model, propagated, seed, workers, progress),
        "single_inputs": _single_inputs(model, propagated.design.points, seed, workers, progress),
        "ladder": ladder(model, seed, workers),
        **printed,
        "inputs": input_table(model.inputs),
        "workforce": workforce_table(model.evidence),
        "sample": _sample(model, design, workers),
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


def _sensitivity(
    model: Prepared, propagated: Propagated, seed: int, workers: int | None, progress: Progress | None
) -> xr.Dataset:
    """Indices of the total and the focus areas; their tails begin where the propagated futures have them."""
    run, structure = model.config.settings.run, model.structure
    points = min(run.base_points, propagated.design.points)
    design = design_for(len(model.inputs), points, run.replicates, seed, run.method)
    scopes = scope_rows(model.rows)
    rows = [model.rows[scope] for scope in scopes]
    lines = model.scope_lines
    variances, first, total = exact_indices(structure, model.moments, lines, model.groups.members)
    means = output_means(structure, model.moments, lines).T
    allocation = exact_allocation(structure, model.moments, lines).transpose(1, 0, 2)
    exact = ExactIndices(means, variances.T, first.transpose(0, 2, 1), total.transpose(0, 2, 1), allocation)
    counts = propagated.counts[:, :, scopes, 0].sum(axis=0)
    bins = (propagated.bins.centre[:, scopes, 0], propagated.bins.width[:, scopes, 0])
    tails = np.ascontiguousarray(histogram_quantiles(counts, *bins, np.array(TAILS)).transpose(1, 0, 2))
    told = _counter(progress, "pairs", design.points)
    frozen = pick_freeze(
        design,
        model.sampler,
        structure,
        model.scope_coefficients,
        model.groups.members,
        means.copy(),
        tails,
        workers,
        told,
    )
    categories = (*model.evidence.categories[:-2], OTHER)
    table = index_table(frozen, exact, model.groups, rows, model.years, categories)
    return table.assign_attrs(base_points=design.points, tails=list(TAILS))


def _single_inputs(
    model: Prepared, futures: int, seed: int, workers: int | None, progress: Progress | None
) -> xr.Dataset:
    """Indices of every input, for the total and the focus areas in the last year."""
    run, year = model.config.settings.run, model.years[-1]
    points = min(run.base_points, futures)
    design = design_for(len(model.inputs), points, run.replicates, seed, run.method)
    everything = model.structure
    structure = everything._replace(years=everything.years[-1:], year_path=everything.year_path[-1:])
    rows = [model.rows[scope] for scope in scope_rows(model.rows)]
    alone = np.eye(len(model.inputs), dtype=bool)
    variance, first, total = exact_indices(everything, model.moments, model.scope_lines, alone)
    exact = (variance[-1:].T, first[:, -1:].transpose(0, 2, 1), total[:, -1:].transpose(0, 2, 1))
    centre = output_means(everything, model.moments, model.scope_lines)[-1:].T.copy()
    told = _counter(progress, "pairs for single inputs", design.points)
    sums = single_inputs(design, model.sampler, structure, model.scope_coefficients, centre, workers, told)
    return single_table(sums, exact, model.names, rows, (year,)).assign_attrs(base_points=design.points)


def _sample(model: Prepared, design: Design, workers: int | None) -> xr.Dataset:
    """The first points of each replicate: inputs, and totals and areas in all years."""
    import xarray as xr

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
    blocks = [values[at : at + SAMPLE_BLOCK] for at in range(0, max(number, 1), SAMPLE_BLOCK)]
    parts = [part for _, part in in_order(lambda block: model.evaluate(block)[kept], blocks, workers)]
    outputs: xr.Dataset = xr.concat(parts, dim="future") if len(parts) > 1 else parts[0]
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
    texts: dict[str, str] = {}
    for path, text in config.texts:  # an overlay may have the same name as its base, in another folder
        texts[path.name if path.name not in texts else f"{path.parent.name}/{path.name}"] = text
    tables = sorted(path for kind in ("*.csv", "derived/*.csv", "derived/*.nc") for path in config.data.glob(kind))
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
