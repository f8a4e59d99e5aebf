"""What a file of tests says, names checked, each part with its origin. What is true is the authoriser's."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

import msgspec

from rolecall.vocabulary.origin import Origin

ELSEWHERE: Final = "elsewhere"
OTHER_DISTRICT: Final = "other-district"
HERE: Final = "here"


class Person(msgspec.Struct, frozen=True):
    """Somebody who is asked about: (role, place) pairs seen from the resource, or the `id` of a snapshot's user."""

    name: str
    roles: tuple[tuple[str, str], ...]
    id: str
    origin: Origin


class Thing(msgspec.Struct, frozen=True):
    """A resource that is asked about.

    `attributes` are those that are said (`term` among them), `where` tells how far it is from the places that people
    are described by, `places` are ids of a snapshot. `owner` is a person's name, empty for nobody, None for unknown.
    """

    name: str
    kind: str
    attributes: dict[str, bool | str]
    owner: str | None
    where: str
    enrolled: bool
    id: str
    places: dict[str, str]
    origin: Origin

    @property
    def held(self) -> bool:
        """Whether it is one of the snapshot's, not of the small world that tests make up."""
        return bool(self.id or self.places)


class Expected(msgspec.Struct, frozen=True):
    """What a grid says of one permission: None is "not asserted". `because` names a rule, a reason code, or nothing."""

    allowed: bool | None
    because: str
    origin: Origin


class Row(msgspec.Struct, frozen=True):
    """One person of a grid. `others` is what the permissions are that the row does not name: no, or not mentioned."""

    person: Person
    cells: dict[str, Expected]
    others: Expected | None
    origin: Origin

    def expected(self, permission: str) -> Expected | None:
        """Give what is said of a permission; None where nothing is."""
        return self.cells.get(permission, self.others)


class Case(msgspec.Struct, frozen=True):
    """One test: a grid, which holds for each of its resources, or a list (`may` this on these and no others)."""

    sentence: str
    things: tuple[Thing, ...]
    rows: tuple[Row, ...]
    acting_as: tuple[str, ...] | None
    at: int | None
    origin: Origin
    form: Literal["grid", "list"] = "grid"
    permission: str = ""
    kind: str = ""
    chosen: tuple[str, ...] = ()


class TestFile(msgspec.Struct, frozen=True):
    """One file of tests. `at` is in nanoseconds since 1970; None is the snapshot's time, or a fixed one."""

    __test__ = False  # pytest: this is no test

    name: str
    snapshot: Path | None
    at: int | None
    cases: tuple[Case, ...]
    unused: tuple[tuple[str, Origin], ...] = ()
