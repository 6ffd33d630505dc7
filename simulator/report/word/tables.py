"""Tables of the Word file: a repeated head, numbers to the right, widths from what the columns hold."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..characters import clean
from ..document import Column, Table
from .pieces import element

if TYPE_CHECKING:
    from docx.document import Document as WordDocument

POINT = 20  # twips, the unit of widths in tables
SIZES = (9, 8, 7)  # points; the first at which no word is broken
CHARACTER = 0.61  # mean width of a character of bold Arial, in its size; a digit is 0.556
PADDING = 160  # twips, both sides of a cell
LONGEST_WORD = 24  # characters; what is longer (a hash, a path) is broken
WIDEST = 0.5  # of the page, before the others have what they need
AIRY = 1.3  # times what the texts need, where there is room: a number far from its name is hard to follow


def column_widths(table: Table, total: int) -> tuple[tuple[int, ...], int]:
    """Widths of the columns from their texts, and the size of the letters.

    Parameters
    ----------
    table : Table
    total : int
        Width of the page's text in twips.

    Returns
    -------
    widths : tuple of int
        In twips; they add up to `total`, or to less where nothing needs it.
    size : int
        In points.
    """
    columns = [_lengths(column, [row[place].text for row in table.rows]) for place, column in enumerate(table.columns)]
    for size in SIZES:
        letter = CHARACTER * size * POINT
        least = [word * letter + PADDING for word, _ in columns]
        if sum(least) <= total:
            break
    wanted = [max(low, line * letter + PADDING) for low, (_, line) in zip(least, columns, strict=True)]
    if sum(least) > total:
        shares = least
    elif sum(wanted) > total:
        capped = [max(low, min(high, WIDEST * total)) for low, high in zip(least, wanted, strict=True)]
        spare = (total - sum(least)) / max(sum(capped) - sum(least), 1.0)
        shares = [low + spare * (high - low) for low, high in zip(least, capped, strict=True)]
    else:
        airy = min(AIRY, total / sum(wanted))
        shares = [airy * width for width in wanted]
    narrower = min(1.0, total / sum(shares))
    return tuple(int(narrower * share) for share in shares), size


def _lengths(column: Column, texts: list[str]) -> tuple[int, int]:
    """Characters of the longest word, and of the longest line that one would wish to see unbroken."""
    words = [len(word) for text in (column.heading, *texts) for word in re.split(r"[ \t\n]|(?<=-)", text)]
    lines = [len(line) for text in texts for line in text.split("\n")]
    return min(max(words), LONGEST_WORD), max([*lines, *(len(part) for part in re.split(r"[ \n]", column.heading))])


def add_table(word: WordDocument, table: Table, total: int) -> None:
    """Put a table at the end of the file.

    Parameters
    ----------
    word : docx.document.Document
    table : Table
    total : int
        Width of the page's text in twips.
    """
    from docx.shared import Twips

    widths, size = column_widths(table, total)
    made = word.add_table(rows=0, cols=len(table.columns), style="Appendix Table")
    made.autofit = False
    _describe(made, table, sum(widths))
    for column, width in zip(made.columns, widths, strict=True):
        column.width = Twips(width)
    heads = tuple(column.heading for column in table.columns)
    made._tbl.append(_row(heads, table.columns, widths, size, head=True))
    for row in table.rows:
        made._tbl.append(_row([span.text for span in row], table.columns, widths, size))


def _row(
    texts: Sequence[str], columns: Sequence[Column], widths: Sequence[int], size: int, *, head: bool = False
) -> Any:
    """A row, made directly: python-docx counts all cells of a table for every row that it adds."""
    row, properties = element("w:tr"), element("w:trPr")
    properties.append(element("w:cantSplit"))
    if head:
        properties.append(element("w:tblHeader"))
    row.append(properties)
    for text, column, width in zip(texts, columns, widths, strict=True):
        cell, of_cell, paragraph, style = (element(tag) for tag in ("w:tc", "w:tcPr", "w:p", "w:pPr"))
        of_cell.append(element("w:tcW", w=str(width), type="dxa"))
        style.append(element("w:pStyle", val="TableNumber" if column.numeric else "TableText"))
        run = element("w:r")
        run.text = clean(text)
        if size != SIZES[0]:
            of_run = element("w:rPr")
            of_run.append(element("w:sz", val=str(2 * size)))
            run.insert(0, of_run)
        paragraph.extend([style, run])
        cell.extend([of_cell, paragraph])
        row.append(cell)
    return row


def _describe(made: Any, table: Table, width: int) -> None:
    """Width of the whole, which parts of the style apply, and the caption for someone who does not see it."""
    properties = made._tbl.tblPr
    for tag in ("w:tblW", "w:tblLook"):
        for old in properties.findall(element(tag).tag):
            properties.remove(old)
    layout = properties.find(element("w:tblLayout").tag)
    layout.addprevious(element("w:tblW", w=str(width), type="dxa"))
    off = dict.fromkeys(("firstColumn", "lastRow", "lastColumn"), "0")
    look = element("w:tblLook", val="0620", firstRow="1", noHBand="1", noVBand="1", **off)
    properties.extend([look, element("w:tblCaption", val=clean(table.caption))])
