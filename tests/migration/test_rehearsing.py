"""A rehearsal on each server: a scratch database of the same kind, which is empty before."""

import postgres
import pytest
from migration.apps import App, new_url
from rolecall.errors import FactsError
from rolecall.migration.applying.rehearsing import rehearse, state
from sqlalchemy import text


@pytest.mark.parametrize("kind", ["sqlite", "postgresql", "mysql"])
def test_a_rehearsal_is_good_and_changes_nothing(kind, tmp_path):
    """All of it on a copy; what it was done on is as it was, and the copy is as it was copied."""
    app = App(new_url(kind, tmp_path), seed=3, people=20).make()
    scratch = "" if kind == "sqlite" else new_url(kind, tmp_path)
    before = state(app.url)
    found = rehearse(app.plan(tmp_path), app.url, scratch)
    assert found.outcome.rows.total() > 0
    assert (found.findings, found.taken_back.left, found.good) == ([], [], True)
    assert before == found.before == found.undone != found.applied
    assert state(app.url) == before
    if scratch:
        with pytest.raises(
            FactsError, match="is not empty, it has `accounts`: a rehearsal must not touch what is there"
        ):
            rehearse(app.plan(tmp_path), app.url, scratch)
        with pytest.raises(FactsError, match="`--scratch` names an empty database of the same kind"):
            rehearse(app.plan(tmp_path), app.url)


def test_tables_of_other_schemas(tmp_path):
    """What the accounts refer to is copied with them, into a schema that is made; never over tables that are there."""
    address = postgres.server().get_uri()
    postgres.execute(
        address,
        "CREATE DATABASE rehearsed",
        "CREATE DATABASE scratch",
    )
    url, scratch = (address.replace("/postgres?", f"/{one}?") for one in ("rehearsed", "scratch"))
    app = App(url, seed=5, people=5).make()
    postgres.execute(
        url,
        "CREATE SCHEMA places",
        "CREATE TABLE places.schools (id INTEGER PRIMARY KEY)",
        "INSERT INTO places.schools VALUES (1)",
        "ALTER TABLE accounts ADD COLUMN school INTEGER DEFAULT 1 REFERENCES places.schools (id)",
        "CREATE SCHEMA elsewhere",
    )
    plan = app.plan(tmp_path)
    assert rehearse(plan, url, scratch).good
    with pytest.raises(
        FactsError, match=r"is not empty, it has `places.schools`: a rehearsal must not touch what is there"
    ):
        rehearse(plan, url, f"{url}&options=-csearch_path%3Delsewhere")
    with app.connect() as connection:
        assert connection.execute(text("SELECT COUNT(*) FROM places.schools")).scalar() == 1
