"""What the folder of tables says: labels, tasks, coefficients, phase-in, barriers, growth and workforce, checked against
each other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from . import demography, workforce
from .errors import InputError, nearest
from .tables import KINDS, Column, Table, read_table

OTHER, EXCLUDED = "Øvrige", "Ekskluderede"
FOCUS_AREAS = ("health", "education", "administration")

_TEXT, _NOTE, _KIND = Column(str), Column(str, empty=True), Column(str, choices=KINDS)
_FRACTION, _BLANK_FRACTION = Column(float, low=0, high=1), Column(float, empty=True, low=0, high=1)
_YES_NO = Column(str, choices=("yes", "no"))
_THEME = Column(float, empty=True, low=1)


@dataclass(frozen=True)
class Stated:
    """A quantity as a source states it.

    Attributes
    ----------
    central : float
    low, high : float
        Ends of the stated range; NaN where a point is stated.
    kind : str
        published, derived or assumed.
    source, note : str
    """

    central: float
    low: float
    high: float
    kind: str
    source: str
    note: str


@dataclass(frozen=True)
class Task:
    """A task of a category that the technology speeds up.

    Attributes
    ----------
    category, name, name_en : str
    theme : str
        Danish name of the theme.
    part : float
        Part of the category's FTE that the time share holds for.
    share : Stated
        Part of the working time.
    coefficient : Stated
        Part of the task's time that is saved.
    """

    category: str
    name: str
    name_en: str
    theme: str
    part: float
    share: Stated
    coefficient: Stated


@dataclass(frozen=True)
class Evidence:
    """All tables. Letters: A areas, C categories with printed evidence (20), L levels, B barriers.

    Attributes
    ----------
    areas, levels, categories, themes, barriers : tuple of str
        Danish labels; `categories` has C entries followed by `Øvrige` and `Ekskluderede`.
    areas_en, levels_en, categories_en, themes_en, barriers_en : tuple of str
    area_focus : tuple of str
        Focus area of each area, or none.
    administration_category : tuple of bool
        Categories that focus area administration counts everywhere.
    administration_area : tuple of bool
        Areas whose `Øvrige` it counts.
    tasks : tuple of Task
        Sorted as the categories.
    residual : tuple of Stated
        What the printed tasks leave unexplained of each category's potential.
    residual_theme : tuple of str
    phase_in : tuple of Stated
        In 2040, with the ends of the printed range; C entries, then `Øvrige` (the FTE-weighted mean).
    barrier_weight : (C + 1, B) float64
        (score - 1) / 4; the last row is the mean, for `Øvrige`.
    growth : demography.Growth
    workforce : workforce.Workforce
    """

    areas: tuple[str, ...]
    areas_en: tuple[str, ...]
    area_focus: tuple[str, ...]
    administration_area: tuple[bool, ...]
    levels: tuple[str, ...]
    levels_en: tuple[str, ...]
    categories: tuple[str, ...]
    categories_en: tuple[str, ...]
    administration_category: tuple[bool, ...]
    themes: tuple[str, ...]
    themes_en: tuple[str, ...]
    barriers: tuple[str, ...]
    barriers_en: tuple[str, ...]
    tasks: tuple[Task, ...]
    residual: tuple[Stated, ...]
    residual_theme: tuple[str, ...]
    phase_in: tuple[Stated, ...]
    barrier_weight: np.ndarray
    growth: demography.Growth
    workforce: workforce.Workforce


def areas_table(data: Path) -> Table:
    """areas.csv: the sector areas with their focus area."""
    columns = {"area": _TEXT, "area_en": _TEXT, "focus_area": Column(str, choices=("health", "education", "none"))}
    return _read(data, "areas.csv", columns | {"administration_others": _YES_NO}, ("area",))


def levels_table(data: Path) -> Table:
    """levels.csv: the levels of government."""
    return _read(data, "levels.csv", {"level": _TEXT, "level_en": _TEXT}, ("level",))


def themes_table(data: Path) -> Table:
    """themes.csv: the themes by number."""
    columns = {"theme": Column(int, low=1), "theme_da": _TEXT, "theme_en": _TEXT}
    return _read(data, "themes.csv", columns, ("theme",))


def categories_table(data: Path) -> Table:
    """categories.csv: job categories with phase-in range and the theme of their residual."""
    columns = {
        "category": _TEXT,
        "category_en": _TEXT,
        "focus_area": Column(str, choices=(*FOCUS_AREAS, "none")),
        "administration": _YES_NO,
        "phase_in_low": _BLANK_FRACTION,
        "phase_in_high": _BLANK_FRACTION,
        "phase_in_kind": _KIND,
        "phase_in_source": _TEXT,
        "phase_in_note": _NOTE,
        "residual_theme": _THEME,
        "residual_theme_note": _NOTE,
    }
    table = read_table(data / "categories.csv", columns, ("category",))
    names = table.texts("category")
    if names[-2:] != [OTHER, EXCLUDED]:
        raise InputError(
            str(table.path), f"does not end with '{OTHER}' and '{EXCLUDED}'", "Put these two rows last, in this order."
        )
    return table


def workforce_table(data: Path) -> Table:
    """published_workforce.csv: printed FTE and wage bills of 2023."""
    names = ("figure", "dimension", "label", "label_en", "quantity", "unit", "printed")
    number = Column(float)
    columns = {**dict.fromkeys(names, _TEXT), "value": Column(float, empty=True), "low": number, "high": number}
    return _read(data, "published_workforce.csv", columns, ("figure", "dimension", "label", "quantity"))


def potential_table(data: Path) -> Table:
    """published_potential.csv: printed potentials of 2040."""
    names = ("figure", "scope", "dimension", "label", "label_en", "quantity", "unit", "printed")
    columns = {**dict.fromkeys(names, _TEXT), **dict.fromkeys(("low", "high", "rounding"), Column(float))}
    return _read(data, "published_potential.csv", columns, ("figure", "scope", "dimension", "label", "quantity"))


def full_potential(data: Path, table: Table) -> dict[str, float]:
    """Middle of the printed percentage of each category, by the middle of its phase-in.

    For the categories of health the percentage is printed for health and elder care; it holds wherever they work,
    because time shares and coefficients belong to the category.

    Parameters
    ----------
    data : Path
    table : Table
        categories.csv.

    Returns
    -------
    dict of str to float
        Fraction of the working time.
    """
    middle = {
        name: (low + high) / 2
        for name, low, high in zip(
            table.texts("category"), table.numbers("phase_in_low"), table.numbers("phase_in_high"), strict=True
        )
    }
    printed = potential_table(data)
    return {
        str(row["label"]): (float(row["low"]) + float(row["high"])) / 2 / middle[str(row["label"])]
        for row in printed.rows
        if row["dimension"] == "category" and row["quantity"] == "freed_wage_share" and row["label"] in middle
    }


def read_evidence(data: Path) -> Evidence:
    """Read all tables of a folder.

    Parameters
    ----------
    data : Path
        With the subfolder `derived`.

    Returns
    -------
    Evidence

    Raises
    ------
    InputError
        If a table is faulty, or names something that another one lacks.
    """
    areas, levels, themes, categories = areas_table(data), levels_table(data), themes_table(data), categories_table(data)
    names = categories.texts("category")
    area_names, level_names = areas.texts("area"), levels.texts("level")
    reconciled = workforce.read(data / "derived", area_names, names, level_names)
    growth = demography.read(data / "derived", area_names)
    theme_names = dict(zip(themes.numbers("theme").astype(int), themes.texts("theme_da"), strict=True))
    tasks = _tasks(data, names[:-2], area_names, theme_names, reconciled.fte)
    residual = _residuals(data, categories, tasks)
    weights, barriers, barriers_en = _barriers(data, names[:-2])
    return Evidence(
        areas=tuple(area_names),
        areas_en=tuple(areas.texts("area_en")),
        area_focus=tuple(areas.texts("focus_area")),
        administration_area=tuple(text == "yes" for text in areas.texts("administration_others")),
        levels=tuple(level_names),
        levels_en=tuple(levels.texts("level_en")),
        categories=tuple(names),
        categories_en=tuple(categories.texts("category_en")),
        administration_category=tuple(text == "yes" for text in categories.texts("administration")),
        themes=tuple(theme_names.values()),
        themes_en=tuple(themes.texts("theme_en")),
        barriers=barriers,
        barriers_en=barriers_en,
        tasks=tasks,
        residual=residual,
        residual_theme=tuple(
            _theme(theme_names, row["residual_theme"], categories.place(number))
            for number, row in enumerate(categories.rows[:-2])
        ),
        phase_in=_phase_in(data, categories),
        barrier_weight=weights,
        growth=growth,
        workforce=reconciled,
    )


def _read(data: Path, name: str, columns: dict[str, Column], key: Sequence[str]) -> Table:
    return read_table(data / name, {**columns, "kind": _KIND, "source": _TEXT, "note": _NOTE}, key)


def _member(name: object, names: Sequence[str], place: str, what: str) -> int:
    if name not in names:
        raise InputError(place, f"unknown {what} '{name}'", nearest(str(name), names))
    return list(names).index(str(name))


def _theme(names: dict[int, str], number: object, place: str) -> str:
    if not isinstance(number, float) or math.isnan(number) or int(number) not in names:
        raise InputError(place, f"there is no theme {number}", f"The themes are {', '.join(map(str, names))}.")
    return names[int(number)]


def _stated(row: dict[str, str | float | int], place: str) -> Stated:
    low, central, high = float(row["low"]), float(row["central"]), float(row["high"])
    if math.isnan(low) != math.isnan(high):
        raise InputError(place, "has one end of a range only", "Give both of low and high, or neither.")
    if low > high:
        raise InputError(place, f"low {low:g} is above high {high:g}", "Exchange them.")
    if not (math.isnan(low) or low <= central <= high):
        raise InputError(place, f"central {central:g} is not from {low:g} to {high:g}", "Mend one of the three.")
    return Stated(central, low, high, str(row["kind"]), str(row["source"]), str(row["note"]))


def _tasks(
    data: Path, categories: Sequence[str], areas: Sequence[str], themes: dict[int, str], fte: np.ndarray
) -> tuple[Task, ...]:
    columns = {
        "category": _TEXT,
        "task": _TEXT,
        "task_en": _TEXT,
        "theme": Column(float, low=1),
        "area": _NOTE,
        "group_fte": Column(float, empty=True, low=0),
        "group_part": _BLANK_FRACTION,
        "low": _BLANK_FRACTION,
        "central": _FRACTION,
        "high": _BLANK_FRACTION,
    }
    shares = _read(data, "time_shares.csv", columns, ("category", "task", "area"))
    coefficients = _coefficients(data)
    groups: dict[tuple[str, str], list[int]] = {}
    for number, row in enumerate(shares.rows):
        place = shares.place(number)
        _member(row["category"], categories, place, "category")
        if (row["category"], row["task"]) not in coefficients:
            raise InputError(place, f"'{row['task']}' has no row in coefficients.csv", "Add one, with the same names.")
        groups.setdefault((str(row["category"]), str(row["task"])), []).append(number)
    for category, task in coefficients:
        if (category, task) not in groups:
            raise InputError(
                str(data / "coefficients.csv"),
                f"'{category}', '{task}' has no row in time_shares.csv",
                "Add one, with the same names.",
            )
    ordered = sorted(groups, key=lambda key: categories.index(key[0]))
    made = [_task(shares, groups[key], coefficients[key], categories, areas, themes, fte) for key in ordered]
    return tuple(made)


def _coefficients(data: Path) -> dict[tuple[str, str], Stated]:
    columns = {"category": _TEXT, "task": _TEXT, "low": _BLANK_FRACTION, "central": _FRACTION, "high": _BLANK_FRACTION}
    table = _read(data, "coefficients.csv", columns, ("category", "task"))
    return {
        (str(row["category"]), str(row["task"])): _stated(row, table.place(number))
        for number, row in enumerate(table.rows)
    }


def _task(
    table: Table,
    rows: Sequence[int],
    coefficient: Stated,
    categories: Sequence[str],
    areas: Sequence[str],
    themes: dict[int, str],
    fte: np.ndarray,
) -> Task:
    """One task; shares that are printed for single areas are weighted with the category's FTE there."""
    first = table.rows[rows[0]]
    place = table.place(rows[0])
    category = categories.index(str(first["category"]))
    weights = np.ones(len(rows))
    if first["area"]:
        weights = np.array(
            [fte[_member(table.rows[r]["area"], areas, table.place(r), "area"), category].sum() for r in rows]
        )
    elif len(rows) > 1:
        raise InputError(table.place(rows[1]), "repeats a task without an area", "Keep one row, or name the areas.")
    stated = [_stated(table.rows[r], table.place(r)) for r in rows]
    weights /= weights.sum()
    mean = [float(weights @ [getattr(s, end) for s in stated]) for end in ("central", "low", "high")]
    note = " ".join(dict.fromkeys(s.note for s in stated if s.note))
    part = 1.0 if math.isnan(float(first["group_part"])) else float(first["group_part"])
    if not math.isnan(float(first["group_fte"])):
        part = float(first["group_fte"]) / float(fte[:, category].sum())
    if part > 1:
        raise InputError(place, "the group is larger than its category", "Check group_fte, in thousand FTE.")
    return Task(
        category=str(first["category"]),
        name=str(first["task"]),
        name_en=str(first["task_en"]),
        theme=_theme(themes, first["theme"], place),
        part=part,
        share=Stated(*mean, stated[0].kind, stated[0].source, note),
        coefficient=coefficient,
    )


def _residuals(data: Path, categories: Table, tasks: Sequence[Task]) -> tuple[Stated, ...]:
    potential = full_potential(data, categories)
    made = []
    for number, row in enumerate(categories.rows[:-2]):
        name = str(row["category"])
        if name not in potential:
            raise InputError(
                categories.place(number), f"'{name}' has no percentage in published_potential.csv", "Add its row."
            )
        explained = sum(t.part * t.share.central * t.coefficient.central for t in tasks if t.category == name)
        rest = potential[name] - explained
        if rest < 0:
            raise InputError(
                str(data / "time_shares.csv"),
                f"the tasks of '{name}' explain {explained:.4f} of its potential of {potential[name]:.4f}",
                "Lower a time share or a coefficient, so that the residual is not negative.",
            )
        source = "Middle of the printed percentage by the middle of the phase-in, less the tasks"
        made.append(Stated(rest, math.nan, math.nan, "derived", source, ""))
    return tuple(made)


def _phase_in(data: Path, categories: Table) -> tuple[Stated, ...]:
    rows = []
    for number, row in enumerate(categories.rows[:-2]):
        low, high, place = float(row["phase_in_low"]), float(row["phase_in_high"]), categories.place(number)
        if math.isnan(low) or math.isnan(high):
            raise InputError(place, "has no phase-in", "Give phase_in_low and phase_in_high.")
        if low > high:
            raise InputError(place, f"phase_in_low {low:g} is above phase_in_high {high:g}", "Exchange them.")
        texts = (str(row[f"phase_in_{column}"]) for column in ("kind", "source", "note"))
        rows.append(Stated((low + high) / 2, low, high, *texts))
    fte = {
        str(row["label"]): float(row["value"])
        for row in workforce_table(data).rows
        if row["figure"] == "7.3" and row["dimension"] == "category" and row["quantity"] == "fte_2023"
    }
    names = categories.texts("category")[:-2]
    for number, name in enumerate(names):
        if name not in fte:
            raise InputError(categories.place(number), f"'{name}' is not in published_workforce.csv", "Add its FTE.")
    weights = np.array([fte[name] for name in names]) / sum(fte[name] for name in names)
    low, middle, high = (float(weights @ [getattr(r, end) for r in rows]) for end in ("low", "central", "high"))
    return (*rows, Stated(middle, low, high, "derived", "Mean of the 20 categories, weighted with FTE of figure 7.3", ""))


def _barriers(data: Path, categories: Sequence[str]) -> tuple[np.ndarray, tuple[str, ...], tuple[str, ...]]:
    columns = {"category": _TEXT, "barrier": _TEXT, "barrier_en": _TEXT, "score": Column(float, low=1, high=5)}
    table = _read(data, "barriers.csv", columns, ("category", "barrier"))
    names = {str(row["barrier"]): str(row["barrier_en"]) for row in table.rows}
    weight = np.full((len(categories) + 1, len(names)), np.nan)
    for number, row in enumerate(table.rows):
        category = _member(row["category"], categories, table.place(number), "category")
        weight[category, list(names).index(str(row["barrier"]))] = (float(row["score"]) - 1) / 4
    weight[-1] = weight[:-1].mean(axis=0)
    missing = np.argwhere(np.isnan(weight[:-1]))
    if len(missing):
        raise InputError(
            str(table.path),
            f"'{categories[missing[0][0]]}' has no score for '{list(names)[missing[0][1]]}'",
            "Add the row.",
        )
    return weight, tuple(names), tuple(names.values())
