"""The user's inputs, groups and outputs, checked: distributions of our own, of scipy, or a problem of SALib."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np

from ..distributions import Distribution, from_mapping, scale, shift
from ..distributions.compound import steps_from
from ..distributions.core import Parameter
from ..distributions.smooth import Array, Tails
from ..errors import InputError, nearest

UNCUT = 1e-30  # probability cut from each side where none is meant: no level of a net is nearer to 0 or 1 than 2**-33
LAST_LEVEL = 2.0**-34
MOST_STEPS = 10_000  # values of a discrete distribution of scipy


@dataclass(frozen=True)
class Problem:
    """Which inputs are drawn, and which of them together.

    Attributes
    ----------
    names : tuple of str
        Of the inputs.
    distributions : tuple of Distribution
    groups : tuple of str
        The names of the inputs again where there are no groups.
    members : (groups, inputs) bool
        Each input in one group.
    grouped : bool
    outputs : tuple of str, or None
        Their names, where the user gave them.
    """

    names: tuple[str, ...]
    distributions: tuple[Distribution, ...]
    groups: tuple[str, ...]
    members: np.ndarray
    grouped: bool
    outputs: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Frozen:
    """A continuous frozen distribution of scipy, as a form of `simulator.distributions`; its bounds may be infinite."""

    frozen: Any

    @property
    def low(self) -> float:
        return float(self.frozen.support()[0])

    @property
    def high(self) -> float:
        return float(self.frozen.support()[1])

    def quantile(self, u: Array, v: Array) -> Array:  # noqa: ARG002 (the form's signature)
        return np.asarray(self.frozen.ppf(u), dtype=np.float64)

    def tails(self, x: Array) -> Tails:
        return np.asarray(self.frozen.cdf(x)), np.asarray(self.frozen.sf(x))

    def mean(self) -> float:
        return float(self.frozen.mean())

    def variance(self) -> float:
        return float(self.frozen.var())


def make_problem(inputs: Mapping[str, Any], groups: Mapping[str, Sequence[str]] | Sequence[str] | None) -> Problem:
    """Read what the user gave.

    Parameters
    ----------
    inputs : mapping
        Names to distributions, see `as_distribution`; or a problem of SALib: `names`, `bounds`, and, if wanted, `num_vars`,
        `dists`, `groups`, `outputs`.
    groups : mapping, sequence or None
        Names of groups to their inputs, where each input that stands in none is a group by itself; or the group of each
        input. Comes before the groups of a problem of SALib.

    Returns
    -------
    Problem

    Raises
    ------
    InputError
        For a distribution, a label or a problem that cannot be used.

    Examples
    --------
    >>> problem = make_problem({"x": (0, 1), "y": {"kind": "normal", "mean": 0, "sd": 1}, "z": (2, 3)}, {"u": ["x", "z"]})
    >>> problem.groups
    ('u', 'y')
    >>> problem.members
    array([[ True, False,  True],
           [False,  True, False]])
    """
    if not isinstance(inputs, Mapping) or not inputs:
        raise InputError("inputs", "there are none", 'Give a dict such as {"x": (0, 1)}, or a problem of SALib.')
    outputs = None
    listed = inputs.get("names")
    if "bounds" in inputs and isinstance(listed, list | tuple) and all(isinstance(name, str) for name in listed):
        problem = inputs
        inputs = _from_salib(problem)
        groups = problem.get("groups") if groups is None else groups
        outputs = _labels("problem, key 'outputs'", problem.get("outputs"))
    names = tuple(inputs)
    for name in names:
        if not isinstance(name, str) or not name:
            raise InputError(f"inputs, {name!r}", "its name is not a text", "Give each input a name in quotes.")
    distributions = tuple(as_distribution(value, f"inputs, {name!r}") for name, value in inputs.items())
    labels = names if groups is None else _group_of_each(names, groups)
    return Problem(names, distributions, *partition(labels), groups is not None, outputs)


def partition(labels: Sequence[str]) -> tuple[tuple[str, ...], np.ndarray]:
    """Groups from the label of each input.

    Parameters
    ----------
    labels : sequence of str

    Returns
    -------
    groups : tuple of str
    members : (groups, inputs) bool

    Examples
    --------
    >>> partition(["u", "v", "u"])
    (('u', 'v'), array([[ True, False,  True],
           [False,  True, False]]))
    """
    places = {group: place for place, group in enumerate(dict.fromkeys(labels))}
    members = np.zeros((len(places), len(labels)), dtype=bool)
    members[[places[label] for label in labels], range(len(labels))] = True
    return tuple(places), members


def as_distribution(value: Any, place: str) -> Distribution:
    """A distribution from what the user gave for one input.

    Parameters
    ----------
    value : Distribution, mapping, pair of numbers, or frozen distribution of scipy.stats
        A mapping is as in the configs, see `simulator.distributions.parse`; a pair is the bounds of a uniform one.
    place : str
        For errors.

    Returns
    -------
    Distribution

    Raises
    ------
    InputError

    Examples
    --------
    >>> as_distribution((0, 2), "inputs, 'x'").parameters
    (('low', 0.0), ('high', 2.0))
    """
    if isinstance(value, Distribution):
        return value
    if isinstance(value, Mapping):
        return _from_table(value, place)
    if isinstance(value, list | tuple) and len(value) == 2 and all(isinstance(bound, Real) for bound in value):
        return from_mapping({"kind": "uniform", "low": float(value[0]), "high": float(value[1])}, place, Path())
    if all(hasattr(value, name) for name in ("ppf", "support", "dist")):
        return _from_scipy(value, place)
    remedy = 'Give (low, high), {"kind": ...} as in the configs, or a frozen distribution of scipy.stats.'
    raise InputError(place, f"{value!r} is not a distribution", remedy)


def stated(distribution: Distribution) -> dict[str, Any]:
    """A distribution as a mapping that JSON can hold and `as_distribution` reads.

    Parameters
    ----------
    distribution : Distribution

    Returns
    -------
    dict

    Examples
    --------
    >>> stated(as_distribution((0, 2), "inputs, 'x'"))
    {'kind': 'uniform', 'low': 0.0, 'high': 2.0}
    """
    table: dict[str, Any] = {"kind": distribution.kind, **dict(distribution.parameters)}
    if "components" in table:
        table["components"] = [stated(part) for part in table["components"]]
    if (distribution.factor, distribution.offset) != (1.0, 0.0):
        table |= {"times": distribution.factor, "plus": distribution.offset}
    return table


def _from_table(table: Mapping[str, Any], place: str) -> Distribution:
    """As in the configs, or as `stated` writes it."""
    factor, offset = table.get("times", 1.0), table.get("plus", 0.0)
    rest = {name: value for name, value in table.items() if name not in ("times", "plus")}
    if rest.get("kind") != "scipy":
        return shift(scale(from_mapping(rest, place, Path()), factor), offset)
    from scipy import stats

    keywords = {name: value for name, value in rest.items() if name not in ("kind", "family", "arguments")}
    try:
        frozen = getattr(stats, rest["family"])(*rest["arguments"], **keywords)
    except (AttributeError, KeyError, TypeError) as error:
        raise InputError(
            place, f"scipy.stats cannot make it ({error})", "Give family and arguments as scipy."
        ) from None
    return shift(scale(_from_scipy(frozen, place), factor), offset)


def _from_scipy(frozen: Any, place: str) -> Distribution:
    given = [*frozen.args, *frozen.kwds.values()]
    if any(np.ndim(value) for value in given) or not np.isfinite(frozen.ppf(0.5)) or not np.isfinite(frozen.var()):
        remedy = "Give single numbers within the range that scipy states."
        raise InputError(place, "it is not one distribution with a finite variance", remedy)
    arguments = tuple(float(value) for value in frozen.args)
    keywords = tuple((str(name), float(value)) for name, value in frozen.kwds.items())
    parameters: tuple[tuple[str, Parameter], ...]
    parameters = (("family", str(frozen.dist.name)), ("arguments", arguments), *keywords)
    if not hasattr(frozen, "pmf"):
        return Distribution("scipy", parameters, Frozen(frozen))
    first, last = (int(frozen.ppf(level)) for level in (LAST_LEVEL, 1 - LAST_LEVEL))
    if last - first >= MOST_STEPS:
        raise InputError(place, f"it has more than {MOST_STEPS} values", "Give a continuous distribution near it.")
    steps = np.arange(first, last + 1)
    return Distribution("scipy", parameters, steps_from(steps.tolist(), frozen.pmf(steps).tolist()))


def _from_salib(problem: Mapping[str, Any]) -> dict[str, Any]:
    """Tables of the inputs of a problem of SALib (1.6), by its `scale_samples`."""
    names, bounds = list(problem["names"]), list(problem["bounds"])
    kinds = problem.get("dists") or ["unif"] * len(names)
    count = problem.get("num_vars", len(names))
    for key, found in (("num_vars", count), ("bounds", len(bounds)), ("dists", len(kinds))):
        if found != len(names):
            raise InputError(f"problem, key {key!r}", f"{found}, beside {len(names)} names", "Give one for each name.")
    if len(set(names)) < len(names):
        raise InputError("problem, key 'names'", "a name stands twice", "Give each input a name of its own.")
    tables = {}
    for name, kind, bound in zip(names, kinds, bounds, strict=True):
        place = f"problem, input {name!r}"
        if kind not in _SALIB:
            raise InputError(f"{place}, key 'dists'", f"there is no kind {kind!r}", nearest(str(kind), _SALIB))
        counts, build = _SALIB[kind]
        if not isinstance(bound, list | tuple | np.ndarray) or len(bound) not in counts:
            needed = " or ".join(map(str, counts))
            raise InputError(f"{place}, key 'bounds'", f"{bound!r}, where '{kind}' has {needed} numbers", "Give these.")
        try:
            tables[name] = as_distribution(build(*map(float, bound)), place)
        except (ValueError, TypeError, OverflowError) as error:
            raise InputError(f"{place}, key 'bounds'", f"{bound!r}: {error}", "Give finite numbers.") from None
    return tables


def _triangular(low: float, high: float, peak: float | None = None) -> dict[str, Any]:
    if peak is None:  # SALib's old form: from 0
        low, high, peak = 0.0, low, high
    return {"kind": "triangular", "low": low, "mode": low + peak * (high - low), "high": high}


def _log_uniform(low: float, high: float) -> Any:
    from scipy import stats

    return stats.loguniform(low, high)


def _weibull(shape: float, size: float, start: float = 0.0) -> Any:
    from scipy import stats

    return stats.weibull_min(shape, start, size)


_SALIB: Mapping[str, tuple[tuple[int, ...], Callable[..., Any]]] = {
    "unif": ((2,), lambda low, high: (low, high)),
    "logunif": ((2,), _log_uniform),
    "triang": ((2, 3), _triangular),
    "norm": ((2,), lambda mean, sd: {"kind": "normal", "mean": mean, "sd": sd, "tail": UNCUT}),
    "truncnorm": (
        (4,),
        lambda low, high, mean, sd: {"kind": "normal", "mean": mean, "sd": sd, "low": low, "high": high},
    ),
    "lognorm": (
        (2,),
        lambda mean, sd: {"kind": "lognormal", "median": float(np.exp(mean)), "sigma": sd, "tail": UNCUT},
    ),
    "weibull": ((2, 3), _weibull),
}
"""How many numbers `bounds` has for each kind of SALib, and what they mean."""


def _group_of_each(names: tuple[str, ...], groups: Mapping[str, Sequence[str]] | Sequence[str]) -> tuple[str, ...]:
    if not isinstance(groups, Mapping):
        labels = _labels("groups", groups) or ()
        if len(labels) != len(names):
            raise InputError("groups", f"{len(labels)} names, beside {len(names)} inputs", "Give one for each input.")
        return labels
    found: dict[str, str] = {}
    for label, members in groups.items():
        if isinstance(members, str) or not members:
            raise InputError(f"groups, {label!r}", f"{members!r} is not a list of inputs", "Write a list of names.")
        for name in members:
            if name not in names:
                raise InputError(f"groups, {label!r}", f"there is no input {name!r}", nearest(str(name), names))
            if name in found:
                problem = f"{name!r} stands in {found[name]!r} too"
                raise InputError(f"groups, {label!r}", problem, "Give each input one group.")
            found[name] = str(label)
    for name in names:
        if name not in found and name in groups:
            problem = f"an input of this name stands in no group, and so is a group {name!r} by itself"
            raise InputError(f"groups, {name!r}", problem, "Give the group another name, or the input a group.")
    return tuple(found.get(name, name) for name in names)


def _labels(place: str, values: Any) -> tuple[str, ...] | None:
    if values is None:
        return None
    if isinstance(values, str) or not all(isinstance(value, str) and value for value in values):
        raise InputError(place, f"{values!r} is not a list of names", 'Write a list such as ["a", "b"].')
    return tuple(values)
