"""At login: which of the application's accounts are this person's, and as which role they go in. The plan's own logic.

resolver = Resolver.open("postgresql://…", read_settings("migration.yaml"))  # over the database itself; or over ports:
resolver = Resolver(accounts=find_accounts, aliases=find_aliases, settings=settings)
match = resolver.resolve(user)                  # Clever's v3.0 user: `GET /users/{sub}`
for choice in match.choices(): ...              # the role toggle
pdp.authorize(match.id, resource, "edit", acting_as=choice.acting_as)
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Iterable, Mapping, Sequence
from typing import Self

import msgspec

from rolecall.calls import Call, Failed, run, run_async
from rolecall.errors import FactsError, RequestError
from rolecall.facts.records import Malformed
from rolecall.migration.deciding import Decisions
from rolecall.migration.mapping.index import Map
from rolecall.migration.mapping.of_users import add_user, read_user
from rolecall.migration.matching import Matcher, place
from rolecall.migration.model import Account, Placed, Settings, clever_role
from rolecall.migration.outcomes import CONFLICTS
from rolecall.vocabulary.roles import CLEVER_ROLES, EMPLOYEES

AccountsPort = Callable[[Sequence[str]], "Iterable[Account] | Awaitable[Iterable[Account]]"]
"""`(Clever ids, new and old) -> every account that carries one of them`."""

AliasRow = tuple[str, str, str, str]
AliasesPort = Callable[[Sequence[str]], "Iterable[AliasRow] | Awaitable[Iterable[AliasRow]]"]
"""`(ids) -> (district, role, old id, new id)` wherever one of them is the old or the new id; `Map.rows` is one."""


class Way(msgspec.Struct, frozen=True):
    """A way to go in: as this role, into this account (its key; empty: none yet). `acting_as` is for `authorize`."""

    role: str
    account: str
    acting_as: tuple[str, ...]


class Match(msgspec.Struct, frozen=True):
    """Whose login it is: the v3.0 id, the roles held now, every account of theirs with its outcome.

    `account` is the key of the one account to go into, or empty: there is none, there are several (see `choices`), or
    something is in the way (`conflict` names it). Where accounts stay `apart` each is one role's, and no other goes in.
    """

    id: str
    roles: tuple[str, ...]
    accounts: tuple[Placed, ...]
    account: str = ""
    conflict: str = ""
    apart: bool = False

    def choices(self) -> tuple[Way, ...]:
        """Give the ways in, one for each role held now; none while a conflict is in the way."""
        if self.conflict:
            return ()
        by = {one.role: one.key for one in self.accounts if one.outcome not in _AWAY}
        one = "" if self.apart else self.account
        return tuple(Way(role, one or by.get(role, ""), (role,)) for role in self.roles)


class Resolver:
    """Finds the accounts of whoever logs in, by the legacy id of every role of theirs. Share it between threads."""

    def __init__(
        self,
        accounts: AccountsPort,
        *,
        aliases: AliasesPort | None = None,
        settings: Settings | None = None,
        decisions: Decisions | None = None,
        keyed: AccountsPort | None = None,
    ) -> None:
        """`aliases` says which old ids were whose before: with it old ids keep resolving, and conflicts are seen.

        `decisions` are what people decided about conflicts (`read_decisions`). Where they say of an account without a
        Clever id whose it is, `keyed` is needed: `(keys) -> the accounts with these keys`.
        """
        self._accounts, self._aliases, self._settings = accounts, aliases, settings or Settings()
        self._decisions, self._keyed = decisions or Decisions(), keyed
        self._let_go: Callable[[], None] = lambda: None
        if keyed is None and "" in self._decisions.naming:
            raise RequestError("an account without a Clever id is decided to be somebody's: `keyed` must find it")

    @classmethod
    def open(cls, url: str, settings: Settings, *, decisions: Decisions | None = None) -> Self:
        """Make one over the application's database: its accounts, and the old ids that `migrate apply` left there.

        It only reads, and `close` lets go of it; `FactsError` where the tables are not as the settings say.
        """
        from rolecall.migration.applying.ports import Ports  # noqa: PLC0415 - needs SQLAlchemy

        ports = Ports(url, settings)
        found = cls(ports.accounts, aliases=ports.aliases, settings=settings, decisions=decisions, keyed=ports.keyed)
        found._let_go = ports.close
        return found

    def close(self) -> None:
        """Let go of what `open` opened."""
        self._let_go()

    def resolve(self, clever_user: Mapping[str, object]) -> Match:
        """Find the accounts of a v3.0 user (the object of `/users/{id}`), or of `/userinfo` claims.

        Of `/userinfo`, `sub` is the v3.0 id, and `user_id` the legacy id of the one role that it speaks of.
        """
        return run(self._resolve(clever_user))

    async def aresolve(self, clever_user: Mapping[str, object]) -> Match:
        """Do what `resolve` does, where ports may have to be awaited."""
        return await run_async(self._resolve(clever_user))

    def current(self, identifier: str) -> str:
        """Give the v3.0 id for an id, old or new, as some record has it; raises `FactsError` where it is nobody's."""
        return run(self._current(identifier))

    async def acurrent(self, identifier: str) -> str:
        """Do what `current` does, where ports may have to be awaited."""
        return await run_async(self._current(identifier))

    def _current(self, identifier: str) -> Generator[Call, object, str]:
        rows = yield from self._rows([identifier])
        new = sorted({row[3] for row in rows if row[3] and identifier in row[2:]})
        if len(new) != 1:
            what = "nobody's, as far as the aliases know" if not new else "an old id of several people"
            raise FactsError(f"the id `{identifier}` is {what}")
        return new[0]

    def _resolve(self, clever_user: Mapping[str, object]) -> Generator[Call, object, Match]:
        found, identifier, roles = _own(clever_user)
        stopped = found.bad_students - {""}  # a student whose ids differ: who has the other one must be seen as well
        asked: set[str] = set()
        meant = _meant(found, identifier, self._decisions)
        while more := sorted({*stopped, *found.entries, *meant.asked} - asked):  # an older id may be somebody's new one
            asked |= {*more}
            for row in (yield from self._rows(more)):
                _add(found, row)
            meant = _meant(found, identifier, self._decisions)
        meant = msgspec.structs.replace(meant, own=meant.own | stopped, ids=meant.ids | stopped)
        accounts = yield from self._found(self._accounts, "the accounts port", meant.ids, "id")
        if meant.keys and self._keyed is not None:
            accounts |= yield from self._found(self._keyed, "the keyed port", meant.keys, "key")
        return self._match(found, meant, roles, [accounts[key] for key in sorted(accounts)])

    def _found(
        self, port: AccountsPort, name: str, wanted: set[str], field: str
    ) -> Generator[Call, object, dict[str, Account]]:
        """Ask a port for accounts, and give those that were asked for, by their key."""
        answer = yield Call(name, port, sorted(wanted))
        given = [one for one in _listed(answer, name) if isinstance(one, Account)]
        return {one.key: one for one in given if getattr(one, field) in wanted}

    def _match(self, found: Map, meant: Meant, roles: tuple[str, ...], accounts: list[Account]) -> Match:
        """Settle the accounts, as the plan does."""
        matcher, identifier = Matcher(found, self._settings, self._decisions), meant.identifier
        groups: dict[str, list[Account]] = {}
        alone: list[tuple[Account, str]] = []
        for account in accounts:
            outcome = matcher.first(account)
            if isinstance(outcome, str):
                alone.append((account, outcome))
            elif outcome.id in meant.people:  # of others not all accounts are here
                groups.setdefault(outcome.id, []).append(account)
        alone += matcher.settle(groups)
        named = {} if matcher.deciding is None else matcher.deciding.named
        mine = [place(*one) for one in alone if named.get(one[0].key, _whose(one[0], meant)) == identifier]
        survivor, apart = "", False
        if identifier in groups:
            step = matcher.together(found.people[identifier], groups[identifier])
            mine += step.accounts
            survivor, apart = step.survivor, step.choice in ("link", "separate")
        usable = [one for one in mine if one.outcome not in CONFLICTS and one.outcome not in _AWAY]
        differs = "student-differs" if "student" in roles and identifier in found.bad_students else ""
        conflict = next((one.outcome for one in mine if one.outcome in CONFLICTS), differs)
        carried = any(one.id == identifier for one in accounts if named.get(one.key, identifier) != identifier)
        if not conflict and (carried or any(one.outcome == "left" and one.id == identifier for one in mine)):
            conflict = "new-id-taken"  # else the application would look the id up, and find what is not theirs
        into = [one for one in usable if not apart or one.role in roles]
        only = survivor or (into[0].key if len(usable) == len(into) == 1 else "")
        ordered = tuple(sorted(mine, key=lambda one: one.key))
        return Match(identifier, roles, ordered, "" if conflict else only, conflict, apart)

    def _rows(self, ids: Sequence[str]) -> Generator[Call, object, list[AliasRow]]:
        if self._aliases is None:
            return []
        answer = yield Call("the aliases port", self._aliases, ids)
        rows = _listed(answer, "the aliases port")
        return [(str(one[0]), str(one[1]), str(one[2]), str(one[3])) for one in rows if isinstance(one, Sequence)]


_CLAIMS = ("sub", "user_id", "user_type", "district")
_AWAY = ("archived", "contact-recreated", "left")


class Meant(msgspec.Struct, frozen=True):
    """Whose accounts a login looks at: the person's own, and those of whoever a decision takes one from for them."""

    identifier: str
    people: set[str]
    own: set[str]
    ids: set[str]
    keys: set[str]
    asked: set[str]


def _meant(found: Map, identifier: str, decisions: Decisions) -> Meant:
    """Gather them, as far as the map says by now."""
    people, ids, keys, waiting = {identifier}, set[str](), set[str](), [identifier]
    while waiting:
        new = waiting.pop()
        ids |= _ids(found, new)
        for one in decisions.to.get(new, ()):
            (ids if one.id else keys).add(one.id or one.account)
            before = {*found.successors(one.id), *({one.id} & found.people.keys()), *decisions.named(one.account)}
            waiting += before - people
            people |= before
    away = {new for one in ids for new in decisions.naming.get(one, ())}
    away |= {new for one in keys for new in decisions.named(one)}
    return Meant(identifier, people, _ids(found, identifier), ids, keys, ids | away)


def _ids(found: Map, new: str) -> set[str]:
    return {new, *(old for old in found.entries if new in found.successors(old))}


def _whose(account: Account, meant: Meant) -> str:
    return meant.identifier if account.id in meant.own else ""


def _own(user: Mapping[str, object]) -> tuple[Map, str, tuple[str, ...]]:
    """Read who it is: a small map of their own old ids, their v3.0 id, the roles they hold."""
    found = Map()
    if not isinstance(user, Mapping):
        raise RequestError("a user is the object of `/users/{id}`, or claims; this is neither")
    if "sub" in user:
        if odd := next((one for one in _CLAIMS if not isinstance(user.get(one), str | None)), ""):
            raise RequestError(f"the claims cannot be read: `{odd}` must be a text")
        identifier, old, role = (str(user.get(key) or "") for key in ("sub", "user_id", "user_type"))
        role = clever_role(role)
        if not identifier:
            raise RequestError("the claims have no `sub`, so nobody knows who it is")
        district = str(user.get("district") or "")
        if role in EMPLOYEES:  # also without a legacy id: whoever was carried over has an account all the same
            found.add(district, role, old or identifier, identifier)
        elif role == "student":
            found.add_student(district, old or identifier, identifier)
        return found, identifier, (role,) if role else ()
    identifier = str(user.get("id") or "")
    if not identifier:
        raise RequestError("the user has no `id`, so nobody knows who it is")
    try:
        _, district, _ = read_user(user)
    except Malformed as error:
        raise RequestError(f"the user cannot be read: {error}") from None
    if not district:  # else they would seem to be new, and get an account beside their own
        raise RequestError("the user has no `district`, so nobody can look for their old ids")
    add_user(user, "the user", found)
    held = user.get("roles")
    roles = tuple(role for role in CLEVER_ROLES if isinstance(held, Mapping) and isinstance(held.get(role), Mapping))
    return found, identifier, roles


def _add(found: Map, row: AliasRow) -> None:
    district, role, old, new = row
    if role == "student":
        found.add_student(district, old, new)
    elif role != "contact":
        found.add(district, role, old, new)


def _listed(answer: object, name: str) -> list[object]:
    if isinstance(answer, Failed):
        raise FactsError(str(answer))
    if not isinstance(answer, Iterable) or isinstance(answer, str | bytes | Mapping):
        raise FactsError(f"{name} gave {type(answer).__name__}, not a list")
    return list(answer)
