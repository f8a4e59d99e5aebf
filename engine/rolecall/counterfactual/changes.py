"""What could be otherwise, as data: single changes, suggestions made of them, and what else each would do."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

Kind = Literal[
    "gain", "lose", "designations", "listed", "attribute", "term", "owner", "acting",
    "max-adds", "max-unless", "max-dropped", "min-adds", "min-unless", "min-loses", "min-dropped",
    "identifier",
]  # fmt: skip

Maker = Literal["school", "district", "product", "person", "policy"]
"""Who can make a change."""

MAKERS: Final[dict[str, str]] = {
    "school": "the school, in its roster (SIS)",
    "district": "the district, in Clever",
    "product": "the product's own staff",
    "person": "the person themself",
    "policy": "whoever keeps the policy",
}


class Change(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that would be otherwise.

    `gain` and `lose`: a `role` at a `scope`, at `place` (its id). `designations`: Clever's would be exactly `values`.
    `listed`: the section (`place`) would list the student. `attribute`, `term`, `owner`: the thing's `name` would be
    `value`. `acting`: the person would act as `values`, or as nothing in particular where `name` is `all`. What begins
    with `max` or `min` edits the policy `rule` written at `at` (`file:line`): `permission` is added or taken out, or
    `role` at `scope` becomes an `unless`; `overrides` names the rules that have to override it then. `identifier`:
    `value` would be asked about instead.
    """

    kind: Kind
    role: str = ""
    scope: str = ""
    place: str = ""
    name: str = ""
    value: bool | str | None = None
    values: tuple[str, ...] = ()
    rule: str = ""
    at: str = ""
    permission: str = ""
    overrides: tuple[str, ...] = ()


class Count(msgspec.Struct, frozen=True):
    """How many other resources of a type a permission would be gained, or lost, on.

    For an application's own types the resources are counted by the places that they lie `within`.
    """

    type: str
    permission: str
    within: str
    gained: int = 0
    lost: int = 0


class Elsewhere(msgspec.Struct, frozen=True):
    """What a suggestion would change besides: on this resource, and on others.

    `gained` and `lost` are the other permissions on this resource. `counts` speaks of other resources, for this person.
    `people` are the others for whom what was asked would change somewhere, on `things` resources of the `type` in all,
    this one included: a change of the person changes nobody else's. `why` says why something is not counted, and is
    empty where all of it is.
    """

    gained: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    counts: tuple[Count, ...] = ()
    people: int = 0
    things: int = 0
    type: str = ""
    within: str = ""
    why: str = ""

    @property
    def size(self) -> tuple[bool, int]:
        """How much it is in all, to put the least first: what could not all be counted comes last."""
        other = sum(one.gained + one.lost for one in self.counts)
        return bool(self.why), len(self.gained) + len(self.lost) + other + self.people * max(self.things, 1)


class Suggestion(msgspec.Struct, frozen=True):
    """The smallest changes that would turn the answer round: a sentence, who can make them, and what else they do."""

    changes: tuple[Change, ...]
    sentence: str
    makers: tuple[Maker, ...]
    elsewhere: Elsewhere = Elsewhere()


class Counterfactuals(msgspec.Struct, frozen=True):
    """What would change an answer. `wanted` is the other answer: `allow`, `deny`, or empty where nothing was sought.

    `notes` say what else is to be said: what is not known and why, and why nothing would change it. `cut_off` says
    where the search ended before everything was tried.
    """

    wanted: Literal["allow", "deny", ""]
    suggestions: tuple[Suggestion, ...] = ()
    notes: tuple[str, ...] = ()
    cut_off: str = ""
