"""Suggestions in plain words, for somebody who knows the school but no policy language."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rolecall.counterfactual.changes import Change, Count, Elsewhere
from rolecall.counterfactual.roles import designations_of
from rolecall.counterfactual.state import State
from rolecall.wording import value_name

_GAIN: Final[dict[tuple[str, str], str]] = {
    ("teacher", "section"): "name them as a teacher of section {place}",
    ("teacher", "school"): "make them a teacher at school {place}",
    ("teacher", "anywhere"): "make them a teacher, of no particular class or school",
    ("primary_teacher", "section"): "name them as the first teacher of section {place}",
    ("primary_teacher", "school"): "name them as the first teacher of some class at school {place}",
    ("primary_teacher", "anywhere"): "name them as the first teacher of some class in the district",
    ("staff", "school"): "make them staff of school {place}",
    ("staff", "anywhere"): "make them staff, of no particular school",
    ("PortalOnly", "school"): "make them staff of school {place}, with the designation `PortalOnly`",
    ("PortalOnly", "anywhere"): "make them staff with the designation `PortalOnly`",
    ("SchoolTechLead", "school"): "make them a School Tech Lead (`SchoolTechLead`) of school {place}",
    ("SchoolTechLead", "anywhere"): "make them a School Tech Lead (`SchoolTechLead`)",
    ("district_admin", "district"): "make them an administrator of the district",
    ("district_admin", "anywhere"): "make them an administrator of the district",
    ("student", "section"): "enroll them in section {place}",
    ("student", "school"): "enroll them at school {place}",
    ("student", "anywhere"): "make them a student, of no particular class or school",
    ("contact", "student"): "list them as a contact of student {place}",
    ("contact", "section"): "list them as a contact of a student in section {place}",
    ("contact", "school"): "list them as a contact of a student at school {place}",
    ("contact", "anywhere"): "list them as a contact",
    ("guardian", "student"): "list them as a parent or guardian (`Parent/Guardian`) of student {place}",
    ("guardian", "section"): "list them as a parent or guardian (`Parent/Guardian`) of a student in section {place}",
    ("guardian", "school"): "list them as a parent or guardian (`Parent/Guardian`) of a student at school {place}",
    ("guardian", "anywhere"): "list them as a parent or guardian (`Parent/Guardian`) of some student",
}
_LOSE: Final[dict[tuple[str, str], str]] = {
    ("teacher", "section"): "take them off section {place} as a teacher",
    ("teacher", "school"): "let them no longer teach at school {place}, nor any class there",
    ("teacher", "anywhere"): "take the role teacher from them altogether",
    ("primary_teacher", "section"): "let them no longer be the first teacher of section {place}",
    ("primary_teacher", "school"): "let them no longer be the first teacher of any class at school {place}",
    ("primary_teacher", "anywhere"): "let them no longer be the first teacher of any class",
    ("staff", "school"): "let them no longer be staff of school {place}",
    ("staff", "anywhere"): "take the role staff from them altogether",
    ("district_admin", "district"): "let them no longer be an administrator of the district",
    ("student", "section"): "take them out of section {place}",
    ("student", "school"): "let them no longer be a student at school {place}, nor in any class there",
    ("student", "anywhere"): "take the role student from them",
    ("contact", "student"): "take them off the contacts of student {place}",
    ("contact", "section"): "take them off the contacts of every student in section {place}",
    ("contact", "school"): "take them off the contacts of every student at school {place}",
    ("contact", "anywhere"): "take the role contact from them altogether",
    ("guardian", "student"): "list them as a contact of student {place}, but not as parent or guardian",
    ("guardian", "section"): "list them as nobody's parent or guardian in section {place}",
    ("guardian", "school"): "list them as nobody's parent or guardian at school {place}",
    ("guardian", "anywhere"): "list them as nobody's parent or guardian",
}
_TERM: Final = {
    "current": "let the dates of the class's term say that it is running now",
    "past": "let the dates of the class's term say that it has ended",
    "future": "let the dates of the class's term say that it has not begun",
}


def sentence(changes: Sequence[Change], state: State) -> str:
    """Say what would have to be done, in one sentence."""
    said = [part for change in changes for part in [phrase(change, state)] if part]
    text = "; and ".join(dict.fromkeys(said))
    return f"{text[0].upper()}{text[1:]}."


def phrase(change: Change, state: State) -> str:
    """Say one change."""
    kind, thing = change.kind, state.kind.name
    if kind in ("gain", "lose"):
        return _role(change, state)
    if kind == "designations":
        return _designations(change, state)
    if kind == "listed":
        return f"add student {state.ids('student')[0]} to section {change.place}"
    if kind == "attribute":
        shown = value_name(change.value)
        return f"set `{change.name}` of the {thing} to {shown}, if that is so"
    if kind == "term":
        return _TERM[str(change.value)]
    if kind == "owner":
        return f"record them as the owner of the {thing}" if change.value else f"say of the {thing} that nobody owns it"
    if kind == "acting":
        return _acting(change, state)
    return _edit(change)


def _role(change: Change, state: State) -> str:
    named = f"section `{change.place}` names them as a {change.role},"
    if change.kind == "gain" and any(note.startswith(named) for note in state.held.notes):
        return f"give them the role {change.role}: section {change.place} names them for it already"
    table = _GAIN if change.kind == "gain" else _LOSE
    if (change.role, change.scope) in table:
        said = table[change.role, change.scope].format(place=change.place)
        lacks = change.kind == "gain" and _role_first(change, state)
        return f"give them the role {lacks}, and {said}" if lacks else said
    where = "somewhere" if change.scope == "anywhere" else f"at {change.scope} {change.place}"
    if change.kind == "gain":
        return f"assign them as {change.role} {where} in the application"
    where = "altogether" if change.scope == "anywhere" else where
    return f"end their assignment as {change.role} {where} in the application"


def _role_first(change: Change, state: State) -> str:
    """Give the role that somebody lacks before a section can name them for it; an empty text where they have it."""
    if change.scope != "section" and change.role != "primary_teacher":
        return ""
    role = {"primary_teacher": "teacher"}.get(change.role, change.role)
    if role not in ("teacher", "student") or any(one.role == role for one in state.held.roles):
        return ""
    return role


def _designations(change: Change, state: State) -> str:
    names = " and ".join(f"`{name}`" for name in change.values)
    now = {name for name, doubt in designations_of(state.roles).items() if not doubt}
    doubtful = [name for name, doubt in designations_of(state.roles).items() if doubt]
    spelled = [name for name in change.values if name in doubtful]
    if spelled:
        return f"give their staff role exactly the designation {names}, spelled so"
    if now and now < set(change.values):
        more = " and ".join(f"`{name}`" for name in change.values if name not in now)
        return f"add the designation {more} to their staff role"
    return f"give their staff role the designation {names} and no other"


def _acting(change: Change, state: State) -> str:
    now = state.acting
    if change.name == "all":
        only = f", not only as {' and '.join(now)}" if now else ""
        return f"act with all of their roles{only}"
    return f"act as {change.values[0]}" + (f" instead of {' and '.join(now)}" if now else " only")


def _edit(change: Change) -> str:
    rule = f"rule `{change.rule}` ({change.at})"
    side, _, what = change.kind.partition("-")
    if what == "adds":
        over = [f"`overrides: [{change.rule}]` in rule `{one}`" for one in change.overrides]
        more = f", with {' and '.join(over)}" if over else ""
        return f"add `{change.permission}` to the `{side}` of {rule}{more}"
    if what == "loses":
        return f"take `{change.permission}` out of the `{side}` of {rule}"
    if what == "unless":
        return f"give {rule} the line `unless: {{{change.role}: {change.scope}}}`"
    return f"drop the `{side}` of {rule}"


# what else


def elsewhere(one: Elsewhere, *, most: int = 3) -> str:
    """Say what else a suggestion would open and close: here, and on other resources."""
    parts = []
    if one.gained or one.lost:
        said = [f"+{name}" for name in one.gained] + [f"-{name}" for name in one.lost]
        parts.append(f"{', '.join(said)} here too")
    counts = sorted(one.counts, key=lambda count: -(count.gained + count.lost))
    said = [part for count in counts[:most] for part in _count(count)]
    if len(counts) > most:
        said.append("and more")
    if said:
        parts.append(", ".join(said))
    if one.people:
        who = f"the same for {one.people:,} other {'person' if one.people == 1 else 'people'}"
        parts.append(who if one.things <= 1 else f"{who}, on {_things(one, one.things, '')}")
    if one.why:
        parts.append(one.why)
    return "; ".join(parts) or "nothing else"


def _count(count: Count) -> list[str]:
    found = []
    for sign, number in (("+", count.gained), ("-", count.lost)):
        if number:
            found.append(f"{sign}{count.permission} on {_things(count, number)}")
    return found


def _things(what: Count | Elsewhere, number: int, other: str = "other ") -> str:
    """Say how many things of a type, or in how many places they are."""
    plural = "" if number == 1 else "s"
    if what.within == what.type:
        return f"{number:,} {other}{what.type}{plural}"
    if what.within == "student+section":
        return f"the {what.type}s of {number:,} {other}student{plural} in a section"
    return f"the {what.type}s of {number:,} {other}{what.within}{plural}"
