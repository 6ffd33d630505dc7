"""Distributions from tables of a config: checked, with errors that name the place, the parameter and the remedy.

============= =========================================== ====================================================
kind          parameters (default)                        meaning
============= =========================================== ====================================================
fixed         value                                       a constant
uniform       low, high
triangular    low, mode, high
pert          low, mode, high, weight (4)                 beta with shapes 1 + weight (mode - low)/(high - low)
                                                          and 1 + weight (high - mode)/(high - low)
normal        mean, sd, tail (0.0005) or low and high     `mean` and `sd` of the normal before it is cut
lognormal     median, sigma, tail or low and high         `sigma`: standard deviation of the logarithm, before the
                                                          cut; a cut by `tail` leaves the median where it is
beta          alpha, beta, low (0), high (1)
discrete      values, probabilities
empirical     values, or file and column                  each value (row of a CSV) with probability 1/n
mixture       components, weights                         components are tables such as this one
interval      p05, p95, family ("normal"), tail           family normal, lognormal or uniform (no tail)
percentiles   p10, p50, p90, low, high                    two half-normals
============= =========================================== ====================================================

`tail` is the probability cut from each side: the bounds are the quantiles at `tail` and 1 - `tail` of the uncut family,
and what is between them is divided by 1 - 2 `tail`.

`interval`: the 5 % quantile of the cut distribution is the quantile of the uncut one at t + 0.05 (1 - 2 t), t = `tail`.
Centre and spread of the uncut one follow from that in closed form, so that the cut one has exactly the quantiles p05
and p95.

`percentiles`: below the median a normal centred there, cut to [low, p50] and given probability 1/2; above it another,
cut to [p50, high]. Their standard deviations are solved so that p10 and p90 hold exactly. The flattest half is uniform,
so (p50 - p10) < 0.8 (p50 - low) is needed, and likewise above.

PERT: Malcolm, Roseboom, Clark and Fazar (1959), Operations Research 7(5), https://doi.org/10.1287/opre.7.5.646, where
the mean is (low + 4 mode + high)/6; the weight 4 made free is called the modified PERT.
"""

from __future__ import annotations

import csv
import io
import itertools
import math
from collections.abc import Callable, Mapping
from pathlib import Path

from ..errors import InputError, nearest
from ..tables import Column, read_table, read_text
from .compound import Steps, mixture_of, steps_from
from .core import Distribution, Parameter, form_of
from .reading import LARGEST, Source, between, low_mode_high, number, numbers, ordered, positive, shares, text
from .smooth import Beta, Form, Lognormal, Normal, SplitNormal, Triangular, Uniform

TAIL = 0.0005
"""Probability cut from each side of an unbounded family, unless stated."""

NARROWEST = 1e-12
"""Least width of a continuous distribution, as a share of its largest bound; below it rounding would show."""

FARTHEST = 8.0
"""A cut may begin this many standard deviations from the centre; less than 1e-15 of a normal lies farther out."""


def from_mapping(mapping: Mapping[str, object], place: str, folder: Path) -> Distribution:
    """A distribution from a table such as ``{kind = "pert", low = 0.1, mode = 0.2, high = 0.4}``.

    The kinds and their parameters are in the table at the head of this module.

    Parameters
    ----------
    mapping : mapping
        `kind` and its parameters.
    place : str
        Where the table stands, for errors: "configs/base.toml, key 'input.speed'".
    folder : Path
        Where paths of `file` start.

    Returns
    -------
    Distribution

    Raises
    ------
    InputError
        Unknown kind; unknown, missing or contradictory parameters; a value of the wrong type, not finite or out of
        range; bounds in the wrong order; probabilities that do not sum to 1; a file that cannot be used.

    Examples
    --------
    >>> speed = {"kind": "pert", "low": 0.1, "mode": 0.2, "high": 0.4}
    >>> from_mapping(speed, "base.toml, key 'input.speed'", Path()).parameters
    (('low', 0.1), ('mode', 0.2), ('high', 0.4))
    """
    kind = mapping.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        problem = f"there is no kind {kind!r}" if "kind" in mapping else "it is missing"
        raise InputError(f"{place}, parameter 'kind'", problem, nearest(str(kind or ""), KINDS))
    required, optional, build = KINDS[kind]
    source = Source(place, mapping, folder)
    for name in mapping:
        if name not in ("kind", *required, *optional):
            raise source.error(name, f"kind '{kind}' has no such parameter", nearest(name, (*required, *optional)))
    for name in required:
        if name not in mapping:
            raise source.error(name, "it is missing", f"Kind '{kind}' needs: {', '.join(required)}.")
    form, stated = build(source)
    _check_range(source, form)
    order = (*required, *optional)
    return Distribution(kind, tuple((name, stated[name]) for name in order if name in stated), form)


Built = tuple[Form, dict[str, Parameter]]


def _fixed(source: Source) -> Built:
    value = number(source, "value")
    return Steps((value,), (1.0,)), {"value": value}


def _uniform(source: Source) -> Built:
    low, high = ordered(source, "low", "high")
    return Uniform(low, high), {"low": low, "high": high}


def _triangular(source: Source) -> Built:
    low, mode, high = low_mode_high(source)
    return Triangular(low, mode, high), {"low": low, "mode": mode, "high": high}


def _pert(source: Source) -> Built:
    low, mode, high = low_mode_high(source)
    stated: dict[str, Parameter] = {"low": low, "mode": mode, "high": high}
    weight = 4.0
    if "weight" in source.table:
        stated["weight"] = weight = between(source, "weight", 0.0, 1e6)
    width = high - low
    return Beta(1.0 + weight * ((mode - low) / width), 1.0 + weight * ((high - mode) / width), low, high), stated


def _beta(source: Source) -> Built:
    a, b = between(source, "alpha", 0.01, 1e6), between(source, "beta", 0.01, 1e6)
    ends = {"low": 0.0, "high": 1.0}
    low, high = ordered(source, "low", "high", ends)
    stated: dict[str, Parameter] = {"alpha": a, "beta": b}
    return Beta(a, b, low, high), stated | {name: number(source, name) for name in ends if name in source.table}


def _normal(source: Source) -> Built:
    centre, sd = number(source, "mean"), positive(source, "sd")
    low, high, z_low, z_high, stated = _cut(source, lambda x: (x - centre) / sd, lambda z: centre + sd * z)
    return Normal(centre, sd, low, high, z_low, z_high), {"mean": centre, "sd": sd} | stated


def _lognormal(source: Source) -> Built:
    median, sigma = positive(source, "median"), positive(source, "sigma")
    if "low" in source.table and number(source, "low") < 0:
        raise source.error("low", "it is negative", "A lognormal is positive: give low = 0 or more.")

    def score(x: float) -> float:
        return math.log(x / median) / sigma if x > 0 else -math.inf

    low, high, z_low, z_high, stated = _cut(source, score, lambda z: median * _exp(source, "sigma", sigma * z))
    return Lognormal(median, sigma, low, high, z_low, z_high), {"median": median, "sigma": sigma} | stated


def _exp(source: Source, name: str, exponent: float) -> float:
    """The exponential, refused where it would overflow."""
    if abs(exponent) > math.log(LARGEST):
        raise source.error(name, "it spreads the values over more than 150 powers of 10", "Give a narrower spread.")
    return math.exp(exponent)


def _cut(
    source: Source, score: Callable[[float], float], value: Callable[[float], float]
) -> tuple[float, float, float, float, dict[str, Parameter]]:
    """Bounds of a normal or lognormal, as values and as standard scores: from `low` and `high`, or from `tail`."""
    given = [name for name in ("low", "high") if name in source.table]
    if not given:
        tail, stated = _tail(source)
        end = _normal_quantile(tail)
        return value(end), value(-end), end, -end, stated
    if "tail" in source.table:
        raise source.error("tail", f"it stands beside '{given[0]}'", "Give either tail, or low and high.")
    if len(given) == 1:
        other = "high" if given == ["low"] else "low"
        raise source.error(other, f"it is missing beside '{given[0]}'", "Give both low and high, or tail instead.")
    low, high = ordered(source, "low", "high")
    z_low, z_high = score(low), score(high)
    for name, distance in (("low", z_low), ("high", -z_high)):
        if distance > FARTHEST:
            remedy = "Give bounds that hold part of the distribution."
            raise source.error(name, f"it cuts all but the last 1e-15 ({distance:.3g} standard deviations out)", remedy)
    return low, high, z_low, z_high, {"low": low, "high": high}


def _discrete(source: Source) -> Built:
    values = numbers(source, "values")
    probabilities = shares(source, "probabilities", len(values), "values")
    for value in values:
        if values.count(value) > 1:
            raise source.error("values", f"{value:g} stands twice", "Give it once, with the sum of its probabilities.")
    return steps_from(values, probabilities), {"values": values, "probabilities": probabilities}


def _empirical(source: Source) -> Built:
    given = [name for name in ("values", "file", "column") if name in source.table]
    if given == ["values"]:
        values = numbers(source, "values")
        return steps_from(values, [1.0] * len(values)), {"values": values}
    if given != ["file", "column"]:
        name = "values" if "values" in given or not given else ({"file", "column"} - set(given)).pop()
        problem = "it stands beside a file" if "values" in given else "it is missing"
        raise source.error(name, problem, "Give either values, or file and column.")
    file, column = text(source, "file"), text(source, "column")
    read = _read_column(source, source.folder / file, column)
    return steps_from(read, [1.0] * len(read)), {"file": file, "column": column}


def _read_column(source: Source, path: Path, column: str) -> list[float]:
    """One column of numbers of a CSV file; the other columns may hold anything."""
    try:
        header = read_text(path).split("\n", 1)[0]
        semicolons = ";" in header and header.count(";") >= header.count(",")
        names = [
            name.strip() for name in next(csv.reader(io.StringIO(header), delimiter=";" if semicolons else ","), [])
        ]
        if column not in names:
            raise InputError(f"{path}, row 1", f"there is no column '{column}'", nearest(column, names))
        columns = {name: Column(str, empty=True) for name in names} | {
            column: Column(float, low=-LARGEST, high=LARGEST)
        }
        return [float(number) for number in read_table(path, columns).numbers(column)]
    except InputError as error:
        raise source.error("file", f"{error.place}: {error.problem}", error.remedy) from None


def _mixture(source: Source) -> Built:
    tables = source.table["components"]
    if not isinstance(tables, list | tuple) or not tables:
        raise source.error("components", "it is not a list of tables", 'Write [{kind = "uniform", ...}, ...].')
    weights = shares(source, "weights", len(tables), "components")
    components: list[Distribution] = []
    for position, table in enumerate(tables, start=1):
        place = f"{source.place}, component {position}"
        if not isinstance(table, Mapping):
            raise InputError(place, "it is not a table", 'Write a table such as {kind = "uniform", low = 0, high = 1}.')
        components.append(from_mapping(table, place, source.folder))
    form = mixture_of([form_of(component) for component in components], weights)
    return form, {"components": tuple(components), "weights": weights}


def _interval(source: Source) -> Built:
    low, high = ordered(source, "p05", "p95")
    stated: dict[str, Parameter] = {"p05": low, "p95": high}
    family = "normal"
    if "family" in source.table:
        stated["family"] = family = text(source, "family")
    if family not in ("normal", "lognormal", "uniform"):
        problem, remedy = f"there is no family '{family}'", nearest(family, ("normal", "lognormal", "uniform"))
        raise source.error("family", problem, remedy)
    if family == "uniform":
        if "tail" in source.table:
            raise source.error("tail", "a uniform has no tail to cut", "Leave it out.")
        beyond = (high - low) / 18.0  # 5 % beside the 90 % between
        return Uniform(low - beyond, high + beyond), stated
    tail, stated_tail = _tail(source)
    end, inner = _normal_quantile(tail), -_normal_quantile(tail + 0.05 * (1.0 - 2.0 * tail))
    stated |= stated_tail
    if family == "normal":
        centre, sd = 0.5 * low + 0.5 * high, 0.5 * (high - low) / inner
        return Normal(centre, sd, centre + sd * end, centre - sd * end, end, -end), stated
    if low <= 0:
        raise source.error("p05", f"{low:g} is not positive", "A lognormal is positive: give p05 above 0.")
    median, sigma = math.sqrt(low) * math.sqrt(high), 0.5 * math.log(high / low) / inner
    bottom, top = median * _exp(source, "p95", sigma * end), median * _exp(source, "p95", -sigma * end)
    return Lognormal(median, sigma, bottom, top, end, -end), stated


def _percentiles(source: Source) -> Built:
    names = ("low", "p10", "p50", "p90", "high")
    for first, second in itertools.pairwise(names):
        ordered(source, first, second)
    low, p10, p50, p90, high = (number(source, name) for name in names)
    sd_left = _half_normal_sd(source, "low", p50 - p10, p50 - low, p50 - (p50 - p10) / 0.8)
    sd_right = _half_normal_sd(source, "high", p90 - p50, high - p50, p50 + (p90 - p50) / 0.8)
    left = Normal(p50, sd_left, low, p50, -(p50 - low) / sd_left, 0.0)
    right = Normal(p50, sd_right, p50, high, 0.0, (high - p50) / sd_right)
    return SplitNormal(left, right), {"p10": p10, "p50": p50, "p90": p90, "low": low, "high": high}


def _half_normal_sd(source: Source, bound: str, inner: float, outer: float, limit: float) -> float:
    """Standard deviation of a half-normal cut at `outer` that has 0.8 of its probability within `inner`.

    With r = inner/outer and s = outer/(sd sqrt(2)), erf(r s) = 0.8 erf(s), whose left side over its right rises from
    r/0.8 at s = 0; bisection finds s to the last place.
    """
    ratio = inner / outer
    least, most = 1e-7, 1.0 / ratio  # erf(1) = 0.84, above 0.8 erf(s) for every s
    if not math.erf(ratio * least) < 0.8 * math.erf(least):
        side, percentile = ("below", "p10") if bound == "low" else ("above", "p90")
        problem = f"no half-normal between it and p50 has {percentile} where it is stated"
        raise source.error(bound, problem, f"Give {bound} {side} {limit:.6g}, or move {percentile} nearer to p50.")
    while (middle := 0.5 * (least + most)) not in (least, most):
        if math.erf(ratio * middle) < 0.8 * math.erf(middle):
            least = middle
        else:
            most = middle
    return outer / (most * math.sqrt(2.0))


def _tail(source: Source) -> tuple[float, dict[str, Parameter]]:
    if "tail" not in source.table:
        return TAIL, {}
    tail = between(source, "tail", 0.0, 0.5)
    return tail, {"tail": tail}


def _normal_quantile(level: float) -> float:
    from scipy.special import ndtri

    return float(ndtri(level))


def _check_range(source: Source, form: Form) -> None:
    """Bounds that numbers can hold, and apart from each other unless the distribution is made of steps."""
    size = max(abs(form.low), abs(form.high))
    if not size <= LARGEST:
        raise InputError(source.place, "its bounds are above 1e150 in size", "Check the spread and its unit.")
    if not isinstance(form, Steps) and not form.high - form.low > NARROWEST * size:
        problem = f"it spreads by no more than rounding ({form.low!r} to {form.high!r})"
        raise InputError(source.place, problem, 'Give a wider spread, or kind = "fixed".')


KINDS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...], Callable[[Source], Built]]] = {
    "fixed": (("value",), (), _fixed),
    "uniform": (("low", "high"), (), _uniform),
    "triangular": (("low", "mode", "high"), (), _triangular),
    "pert": (("low", "mode", "high"), ("weight",), _pert),
    "normal": (("mean", "sd"), ("tail", "low", "high"), _normal),
    "lognormal": (("median", "sigma"), ("tail", "low", "high"), _lognormal),
    "beta": (("alpha", "beta"), ("low", "high"), _beta),
    "discrete": (("values", "probabilities"), (), _discrete),
    "empirical": ((), ("values", "file", "column"), _empirical),
    "mixture": (("components", "weights"), (), _mixture),
    "interval": (("p05", "p95"), ("family", "tail"), _interval),
    "percentiles": (("p10", "p50", "p90", "low", "high"), (), _percentiles),
}
"""Required parameters, optional ones, and builder of each kind."""
