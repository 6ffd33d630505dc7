"""How near the machine's limits the simulator is: points alone, points and look-ups alone, functions alone, memory alone."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np

from simulator.design import BLOCK_BITS
from simulator.kernels.compiling import kernel
from simulator.kernels.points import block_base
from simulator.kernels.propagation import TABULATED, draw_block, empty_draw
from simulator.sampling import Task, chunk_tasks, kernel_inputs, table_count

from .case import Case, Ratio, Work, rate
from .prepared import REPLICATES, base_model, design_of
from .subjects import subject

FUTURES, SMALL = 2**22, REPLICATES * 2**9
COPIED, COPIED_SMALL = 2**28, 2**16  # bytes
CALL = 2**16  # numbers that go into a function at once, as in the black box
FUNCTIONS = {"g10": 2**20, "model": 2**18}
"""Subjects with the number of their evaluations."""

Chunk = Callable[[tuple, tuple, int, int, int], float]  # type: ignore[type-arg]


@kernel
def points_alone(points: tuple, tables: tuple, first: int, blocks: int, size: int) -> float:  # type: ignore[type-arg]
    """The digits of all inputs that vary, block by block.

    Returns
    -------
    float
        Of the last digits, so that the compiler leaves none out.
    """
    generators, shift, pattern, _ = points
    exact_row, bits, kept = tables[3], 0, 0.0
    digits = np.empty((generators.shape[0], size), np.uint32)
    while (1 << bits) < size:
        bits += 1
    for block in range(blocks):
        for i in range(generators.shape[0]):
            if exact_row[i] == TABULATED:
                base = block_base(generators[i], shift[i], (first >> bits) + block, bits)
                for point in range(size):
                    digits[i, point] = base ^ pattern[i, point]
        kept += digits[0, block % size]
    return kept


@kernel
def points_and_values(points: tuple, tables: tuple, first: int, blocks: int, size: int) -> float:  # type: ignore[type-arg]
    """The values of all inputs, block by block, as the simulator draws them.

    Returns
    -------
    float
        See `points_alone`.
    """
    place, values = np.arange(tables[0].shape[0]), np.empty((tables[0].shape[0], size))
    scratch, kept = empty_draw(size, np.int64, np.float64), 0.0
    for block in range(blocks):
        draw_block(points, tables, first + block * size, block * size, scratch, place, values)
        kept += values[0, block % size]
    return kept


def prepare_draws(futures: int, run_chunk: Chunk) -> Work[float]:
    """The chunks of a propagation in one thread, without what follows the points, or their values."""
    model, design = base_model(), design_of(futures)

    def run() -> float:
        tasks = chunk_tasks(design, BLOCK_BITS, table_count(model.structure), pairs=False)
        return float(sum(_chunk(task, run_chunk) for task in tasks))

    def _chunk(task: Task, inner: Chunk) -> float:
        points, tables, blocks, size = kernel_inputs(task, model.sampler, model.structure, 1)
        return inner(points, tables, task[0].first, blocks, size)

    def check(kept: float) -> None:
        assert np.isfinite(kept)
        assert kept != 0

    return Work(design.points, run, check)


def prepare_copy(size: int, workers: int) -> Work[None]:
    """`numpy.copyto` between two arrays far larger than the caches; what is read and what is written both count."""
    source = np.random.default_rng(1).integers(0, 2**63, size=size // 8, dtype=np.int64)
    target = np.zeros_like(source)
    parts = list(zip(np.array_split(target, workers), np.array_split(source, workers), strict=True))
    executor = ThreadPoolExecutor(workers)

    def run() -> None:
        list(executor.map(lambda pair: np.copyto(*pair), parts))

    def check(_: None) -> None:
        assert np.array_equal(source, target)

    return Work(2 * size / 1e9, run, check)


def prepare_function(evaluations: int, of: str) -> Work[float]:
    """A subject's function in one thread, called with as many points at once as the black box does."""
    asked = subject(of)
    rows = min(1 << (CALL // asked.inputs).bit_length() - 1, evaluations)
    unit = np.random.default_rng(1).random((asked.inputs, rows)).T  # columns are contiguous, as the black box has them
    x = asked.low + (asked.high - asked.low) * unit
    calls = evaluations // rows

    def run() -> float:
        return sum(float(asked.function(x)[-1]) for _ in range(calls))

    def check(total: float) -> None:
        assert np.isfinite(total)

    return Work(calls * rows, run, check)


def _cases() -> tuple[Case, ...]:
    draws = (
        rate("limits.points", "digits of all inputs that vary, 1 thread", partial(prepare_draws, run_chunk=points_alone),
             (FUTURES, SMALL), "futures"),
        rate("limits.values", "points and table look-ups of all inputs, 1 thread",
             partial(prepare_draws, run_chunk=points_and_values), (FUTURES, SMALL), "futures"),
    )  # fmt: skip
    copies = tuple(
        rate(f"limits.copy.workers-{workers}", "memory read and written by numpy.copyto",
             partial(prepare_copy, workers=workers), (COPIED, COPIED_SMALL), "GB")
        for workers in (1, 2)
    )  # fmt: skip
    functions = tuple(
        rate(f"limits.function.{of}", f"the numpy function of {of} alone, 1 thread", partial(prepare_function, of=of),
             (evaluations, 2**8), "evaluations", repeats=3)
        for of, evaluations in FUNCTIONS.items()
    )  # fmt: skip
    return (*draws, *copies, *functions)


CASES = _cases()
RATIOS = (
    Ratio("limits.propagation-by-values", "the whole summary by points and look-ups alone, 1 thread",
          "propagation.all.sobol.workers-1", "limits.values"),
    Ratio("limits.total-by-values", "the totals alone by points and look-ups alone, 1 thread",
          "propagation.total.sobol.workers-1", "limits.values"),
    Ratio("limits.values-by-points", "points and look-ups by points alone, 1 thread", "limits.values", "limits.points"),
    *(
        Ratio(f"limits.black-box-by-function.{of}", "the black box, design to indices, by the function alone, 1 thread",
              f"scaling.threads.{of}.workers-1", f"limits.function.{of}")
        for of in FUNCTIONS
    ),
)  # fmt: skip
