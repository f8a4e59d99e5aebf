"""A combination of roles as a person, a state of the attributes as a resource: in words that anybody reads."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from rolecall.policy import knows
from rolecall.vocabulary.roles import HELD_AT_SCHOOL_THROUGH_SECTION, INSIDE, OWNER
from rolecall.wording import listed, value_name

Pair = tuple[str, str]

_NOUNS = {
    "teacher": "a teacher",
    "primary_teacher": "a primary teacher",
    "staff": "staff",
    "PortalOnly": "PortalOnly staff",
    "SchoolTechLead": "a SchoolTechLead",
    "district_admin": "a district administrator",
    "student": "a student",
    "contact": "a contact",
    "guardian": "a guardian",
}
_WHERE = {
    "student": "of the student",
    "section": "of the section",
    "school": "of the school",
    "district": "of the district",
}


def whoever(pairs: Collection[Pair]) -> str:
    """Say who holds at least these: `whoever is a teacher of the section and staff anywhere`."""
    return f"whoever is {holder(pairs)}" if plain(pairs) else "everyone"


def holder(pairs: Collection[Pair]) -> str:
    """Say who holds at least these, by itself: `a teacher of the section and staff anywhere`."""
    said = [_said(role, scope, "anywhere") for role, scope in plain(pairs)]
    return listed(said) or "anybody with a role in the district"


def also(pairs: Collection[Pair], beside: Collection[Pair]) -> str:
    """Say what somebody holds beside what was said: `staff of the school`."""
    every = set(pairs) | set(beside)
    said = [_said(*pair, "anywhere") for pair in plain(every) if pair not in beside]
    said = said or [_said(*pair, "anywhere") for pair in sorted(set(pairs) - set(beside))]
    return listed(said)


def person(pairs: Collection[Pair]) -> str:
    """Say who holds exactly these, and what comes with them: `a teacher of the section who is staff elsewhere`."""
    near = [_said(role, scope, "elsewhere") for role, scope in plain(pairs) if _plainly(scope) != "anywhere"]
    far = [_said(role, scope, "elsewhere") for role, scope in plain(pairs) if _plainly(scope) == "anywhere"]
    if near and far:
        return f"{listed(near)} who is {listed(far)}"
    return listed(near or far) or "somebody with a role that no rule here asks about"


def plain(pairs: Collection[Pair]) -> list[Pair]:
    """Leave out what goes without saying: a school beside its section, `anywhere` beside a place."""
    every = set(pairs)
    near = {role for role, scope in every if _plainly(scope) not in ("anywhere", "resource")}
    hidden = {(role, "school") for role in HELD_AT_SCHOOL_THROUGH_SECTION if (role, "section") in every}
    hidden |= {(role, scope) for role, scope in every if role in near and _plainly(scope) == "anywhere"}
    hidden |= {(outer, scope) for outer, inner in INSIDE.items() for role, scope in every if role in inner}
    # Of a designation only the place of the staff role tells more: it is held wherever that is.
    hidden |= {(outer, "anywhere") for outer, inner in INSIDE.items() if near & set(inner)}
    student = [role for role, scope in every if scope == "student"]
    hidden |= {(role, scope) for role in student for scope in ("section", "school") if (role, "student") in every}
    return [pair for pair in _ordered(every) if pair not in hidden]


def resource(kind: str, values: Mapping[str, bool | str | None]) -> str:
    """Say which resource: `a grade whose published is true, in a past class`."""
    article = "an" if kind[0] in "aeiou" else "a"
    own = [f"{name} is {value_name(value)}" for name, value in values.items() if name != "term"]
    said = f"{article} {kind}" + (f" whose {listed(own)}" if own else "")
    if "term" not in values:
        return said
    term = values["term"]
    when = f"a {term} class" if term else "a class without a known term"
    if kind == "section":
        return f"{said}, {when}"
    return f"{said}, in {when}"


def states(rows: Iterable[Mapping[str, Iterable[object]]]) -> str:
    """Say in which states: `while term is past or unknown`; nothing where every state is meant."""
    said = []
    for row in rows:
        parts = [f"{name} is {listed([value_name(v) for v in values], 'or')}" for name, values in row.items()]
        if not parts:
            return ""
        said.append(listed(parts))
    return f"while {', or '.join(said)}" if said else ""


def condition(rows: Iterable[Mapping[str, Collection[object]]], values: Mapping[str, Collection[object]]) -> str:
    """Say in which states, shortly: `locked is false and term is not past`; `values` are all of each attribute."""
    said = []
    for row in rows:
        parts = []
        for name, some in row.items():
            others = [value for value in (*values[name], None) if not knows(some, value)]
            few = len(others) < len(some)
            chosen = [value_name(value) for value in (others if few else some)]
            parts.append(f"{name} is {'not ' if few else ''}{listed(chosen, 'or')}")
        said.append(listed(parts))
    return ", or ".join(said)


def _said(role: str, scope: str, far: str) -> str:
    """Say one role at one place."""
    if role == OWNER:
        return "the owner"
    if (role, scope) == ("student", "student"):
        return "the student themself"
    article = "an" if role[0] in "aeiouAEIOU" else "a"
    noun = _NOUNS.get(role) or f"{article} {role}"
    if _plainly(scope) != "anywhere":
        return f"{noun} {_WHERE[scope]}"
    which = {"old": ", at the scopes of the old version", "new": ", at the scopes of the new version"}
    return f"{noun} {far}{which.get(scope.partition(':')[2], '')}"


def _plainly(scope: str) -> str:
    """Give a scope without the version that means it: `anywhere` of `anywhere:new`."""
    return scope.partition(":")[0]


def _ordered(pairs: Iterable[Pair]) -> list[Pair]:
    """Nearest first, in the order in which one would say it."""
    scopes = ("student", "section", "school", "district", "anywhere", "resource")
    return sorted(pairs, key=lambda pair: (scopes.index(_plainly(pair[1])), pair))
