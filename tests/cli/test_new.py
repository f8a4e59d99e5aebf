"""`rolecall new`: whatever is answered, the policy is sound, its tests pass, its claims are proven, editors know it."""

import json
import shlex
from itertools import combinations, product

import jsonschema
import pytest
import yaml
from demo import POLICIES
from rolecall.analysis.claims import prove, read_claims
from rolecall.analysis.difference import Version, compare
from rolecall.analysis.grids import Bench, read_tests
from rolecall.compiler import compile_policy
from rolecall.loader import load_policy, read_policy, schema
from rolecall_cli.starting.answers import MEANINGS, Answers, Editors, Families, Staff, TechLeads, Thing
from rolecall_cli.starting.claims import claims_text
from rolecall_cli.starting.grids import grids_text
from rolecall_cli.starting.policy import policy_text
from shell import run

THINGS = [frozenset(some) for number in range(len(Thing) + 1) for some in combinations(Thing, number)]
EVERY = [*product(THINGS, Editors, Staff, TechLeads, Families)]
EXTREMES = [
    (frozenset(Thing), Editors.teachers_and_substitutes, Staff.everything, TechLeads.support_without_grades, Families.students_and_guardians),
    (frozenset(), Editors.teachers, Staff.nothing, TechLeads.same, Families.nobody),
    (frozenset(Thing), Editors.teachers, Staff.no_student_work, TechLeads.support, Families.students),
]  # fmt: skip


@pytest.fixture(autouse=True)
def plain(monkeypatch):
    """No colour, and no policy but those that are named."""
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.delenv("ROLECALL_POLICIES", raising=False)


def texts(chosen):
    """The three files that answers come to."""
    answers = Answers("my app", "America/Chicago", *chosen)
    return policy_text(answers), grids_text(answers), claims_text(answers)


def problems(folder, written):
    """What `check --strict`, `test --strict` and `prove` have against the files."""
    for name, text in zip(("policy.yaml", "tests.yaml", "claims.yaml"), written, strict=True):
        (folder / name).write_text(text, "utf-8")
    policy, findings = read_policy(folder)
    assert policy is not None, findings
    compiled = compile_policy(policy)
    files, wrong = read_tests(folder, policy)
    claims, vague = read_claims(folder, policy)
    yield from (one.render() for one in (*findings, *compiled.findings, *wrong, *vague) if one.severity != "note")
    results = Bench(compiled.table).run(files, strict=True)
    assert results
    yield from (one.case.sentence for one in results if not one.passed)
    yield from (name for file in files for name, _ in file.unused)
    verdicts = [*prove(claims, policy, compiled.table)]
    assert len(verdicts) > 6
    yield from (f"{one.claim.id}: {one.answer}" for one in verdicts if one.answer != "proven")


@pytest.mark.parametrize("chosen", [*EXTREMES, *EVERY[7::97]], ids=lambda chosen: ",".join(sorted(chosen[0])) or "none")
def test_some_answers(chosen, tmp_path):
    """Check, tests and claims have nothing against what the answers come to."""
    assert [*problems(tmp_path, texts(chosen))] == []


@pytest.mark.full
def test_every_combination_of_answers(tmp_path):
    """Of all 864 combinations; those that come to the same files are looked at once."""
    assert len(EVERY) == 16 * 2 * 3 * 3 * 3
    every = {texts(chosen): chosen for chosen in EVERY}
    wrong = {chosen: found for written, chosen in every.items() if (found := [*problems(tmp_path, written)])}
    assert wrong == {}
    assert len(every) > 400


def test_each_answer_makes_a_difference(tmp_path):
    """Beside the fullest policy, another answer to one question comes to a policy that means something else."""

    def version(chosen):
        (tmp_path / "policy.yaml").write_text(policy_text(Answers("my app", "UTC", *chosen)), "utf-8")
        return Version.of(load_policy(tmp_path / "policy.yaml"))

    full = EXTREMES[0]
    for position, kind in enumerate((None, Editors, Staff, TechLeads, Families)):
        others = [frozenset(Thing) - {one} for one in Thing] if kind is None else [*kind]
        for other in others:
            chosen = (*full[:position], other, *full[position + 1 :])
            assert compare(version(full), version(chosen)).unchanged == (chosen == full), other
    assert {one for kind in (Thing, Editors, Staff, TechLeads, Families) for one in kind} == set(MEANINGS)


def test_it_is_written_and_says_what_to_do_next(tmp_path):
    """Every command that it names works on what it wrote."""
    folder = tmp_path / "deep" / "policies"
    ran = run("new", folder, "--yes", "--name", "homework", "--things", "grades, notes")
    assert (ran.code, ran.err) == (0, "")
    assert "12 of 12" not in ran.out
    assert "tests pass" in ran.out
    assert run("check", "--strict", folder).code == 0
    assert run("test", "--strict", folder).code == 0
    assert run("prove", folder).code == 0
    assert run("lint", "--strict", folder).code == 0
    assert run("fmt", "--check", folder).code == 0
    assert load_policy(folder).application == "homework"
    assert {*load_policy(folder).resources} == {"school", "section", "student", "grade", "note"}
    assert sorted(str(one.relative_to(folder)) for one in folder.rglob("*") if one.is_file()) == [
        "claims.yaml", "policy.yaml", "schemas/claims-1.schema.json", "schemas/policy-1.schema.json",
        "schemas/tests-1.schema.json", "tests/who-may-what.yaml",
    ]  # fmt: skip


def test_the_commands_that_it_names_can_be_pasted(tmp_path):
    """Also where the folder's name has spaces and quotes in it."""
    folder = tmp_path / "Lincoln's school" / "policies"
    rows = run("new", folder, "--yes").out.splitlines()
    said = [shlex.split(one, comments=True) for row in rows[rows.index("next") + 1 :] for one in row.split(";")]
    assert [words[:2] for words in said] == [
        ["rolecall", one] for one in ("watch", "check", "test", "prove", "demo", "permissions")
    ]
    assert all(str(folder) in words for words in said if words[1] != "demo")


@pytest.mark.parametrize("folder", ["new", "shipped"])
def test_the_modeline_leads_to_the_schema(folder, tmp_path):
    """In each file: an editor that follows it finds the schema of this version, and the file fits it."""
    top = POLICIES if folder == "shipped" else tmp_path / "policies"
    if folder == "new":
        assert run("new", top, "--yes").code == 0
    files = [*top.rglob("*.yaml")]
    assert len(files) >= 3
    for file in files:
        head, _, text = file.read_text("utf-8").partition("\n")
        found = json.loads((file.parent / head.removeprefix("# yaml-language-server: $schema=")).read_text("utf-8"))
        parsed = yaml.load(text, yaml.BaseLoader)  # noqa: S506 - an editor's reading: only the keys are looked at
        kind = {"rolecall": "policy-1", "rolecall-tests": "tests-1", "rolecall-claims": "claims-1"}[next(iter(parsed))]
        assert found == schema(kind), file
        assert set(parsed) <= set(found["properties"])
        jsonschema.Draft202012Validator.check_schema(found)


def test_nothing_is_overwritten(tmp_path):
    """Neither a folder in which something is, nor a file; an empty folder will do."""
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "policy.yaml").write_text("mine", "utf-8")
    (tmp_path / "file").write_text("mine", "utf-8")
    (tmp_path / "empty").mkdir()
    for name in ("full", "file"):
        ran = run("new", tmp_path / name, "--yes")
        assert (ran.code, ran.out) == (2, "")
        assert "is there, and nothing is overwritten: name another folder" in ran.err
    assert [one.read_text("utf-8") for one in (tmp_path / "full" / "policy.yaml", tmp_path / "file")] == ["mine"] * 2
    assert run("new", tmp_path / "empty", "--yes").code == 0


def test_it_asks(tmp_path):
    """Five questions, again where an answer is none; what an option says is not asked."""
    said = b'My "app": 1\nChicago\nAmerica/Denver\nnotez\nnotes,reports\n\nall\nno-student-work\n\nstudents\n'
    ran = run(
        "new", tmp_path / "p", "--editors", "teachers-and-substitutes", stdin=said.replace(b"reports\n\n", b"reports\n")
    )
    assert ran.code == 0, ran.err
    assert [f"{number} of 5: " in ran.out for number in range(1, 6)] == [True] * 5
    for wrong in (
        "there is no time zone `Chicago`: did you mean `America/Chicago`?",
        "`notez` is none of",
        "`all` is none of",
    ):
        assert wrong in ran.out + ran.err
    assert "whoever teaches the class, co-teachers included" not in ran.out
    policy = load_policy(tmp_path / "p")
    assert (policy.application, policy.timezone) == ('My "app": 1', "America/Denver")
    assert {*policy.resources} == {"school", "section", "student", "note", "report"}
    assert "substitute" in policy.roles
    assert "view-classes" in policy.sets


def test_whoever_stops_answering_has_written_nothing(tmp_path):
    """The end of input in the middle."""
    ran = run("new", tmp_path / "p", stdin=b"app\n")
    assert ran.code == 1
    assert not (tmp_path / "p").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--things", "assignments,grade"), "`grade` is none of assignments, grades, notes, reports, none"),
        (("--timezone", "Chicago"), "did you mean `America/Chicago`?"),
        (("--name", " "), "application"),
        (("--name", "a\nb"), "write it in one line"),
        (("--staff", "all"), "is not one of"),
    ],
)
def test_a_wrong_answer_is_wrong_usage(options, said, tmp_path):
    """And nothing is written."""
    ran = run("new", tmp_path / "p", "--yes", *options)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert not (tmp_path / "p").exists()


@pytest.mark.parametrize(
    "name", ["null", "on", "12", "a: b", "#1", "- x", "Ä 学校", 'it\'s \\ "so"', "*", "Plain name-2"]
)
def test_a_name_is_read_back_as_it_was_given(name, tmp_path):
    """Whatever YAML could take it for."""
    assert run("new", tmp_path / "p", "--yes", "--name", name).code == 0
    assert load_policy(tmp_path / "p").application == name
