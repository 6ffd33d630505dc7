"""A Gaussian copula: normal scores of the levels at which inputs are drawn have a correlation matrix.

Each input keeps its own distribution, and the conditional distribution of some inputs, the others given, is known exactly. The
correlation is of the levels: inputs that have steps (discrete, empirical) show a smaller one in their values, and where they
are given, it is their level that is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import InputError

FIRST_LEVEL, LAST_LEVEL = float(np.finfo(np.float64).tiny), 1 - 2.0**-53  # next to 0 and 1


@dataclass(frozen=True)
class Block:
    """Inputs that depend on each other, directly or through others; b of them.

    Attributes
    ----------
    inputs : tuple of int
        Their positions, rising.
    correlation : (b, b) float64
        Of their normal scores.
    factor : (b, b) float64
        Its lower Cholesky factor.
    """

    inputs: tuple[int, ...]
    correlation: np.ndarray
    factor: np.ndarray


@dataclass(frozen=True)
class Copula:
    """Which inputs depend on each other, and how. Inputs of different blocks, and of none, are independent.

    Attributes
    ----------
    names : tuple of str
        Of all inputs, in order.
    blocks : tuple of Block
        No input is in two.
    """

    names: tuple[str, ...]
    blocks: tuple[Block, ...]

    @property
    def dependent(self) -> tuple[int, ...]:
        """Positions of the inputs of all blocks, rising."""
        return tuple(sorted(position for block in self.blocks for position in block.inputs))


def correlate(levels: np.ndarray, copula: Copula) -> np.ndarray:
    """Dependent levels from independent ones. The first input of each block keeps its level, to the bit.

    Parameters
    ----------
    levels : (n, inputs) float64
        Independent and uniform; between 0 and 1, exclusive, where inputs depend on each other.
    copula : Copula

    Returns
    -------
    (n, inputs) float64
        Uniform in each column, and strictly between 0 and 1 in the columns of a block. Each row depends on its own row of
        `levels` alone.

    Raises
    ------
    ValueError
        If the shape does not fit, or a level that is to be joined is NaN or not between 0 and 1.

    Examples
    --------
    >>> from simulator.dependence import read_dependence
    >>> copula = read_dependence([{"inputs": ["a", "b"], "rank_correlation": 0.6}], ["a", "b"], "key 'dependence'")
    >>> correlate(np.array([[0.5, 0.5], [0.9, 0.5]]), copula).round(3)
    array([[0.5  , 0.5  ],
           [0.9  , 0.786]])
    """
    return conditional(levels, (), levels, copula)


def conditional(levels: np.ndarray, given: Iterable[int], fresh: np.ndarray, copula: Copula) -> np.ndarray:
    """A draw of all other inputs from their distribution where some are given.

    With Σ the correlation of the scores, g given and r the rest: z_r = Σ_rg Σ_gg⁻¹ z_g + L e, where L Lᵀ = Σ_rr - Σ_rg Σ_gg⁻¹
    Σ_gr and e are the scores of fresh levels.

    Parameters
    ----------
    levels : (n, inputs) float64
        As `correlate` returns them.
    given : iterable of int
        Positions of the inputs that keep their levels.
    fresh : (n, inputs) float64
        Independent and uniform.
    copula : Copula

    Returns
    -------
    (n, inputs) float64
        With the columns `given` of `levels`. Nothing given: `correlate` of `fresh`.

    Raises
    ------
    ValueError
        As `correlate`; if the two arrays differ in shape.

    Examples
    --------
    >>> from simulator.dependence import read_dependence
    >>> copula = read_dependence([{"inputs": ["a", "b"], "rank_correlation": 0.6}], ["a", "b"], "key 'dependence'")
    >>> conditional(np.array([[0.1, 0.9]]), [1], np.array([[0.5, 0.3]]), copula).round(3)
    array([[0.786, 0.9  ]])
    """
    levels, fresh = (np.asarray(array, dtype=np.float64) for array in (levels, fresh))
    if levels.ndim != 2 or levels.shape != fresh.shape or levels.shape[1] != len(copula.names):
        shapes = f"levels have shape {levels.shape} and {fresh.shape}"
        raise ValueError(f"{shapes}; {len(copula.names)} inputs make it (n, {len(copula.names)})")
    kept = sorted(set(given))
    result = fresh.copy()
    result[:, kept] = levels[:, kept]
    for block in copula.blocks:
        at = np.isin(block.inputs, kept)
        inputs = np.array(block.inputs)
        if at.all():
            continue
        slopes, factor = _regression(block.correlation, at) if at.any() else (np.empty((len(at), 0)), block.factor)
        scores = np.concatenate([_scores(levels[:, inputs[at]]), _scores(fresh[:, inputs[~at]])])
        start = 0 if at.any() else 1  # the first of a block that is drawn anew keeps its level
        result[:, inputs[~at][start:]] = _levels(_mixed(np.hstack([slopes, factor])[start:], scores))
    return result


def without(copula: Copula, positions: Iterable[int]) -> Copula:
    """The copula where some inputs, such as fixed ones, depend on nothing; the others as before.

    Parameters
    ----------
    copula : Copula
    positions : iterable of int

    Returns
    -------
    Copula
        Of the same inputs. A block can fall into several, where only what is taken out joined them.
    """
    left_out = set(positions)
    kept = [i for i in copula.dependent if i not in left_out]
    return _renumbered(copula, copula.names, dict(zip(kept, kept, strict=True)))


def restricted(copula: Copula, positions: Sequence[int]) -> Copula:
    """The copula of some inputs alone, numbered in the order given.

    Parameters
    ----------
    copula : Copula
    positions : sequence of int
        Distinct.

    Returns
    -------
    Copula
        Of as many inputs.
    """
    number = {i: place for place, i in enumerate(positions)}
    return _renumbered(copula, tuple(copula.names[i] for i in positions), number)


def groups_split(copula: Copula, members: np.ndarray) -> np.ndarray:
    """Which groups hold a part of a block.

    Sobol' indices are shares of an analysis of variance only for groups that are independent of each other, and hold each
    block whole or not at all.

    Parameters
    ----------
    copula : Copula
    members : (G, inputs) bool

    Returns
    -------
    (G, blocks) bool

    Examples
    --------
    >>> from simulator.dependence import read_dependence
    >>> copula = read_dependence([{"inputs": ["a", "b"], "rank_correlation": 0.6}], ["a", "b", "c"], "key 'dependence'")
    >>> groups_split(copula, np.array([[True, True, False], [True, False, True], [False, False, True]])).tolist()
    [[False], [True], [False]]
    """
    held = [np.asarray(members)[:, list(block.inputs)] for block in copula.blocks]
    split = [part.any(axis=1) & ~part.all(axis=1) for part in held]
    return np.array(split, dtype=bool).reshape(len(held), len(members)).T


def require_whole(copula: Copula, members: np.ndarray, labels: Sequence[str], place: str) -> None:
    """Refuse groups that hold a part of a block.

    Parameters
    ----------
    copula : Copula
    members : (G, inputs) bool
    labels : sequence of str, length G
    place : str
        Where the groups are stated.

    Raises
    ------
    InputError
        Names the first such group, what it holds of a block, and what it lacks.
    """
    for group, block in np.argwhere(groups_split(copula, members)):
        inputs = copula.blocks[block].inputs
        inside = listed(copula.names[i] for i in inputs if members[group, i])
        outside = listed(copula.names[i] for i in inputs if not members[group, i])
        raise InputError(
            f"{place}, group '{labels[group]}'",
            f"holds {inside} without {outside}, on which it depends: there is no Sobol' index of it",
            "Put inputs that depend on each other in one group, or ask for Shapley effects.",
        )


def make_blocks(positions: Sequence[int], matrix: np.ndarray) -> tuple[Block, ...]:
    """Blocks of a correlation matrix whose rows are the inputs at `positions`."""
    parts = [(tuple(positions[row] for row in rows), matrix[np.ix_(rows, rows)]) for rows in connected(matrix)]
    return tuple(Block(inputs, part, np.linalg.cholesky(part)) for inputs, part in parts)


def connected(matrix: np.ndarray) -> list[list[int]]:
    """Rows of a correlation matrix that hang together, where more than one do, in order."""
    from scipy.sparse.csgraph import connected_components

    count, label = connected_components(matrix != 0, directed=False)
    sets = [np.flatnonzero(label == one).tolist() for one in range(count)]
    return sorted(one for one in sets if len(one) > 1)


def listed(words: Iterable[str]) -> str:
    """Words with commas, and `and` before the last.

    Examples
    --------
    >>> listed(["1", "2", "3"])
    '1, 2 and 3'
    """
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def _renumbered(copula: Copula, names: tuple[str, ...], number: Mapping[int, int]) -> Copula:
    """The copula of the inputs that have a new number."""
    blocks: list[Block] = []
    for block in copula.blocks:
        kept = {number[i]: row for row, i in enumerate(block.inputs) if i in number}
        inputs = sorted(kept)
        rows = [kept[i] for i in inputs]
        blocks += make_blocks(inputs, block.correlation[np.ix_(rows, rows)])
    return Copula(names, tuple(blocks))


def _regression(correlation: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Slopes of the rest's scores on those at `at`, and the Cholesky factor of what these leave."""
    given, cross = correlation[np.ix_(at, at)], correlation[np.ix_(~at, at)]
    slopes = np.linalg.solve(given, cross.T).T
    return slopes, np.linalg.cholesky(correlation[np.ix_(~at, ~at)] - slopes @ cross.T)


def _scores(levels: np.ndarray) -> np.ndarray:
    """Normal scores of (n, b) levels, (b, n)."""
    from scipy.special import ndtri

    if not np.all((levels > 0) & (levels < 1)):
        raise ValueError("levels of inputs that depend on each other must lie between 0 and 1, and none may be NaN")
    return np.asarray(ndtri(np.ascontiguousarray(levels.T)))


def _levels(scores: np.ndarray) -> np.ndarray:
    """Levels of (b, n) scores, (n, b); what rounds to 0 or 1 is the next number inside."""
    from scipy.special import ndtr

    return np.asarray(np.clip(ndtr(scores), FIRST_LEVEL, LAST_LEVEL).T)


def _mixed(weights: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """weights @ scores, added in one order whatever their number, so that a future's bits depend on itself alone."""
    result = np.zeros((len(weights), scores.shape[1]))
    for row, i in np.argwhere(weights):
        result[row] += weights[row, i] * scores[i]
    return result
