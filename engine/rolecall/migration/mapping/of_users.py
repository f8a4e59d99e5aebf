"""The map from Clever's v3.0 users: the `legacy_id` of every role object, from a snapshot or a roster store."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from rolecall.errors import FactsError
from rolecall.facts.records import Malformed, one_id
from rolecall.facts.snapshot import raw_records
from rolecall.json_text import NotJson, read_json
from rolecall.migration.mapping.index import Map, Source
from rolecall.vocabulary.roles import CLEVER_ROLES, EMPLOYEES

_EVERY = 10_000


def read_users(where: str, found: Map, told: Callable[[int], None], alike: frozenset[str] = frozenset()) -> None:
    """Read every user of a snapshot file (`.json`, `.jsonl`), or of a roster store (its URL or file)."""
    path = Path(where)
    made, rows = hashlib.sha256(), 0
    is_file = path.suffix.lower() in (".json", ".jsonl")
    users = _of_file(path) if is_file else _of_store(where)
    for name, raw, text in users:
        rows += 1
        if rows % _EVERY == 0:
            told(rows)
        made.update(text)
        add_user(raw, f"{name}: user {rows}", found, alike)
    digest = _digest(path) if is_file else made.hexdigest()
    found.sources.append(Source(path.name if is_file else "roster store", f"sha256:{digest}", rows))
    told(rows)


def add_user(raw: object, where: str, found: Map, alike: frozenset[str] = frozenset()) -> None:
    """Add one v3.0 user, every role of theirs. What is malformed is named, and keeps nobody else waiting."""
    try:
        new, district, legacy = read_user(raw)
    except Malformed as error:
        found.problem(where, "malformed", str(error))
        return
    if not new or not district:
        found.problem(where, "blank", f"the user has no {'district' if new else 'id'}")
        return
    add_legacy(new, district, legacy, where, found)
    if alike and legacy.keys() & set(EMPLOYEES):
        add_likenesses(new, district, {one for one in likenesses(raw) if one[0] in alike}, found)


def add_legacy(new: str, district: str, legacy: Mapping[str, str], where: str, found: Map) -> None:
    """Add a user by the legacy id (empty: none) of each role that they hold."""
    for role, old in legacy.items():
        if role == "contact":
            found.contacts += 1
        elif role == "student":
            found.add_student(district, old or new, new, where)
        elif not old:
            found.problem(where, "blank", f"`{new}` has no legacy id as {role}")
        else:
            found.add(district, role, old, new, where)


def add_likenesses(new: str, district: str, likes: Iterable[tuple[str, str]], found: Map) -> None:
    """Add what somebody could be found by who looks for likenesses; it decides nothing."""
    for field, value in likes:
        found.alike.setdefault((district, field, value), []).append(new)


def read_user(raw: object) -> tuple[str, str, dict[str, str]]:
    """Give a user's id, district, and the legacy id of each role; raises `Malformed`."""
    if not isinstance(raw, Mapping):
        raise Malformed("a user must be an object")
    new, district = one_id(raw.get("id"), "`id`"), one_id(raw.get("district"), "`district`")
    roles = raw.get("roles")
    legacy = {
        role: one_id(held.get("legacy_id"), f"`roles.{role}.legacy_id`")
        for role in CLEVER_ROLES
        if isinstance(roles, Mapping) and isinstance(held := roles.get(role), Mapping)
    }
    return new, district, legacy


def likenesses(raw: object) -> Iterator[tuple[str, str]]:
    """Give what people resemble each other in, as far as it is there; nothing is ever matched by it."""
    if isinstance(raw, Mapping):
        for field, value in _written(raw):
            if like := folded(value):
                yield field, like


def _written(raw: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    name, roles = raw.get("name"), raw.get("roles")
    if isinstance(name, Mapping):
        yield "name", " ".join(str(name.get(part) or "") for part in ("first", "last"))
    yield "email", str(raw.get("email") or "")
    for role in roles.values() if isinstance(roles, Mapping) else ():
        if isinstance(role, Mapping):
            yield "sis_id", str(role.get("sis_id") or "")
            credentials = role.get("credentials")
            if isinstance(credentials, Mapping):
                yield "username", str(credentials.get("district_username") or "")


def folded(value: str) -> str:
    """Give a value as likenesses are compared."""
    return " ".join(value.casefold().split())


def _of_file(path: Path) -> Iterator[tuple[str, object, bytes]]:
    try:
        for kind, raw in raw_records(path):
            if kind == "user":
                yield path.name, raw, b""
    except OSError as error:
        raise FactsError(f"the snapshot `{path}` cannot be read: {error.strerror or error}") from None
    except (Malformed, NotJson) as error:
        raise FactsError(f"the snapshot `{path}` cannot be read: {error}") from None


def _of_store(where: str) -> Iterator[tuple[str, object, bytes]]:
    try:
        from rolecall.facts.store import Store  # noqa: PLC0415 - needs the extra `live`
    except ModuleNotFoundError as error:
        said = f"a roster store needs `{error.name}`, which comes with `pip install 'rolecall[live]'`"
        raise FactsError(said) from None
    if "://" not in where and not Path(where).exists():
        raise FactsError(f"there is no file or folder `{where}`")
    try:  # or a wrong address would be made a store, and everybody unmapped
        store = Store.open(where, create=False)
    except FactsError as error:  # which tells how a store is named elsewhere; here a map was
        raise FactsError(str(error).replace("`--store`", "`--map`")) from None
    try:
        change = store.look(0).change
        for district in sorted(store.districts()):
            for _, text in store.records(change, "user", district):
                yield "roster store", read_json(text), text.encode()
    finally:
        store.close()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
