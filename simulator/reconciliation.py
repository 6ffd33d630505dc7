"""The rounded tables of the report reconciled into one workforce table, by minimum Kullback-Leibler divergence.

Letters: n cells of area × category × level that are not structurally zero, m bounds, w wages (33), p potentials (12).
"""

from __future__ import annotations

import csv
import importlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .printed_bounds import Bound, Frame, Term, potential_bounds, read_frame, workforce_bounds
from .sources import EXCLUDED, OTHER
from .workforce import EVERYWHERE, FILES, Workforce

ITERATIONS = 20
PENALTY = 1.0  # price of missing a bound by half a unit of its last place; the divergence is about one
PULL = 0.2  # price of wages and potentials away from their starting values, squared and relative
MARGIN = 1e-3  # bounds are tightened by this part of their rounding, so that solver tolerance does not break them
DAMPING = 0.05  # price of wages and potentials away from the last point, so that the steps settle
WAGES_OTHER = (0.3, 0.9)  # mio. DKK per FTE
POTENTIAL_OTHER = (0.0, 0.5)
SOURCE = (
    "python -m simulator derive workforce: figures 7.1-7.4 held, figures 3.3-4.3.2 met, otherwise nearest to the "
    "product of the printed totals (minimum Kullback-Leibler divergence)"
)


@dataclass(frozen=True)
class State:
    """One point of the programme.

    Attributes
    ----------
    fte : ndarray, (n,)
    wages : ndarray, (w,)
        20 categories in focus, Ekskluderede, Øvrige of 12 areas.
    potentials : ndarray, (p,)
        Øvrige of 12 areas.
    """

    fte: np.ndarray
    wages: np.ndarray
    potentials: np.ndarray

    def vector(self) -> np.ndarray:
        """All unknowns in a row."""
        return np.concatenate([self.fte, self.wages, self.potentials])


@dataclass(frozen=True)
class Miss:
    """A printed number that the tables do not meet: `value` should lie from `low` to `high`."""

    figure: str
    label: str
    quantity: str
    end: str
    value: float
    low: float
    high: float
    reason: str


@dataclass(frozen=True)
class Reconciliation:
    """The reconciled tables, their labels, and what they miss.

    Attributes
    ----------
    areas, categories, levels : tuple of str
    tables : Workforce
    bounds : int
        Number of bounds asked for.
    misses : tuple of Miss
        Missed bounds, and the claims of the text that were left out because they cannot hold.
    """

    areas: tuple[str, ...]
    categories: tuple[str, ...]
    levels: tuple[str, ...]
    tables: Workforce
    bounds: int
    misses: tuple[Miss, ...]


def reconcile(data: Path) -> Reconciliation:
    """Find the table nearest to the product of the printed totals that agrees with what the report prints.

    Hard are the printed marginals of figures 7.1-7.4. The potentials have a price that grows linearly with the miss
    (an exact penalty: what can hold holds, and what cannot is missed alone instead of everything a little). The
    programme is convex but for products of FTE, wages and potentials. It is linearised at the last point a fixed
    number of times; at the end FTE alone are solved for, so that the hard bounds hold exactly.

    Parameters
    ----------
    data : Path
        Folder with the published tables.

    Raises
    ------
    InputError
        If a table is faulty.
    RuntimeError
        If the solver finds no solution, that is, if the hard bounds contradict each other.
    """
    frame = read_frame(data)
    hard, claims = workforce_bounds(frame, data)
    bounds = hard + potential_bounds(frame, data)
    start = _start(frame, hard)
    state = start
    for step in range(ITERATIONS):
        state = _solve(frame, bounds, start, state, fixed=step == ITERATIONS - 1)
    return Reconciliation(
        frame.areas,
        frame.categories,
        frame.levels,
        _unpack(frame, state),
        len(bounds),
        tuple(_misses(frame, bounds + claims, state)),
    )


def write(reconciliation: Reconciliation, folder: Path) -> None:
    """Write workforce.csv, wages.csv, potential_other.csv and reconciliation_misses.csv into `folder`."""
    tables = reconciliation.tables
    end = ("derived", SOURCE)
    areas, categories, levels = reconciliation.areas, reconciliation.categories, reconciliation.levels
    rows: list[Sequence[str]] = [
        (areas[a], categories[c], levels[level], _digits(tables.fte[a, c, level]), "thousand FTE", *end)
        for a, c, level in np.argwhere(tables.fte > 0)
    ]
    _write(folder / FILES[0], ("area", "category", "level", "fte", "unit", "kind", "source"), rows)
    unit = "mio. DKK per FTE"
    rows = [(EVERYWHERE, c, _digits(tables.wage[0, i]), unit, *end) for i, c in enumerate(categories) if c != OTHER]
    other = categories.index(OTHER)
    rows += [(a, OTHER, _digits(tables.wage[i, other]), unit, *end) for i, a in enumerate(areas)]
    _write(folder / FILES[1], ("area", "category", "wage", "unit", "kind", "source"), rows)
    rows = [(a, _digits(tables.potential_other[i]), "fraction", *end) for i, a in enumerate(areas)]
    _write(folder / FILES[2], ("area", "potential", "unit", "kind", "source"), rows)
    rows = []
    for m in reconciliation.misses:
        numbers = (f"{m.value:.4f}", f"{m.low:g}", f"{m.high:g}", f"{max(m.low - m.value, m.value - m.high):.4f}")
        rows.append((m.figure, m.label, m.quantity, m.end, *numbers, *end, m.reason))
    header = ("figure", "label", "quantity", "end", "value", "low", "high", "by", "kind", "source", "reason")
    _write(folder / "reconciliation_misses.csv", header, rows)


def _start(frame: Frame, hard: Sequence[Bound]) -> State:
    """The product of the printed totals on the cells, the printed wages, and one potential for all of Øvrige."""
    middle = {(b.figure, b.label, b.quantity): (b.low + b.high) / 2 for b in hard}
    fte = np.array([middle.get(("7.3", c, "fte_2023"), 0.0) for c in frame.categories])
    bill = np.array([middle.get(("7.3", c, "wage_bill_2023"), 0.0) for c in frame.categories])
    for values, quantity in ((fte, "fte_2023"), (bill, "wage_bill_2023")):
        values[frame.categories.index(EXCLUDED)] = middle["7.4", EXCLUDED, quantity]
        values[frame.categories.index(OTHER)] = middle["7.1", "Total", quantity] - values.sum()
    area = np.array([middle["7.2", a, "fte_2023"] for a in frame.areas])
    level = np.array([middle["7.1", name, "fte_share"] for name in frame.levels])
    a, c, k = frame.cells.T
    product = area[a] * fte[c] * level[k]
    wage = bill / fte
    rest = frame.categories.index(OTHER)
    wages = np.concatenate([np.delete(wage, rest), np.full(len(frame.areas), wage[rest])])
    focus = frame.use > 0
    potential = np.average(frame.use[focus], weights=fte[focus])
    return State(product * area.sum() / product.sum(), wages, np.full(len(frame.areas), potential))


def _solve(frame: Frame, bounds: Sequence[Bound], start: State, at: State, fixed: bool) -> State:
    """The convex programme linearised at `at`; with `fixed`, wages and potentials stay and it is exact."""
    cp: Any = importlib.import_module("cvxpy")  # heavy, and its annotations do not name its functions
    n, w = len(at.fte), len(at.wages)
    slope, offset, owner = _linear(frame, bounds, at)
    soft = np.array([not bounds[i].hard for i in owner])
    price = PENALTY * np.array([bounds[i].weight for i in owner])[soft]
    unknown, short = cp.Variable(n + w + len(at.potentials)), cp.Variable(int(soft.sum()), nonneg=True)
    fte, wages, potentials = unknown[:n], unknown[n : n + w], unknown[n + w :]
    constraints = [slope[~soft] @ unknown + offset[~soft] >= 0, slope[soft] @ unknown + offset[soft] + short >= 0]
    if fixed:
        constraints += [wages == at.wages, potentials == at.potentials]
    else:
        others = wages[w - len(frame.areas) :]
        constraints += [others >= WAGES_OTHER[0], others <= WAGES_OTHER[1]]
        constraints += [potentials >= POTENTIAL_OTHER[0], potentials <= POTENTIAL_OTHER[1]]
    divergence = cp.sum(cp.kl_div(fte, start.fte)) / start.fte.sum()
    pull = cp.sum_squares(wages / start.wages - 1.0) + cp.sum_squares(potentials / start.potentials - 1.0)
    step = cp.sum_squares((wages - at.wages) / start.wages)
    step += cp.sum_squares((potentials - at.potentials) / start.potentials)
    problem = cp.Problem(cp.Minimize(divergence + PULL * pull + DAMPING * step + price @ short), constraints)
    problem.solve(solver=cp.CLARABEL)
    if problem.status != "optimal":
        raise RuntimeError(f"the reconciliation has no solution: {problem.status}")
    found = np.asarray(unknown.value, dtype=np.float64)
    return State(np.maximum(found[:n], 0.0), found[n : n + w], found[n + w :])


def _linear(frame: Frame, bounds: Sequence[Bound], at: State) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """Each side of each bound as ``slope @ unknown + offset >= 0`` in units of its rounding, linearised at `at`.

    Returns
    -------
    slope : ndarray, (rows, n + w + p)
    offset : ndarray, (rows,)
    owner : list of int
        The bound that each row belongs to.
    """
    point = at.vector()
    slopes, offsets, owner = [], [], []
    for number, bound in enumerate(bounds):
        top, top_slope = _term(frame, bound.top, at)
        bottom, bottom_slope = (1.0, np.zeros_like(point)) if bound.bottom is None else _term(frame, bound.bottom, at)
        for side, sign in ((bound.low, 1.0), (bound.high, -1.0)):
            if np.isfinite(side):
                scale = sign / (bound.rounding * bottom)
                slope = (top_slope - side * bottom_slope) * scale
                slopes.append(slope)
                offsets.append((top - side * bottom) * scale - slope @ point - MARGIN)
                owner.append(number)
    return np.array(slopes), np.array(offsets), owner


def _term(frame: Frame, term: Term, at: State) -> tuple[float, np.ndarray]:
    """Value of a sum over cells, and its slope with respect to all unknowns."""
    a, c, _ = frame.cells.T
    other = c == frame.categories.index(OTHER)
    kind = np.where(other, len(at.wages) - len(frame.areas) + a, np.where(c < frame.categories.index(OTHER), c, c - 1))
    factor = np.where(term.cells, 1.0, 0.0)
    if term.grown:
        factor = factor * frame.growth[a]
    wage = at.wages[kind] if term.wage else np.ones(len(c))
    adopt = frame.adopt[term.freed][c] if term.freed >= 0 else np.ones(len(c))
    use = np.where(other, at.potentials[a], frame.use[c]) if term.freed >= 0 else np.ones(len(c))
    slope = factor * wage * adopt * use
    wages, potentials = np.zeros(len(at.wages)), np.zeros(len(at.potentials))
    if term.wage:
        np.add.at(wages, kind, factor * at.fte * adopt * use)
    if term.freed >= 0:
        np.add.at(potentials, a[other], (factor * at.fte * wage * adopt)[other])
    return float(slope @ at.fte), np.concatenate([slope, wages, potentials])


def _misses(frame: Frame, bounds: Iterable[Bound], state: State) -> list[Miss]:
    misses = []
    for b in bounds:
        value = _term(frame, b.top, state)[0] / (1.0 if b.bottom is None else _term(frame, b.bottom, state)[0])
        if not b.low <= value <= b.high:
            reason = b.reason or "In conflict with the other printed numbers."
            misses.append(Miss(b.figure, b.label, b.quantity, b.end, value, b.low, b.high, reason))
    return misses


def _unpack(frame: Frame, state: State) -> Workforce:
    fte = np.zeros((len(frame.areas), len(frame.categories), len(frame.levels)))
    fte[tuple(frame.cells.T)] = state.fte
    other, focus = frame.categories.index(OTHER), len(state.wages) - len(frame.areas)
    wage = np.tile(np.insert(state.wages[:focus], other, 0.0), (len(frame.areas), 1))
    wage[:, other] = state.wages[focus:]
    return Workforce(fte, wage, state.potentials)


def _digits(value: float) -> str:
    return f"{value:.8g}"


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
