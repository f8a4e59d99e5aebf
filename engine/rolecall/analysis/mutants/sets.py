"""Mistakes in what permissions and their sets are."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from rolecall.analysis.mutants.mutant import Mutant
from rolecall.policy import Policy


def sets(policy: Policy) -> Iterator[Mutant]:
    """Forget a permission or an `include` of a named set."""
    for name, body in policy.sets.items():
        for included in body.include:
            less = replace(body, include=tuple(one for one in body.include if one != included))
            yield Mutant(
                "drop-include", name, body.origin, f"include: [{', '.join(body.include)}]",
                f"include: [{', '.join(less.include)}]", replace(policy, sets=policy.sets | {name: less}),
            )  # fmt: skip
        for kind, listed in body.permissions.items():
            every = tuple(policy.resources[kind].permissions) if listed == "all" else listed
            for permission in every:
                left = tuple(one for one in every if one != permission)
                less = replace(body, permissions=body.permissions | {kind: left})
                yield Mutant(
                    "drop-from-set", name, body.origin, f"{kind}: [{', '.join(every)}]",
                    f"{kind}: [{', '.join(left)}]", replace(policy, sets=policy.sets | {name: less}),
                )  # fmt: skip


def implied(policy: Policy) -> Iterator[Mutant]:
    """Forget that one permission implies another."""
    for kind in policy.resources.values():
        for name, implied in kind.permissions.items():
            for other in implied:
                left = tuple(one for one in implied if one != other)
                changed = replace(kind, permissions=kind.permissions | {name: left})
                yield Mutant(
                    "drop-implied", kind.name, kind.origin, f"{name}: {{implies: [{', '.join(implied)}]}}",
                    f"{name}: {{implies: [{', '.join(left)}]}}",
                    replace(policy, resources=policy.resources | {kind.name: changed}),
                )  # fmt: skip
