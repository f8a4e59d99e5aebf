"""What two versions of a policy say differently, as written: what is declared, and which rules were edited."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

import msgspec

from rolecall.policy import PermissionSet, Policy, ResourceType, Rule
from rolecall.wording import listed, value_name

Edit = Literal["new", "removed", "edited", "through", ""]


class Declared(msgspec.Struct, frozen=True):
    """Something that the versions declare differently; `means` tells what decides from what is only written."""

    code: str
    text: str
    means: bool


class Edited(msgspec.Struct, frozen=True):
    """How a rule was edited: itself, or (`through`) by a set that it names, or a type that it speaks of."""

    rule: str
    edit: Edit
    through: tuple[str, ...] = ()


def declared(old: Policy, new: Policy, *, terms: bool) -> Iterator[Declared]:
    """Give what is declared differently; `terms` says whether any rule asks about terms."""
    if old.application != new.application:
        yield Declared("application", f"the application `{old.application}` is now `{new.application}`", False)
    if old.timezone != new.timezone:
        text = f"the timezone `{old.timezone}` is now `{new.timezone}`"
        yield Declared("timezone", text + (": terms begin and end at other hours" if terms else ""), terms)
    for name in _either(old.roles, new.roles):
        yield from _role(name, old, new)
    for name in _either(old.resources, new.resources):
        one, other = old.resources.get(name), new.resources.get(name)
        if one and other:
            yield from _type(one, other)
        elif other:
            yield Declared("type-new", f"the resource type `{name}` is new", True)
        else:
            text = f"the resource type `{name}` is removed: to ask about it is an error now"
            yield Declared("type-removed", text, True)


def _role(name: str, old: Policy, new: Policy) -> Iterator[Declared]:
    one, other = old.roles.get(name), new.roles.get(name)
    if one is None:
        yield Declared("role-new", f"the role `{name}` is new: its assignments count from now on", True)
    elif other is None:
        yield Declared("role-removed", f"the role `{name}` is removed: its assignments count for nothing now", True)
    elif one.scopes != other.scopes:
        text = f"the role `{name}` may be assigned at {listed([*other.scopes])}, before at {listed([*one.scopes])}"
        yield Declared("role-scopes", text, True)


def _type(one: ResourceType, other: ResourceType) -> Iterator[Declared]:
    name = one.name
    if one.within != other.within:
        text = f"`{name}` lies within {other.within}, before within {one.within}: told as removed and added"
        yield Declared("type-moved", text, True)
    for permission in _either(one.permissions, other.permissions):
        if permission not in one.permissions:
            yield Declared("permission-new", f"the permission `{name}.{permission}` is new", True)
        elif permission not in other.permissions:
            text = f"the permission `{name}.{permission}` is removed: to ask about it is an error now"
            yield Declared("permission-removed", text, True)
        elif set(one.permissions[permission]) != set(other.permissions[permission]):
            now = listed([f"`{p}`" for p in other.permissions[permission]]) or "nothing"
            yield Declared("implies", f"`{name}.{permission}` implies {now} now", False)
    for attribute in _either(one.attributes, other.attributes):
        before, after = one.attributes.get(attribute), other.attributes.get(attribute)
        if before is None:
            yield Declared("attribute-new", f"the attribute `{attribute}` of `{name}` is new", False)
        elif after is None:
            yield Declared("attribute-removed", f"the attribute `{attribute}` of `{name}` is removed", False)
        elif before.values != after.values:
            values = listed([f"`{value_name(value)}`" for value in after.values], "or")
            yield Declared("attribute-values", f"the attribute `{attribute}` of `{name}` is now {values}", False)


def edited(old: Policy, new: Policy) -> dict[str, Edited]:
    """Give how each rule was edited, of those that were; a rule that reads the same may mean more through a set."""
    before, after = ({rule.id: rule for rule in policy.rules} for policy in (old, new))
    sets = {name for name in _either(old.sets, new.sets) if bare(old.sets.get(name)) != bare(new.sets.get(name))}
    types = {
        name
        for name in _either(old.resources, new.resources)
        if bare(old.resources.get(name)) != bare(new.resources.get(name))
    }
    found: dict[str, Edited] = {}
    for name in _either(before, after):
        if name not in before or name not in after:
            found[name] = Edited(name, "new" if name in after else "removed")
        elif bare(before[name]) != bare(after[name]):
            found[name] = Edited(name, "edited")
        else:
            used = sorted(_used(before[name], old) & sets | _used(after[name], new) & sets)
            used = used or sorted(types & set(after[name].types or types))
            if used:
                found[name] = Edited(name, "through", tuple(used))
    return found


def _used(rule: Rule, policy: Policy) -> set[str]:
    """Give the named sets of a rule, those that these include too."""
    stack = [one for bound in (rule.minimum, rule.maximum) if bound for one in bound.sets]
    found: set[str] = set()
    while stack:
        one = stack.pop()
        if isinstance(one, PermissionSet):
            stack += one.include
        elif one not in found and one in policy.sets:
            found.add(one)
            stack.append(policy.sets[one])
    return found


def bare(one: object) -> object:
    """Give what was written, without where."""
    if isinstance(one, msgspec.Struct):
        return {name: bare(getattr(one, name)) for name in one.__struct_fields__ if not name.endswith("origin")} | {
            "": type(one).__name__
        }
    if isinstance(one, Mapping):
        return [(key, bare(value)) for key, value in one.items()]
    if isinstance(one, tuple):
        return tuple(bare(value) for value in one)
    return one


def _either(one: Iterable[str], other: Iterable[str]) -> list[str]:
    """Give the names of both, in the order of the new version, then what is gone."""
    return list(dict.fromkeys([*other, *one]))
