"""Roles that the application declares and assigns: at a section, a school or a district, and anywhere beside it."""

from datetime import UTC, datetime

import pytest
from rolecall import Authorizer, Resource, Snapshot
from rolecall.compiler import load_table
from rolecall.facts import view
from rolecall.facts.assignments import AssignmentRecord
from rolecall.loader import load_policy

NOW = datetime(2026, 6, 1, tzinfo=UTC)
POLICY = """\
rolecall: 1
application: own
roles:
  coach: {scopes: [section, school]}
  officer: {scopes: [school, district]}
resources:
  district: {permissions: [view, somewhere]}
  school: {permissions: [view, somewhere]}
  section: {permissions: [view, somewhere]}
  file: {within: section, permissions: [view, mine]}
  mark: {within: [student, section], permissions: [view]}
rules:
  - {id: coaches, because: b, when: [{coach: section}, {coach: school}], min: {section: [view], school: [view]}}
  - {id: officers, because: b, when: [{officer: school}, {officer: district}], min: {district: [view], school: [view]}}
  - {id: somewhere, because: b, when: [{coach: anywhere}, {officer: anywhere}],
     min: {district: [somewhere], school: [somewhere], section: [somewhere]}}
  - {id: all-see-files, because: b, for: file, when: everyone, min: {file: [view]}}
  - {id: owners, because: b, for: file, when: {owner: resource}, min: {file: [mine]}}
"""
FACTS = {
    "as_of": "2026-06-01T00:00:00Z",
    "districts": [{"id": "d1"}, {"id": "d2"}],
    "schools": [{"id": "k1", "district": "d1"}, {"id": "k2", "district": "d1"}, {"id": "k9", "district": "d2"}],
    "sections": [
        {"id": "s1", "district": "d1", "school": "k1", "students": ["pupil"]},
        {"id": "s2", "district": "d1", "school": "k2"},
        {"id": "s9", "district": "d2", "school": "k9"},
    ],
    "users": [
        {"id": "u", "district": "d1", "roles": {}},
        {"id": "pupil", "district": "d1", "roles": {"student": {}}},
    ],
}
PLACES = {
    one: Resource(kind, one)
    for kind, ids in {"district": ("d1", "d2"), "school": ("k1", "k2", "k9"), "section": ("s1", "s2", "s9")}.items()
    for one in ids
}


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    file = tmp_path_factory.mktemp("policy") / "own.yaml"
    file.write_text(POLICY, "utf-8")
    return load_table(load_policy(file))


@pytest.fixture
def pdp(table):
    def made(*assigned):
        records = [{"user": "u", "role": role, "scope": scope, "id": place} for role, scope, place in assigned]
        return Authorizer(table, facts=Snapshot.read({**FACTS, "assignments": records}), clock=lambda: NOW)

    return made


@pytest.mark.parametrize(
    ("assigned", "views"),
    [
        (("coach", "section", "s1"), {"s1"}),
        (("coach", "school", "k1"), {"s1", "k1"}),
        (("officer", "school", "k2"), {"k2"}),
        (("officer", "district", "d1"), {"d1", "k1", "k2"}),
    ],
)
def test_a_role_is_held_exactly_where_it_is_assigned_and_anywhere(pdp, assigned, views):
    """A coach of a section is none of its school; whoever holds a role at all holds it anywhere in the district."""
    engine = pdp(assigned)
    assert {one for one, place in PLACES.items() if "view" in engine.permissions("u", place)} == views
    somewhere = {one for one, place in PLACES.items() if "somewhere" in engine.permissions("u", place)}
    assert somewhere == {"d1", "k1", "k2", "s1", "s2"}


@pytest.mark.parametrize(
    "assigned",
    [
        ("coach", "district", "d1"),
        ("officer", "section", "s1"),
        ("officer", "district", "d2"),
        ("officer", "district", ""),
        ("coach", "section", "s9"),
        ("coach", "section", "k1"),
        ("coach", "school", "gone"),
        ("coach", "anywhere", "d1"),
        ("coach", "resource", "f1"),
        ("coach", "student", "pupil"),
        ("Coach", "section", "s1"),
        ("staff", "school", "k1"),
        ("district_admin", "district", "d1"),
        ("owner", "resource", "f1"),
        ("", "", ""),
    ],
)
def test_an_assignment_that_does_not_count_gives_no_role_at_all(pdp, assigned):
    """A role, a scope or a place that is not the policy's or the district's makes nobody anything, anywhere."""
    engine = pdp(assigned)
    decision = engine.authorize("u", PLACES["s1"])
    assert (decision.code, decision.roles) == ("no-role", ())
    assert any("is ignored: " in note for note in decision.held.notes)
    file = Resource("file", "f1", {"section": "s1", "owner": "u"})
    assert engine.permissions("u", file) == frozenset()


def test_one_that_counts_is_enough(pdp):
    """What is ignored takes nothing from what is not; the same twice is held once."""
    engine = pdp(("coach", "section", "gone"), ("coach", "section", "s1"), ("coach", "section", "s1"))
    decision = engine.authorize("u", PLACES["s1"], "view")
    assert decision.allowed
    assert [(one.role, one.scope) for one in decision.roles] == [("coach", "section"), ("coach", "anywhere")]


def test_an_owner_needs_a_role_besides(pdp):
    """Owning a thing in a district without any role there is nothing; with one, it is the owner's own."""
    engine = pdp(("coach", "section", "s2"))
    for owner, found in [("u", {"view", "mine"}), ("pupil", {"view"}), ("", {"view"}), (None, {"view"})]:
        properties = {"section": "s1"} if owner is None else {"section": "s1", "owner": owner}
        assert engine.permissions("u", Resource("file", "f1", properties)) == found
    mine = Resource("file", "f1", {"section": "s1", "owner": "u"})
    assert pdp().permissions("u", mine) == frozenset()
    assert engine.authorize("u", mine).roles[0].role == "owner"


def test_an_own_role_can_be_acted_as(pdp):
    """A declared role is a login role, and `owner` is active beside it."""
    engine = pdp(("coach", "section", "s1"), ("officer", "school", "k1"))
    school, mine = PLACES["k1"], Resource("file", "f1", {"section": "s1", "owner": "u"})
    assert engine.permissions("u", school, acting_as=["officer"]) == {"view", "somewhere"}
    assert engine.permissions("u", school, acting_as=["coach"]) == {"somewhere"}
    assert engine.permissions("u", mine, acting_as=["coach"]) == {"view", "mine"}
    assert engine.permissions("u", mine, acting_as=["teacher"]) == frozenset()


def test_a_port_may_give_records_made_before(table):
    """What `read_assignment` made is taken as it is."""
    record = AssignmentRecord("u", "coach", "section", "s1")
    engine = Authorizer(table, facts=Snapshot.read(FACTS), assignments=lambda _: [record], clock=lambda: NOW)
    assert engine.permissions("u", PLACES["s1"]) == {"view", "somewhere"}


def test_what_is_kept_is_bounded_and_forgetting_changes_no_answer(pdp, monkeypatch):
    """Pairs of a student and a section, and worked-out cells, are forgotten when there are too many."""
    monkeypatch.setattr(view, "MAX_PAIRS", 1)
    monkeypatch.setattr("rolecall.table.MAX_CELLS", 1)
    engine = pdp(("coach", "section", "s1"))
    for kind in engine.table.types.values():
        kind.cells.clear()
    marks = [Resource("mark", "m", {"student": "pupil", "section": section}) for section in ("s1", "s2")]
    for _ in range(3):
        assert [engine.authorize("u", mark).code for mark in marks] == ["no-rule", "no-rule"]
        assert engine.permissions("u", PLACES["s1"]) == {"view", "somewhere"}
        assert engine.permissions("u", PLACES["s2"]) == {"somewhere"}
    assert len(engine._view.locations["student+section"]) == 1
    assert all(len(kind.cells) <= 1 for kind in engine.table.types.values())
