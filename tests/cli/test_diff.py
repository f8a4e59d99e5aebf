"""`rolecall diff`: what an edit means, told to people, pull requests and programs, and gated."""

import json
import os
import re
import subprocess
import time
from pathlib import Path

import pytest
import stores
from demo import POLICIES
from rolecall.facts.store import Store
from rolecall.testing import demo_district
from rolecall_cli.difference import markdown
from shell import demo_file, run

CASES = Path(__file__).parents[1] / "cases" / "diff"
REGOLD = os.environ.get("ROLECALL_REGOLD") == "1"
FORMATS = {"text": "text.txt", "markdown": "markdown.md", "github": "github.txt", "json": "data.json"}
GOOD = """\
rolecall: 1
application: x
resources: {section: {permissions: [view, edit]}, student: {permissions: [view, export]}}
rules:
  - {id: r, because: Teachers see what they teach., when: {teacher: section}, min: {section: [view]}}
"""
MORE = GOOD + "  - {id: s, because: Staff help., when: {staff: school}, min: {section: [view], student: [export]}}\n"


@pytest.fixture(autouse=True)
def plain(monkeypatch):
    """No colour, and no facts but those that are given."""
    monkeypatch.setenv("NO_COLOR", "1")
    for name in ("ROLECALL_POLICIES", "ROLECALL_SNAPSHOT", "ROLECALL_STORE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def both(tmp_path, monkeypatch):
    """Two versions of a small policy."""
    monkeypatch.chdir(tmp_path)
    Path("old.yaml").write_text(GOOD, "utf-8")
    Path("new.yaml").write_text(MORE, "utf-8")


@pytest.mark.parametrize("case", sorted(one.name for one in CASES.iterdir()))
@pytest.mark.parametrize("form", FORMATS)
def test_the_texts_are_as_agreed(case, form, monkeypatch):
    """Each format of each case is the golden one."""
    monkeypatch.chdir(CASES / case)
    ran = run("diff", "old.yaml", "new.yaml", "--format", form)
    assert (ran.code, ran.err) == (0, "")
    said = re.sub(r"sha256:[0-9a-f]+", "sha256:…", ran.out)
    if REGOLD:
        Path(FORMATS[form]).write_text(said, "utf-8")
    assert said == Path(FORMATS[form]).read_text("utf-8")


def test_no_change_is_said_to_be_proven():
    """The shipped policy against itself."""
    ran = run("diff", POLICIES, POLICIES)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"{POLICIES} → {POLICIES}: no change in meaning\n\n")
    assert ran.out.endswith(" reachable cells, and none differs: proven, not sampled\n")


@pytest.mark.parametrize(
    ("gates", "code"),
    [
        (["gained"], 1),
        (["changed"], 1),
        (["lost"], 0),
        (["gained:student.*"], 1),
        (["gained:student.export"], 1),
        (["gained:section.edit"], 0),
        (["lost", "gained:*.export"], 1),
        (["lost:*"], 0),
    ],
)
@pytest.mark.usefixtures("both")
def test_gates(gates, code):
    """A gate lets an edit through, or says what it does not let through."""
    ran = run("diff", "old.yaml", "new.yaml", *(word for gate in gates for word in ("--fail-on", gate)))
    assert ran.code == code
    assert ("refused: --fail-on" in ran.out) == bool(code)


@pytest.mark.parametrize(
    ("gate", "said"),
    [
        ("gained:studnet.*", "nothing: neither version has a resource type `studnet`: did you mean `student`?"),
        ("gained:student.exprot", "neither version has a permission `exprot`: did you mean `export`?"),
        ("lost:*.export-all", "neither version has a permission `export-all`"),
    ],
)
@pytest.mark.usefixtures("both")
def test_a_gate_that_guards_nothing_is_refused(gate, said):
    """A typo in a gate would let everything through, and nobody would know."""
    ran = run("diff", "old.yaml", "new.yaml", "--fail-on", gate)
    assert ran.code == 2
    assert said in ran.err


@pytest.mark.usefixtures("both")
def test_what_only_doubt_gains_is_told_beside_what_others_lose():
    """Nobody is beyond doubt a student and a teacher of a class: such people gain what the staff lose, and it is gated."""
    cap = "  - {id: t, because: B., when: {student: section, teacher: section}, max: none, overrides: all}\n"
    Path("old.yaml").write_text(MORE + cap, "utf-8")
    Path("new.yaml").write_text(GOOD, "utf-8")
    ran = run("diff", "old.yaml", "new.yaml", "--fail-on", "gained")
    assert ran.code == 1
    assert "  gained section.view, for example a student of the section and a teacher of the section\n" in ran.out
    assert "      takes it away no longer: t (old.yaml:7), removed\n" in ran.out
    assert "behind no difference" not in ran.out
    assert "refused: --fail-on gained:*.*: somebody gains section.view" in ran.out
    found = json.loads(run("diff", "old.yaml", "new.yaml", "--format", "json").out)
    assert [one["rule"] for doubt in found["doubts"] for one in doubt["rules"]] == ["t"]
    assert "- gained `section.view`: `t` takes it away no longer (`removed`)" in run(
        "diff", "old.yaml", "new.yaml", "--format", "markdown").out  # fmt: skip
    assert "::warning title=gained%3A section.view::where roles are doubtful" in run(
        "diff", "old.yaml", "new.yaml", "--format", "github").out  # fmt: skip


@pytest.mark.usefixtures("both")
def test_what_doubt_gains_for_another_reason_is_told_beside_what_others_gain():
    """Contacts gain by a new rule what people in doubt gain by the end of another: both are told, each with its rule."""
    cap = "  - {id: t, because: B., when: {student: section, teacher: section}, max: none, overrides: all}\n"
    new = "  - {id: c, because: B., for: section, when: {contact: school}, min: {section: [view]}}\n"
    Path("old.yaml").write_text(MORE + cap, "utf-8")
    Path("new.yaml").write_text(MORE + new, "utf-8")
    found = json.loads(run("diff", "old.yaml", "new.yaml", "--format", "json").out)
    assert [one["rule"] for change in found["changes"] for one in change["rules"]] == ["c"]
    doubts = {one["permission"]: [rule["rule"] for rule in one["rules"]] for one in found["doubts"]}
    assert doubts["view"] == ["t"]
    assert all(one["changes_something"] for one in found["edited"])
    Path("old.yaml").write_text(MORE, "utf-8")  # by the same rule: it is told once
    assert json.loads(run("diff", "old.yaml", "new.yaml", "--format", "json").out)["doubts"] == []


@pytest.mark.usefixtures("both")
def test_a_comment_has_room_for_every_row(monkeypatch):
    """GitHub refuses a long one: rules in a row are counted from the seventh on, and so are lines that have no room."""
    rules = "".join(
        f"  - {{id: t{number}, because: B., when: {{contact: school}}, min: {{section: [view]}}}}\n"
        for number in range(9)
    )
    Path("new.yaml").write_text(GOOD + rules, "utf-8")
    Path("old.yaml").write_text(GOOD, "utf-8")
    comment = run("diff", "old.yaml", "new.yaml", "--format", "markdown").out
    assert "`t5` gives it (`new`) and 3 more rules |" in comment
    assert "t6" not in comment
    monkeypatch.setattr(markdown, "_ROOM", 400)
    short = run("diff", "old.yaml", "new.yaml", "--format", "markdown").out
    kept, _, said = short.partition("\n\n… and ")
    assert comment.startswith(kept)
    assert len(kept) <= 400
    left = len(re.findall(".+", comment[len(kept) :]))
    assert (
        said
        == f"{left} more line{'s' if left > 1 else ''} than a comment has room for: `--format json` has everything.\n"
    )


@pytest.mark.usefixtures("both")
def test_another_time_zone_is_gained_and_lost_where_the_term_decides():
    """No cell differs, and yet a class is past some hours earlier or later: gates mind it, of what the term decides."""
    past = "  - {id: p, because: B., for: section, when: everyone, if: {term: past}, if_unknown: {term: skip}, max: none}\n"
    old = MORE.replace("[view, edit]", "{view: , edit: {implies: [view]}}") + past
    Path("old.yaml").write_text(old, "utf-8")
    Path("new.yaml").write_text(old + "timezone: America/Chicago\n", "utf-8")
    for gate, code in (
        ("gained", 1),
        ("lost:section.view", 1),
        ("changed", 1),
        ("gained:section.edit", 0),
        ("lost:student", 0),
    ):
        ran = run("diff", "old.yaml", "new.yaml", "--fail-on", gate)
        assert ran.code == code, gate
    assert ran.out.startswith("old.yaml → new.yaml: the meaning changes, at the hours at which terms begin and end\n")
    assert "\nat the hours at which terms begin and end somebody gains or loses section.view\n" in ran.out
    assert json.loads(run("diff", "old.yaml", "new.yaml", "--format", "json").out)["shifted"] == ["section.view"]
    for form in ("markdown", "github"):
        assert "somebody gains or loses section.view" in run("diff", "old.yaml", "new.yaml", "--format", form).out
    Path("old.yaml").write_text(MORE, "utf-8")
    Path("new.yaml").write_text(MORE + "timezone: America/Chicago\n", "utf-8")
    assert run("diff", "old.yaml", "new.yaml", "--fail-on", "changed").code == 0


@pytest.mark.usefixtures("both")
def test_wrong_usage():
    """A gate that is none, people without facts, and what is neither a path nor a revision."""
    for arguments, said in (
        (["old.yaml", "new.yaml", "--fail-on", "gainde"], "`gainde` is no gate"),
        (["old.yaml", "new.yaml", "--max-people", "3"], "people are counted in facts"),
        (["no-such", "new.yaml"], "`no-such` is neither a file, a folder nor a git revision here"),
        (["--", "--output=x", "new.yaml"], "is neither a file, a folder nor a git revision here"),
    ):
        ran = run("diff", *arguments)
        assert ran.code == 2
        assert said in ran.err


@pytest.mark.usefixtures("both")
def test_an_invalid_version_is_an_invalid_policy():
    """Exit code 3, with what is wrong."""
    Path("new.yaml").write_text(GOOD.replace("teacher:", "taecher:"), "utf-8")
    ran = run("diff", "old.yaml", "new.yaml")
    assert ran.code == 3
    assert "did you mean `teacher`?" in ran.err


@pytest.mark.usefixtures("both")
def test_people():
    """How many of whom, a limit on how many, and everybody by name."""
    ran = run("diff", "old.yaml", "new.yaml", "--snapshot", demo_file(), "--max-people", "1")
    assert ran.code == 1
    count = int(re.search(r"people affected: (\d+) of 100 ", ran.out)[1])
    assert f"refused: --max-people 1: {count} people are affected" in ran.out
    assert re.search(r"\n  \d+ staff at \d+ schools gain student.export on \d+ students\n", ran.out)
    ran = run("diff", "old.yaml", "new.yaml", "--snapshot", demo_file(), "--max-people", count, "--list")
    assert ran.code == 0
    assert len({*re.findall(r"\n {6}([0-9a-f]+) (?:on|in) \d+ ", ran.out)}) == count
    ran = run("diff", "old.yaml", "new.yaml", "--snapshot", demo_file(), "--format", "json", "--list")
    rows = json.loads(ran.out)["people"]["rows"]
    assert {one["user"] for row in rows for one in row["who"]} == {*re.findall(r"\n {6}([0-9a-f]+) ", run(
        "diff", "old.yaml", "new.yaml", "--snapshot", demo_file(), "--list").out)}  # fmt: skip


@pytest.mark.usefixtures("both")
def test_people_of_a_store(tmp_path):
    """A roster store has the people that the snapshot has from which it was filled; of times before it knows nothing."""
    store = Store.open(tmp_path / "roster.db")
    stores.filled(store, demo_district(users=100), now=time.time_ns(), cursor="e")
    store.close()
    asked = ("diff", "old.yaml", "new.yaml", "--format", "json", "--list", "--at", "2099-01-01T00:00:00Z")
    found = [json.loads(run(*asked, *facts).out) for facts in (
        ("--snapshot", demo_file()), ("--store", tmp_path / "roster.db"),
    )]  # fmt: skip
    assert found[0]["people"]["affected"] == found[1]["people"]["affected"] > 0
    assert found[0]["people"]["rows"] == found[1]["people"]["rows"]
    ran = run(*asked[:-1], "2001-01-01T00:00:00Z", "--store", tmp_path / "roster.db")
    assert ran.code == 4
    assert "knows nothing of" in ran.err


def git(*arguments):
    """Run git as nobody in particular."""
    who = ["-c", "user.name=n", "-c", "user.email=e@example.org", "-c", "init.defaultBranch=main"]
    subprocess.run(["git", *who, *arguments], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A git repository with two versions, and a third that is not committed."""
    monkeypatch.chdir(tmp_path)
    git("init")
    folder = Path("deep", "policies")
    folder.mkdir(parents=True)
    (folder / "p.yaml").write_text(GOOD, "utf-8")
    (folder / ".hidden.yaml").write_text("no policy", "utf-8")
    (folder / "claims.yaml").write_text("rolecall-claims: 1\n", "utf-8")
    git("add", ".")
    git("commit", "-m", "one")
    (folder / "p.yaml").write_text(MORE, "utf-8")
    git("commit", "-am", "two")
    (folder / "p.yaml").write_text(MORE.replace("[export]", "[view]"), "utf-8")
    return folder


def test_git_revisions(repository):
    """A range, two revisions, a revision and the working folder: each is read as it was committed."""
    for arguments, said in (
        (["HEAD~1..HEAD"], ("HEAD~1:deep/policies → HEAD:deep/policies", "gained  export")),
        (["HEAD~1...HEAD"], ("HEAD~1:deep/policies → HEAD:deep/policies", "gained  export")),
        (["HEAD~1..."], ("HEAD~1:deep/policies → deep/policies", "gained  view")),
        (["HEAD~1", "main"], ("HEAD~1:deep/policies → main:deep/policies", "main:deep/policies/p.yaml:6")),
        (["main"], ("main:deep/policies → deep/policies", "lost  export")),
        (["main.."], ("main:deep/policies → deep/policies", "gained  view")),
    ):
        ran = run("diff", *arguments, "--policies", repository)
        assert (ran.code, ran.err) == (0, "")
        for one in said:
            assert one in ran.out


def test_three_dots_leave_out_what_the_other_side_did(repository):
    """`main...mine` is what mine does since it parted from main, though main has moved on; two dots compare the two."""
    git("checkout", ".")
    git("checkout", "-b", "mine", "HEAD~1")
    git("commit", "--allow-empty", "-m", "mine")
    ran = run("diff", "main...mine", "--policies", repository)
    assert re.match(r"[0-9a-f]{12}:deep/policies → mine:deep/policies: no change in meaning\n", ran.out)
    assert "lost  export" in run("diff", "main..mine", "--policies", repository).out
    git("checkout", "--orphan", "alone")
    git("commit", "-m", "alone")
    said = run("diff", "main...alone", "--policies", repository)
    assert said.code == 2
    assert "git knows no commit from which `main` and `alone` both come" in said.err


def test_annotations_of_revisions_stand_at_the_lines_of_the_repository(repository, monkeypatch):
    """As GitHub wants them, also in the workflow of docs/ci.md, which compares two revisions; of what is gone, nowhere."""
    monkeypatch.chdir(repository)
    asked = ("diff", "--policies", ".", "--format", "github")
    assert (
        "::warning file=deep/policies/p.yaml,line=6,title=gained%3A student.export::" in run(*asked, "HEAD~1..HEAD").out
    )
    gone = run(*asked, "HEAD", "HEAD~1").out
    assert "::warning title=lost%3A student.export::" in gone
    assert "(s, removed, gives it no longer), before at HEAD:deep/policies/p.yaml:6" in gone


def test_where_the_policy_lies(repository, monkeypatch, tmp_path):
    """Named from a folder beside it, or through a link to the repository."""
    monkeypatch.chdir(repository)
    assert "HEAD:deep/policies → ../policies" in run("diff", "HEAD", "--policies", "../policies").out
    Path("../../../link").symlink_to(tmp_path)
    assert "HEAD~1:deep/policies → " in run("diff", "HEAD~1", "HEAD", "--policies", "../../../link/deep/policies").out


def test_what_is_no_revision_says_what_may_be_meant(repository, tmp_path_factory, monkeypatch):
    """A branch of the remote, a revision with its folder, a commit that a shallow clone lacks, no repository at all."""
    git("update-ref", "refs/remotes/origin/theirs", "HEAD")
    git("checkout", "-b", "other")
    for what, said in (
        ("theirs", "did you mean `origin/theirs`?"),
        ("main:deep/policies", "write `main`, and `--policies deep/policies`"),
    ):
        assert said in run("diff", what, "--policies", repository).err
    there = tmp_path_factory.mktemp("clones")
    git("clone", "--depth", "1", f"file://{Path.cwd()}", str(there / "shallow"))
    (there / "none").mkdir()
    for folder, said in (("shallow", "this clone is shallow"), ("none", "this is no git repository")):
        monkeypatch.chdir(there / folder)
        assert said in run("diff", "HEAD~1").err


def test_what_git_has_no_policy_for(repository, tmp_path):
    """A revision without such a folder, a folder outside, and a link that is committed."""
    assert "has no policy in `other`" in run("diff", "HEAD~1..HEAD", "--policies", "other").err
    ran = run("diff", "HEAD~1..HEAD", "--policies", tmp_path.parent)
    assert "lies outside the git repository" in ran.err
    (repository / "linked.yaml").symlink_to("p.yaml")
    git("add", ".")
    git("commit", "-m", "three")
    ran = run("diff", "HEAD~1..HEAD", "--policies", repository)
    assert ran.code == 3
    assert "is a link, or a repository of its own" in ran.err


NASTY = "`|</td>[x](javascript:alert(1)) @everyone ![](http://evil.example/p.png) **b**\\n::error::x %0A"


def test_policy_text_cannot_mark_anything_up(tmp_path, monkeypatch):
    """Whatever an attribute's value says, it stands in a code span of one line that it cannot end."""
    monkeypatch.chdir(tmp_path)
    old = GOOD.replace(
        "[view, edit]}", "[view, edit], attributes: {state: [plain, " + json.dumps(NASTY.replace("\\n", "\n")) + "]}}"
    )
    new = old + "  - id: t\n    because: B.\n    for: section\n    when: {staff: school}\n    if: {state: "
    new += json.dumps(NASTY.replace("\\n", "\n")) + "}\n    min: {section: [edit]}\n"
    Path("old.yaml").write_text(old, "utf-8")
    Path("new.yaml").write_text(new, "utf-8")
    ran = run("diff", "old.yaml", "new.yaml", "--format", "markdown")
    assert ran.code == 0
    row = next(line for line in ran.out.splitlines() if "evil" in line)
    assert row.count("|") == 6
    outside = re.sub(r"`[^`]*`", "", ran.out)
    assert row.count("`") % 2 == 0
    assert not re.search(r"evil|javascript|@everyone|::error", outside)
    ran = run("diff", "old.yaml", "new.yaml", "--format", "github")
    assert all(line.startswith(("::warning ", "::notice ")) for line in ran.out.splitlines())
