"""Decisions, judged: each is right now, was right a moment ago, says that it does not know, or is wrong."""

from collections import Counter
from dataclasses import dataclass, field

from faults.world import read

_SHOWN = 5


@dataclass
class Tally:
    """What came of one scenario. `injected` counts the faults that were met, by kind or place.

    `allows` are the right allows, by stage.
    """

    name: str
    right: int = 0
    stale: int = 0
    indeterminate: int = 0
    said404: int = 0
    wrong_deny: int = 0
    wrong_allow: int = 0
    lost: int = 0
    doubled: int = 0
    injected: Counter[str] = field(default_factory=Counter)
    allows: Counter[str] = field(default_factory=Counter)
    kills: int = 0
    events: int = 0
    wrong: list[str] = field(default_factory=list)
    stage: str = "before"

    @property
    def decisions(self):
        """How many decisions were judged."""
        return self.right + self.stale + self.indeterminate + self.said404 + self.wrong_deny + self.wrong_allow

    def add(self, outcome, decision=None):
        """Count a decision."""
        setattr(self, outcome, getattr(self, outcome) + 1)
        if outcome == "right" and decision is not None and decision.permission and decision.allowed:
            self.allows[self.stage] += 1

    def complain(self, sentence):
        """Keep what is said of a wrong decision."""
        if len(self.wrong) < _SHOWN:
            self.wrong.append(sentence)


@dataclass(frozen=True)
class Span:
    """When a decision was asked for and made, and since when the facts behind it may be, in true nanoseconds."""

    asked: int
    made: int
    since: int


def judge(truth, question, decision, span, *, told=False):
    """Name the outcome of a decision: an attribute of `Tally`. `told` is whether Clever says 404 of what there is."""
    if decision.indeterminate:
        return "wrong_allow" if decision.permissions else "indeterminate"
    answer, at = read(decision), decision.nanoseconds
    now = truth.during(span.asked, span.made)
    if any(answer == truth.says(number, question, at) for number in now):
        return "right"
    older = [number for number in truth.during(min(span.since, span.asked), span.made) if number not in now]
    if any(answer == truth.says(number, question, at) for number in older):
        return "stale"
    within = any(answer.permissions <= truth.says(number, question, at).permissions for number in (*now, *older))
    if told and within:
        return "said404"
    return "wrong_deny" if within else "wrong_allow"


def describe(truth, question, decision, span):
    """Say what was decided, and what should have been."""
    at, states = decision.nanoseconds, truth.during(span.since, span.made)
    wanted = [(number, sorted(truth.says(number, question, at).permissions)) for number in states[:4]]
    asked = f"{question.user} {question.permission} {question.resource.type}:{question.resource.id} {dict(question.resource.properties)}"
    got = f"{sorted(decision.permissions)} ({decision.code}: {decision.detail}; {decision.held.notes[-1:]})"
    ages = f"as of {(span.made - span.since) / 1e9:.1f} s before, in {(span.made - span.asked) / 1e9:.1f} s"
    return f"{asked} acting {question.acting_as}: {got} {ages}; by state {wanted}"
