"""A page in a real browser: what it says, what it asks for, and what axe finds."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# What takes long and brings nothing: rows made as those above them, and drawings, which are aria-hidden.
LEFT_OUT = ("tbody tr:nth-child(n + 4)", ".view")
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")


@dataclass(frozen=True)
class Opened:
    """A page in the browser, and what it has said and asked for."""

    page: Any
    said: list[str]
    requests: list[str]

    def chart(self, key: str) -> str:
        return str(self.page.locator(f"#figure-{key} .view svg").evaluate("svg => svg.outerHTML"))

    def column(self, key: str, number: int) -> list[str]:
        return list(self.page.locator(f"#table-{key} tbody tr > :nth-child({number})").all_inner_texts())


@contextmanager
def started_browser() -> Iterator[Any]:
    """A browser of the machine; the test is skipped where there is none."""
    playwright = pytest.importorskip("playwright.sync_api")
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip(f"no browser: install one of {', '.join(BROWSERS)} (on Debian: apt-get install chromium)")
    with playwright.sync_playwright() as runner:
        started = runner.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield started
        started.close()


def open_page(browser: Any, path: Path, **settings: Any) -> Opened:
    """A page in a window of its own, with its figures alive."""
    page = browser.new_context(**settings).new_page()
    said: list[str] = []
    requests: list[str] = []
    page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: said.append(f"error: {error}"))
    page.on("dialog", lambda dialog: (said.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(path.as_uri())
    if settings.get("java_script_enabled", True):
        page.wait_for_selector("html[data-figures=live]")
    return Opened(page, said, requests)


def check_accessible(page: Any) -> None:
    """No rule of WCAG 2.2 A and AA that axe can check is broken; the main ones have been applied at all."""
    axe = pytest.importorskip("axe_playwright_python")
    page.evaluate((files(axe) / "axe.min.js").read_text(encoding="utf-8"))
    run = "([tags, exclude]) => axe.run({exclude}, {runOnly: {type: 'tag', values: tags}})"
    found = page.evaluate(run, [list(RULES), list(LEFT_OUT)])
    assert {one["id"] for one in found["passes"]} >= {"color-contrast", "html-has-lang", "label", "role-img-alt"}
    assert found["violations"] == [], json.dumps(found["violations"], indent=1)[:4000]
