"""Methods of SALib by name, on designs of their own: SALib sees levels in the unit cube, the function sees values.

Levels are turned into values by our distributions, so that every method works with all of them. What a method measures
per unit of an input (Morris, DGSM) is then per unit of its quantile level: from the lowest to the highest value.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from ..distributions import quantile
from ..errors import InputError, nearest
from .given_data import Arrays, does_not_vary, label_outputs, labelled, refuse_non_finite
from .problem import Problem

if TYPE_CHECKING:
    import xarray as xr

RESAMPLES = 100


@dataclass(frozen=True)
class Method:
    """A method of SALib.

    Attributes
    ----------
    title : str
    sampler, analyser : str
        Modules of `SALib.sample` and `SALib.analyze`.
    cost : str
        Evaluations for N points, d inputs or groups.
    variables : mapping of str
        What SALib's results are called there, to what they are.
    groups : bool
        Whether it has indices of groups.
    resamples : bool
        Whether it makes intervals by a bootstrap.
    takes_levels : bool
        Whether the analyser is given the levels beside the outputs.
    """

    title: str
    sampler: str
    analyser: str
    cost: str
    variables: Mapping[str, str]
    groups: bool = False
    resamples: bool = True
    takes_levels: bool = True


_CONF = "half width of its 95 % bootstrap interval"
_PER_LEVEL = "per unit of quantile level"

METHODS: Mapping[str, Method] = {
    "morris": Method(
        "Elementary effects (Morris 1991, doi:10.1080/00401706.1991.10484804)", "morris", "morris", "N (d + 1)",
        {
            "mu": f"Mean elementary effect, in units of the output {_PER_LEVEL}",
            "mu_star": f"Mean absolute elementary effect (Campolongo et al. 2007), in units of the output {_PER_LEVEL}",
            "sigma": "Standard deviation of the elementary effects: curvature and interactions; none for several inputs",
            "mu_star_conf": f"mu_star: {_CONF}",
        },
        groups=True,
    ),
    "delta": Method(
        "Moment-independent delta (Borgonovo 2007, doi:10.1016/j.ress.2006.04.015)", "latin", "delta", "N",
        {
            "delta": "Half the mean distance of the density of the output from that with the input known",
            "delta_conf": f"delta: {_CONF}",
            "delta_raw": "Half the mean distance of the density of the output from that with the input known",
            "delta_raw_conf": f"delta_raw: {_CONF}",
            "delta_balanced": "The same, resampled with as many futures from each tenth of the levels",
            "delta_balanced_conf": f"delta_balanced: {_CONF}",
            "S1": "First-order Sobol' index from the means of classes",
            "S1_conf": f"S1: {_CONF}",
        },
    ),
    "rbd_fast": Method(
        "Random balance design FAST (Tarantola et al. 2006, doi:10.1016/j.ress.2005.06.003)", "latin", "rbd_fast", "N",
        {"S1": "First-order Sobol' index from ten harmonics", "S1_conf": f"S1: {_CONF}, from half the sample"},
    ),
    "fast": Method(
        "Extended FAST (Saltelli et al. 1999, doi:10.1080/00401706.1999.10485594)", "fast_sampler", "fast", "N d",
        {
            "S1": "First-order Sobol' index from four harmonics",
            "S1_conf": "S1: half width by a bootstrap of the search curve, which SALib itself calls unreliable",
            "ST": "Total-order Sobol' index",
            "ST_conf": "ST: half width by a bootstrap of the search curve, which SALib itself calls unreliable",
        },
        takes_levels=False,
    ),
    "dgsm": Method(
        "Derivative-based measure (Sobol' & Kucherenko 2009, doi:10.1016/j.matcom.2009.01.023)",
        "finite_diff", "dgsm", "N (d + 1)",
        {
            "vi": f"Mean squared derivative {_PER_LEVEL}: dominated by the tails where the density falls towards the bounds",
            "vi_std": "Standard deviation of the squared derivative",
            "dgsm": "Upper bound of the total-order Sobol' index: vi / (pi² variance)",
            "dgsm_conf": "vi, in spite of its name in SALib: half width of its 95 % bootstrap interval",
        },
    ),
    "pawn": Method(
        "PAWN (Pianosi & Wagener 2018, doi:10.1016/j.envsoft.2018.07.019)", "latin", "pawn", "N",
        {
            name: f"{said} over ten slices of the input of the Kolmogorov-Smirnov distance of the output there from all"
            for name, said in (
                ("minimum", "Minimum"), ("mean", "Mean"), ("median", "Median"), ("maximum", "Maximum"),
                ("CV", "Coefficient of variation"), ("stdev", "Standard deviation"),
            )
        },
        resamples=False,
    ),
    "discrepancy": Method(
        "Discrepancy of input and output (Puy, Roy & Saltelli 2024, arXiv:2206.13470)", "latin", "discrepancy", "N",
        {"s_discrepancy": "Wrap-around discrepancy of input and output, per sum over all inputs: a ranking, with no 0"},
        resamples=False,
    ),
}  # fmt: skip
_UNITS = {
    **dict.fromkeys(("mu", "mu_star", "sigma", "mu_star_conf"), "unit of the output"),
    **dict.fromkeys(("vi", "vi_std", "dgsm_conf"), "(unit of the output)²"),
}


def salib_method(
    name: str,
    function: Callable[[np.ndarray], Any],
    problem: Problem,
    points: int,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> xr.Dataset:
    """Draw a design by a method of SALib, evaluate a function there, and analyse the outputs.

    Parameters
    ----------
    name : str
        A key of `METHODS`: morris, delta, rbd_fast, fast, dgsm, pawn, discrepancy.
    function : callable
        Values of the inputs (n, inputs) to outputs (n,) or (n, outputs).
    problem : Problem
        See `simulator.sensitivity.problem.make_problem`. Groups with Morris alone.
    points : int
        SALib's N: trajectories of Morris, base points of DGSM, rows for each input of FAST, else rows.
    seed : int
        0 is a seed, too, which SALib itself takes for none.
    resamples : int
        Of SALib's bootstrap.

    Returns
    -------
    xarray.Dataset
        SALib's results under SALib's names, (output, input) or (output, group); long_name says what each is. An output that
        does not vary has NaN. Attributes: method, evaluations, and what SALib warned of.

    Raises
    ------
    InputError
        If there is no such method, it has no groups, has too few points, or an input has no finite bounds and the method
        goes to them.
    ValueError
        If numbers or shapes cannot be used.
    NonFiniteError
        If an output is not finite: SALib would make zeros or NaN of them without a word.

    Examples
    --------
    >>> from simulator.sensitivity.problem import make_problem
    >>> problem = make_problem({"a": (0, 1), "b": (0, 2)}, None)
    >>> table = salib_method("morris", lambda x: x[:, 0] + 2 * x[:, 1], problem, points=8)
    >>> table.mu_star.round(3).values
    array([[1., 4.]])
    """
    if name not in METHODS:
        raise InputError("method of SALib", f"there is no '{name}'", nearest(name, METHODS))
    method = METHODS[name]
    if problem.grouped and not method.groups:
        having = ", ".join(known for known, one in METHODS.items() if one.groups)
        raise InputError(f"method '{name}'", "it has no groups", f"Leave the groups out, or take: {having}.")
    if points < 1 or resamples < 1 or not 0 <= seed < 2**32:
        raise ValueError(
            f"points {points} and resamples {resamples} must be at least 1, seed {seed} from 0 to 2**32 - 1"
        )
    sample = import_module(f"SALib.sample.{method.sampler}").sample
    analyse = import_module(f"SALib.analyze.{method.analyser}").analyze
    options = {"seed": seed} | ({"num_resamples": resamples} if method.resamples else {})
    levels, messages = _run(name, seed, partial(sample, _unit_cube(problem), points, seed=seed))
    outputs = _outputs_at(function, problem, levels, name)
    varies, results = ~does_not_vary(outputs), []
    for column in outputs[:, varies].T:
        given = (levels, column.copy()) if method.takes_levels else (column.copy(),)
        result, said = _run(name, seed, partial(analyse, _unit_cube(problem), *given, **options))
        results.append(result)
        messages += said
    dimension, labels = ("group", problem.groups) if problem.grouped else ("input", problem.names)
    arrays = _arrays(method, results, varies, dimension, len(labels))
    names = label_outputs(outputs.shape[1], problem.outputs)
    return labelled(arrays, {"output": names, dimension: list(labels)}).assign_attrs(
        method=method.title,
        salib=version("SALib"),
        points=points,
        evaluations=len(outputs),
        seed=seed,
        warnings="; ".join(dict.fromkeys(messages)),
    )


def _run(name: str, seed: int, step: Callable[[], Any]) -> tuple[Any, list[str]]:
    """Result of a step of SALib, and its warnings.

    SALib draws from numpy's global stream, unseeded if the seed is 0, and changes how warnings look: the stream is seeded
    here, and both are afterwards as before. What SALib finds wrong with a design becomes a user's mistake.
    """
    state, look = np.random.get_state(), warnings.formatwarning  # noqa: NPY002
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            np.random.seed(seed)  # noqa: NPY002
            return step(), [" ".join(str(one.message).split()) for one in caught]
    except (ValueError, RuntimeError) as error:
        said = " ".join(str(error).split()).rstrip(".")
        raise InputError(f"method '{name}'", f"SALib says: {said}", "Give more points, or take another.") from None
    finally:
        np.random.set_state(state)  # noqa: NPY002
        warnings.formatwarning = look


def _unit_cube(problem: Problem) -> dict[str, Any]:
    """A problem of SALib; names are numbers, since SALib forbids some endings. New each time: SALib writes to it."""
    inputs = len(problem.names)
    cube: dict[str, Any] = {
        "num_vars": inputs,
        "names": [f"x{place}" for place in range(inputs)],
        "bounds": [[0.0, 1.0] for _ in range(inputs)],
    }
    if problem.grouped:
        cube["groups"] = [f"g{place}" for place in problem.members.argmax(axis=0)]
    return cube


def _outputs_at(function: Callable[[np.ndarray], Any], problem: Problem, levels: np.ndarray, name: str) -> np.ndarray:
    """Outputs (n, outputs), all finite."""
    values = np.empty_like(levels)
    for place, (label, one) in enumerate(zip(problem.names, problem.distributions, strict=True)):
        try:
            values[:, place] = quantile(one, levels[:, place])
        except FloatingPointError:
            said = f"it has no finite bounds, and '{name}' goes to levels 0 and 1"
            raise InputError(f"inputs, {label!r}", said, "Truncate it, or take another method.") from None
    outputs = np.asarray(function(values), dtype=np.float64)
    if outputs.ndim not in (1, 2) or len(outputs) != len(levels):
        raise ValueError(f"outputs have shape {outputs.shape}; {len(levels)} points make it ({len(levels)}, outputs)")
    outputs = outputs.reshape(len(levels), -1)
    refuse_non_finite(outputs, "outputs")
    return outputs


def _arrays(method: Method, results: list[Any], varies: np.ndarray, dimension: str, count: int) -> Arrays:
    """SALib's results side by side; those that it has only under some of its versions are left out where they are not."""
    arrays: Arrays = {}
    for name, said in method.variables.items():
        if results and name not in results[0]:
            continue
        array = np.full((len(varies), count), np.nan)
        for place, result in zip(np.flatnonzero(varies), results, strict=True):
            array[place] = np.ma.filled(np.ma.asarray(result[name], dtype=np.float64), np.nan)
        arrays[name] = (array, ("output", dimension), _UNITS.get(name, "1"), said)
    return arrays
