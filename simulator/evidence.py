"""What the folder of tables says, each table checked against the others."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from . import demography, workforce
from .errors import InputError
from .sources import (
    BLANK_FRACTION,
    FOCUS_AREAS,
    FRACTION,
    NOTE,
    TEXT,
    WORKFORCE,
    areas_table,
    categories_table,
    is_there,
    levels_table,
    read_source,
    themes_table,
    workforce_table,
)
from .tables import Column, Stated, Table, position, stated


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
        Labels of the tables; `categories` has C entries followed by the rest (`Øvrige`) and the excluded
        (`Ekskluderede`).
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
        As reconciled.
    ensemble : (tables, A, C + 2, L) float64
        FTE of the tables that may be true; the reconciled one alone where the workforce is not uncertain.
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
    ensemble: np.ndarray

    @property
    def other(self) -> str:
        """The rest of the categories, to which the others are extrapolated: `Øvrige` in the report."""
        return self.categories[-2]

    @property
    def excluded(self) -> str:
        """The category of which nothing is freed: `Ekskluderede` in the report."""
        return self.categories[-1]

    @property
    def focus_areas(self) -> tuple[str, ...]:
        """Focus areas that anything belongs to."""
        across = any((*self.administration_category, *self.administration_area))
        return tuple(name for name in FOCUS_AREAS if name in self.area_focus or (name == FOCUS_AREAS[-1] and across))


def read_evidence(data: Path, *, ensemble: bool = False) -> Evidence:
    """Read all tables of a folder.

    Parameters
    ----------
    data : Path
        Tables that are computed from others may stand in the subfolder `derived`.
    ensemble : bool
        Whether the workforce table is uncertain.

    Returns
    -------
    Evidence

    Raises
    ------
    InputError
        If a table is faulty, or names something that another one lacks.
    """
    areas, levels, categories = areas_table(data), levels_table(data), categories_table(data)
    area_names, level_names, names = areas.texts("area"), levels.texts("level"), categories.texts("category")
    computed = data / "derived" if (data / "derived").is_dir() else data
    reconciled = workforce.read(computed, area_names, names, level_names)
    _staffed(computed / workforce.FILES[0], reconciled.fte[None], (area_names, names, level_names))
    themes = themes_table(data)
    theme_names = {int(str(row["theme"])): str(row["theme_da"]) for row in themes.rows}
    tasks = _tasks(data, names[:-2], area_names, theme_names, reconciled.fte)
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
        phase_in=_phase_in(data, categories, reconciled.fte),
        residual=_residuals(data, names[:-2], reconciled, tasks),
        residual_theme=tuple(
            _theme(theme_names, number, categories.place(row))
            for row, number in enumerate(categories.numbers("residual_theme")[:-2])
        ),
        barrier_weight=weights,
        growth=demography.read(computed, area_names),
        workforce=reconciled,
        ensemble=_ensemble(computed, (area_names, names, level_names)) if ensemble else reconciled.fte[None],
    )


def _ensemble(folder: Path, axes: tuple[Sequence[str], Sequence[str], Sequence[str]]) -> np.ndarray:
    from .ensemble import FILE, read_ensemble

    tables = read_ensemble(folder, *axes)
    _staffed(folder / FILE, tables, axes)
    return tables


def explained_potential(data: Path, categories: Sequence[str], areas: Sequence[str], fte: np.ndarray) -> np.ndarray:
    """What the printed tasks explain of the full potential of each category.

    Parameters
    ----------
    data : Path
    categories : sequence of str
        The C categories with printed evidence.
    areas : sequence of str
    fte : ndarray, (A, C + 2, L)
        A workforce: shares printed for areas are weighted with it, and groups are parts of it.

    Returns
    -------
    ndarray, (C,)
        Part of the working time.

    Raises
    ------
    InputError
        If a table of the tasks is faulty.
    """
    themes = {int(str(row["theme"])): str(row["theme_da"]) for row in themes_table(data).rows}
    tasks = _tasks(data, categories, areas, themes, fte)
    return np.array([_explained(tasks, name) for name in categories])


def _staffed(path: Path, tables: np.ndarray, axes: Sequence[Sequence[str]]) -> None:
    """Cells that are left out are zero, but no area, studied category or level is empty."""
    for axis, names in enumerate(axes, start=1):
        empty = np.argwhere(tables.sum(axis=tuple({1, 2, 3} - {axis}))[:, : len(names) - 2 * (axis == 2)] == 0)
        if len(empty):
            remedy = "Derive the workforce again, or mend the label."
            raise InputError(str(path), f"'{names[empty[0][1]]}' has no FTE", remedy)


def _theme(names: dict[int, str], number: float, place: str) -> str:
    if number not in names:
        problem = "the theme is empty" if math.isnan(number) else f"there is no theme {number:g}"
        raise InputError(place, problem, f"The themes are {', '.join(map(str, names))}.")
    return names[int(number)]


def _tasks(
    data: Path, categories: Sequence[str], areas: Sequence[str], themes: dict[int, str], fte: np.ndarray
) -> tuple[Task, ...]:
    columns = {
        **dict.fromkeys(("category", "task", "task_en"), TEXT),
        **dict.fromkeys(("low", "high", "group_part"), BLANK_FRACTION),
        "theme": Column(int, low=1),
        "area": NOTE,
        "group_fte": Column(float, empty=True, low=0),
        "central": FRACTION,
    }
    shares = read_source(data, "time_shares.csv", columns, ("category", "task", "area"))
    coefficients = _coefficients(data)
    groups: dict[tuple[str, str], list[int]] = {}
    for number, row in enumerate(shares.rows):
        place = shares.place(number)
        position(categories, str(row["category"]), place)
        if (row["category"], row["task"]) not in coefficients:
            raise InputError(place, f"'{row['task']}' has no row in coefficients.csv", "Add one, with the same names.")
        groups.setdefault((str(row["category"]), str(row["task"])), []).append(number)
    for (category, task), (_, place) in coefficients.items():
        if (category, task) not in groups:
            problem = f"'{category}', '{task}' has no row in time_shares.csv"
            raise InputError(place, problem, "Add one, with the same names.")
    return tuple(
        Task(
            *key,
            name_en=str(shares.rows[rows[0]]["task_en"]),
            theme=_theme(themes, float(shares.rows[rows[0]]["theme"]), shares.place(rows[0])),
            part=_part(shares, rows, float(fte[:, categories.index(key[0])].sum())),
            share=_share(shares, rows, areas, fte[:, categories.index(key[0])].sum(axis=1)),
            coefficient=coefficients[key][0],
        )
        for key, rows in sorted(groups.items(), key=lambda item: categories.index(item[0][0]))
    )


def _coefficients(data: Path) -> dict[tuple[str, str], tuple[Stated, str]]:
    """Coefficients by category and task, each with its place."""
    columns = {"category": TEXT, "task": TEXT, "low": BLANK_FRACTION, "central": FRACTION, "high": BLANK_FRACTION}
    table = read_source(data, "coefficients.csv", columns, ("category", "task"))
    return {
        (str(row["category"]), str(row["task"])): (stated(table, number), table.place(number))
        for number, row in enumerate(table.rows)
    }


def _part(table: Table, rows: Sequence[int], fte: float) -> float:
    """Part of a category's FTE that the share of a task holds for; its rows must agree on it and on the theme."""
    first, place = table.rows[rows[0]], table.place(rows[0])
    for number in rows[1:]:
        for column in ("theme", "group_fte", "group_part"):
            if str(table.rows[number][column]) != str(first[column]):
                problem = f"differs from row {table.lines[rows[0]]} of the same task in '{column}'"
                raise InputError(table.place(number), problem, "Give all rows of a task the same.")
    group_fte, group_part = float(first["group_fte"]), float(first["group_part"])
    if not math.isnan(group_fte) and not math.isnan(group_part):
        raise InputError(place, "gives both group_fte and group_part", "Leave one of them empty.")
    part = group_fte / fte if math.isnan(group_part) else group_part
    if part > 1:
        raise InputError(place, "the group is larger than its category", "Check group_fte, in thousand FTE.")
    return 1.0 if math.isnan(part) else part


def _share(table: Table, rows: Sequence[int], areas: Sequence[str], fte: np.ndarray) -> Stated:
    """Share of a task; those that are printed for single areas are weighted with the category's FTE there."""
    weights = np.ones(len(rows))
    if table.rows[rows[0]]["area"]:
        weights = np.array([fte[position(areas, str(table.rows[r]["area"]), table.place(r))] for r in rows])
        if not weights.sum():
            problem = "nobody of the category works in the areas named"
            raise InputError(table.place(rows[0]), problem, "Name areas where it has FTE in derived/workforce.csv.")
    elif len(rows) > 1:
        raise InputError(table.place(rows[1]), "repeats a task without an area", "Keep one row, or name the areas.")
    single = [stated(table, r) for r in rows]
    if len({math.isnan(one.low) for one in single}) > 1:
        problem = "only some rows of the task have a range"
        raise InputError(table.place(rows[0]), problem, "Give all of them one, or none.")
    weights = weights / weights.sum()
    central, low, high = (float(weights @ [getattr(one, end) for one in single]) for end in ("central", "low", "high"))
    note = " ".join(dict.fromkeys(one.note for one in single if one.note))
    return Stated(central, low, high, single[0].kind, single[0].source, note)


def _explained(tasks: Sequence[Task], category: str) -> float:
    return sum(t.part * t.share.central * t.coefficient.central for t in tasks if t.category == category)


def _residuals(
    data: Path, categories: Sequence[str], calibrated: workforce.Workforce, tasks: Sequence[Task]
) -> tuple[Stated, ...]:
    made = []
    for name, full, kind in zip(categories, map(float, calibrated.potential), calibrated.potential_kind, strict=True):
        explained = _explained(tasks, name)
        if explained > full:
            problem = f"the tasks of '{name}' explain {explained:.4f} of its potential of {full:.4f}"
            remedy = "Lower a time share or a coefficient, or derive the workforce again, which raises the potential."
            raise InputError(str(data / "time_shares.csv"), problem, remedy)
        source = "Potential as calibrated (derived/potentials.csv), less the tasks"
        made.append(Stated(full - explained, math.nan, math.nan, kind, source, ""))
    return tuple(made)


def _phase_in(data: Path, categories: Table, fte: np.ndarray) -> tuple[Stated, ...]:
    """That of the categories as stated, and for the rest the mean of them."""
    rows = []
    for number, row in enumerate(categories.rows[:-2]):
        low, high, place = float(row["phase_in_low"]), float(row["phase_in_high"]), categories.place(number)
        if math.isnan(low) or math.isnan(high):
            raise InputError(place, "has no phase-in", "Give phase_in_low and phase_in_high.")
        if low > high:
            raise InputError(place, f"phase_in_low {low:g} is above phase_in_high {high:g}", "Exchange them.")
        if high == 0:
            raise InputError(place, "the phase-in is 0", "Give a range that ends above 0.")
        kind, source, note = (str(row[f"phase_in_{column}"]) for column in ("kind", "source", "note"))
        rows.append(Stated((low + high) / 2, low, high, kind, source, note))
    printed = is_there(data, WORKFORCE)
    weights = _printed_fte(data, categories) if printed else fte.sum(axis=(0, 2))[:-2]
    weights = weights / sum(weights)
    low, middle, high = (float(weights @ [getattr(r, end) for r in rows]) for end in ("low", "central", "high"))
    source = f"Mean of the {len(rows)} categories, weighted with {'FTE of figure 7.3' if printed else 'their FTE'}"
    return (*rows, Stated(middle, low, high, "derived", source, ""))


def _printed_fte(data: Path, categories: Table) -> np.ndarray:
    """FTE of the studied categories as figure 7.3 prints them, thousand."""
    fte = {
        str(row["label"]): float(row["value"])
        for row in workforce_table(data).rows
        if (row["figure"], row["dimension"], row["quantity"]) == ("7.3", "category", "fte_2023")
    }
    names = categories.texts("category")[:-2]
    for number, name in enumerate(names):
        if not fte.get(name, 0.0) > 0:  # an empty cell is not a number
            problem = f"'{name}' has no FTE of figure 7.3 in published_workforce.csv"
            raise InputError(categories.place(number), problem, "Add its row, with a value above 0.")
    return np.array([fte[name] for name in names])


def _barriers(data: Path, categories: Sequence[str]) -> tuple[np.ndarray, tuple[str, ...], tuple[str, ...]]:
    columns = {"category": TEXT, "barrier": TEXT, "barrier_en": TEXT, "score": Column(float, low=1, high=5)}
    table = read_source(data, "barriers.csv", columns, ("category", "barrier"))
    names = {str(row["barrier"]): str(row["barrier_en"]) for row in table.rows}
    weight = np.full((len(categories) + 1, len(names)), np.nan)
    for number, row in enumerate(table.rows):
        category = position(categories, str(row["category"]), table.place(number))
        weight[category, list(names).index(str(row["barrier"]))] = (float(row["score"]) - 1) / 4
    weight[-1] = weight[:-1].mean(axis=0)
    missing = np.argwhere(np.isnan(weight[:-1]))
    if len(missing):
        problem = f"'{categories[missing[0][0]]}' has no score for '{list(names)[missing[0][1]]}'"
        raise InputError(str(table.path), problem, "Add the row.")
    if not weight.any():
        problem = "every score is 1, so that no barrier reaches any category"
        raise InputError(str(table.path), problem, "Give at least one category a score above 1.")
    return weight, tuple(names), tuple(names.values())
