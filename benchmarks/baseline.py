"""What one would write without the simulator: freed FTE of 2040 in plain numpy, with numpy's own random draws.

One output, the total, or eight: FTE and wages of the total and of the three focus areas.

It is kept as fast as plain numpy allows: arrays lie input by input and a block of futures fits in cache; distributions that
the simulator truncates are drawn untruncated; what does not vary in configs/base.toml (each category's own factor of
technology) and what does not matter in 2040 (the speed of the phase-in) is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from simulator import Model
from simulator.distributions import bounds, mean, variance
from simulator.evidence import Evidence
from simulator.sources import EXCLUDED, FOCUS_AREAS, OTHER

BLOCK = 1024


@dataclass(frozen=True)
class Baseline:
    """The tables as matrices; places are rows of the inputs.

    Letters: d inputs, T tasks, C categories (the last one is `Øvrige`), K themes, B barriers, A areas, D drivers, Q = 8
    outputs.

    Attributes
    ----------
    mean, deviation : (d, 1) float64
    normal, even, constant : (n,) int64
        Inputs that are drawn from a normal and from a uniform distribution, and those that are not drawn.
    share, coefficient, task_theme : (T,) int64
    task_part : (T, 1) float64
    task_category : (C, T) float64
        1 where the task belongs to the category.
    residual, residual_theme, phase_in : (C,) int64
        Without a theme: -1.
    themes, barriers, drivers : (K,), (B,), (D,) int64
    barrier_weight : (C, B) float64
    reference : (D, 1) float64
    central : (A, 1) float64
    loading : (A, D) float64
    fte : (C, A) float64
        That can be freed.
    lines : ((1 + D) Q, C) float64
        What the categories weigh in the eight outputs: at the reference of growth, and by each driver.
    technology, national : int
    """

    mean: np.ndarray
    deviation: np.ndarray
    normal: np.ndarray
    even: np.ndarray
    constant: np.ndarray
    share: np.ndarray
    coefficient: np.ndarray
    task_theme: np.ndarray
    task_part: np.ndarray
    task_category: np.ndarray
    residual: np.ndarray
    residual_theme: np.ndarray
    phase_in: np.ndarray
    themes: np.ndarray
    barriers: np.ndarray
    drivers: np.ndarray
    barrier_weight: np.ndarray
    reference: np.ndarray
    central: np.ndarray
    loading: np.ndarray
    fte: np.ndarray
    lines: np.ndarray
    technology: int
    national: int


def baseline_of(model: Model) -> Baseline:
    """Matrices from the tables, not from the simulator's packed ones.

    Parameters
    ----------
    model : Model

    Returns
    -------
    Baseline

    Raises
    ------
    ValueError
        If a category has a technology factor of its own, or an input a distribution that is not drawn here.
    """
    evidence, inputs = model.evidence, model.inputs
    categories = [*evidence.categories[:-2], OTHER]
    at = {one.name: place for place, one in enumerate(inputs)}
    deviation = np.sqrt([variance(one.distribution) for one in inputs])
    if any(deviation[at[f"technology_own.{name}"]] > 0 for name in categories):
        raise ValueError("the baseline has no technology factors of single categories")
    normal, even = _kinds(model)
    themes = list(evidence.themes)
    theme_of = [themes.index(name) if name in themes else -1 for name in evidence.residual_theme]
    growth = evidence.growth
    return Baseline(
        mean=np.array([mean(one.distribution) for one in inputs])[:, None],
        deviation=deviation[:, None],
        normal=normal,
        even=even,
        constant=np.setdiff1d(np.arange(len(inputs)), np.concatenate([normal, even])),
        share=np.array([at[f"time_share.{task.category}.{task.name}"] for task in evidence.tasks]),
        coefficient=np.array([at[f"coefficient.{task.category}.{task.name}"] for task in evidence.tasks]),
        task_theme=np.array([themes.index(task.theme) if task.theme in themes else -1 for task in evidence.tasks]),
        task_part=np.array([[task.part] for task in evidence.tasks]),
        task_category=np.array([[float(task.category == name) for task in evidence.tasks] for name in categories]),
        residual=np.array([at[f"residual.{name}"] for name in categories[:-1]] + [at["extrapolation"]]),
        residual_theme=np.array([*theme_of, -1]),
        phase_in=np.array([at[f"phase_in.{name}"] for name in categories]),
        themes=_places(at, "theme", themes),
        barriers=_places(at, "barrier", evidence.barriers),
        drivers=_places(at, "demography", growth.drivers),
        barrier_weight=evidence.barrier_weight,
        reference=np.reshape(growth.reference, (-1, 1)),
        central=growth.central[:, None],
        loading=growth.loading,
        fte=_freeable(evidence),
        lines=_lines(evidence),
        technology=at["technology"],
        national=at["national"],
    )


def draw(b: Baseline, generator: np.random.Generator, futures: int) -> np.ndarray:
    """Values of the inputs, drawn by numpy.

    Parameters
    ----------
    b : Baseline
    generator : numpy.random.Generator
    futures : int

    Returns
    -------
    (d, futures) float64
    """
    return _scaled(b, generator.standard_normal((len(b.normal), futures)), generator.random((len(b.even), futures)))


def values_at(b: Baseline, levels: np.ndarray) -> np.ndarray:
    """Values of the inputs at given quantile levels.

    Parameters
    ----------
    b : Baseline
    levels : (futures, d) float64

    Returns
    -------
    (d, futures) float64
    """
    return _scaled(b, ndtri(levels[:, b.normal].T), levels[:, b.even].T.copy())


def total_fte(b: Baseline, x: np.ndarray) -> np.ndarray:
    """Total freed FTE of 2040.

    Parameters
    ----------
    b : Baseline
    x : (d, futures) float64

    Returns
    -------
    (futures,) float64
        Thousand.
    """
    growth = 1.0 + b.central + b.loading @ (x[b.drivers] - b.reference)
    return np.asarray(x[b.technology] * (_freed(b, x) * (b.fte @ growth)).sum(axis=0))


def eight_outputs(b: Baseline, x: np.ndarray) -> np.ndarray:
    """Freed FTE and wages of 2040: in all, and of the three focus areas.

    Parameters
    ----------
    b : Baseline
    x : (d, futures) float64

    Returns
    -------
    (8, futures) float64
        Thousand FTE, then bn DKK; each the total, health, education, administration.
    """
    freed, deviation = _freed(b, x), x[b.drivers] - b.reference
    lines = (b.lines @ freed).reshape(1 + len(deviation), -1, x.shape[1])  # all sums over categories in one product
    return np.asarray(x[b.technology] * (lines[0] + np.einsum("dn,dqn->qn", deviation, lines[1:])))


def simulate(b: Baseline, futures: int, seed: int, quantiles: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    """Mean, standard deviation and quantiles of the total from so many random futures.

    Parameters
    ----------
    b : Baseline
    futures, seed : int
    quantiles : sequence of float, length q

    Returns
    -------
    moments : (2,) float64
    quantiles : (q,) float64
    """
    generator = np.random.default_rng(seed)
    sizes = [min(BLOCK, futures - first) for first in range(0, futures, BLOCK)]
    total = np.concatenate([total_fte(b, draw(b, generator, size)) for size in sizes])
    return np.array([total.mean(), total.std()]), np.quantile(total, quantiles)


def _freed(b: Baseline, x: np.ndarray) -> np.ndarray:
    """What is freed of each category, but for the factor of technology; (C, futures)."""
    theme = np.vstack([x[b.themes], np.ones((1, x.shape[1]))])  # the last row is for those without
    tasks = b.task_part * x[b.share] * x[b.coefficient] * theme[b.task_theme]
    use = b.task_category @ tasks + x[b.residual] * theme[b.residual_theme]
    return np.asarray(use * (x[b.phase_in] + x[b.national] + b.barrier_weight @ x[b.barriers]))


def _scaled(b: Baseline, normal: np.ndarray, even: np.ndarray) -> np.ndarray:
    """Inputs from standard normal and standard uniform numbers, which are overwritten; the others at their means."""
    x = np.empty((len(b.mean), normal.shape[1]))
    x[b.constant] = b.mean[b.constant]
    normal *= b.deviation[b.normal]
    normal += b.mean[b.normal]
    x[b.normal] = normal
    even -= 0.5
    even *= np.sqrt(12.0) * b.deviation[b.even]
    even += b.mean[b.even]
    x[b.even] = even
    return x


def _kinds(model: Model) -> tuple[np.ndarray, np.ndarray]:
    """Places of what is drawn from a normal and from a uniform distribution."""
    places: dict[str, list[int]] = {"normal": [], "uniform": []}
    for place, one in enumerate(model.inputs):
        low, high = bounds(one.distribution)
        if low == high or one.name == "speed":
            continue
        parameters = dict(one.distribution.parameters)
        kind = one.distribution.kind
        family = parameters.get("family", "normal") if kind == "interval" else kind
        if family not in places:
            raise ValueError(f"the baseline does not draw '{one.name}', a {family}")
        places[str(family)].append(place)
    return np.array(places["normal"]), np.array(places["uniform"])


def _places(at: dict[str, int], kind: str, names: Sequence[str]) -> np.ndarray:
    return np.array([at[f"{kind}.{name}"] for name in names])


def _freeable(evidence: Evidence) -> np.ndarray:
    """FTE of 2023 by category and area; of `Øvrige` times the full potential of the area."""
    fte = evidence.workforce.fte.sum(axis=2)[:, [name != EXCLUDED for name in evidence.categories]].copy()
    fte[:, -1] *= evidence.workforce.potential_other
    return np.ascontiguousarray(fte.T)


def _lines(evidence: Evidence) -> np.ndarray:
    """Weights of the categories in the eight outputs; see `Baseline`."""
    area_focus, growth = np.array(evidence.area_focus), evidence.growth
    counted = np.ones((4, len(evidence.categories) - 1, len(evidence.areas)), dtype=bool)  # scope, category, area
    for scope, name in enumerate(FOCUS_AREAS[:-1], 1):
        counted[scope] = area_focus == name
    counted[3, :-1] = np.array(evidence.administration_category)[: counted.shape[1] - 1, None]
    counted[3, -1] = evidence.administration_area
    wage = evidence.workforce.wage[:, [name != EXCLUDED for name in evidence.categories]].T
    fte = _freeable(evidence)
    amount = np.stack([fte, fte * wage])[:, None] * counted  # money, scope, category, area
    by_growth = amount @ np.column_stack([1.0 + growth.central, growth.loading])
    return np.ascontiguousarray(np.moveaxis(by_growth, -1, 0).reshape(-1, counted.shape[1]))
