"""Every uncertain quantity as a named input: unit, distribution, place in the partitions, provenance."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np

from .config import SEPARATOR, Config
from .distributions import Distribution, bounds, from_mapping, mean, scale, shift, variance
from .errors import InputError, nearest
from .evidence import Evidence
from .tables import KINDS, Stated
from .technology import category_use, own_spread

PARTITIONS = ("category", "assumption", "factor", "evidence")
COMMON, OWN = "Fælles", "own"
_SCORE_90 = 1.6448536269514722  # the 95 % quantile of the standard normal
_NARROW_TAIL = 0.005  # cut from each side of what would pass 1 with the usual 0.0005: phase-in, large time shares
_PROVENANCE = ("evidence", "source", "note")  # may stand beside a distribution's parameters
_FROM_TABLES = ("time_share", "coefficient", "residual", "phase_in")
# The first dimensions of a Sobol' net are the most even: common factors come first, single tasks late, factors that
# only some configurations make uncertain last.
_ORDER = (
    "technology", "demography", "national", "extrapolation", "speed", "theme", "barrier",
    "residual", "coefficient", "phase_in", "time_share", "technology_own", "reconstruction",
)  # fmt: skip


@dataclass(frozen=True)
class Input:
    """One uncertain quantity.

    Attributes
    ----------
    name : str
        Unique; parts joined by points, as in the config.
    label : str
        In Danish where it names a category or a task.
    unit : str
    distribution : Distribution
    category : str
        Job category that it belongs to, or `Fælles`.
    assumption : str
        Kind of assumption.
    factor : str
        Common factor that it is, or `own`.
    evidence : str
        published, derived or assumed.
    source, note : str
    """

    name: str
    label: str
    unit: str
    distribution: Distribution
    category: str
    assumption: str
    factor: str
    evidence: str
    source: str
    note: str


@dataclass(frozen=True)
class _Overrides:
    """Distributions stated under [inputs], by name; `*` stands for any one part of a name. Names of inputs are noted as
    they are asked for: a label may itself hold a point."""

    config: Config
    stated: Mapping[tuple[str, ...], Mapping[str, Any]]
    used: dict[str, tuple[str, ...]]
    asked: list[tuple[str, ...]]

    def find(self, name: tuple[str, ...]) -> Distribution | None:
        """The distribution stated for an input, under the most specific name."""
        self.asked.append(name)
        matching = _matching(self.stated, name)
        if not matching:
            return None
        self.used[SEPARATOR.join(name)] = matching[0]
        place = self.config.place(SEPARATOR.join(("inputs", *matching[0])))
        parameters = {key: value for key, value in self.stated[matching[0]].items() if key not in _PROVENANCE}
        return from_mapping(parameters, place, self.config.data)

    def attributed(self, one: Input) -> Input:
        """The input with the provenance of its distribution, where that is stated; a table's no longer holds then."""
        if one.name not in self.used:
            return one
        key = self.used[one.name]
        place = self.config.place(SEPARATOR.join(("inputs", *key)))
        from_table = one.name.split(SEPARATOR)[0] in _FROM_TABLES
        known = {"evidence": "assumed", "source": _stated_in(place), "note": ""} if from_table else {}
        known |= {part: str(self.stated[key][part]) for part in _PROVENANCE if part in self.stated[key]}
        if known.get("evidence", KINDS[0]) not in KINDS:
            raise InputError(f"{place}, parameter 'evidence'", f"'{known['evidence']}' is not a kind of evidence",
                             f"Write one of: {', '.join(KINDS)}.")  # fmt: skip
        return replace(one, **cast(Any, known))


def _stated_in(place: str) -> str:
    """A place without the folder that the file happens to lie in."""
    file, comma, key = place.partition(", key ")
    return f"{Path(file).name}{comma}{key}"


def _matching(stated: Iterable[tuple[str, ...]], name: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Stated names that mean an input: those with the fewest `*` first, of these those that have it late."""
    matching = [
        key for key in stated if len(key) == len(name) and all(a in ("*", b) for a, b in zip(key, name, strict=True))
    ]
    return sorted(matching, key=lambda key: (key.count("*"), [part == "*" for part in key]))


def stated_at(config: Config, name: tuple[str, ...]) -> str | None:
    """Where the distribution of an input is stated.

    Parameters
    ----------
    config : Config
    name : tuple of str
        Parts of the input's name.

    Returns
    -------
    str or None
        The place, for a message; None where the distribution is not stated but follows from the tables.
    """
    matching = _matching((key for key, _ in _flat(config.settings.inputs, (), config)), name)
    return config.place(SEPARATOR.join(("inputs", *matching[0]))) if matching else None


def build_inputs(config: Config, evidence: Evidence) -> tuple[Input, ...]:
    """All inputs, in the order that fixes their dimensions.

    The list follows from the tables alone. A configuration changes distributions, never the list, so that scenarios
    share their draws.

    Parameters
    ----------
    config : Config
    evidence : Evidence

    Returns
    -------
    tuple of Input

    Raises
    ------
    InputError
        If a distribution is faulty, missing, or stated for an input that does not exist.
    """
    if COMMON in evidence.categories:
        problem, remedy = f"'{COMMON}' is what all categories have in common", "Give the category another name."
        raise InputError(str(config.data / "categories.csv"), problem, remedy)
    overrides = _Overrides(config, dict(_flat(config.settings.inputs, (), config)), {}, [])
    tasks = list(_tasks(config, evidence, overrides))
    inputs = [
        *_technology(config, evidence, overrides, {one.name: one.distribution for one in tasks}),
        *_phase_in(config, evidence, overrides),
        *tasks,
        *_outside(evidence, overrides),
        _reconstruction(evidence),
    ]
    for key in overrides.stated:
        if key == ("reconstruction",):
            raise InputError(config.place("inputs.reconstruction"), "the tables are equally likely by construction",
                             "Leave this input out, and state [reconstruction] ensemble = true or false.")  # fmt: skip
        if not any(_matching([key], name) for name in overrides.asked):
            name = SEPARATOR.join(key)
            raise InputError(
                config.place(SEPARATOR.join(("inputs", *key))),
                f"there is no input '{name}'",
                nearest(name, (known.name for known in inputs)),
            )
    inputs = [overrides.attributed(one) for one in inputs]
    return tuple(sorted(inputs, key=lambda one: _ORDER.index(one.name.split(SEPARATOR)[0])))


def partition(inputs: Iterable[Input], name: str) -> dict[str, list[int]]:
    """Groups of one partition: which inputs each holds.

    Parameters
    ----------
    inputs : iterable of Input
    name : str
        One of `PARTITIONS`.

    Returns
    -------
    dict of str to list of int
        Positions of the inputs, groups in order of appearance; each input is in one group.
    """
    groups: dict[str, list[int]] = {}
    for position, one in enumerate(inputs):
        groups.setdefault(getattr(one, name), []).append(position)
    return groups


def _flat(
    content: Mapping[str, Any], above: tuple[str, ...], config: Config
) -> Iterable[tuple[tuple[str, ...], Mapping[str, Any]]]:
    for key, value in content.items():
        name = (*above, key)
        if not isinstance(value, Mapping):
            raise InputError(
                config.place(SEPARATOR.join(("inputs", *name))),
                "is not a distribution",
                'Check the name, or write a table such as { kind = "interval", p05 = 0.9, p95 = 1.1 }.',
            )
        if "kind" in value:
            yield name, value
        else:
            yield from _flat(value, name, config)


def _required(overrides: _Overrides, *name: str) -> Distribution:
    found = overrides.find(name)
    if found is None:
        key = SEPARATOR.join(("inputs", *name))
        raise InputError(
            overrides.config.place(key), f"input '{SEPARATOR.join(name)}' has no distribution", "State one in [inputs]."
        )
    return found


def _made(place: str, **parameters: Any) -> Distribution:
    return from_mapping(parameters, place, Path())


def fixed(value: float) -> Distribution:
    """A quantity that is not uncertain."""
    return _made("a fixed value", kind="fixed", value=value)


def normal(centre: float, deviation: float, tail: float = 0.0005) -> Distribution:
    """A normal cut on each side, with exactly this mean and standard deviation; fixed where the deviation is 0."""
    if deviation == 0:
        return fixed(centre)
    unit = _made("a normal distribution", kind="normal", mean=0.0, sd=1.0, tail=tail)
    return shift(scale(unit, deviation / math.sqrt(variance(unit))), centre)


def _range(stated: Stated, relative: float, place: str) -> Distribution:
    """The printed range of a fraction as a 90 % interval; where a point is printed, so much to either side."""
    low, high = stated.low, stated.high
    if math.isnan(low):
        low, high = stated.central * (1 - relative), stated.central * (1 + relative)
    if low == high:
        return fixed(stated.central)
    usual = _made(place, kind="interval", p05=low, p95=high)
    return usual if bounds(usual)[1] <= 1 else _made(place, kind="interval", p05=low, p95=high, tail=_NARROW_TAIL)


def _technology(
    config: Config, evidence: Evidence, overrides: _Overrides, tasks: Mapping[str, Distribution]
) -> Iterable[Input]:
    """Factors of the technology: common, of each theme, and each category's own."""
    common = config.settings.technology.common
    technology = _required(overrides, "technology")
    themes = {name: _required(overrides, "theme", name) for name in evidence.themes}
    source = "configs: [inputs]"
    shared = {"unit": "factor", "assumption": "coefficient", "evidence": "assumed", "source": source, "note": ""}
    yield Input("technology", "Teknologi", distribution=technology if common else fixed(mean(technology)),
                category=COMMON, factor="technology", **shared)  # fmt: skip
    for name, theme in themes.items():
        yield Input(f"theme.{name}", name, distribution=theme if common else fixed(mean(theme)), category=COMMON,
                    factor=f"theme.{name}", **shared)  # fmt: skip
    for position, category in enumerate(evidence.categories[:-1]):
        stated = overrides.find(("technology_own", category))
        use = {} if category == evidence.other else category_use(evidence, position, tasks)
        spread = 0.0 if common else own_spread(use, technology, themes)
        yield Input(f"technology_own.{category}", f"{category}: egen teknologi", category=category, factor=OWN,
                    distribution=stated or normal(1.0, spread), **shared)  # fmt: skip


def _phase_in(config: Config, evidence: Evidence, overrides: _Overrides) -> Iterable[Input]:
    """Phase-in: national part, barriers, and each category's own; their sum has the printed range as 90 % interval."""
    section = config.settings.phase_in
    half_width = np.array([(stated.high - stated.low) / 2 for stated in evidence.phase_in])
    total = (half_width / _SCORE_90) ** 2
    typical = total[:-1].mean()
    national = section.common * section.national * typical
    squares = (evidence.barrier_weight**2).sum(axis=1)
    barrier = section.common * (1 - section.national) * typical / squares[:-1].mean()
    unit = {"unit": "fraction of full potential", "assumption": "phase-in"}
    split = "The stated ranges as 90 % intervals; the split into common and own parts is assumed"
    common = {**unit, "category": COMMON, "evidence": "assumed", "source": split, "note": ""}
    yield Input("national", "Indfasning, fælles", factor="national", **common,
                distribution=overrides.find(("national",))
                or normal(section.shift, math.sqrt(national), _NARROW_TAIL))  # fmt: skip
    for name in evidence.barriers:
        yield Input(f"barrier.{name}", f"Barriere: {name}", factor=f"barrier.{name}", **common,
                    distribution=overrides.find(("barrier", name))
                    or normal(0.0, math.sqrt(barrier), _NARROW_TAIL))  # fmt: skip
    for position, stated in enumerate(evidence.phase_in):
        category = evidence.categories[position]
        # The rest is many categories (36 in the report) whose own parts average out.
        own = 0.0 if category == evidence.other else total[position] - national - barrier * squares[position]
        if abs(own) < 1e-9 * typical:  # nothing is left but rounding
            own = 0.0
        distribution = overrides.find(("phase_in", category))
        if own < 0 and distribution is None:
            spread = zip(total[:-1], national + barrier * squares[:-1], strict=True)
            limit = section.common * min(printed / shared for printed, shared in spread if shared > 0)
            raise InputError(
                config.place("phase_in.common"),
                f"the common parts alone spread the phase-in of '{category}' by more than its printed range",
                f"Lower phase_in.common to {math.floor(1e3 * limit) / 1e3:g} or less, or raise phase_in.national.",
            )
        yield Input(
            f"phase_in.{category}", f"{category}: indfasning", category=category, factor=OWN, **unit,
            distribution=distribution or normal(stated.central, math.sqrt(own), _NARROW_TAIL),
            evidence=stated.kind, source=stated.source, note=stated.note,
        )  # fmt: skip


def _tasks(config: Config, evidence: Evidence, overrides: _Overrides) -> Iterable[Input]:
    """Time shares, coefficients and residuals, category by category."""
    settings = config.settings
    sections = (
        ("time_share", "time share", "fraction of working time", settings.time_share, "tidsandel"),
        ("coefficient", "coefficient", "fraction of the task's time", settings.coefficient, "koefficient"),
    )
    for position, category in enumerate(evidence.categories[:-2]):
        for task in (task for task in evidence.tasks if task.category == category):
            for (key, assumption, unit, section, word), stated in zip(
                sections, (task.share, task.coefficient), strict=True
            ):
                yield Input(
                    SEPARATOR.join((key, category, task.name)), f"{category}: {task.name}, {word}", unit,
                    overrides.find((key, category, task.name))
                    or _range(stated, section.relative, config.place(f"{key}.relative")),
                    category, assumption, OWN, stated.kind, stated.source, stated.note,
                )  # fmt: skip
        rest = evidence.residual[position]
        yield Input(
            f"residual.{category}", f"{category}: uforklaret rest", "fraction of working time",
            overrides.find(("residual", category))
            or _range(rest, settings.residual.relative, config.place("residual.relative")),
            category, "residual", OWN, rest.kind, rest.source, rest.note,
        )  # fmt: skip


def _outside(evidence: Evidence, overrides: _Overrides) -> Iterable[Input]:
    """Demography, extrapolation and speed."""
    units = {"healthy_ageing": "fraction of the gain in life expectancy"}
    labels = {
        "fertility": "Fertilitet",
        "longevity": "Levetid",
        "migration": "Migration",
        "healthy_ageing": "Sund aldring",
    }
    drawn = ("derived", "Population draws, UN World Population Prospects 2024")
    for name in evidence.growth.drivers:
        known = name in labels
        unit = units.get(name, "standard deviations" if known else "as in growth.csv")
        provenance = drawn if known else ("assumed", "configs: [inputs]")
        yield Input(
            f"demography.{name}", labels.get(name, name), unit,
            _required(overrides, "demography", name), COMMON, "demography", f"demography.{name}", *provenance, "",
        )  # fmt: skip
    yield Input("extrapolation", "Ekstrapolation til øvrige", "factor", _required(overrides, "extrapolation"), evidence.other,
                "extrapolation", "extrapolation", "assumed", "configs: [inputs]", "")  # fmt: skip
    yield Input("speed", "Indfasningens hastighed", "years from 10 to 90 %", _required(overrides, "speed"), COMMON,
                "speed", "speed", "derived", "Diffusion of earlier technologies, data/diffusion.csv", "")  # fmt: skip


def _reconstruction(evidence: Evidence) -> Input:
    """Which workforce table is true; the tables are equally likely."""
    tables = [float(table) for table in range(len(evidence.ensemble))]
    distribution = fixed(0.0) if len(tables) == 1 else _made("[reconstruction]", kind="empirical", values=tables)
    source = "Tables that meet the printed totals, data/derived/reconstruction.nc"
    return Input("reconstruction", "Arbejdsstyrketabel", "number of the table", distribution, COMMON, "reconstruction",
                 "reconstruction", "derived", source, "")  # fmt: skip
