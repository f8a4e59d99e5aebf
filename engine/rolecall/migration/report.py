"""A plan told: as text, as a page by itself, as CSV, as data. Ids only; nothing of what is shown is obeyed."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec

from rolecall.explain.document import Row, Section
from rolecall.explain.render import Styled, lay_out, lay_page, plain
from rolecall.migration.model import AccountStep, EffectStep, PersonStep, Placed, Step
from rolecall.migration.outcomes import CONFLICTS, OUTCOMES
from rolecall.migration.written import Header, Plan
from rolecall.wording import listed

MOST: Final = 20
"""So many conflicts of a kind, and effects, are shown; CSV and JSON have all."""

_PROBLEMS: Final = {
    "duplicate": "rows that stand there twice, and count once",
    "blank": "rows without an old or a new id",
    "no-row": "lines that are no rows",
    "role": "rows with a role that is none of Clever's",
    "malformed": "records that would have to be guessed at",
    "two-new-ids": "old ids with two new ones",
    "two-districts": "new ids that stand in two districts",
    "student-differs": "students whose legacy id is not their id",
    "changed": "people who changed while Clever was read, and count as what they were each time",
    "other-district": "users of another district than the one whose list they stand in",
}


def as_text(plan: Plan, styled: Styled = plain) -> str:
    """Give the report as text."""
    return lay_out(_sentence(plan.header), [*_sections(plan)], _foot(plan.header), styled)


def as_page(plan: Plan) -> str:
    """Give the report as a page by itself."""
    held = plan.header.refused or any(name in CONFLICTS for name in plan.header.outcomes)
    return lay_page(_sentence(plan.header), [*_sections(plan)], _foot(plan.header), "unknown" if held else "yes")


def as_data(plan: Plan) -> dict[str, Any]:
    """Give the report as data: the header, every conflict, every effect."""
    steps = [*plan.steps()]
    conflicts = [
        {"person": person, **msgspec.to_builtins(one)}
        for step in steps
        for person, one in owned_in(step)
        if one.outcome in CONFLICTS
    ]
    found: dict[str, Any] = {"schema": 1, **msgspec.to_builtins(plan.header), "conflicts": conflicts}
    return found | {"effects_listed": [msgspec.to_builtins(one) for one in steps if isinstance(one, EffectStep)]}


def as_csv(plan: Plan) -> Iterator[str]:
    """Give a line for each account. A cell that a spreadsheet would take for a formula is one no more."""
    yield csv_line(("account", "outcome", "clever_id", "role", "district", "person", "survivor", "why"))
    for step in plan.steps():
        survivor = step.survivor if isinstance(step, PersonStep) else ""
        for person, one in owned_in(step):
            cells = (one.key, one.outcome, one.id, one.role, one.district, person, survivor, OUTCOMES[one.outcome])
            yield csv_line(cells)


def csv_line(cells: Iterable[str]) -> str:
    """Give a line of a CSV, guarded."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow([guarded(one) for one in cells])
    return out.getvalue()


def guarded(cell: str) -> str:
    """Give a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell[:1] in "=+-@\t\r" and cell else cell


def owned_in(step: Step) -> Iterator[tuple[str, Placed]]:
    """Give the accounts of a step, each with whose it is (empty: nobody's)."""
    if isinstance(step, PersonStep):
        yield from ((step.person, one) for one in step.accounts)
    elif isinstance(step, AccountStep):
        yield "", step.account


def _sentence(header: Header) -> str:
    total, held = header.accounts["count"], sum(n for name, n in header.outcomes.items() if name in CONFLICTS)
    said = f"{total:,} accounts: {total - held:,} settled, {held:,} held"
    return f"{said}. Refused: {listed(header.refused)}" if header.refused else said


def _foot(header: Header) -> str:
    sources = listed([str(one["name"]) for one in header.map.sources])
    return f"Accounts from {header.accounts['source']}, the map from {sources}. Steps {header.steps}."


def _sections(plan: Plan) -> Iterator[Section]:
    header = plan.header
    yield Section("What comes of the accounts", tuple(_outcomes(header)))
    if header.people:
        yield Section(
            "People",
            tuple(Row(f"{number:,} {_PEOPLE.get(name, name)}") for name, number in header.people.items() if number),
        )
    found = _Picked()
    for step in plan.steps():
        found.see(step)
    conflicts, effects, clashes, like = found.conflicts, found.effects, found.clashes, found.like
    if effects:
        yield Section(_effects_title(header), tuple(_effect(one) for one in effects))
    if conflicts:
        yield Section("Held: somebody has to decide", tuple(_held(header, conflicts)))
    if clashes:
        yield Section("Unique keys that merges meet", tuple(map(Row, clashes)))
    if like:
        yield Section("Likenesses, by which nothing is matched", tuple(map(Row, like)))
    yield from _about(header)


class _Picked:
    """What is shown one by one: some of each."""

    def __init__(self) -> None:
        self.conflicts: dict[str, list[str]] = {}
        self.effects: list[EffectStep] = []
        self.like: list[str] = []
        self.clashes: list[str] = []

    def see(self, step: Step) -> None:
        """Take what there is room for."""
        if isinstance(step, EffectStep):
            self.effects += [step] * (len(self.effects) < MOST)
        elif isinstance(step, PersonStep) and len(self.clashes) < MOST:
            self.clashes += [
                f"`{step.person}`: {one.rows:,} too many in `{one.table}` under ({', '.join(one.columns)})"
                for one in step.clashes
            ]
        elif isinstance(step, AccountStep) and step.like and len(self.like) < MOST:
            whom = listed([f"`{who}` ({what})" for what, who in step.like])
            self.like.append(f"account `{step.account.key}` resembles {whom}")
        for person, one in owned_in(step):
            if one.outcome in CONFLICTS and len(self.conflicts.setdefault(one.outcome, [])) < MOST:
                whose = f", of `{person}`" if person else ""
                said = f"account `{one.key}` ({one.role or 'no role'} `{one.id}`{whose})"
                self.conflicts[one.outcome].append(said)


_PEOPLE: Final = {
    "new": "people of the map have no account",
    "with accounts": "people have accounts",
    "merged": "people have accounts that become one",
    "alike": "accounts that nobody has resemble somebody",
}


def _outcomes(header: Header) -> Iterator[Row]:
    width = max((len(f"{number:,}") for number in header.outcomes.values()), default=1)
    for name, number in header.outcomes.items():
        yield Row(f"{number:>{width},} `{name}`: {OUTCOMES[name]}")


def _held(header: Header, conflicts: dict[str, list[str]]) -> Iterator[Row]:
    for name in CONFLICTS:
        if name in conflicts:
            more = header.outcomes[name] - len(conflicts[name])
            under = (*conflicts[name], *([f"… and {more:,} more"] if more > 0 else []))
            yield Row(f"`{name}`: {CONFLICTS[name]}", under)


def _effects_title(header: Header) -> str:
    lose, gain = header.effects.get("lose", 0), header.effects.get("gain", 0)
    return f"Permissions: {lose:,} people lose some, {gain:,} gain some; the worst first"


def _effect(one: EffectStep) -> Row:
    verb = "loses" if one.direction == "lost" else "gains"
    where = f"{one.places:,} {one.type}{'s' if one.places != 1 else ''}"
    role = f" that the {one.role} account had" if one.role else ""
    when = "" if one.always else " in some states"
    rules = f" By {listed(one.rules)}" if one.rules else ""
    said = f"`{one.person}` {verb} {listed(one.permissions)} on {where}{role}{when}, such as `{one.example}`"
    return Row(said, (f"{one.because}{rules}",))


def _about(header: Header) -> Iterator[Section]:
    found = header.map
    rows = [
        Row(f"{found.old_ids:,} old ids of {found.people:,} people; {found.students:,} students, whose ids stay"),
        *(Row(f"`{one['name']}`: {one['rows']:,} rows", tuple(one["notes"])) for one in found.sources),
    ]
    if found.contacts:
        rows.append(Row(f"{found.contacts:,} contacts were passed over: they are created anew"))
    yield Section("The map", tuple(rows))
    if found.problems:
        named: dict[str, list[str]] = {}
        for one in found.named:
            named.setdefault(one["kind"], []).append(f"{one['where']}: {one['text']}")
        rows = [
            Row(f"{n:,} {_PROBLEMS.get(name, name)}", tuple(named.get(name, ())[:MOST]))
            for name, n in found.problems.items()
        ]
        yield Section("Wrong in the map", tuple(rows))
    if header.references:
        refs = [
            Row(
                f"`{one['table']}`: {one['rows']:,} rows would name another account",
                tuple(f"unique ({', '.join(key)})" for key in one["unique"]),
            )
            for one in header.references
        ]
        yield Section("Tables that refer to accounts", tuple(refs))
    if header.warnings:
        yield Section("To be noted", tuple(map(Row, header.warnings)))
