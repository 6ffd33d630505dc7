"""Each use case rebuilt: what is printed, what the printed quantities give, and what would have to hold."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..design import Design, design_for, direction_numbers, point_levels, replicate_points
from ..distributions import quantile
from ..errors import InputError
from ..intervals import student_t
from ..sources import is_there, potential_table
from ..tables import position
from .findings import finding, interval, reading, warning
from .formulas import FORMULAS, Formula, Values
from .quantities import FILE, Quantities, Quantity, read_use_cases

if TYPE_CHECKING:
    import xarray as xr

PHASE_IN = ("without", "with")
MOVED = ("coefficient", "phase-in", "both")
CI_BOUNDS = ("lower", "upper")
QUANTILES = (0.05, 0.5, 0.95)
FREED, CLAIM = "freed_fte", "freed_fte_share_of_affected"
FTE, SHARE = "thousand FTE", "fraction of the affected employees"

VARIABLES: Mapping[str, tuple[tuple[str, ...], str, str]] = {
    "published_low": ((), FTE, "Lower end of the printed range"),
    "published_high": ((), FTE, "Upper end of the printed range"),
    "rounding": ((), FTE, "Half a unit of the last printed place"),
    "range_from": ((), "", "What makes the range in the report's way, with its ends"),
    "phase_in_low": ((), "fraction of full potential", "Lower end of the printed phase-in"),
    "phase_in_high": ((), "fraction of full potential", "Upper end of the printed phase-in"),
    "central": (("phase_in",), FTE, "Freed FTE with every quantity in its middle"),
    "range_low": (
        ("phase_in",),
        FTE,
        "Lower end in the report's way: coefficients at their low ends, the rest central",
    ),
    "range_high": (("phase_in",), FTE, "Upper end in the report's way"),
    "hit": (("phase_in",), "", "Whether both ends meet the printed ones within rounding: hit or miss"),
    "fits_width": (("moved",), "", "Whether this range, times any factor, would round to the printed one: yes or no"),
    "range_reading": ((), "", "What the printed range is a range of"),
    FREED: (("phase_in", "quantile"), FTE, "Freed FTE with a distribution on every quantity"),
    f"{FREED}_ci": (("phase_in", "quantile", "ci_bound"), FTE, "95 % interval of the quantile, from the replicates"),
    "probability": (("phase_in",), "1", "Probability that freed FTE lie in the printed range"),
    "probability_ci": (("phase_in", "ci_bound"), "1", "95 % interval of the probability, from the replicates"),
    "solved_for": ((), "", "Quantity that is solved for"),
    "solved_unit": ((), "", "Its unit, which holds for the next three"),
    "solved_low": ((), "see `solved_unit`", "Lower end of its range"),
    "solved_high": ((), "see `solved_unit`", "Upper end of its range"),
    "solved_value": (("phase_in",), "see `solved_unit`", "Value that gives the middle of the printed range"),
    "solved_inside": (("phase_in",), "", "Whether that value lies in its range: yes or no"),
    "affected_fte": ((), FTE, "Employees that the case counts; NaN where the report claims no share of them"),
    "claimed_share_low": ((), SHARE, "Lower end of the printed share"),
    "claimed_share_high": ((), SHARE, "Upper end of the printed share"),
    "base_needed_low": ((), FTE, "Fewest employees with which the printed share and the printed FTE agree, end by end"),
    "base_needed_high": ((), FTE, "Most employees with which they agree"),
    "claim": ((), "", "Whether the printed share holds of the employees that the case counts"),
    "finding": ((), "", "What the numbers say"),
}
"""Dimensions beside `case`, units and long name of each variable."""


def use_cases(data: Path, seed: int = 0, futures: int = 2**14, replicates: int = 16) -> xr.Dataset:
    """The five use cases rebuilt, without and with phase-in.

    Parameters
    ----------
    data : Path
        Folder of the tables.
    seed : int
    futures : int
        Of each case, in Sobol' nets; rounded up to replicates * 2**m.
    replicates : int
        Independent nets, whose spread gives the 95 % intervals.

    Returns
    -------
    xarray.Dataset
        On `case` and the dimensions of `VARIABLES`. Of the claims, NaN where the report claims no share. The attribute
        `warning` says why cases must not be added up. Of size 0 where the folder has no use_cases.csv.

    Raises
    ------
    InputError
        If a table is faulty.
    ValueError
        If futures or replicates are below 1, or seed below 0.
    FloatingPointError
        If a future is not finite.
    """
    import xarray as xr

    if futures < 1 or replicates < 1:
        raise ValueError(f"{futures} futures in {replicates} replicates: both must be 1 or more")
    quantities, printed = (read_use_cases(data), _printed(data)) if is_there(data, FILE) else ({}, {})
    designs = {name: design_for(len(of), futures, replicates, seed, "sobol") for name, of in quantities.items()}
    rebuilt = {name: _case(FORMULAS[name], of, printed[name], designs[name]) for name, of in quantities.items()}
    coordinates: dict[str, Any] = {
        "case": list(rebuilt),
        "case_en": ("case", [printed[name][FREED]["label_en"] for name in rebuilt]),
        "phase_in": list(PHASE_IN),
        "moved": list(MOVED),
        "quantile": list(QUANTILES),
        "ci_bound": list(CI_BOUNDS),
    }
    text = object if rebuilt else str  # without rows netCDF could not tell that objects are texts
    made = {
        name: xr.DataArray(
            np.array([case[name] for case in rebuilt.values()], dtype=float if units else text).reshape(
                len(rebuilt), *(len(coordinates[dim]) for dim in dims)
            ),
            dims=("case", *dims),
            attrs={"long_name": said} | ({"units": units} if units else {}),
        )
        for name, (dims, units, said) in VARIABLES.items()
    }
    points = next((design.points for design in designs.values()), 0)
    told = {"warning": warning(rebuilt) if rebuilt else "", "futures": points, "replicates": replicates, "seed": seed}
    return xr.Dataset(made, coords=coordinates, attrs=told)


def _printed(data: Path) -> dict[str, dict[str, Mapping[str, Any]]]:
    """Rows of the use cases in published_potential.csv, by case and quantity."""
    table = potential_table(data)
    rows: dict[str, dict[str, Mapping[str, Any]]] = {name: {} for name in FORMULAS}
    for number, row in enumerate(table.rows):
        if row["scope"] != "use_case":
            continue
        case, quantity, place = str(row["label"]), str(row["quantity"]), table.place(number)
        position(list(FORMULAS), case, place)
        position((FREED, CLAIM), quantity, place)
        if quantity in rows[case]:
            raise InputError(place, f"repeats {quantity} of '{case}'", "Keep one row, whatever the figure.")
        if not (0 < float(row["low"]) <= float(row["high"]) and float(row["rounding"]) > 0):
            problem = "its range or its rounding is not positive"
            raise InputError(place, problem, "Give 0 < low <= high, and rounding above 0.")
        rows[case][quantity] = row
    for case, found in rows.items():
        if FREED not in found:
            raise InputError(str(table.path), f"the use case '{case}' has no row of {FREED}", "Add it.")
    return rows


def _case(
    formula: Formula, quantities: Quantities, printed: Mapping[str, Mapping[str, Any]], design: Design
) -> dict[str, Any]:
    """The variables of one case."""
    low, high, rounding = (float(printed[FREED][column]) for column in ("low", "high", "rounding"))
    case: dict[str, Any] = {"published_low": low, "published_high": high, "rounding": rounding}
    case |= {f"phase_in_{end}": getattr(quantities["phase_in"], end) for end in ("low", "high")}
    case |= _report_way(formula, quantities, low, high, rounding)
    case |= _solved(formula, quantities, (low + high) / 2)
    case |= _distributed(formula, quantities, low, high, design)
    case |= _claim(quantities, low, high, printed.get(CLAIM))
    case["finding"] = finding(case, _solved_for(quantities)[1])
    case["range_reading"] = reading(case, MOVED, quantities)
    return case


def _freed(formula: Formula, quantities: Quantities, phase_in: bool, values: Mapping[str, Values]) -> Values:
    """Freed FTE at given values, what is not given being central."""
    at: dict[str, Values] = {name: one.central for name, one in quantities.items()}
    return formula(**{**at, **values, **({} if phase_in else {"phase_in": 1.0})})


def _ends(quantities: Quantities, names: Iterable[str]) -> tuple[dict[str, float], dict[str, float]]:
    chosen = list(names)
    return {name: quantities[name].low for name in chosen}, {name: quantities[name].high for name in chosen}


def _report_way(formula: Formula, quantities: Quantities, low: float, high: float, rounding: float) -> dict[str, Any]:
    """Ranges with coefficients at their ends, and what else would make a range of the printed width."""
    coefficients = [name for name, one in quantities.items() if one.role == "coefficient"]
    central, lows, highs = (
        [float(_freed(formula, quantities, phase_in, values)) for phase_in in (False, True)]
        for values in ({}, *_ends(quantities, coefficients))
    )
    met = [abs(a - low) <= rounding and abs(b - high) <= rounding for a, b in zip(lows, highs, strict=True)]
    fits = []
    for names in (coefficients, ["phase_in"], [*coefficients, "phase_in"]):
        a, b = (float(_freed(formula, quantities, True, values)) for values in _ends(quantities, names))
        # Some factor takes both ends into their roundings where the two intervals of such factors meet.
        fits.append((low - rounding) * b <= (high + rounding) * a and (high - rounding) * a <= (low + rounding) * b)
    made_by = (f"{quantities[name].label_en} ({interval(quantities[name])})" for name in coefficients)
    return {
        "range_from": "; ".join(made_by),
        "central": central,
        "range_low": lows,
        "range_high": highs,
        "hit": ["hit" if one else "miss" for one in met],
        "fits_width": ["yes" if one else "no" for one in fits],
    }


def _solved_for(quantities: Quantities) -> tuple[str, Quantity]:
    return next((name, one) for name, one in quantities.items() if one.solved_for)


def _solved(formula: Formula, quantities: Quantities, middle: float) -> dict[str, Any]:
    """The value of one quantity that gives the middle of the printed range, all else central."""
    name, one = _solved_for(quantities)

    def value(phase_in: bool) -> float:
        return _root(lambda x: float(_freed(formula, quantities, phase_in, {name: x})), one, middle)

    values = [value(phase_in) for phase_in in (False, True)]
    return {
        "solved_for": one.label_en,
        "solved_unit": one.unit,
        "solved_low": one.low,
        "solved_high": one.high,
        "solved_value": values,
        "solved_inside": ["yes" if one.low <= value <= one.high else "no" for value in values],
    }


def _root(result: Callable[[float], float], one: Quantity, target: float) -> float:
    """Where a straight line through the ends of the range reaches the target; results are linear in what is solved for."""
    low, high, middle = (result(x) for x in (one.low, one.high, (one.low + one.high) / 2))
    if low == high or not math.isclose(middle, (low + high) / 2, rel_tol=1e-9):
        problem = f"freed FTE do not rise or fall with '{one.label_en}' along a straight line"
        raise InputError(one.place, problem, "Solve for another quantity of the case.")
    return one.low + (target - low) / (high - low) * (one.high - one.low)


def _distributed(formula: Formula, quantities: Quantities, low: float, high: float, design: Design) -> dict[str, Any]:
    """Quantiles, and the probability of the printed range, with a distribution on every quantity."""
    draws = _draws(quantities, design)
    found: dict[str, list[Any]] = {name: [] for name in (FREED, f"{FREED}_ci", "probability", "probability_ci")}
    for phase_in in (False, True):
        freed = np.asarray(_freed(formula, quantities, phase_in, draws))
        if not np.isfinite(freed).all():
            raise FloatingPointError(f"{np.count_nonzero(~np.isfinite(freed))} futures of a use case are not finite")
        within = (low <= freed) & (freed <= high)
        quantiles, probability = np.quantile(freed, QUANTILES), within.mean()
        found[FREED].append(quantiles)
        found[f"{FREED}_ci"].append(student_t(np.quantile(freed, QUANTILES, axis=1).T, quantiles))
        found["probability"].append(probability)
        found["probability_ci"].append(student_t(within.mean(axis=1), probability))
    return found


def _draws(quantities: Quantities, design: Design) -> dict[str, Values]:
    """Values of each quantity, (replicates, points)."""
    directions = direction_numbers(2 * design.inputs)
    levels = np.stack([
        point_levels(
            replicate_points(design, replicate, directions, pairs=False, block_bits=0), 0, 1 << design.log2_points
        )
        for replicate in range(design.replicates)
    ])  # fmt: skip
    return {
        name: quantile(one.distribution, levels[..., place]) for place, (name, one) in enumerate(quantities.items())
    }


def _claim(quantities: Quantities, low: float, high: float, row: Mapping[str, Any] | None) -> dict[str, Any]:
    """The printed share of the affected employees, beside the employees that the case counts."""
    names = ("affected_fte", "claimed_share_low", "claimed_share_high", "base_needed_low", "base_needed_high")
    if row is None:
        return dict.fromkeys(names, math.nan) | {"claim": "no share printed"}
    staff = [one.central for one in quantities.values() if one.role == "staff"]
    if not staff:
        place, problem = next(iter(quantities.values())).place, "no quantity of this case has the role staff"
        raise InputError(place, problem, f"Give it to the employees that '{CLAIM}' is a share of.")
    shares, affected = (float(row["low"]), float(row["high"])), math.fsum(staff)
    bases = (low / shares[0], high / shares[1])
    holds = min(bases) <= affected <= max(bases)
    numbers = dict(zip(names, (affected, *shares, min(bases), max(bases)), strict=True))
    return numbers | {"claim": "holds" if holds else "does not hold"}
