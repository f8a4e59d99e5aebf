"""Records gathered until they can be read as a roster: all of a district, or just what lies around somebody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rolecall.facts.assignments import AssignmentRecord
from rolecall.facts.records import (
    SchoolRecord,
    SectionRecord,
    UserRecord,
    identity,
    read_school,
    read_section,
    read_term,
    read_user,
)
from rolecall.facts.roster import Roster
from rolecall.vocabulary.facts import Term

KINDS: Final = ("district", "school", "term", "section", "user")
"""Clever's records that decisions rest on, in the order in which one names the next."""


class Records:
    """Clever's records by kind and id, read but not yet indexed. `reports` says what was left out."""

    def __init__(self) -> None:
        """Begin empty."""
        self.districts: set[str] = set()
        self.schools: dict[str, SchoolRecord] = {}
        self.terms: dict[str, tuple[str, Term]] = {}
        self.sections: dict[str, SectionRecord] = {}
        self.users: dict[str, UserRecord] = {}
        self.assignments: dict[str, tuple[AssignmentRecord, ...]] = {}
        self.reports: list[str] = []

    def add(self, kind: str, raw: object, where: str) -> None:
        """Read one of Clever's objects in place of any other with its id; raises `Malformed` for what cannot be read.

        One without an id or a district is left out and reported, never guessed.
        """
        identifier, district = identity(raw, where)
        if kind == "district" and identifier:
            self.districts.add(identifier)
        elif not identifier or not district:
            self.reports.append(f"{where} is left out: it has no {'`district`' if identifier else '`id`'}")
        elif kind == "school":
            self.schools[identifier] = read_school(raw, where)
        elif kind == "term":
            self.terms[identifier] = read_term(raw, where)
        elif kind == "section":
            self.sections[identifier] = read_section(raw, where)
        else:
            self.users[identifier] = read_user(raw, where)

    def roster(self, as_of: int | None, source: str) -> Roster:
        """Index what was gathered."""
        return Roster(
            districts=frozenset(self.districts),
            schools=self.schools,
            terms=self.terms,
            sections=self.sections,
            users=self.users,
            assignments=self.assignments,
            as_of=as_of,
            source=source,
            reports=tuple(self.reports),
        )


def named(kind: str, raw: object) -> str:
    """Name a record by its kind and id, where it has one: for reports and errors."""
    found = raw.get("id") if isinstance(raw, Mapping) else None
    return f"{kind} `{found}`" if isinstance(found, str) and found else f"a {kind}"
