"""Roles and scopes: who somebody is, seen from a resource (Clever API v3.0 `roles`, and what an application adds)."""

from __future__ import annotations

from typing import Final

CLEVER_ROLES: Final = ("teacher", "staff", "district_admin", "student", "contact")
EMPLOYEES: Final = ("teacher", "staff", "district_admin")
DESIGNATIONS: Final = ("PortalOnly", "SchoolTechLead")
OWNER: Final = "owner"

# What lies inside a login role: held only together with it.
INSIDE: Final[dict[str, tuple[str, ...]]] = {
    "teacher": ("primary_teacher",),
    "staff": DESIGNATIONS,
    "contact": ("guardian",),
}

SCOPES: Final = ("resource", "student", "section", "school", "district", "anywhere")
ASSIGNABLE_SCOPES: Final = ("section", "school", "district")

# The scopes at which each built-in role can be held at all; asking for another one is an error.
HELD_AT: Final[dict[str, tuple[str, ...]]] = {
    "teacher": ("section", "school", "anywhere"),
    "primary_teacher": ("section", "school", "anywhere"),
    "staff": ("school", "anywhere"),
    "PortalOnly": ("school", "anywhere"),
    "SchoolTechLead": ("school", "anywhere"),
    "district_admin": ("district", "anywhere"),
    "student": ("student", "section", "school", "anywhere"),
    "contact": ("student", "section", "school", "anywhere"),
    "guardian": ("student", "section", "school", "anywhere"),
    OWNER: ("resource",),
}
BUILT_IN_ROLES: Final = tuple(HELD_AT)

# Whoever holds one of these at a section holds it at the section's school too.
HELD_AT_SCHOOL_THROUGH_SECTION: Final = ("teacher", "primary_teacher", "student", "contact", "guardian")

BUILT_IN_TYPES: Final = ("district", "school", "section", "student")

# Which scopes a resource's location has, by what it is or lies within.
LOCATION_SCOPES: Final[dict[str, tuple[str, ...]]] = {
    "district": ("district", "anywhere"),
    "school": ("school", "district", "anywhere"),
    "section": ("section", "school", "district", "anywhere"),
    "student": ("student", "section", "school", "district", "anywhere"),
    "student+section": ("student", "section", "school", "district", "anywhere"),
}

RESERVED: Final = frozenset(
    {"all", "none", "everyone", "anywhere", "include", "except", "unknown", "term", *SCOPES, *BUILT_IN_ROLES},
)


class Atoms:
    """The numbering of every (role, scope) pair that a policy can ask about, as bits of one integer.

    A person's roles around a resource are then one integer: the low `width` bits are the pairs held *beyond doubt*,
    the next `width` bits those that are *doubtful* (a pair may be both, held here and doubtful there).
    """

    __slots__ = ("acting", "anywhere", "bit", "login_roles", "own", "owner", "pairs", "width")

    def __init__(self, own: dict[str, tuple[str, ...]] | None = None) -> None:
        """Number the built-in pairs first, then those of the policy's `own` roles (role to assignable scopes)."""
        self.own = dict(own or {})
        held_at = HELD_AT | {role: (*scopes, "anywhere") for role, scopes in self.own.items()}
        self.pairs = tuple((role, scope) for role, scopes in held_at.items() for scope in scopes)
        self.bit = {pair: 1 << number for number, pair in enumerate(self.pairs)}
        self.width = len(self.pairs)
        self.owner = self.bit[OWNER, "resource"]
        self.anywhere = sum(bit for (_, scope), bit in self.bit.items() if scope == "anywhere")
        self.login_roles = (*CLEVER_ROLES, *self.own)
        self.acting = {
            login: sum(bit for (role, _), bit in self.bit.items() if role == login or role in INSIDE.get(login, ()))
            for login in self.login_roles
        }

    def mask(self, pairs: tuple[tuple[str, str], ...]) -> int:
        """Give the bits of `pairs`."""
        found = 0
        for pair in pairs:
            found |= self.bit[pair]
        return found

    def names(self, mask: int) -> tuple[tuple[str, str], ...]:
        """Give the (role, scope) pairs in `mask`, in the numbering's order."""
        return tuple(pair for pair, bit in self.bit.items() if bit & mask)
