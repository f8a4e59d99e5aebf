"""What an author wrote, names checked, each part with its origin. What it means is the compiler's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

import msgspec

from rolecall.vocabulary.origin import Origin, Source

ALL: Final = "all"

TERM_VALUES: Final = ("past", "current", "future")
"""The values of the built-in attribute `term`, in the order in which the table numbers them."""


def knows(values: Iterable[object], value: object) -> bool:
    """Say whether a value is one of these, in type too: neither the text `true` nor the number 1 is true."""
    return any(type(one) is type(value) and one == value for one in values)


class Combination(msgspec.Struct, frozen=True):
    """Roles that must all be held, each at its scope: `{staff: anywhere, teacher: section}`."""

    pairs: tuple[tuple[str, str], ...]
    origin: Origin

    def __str__(self) -> str:
        """Give it as an author writes it."""
        return "{" + ", ".join(f"{role}: {scope}" for role, scope in self.pairs) + "}"


class PermissionSet(msgspec.Struct, frozen=True):
    """A set as written, before it is worked out: what it includes, names per type, and takes out per type.

    Each list of permissions is a tuple of names, or `all` for every permission of the type.
    """

    include: tuple[str, ...]
    permissions: dict[str, tuple[str, ...] | Literal["all"]]
    excluded: dict[str, tuple[str, ...] | Literal["all"]]
    origin: Origin


SetExpression = tuple["str | PermissionSet", ...]
"""The union of sets, each by name (or `all`, `none`) or written in place."""


class Attribute(msgspec.Struct, frozen=True):
    """A finite fact about a resource: a boolean, or one of a list of strings."""

    name: str
    values: tuple[bool | str, ...]
    origin: Origin


class ResourceType(msgspec.Struct, frozen=True):
    """A type of resource. `within` is what it lies in (`student+section` for both); a built-in type is its own."""

    name: str
    within: str
    own: bool
    attributes: dict[str, Attribute]
    permissions: dict[str, tuple[str, ...]]
    origin: Origin


class Condition(msgspec.Struct, frozen=True):
    """One line of an `if`: the attribute has one of the values; `unknown` is what `if_unknown` says, or empty."""

    attribute: str
    values: tuple[bool | str, ...]
    unknown: Literal["apply", "skip", ""]
    origin: Origin


class Bound(msgspec.Struct, frozen=True):
    """A `min` or a `max` as written."""

    sets: SetExpression
    origin: Origin


class Rule(msgspec.Struct, frozen=True):
    """A rule. `when` is None for `everyone`; `types` is None where there is no `for`; a bound may be absent."""

    id: str
    because: str
    when: tuple[Combination, ...] | None
    unless: tuple[Combination, ...]
    types: tuple[str, ...] | None
    minimum: Bound | None
    maximum: Bound | None
    conditions: tuple[Condition, ...]
    overrides: tuple[str, ...] | Literal["all"]
    overrides_origin: Origin | None
    origin: Origin


class OwnRole(msgspec.Struct, frozen=True):
    """A role that the application declares, and the scopes at which it may be assigned."""

    name: str
    scopes: tuple[str, ...]
    origin: Origin


class Policy(msgspec.Struct, frozen=True):
    """A whole policy: every file merged, every name resolved. `digest` is the SHA-256 of its sources."""

    application: str
    timezone: str
    roles: dict[str, OwnRole]
    resources: dict[str, ResourceType]
    sets: dict[str, PermissionSet]
    rules: tuple[Rule, ...]
    sources: tuple[Source, ...]
    digest: str
