"""`rolecall explain`: why, or why not, for a person or for a program. What it says is in `tests/test_explain.py`."""

import json
from time import time_ns

import pytest
import stores
from demo import POLICIES, who
from rolecall.facts.store import Store
from rolecall.testing import demo_district
from shell import facts, run

TEACHER = who("multi_role_teacher")
ALGEBRA = f"section:{who('algebra_class')}"


def explain(*options, user=TEACHER, resource=ALGEBRA, snapshot=None):
    return run("explain", *facts(snapshot), "--user", user, "--resource", resource, *options)


def test_a_yes_is_0_and_a_no_is_1():
    """With a permission the code answers that; without one, whether anything is allowed."""
    assert explain("--permission", "edit").code == 0
    assert explain("--permission", "support").code == 1
    assert explain().code == 0
    assert explain(user=who("nobody")).code == 1
    assert explain(user="gone").code == 1


def test_the_answer_is_on_standard_output_in_sentences():
    """The first line is the answer, and nothing is on standard error."""
    ran = explain("--permission", "edit")
    first, *rest = ran.out.splitlines()
    assert first.startswith(f"User {TEACHER} has edit permission for section {who('algebra_class')}: A teacher,")
    assert "  teacher at section " + who("algebra_class") in rest
    assert "  rule `teachers-edit-the-classrooms-they-teach` gives view, edit and take_attendance" in rest
    assert "What would deny it, least first:" in rest
    assert (ran.err, "\x1b" in ran.out) == ("", False)


def test_acting_as_may_be_given_several_times():
    """`--as` narrows, and several name several roles."""
    assert explain("--permission", "report", "--as", "teacher").code == 1
    assert explain("--permission", "report", "--as", "teacher", "--as", "staff").code == 0
    ran = explain("--as", "principal")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("rolecall: `acting_as` names `principal`, which is no role to log in with; known:")


def test_properties_are_what_the_application_asserts():
    """A place, an attribute and the owner; `true` and `false` are booleans where the attribute is one."""
    asked = ("--permission", "edit", "--property", f"section={who('algebra_class')}", "--property")
    assert explain(*asked, "locked=false", resource="assignment:a1").code == 0
    assert explain(*asked, "locked=true", resource="assignment:a1").code == 1
    odd = explain(*asked, "locked=no", resource="assignment:a1")
    assert odd.code == 1
    assert "the assignment's `locked` is none of its values (true, false), so it counts as unknown" in odd.out
    own = ("--permission", "edit", "--property", f"student={who('child_high')}", "--property", f"owner={TEACHER}")
    assert explain(*own, resource="note:n1").code == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--property", "locked"), "`locked` is not NAME=VALUE, such as section=5f…"),
        (("--permission", "edti"), "`section` has no permission `edti`; did you mean `edit`?"),
        (("--resource", "sectoin:x"), "the policy has no resource type `sectoin`; did you mean `section`?"),
        (("--resource", "section"), "`section` is not TYPE:ID, such as section:5f…"),
        (("--resource", "assignment:a1"), "must name the section"),
        (("--at", "soon"), "is no RFC 3339 time with a zone"),
        (("--format", "xml"), "'xml' is not one of"),
        (("--compare", "a", "b"), "`--compare` names both people: leave out `--user`"),
    ],
)
def test_wrong_usage_is_2_and_says_what_is_meant(options, said):
    """A typo is neither a yes nor a no."""
    ran = explain(*options)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_a_value_that_is_none_is_said():
    """Who mistypes a value is not left to find it out from the answer."""
    essay = ("--property", f"section={who('algebra_class')}", "--property", "locked=no")
    ran = explain(*essay, "--permission", "edit", resource="assignment:a1")
    assert (ran.code, ran.err) == (
        1,
        "note: `no` is no value of `locked`, which counts as unknown: it is one of `true`, `false`\n",
    )


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"user": who("algebra_class")}, f"`{who('algebra_class')}` is the id of a section."),
        ({"user": f" {TEACHER.upper()}"}, f"there is `{TEACHER}`: spaces and capital letters count in an id."),
        ({"resource": f"section:{TEACHER}"}, f"`{TEACHER}` is the id of a user."),
        ({"resource": f"student:{TEACHER}"}, f"`{TEACHER}` is a user who is no student."),
        ({"user": "gone"}, "Check the id;"),
    ],
)
def test_an_id_that_is_mistaken_for_another_is_said(asked, said, tmp_path):
    """The likeliest slip is told as what it is."""
    assert said in explain(**asked).out
    file = tmp_path / "roster.db"
    stores.filled(Store.open(file), demo_district(users=100), now=time_ns(), cursor="e").close()
    asked = {"user": TEACHER, "resource": ALGEBRA} | asked
    ran = run(
        "explain", "--policies", POLICIES, "--store", file, "--user", asked["user"], "--resource", asked["resource"]
    )
    assert said in ran.out


def test_a_file_that_cannot_be_written_is_wrong_usage(tmp_path):
    """It is named, with what is wrong with it."""
    ran = explain("--output", tmp_path / "nowhere" / "answer.txt")
    assert ran.code == 2
    assert f"cannot write `{tmp_path}/nowhere/answer.txt`: No such file or directory" in ran.err


def test_a_store_that_is_given_as_a_snapshot_is_told_apart(tmp_path):
    """The likely fix is the other option."""
    file = tmp_path / "roster.db"
    Store.open(file).close()
    ran = explain(snapshot=file)
    assert (ran.code, f"`{file}` is a database and no snapshot" in ran.err, "`--store`" in ran.err) == (4, True, True)


def test_at_is_the_time_of_the_decision():
    """The fall term has ended by 2027."""
    assert explain("--permission", "edit", "--at", "2027-01-01T00:00:00Z").code == 1


def test_an_id_may_hold_colons():
    """Only the first colon parts the type from the id."""
    assert "the facts hold no section `a:b:c`" in explain(resource="section:a:b:c").out


def test_a_program_gets_the_whole_decision():
    """`--format json` gives the decision record, ids only."""
    ran = explain("--permission", "edit", "--format", "json", "--as", "teacher")
    data = json.loads(ran.out)
    assert ran.code == 0
    assert (data["schema"], data["allowed"], data["permission"], data["code"]) == (1, True, "edit", "granted")
    assert data["subject"] == {"type": "user", "id": TEACHER}
    assert data["resource"] == {"type": "section", "id": who("algebra_class")}
    assert (data["time"], data["acting_as"]) == ("2026-10-14T15:00:00.000Z", ["teacher"])
    assert data["facts"]["as_of"] == "2026-10-14T15:00:00.000Z"
    assert data["facts"]["age_seconds"] == 0
    assert {one["permission"] for one in data["reasons"]} == {"view", "report", "edit", "take_attendance", "support"}
    assert {"role": "teacher", "scope": "section", "id": who("algebra_class"), "source": "clever"} in data["roles"]
    assert data["policy"].startswith("sha256:")


def test_what_cannot_be_decided_is_4(tmp_path):
    """And never told as a plain no, in either format."""
    wrong = {"user": TEACHER, "role": "coach", "scope": "school", "id": "x", "from": 7}
    file = tmp_path / "doubted.json"
    file.write_text(json.dumps({**demo_district(users=100), "assignments": [wrong]}))
    ran = explain("--permission", "edit", snapshot=file)
    assert ran.code == 4
    assert ran.out.startswith(f"Nobody can tell now whether user {TEACHER} has edit permission for section")
    ran = explain("--format", "json", snapshot=file)
    data = json.loads(ran.out)
    assert (ran.code, data["code"], data["permissions"]) == (4, "indeterminate", [])
    assert data["indeterminate"].startswith("their assignment as `coach`")


def test_odd_records_are_noted_on_standard_error(tmp_path):
    """What was left out of the facts is said, ten at most, and the answer stays alone on standard output."""
    district = demo_district(users=100)
    district["users"] += [{"district": "d"}] * 12
    file = tmp_path / "odd.json"
    file.write_text(json.dumps({**district, "as_of": None}))
    ran = explain(snapshot=file)
    notes = ran.err.splitlines()
    assert notes[0] == f"note: the snapshot `{file}` has no `as_of`: deciding as of now"
    assert notes[1] == "note: users[100] is left out: it has no `id`"
    assert (len(notes), notes[-1]) == (12, "note: … and 2 more records like these")
    assert ran.out.startswith("User ")


@pytest.mark.parametrize(
    ("shape", "begins"),
    [("text", "User "), ("markdown", "**User "), ("html", "<!doctype html>"), ("json", "{")],
)
def test_each_format_is_written_to_standard_output_or_a_file(shape, begins, tmp_path):
    """The same text either way, and the same exit code."""
    ran = explain("--permission", "support", "--format", shape)
    assert (ran.code, ran.err) == (1, "")
    assert ran.out.startswith(begins)
    file = tmp_path / "said"
    kept = explain("--permission", "support", "--format", shape, "--output", file)
    assert (kept.code, kept.out) == (1, "")
    assert file.read_text("utf-8").partition("decision 0")[0] == ran.out.partition("decision 0")[0] or shape == "json"


@pytest.mark.parametrize("shape", ["text", "markdown", "html", "json"])
def test_two_people_are_set_side_by_side(shape):
    """`--compare` says who has what, and what would give it to the other; it ends with 1 where one of them may not."""
    ran = run(
        "explain",
        *facts(),
        "--compare",
        TEACHER,
        who("principal"),
        "--resource",
        ALGEBRA,
        "--permission",
        "edit",
        "--format",
        shape,
    )
    assert ran.code == 1
    assert (
        f"User {TEACHER} has edit permission for section {who('algebra_class')}, user {who('principal')} has not."
        in ran.out
    )
    assert "Give them the role teacher, and name them as a teacher of section" in ran.out


def test_what_is_kept_of_the_past_is_told(tmp_path):
    """On a roster store it says since when."""
    store = stores.filled(Store.open(tmp_path / "roster.db"), demo_district(users=100), now=time_ns())
    store.close()
    ran = run(
        "explain",
        "--policies",
        POLICIES,
        "--store",
        tmp_path / "roster.db",
        "--user",
        TEACHER,
        "--resource",
        ALGEBRA,
        "--permission",
        "support",
    )
    assert ran.code == 1
    assert "Since when:\n  by this policy, the answer has been the same since " in ran.out
