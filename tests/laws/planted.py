"""Bugs planted in the engine, one a clause of DESIGN sections 3 and 4: each says the wrong sentence that it believes.

A bug is a small change of the text of one function. It is planted by giving the function the changed code, wherever
the function was imported to; a bug whose text is no longer there says so instead of planting nothing.
"""

import __future__

import inspect
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from operator import attrgetter
from typing import Any

EVALUATE = "evaluator:evaluate"
WORK_OUT, APPLIES = "table:TypeTable.work_out", "table:Half.applies"
USER, ROLES, LOCATION = "facts.records:read_user", "facts.roster:Roster._roles", "facts.roster:Roster.location"
DESIGNATIONS, AROUND = "facts.records:_designations", "facts.roster:Roster._around"
HOLDS, HOLD = "facts.assignments:AssignmentRecord.holds", "facts.hold:hold"


@dataclass(frozen=True)
class Bug:
    """What a function of rolecall (`module:name`) says wrongly: `new` where it said `old`."""

    sentence: str
    where: str
    old: str
    new: str

    @property
    def name(self) -> str:
        """The sentence as a name."""
        return "-".join("".join(one for one in self.sentence.lower() if one.isalnum() or one == " ").split())

    @contextmanager
    def planted(self) -> Iterator[None]:
        """Plant the bug for a while."""
        module, _, name = self.where.partition(":")
        space = vars(import_module(f"rolecall.{module}"))
        function = attrgetter(name)(import_module(f"rolecall.{module}"))
        true, function.__code__ = function.__code__, self.code(function, dict(space))
        try:
            yield
        finally:
            function.__code__ = true

    def code(self, function: Any, space: dict[str, Any]) -> Any:
        """Return the function's code with the change in it."""
        text = textwrap.dedent(inspect.getsource(function))
        if text.count(self.old) != 1:
            message = f"`{self.where}` says {text.count(self.old)} times: {self.old}"
            raise LookupError(message)
        changed = compile(text.replace(self.old, self.new), "<planted>", "exec", __future__.annotations.compiler_flag)
        exec(changed, space)  # noqa: S102 - the engine's own text, changed in one place
        return space[function.__name__].__code__


TAKE_ACTING = "mask = mask & acting | mask & ~kind.sure | (mask & kind.sure & ~acting) << kind.width"
TERM_STATE = "mask |= kind.term_states[0 if now > last else 1 if now >= first else 2]"
ANYWHERE = 'own.append(RoleAssignment(one.role, "anywhere", person.district, source="asserted"))'
PRIMARY = """one_id(roles[role].get("school"), f"{what}: `roles.{role}.school`") if role != "staff" else \"\""""
OWN_SCHOOLS = 'held += [(role, "school", place, "") for place in near.get(role, ())]'
UNKNOWN = 'condition.unknown or ("skip" if side == "min" else "apply")'
UNLESS = "any(mask & against == mask for mask in self.unless)"

PLACES = [
    Bug("places of another district count", "facts.roster:Roster.counts", "found is not None and found.district == district", "found is not None"),
    Bug("sections of another district count", "facts.roster:Roster._here", "if section.district == user.district", "if True"),
    Bug("students of another district count", "facts.roster:Roster._as_contact", "student.district != user.district", "False"),
    Bug("a section needs no school", "facts.roster:Roster.__init__", 'not self.counts("school", section.school, section.district)', "False"),
    Bug("subject and resource may be of two districts", EVALUATE, "held.district != location.district", "False"),
    Bug("student and section may be of two districts", "facts.roster:join_student_section", "student.district != section.district", "False"),
    Bug("a district needs no record", LOCATION, "if identifier in self.districts else None", ""),
    Bug("a student lies not in their own schools", AROUND, '*(f"school:{place}" for place in schools), ', ""),
    Bug("a student lies not in their sections schools", AROUND, ', *(f"school:{section.school}" for section in sections)', ""),
    Bug("a grade lies where its student lies", "facts.roster:join_student_section", 'f"student:{student.id}", ', "*student.keys, "),
]  # fmt: skip

PEOPLE = [
    Bug("a null role is a role", USER, "value = given.get(role) if isinstance(given, Mapping) else None", "value = given.get(role, 0) or ({} if given.get(role, 0) is None else given.get(role))"),
    Bug("only the list of schools counts", USER, PRIMARY, '""'),
    Bug("a school of one role counts for all of them", ROLES, OWN_SCHOOLS, 'held += [(role, "school", place, "") for place in own if role in user.schools]'),
    Bug("only a sections first teacher teaches it", "facts.records:read_section", "(first, *teachers) if first else teachers", "(first,) if first else ()"),
    Bug("every teacher of a section is its primary teacher", ROLES, "section.teacher == user.id", "True"),
    Bug("a role at a section is not one at its school", "facts.roster:_through", 'yield role, "school", section.school, ""', "pass"),
    Bug("a student is not at themself", ROLES, 'held.append(("student", "student", user.id, ""))', "pass"),
    Bug("a contact is at the student only", "facts.roster:Roster._as_contact", "for key in self._around(student)", "for key in self._around(student)[:1]"),
    Bug("every contact is a guardian", "facts.records:_relationships", 'data.get("type") == GUARDIAN_TYPE', "True"),
    Bug("no contact is a guardian", "facts.records:_relationships", 'data.get("type") == GUARDIAN_TYPE', "False"),
    Bug("inner roles are not held anywhere", ROLES, 'if role in ("primary_teacher", "guardian"):', "if False:"),
    Bug("designations are held anywhere only", ROLES, 'held += [(name, "school", place, why) for place in near.get("staff", ())]', "pass"),
    Bug("designations are held at schools only", ROLES, 'held.append((name, "anywhere", user.district, why))', "pass"),
    Bug("a district admin is not at the district", ROLES, 'held.append(("district_admin", "district", user.district, ""))', "pass"),
    Bug("who has no place holds nothing anywhere", ROLES, 'held.append((role, "anywhere", user.district, ""))', 'held += [(role, "anywhere", user.district, "")] if near.get(role, [1]) else []'),
]  # fmt: skip

ASSIGNED = [
    Bug("an assigned role is not held anywhere", HOLD, ANYWHERE, "pass"),
    Bug("any place will do for an assignment", HOLD, "elif not facts.counts(one.scope, one.id, person.district):", "elif False:"),
    Bug("an assignment is held before its from", HOLDS, "self.starts <= now", "True"),
    Bug("an assignment is not yet held at its from", HOLDS, "self.starts <= now", "self.starts < now"),
    Bug("an assignment is held after its until", HOLDS, "now < self.ends", "True"),
    Bug("an assignment is still held at its until", HOLDS, "now < self.ends", "now <= self.ends"),
    Bug("a bad instant is no instant", EVALUATE, "if held.problem or not mask & kind.anyone", "if not mask & kind.anyone"),
    Bug("a bad instant of an ignored assignment is ignored", HOLD, "if one.bad]", "if one.bad and one.scope in atoms.own.get(one.role, ())]"),
    Bug("what was assigned once stays assigned", "facts.view:View.person", "found.since <= now < found.until", "True"),
    Bug("roles change at a beginning and at no end", HOLD, "min((edge for edge in edges if edge > now), default=ALWAYS[1])", "ALWAYS[1]"),
]  # fmt: skip

DOUBTS = [
    Bug("a doubt is forgotten", "facts.hold:fold", "bit << atoms.width if role.doubt else bit", "bit"),
    Bug("a doubtful role is no role", "facts.hold:fold", "bit << atoms.width if role.doubt else bit", "0 if role.doubt else bit"),
    Bug("unknown designations are none", DESIGNATIONS, 'doubtful.append("PortalOnly")', "pass"),
    Bug("unknown designations are portal only", DESIGNATIONS, 'doubtful.append("PortalOnly")', 'known.append("PortalOnly")'),
    Bug("one unknown designation is a doubt", DESIGNATIONS, "if not known:", "if len(known) < len(given) or not known:"),
    Bug("a designation nearly known is known", DESIGNATIONS, "doubtful.append(like)", "known.append(like)"),
    Bug("a designation nearly known is unknown", DESIGNATIONS, "doubtful.append(like)", "pass"),
    Bug("beside a student nothing is doubtful", "facts.roster:_impossible_beside", '("student", ("contact", *EMPLOYEES)), ("contact", EMPLOYEES)', '("contact", EMPLOYEES),'),
    Bug("beside a contact nothing is doubtful", "facts.roster:_impossible_beside", ', ("contact", EMPLOYEES)', ","),
    Bug("what lies inside a doubtful role is not doubtful", ROLES, "doubts[inner.get(role, role)] or doubt", 'doubts.get(role, "") or doubt'),
    Bug("a section need not list the student", EVALUATE, "mask |= (found & kind.sure) << kind.width | found & ~kind.sure", "mask |= found"),
    Bug("through a section that does not list the student nothing is held", EVALUATE, "mask |= (found & kind.sure) << kind.width | found & ~kind.sure", "pass"),
    Bug("everyone is whoever asks", EVALUATE, "if held.problem or not mask & kind.anyone", "if held.problem"),
    Bug("doubt gives", WORK_OUT, "applies(gives, takes, codes)", "applies(takes, takes, codes)"),
    Bug("doubt lifts", WORK_OUT, "applies(takes, gives, codes)", "applies(takes, takes, codes)"),
    Bug("doubt never caps", WORK_OUT, "applies(takes, gives, codes)", "applies(gives, gives, codes)"),
    Bug("doubt never hinders", WORK_OUT, "applies(gives, takes, codes)", "applies(gives, gives, codes)"),
]  # fmt: skip

OWNERS = [
    Bug("a missing owner is nobody", EVALUATE, "mask |= kind.owner_doubt", "pass"),
    Bug("a missing owner is the subject", EVALUATE, "mask |= kind.owner_doubt", "mask |= kind.owner_sure"),
    Bug("an empty owner is a missing one", EVALUATE, "if owner is None", "if not owner"),
    Bug("every owner is the subject", EVALUATE, "elif owner == held.id:", "elif owner:"),
]  # fmt: skip

SETS = [
    Bug("sets are not closed", "compiler.sets:Sets._written", "mask |= self.implied[kind][number]", "mask |= 1 << number"),
    Bug("a permission implies what it names and nothing further", "compiler.sets:_implied", "stack += kind.permissions[one]", "stack += kind.permissions[one] if one == name else ()"),
    Bug("except takes out what it names only", "compiler.sets:Sets._written", "if not implied & out:", "if not 1 << number & out:"),
    Bug("except takes out nothing", "compiler.sets:Sets._written", "total[kind] = total.get(kind, 0) & keep", "pass"),
    Bug("include includes nothing", "compiler.sets:Sets._written", "dict(self.union(body.include))", "{}"),
    Bug("of a list of sets the last one counts", "compiler.sets:Sets.union", "total[kind] = total.get(kind, 0) | mask", "total[kind] = mask"),
    Bug("a max caps only the types that it names", "compiler.halves:make_table", ".get(kind.name, 0)", '.get(kind.name, 0 if side == "min" else (1 << len(kind.permissions)) - 1)'),
]  # fmt: skip

RULES = [
    Bug("a rule without an if speaks of every type", "compiler.halves:make_table", "kind.name not in rule.types:", "kind.name not in rule.types and rule.conditions:"),
    Bug("one role of a combination is enough", APPLIES, "mask & asked == mask", "(mask & asked or not mask)"),
    Bug("a list in when asks for all of them", APPLIES, "any(mask & asked == mask", "all(mask & asked == mask"),
    Bug("unless is not read", APPLIES, UNLESS, "False"),
    Bug("a list in unless asks for all of them", APPLIES, UNLESS, "(self.unless and all(mask & against == mask for mask in self.unless))"),
    Bug("if is not read", APPLIES, "all(allowed", "True or all(allowed"),
    Bug("one attribute of an if is enough", APPLIES, "all(allowed", "not self.states or any(allowed"),
    Bug("the first min counts", WORK_OUT, "for half in given:", "for half in given[:1]:"),
    Bug("the last max counts", WORK_OUT, "for half in capped:", "for half in capped[-1:]:"),
    Bug("a max never wins", WORK_OUT, "allowed &= half.permissions", "pass"),
    Bug("a cell is kept without its doubts", "table:TypeTable.cell", "self.cells[name] = found", "self.cells[name & self.sure] = found"),
    Bug("whatever is allowed allows what is asked", "authzen:response", "else decision.allowed", "else bool(decision.permissions)"),
]  # fmt: skip

ATTRIBUTES = [
    Bug("where an attribute is unknown a min applies", "compiler.halves:make_half", UNKNOWN, 'condition.unknown or "apply"'),
    Bug("where an attribute is unknown a max skips", "compiler.halves:make_half", UNKNOWN, 'condition.unknown or "skip"'),
    Bug("if_unknown is not read", "compiler.halves:make_half", UNKNOWN, '"skip" if side == "min" else "apply"'),
    Bug("one is true", EVALUATE, "isinstance(value, its_type)", "isinstance(value, (its_type, int))"),
    Bug("a term in the request is believed", EVALUATE, TERM_STATE, 'said = ("past", "current", "future")\n        mask |= kind.term_states[said.index(properties["term"]) if properties.get("term") in said else 0 if now > last else 1 if now >= first else 2]'),
    Bug("an unknown term is current", EVALUATE, "if kind.term_states and location.bounds:\n        first, last = location.bounds", "if kind.term_states:\n        first, last = location.bounds or (0, 1 << 62)"),
    Bug("a term of another district counts", LOCATION, "term if district == section.district else None", "term"),
    Bug("a term is over at its very end", EVALUATE, "now > last", "now >= last"),
    Bug("a term has not begun at its very start", EVALUATE, "now >= first", "now > first"),
    Bug("a bare end is the days first instant", "facts.terms:term_bounds", "_end_of(last_day, zone) if last_day else", "_midnight(last_day, zone) if last_day else"),
    Bug("a bare date is a day in utc", "facts.terms:_midnight", "tzinfo=zone", 'tzinfo=ZoneInfo("UTC")'),
    Bug("an end at midnight is an instant", "facts.terms:term_bounds", "end % DAY == 0", "False"),
    Bug("an instant without a zone is no instant", "facts.terms:term_bounds", "parse_instant(term.end, lenient=True)", "parse_instant(term.end)"),
    Bug("a term may end before it starts", "facts.terms:term_bounds", " or end < start", ""),
]  # fmt: skip

ACTING = [
    Bug("acting as a role narrows nothing", EVALUATE, TAKE_ACTING, "pass"),
    Bug("acting as another role frees from a max", EVALUATE, TAKE_ACTING, "mask = mask & (acting | acting << kind.width)"),
    Bug("acting as a role hides the others", EVALUATE, TAKE_ACTING, "mask = mask & acting | mask & ~kind.sure"),
    Bug("acting as a role one does not hold is acting", EVALUATE, "if not mask & kind.anyone:\n            return _NOT_ACTING", "pass"),
    Bug("acting as a doubtful role is acting", EVALUATE, "if not mask & kind.anyone:\n            return _NOT_ACTING", "if not (mask | held.base >> kind.width & acting) & kind.anyone:\n            return _NOT_ACTING"),
    Bug("a role acted as carries nothing inside it", "vocabulary.roles:Atoms.__init__", "if role == login or role in INSIDE.get(login, ())", "if role == login"),
    Bug("who acts as a role owns nothing", "questions:read_acting", "bits = atoms.owner", "bits = 0"),
    Bug("acting as an empty list is not acting", "authorizer:Authorizer._decide", "None if acting_as is None else self._bits", "None if not acting_as else self._bits"),
]  # fmt: skip

BUGS = [*PLACES, *PEOPLE, *ASSIGNED, *DOUBTS, *OWNERS, *SETS, *RULES, *ATTRIBUTES, *ACTING]
"""The bugs that a decision shows."""

CUT_BUGS = [
    Bug("a designation is not held with staff", "compiler.reach:Reach._rules", "yield from ((bit[role, s], bit[outer, s]) for r, s in bit if r == role)", "pass"),
    Bug("a designation is held wherever it is held", "compiler.reach:Reach._rules", 'bit[role, "anywhere"] | bit["staff", "school"], bit[role, "school"]', "0, 0"),
    Bug("what is held at a section is not held at its school", "compiler.reach:Reach._rules", 'yield bit[role, "section"], bit[role, "school"]', "pass"),
    Bug("what is held somewhere is not held anywhere", "compiler.reach:Reach._rules", 'if role != OWNER and scope != "anywhere":', "if False:"),
    Bug("a district admin anywhere is none at the district", "compiler.reach:Reach._rules", 'yield bit["district_admin", "anywhere"], bit["district_admin", "district"]', "pass"),
    Bug("nothing excludes anything", "compiler.reach:Reach._exclusive", "((student, contact), (student, employee), (contact, employee))", "()"),
    Bug("every scope is possible", "compiler.reach:Reach.closure", "clash or closed & ~self.possible", "clash"),
    Bug("an owner needs no other role", "compiler.reach:Reach.people", "if found & self.atoms.anywhere:", "if True:"),
    Bug("a cut looks at no unless", "compiler.reach:Reach.meets", "if not any(mask & cell == mask for mask in unless):", "if True:"),
    Bug("attributes always meet", "compiler.cuts:meet", "not states[position] & allowed", "False"),
    Bug("attributes never meet", "compiler.cuts:meet", "not states[position] & allowed", "True"),
    Bug("only the first combination of a when can cut", "compiler.cuts:meet", "for high in ceiling.when:", "for high in ceiling.when[:1]:"),
    Bug("an override by id is not read", "compiler.cuts:_allowed", " or floor in ceiling.overrides", ""),
    Bug("a max with an if may always cut", "compiler.cuts:_allowed", "ceiling.when is None and ceiling.conditions", "ceiling.conditions"),
    Bug("a max for everyone may always cut", "compiler.cuts:_allowed", "ceiling.when is None and ceiling.conditions", "ceiling.when is None"),
    Bug("a rule may exceed its own max", "compiler.cuts:own_conflicts", "low & ~high", "0"),
]  # fmt: skip
"""The bugs that the check of cuts shows."""
