"""A policy as large as a product's may become: 200 rules, 20 resource types, 8 roles of its own, with tests and claims.

The same text every time. Tests have today's answers, and of the claims those are kept that are proven: what is measured is
how long the tools take where all is well.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Final

from rolecall.analysis.claims import prove, read_claims
from rolecall.analysis.difference import Version
from rolecall.analysis.grids import Bench, read_tests
from rolecall.loader import load_policy

RULES: Final = 200
ROLES: Final = {
    "substitute": "section", "coach": "section, school", "data_officer": "school, district", "librarian": "school",
    "counselor": "school", "nurse": "school", "aide": "section", "registrar": "school, district",
}  # fmt: skip
WITHIN: Final = {
    "district": "", "school": "", "section": "", "student": "",
    **dict.fromkeys(("assignment", "quiz", "lesson", "unit", "announcement", "discussion", "gradebook", "rubric"), "section"),
    **dict.fromkeys(("grade", "submission", "absence", "feedback"), "[student, section]"),
    **dict.fromkeys(("note", "health_record"), "student"), **dict.fromkeys(("calendar", "inventory"), "school"),
}  # fmt: skip
ATTRIBUTES: Final = {"locked": "boolean", "published": "boolean", "state": "[draft, shown, archived]"}
STATES: Final = {"term": "past", "locked": "true", "published": "false", "state": "archived"}
PERMISSIONS: Final = ("view", "comment", "edit", "share", "export")
WHO: Final = {
    "section": ("teacher: section", "staff: school", "district_admin: district", "student: section", "guardian: section",
                "substitute: section", "coach: section", "aide: section", "staff: anywhere, teacher: section",
                "librarian: school", "registrar: school"),
    "student": ("teacher: section", "staff: school", "district_admin: district", "student: student", "guardian: student",
                "counselor: school", "nurse: school", "substitute: section"),
    "school": ("staff: school", "teacher: school", "district_admin: district", "registrar: school", "librarian: school",
               "data_officer: school", "coach: school"),
    "district": ("district_admin: district", "data_officer: district", "registrar: district"),
}  # fmt: skip
CEILINGS: Final = (
    ("SchoolTechLead: school", "teacher: section"), ("substitute: section", "teacher: section"),
    ("aide: section", "teacher: section"), ("coach: school", "staff: school"),
)  # fmt: skip


def write_large_policy(folder: Path, rules: int = RULES) -> None:
    """Write the policy with its tests and claims into a folder that is not there yet."""
    folder.mkdir()
    (folder / "policy.yaml").write_text("\n".join(_policy(rules)) + "\n", "utf-8")
    version = Version.of(load_policy(folder))
    _write_tests(folder, version)
    _write_claims(folder, version)


def around(kind: str) -> str:
    """Give whose roles matter around a type."""
    within = WITHIN[kind] or kind
    return "student" if "student" in within else within


def attributes(kind: str) -> list[str]:
    """Give the attributes of a type: more for some than for others."""
    number = list(WITHIN).index(kind) % 4
    return list(ATTRIBUTES)[:number] if WITHIN[kind] else []


def _policy(rules: int) -> Iterator[str]:
    rng = Random("a large policy")
    yield from ("rolecall: 1", "application: a-large-product", "timezone: America/Chicago", "roles:")
    yield from (f"  {name}: {{scopes: [{scopes}]}}" for name, scopes in ROLES.items())
    yield "resources:"
    for kind, within in WITHIN.items():
        yield f"  {kind}:"
        if within:
            yield f"    within: {within}"
        if own := attributes(kind):
            yield f"    attributes: {{{', '.join(f'{one}: {ATTRIBUTES[one]}' for one in own)}}}"
        yield f"    permissions: {{view: , {', '.join(f'{one}: {{implies: [view]}}' for one in PERMISSIONS[1:])}}}"
    yield "permission_sets:"
    for number in range(30):
        kinds = rng.sample(list(WITHIN), rng.randint(2, 6))
        yield f"  set-{number}: {{{', '.join(f'{kind}: [{rng.choice(PERMISSIONS)}]' for kind in kinds)}}}"
    yield "rules:"
    for number in range(rules):
        yield from (f"  - id: rule-{number}", f"    because: In area {number % 23} this is how people work.")
        if number < len(STATES):
            yield from _state(list(STATES)[number])
        elif number % 10 == 0:
            yield from _ceiling(rng)
        else:
            yield from _floor(rng)


def _state(name: str) -> list[str]:
    """Give a maximum of all that are in a state."""
    kinds = [
        kind
        for kind, within in WITHIN.items()
        if ("section" in (within or kind) if name == "term" else name in attributes(kind))
    ]
    unknown = ["    if_unknown: {term: skip}"] if name == "term" else []
    head = [f"    for: [{', '.join(kinds)}]", "    when: everyone", f"    if: {{{name}: {STATES[name]}}}", *unknown]
    return [*head, f"    max: {{{', '.join(f'{kind}: [comment]' for kind in kinds)}}}"]


def _ceiling(rng: Random) -> list[str]:
    when, unless = rng.choice(CEILINGS)
    kinds = rng.sample([kind for kind, within in WITHIN.items() if "section" in within], 2)
    most = ", ".join(f"{kind}: [comment]" for kind in kinds)
    return [
        f"    for: [{', '.join(kinds)}]",
        f"    when: {{{when}}}",
        f"    unless: {{{unless}}}",
        f"    max: {{{most}}}",
        "    overrides: all",
    ]


def _floor(rng: Random) -> list[str]:
    kind = rng.choice(list(WITHIN))
    when = [f"{{{one}}}" for one in rng.sample(WHO[around(kind)], rng.choice((1, 1, 2)))]
    rows = [f"    for: {kind}", f"    when: {when[0] if len(when) == 1 else '[' + ', '.join(when) + ']'}"]
    if rng.random() < 0.15:
        rows.append("    unless: {student: anywhere}")
        rows[1] = f"    when: {{{rng.choice([one for one in WHO[around(kind)] if 'student' not in one])}}}"
    if (own := attributes(kind)) and rng.random() < 0.3:
        name = rng.choice(own)
        rows.append(f"    if: {{{name}: {'shown' if name == 'state' else rng.choice(('true', 'false'))}}}")
    more = f", set-{rng.randrange(30)}" if rng.random() < 0.2 else ""
    return [*rows, f"    min: [{{{kind}: [{rng.choice(PERMISSIONS)}]}}{more}]"]


def _write_tests(folder: Path, version: Version) -> None:
    """Write a grid for each type in some states, with the answers that the policy gives."""
    roles = sorted({one for several in WHO.values() for one in several})
    people = {f"person-{number}": one for number, one in enumerate(roles)}
    head = ["rolecall-tests: 1", "people:", *(f"  {name}: {{{one}}}" for name, one in people.items()), "tests:"]
    states: list[tuple[str, str]] = []
    for kind in WITHIN:
        states += [(kind, "{}"), *((kind, f"{{{name}: {STATES[name]}}}") for name in attributes(kind))]
    file = folder / "tests.yaml"
    rows = []
    for number, (kind, state) in enumerate(states):
        rows += [f"  - test: number {number}", f"    on: {{type: {kind}, is: {state}}}", "    grid:"]
        rows += [f"      {name}: none" for name in people]
    file.write_text("\n".join([*head, *rows]) + "\n", "utf-8")
    files, findings = read_tests(folder, version.policy)
    assert findings == []
    rows = []
    for (kind, state), result in zip(states, Bench(version.table).run(files), strict=True):
        rows += [f"  - test: {result.case.sentence}", f"    on: {{type: {kind}, is: {state}}}", "    grid:"]
        for asked in result.asked:
            held = sorted(asked.decision.permissions)
            rows.append(f"      {asked.person.name}: {'[' + ', '.join(held) + ']' if held else 'none'}")
    file.write_text("\n".join([*head, *rows]) + "\n", "utf-8")


def _write_claims(folder: Path, version: Version) -> None:
    """Write the claims, of many, that are proven."""
    said = []
    for kind in WITHIN:
        said += [f"never: {{{kind}: [{one}]}}, when: {{contact: anywhere}}" for one in PERMISSIONS[1:]]
        said += [
            f"never: {{{kind}: [{one}]}}, when: {{student: anywhere}}, unless: {{substitute: anywhere}}"
            for one in PERMISSIONS[2:]
        ]
    said += [
        f"same: [{{PortalOnly: school}}, {{staff: school}}], for: {kind}" for kind in WITHIN if "school" not in kind
    ]
    said += [f"monotone: {{{role}: anywhere}}" for role in ("staff", "teacher", *ROLES)]
    rows = [f"  - {{id: claim-{number}, because: It must hold., {one}}}" for number, one in enumerate(said)]
    file = folder / "claims.yaml"
    file.write_text("\n".join(["rolecall-claims: 1", "claims:", *rows]) + "\n", "utf-8")
    claims, findings = read_claims(folder, version.policy)
    assert findings == [], [one.render() for one in findings]
    proven = {one.claim.id for one in prove(claims, version.policy, version.table) if one.answer == "proven"}
    kept = [row for number, row in enumerate(rows) if f"claim-{number}" in proven]
    file.write_text("\n".join(["rolecall-claims: 1", "claims:", *kept]) + "\n", "utf-8")
