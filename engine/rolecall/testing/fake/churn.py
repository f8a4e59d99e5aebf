"""Made-up roster changes, one at a time, so that whoever follows the events sees some."""

from __future__ import annotations

from random import Random
from typing import Any

from rolecall.testing.fake.clever import FakeClever


class Churn:
    """Small changes to the sections of a fake's first district, the same for the same seed and district."""

    def __init__(self, fake: FakeClever, seed: int = 1) -> None:
        self._fake = fake
        self._rng = Random(seed)  # noqa: S311 - nothing secret: changes that can be repeated
        world = fake.world
        district = next(iter(fake.tokens))
        users = [one for one in world["users"] if one.get("district") == district]
        self._sections: list[str] = [one["id"] for one in world["sections"] if one.get("district") == district]
        self._people: dict[str, list[str]] = {
            role: [one["id"] for one in users if isinstance((one.get("roles") or {}).get(role), dict)]
            for role in ("student", "teacher")
        }

    def step(self) -> str:
        """Change a section: a student or a co-teacher joins or leaves it. Give a sentence that says so."""
        section = self._fake.record("section", self._rng.choice(self._sections))
        role, field = self._rng.choice((("student", "students"), ("student", "students"), ("teacher", "teachers")))
        held: list[str] = section[field]
        leaving = [one for one in held if one != section.get("teacher")]
        if leaving and self._rng.random() < 0.5:  # noqa: PLR2004 - as often as not
            who, verb = self._rng.choice(leaving), "leaves"
            held.remove(who)
        else:
            who, verb = self._rng.choice([one for one in self._people[role] if one not in held]), "joins"
            held.append(who)
        self._fake.change("section", section)
        return f"{self._name(who)} ({role} {who}) {verb} {section['name']} (section {section['id']})"

    def _name(self, user: str) -> str:
        record: dict[str, Any] = self._fake.record("user", user) or {}
        name: dict[str, str] = record.get("name") or {}
        return f"{name.get('first')} {name.get('last')}"
