"""Runs are the same to the last bit for any number of threads and any order, say how far they are, and stop at what is not
finite.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from threading import Event, Lock, get_ident
from typing import Any

import numpy as np
import pytest
from conftest import CONFIGS, Prepared, with_rows

from simulator import design as design_module
from simulator import executor, load, simulation
from simulator.design import Design, chunks, direction_numbers, point_levels, replicate_points
from simulator.executor import in_order
from simulator.kernels.quantiles import SEGMENTS
from simulator.outputs import base_places, line_coefficients, scope_rows
from simulator.quantile_tables import segment_edges
from simulator.sensitivity.exact import output_means
from simulator.simulation import Bins, NonFiniteError, Sampler, make_bins, pick_freeze, propagate
from simulator.single_inputs import single_inputs

METHODS = ("sobol", "monte-carlo")
SMALL_CHUNKS = 10


@dataclass(frozen=True)
class Job:
    """All that a run takes, besides its design."""

    model: Prepared
    bins: Bins
    base_row: np.ndarray
    coefficients: np.ndarray
    groups: np.ndarray
    centre: np.ndarray

    def propagate(self, design: Design, sampler: Sampler | None = None, **settings: Any) -> tuple[np.ndarray, ...]:
        sampler = sampler or self.model.sampler
        result = propagate(design, sampler, self.model.structure, self.bins, self.base_row, **settings)
        return result.moments, result.counts

    def pick_freeze(self, design: Design, sampler: Sampler | None = None, **settings: Any) -> tuple[np.ndarray, ...]:
        tails = np.stack([self.centre * 0.9, self.centre * 1.1], axis=-1)
        arrays = (self.coefficients, self.groups, self.centre, tails)
        result = pick_freeze(design, sampler or self.model.sampler, self.model.structure, *arrays, **settings)
        return result.pairs, result.differences, result.allocation, result.tails


@pytest.fixture(scope="module")
def job(base: Prepared) -> Job:
    mean = output_means(base.structure, base.moments, base.weights)
    base_row = base_places(base.evidence, base.rows)
    means = np.stack([mean, mean / base.structure.base_level[base_row]], axis=-1)
    scopes = with_rows(base, scope_rows(base.rows))
    centre = output_means(base.structure, base.moments, scopes.weights).T.copy()
    groups = base.partition_groups("assumption")
    return Job(
        base,
        make_bins(means, 0.1 * means),
        base_row,
        line_coefficients(base.structure, scopes.weights)[None],
        groups,
        centre,
    )


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four chunks in a replicate of 2^12 points, each of two blocks."""
    monkeypatch.setattr(design_module, "CHUNK_BITS", SMALL_CHUNKS)


def assert_equal(left: tuple[np.ndarray, ...], right: tuple[np.ndarray, ...]) -> None:
    for one, other in zip(left, right, strict=True):
        np.testing.assert_array_equal(one, other)


Run = Callable[..., tuple[np.ndarray, ...]]


@pytest.fixture(params=["propagate", "pick_freeze"])
def run(request: pytest.FixtureRequest, job: Job, small_chunks: None) -> Run:  # noqa: ARG001
    return getattr(job, request.param)  # type: ignore[no-any-return]


def design_of(job: Job, method: str = "sobol", replicates: int = 3, log2_points: int = 12) -> Design:
    return Design(len(job.model.inputs), replicates, log2_points, 21, method)


@pytest.mark.parametrize("method", METHODS)
def test_any_number_of_threads(job: Job, run: Run, method: str) -> None:
    design = design_of(job, method)
    assert len(list(chunks(design))) == 12
    alone = run(design, workers=1)
    for workers in (2, 5, None):
        assert_equal(run(design, workers=workers), alone)


def test_any_order_of_chunks(job: Job, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks are computed in a random order, some twice, and merged by their place."""
    design = design_of(job)
    expected = run(design, workers=1)

    def shuffled(
        function: Callable[[Any], Any], tasks: Iterable[Any], _: int | None = None
    ) -> Iterator[tuple[Any, Any]]:
        waiting = list(tasks)
        order = np.random.default_rng(3).permutation(np.repeat(np.arange(len(waiting)), 2))
        results = {int(place): function(waiting[place]) for place in order[: len(waiting) + 4]}
        missing = set(range(len(waiting))) - set(results)
        results |= {place: function(waiting[place]) for place in missing}
        yield from ((task, results[place]) for place, task in enumerate(waiting))

    monkeypatch.setattr(simulation, "in_order", shuffled)
    assert_equal(run(design), expected)


@pytest.mark.parametrize("method", METHODS)
def test_replicates_do_not_depend_on_their_number(job: Job, run: Run, method: str) -> None:
    """A finished run can be extended by replicates."""
    few, more = run(design_of(job, method, 1)), run(design_of(job, method, 3))
    assert_equal(few, tuple(part[:1] for part in more))
    assert all((part[0] != part[1]).any() for part in more)


def test_the_size_of_chunks_matters_to_rounding_only(job: Job, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sums of 4 096 numbers added in another order: 1e-12 of the largest sum of its kind, and counts exactly."""
    small = run(design_of(job))
    monkeypatch.setattr(design_module, "CHUNK_BITS", 12)
    assert len(list(chunks(design_of(job)))) == 3
    for one, other in zip(run(design_of(job)), small, strict=True):
        if one.dtype == np.int64:
            np.testing.assert_array_equal(one, other)
        else:
            largest = np.abs(one).max(axis=tuple(range(one.ndim - 1)))
            assert (np.abs(one - other) <= 1e-12 * largest).all()


def test_progress_counts_every_point_once(job: Job, run: Run) -> None:
    told: list[int] = []
    run(design_of(job), workers=2, progress=told.append)
    assert told == [2**SMALL_CHUNKS] * 12


# Work in order


def test_results_come_in_the_order_of_the_tasks() -> None:
    """The first task waits for the second, so that it can only be done after it."""
    second_is_done = Event()

    def work(task: int) -> int:
        if task == 0:
            assert second_is_done.wait(60)
        if task == 1:
            second_is_done.set()
        return task**2

    assert list(in_order(work, range(20), 2)) == [(task, task**2) for task in range(20)]


def test_tasks_are_taken_as_they_are_needed() -> None:
    """A design of 2^40 futures has millions of chunks, which must not all be made at the start."""
    taken: list[int] = []

    def tasks() -> Iterator[int]:
        for task in range(1000):
            taken.append(task)
            yield task

    results = in_order(lambda task: task, tasks(), 2)
    assert next(results) == (0, 0)
    assert len(taken) < 10
    results.close()
    assert len(taken) < 10


@pytest.mark.parametrize(
    ("alone", "beside", "in_threads"),
    [(0.0, 0.0, set()), (0.011, 0.006, set(range(2, 24))), (0.011, 0.02, set(range(2, 6)))],
)
def test_threads_are_tried_after_a_blink_and_stay_if_they_are_faster(
    alone: float, beside: float, in_threads: set[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a clock that only the tasks move: by so much in this thread, and by so much in another."""
    here, lock, seen, clock = get_ident(), Lock(), set(), [0.0]

    def work(task: int) -> int:
        apart = get_ident() != here
        with lock:
            clock[0] += beside if apart else alone
            seen.update([task] if apart else [])
        return task**2

    monkeypatch.setattr(executor, "_cores", lambda: 2)
    monkeypatch.setattr(executor.time, "perf_counter", lambda: clock[0])
    assert list(executor.paced(work, range(24))) == [(task, task**2) for task in range(24)]
    assert seen == in_threads


@pytest.mark.parametrize("workers", [1, 2])
def test_a_failing_task_stops_the_run(workers: int) -> None:
    def work(task: int) -> int:
        if task == 5:
            raise RuntimeError("task 5")
        return task

    done = []
    with pytest.raises(RuntimeError, match="task 5"):
        for task, _ in in_order(work, range(100), workers):
            done.append(task)
    assert done == [0, 1, 2, 3, 4]


# What is not finite


def broken(sampler: Sampler, place: int, value: float, segment: int = SEGMENTS - 1) -> Sampler:
    """One input is `value` in one segment of levels, by default the one just below 1/2."""
    tables, shape = sampler.tables, sampler.tables.shape.copy()
    assert not tables.fixed[place]
    lines = np.concatenate([tables.lines, tables.lines[shape[place]][None]])
    lines[-1, segment] = value
    shape[place] = len(lines) - 1
    return replace(sampler, tables=replace(tables, lines=lines, shape=shape))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", ["technology", "national", "demography.longevity", "speed"])
def test_what_is_not_finite_stops_the_run(job: Job, run: Run, name: str, value: float) -> None:
    """An infinite speed is a path that does not rise, and finite. All else is refused with its place."""
    sampler = broken(job.model.sampler, job.model.at(name)[0], value)
    if name == "speed" and not np.isnan(value):
        assert all(np.isfinite(part).all() for part in run(design_of(job), sampler))
        return
    with pytest.raises(NonFiniteError, match=r"replicate 0, futures 0 to 1023 \(seed 21, method sobol\)"):
        run(design_of(job), sampler)


def test_one_future_that_is_not_finite_is_found_and_placed(job: Job, run: Run) -> None:
    """A segment of levels that a single future of all 12 288, in the last replicate, has in its first point."""
    design, place = design_of(job), job.model.at("technology")[0]
    directions = direction_numbers(2 * design.inputs)
    rows = slice(place, None, design.inputs)
    levels = [
        point_levels(replicate_points(design, r, directions, pairs=True, block_bits=0), 0, 2**12, rows)
        for r in range(3)
    ]
    t = np.array(levels) * 2.0**32  # replicate, future, point of the pair
    segments = np.where(t < 2.0**31, np.searchsorted(segment_edges(), t, side="right") - 1, -1)
    alone = [
        (future, segment)
        for future, segment in enumerate(segments[2, :, 0])
        if segment >= 0 and (segments == segment).sum() == 1
    ]
    future, segment = alone[-1]
    first = future - future % 2**SMALL_CHUNKS
    assert first > 0
    with pytest.raises(NonFiniteError, match=rf"replicate 2, futures {first} to {first + 1023} \("):
        run(design, broken(job.model.sampler, place, np.nan, segment))


def test_bits_do_not_hang_on_where_arrays_lie() -> None:
    """Blocks of four pairs, whose arrays lie near each other in memory, and differently in each thread and run."""
    model = load(CONFIGS / "base.toml", ["reconstruction.ensemble=false", "run.outputs=total"])
    centre = np.ascontiguousarray(model.bins.centre[:, scope_rows(model.rows), 0].T)
    arrays = (model.sampler, model.structure, model.scope_coefficients, centre)
    design = Design(len(model.inputs), 16, 2, 1)
    first = single_inputs(design, *arrays, workers=1).differences
    random = np.random.default_rng(3)
    for _ in range(40):
        _held = [np.empty(size) for size in random.integers(1, 200_000, size=random.integers(1, 30))]
        np.testing.assert_array_equal(single_inputs(design, *arrays, workers=2).differences, first)
