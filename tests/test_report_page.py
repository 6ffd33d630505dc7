"""The interactive page in a real browser: live figures, choices, tables, both themes, paper, and hostile labels."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from browsing import Opened, check_accessible, open_page, started_browser

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
)
from simulator.report.numbers import number_span
from simulator.report.page import page_text, write_page
from simulator.report.words import read_words

pytest.importorskip("altair")

BAD = "<script>alert(1)</script><img src=x onerror=alert(2)> </script> \" ' ` # \\ $ & {x} {{ x }} æøå"
LONG = "Meget lang stillingsbetegnelse " * 10
SEEN = {"fte": "årsværk", "wage": "lønkroner", "2030": "2030", "2040": "2040", "area": "Område", "kind": "Art"}
AREAS = ("Ældre", "Sundhed", "Ådal", "Zoo", BAD)
VALUES = (9.5, -2.0, 100.0, 1000.25, math.nan)
MEGABYTE = 1_000_000


def chart(quantities: Sequence[str], years: Sequence[str], parts: Sequence[str]) -> dict[str, Any]:
    """Bars of which the choices leave some."""
    rows = [
        {"name": f"{name} {part}", "value": (9 - number) * len(quantity) + int(year) - 2029, "quantity": quantity,
         "year": year, "partition": part}
        for number, name in enumerate((BAD, LONG, "Ældre"))
        for quantity in quantities for year in years for part in parts
    ]  # fmt: skip
    choices = {"quantity": quantities, "year": years, "partition": parts}
    used = [name for name, values in choices.items() if len(values) > 1]
    title = "Område"
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "config": {"locale": {"number": {"decimal": ",", "thousands": ".", "grouping": [3], "currency": ["", ""]}}},
        "data": {"values": rows},
        "params": [{"name": name, "value": choices[name][0]} for name in used],
        "transform": [{"filter": f"datum.{name} === {name}"} for name in used],
        "width": 420,
        "height": {"step": 20},
        "autosize": {"type": "fit-x", "contains": "padding"},
        "mark": "bar",
        "encoding": {
            "x": {"field": "value", "type": "quantitative", "title": "1.000", "axis": {"format": ",.1f"}},
            "y": {"field": "name", "type": "nominal", "title": None},
            "tooltip": [
                {"field": "name", "title": title},
                {"field": "value", "type": "quantitative", "title": "Værdi", "format": ",.1f"},
            ],
        },
    }


def figure(key: str, quantities: Sequence[str], years: Sequence[str], parts: Sequence[str]) -> Figure:
    choices = {"quantity": quantities, "year": years, "partition": parts}
    return Figure(
        key=key,
        caption=f"Fordelt på {BAD}",
        alternative=f"Søjler: {BAD}",
        specification=chart(quantities, years, parts),
        choices={name: tuple((value, SEEN[value]) for value in values) for name, values in choices.items()
                 if len(values) > 1},
        note=BAD,
    )  # fmt: skip


def table(key: str, rows: int) -> Table:
    style = read_words("da").style
    cells = []
    for row in range(rows):
        number = Number(VALUES[row % len(VALUES)] + row // len(VALUES), f"summary/x[row={row}]", "thousand_fte", 1)
        cells.append((Span(f"{AREAS[row % len(AREAS)]} {row:02d}"), number_span(number, style), Span("", code=True)))
    columns = (Column(f"Område {BAD}"), Column("Tusind årsværk", numeric=True), Column("Art"))
    return Table(key, f"Alle {BAD}", columns, tuple(cells), note=BAD, long=rows > 10)


def document() -> Document:
    number = number_span(Number(48.12, "summary/freed_fte[year=2040]", "thousand_fte"), read_words("da").style)
    first = Section(
        "kort", "Kort fortalt", (Paragraph((Span("Der frigøres "), number, Span(f" ifølge {BAD}")), "lead"),)
    )
    text = (
        Paragraph((Span(BAD, strong=True), Span(LONG, emphasis=True)), "caveat"),
        Bullets(((Span(BAD),), (Span(LONG, code=True),))),
        Code(f"simulator report runs/base\n{BAD}{LONG}"),
        AuthorPart("question", f"Hvad spørges der om? {BAD}"),
        AuthorPart("limits", "", (Paragraph((Span(BAD),)), Bullets(((Span(BAD),),)))),
    )
    figures = (
        figure("first", ("fte", "wage"), ("2040", "2030"), ("area",)),
        figure("second", ("fte",), ("2040", "2030"), ("kind", "area")),
        figure("third", ("fte",), ("2040",), ("area",)),
    )
    inner = Section("inner", BAD, (table("short", 5), table("all", 60)))
    sections = (Section("data", f"Tekst {BAD}", text), Section("figures", "Figurer", figures, (inner,)))
    return Document("da", f"Bilag {BAD}", LONG, first, sections, read_words("da").group("label"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with started_browser() as started:
        yield started


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "appendix.html"
    write_page(document(), path)
    return path


@pytest.fixture
def opened(browser: Any, written: Path) -> Iterator[Opened]:
    one = open_page(browser, written)
    yield one
    one.page.context.close()


def test_it_is_one_small_file_and_no_part_is_left(written: Path) -> None:
    assert written.stat().st_size < 5 * MEGABYTE
    assert [path.name for path in written.parent.iterdir()] == [written.name]


def test_it_asks_for_nothing_and_complains_of_nothing(opened: Opened, written: Path) -> None:
    opened.page.locator("#choose-year").select_option("2030")
    opened.page.locator("#figure-first .view .mark-rect path").first.hover()
    opened.page.locator("#vg-tooltip-element.visible").wait_for()
    asked = [url for url in opened.requests if not url.startswith("data:")]
    assert asked == [written.as_uri()]
    assert opened.said == []


def test_its_policy_allows_no_request_and_no_eval(opened: Opened) -> None:
    policy = opened.page.locator("meta[http-equiv=Content-Security-Policy]").get_attribute("content")
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    blocked = "() => fetch('https://example.org').then(() => 'fetched', () => 'blocked')"
    assert opened.page.evaluate(blocked) == "blocked"


def test_hostile_labels_are_text(opened: Opened) -> None:
    page = opened.page
    assert page.locator("img:not(.still img)").count() == 0
    assert page.locator("script").count() == 3  # data, program, Vega
    assert page.title() == f"Bilag {BAD}"
    assert page.locator("#data li").first.inner_text() == BAD
    assert page.locator("#data pre").inner_text().startswith(f"simulator report runs/base\n{BAD}")
    page.locator("#figure-first .view .mark-rect path").last.hover()
    assert opened.page.locator("#vg-tooltip-element img").count() == 0
    page.locator("#figure-first summary").click()
    page.locator("#figure-first tbody tr").first.wait_for()
    assert f"{BAD} area" in page.locator("#figure-first .values").inner_text()
    assert page.locator("#figure-first [role=img]").get_attribute("aria-label") == f"Søjler: {BAD}"
    assert opened.said == []


@pytest.mark.parametrize(
    ("name", "value", "changing"),
    [("quantity", "wage", ["first"]), ("year", "2030", ["first", "second"]), ("partition", "area", ["second"])],
)
def test_each_choice_changes_the_charts_that_have_it(
    opened: Opened, name: str, value: str, changing: list[str]
) -> None:
    keys = ("first", "second", "third")
    before = {key: opened.chart(key) for key in keys}
    line = opened.page.locator("#figure-first .live .chosen").inner_text()
    opened.page.locator(f"#choose-{name}").select_option(value)
    opened.page.wait_for_function("document.getElementById('page-status').textContent !== ''")
    assert [key for key in keys if opened.chart(key) != before[key]] == changing
    said = opened.page.locator("#page-status").inner_text()
    assert SEEN[value] in said
    assert f": {len(changing)}." in said
    assert (opened.page.locator("#figure-first .live .chosen").inner_text() != line) == ("first" in changing)
    assert SEEN[value] in opened.page.locator(f"#figure-{changing[0]} .live .chosen").inner_text()


def test_a_choice_is_made_by_keyboard(opened: Opened) -> None:
    before = opened.chart("first")
    opened.page.locator("#choose-year").focus()
    opened.page.keyboard.press("ArrowDown")
    opened.page.wait_for_function("document.getElementById('page-status').textContent !== ''")
    assert opened.chart("first") != before


def test_the_values_of_a_figure_are_those_that_it_shows(opened: Opened) -> None:
    opened.page.locator("#figure-first summary").press("Enter")
    values = opened.page.locator("#figure-first .values")
    values.locator("tbody tr").first.wait_for()
    rows = [re.sub(r"\s+", " ", row) for row in values.locator("tbody tr").all_inner_texts()]
    specification = chart(("fte", "wage"), ("2040", "2030"), ("area",))
    expected = [row for row in specification["data"]["values"] if row["quantity"] == "fte" and row["year"] == "2040"]
    assert sorted(rows) == sorted(f"{row['name']} {row['value']},0".replace("  ", " ") for row in expected)
    opened.page.locator("#choose-year").select_option("2030")
    opened.page.wait_for_function("document.getElementById('page-status').textContent !== ''")
    changed = [re.sub(r"\s+", " ", row) for row in values.locator("tbody tr").all_inner_texts()]
    assert len(changed) == len(rows)
    assert not set(changed) & set(rows)


@pytest.mark.parametrize("how", ["click", "keyboard"])
def test_numbers_are_sorted_by_value(opened: Opened, how: str) -> None:
    button = opened.page.locator("#table-short thead button").nth(1)
    heading = opened.page.locator("#table-short thead th").nth(1)

    def act() -> list[str]:
        if how == "click":
            button.click()
        else:
            button.press("Enter")
        return [re.sub(r"\s.*", "", text) for text in opened.column("short", 2)]

    original = [re.sub(r"\s.*", "", text) for text in opened.column("short", 2)]
    assert original == ["9,5", "−2,0", "100,0", "1.000,2", "ikke"]
    assert act() == ["−2,0", "9,5", "100,0", "1.000,2", "ikke"]
    assert heading.get_attribute("aria-sort") == "ascending"
    assert act() == ["1.000,2", "100,0", "9,5", "−2,0", "ikke"]
    assert heading.get_attribute("aria-sort") == "descending"
    assert "faldende" in opened.page.locator("#page-status").inner_text()
    assert act() == original
    assert heading.get_attribute("aria-sort") == "none"


def test_danish_is_sorted_as_danish(opened: Opened) -> None:
    opened.page.locator("#table-short thead button").first.click()
    names = [text.split()[0] for text in opened.column("short", 1)]
    assert names[1:] == ["Sundhed", "Zoo", "Ældre", "Ådal"]  # a sign comes before all letters


def test_rows_are_found(opened: Opened) -> None:
    rows = opened.page.locator("#table-all tbody tr")
    opened.page.get_by_label("Find rækker").fill("ÆLDRE")
    wanted = sum("Ældre" in AREAS[row % len(AREAS)] for row in range(60))
    assert sum(row.is_visible() for row in rows.all()) == wanted
    assert opened.page.locator("#table-all .count").inner_text() == f"{wanted} af 60 rækker"
    assert opened.page.locator("#table-short .filter").count() == 0


def colours(page: Any) -> tuple[str, str]:
    style = "getComputedStyle(document.documentElement)"
    return page.evaluate(f"[{style}.color, {style}.backgroundColor]")


def test_dark_follows_the_system_and_the_button(browser: Any, written: Path, opened: Opened) -> None:
    dark = open_page(browser, written, color_scheme="dark").page
    assert colours(dark) != colours(opened.page)
    button = opened.page.locator("#page-theme")
    assert button.get_attribute("aria-pressed") == "false"
    button.press("Space")
    assert button.get_attribute("aria-pressed") == "true"
    assert colours(opened.page) == colours(dark)
    opened.page.reload()
    assert colours(opened.page) == colours(dark)  # remembered
    dark.emulate_media(color_scheme="light")
    dark.wait_for_selector("html[data-theme=light]")
    assert colours(dark) != colours(opened.page)
    dark.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_paper_shows_still_figures_and_all_rows(browser: Any, written: Path, scheme: str) -> None:
    page = open_page(browser, written, color_scheme=scheme).page
    page.get_by_label("Find rækker").fill("Ældre")
    assert not page.locator("#figure-first .still").is_visible()
    page.emulate_media(media="print")
    for key in ("first", "second", "third"):
        image = page.locator(f"#figure-{key} .still img")
        assert image.is_visible()
        assert image.evaluate("image => image.complete && image.naturalWidth") > 300
        assert not page.locator(f"#figure-{key} .live").is_visible()
    assert not page.locator(".controls").is_visible()
    assert not page.locator("#page-theme").is_visible()
    assert all(row.is_visible() for row in page.locator("#table-all tbody tr").all())
    assert colours(page) == ["rgb(27, 29, 31)", "rgb(255, 255, 255)"]
    assert page.pdf().startswith(b"%PDF")
    page.context.close()


def test_without_scripts_all_can_be_read(browser: Any, written: Path) -> None:
    page = open_page(browser, written, java_script_enabled=False).page
    assert page.locator("#figure-second .still img").is_visible()
    assert page.locator("#figure-second .still .chosen").inner_text() == "2040 · Art"
    assert page.locator("#table-all tbody tr").last.is_visible()
    assert not page.locator(".controls").is_visible()
    assert page.locator("noscript").inner_text() == read_words("da").text("page.without_scripts")
    page.context.close()


@pytest.mark.parametrize("width", [360, 1400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser: Any, written: Path, scheme: str, width: int) -> None:
    opened = open_page(browser, written, color_scheme=scheme, viewport={"width": width, "height": 900})
    opened.page.locator("#figure-first summary").click()
    check_accessible(opened.page)
    opened.page.context.close()


def test_the_page_is_no_wider_than_the_screen(browser: Any, written: Path) -> None:
    page = open_page(browser, written, viewport={"width": 360, "height": 800}).page
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.context.close()


def test_headings_and_landmarks(opened: Opened) -> None:
    levels = opened.page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(one => +one.tagName[1])")
    assert levels == [1, 2, 2, 2, 3]
    assert opened.page.locator("html").get_attribute("lang") == "da"
    for landmark in ("banner", "navigation", "main"):
        assert opened.page.get_by_role(landmark).count() == 1
    opened.page.keyboard.press("Tab")
    opened.page.keyboard.press("Enter")
    assert opened.page.evaluate("document.activeElement.id") == "page-content"
    targets = opened.page.evaluate("[...document.querySelectorAll('nav a')].map(one => one.getAttribute('href'))")
    assert all(opened.page.locator(target).count() == 1 for target in targets)


def test_an_english_page_is_english() -> None:
    whole = document()
    text = page_text(Document("en", "Appendix", "", whole.summary, whole.sections, read_words("en").group("label")))
    assert '<html lang="en">' in text
    for word in ("Choices for all figures", "Dark mode", "Find rows", "Contents", "Figure 1.", "Table 2."):
        assert f">{word}<" in text or f'"{word}"' in text


def test_a_number_says_where_it_stands(opened: Opened) -> None:
    number = opened.page.locator("#kort data")
    assert number.inner_text() == "48,1\u00a0tusind årsværk"
    assert number.get_attribute("title") == "summary/freed_fte[year=2040]"
    assert float(number.get_attribute("value")) == 48.12


def test_a_figure_that_fails_keeps_its_image(browser: Any, tmp_path: Path, written: Path) -> None:
    path = tmp_path / "broken.html"
    path.write_text(written.read_text(encoding="utf-8").replace('"mark":"bar"', '"mark":"no"', 1), encoding="utf-8")
    opened = open_page(browser, path)
    assert opened.page.locator("#figure-first .still img").is_visible()
    assert opened.page.locator("#figure-second .view svg").is_visible()
    assert any("figure-first" in text for text in opened.said)
    opened.page.context.close()


def test_a_number_that_is_not_finite_does_not_vanish_from_a_figure(tmp_path: Path) -> None:
    whole = document()
    one = figure("first", ("fte",), ("2040",), ("area",))
    one.specification["data"]["values"][0]["value"] = math.nan  # type: ignore[index]
    section = Section("only", "Kun", (one,))
    path = tmp_path / "page.html"
    with pytest.raises(ValueError, match="JSON"):
        write_page(Document("da", "", "", whole.summary, (section,), whole.labels), path)
    assert list(tmp_path.iterdir()) == []
