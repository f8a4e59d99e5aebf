"""A decision as data (DESIGN section 7): what `decide`, explain and an audit log write. Ids only, no names."""

from __future__ import annotations

from rolecall.instants import render_instant
from rolecall.vocabulary.decision import SENTENCES, Decision, RuleRef
from rolecall.vocabulary.facts import RoleAssignment

SCHEMA = 1


def rule_data(rule: RuleRef) -> dict[str, str]:
    """Give a rule as a reason: id, `file:line`, the author's sentence."""
    return {"rule": rule.id, "at": str(rule.origin), "because": rule.because}


def reason(decision: Decision, permission: str) -> dict[str, object]:
    """Give why one permission is held or missing: a stable code, the rules that give it, the maxima that cut it."""
    found: dict[str, object] = {"permission": permission, "code": decision.code_of(permission)}
    if given := decision.given_by(permission):
        found["given_by"] = [rule_data(rule) for rule in given]
    if found["code"] == "capped":
        found["cut_by"] = [rule_data(rule) for rule in decision.cut_by(permission)]
    return found


def reasons(decision: Decision) -> list[dict[str, object]]:
    """Give the reasons for what was asked: one permission, or every one of the type where none was."""
    if decision.cell.code != "table":
        return [{"code": decision.cell.code, "message": decision.detail or SENTENCES[decision.cell.code]}]
    if decision.permission is not None:
        return [reason(decision, decision.permission)]
    return [reason(decision, name) for name in decision.grounds.permissions[decision.resource.type]]


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
    held, place, grounds = decision.held, decision.location, decision.grounds
    found: dict[str, object] = {
        "schema": SCHEMA,
        "id": decision.id,
        "time": render_instant(decision.nanoseconds),
        "subject": {"type": "user", "id": decision.subject},
        "resource": {"type": decision.resource.type, "id": decision.resource.id},
        "code": decision.code,
        "permissions": sorted(decision.permissions),
        "reasons": [reason(decision, name) for name in grounds.permissions[decision.resource.type]]
        if decision.cell.code == "table"
        else reasons(decision),
        "roles": [role_data(role) for role in decision.roles],
        "policy": grounds.digest,
        "facts": {
            "source": grounds.facts_source,
            "as_of": render_instant(grounds.as_of) if grounds.as_of is not None else None,
            "age_seconds": (decision.nanoseconds - grounds.as_of) // 1_000_000_000
            if grounds.as_of is not None
            else None,
            "district": held.district or None,
            "location": [*place.keys, *place.doubtful, f"district:{place.district}"] if place else [],
            "asserted": {key: decision.resource.properties[key] for key in sorted(decision.resource.properties)},
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
