"""The strings of both languages, and the author's own words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.errors import InputError
from simulator.report.author import PARTS, REQUIRED, Author, author_file, missing_parts, read_author
from simulator.report.document import AuthorPart, Bullets, Document, Paragraph, Section, Span
from simulator.report.numbers import format_value
from simulator.report.words import LANGUAGES, read_words

CONFIGS = Path(__file__).parent.parent / "configs"
PACKAGE = Path(__file__).parent.parent / "simulator" / "report"
PLACES = re.compile(r"\{(\w+)!?\}")
DANISH, ENGLISH = (read_words(language) for language in LANGUAGES)


def test_both_languages_have_the_same_strings() -> None:
    assert DANISH.strings.keys() ^ ENGLISH.strings.keys() == set()


def test_both_languages_have_the_same_places() -> None:
    wrong = {
        key: (text, ENGLISH.strings[key])
        for key, text in DANISH.strings.items()
        if set(PLACES.findall(text)) != set(PLACES.findall(ENGLISH.strings[key]))
    }
    assert not wrong


def test_nothing_is_empty_or_badly_written() -> None:
    for words in (DANISH, ENGLISH):
        for key, text in words.strings.items():
            assert text or key == "number.glued", key
            assert text == text.strip() and "  " not in text, key
            rest = PLACES.sub("", text)
            assert ("{" in rest) == ("}" in rest) is False, key


def test_danish_is_danish() -> None:
    """A percent sign, an English word, or a decimal point is a slip."""
    ours = {key: text for key, text in DANISH.strings.items() if key.split(".")[0] in CONTENT}
    for key, text in ours.items():
        assert "%" not in text, key
        plain = PLACES.sub("", text)
        assert not re.search(r"\b(the|and|with|FTE|DKK|futures|default)\b", plain), key
        assert not re.search(r"\d\.\d", text), key


CONTENT = (
    "title", "chance", "part", "section", "prompt", "headline", "published", "width", "caveat", "driver", "index", "ladder",
    "rung", "model", "assumptions", "inputs", "results", "precision", "sensitivity", "convergence", "learning", "structure",
    "switching", "robustness", "validation", "use_cases", "reproduction", "note", "own", "column", "caption",
)  # fmt: skip


def test_every_string_that_is_asked_for_is_there() -> None:
    """Keys written out in the source: ``say(source, "x.y")``, ``words.text("x.y")``, columns and captions of tables."""
    asked = set()
    for path in (PACKAGE / "content").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        asked |= set(re.findall(r'(?:say\(\s*source,\s*|words\.text\(\s*)"([\w.]+)"', text))
        asked |= {f"caption.{key}" for key in re.findall(r'(?<!_)table\(\s*source,\s*"([\w-]+)",(?!.*caption=)', text)}
    assert len(asked) > 60
    assert not asked - DANISH.strings.keys()


@given(st.floats(allow_nan=False, allow_infinity=False, width=32), st.integers(0, 6))
def test_danish_and_english_numbers_differ_in_their_marks_only(value: float, digits: int) -> None:
    danish, english = (format_value(value, digits, words.style) for words in (DANISH, ENGLISH))
    assert danish.translate(str.maketrans(",.", ".,")) == english


def write(folder: Path, text: str, name: str = "x.author.md") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def texts(author: Author, key: str) -> list[str]:
    found = []
    for block in author.parts[key]:
        spans = [block.spans] if isinstance(block, Paragraph) else block.items
        found += ["".join(span.text for span in one) for one in spans]
    return found


@pytest.mark.parametrize(
    "heading", ["question", "QUESTION", *(w.strings["section.question"] for w in (DANISH, ENGLISH))]
)
def test_a_heading_or_a_key_names_the_part(tmp_path: Path, heading: str) -> None:
    assert texts(read_author(write(tmp_path, f"# {heading}\n\nHvorfor?\n")), "question") == ["Hvorfor?"]


def test_markdown_that_is_kept(tmp_path: Path) -> None:
    text = "# outside\n\nEt **fedt**, et *skråt* og `kode`.\nSamme linje.\n\n- en\n- to\n  - tre\n\n1. fire\n2. fem\n"
    first, *lists = read_author(write(tmp_path, text)).parts["outside"]
    assert isinstance(first, Paragraph)
    kinds = {span.text: (span.strong, span.emphasis, span.code) for span in first.spans}
    assert kinds["fedt"] == (True, False, False) and kinds["skråt"] == (False, True, False)
    assert kinds["kode"] == (False, False, True)
    assert "".join(span.text for span in first.spans).endswith("og kode. Samme linje.")
    assert [["".join(span.text for span in item) for item in one.items] for one in lists if isinstance(one, Bullets)] == [
        ["en", "to", "tre"], ["1. fire", "2. fem"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("a <b>c</b> d", "a <b>c</b> d"),
        ("[en kilde](https://example.org)", "en kilde (https://example.org)"),
        ("<https://example.org>", "https://example.org"),
        ("> citat", "citat"),
        ("## Mindre\n", "Mindre"),
        ("```\nx = {1}\n```", "x = {1}"),
        ("#let x = $y$ \\\\input{a} @d & ~", "#let x = $y$ \\input{a} @d & ~"),
        ("![et billede](x.png)", "et billede"),
    ],
)
def test_all_else_is_text(tmp_path: Path, text: str, shown: str) -> None:
    assert texts(read_author(write(tmp_path, f"# question\n\n{text}\n")), "question") == [shown]


def test_toml(tmp_path: Path) -> None:
    author = read_author(write(tmp_path, 'assurance = """Kørt.\n\n- **ja**"""\n', "x.author.toml"))
    assert texts(author, "assurance") == ["Kørt.", "ja"]


def test_bom_and_crlf(tmp_path: Path) -> None:
    path = tmp_path / "x.author.md"
    path.write_bytes("\ufeff# question\r\n\r\nÆ\r\n".encode())
    assert texts(read_author(path), "question") == ["Æ"]


def test_a_part_without_text_is_missing(tmp_path: Path) -> None:
    assert not read_author(write(tmp_path, "# question\n\n# outside\n\n \n")).parts
    assert not read_author(write(tmp_path, "")).parts


@pytest.mark.parametrize(
    ("name", "content", "place", "said"),
    [
        ("x.md", b"# question\n\na\n\n# questoin\n\nb\n", "line 5", "Did you mean 'question'"),
        ("x.md", b"Hej\n\n# question\n", "line 1", "before the first heading"),
        ("x.md", b"# question\n\na\n\n# question\n\nb\n", "line 5", "twice"),
        ("x.md", "# question\n\nÆ".encode("latin-1"), "x.md", "not UTF-8"),
        ("x.toml", b'a = "x"\nquestion = "y"\n', "line 1", "no part of the appendix"),
        ("x.toml", b'question = "y"\n\noutside = 3\n', "line 3", "not text"),
        ("x.toml", b'[question]\na = "y"\n', "line 1", "not text"),
        ("x.toml", b"question = \n", "x.toml", "is not TOML"),
    ],
)
def test_mistakes_say_where(tmp_path: Path, name: str, content: bytes, place: str, said: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_author(path)
    assert place in caught.value.place
    assert said in str(caught.value)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_author(tmp_path / "none.md")


def test_which_file_is_taken(tmp_path: Path) -> None:
    config = tmp_path / "base.toml"
    assert author_file(config, "da") is None
    order = ["base.author.toml", "base.author.md", "base.author.da.toml", "base.author.da.md"]
    for name in order:
        write(tmp_path, "", name)
        assert author_file(config, "da") == tmp_path / name
    assert author_file(config, "en") == tmp_path / "base.author.md"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_example_fills_every_part(language: str) -> None:
    path = author_file(CONFIGS / "base.toml", language)
    assert path is not None and path.name == f"base.author.{language}.md"
    assert set(REQUIRED) <= read_author(path).parts.keys() <= set(PARTS)


def test_missing_parts() -> None:
    filled = AuthorPart("question", "?", (Paragraph((Span("x"),)),))
    section = Section("s", "S", (filled, AuthorPart("outside", "?")))
    document = Document("da", "t", "s", section, (), {})
    assert [part.key for part in missing_parts(document)] == ["outside"]


def test_a_title(tmp_path: Path) -> None:
    for heading in ("title", "Titel", "Title"):
        author = read_author(write(tmp_path, f"# {heading}\n\nSikkert *eller* ej?\n\n# question\n\nHvad?\n"))
        assert author.title == "Sikkert eller ej?" and set(author.parts) == {"question"}
    assert read_author(write(tmp_path, "# title\n\n# question\n")).title == ""
    assert read_author(write(tmp_path, 'title = "Kort"\n', "x.author.toml")).title == "Kort"


@pytest.mark.parametrize("text", ["En\n\nTo", "- En\n- To"])
def test_a_title_of_more_than_a_line_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match=r"line 3.*more than one line"):
        read_author(write(tmp_path, f"# question\n\n# title\n\n{text}\n"))


def test_rounded_before_the_decimal_sign() -> None:
    assert format_value(89849.9, -2, DANISH.style) == "89.800"
    assert format_value(-84000.0, -3, ENGLISH.style) == "−84,000"
    assert format_value(40.0, -2, ENGLISH.style) == "0" == format_value(-40.0, -2, ENGLISH.style)
