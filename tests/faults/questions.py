# ruff: noqa: ARG001 - every change is made alike
"""What is asked, and the changes that alter the answers."""

import random
from dataclasses import dataclass
from typing import Any

from rolecall import Resource
from rolecall.authzen import read_evaluation
from rolecall.testing import CAST, demo_district, demo_requests

from faults.world import DISTRICT, Step, Truth

_TRIES = 15
_LOOKED_AT = 12
_ALTERED = 8


@dataclass(frozen=True, eq=False)
class Question:
    """May they?"""

    user: str
    resource: Resource
    permission: str | None
    acting_as: tuple[str, ...] | None = None
    is_from_afar: bool = False
    """Whether it is about a class, and asked by somebody who is in no class, nor are their children."""

    def put(self, method):
        """Ask it of one of an authoriser's methods."""
        return method(self.user, self.resource, self.permission, acting_as=self.acting_as)


def pool(users=100, count=600, seed=2):
    """Questions about the demo district: about half of them are allowed."""
    snapshot = demo_district(users=users)
    asked = map(read_evaluation, demo_requests(snapshot, count, seed))
    named = {user for one in snapshot["sections"] for user in (*one["teachers"], *one["students"])}
    named |= {
        one["id"] for one in snapshot["users"] if "contact" in one["roles"]
    }  # their children's classes are theirs
    return [
        Question(
            one.user, one.resource, one.permission, one.acting_as, one.user not in named and about_a_class(one.resource)
        )
        for one in asked
    ]


def about_a_class(resource):
    """Whether a resource is a class, or lies in one and is nobody's: of a student all classes are asked for."""
    return "student" not in resource.properties and (resource.type == "section" or "section" in resource.properties)


class Changes:
    """Small changes of the truth, one record each, that alter answers; every so often one is taken back."""

    def __init__(self, truth: Truth, asked: list[Question], seed: Any) -> None:
        self.truth, self.pool, self.rng = truth, asked, random.Random(seed)
        self._altered: dict[tuple[str, str], Any] = {}
        self._naming: dict[str, list[Question]] = {}
        for one in asked:
            for name in {one.user, one.resource.id, *map(str, one.resource.properties.values())}:
                self._naming.setdefault(name, []).append(one)

    def one(self, among=None):
        """Change something that alters the answer to one of these questions at least (or of any); give those it does."""
        number, at = self.truth.now(), self.truth.time.wall()
        for _ in range(_TRIES):
            step = self.step(self.rng.choice(among or self.pool))
            if step is None:
                continue
            after = self.truth.pdp(self.truth.world(number, step))
            asked = [*(among or ()), *self._naming.get(step.id, ())[:_LOOKED_AT]]
            found = [one for one in asked if self.truth.says(number, one, at) != self.truth.says(after, one, at)]
            if found:
                self.take(step)
                return found
        return self.any()  # which may alter nothing that is asked here

    def any(self):
        """Change something, whatever that alters."""
        while (step := self.step(self.rng.choice(self.pool))) is None:
            pass
        self.take(step)
        return self._naming.get(step.id, [])[:_LOOKED_AT]

    def take(self, step):
        """Make a change; remember what there was before it."""
        key = (step.kind, step.id)
        if key in self._altered:
            del self._altered[key]
        else:
            self._altered[key] = self.record(*key)
        if step.record is None:
            self.truth.remove(*key)
        else:
            self.truth.put(step.kind, step.record)

    def record(self, kind, one):
        """A record as it is now; None where there is none."""
        return self.truth.fake.record(kind, one, district=DISTRICT)

    def step(self, question):
        """A change that may alter the answer to a question, or one that takes another back; None for none."""
        if self._altered and (len(self._altered) >= _ALTERED or self.rng.random() < 0.3):
            kind, one = self.rng.choice(list(self._altered))
            return Step(0, 0, kind, one, self._altered[kind, one], "")
        kind, one = self.rng.choice(self.near(question))
        record = self.record(kind, one)
        if record is None or (kind, one) in self._altered:
            return None
        made = self.rng.choice(ALTER[kind])(record, self)
        return None if made == record else Step(0, 0, kind, one, made, "")

    def near(self, question):
        """The records that the answer to a question rests on: kind and id."""
        said = question.resource.properties
        found = [("user", question.user)] * 2
        section = said.get("section") or (question.resource.id if question.resource.type == "section" else None)
        student = said.get("student") or (question.resource.id if question.resource.type == "student" else None)
        if section:
            found += [("section", section)] * 3
            record = self.record("section", section) or {}
            found += [
                (kind, record[key]) for kind, key in (("school", "school"), ("term", "term_id")) if record.get(key)
            ]
        if student:
            found.append(("user", student))
            taught = [one for one in self.truth.world(self.truth.now())["sections"] if student in one["students"]]
            found += [("section", self.rng.choice(taught)["id"])] if taught else []
        if question.resource.type == "school":
            found.append(("school", question.resource.id))
        return found


# what becomes of a record; None: it is deleted


def _gone(record, changes):
    return None


def _of_no_district(record, changes):
    return {key: value for key, value in record.items() if key != "district"}


def _without_a_role(record, changes):
    roles = dict(record["roles"])
    if roles:
        del roles[changes.rng.choice(sorted(roles))]
    return record | {"roles": roles}


def _without_places(record, changes):
    bare = {"student_relationships": [], "schools": [], "school": None}
    return record | {
        "roles": {name: role | {k: v for k, v in bare.items() if k in role} for name, role in record["roles"].items()}
    }


def _without_teachers(record, changes):
    return record | {"teacher": None, "teachers": []}


def _taught_by_another(record, changes):
    people = [
        one["id"]
        for one in changes.truth.fake.world["users"]
        if "teacher" in one["roles"] and one.get("district") == DISTRICT
    ]
    other = changes.rng.choice(people)
    return record | {"teacher": other, "teachers": [other]}


def _without_a_student(record, changes):
    held = list(record["students"])
    if held:
        held.remove(changes.rng.choice(held))
    return record | {"students": held}


def _with_another_student(record, changes):
    people = [
        one["id"]
        for one in changes.truth.fake.world["users"]
        if "student" in one["roles"] and one.get("district") == DISTRICT
    ]
    return record | {"students": sorted({*record["students"], changes.rng.choice(people)})}


def _past(record, changes):
    return record | {"term_id": CAST["past_term"].id}


def _elsewhere(record, changes):
    return record | {
        "school": changes.rng.choice([CAST[name].id for name in ("academy", "elementary", "middle", "high")])
    }


def _current_but_taught_by_another(record, changes):
    """Two things at once: whoever put the one beside the other's past would see what never was."""
    return _taught_by_another(record, changes) | {"term_id": CAST["current_term"].id}


def _ended(record, changes):
    return record | {"start_date": "2026-01-05", "end_date": "2026-05-29"}


ALTER = {
    "user": [_gone, _of_no_district, _without_a_role, _without_a_role, _without_places],
    "section": [
        _gone, _of_no_district, _without_teachers, _taught_by_another, _without_a_student, _with_another_student,
        _past, _elsewhere, _current_but_taught_by_another,
    ],
    "school": [_gone],
    "term": [_gone, _ended],
}  # fmt: skip
