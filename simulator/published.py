"""Every printed number of the report beside the model's: what the report's own rule gives, and how probable it is.

Letters: K printed numbers, n futures, A areas, C categories with a potential (the last is Øvrige), L levels.
"""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .design import Design, design_for, direction_numbers, point_levels, replicate_points
from .evidence import Evidence
from .intervals import student_t
from .potential import freed_parts, workforce_tables
from .prepared import Prepared
from .printed_numbers import (
    BAND,
    ENDS,
    Frame,
    Printed,
    Term,
    accepted,
    growth_numbers,
    potential_numbers,
    read_frame,
    reason,
    workforce_numbers,
)
from .results import CI_BOUNDS
from .sources import GROWTH, POTENTIAL, WORKFORCE, is_there

if TYPE_CHECKING:
    import xarray as xr

FILE = "published.csv"
FUTURES, REPLICATES = 2**14, 16
GROUPS = ("potentials", "workforce", "growth", "claims")
TABLES = ((POTENTIAL, potential_numbers), (WORKFORCE, workforce_numbers), (GROWTH, growth_numbers))
CONFLICT = "In conflict with the other printed numbers."
DEPARTS = "The report's central values hit it, those of this configuration do not."

_TEXTS = {
    "figure": "Figure of the report, or text",
    "group": "Kind of number: " + ", ".join(GROUPS),
    "scope": "What is counted: all, or a focus area",
    "dimension": "What the label names",
    "label": "Danish label",
    "label_en": "English label",
    "quantity": "Quantity",
    "unit": "Unit of the numbers",
    "printed": "The number as it stands in the report",
    "reason": "Likely reason of a miss",
    "kind": "Kind of evidence",
    "source": "Place in the report",
    "note": "Note of the transcription",
}
_NUMBERS = {
    "published_low": "Lower printed end",
    "published_high": "Upper printed end",
    "rounding": "Half a unit of the last printed place",
    "ours": "Ours, with the phase-in of all categories 5 points down, as it is, and 5 points up",
    "accepted": "Where ours would be printed so",
    "hit": "Whether ours lies there",
    "miss_by": "Ours less the nearest value that would be printed so",
    "probability": "Probability of what is printed, all inputs uncertain",
    "probability_ci": "95 % interval of the probability, from the replicates",
}
_DIMS = {
    "ours": ("number", "end"),
    "accepted": ("number", "end", "side"),
    "hit": ("number", "end"),
    "miss_by": ("number", "end"),
    "probability_ci": ("number", "ci_bound"),
}


@dataclass(frozen=True)
class _Sums:
    """The sums over cells that printed numbers are made of, each once.

    Attributes
    ----------
    cells : (cells, 3) int
        Area, category and level of the cells with employees.
    masks : tuple of ((bool, bool, bool), (cells, sums) float64)
        Cells of each sum; whether of wages, grown to 2040, freed.
    places : (3, K) int
        Place of top, less and bottom among all sums; behind them stand 0, 1 and NaN, for what a number lacks.
    """

    cells: np.ndarray
    masks: tuple[tuple[tuple[bool, bool, bool], np.ndarray], ...]
    places: np.ndarray


def published_table(prepared: Prepared, seed: int = 0, futures: int = FUTURES) -> xr.Dataset:
    """Every printed number, ours by the report's rule, whether that hits, and the probability of what is printed.

    By the report's rule the phase-in of all categories lies 5 points down for the low end and 5 points up for the high
    end, and every other input is in the middle of its distribution. Ours hits where the report would print it so, see
    `simulator.printed_numbers.accepted`. The probability that the output lies between the printed ends (of a single
    number: within its rounding; of a limit: below it) is that of all inputs together.

    Parameters
    ----------
    prepared : Prepared
    seed, futures : int
        Of the Sobol' points behind the probabilities.

    Returns
    -------
    xarray.Dataset
        On the dimension `number`: the printed number with its provenance, published_low, published_high, rounding,
        probability, and the likely reason of a miss; by `end`: ours, hit (1 or 0), and miss_by (positive where ours is
        too high). NaN where nothing is printed at that end, and where the model has no such output. Numbers of bounds
        and hits in the attributes. Of size 0 where the folder has no tables of printed numbers.

    Raises
    ------
    InputError
        If a table of the printed numbers is faulty.
    FloatingPointError
        If an output is not finite.
    """
    evidence = prepared.evidence
    cells = np.argwhere((evidence.ensemble > 0).any(axis=0) | (evidence.workforce.fte > 0))
    groups, numbers = _printed(evidence, prepared.config.data, cells)
    sums = _sums(cells, numbers)
    ends = [[accepted(number).get(end, (np.nan, np.nan)) for end in ENDS] for number in numbers]
    limits = np.array(ends).reshape(len(numbers), len(ENDS), 2)
    ours = _under_the_rule(prepared, sums)
    miss = _miss(ours, limits)
    futures = futures if numbers else REPLICATES  # as few as there can be
    design = design_for(len(prepared.inputs), futures, REPLICATES, seed, "sobol")
    probability, interval = _probabilities(prepared, sums, numbers, design)
    columns = {name: [getattr(number, name, "") for number in numbers] for name in _TEXTS}
    columns |= {"group": groups, "reason": _reasons(numbers, miss, _miss(_calibrated(evidence, sums), limits))}
    values = {
        "published_low": np.array([number.low for number in numbers]),
        "published_high": np.array([number.high for number in numbers]),
        "rounding": np.array([number.rounding for number in numbers]),
        "ours": ours,
        "accepted": limits,
        "hit": np.where(np.isnan(miss), np.nan, miss == 0),
        "miss_by": miss,
        "probability": probability,
        "probability_ci": interval,
    }
    return _labelled(columns, values).assign_attrs(futures=design.points, seed=seed, **_counts(groups, miss))


def write_csv(table: xr.Dataset, folder: Path) -> Path:
    """Write all columns of the table to `folder`/published.csv, in UTF-8, at once.

    Parameters
    ----------
    table : xarray.Dataset
        As made by `published_table`.
    folder : Path
        Made if it is not there.

    Returns
    -------
    Path
        The file. Columns by end are named as ours_low; a cell is empty where there is no number.
    """
    columns = dict(_flat(table))
    folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(suffix=".csv", prefix=".published-", dir=folder)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows(zip(*columns.values(), strict=True))
        temporary.chmod(0o644)  # mkstemp makes it private
        temporary.replace(folder / FILE)
    finally:
        temporary.unlink(missing_ok=True)
    return folder / FILE


def _frame(evidence: Evidence, cells: np.ndarray) -> Frame:
    """What printed numbers are sums over, where not all are there that `read_frame` holds against each other."""
    phase_in = np.array([*(one.central for one in evidence.phase_in), 0.0])
    return Frame(
        areas=evidence.areas,
        categories=evidence.categories,
        levels=evidence.levels,
        focus=evidence.area_focus,
        administration=np.array(evidence.administration_category),
        administration_others=np.array(evidence.administration_area),
        cells=cells,
        growth=1.0 + evidence.growth.central,
        use=np.append(evidence.workforce.potential, [0.0, 0.0]),
        adopt=phase_in + np.where(phase_in > 0, np.array([[-BAND], [0.0], [BAND]]), 0.0),
    )


def _printed(evidence: Evidence, data: Path, cells: np.ndarray) -> tuple[list[str], list[Printed]]:
    """The printed numbers, each with its group; figure by figure, the claims of the text last."""
    there = [is_there(data, name) for name, _ in TABLES]
    frame = replace(read_frame(data), cells=cells) if all(there) else _frame(evidence, cells)
    numbers = [
        ("claims" if number.figure == "text" else group, number)
        for group, (_, read), known in zip(GROUPS, TABLES, there, strict=False)
        if known
        for number in read(frame, data)
    ]
    numbers.sort(key=lambda pair: pair[0] == "claims")
    return [group for group, _ in numbers], [number for _, number in numbers]


def _flat(table: xr.Dataset) -> Iterator[tuple[str, list[str]]]:
    for name, variable in table.data_vars.items():
        for at in np.ndindex(variable.shape[1:]):
            labels = [str(table[dim].values[i]) for dim, i in zip(variable.dims[1:], at, strict=True)]
            cells = variable.values[(slice(None), *at)]
            texts = [cell if isinstance(cell, str) else "" if np.isnan(cell) else f"{cell:.10g}" for cell in cells]
            yield "_".join([str(name), *labels]), texts


def _labelled(texts: dict[str, list[str]], values: dict[str, np.ndarray]) -> xr.Dataset:
    import xarray as xr

    columns: dict[str, Any] = {
        # Without rows netCDF could not tell that objects are texts.
        name: ("number", np.array(text, dtype=object if text else str), {"long_name": _TEXTS[name]})
        for name, text in texts.items()
    }
    for name, said in _NUMBERS.items():
        units = "1" if name.startswith(("hit", "probability")) else "see `unit`"
        columns[name] = (_DIMS.get(name, ("number",)), values[name], {"units": units, "long_name": said})
    keys = zip(*(texts[name] for name in ("figure", "scope", "dimension", "label", "quantity")), strict=True)
    labels = {"number": ["; ".join(key) for key in keys], "end": list(ENDS), "side": ["from", "to"]}
    return xr.Dataset(columns, coords={**labels, "ci_bound": list(CI_BOUNDS)})


def _sums(cells: np.ndarray, numbers: Sequence[Printed]) -> _Sums:
    terms = sorted({_identity(t) for one in numbers for t in (one.top, one.less, one.bottom) if t is not None})
    place = {identity: i for i, identity in enumerate(terms)}
    masks = tuple(
        (key, np.array([np.frombuffer(mask, dtype=bool) for _, mask in group], dtype=np.float64).T)
        for key, group in groupby(terms, key=lambda identity: identity[0])
    )
    none = len(terms)

    def at(term: Term | None, lacking: int) -> int:
        return lacking if term is None else place[_identity(term)]

    places = [(at(one.top, none + 2), at(one.less, none), at(one.bottom, none + 1)) for one in numbers]
    return _Sums(cells, masks, np.array(places, dtype=np.int64).reshape(-1, 3).T)


def _identity(term: Term) -> tuple[tuple[bool, bool, bool], bytes]:
    return (term.wage, term.grown, term.freed >= 0), term.cells.tobytes()


def _outputs(evidence: Evidence, sums: _Sums, fte: np.ndarray, part: np.ndarray, growth: np.ndarray) -> np.ndarray:
    """The model's values of the printed numbers.

    Parameters
    ----------
    evidence : Evidence
    sums : _Sums
    fte : (n or 1, A, C + 1, L) float64
        Thousand FTE in 2023, Ekskluderede last.
    part : (n, C) float64
    growth : (n, A) float64
        See `simulator.potential.freed_parts`.

    Returns
    -------
    (n, K) float64
        NaN where the model has no such output.

    Raises
    ------
    FloatingPointError
        If another is not finite.
    """
    area, category, level = sums.cells.T
    of_others = category == evidence.categories.index(evidence.other)
    potential = np.where(of_others, evidence.workforce.potential_other[area], 1.0)
    factors = (
        evidence.workforce.wage[area, category],
        growth[:, area],
        np.column_stack([part, np.zeros(len(part))])[:, category] * potential,  # nothing is freed of the excluded
    )
    employed = fte[:, area, category, level]
    top, less, bottom = sums.places
    totals = []
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):  # what is not finite is refused below
        for chosen, masks in sums.masks:
            cells = employed
            for factor in (factor for factor, used in zip(factors, chosen, strict=True) if used):
                cells = cells * factor
            totals.append(np.broadcast_to(cells @ masks, (len(part), masks.shape[1])))
        known = np.column_stack([*totals, np.tile([0.0, 1.0, np.nan], (len(part), 1))])
        outputs = (known[:, top] - known[:, less]) / known[:, bottom]
    bad = (~np.isfinite(outputs[:, top < known.shape[1] - 1])).any(axis=1)
    if bad.any():
        raise FloatingPointError(f"a published number is not finite in {bad.sum()} futures, first in {bad.argmax()}")
    return np.asarray(outputs)


def _under_the_rule(prepared: Prepared, sums: _Sums) -> np.ndarray:
    """Ours at both ends of the phase-in and in the middle, (K, 3)."""
    values = np.repeat(prepared.central(), len(ENDS), axis=0)
    values[:, prepared.names.index("national")] += np.array([-BAND, 0.0, BAND])
    evidence, names = prepared.evidence, prepared.names
    fte, parts = workforce_tables(evidence, names, values), freed_parts(evidence, names, values)
    return _outputs(evidence, sums, fte, *parts).T


def _calibrated(evidence: Evidence, sums: _Sums) -> np.ndarray:
    """The same at the central values that the tables state, whatever the configuration, (K, 3)."""
    use = np.ones(len(evidence.phase_in))
    for place, (category, rest) in enumerate(zip(evidence.categories, evidence.residual, strict=False)):
        tasks = (task for task in evidence.tasks if task.category == category)
        use[place] = rest.central + sum(task.part * task.share.central * task.coefficient.central for task in tasks)
    adopt = np.array([one.central for one in evidence.phase_in]) + np.array([[-BAND], [0.0], [BAND]])
    growth = np.tile(1.0 + evidence.growth.central, (len(ENDS), 1))
    return _outputs(evidence, sums, evidence.workforce.fte[None], use * adopt, growth).T


def _probabilities(
    prepared: Prepared, sums: _Sums, numbers: Sequence[Printed], design: Design
) -> tuple[np.ndarray, np.ndarray]:
    """Probability of each printed range (K,), and its interval (K, 2)."""
    margin = np.array([one.rounding if one.low == one.high else 0.0 for one in numbers])
    low = np.array([one.low for one in numbers]) - margin
    high = np.array([one.high for one in numbers]) + margin
    directions = direction_numbers(2 * design.inputs)
    points = (replicate_points(design, r, directions, pairs=False, block_bits=0) for r in range(design.replicates))
    values = prepared.values(np.concatenate([point_levels(one, 0, 1 << design.log2_points) for one in points]))
    parts = freed_parts(prepared.evidence, prepared.names, values)
    inside = np.empty((design.replicates, len(numbers)))
    for replicate, block in enumerate(np.split(np.arange(design.points), design.replicates)):
        fte = workforce_tables(prepared.evidence, prepared.names, values[block])
        outputs = _outputs(prepared.evidence, sums, fte, *(part[block] for part in parts))
        inside[replicate] = np.where(np.isnan(outputs), np.nan, (low <= outputs) & (outputs <= high)).mean(axis=0)
    probability = inside.mean(axis=0)
    return probability, np.clip(student_t(inside, probability), 0.0, 1.0)


def _miss(ours: np.ndarray, limits: np.ndarray) -> np.ndarray:
    """Ours less the nearest accepted value, (K, 3); 0 where it is accepted, NaN where nothing is."""
    return np.asarray(ours - np.clip(ours, limits[..., 0], limits[..., 1]))


def _reasons(numbers: Sequence[Printed], miss: np.ndarray, calibrated: np.ndarray) -> list[str]:
    """The likely reason of each number's misses; empty where it has none."""
    reasons = []
    for number, ours, tables in zip(numbers, miss, calibrated, strict=True):
        missed = [place for place in range(len(ENDS)) if abs(ours[place]) > 0]
        said = (reason(number, ENDS[at]) or CONFLICT if tables[at] != 0 else DEPARTS for at in missed)
        reasons.append(" ".join(dict.fromkeys(said)))
    return reasons


def _counts(groups: Sequence[str], miss: np.ndarray) -> dict[str, int]:
    """Bounds and hits, in all and by kind of number."""
    group = np.array(groups, dtype=str)
    counts: dict[str, int] = {}
    for name, chosen in (("", slice(None)), *((f"_{one}", group == one) for one in GROUPS)):
        counts |= {f"bounds{name}": int(np.isfinite(miss[chosen]).sum()), f"hits{name}": int((miss[chosen] == 0).sum())}
    return counts
