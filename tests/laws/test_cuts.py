"""What the compiler finds in a policy without walking its cells is what walking all of them finds."""

import random
import re
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import oracle
import pytest
import strategies
import yaml
from laws.engine import Json, loaded
from oracle import reach as walked
from oracle.decide import effective, gives_to, takes_from
from oracle.held import Held
from oracle.language import UNKNOWN, Language
from rolecall import PolicyError
from rolecall.compiler import Compiled, compile_policy, load_table, table_sizes
from rolecall.compiler.reach import Reach
from rolecall.table import TypeTable
from rolecall.vocabulary.origin import Finding

SMALL = 800
"""How many cells a resource type may have for each of them to be looked at."""


def parts(*brief: range, full: int = 450) -> pytest.MarkDecorator:
    """Run a law over some policies, and at full size over so many more, in parts."""
    more = [pytest.param(range(start, start + 75), marks=pytest.mark.full) for start in range(1000, 1000 + full, 75)]
    return pytest.mark.parametrize("seeds", [*brief, *more], ids=lambda seeds: f"{seeds.start}-{seeds.stop}")


def policies(seeds: range) -> Iterator[Json]:
    """Give policies: as they come, with every override that they need, and with some overrides only."""
    for seed in seeds:
        rng = random.Random(seed)
        policy = strategies.random_policy(rng, loadable=seed % 3 > 0)
        yield partly_overridden(rng, policy) if seed % 3 == 2 else policy


def partly_overridden(rng: random.Random, policy: Json) -> Json:
    """Take overrides away, or name some rules in their place, whether they are cut or not."""
    floors = [rule["id"] for rule in policy["rules"] if "min" in rule]
    for rule in policy["rules"]:
        others = [floor for floor in floors if floor != rule["id"]]
        if "overrides" in rule and strategies.chance(rng, 70):
            del rule["overrides"]
            if others and strategies.chance(rng, 60):
                rule["overrides"] = strategies.some(rng, others)
    return policy


def compiled(policy: Json) -> Compiled:
    """Return what the compiler makes of a policy."""
    return compile_policy(loaded(policy))


def coded(findings: Compiled, code: str) -> list[Finding]:
    """Return the findings of one code."""
    return [one for one in findings.findings if one.code == code]


def named(finding: Finding) -> list[str]:
    """Return the names between back-ticks in the sentence of a finding."""
    return [name for name in re.findall(r"`([^`]+)`", finding.message) if name not in ("min", "max", "overrides")]


def refusals(found: Compiled) -> set[tuple[str, str]]:
    """Return the pairs (floor, ceiling) of which the compiler makes an error."""
    return {(floor, ceiling) for ceiling, floor in map(named, coded(found, "floor-cut"))}


def refusable(policy: Json, cuts: set[walked.Cut]) -> set[tuple[str, str]]:
    """Return what `oracle.refused` does, of cuts that were already looked for."""
    rules = {rule.id: rule for rule in Language(policy).rules}
    return {(floor, ceiling) for floor, ceiling, _, _ in cuts if not walked.may_cut(floor, rules[ceiling])}


# accepted and refused


@parts(range(75), full=3000)
def test_the_compiler_refuses_what_brute_force_refuses(seeds: range) -> None:
    """Cuts, own conflicts, what may cut what, and overrides that cut nothing: as in all cells, walked one by one."""
    verdicts = set()
    for policy in policies(seeds):
        found, cuts = compiled(policy), oracle.cuts(policy)
        refused, torn = refusable(policy, cuts), oracle.own_conflicts(policy)
        lost = {
            (cut.floor.id, cut.ceiling.id, kind, name)
            for cut in found.cuts
            for kind, names in cut.lost.items()
            for name in names
        }
        assert lost == cuts, policy
        assert refusals(found) == refused, policy
        assert {(cut.floor.id, cut.ceiling.id) for cut in found.cuts if not cut.allowed} == refused, policy
        assert {named(one)[0] for one in coded(found, "own-conflict")} == torn, policy
        assert len(found.errors) == len(refused) + len(torn), policy
        verdicts.add(bool(found.errors))
    assert verdicts == {True, False}


@parts(range(30))
def test_what_has_no_error_loads_and_nothing_else(seeds: range) -> None:
    """A policy loads exactly where brute force refuses nothing; where it does not, every error is told at once."""
    for policy in policies(seeds):
        wrong = len(oracle.refused(policy)) + len(oracle.own_conflicts(policy))
        try:
            load_table(loaded(policy))
        except PolicyError as error:
            assert len(error.findings) == wrong > 0, policy
        else:
            assert wrong == 0, policy


@parts(range(30))
def test_an_override_is_idle_exactly_where_it_cuts_nothing(seeds: range) -> None:
    """Each override by id that cuts nothing is warned of, and `overrides: all` where the rule cuts nothing at all."""
    seen = 0
    for policy in policies(seeds):
        cut = {(ceiling, floor) for floor, ceiling, _, _ in oracle.cuts(policy)}
        idle = set()
        for rule in policy["rules"]:
            if rule.get("overrides") == "all":
                idle |= set() if any(one == rule["id"] for one, _ in cut) else {(rule["id"], "all")}
            else:
                idle |= {(rule["id"], floor) for floor in rule.get("overrides", [])} - cut
        found = {(by, floor) for by, floor in map(named, coded(compiled(policy), "idle-override"))}
        assert found == idle, policy
        seen += len(idle)
    assert seen


@parts(range(30))
def test_the_example_of_a_cut_is_somebody_from_whom_it_cuts(seeds: range) -> None:
    """The combination that a cut shows can be held, is given to by the one rule and taken from by the other."""
    for policy in policies(seeds):
        language = Language(policy)
        rules = {rule.id: rule for rule in language.rules}
        for cut in compiled(policy).cuts:
            held = frozenset(cut.example)
            kind = language.types[next(iter(cut.lost))]
            assert walked.with_what_follows(held, kind) == held
            assert not walked.exclude_each_other(held)
            assert gives_to(rules[cut.floor.id], Held(held))
            assert takes_from(rules[cut.ceiling.id], Held(held))


# the fixes


def fixed(policy: Json, advice: str) -> Json:
    """Return the policy in which the line that a finding offers is pasted into the rule that it names."""
    rule_id, line = re.fullmatch(r".*, give rule `([^`]+)` the line  (.+)", advice).groups()
    mended = deepcopy(policy)
    (rule,) = (rule for rule in mended["rules"] if rule["id"] == rule_id)
    rule |= yaml.safe_load(line)
    return mended


@parts(range(30))
def test_every_suggested_fix_mends_what_it_is_offered_for(seeds: range) -> None:
    """With the offered line in the rule that it names, the two rules are at odds no more, and no others newly are."""
    rng = random.Random(seeds.start)
    tried = set()
    for policy in policies(seeds):
        before = compiled(policy)
        errors = coded(before, "floor-cut")
        for error in strategies.some(rng, errors, 1, 2):
            ceiling, floor = named(error)
            for advice in error.helps:
                if "never apply to anybody" in advice:
                    continue
                after = refusals(compiled(fixed(policy, advice)))
                assert (floor, ceiling) not in after, (policy, advice)
                assert after <= refusals(before), (policy, advice)
                tried.add(re.split(r" over all| \(in place|,", advice)[0])
                if "over all" in advice:
                    assert not [one for one in refusals(compiled(fixed(policy, advice))) if one[1] == ceiling]
    assert tried >= {"to keep the minimum", "to give no minimum there", "to let the maximum win"}


# cells


def pairs(kind: TypeTable, atoms: Any, mask: int) -> frozenset[tuple[str, str]]:
    """Return the pairs of a mask, as far as rules about the type ask for them."""
    return frozenset(atoms.names(mask & kind.asked))


@parts(range(30))
def test_the_reachable_cells_are_those_of_the_specification(seeds: range) -> None:
    """`Reach.cells` gives each of them once, `Reach.count` their number, `table_sizes` that times the attributes'."""
    for policy in policies(seeds):
        table, language = load_any(policy), Language(policy)
        sizes = table_sizes(table)
        for kind in table.types.values():
            reach = Reach(table.atoms, kind.location_scopes)
            asked = walked.pairs_asked(language, kind.name)
            found = [frozenset(table.atoms.names(mask)) for mask in reach.cells(kind.asked)]
            every = walked.role_combinations(language, language.types[kind.name])
            assert len(found) == len(set(found)) == reach.count(kind.asked), (kind.name, policy)
            assert set(found) == {roles & asked for roles in every}, (kind.name, policy)
            states = len(list(walked.value_combinations(language, language.types[kind.name])))
            assert sizes[kind.name] == len(found) * states, (kind.name, policy)


def load_any(policy: Json) -> Any:
    """Return the table of a policy, even of one that contradicts itself."""
    return compiled(policy).table


def cell_name(table: Any, kind: TypeTable, held: Held, values: Any) -> int:
    """Return the name of a cell in the table."""
    bits = table.atoms.bit
    sure = sum(bits[pair] for pair in held.certain) & kind.asked
    doubt = sum(bits[pair] for pair in held.doubtful) & kind.asked
    every = (*kind.attributes, *([kind.term] if kind.term else []))
    states = sum(code.states[values[code.name]] for code in every if values[code.name] is not UNKNOWN)
    return sure | doubt << kind.width | states


@parts(range(30))
def test_every_cell_of_the_table_is_as_specified(seeds: range) -> None:
    """The cells that are worked out when first asked for hold what the specification says of them."""
    looked_at = 0
    for policy in policies(seeds):
        table, language = load_any(policy), Language(policy)
        for kind in table.types.values():
            if table_sizes(table)[kind.name] > SMALL:
                continue
            for cell in oracle.cells(policy, kind.name):
                held, values = Held(cell.roles), dict(cell.values)
                got = kind.cell(cell_name(table, kind, held, values)).permissions
                assert got == effective(language, kind.name, held, values), (cell, policy)
                looked_at += 1
    assert looked_at > 500


@parts(range(30))
def test_cells_with_doubt_are_as_specified(seeds: range) -> None:
    """Whatever pairs are beyond doubt and in doubt, even such as can never meet, the table says what is specified."""
    for seed, policy in enumerate(policies(seeds)):
        rng = random.Random(seed)
        table, language = load_any(policy), Language(policy)
        for kind in table.types.values():
            asked = table.atoms.names(kind.asked)
            states = list(walked.value_combinations(language, language.types[kind.name]))
            for _ in range(30):
                certain = frozenset(strategies.some(rng, asked, 0))
                held = Held(certain, frozenset(strategies.some(rng, asked, 0)) - certain)
                values = dict(rng.choice(states))
                got = kind.cell(cell_name(table, kind, held, values)).permissions
                assert got == effective(language, kind.name, held, values), (held, values, policy)


# warnings


@parts(range(30))
def test_a_warning_that_nobody_has_a_permission_is_never_wrong(seeds: range) -> None:
    """In no reachable cell of the type is such a permission given."""
    warned = 0
    for policy in policies(seeds):
        language = Language(policy)
        for finding in coded(compiled(policy), "nobody-has"):
            *lacking, kind = named(Finding("", finding.message.split(": ")[0]))
            for cell in oracle.cells(policy, kind):
                given = effective(language, kind, Held(cell.roles), dict(cell.values))
                assert not given & set(lacking), (finding.message, cell, policy)
            warned += 1
    assert warned


@parts(range(30))
def test_a_warning_that_a_rule_is_dead_is_never_wrong(seeds: range) -> None:
    """In no reachable cell does a dead rule's `min` give anything, or its `max` have anybody to take from."""
    warned = 0
    for policy in policies(seeds):
        language = Language(policy)
        for finding in coded(compiled(policy), "dead-rule"):
            (rule,) = (one for one in language.rules if one.id == named(finding)[0])
            for kind in rule.types:
                for roles in walked.role_combinations(language, language.types[kind]):
                    held = Held(roles)
                    assert not (rule.min and rule.min[kind] and gives_to(rule, held)), (finding.message, policy)
                    assert not (rule.max and takes_from(rule, held)), (finding.message, policy)
            warned += 1
    assert warned
