"""What is allowed but hardly meant.

Rules that never apply, sets nobody uses, permissions nobody can have, students who reach other students. A warning
may be missing; it is never wrong about a roster without contradictions.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.compiler.reach import Reach, Reaches
from rolecall.policy import Combination, PermissionSet, Policy, Rule
from rolecall.table import Half, Table, TypeTable
from rolecall.vocabulary.origin import Finding, Origin
from rolecall.vocabulary.roles import Atoms

_FAMILY = frozenset({"student", "contact", "guardian"})


def find_warnings(policy: Policy, table: Table) -> Iterator[Finding]:
    """Give every warning about the policy."""
    shared = Reaches(table.atoms)
    reaches = {kind.name: shared[kind.location_scopes] for kind in table.types.values()}
    halves: dict[str, list[tuple[TypeTable, bool, Half]]] = {}
    for kind in table.types.values():
        for ceiling, several in ((False, kind.minima), (True, kind.maxima)):
            for half in several:
                halves.setdefault(half.rule.id, []).append((kind, ceiling, half))
    for rule in policy.rules:
        mine = halves.get(rule.id, [])
        dead = _why_dead(mine, reaches)
        if dead:
            message = f"rule `{rule.id}` never has an effect: {dead}"
            yield Finding("dead-rule", message, rule.origin, "warning", helps=("mend it, or delete it",))
        else:
            yield from _impossible_scopes(rule, table, reaches)
        yield from _other_students(rule, mine, table.atoms, reaches)
    yield from _unused_sets(policy)
    for kind in table.types.values():
        yield from _nobody_has(kind, policy, reaches[kind.name])


def alive(half: Half, reach: Reach, *, ceiling: bool) -> bool:
    """Say whether somebody consistent can be met by the bound.

    A `max` counts as alive even where its `unless` always holds: acting as fewer roles, its `unless` may not.
    """
    return any(reach.meets(mask, () if ceiling else half.unless) is not None for mask in half.when)


def _why_dead(halves: list[tuple[TypeTable, bool, Half]], reaches: dict[str, Reach]) -> str:
    """Say why a rule never has an effect, or nothing where it may have one."""
    living = [(ceiling, half) for kind, ceiling, half in halves if alive(half, reaches[kind.name], ceiling=ceiling)]
    if living and not any(alive(half, reaches[kind.name], ceiling=False) for kind, _, half in halves):
        return "whom its `when` asks for is always what its `unless` names, save somebody who acts as fewer roles"
    if not living:
        without = " without being what its `unless` names" if any(half.unless for _, _, half in halves) else ""
        return f"nobody can be what its `when` asks for{without}, around any resource it speaks of"
    gives = any(ceiling or half.permissions for ceiling, half in living)
    return "" if gives else "its `min` gives nothing on the types around which its `when` can hold"


def _impossible_scopes(rule: Rule, table: Table, reaches: dict[str, Reach]) -> Iterator[Finding]:
    """Report combinations that cannot hold around a type that `for` names."""
    for name in rule.types or ():
        for combination in rule.when or ():
            reach = reaches[name]
            mask = table.atoms.mask(combination.pairs)
            if mask & ~reach.possible:
                lacking = ", ".join(f"`{scope}`" for _, scope in table.atoms.names(mask & ~reach.possible))
                message = f"around a `{name}` nobody is ever {combination}: it has no {lacking}"
                helps = (f"take `{name}` out of `for`, or ask for a scope that it has",)
                yield Finding("scope-never", message, combination.origin, "warning", helps=helps)


def _other_students(
    rule: Rule, halves: list[tuple[TypeTable, bool, Half]], atoms: Atoms, reaches: dict[str, Reach]
) -> Iterator[Finding]:
    """Report a floor through which students, contacts or guardians reach other students than their own.

    Where the author named the type in `for`, it is a note: it may be meant.
    """
    for kind, ceiling, half in halves:
        if ceiling or not half.permissions or "student" not in kind.within.split("+"):
            continue
        unless = half.unless
        for combination in rule.when or (None,):
            asked = atoms.mask(combination.pairs) if combination else 0
            if _reaches_others(combination, asked, unless, atoms, reaches[kind.name]):
                whom = f"`{combination or 'everyone'}`"
                message = f"{whom} in rule `{rule.id}` lets them reach other students' `{kind.name}`"
                if combination is None:
                    message = f"{whom} in rule `{rule.id}` lets students reach other students' `{kind.name}`"
                yield _narrow(message, combination.origin if combination else rule.origin, kind, rule.types is not None)


def _reaches_others(
    combination: Combination | None, asked: int, unless: tuple[int, ...], atoms: Atoms, reach: Reach
) -> bool:
    """Say whether a student or a contact is met by the combination around a student who is not theirs."""
    if combination and not {role for role, _ in combination.pairs} <= _FAMILY:
        return False
    theirs = [bit for (_, scope), bit in atoms.bit.items() if scope == "student"]
    return any(
        reach.meets(asked | atoms.bit[role, "anywhere"], (*unless, *theirs)) is not None
        for role in ("student", "contact")
    )


def _narrow(message: str, origin: Origin, kind: TypeTable, named: bool) -> Finding:
    if named:
        return Finding(
            "other-students", message, origin, "note", helps=("ask for the scope `student` if it is not meant",)
        )
    helps = (
        "ask for the scope `student`, or name the types with `for`",
        f"if it is meant, name `{kind.name}` in `for`",
    )
    return Finding("other-students", message, origin, "warning", helps=helps)


def _unused_sets(policy: Policy) -> Iterator[Finding]:
    """Report named sets that no rule uses, directly or through others."""
    used: set[str] = set()
    stack: list[str | PermissionSet] = []
    for rule in policy.rules:
        for bound in (rule.minimum, rule.maximum):
            stack += bound.sets if bound else ()
    while stack:
        one = stack.pop()
        if isinstance(one, PermissionSet):
            stack += one.include
        elif one in policy.sets and one not in used:
            used.add(one)
            stack.append(policy.sets[one])
    for name, body in policy.sets.items():
        if name not in used:
            helps = ("name it in the `min` or `max` of a rule, or delete it",)
            yield Finding(
                "unused-set", f"no rule uses the permission set `{name}`", body.origin, "warning", helps=helps
            )


def _nobody_has(kind: TypeTable, policy: Policy, reach: Reach) -> Iterator[Finding]:
    """Report permissions that no living floor gives, or that a ceiling for everyone always takes away."""
    given = 0
    for half in kind.minima:
        if alive(half, reach, ceiling=False):
            given |= half.permissions
    left = given
    for half in kind.maxima:
        if half.when == (0,) and not half.unless and not half.states:
            left &= half.permissions
    for lacking, why, fix in (
        (~given, "no rule gives it", "give it in the `min` of a rule, or delete the permission"),
        (given & ~left, "a `max` for everyone takes it away", "allow it in that `max`, or delete the permission"),
    ):
        if names := kind.names(lacking):
            shown = ", ".join(f"`{name}`" for name in kind.permissions if name in names)
            message = f"nobody can have {shown} on a `{kind.name}`: {why}"
            yield Finding("nobody-has", message, policy.resources[kind.name].origin, "warning", helps=(fix,))
