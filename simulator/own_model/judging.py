"""Futures judged by a range or a threshold: what leads out of the range, and what knowing more first would be worth.

Letters: n rows, k inputs, O outputs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..distributions import bounds, quantile
from ..errors import InputError, nearest
from ..sensitivity.discovery import prim_boxes, separating_inputs
from ..sensitivity.discovery import switching_values as discovered_switching_values
from ..sensitivity.given_data import does_not_vary, label_outputs, rank_first_order
from ..sensitivity.information import expected_value_of_partial_perfect_information, expected_variance_reduction
from ..views import KeptFutures, decision_value, switching_values
from .study import Study

if TYPE_CHECKING:
    import xarray as xr

SIDES = ("below", "above")
MIDDLE = (0.05, 0.95)  # the range, where none is stated, as quantiles of the output


@dataclass(frozen=True)
class Sample:
    """Futures that were drawn.

    Attributes
    ----------
    values : (n, k) float64
    outputs : (n, O) float64
    replicate : (n,) int64
    """

    values: np.ndarray
    outputs: np.ndarray
    replicate: np.ndarray


@dataclass(frozen=True)
class _Judged:
    """Outputs with the range that each is held against; j of them.

    Attributes
    ----------
    names : list of str
    outputs : (n, j) float64
    places : list of int
        Among all outputs.
    low, high : (j,) float64
    said : str
        Where the ranges are from.
    """

    names: list[str]
    outputs: np.ndarray
    places: list[int]
    low: np.ndarray
    high: np.ndarray
    said: str


def separation(study: Study, sample: Sample) -> xr.Dataset:
    """Which inputs separate the futures in the range of an output from the others.

    Parameters
    ----------
    study : Study
    sample : Sample

    Returns
    -------
    xarray.Dataset
        See `simulator.sensitivity.discovery.separating_inputs`.
    """
    j = _judged(study, sample)
    table = separating_inputs(sample.values, j.outputs, j.low, j.high, study.problem.names, j.names)
    return table.assign_attrs(ranges=j.said, shown="ks_distance", beside="share")


def prim(study: Study, sample: Sample) -> xr.Dataset:
    """A box of a few inputs that holds many of the futures below the range of an output, and one of those above it.

    Parameters
    ----------
    study : Study
    sample : Sample

    Returns
    -------
    xarray.Dataset
        See `simulator.sensitivity.discovery.prim_boxes`, by output and `position`; NaN where no future is on that side.

    Raises
    ------
    InputError
        If no future of any output is outside its range, or the EMA Workbench is not installed.
    """
    import xarray as xr

    j, found = _judged(study, sample), {}
    for place, name in enumerate(j.names):
        for side, inside in zip(
            SIDES, (j.outputs[:, place] < j.low[place], j.outputs[:, place] > j.high[place]), strict=True
        ):
            if inside.any() and not inside.all():
                box = prim_boxes(sample.values, inside, study.problem.names).isel(box=0, drop=True)
                found[name, side] = box.assign_coords(step=np.arange(box.sizes["step"]))
    if not found:
        raise InputError(study.place, "no output has futures in its range and outside it", "Move the threshold.")
    nothing = xr.full_like(next(iter(found.values())), np.nan)
    rows = [
        xr.concat([found.get((name, side), nothing) for side in SIDES], "position", join="outer") for name in j.names
    ]
    table = xr.concat(rows, "output", join="outer").assign_coords(output=j.names, position=list(SIDES))
    for label, variable in nothing.data_vars.items():
        table[label].attrs = variable.attrs
    return table.assign_attrs(ranges=j.said, shown="limit", beside="density, coverage, mass")


def switching(study: Study, draw: Callable[[], Sample]) -> xr.Dataset:
    """At which value of one input alone an output leaves its range.

    Parameters
    ----------
    study : Study
    draw : callable
        Futures, for the ranges, where these are not stated.

    Returns
    -------
    xarray.Dataset
        Of the built-in model by its closed form, see `simulator.views.switching_values`. Of other functions with the other
        inputs at their medians, see `simulator.sensitivity.discovery.switching_values`.
    """
    if study.built_in is not None:
        return switching_values(study.built_in).assign_attrs(shown="probability_beyond, value", evaluations=0)
    sample, problem, evaluated = draw(), study.problem, 0
    j = _judged(study, sample)

    def outputs_at(values: np.ndarray) -> np.ndarray:
        nonlocal evaluated
        evaluated += len(values)
        return np.asarray(study.function(values)[:, j.places])

    def values_at(levels: np.ndarray) -> np.ndarray:
        return np.column_stack([quantile(one, levels[:, i]) for i, one in enumerate(problem.distributions)])

    ends = {end: one for end, one in (("low", j.low), ("high", j.high)) if np.isfinite(one).all()}
    targets = np.stack(list(ends.values()), axis=1)
    table = discovered_switching_values(outputs_at, values_at, problem.names, targets, list(ends), j.names)
    return table.assign_attrs(ranges=j.said, shown="probability, value", evaluations=len(sample.outputs) + evaluated)


def information(study: Study, sample: Sample) -> xr.Dataset:
    """What knowing an input takes off the spread of outputs, and what it is worth before acting on a threshold.

    Parameters
    ----------
    study : Study
    sample : Sample

    Returns
    -------
    xarray.Dataset
        By ranks, see `simulator.sensitivity.information.expected_variance_reduction`; and with a threshold evppi (input)
        and evpi, see `simulator.sensitivity.information.expected_value_of_partial_perfect_information`: of the built-in
        model from its closed form, of other functions from a regression.
    """
    problem, names = study.problem, label_outputs(sample.outputs.shape[1], study.problem.outputs)
    first = rank_first_order(sample.values, sample.outputs, problem.names, names, sample.replicate)
    variance = np.where(does_not_vary(sample.outputs), 0.0, sample.outputs.var(axis=0))
    table = expected_variance_reduction(first["first_order"].values, variance, problem.names, names)
    table = table.assign_attrs(shown="variance_reduction, sd_left, evppi", beside="payoff, evpi, evpi_change")
    if study.threshold is None:
        return table.assign_attrs(note="no threshold is stated in [decision]: what a decision gains is not there")
    place = _place(study, names)
    value = _decision_value(study, sample, place).expand_dims(output=[names[place]]).reindex(output=names)
    return table.merge(value).assign_attrs(output=names[place], threshold=study.threshold[1])


def _decision_value(study: Study, sample: Sample, place: int) -> xr.Dataset:
    problem = study.problem
    if study.built_in is not None:
        ends = np.array([bounds(one.distribution)[0] for one in study.built_in.inputs])
        live = [study.built_in.names.index(name) for name in problem.names]
        values = np.tile(ends, (len(sample.values), 1))  # what is fixed is not drawn
        values[:, live] = sample.values
        kept = KeptFutures(values, sample.outputs, sample.replicate)
        members = np.eye(len(ends), dtype=bool)[live]
        return decision_value(study.built_in, kept, members, problem.names).rename(group="input")
    threshold = study.threshold[1] if study.threshold is not None else np.nan
    found = expected_value_of_partial_perfect_information(
        sample.outputs[:, place], threshold, problem.names, values=sample.values, replicate=sample.replicate
    )
    return found.isel(output=0, drop=True)


def _judged(study: Study, sample: Sample) -> _Judged:
    """Outputs with a stated range, or with the stated threshold; where there is none, all, each with its middle."""
    names = label_outputs(sample.outputs.shape[1], study.problem.outputs)
    places, said = list(range(len(names))), "the middle 90 % of the futures drawn, since none is stated"
    low, high = np.quantile(sample.outputs, MIDDLE, axis=0)
    if study.ranges:
        places, said = [names.index(name) for name, _, _ in study.ranges], "published"
        low, high = (np.array([one[end] for one in study.ranges]) for end in (1, 2))
    elif study.threshold is not None:
        places, said = [_place(study, names)], "the threshold of [decision]"
        low, high = np.array([study.threshold[1]]), np.array([np.inf])
    return _Judged([names[at] for at in places], sample.outputs[:, places], places, low, high, said)


def _place(study: Study, names: list[str]) -> int:
    """Place of the output that the threshold is of."""
    stated = study.threshold[0] if study.threshold is not None else ""
    if stated in names:
        return names.index(stated)
    if not stated and len(names) == 1:
        return 0
    problem = f"there is no output '{stated}'" if stated else "it does not say which output the threshold is of"
    raise InputError(f"{study.place}, [decision] output", problem, nearest(stated, names))
