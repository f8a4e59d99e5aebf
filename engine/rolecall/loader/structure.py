"""The structural stage: a file's shape against the published JSON Schema, in words that an author can act on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files
from itertools import islice
from typing import TYPE_CHECKING, Any, cast
from unicodedata import combining, normalize

from rolecall.errors import did_you_mean
from rolecall.loader.nodes import Mapping, Node, Scalar, Sequence
from rolecall.vocabulary.origin import Finding, Origin

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError

MOST = 1000


def schema(name: str = "policy-1") -> dict[str, Any]:
    """Give the JSON Schema of a kind of file: `policy-1`, or the workbench's `tests-1`, `claims-1`."""
    found: dict[str, Any] = json.loads(files("rolecall.loader").joinpath(f"{name}.schema.json").read_text("utf-8"))
    return found


@cache
def _validator(name: str) -> Draft202012Validator:
    """Make the validator once, where it is first needed: importing jsonschema costs more than starting Python."""
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - see above

    published = schema(name)
    return Draft202012Validator(_inlined(published, published["$defs"]))


def _inlined(part: Any, definitions: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON of any kind
    """Give a part of the schema with every `$ref` replaced by what it names: following one takes half the time."""
    if isinstance(part, list):
        return [_inlined(item, definitions) for item in part]
    if not isinstance(part, dict):
        return part
    found = {key: _inlined(value, definitions) for key, value in part.items() if key not in ("$ref", "$defs")}
    if "$ref" in part:
        found = _inlined(definitions[part["$ref"].rpartition("/")[2]], definitions) | found
    return found


def check_structure(root: Node, name: str = "policy-1") -> Iterator[Finding]:
    """Give what is wrong with the shape of one file: the first `MOST` findings, which are more than are read."""
    errors = _validator(name).iter_errors(root.data())
    yield from islice((finding for error in errors for finding in _explain(error, root)), MOST)


def _explain(error: ValidationError, root: Node) -> Iterator[Finding]:
    """Turn one validation error into findings, each at the place an author would look."""
    path = list(error.absolute_path)
    node = find(root, path)
    name = _item_name(node) or _name(path)
    part: dict[str, Any] = error.schema if isinstance(error.schema, dict) else {}
    expected, kind, wanted = part.get("x-expected", ""), error.validator, cast("Any", error.validator_value)
    if kind == "additionalProperties" and isinstance(node, Mapping):
        known = part.get("properties", {})
        for key in node.keys:
            if key not in known:
                helps = _helps(did_you_mean(key, known))
                yield Finding("unknown-key", f"{name} has no key `{key}`", node.keys[key], helps=helps)
    elif kind == "propertyNames" or (error.parent is None and "propertyNames" in error.absolute_schema_path):
        yield _bad_name(error, node, expected)
    elif kind == "required":
        missing = [key for key in wanted if key not in cast("Any", error.instance)]
        # jsonschema yields an error for each missing key; its message begins with the key.
        key = next((key for key in missing if error.message.startswith(f"'{key}'")), missing[0])
        yield Finding("missing-key", f"{name} lacks `{key}`", node.origin, helps=_helps(_why_needed(key)))
    elif kind == "anyOf":
        helps = ("add `min: …` (what they have at least) or `max: …` (what they have at most)",)
        yield Finding("missing-key", f"{name} has neither `min` nor `max`", node.origin, helps=helps)
    elif kind in ("minItems", "minProperties", "minLength"):
        yield Finding("empty-value", f"{name} is empty", node.origin, helps=_helps(expected and f"write {expected}"))
    else:
        yield _wrong_value(error, node, name, expected, _place(root, path))


def _bad_name(error: ValidationError, node: Node, expected: str) -> Finding:
    """Say that a key is no proper name, at the key."""
    key = str(error.instance)
    origin = node.keys.get(key, node.origin) if isinstance(node, Mapping) else node.origin
    return Finding("bad-name", f"`{key}` is not {expected}", origin, helps=_better(key, expected))


def _better(name: str, expected: str) -> tuple[str, ...]:
    """Give a proper name that is close to one that is none."""
    plain = "".join(c for c in normalize("NFKD", name) if not combining(c))
    better = "".join(c if c.isalnum() or c in "_-" else "-" for c in plain).strip("-_").lstrip("-_0123456789")
    if "role" not in expected:
        better = better.lower()
    return (f"write `{better}`",) if better and better != name and better.isascii() else ()


def _place(root: Node, path: list[str | int]) -> Origin:
    """Give where a value stands: that of its key, if the value begins on a later line."""
    node = find(root, path)
    above = find(root, path[:-1])
    if path and isinstance(path[-1], str) and isinstance(above, Mapping) and not isinstance(node, Scalar):
        key = above.keys.get(path[-1], node.origin)
        return node.origin if node.origin.line == key.line else key
    return node.origin


def _wrong_value(error: ValidationError, node: Node, name: str, expected: str, at: Origin) -> Finding:
    """Say what stands there and what should."""
    shown = _shown(node)
    message = f"{name} is {shown}, and should be {expected}"
    helps: tuple[str, ...] = ()
    value = node.value if isinstance(node, Scalar) else None
    part: dict[str, Any] = error.schema if isinstance(error.schema, dict) else {}
    wanted = cast("Any", error.validator_value)
    choices = part.get("x-choices", wanted if error.validator == "enum" else [wanted])
    if isinstance(value, str) and (error.validator in ("enum", "const") or "x-choices" in part):
        hint = did_you_mean(value, [choice for choice in choices if isinstance(choice, str)])
        helps = (hint,) if hint.startswith("did you mean") else ()
    if isinstance(value, str) and expected.startswith("a list") and value.isidentifier() and not helps:
        helps = (f"write [{value}]",)
    code = (
        "bad-name"
        if error.validator == "pattern" and expected.startswith(("a name", "a set's name"))
        else "wrong-value"
    )
    if code == "bad-name" and isinstance(value, str):
        helps = _better(value, expected)
    return Finding(code, message, at, helps=helps)


def _shown(node: Node) -> str:
    """Give a value in the words of the language."""
    if isinstance(node, Mapping):
        return "a mapping"
    if isinstance(node, Sequence):
        return "a list"
    if node.value is None or (isinstance(node.value, str) and not node.value.strip()):
        return "empty"
    if isinstance(node.value, str):
        return f"the text `{node.value[:60]}`"
    if isinstance(node.value, bool):
        return f"`{str(node.value).lower()}`"
    return "a number"


def _why_needed(key: str) -> str:
    """Give the purpose of a key that must be there."""
    return {
        "rolecall": "begin the file with `rolecall: 1`",
        "because": "say why in a sentence: `rolecall explain` shows it to whoever asks",
        "when": "say whom the rule speaks of, for example `when: {teacher: section}`",
        "id": "give the rule a name, for example `- id: teachers-edit-their-classrooms`",
        "permissions": "list what can be done, for example `permissions: [view, edit]`",
        "scopes": "say where it may be assigned, for example `scopes: [section]`",
    }.get(key, "")


def _name(path: list[str | int]) -> str:
    """Name the value at a path by the key above it."""
    keys = [step for step in path if isinstance(step, str)]
    if not keys:
        return "the file"
    return f"`{keys[-1]}`" if keys[-1] == path[-1] else f"an entry of `{keys[-1]}`"


def _item_name(node: Node) -> str:
    """Name a rule by its id, where it has one."""
    if isinstance(node, Mapping):
        identity = node.values.get("id")
        if isinstance(identity, Scalar) and isinstance(identity.value, str):
            return f"rule `{identity.value}`"
    return ""


def _helps(text: str) -> tuple[str, ...]:
    return (text,) if text else ()


def find(root: Node, path: Iterable[str | int]) -> Node:
    """Give the node at a path of keys and indexes, or the nearest one above it."""
    node = root
    for step in path:
        if isinstance(node, Mapping) and isinstance(step, str) and step in node.values:
            node = node.values[step]
        elif isinstance(node, Sequence) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
        else:
            break
    return node
