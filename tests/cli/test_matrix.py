"""`rolecall matrix`: who may do what, told to people, documents, spreadsheets, programs and browsers."""

import csv
import io
import json
import os
import re
import resource
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
from benchmarks.big_policy import big_policy_text
from demo import POLICIES
from markdown_it import MarkdownIt
from rolecall.analysis.matrix import classes
from rolecall_cli.matrix.table import plain as cell_text
from shell import process, run

CASES = Path(__file__).parents[1] / "cases" / "matrix"
REGOLD = os.environ.get("ROLECALL_REGOLD") == "1"
FORMATS = {"text": "text.txt", "markdown": "markdown.md", "csv": "cells.csv", "json": "data.json", "html": "page.html"}
ARGUMENTS = {"plain": (), "against": ("--against", "old.yaml")}
HOSTILE = """\
rolecall: 1
application: x
resources: {section: {permissions: [view]}, filter: {within: section, permissions: [view]}}
rules:
  - id: r
    because: "=HYPERLINK(1) </script><script>alert(1)</script> | `x` <img src=x onerror=alert(1)> \\" ' &amp; @all #1"
    when: {teacher: section}
    min: all
"""


@pytest.fixture(autouse=True)
def plain(monkeypatch):
    """No colour, and a terminal of a hundred columns."""
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("ROLECALL_POLICIES", raising=False)


@pytest.fixture
def hostile(tmp_path, monkeypatch):
    """A policy whose author means harm."""
    monkeypatch.chdir(tmp_path)
    Path("=cmd.yaml").write_text(HOSTILE, "utf-8")
    return Path("=cmd.yaml")


@pytest.mark.parametrize("case", ARGUMENTS)
@pytest.mark.parametrize("form", FORMATS)
def test_the_texts_are_as_agreed(case, form, monkeypatch):
    """Each format of each case is the golden one."""
    monkeypatch.chdir(CASES / case)
    ran = run("matrix", "policy.yaml", *ARGUMENTS[case], "--format", form, "--rules")
    assert (ran.code, ran.err) == (0, "")
    said = ran.out.replace("\r\n", "\n")
    if REGOLD:
        Path(FORMATS[form]).write_text(said, "utf-8")
    assert said == Path(FORMATS[form]).read_text("utf-8")


def data(*arguments):
    """The matrix as JSON."""
    ran = run("matrix", *arguments, "--format", "json")
    assert (ran.code, ran.err) == (0, "")
    return json.loads(ran.out)


def test_the_shipped_policy_fits_a_terminal(monkeypatch):
    """In eighty columns no line is longer, and no type needs more than a window of some forty lines."""
    monkeypatch.setenv("COLUMNS", "80")
    ran = run("matrix", POLICIES)
    assert max(map(len, ran.out.splitlines())) <= 80
    tables = ran.out.split("\n\n")[1:-1]
    assert len(tables) == 7
    assert max(table.count("\n") for table in tables) < 36
    assert "2,106 reachable cells in 42 rows" in " ".join(ran.out.split())


def test_a_row_is_one_role_or_what_several_make_of_each_other():
    """Teachers edit while the term is not past; who is staff anywhere besides reports too; nobody else edits."""
    sections = next(one for one in data(POLICIES)["types"] if one["type"] == "section")
    assert sections["cells"] == 152
    rows = {row["id"]: {cell["permission"]: cell for cell in row["cells"]} for row in sections["rows"]}
    teacher = rows["section.teacher-at-section"]
    assert (teacher["edit"]["answer"], teacher["edit"]["text"]) == ("depends", "term is not past")
    assert teacher["report"]["answer"] == "no"
    assert rows["section.teacher-at-section+staff-anywhere"]["report"]["answer"] == "yes"
    assert [one["rule"] for one in teacher["edit"]["rules"]] == [
        "teachers-edit-the-classrooms-they-teach",
        "past-classes-are-read-only",
    ]
    assert {key for key, cells in rows.items() if cells["edit"]["answer"] != "no"} == {
        "section.teacher-at-section",
        "section.teacher-at-section+staff-anywhere",
        "section.teacher-at-section+SchoolTechLead-at-school",
    }


def test_filters_narrow():
    """Types, permissions, roles and rules narrow; who differs only in what is not asked about is one row."""
    only = data(POLICIES, "--permission", "edit", "--type", "section")["types"]
    assert [(one["type"], one["permissions"], len(one["rows"])) for one in only] == [("section", ["edit"], 2)]
    for row in (row for one in data(POLICIES, "--role", "guardian")["types"] for row in one["rows"]):
        assert "guardian@" in str(row["who"])
    ruled = data(POLICIES, "--rule", "tech-leads-see-no-grades-or-notes")["types"]
    assert {one["type"] for one in ruled} == {"grade", "note"}
    assert all(one["left_out"] for one in ruled)
    both = data(POLICIES, "--rule", "tech-leads-see-no-grades-or-notes", "--role", "guardian")
    assert both["types"] == []
    assert "no row is as you ask" in run("matrix", POLICIES, "--role", "contact").out
    assert "No row is as you ask" in run("matrix", POLICIES, "--role", "contact", "--format", "markdown").out


def test_a_filtered_table_says_who_is_not_meant():
    """Where rows are left out the order says nothing: each row names its exceptions."""
    ran = run("matrix", POLICIES, "--type", "section", "--role", "guardian")
    assert "unless also a substitute of the section" in ran.out
    assert "11 more rows are not as you ask" in ran.out
    assert "the last one is theirs" not in ran.out
    assert "unless also" in run("matrix", POLICIES, "--role", "guardian", "--format", "markdown").out
    assert "<small>unless also" in run("matrix", POLICIES, "--role", "guardian", "--format", "html").out


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (("--type", "sectoin"), "there is no type `sectoin`; did you mean `section`?"),
        (("--role", "guardan"), "there is no role `guardan`; did you mean `guardian`?"),
        (("--permission", "edti"), "there is no permission `edti`; did you mean `edit`?"),
        (("--rule", "people-see-their-schol"), "did you mean `people-see-their-school`?"),
        (("--changed",), "give `--against`"),
        (("--against", "nowhere"), "`nowhere` is neither a file, a folder nor a git revision here"),
    ],
)
def test_a_slip_is_told_with_the_likely_word(wrong, says):
    """Wrong usage, on standard error, with what was probably meant."""
    ran = run("matrix", POLICIES, *wrong)
    assert (ran.code, ran.out) == (2, "")
    assert says in " ".join(ran.err.split())


def test_a_folder_that_is_not_there_is_wrong_usage():
    """So is a policy that is nowhere."""
    ran = run("matrix", "nowhere")
    assert (ran.code, ran.out) == (2, "")
    assert "there is no file or folder `nowhere`" in ran.err


def test_what_changed_is_marked(monkeypatch):
    """Gained and lost stand in every format, and `--changed` leaves out the rest."""
    monkeypatch.chdir(CASES / "against")
    found = data("policy.yaml", "--against", "old.yaml", "--changed")
    moved = [
        cell for one in found["types"] for row in one["rows"] for cell in row["cells"] if cell["gained"] or cell["lost"]
    ]
    assert any(cell["gained"] for cell in moved)
    assert any(cell["lost"] for cell in moved)
    assert all(any(c["gained"] or c["lost"] for c in row["cells"]) for one in found["types"] for row in one["rows"])
    assert found["against"]["name"] == "old.yaml"


def test_a_type_of_one_version_says_so(tmp_path, monkeypatch):
    """What is new, what is gone, and what lies elsewhere now are tables of their own."""
    monkeypatch.chdir(tmp_path)
    head = "rolecall: 1\napplication: x\nrules: [{id: r, because: B., when: {teacher: section}, min: all}]\n"
    Path("old.yaml").write_text(
        head
        + "resources: {section: {permissions: [view]}, a: {within: section, permissions: [view]}, c: {within: section, permissions: [view]}}\n",
        "utf-8",
    )
    Path("new.yaml").write_text(
        head
        + "resources: {section: {permissions: [view]}, b: {within: section, permissions: [view]}, c: {within: [student, section], permissions: [view]}}\n",
        "utf-8",
    )
    notes = {(one["type"], one["within"]): one["note"] for one in data("new.yaml", "--against", "old.yaml")["types"]}
    assert notes == {
        ("section", "section"): "",
        ("a", "section"): "only in the old version",
        ("b", "section"): "only in the new version",
        ("c", "student+section"): "only in the new version",
        ("c", "section"): "only in the old version",
    }
    ids = Page(run("matrix", "new.yaml", "--against", "old.yaml", "--format", "html").out).ids
    assert len(ids) == len(set(ids))


@pytest.mark.full
def test_a_large_table_is_folded_and_a_larger_one_refused(tmp_path, monkeypatch):
    """Rows that are sums of others are folded away and counted; too many rows are refused, and the answer is no."""
    policy = tmp_path / "big.yaml"
    policy.write_text(big_policy_text(200), "utf-8")
    few = run("matrix", policy, "--type", "bell_schedule")
    assert "25 more rows are folded away" in few.out
    many = run("matrix", policy, "--type", "bell_schedule", "--all")
    assert "folded away" not in many.out
    assert many.out.count("\n") > few.out.count("\n") + 20
    assert (
        "25 more rows are folded away" in run("matrix", policy, "--type", "bell_schedule", "--format", "markdown").out
    )
    page = run("matrix", policy, "--type", "bell_schedule", "--format", "html").out
    assert page.count('<tr class="_sum"') == 25
    monkeypatch.setattr(classes, "MOST", 20)
    ran = run("matrix", policy, "--type", "bell_schedule", "--type", "survey")
    assert ran.code == 1
    assert "bell_schedule: not drawn: its people fall into more than 20 rows" in " ".join(ran.out.split())
    assert "survey" in ran.out
    assert "none sampled; not drawn: bell_schedule" in " ".join(ran.out.split())
    for form in ("html", "markdown", "json"):
        assert "not drawn" in run("matrix", policy, "--type", "bell_schedule", "--format", form).out


@pytest.mark.parametrize(
    ("name", "begins"),
    [("m.html", "<!doctype"), ("m.md", "<!--"), ("m.csv", "type,who"), ("m.json", "{"), ("m.txt", "Who")],
)
def test_a_files_name_says_how_it_is_written(name, begins, tmp_path):
    """`--output` needs no `--format`."""
    ran = run("matrix", POLICIES, "--type", "school", "--output", tmp_path / name)
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    assert (tmp_path / name).read_text("utf-8").startswith(begins)


def test_a_files_name_that_says_nothing_is_refused(tmp_path):
    """Text in a file that is called `.pdf` helps nobody; with a format any name will do. A folder must be there."""
    ran = run("matrix", POLICIES, "--type", "school", "--output", tmp_path / "m.pdf")
    assert ran.code == 2
    assert "does not say what to write: let it end with one of .html, " in ran.err
    assert not (tmp_path / "m.pdf").exists()
    file = tmp_path / "m.table"
    assert run("matrix", POLICIES, "--type", "school", "--format", "csv", "--output", file).code == 0
    assert file.read_text("utf-8").startswith("type,who")
    ran = run("matrix", POLICIES, "--type", "school", "--output", tmp_path / "none" / "m.md")
    assert ran.code == 2
    assert f"cannot write `{tmp_path / 'none' / 'm.md'}`: No such file or directory" in ran.err


class Page(HTMLParser):
    """What a browser would see of a page: its elements, ids, links, and texts."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.ids, self.links, self.events, self.texts = [], [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value)
            if name in ("href", "src"):
                self.links.append(value)
            if name.startswith("on") or name == "style":
                self.events.append((tag, name))

    def handle_data(self, data):
        self.texts.append(data)


def test_a_hostile_policy_marks_up_nothing(hostile):
    """On the page, its texts are texts: one script, no image, no handler, nothing from elsewhere."""
    page = Page(run("matrix", hostile, "--format", "html").out)
    assert page.tags.count("script") == 1
    assert not {"img", "iframe", "object", "link", "base", "form"} & set(page.tags)
    assert page.events == []
    assert any("</script><script>alert(1)</script>" in text for text in page.texts)
    assert all(link.startswith("#") for link in page.links)
    assert {link[1:] for link in page.links} <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))
    assert {"filter", "_matrix", "filter.view.teacher-at-section"} <= set(page.ids)


def test_every_cell_has_an_address():
    """A link to each cell, that stays while the row begins with the same combination."""
    page = Page(run("matrix", POLICIES, "--format", "html").out)
    cells = {cell["id"] for one in data(POLICIES)["types"] for row in one["rows"] for cell in row["cells"]}
    assert cells <= set(page.ids)
    assert "section.edit.teacher-at-section" in cells
    assert {f"#{cell}" for cell in cells} <= set(page.links)
    assert all(re.fullmatch(r"[\w.+-]+", cell) for cell in cells)


def test_a_hostile_policy_is_plain_in_markdown(hostile):
    """Neither markup nor a mention comes of it: all of it stands in code."""
    ran = run("matrix", hostile, "--format", "markdown", "--rules")
    tokens = MarkdownIt("commonmark").enable("table").parse(ran.out)
    kinds = {(part.type, part.content) for token in tokens for part in token.children or ()}
    html = {content for kind, content in kinds if kind == "html_inline"}
    assert html <= {"<sub>", "</sub>"}
    assert any("onerror" in content for kind, content in kinds if kind == "code_inline")
    assert not any("onerror" in content for kind, content in kinds if kind != "code_inline")


def test_a_spreadsheet_takes_nothing_for_a_formula(hostile):
    """What begins like one has an apostrophe before it."""
    rows = list(csv.reader(io.StringIO(run("matrix", hostile, "--format", "csv").out)))
    assert len({len(row) for row in rows}) == 1
    assert not [one for row in rows for one in row if one.lstrip().startswith(("=", "+", "-", "@"))]
    assert [cell_text(one) for one in ("=1", " @x", "\t=1", "a=1", "\x1b[31m")] == [
        "'=1",
        "' @x",
        "\ufffd=1",
        "a=1",
        "\ufffd[31m",
    ]


def test_the_page_allows_its_own_style_and_script_alone():
    """The content security policy names digests and nothing else."""
    page = run("matrix", POLICIES, "--format", "html").out
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)[1]
    assert re.fullmatch(
        r"default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'sha256-[\w+/=]+'; script-src 'sha256-[\w+/=]+'",
        policy,
    )


def test_a_git_revision_is_another_version(tmp_path, monkeypatch):
    """`--against` takes what `rolecall diff` takes; a policy that is invalid is told as everywhere."""
    monkeypatch.chdir(tmp_path)
    Path("policies").mkdir()
    file = Path("policies/policy.yaml")
    file.write_text(HOSTILE, "utf-8")
    git = ("git", "-c", "user.name=x", "-c", "user.email=x@example.invalid")
    for command in (("init", "-q"), ("add", "."), ("commit", "-qm", "first")):
        subprocess.run([*git, *command], check=True)
    file.write_text(HOSTILE.replace("teacher: section", "staff: school"), "utf-8")
    ran = run("matrix", "--against", "HEAD", "--changed", "--type", "section")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("Who may do what in policies, against HEAD:policies: + gained, - lost\n")
    assert "+yes" in ran.out
    assert "-no" in ran.out
    file.write_text("rolecall: 1\nnonsense: 1\n", "utf-8")
    assert run("matrix").code == 3


@pytest.mark.full
def test_a_large_policy_is_drawn_in_little_memory(tmp_path):
    """200 rules on 30 types, as a page, from the shell, in a GiB. How long it takes `benchmarks.workbench` tells."""
    file = tmp_path / "big.yaml"
    file.write_text(big_policy_text(200), "utf-8")
    ran = process("matrix", file, "--output", tmp_path / "page.html")
    assert (ran.code, ran.err) == (0, "")
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 1 << 20
    assert (tmp_path / "page.html").stat().st_size > 100_000
