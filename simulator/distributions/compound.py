"""Step distributions, affine images and mixtures."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .smooth import Array, Form, Tails, quantile_within


@dataclass(frozen=True)
class Steps:
    """Finitely many values, ascending and distinct, with positive probabilities that sum to 1."""

    values: tuple[float, ...]
    probabilities: tuple[float, ...]

    @property
    def low(self) -> float:
        return self.values[0]

    @property
    def high(self) -> float:
        return self.values[-1]

    def cumulative(self) -> Array:
        """Sums of the probabilities, shape (values,); the last is 1 exactly."""
        sums: Array = np.minimum(np.cumsum(self.probabilities), 1.0)
        sums[-1] = 1.0
        return sums

    def quantile(self, u: Array, v: Array) -> Array:  # noqa: ARG002 (the form's signature)
        place = np.searchsorted(self.cumulative(), u, side="right")
        return np.array(self.values)[np.minimum(place, len(self.values) - 1)]

    def tails(self, x: Array) -> Tails:
        lower = self.below(x, inclusive=True)
        return lower, 1.0 - lower

    def below(self, x: Array, inclusive: bool) -> Array:
        """P(X <= x), or P(X < x)."""
        sums = np.concatenate([[0.0], self.cumulative()])
        return np.asarray(sums[np.searchsorted(self.values, x, side="right" if inclusive else "left")])

    def mean(self) -> float:
        return math.fsum(p * x for p, x in zip(self.probabilities, self.values, strict=True))

    def variance(self) -> float:
        centre = self.mean()
        return math.fsum(p * (x - centre) * (x - centre) for p, x in zip(self.probabilities, self.values, strict=True))


def steps_from(values: Sequence[float], probabilities: Sequence[float]) -> Steps:
    """Steps from values in any order: equal ones are joined, those without probability left out.

    Parameters
    ----------
    values, probabilities : sequence of float, same length
        Probabilities are non-negative and divided by their sum, so that rounding in it does no harm.
    """
    total = math.fsum(probabilities)
    joined: dict[float, float] = {}
    for value, probability in sorted(zip(values, probabilities, strict=True)):
        if probability > 0:
            joined[value] = joined.get(value, 0.0) + probability / total
    return Steps(tuple(joined), tuple(joined.values()))


@dataclass(frozen=True)
class Affine:
    """``factor * X + offset`` for a smooth X and a factor that is not 0."""

    base: Form
    factor: float
    offset: float

    @property
    def low(self) -> float:
        return self.offset + self.factor * (self.base.low if self.factor > 0 else self.base.high)

    @property
    def high(self) -> float:
        return self.offset + self.factor * (self.base.high if self.factor > 0 else self.base.low)

    def quantile(self, u: Array, v: Array) -> Array:
        levels = (u, v) if self.factor > 0 else (v, u)
        return self.offset + self.factor * quantile_within(self.base, *levels)

    def tails(self, x: Array) -> Tails:
        lower, upper = self.base.tails((x - self.offset) / self.factor)
        return (lower, upper) if self.factor > 0 else (upper, lower)

    def mean(self) -> float:
        return self.offset + self.factor * self.base.mean()

    def variance(self) -> float:
        return self.factor * self.factor * self.base.variance()


@dataclass(frozen=True)
class Mixture:
    """Smooth components and, in one table, all the steps of the others.

    The quantile at u is the least x with cdf(x) > u, as for steps. Bounds of components and steps cut the line into
    stretches on which the cdf rises smoothly or not at all; a level that falls in a jump is answered by its step, any
    other by finding the root in its stretch.

    Attributes
    ----------
    smooth : tuple of Form
    weights : tuple of float
        Their weights.
    steps : Steps or None
    steps_weight : float
        Weight of the steps; with `weights` it sums to 1.
    """

    smooth: tuple[Form, ...]
    weights: tuple[float, ...]
    steps: Steps | None
    steps_weight: float

    def parts(self) -> list[tuple[float, Form]]:
        """Every component with its weight."""
        joint: list[tuple[float, Form]] = [] if self.steps is None else [(self.steps_weight, self.steps)]
        return [*zip(self.weights, self.smooth, strict=True), *joint]

    @property
    def low(self) -> float:
        return min(form.low for _, form in self.parts())

    @property
    def high(self) -> float:
        return max(form.high for _, form in self.parts())

    def tails(self, x: Array) -> Tails:
        lower, upper = np.zeros(np.shape(x)), np.zeros(np.shape(x))
        for weight, form in self.parts():
            below, above = form.tails(x)
            lower, upper = lower + weight * below, upper + weight * above
        return np.minimum(lower, 1.0), np.minimum(upper, 1.0)  # weights sum to 1 up to rounding

    def quantile(self, u: Array, v: Array) -> Array:
        knots = self._knots()
        reached = self.tails(knots)[0]
        jump = np.zeros(knots.shape)
        if self.steps is not None:
            jump = self.steps_weight * (self.steps.below(knots, True) - self.steps.below(knots, False))
        flat_u, flat_v = np.ravel(u), np.ravel(v)
        stretch = np.minimum(np.searchsorted(reached, flat_u, side="right"), knots.size - 1)
        result = knots[stretch]
        inside = np.flatnonzero((stretch > 0) & (flat_u < (reached - jump)[stretch]))
        lower, upper = flat_u[inside], flat_v[inside]

        def excess(x: Array, lanes: NDArray[np.intp]) -> Array:
            below, above = self._smooth_tails(x, knots[stretch[inside[lanes]] - 1])
            return np.where(lower[lanes] <= upper[lanes], below - lower[lanes], upper[lanes] - above)

        result[inside] = increasing_roots(excess, knots[stretch[inside] - 1], knots[stretch[inside]])
        return result.reshape(np.shape(u))

    def _knots(self) -> Array:
        ends = [bound for form in self.smooth for bound in (form.low, form.high)]
        return np.unique([*ends, *(self.steps.values if self.steps is not None else ())])

    def _smooth_tails(self, x: Array, start: Array) -> Tails:
        """Tails at x inside a stretch: the steps count as at its start, so that both are continuous up to its end."""
        lower, upper = np.zeros(x.shape), np.zeros(x.shape)
        for weight, form in self.parts():
            below, above = form.tails(start if form is self.steps else x)
            lower, upper = lower + weight * below, upper + weight * above
        return lower, upper

    def mean(self) -> float:
        return math.fsum(weight * form.mean() for weight, form in self.parts())

    def variance(self) -> float:
        centre = self.mean()
        return math.fsum(
            weight * (form.variance() + (form.mean() - centre) * (form.mean() - centre))
            for weight, form in self.parts()
        )


def mixture_of(forms: Sequence[Form], weights: Sequence[float]) -> Steps | Mixture:
    """The mixture of forms; mixtures among them are taken apart, and if all are steps the answer is steps.

    Parameters
    ----------
    forms : sequence of Form
    weights : sequence of float
        Non-negative, divided by their sum; forms of weight 0 are left out.
    """
    total = math.fsum(weights)
    pairs: list[tuple[float, Form]] = []
    for form, weight in zip(forms, weights, strict=True):
        inner = form.parts() if isinstance(form, Mixture) else [(1.0, form)]
        pairs += [(weight / total * share, part) for share, part in inner if weight > 0]
    smooth = [(weight, form) for weight, form in pairs if not isinstance(form, Steps)]
    points = [
        (value, weight * probability)
        for weight, form in pairs
        if isinstance(form, Steps)
        for value, probability in zip(form.values, form.probabilities, strict=True)
    ]
    steps = steps_from(*zip(*points, strict=True)) if points else None
    if steps is not None and not smooth:
        return steps
    weights_of_smooth = tuple(weight for weight, _ in smooth)
    rest = math.fsum(probability for _, probability in points)
    return Mixture(tuple(form for _, form in smooth), weights_of_smooth, steps, rest)


def transform(form: Form, factor: float, offset: float) -> Form:
    """The distribution of ``factor * X + offset``; steps and mixtures stay what they are.

    Examples
    --------
    >>> transform(Steps((1.0, 2.0), (0.25, 0.75)), -1.0, 0.0)
    Steps(values=(-2.0, -1.0), probabilities=(0.75, 0.25))
    """
    if factor == 1.0 and offset == 0.0:
        return form
    if factor == 0.0:
        return Steps((offset,), (1.0,))
    if isinstance(form, Steps):
        return steps_from([offset + factor * value for value in form.values], form.probabilities)
    if isinstance(form, Mixture):
        weights, forms = zip(*form.parts(), strict=True)
        return mixture_of([transform(part, factor, offset) for part in forms], weights)
    if isinstance(form, Affine):
        return Affine(form.base, factor * form.factor, factor * form.offset + offset)
    return Affine(form, factor, offset)


def increasing_roots(function: Callable[[Array, NDArray[np.intp]], Array], low: Array, high: Array) -> Array:
    """Roots of increasing functions, one a lane, by inverse quadratic interpolation safeguarded by bisection.

    Parameters
    ----------
    function : callable
        ``function(x, lanes)`` gives the values at x of the lanes with these numbers; both have shape (n,), n <= L.
    low, high : ndarray, shape (L,)
        Brackets. If a function has no sign change in its bracket (by rounding), the end nearest to one is given.

    Returns
    -------
    ndarray, shape (L,)
        To 4 units in the last place of the root, or of a 2**-60th of the bracket's larger end.

    Notes
    -----
    Chandrupatla (1997), Advances in Engineering Software 28(3), 145-149, https://doi.org/10.1016/S0965-9978(96)00051-8.
    """
    smallest = np.maximum(np.abs(low), np.abs(high)) * 2.0**-60
    lanes: NDArray[np.intp] = np.arange(low.size)
    a, b = high, low
    fa, fb = function(a, lanes), function(b, lanes)
    roots = np.where(fb >= 0, b, a)
    c, fc, t = b, fb, np.full(low.size, 0.5)
    unfinished = (fb < 0) & (fa > 0)
    while unfinished.any():
        lanes = lanes[unfinished]
        a, b, c, fa, fb, fc, t = (part[unfinished] for part in (a, b, c, fa, fb, fc, t))
        x = a + t * (b - a)
        fx = function(x, lanes)
        same = np.sign(fx) == np.sign(fa)
        c, fc = np.where(same, a, b), np.where(same, fa, fb)
        b, fb = np.where(same, b, a), np.where(same, fb, fa)
        a, fa = x, fx
        best = np.where(np.abs(fa) < np.abs(fb), a, b)
        roots[lanes] = best
        least = 2.0 * np.finfo(np.float64).eps * np.maximum(np.abs(best), smallest[lanes]) / np.abs(b - a)
        unfinished = (least <= 0.5) & (fa != 0) & (fb != 0)
        t = np.clip(_interpolated((a, b, c), (fa, fb, fc)), least, np.maximum(1.0 - least, least))
    return roots


def _interpolated(points: tuple[Array, Array, Array], values: tuple[Array, Array, Array]) -> Array:
    """Where between the first point (0) and the second (1) to look next: the inverse parabola if monotone, or 1/2."""
    (a, b, c), (fa, fb, fc) = points, values
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):  # unused lanes may divide by 0
        xi, phi = (a - b) / (c - b), (fa - fb) / (fc - fb)
        parabola = fa / (fb - fa) * fc / (fb - fc) + (c - a) / (b - a) * fa / (fc - fa) * fb / (fc - fb)
        smooth = (phi * phi < xi) & ((1.0 - phi) * (1.0 - phi) < 1.0 - xi)
    return np.where(smooth & np.isfinite(parabola), parabola, 0.5)
