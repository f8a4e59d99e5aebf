"""A synthetic school district of any size, the same for the same seed: for demos, tests and benchmarks.

`demo_district` returns a snapshot as one object, `demo_lines` the same snapshot as JSON lines, in memory that
does not grow with it. Both hold the cast (`rolecall.testing.CAST`) under ids that never change.
"""

# ruff: noqa: PLR2004  (the chances of a made-up world)

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from rolecall.testing import records, scenes
from rolecall.testing.cast import CAST
from rolecall.testing.plan import CAST_SCHOOLS, COHORT, SUBJECTS, Plan

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from rolecall.testing.plan import Block
    from rolecall.testing.records import Record

AS_OF: Final = "2026-10-14T15:00:00Z"
KINDS: Final = {
    "district": "districts",
    "school": "schools",
    "term": "terms",
    "section": "sections",
    "user": "users",
    "assignment": "assignments",
}
"""What a line of the JSON-lines form is called, and the list that it belongs to in the other form."""

_FIRST: Final = (
    "Ada", "Ali", "Ana", "Ben", "Bo", "Carla", "Chen", "Dev", "Dina", "Eli", "Esra", "Eva", "Finn", "Gus",
    "Hana", "Ines", "Ivan", "Jade", "Jonas", "Kai", "Kofi", "Lars", "Leah", "Luz", "Maya", "Milo",
    "Nadia", "Nia", "Omar", "Otto", "Pia", "Priya", "Quinn", "Ravi", "Rina", "Sofia", "Tariq", "Uma",
    "Vera", "Wen", "Yara", "Zoe",
)  # fmt: skip
_LAST: Final = (
    "Adeyemi", "Baker", "Castillo", "Dubois", "Eriksen", "Fischer", "Garcia", "Hughes", "Ibrahim",
    "Jensen", "Kowalski", "Larsen", "Mbeki", "Nguyen", "Ortiz", "Patel", "Quispe", "Rossi", "Santos",
    "Tanaka", "Usman", "Vega", "Walker", "Xu", "Yilmaz", "Zhang",
)  # fmt: skip
_TERMS: Final = ("current_term",) * 15 + ("past_term",) * 2 + ("future_term", "undated_term", None)


def demo_records(users: int = 400, seed: int = 1) -> Iterator[tuple[str, Record]]:
    """Yield each record of the demo district with its kind: `("user", {"id": …, "roles": {…}})`.

    Districts come first, then schools, terms, sections, users and the application's assignments. A class may
    name a student whose record comes later.
    """
    plan = Plan(users, seed)
    yield from (("district", record) for record in scenes.districts())
    yield from (("school", record) for record in scenes.schools())
    for index in range(len(CAST_SCHOOLS), plan.schools):
        name, number = f"Oakvale School {index + 1}", f"{101 + index}"
        yield "school", records.school(plan.school(index), scenes.DISTRICT, name, number, "1", "12", None)
    yield from (("term", record) for record in scenes.terms())
    yield from (("section", record) for record in scenes.sections(plan.classmates))
    for block in plan.blocks():
        yield from (("section", record) for record in _sections(plan, block))
    yield from (("user", record) for record in scenes.users())
    for block in plan.blocks():
        yield from (("user", record) for record in _users(plan, block))
    yield from (("assignment", record) for record in scenes.assignments())
    for block in plan.blocks():
        yield from (("assignment", record) for record in _assignments(plan, block))


def demo_district(*, users: int = 400, seed: int = 1) -> dict[str, object]:
    """Return a snapshot of the demo district: `{"as_of": …, "districts": […], …, "assignments": […]}`.

    Districts, schools, terms, sections and users are the objects of Clever's API v3.0. There are exactly
    `users` users (100 at least), the cast included. The same arguments give an equal snapshot.
    """
    lists: dict[str, list[Record]] = {name: [] for name in KINDS.values()}
    for kind, record in demo_records(users, seed):
        lists[KINDS[kind]].append(record)
    return {"as_of": AS_OF, **lists}


def demo_lines(users: int = 400, seed: int = 1) -> Iterator[str]:
    """Yield the same snapshot as JSON lines, without line ends, in constant memory.

    First `{"kind":"snapshot","as_of":…}`, then `{"kind":"user","data":{…}}` and so on for each record.
    """
    encode = json.JSONEncoder(separators=(",", ":")).encode
    yield encode({"kind": "snapshot", "as_of": AS_OF})
    for kind, record in demo_records(users, seed):
        yield encode({"kind": kind, "data": record})


def _sections(plan: Plan, block: Block) -> Iterator[Record]:
    """The classes of a school: each cohort of students has a few, with teachers taking turns."""
    rng = plan.random("sections", block.index)
    for number in range(block.cohorts * block.lessons):
        cohort, lesson = divmod(number, block.lessons)
        first = block.first_student + cohort * COHORT
        last = min(first + COHORT, block.first_contact)
        turns = [number % block.teachers]
        if rng.random() < 0.15:
            turns.append((number + 1) % block.teachers)
        term, subject, grade = rng.choice(_TERMS), SUBJECTS[lesson], f"{block.grade + cohort % 3}"
        yield records.section(
            plan.section(block, number),
            scenes.DISTRICT,
            block.school,
            f"{subject.capitalize()} {grade}-{cohort + 1}",
            teachers=[plan.user(block.first_teacher + turn) for turn in turns],
            students=[plan.user(student) for student in range(first, last)],
            term=term and CAST[term].id,
            primary=rng.random() < 0.97,
            subject=subject,
            grade=grade,
            period=f"{lesson + 1}" if rng.random() < 0.7 else None,
        )


def _users(plan: Plan, block: Block) -> Iterator[Record]:
    """The people of a school: staff, teachers, students, contacts."""
    rng = plan.random("users", block.index)
    draw = rng.random
    for number in range(block.start, block.first_contact + block.contacts):
        if number < block.first_teacher:
            roles, missing = _staff(plan, block, number - block.start, rng), 0.02
        elif number < block.first_student:
            roles, missing = _teacher(plan, block, number, rng), 0.02
        elif number < block.first_contact:
            grade = f"{block.grade + (number - block.first_student) // COHORT % 3}" if draw() < 0.95 else None
            roles, missing = {"student": records.student_role(block.school, f"{number}", grade=grade)}, 0.3
        else:
            roles, missing = _contact(plan, block, number - block.first_contact, rng), 0.2
        first, last = _FIRST[int(draw() * len(_FIRST))], _LAST[int(draw() * len(_LAST))]
        email = None if draw() < missing else f"{first}.{last}.{number}@oakvale.example".lower()
        yield records.user(plan.user(number), scenes.DISTRICT, first, last, roles, email=email)


def _staff(plan: Plan, block: Block, number: int, rng: Random) -> Record:
    """A principal, a tech lead, and others with the designations that districts send, known and unknown."""
    if number == 0:
        return {"staff": records.staff_role([block.school], f"p{block.index}", ["PortalOnly"], "Principal")}
    if number == 1:
        return {"staff": records.staff_role([block.school], f"l{block.index}", ["SchoolTechLead"])}
    designations: list[str] | None = rng.choices(
        [["PortalOnly"], [], None, ["School Tech Lead"], ["PortalOnly", "SchoolTechLead"]], (85, 5, 4, 3, 3)
    )[0]
    schools = [block.school]
    if rng.random() < 0.1:
        schools.append(plan.block(block.index + 1).school)
    roles: Record = {"staff": records.staff_role(schools, f"{block.start + number}", designations)}
    if rng.random() < 0.1:
        roles["district_admin"] = records.district_admin_role()
    return roles


def _teacher(plan: Plan, block: Block, number: int, rng: Random) -> Record:
    """A teacher, who is now and then staff as well, at this school or at the next one."""
    roles: Record = {"teacher": records.teacher_role([block.school], f"{number}")}
    chance = rng.random()
    if chance < 0.08:
        school = plan.block(block.index + (chance < 0.04)).school
        roles["staff"] = records.staff_role([school], f"{number}", ["PortalOnly"])
    return roles


def _contact(plan: Plan, block: Block, number: int, rng: Random) -> Record:
    """A contact of a student here, and now and then of one at the next school."""
    types = ("Parent/Guardian", "Emergency", "Family", "Other", None)
    child = plan.user(block.first_student + number % block.students)
    related = [(child, "Parent", rng.choices(types, (75, 12, 5, 4, 4))[0])]
    if rng.random() < 0.2:
        nearby = plan.block(block.index + 1)
        child = plan.user(nearby.first_student + number % nearby.students)
        related.append((child, "Parent", "Parent/Guardian"))
    return {"contact": records.contact_role(*related, phone="555-0100" if rng.random() < 0.6 else None)}


def _assignments(plan: Plan, block: Block) -> Iterator[Record]:
    """Substitutes: staff beyond the principal and the tech lead, each covering a class for a while."""
    rng = plan.random("assignments", block.index)
    for number in range(2, block.staff):
        user = plan.user(block.start + number)
        section = plan.section(block, rng.randrange(block.cohorts * block.lessons))
        until = rng.choice(("2026-09-30T22:00:00Z", "2026-10-30T22:00:00Z", None))
        yield records.grant(user, "substitute", "section", section, "2026-09-01T12:00:00Z", until)
