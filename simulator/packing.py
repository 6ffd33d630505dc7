"""The model's tables as the plain arrays that the kernels read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .config import SEPARATOR
from .evidence import Evidence
from .kernels.structure import Ensemble, Structure
from .sources import FOCUS_AREAS


def pack(evidence: Evidence, names: Sequence[str], years: Sequence[int], start: float) -> Structure:
    """Positions and numbers in place of names.

    Parameters
    ----------
    evidence : Evidence
    names : sequence of str
        Names of the inputs.
    years : sequence of int
    start : float
        Year in which the phase-in reaches 10 % of its potential.

    Returns
    -------
    Structure
    """
    at = {name: position for position, name in enumerate(names)}
    categories = evidence.categories[:-1]
    growth = evidence.growth
    arrays: dict[str, Any] = {**_terms(evidence, categories, at), **_cells(evidence)}
    return Structure(
        technology=at["technology"],
        national=at["national"],
        speed=at["speed"],
        reconstruction=at["reconstruction"],
        technology_own=np.array([at[f"technology_own.{c}"] for c in categories]),
        phase_in=np.array([at[f"phase_in.{c}"] for c in categories]),
        barrier=np.array([at[f"barrier.{b}"] for b in evidence.barriers]),
        barrier_weight=np.ascontiguousarray(evidence.barrier_weight, dtype=np.float64),
        driver=np.array([at[f"demography.{d}"] for d in growth.drivers], dtype=np.int64),
        driver_reference=np.array(growth.reference, dtype=np.float64),
        year_path=np.interp(years, growth.path_years, growth.path),
        years=np.array(years, dtype=np.float64),
        phase_in_start=float(start),
        **arrays,
    )


def single_precision(structure: Structure) -> Structure:
    """The structure with float32 in place of float64, the ensemble apart.

    Parameters
    ----------
    structure : Structure

    Returns
    -------
    Structure
    """
    arrays = {name: part for name, part in structure._asdict().items() if isinstance(part, np.ndarray)}
    rounded: dict[str, Any] = {
        name: part.astype(np.float32) for name, part in arrays.items() if part.dtype == np.float64
    }
    return structure._replace(**rounded)


def _terms(evidence: Evidence, categories: Sequence[str], at: dict[str, int]) -> dict[str, np.ndarray]:
    """Tasks sorted by category and theme; the residual of a category is a task without a coefficient."""
    term_start, task_start = [0], [0]
    theme: list[int] = []
    place: list[int] = []
    tasks_of_terms: list[tuple[int, int, float]] = []
    for position, category in enumerate(categories):
        rows: dict[str | None, list[tuple[int, int, float]]] = {}
        for task in (task for task in evidence.tasks if task.category == category):
            share, coefficient = (
                at[SEPARATOR.join((kind, category, task.name))] for kind in ("time_share", "coefficient")
            )
            rows.setdefault(task.theme, []).append((share, coefficient, task.part))
        if category == evidence.other:
            rows.setdefault(None, []).append((at["extrapolation"], -1, 1.0))
        else:
            rows.setdefault(evidence.residual_theme[position], []).append((at[f"residual.{category}"], -1, 1.0))
        for name, tasks in rows.items():
            theme.append(-1 if name is None else at[f"theme.{name}"])
            place.append(len(evidence.themes) if name is None else evidence.themes.index(name))
            tasks_of_terms += tasks
            task_start.append(len(tasks_of_terms))
        term_start.append(len(theme))
    return {
        "term_start": np.array(term_start),
        "task_start": np.array(task_start),
        "term_theme": np.array(theme),
        "term_theme_place": np.array(place),
        "task_share": np.array([share for share, _, _ in tasks_of_terms]),
        "task_coefficient": np.array([coefficient for _, coefficient, _ in tasks_of_terms]),
        "task_part": np.array([part for _, _, part in tasks_of_terms], dtype=np.float64),
    }


def _cells(evidence: Evidence) -> dict[str, Any]:
    """FTE and wages that can be freed, and those that shares are shares of, with their lines in the drivers of growth."""
    tables = evidence.ensemble  # table, area, category, level
    freeable = _freeable(evidence, np.max(tables, axis=0))[0]
    # Each contiguous: numba compiles a kernel anew for another layout, and copies have this one.
    area, level, category = np.ascontiguousarray(np.argwhere(freeable.transpose(0, 2, 1)).T)
    starts = np.flatnonzero(np.diff(area * len(evidence.levels) + level, prepend=-1))
    growth = np.column_stack([evidence.growth.central, evidence.growth.loading])
    scopes = _scopes(evidence)
    ensemble = Ensemble(
        *(
            np.array(parts)
            for parts in zip(
                *(_of_table(evidence, table, (area, category, level), growth, scopes) for table in tables), strict=True
            )
        )
    )
    mean = {name: array.mean(axis=0) for name, array in ensemble._asdict().items()}
    return {
        "area_growth": np.ascontiguousarray(growth),
        "category_wage": mean["category_level"][1, :-1] / mean["category_level"][0, :-1],
        "levels": len(evidence.levels),
        "cell_area": area,
        "cell_level": level,
        "cell_category": category,
        "cell_run": np.append(starts, len(area)),
        "ensemble": ensemble,
        **mean,
        **scopes,
    }


def _freeable(evidence: Evidence, fte: np.ndarray) -> np.ndarray:
    """FTE and wages of one table that can be freed, (2, A, C, L): those of `Øvrige` times the potential of the area."""
    both = np.stack([fte, fte * evidence.workforce.wage[:, :, None]])[:, :, :-1]
    both[:, :, -1] *= evidence.workforce.potential_other[:, None]
    return both


def _of_table(
    evidence: Evidence,
    fte: np.ndarray,
    cells: tuple[np.ndarray, ...],
    growth: np.ndarray,
    scopes: dict[str, np.ndarray],
) -> tuple[np.ndarray, ...]:
    """The parts of an `Ensemble` for one table."""
    freeable = _freeable(evidence, fte)
    by_area = freeable.sum(axis=3)
    both = np.stack([fte, fte * evidence.workforce.wage[:, :, None]])  # money, area, category, level
    bases, constant = _bases(both, scopes)
    base = np.concatenate([bases.sum(axis=1), constant])
    return (
        by_area.sum(axis=1),
        np.vstack([by_area[0].T @ growth, by_area[1, :, -1] @ growth]),
        by_area,
        freeable[:, cells[0], cells[1], cells[2]],
        np.where(base > 0, base, 1.0),  # what is freed of nobody is a share of 0
        bases @ growth,
    )


def _bases(both: np.ndarray, scopes: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """What shares are shares of: by area (bases, A) where growth matters, and in all where it cancels.

    Parameters
    ----------
    both : (2, A, categories, L) float64
        FTE and wages of all categories, `Øvrige` and `Ekskluderede` last.
    scopes : dict
        See `_scopes`.
    """
    growing = []
    for amounts in both:
        whole = amounts.sum(axis=(1, 2))
        counted = scopes["scope_category"] @ amounts[:, :-1].sum(axis=2).T  # scopes, areas
        counted += scopes["scope_other_area"] * amounts[:, -2].sum(axis=1) + scopes["scope_area"] * whole
        growing += [whole, *amounts.sum(axis=1).T, *counted, amounts[:, -2].sum(axis=1)]
    constant = [*both.sum(axis=(2, 3)).ravel(), *both[0, :, :-2].sum(axis=(0, 2))]
    return np.array(growing), np.array(constant)


def _scopes(evidence: Evidence) -> dict[str, np.ndarray]:
    """Focus areas: health and education are sums of areas, administration goes across them."""
    names = np.array(evidence.focus_areas, dtype=object)[:, None]
    across = names == FOCUS_AREAS[-1]
    area = names == np.array(evidence.area_focus, dtype=object)
    category = across & np.array(evidence.administration_category[:-1])
    other = across & np.array(evidence.administration_area)
    return {"scope_area": area, "scope_category": category, "scope_other_area": other}
