"""Methods of sensitivity analysis by name, for a model of the user's own and for the built-in one.

Letters: n rows, k inputs, O outputs, R replicates.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError, nearest
from ..executor import in_order
from ..sensitivity.black_box import NonFiniteOutputError
from ..sensitivity.bridge import METHODS as SALIB
from ..sensitivity.bridge import salib_method
from ..sensitivity.estimators import ESTIMATORS
from ..sensitivity.given_data import rank_first_order
from ..sensitivity.hybrids import Plan
from ..sensitivity.problem import partition
from ..sensitivity.shapley_effects import shapley
from .accumulate import CALL, advance, first_state
from .config import FIRST_POINTS, MOST_POINTS, require_power_of_two
from .indices import NODES, make_drawing, tables_of
from .judging import Sample, information, prim, separation, switching
from .points import Source, draw_values, replicate_sources
from .study import Study, without_fixed

if TYPE_CHECKING:
    import xarray as xr

Tables = dict[str, "xr.Dataset"]


@dataclass(frozen=True)
class Options:
    """How much is drawn.

    Attributes
    ----------
    points : int
        Of each replicate; of a method of SALib, its N.
    replicates, seed : int
    indices : str
        Of the method sobol; see `simulator.own_model.indices.index_rows`.
    workers : int or None
    """

    points: int
    replicates: int
    seed: int
    indices: str = "all"
    workers: int | None = None


@dataclass(frozen=True)
class Method:
    """A method of sensitivity analysis.

    Attributes
    ----------
    title : str
    points : int
        Drawn by default.
    analyse : callable
        Tables by the name of their node in the results.
    grouped : bool
        Whether it has indices of groups; else groups are left out.
    dependent : bool
        Whether inputs may depend on each other.
    net : bool
        Whether its points are a power of two.
    """

    title: str
    points: int
    analyse: Callable[[Study, Options], Tables]
    grouped: bool = False
    dependent: bool = False
    net: bool = False


def analyse_with(name: str, study: Study, options: Options) -> Tables:
    """Carry out a method.

    Parameters
    ----------
    name : str
        See `METHODS`.
    study : Study
    options : Options

    Returns
    -------
    dict of str to xarray.Dataset
        Tables by the name of their node in the results.

    Raises
    ------
    InputError
        If there is no such method, or it does not fit the inputs or the points.
    NonFiniteError
        If an output is not finite.
    """
    method = method_named(name)
    if method.net:
        require_power_of_two(options.points, "--points")
    least = FIRST_POINTS if method.net else 1
    if not least <= options.points <= MOST_POINTS:
        remedy = f"Give {least} or more, such as {method.points}."
        raise InputError("--points", f"{options.points} points cannot be drawn", remedy)
    if study.copula.blocks and not method.dependent:
        able = ", ".join(known for known, one in METHODS.items() if one.dependent)
        said = f"method '{name}' takes inputs for independent, and some depend on each other"
        raise InputError(study.place, said, f"Take one of: {able}.")
    if name != "sobol":  # which leaves them out of its indices, and in its nets
        study = without_fixed(study)
    if not method.grouped:
        problem = study.problem
        groups, members = partition(problem.names)
        study = replace(study, problem=replace(problem, groups=groups, members=members, grouped=False))
    return method.analyse(study, options)


def method_named(name: str) -> Method:
    """A method by its name.

    Raises
    ------
    InputError
        If there is none; the message lists all, and says which is nearest.
    """
    if name not in METHODS:
        close = nearest(name, METHODS)
        every = "" if close.startswith("Known") else f" The methods are: {', '.join(METHODS)}."
        raise InputError(f"--method {name}", "there is no such method", f"{close}{every}")
    return METHODS[name]


def _sobol(study: Study, options: Options) -> Tables:
    drawing, rows = make_drawing(
        study, options.replicates, options.seed, indices=options.indices, workers=options.workers
    )
    state = advance(drawing, first_state(drawing), options.points)
    return {NODES[dimension][0]: table for dimension, table in tables_of(drawing.plan, state, rows).items()}


def _rank(study: Study, options: Options) -> Tables:
    values, outputs, replicate = draw_sample(study, options)
    names = study.problem.names, study.problem.outputs
    table = rank_first_order(values, outputs, *names, replicate=replicate, seed=options.seed)
    return {"sensitivity": table.assign_attrs(evaluations=len(outputs))}


def _shapley(study: Study, options: Options) -> Tables:
    problem = study.problem
    inputs = dict(zip(problem.names, problem.distributions, strict=True))
    groups = [problem.groups[place] for place in problem.members.argmax(axis=0)] if problem.grouped else None
    table = shapley(
        study.function, inputs, groups, study.copula, options.points, options.replicates, options.seed,
        workers=options.workers,
    )  # fmt: skip
    if problem.outputs is not None:
        table = table.assign_coords(output=list(problem.outputs))
    return {"group_sensitivity": table} if problem.grouped else {"sensitivity": table.rename(group="input")}


def _salib(study: Study, options: Options, name: str) -> Tables:
    table = salib_method(name, study.function, study.problem, options.points, options.seed)
    return {"group_sensitivity" if study.problem.grouped else "sensitivity": table}


def _judge(study: Study, options: Options, view: Callable[[Study, Sample], xr.Dataset]) -> Tables:
    sample = Sample(*draw_sample(study, options))
    return {"sensitivity": view(study, sample).assign_attrs(evaluations=len(sample.outputs))}


def _switching(study: Study, options: Options) -> Tables:
    return {"sensitivity": switching(study, lambda: Sample(*draw_sample(study, options)))}


def draw_sample(study: Study, options: Options) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Values and outputs at the points of nets, in memory at once.

    Parameters
    ----------
    study : Study
    options : Options

    Returns
    -------
    values : (n, k) float64
    outputs : (n, O) float64
    replicate : (n,) int64

    Raises
    ------
    NonFiniteOutputError
        If an output is not finite.
    """
    problem = study.problem
    size = min(options.points, max(1 << (CALL // len(problem.names)).bit_length() - 1, 1))
    bits = options.points.bit_length() - 1
    plan = Plan(problem, bits, options.replicates, options.seed, ESTIMATORS["controlled"], False)
    sources = enumerate(replicate_sources(plan, "sobol", size.bit_length() - 1))
    tasks = ((number, source, first) for number, source in sources for first in range(0, options.points, size))
    results = in_order(partial(_sampled, study=study, size=size), tasks, options.workers)
    parts = [result for _, result in results]
    values, outputs = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    return values, outputs, np.repeat(np.arange(options.replicates), options.points)


def _sampled(task: tuple[int, Source, int], study: Study, size: int) -> tuple[np.ndarray, np.ndarray]:
    replicate, source, first = task
    levels = source(first, size)[:, :1]
    values = draw_values(study.problem, study.copula, levels)[:, 0].T
    outputs = study.function(values.copy())  # which may write to them
    wrong = ~np.isfinite(outputs)
    if wrong.any():
        row = int(np.argmax(wrong.any(axis=1)))
        count = int(wrong.any(axis=1).sum())
        problem = f"{study.function.place}: in {count} of the {size} futures of a call an output is not finite"
        shown = dict(zip(study.problem.names, values[row].tolist(), strict=True))
        raise NonFiniteOutputError(problem, f"replicate {replicate}, point {first + row}", shown)
    return values, outputs


_POINTS = {"morris": 2**7, "dgsm": 2**9, "delta": 2**9, "discrepancy": 2**9}  # whose cost a point is high
_OURS = {
    "sobol": Method("First- and total-order Sobol' indices", 2**10, _sobol, grouped=True, dependent=True, net=True),
    "rank": Method("First-order Sobol' indices from ranks", 2**10, _rank, dependent=True, net=True),
    "shapley": Method("Shapley effects", 2**7, _shapley, grouped=True, dependent=True, net=True),
}
_JUDGING = {
    "separation": Method(
        "What separates futures in a range", 2**10, partial(_judge, view=separation), dependent=True, net=True
    ),
    "prim": Method("Boxes of futures outside a range", 2**10, partial(_judge, view=prim), dependent=True, net=True),
    "switching": Method("Values that lead out of a range", 2**8, _switching, net=True),
    "information": Method("Value of information", 2**10, partial(_judge, view=information), dependent=True, net=True),
}
METHODS: Mapping[str, Method] = MappingProxyType(
    _OURS
    | {
        name.replace("_", "-"): Method(
            one.title, _POINTS.get(name, 2**11), partial(_salib, name=name), grouped=one.groups
        )
        for name, one in SALIB.items()
    }
    | _JUDGING
)
"""By name: ours, those of SALib, and those that judge futures by a range or a threshold."""
