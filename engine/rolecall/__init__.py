"""rolecall: what a person may do in an ed-tech product, from the roles and places that Clever says they have now.

pdp = Authorizer.load("policies/", facts=Snapshot.load("snapshot.json"))
pdp.check(user, Resource("section", "5f…"), "edit")
"""

from rolecall.authorizer import Authorizer
from rolecall.default import authorize, configure
from rolecall.errors import (
    AsyncPort,
    AuditError,
    FactsError,
    Indeterminate,
    MigrationError,
    NotConfigured,
    PermissionDenied,
    PolicyError,
    Refusal,
    RequestError,
    RolecallError,
    UnknownPermission,
    UnknownResourceType,
    UnknownRole,
)
from rolecall.facts.snapshot import Snapshot
from rolecall.ports import Assignments
from rolecall.vocabulary.decision import Decision, Decisions
from rolecall.vocabulary.request import Resource

__all__ = [
    "Assignments",
    "AsyncPort",
    "AuditError",
    "Authorizer",
    "Decision",
    "Decisions",
    "FactsError",
    "Indeterminate",
    "MigrationError",
    "NotConfigured",
    "PermissionDenied",
    "PolicyError",
    "Refusal",
    "RequestError",
    "Resource",
    "RolecallError",
    "Snapshot",
    "UnknownPermission",
    "UnknownResourceType",
    "UnknownRole",
    "authorize",
    "configure",
]
