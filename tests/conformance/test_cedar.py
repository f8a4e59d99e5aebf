"""The engine and Cedar, an engine by other people, give the same permissions to the same questions."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import cedarpy
import pytest
import strategies
import yaml
from rolecall import Authorizer, RequestError, Resource, Snapshot
from rolecall.authzen import read_evaluation
from rolecall.compiler import load_table
from rolecall.instants import nanoseconds
from rolecall.loader import load_policy
from rolecall.policy import Policy
from rolecall.testing import CAST, demo_district, demo_requests

from conformance.cedar import World, policy_text

POLICIES = Path(__file__).parents[2] / "policies"

EDGES = """
rolecall: 1
application: edges
resources:
  grade: {within: [student, section], permissions: [view, edit]}
  section: {permissions: [past, current, future]}
rules:
  - {id: staff-see, because: Staff see., for: grade, when: {staff: anywhere}, min: all}
  - {id: leads-edit-nothing, because: Leads do not., for: grade, when: {SchoolTechLead: school}, max: {grade: [view]},
     overrides: all}
  - {id: past, because: It is over., for: section, when: everyone, if: {term: past}, min: {section: [past]}}
  - {id: current, because: It is on., for: section, when: everyone, if: {term: current}, min: {section: [current]}}
  - {id: future, because: It is to come., for: section, when: everyone, if: {term: future}, min: {section: [future]}}
"""
EDGES_ROSTER: dict[str, Any] = {
    "districts": [{"id": "d1"}],
    "schools": [{"id": "k1", "district": "d1"}],
    "terms": [{"id": "t1", "district": "d1", "start_date": "2024-06-01T03:00:00Z", "end_date": "2024-06-01T05:00:00Z"}],
    "sections": [{"id": "s1", "district": "d1", "school": "k1", "term_id": "t1", "students": ["listed"]}],
    "users": [
        {"id": "listed", "district": "d1", "roles": {"student": {"school": "k1"}}},
        {"id": "elsewhere", "district": "d1", "roles": {"student": {"school": "k1"}}},
        {"id": "staff", "district": "d1", "roles": {"staff": {"schools": ["k1"], "roles": ["PortalOnly"]}}},
        {"id": "lead", "district": "d1", "roles": {"staff": {"schools": ["k1"], "roles": ["SchoolTechLead"]}}},
        {"id": "maybe", "district": "d1", "roles": {"staff": {"schools": ["k1"], "roles": ["school tech lead"]}}},
        {"id": "wrong", "district": "d1", "roles": {"staff": {"schools": ["k1"]}}},
    ],
    "assignments": [{"user": "wrong", "role": "nobody", "scope": "school", "id": "k1", "until": "soon"}],
}


class Plain(yaml.SafeDumper):
    """Writes what is the same object twice out twice: the language knows no aliases."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - yaml's signature
        """Say that nothing is ever an alias."""
        return True


class Tally:
    """Counts the decisions compared, keeps the denials to a half, and explains the first that differs."""

    def __init__(self) -> None:
        self.decisions = self.granted = 0

    def compare(self, policy: Policy, snapshot: Snapshot, moment: datetime, requests: Iterator[Any]) -> None:
        """Ask both engines about every permission of each request, passing over what is no valid question."""
        pdp = Authorizer(load_table(policy), facts=snapshot, max_stale=None, clock=lambda: moment)
        cedar = World(policy, snapshot, nanoseconds(moment))
        for raw in requests:
            try:
                one = read_evaluation(raw)
                here = pdp.permissions(one.user, one.resource, acting_as=one.acting_as)
            except RequestError:
                continue
            except Exception as error:
                if type(error).__name__ != "Indeterminate":
                    raise
                here = frozenset()
            if not here and self.decisions >= 2 * self.granted:
                continue
            self.decisions += 1
            self.granted += bool(here)
            there = cedar.permissions(one.user, one.resource, one.acting_as)
            assert here == there, (
                f"rolecall {sorted(here)}, Cedar {sorted(there)} about {raw} under\n{policy_text(policy)}"
            )


def shipped(tally: Tally, requests: int, seed: int) -> None:
    """Compare the engines over the shipped policy and the demo district."""
    raw = demo_district(users=400, seed=seed)
    moment = datetime.fromisoformat(str(raw["as_of"]))
    tally.compare(load_policy(POLICIES), Snapshot.read(raw), moment, demo_requests(raw, requests, seed=seed))


def generated(tally: Tally, folder: Path, decisions: int, seed: int) -> None:
    """Compare the engines over made-up policies, rosters and requests until there are so many decisions."""
    file, number = folder / "policy.yaml", 0
    while tally.decisions < decisions:
        number += 1
        rng = random.Random(f"cedar:{seed}:{number}")
        written = strategies.random_policy(rng, loadable=True)
        file.write_text(yaml.dump(written, Dumper=Plain, sort_keys=False), "utf-8")
        policy = load_policy(file)
        for _ in range(2):
            raw = strategies.random_snapshot(rng, written)
            requests = (strategies.random_request(rng, written, raw) for _ in range(40))
            tally.compare(policy, Snapshot.read(raw), strategies.at(raw), requests)


def test_shipped_policy() -> None:
    """Cedar agrees about the shipped policy, and at least half of the decisions give something."""
    tally = Tally()
    shipped(tally, 600, seed=1)
    assert tally.decisions >= 400
    assert tally.granted * 2 >= tally.decisions


def test_generated_policies(tmp_path: Path) -> None:
    """Cedar agrees about made-up policies, with doubt, owners, terms, acting roles and unknown attributes."""
    tally = Tally()
    generated(tally, tmp_path, 1_600, seed=1)
    assert tally.granted * 2 >= tally.decisions >= 1_600


@pytest.mark.full
def test_twenty_thousand_decisions(tmp_path: Path) -> None:
    """Cedar agrees in more than 20,000 decisions, of which at least half give something."""
    tally = Tally()
    for seed in range(2, 6):
        shipped(tally, 1_500, seed=seed)
    generated(tally, tmp_path, tally.decisions + 16_000, seed=2)
    assert tally.decisions >= 20_000
    assert tally.granted * 2 >= tally.decisions


def test_translation_is_cedar() -> None:
    """The translated policy parses, and keeps the rules' ids."""
    text = policy_text(load_policy(POLICIES))
    assert len(cedarpy.PolicySet.from_str(text)) > 0
    assert '@id("locked-assignments-stay-as-they-are/max")' in text


def test_a_leak_would_be_seen() -> None:
    """Where a rule is taken out of one engine's policy, the two no longer agree."""
    raw = demo_district()
    snapshot, moment = Snapshot.read(raw), datetime.fromisoformat(str(raw["as_of"]))
    policy = load_policy(POLICIES)
    pdp = Authorizer(load_table(policy), facts=snapshot, max_stale=None, clock=lambda: moment)
    cedar = World(policy, snapshot, nanoseconds(moment))
    user, section = CAST["co_teacher"].id, Resource("section", CAST["algebra_class"].id)
    assert pdp.permissions(user, section) == cedar.permissions(user, section) != frozenset()
    fewer = [
        text for text in policy_text(policy).split("@id(") if "teachers-edit-the-classrooms-they-teach" not in text
    ]
    cedar.policies = cedarpy.PolicySet.from_str("@id(".join(fewer))
    assert pdp.permissions(user, section) != cedar.permissions(user, section)


@pytest.mark.parametrize("moment", ["02:59:59.999999", "03:00:00", "05:00:00", "05:00:00.000001"])
def test_edges(moment: str, tmp_path: Path) -> None:
    """Cedar agrees at the very ends of a term, about doubtful roles, and about roles at a section that lists nobody."""
    file = tmp_path / "policy.yaml"
    file.write_text(EDGES, "utf-8")
    things = [
        ("section", "s1", {}),
        *(("grade", "g1", {"student": one, "section": "s1"}) for one in ("listed", "elsewhere")),
    ]
    tally = Tally()
    tally.granted = 1_000  # none of these few is left out
    requests = (
        {"subject": {"type": "user", "id": user["id"]}, "action": {"name": "past" if kind == "section" else "view"},
         "resource": {"type": kind, "id": name, "properties": properties}}
        for user in EDGES_ROSTER["users"] for kind, name, properties in things
    )  # fmt: skip
    at = datetime.fromisoformat(f"2024-06-01T{moment}+00:00")
    tally.compare(load_policy(file), Snapshot.read(EDGES_ROSTER), at, requests)
    assert tally.decisions == 3 * len(EDGES_ROSTER["users"])
