"""`rolecall demo`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from rolecall_cli.options import shipped_policies
from rolecall_cli.style import styled
from rolecall_cli.writing import unwritten

if TYPE_CHECKING:
    from rolecall import Authorizer


class Scene(NamedTuple):
    """One question of the demo: who (a name of the cast), what, on which resource, and acting as which role."""

    who: str
    permission: str
    kind: str
    place: str
    properties: dict[str, object] = {}  # noqa: RUF012 - never changed
    acting_as: tuple[str, ...] | None = None


SCENES = (
    Scene("multi_role_teacher", "edit", "section", "algebra_class"),
    Scene("multi_role_teacher", "edit", "section", "termless_class"),
    Scene("multi_role_teacher", "report", "section", "algebra_class", acting_as=("teacher",)),
    Scene("principal", "view", "section", "algebra_class"),
    Scene("principal", "support", "section", "algebra_class"),
    Scene("tech_lead", "support", "section", "algebra_class"),
    Scene("past_teacher", "edit", "section", "past_class"),
    Scene("substitute", "take_attendance", "section", "covered_class"),
    Scene("former_substitute", "take_attendance", "section", "covered_class"),
    Scene("guardian", "view", "student", "child_high"),
    Scene("guardian", "view", "student", "student_in_several"),
    Scene("rostered_non_teacher", "edit", "section", "mismatched_class"),
    Scene("other_teacher", "view", "section", "algebra_class"),
)


GO_ON = """\
  {me} demo --write demo.json     keep the district as a snapshot, then ask about it:
  {me} permissions --snapshot demo.json --user ca5700000000000000000001
  {me} explain --snapshot demo.json --user ca5700000000000000000001 \\
      --resource section:5ec000000000000000000001"""


def demo(
    write: Annotated[
        Path | None,
        typer.Option("--write", metavar="FILE", help="Write the demo district as a snapshot, .json or .jsonl."),
    ] = None,
    requests: Annotated[
        Path | None, typer.Option("--requests", metavar="FILE", help="Write AuthZEN requests about it, a line each.")
    ] = None,
    users: Annotated[int, typer.Option("--users", min=100, help="How many people the district has.")] = 400,
    count: Annotated[int, typer.Option("--count", min=1, help="How many requests to write.")] = 1000,
    serve: Annotated[
        bool, typer.Option("--serve", help="Serve the demo district as Clever's API would, until Ctrl-C.")
    ] = False,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Where --serve listens; 0 is any free port.")
    ] = 4020,
    every: Annotated[
        float | None,
        typer.Option("--events-every", metavar="SECONDS", min=0.01, help="With --serve: a roster change so often."),
    ] = None,
) -> None:
    """Show decisions about a made-up district.

    With the shipped policy, and why; --write keeps the district as a snapshot, --serve stands in for Clever.
    """
    from rolecall.testing import demo_district, demo_lines, demo_requests  # noqa: PLC0415 - keeps --help quick

    if write:
        lines_form = write.suffix == ".jsonl"
        _write_lines(write, demo_lines(users) if lines_form else [json.dumps(demo_district(users=users))])
        typer.echo(f"wrote a district of {users} people to {write}", err=True)
    if requests:
        lines = (json.dumps(one, separators=(",", ":")) for one in demo_requests(demo_district(users=users), count))
        _write_lines(requests, lines)
        typer.echo(f"wrote {count} requests to {requests}", err=True)
    if serve:
        from rolecall_cli.demo_server import serve_demo  # noqa: PLC0415 - keeps --help quick

        serve_demo(users, port, every, _me())
    elif every is not None:
        raise typer.BadParameter(
            "changes are made to a district that is served: add --serve", param_hint="--events-every"
        )
    elif not write and not requests:
        _play()


def _write_lines(file: Path, lines: Iterable[str]) -> None:
    try:
        with file.open("w", encoding="utf-8") as stream:
            stream.writelines(f"{line}\n" for line in lines)
    except OSError as error:
        raise unwritten(file, error, "FILE") from None


def _play() -> None:
    """Decide each scene and print its explanation, then how to go on."""
    from rolecall import Authorizer, Snapshot  # noqa: PLC0415 - keeps --help quick
    from rolecall.testing import demo_district  # noqa: PLC0415

    district = demo_district()
    as_of = datetime.fromisoformat(str(district["as_of"])).astimezone(UTC)
    snapshot = Snapshot.read(district, "the demo district")
    policies = shipped_policies()
    pdp = Authorizer.load(policies, facts=snapshot, max_stale=None, clock=lambda: as_of)
    title = f"Oakvale, a made-up district, on {as_of:%Y-%m-%d}, under the policy in {_short(policies)}"
    typer.echo(styled(title, "bold"))
    for scene in SCENES:
        typer.echo("\n" + _scene(pdp, scene))
    typer.echo("\n" + styled("Go on", "bold") + "\n" + GO_ON.format(me=_me()))


def _scene(pdp: Authorizer, scene: Scene) -> str:
    """Decide one scene; give the sentence about the person, the question, the answer and the rule behind it."""
    from rolecall import Resource  # noqa: PLC0415 - keeps --help quick
    from rolecall.explain import explain  # noqa: PLC0415
    from rolecall.testing import CAST  # noqa: PLC0415

    who, place = CAST[scene.who], CAST[scene.place]
    thing = Resource(scene.kind, place.id, scene.properties)
    decision = pdp.authorize(who.id, thing, scene.permission, acting_as=scene.acting_as)
    acting = f", acting as {scene.acting_as[0]}," if scene.acting_as else ""
    name, where = scene.who.replace("_", " "), scene.place.replace("_", " ")
    question = f"Has the {name}{acting} `{scene.permission}` permission for the {scene.kind} “{where}”?"
    answer = styled("Yes.", "green") if decision.allowed else styled("No.", "red")
    said = explain(decision)
    behind = [rule for line in said.allowed if line.permission == scene.permission for rule in line.given_by]
    behind += [rule for line in said.missing if line.permission == scene.permission for rule in line.cut_by]
    rows = [styled(question, "bold"), f"  {answer} {_reason(said.sentence)}"]
    rows += [styled(f"  by {rule['rule']} ({_short(Path(rule['at']))})", "dim") for rule in behind]
    rows += [styled(f"  odd: {odd}", "yellow") for odd in said.odd]
    rows += [styled(f"  {name}: {who.says}", "dim"), styled(f"  {where}: {place.says}", "dim")]
    return "\n".join(rows)


def _me() -> str:
    """Give the command as it can be typed here: by its name, or as it was called."""
    return "rolecall" if which("rolecall") else sys.argv[0]


def _reason(sentence: str) -> str:
    """Give the part of the sentence that says why."""
    reason = sentence.partition(": ")[2]
    return reason[:1].upper() + reason[1:]


def _short(path: Path) -> str:
    """Give a path as seen from here, where it lies below."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else f"{path.parent.name}/{path.name}"
