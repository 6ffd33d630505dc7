"""Tables as files: the CSVs hold the numbers of the results, and LaTeX takes no text for a command."""

from __future__ import annotations

import csv
import math
import re
import shutil
import subprocess
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.report.columns import column_shares, column_widths, heading_lines
from simulator.report.document import Column, Document, Number, Section, Span, Table
from simulator.report.numbers import FORMS, number_span
from simulator.report.tables import column_types, csv_text, escaped, full_precision, guarded, latex_text, write_tables
from simulator.report.words import LANGUAGES, Words, read_words

VALUES = (0.07, -48123.456789, 1 / 3, 0.0, -0.0, 1e-7, 123456789.25, 2040.0, math.nan, math.inf)
SEPARATOR = {"da": ";", "en": ","}


def numbers(words: Words, form: str, *, unit: bool) -> list[Span]:
    return [number_span(Number(value, "summary/x", form, 2), words.style, unit=unit) for value in VALUES]


def table(words: Words, key: str = "values", **changes: object) -> Table:
    plain, percent = numbers(words, "plain", unit=False), numbers(words, "percent", unit=True)
    columns = (Column('Række; "med", tegn'), Column("Værdi", numeric=True), Column("Andel", numeric=True))
    rows = tuple((Span(f"Læger, {row}; æøå"), *pair) for row, pair in enumerate(zip(plain, percent, strict=True)))
    return Table(key, "Værdier & andele, 100 %", columns, rows, "Kilde: 50 %_kørsel", **changes)  # type: ignore[arg-type]


def document(language: str, *tables: Table) -> Document:
    words = read_words(language)
    return Document(language, "T", "", Section("s", "S"), (Section("a", "A", tables),), words.group("label"))


def rows_of(text: str, language: str) -> list[list[str]]:
    return list(csv.reader(text.removeprefix("\ufeff").splitlines(keepends=True), delimiter=SEPARATOR[language]))


@pytest.mark.parametrize("language", LANGUAGES)
def test_csv_holds_the_numbers_of_the_results(language: str, tmp_path: Path) -> None:
    words = read_words(language)
    shown = table(words)
    written = write_tables(document(language, shown), tmp_path / "tables")
    assert [path.name for path in written] == ["values.csv", "values.tex"]
    raw = written[0].read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf") and raw.count(b"\r\n") == len(VALUES) + 1
    head, *rows = rows_of(raw.decode("utf-8"), language)
    assert head == ['Række; "med", tegn', "Værdi", "Andel", f"Andel, {words.text('tables.unit')}"]
    for value, (label, plain, percent, unit), row in zip(VALUES, rows, range(len(VALUES)), strict=True):
        assert label == f"Læger, {row}; æøå"
        if not math.isfinite(value):
            assert (plain, percent, unit) == (words.style.missing, words.style.missing, "")
            continue
        assert float(plain.replace(words.style.decimal, ".")) == value
        assert Decimal(percent.replace(words.style.decimal, ".")) == Decimal(repr(value)) * 100
        assert unit == words.style.units["percent"]
        assert not re.search(r"[eE\u2212\u00a0 ]", plain)


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(sorted(FORMS)))
def test_no_digit_is_lost(value: float, form: str) -> None:
    text = full_precision(Number(value, "", form))
    assert Decimal(text) == Decimal(repr(value)) * Decimal(repr(FORMS[form][0]))
    assert re.fullmatch(r"-?\d+(\.\d+)?", text)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\r=1", "＝1", "\n-2"])
def test_text_never_is_a_formula(text: str) -> None:
    words = read_words("da")
    shown = Table(
        "t", "T", (Column(text), Column("Tal", numeric=True)), ((Span(text), numbers(words, "plain", unit=False)[1]),)
    )
    cells = [cell for row in rows_of(csv_text(shown, words), "da") for cell in row]
    assert cells == [f"'{text}", "Tal", f"'{text}", "-48123,456789"]


@pytest.mark.parametrize("text", ["", "a=b", "−1", "1-2", "'=x", "Læger", "<script>"])
def test_other_text_is_left_as_it_is(text: str) -> None:
    assert guarded(text) == text


def test_a_text_without_a_number_keeps_its_column_without_units() -> None:
    words = read_words("da")
    shown = Table("t", "T", (Column("Tal", numeric=True),), ((Span(""),), (Span("84–96"),)))
    assert rows_of(csv_text(shown, words), "da") == [["Tal"], [""], ["84–96"]]


def test_two_tables_of_one_name_are_refused(tmp_path: Path) -> None:
    words = read_words("da")
    with pytest.raises(ValueError, match="values"):
        write_tables(document("da", table(words), table(words)), tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("\\", r"\textbackslash{}"), ("\\textbf{x}", r"\textbackslash{}textbf\{x\}"),
        ("$5_a^b~", r"\$5\_a\textasciicircum{}b\textasciitilde{}"),
        ("#1 & 2 %", r"\#1 \& 2 \%"), ("<a|b>", r"\textless{}a\textbar{}b\textgreater{}"), ('"x"', r"\symbol{34}x\symbol{34}"),
        ("[2pt]", "{[}2pt{]}"), ("*", "{*}"), ("−3\u00a0pct.", r"\ensuremath{-}3~pct."), ("--out", "-{}-out"),
        ("a---b", "a-{}-{}-b"),
        (",,a''", ",{},a'{}'"), ("`a", r"\textasciigrave{}a"), ("æøå ÆØÅ é ü –", "æøå ÆØÅ é ü –"), ("a\nb\tc", "a b c"),
        ("\x07\x00", "??"), ("≤ ≥ →", r"\ensuremath{\leq} \ensuremath{\geq} \ensuremath{\rightarrow}"), ("a-b, c", "a-b, c"),
    ],
)  # fmt: skip
def test_signs_of_latex_are_texts(text: str, wanted: str) -> None:
    assert escaped(text) == wanted


COMMANDS = (
    r"\\(?:textbackslash|textasciitilde|textasciicircum|textless|textgreater|textbar|textasciigrave)\{\}|\\symbol\{34\}"
    r"|\\hspace\{0pt\}|\\ensuremath\{(?:-|\\[a-z]+)\}|\\[{}$&#%_,-]|\{[\[\]*]\}|\{\}"
)


@given(st.text(st.characters(blacklist_categories=("Cs",)), max_size=40))
def test_nothing_of_a_text_reaches_latex_as_a_sign(text: str) -> None:
    rest = re.sub(COMMANDS, "", escaped(text))
    assert not re.search(r'[\\{}$&#%_^|<>`"\[\]*]', rest)
    assert not re.search(r"[\x00-\x1f]", rest)
    assert not re.search(r"--|,,|''", escaped(text))


def test_latex_of_a_short_table() -> None:
    text = latex_text(table(read_words("da")))
    lines = text.splitlines()
    assert r"\caption{Værdier \& andele, 100 \%}\label{tab:values}" in lines
    assert r"\begin{tabular}{@{}l r r@{}}" in lines
    assert [line for line in lines if line.endswith("rule")] == [r"\toprule", r"\midrule", r"\bottomrule"]
    rows = [line for line in lines if line.startswith("Læger")]
    assert len(rows) == len(VALUES)
    assert rows[1] == r"Læger, 1; æøå & \ensuremath{-}48.123,46 & \ensuremath{-}4.812.345,68~pct. \\"
    assert all(len(re.findall(r"(?<!\\)&", row)) == 2 for row in rows)
    assert r"\par\smallskip {\footnotesize Kilde: 50 \%\_kørsel\par}" in lines


@pytest.mark.parametrize("long", [True, False])
def test_latex_of_a_long_table(long: bool) -> None:
    words = read_words("en")
    shown = table(words, long=long)
    shown = shown if long else Table(shown.key, shown.caption, shown.columns, shown.rows * 5, shown.note)
    text = latex_text(shown)
    assert r"\begin{longtable}" in text and r"\begin{table}" not in text
    head, rest = text.split(r"\endfirsthead")
    assert r"\textbf{Andel} \\" in head and r"\textbf{Andel} \\" in rest.split(r"\endhead")[0]
    assert text.count(r"\caption{") == 1


WIDE = Table(
    "t",
    "T",
    (Column("Kort"), Column("Lang"), Column("Også lang"), Column("Et tal med en lang overskrift", numeric=True)),
    tuple((Span("a"), Span("ord " * 50), Span("ord " * 25), Span("1")) for _ in range(3)),
)


def test_wide_columns_of_text_share_the_line() -> None:
    short, long, half, number = column_shares(WIDE, 88)
    assert number is None
    assert short is not None and long is not None and half is not None
    assert short + long + half == pytest.approx(1)
    assert long > half > short > 0
    lines = [length / share for length, share in ((200, long), (100, half))]
    assert lines[0] == pytest.approx(lines[1], rel=0.15), "as high as each other"


@pytest.mark.parametrize("line", [10, 88, 10_000])
def test_columns_that_fit_are_as_wide_as_their_texts(line: int) -> None:
    shares = column_shares(WIDE, line)
    assert all(share is None for share in shares) == (line >= sum(column_widths(WIDE)))
    empty = Table("e", "E", (Column(""), Column("", numeric=True)), ())
    assert column_shares(empty, 88) == (None, None)


def test_headings_do_not_widen_columns_of_numbers() -> None:
    *texts, heading = heading_lines(WIDE)
    assert texts == [("Kort",), ("Lang",), ("Også lang",)]
    assert heading == ("Et tal med", "en lang", "overskrift")
    assert r"\shortstack[r]{\textbf{Et tal med}\\\textbf{en lang}\\\textbf{overskrift}} \\" in latex_text(WIDE)


def test_wide_columns_are_wrapped_within_the_line() -> None:
    *wrapped, number = column_types(WIDE)
    assert number == "r"
    parts = [re.search(r"p\{([\d.]+)\\linewidth", one) for one in wrapped]
    assert 0.3 < sum(float(part[1]) for part in parts if part) < 1
    assert all(parts)


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="LaTeX is not installed")
@pytest.mark.parametrize("long", [True, False])
def test_latex_compiles(long: bool, tmp_path: Path) -> None:
    words = read_words("da")
    shown = table(words, long=long)
    (tmp_path / "t.tex").write_text(
        "\\documentclass{article}\\usepackage[T1]{fontenc}\\usepackage[danish]{babel}"
        f"\\usepackage{{array,booktabs,longtable}}\\begin{{document}}{latex_text(shown)}\\end{{document}}",
        encoding="utf-8",
    )
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "t.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-2000:]
