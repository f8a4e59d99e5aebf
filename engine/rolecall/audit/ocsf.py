"""Records as OCSF events, for the log platforms that security teams have (https://schema.ocsf.io).

The class is *API Activity* (6003): its `actor.authorizations` is the one place of OCSF that holds a decision with the
policy behind it. *Authorize Session* (3003) tells of privileges given at a login, and *User Access Management* (3005)
of their assignment; neither knows what was asked about. docs/audit.md has the whole mapping, and what OCSF lacks.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any, Final

from rolecall.audit.entry import Entry
from rolecall.audit.rebuild import Blobs
from rolecall.audit.rows import outcome, row

VERSION: Final = "1.3.0"
_CLASS: Final = 6003
_OTHER: Final = 99  # what is decided about is a permission: rolecall does not know whether it reads or writes
_STATUS: Final = {"allow": (1, "Success"), "deny": (2, "Failure"), "indeterminate": (0, "Unknown")}
_DECISIONS: Final = {"allow": "allowed", "deny": "denied", "indeterminate": "indeterminate"}


def event(entry: Entry, blobs: Blobs) -> dict[str, Any]:
    """Give a record as an OCSF event."""
    said, policy = row(entry, blobs), blobs[entry.policy]
    result = outcome(entry)
    status_id, status = _STATUS[result]
    rules: list[list[Any]] = [*blobs[entry.cell]["given"], *blobs[entry.cell]["capped"]]
    found: dict[str, Any] = {
        "metadata": {
            "version": VERSION,
            "product": {"name": "rolecall", "vendor_name": "rolecall", "version": version("rolecall")},
            "uid": entry.id,
            "log_name": "rolecall audit",
            "original_time": said["time"],
        },
        "category_uid": _CLASS // 1000,
        "class_uid": _CLASS,
        "class_name": "API Activity",
        "activity_id": _OTHER,
        "activity_name": entry.permission or "permissions",
        "type_uid": _CLASS * 100 + _OTHER,
        "severity_id": 1,
        "time": entry.time_ns // 1_000_000,
        "status_id": status_id,
        "status": status,
        "status_code": entry.code,
        "actor": {
            "user": {"uid": entry.subject, "type_id": 1, "org": {"uid": blobs[entry.person]["district"]}},
            "app_name": policy["application"],
            "authorizations": [
                {"decision": _DECISIONS[result], "policy": _policy(rule, said["policy"])} for rule in rules
            ]
            or [{"decision": _DECISIONS[result], "policy": {"name": policy["application"], "version": said["policy"]}}],
        },
        "api": {"operation": entry.permission or "permissions", "service": {"name": policy["application"]}},
        "src_endpoint": {"svc_name": policy["application"]},
        "resources": [_resource(entry, said)],
        "unmapped": {name: value for name, value in said.items() if name in _UNMAPPED and value not in ("", [])},
    }
    if entry.detail:
        found["status_detail"] = entry.detail
    return found


_UNMAPPED: Final = (
    "acting_as", "code", "kind", "roles", "permissions", "given_by", "cut_by", "facts_as_of", "event", "student",
    "section", "school", "pseudonymised",
)  # fmt: skip


def _policy(rule: list[Any], digest: str) -> Mapping[str, str]:
    name, at, because, _ = rule
    return {"uid": name, "name": at, "desc": because, "version": digest}


def _resource(entry: Entry, said: Mapping[str, Any]) -> dict[str, Any]:
    """Give what was asked about, with the places it lies in as labels."""
    places = [("student", said["student"]), ("section", said["section"]), ("district", said["district"])]
    labels = [f"{kind}:{where}" for kind, where in places if where]
    labels += [f"school:{where}" for where in said["school"]]
    return {"uid": entry.resource, "type": entry.type, "labels": labels}
