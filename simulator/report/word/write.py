"""From a document to a Word file."""

from __future__ import annotations

import os
import tempfile
import zipfile
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..characters import clean
from ..document import AuthorPart, Block, Bullets, Code, Document, Figure, Paragraph, Section, Spans, Table, walk
from .pieces import (
    bookmark,
    content_control,
    contents_control,
    element,
    field,
    field_end,
    field_start,
    link,
    picture,
)
from .tables import add_table

if TYPE_CHECKING:
    from docx.document import Document as WordDocument
    from docx.text.paragraph import Paragraph as WordParagraph

LOCALES = {"da": "da-DK", "en": "en-GB"}
SEPARATORS = {"da": (",", ";"), "en": (".", ",")}  # decimal sign and list separator of fields that compute
PAGE = (11906, 16838)  # A4 in twips
MARGIN = 1304  # 2.3 cm
TEXT_WIDTH = PAGE[0] - 2 * MARGIN
ABOVE_TABLE = 14 * 12700  # English Metric Units: 14 points
TALLEST = 11500  # twips: leaves a caption room on the page
PIXEL = 15  # twips, at 96 to the inch
SCALE = 2.0  # pixels of the PNG to a pixel of the specification
DEEPEST = 3  # level of headings, and of the table of contents
LONGEST_PROPERTY = 255  # characters, set by the Open Packaging Conventions' readers
ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
STYLES = {"body": "Normal", "lead": "Lead", "caveat": "Caveat", "note": "Note"}


def write_word(document: Document, path: Path) -> None:
    """Write a document as a Word file: the same bytes for the same document.

    Parameters
    ----------
    document : Document
    path : Path
        Replaced at once, when the file is complete.

    Notes
    -----
    Figures and tables are numbered by fields, and headings are marked, so that Word renumbers and updates the contents when an
    author goes on writing. Contents have no page numbers until then: only Word knows them. Characters that XML has no
    place for are replaced with U+FFFD.
    """
    import docx

    word = docx.Document()
    _set_up(word, document)
    _footer(word, document)
    word.add_paragraph(clean(document.title), style="Title")
    if document.subtitle:
        word.add_paragraph(clean(document.subtitle), style="Subtitle")
    numbers = {"figure": 0, "table": 0, "heading": 0}
    _section(word, document, document.summary, 1, numbers)
    _contents(word, document)
    for section in document.sections:
        _section(word, document, section, 1, numbers)
    _save(word, path)


def _section(word: WordDocument, document: Document, section: Section, level: int, numbers: dict[str, int]) -> None:
    numbers["heading"] += 1
    heading = word.add_paragraph(clean(section.heading), style=f"Heading {min(level, DEEPEST)}")
    bookmark(heading, _mark(numbers["heading"]), numbers["heading"])
    for block in section.blocks:
        _block(word, document, block, numbers)
    for part in section.sections:
        _section(word, document, part, level + 1, numbers)


def _mark(number: int) -> str:
    """Name of a heading's bookmark, as Word names them."""
    return f"_Toc{number:08d}"


def _block(word: WordDocument, document: Document, block: Block, numbers: dict[str, int]) -> None:
    if isinstance(block, Paragraph):
        _runs(word.add_paragraph(style=STYLES[block.role]), block.spans)
    elif isinstance(block, Bullets):
        for item in block.items:
            _runs(word.add_paragraph(style="List Bullet"), item)
    elif isinstance(block, Code):
        word.add_paragraph(clean(block.text.rstrip("\n")), style="Code")
    elif isinstance(block, Table):
        caption = _caption(word, document, "table", block.caption, numbers).paragraph_format
        caption.keep_with_next, caption.space_before = True, ABOVE_TABLE
        add_table(word, block, TEXT_WIDTH)
        word.add_paragraph(clean(block.note), style="Note")  # empty too: the space below a table
    elif isinstance(block, Figure):
        _figure(word, document, block, numbers)
    elif block.blocks:
        for part in block.blocks:
            _block(word, document, part, numbers)
    else:
        _author_place(word, document, block)


def _runs(paragraph: WordParagraph, spans: Spans) -> None:
    for span in spans:
        run = paragraph.add_run(clean(span.text))
        if span.code:
            run.style = "Code Characters"
        run.bold, run.italic = span.strong or None, span.emphasis or None


def _caption(word: WordDocument, document: Document, kind: str, text: str, numbers: dict[str, int]) -> WordParagraph:
    numbers[kind] += 1
    label = document.labels[kind]
    paragraph = word.add_paragraph(f"{label} ", style="Caption")
    field(paragraph, f"SEQ {label} \\* ARABIC", str(numbers[kind]))
    paragraph.add_run(clean(f". {text}"))
    return paragraph


def _figure(word: WordDocument, document: Document, figure: Figure, numbers: dict[str, int]) -> None:
    from docx.image.image import Image
    from docx.shared import Twips

    from ..figures.images import png, svg

    drawn, raster = svg(figure), png(figure, SCALE)
    size = Image.from_blob(raster)
    width, height = (pixels / SCALE * PIXEL for pixels in (size.px_width, size.px_height))
    width *= min(1.0, TEXT_WIDTH / width, TALLEST / height)
    paragraph = word.add_paragraph(style="Figure")
    name = f"{document.labels['figure']} {numbers['figure'] + 1}"
    picture(word, paragraph, drawn, raster, Twips(int(width)), name, figure.alternative, numbers["figure"] + 1)
    _caption(word, document, "figure", figure.caption, numbers).paragraph_format.keep_with_next = bool(figure.note)
    if figure.note:
        word.add_paragraph(clean(figure.note), style="Note")


def _author_place(word: WordDocument, document: Document, part: AuthorPart) -> None:
    """A marked place for the author's words: click, and the prompt gives way to them."""
    label = document.labels["author"]
    control, content = content_control(part.key, label)
    paragraph = word.add_paragraph(style="Author Place")
    paragraph.add_run(clean(f"{label}: "), style="Placeholder Text").bold = True
    paragraph.add_run(clean(part.prompt), style="Placeholder Text")
    paragraph._p.addprevious(control)
    content.append(paragraph._p)


def _contents(word: WordDocument, document: Document) -> None:
    """A table of contents as Word makes it, filled with the headings; on a page after the summary."""
    control, content = contents_control()
    heading = word.add_paragraph(clean(document.labels["contents"]), style="TOC Heading")
    heading.paragraph_format.page_break_before = True
    heading._p.addprevious(control)
    content.append(heading._p)
    entries = [(number, level, section) for number, (level, section) in enumerate(walk(document), start=1)]
    entries = [entry for entry in entries if entry[1] <= DEEPEST]
    paragraphs = [word.add_paragraph(style=f"toc {level}") for _, level, _ in entries]
    field_start(paragraphs[0], f'TOC \\o "1-{DEEPEST}" \\h \\z \\u')
    for paragraph, (number, _, section) in zip(paragraphs, entries, strict=True):
        link(paragraph, _mark(number), section.heading)
        content.append(paragraph._p)
    field_end(paragraphs[-1])


def _footer(word: WordDocument, document: Document) -> None:
    paragraph = word.sections[0].footer.paragraphs[0]
    paragraph.style = "footer"
    title = clean(document.title)
    paragraph.add_run(title if len(title) <= 80 else f"{title[:79]}…")
    paragraph.add_run("\t")
    field(paragraph, "PAGE", "1")
    paragraph.add_run(" / ")
    field(paragraph, "NUMPAGES", "1")


def _set_up(word: WordDocument, document: Document) -> None:
    """Page, styles, language and properties, in place of those of python-docx's own template."""
    from docx.oxml import parse_xml
    from docx.oxml.ns import qn
    from docx.shared import Twips

    styles = word.styles.element
    own = parse_xml((files(__package__) / "styles.xml").read_bytes())
    for old in list(styles):
        styles.remove(old)
    styles.extend(list(own))
    locale = LOCALES[document.language]
    (language,) = styles.xpath("w:docDefaults//w:lang")
    for place in ("val", "eastAsia"):
        language.set(qn(f"w:{place}"), locale)
    _settings(word.settings.element, document.language)
    page = word.sections[0]
    page.page_width, page.page_height = (Twips(length) for length in PAGE)
    page.left_margin = page.right_margin = page.top_margin = page.bottom_margin = Twips(MARGIN)
    _properties(word, document, locale)


def _settings(settings: Any, language: str) -> None:
    """Today's layout and the language's signs instead of the template's, and no claim that the text was proofread."""
    from docx.oxml.ns import qn

    decimal, separator = SEPARATORS[language]
    (mode,) = settings.xpath('w:compat/w:compatSetting[@w:name="compatibilityMode"]')
    mode.set(qn("w:val"), "15")
    for tag, value in (
        ("w:themeFontLang", LOCALES[language]),
        ("w:decimalSymbol", decimal),
        ("w:listSeparator", separator),
    ):
        (old,) = settings.xpath(tag)
        settings.replace(old, element(tag, val=value))
    for old in settings.xpath("w:proofState | w:savePreviewPicture"):
        settings.remove(old)


def _properties(word: WordDocument, document: Document, locale: str) -> None:
    """Title and language; no names and times that nobody stated."""
    properties = word.core_properties
    for child in list(properties._element):
        properties._element.remove(child)
    title = clean(document.title)
    properties.title = title if len(title) <= LONGEST_PROPERTY else f"{title[: LONGEST_PROPERTY - 1]}…"
    properties.language = locale
    package = word.part.package
    for key, relation in list(package.rels.items()):
        if relation.reltype.endswith("/thumbnail"):  # of the template's empty page
            del package.rels[key]


def _save(word: WordDocument, path: Path) -> None:
    """To a temporary file first, without the times at which its parts were packed."""
    packed, timeless = BytesIO(), BytesIO()
    word.save(packed)
    with zipfile.ZipFile(packed) as source, zipfile.ZipFile(timeless, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(zipfile.ZipInfo(name, ZIP_EPOCH), source.read(name), zipfile.ZIP_DEFLATED)
    handle, name = tempfile.mkstemp(suffix=".docx", prefix=f".{path.stem}-", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        temporary.write_bytes(timeless.getvalue())
        temporary.chmod(0o644)  # mkstemp makes it private
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
