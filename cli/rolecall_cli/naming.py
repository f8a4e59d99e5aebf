"""Names and e-mail addresses beside ids, for `--names`: as Clever's records have them, never out of the audit log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rolecall import Decision
    from rolecall.explain import Named

    from rolecall_cli.facts import OpenFacts

KINDS = ("user", "section", "school", "district")


def named(decisions: Iterable[Decision], facts: OpenFacts) -> tuple[Named, ...]:
    """Give the names of those, and of that, which decisions speak of; an empty name where the facts hold none."""
    from rolecall.explain import Named  # noqa: PLC0415 - keeps --help quick

    wanted = {kind: dict[str, str]() for kind in KINDS}
    districts: set[str] = set()
    for decision in decisions:
        districts.update(one for one in (decision.held.district, _district(decision)) if one)
        for kind, identifier in _spoken_of(decision):
            wanted["user" if kind == "student" else kind].setdefault(identifier, "")
    for kind, ids in wanted.items():
        for raw in facts.raw(kind, ids, districts):
            ids[str(raw.get("id"))] = said(raw)
    return tuple(Named(kind, one, name) for kind, ids in wanted.items() for one, name in ids.items())


def _district(decision: Decision) -> str:
    return "" if decision.location is None else decision.location.district


def _spoken_of(decision: Decision) -> Iterator[tuple[str, str]]:
    """Give the kinds and ids of people and places in a decision, the person first."""
    yield "user", decision.subject
    if decision.resource.type in (*KINDS, "student"):
        yield decision.resource.type, decision.resource.id
    if decision.location is not None:
        for key in decision.location.keys:
            kind, _, identifier = key.partition(":")
            if kind in (*KINDS, "student"):
                yield kind, identifier
    for role in decision.roles:
        if role.scope in (*KINDS, "student"):
            yield role.scope, role.id


def said(raw: Mapping[str, object]) -> str:
    """Give a record's name and e-mail address as one says them; empty where it has neither."""
    name, email = raw.get("name"), raw.get("email")
    if isinstance(name, Mapping):
        name = " ".join(str(name[part]) for part in ("first", "middle", "last") if name.get(part))
    return ", ".join(str(one) for one in (name, email) if one)
