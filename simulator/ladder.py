"""The ladder: from the published range, which moves the phase-in alone, to everything uncertain, one source at a time.

A rung is the model with some kinds of assumption as configured and all others held at their means. Freed FTE and wages are
multilinear in independent inputs, so that a rung is the expectation given its live inputs: all rungs have one mean, the
variance of each is the closed first-order variance of its live inputs, and variances only grow as sources are added. Where
inputs depend on each other, a rung is the model with the others held at their means, and no more than that.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from .dependence import without
from .design import Design, design_for
from .distributions import from_mapping
from .errors import InputError
from .executor import in_order
from .feasibility import check_bounds
from .inputs import Input, build_inputs, fixed
from .intervals import student_t
from .kernels.structure import Structure
from .outputs import OutputRow, base_places, scope_rows
from .potential import LONG_NAMES, QUANTITIES, UNITS
from .prepared import Prepared
from .results import CI_BOUNDS, histogram_cdf, histogram_quantiles, published_ranges
from .sampling import sampler_with
from .sensitivity.exact import ROUNDING, output_means, output_products
from .simulation import Bins, Propagated, Sampler, make_bins, pilot_bins, propagate

if TYPE_CHECKING:
    import xarray as xr

FUTURES = 2**16
REPLICATES = 16
LEVELS = (0.05, 0.5, 0.95)
VARIANTS = ("common", "independent")
# Kinds of assumption in the order in which they are added. `speed` is not among them: the inputs state the phase-in of
# 2040 itself, so that speed only moves the years before.
SOURCES = ("phase-in", "coefficient", "time share", "residual", "demography", "extrapolation", "reconstruction")


@dataclass(frozen=True)
class _Rung:
    """What is live on a rung.

    Attributes
    ----------
    label, kind : str
    source : str
        The one that is alone, or is added; empty for the published range.
    live : tuple of str
        Sources that are not held.
    """

    label: str
    kind: str
    source: str
    live: tuple[str, ...]


@dataclass(frozen=True)
class _Run:
    """A model of which some inputs are live and all others held at their means.

    Attributes
    ----------
    model : Prepared
    live : (inputs,) bool
    deviation : (2,) float64
        Of total FTE and wages in 2040, in closed form.
    """

    model: Prepared
    live: np.ndarray
    deviation: np.ndarray


def ladder(prepared: Prepared, seed: int, workers: int | None = None, futures: int = FUTURES) -> xr.Dataset:
    """Intervals of total freed FTE and wages in 2040 with each source of uncertainty alone, and with all added up.

    Parameters
    ----------
    prepared : Prepared
    seed : int
        Of the futures; all rungs share them, so that they differ by their sources and not by chance.
    workers : int, optional
        Threads; the result does not depend on it.
    futures : int, optional
        Of each rung.

    Returns
    -------
    xarray.Dataset
        On `rung` (with coordinates `kind`: published, at once, alone, added; and `source`) and `variant`: `common`, with
        the common causes of the configuration, and `independent`, every category on its own with the same variance. For
        freed_fte and freed_wage: values by quantile, `_ci` (95 % interval of the quantile from the replicates), `_mean`,
        `_sd`, `_sd_ci`, `_sd_exact` (closed form), `_probability` (of the published range) and `_width` (of the 90 %
        interval, relative to the published range). Of the published range itself the printed ends stand at 0.05 and 0.95.
        NaN where a variant does not apply: the published range, and the phase-in at once, have no independent one. No
        published rung where the tables print no total. The attribute `left_out` says why a variant is missing that would
        leave what is possible.

    Raises
    ------
    NonFiniteError
        If an output is not finite.
    """
    left_out: list[str] = []
    models = {
        "common": prepared,
        "independent": _if_possible(_independent, prepared, left_out),
        "at once": _if_possible(_at_once, prepared, left_out),
    }
    published = _published(prepared)
    sources = [source for source in SOURCES if any(_live(one, (source,)).any() for one in models.values() if one)]
    rungs = _rungs(sources, printed=not np.isnan(published).all())
    runs, places = _runs(rungs, models, prepared)
    design = design_for(len(prepared.inputs), futures, REPLICATES, seed, "sobol")
    # A thread for each rung, not for parts of it: of so few futures the points take longer than the kernels.
    one_run = partial(_propagated, prepared=prepared, design=design)
    done = [result for _, result in in_order(one_run, runs, workers)]
    statistics = {"_sd_exact": np.array([run.deviation for run in runs]), **_statistics(done, published)}
    return _labelled(rungs, statistics, places, published).assign_attrs(
        description="Total freed FTE and wages in 2040 with each source of uncertainty alone, and with all added up",
        futures=design.points, replicates=REPLICATES, seed=seed, left_out=" ".join(left_out),
    )  # fmt: skip


def _if_possible(make: Callable[[Prepared], Prepared], prepared: Prepared, left_out: list[str]) -> Prepared | None:
    """A model made of another one; None, and the reason noted, if a share or a phase-in could then leave 0 to 1."""
    try:
        model = make(prepared)
        check_bounds(model.config, model.evidence, model.inputs)
    except InputError as error:
        left_out.append(str(error))
        return None
    return model


def _independent(prepared: Prepared) -> Prepared:
    """Every category on its own, with the same variance."""
    if not prepared.closed_form:
        place, problem = prepared.config.place("dependence"), "some inputs depend on each other"
        raise InputError(place, problem, "No category is on its own.")
    settings = prepared.config.settings
    own = {
        "phase_in": settings.phase_in.model_copy(update={"common": 0.0}),
        "technology": settings.technology.model_copy(update={"common": False}),
    }
    config = replace(prepared.config, settings=settings.model_copy(update=own))
    return replace(prepared, config=config, inputs=build_inputs(config, prepared.evidence))


def _at_once(prepared: Prepared) -> Prepared:
    """The phase-in alone, moved by `national` for all categories by as much as it varies in one on average.

    What keeps its size is the 90 % interval, as which the inputs read the printed ranges: ±5 points give ±5 points.
    """
    s, mean, variance = prepared.structure, prepared.moments.mean, prepared.moments.variance
    by_category = variance[s.phase_in] + variance[s.national] + s.barrier_weight**2 @ variance[s.barrier]
    half = NormalDist().inv_cdf(LEVELS[-1]) * math.sqrt(by_category[:-1].mean())
    distributions = [fixed(float(value)) for value in mean]
    if half > 0:
        ends = {"kind": "interval", "p05": float(mean[s.national]) - half, "p95": float(mean[s.national]) + half}
        distributions[s.national] = from_mapping(ends, "the phase-in at once", prepared.config.data)
    inputs = zip(prepared.inputs, distributions, strict=True)
    return replace(prepared, inputs=tuple(replace(one, distribution=distribution) for one, distribution in inputs))


def _live(model: Prepared, sources: Sequence[str]) -> np.ndarray:
    """Inputs of some kinds of assumption that are not fixed, (inputs,) bool."""
    kinds = [one.assumption for one in model.inputs]
    return np.asarray(np.isin(kinds, sources) & ~model.sampler.tables.fixed)


def _rungs(sources: Sequence[str], *, printed: bool) -> list[_Rung]:
    """The published range where one is printed, the phase-in at once, each source alone, and all added up."""
    rungs = [_Rung("published", "published", "", ())] if printed else []
    if "phase-in" in sources:
        rungs.append(_Rung("phase-in at once", "at once", "phase-in", ("phase-in",)))
    rungs += [_Rung(f"{source} alone", "alone", source, (source,)) for source in sources]
    added = enumerate(sources, 1)
    return rungs + [_Rung(f"+ {source}", "added", source, tuple(sources[:count])) for count, source in added]


def _runs(
    rungs: Sequence[_Rung], models: Mapping[str, Prepared | None], prepared: Prepared
) -> tuple[list[_Run], np.ndarray]:
    """What has to be propagated, equal things once.

    Returns
    -------
    runs : list of _Run
    places : (rungs, variants) int64
        Run of each; -1 where there is none.
    """
    runs: list[_Run] = []
    known: dict[tuple[Input, ...], int] = {}
    places = np.full((len(rungs), len(VARIANTS)), -1)
    for row, rung in enumerate(rungs):
        for column, name in enumerate(("at once",) if rung.kind == "at once" else VARIANTS):
            model = models[name]
            if rung.live and model is not None:
                live = _live(model, rung.live)
                key = tuple(one for one, on in zip(model.inputs, live, strict=True) if on)
                if key not in known:
                    known[key] = len(runs)
                    runs.append(_Run(model, live, _exact_deviation(prepared, model, live)))
                places[row, column] = known[key]
    return runs, places


def _propagated(run: _Run, prepared: Prepared, design: Design) -> Propagated:
    """Sums over the futures of a run, of the totals in 2040."""
    rows = _totals(prepared)
    base = base_places(prepared.evidence, [prepared.rows[row] for row in rows])
    sampler, structure = _held(run), _structure(prepared, run)
    bins = Bins(prepared.bins.centre[-1:, rows], prepared.bins.width[-1:, rows])
    if np.isnan(run.deviation).any():
        pilot = replace(design, replicates=1)
        bins = pilot_bins(pilot, sampler, structure, bins, base, workers=1)
    else:
        relative = run.deviation / bins.centre[:, :, 0]  # of shares it is about the same
        bins = make_bins(bins.centre, bins.centre * relative[:, :, None])
    return propagate(design, sampler, structure, bins, base, workers=1)


def _totals(prepared: Prepared) -> list[int]:
    """Rows of total FTE and wages."""
    return [prepared.rows.index(OutputRow(quantity, "", "")) for quantity in QUANTITIES]


def _exact_deviation(prepared: Prepared, model: Prepared, live: np.ndarray) -> np.ndarray:
    """Standard deviations of the expectations of total FTE and wages in 2040 given the live inputs, (2,) float64; NaN
    where some of these depend on each other: then others held at their means do not make a rung an expectation."""
    if without(model.copula, np.flatnonzero(~live).tolist()).blocks:
        return np.full(len(QUANTITIES), np.nan)
    at = [scope_rows(prepared.rows).index(row) for row in _totals(prepared)]
    s, lines = prepared.structure, prepared.scope_lines
    square = output_means(s, model.moments, lines) ** 2
    variance = output_products(s, model.moments, lines, live) - square
    return np.asarray(np.sqrt(np.where(variance > ROUNDING * square, variance, 0.0))[-1, at])


def _held(run: _Run) -> Sampler:
    """The sampler with all that is not live at its mean."""
    sampler, mean = run.model.sampler, run.model.moments.mean
    tables = replace(
        sampler.tables,
        fixed=sampler.tables.fixed | ~run.live,
        exact=sampler.tables.exact & run.live,
        ends=np.where(run.live[:, None], sampler.tables.ends, mean[:, None]),
    )
    held = np.flatnonzero(~run.live).tolist()
    return sampler_with(sampler.distributions, tables, without(run.model.copula, held))


def _structure(prepared: Prepared, run: _Run) -> Structure:
    """The packed model of 2040 alone; with the mean of the workforce tables where they are not live."""
    s = prepared.structure
    if not run.live[s.reconstruction]:
        mean = {name: getattr(s, name)[None] for name in s.ensemble._fields}
        s = s._replace(ensemble=s.ensemble._replace(**mean))
    return s._replace(years=s.years[-1:], year_path=s.year_path[-1:])


def _published(prepared: Prepared) -> np.ndarray:
    """Printed low and high of the total FTE and wages, (2, 2) float64; NaN where there is none."""
    ranges = published_ranges(prepared.config.data)
    return np.array([ranges.get((quantity, "", ""), (np.nan, np.nan)) for quantity in QUANTITIES])


def _statistics(done: Sequence[Propagated], published: np.ndarray) -> dict[str, np.ndarray]:
    """By the ending of a variable's name: (runs, 2, ...) float64."""
    if not done:
        return {}
    counts = np.stack([one.counts[:, 0, :, 0] for one in done], axis=1)  # replicates, runs, quantities, bins
    sums = np.stack([one.moments[:, 0, :, 0] for one in done], axis=1) / (1 << done[0].design.log2_points)
    centre, width = (np.stack([getattr(one.bins, name)[0, :, 0] for one in done]) for name in ("centre", "width"))
    whole, levels, offset = counts.sum(axis=0), np.array(LEVELS), sums[..., 0].mean(axis=0)
    values = histogram_quantiles(whole, centre, width, levels)
    each = np.stack([histogram_quantiles(replicate, centre, width, levels) for replicate in counts])
    deviation = np.sqrt(np.maximum(sums[..., 1].mean(axis=0) - offset**2, 0.0))
    deviations = np.sqrt(np.maximum(sums[..., 1] - sums[..., 0] ** 2, 0.0))
    low, high = np.nan_to_num(published).T
    inside = histogram_cdf(whole, centre, width, high) - histogram_cdf(whole, centre, width, low)
    return {
        "": values,
        "_ci": student_t(each, values),
        "_mean": centre + offset,
        "_sd": deviation,
        "_sd_ci": student_t(deviations, deviation),
        "_probability": np.where(np.isnan(published).any(axis=1), np.nan, inside),
        "_width": (values[..., -1] - values[..., 0]) / _range(published),
    }


def _range(published: np.ndarray) -> np.ndarray:
    """Width of the published ranges, (2,) float64; NaN where there is none."""
    width = published[:, 1] - published[:, 0]
    return np.where(width > 0, width, np.nan)


_DIMENSIONS: dict[str, tuple[str, ...]] = {
    "": ("quantile",), "_ci": ("quantile", "ci_bound"), "_mean": (), "_sd": (), "_sd_ci": ("ci_bound",), "_sd_exact": (),
    "_probability": (), "_width": (),
}  # fmt: skip
_SAID = {
    "": "",
    "_ci": ": 95 % interval of the quantile, from the replicates",
    "_mean": ": mean",
    "_sd": ": standard deviation",
    "_sd_ci": ": 95 % interval of the standard deviation, from the replicates",
    "_sd_exact": ": standard deviation in closed form",
    "_probability": ": probability of the published range",
    "_width": ": width of the 90 % interval relative to the published range",
}


def _labelled(
    rungs: Sequence[_Rung], statistics: Mapping[str, np.ndarray], places: np.ndarray, published: np.ndarray
) -> xr.Dataset:
    """Statistics of the runs at their rungs and variants, NaN elsewhere, and the published range at its rung."""
    import xarray as xr

    sizes, there = {"quantile": len(LEVELS), "ci_bound": len(CI_BOUNDS)}, places >= 0
    printed = [one.kind == "published" for one in rungs]
    data: dict[str, xr.DataArray] = {}
    for position, quantity in enumerate(QUANTITIES):
        for ending, dimensions in _DIMENSIONS.items():
            values = np.full((*places.shape, *(sizes[name] for name in dimensions)), np.nan)
            if there.any():
                values[there] = statistics[ending][places[there], position]
            if ending == "":
                values[printed, 0, 0], values[printed, 0, -1] = published[position]
            elif ending == "_width" and not np.isnan(_range(published)[position]):
                values[printed, 0] = 1.0
            units = "1" if ending in ("_probability", "_width") else UNITS[quantity]
            attributes = {"units": units, "long_name": LONG_NAMES[quantity] + _SAID[ending]}
            data[quantity + ending] = xr.DataArray(values, dims=("rung", "variant", *dimensions), attrs=attributes)
    coordinates: dict[str, Any] = {
        "rung": [one.label for one in rungs],
        "kind": ("rung", [one.kind for one in rungs]),
        "source": ("rung", [one.source for one in rungs]),
        "variant": list(VARIANTS),
        "quantile": list(LEVELS),
        "ci_bound": list(CI_BOUNDS),
    }
    return xr.Dataset(data, coords=coordinates)
