"""OpenID AuthZEN Authorization API 1.0: its evaluation requests read, its responses written.

Members that AuthZEN does not define are ignored; a request that is not valid is a `RequestError`, answered with
`{"decision": false, "context": {"error": {"status": 400, …}}}`.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from rolecall.errors import RequestError
from rolecall.record import reason_data, warnings
from rolecall.vocabulary.decision import Decision
from rolecall.vocabulary.request import Resource


class Evaluation(msgspec.Struct, frozen=True, eq=False):
    """One evaluation request, read. `permission` is None where no action was asked."""

    user: str
    resource: Resource
    permission: str | None
    acting_as: tuple[str, ...] | None


def read_evaluation(raw: object, *, action_needed: bool = True) -> Evaluation:
    """Read an evaluation request; raises `RequestError` for what is missing or mistyped.

    Whether the policy knows the type, the permission and the roles is the authoriser's to say.
    """
    if not isinstance(raw, Mapping):
        raise RequestError("a request must be a JSON object")
    subject, resource = _entity(raw, "subject"), _entity(raw, "resource")
    kind = _text(subject, "subject", "type")
    if kind != "user":
        raise RequestError(f"`subject.type` is `{kind}`; rolecall knows the type `user`")
    permission = None
    if "action" in raw or action_needed:
        permission = _text(_entity(raw, "action"), "action", "name")
    properties = resource.get("properties", {})
    return Evaluation(
        user=_text(subject, "subject", "id"),
        resource=Resource(_text(resource, "resource", "type"), _text(resource, "resource", "id"), properties),  # type: ignore[arg-type]  # _entity checked it
        permission=permission,
        acting_as=_acting_as(raw),
    )


def _entity(raw: Mapping[str, object], name: str) -> Mapping[str, object]:
    if name not in raw:
        raise RequestError(f"the request lacks `{name}`")
    found = raw[name]
    if not isinstance(found, Mapping):
        raise RequestError(f"`{name}` must be an object")
    if "properties" in found and not isinstance(found["properties"], Mapping):
        raise RequestError(f"`{name}.properties` must be an object")
    return found


def _text(entity: Mapping[str, object], name: str, key: str) -> str:
    if key not in entity:
        raise RequestError(f"`{name}` lacks `{key}`")
    found = entity[key]
    if not isinstance(found, str):
        raise RequestError(f"`{name}.{key}` must be a text")
    return found


def _acting_as(raw: Mapping[str, object]) -> tuple[str, ...] | None:
    context = raw.get("context", {})
    if not isinstance(context, Mapping):
        raise RequestError("`context` must be an object")
    if "acting_as" not in context:
        return None
    found = context["acting_as"]
    if not isinstance(found, list) or not all(isinstance(role, str) for role in found):
        raise RequestError('`context.acting_as` must be a list of roles, such as ["teacher"]')
    return tuple(found)


def response(decision: Decision) -> dict[str, object]:
    """Give the evaluation response: the decision, and in `context` its id, permissions and reasons."""
    context: dict[str, object] = {"id": decision.id, "permissions": sorted(decision.permissions)}
    if decision.indeterminate:
        context["indeterminate"] = decision.indeterminate
    context["code"] = decision.code
    context["reasons"] = [reason_data(reason) for reason in decision.reasons]
    if decision.unknown:
        context["unknown"] = list(decision.unknown)
    if odd := warnings(decision):
        context["warnings"] = odd
    allowed = bool(decision.permissions) if decision.permission is None else decision.allowed
    return {"decision": allowed, "context": context}


def error_response(message: str) -> dict[str, object]:
    """Give the response to a request that is not valid."""
    return {"decision": False, "context": {"error": {"status": 400, "message": message}}}
