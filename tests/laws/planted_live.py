"""Bugs planted in the live facts: each says the wrong sentence that it believes, and who is to find it."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import test_assignments_port as port
import test_flights as flights
import test_fresh_within as fresh
from facts import test_direct as direct
from facts import test_store_view as store
from facts import test_two_states as states
from facts.stages import store_stage
from laws import test_live as live
from laws.planted import Bug

Check = Callable[[], Any]
ANY, GATHERING, VIEW = "facts.gathering:Gathering._any", "facts.gathering:Gathering", "facts.direct_view:DirectView"
STORE, SHELF = "facts.store_view:StoreView", "facts.tray:Shelf"


@dataclass(frozen=True)
class Planted:
    """A bug, and a test that fails while it is there."""

    bug: Bug
    found_by: Check


def bug(sentence: str, where: str, old: str, new: str, found_by: Check) -> Planted:
    """Plant one change of text."""
    return Planted(Bug(sentence, where, old, new), found_by)


def staged(test: Callable[[Any], Any]) -> Check:
    """A test of a store, on a stage of its own."""

    def check() -> None:
        with store_stage() as stage:
            test(stage)

    return check


def changing(name: str) -> Check:
    """The test of a change of the demo district."""
    return lambda: store.test_whatever_changes_a_warm_answer_is_todays(dict(store.CHANGES)[name], ported=False)


def _in_threads(test: Callable[..., Any]) -> Check:
    """The test of threads over SQLite, for as long as it takes."""

    def check() -> None:
        with tempfile.TemporaryDirectory() as folder:
            test("sqlite", 10, Path(folder))

    return check


def following(name: str, worlds: int = 60) -> Check:
    """Random worlds that change."""
    return lambda: live.test_kept_facts_say_what_is_true_now(name, worlds)


def gone(kind: str, name: str) -> Check:
    """The test of a 404."""
    return lambda: direct.test_a_404_drops_what_rests_on_it_at_once(kind, name, asynchronous=False)


FLIGHTS = [
    bug("everybody fetches for themselves", "flights:Flights.join", "flight = self._flying.get(key)", "flight = None", flights.test_many_at_once_are_one_fetch),
    bug("a flight stays in the air", "flights:Flights._lead", "del self._flying[key]", "pass", flights.test_many_at_once_are_one_fetch),
    bug("who fetches is never cancelled", "flights:Flights.join", "if not isinstance(answer, _Abandoned):", "if True:", flights.test_when_whoever_fetches_is_cancelled_another_goes_on),
    bug("one may wait for oneself", "flights:Flights._wait", "flight.thread == get_ident()", "False", flights.test_nobody_waits_for_a_task_of_their_own_thread),
    bug("threads that wait are not those that fetching needs", "calls:_await_answer", "_THREADS.pool", "None", flights.test_threads_that_wait_do_not_take_those_that_fetching_needs),
    bug("whoever comes just after an answer asks again", "facts.direct:Direct._ask", "since is not wanted.seen", "False", lambda: flights.test_whoever_looked_just_before_an_answer_came_does_not_ask_again(fails=False)),
    bug("whoever comes just after a failure asks again", "facts.direct:Direct._ask", "self.records.resting(key, at) or self.records.get(key)", "self.records.get(key)", lambda: flights.test_whoever_looked_just_before_an_answer_came_does_not_ask_again(fails=True)),
]  # fmt: skip

PORTS = [
    bug("an answer of the port is good for ever", "ports:Assignments._good", "if now < until else None", "", lambda: port.test_with_both_an_answer_is_good_while_both_say_so(asynchronous=False)),
    bug("a clock is never put back for the port", "ports:Assignments._good", "now < since or of_version", "of_version", port.test_a_clock_that_is_put_back_keeps_no_answer),
    bug("versions are not compared", "ports:Assignments._good", "now < since or of_version != version", "now < since", lambda: port.test_an_answer_is_good_for_its_version(asynchronous=False)),
    bug("a failure of the port is kept", "ports:Assignments._anew", "if not found.problem:", "if True:", lambda: port.test_a_failure_is_indeterminate_and_not_kept("port", asynchronous=False)),
    bug("what the port says is kept for ever", "facts.view:View.person", "min(found.until, assigned.until)", "found.until", lambda: port.test_an_answer_is_good_for_its_age(asynchronous=False)),
    bug("no assignment begins while facts are asked for", "facts.direct_view:_around", "(one.ends is None or one.ends > asked.now)", "one.holds(asked.now)", lambda: port.test_an_assignment_that_begins_while_facts_are_fetched_counts(port.direct_stage)),
    bug("no assignment begins while facts are read", f"{SHELF}._unsure", "if one.ends is not None and one.ends <= now:", "if not one.holds(now):", lambda: port.test_an_assignment_that_begins_while_facts_are_fetched_counts(port.store_stage)),
]  # fmt: skip

AGES = [
    bug("max_stale is not looked at", "facts.view:View.why_old", "limit is not None and now > as_of + limit", "False", staged(store.test_a_feed_that_stands_still_is_too_old_after_max_stale)),
    bug("a bound is not looked at", "facts.view:View.why_old", "bound is not None and now > as_of + bound[0]", "False", fresh.test_at_the_very_bound_facts_are_fresh),
    bug("unknown is young", "facts.view:View.why_old", "if as_of is None:", "if False:", lambda: direct.test_a_district_that_does_not_say_since_when_it_stands_still("paused")),
    bug("what comes from the future is young", "facts.view:View.why_old", "if now < as_of - SKEW:", "if False:", staged(store.test_facts_of_a_time_to_come_are_of_unknown_age)),
    bug("a bound holds for its permission alone", "authorizer:Authorizer._bound", "permission in (None, name)", "permission == name", lambda: fresh.test_it_holds_where_no_permission_is_asked(fresh.late.__wrapped__())),
    bug("a bound is not for what is at hand", "authorizer:Authorizer.__init__", "careful = {*self._loaders, *self._bounds}", "careful = {*self._loaders}", fresh.test_clever_is_asked_anew_for_what_must_be_fresh),
    bug("a bound asks nobody anew", f"{VIEW}._gathering", "(self.frame.max_stale, asked.bound and asked.bound[0])", "(self.frame.max_stale,)", fresh.test_clever_is_asked_anew_for_what_must_be_fresh),
    bug("a bound is for what is asked for alone", f"{VIEW}._at_hand", "any(self.why_old(as_of, now, asked.bound) for as_of in ages)", "any(self.why_old(as_of, now, None) for as_of in ages)", fresh.test_clever_is_asked_anew_for_what_must_be_fresh),
    bug("a bound begins when the last answer has come", f"{VIEW}._fold", "self.why_old(as_of, gathering.began, asked.bound)", "self.why_old(as_of, now, asked.bound)", fresh.test_a_bound_of_nothing_asks_each_time),
    bug("a known age hides an unknown one", f"{VIEW}._at_hand", "any(self.why_old(as_of, now, asked.bound) for as_of in ages)", "self.why_old(max((one for one in ages if one is not None), default=None), now, asked.bound)", lambda: direct.test_a_district_that_does_not_say_since_when_it_stands_still("paused")),
]  # fmt: skip

ASKED = [
    bug("what was told once stays told", f"{VIEW}._at_hand", "held is None or not held.since <= now < held.until", "held is None", direct.test_a_person_is_asked_for_anew_however_fresh_the_place_is),
    bug("max_age is not looked at", f"{GATHERING}._will_do", "self.stale if self.aged else self.fresh", "self.stale", direct.test_a_change_is_seen_when_max_age_is_over),
    bug("max_age counts where max_stale is less", f"{VIEW}._gathering", "min([self.direct.max_age - 1, *ages])", "self.direct.max_age - 1", direct.test_the_smaller_of_max_age_and_max_stale_counts),
    bug("what is warm outlives max_stale", f"{VIEW}._fold", "until = min(until, as_of + self.frame.max_stale + 1)", "pass", direct.test_a_paused_district_is_as_old_as_its_last_sync),
    bug("the newest record says how old a decision is", f"{GATHERING}._take", "min(self.oldest, kept.since(self.clock()))", "max(self.oldest, kept.since(self.clock()))", direct.test_the_age_of_a_decision_is_that_of_its_oldest_record),
    bug("what stands in is good for max_age", f"{VIEW}._fold", "now + REST if gathering.aged", "now + self.direct.max_age if gathering.aged", direct.test_facts_that_stand_in_are_soon_asked_for_again),
    bug("that facts stand in is nobodys business", f"{VIEW}._fold", "if gathering.aged:", "if False:", lambda: direct.test_the_last_complete_facts_stand_in_until_max_stale("500", asynchronous=False)),
    bug("a failure is a 404", ANY, "raise Unknown(found.why)", "return None", lambda: direct.test_what_cannot_be_had_is_never_a_yes_nor_a_plain_no("500", asynchronous=False)),
    bug("a place that cannot be had is not held", "authorizer:Authorizer._decide", "if number in found.problems and not held.problem:", "if False:", direct.test_a_place_that_cannot_be_had_spoils_no_other),
    bug("what failed is asked for again at once", "facts.remembered:Remembered.resting", "now < trouble.until <= now + LONGEST_REST", "False", direct.test_what_failed_is_not_asked_for_again_at_once),
    bug("each failure is waited for", f"{GATHERING}._will_do", "self.stale if self.aged else self.fresh", "self.fresh", direct.test_one_failure_is_waited_for_once),
    bug("a record that cannot be read is none", "facts.direct:Direct._ask", "return self.records.rest(key, f\"Clever's answer cannot be read: {error}\", clock(), None)", "found = Kept(None, at, ticks)", lambda: direct.test_what_would_have_to_be_guessed_at_is_not_known("users", lambda one: one["data"].update(roles={"teacher": {"schools": 7}}))),
    bug("a paused district is as young as its answers", f"{VIEW}._fold", "if state.paused:", "if False:", direct.test_a_paused_district_is_as_old_as_its_last_sync),
    bug("another districts record is as good", f"{GATHERING}._one", "if ours == self.district else None", "", direct.test_another_record_than_was_asked_for_is_none),
    bug("any id can be asked for", f"{GATHERING}._one", "if not is_id(identifier):", "if False:", lambda: direct.test_what_no_address_can_carry_is_not_asked_for("x/y")),
    bug("who cannot be looked for is not there", f"{VIEW}._find", "if trouble is not None:", "if False:", direct.test_who_may_be_where_nobody_can_look_is_not_missing),
    bug("a home that cannot be asked is left", f"{VIEW}._find", "if home is not None:", "if False:", direct.test_where_home_cannot_be_asked_no_other_district_is),
    bug("a section that found no room is none", f"{GATHERING}._sections_of", "listed = (yield from self._any(path, self._read_sections, whole=True, anew=True)) or ()", "listed = [one for one in listed if self._newest(one) is not None]", lambda: direct.test_whoever_does_not_fit_into_memory_is_still_told_whole(2)),
    bug("a contacts children have no classes", f"{GATHERING}.student", "yield from self._sections_of(identifier)", "pass", following("direct", 10)),
    bug("what a clock left in the future is newer", "facts.remembered:Remembered.keep", "not found.at < before.at <= now", "not found.at < before.at", direct.test_a_404_counts_whatever_the_clock_says),
    bug("no clock is ever put back", "facts.steady:ever_since", "since if since < at - SLACK else at", "at", lambda: _patched(direct.test_a_clock_put_back_does_not_stretch_max_stale)),
    bug("what is from the future is young", "facts.remembered:Kept.within", "self.at <= now and", "", direct.test_a_clock_that_is_put_back_makes_nothing_fresh),
]  # fmt: skip

GONE = [
    bug("a 404 is kept as it was", "facts.remembered:Remembered.keep", "self._kept.pop(key, None)", "pass", direct.test_a_person_who_is_gone_is_gone_at_once),
    bug("a 404 is for whoever got it", f"{VIEW}.forget", "self._dropped = object()", "return", direct.test_a_person_who_is_gone_is_gone_at_once),
    bug("who rests on what is gone stays", f"{VIEW}.forget", "if not keys.isdisjoint(held.places) or user in named or (whole and held.district == district):", "if False:", gone("section", "termless_class")),
    bug("what lies in what is gone stays", f"{VIEW}.forget", "if one.district == district and near:", "if False:", gone("section", "algebra_class")),
    bug("a list outlives what it names", f"{GATHERING}._sections_of", "if any(self._newest(one) is None for one in listed):", "if False:", gone("section", "algebra_class")),
    bug("what was gathered before a 404 may be kept after it", f"{VIEW}._gather", "if self._dropped is not dropped:", "if False:", direct.test_what_is_gone_while_it_is_gathered_is_not_kept),
    bug("what one district lacks none has", f"{VIEW}.forget", 'plural, _, identifier = path.partition("/")', 'plural, _, identifier = path.partition("/")\n    district = next((one.district for one in (self.held.get(identifier), self.locations["student"].get(identifier)) if one), district)', direct.test_an_id_that_another_district_lacks_is_no_news),
]  # fmt: skip

STORED = [
    bug("the window stays open while people are forgotten", f"{STORE}._take", "self.fresh_from = NEVER[0]\n", "pass\n", states.test_what_changes_while_others_look_is_seen),
    bug("what was read is as of any change", f"{STORE}._put_together", "!= (wanted.identity, wanted.change)", "== ()", states.test_what_changes_while_a_person_is_read_is_seen),
    bug("whatever was read fits together among threads", f"{STORE}._put_together", "!= (wanted.identity, wanted.change)", "== ()", _in_threads(states.test_no_decision_mixes_two_states)),
    bug("a late look counts", f"{STORE}._look", "if self.change != seen or self._put_back != put_back:", "if False:", states.test_a_look_that_comes_late_does_not_turn_the_time_back),
    bug("a look is for ever", f"{STORE}._take", "min(self._looked[1] - 1, self._stale_at())", "self._stale_at()", staged(store.test_a_change_is_seen_with_the_next_look_and_not_before)),
    bug("a feeds age is looked at once", f"{STORE}._stale_at", "if limit is None:", "if True:", staged(store.test_a_feed_that_stands_still_is_too_old_after_max_stale)),
    bug("people of a stale district are kept", f"{STORE}.keeps", "district in self._states and district not in self._stale", "True", store.test_a_stale_district_beside_a_fresh_one),
    bug("whom no district has is nowhere", f"{STORE}._why_stale", 'district in ("", name)', "district == name", store.test_a_stale_district_beside_a_fresh_one),
    bug("a district half read is a district", f"{STORE}._why_old", "if state.read is None:", "if False:", lambda: store.test_a_district_that_is_not_read_yet_may_have_whoever_is_missing("being read")),
    bug("a store without districts is a roster without people", f"{STORE}._ask_read", "if not self._states:", "if False:", store.test_a_store_without_a_district_knows_nothing),
    bug("that a look failed is nobodys business", f"{STORE}._put_together", "if not self._trouble:", "if True:", staged(store.test_a_look_that_fails_leaves_the_last_facts_until_max_stale)),
    bug("that a feed is held is nobodys business", f"{STORE}.said", "(why,) if why else ()", "()", store.test_a_feed_that_is_held_says_so_with_every_decision),
    bug("another store is the same store", f"{STORE}._take", 'self._shelf.forget("*")', "pass", store.test_another_store_in_its_place_is_read_anew),
    bug("a changed person is who they were", f"{SHELF}.forget", "self._drop(identifier)", "pass", changing("a role is lost")),
    bug("a changed class is what it was", f"{SHELF}.forget", 'locations["section"].pop(identifier, None)', "pass", changing("a class has another term")),
    bug("a changed term is what it was", f"{SHELF}.forget", 'elif kind == "term":\n        locations["section"].clear()', 'elif kind == "term":\n        pass', changing("a term has other dates")),
    bug("a changed student is where they were", f"{SHELF}.forget", 'locations["student"].pop(identifier, None)', "pass", changing("a child is gone")),
    bug("grades are what they were", f"{SHELF}.forget", 'locations["student+section"].clear()', "pass", changing("a class lists nobody")),
    bug("schools come and go unnoticed", f"{SHELF}.forget", 'elif kind != "legacy":', "elif False:", changing("a school is gone")),
    bug("a contact is not their children", "facts.tray:Tray.person", 'children + [f"section:{one.id}" for one in records if one.scope == "section"]', '[f"section:{one.id}" for one in records if one.scope == "section"]', changing("a child is no student")),
    bug("a substitute is not their class", "facts.tray:Tray.person", 'children + [f"section:{one.id}" for one in records if one.scope == "section"]', "children", changing("the covered class is gone")),
    bug("the past is the present", "facts.roster_store:RosterStore._standing", "change = self.store.change_at(moment)", "change = self.store.look(0).change", staged(store.test_the_store_at_a_time_of_the_past)),
    bug("the past was polled just now", "facts.roster_store:RosterStore._standing", "self.store.confirmed_at(name, moment)", "feeds[name].as_of", staged(store.test_the_store_at_a_time_of_the_past)),
]  # fmt: skip


def _patched(test: Callable[..., Any]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        test(patch)


PLANTED = [*FLIGHTS, *PORTS, *AGES, *ASKED, *GONE, *STORED]
