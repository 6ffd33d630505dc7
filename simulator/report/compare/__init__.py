"""Two or more runs side by side: their results, the differences between them, and what was changed."""

from .assemble import compare_document
from .runs import read_runs

__all__ = ["compare_document", "read_runs"]
