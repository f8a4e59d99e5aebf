"""Every address of the API v3.0, as tables: what it gives for a district's records, without waiting or failing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from rolecall.testing.fake.feed import Feed
from rolecall.testing.fake.pages import PAGING, listed, page, single
from rolecall.testing.fake.shelf import ALL, AT_SCHOOL, ROLES, Entry, Key, Shelf
from rolecall.testing.fake.tokens import Holder
from rolecall.testing.fake.wire import Asked, Response, encode, html, message
from rolecall.testing.fake.world import KIND, World

VERSION: Final = "v3.0"


class Sight(msgspec.Struct, frozen=True):
    """What a token can see: its district's records and events. `expired` is the status for a cursor that is too old."""

    world: World
    feed: Feed
    holder: Holder
    expired: int | None

    def shelf(self, kind: str) -> Shelf:
        """Give the district's shelf for a kind."""
        return self.world.shelf(self.holder.district, kind)

    def kept(self, kind: str, ids: set[str]) -> list[str]:
        """Give those of the ids that are there, in order."""
        return sorted(ids & self.shelf(kind).entries.keys())


def answer(asked: Asked, sight: Sight) -> Response:
    """Answer a request that carries a good token; an address that does not exist gets a page of HTML."""
    if asked.method != "GET":
        return message(405, f"{asked.method} is not supported")
    empty, version, *parts = [*asked.path.split("/"), ""]
    if (empty, version) != ("", VERSION) or parts.pop() or not all(parts) or not parts:
        return html(404, "Not Found")
    if sight.holder.user:
        return _personal(asked, sight, parts)
    if parts[0] == "events":
        return _events(asked, sight, parts[1:])
    kind = KIND.get(parts[0])
    if kind is None or len(parts) > 3:  # noqa: PLR2004 - /users/ID/sections
        return html(404, "Not Found")
    if len(parts) == 1:
        return _every(asked, sight, kind)
    if len(parts) == 3 and (kind, parts[2]) not in MANY and (kind, parts[2]) not in ONE:  # noqa: PLR2004 - as above
        return html(404, "Not Found")
    entry = sight.shelf(kind).entries.get(parts[1])
    if entry is None:
        return _not_found(kind)
    return _related(asked, sight, kind, entry, parts[2]) if len(parts) == 3 else single(asked, entry.item)  # noqa: PLR2004 - as above


def _every(asked: Asked, sight: Sight, kind: str) -> Response:
    """`/users`, `/sections`, …: all of a kind, or the users of a role."""
    shelf, key = sight.shelf(kind), ALL
    if kind == "district":
        return listed([one.item for one in shelf.entries.values()], [{"rel": "self", "uri": asked.target}])
    if kind == "user":
        role = asked.params.get("role")
        if role and (refused := _no_role(role, ROLES)):
            return refused
        key = ("role", role[0]) if role else ALL
    return page(asked, shelf.ids(key), lambda one: shelf.entries[one].item, shelf.loose(key))


def _related(asked: Asked, sight: Sight, kind: str, entry: Entry, name: str) -> Response:
    """`/users/ID/sections`, `/sections/ID/school`, …: what one record leads to."""
    if (kind, name) in ONE:
        target, field = ONE[kind, name]
        ids = sight.shelf(target).ids() if target == "district" else entry.named(field)
        found = [sight.shelf(target).entries[one] for one in ids if one in sight.shelf(target).entries]
        return single(asked, found[0].item) if found else _not_found(target)
    target, reach, roles = MANY[kind, name]
    role, primary = asked.params.get("role", []) if roles else [], asked.params.get("primary", [""])
    if role and (refused := _no_role(role, roles)):
        return refused
    if kind in {"user", "school"} and primary not in (["true"], [""]):
        return message(400, "primary must be true or empty")
    shelf = sight.shelf(target)
    found_ids = reach(sight, entry, role[0] if role else "", primary == ["true"])
    return page(asked, sight.kept(target, found_ids), lambda one: shelf.entries[one].item)


Reach = Callable[[Sight, Entry, str, bool], set[str]]
"""From a record to the ids of others: what the token sees, the record, the role or "", and whether primary only."""


def _section_users(sight: Sight, entry: Entry, role: str, primary: bool) -> set[str]:  # noqa: ARG001 - a Reach
    return {one for group in ([role] if role else ["teacher", "student"]) for one in entry.named(group)}


def _school_users(sight: Sight, entry: Entry, role: str, primary: bool) -> set[str]:
    key: Key = ("primary" if primary else "school", entry.id, *([role] if role else []))
    return set(sight.shelf("user").ids(key))


def _user_sections(sight: Sight, entry: Entry, role: str, primary: bool) -> set[str]:  # noqa: ARG001 - a Reach
    """Taught and attended ones alike: nothing in the answer's shape tells them apart."""
    sections = sight.shelf("section")
    return {*sections.ids(("teacher", entry.id)), *sections.ids(("student", entry.id))}


def _user_schools(sight: Sight, entry: Entry, role: str, primary: bool) -> set[str]:  # noqa: ARG001 - a Reach
    """Of any role alike, none for a district administrator."""
    return set(entry.named("primary" if primary else "school"))


def _my_students(sight: Sight, entry: Entry, role: str, primary: bool) -> set[str]:  # noqa: ARG001 - a Reach
    """A teacher's students in every class, and a contact's children."""
    sections = sight.shelf("section")
    taught = (sections.entries[one] for one in sections.ids(("teacher", entry.id)))
    return {student for section in taught for student in section.named("student")} | set(entry.named("child"))


def _my_teachers(sight: Sight, entry: Entry, role: str, primary: bool) -> set[str]:  # noqa: ARG001 - a Reach
    sections = sight.shelf("section")
    attended = (sections.entries[one] for one in sections.ids(("student", entry.id)))
    return {teacher for section in attended for teacher in section.named("teacher")}


def _my_contacts(sight: Sight, entry: Entry, role: str, primary: bool) -> set[str]:  # noqa: ARG001 - a Reach
    return set(sight.shelf("user").ids(("child", entry.id)))


def _sections_of(key: str) -> Reach:
    """The sections that name this record as their `key`."""
    return lambda sight, entry, _role, _primary: set(sight.shelf("section").ids((key, entry.id)))


def _through_sections(key: str, wanted: str) -> Reach:
    """What the sections that name this record as their `key` name as their `wanted`."""

    def reach(sight: Sight, entry: Entry, role: str, primary: bool) -> set[str]:  # noqa: ARG001 - a Reach
        sections = sight.shelf("section")
        return {found for one in sections.ids((key, entry.id)) for found in sections.entries[one].named(wanted)}

    return reach


def _nothing(sight: Sight, entry: Entry, role: str, primary: bool) -> set[str]:  # noqa: ARG001 - a Reach
    """Content mapping: no record says which resource goes with whom."""
    return set()


MANY: Final[dict[tuple[str, str], tuple[str, Reach, tuple[str, ...]]]] = {
    ("user", "sections"): ("section", _user_sections, ()),
    ("user", "schools"): ("school", _user_schools, ()),
    ("user", "mystudents"): ("user", _my_students, ()),
    ("user", "myteachers"): ("user", _my_teachers, ()),
    ("user", "mycontacts"): ("user", _my_contacts, ()),
    ("user", "resources"): ("resource", _nothing, ()),
    ("school", "users"): ("user", _school_users, AT_SCHOOL),
    ("school", "sections"): ("section", _sections_of("school"), ()),
    ("school", "terms"): ("term", _through_sections("school", "term"), ()),
    ("school", "courses"): ("course", _through_sections("school", "course"), ()),
    ("section", "users"): ("user", _section_users, ("student", "teacher")),
    ("section", "resources"): ("resource", _nothing, ()),
    ("term", "schools"): ("school", _through_sections("term", "school"), ()),
    ("term", "sections"): ("section", _sections_of("term"), ()),
    ("course", "schools"): ("school", _through_sections("course", "school"), ()),
    ("course", "sections"): ("section", _sections_of("course"), ()),
    ("course", "resources"): ("resource", _nothing, ()),
    ("resource", "courses"): ("course", _nothing, ()),
    ("resource", "sections"): ("section", _nothing, ()),
    ("resource", "users"): ("user", _nothing, ("student", "teacher")),
}
"""`/users/ID/sections` and the like: what kind the list holds, how to find it, and the roles that it can be had for."""
ONE: Final = {
    ("user", "district"): ("district", ""),
    ("school", "district"): ("district", ""),
    ("section", "district"): ("district", ""),
    ("term", "district"): ("district", ""),
    ("course", "district"): ("district", ""),
    ("section", "school"): ("school", "school"),
    ("section", "term"): ("term", "term"),
    ("section", "course"): ("course", "course"),
}
"""`/sections/ID/school` and the like: what kind the object is, and the key under which the record names it."""


def _events(asked: Asked, sight: Sight, parts: list[str]) -> Response:
    """`/events` after or before an event, `/events/ID`."""
    feed = sight.feed
    if parts:
        event = feed.events.get(parts[0]) if len(parts) == 1 else None
        return single(asked, event.item) if event else message(404, "event not found")
    params = asked.params
    cursor = params.get("starting_after", [""])[0]
    if sight.expired and cursor and cursor <= feed.expired:
        return message(sight.expired, "starting_after names an event that is no longer kept")
    ids = feed.ids(params.get("school", [None])[0], params.get("record_type"))
    return page(asked, ids, lambda one: feed.events[one].item)


def _personal(asked: Asked, sight: Sight, parts: list[str]) -> Response:
    """What a person's own token reaches: `/me`, themselves, their schools, their district; it cannot page."""
    if any(name in asked.params for name in PAGING):
        return message(400, "a user's token cannot page")
    user, district = sight.holder.user, sight.holder.district
    own = sight.shelf("user").entries.get(user)
    if parts == ["me"]:
        links = [
            ("self", "/me"),
            ("canonical", f"/{VERSION}/users/{user}"),
            ("district", f"/{VERSION}/districts/{district}"),
        ]
        data = {"id": user, "district": district, "type": "user", "authorized_by": "district"}
        body = {"type": "user", "data": data, "links": [{"rel": rel, "uri": uri} for rel, uri in links]}
        return Response(body=encode(body)) if own else _not_found("user")
    reach = {"users": {user}, "schools": set(own.named("school")) if own else set(), "districts": {district}}
    if len(parts) != 2 or parts[0] not in reach:  # noqa: PLR2004 - /users/ID
        return html(404, "Not Found")
    kind = KIND[parts[0]]
    entry = sight.shelf(kind).entries.get(parts[1]) if parts[1] in reach[parts[0]] else None
    return single(asked, entry.item) if entry else _not_found(kind)


def _no_role(said: list[str], known: tuple[str, ...]) -> Response | None:
    if len(said) == 1 and said[0] in known:
        return None
    return message(400, f"role must be one of {', '.join(known)}, given once")


def _not_found(kind: str) -> Response:
    return message(404, f"{kind} not found")
