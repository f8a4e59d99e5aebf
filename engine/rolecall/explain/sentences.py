"""A decision's answer, and why, in plain sentences. Reads the decision's own evidence and evaluates nothing itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rolecall.vocabulary.decision import Decision
from rolecall.vocabulary.reasons import SENTENCES
from rolecall.wording import listed, value_name

_SHOWN: Final = 3
"""How many places elsewhere a line names."""


def sentence(decision: Decision) -> str:
    """Say the answer, and why, in a plain sentence or two."""
    thing, asked = f"{decision.resource.type} {decision.resource.id}", decision.permission
    who = f"ser {decision.subject}"
    if decision.acting_as is not None:
        who += f", acting as {listed(decision.acting_as) or 'no role'},"
    if decision.indeterminate:
        return f"Nobody can tell now whether u{who} has {asked or 'any'} permission for {thing}: {_why(decision)}"
    if asked is not None and decision.allowed:
        return f"U{who} has {asked} permission for {thing}: {one_line(decision.given_by(asked)[0].because)}"
    if asked is not None:
        return f"U{who} has no {asked} permission for {thing}: {_why(decision)}"
    held = [name for name in decision.grounds.permissions[decision.resource.type] if name in decision.permissions]
    if held:
        return f"U{who} has {listed(held)} permission{'s' if len(held) > 1 else ''} for {thing}."
    return f"U{who} has no permission for {thing}: {_why(decision)}"


def _why(decision: Decision) -> str:
    """Say why something is missing: what is not held, the maximum that cut it, or that no rule gives it."""
    code, asked = decision.code, decision.permission
    if code == "capped" and asked is not None:
        cutting = decision.cut_by(asked)[0]
        return f"rule `{cutting.id}` takes it away{_whileunknown_states(decision)}. {one_line(cutting.because)}"
    if code == "capped":
        return "what some rules give, others take away."
    if code == "no-rule":
        return f"{no_rule(decision)}{_whileunknown_states(decision)}."
    if code == "not-acting":
        return f"{_not_acting(decision)}."
    if code == "other-district" and decision.location is not None:
        theirs, its = decision.held.district, decision.location.district
        return f"the person belongs to district {theirs}, the {decision.resource.type} to district {its}."
    if code == "no-role" and not decision.held.roles:
        return "the person has no role in the district."
    said = decision.detail or SENTENCES[code]
    if said.startswith("the facts hold no") and said.endswith("`") and "legacy id" not in said:
        if code == "place-not-found":
            return f"{said}, where the application says the {decision.resource.type} is."
        said += " (the id is mistyped, or Clever does not share it with this application, or no longer)"
    return f"{said}."


def _whileunknown_states(decision: Decision) -> str:
    """Say which attributes are unknown: then what is true of one of their values may not be of the resource."""
    names = [f"`{name}`" for name in decision.unknown]
    return f", while the application does not say {listed(names, 'or')}" if names else ""


def no_rule(decision: Decision) -> str:
    """Say to whom no rule gives it."""
    it = "it" if decision.permission is not None else "anything"
    if decision.acting_as is None:
        return SENTENCES["no-rule"] if decision.permission is not None else f"no rule gives {it} to the roles held here"
    return f"no rule gives {it} to somebody who acts as {listed(decision.acting_as)} here"


def _not_acting(decision: Decision) -> str:
    """Say which of the roles acted as are not held, or only with doubt."""
    if not decision.acting_as:
        return "whoever acts as no role may do nothing"
    if any(role.role in decision.acting_as for role in decision.held.roles):
        return f"the person holds {listed(decision.acting_as, 'or')} only with doubt"
    return f"the person does not hold the role {listed(decision.acting_as, 'or')}"


def one_line(text: str) -> str:
    """Give an author's sentence so that it ends as one, in one line."""
    line = " ".join(text.split())
    return line if line.endswith((".", "!", "?")) else f"{line}."


def roles_held(decision: Decision) -> Iterator[tuple[str, str]]:
    """Say the roles held around the resource, nearest first; then those held only elsewhere in the district."""
    near = [role for role in decision.roles if role.scope != "anywhere"]
    for role in near:
        yield f"{role.role} at {role.scope} {role.id}", role.doubt
    for role in decision.roles:
        if role.scope == "anywhere" and not any(role.role == other.role for other in near):
            yield f"{role.role} {_elsewhere(decision, role.role)}", role.doubt


def _elsewhere(decision: Decision, name: str) -> str:
    """Say where a role is held that is not held around the resource: at which schools, or narrower where at none."""
    for scope in ("school", "section", "student"):
        places = [role.id for role in decision.held.roles if (role.role, role.scope) == (name, scope)]
        if places:
            more = f" and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
            return f"elsewhere: at {scope} {', '.join(places[:_SHOWN])}{more}"
    return "at no particular place"


def terms(decision: Decision) -> Iterator[str]:
    """Say that a class's term has ended, or has not begun: nothing is amiss, and it is what people forget."""
    place = decision.location
    if place is not None and place.bounds is not None and place.term is not None:
        first, last = place.bounds
        if decision.nanoseconds > last:
            yield f"the class's term has ended: its last day was {(place.term.end or '')[:10]}"
        elif decision.nanoseconds < first:
            yield f"the class's term has not begun: its first day is {(place.term.start or '')[:10]}"


def unknown_states(decision: Decision) -> Iterator[str]:
    """Say which attributes of the resource the application left unknown: that may count against the person."""
    for name in decision.unknown:
        values = decision.grounds.attributes[decision.resource.type][name]
        shown = ", ".join(map(value_name, values))
        given = decision.resource.properties.get(name)
        said = "is not said" if given is None else f"is none of its values ({shown})"
        yield f"the {decision.resource.type}'s `{name}` {said}, so it counts as unknown"
