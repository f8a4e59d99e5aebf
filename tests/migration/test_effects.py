"""Permissions before and after: the policy's own answers, about everybody whose accounts change."""

import pytest
from demo import NOW, snapshot, table, who
from hypothesis import given, settings
from hypothesis import strategies as st
from migration.worlds import planned
from rolecall import Authorizer, Resource, Snapshot
from rolecall.compiler import load_table
from rolecall.instants import nanoseconds
from rolecall.loader import load_policy
from rolecall.migration import Account, Choice, Map, Settings
from rolecall.migration.effects import Effects, only, severity
from rolecall.migration.model import EffectStep
from rolecall.testing.records import legacy_id
from rolecall.vocabulary.roles import EMPLOYEES

NOW_NS = nanoseconds(NOW)
POLICY = """
rolecall: 1
application: x
resources:
  section: {permissions: [view, grade]}
  work: {within: section, attributes: {open: boolean}, permissions: [see, mark]}
permission_sets:
  look: {section: [view]}
  all-of-it: {section: all, work: all}
rules:
  - {id: teach, because: Teachers teach., when: {teacher: section}, min: all-of-it}
  - {id: watch, because: Staff watch., when: {staff: school}, min: look}
  - {id: both, because: Both may more., when: {teacher: section, staff: anywhere}, min: {section: [grade]}}
  - id: lead
    because: Leads never grade.
    when: {SchoolTechLead: anywhere}
    max: look
    overrides: all
"""
PEOPLE = [
    {
        "id": "n1",
        "district": "d",
        "roles": {"teacher": {"schools": ["k"]}, "staff": {"schools": ["k"], "roles": ["SchoolTechLead"]}},
    },
    {"id": "n2", "district": "d", "roles": {"teacher": {"schools": ["k"]}}},
]
WORLD = {
    "as_of": "2026-10-14T15:00:00Z",
    "districts": [{"id": "d"}],
    "schools": [{"id": "k", "district": "d"}],
    "sections": [
        {"id": f"c{n}", "district": "d", "school": "k", "teacher": "n1", "teachers": ["n1", "n2"]} for n in (1, 2)
    ],
    "users": PEOPLE,
}


@pytest.fixture
def effects(tmp_path):
    """The small policy over the small world."""
    (tmp_path / "p.yaml").write_text(POLICY)
    return Effects(load_table(load_policy(tmp_path)), Snapshot.read(WORLD), NOW_NS)


def small_map():
    found = Map()
    for row in (("teacher", "o1", "n1"), ("staff", "o2", "n1"), ("teacher", "o3", "n2")):
        found.add("d", *row)
    return found


ACCOUNTS = [Account("1", "o1", "teacher", "d"), Account("2", "o2", "staff", "d"), Account("3", "o3", "teacher", "d")]


def told(effects, do="consolidate", accounts=ACCOUNTS, **more):
    header, steps, _ = planned(small_map(), accounts, Settings(choice=Choice(do)), effects=effects, **more)
    return header, [one for one in steps if isinstance(one, EffectStep)]


def brief(one):
    return one.person, one.direction, one.type, one.permissions, one.role, one.places, one.example, one.always


def test_a_ceiling_of_the_other_role_is_a_loss(effects):
    """Merged, the teacher is a tech lead too: what the teacher account could do is lost, by that rule, on both classes."""
    header, found = told(effects)
    assert [brief(one) for one in found] == [
        ("n1", "lost", "section", ("grade",), "teacher", 2, "c1", True),
        ("n1", "lost", "work", ("see", "mark"), "teacher", 2, "c1", True),
    ]
    assert found[0].because == "Leads never grade."
    assert found[0].rules[0].startswith("lead (")
    assert (header.effects["lose"], header.effects["gain"], header.effects["unknown"]) == (1, 0, 0)


def test_apart_the_ceiling_holds_too(effects):
    """Acting as a teacher, a tech lead stays one: linked accounts lose the same."""
    assert [brief(one)[:5] for one in told(effects, "link")[1]] == [brief(one)[:5] for one in told(effects)[1]]


def test_too_many_losses_refuse_the_plan(effects):
    """`max_losses` counts people."""
    assert told(effects, max_losses=1)[0].refused == ()
    assert told(effects, max_losses=0)[0].refused == ("1 people would lose permissions, and 0 may",)


def test_a_role_that_is_gone_is_no_loss_of_the_migration(effects):
    """An account whose role Clever no longer says the person has gave nothing before either."""
    assert told(effects, accounts=[Account("3", "o3", "teacher", "d")])[1] == []


def test_somebody_whom_the_facts_lack_is_counted(effects):
    """Of whom nothing is known, nothing is said."""
    found = small_map()
    found.add("d", "teacher", "o9", "n9")
    header, _, _ = planned(found, [Account("9", "o9", "teacher", "d")], effects=effects)
    assert header.effects["unknown"] == 1


def test_what_two_roles_give_together_is_a_gain():
    """In the demo district, staff who teach gain the report in their classrooms, by the rule that says so."""
    who_it_is = who("multi_role_teacher")
    found = Map()
    accounts = []
    for role in ("teacher", "staff"):
        old = legacy_id(role, who_it_is)
        found.add(who("district"), role, old, who_it_is)
        accounts.append(Account(role, old, role, who("district")))
    made = Effects(table(), snapshot(), NOW_NS)
    effects = [one for one in planned(found, accounts, effects=made)[1] if isinstance(one, EffectStep)]
    assert ("gained", "section", ("report",), "") in {brief(one)[1:5] for one in effects}
    assert any(one.rules[0].startswith("staff-who-teach-keep-staff-level") for one in effects)
    assert effects == sorted(effects, key=severity)


def everywhere():
    """All sections and schools of the demo district, and everybody who teaches and is staff."""
    roster = snapshot()
    places = [("section", one) for one in sorted(roster.sections)] + [("school", one) for one in sorted(roster.schools)]
    people = sorted(one.id for one in roster.users.values() if len(one.roles & set(EMPLOYEES)) > 1)
    return places, people


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_effects_are_what_asking_one_by_one_finds(data):
    """At any place, what a person is said to lose or gain is the difference of the decisions themselves."""
    places, people = everywhere()
    (kind, place), person = data.draw(st.sampled_from(places)), data.draw(st.sampled_from(people))
    roster, record = snapshot(), snapshot().users[person]
    roles = sorted(record.roles & set(EMPLOYEES))
    found = Map()
    for role in roles:
        found.add(record.district, role, f"old-{role}", person)
    accounts = [Account(role, f"old-{role}", role, record.district) for role in roles]
    made = Effects(table(), roster, NOW_NS)
    told = [
        one for one in planned(found, accounts, effects=made)[1] if isinstance(one, EffectStep) and one.type == kind
    ]
    now = made.after.permissions(person, Resource(kind, place))
    before = {
        role: Authorizer(table(), facts=only(roster, role), max_stale=None, clock=lambda: NOW).permissions(
            person, Resource(kind, place)
        )
        for role in roles
    }
    lost = {(role, one) for role in roles for one in before[role] - now}
    gained = now - frozenset().union(*before.values())
    assert lost <= {(one.role, permission) for one in told if one.direction == "lost" for permission in one.permissions}
    assert gained <= {permission for one in told if one.direction == "gained" for permission in one.permissions}
    for role in roles:  # acting as a role never allows more than holding it alone
        acting = made.after.permissions(person, Resource(kind, place), acting_as=[role])
        assert acting <= before[role] | gained | now
