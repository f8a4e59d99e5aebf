"""Roles, resource types and permission sets: from nodes to what the author wrote, names checked."""

from __future__ import annotations

from collections.abc import Mapping as MappingType
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from typing import Literal

from rolecall.loader.names import Names, child, entries, text, texts
from rolecall.loader.nodes import Mapping, Node, Scalar, Sequence
from rolecall.policy import ALL, TERM_VALUES, Attribute, OwnRole, PermissionSet, ResourceType
from rolecall.vocabulary.origin import Origin
from rolecall.vocabulary.roles import ASSIGNABLE_SCOPES, BUILT_IN_TYPES

_SECTION_TYPES = ("section", "student+section")


def build_role(name: str, node: Node, origin: Origin) -> OwnRole:
    """Build a role that the application declares."""
    given = [scope for scope, _ in texts(child(node, "scopes"))]
    return OwnRole(name, tuple(scope for scope in ASSIGNABLE_SCOPES if scope in given), origin)


def build_resource(name: str, node: Node, origin: Origin, names: Names) -> ResourceType:
    """Build a resource type."""
    own = name not in BUILT_IN_TYPES
    within_node = child(node, "within")
    within = "student+section" if isinstance(within_node, Sequence) else text(within_node) or ""
    if own and not within and within_node is None:
        fix = "say where it lies, for example `within: section`"
        names.error("missing-within", f"`{name}` is your own type and lacks `within`", origin, fix)
    if not own and isinstance(node, Mapping) and within_node is not None:
        message = f"`{name}` is Clever's own type, and Clever says where it lies"
        names.error("needless-within", message, node.keys["within"], "delete this line")
    attributes: dict[str, Attribute] = {}
    for key, value, at in entries(child(node, "attributes")):
        if names.define(f"attribute of {name}", key, at):
            attributes[key] = _attribute(key, value, at, names)
    permissions = _permissions(name, child(node, "permissions"), names)
    return ResourceType(name, within if own else name, own, attributes, permissions, origin)


def has_term(kind: ResourceType) -> bool:
    """Say whether the built-in attribute `term` exists for the type: a section, or something within one."""
    return kind.within in _SECTION_TYPES


def attribute_values(kind: ResourceType, attribute: str) -> tuple[bool | str, ...] | None:
    """Give the values that an attribute of the type can have; None where it has no such attribute."""
    if attribute == "term":
        return TERM_VALUES if has_term(kind) else None
    found = kind.attributes.get(attribute)
    return found.values if found else None


def _attribute(name: str, node: Node, origin: Origin, names: Names) -> Attribute:
    if not isinstance(node, Sequence):
        return Attribute(name, (True, False), origin)
    values: list[bool | str] = []
    for value, at in texts(node):
        if value == "unknown":
            message = "`unknown` is what the language says of a value that it is not given"
            names.error("reserved-name", message, at, "leave it out, or call the value something else")
        elif value in values:
            names.error("duplicate-name", f"`{value}` stands twice", at, "keep one of them")
        else:
            values.append(value)
    return Attribute(name, tuple(values), origin)


def _permissions(kind: str, node: Node | None, names: Names) -> dict[str, tuple[str, ...]]:
    """Give each permission with those that it implies directly."""
    found: dict[str, tuple[str, ...]] = {}
    implied: list[tuple[str, str, Origin]] = []
    listed = texts(node) if isinstance(node, Sequence) else [(key, at) for key, _, at in entries(node)]
    for name, at in listed:
        if names.define(f"permission of {kind}", name, at):
            found[name] = ()
    for name, value, _ in entries(node):
        pairs = texts(child(value, "implies"))
        implied += [(name, other, at) for other, at in pairs]
    for name, other, at in implied:
        if name in found and names.check(f"permission of `{kind}` named", other, found, at):
            found[name] = (*found[name], other)
    _refuse_cycles(found, dict(listed), "implies", names)
    return found


def build_set(
    node: Node,
    kinds: MappingType[str, ResourceType],
    sets: MappingType[str, Origin],
    names: Names,
    origin: Origin | None = None,
) -> PermissionSet:
    """Build a set, named (at `origin`) or written in place."""
    include = []
    for name, at in texts(child(node, "include")):
        if name == ALL or names.check("permission set", name, sets, at):
            include.append(name)
    given = {key: value for key, value, _ in entries(node) if key not in ("include", "except")}
    origins = {key: at for key, _, at in entries(node)}
    permissions = _per_type(given, origins, kinds, names)
    out = child(node, "except")
    excluded = _per_type({k: v for k, v, _ in entries(out)}, {k: at for k, _, at in entries(out)}, kinds, names)
    return PermissionSet(tuple(include), permissions, excluded, origin or node.origin)


def _per_type(
    given: dict[str, Node],
    origins: dict[str, Origin],
    kinds: MappingType[str, ResourceType],
    names: Names,
) -> dict[str, tuple[str, ...] | Literal["all"]]:
    found: dict[str, tuple[str, ...] | Literal["all"]] = {}
    for key, value in given.items():
        if not names.check("resource type", key, kinds, origins[key]):
            continue
        if isinstance(value, Scalar):
            found[key] = "all" if value.value == ALL else ()
            continue
        known = kinds[key].permissions
        pairs = texts(value) if known else []  # a type without permissions has been reported
        found[key] = tuple(name for name, at in pairs if names.check(f"permission of `{key}` named", name, known, at))
    return found


def refuse_set_cycles(sets: MappingType[str, PermissionSet], origins: MappingType[str, Origin], names: Names) -> None:
    """Report sets that include each other in a circle."""
    graph = {name: tuple(other for other in found.include if other in sets) for name, found in sets.items()}
    _refuse_cycles(graph, origins, "includes", names)


def _refuse_cycles(
    graph: MappingType[str, tuple[str, ...]], origins: MappingType[str, Origin], verb: str, names: Names
) -> None:
    """Report one circle, in the words `a implies b, b implies a`."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        around = list(reversed(error.args[1]))
        start = around.index(min(around[:-1]))
        around = around[start:-1] + around[:start] + [around[start]]
        said = ", ".join(f"`{one}` {verb} `{other}`" for one, other in pairwise(around))
        names.error("cycle", f"goes round in a circle: {said}", origins[around[0]], "take one of these out")
