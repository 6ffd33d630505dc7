"""An ensemble of workforce tables that all agree with what the report prints, sampled from the polytope they form.

Wages and potentials stay as calibrated, so that every printed number bounds a linear function of the table. For those
who derive only: at run time `simulator.ensemble` reads the result.

Letters: n cells of area × category × level that are not structurally zero, k outputs.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from . import __version__
from .ensemble import FILE, LABELS
from .errors import InputError
from .hit_and_run import Plan, ellipsoid, package, sample
from .printed_bounds import Bound, Frame, Term, potential_bounds, read_frame, workforce_bounds
from .printed_numbers import ENDS, potential_numbers
from .sources import FOCUS_AREAS, OTHER
from .workforce import FILES, Workforce, read

DIAGNOSTICS = "reconstruction_diagnostics.csv"
TOLERANCE = 1.0  # roundings by which a printed potential may be missed on either side, a rounding being half a unit
MARGIN = 1e-4  # bounds are tightened by this part of their rounding, so that single precision does not break them
LEAST = 0.1  # thousand FTE that the reach is a part of at least; else cells that are practically empty would stay so
LEAST_ESS, MOST_RHAT = 400.0, 1.05
SOURCE = (
    "python -m simulator derive reconstruction: figures 7.1-7.4 held, figures 3.3-4.3.2 within twice their rounding, "
    "wages and potentials as reconciled"
)


@dataclass(frozen=True)
class Polytope:
    """What agrees with the printed numbers: ``matrix @ fte <= limits``.

    Attributes
    ----------
    matrix : ndarray, (rows, n)
    limits, margin : ndarray, (rows,)
        Samples stay inside by the margin.
    """

    matrix: np.ndarray
    limits: np.ndarray
    margin: np.ndarray


@dataclass(frozen=True)
class Measure:
    """Which tables to draw, all of them equally likely (uniform in FTE).

    Attributes
    ----------
    name : str
    tolerance : float
        Roundings, see `TOLERANCE`.
    reach : float
        Part of its reconciled FTE, or of `LEAST`, that a cell may be away from it.
    plan : Plan
    """

    name: str
    tolerance: float
    reach: float
    plan: Plan


# The first is the reference, whose tables are stored. Independent draws (integrated autocorrelation time) are 4 500 steps
# apart for the total, 11 000 for the slowest output and the slowest cell; wide and near are alike.
MEASURES = (
    Measure("reference", TOLERANCE, math.inf, Plan(4, 256, thinning=20_000, warm_up=16, seed=2024)),
    Measure("wide", 2 * TOLERANCE, math.inf, Plan(4, 256, thinning=10_000, warm_up=30, seed=2025)),
    Measure("near", TOLERANCE, 0.5, Plan(4, 256, thinning=10_000, warm_up=30, seed=2026)),
)


@dataclass(frozen=True)
class Output:
    """Something that a table frees in 2040 at central inputs: ``weights @ fte``, weights (n,)."""

    quantity: str
    dimension: str
    label: str
    weights: np.ndarray


@dataclass(frozen=True)
class Summary:
    """An output over the tables of one measure, and how well the chains agree on it."""

    measure: str
    tolerance: float
    reach: float
    quantity: str
    dimension: str
    label: str
    reconciled: float
    mean: float
    sd: float
    p05: float
    p95: float
    ess_bulk: float
    rhat: float


@dataclass(frozen=True)
class Ensemble:
    """The tables of the reference measure as they are stored, the table that frees least first.

    Attributes
    ----------
    frame : Frame
    measure : Measure
    fte : ndarray of float32, (tables, n)
    chain, draw : ndarray of int, (tables,)
        Where each table was drawn.
    summaries : tuple of Summary
        Of all measures.
    """

    frame: Frame
    measure: Measure
    fte: np.ndarray
    chain: np.ndarray
    draw: np.ndarray
    summaries: tuple[Summary, ...]


def derive(data: Path, measures: Sequence[Measure] = MEASURES) -> Ensemble:
    """Sample tables that agree with the printed numbers, and compare what they free under each measure.

    Parameters
    ----------
    data : Path
        Folder with the published tables, and with the reconciled ones in its subfolder `derived`.
    measures : sequence of Measure
        The tables of the first are kept, the others are only summarised.

    Raises
    ------
    InputError
        If a table is faulty, or a package is missing.
    RuntimeError
        If the chains have not converged, or a table misses a bound.
    """
    frame = read_frame(data)
    tables = read(data / "derived", frame.areas, frame.categories, frame.levels)
    reconciled = tables.fte[tuple(frame.cells.T)]
    bounds = workforce_bounds(frame, data)[0] + _soft_bounds(frame, data)
    outputs = tuple(_outputs(frame, tables))
    chains: list[np.ndarray] = []
    summaries: list[Summary] = []
    for measure in measures:
        polytope = printed_polytope(frame, bounds, tables, measure)
        if (polytope.matrix @ reconciled > polytope.limits + 1e-9).any():
            problem = "the table misses a number that it has to meet"
            raise InputError(str(data / "derived" / FILES[0]), problem, "Run 'python -m simulator derive workforce'.")
        matrix, limits = _tightest(polytope)
        fte = sample(matrix, limits, *ellipsoid(matrix, limits), measure.plan).astype(np.float32)  # as stored
        if not (fte @ polytope.matrix.T <= polytope.limits).all():
            raise RuntimeError(f"a table of measure '{measure.name}' misses a bound")
        chains.append(fte)
        summaries += _summaries(measure, outputs, fte, reconciled)
    kept = chains[0].reshape(-1, len(reconciled))
    order = np.argsort(kept @ outputs[0].weights, kind="stable")
    chain, draw = np.divmod(order, measures[0].plan.draws)
    return Ensemble(frame, measures[0], kept[order], chain, draw, tuple(summaries))


def printed_polytope(frame: Frame, bounds: Iterable[Bound], tables: Workforce, measure: Measure) -> Polytope:
    """The bounds as linear inequalities on the cells, and that no cell is negative or out of reach.

    Potentials get a tolerance, since wages and potentials were fitted to one table and would be fitted to another a
    little differently. Where the reconciled table itself misses a bound by more, the bound is moved to what it gives.

    Parameters
    ----------
    frame : Frame
    bounds : iterable of Bound
    tables : Workforce
        As reconciled.
    measure : Measure
    """
    reconciled = tables.fte[tuple(frame.cells.T)]
    rows, limits, margin = [], [], []
    for bound in bounds:
        top = _weights(frame, bound.top, tables)
        bottom = np.zeros_like(top) if bound.bottom is None else _weights(frame, bound.bottom, tables)
        whole = 1.0 if bound.bottom is None else float(bottom @ reconciled)
        low, high = bound.low, bound.high
        if not bound.hard:
            value, more = float(top @ reconciled) / whole, measure.tolerance * bound.rounding
            low, high = min(low - more, value), max(high + more, value)
        for side, sign in ((low, -1.0), (high, 1.0)):
            if np.isfinite(side):
                rows.append(sign * (top - side * bottom))
                limits.append(sign * side if bound.bottom is None else 0.0)
                margin.append(MARGIN * bound.rounding * whole)
    cells, away = np.eye(len(reconciled)), measure.reach * np.maximum(reconciled, LEAST)
    least, most = np.maximum(reconciled - away, 0.0), reconciled + away
    ends = np.isfinite(most)
    return Polytope(
        np.vstack([*rows, -cells, cells[ends]]),
        np.concatenate([limits, -least, most[ends]]),
        np.concatenate([margin, MARGIN * np.where(least > 0, away, 0.0), MARGIN * away[ends]]),
    )


def write(ensemble: Ensemble, folder: Path) -> None:
    """Write reconstruction.nc and reconstruction_diagnostics.csv into `folder`."""
    import xarray as xr

    frame, measure = ensemble.frame, ensemble.measure
    named = zip(LABELS, (frame.areas, frame.categories, frame.levels), frame.cells.T, strict=True)
    mine = [one for one in ensemble.summaries if one.measure == measure.name]
    stored = xr.Dataset(
        {
            "fte": (("table", "cell"), ensemble.fte, {"units": "thousand FTE", "long_name": "FTE in 2023"}),
            **{name: ("cell", np.array(labels, dtype=object)[at]) for name, labels, at in named},
            "chain": ("table", ensemble.chain.astype(np.int16)),
            "draw": ("table", ensemble.draw.astype(np.int16)),
        },
        attrs={
            "title": "Workforce tables that agree with the printed numbers",
            "kind": "derived",
            "source": SOURCE,
            "measure": "uniform in FTE",
            "order": "by freed FTE in 2040 at central inputs",
            "tolerance": measure.tolerance,
            "sampler": f"coordinate hit-and-run, hopsy {package('hopsy').__version__}",
            **{name: int(value) for name, value in vars(measure.plan).items()},
            "least_ess_bulk": min(one.ess_bulk for one in mine),
            "most_rhat": max(one.rhat for one in mine),
            "version": __version__,
        },
    )
    folder.mkdir(parents=True, exist_ok=True)
    stored.to_netcdf(folder / FILE, engine="netcdf4", encoding={"fte": {"zlib": True, "shuffle": True}})
    with (folder / DIAGNOSTICS).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow((*vars(ensemble.summaries[0]), "unit", "kind", "source"))
        for one in ensemble.summaries:
            unit = "thousand FTE" if one.quantity == "freed_fte" else "bn DKK"
            cells = (value if isinstance(value, str) else f"{value:.6g}" for value in vars(one).values())
            writer.writerow((*cells, unit, "derived", SOURCE))


def _soft_bounds(frame: Frame, data: Path) -> list[Bound]:
    """The potentials; limits such as "<1" are not rounded, so they hold as they stand."""
    limits = {(n.figure, n.label, n.quantity) for n in potential_numbers(frame, data) if n.limit}
    return [
        replace(bound, hard=(bound.figure, bound.label, bound.quantity) in limits)
        for bound in potential_bounds(frame, data)
    ]


def _weights(frame: Frame, term: Term, tables: Workforce) -> np.ndarray:
    """What each cell's FTE counts in a sum, (n,)."""
    a, c, _ = frame.cells.T
    weights = np.where(term.cells, 1.0, 0.0)
    if term.wage:
        weights = weights * tables.wage[a, c]
    if term.grown:
        weights = weights * frame.growth[a]
    if term.freed >= 0:
        use = np.column_stack([np.tile(tables.potential, (len(frame.areas), 1)), tables.potential_other])
        use = np.pad(use, ((0, 0), (0, 1)))  # Ekskluderede have none
        weights = weights * use[a, c] * frame.adopt[term.freed][c]
    return weights


def _tightest(polytope: Polytope) -> tuple[np.ndarray, np.ndarray]:
    """Rows of length one with the margin taken off; of parallel ones, such as FTE and wages of a category, the tightest."""
    length = np.linalg.norm(polytope.matrix, axis=1)
    some = length > 0
    matrix = polytope.matrix[some] / length[some, None]
    limits = (polytope.limits - polytope.margin)[some] / length[some]
    tightest = np.argsort(limits, kind="stable")
    _, first = np.unique(matrix[tightest].round(9), axis=0, return_index=True)
    kept = np.sort(tightest[first])
    return matrix[kept], limits[kept]


def _outputs(frame: Frame, tables: Workforce) -> Iterator[Output]:
    """FTE and wages, in all and by area, level and focus area."""
    a, c, level = frame.cells.T
    focus = np.array(frame.focus)[a]
    others = (c == frame.categories.index(OTHER)) & frame.administration_others[a]
    scopes = (focus == "health", focus == "education", frame.administration[c] | others)
    everyone = np.ones(len(a), dtype=bool)
    for quantity in ("freed_fte", "freed_wage"):
        term = Term(everyone, quantity == "freed_wage", grown=True, freed=ENDS.index("middle"))
        weights = _weights(frame, term, tables)
        yield Output(quantity, "", "", weights)
        yield from (Output(quantity, "area", name, weights * (a == i)) for i, name in enumerate(frame.areas))
        yield from (Output(quantity, "level", name, weights * (level == i)) for i, name in enumerate(frame.levels))
        yield from (Output(quantity, "focus_area", FOCUS_AREAS[i], weights * some) for i, some in enumerate(scopes))


def _summaries(
    measure: Measure, outputs: Sequence[Output], fte: np.ndarray, reconciled: np.ndarray
) -> Iterator[Summary]:
    """One for each output; fte (chains, draws, n)."""
    hopsy = package("hopsy")
    values = fte @ np.array([one.weights for one in outputs]).T
    ess, rhat = hopsy.ess(values)[0], hopsy.rhat(values)[0]  # bulk, and split and rank-normalised
    for k, one in enumerate(outputs):
        if rhat[k] > MOST_RHAT or (ess[k] < LEAST_ESS and not one.dimension):
            problem = f"effective sample size {ess[k]:.0f}, split R-hat {rhat[k]:.3f}"
            raise RuntimeError(
                f"the chains of '{measure.name}' are too short for {one.quantity} {one.label}: {problem}"
            )
        here = values[:, :, k]
        numbers = (one.weights @ reconciled, here.mean(), here.std(ddof=1), *np.quantile(here, (0.05, 0.95)))
        numbers = tuple(float(number) for number in (*numbers, ess[k], rhat[k]))
        which = (measure.name, measure.tolerance, measure.reach, one.quantity, one.dimension, one.label)
        yield Summary(*which, *numbers)
