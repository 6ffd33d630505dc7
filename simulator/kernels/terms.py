"""Terms of the potential: what one theme frees in one category, as a fraction of its FTE, before growth and path.

float is float32 or float64, the same throughout a call.
"""

from __future__ import annotations

import numpy as np

from .compiling import subroutine
from .rows import add_rows, copy_row
from .structure import Structure


@subroutine
def adoption(values: np.ndarray, row: np.ndarray, category: int, s: Structure, out: np.ndarray) -> None:
    """Phase-in of one category in 2040 times its factors of technology; in one pass for four barriers, the usual number.

    Parameters
    ----------
    values : (rows, futures) float64
    row : (inputs,) int64
        Row of `values` that each input is taken from.
    category : int
    s : Structure
    out : (futures,) float64
        Filled.
    """
    own, national = values[row[s.phase_in[category]]], values[row[s.national]]
    technology, technology_own = values[row[s.technology]], values[row[s.technology_own[category]]]
    weight, barrier = s.barrier_weight[category], row[s.barrier]
    if barrier.shape[0] == 4:
        w0, w1, w2, w3 = weight[0], weight[1], weight[2], weight[3]
        b0, b1, b2, b3 = values[barrier[0]], values[barrier[1]], values[barrier[2]], values[barrier[3]]
        for future in range(out.shape[0]):
            common = national[future] + w0 * b0[future] + w1 * b1[future] + w2 * b2[future] + w3 * b3[future]
            out[future] = (own[future] + common) * technology[future] * technology_own[future]
        return
    for future in range(out.shape[0]):
        out[future] = own[future] + national[future]
    add_rows(out, weight, values, barrier)
    for future in range(out.shape[0]):
        out[future] *= technology[future] * technology_own[future]


@subroutine
def category_terms(
    values: np.ndarray, row: np.ndarray, category: int, s: Structure, factor: np.ndarray, out: np.ndarray
) -> None:
    """Terms of one category.

    Parameters
    ----------
    values : (rows, futures) float64
    row : (inputs,) int64
    category : int
    s : Structure
    factor : (futures,) float64
        Scratch: phase-in times the factors of technology.
    out : (P, futures) float64
        Rows of the category's terms are filled.
    """
    futures = factor.shape[0]
    adoption(values, row, category, s, factor)
    for term in range(s.term_start[category], s.term_start[category + 1]):
        total = out[term]
        for task in range(s.task_start[term], s.task_start[term + 1]):
            part, share = s.task_part[task], values[row[s.task_share[task]]]
            first = task == s.task_start[term]
            if s.task_coefficient[task] < 0:
                for future in range(futures):
                    total[future] = (0.0 if first else total[future]) + part * share[future]
            else:
                coefficient = values[row[s.task_coefficient[task]]]
                for future in range(futures):
                    total[future] = (0.0 if first else total[future]) + part * share[future] * coefficient[future]
        if s.term_theme[term] < 0:
            for future in range(futures):
                total[future] *= factor[future]
        else:
            theme = values[row[s.term_theme[term]]]
            for future in range(futures):
                total[future] *= factor[future] * theme[future]


@subroutine
def category_use(values: np.ndarray, row: np.ndarray, category: int, s: Structure, out: np.ndarray) -> None:
    """Potential of one category before phase-in and without the factors of technology that its terms share.

    Parameters
    ----------
    values : (rows, futures) float64
    row : (inputs,) int64
    category : int
    s : Structure
    out : (futures,) float64
        Filled.
    """
    out[:] = 0.0
    for term in range(s.term_start[category], s.term_start[category + 1]):
        theme = values[row[max(s.term_theme[term], 0)]]
        for task in range(s.task_start[term], s.task_start[term + 1]):
            part, share = s.task_part[task], values[row[s.task_share[task]]]
            factors = values[row[max(s.task_coefficient[task], 0)]]
            if s.task_coefficient[task] < 0 and s.term_theme[term] < 0:
                for future in range(out.shape[0]):
                    out[future] += part * share[future]
            elif s.task_coefficient[task] < 0:
                for future in range(out.shape[0]):
                    out[future] += part * share[future] * theme[future]
            elif s.term_theme[term] < 0:
                for future in range(out.shape[0]):
                    out[future] += part * share[future] * factors[future]
            else:
                for future in range(out.shape[0]):
                    out[future] += part * share[future] * factors[future] * theme[future]


@subroutine
def adoption_moved(moved: np.ndarray, category: int, s: Structure) -> bool:
    """Whether one of the moved inputs, (inputs,) bool, counts in `adoption`."""
    found = moved[s.phase_in[category]] | moved[s.national] | moved[s.technology] | moved[s.technology_own[category]]
    for b in range(s.barrier.shape[0]):
        found |= moved[s.barrier[b]]
    return bool(found)


@subroutine
def use_moved(moved: np.ndarray, category: int, s: Structure) -> bool:
    """Whether one of the moved inputs, (inputs,) bool, counts in `category_use`."""
    found = False
    for term in range(s.term_start[category], s.term_start[category + 1]):
        found |= s.term_theme[term] >= 0 and moved[s.term_theme[term]]
        for task in range(s.task_start[term], s.task_start[term + 1]):
            found |= moved[s.task_share[task]]
            found |= s.task_coefficient[task] >= 0 and moved[s.task_coefficient[task]]
    return bool(found)


@subroutine
def driver_deviation(values: np.ndarray, which: np.ndarray, s: Structure, out: np.ndarray) -> None:
    """Drivers of growth less their references.

    Parameters
    ----------
    values : (rows, futures) float
    which : (D,) int64
        Row of `values` that each driver is taken from.
    s : Structure
    out : (D, futures) float
        Filled.
    """
    for d in range(out.shape[0]):
        driver, reference = values[which[d]], s.driver_reference[d]
        for future in range(out.shape[1]):
            out[d, future] = driver[future] - reference


@subroutine
def all_paths(speed: np.ndarray, s: Structure, step: np.ndarray, out: np.ndarray) -> None:
    """Phase-in reached in each year, relative to that of the last, on a logistic path.

    From year to year the odds change by the same factor, so that two exponentials serve all years.

    Parameters
    ----------
    speed : (futures,) float
        Years from 10 to 90 %.
    s : Structure
        Its years rise by whole numbers, and the last is that of the stated phase-in.
    step : (futures,) float
        Scratch.
    out : (years, futures) float
        Filled.
    """
    years, futures = out.shape
    for future in range(futures):
        rate = -4.394449154672439 / speed[future]  # ln 81: from 10 to 90 %
        step[future] = np.exp(rate)
        out[0, future] = 9.0 * np.exp(rate * (s.years[0] - s.phase_in_start))
    for year in range(1, years):
        copy_row(out[year - 1], out[year])
        for _ in range(int(s.years[year] - s.years[year - 1])):
            for future in range(futures):
                out[year, future] *= step[future]
    last = step  # no longer needed
    for future in range(futures):
        last[future] = 1.0 + out[years - 1, future]
    for year in range(years):
        for future in range(futures):
            out[year, future] = last[future] / (1.0 + out[year, future])
