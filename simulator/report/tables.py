"""The tables of a document as files: CSV for a spreadsheet, LaTeX for a paper."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

from .columns import column_shares, column_widths, heading_lines
from .document import Column, Document, Number, Span, Table, blocks_of
from .numbers import FORMS, NumberStyle
from .words import Words, read_words

SEPARATORS: Mapping[str, str] = {
    ",": ";",
    ".": ",",
}  # of cells, by decimal sign: as its countries' spreadsheets read it
FORMULA_SIGNS = tuple("=+-@\t\r＝＋－＠")  # a spreadsheet runs what begins with one of these
LINE = 88  # characters of a line in the small type of a table
LEAST = 0.3  # of the line, for the columns that are wrapped
STACKED = r"\\"  # between the lines of a heading
LONG_FROM = 40  # rows that do not fit on one page
SPECIAL = str.maketrans(
    {
        "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
        "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
        "|": r"\textbar{}", "`": r"\textasciigrave{}",
        '"': r"\symbol{34}",  # active in the Danish of babel
        "[": "{[}", "*": "{*}", "]": "{]}",  # arguments of the end of a row before them
        "\u00a0": "~", "\u2009": r"\,", "\u202f": r"\,", "\u00ad": r"\-", "\u200b": r"\hspace{0pt}",
        "\u2212": r"\ensuremath{-}", "≤": r"\ensuremath{\leq}", "≥": r"\ensuremath{\geq}", "≈": r"\ensuremath{\approx}",
        "≠": r"\ensuremath{\neq}", "∞": r"\ensuremath{\infty}", "→": r"\ensuremath{\rightarrow}", "√": r"\ensuremath{\surd}",
    }
)  # fmt: skip
LIGATURE = re.compile(r"(?<=-)(?=-)|(?<=,)(?=,)|(?<=')(?=')")  # two of them would be set as a dash or a quotation mark
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def write_tables(document: Document, folder: Path) -> tuple[Path, ...]:
    """Write each table of a document as ``<key>.csv`` and ``<key>.tex``.

    Parameters
    ----------
    document : Document
    folder : Path
        Made where there is none.

    Returns
    -------
    tuple of Path
        The files, in the order of the document.

    Raises
    ------
    ValueError
        If two tables have the same key: one would replace the other.
    """
    tables: list[Table] = blocks_of(document, Table)
    keys = [table.key for table in tables]
    if len(set(keys)) < len(keys):
        raise ValueError(f"tables of the same key: {sorted({key for key in keys if keys.count(key) > 1})}")
    words, written = read_words(document.language), []
    folder.mkdir(parents=True, exist_ok=True)
    for table in tables:
        for ending, text in (("csv", csv_text(table, words)), ("tex", latex_text(table))):
            path = folder / f"{table.key}.{ending}"
            path.write_bytes(text.encode("utf-8"))
            written.append(path)
    return tuple(written)


def csv_text(table: Table, words: Words) -> str:
    """A table as CSV that a spreadsheet of the language's country opens with a double click.

    Parameters
    ----------
    table : Table
    words : Words

    Returns
    -------
    str
        RFC 4180 behind a byte order mark, without which Excel takes UTF-8 for the code page of the machine. Danish:
        semicolon and decimal comma; English: comma and point.

    Notes
    -----
    Numbers stand with every digit of the results and no mark between thousands, since one computes with them, but in the
    unit of the printed table (a percentage as 11.3456, not 0.113456), to which the headings belong. Where cells of a column
    show their units, a column of units follows. Text that a spreadsheet would run as a formula begins with an apostrophe.
    """
    style = words.style
    united = [any(_unit(row[place], style) for row in table.rows) for place in range(len(table.columns))]

    def cells(texts: Sequence[str], units: Sequence[str]) -> list[str]:
        pairs = zip(texts, units, united, strict=True)
        return [cell for text, unit, shown in pairs for cell in ((text, unit) if shown else (text,))]

    file = io.StringIO()
    writer = csv.writer(file, delimiter=SEPARATORS[style.decimal])
    headings = [guarded(column.heading) for column in table.columns]
    writer.writerow(
        cells(headings, [guarded(f"{column.heading}, {words.text('tables.unit')}") for column in table.columns])
    )
    for row in table.rows:
        writer.writerow(cells([_cell(span, style) for span in row], [_unit(span, style) for span in row]))
    return "\ufeff" + file.getvalue()


def _cell(span: Span, style: NumberStyle) -> str:
    if span.number is None or not math.isfinite(span.number.value):
        return guarded(span.text)
    return full_precision(span.number).replace(".", style.decimal)


def full_precision(number: Number) -> str:
    """All digits of a number in its form's unit; decimal, since 0.07 times 100 is not 7 in binary.

    Examples
    --------
    >>> full_precision(Number(0.07, "", "percent")), full_precision(Number(-48000.0, ""))
    ('7', '-48000')
    """
    factor, _ = FORMS[number.form]
    return format((Decimal(repr(float(number.value))) * Decimal(repr(factor))).normalize(), "f")


def _unit(span: Span, style: NumberStyle) -> str:
    """The unit that a cell shows behind its number, or nothing."""
    if span.number is None:
        return ""
    unit = style.units.get(FORMS[span.number.form][1], "")
    return unit if span.text.endswith(unit) else ""


def guarded(text: str) -> str:
    """Text that a spreadsheet shows and never runs.

    References
    ----------
    OWASP, CSV Injection, https://owasp.org/www-community/attacks/CSV_Injection
    """
    return f"'{text}" if text.startswith(FORMULA_SIGNS) or text.lstrip().startswith(FORMULA_SIGNS) else text


def latex_text(table: Table) -> str:
    """A table as LaTeX with the rules of booktabs, over several pages where it is long; numbers as printed.

    Parameters
    ----------
    table : Table

    Returns
    -------
    str
        To be taken in with ``\\input``; its label is ``tab:<key>``.
    """
    caption = rf"\caption{{{escaped(table.caption)}}}\label{{tab:{table.key}}}"
    headings = " & ".join(_latex_heading(lines) for lines in heading_lines(table)) + r" \\"
    rows = [" & ".join(_latex_cell(span) for span in row) + r" \\" for row in table.rows]
    needs = [r"% Needs \usepackage{array, booktabs, longtable}; the file is UTF-8."]
    layout = f"{{@{{}}{' '.join(column_types(table))}@{{}}}}"
    note = rf"\footnotesize {escaped(table.note)}"
    size = r"\footnotesize" if any(column_shares(table, LINE)) else r"\small"
    if table.long or len(rows) >= LONG_FROM:
        count = len(table.columns)
        below = [rf"\multicolumn{{{count}}}{{@{{}}p{{\linewidth}}@{{}}}}{{{note}}} \\"] if table.note else []
        lines = [
            rf"{{{size}", rf"\begin{{longtable}}{layout}",
            rf"{caption} \\", r"\toprule", headings, r"\midrule", r"\endfirsthead",
            r"\toprule", headings, r"\midrule", r"\endhead",
            *rows, r"\bottomrule", *below, r"\end{longtable}", "}",
        ]  # fmt: skip
    else:
        lines = [
            r"\begin{table}[htbp]", r"\centering", caption, size,
            rf"\begin{{tabular}}{layout}", r"\toprule", headings, r"\midrule", *rows, r"\bottomrule", r"\end{tabular}",
            *([rf"\par\smallskip {{{note}\par}}"] if table.note else []), r"\end{table}",
        ]  # fmt: skip
    return "\n".join([*needs, *lines, ""])


def column_types(table: Table) -> list[str]:
    """Types of the columns of a ``tabular``: numbers right, text left, and wrapped where the row would be too wide."""
    shares = column_shares(table, LINE)
    kept = sum(width for width, share in zip(column_widths(table), shares, strict=True) if share is None)
    left = max(LEAST, 1 - kept / LINE)

    def column_type(column: Column, share: float | None) -> str:
        if share is not None:
            return rf">{{\raggedright\arraybackslash}}p{{{left * share:.3f}\linewidth}}"
        return "r" if column.numeric else "l"

    return [column_type(column, share) for column, share in zip(table.columns, shares, strict=True)]


def _latex_heading(lines: Sequence[str]) -> str:
    shown = [rf"\textbf{{{escaped(line)}}}" for line in lines]
    return shown[0] if len(shown) == 1 else rf"\shortstack[r]{{{STACKED.join(shown)}}}"


def _latex_cell(span: Span) -> str:
    text = escaped(span.text)
    for kind, command in ((span.code, "texttt"), (span.emphasis, "emph"), (span.strong, "textbf")):
        text = rf"\{command}{{{text}}}" if kind and text else text
    return text


def escaped(text: str) -> str:
    """Text that LaTeX shows as it is: none of its characters is a command, an argument, or part of a ligature.

    A control character becomes a question mark, the end of a line or a tab a space. Other characters stay as UTF-8.
    """
    shown = CONTROL.sub("?", re.sub(r"\s*[\r\n\t]\s*", " ", text))
    return "{}".join(part.translate(SPECIAL) for part in LIGATURE.split(shown))
