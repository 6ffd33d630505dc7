"""What a way from a function to its indices is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..subjects import Subject

REPLICATES = 16
RESAMPLES = 100
LEVEL = 0.95


@dataclass(frozen=True)
class Indices:
    """What a library says of O outputs and k inputs.

    Attributes
    ----------
    first_order, total_order : (O, k) float64
    first_interval, total_interval : (O, k, 2) float64, or None
        95 % intervals, lower end first.
    """

    first_order: np.ndarray
    total_order: np.ndarray
    first_interval: np.ndarray | None = None
    total_interval: np.ndarray | None = None


@dataclass(frozen=True)
class Method:
    """A library at certain settings: N points A and B and their hybrids, which are counted as evaluations of a black box.

    Attributes
    ----------
    name : str
        Of the library, with what is other than its usual.
    says : str
        Its settings.
    indices : callable
        Told a subject, N (a power of two of at least 2**8) and a seed of at least 1; from the design to the indices.
    intervals : bool
        Whether it gives intervals.
    library : str, optional
        As it is imported; none for our own.
    held : callable
        Told k and O: numbers that it holds at once for each of the N points.
    only : tuple of str
        Subjects that it can be asked about, if not all.
    compiles : bool
        Whether the first analysis of each size takes longer than those that follow.
    hybrids : int
        That its estimators take of each input and pair of points: A with the input from B, or B with it from A too.
    """

    name: str
    says: str
    indices: Callable[[Subject, int, int], Indices]
    intervals: bool
    library: str | None
    held: Callable[[int, int], float]
    only: tuple[str, ...] = ()
    compiles: bool = False
    hybrids: int = 1

    def evaluations(self, inputs: int) -> int:
        """That a black box would be asked for by each pair of points: f at both, and at the hybrids of every input."""
        return 2 + self.hybrids * inputs


def whole_design(inputs: int, outputs: int) -> float:
    """Numbers a point that are held by who keeps the design with its outputs: about four copies, as was seen."""
    return 4.0 * (inputs + 2) * (inputs + outputs)


def around(estimate: np.ndarray, half_width: np.ndarray) -> np.ndarray:
    """Intervals (..., 2) from half-widths."""
    return np.stack([estimate - half_width, estimate + half_width], axis=-1)
