"""One small change of a policy, and what those who make them share."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from rolecall.policy import Policy, Rule
from rolecall.vocabulary.origin import Origin


class Mutant(msgspec.Struct, frozen=True, eq=False):
    """One small change: its family, where it is made, the line as it was and as it would be, and the changed policy."""

    family: str
    rule: str
    origin: Origin
    before: str
    after: str
    policy: Policy


def with_rule(policy: Policy, rule: Rule, changed: Rule | None) -> Policy:
    """Give the policy with one rule changed, or without it."""
    rules = tuple(changed if one is rule else one for one in policy.rules)
    return replace(policy, rules=tuple(one for one in rules if one is not None))
