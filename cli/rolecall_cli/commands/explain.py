"""`rolecall explain`."""

from __future__ import annotations

import json
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rolecall_cli.audit.keeping import Names, Pseudonyms, open_keeper
from rolecall_cli.audit.options import DEFAULT_AUDIT, AuditUrl
from rolecall_cli.audit.recorded import SINCE, DecisionId, ShortCode, recorded
from rolecall_cli.facts import open_facts
from rolecall_cli.options import POLICIES, As, At, FactsStore, Policies, SnapshotFile, note, origin_of
from rolecall_cli.style import styled
from rolecall_cli.writing import put

if TYPE_CHECKING:
    from rolecall import Authorizer, Decision
    from rolecall.explain import Explanation, Named
    from rolecall.recorder import Mark

    from rolecall_cli.audit.keeping import Keeper
    from rolecall_cli.facts import OpenFacts


class Shape(StrEnum):
    """How an explanation is written."""

    text = "text"
    markdown = "markdown"
    json = "json"
    html = "html"


def explain(
    context: typer.Context,
    user: Annotated[str | None, typer.Option("--user", help="The person's v3.0 id.")] = None,
    resource: Annotated[
        str | None, typer.Option("--resource", metavar="TYPE:ID", help="The resource, such as section:5f…")
    ] = None,
    snapshot: SnapshotFile = None,
    store: FactsStore = None,
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
    compare: Annotated[
        tuple[str, str] | None, typer.Option("--compare", metavar="U1 U2", help="Why may the one, and not the other?")
    ] = None,
    of: DecisionId = None,
    code: ShortCode = None,
    audit: AuditUrl = DEFAULT_AUDIT,
    names: Names = False,
    pseudonyms: Pseudonyms = None,
    format: Annotated[  # noqa: A002 - the option's name
        Shape, typer.Option("--format", metavar="FORMAT", help="text, markdown (for a ticket), json, or html.")
    ] = Shape.text,
    output: Annotated[Path | None, typer.Option("--output", metavar="FILE", help="Write it to a file.")] = None,
) -> None:
    """Say why somebody may, or may not, and what would change it.

    The roles held and where, what is allowed, how that adds up, the rules behind it, and the smallest changes that
    would turn the answer round. `--compare` sets two people side by side. With `--audit` it is recorded that this was
    asked.
    """
    from rolecall import Resource  # noqa: PLC0415 - keeps --help quick
    from rolecall.explain import explain as explained  # noqa: PLC0415

    if of is not None or code is not None:
        if user is not None or resource is not None:
            raise typer.BadParameter("a recorded decision has its own person and resource", param_hint="--user")
        _only_recorded(context, names=names)
        facts = open_facts(context, policies, snapshot, store, at) if names else None
        raise typer.Exit(_reopened(context, audit, (of, code), facts, pseudonyms, format, output))
    if (user is None and compare is None) or resource is None:
        missing = "--resource" if resource is None else "--user"
        raise typer.BadParameter(
            "say who and what, or which recorded decision (`--decision`, `--code`)", param_hint=missing
        )
    kind, colon, identifier = resource.partition(":")
    if not colon:
        raise typer.BadParameter(f"`{resource}` is not TYPE:ID, such as section:5f…", param_hint="--resource")
    keeper = open_keeper(context, audit, pseudonyms, names=names)
    facts = open_facts(context, policies, snapshot, store, at)
    thing = Resource(kind, identifier, read_properties(facts.pdp, kind, properties or []))
    if compare is not None:
        if user is not None:
            raise typer.BadParameter("`--compare` names both people: leave out `--user`", param_hint="--user")
        both = [facts.pdp.authorize(one, thing, permission, acting_as=acting_as) for one in compare]
        put(_compared(facts, both[0], both[1], format, _kept(keeper, both, facts, names=names)), output)
        raise typer.Exit(max(exit_code(one) for one in both))
    decision = facts.pdp.authorize(user or "", thing, permission, acting_as=acting_as)
    shown = _kept(keeper, [decision], facts, names=names)
    said = explained(decision, changes=facts.changes(decision), since=facts.since(decision), names=shown)
    put(shaped(decision, said, format), output)
    if decision.indeterminate:
        facts.tell_old()
    raise typer.Exit(exit_code(decision))


def _only_recorded(context: typer.Context, *, names: bool) -> None:
    """See that nothing else is asked of a recorded decision: it would not be answered. Facts only give names."""
    asked = {"permission": "--permission", "properties": "--property", "acting_as": "--as", "compare": "--compare"}
    if not names:  # which are those of a time, where one is given
        asked |= {"at": "--at"}
    typed = [option for name, option in asked.items() if origin_of(context, name) == "COMMANDLINE"]
    if typed:
        said = "a recorded decision is explained as it was made: leave this out, or ask anew with `--user`"
        raise typer.BadParameter(said, param_hint=typed[0])
    if not names and origin_of(context, "policies") == "COMMANDLINE":
        note("a recorded decision is explained by the policy that it was made by, and `--policies` is not asked")


def _kept(
    keeper: Keeper | None, decisions: list[Decision], facts: OpenFacts, *, names: bool
) -> tuple[Named, ...] | None:
    """Record what was decided to be explained; then give the names, where they are wanted."""
    if keeper is not None:
        from rolecall.loader import load_policy  # noqa: PLC0415 - keeps --help quick

        mark: Mark = "names" if names else "explain"
        keeper.keep(decisions, load_policy(facts.policies), facts.pdp.table, mark)
    if not names:
        return None
    from rolecall_cli.naming import named  # noqa: PLC0415 - keeps --help quick

    return named(decisions, facts)


def _reopened(
    context: typer.Context,
    audit: str,
    which: tuple[str | None, str | None],
    facts: OpenFacts | None,
    pseudonyms: Path | None,
    shape: Shape,
    output: Path | None,
) -> int:
    """Explain a decision out of the audit log; its names, where `facts` give them, are recorded as shown."""
    from rolecall.errors import AuditError  # noqa: PLC0415 - keeps --help quick
    from rolecall.explain import explain as explained  # noqa: PLC0415

    keeper = None if facts is None else open_keeper(context, audit, pseudonyms, names=True)
    was = recorded(context, audit, *which)
    names: tuple[Named, ...] | None = None
    if facts is not None and keeper is not None:
        if was.hidden:
            raise AuditError("no names are shown: users' ids are hidden in this audit log, and belong to no name")
        keeper.keep([was.decision], was.policy, was.table, "names")
        from rolecall_cli.naming import named  # noqa: PLC0415 - keeps --help quick

        names = named([was.decision], facts)
    said = explained(was.decision, changes=was.changes, since=(SINCE,), names=names)
    put(shaped(was.decision, said, shape), output)
    return exit_code(was.decision)


def shaped(decision: Decision, said: Explanation, shape: Shape) -> str:
    """Give an explanation in a format."""
    from rolecall.explain import render  # noqa: PLC0415 - keeps --help quick
    from rolecall.explain.data import data  # noqa: PLC0415

    if shape is Shape.json:
        return json.dumps(data(decision, said), indent=2) + "\n"
    if shape is Shape.markdown:
        return render.markdown(said)
    if shape is Shape.html:
        return render.page(said)
    colour = "yellow" if decision.indeterminate else "red" if exit_code(decision) else "green"
    return render.text(said, _styles(colour)) + "\n"


def _compared(
    facts: OpenFacts, first: Decision, second: Decision, shape: Shape, names: tuple[Named, ...] | None
) -> str:
    """Give the difference between two people in a format, with names where there are any."""
    from rolecall.explain import render  # noqa: PLC0415 - keeps --help quick
    from rolecall.explain.compare import Comparison, compared, comparison_data, lacked  # noqa: PLC0415
    from rolecall.explain.document import Section, name_rows  # noqa: PLC0415

    asked = [
        facts.pdp.authorize(one.subject, one.resource, name, acting_as=one.acting_as)
        for one, name in lacked(first, second)
    ]
    found = Comparison(first, second, tuple((one, facts.changes(one)) for one in asked))
    if shape is Shape.json:
        named = None if names is None else [{"kind": one.kind, "id": one.id, "name": one.name} for one in names]
        return json.dumps({**comparison_data(found), "names": named}, indent=2) + "\n"
    said, parts = compared(found)
    if names is not None:
        parts = [Section("Names", tuple(name_rows(names))), *parts]
    last = f"decisions {first.id}, {second.id} · policy {first.grounds.digest[:19]}"
    if shape is Shape.markdown:
        return render.mark_down(said, parts, last)
    if shape is Shape.html:
        return render.lay_page(said, parts, last, "unknown")
    return render.lay_out(said, parts, last, _styles("bold")) + "\n"


def _styles(answer: str) -> Callable[[str, str], str]:
    """Give the colours of a text: of the answer, its titles, and its foot."""
    styles = {"answer": answer, "title": "bold", "foot": "dim"}
    return lambda text, what: styled(text, styles[what])


def exit_code(decision: Decision) -> int:
    """Give 0 for a yes, 1 for a no, 4 where nobody can tell."""
    if decision.indeterminate:
        return 4
    return 0 if (decision.permissions if decision.permission is None else decision.allowed) else 1


def read_properties(pdp: Authorizer, kind: str, given: list[str]) -> dict[str, object]:
    """Read NAME=VALUE pairs; `true` and `false` are booleans where the attribute is one."""
    from rolecall.errors import did_you_mean  # noqa: PLC0415 - keeps --help quick
    from rolecall.wording import value_name  # noqa: PLC0415

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
        if name in attributes and found[name] not in attributes[name].values:
            values = ", ".join(f"`{value_name(one)}`" for one in attributes[name].values)
            note(f"`{value}` is no value of `{name}`, which counts as unknown: it is one of {values}")
    return found
