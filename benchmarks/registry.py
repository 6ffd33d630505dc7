"""All cases and ratios, in the order in which they are run."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from . import (
    accuracy,
    coverage,
    errors,
    indices,
    limits,
    memory,
    processes,
    propagation,
    run,
    scaling,
    speed,
)
from .case import Case, Ratio


def registered(cases: Iterable[Case]) -> dict[str, Case]:
    """Cases by name.

    Parameters
    ----------
    cases : iterable of Case

    Returns
    -------
    dict of str to Case

    Raises
    ------
    ValueError
        If two cases have one name.
    """
    result: dict[str, Case] = {}
    for case in cases:
        if case.name in result:
            raise ValueError(f"there are two cases '{case.name}'")
        result[case.name] = case
    return result


SUBJECTS = (propagation, indices, run, memory, accuracy, limits, scaling, speed, processes, errors, coverage)
CASES = registered(case for subject in SUBJECTS for case in subject.CASES)
RATIOS: tuple[Ratio, ...] = tuple(ratio for subject in SUBJECTS for ratio in getattr(subject, "RATIOS", ()))


def chosen(names: Sequence[str]) -> list[Case]:
    """Cases of given names.

    Parameters
    ----------
    names : sequence of str
        Each the name of a case, or the beginning of several up to a point, as in ``propagation`` or ``propagation.all``.
        None: all cases.

    Returns
    -------
    list of Case
        In the order of the registry.

    Raises
    ------
    ValueError
        If a name fits no case.
    """
    for name in names:
        if not any(_fits(case, name) for case in CASES.values()):
            near = difflib.get_close_matches(name, CASES, n=1, cutoff=0.0)[0]
            raise ValueError(f"there is no case '{name}'; did you mean '{near}'? --list shows them all")
    return [case for case in CASES.values() if not names or any(_fits(case, name) for name in names)]


def _fits(case: Case, name: str) -> bool:
    return case.name == name or case.name.startswith(f"{name}.")
