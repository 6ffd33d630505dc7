"""The kernels of a run, compiled side by side in processes of their own where no run has compiled them before.

numba compiles one function at a time in a process, and the kernels of a first run take longer to compile than to run. Each
process carries out stages with a few futures, and leaves their kernels in the cache, from which this process takes them as
every later run does: to the same bits.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial

import numpy as np

from .design import Design
from .executor import aside
from .kernels.compiling import is_cached, same_cache
from .ladder import REPLICATES, ladder
from .outputs import base_places, scope_rows
from .prepared import Prepared
from .simulation import propagate
from .stages import group_stages, input_stages

FUTURES, GROUPS, INPUTS, LADDER = "futures", "groups", "inputs", "ladder"
FEW_BITS = 6


def compiled_aside(model: Prepared, workers: int | None) -> AbstractContextManager[Callable[[str], None]]:
    """Compile what has not been compiled yet.

    Parameters
    ----------
    model : Prepared
    workers : int or None
        Processes at once; by default as many as there are cores.

    Returns
    -------
    context manager
        Of a function that waits for the kernels of a stage: `FUTURES`, `GROUPS`, `INPUTS` or `LADDER`.
    """
    total = "propagation.propagate_total"
    processes = (  # of about the same length, and each in the order of a run
        {
            FUTURES: (total if len(model.rows) == 2 else "propagation.propagate", _futures),
            GROUPS: ("pick_freeze.pick_freeze", _groups),
        },
        {INPUTS: ("gradients.single_inputs", _inputs), LADDER: (total, _ladder)},
    )
    missing = [
        {stage: partial(call, model) for stage, (kernel, call) in calls.items() if not is_cached(kernel)}
        for calls in processes
    ]
    return aside([calls for calls in missing if calls], same_cache(), workers)


def _few(model: Prepared) -> Design:
    return Design(len(model.inputs), 1, FEW_BITS, seed=0)


def _futures(model: Prepared) -> None:
    base = base_places(model.evidence, model.rows)
    propagate(_few(model), model.sampler, model.structure, model.bins, base, workers=1)


def _groups(model: Prepared) -> None:
    tails = np.zeros((len(scope_rows(model.rows)), len(model.years), 2))
    list(group_stages(model, _few(model), tails, workers=1))


def _inputs(model: Prepared) -> None:
    list(input_stages(model, _few(model), workers=1))


def _ladder(model: Prepared) -> None:
    ladder(model, 0, 1, REPLICATES << FEW_BITS)
