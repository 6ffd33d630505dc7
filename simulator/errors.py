"""The one error that a user's mistake ends in."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class InputError(Exception):
    """Something the user gave cannot be used.

    Parameters
    ----------
    place : str
        Where it stands: file, and row or key in it.
    problem : str
        What is wrong there.
    remedy : str
        What would be right.
    """

    def __init__(self, place: str, problem: str, remedy: str) -> None:
        super().__init__(f"{place}: {problem}. {remedy}")
        self.place = place
        self.problem = problem
        self.remedy = remedy


def nearest(word: str, known: Iterable[str]) -> str:
    """A remedy for an unknown word: the known ones that come nearest, or all of them.

    Examples
    --------
    >>> nearest("futurs", ["futures", "seed"])
    "Did you mean 'futures'?"
    >>> nearest("x", ["futures", "seed"])
    "Known are: 'futures', 'seed'."
    """
    names = list(known)
    close = difflib.get_close_matches(word, names, n=3, cutoff=0.6)
    if close:
        return "Did you mean " + " or ".join(f"'{name}'" for name in close) + "?"
    shown = ", ".join(f"'{name}'" for name in names[:40])
    return f"Known are: {shown}{' and others' if len(names) > 40 else ''}."
