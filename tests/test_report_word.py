"""The Word file: opened again with python-docx, and as LibreOffice prints it."""

from __future__ import annotations

import re
import shutil
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

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
    walk,
)
from simulator.report.numbers import number_span
from simulator.report.word import write_word
from simulator.report.word.tables import column_widths
from simulator.report.words import read_words

NASTY = "<script>alert(\"1\")</script> & 'x' # \\frac $5$ ~ ^ {a} %d"
LONG = "Æblegrød" + "ø" * 285 + "slutter"
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
LABELS = {"da": ("Sygeplejersker", "Læger", "Pædagoger"), "en": ("Nurses", "Doctors", "Kindergarten teachers")}


def figure(key: str, note: str = "") -> Figure:
    values = [{"navn": name, "værdi": value} for name, value in zip("æøå", (3, 5, 4), strict=True)]
    encoding = {"x": {"field": "værdi", "type": "quantitative"}, "y": {"field": "navn", "type": "nominal"}}
    specification = {"data": {"values": values}, "mark": "bar", "width": 560, "height": 160, "encoding": encoding}
    return Figure(key, f"Søjler {key}", f'Tre søjler; ø er størst, {key} "5" & <6>', specification, note=note)


def sample(language: str = "da") -> Document:
    """Every kind of block, and texts that no format may take for markup."""
    words = read_words(language)
    number = number_span(Number(48.3, "summary/freed_wage[year=2040]", "bn_dkk"), words.style)
    rows = tuple(
        (Span(name), Span(f"{value},5"), Span(NASTY if value == 1 else "Kort"), Span(LONG if value == 2 else ""))
        for value, name in enumerate(LABELS[language])
    )
    columns = (
        Column("Kategori"),
        Column("Median, tusind årsværk", numeric=True),
        Column("Kilde"),
        Column("Anmærkning"),
    )
    table = Table("categories", "Kategorier, i alt 100 %", columns, rows, note="Kilde: kørslen.")
    long = Table("long", "Lang", columns[:2], tuple((Span(f"Række {k}"), Span(str(k))) for k in range(70)), long=True)
    filled = AuthorPart("limits", "Hvad kan tallet ikke bruges til?", (Paragraph((Span("Forfatterens egne ord."),)),))
    blocks = (
        Paragraph((Span("Ca. "), number, Span(", sagt "), Span("klart", strong=True)), role="lead"),
        Paragraph((Span(NASTY, code=True), Span(" kursiv", emphasis=True))),
        Bullets(((Span("Første punkt"),), (Span("Andet punkt: "), Span(LONG)))),
    )
    deep = Section("deep", "Dybere", (Code("python -m simulator run x.toml\n  --out <mappe> & $HOME"),))
    middle = Section("middle", "Mellem – åbent", (table, figure("a", note="En note til figuren.")), (deep,))
    last = Section(
        "last", "Sidste", (AuthorPart("question", "Hvad er spørgsmålet? Æ, ø, å."), filled, figure("b"), long)
    )
    caveat = Paragraph((Span("Tag forbehold."),), role="caveat")
    summary = Section("summary", "Kort fortalt", (*blocks, caveat, Paragraph((Span("Småt."),), role="note")))
    return Document(
        language, f"Robusthed {NASTY}", "Bilag til «et notat»", summary,
        (Section("first", "Først", (), (middle,)), last), words.group("label"),
    )  # fmt: skip


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("word") / "bilag.docx"
    write_word(sample(), path)
    return path


@pytest.fixture(scope="module")
def word(written: Path) -> Any:
    import docx

    return docx.Document(str(written))


def styled(word: Any, *names: str) -> list[str]:
    return [paragraph.text for paragraph in word.paragraphs if paragraph.style.name in names]


def inside(element: Any, path: str) -> list[Any]:
    from lxml import etree

    return list(etree.XPath(path, namespaces={"w": WORD})(element))


def told(element: Any) -> str:
    return "".join(inside(element, ".//w:t/text()"))


def test_headings_are_headings_in_order(word: Any) -> None:
    shown = [(p.style.name, p.text) for p in word.paragraphs if p.style.name.startswith("Heading")]
    assert shown == [(f"Heading {level}", section.heading) for level, section in walk(sample())]
    assert styled(word, "Title") == [sample().title]


def test_contents_link_to_every_heading(word: Any) -> None:
    frame = inside(word.element, '//w:sdt[.//w:instrText[contains(., "TOC")]]')[0]
    links = inside(frame, ".//w:hyperlink")
    assert [told(one) for one in links] == [section.heading for _, section in walk(sample())]
    for one in links:
        (anchor,) = inside(one, "@w:anchor")
        (heading,) = inside(word.element, f'//w:p[w:bookmarkStart/@w:name="{anchor}"]')
        assert told(heading) == told(one)
    assert inside(frame, ".//w:fldChar/@w:fldCharType") == ["begin", "separate", "end"]


def test_tables_hold_every_cell(word: Any) -> None:
    tables = blocks_of(sample(), Table)
    assert len(word.tables) == len(tables)
    for made, table in zip(word.tables, tables, strict=True):
        shown = [[cell.text for cell in row.cells] for row in made.rows]
        assert shown == [[c.heading for c in table.columns], *([span.text for span in row] for row in table.rows)]
        assert made.rows[0]._tr.xpath("w:trPr/w:tblHeader") and not made.rows[1]._tr.xpath("w:trPr/w:tblHeader")
        for row in made.rows:
            sides = [cell.paragraphs[0].style.paragraph_format.alignment for cell in row.cells]
            assert [side is not None for side in sides] == [column.numeric for column in table.columns]
        widths = [int(width) for width in made._tbl.xpath("w:tblGrid/w:gridCol/@w:w")]
        page = word.sections[0]
        room = (page.page_width - page.left_margin - page.right_margin) // 635  # EMU in a twip
        assert room // 6 < sum(widths) <= room
        assert made._tbl.xpath("w:tblPr/w:tblLayout/@w:type") == ["fixed"]


def test_captions_are_numbered_by_fields(word: Any) -> None:
    captions = [paragraph for paragraph in word.paragraphs if paragraph.style.name == "Caption"]
    assert [caption.text for caption in captions] == [
        "Tabel 1. Kategorier, i alt 100 %", "Figur 1. Søjler a", "Figur 2. Søjler b", "Tabel 2. Lang",
    ]  # fmt: skip
    fields = [caption._p.xpath("string(.//w:instrText)").split()[:2] for caption in captions]
    assert fields == [["SEQ", "Tabel"], ["SEQ", "Figur"], ["SEQ", "Figur"], ["SEQ", "Tabel"]]


def test_pictures_have_both_parts_and_a_text(word: Any) -> None:
    figures = blocks_of(sample(), Figure)
    assert len(word.inline_shapes) == len(figures)
    for shape, one in zip(word.inline_shapes, figures, strict=True):
        assert shape._inline.docPr.get("descr") == one.alternative
        (png,) = shape._inline.xpath(".//a:blip/@r:embed")
        (svg,) = shape._inline.xpath('.//a:blip/a:extLst/a:ext/*[local-name() = "svgBlip"]/@r:embed')
        assert word.part.related_parts[png].blob.startswith(b"\x89PNG")
        part = word.part.related_parts[svg]
        assert part.content_type == "image/svg+xml" and part.blob.startswith(b"<svg") and "æ" in part.blob.decode()
        assert shape.width <= word.sections[0].page_width - 2 * word.sections[0].left_margin
    assert len({part.partname for part in word.part.related_parts.values() if "svg" in part.content_type}) == 2


def test_paragraphs_keep_their_text_and_role(word: Any) -> None:
    assert styled(word, "Lead") == ["Ca. 48,3\u00a0mia. kr., sagt klart"]
    assert styled(word, "Caveat") == ["Tag forbehold."]
    assert f"{NASTY} kursiv" in styled(word, "Normal")
    assert "Forfatterens egne ord." in styled(word, "Normal")
    assert styled(word, "List Bullet") == ["Første punkt", f"Andet punkt: {LONG}"]
    assert styled(word, "Code") == ["python -m simulator run x.toml\n  --out <mappe> & $HOME"]
    assert {"Småt.", "Kilde: kørslen.", "En note til figuren."} <= set(styled(word, "Note"))
    lead = next(paragraph for paragraph in word.paragraphs if paragraph.style.name == "Lead")
    assert [run.text for run in lead.runs if run.bold] == ["klart"]


def test_an_empty_part_is_a_place_to_click(word: Any) -> None:
    (control,) = inside(word.element, "//w:sdt[w:sdtPr/w:showingPlcHdr]")
    assert inside(control, "w:sdtPr/w:tag/@w:val") == ["question"]
    (content,) = inside(control, "w:sdtContent")
    assert told(content) == "Udfyldes af forfatteren: Hvad er spørgsmålet? Æ, ø, å."
    assert "Hvad kan tallet ikke bruges til?" not in told(word.element)


@pytest.mark.parametrize(("language", "locale"), [("da", "da-DK"), ("en", "en-GB")])
def test_language_and_properties(language: str, locale: str, tmp_path: Path) -> None:
    import docx

    write_word(sample(language), tmp_path / "x.docx")
    word = docx.Document(str(tmp_path / "x.docx"))
    assert word.styles.element.xpath("w:docDefaults//w:lang/@w:val") == [locale]
    assert (word.core_properties.language, word.core_properties.title) == (locale, sample().title)
    assert word.core_properties.author == "" and word.core_properties.created is None
    footer = word.sections[0].footer._element.xpath(".//w:instrText/text()")
    assert [text.strip() for text in footer] == ["PAGE", "NUMPAGES"]


def test_what_xml_cannot_hold_is_shown_as_replaced(tmp_path: Path) -> None:
    import docx

    bad = "a\x00b\x0bc\ud800d\ufffee"
    document = replace(
        sample(), title=bad + "t" * 300, summary=Section("summary", bad, (Code(bad), AuthorPart(bad, bad)))
    )
    write_word(document, tmp_path / "x.docx")
    word = docx.Document(str(tmp_path / "x.docx"))
    assert styled(word, "Heading 1")[0] == styled(word, "Code")[0] == "a\ufffdb\ufffdc\ufffdd\ufffde"
    assert len(word.core_properties.title) == 255
    assert styled(word, "Title") == ["a\ufffdb\ufffdc\ufffdd\ufffde" + "t" * 300]


def test_the_same_document_gives_the_same_bytes(written: Path, tmp_path: Path) -> None:
    write_word(sample(), tmp_path / "again.docx")
    again = (tmp_path / "again.docx").read_bytes()
    assert again == written.read_bytes()
    write_word(replace(sample(), subtitle="En anden"), tmp_path / "again.docx")
    assert (tmp_path / "again.docx").read_bytes() != again
    assert [path.name for path in tmp_path.iterdir()] == ["again.docx"]


def test_a_failure_leaves_the_earlier_file(tmp_path: Path) -> None:
    path = tmp_path / "x.docx"
    path.write_bytes(b"earlier")
    broken = replace(sample(), sections=(Section("x", "X", (replace(figure("c"), specification={"mark": 7}),)),))
    with pytest.raises(Exception, match=r"."):
        write_word(broken, path)
    assert [one.name for one in tmp_path.iterdir()] == ["x.docx"] and path.read_bytes() == b"earlier"


def test_every_part_is_xml_that_word_can_order(written: Path) -> None:
    """Parts parse, ids of pictures and bookmarks are unique, and properties of styles stand in the order of the schema."""
    from lxml import etree

    with zipfile.ZipFile(written) as packed:
        assert {info.date_time for info in packed.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        parts = {
            name: etree.fromstring(packed.read(name)) for name in packed.namelist() if name.endswith((".xml", ".rels"))
        }
    body = parts["word/document.xml"]
    for query in ('//*[local-name()="docPr"]/@id', '//*[local-name()="bookmarkStart"]/@*[local-name()="name"]'):
        found = body.xpath(query)
        assert found and len(set(found)) == len(found)
    order = ["keepNext", "keepLines", "numPr", "pBdr", "shd", "tabs", "spacing", "ind", "jc", "outlineLvl"]
    for properties in parts["word/styles.xml"].iter("{*}pPr"):
        names = [etree.QName(child).localname for child in properties]
        assert names == sorted(names, key=order.index)


@pytest.mark.parametrize("words", [1, 40, 400])
def test_columns_fill_the_width_and_break_no_number(words: int) -> None:
    texts = ("Sundhed", "1.234,5 (1.200,0–1.300,0)".replace(" ", "\u00a0"), "ord " * words)
    columns = (Column("Område"), Column("Median", numeric=True), Column("Note"))
    table = Table("x", "X", columns, (tuple(Span(text) for text in texts),))
    widths, size = column_widths(table, 9000)
    assert sum(widths) <= 9000 and min(widths) > 0
    assert words == 1 or sum(widths) >= 8990  # what has much to say takes the page
    assert widths[1] >= len(texts[1]) * 0.5 * size * 20


def test_more_columns_than_fit_still_fill_the_width() -> None:
    columns = tuple(Column("Meget lange overskriftsord", numeric=True) for _ in range(30))
    widths, size = column_widths(Table("x", "X", columns, ()), 9000)
    assert 8900 < sum(widths) <= 9000 and min(widths) > 200 and size == 7


SOFFICE, PDFTOTEXT = shutil.which("soffice"), shutil.which("pdftotext")


@pytest.mark.skipif(not (SOFFICE and PDFTOTEXT), reason="needs LibreOffice (soffice) and poppler (pdftotext)")
@pytest.mark.parametrize("language", ["da", "en"])
def test_an_office_program_shows_all_of_it(language: str, tmp_path: Path) -> None:
    document = sample(language)
    write_word(document, tmp_path / "x.docx")
    subprocess.run(
        [str(SOFFICE), "--headless", f"-env:UserInstallation={(tmp_path / 'office').as_uri()}", "--convert-to", "pdf",
         "--outdir", str(tmp_path), str(tmp_path / "x.docx")],
        check=True, capture_output=True, timeout=300,
    )  # fmt: skip
    done = subprocess.run([str(PDFTOTEXT), "-raw", str(tmp_path / "x.pdf"), "-"], check=True, capture_output=True)
    shown = re.sub(r"\s+", "", done.stdout.decode())
    texts = [section.heading for _, section in walk(document)]
    texts += [block.caption for kind in (Table, Figure) for block in blocks_of(document, kind)]
    texts += [span.text for table in blocks_of(document, Table) for row in table.rows for span in row]
    texts += [column.heading for table in blocks_of(document, Table) for column in table.columns]
    texts += [document.title, document.subtitle, "Hvad er spørgsmålet? Æ, ø, å.", "$HOME", document.labels["contents"]]
    missing = [text for text in texts if re.sub(r"\s+", "", text) not in shown]
    assert not missing, missing
    pages = done.stdout.count(b"\f")
    assert f"{pages}/{pages}" in shown and f"{pages + 1}/{pages + 1}" not in shown
    assert shown.count("Kategori") >= 1 + pages - 3  # the head of the long table stands on each of its pages
