"""The published JSON Schema: what editors accept is what the loader's structural stage accepts, and nothing else."""

from __future__ import annotations

import copy
import json
import random
import re
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import strategies
from jsonschema import Draft202012Validator
from rolecall.loader import schema
from rolecall.loader.nodes import parse
from rolecall.loader.structure import check_structure
from rolecall.vocabulary.origin import Finding, Source

ROOT = Path(__file__).parents[2]
# What jsonschema says, and Python: none of it are words of the language.
LEAK = re.compile(
    r"is not of type|[Aa]dditional propert|is a required|is not one of|was expected|does not match|non-empty|too short|"
    r"under any of|should be valid|None|True|False|\bdict\b|\bobject\b|\barray\b|\bstring\b|\bnull\b|\binteger\b|\['|\{'",
)
ODD: list[Any] = [
    None, True, False, 0, 1, 2, -1, 1.0, 1.5, 10**19, "", " ", "\n", "1", "true", "all", "none", "everyone", "view", "View", "a b", "é", "-a", "a-", "a\n",
    "boolean", "section", "anywhere", "resource", "apply", "skip", [], {}, [None], [[]], [{}], ["view"], ["view", "view"], ["View"], [1], [True],
    ["student", "section"], ["section", "student"], ["student"], ["section"], ["all"], {"": None}, {"section": "all"}, {"section": ["view"]},
    {"teacher": "section"}, {"teacher": ["section"]}, [{"teacher": "section"}], [{"teacher": "section"}, {}], [{"teacher": "section"}, "everyone"],
    {"implies": ["view"]}, {"implies": "view"}, {"implies": None}, {"view": None, "edit": {}}, {"include": ["all"]}, {"except": {"a": "all"}},
    {"include": "all"}, {"include": [], "except": {}}, {"scopes": ["section"]}, {"scopes": []}, {"scopes": ["student"]}, ["draft", ""], ["a", {"b": []}],
]  # fmt: skip
KEYS = [
    "rolecall", "application", "timezone", "roles", "resources", "permission_sets", "rules", "within", "attributes", "permissions", "implies", "scopes",
    "include", "except", "id", "because", "when", "unless", "for", "min", "max", "if", "if_unknown", "overrides", "Section", "a b", "", "ü", "1", "x-y_2",
]  # fmt: skip


@cache
def published() -> tuple[Draft202012Validator, jsonschema_rs.Draft202012Validator]:
    """Give two validators of the published schema that share no code."""
    return Draft202012Validator(schema()), jsonschema_rs.Draft202012Validator(schema())


def structural(document: object) -> list[Finding]:
    """Give what the structural stage says of a document, written as JSON, which is YAML too."""
    found: list[Finding] = []
    root = parse(Source("policy.yaml", json.dumps(document)), found)
    assert root is not None
    assert found == []
    assert root.data() == document
    return list(check_structure(root))


def agree(document: object) -> bool:
    """Say whether a document is accepted; all three have to say the same."""
    found = structural(document)
    slow, quick = published()
    assert slow.is_valid(document) is quick.is_valid(document) is (not found), document
    for finding in found:
        assert not LEAK.search(re.sub("`[^`]*`", "", finding.message)), finding.message
        assert not any(LEAK.search(help_) for help_ in finding.helps), finding.helps
        assert finding.message == finding.message.strip()
        assert not finding.message.endswith((":", "be ", "should be"))
        assert finding.origin is not None
    return not found


def policy(**changes: object) -> dict[str, Any]:
    """Give a small policy with other values for some top-level keys; None takes one out."""
    found: dict[str, Any] = {
        "rolecall": 1,
        "application": "a",
        "roles": {"coach": {"scopes": ["school"]}},
        "resources": {
            "section": {"permissions": ["view"]},
            "note": {"within": "student", "permissions": {"view": None}},
        },
        "permission_sets": {"viewer": {"section": ["view"]}},
        "rules": [rule()],
    }
    return {key: value for key, value in (found | changes).items() if value is not None}


def rule(**changes: object) -> dict[str, Any]:
    """Give a small rule with other values for some keys; `...` takes one out."""
    found: dict[str, Any] = {"id": "one", "because": "One.", "when": {"teacher": "section"}, "min": "viewer"}
    return {key: value for key, value in (found | changes).items() if value is not ...}


def resource(**changes: object) -> dict[str, Any]:
    """Give a policy whose one type is changed."""
    return policy(resources={"note": {"within": "student", "permissions": ["view"]} | changes})


ACCEPTED = {
    "small": policy(),
    "only the version": {"rolecall": 1},
    "one as a float": policy(rolecall=1.0),
    "no rules": policy(rules=[]),
    "empty mappings": policy(roles={}, resources={}, permission_sets={}),
    "everyone": policy(rules=[rule(when="everyone")]),
    "several combinations": policy(
        rules=[rule(when=[{"teacher": "section"}, {"staff": "school", "teacher": "anywhere"}])]
    ),
    "min and max": policy(rules=[rule(max="all")]),
    "max alone": policy(rules=[rule(min=..., max=["viewer", {"section": "all"}])]),
    "a set in place": policy(rules=[rule(min={"include": ["all"], "section": ["view"], "except": {"section": "all"}})]),
    "an empty set": policy(rules=[rule(min={})]),
    "one type": policy(rules=[rule(**{"for": "section"})]),
    "types": policy(rules=[rule(**{"for": ["section", "note"]})]),
    "conditions": policy(
        rules=[rule(**{"if": {"a": True, "b": "x", "c": ["x", False]}, "if_unknown": {"a": "apply"}})]
    ),
    "no unknown": policy(rules=[rule(if_unknown={})]),
    "overrides": policy(rules=[rule(overrides=["two"]), rule(overrides="all")]),
    "a grade": resource(within=["student", "section"], attributes={"p": "boolean", "v": ["x", "y"]}),
    "implied": resource(permissions={"view": None, "edit": {"implies": ["view"]}, "x": {}, "y": {"implies": []}}),
}
REFUSED = {
    "a list": [],
    "a text": "policy",
    "no version": {"application": "a"},
    "version 2": policy(rolecall=2),
    "true for 1": policy(rolecall=True),
    "a text for 1": policy(rolecall="1"),
    "blank application": policy(application=" \n"),
    "an unheard-of key": policy(rulez=[]),
    "rules as a mapping": policy(rules={"one": rule()}),
    "a rule that is a text": policy(rules=["one"]),
    "no id": policy(rules=[rule(id=...)]),
    "no because": policy(rules=[rule(because=...)]),
    "blank because": policy(rules=[rule(because=" ")]),
    "no when": policy(rules=[rule(when=...)]),
    "when is empty": policy(rules=[rule(when={})]),
    "when is nothing": policy(rules=[rule(when=None)]),
    "when holds an empty one": policy(rules=[rule(when=[{}])]),
    "when is a role": policy(rules=[rule(when="teacher")]),
    "a role at two scopes": policy(rules=[rule(when={"teacher": ["section", "school"]})]),
    "unless everyone": policy(rules=[rule(unless="everyone")]),
    "neither min nor max": policy(rules=[rule(min=...)]),
    "min is nothing": policy(rules=[rule(min=None)]),
    "min is an empty list": policy(rules=[rule(min=[])]),
    "min is a number": policy(rules=[rule(min=7)]),
    "for is empty": policy(rules=[rule(**{"for": []})]),
    "if is empty": policy(rules=[rule(**{"if": {}})]),
    "if asks for a number": policy(rules=[rule(**{"if": {"a": 1}})]),
    "if asks for nothing": policy(rules=[rule(**{"if": {"a": []}})]),
    "if_unknown deny": policy(rules=[rule(if_unknown={"a": "deny"})]),
    "overrides a text": policy(rules=[rule(overrides="two")]),
    "overrides nothing": policy(rules=[rule(overrides=[])]),
    "id with a line end": policy(rules=[rule(id="one\n")]),
    "a capital": policy(rules=[rule(id="One")]),
    "a set's text": policy(permission_sets={"viewer": "all"}),
    "a set that includes a text": policy(permission_sets={"viewer": {"include": "all"}}),
    "a bad set name": policy(permission_sets={"View All": {}}),
    "a role without scopes": policy(roles={"coach": {}}),
    "a role at a student": policy(roles={"coach": {"scopes": ["student"]}}),
    "a role that is a list": policy(roles={"coach": ["school"]}),
    "within the wrong way round": resource(within=["section", "student"]),
    "within a list of one": resource(within=["section"]),
    "within another type": resource(within="assignment"),
    "no permissions": policy(resources={"section": {}}),
    "an empty list of permissions": resource(permissions=[]),
    "permissions as a text": resource(permissions="view"),
    "implies a text": resource(permissions={"view": {"implies": "edit"}}),
    "a permission that is true": resource(permissions={"view": True}),
    "an attribute that is a text": resource(attributes={"p": "string"}),
    "an attribute with numbers": resource(attributes={"p": [1, 2]}),
    "an attribute without values": resource(attributes={"p": []}),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_what_the_language_has_is_accepted(name: str) -> None:
    """The schema, read by two libraries, and the structural stage accept it."""
    assert agree(ACCEPTED[name])


@pytest.mark.parametrize("name", REFUSED)
def test_what_the_language_has_not_is_refused(name: str) -> None:
    """The schema, read by two libraries, and the structural stage refuse it, in the words of the language."""
    assert not agree(REFUSED[name])


def odd_values(count: int) -> dict[bool, int]:
    """Judge the policies above with some odd values in each of their places."""
    tally = {True: 0, False: 0}
    for name, document in ACCEPTED.items():
        for path in paths(document):
            for odd in random.Random(f"{name}{path}").sample(ODD, count):
                changed = copy.deepcopy(document)
                put(changed, path, odd)
                tally[agree(changed)] += 1
    return tally


def test_an_odd_value_in_every_place_is_judged_alike() -> None:
    """An odd value, in each place of the policies above, is accepted by all or by none."""
    assert min(odd_values(1).values()) > 20


@pytest.mark.full
def test_ten_odd_values_in_every_place_is_judged_alike() -> None:
    """Ten odd values, in each place of the policies above, are accepted by all or by none."""
    assert min(odd_values(10).values()) > 200


def paths(value: Any, *above: Any) -> list[tuple[Any, ...]]:
    """Give the path of every value inside a value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = []
    for key, one in inner:
        found += [(*above, key), *paths(one, *above, key)]
    return found


def put(value: Any, path: tuple[Any, ...], new: Any) -> None:
    """Change the value at a path."""
    for key in path[:-1]:
        value = value[key]
    value[path[-1]] = copy.deepcopy(new)


def mutated(rng: random.Random, document: dict[str, Any]) -> dict[str, Any]:
    """Give a policy with some odd values, keys too many, keys that lack, and keys of another name."""
    document = copy.deepcopy(document)
    for _ in range(rng.choice([1, 1, 2, 3])):
        path = rng.choice(paths(document) or [()])
        holder: Any = document
        for key in path[:-1]:
            holder = holder[key]
        form = rng.randrange(5) if path else 4
        if form < 2:
            holder[path[-1]] = copy.deepcopy(rng.choice(ODD))
        elif form == 2:
            del holder[path[-1]]
        elif form == 3 and isinstance(holder, dict):
            holder[rng.choice(KEYS)] = copy.deepcopy(holder[path[-1]])
        elif isinstance(holder, dict):
            holder[rng.choice(KEYS)] = copy.deepcopy(rng.choice(ODD))
    return document


def made_up(count: int) -> dict[bool, int]:
    """Judge made-up policies, and what becomes of them where they are changed."""
    rng = random.Random(5)
    tally = {True: 0, False: 0}
    for _ in range(count // 10):
        document = json.loads(json.dumps(strategies.random_policy(rng, loadable=False)))
        assert agree(document)
        for _ in range(9):
            tally[agree(mutated(rng, document))] += 1
    return tally


def test_made_up_policies_are_judged_alike() -> None:
    """60 made-up policies, and variants of them, right and wrong."""
    assert min(made_up(60).values()) > 2


@pytest.mark.full
def test_many_made_up_policies_are_judged_alike() -> None:
    """1,000 made-up policies, and variants of them, right and wrong."""
    assert min(made_up(1_000).values()) > 60


def test_the_schema_is_a_schema() -> None:
    """It is valid by its own dialect, 2020-12, and says which that is."""
    Draft202012Validator.check_schema(schema())
    assert jsonschema_rs.meta.is_valid(schema())
    assert schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_every_part_of_the_schema_says_what_it_expects() -> None:
    """Wherever a value can be refused by itself, `x-expected` says in the language's words what should stand there."""
    own = {"type", "const", "enum", "pattern", "minItems", "minProperties", "minLength"}
    lacking = []

    def walk(part: Any, where: str) -> None:
        if isinstance(part, list):
            for number, inner in enumerate(part):
                walk(inner, f"{where}[{number}]")
        elif isinstance(part, dict):
            names = where.rsplit("/", 1)[-1]
            if own & part.keys() and "x-expected" not in part and names not in ("if", "properties", "$defs"):
                lacking.append(where)
            for key, inner in part.items():
                if key not in ("enum", "const", "required"):
                    walk(inner, f"{where}/{key}")

    walk(schema(), "#")
    assert lacking == []


def test_every_key_is_described_for_editors() -> None:
    """An editor that hovers over a key of the file or of a rule shows a sentence."""
    for properties in (schema()["properties"], schema()["$defs"]["rule"]["properties"]):
        for name, part in properties.items():
            assert part["description"].endswith("."), name


@pytest.mark.parametrize("file", sorted((ROOT / "policies").rglob("*.y*ml")), ids=lambda file: file.name)
def test_shipped_files_name_a_schema_that_exists(file: Path) -> None:
    """Every shipped file tells editors its schema, by a path that leads to one; that of a policy is the published one."""
    first = file.read_text(encoding="utf-8").splitlines()[0]
    named = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)
    assert named
    found = json.loads((file.parent / named[1]).read_text(encoding="utf-8"))
    root = parse(Source(file.name, file.read_text(encoding="utf-8")), [])
    assert root is not None
    data = root.data()
    assert isinstance(data, dict)
    if next(iter(data)) == "rolecall":
        assert found == schema()
    assert Draft202012Validator(found).is_valid(data)
