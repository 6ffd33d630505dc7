"""The PDF: what poppler reads from it, its tags and standards, and texts that typst might take for its own."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from simulator.report.document import (
    AuthorPart,
    Bullets,
    Code,
    Column,
    Document,
    Figure,
    Number,
    Paragraph,
    Section,
    Span,
    Table,
    blocks_of,
    spans_of,
    walk,
)
from simulator.report.numbers import number_span
from simulator.report.pdf import pdf_bytes, write_pdf
from simulator.report.words import LANGUAGES, read_words

MADE = datetime(2024, 8, 21, 12, 30, 5, tzinfo=UTC)
NASTY = (
    '#panic("x")', "\\ and \\u{41}", "$x^2$", "<script>alert(1)</script>", "*strong* _emph_", "@cite <label>",
    "\"quoted\" 'twice'", "= heading", "- item", "// comment", "/* comment", "`raw`", "~ -- --- ...", "[content] {code}",
    "http://a.b/c", "−1,5\u00a0%",
)  # fmt: skip
LONG = "Æ" + "bcdefghij" * 33 + "ø"
poppler = pytest.mark.skipif(shutil.which("pdftotext") is None, reason="poppler-utils are not installed")


def figure(key: str, label: str = "Læger") -> Figure:
    values = [{"a": label, "b": 3.5}, {"a": "Sygeplejersker", "b": 2.0}]
    encoding = {"x": {"field": "b", "type": "quantitative"}, "y": {"field": "a", "type": "nominal"}}
    specification = {"width": 300, "height": 120, "data": {"values": values}, "mark": "bar", "encoding": encoding}
    return Figure(key, f"Søjler for {key}", "To søjler: 3,5 og 2", specification, note="Årsværk, åbne tal.")


def document(language: str = "da", rows: int = 4) -> Document:
    """A document with a block of each kind, and texts that hold the signs of typst."""
    words = read_words(language)
    numbers = [number_span(Number(1234.5 * row - 2000, f"summary/x[{row}]"), words.style) for row in range(rows)]
    columns = (Column("Område"), Column("Årsværk", numeric=True))
    small = Table(
        "small", "Lille tabel", columns, tuple((Span(f"Række {row}"), one) for row, one in enumerate(numbers)), "Note."
    )
    nasty = Table("nasty", "Tegn", columns, tuple((Span(text), Span(str(row))) for row, text in enumerate(NASTY)))
    long = Table(
        "long", "Lang tabel", columns, tuple((Span(f"Lang {row}"), numbers[0]) for row in range(120)), long=True
    )
    lead = Paragraph((Span("Medianen er "), Span("90,1", strong=True), Span(" tusind årsværk.")), "lead")
    caveat = Paragraph((Span("Kun forudsætningernes usikkerhed.", emphasis=True),), "caveat")
    points = Bullets(tuple((Span(text), Span("x_y", code=True)) for text in ("Første punkt ", "Andet punkt ")))
    summary = Section("summary", words.text("label.summary"), (lead, points, caveat, figure("headline")))
    parts = (
        AuthorPart("question", "Hvad er spørgsmålet?"),
        AuthorPart("answer", "Skjult", (Paragraph((Span("Eget ord."),)),)),
    )
    sections = (
        Section("first", "Første afsnit", (small, figure("drivers"), *parts), (Section("deep", "Dybere", (nasty,)),)),
        Section(
            "last",
            "Sidste #afsnit",
            (Code("seed = 2040\nlabel = '" + LONG + "'"), long, Paragraph((Span("Småt."),), "note")),
        ),
    )
    return Document(language, "Robusthed $af$ 84–96", "Under\\titel", summary, sections, words.group("label"))


def text_of(content: bytes, *options: str) -> str:
    done = subprocess.run(["pdftotext", *options, "-", "-"], input=content, capture_output=True, check=True)
    return done.stdout.decode()


def squeezed(text: str) -> str:
    """Without what the setting of lines adds: spaces, ends of lines, and hyphens of divided words."""
    return re.sub(r"[\s\u00ad\u2010-]", "", text)


@pytest.fixture(scope="module")
def content() -> bytes:
    return pdf_bytes(document(), MADE)[0]


@poppler
@pytest.mark.parametrize("language", LANGUAGES)
def test_all_texts_are_there(language: str) -> None:
    shown = document(language)
    text = squeezed(text_of(pdf_bytes(shown, MADE)[0]))
    wanted = [shown.title, shown.subtitle, shown.labels["contents"], *(section.heading for _, section in walk(shown))]
    for kind in ("figure", "table"):
        blocks = blocks_of(shown, Figure if kind == "figure" else Table)
        wanted += [f"{shown.labels[kind]} {number}. {block.caption}" for number, block in enumerate(blocks, 1)]
        wanted += [block.note for block in blocks]
    wanted += [column.heading for table in blocks_of(shown, Table) for column in table.columns]
    wanted += [span.text for span in spans_of(shown)]
    wanted += [f"{shown.labels['author']}. Hvad er spørgsmålet?", LONG, "Sygeplejersker"]
    missing = [one for one in wanted if squeezed(one) not in text]
    assert not missing
    assert "Skjult" not in text


@poppler
def test_signs_of_typst_are_texts(content: bytes) -> None:
    text = squeezed(text_of(content))
    for sign in NASTY:
        assert squeezed(sign) in text, sign


@poppler
def test_nothing_runs_over_the_margins(content: bytes) -> None:
    boxes = re.findall(r'<word xMin="([\d.]+)" .* xMax="([\d.]+)"', text_of(content, "-bbox"))
    assert len(boxes) > 300
    millimetre = 72 / 25.4
    assert min(float(left) for left, _ in boxes) > 24.5 * millimetre
    assert max(float(right) for _, right in boxes) < 185.5 * millimetre


@poppler
def test_the_first_page_is_the_summary(content: bytes) -> None:
    first = text_of(content, "-l", "1")
    assert "Kort fortalt" in first and "Figur 1. Søjler for headline" in first
    assert "Indhold" not in first
    assert "Indhold" in text_of(content, "-f", "2", "-l", "2")


@poppler
def test_pages_are_numbered_and_carry_the_title(content: bytes) -> None:
    pages = text_of(content).split("\f")[:-1]
    assert len(pages) > 4
    for number, page in enumerate(pages, 1):
        assert re.search(rf"^{number} ?/ ?{len(pages)}$", page, re.MULTILINE)
        assert "Robusthed $af$ 84–96" in page


@poppler
def test_a_long_table_repeats_its_headings(content: bytes) -> None:
    pages = [page for page in text_of(content).split("\f") if "Lang 1" in page or "Lang 9" in page]
    assert len(pages) > 1
    assert all("Område" in page for page in pages)


@poppler
def test_standards_title_language_and_date(content: bytes) -> None:
    done = subprocess.run(["pdfinfo", "-"], input=content, capture_output=True, check=True)
    facts = dict(line.split(":", 1) for line in done.stdout.decode().splitlines() if ":" in line)
    assert facts["Title"].strip() == "Robusthed $af$ 84–96"
    assert facts["Tagged"].strip() == "yes"
    assert "A4" in facts["Page size"]
    assert b"/Lang(da-DK)" in content.replace(b" ", b"")
    assert b"D:20240821123005" in content
    assert b"pdfuaid" in content and b"pdfaid" in content


@poppler
def test_headings_are_the_structure() -> None:
    tags = subprocess.run(
        ["pdfinfo", "-struct", "-"], input=pdf_bytes(document())[0], capture_output=True, check=True
    ).stdout.decode(errors="replace")
    for tag in ("H1", "H2", "Table", "TH", "TD", "Figure", "Caption", "L", "LI", "Code"):
        assert re.search(rf"^\s*{tag}\b", tags, re.MULTILINE), tag


def test_the_same_document_gives_the_same_bytes(content: bytes) -> None:
    assert pdf_bytes(document(), MADE)[0] == content
    again = pdf_bytes(document())[0]
    assert again == pdf_bytes(document())[0]
    assert b"CreationDate" not in again


def test_both_standards_are_followed_with_a_date() -> None:
    assert pdf_bytes(document(), MADE)[1] == ("ua-1", "a-2a")
    assert pdf_bytes(document())[1] == ("ua-1",)


@poppler
def test_a_character_without_a_font_costs_the_standards_and_nothing_else() -> None:
    strange = replace(document(), subtitle="\ue000 privat", sections=())
    content, followed = pdf_bytes(strange, MADE)
    assert followed == ()
    assert "privat" in text_of(content)


@poppler
def test_a_summary_longer_than_a_page_runs_on() -> None:
    shown = document()
    paragraphs = tuple(Paragraph((Span(f"Afsnit {row}. " + "Ord " * 120),)) for row in range(12))
    long = replace(shown, summary=replace(shown.summary, blocks=paragraphs), sections=())
    text = text_of(pdf_bytes(long)[0])
    assert all(f"Afsnit {row}." in text for row in range(12))


@poppler
@pytest.mark.parametrize("label", [*NASTY, LONG, "]]>", "&amp;"])
def test_labels_of_figures_are_texts(label: str) -> None:
    shown = document()
    one = replace(shown, summary=replace(shown.summary, blocks=(figure("a", label),)), sections=())
    content, followed = pdf_bytes(one)
    text = squeezed(text_of(content))
    assert squeezed("Sygeplejersker") in text
    assert squeezed(label)[:12] in text  # figures cut long labels
    assert followed == ("ua-1",)


def test_a_file_is_replaced_when_the_new_one_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "bilag.pdf"
    path.write_bytes(b"old")
    broken = replace(document(), subtitle="\ud800")  # half a character: no UTF-8 has it
    with pytest.raises(UnicodeEncodeError):
        write_pdf(broken, path)
    assert path.read_bytes() == b"old"
    assert write_pdf(document(), path) == ("ua-1",)
    assert path.read_bytes().startswith(b"%PDF")
    assert list(tmp_path.iterdir()) == [path]
