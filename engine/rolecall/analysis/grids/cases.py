"""One test: from nodes to a case, its people, resources and permissions found."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches

from rolecall.analysis.grids.model import Case, Expected, Person, Row, Thing
from rolecall.analysis.grids.named import Cast, read_time
from rolecall.analysis.grids.tables import Word, read_table
from rolecall.loader.names import Names, child, entries, items, text, texts
from rolecall.loader.nodes import Mapping, Node, Scalar, Sequence
from rolecall.policy import Policy
from rolecall.vocabulary.origin import Origin
from rolecall.vocabulary.reasons import SENTENCES
from rolecall.vocabulary.roles import CLEVER_ROLES

WORDS = {"yes": True, "no": False, "skip": None, "-": None}


class CaseReader:
    """Reads tests; what is wrong with their names is reported."""

    def __init__(self, cast: Cast, policy: Policy, names: Names) -> None:
        """`cast` are the people and resources that may be named."""
        self.cast, self.policy, self.names = cast, policy, names
        self.reasons = {rule.id for rule in policy.rules} | set(SENTENCES)

    def read(self, node: Mapping) -> list[Case]:
        """Read one test; an empty list where it cannot be read."""
        at = node.values["test"].origin
        acting = child(node, "acting_as")
        logins = [*CLEVER_ROLES, *self.policy.roles]
        roles = [name for name, place in texts(acting) if self.names.check("role to log in with", name, logins, place)]
        acting_as = None if acting is None else tuple(roles)
        time = read_time(child(node, "at"), self.names)
        sentence = " ".join((text(node.values["test"]) or "").split())
        if "grid" in node.keys and "on" in node.keys and not {"may", "only", "who"} & set(node.keys):
            things = self._things(node.values["on"])
            rows = self._rows(node.values["grid"], things)
            return [Case(sentence, things, rows, acting_as, time, at)] if things and rows else []
        if {"who", "may", "only"} <= set(node.keys) and not {"grid", "on"} & set(node.keys):
            found = self._listing(node, sentence, acting_as, time)
            return [found] if found else []
        fix = "add what is missing: `on: section`, then `grid:` with a line for each person"
        if {"who", "may", "only"} & set(node.keys):
            fix = "a list has `who`, `may` and `only`, and neither `on` nor `grid`"
        self.names.error("missing-key", "a test is a grid (`on`, `grid`) or a list (`who`, `may`, `only`)", at, fix)
        return []

    def _things(self, node: Node) -> tuple[Thing, ...]:
        """Find the resources of a grid: named, a bare type, or written in place."""
        found = []
        for item in items(node):
            if isinstance(item, Mapping):
                kind = text(child(item, "type")) or ""
                thing = self.cast.thing(kind, item, item.origin)
            else:
                name = text(item) or ""
                self.cast.used.add(name)
                thing = self.cast.things.get(name)
                if thing is None and name in self.policy.resources:
                    thing = self.cast.thing(name, item, item.origin)
                elif thing is None:
                    known = [*self.cast.things, *self.policy.resources]
                    if ("resource", name) not in self.names.defined:
                        self.names.unknown("resource, and no resource type,", name, known, item.origin)
            if thing is not None:
                found.append(thing)
        return tuple(found)

    def _rows(self, node: Node, things: tuple[Thing, ...]) -> tuple[Row, ...]:
        """Read a grid: a table, or a mapping of people."""
        if isinstance(node, Scalar):
            return self._table(node, things)
        rows = []
        for name, row, at in entries(node):
            person = self.cast.person(name, at)
            if person is not None and self._fits(person, things, at):
                rows.append(self._row(person, row, things, at))
        return tuple(rows)

    def _row(self, person: Person, node: Node, things: tuple[Thing, ...], at: Origin) -> Row:
        """Read one person's answers: these permissions and no others, or a mapping of permissions to answers."""
        if isinstance(node, Mapping):
            cells = {
                key: self._verdict(value) for key, value, place in entries(node) if self._permission(key, things, place)
            }
            return Row(person, cells, None, at)
        if isinstance(node, Scalar):
            return Row(person, {}, Expected(node.value == "all", "", node.origin), at)
        listed = texts(node)
        cells = {name: Expected(True, "", place) for name, place in listed if self._permission(name, things, place)}
        return Row(person, cells, Expected(False, "", node.origin), at)

    def _verdict(self, node: Node) -> Expected:
        """Read `yes`, `no`, `skip`, or one of the first two with the rule or reason that it must rest on."""
        if isinstance(node, Mapping):
            word, value, _ = entries(node)[0]
            because = text(value) or ""
            self.names.check("rule or reason", because, self.reasons, value.origin)
            return Expected(WORDS[word], because, node.origin)
        return Expected(WORDS.get(text(node) or ""), "", node.origin)

    def _table(self, node: Scalar, things: tuple[Thing, ...]) -> tuple[Row, ...]:
        """Read a grid that is drawn as a table."""
        table = read_table(node, self.names)
        if table is None:
            return ()
        every = {one for thing in things for one in self.policy.resources[thing.kind].permissions}
        if table.over is not None and table.over[0] in every:
            said = f"`{table.over[0]}` stands over the people, and no answers stand below it"
            self.names.error(
                "test-table", said, table.over[1], "begin the line of permissions with a word such as `who`"
            )
        if table.over is None and _stands_over(table.header, every):
            word, place = table.header[0]
            said = f"below `{word}` each line has {len(table.header)} answers for {len(table.header) - 1} permissions"
            self.names.error("test-table", said, place, "write yes, no or - below each permission, and no more")
            return ()
        columns = [name if self._permission(name, things, place) else "" for name, place in table.header]
        rows = []
        for (name, at), *answers in table.rows:
            person = self.cast.person(name, at)
            cells = {}
            for column, (word, place) in zip(columns, answers, strict=True):
                if word not in WORDS:
                    self.names.error(
                        "test-table", f"`{word}` is no answer", place, "write yes, no, or - (not asserted)"
                    )
                elif column:
                    cells[column] = Expected(WORDS[word], "", place)
            if person is not None and self._fits(person, things, at):
                rows.append(Row(person, cells, None, at))
        return tuple(rows)

    def _permission(self, name: str, things: tuple[Thing, ...], at: Origin) -> bool:
        """Report a permission that a resource of the grid does not have."""
        for kind in dict.fromkeys(thing.kind for thing in things):
            known = self.policy.resources[kind].permissions
            if not self.names.check(f"permission of `{kind}` named", name, known, at):
                return False
        return True

    def _fits(self, person: Person, things: tuple[Thing, ...], at: Origin) -> bool:
        """Report a person and a resource of which one is the snapshot's and the other is made up."""
        for thing in things:
            if bool(person.id) != thing.held:
                one, other = (person.name, thing.name) if person.id else (thing.name, person.name)
                message = f"`{one}` is one of the snapshot's, and `{other}` is described by places"
                self.names.error("wrong-value", message, at, "take both from the snapshot, or neither")
                return False
            if thing.owner and thing.owner not in self.cast.people:
                self.names.unknown("person", thing.owner, self.cast.people, thing.origin)
                return False
        return True

    def _listing(
        self, node: Mapping, sentence: str, acting_as: tuple[str, ...] | None, time: int | None
    ) -> Case | None:
        """Read a list: who may do this on these resources, and on no others of their type."""
        may = node.values["may"]
        kind, _, permission = (text(may) or "").partition(".")
        if not self.names.check("resource type", kind, self.policy.resources, may.origin):
            return None
        known = self.policy.resources[kind].permissions
        if not self.names.check(f"permission of `{kind}` named", permission, known, may.origin):
            return None
        people = [self.cast.person(name, at) for name, at in texts(node.values["who"])]
        by_id = any(one is not None and one.id for one in people)
        things = {name: one for name, one in self.cast.things.items() if one.kind == kind and one.held == by_id}
        only = node.values["only"]
        if not things and not by_id:
            message = f"the file names no {kind} that the list could leave out"
            self.names.error(
                "missing-key", message, only.origin, f"name some under `resources`, such as {{one: {kind}}}"
            )
            return None
        chosen = []
        for name, at in texts(only) if isinstance(only, Sequence) else []:
            self.cast.used.add(name)
            if name in things or by_id or self.names.check(f"{kind}", name, things, at):
                chosen.append(name)
        found = [one for one in people if one is not None]
        self.cast.used |= set(things)
        rows = tuple(
            Row(one, {}, None, one.origin) for one in found if self._fits(one, tuple(things.values()), may.origin)
        )
        return Case(
            sentence, tuple(things.values()), rows, acting_as, time, node.values["test"].origin,
            "list", permission, kind, tuple(chosen),
        )  # fmt: skip


def _stands_over(header: tuple[Word, ...], permissions: Collection[str]) -> bool:
    """Say whether the first word of a line of permissions stands over the people: it is like none of them."""
    (first, _), *others = header
    close = first in permissions or get_close_matches(first, permissions, n=1)
    return bool(others) and not close and all(name in permissions for name, _ in others)
