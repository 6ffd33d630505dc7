"""Which inputs lead out of a range: what separates its futures, boxes that hold them, values at which it is left.

Letters: n rows, k inputs, q outputs, t targets.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InputError
from .given_data import Arrays, checked_sample, label_outputs, labelled, refuse_non_finite
from .kolmogorov_smirnov import kolmogorov_smirnov

if TYPE_CHECKING:
    import xarray as xr

POSITIONS = ("below", "in", "above")
VERSUS = ("below", "above", "outside")
BOUNDS = ("low", "high")
CELLS = 32  # in which the first crossing of a target is looked for, half of them to either side of the median
EDGE = 2.0**-34  # levels nearer to 0 or 1 are in no design
PEEL = 0.05  # part of the futures in a box that one step of PRIM takes away
SMALLEST = 0.05  # part of all futures in a box


def separating_inputs(
    values: np.ndarray,
    outputs: np.ndarray,
    low: float | np.ndarray,
    high: float | np.ndarray,
    names: Sequence[str],
    output_names: Sequence[str] | None = None,
) -> xr.Dataset:
    """Regional sensitivity analysis: how the inputs of futures inside a range differ from those of the others.

    The distance of Kolmogorov and Smirnov between the distributions of an input in two classes of futures (Hornberger &
    Spear 1981): 0 where the input has nothing to do with it, 1 where it alone decides. An input that acts through
    interactions alone can have 0.

    Parameters
    ----------
    values : (n, k) float64
    outputs : (n,) or (n, q) float64
    low, high : float or (q,) float64
        The range, both ends included.
    names : sequence of str, length k
    output_names : sequence of str, length q, optional

    Returns
    -------
    xarray.Dataset
        ks_distance and p_value (output, input, versus): of the futures in the range from those below, above, and both
        together; p values are asymptotic, for independent rows and one input, not corrected for the number of inputs.
        median (output, input, position) and share (output, position) of futures below, in and above. NaN where a class is
        empty.

    Raises
    ------
    InputError
        If low is above high, or is no number.
    ValueError
        If shapes do not fit.
    NonFiniteError
        If a value or an output is not finite.

    Examples
    --------
    >>> x = np.random.default_rng(5).random((1000, 2))
    >>> table = separating_inputs(x, x[:, 0], 0.5, 2.0, ["a", "b"])
    >>> table.ks_distance.sel(versus="below").values.round(2)
    array([[1.  , 0.05]])
    >>> table.share.values.round(2)
    array([[0.5, 0.5, 0. ]])
    """
    values, outputs = checked_sample(values, outputs, names)
    count = outputs.shape[1]
    low, high = (np.broadcast_to(np.asarray(end, dtype=np.float64), (count,)) for end in (low, high))
    if not (low <= high).all():
        raise InputError("range", f"low {low.tolist()} is not below high {high.tolist()}", "Give low, then high.")
    median, share = np.full((count, len(names), len(POSITIONS)), np.nan), np.empty((count, len(POSITIONS)))
    inside = (outputs >= low) & (outputs <= high)
    others = np.stack([outputs < low, outputs > high, ~inside], axis=-1)  # (n, q, versus)
    tests = kolmogorov_smirnov(values, inside[..., None], others)
    distance, p_value = (np.moveaxis(one, -1, 1) for one in tests)
    for place in range(count):
        for at, members in enumerate((others[:, place, 0], inside[:, place], others[:, place, 1])):
            share[place, at] = members.mean()
            if members.any():
                median[place, :, at] = np.median(values[members], axis=0)
    compared = ("output", "input", "versus")
    arrays: Arrays = {
        "ks_distance": (distance, compared, "1", "Kolmogorov-Smirnov distance of the futures in the range from others"),
        "p_value": (
            p_value,
            compared,
            "1",
            "Asymptotic p value of the distance, for one input and independent futures",
        ),
        "median": (median, ("output", "input", "position"), "unit of the input", "Median of the input in each class"),
        "share": (share, ("output", "position"), "1", "Share of the futures"),
    }
    coordinates = {"output": label_outputs(count, output_names), "input": list(names)}
    return labelled(arrays, {**coordinates, "versus": list(VERSUS), "position": list(POSITIONS)})


def prim_boxes(
    values: np.ndarray,
    inside: np.ndarray,
    names: Sequence[str],
    boxes: int = 1,
    density: float = 0.8,
    most: int = 10,
) -> xr.Dataset:
    """Scenario discovery: boxes of a few inputs that hold many futures of interest and few others, by PRIM.

    The Patient Rule Induction Method (Friedman & Fisher 1999, doi:10.1023/A:1008894516817; for scenarios: Bryant & Lempert
    2010, doi:10.1016/j.techfore.2009.08.002) of the EMA Workbench. It peels 5 % off a box again and again, where the
    density of the futures of interest rises most for what is lost; of these boxes the one that covers most with at least
    the density asked for is taken, or else the densest. The next box is looked for among the futures outside it.

    Parameters
    ----------
    values : (n, k) float64
    inside : (n,) bool
        Futures of interest.
    names : sequence of str, length k
    boxes : int
        At most so many; fewer where no future of interest is left.
    density : float
        Part of the futures in a box that are to be of interest.
    most : int
        Inputs that are searched: those with the greatest Kolmogorov-Smirnov distance between the futures of interest and
        the others. Among a hundred, PRIM would limit dozens by chance.

    Returns
    -------
    xarray.Dataset
        limit (box, input, bound) and its p_value, the probability of as great a density without that limit, by a binomial
        test; NaN where an input is not limited. coverage (part of all futures of interest), density and mass (part of all
        futures) of the futures that are in a box and in none before it (box). Along `step`, NaN after the last:
        trajectory_coverage, trajectory_density and trajectory_limited (number of limited inputs), to choose another
        compromise from. searched (input): 1 if the input was, else 0.

    Raises
    ------
    InputError
        If the EMA Workbench is not installed, or all or none of the futures are of interest.
    ValueError
        If shapes do not fit.
    NonFiniteError
        If a value is not finite.

    Examples
    --------
    >>> x = np.random.default_rng(6).random((500, 3))
    >>> found = prim_boxes(x, (x[:, 0] > 0.7) & (x[:, 2] < 0.5), ["a", "b", "c"], density=0.95)
    >>> found.limit.sel(box=1).round(1).values.tolist()
    [[0.7, nan], [nan, nan], [nan, 0.5]]
    """
    inside = np.asarray(inside)
    if inside.dtype != bool or inside.ndim != 1:
        raise ValueError(f"inside is {inside.dtype} of shape {inside.shape}; one truth value a row is needed")
    values, _ = checked_sample(values, inside, names)
    if inside.all() or not inside.any():
        which = "all" if inside.all() else "none"
        raise InputError("futures of interest", f"{which} of the {len(inside)} are", "Move the range or the threshold.")
    distance, _ = kolmogorov_smirnov(values, inside, ~inside)
    searched = np.sort(np.argsort(-distance, kind="stable")[:most])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its own dependencies, deprecated uses above all
        found = [_prim_box(box, searched, len(names)) for box in _prim(values[:, searched], inside, boxes, density)]
    steps = max(len(one["trajectory_density"]) for one in found)
    member = np.isin(np.arange(len(names)), searched) * 1.0
    arrays: Arrays = {"searched": (member, ("input",), "1", "1 if the input was searched, else 0")}
    for name, (dims, units, said) in _BOX.items():
        parts = [np.asarray(one[name], dtype=np.float64) for one in found]
        if "step" in dims:
            parts = [np.pad(part, (0, steps - len(part)), constant_values=np.nan) for part in parts]
        arrays[name] = (np.stack(parts), ("box", *dims), units, said)
    return labelled(arrays, {"box": list(range(1, len(found) + 1)), "input": list(names), "bound": list(BOUNDS)})


_BOX: dict[str, tuple[tuple[str, ...], str, str]] = {
    "limit": (("input", "bound"), "unit of the input", "Limit of the box"),
    "p_value": (("input", "bound"), "1", "Quasi p value of a limit (Bryant & Lempert 2010)"),
    "coverage": ((), "1", "Part of all futures of interest that lies in the box"),
    "density": ((), "1", "Part of the futures in the box that is of interest"),
    "mass": ((), "1", "Part of all futures that lies in the box"),
    "trajectory_coverage": (("step",), "1", "Coverage after each step of peeling"),
    "trajectory_density": (("step",), "1", "Density after each step of peeling"),
    "trajectory_limited": (("step",), "1", "Number of limited inputs after each step of peeling"),
}


def _prim(values: np.ndarray, inside: np.ndarray, boxes: int, density: float) -> list[Any]:
    """Boxes of the EMA Workbench, each with the chosen step of its trajectory selected."""
    try:
        import pandas as pd
        from ema_workbench.analysis.prim import Prim
    except ImportError as error:
        remedy = "Install it with: pip install 'genai-simulator[discovery]'."
        raise InputError("scenario discovery", f"the EMA Workbench cannot be imported ({error})", remedy) from None
    frame = pd.DataFrame(values, columns=[f"x{place}" for place in range(values.shape[1])])
    # Any threshold above 0 tells the futures of interest apart; a small one keeps every trajectory.
    search = Prim(frame, inside * 1.0, threshold=EDGE, peel_alpha=PEEL, mass_min=SMALLEST)
    found: list[Any] = []
    for _ in range(boxes):
        box = search.find_box()
        steps = box.peeling_trajectory
        enough = steps[steps["density"] >= density]
        chosen = steps["density"].idxmax() if enough.empty else enough["coverage"].idxmax()
        box.select(int(chosen))
        found.append(box)
        taken = np.concatenate([one.yi for one in found])
        if inside.sum() == inside[taken].sum():
            break
    return found


def _prim_box(box: Any, searched: np.ndarray, inputs: int) -> dict[str, Any]:
    chosen, steps = box._cur_box, box.peeling_trajectory
    limit, p_value = (np.full((inputs, len(BOUNDS)), np.nan) for _ in range(2))
    for place, name in zip(searched, box.box_lims[chosen], strict=True):
        quasi_p = np.array(box.qp[chosen].get(name, (-1.0, -1.0)))
        limited = quasi_p >= 0  # -1: no limit there
        limit[place, limited] = box.box_lims[chosen][name].to_numpy()[limited]
        p_value[place, limited] = quasi_p[limited]
    numbers = {name: steps[name].to_numpy() for name in ("coverage", "density", "mass", "res_dim")}
    return {
        "limit": limit,
        "p_value": p_value,
        **{name: numbers[name][chosen] for name in ("coverage", "density", "mass")},
        "trajectory_coverage": numbers["coverage"],
        "trajectory_density": numbers["density"],
        "trajectory_limited": numbers["res_dim"],
    }


def switching_values(
    function: Callable[[np.ndarray], np.ndarray],
    quantile: Callable[[np.ndarray], np.ndarray],
    names: Sequence[str],
    targets: np.ndarray,
    target_names: Sequence[str],
    output_names: Sequence[str] | None = None,
    unit: str = "unit of the output",
) -> xr.Dataset:
    """How far one input must move, with all others at their medians, for an output to reach a target.

    The crossing nearest to the median, in levels: looked for in 32 cells of equal probability, so that one may be missed
    where an output turns back within a cell, then by Chandrupatla's method for all inputs, outputs and targets at
    once. Where an input has steps, the first value at or beyond the target.

    Parameters
    ----------
    function : callable
        Values (n, k) to outputs (n,) or (n, q).
    quantile : callable
        Levels (n, k) to values (n, k).
    names : sequence of str, length k
    targets : (t,) or (q, t) float64
    target_names : sequence of str, length t
    output_names : sequence of str, length q, optional
    unit : str
        Of the outputs.

    Returns
    -------
    xarray.Dataset
        value, level and probability (output, input, target): the switching value, its quantile level, and how probable it
        is that the input lies there or farther from its median; NaN where no value of the input reaches the target.
        central (input): the medians; central_output (output): the output there; target_value (output, target).

    Raises
    ------
    ValueError
        If shapes do not fit.
    NonFiniteError
        If an output or a target is not finite.

    Examples
    --------
    >>> table = switching_values(lambda x: x.sum(axis=1), lambda levels: 10 * levels, ["a", "b"], [12.0, 17.0], ["p", "q"])
    >>> table.value.sel(input="a").values.round(6)
    array([[ 7., nan]])
    >>> table.probability.sel(input="a", target="p").values.round(6)
    array([0.3])
    """
    grid = np.linspace(0.0, 1.0, CELLS + 1).clip(EDGE, 1 - EDGE)

    def outputs_at(level: np.ndarray, moved: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Outputs (m, q), and values of the moved inputs (m,), where each row moves one input to a level."""
        levels = np.full((len(level), len(names)), 0.5)
        levels[np.arange(len(level)), moved] = level
        values = quantile(levels)
        outputs = np.asarray(function(values), dtype=np.float64).reshape(len(level), -1)
        refuse_non_finite(outputs, "outputs at switching values")
        return outputs, values[np.arange(len(level)), moved]

    scanned = outputs_at(np.tile(grid, len(names)), np.repeat(np.arange(len(names)), len(grid)))[0]
    scanned = scanned.reshape(len(names), len(grid), -1)
    wanted = np.broadcast_to(np.asarray(targets, dtype=np.float64), (scanned.shape[2], len(target_names)))
    refuse_non_finite(wanted, "targets", target_names)
    level = _nearest_crossing(scanned, grid, wanted, outputs_at)
    result, at = np.full((2, *level.shape), np.nan), np.argwhere(np.isfinite(level))
    if len(at):
        result[0][tuple(at.T)] = outputs_at(level[tuple(at.T)], at[:, 1])[1]
    result[1] = np.minimum(level, 1 - level)
    dims, middle = ("output", "input", "target"), quantile(np.full((1, len(names)), 0.5))[0]
    arrays: Arrays = {
        "value": (result[0], dims, "unit of the input", "Value at which the output reaches the target"),
        "level": (level, dims, "1", "Quantile level of that value"),
        "probability": (result[1], dims, "1", "Probability that the input lies there or farther from its median"),
        "central": (middle, ("input",), "unit of the input", "Median"),
        "central_output": (scanned[0, CELLS // 2], ("output",), unit, "Output with all inputs at their medians"),
        "target_value": (wanted, ("output", "target"), unit, "Target"),
    }
    labels = {"output": label_outputs(len(wanted), output_names), "input": list(names), "target": list(target_names)}
    return labelled(arrays, labels)


def _nearest_crossing(
    scanned: np.ndarray,
    grid: np.ndarray,
    targets: np.ndarray,
    outputs_at: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]],
) -> np.ndarray:
    """Level of the crossing nearest to the median.

    Parameters
    ----------
    scanned : (k, CELLS + 1, q) float64
        Outputs at the levels of the grid.
    grid : (CELLS + 1,) float64
    targets : (q, t) float64
    outputs_at : callable

    Returns
    -------
    (q, k, t) float64
        NaN without a crossing.
    """
    from scipy.optimize import elementwise

    above = scanned.transpose(2, 0, 1)[:, :, None] >= targets[:, None, :, None]  # (q, k, t, CELLS + 1)
    crossed, half = above[..., 1:] != above[..., :-1], CELLS // 2
    nearest = np.full((2, *crossed.shape[:-1]), np.nan)
    for side, cells in enumerate((crossed[..., half - 1 :: -1], crossed[..., half:])):
        at = np.argwhere(cells.any(axis=-1))
        if not len(at):
            continue
        cell = np.argmax(cells[tuple(at.T)], axis=-1)
        cell = half + cell if side else half - 1 - cell

        def excess(level: np.ndarray, output: np.ndarray, moved: np.ndarray, target: np.ndarray) -> np.ndarray:
            difference = outputs_at(level, moved)[0][np.arange(len(level)), output] - targets[output, target]
            return np.asarray(difference)

        found = elementwise.find_root(
            excess, (grid[cell], grid[cell + 1]), args=tuple(at.T), tolerances={"xatol": EDGE, "xrtol": 0.0}
        )
        beyond = found.bracket[1] if side else found.bracket[0]  # the far end: past the step, where there is one
        nearest[side][tuple(at.T)] = np.where(found.f_x == 0, found.x, beyond)
    lower, upper = nearest
    up = np.nan_to_num(upper - 0.5, nan=np.inf) < np.nan_to_num(0.5 - lower, nan=np.inf)
    return np.asarray(np.where(up, upper, lower))
