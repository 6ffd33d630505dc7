"""The potential model as plain arrays: which inputs make which term, and which terms make which output."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .compiling import subroutine


class Ensemble(NamedTuple):
    """What differs between the workforce tables that may be true; E tables, other letters as in `Structure`.

    Attributes
    ----------
    category_level : (E, 2, C) float64
    category_growth : (E, C + 1, 1 + D) float64
    category_amount : (E, 2, A, C) float64
    cell_amount : (E, 2, Z) float64
    base_level : (E, bases) float64
    base_growth : (E, growing bases, 1 + D) float64
    """

    category_level: np.ndarray
    category_growth: np.ndarray
    category_amount: np.ndarray
    cell_amount: np.ndarray
    base_level: np.ndarray
    base_growth: np.ndarray


class Structure(NamedTuple):
    """Arrays of the packed model; indices are positions in the list of inputs unless said otherwise.

    What the workforce table decides stands here for one table, or as the mean of all, and in `ensemble` for each.

    Letters: C categories with a potential (the last one is `Øvrige`), P terms (a term is what one theme frees in one
    category), T tasks (the residual of a category counts as one), B barriers, A areas, L levels, D demographic drivers,
    Z cells of the workforce table that are not zero, K themes (the last one holds what has no theme), Y years, S scopes
    (total and focus areas).

    Attributes
    ----------
    term_start : (C + 1,) int64
        First term of each category, and the number of terms.
    task_start : (P + 1,) int64
        First task of each term, and the number of tasks.
    term_theme : (P,) int64
        Input of the theme's factor, -1 where there is none.
    term_theme_place : (P,) int64
        Place of the theme among the outputs.
    task_share, task_coefficient : (T,) int64
        Inputs; the coefficient is -1 for a residual.
    task_part : (T,) float64
        Part of the category that the share holds for.
    technology, national, speed, reconstruction : int
    technology_own, phase_in : (C,) int64
    barrier : (B,) int64
    barrier_weight : (C, B) float64
    driver : (D,) int64
    driver_reference : (D,) float64
    area_growth : (A, 1 + D) float64
        Growth from 2023 to 2040 at the references of the drivers, and its slope in each driver.
    category_level : (2, C) float64
        FTE (thousand) and wages (bn DKK) of 2023, times the potential of the area in category `Øvrige`.
    category_growth : (C + 1, 1 + D) float64
        What growth adds to the FTE by 2040, as `area_growth`; the last row: to the wages of `Øvrige`.
    category_wage : (C - 1,) float64
        Mio. DKK per FTE.
    category_amount : (2, A, C) float64
        `category_level` by area.
    levels : int
    cell_area, cell_level, cell_category : (Z,) int64
        Cells, sorted by area and level.
    cell_run : (runs + 1,) int64
        First cell of each run of cells with the same area and level, and the number of cells.
    cell_amount : (2, Z) float64
        `category_level` by area and level.
    scope_area : (S, A) bool
        Areas whose sum the scope is.
    scope_category : (S, C) bool
        Categories counted everywhere in scopes that go across areas.
    scope_other_area : (S, A) bool
        Areas whose `Øvrige` is counted in scopes that go across areas.
    base_level : (bases,) float64
        FTE or wages of 2023 that shares are shares of, of all categories: for FTE and then wages the total, the levels, the
        focus areas and `Øvrige`; then, constant, the areas and the single categories, whose growth cancels.
    base_growth : (growing bases, 1 + D) float64
        What growth adds to the first of them by 2040, as `area_growth`.
    year_path : (Y,) float64
        Part of the growth to 2040 that has come by the year.
    years : (Y,) float64
        Rising by whole numbers; the last is 2040, the year of the phase-in that the inputs state.
    phase_in_start : float
        Year in which the logistic path reaches 10 % of its end.
    ensemble : Ensemble
    """

    term_start: np.ndarray
    task_start: np.ndarray
    term_theme: np.ndarray
    term_theme_place: np.ndarray
    task_share: np.ndarray
    task_coefficient: np.ndarray
    task_part: np.ndarray
    technology: int
    national: int
    speed: int
    reconstruction: int
    technology_own: np.ndarray
    phase_in: np.ndarray
    barrier: np.ndarray
    barrier_weight: np.ndarray
    driver: np.ndarray
    driver_reference: np.ndarray
    area_growth: np.ndarray
    category_level: np.ndarray
    category_growth: np.ndarray
    category_wage: np.ndarray
    category_amount: np.ndarray
    levels: int
    cell_area: np.ndarray
    cell_level: np.ndarray
    cell_category: np.ndarray
    cell_run: np.ndarray
    cell_amount: np.ndarray
    scope_area: np.ndarray
    scope_category: np.ndarray
    scope_other_area: np.ndarray
    base_level: np.ndarray
    base_growth: np.ndarray
    year_path: np.ndarray
    years: np.ndarray
    phase_in_start: float
    ensemble: Ensemble


@subroutine
def with_table(s: Structure, table: int) -> Structure:
    """The structure with one table of its ensemble."""
    return Structure(
        s.term_start,
        s.task_start,
        s.term_theme,
        s.term_theme_place,
        s.task_share,
        s.task_coefficient,
        s.task_part,
        s.technology,
        s.national,
        s.speed,
        s.reconstruction,
        s.technology_own,
        s.phase_in,
        s.barrier,
        s.barrier_weight,
        s.driver,
        s.driver_reference,
        s.area_growth,
        s.ensemble.category_level[table],
        s.ensemble.category_growth[table],
        s.category_wage,
        s.ensemble.category_amount[table],
        s.levels,
        s.cell_area,
        s.cell_level,
        s.cell_category,
        s.cell_run,
        s.ensemble.cell_amount[table],
        s.scope_area,
        s.scope_category,
        s.scope_other_area,
        s.ensemble.base_level[table],
        s.ensemble.base_growth[table],
        s.year_path,
        s.years,
        s.phase_in_start,
        s.ensemble,
    )


class Point(NamedTuple):
    """One of the two points of the pairs in a block, with what is made from it.

    Attributes
    ----------
    row : (inputs,) int64
        Rows of the values that its inputs stand in.
    category : (C, futures) float64
        Sums of the terms of each category.
    deviation : (D, futures) float64
        Drivers of growth less their references.
    path : (years, futures) float64
        Phase-in path.
    line : (2, scopes, 2 + D, futures) float64
        See `simulator.kernels.pick_freeze`; with the point's own workforce table, and with that of the other point.
    tilt : (2, scopes, futures) float64
        What growth adds by 2040; likewise.
    output : (scopes, years, futures) float64
        Centred.
    """

    row: np.ndarray
    category: np.ndarray
    deviation: np.ndarray
    path: np.ndarray
    line: np.ndarray
    tilt: np.ndarray
    output: np.ndarray
