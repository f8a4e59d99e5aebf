"""What `rolecall test --coverage` counts is what counting by hand in the plain specification gives."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import oracle
import pytest
import strategies
from laws.engine import Json, loaded
from oracle import reach as walked
from oracle.decide import conditions_let, gives_to, takes_from
from oracle.held import Held
from oracle.language import Language
from rolecall.analysis.cells import Combo, walk
from rolecall.analysis.coverage import Coverage, asserted, measure
from rolecall.analysis.grids import Bench, read_tests
from rolecall.analysis.grids.paste import of_combo
from rolecall.compiler import load_table, table_sizes

SMALL = 700
Told = dict[tuple[str, frozenset[tuple[str, str]], tuple[tuple[str, Any], ...]], frozenset[str]]
"""A cell, in the specification's words, to the permissions that are asserted there."""


def parts(brief: int, full: int = 300) -> pytest.MarkDecorator:
    """Run a law over some policies, and at full size over so many more, in parts."""
    seeds = [range(brief)]
    more = [pytest.param(range(start, start + 100), marks=pytest.mark.full) for start in range(1000, 1000 + full, 100)]
    return pytest.mark.parametrize("seeds", [*seeds, *more], ids=lambda seeds: f"{seeds.start}-{seeds.stop}")


def policies(seeds: range) -> Iterator[tuple[random.Random, Json]]:
    """Give policies that load, and whose types are small enough for each cell to be looked at."""
    for seed in seeds:
        rng = random.Random(seed)
        policy = strategies.random_policy(rng)
        if max(table_sizes(load_table(loaded(policy))).values()) <= SMALL:
            yield rng, policy


def cell_of(combo: Combo) -> tuple[str, frozenset[tuple[str, str]], tuple[tuple[str, Any], ...]]:
    """Return a cell of the engine in the specification's words."""
    pairs = frozenset(combo.table.atoms.names(combo.mask))
    return combo.kind.name, pairs, tuple(sorted(combo.attributes.items()))


def by_hand(policy: Json, told: Told) -> dict[str, Any]:
    """Count cells, situations and sides of every type in the plain specification."""
    language = Language(policy)
    found: dict[str, Any] = {}
    for name, kind in language.types.items():
        every, asked = frozenset(kind.implies), walked.pairs_asked(language, name)
        cells = {(frozenset(one.roles) & asked, tuple(sorted(one.values))): one for one in oracle.cells(policy, name)}
        situations: dict[Any, set[str]] = {}
        seen: dict[tuple[str, str, str], int] = {}
        possible = set()
        whole = part = 0
        for (roles, values), cell in cells.items():
            said = told.get((name, roles, values), frozenset())
            whole, part = whole + (said == every), part + (bool(said) and said != every)
            floors, ceilings = applying(language, name, cell)
            situations.setdefault((floors, ceilings), set()).update(said)
            before = allowed(language, name, floors, ceilings)
            for rule in language.rules:
                if name in rule.types:
                    for bound, ids in (("min", floors), ("max", ceilings)):
                        if getattr(rule, bound) is not None:
                            other = ids ^ {rule.id}
                            after = allowed(language, name, *((other, ceilings) if bound == "min" else (floors, other)))
                            key = (rule.id, bound, "inside" if rule.id in ids else "outside")
                            if before != after:
                                possible.add(key)
                                seen[key] = seen.get(key, 0) + len((before ^ after) & said)
        done = sum(said == every for said in situations.values())
        some = sum(bool(said) for said in situations.values()) - done
        found[name] = (
            (len(cells), whole, part, len(situations), done, some),
            {key: seen.get(key, 0) for key in possible},
        )
    return found


def applying(language: Language, name: str, cell: walked.Cell) -> tuple[frozenset[str], frozenset[str]]:
    """Return the rules that give in a cell, and those that take."""
    held, values = Held(cell.roles), dict(cell.values)
    rules = [rule for rule in language.rules if name in rule.types]
    bug = held.bug
    floors = {r.id for r in rules if r.min is not None and gives_to(r, held) and conditions_let(r, values, "min", bug)}
    tops = {r.id for r in rules if r.max is not None and takes_from(r, held) and conditions_let(r, values, "max", bug)}
    return frozenset(floors), frozenset(tops)


def allowed(language: Language, name: str, floors: frozenset[str], ceilings: frozenset[str]) -> frozenset[str]:
    """Return what is allowed where these rules give and those take."""
    given = frozenset[str]().union(*(rule.min[name] for rule in language.rules if rule.id in floors))
    return given.intersection(*(rule.max[name] for rule in language.rules if rule.id in ceilings))


def as_told(coverage: Coverage) -> dict[str, Any]:
    """Return what the engine counted, in the same shape."""
    return {
        one.kind: (
            (one.cells, one.cells_whole, one.cells_part, one.situations, one.situations_whole, one.situations_part),
            {(side.rule.id, side.bound, side.way): side.seen for side in coverage.sides if side.kind == one.kind},
        )
        for one in coverage.types
    }


@parts(30, 2_000)
def test_coverage_is_what_counting_by_hand_gives(seeds: range) -> None:
    """Of any assertions in any cells: cells, situations and both sides of every bound, counted one by one."""
    counted = 0
    for rng, policy in policies(seeds):
        table = load_table(loaded(policy))
        said: dict[str, dict[int, frozenset[str]]] = {}
        told: Told = {}
        for kind in table.types.values():
            for combo in walk(table, kind):
                if strategies.chance(rng, 12):
                    names = frozenset(
                        kind.permissions if strategies.chance(rng, 50) else strategies.some(rng, kind.permissions)
                    )
                    said.setdefault(kind.name, {})[combo.number] = names
                    told[cell_of(combo)] = names
        assert as_told(measure(table, said)) == by_hand(policy, told), policy
        counted += len(told)
    assert counted > 100


@parts(12)
def test_what_tests_assert_is_counted_in_their_cells(seeds: range, tmp_path: Path) -> None:
    """Tests that are printed for chosen cells are read, pass, and count for these cells and no others."""
    staged = 0
    for rng, policy in policies(seeds):
        plan = loaded(policy)
        table = load_table(plan)
        told: Told = {}
        texts = []
        for kind in table.types.values():
            for combo in strategies.some(rng, [*walk(table, kind)], 1, 8):
                expected = {name: name in combo.cell.permissions for name in strategies.some(rng, kind.permissions)}
                text = of_combo(combo, expected, f"cell {combo!r}")
                if text is not None:
                    texts.append(text)
                    told[cell_of(combo)] = frozenset(expected)
        if not texts:
            continue  # each chosen cell is one that only a definition reaches: staff without any designation, say
        (tmp_path / "t.yaml").write_text("rolecall-tests: 1\ntests:\n" + "\n".join(texts) + "\n", "utf-8")
        files, findings = read_tests(tmp_path, plan)
        assert [one.render() for one in findings] == []
        table = load_table(plan)
        results = Bench(table).run(files)
        assert [one for one in results if not one.passed] == []
        assert as_told(measure(table, asserted(table, results))) == by_hand(policy, told), policy
        staged += len(told)
    assert staged > 50
