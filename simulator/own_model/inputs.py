"""Inputs of a model of the user's own: stated in the configuration, in a CSV file that it names, or both."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..config import SEPARATOR
from ..dependence import Copula, read_dependence, require_whole, without
from ..distributions import Distribution, bounds, from_mapping
from ..errors import InputError, nearest
from ..inputs import Input
from ..sensitivity.problem import Problem, make_problem
from ..tables import KINDS, Column, read_table, read_text
from .config import OwnConfig

FILE = "file"  # the key of [inputs] that names a CSV file
_SAID = ("label", "unit", "evidence", "source", "note")  # may stand beside a distribution's parameters
_NUMBERS = (
    "value", "low", "mode", "high", "weight", "mean", "sd", "median", "sigma", "tail", "alpha", "beta",
    "p05", "p10", "p50", "p90", "p95",
)  # fmt: skip
_TEXTS = ("family", "column")
_LISTS = ("discrete", "mixture")  # kinds whose parameters no cell holds
_COLUMNS: Mapping[str, Column] = {
    "name": Column(str),
    "kind": Column(str),
    **{name: Column(float, empty=True) for name in _NUMBERS},
    **{name: Column(str, empty=True) for name in (*_TEXTS, FILE, *_SAID)},
}
_NEEDED = ("name", "kind", "source")


@dataclass(frozen=True)
class _Stated:
    """A distribution as stated, where, and the folder that paths in it start from."""

    table: Mapping[str, Any]
    place: str
    folder: Path


def read_inputs(config: OwnConfig) -> tuple[tuple[Input, ...], tuple[Path, ...]]:
    """All inputs, in the order of the columns of values: those of the CSV file, then those of the configuration.

    An input that the configuration states takes the place of the row of the same name.

    Parameters
    ----------
    config : OwnConfig

    Returns
    -------
    inputs : tuple of Input
        Their `category` is the group; `assumption` and `factor` are empty.
    files : tuple of Path
        CSV files that were read.

    Raises
    ------
    InputError
        If a file or a distribution cannot be used, or there are no inputs.
    """
    stated: dict[str, _Stated] = {}
    files: list[Path] = []
    content = dict(config.settings.inputs)
    if isinstance(content.get(FILE), str):
        files.append(config.folder(f"inputs.{FILE}") / content.pop(FILE))
        stated |= _rows(files[0], config.place(f"inputs.{FILE}"))
    stated |= dict(_tables(content, "", config))
    if not stated:
        remedy = 'State some, such as x = { kind = "uniform", low = 0, high = 1 }.'
        raise InputError(config.place("inputs"), "there are no inputs", remedy)
    group = {name: label for label, members in config.settings.groups.items() for name in members}
    return tuple(_input(name, one, group.get(name, name)) for name, one in stated.items()), tuple(files)


def read_problem(config: OwnConfig, inputs: tuple[Input, ...]) -> tuple[Problem, Copula]:
    """Groups and dependence of the inputs.

    Parameters
    ----------
    config : OwnConfig
    inputs : tuple of Input

    Returns
    -------
    Problem
        Its groups are those that are stated, with an input that stands in none as a group by itself.
    Copula
        Of the inputs that are not fixed.

    Raises
    ------
    InputError
        If a group or an entry of the dependence cannot be used, or all inputs are fixed.
    """
    distributions = {one.name: one.distribution for one in inputs}
    fixed = [place for place, one in enumerate(inputs) if is_fixed(one.distribution)]
    if len(fixed) == len(inputs):
        remedy = "Give one a distribution."
        raise InputError(config.place("inputs"), "every input is fixed: there is nothing to draw", remedy)
    try:
        grouped = make_problem(distributions, config.settings.groups or None)
    except InputError as error:
        raise InputError(f"{config.place('groups')}: {error.place}", error.problem, error.remedy) from None
    problem = replace(grouped, outputs=config.settings.model.outputs or None)
    copula = read_dependence(config.settings.dependence, problem.names, config.place("dependence"))
    return problem, without(copula, fixed)


def is_fixed(distribution: Distribution) -> bool:
    """Whether a distribution has one value.

    Examples
    --------
    >>> is_fixed(from_mapping({"kind": "fixed", "value": 3}, "a config", Path()))
    True
    """
    low, high = bounds(distribution)
    return low == high


def require_independent_groups(problem: Problem, copula: Copula, place: str) -> None:
    """Refuse groups, or single inputs where there are none, that depend on each other: they have no Sobol' index.

    Raises
    ------
    InputError
    """
    if problem.grouped or not copula.blocks:
        require_whole(copula, problem.members, problem.groups, place)
        return
    names = ", ".join(f"'{copula.names[i]}'" for i in copula.blocks[0].inputs)
    remedy = 'Put them in one group, as in [groups] together = ["a", "b"], or ask for Shapley effects:'
    raise InputError(
        place,
        f"{names} depend on each other, so that there are no Sobol' indices of them alone",
        f"{remedy} sensitivity --method shapley.",
    )


def _tables(content: Mapping[str, Any], above: str, config: OwnConfig) -> Iterable[tuple[str, _Stated]]:
    for key, value in content.items():
        name = f"{above}{key}"
        full = f"inputs{SEPARATOR}{name}"
        if not isinstance(value, Mapping):
            remedy = 'Check the name, or write a table such as { kind = "uniform", low = 0, high = 1 }.'
            raise InputError(config.place(full), "is not a distribution", remedy)
        if "kind" in value:
            yield name, _Stated(value, config.place(full), config.folder(full))
        else:
            yield from _tables(value, f"{name}{SEPARATOR}", config)


def _rows(path: Path, place: str) -> dict[str, _Stated]:
    """Distributions from the rows of a CSV file: a column for each parameter that is used, empty where it is not."""
    try:
        lines = read_text(path).splitlines()
        header = lines[0] if lines else ""
        semicolons = ";" in header and header.count(";") >= header.count(",")
        names = [name.strip() for name in next(csv.reader([header], delimiter=";" if semicolons else ","), [])]
        for name in names:
            if name not in _COLUMNS:
                raise InputError(f"{path}, row 1", f"unknown column '{name}'", nearest(name, _COLUMNS))
        table = read_table(path, {name: one for name, one in _COLUMNS.items() if name in (*names, *_NEEDED)}, ("name",))
    except InputError as error:
        raise InputError(f"{place}: {error.place}", error.problem, error.remedy) from None
    stated = {}
    for number, row in enumerate(table.rows):
        cells = {name: value for name, value in row.items() if name != "name" and value != "" and not _empty(value)}
        if cells["kind"] in _LISTS:
            problem = f"kind '{cells['kind']}' has lists, which a cell does not hold"
            raise InputError(table.place(number), problem, "State this input in the configuration, under [inputs].")
        stated[str(row["name"])] = _Stated(cells, table.place(number), path.parent)
    return stated


def _empty(value: str | float | int) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _input(name: str, stated: _Stated, group: str) -> Input:
    table = {key: value for key, value in stated.table.items() if key not in _SAID}
    said = {key: stated.table.get(key, "") for key in _SAID}
    for key, value in said.items():
        if not isinstance(value, str):
            raise InputError(f"{stated.place}, parameter '{key}'", f"{value!r} is not a text", "Write it in quotes.")
    evidence = said["evidence"] or "assumed"
    if evidence not in KINDS:
        place, problem = f"{stated.place}, parameter 'evidence'", f"'{evidence}' is not a kind of evidence"
        raise InputError(place, problem, f"Write one of: {', '.join(KINDS)}.")
    return Input(
        name, said["label"] or name, said["unit"], from_mapping(table, stated.place, stated.folder),
        group, "", "", evidence, said["source"], said["note"],
    )  # fmt: skip
