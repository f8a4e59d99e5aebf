"""Why, or why not: a decision told to a person, in one order whatever the format.

`explain` gives it as data; `rolecall.explain.render` as text, markdown, a page, or JSON-ready data.
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from rolecall.counterfactual import Counterfactuals
from rolecall.explain.arithmetic import arithmetic, deciding
from rolecall.explain.sentences import no_rule, roles_held, sentence, terms, unknown_states
from rolecall.record import rule_data, warnings
from rolecall.vocabulary.decision import Decision
from rolecall.vocabulary.facts import Feed

__all__ = ["Asked", "Explanation", "Line", "Named", "Rule", "Who", "explain", "sentence"]


class Line(msgspec.Struct, frozen=True):
    """One permission: its reason code, the rules that give it, the maxima that cut it; `why` it is missing."""

    permission: str
    code: str
    given_by: tuple[dict[str, str], ...]
    cut_by: tuple[dict[str, str], ...]
    why: str = ""


class Rule(msgspec.Struct, frozen=True):
    """A rule that decides: its id, `file:line`, and the author's sentence."""

    rule: str
    at: str
    because: str


class Who(msgspec.Struct, frozen=True):
    """The person: their district (empty where they are not held), their roles, and how old the facts about them are.

    `roles` pairs each role and its place, as one says them, with why it is doubtful (empty where it is not). `as_of`
    is nanoseconds since 1970, or None; `event` is the last of Clever's events in the facts.
    """

    user: str
    district: str
    roles: tuple[tuple[str, str], ...]
    source: str
    as_of: int | None
    event: str


class Asked(msgspec.Struct, frozen=True):
    """The question: a permission or every one (None), on what, what the application asserted of it, and when."""

    permission: str | None
    type: str
    id: str
    asserted: dict[str, bool | str | None]
    acting_as: tuple[str, ...] | None
    time: int


class Named(msgspec.Struct, frozen=True):
    """The name (and e-mail address) of a user, section, school or district; empty where the facts hold none."""

    kind: str
    id: str
    name: str


class Explanation(msgspec.Struct, frozen=True):
    """What a support agent reads, in the order in which they read it.

    `arithmetic` says in words which rules gave and which capped. `since` says when the answer last changed, where the
    past is known. `changes` is what would change it, None where that was not sought. `names` are those of the people
    and places it speaks of, None where they are not to be shown.
    """

    sentence: str
    code: str
    who: Who
    asked: Asked
    allowed: tuple[Line, ...]
    missing: tuple[Line, ...]
    arithmetic: tuple[str, ...]
    rules: tuple[Rule, ...]
    odd: tuple[str, ...]
    decision: str
    policy: str
    changes: Counterfactuals | None = None
    since: tuple[str, ...] = ()
    names: tuple[Named, ...] | None = None


def explain(
    decision: Decision,
    *,
    changes: Counterfactuals | None = None,
    since: tuple[str, ...] = (),
    names: tuple[Named, ...] | None = None,
) -> Explanation:
    """Explain a decision. Beside the permission asked, every other of the resource's type is told of too."""
    every = decision.grounds.permissions[decision.resource.type]
    first = [decision.permission] if decision.permission is not None else []
    ordered = [*first, *(name for name in every if name != decision.permission)]
    lines = [_line(decision, name) for name in ordered] if decision.cell.code == "table" else []
    return Explanation(
        sentence=sentence(decision),
        code=decision.code,
        who=_who(decision),
        asked=_asked(decision),
        allowed=tuple(line for line in lines if line.code == "granted"),
        missing=tuple(line for line in lines if line.code != "granted"),
        arithmetic=tuple(arithmetic(decision)),
        rules=tuple(Rule(one.id, str(one.origin), one.because) for one in deciding(decision)),
        odd=(*dict.fromkeys((*warnings(decision), *unknown_states(decision), *terms(decision))),),
        decision=decision.id,
        policy=decision.grounds.digest,
        changes=changes,
        since=since,
        names=names,
    )


def _who(decision: Decision) -> Who:
    feeds, feed = decision.grounds.feeds, decision.feed
    as_of = feed.as_of
    known = [one.as_of for one in feeds.districts.values() if one.as_of is not None]
    if as_of is None and known and len(known) == len(feeds.districts):
        as_of = min(known)
    feed = Feed(as_of, feed.event)
    roles = tuple(roles_held(decision)) or tuple(_elsewhere(decision))
    return Who(decision.subject, decision.held.district, roles, feeds.source, feed.as_of, feed.event)


def _elsewhere(decision: Decision) -> list[tuple[str, str]]:
    """Give the roles held in the person's own district, where the thing is in another or nowhere."""
    wide = [one for one in decision.held.roles if one.scope == "anywhere"]
    return [(f"{one.role} in district {one.id}", one.doubt) for one in wide]


def _asked(decision: Decision) -> Asked:
    resource = decision.resource
    asserted = {fact.name: fact.value for fact in decision.facts if fact.kind == "property"}
    acting = decision.acting_as
    return Asked(decision.permission, resource.type, resource.id, asserted, acting, decision.nanoseconds)


def _line(decision: Decision, permission: str) -> Line:
    code = decision.code_of(permission)
    cutting = decision.cut_by(permission) if code == "capped" else ()
    return Line(
        permission,
        code,
        tuple(rule_data(rule) for rule in decision.given_by(permission)),
        tuple(rule_data(rule) for rule in cutting),
        no_rule(replace(decision, permission=permission)) if code == "no-rule" else "",
    )
