"""The fake's answers against Clever's own specification, where that is at hand: read, never copied.

Nothing is required in it, so the check is made stricter than it is: what it does not name must not be sent. The fake
leaves it on purpose in two places: one object comes with `links` (which its `*Response` omits, and Clever sends), and
the values of `previous_attributes` are of any kind (it says objects, which a previous e-mail address is not).
"""

from functools import cache
from pathlib import Path

import pytest
import yaml
from clever_fake import ask, fake, ids, link, who
from jsonschema import Draft4Validator
from rolecall.testing import demo_district
from rolecall.testing.fake import routes

FOLDER = Path(__file__).parents[4] / "shared" / "clever"
LACKING = not (FOLDER / "v3.0.yml").exists()
pytestmark = pytest.mark.skipif(LACKING, reason="Clever's specification is not at hand (../shared/clever/v3.0.yml)")
COURSE, RESOURCE = "c0" + "0" * 21 + "1", "4e" + "0" * 21 + "1"
ONES = {
    "courses": [COURSE],
    "districts": [who("district")],
    "resources": [RESOURCE],
    "schools": [who("high")],
    "sections": [who("algebra_class")],
    "terms": [who("current_term")],
    "users": [who("multi_role_teacher"), who("child_high"), who("guardian"), who("district_admin"), who("nobody")],
}
"""The objects to ask about, by the first word of a path."""
EMPTY = {"/users/{id}/resources", "/sections/{id}/resources", "/courses/{id}/resources"} | {
    f"/resources/{{id}}/{what}" for what in ("courses", "sections", "users")
}
"""Lists that stay empty: no record says which resource goes with whom."""


def strict(schema):
    """A JSON Schema of a piece of the specification: null where it may be, nothing that it does not name."""
    if isinstance(schema, list):
        return [strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: strict(value) for key, value in schema.items() if not key.startswith("x-")}
    if isinstance(schema.get("properties"), dict) and "discriminator" not in schema and schema.get("type") == "object":
        made.setdefault("additionalProperties", False)
    return {"anyOf": [made, {"type": "null"}]} if schema.get("x-nullable") is True else made


@cache
def specification(name):
    """The paths, and the definitions made strict."""
    document = yaml.safe_load((FOLDER / name).read_text("utf-8"))
    definitions = strict(document["definitions"])
    for kind, made in definitions.items():
        if kind.endswith("Response"):
            made["properties"].setdefault("links", {"type": "array", "items": {"$ref": "#/definitions/Link"}})
        for part in made.get("allOf", []):
            part.pop("additionalProperties", None)
            part.get("properties", {}).pop("previous_attributes", None)
    return document["paths"], definitions


@cache
def check(name, definition):
    """A validator for one definition."""
    definitions = specification(name)[1]
    Draft4Validator.check_schema({"definitions": definitions})
    return Draft4Validator({"$ref": f"#/definitions/{definition}", "definitions": definitions})


def valid(name, definition, document):
    """Fail with every place where the document is not what the definition says."""
    wrong = [
        f"{list(error.absolute_path)}: {error.message}"[:300] for error in check(name, definition).iter_errors(document)
    ]
    assert not wrong, "\n".join(wrong)


@cache
def world():
    """The demo district with a course and a resource as well."""
    snapshot = demo_district(users=100)
    district = who("district")
    snapshot["courses"] = [{"id": COURSE, "district": district, "name": "Algebra", "number": None}]
    snapshot["resources"] = [{"id": RESOURCE, "district": district, "title": "A book", "roles": ["student"]}]
    for section in snapshot["sections"][:20]:
        section["course"] = COURSE
    return fake(snapshot)


def paths():
    """Every path of the specification; none where it is not at hand."""
    return sorted(specification("v3.0.yml")[0]) if (FOLDER / "v3.0.yml").exists() else []


@pytest.mark.parametrize("path", paths())
def test_every_answer_is_as_the_specification_says(path):
    """Each path of it is served, for each value of its filters, and has something in it for somebody."""
    get = specification("v3.0.yml")[0][path]["get"]
    definition = get["responses"]["200"]["schema"]["$ref"].rpartition("/")[2]
    named = {one["name"]: one for one in get.get("parameters", [])}
    queries = ["", *(f"?role={role}" for role in named.get("role", {}).get("enum", []))]
    queries += [f"?{name}={value}" for name in ("primary", "count") for value in named.get(name, {}).get("enum", [])]
    queries += ["?limit=2", "?starting_after=5", "?ending_before=ff"] if "limit" in named else []
    found = 0
    for query in queries:
        for one in ONES[path.split("/")[1]] if "{id}" in path else [""]:
            got = ask(world(), f"/v3.0{path.replace('{id}', one)}{query}")
            assert got.status == 200, (one, query)
            valid("v3.0.yml", definition, got.json)
            found += bool(got.json["data"])
    assert bool(found) == (path not in EMPTY)


@pytest.mark.parametrize("path", paths())
def test_what_is_not_there_is_not_found_as_the_specification_says(path):
    """An id that nothing has is a 404 with a message, wherever the specification knows one."""
    get = specification("v3.0.yml")[0][path]["get"]
    if "404" not in get["responses"]:
        return
    got = ask(world(), f"/v3.0{path.replace('{id}', 'f' * 24)}")
    assert got.status == 404
    valid("v3.0.yml", "NotFound", got.json)


def test_every_role_filter_takes_what_the_specification_names_and_nothing_else():
    """Where a list can be had for a role, other words are a 400; where it cannot, the word is passed over."""
    for path, operations in specification("v3.0.yml")[0].items():
        named = {one["name"]: one for one in operations["get"].get("parameters", [])}
        one = ONES[path.split("/")[1]][0]
        target = f"/v3.0{path.replace('{id}', one)}"
        for role in ("contact", "district_admin", "staff", "student", "teacher", "school_admin", "principal"):
            got = ask(world(), f"{target}?role={role}")
            allowed = "role" not in named or role in named["role"]["enum"]
            assert got.status == (200 if allowed else 400), (path, role)
            if not allowed:
                valid("v3.0.yml", "BadRequest", got.json)


def test_no_address_is_made_up():
    """Every relation that the fake serves is a path of the specification."""
    known = {tuple(path.strip("/").split("/")) for path in paths()}
    plural = {"user": "users", "school": "schools", "section": "sections", "term": "terms", "course": "courses"}
    for kind, name in [*routes.MANY, *routes.ONE]:
        assert (plural.get(kind, "resources"), "{id}", name) in known


@pytest.mark.parametrize("kind", ["district", "school", "term", "course", "section", "user", "resource"])
def test_the_events_of_a_kind_are_as_the_specification_says(kind):
    """Created, updated, deleted and restored: each event is what the definition of its type says."""
    clever = fake()
    record = {"id": "0" * 23 + "1", "name": "Old"} | ({} if kind == "district" else {"district": who("district")})
    if kind in {"user", "resource"}:
        record.pop("name")
    changed = record | {"user": {"email": "new@oakvale.example"}, "resource": {"title": "New"}}.get(
        kind, {"name": "New"}
    )
    # A district of its own would have its own feed.
    where = {"district": who("district")}
    made = [clever.change(kind, record, **where), clever.change(kind, changed, **where)]
    made += [clever.delete(kind, record["id"], **where), clever.restore(kind, record["id"], **where)]
    got = ask(clever, "/v3.0/events")
    valid("v3.0-events.yml", "EventsResponse", got.json)
    events = [one["data"] for one in got.json["data"]]
    assert ids(events) == made
    whats = [f"{kind}s.{what}" for what in ("created", "updated", "deleted", "created")]
    assert [event["type"] for event in events] == whats
    for event in events:
        assert event.keys() <= {"id", "type", "created", "data", "previous_attributes"}
        valid("v3.0-events.yml", event["type"], event)
        alone = ask(clever, f"/v3.0/events/{event['id']}").json
        valid("v3.0-events.yml", "EventResponse", alone)
        assert (alone["data"], link(alone, "self")) == (event, f"/v3.0/events/{event['id']}")


def test_the_filters_of_the_feed_are_those_of_the_specification():
    """Each of them is taken, and the answer stays what it says."""
    clever = fake()
    section = clever.record("section", who("algebra_class"))
    clever.change("section", section)
    clever.change("user", clever.record("user", who("teacher")))
    named = {one["name"] for one in specification("v3.0-events.yml")[0]["/events"]["get"]["parameters"]}
    assert named == {"limit", "starting_after", "ending_before", "school", "record_type"}
    found = {}
    for query in ("", "?school=" + section["school"], "?record_type=users", "?record_type=users&record_type=sections"):
        got = ask(clever, f"/v3.0/events{query}").json
        valid("v3.0-events.yml", "EventsResponse", got)
        found[query] = [one["data"]["type"] for one in got["data"]]
    assert list(found.values()) == [
        ["sections.updated", "users.updated"],
        ["sections.updated"],
        ["users.updated"],
        ["sections.updated", "users.updated"],
    ]
