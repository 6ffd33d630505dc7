"""OpenTURNS: randomised Sobol' sequence or Monte Carlo, Martinez' estimator, asymptotic or bootstrap intervals.

Of its four estimators that of Martinez erred least on Ishigami. Intervals are those of one output: for several, it has
intervals of the aggregated indices alone, so that each output is analysed by itself.
"""

from __future__ import annotations

import os
from functools import partial
from typing import Any, Literal

import numpy as np

from ..subjects import Subject
from .method import LEVEL, RESAMPLES, Indices, Method, whole_design

Design = Literal["sobol", "monte-carlo"]
How = Literal["asymptotic", "bootstrap", "none"]


def indices(subject: Subject, points: int, seed: int, design: Design, intervals: How) -> Indices:
    """`SobolIndicesExperiment`, the function, `MartinezSensitivityAlgorithm`."""
    import openturns as ot

    ot.RandomGenerator.SetSeed(seed)
    ot.TBB.SetThreadsNumber(os.cpu_count() or 1)  # alone it takes one
    x = _experiment(ot, subject, points, design).generate()
    y = ot.Sample(subject.function(np.asarray(x)).reshape(-1, subject.outputs))
    if intervals == "none":
        algorithm = ot.MartinezSensitivityAlgorithm(x, y, points)
        places = range(subject.outputs)
        return Indices(
            np.array([algorithm.getFirstOrderIndices(place) for place in places]),
            np.array([algorithm.getTotalOrderIndices(place) for place in places]),
        )
    found = [_analysed(ot, x, y.getMarginal(place), points, intervals) for place in range(subject.outputs)]
    return Indices(*(np.array(part) for part in zip(*found, strict=True)))


def _experiment(ot: Any, subject: Subject, points: int, design: Design) -> Any:
    inputs = ot.JointDistribution([ot.Uniform(subject.low, subject.high)] * subject.inputs)
    if design == "monte-carlo":
        return ot.SobolIndicesExperiment(inputs, points, False)
    sequence = ot.LowDiscrepancyExperiment(ot.SobolSequence(), inputs, points, True)
    sequence.setRandomize(True)
    return ot.SobolIndicesExperiment(sequence, False)


def _analysed(ot: Any, x: Any, y: Any, points: int, intervals: How) -> tuple[np.ndarray, ...]:
    algorithm = ot.MartinezSensitivityAlgorithm(x, y, points)
    algorithm.setUseAsymptoticDistribution(intervals == "asymptotic")
    algorithm.setBootstrapSize(RESAMPLES)
    algorithm.setConfidenceLevel(LEVEL)
    estimates = np.array(algorithm.getFirstOrderIndices()), np.array(algorithm.getTotalOrderIndices())
    bounds = algorithm.getFirstOrderIndicesInterval(), algorithm.getTotalOrderIndicesInterval()
    return (
        *estimates,
        *(np.stack([one.getLowerBound(), one.getUpperBound()], axis=-1) for one in bounds),
    )


SETTINGS: tuple[tuple[str, str, Design, How], ...] = (
    ("openturns", "randomised Sobol' sequence, Martinez, asymptotic intervals, all cores", "sobol", "asymptotic"),
    ("openturns-points", "the same without intervals", "sobol", "none"),
    ("openturns-bootstrap", "the same with 100 resamples, its default intervals", "sobol", "bootstrap"),
    ("openturns-random", "random points, its default, Martinez, asymptotic intervals", "monte-carlo", "asymptotic"),
)
METHODS = tuple(
    Method(name, says, partial(indices, design=design, intervals=how), how != "none", "openturns", whole_design)
    for name, says, design, how in SETTINGS
)
