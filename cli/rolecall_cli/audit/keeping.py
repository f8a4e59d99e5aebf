"""What `rolecall explain` decides is recorded, too: in an audit log that is there already, before anything is shown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rolecall_cli.audit.options import Pseudonyms, open_log, read_key
from rolecall_cli.options import origin_of

if TYPE_CHECKING:
    from rolecall import Decision
    from rolecall.audit import Audit
    from rolecall.policy import Policy
    from rolecall.recorder import Mark
    from rolecall.table import Table

__all__ = ["Keeper", "Names", "Pseudonyms", "open_keeper"]

Names = Annotated[
    bool,
    typer.Option(
        "--names", help="Show names and e-mail addresses beside the ids. That they were shown is recorded (`--audit`)."
    ),
]
_PATIENCE = timedelta(seconds=10)


class Keeper:
    """Records decisions as what they were made for; whatever cannot be recorded is not shown."""

    def __init__(self, audit: Audit, name: str) -> None:
        """Record in a log that is open; `name` is how messages call it."""
        self._audit, self._name = audit, name

    def keep(self, decisions: Sequence[Decision], policy: Policy, table: Table, mark: Mark) -> None:
        """Record decisions made by a policy; raises `AuditError` where that cannot be."""
        from rolecall.errors import AuditError  # noqa: PLC0415 - keeps --help quick

        try:
            self._audit.policy(policy, table)
            why = self._audit.note_all(decisions, mark)
        except AuditError as error:
            why = str(error)
        if why:
            what = "no names are shown" if mark == "names" else "nothing is explained"
            raise AuditError(f"{what}, because it cannot be recorded in `{self._name}`: {why}")


def open_keeper(context: typer.Context, url: str, pseudonyms: Path | None, *, names: bool) -> Keeper | None:
    """Open the log that an explanation is recorded in; None where none was named.

    Raises `AuditError` where there is none at that address: a typing error makes no log.
    """
    if origin_of(context, "audit") == "DEFAULT":
        if names:
            said = "that names were shown is recorded: name the audit log with `--audit URL`, or set ROLECALL_AUDIT"
            raise typer.BadParameter(said, param_hint="--names")
        return None
    from rolecall.audit import Audit  # noqa: PLC0415 - keeps --help quick
    from rolecall.audit.reading import Wanted  # noqa: PLC0415
    from rolecall.errors import AuditError  # noqa: PLC0415

    log = open_log(context, url)
    newest = next(log.found(Wanted()), None)
    if newest is not None and newest.pseudonymised and pseudonyms is None:
        said = (
            "users' ids are hidden in this audit log, and must be in what is added to it: give `--pseudonym-key FILE`"
        )
        raise AuditError(said)
    key = None if pseudonyms is None else read_key(pseudonyms)
    audit = Audit.open(url, write="durable", bound=_PATIENCE, late=_PATIENCE, pseudonym_key=key)
    context.call_on_close(audit.close)
    return Keeper(audit, log.store.name)
