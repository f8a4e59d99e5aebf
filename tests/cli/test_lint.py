"""`rolecall lint`: what is hardly meant, how it is ignored and mended, and how programs read it."""

import json
import stat

import pytest
from demo import POLICIES
from rolecall.analysis.lint import IDS
from shell import run

HEAD = """\
rolecall: 1
application: x
resources: {section: {permissions: {view: , edit: {implies: [view]}}}}
rules:
  - id: teachers-edit
    because: A teacher edits the classes they teach.
    when: {teacher: section}
    min: {section: [edit]}
"""
NEEDLESS = """\
  - id: first-teachers-look
    because: Whom a class names first may look at it.
    when: {primary_teacher: section}
    min: {section: [view]}
"""
ALL = """\
  - id: tech-leads-look-around
    because: School Tech Leads look at classes and change nothing.
    when: {SchoolTechLead: school}
    max: {section: [view]}
    overrides: all
"""
CUT = ALL.replace("    overrides: all\n", "")


@pytest.fixture
def policy(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def written(text, name="p.yaml"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(text.encode())
        return name

    return written


def codes(ran):
    return [one["code"] for one in json.loads(ran.out)["findings"]]


def test_the_shipped_policy_has_nothing_but_notes():
    """Strictly, and without a comment that ignores anything."""
    ran = run("lint", "--strict", POLICIES)
    assert (ran.code, ran.err) == (0, "")
    assert ": 0 errors, 0 warnings, 8 notes" in ran.out
    assert not any("rolecall: ignore" in file.read_text() for file in POLICIES.rglob("*.yaml"))


def test_warnings_make_the_answer_no_only_with_strict(policy):
    """The place, the reason and the fix are shown either way, and that `--fix` could mend it."""
    file = policy(HEAD + NEEDLESS)
    for options, code in (((), 0), (("--strict",), 1)):
        ran = run("lint", *options, file)
        assert (ran.code, ran.err) == (code, "")
        assert "warning[redundant-rule]: without rule `first-teachers-look` nothing would be different\n" in ran.out
        assert "= why: rule `teachers-edit` gives as much, to at least as many" in ran.out
        assert "`rolecall lint --fix` tries to mend 1 of them" in ran.out


def test_errors_make_the_answer_no(policy):
    """Those of `check`, and those that keep the policy from loading."""
    ran = run("lint", policy(HEAD + CUT))
    assert ran.code == 1
    assert "error[floor-cut]" in ran.out
    ran = run("lint", policy(HEAD.replace("teacher: s", "techer: s")))
    assert ran.code == 1
    assert "error[unknown-name]" in ran.out


def test_a_comment_with_a_reason_passes_a_finding_over(policy):
    """On a line of the rule or directly above it; not from elsewhere, and not without a reason."""
    asks = "# rolecall: ignore redundant-rule"
    reason = f"{asks} - the audit of 2025 asks for the sentence"
    above = HEAD + f"  {reason}\n  # and more is said of it\n" + NEEDLESS
    beside = HEAD + NEEDLESS.replace("look\n", f"look  {reason}\n", 1)
    for text in (above, beside):
        assert codes(run("lint", "--format", "json", policy(text))) == []
    elsewhere = HEAD + f"  {reason}\n\n" + NEEDLESS
    assert codes(run("lint", "--format", "json", policy(elsewhere))) == ["unused-suppression", "redundant-rule"]
    ran = run("lint", "--format", "json", policy(HEAD + f"  {asks} - todo\n" + NEEDLESS))
    assert (ran.code, codes(ran)) == (1, ["suppression-without-reason", "redundant-rule"])
    two = HEAD + "  # rolecall: ignore redundant-rule, everyone-has - both of them are meant\n" + NEEDLESS
    assert codes(run("lint", "--format", "json", policy(two))) == ["unused-suppression"]
    assert codes(run("lint", "--format", "json", policy(HEAD + "  # rolecall: ignore\n" + NEEDLESS)))[0] == (
        "suppression-without-reason"
    )


def test_an_error_is_never_ignored(policy):
    """The comment is told to be of no use."""
    text = HEAD + "  # rolecall: ignore floor-cut - it is meant that way\n" + CUT
    assert codes(run("lint", "--format", "json", policy(text))) == ["floor-cut", "unused-suppression"]


def test_what_looks_like_a_comment_in_a_text_is_none(policy):
    """Within quotes, and in a text after `|`."""
    said = "Whom a class names first: # rolecall: ignore redundant-rule - no comment at all"
    quoted = NEEDLESS.replace("Whom a class names first may look at it.", f'"{said}"')
    block = NEEDLESS.replace("Whom a class names first may look at it.", f"|\n      {said}")
    for text in (quoted, block):
        assert codes(run("lint", "--format", "json", policy(HEAD + text))) == ["redundant-rule"]


def test_explaining_a_rule():
    """Every rule can be explained, in or out of a policy's folder; what is no rule is wrong usage."""
    for rule in IDS:
        ran = run("lint", "--explain", rule)
        assert ran.code == 0
        assert ran.out.startswith(f"{rule}\n\n")
        assert "\nBad:\n" in ran.out
        assert "\nGood:\n" in ran.out
    ran = run("lint", "--explain", "redundant-rul")
    assert (ran.code, ran.out) == (2, "")
    assert "redundant-rule" in ran.err


def test_mending_writes_what_is_proven(policy, tmp_path):
    """What was done is said, the file keeps its mode, its marks and its line ends, and nothing is found any more."""
    text = "# all of it\n" + HEAD + NEEDLESS + ALL
    file = policy("\ufeff" + text.replace("\n", "\r\n"))
    (tmp_path / file).chmod(0o640)
    ran = run("lint", "--fix", "--strict", file)
    assert (ran.code, ran.err) == (0, "")
    assert "fixed: delete rule `first-teachers-look`" in ran.out
    assert "fixed: name in `overrides` of `tech-leads-look-around` what it cuts" in ran.out
    wanted = "# all of it\n" + HEAD + ALL.replace("all\n", "[teachers-edit]\n")
    assert (tmp_path / file).read_bytes() == ("\ufeff" + wanted.replace("\n", "\r\n")).encode()
    assert stat.S_IMODE((tmp_path / file).stat().st_mode) == 0o640
    assert [one.name for one in tmp_path.iterdir()] == [file]
    data = json.loads(run("lint", "--fix", "--format", "json", file).out)
    assert (data["fixed"], data["not_fixed"]) == ([], [])


def test_what_is_not_mended_says_why(policy, tmp_path):
    """A comment that would be lost, a test that names the rule; and other rules let go of the name."""
    commented = HEAD + NEEDLESS.replace("section}\n", "section}  # since 2024\n", 1)
    ran = run("lint", "--fix", policy(commented))
    assert "not fixed: redundant-rule at p.yaml:9: a comment stands there, and would be lost or left behind" in ran.out
    policy(HEAD + NEEDLESS, "both/p.yaml")
    grid = (
        "rolecall-tests: 1\ntests:\n  - {test: T, on: section, grid: {teacher: {view: {yes: first-teachers-look}}}}\n"
    )
    policy(grid, "both/t.yaml")
    assert "both/t.yaml names `first-teachers-look`" in run("lint", "--fix", "both").out
    named = HEAD + NEEDLESS + ALL.replace("all\n", "[teachers-edit, first-teachers-look]\n")
    assert "fixed: delete rule `first-teachers-look`\n" in run("lint", "--fix", policy(named)).out
    assert (tmp_path / "p.yaml").read_text() == HEAD + ALL.replace("all\n", "[teachers-edit]\n")


def test_sets_that_are_the_same_become_one(policy, tmp_path):
    """Whatever named the second names the first, in other files too."""
    policy(
        "rolecall: 1\napplication: x\nresources: {section: {permissions: [view]}}\npermission_sets:\n"
        "  one: {section: [view]}\n  two: {section: all}\n  unused: {section: all}\n",
        "f/a.yaml",
    )
    rule = "rolecall: 1\nrules:\n  - {id: r, because: Teachers see what they teach., when: {teacher: section}, min: [two]}\n"
    other = (
        rule.replace("id: r", "id: s")
        .replace("teacher: section", "staff: school")
        .replace("two", "one")
        .replace("Teachers", "Staff")
    )
    policy(rule, "f/b.yaml")
    policy(other, "f/c.yaml")
    ran = run("lint", "--fix", "--strict", "f")
    assert (ran.code, ran.err) == (0, "")
    assert (tmp_path / "f/b.yaml").read_text() == rule.replace("[two]", "[one]")
    assert (tmp_path / "f/a.yaml").read_text().endswith("permission_sets:\n  one: {section: [view]}\n")


@pytest.mark.parametrize("command", ["check", "lint"])
def test_github_shows_annotations(policy, command):
    """A line a finding with its place; notes are left out, and nothing in a text begins another command."""
    file = policy(HEAD.replace("application: x\n", "") + ALL + CUT.replace("tech-leads-look-around", "two"))
    ran = run(command, "--format", "github", file)
    assert ran.code == 1
    assert ran.out.startswith("::error file=p.yaml,line=3,col=") or "::error file=p.yaml" in ran.out
    ran = run(command, "--format", "github", policy(HEAD + CUT))
    assert ran.out.startswith("::error file=p.yaml,line=12,col=10,title=rolecall floor-cut::the maximum of ")
    assert "%0Ahelp: " in ran.out
    assert ran.out.count("\n") == ran.out.count("::error")
    assert run(command, "--format", "github", policy(HEAD + ALL.replace("all\n", "[teachers-edit]\n"))).out == ""


@pytest.mark.parametrize("command", ["check", "lint"])
def test_sarif_is_what_the_standard_asks_for(policy, command):
    """Version, tool, rules by index, levels, relative places, and fingerprints."""
    policy(HEAD + CUT + NEEDLESS, "po licy/p.yaml")
    log = json.loads(run(command, "--format", "sarif", "po licy").out)
    assert log["version"] == "2.1.0"
    assert log["$schema"].startswith("https://")
    (one,) = log["runs"]
    driver = one["tool"]["driver"]
    assert driver["name"] == "rolecall"
    ids = [rule["id"] for rule in driver["rules"]]
    assert len(set(ids)) == len(ids)
    assert one["results"]
    for result in one["results"]:
        assert ids[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in ("error", "warning", "note")
        assert result["message"]["text"]
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"] == "po%20licy/p.yaml"
        assert place["region"]["startLine"] >= 1
        assert place["region"]["endColumn"] > place["region"]["startColumn"] >= 1
        assert all(isinstance(mark, str) and mark for mark in result["partialFingerprints"].values())
    if command == "lint":
        assert set(IDS) <= set(ids)
        assert all(rule["shortDescription"]["text"] and rule["help"]["markdown"] for rule in driver["rules"])


def test_policy_text_is_no_link_in_sarif(policy):
    """A message may hold links, `[text](address)`, and a policy's words must not be one."""
    text = HEAD.replace("teacher: section", '"[see](https://evil.example)": section', 1)
    log = json.loads(run("check", "--format", "sarif", policy(text)).out)
    said = [one["message"]["text"] for one in log["runs"][0]["results"]]
    assert any("evil.example" in one for one in said)
    assert not any("](" in one for one in said)


def test_fingerprints_stay_while_lines_move(policy):
    """They differ from each other, and neither lines nor other rules change them."""

    def marks(text):
        log = json.loads(run("lint", "--format", "sarif", policy(text)).out)
        return {result["partialFingerprints"]["rolecall/v1"] for result in log["runs"][0]["results"]}

    before = marks(HEAD + NEEDLESS + ALL)
    after = marks("# one\n# two\n" + HEAD + ALL + "\n\n" + NEEDLESS.replace("at it.", "at it, always."))
    assert len(before) > 2
    assert before == after


def test_a_path_that_is_not_there_is_wrong_usage(tmp_path):
    """The exit code tells a typo in the path from a finding."""
    ran = run("lint", tmp_path / "none")
    assert (ran.code, ran.out) == (2, "")
