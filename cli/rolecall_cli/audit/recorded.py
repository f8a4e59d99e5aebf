"""Decisions out of the audit log, for `rolecall explain --decision ID` and `--code RC-…`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer
from msgspec.structs import replace

from rolecall_cli.audit.options import open_log
from rolecall_cli.audit.show import find
from rolecall_cli.options import note

if TYPE_CHECKING:
    from rolecall import Decision
    from rolecall.audit.entry import Entry
    from rolecall.counterfactual import Counterfactuals
    from rolecall.policy import Policy
    from rolecall.table import Table


DecisionId = Annotated[
    str | None, typer.Option("--decision", metavar="ID", help="Explain this recorded decision, from the audit log.")
]
ShortCode = Annotated[
    str | None, typer.Option("--code", metavar="RC-…", help="Or the one whose short code a person was shown.")
]


SINCE = "not known, because a record is of one moment: `--store` reads it off a roster store's past"
_NOT_COUNTED = "what it would open elsewhere is not counted, because no roster is at hand"
_THEN = (
    "this is what would have changed it then, by the policy, the person and the place as they were recorded; what "
    "holds today, `rolecall explain --user ID --resource TYPE:ID` says"
)
_MISSING = (
    "not known, because it was not recorded: other people and other things, so what a change would have opened "
    "elsewhere is not counted; what the application said that the policy did not ask about; and roles that the policy "
    "did not declare"
)


class Recorded(NamedTuple):
    """A decision as it was recorded, made again, with the policy that it was made by.

    `changes` is what would have changed it. `hidden` says whether users' ids are pseudonyms.
    """

    decision: Decision
    changes: Counterfactuals
    policy: Policy
    table: Table
    hidden: bool


def recorded(context: typer.Context, url: str, decision: str | None, code: str | None) -> Recorded:
    """Give the decision with this id, or this short code; ends with 1 where none is recorded.

    Where a code is that of several decisions, the newest is given, and the others are named on standard error. What
    comes out otherwise than it is recorded is told there too.
    """
    if (decision is None) == (code is None):
        raise typer.BadParameter("give a decision's id, or its short code", param_hint="--decision / --code")
    log = open_log(context, url)
    found = find(log, decision or code or "")
    entry = max(found, key=lambda one: one.time_ns)
    others = sorted({one.id for one in found} - {entry.id})
    if others:
        note(f"the code is that of {len(others)} more: `--decision` tells them apart: {', '.join(others[:5])}")
    from rolecall.audit.policies import policy_of  # noqa: PLC0415 - keeps --help quick
    from rolecall.audit.rebuild import Rebuilder  # noqa: PLC0415
    from rolecall.audit.replay import Replay, replay  # noqa: PLC0415

    rebuilder = Rebuilder(log.blobs)
    again, policy = rebuilder.decision(entry), policy_of(log.blobs[entry.policy])
    if [*replay([entry], log.blobs, Replay())]:
        note("decided again it comes out otherwise than it is recorded: see `rolecall audit replay`, `audit show`")
    table = rebuilder.table(entry.policy)
    return Recorded(again, _changes(entry, again, policy, table), policy, table, entry.pseudonymised)


def _changes(entry: Entry, decision: Decision, policy: Policy, table: Table) -> Counterfactuals:
    """Give what would have changed it, as far as the record tells; says what it does not."""
    from rolecall.counterfactual import counterfactuals  # noqa: PLC0415 - keeps --help quick

    found = counterfactuals(decision, table, policy=policy)
    notes = [one for one in found.notes if one != _NOT_COUNTED]
    if found.suggestions:
        notes += [_THEN, _MISSING]
    elif found.wanted:
        notes.append(_MISSING)
    if entry.pseudonymised:
        notes.append("users' ids are hidden in this audit log: the ids of people here are pseudonyms")
    return replace(found, notes=tuple(notes))
