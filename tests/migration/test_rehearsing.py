"""A rehearsal on each server: a scratch database of the same kind, which is empty before."""

import pytest
from migration.apps import App, new_url
from rolecall.errors import FactsError
from rolecall.migration.applying.rehearsing import rehearse, state


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
        with pytest.raises(FactsError, match="is not empty: a rehearsal must not touch what is there"):
            rehearse(app.plan(tmp_path), app.url, scratch)
        with pytest.raises(FactsError, match="`--scratch` names an empty database of the same kind"):
            rehearse(app.plan(tmp_path), app.url)
