"""Why may she and not I: two people, the same thing, and the difference, role by role and rule by rule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from rolecall.counterfactual import Counterfactuals
from rolecall.explain.data import changes_data
from rolecall.explain.document import Row, Section, change_rows
from rolecall.explain.sentences import one_line, roles_held, sentence
from rolecall.vocabulary.decision import Decision
from rolecall.vocabulary.reasons import RuleRef
from rolecall.wording import listed

SCHEMA = 1


class Comparison(msgspec.Struct, frozen=True, eq=False):
    """Two decisions about one thing, and for each permission that one of them lacks, what would give it to them."""

    first: Decision
    second: Decision
    lacking: tuple[tuple[Decision, Counterfactuals], ...] = ()


MOST = 3
"""Of so many permissions it is said what would give them."""


def lacked(first: Decision, second: Decision, most: int = MOST) -> list[tuple[Decision, str]]:
    """Give who lacks which permission that the other has: what was asked, or the first few of all."""
    asked = first.permission
    if asked is not None:
        names = [asked] if first.allowed != second.allowed else []
    else:
        every = first.grounds.permissions[first.resource.type]
        names = [name for name in every if (name in first.permissions) != (name in second.permissions)]
    return [(second if name in first.permissions else first, name) for name in names][:most]


def compared(one: Comparison) -> tuple[str, list[Section]]:
    """Give the comparison as a sentence and sections."""
    first, second = one.first, one.second
    parts = [
        Section("Roles", tuple(_roles(first, second))),
        Section("Rules", tuple(_rules(first, second))),
        Section("Allowed", tuple(_allowed(first, second))),
        Section("In a sentence each", (Row(sentence(first)), Row(sentence(second)))),
    ]
    for lacking, changes in one.lacking:
        rows = tuple(change_rows(changes))
        parts.append(Section(f"What would give {lacking.permission} to user {lacking.subject}", rows))
    names = [f"`--permission {name}`" for _, name in lacked(first, second, most=len(first.grounds.permissions))]
    if one.lacking and len(names) > len(one.lacking):
        row = Row(f"Ask with {listed(names[len(one.lacking) :], 'or')} to see.")
        parts.append(Section("What would give the rest", (row,)))
    return _sentence(first, second), [part for part in parts if part.rows]


def _sentence(first: Decision, second: Decision) -> str:
    thing, asked = f"{first.resource.type} {first.resource.id}", first.permission
    who = (first.subject, second.subject)
    if first.indeterminate or second.indeterminate:
        return f"Nobody can tell now what users {who[0]} and {who[1]} may do to {thing}."
    if asked is None:
        if first.permissions == second.permissions:
            return f"Users {who[0]} and {who[1]} have the same permissions for {thing}."
        return f"Users {who[0]} and {who[1]} do not have the same permissions for {thing}."
    if first.allowed and second.allowed:
        return f"Users {who[0]} and {who[1]} both have {asked} permission for {thing}."
    if not first.allowed and not second.allowed:
        return f"Neither user {who[0]} nor user {who[1]} has {asked} permission for {thing}."
    has, has_not = who if first.allowed else who[::-1]
    return f"User {has} has {asked} permission for {thing}, user {has_not} has not."


def _split(first: Sequence[str], second: Sequence[str], names: tuple[str, str]) -> Iterator[Row]:
    """Say what only one has, then what both have."""
    for who, mine, others in ((names[0], first, second), (names[1], second, first)):
        only = [one for one in mine if one not in others]
        if only:
            yield Row(f"only user {who}", tuple(only))
    both = [one for one in first if one in second]
    if both:
        yield Row("both", tuple(both))


def _roles(first: Decision, second: Decision) -> Iterator[Row]:
    mine, theirs = ([_role(*one) for one in roles_held(decision)] for decision in (first, second))
    yield from _split(mine, theirs, (first.subject, second.subject))


def _role(said: str, doubt: str) -> str:
    return f"{said}  (doubtful: {doubt})" if doubt else said


def _rules(first: Decision, second: Decision) -> Iterator[Row]:
    mine, theirs = ([*_effects(decision)] for decision in (first, second))
    yield from _split(mine, theirs, (first.subject, second.subject))


def _effects(decision: Decision) -> Iterator[str]:
    """Say what each rule gives or leaves here."""
    order = decision.grounds.permissions[decision.resource.type]
    together = frozenset[str]().union(*(names for _, names in decision.cell.given))
    for rule, names in decision.cell.given:
        if names:
            yield f"{_rule(rule)} gives {listed([name for name in order if name in names])}"
    for rule, names in decision.cell.capped:
        if together - names:
            yield f"{_rule(rule)} takes away {listed([name for name in order if name in together - names])}"


def _rule(rule: RuleRef) -> str:
    return f"`{rule.id}` ({rule.origin})"


def _allowed(first: Decision, second: Decision) -> Iterator[Row]:
    order = first.grounds.permissions[first.resource.type]
    mine, theirs = ([name for name in order if name in one.permissions] for one in (first, second))
    for row in _split(mine, theirs, (first.subject, second.subject)):
        yield Row(f"{row.text}: {', '.join(row.under)}")


def comparison_data(one: Comparison) -> dict[str, object]:
    """Give the comparison as JSON-ready data, schema version 1."""
    said, parts = compared(one)
    return {
        "schema": SCHEMA,
        "sentence": said,
        "resource": {"type": one.first.resource.type, "id": one.first.resource.id},
        "users": [
            {
                "user": decision.subject,
                "code": decision.code,
                "permissions": sorted(decision.permissions),
                "sentence": one_line(sentence(decision)),
            }
            for decision in (one.first, one.second)
        ],
        "sections": msgspec.to_builtins(parts),
        "changes": [
            {"user": lacking.subject, "permission": lacking.permission, **changes_data(changes)}
            for lacking, changes in one.lacking
        ],
    }
