"""Indices of single inputs and of groups from one set of sums."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ..dependence import Copula
from ..sensitivity.accumulated import Accumulated, index_table
from ..sensitivity.estimators import ESTIMATORS
from ..sensitivity.hybrids import Plan
from ..sensitivity.problem import Problem
from .accumulate import Drawing, State
from .inputs import is_fixed, require_independent_groups
from .study import Study

if TYPE_CHECKING:
    import xarray as xr

NODES = {"input": ("sensitivity", "convergence"), "group": ("group_sensitivity", "group_convergence")}


@dataclass(frozen=True)
class IndexRows:
    """Which rows of a plan make a table.

    Attributes
    ----------
    dimension : str
        ``input`` or ``group``.
    places : tuple of int
    labels : tuple of str
    """

    dimension: str
    places: tuple[int, ...]
    labels: tuple[str, ...]


def make_drawing(
    study: Study,
    replicates: int,
    seed: int,
    *,
    method: str = "sobol",
    indices: str = "all",
    second_order: bool = False,
    sample: int = 0,
    workers: int | None = None,
) -> tuple[Drawing, tuple[IndexRows, ...]]:
    """What is drawn, and of what indices are estimated.

    Parameters
    ----------
    study : Study
    replicates, seed : int
    method : str
        See `simulator.own_model.points.replicate_sources`.
    indices : str
        See `index_rows`.
    second_order : bool
    sample : int
        Points A that are kept; rounded up to as many from each replicate.
    workers : int, optional

    Returns
    -------
    Drawing, tuple of IndexRows

    Raises
    ------
    InputError
        If inputs that depend on each other stand in different groups, or in none.
    """
    require_independent_groups(study.problem, study.copula, study.place)
    problem, rows = index_rows(study.problem, study.copula, indices)
    estimator = ESTIMATORS["symmetric" if second_order else "controlled"]
    plan = Plan(problem, 0, replicates, seed, estimator, second_order)
    return Drawing(study.function, plan, study.copula, method, -(-sample // replicates), workers), rows


def index_rows(problem: Problem, copula: Copula, indices: str) -> tuple[Problem, tuple[IndexRows, ...]]:
    """What indices are estimated of: inputs that are uncertain and independent of others, and groups with such inputs.

    Parameters
    ----------
    problem : Problem
        With groups that no dependence crosses.
    copula : Copula
    indices : str
        ``all``, or ``groups`` alone.

    Returns
    -------
    Problem
        The rows of its members are all different; they overlap where there are tables of inputs and of groups.
    tuple of IndexRows
    """
    live = np.array([not is_fixed(one) for one in problem.distributions])
    single = np.eye(len(live), dtype=bool)
    tables: list[tuple[str, list[tuple[str, np.ndarray]]]] = []
    if indices == "all" or not problem.grouped:
        alone = live & ~np.isin(np.arange(len(live)), copula.dependent)
        tables.append(("input", [(problem.names[place], single[place]) for place in np.flatnonzero(alone)]))
    if problem.grouped:
        members = problem.members & live
        tables.append(
            ("group", [(label, row) for label, row in zip(problem.groups, members, strict=True) if row.any()])
        )
    known: dict[bytes, int] = {}
    labels: list[str] = []
    rows: list[np.ndarray] = []
    result = []
    for dimension, entries in tables:
        places = []
        for label, row in entries:
            if row.tobytes() not in known:
                known[row.tobytes()] = len(rows)
                labels.append(label)
                rows.append(row)
            places.append(known[row.tobytes()])
        if entries:
            result.append(IndexRows(dimension, tuple(places), tuple(label for label, _ in entries)))
    return replace(problem, groups=tuple(labels), members=np.array(rows)), tuple(result)


def tables_of(plan: Plan, state: State, tables: Sequence[IndexRows]) -> dict[str, xr.Dataset]:
    """Indices with intervals, by dimension; see `simulator.sensitivity.sobol`.

    Parameters
    ----------
    plan : Plan
    state : State
    tables : sequence of IndexRows

    Returns
    -------
    dict of str to xarray.Dataset
        Under ``input`` and ``group``, as far as there are such tables.

    Raises
    ------
    InputError
        If there are not as many names as outputs.
    """
    result = {}
    for table in tables:
        places, sums = list(table.places), state.sums
        members = plan.problem.members[places]
        problem = replace(plan.problem, groups=table.labels, members=members, grouped=table.dimension == "group")
        crossed = sums.crossed[:, places][:, :, places] if plan.second_order else sums.crossed
        chosen = Accumulated(sums.centre, sums.pairs, sums.hybrids[:, :, places], crossed)
        whole = replace(plan, log2_points=state.points.bit_length() - 1)
        found = index_table(replace(whole, problem=problem), chosen)
        result[table.dimension] = found.assign_attrs(evaluations=whole.evaluations)
    return result
