"""What `assign` and `unassign` share: places read, roles and places checked before anything is written, and words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NoReturn

import typer

from rolecall_cli.options import note
from rolecall_cli.people import why_unknown

if TYPE_CHECKING:
    from rolecall.facts.assignments import AssignmentRecord
    from rolecall.facts.store import Assigned
    from rolecall.live import Store
    from rolecall.policy import Policy

SCOPES = ("section", "school", "district")


class Place(NamedTuple):
    """Where a role is assigned."""

    scope: str
    id: str


def read_place(text: str) -> Place:
    """Read SCOPE:ID; wrong usage for what is none."""
    from rolecall.errors import did_you_mean  # noqa: PLC0415 - keeps --help quick

    scope, colon, identifier = text.partition(":")
    if not colon or not identifier:
        refuse(f"`{text}` is not SCOPE:ID, such as section:5f…, school:5f… or district:5f…", "SCOPE:ID")
    if scope not in SCOPES:
        refuse(f"a role is not assigned at a `{scope}`; {did_you_mean(scope, SCOPES)}", "SCOPE:ID")
    return Place(scope, identifier)


def read_words(text: str | None, option: str, what: str) -> str:
    """Give what somebody wrote, in one line; wrong usage where they wrote nothing."""
    line = " ".join((text or "").split())
    if not line:
        refuse(f"say {what}: the store keeps it with the assignment", option)
    if not line.isprintable():
        refuse("only characters that can be shown, please", option)
    return line


def check_role(policies: Path, role: str, scope: str, *, named: bool) -> None:
    """Refuse a role that the policy does not let be assigned there; say where there is no policy to check against.

    `named` says that somebody named the policy, so that it must be there.
    """
    from rolecall.errors import did_you_mean  # noqa: PLC0415 - keeps --help quick
    from rolecall.loader import load_policy  # noqa: PLC0415
    from rolecall.vocabulary.roles import BUILT_IN_ROLES  # noqa: PLC0415

    if role in BUILT_IN_ROLES:
        given = "comes with a thing" if role == "owner" else "comes from Clever, and is changed there"
        refuse(f"the role `{role}` {given}: assigned are the roles that the policy declares under `roles`", "ROLE")
    if not named and not policies.exists():
        note(f"there is no policy in `{policies}`, so nobody checks whether it knows the role: `--policies` names one")
        return
    policy = load_policy(policies)
    own = policy.roles.get(role)
    if own is None:
        known = did_you_mean(role, policy.roles) or "it declares none: see `roles` in its language"
        refuse(f"the policy in `{policies}` declares no role `{role}`; {known}", "ROLE")
    if scope not in own.scopes:
        refuse(f"the policy lets `{role}` be assigned at a {' or a '.join(own.scopes)}, not at a {scope}", "SCOPE:ID")
    if not _asks_for(policy, role, scope):
        note(f"no rule of the policy asks for `{role}` at a {scope}, or anywhere: the assignment changes nothing")


def _asks_for(policy: Policy, role: str, scope: str) -> bool:
    """Say whether some rule looks at a role at a scope."""
    asked = {pair for rule in policy.rules for one in (*(rule.when or ()), *rule.unless) for pair in one.pairs}
    return bool(asked & {(role, scope), (role, "anywhere")})


def check_facts(store: Store, user: str, place: Place) -> None:
    """Refuse a user, or a place of their district, that the store does not hold."""
    number = store.look(0).change
    found = store.read(number, users=[user], places=[place])
    person = found.users.get(user)
    if person is None:
        why = why_unknown(store, user, number) or _or_not_yet("the id is mistyped, or Clever does not share them")
        refuse(f"{store.source} holds no user `{user}`: {why}", "USER")
    scope, identifier = place
    if found.roster(None, "").counts(scope, identifier, person.district):
        return
    record = found.sections.get(identifier) if scope == "section" else found.schools.get(identifier)
    if scope == "district":
        why = f"user `{user}` belongs to district `{person.district}`, and nothing of another district counts"
    elif record is None:
        why = why_unknown(store, identifier, number) or _or_not_yet("the id is mistyped, or Clever does not share it")
        why = f"{store.source} holds no {scope} `{identifier}`: {why}"
    elif record.district != person.district:
        theirs = f"user `{user}` to district `{person.district}`"
        why = f"the {scope} belongs to district `{record.district}`, {theirs}: nothing of another district counts"
    else:
        why = "the school that the section names is not held, and so neither is the section"
    refuse(why, "SCOPE:ID")


def _or_not_yet(why: str) -> str:
    return f"{why}, or not yet (then `rolecall sync` first)"


def of_place(store: Store, user: str, role: str, place: Place) -> list[Assigned]:
    """Give the user's assignments of a role at a place that stand."""
    found = store.assignments(user)
    return [one for one in found if (one.record.role, one.record.scope, one.record.id) == (role, *place)]


def state_of(one: Assigned, now: int) -> str:
    """Say in a word or two how an assignment stands."""
    if one.until is not None:
        return "ended"
    if one.record.ends is not None and one.record.ends <= now:
        return "over"
    return "in force" if one.record.holds(now) else "to begin"


def said(record: AssignmentRecord) -> str:
    """Give an assignment in words: the role, the place, from when until when."""
    from rolecall.facts.timeline import span_of  # noqa: PLC0415 - keeps --help quick

    return f"{record.role} at {record.scope} {record.id} {span_of(record)}".rstrip()


def data_of(one: Assigned, store: Store, now: int) -> dict[str, object]:
    """Give an assignment for a program."""
    from rolecall.instants import render_instant  # noqa: PLC0415 - keeps --help quick

    times = {
        change.number: change.time_ns for change in store.changes([one.since, *([one.until] if one.until else [])])
    }
    record, edges = one.record, (one.record.starts, one.record.ends)
    starts, ends = (None if edge is None else render_instant(edge) for edge in edges)
    found: dict[str, object] = {
        "number": one.number,
        "user": record.user,
        "role": record.role,
        "scope": record.scope,
        "id": record.id,
        "from": starts,
        "until": ends,
        "state": state_of(one, now),
        "by": one.by,
        "why": one.why,
        "assigned": render_instant(times[one.since]),
    }
    if one.until is not None:
        ended = {"ended": render_instant(times[one.until]), "ended_by": one.ended_by, "ended_why": one.ended_why}
        found |= ended
    return found


def refuse(text: str, what: str) -> NoReturn:
    """End with wrong usage, with nothing written."""
    raise typer.BadParameter(text, param_hint=what)
