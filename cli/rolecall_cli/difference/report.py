"""What `rolecall diff` has to tell, whatever the format: the difference, whom and what it affects, and failed gates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import msgspec
import typer

if TYPE_CHECKING:
    from rolecall.analysis.affected import Affected, Row
    from rolecall.analysis.difference import Cause, Difference

    from rolecall_cli.difference.history import History

_GATE = re.compile(r"(gained|lost|changed)(?::([^.:\s]+)(?:\.([^.:\s]+))?)?")
_PLURAL = {
    "teacher": "teachers",
    "staff": "staff",
    "district_admin": "district administrators",
    "student": "students",
    "contact": "contacts",
}


class People(msgspec.Struct, frozen=True, eq=False):
    """Whom the difference affects, of whom: `facts` says where they come from and how old they are."""

    affected: Affected
    facts: str


class Report(msgspec.Struct, frozen=True, eq=False):
    """All that is to be told. `people` and `history` are None where nobody asked for them.

    `revision` is the git revision that the new version is of, where it is of one.
    """

    old: str
    new: str
    difference: Difference
    people: People | None
    history: History | None
    failed: tuple[str, ...]
    listed: bool
    revision: str = ""

    @property
    def verdict(self) -> str:
        """The first line: what kind of edit it is."""
        found = self.difference
        if found.unchanged:
            return "no change in meaning"
        if found.changes:
            return "the meaning changes"
        if found.doubts:
            return "the meaning changes, but only where roles are doubtful or not acted as"
        if found.shifted:
            return "the meaning changes, at the hours at which terms begin and end"
        return "what can be asked changes, and no answer does"


def read_gates(gates: list[str]) -> list[tuple[str, str]]:
    """Check what `--fail-on` asks for: a direction, and a pattern of TYPE.PERMISSION."""
    found = []
    for gate in gates:
        match = _GATE.fullmatch(gate)
        if match is None:
            fix = "write gained, lost or changed, maybe with a pattern, such as gained:student.*"
            raise typer.BadParameter(f"`{gate}` is no gate: {fix}", param_hint="--fail-on")
        direction, kind, permission = match.groups()
        found.append((direction, f"{kind or '*'}.{permission or '*'}"))
    return found


def check_gates(gates: list[tuple[str, str]], difference: Difference) -> None:
    """Refuse a gate for what neither version knows: it would let everything through, and nobody would know."""
    from rolecall.errors import did_you_mean  # noqa: PLC0415 - keeps --help quick

    kinds: dict[str, set[str]] = {}
    for version in (difference.old, difference.new):
        for name, table in version.table.types.items():
            kinds.setdefault(name, set()).update(table.permissions)
    for direction, pattern in gates:
        kind, _, permission = pattern.partition(".")
        types = [name for name in kinds if fnmatchcase(name, kind)]
        known = {one for name in types for one in kinds[name]}
        if not any(fnmatchcase(one, permission) for one in known):
            what, fix = ("permission", permission) if types else ("resource type", kind)
            said = f"`{direction}:{pattern}` guards nothing: neither version has a {what} `{fix}`"
            raise typer.BadParameter(f"{said}: {did_you_mean(fix, known or kinds)}", param_hint="--fail-on")


class Limits(msgspec.Struct, frozen=True):
    """How many people may be affected, and how many recorded decisions may be others; None is any number."""

    people: int | None
    decisions: int | None


def failed_gates(
    difference: Difference,
    people: People | None,
    history: History | None,
    gates: list[tuple[str, str]],
    limits: Limits,
) -> Iterator[str]:
    """Say which gates do not let the edit through, and why. A decision that cannot be compared may be another."""
    moved = {
        (one.direction, f"{one.type}.{permission}") for one in difference.changes for permission in one.permissions
    }
    moved |= {(one.direction, f"{one.type}.{one.permission}") for one in difference.doubts}
    moved |= {(way, name) for way in ("gained", "lost") for name in difference.shifted}
    for direction, pattern in gates:
        through = sorted({name for way, name in moved if direction in (way, "changed") and fnmatchcase(name, pattern)})
        if through:
            what = {"gained": "somebody gains", "lost": "somebody loses", "changed": "somebody gains or loses"}
            yield f"--fail-on {direction}:{pattern}: {what[direction]} {', '.join(through)}"
    most = limits.people
    if people is not None and most is not None and people.affected.people > most:
        yield f"--max-people {most}: {people.affected.people} people are affected"
    most = limits.decisions
    if history is not None and most is not None and history.tally.different + history.undecided > most:
        perhaps = f", and {history.undecided:,} cannot be compared" if history.undecided else ""
        yield f"--max-decisions {most}: {history.tally.different:,} recorded decisions would be others{perhaps}"


def said_shifted(found: Difference) -> Iterator[str]:
    """Say what another time zone does, where it does something."""
    if found.shifted:
        yield f"at the hours at which terms begin and end somebody gains or loses {', '.join(found.shifted)}"


def said_cause(cause: Cause) -> tuple[str, str]:
    """Say what a rule does: how it was edited, then what it does."""
    edit = cause.edit
    how = ""
    if edit is not None:
        through = f"edited through {', '.join(edit.through)}"
        how = {"new": "new", "removed": "removed", "edited": "edited", "through": through, "": ""}[edit.edit]
    return how, cause.does.replace("gives", "gives it").replace("takes away", "takes it away")


def said_people(row: Row) -> str:
    """Say who is affected and how: `37 teachers at 4 schools lose`."""
    one = len(row.people) == 1
    verb = {"gained": "gain", "lost": "lose"}[row.direction] + ("s" if one else "")
    where = f" at {row.schools} school{'s' if row.schools != 1 else ''}" if row.schools else ""
    return f"{len(row.people):,} {_called(row.roles, one)}{where} {verb}"


def said_resources(row: Row, count: int | None = None) -> str:
    """Say on what: `on 112 sections`, of an application's own type `in 112 sections`."""
    number = row.resources if count is None else count
    if row.within == "student+section":
        return f"in {number:,} enrolment{'s' if number != 1 else ''}"
    return f"{'on' if row.type == row.within else 'in'} {number:,} {row.within}{'s' if number != 1 else ''}"


def _called(roles: tuple[str, ...], one: bool) -> str:
    """Say who they are by their roles."""
    if not roles:
        return "person" if one else "people"
    if len(roles) == 1 and one:
        return {"staff": "member of staff", "district_admin": "district administrator"}.get(roles[0], roles[0])
    return " and ".join(_PLURAL.get(role, f"{role}s") for role in roles) if not one else " and ".join(roles)
