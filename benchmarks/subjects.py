"""Functions that all libraries are asked about, the same one for each, with their exact indices.

Letters: k inputs, O outputs, n points.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from math import pi
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from simulator import Model


@dataclass(frozen=True)
class Subject:
    """A function of k independent inputs, all uniform between the same bounds.

    Attributes
    ----------
    name, says : str
    function : callable
        (n, k) values of the inputs to (n,) outputs, or (n, O).
    inputs, outputs : int
    low, high : float
        Bounds of every input.
    first_order, total_order : (O, k) float64, or None
        Exact indices, where they are known.
    """

    name: str
    says: str
    function: Callable[[np.ndarray], np.ndarray]
    inputs: int
    outputs: int
    low: float
    high: float
    first_order: np.ndarray | None = None
    total_order: np.ndarray | None = None


def ishigami(x: np.ndarray, a: float, b: np.ndarray) -> np.ndarray:
    """sin x1 + a sin² x2 + b x3⁴ sin x1 (Ishigami & Homma 1990, doi:10.1109/ISUMA.1990.151285), one output for each b."""
    first, rest, quartic = np.sin(x[:, 0]), a * np.sin(x[:, 1]) ** 2, x[:, 2] ** 4
    if len(b) == 1:
        return np.asarray(first * (1 + b[0] * quartic) + rest)
    outputs = (first * quartic)[:, None] * b
    outputs += (first + rest)[:, None]
    return np.asarray(outputs)


def sobol_g(x: np.ndarray, a: np.ndarray) -> np.ndarray:
    """Π (|4 x_i - 2| + a_i) / (1 + a_i) (Saltelli & Sobol' 1995, doi:10.1016/0951-8320(95)00099-2)."""
    factors = np.abs(4 * x - 2)
    factors += a
    factors /= 1 + a
    return np.asarray(factors.prod(axis=1))


def ishigami_subject(outputs: int) -> Subject:
    """Ishigami's function with a = 7; one output has b = 0.1, many have b from 0.05 to 0.15.

    Parameters
    ----------
    outputs : int

    Returns
    -------
    Subject
    """
    a, b = 7.0, np.linspace(0.05, 0.15, outputs) if outputs > 1 else np.array([0.1])
    main, second, interaction = 0.5 * (1 + b * pi**4 / 5) ** 2, np.full(len(b), a**2 / 8), 8 * b**2 * pi**8 / 225
    first = np.stack([main, second, np.zeros(len(b))], axis=1)
    total = np.stack([main + interaction, second, interaction], axis=1)
    variance = (main + second + interaction)[:, None]
    name, says = ("ishigami", "Ishigami") if outputs == 1 else (f"ishigami-{outputs}", f"Ishigami, {outputs} outputs")
    function = partial(ishigami, a=a, b=b)
    return Subject(name, says, function, 3, outputs, -pi, pi, first / variance, total / variance)


def sobol_g_subject(a: np.ndarray) -> Subject:
    """Sobol' g on the unit cube.

    Parameters
    ----------
    a : (k,) float64
        An input matters the less the larger its a.

    Returns
    -------
    Subject
    """
    own = 1 / (3 * (1 + a) ** 2)
    whole = np.prod(1 + own)
    variance = whole - 1
    total = own * whole / (1 + own)
    name, says = f"g{len(a)}", f"Sobol' g, {len(a)} inputs"
    exact = (own[None] / variance, total[None] / variance)
    return Subject(name, says, partial(sobol_g, a=a), len(a), 1, 0.0, 1.0, *exact)


def live_inputs(model: Model) -> np.ndarray:
    """Places of the inputs of the model that are not fixed."""
    from simulator.distributions import variance

    return np.flatnonzero([variance(one.distribution) > 0 for one in model.inputs])


def _model(outputs: int) -> Subject:
    """Freed FTE of 2040, or its eight outputs, in vectorised numpy from levels of the inputs that vary.

    The distributions have the means and variances of the model's, and as the outputs are multilinear in them, their indices
    are the model's own, which are known in closed form.
    """
    from simulator.sensitivity.exact import exact_indices

    from .baseline import BLOCK, baseline_of, eight_outputs, total_fte, values_at
    from .prepared import base_model

    model = base_model(tables="one")
    baseline, live = baseline_of(model), live_inputs(model)

    def at_once(x: np.ndarray) -> np.ndarray:
        levels = np.empty((len(x), len(model.inputs)))
        levels[:, live] = x
        values = values_at(baseline, levels)
        return total_fte(baseline, values) if outputs == 1 else eight_outputs(baseline, values).T

    def in_blocks(x: np.ndarray) -> np.ndarray:  # a third faster than all at once
        return np.concatenate([at_once(x[first : first + BLOCK]) for first in range(0, len(x), BLOCK)])

    alone = np.eye(len(model.inputs), dtype=bool)[live]
    _, first, total = exact_indices(model.structure, model.moments, model.scope_lines, alone)
    # Scopes: FTE and then wages of the total (freed FTE in all is the first) and of the focus areas.
    exact = (part[:, model.years.index(2040), :outputs].T for part in (first, total))
    name, says = (
        ("model", "our model, total FTE") if outputs == 1 else (f"model-{outputs}", f"our model, {outputs} outputs")
    )
    return Subject(name, says, at_once if outputs == 1 else in_blocks, len(live), outputs, 0.0, 1.0, *exact)


def _model_outputs() -> Subject:
    """All amounts of all years by the plain formula, from levels of the inputs that vary."""
    from .prepared import base_model, reference

    model = base_model(tables="one")
    live, count = live_inputs(model), len(model.rows) * len(model.years)

    def function(x: np.ndarray) -> np.ndarray:
        levels = np.full((len(x), len(model.inputs)), 0.5)
        levels[:, live] = x
        return reference(model.values(levels))[..., 0].reshape(len(x), count)

    return Subject("model-all", f"our model, {count} outputs", function, len(live), count, 0.0, 1.0)


SUBJECTS: Mapping[str, Callable[[], Subject]] = MappingProxyType(
    {
        "ishigami": partial(ishigami_subject, 1),
        "ishigami-300": partial(ishigami_subject, 300),
        **{f"g{k}": partial(sobol_g_subject, np.arange(k) / 2) for k in (3, 10, 50, 200)},
        "g6": partial(sobol_g_subject, np.array([0.0, 0.5, 3.0, 9.0, 99.0, 99.0])),
        "model": partial(_model, 1),
        "model-8": partial(_model, 8),
        "model-all": _model_outputs,
    }
)


@cache
def subject(name: str) -> Subject:
    """The subject of a name in `SUBJECTS`, made once."""
    return SUBJECTS[name]()
