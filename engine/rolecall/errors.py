"""Everything that rolecall raises.

RolecallError
 ├── PolicyError              the policy is invalid; carries every finding
 ├── FactsError               facts cannot be read (a snapshot that is no snapshot)
 ├── AuditError               the audit log cannot be opened, read or written
 ├── MigrationError           the migration file, or a table of decisions, is wrong; carries every finding
 ├── RequestError             the question is malformed (AuthZEN's 400); never an answer
 │    ├── UnknownResourceType
 │    ├── UnknownPermission
 │    └── UnknownRole         in `acting_as`
 ├── AsyncPort                a port that has to be awaited, met in a sync call
 ├── NotConfigured            the module-level `authorize` before `configure`
 └── Refusal                  `check` did not get a yes; carries the decision
      ├── PermissionDenied    the answer is no (403)
      └── Indeterminate       there is no answer now (503)
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import ClassVar

from rolecall.vocabulary.decision import Decision
from rolecall.vocabulary.malformed import RequestError, RolecallError
from rolecall.vocabulary.origin import Finding
from rolecall.vocabulary.reasons import SENTENCES

__all__ = [
    "AsyncPort",
    "AuditError",
    "FactsError",
    "Indeterminate",
    "MigrationError",
    "NotConfigured",
    "PermissionDenied",
    "PolicyError",
    "Refusal",
    "RequestError",
    "RolecallError",
    "UnknownPermission",
    "UnknownResourceType",
    "UnknownRole",
    "did_you_mean",
]


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """Give "did you mean `section`?" where one of `known` is close to `word`, else the known words, or nothing."""
    choices = sorted(known)
    if isinstance(word, str):
        folded = {choice.casefold().replace("-", "_"): choice for choice in choices}
        close = get_close_matches(word.casefold().replace("-", "_"), folded, n=1, cutoff=0.6)
        if close:
            return f"did you mean `{folded[close[0]]}`?"
    if not choices:
        return ""
    shown = ", ".join(f"`{choice}`" for choice in choices[:12])
    return f"known: {shown}" + (", …" if len(choices) > 12 else "")  # noqa: PLR2004 - what fits a line


class PolicyError(RolecallError):
    """The policy is invalid, or its claims are. `findings` are all errors of all files, sorted by file and line."""

    def __init__(self, findings: Iterable[Finding], what: str = "the policy has") -> None:
        """Keep the findings; the text is built from them, and begins with `what`."""
        self.findings, self.what = tuple(findings), what
        super().__init__(self.findings, what)

    def __str__(self) -> str:
        """Give every finding with its line, caret and fix."""
        count = len(self.findings)
        rows = [finding.render() for finding in self.findings]
        return "\n\n".join([f"{self.what} {count} error{'s' if count != 1 else ''}", *rows])


class MigrationError(RolecallError):
    """A migration file, or a table of decisions (`what`), is wrong. `findings` are all of its errors, by line."""

    def __init__(self, findings: Iterable[Finding], what: str = "the migration file") -> None:
        """Keep the findings; the text is built from them."""
        self.findings, self.what = tuple(findings), what
        super().__init__(self.findings, what)

    def __str__(self) -> str:
        """Give every finding with its line, caret and fix."""
        count = len(self.findings)
        rows = [finding.render() for finding in self.findings]
        return "\n\n".join([f"{self.what} has {count} error{'s' if count != 1 else ''}", *rows])


class FactsError(RolecallError):
    """Facts cannot be had: a snapshot that cannot be read, or that would have to be guessed at."""


class AuditError(RolecallError):
    """The audit log cannot be opened, read or written; the sentence says why, without passwords or anybody's data."""


class UnknownResourceType(RequestError):
    """The policy knows no such resource type."""

    def __init__(self, name: object, known: Iterable[str]) -> None:
        """Name what was asked and what there is."""
        self.name, self.known = name, tuple(known)
        super().__init__(name)

    def __str__(self) -> str:
        """Give the sentence with the likely fix."""
        return f"the policy has no resource type `{self.name}`; {did_you_mean(self.name, self.known)}"


class UnknownPermission(RequestError):
    """The resource type has no such permission."""

    def __init__(self, name: object, kind: str, known: Iterable[str]) -> None:
        """Name what was asked and what there is."""
        self.name, self.kind, self.known = name, kind, tuple(known)
        super().__init__(name)

    def __str__(self) -> str:
        """Give the sentence with the likely fix."""
        return f"`{self.kind}` has no permission `{self.name}`; {did_you_mean(self.name, self.known)}"


class UnknownRole(RequestError):
    """`acting_as` names something that is no login role."""

    def __init__(self, name: object, known: Iterable[str]) -> None:
        """Name what was asked and what there is."""
        self.name, self.known = name, tuple(known)
        super().__init__(name)

    def __str__(self) -> str:
        """Give the sentence with the likely fix."""
        return (
            f"`acting_as` names `{self.name}`, which is no role to log in with; {did_you_mean(self.name, self.known)}"
        )


class AsyncPort(RolecallError, TypeError):
    """An async port or loader was met in a sync call; the text says what to call instead."""


class NotConfigured(RolecallError):
    """`rolecall.authorize` was called before `rolecall.configure`."""

    def __str__(self) -> str:
        """Give the sentence with the likely fix."""
        return "no policy is in force: call `rolecall.configure(Authorizer.load(...))` once at start-up"


class Refusal(RolecallError):
    """`check` did not get a yes. `decision` says why; `status` is what a web application would answer."""

    status: ClassVar[int] = 403

    def __init__(self, decision: Decision) -> None:
        """Keep the decision; the sentence is built from it."""
        self.decision = decision
        super().__init__(decision)

    def __str__(self) -> str:
        """Give one sentence, ids only."""
        asked = self.decision
        what = f"`{asked.permission}` on {asked.resource.type} `{asked.resource.id}`"
        why = asked.detail or SENTENCES[asked.code]
        if asked.code == "capped" and asked.permission is not None:
            cutting = asked.cut_by(asked.permission)[0]
            why = f"rule `{cutting.id}` ({cutting.origin}) takes it away"
        return f"`{asked.subject}` may not {what}: {why} ({asked.code}, decision {asked.id})"


class PermissionDenied(Refusal):
    """The answer is no."""


class Indeterminate(Refusal):
    """There is no answer now: facts cannot be had. Never tell a person that this is a no."""

    status: ClassVar[int] = 503

    def __str__(self) -> str:
        """Give one sentence, ids only."""
        return f"cannot be decided now: {self.decision.detail} (decision {self.decision.id})"
