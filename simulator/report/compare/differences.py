"""How much a run differs from the reference, with an interval: future by future where they share their draws."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from ...intervals import student_t
from ..content.reading import Label, origin
from ..document import Number
from .runs import Runs

BINS = 61  # of the distribution of differences; odd, so that a single value stands in the middle of one
ENDS = ("lower", "upper")


def of_futures(runs: Runs, other: int, variable: str, **labels: Label) -> np.ndarray:
    """A run less the reference in each future of the samples, (futures,) float64."""
    ours, reference = (runs.values(run, f"sample/{variable}", **labels) for run in (other, 0))
    return np.asarray(ours - reference)


def mean_interval(runs: Runs, other: int, differences: np.ndarray) -> np.ndarray:
    """95 % interval of the mean difference from the samples' replicates, (2,) float64.

    The sample holds the first futures of each replicate, one replicate after the other; replicates are independent.
    """
    found = re.search(r"\d+", str(runs.trees[other]["sample"].attrs["description"]))
    each = int(found.group()) if found else len(differences)
    means = np.array([differences[at : at + each].mean() for at in range(0, len(differences), each)])
    return student_t(means, np.asarray(differences.mean()))


def paired(runs: Runs, other: int, variable: str, form: str, digits: int, **labels: Label) -> Mapping[str, Number]:
    """The difference on common draws.

    Parameters
    ----------
    runs : Runs
    other : int
        Place of the run; the reference is the first.
    variable : str
        Of the samples.
    form : str
    digits : int
    **labels

    Returns
    -------
    mapping of str to Number
        ``mean`` with ``lower`` and ``upper`` (95 % interval); ``low``, ``middle``, ``high`` (quantiles of the difference at
        the levels of the runs); ``greater``: fraction of the futures in which the run gives more than the reference.
    """
    each = of_futures(runs, other, variable, **labels)
    place = origin(f"sample/{variable}", **labels)
    said = f"{runs.names[other]}:{place} - {runs.names[0]}:{place}"
    result = {"mean": Number(float(each.mean()), f"mean({said})", form, digits)}
    for end, value in zip(ENDS, mean_interval(runs, other, each), strict=True):
        result[end] = Number(float(value), f"mean({said})[{end}]", form, digits)
    for name, level in zip(("low", "middle", "high"), runs.levels, strict=True):
        result[name] = Number(float(np.quantile(each, level)), f"quantile({said})[{level}]", form, digits)
    result["greater"] = Number(float((each > 0).mean()), f"greater({said})", "percent", 0)
    return result


def apart(runs: Runs, other: int, variable: str, form: str, digits: int, **labels: Label) -> Mapping[str, Number]:
    """The difference of means and of medians, where the draws are not the same and so independent.

    Parameters
    ----------
    As in `paired`, with a variable of the summaries.

    Returns
    -------
    mapping of str to Number
        ``mean`` with ``lower`` and ``upper``, and ``median`` with ``median_lower`` and ``median_upper``: 95 % intervals,
        combined from those of the two runs (method of variance estimates recovery: Zou & Donner 2008, doi:10.1002/sim.3095).
    """
    result: dict[str, Number] = {}
    for name, ending, more in (("mean", "_mean", {}), ("median", "", {"quantile": runs.levels[1]})):
        place = origin(f"summary/{variable}{ending}", **labels, **more)
        said = f"{runs.names[other]}:{place} - {runs.names[0]}:{place}"
        ours, reference = (
            float(runs.values(run, f"summary/{variable}{ending}", **labels, **more)) for run in (other, 0)
        )
        ends, of_reference = (
            runs.values(run, f"summary/{variable}{ending}_ci", **labels, **more) for run in (other, 0)
        )
        interval = recovered((reference, of_reference), (ours, ends))
        result[name] = Number(ours - reference, said, form, digits)
        for end, value in zip(ENDS, interval, strict=True):
            result[end if name == "mean" else f"median_{end}"] = Number(value, f"({said})[{end}]", form, digits)
    return result


def recovered(first: tuple[float, np.ndarray], second: tuple[float, np.ndarray]) -> tuple[float, float]:
    """Interval of second - first, from an independent estimate of each with its interval.

    Parameters
    ----------
    first, second : (value, (2,) float64)

    Returns
    -------
    lower, upper : float
        NaN where an interval is.

    Examples
    --------
    >>> recovered((10.0, np.array([7.0, 13.0])), (20.0, np.array([16.0, 24.0])))
    (5.0, 15.0)
    """
    (a, (a_low, a_high)), (b, (b_low, b_high)) = first, second
    below, above = np.hypot(b - b_low, a_high - a), np.hypot(b_high - b, a - a_low)
    return float(b - a - below), float(b - a + above)


def histogram(samples: Sequence[np.ndarray]) -> tuple[np.ndarray, list[np.ndarray]]:
    """Parts of each sample in the same equal bins, which span all of them.

    Parameters
    ----------
    samples : sequence of (n,) float64

    Returns
    -------
    edges : (`BINS` + 1,) float64
    parts : list of (`BINS`,) float64
        Each adds up to 1.
    """
    low, high = min(float(one.min()) for one in samples), max(float(one.max()) for one in samples)
    if high - low <= 1e-9 * max(abs(low), abs(high)):  # all the same: one bin in the middle
        low, high = (low + high) / 2 - 0.5, (low + high) / 2 + 0.5
    counted = [np.histogram(one, BINS, (low, high)) for one in samples]
    return counted[0][1], [counts / len(one) for (counts, _), one in zip(counted, samples, strict=True)]
