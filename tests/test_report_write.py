"""The commands report and compare from end to end: each format holds all of the document, and mistakes end in one line."""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from browsing import check_accessible, open_page, started_browser

from simulator.cli import main
from simulator.reading import read_run
from simulator.report.author import Author, author_file, missing_parts, read_author
from simulator.report.compare import compare_document, read_runs
from simulator.report.content import make_document
from simulator.report.document import Document, Figure, Number, Section, Span, Table, blocks_of, spans_of, walk
from simulator.report.numbers import number_span
from simulator.report.tables import SEPARATORS
from simulator.report.words import LANGUAGES, read_words

for package in ("altair", "vl_convert", "typst", "docx", "markdown_it"):
    pytest.importorskip(package)

ROOT = Path(__file__).parent.parent
BASE, INDEPENDENT = ROOT / "configs" / "base.toml", ROOT / "configs" / "independent.toml"
SMALL = ("--set", "reconstruction.ensemble=false", "--set", "run.base_points=16384")
FILES = ("appendix.{}.docx", "appendix.{}.html", "appendix.{}.pdf", "tables.{}")
FIGURES = (
    "headline", "ladder", "drivers", "carriers", "heatmap", "fan", "published", "tornado", "convergence", "demand",
)  # fmt: skip
HEIGHT, HEAD, FOOT = 842, 76, 60  # points of an A4 page
MEGABYTE = 1_000_000
SOFFICE, PDFTOTEXT = shutil.which("soffice"), shutil.which("pdftotext")
poppler = pytest.mark.skipif(PDFTOTEXT is None, reason="needs poppler (pdftotext)")
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)> \"quotes\" 'q' # \\ $x$ % _ & {} {x} ~ ^ ` æøåÆØÅ"
LONG = ("Overordentlig lang betegnelse æøå " * 9).strip()


def run(config: Path, folder: Path, futures: int = 16_384, *changes: str) -> Path:
    assert main(["run", str(config), *SMALL, *changes, "--futures", str(futures), "--out", str(folder), "--quiet"]) == 0
    return folder


def report(*arguments: object) -> int:
    return main(["report", *map(str, arguments), "--quiet"])


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run in a folder with a space and Danish letters."""
    return run(BASE, tmp_path_factory.mktemp("runs") / "Kørsel æøå, 1")


@pytest.fixture(scope="module")
def written(base: Path) -> Path:
    """The appendix in both languages, below the run."""
    assert report(base, "--language", *LANGUAGES) == 0
    return base / "report"


@pytest.fixture(scope="module")
def documents(base: Path) -> dict[str, Document]:
    return {language: document_of(base, language) for language in LANGUAGES}


def document_of(folder: Path, language: str) -> Document:
    """What the command has written."""
    file = author_file(BASE, language)
    assert file is not None
    return make_document(read_run(folder), language, read_author(file))


def changed_run(folder: Path, to: Path, change: Callable[[xr.Dataset], xr.Dataset], **attributes: str | None) -> Path:
    """A copy of results with every node and some attributes changed; None takes one away."""
    tree = read_run(folder)
    made = xr.DataTree.from_dict({name: change(node.to_dataset()) for name, node in tree.children.items()})
    kept = {name: value for name, value in tree.attrs.items() if name not in attributes}
    made.attrs = kept | {name: value for name, value in attributes.items() if value is not None}
    to.mkdir()
    made.to_netcdf(to / "results.nc", engine="netcdf4")
    return to


# ---- what each format holds


def squeezed(text: str) -> str:
    """Without what the setting of lines adds: spaces, ends of lines, and hyphens of divided words."""
    return re.sub(r"[\s\u00ad\u2010-]", "", text)


def cells_of(document: Document) -> list[list[str]]:
    """Texts of all cells, by table."""
    return [[span.text for row in table.rows for span in row] for table in blocks_of(document, Table)]


def texts_of(document: Document) -> list[str]:
    """All that every format says, in no order."""
    texts = [document.title, document.subtitle, *(section.heading for _, section in walk(document))]
    for kind, label in ((Table, "table"), (Figure, "figure")):
        for number, block in enumerate(blocks_of(document, kind), 1):
            texts += [f"{document.labels[label]} {number}. {block.caption}", block.note]
    texts += [column.heading for table in blocks_of(document, Table) for column in table.columns]
    texts += [part.prompt for part in missing_parts(document)]
    return [*texts, *(span.text for span in spans_of(document))]


def check_texts(shown: str, document: Document) -> None:
    """All texts are there, and the cells of the tables one after another."""
    text, at = squeezed(shown), 0
    missing = [one for one in texts_of(document) if squeezed(one) not in text]
    assert not missing, missing[:5]
    for table, cells in zip(blocks_of(document, Table), cells_of(document), strict=True):
        at = text.index(squeezed(table.caption), at)
        for cell in map(squeezed, cells):
            found = text.find(cell, at)
            assert 0 <= found - at < 500, f"{table.key}: {cell}"  # the headings of a new page may stand between them
            at = found + len(cell)


class PageReader(HTMLParser):
    """Cells of the tables of a page, its text without scripts, and what is said to those who do not see the figures."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tables: list[list[str]] = []
        self.text: list[str] = []
        self.alternatives: list[str] = []
        self.row = self.cell = self.program = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tbody":
            self.tables.append([])
        self.row = tag == "tbody" or (self.row and tag != "thead")
        if self.row and tag in ("td", "th"):
            self.tables[-1].append("")
            self.cell = True
        if tag == "img":
            self.alternatives.append(str(dict(attrs)["alt"]))
        self.program = tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self.cell = self.cell and tag not in ("td", "th")
        self.row = self.row and tag != "tbody"

    def handle_data(self, data: str) -> None:
        if not self.program:
            self.text.append(data)
        if self.cell:
            self.tables[-1][-1] += data


def check_page(path: Path, document: Document) -> None:
    page = PageReader(path.read_text(encoding="utf-8"))
    check_texts("".join(page.text), document)
    assert page.tables == cells_of(document)
    assert page.alternatives == [figure.alternative for figure in blocks_of(document, Figure)]


def check_word(path: Path, document: Document) -> None:
    import docx

    word = docx.Document(str(path))
    shown = [[cell.text for row in table.rows[1:] for cell in row.cells] for table in word.tables]
    assert shown == cells_of(document)
    check_texts("".join(str(one.text) for one in word.element.body.iter("{*}t")), document)
    told = [shape._inline.docPr.get("descr") for shape in word.inline_shapes]
    assert told == [figure.alternative for figure in blocks_of(document, Figure)]


def pdf_text(path: Path, head: int = HEAD) -> str:
    """Text between the head and the foot of the pages, in the order in which it was set."""
    body = ("-x", "0", "-W", "600", "-y", str(head), "-H", str(HEIGHT - head - FOOT))
    command = [str(PDFTOTEXT), "-raw", *body, str(path), "-"]
    return subprocess.run(command, check=True, capture_output=True).stdout.decode()


def check_tables(folder: Path, document: Document) -> None:
    """CSV is read again: every digit of a number, and each text as it is, behind an apostrophe where it would be run."""
    style = read_words(document.language).style
    tables = blocks_of(document, Table)
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        f"{table.key}.{ending}" for table in tables for ending in ("csv", "tex")
    )
    for table in tables:
        with (folder / f"{table.key}.csv").open(encoding="utf-8-sig", newline="") as file:
            heading, *rows = csv.reader(file, delimiter=SEPARATORS[style.decimal])
        for row, spans in zip(rows, table.rows, strict=True):
            assert len(row) == len(heading)
            left = iter(row)
            for span in spans:  # a column of units may stand between them
                if span.number is not None and np.isfinite(span.number.value):
                    factor = 100.0 if span.number.form in ("percent", "points") else 1.0
                    wanted = span.number.value * factor
                    assert any(float(cell.replace(style.decimal, ".")) == pytest.approx(wanted, rel=1e-12) for cell in
                               left if re.fullmatch(r"-?[\d.,]+", cell)), (table.key, span)  # fmt: skip
                else:
                    assert any(cell.removeprefix("'") == span.text for cell in left), (table.key, span)


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_files_are_there_and_no_part_is_left(written: Path, language: str) -> None:
    assert sorted(path.name for path in written.iterdir()) == sorted(
        name.format(one) for one in LANGUAGES for name in FILES
    )
    assert (written / f"appendix.{language}.html").stat().st_size < 5 * MEGABYTE


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_document_is_whole(documents: dict[str, Document], language: str) -> None:
    document = documents[language]
    assert sum(span.number is not None for span in spans_of(document)) > 1_000
    assert {figure.key for figure in blocks_of(document, Figure)} >= set(FIGURES)
    assert len(blocks_of(document, Table)) > 25
    assert not missing_parts(document)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_says_all(written: Path, documents: dict[str, Document], language: str) -> None:
    check_page(written / f"appendix.{language}.html", documents[language])


@poppler
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pdf_says_all(written: Path, documents: dict[str, Document], language: str) -> None:
    check_texts(pdf_text(written / f"appendix.{language}.pdf"), documents[language])


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_word_file_says_all(written: Path, documents: dict[str, Document], language: str) -> None:
    check_word(written / f"appendix.{language}.docx", documents[language])


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_tables_hold_all(written: Path, documents: dict[str, Document], language: str) -> None:
    check_tables(written / f"tables.{language}", documents[language])


def with_other_number(document: Document) -> Document:
    """The last number of the last table is another."""

    def change(section: Section) -> Section:
        blocks = tuple(replace(block, rows=other_rows(block)) if block is table else block for block in section.blocks)
        return replace(section, blocks=blocks, sections=tuple(map(change, section.sections)))

    def other_rows(block: Table) -> tuple[tuple[Span, ...], ...]:
        return tuple(tuple(other if span is last else span for span in row) for row in block.rows)

    table = next(one for one in reversed(blocks_of(document, Table)) if any(s.number for r in one.rows for s in r))
    last = next(span for row in reversed(table.rows) for span in reversed(row) if span.number)
    assert last.number is not None
    number: Number = replace(last.number, value=last.number.value + 1234.5)
    other = number_span(number, read_words(document.language).style, unit=False)
    return replace(document, sections=tuple(map(change, document.sections)))


def test_another_number_would_be_seen(written: Path, documents: dict[str, Document]) -> None:
    other = with_other_number(documents["en"])
    assert other != documents["en"]
    checks: tuple[tuple[Callable[[Path, Document], None], str], ...] = (
        (check_page, "appendix.en.html"), (check_word, "appendix.en.docx"), (check_tables, "tables.en"),
    )  # fmt: skip
    for check, name in checks:
        with pytest.raises(AssertionError):
            check(written / name, other)
    if PDFTOTEXT:
        with pytest.raises(AssertionError):
            check_texts(pdf_text(written / "appendix.en.pdf"), other)


@poppler
@pytest.mark.skipif(SOFFICE is None, reason="needs LibreOffice (soffice)")
def test_libreoffice_shows_all_of_the_word_file(written: Path, documents: dict[str, Document], tmp_path: Path) -> None:
    subprocess.run(
        [str(SOFFICE), "--headless", f"-env:UserInstallation={(tmp_path / 'office').as_uri()}", "--convert-to", "pdf",
         "--outdir", str(tmp_path), str(written / "appendix.da.docx")],
        check=True, capture_output=True, timeout=300,
    )  # fmt: skip
    check_texts(pdf_text(tmp_path / "appendix.da.pdf", head=60), documents["da"])


# ---- the page in a browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with started_browser() as started:
        yield started


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_works(browser: Any, written: Path, documents: dict[str, Document], language: str) -> None:
    path = written / f"appendix.{language}.html"
    opened = open_page(browser, path)
    figures: list[Figure] = blocks_of(documents[language], Figure)
    assert opened.page.locator("figure .view svg").count() == len(figures)
    told = opened.page.locator("figure [role=img]").evaluate_all("all => all.map(one => one.ariaLabel)")
    assert told == [figure.alternative for figure in figures] and min(map(len, told)) > 40
    for scheme in ("light", "dark"):
        opened.page.emulate_media(color_scheme=scheme)
        opened.page.wait_for_selector(f"html[data-theme={scheme}]")
        check_accessible(opened.page)
    check_choices(opened.page, figures, opened.chart)
    assert [url for url in opened.requests if not url.startswith("data:")] == [path.as_uri()]
    assert opened.said == []
    opened.page.context.close()


def check_choices(page: Any, figures: list[Figure], chart: Callable[[str], str]) -> None:
    """Each choice changes every figure that has it, and no other."""
    for name in ("quantity", "year", "partition"):
        having = {figure.key for figure in figures if name in figure.choices}
        assert having, name
        before = {figure.key: chart(figure.key) for figure in figures}
        current = page.locator(f"#choose-{name}").input_value()
        values = page.locator(f"#choose-{name} option").evaluate_all("all => all.map(one => one.value)")
        page.evaluate("document.getElementById('page-status').textContent = ''")
        page.locator(f"#choose-{name}").select_option(next(value for value in values if value != current))
        page.wait_for_function("document.getElementById('page-status').textContent !== ''")
        assert {key for key, drawn in before.items() if chart(key) != drawn} == having, name


# ---- hostile labels


def hostile(dataset: xr.Dataset) -> xr.Dataset:
    """Labels of areas, categories, levels, inputs and sources that look like markup, or are very long."""
    labels = {
        "Forsvar": HOSTILE, "Defence": HOSTILE, "Sygeplejersker": f"S {HOSTILE}", "Nurses": f"N {HOSTILE}",
        "Jurister": LONG, "Lawyers": LONG, "Regioner": f"R {HOSTILE}", "Regions": f"R {HOSTILE}",
        "Population draws, UN World Population Prospects 2024": f"=1+1 {HOSTILE}", "Teknologi": f"T {HOSTILE}",
        "Fertilitet": f"@{LONG}",
    }  # fmt: skip

    def renamed(text: object) -> str:
        for name, label in labels.items():
            text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", lambda _, label=label: label, str(text))
        return str(text)

    texts = {str(name): one for name, one in dataset.variables.items() if one.dtype.kind in "OU"}
    return dataset.assign(
        {name: (one.dims, np.vectorize(renamed, otypes=[object])(one.values)) for name, one in texts.items()}
    )


@pytest.fixture(scope="module")
def hostile_run(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile") / "run"
    made = changed_run(
        base, folder, hostile, title=f"{HOSTILE} {LONG[:150].strip()}", command=f"python {HOSTILE}", config_path=None
    )
    assert report(made, "--language", "en") == 0
    return made


@pytest.fixture(scope="module")
def hostile_document(hostile_run: Path) -> Document:
    document = make_document(read_run(hostile_run), "en", Author())
    assert HOSTILE in document.title and len(missing_parts(document)) > 3
    cells = {span.text for table in blocks_of(document, Table) for row in table.rows for span in row}
    for label in (HOSTILE, LONG, f"S {HOSTILE}", f"=1+1 {HOSTILE}"):
        assert any(label.strip() in cell for cell in cells), label
    return document


def test_hostile_labels_are_text_in_all_files(hostile_run: Path, hostile_document: Document) -> None:
    folder = hostile_run / "report"
    check_page(folder / "appendix.en.html", hostile_document)
    check_word(folder / "appendix.en.docx", hostile_document)
    check_tables(folder / "tables.en", hostile_document)
    if PDFTOTEXT:
        check_texts(pdf_text(folder / "appendix.en.pdf"), hostile_document)


def test_hostile_labels_are_no_formula_and_no_latex(hostile_run: Path, hostile_document: Document) -> None:
    for table in blocks_of(hostile_document, Table):
        folder = hostile_run / "report" / "tables.en"
        with (folder / f"{table.key}.csv").open(encoding="utf-8-sig", newline="") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        assert not [cell for cell in cells if cell.startswith(("=", "@", "+"))]
        latex = (folder / f"{table.key}.tex").read_text(encoding="utf-8")
        bare = re.sub(r"\\[%&#$_{}]", "", latex)
        assert "$" not in bare and "#" not in bare and bare.count("%") == 1 and "<" not in bare
        assert not re.search(r"(?<!\\)_", bare)
        rows = re.search(r"\\midrule\n(?:\\endhead\n)?((?:(?!\\midrule).)*?)\\bottomrule", bare, re.DOTALL)
        assert rows is not None
        lines = rows[1].strip().splitlines()
        assert len(lines) == len(table.rows)
        assert {line.count("&") for line in lines} == {len(table.columns) - 1}
        assert latex.count("{") - latex.count(r"\{") == latex.count("}") - latex.count(r"\}")


def test_hostile_labels_are_text_in_the_browser(browser: Any, hostile_run: Path, hostile_document: Document) -> None:
    path = hostile_run / "report" / "appendix.en.html"
    opened = open_page(browser, path)
    page = opened.page
    for summary in page.locator(".values summary").all():
        if summary.is_visible():
            summary.click()
    assert page.locator("script").count() == 3  # data, program, Vega
    assert page.locator("img:not(.still img)").count() == 0
    assert page.title() == hostile_document.title
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert [url for url in opened.requests if not url.startswith("data:")] == [path.as_uri()]
    assert opened.said == []
    page.context.close()


# ---- mistakes


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """What a command says that ends with code 2."""
    assert main([*map(str, arguments)]) == 2
    told = capsys.readouterr()
    assert told.out == "" and told.err.startswith("error: ") and told.err.count("\n") == 1
    return told.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--language", "se"), "--language se: is not known. Known are: 'da', 'en'"),
        (("--format", "pdf", "xls"), "--format xls: is not known"),
        (("--format",), "expected at least one argument"),
        (("--author", "no.md"), "no.md: cannot be read"),
        (("--author", "."), ".: cannot be read (Is a directory)"),
        (("--author", "other.md"), "other.md, line 3: 'nonsense' is no part of the appendix"),
        (("--author", "some.md", "--strict"), "has not written: unquantified, optimism, outside, auditing, assurance"),
    ],
)
def test_a_mistake_is_told_in_one_line_and_nothing_is_written(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...], said: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    Path("some.md").write_text("# question\n\nWhat for?\n", encoding="utf-8")
    Path("other.md").write_text("# question\n\n# nonsense\n", encoding="utf-8")
    assert said in refused(capsys, "report", base, "--out", "out", *arguments)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other.md", "some.md"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "there is no such file"),
        (b"", "is not a results file"),
        (b"no results\n" * 99, "is not a results file"),
        (300_000, "is not a results file"),
    ],
)
def test_results_that_cannot_be_read(
    base: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | int | None, said: str
) -> None:
    file = tmp_path / "results.nc"
    if content is not None:
        file.write_bytes(content if isinstance(content, bytes) else (base / "results.nc").read_bytes()[:content])
    assert said in refused(capsys, "report", tmp_path)
    assert {path.name for path in tmp_path.iterdir()} <= {"results.nc"}
    assert said in refused(capsys, "compare", base, tmp_path, "--out", tmp_path / "out")


@pytest.mark.parametrize("where", ["file", "file/below", "/proc/appendix"])
def test_a_folder_that_cannot_be(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], where: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").write_text("kept", encoding="utf-8")
    assert f"error: {where}: cannot be written to" in refused(capsys, "report", base, "--out", where)
    assert Path("file").read_text(encoding="utf-8") == "kept"


@pytest.mark.parametrize(
    ("kind", "name", "said"),
    [
        ("page", "appendix.da.html", "Is a directory"), ("pdf", "appendix.da.pdf", "Is a directory"),
        ("word", "appendix.da.docx", "Is a directory"), ("tables", "tables.da", "File exists"),
    ],
)  # fmt: skip
def test_something_else_has_the_name_of_a_file(
    base: Path, documents: dict[str, Document], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str], kind: str, name: str, said: str,
) -> None:  # fmt: skip
    """A file is in the way of the folder of the tables, a folder in that of a file."""
    short = replace(documents["da"], summary=Section("summary", "Kort fortalt"), sections=())
    monkeypatch.setattr("simulator.report.content.make_document", lambda *_: short)
    (tmp_path / name).touch() if kind == "tables" else (tmp_path / name).mkdir()
    told = refused(capsys, "report", base, "--format", kind, "--out", tmp_path)
    assert f"{name}: cannot be written to ({said})" in told
    assert [path.name for path in tmp_path.iterdir()] == [name]


# ---- other ways to the same


def test_all_parts_written_pass_strict(base: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = BASE.with_name("base.author.en.md")
    arguments = ("report", base, "--strict", "--language", "en", "--format", "tables", "--out", tmp_path)
    assert main([*map(str, (*arguments, "--author", file))]) == 0
    assert capsys.readouterr().out == f"Written: {tmp_path / 'tables.en'}\n"


def test_again_gives_the_same_and_replaces(base: Path, written: Path, tmp_path: Path) -> None:
    file = tmp_path / "appendix.da.html"
    file.write_bytes(b"earlier")
    assert report(base, "--format", "page", "tables", "--out", tmp_path) == 0
    assert file.read_bytes() == (written / "appendix.da.html").read_bytes()
    names = sorted(path.name for path in (written / "tables.da").iterdir())
    assert sorted(path.name for path in (tmp_path / "tables.da").iterdir()) == names
    for name in names:
        assert (tmp_path / "tables.da" / name).read_bytes() == (written / "tables.da" / name).read_bytes()


def test_results_of_an_earlier_version_and_moved(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without the path of the config there are no author's words; from another folder it all is the same."""
    made = changed_run(base, tmp_path / "old", lambda one: one, config_path=None)
    monkeypatch.chdir(tmp_path)
    assert main(["report", "old/results.nc", "--format", "tables"]) == 0
    said = capsys.readouterr().out
    assert f"Written: {Path('old', 'report', 'tables.da')}\n" in said
    assert "Left for the author (da): question, unquantified," in said
    check_tables(made / "report" / "tables.da", make_document(read_run(made), "da", Author()))
    assert "has not written: question" in refused(capsys, "report", "old", "--strict")


# ---- two runs


@pytest.fixture(scope="module")
def compared(base: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Path]]:
    runs = [base, run(INDEPENDENT, tmp_path_factory.mktemp("second") / "uafhængige")]
    folder = tmp_path_factory.mktemp("comparison") / "ny"
    command = ["compare", *map(str, runs), "--out", str(folder), "--language", "en", "--quiet"]
    assert main(command) == 0
    return folder, runs


def test_a_comparison_says_all(compared: tuple[Path, list[Path]]) -> None:
    folder, runs = compared
    document = compare_document(read_runs(runs), "en")
    assert all(run.name in document.subtitle for run in runs)
    assert len(blocks_of(document, Table)) > 5 and blocks_of(document, Figure)
    check_page(folder / "comparison.en.html", document)
    check_word(folder / "comparison.en.docx", document)
    check_tables(folder / "tables.en", document)
    if PDFTOTEXT:
        check_texts(pdf_text(folder / "comparison.en.pdf"), document)


def test_a_comparison_in_the_browser(browser: Any, compared: tuple[Path, list[Path]]) -> None:
    path = compared[0] / "comparison.en.html"
    opened = open_page(browser, path)
    check_accessible(opened.page)
    assert [url for url in opened.requests if not url.startswith("data:")] == [path.as_uri()]
    assert opened.said == []
    opened.page.context.close()


def test_mistakes_of_a_comparison(base: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    assert "Name two" in refused(capsys, "compare", base, "--out", out)
    assert "is named twice" in refused(capsys, "compare", base, base / "results.nc", "--out", out)
    assert "--format x: is not known" in refused(capsys, "compare", base, base, "--out", out, "--format", "x")
    assert not out.exists()
