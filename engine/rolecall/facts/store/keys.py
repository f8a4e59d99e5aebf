"""What a changed record means for whoever decides: the links that lead to it, and the keys that readers must forget.

Readers keep what they know of a person or place under these keys (D is each district met around it):

    a person            `user:THEM`, for a contact `user:EACH_CHILD`, and `schools:D`
    a section           `section:IT`, `term:ITS_TERM`, `schools:ITS_DISTRICT`
    a student's place   `user:STUDENT`, `schools:D`
    a school            `schools:ITS_DISTRICT`
    a district          `district:IT`
    a legacy id         `legacy:IT`

What no decision reads (names, grades, a school's address) touches nobody.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.facts.records import SectionRecord, UserRecord
from rolecall.facts.store.incoming import storable
from rolecall.vocabulary.facts import Term

EVERYTHING = "*"

Link = tuple[str, str, str]
"""The kind (teaches, enrolled, legacy), from which id, and to which."""


def links(record: object) -> frozenset[Link]:
    """Give the links that lead to a record. An id that no record can have leads nowhere."""
    found: set[Link] = set()
    if isinstance(record, SectionRecord):
        found.update(("teaches", user, record.id) for user in record.teachers)
        found.update(("enrolled", user, record.id) for user in record.students)
    elif isinstance(record, UserRecord):
        found.update(("legacy", old, record.id) for old in record.legacy if old != record.id)
    return frozenset(link for link in found if storable(link[1]))


def keys(kind: str, identifier: str, district: str, old: object, new: object) -> set[str]:
    """Give the keys that a reader must forget when a record (None: there is none) becomes another."""
    if kind == "section":
        found = set(_of_section(identifier, old, new))
    elif kind == "user":
        found = {f"user:{identifier}"} if old != new else set()
        found |= {f"legacy:{link[1]}" for link in links(old) ^ links(new)}
    elif kind == "term":
        found = {f"term:{identifier}"} if _dates(old) != _dates(new) else set()
    elif (old is None) == (new is None):
        found = set()
    else:
        found = {f"schools:{district}" if kind == "school" else f"{kind}:{identifier}"}
    return {key for key in found if storable(key)}


def _dates(record: object) -> tuple[str | None, str | None] | None:
    term = record[1] if isinstance(record, tuple) else None
    return (term.start, term.end) if isinstance(term, Term) else None


def _of_section(identifier: str, old: object, new: object) -> Iterator[str]:
    """Whoever came or went; everybody, where the school did; whoever became the first teacher, or ceased to be."""
    before = old if isinstance(old, SectionRecord) else None
    after = new if isinstance(new, SectionRecord) else None
    members = [{*one.teachers, *one.students} if one else set[str]() for one in (before, after)]
    if before is None or after is None or before.school != after.school:
        people = members[0] | members[1]
        moved = True
    else:
        people = {*before.teachers} ^ {*after.teachers} | {*before.students} ^ {*after.students}
        if before.teacher != after.teacher:
            people |= {before.teacher, after.teacher} - {""}
        moved = before.term != after.term or {*before.students} != {*after.students}
    yield from (f"user:{user}" for user in people)
    if moved:
        yield f"section:{identifier}"
