"""Broken input of every kind: each time the error that was promised, or an answer; never another exception, no hang.

Policies, snapshots (as objects, as JSON, as JSON lines) and request lines are taken from made-up worlds, broken in one
to four places, and read. Where there still is an answer, the plain specification has to allow what is allowed.
The numbers are seeds: the same broken inputs every time. A small sample runs always, all of them with `-m full`.
"""

from __future__ import annotations

import copy
import json
import random
import re
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import oracle
import pytest
import strategies
import yaml
from rolecall import Authorizer
from rolecall.authzen import error_response, read_evaluation, response
from rolecall.compiler import load_table
from rolecall.errors import FactsError, PolicyError, RequestError
from rolecall.facts.snapshot import Snapshot
from rolecall.json_text import NotJson, read_json
from rolecall.loader import load_policy
from rolecall.record import record

ROOT = Path(__file__).parents[2]
SECONDS = 10  # for one input: far more than any needs, and far less than a hang

Mutation = Callable[[random.Random, bytes], bytes]


@contextmanager
def at_most(seconds: int, what: object) -> Iterator[None]:
    """Fail where the block takes longer: a hang is a failure, not a long test."""

    def stop(*_: object) -> None:
        raise TimeoutError(f"no end after {seconds} s: {str(what)[:300]}")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


# Bytes.

TOKENS = [
    b"", b" ", b"\n", b"\n\n  ", b"\r", b"\t", b":", b": ", b"- ", b"-", b"[", b"]", b"{", b"}", b",", b'"', b"'", b"#", b" #",
    b"&a ", b"*a", b"!!str ", b"!x ", b"%YAML 1.2\n---\n", b"---\n", b"...\n", b"|\n", b">-\n", b"? ", b"<<: ", b"@", b"`", b"\\", b"\\u0000",
    b"\\ud800", b"\\udc00\\ud800", b"\x00", b"\x07", b"\x1b[2J", b"\x7f", b"\x85", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xef\xbb\xbf",
    b"\xe2\x80\xa8", b"\xc2\x85", b"\xc2\xa0", b"\xe2\x80\xae", b"\xf0\x9f\x8f\xab", b"NaN", b"-Infinity", b"1e999", b"-0", b"0x" + b"f" * 6000,
    b"9" * 5000, b"1" * 300 + b".5", b".inf", b".nan", b"0o777", b"null", b"~", b"true", b"yes", b"12:30", b"2024-01-01", b"1.10", b"[]", b"{}",
    b'""', b"[" * 40_000, b'{"a":' * 3000, b"[" * 990 + b"]" * 990, b"- " * 2000, b"a" * 100_000, b"everyone", b"all", b"none", b"term", b"unknown",
    b"owner", b"include", b"except", b"teacher", b"section", b"min: all\n", b"rolecall: 1\n", b'"id":', b'"id":"u1",', b'"as_of":null,',
]  # fmt: skip


def flip(rng: random.Random, data: bytes) -> bytes:
    """Change one bit."""
    changed = bytearray(data)
    place = rng.randrange(len(data))
    changed[place] ^= 1 << rng.randrange(8)
    return bytes(changed)


def cut_out(rng: random.Random, data: bytes) -> bytes:
    """Delete some bytes."""
    start = rng.randrange(len(data))
    return data[:start] + data[start + rng.choice([1, 1, 2, 5, 20, 200]) :]


def repeat(rng: random.Random, data: bytes) -> bytes:
    """Write some bytes twice."""
    start = rng.randrange(len(data))
    end = start + rng.choice([1, 2, 5, 20, 200])
    return data[:end] + data[start:end] + data[end:]


def insert(rng: random.Random, data: bytes) -> bytes:
    """Write something odd somewhere."""
    start = rng.randrange(len(data) + 1)
    return data[:start] + rng.choice(TOKENS) + data[start:]


def swap_words(rng: random.Random, data: bytes) -> bytes:
    """Let two words change places."""
    words = data.split(b" ")
    one, other = rng.randrange(len(words)), rng.randrange(len(words))
    words[one], words[other] = words[other], words[one]
    return b" ".join(words)


def swap_lines(rng: random.Random, data: bytes) -> bytes:
    """Let two lines change places, or stand twice."""
    lines = data.split(b"\n")
    one, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    if rng.random() < 0.5:
        lines[one], lines[other] = lines[other], lines[one]
    else:
        lines.insert(other, lines[one])
    return b"\n".join(lines)


def indent(rng: random.Random, data: bytes) -> bytes:
    """Move one line to the right, or to the left."""
    lines = data.split(b"\n")
    one = rng.randrange(len(lines))
    lines[one] = rng.choice(
        [b" " + lines[one], b"  " + lines[one], lines[one][1:], lines[one].strip(), b"\t" + lines[one]]
    )
    return b"\n".join(lines)


def stop_early(rng: random.Random, data: bytes) -> bytes:
    """Leave out the end."""
    return data[: rng.randrange(len(data))]


MUTATIONS: list[Mutation] = [flip, cut_out, repeat, insert, insert, insert, swap_words, swap_lines, indent, stop_early]


def broken(rng: random.Random, data: bytes) -> bytes:
    """Break a text in one to four places."""
    for _ in range(rng.choice([1, 1, 1, 2, 4])):
        data = rng.choice(MUTATIONS)(rng, data) if data else data
    return data


# JSON values.


def deep(levels: int) -> Any:
    """Give lists inside each other."""
    found: Any = []
    for _ in range(levels):
        found = [found]
    return found


ODD: list[Any] = [
    None, True, False, 0, 1, -1, 1.5, 10**30, float("nan"), float("inf"), "", " ", "u1", "s1", "k1", "d1", "\ud800", "\x00", "a" * 100_000, "é",
    [], {}, [None], [[]], [""], ["u1", 7], [{}], {"id": "u1"}, {"": None}, deep(60), "2024-06-01", "2024-06-01T00:00:00Z", "9999-12-31T23:59:60Z",
    "0001-01-01T00:00:00+23:59", "9999-12-31T23:00:00-01:00", "9999-12-31", "0001-01-01", "2024-06-01T00:00:00", "user", "group", "teacher",
    "PortalOnly", "portal only", "Parent/Guardian", ["PortalOnly", 3], "section", "view",
]  # fmt: skip


def holders(value: Any) -> Iterator[dict[str, Any] | list[Any]]:
    """Give every object and list of a value that is not empty."""
    if isinstance(value, dict | list):
        if value:
            yield value
        for inner in value.values() if isinstance(value, dict) else value:
            yield from holders(inner)


def broken_value(rng: random.Random, value: Any) -> Any:
    """Break a copy of a JSON value in one to four places: other types, missing and repeated members, exchanged ones."""
    value = copy.deepcopy(value)
    for _ in range(rng.choice([1, 1, 1, 2, 4])):
        places = list(holders(value))
        if not places:
            return rng.choice(ODD)
        place = rng.choice(places)
        key: Any = rng.choice(list(place)) if isinstance(place, dict) else rng.randrange(len(place))
        other = rng.choice(places)
        match rng.randrange(7):
            case 0 | 1 | 2:
                place[key] = copy.deepcopy(rng.choice(ODD))
            case 3:
                del place[key]
            case 4 if isinstance(place, list):
                place.insert(0, copy.deepcopy(place[key]))
            case 4:
                place[
                    rng.choice([f"{key} ", str(key).upper(), "unheard-of", "id", "district", "from", "roles", "as_of"])
                ] = place[key]
            case 5:  # exchange two values
                there: Any = rng.choice(list(other)) if isinstance(other, dict) else rng.randrange(len(other))
                first, second = copy.deepcopy(place[key]), copy.deepcopy(other[there])
                place[key], other[there] = second, first
            case _:
                place[key] = [place[key]] if rng.random() < 0.5 else {"id": place[key]}
    return value


# Worlds.


class World:
    """A made-up policy, compiled, with a roster and the instant of the decisions."""

    def __init__(self, seed: int, folder: Path) -> None:
        rng = random.Random(seed)
        self.policy = strategies.random_policy(rng)
        file = folder / "world.yaml"
        file.write_text(json.dumps(self.policy), encoding="utf-8")
        self.table = load_table(load_policy(file))
        self.snapshot = strategies.random_snapshot(rng, self.policy)
        self.at: datetime = strategies.at(self.snapshot)
        self.requests = [strategies.random_request(rng, self.policy, self.snapshot) for _ in range(40)]

    def pdp(self, facts: Snapshot) -> Authorizer:
        """Put the policy in force over some facts."""
        return Authorizer(self.table, facts=facts, max_stale=None, clock=lambda: self.at)


@cache
def worlds(folder: Path) -> list[World]:
    """Give a dozen worlds."""
    return [World(seed, folder) for seed in range(12)]


def answer(pdp: Authorizer, raw: object) -> frozenset[str] | None:
    """Answer a request as the command line does: the permissions, or None for a request that is not valid."""
    try:
        asked = read_evaluation(raw)
        decision = pdp.authorize(asked.user, asked.resource, asked.permission, acting_as=asked.acting_as)
    except RequestError as error:
        json.dumps(error_response(str(error)))
        return None
    said = response(decision)
    json.dumps(said)
    json.dumps(record(decision))
    assert said["decision"] == (asked.permission in decision.permissions)
    return decision.permissions


# Instants by RFC 3339 that Python's `datetime` cannot hold, so that the specification takes them for none.
RARE = re.compile(r":60|[tz]|^0001-01-01|^9999-12-31")


def rare_instant(snapshot: dict[str, Any], user: str) -> bool:
    """Say whether an assignment of the user begins or ends at a leap second, or in the year 0 or 10000 of UTC."""
    assigned = [one for one in snapshot["assignments"] if one.get("user") == user]
    return any(RARE.search(str(one.get(key))) for one in assigned for key in ("from", "until"))


def compare(world: World, pdp: Authorizer, snapshot: object, requests: list[Any], tally: Counter[str]) -> None:
    """Answer requests about a snapshot that was broken and could be read: nothing that the specification denies."""
    assert isinstance(snapshot, dict)
    plain = oracle.Oracle(world.policy, snapshot)
    for raw in requests:
        found = answer(pdp, raw)
        expected = plain.decide(raw, world.at)
        assert (found is None) == (expected.status == "invalid"), raw
        if expected.status == "indeterminate" and rare_instant(snapshot, raw["subject"]["id"]):
            continue
        assert (found or frozenset()) <= expected.permissions, (raw, expected, snapshot)
        tally["answers"] += 1
        tally["allowing answers"] += bool(found)
        tally["answers that allow less"] += (found or frozenset()) < expected.permissions


# The three kinds of input.


def policies(count: int, folder: Path) -> Counter[str]:
    """Read broken policies: each is refused with findings that can be shown, or compiles."""
    rng = random.Random(1)
    texts = [path.read_bytes() for path in sorted((ROOT / "policies").glob("*.yaml"))]
    texts += [path.read_bytes() for path in sorted((ROOT / "tests" / "cases" / "errors").glob("*/*/policy.yaml"))]
    data = [
        yaml.safe_load(text) for text in texts if b"floor-cut" not in text and not any(c in text for c in b"*%@!{{")
    ]
    texts += [json.dumps(world.policy, indent=rng.choice([None, 1])).encode() for world in worlds(folder)]
    data = [world.policy for world in worlds(folder)] + [one for one in data if one]
    tally: Counter[str] = Counter()
    file = folder / "policy.yaml"
    for number in range(count):
        if rng.random() < 0.7:
            text = broken(rng, rng.choice(texts))
        else:
            text = json.dumps(broken_value(rng, rng.choice(data)), ensure_ascii=rng.random() < 0.5).encode(
                "utf-8", "surrogatepass"
            )
        file.write_bytes(text)
        with at_most(SECONDS, (number, text)):
            try:
                load_table(load_policy(file))
                tally["policies that compile"] += 1
            except PolicyError as error:
                assert error.findings, (number, text)
                str(error).encode("utf-8")
                tally["policies refused"] += 1
    return tally


def objects(count: int, folder: Path) -> Counter[str]:
    """Read broken snapshots that are objects in memory."""
    rng = random.Random(2)
    tally: Counter[str] = Counter()
    for number in range(count):
        world = rng.choice(worlds(folder))
        snapshot = broken_value(rng, world.snapshot)
        with at_most(SECONDS, number):
            try:
                facts = Snapshot.read(snapshot)
            except FactsError as error:
                str(error).encode("utf-8", "surrogatepass")
                tally["snapshots refused"] += 1
                continue
            tally["snapshots read"] += 1
            compare(world, world.pdp(facts), snapshot, rng.sample(world.requests, 4), tally)
    return tally


def files(count: int, folder: Path) -> Counter[str]:
    """Read broken snapshot files, one object or JSON lines."""
    rng = random.Random(3)
    tally: Counter[str] = Counter()
    for number in range(count):
        world = rng.choice(worlds(folder))
        snapshot = world.snapshot if rng.random() < 0.6 else broken_value(rng, world.snapshot)
        in_lines = isinstance(snapshot, dict) and rng.random() < 0.5
        text = as_lines(snapshot) if in_lines else json.dumps(snapshot)
        data = text.encode()
        if snapshot is world.snapshot or rng.random() < 0.3:
            data = broken(rng, data)
        file = folder / ("snapshot.jsonl" if in_lines else "snapshot.json")
        file.write_bytes(data)
        with at_most(SECONDS, (number, data)):
            try:
                facts = Snapshot.load(file)
            except FactsError as error:
                str(error).encode("utf-8", "surrogatepass")
                tally["snapshot files refused"] += 1
                continue
            tally["snapshot files read"] += 1
            content = of_lines(data) if in_lines else read_json(data)
            compare(world, world.pdp(facts), content, rng.sample(world.requests, 4), tally)
    return tally


def as_lines(snapshot: dict[str, Any]) -> str:
    """Write a snapshot as JSON lines."""
    rows: list[Any] = [{"kind": "snapshot", "as_of": snapshot.get("as_of")}]
    for name, entries in snapshot.items():
        if name != "as_of":
            many = entries if isinstance(entries, list) else [entries]
            rows += [{"kind": name.removesuffix("s"), "data": one} for one in many]
    return "\n".join(json.dumps(row) for row in rows) + "\n"


def of_lines(data: bytes) -> dict[str, Any]:
    """Read JSON lines that the engine could read back into one object, for the specification."""
    found: dict[str, Any] = {}
    for line in data.split(b"\n"):
        if line.strip():
            row: Any = read_json(line)
            if row["kind"] != "snapshot":
                found.setdefault(f"{row['kind']}s", []).append(row.get("data"))
    return found


def lines(count: int, folder: Path) -> Counter[str]:
    """Answer broken request lines: a 400 exactly where the specification calls the request invalid."""
    rng = random.Random(4)
    ready = [(world, world.pdp(Snapshot.read(world.snapshot))) for world in worlds(folder)]
    tally: Counter[str] = Counter()
    for number in range(count):
        world, pdp = rng.choice(ready)
        request = rng.choice(world.requests)
        if rng.random() < 0.5:
            data = broken(rng, json.dumps(request).encode())
        else:
            data = json.dumps(broken_value(rng, request)).encode()
        with at_most(SECONDS, (number, data)):
            try:
                raw = read_json(data)
            except NotJson as error:
                str(error).encode("utf-8", "surrogatepass")
                tally["request lines refused"] += 1
                continue
            tally["request lines read"] += 1
            compare(world, pdp, world.snapshot, [raw], tally)
    return tally


SIZES = {policies: (120, 12_000), objects: (200, 12_000), files: (200, 6_000), lines: (500, 24_000)}


@pytest.mark.parametrize("kind", SIZES)
def test_a_sample_of_broken_input_does_no_harm(
    kind: Callable[[int, Path], Counter[str]], tmp_path_factory: Any
) -> None:
    """A small sample of each kind of broken input gives errors and answers, both of them, and nothing else."""
    tally = kind(SIZES[kind][0], tmp_path_factory.getbasetemp())
    assert min(tally[name] for name in tally if "refused" in name or "read" in name or "compile" in name) > 0


@pytest.mark.full
@pytest.mark.parametrize("kind", SIZES)
def test_broken_input_does_no_harm(kind: Callable[[int, Path], Counter[str]], tmp_path_factory: Any) -> None:
    """54,000 broken inputs give errors and answers, and nothing else."""
    assert sum(full for _, full in SIZES.values()) >= 54_000
    tally = kind(SIZES[kind][1], tmp_path_factory.getbasetemp())
    print(dict(tally))


EXTREMES = {
    "a number of 6,000 digits": b"rolecall: 1\napplication: 0x" + b"f" * 6000,
    "a decimal of 6,000 digits": b"rolecall: 1\napplication: " + b"9" * 6000,
    "an unheard-of time zone": b"rolecall: 1\napplication: a\ntimezone: Mars/Olympus_Mons\n",
    "a time zone that is a folder": b"rolecall: 1\napplication: a\ntimezone: America\n",
    "a time zone out of the folder": b"rolecall: 1\napplication: a\ntimezone: ../../etc/passwd\n",
    "a time zone with a zero byte": b'rolecall: 1\napplication: a\ntimezone: "UTC\\0"\n',
    "a time zone of 5,000 letters": b"rolecall: 1\napplication: a\ntimezone: " + b"a" * 5000,
    "a surrogate": b'rolecall: 1\napplication: "\\ud800"\n---\n',
    "40,000 dashes": b"rolecall: 1\nrules:\n" + b"- " * 40_000,
    "40,000 question marks": b"rolecall: 1\nrules:\n" + b"? " * 40_000,
    "40,000 open quotes": b"rolecall: 1\nrules:\n" + b"'" * 39_999,
    "40,000 anchors": b"rolecall: 1\nrules: [" + b"&a a, " * 40_000 + b"]",
    "40,000 aliases": b"rolecall: 1\nrules: [" + b"*a, " * 40_000 + b"]",
    "40,000 keys": b"rolecall: 1\n" + b"".join(b"k%d: 1\n" % number for number in range(40_000)),
}


@pytest.mark.parametrize("name", EXTREMES)
def test_extreme_policies_are_refused(name: str, tmp_path: Path) -> None:
    """What is meant to hurt is refused, in a text that a terminal can show."""
    file = tmp_path / "policy.yaml"
    file.write_bytes(EXTREMES[name])
    with at_most(SECONDS, name), pytest.raises(PolicyError) as caught:
        load_policy(file)
    str(caught.value).encode("utf-8")


def test_a_long_chain_of_sets_is_no_deep_recursion(tmp_path: Path) -> None:
    """2,000 sets of which each includes the one before it compile."""
    sets = {f"s{number}": {"include": [f"s{number - 1}"]} for number in range(2000, 0, -1)} | {
        "s0": {"school": ["view"]}
    }
    rule = {"id": "one", "because": "One.", "when": {"staff": "school"}, "min": "s2000"}
    resources = {"school": {"permissions": ["view"]}}
    policy = {"rolecall": 1, "application": "a", "resources": resources, "permission_sets": sets, "rules": [rule]}
    file = tmp_path / "policy.yaml"
    file.write_text(json.dumps(policy), encoding="utf-8")
    (half,) = load_table(load_policy(file)).types["school"].minima
    assert half.permissions == 1


def test_a_long_chain_of_permissions_is_no_deep_recursion(tmp_path: Path) -> None:
    """Of 500 permissions that each imply the next the first brings them all."""
    permissions = {f"p{number}": {"implies": [f"p{number + 1}"]} for number in range(499)} | {"p499": None}
    rule = {"id": "one", "because": "One.", "when": {"staff": "school"}, "min": {"school": ["p0"]}}
    resources = {"school": {"permissions": permissions}}
    policy = {"rolecall": 1, "application": "a", "resources": resources, "rules": [rule]}
    file = tmp_path / "policy.yaml"
    file.write_text(json.dumps(policy), encoding="utf-8")
    (half,) = load_table(load_policy(file)).types["school"].minima
    assert half.permissions == (1 << 500) - 1


@pytest.mark.parametrize("depth", [10, 500, 900, 980, 1_000, 5_000, 100_000])
def test_deeply_nested_requests_are_answered_or_refused(depth: int, tmp_path: Path) -> None:
    """However deep a property is nested, the line gets an answer or is no JSON that can be read."""
    world = World(3, tmp_path)
    request = next(one for one in world.requests if isinstance(one, dict) and one.get("resource", {}).get("properties"))
    nested = b'"properties": {"deep": ' + b"[" * depth + b"]" * depth + b", "
    line = json.dumps(request).encode().replace(b'"properties": {', nested, 1)
    try:
        raw = read_json(line)
    except NotJson as error:
        assert str(error) == "nested too deep"
    else:
        compare(world, world.pdp(Snapshot.read(world.snapshot)), world.snapshot, [raw], Counter())


@pytest.mark.parametrize(
    "text",
    [
        '{"kind":"snapshot","as_of":"0001-01-01T00:00:00+23:59"}',
        '{"kind":"snapshot","as_of":"9999-12-31T23:59:60Z"}',
        '{"kind":"snapshot","as_of":17}',
        '{"kind":"snapshot"}\n{"kind":"as_of","data":"2030-01-01T00:00:00Z"}',
        '{"kind":"snapshot"}\n{"kind":"snapshot"}',
        '{"kind":"user","data":{}}',
        '{"kind":"snapshot"}\n{"kind":"users","data":{}}',
        '{"kind":"snapshot"}\n{"kind":"user","data":{"id":"u1","id":"u2"}}',
        '{"kind":"snapshot"}\n{"kind":"user","data":{"id":NaN}}',
        '{"kind":"snapshot"}\n{"kind":"user","data":[]}',
        '{"kind":"snapshot"}\n{"kind":"user"}',
        '{"kind":"snapshot"}\n[]',
        '{"kind":[]}',
        "",
    ],
)
def test_malformed_json_lines_are_refused(text: str, tmp_path: Path) -> None:
    """A snapshot that would have to be guessed at is refused whole, and so is one that moves its own time."""
    file = tmp_path / "snapshot.jsonl"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(FactsError, match="snapshot"):
        Snapshot.load(file)


def test_the_longest_term_is_a_term(tmp_path: Path) -> None:
    """A term that ends in the year 10000, as seen from UTC, breaks nothing, and is not over."""
    world = next(one for one in worlds(tmp_path) if one.snapshot["sections"] and one.snapshot["terms"])
    snapshot = copy.deepcopy(world.snapshot)
    for term in snapshot["terms"]:
        term |= {"start_date": "0001-01-01", "end_date": "9999-12-31T23:00:00-01:00"}
    pdp = world.pdp(Snapshot.read(snapshot))
    assert [answer(pdp, raw) for raw in world.requests]
