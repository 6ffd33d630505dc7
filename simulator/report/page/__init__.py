"""The appendix as one HTML file: live figures, sortable tables, nothing from the network."""

from .write import page_text, write_page

__all__ = ["page_text", "write_page"]
