"""Units that suit the size: thousand FTE and bn DKK for a country, FTE and mio. DKK for a municipality."""

from __future__ import annotations

from typing import NamedTuple

SMALL = 10.0  # in thousand FTE or bn DKK: below it one decimal says too little
_NAMES = {"freed_fte": ("thousand FTE", "FTE"), "freed_wage": ("bn DKK", "mio. DKK")}


class Unit(NamedTuple):
    """A unit to show amounts of one quantity in.

    Attributes
    ----------
    factor : float
        By which an amount in thousand FTE or bn DKK is multiplied.
    name : str
    digits : int
        Behind the decimal point.
    """

    factor: float
    name: str
    digits: int


def unit_of(quantity: str, largest: float) -> Unit:
    """The unit for amounts up to `largest`.

    Parameters
    ----------
    quantity : str
        freed_fte or freed_wage.
    largest : float
        In thousand FTE or bn DKK.

    Returns
    -------
    Unit

    Examples
    --------
    >>> unit_of("freed_fte", 90.0), unit_of("freed_fte", 0.4).name, unit_of("freed_wage", 0.04).digits
    (Unit(factor=1.0, name='thousand FTE', digits=1), 'FTE', 1)
    """
    large, small = _NAMES[quantity]
    return Unit(1.0, large, 1) if not largest < SMALL else Unit(1000.0, small, int(1000 * largest < 100))


def shown(value: float, unit: Unit) -> str:
    """An amount in thousand FTE or bn DKK, in the unit.

    Examples
    --------
    >>> shown(90.04, unit_of("freed_fte", 90.0)), shown(1.2344, unit_of("freed_fte", 2.0))
    ('90.0', '1,234')
    """
    return f"{unit.factor * value:,.{unit.digits}f}"


def printed(low: float, high: float, unit: Unit) -> str:
    """A printed range with the decimals that it was printed with.

    Examples
    --------
    >>> printed(84.0, 96.0, unit_of("freed_fte", 90.0)), printed(0.35, 0.425, unit_of("freed_fte", 0.4))
    ('84-96', '350-425')
    """
    return f"{unit.factor * low:,.10g}-{unit.factor * high:,.10g}"


def amount(quantity: str, value: float) -> str:
    """An amount with its unit.

    Examples
    --------
    >>> amount("freed_fte", 90.0), amount("freed_wage", 0.2384)
    ('90.0 thousand FTE', '238 mio. DKK')
    """
    unit = unit_of(quantity, abs(value))
    return f"{shown(value, unit)} {unit.name}"
