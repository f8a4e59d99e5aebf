"""Where a resource lies: the places of its own district, by the scope under which each is near."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from oracle.bugs import NO_BUG, Bugs
from oracle.facts import Facts, Record, strings
from oracle.language import ResourceType


@dataclass(frozen=True)
class Location:
    """Where a resource lies, and the section whose term it has."""

    district: str
    places: frozenset[tuple[str, str]]
    section: Record | None = None
    unlisted: bool = False  # a grade whose section does not list its student


def locate(
    facts: Facts, found: ResourceType, resource_id: str, properties: Mapping[str, Any], bug: Bugs = NO_BUG
) -> Location | None:
    """Return where a resource lies, or None where the facts do not hold it, or a place that it names."""
    named = {place: properties[place] for place in found.within} if found.own else {found.name: resource_id}
    held = {kind: holding(facts, kind, place_id) for kind, place_id in named.items()}
    if None in held.values():
        return None
    districts = {one["id"] if kind == "district" else one["district"] for kind, one in held.items() if one}
    if len(districts) != 1:  # "this student, in this section and its school only, both of one district"
        return None
    (district,) = districts
    section, student = held.get("section"), held.get("student")
    places = {("district", district), ("anywhere", district)}
    if student is not None:
        places.add(("student", student["id"]))
    if section is not None:
        places |= {("section", section["id"]), ("school", section["school"])}
    if held.get("school") is not None:
        places.add(("school", held["school"]["id"]))
    if student is not None and section is None:
        places |= set(around(facts, student, bug))
    if student is not None and section is not None and bug("grade-at-all-schools-of-student"):
        places |= {("school", school) for school in facts.student_schools(student)}
    unlisted = student is not None and section is not None and student["id"] not in strings(section.get("students"))
    return Location(district, frozenset(places), section, unlisted and not bug("unlisted-student-no-doubt"))


def holding(facts: Facts, kind: str, place_id: str) -> Record | None:
    """Return the record that the facts hold of a place; a student is a user with the role student."""
    if kind == "student":
        return facts.student(place_id)
    kept = {"district": facts.districts, "school": facts.schools, "section": facts.sections}[kind]
    return kept.get(place_id)


def around(facts: Facts, student: Record, bug: Bugs) -> Iterator[tuple[str, str]]:
    """Read "the sections that list them, their own schools and those sections' schools"."""
    for section in facts.student_sections(student):
        yield "section", section["id"]
        if not bug("student-location-forgets-section-schools"):
            yield "school", section["school"]
    if not bug("student-forgets-own-schools"):
        for school in facts.student_schools(student):
            yield "school", school
