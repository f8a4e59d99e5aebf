"""`rolecall mutate`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from rolecall_cli.commands.test import read
from rolecall_cli.options import POLICIES, Format, PolicyPath, TestsPath
from rolecall_cli.style import shown, styled

if TYPE_CHECKING:
    from rolecall.analysis.difference import Change
    from rolecall.analysis.mutation import Fate, Outcome, Score
    from rolecall.policy import Policy
    from rolecall.table import Table

_TRIED = 4  # in so many states of a resource a test is looked for


def mutate(
    path: PolicyPath = POLICIES,
    tests: TestsPath = None,
    wanted: Annotated[
        str,
        typer.Option("--filter", metavar="WORD", help="Only rules, sets and kinds of change with this in their name."),
    ] = "",
    most: Annotated[int, typer.Option("--most", metavar="N", min=0, help="How many survivors are shown.")] = 10,
    format: Annotated[Format, typer.Option("--format", help="For a person, or for a program.")] = Format.text,  # noqa: A002 - the option's name
) -> None:
    """Find the edits of a policy that no test would notice.

    Small changes are tried one by one, as people make them by mistake. A change that means the same, as the whole table
    proves, does not count, nor does one that `rolecall check` refuses.
    """
    from rolecall.analysis.grids import Bench  # noqa: PLC0415 - keeps --help quick
    from rolecall.analysis.mutation import mutate as tried  # noqa: PLC0415
    from rolecall.compiler import load_table  # noqa: PLC0415
    from rolecall.loader import load_policy  # noqa: PLC0415

    policy = load_policy(path)
    table = load_table(policy)
    files = read(tests or path, policy)
    if files is None:
        raise typer.Exit(2)
    results = Bench(table).run(files)
    if not all(one.passed for one in results):
        typer.echo("rolecall: a test fails, so nothing can be said of changes: see `rolecall test`", err=True)
        raise typer.Exit(1)
    score = tried(policy, table, results, wanted)
    if format is Format.json:
        typer.echo(json.dumps(_data(score), indent=2))
    else:
        for one in score.survivors[:most]:
            for row in _survivor(one, policy, table):
                typer.echo(row)
        if len(score.survivors) > most:
            typer.echo(f"… and {len(score.survivors) - most} more\n")
        typer.echo(_summary(score))
    if score.survivors:
        raise typer.Exit(1)


def _summary(score: Score) -> str:
    """Say how many changes were noticed."""
    noticed, left = score.count("killed"), len(score.survivors)
    rest = f"{score.count('equivalent')} mean the same, {score.count('refused')} more the check refuses"
    undecided = f"; {score.count('not decided')} not decided" if score.count("not decided") else ""
    said = f"{noticed} of {noticed + left} changes would be noticed ({score.percent:.1f} %); {rest}{undecided}"
    return styled(said, "red" if left else "green")


def _survivor(one: Outcome, policy: Policy, table: Table) -> Iterator[str]:
    """Show a change that nobody would notice: the edit, what it does, and a test that would tell."""
    mutant = one.mutant
    yield styled(shown(f"unnoticed: {mutant.origin}, {mutant.rule} ({mutant.family})"), "bold")
    if mutant.before:
        yield styled(shown(f"  - {mutant.before}"), "red")
    if mutant.after:
        yield styled(shown(f"  + {mutant.after}"), "green")
    if one.fate == "not decided":
        yield "  not decided: the rules are too entangled to say whether it changes anything"
    else:
        changes = one.changes(table, policy)
        for change in changes[:3]:
            yield shown(f"  {_said(change)}")
        if len(changes) > 3:  # noqa: PLR2004 - what one reads
            yield f"  … and {len(changes) - 3} changes more"
        if not changes:
            yield "  only for roles in doubt, or for somebody who acts as one of their roles"
        yield from _test(one, changes, table)
    yield ""


def _said(change: Change) -> str:
    """Say one change."""
    from rolecall.analysis.people import states, whoever  # noqa: PLC0415 - keeps --help quick
    from rolecall.wording import listed  # noqa: PLC0415

    verb = "would gain" if change.direction == "gained" else "would lose"
    what = listed([f"{change.type}.{name}" for name in change.permissions])
    return " ".join(filter(None, (whoever(change.who), verb, what, states(change.states))))


def _test(one: Outcome, changes: tuple[Change, ...], table: Table) -> Iterator[str]:
    """Give a test, with today's answers, that would notice a change."""
    from rolecall.analysis.grids.paste import telling_test  # noqa: PLC0415 - keeps --help quick
    from rolecall.analysis.people import person  # noqa: PLC0415

    for change in changes:
        for row in change.states[:_TRIED]:
            state = {name: values[0] for name, values in row.items()}
            sentence = f"{person(change.who)}, on a {change.type}"
            text = telling_test(table, one.table, change.type, change.who, state, sentence)
            if text is not None:
                yield "  This test would notice:"
                yield text
                return
    if changes:
        yield "  No ready test: nobody was found in whose roles and records alone it shows."


def _data(score: Score) -> dict[str, object]:
    """Give the score for a program."""
    fates: tuple[Fate, ...] = ("killed", "survived", "equivalent", "refused", "not decided")
    return {
        "schema": 1,
        "percent": round(score.percent, 2),
        "counts": {fate.replace(" ", "_"): score.count(fate) for fate in fates},
        "survivors": [
            {
                "family": one.mutant.family,
                "name": one.mutant.rule,
                "file": one.mutant.origin.file,
                "line": one.mutant.origin.line,
                "before": one.mutant.before,
                "after": one.mutant.after,
                "fate": one.fate,
            }
            for one in score.survivors
        ],
    }
