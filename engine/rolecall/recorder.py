"""The port by which decisions are recorded: all that the authoriser knows of an audit log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol, runtime_checkable

from rolecall.policy import Policy
from rolecall.table import Table
from rolecall.vocabulary.decision import Decision

Mark = Literal["decision", "batch", "filter", "explain", "names"]
"""What asked: a single question, one of several at once, a list, an explanation, an explanation with names."""


@runtime_checkable
class Recorder(Protocol):
    """Keeps decisions. Safe to share between threads, tasks and authorisers.

    What takes a decision gives an empty text, or why the decision may not be given to whoever asked: the authoriser
    then gives an indeterminate one in its place. It never raises, and never takes longer than the recorder says.
    """

    def note(self, decision: Decision, mark: Mark) -> str:
        """Record a decision."""
        ...  # a Protocol's body

    def note_all(self, decisions: Sequence[Decision], mark: Mark) -> str:
        """Record several; where one of them cannot be, none may be given."""
        ...  # a Protocol's body

    async def anote_all(self, decisions: Sequence[Decision], mark: Mark) -> str:
        """Do what `note_all` does, and let the event loop go on where it has to wait."""
        ...  # a Protocol's body

    def policy(self, policy: Policy, table: Table) -> None:
        """Take a policy that is about to be in force; decisions under any other cannot be recorded."""
        ...  # a Protocol's body
