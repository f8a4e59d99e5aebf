"""`rolecall explain`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from rolecall_cli.options import POLICIES, As, At, Format, Policies, SnapshotFile, note, open_pdp
from rolecall_cli.style import shown, styled

if TYPE_CHECKING:
    from rolecall import Authorizer, Decision
    from rolecall.explain import Explanation, Line


def explain(
    user: Annotated[str, typer.Option("--user", help="The person's v3.0 id.")],
    resource: Annotated[str, typer.Option("--resource", metavar="TYPE:ID", help="The resource, such as section:5f…")],
    snapshot: SnapshotFile,
    permission: Annotated[
        str | None, typer.Option("--permission", help="One permission; all of the type where absent.")
    ] = None,
    properties: Annotated[
        list[str] | None,
        typer.Option(
            "--property", metavar="NAME=VALUE", help="What the application asserts: a place, an attribute, the owner."
        ),
    ] = None,
    acting_as: As = None,
    policies: Policies = POLICIES,
    at: At = None,
    format: Annotated[Format, typer.Option("--format", help="For a person, or for a program.")] = Format.text,  # noqa: A002 - the option's name
) -> None:
    """Say why somebody may, or may not.

    The roles held and where, what is allowed, and the rules behind each permission.
    """
    from rolecall import Resource  # noqa: PLC0415 - keeps --help quick
    from rolecall.explain import explain as explained  # noqa: PLC0415
    from rolecall.record import record  # noqa: PLC0415

    kind, colon, identifier = resource.partition(":")
    if not colon:
        raise typer.BadParameter(f"`{resource}` is not TYPE:ID, such as section:5f…", param_hint="--resource")
    pdp, _ = open_pdp(policies, snapshot, at)
    thing = Resource(kind, identifier, read_properties(pdp, kind, properties or []))
    decision = pdp.authorize(user, thing, permission, acting_as=acting_as)
    if format is Format.json:
        typer.echo(json.dumps(record(decision), indent=2))
    else:
        typer.echo(render(decision, explained(decision)))
    if decision.indeterminate:
        raise typer.Exit(4)
    if not (decision.permissions if permission is None else decision.allowed):
        raise typer.Exit(1)


def read_properties(pdp: Authorizer, kind: str, given: list[str]) -> dict[str, object]:
    """Read NAME=VALUE pairs; `true` and `false` are booleans where the attribute is one."""
    from rolecall.errors import did_you_mean  # noqa: PLC0415 - keeps --help quick

    table = pdp.table.types.get(kind)
    attributes = {code.name: code for code in table.attributes} if table else {}
    found: dict[str, object] = {}
    for pair in given:
        name, equals, value = pair.partition("=")
        if not equals or name in found:
            wrong = "is not NAME=VALUE, such as section=5f…" if not equals else f"gives `{name}` a second value"
            raise typer.BadParameter(f"`{pair}` {wrong}", param_hint="--property")
        known = [*attributes, *(table.places if table else ()), "owner"]
        if table and name not in known:
            note(f"no rule asks about `{name}` of `{kind}`; {did_you_mean(name, known)}")
        boolean = name in attributes and attributes[name].kind is bool
        found[name] = value.lower() == "true" if boolean and value.lower() in ("true", "false") else value
    return found


def render(decision: Decision, said: Explanation) -> str:
    """Give the explanation as text."""
    yes = bool(decision.permissions) if decision.permission is None else decision.allowed
    parts = [[styled(shown(said.sentence), "green" if yes else "yellow" if decision.indeterminate else "red")]]
    roles = [shown(f"  {role}{f'  (doubtful: {doubt})' if doubt else ''}") for role, doubt in said.roles]
    for title, rows in (
        ("Roles held around it:", roles),
        ("Allowed:", [row for line in said.allowed for row in _line(line)]),
        ("Not allowed:", [row for line in said.missing for row in _line(line)]),
        ("Odd in the data:", [shown(f"  {text}") for text in said.odd]),
    ):
        if rows:
            parts.append([title, *rows])
    parts.append([styled(f"{said.code} · decision {said.decision} · policy {said.policy[:19]}", "dim")])
    return "\n\n".join("\n".join(rows) for rows in parts)


def _line(line: Line) -> list[str]:
    name = f"  {styled(line.permission, 'bold')}"
    if line.why:
        return [f"{name}: {line.why}"]
    rows = [name]
    for verb, rules in (("given by", line.given_by), ("taken away by", line.cut_by)):
        for rule in rules:
            because = shown(" ".join(rule["because"].split()))
            rows += [f"    {verb} {rule['rule']} ({rule['at']})", f"      {because}"]
    return rows
