"""Interval arithmetic over the bounds of the distributions: what no future can do, whatever is drawn."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from .config import SEPARATOR, Config
from .distributions import bounds
from .errors import InputError
from .evidence import Evidence
from .inputs import Input, stated_at

Name = tuple[str, ...]
ROUNDING = 1e-9
_FACTORS = ("technology", "theme", "technology_own", "extrapolation", "residual")
_TABLES = {"time_share": "time_shares.csv", "coefficient": "coefficients.csv"}
_KEYS = {
    "time_share": "time_share.relative",
    "coefficient": "coefficient.relative",
    "residual": "residual.relative",
    "technology_own": "technology.common",
    "national": "phase_in.shift",
    "barrier": "phase_in.common",
    "phase_in": "phase_in.common",
}


@dataclass(frozen=True)
class _Sum:
    """constant + Σ weight · Π inputs, where weights of products of several inputs, and these, are not negative.

    Attributes
    ----------
    what : str
    products : tuple of (float, tuple of Name)
    low, high : float
        What it must not leave.
    constant : float
    above : bool
        Whether `low` itself is too low.
    """

    what: str
    products: tuple[tuple[float, tuple[Name, ...]], ...]
    low: float
    high: float
    constant: float = 0.0
    above: bool = False

    def end(self, ends: Mapping[Name, tuple[float, float]], top: bool) -> float:
        """The highest or lowest value, exactly: each input stands in one product."""
        return self.constant + math.fsum(
            weight * math.prod(ends[name][top if weight >= 0 else not top] for name in names)
            for weight, names in self.products
        )

    def names(self) -> list[Name]:
        """The inputs in it."""
        return list(dict.fromkeys(name for _, names in self.products for name in names))


def check_bounds(config: Config, evidence: Evidence, inputs: Sequence[Input]) -> None:
    """Check that no draw can leave what is possible.

    Over the bounds of all distributions: time shares, and their sum in each category, coefficients, the phase-in of
    each category, and what of its working time the technology saves stay within 0 to 1; factors are not negative;
    growth and speed are positive.

    Parameters
    ----------
    config : Config
    evidence : Evidence
    inputs : sequence of Input

    Raises
    ------
    InputError
        Names where the input is stated that contributes most to the excess, measured from its central value.
    """
    central = _centrals(evidence)
    distributions = {one.name: one.distribution for one in inputs}
    ends = {name: bounds(distributions[SEPARATOR.join(name)]) for name in central}
    for one in _sums(config, evidence, list(central)):
        for top in (False, True):
            reached, limit = one.end(ends, top), one.high if top else one.low
            excess = reached - limit if top else limit - reached
            if excess > ROUNDING or (one.above and not top and reached <= limit):
                raise _broken(config, evidence, one, ends, central, top=top)


def _centrals(evidence: Evidence) -> dict[Name, float]:
    """The inputs' values at which the tables are calibrated."""
    categories = evidence.categories[:-1]
    growth = evidence.growth
    return {
        ("technology",): 1.0,
        ("extrapolation",): 1.0,
        ("national",): 0.0,
        ("speed",): 20.0,
        **{("theme", name): 1.0 for name in evidence.themes},
        **{("barrier", name): 0.0 for name in evidence.barriers},
        **{("technology_own", name): 1.0 for name in categories},
        **{("phase_in", name): one.central for name, one in zip(categories, evidence.phase_in, strict=True)},
        **{("residual", name): one.central for name, one in zip(categories, evidence.residual, strict=False)},
        **{("time_share", task.category, task.name): task.share.central for task in evidence.tasks},
        **{("coefficient", task.category, task.name): task.coefficient.central for task in evidence.tasks},
        **{("demography", name): float(at) for name, at in zip(growth.drivers, growth.reference, strict=True)},
    }


def _sums(config: Config, evidence: Evidence, names: Sequence[Name]) -> Iterator[_Sum]:
    """All that must hold; single inputs first, since the rest presumes that no factor is negative."""
    for name in names:
        label = f"'{SEPARATOR.join(name)}'"
        if name[0] in ("time_share", "coefficient"):
            yield _Sum(label, ((1.0, (name,)),), 0.0, 1.0)
        elif name[0] in _FACTORS:
            yield _Sum(label, ((1.0, (name,)),), 0.0, math.inf)
        elif name[0] == "speed":
            yield _Sum(label, ((1.0, (name,)),), 0.0, math.inf, above=True)
    for position, category in enumerate(evidence.categories[:-1]):
        tasks = [task for task in evidence.tasks if task.category == category]
        shares = tuple((task.part, (("time_share", category, task.name),)) for task in tasks)
        yield _Sum(f"the sum of the time shares of '{category}'", shares, 0.0, 1.0)
        weights = zip(evidence.barriers, evidence.barrier_weight[position], strict=True)
        common = tuple((float(weight), (("barrier", name),)) for name, weight in weights)
        adopted = ((1.0, (("phase_in", category),)), (1.0, (("national",),)), *common)
        yield _Sum(f"the phase-in of '{category}' in 2040", adopted, 0.0, 1.0)
        yield _Sum(f"the working time that '{category}' saves", _use(evidence, position, category), 0.0, 1.0)
    yield from _growth(config, evidence)


def _use(evidence: Evidence, position: int, category: str) -> tuple[tuple[float, tuple[Name, ...]], ...]:
    factors = (("technology",), ("technology_own", category))
    if category == evidence.other:
        return ((float(evidence.workforce.potential_other.max()), (("extrapolation",), *factors)),)
    residual = ("residual", category), ("theme", evidence.residual_theme[position])
    tasks = (
        (
            task.part,
            (
                ("time_share", category, task.name),
                ("coefficient", category, task.name),
                ("theme", task.theme),
                *factors,
            ),
        )
        for task in evidence.tasks
        if task.category == category
    )
    return ((1.0, (*residual, *factors)), *tasks)


def _growth(config: Config, evidence: Evidence) -> Iterator[_Sum]:
    """Employment of each area in the years of the results."""
    import numpy as np

    growth = evidence.growth
    for year in config.settings.years:
        path = float(np.interp(year, growth.path_years, growth.path))
        for area, central, loading in zip(evidence.areas, growth.central, growth.loading, strict=True):
            weights = [path * float(slope) for slope in loading]
            products = tuple((w, (("demography", name),)) for w, name in zip(weights, growth.drivers, strict=True))
            constant = 1 + path * float(central) - float(np.dot(weights, growth.reference))
            what = f"the employment of '{area}' in {year} as a multiple of that in 2023"
            yield _Sum(what, products, 0.0, math.inf, constant, above=True)


def _broken(
    config: Config,
    evidence: Evidence,
    one: _Sum,
    ends: Mapping[Name, tuple[float, float]],
    central: Mapping[Name, float],
    *,
    top: bool,
) -> InputError:
    """The error for the input without whose distance from its central value the sum would come back farthest."""
    reached = one.end(ends, top)

    def without(name: Name) -> float:
        return one.end({**ends, name: (central[name], central[name])}, top)

    worst = max(one.names(), key=lambda name: abs(reached - without(name)))
    rising = all(weight >= 0 for weight, names in one.products if worst in names)
    bound = ends[worst][top if rising else not top]
    name, limit = SEPARATOR.join(worst), one.high if top else one.low
    verb, beyond = ("reaches", "above") if top else ("falls to", "not above" if one.above else "below")
    problem = f"{one.what} {verb} {reached:.6g}, {beyond} {limit:g}"
    if one.names() != [worst]:
        problem += f", mostly by the input '{name}', whose distribution goes to {bound:.6g}"
    # The sum is linear in each input: where it crosses the limit follows from two of its values.
    distance, effect = bound - central[worst], reached - without(worst)
    allowed = bound - (reached - limit) * distance / effect if effect else math.nan
    if not (allowed - central[worst]) * distance >= 0:
        remedy = f"Narrow it around {central[worst]:.4g}, and the others of the sum too"
    elif distance > 0:
        remedy = f"Let it end at or below {math.floor(allowed * 1e4 + 1e-6) / 1e4:g}"
    else:
        remedy = f"Let it begin {'above' if one.above else 'at or above'} {math.ceil(allowed * 1e4 - 1e-6) / 1e4:g}"
    place, how = _place(config, evidence, worst)
    return InputError(place, problem, f"{remedy}{how}.")


def _place(config: Config, evidence: Evidence, name: Name) -> tuple[str, str]:
    """Where the distribution of an input comes from, and how to change it where that is not under [inputs]."""
    stated = stated_at(config, name)
    if stated is not None:
        return stated, ""
    if name[0] in _TABLES:
        task = next(task for task in evidence.tasks if (task.category, task.name) == name[1:])
        printed = task.share if name[0] == "time_share" else task.coefficient
        if not math.isnan(printed.low):
            place = f"{config.data / _TABLES[name[0]]}, '{name[1]}', '{name[2]}'"
            return place, ": change the range, or state the input under [inputs]"
    return config.place(_KEYS[name[0]]), ": change this key, or state the input under [inputs]"
