"""What the appendix says: sections, sentences and tables from the results, and places for the author's words."""

from .assemble import make_document

__all__ = ["make_document"]
