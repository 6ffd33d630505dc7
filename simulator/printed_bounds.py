"""The printed numbers as bounds on sums over cells, for the reconciliation: which are hard, and what missing others costs.

Letters: n cells of area × category × level that are not structurally zero.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from .printed_numbers import (
    ENDS,
    Frame,
    Printed,
    Term,
    accepted,
    potential_numbers,
    read_frame,
    reason,
    workforce_numbers,
)
from .sources import EXCLUDED

__all__ = ["Bound", "Frame", "Term", "potential_bounds", "read_frame", "workforce_bounds"]

HEADLINE = 100.0  # price of missing a headline total, by that of any other number

# Excluded positions that only one area can have: figure 7.4 prints them, figure 7.2 the area.
PLACED = {
    "Militært arbejde, øvrige rangordener": "Forsvar",
    "Underofficers arbejde": "Forsvar",
    "Arbejde inden for religion": "Medier, kultur og religion",
    "Arbejde m. religion på mellemniveau": "Medier, kultur og religion",
}


@dataclass(frozen=True)
class Bound:
    """low ≤ top / bottom ≤ high; without a bottom, low ≤ top ≤ high.

    `rounding` is half a unit of the last printed place, in the unit of the bound; `hard` bounds may not be missed;
    `weight` is the price of missing another; `reason` says why it may be missed.
    """

    figure: str
    label: str
    quantity: str
    end: str
    low: float
    high: float
    rounding: float
    top: Term
    bottom: Term | None = None
    hard: bool = False
    weight: float = 1.0
    reason: str = ""


def workforce_bounds(frame: Frame, data: Path) -> tuple[list[Bound], list[Bound]]:
    """What published_workforce.csv says of 2023.

    Returns
    -------
    hard : list of Bound
        The marginals of figures 7.1-7.4, and the least number of excluded positions that only one area can have.
    claims : list of Bound
        The claims of the text that contradict the figures; to be reported, not to be met.

    Raises
    ------
    InputError
        If the table is faulty or names an unknown label.
    """
    hard: list[Bound] = []
    claims: list[Bound] = []
    least: dict[str, float] = {}
    for number in workforce_numbers(frame, data):
        if number.figure == "text":
            claims += _bounds(number)
        else:
            hard += (replace(bound, hard=True) for bound in _bounds(number))
        if number.dimension == "excluded" and number.label in PLACED and number.quantity == "fte_2023":
            area = PLACED[number.label]
            least[area] = least.get(area, 0.0) + number.low - number.rounding
    excluded = frame.cells[:, 1] == frame.categories.index(EXCLUDED)
    for area, low in least.items():
        cells = excluded & (frame.cells[:, 0] == frame.areas.index(area))
        hard.append(Bound("7.4", area, "fte_2023", "middle", low, np.inf, 0.5, Term(cells), hard=True))
    return hard, claims


def potential_bounds(frame: Frame, data: Path) -> list[Bound]:
    """The potentials of published_potential.csv, at both ends and in the middle, each once however often printed.

    The need for staff follows from growth alone, and has no bounds here.

    Raises
    ------
    InputError
        If the table is faulty or names an unknown label.
    """
    bounds: list[Bound] = []
    seen = set()
    for number in potential_numbers(frame, data):
        if number.less is not None:
            continue
        scope = "" if number.dimension == "area" else number.scope  # an area is the same in every figure
        label = "" if number.dimension == "total" else number.label
        identity = (scope, number.dimension, label, number.quantity, number.low, number.high)
        if identity not in seen:
            seen.add(identity)
            bounds += _bounds(number)
    return bounds


def _bounds(number: Printed) -> Iterator[Bound]:
    """Bounds at the printed ends of a number, and on the middle of a range, which lies inside it; none without cells."""
    if number.top is None:
        return
    headline = (number.scope, number.dimension) == ("all", "total") and number.quantity in ("freed_fte", "freed_wage")
    ends = accepted(number)
    if "low" in ends:
        centre, r = (number.low + number.high) / 2, number.rounding
        ends["middle"] = (centre - r, centre + r) if headline else (number.low, number.high)
    for end, (low, high) in ends.items():
        yield Bound(
            figure=number.figure,
            label=number.label,
            quantity=number.quantity,
            end=end,
            low=low,
            high=high,
            rounding=number.rounding,
            top=replace(number.top, freed=ENDS.index(end)) if number.top.freed >= 0 else number.top,
            bottom=number.bottom,
            weight=HEADLINE if headline else 1.0,
            reason=reason(number, end),
        )
