"""`rolecall new`."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from rolecall_cli.starting.answers import Answers, Editors, Families, Staff, TechLeads
from rolecall_cli.starting.asking import DEFAULTS, Asker
from rolecall_cli.style import shown


def new(
    folder: Annotated[Path, typer.Argument(help="Where to: a folder that is not there yet, or empty.")] = Path(
        "policies"
    ),
    name: Annotated[str | None, typer.Option("--name", help="1: what the application is called.")] = None,
    timezone: Annotated[str | None, typer.Option("--timezone", help="1: whose midnight ends a term.")] = None,
    things: Annotated[
        str | None,
        typer.Option("--things", metavar="LIST", help="2: assignments,grades,notes,reports: some of them, or none."),
    ] = None,
    editors: Annotated[Editors | None, typer.Option("--editors", help="3: who changes what is in a class.")] = None,
    staff: Annotated[Staff | None, typer.Option("--staff", help="4: what staff see at their schools.")] = None,
    tech_leads: Annotated[
        TechLeads | None, typer.Option("--tech-leads", help="4: what School Tech Leads may besides PortalOnly staff.")
    ] = None,
    families: Annotated[Families | None, typer.Option("--families", help="5: who of the families gets in.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing: what no option says is as usual.")] = False,
) -> None:
    """Start a policy by answering five questions.

    Writes the policy, tests that say what you meant, claims that must always hold, and JSON Schemas for your editor.
    Nothing is ever overwritten.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise typer.BadParameter(
            f"`{folder}` is there, and nothing is overwritten: name another folder", param_hint="FOLDER"
        )
    asker = Asker(silent=yes)
    asker.head(1, "What is the application called, and where is it used?")
    said = asker.text(name, "name", DEFAULTS.name, lambda text: _problem(text, DEFAULTS.timezone))
    zone = asker.text(timezone, "time zone", DEFAULTS.timezone, lambda text: _problem(DEFAULTS.name, text))
    asker.head(2, "What does it protect, besides schools, classes and students?")
    chosen = asker.some(things, DEFAULTS.things)
    asker.head(3, "Who changes what is in a class?")
    who = asker.one(editors, Editors, DEFAULTS.editors)
    asker.head(4, "What may staff see at their schools? Principals are staff, and PortalOnly by default.")
    seen = asker.one(staff, Staff, DEFAULTS.staff)
    asker.say("  And School Tech Leads, who support technology:")
    more = asker.one(tech_leads, TechLeads, DEFAULTS.tech_leads)
    asker.head(5, "Who of the families gets in?")
    let_in = asker.one(families, Families, DEFAULTS.families)
    _write(folder, Answers(said, zone, chosen, who, seen, more, let_in))
    typer.echo(f"{'' if yes else chr(10)}{_told(folder)}")


def _problem(name: str, zone: str) -> str:
    """Say what the language has against a name or a time zone; an empty text where it has nothing."""
    from rolecall.loader import merge_sources  # noqa: PLC0415 - keeps --help quick
    from rolecall.vocabulary.origin import Source  # noqa: PLC0415

    from rolecall_cli.starting.policy import quoted  # noqa: PLC0415

    if not name.isprintable() or not zone.isprintable():
        return "write it in one line"
    text = f"rolecall: 1\napplication: {quoted(name)}\ntimezone: {quoted(zone)}\n"
    _, findings = merge_sources([Source("", text)], [], Path())
    return "; ".join(f"{one.message}: {' '.join(one.helps)}" for one in findings)


def _write(folder: Path, answers: Answers) -> None:
    """Write every file, each of which must be new."""
    from rolecall.analysis.layout import format_source  # noqa: PLC0415 - keeps --help quick
    from rolecall.loader import schema  # noqa: PLC0415
    from rolecall.vocabulary.origin import Source  # noqa: PLC0415

    from rolecall_cli.starting.claims import claims_text  # noqa: PLC0415
    from rolecall_cli.starting.grids import grids_text  # noqa: PLC0415
    from rolecall_cli.starting.policy import policy_text  # noqa: PLC0415

    made: dict[str, Callable[[Answers], str]] = {
        "policy.yaml": policy_text, "claims.yaml": claims_text, "tests/who-may-what.yaml": grids_text,
    }  # fmt: skip
    texts = {name: text(answers) for name, text in made.items()}
    texts = {name: format_source(Source(name, text))[0] or text for name, text in texts.items()}
    for name in ("policy-1", "tests-1", "claims-1"):
        texts[f"schemas/{name}.schema.json"] = json.dumps(schema(name), indent=2) + "\n"
    for name, text in texts.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8", newline="\n") as stream:
            stream.write(text)


def _told(folder: Path) -> str:
    """Say what was written, what it comes to (asked of the files themselves), and what to do next."""
    from rolecall.analysis.claims import prove, read_claims  # noqa: PLC0415 - keeps --help quick
    from rolecall.analysis.grids import Bench, read_tests  # noqa: PLC0415
    from rolecall.compiler import load_table  # noqa: PLC0415
    from rolecall.loader import load_policy  # noqa: PLC0415

    policy = load_policy(folder)
    table = load_table(policy)
    results = Bench(table).run(read_tests(folder, policy)[0])
    verdicts = [*prove(read_claims(folder, policy)[0], policy, table)]
    passed, proven = sum(one.passed for one in results), sum(one.answer == "proven" for one in verdicts)
    named = shlex.quote(str(folder))
    rows = [
        f"wrote {folder}",
        f"  policy.yaml              {len(policy.rules)} rules: read them, they say why in plain words",
        f"  tests/who-may-what.yaml  {passed} of {len(results)} tests pass: who may do what, as you answered",
        f"  claims.yaml              {proven} of {len(verdicts)} claims proven: what must hold whatever is edited",
        "  schemas/                 for your editor: completion and checks while you type",
        "",
        "next",
        f"  rolecall watch {named}    # leave it open while you edit: what is wrong, and what an edit means",
        f"  rolecall check {named}; rolecall test {named}; rolecall prove {named}",
        "  rolecall demo --write demo.json    # a made-up district to try it on:",
        f"  rolecall permissions --policies {named} --snapshot demo.json --user ca5700000000000000000001",
    ]
    return "\n".join(map(shown, rows))
