"""A run of the user's own model: doubled until it is done, and continued later."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InputError
from ..results import provenance
from ..sensitivity.convergence import convergence, widest_interval
from .accumulate import Drawing, State, advance, first_state, more_replicates
from .config import FIRST_POINTS, MOST_POINTS, OwnRunSection, require_power_of_two
from .indices import NODES, IndexRows, make_drawing, tables_of
from .model import OwnModel, Progress
from .results import identity, origin, own_input_table, summary
from .storage import sample_node, state_from, sums_node

if TYPE_CHECKING:
    import xarray as xr

MOST_FUTURES = 2**28  # of a run with a precision and no other limit
_CHANGED = {
    "config_hash": "the configuration, a change of it, or a table that it names",
    "function_hash": "the file of the function",
    "inputs_hash": "a distribution of an input",
}
_PAST = ("command", "points", "replicates", "started", "duration_seconds", "versions")


@dataclass
class _Clock:
    """When a run began, and how long its last stage took."""

    started: float
    begun: float
    last: float = math.nan

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.begun


@dataclass(frozen=True)
class _Stages:
    """What a run came to, stage by stage; `history` has points, replicates and tables of indices after each."""

    drawing: Drawing
    rows: tuple[IndexRows, ...]
    state: State
    history: list[tuple[int, int, dict[str, xr.Dataset]]]

    def followed_by(self, state: State) -> _Stages:
        tables = tables_of(self.drawing.plan, state, self.rows)
        entry = (state.points, self.drawing.plan.replicates, tables)
        return _Stages(self.drawing, self.rows, state, [*self.history, entry])


def run_own(model: OwnModel, progress: Progress | None) -> xr.DataTree:
    """Carry out `OwnModel.run`; see there."""
    run = model.config.settings.run
    drawing, rows = _drawing(model, run.replicates)
    least = drawing.evaluations(FIRST_POINTS)
    if run.max_futures is not None and least > run.max_futures:
        problem = f"{run.max_futures} futures are fewer than the first {FIRST_POINTS} points of each replicate take"
        raise InputError(model.config.place("run.max_futures"), problem, f"Give {least} or more, or fewer replicates.")
    clock = _Clock(time.time(), time.monotonic())
    goal = run.points if run.precision is None else None
    state = first_state(drawing, _told(progress, drawing, 0, goal))
    stages = _Stages(drawing, rows, state, []).followed_by(state)
    while (stopped := _stopped(run, stages, clock)) is None:
        begun = clock.seconds
        points = stages.state.points
        stages = stages.followed_by(advance(drawing, stages.state, 2 * points, _told(progress, drawing, points, goal)))
        clock.last = clock.seconds - begun
    return _tree(model, stages, stopped, clock, None)


def extend_own(
    model: OwnModel, earlier: xr.DataTree, points: int | None, replicates: int | None, progress: Progress | None
) -> xr.DataTree:
    """Carry out `OwnModel.extend`; see there."""
    have = {name: int(earlier.attrs[name]) for name in ("points", "replicates")}
    points = have["points"] if points is None else points
    replicates = have["replicates"] if replicates is None else replicates
    for name, wanted in (("points", points), ("replicates", replicates)):
        if wanted < have[name]:
            raise InputError(name, f"{wanted}, where the earlier run has {have[name]}", f"Give {have[name]} or more.")
    if [points, replicates] == list(have.values()):
        raise InputError("points", f"the earlier run has {points} in {replicates} replicates", "Give more of either.")
    require_power_of_two(points, "points")
    if points > MOST_POINTS:
        raise InputError("points", f"{points} are more than 32 bits tell apart", f"Give at most {MOST_POINTS}.")
    for name, value in identity(model).items():
        if earlier.attrs.get(name) != value:
            problem = f"{_CHANGED[name]} is not as it was in the earlier run"
            raise InputError(str(model.config.path), problem, "Bring back what it was, or run anew.")
    drawing, rows = _drawing(model, replicates)
    clock = _Clock(time.time(), time.monotonic())
    stages = _Stages(drawing, rows, state_from(earlier, drawing), [])
    if replicates > have["replicates"]:
        stages = stages.followed_by(more_replicates(drawing, stages.state))
    while stages.state.points < points:
        told = _told(progress, drawing, stages.state.points, points)
        stages = stages.followed_by(advance(drawing, stages.state, 2 * stages.state.points, told))
    return _tree(model, stages, "points", clock, earlier)


def _drawing(model: OwnModel, replicates: int) -> tuple[Drawing, tuple[IndexRows, ...]]:
    run = model.config.settings.run
    return make_drawing(
        model.study,
        replicates,
        run.seed,
        method=run.method,
        indices=run.indices,
        second_order=run.second_order,
        sample=run.sample,
        workers=run.workers,
    )


def _stopped(run: OwnRunSection, stages: _Stages, clock: _Clock) -> str | None:
    """Why there is no other doubling; None if there is one."""
    points, next_futures = stages.state.points, stages.drawing.evaluations(2 * stages.state.points)
    if points >= run.points:
        if run.precision is None:
            return "points"
        widest = widest_interval(stages.history[-1][2])
        if not widest >= run.precision:  # or there is none, where no output varies
            return "precision"
    unlimited = run.precision is not None and run.max_futures is None and run.max_seconds is None
    if next_futures > (MOST_FUTURES if unlimited else run.max_futures or math.inf):
        return "max_futures"
    # Twice as many points take twice as long, but for the first, in which the function may be compiled.
    if (
        run.max_seconds is not None
        and clock.seconds + (0.0 if math.isnan(clock.last) else 2 * clock.last) > run.max_seconds
    ):
        return "max_seconds"
    return "points" if points == MOST_POINTS else None


def _told(progress: Progress | None, drawing: Drawing, begin: int, goal: int | None) -> Callable[[int], None] | None:
    """Evaluations done, of those up to the goal; or, where that is not known, to the next power of two."""
    if progress is None:
        return None
    stop = max(2 * begin, FIRST_POINTS)
    stage = "futures" if goal is not None else f"futures, up to {stop:,} points"
    total = drawing.evaluations(goal or stop)
    done = drawing.evaluations(begin)

    def told(evaluations: int) -> None:
        nonlocal done
        done += evaluations
        progress(stage, done, total)

    return told


def _tree(model: OwnModel, stages: _Stages, stopped: str, clock: _Clock, earlier: xr.DataTree | None) -> xr.DataTree:
    import xarray as xr

    drawing, state, tables = stages.drawing, stages.state, stages.history[-1][2]
    any_table = next(iter(tables.values()))
    nodes: dict[str, xr.Dataset] = {"summary": summary(model, state, any_table)}
    for dimension, table in tables.items():
        indices, converging = NODES[dimension]
        before = None if earlier is None else earlier[converging].to_dataset()
        nodes[indices] = table
        nodes[converging] = convergence([(n, r, found[dimension]) for n, r, found in stages.history], before)
    outputs = [str(name) for name in any_table["output"].values]
    nodes |= {
        "inputs": own_input_table(model),
        "sample": sample_node(drawing, state, outputs),
        "sums": sums_node(state, drawing.plan.problem.groups),
    }
    history: list[dict[str, Any]] = []
    if earlier is not None:
        past = {name: np.asarray(earlier.attrs[name]).item() for name in _PAST}  # netCDF gives numbers of numpy
        history = [*json.loads(earlier.attrs["history"]), past]
    tree = xr.DataTree.from_dict(nodes)
    tree.attrs = provenance(
        {
            **origin(model, drawing, state, clock.started, clock.seconds),
            "stopped": stopped,
            "widest_interval": widest_interval(tables),
            "history": history,
        }
    )
    return tree
