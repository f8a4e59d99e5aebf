"""`rolecall diff --audit`: which recorded decisions the edit would have made others, decided again by both versions."""

import json
import re
import shutil
from collections import Counter

import demo
import logs
import pytest
from rolecall.audit import Audit
from rolecall.audit.reading import Log, Wanted
from rolecall.audit.whatif import WhatIf, between
from rolecall.compiler import load_table
from rolecall.instants import DAY
from rolecall.loader import load_policy
from shell import run

ASKED = logs.requests(250, seed=5)


@pytest.fixture(autouse=True)
def plain(monkeypatch):
    """No colour, and no facts but those that are given."""
    monkeypatch.setenv("NO_COLOR", "1")
    for name in ("ROLECALL_POLICIES", "ROLECALL_SNAPSHOT", "ROLECALL_STORE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A log of the demo district, recorded under the shipped policy; two other versions of it."""
    folder = tmp_path_factory.mktemp("history")
    for name, file, old, new in (
        ("wider", "educators.yaml", "when: {staff: school}", "when: {staff: anywhere}"),
        ("stricter", "educators.yaml", "min: staff-level", "min: {section: [view]}"),
        ("other-type", "classroom.yaml", "  grade:\n    within", "  mark:\n    within"),
    ):
        shutil.copytree(demo.POLICIES, folder / name, ignore=shutil.ignore_patterns("tests", "claims.yaml"))
        for one in (folder / name).iterdir() if name == "other-type" else [folder / name / file]:
            text = one.read_text("utf-8")
            if name == "other-type":
                text = re.sub(r"\bgrade: (\[|all)", r"mark: \1", text).replace(old, new)
                text = text.replace("for: grade", "for: mark").replace("assignment, grade]", "assignment, mark]")
                text = text.replace("for: [grade, note]", "for: [mark, note]")
            one.write_text(text.replace(old, new, 1), "utf-8")
    audit = Audit.open(folder / "audit.db")
    logs.record(audit, ASKED)
    audit.close()
    return folder


def table(folder):
    return load_table(load_policy(folder))


def diff(made, old, new, *more):
    return run("diff", old, made / new, "--audit", made / "audit.db", *more)


def shown(decision, asked):
    """What of a decision was asked: one permission, or all."""
    held = set(decision.permissions)
    return held if asked is None else held & {asked}


@pytest.mark.parametrize(("old", "new"), [("shipped", "wider"), ("wider", "stricter"), ("stricter", "shipped")])
def test_it_is_what_both_versions_decide(made, old, new):
    """Decided from the records, what differs is what differs where both versions are asked about the roster itself."""
    folders = [demo.POLICIES if one == "shipped" else made / one for one in (old, new)]
    log, tally = Log.open(str(made / "audit.db")), WhatIf()
    entries = log.entries(Wanted().query(oldest_first=True))
    shifts = [*between(entries, log.blobs, *map(table, folders), tally)]
    log.close()
    before, after = (logs.record(None, ASKED, policies=one) for one in folders)
    expected = Counter()
    for (user, thing, asked, _), was, now in zip(ASKED, before, after, strict=True):
        had, has = shown(was, asked), shown(now, asked)
        if had != has:
            expected[user, thing.id, tuple(sorted(has - had)), tuple(sorted(had - has))] += 1
    assert Counter((one.entry.subject, one.entry.resource, one.gained, one.lost) for one in shifts) == expected
    assert (tally.records, tally.different, tally.unknown, tally.unrecorded) == (250, len(shifts), {}, {})
    assert len(shifts) > 3


def test_the_texts(made):
    """How many, whom, by which rule; in each format; each decision with `--list`."""
    ran = diff(made, demo.POLICIES, "wider")
    assert (ran.code, ran.err) == (0, "")
    count = int(re.search(r"\nrecorded decisions: (\d+) of 250 would be others \(from 2026-09-14T", ran.out)[1])
    assert count
    assert re.search(r"\n  \d+ people would gain [\w, ]+ on \d+ \w+ \(\d+ decisions\)\n", ran.out)
    assert "educators.yaml:30) gives\n    such as " in ran.out
    listed = diff(made, demo.POLICIES, "wider", "--list").out
    assert len(re.findall(r"\n {6}[0-9a-f-]{36} 2026-\S+ \S+ \w+ \S+ \+", listed)) == count
    data = json.loads(diff(made, demo.POLICIES, "wider", "--list", "--format", "json").out)["decisions"]
    assert data["different"] == count == len(data["decisions"]) == sum(one["decisions"] for one in data["groups"])
    assert "decisions" not in json.loads(diff(made, demo.POLICIES, "wider", "--format", "json").out)["decisions"]
    ran = diff(made, demo.POLICIES, "wider", "--format", "markdown", "--list")
    assert f"**{count} of 250 recorded decisions would be others** (from " in ran.out
    assert ran.out.count(": `administrators-view-their-schools` gives\n") == len(data["groups"])
    assert all(f"\n- `{one['decision']}`\n" in ran.out for one in data["decisions"])
    ran = diff(made, demo.POLICIES, "wider", "--format", "github")
    assert f"::notice title=recorded decisions::recorded decisions%3A {count}" not in ran.out
    assert f"::notice title=recorded decisions::recorded decisions: {count} of 250" in ran.out


def test_a_limit(made):
    """More than so many make the answer no; those that cannot be compared count, for they may be others."""
    ran = diff(made, demo.POLICIES, "wider", "--max-decisions", "1")
    assert ran.code == 1
    assert re.search(r"refused: --max-decisions 1: \d+ recorded decisions would be others\n", ran.out)
    assert diff(made, demo.POLICIES, "wider", "--max-decisions", "250").code == 0
    ran = diff(made, demo.POLICIES, "other-type", "--max-decisions", "1", "--format", "markdown")
    assert ran.code == 1
    assert re.search(r"--max-decisions 1: 0 recorded decisions would be others, and \d+ cannot be compared", ran.out)


def test_what_cannot_be_compared_is_said(made):
    """With the version that does not know the type."""
    grades = sum(thing.type == "grade" for _, thing, _, _ in ASKED)
    ran = diff(made, demo.POLICIES, "other-type")
    assert f"\n{grades} cannot be compared:\n" in ran.out
    assert f"\n  {grades}: the new version: the policy has no resource type `grade`\n" in ran.out
    ran = diff(made, made / "other-type", "stricter", "--format", "github")
    assert "the old version: the policy has no resource type `grade`" in ran.out


def test_what_was_not_recorded_is_said(made, tmp_path):
    """An attribute and a role that only the new version asks about were not recorded; it says how often that was so."""
    new = tmp_path / "new"
    shutil.copytree(demo.POLICIES, new)
    (new / "more.yaml").write_text(
        "rolecall: 1\nroles:\n  coach: {scopes: [section]}\nrules:\n  - id: coaches\n    because: Coaches look.\n"
        "    for: assignment\n    when: {coach: section}\n    if: {starred: true}\n    min: {assignment: [view]}\n"
    )
    text = (new / "classroom.yaml").read_text()
    (new / "classroom.yaml").write_text(
        text.replace("      locked: boolean", "      locked: boolean\n      starred: boolean")
    )
    ran = run("diff", demo.POLICIES, new, "--audit", made / "audit.db")
    homework = sum(thing.type == "assignment" for _, thing, _, _ in ASKED)
    for what in ("attribute `starred`", "role `coach`"):
        assert f"\n  {homework} were decided without {what}, which the policy of then did not ask about" in ran.out


def test_a_while(made):
    """`--since` and `--until` bound it; without them it is the thirty days before the newest record, or before `--until`."""
    since, until = "2026-10-14T15:00:10Z", "2026-10-14T15:00:20Z"
    for options, records in (
        (("--since", since), 241),
        (("--until", until), 19),
        (("--since", since, "--until", until), 10),
        (("--since", "2027-01-01T00:00:00Z"), 0),
    ):
        data = json.loads(diff(made, demo.POLICIES, "wider", "--format", "json", *options).out)["decisions"]
        assert data["records"] == records, options
    assert (
        "(from 2026-09-14T15:00:20.000Z until 2026-10-14T15:00:20.000Z)"
        in diff(made, demo.POLICIES, "wider", "--until", until).out
    )


def test_old_records_are_left_out(tmp_path):
    """What is older than thirty days before the newest record is not looked at unless it is asked for."""
    audit = Audit.open(tmp_path / "audit.db")
    logs.record(audit, ASKED[:5])
    logs.record(audit, ASKED[:7], begin=31 * DAY // 10**9)
    audit.close()
    asked = ("diff", demo.POLICIES, demo.POLICIES, "--audit", tmp_path / "audit.db")
    assert "recorded decisions: 0 of 7 would be others" in run(*asked).out
    assert "recorded decisions: 0 of 12 would be others" in run(*asked, "--since", "2026-01-01T00:00:00Z").out


def test_an_empty_log(tmp_path):
    """Nothing is recorded, and it says so."""
    Audit.open(tmp_path / "audit.db").close()
    ran = run("diff", demo.POLICIES, demo.POLICIES, "--audit", tmp_path / "audit.db", "--max-decisions", "0")
    assert ran.code == 0
    assert ran.out.endswith("recorded decisions: 0 of 0 would be others (nothing is recorded)\n")


def test_what_cannot_be_read_makes_the_answer_no(made, tmp_path):
    """A record that was spoilt is told on standard error, and is not passed over in silence."""
    lines = tmp_path / "audit"
    audit = Audit.open(f"jsonl:{lines}")
    logs.record(audit, ASKED[:10])
    audit.close()
    for file in lines.rglob("*.jsonl"):
        text = file.read_text("utf-8")
        file.write_text(text.replace('"permissions":[', '"permissions":["x",', 1), "utf-8")
    ran = run("diff", demo.POLICIES, made / "wider", "--audit", f"jsonl:{lines}")
    assert ran.code == 1
    assert re.search(r"\n  \d+ records? cannot be read, so not counted here\n", ran.out)
    assert "`rolecall audit verify` says what is wrong with them" in ran.err


def test_wrong_usage(made, tmp_path):
    """What speaks of recorded decisions needs a log, and one that is there."""
    for options in (("--since", "2026-01-01T00:00:00Z"), ("--until", "2026-01-01T00:00:00Z"), ("--max-decisions", "3")):
        ran = run("diff", demo.POLICIES, made / "wider", *options)
        assert ran.code == 2
        assert f"{options[0]}: it speaks of recorded decisions: give `--audit URL`" in ran.err
    assert run("diff", demo.POLICIES, made / "wider", "--audit", tmp_path / "none.db").code == 4
