"""Expected outputs with some inputs known, exactly: where one input moves the mean, and where it leaves the range.

The model is multilinear in independent inputs, so that E[Y | X_u] is the model at the values of u and the means of the
others, with the mean of all workforce tables and of the phase-in path where these are not in u.

Letters: n rows, k inputs, S scopes (total and focus areas, of FTE and wages), C categories with a potential, D drivers of
growth, Y years.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from ..distributions import bounds, cdf, quantile
from ..kernels.structure import Structure
from ..outputs import OutputRow, scope_rows
from ..phase_in import HORIZON, logistic_path
from ..potential import QUANTITIES
from ..prepared import Prepared
from ..results import published_ranges
from ..sensitivity.given_data import Arrays, labelled

if TYPE_CHECKING:
    import xarray as xr

Column = float | np.ndarray

LEVELS = (0.05, 0.95)
BOUNDS = ("low", "high")
DEPENDENT = "NaN where inputs depend on each other and the formula does not hold: all of them have to be known together"


def is_exact(prepared: Prepared, members: np.ndarray) -> np.ndarray:
    """Whether the model at the means of the other inputs is what is expected, once the inputs of a group are known.

    Inputs that depend on each other are all in the group: left out, their products would have other means, and known in
    part, they would tell of the rest.

    Parameters
    ----------
    prepared : Prepared
    members : (G, k) bool

    Returns
    -------
    (G,) bool
    """
    return np.asarray(members[:, list(prepared.copula.dependent)].all(axis=1))


def expected_given(
    prepared: Prepared,
    values: np.ndarray,
    known: np.ndarray,
    scopes: Sequence[int] | None = None,
    years: Sequence[int] = (HORIZON,),
) -> np.ndarray:
    """Expected freed FTE and wages, once some inputs are known.

    Parameters
    ----------
    prepared : Prepared
    values : (n, k) float64
        Read in the columns of known inputs alone.
    known : (k,) bool
        See `is_exact`.
    scopes : sequence of int, optional
        Places among the rows of `simulator.outputs.scope_rows`; all by default.
    years : sequence of int

    Returns
    -------
    (n, S, Y) float64
    """
    s, moments = prepared.structure, prepared.moments
    columns = [np.ascontiguousarray(values[:, i]) if known[i] else mean for i, mean in enumerate(moments.mean.tolist())]
    places = [prepared.years.index(year) for year in years]
    coefficients = prepared.scope_coefficients[:, slice(None) if scopes is None else list(scopes)]
    path = moments.path_mean[None, places]
    if known[s.speed]:
        path = logistic_path(values[:, s.speed], years, s.phase_in_start)
    drivers = [columns[place] - reference for place, reference in zip(s.driver, s.driver_reference, strict=True)]
    growth, freed = _rows([1.0, *drivers], len(values)), _rows(_category_sums(s, columns), len(values))
    if known[s.reconstruction] and len(coefficients) > 1:
        lines = np.einsum("nslc,cn->sln", coefficients[values[:, s.reconstruction].astype(np.int64)], freed)
    else:
        lines = np.einsum("slc,cn->sln", coefficients.mean(axis=0), freed)
    tilt = np.einsum("sln,ln->ns", lines[:, 1:], growth)
    return np.asarray((lines[:, 0].T[..., None] + tilt[..., None] * s.year_path[places]) * path[:, None])


def _rows(columns: Sequence[Column], count: int) -> np.ndarray:
    """(columns, n) float64."""
    rows = np.empty((len(columns), count))
    for row, column in zip(rows, columns, strict=True):
        row[:] = column
    return rows


def _category_sums(s: Structure, x: Sequence[Column]) -> list[Column]:
    """What is freed of each category in 2040, as a fraction of its FTE before growth; a number where nothing is known."""
    sums: list[Column] = []
    for category, (first, last) in enumerate(pairwise(s.term_start)):
        use: Column = 0.0
        for term in range(first, last):
            tasks: Column = 0.0
            for task in range(s.task_start[term], s.task_start[term + 1]):
                part, coefficient = s.task_part[task] * x[s.task_share[task]], s.task_coefficient[task]
                tasks = tasks + (part if coefficient < 0 else part * x[coefficient])
            use = use + (tasks if s.term_theme[term] < 0 else tasks * x[s.term_theme[term]])
        adopted = x[s.phase_in[category]] + x[s.national]
        for weight, barrier in zip(s.barrier_weight[category], s.barrier, strict=True):
            adopted = adopted + weight * x[barrier]
        sums.append(use * adopted * (x[s.technology] * x[s.technology_own[category]]))
    return sums


def _one_moved(
    prepared: Prepared, ends: np.ndarray, scopes: Sequence[int] | None = None, years: Sequence[int] = (HORIZON,)
) -> np.ndarray:
    """Expected outputs (m, k, S, Y) with each input alone at each of its m values `ends` (m, k); NaN if not exact."""
    s, count = prepared.structure, len(prepared.inputs)
    alone, several = np.eye(count, dtype=bool), [s.speed, s.reconstruction]  # whose means are no value of theirs
    values = np.where(alone, ends[:, None], prepared.moments.mean)  # (m, moved input, k)
    known = np.ones(count, dtype=bool)
    known[several] = False
    result = expected_given(prepared, values.reshape(-1, count), known, scopes, years)
    result = result.reshape(len(ends), count, *result.shape[1:])
    for place in several:
        result[:, place] = expected_given(prepared, values[:, place], alone[place], scopes, years)
    result[:, ~is_exact(prepared, alone)] = np.nan
    return result


def conditional_means(prepared: Prepared, years: Sequence[int] = (HORIZON,)) -> xr.Dataset:
    """Expected outputs with one input at its 5 % or 95 % quantile, and all others uncertain.

    Parameters
    ----------
    prepared : Prepared
    years : sequence of int
        Among those of the results.

    Returns
    -------
    xarray.Dataset
        conditional_low and conditional_high (output, input): outputs as in the indices of single inputs. Of the workforce
        tables, at the quantiles of their number: they are in the order of what they free. NaN where inputs depend on each
        other, see the attribute `note`.
    """
    ends = np.stack([quantile(one.distribution, LEVELS) for one in prepared.inputs], axis=1)
    result = _one_moved(prepared, ends, years=years)
    result = result.transpose(0, 2, 3, 1).reshape(len(BOUNDS), -1, len(prepared.inputs))
    rows = [prepared.rows[scope] for scope in scope_rows(prepared.rows)]
    outputs = [" ".join(filter(None, (row.quantity, row.label, str(year)))) for row in rows for year in years]
    arrays: Arrays = {
        f"conditional_{end}": (
            result[place],
            ("output", "input"),
            "unit of the output",
            f"Expected output with the input at its {LEVELS[place] * 100:g} % quantile, and all others uncertain",
        )
        for place, end in enumerate(BOUNDS)
    }
    return labelled(arrays, {"output": outputs, "input": prepared.names}).assign_attrs(_note(prepared))


def switching_values(prepared: Prepared) -> xr.Dataset:
    """At which value of one input the expected total of 2040 leaves its published range, all other inputs uncertain.

    What is expected is a line in each input, so that the value is exact. That of `simulator.sensitivity.discovery` is for any
    function, with the other inputs at their medians.

    Parameters
    ----------
    prepared : Prepared

    Returns
    -------
    xarray.Dataset
        value and probability_beyond (output, input, bound): where the expected total is the low or the high end of the
        range, NaN if no value of the input brings it there; and how probable a value is with which it lies outside, beyond
        that end. slope (output, input): what one unit of the input adds. expected (output) and published (output, bound),
        NaN without a published range. NaN for the number of the workforce table, along which there is no line, and where
        inputs depend on each other, see the attribute `note`.
    """
    scopes, published = total_scopes(prepared), total_ranges(prepared)[:, None, :]
    expected, slope = (each[..., None] for each in _lines(prepared, scopes))
    gap, shape = published - expected[:, None], (len(scopes), len(prepared.inputs), len(BOUNDS))
    away = np.broadcast_to(np.copysign(np.inf, gap), shape).copy()
    crossing = np.divide(gap, slope, out=away, where=slope != 0) + prepared.moments.mean[:, None]
    value, beyond = np.full(shape, np.nan), np.full(shape, np.nan)
    below = (slope >= 0) == (np.array(BOUNDS) == "low")  # whether it is the lower values that lead out of the range
    for at, one in enumerate(prepared.inputs):
        known, (low, high) = np.isfinite(gap + slope)[:, at], bounds(one.distribution)
        x = crossing[:, at][known]
        x = np.where(x < low, -np.inf, np.where(x > high, np.inf, x))  # where no value is
        lower = cdf(one.distribution, x)
        beyond[:, at][known] = np.where(below[:, at][known], lower, 1 - lower)
        value[:, at][known] = np.where(np.isfinite(x), x, np.nan)
    dims, unit = ("output", "input", "bound"), "unit of the output"
    arrays: Arrays = {
        "value": (value, dims, "unit of the input", "Value with which the expected output is the end of its range"),
        "probability_beyond": (beyond, dims, "1", "Probability of a value with which it lies beyond that end"),
        "slope": (
            slope[..., 0],
            dims[:2],
            "unit of the output per unit of the input",
            "What one unit of the input adds",
        ),
        "expected": (expected[..., 0], dims[:1], unit, "Expected output"),
        "published": (published[:, 0], (dims[0], dims[2]), unit, "Published range"),
    }
    labels = {"output": [f"{name} {HORIZON}" for name in QUANTITIES], "input": prepared.names, "bound": list(BOUNDS)}
    return labelled(arrays, labels).assign_attrs(_note(prepared))


def _lines(prepared: Prepared, scopes: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Expected outputs of 2040 (S,), and what one unit of each input adds (S, k): 0 of a fixed one; NaN if not known."""
    count = len(prepared.inputs)
    ends = np.array([bounds(one.distribution) for one in prepared.inputs]).T
    change, width = np.diff(_one_moved(prepared, ends, scopes)[..., 0], axis=0)[0].T, ends[1] - ends[0]
    slope = np.where(width > 0, change / np.where(width > 0, width, 1.0), 0.0 * change)
    slope[:, prepared.structure.reconstruction] = np.nan
    nothing = np.zeros(count, dtype=bool)
    if not is_exact(prepared, nothing[None])[0]:
        return np.full(len(scopes), np.nan), slope
    return expected_given(prepared, np.zeros((1, count)), nothing, scopes)[0, :, 0], slope


def total_scopes(prepared: Prepared) -> list[int]:
    """Places of the totals among the scopes, in the order of `simulator.potential.QUANTITIES`."""
    rows = [prepared.rows[scope] for scope in scope_rows(prepared.rows)]
    return [rows.index(OutputRow(quantity, "", "")) for quantity in QUANTITIES]


def total_ranges(prepared: Prepared) -> np.ndarray:
    """Published low and high of the totals of 2040, (quantities, 2) float64; NaN where none is published."""
    ranges = published_ranges(prepared.config.data)
    return np.array([ranges.get((quantity, "", ""), (np.nan, np.nan)) for quantity in QUANTITIES])


def _note(prepared: Prepared) -> dict[str, str]:
    return {} if prepared.closed_form else {"note": DEPENDENT}
