"""Whether a request is a valid AuthZEN evaluation request of this policy (section 6)."""

from collections.abc import Mapping
from typing import Any

from oracle.language import Language


def is_valid(request: Any, language: Language, *, permissions_mode: bool) -> bool:
    """Each item of section 6's list makes a request invalid; undefined members are ignored."""
    if not isinstance(request, Mapping):
        return False  # "no JSON object"
    return (
        subject_is_valid(request.get("subject"))
        and resource_is_valid(request.get("resource"), language)
        and action_is_valid(request, language, permissions_mode=permissions_mode)
        and context_is_valid(request, language)
    )


def named(value: Any) -> bool:
    """An entity is an object with a `type` and an `id`."""
    return (
        isinstance(value, Mapping)
        and isinstance(value.get("type"), str)
        and isinstance(value.get("id"), str)
        and has_object_or_nothing(value, "properties")
    )


def has_object_or_nothing(value: Mapping[str, Any], member: str) -> bool:
    """Where an optional object is present it is an object."""
    return member not in value or isinstance(value[member], Mapping)


def subject_is_valid(subject: Any) -> bool:
    """A subject type other than `user` is not valid."""
    return named(subject) and subject["type"] == "user"


def resource_is_valid(resource: Any, language: Language) -> bool:
    """A known type, an `owner` that is a string or null, and each place that the type needs."""
    if not named(resource) or resource["type"] not in language.types:
        return False
    properties = resource.get("properties", {})
    owner = properties.get("owner")
    if owner is not None and not isinstance(owner, str):
        return False
    return all(isinstance(properties.get(place), str) for place in language.types[resource["type"]].within)


def action_is_valid(request: Mapping[str, Any], language: Language, *, permissions_mode: bool) -> bool:
    """With `--permissions`, `action` may be absent; where present it names a permission of the type."""
    if "action" not in request:
        return permissions_mode
    action = request["action"]
    return (
        isinstance(action, Mapping)
        and has_object_or_nothing(action, "properties")
        and isinstance(action.get("name"), str)
        and action["name"] in language.types[request["resource"]["type"]].implies
    )


def context_is_valid(request: Mapping[str, Any], language: Language) -> bool:
    """`acting_as` is a list of login roles: "another name is an invalid request"."""
    if not has_object_or_nothing(request, "context"):
        return False
    context = request.get("context", {})
    if "acting_as" not in context:
        return True
    acting_as = context["acting_as"]
    return isinstance(acting_as, list) and all(
        isinstance(role, str) and role in language.login_roles for role in acting_as
    )
