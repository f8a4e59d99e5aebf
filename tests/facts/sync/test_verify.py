"""The store compared with Clever: each difference by name, and none that is only one because events come later."""

import sys

import pytest
from rolecall import FactsError
from rolecall.facts.clever import Unavailable
from rolecall.facts.store import BadRecord
from rolecall.facts.sync import Difference, verify
from rolecall.testing import CAST
from rolecall.testing.fake import Fault
from syncs import DAY, DISTRICT, Town, on_both


@pytest.fixture
def town(town):
    """A district that was read in full."""
    town.sync()
    return town


@on_both
def test_a_store_that_is_current_has_no_differences(town):
    """What Clever's events say is applied first."""
    town.alter(3)
    found = town.verify()
    assert (found.differences, found.more, found.compared) == ((), 0, town.is_same())


@on_both
def test_every_kind_of_difference_is_named(town):
    """With its kind and id, what is different, and whether a decision can be another for it."""
    town.fake.events_on = False
    teacher, child = town.user(), town.user("child_high")
    town.fake.change("user", teacher | {"roles": {}, "email": "new@d.example"})
    town.fake.change("user", child | {"email": "new@d.example"})
    town.fake.delete("section", CAST["past_class"].id)
    town.fake.change("school", {"id": "5c5c", "district": DISTRICT})
    assert set(town.verify().differences) == {
        Difference("user", teacher["id"], "different", ("email", "roles")),
        Difference("user", child["id"], "different", ("email",), decides=False),
        Difference("section", CAST["past_class"].id, "gone"),
        Difference("school", "5c5c", "missing"),
    }
    town.sync(full=True)
    assert town.verify().differences == ()


def test_what_happens_meanwhile_is_no_difference(town):
    """Whatever changes between two pages, and is told by an event, however late."""
    counter = iter(range(1000))

    def change(asked):
        if "events" not in asked.path and next(counter) < 12:
            town.fake.change("user", town.user() | {"email": f"{next(counter)}@d.example"}, publish=False)
            town.fake.delete("user", town.fake.world["users"][next(counter) + 20]["id"], publish=False)

    town.fake.fault(Fault.call(change), path="/v3.0/users")
    slept = []

    def sleep(seconds):
        slept.append(seconds)
        town.fake.publish()

    found = verify(town.clever, town.store, DISTRICT, clock=town.time.nanoseconds, sleep=sleep)
    assert (found.differences, len(slept)) == ((), 1)


def test_a_district_that_must_be_read_in_full_first_says_so(store, town):
    """Half a store is not compared."""
    town.time.pass_(30 * DAY)
    with pytest.raises(FactsError, match=r"has to be read in full first \(`rolecall sync`\): its events were not"):
        town.verify()
    fresh = Town(store, snapshot={"districts": [{"id": "d9"}]}, events=False)
    with pytest.raises(FactsError, match="it was never read before"):
        fresh.verify("d9")
    fresh.sync("d9")
    assert fresh.verify("d9").compared == 1
    fresh.clever.close()


def test_what_cannot_be_compared_is_an_error_and_not_a_difference(town):
    """Half a list says nothing."""
    fault = town.fake.fault(Fault.status(503), path="/v3.0/users", skip=1)
    with pytest.raises(Unavailable):
        town.verify()
    fault.remove()
    town.fake.events_on = False
    town.fake.change("user", town.user() | {"roles": {"teacher": {"schools": 7}}})
    with pytest.raises(BadRecord):
        town.verify()


def test_very_many_differences_are_counted(town, monkeypatch):
    """They are not all looked at one by one."""
    monkeypatch.setattr(sys.modules["rolecall.facts.sync.verify"], "_MOST", 5)
    town.fake.events_on = False
    town.alter(12)
    found = town.verify()
    assert (len(found.differences), found.more) == (5, 7)


def test_what_clever_holds_without_a_district_is_reported(town):
    """It is none of the store's."""
    town.fake.events_on = False
    town.fake.change("school", {"id": "5c5c"}, district=DISTRICT)
    found = town.verify()
    assert (found.differences, found.reports) == ((), ("school `5c5c` is left out: it has no `district`",))
