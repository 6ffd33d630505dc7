"""The author's own words: read from a file beside the configuration, and missed where there are none."""

from __future__ import annotations

import itertools
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from ..errors import InputError, nearest
from .document import AuthorPart, Bullets, Document, Paragraph, Span, Spans, blocks_of
from .words import LANGUAGES, read_words

if TYPE_CHECKING:
    from markdown_it.token import Token

REQUIRED = ("question", "unquantified", "optimism", "outside", "auditing", "assurance")
PARTS = ("question", "caveats", *REQUIRED[1:])
TITLE = "title"
ENDINGS = (".md", ".toml")
AuthorBlock = Paragraph | Bullets


@dataclass(frozen=True)
class Author:
    """What an author wrote.

    Attributes
    ----------
    parts : mapping of str to tuple of (Paragraph or Bullets)
        By the keys in `PARTS`; only those that say something.
    title : str
        In place of the configuration's; empty where the author states none.
    """

    parts: Mapping[str, tuple[AuthorBlock, ...]] = field(default_factory=lambda: MappingProxyType({}), hash=False)
    title: str = ""


def author_file(config: Path, language: str) -> Path | None:
    """The author's file beside a configuration: that of the language first, then that of all languages.

    Parameters
    ----------
    config : Path
        As ``configs/base.toml``, whose files are base.author.da.md, base.author.da.toml, base.author.md and base.author.toml.
    language : str

    Returns
    -------
    Path or None
    """
    names = [f"{config.stem}.author{part}{ending}" for part in (f".{language}", "") for ending in ENDINGS]
    return next((config.with_name(name) for name in names if config.with_name(name).is_file()), None)


def read_author(path: Path) -> Author:
    """Read the author's words.

    Markdown: a heading of the first level (``# question``, or as the appendix has it in either language) begins a part,
    and its text follows. TOML: ``question = "..."`` with Markdown in it. Paragraphs, lists, strong, emphasis and code
    are kept; all else is text, HTML too. The part ``title`` is one line, in place of the configuration's title.

    Parameters
    ----------
    path : Path

    Returns
    -------
    Author

    Raises
    ------
    InputError
        If the file cannot be read, a heading or key is no part of the appendix or comes twice, text comes before the
        first heading, or the title is more than a line.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputError(str(path), f"cannot be read ({error.strerror})", "Name a file that can be read.") from None
    except UnicodeDecodeError as error:
        problem = f"byte {error.start + 1} is not UTF-8"
        raise InputError(str(path), problem, "Save the file as UTF-8.") from None
    found = _from_toml(text, path) if path.suffix == ".toml" else _from_markdown(text, path)
    parts: dict[str, tuple[AuthorBlock, ...]] = {}
    title = ""
    seen: set[str] = set()
    for line, heading, tokens in found:
        key = _key_of(heading, f"{path}, line {line}")
        if key in seen:
            raise InputError(f"{path}, line {line}", f"'{heading}' stands there twice", "Join the two texts.")
        seen.add(key)
        blocks = tuple(_blocks(tokens))
        if key == TITLE:
            title = _line(blocks, f"{path}, line {line}")
        elif blocks:
            parts[key] = blocks
    return Author(MappingProxyType(parts), title)


def missing_parts(document: Document) -> list[AuthorPart]:
    """The places in a document that still want the author's words."""
    return [part for part in blocks_of(document, AuthorPart) if not part.blocks]


def _line(blocks: Sequence[AuthorBlock], place: str) -> str:
    """A title, as text."""
    if not blocks:
        return ""
    first, *more = blocks
    if more or not isinstance(first, Paragraph):
        raise InputError(place, "the title is more than one line", "Write one line below it, without a list.")
    return "".join(span.text for span in first.spans)


def _key_of(heading: str, place: str) -> str:
    """The part that a heading names: its key, or its heading in any language."""
    names = {key: key for key in (TITLE, *PARTS)}
    for language in LANGUAGES:
        strings = read_words(language).strings
        names |= {strings[f"section.{key}"]: key for key in PARTS} | {strings["title.heading"]: TITLE}
    folded = {name.casefold(): key for name, key in names.items()}
    if heading.casefold() not in folded:
        raise InputError(place, f"'{heading}' is no part of the appendix", nearest(heading, names))
    return folded[heading.casefold()]


def _from_toml(text: str, path: Path) -> Iterator[tuple[int, str, Sequence[Token]]]:
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(str(path), f"is not TOML: {error}", 'Write key = "text", one for each part.') from None
    for key, value in content.items():
        found = re.search(rf"""^\s*\[*\s*["']?{re.escape(key)}\b""", text, re.MULTILINE)
        line = text.count("\n", 0, found.end()) + 1 if found else 1
        if not isinstance(value, str):
            problem = f"'{key}' is {type(value).__name__}, not text"
            raise InputError(f"{path}, line {line}", problem, f'Write {key} = "text".')
        yield line, key, _parse(value)


def _from_markdown(text: str, path: Path) -> Iterator[tuple[int, str, Sequence[Token]]]:
    tokens = _parse(text)
    starts = [at for at, token in enumerate(tokens) if token.type == "heading_open" and token.tag == "h1"]
    if tokens and (not starts or starts[0] > 0):
        line = (tokens[0].map or [0])[0] + 1
        remedy = f"Begin with the heading of a part, such as '# {PARTS[0]}'."
        raise InputError(f"{path}, line {line}", "text comes before the first heading", remedy)
    for start, end in itertools.pairwise([*starts, len(tokens)]):
        line = (tokens[start].map or [0])[0] + 1
        heading = "".join(span.text for span in _inline(tokens[start + 1].children or []))
        yield line, heading.strip(), tokens[start + 3 : end]


def _parse(text: str) -> list[Token]:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False}).parse(text)


def _blocks(tokens: Sequence[Token]) -> Iterator[AuthorBlock]:
    """Paragraphs, and lists with the points of inner lists after those of the outer one."""
    items: list[Spans] = []
    counters: list[int | None] = []  # of each list that is open: its next number, if it has numbers
    heading, fresh = False, False
    for token in tokens:
        if token.type in ("bullet_list_open", "ordered_list_open"):
            counters.append(int(token.attrGet("start") or 1) if token.type == "ordered_list_open" else None)
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            counters.pop()
            if not counters and items:
                yield Bullets(tuple(items))
                items = []
        elif token.type == "list_item_open":
            fresh = True
        elif spans := _spans(token, strong=heading):
            if not counters:
                yield Paragraph(spans)
            elif fresh:
                number = counters[-1]
                items.append(spans if number is None else (Span(f"{number}. "), *spans))
                counters[-1] = None if number is None else number + 1
            else:
                items[-1] = (*items[-1], Span(" "), *spans)
            fresh = False
        heading = token.type == "heading_open"


def _spans(token: Token, *, strong: bool) -> Spans:
    if token.type == "inline":
        return tuple(_inline(token.children or [], strong=strong))
    if token.type in ("fence", "code_block"):
        return (Span(token.content.rstrip("\n"), code=True),)
    return ()


def _inline(tokens: Iterable[Token], *, strong: bool = False) -> Iterator[Span]:
    bold, emphasis, target, shown = int(strong), 0, "", ""
    for token in tokens:
        kind = token.type
        bold += (kind == "strong_open") - (kind == "strong_close")
        emphasis += (kind == "em_open") - (kind == "em_close")
        if kind == "link_open":
            target, shown = str(token.attrGet("href")), ""
        elif kind == "link_close" and target not in (shown, f"mailto:{shown}"):
            yield Span(f" ({target})", bold > 0, emphasis > 0)
        text = " " if kind in ("softbreak", "hardbreak") else token.content
        if text:
            shown += text
            yield Span(text, bold > 0, emphasis > 0, kind == "code_inline")
