"""Who is who in the demo district: people and places with ids that stay the same for every seed and size.

The ids are 24 lowercase hex characters that can be told apart by eye:

    d157…01   districts          5c40…01   schools        7e40…01   terms
    5ec0…01   sections           ca57…01   people

`CAST["multi_role_teacher"].id` names one of them, `.says` tells in a sentence what is special about them.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Cast(NamedTuple):
    """One person or place of the cast: the Clever id, and a sentence that is true of its record."""

    id: str
    says: str


_DISTRICTS: Final = {
    "district": "Oakvale, the district in which everything happens.",
    "other_district": "Pine Hollow, another district, which shares nothing with Oakvale.",
}

_SCHOOLS: Final = {
    "academy": "A small academy in Oakvale.",
    "elementary": "The elementary school in Oakvale.",
    "middle": "The middle school in Oakvale.",
    "high": "The high school in Oakvale.",
    "other_school": "The only school of Pine Hollow.",
}

_TERMS: Final = {
    "current_term": "The fall term, given by bare dates around the time of the snapshot.",
    "past_term": "The spring term before, given by instants, which has ended.",
    "future_term": "The spring term to come, which has not begun.",
    "undated_term": "A term whose dates the district has not filled in.",
    "other_term": "The school year of Pine Hollow.",
}

_SECTIONS: Final = {
    "algebra_class": "A current class at the high school with a primary teacher and a co-teacher.",
    "past_class": "A class at the high school whose term has ended.",
    "future_class": "A class at the high school whose term has not begun.",
    "termless_class": "A class at the academy without a term.",
    "covered_class": "A current class at the elementary school to which a substitute is assigned.",
    "mismatched_class": "A class at the middle school whose only teacher has no teacher role.",
    "leaderless_class": "A class at the high school with a co-teacher, but no primary teacher.",
    "district_admins_class": "A class at the academy that a district administrator teaches.",
    "tech_leads_class": "A class at the high school that a School Tech Lead teaches.",
    "other_class": "A class in Pine Hollow.",
}

_PEOPLE: Final = {
    "multi_role_teacher": "Primary teacher of the algebra class at the high school, staff at the academy.",
    "co_teacher": "Co-teacher of the algebra class: named in its `teachers`, but not as its `teacher`.",
    "teacher": "Teaches the covered class at the elementary school and has no other role.",
    "tech_lead": "School Tech Lead at the high school, who teaches nothing.",
    "principal": "Principal of the high school: to Clever, staff who is PortalOnly.",
    "past_teacher": "Taught the past class, whose term has ended, and teaches nothing now.",
    "district_admin": "District administrator of Oakvale and nothing else.",
    "teaching_district_admin": "District administrator who also teaches one class, at the academy.",
    "teaching_tech_lead": "School Tech Lead at the high school who also teaches a class there.",
    "traveling_teacher": "Teaches the termless class at the academy, a school that the teacher role omits.",
    "rostered_non_teacher": "Named as teacher by the mismatched class, but has a staff role only.",
    "csv_tech_lead": "Staff at the high school with the unknown designation `School Tech Lead`.",
    "undesignated_staff": "Staff at the middle school whose designations are absent.",
    "staff_nowhere": "Staff with an empty list of schools: staff nowhere, not everywhere.",
    "substitute": "Staff without schools, assigned to the covered class until the end of October.",
    "former_substitute": "Staff without schools, whose assignment to the covered class ended in September.",
    "guardian": "Parent of two children, one at the elementary school and one at the high school.",
    "emergency_contact": "Emergency contact of the elementary school child, and nobody's guardian.",
    "child_elementary": "Student in the covered class at the elementary school, a child of the guardian.",
    "child_high": "Student in the algebra class at the high school, a child of the guardian.",
    "student_in_several": "Student at the high school in four classes, one of them past and one future.",
    "teaching_student": "Student with a teacher role beside it, which Clever promises never to happen.",
    "nobody": "A user of Oakvale without any role.",
    "other_teacher": "Teacher in Pine Hollow.",
    "other_staff": "Staff in Pine Hollow.",
    "other_student": "Student in Pine Hollow.",
}


def _numbered(prefix: str, sentences: Mapping[str, str]) -> dict[str, Cast]:
    """Ids in the order of the sentences: the prefix, zeros, and a decimal number."""
    return {
        name: Cast(prefix + str(number).zfill(24 - len(prefix)), says)
        for number, (name, says) in enumerate(sentences.items(), start=1)
    }


CAST: Final[Mapping[str, Cast]] = MappingProxyType(
    _numbered("d157", _DISTRICTS)
    | _numbered("5c40", _SCHOOLS)
    | _numbered("7e40", _TERMS)
    | _numbered("5ec0", _SECTIONS)
    | _numbered("ca57", _PEOPLE)
)
"""The people and places of the demo district: `{"multi_role_teacher": Cast(id="ca57…01", says="…"), …}`."""
