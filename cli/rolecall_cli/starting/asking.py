"""The questions of `rolecall new`, asked of whoever sits there; what was given as an option is not asked."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Final, TypeVar

import typer

from rolecall_cli.starting.answers import MEANINGS, Answers, Editors, Families, Staff, TechLeads, Thing

Choice = TypeVar("Choice", bound=StrEnum)

DEFAULTS: Final = Answers(
    name="my-app",
    timezone="America/Chicago",
    things=frozenset({Thing.assignments, Thing.grades}),
    editors=Editors.teachers,
    staff=Staff.everything,
    tech_leads=TechLeads.support_without_grades,
    families=Families.students_and_guardians,
)
"""What is answered where nobody says otherwise."""


class Asker:
    """Asks, or takes the defaults where nobody is to be asked."""

    def __init__(self, *, silent: bool) -> None:
        """Ask nothing if `silent`."""
        self.silent = silent

    def head(self, number: int, question: str) -> None:
        """Begin a question."""
        self.say(f"\n{number} of 5: {question}")

    def say(self, text: str) -> None:
        """Say something to whoever is asked."""
        if not self.silent:
            typer.echo(text)

    def text(self, given: str | None, word: str, default: str, problem: Callable[[str], str]) -> str:
        """Give a text with which nothing is wrong."""

        def checked(said: str) -> str:
            if wrong := problem(said):
                raise typer.BadParameter(wrong)
            return said

        if given is not None or self.silent:
            return checked(default if given is None else given)
        found: str = typer.prompt(f"  {word}", default=default, value_proc=checked)
        return found

    def one(self, given: Choice | None, kind: type[Choice], default: Choice) -> Choice:
        """Give one of several answers."""
        if given is not None or self.silent:
            return default if given is None else given
        _explain(kind)

        def checked(said: str) -> Choice:
            if said not in [*kind]:
                raise typer.BadParameter(f"`{said}` is none of {', '.join(kind)}")
            return kind(said)

        found: Choice = typer.prompt("  which", default=default.value, value_proc=checked)
        return found

    def some(self, given: str | None, default: frozenset[Thing]) -> frozenset[Thing]:
        """Give any of the things."""
        if given is not None or self.silent:
            return default if given is None else read_things(given)
        _explain(Thing)
        shown = ",".join(sorted(default))
        found: frozenset[Thing] = typer.prompt(
            "  which (with commas between them, or none)", default=shown, value_proc=read_things
        )
        return found


def _explain(kind: type[StrEnum]) -> None:
    width = max(map(len, kind)) + 2
    for one in kind:
        typer.echo(f"  {one.value:{width}}{MEANINGS[one]}")


def read_things(said: str) -> frozenset[Thing]:
    """Read things with commas between them; wrong usage where one is none."""
    names = [name for one in said.split(",") if (name := one.strip()) and name != "none"]
    for name in names:
        if name not in [*Thing]:
            raise typer.BadParameter(f"`{name}` is none of {', '.join(Thing)}, none")
    return frozenset(map(Thing, names))
