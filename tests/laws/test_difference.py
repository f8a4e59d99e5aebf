"""The difference of two policies is what subtracting every cell of them, one by one, gives."""

import pytest
from laws.pairs import Both, Cell, pairs, version
from rolecall.analysis.difference import Change, Difference, compare, same_meaning

FULL = [pytest.param(range(start, start + 200), marks=pytest.mark.full) for start in range(1000, 3000, 200)]


def parts(*brief: range, whole: bool = False) -> pytest.MarkDecorator:
    """Run a law over some pairs, and at full size over 400 more, or 1,000, in parts."""
    more = FULL if whole else [pytest.param(range(1000, 1400), marks=pytest.mark.full)]
    return pytest.mark.parametrize("seeds", [*brief, *more], ids=lambda seeds: f"{seeds.start}-{seeds.stop}")


def tells(change: Change, permission: str, direction: str, cell: Cell) -> bool:
    """Say whether a change speaks of a cell, its exceptions apart."""
    values = dict(cell.values)
    return (
        change.direction == direction
        and permission in change.permissions
        and set(change.who) <= cell.roles
        and any(all(values[name] in row[name] for name in row) for row in change.states)
    )


def excepts(change: Change, cell: Cell) -> bool:
    """Say whether a cell is one of a change's exceptions."""
    return any(set(one) <= cell.roles for one in change.unless)


def comparable(found: Difference, name: str) -> bool:
    """Leave aside a type that lies elsewhere now: it is told as removed and added."""
    tables = (found.old.table.types, found.new.table.types)
    return len({one[name].within for one in tables if name in one}) == 1


@parts(range(30), whole=True)
def test_a_difference_is_what_brute_force_finds(seeds: range) -> None:
    """What is told covers exactly the cells that differ, where it says so; and how many there are is exact."""
    cells = differing = inexact = 0
    for seed, pair in zip(seeds, pairs(seeds), strict=True):
        found = compare(version(pair.old), version(pair.new))
        assert found.complete
        names = [*{**pair.old["resources"], **pair.new["resources"]}]
        for name in names if len(seeds) < 100 else names[seed % 2 :: 2]:  # of many pairs every other type will do
            both = Both(pair, name)
            walked = both.cells() if comparable(found, name) else None
            if walked is None:
                continue
            cells += len(walked)
            mine = [change for change in found.changes if change.type == name]
            counts: dict[str, set[object]] = {"gained": set(), "lost": set()}
            for cell in walked:
                for direction, permissions in cell.moved().items():
                    if permissions:
                        counts[direction].add((cell.roles & both.asked(), cell.values))
                    for permission in cell.before | cell.after:
                        told = [one for one in mine if tells(one, permission, direction, cell)]
                        exactly = [one for one in told if not excepts(one, cell)]
                        if permission in permissions:
                            differing += 1
                            assert told, (pair, cell, permission)
                            assert exactly or not all(one.exact for one in told), (pair, cell, permission)
                        else:
                            assert not [one for one in exactly if one.exact], (pair, cell, permission)
            told_of = {"gained": found.cells[name].gained, "lost": found.cells[name].lost}
            assert told_of == {direction: len(some) for direction, some in counts.items()}, (pair, name)
            inexact += sum(not one.exact for one in mine)
    assert cells > 20 * len(seeds)
    assert differing > 3 * len(seeds)
    assert inexact or len(seeds) < 100


@parts(range(16))
def test_no_change_in_meaning_is_proven(seeds: range) -> None:
    """Two tables mean the same exactly if no cell differs, with doubtful roles and acting as fewer too."""
    verdicts = set()
    for pair in pairs(seeds):
        found = compare(version(pair.old), version(pair.new))
        for name in {**pair.old["resources"], **pair.new["resources"]}:
            if not comparable(found, name):
                continue
            both = Both(pair, name)
            walked = both.cells()
            if walked is None:
                continue
            differs = any(cell.before != cell.after for cell in walked)
            assert differs == any(change.type == name for change in found.changes), (pair, name)
            in_doubt = None if differs else both.differs_in_doubt()
            if in_doubt is not None:
                assert in_doubt == any(one.type == name for one in found.doubts), (pair, name)
                verdicts.add(in_doubt)
        if not found.declared:
            assert same_meaning(found.old.table, found.new.table) == found.unchanged
    assert False in verdicts
    if len(seeds) > 100:
        assert True in verdicts


@parts(range(40))
def test_saying_the_same_in_other_words_changes_nothing(seeds: range) -> None:
    """Another order of rules, a rule in two, a set with a name: no change in meaning."""
    for number, pair in zip(seeds, pairs(seeds), strict=True):
        if number % 5 == 0:
            found = compare(version(pair.old), version(pair.new))
            assert found.unchanged, (pair, found.changes)


def states(change: Change) -> str:
    """Write a change's states, attributes in the order of their names."""
    return repr([sorted(row.items()) for row in change.states])


@parts(range(12))
def test_the_way_back_is_the_difference_turned_round(seeds: range) -> None:
    """What an edit gives, its reversal takes: from the same people, in the same states."""
    other = {"gained": "lost", "lost": "gained"}
    for pair in pairs(seeds):
        there, back = compare(version(pair.old), version(pair.new)), compare(version(pair.new), version(pair.old))
        forth = {
            (one.type, one.direction, p, one.who, one.unless, states(one))
            for one in there.changes
            for p in one.permissions
        }
        again = {
            (one.type, other[one.direction], p, one.who, one.unless, states(one))
            for one in back.changes
            for p in one.permissions
        }
        assert {one[:3] for one in forth} == {one[:3] for one in again}
        if there.old.table.atoms.pairs == there.new.table.atoms.pairs and not there.declared:
            assert forth == again


@parts(range(430000, 430006))
def test_doubt_beside_what_is_told_has_rules_of_its_own(seeds: range) -> None:
    """Where others gain or lose the same, people in doubt are told apart only if some rule does it for them alone."""
    for pair in pairs(seeds):
        found = compare(version(pair.old), version(pair.new))
        for one in found.doubts:
            alike = [each for each in found.changes if (each.type, each.direction) == (one.type, one.direction)]
            told = [each for each in alike if one.permission in each.permissions]
            rules = {(cause.rule.id, cause.does) for each in told for cause in each.causes}
            assert not told or {(cause.rule.id, cause.does) for cause in one.causes} - rules, (pair, one)
