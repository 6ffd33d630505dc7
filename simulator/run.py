"""A run: futures drawn, indices estimated, everything labelled, with where it came from."""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from . import __version__
from .all_outputs import all_outputs
from .config import Config
from .continuing import Sums, sums_from, sums_node
from .demand import cells, demand
from .design import BITS, Design, design_for, direction_numbers, point_levels, replicate_points
from .distribution import distribution
from .errors import InputError
from .executor import in_order
from .first_run import FUTURES, GROUPS, INPUTS, LADDER, compiled_aside
from .ladder import ladder
from .outputs import base_places, scope_rows
from .potential import totals_and_areas
from .prepared import Prepared
from .published import published_table
from .results import histogram_quantiles, input_table, probabilities, provenance, summary, workforce_table
from .sensitivity.all_outputs import all_outputs_table, closed_form, pairs_of_partitions, with_inputs
from .sensitivity.convergence import widest_interval
from .simulation import Propagated, propagate
from .stages import NODES, Analysis, analyse, pair_design
from .use_cases import use_cases
from .views import KeptFutures, conditional_means, information, keep, rank, separation, switching_values

if TYPE_CHECKING:
    import xarray as xr

Progress = Callable[[str, int, int], None]
TAILS = (0.05, 0.95)
SAMPLE_BLOCK = 4096
SHARES_BY_AREA = ["freed_fte_share_by_area", "freed_wage_share_by_area"]
PAIRS = "pairs, both analyses"  # of groups and of single inputs
HEADLINE = (0.05, 0.5, 0.95)  # levels that no configuration leaves out


@dataclass(frozen=True)
class _Plan:
    """What is drawn.

    Attributes
    ----------
    futures, pairs : Design
    asked : int
        Futures, before they were rounded up.
    """

    futures: Design
    pairs: Design
    asked: int


def run_model(
    model: Prepared, futures: int | None, seed: int | None, workers: int | None, progress: Progress | None
) -> xr.DataTree:
    """Carry out `Model.run`; see there."""
    run = model.config.settings.run
    futures, seed = run.futures if futures is None else futures, run.seed if seed is None else seed
    if futures < 1 or seed < 0:
        raise ValueError(f"futures must be at least 1 and seed at least 0, not {futures} and {seed}")
    design = design_for(len(model.inputs), futures, run.replicates, seed, run.method)
    plan = _Plan(design, pair_design(model, design.points, seed), futures)
    return _carried_out(model, plan, {}, workers, progress)


def extend_model(
    model: Prepared,
    earlier: xr.DataTree,
    points: int | None,
    replicates: int | None,
    workers: int | None,
    progress: Progress | None,
) -> xr.DataTree:
    """Carry out `Model.extend`; see there."""
    had = sums_from(earlier, model)
    before, pairs = had.propagated.design, had.frozen.design
    _require_same(model, earlier)
    points = 1 << before.log2_points if points is None else points
    replicates = before.replicates if replicates is None else replicates
    for name, wanted, have in (
        ("points", points, 1 << before.log2_points),
        ("replicates", replicates, before.replicates),
    ):
        if wanted < have:
            raise InputError(name, f"{wanted}, where the earlier run has {have}", f"Give {have} or more.")
    if (points, replicates) == (1 << before.log2_points, before.replicates):
        raise InputError("points", f"the earlier run has {points} in {replicates} replicates", "Give more of either.")
    if points & (points - 1) or points > 1 << BITS:
        raise InputError("points", f"{points} is no power of two up to 2^{BITS}", f"Give {2 << before.log2_points}.")
    doublings = points.bit_length() - 1 - before.log2_points
    futures, grown = (
        replace(one, replicates=replicates, log2_points=one.log2_points + doublings, first_log2=one.log2_for_blocks)
        for one in (before, pairs)
    )
    nodes = {name: earlier[name].to_dataset() for name in ("published", "use_cases", "sample")}
    tables = {name: earlier[name].to_dataset() for name in NODES.values()}
    plan = _Plan(futures, grown, futures.points)
    return _carried_out(model, plan, nodes, workers, progress, (had, tables))


def _require_same(model: Prepared, earlier: xr.DataTree) -> None:
    """Refuse to continue a run whose configuration or tables have changed since.

    Raises
    ------
    InputError
        Names what has changed.
    """
    origin, place = _origin(model.config), str(model.config.path)
    remedy = "Bring back what it was, or run anew."
    if origin["config_hash"] != earlier.attrs["config_hash"]:
        raise InputError(place, "the configuration is not as it was in the earlier run", remedy)
    before, now = json.loads(earlier.attrs["data_hashes"]), origin["data_hashes"]
    changed = sorted(name for name in {*before, *now} if before.get(name) != now.get(name))
    if changed:
        raise InputError(str(model.config.data), f"{', '.join(changed)}: not as in the earlier run", remedy)


def _carried_out(
    model: Prepared,
    plan: _Plan,
    nodes: Mapping[str, xr.Dataset],
    workers: int | None,
    progress: Progress | None,
    earlier: tuple[Sums, dict[str, xr.Dataset]] | None = None,
) -> xr.DataTree:
    """Draw what has not been drawn, and label all; `nodes` are there already."""
    import xarray as xr

    started, design = time.time(), plan.futures
    had, tables = (None, None) if earlier is None else earlier
    bins = model.bins if had is None else had.propagated.bins
    base = base_places(model.evidence, model.rows)
    before = None if had is None else had.propagated
    # The kernels leave Python free for what does not wait for them.
    with compiled_aside(model, workers) as wait_for, ThreadPoolExecutor(1) as aside:
        apart = aside.submit(_apart, model, design, nodes, workers)
        told = _counter(progress, "futures", design.points, apart)
        wait_for(FUTURES)
        propagated = propagate(design, model.sampler, model.structure, bins, base, workers, told, before)
        laddered = aside.submit(_laddered, model, design.seed, workers, wait_for)
        tails = _tails(model, propagated) if had is None else had.tails
        told = _counter(progress, PAIRS, 2 * plan.pairs.points, apart)
        of_pairs = None if had is None or tables is None else (had.frozen, had.single, tables)
        wait_for(GROUPS)
        wait_for(INPUTS)
        found = analyse(model, plan.pairs, tails, workers, told, of_pairs)
        made = {**_of_futures(model, propagated), **found.last.tables, **found.convergence}
        made |= {"ladder": laddered.result(), **apart.result()}
    made |= _of_indices(model, made)
    made |= _of_all_outputs(model, design, workers, progress)
    if model.config.settings.run.continuable:
        made["sums"] = sums_node(Sums(propagated, found.last.frozen, found.last.single, tails))
    tree = xr.DataTree.from_dict(made)
    tree.attrs = _provenance(model, plan, found, started)
    return tree


def _laddered(model: Prepared, seed: int, workers: int | None, wait_for: Callable[[str], None]) -> xr.Dataset:
    wait_for(LADDER)
    return ladder(model, seed, workers)


def _apart(
    model: Prepared, design: Design, nodes: Mapping[str, xr.Dataset], workers: int | None
) -> dict[str, xr.Dataset]:
    """The nodes that rest on no more than the model and its kept futures; some may be there already."""
    # First what reads tables that nothing else does: a mistake in these should not show after minutes.
    if not nodes:
        seed = design.seed
        nodes = {"published": published_table(model, seed), "use_cases": use_cases(model.config.data, seed)}
    sample = nodes["sample"] if "sample" in nodes else _sample(model, design, workers)
    kept = _kept(sample)
    return {
        **nodes,
        "switching": switching_values(model),
        "rank": rank(model, kept, design.seed),
        "separation": separation(model, kept),
        "demand": demand(model.evidence, sample, model.years),
        "cells": cells(model.evidence, sample, model.years),
        "inputs": input_table(model.inputs),
        "workforce": workforce_table(model.evidence),
        "sample": sample,
    }


def _kept(sample: xr.Dataset) -> KeptFutures:
    """The kept futures as the views take them; of a continued run, they are those of its first replicates."""
    return keep(sample, max(len(np.unique(sample["replicate"])), 1))


def _of_indices(model: Prepared, nodes: Mapping[str, xr.Dataset]) -> dict[str, xr.Dataset]:
    """What knowing an input is worth, and what the outputs are expected to be at its ends."""
    single, kept = nodes["single_inputs"], _kept(nodes["sample"])
    return {
        "single_inputs": single.merge(conditional_means(model), combine_attrs="override"),
        "information": information(model, nodes["sensitivity"], single, kept),
    }


def _of_futures(model: Prepared, propagated: Propagated) -> dict[str, xr.Dataset]:
    """Summary and distribution of the outputs."""
    import xarray as xr

    levels = sorted({*model.config.settings.run.quantiles, *HEADLINE})
    shown = (model.evidence, model.rows, model.years)
    parts = [summary(propagated, *shown, levels), probabilities(propagated, *shown, model.config.data)]
    return {"summary": xr.merge(parts), "distribution": distribution(propagated, model.rows, model.years)}


def _provenance(model: Prepared, plan: _Plan, found: Analysis, started: float) -> dict[str, str | int | float]:
    """What a run was made with."""
    design, config = plan.futures, model.config
    call = f"simulator.load({str(config.path)!r}, {config.changes!r}).run({plan.asked}, {design.seed})"
    return provenance(
        {
            "title": config.settings.title,
            "futures": design.points,
            "futures_asked": plan.asked,
            "replicates": design.replicates,
            "seed": design.seed,
            "method": design.method,
            "base_points": found.last.frozen.design.points,
            "stopped": found.stopped,
            "widest_interval": widest_interval(found.last.tables),
            "command": call,
            **_origin(config),
            "versions": _versions(),
            "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(started)),
            "duration_seconds": round(time.time() - started, 3),
        }
    )


def _of_all_outputs(
    model: Prepared, design: Design, workers: int | None, progress: Progress | None
) -> dict[str, xr.Dataset]:
    """Where asked for: indices of every output, from fewer pairs, of groups, every input, and pairs of groups."""
    run = model.config.settings.run
    if not run.index_points or run.outputs != "all":
        return {}
    pairs = design_for(design.inputs, run.index_points, design.replicates, design.seed, design.method)
    groups = with_inputs(model.groups, model.names)
    of_pairs = pairs_of_partitions(groups)
    exact = None
    if model.closed_form:
        exact = closed_form(model.structure, model.moments, model.lines, groups.members, of_pairs)
    centre = np.ascontiguousarray(model.bins.centre[:, :, 0].T)
    told = _counter(progress, "pairs for all outputs", pairs.points)
    sums = all_outputs(pairs, model.sampler, model.structure, groups.members, of_pairs, centre, workers, told)
    known = model.has_index(groups.members)
    return {"indices": all_outputs_table(sums, exact, groups, of_pairs, model.rows, model.years, known)}


def _tails(model: Prepared, propagated: Propagated) -> np.ndarray:
    """Where the tails of the total and the focus areas begin, (scopes, years, 2): where the propagated futures have them."""
    scopes = scope_rows(model.rows)
    counts = propagated.counts[:, :, scopes, 0].sum(axis=0)
    bins = (propagated.bins.centre[:, scopes, 0], propagated.bins.width[:, scopes, 0])
    return np.ascontiguousarray(histogram_quantiles(counts, *bins, np.array(TAILS)).transpose(1, 0, 2))


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
    start = model.config.settings.phase_in.start
    evaluated = partial(totals_and_areas, model.evidence, model.names, model.years, start)
    blocks = [values[at : at + SAMPLE_BLOCK] for at in range(0, max(number, 1), SAMPLE_BLOCK)]
    parts = [part.drop_vars(SHARES_BY_AREA) for _, part in in_order(evaluated, blocks, workers)]
    outputs: xr.Dataset = xr.concat(parts, dim="future") if len(parts) > 1 else parts[0]
    said = {"units": "see `unit` in /inputs", "long_name": "Values of the inputs"}
    outputs = outputs.assign_coords(replicate=("future", np.repeat(np.arange(design.replicates), each)[:number]))
    outputs["value"] = xr.DataArray(values, dims=("future", "input"), coords={"input": model.names}, attrs=said)
    return outputs.assign_attrs(description=f"The first {each} futures of each replicate")


def _counter(
    progress: Progress | None, stage: str, total: int, apart: Future[dict[str, xr.Dataset]] | None = None
) -> Callable[[int], None]:
    """What is told of each chunk; it also ends the stage where a mistake has been found apart."""
    done = 0

    def told(points: int) -> None:
        nonlocal done
        done += points
        if apart is not None and apart.done():
            apart.result()
        if progress is not None:
            progress(stage, done, total)

    return told


def _origin(config: Config) -> dict[str, Any]:
    """Texts and hashes from which the run can be made again."""
    texts: dict[str, str] = {}
    for path, text in config.texts:  # an overlay may have the same name as its base, in another folder
        texts[path.name if path.name not in texts else f"{path.parent.name}/{path.name}"] = text
    tables = sorted(path for kind in ("*.csv", "derived/*.csv", "derived/*.nc") for path in config.data.glob(kind))
    return {
        "config_path": str(config.path),
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
