"""Other views of the futures of a run: what single inputs do to the mean, what separates futures, what knowing is worth."""

from .conditional import conditional_means, expected_given, switching_values, total_ranges
from .decision import decision_value, information
from .kept import KeptFutures, keep, rank, separation

__all__ = [
    "KeptFutures",
    "conditional_means",
    "decision_value",
    "expected_given",
    "information",
    "keep",
    "rank",
    "separation",
    "switching_values",
    "total_ranges",
]
