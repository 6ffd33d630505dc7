"""What an appendix says, in one language and no format: every writer takes it from here.

Texts are spans of plain text; a span that shows a number of the results holds that number and where it stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

NO_CHOICES: Mapping[str, tuple[tuple[str, str], ...]] = MappingProxyType({})


@dataclass(frozen=True)
class Number:
    """A number of the results.

    Attributes
    ----------
    value : float
        As in the results, in their unit.
    origin : str
        Where it stands, as ``summary/freed_fte[year=2040,quantile=0.5]``; an attribute of the file as ``@seed``.
    form : str
        How it is shown; see `simulator.report.numbers.FORMS`.
    digits : int
        Decimals that are shown, after the form's own factor (100 for a percentage); -2 for whole hundreds.
    """

    value: float
    origin: str
    form: str = "plain"
    digits: int = 1


@dataclass(frozen=True)
class Span:
    """A run of text of one kind.

    Attributes
    ----------
    text : str
        Plain, never markup; with a number, that number as the language writes it.
    strong, emphasis, code : bool
    number : Number, optional
    """

    text: str
    strong: bool = False
    emphasis: bool = False
    code: bool = False
    number: Number | None = None


Spans = tuple[Span, ...]


@dataclass(frozen=True)
class Paragraph:
    """A paragraph of text.

    Attributes
    ----------
    spans : tuple of Span
    role : str
        ``body``, ``lead`` (the headline), ``caveat``, or ``note`` (small print).
    """

    spans: Spans
    role: str = "body"


@dataclass(frozen=True)
class Bullets:
    """A list of points."""

    items: tuple[Spans, ...]


@dataclass(frozen=True)
class Code:
    """Lines to be typed or kept as they are."""

    text: str


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes
    ----------
    heading : str
    numeric : bool
        Set to the right, and sorted by value.
    """

    heading: str
    numeric: bool = False


@dataclass(frozen=True)
class Table:
    """A table, numbered by its place in the document.

    Attributes
    ----------
    key : str
        Name of its files and anchors: lower case, hyphens.
    caption : str
    columns : tuple of Column
    rows : tuple of tuple of Span
        A cell is one span; an empty text where there is nothing to say.
    note : str
        Below the table.
    long : bool
        One for the back of a printed appendix: many rows.
    """

    key: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Spans, ...]
    note: str = ""
    long: bool = False


@dataclass(frozen=True)
class Figure:
    """A figure from one definition for all formats, numbered by its place in the document.

    Attributes
    ----------
    key : str
        Name of its files and anchors: lower case, hyphens.
    caption : str
    alternative : str
        What one would tell someone who does not see it, with its main numbers.
    specification : mapping
        Vega-Lite, with its data inside. Parameters named as in `choices` hold what is chosen; their values are the defaults.
    choices : mapping of str to tuple of (value, label)
        What a reader of the page may choose: ``quantity``, ``year``, ``partition``.
    note : str
        Below the figure.
    """

    key: str
    caption: str
    alternative: str
    specification: Mapping[str, Any] = field(hash=False)
    choices: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=lambda: NO_CHOICES, hash=False)
    note: str = ""


@dataclass(frozen=True)
class AuthorPart:
    """A place for the author's own words.

    Attributes
    ----------
    key : str
        As in the author's file.
    prompt : str
        What belongs here; shown while the part is empty.
    blocks : tuple of Block
        The author's text; empty while there is none.
    """

    key: str
    prompt: str
    blocks: tuple[Paragraph | Bullets, ...] = ()


Block = Paragraph | Bullets | Code | Table | Figure | AuthorPart


@dataclass(frozen=True)
class Section:
    """A heading with what stands below it.

    Attributes
    ----------
    key : str
        Anchor: lower case, hyphens.
    heading : str
    blocks : tuple of Block
    sections : tuple of Section
        Of the next level.
    """

    key: str
    heading: str
    blocks: tuple[Block, ...] = ()
    sections: tuple[Section, ...] = ()


@dataclass(frozen=True)
class Document:
    """An appendix.

    Attributes
    ----------
    language : str
        ``da`` or ``en``.
    title, subtitle : str
    summary : Section
        The first page, for someone with two minutes.
    sections : tuple of Section
    labels : mapping of str to str
        Words that writers need: "Figure", "Table", "Contents", ...; see `simulator.report.words`.
    """

    language: str
    title: str
    subtitle: str
    summary: Section
    sections: tuple[Section, ...]
    labels: Mapping[str, str] = field(hash=False)


def walk(document: Document) -> Iterator[tuple[int, Section]]:
    """All sections with their level, 1 for the summary and the main sections, in order of reading."""

    def within(section: Section, level: int) -> Iterator[tuple[int, Section]]:
        yield level, section
        for part in section.sections:
            yield from within(part, level + 1)

    for section in (document.summary, *document.sections):
        yield from within(section, 1)


def blocks_of(document: Document, kind: type[Any]) -> list[Any]:
    """All blocks of a kind, in order of reading; the place in this list, from 1, is the number of a table or figure."""
    return [block for _, section in walk(document) for block in section.blocks if isinstance(block, kind)]


def spans_of(document: Document) -> Iterator[Span]:
    """All spans of paragraphs, lists and tables, in order of reading."""

    def of_block(block: Block) -> Iterator[Span]:
        if isinstance(block, Paragraph):
            yield from block.spans
        elif isinstance(block, Bullets):
            for item in block.items:
                yield from item
        elif isinstance(block, Table):
            for row in block.rows:
                yield from row
        elif isinstance(block, AuthorPart):
            for part in block.blocks:
                yield from of_block(part)

    for _, section in walk(document):
        for block in section.blocks:
            yield from of_block(block)
