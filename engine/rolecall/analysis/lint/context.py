"""What lint rules look at: a policy, its table, what `check` found, its text as trees, and exact answers on demand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property

from rolecall.analysis.lint.exact import Exact
from rolecall.analysis.lint.places import Element, File, listed_in, read_files, without
from rolecall.analysis.lint.problem import CannotFixError, Fix, Problem
from rolecall.analysis.lint.suppressions import Suppression, find_suppressions
from rolecall.analysis.space import Crowds
from rolecall.compiler import Compiled, compile_policy
from rolecall.compiler.reach import Reaches
from rolecall.compiler.sets import Sets
from rolecall.policy import Policy
from rolecall.table import Half, Table, TypeTable
from rolecall.vocabulary.origin import Finding, Origin, Source


class Context:
    """One policy. What costs time is worked out once, when a rule first asks for it."""

    def __init__(self, policy: Policy, sources: Iterable[Source]) -> None:
        """`sources` are all files of the folder: also those of tests and claims, which may name what a fix removes."""
        self.policy, self.sources = policy, tuple(sources)
        self.crowds: Crowds = {}
        self._exact: dict[str, Exact] = {}

    @cached_property
    def compiled(self) -> Compiled:
        """The policy, compiled."""
        return compile_policy(self.policy)

    @property
    def table(self) -> Table:
        """Its table."""
        return self.compiled.table

    @cached_property
    def reaches(self) -> Reaches:
        """Who can be what, around each type."""
        return Reaches(self.table.atoms)

    @cached_property
    def files(self) -> dict[str, File]:
        """Every file that can be read, by its name."""
        return read_files(self.sources)

    @cached_property
    def sets(self) -> Sets:
        """The policy's permission sets, worked out."""
        return Sets(self.policy)

    @cached_property
    def halves(self) -> dict[str, list[tuple[TypeTable, bool, Half]]]:
        """Every bound by its rule: of which type it is, and whether it is a `max`."""
        found: dict[str, list[tuple[TypeTable, bool, Half]]] = {rule.id: [] for rule in self.policy.rules}
        for kind in self.table.types.values():
            for ceiling, several in ((False, kind.minima), (True, kind.maxima)):
                for half in several:
                    found[half.rule.id].append((kind, ceiling, half))
        return found

    @cached_property
    def suppressions(self) -> list[Suppression]:
        """The comments that ask to pass something over."""
        return [one for file in self.files.values() for one in find_suppressions(file)]

    def exact(self, kind: str) -> Exact:
        """Give the exact answers about a type."""
        if kind not in self._exact:
            self._exact[kind] = Exact(self.table, kind, self.crowds)
        return self._exact[kind]

    def surfaced(self, code: str) -> Iterator[Finding]:
        """Give what `check` found under a code."""
        return (one for one in self.compiled.findings if one.code == code)

    @cached_property
    def dead(self) -> frozenset[str]:
        """The rules that `check` says never have an effect."""
        found = (self.element(one.origin) for one in self.surfaced("dead-rule"))
        return frozenset(one.name for one in found if one)

    @cached_property
    def redundant(self) -> frozenset[str]:
        """The rules that have an effect somewhere, and without which no cell would differ."""
        needed = frozenset(name for kind in self.table.types for name in self.exact(kind).needed)
        return frozenset(rule.id for rule in self.policy.rules) - needed - self.dead

    def element(self, origin: Origin | None) -> Element | None:
        """Give the rule, set, type or role that a place belongs to."""
        file = self.files.get(origin.file) if origin else None
        return file.at(origin) if file and origin else None

    def named(self, kind: str, name: str) -> Element:
        """Give an element by its name."""
        return next(
            one for file in self.files.values() for one in file.elements if (one.kind, one.name) == (kind, name)
        )

    def deleting(self, finding: Finding, rule: str) -> Problem:
        """Give a finding whose fix is to delete a rule."""
        return problem(finding, lambda: self._delete(rule))

    def _delete(self, rule: str) -> Fix:
        """Take a rule out, and its name out of the `overrides` of others."""
        element = self.named("rule", rule)
        edits = [without(element.file, element.part)]
        rules = [one for file in self.files.values() for one in file.elements if one.kind == "rule"]
        named = [(one.file, listed_in(one, "overrides", rule)) for one in rules if one is not element]
        edits += [without(file, part) for file, part in named if part]
        return Fix(f"delete rule `{rule}`", tuple(edits), (rule,))


def problem(finding: Finding, make: Callable[[], Fix]) -> Problem:
    """Give a finding with the fix that `make` makes, or why it cannot."""
    try:
        return Problem(finding, make())
    except CannotFixError as error:
        return Problem(finding, why=str(error))
