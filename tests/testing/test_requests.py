"""Requests about the demo district: valid, the same for the same seed, in the words of the shipped policy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from rolecall.testing import demo_district, demo_requests
from rolecall.testing.requests import PERMISSIONS

Snapshot = dict[str, Any]
POLICY = Path(__file__).parents[2] / "policies" / "classroom.yaml"


def test_the_same_seed_gives_the_same_requests() -> None:
    """Two calls agree, and another seed gives other requests."""
    snapshot = demo_district()
    requests = list(demo_requests(snapshot, 500))
    assert len(requests) == 500
    assert requests == list(demo_requests(snapshot, 500))
    assert requests != list(demo_requests(snapshot, 500, seed=3))


def test_the_permissions_are_those_of_the_shipped_policy() -> None:
    """A type or permission added to the policy has to be asked about too."""
    resources = yaml.safe_load(POLICY.read_text(encoding="utf-8"))["resources"]
    assert {name: tuple(resource["permissions"]) for name, resource in resources.items()} == PERMISSIONS


def test_requests_are_valid_and_about_what_exists() -> None:
    """Each request names a user and places of the snapshot, a permission, and the places its type needs."""
    snapshot: Snapshot = demo_district()
    users = {user["id"]: user for user in snapshot["users"]}
    sections = {section["id"] for section in snapshot["sections"]}
    within = {"assignment": {"section"}, "grade": {"student", "section"}, "note": {"student"}}
    requests: list[Snapshot] = list(demo_requests(snapshot, 2_000))
    assert {request["resource"]["type"] for request in requests} == set(PERMISSIONS)
    for request in requests:
        resource, subject = request["resource"], request["subject"]
        places = resource["properties"]
        assert subject["type"] == "user"
        assert subject["id"] in users
        assert request["action"]["name"] in PERMISSIONS[resource["type"]]
        assert within.get(resource["type"], set()) <= set(places)
        assert places.get("section") in {None, *sections}
        assert places.get("student") in {None, *users}
        assert set(request.get("context", {}).get("acting_as", ())) <= set(users[subject["id"]]["roles"])
