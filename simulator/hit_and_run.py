"""Uniform draws from a polytope ``matrix @ x <= limits`` by coordinate hit-and-run. For those who derive only.

Letters: n unknowns.
"""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from .errors import InputError

CORNER = 0.9  # chains start this far from the middle to a corner, so that R-hat sees where they do not meet


@dataclass(frozen=True)
class Plan:
    """How long to sample.

    Attributes
    ----------
    chains, draws : int
        Draws are those kept of each chain.
    thinning : int
        Steps from one draw to the next.
    warm_up : int
        Draws of each chain that are dropped first.
    seed : int
    """

    chains: int
    draws: int
    thinning: int
    warm_up: int
    seed: int


def ellipsoid(matrix: np.ndarray, limits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The ellipsoid of largest volume in ``matrix @ x <= limits``, found by PolyRound (doi:10.1093/bioinformatics/btab552).

    Parameters
    ----------
    matrix : ndarray, (rows, n)
    limits : ndarray, (rows,)

    Returns
    -------
    centre : ndarray, (n,)
    shape : ndarray, (n, n)
        The ellipsoid is ``centre + shape @ z`` with z in the unit ball.

    Raises
    ------
    InputError
        If hopsy is missing.
    """
    hopsy = package("hopsy")
    # On a busy machine threads that wait for each other take four times as long as one.
    with package("threadpoolctl").threadpool_limits(1):
        rounded = hopsy.round(hopsy.Problem(matrix, limits), simplify=False)
    return np.asarray(rounded.shift), np.asarray(rounded.transformation)


def sample(matrix: np.ndarray, limits: np.ndarray, centre: np.ndarray, shape: np.ndarray, plan: Plan) -> np.ndarray:
    """Draw uniformly from ``matrix @ x <= limits`` by coordinate hit-and-run (doi:10.1093/bioinformatics/btx052).

    Parameters
    ----------
    matrix : ndarray, (rows, n)
    limits : ndarray, (rows,)
    centre : ndarray, (n,)
        A point inside.
    shape : ndarray, (n, n)
        Its columns are the directions of the steps; chains meet fastest where they make the polytope round.
    plan : Plan

    Returns
    -------
    ndarray, (chains, draws, n)

    Raises
    ------
    InputError
        If hopsy is missing.
    """
    hopsy = package("hopsy")
    # The polytope is transformed here: hopsy would transform every step, at twenty times the cost of the step itself.
    matrix, limits = matrix @ shape, limits - matrix @ centre
    problem = hopsy.Problem(matrix, limits)
    chains = [
        hopsy.MarkovChain(problem, hopsy.UniformCoordinateHitAndRunProposal, starting_point=CORNER * corner)
        for corner in _corners(matrix, limits, plan)
    ]
    streams = [hopsy.RandomNumberGenerator(plan.seed, chain) for chain in range(plan.chains)]
    _, states = hopsy.sample(chains, streams, plan.warm_up + plan.draws, thinning=plan.thinning)
    return np.asarray(np.asarray(states)[:, plan.warm_up :] @ shape.T + centre)


def package(name: str) -> Any:
    """A package that only deriving needs.

    Raises
    ------
    InputError
        If it is missing.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # arviz, which hopsy imports, announces its next version
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError:
            remedy = "Install what deriving needs: pip install 'genai-simulator[derive]'."
            raise InputError("the command line", f"the package {name} is missing", remedy) from None


def _corners(matrix: np.ndarray, limits: np.ndarray, plan: Plan) -> Iterator[np.ndarray]:
    """A corner of the polytope for each chain, farthest in a random direction."""
    from scipy.optimize import linprog

    for direction in np.random.default_rng(plan.seed).standard_normal((plan.chains, matrix.shape[1])):
        yield linprog(-direction, A_ub=matrix, b_ub=limits, bounds=(None, None)).x
