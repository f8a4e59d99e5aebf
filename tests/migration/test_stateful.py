"""Anything in any order: the map changes, others write, plans are carried out, broken off, gone on with, taken back."""

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from migration.apps import App, new_url
from rolecall.errors import FactsError
from rolecall.migration import Map, Resolver
from rolecall.migration.applying.carrying import Carrier
from rolecall.migration.applying.ports import Ports
from rolecall.migration.applying.undoing import Undoer
from rolecall.migration.model import PersonStep, placed_in
from sqlalchemy import text

DISTRICTS, ROLES = ("d1", "d2"), ("teacher", "staff", "district_admin")
OLDS, NEWS = [f"o{n}" for n in range(5)], [f"n{n}" for n in range(3)]
COURSES = ("maths", "art", None)
HALF = ("applying", "undoing")


class Stop:
    """A callback that says stop after so many people, and meanwhile tries to begin another run."""

    def __init__(self, people, other):
        self.left, self.other = people, other

    def __call__(self):
        if self.other is not None:
            with pytest.raises(FactsError, match="another run is being carried out"):
                self.other()
            self.other = None
        self.left -= 1
        return self.left < 0


class Machine(RuleBasedStateMachine):
    """A small application, and what others know of it: `grades`, `enrolments` by id, `written` cells since a run."""

    database = "sqlite"

    @initialize(clash=st.sampled_from(("hold", "keep")))
    def begin(self, clash):
        self.folder = Path(tempfile.mkdtemp())
        self.app = App(new_url(self.database, self.folder), people=0).make()
        self.execute("UPDATE accounts SET manager = NULL")
        for name in ("notes", "enrolments", "grades", "badges", "visits", "seats", "letters", "accounts"):
            self.execute(f"DELETE FROM {name}")  # noqa: S608 - our own names
        self.settings = self.app.settings(clash=clash)
        self.rows, self.away, self.key, self.clash = {}, set(), 0, clash
        self.grades, self.enrolments, self.visits = {}, {}, 0
        self.plans, self.runs, self.touched, self.stale = [], [], [], {}
        self.first = self.state()  # of the last run: what there was, as long as nobody else has written

    def teardown(self):
        if hasattr(self, "folder"):
            shutil.rmtree(self.folder)

    # what is there

    def execute(self, said, **values):
        with self.app.connect() as connection:
            return connection.execute(text(said), values)

    def state(self):
        with self.app.connect() as connection:
            return {
                name: sorted(map(repr, connection.execute(text(f"SELECT * FROM {name}")).all()))  # noqa: S608 - our own names
                for name in ("accounts", "grades", "enrolments", "visits", "letters")
            }

    def accounts(self):
        with self.app.connect() as connection:
            return {row["id"]: dict(row) for row in connection.execute(text("SELECT * FROM accounts")).mappings()}

    def half(self):
        return self.runs[-1] if self.runs and self.runs[-1]["state"] in HALF else None

    def by_others(self, key=None, **cells):
        """Note that others wrote."""
        self.first = None
        for name, value in cells.items():
            self.stale[key, name] = value
        self.touched.append(key)

    # others

    @rule(at=st.integers(0, 1), role=st.sampled_from(ROLES), old=st.sampled_from(OLDS), new=st.integers(0, 2))
    def the_map_says(self, at, role, old, new):
        self.rows[at, role, old] = NEWS[new] if new == 2 else NEWS[at]

    @rule(district=st.sampled_from(DISTRICTS))
    def a_district_comes_or_goes(self, district):
        self.away ^= {district}

    @rule(role=st.sampled_from(ROLES), at=st.integers(0, 1), id_=st.sampled_from(OLDS + NEWS), frozen=st.integers(0, 9))
    def an_account_is_made(self, role, at, id_, frozen):
        if any(one["clever_id"] == id_ for one in self.accounts().values()):
            return
        self.key += 1
        self.by_others(self.key)
        said = "INSERT INTO accounts (id, clever_id, kind, district, frozen, points) VALUES (:i, :c, :k, :d, :f, 1)"
        self.execute(said, i=self.key, c=id_, k=role, d=DISTRICTS[at], f=int(frozen == 0))

    @rule(data=st.data(), name=st.sampled_from(("points", "theme", "clever_id")))
    def an_account_is_changed(self, data, name):
        accounts = self.accounts()
        if not accounts:
            return
        key = data.draw(st.sampled_from(sorted(accounts)))
        free = sorted({*OLDS, *NEWS} - {one["clever_id"] for one in accounts.values()})
        value = {"points": 1000 + len(self.touched), "theme": f"t{len(self.touched)}", "clever_id": (free or [None])[0]}
        self.by_others(key, **{name: value[name]})
        self.execute(f"UPDATE accounts SET {name} = :v WHERE id = :k", v=value[name], k=key)  # noqa: S608 - our own names

    @rule(data=st.data())
    def an_account_is_deleted(self, data):
        accounts = self.accounts()
        named = {one for pair in self.app.all("SELECT account, given_by FROM grades") for one in pair}
        named |= {one for (one,) in self.app.all("SELECT account FROM enrolments UNION SELECT account FROM visits")}
        named |= {one["manager"] for one in accounts.values()}
        if accounts.keys() - named:
            key = data.draw(st.sampled_from(sorted(accounts.keys() - named)))
            self.by_others(key)
            self.stale = {cell: value for cell, value in self.stale.items() if cell[0] != key}
            self.execute("DELETE FROM accounts WHERE id = :k", k=key)

    @rule(data=st.data(), what=st.sampled_from(("grades", "enrolments", "visits", "manager")))
    def somebody_is_named(self, data, what):
        keys = sorted(self.accounts())
        if not keys:
            return
        one, other = data.draw(st.sampled_from(keys)), data.draw(st.sampled_from(keys))
        self.key += 1
        if what == "grades":
            self.grades[self.key] = (one, other)
            self.execute("INSERT INTO grades VALUES (:i, :a, :b, 0.5)", i=self.key, a=one, b=other)
        elif what == "enrolments":
            course = data.draw(st.sampled_from(COURSES))
            if course is not None and (one, course) in self.app.all("SELECT account, course FROM enrolments"):
                return
            self.enrolments[self.key] = course
            self.execute("INSERT INTO enrolments VALUES (:i, :a, :c, NULL)", i=self.key, a=one, c=course)
        elif what == "visits":
            self.visits += 1
            self.execute("INSERT INTO visits VALUES (:a, :p)", a=one, p=f"{self.visits}")
        else:
            self.execute("UPDATE accounts SET manager = :m WHERE id = :k", m=other, k=one)
            self.stale[one, "manager"] = other
        self.first = None

    # rolecall

    @rule()
    def planned(self):
        found = Map()
        for (at, role, old), new in self.rows.items():
            if DISTRICTS[at] not in self.away:
                found.add(DISTRICTS[at] if new != NEWS[2] else "d1", role, old, new)
        self.app.map = found
        plan = self.app.plan(self.folder, self.settings, f"plan{len(self.plans)}.jsonl")
        accounts = self.accounts()
        placed = [one for step in plan.steps() for one in placed_in(step)]
        assert sorted(int(one.key) for one in placed) == sorted(accounts)
        self.plans.append(plan)
        self.touched = []
        self.compare_logins(plan, found)

    def compare_logins(self, plan, found):
        """Whoever logs in now meets what the plan says: by the map, and by what runs have left, if that is no more."""
        ports = Ports(self.app.url, self.settings)
        known = {tuple(row) for row in ports.aliases(OLDS + NEWS)}
        by_map = {tuple(row) for row in found.rows(OLDS + NEWS)}
        aliases = [found.rows, *([ports.aliases] if known and known == by_map else [])]
        for step in plan.steps():
            if not isinstance(step, PersonStep) or any(one.outcome == "unique-key" for one in step.accounts):
                continue
            roles = {role: {"legacy_id": old} for _, role, old in step.olds}
            user = {"id": step.person, "district": step.district, "roles": roles}
            for rows in aliases:
                match = Resolver(ports.accounts, aliases=rows, settings=self.settings).resolve(user)
                assert {one.key: one.outcome for one in step.accounts}.items() <= {
                    one.key: one.outcome for one in match.accounts
                }.items()
        ports.close()

    @precondition(lambda self: self.plans)
    @rule(data=st.data(), people=st.integers(0, 4), batch=st.sampled_from((1, 2, 500)), twice=st.booleans())
    def carried_out(self, data, people, batch, twice):
        plan = self.plans[-1] if data.draw(st.booleans()) else data.draw(st.sampled_from(self.plans))
        other = (lambda: Carrier(plan, self.app.url, commit=True).run()) if twice else None
        stop = Stop(people if data.draw(st.booleans()) else 10**6, other)
        half, before, accounts = self.half(), self.state(), self.accounts()
        carrier = Carrier(plan, self.app.url, commit=True, batch=batch, stop=stop)
        if half is not None and (half["plan"] != plan.digest or half["state"] == "undoing"):
            with pytest.raises(FactsError, match=r"half done|being undone"):
                carrier.run()
            return
        found = carrier.run()
        if not self.runs or self.runs[-1]["run"] < (found.run or 0):
            if self.first is not None or not self.runs or self.runs[-1]["state"] not in HALF:
                self.first = before
            self.runs.append({"run": found.run, "plan": plan.digest})
            self.stale, self.left = {}, set()
        run = next(one for one in self.runs if one["run"] == found.run)
        run["state"] = found.state
        if found.state == "applied":
            assert found.accounts.total() == sum(len(placed_in(step)) for step in plan.steps())
        after = self.accounts()
        if plan is self.plans[-1]:  # whoever others changed since it was made is as they left them
            assert {key: one | {"manager": 0} for key, one in accounts.items() if key in self.touched} == {
                key: one | {"manager": 0} for key, one in after.items() if key in self.touched
            }
        assert {key for one in found.left for key in map(int, one.accounts)} & accounts.keys() <= after.keys()

    @precondition(lambda self: any(one["state"] != "undone" for one in self.runs))
    @rule(people=st.integers(0, 4), batch=st.sampled_from((1, 2, 500)), stops=st.booleans(), dry=st.booleans())
    def taken_back(self, people, batch, stops, dry):
        run, before = [one for one in self.runs if one["state"] != "undone"][-1], self.state()
        newest = run is self.runs[-1]
        stop = Stop(people if stops else 10**6, lambda: Undoer(self.app.url, run["run"], commit=True).run())
        found = Undoer(self.app.url, run["run"], commit=not dry, batch=batch, stop=stop).run()
        if dry:
            assert self.state() == before
            return
        run["state"] = found.state
        accounts = self.accounts()
        if newest:
            for (key, name), value in self.stale.items():
                if key in accounts and (name != "manager" or value in accounts):
                    assert name == "manager" or accounts[key][name] == value
        if found.state == "undone" and newest and self.first is not None:
            assert not found.left
            assert self.state() == self.first
        elif found.state == "undone" and not newest:
            self.first = None

    # always

    @invariant()
    def nothing_is_lost(self):
        if not hasattr(self, "folder"):
            return
        keys = self.accounts().keys()
        grades = self.app.all("SELECT id, account, given_by FROM grades")
        assert {row[0] for row in grades} == self.grades.keys()
        assert {one for row in grades for one in row[1:]} <= keys
        enrolments = self.app.all("SELECT id, account, course FROM enrolments")
        gone = self.enrolments.keys() - {row[0] for row in enrolments}
        assert self.clash == "keep" or not gone
        assert {self.enrolments[one] for one in gone} <= {row[2] for row in enrolments}
        visits = self.app.all("SELECT page, account FROM visits")
        assert sorted(int(row[0]) for row in visits) == [*range(1, self.visits + 1)]
        assert {row[1] for row in (*enrolments, *visits)} <= keys


def run_of(database, examples):
    """The machine over one kind of database."""
    made = type(f"On{database}", (Machine,), {"database": database})
    made.TestCase.settings = settings(
        max_examples=examples, stateful_step_count=30, deadline=None, suppress_health_check=[*HealthCheck]
    )
    return made.TestCase


TestSqlite = run_of("sqlite", 12)


@pytest.mark.full
class TestSqliteFull(run_of("sqlite", 150)):
    """Many."""


@pytest.mark.full
class TestPostgres(run_of("postgresql", 20)):
    """The same in PostgreSQL."""


@pytest.mark.full
class TestMariaDB(run_of("mysql", 10)):
    """The same in MariaDB."""
