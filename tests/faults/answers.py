"""Everything that can be wrong with an answer, at every endpoint that facts use: what is decided before, under and after."""

import re
from collections.abc import Iterable
from zlib import crc32

from rolecall.testing import Fault

from faults.accounts import settle
from faults.benches import MAX_AGE, MAX_STALE, DirectBench, StoreBench
from faults.kinds import ANSWERS, DIRECT, EVENTS, LISTED, NOT_FOUND, OF_LISTS, OF_ONE, PAGES, SHAPES, fits

Case = tuple[str, re.Pattern[str], Fault]


def cases(tally, faults: list[Fault], endpoints: dict[str, re.Pattern[str]], size) -> Iterable[Case]:
    """Every fault at every endpoint; at a small size one of them, another one in each scenario."""
    every = [(name, path, one) for name, path in endpoints.items() for one in faults if fits(one, name)]
    return every if size.full else [every[crc32(tally.name.encode()) % len(every)]]


def asked_directly(tally, size, faults, endpoints=None, *, told=False, page=2):
    """Facts asked of Clever itself: well, then older than they should be, then too old, then well again."""
    with DirectBench(tally, size.seed, page=page, asked=size.asked) as bench:
        for number, (name, path, fault) in enumerate(cases(tally, faults, endpoints or DIRECT, size)):
            asynchronous = (number + size.seed) % 2 == 1
            bench.settle()
            bench.change()
            bench.time.pass_(MAX_AGE / 2)
            bench.round("before", asynchronous=asynchronous)
            bench.time.pass_(MAX_STALE + MAX_AGE)
            bench.refresh()
            bench.round(asynchronous=asynchronous)
            bench.faulty = True
            with bench.truth.fake.fault(fault, path=path) as placed:
                bench.told = told
                for step, seconds in enumerate((MAX_AGE + 5, MAX_AGE + 5, MAX_STALE / 3, MAX_STALE / 2, 1)):
                    if step == 1:
                        bench.change()
                    bench.time.pass_(seconds)
                    if step == 0:
                        bench.ask(bench.current[0])  # about a class, before anybody's list of classes tells of it
                    bench.round("during", asynchronous=asynchronous)
            tally.injected[name] += placed.hits
            bench.told = False
            bench.time.pass_(MAX_AGE + 5)
            with bench.truth.fake.fault(fault, path=path, chance=0.5) as placed:
                bench.told = told
                bench.round("during", asynchronous=not asynchronous)
            bench.told = bench.faulty = False
            bench.time.pass_(MAX_STALE)
            bench.refresh()
            bench.round("after", asynchronous=asynchronous)


def in_a_store(tally, size, faults, endpoints, *, page=20):
    """A store that follows, or reads anew: well, then behind, then too old, then well again, with nothing lost."""
    with StoreBench(tally, size.seed, page=page, asked=size.asked * 2) as bench:
        assert bench.sync()
        for number, (name, path, fault) in enumerate(cases(tally, faults, endpoints, size)):
            full, asynchronous = name not in EVENTS, (number + size.seed) % 2 == 1
            bench.settle()
            bench.change(4)
            bench.round("before", asynchronous=asynchronous)
            assert bench.sync(), bench.errors
            bench.round(asynchronous=asynchronous)
            with bench.truth.fake.fault(fault, path=path) as placed:
                for step, seconds in enumerate((1, 30, MAX_STALE / 3, MAX_STALE / 2, MAX_STALE / 4)):
                    if step < 3:
                        bench.change(4)
                    bench.time.pass_(seconds)
                    bench.sync(full=full and step == 0)
                    bench.round("during", asynchronous=asynchronous)
            tally.injected[name] += placed.hits
            with bench.truth.fake.fault(fault, path=path, chance=0.5):
                bench.sync()
                bench.round(asynchronous=not asynchronous)
            bench.change()
            bench.time.pass_(MAX_AGE + 1)  # Clever may have said: not before the next minute
            assert bench.sync(), bench.errors
            bench.refresh()
            bench.round("after", asynchronous=asynchronous)
        settle(tally, bench.store, bench.truth)


def scenarios():
    """Each by its name: a function of a tally and a size."""
    found = {}
    for name, faults in ANSWERS.items():
        found[f"{name}: asked directly"] = lambda t, s, f=faults: asked_directly(t, s, f)
        found[f"{name}: lists and events of a store"] = lambda t, s, f=faults: in_a_store(t, s, f, LISTED | EVENTS)
    found["404 for what there is: asked directly"] = lambda t, s: asked_directly(t, s, NOT_FOUND, told=True)
    found["404: lists and events of a store"] = lambda t, s: in_a_store(t, s, NOT_FOUND, LISTED | EVENTS)
    shapes = [*SHAPES, *OF_ONE, *OF_LISTS]
    found["JSON of another shape: asked directly"] = lambda t, s: asked_directly(t, s, shapes)
    found["JSON of another shape: lists and events of a store"] = lambda t, s: in_a_store(t, s, shapes, LISTED | EVENTS)
    lists = {name: DIRECT[name] for name in ("users/ID/sections", "schools")}
    paged = {name: path for name, path in (LISTED | EVENTS).items() if name != "districts"}
    for name, faults in PAGES.items():
        size = 1 if name != "the same record on two pages" else 2
        found[f"{name}: asked directly"] = lambda t, s, f=faults, p=size: asked_directly(t, s, f, lists, page=p)
        found[f"{name}: lists and events of a store"] = lambda t, s, f=faults: in_a_store(t, s, f, paged, page=3)
    return found
