"""AuthZEN evaluation requests over a demo district and the resource types of the shipped policy.

About half of them are allowed: each is about something near the person, such as a class they teach, or about
anything at all, and asks either for what their role is for or for any permission of the type.
"""

# ruff: noqa: PLR2004  (the chances of a made-up world)

from __future__ import annotations

from collections import defaultdict
from random import Random
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rolecall.testing.records import Record

PERMISSIONS: Final = {
    "district": ("view", "report"),
    "school": ("view", "report"),
    "section": ("view", "report", "edit", "take_attendance", "support"),
    "student": ("view", "write_note", "reset_login"),
    "assignment": ("view", "edit", "lock", "hand_in"),
    "grade": ("view", "edit"),
    "note": ("view", "edit"),
}
"""The permissions of each resource type in `policies/classroom.yaml`."""

_USUAL: Final = {
    "teacher": (
        ("section", "edit"), ("section", "take_attendance"), ("student", "view"), ("assignment", "edit"),
        ("grade", "edit"), ("grade", "view"), ("note", "edit"),
    ),
    "staff": (
        ("school", "report"), ("section", "view"), ("student", "view"), ("assignment", "view"),
        ("grade", "view"),
    ),
    "district_admin": (("district", "view"), ("school", "view"), ("section", "report"), ("grade", "view")),
    "student": (("student", "view"), ("section", "view"), ("assignment", "hand_in"), ("grade", "view")),
    "contact": (("student", "view"), ("section", "view"), ("assignment", "view"), ("grade", "view")),
}  # fmt: skip
"""What people of a role mostly ask for, as (resource type, permission)."""
_SHARES: Final = {"teacher": 45, "staff": 15, "district_admin": 5, "student": 20, "contact": 15}


def demo_requests(snapshot: Mapping[str, object], n: int = 20_000, seed: int = 2) -> Iterator[dict[str, object]]:
    """Yield `n` evaluation requests about the people and places of a snapshot, the same for the same seed.

    Each is a valid request on its own, about half of them to be denied by the shipped policy:

        {"subject": {"type": "user", "id": "ca57…"}, "action": {"name": "edit"},
         "resource": {"type": "grade", "id": "grade-7",
                      "properties": {"student": "…", "section": "…", "published": true}},
         "context": {"acting_as": ["teacher"]}}       # a few of them
    """
    requests = _Requests(snapshot, seed)
    for number in range(n):
        yield requests.request(number)


class _Requests:
    """The snapshot by neighbourhood: who teaches, attends and belongs to what."""

    def __init__(self, snapshot: Mapping[str, Any], seed: int) -> None:
        self._rng = Random(f"requests:{seed}")  # noqa: S311  (nothing secret: a reproducible demo)
        self._districts = [district["id"] for district in snapshot["districts"]]
        self._schools = [school["id"] for school in snapshot["schools"]]
        self._sections: list[Record] = snapshot["sections"]
        self._taught: dict[str, list[Record]] = defaultdict(list)
        self._attended: dict[str, list[Record]] = defaultdict(list)
        self._held: dict[str, list[Record]] = defaultdict(list)
        for section in self._sections:
            self._held[section["school"]].append(section)
            self._held[section["district"]].append(section)
            for user in section["teachers"]:
                self._taught[user].append(section)
            for user in section["students"]:
                self._attended[user].append(section)
        self._people: dict[str, list[Record]] = {role: [] for role in _USUAL}
        for user in snapshot["users"]:
            for role in user["roles"]:
                self._people[role].append(user)
        self._students = [user["id"] for user in self._people["student"]]

    def request(self, number: int) -> dict[str, object]:
        """One request: somebody of a role, something near or far, a usual or any permission."""
        rng = self._rng
        role = rng.choices(tuple(_SHARES), tuple(_SHARES.values()))[0]
        user = rng.choice(self._people[role])
        kind, permission = rng.choice(_USUAL[role])
        if rng.random() < 0.12:
            kind = rng.choice(tuple(PERMISSIONS))
            permission = rng.choice(PERMISSIONS[kind])
        near = self._near(role, user) if rng.random() < 0.6 else None
        section, student = near or self._far()
        properties = self._properties(kind, user["id"], section, student)
        places = {
            "district": section["district"] if near else rng.choice(self._districts),
            "school": section["school"] if near else rng.choice(self._schools),
            "section": section["id"],
            "student": student,
        }
        request: dict[str, object] = {
            "subject": {"type": "user", "id": user["id"]},
            "action": {"name": permission},
            "resource": {"type": kind, "id": places.get(kind, f"{kind}-{number}"), "properties": properties},
        }
        if len(user["roles"]) > 1 and rng.random() < 0.3:
            request["context"] = {"acting_as": [rng.choice(sorted(user["roles"]))]}
        return request

    def _far(self) -> tuple[Record, str]:
        return self._rng.choice(self._sections), self._rng.choice(self._students)

    def _near(self, role: str, user: Record) -> tuple[Record, str] | None:
        """A class close to the person in this role with a student in it, where there is one."""
        rng, held = self._rng, user["roles"][role]
        student: str | None = None
        if role == "teacher":
            nearby = self._taught[user["id"]]
        elif role == "staff":
            nearby = [section for school in held["schools"] for section in self._held[school]]
        elif role == "district_admin":
            nearby = self._held[user["district"]]
        elif role == "student":
            nearby, student = self._attended[user["id"]], user["id"]
        else:
            child: str = rng.choice(held["student_relationships"])["student"]
            nearby, student = self._attended[child], child
        if not nearby:
            return None
        section = rng.choice(nearby)
        return section, student or rng.choice(section["students"] or self._students)

    def _properties(self, kind: str, user: str, section: Record, student: str) -> dict[str, object]:
        """What the application says of its own things: where and in which state, now and then unknown."""
        rng = self._rng
        if kind == "assignment":
            properties: dict[str, object] = {
                "section": section["id"],
                "visibility": "published" if rng.random() < 0.8 else "draft",
                "locked": rng.random() < 0.15,
            }
        elif kind == "grade":
            properties = {"student": student, "section": section["id"], "published": rng.random() < 0.75}
        elif kind == "note":
            return {"student": student, "owner": rng.choice((user, user, student, None))}
        else:
            return {}
        if rng.random() < 0.04:
            properties.popitem()
        return properties
