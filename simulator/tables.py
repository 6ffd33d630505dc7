"""CSV files read into validated tables: every error names file, row and column."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .errors import InputError, nearest

KINDS = ("published", "derived", "assumed")


@dataclass(frozen=True)
class Column:
    """What one column may hold.

    Attributes
    ----------
    type : type
        ``str``, ``float`` or ``int``.
    empty : bool
        Whether a cell may be empty (text: ``""``; number: NaN, which then means "not stated").
    low, high : float
        Closed bounds of a number.
    choices : tuple of str
        The allowed texts; empty where any text is.
    """

    type: type
    empty: bool = False
    low: float = -math.inf
    high: float = math.inf
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """A table as read: each row a mapping from column to value, with the line it stands on.

    Attributes
    ----------
    path : Path
    rows : tuple of dict
        Text as ``str``, numbers as ``float`` or ``int``.
    lines : tuple of int
        1-based line of each row in the file.
    """

    path: Path
    rows: tuple[dict[str, str | float | int], ...]
    lines: tuple[int, ...]

    def place(self, row: int) -> str:
        """Where row number `row` (from 0) stands."""
        return f"{self.path}, row {self.lines[row]}"

    def texts(self, column: str) -> list[str]:
        """A column of text."""
        return [str(row[column]) for row in self.rows]

    def numbers(self, column: str) -> np.ndarray:
        """A column of numbers, float64; NaN where the cell is empty."""
        return np.array([float(row[column]) for row in self.rows], dtype=np.float64)


@dataclass(frozen=True)
class Stated:
    """A quantity as a source states it.

    Attributes
    ----------
    central : float
    low, high : float
        Ends of the stated range; NaN where a point is stated.
    kind : str
        published, derived or assumed.
    source, note : str
    """

    central: float
    low: float
    high: float
    kind: str
    source: str
    note: str


def stated(table: Table, number: int) -> Stated:
    """The quantity in row `number` (from 0) of a table with columns low, central, high, kind, source and note.

    Raises
    ------
    InputError
        If one end of the range is missing, or the three are not in order.
    """
    row, place = table.rows[number], table.place(number)
    low, central, high = float(row["low"]), float(row["central"]), float(row["high"])
    if math.isnan(low) != math.isnan(high):
        raise InputError(place, "has one end of a range only", "Give both of low and high, or neither.")
    if low > high:
        raise InputError(place, f"low {low:g} is above high {high:g}", "Exchange them.")
    if not (math.isnan(low) or low <= central <= high):
        raise InputError(place, f"central {central:g} is not from {low:g} to {high:g}", "Mend one of the three.")
    return Stated(central, low, high, str(row["kind"]), str(row["source"]), str(row["note"]))


def read_text(path: Path) -> str:
    """The text of a UTF-8 file (with or without a byte-order mark), its lines ended by a line feed.

    Raises
    ------
    InputError
        If there is no such file, or it is not UTF-8.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise InputError(str(path), "there is no such file", "Check the spelling of the path.") from None
    except (OSError, ValueError) as error:  # ValueError: the path holds a null character
        problem = f"cannot be read ({getattr(error, 'strerror', error)})"
        raise InputError(ascii(str(path))[1:-1], problem, "Check the path and its permissions.") from None
    wrong = content.find(b"\0")  # as in UTF-16
    try:
        if wrong < 0:
            return content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        wrong = error.start
    row = content.count(b"\n", 0, wrong) + 1
    raise InputError(
        f"{path}, row {row}",
        f"the text is not UTF-8 (byte {content[wrong]:#04x})",
        "Save it as UTF-8; in Excel: 'CSV UTF-8 (Comma delimited)'.",
    )


def read_table(path: Path, columns: Mapping[str, Column], key: Sequence[str] = ()) -> Table:
    """Read a CSV file, with commas, or with semicolons and decimal commas as a Danish Excel writes it.

    Parameters
    ----------
    path : Path
    columns : mapping of str to Column
        The columns the file must have; others are an error.
    key : sequence of str
        Columns that together must differ from row to row.

    Returns
    -------
    Table

    Raises
    ------
    InputError
        Missing file, wrong encoding, missing, unknown or repeated column, wrong number of cells, text where a number
        belongs, a number that is not finite or out of bounds, text that is not among the choices, a repeated key.
    """
    text = read_text(path)
    header = text.split("\n", 1)[0]
    semicolons = ";" in header and header.count(";") >= header.count(",")
    records = _records(path, text, ";" if semicolons else ",")
    _, first = next(records, (1, []))
    names = [" ".join(name.split()) for name in first]
    _check_header(path, names, columns)
    rows: list[dict[str, str | float | int]] = []
    lines: list[int] = []
    first_line: dict[tuple[str, ...], int] = {}
    for line, cells in records:
        place = f"{path}, row {line}"
        row = _row(cells, names, columns, place, semicolons)
        identity = tuple(str(row[name]) for name in key)
        if key and identity in first_line:
            raise InputError(
                place, f"repeats {identity} of row {first_line[identity]}", f"Keep one row for each ({', '.join(key)})."
            )
        first_line[identity] = line
        rows.append(row)
        lines.append(line)
    if not rows:
        raise InputError(str(path), "has no rows", "Give at least one row below the header.")
    return Table(path, tuple(rows), tuple(lines))


def _records(path: Path, text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Cells of each record that is not blank, with its last line."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, cells
    except csv.Error as error:
        place = f"{path}, row {reader.line_num}"
        raise InputError(place, f"is not CSV ({error})", "Close every double quote, and save it as CSV.") from None


def _row(
    cells: Sequence[str], names: Sequence[str], columns: Mapping[str, Column], place: str, decimal_comma: bool
) -> dict[str, str | float | int]:
    if len(cells) != len(names):
        raise InputError(
            place,
            f"has {len(cells)} cells, the header has {len(names)}",
            "Put a text that contains the separator in double quotes.",
        )
    return {
        name: _value(" ".join(cell.split()), columns[name], f"{place}, column '{name}'", decimal_comma)
        for name, cell in zip(names, cells, strict=True)
    }


def _check_header(path: Path, names: Sequence[str], columns: Mapping[str, Column]) -> None:
    place = f"{path}, row 1"
    for name in names:
        if name not in columns:
            raise InputError(place, f"unknown column '{name}'", nearest(name, columns))
        if names.count(name) > 1:
            raise InputError(place, f"column '{name}' stands twice", "Keep one of them.")
    missing = [name for name in columns if name not in names]
    if missing:
        raise InputError(place, f"column '{missing[0]}' is missing", f"The columns are: {', '.join(columns)}.")


def _value(cell: str, column: Column, place: str, decimal_comma: bool) -> str | float | int:
    if not cell:
        if not column.empty:
            raise InputError(place, "the cell is empty", "Fill it in.")
        return "" if column.type is str else math.nan
    shown = cell if len(cell) <= 60 else f"{cell[:60]}…"
    if column.type is str:
        if column.choices and cell not in column.choices:
            raise InputError(place, f"'{shown}' is not among the choices", nearest(cell, column.choices))
        return cell
    try:
        if "_" in cell:  # which Python reads
            raise ValueError
        number = float(cell.replace(",", ".") if decimal_comma else cell)
    except ValueError:
        raise InputError(place, f"'{shown}' is not a number", "Write a number such as 0.35.") from None
    if not math.isfinite(number):
        raise InputError(place, f"'{shown}' is not a finite number", "Write a finite number, or remove the row.")
    if not column.low <= number <= column.high:
        allowed = f"{shown} lies outside {column.low:g} to {column.high:g}"
        raise InputError(place, allowed, "Check the number and its unit.")
    if column.type is int and number != int(number):
        raise InputError(place, f"'{shown}' is not a whole number", "Write a whole number.")
    return int(number) if column.type is int else number


def position(labels: Sequence[str], name: str, place: str) -> int:
    """Where `name` stands among `labels`.

    Raises
    ------
    InputError
        If it is not among them; `place` says where the name was read.
    """
    if name not in labels:
        raise InputError(place, f"unknown name '{name}'", nearest(name, labels))
    return list(labels).index(name)
