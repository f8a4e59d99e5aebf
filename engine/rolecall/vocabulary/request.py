"""What is asked: a subject, a resource, maybe a permission (OpenID AuthZEN's *action*)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol, runtime_checkable

import msgspec
from msgspec.structs import force_setattr

from rolecall.vocabulary.malformed import RequestError

_NOTHING: Mapping[str, object] = MappingProxyType({})


class Resource(msgspec.Struct, frozen=True, eq=False):
    """What is acted on.

    `type` is one of the policy's resource types; `id` is Clever's v3.0 id for a district, school, section or student,
    and the application's own for its types. `properties` are the application's **own assertion**, read from its own
    record of the thing, never from a client's input: the place (`{"section": "5f…"}`), the attributes, the `owner`.
    """

    type: str
    id: str
    properties: Mapping[str, object] = _NOTHING

    def __post_init__(self) -> None:
        """Refuse what is mistyped with a `RequestError`; keep a copy of the properties: evidence must not change."""
        for name, value in (("type", self.type), ("id", self.id)):
            if not isinstance(value, str):
                raise RequestError(f"a resource's {name} must be a text, not a `{type(value).__name__}`")
        properties: object = self.properties
        if properties is _NOTHING:
            force_setattr(self, "properties", {})  # its own: what is shared, somebody will write into
            return
        if properties.__class__ is not dict and not isinstance(properties, Mapping):
            given = type(properties).__name__
            raise RequestError(f"a resource's properties must be a mapping, not a `{given}`")
        owner = properties.get("owner")
        if owner is not None and not isinstance(owner, str):
            raise RequestError("`owner` must be a user's id, an empty text for nobody, or null")
        force_setattr(self, "properties", dict(properties))


@runtime_checkable
class HasCleverId(Protocol):
    """An application's user object that can be asked about: its `clever_id` is the v3.0 `/users` id."""

    @property
    def clever_id(self) -> str:
        """The v3.0 id (`sub` in Clever's `/userinfo`, not `user_id`, which is the legacy one)."""
        ...  # a Protocol's body


User = str | HasCleverId
