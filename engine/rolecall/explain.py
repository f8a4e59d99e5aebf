"""Decision -> explanation, as data. Reads the decision's own evidence and never evaluates anything itself."""

from __future__ import annotations

import msgspec

from rolecall.record import rule_data, warnings
from rolecall.vocabulary.decision import SENTENCES, Decision
from rolecall.vocabulary.facts import RoleAssignment


class Line(msgspec.Struct, frozen=True):
    """One permission: its reason code, the rules that give it, the maxima that cut it."""

    permission: str
    code: str
    given_by: tuple[dict[str, str], ...]
    cut_by: tuple[dict[str, str], ...]


class Explanation(msgspec.Struct, frozen=True):
    """What a support agent reads: the sentence, the roles held and where, what is allowed and missing, and why."""

    sentence: str
    code: str
    roles: tuple[tuple[str, str], ...]
    allowed: tuple[Line, ...]
    missing: tuple[Line, ...]
    odd: tuple[str, ...]
    decision: str
    policy: str


def explain(decision: Decision) -> Explanation:
    """Explain a decision. With a permission asked, that one only; else every permission of the resource's type."""
    every = decision.grounds.permissions[decision.resource.type]
    asked = (decision.permission,) if decision.permission is not None else every
    lines = [_line(decision, name) for name in asked] if decision.cell.code == "table" else []
    return Explanation(
        sentence=sentence(decision),
        code=decision.code,
        roles=tuple((said_role(role), role.doubt) for role in decision.roles),
        allowed=tuple(line for line in lines if line.code == "granted"),
        missing=tuple(line for line in lines if line.code != "granted"),
        odd=tuple(warnings(decision)),
        decision=decision.id,
        policy=decision.grounds.digest,
    )


def sentence(decision: Decision) -> str:
    """Say the answer in one plain sentence."""
    who, thing = f"User {decision.subject}", f"{decision.resource.type} {decision.resource.id}"
    acting = f", acting as {' and '.join(decision.acting_as) or 'nobody'}," if decision.acting_as is not None else ""
    if decision.indeterminate:
        return f"Whether {who}{acting} may do anything to {thing} cannot be told now: {decision.indeterminate}."
    if decision.permission is None:
        held = [name for name in decision.grounds.permissions[decision.resource.type] if name in decision.permissions]
        if held:
            return f"{who}{acting} may {_listed(held)} {thing}."
        return f"{who}{acting} may do nothing to {thing}: {_why(decision)}."
    if decision.allowed:
        giving = decision.given_by(decision.permission)
        return f"{who}{acting} may {decision.permission} {thing}: {_because(giving[0].because)}"
    return f"{who}{acting} may not {decision.permission} {thing}: {_why(decision)}."


def _why(decision: Decision) -> str:
    """Say why something is missing: what is not held, the maximum that cut it, or that no rule gives it."""
    if decision.detail:
        return decision.detail
    if decision.code == "capped" and decision.permission is not None:
        cutting = decision.cut_by(decision.permission)
        return f"rule `{cutting[0].id}` takes it away ({_because(cutting[0].because).rstrip('.')})"
    return SENTENCES[decision.code]


def _because(text: str) -> str:
    """Give an author's sentence so that it ends as one, in one line."""
    line = " ".join(text.split())
    return line if line.endswith((".", "!", "?")) else f"{line}."


def _listed(names: list[str]) -> str:
    """Give names as one says them: `view, edit and grade`."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def said_role(role: RoleAssignment) -> str:
    """Say a role and where it is held."""
    if role.scope == "anywhere":
        return f"{role.role} (somewhere in district {role.id})"
    return f"{role.role} at {role.scope} {role.id}"


def _line(decision: Decision, permission: str) -> Line:
    code = decision.code_of(permission)
    cutting = decision.cut_by(permission) if code == "capped" else ()
    return Line(
        permission,
        code,
        tuple(rule_data(rule) for rule in decision.given_by(permission)),
        tuple(rule_data(rule) for rule in cutting),
    )
