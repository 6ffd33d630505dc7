"""What the numbers of a use case say, in short sentences that hold at any value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .quantities import Quantities, Quantity

WITHOUT, WITH = range(2)
SAID = ("without phase-in", "with phase-in")


def shown(unit: str, *values: float) -> str:
    """A value or a range with its unit, fractions in percent.

    Parameters
    ----------
    unit : str
    *values : float

    Returns
    -------
    str

    Examples
    --------
    >>> shown("fraction", 0.2621), shown("minutes", 5, 11)
    ('26.2 %', '5 to 11 minutes')
    """
    percent = unit == "fraction" or unit.startswith("change")
    numbers = " to ".join(f"{100 * value if percent else value:.3g}" for value in values)
    return f"{numbers} {'%' if percent else unit}"


def interval(one: Quantity) -> str:
    """The range of a quantity, and what it rests on.

    Parameters
    ----------
    one : Quantity

    Returns
    -------
    str
    """
    return f"{shown(one.unit, one.low, one.high)}, {one.range_kind}"


def finding(case: Mapping[str, Any], solved: Quantity) -> str:
    """Whether a case is reproduced, and what decides.

    A case is possible without (with) phase-in if the range made in the report's way meets the printed one, or if the value
    solved for lies in its range.

    Parameters
    ----------
    case : mapping
        `hit`, `solved_value` and `solved_inside`, each without and with phase-in.
    solved : Quantity
        What was solved for.

    Returns
    -------
    str
    """
    hit = [word == "hit" for word in case["hit"]]
    possible = [met or inside == "yes" for met, inside in zip(hit, case["solved_inside"], strict=True)]
    label = solved.label_en[0].lower() + solved.label_en[1:]
    value = [shown(solved.unit, float(one)) for one in case["solved_value"]]
    taken = interval(solved)
    if all(hit):
        return "reproduced without and with phase-in: the printed range does not tell which"
    if all(possible):
        return f"not identifiable: decided by the {label} ({taken}), {value[0]} {SAID[0]} or {value[1]} {SAID[1]}"
    if not any(possible):
        needed = f"{value[0]} {SAID[0]} or {value[1]} {SAID[1]}"
        return f"not reproduced: the {label} ({taken}) would have to be {needed}"
    one, other = (WITHOUT, WITH) if possible[WITHOUT] else (WITH, WITHOUT)
    told = "only" if hit[one] else f"only, if the {label} is {value[one]}"
    return f"reproduced {SAID[one]} {told}; {SAID[other]} the {label} ({taken}) would have to be {value[other]}"


def reading(case: Mapping[str, Any], moved: Sequence[str], quantities: Quantities) -> str:
    """What the printed range is a range of.

    Parameters
    ----------
    case : mapping
        `hit`, and `fits_width` in the order of `moved`.
    moved : sequence of str
        What is moved to its ends.
    quantities : mapping of str to Quantity

    Returns
    -------
    str
    """
    ends = [one for one in quantities.values() if one.role == "coefficient"]
    printed = all(one.range_kind == "published" for one in ends)
    what = "coefficient range" if printed else "range of coefficients whose ends are not printed"
    where = [said for said, word in zip(SAID, case["hit"], strict=True) if word == "hit"]
    if where:
        return f"{what}, {' or '.join(where)}"
    fits = [name for name, word in zip(moved, case["fits_width"], strict=True) if word == "yes"]
    return f"not met; its width fits the ends of: {', '.join(fits) or 'none of them'}"


def warning(cases: Mapping[str, Mapping[str, Any]]) -> str:
    """Why cases must not be added up, nor set against the totals of categories.

    Parameters
    ----------
    cases : mapping of str to mapping
        `hit` of each case by its label.

    Returns
    -------
    str
    """
    bare = [name for name, case in cases.items() if tuple(case["hit"]) == ("hit", "miss")]
    before = f", and {' and '.join(bare)} hold only before phase-in" if bare else ""
    return (
        "Do not add the use cases up, and do not set them against the totals of categories, which are after phase-in: "
        f"they overlap with each other and with the categories{before}."
    )
