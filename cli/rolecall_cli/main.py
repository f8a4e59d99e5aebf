"""The `rolecall` command. Heavy imports happen inside the commands, so that `--help` is quick."""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper
from typing import Annotated

import typer

from rolecall_cli.commands.assign import assign
from rolecall_cli.commands.audit import audit
from rolecall_cli.commands.check import check
from rolecall_cli.commands.decide import decide
from rolecall_cli.commands.demo import demo
from rolecall_cli.commands.diff import diff
from rolecall_cli.commands.doctor import doctor
from rolecall_cli.commands.explain import explain
from rolecall_cli.commands.fmt import fmt
from rolecall_cli.commands.history import history
from rolecall_cli.commands.lint import lint
from rolecall_cli.commands.matrix import matrix
from rolecall_cli.commands.migrate import migrate
from rolecall_cli.commands.mutate import mutate
from rolecall_cli.commands.new import new
from rolecall_cli.commands.permissions import permissions
from rolecall_cli.commands.prove import prove
from rolecall_cli.commands.schema import schema
from rolecall_cli.commands.sync import sync
from rolecall_cli.commands.test import test
from rolecall_cli.commands.unassign import unassign
from rolecall_cli.commands.watch import watch
from rolecall_cli.style import shown

EXIT_HELP = "Exit codes: 0 done; 1 the answer is no; 2 wrong usage; 3 the policy is invalid; 4 facts could not be had."

app = typer.Typer(
    name="rolecall",
    help="What a person may do, from the roles and places that Clever says they have now.",
    epilog=EXIT_HELP,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    new,
    watch,
    check,
    lint,
    fmt,
    test,
    prove,
    diff,
    matrix,
    mutate,
    decide,
    explain,
    permissions,
    sync,
    history,
    assign,
    unassign,
    doctor,
    demo,
    schema,
):
    app.command(help=command.__doc__)(command)
app.add_typer(audit)
app.add_typer(migrate)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415 - which takes longer than all the rest

        typer.echo(f"rolecall {version('rolecall')}")
        raise typer.Exit


@app.callback()
def _options(
    show: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line; an error becomes a sentence on standard error and an exit code."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed (`>&-`): nobody wants to read it
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115 - till the end
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except OSError as error:
        # Whoever read our output has had enough (`| head`), and there is nobody to tell; or it cannot be written.
        if not isinstance(error, BrokenPipeError):
            said = f"`{error.filename}`: {error.strerror}" if error.filename else error.strerror or error
            print(shown(f"rolecall: {said}"), file=sys.stderr)  # noqa: T201 - the command line's own voice
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        code = _exit_code(error)
        if code is None:
            raise
        print("\n".join(map(shown, f"rolecall: {error}".split("\n"))), file=sys.stderr)  # noqa: T201 - as above
        sys.exit(code)


def _exit_code(error: Exception) -> int | None:
    """Give the exit code of an error that rolecall raises on purpose; None for a fault of its own."""
    from rolecall.errors import AuditError, FactsError, Indeterminate, MigrationError, PolicyError, RequestError  # noqa: PLC0415 - not needed for --help

    if isinstance(error, PolicyError):
        return 3
    if isinstance(error, AuditError | FactsError | Indeterminate):
        return 4
    if isinstance(error, MigrationError | RequestError):
        return 2
    from rolecall.analysis.diagrams import TooLargeError  # noqa: PLC0415 - as above

    return 1 if isinstance(error, TooLargeError) else None
