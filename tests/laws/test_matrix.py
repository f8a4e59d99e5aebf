"""The matrix says of everybody what evaluating every cell, one by one, says: each in one row, each cell right."""

import pytest
from laws.pairs import Both, Cell, Pair, pairs, version
from oracle.bugs import NO_BUG
from oracle.decide import conditions_let, gives_to, takes_from
from oracle.held import Held
from oracle.language import Rule
from rolecall.analysis.matrix import Entry, Row, Sheet, draw

SIZES = [range(14), pytest.param(range(2000, 2200), marks=pytest.mark.full)]


def fits(row: Row, cell: Cell) -> bool:
    """Say whether one of a row's combinations is held."""
    return any(set(one) <= cell.roles for one in row.who)


def row_of(sheet: Sheet, cell: Cell) -> Row:
    """Give the one row that a cell belongs to; where the order says it too, the last that fits."""
    mine = [row for row in sheet.rows if fits(row, cell) and not any(set(one) <= cell.roles for one in row.unless)]
    assert len(mine) == 1, (sheet.type, cell, mine)
    if sheet.ordered:
        assert [row for row in sheet.rows if fits(row, cell)][-1] is mine[0]
    return mine[0]


def within(states, cell: Cell) -> bool:
    """Say whether a cell's state is one of these."""
    values = dict(cell.values)
    return any(all(values[name] in row[name] for name in row) for row in states)


def agrees(entry: Entry, cell: Cell) -> None:
    """Check one permission of one cell: the answer, what moved, and that a rule is behind it."""
    allowed = entry.permission in cell.after
    assert within(entry.states, cell) == allowed
    assert allowed or entry.answer != "yes"
    assert not (allowed and entry.answer == "no")
    giving = [one for one in entry.rules if one.does == "gives" and within(one.states, cell)]
    cutting = [one for one in entry.rules if one.does == "takes away" and within(one.states, cell)]
    assert giving or not allowed
    assert not (allowed and any(one.every for one in cutting))
    if any(one.every for one in giving) and not allowed:
        assert cutting


@pytest.mark.parametrize("seeds", SIZES, ids=lambda seeds: f"{seeds.start}-{seeds.stop}")
def test_every_cell_is_in_one_row_that_is_right(seeds: range) -> None:
    """Everybody reachable is in one row, which says what the plain specification says; nobody is counted twice."""
    cells = 0
    for pair in pairs(seeds):
        sheets = {sheet.type: sheet for sheet in draw(version(pair.new)).sheets}
        assert sheets.keys() == pair.new["resources"].keys()
        for name, sheet in sheets.items():
            both = Both(Pair(pair.new, pair.new), name)
            walked = both.cells()
            if walked is None:
                continue
            cells += len(walked)
            seen: dict[str, set[frozenset[tuple[str, str]]]] = {row.key: set() for row in sheet.rows}
            assert len(seen) == len(sheet.rows)
            for cell in walked:
                row = row_of(sheet, cell)
                seen[row.key].add(cell.roles & both.asked())
                for entry in row.entries:
                    agrees(entry, cell)
                    assert not entry.moved
            assert {key: len(held) for key, held in seen.items()} == {row.key: row.combinations for row in sheet.rows}
            assert sheet.cells == len({(cell.roles & both.asked(), cell.values) for cell in walked})
    assert cells > 50 * len(seeds)


def behind(both: Both, permission: str, cells: list[Cell]) -> set[object]:
    """Give the rules behind a permission of some cells: what they do, in which states, and whether to everybody."""
    language, name, found = both.languages[0], both.name, set()
    everybody = {cell.roles for cell in cells}

    def of(rule: Rule, part: str) -> set[Cell]:
        applies = gives_to if part == "min" else takes_from
        return {
            cell
            for cell in cells
            if applies(rule, Held(cell.roles)) and conditions_let(rule, dict(cell.values), part, NO_BUG)
        }

    rules = [rule for rule in language.rules if name in rule.types]
    given = {rule.id: of(rule, "min") for rule in rules if rule.min is not None and permission in rule.min[name]}
    taken = {rule.id: of(rule, "max") for rule in rules if rule.max is not None and permission not in rule.max[name]}
    something = set().union(*given.values())
    for does, rules_of, counted in (
        ("gives", given, given),
        ("takes away", taken, {r: c & something for r, c in taken.items()}),
    ):
        for rule, mine in counted.items():
            if mine:
                every = {cell.roles for cell in rules_of[rule]} == everybody
                found.add((rule, does, frozenset(cell.values for cell in mine), every))
    return found


@pytest.mark.parametrize("seeds", [range(12), pytest.param(range(4000, 4100), marks=pytest.mark.full)], ids=str)
def test_the_rules_behind_a_cell_are_those_that_decide(seeds: range) -> None:
    """They are those that give somebody in the row the permission or take away what is given, in just these states."""
    taking = 0
    for pair in pairs(seeds):
        for sheet in draw(version(pair.new)).sheets:
            both = Both(Pair(pair.new, pair.new), sheet.type)
            members: dict[str, list[Cell]] = {}
            for cell in both.cells() or ():
                members.setdefault(row_of(sheet, cell).key, []).append(cell)
            for row in sheet.rows if members else ():
                mine = members[row.key]
                for entry in row.entries:
                    told = {
                        (
                            one.rule.id,
                            one.does,
                            frozenset(cell.values for cell in mine if within(one.states, cell)),
                            one.every,
                        )
                        for one in entry.rules
                    }
                    assert told == behind(both, entry.permission, mine)
                    taking += any(one.does == "takes away" for one in entry.rules)
    assert taking > len(seeds) / 2


@pytest.mark.parametrize("seeds", [range(12), pytest.param(range(3000, 3120), marks=pytest.mark.full)], ids=str)
def test_what_moved_is_what_differs(seeds: range) -> None:
    """Beside another version, a cell says of everybody in its row what is gained and what is lost."""
    moved = 0
    for pair in pairs(seeds):
        matrix = draw(version(pair.new), version(pair.old))
        for name in {*pair.old["resources"], *pair.new["resources"]}:
            mine = [sheet for sheet in matrix.sheets if sheet.type == name]
            walked = Both(pair, name).cells() if len(mine) == 1 else None
            for cell in walked or ():
                for entry in row_of(mine[0], cell).entries:
                    agrees(entry, cell)
                    gained, lost = (entry.permission in cell.moved()[one] for one in ("gained", "lost"))
                    assert (within(entry.gained, cell), within(entry.lost, cell)) == (gained, lost)
                    assert bool(entry.was) or not lost
                    moved += gained or lost
    assert moved > len(seeds)


@pytest.mark.parametrize("seeds", [range(12), pytest.param(range(2000, 2100), marks=pytest.mark.full)], ids=str)
def test_a_sum_is_what_its_parts_give(seeds: range) -> None:
    """Where a row names parts, all who are in it fit these too, and it has what they have together, no more and no less."""
    found = 0
    for pair in pairs(seeds):
        for sheet in draw(version(pair.new)).sheets:
            rows = {row.key: row for row in sheet.rows}
            for row in sheet.rows:
                if not row.parts:
                    continue
                found += 1
                parts = [rows[key] for key in row.parts]
                assert not any(part.parts for part in parts)
                for who in row.who:
                    assert any(set(one) < set(who) for part in parts for one in part.who)
                for place, entry in enumerate(row.entries):
                    together = [part.entries[place] for part in parts]
                    if entry.answer == "no":
                        assert all(one.answer == "no" for one in together)
                    if any(one.answer == "yes" for one in together):
                        assert entry.answer == "yes"
    assert found
