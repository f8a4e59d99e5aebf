"""A claim as its author wrote it, names checked, each part with its place."""

from __future__ import annotations

from typing import Literal

import msgspec

from rolecall.policy import Bound, Combination
from rolecall.vocabulary.origin import Origin

Kind = Literal["never", "always", "same", "at-least", "separation", "monotone"]
KINDS: tuple[Kind, ...] = ("never", "always", "same", "at-least", "separation", "monotone")


class State(msgspec.Struct, frozen=True):
    """One line of an `if`: the attribute has one of these values; None is `unknown`."""

    attribute: str
    values: tuple[bool | str | None, ...]
    origin: Origin


class Claim(msgspec.Struct, frozen=True, eq=False):
    """What must hold. `when` is None for everyone; `types` are all it speaks of; `named` says that `for` names them.

    `sets` are those of `never`, `always` and `separation`, or what `may` narrows the others to. `combinations` are the
    two of `same` and of `at-least`, or the one of `monotone`.
    """

    id: str
    because: str
    kind: Kind
    when: tuple[Combination, ...] | None
    unless: tuple[Combination, ...]
    types: tuple[str, ...]
    named: bool
    states: tuple[State, ...]
    sets: tuple[Bound, ...]
    combinations: tuple[Combination, ...]
    where: Literal["resource", "district"]
    origin: Origin
