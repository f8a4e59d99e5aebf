"""The records of the cast: what each sentence of `CAST` says, as Clever and the application would send it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from rolecall.testing import records
from rolecall.testing.cast import CAST

if TYPE_CHECKING:
    from collections.abc import Callable

    from rolecall.testing.records import Record

DISTRICT: Final = CAST["district"].id
OTHER: Final = CAST["other_district"].id


def _id(name: str) -> str:
    return CAST[name].id


def _ids(*names: str) -> list[str]:
    return [CAST[name].id for name in names]


def districts() -> list[Record]:
    """Oakvale and Pine Hollow."""
    return [records.district(DISTRICT, "Oakvale Unified"), records.district(OTHER, "Pine Hollow Schools")]


def schools() -> list[Record]:
    """The four schools of the cast in Oakvale, then the one in Pine Hollow."""
    return [
        records.school(_id("academy"), DISTRICT, "Oakvale Arts Academy", "101", "6", "12", None),
        records.school(_id("elementary"), DISTRICT, "Acorn Elementary School", "102", "Kindergarten", "5", "Ida Wren"),
        records.school(_id("middle"), DISTRICT, "Riverbend Middle School", "103", "6", "8", None),
        records.school(_id("high"), DISTRICT, "Oakvale High School", "104", "9", "12", "Pat Okafor"),
        records.school(_id("other_school"), OTHER, "Pine Hollow School", "1", "Kindergarten", "12", None),
    ]


def terms() -> list[Record]:
    """A past, a current and a future term, one without dates, and Pine Hollow's."""
    return [
        records.term(_id("current_term"), DISTRICT, "Fall 2026", "2026-08-12", "2026-12-18"),
        records.term(_id("past_term"), DISTRICT, "Spring 2026", "2026-01-06T00:00:00.000Z", "2026-06-05T00:00:00.000Z"),
        records.term(_id("future_term"), DISTRICT, "Spring 2027", "2027-01-05", "2027-05-28"),
        records.term(_id("undated_term"), DISTRICT, None, None, None),
        records.term(_id("other_term"), OTHER, "2026-2027", "2026-08-19", "2027-06-04"),
    ]


def sections(classmates: Callable[[str], list[str]]) -> list[Record]:
    """The classes of the cast, filled up with `classmates("high")`: students without a part to play."""

    def build(name: str, school: str, title: str, term: str | None, **fields: Any) -> Record:  # noqa: ANN401  (as `section`)
        district = OTHER if school == "other_school" else DISTRICT
        fields["students"] = _ids(*fields["students"]) + classmates(school)
        fields["teachers"] = _ids(*fields["teachers"])
        return records.section(_id(name), district, _id(school), title, term=term and _id(term), **fields)

    return [
        build(
            "algebra_class", "high", "Algebra I, period 2", "current_term", subject="math", period="2",
            teachers=["multi_role_teacher", "co_teacher"], students=["child_high", "student_in_several"],
        ),
        build(
            "past_class", "high", "World History", "past_term", subject="social studies",
            teachers=["past_teacher"], students=["student_in_several"],
        ),
        build(
            "future_class", "high", "Geometry", "future_term", subject="math",
            teachers=["multi_role_teacher"], students=["student_in_several"],
        ),
        build(
            "termless_class", "academy", "Studio Art", None, subject="arts and music",
            teachers=["traveling_teacher"], students=[],
        ),
        build(
            "covered_class", "elementary", "Grade 3", "current_term", grade="3", subject="homeroom/advisory",
            teachers=["teacher"], students=["child_elementary"],
        ),
        build(
            "mismatched_class", "middle", "Reading support", "current_term", subject="english/language arts",
            teachers=["rostered_non_teacher"], students=["teaching_student"],
        ),
        build(
            "leaderless_class", "high", "Study hall", "current_term", primary=False,
            teachers=["co_teacher"], students=["student_in_several"],
        ),
        build(
            "district_admins_class", "academy", "Debate", "current_term",
            teachers=["teaching_district_admin"], students=[],
        ),
        build(
            "tech_leads_class", "high", "Robotics", "current_term", subject="technology and engineering",
            teachers=["teaching_tech_lead"], students=["child_high"],
        ),
        build(
            "other_class", "other_school", "Grade 7", "other_term", grade="7",
            teachers=["other_teacher"], students=["other_student"],
        ),
    ]  # fmt: skip


def users() -> list[Record]:
    """The people of the cast, in the order of their ids."""
    high, academy, elementary, middle = _ids("high", "academy", "elementary", "middle")
    teacher, staff, student = records.teacher_role, records.staff_role, records.student_role
    elder, younger = _ids("child_high", "child_elementary")
    portal, lead = ["PortalOnly"], ["SchoolTechLead"]
    admin = records.district_admin_role
    people: list[tuple[str, str, str, Record]] = [
        ("multi_role_teacher", "Rosa", "Ito", {
            "teacher": teacher([high], "9001"),
            "staff": staff([academy], "9001", portal, "Assistant Principal"),
        }),
        ("co_teacher", "Lena", "Brandt", {"teacher": teacher([high], "9002")}),
        ("teacher", "Amara", "Diallo", {"teacher": teacher([elementary], "9003", title="Grade 3")}),
        ("tech_lead", "Theo", "Marsh", {"staff": staff([high], "9004", lead, "Technology Specialist")}),
        ("principal", "Pat", "Okafor", {"staff": staff([high], "9005", portal, "Principal")}),
        ("past_teacher", "Walter", "Quist", {"teacher": teacher([high], "9006")}),
        ("district_admin", "Dana", "Reyes", {"district_admin": admin("Director of Curriculum")}),
        ("teaching_district_admin", "Noor", "Haddad", {
            "teacher": teacher([academy], "9008"), "district_admin": admin(),
        }),
        ("teaching_tech_lead", "Kenji", "Abe", {
            "teacher": teacher([high], "9009"), "staff": staff([high], "9009", lead),
        }),
        ("traveling_teacher", "Mila", "Novak", {"teacher": teacher([elementary], "9010")}),
        ("rostered_non_teacher", "Olive", "Frost", {"staff": staff([middle], "9011", portal, "Librarian")}),
        ("csv_tech_lead", "Chris", "Vance", {"staff": staff([high], "9012", ["School Tech Lead"])}),
        ("undesignated_staff", "Una", "Blake", {"staff": staff([middle], "9013", None, "Secretary")}),
        ("staff_nowhere", "Neal", "Ward", {"staff": staff([], "9014", portal)}),
        ("substitute", "Sam", "Rivera", {"staff": staff([], "9015", portal, "Substitute")}),
        ("former_substitute", "Fern", "Osei", {"staff": staff([], "9016", portal, "Substitute")}),
        ("guardian", "Grace", "Lindqvist", {"contact": records.contact_role(
            (younger, "Parent", "Parent/Guardian"), (elder, "Parent", "Parent/Guardian"), phone="555-0117",
        )}),
        ("emergency_contact", "Emil", "Sato", {"contact": records.contact_role((younger, "", "Emergency"))}),
        ("child_elementary", "Elsa", "Lindqvist", {"student": student(elementary, "9019", grade="3")}),
        ("child_high", "Hugo", "Lindqvist", {"student": student(high, "9020", grade="9", dob="04/17/2012")}),
        ("student_in_several", "Sana", "Malik", {"student": student(high, "9021", grade="10")}),
        ("teaching_student", "Tess", "Young", {
            "student": student(middle, "9022", grade="8"), "teacher": teacher([middle], "9022"),
        }),
        ("nobody", "Nico", "Blank", {}),
        ("other_teacher", "Orla", "Kemp", {"teacher": teacher([_id("other_school")], "1")}),
        ("other_staff", "Otis", "Gray", {"staff": staff([_id("other_school")], "2", portal)}),
        ("other_student", "Opal", "Stone", {"student": student(_id("other_school"), "3", grade="7")}),
    ]  # fmt: skip
    return [_person(name, first, last, roles) for name, first, last, roles in people]


def _person(name: str, first: str, last: str, roles: Record) -> Record:
    other = name.startswith("other_")
    domain = "pinehollow.example" if other else "oakvale.example"
    email = None if name in {"emergency_contact", "child_elementary"} else f"{first}.{last}@{domain}".lower()
    return records.user(_id(name), OTHER if other else DISTRICT, first, last, roles, email=email)


def assignments() -> list[Record]:
    """The application's own assignments: a substitute who covers a class now, and one who did."""
    covered = _id("covered_class")
    return [
        records.grant(
            _id("substitute"), "substitute", "section", covered,
            "2026-10-05T00:00:00-05:00", "2026-10-31T00:00:00-05:00",
        ),
        records.grant(
            _id("former_substitute"), "substitute", "section", covered,
            "2026-09-08T00:00:00-05:00", "2026-09-19T00:00:00-05:00",
        ),
    ]  # fmt: skip
