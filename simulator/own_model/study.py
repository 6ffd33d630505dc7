"""What every method of sensitivity analysis is given: a function, its inputs, their groups and their dependence."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..dependence import Copula, restricted
from ..distributions import bounds
from ..errors import InputError
from ..sensitivity.problem import Problem, partition
from .function import Function
from .points import draw_values

if TYPE_CHECKING:
    from ..prepared import Prepared


@dataclass(frozen=True)
class Study:
    """A function of inputs that are uncertain.

    Attributes
    ----------
    function : Function
        From values (n, inputs) to outputs (n, outputs).
    problem : Problem
        Distributions, and groups in which each input stands once.
    copula : Copula
        Dependence between inputs that are not fixed.
    place : str
        Where groups and dependence are stated, for messages.
    ranges : tuple of (str, float, float)
        Outputs whose futures are judged, each with the range that they ought to be in; infinite where it has no end.
    threshold : tuple of (str, float), or None
        What one acts on: if an output exceeds a threshold. An empty name is that of the only output.
    built_in : Prepared or None
        The built-in model, if it is that: more of it is known in closed form.
    """

    function: Function
    problem: Problem
    copula: Copula
    place: str
    ranges: tuple[tuple[str, float, float], ...] = ()
    threshold: tuple[str, float] | None = None
    built_in: Prepared | None = None

    def values(self, levels: np.ndarray) -> np.ndarray:
        """Values of the inputs, joined by the copula, at independent quantile levels.

        Parameters
        ----------
        levels : (n, inputs) float64
            From 0 to 1; of inputs that depend on each other, without the ends.

        Returns
        -------
        (n, inputs) float64

        Raises
        ------
        ValueError
            If the shape does not fit, or a level is NaN or outside 0 to 1.
        """
        levels, inputs = np.atleast_2d(np.asarray(levels, dtype=np.float64)), len(self.problem.names)
        if levels.ndim != 2 or levels.shape[1] != inputs:
            raise ValueError(f"levels have shape {levels.shape}; {inputs} inputs make it (n, {inputs})")
        return draw_values(self.problem, self.copula, levels.T[:, None])[:, 0].T


def without_fixed(study: Study) -> Study:
    """The same function of the inputs that are not fixed alone.

    Parameters
    ----------
    study : Study

    Returns
    -------
    Study
        Of groups, those in which an input is uncertain.

    Raises
    ------
    InputError
        If every input is fixed.
    """
    problem, function = study.problem, study.function
    ends = np.array([bounds(one) for one in problem.distributions])
    live = np.flatnonzero(ends[:, 0] != ends[:, 1])
    if not len(live):
        raise InputError(study.place, "every input is fixed: there is nothing to draw", "Give one a distribution.")
    names = tuple(problem.names[i] for i in live)
    labels = [problem.groups[group] for group in problem.members[:, live].argmax(axis=0)]
    distributions = tuple(problem.distributions[i] for i in live)

    def filled(values: np.ndarray) -> Any:
        whole = np.repeat(ends[:, :1], len(values), axis=1)  # columns are contiguous, as in all calls
        whole[live] = values.T
        return function.call(whole.T)

    return replace(
        study,
        function=replace(function, call=filled, inputs=names),
        problem=Problem(names, distributions, *partition(labels), problem.grouped, problem.outputs),
        copula=restricted(study.copula, live.tolist()),
    )
