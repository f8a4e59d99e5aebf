"""Since when an answer is what it is: read off a roster store's past, and told with the explanation.

Goldens in `cases/explain_since`; ROLECALL_REGOLD=1 writes them anew.
"""

import os
import random
import shutil
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path

import pytest
from demo import POLICIES, at, grade, table, who
from rolecall import Authorizer
from rolecall.counterfactual import counterfactuals
from rolecall.explain import explain, render
from rolecall.explain.since import _Past, since
from rolecall.facts.store import Store
from rolecall.instants import nanoseconds
from rolecall.live import RosterStore
from rolecall.loader import load_policy
from rolecall.testing import CAST, demo_district
from stores import SECOND, Feed, filled
from test_explain import normalised

GOLDENS = Path(__file__).parent / "cases" / "explain_since"
DAY = 86_400 * SECOND
T0 = nanoseconds(datetime(2026, 10, 1, 9, tzinfo=UTC))
OAKVALE = CAST["district"].id


class History:
    """The demo district in a store, read in full on day 0, and changed by events."""

    def __init__(self, file):
        self.world, self.store = demo_district(users=100), Store.open(file)
        self.feed = Feed(self.store, OAKVALE)

    def record(self, kind, name):
        return deepcopy(next(raw for raw in self.world[f"{kind}s"] if raw["id"] == who(name)))

    def put(self, day, kind, record):
        self.feed.put(kind, record, now=T0 + day * DAY)
        rows = self.world[f"{kind}s"]
        rows[next(number for number, one in enumerate(rows) if one["id"] == record["id"])] = record

    def without(self, day, section, *people):
        """Take people out of a class."""
        record = self.record("section", section)
        gone = {who(name) for name in people}
        record["teachers"] = [one for one in record["teachers"] if one not in gone]
        record["students"] = [one for one in record["students"] if one not in gone]
        if record["teacher"] in gone:
            record["teacher"] = None
        self.put(day, "section", record)

    def decide(self, user, thing, permission, *, day=10.0, **more):
        now = T0 + int(day * DAY)
        pdp = Authorizer(table(), facts=RosterStore(self.store), max_stale=None, clock=lambda: now)
        return pdp.authorize(who(user), thing, permission, **more)

    def since(self, *question, **more):
        return since(self.decide(*question, **more), table(), self.store)


@pytest.fixture(scope="session")
def first_read(tmp_path_factory):
    file = tmp_path_factory.mktemp("since") / "roster.db"
    filled(Store.open(file), demo_district(users=100), now=T0, cursor="e").close()
    return file


@pytest.fixture
def history(first_read, tmp_path):
    made = History(shutil.copy(first_read, tmp_path / "roster.db"))
    yield made
    made.store.close()


def removed(past):
    """A teacher whom a roster update took off a class."""
    past.without(4, "algebra_class", "co_teacher")
    return past.decide("co_teacher", at("algebra_class"), "edit")


def moved(past):
    """A student who went to another class."""
    past.without(6, "algebra_class", "child_high")
    return past.decide("multi_role_teacher", at("child_high"), "write_note")


def left(past):
    """A principal who is at another school now."""
    record = past.record("user", "principal")
    record["roles"]["staff"]["schools"] = [who("academy")]
    past.put(3, "user", record)
    return past.decide("principal", at("algebra_class"), "view")


def gained(past):
    """A tech lead, since the district said so."""
    record = past.record("user", "csv_tech_lead")
    record["roles"]["staff"]["roles"] = ["SchoolTechLead"]
    past.put(5, "user", record)
    return past.decide("csv_tech_lead", at("algebra_class"), "support")


def covered(past):
    """A substitute, for a week."""
    section, span = who("covered_class"), {"starts": T0 + 2 * DAY, "ends": T0 + 7 * DAY}
    given = {"by": "the office", "why": "covers for a teacher who is ill", "now": T0 + DAY}
    past.store.assign(who("former_substitute"), "substitute", "section", section, **span, **given)
    return past.decide("former_substitute", at("covered_class"), "take_attendance")


def ended(past):
    """A class whose term ended by the clock alone."""
    return past.decide("multi_role_teacher", at("algebra_class"), "edit", day=100)


def paused(past):
    """A district that Clever does not sync any more."""
    record = past.record("district", "district")
    record |= {"state": "paused", "last_sync": "2026-10-03T09:00:00Z"}
    past.put(4, "district", record)
    past.feed.apply(now=T0 + 9 * DAY)
    now = T0 + 10 * DAY
    pdp = Authorizer(table(), facts=RosterStore(past.store), clock=lambda: now)
    return pdp.authorize(who("principal"), at("algebra_class"), "view")


CASES = [removed, moved, left, gained, covered, ended, paused]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_since_when_reads_as_its_golden(case, history):
    """The whole explanation, with what changed the answer."""
    decision = case(history)
    roster = history.store.roster(None, OAKVALE)
    changes = counterfactuals(decision, table(), policy=load_policy(POLICIES), roster=roster)
    said = explain(decision, changes=changes, since=since(decision, table(), history.store))
    text = (
        normalised(render.text(said))
        .replace(str(history.store.source), "the roster store")
        .replace(history.store.name, "the roster store")
        + "\n"
    )
    golden = GOLDENS / f"{case.__name__}.txt"
    if os.environ.get("ROLECALL_REGOLD"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(text, "utf-8")
    assert text == golden.read_text("utf-8")


def test_no_golden_is_left_over():
    """Each has its case."""
    assert {file.stem for file in GOLDENS.iterdir()} == {case.__name__ for case in CASES}


def test_what_never_changed_says_how_far_back_that_is_known(history):
    """The store's first full read is where its past begins."""
    (said,) = history.since("co_teacher", at("algebra_class"), "support")
    assert (
        said
        == "by this policy, the answer has been the same since 2026-10-01 09:00 UTC, when the store was first filled"
    )


def test_a_change_of_the_thing_itself_is_found(history):
    """A class that moves to another school changes what its principal may do, and nothing about the principal."""
    record = history.record("section", "algebra_class")
    for day in (2, 3):
        history.put(day, "user", history.record("user", "teacher") | {"name": {"first": str(day)}})
    history.put(4, "section", record | {"school": who("academy")})
    (said,) = history.since("principal", at("algebra_class"), "view")
    assert said.startswith(
        "by this policy, until 2026-10-05 09:00 UTC they had view permission here; since then: the section or its place changed (Clever's event "
    )


def test_a_class_that_went_and_came_back_was_not_always_here(history):
    """The answer is what it was at first, and was another in between: it is told since when it is again."""
    record = history.record("section", "algebra_class")
    history.put(2, "section", record | {"school": who("academy")})
    history.put(3, "section", record)
    (said,) = history.since("principal", at("algebra_class"), "view")
    assert said.startswith(
        "by this policy, they have had view permission here since 2026-10-04 09:00 UTC: the section or its place changed"
    )


def test_of_every_permission_each_one_counts(history):
    """What is left of several is another answer than all of them."""
    (said,) = history.since("multi_role_teacher", at("algebra_class"), None, day=100)
    assert said == (
        "by this policy, until 2026-12-19 06:00 UTC they had view, report, edit and take_attendance permissions here; "
        "since then view and report permissions: the class's term ended"
    )
    history.without(4, "algebra_class", "multi_role_teacher")
    (said,) = history.since("multi_role_teacher", at("algebra_class"), None)
    assert said.startswith(
        "by this policy, until 2026-10-05 09:00 UTC they had view, report, edit and take_attendance permissions here; "
        "since then no permission: no longer teaches section"
    )


def test_the_newest_change_counts(history):
    """Off the class, on it again, off it again: the last time is told."""
    there = history.record("section", "algebra_class")
    history.without(2, "algebra_class", "co_teacher")
    history.put(3, "section", there)
    history.without(5, "algebra_class", "co_teacher")
    (said,) = history.since("co_teacher", at("algebra_class"), "edit")
    assert said.startswith(
        "by this policy, until 2026-10-06 09:00 UTC they had edit permission here; since then: no longer teaches section"
    )
    (said,) = history.since("co_teacher", at("algebra_class"), "edit", day=4)
    assert said.startswith(
        "by this policy, they have had edit permission here since 2026-10-04 09:00 UTC: teaches section"
    )


def test_of_what_cannot_be_decided_nothing_is_told(history):
    """Facts that are too old say nothing of when they changed."""
    assert since(paused(history), table(), history.store) == ()


def test_since_when_is_what_asking_at_every_time_gives(history):
    """Over random changes of one class: the answer differs just before the time told, and never after it."""
    rng = random.Random(7)
    there = history.record("section", "algebra_class")
    for day in range(1, 9):
        if rng.random() < 0.5:
            history.put(day, "section", deepcopy(there))
        else:
            history.without(day, "algebra_class", *rng.sample(["co_teacher", "child_high", "multi_role_teacher"], 2))
        for user, thing, permission in (
            ("co_teacher", at("algebra_class"), "edit"),
            ("multi_role_teacher", grade("child_high", "algebra_class"), "edit"),
        ):
            decision = history.decide(user, thing, permission, day=day + 0.5)
            past = _Past(decision, table(), history.store)
            days = [past.answer(T0 + number * DAY) for number in range(day + 1)]
            (said,) = since(decision, table(), history.store)
            turned = next((number for number in range(day, 0, -1) if days[number] != days[number - 1]), None)
            told = datetime.fromtimestamp((T0 + (turned or 0) * DAY) / SECOND, UTC).strftime("%Y-%m-%d %H:%M UTC")
            assert told in said, (day, user, said, days)
