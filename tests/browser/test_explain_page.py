"""The page of an explanation in a real browser."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser.browsing import Tab, browser
from rolecall.testing import CAST
from shell import facts, run


@pytest.fixture(scope="module")
def opened() -> Iterator[Any]:
    """One browser for all tests here."""
    with browser() as one:
        yield one


FULL = pytest.mark.full
CASES = [
    ("view", "light"),
    *(pytest.param(*one, marks=FULL) for one in [("view", "dark"), ("edit", "light"), ("edit", "dark")]),
]


@pytest.mark.parametrize(("permission", "scheme"), CASES)
def test_nothing_stands_in_the_way_of_anybody(opened: Any, tmp_path: Path, permission: str, scheme: str) -> None:
    """Axe finds no barrier in a yes and in a no, by day and by night; nothing is refused, nothing is asked for."""
    file = tmp_path / "explained.html"
    asked = ("--user", CAST["co_teacher"].id, "--resource", f"section:{CAST['algebra_class'].id}")
    ran = run("explain", *facts(), *asked, "--permission", permission, "--format", "html", "--output", file)
    assert ran.code in (0, 1)
    with Tab(opened, file, color_scheme=scheme) as tab:
        assert tab.violations() == []
        assert tab.complaints == []
        assert tab.asked == [file.as_uri()]
        assert tab.page.evaluate("() => getComputedStyle(document.body).maxWidth") == "736px"
