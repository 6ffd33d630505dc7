"""Common factors of technology turned into own ones with the same variance."""

from __future__ import annotations

import math
from collections.abc import Mapping

from .config import SEPARATOR
from .distributions import Distribution, mean, variance
from .evidence import Evidence


def category_use(
    evidence: Evidence, position: int, tasks: Mapping[str, Distribution]
) -> dict[str, tuple[float, float]]:
    """Mean and variance of what a category uses of each theme, before the factors of technology.

    Parameters
    ----------
    evidence : Evidence
    position : int
        Of the category.
    tasks : mapping of str to Distribution
        Time shares, coefficients and residuals by the names of their inputs.

    Returns
    -------
    dict of str to (float, float)
        By theme.
    """
    name = evidence.categories[position]
    residual = tasks[f"residual.{name}"]
    use = {evidence.residual_theme[position]: (mean(residual), variance(residual))}
    for task in (task for task in evidence.tasks if task.category == name):
        share, coefficient = (tasks[SEPARATOR.join((key, name, task.name))] for key in ("time_share", "coefficient"))
        product = task.part * mean(share) * mean(coefficient)
        square = task.part**2 * _square(share) * _square(coefficient)
        before = use.get(task.theme, (0.0, 0.0))
        use[task.theme] = (before[0] + product, before[1] + square - product**2)
    return use


def _square(distribution: Distribution) -> float:
    """Mean of the square."""
    return mean(distribution) ** 2 + variance(distribution)


def own_spread(
    use: Mapping[str, tuple[float, float]], technology: Distribution, themes: Mapping[str, Distribution]
) -> float:
    """Standard deviation of a category's own factor that gives its potential the variance of the common factors.

    With a use U_k of theme k of mean u_k and variance v_k, and m_k the mean of the theme's factor θ_k, the common
    factors give E[(t Σ θ_k U_k)²] = E[t²] ((Σ m_k u_k)² + Σ (E[θ_k²] (u_k² + v_k) - m_k² u_k²)); an own factor f with
    mean 1 gives E[f²] E[t]² ((Σ m_k u_k)² + Σ m_k² v_k). Without themes both sums are 1.
    """
    total, common, own = (0.0, 0.0, 0.0) if use else (1.0, 0.0, 0.0)
    for theme, (centre, spread) in use.items():
        factor = themes[theme]
        total += mean(factor) * centre
        common += _square(factor) * (centre**2 + spread) - (mean(factor) * centre) ** 2
        own += mean(factor) ** 2 * spread
    divisor = mean(technology) ** 2 * (total**2 + own)
    ratio = _square(technology) * (total**2 + common) / divisor if divisor > 0 else 1.0
    return math.sqrt(max(ratio - 1, 0.0))
