"""The appendix as a Word file, which an author goes on writing in: real headings, captions and lists, nothing drawn."""

from .write import write_word

__all__ = ["write_word"]
