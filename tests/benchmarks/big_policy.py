"""A policy of any number of rules, as a large product might write it: 30 resource types, 10 roles of its own.

`big_policy_text(1_000)` is the same text every time. Its first four rules say for every type what a state forbids (a
past term, a lock), so that a policy of ten rules reads the same attributes as one of a thousand. Most of the others are
floors; some are ceilings, of a state once more, or of a role with `unless` and the `overrides` that the checks ask for.
"""

from __future__ import annotations

from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Final

from rolecall.compiler import compile_policy
from rolecall.loader import load_policy

PERMISSIONS: Final = ("view", "comment", "edit", "share", "export", "archive")
ROLES: Final = {
    "substitute": "section", "coach": "section, school", "data_officer": "school, district", "librarian": "school",
    "counselor": "school", "nurse": "school", "aide": "section", "auditor": "district", "tutor": "section",
    "registrar": "school, district",
}  # fmt: skip
OWN_TYPES: Final = {
    "section": (
        "assignment", "quiz", "lesson", "unit", "announcement", "discussion", "seating_plan", "gradebook", "rubric",
        "attendance_sheet",
    ),
    "[student, section]": ("grade", "submission", "absence", "feedback", "portfolio_entry"),
    "student": ("note", "plan", "health_record", "contact_card"),
    "school": ("calendar", "bulletin", "inventory", "bell_schedule"),
    "district": ("survey", "dashboard", "export_job"),
}  # fmt: skip
FLOORS: Final = {  # whom a floor speaks of, by what the type lies within
    "section": (
        "{teacher: section}", "{primary_teacher: section}", "{staff: school}", "{district_admin: district}",
        "{student: section}", "{guardian: section}", "{substitute: section}", "{coach: section}", "{aide: section}",
        "{tutor: section}", "{staff: anywhere, teacher: section}", "[{coach: school}, {librarian: school}]",
        "{owner: resource, teacher: section}", "{registrar: school}",
    ),
    "[student, section]": (
        "{teacher: section}", "{staff: school}", "{district_admin: district}", "{student: student}",
        "{guardian: student}", "{substitute: section}", "{counselor: school}", "{tutor: section}",
        "[{student: student}, {guardian: student}]", "{owner: resource, teacher: section}",
    ),
    "student": (
        "{teacher: section}", "{staff: school}", "{district_admin: district}", "{student: student}",
        "{guardian: student}", "{counselor: school}", "{nurse: school}", "{owner: resource, teacher: section}",
    ),
    "school": (
        "{staff: school}", "{teacher: school}", "{district_admin: district}", "{registrar: school}",
        "{librarian: school}", "{data_officer: school}", "{coach: school}", "[{student: school}, {guardian: school}]",
    ),
    "district": ("{district_admin: district}", "{auditor: district}", "{data_officer: district}", "{registrar: district}"),
}  # fmt: skip
CEILINGS: Final = (
    ("{SchoolTechLead: school}", "[{teacher: section}, {district_admin: district}]"),
    ("{substitute: section}", "{teacher: section}"),
    ("{aide: section}", "{teacher: section}"),
    ("{tutor: section}", "[{teacher: section}, {staff: school}]"),
    ("{auditor: district}", "{district_admin: district}"),
    ("{data_officer: anywhere}", "{staff: school}"),
)
STATES: Final = {"term": "past", "locked": "true", "published": "false", "state": "archived"}
ATTRIBUTES: Final = {"locked": "boolean", "published": "boolean", "state": "[draft, shown, archived]"}


def big_policy_text(rules: int = 1_000, seed: int = 1) -> str:
    """Give a policy that loads; where a ceiling cuts a few floors it names them in `overrides`, as the checks ask."""
    with TemporaryDirectory() as folder:
        file = Path(folder, "policy.yaml")
        file.write_text(_written(rules, seed, {}), "utf-8")
        cut: dict[str, list[str]] = {}
        for one in compile_policy(load_policy(file)).cuts:
            if one.allowed == "overrides":
                cut.setdefault(one.ceiling.id, []).append(one.floor.id)
    return _written(rules, seed, {ceiling: floors for ceiling, floors in cut.items() if len(floors) <= 12})


def types() -> dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]]:
    """Give each type: what it lies within (itself where it is Clever's), its permissions, its attributes."""
    found: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
        name: (name, PERMISSIONS[:4], ()) for name in ("district", "school", "section", "student")
    }
    number = 0
    for within, names in OWN_TYPES.items():
        for name in names:
            number += 1
            found[name] = (within, PERMISSIONS[: 3 + number % 4], tuple(ATTRIBUTES)[: number % 4])
    return found


def _written(rules: int, seed: int, overrides: dict[str, list[str]]) -> str:
    """Write the policy; a ceiling for which no overrides are given overrides all."""
    rng = Random(f"big policy:{seed}")
    rows = ["rolecall: 1", "application: a-large-product", "timezone: America/Chicago", "", "roles:"]
    rows += [f"  {name}: {{scopes: [{scopes}]}}" for name, scopes in ROLES.items()]
    rows += ["", "resources:"]
    for name, (within, permissions, attributes) in types().items():
        rows.append(f"  {name}:")
        rows += [f"    within: {within}"] if within != name else []
        if attributes:
            rows.append(f"    attributes: {{{', '.join(f'{one}: {ATTRIBUTES[one]}' for one in attributes)}}}")
        rows += ["    permissions:", "      view:"]
        rows += [f"      {one}: {{implies: [view]}}" for one in permissions[1:]]
    rows += ["", "permission_sets:"]
    for number in range(40):
        rows.append(f"  set-{number}:")
        if number and number % 3 == 0:
            rows.append(f"    include: [set-{rng.randrange(number)}]")
        rows += [
            f"    {name}: [{_some(rng, types()[name][1])}]" for name in rng.sample(list(types()), rng.randint(2, 8))
        ]
    rows += ["", "rules:"]
    rows += [row for name in STATES for row in _state(name)]
    for number in range(len(STATES), rules):
        rows += _ceiling(rng, number, overrides) if number % 20 in (9, 13, 17) else _floor(rng, number)
        rows.append("")
    return "\n".join(rows)


def _state(attribute: str) -> list[str]:
    """Give the rule of a state, for all types that can be in it."""
    if attribute == "term":
        names = [name for name, (within, _, _) in types().items() if "section" in within]
    else:
        names = [name for name, (_, _, attributes) in types().items() if attribute in attributes]
    return [
        f"  - id: state-{attribute}",
        "    because: What is in this state can be looked at, and no longer changed.",
        f"    for: [{', '.join(names)}]",
        "    when: everyone",
        f"    if: {{{attribute}: {STATES[attribute]}}}",
        f"    if_unknown: {{{attribute}: skip}}",
        f"    max: {{{', '.join(f'{name}: [view]' for name in names)}}}",
        "",
    ]


def _some(rng: Random, names: tuple[str, ...]) -> str:
    return ", ".join(rng.sample(names, rng.randint(1, 2)))


def _for(rng: Random, like: str) -> tuple[list[str], tuple[str, ...]]:
    """Give some types that lie within the same, and the attributes that all of them have."""
    fitting = [name for name, (within, _, _) in types().items() if within == like]
    names = rng.sample(fitting, min(len(fitting), rng.choice((1, 1, 1, 2, 3))))
    return names, min((types()[name][2] for name in names), key=len)


def _floor(rng: Random, number: int) -> list[str]:
    within = rng.choice(
        ("section", "section", "section", "[student, section]", "[student, section]", "student", "school", "district")
    )
    names, attributes = _for(rng, within)
    when = rng.choice([one for one in FLOORS[within] if "owner" not in one or "section" not in names])
    rows = [
        f"  - id: floor-{number}",
        f"    because: In area {number % 37} these people need this much to do their work.",
        f"    for: {names[0] if len(names) == 1 else '[' + ', '.join(names) + ']'}",
        f"    when: {when}",
    ]
    if rng.random() < 0.1:
        rows.append("    unless: {student: anywhere}")
    if attributes and rng.random() < 0.3:
        rows.append(f"    if: {{{_condition(rng, attributes)}}}")
    given = ", ".join(f"{name}: [{_some(rng, types()[name][1])}]" for name in names)
    if rng.random() < 0.2:
        return [*rows, f"    min: [set-{rng.randrange(40)}, {{{given}}}]"]
    return [*rows, f"    min: {{{given}}}"]


def _condition(rng: Random, attributes: tuple[str, ...]) -> str:
    name = rng.choice(attributes)
    return f"{name}: {rng.choice(('draft', 'shown', '[draft, shown]') if name == 'state' else ('true', 'false'))}"


def _ceiling(rng: Random, number: int, overrides: dict[str, list[str]]) -> list[str]:
    """Every other ceiling speaks of a state; the others of a role, and say which floors they mean to cut."""
    names, attributes = _for(rng, rng.choice(("section", "section", "[student, section]")))
    names = [name for name in names if name != "section"] or ["assignment"]
    most = ", ".join(f"{name}: [view]" for name in names)
    rows = [
        f"  - id: ceiling-{number}",
        f"    because: In area {number % 37} nobody may change this while it is so.",
        f"    for: [{', '.join(names)}]",
    ]
    if number % 2 and rng.random() < 0.6:
        term = "term: past" if rng.random() < 0.5 or not attributes else _condition(rng, attributes)
        unknown = ["    if_unknown: {term: skip}"] if term.startswith("term") else []
        return [*rows, "    when: everyone", f"    if: {{{term}}}", *unknown, f"    max: {{{most}}}"]
    when, unless = rng.choice(CEILINGS)
    named = overrides.get(f"ceiling-{number}")
    allowed = "all" if named is None else f"[{', '.join(named)}]"
    return [*rows, f"    when: {when}", f"    unless: {unless}", f"    max: {{{most}}}", f"    overrides: {allowed}"]
