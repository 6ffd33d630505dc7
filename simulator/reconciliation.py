"""The rounded tables of the report reconciled into one workforce table with wages and potentials, as near as possible
to the product of the printed totals (minimum Kullback-Leibler divergence).

Letters: n cells of area × category × level that are not structurally zero, m bounds, w wages (33), p potentials (32).
"""

from __future__ import annotations

import csv
import importlib
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .errors import InputError
from .evidence import explained_potential
from .printed_bounds import Bound, Frame, Term, potential_bounds, read_frame, workforce_bounds
from .sources import EXCLUDED, OTHER
from .workforce import EVERYWHERE, FILES, Workforce

STEPS = 40  # at most; some 15 are needed
SETTLED = 1e-4  # a step that moves no wage by more than this part, and no potential by more than this, is the last
PENALTY = 1.0  # price of missing a bound by half a unit of its last place; the divergence is about one
PULL = 0.2  # price of wages and potentials away from their starting values, squared and relative
DAMPING = 0.05  # price of wages and potentials away from the last point, so that the steps settle
MARGIN = 0.01  # bounds are tightened by this part of their rounding, so that nothing printed is met on the edge only
TOLERANCE = 1e-7  # of the solver
CONFLICT = "In conflict with the other printed numbers."
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
        20 categories in focus, Øvrige of 12 areas, Ekskluderede.
    potentials : ndarray, (p,)
        20 categories in focus, Øvrige of 12 areas.
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
    """The reconciled tables, their labels, and what they were asked for.

    Attributes
    ----------
    areas, categories, levels : tuple of str
    tables : Workforce
    bounds : tuple of Bound
        First those that were asked for, then the claims of the text that were left out because they cannot hold.
    values : ndarray, (m,)
        What the tables give for each bound.
    asked : int
        Number of bounds that were asked for.
    """

    areas: tuple[str, ...]
    categories: tuple[str, ...]
    levels: tuple[str, ...]
    tables: Workforce
    bounds: tuple[Bound, ...]
    values: np.ndarray
    asked: int

    @property
    def misses(self) -> tuple[Miss, ...]:
        """Bounds that are not met, whether they were asked for or left out."""
        return tuple(
            Miss(b.figure, b.label, b.quantity, b.end, float(value), b.low, b.high, b.reason or CONFLICT)
            for b, value in zip(self.bounds, self.values, strict=True)
            if not b.low <= value <= b.high
        )


def reconcile(data: Path) -> Reconciliation:
    """Find the workforce, wages and potentials nearest to the printed totals that agree with what the report prints.

    Hard are the printed marginals of figures 7.1-7.4. The printed potentials have a price that grows linearly with the
    miss (an exact penalty: what can hold holds, and what cannot is missed alone instead of everything a little). No
    potential is less than what the printed tasks explain of it.

    The programme is convex but for products of FTE, wages and potentials. These are linearised at the last point until
    the steps settle (the prox-linear method: Drusvyatskiy & Paquette 2019, doi:10.1007/s10107-018-1311-3). At the end
    FTE alone are solved for, which is exact, so that the hard bounds hold exactly.

    Parameters
    ----------
    data : Path
        Folder with the published tables.

    Raises
    ------
    InputError
        If a table is faulty, or if no workforce has the marginals of figures 7.1-7.4.
    RuntimeError
        If the solver fails, or the steps do not settle.
    """
    frame = read_frame(data)
    hard, claims = workforce_bounds(frame, data)
    asked = hard + potential_bounds(frame, data)
    start = last = _start(frame, hard, data)
    for _ in range(STEPS):
        state = _solve(frame, asked, start, last, data, fixed=False)
        step = max(abs(state.wages / last.wages - 1.0).max(), abs(state.potentials - last.potentials).max())
        last = state
        if step < SETTLED:
            break
    else:
        raise RuntimeError(f"the reconciliation does not settle: after {STEPS} steps the last is {step:.2g}")
    state = _solve(frame, asked, start, last, data, fixed=True)
    bounds = (*asked, *claims)
    values = np.array([_value(frame, bound, state) for bound in bounds])
    labels = (frame.areas, frame.categories, frame.levels)
    return Reconciliation(*labels, _unpack(frame, state), bounds, values, len(asked))


def write(reconciliation: Reconciliation, folder: Path) -> None:
    """Write workforce.csv, wages.csv, potentials.csv, calibration.csv and reconciliation_misses.csv into `folder`."""
    tables = reconciliation.tables
    end = ("derived", SOURCE)
    areas, categories, levels = reconciliation.areas, reconciliation.categories, reconciliation.levels
    other = categories.index(OTHER)
    rows: list[Sequence[str]] = [
        (areas[a], categories[c], levels[level], _digits(tables.fte[a, c, level]), "thousand FTE", *end)
        for a, c, level in np.argwhere(tables.fte > 0)
    ]
    _write(folder / FILES[0], ("area", "category", "level", "fte", "unit", "kind", "source"), rows)
    last = ("mio. DKK per FTE", *end)
    rows = [(EVERYWHERE, c, _digits(tables.wage[0, i]), *last) for i, c in enumerate(categories) if i != other]
    rows += [(a, OTHER, _digits(tables.wage[i, other]), *last) for i, a in enumerate(areas)]
    _write(folder / FILES[1], ("area", "category", "wage", "unit", "kind", "source"), rows)
    last = ("fraction", *end)
    rows = [(EVERYWHERE, c, _digits(tables.potential[i]), *last) for i, c in enumerate(categories[:other])]
    rows += [(a, OTHER, _digits(tables.potential_other[i]), *last) for i, a in enumerate(areas)]
    _write(folder / FILES[2], ("area", "category", "potential", "unit", "kind", "source"), rows)
    _write_bounds(reconciliation, folder)


def _write_bounds(reconciliation: Reconciliation, folder: Path) -> None:
    """What was asked for and what came out, all of it and what is missed."""
    end = ("derived", SOURCE)
    rows: list[Sequence[str]] = []
    for number, (b, value) in enumerate(zip(reconciliation.bounds, reconciliation.values, strict=True)):
        asked = "hard" if b.hard else "soft" if number < reconciliation.asked else "left out"
        met = "yes" if b.low <= value <= b.high else "no"
        numbers = (f"{value:.6g}", f"{b.low:g}", f"{b.high:g}")
        rows.append((b.figure, b.label, b.quantity, b.end, asked, *numbers, met, *end))
    header = ("figure", "label", "quantity", "end", "asked", "value", "low", "high", "met", "kind", "source")
    _write(folder / "calibration.csv", header, rows)
    rows = []
    for m in reconciliation.misses:
        by = max(m.low - m.value, m.value - m.high)
        numbers = (f"{m.value:.4f}", f"{m.low:g}", f"{m.high:g}")
        rows.append((m.figure, m.label, m.quantity, m.end, *numbers, f"{by:.4f}", *end, m.reason))
    header = ("figure", "label", "quantity", "end", "value", "low", "high", "by", "kind", "source", "reason")
    _write(folder / "reconciliation_misses.csv", header, rows)


def _start(frame: Frame, hard: Sequence[Bound], data: Path) -> State:
    """The product of the printed totals on the cells, the printed wages and percentages, and their means for Øvrige."""
    middle = {(b.figure, b.label, b.quantity): (b.low + b.high) / 2 for b in hard}

    def printed(quantity: str, *rows: tuple[str, str]) -> np.ndarray:
        for figure, label in rows:
            if (figure, label, quantity) not in middle:
                problem = f"has no {quantity} of '{label}' in figure {figure}"
                raise InputError(str(data / "published_workforce.csv"), problem, "Add the row.")
        return np.array([middle[(figure, label, quantity)] for figure, label in rows])

    places = [*(("7.3", name) for name in frame.categories[:-2]), ("7.4", EXCLUDED)]
    fte, bill = printed("fte_2023", *places), printed("wage_bill_2023", *places)
    total_fte, total_bill = printed("fte_2023", ("7.1", "Total"))[0], printed("wage_bill_2023", ("7.1", "Total"))[0]
    category = np.insert(fte, -1, total_fte - fte.sum())
    area = printed("fte_2023", *(("7.2", name) for name in frame.areas))
    level = printed("fte_share", *(("7.1", name) for name in frame.levels))
    if min(map(np.min, (category, area, level, bill, total_bill - bill.sum()))) <= 0:
        problem = "a number of figures 7.1-7.4, or what a total leaves for Øvrige, is not above 0"
        raise InputError(str(data / "published_workforce.csv"), problem, "Mend what was changed last.")
    a, c, k = frame.cells.T
    product = area[a] * level[k]
    wage, potential, rest = bill / fte, frame.use[:-2], (total_bill - bill.sum()) / category[-2]
    return State(
        category[c] * product / np.bincount(c, product)[c],
        np.insert(wage, [len(wage) - 1] * len(area), rest),
        np.append(potential, np.full(len(area), np.average(potential, weights=fte[:-1]))),
    )


def _solve(frame: Frame, bounds: Sequence[Bound], start: State, at: State, data: Path, *, fixed: bool) -> State:
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
        constraints += [potentials >= _explained(frame, at, data), potentials <= 1.0]
    divergence = cp.sum(cp.kl_div(fte, start.fte)) / start.fte.sum()
    pull = cp.sum_squares(wages / start.wages - 1.0) + cp.sum_squares(potentials / start.potentials - 1.0)
    step = cp.sum_squares((wages - at.wages) / start.wages)
    step += cp.sum_squares((potentials - at.potentials) / start.potentials)
    problem = cp.Problem(cp.Minimize(divergence + PULL * pull + DAMPING * step + price @ short), constraints)
    status = _solved(cp, problem)
    if status == "infeasible" and not fixed:
        reason = "no workforce was found that meets all of figures 7.1-7.4"
        raise InputError(str(data / "published_workforce.csv"), reason, "Mend what was changed last.")
    if status != "optimal" and (fixed or status != "optimal_inaccurate"):  # an inaccurate step is a step
        raise RuntimeError(f"the reconciliation has no solution: {status}")
    found = np.asarray(unknown.value, dtype=np.float64)
    return State(np.maximum(found[:n], 0.0), found[n : n + w], found[n + w :])


def _solved(cp: Any, problem: Any) -> str:
    """Solve a problem, and say how it went without warning or raising."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        try:
            problem.solve(solver=cp.CLARABEL, tol_gap_abs=TOLERANCE, tol_gap_rel=TOLERANCE, tol_feas=TOLERANCE)
        except cp.SolverError:
            return "the solver failed"
    return str(problem.status)


def _explained(frame: Frame, at: State, data: Path) -> np.ndarray:
    """What the printed tasks explain of each potential (p), with the workforce at `at`; of Øvrige nothing."""
    explained = explained_potential(data, frame.categories[:-2], frame.areas, _table(frame, at))
    return np.append(explained * (1.0 + MARGIN), np.zeros(len(frame.areas)))


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
    w, p = len(at.wages), len(at.potentials)
    focus = p - len(frame.areas)
    own = np.select([c < focus, c == focus], [c, focus + a], p)  # the categories end with Øvrige and Ekskluderede
    factor = np.where(term.cells, 1.0, 0.0)
    if term.grown:
        factor = factor * frame.growth[a]
    if term.freed >= 0:
        factor = factor * frame.adopt[term.freed][c]
    wage = at.wages[own] if term.wage else np.ones(len(c))
    use = np.append(at.potentials, 0.0)[own] if term.freed >= 0 else np.ones(len(c))
    slope = factor * wage * use
    wages = np.bincount(own, factor * at.fte * use, w) if term.wage else np.zeros(w)
    potentials = np.bincount(own, factor * at.fte * wage, w)[:p] if term.freed >= 0 else np.zeros(p)
    return float(slope @ at.fte), np.concatenate([slope, wages, potentials])


def _value(frame: Frame, bound: Bound, at: State) -> float:
    return _term(frame, bound.top, at)[0] / (1.0 if bound.bottom is None else _term(frame, bound.bottom, at)[0])


def _table(frame: Frame, state: State) -> np.ndarray:
    fte = np.zeros((len(frame.areas), len(frame.categories), len(frame.levels)))
    fte[tuple(frame.cells.T)] = state.fte
    return fte


def _unpack(frame: Frame, state: State) -> Workforce:
    focus, p = len(frame.categories) - 2, len(state.potentials)
    wage = np.tile(np.insert(state.wages[[*range(focus), p]], focus, 0.0), (len(frame.areas), 1))
    wage[:, focus] = state.wages[focus:p]
    return Workforce(_table(frame, state), wage, state.potentials[:focus], state.potentials[focus:])


def _digits(value: float) -> str:
    return f"{value:.8g}"


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
