"""The matrix's page in a real browser: seen, found, filtered, read by keyboard, printed, and obeyed by nobody."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser.browsing import Tab, browser
from demo import POLICIES
from shell import run

CASES = Path(__file__).parents[1] / "cases" / "matrix"
SECTION = [{"width": 1440, "height": 900}, {"width": 390, "height": 844}]
HOSTILE = """\
rolecall: 1
application: "</title><script>document.title = 'obeyed'</script>"
resources: {section: {permissions: [view]}}
rules:
  - id: r
    because: "</script><script>document.title = 'obeyed'</script><img src=x onerror=\\"document.title = 'obeyed'\\">"
    when: {teacher: section}
    min: all
"""


@pytest.fixture(scope="module")
def opened() -> Iterator[Any]:
    """One browser for all tests here; closed before any other test needs an event loop."""
    with browser() as one:
        yield one


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the shipped policy."""
    file = tmp_path_factory.mktemp("matrix") / "matrix.html"
    assert run("matrix", POLICIES, "--output", file).code == 0
    return file


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a policy beside another version."""
    file = tmp_path_factory.mktemp("matrix") / "compared.html"
    new, old = (CASES / "against" / name for name in ("policy.yaml", "old.yaml"))
    assert run("matrix", new, "--against", old, "--output", file).code == 0
    return file


def barriers(tab: Tab) -> list[str]:
    """What axe finds, with all details closed and with some open."""
    found = tab.violations()
    tab.page.locator("td > button").nth(6).click()
    assert tab.page.locator(":popover-open").count() == 1
    return found + tab.violations() + tab.complaints


@pytest.mark.full
def test_a_barrier_would_be_found(opened: Any, compared: Path) -> None:
    """Were a text too pale, or a button without a name, axe would say so."""
    with Tab(opened, compared) as tab:
        tab.page.evaluate("() => { document.querySelector('td button').textContent = ''; }")
        tab.page.evaluate("() => { document.querySelector('h1').style.color = '#eee'; }")
        assert {one.split(":")[0] for one in tab.violations()} == {"button-name", "color-contrast"}


@pytest.mark.parametrize(
    ("scheme", "size"),
    [("light", SECTION[0]), pytest.param("dark", SECTION[1], marks=pytest.mark.full)],
    ids=["desk", "hand"],
)
def test_nothing_stands_in_the_way_of_anybody(opened: Any, compared: Path, scheme: str, size: Any) -> None:
    """Axe finds no barrier: on a desk by day, in a hand by night."""
    with Tab(opened, compared, viewport=size, color_scheme=scheme) as tab:
        assert barriers(tab) == []


@pytest.mark.full
@pytest.mark.parametrize(("scheme", "size"), [("dark", SECTION[0]), ("light", SECTION[1])], ids=["desk", "hand"])
def test_nothing_stands_in_the_way_on_the_shipped_page(opened: Any, file: Path, scheme: str, size: Any) -> None:
    """Axe finds no barrier on the whole page of the shipped policy either, by night on a desk and by day in a hand."""
    with Tab(opened, file, viewport=size, color_scheme=scheme) as tab:
        assert barriers(tab) == []


def test_it_needs_nothing_else(opened: Any, file: Path) -> None:
    """Nothing is asked of any network, and no style or script is refused by the page's own policy."""
    with Tab(opened, file) as tab:
        tab.page.locator("td > button").first.click()
        assert tab.asked == [file.as_uri()]
        assert tab.complaints == []


def test_each_type_fits_one_screen(opened: Any, file: Path) -> None:
    """On a screen of 1440 by 900 every table of the shipped policy is seen whole, and nothing is cut off at the side."""
    with Tab(opened, file) as tab:
        heights = tab.page.eval_on_selector_all("main section", "all => all.map(one => one.offsetHeight)")
        assert len(heights) == 8
        assert max(heights) < 900
        assert tab.page.evaluate("() => document.documentElement.scrollWidth") <= 1440


@pytest.mark.full
def test_a_narrow_screen_scrolls_only_the_table(opened: Any, tmp_path: Path) -> None:
    """In a hand the page itself is as wide as the screen, however long the files' names are, and those of rows stay."""
    deep = tmp_path / "a-folder-whose-name-is-so-long-that-no-narrow-screen-holds-it-in-one-line" / "policies"
    shutil.copytree(POLICIES, deep)
    file = tmp_path / "matrix.html"
    assert run("matrix", deep, "--output", file).code == 0
    with Tab(opened, file, viewport=SECTION[1]) as tab:
        assert tab.page.evaluate("() => document.documentElement.scrollWidth") <= 390
        tab.page.evaluate("() => document.querySelector('#section ._wide').scrollLeft = 200")
        box = tab.page.locator("#section tbody th").first.bounding_box()
        assert 0 <= box["x"] < 20


def test_in_a_hand_the_rules_behind_a_cell_are_in_sight(opened: Any, file: Path) -> None:
    """Beside a cell there is no room: they stand below, as wide as the screen, and none of it lies outside."""
    with Tab(opened, file, "#school.view.staff-at-school", viewport=SECTION[1]) as tab:
        shown = tab.page.locator(":popover-open")
        shown.wait_for()
        box, screen = shown.bounding_box(), tab.page.viewport_size
        assert box["width"] > screen["width"] * 0.9
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= screen["width"]
        assert box["y"] + box["height"] <= screen["height"]


def test_an_address_leads_to_a_cell(opened: Any, file: Path) -> None:
    """The cell is in sight, has the focus, and tells the rules behind it; so does a link followed on the page."""
    with Tab(opened, file, "#section.edit.teacher-at-section") as tab:
        shown = tab.page.locator(":popover-open")
        shown.wait_for()
        assert "teachers-edit-the-classrooms-they-teach gives it." in shown.inner_text()
        assert "past-classes-are-read-only takes it away if term is past." in shown.inner_text()
        assert "policies/limits.yaml:8" in shown.inner_text()
        assert tab.focused() == "section.edit.teacher-at-section"
        tab.page.keyboard.press("Escape")
        assert tab.page.locator(":popover-open").count() == 0
        assert tab.focused() == "section.edit.teacher-at-section"
        tab.page.goto(file.as_uri() + "#grade.view.SchoolTechLead-at-school")
        tab.page.wait_for_function("() => document.querySelector(':popover-open')")
        assert "tech-leads-see-no-grades-or-notes takes it away" in shown.inner_text()
        tab.page.goto(file.as_uri() + "#%E0%A4")
        assert tab.complaints == []


def test_a_keyboard_is_enough(opened: Any, file: Path) -> None:
    """Tab comes to one cell of each table, arrows go on, Enter opens, Escape closes, and the focus can be seen."""
    with Tab(opened, file) as tab:
        page = tab.page
        page.keyboard.press("Tab")
        assert page.evaluate("() => document.activeElement.className") == "_skip"
        page.locator("[id='school.view.everyone'] > button").focus()
        for key, cell in [
            ("ArrowDown", "school.view.teacher-at-school"),
            ("ArrowRight", "school.report.teacher-at-school"),
            ("ArrowRight", "school.report.teacher-at-school"),
            ("ArrowDown", "school.report.staff-at-school"),
            ("ArrowDown", "school.report.staff-at-school"),
            ("Home", "school.view.staff-at-school"),
            ("End", "school.report.staff-at-school"),
            ("ArrowUp", "school.report.teacher-at-school"),
            ("ArrowLeft", "school.view.teacher-at-school"),
        ]:
            page.keyboard.press(key)
            assert tab.focused() == cell, key
        assert page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle") == "solid"
        page.keyboard.press("Enter")
        assert "people-see-their-school gives it" in page.locator(":popover-open").inner_text()
        page.keyboard.press("Escape")
        assert page.locator(":popover-open").count() == 0
        assert (
            page.eval_on_selector_all("#school td > button", "all => all.filter(one => one.tabIndex === 0).length") == 1
        )


def rows(tab: Tab) -> int:
    """Count the rows that can be seen."""
    return tab.page.locator("main tbody tr:visible").count()


def test_rows_are_found_and_filtered(opened: Any, file: Path) -> None:
    """Words, a role, a permission and a rule each leave the rows that have it; what is found is counted aloud."""
    with Tab(opened, file) as tab:
        page = tab.page
        every = rows(tab)
        assert every == 42
        page.fill("#_find", "substitute limits.yaml:17")
        assert 0 < rows(tab) < 8
        assert page.locator("#_count").inner_text() == f"{rows(tab)} of 42 rows"
        assert page.locator("main section[data-type]:visible").count() == 1
        page.click("#_clear")
        assert rows(tab) == every
        assert page.locator("#_count").inner_text() == ""
        page.select_option("#_role", "guardian")
        assert 0 < rows(tab) < every
        page.select_option("#_rule", "guardians-see-their-child")
        assert rows(tab) == 1
        assert page.locator("td._found:visible").count() == 1
        page.click("#_clear")
        page.select_option("#_permission", "edit")
        assert {*page.locator("thead th[data-p]:visible").all_inner_texts()} == {"edit"}
        assert page.locator("main section[data-type]:visible").count() == 4
        assert tab.complaints == []


@pytest.mark.full
def test_what_changed_can_be_seen_alone(opened: Any, compared: Path) -> None:
    """A cell says in words that something was gained or lost; one tick leaves only rows where it was."""
    with Tab(opened, compared) as tab:
        text = tab.page.locator("main").inner_text()
        assert "+ gained" in text
        assert "\u2212 lost" in text
        every = rows(tab)
        tab.page.check("#_changed")
        assert 0 < rows(tab) < every
        assert all(one.locator("._moved").count() for one in tab.page.locator("main tbody tr:visible").all())


def test_it_is_read_without_its_script(opened: Any, file: Path) -> None:
    """All rows and answers are there, details open, and what would do nothing is not shown."""
    with Tab(opened, file, java_script_enabled=False) as tab:
        assert rows(tab) == 42
        assert not tab.page.locator("#_tools").is_visible()
        tab.page.locator("[id='section.edit.teacher-at-section'] > button").click()
        assert (
            "teachers-edit-the-classrooms-they-teach"
            in tab.page.locator("[id='section.edit.teacher-at-section'] [popover]").inner_text()
        )


def test_a_screen_reader_is_told_rows_and_columns(opened: Any, file: Path) -> None:
    """Every table has a caption, and a heading for each row and column; each button a name that says its answer."""
    with Tab(opened, file) as tab:
        page = tab.page
        assert page.locator("table").count() == page.locator("table > caption").count() == 7
        assert page.locator("thead th:not([scope=col])").count() == 0
        assert page.locator("tbody th:not([scope=row])").count() == 0
        names = page.eval_on_selector_all("td > button", "all => all.map(one => one.innerText.trim())")
        assert all(name.startswith(("✓ yes", "no", "if ")) for name in names)


@pytest.mark.full
def test_it_prints(opened: Any, file: Path) -> None:
    """On paper there are the tables with the numbers of rules, the rules, and nothing to click; on a few pages."""
    with Tab(opened, file) as tab:
        tab.page.emulate_media(media="print")
        assert not tab.page.locator("#_tools").is_visible()
        assert not tab.page.locator("nav").is_visible()
        assert tab.page.locator("[id='section.edit.teacher-at-section']").inner_text().endswith("[1, 17]")
        paper = tab.page.pdf(format="A4")
        assert paper.startswith(b"%PDF")
        assert 1 < paper.count(b"/Type /Page\n") < 6


def test_nothing_that_a_policy_says_is_obeyed(opened: Any, tmp_path: Path) -> None:
    """Neither its name nor its reasons run, whatever they are written as."""
    (tmp_path / "policy.yaml").write_text(HOSTILE, "utf-8")
    file = tmp_path / "hostile.html"
    assert run("matrix", tmp_path / "policy.yaml", "--output", file).code == 0
    with Tab(opened, file, "#section.view.teacher-at-section") as tab:
        assert tab.page.title().startswith("Who may do what: </title><script>")
        tab.page.locator(":popover-open").wait_for()
        assert "<img src=x onerror=" in tab.page.locator(":popover-open").inner_text()
        assert tab.asked == [f"{file.as_uri()}"] or tab.asked[0].startswith(file.as_uri())
        assert tab.page.locator("img").count() == 0
