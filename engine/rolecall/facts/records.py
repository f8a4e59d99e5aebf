"""Clever's v3.0 objects, read as they come: lenient with what is optional, strict with what would change a decision.

Nothing is required in Clever's schema; `null`, an absent key and an empty string are alike. What must not be guessed
at (an id that is no string, a list that is none) is a `Malformed`.
"""

from __future__ import annotations

from collections.abc import Mapping
from sys import intern
from typing import Final

import msgspec

from rolecall.instants import parse_instant
from rolecall.vocabulary.facts import Term
from rolecall.vocabulary.roles import CLEVER_ROLES, DESIGNATIONS

GUARDIAN_TYPE: Final = "Parent/Guardian"


class Malformed(ValueError):
    """A record that would have to be guessed at; the text says what is wrong with it."""


class DistrictRecord(msgspec.Struct, frozen=True):
    """A district: whether it is paused or in error, and when it was last synced (nanoseconds since 1970, or None)."""

    id: str
    paused: bool = False
    last_sync: int | None = None


class SchoolRecord(msgspec.Struct, frozen=True):
    """A school: its id and district."""

    id: str
    district: str


class SectionRecord(msgspec.Struct, frozen=True):
    """A section. `teachers` includes the one it names first, `teacher`."""

    id: str
    district: str
    school: str
    term: str
    teacher: str
    teachers: tuple[str, ...]
    students: tuple[str, ...]

    @property
    def people(self) -> frozenset[str]:
        """Whom it names."""
        return frozenset((*self.teachers, *self.students))


class Relationship(msgspec.Struct, frozen=True):
    """A contact's tie to a student."""

    student: str
    guardian: bool


class UserRecord(msgspec.Struct, frozen=True):
    """A user: which of Clever's roles are present, with the places each names.

    `known` are the designations exactly known, `doubtful` those that are but for case, spaces, `_` or `-`.
    """

    id: str
    district: str
    roles: frozenset[str]
    schools: dict[str, tuple[str, ...]]
    known: tuple[str, ...] = ()
    doubtful: tuple[str, ...] = ()
    relationships: tuple[Relationship, ...] = ()
    legacy: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def identity(raw: object, what: str) -> tuple[str, str]:
    """Give a record's id and district; an empty string stands for one that is absent, null or empty."""
    data = _object(raw, what)
    return one_id(data.get("id"), f"{what}: `id`"), one_id(data.get("district"), f"{what}: `district`")


def read_district(raw: object, what: str) -> DistrictRecord:
    """Read a district. Any state but `paused` and `error` is taken for one in which Clever syncs it."""
    data = _object(raw, what)
    return DistrictRecord(
        one_id(data.get("id"), f"{what}: `id`"),
        data.get("state") in ("paused", "error"),
        parse_instant(data.get("last_sync")),
    )


def read_school(raw: object, what: str) -> SchoolRecord:
    """Read a school."""
    return SchoolRecord(*identity(raw, what))


def read_term(raw: object, what: str) -> tuple[str, Term]:
    """Read a term: its district, and its dates as written (what is no text is no date)."""
    identifier, district = identity(raw, what)
    data = _object(raw, what)
    start, end = data.get("start_date"), data.get("end_date")
    return district, Term(identifier, start if isinstance(start, str) else None, end if isinstance(end, str) else None)


def read_section(raw: object, what: str) -> SectionRecord:
    """Read a section."""
    data = _object(raw, what)
    first = one_id(data.get("teacher"), f"{what}: `teacher`")
    teachers = id_list(data.get("teachers"), f"{what}: `teachers`")
    return SectionRecord(
        *identity(raw, what),
        school=one_id(data.get("school"), f"{what}: `school`"),
        term=one_id(data.get("term_id"), f"{what}: `term_id`"),
        teacher=first,
        teachers=tuple(dict.fromkeys((first, *teachers) if first else teachers)),
        students=id_list(data.get("students"), f"{what}: `students`"),
    )


def read_user(raw: object, what: str) -> UserRecord:
    """Read a user. A role is present where its value is an object; any other value but null is reported."""
    data = _object(raw, what)
    given = data.get("roles")
    notes: list[str] = []
    if given is not None and not isinstance(given, Mapping):
        notes.append("`roles` is no object, so no role is known")
    roles: dict[str, Mapping[str, object]] = {}
    for role in CLEVER_ROLES if isinstance(given, Mapping) else ():
        value = given.get(role) if isinstance(given, Mapping) else None
        if isinstance(value, Mapping):
            roles[role] = value
        elif value is not None:
            notes.append(f"`roles.{role}` is no object, so the role is not held")
    schools = {}
    for role in ("teacher", "staff", "student"):
        if role in roles:
            primary = one_id(roles[role].get("school"), f"{what}: `roles.{role}.school`") if role != "staff" else ""
            listed = id_list(roles[role].get("schools"), f"{what}: `roles.{role}.schools`")
            schools[role] = tuple(dict.fromkeys((primary, *listed) if primary else listed))
    known, doubtful = _designations(roles.get("staff"), what, notes)
    legacy = [value for role in roles.values() if isinstance(value := role.get("legacy_id"), str) and value]
    return UserRecord(
        *identity(raw, what),
        roles=frozenset(roles),
        schools=schools,
        known=known,
        doubtful=doubtful,
        relationships=_relationships(roles.get("contact"), what),
        legacy=tuple(legacy),
        notes=tuple(notes),
    )


def _designations(
    staff: Mapping[str, object] | None, what: str, notes: list[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Sort out `roles.staff.roles`: exactly known, known but for the spelling, unknown (reported)."""
    if staff is None:
        return (), ()
    given = staff.get("roles")
    if given is None or given == "":
        given = []
    if not isinstance(given, list):
        raise Malformed(f"{what}: `roles.staff.roles` must be a list of texts")
    known: list[str] = []
    doubtful: list[str] = []
    for value in given:
        if value in (None, ""):
            continue
        like = next((name for name in DESIGNATIONS if isinstance(value, str) and _folded(name) == _folded(value)), None)
        if like and value == like:
            known.append(like)
        elif like:
            doubtful.append(like)
            if like not in given:
                said = f"the designation `{value}` is not `{like}` to the letter"
                notes.append(f"{said}, and counts only where it takes away")
        else:
            shown = f"`{value}`" if isinstance(value, str) else "that is no text"
            notes.append(f"the designation {shown} is unknown and counts for nothing")
    if not known:
        doubtful.append("PortalOnly")
    return tuple(dict.fromkeys(known)), tuple(name for name in dict.fromkeys(doubtful) if name not in known)


def _folded(text: str) -> str:
    """Give a text without case, spaces, `_` and `-`."""
    return "".join(text.casefold().split()).replace("_", "").replace("-", "")


def _relationships(contact: Mapping[str, object] | None, what: str) -> tuple[Relationship, ...]:
    given = contact.get("student_relationships") if contact is not None else None
    if given is None or given == "":
        return ()
    if not isinstance(given, list):
        raise Malformed(f"{what}: `roles.contact.student_relationships` must be a list")
    found = []
    for entry in given:
        if entry is None:
            continue
        data = _object(entry, f"{what}: an entry of `roles.contact.student_relationships`")
        student = one_id(data.get("student"), f"{what}: `student` in `roles.contact.student_relationships`")
        if student:
            found.append(Relationship(student, data.get("type") == GUARDIAN_TYPE))
    return tuple(found)


def one_id(value: object, what: str) -> str:
    """Give an id, or an empty string where there is none; raises `Malformed` for what is no text.

    An id is named by many records; all of them share one text.
    """
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Malformed(f"{what} must be a text, not {_kind(value)}")
    return intern(value) if value.__class__ is str else value


def id_list(value: object, what: str) -> tuple[str, ...]:
    """Give a list of ids without the empty ones; raises `Malformed` for what is no list of texts."""
    if value is None or value == "":
        return ()
    if not isinstance(value, list):
        raise Malformed(f"{what} must be a list of ids, not {_kind(value)}")
    return tuple(dict.fromkeys(found for item in value if (found := one_id(item, f"an id in {what}"))))


def _object(raw: object, what: str) -> Mapping[str, object]:
    if not isinstance(raw, Mapping):
        raise Malformed(f"{what} must be an object, not {_kind(raw)}")
    return raw


def _kind(value: object) -> str:
    """Name a JSON value's kind."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, int | float):
        return "a number"
    return "a text" if isinstance(value, str) else "a list" if isinstance(value, list) else "an object"
