"""`rolecall test`."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from rolecall_cli.options import POLICIES, PolicyPath, TestsPath, note
from rolecall_cli.style import shown, styled

if TYPE_CHECKING:
    from rolecall.analysis.coverage import Coverage
    from rolecall.analysis.grids import Result, TestFile
    from rolecall.policy import Policy


class Shape(StrEnum):
    """How `rolecall test` writes."""

    text = "text"
    json = "json"
    junit = "junit"
    github = "github"
    tap = "tap"


def test(
    path: PolicyPath = POLICIES,
    tests: TestsPath = None,
    wanted: Annotated[
        str, typer.Option("--filter", metavar="WORDS", help="Only tests with these words in their sentence or file.")
    ] = "",
    strict: Annotated[
        bool, typer.Option("--strict", help="What a grid does not mention fails, and so do names that no test uses.")
    ] = False,
    format: Annotated[  # noqa: A002 - the option's name
        Shape, typer.Option("--format", metavar="NAME", help="text, json, junit, github or tap.")
    ] = Shape.text,
    coverage: Annotated[
        bool, typer.Option("--coverage", help="How much of the policy the tests see, and which tests are missing.")
    ] = False,
    fail_under: Annotated[
        float | None,
        typer.Option("--fail-under", metavar="PERCENT", min=0, max=100, help="Less coverage than this is a failure."),
    ] = None,
    lcov: Annotated[
        Path | None, typer.Option("--lcov", metavar="FILE", help="Write the coverage as LCOV, on the policy's lines.")
    ] = None,
    cobertura: Annotated[
        Path | None, typer.Option("--cobertura", metavar="FILE", help="Write the coverage as Cobertura's XML.")
    ] = None,
    missing: Annotated[
        int, typer.Option("--missing", metavar="N", min=0, help="How many missing tests --coverage shows.")
    ] = 3,
    watch: Annotated[bool, typer.Option("--watch", help="Test again whenever a file is saved.")] = False,
) -> None:
    """Test a policy: who may do what, and who may not.

    Tests are tables in files that begin with `rolecall-tests: 1`, beside the policy. Failures are shown as the table,
    with the wrong answers marked and explained.
    """
    wants = Wants(
        path,
        tests or path,
        wanted,
        strict,
        format,
        coverage or fail_under is not None,
        fail_under,
        lcov,
        cobertura,
        missing,
    )
    if not watch:
        raise typer.Exit(_once(wants))
    from rolecall.errors import FactsError, PolicyError  # noqa: PLC0415 - keeps --help quick

    from rolecall_cli.watching import changes  # noqa: PLC0415

    for _ in changes(lambda: [path, *([tests] if tests else [])]):
        if sys.stdout.isatty():
            typer.echo("\x1b[2J\x1b[H", nl=False)
        try:
            _once(wants)
        except (PolicyError, FactsError) as error:
            typer.echo("\n".join(map(shown, str(error).split("\n"))))


class Wants(NamedTuple):
    """What was asked for on the command line."""

    policy: Path
    tests: Path
    words: str
    strict: bool
    shape: Shape
    coverage: bool
    fail_under: float | None
    lcov: Path | None
    cobertura: Path | None
    missing: int


def _once(wants: Wants) -> int:
    """Read the tests, run them, write how it went; gives the exit code."""
    from rolecall.analysis.coverage import asserted, measure  # noqa: PLC0415 - keeps --help quick
    from rolecall.analysis.grids import Bench  # noqa: PLC0415
    from rolecall.compiler import load_table  # noqa: PLC0415
    from rolecall.loader import load_policy  # noqa: PLC0415

    policy = load_policy(wants.policy)
    table = load_table(policy)
    files = read(wants.tests, policy)
    if files is None:
        return 2
    results = Bench(table).run(files, wants.words, strict=wants.strict)
    if not results:
        said = "no test has these words in its sentence or file" if wants.words else f"`{wants.tests}` holds no tests"
        typer.echo(f"rolecall: {said}; a file of tests begins with `rolecall-tests: 1`", err=True)
        return 2
    found = None
    if wants.coverage or wants.lcov or wants.cobertura:
        found = measure(table, asserted(table, results), wants.missing if wants.coverage else 0)
    typer.echo(_written(results, found, policy, wants))
    unused = [] if wants.words else [(name, at) for file in files for name, at in file.unused]
    for name, at in unused if wants.strict else []:
        typer.echo(shown(f"{at}: `{name}` is named, and no test uses it"), err=True)
    little = found is not None and _saved(found, policy, wants)
    return int(any(not one.passed for one in results) or bool(wants.strict and unused) or little)


def _saved(found: Coverage, policy: Policy, wants: Wants) -> bool:
    """Write the files of coverage that were asked for; say whether there is less coverage than there should be."""
    from rolecall_cli import covering  # noqa: PLC0415 - keeps --help quick

    for file, write in ((wants.lcov, covering.as_lcov), (wants.cobertura, covering.as_cobertura)):
        if file is not None:
            file.write_text(write(found, policy), "utf-8")
    if wants.fail_under is None or (found.decided and found.percent >= wants.fail_under):
        return False
    said = f"less than the {wants.fail_under:g} % asked for" if found.decided else "not decided: a type is too large"
    typer.echo(f"rolecall: {covering.summary(found)}: {said}", err=True)
    return True


def read(where: Path, policy: Policy) -> list[TestFile] | None:
    """Read the tests; None where they are malformed, which is said on standard error."""
    from rolecall.analysis.grids import read_tests  # noqa: PLC0415 - keeps --help quick

    if not where.exists():
        raise typer.BadParameter(f"there is no file or folder `{where}`", param_hint="PATH")
    files, findings = read_tests(where, policy)
    for one in findings:
        typer.echo(one.render() + "\n", err=True)
    if findings:
        typer.echo(styled(f"the tests have {len(findings)} error{'' if len(findings) == 1 else 's'}", "red"), err=True)
        if where.is_file() and any(one.message.startswith("there is no ") for one in findings):
            note("what other files name is known where the folder is read, not one file: --filter takes a file's name")
    return None if findings else files


def _written(results: list[Result], found: Coverage | None, policy: Policy, wants: Wants) -> str:
    """Give the results in a format."""
    from rolecall_cli import covering, reports, verdicts  # noqa: PLC0415 - keeps --help quick

    shown_too = found if wants.coverage else None
    if wants.shape is Shape.text:
        rows = [*verdicts.render(results)]
        if shown_too is not None:
            rows += ["", *covering.render(shown_too, policy, tests=True), "", covering.summary(shown_too)]
        return "\n".join(rows)
    if wants.shape is Shape.json:
        return reports.as_json(results, covering.as_data(shown_too) if shown_too else None)
    formats = {Shape.junit: reports.as_junit, Shape.github: reports.as_github, Shape.tap: reports.as_tap}
    return formats[wants.shape](results)
