"""What the benchmarks measure gives the same answers, whoever is faster."""

from __future__ import annotations

from rolecall import Resource
from rolecall.testing import CAST

from benchmarks.big_policy import big_policy_text
from benchmarks.engines import Engines, differs
from benchmarks.handwritten import Handwritten
from benchmarks.live import measure_cold, measure_warm
from benchmarks.load import measure_load, rule_contenders
from benchmarks.reading import measure_events
from benchmarks.timing import Contender, percentile, race
from benchmarks.world import make_world


def test_contenders_agree() -> None:
    """The if/else and Cedar answer a sample of the requests as the engine does, about half of them with yes."""
    world = make_world(2_000)
    engines = Engines(world, cedar_asks=200)
    assert list(engines.disagreements()) == []
    yes = sum(world.pdp.authorize(user, at, asked, acting_as=acting).allowed for user, at, asked, acting in world.asks)
    assert 0.4 < yes / len(world.asks) < 0.6


def test_handwritten_denies_as_the_engine_does() -> None:
    """What the facts do not hold, another district, no role and no acting role have the same codes in both."""
    world = make_world(10)
    handwritten = Handwritten(world.snapshot)
    teacher, algebra, child = CAST["co_teacher"].id, CAST["algebra_class"].id, CAST["child_high"].id
    asked = [
        ("nobody-at-all", Resource("section", algebra), None),
        (teacher, Resource("section", "no-such-section"), None),
        (teacher, Resource("school", "no-such-school"), None),
        (teacher, Resource("district", "no-such-district"), None),
        (teacher, Resource("assignment", "a", {"section": "no-such-section"}), None),
        (teacher, Resource("grade", "g", {"section": algebra, "student": CAST["other_student"].id}), None),
        (teacher, Resource("section", CAST["other_class"].id), None),
        (teacher, Resource("grade", "g", {"section": algebra, "student": child}), []),
        (teacher, Resource("grade", "g", {"section": algebra, "student": child}), ["staff"]),
        (teacher, Resource("grade", "g", {"section": algebra, "student": child}), ["staff", "teacher"]),
        (CAST["nobody"].id, Resource("section", algebra), None),
        (CAST["csv_tech_lead"].id, Resource("note", "n", {"student": child}), None),
    ]
    codes = set()
    for user, resource, acting in asked:
        ours = world.pdp.authorize(user, resource, "view", acting_as=acting)
        assert differs(ours, handwritten.authorize(user, resource, "view", acting_as=acting)) == ""
        codes.add(ours.cell.code)
    assert len(codes) == 7


def test_contenders_can_be_timed() -> None:
    """Every contender takes its stream."""
    world = make_world(50)
    contenders = Engines(world, cedar_asks=10).contenders()
    for one in contenders:
        one.rounds = 1
    times = race(contenders)
    assert len(times) == len(contenders) == 9


def test_large_policy_loads() -> None:
    """The large policy is the same every time, has no errors, and can be asked about."""
    assert big_policy_text(40) == big_policy_text(40)
    load = measure_load(60, rounds=1)
    assert load.rules == 60
    assert load.cuts > 0


def test_rule_contenders_take_the_same_requests() -> None:
    """Few rules and many get the same stream."""
    few, many = rule_contenders(make_world(10).raw, 20, (10, 40))
    assert few.stream == many.stream
    assert len(few.stream) == 20


def test_percentile() -> None:
    """A percentile is one of the values."""
    assert percentile(range(100), 0.99) == 99
    assert percentile([7], 0.5) == 7
    assert Contender("nothing", print, []).rounds == 5


def test_facts_three_ways_can_be_timed() -> None:
    """Snapshot, store and Clever itself take the same stream, and a cold decision takes few requests."""
    world = make_world(40)
    times = measure_warm(world)
    assert set(times) == {"snapshot", "store", "direct"}
    for name, (first, later) in measure_cold().items():
        assert later + 2 == first, name
        assert later <= 5, name


def test_events_can_be_timed() -> None:
    """A sync applies the events that were published, on SQLite."""
    assert measure_events(20, only="SQLite")["SQLite"] > 0
