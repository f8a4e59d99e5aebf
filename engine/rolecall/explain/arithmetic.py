"""How an answer adds up, in words: what each rule gives at least, what each leaves at most, what is left."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from rolecall.vocabulary.decision import Decision
from rolecall.vocabulary.reasons import RuleRef
from rolecall.wording import listed


def arithmetic(decision: Decision) -> Iterator[str]:
    """Say which rules gave and which capped. Where the rules were never reached, say so."""
    if decision.cell.code != "table":
        yield "no rule comes into it"
        return
    cell = decision.cell
    given = [(rule, names) for rule, names in cell.given if names]
    for rule, names in given:
        yield f"rule `{rule.id}` gives {_said(decision, names)}"
    if not given:
        yield "no rule gives anything here"
        return
    together = frozenset[str]().union(*(names for _, names in given))
    if len(given) > 1:
        yield f"together they give {_said(decision, together)}"
    caps = [(rule, names) for rule, names in cell.capped if together - names]
    for rule, names in caps:
        leaves = f"at most {_said(decision, together & names)}" if together & names else "nothing"
        yield f"rule `{rule.id}` leaves {leaves} of that, whatever the others give"
    if caps:
        yield f"what is left is {_said(decision, cell.permissions) if cell.permissions else 'nothing'}"


def deciding(decision: Decision) -> Iterator[RuleRef]:
    """Give the rules that decide about what was asked, or about everything: those that give, then those that cap."""
    asked = decision.permission
    everything = frozenset(decision.grounds.permissions[decision.resource.type])
    wanted = everything if asked is None else frozenset({asked})
    seen: set[str] = set()
    together = frozenset[str]().union(*(names for _, names in decision.cell.given)) & wanted
    for rule, names in decision.cell.given:
        if names & wanted and rule.id not in seen:
            seen.add(rule.id)
            yield rule
    for rule, names in decision.cell.capped:
        if together - names and rule.id not in seen:
            seen.add(rule.id)
            yield rule


def _said(decision: Decision, names: Collection[str]) -> str:
    """Give permissions in the author's order."""
    return listed([name for name in decision.grounds.permissions[decision.resource.type] if name in names])
