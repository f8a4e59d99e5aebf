"""Permission sets worked out: names and includes become one mask a resource type, closed under `implies`."""

from __future__ import annotations

from graphlib import TopologicalSorter
from typing import Literal

from rolecall.policy import ALL, PermissionSet, Policy, ResourceType, SetExpression


class Sets:
    """Works out set expressions of one policy; each named set once."""

    def __init__(self, policy: Policy) -> None:
        """The policy's names must have been checked by the loader."""
        self.policy = policy
        self.implied = {kind.name: _implied(kind) for kind in policy.resources.values()}
        self.named: dict[str, dict[str, int]] = {}
        # What is included comes first, so that a long chain of sets is no deep recursion.
        for name in TopologicalSorter({name: [*body.include] for name, body in policy.sets.items()}).static_order():
            self.work_out(name)

    def everything(self) -> dict[str, int]:
        """Give the set `all`."""
        return {kind.name: (1 << len(kind.permissions)) - 1 for kind in self.policy.resources.values()}

    def union(self, sets: SetExpression) -> dict[str, int]:
        """Give the union of sets, each named or written in place: type to mask."""
        total: dict[str, int] = {}
        for one in sets:
            for kind, mask in self.work_out(one).items():
                total[kind] = total.get(kind, 0) | mask
        return total

    def work_out(self, one: str | PermissionSet) -> dict[str, int]:
        """Give one set: type to mask."""
        if isinstance(one, PermissionSet):
            return self._written(one)
        if one == ALL:
            return self.everything()
        if one == "none":
            return {}
        if one not in self.named:
            self.named[one] = self._written(self.policy.sets[one])
        return self.named[one]

    def _written(self, body: PermissionSet) -> dict[str, int]:
        """Includes and own permissions, closed; then `except` with every permission that implies what it names."""
        total = dict(self.union(body.include))
        for kind, listed in body.permissions.items():
            mask = total.get(kind, 0)
            for number in self._numbers(kind, listed):
                mask |= self.implied[kind][number]
            total[kind] = mask
        for kind, listed in body.excluded.items():
            out = sum(1 << number for number in set(self._numbers(kind, listed)))
            keep = 0
            for number, implied in enumerate(self.implied[kind]):
                if not implied & out:
                    keep |= 1 << number
            total[kind] = total.get(kind, 0) & keep
        return total

    def _numbers(self, kind: str, listed: tuple[str, ...] | Literal["all"]) -> list[int]:
        names = list(self.policy.resources[kind].permissions)
        return list(range(len(names))) if listed == ALL else [names.index(name) for name in listed]


def _implied(kind: ResourceType) -> tuple[int, ...]:
    """For each permission, itself and all that it implies, directly or through others."""
    bits = {name: 1 << number for number, name in enumerate(kind.permissions)}
    found = []
    for name in bits:
        mask, stack = 0, [name]
        while stack:
            one = stack.pop()
            bit = bits[one]
            if not mask & bit:
                mask |= bit
                stack += kind.permissions[one]
        found.append(mask)
    return tuple(found)
