"""The quantities of the use cases as use_cases.csv states them, each with its distribution."""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..distributions import Distribution, bounds, from_mapping
from ..errors import InputError, nearest
from ..sources import TEXT, read_source
from ..tables import Column, Table, position, stated
from .formulas import FORMULAS, Formula

FILE = "use_cases.csv"
UNITS = {
    "thousand FTE": (0.0, math.inf),
    "million a year": (0.0, math.inf),
    "minutes": (0.0, math.inf),
    "hours a year": (1.0, 8784.0),
    "fraction": (0.0, 1.0),
    "change 2023-2040": (-1.0, math.inf),
}
"""Units of the quantities, with the lowest and the highest value that makes sense."""
TAIL = 0.005  # cut from each side of a normal, so that a share of 80 % ± 15 % stays below 1


@dataclass(frozen=True)
class Quantity:
    """A quantity of a use case.

    Attributes
    ----------
    label_en : str
    central, low, high : float
        Low and high are the ends of the 90 % interval; equal to central where the quantity is fixed.
    unit : str
    range_kind : str
        What the range rests on: published, derived or assumed.
    role : str
        coefficient: makes the range in the report's way; staff: is counted among the affected employees; or empty.
    solved_for : bool
    distribution : Distribution
    place : str
        File and row.
    """

    label_en: str
    central: float
    low: float
    high: float
    unit: str
    range_kind: str
    role: str
    solved_for: bool
    distribution: Distribution
    place: str


Quantities = Mapping[str, Quantity]


def read_use_cases(data: Path) -> dict[str, dict[str, Quantity]]:
    """The quantities of each case, in the order of its formula.

    Parameters
    ----------
    data : Path
        Folder of the tables.

    Returns
    -------
    dict of str to dict of str to Quantity

    Raises
    ------
    InputError
        If a case is unknown, a quantity is unknown, missing, out of the range of its unit or has a faulty range, or not
        just one quantity of a case is solved for.
    """
    number = Column(float, empty=True)
    table = read_source(data, FILE, {
        **dict.fromkeys(("case", "quantity", "label", "label_en"), TEXT),
        "low": number, "central": Column(float), "high": number, "relative": Column(float, empty=True, low=0, high=1),
        "family": Column(str, empty=True, choices=("normal", "uniform")), "unit": Column(str, choices=tuple(UNITS)),
        "solved_for": Column(str, choices=("yes", "no")), "role": Column(str, empty=True, choices=("coefficient", "staff")),
    }, ("case", "quantity"))  # fmt: skip
    read: dict[str, dict[str, Quantity]] = {case: {} for case in FORMULAS}
    for place, row in enumerate(table.rows):
        case, name = str(row["case"]), str(row["quantity"])
        position(list(FORMULAS), case, table.place(place))
        known = inspect.signature(FORMULAS[case]).parameters
        if name not in known:
            raise InputError(table.place(place), f"'{case}' has no quantity '{name}'", nearest(name, known))
        read[case][name] = _quantity(table, place)
    return {case: _complete(str(table.path), case, formula, read[case]) for case, formula in FORMULAS.items()}


def _quantity(table: Table, number: int) -> Quantity:
    row, place = table.rows[number], table.place(number)
    one, relative, family = stated(table, number), float(row["relative"]), str(row["family"])
    ranged, spread = not math.isnan(one.low), not math.isnan(relative)
    if ranged and spread:
        raise InputError(place, "gives both a range and relative", "Leave one of them empty.")
    if bool(family) != (ranged or spread):
        problem = "has a family and no range" if family else "has a range and no family"
        raise InputError(place, problem, "Give both, or neither for a quantity that is fixed.")
    width = abs(one.central) * relative if spread else 0.0
    low, high = (one.low, one.high) if ranged else (one.central - width, one.central + width)
    if family and low == high:
        raise InputError(place, "its range has no width", "Leave the range and the family empty.")
    if abs(one.central - (low + high) / 2) > 1e-3 * (high - low):  # both families have their median there
        problem = f"central {one.central:g} is not the middle of {low:g} and {high:g}"
        raise InputError(place, problem, "Move one of the three: central is the median of the distribution.")
    unit = str(row["unit"])
    return Quantity(
        label_en=str(row["label_en"]),
        central=one.central,
        low=low,
        high=high,
        unit=unit,
        range_kind="assumed" if spread else one.kind,
        role=str(row["role"]),
        solved_for=row["solved_for"] == "yes",
        distribution=_distribution(low, high, family, unit, place),
        place=place,
    )


def _distribution(low: float, high: float, family: str, unit: str, place: str) -> Distribution:
    """The 90 % interval as a distribution that stays within what its unit allows."""
    parameters: dict[str, object] = {"kind": "fixed", "value": low}
    if family:
        parameters = {"kind": "interval", "p05": low, "p95": high, "family": family}
    if family == "normal":
        parameters["tail"] = TAIL
    distribution = from_mapping(parameters, place, Path())
    least, most = UNITS[unit]
    for end in bounds(distribution):
        if not least <= end <= most:
            problem = f"its distribution reaches {end:.4g}, and {unit} goes from {least:g} to {most:g}"
            raise InputError(place, problem, "Move or narrow its range, or check the unit.")
    return distribution


def _complete(path: str, case: str, formula: Formula, quantities: Quantities) -> dict[str, Quantity]:
    names = inspect.signature(formula).parameters
    for name in names:
        if name not in quantities:
            raise InputError(path, f"'{case}' has no row for '{name}'", "Add it.")
    solved = [one for one in quantities.values() if one.solved_for]
    if len(solved) != 1:
        raise InputError(path, f"'{case}' has {len(solved)} quantities that are solved for", "Mark one with yes.")
    if solved[0].low == solved[0].high:
        raise InputError(solved[0].place, "is solved for and has no range", "Say what is plausible: low and high.")
    if not any(one.role == "coefficient" for one in quantities.values()):
        raise InputError(path, f"'{case}' has no coefficient", "Give the role to the quantities that make its range.")
    return {name: quantities[name] for name in names}
