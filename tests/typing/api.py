"""The public API as an application uses it. Never run: mypy and pyright read it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import rolecall
from rolecall import (
    Authorizer,
    Decision,
    Decisions,
    FactsError,
    Indeterminate,
    PermissionDenied,
    PolicyError,
    RequestError,
    Resource,
    Snapshot,
)


@dataclass(frozen=True)
class Account:
    """An application's user."""

    clever_id: str


def load_assignment(identifier: str) -> Mapping[str, object] | None:
    return {"section": "s1", "locked": False} if identifier else None


async def load_grade(identifier: str) -> Mapping[str, object] | None:
    return {"section": "s1", "student": identifier}


def assigned(user: str) -> Sequence[Mapping[str, object]]:
    return [{"user": user, "role": "substitute", "scope": "section", "id": "s1", "until": datetime.now(UTC)}]


def use() -> None:
    try:
        pdp = Authorizer.load(
            "policies/",
            facts=Snapshot.load("snapshot.json"),
            assignments=assigned,
            resources={"assignment": load_assignment, "grade": load_grade},
            max_stale=timedelta(hours=1),
            clock=lambda: datetime.now(UTC),
        )
    except (PolicyError, FactsError) as error:
        raise SystemExit(str(error)) from error
    decision: Decision = pdp.authorize("u1", Resource("section", "s1"), "edit", acting_as=["teacher"])
    allowed: bool = decision.allowed
    permissions: frozenset[str] = pdp.permissions(Account("u1"), Resource("assignment", "a1", {"section": "s1"}))
    many: Decisions = pdp.authorize_many("u1", [Resource("section", "s1"), Resource("section", "s2")], "edit")
    some: bool = many.any_allowed or many.all_allowed
    first: Decision = many[0]
    try:
        pdp.check("u1", Resource("section", "s1"), "edit")
    except PermissionDenied as denied:
        status: int = denied.status
        because: str = denied.decision.code
        print(status, because, allowed, permissions, some, first.id, first.time.isoformat())
    except Indeterminate as unknown:
        print(unknown.decision.indeterminate)
    except RequestError as malformed:
        print(malformed)
    rolecall.configure(pdp)
    rolecall.authorize("u1", Resource("section", "s1"))


async def wait(pdp: Authorizer) -> None:
    decision: Decision = await pdp.aauthorize("u1", Resource("grade", "g1"), "view")
    await pdp.acheck("u1", Resource("grade", "g1"), "view")
    permissions: frozenset[str] = await pdp.apermissions("u1", Resource("grade", "g1"))
    many: Decisions = await pdp.aauthorize_many("u1", [Resource("grade", "g1")], "view")
    print(decision, permissions, many)
