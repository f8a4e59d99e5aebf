"""What became of tests, for a person: each failed one as its grid, with the wrong answers marked and explained."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING

from rolecall_cli.style import shown, styled

if TYPE_CHECKING:
    from rolecall.analysis.grids import Answer, Asked, Result

_MOST = 12  # so many explanations of one test are read; of more, their number


def render(results: list[Result]) -> Iterator[str]:
    """Give every failed test, then how it went, line by line."""
    failed = [one for one in results if not one.passed]
    for one in failed:
        yield from _failed(one)
        yield ""
    wrong = sum(len(one.failures) for one in results)
    asserted = sum(one.asserted for one in results)
    tests = f"{_counted(len(results), 'test')}, {len(failed)} failed"
    yield styled(f"{tests}; {_counted(asserted, 'answer')} asserted, {wrong} wrong", "red" if failed else "green")


def _counted(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def _failed(result: Result) -> Iterator[str]:
    """Give one failed test."""
    yield styled("failed: ", "red") + styled(shown(result.case.sentence), "bold")
    yield styled(shown(f"  {result.case.origin}"), "dim")
    if result.case.form == "list":
        rows = [(f"{asked.person.name} on {asked.thing.name}", asked) for asked in result.asked]
        some = [row for row in rows if any(one.problem for one in row[1].answers)]
        yield from _grid(result.case.permission and [result.case.permission], some[:_MOST])
    else:
        for thing, group in groupby(result.asked, key=lambda asked: asked.thing):
            asked = [*group]
            if any(answer.problem for one in asked for answer in one.answers):
                every = tuple(answer.permission for answer in asked[0].answers)
                mentioned = {a.permission for one in asked for a in one.answers if a.expected is not None or a.problem}
                yield shown(f"  on {_described(asked[0])}" if thing.name else "")
                yield from _grid(
                    [name for name in every if name in mentioned], [(one.person.name, one) for one in asked]
                )
    explained = [*_explained(result)]
    yield from (line for lines in explained[:_MOST] for line in lines)
    if len(explained) > _MOST:
        yield f"  … and {len(explained) - _MOST} more"


def _described(asked: Asked) -> str:
    """Name a resource, and say what it is."""
    thing = asked.thing
    said = [thing.kind] if thing.name != thing.kind else []
    said += [
        f"{name}: {str(value).lower() if isinstance(value, bool) else value}"
        for name, value in thing.attributes.items()
    ]
    said += [f"where: {thing.where}"] if thing.where != "here" else []
    said += ["not enrolled"] if not thing.enrolled else []
    return f"{thing.name} ({', '.join(said)})" if said else thing.name


def _grid(columns: list[str] | str, rows: list[tuple[str, Asked]]) -> Iterator[str]:
    """Draw a grid; a wrong answer stands in brackets, and what is not asserted is a dash."""
    left = max((len(name) for name, _ in rows), default=0) + 4
    widths = [max(len(name), 5) + 2 for name in columns]
    yield " " * left + "  " + "".join(f" {name:<{width}}" for name, width in zip(columns, widths, strict=True)).rstrip()
    for name, asked in rows:
        answers = {one.permission: one for one in asked.answers}
        cells = [_cell(answers[column], width) for column, width in zip(columns, widths, strict=True)]
        yield f"{shown(f'    {name}'):<{left}}  {''.join(cells)}".rstrip()


def _cell(answer: Answer, width: int) -> str:
    """Give one answer, as it is."""
    is_so = "yes" if answer.allowed else "no"
    if answer.problem:
        word = f"[{is_so if answer.expected is not None else '-'}]"
        return styled(word, "red") + " " * (width + 1 - len(word))
    asserted = answer.expected is not None and answer.expected.allowed is not None
    return f" {is_so if asserted else '-':<{width}}"


def _explained(result: Result) -> Iterator[list[str]]:
    """Explain each wrong answer: what it is and should be, and why it is so."""
    for asked, answer in result.failures:
        at = asked.origin if answer.expected is None else answer.expected.origin
        about = f"{asked.person.name}, {asked.thing.kind}.{answer.permission}"
        if result.case.form == "list" or len(result.case.things) > 1:
            about += f" on {asked.thing.name}"
        said = (
            f"{answer.problem}: it is {'yes' if answer.allowed else 'no'}"
            if answer.expected is None
            else answer.problem
        )
        lines = [f"  {shown(about)} {styled(shown(said), 'red')}  {styled(shown(f'({at.file}:{at.line})'), 'dim')}"]
        lines.append(shown(f"    {asked.sentence(answer.permission)}"))
        rules = asked.decision.reason(answer.permission)
        for verb, found in (("given by", rules.given_by), ("taken away by", rules.cut_by)):
            lines += [shown(f"    {verb} {rule.id} ({rule.origin})") for rule in found]
        yield lines
