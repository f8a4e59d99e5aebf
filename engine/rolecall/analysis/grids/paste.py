"""Tests that are ready to paste: a cell of a table as a person and a resource, who the authoriser finds are in it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from rolecall.analysis.cells import Combo, codes
from rolecall.analysis.grids.model import ELSEWHERE, HERE, Case, Person, TestFile, Thing
from rolecall.analysis.grids.run import Bench
from rolecall.table import Table
from rolecall.vocabulary.origin import Origin, Source
from rolecall.vocabulary.roles import DESIGNATIONS, HELD_AT_SCHOOL_THROUGH_SECTION, INSIDE, OWNER, SCOPES
from rolecall.wording import value_name

WHO = "someone"
_NOWHERE = Origin(Source("", ""), 1, 1)
_FILE = TestFile("", None, None, ())

Attributes = Mapping[str, bool | str | None]


def as_test(
    table: Table,
    kind: str,
    pairs: Iterable[tuple[str, str]],
    attributes: Attributes,
    expected: Mapping[str, bool],
    sentence: str,
) -> str | None:
    """Give an entry of `tests:` about whoever holds these (role, scope) pairs, as a test file has it, indented by two.

    None where no roster gives that very cell (staff without PortalOnly, say, where a rule asks about it).
    """
    found = staged(table, kind, tuple(pairs), attributes)
    return None if found is None else entry(*found, expected, sentence)


def telling_test(
    table: Table, other: Table, kind: str, pairs: tuple[tuple[str, str], ...], attributes: Attributes, sentence: str
) -> str | None:
    """Give an entry of `tests:` that passes with a table and fails with another one; None where this person is none.

    Tried is somebody who holds these pairs, as staff of whatever designation.
    """
    extra = [(), *(((name, scope),) for name in DESIGNATIONS[1:] for role, scope in pairs if role == "staff")]
    for more in extra:
        person = Person(WHO, tuple(_nearest((*pairs, *more))), "", _NOWHERE)
        for thing in _things(kind, attributes):
            case = Case("", (thing,), (), None, None, _NOWHERE)
            now, then = (Bench(one).decide(person, thing, case, _FILE).permissions for one in (table, other))
            if now != then:
                names = (name for name in table.types[kind].permissions if name in now ^ then)
                return entry(person, thing, {name: name in now for name in names}, sentence)
    return None


def entry(person: Person, thing: Thing, expected: Mapping[str, bool], sentence: str) -> str:
    """Give an entry of `tests:` about a person and a resource."""
    roles: dict[str, list[str]] = {}
    for role, place in person.roles:
        roles.setdefault(role, []).append(place)
    answers = ", ".join(f"{name}: {'yes' if allowed else 'no'}" for name, allowed in expected.items())
    return "\n".join(
        (
            f"  - test: {quoted(sentence)}",
            f"    people: {{{person.name}: {{{_roles_said(roles)}}}}}",
            f"    on: {_thing_said(thing)}",
            f"    grid: {{{person.name}: {{{answers}}}}}",
        )
    )


def of_combo(combo: Combo, expected: Mapping[str, bool], sentence: str) -> str | None:
    """Give an entry of `tests:` about one cell."""
    pairs = combo.table.atoms.names(combo.person())
    return as_test(combo.table, combo.kind.name, pairs, combo.attributes, expected, sentence)


def staged(
    table: Table, kind: str, pairs: tuple[tuple[str, str], ...], attributes: Attributes
) -> tuple[Person, Thing] | None:
    """Give a person and a resource of whom and which the decision reads the cell of these pairs and attributes."""
    described = table.types[kind]
    number = table.atoms.mask(pairs) & described.asked
    for code in codes(described):
        value = attributes.get(code.name)
        number |= 0 if value is None else code.states[value]
    person = Person(WHO, tuple(_nearest(pairs)), "", _NOWHERE)
    for thing in _things(kind, attributes):
        case = Case("", (thing,), (), None, None, _NOWHERE)
        decision = Bench(table).decide(person, thing, case, _FILE)
        if decision.cell is described.cells.get(number):
            return person, thing
    return None


def _things(kind: str, attributes: Attributes) -> Iterable[Thing]:
    """Give a resource in this state: one whose student a class lists, and one of whom no class knows."""
    known = {name: value for name, value in attributes.items() if value is not None}
    for enrolled in (True, False):
        yield Thing(kind, kind, known, "", HERE, enrolled, "", {}, _NOWHERE)


def _nearest(pairs: tuple[tuple[str, str], ...]) -> Iterable[tuple[str, str]]:
    """Leave out what goes without saying, and call what is held `anywhere` only `elsewhere`."""
    held = set(pairs)
    outer = {role: login for login, inner in INSIDE.items() for role in inner}
    inner_at = {(outer[role], scope) for role, scope in held if role in outer}
    staff = {scope for role, scope in held if role == "staff"}
    for role, scope in sorted(held, key=lambda pair: (pair[0] == OWNER, SCOPES.index(pair[1]))):
        nearer = [at for one, at in held if one == role and at not in (scope, "resource")]
        if (role, scope) in inner_at or (role, scope) == ("district_admin", "anywhere"):
            continue
        if scope == "anywhere" and (nearer or (role in DESIGNATIONS and staff - {"anywhere"})):
            continue
        if scope == "school" and "section" in nearer and role in HELD_AT_SCHOOL_THROUGH_SECTION:
            continue
        yield role, ELSEWHERE if scope == "anywhere" else scope


def _roles_said(roles: dict[str, list[str]]) -> str:
    said = {role: places[0] if len(places) == 1 else f"[{', '.join(places)}]" for role, places in roles.items()}
    return ", ".join(f"{role}: {places}" for role, places in said.items())


def _thing_said(thing: Thing) -> str:
    """Give a resource as a test has it."""
    values = ", ".join(f"{name}: {value_name(value)}" for name, value in thing.attributes.items())
    said = [f"is: {{{values}}}"] if values else []
    said += ["enrolled: false"] if not thing.enrolled else []
    return f"{{type: {thing.kind}, {', '.join(said)}}}" if said else thing.kind


def quoted(sentence: str) -> str:
    """Give a sentence as YAML reads it back: in quotes where it needs them."""
    plain = sentence.isprintable() and sentence[:1].isalpha() and not any(part in sentence for part in (": ", " #"))
    return sentence if plain and not sentence.endswith(":") else json.dumps(sentence, ensure_ascii=False)
