"""What a decision rests on: cells of the table, the rules behind them, reason codes, facts with their source."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from rolecall.vocabulary.facts import Feeds
from rolecall.vocabulary.origin import Origin
from rolecall.vocabulary.roles import Atoms

Code = Literal[
    "granted", "capped", "no-rule", "no-role", "not-acting", "other-district",
    "subject-not-found", "resource-not-found", "place-not-found", "indeterminate",
]  # fmt: skip

SENTENCES: Final[dict[str, str]] = {
    "granted": "a rule gives it and no maximum takes it away",
    "capped": "a rule gives it, but a maximum takes it away",
    "no-rule": "no rule gives it to the roles held here",
    "no-role": "the person has no role in this district that is beyond doubt",
    "not-acting": "the person holds none of the roles they are acting as",
    "other-district": "the person belongs to another district than the resource",
    "subject-not-found": "the facts hold no such person",
    "resource-not-found": "the facts hold no such resource",
    "place-not-found": "the facts hold no such place for the resource to be in",
    "indeterminate": "the facts needed to decide cannot be had",
}


class RuleRef(msgspec.Struct, frozen=True):
    """A rule as a reason: its id, the place in the policy, and the author's own sentence."""

    id: str
    origin: Origin
    because: str


class Cell(msgspec.Struct, frozen=True, eq=False):
    """One cell of the decision table: what is allowed there, and the rules behind it.

    `given` pairs each matching `min` with its permissions, `capped` each matching `max` with what it leaves.
    `code` is `table`, or says why the table was not even asked.
    """

    permissions: frozenset[str]
    given: tuple[tuple[RuleRef, frozenset[str]], ...] = ()
    capped: tuple[tuple[RuleRef, frozenset[str]], ...] = ()
    code: str = "table"


class Reason(msgspec.Struct, frozen=True):
    """Why one permission is held or missing: the rules whose `min` gives it, those whose `max` takes it away.

    Where the table was not asked, `permission` is None and there is this one reason for everything. `message` says
    the code in a sentence.
    """

    permission: str | None
    code: Code
    message: str
    given_by: tuple[RuleRef, ...] = ()
    cut_by: tuple[RuleRef, ...] = ()


class Fact(msgspec.Struct, frozen=True):
    """One fact that a decision used: a role (`teacher at section`) at the place `value`, the term, or a property.

    `source` tells Clever's word (`clever`) from the application's (`asserted`); `doubt` says why a role is doubtful.
    """

    kind: Literal["role", "term", "property"]
    name: str
    value: str | bool | None
    source: Literal["clever", "asserted"]
    doubt: str = ""


class Grounds(msgspec.Struct, frozen=True, eq=False):
    """What all decisions of one policy over one set of facts share: shown with each, stored once.

    `permissions` and `attributes` (with their values) are those of each resource type, `asked` the pairs that some
    rule for it asks about (see `Atoms`); `feeds` tells where the facts come from and how current they are.
    """

    digest: str
    atoms: Atoms
    permissions: dict[str, tuple[str, ...]]
    asked: dict[str, int]
    attributes: dict[str, dict[str, tuple[bool | str, ...]]] = {}
    feeds: Feeds = Feeds("")
