"""Which decisions are recorded: denials, all or a share of what was allowed, chosen permissions always."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Final

from rolecall.errors import UnknownPermission, UnknownResourceType
from rolecall.table import TypeTable
from rolecall.vocabulary.decision import Decision

_WHOLE: Final = 1 << 64


class Choice:
    """What is recorded. `everything` tells that there is nothing to choose."""

    def __init__(self, allows: float = 1.0, always: Iterable[str] = (), *, denials: bool = True) -> None:
        """Keep it: `allows` is a share from 0 to 1, `always` names permissions as `student.export`."""
        if not isinstance(allows, int | float) or not 0 <= allows <= 1:
            raise ValueError("`allows` is the share of allowed decisions to record: from 0 to 1")
        self.denials, self.allows = denials, allows
        self.everything = denials and allows == 1
        self.always: dict[str, set[str]] = {}
        if isinstance(always, str):
            raise TypeError("`always` is a list of permissions such as `student.export`")
        for name in always:
            kind, dot, permission = name.rpartition(".")
            if not (kind and dot and permission):
                raise ValueError(f"`{name}` is no permission of a type, such as `student.export`")
            self.always.setdefault(kind, set()).add(permission)

    def check(self, types: Mapping[str, TypeTable]) -> None:
        """See that a policy knows what is always to be recorded, for a typo records nothing; raises `RequestError`."""
        for kind, names in self.always.items():
            if kind not in types:
                raise UnknownResourceType(kind, types)
            for name in sorted(names - types[kind].known):
                raise UnknownPermission(name, kind, types[kind].known)

    def takes(self, decision: Decision) -> bool:
        """Say whether a decision is recorded. One that names no permission is a denial where nothing is held.

        One that allows is chosen by its id alone, so that anybody can repeat the choice.
        """
        held, asked = decision.cell.permissions, decision.permission
        allowed = bool(held) if asked is None else asked in held
        always = self.always.get(decision.resource.type)
        if always and (asked in always or (asked is None and held & always)):
            return True
        if not allowed:
            return self.denials
        return self.allows == 1 or (self.allows > 0 and in_share(decision.id, self.allows))


def in_share(identifier: str, share: float) -> bool:
    """Say whether the decision with this id belongs to a share of all: by the first 8 bytes of the id's SHA-256."""
    return int.from_bytes(hashlib.sha256(identifier.encode()).digest()[:8], "big") < share * _WHOLE
