"""A real browser: Debian's chromium, driven by Playwright. Where none can be had, its tests are skipped and say so."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import pytest

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@contextmanager
def browser() -> Iterator[Any]:
    """Give a browser, to be closed again; skip the test where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="no browser: the package `playwright` is missing")
    pytest.importorskip("axe_playwright_python", reason="no check: the package `axe-playwright-python` is missing")
    if not CHROMIUM.exists():
        pytest.skip(f"no browser: {CHROMIUM} is missing (apt-get install chromium)")
    with playwright.sync_playwright() as driver:
        try:
            opened = driver.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS, timeout=60_000)
        except playwright.Error as error:
            pytest.skip(f"no browser: {CHROMIUM} does not start: {str(error).splitlines()[0]}")
        yield opened
        opened.close()


class Tab:
    """A page in a tab that records what it complained of, and what it asked the network for."""

    def __init__(self, opened: Any, file: Path, hash_: str = "", **options: Any) -> None:
        self.context = opened.new_context(**{"viewport": {"width": 1440, "height": 900}, **options})
        self.page = self.context.new_page()
        self.asked: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto(file.as_uri() + hash_)
        # On a busy machine the window may be as wide as windows are for a moment, before it is as wide as was asked.
        self.page.wait_for_function("wide => window.innerWidth === wide", arg=self.page.viewport_size["width"])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()

    def violations(self) -> list[str]:
        """Give what axe finds: the rule, and the first element that breaks it."""
        from axe_playwright_python.sync_playwright import Axe  # noqa: PLC0415 - it may be missing

        found = Axe().run(self.page, options={"runOnly": WCAG}).response["violations"]
        return [f"{one['id']}: {one['nodes'][0]['html'][:160]}" for one in found]

    def focused(self) -> str:
        """Give the id of the cell (or else of the element) that has the focus."""
        return self.page.evaluate("() => (document.activeElement.closest('td') || document.activeElement).id")
