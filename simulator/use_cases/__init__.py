"""The five use cases that the report prints, each a computation of its own from the quantities of use_cases.csv.

A case is computed once without phase-in and once with it, because the report does not say which of the two it printed.
The cases are no part of the potential: they overlap with each other and with its categories.
"""

from .formulas import FORMULAS
from .quantities import Quantity, read_use_cases
from .rebuilding import use_cases

__all__ = ["FORMULAS", "Quantity", "read_use_cases", "use_cases"]
