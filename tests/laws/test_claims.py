"""What is decided about a claim is what looking at everybody finds."""

import random
import tempfile
from collections import Counter
from pathlib import Path

import pytest
import strategies
import yaml
from laws.claiming import KINDS, Looked, Truth, random_claim
from laws.engine import Json, Plain
from laws.pairs import version
from rolecall.analysis.claims import Claim, Verdict, prove, read_claims
from rolecall.policy import Policy

# In 1162 the walk leaves out a pair that no rule asks about (PortalOnly anywhere), and with it the one counterexample to
# a `monotone` claim, which is a right one: whoever is PortalOnly elsewhere becomes PortalOnly here with `staff: school`.
FULL = [pytest.param(range(start, start + 100), marks=pytest.mark.full) for start in range(1000, 3000, 100)]


def read(claims: list[Json], policy: Policy) -> list[Claim]:
    """Return claims as they are read from a file."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "claims.yaml")
        text = yaml.dump({"rolecall-claims": 1, "claims": claims}, Dumper=Plain, sort_keys=False)
        file.write_text(text, encoding="utf-8")
        found, findings = read_claims(file, policy)
    assert [one.render() for one in findings] == []
    return found


def pairs_of(verdict: Verdict, claim: Json) -> int | None:
    """Return how many pairs the counterexample has, beside what it is compared by."""
    found = verdict.counterexample
    if found is None:
        return None
    return len(found.case.who) if claim.keys() & {"never", "always", "separation"} else -1


@pytest.mark.parametrize("seeds", [range(10), *FULL], ids=lambda seeds: f"{seeds.start}-{seeds.stop}")
def test_a_claim_is_decided_as_brute_force_does(seeds: range) -> None:
    """Proven, false or vacuous: as in all cells walked one by one; and no counterexample is smaller than the one shown."""
    met: Counter[tuple[str, str]] = Counter()
    for seed in seeds:
        rng = random.Random(f"claims:{seed}")
        policy = strategies.random_policy(rng, loadable=False)
        found = version(policy)
        claims = [random_claim(rng, f"c{number}", kind, policy) for number, kind in enumerate(KINDS * 2)]
        looked = Looked(policy)
        for claim, verdict in zip(claims, prove(read(claims, found.policy), found.policy, found.table), strict=True):
            truth = looked.truth(claim)
            if truth is None:
                continue
            assert verdict.answer == truth.answer, (policy, claim, verdict.counterexample, truth)
            small = pairs_of(verdict, claim)
            assert small in (-1, truth.pairs), (policy, claim, verdict.counterexample, truth)
            assert_is_against(verdict, truth, claim)
            met[verdict.claim.kind, truth.answer] += 1
    assert {answer for _, answer in met} == {"proven", "false", "vacuous"}
    assert len(seeds) < 50 or sum(met[kind, answer] > 0 for kind in KINDS for answer in ("proven", "false")) > 8, met
    assert sum(met.values()) > 4 * len(seeds)


def assert_is_against(verdict: Verdict, truth: Truth, claim: Json) -> None:
    """See that a counterexample, looked up in the table, says the contrary of the claim."""
    found = verdict.counterexample
    assert (found is None) == (truth.answer != "false")
    if found is None:
        return
    permissions = found.case.cell.permissions
    if verdict.claim.kind == "never":
        assert found.permission in permissions
    elif verdict.claim.kind == "always":
        assert found.permission not in permissions
    elif verdict.claim.kind == "separation":
        one, other = found.permission.split(" ")
        beside = found.beside or found.case
        assert one in permissions
        assert other in beside.cell.permissions
    else:
        assert found.beside is not None
        assert (found.permission in permissions) != (found.permission in found.beside.cell.permissions)
        if "same" not in claim:
            assert found.permission not in permissions
