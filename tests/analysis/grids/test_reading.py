"""Files of tests are read, and each mistake in them is told at its place, with a fix."""

import re

import pytest
from analysis.grids.worlds import PEOPLE, read
from rolecall.loader import schema

GRID = "tests:\n  - test: one\n    on: section\n    grid: {ann: [view]}\n"
MISTAKES = [
    ("peeple: {}\n" + GRID, 2, "the file has no key `peeple`", "did you mean `people`?"),
    ("tests: []\n", 2, "`tests` is empty", "write a list of tests"),
    ("tests: [{on: section}]\n", 2, "an entry of `tests` lacks `test`", ""),
    ("at: yesterday\n" + PEOPLE + GRID, 2, "`at` is the text `yesterday`, which is no time with a zone", "2026-10-14T"),
    ("people: {ann: {techer: section}}\n" + GRID, 2, "there is no role `techer`", "did you mean `teacher`?"),
    ("people: {ann: {staff: section}}\n" + GRID, 2, "`staff` is never held at `section` of a resource", "known: `elsewhere`, `school`"),
    ("people: {ann: {teacher: klass}}\n" + GRID, 2, "`teacher` is the text `klass`, and should be a place", ""),
    ("people: {ann: {owner: school}}\n" + GRID, 2, "`owner` is never held at `school` of a resource", "known: `resource`"),
    ("people: {ann: {staff: [school, elsewhere], SchoolTechLead: school}}\n" + GRID, 2, "`ann` is staff with `SchoolTechLead`, but not at `elsewhere`", "name it at elsewhere too"),
    ("people: {ann: {teacher: [section, other-district]}}\n" + GRID, 2, "`ann` belongs to two districts", "make them two people"),
    ("people: {ann: ca57}\n" + GRID, 2, "`ann` is an id, and these tests have no snapshot", "say roles and places"),
    ("resources: {a: {type: sektion}}\n" + PEOPLE + GRID, 2, "there is no resource type `sektion`", "did you mean `section`?"),
    ("resources: {a: {type: section, is: {term: passed}}}\n" + PEOPLE + GRID, 2, "`term` of `section` is never `passed`", "did you mean `past`?"),
    ("resources: {a: {type: section, is: {red: true}}}\n" + PEOPLE + GRID, 2, "`section` has no attribute `red`", "known: `term`"),
    ('resources: {a: {type: assignment, is: {locked: "yes"}}}\n' + PEOPLE + GRID, 2, "`locked` of `assignment` is never `yes`", "known: `false`, `true`"),
    ("resources: {a: {type: section, owner: ann}}\n" + PEOPLE + GRID, 2, "a section is Clever's, and nobody owns it", "delete `owner`"),
    ("resources: {a: {type: district, where: elsewhere}}\n" + PEOPLE + GRID, 2, "there is one district, and `other-district`", "delete `where`"),
    ("resources: {a: {type: section, id: 5e}}\n" + PEOPLE + GRID, 2, "`a` has ids, and these tests have no snapshot", "leave the ids out"),
    ("snapshot: s.json\nresources: {a: {type: grade, in: {section: s}}}\npeople: {ann: u}\n" + GRID.replace("section", "a"), 3, "`a` does not say which student of the snapshot it lies in", "write `in: {student: …, section: …}`"),
    (PEOPLE + GRID.replace("on: section", "on: sektion"), 7, "there is no resource, and no resource type, `sektion`", "did you mean `section`?"),
    (PEOPLE + GRID.replace("ann:", "anne:"), 8, "there is no person `anne`", "did you mean `ann`?"),
    (PEOPLE + GRID.replace("[view]", "{veiw: yes}"), 8, "there is no permission of `section` named `veiw`", "did you mean `view`?"),
    (PEOPLE + GRID.replace("[view]", "{view: true}"), 8, "`view` is `true`, and should be yes, no, skip", ""),
    (PEOPLE + GRID.replace("[view]", "{view: {yes: no-such}}"), 8, "there is no rule or reason `no-such`", ""),
    (PEOPLE + GRID.replace("on: section", "on: {type: note, owner: zoe}"), 7, "there is no person `zoe`", "known: `ann`, `bob`"),
    (PEOPLE + GRID + "    acting_as: techer\n", 9, "there is no role to log in with `techer`", "did you mean `teacher`?"),
    (PEOPLE + GRID + "    who: ann\n", 6, "a test is a grid (`on`, `grid`) or a list", "a list has `who`, `may` and `only`"),
    (PEOPLE + "tests:\n  - test: one\n    on: section\n", 6, "a test is a grid (`on`, `grid`) or a list", "add what is missing"),
    (PEOPLE + "tests:\n  - {test: one, who: ann, may: section.edit, only: [nix]}\n", 6, "the file names no section that the list could leave out", "name some under `resources`"),
    ("resources: {x: section}\n" + PEOPLE + "tests:\n  - {test: one, who: ann, may: section.edit, only: [nix]}\n", 7, "there is no section `nix`", "known: `x`"),
    (PEOPLE + "tests:\n  - {test: one, who: ann, may: section.edits, only: none}\n", 6, "there is no permission of `section` named `edits`", "did you mean `edit`?"),
    (PEOPLE + "tests:\n  - {test: one, who: ann, may: edit, only: none}\n", 6, "`may` is the text `edit`, and should be a type and a permission", ""),
    (PEOPLE + GRID.replace("{ann: [view]}", "table"), 8, "a table stands below its key", "write `grid: |`"),
    (PEOPLE + GRID.replace("{ann: [view]}", "|\n      who view"), 8, "the table has no people", "write a line of permissions"),
    (PEOPLE + GRID.replace("{ann: [view]}", "|\n      who view edit\n      ann yes"), 10, "`ann` has 1 answer for 2 permissions", "write yes, no or -"),
    (PEOPLE + GRID.replace("{ann: [view]}", "|\n      who view\n      ann maybe"), 10, "`maybe` is no answer", "write yes, no, or -"),
    (PEOPLE + GRID.replace("{ann: [view]}", "|\n      who view\n      ann yes\n      ann no"), 11, "`ann` stands twice in the table", "keep one of them"),
    (PEOPLE + GRID.replace("{ann: [view]}", "|\n      who view edit view\n      ann yes yes no"), 9, "`view` stands twice in the table", "keep one of them"),
    (PEOPLE + GRID.replace("{ann: [view]}", "|\n      view edit\n      ann yes"), 9, "`view` stands over the people, and no answers stand below it", "begin the line of permissions with a word such as `who`"),
    (PEOPLE + GRID.replace("{ann: [view]}", "|\n      who view edit\n      ann yes yes no\n      bob no no no"), 9, "below `who` each line has 3 answers for 2 permissions", "write yes, no or - below each permission, and no more"),
    (PEOPLE + GRID.replace("{ann: [view]}", "|\n      who veiw\n      ann yes"), 9, "there is no permission of `section` named `veiw`", "did you mean `view`?"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "says", "offers"), MISTAKES)
def test_a_mistake_is_told_where_it_is(text, line, says, offers):
    """Its sentence, its line and the likely fix; nothing else is said of it."""
    _, findings = read(text)
    assert len(findings) == 1, [one.render() for one in findings]
    (found,) = findings
    assert found.message.startswith(says), found.message
    assert found.origin.line == line
    assert offers in " ".join(found.helps)


def test_every_mistake_of_every_file_is_told_at_once():
    """Sorted by file and line; what was refused where it stands is not told again where it is named."""
    broken = "resources: {a: {type: sektion}}\n" + PEOPLE + GRID.replace("on: section", "on: a")
    _, findings = read(broken, PEOPLE + GRID.replace("ann:", "anne:"), "tests: 7\n")
    assert [re.sub(".*/", "", str(one.origin)) for one in findings] == ["0.yaml:2", "1.yaml:8", "2.yaml:2"]


def test_what_is_no_yaml_is_told_as_in_a_policy():
    """A table whose first line is indented more than the others, for one."""
    text = PEOPLE + GRID.replace("{ann: [view]}", "|\n             view\n      ann yes")
    _, findings = read(text)
    assert [(one.code, one.origin.line) for one in findings] == [("not-yaml", 10)]


def test_a_table_may_be_drawn_with_bars():
    """Bars and rules are ornament, and so is the word above the people."""
    rows = "      | who | view | edit |\n      |-----|:----:|------|\n      | ann | yes  | yes  |   # a comment\n      | bob | yes  | -    |"
    for table in (
        rows,
        rows.replace("who", "   "),
        "      a view edit\n      -- -- --\n      ann yes yes # c\n      bob yes -",
    ):
        files, findings = read(PEOPLE + GRID.replace("{ann: [view]}", "|\n" + table))
        assert findings == []
        (case,) = files[0].cases
        told = [(row.person.name, {name: one.allowed for name, one in row.cells.items()}) for row in case.rows]
        assert told == [("ann", {"view": True, "edit": True}), ("bob", {"view": True, "edit": None})]
        assert [one.origin.line for row in case.rows for one in row.cells.values()] == [11, 11, 12, 12]


def test_a_file_without_tests_is_for_all_others():
    """Its people and resources can be named everywhere; a file's own come first."""
    shared = "people: {ann: {teacher: section}, zoe: {student: section}}\nresources: {class: section}\n"
    files, findings = read(shared, GRID.replace("on: section", "on: class"), "people: {ann: {staff: school}}\n" + GRID)
    assert findings == []
    assert [file.cases[0].rows[0].person.roles for file in files] == [(("teacher", "section"),), (("staff", "school"),)]
    assert [name for file in files for name, _ in file.unused] == ["zoe"]


def test_what_holds_no_tests_is_passed_over():
    """Policies and claims are no tests."""
    assert read("people: {}\n") == ([], [])


def test_the_schema_has_a_description_for_each_key():
    """An editor shows what each key is for."""
    found = schema("tests-1")
    parts = [found, found["$defs"]["resource"], found["$defs"]["test"]]
    for part in parts:
        for name, body in part["properties"].items():
            assert "description" in body or "$ref" in body, name
