"""Who exists in a demo district, as arithmetic: any id can be named without having met its record.

So a district of a million people can be written line by line, classes before the students they name.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Final

from rolecall.testing import scenes
from rolecall.testing.cast import CAST

if TYPE_CHECKING:
    from collections.abc import Iterator

SUBJECTS: Final = ("math", "english/language arts", "science", "social studies", "arts and music")
COHORT: Final = 24
CAST_SCHOOLS: Final = ("academy", "elementary", "middle", "high")
_FEWEST: Final = 100
_SCHOOL_SIZE: Final = 900


@dataclass(frozen=True, slots=True)
class Block:
    """One school and its people, who are numbered one after another from `start`."""

    index: int
    school: str
    start: int
    staff: int
    teachers: int
    students: int
    contacts: int

    @property
    def first_teacher(self) -> int:
        """Staff come first, then teachers, students and contacts."""
        return self.start + self.staff

    @property
    def first_student(self) -> int:
        """The number of the first student."""
        return self.first_teacher + self.teachers

    @property
    def first_contact(self) -> int:
        """The number of the first contact, one more than the last student's."""
        return self.first_student + self.students

    @property
    def lessons(self) -> int:
        """How many classes each cohort of students has: fewer in the elementary school."""
        return 2 if self.index % 4 == 1 else len(SUBJECTS)

    @property
    def cohorts(self) -> int:
        """Into how many groups the students are divided, the last one perhaps smaller."""
        return -(-self.students // COHORT)

    @property
    def grade(self) -> int:
        """The lowest grade of the school."""
        return (6, 1, 6, 9)[self.index % 4]


class Plan:
    """The people and schools beyond the cast, for a number of users and a seed."""

    def __init__(self, users: int, seed: int) -> None:
        """Divide the people beyond the cast among schools, four at least."""
        if users < _FEWEST:
            message = f"a demo district has at least {_FEWEST} users, not {users}"
            raise ValueError(message)
        self.seed = seed
        self.extras = users - len(scenes.users())
        self.schools = max(len(CAST_SCHOOLS), users // _SCHOOL_SIZE)
        self._machine = f"{self.random('machine').getrandbits(40):010x}"

    def random(self, *what: object) -> Random:
        """A stream of random numbers of its own, so that no part of the district depends on another."""
        return Random(":".join(map(str, (self.seed, *what))))  # noqa: S311  (nothing secret: a reproducible demo)

    def user(self, number: int) -> str:
        """The id of the person with this number."""
        return f"66b0c1de{self._machine}{number:06x}"

    def section(self, block: Block, number: int) -> str:
        """The id of a class of the school."""
        return f"66c1a550{self._machine}{block.index * 1000 + number:06x}"

    def school(self, index: int) -> str:
        """The id of a school: those of the cast come first."""
        if index < len(CAST_SCHOOLS):
            return CAST[CAST_SCHOOLS[index]].id
        return f"66a05c40{self._machine}{index:06x}"

    def block(self, index: int) -> Block:
        """A school and its people; the one after the last is the first again."""
        index %= self.schools
        size, over = divmod(self.extras, self.schools)
        start = index * size + min(index, over)
        size += index < over
        staff, teachers, contacts = max(3, size // 25), max(2, size // 14), size * 3 // 10
        return Block(index, self.school(index), start, staff, teachers, size - staff - teachers - contacts, contacts)

    def blocks(self) -> Iterator[Block]:
        """Every school in order."""
        return map(self.block, range(self.schools))

    def classmates(self, school: str) -> list[str]:
        """A few students of a school of the cast, who join its classes; none for Pine Hollow's."""
        if school not in CAST_SCHOOLS:
            return []
        block = self.block(CAST_SCHOOLS.index(school))
        return [self.user(block.first_student + number) for number in range(min(12, block.students))]
