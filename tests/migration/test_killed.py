"""`kill -9` at any moment of `apply` and `rollback`: what is run again ends where an uninterrupted run would have."""

import random
import time

import pytest
import uptime
from migration.apps import App, driver, new_url
from nursery import Nursery
from rolecall.migration.applying.rehearsing import state
from rolecall.migration.applying.undoing import Undoer
from rolecall.migration.applying.verifying import verify
from sqlalchemy import create_engine, inspect, text

DATABASES = ("sqlite", "postgresql", "mysql")
TABLES = ("accounts", "enrolments", "notes", "grades", "badges", "visits", "seats", "letters")
OWN = ("rolecall_runs", "rolecall_journal", "rolecall_refused", "rolecall_aliases")


@pytest.fixture(scope="module")
def nursery():
    """The process that is forked."""
    with Nursery() as one:
        yield one


class Killing:
    """An application that is carried over and back, with kills between; a run goes on until it has come to its end."""

    def __init__(self, nursery, url, folder, seed, people=24):
        self.nursery, self.url, self.rng = nursery, url, random.Random(seed)
        self.app = App(url, seed, people).make()
        self.app.plan(folder)
        self.plan = folder / "plan.jsonl"
        self.engine = create_engine(driver(url))
        self.first, self.first_rows = state(url), self.rows()
        self.seconds = {"apply": 0.0, "rollback": 0.0}
        self.kills, self.inside, self.early = {"apply": 0, "rollback": 0}, {"apply": 0, "rollback": 0}, 0
        self.ends = {"apply": 0, "rollback": 0}

    def rows(self):
        """All rows, in order."""
        with self.engine.begin() as connection:
            return {
                name: sorted(map(repr, connection.execute(text(f"SELECT * FROM {name}")).all()))  # noqa: S608 - our own names
                for name in TABLES
            }

    def runs(self):
        """All runs: number, state, how many steps are behind each, and of how many."""
        with self.engine.begin() as connection:
            return connection.execute(text("SELECT run, state, position, steps FROM rolecall_runs ORDER BY run")).all()

    def start(self, verb):
        """Start a process that does it."""
        what = self.plan if verb == "apply" else self.runs()[-1].run
        return self.nursery.start(f"migration.carried_child:{verb}", self.url, what)

    def measure(self):
        """Do both once, with no kill, and keep what they come to and how long they take."""
        for verb in self.seconds:
            child = self.start(verb)
            assert child.line() == "working"
            began = uptime.seconds()
            code, lines = child.end()
            self.seconds[verb] = uptime.seconds() - began
            assert (code, lines[-1]) == (0, "applied" if verb == "apply" else "undone")
            if verb == "apply":
                self.applied, self.applied_rows = state(self.url), self.rows()
                assert self.applied != self.first
        assert state(self.url) == self.first

    def kill(self, verb):
        """Start it and kill it at a random moment; say whether it came to its end before."""
        child, early = self.start(verb), self.rng.random() < 0.15
        if early:
            time.sleep(self.rng.random() * 0.02)
        else:
            assert child.line() == "working"
            time.sleep(self.rng.random() * self.seconds[verb])
        if child.kill():
            return True
        self.kills[verb] += 1
        self.early += early
        run = self.runs()[-1]
        if verb == "apply":
            self.inside[verb] += run.state == "applying" and 0 < run.position < run.steps
        else:
            self.inside[verb] += run.state == "undoing" and self.some_undone(run.run)
        return False

    def some_undone(self, run):
        """Say whether some of a run is undone, and some is not."""
        query = text("SELECT COUNT(undone), COUNT(*) FROM rolecall_journal WHERE run = :run")
        with self.engine.begin() as connection:
            done, every = connection.execute(query, {"run": run}).one()
        return 0 < done < every

    def enough(self, kills):
        """Say whether both were killed so often, a quarter of it half way, or four times as often as asked for."""
        fewest = min(self.kills.values())
        return fewest >= kills and (min(self.inside.values()) >= kills / 4 or fewest >= 4 * kills)

    def go(self, kills):
        """Kill both so often, on and on; a run that was killed is gone on with, or (now and then) taken back."""
        verb, undone = "apply", False
        while not undone or not self.enough(kills):
            ended = self.kill(verb)
            undone = ended and verb == "rollback"
            if ended:
                self.ends[verb] += 1
                assert self.rows() == (self.applied_rows if verb == "apply" else self.first_rows)
                verb = "rollback" if verb == "apply" else "apply"
            elif verb == "apply" and self.runs()[-1].state == "applying" and self.rng.random() < 0.1:
                verb = "rollback"
        assert state(self.url) == self.first


@pytest.mark.parametrize("kills", [6, pytest.param(300, marks=pytest.mark.full)])
@pytest.mark.parametrize("database", DATABASES)
def test_whatever_moment_it_is_killed_at_it_ends_as_if_it_was_not(database, kills, nursery, tmp_path, record_property):
    """Killed and gone on with, a run comes to the uninterrupted one's state; killed rollbacks, to the very first one."""
    one = Killing(nursery, new_url(database, tmp_path), tmp_path, seed=kills)
    one.measure()
    one.go(kills)
    said = f"{one.kills} kills, {one.early} before it began to work, {one.inside} half way, {one.ends} ends"
    record_property("seen", said)
    assert min(one.inside.values()) >= kills / 4, said
    child = one.start("apply")
    assert child.end()[0] == 0
    assert state(one.url) == one.applied
    assert [found for found in verify(one.url).findings if found.kind != "old-id"] == []
    one.engine.dispose()


@pytest.mark.parametrize("kills", [4, pytest.param(40, marks=pytest.mark.full)])
@pytest.mark.parametrize("database", DATABASES)
def test_killed_while_its_tables_are_made(database, kills, nursery, tmp_path):
    """Before they are all there, nothing was carried out; what is missing is made when it is run again."""
    one = Killing(nursery, new_url(database, tmp_path), tmp_path, seed=1, people=4)
    seconds, half = made_in(one), 0
    whole, applied = own_tables(one), state(one.url)
    for _ in range(kills):
        Undoer(one.url, 1, commit=True).run()
        assert state(one.url) == one.first
        with one.engine.begin() as connection:
            for name in OWN:
                connection.execute(text(f"DROP TABLE {name}"))
        child = one.start("apply")
        assert [child.line(), child.line()] == ["working", "making"]
        time.sleep(one.rng.random() * seconds)
        child.kill()
        there = own_tables(one)
        half += there != whole
        if OWN[0] not in there:
            assert state(one.url) == one.first
        assert one.start("apply").end()[0] == 0
        assert (own_tables(one), state(one.url)) == (whole, applied)
    assert half
    one.engine.dispose()


def made_in(one):
    """Carry it out, and give how long the tables took."""
    child = one.start("apply")
    assert [child.line(), child.line()] == ["working", "making"]
    began = time.monotonic()
    assert child.line() == "made"
    seconds = time.monotonic() - began
    child.end()
    return seconds


def own_tables(one):
    """Rolecall's own tables that are there, with their indexes."""
    looked = inspect(one.engine)
    return {
        name: sorted(str(index["name"]) for index in looked.get_indexes(name))
        for name in looked.get_table_names()
        if name in OWN
    }
