"""CSV files read into tables."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.errors import InputError, nearest
from simulator.tables import KINDS, Column, Stated, read_table, read_text, stated

COLUMNS = {"name": Column(str), "part": Column(float, empty=True, low=0, high=1), "count": Column(int)}
TEXT = "name,part,count\nPædagoger,0.25,3\n\n ,, \nØvrige , 1e-1 ,-4\n"


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / "table.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_rows_have_types_and_places(tmp_path: Path) -> None:
    table = read_table(written(tmp_path, TEXT), COLUMNS)
    assert table.rows == ({"name": "Pædagoger", "part": 0.25, "count": 3}, {"name": "Øvrige", "part": 0.1, "count": -4})
    assert [type(value) for value in table.rows[0].values()] == [str, float, int]
    assert table.lines == (2, 5)
    assert table.place(1) == f"{tmp_path / 'table.csv'}, row 5"
    assert table.texts("count") == ["3", "-4"]
    numbers = table.numbers("part")
    assert numbers.dtype == np.float64
    assert numbers.tolist() == [0.25, 0.1]


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode("utf-8-sig"),
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.replace("\n", "\r").encode(),
        TEXT.replace(",", ";").replace(".", ",").encode(),
        TEXT.replace(",", ";").encode(),
        TEXT.replace("Pædagoger", '"Pædagoger"').rstrip("\n").encode(),
    ],
    ids=["byte-order mark", "CRLF", "CR", "semicolons, decimal commas", "semicolons, points", "no last line feed"],
)
def test_ways_to_save_a_table_read_the_same(content: bytes, tmp_path: Path) -> None:
    usual, other = tmp_path / "usual", tmp_path / "other"
    usual.mkdir(), other.mkdir()
    one, two = read_table(written(usual, TEXT), COLUMNS), read_table(written(other, content), COLUMNS)
    assert (one.rows, one.lines) == (two.rows, two.lines)


def test_a_cell_with_the_separator_and_line_feeds_is_one_text(tmp_path: Path) -> None:
    table = read_table(written(tmp_path, 'name,part,count\n"Fod-,  ergo-\nog andre",,1\nX,,2\n'), COLUMNS)
    assert table.texts("name") == ["Fod-, ergo- og andre", "X"]
    assert table.lines == (3, 4)  # a record is named by its last line
    assert np.isnan(table.numbers("part")).all()


def test_an_empty_text_is_empty_and_an_empty_number_is_not_a_number(tmp_path: Path) -> None:
    columns = {"note": Column(str, empty=True), "value": Column(float, empty=True), "key": Column(int)}
    row = read_table(written(tmp_path, "note,value,key\n,,1\n"), columns).rows[0]
    assert row["note"] == ""
    assert math.isnan(float(row["value"]))


@pytest.mark.parametrize("cell", ["0", "1", "1.0", "0.35", "1e-3", "+0.5", ".5"])
def test_numbers_within_closed_bounds(cell: str, tmp_path: Path) -> None:
    table = read_table(written(tmp_path, f"part\n{cell}\n"), {"part": Column(float, low=0, high=1)})
    assert table.numbers("part").tolist() == [float(cell)]


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        ("1.0000001", "1.0000001 lies outside 0 to 1"),
        ("-0.1", "-0.1 lies outside 0 to 1"),
        ("1e400", "'1e400' is not a finite number"),
        ("-Infinity", "'-Infinity' is not a finite number"),
        ("NaN", "'NaN' is not a finite number"),
        ("1_0", "'1_0' is not a number"),
        ("35 %", "'35 %' is not a number"),
        ("1.234.567", "'1.234.567' is not a number"),
        ("#DIV/0!", "'#DIV/0!' is not a number"),
        ("x" * 99, f"'{'x' * 60}…' is not a number"),
        ("", "the cell is empty"),
    ],
)
def test_what_is_not_a_number_of_the_range(cell: str, problem: str, tmp_path: Path) -> None:
    path = written(tmp_path, f"key,part\nA,{cell}\n")
    with pytest.raises(InputError) as caught:
        read_table(path, {"key": Column(str), "part": Column(float, low=0, high=1)})
    assert caught.value.place == f"{path}, row 2, column 'part'"
    assert caught.value.problem == problem


def test_in_a_file_of_semicolons_a_number_has_one_comma(tmp_path: Path) -> None:
    path = written(tmp_path, "key;part\nA;1.234,5\n")
    with pytest.raises(InputError, match=r"'1\.234,5' is not a number"):
        read_table(path, {"key": Column(str), "part": Column(float)})


@pytest.mark.parametrize(("cell", "number"), [("3", 3), ("3.0", 3), ("-2", -2)])
def test_whole_numbers(cell: str, number: int, tmp_path: Path) -> None:
    row = read_table(written(tmp_path, f"year\n{cell}\n"), {"year": Column(int)}).rows[0]
    assert row["year"] == number
    assert type(row["year"]) is int


def test_a_key_of_several_columns(tmp_path: Path) -> None:
    path = written(tmp_path, "a,b\nX,1\nX,2\nY,1\nX,2\n")
    columns = {"a": Column(str), "b": Column(int)}
    assert len(read_table(path, columns).rows) == 4
    with pytest.raises(InputError) as caught:
        read_table(path, columns, key=("a", "b"))
    assert caught.value.place == f"{path}, row 5"
    assert caught.value.problem == "repeats ('X', '2') of row 3"


def test_a_text_that_no_cell_can_hold(tmp_path: Path) -> None:
    path = written(tmp_path, 'a,b\nX,1\nY,"' + "long " * 40_000)
    with pytest.raises(InputError) as caught:
        read_table(path, {"a": Column(str), "b": Column(str)})
    assert caught.value.place.startswith(f"{path}, row ")
    assert caught.value.problem.startswith("is not CSV (field larger than")


def test_text_in_another_encoding_is_refused_with_its_row(tmp_path: Path) -> None:
    for encoding, row in (("cp1252", 3), ("utf-16", 1), ("utf-16-le", 1)):
        path = written(tmp_path, "name\nAdam\nØrsted\n".encode(encoding))
        with pytest.raises(InputError, match="is not UTF-8") as caught:
            read_text(path)
        assert caught.value.place == f"{path}, row {row}"


def row_of(low: str, central: str, high: str, folder: Path) -> Stated:
    number = Column(float, empty=True)
    columns = {"low": number, "central": number, "high": number, "source": Column(str), "note": Column(str, empty=True)}
    path = written(folder, f"low,central,high,kind,source,note\n{low},{central},{high},assumed,Us,\n")
    return stated(read_table(path, {**columns, "kind": Column(str, choices=KINDS)}), 0)


def test_a_stated_quantity(tmp_path: Path) -> None:
    assert row_of("0.1", "0.2", "0.3", tmp_path) == Stated(0.2, 0.1, 0.3, "assumed", "Us", "")
    assert row_of("0.2", "0.2", "0.2", tmp_path).low == 0.2
    point = row_of("", "0.2", "", tmp_path)
    assert point.central == 0.2
    assert math.isnan(point.low)
    assert math.isnan(point.high)


@pytest.mark.parametrize(
    ("low", "central", "high", "problem"),
    [
        ("0.3", "0.2", "0.1", "low 0.3 is above high 0.1"),
        ("0.1", "0.4", "0.3", "central 0.4 is not from 0.1 to 0.3"),
        ("0.1", "0.2", "", "has one end of a range only"),
        ("", "0.2", "0.3", "has one end of a range only"),
    ],
)
def test_a_stated_quantity_in_disorder(low: str, central: str, high: str, problem: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        row_of(low, central, high, tmp_path)
    assert caught.value.problem == problem
    assert caught.value.place.endswith("table.csv, row 2")


@given(content=st.binary(max_size=200))
def test_whatever_the_bytes_the_error_is_the_users(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = written(tmp_path_factory.getbasetemp(), b"name,part,count\n" + content)
    try:
        table = read_table(path, COLUMNS, key=("name",))
    except InputError as error:
        assert str(path) in error.place
        assert len(str(error).splitlines()) == 1
    else:
        assert all(set(row) == set(COLUMNS) for row in table.rows)


def test_nearest_names_what_was_meant_or_all() -> None:
    assert nearest("futurs", ["futures", "seed"]) == "Did you mean 'futures'?"
    assert nearest("x", ["futures", "seed"]) == "Known are: 'futures', 'seed'."
    assert nearest("x", [f"n{i}" for i in range(50)]).endswith("'n39' and others.")
