"""From a document to a PDF for print and archive, typeset by typst."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .columns import column_shares, heading_lines
from .document import AuthorPart, Block, Bullets, Code, Document, Figure, Paragraph, Section, Span, Spans, Table

if TYPE_CHECKING:
    from typst import PDFStandard

REGIONS: Mapping[str, str] = {"da": "DK", "en": "GB"}
LINE = 116  # characters of a line of the page in the type of a table
ACCESSIBLE: PDFStandard = "ua-1"  # PDF/UA-1: tags, alternative texts, language
ARCHIVAL: PDFStandard = "a-2a"  # PDF/A-2a: nothing from outside the file


def write_pdf(document: Document, path: Path, made: datetime | None = None) -> tuple[str, ...]:
    """Write a document as a tagged PDF: the same bytes for the same document, on every machine.

    Parameters
    ----------
    document : Document
    path : Path
        Its folder exists; a file of that name is replaced once the new one is complete.
    made : datetime, optional
        With its time zone: when the results were made, which the file gives as its date. The time of writing would make
        each copy another file.

    Returns
    -------
    tuple of str
        The standards that the file follows, of ``ua-1`` and ``a-2a``. The second asks for a date. None where a text has a
        character that none of the fonts at hand can show: it then stands as an empty box.
    """
    content, followed = pdf_bytes(document, made)
    part = path.with_name(path.name + ".part")
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return followed


def pdf_bytes(document: Document, made: datetime | None = None) -> tuple[bytes, tuple[str, ...]]:
    """The PDF of a document, and the standards that it follows; see `write_pdf`."""
    import typst

    template = (files(__package__) / "typesetting" / "appendix.typ").read_bytes()
    inputs = {"document": json.dumps(_document(document, made), ensure_ascii=False, allow_nan=False)}
    standards = (ACCESSIBLE, ARCHIVAL) if made else (ACCESSIBLE,)
    # The fonts that typst brings hold Latin and Greek letters. Fonts of the machine are asked for other characters only.
    attempts: tuple[tuple[tuple[PDFStandard, ...], bool], ...] = ((standards, True), (standards, False), ((), False))
    for followed, ignore_fonts in attempts:
        try:
            content, found = typst.compile_with_warnings(
                template, sys_inputs=inputs, pdf_standards=list(followed), ignore_system_fonts=ignore_fonts
            )
        except typst.TypstError:
            if not followed:
                raise
            continue
        for warning in found:
            warnings.warn(warning, stacklevel=2)
        return content, followed
    raise AssertionError  # the last attempt returns or raises


def _document(document: Document, made: datetime | None) -> dict[str, Any]:
    utc = made.astimezone(UTC) if made else None
    units = ("year", "month", "day", "hour", "minute", "second")
    return {
        "language": document.language,
        "region": REGIONS[document.language],
        "title": document.title,
        "subtitle": document.subtitle,
        "made": {unit: getattr(utc, unit) for unit in units} if utc else None,
        "labels": dict(document.labels),
        "summary": _section(document.summary),
        "sections": [_section(section) for section in document.sections],
    }


def _section(section: Section) -> dict[str, Any]:
    return {
        "heading": section.heading,
        "blocks": [_block(block) for block in section.blocks],
        "sections": [_section(part) for part in section.sections],
    }


def _block(block: Block) -> dict[str, Any]:
    match block:
        case Paragraph():
            return {"kind": "paragraph", "role": block.role, "spans": _spans(block.spans)}
        case Bullets():
            return {"kind": "bullets", "items": [_spans(item) for item in block.items]}
        case Code():
            return {"kind": "code", "text": block.text}
        case Table():
            return _table(block)
        case Figure():
            return _figure(block)
        case AuthorPart():
            return {"kind": "author", "prompt": block.prompt, "blocks": [_block(part) for part in block.blocks]}


def _table(table: Table) -> dict[str, Any]:
    columns = [
        {"heading": heading, "numeric": column.numeric, "share": share}
        for column, heading, share in zip(table.columns, heading_lines(table), column_shares(table, LINE), strict=True)
    ]
    texts = {"caption": table.caption, "note": table.note}
    return {
        "kind": "table",
        **texts,
        "columns": columns,
        "rows": [_spans(row) for row in table.rows],
        "long": table.long,
    }


def _figure(figure: Figure) -> dict[str, Any]:
    from .figures.images import svg

    texts = {"caption": figure.caption, "alternative": figure.alternative, "note": figure.note}
    return {"kind": "figure", "drawing": svg(figure), **texts}


def _spans(spans: Spans) -> list[dict[str, Any]]:
    return [_span(span) for span in spans]


def _span(span: Span) -> dict[str, Any]:
    return {"text": span.text, "strong": span.strong, "emphasis": span.emphasis, "code": span.code}
