"""How the pace of the simulator changes with futures, inputs, outputs and threads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

from .case import Case, Ratio, Work, rate
from .peers.all import METHODS
from .peers.method import REPLICATES, Indices
from .peers.ours import black_box, structured
from .propagation import prepare_propagation
from .speed import check_indices
from .subjects import Subject, ishigami_subject, subject

SMALL = REPLICATES * 2**4
FUTURES = (14, 16, 18, 20, 22)
"""As powers of two."""
INPUTS: Mapping[int, int] = MappingProxyType({3: 2**18, 10: 2**17, 50: 2**15, 200: 2**13})
OUTPUTS: Mapping[int, int] = MappingProxyType({1: 2**18, 10: 2**17, 100: 2**14, 1000: 2**11})
"""Points for each number."""
THREADS: Mapping[str, int] = MappingProxyType({"g10": 2**17, "model": 2**13, "structured": 2**16})


def prepare_black_box(points: int, make: Callable[[], Subject], workers: int | None) -> Work[Indices]:
    """`simulator.sensitivity.sobol` with intervals."""
    asked = make()
    check = partial(check_indices, METHODS["ours"], asked)
    return Work(
        points * METHODS["ours"].evaluations(asked.inputs),
        lambda: black_box(asked, points, 1, REPLICATES, workers),
        check,
    )


def prepare_structured(points: int, workers: int | None) -> Work[Indices]:
    """All single inputs of our model by its kernels, 8 outputs."""
    asked = subject("model")
    method = METHODS["ours-structured"]
    check = partial(check_indices, method, asked)
    return Work(points * method.evaluations(asked.inputs), lambda: structured(asked, points, 1, workers), check)


def _case(name: str, said: str, prepare: Callable[[int], Work[Any]], points: int, unit: str = "evaluations") -> Case:
    return rate(f"scaling.{name}", said, prepare, (points, min(points, SMALL)), unit, repeats=3)


def _cases() -> tuple[Case, ...]:
    box = "evaluations a second as a black box"
    futures = (
        _case(f"futures.2^{bits}", "futures a second through the kernels, all outputs, 2 workers",
              partial(prepare_propagation, outputs="all", method="sobol", workers=2), 2**bits, "futures")
        for bits in FUTURES
    )  # fmt: skip
    inputs = (
        _case(f"inputs.{count}", f"{box}, Sobol' g with {count} inputs, all cores",
              partial(prepare_black_box, make=partial(subject, f"g{count}"), workers=None), points)
        for count, points in INPUTS.items()
    )  # fmt: skip
    outputs = (
        _case(f"outputs.{count}", f"{box}, Ishigami with {count} outputs, all cores",
              partial(prepare_black_box, make=partial(ishigami_subject, count), workers=None), points)
        for count, points in OUTPUTS.items()
    )  # fmt: skip
    threads = (
        _case(f"threads.{of}.workers-{workers}", f"{_SAID[of]}, {workers} worker{'s' * (workers > 1)}",
              _prepared(of, workers), points)
        for of, points in THREADS.items()
        for workers in (1, 2)
    )  # fmt: skip
    return (*futures, *inputs, *outputs, *threads)


def _prepared(of: str, workers: int) -> Callable[[int], Work[Any]]:
    if of == "structured":
        return partial(prepare_structured, workers=workers)
    return partial(prepare_black_box, make=partial(subject, of), workers=workers)


_SAID = {
    "g10": "evaluations a second as a black box, Sobol' g with 10 inputs",
    "model": "evaluations a second as a black box, numpy formula of our model",
    "structured": "evaluations a second by the kernels, all single inputs of our model, 8 outputs",
}
CASES = _cases()
RATIOS = tuple(
    Ratio(
        f"scaling.threads.{of}", "2 workers by 1", f"scaling.threads.{of}.workers-2", f"scaling.threads.{of}.workers-1"
    )
    for of in THREADS
)
