"""How much tests see: for a person, and as LCOV and Cobertura's XML on the policy's lines, for editors and CI."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

from rolecall_cli.style import shown, styled

if TYPE_CHECKING:
    from rolecall.analysis.coverage import Coverage, Side
    from rolecall.policy import Policy

Lines = dict[str, dict[int, "Line"]]


class Line:
    """One line of a policy: how many asserted answers rest on it, and its bounds from both sides."""

    def __init__(self) -> None:
        """Nothing seen yet."""
        self.hits = 0
        self.branches: list[tuple[str, str, int]] = []  # the bound and type, the side, how many answers see it


def render(coverage: Coverage, policy: Policy, *, tests: bool) -> Iterator[str]:
    """Give the coverage for a person: by type, the bounds not seen from both sides, and missing tests to paste."""
    yield styled(f"{'':<16} {'cells':>9} {'asserted':>10} {'in part':>9} {'situations':>12} {'asserted':>10}", "dim")
    for one in coverage.types:
        known = (f"{one.situations:>12,} {one.situations_whole:>10,}") if one.walked else f"{'too many to walk':>23}"
        yield f"  {one.kind:<14} {one.cells:>9,} {one.cells_whole:>10,} {one.cells_part:>9,} {known}"
    seen = sum(side.seen > 0 for side in coverage.sides)
    yield ""
    yield f"{seen} of {len(coverage.sides)} sides of rules seen"
    yield from _unseen(coverage, policy)
    if tests:
        yield from _missing(coverage)
    if not coverage.decided:
        large = ", ".join(one.kind for one in coverage.types if not one.walked)
        yield styled(f"not decided: {large} has too many cells to walk, so its situations are not counted", "yellow")


def _unseen(coverage: Coverage, policy: Policy) -> Iterator[str]:
    """Give the bounds that some side of is unseen, each with the types on which it is."""
    unseen: dict[tuple[tuple[str, int], str, str], dict[str, list[str]]] = {}
    for side in coverage.sides:
        if not side.seen:
            key = (_bound_line(policy, side), side.bound, side.rule.id)
            unseen.setdefault(key, {}).setdefault(side.way, []).append(side.kind)
    for ((file, line), bound, rule), ways in sorted(unseen.items()):
        yield styled(
            shown(f"  {file}:{line}: the `{bound}` of {rule} could be another, and no test would tell"), "yellow"
        )
        for way, where in (("inside", "where it applies"), ("outside", "where it does not apply")):
            if way in ways:
                yield f"    {where}: {', '.join(ways[way])}"


def summary(coverage: Coverage) -> str:
    """Give the coverage in a line."""
    total = sum(one.situations for one in coverage.types)
    whole = sum(one.situations_whole for one in coverage.types)
    return f"coverage: {coverage.percent:.1f} % ({whole:,} of {total:,} situations asserted)"


def _missing(coverage: Coverage) -> Iterator[str]:
    """Give the most valuable missing tests, ready to paste once somebody has looked at their answers."""
    from rolecall.analysis.grids.paste import of_combo  # noqa: PLC0415 - keeps --help quick
    from rolecall.analysis.people import person, resource  # noqa: PLC0415

    rows = []
    for one in coverage.missing:
        combo = one.combo
        expected = {name: name in combo.cell.permissions for name in combo.kind.permissions}
        who = person(combo.table.atoms.names(combo.person()))
        found = of_combo(combo, expected, f"{who}, on {resource(combo.kind.name, combo.attributes)}")
        rows.append(found or f"  # no roster gives this: {combo!r}")
    if rows:
        yield ""
        yield "# The most valuable missing tests, with today's answers: read them before you paste them."
        yield "rolecall-tests: 1"
        yield "tests:"
        yield from rows


def _bound_line(policy: Policy, side: Side) -> tuple[str, int]:
    """Give where a bound is written."""
    rule = next(one for one in policy.rules if one.id == side.rule.id)
    bound = rule.minimum if side.bound == "min" else rule.maximum
    at = bound.origin if bound else rule.origin
    return at.file, at.line


def lines(coverage: Coverage, policy: Policy) -> Lines:
    """Give the lines of rules: that of its name, and those of its bounds, which are branches with two sides."""
    found: Lines = {source.name: {} for source in policy.sources}
    for rule in policy.rules:
        found[rule.origin.file].setdefault(rule.origin.line, Line())
    for side in coverage.sides:
        file, number = _bound_line(policy, side)
        line = found[file].setdefault(number, Line())
        line.branches.append((f"{side.bound} {side.kind}", side.way, side.seen))
        at = side.rule.origin
        for one in {id(line): line, id(found[at.file][at.line]): found[at.file][at.line]}.values():
            one.hits += side.seen if side.way == "inside" else 0
    return found


def as_lcov(coverage: Coverage, policy: Policy) -> str:
    """Give LCOV's tracefile: DA for the lines of rules, BRDA for bounds (by type, inside and outside)."""
    rows: list[str] = []
    for file, numbers in lines(coverage, policy).items():
        if not numbers:
            continue
        rows += ["TN:rolecall", f"SF:{shown(file)}"]
        taken = []
        for number, line in sorted(numbers.items()):
            blocks = list(dict.fromkeys(block for block, _, _ in line.branches))
            for block, way, seen in line.branches:
                rows.append(f"BRDA:{number},{blocks.index(block)},{int(way == 'outside')},{seen or '-'}")
                taken.append(seen > 0)
        rows += [f"BRF:{len(taken)}", f"BRH:{sum(taken)}"]
        rows += [f"DA:{number},{line.hits}" for number, line in sorted(numbers.items())]
        rows += [f"LF:{len(numbers)}", f"LH:{sum(line.hits > 0 for line in numbers.values())}", "end_of_record"]
    return "\n".join(rows) + "\n"


def as_cobertura(coverage: Coverage, policy: Policy) -> str:
    """Give Cobertura's XML (coverage-04.dtd): a class for each file of the policy."""
    files = {file: numbers for file, numbers in lines(coverage, policy).items() if numbers}
    every = [line for numbers in files.values() for line in numbers.values()]
    hit, sides = sum(line.hits > 0 for line in every), [seen for line in every for _, _, seen in line.branches]
    taken = sum(seen > 0 for seen in sides)
    rates = _rates(hit, len(every), taken, len(sides))
    counts = (
        f'lines-covered="{hit}" lines-valid="{len(every)}" branches-covered="{taken}" branches-valid="{len(sides)}"'
    )
    rows = [
        '<?xml version="1.0" ?>',
        '<!DOCTYPE coverage SYSTEM "http://cobertura.sourceforge.net/xml/coverage-04.dtd">',
        f'<coverage {rates} {counts} complexity="0" version="rolecall" timestamp="0">',
        "  <sources><source>.</source></sources>",
        f'  <packages><package name="policy" {rates} complexity="0"><classes>',
    ]
    for file, numbers in files.items():
        mine = [seen for line in numbers.values() for _, _, seen in line.branches]
        hits = sum(line.hits > 0 for line in numbers.values())
        name = quoteattr(shown(file))
        its = _rates(hits, len(numbers), sum(seen > 0 for seen in mine), len(mine))
        rows.append(f'    <class name={name} filename={name} {its} complexity="0"><methods/><lines>')
        rows += [f"      {_xml_line(number, line)}" for number, line in sorted(numbers.items())]
        rows.append("    </lines></class>")
    return "\n".join([*rows, "  </classes></package></packages>", "</coverage>"]) + "\n"


def _rates(hit: int, valid: int, taken: int, branches: int) -> str:
    line, branch = (part / whole if whole else 1.0 for part, whole in ((hit, valid), (taken, branches)))
    return f'line-rate="{line:.4f}" branch-rate="{branch:.4f}"'


def _xml_line(number: int, line: Line) -> str:
    taken, total = sum(seen > 0 for _, _, seen in line.branches), len(line.branches)
    if not total:
        return f'<line number="{number}" hits="{line.hits}"/>'
    covered = f"{100 * taken // total}% ({taken}/{total})"
    return f'<line number="{number}" hits="{line.hits}" branch="true" condition-coverage="{covered}"/>'


def as_data(coverage: Coverage) -> dict[str, object]:
    """Give the coverage as data."""
    return {
        "percent": round(coverage.percent, 2),
        "decided": coverage.decided,
        "types": [
            {
                "type": one.kind,
                "cells": {"all": one.cells, "asserted": one.cells_whole, "in_part": one.cells_part},
                "situations": {"all": one.situations, "asserted": one.situations_whole, "in_part": one.situations_part}
                if one.walked
                else None,
            }
            for one in coverage.types
        ],
        "sides": [
            {"rule": one.rule.id, "bound": one.bound, "type": one.kind, "side": one.way, "seen": one.seen}
            for one in coverage.sides
        ],
    }
