"""The people and resources of a file of tests: from nodes to names that tests can use, roles and places checked."""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.analysis.grids.model import ELSEWHERE, HERE, OTHER_DISTRICT, Person, Thing
from rolecall.errors import did_you_mean
from rolecall.instants import parse_instant
from rolecall.loader.names import Names, child, entries, text, texts
from rolecall.loader.nodes import Mapping, Node, Scalar
from rolecall.loader.resources import attribute_values, has_term
from rolecall.loader.rules import scopes_of
from rolecall.policy import Policy, knows
from rolecall.vocabulary.origin import Origin
from rolecall.vocabulary.roles import DESIGNATIONS, OWNER
from rolecall.wording import listed, value_name

_WORD_OF = {"anywhere": ELSEWHERE}


def read_time(node: Node | None, names: Names) -> int | None:
    """Read a time as nanoseconds since 1970; None where there is none, or none that can be read."""
    said = text(node)
    if said is None or node is None:
        return None
    found = parse_instant(said)
    if found is None:
        fix = "write a time with a zone, such as 2026-10-14T15:00:00Z"
        names.error("wrong-value", f"`at` is the text `{said[:60]}`, which is no time with a zone", node.origin, fix)
    return found


class Cast:
    """The people and resources that a test may name: those of its file, and those that stand in itself."""

    def __init__(self, policy: Policy, names: Names, *, snapshot: bool = False) -> None:
        """Nobody yet; with `snapshot`, ids may be named."""
        self.policy, self.names, self.snapshot = policy, names, snapshot
        self.scopes = scopes_of(policy)
        self.people: dict[str, Person] = {}
        self.things: dict[str, Thing] = {}
        self.used: set[str] = set()

    def add(self, people: Node | None, things: Node | None) -> None:
        """Read `people` and `resources`."""
        for name, node, at in entries(people):
            if (found := self._person(name, node, at)) is not None:
                self.people[name] = found
        for name, node, at in entries(things):
            if (thing := self.thing(name, node, at)) is not None:
                self.things[name] = thing
            else:
                self.names.defined["resource", name] = at  # what is wrong with it was said: once is enough

    def beside(self, people: Node | None, things: Node | None, *, snapshot: bool = False) -> Cast:
        """Give a cast with those that a file or test adds; what it names anew is its own."""
        if people is None and things is None and not snapshot:
            return self
        more = Cast(self.policy, self.names, snapshot=snapshot or self.snapshot)
        more.people, more.things, more.used = dict(self.people), dict(self.things), self.used
        more.add(people, things)
        return more

    def unused(self) -> Iterator[tuple[str, Origin]]:
        """Give the names that no test uses."""
        every: list[Person | Thing] = [*self.people.values(), *self.things.values()]
        yield from ((one.name, one.origin) for one in every if one.name not in self.used)

    def person(self, name: str, at: Origin) -> Person | None:
        """Find somebody by name; None (and a finding) where there is nobody of that name."""
        self.used.add(name)
        return self.people[name] if self.names.check("person", name, self.people, at) else None

    def _person(self, name: str, node: Node, at: Origin) -> Person | None:
        """Read somebody: an id, or roles and places."""
        if isinstance(node, Scalar):
            if not self.snapshot:
                fix = "say roles and places, such as {teacher: section}, or name the file: `snapshot: …`"
                self.names.error("wrong-value", f"`{name}` is an id, and these tests have no snapshot", at, fix)
                self.names.defined["person", name] = at  # what is wrong with it was said: once is enough
                return None
            return Person(name, (), str(node.value), at)
        pairs: list[tuple[str, str]] = []
        for role, places, role_at in entries(node):
            if not self.names.check("role", role, self.scopes, role_at):
                continue
            for said, place_at in texts(places):
                place = _WORD_OF.get(said, said)
                if self._possible(role, place, place_at):
                    pairs.append((role, place))
        far = {place == OTHER_DISTRICT for role, place in pairs if role != OWNER}
        if len(far) > 1:
            message = f"`{name}` belongs to two districts: all their roles are held at `{OTHER_DISTRICT}`, or none is"
            self.names.error("wrong-value", message, at, "make them two people")
        self._designated(name, pairs, at)
        return Person(name, tuple(dict.fromkeys(pairs)), "", at)

    def _possible(self, role: str, place: str, at: Origin) -> bool:
        """Report a place at which a role is never held."""
        scopes = self.scopes[role]
        if role == OWNER and place == "resource":
            return True
        if place in (ELSEWHERE, OTHER_DISTRICT):
            known = role != OWNER and (place == OTHER_DISTRICT or set(scopes) != {"district", "anywhere"})
        else:
            known = place in scopes
        if not known:
            held = [scope for scope in scopes if scope != "anywhere"]
            more = [] if role == OWNER or set(scopes) == {"district", "anywhere"} else [ELSEWHERE]
            message = f"`{role}` is never held at `{place}` of a resource"
            self.names.error("impossible-scope", message, at, did_you_mean("", [*held, *more]))
        return known

    def _designated(self, name: str, pairs: list[tuple[str, str]], at: Origin) -> None:
        """Report a designation that is to be held at fewer places than staff is."""
        staff = {place for role, place in pairs if role in ("staff", *DESIGNATIONS)}
        for designation in DESIGNATIONS:
            places = {place for role, place in pairs if role == designation}
            if places and places != staff:
                lacks = ", ".join(sorted(staff - places))
                message = f"`{name}` is staff with `{designation}`, but not at `{lacks}`"
                fix = f"name it at {lacks} too: Clever gives a designation for all the schools where somebody is staff"
                self.names.error("impossible-scope", message, at, fix)

    def thing(self, name: str, node: Node, at: Origin) -> Thing | None:
        """Read a resource: a type, or a mapping with `type`."""
        named = text(node) if isinstance(node, Scalar) else text(child(node, "type"))
        kind_at = node.values["type"].origin if isinstance(node, Mapping) else node.origin
        if named is None or not self.names.check("resource type", named, self.policy.resources, kind_at):
            return None
        attributes = {}
        for key, value, key_at in entries(child(node, "is")):
            known = isinstance(value, Scalar) and self._attribute(named, key, value, key_at)
            if known and isinstance(value, Scalar) and isinstance(value.value, bool | str) and value.value != "unknown":
                attributes[key] = value.value
        owner: str | None = text(child(node, "owner")) or ""
        if owner:
            self.used.add(owner)
        where = text(child(node, "where")) or HERE
        enrolled = child(node, "enrolled")
        places = {key: text(value) or "" for key, value, _ in entries(child(node, "in"))}
        listed = not (isinstance(enrolled, Scalar) and enrolled.value is False)
        found = Thing(
            name, named, attributes, None if owner == "unknown" else owner, where, listed,
            text(child(node, "id")) or "", places, at,
        )  # fmt: skip
        return found if self._consistent(found, node, at) else None

    def _attribute(self, kind: str, key: str, value: Scalar, at: Origin) -> bool:
        """Report an attribute that the type lacks, or a value that it never has."""
        described = self.policy.resources[kind]
        values = attribute_values(described, key)
        if values is None:
            known = [*described.attributes, *(["term"] if has_term(described) else [])]
            self.names.error("unknown-attribute", f"`{kind}` has no attribute `{key}`", at, did_you_mean(key, known))
            return False
        given = value.value
        if given == "unknown" or knows(values, given):
            return True
        shown = value_name(given)
        fix = did_you_mean(shown, [*map(value_name, values)])
        self.names.error("unknown-value", f"`{key}` of `{kind}` is never `{shown}`", value.origin, fix)
        return False

    def _places(self, kind: str) -> list[str]:
        """Give the places that a request about an application's own type names."""
        return self.policy.resources[kind].within.split("+")

    def _consistent(self, thing: Thing, node: Node, at: Origin) -> bool:
        """Report what cannot be said of such a resource."""
        own = self.policy.resources[thing.kind].own
        if thing.held and not self.snapshot:
            fix = "leave the ids out: then it lies near the people; or name the file: `snapshot: …`"
            self.names.error("wrong-value", f"`{thing.name}` has ids, and these tests have no snapshot", at, fix)
        elif thing.owner != "" and not own:
            self.names.error("wrong-value", f"a {thing.kind} is Clever's, and nobody owns it", at, "delete `owner`")
        elif thing.kind == "district" and thing.where in ("school", ELSEWHERE):
            self.names.error("wrong-value", "there is one district, and `other-district`", at, "delete `where`")
        elif thing.held and (thing.where != HERE or not thing.enrolled or "term" in thing.attributes):
            message = f"`{thing.name}` is one of the snapshot's, which says where it lies and its term"
            self.names.error("wrong-value", message, at, "delete `where`, `enrolled` and `term`")
        elif child(node, "in") is not None and not own:
            self.names.error("wrong-value", f"a {thing.kind} of the snapshot has an `id`", at, "write `id` for `in`")
        elif thing.held and own and (lacks := [one for one in self._places(thing.kind) if one not in thing.places]):
            message = f"`{thing.name}` does not say which {listed(lacks)} of the snapshot it lies in"
            fix = f"write `in: {{{', '.join(f'{one}: …' for one in self._places(thing.kind))}}}`"
            self.names.error("missing-key", message, at, fix)
        else:
            return True
        return False
