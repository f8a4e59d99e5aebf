"""What was decided is decided again, years later, and comes out the same; what another policy changes is found."""

import json
import random
import shutil
from datetime import timedelta
from unittest import mock

import demo
import logs
import pytest
import strategies
from laws.engine import loaded
from msgspec.structs import replace
from rolecall import Authorizer, Resource, Snapshot
from rolecall.audit import Audit
from rolecall.audit.policies import LostPolicy, table_of
from rolecall.audit.reading import Log, Wanted
from rolecall.audit.replay import Replay, decision_of, replay
from rolecall.audit.whatif import Move, WhatIf, what_if
from rolecall.authzen import read_evaluation
from rolecall.compiler import load_table
from rolecall.errors import RequestError
from rolecall.loader import load_policy
from rolecall.record import record as data_of

OLDEST = Wanted().query(oldest_first=True)


def replayed(url):
    log, tally = Log.open(str(url)), Replay()
    different = [*replay(log.entries(OLDEST), log.blobs, tally)]
    log.close()
    return tally, different


def failing(identifier):
    """A loader of the application's that knows some of its things, and cannot always be asked."""
    if identifier.endswith("3"):
        raise OSError("no database")
    return None if identifier.endswith("5") else {"section": demo.who("algebra_class"), "locked": False}


def random_history(audit, rng, folder, versions, rosters, questions):
    """Decide under so many versions of a policy, over a roster that changes, at changing times; give how many."""
    count = 0
    for version in range(versions):
        raw = strategies.random_policy(rng, loadable=True)
        folder.mkdir(exist_ok=True)
        file = folder / f"policy-{version}.yaml"
        file.write_text(json.dumps(raw), "utf-8")
        policy = load_policy(file)
        table = load_table(policy)
        audit.policy(policy, table)
        for _ in range(rosters):
            world = strategies.random_snapshot(rng, raw)
            at = [strategies.at(world)]
            facts = Snapshot.read(world, "a roster")
            pdp = Authorizer(table, facts=facts, clock=lambda at=at: at[0], max_stale=None, audit=audit)
            for _ in range(questions):
                at[0] = strategies.at(world) + timedelta(hours=rng.randint(-5000, 5000))
                try:
                    one = read_evaluation(strategies.random_request(rng, raw, world))
                    name = one.permission if rng.random() < 0.8 else None
                    decision = pdp.authorize(one.user, one.resource, name, acting_as=one.acting_as)
                except RequestError:
                    continue
                assert decision.code != "indeterminate" or "audit log" not in decision.indeterminate
                count += 1
    return count


def check_history(tmp_path, seed, rosters, questions, **more):
    audit = Audit.open(tmp_path / "audit.db", room=1_000_000, late=timedelta(minutes=5), **more)
    made = random_history(audit, random.Random(seed), tmp_path / "policies", 10, rosters, questions)
    audit.close()
    shutil.rmtree(tmp_path / "policies")  # nothing but the store is needed
    tally, different = replayed(tmp_path / "audit.db")
    assert (tally.records, tally.equal, different, dict(tally.lost)) == (made, made, [], {})
    assert len(tally.policies) == 10
    return made


@pytest.mark.parametrize("key", [None, b"sixteen bytes or more"])
def test_every_decision_comes_out_the_same(tmp_path, key):
    """Over ten versions of a policy and changing rosters, with users' ids as they are or as pseudonyms."""
    assert check_history(tmp_path, 7, 10, 12, pseudonym_key=key) > 800


@pytest.mark.full
def test_a_hundred_thousand_decisions_come_out_the_same(tmp_path):
    """Over ten versions of a policy and two thousand rosters."""
    assert check_history(tmp_path, 11, 200, 60) > 100_000


def test_a_decision_is_given_as_it_was(tmp_path):
    """Its id, time, reasons, roles, facts and warnings: all that a decision says of itself but where facts came from."""
    audit = Audit.open(tmp_path / "audit.db")
    decisions = logs.record(audit, logs.requests(200))[::6]
    audit.close()
    log = Log.open(str(tmp_path / "audit.db"))
    for decision in decisions:
        (entry,) = log.by_id(decision.id)
        again, was = data_of(decision_of(entry, log.blobs)), data_of(decision)
        again["facts"].pop("source"), was["facts"].pop("source")
        assert again == was
        assert [one.id for one in log.by_code(decision.short_code)] == [decision.id]


def test_what_no_policy_had_a_part_in_comes_out_the_same(tmp_path):
    """An application's loader that fails, or has no such thing; an assignment that is no instant."""
    audit = Audit.open(tmp_path / "audit.db")
    pdp = Authorizer.load(
        demo.POLICIES, facts=demo.snapshot(), clock=lambda: demo.NOW, audit=audit, resources={"assignment": failing},
        assignments=lambda user: [{"role": "coach", "scope": "school", "id": "x", "until": "soon"}] if user[-1] == "2" else [],
    )  # fmt: skip
    people = [one.id for one in demo.snapshot().users.values()][:40]
    codes = {pdp.authorize(one, Resource("assignment", f"a{n}"), "edit").code for n, one in enumerate(people)}
    assert codes >= {"indeterminate", "resource-not-found", "granted"}
    audit.close()
    tally, different = replayed(tmp_path / "audit.db")
    assert (tally.equal, different) == (len(people), [])


def test_planted_differences_are_found(tmp_path):
    """Whoever had a permission recorded that the policy does not give, or lacked one: each of them, and nobody else."""
    import rolecall.authorizer as module  # noqa: PLC0415 - to plant in it

    honest, planted = module.evaluate, []

    def crooked(kind, held, location, properties, acting, now):
        cell = honest(kind, held, location, properties, acting, now)
        if now // 10**9 % 7 or cell.code != "table":
            return cell
        planted.append(now)
        changed = cell.permissions ^ {kind.permissions[0]}
        return replace(cell, permissions=changed)

    audit = Audit.open(tmp_path / "audit.db")
    with mock.patch.object(module, "evaluate", crooked):
        logs.record(audit, logs.requests(300))
    audit.close()
    tally, different = replayed(tmp_path / "audit.db")
    assert (tally.records, tally.different) == (300, len(planted))
    assert [one.time_ns for one in different] == planted
    assert {one.what for one in different} <= {"code", "allowed", "permissions"}


def test_a_policy_that_is_not_its_text_is_not_replayed(tmp_path):
    """Its digest is held against the text; where there is none, or another, that is said."""
    audit = Audit.open(tmp_path / "audit.db")
    logs.record(audit, logs.requests(1))
    audit.close()
    log = Log.open(str(tmp_path / "audit.db"))
    blob = dict(log.blobs[next(iter(log.entries())).policy])
    assert table_of(blob).digest == demo.table().digest
    for changed, said in (
        ({"files": [[name, text + "\n"] for name, text in blob["files"]]}, "is not that of the policy"),
        ({"files": []}, "was not recorded with its text"),
    ):
        with pytest.raises(LostPolicy, match=said):
            table_of(blob | changed)


def edited(folder, change):
    """The shipped policy with something changed in one of its files."""
    shutil.copytree(demo.POLICIES, folder)
    for file in folder.rglob("*.yaml"):
        file.write_text(change(file.read_text("utf-8")), "utf-8")
    return folder


def test_history_under_another_policy(tmp_path):
    """What would have differed is exactly what another authoriser says over the same facts, and by which rule."""
    audit = Audit.open(tmp_path / "audit.db")
    asked = logs.requests(600)
    before = logs.record(audit, asked)
    audit.close()
    other = edited(tmp_path / "other", lambda text: text.replace("{staff: school}", "{SchoolTechLead: school}"))
    table = load_table(load_policy(other))
    assert table.digest != demo.table().digest
    pdp = Authorizer(table, facts=demo.snapshot(), clock=lambda: demo.NOW)
    expected = {}
    for was, (user, thing, name, acting) in zip(before, asked, strict=True):
        now = pdp.authorize(user, thing, name, acting_as=acting)
        names = now.grounds.permissions[thing.type] if name is None else (name,)
        gained = tuple(sorted(one for one in names if one in now.permissions - was.permissions))
        lost = tuple(sorted(one for one in names if one in was.permissions - now.permissions))
        if gained or lost:
            expected[was.id] = (gained, lost)
    log, tally = Log.open(str(tmp_path / "audit.db")), WhatIf()
    shifts = [*what_if(log.entries(OLDEST), log.blobs, table, tally)]
    assert {one.entry.id: (one.gained, one.lost) for one in shifts} == expected
    assert len(expected) > 5
    assert tally.records == 600 == tally.same + tally.different
    groups = tally.ordered()
    assert sum(group.decisions for group in groups) == len(expected)
    rules = {(move.verb, move.rule) for group in groups for move in group.moves}
    assert ("gives no more", "administrators-view-their-schools") in rules
    assert all(group.people for group in groups)


def test_what_cannot_be_compared_is_said(tmp_path):
    """A type or a permission that the other policy does not have is neither the same nor another answer."""
    audit = Audit.open(tmp_path / "audit.db")
    logs.record(audit, logs.requests(60))
    audit.close()
    rng = random.Random(3)
    table = load_table(loaded(strategies.random_policy(rng, loadable=True)))
    log, tally = Log.open(str(tmp_path / "audit.db")), WhatIf()
    [*what_if(log.entries(OLDEST), log.blobs, table, tally)]
    assert tally.records == 60 == tally.same + tally.different + sum(tally.unknown.values())
    assert any("the policy has no resource type" in said for said in tally.unknown)


def test_a_move_says_what_a_rule_does():
    """As a sentence has it: the rule, then the verb."""
    assert Move("gives", "r", "p.yaml:1") < Move("takes away", "r", "p.yaml:1")
