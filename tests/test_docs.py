"""The documentation is true: its policies and snapshots load, its code and commands run, its links lead somewhere."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from rolecall import Snapshot, errors
from rolecall.analysis.grids import Bench, read_tests
from rolecall.compiler import compile_policy, load_table
from rolecall.loader import load_policy, read_policy
from rolecall.testing import demo_district, demo_requests
from rolecall.vocabulary.origin import Finding
from rolecall.vocabulary.reasons import SENTENCES

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"^```(\S*)[ ]*(.*?)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"\w+\.(?:py|yaml)")
LINK = re.compile(r"\[[^\]]+\]\(([^)\s#]*)(?:#([^)\s]+))?\)")
SECTIONS = ("roles:", "resources:", "permission_sets:", "rules:")
RULE = {"because": "B.", "when": "{teacher: section}", "min": "viewer"}


class Block(NamedTuple):
    """A fenced block: its page, first line, language, what is said of it beside the language, and text."""

    page: str
    line: int
    language: str
    said: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks(*languages: str) -> Iterator[Block]:
    """Give the fenced blocks of all pages in these languages."""
    for page in PAGES:
        text = page.read_text("utf-8")
        for match in FENCE.finditer(text):
            language, said, body = match.groups()
            if not languages or language in languages:
                yield Block(page.name, text[: match.start()].count("\n") + 2, language, said, body)


def first_policy(page: str) -> str:
    """Give the policy that a page's fragments are additions to."""
    return next(block.text for block in blocks("yaml") if block.page == page and block.text.startswith("rolecall: 1"))


def findings(folder: Path, **files: str) -> list[Finding]:
    """Write files, and give what `rolecall check` finds in them."""
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, "utf-8")
    policy, found = read_policy(".")
    return [*found, *(compile_policy(policy).findings if policy else ())]


@pytest.fixture(autouse=True)
def back(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Work in a folder of one's own, with the shipped policy, the demo's facts and those of docs/facts.md."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")
    for name in ("ROLECALL_POLICIES", "ROLECALL_SNAPSHOT"):
        monkeypatch.delenv(name, raising=False)


def world(folder: Path, page: str) -> None:
    """Lay out what a page's examples speak of: the shipped policy, `demo.json`, what pages call by a name.

    A block that has a file's name beside its language is that file, for the examples of its page.
    """
    (folder / "policies").symlink_to(ROOT / "policies")
    district = demo_district()
    (folder / "demo.json").write_text(json.dumps(district))
    (folder / "requests.jsonl").write_text("".join(json.dumps(one) + "\n" for one in demo_requests(district, 20)))
    (folder / "first.yaml").write_text(next(block.text for block in blocks("yaml") if block.page == "testing.md"))
    (folder / "snapshot.json").write_text(next(block.text for block in blocks("json") if block.page == "facts.md"))
    for block in blocks("python", "yaml"):
        if block.page == page and FILE.fullmatch(block.said):
            (folder / block.said).write_text(block.text)


def loadable(block: Block) -> bool:
    """Tell whole policies, and the fragments of docs/language.md, from what is refused or only shows a few lines."""
    return block.said != "refused" and (block.text.startswith("rolecall: 1") or block.page == "language.md")


@pytest.mark.parametrize("block", [b for b in blocks("yaml") if loadable(b)], ids=str)
def test_a_policy_loads(block: Block, tmp_path: Path) -> None:
    """A whole policy loads by itself, a fragment beside the first policy of its page; without as much as a warning."""
    if block.text.startswith("rolecall: 1"):
        found = findings(tmp_path, policy=block.text)
    else:
        assert block.text.startswith(SECTIONS)
        found = findings(tmp_path, policy=first_policy(block.page), more="rolecall: 1\n" + block.text)
    assert [one.render() for one in found if one.severity != "note"] == []


@pytest.mark.parametrize("block", [b for b in blocks("yaml") if b.text.startswith("rolecall-tests: 1")], ids=str)
def test_a_test_passes(block: Block, tmp_path: Path) -> None:
    """Each file of tests that a page shows is well-formed, and the shipped policy passes it."""
    (tmp_path / "tests.yaml").write_text(block.text, "utf-8")
    policy = load_policy(ROOT / "policies")
    files, found = read_tests(tmp_path, policy)
    assert [one.render() for one in found] == []
    assert all(result.passed for result in Bench(load_table(policy)).run(files))


@pytest.mark.parametrize("block", [b for b in blocks("yaml") if b.said == "refused"], ids=str)
def test_a_refused_policy_is_refused_in_these_words(block: Block, tmp_path: Path) -> None:
    """What follows a policy that is refused is what an author gets to read."""
    shown = next(b.text for b in blocks("text") if b.page == block.page and b.line > block.line)
    found = findings(tmp_path, policy=first_policy(block.page), more=block.text)
    assert "\n\n".join(one.render() for one in found) + "\n" == shown


def mistakes() -> Iterator[tuple[str, str, str]]:
    """Give the rows of the table of common mistakes."""
    text = (ROOT / "docs" / "language.md").read_text("utf-8")
    table = text.partition("| you write |")[2].partition("\n\n")[0]
    for row in table.splitlines()[2:]:
        wrote, says, offers = (cell.strip() for cell in row.strip().strip("|").split(" |"))
        yield wrote, says, offers


@pytest.mark.parametrize(("wrote", "says", "offers"), [*mistakes()])
def test_a_mistake_is_told_in_these_words(wrote: str, says: str, offers: str, tmp_path: Path) -> None:
    """Each row of the table is what happens."""
    rule = dict(RULE)
    if wrote.startswith("no "):
        del rule[wrote.removeprefix("no ").strip("`")]
    for key, _, value in (line.partition(": ") for line in re.findall("`([^`]+)`", wrote) if ": " in line):
        rule[key] = value
    if "max" in rule:
        del rule["min"]
    lines = "".join(f"    {key}: {value}\n" for key, value in rule.items())
    more = f"rolecall: 1\nrules:\n  - id: r\n{lines}"
    found = [one for one in findings(tmp_path, policy=first_policy("language.md"), more=more) if one.severity != "note"]
    assert [(one.message, " ".join(one.helps)) for one in found] == [(says, offers)]


@pytest.mark.parametrize("block", [b for b in blocks("json", "jsonl") if not b.said], ids=str)
def test_a_snapshot_loads(block: Block, tmp_path: Path) -> None:
    """Each snapshot that a page shows loads, and nothing of it is left out."""
    file = tmp_path / f"shown.{block.language}"
    file.write_text(block.text, "utf-8")
    assert Snapshot.load(file).reports == ()


@pytest.mark.parametrize("block", [*blocks("python")], ids=str)
def test_python_compiles(block: Block) -> None:
    """Each piece of Python is Python."""
    compile(block.text, str(block), "exec")


SPOKEN = [b for b in blocks("python") if b.page != "README.md" and not FILE.fullmatch(b.said)]


@pytest.mark.parametrize("page", sorted({b.page for b in SPOKEN}))
def test_python_runs(page: str, tmp_path: Path) -> None:
    """A page's pieces of Python run one after the other, as somebody would type them (the README's are a sketch).

    Those that are files are run by the page's commands, or by a test of their own.
    """
    world(tmp_path, page)
    names: dict[str, object] = {"__name__": "example"}
    for block in SPOKEN:
        if block.page == page:
            exec(compile("\n" * (block.line - 1) + block.text, page, "exec"), names)  # noqa: S102 - the examples are ours


def goes_on(command: str) -> bool:
    """Say whether a command goes on in the next line: after a backslash, or in a text that END closes."""
    return command.endswith("\\\n") or ("<<'END'" in command and not command.endswith("\nEND\n"))


def commands(text: str) -> list[tuple[str, str]]:
    """Give each command of a console block with the output shown for it."""
    found: list[tuple[str, str]] = []
    for line in text.splitlines(keepends=True):
        if line.startswith("$ "):
            found.append((line[2:], ""))
        elif goes_on(found[-1][0]):
            found[-1] = (found[-1][0] + line, "")
        else:
            found[-1] = (found[-1][0], found[-1][1] + line)
    return found


def story(block: Block) -> list[Block]:
    """Give a block of commands after those that it goes on from."""
    before = [one for one in CONSOLES if one.page == block.page and one.line <= block.line]
    first = max(at for at, one in enumerate(before) if one.said != "on")
    return before[first:]


CONSOLES = [b for b in blocks("console") if b.text.startswith("$ ")]


@pytest.mark.parametrize("block", CONSOLES, ids=str)
def test_a_command_says_what_is_shown(block: Block, tmp_path: Path) -> None:
    """Commands after `$` give the output below them; `…` stands for what differs from run to run.

    A block that is marked `on` goes on where the one before it ended.
    """
    world(tmp_path, block.page)
    asked = [one for some in story(block) for one in commands(some.text)]
    script = "".join(f"{command}\ncode=$?; printf '\\001'; (exit $code)\n" for command, _ in asked)
    ran = subprocess.run(["bash", "-c", f"exec 2>&1; {script}"], capture_output=True, text=True, check=False)
    for (command, shown), said in zip(asked, ran.stdout.split("\1"), strict=False):
        pattern = ".*".join(re.escape(part) for part in shown.split("…"))
        assert re.fullmatch(pattern, said), f"{command}{said}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link names a file that is there, and a heading that it has."""
    for target, heading in LINK.findall(FENCE.sub("", page.read_text("utf-8"))):
        if "://" in target:
            continue
        file = page.parent / target if target else page
        assert file.exists(), target
        if heading:
            titles = re.findall(r"^#+ (.*)$", file.read_text("utf-8"), re.MULTILINE)
            slugs = [re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles]
            assert heading in slugs, f"{target}#{heading}"


def test_every_reason_code_is_explained() -> None:
    """The table of reason codes has each code once."""
    text = (ROOT / "docs" / "python.md").read_text("utf-8")
    table = text.partition("| code |")[2].partition("\n\n")[0]
    assert sorted(re.findall(r"^\| `([a-z-]+)` \|", table, re.MULTILINE)) == sorted(SENTENCES)


def test_every_error_is_in_the_tree() -> None:
    """The tree of errors in docs/python.md has every error of `rolecall.errors`, and nothing else."""
    tree = next(block.text for block in blocks("text") if block.page == "python.md" and "RolecallError" in block.text)
    defined = {name for name in errors.__all__ if isinstance(getattr(errors, name), type)}
    assert set(re.findall(r"(?:^|[├└]── )(\w+)", tree, re.MULTILINE)) == defined
