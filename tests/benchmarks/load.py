"""How long a large policy takes to load, step by step, and how many rules cost a decision how much."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any, Final

import msgspec
import yaml
from rolecall import Authorizer, Resource, Snapshot
from rolecall.compiler import compile_policy, load_table, table_sizes
from rolecall.compiler.cuts import find_cuts
from rolecall.compiler.halves import make_table
from rolecall.errors import PolicyError
from rolecall.loader import load_policy
from rolecall.loader.build import build
from rolecall.loader.files import read_sources
from rolecall.loader.nodes import parse
from rolecall.loader.structure import check_structure
from rolecall.table import TypeTable
from rolecall.vocabulary.origin import Finding

from benchmarks.big_policy import ROLES, big_policy_text, types
from benchmarks.timing import Ask, Contender

YAML: Final = getattr(yaml, "CLoader", yaml.Loader)
STEPS: Final = (
    "YAML events", "nodes with positions, events included", "structure", "names and build", "table", "cuts",
    "compile in all (table, cuts, findings)", "load in all (what `Authorizer.load` does)",
)  # fmt: skip


class Load(msgspec.Struct, frozen=True):
    """What loading took: milliseconds of processor time by step, and the policy's size."""

    steps: dict[str, float]
    rules: int
    bytes: int
    cuts: int
    cells: int


def measure_load(rules: int = 1_000, rounds: int = 3) -> Load:
    """Load a policy of so many rules and time each step by itself; medians of the rounds."""
    text = big_policy_text(rules)
    with TemporaryDirectory() as folder:
        file = Path(folder, "policy.yaml")
        file.write_text(text, "utf-8")
        times: dict[str, list[float]] = {step: [] for step in STEPS}

        def timed(step: str, call: Callable[..., Any], *arguments: object) -> Any:
            start = process_time()
            found = call(*arguments)
            times[step].append(1_000 * (process_time() - start))
            return found

        for _ in range(rounds):
            findings: list[Finding] = []
            source = read_sources(file)[0][0]
            timed(STEPS[0], events, source.text)
            root = timed(STEPS[1], parse, source, findings)
            timed(STEPS[2], lambda node: list(check_structure(node)), root)
            policy = timed(STEPS[3], lambda *given: build(*given, lenient=False), [(source, root)], file, findings)
            if findings:
                raise PolicyError(findings)
            table = timed(STEPS[4], make_table, policy)
            cuts = timed(STEPS[5], lambda *given: list(find_cuts(*given)), policy, table)
            timed(STEPS[6], compile_policy, policy)
            timed(STEPS[7], lambda: load_table(load_policy(file)))
        steps = {step: median(found) for step, found in times.items()}
        return Load(steps, len(policy.rules), len(text), len(cuts), sum(table_sizes(table).values()))


def events(text: str) -> int:
    """Count the events of a YAML text: what PyYAML costs, with nothing made of them."""
    return sum(1 for _ in yaml.parse(text, Loader=YAML))


def rule_contenders(
    raw: dict[str, Any], asks: int = 4_000, sizes: tuple[int, ...] = (10, 100, 1_000)
) -> Iterator[Contender]:
    """Give the same requests to policies of few rules and of many, over the same types, roles and roster."""
    roster, stream = big_stream(raw, asks)
    with TemporaryDirectory() as folder:
        for rules in sizes:
            file = Path(folder, f"{rules}.yaml")
            file.write_text(big_policy_text(rules), "utf-8")
            yield Contender(f"{rules} rules", Authorizer.load(file, facts=roster).authorize, stream)


def attributes_read(one: Contender) -> float:
    """Give how many attributes, the term among them, the policy's rules make a decision read, on average."""
    types: dict[str, TypeTable] = one.call.__self__.table.types  # type: ignore[attr-defined]  # `Authorizer.authorize`
    kinds = [types[resource.type] for _, resource, _, _ in one.stream]
    return sum(len(kind.attributes) + (kind.term is not None) for kind in kinds) / len(kinds)


def big_stream(raw: dict[str, Any], asks: int) -> tuple[Snapshot, list[Ask]]:
    """Give the roster with assignments for the large policy's roles, and questions about its types."""
    rng = Random("big stream")
    sections, users = raw["sections"], raw["users"]
    assigned = []
    for user in rng.sample(users, len(users) // 4):
        role, scopes = rng.choice(list(ROLES.items()))
        scope, section = rng.choice(scopes.split(", ")), rng.choice(sections)
        place = {"section": section["id"], "school": section["school"], "district": section["district"]}[scope]
        assigned.append({"user": user["id"], "role": role, "scope": scope, "id": place})
    stream: list[Ask] = []
    near: dict[str, list[Any]] = {one["id"]: [] for one in users}
    for section in sections:
        for person in (*section["teachers"], *section["students"]):
            near.setdefault(person, []).append(section)
    for number in range(asks):
        user = rng.choice(users)["id"]
        kind, (within, permissions, attributes) = rng.choice(list(types().items()))
        section = rng.choice(near[user] if near[user] and rng.random() < 0.7 else sections)
        student = rng.choice(section["students"] or [user])
        places = {
            "section": section["id"],
            "student": student,
            "school": section["school"],
            "district": section["district"],
        }
        values = {
            "locked": rng.random() < 0.3,
            "published": rng.random() < 0.7,
            "state": rng.choice(("draft", "shown")),
        }
        properties = {name: values[name] for name in attributes}
        if kind not in places:
            properties |= {name: places[name] for name in places if name in within}
            properties["owner"] = user
        stream.append(
            (user, Resource(kind, places.get(kind, f"{kind}-{number}"), properties), rng.choice(permissions), None)
        )
    return Snapshot.read({**raw, "assignments": assigned}), stream
