"""Tests are decided by the authoriser, over a small roster made for them or over a snapshot."""

import json

import pytest
from analysis.grids.worlds import read, run, shipped, wrong
from demo import who
from rolecall import FactsError
from rolecall.analysis.cells import walk
from rolecall.analysis.grids import Bench, read_tests
from rolecall.analysis.grids.paste import of_combo, quoted, staged
from rolecall.compiler import load_table
from rolecall.testing import demo_district
from yaml import safe_load

TWO = "people: {ann: {teacher: section}, amy: {teacher: section, staff: elsewhere}}\n"


def grid(row, on="section", people=TWO, more=""):
    """One test about ann."""
    return f"{people}tests:\n  - test: it\n    on: {on}\n{more}    grid: {{ann: {row}}}\n"


def test_a_wrong_answer_is_told():
    """What it is, and what it should be."""
    assert wrong(run(grid("{view: yes, report: yes, edit: no}"))) == [
        ("ann", "report", "is no, and should be yes"),
        ("ann", "edit", "is yes, and should be no"),
    ]


def test_a_list_of_permissions_means_these_and_no_others():
    """A permission that is left out must be denied; `all` and `none` are such lists."""
    assert wrong(run(grid("[view, edit, take_attendance]"))) == []
    assert wrong(run(grid("[view, edit]"))) == [("ann", "take_attendance", "is yes, and should be no")]
    assert len(wrong(run(grid("none")))) == 3
    assert [one[1] for one in wrong(run(grid("all")))] == ["report", "support"]


def test_what_a_grid_does_not_mention_fails_only_when_strict():
    """`skip` is a mention; nothing said is none."""
    text = grid("{view: yes, edit: skip}")
    assert wrong(run(text)) == []
    assert run(text)[0].asserted == 1
    assert [one[1:] for one in wrong(run(text, strict=True))] == [
        (name, "is not mentioned") for name in ("report", "take_attendance", "support")
    ]


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("{edit: {yes: teachers-edit-the-classrooms-they-teach}}", ""),
        ("{edit: {yes: granted}}", ""),
        ("{report: {no: no-rule}}", ""),
        ("{edit: {yes: tech-leads-support-classrooms}}", "should be because of `tech-leads-support-classrooms`"),
        ("{report: {no: capped}}", "is no because of `no-rule`, and should be because of `capped`"),
    ],
)
def test_a_rule_or_reason_can_be_expected(row, says):
    """Of a yes a rule that gives it, of a no one that takes it away; or the reason's code."""
    found = wrong(run(grid(row)))
    assert [problem.endswith(says) for *_, problem in found] == ([True] if says else [])


def test_the_maximum_that_cuts_can_be_expected():
    """In a past class a teacher's edit is cut by one rule."""
    on = "{type: section, is: {term: past}}"
    assert wrong(run(grid("{edit: {no: past-classes-are-read-only}}", on))) == []
    assert wrong(run(grid("{edit: {no: no-rule}}", on))) != []


def test_acting_as_a_role_is_asked_as_a_login_does():
    """Somebody who acts as a role that they lack may do nothing."""
    assert wrong(run(grid("[view, edit, take_attendance]", more="    acting_as: teacher\n"))) == []
    assert wrong(run(grid("{view: {no: not-acting}}", more="    acting_as: [staff]\n"))) == []


def test_a_term_is_seen_from_the_clock():
    """The terms of the small world lie around the time of the decisions, whatever that is."""
    for at in ("2026-10-14T15:00:00Z", "1999-12-31T23:59:59+14:00"):
        for term, edits in (("past", "no"), ("current", "yes"), ("future", "yes")):
            on = f"{{type: section, is: {{term: {term}}}}}"
            assert wrong(run(f"at: {at}\n" + grid(f"{{edit: {edits}}}", on))) == []


@pytest.mark.parametrize(
    ("roles", "on", "row"),
    [
        ("{teacher: school}", "school", "[view]"),
        ("{teacher: elsewhere}", "school", "none"),
        ("{teacher: elsewhere}", "{type: school, where: elsewhere}", "[view]"),
        ("{teacher: section}", "{type: section, where: school}", "none"),
        ("{staff: anywhere}", "section", "none"),
        ("{staff: other-district}", "section", "{view: {no: other-district}}"),
        ("{staff: school}", "{type: section, where: other-district}", "{view: {no: other-district}}"),
        ("{staff: other-district}", "{type: section, where: other-district}", "[view, report]"),
        ("{student: student}", "student", "[view]"),
        ("{student: section}", "student", "none"),
        ("{student: student}", "{type: grade, is: {published: true}}", "[view]"),
        ("{guardian: student}", "{type: grade, is: {published: true}}", "[view]"),
        ("{guardian: section}", "{type: grade, is: {published: true}}", "none"),
        ("{contact: student}", "student", "none"),
        ("{student: student}", "{type: student, enrolled: false}", "[view]"),
        ("{substitute: section}", "section", "[view, take_attendance]"),
        ("{substitute: elsewhere}", "section", "none"),
        ("{teacher: section, owner: resource}", "note", "[view, edit]"),
        ("{teacher: section}", "{type: note, owner: ann}", "[view, edit]"),
        ("{teacher: section}", "{type: note, owner: unknown}", "[view]"),
        ("{teacher: section, student: elsewhere}", "section", "none"),
        ("{}", "section", "{view: {no: no-role}}"),
        ("{district_admin: district}", "district", "[view, report]"),
        ("{primary_teacher: section}", "section", "[view, edit, take_attendance]"),
        ("{SchoolTechLead: elsewhere}", "section", "none"),
    ],
)
def test_places_are_seen_from_the_resource(roles, on, row):
    """Each role at each place is what the roster makes of it."""
    assert wrong(run(grid(row, on, f"people: {{ann: {roles}}}\n"))) == []


def test_a_list_names_the_resources_and_no_others():
    """What is missing fails, and what is too much."""
    things = (
        "resources: {here: section, past: {type: section, is: {term: past}}, far: {type: section, where: elsewhere}}\n"
    )
    for only, found in (("[here]", []), ("none", ["here"]), ("[far]", ["here", "far"])):
        results = run(f"{TWO}{things}tests: [{{test: it, who: ann, may: section.edit, only: {only}}}]\n")
        assert [asked.thing.name for asked, _ in results[0].failures] == found


def test_only_tests_with_the_words_are_run():
    """Words are looked for in the sentence and the file's name, whatever their case."""
    text = grid("[view]") + "  - test: Another one\n    on: section\n    grid: {ann: [view]}\n"
    assert [one.case.sentence for one in run(text, wanted="ANOTHER")] == ["Another one"]
    assert len(run(text, wanted="0.yaml")) == 2


def test_people_and_places_of_a_snapshot_are_named_by_their_ids(tmp_path):
    """Decided over the snapshot, at its time; a list is of everything that it holds."""
    (tmp_path / "demo.json").write_text(json.dumps(demo_district(users=100)))
    text = f"""rolecall-tests: 1
snapshot: demo.json
people: {{mia: {who("co_teacher")}, tom: {who("teacher")}}}
resources:
  covered: {{type: section, id: {who("covered_class")}}}
  algebra: {{type: section, id: {who("algebra_class")}}}
  task: {{type: assignment, in: {{section: {who("algebra_class")}}}, is: {{visibility: published, locked: false}}}}
  note: {{type: note, in: {{student: {who("child_high")}}}, owner: mia}}
tests:
  - test: one
    on: algebra
    grid: {{mia: [view, edit, take_attendance]}}
  - test: two
    on: task
    grid: {{mia: [view, edit, lock]}}
  - test: three
    on: note
    grid: {{mia: [view, edit]}}
  - {{test: four, who: tom, may: section.edit, only: [covered]}}
  - {{test: five, who: tom, may: section.edit, only: none}}
"""
    (tmp_path / "t.yaml").write_text(text)
    files, findings = read_tests(tmp_path, shipped())
    assert [one.render() for one in findings] == []
    results = Bench(load_table(shipped())).run(files)
    assert [one.passed for one in results] == [True, True, True, True, False]
    assert results[3].asserted > 9


def test_a_person_by_places_and_a_resource_by_id_do_not_meet():
    """Both are of the snapshot, or neither."""
    text = f"snapshot: x.json\n{TWO}resources: {{a: {{type: section, id: 5e}}}}\n"
    _, (found,) = read(text + "tests:\n  - test: it\n    on: a\n    grid: {ann: [view]}\n")
    assert found.message == "`a` is one of the snapshot's, and `ann` is described by places"


def test_a_snapshot_that_is_not_there_is_no_failed_test():
    """Nothing was decided."""
    text = "snapshot: none.json\npeople: {ann: 5e}\nresources: {a: {type: section, id: 5e}}\n"
    files, findings = read(text + "tests:\n  - test: it\n    on: a\n    grid: {ann: [view]}\n")
    assert findings == []
    with pytest.raises(FactsError, match="cannot be read"):
        Bench(load_table(shipped())).run(files)


def test_every_cell_of_the_shipped_policy_can_be_tested():
    """For each reachable cell there are a person and a resource, made of Clever's records, who are in it."""
    table = load_table(shipped())
    for kind in table.types.values():
        for number, combo in enumerate(walk(table, kind)):
            if kind.name != "assignment" or number % 9 == 0:
                assert staged(table, kind.name, table.atoms.names(combo.person()), combo.attributes), combo


def test_a_printed_test_is_read_and_passes():
    """Whatever its sentence holds."""
    table = load_table(shipped())
    combo = next(one for one in walk(table, table.types["note"]) if "owner@resource" in one.names)
    expected = {name: name in combo.cell.permissions for name in combo.kind.permissions}
    text = of_combo(combo, expected, 'a "note": of # somebody')
    results = run("tests:\n" + text + "\n")
    assert (results[0].case.sentence, results[0].passed) == ('a "note": of # somebody', True)
    for sentence in ("plain words, and more", "yes", "- a", "a: b", "ends:", "a\u2028b", "'", "#"):
        assert safe_load(f"x: {quoted(sentence)}")["x"] in (sentence, True)


def test_a_person_of_another_district_may_own_a_thing():
    """It gives them nothing."""
    people = "people: {ann: {teacher: other-district, owner: resource}}\n"
    assert wrong(run(grid("{view: {no: other-district}}", "note", people))) == []
