"""CSV files read into validated tables: every error names file, row and column."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
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


def read_text(path: Path) -> str:
    """The text of a UTF-8 file (with or without a byte-order mark).

    Raises
    ------
    InputError
        If there is no such file, or it is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError(str(path), "there is no such file", "Check the spelling of the path.") from None
    except UnicodeDecodeError as error:
        raise InputError(
            str(path),
            f"the text is not UTF-8 (byte {error.start})",
            "Save it as UTF-8; in Excel: 'CSV UTF-8 (Comma delimited)'.",
        ) from None
    except OSError as error:
        raise InputError(str(path), f"cannot be read ({error.strerror})", "Check the path and its permissions.") from None


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
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";" if semicolons else ",")
    names = [name.strip() for name in next(reader, [])]
    _check_header(path, names, columns)
    rows: list[dict[str, str | float | int]] = []
    lines: list[int] = []
    first_line: dict[tuple[str, ...], int] = {}
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        place = f"{path}, row {reader.line_num}"
        if len(cells) != len(names):
            raise InputError(
                place,
                f"has {len(cells)} cells, the header has {len(names)}",
                "Put a text that contains the separator in double quotes.",
            )
        row = {
            name: _value(cell.strip(), columns[name], f"{place}, column '{name}'", semicolons)
            for name, cell in zip(names, cells, strict=True)
        }
        identity = tuple(str(row[name]) for name in key)
        if key and identity in first_line:
            raise InputError(
                place, f"repeats {identity} of row {first_line[identity]}", f"Keep one row for each ({', '.join(key)})."
            )
        first_line[identity] = reader.line_num
        rows.append(row)
        lines.append(reader.line_num)
    if not rows:
        raise InputError(str(path), "has no rows", "Give at least one row below the header.")
    return Table(path, tuple(rows), tuple(lines))


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
    if column.type is str:
        if column.choices and cell not in column.choices:
            raise InputError(place, f"'{cell}' is not among the choices", nearest(cell, column.choices))
        return cell
    try:
        number = float(cell.replace(",", ".") if decimal_comma else cell)
    except ValueError:
        raise InputError(place, f"'{cell}' is not a number", "Write a number such as 0.35.") from None
    if not math.isfinite(number):
        raise InputError(place, f"'{cell}' is not a finite number", "Write a finite number, or remove the row.")
    if not column.low <= number <= column.high:
        raise InputError(place, f"{cell} lies outside {column.low:g} to {column.high:g}", "Check the number and its unit.")
    if column.type is int and number != int(number):
        raise InputError(place, f"'{cell}' is not a whole number", "Write a whole number.")
    return int(number) if column.type is int else number
