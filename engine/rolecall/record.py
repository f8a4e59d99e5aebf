"""A decision as data (DESIGN section 7): what `decide`, explain and an audit log write. Ids only, no names."""

from __future__ import annotations

from msgspec.structs import replace

from rolecall.instants import render_instant
from rolecall.vocabulary.decision import Decision
from rolecall.vocabulary.facts import RoleAssignment
from rolecall.vocabulary.reasons import Reason, RuleRef

SCHEMA = 1


def rule_data(rule: RuleRef) -> dict[str, str]:
    """Give a rule as a reason: id, `file:line`, the author's sentence."""
    return {"rule": rule.id, "at": str(rule.origin), "because": rule.because}


def reason_data(reason: Reason) -> dict[str, object]:
    """Give why one permission is held or missing: a stable code, the rules that give it, the maxima that cut it."""
    if reason.permission is None:
        return {"code": reason.code, "message": reason.message}
    found: dict[str, object] = {"permission": reason.permission, "code": reason.code}
    if reason.given_by:
        found["given_by"] = [rule_data(rule) for rule in reason.given_by]
    if reason.cut_by:
        found["cut_by"] = [rule_data(rule) for rule in reason.cut_by]
    return found


def role_data(role: RoleAssignment) -> dict[str, str]:
    """Give a role assignment; `doubt` only where there is one."""
    found = {"role": role.role, "scope": role.scope, "id": role.id, "source": role.source}
    return found | {"doubt": role.doubt} if role.doubt else found


def warnings(decision: Decision) -> list[str]:
    """Give what is odd in the facts behind the decision: doubts that a rule asked about, and the roster's own."""
    doubts = [f"{one.role} at {one.scope} `{one.id}` is doubtful: {one.doubt}" for one in decision.doubts]
    return [*doubts, *decision.held.notes]


def record(decision: Decision) -> dict[str, object]:
    """Give the whole decision as JSON-ready data, schema version 1."""
    held, place, grounds, feed = decision.held, decision.location, decision.grounds, decision.feed
    found: dict[str, object] = {
        "schema": SCHEMA,
        "id": decision.id,
        "time": render_instant(decision.nanoseconds),
        "subject": {"type": "user", "id": decision.subject},
        "resource": {"type": decision.resource.type, "id": decision.resource.id},
        "code": decision.code,
        "permissions": sorted(decision.permissions),
        "reasons": [reason_data(reason) for reason in replace(decision, permission=None).reasons],
        "roles": [role_data(role) for role in decision.roles],
        "policy": grounds.digest,
        "facts": {
            "source": grounds.feeds.source,
            "as_of": render_instant(feed.as_of) if feed.as_of is not None else None,
            "age_seconds": (decision.nanoseconds - feed.as_of) // 1_000_000_000 if feed.as_of is not None else None,
            "event": feed.event or None,
            "district": held.district or None,
            "location": [*place.keys, *place.doubtful, f"district:{place.district}"] if place else [],
            "unknown": list(decision.unknown),
            "term": next((fact.value for fact in decision.facts if fact.kind == "term"), "unknown"),
            "asserted": {fact.name: fact.value for fact in decision.facts if fact.kind == "property"},
        },
        "warnings": warnings(decision),
    }
    if decision.permission is not None:
        found["permission"] = decision.permission
        found["allowed"] = decision.allowed
    if decision.acting_as is not None:
        found["acting_as"] = list(decision.acting_as)
    if decision.indeterminate:
        found["indeterminate"] = decision.indeterminate
    return found
