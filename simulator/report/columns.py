"""How the columns of a printed table share its line."""

from __future__ import annotations

import textwrap

import numpy as np

from .document import Column, Table

HEADING = 12  # characters of a line of a heading above numbers that are shorter
WORD = 24  # characters from which a word may be broken
GAP = 3  # characters between two columns


def heading_lines(table: Table) -> tuple[tuple[str, ...], ...]:
    """The headings in lines: above numbers no longer than these, so that a heading does not widen its column."""

    def lines(place: int, column: Column) -> tuple[str, ...]:
        if not column.numeric:
            return (column.heading,)
        width = max([HEADING, *(len(row[place].text) for row in table.rows)])
        return tuple(textwrap.wrap(column.heading, width, break_long_words=False)) or ("",)

    return tuple(lines(place, column) for place, column in enumerate(table.columns))


def column_widths(table: Table) -> tuple[int, ...]:
    """Characters of the longest text of each column, with the gap behind it."""
    return tuple(max(len(text) for text in texts) + GAP for texts in _texts(table))


def column_shares(table: Table, line: int) -> tuple[float | None, ...]:
    """How the columns of text of a table share a line that is too short for them.

    Parameters
    ----------
    table : Table
    line : int
        Characters of the line.

    Returns
    -------
    tuple of float or None
        None for a column that is as wide as its contents: each, where all fit, and one of numbers. The others add up to 1: they
        have room for their longest words, and the rest of the line goes where it makes the table shortest.
    """
    texts, widths = _texts(table), column_widths(table)
    wrapped = [place for place, column in enumerate(table.columns) if not column.numeric]
    if sum(widths) <= line or not wrapped:
        return (None,) * len(widths)
    words = [max((len(word) for text in texts[place] for word in text.split()), default=0) for place in wrapped]
    letters = np.array([min(max(word, 1), WORD) for word in words])
    lengths = np.array([[len(text) for text in texts[place]] for place in wrapped])
    kept = sum(width for place, width in enumerate(widths) if place not in wrapped)
    for _ in range(line - kept - int((letters + GAP).sum())):
        lines = lengths / letters[:, None]
        highest = (lines == lines.max(axis=0)) & (lines > 1)  # the columns that give a row its height
        letters[np.argmax((highest * lines / (letters[:, None] + 1)).sum(axis=1))] += 1
    room = letters + GAP
    shares = dict(zip(wrapped, (room / room.sum()).tolist(), strict=True))
    return tuple(shares.get(place) for place in range(len(widths)))


def _texts(table: Table) -> list[list[str]]:
    """What stands in each column: the lines of its heading, and its cells."""
    return [[*lines, *(row[place].text for row in table.rows)] for place, lines in enumerate(heading_lines(table))]
