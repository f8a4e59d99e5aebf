"""Plans of random applications, carried out and taken back in real databases, against a plain specification."""

from collections import Counter

import pytest
from migration.apps import App, driver, new_url
from migration.spec import REFERRING, Spec
from rolecall.migration.applying.carrying import Carrier
from rolecall.migration.applying.ports import Ports
from rolecall.migration.applying.rehearsing import state
from rolecall.migration.applying.undoing import Undoer
from rolecall.migration.applying.verifying import verify
from rolecall.migration.model import placed_in
from sqlalchemy import create_engine, inspect, text

DATABASES = ("sqlite", "postgresql", "mysql")
SEEDS = [0, 1, pytest.param(range(2, 12), marks=pytest.mark.full)]


def tables_of(app):
    """All rows, by table, in order."""
    found = {}
    with app.connect() as connection:
        for name in ("accounts", "notes", *REFERRING):
            rows = [dict(one) for one in connection.execute(text(f"SELECT * FROM {name}")).mappings()]  # noqa: S608 - our own names
            found[name] = sorted(rows, key=lambda row: [str(value) for value in row.values()])
    return found


def names_of(url):
    engine = create_engine(driver(url))
    found = set(inspect(engine).get_table_names())
    engine.dispose()
    return found


@pytest.mark.parametrize("clash", ["keep", "hold"])
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("database", DATABASES)
def test_a_run_does_what_the_docs_say_and_can_be_taken_back(database, seed, clash, tmp_path):
    """Dry run, apply, apply again, verify, rollback: each does what is said of it, in batches of any size."""
    for number in [seed] if isinstance(seed, int) else seed:
        folder = tmp_path / str(number)
        folder.mkdir()
        one_application(App(new_url(database, folder), number).make(), folder, clash, batch=(500, 1, 3)[number % 3])


def one_application(app, folder, clash, batch):
    plan = app.plan(folder, app.settings(clash=clash))
    first, tables, names = state(app.url), tables_of(app), names_of(app.url)
    spec = Spec(tables, rows_of(app.map), clash)
    assert planned(plan) == spec.outcome

    dry = Carrier(plan, app.url).run()
    assert (state(app.url), names_of(app.url)) == (first, names)

    done = Carrier(plan, app.url, commit=True, batch=batch).run()
    left = {one.person: one.accounts for one in done.left}
    assert (dry.accounts, dry.left) == (done.accounts, done.left)
    assert done.state == "applied"
    counts = Counter(spec.outcome.values())
    for person in left:
        counts -= Counter(spec.outcome[one["id"]] for one in spec.people[person])
    counts["refused"] = sum(map(len, left.values()))
    assert +done.accounts == +counts
    assert done.accounts.total() == len(tables["accounts"])
    spec.check(tables_of(app), left)

    applied = state(app.url)
    again = Carrier(plan, app.url, commit=True).run()
    assert (state(app.url), again.run, again.accounts) == (applied, done.run, done.accounts)
    held = {
        str(key)
        for key, one in spec.outcome.items()
        if one in ("locked", "unique-key", "new-id-taken", "other-district")
    }
    for one in verify(app.url).findings:
        assert one.kind == "old-id"
        assert one.row in held

    tried = Undoer(app.url, done.run).run()
    assert state(app.url) == applied
    back = Undoer(app.url, done.run, commit=True, batch=batch).run()
    assert (back.state, back.left, tried.accounts) == ("undone", [], back.accounts)
    assert state(app.url) == first
    assert verify(app.url).findings == []
    once_more = Carrier(plan, app.url, commit=True, batch=batch).run()
    assert once_more.run == done.run + 1
    spec.check(tables_of(app), {one.person: one.accounts for one in once_more.left})


def rows_of(found):
    """All rows of a map."""
    entries = ((old, entry) for old, first in found.entries.items() for entry in first.all())
    return [(entry.district, entry.role, old, entry.person.id) for old, entry in entries]


def planned(plan):
    """The outcome of each account, by its key."""
    return {int(one.key): one.outcome for step in plan.steps() for one in placed_in(step)}


@pytest.mark.parametrize("database", DATABASES)
def test_clever_ids_of_digits_alone(database, tmp_path):
    """An id that looks like a number, and a greater one than SQLite knows, is a text like any other."""
    app = App(new_url(database, tmp_path), people=0).make()
    old, new = "5" * 24, "6" * 24
    app.map.add("d1", "teacher", old, new)
    with app.connect() as connection:
        app.insert(connection, "accounts", {"id": 9, "clever_id": old, "kind": "teacher", "district": "d1"})
    plan = app.plan(tmp_path)
    done = Carrier(plan, app.url, commit=True).run()
    assert (done.left, app.all("SELECT clever_id FROM accounts WHERE id = 9")) == ([], [(new,)])
    ports = Ports(app.url, app.settings())
    assert [one.key for one in ports.keyed([old, "9"])] == ["9"]
    ports.close()


@pytest.mark.parametrize("database", DATABASES)
def test_whoever_stays_merged_keeps_their_old_ids(database, tmp_path):
    """The survivor carried the v3.0 id already; somebody made the other account anew: the merge stays, with its aliases."""
    app = App(new_url(database, tmp_path), people=0).make()
    people = [("n1", "staff", 8), ("o1", "teacher", 9), ("o2", "teacher", 10)]
    with app.connect() as connection:
        for clever_id, role, key in people:
            row = {"id": key, "clever_id": clever_id, "kind": role, "district": "d1"}
            app.insert(connection, "accounts", row)
    for old, role, new in (("o0", "staff", "n1"), ("o1", "teacher", "n1"), ("o2", "teacher", "n2")):
        app.map.add("d1", role, old, new)
    done = Carrier(app.plan(tmp_path), app.url, commit=True).run()
    with app.connect() as connection:
        app.insert(connection, "accounts", {"id": 9, "clever_id": "x", "kind": "contact", "district": "d1"})
    back = Undoer(app.url, done.run, commit=True).run()
    assert [(one.person, one.accounts) for one in back.left] == [("n1", ("9",))]
    ports = Ports(app.url, app.settings())
    assert {row[3] for row in ports.aliases(["o0", "o1"])} == {"n1"}
    assert ports.aliases(["o2"]) == []
    ports.close()


@pytest.mark.parametrize("follows", ["", "ON UPDATE CASCADE"])
@pytest.mark.parametrize("database", DATABASES)
def test_rows_that_are_named_by_what_changes(database, follows, tmp_path):
    """A key of several columns that others name, a Clever id that others name: they follow, or nothing changes."""
    app = App(new_url(database, tmp_path), people=0).make()
    with app.connect() as connection:
        for name, columns, of in (
            ("awards", "account INTEGER, badge VARCHAR(40), FOREIGN KEY (account, badge)", "badges (account, badge)"),
            ("logs", "id INTEGER PRIMARY KEY, who VARCHAR(64), FOREIGN KEY (who)", "accounts (clever_id)"),
        ):
            connection.execute(text(f"CREATE TABLE {name} ({columns} REFERENCES {of} {follows})"))
        for key, clever_id, role in ((8, "o1", "staff"), (9, "o2", "teacher"), (10, "o3", "teacher")):
            app.insert(connection, "accounts", {"id": key, "clever_id": clever_id, "kind": role, "district": "d1"})
        app.insert(connection, "badges", {"account": 9, "badge": "gold"})
        app.insert(connection, "awards", {"account": 9, "badge": "gold"})
        app.insert(connection, "logs", {"id": 1, "who": "o3"})
    for old, role, new in (("o1", "staff", "n1"), ("o2", "teacher", "n1"), ("o3", "teacher", "n3")):
        app.map.add("d1", role, old, new)
    first = state(app.url)
    done = Carrier(app.plan(tmp_path), app.url, commit=True).run()
    if follows and database != "sqlite":
        assert done.left == []
        assert (app.all("SELECT account FROM awards"), app.all("SELECT who FROM logs")) == ([(8,)], [("n3",)])
    else:
        assert [one.person for one in done.left] == ["n1", "n3"]
        assert state(app.url) == first
    assert Undoer(app.url, done.run, commit=True).run().left == []
    assert state(app.url) == first
    with app.connect() as connection:
        for said in ("DELETE FROM awards", "DELETE FROM logs"):
            connection.execute(text(said))
    again = Carrier(app.plan(tmp_path), app.url, commit=True).run()
    with app.connect() as connection:
        app.insert(connection, "awards", {"account": 8, "badge": "gold"})
        app.insert(connection, "logs", {"id": 1, "who": "n3"})
    applied = state(app.url)
    back = Undoer(app.url, again.run, commit=True).run()
    if follows and database != "sqlite":
        assert back.left == []
        assert (app.all("SELECT account FROM awards"), app.all("SELECT who FROM logs")) == ([(9,)], [("o3",)])
    else:
        assert [one.person for one in back.left] == ["n1", "n3"]
        assert state(app.url) == applied
