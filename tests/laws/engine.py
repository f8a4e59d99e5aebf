"""The engine as the laws ask it: a policy and a snapshot as data in, answers as data out."""

import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import yaml
from rolecall import Authorizer, Decision, RequestError, Snapshot
from rolecall.authzen import read_evaluation, response
from rolecall.compiler import load_table
from rolecall.loader import load_policy
from rolecall.policy import Policy
from rolecall.table import Table

Json = dict[str, Any]


class Plain(yaml.CSafeDumper):
    """YAML as people write it: what is shared is written as often as it is named."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the dumper gives it
        """Write no aliases."""
        return True


def loaded(*files: Mapping[str, Any]) -> Policy:
    """Return the policy that is written in one file, or in several in a folder and its folders."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, *["more"] * (number % 3), f"{number}.yaml") for number, _ in enumerate(files)]
        for path, file in zip(paths, files, strict=True):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(yaml.dump(dict(file), Dumper=Plain, sort_keys=False), encoding="utf-8")
        return load_policy(paths[0] if len(paths) == 1 else folder)


class Clock:
    """A clock that stands where it is put."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """Tell the time."""
        return self.now


@dataclass(frozen=True)
class Answer:
    """What came of one request; `why` says what kept it from the table, or `table`."""

    status: Literal["ok", "invalid", "indeterminate"]
    permissions: frozenset[str] = frozenset()
    decision: bool = False
    why: str = ""


INVALID = Answer("invalid", why="invalid")


def read(decision: Decision) -> Answer:
    """Return what the AuthZEN response to a decision says."""
    body = response(decision)
    said = bool(body["decision"]), frozenset(body["context"]["permissions"])
    if decision.indeterminate:
        return Answer("indeterminate", said[1], said[0], decision.cell.code)
    return Answer("ok", said[1], said[0], decision.cell.code)


class Engine:
    """A policy in force over a snapshot, at the time of the snapshot unless the clock is put elsewhere."""

    def __init__(self, policy: Mapping[str, Any] | Table, snapshot: Mapping[str, Any]) -> None:
        """Take a policy, as data or compiled, and the facts."""
        self.table = policy if isinstance(policy, Table) else load_table(loaded(policy))
        self.clock = Clock(datetime.fromisoformat(snapshot["as_of"]))
        self.pdp = Authorizer(self.table, facts=Snapshot.read(snapshot), max_stale=None, clock=self.clock)

    def over(self, snapshot: Mapping[str, Any]) -> "Engine":
        """Return the same policy in force over other facts."""
        return Engine(self.table, snapshot)

    def answer(self, request: Any, *, permissions_mode: bool = False) -> Answer:
        """Answer one AuthZEN request through `authorize`."""
        try:
            asked = read_evaluation(request, action_needed=not permissions_mode)
            return read(self.pdp.authorize(asked.user, asked.resource, asked.permission, acting_as=asked.acting_as))
        except RequestError:
            return INVALID

    def answer_many(self, request: Any, others: Iterable[Any] = (), *, permissions_mode: bool = False) -> list[Answer]:
        """Answer through one `authorize_many` a request, and what it asks, of the resources of others."""
        try:
            asked = read_evaluation(request, action_needed=not permissions_mode)
            more = [read_evaluation(other, action_needed=False).resource for other in others]
            resources = [asked.resource, *more]
            found = self.pdp.authorize_many(asked.user, resources, asked.permission, acting_as=asked.acting_as)
        except RequestError:
            return [INVALID]
        return [read(one) for one in found]

    def may(self, request: Any) -> frozenset[str]:
        """Return everything that a request's subject may do to its resource; what is invalid gives nothing."""
        return self.answer(request, permissions_mode=True).permissions
