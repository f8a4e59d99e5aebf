"""A test of the tests: bugs planted in the engine, one a clause, are all found by comparing it with the oracle."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import oracle
import pytest
from laws.engine import Answer, Engine, loaded
from laws.planted import BUGS, CUT_BUGS, Bug
from laws.test_cuts import coded, named, policies, refusals
from laws.test_oracle_agrees import Question, specified, world
from oracle import reach as walked
from oracle.language import Language
from rolecall import PolicyError
from rolecall.compiler import Compiled, compile_policy, load_table
from rolecall.compiler.reach import Reach
from rolecall.policy import Policy

WORLDS = 400
"""How many worlds a bug may stay hidden in."""
POLICIES = 100
"""In how many policies a bug in the check of cuts may stay hidden."""
BRIEFLY = {
    "places-of-another-district-count", "every-teacher-of-a-section-is-its-primary-teacher", "every-contact-is-a-guardian",
    "an-assignment-is-still-held-at-its-until", "unknown-designations-are-none", "a-section-need-not-list-the-student",
    "doubt-gives", "doubt-never-caps", "a-missing-owner-is-nobody", "except-takes-out-what-it-names-only",
    "a-max-caps-only-the-types-that-it-names", "where-an-attribute-is-unknown-a-min-applies",
    "a-term-in-the-request-is-believed", "acting-as-another-role-frees-from-a-max",
    "what-is-held-at-a-section-is-not-held-at-its-school", "nothing-excludes-anything", "a-cut-looks-at-no-unless",
}  # fmt: skip
"""The bugs that are planted each time; the others at full size."""


def each(bugs: list[Bug]) -> pytest.MarkDecorator:
    """Make a test of each bug."""
    params = [pytest.param(bug, id=bug.name, marks=[] if bug.name in BRIEFLY else pytest.mark.full) for bug in bugs]
    return pytest.mark.parametrize("bug", params)


@cache
def asked(seed: int) -> tuple[Policy, dict[str, Any], list[tuple[Question, Answer]]]:
    """Return a policy, a roster, and questions with the answers of the specification."""
    policy, snapshot, questions = world(seed)
    plain = oracle.Oracle(policy, snapshot)
    return loaded(policy), snapshot, [(one, specified(plain, one)) for one in questions]


def differing(seeds: range) -> Iterator[int]:
    """Give the seeds of worlds in which the engine answers otherwise, or refuses the policy."""
    for seed in seeds:
        policy, snapshot, questions = asked(seed)
        try:
            engine = Engine(load_table(policy), snapshot)
        except PolicyError:
            yield seed
            continue
        for one, want in questions:
            engine.clock.now = one.at
            if engine.answer(one.request, permissions_mode=one.permissions_mode) != want:
                yield seed
                break


@each(BUGS)
def test_a_bug_is_found(bug: Bug) -> None:
    """Somewhere in the generated worlds a decision differs from the specification."""
    with bug.planted():
        assert next(differing(range(WORLDS)), None) is not None


def test_without_a_bug_nothing_is_found() -> None:
    """In the same worlds the engine as it is answers as specified; so it does again once the bugs are gone."""
    assert not [*differing(range(40))]


Cells = dict[str, set[frozenset[walked.Pair]]]


@cache
def judged(start: int) -> list[tuple[Policy, set[tuple[str, str]], set[str], Cells]]:
    """Return policies with what brute force refuses of them, and the cells that it reaches."""
    found = []
    for policy in policies(range(start, start + 5)):
        language = Language(policy)
        cells = {
            name: {roles & walked.pairs_asked(language, name) for roles in walked.role_combinations(language, kind)}
            for name, kind in language.types.items()
        }
        found.append((loaded(policy), oracle.refused(policy), oracle.own_conflicts(policy), cells))
    return found


def reached(compiled: Compiled) -> Cells:
    """Return the cells that the compiler reaches."""
    table = compiled.table
    return {
        kind.name: {
            frozenset(table.atoms.names(mask)) for mask in Reach(table.atoms, kind.location_scopes).cells(kind.asked)
        }
        for kind in table.types.values()
    }


def miscompiled(count: int) -> Iterator[Policy]:
    """Give the policies in which the compiler finds other errors than there are, or other cells."""
    for start in range(0, count, 5):
        for policy, refused, torn, cells in judged(start):
            found = compile_policy(policy)
            own = {named(one)[0] for one in coded(found, "own-conflict")}
            if refusals(found) != refused or own != torn or reached(found) != cells:
                yield policy


@each(CUT_BUGS)
def test_a_bug_in_the_check_of_cuts_is_found(bug: Bug) -> None:
    """Somewhere in the generated policies the compiler refuses what it should not, or the other way round."""
    with bug.planted():
        assert next(miscompiled(POLICIES), None) is not None


def test_without_a_bug_the_check_of_cuts_is_right() -> None:
    """In the same policies the compiler as it is finds what brute force finds."""
    assert not [*miscompiled(30)]


def test_each_bug_is_one_of_its_own() -> None:
    """There are bugs enough, no two have a name in common, and those planted each time are among them."""
    names = [bug.name for bug in (*BUGS, *CUT_BUGS)]
    assert len({*names}) == len(names) >= 90
    assert {*names} > BRIEFLY
