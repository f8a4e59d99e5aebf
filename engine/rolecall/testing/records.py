"""Records in the shape of Clever's API v3.0, built from the little that tells one from another.

Every builder returns the object that the API puts inside `data`. What a district often leaves out is left
out here too: optional fields are null, empty or absent, as the caller says.
"""

from __future__ import annotations

from typing import Any, Final

Record = dict[str, Any]

CREATED: Final = "2024-07-15T06:00:00.000Z"
MODIFIED: Final = "2026-10-13T06:12:45.000Z"

_LEGACY: Final = {"teacher": "1", "staff": "2", "district_admin": "3", "contact": "5"}


def legacy_id(role: str, user: str) -> str:
    """The id that the user had for this role in earlier API versions. A student's has stayed the same."""
    return user if role == "student" else "1e6ac" + _LEGACY[role] + user[6:]


def user(
    user_id: str,
    district: str,
    first: str,
    last: str,
    roles: Record,
    *,
    email: str | None,
    middle: str | None = None,
) -> Record:
    """A `/users` object. Role objects get the `legacy_id` that belongs to the user."""
    for role, held in roles.items():
        held["legacy_id"] = legacy_id(role, user_id)
    return {
        "id": user_id,
        "district": district,
        "email": email,
        "name": {"first": first, "middle": middle, "last": last},
        "created": CREATED,
        "last_modified": MODIFIED,
        "roles": roles,
    }


def teacher_role(schools: list[str], number: str, *, title: str | None = None) -> Record:
    """`roles.teacher`: the first school is the primary one."""
    return {
        "school": schools[0],
        "schools": list(schools),
        "sis_id": number,
        "teacher_number": number,
        "state_id": None,
        "title": title,
        "credentials": {"district_username": f"t{number}"},
    }


def staff_role(schools: list[str], number: str, designations: list[str] | None, title: str | None = None) -> Record:
    """`roles.staff`: without the key `roles` where `designations` is None."""
    role: Record = {"schools": list(schools), "staff_id": number, "department": None, "title": title}
    if designations is not None:
        role["roles"] = list(designations)
    return role


def district_admin_role(title: str | None = None) -> Record:
    """`roles.district_admin`, which has no places of its own."""
    return {"title": title}


def student_role(school: str, number: str, *, grade: str | None, dob: str | None = None) -> Record:
    """`roles.student` at one school, enrolled for the school year."""
    return {
        "school": school,
        "schools": [school],
        "enrollments": [{"school": school, "start_date": "2026-08-12", "end_date": "2027-05-28"}],
        "sis_id": number,
        "student_number": number,
        "state_id": None,
        "grade": grade,
        "dob": dob,
        "gender": "",
        "credentials": {"district_username": f"s{number}"},
    }


def contact_role(*relationships: tuple[str, str | None, str | None], phone: str | None = None) -> Record:
    """`roles.contact` from (student id, relationship, type)."""
    return {
        "phone": phone,
        "phone_type": "Cell" if phone else None,
        "sis_id": None,
        "student_relationships": [
            {"student": student, "relationship": relationship, "type": kind}
            for student, relationship, kind in relationships
        ],
    }


def section(
    section_id: str,
    district: str,
    school: str,
    name: str,
    *,
    teachers: list[str],
    students: list[str],
    term: str | None,
    primary: bool = True,
    subject: str | None = None,
    grade: str | None = None,
    period: str | None = None,
) -> Record:
    """A `/sections` object. The first of `teachers` is its `teacher`, unless it has no primary one."""
    return {
        "id": section_id,
        "district": district,
        "school": school,
        "course": None,
        "term_id": term,
        "name": name,
        "sis_id": section_id[-8:],
        "section_number": None,
        "period": period,
        "grade": grade,
        "subject": subject,
        "teacher": teachers[0] if primary and teachers else None,
        "teachers": teachers,
        "students": students,
        "created": CREATED,
        "last_modified": MODIFIED,
    }


def school(school_id: str, district: str, name: str, number: str, low: str, high: str, principal: str | None) -> Record:
    """A `/schools` object. Clever's `principal` is free text and names no user."""
    return {
        "id": school_id,
        "district": district,
        "name": name,
        "sis_id": number,
        "school_number": number,
        "low_grade": low,
        "high_grade": high,
        "nces_id": None,
        "state_id": None,
        "phone": None,
        "location": {"address": None, "city": "Oakvale", "state": "IL", "zip": None},
        "principal": {"name": principal, "email": None},
        "created": CREATED,
        "last_modified": MODIFIED,
    }


def district(district_id: str, name: str) -> Record:
    """A `/districts` object that syncs without trouble."""
    return {
        "id": district_id,
        "name": name,
        "state": "running",
        "last_sync": "2026-10-14T11:30:00.000Z",
        "launch_date": "2024-07-15",
        "login_methods": [],
        "nces_id": None,
        "pause_start": None,
        "pause_end": None,
        "sis_type": "",
    }


def term(term_id: str, district_id: str, name: str | None, start: str | None, end: str | None) -> Record:
    """A `/terms` object: `start` and `end` are bare dates, instants or null, as districts send them."""
    return {"id": term_id, "district": district_id, "name": name, "start_date": start, "end_date": end}


def grant(user_id: str, role: str, scope: str, place: str, since: str | None, until: str | None) -> Record:
    """One of the application's own role assignments, with an open end where an instant is None."""
    return {"user": user_id, "role": role, "scope": scope, "id": place, "from": since, "until": until}
