"""Growth of the areas to 2040: the published changes, and how births, life expectancy, migration and healthy ageing move them."""

from __future__ import annotations


def central_growth(fte: float, change: float, percent: float) -> float:
    """Growth of an area from 2023 to 2040 that agrees with both of its roundings in figure 7.7.

    Parameters
    ----------
    fte : float
        FTE in 2023, thousand (figure 7.2).
    change, percent : float
        The printed change in thousand FTE and in percent (figure 7.7), each rounded to a whole number.

    Returns
    -------
    float
        Middle of the interval that both roundings allow, as a fraction.

    Raises
    ------
    ValueError
        If no growth agrees with both.

    Examples
    --------
    >>> round(central_growth(76, -6, -7), 4)
    -0.0737
    """
    low = max((change - 0.5) / fte, (percent - 0.5) / 100)
    high = min((change + 0.5) / fte, (percent + 0.5) / 100)
    if low > high:
        raise ValueError(f"no growth of {fte} thousand FTE rounds to {change} thousand and {percent} percent")
    return (low + high) / 2
