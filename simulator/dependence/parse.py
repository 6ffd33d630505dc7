"""Stated rank correlations, entry by entry, into a copula."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from numbers import Real
from typing import Any

import numpy as np

from ..errors import InputError, nearest
from .copula import Copula, connected, listed, make_blocks

LEAST_EIGENVALUE = 1e-6  # of a correlation matrix: below, one input is all but a function of the others
MOST_PROJECTIONS = 2000
_KEYS = ("inputs", "rank_correlation", "source", "note")
_SEPARATOR = "."  # between the parts of an input's name

_Pairs = dict[tuple[int, int], tuple[float, int]]


def gaussian_correlation(rank_correlation: np.ndarray) -> np.ndarray:
    """Correlation of normal scores with a given Spearman rank correlation: 2 sin(π r / 6) (Pearson 1907).

    Parameters
    ----------
    rank_correlation : (...) float64

    Returns
    -------
    (...) float64

    Examples
    --------
    >>> gaussian_correlation(np.array([-1.0, 0.0, 0.6])).round(4)
    array([-1.   ,  0.   ,  0.618])
    """
    return np.asarray(2 * np.sin(np.pi / 6 * np.asarray(rank_correlation, dtype=np.float64)))


def read_dependence(entries: Iterable[Mapping[str, Any]], names: Sequence[str], place: str) -> Copula:
    """The copula that is stated, entry by entry.

    Pairs of inputs that no entry states are uncorrelated. An input that is fixed may be named, so that a scenario can fix it:
    see `without`.

    Parameters
    ----------
    entries : iterable of mapping
        ``inputs``: two names or more, where `*` stands for any one part of a name. ``rank_correlation``: Spearman's, one
        number for all pairs, or the matrix of the inputs in the order of their names, then without `*`. ``source`` and
        ``note`` may stand beside them.
    names : sequence of str
        Of all inputs, in order.
    place : str
        Where the entries stand, for messages.

    Returns
    -------
    Copula

    Raises
    ------
    InputError
        For a name that is not known, a number outside -1 to 1, a matrix that is no correlation matrix, entries that
        contradict each other, and correlations that cannot hold together; the last offers the nearest that can.

    Examples
    --------
    >>> copula = read_dependence([{"inputs": ["b", "c.*"], "rank_correlation": 0.6}], ["a", "b", "c.x"], "key 'dependence'")
    >>> copula.dependent, copula.blocks[0].correlation.round(3).tolist()
    ((1, 2), [[1.0, 0.618], [0.618, 1.0]])
    """
    pairs: _Pairs = {}
    for number, entry in enumerate(entries, 1):
        where = f"{place}, entry {number}"
        positions, ranks = _read_entry(entry, names, where)
        for a, b in itertools.combinations(range(len(positions)), 2):
            pair = (min(positions[a], positions[b]), max(positions[a], positions[b]))
            rank, before = pairs.setdefault(pair, (ranks[a][b], number))
            if rank != ranks[a][b]:
                first, second = (names[one] for one in pair)
                problem = f"'{first}' and '{second}' have {ranks[a][b]:g} here and {rank:g} in entry {before}"
                raise InputError(where, problem, "State each pair once.")
    joined = sorted(set(itertools.chain.from_iterable(pairs)))
    matrix, row = np.eye(len(joined)), {position: row for row, position in enumerate(joined)}
    for (i, j), (rank, _) in pairs.items():
        matrix[row[i], row[j]] = matrix[row[j], row[i]] = gaussian_correlation(np.array(rank))
    for rows in connected(matrix):
        _require_possible(matrix[np.ix_(rows, rows)], [joined[one] for one in rows], names, pairs, place)
    return Copula(tuple(names), make_blocks(joined, matrix))


def nearest_correlation(matrix: np.ndarray, least: float = 0.0) -> np.ndarray:
    """The correlation matrix nearest to a symmetric matrix in the Frobenius norm.

    Alternating projections with Dykstra's correction (Higham 2002, doi:10.1093/imanum/22.3.329, algorithm 3.3), onto the
    matrices without eigenvalues below `least` and those with a unit diagonal.

    Parameters
    ----------
    matrix : (b, b) float64
    least : float
        Smallest eigenvalue allowed, from 0 to 1.

    Returns
    -------
    (b, b) float64
        Its eigenvalues are at least `least` up to rounding, though the projections end before they quite meet.

    Examples
    --------
    >>> nearest_correlation(np.array([[1.0, 1, 0], [1, 1, 1], [0, 1, 1]])).round(3)
    array([[1.   , 0.761, 0.157],
           [0.761, 1.   , 0.761],
           [0.157, 0.761, 1.   ]])
    """
    current = np.array(matrix, dtype=np.float64)
    correction = np.zeros_like(current)
    for _ in range(MOST_PROJECTIONS):
        corrected = current - correction
        values, vectors = np.linalg.eigh(corrected)
        positive = (vectors * np.maximum(values, least)) @ vectors.T
        correction = positive - corrected
        before, current = current, positive.copy()
        np.fill_diagonal(current, 1.0)
        if max(np.abs(current - before).max(), np.abs(current - positive).max()) < 1e-9:
            break
    lowest = float(np.linalg.eigvalsh(current)[0])
    shrink = max(0.0, (least - lowest) / (1 - lowest))
    return np.asarray((1 - shrink) * current + shrink * np.eye(len(current)))


def _read_entry(entry: Any, names: Sequence[str], where: str) -> tuple[list[int], list[list[float]]]:
    """Positions of the inputs of an entry, and the matrix of their rank correlations."""
    if not isinstance(entry, Mapping):
        raise InputError(where, "is not a table", f"Write [[dependence]], and under it {_KEYS[0]} and {_KEYS[1]}.")
    for key in entry:
        if key not in _KEYS:
            raise InputError(f"{where}, key '{key}'", "unknown key", nearest(str(key), _KEYS))
    for key in _KEYS[:2]:
        if key not in entry:
            raise InputError(f"{where}, key '{key}'", "is missing", "Add it; an entry has inputs and rank_correlation.")
    patterns = entry["inputs"]
    if not isinstance(patterns, list | tuple) or not all(isinstance(one, str) for one in patterns):
        raise InputError(f"{where}, key 'inputs'", f"{patterns!r} is not a list of names", 'Write ["a", "b"].')
    positions = [i for pattern in patterns for i in _matching(pattern, names, f"{where}, key 'inputs'")]
    for i in positions:
        if positions.count(i) > 1:
            raise InputError(f"{where}, key 'inputs'", f"'{names[i]}' stands there twice", "Name each input once.")
    if len(positions) < 2:
        raise InputError(f"{where}, key 'inputs'", f"{len(positions)} input", "Name two or more.")
    stated, place = entry["rank_correlation"], f"{where}, key 'rank_correlation'"
    if isinstance(stated, list | tuple | np.ndarray):
        if any("*" in pattern.split(_SEPARATOR) for pattern in patterns):
            raise InputError(place, "a matrix beside a name with *", "Name each input, in the order of the rows.")
        return positions, _read_matrix([names[i] for i in positions], stated, place)
    rank = _read_rank(stated, place)
    return positions, [[1.0 if a == b else rank for b in positions] for a in positions]


def _matching(pattern: str, names: Sequence[str], where: str) -> list[int]:
    """Positions of the inputs that a name means."""
    parts = pattern.split(_SEPARATOR)
    split = [name.split(_SEPARATOR) for name in names]
    found = [
        i for i, name in enumerate(split)
        if len(name) == len(parts) and all(a in ("*", b) for a, b in zip(parts, name, strict=True))
    ]  # fmt: skip
    if not found:
        raise InputError(where, f"there is no input '{pattern}'", nearest(pattern, names))
    return found


def _read_rank(value: Any, place: str) -> float:
    if isinstance(value, bool) or not isinstance(value, Real) or not -1 <= float(value) <= 1:
        raise InputError(place, f"{value!r} is not a rank correlation", "Give a number from -1 to 1.")
    return float(value)


def _read_matrix(labels: Sequence[str], stated: Any, place: str) -> list[list[float]]:
    count = len(labels)
    if (
        any(not isinstance(row, list | tuple | np.ndarray) or len(row) != count for row in stated)
        or len(stated) != count
    ):
        problem = f"is not a matrix of {count} rows of {count}, one for each input"
        raise InputError(place, problem, "Give one number for all pairs, or a row for each input.")
    matrix = [
        [_read_rank(value, f"{place}, row '{a}', column '{b}'") for b, value in zip(labels, row, strict=True)]
        for a, row in zip(labels, stated, strict=True)
    ]
    for a, b in itertools.combinations_with_replacement(range(count), 2):
        where = f"{place}, row '{labels[a]}', column '{labels[b]}'"
        if a == b and matrix[a][a] != 1:
            raise InputError(where, f"{matrix[a][a]:g} on the diagonal", "Write 1: an input's correlation with itself.")
        if matrix[a][b] != matrix[b][a]:
            problem = f"{matrix[a][b]:g}, where the other way round stands {matrix[b][a]:g}"
            raise InputError(where, problem, "Make the matrix symmetric.")
    return matrix


def _require_possible(
    matrix: np.ndarray, inputs: Sequence[int], names: Sequence[str], pairs: _Pairs, place: str
) -> None:
    """Refuse correlations of scores that cannot hold together."""
    least = float(np.linalg.eigvalsh(matrix)[0])
    if least >= LEAST_EIGENVALUE:
        return
    numbers = sorted({number for (i, _), (rank, number) in pairs.items() if i in inputs and rank != 0})
    entries = f"{place}, entr{'ies' if len(numbers) > 1 else 'y'} {listed(map(str, numbers))}"
    # Rounding moves an eigenvalue by less than b π/6 units of the last decimal.
    decimals = 2 + len(str(len(inputs)))
    near = nearest_correlation(matrix, LEAST_EIGENVALUE + 0.6 * len(inputs) * 10.0**-decimals)
    ranks = np.round(6 / math.pi * np.arcsin(near / 2), decimals) + 0.0  # no -0
    different = np.unique(ranks[~np.eye(len(inputs), dtype=bool)])
    shown = f"{different[0]:g}" if len(different) == 1 else _toml(ranks.tolist())
    labels = ", ".join(f'"{names[i]}"' for i in inputs)
    raise InputError(
        entries,
        "these rank correlations cannot hold together: "
        f"the correlations of normal scores have an eigenvalue of {least:.2g}, below {LEAST_EIGENVALUE:g}",
        f"The nearest that can, in one entry in place of these: inputs = [{labels}], rank_correlation = {shown}.",
    )


def _toml(rows: Iterable[Iterable[float]]) -> str:
    return "[" + ", ".join("[" + ", ".join(f"{value:g}" for value in row) + "]" for row in rows) + "]"
